"""Excel workbooks: the cells of every sheet, and what a reader of the sheets does not see."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time

import openpyxl

from ...domain.files import FileContent
from ...domain.finding import Status, Where
from . import identifiers, reshaped, workbook_parts
from .delimited import WHOLE_CELLS
from .grids import check_part, check_sheet
from .report import Report
from .sheet import Sheet
from .unreadable import TOO_MUCH, Unreadable

MAX_UNPACKED = 256 * 2**20
"""Bytes a workbook may unpack to."""

MAX_PARTS = 5_000


def scan(file: FileContent, report: Report) -> None:
    """Check a workbook.

    Raises
    ------
    Unreadable
        When it unpacks to more than :data:`MAX_UNPACKED` bytes or has too many parts.
    """
    with file.open() as stream:
        with zipfile.ZipFile(stream) as package:
            _bound(package)
            workbook_parts.check(package, report)
        stream.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of extensions it does not read; those parts are listed above
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                title = file.name.rsplit(".", 1)[0]
                units = reshaped.Sheets()
                for page in book.worksheets:
                    _check_page(page, title, report, units)
                units.check(report)
            finally:
                book.close()
    identifiers.check_name(file.name, report)


def _bound(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise Unreadable(TOO_MUCH)


def _check_page(page: openpyxl.worksheet._read_only.ReadOnlyWorksheet, title: str, report: Report, units: reshaped.Sheets) -> None:
    if page.sheet_state != "visible":
        workbook_parts.hidden(report, Status.UNSAFE, f"sheet ‘{page.title}’ is hidden", f"blad ‘{page.title}’ is verborgen", Where(sheet=page.title))
    identifiers.check_name(page.title, report, Where(sheet=page.title))
    # the size a workbook claims for itself is not to be trusted, neither too small nor a million empty rows
    page.reset_dimensions()
    header: list[str] = []
    for at, part in enumerate(_parts(page)):
        if at == 0:
            header = part[0] if part else []
            sheet = Sheet(part, name=page.title, title=title)
            check_sheet(sheet, report)
            units.add(sheet)
        else:
            check_part(Sheet([header, *part], name=page.title, title=title), report)


def _parts(page: openpyxl.worksheet._read_only.ReadOnlyWorksheet) -> Iterator[list[list[str]]]:
    part: list[list[str]] = []
    places = 0
    for row in page.iter_rows(values_only=True):
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        part.append(cells)
        places += len(cells) + 1
        if places >= WHOLE_CELLS:
            yield part
            part, places = [], 0
    while part and not part[-1]:
        part.pop()
    yield part


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime) and value.time() == time(0):
        return value.date().isoformat()
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value)
