"""Lorenz and survival curves: a value for each step, with the units the step rests on.

A curve has no margins: its steps are the first column dimension, and there is one curve for each group of the row dimensions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from ..domain.errors import Invalid
from ..domain.text import Text
from .evidence import Base
from .expressions import Expression
from .frame import to_frame

STEPS = 10
"""Groups of a Lorenz curve, where nothing else is asked."""


def lorenz_sql(base: Base, steps: int, *, several: bool, nameless: bool = False) -> str:
    """Give the SELECT of Lorenz steps: ``d0…``, ``s`` (from 1), ``n``, ``rows``, ``total``, ``abs_total``, ``top1``, ``top2``, ``negatives``.

    Where institutions are known there are ``institutions`` and ``institution_top1`` too: those of all rows of the units of a step, and the
    largest absolute total of one of them there. Where there are ``nameless`` rows, which needs ``several``, they are taken for one unit that
    ``n`` does not count.
    """
    keys = base.keys
    by = "".join(f"{key}, " for key in keys)
    units = ", ".join(f"u{i}" for i in range(len(base.unit)))
    valid = f"{base.sql(unit=several, institution=False)} AS valid_rows WHERE x IS NOT NULL"
    each = f"SELECT {by}x::DOUBLE AS t, 1 AS c FROM {valid}"
    known = f", {base.nameless()} AS nameless" if nameless else ""
    if several:
        each = f"SELECT {by}sum(x)::DOUBLE AS t, count(*) AS c{known} FROM {valid} GROUP BY {by}{units}"
    part = f"PARTITION BY {', '.join(keys)} " if keys else ""
    figures = (
        f"count(*){' FILTER (NOT nameless)' if nameless else ''}::BIGINT AS n, sum(c)::BIGINT AS rows, sum(t) AS total, sum(abs(t)) AS abs_total, "
        "max(abs(t), 2)[1] AS top1, max(abs(t), 2)[2] AS top2, count(*) FILTER (t < 0)::BIGINT AS negatives"
    )
    texts = "".join(f"{key}::VARCHAR AS d{i}, " for i, key in enumerate(keys))
    order = ", ".join([*(f"{key} NULLS LAST" for key in keys), "s"])
    if base.institution is None:
        return (
            f"SELECT {texts}s, {figures} FROM (SELECT *, ntile({steps}) OVER ({part}ORDER BY t) AS s FROM ({each})) GROUP BY {by}s ORDER BY {order}"
        )
    # a unit lies in one step with all its rows, of whatever institutions; ties are broken once, so steps are made once
    all_rows = f"{base.sql(unit=True, institution=True)} AS valid_rows WHERE x IS NOT NULL"
    one = units if several else "r"
    numbered = f"SELECT {by}{units + ', ' if base.unit else ''}row_number() OVER () AS r, x::DOUBLE AS x, i FROM {all_rows}"
    per_unit = f"SELECT {by}{one}, sum(x) AS t, count(*) AS c{known} FROM numbered GROUP BY {by}{one}"
    placed = f"SELECT *, ntile({steps}) OVER ({part}ORDER BY t) AS s FROM ({per_unit})"
    same_unit = " AND ".join(f"numbered.{name} IS NOT DISTINCT FROM placed.{name}" for name in (*keys, *one.split(", ")))
    lead = "".join(f"placed.{key}, " for key in keys)
    totals = f"SELECT {lead}s, i, abs(sum(x)) AS t FROM numbered JOIN placed ON {same_unit} WHERE i IS NOT NULL GROUP BY {lead}s, i"
    counted = f"SELECT {by}s, count(*)::BIGINT AS institutions, max(t)::DOUBLE AS institution_top1 FROM ({totals}) GROUP BY {by}s"
    same_step = " AND ".join(f"steps.{name} IS NOT DISTINCT FROM counted.{name}" for name in (*keys, "s"))
    qualified = "".join(f"steps.{key}::VARCHAR AS d{i}, " for i, key in enumerate(keys))
    order = ", ".join([*(f"steps.{key} NULLS LAST" for key in keys), "steps.s"])
    return (
        f"WITH numbered AS MATERIALIZED ({numbered}), placed AS MATERIALIZED ({placed}), "
        f"steps AS (SELECT {by}s, {figures} FROM placed GROUP BY {by}s), counted AS ({counted}) "
        f"SELECT {qualified}steps.s AS s, steps.* EXCLUDE ({by}s), coalesce(institutions, 0) AS institutions, institution_top1 "
        f"FROM steps LEFT JOIN counted ON {same_step} ORDER BY {order}"
    )


def lorenz_frame(found: pa.Table, dimensions: int, steps: int) -> tuple[pa.Table, list[tuple[str, str]]]:
    """Give the evidence frame of Lorenz steps, and code and label of each step."""
    rows = found.to_pylist()
    running: dict[tuple[Any, ...], float] = {}
    whole: dict[tuple[Any, ...], float] = {}
    for row in rows:
        key = _key(row, dimensions)
        whole[key] = whole.get(key, 0.0) + row["total"]
    for row in rows:
        key = _key(row, dimensions)
        running[key] = running.get(key, 0.0) + row["total"]
        row["value"] = 100 * running[key] / whole[key] if whole[key] else None
        row["code"] = f"{100 * row['s'] / steps:.4g}"
    categories = [(f"{100 * s / steps:.4g}", f"{100 * s / steps:.4g} %") for s in range(1, steps + 1)]
    return _frame(rows, dimensions), categories


def survival_sql(base: Base, time: Expression, event: Expression, width: float | None) -> str:
    """Give the SELECT of the units that leave at each step: ``d0…``, ``s``, ``n``, ``events``.

    Where institutions are known there are ``ending``, the institutions whose last unit leaves then, and ``largest``, the most units that one
    institution of these still has.
    """
    keys = [f"k{i}" for i in range(len(base.dimensions))]
    picked = [*(e.sql for e in base.dimensions), f"({time.sql})::DOUBLE", f"({event.sql})::BOOLEAN"]
    where = "" if base.where is None else f" WHERE {base.where}"
    items = "\n, ".join(picked)
    rows = f"(SELECT {items}\n FROM {base.source}{where}) AS rows_of({', '.join([*keys, 't', 'e'])})"
    step = "t" if width is None else f"floor(t / {width!r}) * {width!r}"
    texts = "".join(f"{key}::VARCHAR AS d{i}, " for i, key in enumerate(keys))
    by = "".join(f"{key}, " for key in keys)
    order = ", ".join([*(f"{key} NULLS LAST" for key in keys), "s"])
    if base.institution is not None:
        picked.append(base.institution.sql)
        items = "\n, ".join(picked)
        rows = f"(SELECT {items}\n FROM {base.source}{where}) AS rows_of({', '.join([*keys, 't', 'e', 'i'])})"
        own = f"PARTITION BY {by}i"
        left = f"SELECT {by}i, {step} AS s, count(*)::BIGINT AS n, count(*) FILTER (e)::BIGINT AS events "
        left += f"FROM {rows} WHERE isfinite(t) AND e IS NOT NULL GROUP BY {by}i, {step}"
        still = f"SELECT *, sum(n) OVER ({own} ORDER BY s DESC) AS still, max(s) OVER ({own}) AS closing FROM ({left})"
        known = "FILTER (i IS NOT NULL"
        return (
            f"SELECT {texts}s, sum(n)::BIGINT AS n, sum(events)::BIGINT AS events, count(*) {known} AND s = closing)::BIGINT AS ending, "
            f"max(still) {known})::DOUBLE AS largest FROM ({still}) GROUP BY {by}s ORDER BY {order}"
        )
    return (
        f"SELECT {texts}{step} AS s, count(*)::BIGINT AS n, count(*) FILTER (e)::BIGINT AS events "
        f"FROM {rows} WHERE isfinite(t) AND e IS NOT NULL GROUP BY {by}s ORDER BY {order}"
    )


def survival_frame(found: pa.Table, dimensions: int) -> tuple[pa.Table, list[tuple[str, str]]]:
    """Give the evidence frame of a Kaplan-Meier curve, and code and label of each step.

    At risk in a step are the units whose duration ends in it or later. The curve is given at the steps with an event.
    """
    rows = found.to_pylist()
    left: dict[tuple[Any, ...], int] = {}
    for row in rows:
        key = _key(row, dimensions)
        left[key] = left.get(key, 0) + row["n"]
    _institutions_at_risk(rows, dimensions)
    alive: dict[tuple[Any, ...], float] = {}
    made = []
    for row in rows:
        key = _key(row, dimensions)
        at_risk = left[key]
        left[key] = at_risk - row["n"]
        if not row["events"]:
            continue
        alive[key] = alive.get(key, 1.0) * (1 - row["events"] / at_risk)
        whole = {"n": at_risk, "rows": at_risk, "total": float(at_risk), "abs_total": float(at_risk)}
        made.append(row | whole | {"value": alive[key], "top1": 1.0, "top2": None, "negatives": 0, "code": f"{row['s']:.12g}"})
    codes = sorted({row["s"] for row in made})
    return _frame(made, dimensions), [(f"{s:.12g}", f"{s:.12g}") for s in codes]


def _institutions_at_risk(rows: list[dict[str, Any]], dimensions: int) -> None:
    """Add ``institutions`` and ``institution_top1`` of the units at risk to each step, from the last back.

    An institution is at risk until its last unit leaves. What it has left grows towards the first step, so that the most of one institution
    at a step is the most that any has left at that step or a later one.
    """
    counts: dict[tuple[Any, ...], int] = {}
    largest: dict[tuple[Any, ...], float] = {}
    for row in reversed(rows):
        if "ending" not in row:
            return
        key = _key(row, dimensions)
        counts[key] = row["institutions"] = counts.get(key, 0) + row["ending"]
        largest[key] = max(largest.get(key, 0.0), row["largest"] or 0.0)
        row["institution_top1"] = largest[key] or None


def _frame(rows: list[dict[str, Any]], dimensions: int) -> pa.Table:
    m = len(rows)

    def column(name: str, kind: pa.DataType) -> pa.ChunkedArray:
        return pa.chunked_array([pa.array([row.get(name) for row in rows], kind)])

    columns: dict[str, object] = {f"d{i}": column(f"d{i}", pa.string()) for i in range(dimensions)}
    columns[f"d{dimensions}"] = column("code", pa.string())
    columns |= {f"g{i}": np.zeros(m, np.bool_) for i in range(dimensions + 1)}
    columns |= {name: column(name, pa.float64()) for name in ("value", "total", "abs_total", "top1", "top2", "institution_top1")}
    columns |= {name: column(name, pa.int64()) for name in ("rows", "n", "negatives", "events", "institutions")}
    columns |= {"missing": np.zeros(m, np.int64), "n_exact": np.ones(m, np.bool_), "top_exact": np.ones(m, np.bool_)}
    return to_frame(columns, dimensions + 1, m)


def _key(row: dict[str, Any], dimensions: int) -> tuple[Any, ...]:
    return tuple(row[f"d{i}"] for i in range(dimensions))


def groups_of(frame: pa.Table, dimension: int) -> list[str | None]:
    """Give the categories of a row dimension in the order of the frame."""
    return list(dict.fromkeys(frame.column(f"d{dimension}").to_pylist()))


def check_rows(most: int, nameless: bool) -> None:
    """Refuse a survival curve of units with several rows, each of which would be at risk several times, and of rows that name none.

    Raises
    ------
    Invalid
        ``several_rows``.
    """
    if most > 1 or nameless:
        raise Invalid(
            "several_rows",
            Text(en="In a survival curve each unit has one row; here units have more, or rows name none.",
                 nl="In een overlevingscurve heeft elke eenheid één rij; hier hebben eenheden er meer, of noemen rijen er geen."),
            Text(en="Choose one row per unit in a SELECT, or name the unit: unit='<column>'.",
                 nl="Kies één rij per eenheid in een SELECT, of noem de eenheid: unit='<kolom>'."),
        )  # fmt: skip
