"""Figures of the workspace's own tables are held against the evidence, value by value."""

from __future__ import annotations

import pyarrow as pa
import pytest
from matplotlib import pyplot as plt

from jupyter_cbs.client.table import Table
from jupyter_cbs.disclosure.figures import VerifiedTable
from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.domain.evidence import Category, Dimension, TableMeta, TableSpec, evidence_schema
from jupyter_cbs.domain.rules import RuleProfile

from .conftest import Check, Judge, codes

SEX = Dimension(name="sex", label="Sex", categories=tuple(Category(code=c, label=label) for c, label in (("1", "man"), ("2", "woman"))))


def table(sizes: list[int], groups: int = 3) -> Table:
    """A judged table of counts by group and sex, as the broker makes it."""
    group = Dimension(name="group", label="Group", categories=tuple(Category(code=str(i), label=f"g{i}") for i in range(groups)))
    spec = TableSpec(source="DATA", rows=("group",), columns=("sex",))
    rows = []
    for i, n in enumerate(sizes):
        rows.append({"d0": str(i // 2), "d1": str(1 + i % 2), "g0": False, "g1": False, "n": n})
    for row in rows:
        row |= {
            "value": float(row["n"]),
            "rows": row["n"],
            "missing": 0,
            "n_exact": True,
            "total": None,
            "abs_total": None,
            "top1": None,
            "top2": None,
            "top_exact": True,
            "negatives": 0,
            "institutions": None,
        }
    schema = evidence_schema(2)
    frame = pa.Table.from_pylist([{field.name: row.get(field.name, _empty(field)) for field in schema} for row in rows], schema)
    judgement = judge(frame, (group, SEX), spec, RuleProfile(), "person")
    meta = TableMeta(
        spec=spec,
        dimensions=(group, SEX),
        statistic="count",
        value_label="count",
        unit="person",
        fingerprint="f" * 64,
        findings=judgement.findings,
        safe=judgement.frame.column("status").to_pylist().count("safe"),
        review=0,
        unsafe=sum(f.status.value == "unsafe" for f in judgement.findings),
        hidden=judgement.hidden,
    )
    return Table(meta, judgement.frame, "en")


def _empty(field: pa.Field) -> object:
    return None if field.nullable else False if pa.types.is_boolean(field.type) else 0


@pytest.fixture
def drawn(judge: Judge) -> Table:
    made = table([30, 40, 50, 60, 12, 5])
    judge.tables[made.meta.fingerprint] = VerifiedTable(made.meta, made.frame)
    return made


@pytest.mark.parametrize("kind", ["bar", "heat"])
def test_a_table_that_is_drawn_is_verified(check: Check, judge: Judge, drawn: Table, kind: str) -> None:
    ax = drawn.plot(kind)
    report = check(ax)
    assert report.ok, report.findings
    assert {mark.artist.fingerprint for mark in report._drawn.marks} == {"f" * 64}
    ax.set_title("Another look")
    assert check(ax).ok


def test_a_changed_value_is_noticed(check: Check, drawn: Table) -> None:
    ax = drawn.plot("bar")
    ax.containers[0][0].set_height(31.0)
    report = check(ax)
    assert codes(report) == {("unknown_table", "unsafe")}
    assert report.findings[0].basis == "verified"
    assert "1 value differs" in report.findings[0].text.en


def test_an_unsafe_cell_is_noticed(check: Check, drawn: Table) -> None:
    ax = drawn.plot("bar")
    # the cell that was left out, drawn all the same
    ax.containers[1][2].set_height(5.0)
    report = check(ax)
    assert ("min_frequency", "unsafe") in codes(report)
    assert "g2 · woman" in report.findings[0].subject


def test_a_table_nobody_knows_is_for_review(check: Check, judge: Judge, drawn: Table) -> None:
    judge.tables.clear()
    assert codes(check(drawn.plot("bar"))) == {("unknown_table", "review")}


def test_points_added_to_it_are_still_points(check: Check, drawn: Table) -> None:
    ax = drawn.plot("bar")
    ax.scatter([0, 1], [20, 30])
    assert check(ax).status.value == "refused"
    plt.close(ax.figure)
