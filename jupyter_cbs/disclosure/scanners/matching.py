"""Tables made here, recognised in a finished file however they were laid out since.

The labels of a sheet are read as categories of a table's dimensions, whichever way they stand: rows and columns in another order, turned on their
side, some of them left out, their headings renamed. What is printed at each pair of labels is then compared with the value that was calculated:
rounded to the decimals that are printed, to a round base, or as a percentage. One value that differs, and the table is not that table.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ...domain.evidence import Dimension, TableMeta
from .sheet import Block
from .values import is_suppressed, is_total, number, readings

MAX_AXES = 6
"""Most header rows and label columns of a table."""

MAX_PLACES = 200_000
BASES = (5, 10, 50, 100, 1000)
"""To what people round counts and sums."""

LEAST_ROUNDED = 4
"""So many numbers that are all multiples of a base were rounded to it; fewer may be so by chance."""

_SCALES = (1.0, 100.0, 0.01)


@dataclass(frozen=True)
class Match:
    """A table of a file and the evidence it may have come from.

    Parameters
    ----------
    meta, frame
        The evidence.
    places
        For each row of the frame the (row, column) of the sheet where its value stands, both from 0; None where it is left out.
    agreed, differs
        Numbers that are, and that are not, the value that was calculated.
    """

    meta: TableMeta
    frame: pa.Table
    places: tuple[tuple[int, int] | None, ...]
    agreed: int
    differs: int


@dataclass(frozen=True)
class _Layout:
    """One way to read a block: so many header rows and label columns."""

    header: int
    labels: int
    rows: Sequence[Sequence[str]]
    start: int

    @property
    def down(self) -> list[list[str]]:
        """The label columns, one list each; a blank repeats what stands above it."""
        return [_filled([_norm(row[i]) if i < len(row) else "" for row in self.rows[self.header :]]) for i in range(self.labels)]

    def across(self, width: int) -> list[list[str]]:
        """The header rows, one list each; a blank repeats what stands left of it."""
        return [_filled([_norm(row[i]) if i < len(row) else "" for i in range(self.labels, width)]) for row in self.rows[: self.header]]


def _norm(text: str) -> str:
    return " ".join(text.split()).casefold()


def _filled(values: list[str]) -> list[str]:
    last = ""
    out = []
    for value in values:
        last = value or last
        out.append(last)
    return out


def _layouts(block: Block) -> Iterator[_Layout]:
    rows = [list(row) for row in block.rows]
    # a line below the table that is only words is a note
    while len(rows) > 2 and sum(bool(cell.strip()) for cell in rows[-1]) == 1 and number(next(c for c in rows[-1] if c.strip()).strip()) is None:
        rows.pop()
    width = block.width
    if len(rows) < 2 or width < 2 or len(rows) * width > MAX_PLACES:
        return
    last_word = [-1] * width
    for r, row in enumerate(rows):
        for c, cell in enumerate(row[:width]):
            text = cell.strip()
            if text and not is_suppressed(text) and number(text) is None:
                last_word[c] = r
    for labels in range(min(MAX_AXES, width - 1) + 1):
        least = max(last_word[labels:]) + 1
        for header in range(least, min(least + 3, MAX_AXES + 1, len(rows))):
            if labels or header:
                yield _Layout(header, labels, rows, block.start)


class _Table:
    """Evidence made ready to be looked up by labels."""

    def __init__(self, meta: TableMeta, frame: pa.Table) -> None:
        self.meta, self.frame = meta, frame
        self.sizes = [len(dimension.categories) for dimension in meta.dimensions]
        self.codes = [_codes(dimension) for dimension in meta.dimensions]
        self._cells: dict[tuple[int, ...], int] | None = None
        self._columns: dict[str, list[float | None]] = {}

    def is_near(self, words: frozenset[str]) -> bool:
        """Tell whether some category of every dimension, but for those left out, may stand among some words."""
        return any(not words.isdisjoint(codes) for codes in self.codes)

    @property
    def cells(self) -> dict[tuple[int, ...], int]:
        """Row of the frame for each combination of categories; the number of categories stands for a total."""
        if self._cells is None:
            axes = []
            for i, dimension in enumerate(self.meta.dimensions):
                index = {category.code: at for at, category in enumerate(dimension.categories)}
                codes, totals = self.frame.column(f"d{i}").to_pylist(), self.frame.column(f"g{i}").to_pylist()
                axes.append([self.sizes[i] if total else index.get(code, -1) for code, total in zip(codes, totals, strict=True)])
            keys = list(zip(*axes, strict=True)) if axes else [()] * self.frame.num_rows
            self._cells = {key: row for row, key in enumerate(keys) if -1 not in key}
        return self._cells

    def column(self, name: str) -> list[float | None]:
        """Give a column of the frame."""
        if name not in self._columns:
            self._columns[name] = self.frame.column(name).to_pylist()
        return self._columns[name]

    def resolve(self, dimension: int, values: Sequence[str]) -> list[int] | None:
        """Read words as categories of a dimension; None where one is none."""
        codes = self.codes[dimension]
        found = []
        for value in values:
            at = codes.get(value)
            if at is None:
                if not value or not is_total(value):
                    return None
                at = self.sizes[dimension]
            found.append(at)
        return found


def _codes(dimension: Dimension) -> dict[str, int]:
    codes: dict[str, int] = {}
    twice = set()
    for at, category in enumerate(dimension.categories):
        for word in {_norm(category.label), _norm(category.code or "")} - {""}:
            if codes.setdefault(word, at) != at:
                twice.add(word)
    # a word that is two categories says nothing
    return {word: at for word, at in codes.items() if word not in twice}


def match(block: Block, candidates: Sequence[tuple[TableMeta, pa.Table]]) -> Match | None:
    """Find the evidence a table of a file came from.

    Parameters
    ----------
    block
        The table with its header.
    candidates
        Tables made here, newest first.

    Returns
    -------
    Match or None
        The best one: with no difference, else with the fewest where most numbers agree.
    """
    if not candidates:
        return None
    layouts = list(_layouts(block))
    if not layouts:
        return None
    words = frozenset(_norm(cell) for row in block.rows for cell in row)
    best: Match | None = None
    for meta, frame in candidates:
        table = _Table(meta, frame)
        if not table.is_near(words):
            continue
        for layout in layouts:
            for found in _readings(layout, table, block.width):
                if found.differs == 0 and found.agreed:
                    return found
                if found.agreed > found.differs and (best is None or found.differs < best.differs):
                    best = found
    return best


def _readings(layout: _Layout, table: _Table, width: int) -> Iterator[Match]:
    down, across = layout.down, layout.across(width)
    dimensions = range(len(table.sizes))
    # for every axis: the dimensions it may be, and whether it may be none
    options: list[list[tuple[int, list[int]] | None]] = []
    for at, values in enumerate((*down, *across)):
        choices: list[tuple[int, list[int]] | None] = [(d, found) for d in dimensions if (found := table.resolve(d, values)) is not None]
        if _says_nothing(values, [row[at] if at < len(row) else "" for row in layout.rows[: layout.header]] if at < len(down) else None):
            choices.append(None)
        if not choices:
            return
        options.append(choices)
    tried = 0
    for chosen in itertools.product(*options):
        used = [choice[0] for choice in chosen if choice is not None]
        if not used or len(set(used)) < len(used):
            continue
        tried += 1
        if tried > 24:
            return
        yield from _compare(layout, table, width, chosen[: len(down)], chosen[len(down) :])


def _says_nothing(values: Sequence[str], heading: Sequence[str] | None) -> bool:
    """Tell whether labels may be left unread: a header of other words, a word that all rows share, row numbers below no name; never other numbers."""
    numbers = any(number(value) is not None for value in values)
    if heading is None or not numbers:
        return not numbers and (heading is None or len(set(values)) == 1)
    counted = list(values) in ([str(i) for i in range(len(values))], [str(i + 1) for i in range(len(values))])
    return counted and len(values) > 1 and bool(heading) and not any(cell.strip() for cell in heading)


def _compare(
    layout: _Layout, table: _Table, width: int, down: Sequence[tuple[int, list[int]] | None], across: Sequence[tuple[int, list[int]] | None]
) -> Iterator[Match]:
    """Compare what is printed with the evidence, in each way it may have been rounded."""
    body = layout.rows[layout.header :]
    columns = range(layout.labels, width)
    total = tuple(table.sizes)

    def key(r: int, c: int) -> tuple[int, ...]:
        at = list(total)
        for choice in down:
            if choice is not None:
                at[choice[0]] = choice[1][r]
        for choice in across:
            if choice is not None:
                at[choice[0]] = choice[1][c - layout.labels]
        return tuple(at)

    spread = any(choice is not None for choice in across)
    groups = [list(columns)] if spread else [[c] for c in columns]
    places: dict[int, tuple[int, int]] = {}
    agreed = differs = 0
    for group in groups:
        printed = [
            (r, c, text, table.cells.get(key(r, c)))
            for r, row in enumerate(body)
            for c in group
            if c < len(row) and (text := row[c].strip()) and not is_suppressed(text)
        ]
        best: tuple[int, int, str] | None = None
        for measure in ("value", "n"):
            values = table.column(measure)
            pairs = [(text, None if row is None else values[row]) for _, _, text, row in printed]
            shares = table.meta.statistic in ("share", "ratio") or any("%" in text for text, _ in pairs)
            wrong = min(_wrong(pairs, scale) for scale in (_SCALES if shares else _SCALES[:1]))
            if best is None or wrong < best[0]:
                best = wrong, len(printed) - wrong, measure
            if wrong == 0:
                break
        if best is None:
            continue
        differs += best[0]
        agreed += best[1]
        for r, c, _, cell in printed:
            if cell is not None and best[0] <= best[1]:
                before = places.setdefault(cell, (layout.start + layout.header + r, c))
                # two places for one cell within one group: the labels do not tell the cells apart
                differs += spread and before != (layout.start + layout.header + r, c)
    yield Match(table.meta, table.frame, tuple(places.get(row) for row in range(table.frame.num_rows)), agreed, differs)


def _wrong(pairs: Sequence[tuple[str, float | None]], scale: float) -> int:
    """Count what is printed that is not the value: as such, or rounded to a base that all of it shares."""
    wrong = sum(not agrees(text, value, scale) for text, value in pairs)
    if wrong == 0 or scale != 1.0 or len(pairs) < LEAST_ROUNDED:
        return wrong
    shown = [(number(text), value) for text, value in pairs]
    for base in BASES:
        if all(value is not None and value % base == 0 for value, _ in shown):
            wrong = min(wrong, sum(value is None or true is None or abs(value - true) > base / 2 for value, true in shown))
    return wrong


def agrees(printed: str, value: float | None, scale: float = 1.0) -> bool:
    """Tell whether what is printed is a value (times ``scale``), rounded to the decimals that are printed."""
    if value is None or value != value:
        return printed in ("", "0")
    wanted = value * scale
    # rounding to whole units or to the decimals that are printed is no other value
    return any(abs(shown - wanted) <= max(1e-9 * abs(wanted), 0.5 * 10.0**-decimals * (1 + 1e-9)) for shown, decimals in readings(printed))
