"""Excel workbooks: the cells of every sheet, and what a reader of the sheets does not see."""

from __future__ import annotations

import posixpath
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from xml.etree.ElementTree import Element, iterparse

import openpyxl

from ...domain.files import FileContent
from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from . import identifiers
from .delimited import WHOLE_CELLS
from .grids import check_part, check_sheet
from .report import REMOVE_COLUMN, Report
from .sheet import Sheet

MAX_UNPACKED = 256 * 2**20
"""Bytes a workbook may unpack to."""

MAX_PARTS = 5_000

_PARTS: tuple[tuple[re.Pattern[str], Status, str, str], ...] = tuple(
    (re.compile(pattern), status, en, nl)
    for pattern, status, en, nl in (
        (r"^xl/pivotCache/", Status.UNSAFE, "the data behind a pivot table", "de gegevens achter een draaitabel"),
        (r"^xl/externalLinks/", Status.UNSAFE, "values of another workbook", "waarden uit een andere werkmap"),
        (r"^xl/embeddings/|^xl/activeX/", Status.UNSAFE, "an embedded object", "een ingesloten object"),
        (r"^xl/vbaProject", Status.UNSAFE, "macros", "macro's"),
        (r"^xl/model/|^xl/connections\.xml$|^xl/queryTables/", Status.UNSAFE, "a data model or connection", "een gegevensmodel of verbinding"),
        (r"^xl/(?:threadedComments?/|comments)", Status.REVIEW, "comments", "opmerkingen"),
        (r"^xl/charts?/", Status.REVIEW, "charts with copies of their numbers", "grafieken met kopieën van hun getallen"),
        (r"^xl/media/", Status.REVIEW, "pictures", "afbeeldingen"),
        (r"^customXml/", Status.REVIEW, "custom data", "eigen gegevens"),
    )
)
_LOOK = Text(
    en="Remove it, or write the table again with to_xlsx, which writes values only.",
    nl="Verwijder het, of schrijf de tabel opnieuw met to_xlsx, dat alleen waarden schrijft.",
)


def scan(file: FileContent, report: Report) -> None:
    """Check a workbook.

    Raises
    ------
    ValueError
        When it unpacks to more than :data:`MAX_UNPACKED` bytes or has too many parts.
    """
    with file.open() as stream:
        with zipfile.ZipFile(stream) as package:
            _bound(package)
            _hidden_content(package, report)
        stream.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of extensions it does not read; those parts are listed above
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            try:
                title = file.name.rsplit(".", 1)[0]
                for page in book.worksheets:
                    _check_page(page, title, report)
            finally:
                book.close()
    identifiers.check_name(file.name, report)


def _bound(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise ValueError("workbook unpacks to too much")


def _check_page(page: openpyxl.worksheet._read_only.ReadOnlyWorksheet, title: str, report: Report) -> None:
    if page.sheet_state != "visible":
        _hidden(report, Status.UNSAFE, f"sheet ‘{page.title}’ is hidden", f"blad ‘{page.title}’ is verborgen", Where(sheet=page.title))
    identifiers.check_name(page.title, report, Where(sheet=page.title))
    # the size a workbook claims for itself is not to be trusted, neither too small nor a million empty rows
    page.reset_dimensions()
    header: list[str] = []
    for at, part in enumerate(_parts(page)):
        if at == 0:
            header = part[0] if part else []
            check_sheet(Sheet(part, name=page.title, title=title), report)
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


def _hidden(report: Report, status: Status, en: str, nl: str, where: Where | None = None) -> None:
    text = Text(en=f"The workbook holds what is not seen at once: {en}.", nl=f"De werkmap bevat wat niet meteen te zien is: {nl}.")
    report.add(Rule.HIDDEN_CONTENT, status, text, _LOOK, where)


def _hidden_content(package: zipfile.ZipFile, report: Report) -> None:
    names = package.namelist()
    for pattern, status, en, nl in _PARTS:
        if any(pattern.search(name) for name in names):
            _hidden(report, status, en, nl)
    sheets = _sheet_names(package)
    for name in names:
        if re.match(r"^xl/worksheets/[^/]+\.xml$", name):
            _hidden_in_sheet(package, name, sheets.get(name), report)
        elif re.match(r"^xl/(?:threadedComments?/.*|comments[^/]*)\.xml$|^xl/comments/", name) or re.match(r"^xl/pivotCache/.*\.xml$", name):
            _words_in_part(package, name, report)
    if "xl/workbook.xml" in names:
        defined = [e.get("name", "") for e in _elements(package, "xl/workbook.xml", "definedName") if not e.get("name", "").startswith("_xlnm.")]
        if defined:
            listed = ", ".join(defined[:10])
            _hidden(report, Status.REVIEW, f"defined names ({listed})", f"gedefinieerde namen ({listed})")
    _properties(package, report)


def _hidden_in_sheet(package: zipfile.ZipFile, part: str, sheet: str | None, report: Report) -> None:
    rows = columns = formulas = 0
    first = Where(sheet=sheet)
    for element in _elements(package, part, "row", "col", "f"):
        tag = element.tag.rsplit("}", 1)[-1]
        off = element.get("hidden") in ("1", "true") or element.get("ht") == "0" or element.get("width") == "0"
        if tag == "row" and off:
            rows += 1
            number = element.get("r", "")
            first = Where(sheet=sheet, row=int(number)) if number.isdigit() and first.row is None else first
        elif tag == "col" and off:
            columns += 1
        elif tag == "f":
            formulas += 1
    if rows:
        _hidden(report, Status.UNSAFE, f"{rows} hidden rows", f"{rows} verborgen rijen", first)
    if columns:
        _hidden(report, Status.UNSAFE, "hidden columns", "verborgen kolommen", Where(sheet=sheet))
    if formulas:
        _hidden(report, Status.REVIEW, f"{formulas} formulas", f"{formulas} formules", Where(sheet=sheet))


def _elements(package: zipfile.ZipFile, part: str, *tags: str) -> Iterator[Element]:
    with package.open(part) as stream:
        for _, element in iterparse(stream):  # noqa: S314 - see the import
            if element.tag.rsplit("}", 1)[-1] in tags:
                yield element
            if element.tag.rsplit("}", 1)[-1] in ("row", "sheetData"):
                element.clear()


def _sheet_names(package: zipfile.ZipFile) -> dict[str, str]:
    """Give the name of the sheet for each part that holds one."""
    names = package.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return {}
    targets = {e.get("Id"): e.get("Target", "") for e in _elements(package, "xl/_rels/workbook.xml.rels", "Relationship")}
    sheets = {}
    for element in _elements(package, "xl/workbook.xml", "sheet"):
        key = next((value for name, value in element.attrib.items() if name.rsplit("}", 1)[-1] == "id"), None)
        target = targets.get(key, "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        sheets[path] = element.get("name", "")
    return sheets


def _words_in_part(package: zipfile.ZipFile, part: str, report: Report) -> None:
    texts: list[str] = []
    with package.open(part) as stream:
        for _, element in iterparse(stream):  # noqa: S314 - see the import
            texts += (element.text or "").split()
            texts += [value for name, value in element.attrib.items() if name in ("v", "name")]
    people, codes = identifiers.keys_in_tokens([text.strip(".,;:()'\"") for text in texts])
    if people or codes or any(report.context.is_identifier(text) for text in texts):
        text = Text(en="Hidden content holds keys of persons or institutions.", nl="Verborgen inhoud bevat sleutels van personen of instellingen.")
        report.add(Rule.IDENTIFIER, Status.UNSAFE, text, REMOVE_COLUMN)


def _properties(package: zipfile.ZipFile, report: Report) -> None:
    if "docProps/core.xml" not in package.namelist():
        return
    benign = {"", "openpyxl", "xlsxwriter", "pandas", "jupyter_cbs"}
    people = {(e.text or "").strip() for e in _elements(package, "docProps/core.xml", "creator", "lastModifiedBy")}
    people = {name for name in people if name.lower() not in benign}
    if people:
        listed = ", ".join(sorted(people))[:200]
        text = Text(en=f"The properties name {listed}.", nl=f"De eigenschappen noemen {listed}.")
        remedy = Text(en="Remove them if they should not be known outside.", nl="Verwijder ze als ze buiten niet bekend mogen zijn.")
        report.add(Rule.METADATA, Status.REVIEW, text, remedy)
