"""Records in sentences, in labels and in lines of code: the same words again and again with the values of another unit among them.

A line of a table has nothing but fields; a sentence has words between them that come back, and a label has its fields between dashes. Without
what comes back the values are rows like any other, and judged so (:mod:`.microdata`). Results come in sentences too: of groups, iterations or
tables, whose names or numbers are the key of what is said of them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from . import microdata, records
from .microdata import SURE_ROWS
from .report import Report
from .sheet import Block, Column, Sheet

MANY_LINES = 40
"""Lines of a script that are alike but for their numbers from which on they may be data."""

MAX_WORDS = 60
MAX_LABELS = 5_000
"""Labels of a column that are looked at."""

MOST = 0.75
"""Share of the sentences of one length that have a word in a place, if it is part of the sentence they share."""

SAME = 0.95
"""Share of the lines that have a word in a place, if it is part of the sentence."""

_END = re.compile(r"(?<=[.;!?])\s{1,9}(?:[-*]\s{1,9})?(?=[A-Z\d])")
_LABEL_MARKS = "_/|:-~"
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?!\w|\.\d)")
_NUMBER_IN_NAME = re.compile(r"\b([A-Za-z_]\w{0,40}?)\d+\b")
_QUOTED = re.compile(r"'[^'\n]{0,80}'|\"[^\"\n]{0,80}\"")


def check_lines(lines: Sequence[str], report: Report, first: int = 1) -> set[int]:
    """Report sentences that are one per unit, each on a line or one after the other; give the numbers of their lines."""
    shapes: defaultdict[int, list[tuple[int, list[str]]]] = defaultdict(list)
    for at, line in enumerate(lines[: records.MAX_LINES], first):
        for sentence in _END.split(line) if len(line) > 200 else (line,):
            said = [word.strip(".,;:!?()[]\"'-*=") for word in sentence.split(None, 2 * MAX_WORDS)]
            said = [word for word in said if word]
            if 4 <= len(said) <= MAX_WORDS:
                shapes[len(said)].append((at, said))
    taken: set[int] = set()
    for shaped in shapes.values():
        alike = _alike(shaped)
        block = _values(alike) if len(alike) >= SURE_ROWS else None
        if block is not None and _is_of_units(block):
            microdata.tell(block, report)
            taken |= {at for at, _ in alike}
    return taken


def _alike(shaped: Sequence[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Give the sentences of one length that have the words most of them have, in the same places."""
    if len(shaped) < SURE_ROWS:
        return []
    common = [Counter(words).most_common(1)[0] for words in zip(*(said for _, said in shaped), strict=True)]
    fixed = [(k, word) for k, (word, times) in enumerate(common) if times >= MOST * len(shaped)]
    return [(at, said) for at, said in shaped if all(said[k] == word for k, word in fixed)]


def _values(alike: Sequence[tuple[int, list[str]]]) -> Block | None:
    """Give what differs between sentences as rows; None where no words come back, or too few places differ."""
    places = list(zip(*(said for _, said in alike), strict=True))
    varied = [cells for cells in places if Counter(cells).most_common(1)[0][1] < SAME * len(cells)]
    if not 3 <= len(varied) <= len(places) - 2:
        return None
    rows = [list(row) for row in zip(*varied, strict=True)]
    return Block(Sheet(rows, lines=[at for at, _ in alike]), 0, len(rows))


def _is_of_units(block: Block) -> bool:
    """Tell whether values are of units: labels that recur beside two numbers or more, with no key among them but a number of each."""
    columns = [column for column in block.columns if column.filled and not _counts_up(column)]
    numbers = [column for column in columns if column.is_numeric and column.distinct >= 3]
    recurring = [column for column in columns if not column.is_numeric and 2 <= column.distinct <= _most_labels(block)]
    if block.header_rows or len(numbers) < 2 or not recurring:
        return False
    rows = [[column.cells[row] for column in columns] for row in range(block.height)]
    return microdata.is_microdata(Block(Sheet(rows, lines=block.sheet.lines), 0, len(rows)))


def _most_labels(block: Block) -> int:
    """Most different labels of a property of a unit: each comes a few times."""
    return max(2, block.height // 3)


def _counts_up(column: Column) -> bool:
    values = [value for value in column.numbers if value is not None]
    return len(values) == len(column.cells) and all(b - a == 1 for a, b in pairwise(values)) and values[0] in (0, 1)


def check_labels(block: Block, report: Report) -> bool:
    """Report labels of a table that hold several fields each, as ``M_34_Delft_31022``; tell whether there are any."""
    for column in block.columns:
        if column.is_numeric or column.distinct < SURE_ROWS:
            continue
        for mark in _LABEL_MARKS:
            rows = [[part.strip() for part in cell.split(mark, MAX_WORDS)] for cell in column.cells[:MAX_LABELS] if mark in cell]
            width = max(Counter(map(len, rows)).items(), key=lambda item: item[1], default=(0, 0))[0]
            rows = [row for row in rows if len(row) == width]
            if not 3 <= width <= MAX_WORDS or len(rows) < max(SURE_ROWS, 0.7 * min(len(column.filled), MAX_LABELS)):
                continue
            fields = Block(Sheet(rows, lines=[1] * len(rows)), 0, len(rows))
            if _is_of_units(fields):
                microdata.tell(block, report)
                return True
    return False


def check_code(lines: Sequence[str], report: Report) -> None:
    """Report lines of a script that are alike but for their numbers, where those are no codes, years or steps: data, written one by one."""
    groups: defaultdict[str, list[tuple[int, list[str]]]] = defaultdict(list)
    for at, line in enumerate(lines[: records.MAX_LINES], 1):
        if len(line) < 400 and (numbers := _NUMBER.findall(_NUMBER_IN_NAME.sub(r"\1", line))):
            groups[_NUMBER.sub("#", _QUOTED.sub("''", _NUMBER_IN_NAME.sub(r"\1", line))).strip()].append((at, numbers))
    for alike in groups.values():
        if len(alike) < MANY_LINES:
            continue
        places = zip(*(numbers for _, numbers in alike), strict=True)
        if any(_are_measured(cells) for cells in places):
            text = Text(
                en=f"{len(alike)} lines are alike but for numbers that look like data.",
                nl=f"{len(alike)} regels zijn gelijk op getallen na die eruitzien als gegevens.",
            )
            remedy = Text(
                en="Take the values out of the script; read them from a file in the workspace instead.",
                nl="Haal de waarden uit het script; lees ze in plaats daarvan uit een bestand in de werkruimte.",
            )
            report.add(Rule.SCRIPT_LITERAL, Status.REVIEW, text, remedy, Where(line=alike[0][0]))


def _are_measured(cells: Sequence[str]) -> bool:
    """Tell whether numbers are measured: nearly all different, in no order, and with decimals or of very different size."""
    values = [float(cell) for cell in cells]
    if len(set(values)) < 0.8 * len(values) or sum(a <= b for a, b in pairwise(values)) >= 0.9 * len(values):
        return False
    sizes = sorted(abs(value) for value in values if value)
    return sum("." in cell for cell in cells) >= 0.5 * len(cells) or (bool(sizes) and sizes[-1] >= 1_000 and sizes[-1] >= 10 * sizes[0])
