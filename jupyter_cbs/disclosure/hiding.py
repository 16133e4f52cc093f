"""Which cells to hide, proven by the attack; and what a given suppression gives away.

The attack knows everything that is published: all relations of the table in any number of dimensions and with subtotals, that counts are whole and
amounts not negative, and what the only contributor of a cell knows of it (design disclosure.md, Secondary disclosure).
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..domain.errors import Cancelled, Conflict, TimedOut
from ..domain.finding import Rule
from ..domain.text import Text
from .boxes import LEAST_DIMENSIONS, Boxes
from .cells import Cells, Ints, Mask
from .complement import complement, passes
from .relations.attack import verdict_of
from .relations.audit import unions
from .relations.frame import problem_of
from .relations.heuristic import suppress, without_exact, without_superfluous
from .relations.insiders import learned
from .relations.needs import Table, prove
from .relations.problem import TableProblem
from .relations.program import Cancel, check_cancel
from .relations.system import System
from .rules.base import Question

PATIENCE: Final = 20.0
"""Seconds the attack on one table may take before its answer is 'not proven'."""
TRIMMING: Final = 0.1
"""Seconds that showing superfluous cells again may take."""


class Target:
    """A table as the attacker sees it.

    Parameters
    ----------
    cells
        The table, m rows.
    gone
        Shape (m,): rows that are not shown.
    question
        Statistic and thresholds.
    names
        Of the rows, for messages; numbers by default.
    """

    def __init__(self, cells: Cells, gone: Mask, question: Question, names: list[str] | None = None) -> None:
        self.cells = cells
        self.question = question
        self.names = [str(row) for row in range(len(cells))] if names is None else names
        self.row = {name: row for row, name in enumerate(self.names)}
        self.problem: TableProblem = problem_of(
            cells, np.flatnonzero(gone).tolist(), statistic=question.statistic, profile=question.profile, names=self.names
        )
        self.rows: Ints = np.array([self.row[name] for name in self.problem.cells], dtype=np.int64)

    def union(self, total: str, parts: Collection[str], gone: Collection[str]) -> str | None:
        """Judge the sum of some hidden parts of a relation as one cell (see :class:`~jupyter_cbs.disclosure.relations.audit.UnionRule`)."""
        cells = self.cells
        hidden = np.array([self.row[name] for name in gone], dtype=np.int64)
        every = np.array([self.row[name] for name in parts], dtype=np.int64)
        # a unit can lie in several parts: the sum of the numbers of units says nothing then, what the shown parts leave does
        left = int(cells.n[self.row[total]]) - int(cells.n[every].sum() - cells.n[hidden].sum())
        units = max(left, int(cells.n[hidden].max()))
        if units == 0:
            return None
        if units < self.question.profile.min_frequency:
            return Rule.MIN_FREQUENCY.value
        return None if passes(cells, hidden, self.question, units) else Rule.DOMINANCE.value

    def mask(self, rows: Mask) -> Mask:
        """Give a mask over the cells of the problem for one over the rows."""
        part: Mask = rows[self.rows]
        return part

    def rows_of(self, mask: Mask) -> Mask:
        """Give a mask over the rows for one over the cells of the problem."""
        rows = np.zeros(len(self.cells), dtype=bool)
        rows[self.rows[mask]] = True
        return rows


@dataclass(frozen=True)
class Hiding:
    """Which cells to hide.

    Parameters
    ----------
    hidden
        Shape (m,).
    proven
        Whether the attack found nothing. False only where it came to no end in time.
    relations
        Sums the attacker could use.
    """

    hidden: Mask
    proven: bool
    relations: int = 0


def hide(cells: Cells, unsafe: Mask, question: Question, *, patience: float = PATIENCE, cancel: Cancel | None = None) -> Hiding:
    """Choose cells so that no unsafe one can be calculated, quickly, and prove it.

    Parameters
    ----------
    cells
        The table, m rows.
    unsafe
        Shape (m,): what must not be published.
    question
        Statistic and thresholds.
    patience
        Seconds for attack and repair.
    cancel
        Asked between programs.

    Raises
    ------
    Cancelled
        When ``cancel`` says so.
    """
    if not unsafe.any():
        return Hiding(unsafe.copy(), True)
    until = time.monotonic() + patience

    def stop() -> bool:
        return (cancel is not None and cancel()) or time.monotonic() > until

    target = Target(cells, unsafe, question)
    table = Table(target.problem)
    start = first_choice(cells, unsafe, question)
    try:
        mask = target.mask(start)
        if not prove(table, mask, target.union, stop, quick=True).holds:
            mask = suppress(table, target.union, patience=0.0, cancel=stop, start=mask, quick=quick_for(target, table))
            mask = without_exact(table, without_superfluous(table, mask, target.union, TRIMMING, cancel), target.union, cancel)
            start = target.rows_of(mask) | unsafe
    except Conflict:
        # not even hiding everything would keep a cell from those who know part of it: nothing is published then
        return Hiding(~cells.empty, True, len(target.problem.relations))
    except (Cancelled, TimedOut):
        check_cancel(cancel)
        return Hiding(start, False, len(target.problem.relations))
    return Hiding(start, True, len(target.problem.relations))


def first_choice(cells: Cells, unsafe: Mask, question: Question) -> Mask:
    """Give cells to begin with, shape (m,): lines of plain tables of one and two dimensions protected; of all others the unsafe cells."""
    plain = len(cells.sizes) < LEAST_DIMENSIONS and not any(dimension.parents for dimension in cells.dimensions)
    return complement(cells, unsafe, question) if plain else unsafe.copy()


def quick_for(target: Target, table: Table) -> Boxes | None:
    """Give what finds movements of a table without linear programs; None where there is nothing."""
    return Boxes(target.cells, table, target.rows) if Boxes.suits(target.cells) else None


@dataclass(frozen=True)
class Exposure:
    """A hidden cell that is given away.

    Parameters
    ----------
    row
        Row of the frame.
    rule
        ``SECONDARY`` where it follows from what is shown, ``INSIDER`` for whoever knows another cell, ``UNION`` where the hidden cells of one line
        do not pass as one cell.
    close
        For ``SECONDARY``: not exactly, yet closer than its protection levels.
    by
        For ``INSIDER``: row of the cell whose only contributor can calculate it.
    """

    row: int
    rule: Rule
    close: bool = False
    by: int | None = None


def exposures(
    cells: Cells, hidden: Mask, unsafe: Mask, question: Question, *, patience: float = PATIENCE, cancel: Cancel | None = None
) -> tuple[list[Exposure], bool]:
    """Tell which unsafe cells a given suppression gives away.

    Parameters
    ----------
    cells
        The table, m rows.
    hidden
        Shape (m,): rows with a value that are not shown.
    unsafe
        Shape (m,): what must not be known.
    question
        Statistic and thresholds.
    patience
        Seconds.
    cancel
        Asked between programs.

    Returns
    -------
    list of Exposure
        At most one per row, the worst, in the order of the frame.
    bool
        Whether the attack came to an end; what it did not come to is not in the list.

    Raises
    ------
    Cancelled
        When ``cancel`` says so.
    """
    wanted = hidden & unsafe
    found: dict[int, Exposure] = {}
    if not wanted.any():
        return [], True
    until = time.monotonic() + patience

    def stop() -> bool:
        return (cancel is not None and cancel()) or time.monotonic() > until

    target = Target(cells, hidden, question)
    system = System.of(target.problem)

    def add(name: str, rule: Rule, *, close: bool = False, by: int | None = None) -> None:
        row = target.row[name]
        if wanted[row]:
            found.setdefault(row, Exposure(row, rule, close, by))

    complete = True
    try:
        verdict = verdict_of(system, target.problem.protection, None, stop)
        for name in verdict.exact:
            add(name, Rule.SECONDARY)
        for name in verdict.unprotected:
            add(name, Rule.SECONDARY, close=True)
        for union in unions(target.problem, target.union, verdict.exact):
            for name in union.cells:
                add(name, Rule.UNION)
        for single, names in learned(system, target.problem.own_cells(), stop).items():
            for name in names:
                add(name, Rule.INSIDER, by=target.row[single])
    except Cancelled:
        check_cancel(cancel)
        complete = False
    return [found[row] for row in sorted(found)], complete


SUPPRESS_MORE: Final = Text(
    en="Suppress more with table.protect(), which keeps the totals where it can.",
    nl="Onderdruk meer met table.protect(); de totalen blijven staan waar dat kan.",
)
NOT_PROVEN: Final = Text(
    en="The attack on the suppressed cells came to no end in time, so it is not proven that none can be calculated.",
    nl="De aanval op de onderdrukte cellen kwam niet op tijd klaar; dat er geen te berekenen is, is dus niet bewezen.",
)


def _name(cells: Cells, row: int, total: str) -> str:
    return " · ".join(total if label is None else label for label in cells.labels(row)) or total


def exposure_text(cells: Cells, exposure: Exposure) -> Text:
    """Tell how a hidden cell is given away."""
    en, nl = _name(cells, exposure.row, "total"), _name(cells, exposure.row, "totaal")
    if exposure.rule is Rule.INSIDER:
        by = -1 if exposure.by is None else exposure.by
        return Text(
            en=f"{en}: whoever is the only contributor of ‘{_name(cells, by, 'total')}’ can calculate this suppressed cell.",
            nl=f"{nl}: wie als enige bijdraagt aan ‘{_name(cells, by, 'totaal')}’ kan deze onderdrukte cel berekenen.",
        )
    if exposure.rule is Rule.UNION:
        return Text(
            en=f"{en}: the suppressed cells of its row or column together follow by subtraction, and together they are too small or dominated.",
            nl=f"{nl}: de onderdrukte cellen van zijn rij of kolom zijn samen door aftrekken te berekenen, en samen te klein of gedomineerd.",
        )
    if exposure.close:
        return Text(
            en=f"{en}: the published cells leave too little room for the suppressed one: its largest contributor can be estimated too closely.",
            nl=f"{nl}: de gepubliceerde cellen laten de onderdrukte cel te weinig ruimte: de grootste bijdrage is te nauw te schatten.",
        )
    return Text(
        en=f"{en}: the suppressed cell follows by subtraction from published cells.",
        nl=f"{nl}: de onderdrukte cel is door aftrekken uit gepubliceerde cellen te berekenen.",
    )
