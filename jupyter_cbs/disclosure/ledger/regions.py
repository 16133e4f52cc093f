"""Several tables of the same units as one linear system over the smallest sets of units that no table tells apart.

Every cell is a set of units: those who pass the condition of the table and have the cell's categories. The cells of all tables cut the units
into regions; the number of units of a shown cell is the sum over its regions. Cells that follow from others of their table are left out, so that
what is left falls apart into small components.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import scipy.sparse as sp

from ...domain.evidence import Statistic
from ..cells import Floats, Ints, Mask
from ..relations.frame import relations_of
from .axes import Alias, Axes, Set, atoms, axes_of
from .side import Side

MOST_ATOMS: Final = 200_000
"""Most combinations of atoms of one system."""
MOST_ENTRIES: Final = 6_000_000
"""Most memberships of atoms in cells of one system."""

SUBTRACTED: Final = frozenset[Statistic]({"count", "units", "share", "sum", "mean", "ratio"})
"""Statistics that are known of a difference when they are known of both: together with the numbers of units."""
ORDERED: Final = frozenset[Statistic]({"median", "percentile", "min", "max", "mode", "sd", "variance", "correlation", "gini"})
"""Statistics of which a difference tells something, but not its own value."""


@dataclass(frozen=True)
class Member:
    """A table of a family, with what it says of the axes and of numbers of units.

    Parameters
    ----------
    side
        The table.
    axes
        What it says.
    n
        Shape (m,): units of each cell, or rows where those of the family do not add up.
    low, high
        Shape (m,): between which an outsider knows ``n`` of a shown cell to lie.
    shown
        Shape (m,).
    """

    side: Side
    axes: Axes
    n: Floats
    low: Floats
    high: Floats
    shown: Mask

    @cached_property
    def relations(self) -> list[tuple[int, list[int]]]:
        """Totals with their parts."""
        return relations_of(self.side.cells, self.n)


def adds_up(side: Side, n: Floats) -> bool:
    """Tell whether numbers of units add up over all totals of a table: nobody is in two of its cells."""
    cells = side.cells
    expected = sum((cells.is_total(i) | cells.is_subtotal(i)).astype(np.int64) for i in range(len(cells.dimensions)))
    found = np.zeros(len(cells), np.int64)
    for total, _ in relations_of(cells, n):
        found[total] += 1
    return bool((found >= np.where(n > 0, expected, 0)).all())


def members_of_family(sides: Sequence[Side], alias: Alias) -> list[Member]:
    """Make tables of one family ready: all by distinct units where these add up everywhere, else all by rows; what still does not is left out."""
    units = [side.cells.n.astype(np.float64) for side in sides]
    exact = all(bool(side.cells.n_exact.all()) and adds_up(side, n) for side, n in zip(sides, units, strict=True))
    found = []
    for side, by_unit in zip(sides, units, strict=True):
        cells, meta = side.cells, side.kept.meta
        n = by_unit if exact else (cells.rows - cells.missing).astype(np.float64)
        if not exact and not adds_up(side, n):
            continue
        distance = 0.0
        value = n
        if meta.rounding is not None and meta.spec.statistic in ("count", "units"):
            value = np.nan_to_num(cells.value)
            farthest = float(np.abs(value - n).max(initial=0.0))
            # conventional rounding where all agrees with it; else what controlled rounding may do
            distance = meta.rounding / 2 if farthest <= meta.rounding / 2 else math.ceil(farthest / meta.rounding) * meta.rounding - 1
        # an empty cell shows that nobody is in it
        shown = side.shown | (cells.empty & (n == 0))
        axes = axes_of(meta, cells.dimensions, side.filter, alias)
        found.append(Member(side, axes, n, np.maximum(value - distance, 0.0), value + distance, shown))
    return found


@dataclass(frozen=True)
class Row:
    """One thing that is known: a cell of a table, or, where ``cell`` is None, that nobody is outside of its categories."""

    member: int
    cell: int | None


@dataclass(frozen=True)
class Regions:
    """What is known of the regions of some tables.

    Parameters
    ----------
    matrix
        CSR, shape (rows, regions): 1 where the region lies in the cell.
    rows
        Of the matrix.
    low, high, n
        Shape (rows,): between which the sum lies for an outsider, and the true sum.
    hidden
        CSR, shape (hidden cells, regions), and ``hidden_rows`` what they are: unsafe cells that are not shown.
    """

    matrix: sp.csr_array
    rows: tuple[Row, ...]
    low: Floats
    high: Floats
    n: Floats
    hidden: sp.csr_array
    hidden_rows: tuple[Row, ...]

    def only(self, rows: Mask) -> Regions:
        """Give what some of the rows tell of the same regions."""
        at = np.flatnonzero(rows)
        return replace(
            self, matrix=self.matrix[at], rows=tuple(self.rows[i] for i in at.tolist()), low=self.low[at], high=self.high[at], n=self.n[at]
        )

    @cached_property
    def nobody(self) -> Mask:
        """Regions in which there is nobody, as a shown cell without units tells, shape (regions,)."""
        found: Mask = (self.matrix.T @ (self.high <= 0).astype(np.float64)) > 0
        return found


def size_of(members: Sequence[Member], names: Collection[str]) -> int:
    """Give how many combinations of atoms tables have over some axes."""
    return math.prod(len(next(iter(cut.values()))) for cut in _cuts(members, names).values())


def _fits(member: Member, names: Collection[str]) -> bool:
    return member.axes.population.keys() <= set(names)


def _cuts(members: Sequence[Member], names: Collection[str]) -> dict[str, dict[Set, Mask]]:
    said: dict[str, dict[Set, None]] = {name: {} for name in names}
    for member in members:
        if _fits(member, names):
            for axis, one in member.axes.population.items():
                said[axis][one] = None
            for axis, sets in member.axes.dimensions:
                if axis in said:
                    said[axis].update(dict.fromkeys(sets))
    return {axis: atoms(sets) for axis, sets in said.items() if sets}


def regions_of(members: Sequence[Member], names: Collection[str]) -> Regions | None:
    """Set up the system of some tables over some axes; cells that say something of another axis are left out.

    Returns
    -------
    Regions or None
        None where it would be too large.
    """
    cuts = _cuts(members, names)
    order = sorted(cuts)
    shape = tuple(len(next(iter(cuts[axis].values()))) for axis in order)
    total = math.prod(shape)
    if total > MOST_ATOMS:
        return None
    strides = {axis: math.prod(shape[at + 1 :]) for at, axis in enumerate(order)}
    rows: list[Row] = []
    cells: list[Ints] = []
    bounds: list[tuple[float, float, float]] = []
    hidden: list[tuple[Row, Ints]] = []
    entries = 0
    for number, member in enumerate(members):
        if not _fits(member, names):
            continue
        boxes = _Boxes(member, cuts, order, strides)
        redundant = {one for one, parts in member.relations if all(member.shown[part] and boxes.inside[part] for part in parts)}
        if member.side.kept.meta.rounding is not None:
            redundant = set()
        covered = np.zeros(total, dtype=bool)
        for row in np.flatnonzero(boxes.inside).tolist():
            wanted = row not in redundant
            unsafe = not member.shown[row] and member.side.unsafe[row] and member.n[row] > 0
            if not wanted and not boxes.finest[row]:
                continue
            place = boxes.place(row)
            entries += len(place)
            if entries > MOST_ENTRIES:
                return None
            if boxes.finest[row]:
                covered[place] = True
            if member.shown[row] and wanted:
                rows.append(Row(number, row))
                cells.append(place)
                bounds.append((float(member.low[row]), float(member.high[row]), float(member.n[row])))
            elif unsafe:
                hidden.append((Row(number, row), place))
        outside = boxes.everybody()
        outside = outside[~covered[outside]]
        if len(outside):
            rows.append(Row(number, None))
            cells.append(outside)
            bounds.append((0.0, 0.0, 0.0))
    rows, cells, bounds = _distinct(rows, cells, bounds)
    low, high, n = np.array(bounds, dtype=np.float64).reshape(-1, 3).T
    region = _signatures([*cells, *(place for _, place in hidden)], total)
    return Regions(
        _matrix(cells, region),
        tuple(rows),
        low,
        high,
        n,
        _matrix([place for _, place in hidden], region),
        tuple(row for row, _ in hidden),
    )


def _distinct(
    rows: Sequence[Row], cells: Sequence[Ints], bounds: Sequence[tuple[float, float, float]]
) -> tuple[list[Row], list[Ints], list[tuple[float, float, float]]]:
    """Leave out what other tables than the new one tell once more of the same units; the first to tell is kept."""
    kept: dict[tuple[object, ...], int] = {}
    for at, (row, place, bound) in enumerate(zip(rows, cells, bounds, strict=True)):
        kept.setdefault((row.member == 0, place.tobytes(), bound), at)
    order = sorted(kept.values())
    return [rows[at] for at in order], [cells[at] for at in order], [bounds[at] for at in order]


class _Boxes:
    """Which atoms the cells of a table are made of."""

    def __init__(self, member: Member, cuts: dict[str, dict[Set, Mask]], order: Sequence[str], strides: dict[str, int]) -> None:
        self._order, self._strides = order, strides
        cells = member.side.cells
        self._codes = cells.codes
        self._base = {
            axis: cuts[axis][member.axes.population[axis]]
            if axis in member.axes.population
            else np.ones(len(next(iter(cuts[axis].values()))), dtype=bool)
            for axis in order
        }
        self._dimensions = [
            (i, axis, [cuts[axis][one] for one in sets]) for i, (axis, sets) in enumerate(member.axes.dimensions) if axis in self._base
        ]
        here = {i for i, _, _ in self._dimensions}
        self.inside: Mask = np.ones(len(cells), dtype=bool)
        self.finest: Mask = np.ones(len(cells), dtype=bool)
        for i in range(len(cells.dimensions)):
            if i in here:
                self.finest &= ~cells.is_total(i) & ~cells.is_subtotal(i)
            else:
                self.inside &= cells.is_total(i)
        self.finest &= self.inside

    def everybody(self) -> Ints:
        """Give the atoms of the population."""
        return self._atoms(self._base)

    def place(self, row: int) -> Ints:
        """Give the atoms of a cell."""
        told = dict(self._base)
        for i, axis, masks in self._dimensions:
            code = int(self._codes[row, i])
            if code < len(masks):
                told[axis] = told[axis] & masks[code]
        return self._atoms(told)

    def _atoms(self, told: dict[str, Mask]) -> Ints:
        found: Ints = np.zeros(1, dtype=np.int64)
        for axis in self._order:
            found = (found[:, None] + np.flatnonzero(told[axis])[None, :] * self._strides[axis]).ravel()
        return found


def _signatures(sets: Sequence[Ints], total: int) -> Ints:
    """Give the region of each atom, -1 where it is in no set; atoms in the same sets are one region."""
    random = np.random.default_rng(1)
    sign = np.zeros((2, total), dtype=np.uint64)
    for one in sets:
        sign[:, one] += random.integers(1, 2**63, 2, dtype=np.uint64)[:, None]
    inside = np.flatnonzero(sign.any(axis=0))
    _, found = np.unique(sign[:, inside], axis=1, return_inverse=True)
    region = np.full(total, -1, dtype=np.int64)
    region[inside] = found.ravel()
    return region


def _matrix(sets: Sequence[Ints], region: Ints) -> sp.csr_array:
    columns = [np.unique(region[one]) for one in sets]
    lengths = [len(one) for one in columns]
    indices = np.concatenate(columns) if columns else np.zeros(0, np.int64)
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return sp.csr_array((np.ones(len(indices)), indices, indptr), shape=(len(sets), int(region.max(initial=-1)) + 1))
