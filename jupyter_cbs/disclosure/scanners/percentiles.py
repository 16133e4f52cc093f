"""Percentiles in finished tables: with the number of units beside them, whether enough are on each side.

A percentile is the value of one or two units, so the rule is that of :mod:`jupyter_cbs.disclosure.rules.median`, for distinct values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from .report import Report
from .sheet import Block, Column
from .values import is_count_name

_LEVEL = re.compile(
    # q1 to q5 are quarters of a year or classes
    r"^(?:(?:p|q(?=[ _.-]?\d\d)|perc|pct|pctl|percentile|percentiel|kwantiel|quantile)[ _.-]?(\d{1,2}(?:[.,]\d{1,2})?)"
    r"|(\d{1,2}(?:[.,]\d{1,2})?)(?: ?%|(?:e|th|st|nd|rd)? ?(?:percentile|percentiel|pctl|perc|pct)))$",
    re.IGNORECASE,
)
_OF_A_MEASURE = re.compile(r"^.{0,60}[ _.](?=(?:p|q|pct|perc|percentile|percentiel)[ _.]?\d)", re.IGNORECASE)
_MEDIANS = frozenset({"median", "mediaan", "med", "p50"})
_USUAL = frozenset({0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999})
"""Percentiles people give; numbers of periods or products run on in steps of one."""


def level_of(name: str) -> float | None:
    """Give the percentile a name stands for, between 0 and 1: ``p90``, ``inkomen_p5``, ``25%``, ``median``; None where it is none."""
    bare = _OF_A_MEASURE.sub("", name.strip())
    if bare.lower() in _MEDIANS:
        return 0.5
    match = _LEVEL.match(bare)
    if match is None:
        return None
    level = float((match[1] or match[2]).replace(",", ".")) / 100
    return level if 0 < level < 1 else None


def sides(n: float, level: float) -> tuple[int, int]:
    """Give the units on the low and the high side of a percentile of n distinct values, interpolated between two of them."""
    at = (n - 1) * level
    low = math.floor(at + 1e-9)
    between = at - low > 1e-9
    return (low + 1 if between else low), int(n) - low - 1


def check(block: Block, counts: Sequence[Column], report: Report) -> None:
    """Report percentiles with too few units on a side, where a count stands in the same row or in a row that is named one."""
    for level, n, where, name in (*_columns(block, counts), *_rows(block, counts)):
        below, above = sides(n, level)
        least = report.context.profile.each_side
        if min(below, above) >= least:
            continue
        text = Text(
            en=f"‘{name}’ of {n:g} units has {min(below, above)} on one side, at least {least} are needed on each: it is the value of one of them.",
            nl=f"‘{name}’ van {n:g} eenheden heeft er {min(below, above)} aan één kant, aan beide zijn er minstens {least} nodig: "
            "het is de waarde van een van hen.",
        )
        nearest = next((p for p in range(1, 50) if min(sides(n, p / 100)) >= least), 50)
        remedy = (
            Text(
                en=f"Give a percentile from p{nearest} to p{100 - nearest}, or leave it out.",
                nl=f"Geef een percentiel van p{nearest} tot en met p{100 - nearest}, of laat het weg.",
            )
            if n >= 2 * least
            else Text(en="Leave it out, or take groups together.", nl="Laat het weg, of voeg groepen samen.")
        )
        report.add(Rule.PERCENTILE, Status.UNSAFE, text, remedy, where)


def _are_percentiles(levels: Iterable[float | None]) -> bool:
    found = {level for level in levels if level is not None}
    return bool(found) and len(found & _USUAL) >= 0.6 * len(found)


def _columns(block: Block, counts: Sequence[Column]) -> Iterator[tuple[float, float, Where, str]]:
    named = [(column, level) for column in block.columns if column not in counts and (level := level_of(column.name)) is not None]
    if not counts or not _are_percentiles(level for _, level in named):
        return
    for column, level in named:
        for row, value in enumerate(column.numbers):
            n = counts[0].numbers[row]
            if value is not None and n is not None and n > 0:
                yield level, n, block.where(row, column.index), column.name


def _rows(block: Block, counts: Sequence[Column]) -> Iterator[tuple[float, float, Where, str]]:
    for labels in (column for column in block.columns if not column.is_numeric or "%" in "".join(column.cells[:3])):
        levels = [level_of(cell) for cell in labels.cells]
        if not _are_percentiles(levels):
            continue
        counted = next((row for row, cell in enumerate(labels.cells) if is_count_name(cell)), None)
        for row, level in enumerate(levels):
            if level is None:
                continue
            for column in block.columns:
                value = column.numbers[row] if column is not labels and column not in counts else None
                beside = counts[0].numbers[row] if counts else None if counted is None else column.numbers[counted]
                if value is not None and beside is not None and beside > 0:
                    yield level, beside, block.where(row, column.index), labels.cells[row]
        return
