"""Judged tables to show: real metadata and frames, with names that try to break out of HTML."""

from __future__ import annotations

from itertools import product

import pyarrow as pa

from jupyter_cbs.domain.evidence import Category, Dimension, Statistic, TableMeta, TableSpec, evidence_schema
from jupyter_cbs.domain.finding import CellFinding, Rule, Status
from jupyter_cbs.domain.text import Text

AGE = Dimension(name="leeftijd", label="Age", categories=tuple(Category(code=c, label=c) for c in ("0–17", "18–64", "65–89", "90+")))
SEX = Dimension(name="GBAGESLACHT", label="Sex", categories=(Category(code="1", label="man"), Category(code="2", label="woman")))
VALUES = [1204, 1117, 1161, 2310, 2988, 2650, 6870, 6402, 6611, 9915, 10480, 10322, 2604, 3011, 2811]


def make(
    dimensions: tuple[Dimension, ...] = (AGE, SEX),
    split: int = 1,
    values: list[float | None] | None = None,
    findings: tuple[CellFinding, ...] | None = None,
    hidden: tuple[int, ...] = (9, 6),
    statistic: Statistic = "mean",
) -> tuple[TableMeta, pa.Table]:
    """Make a table; cells in the order of the dimensions' categories, totals last."""
    keys = list(product(*([*(c.code for c in d.categories), ...] for d in dimensions)))
    numbers = values if values is not None else [float(v) for v in VALUES]
    if findings is None:
        findings = (
            CellFinding(
                cell=("90+", "man"),
                row=9,
                status=Status.UNSAFE,
                rule=Rule.MIN_FREQUENCY,
                text=Text(en="90+ · man: 7 persons, at least 10 are needed.", nl="90+ · man: 7 personen, minstens 10 zijn nodig."),
                remedy=Text(en="Merge with 65–89 or suppress.", nl="Voeg samen met 65–89 of onderdruk."),
            ),
            CellFinding(
                cell=("65–89", "woman"),
                row=7,
                status=Status.REVIEW,
                rule=Rule.WITHIN_GROUP,
                text=Text(en="65–89 · woman: look at it.", nl="65–89 · woman: bekijk het."),
                remedy=Text(en="Explain it in the form.", nl="Licht het toe in het formulier."),
            ),
        )
    status = {f.row: f for f in findings}
    schema = evidence_schema(len(dimensions))
    rows = []
    for at, (key, value) in enumerate(zip(keys, numbers, strict=True)):
        row = {f"d{i}": None if code is ... else code for i, code in enumerate(key)}
        row |= {f"g{i}": code is ... for i, code in enumerate(key)}
        row |= {"value": value, "rows": 100, "missing": 0, "n": 100, "n_exact": True, "total": value, "abs_total": value}
        row |= {"top1": 1.0, "top2": None, "top_exact": True, "negatives": 0, "institutions": None}
        row |= {"status": status[at].status.value if at in status else "safe"}
        rows.append(row)
    for name in ("status", "rule", "reason_code"):
        schema = schema.append(pa.field(name, pa.string()))
    frame = pa.Table.from_pylist([{"rule": None, "reason_code": None, **row} for row in rows], schema=schema)
    names = tuple(d.name for d in dimensions)
    meta = TableMeta(
        spec=TableSpec(source="ZVWZORGKOSTENTAB", rows=names[:split], columns=names[split:], values="ZVWKTOTAAL", statistic=statistic),
        dimensions=dimensions,
        statistic=statistic,
        value_label="mean ZVWKTOTAAL",
        value_unit="EUR",
        unit="person",
        sources=("ZVWZORGKOSTEN2023TABV1",),
        fingerprint="f" * 64,
        findings=findings,
        safe=len(rows) - len(status),
        review=sum(f.status is Status.REVIEW for f in findings),
        unsafe=sum(f.status is Status.UNSAFE for f in findings),
        hidden=hidden,
    )
    return meta, frame
