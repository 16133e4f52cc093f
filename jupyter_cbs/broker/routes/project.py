"""Who is asking, in which project, and what that person may do."""

from __future__ import annotations

import os

from ...domain.gateway import Health, Nothing
from ...domain.project import Action, Principal, ProjectSummary, Role
from ...domain.text import Text
from ...domain.version import __version__
from ...policy.permissions import can, lifecycle
from ...policy.phases import local_day
from ..calls import Call, handles


@handles("health")
async def health(call: Call, request: Nothing) -> Health:
    """Answer that the broker lives."""
    return Health(version=__version__, pid=os.getpid(), policy_version=call.authority.policies.current.version)


@handles("me")
async def me(call: Call, request: Nothing) -> Principal:
    """Tell the caller who the socket says they are."""
    return call.principal


@handles("project")
async def project(call: Call, request: Nothing) -> ProjectSummary:
    """Summarise the project for this person."""
    now = call.authority.now()
    policy = call.project
    state, state_text, access_until, days_left = lifecycle(policy, local_day(policy, now))
    problems = call.authority.policies.problems
    notice = None
    if problems and call.principal.role is Role.ADMIN:
        first = problems[0]
        notice = Text(
            en=f"A changed policy file is refused; the last good version stays in force. {first.file}: {first.message.en}",
            nl=f"Een gewijzigd beleidsbestand is geweigerd; de laatste goede versie blijft gelden. {first.file}: {first.message.nl}",
        )
    return ProjectSummary(
        number=policy.number,
        title=policy.title,
        institution=policy.institution,
        role=call.principal.role,
        user=call.principal.user,
        name=call.principal.name,
        start=policy.start,
        end=policy.end,
        access_until=access_until,
        days_left=days_left,
        state=state,
        state_text=state_text,
        permissions=tuple(can(policy, call.principal, action, now) for action in Action),
        walls_in_force=call.authority.walls.in_force,
        walls_text=call.authority.walls.text,
        notice=notice,
    )
