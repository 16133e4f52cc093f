"""The audit chain, to read."""

from __future__ import annotations

from ...domain.gateway import AuditPage, AuditQuery
from ..calls import Call, handles


@handles("audit")
async def page(call: Call, request: AuditQuery) -> AuditPage:
    """Give the newest events of the project."""
    return AuditPage(events=call.authority.store.events(call.principal.project, request.limit, request.before))
