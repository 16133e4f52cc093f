"""Figures of judged tables: only safe cells are drawn."""

from __future__ import annotations

import math
from collections.abc import Collection
from itertools import product
from typing import TYPE_CHECKING

import pyarrow as pa

from ..domain.errors import Invalid
from ..domain.evidence import Dimension, TableMeta
from ..domain.finding import Status
from ..domain.grid import HIDDEN, Layout
from ..domain.text import Text
from .errors import readable
from .figures import remember
from .language import number
from .words import quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS = 8
"""More columns than this make a heat map when there are also many rows."""


def safe_cells(meta: TableMeta, frame: pa.Table, hidden: Collection[int]) -> dict[tuple[str | None, ...], float]:
    """Give the values that may be drawn, by their codes: safe, not blanked, no total, not empty."""
    count = len(meta.dimensions)
    codes = [frame.column(f"d{i}").to_pylist() for i in range(count)]
    totals = [frame.column(f"g{i}").to_pylist() for i in range(count)]
    values, statuses = frame.column("value").to_pylist(), frame.column("status").to_pylist()
    marked = {finding.row for finding in meta.findings} | set(hidden)
    return {
        tuple(codes[i][row] for i in range(count)): value
        for row, value in enumerate(values)
        if value is not None and statuses[row] == Status.SAFE.value and row not in marked and not any(totals[i][row] for i in range(count))
    }


def draw(meta: TableMeta, frame: pa.Table, hidden: Collection[int], lang: str, kind: str | None, ax: Axes | None) -> Axes:
    """Draw bars or a heat map.

    Raises
    ------
    Invalid
        If there is nothing safe to draw.
    """
    cells = safe_cells(meta, frame, hidden)
    if not cells:
        raise readable(
            Invalid(
                "nothing_safe",
                Text(
                    en="No cell of this table is safe, so there is nothing to draw.",
                    nl="Geen cel van deze tabel is veilig, dus er valt niets te tekenen.",
                ),
                Text(en="Merge categories or leave out a dimension.", nl="Voeg categorieën samen of laat een dimensie weg."),
            ),
            lang,
        )
    from matplotlib import pyplot

    if ax is None:
        ax = pyplot.subplots(layout="constrained")[1]
    layout = Layout.of(meta)
    rows, columns = _combinations(layout.down), _combinations(layout.across)
    what, unit = quantity(meta, lang)
    label = f"{what} ({unit})" if unit else what
    grid = [[cells.get(row[0] + column[0], math.nan) for column in columns] for row in rows]
    heat = kind == "heat" or (kind is None and len(columns) > BARS and len(rows) > BARS)
    if heat:
        image = ax.imshow(grid, aspect="auto")
        remember(image, fingerprint=meta.fingerprint, codes=[row[0] + column[0] for row in rows for column in columns])
        ax.set_xticks(range(len(columns)), [name for _, name in columns], rotation=45, ha="right")
        ax.set_yticks(range(len(rows)), [name for _, name in rows])
        ax.figure.colorbar(image, ax=ax, label=label)
    else:
        width = 0.8 / len(columns)
        for at, (codes, name) in enumerate(columns):
            bars = ax.bar(
                [i + (at - (len(columns) - 1) / 2) * width for i in range(len(rows))], [line[at] for line in grid], width, label=name or None
            )
            remember(bars, fingerprint=meta.fingerprint, codes=[row[0] + codes for row in rows])
        # a cell that is left out must not look like a zero
        for i, line in enumerate(grid):
            for at, value in enumerate(line):
                if math.isnan(value):
                    ax.text(i + (at - (len(columns) - 1) / 2) * width, 0, HIDDEN, ha="center", va="bottom")
        ax.set_xticks(range(len(rows)), [name for _, name in rows], rotation=45 if len(rows) > 6 else 0, ha="right" if len(rows) > 6 else "center")
        ax.set_ylabel(label)
        ax.yaxis.set_major_formatter(lambda value, _: number(value, lang))
        if layout.across:
            ax.legend(title=" · ".join(d.label for d in layout.across))
        ax.spines[["top", "right"]].set_visible(False)
    if layout.down:
        (ax.set_ylabel if heat else ax.set_xlabel)(" · ".join(d.label for d in layout.down))
    if heat and layout.across:
        ax.set_xlabel(" · ".join(d.label for d in layout.across))
    return ax


def _combinations(dimensions: tuple[Dimension, ...]) -> list[tuple[tuple[str | None, ...], str]]:
    combined = product(*(d.categories for d in dimensions))
    return [(tuple(c.code for c in group), " · ".join(c.label for c in group)) for group in combined]
