"""Cells that follow exactly from what is published, without an interval being calculated.

Around the true table a cell can move only if some direction z with ``matrix @ z == 0`` moves it, where cells at a bound may only move
inwards. Where every cell lies in at most two relations that can be told apart by sign, the directions are circulations of a graph and linear
time suffices: a cell is fixed if its two ends lie in different strong components, or if it is a bridge of its component (a bridgeless strongly
connected mixed graph has a strong orientation: Boesch and Tindell, 1980). In any other system a random vector projected on the null space with
LSMR shows the cells that are fixed by the equations; projections find a direction in which all but a few cells leave their bounds, and linear
programs tell which of those few cannot.
"""

from __future__ import annotations

from typing import Final

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import lsmr

from ..cells import Floats, Ints, Mask
from .program import Cancel, check_cancel, model, quiet, simplex
from .system import System, interior

STILL: Final = 1e-7
"""A component of a random projection below this is no movement."""
OFF: Final = 1e-2
"""A projected direction must take a cell at least so far off its bound, where its largest steps are about 1."""
TURNS: Final = 12
"""Projections that are tried before cells that lag are put aside."""
LARGE: Final = 300
"""From this many cells directions are found by an interior point method."""
DIRECTION: Final = 1e-6
"""A step below this, of at most 1, is no movement."""


def peeled(matrix: sp.csr_array) -> Mask:
    """Tell which cells follow by subtraction one relation at a time, shape (n,)."""
    known = np.zeros(matrix.shape[1], dtype=bool)
    entries = matrix.tocoo()
    row, column = entries.row, entries.col
    while True:
        count = np.bincount(row, minlength=matrix.shape[0])
        alone = count[row] == 1
        if not alone.any():
            return known
        known[column[alone]] = True
        left = ~known[column]
        row, column = row[left], column[left]


def as_graph(matrix: sp.csr_array) -> tuple[Ints, Ints] | None:
    """Give the cells as edges between relations, if the system is one of flows.

    Returns
    -------
    tuple of Ints or None
        Shape (n,) each: the relation a cell leaves and the one it enters; the number of relations stands for the outside. ``None`` where a
        cell lies in three relations, or the signs cannot be made to fit.
    """
    m, n = matrix.shape
    columns = matrix.tocsc()
    degree = np.diff(columns.indptr)
    if n == 0 or degree.max() > 2:
        return None
    first = np.full(n, m)
    second = np.full(n, m)
    sign_first = np.zeros(n)
    sign_second = np.zeros(n)
    some, two = degree >= 1, degree == 2
    first[some] = columns.indices[columns.indptr[:-1][some]]
    sign_first[some] = columns.data[columns.indptr[:-1][some]]
    second[two] = columns.indices[columns.indptr[:-1][two] + 1]
    sign_second[two] = columns.data[columns.indptr[:-1][two] + 1]
    # flip relations so that every cell with two of them has opposite signs there
    same = sign_first[two] == sign_second[two]
    flip = _signs(m, first[two], second[two], same)
    if flip is None:
        return None
    factor = np.append(flip, 1.0)
    out = np.where(some, sign_first * factor[first], 1.0) > 0
    return np.where(out, first, second), np.where(out, second, first)


def _signs(nodes: int, first: Ints, second: Ints, differ: Mask) -> Floats | None:
    """Give signs to nodes so that the ends of the edges differ where asked and agree elsewhere; ``None`` if that cannot be."""
    graph = sp.csr_array((np.ones(len(first)), (first, second)), shape=(nodes, nodes))
    # parallel edges of both kinds contradict each other: the last check finds that
    ask = {}
    for a, b, d in zip(first.tolist(), second.tolist(), differ.tolist(), strict=True):
        ask[a, b] = ask[b, a] = d
    sign = np.zeros(nodes)
    _, label = connected_components(graph, directed=False)
    _, roots = np.unique(label, return_index=True)
    for root in roots.tolist():
        sign[root] = 1.0
        order, before = breadth_first_order(graph, root, directed=False, return_predecessors=True)
        for node in order[1:].tolist():
            parent = int(before[node])
            sign[node] = -sign[parent] if ask[parent, node] else sign[parent]
    return sign if bool(np.all((sign[first] != sign[second]) == differ)) else None


def fixed_in_graph(tail: Ints, head: Ints, nodes: int, can_rise: Mask, can_fall: Mask) -> Mask:
    """Tell which edges lie on no directed cycle of the mixed graph.

    Parameters
    ----------
    tail, head
        Shape (n,): ends of each edge, node numbers below ``nodes``.
    can_rise, can_fall
        Shape (n,): whether the edge may be passed from tail to head, and back.

    Returns
    -------
    Mask
        Shape (n,).
    """
    source = np.concatenate((tail[can_rise], head[can_fall]))
    target = np.concatenate((head[can_rise], tail[can_fall]))
    graph = sp.csr_array((np.ones(len(source)), (source, target)), shape=(nodes, nodes))
    _, strong = connected_components(graph, directed=True, connection="strong")
    fixed: Mask = (strong[tail] != strong[head]) | ~(can_rise | can_fall)
    inner = np.flatnonzero(~fixed)
    fixed[inner[bridges(tail[inner], head[inner], nodes)]] = True
    return fixed


def bridges(tail: Ints, head: Ints, nodes: int) -> Mask:
    """Tell which edges of an undirected multigraph lie on no cycle, in linear time.

    Parameters
    ----------
    tail, head
        Shape (n,): ends of each edge.
    nodes
        Number of nodes.
    """
    n = len(tail)
    ends = np.concatenate((tail, head))
    order = np.argsort(ends, kind="stable")
    start = np.searchsorted(ends[order], np.arange(nodes + 1)).tolist()
    other: list[int] = np.concatenate((head, tail))[order].tolist()
    edge: list[int] = (order % n).tolist() if n else []
    entered = [0] * nodes
    low = [0] * nodes
    cursor = start[:-1]
    result = np.zeros(n, dtype=bool)
    clock = 0
    for root in np.unique(ends).tolist():
        if entered[root]:
            continue
        clock += 1
        entered[root] = low[root] = clock
        stack = [(root, -1)]
        while stack:
            node, came = stack[-1]
            at = cursor[node]
            if at < start[node + 1]:
                cursor[node] = at + 1
                if edge[at] == came:
                    continue
                to = other[at]
                if entered[to]:
                    if entered[to] < low[node]:
                        low[node] = entered[to]
                else:
                    clock += 1
                    entered[to] = low[to] = clock
                    stack.append((to, edge[at]))
            else:
                stack.pop()
                if stack:
                    parent = stack[-1][0]
                    if low[node] < low[parent]:
                        low[parent] = low[node]
                    if low[node] > entered[parent]:
                        result[came] = True
    return result


def projected(matrix: sp.csr_array, vector: Floats) -> Floats:
    """Give the part of a vector in the null space of a matrix."""
    size = matrix.shape[1]
    solution = lsmr(matrix, matrix @ vector, atol=1e-12, btol=1e-12, conlim=0.0, maxiter=20 * max(sum(matrix.shape), 10))[0]
    part: Floats = (vector - solution).reshape(size)
    return part


def fixed_by_equations(matrix: sp.csr_array) -> Mask:
    """Tell which cells have the same value in every solution of the equations, bounds left aside.

    A random vector's part in the null space is zero, almost surely, exactly at the cells that are fixed. The hits are confirmed: a random
    vector on the hits alone must have no part in the null space.

    Parameters
    ----------
    matrix
        Shape (m, n).

    Returns
    -------
    Mask
        Shape (n,).
    """
    fixed = peeled(matrix)
    rest = np.flatnonzero(~fixed)
    inner = matrix[:, rest]
    inner = inner[np.flatnonzero(np.diff(inner.indptr))]
    if inner.shape[0] == 0 or not len(rest):
        return fixed
    random = np.random.default_rng(1)
    hits = np.flatnonzero(np.abs(projected(inner, random.standard_normal(len(rest)))) < STILL)
    if len(hits) and not _no_part(inner, hits, random):
        hits = np.array([hit for hit in hits.tolist() if _no_part(inner, np.array([hit]), random)], dtype=np.int64)
    fixed[rest[hits]] = True
    return fixed


def _no_part(matrix: sp.csr_array, cells: NDArray[np.int64], random: np.random.Generator) -> bool:
    vector = np.zeros(matrix.shape[1])
    vector[cells] = random.uniform(0.5, 1.0, len(cells)) * random.choice((-1.0, 1.0), len(cells))
    return bool(np.abs(projected(matrix, vector)).max(initial=0.0) < STILL)


def suspects(system: System) -> Mask:
    """Tell which cells at a bound are not proven to leave it.

    Looks for one direction that takes all of them off their bounds, by projecting in turn on the null space and on what is allowed. Those that lag
    are put aside, to stay where they are, until a direction is found for the rest; that direction is the proof.

    Parameters
    ----------
    system
        No cell of it is fixed by the equations.

    Returns
    -------
    Mask
        Shape (n,).
    """
    at_lower, at_upper = interior(system)
    inwards = at_lower.astype(np.float64) - at_upper.astype(np.float64)
    doubtful: Mask = at_lower & at_upper
    cells = np.flatnonzero(~doubtful)
    while len(cells):
        if len(cells) < len(system):  # what was put aside can have fixed others
            cells = cells[~fixed_by_equations(system.matrix[:, cells])]
        asked = np.flatnonzero(inwards[cells])
        if not len(asked):
            break
        wanted = inwards[cells[asked]]
        matrix = system.matrix[:, cells]
        direction = inwards[cells]
        off = np.zeros(len(asked), dtype=bool)
        for _ in range(TURNS):
            direction = projected(matrix, direction)
            off = direction[asked] * wanted > OFF
            if off.all():
                break
            direction[asked] = wanted * np.maximum(direction[asked] * wanted, 1.0)
        if off.all() and float(np.abs(matrix @ direction).max(initial=0.0)) < STILL:
            break
        cells = np.delete(cells, asked[~off]) if not off.all() else cells[:0]
    proven = np.zeros(len(system), dtype=bool)
    proven[cells] = True
    return (at_lower | at_upper) & ~proven


def stuck_at_bound(system: System, asked: Mask, cancel: Cancel | None = None) -> Mask:
    """Tell which of some cells at a bound cannot leave it.

    Asks for the direction, of at most 1 per cell, that moves most of them; those that moved are no longer asked for, until none moves.

    Parameters
    ----------
    system
        Its values must be a solution.
    asked
        Shape (n,): cells at a bound.
    cancel
        Asked between linear programs.

    Returns
    -------
    Mask
        Shape (n,).
    """
    at_lower, at_upper = interior(system)
    n = len(system)
    lower = np.where(at_lower, 0.0, -1.0)
    upper = np.where(at_upper, 0.0, 1.0)
    never = asked & (lower >= upper)
    asked = asked & ~never
    if not asked.any():
        return never
    # a large program is degenerate through and through for the simplex method; an interior point need only tell something from nothing
    solver = simplex() if n < LARGE else quiet(solver="ipm", run_crossover="off")
    moved_at = DIRECTION if n < LARGE else 10 * DIRECTION
    solver.passModel(model(system.matrix, np.zeros(system.matrix.shape[0]), lower, upper))
    cells = np.arange(n, dtype=np.int32)
    while asked.any():
        check_cancel(cancel)
        solver.changeColsCost(n, cells, np.where(asked, np.where(at_lower, -1.0, 1.0), 0.0))
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            solver = simplex()
            solver.passModel(
                model(system.matrix, np.zeros(system.matrix.shape[0]), lower, upper, np.where(asked, np.where(at_lower, -1.0, 1.0), 0.0))
            )
            solver.run()
        moved = asked & (np.abs(np.array(solver.getSolution().col_value)) > moved_at)
        if not moved.any():
            break
        asked = asked & ~moved
    return asked | never


def determined(system: System, cancel: Cancel | None = None) -> Mask:
    """Tell which cells of a system are known exactly.

    Parameters
    ----------
    system
        Its values must be a solution (not rounded).
    cancel
        Asked between linear programs.

    Returns
    -------
    Mask
        Shape (n,). For integer systems this is what follows for real numbers, except in a graph, where both are the same.
    """
    fixed = peeled(system.matrix)
    rest = np.flatnonzero(~fixed)
    if not len(rest):
        return fixed
    inner = system.part(rest)
    at_lower, at_upper = interior(inner)
    graph = as_graph(inner.matrix)
    if graph is not None:
        fixed[rest] = fixed_in_graph(*graph, inner.matrix.shape[0] + 1, ~at_upper, ~at_lower)
        return fixed
    found = fixed_by_equations(inner.matrix)
    movable = np.flatnonzero(~found)
    moving = inner.part(movable)
    doubtful = suspects(moving)
    if doubtful.any():
        stuck = stuck_at_bound(moving, doubtful, cancel)
        free = np.flatnonzero(~stuck)
        stuck[free] = fixed_by_equations(moving.matrix[:, free])
        found[movable] = stuck
    fixed[rest] = found
    return fixed
