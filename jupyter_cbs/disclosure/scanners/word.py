"""Word documents (docx): their text and tables, and what a reader does not see.

Source of the parts and elements: ECMA-376 part 1 (Office Open XML), WordprocessingML.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...domain.files import FileContent
from ...domain.finding import Rule, Status
from ...domain.text import Text
from . import identifiers, word_styles
from .grids import check_sheet
from .package import events
from .prose import check_text
from .report import Report
from .sheet import Sheet
from .unreadable import TOO_MUCH, Unreadable
from .word_styles import Look, Styles

MAX_UNPACKED = 64 * 2**20
"""Bytes a document may unpack to."""

MAX_PARTS = 5_000
MAX_SPAN = 1_000
"""Most columns one cell may claim to span."""

_TEXTS = re.compile(r"^word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml$")
_PARTS: tuple[tuple[re.Pattern[str], Status, str, str], ...] = tuple(
    (re.compile(pattern), status, en, nl)
    for pattern, status, en, nl in (
        (r"^word/(?:embeddings|activeX)/", Status.UNSAFE, "an embedded object", "een ingesloten object"),
        (r"^word/charts/", Status.UNSAFE, "charts with copies of their numbers", "grafieken met kopieën van hun getallen"),
        (r"^word/comments", Status.REVIEW, "notes in the margin", "notities in de kantlijn"),
        (r"^word/media/|^docProps/thumbnail", Status.REVIEW, "pictures", "afbeeldingen"),
        (r"^word/diagrams/", Status.REVIEW, "drawings", "tekeningen"),
        (r"^customXml/|^docProps/custom\.xml$", Status.REVIEW, "custom data", "eigen gegevens"),
        (r"^word/afchunk|\.(?:bin|mht|rtf|html?)$", Status.UNSAFE, "another document", "een ander document"),
    )
)  # fmt: skip
_UNSEEN = {
    "hidden": ("hidden text", "verborgen tekst"),
    "tiny": ("letters too small to read", "onleesbaar kleine letters"),
    "white": ("text in the colour of its background", "tekst in de kleur van de achtergrond"),
    "deleted": ("deleted text that is still there", "verwijderde tekst die er nog staat"),
}
_AS_TXT = Text(en="Deliver the text as txt and its tables as csv.", nl="Lever de tekst als txt en de tabellen als csv.")


@dataclass
class _Table:
    """A table that is being read; what stands in the cell that is open is ``cell``."""

    rows: list[list[str]] = field(default_factory=list)
    cell: list[str] = field(default_factory=list)
    span: int = 1
    style: str = ""
    look: Look = field(default_factory=Look)
    """Of the cell that is open."""


@dataclass
class _Written:
    """A paragraph or a run that is being read: its style, and what it says itself of how it looks."""

    tag: str
    style: str = ""
    look: Look = field(default_factory=Look)


@dataclass
class _Part:
    """What was read of one part of the document."""

    lines: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)


def scan(file: FileContent, report: Report) -> None:
    """Check a Word document; how it looks cannot be told, so pictures in it are always for review.

    Raises
    ------
    Unreadable
        When it unpacks to more than :data:`MAX_UNPACKED` bytes or has too many parts.
    """
    with file.open() as stream, zipfile.ZipFile(stream) as package:
        parts = package.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise Unreadable(TOO_MUCH)
        names = package.namelist()
        for pattern, status, en, nl in _PARTS:
            if any(pattern.search(name) for name in names):
                _hidden(report, status, en, nl)
        tables = 0
        unseen: set[str] = set()
        styles = word_styles.read(events(package, "word/styles.xml")) if "word/styles.xml" in names else Styles()
        for name in names:
            if _TEXTS.match(name):
                part = _read(package, name, styles)
                unseen |= part.unseen
                check_text(part.lines, report)
                for rows in part.tables:
                    tables += 1
                    check_sheet(Sheet(rows, name=f"{tables}", title=file.name.rsplit(".", 1)[0]), report)
            elif name.endswith(".xml") and name.startswith(("customXml/", "docProps/", "word/charts/", "word/diagrams/")):
                check_text([text for _, text in _texts(package, name)], report)
        for kind in sorted(unseen):
            # a table's style may give some of its rows a dark background
            _hidden(report, Status.REVIEW if kind == "white" else Status.UNSAFE, *_UNSEEN[kind])
        _about(package, report)
    identifiers.check_name(file.name, report)


def _hidden(report: Report, status: Status, en: str, nl: str) -> None:
    text = Text(en=f"The document holds what is not seen at once: {en}.", nl=f"Het document bevat wat niet meteen te zien is: {nl}.")
    report.add(Rule.HIDDEN_CONTENT, status, text, _AS_TXT)


def _texts(package: zipfile.ZipFile, name: str) -> Iterator[tuple[str, str]]:
    for event, tag, element in events(package, name):
        if event == "end" and element.text and element.text.strip():
            yield tag, element.text


def _read(package: zipfile.ZipFile, name: str, styles: Styles) -> _Part:
    """Read text and tables of a part, also what is not seen of them."""
    part = _Part()
    open_tables: list[_Table] = []
    line: list[str] = []
    written: list[_Written] = []  # a paragraph in a text box stands within a run of another
    within: list[str] = []
    for event, tag, element in events(package, name):
        if event == "start":
            within.append(tag)
            if tag == "tbl":
                open_tables.append(_Table())
            elif tag == "tr" and open_tables:
                open_tables[-1].rows.append([])
            elif tag == "tc" and open_tables:
                open_tables[-1].cell, open_tables[-1].span, open_tables[-1].look = [], 1, Look()
            elif tag in ("p", "r"):
                written.append(_Written(tag))
            continue
        within.pop()
        if tag in word_styles.PROPERTIES:
            # what a paragraph says of its mark does not hold for its text
            if "tcPr" in within and open_tables:
                open_tables[-1].look = word_styles.said(tag, element).over(open_tables[-1].look)
            elif written and (written[-1].tag == "r" or "rPr" not in within):
                written[-1].look = word_styles.said(tag, element).over(written[-1].look)
        elif tag in ("pStyle", "rStyle") and written:
            written[-1].style = word_styles.attribute(element, "val")
        elif tag == "tblStyle" and open_tables:
            open_tables[-1].style = word_styles.attribute(element, "val")
        elif tag == "gridSpan" and open_tables and (span := word_styles.attribute(element, "val")).isdecimal():
            open_tables[-1].span = min(int(span), MAX_SPAN)
        elif tag in ("t", "delText", "instrText"):
            text = element.text or ""
            line.append(text)
            if text.strip():
                part.unseen |= set(_look(written, open_tables, styles).unseen()) | ({"deleted"} if tag == "delText" else set())
        elif tag == "r" and written:
            written.pop()
        elif tag == "tab":
            line.append("\t")
        elif tag in ("br", "cr"):
            line.append("\n")
        elif tag == "p":
            if written:
                written.pop()
            words = "".join(line)
            line = []
            if open_tables:
                open_tables[-1].cell.append(words)
            else:
                part.lines += words.splitlines() or [""]
        elif tag == "tc" and open_tables and open_tables[-1].rows:
            table = open_tables[-1]
            table.rows[-1] += [" ".join(" ".join(table.cell).split()), *[""] * (table.span - 1)]
        elif tag == "tbl" and open_tables:
            part.tables.append(open_tables.pop().rows)
    return part


def _look(written: list[_Written], tables: list[_Table], styles: Styles) -> Look:
    """Give how the text looks that stands in what is open."""
    run = next((one for one in reversed(written) if one.tag == "r"), _Written("r"))
    paragraph = next((one for one in reversed(written) if one.tag == "p"), _Written("p"))
    around = paragraph.look.over(tables[-1].look) if tables else paragraph.look
    return styles.text(tables[-1].style if tables else "", paragraph.style, run.style, run.look, around)


def _about(package: zipfile.ZipFile, report: Report) -> None:
    if "docProps/core.xml" not in package.namelist():
        return
    found = {tag for tag, _ in _texts(package, "docProps/core.xml")} & {"creator", "lastModifiedBy", "title", "subject", "keywords", "description"}
    if found:
        named = ", ".join(sorted(found))
        text = Text(en=f"The properties of the document say: {named}.", nl=f"De eigenschappen van het document noemen: {named}.")
        remedy = Text(en="Remove them if they should not be known outside.", nl="Verwijder ze als ze buiten niet bekend mogen zijn.")
        report.add(Rule.METADATA, Status.REVIEW, text, remedy)
