"""The state machine of an export request: one table, everything not in it is refused (design: exports, State machine).

Decisions where the design leaves room

* A checker's decision does not change the state until both reviews of the round are in: otherwise the state would tell
  one checker what the other decided (design: exports, Four eyes).
* One objection is enough. In round 1 it asks for changes, and the redelivery is free; in a later round it rejects the
  request, and the next delivery is a new one that is charged (seed S2: the first rejection may be redelivered free).
* Submitting while the cost is pending is how the leader agrees with the amount.
* Steps of the office itself (taking into review, releasing, recalling) are taken by the broker, in the role ``system``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from jupyter_cbs.domain.errors import CbsError, Conflict, Invalid, Refused
from jupyter_cbs.domain.export import ExportAction, ExportState
from jupyter_cbs.domain.project import Permission, Principal, Role
from jupyter_cbs.domain.text import Text


class SystemAction(StrEnum):
    """Steps the broker takes by itself."""

    REVIEW = "review"
    ASK_COST = "ask_cost"
    RELEASE = "release"
    RECALL = "recall"


class Relation(StrEnum):
    """What a person must be to the request."""

    ANY = "any"
    AUTHOR = "author"
    UNRELATED = "unrelated"
    SYSTEM = "system"


@dataclass(frozen=True)
class Vote:
    """A checker's decision on a round's digest."""

    checker: str
    round: int
    digest: str
    decision: Literal["approve", "reject"]


@dataclass(frozen=True)
class Facts:
    """What the machine must know of a request.

    Parameters
    ----------
    author, proposer, submitter
        Users; None for a step not taken yet.
    members
        Every member of the project.
    votes
        Decisions of any round; only those of this round and digest count.
    files
        Files that would be delivered, without the form.
    blocking
        Whether the pre-check found something that may not leave.
    missing
        Open questions of the form.
    digest
        Digest of the round's manifest; None before the snapshot.
    round
        From 1.
    """

    author: str
    proposer: str | None
    submitter: str | None
    members: Collection[str]
    votes: Sequence[Vote] = ()
    files: int = 0
    blocking: bool = False
    missing: tuple[Text, ...] = ()
    digest: str | None = None
    round: int = 1

    @property
    def counting(self) -> tuple[Vote, ...]:
        """Votes of this round on this digest by people who may vote."""
        if self.digest is None:
            return ()
        return tuple(vote for vote in self.votes if vote.round == self.round and vote.digest == self.digest and not self.concerns(vote.checker))

    def concerns(self, user: str) -> bool:
        """Tell whether a person has a part in the request or its project, and so cannot check it."""
        return user in (self.author, self.proposer, self.submitter) or user in self.members

    @property
    def reviews_in(self) -> bool:
        """Whether two different checkers have decided."""
        return len({vote.checker for vote in self.counting}) >= REVIEWS

    @property
    def approved(self) -> bool:
        """Whether two different checkers approved and nobody objects."""
        return self.files > 0 and self.reviews_in and all(vote.decision == "approve" for vote in self.counting)


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    Parameters
    ----------
    state, action, role, relation
        When, what, who. ``role`` is None for the system.
    targets
        States it can lead to; with several, the votes and the round decide.
    """

    state: ExportState
    action: ExportAction | SystemAction
    role: Role | None
    relation: Relation
    targets: tuple[ExportState, ...] = field(default=())


REVIEWS: Final = 2
"""Different checkers that must decide on the same digest in the same round."""

_S, _A, _R, _L = ExportState, ExportAction, Role, Relation
_DECIDED = (_S.IN_REVIEW, _S.APPROVED, _S.CHANGES_REQUESTED, _S.REJECTED)

TRANSITIONS: Final[tuple[Transition, ...]] = (
    *(
        row
        for role in (_R.RESEARCHER, _R.LEADER)
        for row in (
            Transition(_S.DRAFT, _A.EDIT, role, _L.AUTHOR, (_S.DRAFT,)),
            Transition(_S.DRAFT, _A.PROPOSE, role, _L.AUTHOR, (_S.PROPOSED,)),
            Transition(_S.DRAFT, _A.WITHDRAW, role, _L.AUTHOR, (_S.WITHDRAWN,)),
            Transition(_S.CHANGES_REQUESTED, _A.EDIT, role, _L.AUTHOR, (_S.DRAFT,)),
            Transition(_S.CHANGES_REQUESTED, _A.WITHDRAW, role, _L.AUTHOR, (_S.WITHDRAWN,)),
        )
    ),
    Transition(_S.PROPOSED, _A.WITHDRAW, _R.RESEARCHER, _L.AUTHOR, (_S.WITHDRAWN,)),
    Transition(_S.PROPOSED, _A.WITHDRAW, _R.LEADER, _L.ANY, (_S.WITHDRAWN,)),
    Transition(_S.PROPOSED, _A.RETURN, _R.LEADER, _L.ANY, (_S.DRAFT,)),
    Transition(_S.PROPOSED, _A.SUBMIT, _R.LEADER, _L.ANY, (_S.SUBMITTED,)),
    Transition(_S.SUBMITTED, _A.WITHDRAW, _R.LEADER, _L.ANY, (_S.WITHDRAWN,)),
    Transition(_S.SUBMITTED, SystemAction.REVIEW, None, _L.SYSTEM, (_S.IN_REVIEW,)),
    Transition(_S.SUBMITTED, SystemAction.ASK_COST, None, _L.SYSTEM, (_S.COST_PENDING,)),
    Transition(_S.COST_PENDING, _A.SUBMIT, _R.LEADER, _L.ANY, (_S.IN_REVIEW,)),
    Transition(_S.COST_PENDING, _A.WITHDRAW, _R.LEADER, _L.ANY, (_S.WITHDRAWN,)),
    Transition(_S.IN_REVIEW, SystemAction.ASK_COST, None, _L.SYSTEM, (_S.COST_PENDING,)),
    Transition(_S.IN_REVIEW, _A.APPROVE, _R.CHECKER, _L.UNRELATED, _DECIDED),
    Transition(_S.IN_REVIEW, _A.REJECT, _R.CHECKER, _L.UNRELATED, (_S.IN_REVIEW, _S.CHANGES_REQUESTED, _S.REJECTED)),
    Transition(_S.IN_REVIEW, _A.WITHDRAW, _R.LEADER, _L.ANY, (_S.WITHDRAWN,)),
    Transition(_S.APPROVED, SystemAction.RELEASE, None, _L.SYSTEM, (_S.RELEASED,)),
    Transition(_S.RELEASED, SystemAction.RECALL, None, _L.SYSTEM, (_S.RECALLED,)),
)
"""(state, action, role, relation) → state. Four eyes and the other guards come on top; nothing outside the table is possible."""

_ROWS: Final = {(row.state, row.action, row.role): row for row in TRANSITIONS}

_STATE_TEXTS: Final = {
    _S.DRAFT: Text(en="Draft", nl="Concept"),
    _S.PROPOSED: Text(en="Proposed to the project leader", nl="Voorgelegd aan de projectleider"),
    _S.SUBMITTED: Text(en="Submitted", nl="Ingediend"),
    _S.COST_PENDING: Text(en="Waiting for agreement on extra cost", nl="Wacht op akkoord voor extra kosten"),
    _S.IN_REVIEW: Text(en="In output control", nl="In outputcontrole"),
    _S.CHANGES_REQUESTED: Text(en="Changes requested", nl="Aanpassing gevraagd"),
    _S.APPROVED: Text(en="Approved", nl="Goedgekeurd"),
    _S.RELEASED: Text(en="Released", nl="Vrijgegeven"),
    _S.REJECTED: Text(en="Rejected", nl="Afgekeurd"),
    _S.WITHDRAWN: Text(en="Withdrawn", nl="Ingetrokken"),
    _S.RECALLED: Text(en="Recalled after release", nl="Teruggeroepen na vrijgave"),
}

_WAITING: Final = {
    _S.DRAFT: Text(en="the author", nl="de opsteller"),
    _S.PROPOSED: Text(en="the project leader", nl="de projectleider"),
    _S.SUBMITTED: Text(en="CBS", nl="het CBS"),
    _S.COST_PENDING: Text(en="the project leader", nl="de projectleider"),
    _S.IN_REVIEW: Text(en="two checkers at CBS", nl="twee controleurs bij het CBS"),
    _S.CHANGES_REQUESTED: Text(en="the author", nl="de opsteller"),
    _S.APPROVED: Text(en="CBS", nl="het CBS"),
    _S.RELEASED: Text(en="nobody", nl="niemand"),
    _S.REJECTED: Text(en="nobody", nl="niemand"),
    _S.WITHDRAWN: Text(en="nobody", nl="niemand"),
    _S.RECALLED: Text(en="nobody", nl="niemand"),
}

_OTHER_CHECKER: Final = Text(en="the other checker at CBS", nl="de andere controleur bij het CBS")
_ONE_CHECKER: Final = Text(en="one more checker at CBS (one of two has decided)", nl="nog één controleur bij het CBS (één van de twee heeft beslist)")

_ACTION_TEXTS: Final = {
    _A.EDIT: Text(en="change it", nl="wijzigen"),
    _A.PROPOSE: Text(en="propose it", nl="voorleggen"),
    _A.RETURN: Text(en="return it", nl="teruggeven"),
    _A.SUBMIT: Text(en="submit it", nl="indienen"),
    _A.WITHDRAW: Text(en="withdraw it", nl="intrekken"),
    _A.APPROVE: Text(en="approve it", nl="goedkeuren"),
    _A.REJECT: Text(en="reject it", nl="afkeuren"),
}

_ROLE_TEXTS: Final = {
    _R.RESEARCHER: Text(en="a researcher", nl="een onderzoeker"),
    _R.LEADER: Text(en="the project leader", nl="de projectleider"),
    _R.VIEWER: Text(en="a viewer", nl="een meekijker"),
    _R.CHECKER: Text(en="a checker", nl="een controleur"),
    _R.ADMIN: Text(en="an administrator", nl="een beheerder"),
}


def state_text(state: ExportState) -> Text:
    """Give the name of a state as people read it."""
    return _STATE_TEXTS[state]


def waiting_for(state: ExportState, principal: Principal | None = None, facts: Facts | None = None) -> Text:
    """Give who is to act in a state.

    With the reader and the facts, a request under review says who is left once one checker has decided. A checker hears of
    the own vote only: that the other one has decided is not told before both have.
    """
    if state is not _S.IN_REVIEW or principal is None or facts is None:
        return _WAITING[state]
    voters = {vote.checker for vote in facts.counting}
    if principal.role is _R.CHECKER:
        return _OTHER_CHECKER if principal.user in voters else _WAITING[state]
    return _ONE_CHECKER if len(voters) == REVIEWS - 1 else _WAITING[state]


def allowed(state: ExportState, principal: Principal, facts: Facts) -> tuple[Permission, ...]:
    """Give for every action whether this person can take it now, and why not."""
    return tuple(_permission(state, action, principal, facts) for action in ExportAction)


def check(
    state: ExportState,
    action: ExportAction,
    principal: Principal,
    facts: Facts,
    *,
    digest: str | None = None,
    reason: str = "",
) -> ExportState:
    """Give the state an action leads to.

    Parameters
    ----------
    state : ExportState
        Where the request is.
    action : ExportAction
        What the person does.
    principal : Principal
        Who does it.
    facts : Facts
        The request before the action; a decision itself is not among the votes yet.
    digest : str, optional
        Digest of what a checker saw; required to approve or reject.
    reason : str
        Required to return or reject.

    Returns
    -------
    ExportState
        The next state. Going from ``CHANGES_REQUESTED`` to ``DRAFT`` starts the next round.

    Raises
    ------
    Refused
        ``wrong_role``, ``not_author``, ``four_eyes``: this person may not.
    Conflict
        ``wrong_state``, ``already_decided``, ``blocked``, ``empty``, ``form_incomplete``, ``other_digest``: not now.
    Invalid
        ``reason_missing``.
    """
    refusal = _refusal(state, action, principal, facts)
    if refusal is not None:
        raise refusal
    if action in (_A.APPROVE, _A.REJECT) and (digest is None or digest != facts.digest):
        raise Conflict(
            "other_digest",
            Text(en="This is not the version that is to be decided on.", nl="Dit is niet de versie waarover wordt beslist."),
            Text(en="Look at the request again and decide then.", nl="Bekijk de aanvraag opnieuw en beslis dan."),
        )
    if action in (_A.RETURN, _A.REJECT) and not reason.strip():
        raise Invalid(
            "reason_missing",
            Text(
                en="A reason is needed: the researcher must know what to change.",
                nl="Een reden is nodig: de onderzoeker moet weten wat er anders moet.",
            ),
            Text(en="Say which file and what is wrong with it.", nl="Schrijf welk bestand het is en wat eraan schort."),
        )
    row = _ROWS[(state, action, principal.role)]
    if action in (_A.APPROVE, _A.REJECT):
        vote = Vote(principal.user, facts.round, facts.digest or "", "approve" if action is _A.APPROVE else "reject")
        return _decided((*facts.counting, vote), facts.round)
    return row.targets[0]


def check_system(state: ExportState, action: SystemAction, facts: Facts) -> ExportState:
    """Give the state a step of the broker leads to.

    Raises
    ------
    Conflict
        ``wrong_state``; ``not_approved`` when a release lacks the two approvals, ``empty`` when there is nothing to review.
    """
    row = _ROWS.get((state, action, None))
    if row is None:
        raise _wrong_state(state, Text(en=f"do that step ({action})", nl=f"die stap zetten ({action})"))
    if action in (SystemAction.REVIEW, SystemAction.ASK_COST) and (facts.files < 1 or facts.digest is None):
        raise _empty()
    if action is SystemAction.RELEASE and not facts.approved:
        raise Conflict(
            "not_approved",
            Text(
                en="A release needs the approval of two different checkers on exactly these files, and no objection.",
                nl="Vrijgave vraagt de goedkeuring van twee verschillende controleurs voor precies deze bestanden, en geen bezwaar.",
            ),
        )
    return row.targets[0]


def outcome(facts: Facts) -> ExportState:
    """Give the state a request under review is in by the votes that were kept.

    For whoever kept a vote: two checkers may decide at the same moment, and the state follows from what is kept then, not from what
    each of them saw before.
    """
    return _decided(facts.counting, facts.round)


def _decided(votes: Sequence[Vote], round_: int) -> ExportState:
    """Give the state that follows from the votes of a round."""
    if len({vote.checker for vote in votes}) < REVIEWS:
        return _S.IN_REVIEW
    if all(vote.decision == "approve" for vote in votes):
        return _S.APPROVED
    return _S.CHANGES_REQUESTED if round_ == 1 else _S.REJECTED


def _permission(state: ExportState, action: ExportAction, principal: Principal, facts: Facts) -> Permission:
    refusal = _refusal(state, action, principal, facts)
    if refusal is None:
        return Permission(action=action.value, allowed=True, reason=Text(en="", nl=""))
    return Permission(action=action.value, allowed=False, reason=refusal.message)


def _refusal(state: ExportState, action: ExportAction, principal: Principal, facts: Facts) -> CbsError | None:
    """Give why the person cannot take the action now, or None. Who comes before when, so that nobody learns a state by asking."""
    row = _ROWS.get((state, action, principal.role))
    if row is None:
        ever = [each for each in TRANSITIONS if each.action is action]
        if not any(each.role is principal.role for each in ever):
            return _wrong_role(action, principal.role, ever)
        return _wrong_state(state, _ACTION_TEXTS[action])
    if row.relation is _L.AUTHOR and principal.user != facts.author:
        what = _ACTION_TEXTS[action]
        return Refused("not_author", Text(en=f"Only the author can {what.en}.", nl=f"Alleen de opsteller kan de aanvraag {what.nl}."))
    if row.relation is _L.UNRELATED:
        return _not_independent(principal, facts)
    if action in (_A.PROPOSE, _A.SUBMIT):
        return _not_ready(facts)
    return None


def _not_independent(principal: Principal, facts: Facts) -> CbsError | None:
    if facts.concerns(principal.user):
        return Refused(
            "four_eyes",
            Text(
                en="Who has a part in the project or the request does not check it.",
                nl="Wie bij het project of de aanvraag betrokken is, controleert deze niet.",
            ),
        )
    if any(vote.checker == principal.user and vote.round == facts.round for vote in facts.votes):
        return Conflict("already_decided", Text(en="You have decided in this round.", nl="U hebt in deze ronde al beslist."))
    if facts.reviews_in:
        return Conflict("already_decided", Text(en="Both reviews of this round are in.", nl="Beide controles van deze ronde zijn binnen."))
    if facts.files < 1 or facts.digest is None:
        return _empty()
    return None


def _not_ready(facts: Facts) -> CbsError | None:
    if facts.files < 1:
        return _empty()
    if facts.blocking:
        return Conflict(
            "blocked",
            Text(
                en="The pre-check found something that may not leave; solve it or leave the file out.",
                nl="De voorcontrole vond iets dat niet naar buiten mag; los het op of laat het bestand weg.",
            ),
        )
    if facts.missing:
        return Conflict(
            "form_incomplete",
            Text(
                en="The form is not complete: " + " ".join(text.en for text in facts.missing),
                nl="Het formulier is niet compleet: " + " ".join(text.nl for text in facts.missing),
            ),
        )
    return None


def _empty() -> Conflict:
    return Conflict(
        "empty",
        Text(en="There is no file in the request that could leave.", nl="Er zit geen bestand in de aanvraag dat naar buiten kan."),
        Text(en="Add a file, or mend what the pre-check refuses.", nl="Voeg een bestand toe, of verhelp wat de voorcontrole weigert."),
    )


def _wrong_role(action: ExportAction, role: Role, rows: Sequence[Transition]) -> Refused:
    roles = list(dict.fromkeys(row.role for row in rows if row.role is not None))
    who = Text(en=" or ".join(_ROLE_TEXTS[each].en for each in roles), nl=" of ".join(_ROLE_TEXTS[each].nl for each in roles))
    what, mine = _ACTION_TEXTS[action], _ROLE_TEXTS[role]
    return Refused(
        "wrong_role",
        Text(en=f"Only {who.en} can {what.en}; you are {mine.en}.", nl=f"Alleen {who.nl} kan de aanvraag {what.nl}; u bent {mine.nl}."),
    )


def _wrong_state(state: ExportState, what: Text) -> Conflict:
    name, who = _STATE_TEXTS[state], _WAITING[state]
    if state.is_final:
        return Conflict(
            "wrong_state",
            Text(
                en=f"You cannot {what.en} any more: the request is {name.en.lower()}.",
                nl=f"U kunt de aanvraag niet meer {what.nl}: die is {name.nl.lower()}.",
            ),
        )
    return Conflict(
        "wrong_state",
        Text(
            en=f"You cannot {what.en} now: {name.en.lower()}, waiting for {who.en}.",
            nl=f"U kunt de aanvraag nu niet {what.nl}: {name.nl.lower()}, wacht op {who.nl}.",
        ),
    )


def diagram() -> str:
    """Draw the table as a mermaid state diagram; the documentation is compared with it."""
    arrows: dict[tuple[str, str, str], list[str]] = {}
    for row in TRANSITIONS:
        who = "broker" if row.role is None else row.role.value
        if row.relation is _L.AUTHOR:
            who += " (author)"
        elif row.relation is _L.UNRELATED:
            who += " (not involved)"
        for target in row.targets:
            arrows.setdefault((row.state.value, target.value, row.action.value), []).append(who)
    lines = ["stateDiagram-v2", f"    [*] --> {_S.DRAFT.value}"]
    lines += [f"    {start} --> {end}: {action} · {', '.join(dict.fromkeys(who))}" for (start, end, action), who in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state in ExportState if state.is_final]
    return "\n".join(lines) + "\n"
