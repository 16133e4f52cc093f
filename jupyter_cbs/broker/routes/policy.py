"""Which policy is in force, for those who keep it."""

from __future__ import annotations

from ...domain.gateway import Nothing, PolicyStatus
from ..calls import Call, handles


@handles("policy")
async def status(call: Call, request: Nothing) -> PolicyStatus:
    """Give the version in force and the problems of a newer one that was refused."""
    policies = call.authority.policies
    return PolicyStatus(version=policies.current.version, loaded_at=policies.current.loaded_at, problems=policies.problems)
