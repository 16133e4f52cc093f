"""The evidence of a table while it is being put together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa

from ..domain.evidence import evidence_schema
from . import evidence
from .evidence import Floats, Ints, Mask


class Frame:
    """Evidence of m cells, margins and subtotals; arrays of shape (m,).

    Parameters
    ----------
    found
        What the first pass answered (:func:`jupyter_cbs.query.evidence.cells`).
    dimensions
        Number of dimensions.
    """

    def __init__(self, found: pa.Table, dimensions: int) -> None:
        self.found = found
        self.dimensions = dimensions
        self.levels = [ints(found, f"l{i}") for i in range(dimensions)]
        self.totals = [level < 0 for level in self.levels]
        m = found.num_rows
        self.value = floats(found, "value")
        self.rows = ints(found, "rows")
        self.valid = ints(found, "valid")
        self.total = floats(found, "total")
        self.abs_total = floats(found, "abs_total")
        self.second_abs = floats(found, "second_abs")
        self.n = self.valid.copy()
        self.n_exact = np.ones(m, np.bool_)
        self.top_exact = np.ones(m, np.bool_)
        self.top1 = floats(found, "largest")
        self.second_top1 = floats(found, "second_largest")
        nothing = np.full(m, np.nan)
        self.top2 = nothing.copy()
        self.topn = nothing.copy()
        self.below = nothing.copy()
        self.above = nothing.copy()
        self.ties = nothing.copy()
        self.used = nothing.copy()
        self.institutions = nothing.copy()
        self.institution_top1 = nothing.copy()

    def __len__(self) -> int:
        return len(self.n)

    @cached_property
    def codes(self) -> list[list[str | None]]:
        """Codes of the rows, for each dimension."""
        return [self.found.column(f"d{i}").to_pylist() for i in range(self.dimensions)]

    def bound(self, most: int, percentile: float | None, exact: bool) -> evidence.Bounds:
        """Set bounds on units and largest contributions; where a row is a unit they are the figures themselves.

        Parameters
        ----------
        most
            Most rows of a unit.
        percentile
            Which percentile the value is, if it is one.
        exact
            Whether the largest contribution of a row is that of a unit, as far as rows are units.
        """
        bits = ints(self.found, "bits")
        self.n, self.top1 = evidence.bounds(self.valid, self.top1, most, bits)
        _, self.second_top1 = evidence.bounds(self.valid, self.second_top1, most, bits)
        below = above = np.zeros(len(self), np.int64)
        if percentile is not None:
            low, high = evidence.ranks(self.valid, percentile)
            below, above = -(-low // most), -(-high // most)
            self.below, self.above = below.astype(np.float64), above.astype(np.float64)
        single = most == 1
        self.n_exact = np.full(len(self), single) | (self.valid == 0)
        self.top_exact = np.full(len(self), single and exact) | (self.valid == 0)
        return evidence.Bounds(self.n, self.top1, self.total, self.abs_total, self.second_top1, self.second_abs, below, above, single and exact)

    def keys(self) -> list[tuple[object, ...]]:
        """Give for each row what names it: level and code of every dimension."""
        columns = [part for level, codes in zip(self.levels, self.codes, strict=True) for part in (level.tolist(), codes)]
        return list(zip(*columns, strict=True)) if columns else [()] * len(self)

    def places(self, other: pa.Table) -> Ints:
        """Give for each row of another statement's answer the row here."""
        index = {key: row for row, key in enumerate(self.keys())}
        columns = [other.column(f"{letter}{i}").to_pylist() for i in range(self.dimensions) for letter in "ld"]
        named: list[tuple[object, ...]] = list(zip(*columns, strict=True)) if columns else [()] * other.num_rows
        return np.array([index[key] for key in named], np.int64)

    def take_institutions(self, counted: pa.Table) -> None:
        """Take the institutions of each row; rows that are not named have none."""
        self.institutions = np.zeros(len(self))
        at = self.places(counted)
        self.institutions[at] = floats(counted, "institutions")
        self.institution_top1[at] = floats(counted, "institution_top1")

    def take_special(self, values: pa.Table) -> None:
        """Take values that have a statement of their own; the totals become those of the units that are used."""
        at = self.places(values)
        self.value[at] = floats(values, "value")
        if "ties" in values.column_names:
            self.ties[at] = floats(values, "ties")
        if "used" in values.column_names:
            self.used[at] = floats(values, "used")
            self.total[at], self.abs_total[at] = floats(values, "total"), floats(values, "abs_total")
            self.top1[at], self.top_exact[at] = floats(values, "largest"), True
            self.top2[at], self.topn[at] = floats(values, "second_largest"), floats(values, "topn")

    def agrees(self, counted: pa.Table, rows: Ints) -> bool:
        """Tell whether exact figures are those of these rows, of as many valid values as the first pass saw in each."""
        at = ints(counted, "cell")
        return np.array_equal(np.sort(at), rows) and np.array_equal(ints(counted, "valid"), self.valid[at])

    def take_exact(self, counted: pa.Table, ranked: bool, percentile: float | None, contributions: bool) -> None:
        """Take exact units and contributions of some rows."""
        at = ints(counted, "cell")
        self.n[at] = ints(counted, "n")
        self.n_exact[at] = True
        if contributions:
            self.top1[at], self.top2[at], self.topn[at] = floats(counted, "top1"), floats(counted, "top2"), floats(counted, "topn")
            self.top_exact[at] = True
            if "second_top1" in counted.column_names:
                self.second_top1[at] = floats(counted, "second_top1")
        if ranked and percentile is not None:
            low, high = evidence.ranks(self.valid[at], percentile)
            for side, strict, upto in ((self.below, "below", "upto"), (self.above, "above", "onward")):
                beyond, with_ties = ints(counted, strict), ints(counted, upto)
                # A unit whose value is the percentile itself is on neither side; units that share it are ranked on either.
                count = np.where(with_ties > beyond, np.maximum(beyond, with_ties - 1), beyond)
                side[at] = np.minimum(low if side is self.below else high, count)

    def to_shares(self, keep: Sequence[int]) -> None:
        """Turn values into percentages of the total over all dimensions but those to keep."""
        kept = frozenset(keep)
        over = np.ones(len(self), np.bool_)
        for i in range(self.dimensions):
            if i not in kept:
                over &= self.totals[i]
        columns = [part for i in sorted(kept) for part in (self.levels[i].tolist(), self.codes[i])]
        keys: list[tuple[object, ...]] = list(zip(*columns, strict=True)) if columns else [()] * len(self)
        base = {keys[row]: self.value[row] for row in np.flatnonzero(over).tolist()}
        whole = np.array([base[key] for key in keys], np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.value = np.where(whole != 0, 100 * self.value / whole, np.nan)

    def order_of(self, i: int) -> list[str | None]:
        """Give the categories of a dimension in the order of the first pass, subtotals left out."""
        alone: Mask = self.levels[i] == 0
        for j, total in enumerate(self.totals):
            if j != i:
                alone = alone & total
        return list(dict.fromkeys(self.found.column(f"d{i}").filter(pa.array(alone)).to_pylist()))

    def table(self) -> pa.Table:
        """Give the evidence frame."""
        found = self.found
        columns: dict[str, object] = {f"d{i}": found.column(f"d{i}") for i in range(self.dimensions)}
        columns |= {f"g{i}": pa.array(self.totals[i]) for i in range(self.dimensions)}
        columns |= {"value": self.value, "rows": self.rows, "missing": self.rows - self.valid, "n": self.n, "n_exact": self.n_exact}
        columns |= {"total": self.total, "abs_total": self.abs_total, "top1": self.top1, "top2": self.top2, "top_exact": self.top_exact}
        columns |= {"negatives": found.column("negatives"), "institutions": self.institutions, "institution_top1": self.institution_top1}
        columns |= {"topn": self.topn, "below": self.below, "above": self.above, "ties": self.ties, "used": self.used}
        columns |= {"second_abs": self.second_abs, "second_top1": self.second_top1}
        return to_frame(columns, self.dimensions, len(self))


def to_frame(columns: dict[str, object], dimensions: int, rows: int) -> pa.Table:
    """Make an evidence frame of named columns; those that are not given are null.

    Parameters
    ----------
    columns
        NumPy arrays, in which NaN is null, or Arrow columns.
    dimensions
        Number of dimensions.
    rows
        Number of rows.
    """
    schema = evidence_schema(dimensions)
    arrays = []
    for field in schema:
        column = columns.get(field.name)
        if column is None:
            array = pa.nulls(rows, field.type)
        elif isinstance(column, pa.ChunkedArray):
            array = column.combine_chunks()
        else:
            array = pa.array(column, from_pandas=True)
        arrays.append(array.cast(field.type))
    return pa.table(arrays, schema=schema)


def floats(table: pa.Table, name: str) -> Floats:
    """Give a column as numbers, NaN for null."""
    return np.array(table.column(name).to_numpy(), np.float64)


def ints(table: pa.Table, name: str) -> Ints:
    """Give a column as whole numbers."""
    return np.array(table.column(name).to_numpy(), np.int64)
