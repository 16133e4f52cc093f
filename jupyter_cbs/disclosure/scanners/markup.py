"""Pages and vector drawings: the text and tables one sees, and what a browser does not show."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from ...domain.files import FileContent
from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from . import identifiers
from .grids import check_sheet
from .prose import check_text, read
from .report import Report
from .sheet import Sheet

MAX_SPAN = 1_000
"""Most columns one cell of a page may claim to span."""

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"})
_BREAKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "ul", "ol", "text", "title", "hr", "option"})
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?(?:[;\s]|$)|font-size\s*:\s*0", re.IGNORECASE)
_DATA_ATTRIBUTE = re.compile(r"^data-(?!bs-|toggle|target|role|type|theme|id$|testid)")
_CLEAN = Text(
    en="Deliver the tables as csv and the text as txt, without what is not shown.",
    nl="Lever de tabellen als csv en de tekst als txt, zonder wat niet te zien is.",
)
_VECTOR = Text(
    en="A vector drawing carries the data of every point it shows.",
    nl="Een vectortekening bevat de gegevens van elk punt dat zij laat zien.",
)
_AS_PNG = Text(
    en="Deliver the figure as png, with the numbers behind it as csv.",
    nl="Lever de figuur als png, met de getallen erachter als csv.",
)


class _Page(HTMLParser):
    """Sorts what stands in a page into text, tables, and what is not seen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.tables: list[list[list[str]]] = []
        self.hidden: list[tuple[int, str, str]] = []
        """Line, kind and content of what is not shown."""
        self.pictures: list[int] = []
        self._open: list[tuple[str, bool]] = []
        self._cells: list[list[list[str]]] = []
        self._cell: str | None = None
        self._span = 1

    def _is_hidden(self) -> bool:
        return any(hidden for _, hidden in self._open)

    def _script(self) -> str | None:
        return next((tag for tag, _ in reversed(self._open) if tag in ("script", "style", "template", "metadata")), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0]
        values = {name: value or "" for name, value in attrs}
        if tag in _BREAKS:
            self._break()
        unseen = "hidden" in values or bool(_UNSEEN.search(values.get("style", ""))) or (tag == "input" and values.get("type") == "hidden")
        unseen = unseen or values.get("display") == "none" or values.get("visibility") == "hidden"
        for name, value in values.items():
            if (_DATA_ATTRIBUTE.match(name) or name == "alt") and len(value) > 1:
                self.hidden.append((line, "attribute", value))
            elif name in ("src", "href", "xlink:href") and value.startswith("data:"):
                self.pictures.append(line)
        if tag == "input" and values.get("value"):
            self.hidden.append((line, "attribute", values["value"]))
        if tag in ("table", "tr", "td", "th"):
            self._finish_cell()
        if tag == "table":
            self._cells.append([])
        elif tag == "tr" and self._cells:
            self._cells[-1].append([])
        elif tag in ("td", "th") and self._cells:
            self._cell = ""
            span = values.get("colspan", "1")
            self._span = min(int(span), MAX_SPAN) if span.isdigit() else 1
        if tag not in _VOID:
            self._open.append((tag, unseen))

    def handle_endtag(self, tag: str) -> None:
        at = next((i for i in range(len(self._open) - 1, -1, -1) if self._open[i][0] == tag), None)
        if at is not None:
            del self._open[at:]
        if tag in ("td", "th", "tr", "table"):
            self._finish_cell()
        if tag == "table" and self._cells:
            rows = [row for row in self._cells.pop() if row]
            if rows:
                self.tables.append(rows)
        if tag in _BREAKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if not data.strip():
            if "\n" in data and any(tag == "pre" for tag, _ in self._open):
                self._break()
            return
        script = self._script()
        if script is not None:
            self.hidden.append((self.getpos()[0], script, data))
        elif self._is_hidden():
            self.hidden.append((self.getpos()[0], "element", data))
            if self._cell is not None:
                self._cell += data
        elif self._cell is not None:
            self._cell += data
        else:
            first, *more = data.splitlines() or [""]
            self.lines[-1] += first
            self.lines += more

    def handle_comment(self, data: str) -> None:
        if data.strip() and not data.strip().startswith("[if"):
            self.hidden.append((self.getpos()[0], "comment", data))

    def finish(self) -> None:
        """End what was never closed."""
        self._finish_cell()
        self.tables += [rows for table in self._cells if (rows := [row for row in table if row])]

    def _finish_cell(self) -> None:
        if self._cell is not None and self._cells:
            if not self._cells[-1]:
                self._cells[-1].append([])
            self._cells[-1][-1] += [" ".join(self._cell.split())] + [""] * (self._span - 1)
        self._cell, self._span = None, 1

    def _break(self) -> None:
        if self.lines[-1]:
            self.lines.append("")


_KINDS = {
    "attribute": Text(en="values in attributes", nl="waarden in attributen"),
    "script": Text(en="a script, which may hold the data it draws", nl="een script, dat de gegevens kan bevatten die het tekent"),
    "template": Text(en="a template", nl="een sjabloon"),
    "metadata": Text(en="metadata", nl="metagegevens"),
    "element": Text(en="elements that are not shown", nl="elementen die niet worden getoond"),
    "comment": Text(en="comments", nl="opmerkingen"),
}


def scan(file: FileContent, report: Report) -> None:
    """Check a page or vector drawing."""
    content = read(file, report)
    page = _Page()
    page.feed(content)
    page.close()
    page.finish()
    check_text(page.lines, report)
    title = file.name.rsplit(".", 1)[0]
    for number, rows in enumerate(page.tables, 1):
        check_sheet(Sheet(rows, name=None if len(page.tables) == 1 else f"{number}", title=title), report)
    for line in page.pictures[:1]:
        text = Text(en="A picture is written into the page.", nl="Er staat een afbeelding in de pagina geschreven.")
        report.add(Rule.HIDDEN_CONTENT, Status.UNSAFE, text, _AS_PNG, Where(line=line))
    for kind in dict.fromkeys(kind for _, kind, _ in page.hidden if kind in _KINDS):
        parts = [(line, text) for line, other, text in page.hidden if other == kind]
        what = _KINDS[kind]
        # scripts and what is switched off are data nobody sees; comments and attributes are words until keys or tables are found in them
        status = Status.UNSAFE if kind in ("element", "template") else Status.REVIEW
        if kind != "attribute" or sum(len(text) for _, text in parts) > 200:
            text = Text(en=f"The page holds what is not seen: {what.en}.", nl=f"De pagina bevat wat niet te zien is: {what.nl}.")
            report.add(Rule.HIDDEN_CONTENT, status, text, _CLEAN, Where(line=parts[0][0]))
        joined = [part for _, text in parts for part in text.splitlines()]
        check_text(joined, report, parts[0][0])
    if file.type == "svg" or "<svg" in content[:1_000_000].lower():
        report.add(Rule.UNIT_VALUES, Status.REVIEW, _VECTOR, _AS_PNG)
    identifiers.check_name(file.name, report)
