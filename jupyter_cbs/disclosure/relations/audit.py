"""The whole attack on a published table: intervals, exact cells, insiders, unions, protection."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ..cells import Floats
from .attack import Interval, exactly_known, extremes_of, intervals
from .problem import TableProblem
from .program import Cancel, Progress, check_cancel
from .system import System

MIN_FREQUENCY: Final = 10
"""Least units of a published sum of suppressed counts (CBS 2026; this number passes)."""


class UnionRule(Protocol):
    """Judges a known sum of suppressed cells by more than its size."""

    def __call__(self, total: str, parts: Collection[str], gone: Collection[str]) -> str | None:
        """Give the rule that the suppressed parts ``gone`` of a relation break as one cell, ``None`` where they pass."""


Least = int | UnionRule | None
"""Least units of a known sum of suppressed cells; or a rule for such sums; ``None`` for 10 where the values can be counts, else no rule."""


@dataclass(frozen=True)
class Insider:
    """What the one contributor of a cell, who knows it, can calculate of the others."""

    singleton: str
    intervals: dict[str, Interval]
    exact: tuple[str, ...]


@dataclass(frozen=True)
class Union:
    """Suppressed cells of one relation whose sum is known, and too small.

    Parameters
    ----------
    total
        The total of the relation.
    cells
        The suppressed parts.
    sum
        Their known sum.
    rule
        ``min_frequency`` where it stands for too few units, ``protection`` where the other cells are too small to hide one of them, or what a
        :class:`UnionRule` says.
    """

    total: str
    cells: tuple[str, ...]
    sum: float
    rule: str


@dataclass(frozen=True)
class Audit:
    """What the attack found."""

    intervals: dict[str, Interval]
    exact: tuple[str, ...]
    insiders: tuple[Insider, ...] = ()
    unions: tuple[Union, ...] = ()
    unprotected: dict[str, Interval] = field(default_factory=dict)

    @property
    def safe(self) -> bool:
        """Whether there is nothing to find."""
        return not (self.exact or self.unions or self.unprotected or any(insider.exact for insider in self.insiders))


def audit(problem: TableProblem, *, min_frequency: int | None = None, progress: Progress | None = None, cancel: Cancel | None = None) -> Audit:
    """Attack a table in every way.

    Parameters
    ----------
    problem
        The table as published.
    min_frequency
        Least units of a known sum of suppressed cells, 0 for no such rule. By default 10 where the values can be counts (see
        :attr:`TableProblem.counts`), else none.
    progress
        Called with the share that is done, 0 to 1.
    cancel
        Asked between linear programs.

    Raises
    ------
    Cancelled, Invalid
        As in :func:`jupyter_cbs.disclosure.relations.attack.intervals`.
    """
    steps = 1 + len(problem.singletons)

    def part(step: int) -> Progress | None:
        return None if progress is None else lambda share: progress((step + share) / steps)

    found = intervals(problem, progress=part(0), cancel=cancel)
    exact = exactly_known(problem, found)
    return Audit(
        found,
        exact,
        insiders(problem, found, part, cancel),
        unions(problem, min_frequency, exact),
        unprotected(problem, found),
    )


def unprotected(problem: TableProblem, found: dict[str, Interval]) -> dict[str, Interval]:
    """Give the intervals that do not reach their protection levels."""
    short: dict[str, Interval] = {}
    for name, (low, high) in found.items():
        below, above = problem.protection.get(name, (0.0, 0.0))
        value = problem.cells[name]
        room = 1e-6 * max(1.0, 1e-3 * abs(value)) if abs(value) >= 1 else 1e-6 * max(abs(value), below, above)
        if (below > 0 and low > value - below + room) or (above > 0 and high < value + above - room):
            short[name] = (low, high)
    return short


def insiders(problem: TableProblem, found: dict[str, Interval], part: Any = None, cancel: Cancel | None = None) -> tuple[Insider, ...]:
    """Attack once more for each singleton, its value known; only its own component can have become narrower.

    A singleton that is shown knows nothing that outsiders do not; in a rounded table his true value is not in the file, so he is left out too.
    """
    system = System.of(problem)
    hidden = set(problem.suppressed)
    place = {system.names[i]: cells for cells in system.components() for i in cells.tolist() if system.names[i] in hidden}
    result = []
    for step, name in enumerate(problem.singletons, start=1):
        check_cancel(cancel)
        known = {other: interval for other, interval in found.items() if other != name}
        if name in place:
            component = system.part(place[name])
            others = component.without(component.names.index(name))
            low: Floats
            high: Floats
            low, high = extremes_of(others, None if part is None else part(step), cancel)
            known |= dict(zip(others.names, zip(low.tolist(), high.tolist(), strict=True), strict=True))
        result.append(Insider(name, known, exactly_known(problem, known)))
    return tuple(result)


def least_units(problem: TableProblem, min_frequency: int | None = None) -> int:
    """Give the least units of a known sum of suppressed cells: what is asked, else 10 where the values can be counts, else 0 for no rule."""
    if min_frequency is not None:
        return min_frequency
    return MIN_FREQUENCY if problem.counts else 0


def unions(problem: TableProblem, min_frequency: Least = None, exact: Collection[str] = ()) -> tuple[Union, ...]:
    """Give the relations whose suppressed cells have a known sum that may not be known.

    In a relation with a shown total, or one that is its own only unknown, the sum of the suppressed parts is published as good as. It stands for
    too few units (counts), or the parts beside one of them are together less than what must hide it. Cells
    that are known exactly hide nothing: the sum of the others is known too.
    """
    if problem.rounded:
        return ()
    judged = min_frequency if callable(min_frequency) else None
    least = 0 if callable(min_frequency) else least_units(problem, min_frequency)
    hidden = set(problem.suppressed).difference(exact)
    found: dict[tuple[str, ...], Union] = {}
    for total, parts in problem.relations:
        if total in hidden:
            continue
        gone = tuple(part for part in parts if part in hidden)
        if len(gone) < 2:  # one alone is exact, and found as such
            continue
        together = math.fsum(problem.cells[part] for part in gone)
        rule = None
        if judged is not None:
            rule = judged(total, parts, gone)
        elif 0 < together < least:
            rule = "min_frequency"
        elif problem.lower >= 0:
            for part in gone:
                above = problem.protection.get(part, (0.0, 0.0))[1]
                beside = together - problem.cells[part] - problem.lower * (len(gone) - 1)
                if above > 0 and beside < above - 1e-9 * max(1.0, together):
                    rule = "protection"
        if rule is not None:
            found.setdefault(tuple(sorted(gone)), Union(total, gone, together, rule))
    return tuple(found.values())
