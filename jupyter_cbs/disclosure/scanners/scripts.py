"""Scripts: no data values and no keys in literals, filters or comments. Names of columns are what scripts are about."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...domain.files import FileContent
from ...domain.finding import Rule, Status, Where
from ...domain.identifiers import MISSING_MARKERS
from ...domain.text import Text
from . import identifiers, literals, opaque, templates
from .identifiers import _BRIN, _PC6, is_long_hex, is_surely_person_number, nine_digits
from .prose import check_text, read
from .report import Report
from .values import words

_HASH = r"(?P<comment>#[^\n]*)"
_TEXT = r"(?P<text>[rbfuRBFU]{0,2}(?:'(?:[^'\\\n]|\\.)*+'?|\"(?:[^\"\\\n]|\\.)*+\"?))"
_PYTHON_LONG = r"(?P<long>[rbfuRBFU]{0,2}(?:'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)))"
_STAR = r"(?P<comment>(?m:^[ \t]*\*[^\n]*)|//[^\n]*|/\*.*?(?:\*/|\Z))"
_STATA_TEXT = r"(?P<text>`\"[^\n]{0,2000}?\"'|\"[^\"\n]*\"|'[^'\n]*')"
_NUMBER = r"(?P<number>(?<![\w.])\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w))"
_NAME = r"(?P<name>[^\W\d]\w*)"

_GRAMMARS = {
    "py": re.compile("|".join((_PYTHON_LONG, _HASH, _TEXT, _NUMBER, _NAME)), re.S),
    "r": re.compile("|".join((_HASH, r"(?P<text>'(?:[^'\\]|\\.)*+'?|\"(?:[^\"\\]|\\.)*+\"?)", _NUMBER, _NAME)), re.S),
    "do": re.compile("|".join((_STAR, _STATA_TEXT, _NUMBER, _NAME)), re.S),
    "sps": re.compile("|".join((_STAR, _STATA_TEXT, _NUMBER, _NAME)), re.S),
    "sql": re.compile("|".join((r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))", _STATA_TEXT, _NUMBER, _NAME)), re.S),
}
_INLINE_DATA = {
    "do": re.compile(r"(?im)^\s*input\b[^\n]*\n(?:.*\d.*\n)+?\s*end\b"),
    "sps": re.compile(r"(?im)^\s*begin\s+data\b"),
    "r": re.compile(r"(?i)\b(?:read\.(?:table|csv2?|delim)|fread|read_csv2?)\s*\([^)]*text\s*=|\btribble\s*\((?P<cells>[^)]*)"),
    "py": re.compile(r"(?i)\bread_(?:csv|table|fwf)\s*\(\s*(?:io\.)?StringIO\s*\("),
}
_SMALL_COUNT = re.compile(
    r"\b[nN]\s*[=:]\s*([1-9])\b(?![.,]?\d)|\b([1-9])\s+(?:personen|persoon|persons?|respondenten|huishoudens|obs|observations|cases|gevallen)\b"
)
_KEY_PLACE = re.compile(r"(?i)rin|bsn|persoon|beid|brin|crypt|huishoudnr|pc6|postcode|kvk|\bid\b|_id\b|\bid_")
_LITERALS = r"(?P<values>[\"'][^\"'\n]{0,200}[\"']|\d[\w.]*|(?:c|list|tuple|set)?\s*[(\[{][^)\]}]{0,4000})"
_FILTERS = (
    # rinpersoon == "…", df['RINPERSOON'] != …, RINPERSOON %in% c(…), RINPERSOON.isin([…]), rinpersoon in (…), SELECT IF (brin = '06AB')
    re.compile(
        rf"(?i)\b(?P<name>[a-z_]\w{{0,60}})[\"'\])]{{0,3}}\s{{0,20}}(?:[=!<>~]?=|<>|%in%|\b(?:not\s+)?in\b|\.isin\b|\beq\b)\s{{0,20}}{_LITERALS}"
    ),
    # inlist(rinpersoon, …)
    re.compile(r"(?i)\b(?:inlist|inrange|any)\s{0,20}\(\s{0,20}(?P<name>[a-z_]\w{0,60})\s{0,20},(?P<values>[^)\n]{0,4000})"),
)
_KEY_VALUE = re.compile(r"(?<![\w.])\d{3,}(?![\w.])|[\"'][0-9A-Za-z]*\d{3}[0-9A-Za-z]*[\"']|[\"']\d{2}[A-Z]{2}(?:\d{2})?[\"']")
MANY_NUMBERS = 40
"""So many numbers in one bracket are data rather than settings."""

LEAST_FIGURES = 10
"""Numbers in a table that is written row by row from which on it holds data."""

MAX_LINE = 1_000
LEAST_WRITTEN = 60
"""Texts from this length on may hold lines of data."""

_REMEDY = Text(
    en="Take the values out of the script; read them from a file in the workspace instead.",
    nl="Haal de waarden uit het script; lees ze in plaats daarvan uit een bestand in de werkruimte.",
)


@dataclass(frozen=True)
class Piece:
    """One literal, comment or name of a script."""

    kind: str
    text: str
    line: int


def pieces(source: str, language: str) -> Iterator[Piece]:
    """Give the literals, comments and names of a script; wrongly written scripts give what there is."""
    line, last = 1, 0
    for match in _GRAMMARS[language].finditer(source):
        line += source.count("\n", last, match.start())
        last = match.start()
        yield Piece(match.lastgroup or "name", match[0], line)


def scan(file: FileContent, report: Report) -> None:
    """Check a script."""
    source = read(file, report)
    language = file.type if file.type in _GRAMMARS else "py"
    lines = source.splitlines()
    comments: dict[int, str] = {}
    shaped: list[Piece] = []
    for piece in pieces(source, language):
        if piece.kind in ("comment", "long"):
            for offset, written in enumerate(piece.text.splitlines()):
                comments[piece.line + offset] = re.sub(r"^\s*(?:[#*/\"']+\s?|--\s?)|\*/\s*$|[\"']{3}$", "", written)
        elif piece.kind in ("text", "number"):
            _literal(piece, lines, report)
            if piece.kind == "text" and len(piece.text) > LEAST_WRITTEN:
                check_text(re.split(r"\r?\n|\\n", _inside(piece)), report, piece.line)
            if piece.kind == "text" and (_PC6.match(_inside(piece)) or _BRIN.match(_inside(piece))):
                shaped.append(piece)
    _codes(shaped, lines, report)
    _filters(source, report)
    opaque.check(source, report)
    _brackets(source, language, report)
    literals.check(source, language, report)
    templates.check_code(lines, report)
    _comments(comments, report)
    inline = _INLINE_DATA.get(language)
    found = inline.search(source) if inline else None
    if found and not _is_settings(found.groupdict().get("cells")):
        text = Text(en="Data are written into the script.", nl="Er staan gegevens in het script geschreven.")
        report.add(Rule.SCRIPT_LITERAL, Status.UNSAFE, text, _REMEDY, Where(line=source.count("\n", 0, found.start()) + 1))
    identifiers.check_name(file.name, report)


def _is_settings(cells: str | None) -> bool:
    """Tell whether a small table written row by row holds words for settings rather than figures."""
    return cells is not None and len(re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", cells)) < LEAST_FIGURES


def _inside(piece: Piece) -> str:
    return piece.text.strip("rbfuRBFU`").strip("'\"`").strip()


def _line(lines: list[str], number: int) -> str:
    """Give the line a piece stands on; a very long one only at its start, since every piece asks."""
    return lines[number - 1][:MAX_LINE] if 0 < number <= len(lines) else ""


def _literal(piece: Piece, lines: list[str], report: Report) -> None:
    value = _inside(piece) if piece.kind == "text" else piece.text.replace("_", "")
    if len(value) < 9:
        return
    beside_key = bool(_KEY_PLACE.search(_line(lines, piece.line).replace(piece.text, "")))
    if nine_digits(value) is not None:
        sure = piece.kind == "text" or beside_key or is_surely_person_number(value)
        text = Text(en="A value looks like a person number.", nl="Een waarde ziet eruit als een persoonsnummer.")
        report.add(Rule.SCRIPT_LITERAL, Status.UNSAFE if sure else Status.REVIEW, text, _REMEDY, Where(line=piece.line))
    elif piece.kind == "text" and is_long_hex(value):
        text = Text(en="A text looks like an encrypted key.", nl="Een tekst ziet eruit als een versleutelde sleutel.")
        report.add(Rule.SCRIPT_LITERAL, Status.UNSAFE if beside_key else Status.REVIEW, text, _REMEDY, Where(line=piece.line))
    elif piece.kind == "text" and len(value) > 9:
        tokens = re.findall(r"(?<![\w.])\d{9}(?![\w.])", value)
        if (
            any(is_surely_person_number(t) for t in tokens)
            or (beside_key and any(nine_digits(t) for t in tokens))
            or (any(nine_digits(t) for t in tokens) and _KEY_PLACE.search(value))
        ):
            text = Text(en="A text holds a person number.", nl="Een tekst bevat een persoonsnummer.")
            report.add(Rule.SCRIPT_LITERAL, Status.UNSAFE, text, _REMEDY, Where(line=piece.line))


def _filters(source: str, report: Report) -> None:
    """Find values beside a key in a condition or a list to choose from, however short the value is."""
    for pattern in _FILTERS:
        for match in pattern.finditer(source):
            if not report.context.is_identifier(match["name"]):
                continue
            if any(not _is_year_or_missing(value.strip("\"'")) for value in _KEY_VALUE.findall(match["values"])):
                line = source.count("\n", 0, match.start("name")) + 1
                name = match["name"]
                text = Text(
                    en=f"A value of the key ‘{name}’ is written into the script.",
                    nl=f"Een waarde van de sleutel ‘{name}’ staat in het script geschreven.",
                )
                report.add(Rule.SCRIPT_LITERAL, Status.UNSAFE, text, _REMEDY, Where(line=line))


def _is_year_or_missing(value: str) -> bool:
    return len(set(value)) == 1 or value in MISSING_MARKERS or (len(value) == 4 and value[:2] in ("19", "20"))


def _codes(shaped: list[Piece], lines: list[str], report: Report) -> None:
    """Postcodes and school numbers: on a line about them one is enough, else three."""
    for piece in shaped:
        parts = set(words(_line(lines, piece.line).replace(piece.text, "")))
        about = any(part.startswith(("pc6", "postcode", "brin", "school", "vest")) for part in parts)
        if about or len({p.text for p in shaped}) >= 3:
            text = Text(en="A text looks like a postcode or school number.", nl="Een tekst ziet eruit als een postcode of schoolnummer.")
            report.add(Rule.SCRIPT_LITERAL, Status.UNSAFE, text, _REMEDY, Where(line=piece.line))


def _brackets(source: str, language: str, report: Report) -> None:
    """Long lists of numbers are data."""
    for match in re.finditer(r"[\[({][^\[\](){}]*[\])}]", source):
        inside = match[0]
        if inside.count(",") < MANY_NUMBERS:
            continue
        values = [part.strip() for part in inside[1:-1].split(",")]
        numbers = [value for value in values if re.fullmatch(r"[+-]?\d+(?:\.\d+)?", value)]
        if len(numbers) >= MANY_NUMBERS and len(set(numbers)) > len(numbers) / 3 and not _is_range(numbers):
            text = Text(en=f"{len(numbers)} numbers in a row look like data.", nl=f"{len(numbers)} getallen op een rij zien eruit als gegevens.")
            report.add(Rule.SCRIPT_LITERAL, Status.REVIEW, text, _REMEDY, Where(line=source.count("\n", 0, match.start()) + 1))


def _is_range(numbers: list[str]) -> bool:
    values = [float(n) for n in numbers]
    steps = {round(b - a, 9) for a, b in itertools.pairwise(values)}
    return len(steps) == 1


def _comments(comments: dict[int, str], report: Report) -> None:
    """Check what is written beside the code as text: keys, pasted output, small counts."""
    run: list[str] = []
    start = 0
    for line in [*sorted(comments), None]:
        if line is not None and run and line == start + len(run):
            run.append(comments[line])
            continue
        if run:
            check_text(run, report, start)
        if line is not None:
            run, start = [comments[line]], line
    for line, text in comments.items():
        small = _SMALL_COUNT.search(text)
        if small:
            message = Text(
                en=f"A comment tells of a count of {small[1] or small[2]}.",
                nl=f"Een opmerking vertelt van een aantal van {small[1] or small[2]}.",
            )
            remedy = Text(en="Leave results out of comments.", nl="Laat resultaten uit opmerkingen weg.")
            report.add(Rule.SCRIPT_LITERAL, Status.REVIEW, message, remedy, Where(line=line))
