"""How a judged table looks: unsafe cells with colour, sign and word, and one line that says what is wrong and what to do."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import product

import pyarrow as pa

from ..domain.evidence import Dimension, TableMeta
from ..domain.finding import CellFinding, Status
from ..domain.grid import HIDDEN, Layout, grid_positions, render_grid
from . import markup
from .language import number, pick
from .words import quantity, tone, verdict

SHOWN_ROWS = 100
SHOWN_COLUMNS = 30
SHOWN_FINDINGS = 5

LORENZ_STEPS = "share_of_units"
"""Name of the steps of a Lorenz curve, as evidence and files have it."""


def table_html(meta: TableMeta, frame: pa.Table, hidden: Collection[int], lang: str) -> str:
    """Give the display of a table; every label is escaped."""
    layout = Layout.of(meta)
    body, cut = _body(meta, frame, layout, frozenset(hidden), lang)
    title = _title(meta, lang)
    shown = markup.table(_head(meta, layout, title, lang), body, title)
    return markup.block(f'<div style="overflow-x:auto">{shown}</div>{cut}{_summary(meta, frozenset(hidden), lang)}')


def table_text(meta: TableMeta, frame: pa.Table, hidden: Collection[int], lang: str) -> str:
    """Give the table as plain text, with the same signs."""
    grid = render_grid(meta, frame, hidden)
    marks = _worst(meta, frozenset(hidden))
    for row, position in enumerate(grid_positions(meta, frame)):
        if position is not None and row in marks:
            grid[position[0]][position[1]] = f"{markup.SIGNS[tone(marks[row])]} {grid[position[0]][position[1]]}"
    widths = [max(len(row[i]) for row in grid) for i in range(len(grid[0]))] if grid else []
    labels = Layout.of(meta).label_columns
    lines = [
        "  ".join(text.ljust(width) if i < labels else text.rjust(width) for i, (text, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in grid[: SHOWN_ROWS + 1]
    ]
    findings = [f for f in meta.findings if f.row not in hidden][:SHOWN_FINDINGS]
    lines += [_counts(meta, frozenset(hidden), lang)]
    lines += [f"{markup.SIGNS[tone(f.status)]} {f.text.say(lang)} → {f.remedy.say(lang)}" for f in findings]
    lines += [note.say(lang) for note in meta.notes]
    return "\n".join(lines)


def _title(meta: TableMeta, lang: str) -> str:
    what, unit = quantity(meta, lang)
    return f"{what}, {unit}" if unit else what


def _total(lang: str) -> str:
    return pick(lang, "total", "totaal")


def _name(dimension: Dimension, lang: str) -> str:
    """Name a dimension; the steps of a Lorenz curve are no variable and have words."""
    return (
        pick(lang, "share of the units, lowest first", "aandeel van de eenheden, laagste eerst")
        if dimension.label == LORENZ_STEPS
        else dimension.label
    )


def _combinations(dimensions: Sequence[Dimension], lang: str) -> list[tuple[str, ...]]:
    return list(product(*([c.label for c in d.categories] + [_total(lang)] for d in dimensions)))


def _head(meta: TableMeta, layout: Layout, title: str, lang: str) -> str:
    names = [_name(d, lang) for d in layout.down]
    if not layout.across:
        cells = "".join(markup.cell(markup.esc(n), tag="th", extra=' scope="col"') for n in names or [""])
        return markup.row(cells + markup.cell(markup.esc(title), tag="th", right=True, extra=' scope="col"'))
    rows = markup.row(
        markup.cell(markup.esc(title), tag="th", extra=f' colspan="{layout.label_columns}" scope="col"')
        + markup.cell(
            markup.esc(" · ".join(_name(d, lang) for d in layout.across)),
            tag="th",
            extra=f' colspan="{min(SHOWN_COLUMNS, layout.width - layout.label_columns)}" scope="colgroup"',
            style=markup.QUIET,
        )
    )
    columns = _combinations(layout.across, lang)[:SHOWN_COLUMNS]
    for level in range(len(layout.across)):
        last = level == len(layout.across) - 1
        if last:
            cells = "".join(markup.cell(markup.esc(n), tag="th", extra=' scope="col"', style=markup.QUIET) for n in names or [""])
        else:
            cells = markup.cell("", extra=f' colspan="{layout.label_columns}"')
        start = 0
        while start < len(columns):
            end = start + 1
            while not last and end < len(columns) and columns[end][: level + 1] == columns[start][: level + 1]:
                end += 1
            span = f' colspan="{end - start}" scope="colgroup"' if end - start > 1 else ' scope="col"'
            cells += markup.cell(markup.esc(columns[start][level].replace(" %", "\N{NO-BREAK SPACE}%")), tag="th", right=last, extra=span)
            start = end
        rows += markup.row(cells)
    return rows


def _body(meta: TableMeta, frame: pa.Table, layout: Layout, hidden: frozenset[int], lang: str) -> tuple[str, str]:
    places: dict[tuple[int, int], int] = {}
    for index, position in enumerate(grid_positions(meta, frame)):
        if position is not None:
            places[position[0] - layout.header_rows, position[1] - layout.label_columns] = index
    values = frame.column("value").to_pylist()
    findings: dict[int, list[CellFinding]] = defaultdict(list)
    for finding in meta.findings:
        findings[finding.row].append(finding)
    labels = _combinations(layout.down, lang)
    width = layout.width - layout.label_columns
    height, columns = min(len(labels), SHOWN_ROWS), min(width, SHOWN_COLUMNS)
    decimals = _decimals(values)
    body = ""
    for at, names in enumerate(labels[:height]):
        cells = ""
        total = bool(names) and all(name == _total(lang) for name in names)
        for name in names or (_total(lang) if not layout.across else quantity(meta, lang)[0],):
            strong = "font-weight:600" if name == _total(lang) else "font-weight:400"
            cells += markup.cell(markup.esc(name), tag="th", extra=' scope="row"', style=strong)
        for column in range(columns):
            place = places.get((at, column))
            if place is None:
                cells += markup.cell(markup.unseen(pick(lang, "empty", "leeg")), right=True)
            else:
                cells += _cell(
                    values[place],
                    place in hidden,
                    findings.get(place, []),
                    decimals,
                    lang,
                    strong=total or (bool(layout.across) and column == width - 1),
                )
        body += markup.row(cells)
    if height == len(labels) and columns == width:
        return body, ""
    note = pick(
        lang,
        f"Shown: {height} of {number(len(labels), lang)} rows, {columns} of {width} columns. All of them:",
        f"Getoond: {height} van {number(len(labels), lang)} rijen, {columns} van {width} kolommen. Alles:",
    )
    return body, f"<div>{markup.quiet(note)} <code>.df()</code></div>"


def _decimals(values: Sequence[float | None]) -> int:
    """Give one number of decimals for a whole table, by its largest figure; none where all are whole."""
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    if all(value == int(value) for value in known):
        return 0
    largest = max(known)
    return 0 if largest >= 10_000 else 1 if largest >= 100 else 2 if largest >= 1 else 4


def _cell(value: float | None, blank: bool, findings: list[CellFinding], decimals: int, lang: str, *, strong: bool) -> str:
    worst = max(findings, key=lambda f: f.status.badness, default=None)
    if blank:
        why = (
            worst.text.say(lang)
            if worst is not None
            else pick(lang, "blanked so that no unsafe cell follows by subtraction", "onderdrukt zodat geen onveilige cel door aftrekken volgt")
        )
        return markup.cell(
            f"{HIDDEN}{markup.unseen(pick(lang, 'suppressed', 'onderdrukt') + ': ' + why)}",
            right=True,
            extra=f' title="{markup.esc(why)}"',
            style=markup.QUIET,
        )
    figure = number(value, lang, decimals)
    if worst is None:
        return markup.cell(figure or markup.unseen(pick(lang, "empty", "leeg")), right=True, style="font-weight:600" if strong else "")
    kind = tone(worst.status)
    hint = "\n".join(f"{f.text.say(lang)} {f.remedy.say(lang)} ({f.rule.value})" for f in findings)
    sign = f'<span aria-hidden="true">{markup.SIGNS[kind]}</span>'
    spoken = markup.unseen(f"{verdict(worst.status, lang)}: {worst.text.say(lang)}")
    weight = ";font-weight:600" if kind == "bad" else ""
    return markup.cell(f"{sign} {figure}{spoken}", right=True, extra=f' title="{markup.esc(hint)}"', style=markup.wash(kind) + weight)


def _worst(meta: TableMeta, hidden: frozenset[int]) -> dict[int, Status]:
    marks: dict[int, Status] = {}
    for finding in meta.findings:
        if finding.row not in hidden:
            marks[finding.row] = Status.worst([marks.get(finding.row, Status.SAFE), finding.status])
    return marks


def _counts(meta: TableMeta, hidden: frozenset[int], lang: str) -> str:
    unsafe = meta.unsafe - len({f.row for f in meta.findings if f.status in (Status.UNSAFE, Status.REFUSED) and f.row in hidden})
    review = meta.review - len({f.row for f in meta.findings if f.row in hidden and _only_review(meta, f.row)})
    every = meta.safe + meta.review + meta.unsafe
    safe = every - review - unsafe - len(hidden)
    cells = pick(lang, "cell" if every == 1 else "cells", "cel" if every == 1 else "cellen")
    parts = [f"{number(every, lang)} {cells}: {number(safe, lang)} {verdict(Status.SAFE, lang)}"]
    if review:
        parts.append(f"{number(review, lang)} {verdict(Status.REVIEW, lang)}")
    if unsafe:
        parts.append(f"{number(unsafe, lang)} {verdict(Status.UNSAFE, lang)}")
    if hidden:
        parts.append(f"{number(len(hidden), lang)} {pick(lang, 'suppressed', 'onderdrukt')}")
    return " · ".join(parts)


def _only_review(meta: TableMeta, row: int) -> bool:
    return all(f.status is Status.REVIEW for f in meta.findings if f.row == row)


def _summary(meta: TableMeta, hidden: frozenset[int], lang: str) -> str:
    left = sorted((f for f in meta.findings if f.row not in hidden), key=lambda f: -f.status.badness)
    lines = [f"<span>{markup.esc(_counts(meta, hidden, lang))}</span>"]
    if len(left) == 1:
        lines[0] += f" — {_finding(left[0], lang, lead=False)}"
    else:
        lines += [_finding(finding, lang, lead=True) for finding in left[:SHOWN_FINDINGS]]
    if len(left) > SHOWN_FINDINGS:
        rest = number(len(left) - SHOWN_FINDINGS, lang)
        lines.append(f"{markup.quiet(pick(lang, f'and {rest} more; all of them:', f'en nog {rest}; alle:'))} <code>.findings</code>")
    unsafe = any(f.status in (Status.UNSAFE, Status.REFUSED) for f in left)
    if hidden:
        lines.append(markup.quiet(pick(lang, "Undo with .undo().", "Ongedaan maken met .undo().")))
    elif unsafe and meta.hidden:
        extra = len(set(meta.hidden) - {f.row for f in left if f.status in (Status.UNSAFE, Status.REFUSED)})
        more = (
            pick(
                lang,
                f", {number(extra, lang)} of them so that nothing follows by subtraction",
                f", waarvan {number(extra, lang)} zodat niets door aftrekken volgt",
            )
            if extra
            else ""
        )
        count = number(len(meta.hidden), lang)
        cells = pick(lang, "cell" if len(meta.hidden) == 1 else "cells", "cel" if len(meta.hidden) == 1 else "cellen")
        lines.append(f"<code>.suppress()</code> {markup.quiet(pick(lang, f'blanks {count} {cells}{more}.', f'onderdrukt {count} {cells}{more}.'))}")
    lines += [markup.quiet(note.say(lang)) for note in meta.notes]
    # what was proved is proved of the table with these cells blanked
    if meta.proof is not None and hidden.issuperset(meta.hidden):
        lines.append(f'<span style="{markup.ink("ok")}">{markup.SIGNS["ok"]} {markup.esc(meta.proof.say(lang))}</span>')
    # how it was rounded is among the notes, unless whoever made the table left it out
    if meta.rounding is not None and not meta.notes:
        lines.append(markup.quiet(pick(lang, f"Rounded to multiples of {meta.rounding}.", f"Afgerond op veelvouden van {meta.rounding}.")))
    if meta.sources:
        lines.append(markup.quiet(f"{pick(lang, 'Source', 'Bron')}: {', '.join(meta.sources)}"))
    return "".join(f"<div>{line}</div>" for line in lines)


def _finding(finding: CellFinding, lang: str, *, lead: bool) -> str:
    kind = tone(finding.status)
    name = " · ".join(_total(lang) if label is None else label for label in finding.cell) or _total(lang)
    text = finding.text.say(lang)
    if text.casefold().startswith(f"{name}: ".casefold()):
        text = text[len(name) + 2 :]
    sign = f"{markup.SIGNS[kind]} " if lead else ""
    label = f'<b style="{markup.ink(kind)}" title="{markup.esc(finding.rule.value)}">{sign}{markup.esc(name)}</b>'
    return f"{label}: {markup.esc(text)} → {markup.esc(finding.remedy.say(lang))}"
