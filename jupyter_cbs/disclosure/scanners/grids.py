"""All checks on one sheet, in their order: evidence, keys, microdata, counts."""

from __future__ import annotations

from . import frequencies, identifiers, microdata, verified
from .report import Report
from .sheet import Block, Sheet


def count_cells(sheet: Sheet) -> int:
    """Count the cells that hold something, headers included."""
    return sum(bool(cell.strip()) for row in sheet.rows for cell in row)


def check_sheet(sheet: Sheet, report: Report) -> None:
    """Check one sheet and count its tables and cells."""
    report.cells += count_cells(sheet)
    known = verified.check(sheet, report)
    for block in sheet.blocks():
        report.tables += 1
        identifiers.check_columns(block, report)
        if not known and not microdata.check(block, report):
            frequencies.check(block, report)


def check_part(sheet: Sheet, report: Report) -> None:
    """Check a further part of a sheet that is too long to hold: keys only, the rest was told from the first part."""
    report.cells += count_cells(sheet)
    identifiers.check_columns(Block(sheet, 0, len(sheet.rows)), report)
