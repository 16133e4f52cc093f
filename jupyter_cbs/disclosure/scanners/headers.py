"""Where the header of a table ends: names, years and codes of categories, and the levels pandas writes above a cross table."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from .values import is_suppressed, is_total, number

MAX_HEADER_ROWS = 8
LEAST_CODES = 5
"""Whole numbers that rise in the first row of numbers are codes rather than counts from this many; by chance five rise once in 120 rows."""

_MISSING_CODES = frozenset({8.0, 9.0, 98.0, 99.0, 998.0, 999.0, 9998.0, 9999.0})
_TRUTHS = frozenset({"true", "false", "waar", "onwaar"})


def _names_all(row: Sequence[str]) -> bool:
    return len(row) > 1 and all(cell.strip() for cell in row)


def count_rows(rows: Sequence[Sequence[str]]) -> int:
    """Count the rows before the first that holds a number or a suppression, and a row of years or codes of categories."""
    names = levels(rows)
    if names is not None:
        return len(names) + 1
    for at, row in enumerate(rows[:MAX_HEADER_ROWS]):
        filled = [cell for cell in row if cell.strip()]
        values = [number(cell) for cell in row]
        if all(value is None for value in values):
            if at and len(filled) > 1 and any(is_suppressed(cell) for cell in filled):
                return at
            if at and len(filled) == 1 and row[0].strip() and _names_all(rows[at - 1]):
                return at  # a label whose numbers were left empty
            continue
        return at + 1 if _is_numbered(rows, at) or _is_unnamed(rows, at) else at
    if len(rows) <= MAX_HEADER_ROWS:
        return 1
    # text only: one header, below lines that are titles
    return next((at + 1 for at, row in enumerate(rows) if sum(bool(cell.strip()) for cell in row) > 1), 1)


def levels(rows: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """Give the names in a header of several levels as pandas writes it, one list per level; None where it is none.

    Every level is a row: its name, and its categories, that come back under each category of the level above; where cells are merged, only
    the first of them is filled. Below stands a row with the names of the columns of labels only.
    """
    for at in range(2, min(MAX_HEADER_ROWS, len(rows) - 1)):
        last = [cell.strip() for cell in rows[at]]
        labels = next((k for k, cell in enumerate(last) if not cell), len(last))
        if not labels or any(last[labels:]) or any(number(cell) is not None for cell in last[:labels]):
            continue
        above = [[cell.strip() for cell in row] for row in rows[:at]]
        width = max(map(len, above))
        if width < labels + 2 or any(not row or number(row[0]) is not None or any(row[1:labels]) for row in above):
            return None
        upper = [_filled([*row, *[""] * (width - len(row))][labels:]) for row in above[:-1]]
        lowest = [*above[-1], *[""] * (width - len(above[-1]))][labels:]
        columns = list(zip(*upper, lowest, strict=True))
        # a total has no categories below it
        whole = all(all(names[:-1]) and (names[-1] or is_total(names[0])) for names in columns)
        if not whole or len(set(columns)) < len(columns) or len(set(upper[0])) == len(columns):
            return None
        return [[row[0], *[""] * (labels - 1), *names] for row, names in zip(above, [*upper, lowest], strict=True)]
    return None


def _filled(cells: Sequence[str]) -> list[str]:
    """Give cells with the one before where nothing stands, as in merged cells."""
    out: list[str] = []
    for cell in cells:
        out.append(cell or (out[-1] if out else ""))
    return out


def _kind(cell: str) -> str:
    return "number" if number(cell) is not None else "truth" if cell.strip().lower() in _TRUTHS else "text" if cell.strip() else ""


def is_rising(values: Sequence[float]) -> bool:
    """Tell whether numbers are whole, not negative, and each above the one before, or are sorted as words are."""
    if any(value < 0 or value != int(value) for value in values) or len(set(values)) < len(values):
        return False
    texts = [f"{value:g}" for value in values]
    return all(a < b for a, b in itertools.pairwise(values)) or (len(texts) > LEAST_CODES and texts == sorted(texts))


def _is_numbered(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Tell whether a row holds the years or codes its columns are of, and not the first numbers of the table."""
    row = rows[at]
    if at + 1 >= len(rows):
        return False
    filled = [number(cell) for cell in row if cell.strip()]
    values = [value for value in filled if value is not None]
    if len(values) < 2 or not row or number(row[0]) is not None or len(filled) - len(values) > 2:
        return False
    if all(1900 <= value <= 2100 and value == int(value) for value in values) and len(set(values)) == len(values):
        return True
    if at and row[0].strip():
        # below a name for each column stand numbers, whatever they are
        above = [rows[at - 1][k].strip() if k < len(rows[at - 1]) else "" for k, cell in enumerate(row) if number(cell) is not None]
        if all(above) and len(set(above)) == len(above):
            return False
    if not is_rising(values):
        return False
    # what the labels below are not, the name above them is
    below = {_kind(other[0]) for other in rows[at + 1 :] if other and other[0].strip().lower() not in ("all", "total", "totaal")}
    apart = _kind(row[0]) not in below or len(values) >= LEAST_CODES
    steps = {b - a for a, b in itertools.pairwise(values if len(values) < 3 or values[-1] not in _MISSING_CODES else values[:-1])}
    return apart or (steps == {1.0} and values[0] in (0.0, 1.0) and (len(values) >= 3 or at == 0))


def _is_unnamed(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Tell whether a row is the header of a series without a name, which pandas calls 0: the number of rows of each group, as a rule."""
    cells = [cell.strip() for cell in rows[at]]
    if at or len(cells) < 2 or cells[-1] != "0" or any(not cell or number(cell) is not None for cell in cells[:-1]):
        return False
    body = rows[at + 1 : at + 200]
    if len(body) < 2 or any(len(row) != len(cells) or number(row[-1]) is None for row in body):
        return False
    # a column of numbers has a word above it only in its header; a word that comes back is a label
    numbered = any(all(number(row[k]) is not None for row in body) for k in range(len(cells) - 1))
    return numbered or all(cells[k] not in {row[k].strip() for row in body} for k in range(len(cells) - 1))
