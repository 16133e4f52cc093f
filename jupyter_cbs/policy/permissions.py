"""Who may do what, with the reason (design: domain, role matrix).

One table holds every action for every role: None where it is open, the reason where it is not. Whatever is
missing from it is refused. The project's life comes first and blocks members on every call; checkers and
admins keep their own rows, for their work outlasts a project.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from ..domain.errors import Refused
from ..domain.project import Action, Permission, Principal, Role
from ..domain.text import Text
from .phases import lifecycle, local_day
from .policies import ProjectPolicy

__all__ = ["ACTION_NAMES", "ROLE_NAMES", "TABLE", "can", "check", "lifecycle", "permissions"]

ROLE_NAMES: Mapping[Role, Text] = MappingProxyType(
    {
        Role.RESEARCHER: Text(en="researcher", nl="onderzoeker"),
        Role.LEADER: Text(en="project leader", nl="projectleider"),
        Role.VIEWER: Text(en="viewer", nl="meekijker"),
        Role.CHECKER: Text(en="output checker", nl="outputcontroleur"),
        Role.ADMIN: Text(en="admin", nl="beheerder"),
    }
)

ACTION_NAMES: Mapping[Action, Text] = MappingProxyType(
    {
        Action.READ_PROJECT: Text(en="see the project", nl="het project zien"),
        Action.READ_CATALOGUE: Text(en="see the granted data sets", nl="de toegekende bestanden zien"),
        Action.READ_QUOTA: Text(en="see the use of storage", nl="het opslaggebruik zien"),
        Action.OPEN_SESSION: Text(en="start a kernel", nl="een kernel starten"),
        Action.QUERY: Text(en="query data", nl="gegevens bevragen"),
        Action.READ_WORKSPACE: Text(en="read files of the workspace", nl="bestanden van de werkruimte lezen"),
        Action.WRITE_WORKSPACE: Text(en="save files in the workspace", nl="bestanden in de werkruimte opslaan"),
        Action.PRECHECK: Text(en="run the pre-check", nl="de voorcontrole uitvoeren"),
        Action.READ_EXPORTS: Text(en="see export requests", nl="uitvoeraanvragen zien"),
        Action.DRAFT_EXPORT: Text(en="draft an export request", nl="een uitvoeraanvraag opstellen"),
        Action.PROPOSE_EXPORT: Text(en="propose a request to the leader", nl="een aanvraag aan de projectleider voorleggen"),
        Action.RETURN_EXPORT: Text(en="return a request to its author", nl="een aanvraag aan de opsteller teruggeven"),
        Action.SUBMIT_EXPORT: Text(en="submit a request", nl="een aanvraag indienen"),
        Action.WITHDRAW_EXPORT: Text(en="withdraw a request", nl="een aanvraag intrekken"),
        Action.DECIDE_EXPORT: Text(en="approve or reject output", nl="uitvoer goed- of afkeuren"),
        Action.READ_POLICY: Text(en="see the policy in force", nl="het geldende beleid zien"),
        Action.READ_AUDIT: Text(en="read the audit log", nl="het auditlogboek lezen"),
    }
)

_OPEN = Text(en="", nl="")

_VIEWER_KERNEL = Text(
    en="A viewer reads; kernels can write, so they are for researchers and the project leader.",
    nl="Een meekijker leest; kernels kunnen schrijven en zijn daarom voor onderzoekers en de projectleider.",
)
_VIEWER_WRITE = Text(
    en="A viewer reads; saving is for researchers and the project leader.",
    nl="Een meekijker leest; opslaan is voor onderzoekers en de projectleider.",
)
_VIEWER_PRECHECK = Text(
    en="A viewer prepares no output; the pre-check is for researchers and the project leader.",
    nl="Een meekijker maakt geen uitvoer; de voorcontrole is voor onderzoekers en de projectleider.",
)
_VIEWER_EXPORT = Text(
    en="A viewer follows export requests; a researcher or the project leader makes them.",
    nl="Een meekijker volgt uitvoeraanvragen; een onderzoeker of de projectleider maakt ze.",
)
_LEADER_ONLY = Text(
    en="Only the project leader can do this; propose the request, and the leader sees it.",
    nl="Alleen de projectleider kan dit; stel de aanvraag voor, dan ziet de projectleider hem.",
)
_LEADER_ONLY_VIEWER = Text(en="Only the project leader can do this.", nl="Alleen de projectleider kan dit.")
_TWO_CHECKERS = Text(
    en="Two output checkers from outside the project decide (four eyes).",
    nl="Twee outputcontroleurs van buiten het project beslissen (vierogenprincipe).",
)
_POLICY_ADMIN = Text(en="The policy is kept by the admins.", nl="Het beleid is voor de beheerders.")
_AUDIT_ADMIN = Text(en="The audit log is read by the admins.", nl="Het auditlogboek is voor de beheerders.")
_AUDIT_CHECKER = Text(
    en="The audit log is read by the admins; to a checker it could tell the other checker's review.",
    nl="Het auditlogboek is voor de beheerders; een controleur zou er de andere beoordeling in kunnen zien.",
)
_CHECKER_DATA = Text(
    en="A checker sees the submission and its report, not the data of the project.",
    nl="Een controleur ziet de inzending en het rapport, niet de gegevens van het project.",
)
_CHECKER_QUOTA = Text(en="Storage is a matter of the project and the admins.", nl="Opslag is een zaak van het project en de beheerders.")
_CHECKER_MAKES = Text(en="A checker judges output and therefore makes none.", nl="Een controleur beoordeelt uitvoer en maakt die daarom niet zelf.")
_ADMIN_DATA = Text(
    en="An admin keeps the policy and has no access to data or workspaces.",
    nl="Een beheerder beheert het beleid en heeft geen toegang tot gegevens of werkruimten.",
)
_ADMIN_EXPORT = Text(
    en="Export requests are between the project and its checkers; an admin keeps out of them.",
    nl="Uitvoeraanvragen zijn tussen het project en de controleurs; een beheerder staat erbuiten.",
)


def _row(
    researcher: Text | None = None,
    leader: Text | None = None,
    viewer: Text | None = None,
    checker: Text | None = None,
    admin: Text | None = None,
) -> Mapping[Role, Text | None]:
    return {Role.RESEARCHER: researcher, Role.LEADER: leader, Role.VIEWER: viewer, Role.CHECKER: checker, Role.ADMIN: admin}


_ROWS: Mapping[Action, Mapping[Role, Text | None]] = {
    Action.READ_PROJECT: _row(),
    Action.READ_CATALOGUE: _row(checker=_CHECKER_DATA, admin=_ADMIN_DATA),
    Action.READ_QUOTA: _row(checker=_CHECKER_QUOTA),
    Action.OPEN_SESSION: _row(viewer=_VIEWER_KERNEL, checker=_CHECKER_DATA, admin=_ADMIN_DATA),
    Action.QUERY: _row(viewer=_VIEWER_KERNEL, checker=_CHECKER_DATA, admin=_ADMIN_DATA),
    Action.READ_WORKSPACE: _row(checker=_CHECKER_DATA, admin=_ADMIN_DATA),
    Action.WRITE_WORKSPACE: _row(viewer=_VIEWER_WRITE, checker=_CHECKER_DATA, admin=_ADMIN_DATA),
    Action.PRECHECK: _row(viewer=_VIEWER_PRECHECK, checker=_CHECKER_MAKES, admin=_ADMIN_DATA),
    Action.READ_EXPORTS: _row(admin=_ADMIN_EXPORT),
    Action.DRAFT_EXPORT: _row(viewer=_VIEWER_EXPORT, checker=_CHECKER_MAKES, admin=_ADMIN_EXPORT),
    Action.PROPOSE_EXPORT: _row(viewer=_VIEWER_EXPORT, checker=_CHECKER_MAKES, admin=_ADMIN_EXPORT),
    Action.RETURN_EXPORT: _row(researcher=_LEADER_ONLY, viewer=_LEADER_ONLY_VIEWER, checker=_CHECKER_MAKES, admin=_ADMIN_EXPORT),
    Action.SUBMIT_EXPORT: _row(researcher=_LEADER_ONLY, viewer=_LEADER_ONLY_VIEWER, checker=_CHECKER_MAKES, admin=_ADMIN_EXPORT),
    Action.WITHDRAW_EXPORT: _row(viewer=_VIEWER_EXPORT, checker=_CHECKER_MAKES, admin=_ADMIN_EXPORT),
    Action.DECIDE_EXPORT: _row(researcher=_TWO_CHECKERS, leader=_TWO_CHECKERS, viewer=_TWO_CHECKERS, admin=_ADMIN_EXPORT),
    Action.READ_POLICY: _row(researcher=_POLICY_ADMIN, leader=_POLICY_ADMIN, viewer=_POLICY_ADMIN, checker=_POLICY_ADMIN),
    Action.READ_AUDIT: _row(researcher=_AUDIT_ADMIN, leader=_AUDIT_ADMIN, viewer=_AUDIT_ADMIN, checker=_AUDIT_CHECKER),
}

TABLE: Mapping[tuple[Action, Role], Text | None] = MappingProxyType(
    {(action, role): reason for action, row in _ROWS.items() for role, reason in row.items()}
)
"""Every action for every role: None where it is open, else the reason a person reads."""

_NOT_IN_TABLE = Text(en="This is not open to your role.", nl="Dit staat niet open voor uw rol.")
_NOT_A_MEMBER = Text(
    en="You do not have this role in this project, or no longer.",
    nl="U heeft deze rol niet (meer) in dit project.",
)
_ASK_ADMIN = Text(en="Ask the project leader or an admin which role you have.", nl="Vraag de projectleider of een beheerder welke rol u heeft.")


def can(project: ProjectPolicy, principal: Principal, action: Action, now: datetime) -> Permission:
    """Tell whether an action is open to a person at a moment, and why not.

    Parameters
    ----------
    project
        The project as the policy in force has it.
    principal
        Who asks; must still have this role in this project.
    now
        Moment with a time zone.
    """
    refusal = _refusal(project, principal, action, now)
    return Permission(action=action.value, allowed=refusal is None, reason=_OPEN if refusal is None else refusal.message)


def check(project: ProjectPolicy, principal: Principal, action: Action, now: datetime) -> None:
    """Refuse an action that is not open; the same answer as :func:`can`, as an error.

    Raises
    ------
    Refused
        With code 'not_a_member', 'project_<state>' or 'role', and the reason.
    """
    refusal = _refusal(project, principal, action, now)
    if refusal is not None:
        raise refusal


def permissions(project: ProjectPolicy, principal: Principal, now: datetime) -> tuple[Permission, ...]:
    """Give the whole row of a person: every action, in the order of the table."""
    return tuple(can(project, principal, action, now) for action in Action)


def _refusal(project: ProjectPolicy, principal: Principal, action: Action, now: datetime) -> Refused | None:
    today = local_day(project, now)
    if principal.project != project.number or project.role_of(principal.user) is not principal.role:
        return Refused("not_a_member", _NOT_A_MEMBER, _ASK_ADMIN)
    if principal.role.is_member:
        life = lifecycle(project, today)
        if life.state != "active":
            return Refused(
                f"project_{life.state}",
                life.text,
                Text(en="Contact the project leader or CBS.", nl="Neem contact op met de projectleider of het CBS."),
            )
    reason = TABLE.get((action, principal.role), _NOT_IN_TABLE)
    return None if reason is None else Refused("role", reason)
