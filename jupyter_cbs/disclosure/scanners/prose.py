"""Texts: documentation, logs, markup. Tables pasted into them, outputs of notebooks, keys among the words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...domain.files import FileContent
from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from . import contacts, identifiers, literals, opaque, records, reshaped, results, templates
from .decoding import text_stream
from .grids import check_sheet
from .identifiers import _BRIN, _PC6
from .report import REMOVE_COLUMN, Report
from .sheet import Sheet
from .values import is_suppressed, number, pieces, plain

MAX_CHARACTERS = 8_000_000
"""Characters of a text that are looked at."""

MAX_LINE = 20_000
"""Characters of a line that can be a row of a table."""

LEAST_LINES = 3

_OUTPUT = re.compile(
    r"^[ \t]*(?:Out\s?\[\d+\]:|In\s?\[\d+\]:"
    r"|\[\d+ rows x \d+ columns\]|# A tibble: |Name: \S+, dtype: |<style scoped>|dtype: (?:int|float|object|str)"
    r"|<class 'pandas\.|RangeIndex: \d+ entries|\[1\] (?:\"|-?\d)|shape: \(\d+, \d+\)\s*$|(?:lm|glm|lmer|feols)\(formula = "
    r"|(?:OLS|GLS|WLS|Logit|Probit|Poisson|PanelOLS|Mixed Linear Model|Generalized Linear Model) (?:Regression |Model |Estimation )*Results\s*$)",
    re.M,
)
_RESIDUALS = re.compile(r"^(?:Deviance |Scaled |Pearson )?[Rr]esiduals:\s*\n\s*Min\s+1Q\s+Median\s+3Q\s+Max", re.M)
_IMAGE = re.compile(r"data:image/[a-z+]+;base64,|\biVBORw0KGgo[A-Za-z0-9+/]{40,}|\b/9j/4AAQSk[A-Za-z0-9+/]{40,}")
_NOTEBOOK = re.compile(r'"nbformat"\s*:\s*\d+')
_TOKEN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-_]*[0-9A-Za-z]")
_MARKUP = re.compile(r"<[^>]{0,400}>")
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"')\]]{1,2000}")
_SUM = re.compile(r"\b(?:hash|checksum|integrity|digest|md5|sha\d*|sha-?256|commit|revision|etag)\b", re.IGNORECASE)
_LITERAL = tuple("{[(}])\"'")
_RULE = re.compile(r"^[\s\-=+|:_]+$")


def read(file: FileContent, report: Report) -> str:
    """Give the text of a file; beyond :data:`MAX_CHARACTERS` it is said not to have been looked at."""
    with file.open() as stream, text_stream(stream) as reader:
        content = reader.read(MAX_CHARACTERS + 1)
    if len(content) > MAX_CHARACTERS:
        text = Text(
            en=f"Only the first {MAX_CHARACTERS} characters were looked at.",
            nl=f"Alleen de eerste {MAX_CHARACTERS} tekens zijn bekeken.",
        )
        remedy = Text(en="Shorten the file.", nl="Maak het bestand korter.")
        report.add(Rule.UNREADABLE, Status.REVIEW, text, remedy)
        content = content[:MAX_CHARACTERS]
    return content


def scan(file: FileContent, report: Report) -> None:
    """Check a text."""
    content = read(file, report)
    if file.type == "xml":
        reshaped.check_elements(content, report)
    check_text(content.splitlines(), report, markup=file.type in ("notebook_html", "xml"))
    identifiers.check_name(file.name, report)


def check_text(lines: Sequence[str], report: Report, first: int = 1, *, markup: bool = False) -> None:
    """Check lines of text; ``first`` is the number of the first one."""
    content = "\n".join(lines)
    if _NOTEBOOK.search(content) and '"cells"' in content:
        text = Text(en="This is a notebook with its outputs.", nl="Dit is een notebook met zijn uitvoer.")
        remedy = Text(
            en="Export its script; results leave as tables and figures of their own.",
            nl="Voer het script uit; resultaten gaan als eigen tabellen en figuren.",
        )
        report.add(Rule.NOTEBOOK, Status.REFUSED, text, remedy)
    image = _IMAGE.search(content)
    if image:
        line = first + content.count("\n", 0, image.start())
        text = Text(en="A picture is written into the text.", nl="Er staat een afbeelding in de tekst geschreven.")
        remedy = Text(en="Deliver figures as png with the numbers behind them.", nl="Lever figuren als png, met de getallen erachter.")
        report.add(Rule.HIDDEN_CONTENT, Status.UNSAFE, text, remedy, Where(line=line))
    output = _OUTPUT.search(content)
    if output:
        line = first + content.count("\n", 0, output.start()) + output[0].count("\n")
        text = Text(en="Output of a notebook or console is pasted here.", nl="Hier is uitvoer van een notebook of console geplakt.")
        remedy = Text(en="Leave it out and deliver the results as a table.", nl="Laat het weg en lever de resultaten als tabel.")
        report.add(Rule.NOTEBOOK, Status.REVIEW, text, remedy, Where(line=line))
    residuals = _RESIDUALS.search(content)
    if residuals:
        line = first + content.count("\n", 0, residuals.start())
        text = Text(
            en="The smallest and largest residual are those of one unit each.",
            nl="Het kleinste en het grootste residu zijn elk van één eenheid.",
        )
        remedy = Text(en="Leave residuals out; deliver the table of coefficients.", nl="Laat residuen weg; lever de tabel met coëfficiënten.")
        report.add(Rule.UNIT_VALUES, Status.UNSAFE, text, remedy, Where(line=line))
    bare = [_MARKUP.sub(" ", line) for line in lines] if markup else lines
    _check_words(bare, report, first)
    contacts.check_lines(bare, report, first)
    opaque.check(content, report, first)
    results.check(content, report, first)
    if not markup and literals.check(content, "json", report):
        # what has been read as literals is not read again as lines
        bare = ["" if line.lstrip()[:1] in _LITERAL else line for line in bare]
    taken = records.check_lines(bare, report, first)
    taken |= records.check_folded(bare, report, first)
    taken |= reshaped.check_lines(bare, report, first)
    taken |= templates.check_lines(bare, report, first)
    for rows, numbers in pasted_tables(bare, first):
        if not taken.isdisjoint(numbers):
            continue
        check_sheet(Sheet(rows, lines=numbers), report)


def _check_words(lines: Sequence[str], report: Report, first: int) -> None:
    """Find keys among the words: one is enough when it is surely one, three different ones when it may be an amount."""
    tokens = [(first + at, token) for at, line in enumerate(lines) for part in pieces(line) for token in _TOKEN.findall(plain(part))]
    # an address on the internet may hold the number of a change or a page, which is no encrypted key
    parts = [part for line in lines if "://" in line for part in pieces(line)]
    linked = {token for part in parts for address in _ADDRESS.findall(part) for token in _TOKEN.findall(address)}
    linked |= {part for token in linked for part in token.split(".")}
    people, codes = identifiers.keys_in_tokens([token for _, token in tokens])
    # a key's name on the same line says what a number of nine digits is
    naming = {line for line, token in tokens if report.context.is_identifier(token)}
    people += [token for line, token in tokens if line in naming and identifiers.nine_digits(token) is not None]
    people += [number for line in lines for part in pieces(line) for number in identifiers.numbers_of_persons(plain(part))]
    codes = [code for code in codes if code not in linked]
    # the sum of a file or a package is named so; somebody should look, for keys can be named so too
    sums = {code for line, code in tokens if code in set(codes) and _SUM.search(lines[line - first])}
    places = dict(reversed([(token, line) for line, token in tokens]))
    people = [token for token in people if token in places]
    for found, sure in ((people, True), (codes, len(set(codes) - sums) >= 3)):
        for token in list(dict.fromkeys(found))[:20]:
            text = Text(
                en="A word looks like a key of a person or an encrypted key.",
                nl="Een woord ziet eruit als een persoonsnummer of versleutelde sleutel.",
            )
            status = Status.UNSAFE if sure else Status.REVIEW
            report.add(Rule.IDENTIFIER, status, text, REMOVE_COLUMN, Where(line=places[token]))
    for pattern, name in ((_PC6, "PC6"), (_BRIN, "BRIN")):
        codes_of_kind = {token: line for line, token in tokens if pattern.match(token) and len(token) >= 4}
        if len(codes_of_kind) >= 3:
            text = Text(en=f"{len(codes_of_kind)} words look like {name} codes.", nl=f"{len(codes_of_kind)} woorden zien eruit als {name}-codes.")
            report.add(Rule.IDENTIFIER, Status.REVIEW, text, REMOVE_COLUMN, Where(line=min(codes_of_kind.values())))


def _split(line: str) -> list[str]:
    """Split a line of a printed table: at pipes, tabs, semicolons, or two and more blanks."""
    stripped = line.strip()
    for mark in ("|", "\t", ";", "&"):
        if stripped.count(mark) >= 1:
            cells = [cell.strip().removesuffix("\\\\").strip() for cell in stripped.strip("|").split(mark)]
            # Stata draws a line beside the labels and the totals, and sets what is between them apart with blanks
            return [part for cell in cells for part in re.split(r"\s{2,}", cell)] if mark == "|" else cells
    return [cell for cell in re.split(r"\s{2,}", stripped) if cell]


def _values(cells: Sequence[str]) -> int:
    return sum(number(cell) is not None or is_suppressed(cell) for cell in cells)


def _spans(line: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+(?: \S+)*", line.expandtabs())]


def _under(header: str, lines: Sequence[str]) -> list[list[str]] | None:
    """Set the cells of printed lines below the names they stand under; None where that does not tell.

    Programs set names and numbers flush right, and leave out labels that come back and numbers that do not exist.
    """
    names = _spans(header)
    if len(names) < 2:
        return None
    header = header.expandtabs()
    rows: list[list[str]] = []
    for line in lines:
        line = line.expandtabs()
        labels: list[str] = []
        row: dict[int, str] = {}
        for start, end in _spans(line):
            if end <= names[0][0]:
                labels.append(line[start:end])
                continue
            shared = [min(end, b) - max(start, a) for a, b in names]
            best = max(range(len(names)), key=lambda k: shared[k])
            if shared[best] <= 0 or best in row:
                return None
            row[best] = line[start:end]
        rows.append([" ".join(labels), *(row.get(k, "") for k in range(len(names)))])
    return [["", *(header[a:b] for a, b in names)], *rows]


@dataclass(frozen=True)
class _Line:
    """A line of a text that may be of a table: its number, what it says, and its cells."""

    at: int
    text: str
    cells: list[str]


def _pasted(run: Sequence[_Line], header: _Line | None) -> Iterator[tuple[list[list[str]], list[int]]]:
    """Give a run of lines of numbers as a table, where it is long enough or its header fits it."""
    if header is not None and header.at >= run[0].at:
        header = None
    width = max(len(line.cells) for line in run)
    fits = header is not None and width >= 3 and width - 1 <= len(header.cells) <= width and not _values(header.cells[1:])
    if len(run) < LEAST_LINES and not fits:
        return
    numbers = [line.at for line in run]
    if header is None:
        yield [line.cells for line in run], numbers
        return
    numbers = [header.at, *numbers]
    ragged = any(len(line.cells) != width for line in run)
    rows = _under(header.text, [line.text for line in run]) if ragged else None
    # printed frames have no name above their row numbers
    names = [[""] * max(0, width - len(header.cells)) + header.cells]
    yield rows or [*names, *(line.cells for line in run)], numbers


def pasted_tables(lines: Sequence[str], first: int = 1) -> Iterator[tuple[list[list[str]], list[int]]]:
    """Find runs of lines that are rows of numbers; give their cells with the line before (the header), and line numbers."""
    run: list[_Line] = []
    header: _Line | None = None
    for at, line in enumerate(lines, start=first):
        cells = _split(line if len(line) < MAX_LINE else line.strip()[:MAX_LINE])
        if _RULE.match(line) and line.strip():
            continue
        values = _values(cells)
        if len(cells) < 2 and len(line.split()) >= 3 and _values(line.split()) >= 0.6 * len(line.split()):
            cells = line.split()
            values = _values(cells)
        if len(cells) == 1 and run and values == 0:
            cells = []
        if len(cells) >= 2 and values >= 1 and values >= (len(cells) - 1) / 2 and all(len(cell) < 60 for cell in cells):
            run.append(_Line(at, line, cells))
            continue
        if run:
            yield from _pasted(run, header)
        run = []
        words = cells if len(cells) >= 2 else line.split()
        header = _Line(at, line, words) if len(words) >= 1 and line.strip() and len(words) <= 60 else None
    if run:
        yield from _pasted(run, header)
