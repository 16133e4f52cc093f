"""What protection asks for: which cells must be able to move, by how much, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ...domain.errors import Conflict
from ...domain.text import Text
from ..cells import Floats, Mask
from .attack import Interval, verdict_of
from .audit import Least, Union, least_units, unions
from .insiders import learned
from .problem import TableProblem
from .program import Cancel
from .system import System, relation_matrix


@dataclass(frozen=True)
class Need:
    """One cell that an attacker must not pin down.

    Parameters
    ----------
    cell
        Position among all cells of the table.
    up, down
        How far above and below its value it must be possible, in the unit of the cells; 0 for no such level.
    slide
        How long the interval must be where there is no level: little, but not nothing.
    insider
        Position of the singleton whose contributor attacks; -1 for an outsider.
    """

    cell: int
    up: float
    down: float
    slide: float
    insider: int = -1


class Table:
    """A whole table as arrays, every cell a column.

    Parameters
    ----------
    problem
        Not rounded; its suppressed cells are the ones to protect.
    """

    def __init__(self, problem: TableProblem) -> None:
        self.problem = problem
        self.names = tuple(problem.cells)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.value: Floats = np.array(list(problem.cells.values()), dtype=np.float64)
        self.matrix: sp.csr_array = relation_matrix(problem, self.names)
        self.room_up: Floats = np.maximum(problem.upper - self.value, 0.0)
        self.room_down: Floats = np.maximum(self.value - problem.lower, 0.0)
        self.primary = np.zeros(len(self.names), dtype=bool)
        self.primary[[self.index[name] for name in problem.suppressed]] = True
        sizes = np.abs(self.value[self.value != 0])
        smallest = float(sizes.min(initial=np.inf))
        self.unit = 1.0 if problem.counts or not np.isfinite(smallest) else min(1.0, smallest / 2)
        base = 1.0 if problem.counts else (smallest if np.isfinite(smallest) else 1.0)
        # a cell of zero is no worse to lose than the smallest other one, and not free either
        self.cost: Floats = np.maximum(np.abs(self.value), base)
        for name, price in problem.cost.items():
            self.cost[self.index[name]] = price

    def needs(self) -> list[Need]:
        """Give what outsiders must not be able to do to the primary cells, the largest first."""
        found = [self._need(name) for name in self.problem.suppressed]
        return sorted(found, key=lambda need: (-max(need.up, need.down, need.slide), -self.value[need.cell]))

    def need(self, cell: int) -> Need:
        """Give the need that a cell can move at all."""
        return Need(cell, 0.0, 0.0, max(self.unit, 1e-8 * abs(self.value[cell])))

    def _need(self, name: str, insider: int = -1) -> Need:
        cell = self.index[name]
        down, up = (0.0, 0.0) if insider >= 0 else self.problem.protection.get(name, (0.0, 0.0))
        return Need(cell, up, down, max(self.unit, 1e-8 * abs(self.value[cell])), insider)

    def insider_needs(self, hidden: Mask | None = None) -> Iterator[Need]:
        """Give what the contributor of a singleton must not be able to do to a primary cell: calculate it exactly.

        Parameters
        ----------
        hidden
            Mask over all cells: only of singletons that are hidden. Of a shown one the contributor knows no more than everybody.
        """
        for single, own in self.problem.own_cells().items():
            if hidden is None or hidden[self.index[single]]:
                for name in self.problem.suppressed:
                    if name not in own:
                        yield self._need(name, self.index[single])

    def insider_need(self, name: str, single: str) -> Need:
        """Give the need that the contributor of ``single`` cannot calculate a cell exactly."""
        return self._need(name, self.index[single])

    def suppressed(self, hidden: Mask) -> TableProblem:
        """Give the problem with the cells of a mask suppressed."""
        return self.problem.with_suppressed([self.names[i] for i in np.flatnonzero(hidden).tolist()])


@dataclass(frozen=True)
class Proof:
    """What the attack says of a choice of suppressed cells.

    Parameters
    ----------
    unmet
        Needs that are not met.
    unions
        Known sums of suppressed cells that are too small.
    """

    unmet: tuple[Need, ...]
    unions: tuple[Union, ...]

    @property
    def holds(self) -> bool:
        """Whether the choice protects."""
        return not self.unmet and not self.unions


def prove(table: Table, hidden: Mask, min_frequency: Least, cancel: Cancel | None = None, *, quick: bool = False, whole: bool = True) -> Proof:
    """Attack a choice of suppressed cells as outsider and as each singleton.

    Parameters
    ----------
    table
        The table.
    hidden
        Mask over all cells.
    min_frequency
        As in :func:`jupyter_cbs.disclosure.relations.audit.audit`.
    cancel
        Asked between linear programs.
    quick
        Stop at the first need that is not met.
    whole
        Use that values are whole where they are: narrower intervals, at the price of branch and bound.
    """
    problem = table.suppressed(hidden)
    if not whole:
        problem = problem.model_copy(update={"integer": False})
    levels: dict[str, Interval] = dict(table.problem.protection)
    primaries = set(table.problem.suppressed)
    system = System.of(problem)
    found = verdict_of(system, levels, None, cancel)
    bad = {name for name in (*found.exact, *found.unprotected) if name in primaries}
    unmet = [need for need in table.needs() if table.names[need.cell] in bad]
    least = min_frequency if callable(min_frequency) else least_units(table.problem, min_frequency)
    small = unions(problem, least, found.exact)
    if quick and (unmet or small):
        return Proof(tuple(unmet), small)
    singles = {name: own for name, own in problem.own_cells().items() if hidden[table.index[name]]}
    for single, names in learned(system, singles, cancel).items():
        unmet += [table.insider_need(name, single) for name in names if name in primaries and name not in bad]
    return Proof(tuple(unmet), small)


def infeasible(table: Table, need: Need) -> Conflict:
    """Give the error that no choice of cells protects one of them."""
    name = table.names[need.cell]
    if need.insider >= 0:
        single = table.names[need.insider]
        asked = Text(
            en=f"that the contributor of {single!r} cannot calculate it",
            nl=f"dat wie {single!r} bijdraagt haar niet kan berekenen",
        )
    elif need.up or need.down:
        asked = Text(
            en=f"an interval from {table.value[need.cell] - need.down:.10g} to {table.value[need.cell] + need.up:.10g}",
            nl=f"een interval van {table.value[need.cell] - need.down:.10g} tot {table.value[need.cell] + need.up:.10g}",
        )
    else:
        asked = Text(en="that it cannot be calculated exactly", nl="dat zij niet precies te berekenen is")
    return Conflict(
        "infeasible_protection",
        Text(
            en=f"Cell {name!r} cannot be protected: it asks {asked.en}, and not even suppressing every cell of the table gives that.",
            nl=f"Cel {name!r} is niet te beschermen: zij vraagt {asked.nl}, en zelfs alle cellen van de tabel onderdrukken geeft dat niet.",
        ),
        Text(
            en="Merge its category with another one, lower its protection levels, or leave out the relation that gives it away.",
            nl="Voeg haar categorie met een andere samen, verlaag haar beschermingsniveaus, of laat de relatie weg die haar prijsgeeft.",
        ),
    )


def infeasible_union(union: Union) -> Conflict:
    """Give the error that a known sum cannot be made large enough."""
    return Conflict(
        "infeasible_protection",
        Text(
            en=f"The suppressed cells of total {union.total!r} cannot be protected: together {union.sum:.10g}, and no other cell can join them.",
            nl=f"De onderdrukte cellen van totaal {union.total!r} zijn niet te beschermen: samen {union.sum:.10g}, en geen andere cel kan erbij.",
        ),
        Text(en="Merge categories.", nl="Voeg categorieën samen."),
    )
