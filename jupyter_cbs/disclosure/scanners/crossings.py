"""Cross tables that nothing names: counts told by how categories and whole numbers stand together.

``pandas.crosstab``, ``value_counts``, R's ``table`` and their like write the categories of two variables around whole numbers, and no word that says
what those are. Whether they are numbers of units is not certain, so that such a table is never safe; what is too small in it is said all the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .headers import is_rising
from .microdata import _is_category
from .sheet import Block, Column
from .values import is_count_name, is_statistic_name, is_suppressed, is_total, mentions_counts, number, words

MOST_LABELS: Final = 4
"""Columns of labels a cross table has at most."""

TIMES: Final = 3
"""The largest number of a cross table that surely counts units is at least so many times the least that is needed."""
LEAST_SPARSE: Final = 20
"""Cells of a table of small numbers that tell of their spread."""

_PLAIN = re.compile(r"^\d{1,3}(?:[.,' \u00a0]\d{3})+$|^\d{1,12}(?:\.0)?$")
_SCALED = re.compile(r"\b(?:duizend|miljoen|mln|mrd|thousands?|millions?|billions?|index|rang|rank)\b|\b1[., ]?000\b|€|\$|%", re.IGNORECASE)
_RANGE = re.compile(
    r"^[\[(]?\s*-?[\d.,]+\s*(?:-|–|,|to|tot|t/m|en|and)+\s*(?:-?[\d.,]+|inf)\s*[\])]?(?:\s?(?:jaar|years?))?$"
    r"|^(?:<|>|<=|>=|≤|≥|tot|under|onder|over|boven|vanaf|from)\s*-?[\d.,]+$|^-?[\d.,]+\s*(?:\+|e\.o\.|en ouder|and over|or more|of meer)$",
    re.IGNORECASE,
)
_CATEGORIES = frozenset(
    {
        "true", "false", "waar", "onwaar", "ja", "nee", "yes", "no", "man", "vrouw", "men", "women", "male", "female", "mannen", "vrouwen", "males",
        "females", "m", "v", "f", "laag", "midden", "hoog", "low", "middle", "high", "onbekend", "unknown", "nan", "na", "<na>", "missing", "missend",
        "overig", "other", "anders",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Crossed:
    """A table of whole numbers between categories.

    Parameters
    ----------
    labels
        The columns of labels before the numbers.
    counts
        The columns of numbers.
    sure
        Whether the numbers can hardly be anything but numbers of units.
    """

    labels: tuple[Column, ...]
    counts: tuple[Column, ...]
    sure: bool


def read(block: Block, least: float) -> Crossed | None:
    """Give a block as a cross table; None where it is something else.

    Parameters
    ----------
    block
        The table.
    least
        Number of units that is needed in a cell.
    """
    columns = [column for column in block.columns if column.filled]
    if block.height < 2 or len(columns) < 2:
        return None
    size = _labels(columns, block.height)
    labels, counts = columns[:size], columns[size:]
    unnamed = len(counts) == 1 and counts[0].name == "0"
    if not size or (len(counts) < 2 and not unnamed) or not all(map(_is_whole, counts)):
        return None
    names = [column.full_name for column in counts]
    rows = {cell for column in labels if not column.is_numeric for cell in column.filled if len(words(cell)) <= 2}
    if (
        any(map(is_statistic_name, (*names, *rows)))
        or any(map(is_count_name, rows))
        or next((says for says in map(mentions_counts, block.captions) if says is not None), True) is False
    ):
        return None
    inner = [column for column in counts if not is_total(column.name)]
    values = [value for column in inner for value in column.numbers if value is not None]
    if not values or _are_shares(inner, block.height) or _are_ranks(inner):
        return None
    sure = (max(values) >= TIMES * least or _are_sparse(values, least)) and not any(map(_SCALED.search, block.captions))
    return Crossed(tuple(labels), tuple(counts), sure and (unnamed or _are_categories(inner) or _are_alike(inner, least)))


def _is_whole(column: Column) -> bool:
    return column.is_integer and all(_PLAIN.match(cell) for cell in column.filled if number(cell) is not None)


def _labels(columns: Sequence[Column], height: int) -> int:
    """Count the columns at the left that can be labels and together are all different; 0 where none are.

    A label that is left blank is the one above.
    """
    keys: list[tuple[str, ...]] = [()] * height
    for size, column in enumerate(columns[:MOST_LABELS], 1):
        if not (_is_category(column) or _is_codes(column)):
            return 0
        above = ""
        for row, cell in enumerate(column.cells):
            above = cell or above
            keys[row] = (*keys[row], above)
        if len(set(keys)) == height:
            return size
    return 0


def _is_codes(column: Column) -> bool:
    """Tell whether numbers are codes in their order, whatever the gaps; a total may stand below them."""
    values = [value for cell, value in zip(column.cells, column.numbers, strict=True) if value is not None and not is_total(cell)]
    rest = [cell for cell, value in zip(column.cells, column.numbers, strict=True) if value is None]
    return len(values) >= 2 and is_rising(values) and all(is_total(cell) or not cell or is_suppressed(cell) for cell in rest)


def _are_categories(columns: Sequence[Column]) -> bool:
    """Tell whether names of columns are categories of one variable: codes in order, classes, or words that are nothing else; or come in levels."""
    names = [column.name for column in columns]
    if len({column.full_name for column in columns}) < len(columns):
        return False
    if len(set(names)) < len(names):
        return True
    codes = [number(name) for name in names]
    values = [code for code in codes if code is not None]
    if len(values) == len(names):
        return is_rising(values)
    return all(name.lower() in _CATEGORIES or _RANGE.match(name) or number(name) is not None for name in names)


def _are_alike(columns: Sequence[Column], least: float) -> bool:
    """Tell whether most columns run from less than what is needed to many times as much: groups of one population, not several measures."""
    if len(columns) < 2 or len({column.name for column in columns}) < len(columns) or any(len(words(column.name)) > 3 for column in columns):
        return False
    numbers = [[value for value in column.numbers if value is not None] for column in columns]
    wide = sum(any(value < least for value in values) and max(values, default=0) >= TIMES * least for values in numbers)
    return wide >= 2 and wide > len(columns) / 2


def _are_sparse(values: Sequence[float], least: float) -> bool:
    """Tell whether numbers run from none and one to what is needed and more, and most are small: the edges of a cross table with many cells."""
    middle = sorted(values)[len(values) // 2]
    return len(values) >= LEAST_SPARSE and max(values) >= max(least, TIMES * middle) and {0.0, 1.0} <= set(values)


def _are_shares(columns: Sequence[Column], height: int) -> bool:
    """Tell whether every row, or every column, adds up to about a hundred."""
    rows = [[column.numbers[row] or 0.0 for column in columns] for row in range(height)]
    sides: tuple[Sequence[Sequence[float]], ...] = (rows, list(zip(*rows, strict=True)))
    return any(all(abs(sum(line) - 100) <= max(1, len(line) / 2) for line in side) for side in sides if len(side[0]) > 1)


def _are_ranks(columns: Sequence[Column]) -> bool:
    """Tell whether every column holds the numbers from one on, each once."""
    numbers = [sorted(value for value in column.numbers if value is not None) for column in columns]
    return all(values == [float(k) for k in range(1, len(values) + 1)] for values in numbers)
