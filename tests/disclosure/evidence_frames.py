"""Evidence frames made from microdata in plain Python: the slow, obviously right way."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from jupyter_cbs.domain.evidence import Category, Dimension, TableMeta, TableSpec, evidence_schema

Key = tuple[str | None, ...]
TOTAL = object()


@dataclass(frozen=True)
class Row:
    """One row of microdata."""

    unit: int
    categories: Key
    value: float | None = 1.0
    institution: int | None = None


def dimension(name: str, codes: Sequence[str | None]) -> Dimension:
    return Dimension(name=name, label=name, categories=tuple(Category(code=c, label="onbekend" if c is None else f"{name}-{c}") for c in codes))


def cells_of(rows: Sequence[Row], k: int) -> dict[tuple, list[Row]]:
    """Every cell and margin that holds a row; totals are the object TOTAL."""
    cells: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        for pattern in itertools.product((False, True), repeat=k):
            cells[tuple(TOTAL if total else c for c, total in zip(row.categories, pattern, strict=True))].append(row)
    if not rows:
        cells[(TOTAL,) * k] = []
    return cells


def frame_of(rows: Sequence[Row], k: int, statistic: str = "count", margins: bool = True) -> pa.Table:
    """Build the evidence frame of some microdata."""
    records = []
    for key, members in cells_of(rows, k).items():
        if not margins and TOTAL in key:
            continue
        valid = [m for m in members if m.value is not None]
        per_unit: dict[int, float] = defaultdict(float)
        for m in valid:
            per_unit[m.unit] += m.value or 0.0
        tops = sorted((abs(v) for v in per_unit.values()), reverse=True)
        total = sum(m.value for m in valid if m.value is not None)
        units = len(per_unit)
        values = {
            "count": float(units),
            "share": float(units),
            "sum": total if valid else None,
            "mean": total / len(valid) if valid else None,
            "median": sorted(m.value for m in valid)[len(valid) // 2] if valid else None,
        }
        institutions = {m.institution for m in valid if m.institution is not None}
        records.append(
            {f"d{i}": None if c is TOTAL else c for i, c in enumerate(key)}
            | {f"g{i}": c is TOTAL for i, c in enumerate(key)}
            | {
                "value": values[statistic],
                "rows": len(members),
                "missing": len(members) - len(valid),
                "n": units,
                "n_exact": True,
                "total": total if valid else None,
                "abs_total": sum(abs(m.value) for m in valid if m.value is not None) if valid else None,
                "top1": tops[0] if tops else None,
                "top2": tops[1] if len(tops) > 1 else None,
                "top_exact": True,
                "negatives": sum(m.value < 0 for m in valid if m.value is not None),
                "institutions": len(institutions) if institutions else None,
            }
        )
    return pa.Table.from_pylist(records, schema=evidence_schema(k))


def meta_of(
    dimensions: Sequence[Dimension],
    rows: int,
    statistic: str = "count",
    *,
    hidden: Sequence[int] = (),
    value_label: str = "count",
    unit: str = "person",
) -> TableMeta:
    names = [d.name for d in dimensions]
    return TableMeta(
        spec=TableSpec(
            source="X", rows=tuple(names[:rows]), columns=tuple(names[rows:]), statistic=statistic, values=None if statistic == "count" else "V"
        ),
        dimensions=tuple(dimensions),
        statistic=statistic,
        value_label=value_label,
        unit=unit,
        fingerprint="0" * 64,
        safe=0,
        review=0,
        unsafe=0,
        hidden=tuple(hidden),
    )


def crosstab(counts: Sequence[Sequence[int]], statistic: str = "count") -> tuple[pa.Table, tuple[Dimension, Dimension]]:
    """Build the frame of a two-dimensional table with the given numbers of units."""
    rows, unit = [], 0
    for r, line in enumerate(counts):
        for c, count in enumerate(line):
            for _ in range(count):
                rows.append(Row(unit, (str(r), str(c))))
                unit += 1
    dims = (dimension("A", [str(r) for r in range(len(counts))]), dimension("B", [str(c) for c in range(len(counts[0]))]))
    return frame_of(rows, 2, statistic), dims


def count_frame(counts: Sequence[Sequence[int]]) -> tuple[pa.Table, tuple[Dimension, Dimension]]:
    """Build the frame of a large two-dimensional table of counts without going through microdata."""
    totals = [sum(line) for line in counts]
    lines = [[*line, total] for line, total in zip(counts, totals, strict=True)]
    lines.append([sum(column) for column in zip(*lines, strict=True)])
    records = []
    for r, line in enumerate(lines):
        for c, n in enumerate(line):
            if n:
                over = r == len(counts), c == len(counts[0])
                codes = {"d0": None if over[0] else str(r), "d1": None if over[1] else str(c), "g0": over[0], "g1": over[1]}
                exact = {"n_exact": True, "top_exact": True, "missing": 0, "negatives": 0}
                records.append(codes | exact | {"value": float(n), "rows": n, "n": n, "total": float(n), "abs_total": float(n), "top1": 1.0})
    dims = (dimension("A", [str(r) for r in range(len(counts))]), dimension("B", [str(c) for c in range(len(counts[0]))]))
    return pa.Table.from_pylist(records, schema=evidence_schema(2)), dims


def row_of(frame: pa.Table, *key: object) -> int:
    """Find the row of a cell; TOTAL for totals."""
    for i, record in enumerate(frame.to_pylist()):
        if all((record[f"g{j}"] and c is TOTAL) or (not record[f"g{j}"] and c is not TOTAL and record[f"d{j}"] == c) for j, c in enumerate(key)):
            return i
    raise KeyError(key)
