"""What an outsider can calculate of suppressed cells: feasibility intervals, and whether they are wide enough.

Source: design disclosure.md, Secondary disclosure; performance.md, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import highspy
import numpy as np

from ..cells import Floats, Ints, Mask
from .determined import as_graph, determined
from .extremes import SMALLEST_DIKIN, Search
from .problem import TableProblem
from .program import LARGEST, Cancel, Program, Progress, check_cancel, model, quiet
from .system import System, outer_bounds

Interval = tuple[float, float]

MOST_WHOLE: Final = 400
"""Up to this many cells of a component the ends of integer intervals are proven by branch and bound; beyond, real ends are rounded inwards."""
LONGEST: Final = 5.0
"""Seconds after which the end of an integer interval is no longer looked for; the rounded real end stands."""
TRIES: Final = 4
"""Random-sign objectives in a row that move no further cell before cells are asked for one by one."""
WHOLE: Final = 1e-6
"""A double this near to a whole number is taken for one."""


@dataclass(frozen=True)
class Verdict:
    """Whether suppressed cells are safe from calculation.

    Parameters
    ----------
    exact
        Cells that follow exactly.
    unprotected
        Cells whose interval does not reach their protection levels; the exact ones that ask for protection too. With the interval as far as it
        was looked for: an end that is not far enough is the true one, the other end may be further.
    solves
        Linear programs that were solved.
    """

    exact: tuple[str, ...]
    unprotected: dict[str, Interval] = field(default_factory=dict)
    solves: int = 0

    @property
    def safe(self) -> bool:
        """Whether nothing follows exactly and every interval is wide enough."""
        return not self.exact and not self.unprotected


def room_of(system: System) -> Floats:
    """Give the length below which an interval counts as none, per cell."""
    size: Floats = 2e-6 * np.maximum(1.0, 1e-3 * np.abs(system.value))
    largest = float(np.abs(system.value).max(initial=0.0))
    return size * largest if 0 < largest < 1 else size


def intervals(problem: TableProblem, *, progress: Progress | None = None, cancel: Cancel | None = None) -> dict[str, Interval]:
    """Give the feasibility interval of every cell an outsider does not know.

    Parameters
    ----------
    problem
        Where it is rounded, every shown cell has an interval too.
    progress
        Called with the share that is done, 0 to 1.
    cancel
        Asked between linear programs.

    Returns
    -------
    dict
        Name → (low, high) in the unit of the cells; infinite where there is no limit.

    Raises
    ------
    Cancelled
        When ``cancel`` says so.
    Invalid
        ``rounding_impossible`` when no true values agree with the rounded ones.
    """
    system = System.of(problem)
    low, high = extremes_of(system, progress, cancel)
    return dict(zip(system.names, zip(low.tolist(), high.tolist(), strict=True), strict=True))


def extremes_of(system: System, progress: Progress | None = None, cancel: Cancel | None = None) -> tuple[Floats, Floats]:
    """Give low and high end of every cell of a system, shape (n,) each."""
    low, high = system.value.copy(), system.value.copy()
    free = np.arange(len(system)) if system.rounded else np.flatnonzero(~determined(system, cancel))
    rest = system.part(free)
    done = 0
    for cells in rest.components():
        check_cancel(cancel)
        component = rest.part(cells)

        def report(share: float, done: int = done, size: int = len(cells)) -> None:
            if progress is not None:
                progress((done + share * size) / len(rest))

        at = free[cells]
        low[at], high[at] = _of_component(component, report, cancel)
        done += len(cells)
    if progress is not None:
        progress(1.0)
    return low, high


def _of_component(system: System, progress: Progress, cancel: Cancel | None) -> tuple[Floats, Floats]:
    if system.matrix.shape[0] == 0:
        return system.lower, system.upper
    outer_low, outer_high = outer_bounds(system)
    search = Search(system, np.full(len(system), -np.inf), np.full(len(system), np.inf), progress, cancel)
    found = search.run()
    low = np.where(np.isfinite(outer_low) & (found.low <= outer_low + search.program.room), outer_low, found.low)
    high = np.where(np.isfinite(outer_high) & (found.high >= outer_high - search.program.room), outer_high, found.high)
    if system.integer:
        return whole_ends(system, low, high, cancel)
    return _tidy(system, low, high)


def _tidy(system: System, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Remove the solver's noise: whole numbers where all data are whole, else ten digits of the largest value."""
    data = np.concatenate((system.value, system.right))
    whole = bool((data == np.round(data)).all())
    largest = float(np.abs(data).max(initial=0.0))
    digits = 0 if whole else 10 - (math.ceil(math.log10(largest)) if largest > 0 else 0)
    # beyond the solver's scale its tolerance is more than a unit's noise, but the ends of a flow in whole numbers are whole
    near_enough = 0.25 if whole and largest > LARGEST and unimodular(system) else WHOLE
    ends = []
    for end in (low, high):
        finite = np.isfinite(end)
        number = np.where(finite, end, 0.0)
        near = np.round(number, digits)
        ends.append(np.where(finite, np.where(np.abs(number - near) <= near_enough, near, number) if whole else near, end))
    low, high = ends
    if not system.rounded:
        low, high = np.minimum(low, system.value), np.maximum(high, system.value)
    return low + 0.0, high + 0.0


def whole_ends(system: System, low: Floats, high: Floats, cancel: Cancel | None = None) -> tuple[Floats, Floats]:
    """Give the ends of the intervals over whole numbers.

    Parameters
    ----------
    system
        A component of an integer system.
    low, high
        Shape (n,): ends over real numbers.

    Returns
    -------
    tuple of Floats
        Proven by branch and bound in components of up to ``MOST_WHOLE`` cells whose real ends are no whole tables; in larger ones the real
        ends rounded inwards, which the true interval lies within.
    """
    n = len(system)
    low, high = np.ceil(low - WHOLE), np.floor(high + WHOLE)
    if n > MOST_WHOLE or unimodular(system):
        return low + 0.0, high + 0.0
    solver = quiet(mip_rel_gap=0.0, mip_abs_gap=0.0)
    lp = model(system.matrix, system.right, np.maximum(system.lower, low), np.minimum(system.upper, high))
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n
    solver.passModel(lp)
    least, most = np.full(n, np.inf), np.full(n, -np.inf)
    if not system.rounded:
        least, most = system.value.copy(), system.value.copy()
    for cell in range(n):
        for sign in (1.0, -1.0):
            if (least[cell] <= low[cell]) if sign > 0 else (most[cell] >= high[cell]):
                continue
            if not np.isfinite(low[cell] if sign > 0 else high[cell]):
                (least if sign > 0 else most)[cell] = -sign * np.inf
                continue
            check_cancel(cancel)
            solver.changeColCost(cell, sign)
            solver.setOptionValue("time_limit", solver.getRunTime() + LONGEST)
            solver.run()
            # read before the cost is changed, which makes the solver forget the status
            optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
            point = np.round(np.array(solver.getSolution().col_value))
            solver.changeColCost(cell, 0.0)
            if optimal:
                least, most = np.minimum(least, point), np.maximum(most, point)
            else:
                # what was proven bounds the later ones; what was not proven keeps the rounded real end
                (least if sign > 0 else most)[cell] = low[cell] if sign > 0 else high[cell]
    return least + 0.0, most + 0.0


def stuck_whole(system: System, free: Mask, cancel: Cancel | None = None) -> Mask:
    """Tell which cells that can move over real numbers cannot move over whole ones.

    Every possible table of whole numbers is a proof for all cells that differ in it: vertices under random-sign objectives are tried first, since
    most of them are whole, then each cell left is asked for by branch and bound.

    Parameters
    ----------
    system
        An integer system.
    free
        Shape (n,): cells that are not fixed over real numbers.
    cancel
        Asked between programs.

    Returns
    -------
    Mask
        Shape (n,). In components of more than ``MOST_WHOLE`` cells none. A cell for which branch and bound comes to no end counts as stuck.
    """
    stuck = np.zeros(len(system), dtype=bool)
    at = np.flatnonzero(free)
    rest = system.part(at)
    for cells in rest.components():
        if len(cells) <= MOST_WHOLE:
            component = rest.part(cells)
            if not unimodular(component):
                stuck[at[cells]] = _stuck_in(component, cancel)
    return stuck


def _stuck_in(system: System, cancel: Cancel | None) -> Mask:
    n = len(system)
    moved = np.zeros(n, dtype=bool)

    def see(point: Floats | None) -> bool:
        if point is None:
            return False
        whole = np.round(point)
        if not np.array_equal(system.matrix @ whole, system.right) or bool((whole < system.lower).any()) or bool((whole > system.upper).any()):
            return False
        before = int(moved.sum())
        np.logical_or(moved, whole != system.value, out=moved)
        return int(moved.sum()) > before

    program = Program(system)
    random = np.random.default_rng(1)
    barren = 0
    while not moved.all() and barren < TRIES:
        check_cancel(cancel)
        barren = 0 if see(program.extreme(np.where(moved, 0.0, random.choice((-1.0, 1.0), n)))) else barren + 1
    for cell in np.flatnonzero(~moved).tolist():
        for sign in (1, -1):
            if not moved[cell]:
                check_cancel(cancel)
                see(program.extreme_of(cell, sign))
    if moved.all():
        return ~moved
    solver = quiet(mip_rel_gap=0.0, mip_abs_gap=0.0)
    lp = model(system.matrix, system.right, system.lower, system.upper)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n
    solver.passModel(lp)
    for cell in np.flatnonzero(~moved).tolist():
        value, low, high = float(system.value[cell]), float(system.lower[cell]), float(system.upper[cell])
        for bottom, top in ((low, value - 1.0), (value + 1.0, high)):
            if moved[cell] or bottom > top:
                continue
            check_cancel(cancel)
            solver.changeColBounds(cell, bottom, top)
            solver.setOptionValue("time_limit", solver.getRunTime() + LONGEST)
            solver.run()
            if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                see(np.array(solver.getSolution().col_value))
        solver.changeColBounds(cell, low, high)
    return ~moved


def unimodular(system: System) -> bool:
    """Tell whether the vertices of a system are whole whenever its data are: it is one of flows in a graph."""
    return as_graph(system.matrix) is not None


def exactly_known(problem: TableProblem, found: Mapping[str, Interval]) -> tuple[str, ...]:
    """Give the cells whose interval has no length."""
    size = max((abs(value) for value in problem.cells.values()), default=0.0)
    unit = size if 0 < size < 1 else 1.0
    return tuple(name for name, (low, high) in found.items() if high - low <= 2e-6 * unit * max(1.0, 1e-3 * abs(problem.cells[name])))


def verdict(
    problem: TableProblem,
    protection: Mapping[str, Interval] | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Verdict:
    """Tell whether any suppressed cell is known exactly, or too closely; intervals are computed only where nothing quicker proves the answer.

    Parameters
    ----------
    problem
        Not rounded, or rounded.
    protection
        Name → (lower, upper): how far the interval must reach below and above the value; that of the problem by default. Cells without
        one must only not be exact.
    progress, cancel
        As in :func:`intervals`.

    Raises
    ------
    Cancelled, Invalid
        As in :func:`intervals`.
    """
    levels = problem.protection if protection is None else protection
    system = System.of(problem)
    return verdict_of(system, levels, progress, cancel)


def verdict_of(system: System, levels: Mapping[str, Interval], progress: Progress | None = None, cancel: Cancel | None = None) -> Verdict:
    """As :func:`verdict`, of a system."""
    need_low, need_high = _levels(system, levels)
    whole = system.integer and not unimodular(system)
    if system.rounded or (whole and len(system) <= MOST_WHOLE and bool((need_low + need_high).any())):
        return _by_intervals(system, levels, progress, cancel)
    fixed = determined(system, cancel)
    if whole:
        fixed |= stuck_whole(system, ~fixed, cancel)
    names = np.array(system.names, dtype=object)
    room = room_of(system)
    short = fixed & ((need_low > 0) | (need_high > 0))
    low, high = system.value.copy(), system.value.copy()
    solves = 0
    free = np.flatnonzero(~fixed)
    rest = system.part(free)
    asked = (need_low[free] > 0) | (need_high[free] > 0)
    for cells in rest.components() if asked.any() else ():
        if not asked[cells].any():
            continue
        at = free[cells]
        search = _search(rest.part(cells), need_low[at], need_high[at], progress, cancel)
        solves += search.program.solves
        low[at], high[at] = search.low, search.high
        short[at] = (search.low > system.value[at] - need_low[at] + room[at]) | (search.high < system.value[at] + need_high[at] - room[at])
    return Verdict(
        tuple(names[fixed].tolist()),
        {system.names[i]: (float(low[i]), float(high[i])) for i in np.flatnonzero(short).tolist()},
        solves,
    )


def _levels(system: System, levels: Mapping[str, Interval]) -> tuple[Floats, Floats]:
    pairs = [levels.get(name, (0.0, 0.0)) for name in system.names]
    both = np.array(pairs, dtype=np.float64).reshape(len(pairs), 2)
    return both[:, 0], both[:, 1]


def _search(system: System, need_low: Floats, need_high: Floats, progress: Progress | None, cancel: Cancel | None) -> Search:
    search = Search(system, system.value - need_low, system.value + need_high, progress, cancel)
    # vertices of flows come quickly, those of tables of three and more dimensions do not
    if search.open_ends > SMALLEST_DIKIN and int(np.diff(system.matrix.tocsc().indptr).max()) > 2:
        search.dikin()
    search.batches()
    if search.open_ends > SMALLEST_DIKIN:
        search.dikin()
    search.singles()
    return search


def _by_intervals(system: System, levels: Mapping[str, Interval], progress: Progress | None, cancel: Cancel | None) -> Verdict:
    low, high = extremes_of(system, progress, cancel)
    need_low, need_high = _levels(system, levels)
    room = room_of(system)
    exact: Mask = high - low <= room
    short = (low > system.value - need_low + room) | (high < system.value + need_high - room)
    short &= (need_low > 0) | (need_high > 0)
    at: Ints = np.flatnonzero(short)
    return Verdict(
        tuple(system.names[i] for i in np.flatnonzero(exact).tolist()),
        {system.names[i]: (float(low[i]), float(high[i])) for i in at.tolist()},
    )
