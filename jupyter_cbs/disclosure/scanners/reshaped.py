"""Records that are not rows: a table on its side, a value per row, a paragraph or a sheet for each unit.

Each is put back into rows, and then judged as any table (:mod:`.microdata`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ...domain.text import Text
from . import crossings, headers, microdata
from .microdata import LEAST_ROWS, SURE_ROWS
from .report import Report
from .sheet import Block, Sheet
from .values import is_count_name, number

MAX_FIELDS = 200
MAX_UNITS = 5_000
"""Units that are put together; more say nothing more."""

LEAST_FIELDS = 3
"""Properties of a unit that a table on its side has at least: two rows of numbers are any table."""

ALIKE = 0.8
"""Share of the units that have the commonest set of fields."""

_PAIR = re.compile(r"^\s*(?:[-*]\s+)?[\"']?([^\W\d][\w .()/-]{0,39}?)[\"']?\s*(?:[:=]|\s->)\s*[\"']?(\S.{0,79}?)[\"']?\s*,?\s*$")
_LEAF = re.compile(r"<([A-Za-z_][\w.:-]{0,60})(?:\s[^<>]{0,200})?>([^<>]{0,200})</\1>")
_ATTRIBUTES = re.compile(r"<([A-Za-z_][\w.:-]{0,60})((?:\s+[A-Za-z_][\w.:-]{0,60}=\"[^\"<]{0,200}\"){2,})\s*/?>")
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w.:-]{0,60})=\"([^\"<]{0,200})\"")

Record = tuple[int, Mapping[str, str]]
"""The line a unit begins on, and its fields."""


def check(block: Block, report: Report) -> bool:
    """Report a table that is one of units when it is turned or spread; tell whether it is."""
    crossed = crossings.read(block, report.context.profile.min_frequency) if headers.levels(block.rows) is not None else None
    if crossed is not None and crossed.sure:
        return False  # categories of two variables above each other, with how many there are of each
    for other, count in (*_turned(block), *_spread(block)):
        if microdata.is_microdata(other):
            _tell(count, block, report)
            return True
    return False


def _tell(count: int, block: Block, report: Report) -> None:
    text = Text(
        en=f"{count} persons or other units, each with its own values: in another order these are rows of microdata.",
        nl=f"{count} personen of andere eenheden, elk met eigen waarden: in een andere volgorde zijn dit rijen van microdata.",
    )
    microdata.tell(block, report, text, count)


def _turned(block: Block) -> Iterator[tuple[Block, int]]:
    """Give a table on its side as rows: the names of the fields stand in the first column, each further column is a unit."""
    rows = block.rows
    count = block.width - 1
    if count < SURE_ROWS or not LEAST_FIELDS <= len(rows) <= MAX_FIELDS or count < 2 * len(rows):
        return
    names = [row[0].strip() if row else "" for row in rows]
    if len(set(names)) < len(names) or sum(number(name) is not None for name in names) > 1:
        return
    turned = [[row[at].strip() if at < len(row) else "" for row in rows] for at in range(block.width)][: MAX_UNITS + 1]
    # a row of labels that are all different says what each column is of: a table of groups, wide as it may be
    if any(len(set(cells)) == len(cells) and sum(number(cell) is None for cell in cells) > len(cells) / 2 for cells in zip(*turned[1:], strict=True)):
        return
    yield Block(Sheet(turned, title=block.sheet.title), 0, len(turned), block.titles), count


def _spread(block: Block) -> Iterator[tuple[Block, int]]:
    """Give a table of unit, name of a field and value as one row per unit."""
    columns = [column for column in block.columns if column.filled]
    if block.height < 2 * LEAST_ROWS or not 3 <= len(columns) <= 4:
        return
    values = columns[-1]
    for name in columns[:-1]:
        fields = name.distinct
        if name.is_numeric or not 2 <= fields <= MAX_FIELDS or fields * LEAST_ROWS > block.height or name.distinct > block.height / 5:
            continue
        units = [column for column in columns[:-1] if column is not name]
        records: dict[tuple[str, ...], dict[str, str]] = {}
        for row in range(block.height):
            record = records.setdefault(tuple(column.cells[row] for column in units), {})
            if name.cells[row] in record:
                break  # more than one value of a field: no field of a unit
            record[name.cells[row]] = values.cells[row]
        else:
            whole = sum(len(record) == fields for record in records.values())
            if len(records) < LEAST_ROWS or whole < ALIKE * len(records):
                continue
            # of one kind the values are one measure in several places; what is known of a unit is of several kinds
            heads = [column.name for column in units]
            found = list(records.items())[:MAX_UNITS]
            yield _block([(0, dict(zip(heads, key, strict=True)) | record) for key, record in found], block.sheet), len(records)


def _block(records: Sequence[Record], sheet: Sheet, lines: bool = False) -> Block:
    names = list(dict.fromkeys(name for _, fields in records for name in fields))[:MAX_FIELDS]
    rows = [names, *([fields.get(name, "") for name in names] for _, fields in records)]
    numbers = [records[0][0], *(at for at, _ in records)] if lines else None
    return Block(replace(sheet, rows=rows, lines=numbers), 0, len(rows), ())


def is_of_units(records: Sequence[Record], sheet: Sheet) -> Block | None:
    """Give records as a table, where its rows are units; None where they are not.

    Results of models and the like have no key either; they say of how many they are, which a unit does not.
    """
    shapes = Counter(frozenset(fields) for _, fields in records)
    if len(records) < LEAST_ROWS or not shapes:
        return None
    shape, times = shapes.most_common(1)[0]
    if times < ALIKE * len(records) or not 2 <= len(shape) <= MAX_FIELDS or any(map(is_count_name, shape)):
        return None
    block = _block([record for record in records if set(record[1]) == shape][:MAX_UNITS], sheet, lines=True)
    return block if microdata.is_microdata(block) else None


def paragraphs(lines: Sequence[str], first: int = 1) -> Iterator[list[Record]]:
    """Give the records of a text that has a line ``name: value`` for each field, in the order of the text."""
    pairs = [(at, match[1].strip(), match[2]) for at, line in enumerate(lines, first) if len(line) < 200 and (match := _PAIR.match(line))]
    starts = Counter(name for _, name, _ in pairs)
    if not starts or max(starts.values()) < LEAST_ROWS:
        return
    records: list[tuple[int, dict[str, str]]] = []
    for at, name, value in pairs:
        # a field that is there already begins the next one
        if not records or name in records[-1][1]:
            records.append((at, {}))
        records[-1][1][name] = value
    for shape, times in Counter(tuple(fields) for _, fields in records).most_common(3):
        if times >= LEAST_ROWS:
            yield [(at, fields) for at, fields in records if tuple(fields) == shape]


def check_lines(lines: Sequence[str], report: Report, first: int = 1) -> set[int]:
    """Report paragraphs that are one per unit; give the numbers of the lines they begin on."""
    for records in paragraphs(lines, first):
        block = is_of_units(records, Sheet([]))
        if block is not None:
            microdata.tell(block, report)
            return {at for at, _ in records}
    return set()


def check_elements(content: str, report: Report) -> bool:
    """Report elements of a document in XML that are one per unit; tell whether there are any."""
    for records in (*_elements(content), *_attributes(content)):
        block = is_of_units(records, Sheet([]))
        if block is not None:
            microdata.tell(block, report)
            return True
    return False


def _elements(content: str) -> Iterator[list[Record]]:
    """Records of elements that follow one another, each a field: a name that comes again begins the next."""
    records: list[tuple[int, dict[str, str]]] = []
    line, last = 1, 0
    for match in _LEAF.finditer(content):
        line, last = line + content.count("\n", last, match.start()), match.start()
        if not records or match[1] in records[-1][1]:
            records.append((line, {}))
        records[-1][1][match[1]] = match[2].strip()
    if records:
        yield list[Record](records)


def _attributes(content: str) -> Iterator[list[Record]]:
    """Records of elements that have their fields as attributes."""
    kinds: dict[str, list[Record]] = {}
    line, last = 1, 0
    for match in _ATTRIBUTES.finditer(content):
        line, last = line + content.count("\n", last, match.start()), match.start()
        kinds.setdefault(match[1], []).append((line, dict(_ATTRIBUTE.findall(match[2]))))
    yield from kinds.values()


class Sheets:
    """Sheets of a workbook that are one unit each: two columns, the name of a field and its value."""

    def __init__(self) -> None:
        self._records: list[tuple[str | None, Record]] = []

    def add(self, sheet: Sheet) -> None:
        """Take a sheet, if it can be a unit."""
        rows = [[cell.strip() for cell in row if cell.strip()] for row in sheet.rows]
        rows = [row for row in rows if row]
        if not 2 <= len(rows) <= MAX_FIELDS or len(self._records) >= MAX_UNITS:
            return
        if all(len(row) == 2 for row in rows) and len({row[0] for row in rows}) == len(rows):
            self._records.append((sheet.name, (1, {row[0]: row[1] for row in rows})))
        elif len(rows) == 2 and len(rows[0]) == len(rows[1]) and all(number(cell) is None for cell in rows[0]):
            self._records.append((sheet.name, (1, dict(zip(rows[0], rows[1], strict=True)))))

    def check(self, report: Report) -> None:
        """Report them, if they are units together."""
        block = is_of_units([record for _, record in self._records], Sheet([]))
        if block is not None:
            count = block.height
            _tell(count, replace(block, sheet=replace(block.sheet, name=self._records[0][0], lines=None)), report)
