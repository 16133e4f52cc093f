"""All checks on one sheet, in their order: evidence, keys, microdata, counts."""

from __future__ import annotations

from ...domain.finding import Rule
from . import contacts, frequencies, identifiers, microdata, opaque, recognised, records, reshaped, templates, verified
from .report import Report
from .sheet import Block, Sheet

MARKS = ",;\t|"
LEAST_LINES = 3
"""Lines of a cell that may be a table."""


LONG_CELL = 60
"""Characters of a cell that is a text rather than a field."""


def count_cells(sheet: Sheet) -> int:
    """Count the cells that hold something, headers included."""
    return sum(bool(cell.strip()) for row in sheet.rows for cell in row)


def check_sheet(sheet: Sheet, report: Report) -> None:
    """Check one sheet and count its tables and cells."""
    report.cells += count_cells(sheet)
    _judge(sheet, report)


def _judge(sheet: Sheet, report: Report) -> None:
    opaque.check_cells(sheet, report)
    identifiers.check_words(sheet, report)
    known = verified.check(sheet, report)
    if not known and recognised.check(sheet, report):
        return
    for block in sheet.blocks():
        report.tables += 1
        identifiers.check_columns(block, report)
        contacts.check_columns(block, report)
        if known or verified.check_block(block, report):
            continue
        if sheet.lines is not None and records.is_list(block):
            frequencies.check(block, report)
            continue
        if microdata.check(block, report):
            continue
        if records.is_roster(block):
            microdata.tell(block, report)
            continue
        if reshaped.check(block, report) or templates.check_labels(block, report):
            continue
        frequencies.check(block, report)
    if sheet.lines is None:
        _check_within(sheet, report)
        _check_long(sheet, report)
    if not known and sheet.lines is None and _is_unsplit(sheet):
        # nothing separates the fields that separates them in this kind of file: each row is a line of text
        records.check_lines([",".join(row) for row in sheet.rows], report, spaced=True)


def _is_unsplit(sheet: Sheet) -> bool:
    """Tell whether most rows are one cell that is long enough to hold several."""
    filled = [row for row in sheet.rows if any(cell.strip() for cell in row)]
    alone = sum(sum(bool(cell.strip()) for cell in row) == 1 and len(max(row, key=len)) > 5 for row in filled)
    return bool(filled) and alone >= 0.5 * len(filled)


def _check_within(sheet: Sheet, report: Report) -> None:
    """Check tables that are written in one cell of a sheet, a line for each row."""
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if cell.count("\n") >= LEAST_LINES:
                mark = max(MARKS, key=cell.count)
                lines = [line.split(mark) for line in cell.splitlines()]
                at = sheet.where(row, column)
                _judge(Sheet(lines, name=sheet.name, title=sheet.title, lines=[at.row or 1] * len(lines)), report)


def _check_long(sheet: Sheet, report: Report) -> None:
    """Look for addresses and records in long cells, as in the lines of a text."""
    lines = [" ".join(cell for cell in cells if len(cell) > LONG_CELL) for cells in sheet.rows]
    if any(lines):
        contacts.check_lines(lines, report)
        records.check_folded(lines, report)


def check_part(sheet: Sheet, report: Report) -> None:
    """Check a further part of a sheet that is too long to hold; its first row is the header of the whole and was counted with the first part."""
    report.cells += count_cells(sheet) - sum(bool(cell.strip()) for cell in sheet.rows[0])
    block = Block(sheet, 0, len(sheet.rows), (sheet.name or "", sheet.title))
    identifiers.check_columns(block, report)
    contacts.check_columns(block, report)
    if report.has(Rule.MICRODATA):
        return
    if not microdata.check(block, report):
        frequencies.check(block, report)
