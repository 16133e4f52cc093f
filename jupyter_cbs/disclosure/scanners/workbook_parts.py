"""What a workbook holds beside the cells one sees: read from its parts, since no library shows all of it."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from . import formulas, identifiers
from .package import elements, events, local
from .prose import check_text
from .report import REMOVE_COLUMN, Report

MAX_WORDS = 5_000_000
"""Characters of one part whose words are looked at."""

_PARTS: tuple[tuple[re.Pattern[str], Status, str, str], ...] = tuple(
    (re.compile(pattern), status, en, nl)
    for pattern, status, en, nl in (
        (r"^xl/pivotCache/", Status.UNSAFE, "the data behind a pivot table", "de gegevens achter een draaitabel"),
        (r"^xl/externalLinks/", Status.UNSAFE, "values of another workbook", "waarden uit een andere werkmap"),
        (r"^xl/embeddings/|^xl/activeX/|^xl/ctrlProps/", Status.UNSAFE, "an embedded object", "een ingesloten object"),
        (
            r"^xl/model/|^xl/connections\.xml$|^xl/queryTables/|^xl/customData/",
            Status.UNSAFE,
            "a data model or connection",
            "een gegevensmodel of verbinding",
        ),
        (r"^xl/revisions/|^xl/userNames", Status.UNSAFE, "the history of its changes", "de geschiedenis van de wijzigingen"),
        (r"^xl/(?:macrosheets|dialogsheets)/", Status.UNSAFE, "a sheet of macros", "een blad met macro's"),
        (r"^xl/webextensions/|^customUI/|^xl/slicerCaches/|^xl/timelineCaches/", Status.REVIEW, "extensions or slicers", "uitbreidingen of slicers"),
        (r"^xl/(?:threadedComments?/|comments)", Status.REVIEW, "comments", "opmerkingen"),
        (r"^xl/charts?/|^xl/chartsheets/", Status.REVIEW, "charts with copies of their numbers", "grafieken met kopieën van hun getallen"),
        (r"^xl/media/|^docProps/thumbnail", Status.REVIEW, "pictures", "afbeeldingen"),
        (r"^xl/drawings/drawing[^/]*\.xml$|^xl/diagrams/", Status.REVIEW, "drawings or text boxes", "tekeningen of tekstvakken"),
        (r"^customXml/", Status.REVIEW, "custom data", "eigen gegevens"),
        (r"^docProps/custom\.xml$", Status.REVIEW, "properties of its own", "eigen eigenschappen"),
    )
)  # fmt: skip
_KNOWN = re.compile(
    r"^(?:\[Content_Types\]\.xml|_rels/|docProps/(?:app|core|custom)\.xml$|docProps/thumbnail|customXml/|customUI/|[^/]+/?$"
    r"|xl/(?:_rels/|workbook\.xml$|styles\.xml$|sharedStrings\.xml$|calcChain\.xml$|metadata\.xml$|theme/|worksheets/|tables/|pivotTables/|printerSettings/"
    r"|persons?/|drawings/|vbaProject|richData/|slicers/|timelines/|featurePropertyBag/|$))"
)
_WORDS = re.compile(
    r"^xl/(?:threadedComments?/.*|comments[^/]*|drawings/[^/]+|diagrams/.*|charts?/[^/]+|externalLinks/[^/]+|revisions/.*)\.xml$"
    r"|^xl/comments/|^xl/pivotCache/.*\.xml$|^customXml/[^/]+\.xml$|^docProps/(?:custom|app)\.xml$"
)
_LOOK = Text(
    en="Remove it, or write the table again with to_xlsx, which writes values only.",
    nl="Verwijder het, of schrijf de tabel opnieuw met to_xlsx, dat alleen waarden schrijft.",
)
_ACTING = (
    "formulas that read another workbook, or start, fetch or send something where it is opened",
    "formules die een andere werkmap lezen, of iets starten, ophalen of versturen waar het wordt geopend",
)
_INVISIBLE_FORMAT = re.compile(r"^(?:;;;?|\"\"|;+\"\")$")
_WHITE = frozenset({"FFFFFF"})
_WHITE_THEMES, _WHITE_INDEXES = frozenset({"0"}), frozenset({"1", "9"})
_OWN = frozenset({"", "openpyxl", "xlsxwriter", "pandas", "jupyter_cbs", "microsoft excel", "libreoffice", "microsoft macintosh excel", "calc"})


def hidden(report: Report, status: Status, en: str, nl: str, where: Where | None = None) -> None:
    """Report something a reader of the sheets does not see."""
    text = Text(en=f"The workbook holds what is not seen at once: {en}.", nl=f"De werkmap bevat wat niet meteen te zien is: {nl}.")
    report.add(Rule.HIDDEN_CONTENT, status, text, _LOOK, where)


def check(package: zipfile.ZipFile, report: Report) -> None:
    """Check all parts of a workbook but the values of its cells."""
    names = package.namelist()
    if any(name.startswith("xl/vbaProject") for name in names):
        text = Text(
            en="The workbook holds macros: programs are never released inside a table.",
            nl="De werkmap bevat macro's: programma's gaan nooit in een tabel mee.",
        )
        remedy = Text(en="Save it as .xlsx without macros.", nl="Bewaar het als .xlsx, zonder macro's.")
        report.add(Rule.REFUSED_FORMAT, Status.REFUSED, text, remedy)
    for pattern, status, en, nl in _PARTS:
        if any(pattern.search(name) for name in names):
            hidden(report, status, en, nl)
    odd = [name for name in names if not _KNOWN.match(name) and not any(pattern.search(name) for pattern, *_ in _PARTS)]
    if odd:
        listed = ", ".join(odd[:5])[:200]
        hidden(report, Status.REVIEW, f"parts that are no part of a workbook ({listed})", f"delen die niet bij een werkmap horen ({listed})")
    unseen, hiding = _invisible_styles(package), _hiding_differences(package)
    sheets = sheet_names(package)
    used: set[int] = set()
    for name in names:
        if re.match(r"^xl/(?:worksheets|macrosheets|dialogsheets)/[^/]+\.xml$", name):
            _sheet(package, name, sheets.get(name), unseen, used, report)
            if hiding and any(True for _ in elements(package, name, "conditionalFormatting")):
                en, nl = "a conditional format that makes values invisible", "een voorwaardelijke opmaak die waarden onzichtbaar maakt"
                hidden(report, Status.UNSAFE, en, nl, Where(sheet=sheets.get(name)))
        elif _WORDS.match(name):
            _words(package, name, report)
    _leftovers(package, used, report)
    _workbook(package, report)
    _styles(package, report)
    _properties(package, report)
    _targets(package, report)


def sheet_names(package: zipfile.ZipFile) -> dict[str, str]:
    """Give the name of the sheet for each part that holds one."""
    names = package.namelist()
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return {}
    targets = {e.get("Id"): e.get("Target", "") for e in elements(package, "xl/_rels/workbook.xml.rels", "Relationship")}
    sheets = {}
    for element in elements(package, "xl/workbook.xml", "sheet"):
        key = next((value for name, value in element.attrib.items() if local(name) == "id"), None)
        target = targets.get(key, "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        sheets[path] = element.get("name", "")
    return sheets


def _colour(element: Element | None) -> tuple[str, str] | None:
    """Give a colour as (kind, value); None for automatic."""
    if element is None or element.get("auto") == "1":
        return None
    for kind in ("rgb", "theme", "indexed"):
        value = element.get(kind)
        if value is not None:
            return kind, value[-6:].upper() if kind == "rgb" else value
    return None


def _is_white(colour: tuple[str, str] | None) -> bool:
    if colour is None:
        return False
    return colour[1] in {"rgb": _WHITE, "theme": _WHITE_THEMES, "indexed": _WHITE_INDEXES}[colour[0]]


def _child(element: Element | None, name: str) -> Element | None:
    return None if element is None else next((child for child in element if local(child.tag) == name), None)


def _invisible_styles(package: zipfile.ZipFile) -> frozenset[int]:
    """Give the styles that show nothing: text in the colour of what is behind it, or a number format that prints nothing."""
    if "xl/styles.xml" not in package.namelist():
        return frozenset()
    fonts: list[tuple[str, str] | None] = []
    fills: list[tuple[str, str] | None] = []
    formats: set[str] = set()
    unseen: set[int] = set()
    for element in elements(package, "xl/styles.xml", "fonts", "fills", "numFmts", "cellXfs"):
        match local(element.tag):
            case "fonts":
                fonts = [_colour(_child(font, "color")) for font in element]
            case "fills":
                patterns = [_child(fill, "patternFill") for fill in element]
                solid = [None if p is None or p.get("patternType") in (None, "none", "gray125") else p for p in patterns]
                fills = [_colour(_child(p, "fgColor")) for p in solid]
            case "numFmts":
                formats = {e.get("numFmtId", "") for e in element if _INVISIBLE_FORMAT.match(e.get("formatCode", "").replace(" ", ""))}
            case _:
                for at, style in enumerate(element):
                    font, fill = (int(style.get(name, "0")) for name in ("fontId", "fillId"))
                    text = fonts[font] if font < len(fonts) else None
                    behind = fills[fill] if fill < len(fills) else None
                    alike = text is not None and (text == behind or (_is_white(text) and (behind is None or _is_white(behind))))
                    if alike or style.get("numFmtId") in formats:
                        unseen.add(at)
    return frozenset(unseen)


def _hiding_differences(package: zipfile.ZipFile) -> bool:
    """Tell whether a conditional format can make a value invisible."""
    if "xl/styles.xml" not in package.namelist():
        return False
    for element in elements(package, "xl/styles.xml", "dxf"):
        number = _child(element, "numFmt")
        if _is_white(_colour(_child(_child(element, "font"), "color"))) and _child(element, "fill") is None:
            return True
        if number is not None and _INVISIBLE_FORMAT.match(number.get("formatCode", "").replace(" ", "")):
            return True
    return False


def _sheet(package: zipfile.ZipFile, part: str, sheet: str | None, unseen: frozenset[int], used: set[int], report: Report) -> None:
    rows = columns = calculated = invisible = lists = 0
    first: dict[str, Where] = {}
    here = Where(sheet=sheet)
    words: list[str] = []
    tags = (
        "row",
        "col",
        "c",
        "sheetFormatPr",
        "dataValidation",
        "cfRule",
        "oddHeader",
        "oddFooter",
        "evenHeader",
        "evenFooter",
        "firstHeader",
        "firstFooter",
    )
    for element in _cells(package, part, tags):
        tag = local(element.tag)
        off = element.get("hidden") in ("1", "true") or _is_zero(element.get("ht")) or _is_zero(element.get("width"))
        if tag == "row":
            if off:
                rows += 1
                number = element.get("r", "")
                first.setdefault("row", Where(sheet=sheet, row=int(number) if number.isdigit() else None))
        elif tag == "col":
            columns += off
        elif tag == "c":
            value, formula = _child(element, "v"), _child(element, "f")
            text = value.text if value is not None else None
            if element.get("t") == "s" and text and text.isdigit():
                used.add(int(text))
            if (text or _child(element, "is") is not None) and element.get("s", "0").isdigit() and int(element.get("s", "0")) in unseen:
                invisible += 1
                first.setdefault("invisible", Where(sheet=sheet, cell=element.get("r")))
            if formula is not None:
                calculated += 1
                first.setdefault("formula", Where(sheet=sheet, cell=element.get("r")))
                if formula.text and _acts(formula.text):
                    first.setdefault("acts", Where(sheet=sheet, cell=element.get("r")))
                if formula.text and len(words) < 50_000:
                    words.append(formula.text)
        elif tag == "sheetFormatPr":
            if element.get("zeroHeight") in ("1", "true"):
                hidden(
                    report, Status.UNSAFE, "all rows without a height of their own are hidden", "alle rijen zonder eigen hoogte zijn verborgen", here
                )
        elif tag == "hyperlink":
            words += [element.get(name, "") for name in ("tooltip", "display", "location")]
        elif tag in ("dataValidation", "cfRule"):
            words += [element.get(name, "") for name in ("prompt", "promptTitle", "error", "errorTitle")]
            for child in element:
                if local(child.tag).startswith("formula") and _acts(child.text or ""):
                    first.setdefault("acts", here)
                if local(child.tag).startswith("formula") and (child.text or "").startswith('"'):
                    lists += 1
                    words.append((child.text or "").strip('"').replace(",", " "))
        elif element.text and element.text.strip():
            words.append(element.text)
    if rows:
        hidden(report, Status.UNSAFE, f"{rows} hidden rows", f"{rows} verborgen rijen", first.get("row", here))
    if columns:
        hidden(report, Status.UNSAFE, "hidden columns", "verborgen kolommen", here)
    if invisible:
        en = f"{invisible} cells that cannot be seen (text in the colour of the background, or a format that shows nothing)"
        nl = f"{invisible} cellen die niet te zien zijn (tekst in de kleur van de achtergrond, of een notatie die niets toont)"
        hidden(report, Status.UNSAFE, en, nl, first["invisible"])
    if calculated:
        hidden(report, Status.REVIEW, f"{calculated} formulas", f"{calculated} formules", first["formula"])
    if "acts" in first:
        hidden(report, Status.UNSAFE, *_ACTING, first["acts"])
    if lists:
        hidden(report, Status.REVIEW, "lists to choose from behind cells", "keuzelijsten achter cellen", here)
    _keys(words, report, here)


def _cells(package: zipfile.ZipFile, part: str, tags: tuple[str, ...]) -> Iterator[Element]:
    """Give elements of a sheet; rows before the cells in them, and cells one by one."""
    for event, tag, element in events(package, part, set(tags) - {"row"}):
        if tag in tags and event == ("start" if tag == "row" else "end"):
            yield element


def _is_zero(text: str | None) -> bool:
    try:
        return text is not None and float(text) < 0.05
    except ValueError:
        return False


def _leftovers(package: zipfile.ZipFile, used: set[int], report: Report) -> None:
    """Texts no cell refers to any more: what was removed from the sheets but not from the file."""
    if "xl/sharedStrings.xml" not in package.namelist():
        return
    left: list[str] = []
    count = 0
    for at, element in enumerate(elements(package, "xl/sharedStrings.xml", "si")):
        if at not in used:
            text = "".join(child.text or "" for child in element.iter() if local(child.tag) == "t")
            if text.strip():
                count += 1
                if len(left) < 50_000:
                    left.append(text)
    if count:
        hidden(report, Status.REVIEW, f"{count} texts that stand in no cell any more", f"{count} teksten die in geen cel meer staan")
        _keys(left, report, Where())


def _workbook(package: zipfile.ZipFile, report: Report) -> None:
    if "xl/workbook.xml" not in package.namelist():
        return
    defined = []
    words = []
    acting = False
    for element in elements(package, "xl/workbook.xml", "definedName"):
        name = element.get("name", "")
        words.append(element.text or "")
        acting = acting or _acts(element.text or "")
        if not name.startswith("_xlnm.") or (element.get("hidden") == "1" and name != "_xlnm._FilterDatabase"):
            defined.append(name)
    if defined:
        listed = ", ".join(defined[:10])
        hidden(report, Status.REVIEW, f"defined names ({listed})", f"gedefinieerde namen ({listed})")
    if acting:
        hidden(report, Status.UNSAFE, *_ACTING)
    _keys([*defined, *words], report, Where())


def _styles(package: zipfile.ZipFile, report: Report) -> None:
    """Words in the names of styles and in formats of numbers, which print them beside a number."""
    if "xl/styles.xml" in package.namelist():
        found = elements(package, "xl/styles.xml", "numFmt", "cellStyle")
        _keys([element.get("formatCode") or element.get("name") or "" for element in found], report, Where())


def _acts(formula: str) -> bool:
    """Tell whether a formula of a workbook acts; functions that came later have a prefix in the file."""
    return formulas.acts(formula.replace("_xlfn.", "").replace("_xlws.", ""))


def _keys(texts: list[str], report: Report, where: Where) -> None:
    """Find keys in what is not seen."""
    tokens = [token for text in texts for token in re.findall(r"[0-9A-Za-z][0-9A-Za-z\-]*", text)]
    people, codes = identifiers.keys_in_tokens(tokens)
    if people or codes:
        text = Text(en="Hidden content holds keys of persons or institutions.", nl="Verborgen inhoud bevat sleutels van personen of instellingen.")
        report.add(Rule.IDENTIFIER, Status.UNSAFE, text, REMOVE_COLUMN, where)


def _words(package: zipfile.ZipFile, part: str, report: Report) -> None:
    lines: list[str] = []
    tokens: list[str] = []
    length = 0
    for event, _, element in events(package, part):
        if event == "start":
            continue
        own = [value for name, value in element.attrib.items() if name in ("v", "name")]
        for written in (element.text or "", *own):
            if written.strip():
                length += len(written)
                lines.append(written)
                tokens += written.split()
        if length > MAX_WORDS:
            raise ValueError("a part of the workbook is too long")
    people, codes = identifiers.keys_in_tokens([token.strip(".,;:()'\"") for token in tokens])
    if people or codes or any(report.context.is_identifier(token) for token in tokens):
        text = Text(en="Hidden content holds keys of persons or institutions.", nl="Verborgen inhoud bevat sleutels van personen of instellingen.")
        report.add(Rule.IDENTIFIER, Status.UNSAFE, text, REMOVE_COLUMN)
    if part.startswith(("xl/comments", "xl/threadedComment", "xl/drawings/drawing")):
        check_text([line for written in lines for line in written.splitlines()], report)


def _properties(package: zipfile.ZipFile, report: Report) -> None:
    names = package.namelist()
    people = set()
    if "docProps/core.xml" in names:
        wanted = ("creator", "lastModifiedBy", "description", "subject", "keywords", "category", "title")
        people |= {(e.text or "").strip() for e in elements(package, "docProps/core.xml", *wanted)}
    if "docProps/app.xml" in names:
        people |= {(e.text or "").strip() for e in elements(package, "docProps/app.xml", "Company", "Manager", "HyperlinkBase")}
    for name in names:
        if re.match(r"^xl/persons?/.*\.xml$", name):
            people |= {e.get("displayName", "") for e in elements(package, name, "person")}
    people = {name for name in people if name.lower() not in _OWN}
    if people:
        listed = ", ".join(sorted(people))[:200]
        text = Text(en=f"The properties name {listed}.", nl=f"De eigenschappen noemen {listed}.")
        remedy = Text(en="Remove them if they should not be known outside.", nl="Verwijder ze als ze buiten niet bekend mogen zijn.")
        report.add(Rule.METADATA, Status.REVIEW, text, remedy)
        _keys(sorted(people), report, Where())


def _targets(package: zipfile.ZipFile, report: Report) -> None:
    """Links that lead out of the workbook tell where it was made."""
    for name in package.namelist():
        if not re.match(r"^xl/(?:worksheets|drawings)/_rels/.*\.rels$", name):
            continue
        outside = [e.get("Target", "") for e in elements(package, name, "Relationship") if e.get("TargetMode") == "External"]
        if outside:
            shown = outside[0][:100]
            text = Text(en=f"The workbook links to {shown}.", nl=f"De werkmap verwijst naar {shown}.")
            report.add(Rule.METADATA, Status.REVIEW, text, _LOOK)
            _keys(outside, report, Where())
