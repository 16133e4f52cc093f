"""Records written as literals: lists of tuples or dictionaries, frames column by column, ``c(…)`` beside ``c(…)``, lines of JSON.

Brackets are read alike in every language; only groups that hold nothing but literals count, since code is made of names.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from ...domain.finding import Rule, Status
from ...domain.text import Text
from . import frequencies, microdata, records
from .microdata import LEAST_ROWS, SURE_ROWS
from .records import MAX_FIELDS
from .report import Report
from .sheet import Block, Sheet
from .values import number

MAX_CHARACTERS = 2_000_000
"""Characters of a script or text whose brackets are read."""

MAX_ROWS = 5_000
"""Rows of one literal table that are looked at."""

SOME_DEPTH, MAX_DEPTH = 40, 400
"""Brackets within brackets: from the first on, those with nothing but brackets in them are taken together; beyond the second nothing is read."""

# a text that is not closed ends with its line, so that reading stays linear
_QUOTED = r"(?P<text>[rbfuRBFU]{0,2}(?:'(?:[^'\\\n]|\\.)*+'?|\"(?:[^\"\\\n]|\\.)*+\"?))"
# in texts an apostrophe is one more often than it is a quotation mark
_QUOTED_IN_TEXT = r"(?P<text>(?<!\w)'(?:[^'\\\n]|\\.){0,200}+'|\"(?:[^\"\\\n]|\\.)*+\"?)"
_LONG = r"(?P<long>[rbfuRBFU]{0,2}(?:'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)))"
_REST = (
    r"(?P<number>(?<![\w.])-?\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?[LlfF]?(?!\w)|(?<![\w.])-?\.\d+)",
    r"(?P<name>[^\W\d][\w.]*)",
    r"(?P<is><-|==|=>|:=|[=:])",
    r"(?P<open>[(\[{])",
    r"(?P<close>[)\]}])",
    r"(?P<end>[;\n])",
)
_COMMENTS = {
    "py": r"(?P<comment>#[^\n]*)",
    "r": r"(?P<comment>#[^\n]*)",
    "do": r"(?P<comment>^[ \t]*\*[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))",
    "sps": r"(?P<comment>^[ \t]*\*[^\n]*|/\*.*?(?:\*/|\Z))",
    "sql": r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))",
    "json": r"(?P<comment>(?!))",
}
_GRAMMARS = {
    language: re.compile("|".join((_LONG, comment, _QUOTED_IN_TEXT if language == "json" else _QUOTED, *_REST)), re.S | re.M)
    for language, comment in _COMMENTS.items()
}
_MISSING = frozenset({"None", "NA", "NULL", "null", "nan", "NaN", "NA_integer_", "NA_character_", "NA_real_"})
_CONSTANTS = frozenset({"True", "False", "TRUE", "FALSE", "true", "false", "T", "F"})
_MAKERS = frozenset(
    {"", "c", "list", "tuple", "dict", "set", "array", "vector", "date", "datetime", "Date", "timestamp", "Timestamp", "Decimal", "Series", "factor",
     "asarray", "int", "float", "str"}
)  # fmt: skip
"""Calls that only make a value; any other call or subscript within a record is code."""


@dataclass(slots=True)
class Group:
    """What stands between two brackets.

    Parameters
    ----------
    head
        The name before it, as in ``c(…)``.
    key
        The name it is given, as in ``age=c(…)``.
    line
        Where it starts.
    items
        Literals in it, each with the name it is given.
    children
        Groups in it.
    pure
        Whether there are no names in it but those given to values.
    named
        Whether its key is a name of the code rather than a text.
    place
        How many loose names stand before it in the group it is in: what stands between two names belongs together.
    loose
        Loose names in it so far.
    """

    head: str
    key: str
    line: int
    items: list[tuple[str, str]] = field(default_factory=list)
    children: list[Group] = field(default_factory=list)
    pure: bool = True
    named: bool = False
    place: int = 0
    loose: int = 0
    deep: bool = False
    """Whether something in it was nested too deep to be read (of the whole only)."""

    def values(self) -> list[tuple[str, str]] | None:
        """Give all literals in it, those of groups within groups too; None where there is code among them."""
        found: list[tuple[str, str]] = []
        waiting = [(self, "")]
        while waiting:
            group, prefix = waiting.pop()
            if not group.pure:
                return None
            found += [(prefix + key if key else "", value) for key, value in group.items]
            if any(child.head not in _MAKERS for child in group.children):
                return None
            waiting += [(child, f"{prefix}{child.key}." if child.key else prefix) for child in reversed(group.children)]
        return found


def parse(source: str, language: str) -> Group:
    """Read the brackets of a script; unbalanced ones give what there is."""
    root = Group("", "", 1)
    stack, depths = [root], [1]
    tokens = [(m.lastgroup or "", m[0], m.start()) for m in _GRAMMARS[language].finditer(source[:MAX_CHARACTERS]) if m.lastgroup != "comment"]
    line = 1
    last = 0
    key = head = ""
    by_name = False
    for i, (kind, text, at) in enumerate(tokens):
        line += source.count("\n", last, at)
        last = at
        follows, following = tokens[i + 1][:2] if i + 1 < len(tokens) else ("", "")
        named = follows == "is" and following != "=="
        if kind == "open":
            above = stack[-1]
            group = Group(head, key, line, named=by_name and bool(key), place=above.loose)
            key = head = ""
            by_name = False
            if depths[-1] >= SOME_DEPTH and not above.items and not above.children:
                group, deeper = above, 0
            elif depths[-1] < MAX_DEPTH:
                above.children.append(group)
                deeper = 1
            else:
                root.deep, deeper = True, 0
            stack.append(group)
            depths.append(depths[-1] + deeper)
        elif kind == "close":
            if len(stack) > 1:
                stack.pop()
                depths.pop()
            key = head = ""
        elif kind == "end":
            if len(stack) == 1:
                key = head = ""
        elif kind in ("text", "long", "number") or (kind == "name" and text in _MISSING | _CONSTANTS):
            value = _plain(kind, text)
            # a number before a colon is the key of a mapping or the start of a slice
            if named and (kind == "text" or (kind == "number" and following == ":")):
                key, by_name = value, False
            elif len(stack) > 1:
                stack[-1].items.append((key, value))
                key = ""
        elif kind == "name":
            head = ""
            if named:
                key, by_name = text, True
            elif follows == "open":
                head = text.rsplit(".", 1)[-1]
            else:
                stack[-1].pure = False
                stack[-1].loose += 1
    return root


def _plain(kind: str, text: str) -> str:
    if kind in ("text", "long"):
        return text.strip("rbfuRBFU").strip("'\"")
    if kind == "number":
        return text.rstrip("LlfF").replace("_", "")
    return "" if text in _MISSING else text


def _groups(root: Group) -> Iterator[Group]:
    waiting = [root]
    while waiting:
        group = waiting.pop()
        yield group
        waiting += group.children


def _alike(group: Group, *, top: bool) -> Iterator[list[Group]]:
    """Give the groups of one kind within a group; calls that are scattered over a script have nothing to do with each other."""
    if top:
        for _, members in groupby(group.children, key=lambda child: child.head):
            yield list(members)
        return
    kinds: defaultdict[tuple[str, int], list[Group]] = defaultdict(list)
    for child in group.children:
        kinds[child.head, child.place].append(child)
    yield from kinds.values()


def _rows(group: Group, *, top: bool) -> Iterator[Block]:
    """Tables row by row: groups of one kind within a group."""
    for members in _alike(group, top=top):
        if len(members) < LEAST_ROWS:
            continue
        members = members[:MAX_ROWS]
        pure = [(member, values) for member in members if (values := member.values()) is not None and 2 <= len(values) <= MAX_FIELDS]
        if len(pure) < max(LEAST_ROWS, 0.8 * len(members)):
            continue
        if _are_settings([member for member, _ in pure], [[value for _, value in values] for _, values in pure]):
            continue
        lines = [member.line for member, _ in pure]
        keys = [member.key for member, _ in pure]
        own = all(keys) and len(set(keys)) == len(keys)
        if all(sum(bool(name) for name, _ in values) > len(values) / 2 for _, values in pure):
            names = list(dict.fromkeys(name for _, values in pure for name, _ in values))
            if len(names) > MAX_FIELDS:
                continue
            records_ = [dict(values) for _, values in pure]
            rows = [[key] * own + [record.get(name, "") for name in names] for key, record in zip(keys, records_, strict=True)]
            yield _block([[""] * own + [name.rsplit(".", 1)[-1] for name in names], *rows], [lines[0], *lines])
        else:
            width = Counter(len(values) for _, values in pure).most_common(1)[0][0]
            fitting = [(member, values) for member, values in pure if len(values) == width]
            rows = [[member.key] * own + [value for _, value in values] for member, values in fitting]
            yield _block(rows, [member.line for member, _ in fitting])


def _are_settings(members: Sequence[Group], rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether groups with a name in the code each are its settings rather than records.

    A call that is more than the making of a value is one, and so are pairs of numbers of one range (positions, bounds): what is known of a
    person is of several kinds.
    """
    if not all(member.named for member in members) or len({member.key for member in members}) < len(members):
        return False
    if any(member.head not in _MAKERS for member in members):
        return True
    numbers = [[number(value) for value in row] for row in rows]
    if any(len(row) != 2 or None in row for row in numbers):
        return False
    first, second = ([value for row in numbers if (value := row[k]) is not None] for k in (0, 1))
    common = min(max(first), max(second)) - max(min(first), min(second))
    return common >= 0.25 * max(max(first) - min(first), max(second) - min(second))


def _is_vector(group: Group) -> bool:
    """Tell whether a group is one list, perhaps within calls as in ``np.array([…])``."""
    while not group.items and len(group.children) == 1 and group.pure:
        group = group.children[0]
    return not group.children


def _columns(group: Group, *, top: bool) -> Iterator[Block]:
    """Tables column by column: groups of many literals each, of one length."""
    lengths: defaultdict[int, list[tuple[str, list[str], int]]] = defaultdict(list)
    for child in group.children:
        values = child.values() if _is_vector(child) else None
        if values is not None and len(values) >= LEAST_ROWS and not any(name for name, _ in values):
            lengths[len(values)].append((child.key, [value for _, value in values][:MAX_ROWS], child.line))
    yield from _mappings(group)
    for length, columns in lengths.items():
        # lists that merely stand in the same script are less surely one table
        if 2 <= len(columns) <= MAX_FIELDS and (not top or length >= SURE_ROWS):
            names = [name for name, _, _ in columns]
            rows = [list(row) for row in zip(*(values for _, values, _ in columns), strict=True)]
            yield _block([names, *rows] if any(names) else rows, [columns[0][2]] * (len(rows) + bool(any(names))))


def _mappings(group: Group) -> Iterator[Block]:
    """Tables column by column, where each is a mapping of the same keys: a frame as JSON."""
    kinds: defaultdict[tuple[str, ...], list[Group]] = defaultdict(list)
    for child in group.children:
        keys = tuple(key for key, _ in child.items)
        if child.pure and not child.children and len(keys) >= LEAST_ROWS and all(keys) and len(set(keys)) == len(keys):
            kinds[keys[:MAX_ROWS]].append(child)
    for keys, columns in kinds.items():
        if 2 <= len(columns) <= MAX_FIELDS:
            values = [[value for _, value in column.items][:MAX_ROWS] for column in columns]
            rows = [["", *(column.key for column in columns)], *([key, *row] for key, row in zip(keys, zip(*values, strict=True), strict=True))]
            yield _block(rows, [columns[0].line] * len(rows))


def _block(rows: list[list[str]], lines: list[int]) -> Block:
    return Block(Sheet(rows, lines=lines), 0, len(rows))


def _lines(group: Group) -> Sequence[str]:
    """The texts in a group, where each may be a record."""
    texts = [value for name, value in group.items if not name and len(value) < 4_000]
    return texts[:MAX_ROWS] if len(texts) >= LEAST_ROWS else ()


def _too_deep(report: Report) -> None:
    text = Text(
        en=f"Brackets stand more than {MAX_DEPTH} deep within each other: what is in them was not read.",
        nl=f"Haakjes staan meer dan {MAX_DEPTH} diep in elkaar: wat erin staat is niet gelezen.",
    )
    report.add(Rule.UNREADABLE, Status.REVIEW, text, Text(en="Write it with fewer levels.", nl="Schrijf het met minder niveaus."))


def check(source: str, language: str, report: Report) -> bool:
    """Report tables of units that are written as literals, and check other tables in a text; tell whether there was a table at all.

    Parameters
    ----------
    source
        The script or text.
    language
        The type of a script, or ``json`` for a text.
    report
        Takes the findings.
    """
    found = False
    if sum(source.count(mark) for mark in "([{") < 1:
        return found
    root = parse(source, language)
    if root.deep:
        _too_deep(report)
    for group in _groups(root):
        for block in (*_rows(group, top=group is root), *_columns(group, top=group is root)):
            found = True
            if records.verdict(block):
                microdata.tell(block, report)
                break
            if language == "json":
                frequencies.check(block, report)
        texts = _lines(group)
        for run in records.runs(texts) if texts else ():
            if not run.loose and records.verdict(run.block):
                microdata.tell(_block(run.rows, [group.line] * len(run.rows)), report)
                found = True
                break
    return found
