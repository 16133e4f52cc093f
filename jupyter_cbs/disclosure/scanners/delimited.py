"""Comma, semicolon, tab and pipe separated files."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from ...domain.files import FileContent
from ...domain.finding import Rule, Status
from ...domain.text import Text
from . import formulas, identifiers, literals
from .decoding import bounded_lines, text_stream
from .grids import check_part, check_sheet
from .report import Report
from .sheet import Sheet

DELIMITERS = ",;\t|"
ODD_DELIMITERS = ":^~"
"""Separators that are considered where none of the usual ones splits the lines."""

WHOLE_CELLS = 200_000
"""Places of a file that are held at once; a longer file is looked through in parts of this size."""


_NAMED = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)


def sniff(sample: str) -> str:
    """Give the separator that splits most lines of a sample into the same number of fields, more than one."""
    best, delimiter = (0.0, 0), ","
    lines = [line for line in sample.splitlines() if line.strip()][:200]
    for candidate in DELIMITERS:
        counts = Counter(len(row) for row in csv.reader(lines, delimiter=candidate) if row)
        fields, times = max(counts.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]), default=(1, 0))
        # a decimal comma splits as evenly as a separator; the other one then gives the header its names
        score = (round(times / max(1, len(lines)), 1) if fields > 1 else 0.0, fields)
        if score > best and not (delimiter == ";" and candidate == "," and best[0] >= 0.9):
            best, delimiter = score, candidate
    if best[0] < 0.5:
        # an unusual one must split nearly all lines, since colons stand in times and titles as well
        for candidate in ODD_DELIMITERS:
            fields, times = max(Counter(line.count(candidate) + 1 for line in lines).items(), key=lambda item: item[1], default=(1, 0))
            if fields > 2 and times >= 0.9 * len(lines):
                return candidate
    if delimiter == "," and lines and ";" in lines[0] and lines[0].count(";") >= lines[0].count(","):
        delimiter = ";"
    return delimiter


def scan(file: FileContent, report: Report) -> None:
    """Check a delimited file; memory is bounded, however long it is."""
    with file.open() as stream, text_stream(stream) as text:
        sample = text.read(65_536)
        text.seek(0)
        # a line that is cut off would be a row of its own
        whole = sample if len(sample) < 65_536 else sample[: sample.rfind("\n") + 1] or sample
        named = _NAMED.match(whole)
        if named:
            # a spreadsheet's own note of the separator, no row of the table; an empty one takes its place, so that rows keep their numbers
            text.seek(0)
            text.readline()
        delimiter = named[1] if named else sniff(whole)
        reader = csv.reader(bounded_lines(text), delimiter=delimiter)
        title = file.name.rsplit(".", 1)[0]
        parts = _parts(itertools.chain([[]] if named else [], reader))
        first = next(parts, [])
        sheet = Sheet(first, title=title, decryption=file.type == "csv")
        check_sheet(sheet, report)
        formulas.check_cells(sheet, report)
        if any(_holds_rows(cell, delimiter) for row in first for cell in row):
            _swallowed(report)
        if whole.lstrip()[:1] in ("{", "[", "("):
            literals.check(whole, "json", report)
        header = next((row for row in first if row), [])
        for part in parts:
            if not report.has(Rule.UNREADABLE):
                _too_long(report)
            further = Sheet([header, *part], title=title, decryption=file.type == "csv")
            check_part(further, report)
            formulas.check_cells(further, report)
    identifiers.check_name(file.name, report)


def _parts(reader: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    part: list[list[str]] = []
    places = 0
    for row in reader:
        part.append(row)
        places += len(row) + 1
        if places >= WHOLE_CELLS:
            yield part
            part, places = [], 0
    if part:
        yield part


def _holds_rows(cell: str, delimiter: str) -> bool:
    """Tell whether a cell of several lines holds what looks like rows of the table, as after a quotation mark that is never closed."""
    return "\n" in cell and sum(delimiter in line and any(map(str.isdigit, line)) for line in cell.splitlines()) > 1


def _swallowed(report: Report) -> None:
    text = Text(
        en="A quotation mark is not closed: one cell holds whole rows, and other programs may read them as a table.",
        nl="Een aanhalingsteken wordt niet gesloten: één cel bevat hele rijen, en andere programma's lezen die misschien als tabel.",
    )
    remedy = Text(en="Write the file again, with its quotation marks in pairs.", nl="Schrijf het bestand opnieuw, met aanhalingstekens in paren.")
    report.add(Rule.UNREADABLE, Status.REVIEW, text, remedy)


def _too_long(report: Report) -> None:
    text = Text(
        en=f"More than {WHOLE_CELLS} cells: the file was looked through in parts, so that totals over all of it were not compared.",
        nl=f"Meer dan {WHOLE_CELLS} cellen: het bestand is in delen bekeken, zodat totalen over het geheel niet zijn vergeleken.",
    )
    remedy = Text(en="Export smaller tables.", nl="Voer kleinere tabellen uit.")
    report.add(Rule.UNREADABLE, Status.REVIEW, text, remedy)
