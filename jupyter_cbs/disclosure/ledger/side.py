"""One table of the ledger, prepared for comparing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ...domain.evidence import TableMeta
from ...domain.finding import Status
from ...domain.text import Text
from ..cells import Cells, Mask
from .filters import Filter, normal_text

Codes = tuple[tuple[str, str | None], ...]
"""A cell: dimension and code of every dimension it is no total of, in the order of the dimensions' names."""


@dataclass(frozen=True)
class Kept:
    """A table with evidence that is released, or is to be.

    Parameters
    ----------
    meta, frame
        As the broker keeps them, judged.
    name
        How findings name it, e.g. ``‘count’, released on 3 March 2026 in request ab12``.
    """

    meta: TableMeta
    frame: pa.Table
    name: Text


@dataclass(frozen=True)
class LedgerFinding:
    """What a new table gives away together with another one.

    Parameters
    ----------
    table
        Number of the new table, from 0.
    row
        Row of its frame; None where no cell of its own is meant.
    """

    table: int
    row: int | None
    status: Status
    text: Text
    remedy: Text


@dataclass
class Side:
    """One table, prepared for comparing."""

    kept: Kept
    cells: Cells = field(init=False)
    filter: Filter = field(init=False)
    names: list[str] = field(init=False)
    shown: Mask = field(init=False)
    unsafe: Mask = field(init=False)

    def __post_init__(self) -> None:
        meta, frame = self.kept.meta, self.kept.frame
        self.cells = Cells.of(frame, meta.dimensions)
        self.filter = Filter.of(meta.spec.where)
        self.names = [normal_text(dimension.name) for dimension in meta.dimensions]
        self.shown = ~self.cells.empty
        self.shown[list(meta.hidden)] = False
        self.unsafe = np.array([status == Status.UNSAFE.value for status in frame.column("status").to_pylist()], dtype=bool)

    def codes(self, row: int) -> Codes:
        """Give what tells a cell."""
        found = []
        for name, dimension, code in zip(self.names, self.cells.dimensions, self.cells.codes[row].tolist(), strict=True):
            if code < len(dimension.categories):
                found.append((name, dimension.categories[code].code))
        return tuple(sorted(found, key=lambda one: (one[0], one[1] or "")))

    def by_codes(self) -> dict[Codes, int]:
        """Give the row of every cell that is not empty."""
        return {self.codes(row): row for row in np.flatnonzero(~self.cells.empty).tolist()}

    def label(self, row: int, total: str) -> str:
        """Name a cell."""
        return " · ".join(total if label is None else label for label in self.cells.labels(row)) or total
