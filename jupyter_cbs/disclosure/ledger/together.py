"""What tables give away together, however many it takes: A less B less C, complements within a total, lists of bands, regions and periods.

For every region (see :mod:`.regions`) the most units that can be in it is a linear program over all that is shown. Where that is few, the dual
solution is the sum that shows it: which cells are added and which are taken off. Where these make up a set of units, its number is known exactly.

If some set of units can be calculated from the tables and has fewer units than needed, then one of its regions cannot have more units than that:
no such set escapes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
import scipy.sparse as sp

from ...domain.errors import Cancelled, CbsError
from ...domain.text import Text
from ..cells import Floats, Ints, Mask
from ..relations.determined import fixed_by_equations
from ..relations.extremes import Search
from ..relations.program import Cancel, check_cancel, model, quiet
from ..relations.system import System
from .axes import aliases
from .filters import normal_text
from .regions import MOST_ATOMS, ORDERED, SUBTRACTED, Member, Regions, members_of_family, regions_of, size_of
from .side import Side

MOST_REGIONS: Final = 6_000
"""Most regions of one component that are looked at."""
MOST_ASKED: Final = 30
"""Most sums of one system that are looked for."""
SECONDS: Final = 30.0
"""Seconds of computing for one new table, after which it counts as not compared; a busy machine changes no verdict."""
ROOM: Final = 1e-6


@dataclass(frozen=True)
class Sum:
    """Cells of several tables whose sum tells of few units.

    Parameters
    ----------
    terms
        (table, row of its frame, factor); the table as a number into the sides that were given.
    units
        How many units are left; an upper bound where ``exact`` is false.
    exact
        Whether it is the number of a set of units.
    subtracts
        Whether what the tables hold can be subtracted as well.
    """

    terms: tuple[tuple[int, int, float], ...]
    units: int
    exact: bool
    subtracts: bool


@dataclass(frozen=True)
class Uncovered:
    """A cell that one table hides for being unsafe and that follows from several.

    Parameters
    ----------
    side, row
        The table and the row of its frame.
    terms
        As in :class:`Sum`: how it follows.
    """

    side: int
    row: int
    terms: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True)
class Outcome:
    """What was found of one new table.

    Parameters
    ----------
    sums, uncovered
        Found.
    complete
        False where a bound was hit, so that more may be there.
    contradictory
        Numbers of tables whose figures cannot all be true at once: the data changed in between.
    """

    sums: tuple[Sum, ...]
    uncovered: tuple[Uncovered, ...]
    complete: bool
    contradictory: bool


def family_keys(side: Side) -> frozenset[str]:
    """Give the families a table is of: all units, where none lacks a value; those with a valid value of the same variable."""
    spec, cells = side.kept.meta.spec, side.cells
    if spec.statistic not in SUBTRACTED | ORDERED:
        return frozenset()
    values = "|".join(normal_text(one) for one in (spec.values, spec.second) if one is not None)
    return frozenset({"", values} if not cells.missing.any() else {values})


def _kind(side: Side) -> tuple[object, ...]:
    """Give what tables must have in common: units and data."""
    meta = side.kept.meta
    source = normal_text(meta.spec.source) if " " in meta.spec.source.strip() else ""
    unit = meta.spec.unit if isinstance(meta.spec.unit, str) or meta.spec.unit is None else "|".join(meta.spec.unit)
    return meta.unit, unit, frozenset(meta.sources), source


def together(new: Side, others: Sequence[Side], least: int, cancel: Cancel | None = None, seconds: float = SECONDS) -> Outcome:
    """Attack a new table together with all others.

    Parameters
    ----------
    new
        The table that is to leave.
    others
        All that left, or is to leave with it.
    least
        Fewest units that may be told of.
    cancel
        Asked between linear programs.
    seconds
        Time of this thread's processor after which the rest is not looked at.

    Returns
    -------
    Outcome
        ``terms`` count the tables from 0: the new one, then the others in their order.
    """
    deadline = time.thread_time() + seconds

    def stop() -> bool:
        check_cancel(cancel)
        return time.thread_time() > deadline

    found: dict[tuple[object, ...], Sum] = {}
    uncovered: dict[tuple[int, int], Uncovered] = {}
    complete, contradictory = True, False
    for key in sorted(family_keys(new)):
        numbers = [at for at, side in enumerate(others, 1) if key in family_keys(side) and _kind(side) == _kind(new)]
        if not numbers or (key and "" in family_keys(new) and all("" in family_keys(others[at - 1]) for at in numbers)):
            continue
        sides = [new, *(others[at - 1] for at in numbers)]
        place = {id(side): at for side, at in zip(sides, [0, *numbers], strict=True)}
        members = members_of_family(sides, aliases(side.kept.meta for side in sides))
        complete &= len(members) == len(sides)
        if not members or members[0].side is not new:
            continue
        at = [place[id(member.side)] for member in members]
        try:
            for names in _systems(members):
                if names is None:
                    complete = False
                    continue
                attack = _Attack(members, names, least, stop)
                for one in attack.sums():
                    terms = tuple((at[member], row, factor) for member, row, factor in one.terms)
                    found.setdefault((frozenset((where, row) for where, row, _ in terms), one.units), Sum(terms, one.units, one.exact, one.subtracts))
                for cell in attack.uncovered():
                    terms = tuple((at[member], row, factor) for member, row, factor in cell.terms)
                    uncovered.setdefault((at[cell.side], cell.row), Uncovered(at[cell.side], cell.row, terms))
                complete &= attack.complete
        except Cancelled:
            check_cancel(cancel)
            complete = False
        except CbsError:
            contradictory = True
    return Outcome(tuple(found.values()), tuple(uncovered.values()), complete, contradictory)


def _systems(members: Sequence[Member]) -> Iterator[frozenset[str] | None]:
    """Give the axes over which systems are set up: the new table's with those of each other one, the largest first; None for one too large."""
    own = members[0].axes.names
    wanted = {own | member.axes.names for member in members[1:]}
    done: list[frozenset[str]] = []
    for names in sorted(wanted, key=lambda one: (-len(one), sorted(one))):
        if any(names <= one for one in done):
            continue
        if size_of(members, names) <= MOST_ATOMS:
            done.append(names)
            yield names
            continue
        yield None
        # at least what the populations of the others say, over their margins
        smaller = own | frozenset(axis for member in members[1:] for axis in member.axes.population if member.axes.names | own == names)
        if smaller != names and not any(smaller <= one for one in done) and size_of(members, smaller) <= MOST_ATOMS:
            done.append(smaller)
            yield smaller


class _Attack:
    """One system, with the first member as the new table."""

    def __init__(self, members: Sequence[Member], names: frozenset[str], least: int, stop: Callable[[], bool]) -> None:
        self.members, self.least, self.stop = members, least, stop
        self.complete = True
        self.regions = regions_of(members, names)
        if self.regions is None:
            self.complete = False

    # ----------------------------------------------------------------------------------------------------- sums

    def sums(self) -> Iterator[Sum]:
        """Give what tells of few units and did not before the new table, nor by the new table alone."""
        regions = self.regions
        if regions is None or not any(row.member == 0 for row in regions.rows):
            return
        mine: Mask = np.array([row.member == 0 for row in regions.rows], dtype=bool)
        few = self._few(regions, np.ones(regions.matrix.shape[1], dtype=bool))
        for rows in (mine, ~mine):
            # what the new table tells by itself is its own finding, what the earlier ones tell is known
            if few.any():
                few &= ~self._few(regions.only(rows), few)
        asked = 0
        for region in np.flatnonzero(few).tolist():
            if not few[region]:
                continue
            if asked >= MOST_ASKED:
                self.complete = False
                return
            asked += 1
            check_stop(self.stop)
            wanted = np.array([region])
            most, factors = _most(regions, wanted, np.ones(len(regions.rows), dtype=bool))
            if not np.isfinite(most):
                self.complete = False
                continue
            cover = regions.matrix.T @ factors
            few &= ~((cover > 1 - ROOM) & few)
            few[region] = False
            told = self._sum(regions, factors, cover, most)
            if told is not None:
                yield told

    def _few(self, regions: Regions, asked: Mask) -> Mask:
        """Tell in which of some regions there can only be few units, and not only none."""
        few = np.zeros(regions.matrix.shape[1], dtype=bool)
        nobody = regions.nobody
        whole = _system(regions)
        free = np.concatenate((~nobody, np.ones(len(whole) - len(nobody), dtype=bool)))
        rest = _known_zero(whole, np.flatnonzero(free))
        at = np.flatnonzero(free)
        for cells in rest.components():
            inside = at[cells]
            of_region = inside < len(few)
            wanted = np.zeros(len(cells), dtype=bool)
            wanted[of_region] = asked[inside[of_region]]
            if not wanted.any() or rest.matrix[:, cells].nnz == 0:
                continue
            if int(of_region.sum()) > MOST_REGIONS:
                self.complete = False
                continue
            component = rest.part(cells)
            target = np.where(wanted, self.least - ROOM, -np.inf)
            search = Search(component, np.full(len(cells), np.inf), target, None, self.stop)
            search.batches()
            search.singles()
            few[inside[wanted]] = (search.high < self.least - 1e-3)[wanted] & (search.high > 1e-3)[wanted]
        return few

    def _terms(self, regions: Regions, factors: Floats) -> tuple[tuple[int, int, float], ...]:
        return tuple(
            (row.member, row.cell, round(factor, 6))
            for row, factor in zip(regions.rows, factors.tolist(), strict=True)
            if abs(factor) > ROOM and row.cell is not None
        )

    def _sum(self, regions: Regions, factors: Floats, cover: Floats, most: float) -> Sum | None:
        terms = self._terms(regions, factors)
        inside = cover[~regions.nobody]
        whole = bool((np.abs(inside - np.round(inside)) < ROOM).all()) and float(inside.max(initial=0.0)) < 1 + ROOM
        true = float(factors @ regions.n)
        if whole and true < 0.5:
            return None  # nobody is there
        subtracts = all(self.members[member].side.kept.meta.spec.statistic in SUBTRACTED for member, _, _ in terms)
        exact = whole and true < self.least - ROOM
        return Sum(terms, round(true) if exact else int(most + ROOM), exact, subtracts)

    # ------------------------------------------------------------------------------------------------ uncovered

    def uncovered(self) -> Iterator[Uncovered]:
        """Give hidden unsafe cells that follow now, and neither from the earlier tables nor from one alone; of what can be subtracted only."""
        regions = self.regions
        if regions is None or not regions.hidden_rows:
            return
        if regions.matrix.shape[1] > MOST_REGIONS:
            self.complete = False
            return
        kinds: dict[tuple[str, ...], list[int]] = {}
        for at, row in enumerate(regions.hidden_rows):
            kinds.setdefault(self._held(row.member), []).append(at)
        for kind, cells in kinds.items():
            if not kind:
                continue
            check_stop(self.stop)
            rows: Mask = np.array([self._held(row.member) == kind or row.cell is None for row in regions.rows], dtype=bool)
            rows &= regions.low == regions.high
            mine: Mask = np.array([row.member == 0 for row in regions.rows], dtype=bool)
            if not (rows & mine).any():
                continue
            now = _fixed(regions, rows, cells)
            before = _fixed(regions, rows & ~mine, cells)
            for at, here, there in zip(cells, now.tolist(), before.tolist(), strict=True):
                row = regions.hidden_rows[at]
                if not here or there or row.cell is None:
                    continue
                alone: Mask = np.array([one.member == row.member for one in regions.rows], dtype=bool)
                new_alone = row.member == 0 or not _fixed(regions, rows & mine, [at])[0]
                if new_alone and not _fixed(regions, rows & alone, [at])[0]:
                    wanted = regions.hidden.indices[regions.hidden.indptr[at] : regions.hidden.indptr[at + 1]]
                    yield Uncovered(row.member, row.cell, self._terms(regions, _most(regions, wanted, rows)[1]))

    def _held(self, member: int) -> tuple[str, ...]:
        spec = self.members[member].side.kept.meta.spec
        if spec.statistic in ("count", "share", "units"):
            return ("count", normal_text(spec.weight or ""), normal_text(spec.values or "") if spec.statistic == "share" else "")
        if spec.statistic in ("sum", "mean"):
            return ("sum", normal_text(spec.weight or ""), normal_text(spec.values or ""))
        return ()


def check_stop(stop: Callable[[], bool]) -> None:
    """Stop when the time is up."""
    if stop():
        raise Cancelled("cancelled", Text(en="The comparison took too long.", nl="De vergelijking duurde te lang."))


def _system(regions: Regions) -> System:
    """Give the system over the regions, and one more variable for each sum that is only known to lie between two numbers."""
    m, n = regions.matrix.shape
    loose = np.flatnonzero(regions.low < regions.high)
    slack = sp.csr_array((-np.ones(len(loose)), (loose, np.arange(len(loose)))), shape=(m, len(loose)))
    matrix = sp.csr_array(sp.hstack([regions.matrix, slack])) if len(loose) else regions.matrix
    right = np.where(regions.low < regions.high, 0.0, regions.low)
    lower = np.concatenate((np.zeros(n), regions.low[loose]))
    upper = np.concatenate((np.full(n, np.inf), regions.high[loose]))
    return System(tuple(map(str, range(n + len(loose)))), matrix, right, lower, upper, np.zeros(n + len(loose)), True, False)


def _known_zero(system: System, cells: Ints) -> System:
    """Give the system over some cells, with nobody in the others."""
    columns = system.matrix[:, cells]
    rows = np.flatnonzero(np.diff(columns.indptr))
    names = tuple(system.names[i] for i in cells.tolist())
    return System(names, columns[rows], system.right[rows], system.lower[cells], system.upper[cells], system.value[cells], True, False)


def _most(regions: Regions, wanted: Ints, rows: Mask) -> tuple[float, Floats]:
    """Give the most units that can be in some regions by some of the rows, infinite without a limit, and the factors of the rows that show it."""
    factors = np.zeros(len(rows))
    at = _connected(regions, wanted, rows)
    matrix = regions.matrix[at]
    columns = np.unique(matrix.indices)
    if not np.isin(wanted, columns).all():
        return np.inf, factors
    inner = matrix[:, columns]
    cost = np.zeros(len(columns))
    cost[np.searchsorted(columns, wanted)] = -1.0
    lp = model(inner, regions.low[at], np.zeros(len(columns)), np.full(len(columns), np.inf), cost)
    lp.row_upper_ = regions.high[at]
    solver = quiet()
    solver.passModel(lp)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.inf, factors
    solution = solver.getSolution()
    factors[at] = -np.array(solution.row_dual)
    return -float(cost @ np.array(solution.col_value)), factors


def _connected(regions: Regions, wanted: Ints, rows: Mask) -> Ints:
    """Give the rows that have to do with some regions."""
    matrix = regions.matrix
    at = np.flatnonzero(rows)
    graph = matrix[at]
    reached = np.zeros(matrix.shape[1], dtype=bool)
    reached[wanted] = True
    taken = np.zeros(len(at), dtype=bool)
    while True:
        touched = (graph @ reached.astype(np.float64)) > 0
        if np.array_equal(touched, taken):
            return at[taken]
        taken = touched
        reached |= (graph.T @ taken.astype(np.float64)) > 0


def _fixed(regions: Regions, rows: Mask, cells: Sequence[int]) -> Mask:
    """Tell which hidden cells follow from some of the rows by adding and subtracting."""
    known = regions.matrix[np.flatnonzero(rows)]
    asked = regions.hidden[cells]
    names = sp.csr_array((-np.ones(len(cells)), (np.arange(len(cells)), np.arange(len(cells)))), shape=(len(cells), len(cells)))
    matrix = sp.csr_array(sp.bmat([[known, None], [asked, names]])) if known.shape[0] else sp.csr_array(sp.hstack([asked, names]))
    return fixed_by_equations(matrix)[-len(cells) :]
