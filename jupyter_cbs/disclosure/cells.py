"""The evidence frame as arrays, with the categories as numbers and every total findable from its cells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..domain.evidence import Category, Dimension

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_EXTRA = ("institution_top1", "top2", "topn", "below", "above", "ties", "used", "events", "second_abs", "second_top1")
"""Columns that frames kept by an earlier version do not have."""


@dataclass(frozen=True)
class Cells:
    """Evidence of ``m`` cells and margins of a table with ``k`` dimensions.

    Parameters
    ----------
    dimensions
        The dimensions; categories that occur in the frame but were not announced are appended.
    codes
        Shape (m, k): index of the category, or the number of categories where the row is a total over that dimension.
    value, total, abs_total, top1
        Shape (m,), in the unit of the values; NaN where the frame has null.
    n, rows, missing, negatives
        Shape (m,), counts.
    institutions, institution_top1
        Shape (m,), count and largest absolute total of one, NaN where the data set has no institutions.
    top2, topn, below, above, ties, used, events, second_abs, second_top1
        Shape (m,), as in the frame; NaN where it has null or no such column.
    n_exact, top_exact
        Shape (m,); where false, ``n`` is a lower and ``top1`` an upper bound.
    """

    dimensions: tuple[Dimension, ...]
    codes: Ints
    value: Floats
    rows: Ints
    missing: Ints
    n: Ints
    n_exact: Mask
    total: Floats
    abs_total: Floats
    top1: Floats
    top_exact: Mask
    negatives: Ints
    institutions: Floats
    institution_top1: Floats
    top2: Floats
    topn: Floats
    below: Floats
    above: Floats
    ties: Floats
    used: Floats
    events: Floats
    second_abs: Floats
    second_top1: Floats

    @classmethod
    def of(cls, frame: pa.Table, dimensions: Sequence[Dimension]) -> Cells:
        """Read an evidence frame (see :mod:`jupyter_cbs.domain.evidence`)."""
        complete: list[Dimension] = []
        codes = np.empty((frame.num_rows, len(dimensions)), dtype=np.int64)
        for i, dimension in enumerate(dimensions):
            column = frame.column(f"d{i}").combine_chunks()
            is_total = _array(frame, f"g{i}").astype(bool)
            known = [category.code for category in dimension.categories]
            inner = pc.unique(column.filter(pa.array(~is_total))).to_pylist()
            named = set(known)
            extra = [code for code in inner if code not in named]
            if extra:
                more = tuple(Category(code=code, label="unknown" if code is None else code) for code in extra)
                dimension = dimension.model_copy(update={"categories": dimension.categories + more})
                known += extra
            complete.append(dimension)
            index = pc.index_in(column, value_set=pa.array(known, pa.string())).fill_null(0).to_numpy(zero_copy_only=False)
            codes[:, i] = np.where(is_total, len(known), index)
        return cls(
            dimensions=tuple(complete),
            codes=codes,
            value=_floats(frame, "value"),
            rows=_ints(frame, "rows"),
            missing=_ints(frame, "missing"),
            n=_ints(frame, "n"),
            n_exact=_array(frame, "n_exact").astype(bool),
            total=_floats(frame, "total"),
            abs_total=_floats(frame, "abs_total"),
            top1=_floats(frame, "top1"),
            top_exact=_array(frame, "top_exact").astype(bool),
            negatives=_ints(frame, "negatives"),
            institutions=_floats(frame, "institutions"),
            **{name: _floats(frame, name) if name in frame.column_names else np.full(frame.num_rows, np.nan) for name in _EXTRA},
        )

    def __len__(self) -> int:
        return len(self.n)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Number of categories per dimension."""
        return tuple(len(dimension.categories) for dimension in self.dimensions)

    @cached_property
    def empty(self) -> Mask:
        """Cells without a value: nothing is published there. Rows whose unit is unknown are no units, yet they are not nothing."""
        empty: Mask = np.isnan(self.value) | ((self.n == 0) & (self.rows <= self.missing))
        return empty

    @cached_property
    def base(self) -> Ints:
        """Size of a cell for shares: distinct units, or rows with a valid value where units were not counted everywhere."""
        return self.n if bool(self.n_exact.all()) else self.rows - self.missing

    def is_total(self, dimension: int) -> Mask:
        """Tell which rows are a total over ``dimension``."""
        totals: Mask = self.codes[:, dimension] == self.sizes[dimension]
        return totals

    @cached_property
    def _strides(self) -> list[int]:
        strides = [1] * len(self.sizes)
        for i in range(len(self.sizes) - 2, -1, -1):
            strides[i] = strides[i + 1] * (self.sizes[i + 1] + 1)
        return strides

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """One number per row that tells the cell; Python integers where 64 bits do not suffice."""
        span = self._strides[0] * (self.sizes[0] + 1) if self.sizes else 1
        kind = np.int64 if span < 2**62 else object
        strides = np.array(self._strides, dtype=kind)
        keys: NDArray[np.int64] = (self.codes.astype(kind) * strides).sum(axis=1) if self.sizes else np.zeros(len(self), np.int64)
        return keys

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], Ints]:
        order = np.argsort(self.keys, kind="stable")
        return self.keys[order], order

    def find(self, keys: NDArray[np.int64]) -> Ints:
        """Give the row of each key, -1 where the frame has none."""
        sorted_keys, order = self._sorted
        if len(order) == 0:
            return np.full(len(keys), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(sorted_keys, keys), len(order) - 1)
        found: Ints = np.where(sorted_keys[at] == keys, order[at], -1)
        return found

    def line_keys(self, dimension: int) -> NDArray[np.int64]:
        """Give for each row the key of the total over ``dimension`` of the line it lies in."""
        away = self.sizes[dimension] - self.codes[:, dimension]
        keys: NDArray[np.int64] = self.keys + away * self._strides[dimension]
        return keys

    def with_code(self, rows: Ints, dimension: int, codes: Ints) -> Ints:
        """Give for some rows the row with another code in one dimension, -1 where the frame has none; shape as ``rows``."""
        return self.find(self.keys[rows] + (codes - self.codes[rows, dimension]) * self._strides[dimension])

    @cached_property
    def _parents(self) -> list[Ints]:
        """Category → the category that is the subtotal right above it; the number of categories where that is the total."""
        found = []
        for dimension in self.dimensions:
            place = {category.code: at for at, category in enumerate(dimension.categories)}
            size = len(dimension.categories)
            above = [place.get(dimension.parents.get(c.code), size) if c.code in dimension.parents else size for c in dimension.categories]
            found.append(np.array([*above, size], np.int64))
        return found

    def siblings(self, dimension: int) -> Ints:
        """Give for each row how many categories its total or subtotal in ``dimension`` is made of, itself among them; 0 for a total."""
        parents = self._parents[dimension][:-1]
        counts = np.bincount(parents, minlength=self.sizes[dimension] + 1)
        found: Ints = np.append(counts[parents], 0)[self.codes[:, dimension]]
        return found

    def is_subtotal(self, dimension: int) -> Mask:
        """Tell which rows are a subtotal in ``dimension``."""
        nodes = np.zeros(self.sizes[dimension] + 1, np.bool_)
        nodes[self._parents[dimension][:-1]] = True
        nodes[-1] = False
        found: Mask = nodes[self.codes[:, dimension]]
        return found

    def above_keys(self, dimension: int) -> NDArray[np.int64]:
        """Give for each row the key of the subtotal or total right above it in ``dimension``; of a total its own."""
        away = self._parents[dimension][self.codes[:, dimension]] - self.codes[:, dimension]
        keys: NDArray[np.int64] = self.keys + away * self._strides[dimension]
        return keys

    def over(self, dimensions: Collection[int]) -> Ints:
        """Give for each row the row of the total over some dimensions, -1 where it is not published."""
        keys = self.keys
        for dimension in dimensions:
            keys = keys + (self.sizes[dimension] - self.codes[:, dimension]) * self._strides[dimension]
        return self.find(keys)

    def neighbours(self, dimension: int, step: int) -> Ints:
        """Give for each row the row whose category in ``dimension`` lies ``step`` further under the same total, -1 where there is none."""
        code = self.codes[:, dimension] + step
        inside = (code >= 0) & (code < self.sizes[dimension]) & ~self.is_total(dimension)
        parents = self._parents[dimension]
        inside &= parents[np.clip(code, 0, self.sizes[dimension])] == parents[self.codes[:, dimension]]
        found: Ints = np.where(inside, self.find(self.keys + step * self._strides[dimension]), -1)
        return found

    def labels(self, row: int) -> tuple[str | None, ...]:
        """Give the category labels of a row, null for a total."""
        return tuple([names[code] for names, code in zip(self._names, self.codes[row].tolist(), strict=True)])

    def parent_label(self, row: int, dimension: int) -> str | None:
        """Give the label of the subtotal right above a row in ``dimension``; None where that is the total."""
        return self._names[dimension][int(self._parents[dimension][int(self.codes[row, dimension])])]

    @cached_property
    def _names(self) -> list[list[str | None]]:
        return [[*(category.label for category in dimension.categories), None] for dimension in self.dimensions]


def _array(frame: pa.Table, name: str) -> NDArray[np.generic]:
    array: NDArray[np.generic] = frame.column(name).to_numpy()
    return array


def _floats(frame: pa.Table, name: str) -> Floats:
    return _array(frame, name).astype(np.float64)


def _ints(frame: pa.Table, name: str) -> Ints:
    return _array(frame, name).astype(np.int64)
