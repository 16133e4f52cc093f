"""One row per unit: recognised without knowing a single column name.

In a table of groups the labels of a row are its key: some columns together never repeat, although by chance they would, or they
fill at least half of all combinations. In microdata no columns do that but keys, amounts and dates. So a table is microdata when its
columns are columns (all numbers, or all labels), it has rows enough, and no set of label columns is a key that chance would not give.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ...domain.finding import Rule, Status
from ...domain.text import Text
from .identifiers import looks_like_key_name
from .report import Report
from .sheet import Block, Column
from .values import is_count_name, is_total, words

LEAST_ROWS = 10
"""Fewer rows are not enough to tell; other rules look at them."""

SURE_ROWS = 20
"""From here it is unsafe rather than for review."""

_ROW_NUMBER_NAMES = frozenset(
    {"", "unnamed", "index", "rownames", "row", "rownr", "rij", "id", "nr", "volgnr", "volgnummer", "_n", "obs", "rang", "rank"}
)
_DATE = re.compile(r"^(?:\d{4}-?\d{2}-?\d{2}|\d{2}[-/]\d{2}[-/]\d{4})(?:[ T]00:00(?::00)?)?$")
_ESTIMATE = re.compile(r"^[(\[]?-?\d*[.,]\d+[)\]]?\*{0,3}$|^\(.*\)$|^\[.*\]$|\d\*{1,3}$")
_REPEATING = 12.0
"""Expected number of repeated keys under independence above which not a single one is no accident (probability below 0.001 %)."""


def _is_row_number(column: Column) -> bool:
    parts = words(column.name)
    if column.name != "X" and (parts[0] if parts else "") not in _ROW_NUMBER_NAMES and not looks_like_key_name(column.name):
        return False
    values = [value for value in column.numbers if value is not None]
    if not column.is_integer or len(values) < len(column.numbers) or len(set(values)) < len(values):
        return False
    # consecutive numbers that start elsewhere are years or ages under an empty name; in any other order they number rows
    consecutive = all(b - a == 1 for a, b in pairwise(values))
    return not consecutive or values[0] in (0, 1)


def _is_key_like_label(column: Column) -> bool:
    """Labels that are all different and named like a key, e.g. ``participant_id`` with P0001, P0002."""
    if column.distinct < len(column.filled) or not column.filled or not looks_like_key_name(column.name):
        return False
    return all(any(c.isdigit() for c in value) for value in column.filled)


def _is_close(column: Column) -> bool:
    """Tell whether numbers stand without great gaps, as codes, ages and small numbers do."""
    values = [value for value in column.numbers if value is not None]
    return max(values) - min(values) <= 5 * column.distinct


def is_ranked(columns: Sequence[Column]) -> bool:
    """Tell whether two columns are different whole numbers and how often each comes: ``value_counts`` of pandas, the most frequent first or not."""
    if len(columns) != 2 or not is_count_name(columns[1].name) or not all(column.is_integer for column in columns):
        return False
    values, counts = ([value for value in column.numbers if value is not None] for column in columns)
    if not len(counts) == len(values) == len(set(values)) == len(columns[1].cells):
        return False
    falling = all(a >= b for a, b in pairwise(counts))
    return _is_close(columns[0]) if falling else max(values) - min(values) <= 2 * len(values)


def _is_category(column: Column) -> bool:
    """Tell whether a column can label groups: texts, or whole numbers that repeat or are dense; no dates but a time series."""
    if not column.filled:
        return False
    values = [value for value in column.numbers if value is not None]
    steps = [b - a for a, b in pairwise(values)]
    if all(_DATE.match(value) for value in column.filled):
        ordered = sorted(set(column.filled)) == list(dict.fromkeys(column.filled))
        return ordered or column.distinct <= len(column.filled) / 3
    if not column.is_numeric:
        return True
    if not values:
        return False
    if steps and all(step > 0 for step in steps):
        # an axis: equal steps, or whole numbers that rise without great gaps
        if max(steps) - min(steps) <= 1e-6 * max(abs(values[-1]), 1e-12):
            return True
        return column.is_integer and _is_close(column)
    if any(value != int(value) for value in values):
        return column.distinct <= max(2, len(values) / 10)
    distinct = column.distinct
    times = set(Counter(values).values())
    # an axis with other labels behind it, or codes each of which comes equally often, as in a cross
    if (all(step >= 0 for step in steps) and _is_close(column)) or (len(times) == 1 and times != {1}):
        return True
    return max(values) - min(values) + 1 <= 1.5 * distinct or distinct <= len(values) / 3


def _describes(column: Column, key: Sequence[Column], rows: Sequence[int]) -> bool:
    """Tell whether labels belong to one column of a key, as the province to the municipality: the same wherever that one is the same."""
    return any(len({(part.cells[row], column.cells[row]) for row in rows}) == len({part.cells[row] for row in rows}) for part in key)


def _is_key(columns: Sequence[Column], rows: Sequence[int], texts: Sequence[Column] = ()) -> bool:
    """Tell whether columns are a key that chance would not give; ``texts`` are all columns of labels.

    Labels beside the key that describe no part of it are a property of a unit, and then the combinations must be nearly complete.
    """
    keys = [tuple(column.cells[row] for column in columns) for row in rows]
    if len(set(keys)) < len(keys):
        return False
    combinations, alike = 1.0, 1.0
    for column in columns:
        counts = Counter(column.cells[row] for row in rows)
        combinations *= len(counts)
        alike *= sum(count * count for count in counts.values()) / len(rows) ** 2
    expected = len(rows) * (len(rows) - 1) / 2 * alike
    # in a few rows of microdata a nearly unique column fills its combinations as well; in a cross each category recurs
    recurs = len(columns) == 1 or all(len({column.cells[row] for row in rows}) <= len(rows) / 2 + 1 for column in columns)
    loose = len(columns) > 1 and any(column not in columns and not _describes(column, columns, rows) for column in texts)
    return (recurs and len(rows) >= (0.9 if loose else 0.5) * combinations) or expected >= _REPEATING


def _are_ranges(columns: Sequence[Column]) -> bool:
    """Tell whether two neighbouring columns are the bounds of classes: from and to, each class above the one before."""
    for low, high in pairwise(columns):
        pairs = [(a, b) for a, b in zip(low.numbers, high.numbers, strict=True) if a is not None and b is not None]
        if len(pairs) == len(low.cells) and all(a <= b for a, b in pairs) and all(b <= c for (_, b), (c, _) in pairwise(pairs)):
            return low.distinct == len(pairs)
    return False


def is_microdata(block: Block) -> bool:
    """Tell whether the rows of a table are units."""
    if block.height < LEAST_ROWS or not block.columns:
        return False
    columns = [column for column in block.columns if column.filled]
    if not columns or any(
        not column.is_numeric and sum(bool(_ESTIMATE.search(v)) for v in column.filled) > 0.3 * len(column.filled) for column in columns
    ):
        return False
    # numbers and labels in one column, or rows without a label: a table laid out for readers
    mixed = [column for column in columns if not column.is_numeric and sum(v is not None for v in column.numbers) > 0.3 * len(column.cells)]
    if mixed or sum(not cell for cell in columns[0].cells) > 0.3 * block.height:
        return False
    numbered = columns[:1] if columns[0].is_numeric and len(columns) > 1 and _is_row_number(columns[0]) else []
    if _are_ranges(columns) or is_ranked(columns):
        return False
    columns = columns[len(numbered) :]
    labelled = [c for c in columns if not _is_key_like_label(c)]
    keyed = len(labelled) < len(columns)
    if keyed and not labelled:
        return False
    # what all rows share tells none of them apart
    categories = [column for column in labelled if _is_category(column) and (column.distinct > 1 or len(column.filled) < block.height)]
    rows = [row for row in range(block.height) if not any(is_total(column.cells[row]) for column in categories if not column.is_numeric)]
    rows = [row for row in rows if sum(bool(column.cells[row]) for column in columns) > 1 or len(columns) == 1]
    if len(rows) < LEAST_ROWS:
        return False
    texts = [column for column in categories if not column.is_numeric]
    candidates = [categories[:size] for size in range(1, min(len(categories), 8) + 1)]
    if texts:
        candidates.append(texts)
        candidates.append([c for c in categories if c in texts or c.index < texts[-1].index])
    if any(_is_key(candidate, rows, texts) for candidate in candidates):
        return False
    # with a column of counts beside them, labels that never repeat are a table, however sparse
    counted = any(is_count_name(column.name) and column.is_integer for column in columns)
    labels = [column for column in categories if not is_count_name(column.name)] or numbered
    if counted and labels and len({tuple(column.cells[row] for column in labels) for row in rows}) == len(rows):
        return False
    return not (len(columns) == 1 and (not columns[0].is_numeric or columns[0].distinct < 0.5 * len(rows)))


def check(block: Block, report: Report) -> bool:
    """Report a table whose rows are units; tell whether it is one."""
    if not is_microdata(block):
        return False
    tell(block, report)
    return True


def tell(block: Block, report: Report, text: Text | None = None, count: int | None = None) -> None:
    """Report a table whose rows are units; from :data:`SURE_ROWS` units it is unsafe, below that for review.

    Parameters
    ----------
    block
        The table.
    report
        Takes the finding.
    text, count
        What is said, and the number of units, where they are not the rows of the block.
    """
    status = Status.UNSAFE if (block.height if count is None else count) >= SURE_ROWS else Status.REVIEW
    rows = Text(
        en=f"{block.height} rows that look like one row per person or other unit, not like a table of groups.",
        nl=f"{block.height} rijen die eruitzien als één rij per persoon of andere eenheid, niet als een tabel van groepen.",
    )
    remedy = Text(
        en="Export totals per group instead, for example with ws.table.",
        nl="Voer in plaats daarvan totalen per groep uit, bijvoorbeeld met ws.table.",
    )
    report.add(Rule.MICRODATA, status, text or rows, remedy, block.where(0) if block.height else block.sheet.where(block.start))
