"""Records written as lines: one line per unit in any notation, in texts, in files with an odd separator and in literals of scripts.

A run of lines that fall apart into the same number of fields is a table without a name for it. What is a table of units and what is one of
groups is told by :func:`.microdata.is_microdata`, and for rows with a name of their own (``anna:x:1000:…``) by :func:`is_roster`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...domain.finding import Rule, Status
from ...domain.text import Text
from . import frequencies, microdata
from .microdata import LEAST_ROWS
from .report import Report
from .sheet import Block, Column, Sheet
from .values import is_count_name, mentions_counts, number, words

MAX_LINES = 100_000
"""Lines of a text among which records are looked for."""

CHUNK = 5_000
"""Lines that are looked at together; it bounds memory, and a chunk is more than enough to tell."""

MAX_FIELDS = 200
MAX_GAP = 3
"""Lines of another shape that may stand between two records of a run."""

LEAST_DIGITS = 5
"""Digits of a line of fixed width without blanks that may be a record."""

LONG_LINE = 4_000
"""Characters of a line from which on it is looked at without what fills it up."""

LEAST_FOLDED, MAX_FOLDED = 150, 200_000
"""Characters of a line that can hold several records, and of it that are looked at."""

MAX_PERIOD = 40
"""Fields of a record in a line where one mark stands between fields and records alike, but one."""

FOLDS = ("  ", "\t", ";", "|", "/", "^", "~", "#", ", ", ",", " ")
"""Marks a line is folded at."""

_FILLING = re.compile(r"(\s)\s{20,}|([^\s,;:|\t^~&+$#@!]{20})[^\s,;:|\t^~&+$#@!]{20,}")
MARKS = "\t;|^~:,&+$#@!"
_STRIP = " \t\"'\\"
_BRACKETED = re.compile(r"^\s*[(\[{](.*)[)\]}]\s*[,;]?\s*$")
_LONG_CELL = 40
_CLOCK = re.compile(r"^.{0,48}?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b")
_KEY_LIKE = re.compile(r"^(?!(?:GM|BU|WK|PV|LD|CR|NUTS)\d)[A-Za-z]{1,12}[-_ ]?\d{1,10}$")
_FILE_NAME = re.compile(r"\.[A-Za-z]\w{0,5}$")
_DATE = re.compile(r"^(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/]\d{1,2}[-/]\d{4})$")
_RULE = re.compile(r"^[\s\-=+|:_*#]*$")
_NO_RECORD = re.compile(r"^\s*(?:>>>|\.\.\. |copyright\b|©|\(c\)\s)", re.IGNORECASE)
"""Lines of an interactive example or a notice of copyright."""
_OTHER = "¶"
"""What such a line becomes: no record, but something that stands between records."""

_OF_A_PERSON = frozenset(
    {"leeftijd", "lft", "age", "geslacht", "sekse", "sex", "gender", "gbd", "geboorteland", "geboortedatum", "geboortejaar", "birth", "birthdate",
     "dob", "birthday", "voornaam", "achternaam", "surname", "burgerlijke", "marital"}
)  # fmt: skip

Fields = Callable[[str], list[str]]


@dataclass(frozen=True)
class Run:
    """Lines that fall apart into the same number of fields.

    Parameters
    ----------
    rows
        The fields, one row per line.
    lines
        Their numbers.
    loose
        Whether they are split at what also stands between words, so that a sentence that repeats must be told from a record.
    log
        Whether most lines begin with a time, in order.
    title
        The line above.
    """

    rows: list[list[str]]
    lines: list[int]
    loose: bool
    log: bool = False
    title: str = ""

    @property
    def block(self) -> Block:
        """The run as a table."""
        return Block(Sheet(self.rows, lines=self.lines, title=self.title), 0, len(self.rows), (self.title,))


def verdict(block: Block, *, loose: bool = False, roster: bool = True) -> bool:
    """Tell whether rows of fields are one per unit.

    Parameters
    ----------
    block
        The fields as a table.
    loose
        Whether a word that is the same in every row means a sentence rather than a record.
    roster
        Whether rows with a name of their own may be units.
    """
    columns = [column for column in block.columns if column.filled]
    if block.height < LEAST_ROWS or len(columns) < 2 or not _short(columns):
        return False
    if loose or len(columns) == 2:
        constant = sum(c.distinct == 1 and any(x.isalpha() for x in c.filled[0]) for c in columns)
        # words that come back in every line are a sentence; one may be a code that all have
        if constant > (len(columns) >= 4) or any(not c.is_numeric and _repeats(c.cells) for c in columns):
            return False
        labels = [c.filled for c in columns if not c.is_numeric]
        if len(columns) == 2 and labels and sum(value.count(" ") for value in labels[0]) > 0.4 * len(labels[0]):
            return False
    telling = [c for c in columns if (c.is_numeric and c.distinct >= 3) or (c.filled and all(_DATE.match(v) for v in c.filled))]
    if not telling:
        varied = [c for c in columns if c.distinct >= 2]
        brief = all(len(value) <= 20 and value.count(" ") < 2 for column in columns for value in column.filled)
        return len(varied) >= 4 and brief and not loose and block.height >= microdata.SURE_ROWS and microdata.is_microdata(block)
    if loose and all(_are_years(c) for c in telling) and not any(2 <= c.distinct <= block.height / 3 for c in columns if c not in telling):
        return False  # years with names beside them, where nothing else recurs: a list of who did what when
    if len(columns) > 2 and _is_symmetric(columns):
        return False
    return microdata.is_microdata(block) or (roster and is_roster(block))


def _are_years(column: Column) -> bool:
    return all(value is not None and value == int(value) and 1900 <= value <= 2100 for value in column.numbers)


def is_list(block: Block) -> bool:
    """Tell whether rows are one name that comes back with a number each, as ``p-value:  0.56``: a list of results."""
    columns = [column for column in block.columns if column.filled]
    texts = [column for column in columns if not column.is_numeric]
    if len(columns) != 2 or len(texts) != 1 or not any(map(str.isalpha, texts[0].filled[0])):
        return False
    return texts[0].distinct == 1 or _repeats(texts[0].cells)


def is_roster(block: Block) -> bool:
    """Tell whether rows that each have a name of their own are units rather than groups.

    Groups are counted, so a column or title that counts settles it. Otherwise a column named after a property of a person does; without
    names for the columns, labels beside the name that recur together with whole numbers, or names that are letters and a number.
    """
    columns = [c for c in block.columns if c.filled and c.distinct > 1]
    height = block.height
    names = [c for c in columns if not c.is_numeric and c.distinct >= 0.95 * len(c.filled) and len(c.filled) >= 0.9 * height]
    if height < LEAST_ROWS or not names or any(is_count_name(c.name) for c in block.columns) or any(map(mentions_counts, block.titles)):
        return False
    if any(_is_clock(c) or sum(bool(_FILE_NAME.search(v)) for v in c.filled) >= 0.5 * len(c.filled) for c in names):
        return False
    rest = [c for c in columns if c not in names]
    numeric = [c for c in rest if c.is_numeric and c.distinct >= max(3, height / 10)]
    groups = [c for c in rest if not c.is_numeric and c.distinct <= 0.7 * height and all(any(x.isalnum() for x in v) for v in c.filled)]
    if any(c.name for c in block.columns):
        return bool(numeric or groups) and any(_OF_A_PERSON & set(words(c.name)) for c in rest)
    keyed = any(all(_KEY_LIKE.match(v) for v in c.filled) for c in names)
    whole = [c for c in numeric if c.is_integer]
    unordered = any(a > b for c in whole for a, b in pairwise([value for value in c.numbers if value is not None]))
    return bool(whole) and (bool(groups) or (keyed and unordered))


def _is_clock(column: Column) -> bool:
    """Tell whether a column holds times in their order, as a log does."""
    return sum(bool(_CLOCK.match(v)) for v in column.filled) >= 0.9 * len(column.filled) and _rises(column.filled)


def _rises(values: Sequence[str]) -> bool:
    return sum(a <= b for a, b in pairwise(values)) >= 0.95 * (len(values) - 1)


def _short(columns: Sequence[Column]) -> bool:
    """Tell fields from parts of sentences."""
    cells = [value for column in columns for value in column.filled]
    return sum(len(value) <= _LONG_CELL and value.count(" ") <= 3 for value in cells) >= 0.9 * len(cells)


def _repeats(cells: Sequence[str]) -> bool:
    """Tell whether labels come back in the same order, like the names in a list of settings."""
    period = len(set(cells))
    alike = sum(a == b for a, b in zip(cells, cells[period:], strict=False))
    # sorted labels are alike at any distance
    changes = sum(a != b for a, b in pairwise(cells))
    return len(cells) > period > 1 and alike >= 0.95 * (len(cells) - period) and changes >= 0.8 * (len(cells) - 1)


def _is_symmetric(columns: Sequence[Column]) -> bool:
    """Tell whether numbers are a matrix of correlations or covariances."""
    size = len(columns[0].cells)
    return len(columns) == size and all(columns[i].cells[j] == columns[j].cells[i] for i in range(size) for j in range(i))


# ------------------------------------------------------------------------------------------------ lines


def _at(mark: str) -> Fields:
    def split(line: str) -> list[str]:
        if mark not in line:
            return []
        whole = line.strip().strip("|") if mark == "|" else line.strip("\r\n")
        return [cell.strip(_STRIP) for cell in whole.split(mark, MAX_FIELDS)[:MAX_FIELDS]]

    return split


def _wide(line: str) -> list[str]:
    return [cell.strip(_STRIP) for cell in re.split(r"\s{2,}|\t", line.strip(), maxsplit=MAX_FIELDS)[:MAX_FIELDS]] if "  " in line.strip() else []


def _blank(line: str) -> list[str]:
    return [cell.strip(_STRIP) for cell in line.split(None, MAX_FIELDS)[:MAX_FIELDS]]


def runs(lines: Sequence[str], first: int = 1) -> Iterator[Run]:
    """Give the runs of lines that can be records, in every notation that fits, the most explicit one first."""
    # brackets around a line are no part of its fields; those around a field say that it is an estimate's error
    usable = [_usable(line) for line in lines]
    log = _is_log(usable)
    if log:
        # the times would be fields of their own; what is logged may be records all the same
        usable = [_CLOCK.sub("", line) for line in usable]
    for mark in MARKS:
        if sum(mark in line for line in usable) >= LEAST_ROWS:
            yield from _runs(usable, _at(mark), first, loose=False, log=log)
    yield from _aligned(usable, first, log=log)
    yield from _runs(usable, _wide, first, loose=True, log=log)
    yield from _runs(usable, _blank, first, loose=True, log=log)
    yield from _solid(usable, first)


def _usable(line: str) -> str:
    if not line:
        return ""
    if len(line) >= LONG_LINE:
        # of a line that is filled up with blanks or a long word, what else is in it; of one with very many fields, the first
        line = _FILLING.sub(r"\1\2", line.strip())[: 5 * LONG_LINE]
    return _OTHER if _NO_RECORD.match(line) else _BRACKETED.sub(r"\1", line)


def _is_log(lines: Sequence[str]) -> bool:
    stamps = [match[0] for line in lines if (match := _CLOCK.match(line))]
    return len(stamps) >= 0.5 * sum(bool(line.strip()) for line in lines) and _rises(stamps)


def _runs(lines: Sequence[str], fields: Fields, first: int, *, loose: bool, log: bool) -> Iterator[Run]:
    split = [fields(line) for line in lines]
    for width, times in Counter(len(cells) for cells in split).items():
        # two words on a line are no record; two fields between marks may be
        if times < LEAST_ROWS or width < (3 if fields is _blank else 2) or width > MAX_FIELDS:
            continue
        at = [i for i, cells in enumerate(split) if len(cells) == width]
        start = 0
        for i in range(1, len(at) + 1):
            if i < len(at) and sum(bool(line.strip()) for line in lines[at[i - 1] + 1 : at[i]]) <= MAX_GAP and at[i] - at[i - 1] <= 2 * MAX_GAP + 1:
                continue
            part = at[start:i]
            start = i
            if len(part) >= LEAST_ROWS:
                yield Run([split[k] for k in part], [first + k for k in part], loose, log, _above(lines, part[0]))


def _above(lines: Sequence[str], at: int) -> str:
    return next((line.strip() for line in reversed(lines[max(0, at - 4) : at]) if not _RULE.match(line)), "")


def _stretches(lines: Sequence[str]) -> Iterator[list[int]]:
    part: list[int] = []
    for i, line in enumerate([*lines, ""]):
        if line.strip() and not _RULE.match(line):
            part.append(i)
        elif part:
            if len(part) >= LEAST_ROWS:
                yield part
            part = []


def _aligned(lines: Sequence[str], first: int, *, log: bool) -> Iterator[Run]:
    """Columns of fixed width: the places that are blank in every line stand between them."""
    for part in _stretches(lines):
        # a title, a header and a line below the table may be set otherwise
        core = part[2:-1] if len(part) >= LEAST_ROWS + 3 else part[1:]
        width = min(400, max(len(lines[i]) for i in core))
        inked = [False] * width
        for i in core:
            for k, character in enumerate(lines[i][:width]):
                if character not in " \t":
                    inked[k] = True
        edges = [k for k in range(width + 1) if (k < width and inked[k]) != (k > 0 and inked[k - 1])]
        spans = list(zip(edges[::2], edges[1::2], strict=True))
        if not 2 <= len(spans) <= MAX_FIELDS:
            continue
        # a word that begins before its column or goes on behind it is of another table
        blank = ("", " ", "\t")
        fitting = [
            i
            for i in part
            if all(
                (start == 0 or lines[i][start - 1 : start] in blank) and (i in part[:2] or lines[i][end : end + 1] in blank) for start, end in spans
            )
        ]
        if len(fitting) >= LEAST_ROWS:
            # names of columns may be wider than what stands below them
            wide = [*(start for start, _ in spans[1:]), width + _LONG_CELL]
            rows = [
                [lines[i][start : until if i in part[:2] else end].strip(_STRIP) for (start, end), until in zip(spans, wide, strict=True)]
                for i in fitting
            ]
            yield Run(rows, [first + i for i in fitting], True, log, _above(lines, part[0]))


def _kind(character: str) -> str:
    return "9" if character.isdigit() else "a" if character.isalpha() else character


def _solid(lines: Sequence[str], first: int) -> Iterator[Run]:
    """Fixed width without anything between: letters and digits in the same places, or long numbers of one length."""
    shapes = ["".join(map(_kind, line.strip())) if 6 <= len(line.strip()) <= 120 and line.strip().isalnum() else "" for line in lines]
    for shape, times in Counter(shape for shape in shapes if shape).items():
        # a word with a number (cp1252) is a name; a record of a unit has more digits than that
        if times < LEAST_ROWS or shape.count("9") < LEAST_DIGITS:
            continue
        at = [i for i, other in enumerate(shapes) if other == shape]
        edges = [k for k in range(1, len(shape)) if shape[k] != shape[k - 1]]
        if not edges:
            # digits only: no telling where a field ends, but numbers of this length are no axis; halves will do
            if shape[0] != "9" or len(shape) < 10 or _rises([lines[i] for i in at]):
                continue
            edges = [1, len(shape) // 2]
        cuts = [0, *edges, len(shape)]
        rows = [[lines[i].strip()[a:b] for a, b in pairwise(cuts)] for i in at]
        yield Run(rows, [first + i for i in at], False)


def _is_table(block: Block) -> bool:
    """Tell whether fields that are no units are a table: labels or not, but mostly numbers beside the first."""
    columns = [column for column in block.columns if column.filled]
    numeric = sum(column.is_numeric for column in columns)
    return len(columns) >= 3 and numeric >= 1 and numeric >= (len(columns) - 1) / 2 and _short(columns)


def folded(line: str) -> Iterator[list[list[str]]]:
    """Give the rows a long line can be when it is folded: at one mark into records and at another into fields, or after every so many fields."""
    line = line[:MAX_FOLDED]
    for mark in FOLDS:
        # between words stand the marks of a sentence, and a capital begins one
        parts = [part.strip(_STRIP).strip(".,;:!?").lower() if mark == " " else part.strip(_STRIP) for part in line.split(mark)]
        parts = [part for part in parts if part]
        if len(parts) >= LEAST_ROWS:
            if mark != " ":
                yield from (run.rows for run in runs(parts))
            kinds = [number(part) is not None for part in parts]
            # each record has a word: a list of numbers is none
            if LEAST_ROWS <= sum(kinds) <= len(kinds) - LEAST_ROWS:
                period = next((p for p in range(2, MAX_PERIOD) if p * LEAST_ROWS <= len(kinds) and _comes_back(kinds, p)), None)
                if period is not None:
                    yield [parts[at : at + period] for at in range(0, len(parts) - period + 1, period)]


def _comes_back(kinds: Sequence[bool], period: int) -> bool:
    return sum(a == b for a, b in zip(kinds, kinds[period:], strict=False)) >= 0.97 * (len(kinds) - period)


def check_folded(lines: Sequence[str], report: Report, first: int = 1) -> set[int]:
    """Report long lines that hold one record after the other; give their numbers."""
    taken: set[int] = set()
    for at, line in enumerate(lines, first):
        if len(line) < LEAST_FOLDED:
            continue
        for rows in folded(line):
            # the first may begin a sentence, and the last end it
            rows = rows[1:-1] if len(rows) >= LEAST_ROWS + 2 else rows
            block = Block(Sheet(rows, lines=[at] * len(rows)), 0, len(rows))
            if verdict(block, loose=True, roster=False):
                microdata.tell(block, report)
                taken.add(at)
                break
    return taken


def check_lines(lines: Sequence[str], report: Report, first: int = 1, *, spaced: bool = False) -> set[int]:
    """Report the runs of lines that are one per unit, and check other numbers between separators as tables; give the numbers of their lines.

    Parameters
    ----------
    lines, first
        The text, and the number of its first line.
    report
        Takes the findings.
    spaced
        Whether what is separated by blanks only is checked as a table as well; in texts :func:`.prose.pasted_tables` does that.
    """
    taken: set[int] = set()
    for start in range(0, min(len(lines), MAX_LINES), CHUNK):
        chunk = lines[start : start + CHUNK]
        if sum(any(c.isalnum() for c in line) for line in chunk) < LEAST_ROWS:
            continue
        tables: list[Run] = []
        found: list[Run] = []
        covered = 0
        for run in runs(chunk, first + start):
            if covered >= len(chunk):
                break
            if verdict(run.block, loose=run.loose, roster=not run.log):
                found.append(run)
                covered = max(covered, len(run.lines))
            elif (spaced or not run.loose) and not run.log:
                tables.append(run)
        # of the notations that fit, the one that most lines fit into
        for run in sorted(found, key=lambda run: -len(run.lines)):
            if taken.isdisjoint(run.lines):
                taken.update(run.lines)
                microdata.tell(run.block, report)
        for run in tables:
            if taken.isdisjoint(run.lines) and _is_table(run.block):
                taken.update(run.lines)
                frequencies.check(run.block, report)
    if len(lines) > MAX_LINES:
        text = Text(
            en=f"Only among the first {MAX_LINES} lines was looked for one row per person.",
            nl=f"Alleen in de eerste {MAX_LINES} regels is gezocht naar één rij per persoon.",
        )
        report.add(Rule.UNREADABLE, Status.REVIEW, text, Text(en="Shorten the file.", nl="Maak het bestand korter."))
    return taken
