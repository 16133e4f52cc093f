"""How many export requests are kept, and which frozen bytes: a project's requests grow with what people decide, not with what a program asks.

* Waiting for the project itself: :data:`MAX_OPEN` for each person; no more are begun.
* Waiting for the checkers: :data:`MAX_UNDER_REVIEW` for each project; no more are submitted.
* Withdrawn: the newest :data:`MAX_WITHDRAWN` of each person. Older ones are forgotten, and the audit keeps that they were. Their frozen
  bytes go at once.
* Rejected and released ones were decided on by two people, and are all kept.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from ..domain.errors import Conflict
from ..domain.export import ExportState
from ..domain.text import Text
from ..store.reader import Reader
from ..store.rows import ExportRow
from ..store.store import Transaction

if TYPE_CHECKING:
    from .authority import Authority

log = logging.getLogger(__name__)

MAX_OPEN: Final = 100
"""Most requests one person may have in a project that wait for the project itself: more are made by a program, and hide those of others."""

MAX_UNDER_REVIEW: Final = 100
"""Most requests of a project that wait for checkers or release; each holds frozen bytes."""

MAX_WITHDRAWN: Final = 100
"""Withdrawn requests of one person in a project that are kept."""

MAX_STEPS: Final = 300
"""Most steps of one request; proposing and returning could go on for ever."""

_NOT_SUBMITTED: Final = (ExportState.DRAFT, ExportState.PROPOSED, ExportState.CHANGES_REQUESTED)
_UNDER_REVIEW: Final = (ExportState.SUBMITTED, ExportState.COST_PENDING, ExportState.IN_REVIEW, ExportState.APPROVED)


def room_to_begin(kept: Reader, project: str, user: str) -> None:
    """Refuse to begin one more request.

    Raises
    ------
    Conflict
        ``too_many_drafts``.
    """
    if kept.count_exports(project, _NOT_SUBMITTED, user) < MAX_OPEN:
        return
    raise Conflict(
        "too_many_drafts",
        Text(
            en=f"You have {MAX_OPEN} export requests in this project that were not submitted; there can be no more at a time.",
            nl=f"U hebt in dit project {MAX_OPEN} uitvoeraanvragen die niet zijn ingediend; meer kunnen er niet tegelijk zijn.",
        ),
        Text(en="Withdraw those you do not need.", nl="Trek de aanvragen in die u niet nodig hebt."),
    )


def room_to_submit(kept: Reader, project: str) -> None:
    """Refuse to submit one more request.

    Raises
    ------
    Conflict
        ``too_many_submitted``.
    """
    if kept.count_exports(project, _UNDER_REVIEW) < MAX_UNDER_REVIEW:
        return
    raise Conflict(
        "too_many_submitted",
        Text(
            en=f"{MAX_UNDER_REVIEW} export requests of this project wait for the checkers; there can be no more at a time.",
            nl=f"Er wachten {MAX_UNDER_REVIEW} uitvoeraanvragen van dit project op de controleurs; meer kunnen er niet tegelijk zijn.",
        ),
        Text(
            en="Wait until some are decided on, or withdraw those you do not need.",
            nl="Wacht tot er over een aantal is beslist, of trek de aanvragen in die u niet nodig hebt.",
        ),
    )


def room_for_a_step(row: ExportRow) -> None:
    """Refuse one more step of a request; withdrawing is always one more.

    Raises
    ------
    Conflict
        ``too_many_steps``.
    """
    if len(row.history) < MAX_STEPS:
        return
    raise Conflict(
        "too_many_steps",
        Text(
            en=f"This request has gone to and fro {MAX_STEPS} times; it can only be withdrawn.",
            nl=f"Deze aanvraag is {MAX_STEPS} keer heen en weer gegaan; zij kan alleen nog worden ingetrokken.",
        ),
        Text(en="Withdraw it and make a new request.", nl="Trek haar in en maak een nieuwe aanvraag."),
    )


def forget_withdrawn(tx: Transaction, project: str, author: str) -> None:
    """Forget the oldest withdrawn requests of a person; belongs in the transaction that withdraws one more."""
    for export_id in tx.forget_withdrawn(project, author, MAX_WITHDRAWN):
        tx.audit(user="broker", project=project, action="exports.forget", subject=export_id, outcome="ok", details={"state": "withdrawn"})


async def free_bytes(authority: Authority) -> None:
    """Remove frozen bytes that no request needs any more: of withdrawn ones, earlier rounds, and submissions that failed."""

    async def alone() -> None:
        async with authority.freezing:
            await asyncio.to_thread(_free, authority)

    # who asked may hang up: the lock is held all the same until the last is removed
    await asyncio.shield(alone())


def _free(authority: Authority) -> None:
    with authority.store.view() as view:
        needed = view.frozen()
    try:
        authority.objects.keep(needed)
    except OSError as error:
        log.warning("frozen bytes that no request needs could not be removed: %s", error)
