"""The relations of a problem as a sparse linear system over the cells an outsider does not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from ..cells import Floats, Ints, Mask
from .problem import TableProblem


@dataclass(frozen=True)
class System:
    """All x with ``matrix @ x == right`` and ``lower <= x <= upper``: the tables that agree with what is published.

    Parameters
    ----------
    names
        The n unknown cells.
    matrix
        CSR of shape (m, n): +1 where the cell is the total of a relation, -1 where it is a part.
    right
        Shape (m,), in the unit of the cells.
    lower, upper
        Shape (n,): what is known of each cell.
    value
        Shape (n,): the true values, or the published ones where ``rounded``.
    rounded
        Whether ``value`` need not be a solution.
    integer
        Whether only whole numbers are possible.
    """

    names: tuple[str, ...]
    matrix: sp.csr_array
    right: Floats
    lower: Floats
    upper: Floats
    value: Floats
    rounded: bool
    integer: bool

    @classmethod
    def of(cls, problem: TableProblem) -> System:
        """Set up the system of what an outsider sees."""
        rounding = problem.rounding if problem.published else None
        hidden = set(problem.suppressed)
        names = problem.suppressed if rounding is None else tuple(problem.cells)
        value = np.array([problem.cells[name] for name in names], dtype=np.float64)
        lower = np.full(len(names), problem.lower)
        upper = np.full(len(names), problem.upper)
        matrix = relation_matrix(problem, names)
        if rounding is None:
            right = matrix @ value
        else:
            shown = np.array([name not in hidden for name in names], dtype=bool)
            lower = np.where(shown, np.maximum(lower, value - rounding.distance), lower)
            upper = np.where(shown, np.minimum(upper, value + rounding.distance), upper)
            right = np.zeros(matrix.shape[0])
        if problem.integer:
            lower, upper = np.ceil(lower - 1e-9), np.floor(upper + 1e-9)
        return cls(names, matrix, right, lower, upper, value, rounding is not None, problem.integer)

    def __len__(self) -> int:
        return len(self.names)

    def at(self, names: Iterable[str]) -> Ints:
        """Give the positions of some unknown cells."""
        index = {name: i for i, name in enumerate(self.names)}
        return np.array([index[name] for name in names], dtype=np.int64)

    def part(self, cells: Ints) -> System:
        """Give the system over some cells; the others are taken to be known."""
        columns = self.matrix[:, cells]
        rows = np.flatnonzero(np.diff(columns.indptr))
        matrix = columns[rows]
        right = matrix @ self.value[cells] if not self.rounded else self.right[rows]
        return System(
            tuple(self.names[i] for i in cells.tolist()),
            matrix,
            right,
            self.lower[cells],
            self.upper[cells],
            self.value[cells],
            self.rounded,
            self.integer,
        )

    def without(self, cell: int) -> System:
        """Give the system in which one cell is known to have its value."""
        part = self.part(np.delete(np.arange(len(self)), cell))
        if not self.rounded:
            return part
        # rounded values are no solution, so what the cell takes of each of its relations is told by itself
        column = self.matrix[:, [cell]].toarray().ravel()
        rows = np.flatnonzero(np.diff(self.matrix.indptr) - (column != 0))
        return replace(part, right=(self.right - column * self.value[cell])[rows])

    def components(self) -> list[Ints]:
        """Give the cells of each connected component: cells of different components tell nothing of each other."""
        m, n = self.matrix.shape
        entries = self.matrix.tocoo()
        graph = sp.coo_array((np.ones(entries.nnz), (entries.row, m + entries.col)), shape=(m + n, m + n))
        _, label = connected_components(graph, directed=False)
        label = label[m:]
        order = np.argsort(label, kind="stable")
        if not len(order):
            return []
        return list(np.split(order, np.flatnonzero(np.diff(label[order])) + 1))


def relation_matrix(problem: TableProblem, names: Iterable[str]) -> sp.csr_array:
    """Give the coefficients of the relations over some cells, shape (relations, cells); relations without any of them are left out."""
    index: Mapping[str, int] = {name: i for i, name in enumerate(names)}
    rows: list[int] = []
    columns: list[int] = []
    signs: list[float] = []
    row = 0
    for total, parts in problem.relations:
        before = len(columns)
        at = index.get(total)
        if at is not None:
            columns.append(at)
            signs.append(1.0)
        for part in parts:
            at = index.get(part)
            if at is not None:
                columns.append(at)
                signs.append(-1.0)
        if len(columns) > before:
            rows += [row] * (len(columns) - before)
            row += 1
    return sp.csr_array((signs, (rows, columns)), shape=(row, len(index)), dtype=np.float64)


def outer_bounds(system: System, rounds: int = 4) -> tuple[Floats, Floats]:
    """Give bounds that follow from single relations, applied a few times; the true interval lies within.

    Returns
    -------
    tuple of Floats
        Shape (n,) each; infinite where nothing follows.
    """
    low, high = system.lower.copy(), system.upper.copy()
    entries = system.matrix.tocoo()
    row, column, sign = entries.row, entries.col, entries.data
    m = system.matrix.shape[0]
    for _ in range(rounds):
        # sign * x_column = right - the rest of the row
        largest = np.where(sign > 0, high[column], -low[column])
        smallest = np.where(sign > 0, low[column], -high[column])
        most = _rest(largest, row, m)
        least = _rest(smallest, row, m)
        top = system.right[row] - least
        bottom = system.right[row] - most
        new_high = np.where(sign > 0, top, -bottom)
        new_low = np.where(sign > 0, bottom, -top)
        before = low.copy(), high.copy()
        np.minimum.at(high, column, new_high)
        np.maximum.at(low, column, new_low)
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            break
    if not system.rounded:  # doubles must not push a bound past a value that is possible
        low, high = np.minimum(low, system.value), np.maximum(high, system.value)
    return low, high


def _rest(terms: Floats, row: NDArray[np.int32], rows: int) -> Floats:
    """Give for each entry the sum of the other terms of its row, infinite where one of them is."""
    infinite = np.isinf(terms)
    finite = np.where(infinite, 0.0, terms)
    total = np.bincount(row, finite, rows)
    count = np.bincount(row, infinite, rows)
    direction = np.bincount(row, np.where(infinite, terms, 0.0), rows) if infinite.any() else np.zeros(rows)
    others = count[row] - infinite
    rest: Floats = np.where(others > 0, direction[row], total[row] - finite)
    return rest


def interior(system: System) -> tuple[Mask, Mask]:
    """Tell which cells lie at their lower and which at their upper bound, shape (n,) each."""
    slack = 1e-9 * np.maximum(1.0, np.abs(system.value))
    return system.value <= system.lower + slack, system.value >= system.upper - slack
