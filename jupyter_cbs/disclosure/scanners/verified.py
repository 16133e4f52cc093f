"""Finished tables that were made here: recognised by their labels, compared cell by cell, judged on their evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ...domain.evidence import TableMeta
from ...domain.finding import Rule, Status, Where
from ...domain.grid import grid_positions, labels_keys, render_grid
from ...domain.text import Text
from ..cells import Cells
from ..hiding import NOT_PROVEN, SUPPRESS_MORE, exposure_text, exposures
from ..judge import judge
from ..rules import Question
from .matching import agrees, match
from .report import Report
from .sheet import Block, Sheet
from .values import is_suppressed, number

MAX_HEADER, MAX_LABELS = 6, 6
"""Most header rows and label columns a table made here can have."""

MAX_ROWS = 100_000
"""Tables with evidence are bounded (QueryLimits.max_table_cells); longer sheets are none."""


def _cell(grid: Sequence[Sequence[str]], row: int, column: int) -> str:
    return grid[row][column].strip() if row < len(grid) and column < len(grid[row]) else ""


def keys(sheet: Sheet) -> list[str]:
    """Give the shape keys a sheet could have: one for each number of header rows and of label columns that is possible."""
    rows = trimmed(sheet)
    if not 1 < len(rows) <= MAX_ROWS:
        return []
    layouts = []
    for header in range(1, min(MAX_HEADER, len(rows) - 1) + 1):
        first = next((at for at in range(1, MAX_LABELS + 1) if _is_body(rows[header:], at)), None)
        if first is not None:
            layouts += [(header, labels) for labels in range(first, min(first + 2, MAX_LABELS) + 1)]
    return labels_keys(rows, layouts)


def _is_body(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Tell whether a column holds numbers, suppressions and blanks only."""
    cells = (row[column].strip() if column < len(row) else "" for row in rows)
    return all(not cell or is_suppressed(cell) or number(cell) is not None for cell in cells)


def trimmed(sheet: Sheet) -> list[Sequence[str]]:
    """Give the rows without the empty ones at the end."""
    rows = list(sheet.rows)
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    return rows


def check(sheet: Sheet, report: Report) -> bool:
    """Judge a sheet on kept evidence, where it is laid out as it was written here; tell whether there was any that agrees with it."""
    rows = trimmed(sheet)
    alike = report.context.lookup(keys(sheet))
    for meta, frame in alike:
        if _differences(rows, meta, frame) == 0:
            _judge(sheet, tuple(grid_positions(meta, frame)), meta, frame, report)
            return True
    report.alike = alike
    return False


def check_block(block: Block, report: Report) -> bool:
    """Judge one table of a sheet on kept evidence, however it is laid out; tell whether there was any that agrees with it."""
    found = match(block, [*report.alike, *report.known()])
    if found is None:
        return False
    if found.differs == 0:
        _judge(block.sheet, found.places, found.meta, found.frame, report)
        return True
    text = Text(
        en=f"The labels are those of ‘{found.meta.value_label}’ made here, but {found.differs} values differ from its evidence.",
        nl=f"De labels zijn die van ‘{found.meta.value_label}’ die hier is gemaakt, maar {found.differs} waarden wijken af van het bewijs.",
    )
    remedy = Text(en="Write the table again with to_csv or to_xlsx.", nl="Schrijf de tabel opnieuw weg met to_csv of to_xlsx.")
    report.add(Rule.UNKNOWN_TABLE, Status.REVIEW, text, remedy, block.sheet.where(block.start))
    return False


def _differences(rows: Sequence[Sequence[str]], meta: TableMeta, frame: pa.Table) -> int:
    grid = render_grid(meta, frame, ())
    if len(rows) > len(grid):
        return len(rows) * len(grid[0])
    differs = 0
    placed = set()
    for position, value in zip(grid_positions(meta, frame), frame.column("value").to_pylist(), strict=True):
        if position is None:
            continue
        placed.add(position)
        printed = _cell(rows, *position)
        differs += not (printed == "" or is_suppressed(printed) or agrees(printed, value))
    # places where the evidence has nothing must hold nothing, beyond the edge of the table as well
    labels = max(1, len(meta.spec.rows))
    for r in range(len(grid) - _body_rows(grid, meta), len(rows)):
        for c in range(labels, len(rows[r])):
            differs += (r, c) not in placed and _cell(rows, r, c) not in ("", "0") and not is_suppressed(_cell(rows, r, c))
    return differs


def _body_rows(grid: Sequence[Sequence[str]], meta: TableMeta) -> int:
    return len(grid) - 1 - len(meta.spec.columns)


def _place(where: Where) -> str:
    return where.cell or str(where.line or "")


def _judge(sheet: Sheet, positions: Sequence[tuple[int, int] | None], meta: TableMeta, frame: pa.Table, report: Report) -> None:
    first = next((position[0] for position in positions if position is not None), 0)
    profile = report.context.profile_of(meta.rule_profile)
    judged = judge(frame, meta.dimensions, meta.spec, profile, meta.unit, patience=0, rounding=meta.rounding)
    printed = ["" if position is None else _cell(sheet.rows, *position) for position in positions]
    cells = Cells.of(frame, meta.dimensions)
    visible = np.array([bool(text) and not is_suppressed(text) for text in printed], dtype=bool)
    for finding in judged.findings:
        position = positions[finding.row]
        if visible[finding.row] and position is not None:
            report.add(finding.rule, finding.status, finding.text, finding.remedy, sheet.where(*position), "verified")
    unsafe = np.array([status == Status.UNSAFE for status in judged.frame.column("status").to_pylist()], dtype=bool)
    hidden = ~visible & ~cells.empty
    places = ["" if position is None else _place(sheet.where(*position)) for position in positions]
    report.table(sheet.where(first), "verified", meta.fingerprint, np.flatnonzero(hidden).tolist(), places)
    given_away, complete = exposures(cells, hidden, unsafe, Question(meta.spec.statistic, profile, meta.spec))
    for exposure in given_away:
        position = positions[exposure.row]
        where = sheet.where(*position) if position is not None else sheet.where(0)
        report.add(exposure.rule, Status.UNSAFE, exposure_text(cells, exposure), SUPPRESS_MORE, where, "verified")
    if not complete:
        report.add(Rule.SECONDARY, Status.REVIEW, NOT_PROVEN, SUPPRESS_MORE, sheet.where(0), "verified")
