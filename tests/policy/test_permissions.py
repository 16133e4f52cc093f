"""Who may do what: the complete table, the project's life, and that both answers agree."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import Refused
from jupyter_cbs.domain.project import Action, Principal, Role
from jupyter_cbs.policy import PolicyDirectory, ProjectPolicy, can, check, lifecycle
from jupyter_cbs.policy.permissions import ACTION_NAMES, ROLE_NAMES, TABLE, permissions

POLICIES = PolicyDirectory(Path(__file__).parents[2] / "policies").current
PROJECT = POLICIES.project("9001")
PEOPLE = {
    Role.RESEARCHER: "researcher",
    Role.LEADER: "leader",
    Role.VIEWER: "viewer",
    Role.CHECKER: "checker1",
    Role.ADMIN: "admin",
}
DURING = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

# R researcher, L leader, V viewer, C checker, A admin: written out here once more, as the requirement
ALLOWED = {
    Action.READ_PROJECT: "RLVCA",
    Action.READ_CATALOGUE: "RLV",
    Action.READ_QUOTA: "RLVA",
    Action.OPEN_SESSION: "RL",
    Action.QUERY: "RL",
    Action.READ_WORKSPACE: "RLV",
    Action.WRITE_WORKSPACE: "RL",
    Action.PRECHECK: "RL",
    Action.READ_EXPORTS: "RLVC",
    Action.DRAFT_EXPORT: "RL",
    Action.PROPOSE_EXPORT: "RL",
    Action.RETURN_EXPORT: "L",
    Action.SUBMIT_EXPORT: "L",
    Action.WITHDRAW_EXPORT: "RL",
    Action.DECIDE_EXPORT: "C",
    Action.READ_POLICY: "A",
    Action.READ_AUDIT: "A",
}
LETTERS = dict(zip("RLVCA", Role, strict=True))


def person(role: Role, project: ProjectPolicy = PROJECT) -> Principal:
    return POLICIES.principal(project.number, PEOPLE[role])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_the_complete_table(action: Action, role: Role) -> None:
    permission = can(PROJECT, person(role), action, DURING)
    assert permission.allowed is (role in {LETTERS[letter] for letter in ALLOWED[action]})
    assert permission.action == action.value
    if permission.allowed:
        assert (permission.reason.en, permission.reason.nl) == ("", "")
        check(PROJECT, person(role), action, DURING)
    else:
        assert permission.reason.en.endswith(".")
        assert permission.reason.nl.endswith(".")
        assert permission.reason.en != permission.reason.nl
        with pytest.raises(Refused) as caught:
            check(PROJECT, person(role), action, DURING)
        assert caught.value.message == permission.reason


def test_the_table_has_every_action_and_role() -> None:
    assert set(TABLE) == {(action, role) for action in Action for role in Role}
    assert set(ACTION_NAMES) == set(Action)
    assert set(ROLE_NAMES) == set(Role)


def test_a_persons_row_has_every_action_in_order() -> None:
    assert [permission.action for permission in permissions(PROJECT, person(Role.VIEWER), DURING)] == [action.value for action in Action]


@pytest.mark.parametrize(
    ("changes", "day", "state"),
    [
        ({}, date(2026, 11, 21), "active"),
        ({}, date(2026, 1, 1), "active"),
        ({}, date(2025, 12, 31), "not_started"),
        ({"contract": None}, date(2026, 11, 21), "contract_pending"),
        ({"contract": date(2026, 11, 22)}, date(2026, 11, 21), "contract_pending"),
        ({"contract": date(2026, 11, 21)}, date(2026, 11, 21), "active"),
        ({"pause": (date(2026, 11, 1), date(2027, 1, 1))}, date(2026, 10, 31), "active"),
        ({"pause": (date(2026, 11, 1), date(2027, 1, 1))}, date(2026, 11, 1), "paused"),
        ({"pause": (date(2026, 11, 1), date(2027, 1, 1))}, date(2026, 12, 31), "paused"),
        ({"pause": (date(2026, 11, 1), date(2027, 1, 1))}, date(2027, 1, 1), "active"),
        ({"pause": (date(2026, 11, 1), None)}, date(2028, 6, 1), "paused"),
        # 31 December 2028 is a Sunday and 1 January is closed: Tuesday 2 January is the first working day after the end
        ({}, date(2029, 1, 1), "active"),
        ({}, date(2029, 1, 2), "ended"),
        ({"contract": None}, date(2029, 1, 2), "ended"),
    ],
)
def test_the_life_of_a_project(changes: dict[str, object], day: date, state: str) -> None:
    project = altered(**changes)
    life = lifecycle(project, day)
    assert life.state == state
    assert life.access_until == date(2029, 1, 2)
    assert life.days_left == max(0, (date(2029, 1, 2) - day).days)
    assert life.text.en != life.text.nl
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    for role in Role:
        for action in Action:
            permission = can(project, person(role), action, noon)
            if role.is_member and state != "active":
                assert (permission.allowed, permission.reason) == (False, life.text)
            else:
                assert permission.allowed is (role in {LETTERS[letter] for letter in ALLOWED[action]})


def altered(contract: object = date(2025, 12, 15), pause: tuple[date, date | None] | None = None) -> ProjectPolicy:
    data = PROJECT.file.model_dump()
    data["contract"] = {"received": contract}
    data["pauses"] = () if pause is None else ({"start": pause[0], "end": pause[1]},)
    return ProjectPolicy(PROJECT.number, type(PROJECT.file).model_validate(data), PROJECT.office)


def test_the_day_is_the_offices() -> None:
    researcher = person(Role.RESEARCHER)
    # half past eleven in the evening in UTC is already the next day in Amsterdam, the day access closes
    assert can(PROJECT, researcher, Action.QUERY, datetime(2029, 1, 1, 22, 30, tzinfo=UTC)).allowed
    assert not can(PROJECT, researcher, Action.QUERY, datetime(2029, 1, 1, 23, 30, tzinfo=UTC)).allowed
    with pytest.raises(ValueError, match="time zone"):
        check(PROJECT, researcher, Action.QUERY, datetime(2026, 11, 21))


@pytest.mark.parametrize(
    "stranger",
    [
        Principal(user="outsider", name="Olav", role=Role.RESEARCHER, project="9002"),
        Principal(user="outsider", name="Olav", role=Role.RESEARCHER, project="9001"),
        Principal(user="viewer", name="Vic", role=Role.RESEARCHER, project="9001"),
        Principal(user="researcher", name="Robin", role=Role.ADMIN, project="9001"),
        Principal(user="researcher", name="Robin", role=Role.RESEARCHER, project="9002"),
    ],
    ids=["other-project", "no-member", "more-than-viewer", "not-an-admin", "claims-other"],
)
@pytest.mark.parametrize("action", Action)
def test_a_role_one_does_not_have_opens_nothing(stranger: Principal, action: Action) -> None:
    with pytest.raises(Refused) as caught:
        check(PROJECT, stranger, action, DURING)
    assert caught.value.code == "not_a_member"


@settings(max_examples=200, deadline=None)
@given(
    role=st.sampled_from(Role),
    user=st.sampled_from(["researcher", "leader", "viewer", "checker1", "admin", "outsider", "x"]),
    number=st.sampled_from(["9001", "9002", "0000"]),
    action=st.sampled_from(Action),
    now=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)),
    pause=st.none() | st.tuples(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.none() | st.dates(date(2026, 1, 1), date(2029, 1, 1))),
    contract=st.none() | st.dates(date(2025, 1, 1), date(2027, 1, 1)),
)
def test_check_raises_exactly_when_can_refuses(
    role: Role, user: str, number: str, action: Action, now: datetime, pause: tuple[date, date | None] | None, contract: date | None
) -> None:
    project, moment = altered(contract, pause), now.replace(tzinfo=UTC)
    principal = Principal(user=user, name=user, role=role, project=number)
    permission = can(project, principal, action, moment)
    raised: Refused | None = None
    try:
        check(project, principal, action, moment)
    except Refused as error:
        raised = error
    assert (raised is None) is permission.allowed
    if raised is not None:
        assert raised.message == permission.reason
        assert raised.status == 403
