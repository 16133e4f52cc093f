"""The state machine: what the table says, and what four eyes forbid whatever the table says."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import CbsError, Conflict, Invalid, Refused
from jupyter_cbs.domain.export import ExportAction, ExportState
from jupyter_cbs.domain.project import Principal, Role
from jupyter_cbs.domain.text import Text
from jupyter_cbs.exports.machine import (
    TRANSITIONS,
    Facts,
    SystemAction,
    Vote,
    allowed,
    check,
    check_system,
    diagram,
    outcome,
    state_text,
    waiting_for,
)

S, A = ExportState, ExportAction
DIGEST = "d" * 64


def who(user: str, role: Role) -> Principal:
    return Principal(user=user, name=user.title(), role=role, project="9001")


ANNA, BEN, LEA = who("anna", Role.RESEARCHER), who("ben", Role.RESEARCHER), who("lea", Role.LEADER)
VIC, ADA = who("vic", Role.VIEWER), who("ada", Role.ADMIN)
CHRIS, CARL, CLEO = (who(name, Role.CHECKER) for name in ("chris", "carl", "cleo"))
MEMBERS = ("anna", "ben", "lea", "vic")
DRAFT = Facts("anna", None, None, MEMBERS, files=1)
REVIEW = Facts("anna", "anna", "lea", MEMBERS, files=1, digest=DIGEST)
REASON = "Cell B3 is below ten."


def vote(user: str, decision: Literal["approve", "reject"] = "approve", round_: int = 1, digest: str = DIGEST) -> Vote:
    return Vote(user, round_, digest, decision)


def code(state: ExportState, action: ExportAction, principal: Principal, facts: Facts, **rest: str) -> str:
    with pytest.raises((Refused, Conflict, Invalid)) as caught:
        check(state, action, principal, facts, **rest)
    assert caught.value.message.nl != caught.value.message.en
    return caught.value.code


def test_the_ordinary_way() -> None:
    assert check(S.DRAFT, A.EDIT, ANNA, DRAFT) is S.DRAFT
    assert check(S.DRAFT, A.PROPOSE, ANNA, DRAFT) is S.PROPOSED
    assert check(S.PROPOSED, A.SUBMIT, LEA, DRAFT) is S.SUBMITTED
    assert check_system(S.SUBMITTED, SystemAction.REVIEW, REVIEW) is S.IN_REVIEW
    assert check(S.IN_REVIEW, A.APPROVE, CHRIS, REVIEW, digest=DIGEST) is S.IN_REVIEW
    one = replace(REVIEW, votes=(vote("chris"),))
    assert check(S.IN_REVIEW, A.APPROVE, CARL, one, digest=DIGEST) is S.APPROVED
    both = replace(REVIEW, votes=(vote("chris"), vote("carl")))
    assert check_system(S.APPROVED, SystemAction.RELEASE, both) is S.RELEASED
    assert check_system(S.RELEASED, SystemAction.RECALL, both) is S.RECALLED


def test_a_leader_may_draft_propose_and_submit_alone() -> None:
    own = replace(DRAFT, author="lea")
    assert check(S.DRAFT, A.PROPOSE, LEA, own) is S.PROPOSED
    assert check(S.PROPOSED, A.SUBMIT, LEA, replace(own, proposer="lea")) is S.SUBMITTED


def test_cost_is_agreed_by_submitting_again_or_withdrawn() -> None:
    assert check_system(S.SUBMITTED, SystemAction.ASK_COST, REVIEW) is S.COST_PENDING
    assert check(S.COST_PENDING, A.SUBMIT, LEA, REVIEW) is S.IN_REVIEW
    assert check(S.COST_PENDING, A.WITHDRAW, LEA, REVIEW) is S.WITHDRAWN
    assert code(S.COST_PENDING, A.SUBMIT, ANNA, REVIEW) == "wrong_role"


def test_the_leader_returns_with_a_reason() -> None:
    assert code(S.PROPOSED, A.RETURN, LEA, DRAFT) == "reason_missing"
    assert code(S.PROPOSED, A.RETURN, LEA, DRAFT, reason=" \n") == "reason_missing"
    assert check(S.PROPOSED, A.RETURN, LEA, DRAFT, reason="Round the totals.") is S.DRAFT
    assert code(S.PROPOSED, A.RETURN, ANNA, DRAFT, reason="x") == "wrong_role"


@pytest.mark.parametrize(("first", "second"), [("approve", "reject"), ("reject", "approve"), ("reject", "reject")])
@pytest.mark.parametrize(("round_", "outcome"), [(1, S.CHANGES_REQUESTED), (2, S.REJECTED), (3, S.REJECTED)])
def test_no_approval_beats_an_objection(first: str, second: str, round_: int, outcome: ExportState) -> None:
    """The first rejection may be redelivered, the second ends the request; and no state tells what the first checker decided."""
    facts = replace(REVIEW, round=round_)
    actions = {"approve": A.APPROVE, "reject": A.REJECT}
    assert check(S.IN_REVIEW, actions[first], CHRIS, facts, digest=DIGEST, reason=REASON) is S.IN_REVIEW
    facts = replace(facts, votes=(vote("chris", first, round_),))
    assert check(S.IN_REVIEW, actions[second], CARL, facts, digest=DIGEST, reason=REASON) is outcome


def test_after_changes_were_requested_the_author_goes_on() -> None:
    assert check(S.CHANGES_REQUESTED, A.EDIT, ANNA, REVIEW) is S.DRAFT
    assert code(S.CHANGES_REQUESTED, A.EDIT, BEN, REVIEW) == "not_author"
    assert check(S.CHANGES_REQUESTED, A.WITHDRAW, ANNA, REVIEW) is S.WITHDRAWN


def test_votes_of_another_round_or_digest_do_not_count() -> None:
    facts = replace(REVIEW, round=2, votes=(vote("chris"), vote("carl"), vote("cleo", round_=2, digest="e" * 64)))
    assert check(S.IN_REVIEW, A.APPROVE, CHRIS, facts, digest=DIGEST) is S.IN_REVIEW
    with pytest.raises(Conflict) as caught:
        check_system(S.APPROVED, SystemAction.RELEASE, facts)
    assert caught.value.code == "not_approved"


@pytest.mark.parametrize("digest", [None, "", "e" * 64])
def test_a_decision_names_what_was_seen(digest: str | None) -> None:
    for action in (A.APPROVE, A.REJECT):
        with pytest.raises(Conflict) as caught:
            check(S.IN_REVIEW, action, CHRIS, REVIEW, digest=digest, reason=REASON)
        assert caught.value.code == "other_digest"


def test_a_rejection_has_a_reason() -> None:
    assert code(S.IN_REVIEW, A.REJECT, CHRIS, REVIEW, digest=DIGEST) == "reason_missing"


@pytest.mark.parametrize("change", ["author", "proposer", "submitter", "members"])
def test_who_has_a_part_in_it_does_not_check_it(change: str) -> None:
    party: Any = (*MEMBERS, "chris") if change == "members" else "chris"
    facts = replace(REVIEW, **{change: party})
    for action in (A.APPROVE, A.REJECT):
        assert code(S.IN_REVIEW, action, CHRIS, facts, digest=DIGEST, reason=REASON) == "four_eyes"


def test_a_vote_of_somebody_who_became_a_member_falls() -> None:
    both = replace(REVIEW, votes=(vote("chris"), vote("carl")))
    assert both.approved
    assert not replace(both, members=(*MEMBERS, "carl")).approved


def test_nobody_decides_twice_and_no_third_checker() -> None:
    one = replace(REVIEW, votes=(vote("chris"),))
    assert code(S.IN_REVIEW, A.APPROVE, CHRIS, one, digest=DIGEST) == "already_decided"
    assert code(S.IN_REVIEW, A.REJECT, CHRIS, one, digest=DIGEST, reason=REASON) == "already_decided"
    two = replace(REVIEW, votes=(vote("chris"), vote("carl", "reject")))
    assert code(S.IN_REVIEW, A.APPROVE, CLEO, two, digest=DIGEST) == "already_decided"


@pytest.mark.parametrize("round_", [1, 2])
def test_what_follows_from_kept_votes(round_: int) -> None:
    """Two checkers who decide at the same moment each saw no vote; together their votes decide."""
    facts = replace(REVIEW, round=round_)
    assert outcome(facts) is S.IN_REVIEW
    assert outcome(replace(facts, votes=(vote("chris", round_=round_), vote("carl", round_=3 - round_)))) is S.IN_REVIEW
    assert outcome(replace(facts, votes=(vote("chris", round_=round_), vote("lea", round_=round_)))) is S.IN_REVIEW
    assert outcome(replace(facts, votes=(vote("chris", round_=round_), vote("carl", round_=round_)))) is S.APPROVED
    objected = replace(facts, votes=(vote("chris", round_=round_), vote("carl", "reject", round_)))
    assert outcome(objected) is (S.CHANGES_REQUESTED if round_ == 1 else S.REJECTED)


def test_two_votes_of_one_checker_are_one() -> None:
    assert not replace(REVIEW, votes=(vote("chris"), vote("chris"))).approved


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"files": 0}, "empty"), ({"blocking": True}, "blocked"), ({"missing": (Text(en="Say a.", nl="Zeg a."),)}, "form_incomplete")],
)
def test_what_keeps_a_request_from_being_proposed_and_submitted(change: dict[str, Any], expected: str) -> None:
    facts = replace(DRAFT, **change)
    assert code(S.DRAFT, A.PROPOSE, ANNA, facts) == expected
    assert code(S.PROPOSED, A.SUBMIT, LEA, facts) == expected


def test_an_empty_request_is_never_reviewed_approved_or_released() -> None:
    empty = replace(REVIEW, files=0, votes=(vote("chris"), vote("carl")))
    assert code(S.IN_REVIEW, A.APPROVE, CLEO, replace(empty, votes=()), digest=DIGEST) == "empty"
    for state, step in ((S.SUBMITTED, SystemAction.REVIEW), (S.APPROVED, SystemAction.RELEASE)):
        with pytest.raises(Conflict):
            check_system(state, step, empty)
    with pytest.raises(Conflict):
        check_system(S.SUBMITTED, SystemAction.REVIEW, replace(REVIEW, digest=None))


@pytest.mark.parametrize("state", list(ExportState))
@pytest.mark.parametrize("principal", [VIC, ADA])
def test_viewers_and_admins_do_nothing(state: ExportState, principal: Principal) -> None:
    assert not any(permission.allowed for permission in allowed(state, principal, replace(REVIEW, author=principal.user)))


@pytest.mark.parametrize("state", [state for state in ExportState if state.is_final])
def test_nothing_leads_out_of_a_final_state_but_a_recall(state: ExportState) -> None:
    for principal in (ANNA, BEN, LEA, VIC, ADA, CHRIS):
        assert not any(permission.allowed for permission in allowed(state, principal, REVIEW))
    for step in SystemAction:
        if (state, step) != (S.RELEASED, SystemAction.RECALL):
            with pytest.raises(Conflict):
                check_system(state, step, replace(REVIEW, votes=(vote("chris"), vote("carl"))))


def test_every_permission_says_why_not_in_both_languages() -> None:
    for state in ExportState:
        for principal in (ANNA, BEN, LEA, VIC, ADA, CHRIS):
            permissions = allowed(state, principal, REVIEW)
            assert [permission.action for permission in permissions] == [action.value for action in ExportAction]
            for permission in permissions:
                assert permission.allowed == (permission.reason.en == "")
                if not permission.allowed:
                    assert permission.reason.nl != permission.reason.en


def test_what_is_allowed_is_what_is_done() -> None:
    for state in ExportState:
        for principal in (ANNA, BEN, LEA, VIC, ADA, CHRIS):
            for permission in allowed(state, principal, REVIEW):
                try:
                    check(state, ExportAction(permission.action), principal, REVIEW, digest=DIGEST, reason=REASON)
                except CbsError as error:
                    assert not permission.allowed
                    assert error.message == permission.reason  # noqa: PT017  it may also go well
                else:
                    assert permission.allowed


def test_reasons_people_understand() -> None:
    reasons = {permission.action: permission.reason for permission in allowed(S.DRAFT, ANNA, replace(DRAFT, files=0))}
    assert reasons["submit"].en == "Only the project leader can submit it; you are a researcher."
    assert reasons["submit"].nl == "Alleen de projectleider kan de aanvraag indienen; u bent een onderzoeker."
    assert reasons["propose"].en == "There is no file in the request that could leave."
    waiting = {permission.action: permission.reason for permission in allowed(S.PROPOSED, ANNA, DRAFT)}
    assert waiting["edit"].en == "You cannot change it now: proposed to the project leader, waiting for the project leader."


def test_names_of_states() -> None:
    for state in ExportState:
        assert state_text(state).en != state_text(state).nl
        assert waiting_for(state).en != waiting_for(state).nl
    assert waiting_for(S.PROPOSED).nl == "de projectleider"


# ------------------------------------------------------------------------------------------------ random walks

PEOPLE = (ANNA, BEN, LEA, VIC, ADA, CHRIS, CARL, CLEO, who("lea", Role.CHECKER), who("anna", Role.CHECKER))
ROWS = {(row.state, row.action, row.role): row.targets for row in TRANSITIONS}


def walk(seed: int, length: int = 40) -> set[ExportState]:
    """Let everybody try everything, allowed steps more often than others, and look at the invariants after each."""
    dice = random.Random(seed)
    author = dice.choice(["anna", "lea"])
    state, facts = S.DRAFT, Facts(author, None, None, MEMBERS, files=dice.choice([0, 1, 2]))
    seen = {state}
    for _ in range(length):
        before = state
        if state in (S.WITHDRAWN, S.REJECTED, S.RECALLED) and dice.random() < 0.5:
            break
        if state is S.DRAFT:
            facts = replace(facts, files=dice.choice([0, 1, 2]))
        moves = [(person, ExportAction(each.action)) for person in dice.sample(PEOPLE, 5) for each in allowed(state, person, facts) if each.allowed]
        if dice.random() < 0.3:
            moves = [(person, action) for person in PEOPLE for action in ExportAction]
        elif dice.random() < 0.9:
            moves = [move for move in moves if move[1] is not A.WITHDRAW]
        digest = dice.choice([DIGEST, DIGEST, DIGEST, "digest of before", None])
        if dice.random() < 0.3 or not moves:
            step = dice.choice(list(SystemAction))
            try:
                state = check_system(before, step, facts)
            except CbsError:
                continue
            assert state in ROWS[(before, step, None)]
        else:
            person, action = dice.choice(moves)
            try:
                state = check(before, action, person, facts, digest=digest, reason=REASON)
            except CbsError:
                continue
            assert state in ROWS[(before, action, person.role)]
            facts = after(before, state, action, person, digest, facts)
        assert not before.is_final or (before, state) == (S.RELEASED, S.RECALLED)
        mine = [each for each in facts.votes if each.round == facts.round]
        assert len({each.checker for each in mine}) == len(mine) <= 2
        assert not {each.checker for each in mine} & {*MEMBERS, facts.author, facts.proposer, facts.submitter}
        if state in (S.APPROVED, S.RELEASED):
            assert facts.files > 0
            assert len(mine) == 2
            assert all(each.decision == "approve" and each.digest == facts.digest for each in mine)
        if state in (S.CHANGES_REQUESTED, S.REJECTED):
            assert any(each.decision == "reject" for each in mine)
            assert (state is S.CHANGES_REQUESTED) == (facts.round == 1)
        seen.add(state)
    return seen


def after(before: ExportState, state: ExportState, action: ExportAction, person: Principal, digest: str | None, facts: Facts) -> Facts:
    """Keep the facts as the broker would."""
    assert person.role in (Role.RESEARCHER, Role.LEADER, Role.CHECKER)
    if action is A.PROPOSE:
        assert facts.files > 0
        assert person.user == facts.author
        return replace(facts, proposer=person.user)
    if action is A.SUBMIT:
        assert facts.files > 0
        assert person == LEA
        return replace(facts, submitter=person.user, digest=DIGEST)
    if action in (A.APPROVE, A.REJECT):
        assert digest == facts.digest
        return replace(facts, votes=(*facts.votes, vote(person.user, "approve" if action is A.APPROVE else "reject", facts.round)))
    if before is S.CHANGES_REQUESTED and state is S.DRAFT:
        assert person.user == facts.author
        return replace(facts, round=facts.round + 1, digest=None)
    return facts


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_random_walks_keep_four_eyes(seed: int) -> None:
    """Whoever does whatever in whatever order."""
    walk(seed)


def test_random_walks_reach_every_state() -> None:
    """Otherwise the walks would show nothing."""
    seen: set[ExportState] = set()
    for seed in range(1000):
        seen |= walk(seed)
        if seen == set(ExportState):
            return
    pytest.fail(f"never reached: {set(ExportState) - seen}")


def test_every_state_is_reached_and_the_table_is_consistent() -> None:
    reached, grew = {S.DRAFT}, True
    while grew:
        more = {target for row in TRANSITIONS if row.state in reached for target in row.targets}
        grew = not more <= reached
        reached |= more
    assert reached == set(ExportState)
    assert len({(row.state, row.action, row.role) for row in TRANSITIONS}) == len(TRANSITIONS)
    assert not any(row.role in (Role.VIEWER, Role.ADMIN) for row in TRANSITIONS)


def test_the_diagram_in_the_documentation_is_the_table() -> None:
    page = Path(__file__).parents[2] / "docs/explanation/export-workflow.md"
    assert f"```mermaid\n{diagram()}```" in page.read_text(encoding="utf-8")
