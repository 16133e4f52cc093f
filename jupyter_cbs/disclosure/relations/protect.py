"""Protect a table: hide complementary cells at least cost, or round under control; proven by the attack, and explained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from ...domain.errors import Internal
from ...domain.text import Text
from ..cells import Mask
from .attack import Interval, intervals
from .audit import Least
from .heuristic import Mover, suppress
from .needs import Table, prove
from .optimal import cheapest
from .problem import TableProblem
from .program import Cancel, Progress

Method = Literal["auto", "heuristic", "exact"]

SMALL: Final = 150
"""Up to this many cells ``auto`` looks for the cheapest choice."""
PATIENCE: Final = 30.0
"""Seconds for what only makes a choice cheaper: removing superfluous cells, proving that nothing is cheaper."""


@dataclass(frozen=True)
class Reason:
    """Why a complementary cell is hidden.

    Parameters
    ----------
    cell
        The complementary cell.
    protects
        Primary cells that need it.
    total
        Total of a relation it shares with the first of them; ``None`` where it closes a circle further on.
    """

    cell: str
    protects: tuple[str, ...]
    total: str | None

    @property
    def text(self) -> Text:
        """The reason as a sentence."""
        names = ", ".join(self.protects)
        first = self.protects[0] if self.protects else self.cell
        if not self.protects:
            return Text(
                en=f"{self.cell} is hidden because the sum of the suppressed cells beside it would stand for too few units.",
                nl=f"{self.cell} is verborgen omdat de som van de onderdrukte cellen ernaast voor te weinig eenheden zou staan.",
            )
        if self.total is None:
            return Text(
                en=f"{self.cell} is hidden because the cells that keep {names} company would follow without it.",
                nl=f"{self.cell} is verborgen omdat de cellen die {names} gezelschap houden zonder haar zouden volgen.",
            )
        return Text(
            en=f"{self.cell} is hidden because {names} needs company: {first} would follow from the total {self.total}, exactly or too closely.",
            nl=f"{self.cell} is verborgen omdat {names} gezelschap nodig heeft: {first} zou uit het totaal {self.total} volgen, precies of te nauw.",
        )


@dataclass(frozen=True)
class Protected:
    """A choice of suppressed cells that the attack does not break.

    Parameters
    ----------
    problem
        The problem with primary and complementary cells suppressed.
    complementary
        The cells chosen, in the order of the table.
    intervals
        Of every suppressed cell.
    cost
        Of the complementary cells together.
    method
        ``heuristic`` or ``exact``.
    optimal
        Whether it is proven that nothing cheaper protects.
    reasons
        One per complementary cell.
    """

    problem: TableProblem
    complementary: tuple[str, ...]
    intervals: dict[str, Interval]
    cost: float
    method: str
    optimal: bool
    reasons: tuple[Reason, ...] = field(default=())


def protect(
    problem: TableProblem,
    *,
    method: Method = "auto",
    min_frequency: Least = None,
    patience: float = PATIENCE,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Protected:
    """Hide complementary cells at least cost so that the primary ones are safe.

    Outsiders cannot calculate a primary cell exactly, nor more closely than its protection levels; the contributor of a singleton that is
    hidden, as primary or as complementary cell, cannot calculate another primary cell exactly; known sums of suppressed cells stand for enough
    units.

    Parameters
    ----------
    problem
        Its suppressed cells are the primary ones.
    method
        ``exact`` for the cheapest choice (small tables), ``heuristic`` for a cheap one, ``auto`` for what suits the size.
    min_frequency
        As in :func:`jupyter_cbs.disclosure.relations.audit.audit`.
    patience
        Seconds for what only makes the choice cheaper.
    progress
        Called with the share of the last step, the attack.
    cancel
        Asked between linear programs.

    Raises
    ------
    Conflict
        ``infeasible_protection`` when suppressing everything would not do.
    Cancelled
        When ``cancel`` says so.
    Internal
        ``protection_failed`` should the attack break the choice.
    """
    plain = problem.model_copy(update={"rounding": None})
    table = Table(plain)
    exact = method == "exact" or (method == "auto" and len(table.names) <= SMALL)
    if exact:
        choice = cheapest(table, min_frequency, patience=patience, cancel=cancel)
        hidden, optimal = choice.hidden, choice.optimal
    else:
        hidden = suppress(table, min_frequency, patience=patience, cancel=cancel)
        optimal = not bool((hidden & ~table.primary).any())
    if not prove(table, hidden, min_frequency, cancel).holds:
        raise Internal(
            "protection_failed",
            Text(en="The attack breaks the protection that was chosen.", nl="De aanval breekt de gekozen bescherming."),
        )
    result = table.suppressed(hidden)
    complement = hidden & ~table.primary
    return Protected(
        result,
        tuple(table.names[i] for i in np.flatnonzero(complement).tolist()),
        intervals(result, progress=progress, cancel=cancel),
        float(table.cost[complement].sum()),
        "exact" if exact else "heuristic",
        optimal,
        explain(table, hidden),
    )


def explain(table: Table, hidden: Mask) -> tuple[Reason, ...]:
    """Give for each complementary cell the primary cells whose movement needs it."""
    complement = np.flatnonzero(hidden & ~table.primary)
    if not len(complement):
        return ()
    mover = Mover(table)
    primary = table.primary.copy()
    uses: dict[int, list[str]] = {int(cell): [] for cell in complement}
    for need in [*table.needs(), *table.insider_needs(hidden)]:
        movements = mover.meet(need, primary, hidden) or []
        for cell in np.flatnonzero(sum((np.abs(movement) for movement in movements), np.zeros(len(hidden)))).tolist():
            name = table.names[need.cell]
            if cell in uses and name not in uses[cell]:
                uses[cell].append(name)
    relations = [(total, {total, *parts}) for total, parts in table.problem.relations]
    reasons = []
    for cell, names in uses.items():
        here = table.names[cell]
        beside = [(total, name) for total, inside in relations if here in inside for name in names if name in inside]
        first = [name for _, name in beside]
        ordered = sorted(names, key=lambda name: (name not in first, name))
        total = next((total for total, name in beside if name == ordered[0]), None) if ordered else None
        reasons.append(Reason(here, tuple(ordered), total))
    return tuple(reasons)
