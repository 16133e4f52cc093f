"""The one way a table becomes rows of strings: for CSV, for spreadsheets, and for recognising it again in a finished file.

The shape depends on the labels alone. With row dimensions only, one header row holds their labels and the value's label, and each
further row one combination of categories with its value. With column dimensions the first row holds the value's label and the
names of the column dimensions, then comes one header row for each column dimension, the last of them with the labels of the row
dimensions before it. Totals come last in every dimension and are labelled ``total``.

======================  ==========  =====  =====
``mean ZVWKTOTAAL``     ``Sex``
``Age``                 ``man``     ``…``  ``total``
``0-9``                 ``1250.5``  ``×``  ``1300``
======================  ==========  =====  =====
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

import pyarrow as pa

from .errors import TooLarge
from .evidence import Dimension, TableMeta
from .text import Text

HIDDEN = "×"
"""What stands in a suppressed cell."""

ANY_SHAPE = "*"
"""Instead of a shape key: the newest tables of a project, whatever their labels."""

TOTAL = "total"
"""Label of a total."""

MAX_POSITIONS = 2_000_000
"""Most places a grid may have."""


@dataclass(frozen=True)
class Layout:
    """Where things stand in a grid.

    Parameters
    ----------
    down, across
        Dimensions in the rows and in the columns.
    header_rows, label_columns
        How many rows and columns hold labels.
    """

    down: tuple[Dimension, ...]
    across: tuple[Dimension, ...]
    header_rows: int
    label_columns: int

    @classmethod
    def of(cls, meta: TableMeta) -> Layout:
        """Lay out a table.

        Raises
        ------
        TooLarge
            When the product of the categories has more than :data:`MAX_POSITIONS` places.
        """
        split = len(meta.spec.rows)
        down, across = meta.dimensions[:split], meta.dimensions[split:]
        layout = cls(down, across, 1 + len(across), max(1, len(down)))
        if layout.height * layout.width > MAX_POSITIONS:
            raise TooLarge(
                "grid_too_large",
                Text(
                    en=f"The table has more than {MAX_POSITIONS} places when all categories are combined.",
                    nl=f"De tabel heeft meer dan {MAX_POSITIONS} plaatsen als alle categorieën worden gecombineerd.",
                ),
                Text(en="Leave out a dimension or merge categories.", nl="Laat een dimensie weg of voeg categorieën samen."),
            )
        return layout

    @property
    def height(self) -> int:
        """Rows of the grid with its header."""
        return self.header_rows + _combinations(self.down)

    @property
    def width(self) -> int:
        """Columns of the grid with its labels."""
        return self.label_columns + _combinations(self.across)


def _combinations(dimensions: Sequence[Dimension]) -> int:
    return math.prod(len(dimension.categories) + 1 for dimension in dimensions)


def _labels(dimensions: Sequence[Dimension]) -> list[tuple[str, ...]]:
    return list(product(*([category.label for category in dimension.categories] + [TOTAL] for dimension in dimensions)))


def _empty_grid(meta: TableMeta, layout: Layout) -> list[list[str]]:
    """Give the grid with all labels and no values."""
    body = layout.width - layout.label_columns
    pad = [""] * (layout.label_columns - 1)
    names = [dimension.label for dimension in layout.down] or [""]
    if not layout.across:
        grid = [[*names, meta.value_label]]
    else:
        columns = _labels(layout.across)
        grid = [[meta.value_label, *pad, " · ".join(dimension.label for dimension in layout.across), *[""] * (body - 1)]]
        for i in range(len(layout.across)):
            left = names if i == len(layout.across) - 1 else ["", *pad]
            grid.append([*left, *(column[i] for column in columns)])
    for row in _labels(layout.down):
        grid.append([*(row or (meta.value_label if layout.across else TOTAL,)), *[""] * body])
    return grid


def format_number(value: float | int | None) -> str:
    """Write a number: whole numbers as integers, others as the shortest form of at most ten significant digits.

    Whole units are never rounded away, however many digits they take. Null and what is no number become the empty string; there is
    never an exponent.
    """
    if value is None or not math.isfinite(value):
        return ""
    if value == int(value) and abs(value) < 2**53:
        return str(int(value))
    whole_digits = len(str(int(abs(value)))) if abs(value) < 1e17 else 17
    rounded = float(f"{value:.{max(10, whole_digits)}g}")
    text = format(Decimal(repr(rounded)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def grid_positions(meta: TableMeta, frame: pa.Table) -> list[tuple[int, int] | None]:
    """Give for each row of the frame its (row, column) in the grid, both from 0; None for a category the table does not announce."""
    layout = Layout.of(meta)
    down = _offsets(frame, layout.down, 0)
    across = _offsets(frame, layout.across, len(layout.down))
    return [None if r is None or c is None else (layout.header_rows + r, layout.label_columns + c) for r, c in zip(down, across, strict=True)]


def _offsets(frame: pa.Table, dimensions: Sequence[Dimension], first: int) -> list[int | None]:
    offsets: list[int | None] = [0] * frame.num_rows
    for i, dimension in enumerate(dimensions, start=first):
        index = {category.code: at for at, category in enumerate(dimension.categories)}
        size = len(dimension.categories)
        codes, totals = frame.column(f"d{i}").to_pylist(), frame.column(f"g{i}").to_pylist()
        for row, (code, is_total) in enumerate(zip(codes, totals, strict=True)):
            at = size if is_total else index.get(code)
            before = offsets[row]
            offsets[row] = None if at is None or before is None else before * (size + 1) + at
    return offsets


def render_grid(meta: TableMeta, frame: pa.Table, hidden: Collection[int]) -> list[list[str]]:
    """Write a table as rows of strings.

    Parameters
    ----------
    meta
        Labels and layout.
    frame
        Evidence frame; only its categories and values are written.
    hidden
        Rows of the frame that become :data:`HIDDEN`; empty cells become the empty string.

    Raises
    ------
    TooLarge
        See :meth:`Layout.of`.
    """
    grid = _empty_grid(meta, Layout.of(meta))
    blank = frozenset(hidden)
    values = frame.column("value").to_pylist()
    for row, (position, value) in enumerate(zip(grid_positions(meta, frame), values, strict=True)):
        if position is not None:
            grid[position[0]][position[1]] = HIDDEN if row in blank else format_number(value)
    return grid


def labels_key(grid: Sequence[Sequence[str]], header_rows: int, label_columns: int) -> str:
    """Give the sha256 (hex) over the labels of a grid, whatever its values; blanks at the end of a row do not matter."""
    return labels_keys(grid, [(header_rows, label_columns)])[0]


def labels_keys(grid: Sequence[Sequence[str]], layouts: Sequence[tuple[int, int]]) -> list[str]:
    """Give the keys of a grid under several layouts (header rows, label columns); see :func:`labels_key`."""
    width = max((columns for _, columns in layouts), default=0)
    height = max((rows for rows, _ in layouts), default=0)
    header = [_trimmed(row) for row in grid[:height]]
    labels = [[" ".join(cell.split()) for cell in row[:width]] for row in grid]
    keys = []
    for header_rows, label_columns in layouts:
        parts = [header_rows, label_columns, header[:header_rows], [_cut(row[:label_columns]) for row in labels[header_rows:]]]
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        keys.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    return keys


def _trimmed(row: Sequence[str]) -> list[str]:
    return _cut([" ".join(cell.split()) for cell in row])


def _cut(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def shape_key(meta: TableMeta) -> str:
    """Give the key under which a table is recognised in a file: the sha256 (hex) over its labels."""
    layout = Layout.of(meta)
    return labels_key(_empty_grid(meta, layout), layout.header_rows, layout.label_columns)
