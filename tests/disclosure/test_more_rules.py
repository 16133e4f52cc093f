"""The rules on other statistics than counts, sums, means and medians: both sides of every boundary."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from evidence_frames import Row, crosstab, dimension, frame_of, row_of

from jupyter_cbs.disclosure.judge import Judgement, judge
from jupyter_cbs.disclosure.texts import Explainer
from jupyter_cbs.domain.evidence import Category, Dimension, TableSpec, evidence_schema
from jupyter_cbs.domain.finding import CellFinding
from jupyter_cbs.domain.rules import RuleProfile

SAFE = ("safe", None, None)


def spec_of(statistic: str, **more: Any) -> TableSpec:
    return TableSpec(source="X", rows=("A",), values="V", statistic=statistic, **more)


def frame(cells: list[dict[str, Any]]) -> pa.Table:
    """One dimension A with the given cells, and its total unless it is among them; what is not given is harmless."""
    usual = {"value": 50.0, "rows": 40, "missing": 0, "n": 40, "n_exact": True, "total": 400.0, "abs_total": 400.0, "top1": 20.0, "top_exact": True,
             "negatives": 0, "g0": False}  # fmt: skip
    records = [usual | cell for cell in cells]
    if not any(cell.get("g0") for cell in cells):
        total = {"rows": 400, "n": 400, "total": 4000.0, "abs_total": 4000.0, "value": 500.0, "top2": 20.0, "topn": 60.0}
        total |= {"below": 100, "above": 100, "used": 10, "ties": 50, "events": 40, "second_abs": 900.0, "second_top1": 1.0}
        records.append(usual | total | {"d0": None, "g0": True})
    return pa.Table.from_pylist(records, schema=evidence_schema(1))


def judged(statistic: str, cell: dict[str, Any], profile: RuleProfile | None = None, **more: Any) -> Judgement:
    extra = {"below": 20, "above": 20, "used": 10, "ties": 20, "events": 20, "second_abs": 90.0, "second_top1": 1.0, "top2": 10.0, "topn": 40.0}
    table = frame([{"d0": "a", **extra, **cell}, {"d0": "b", **extra}])
    return judge(table, (dimension("A", ["a", "b"]),), spec_of(statistic, **more), profile or RuleProfile(), "person", patience=0)


def verdict(statistic: str, cell: dict[str, Any], profile: RuleProfile | None = None, **more: Any) -> tuple[str, str | None, str | None]:
    made = judged(statistic, cell, profile, **more)
    return tuple(made.frame.column(c)[0].as_py() for c in ("status", "rule", "reason_code"))


def finding(statistic: str, cell: dict[str, Any], profile: RuleProfile | None = None, **more: Any) -> CellFinding:
    return next(f for f in judged(statistic, cell, profile, **more).findings if f.row == 0)


UNKNOWN = "largest_contributor_not_established"
LARGEST = ("unsafe", "institution", "largest_institution")
P25 = {"percentile": 0.25}
TWO_LEVELS = RuleProfile(min_institutions=3, institution_max_share=0.5)
SPELLS = {"time": "T", "event": "E"}
TWENTY_PERCENT = RuleProfile(p_percent=20)
BOUNDARIES: list[tuple[str, dict[str, Any], RuleProfile, dict[str, Any], tuple[str, str | None, str | None]]] = [
    ("percentile", {"below": 10, "above": 30}, RuleProfile(), P25, SAFE),
    ("percentile", {"below": 9, "above": 31}, RuleProfile(), P25, ("unsafe", "percentile", "few_on_each_side")),
    ("percentile", {"below": 31, "above": 9}, RuleProfile(), P25, ("unsafe", "percentile", "few_on_each_side")),
    ("percentile", {"below": None, "above": None}, RuleProfile(), P25, ("unsafe", "percentile", "few_on_each_side")),
    ("percentile", {"below": 9, "above": 31}, RuleProfile(min_each_side=9), P25, SAFE),
    ("median", {"below": 10, "above": 9}, RuleProfile(), {}, ("unsafe", "percentile", "few_on_each_side")),
    ("median", {"below": None, "above": None, "n": 20}, RuleProfile(), {}, SAFE),
    ("median", {"below": None, "above": None, "n": 19}, RuleProfile(), {}, ("unsafe", "percentile", "few_on_each_side")),
    ("min", {}, RuleProfile(), {}, ("unsafe", "min_max", "extreme_value")),
    ("max", {"n": 100_000}, RuleProfile(), {}, ("unsafe", "min_max", "extreme_value")),
    ("mean_lowest", {"used": 10, "n": 20}, RuleProfile(), {}, SAFE),
    ("mean_lowest", {"used": 9, "n": 40}, RuleProfile(), {}, ("unsafe", "min_max", "few_extremes")),
    ("mean_highest", {"used": 10, "n": 19}, RuleProfile(), {}, ("unsafe", "min_max", "extremes_overlap")),
    ("mean_highest", {"used": None}, RuleProfile(), {}, ("unsafe", "min_max", "few_extremes")),
    ("mean_highest", {"used": 10, "abs_total": 100.0, "top1": 50.0}, RuleProfile(), {}, ("unsafe", "dominance", "largest_contributor")),
    ("sd", {"n": 11}, RuleProfile(), {}, SAFE),
    ("sd", {"n": 10}, RuleProfile(), {}, ("unsafe", "degrees_of_freedom", "few_degrees_of_freedom")),
    ("variance", {"n": 11}, RuleProfile(min_dof=11), {}, ("unsafe", "degrees_of_freedom", "few_degrees_of_freedom")),
    ("correlation", {"n": 10, "value": 0.5}, RuleProfile(), {"second": "W"}, ("unsafe", "degrees_of_freedom", "few_degrees_of_freedom")),
    ("correlation", {"n": 11, "value": 0.5}, RuleProfile(), {"second": "W"}, SAFE),
    ("correlation", {"value": -1.0}, RuleProfile(), {"second": "W"}, ("review", "group_disclosure", "no_variation")),
    ("sd", {"value": 0.0}, RuleProfile(), {}, ("review", "group_disclosure", "no_variation")),
    ("mode", {"ties": 36}, RuleProfile(), {}, SAFE),
    ("mode", {"ties": 37}, RuleProfile(), {}, ("unsafe", "group_disclosure", "mode_share")),
    ("mode", {"ties": 10}, RuleProfile(), {}, SAFE),
    ("mode", {"ties": 9}, RuleProfile(), {}, ("unsafe", "min_frequency", "few_with_mode")),
    ("mode", {"ties": None}, RuleProfile(), {}, ("unsafe", "group_disclosure", "mode_share")),
    ("gini", {"top1": 199.9}, RuleProfile(), {}, SAFE),
    ("gini", {"top1": 200.0}, RuleProfile(), {}, ("unsafe", "dominance", "largest_contributor")),
    ("ratio", {"second_top1": 44.9}, RuleProfile(), {"second": "W"}, SAFE),
    ("ratio", {"second_top1": 45.0}, RuleProfile(), {"second": "W"}, ("unsafe", "dominance", "largest_contributor")),
    ("ratio", {"second_top1": 45.0, "top_exact": False}, RuleProfile(), {"second": "W"}, ("review", "dominance", UNKNOWN)),
    ("lorenz", {"n": 10}, RuleProfile(), {}, SAFE),
    ("lorenz", {"n": 10}, RuleProfile(min_step=11), {}, ("unsafe", "min_frequency", "few_in_step")),
    ("lorenz", {"n": 9}, RuleProfile(min_frequency=1, min_step=10), {}, ("unsafe", "min_frequency", "few_in_step")),
    ("survival", {"n": 10, "events": 10}, RuleProfile(), {"time": "T", "event": "E"}, SAFE),
    ("survival", {"n": 10, "events": 9}, RuleProfile(), {"time": "T", "event": "E"}, ("unsafe", "min_frequency", "few_events")),
    *(
        ("survival", {"n": 20, "events": 10, "abs_total": 20.0, "institutions": count, "institution_top1": top}, TWO_LEVELS, SPELLS, expected)
        for count, top, expected in [
            (3, 9.0, SAFE),
            (2, 9.0, ("unsafe", "institution", "few_institutions")),
            (3, 10.0, LARGEST),
        ]
    ),
    ("survival", {"n": 10, "events": None}, RuleProfile(), {"time": "T", "event": "E"}, ("unsafe", "min_frequency", "few_events")),
    ("sum", {"top1": 150.0, "top2": 220.0}, TWENTY_PERCENT, {}, SAFE),  # 400 - 370 = 30 is 20 % of 150
    ("sum", {"top1": 150.0, "top2": 220.5}, TWENTY_PERCENT, {}, ("unsafe", "dominance", "remainder_too_small")),
    ("sum", {"top1": 150.0, "top2": 220.0}, RuleProfile(pq_p=10, pq_q=50), {}, SAFE),
    ("sum", {"top1": 150.0, "top2": 220.0}, RuleProfile(pq_p=10, pq_q=49), {}, ("unsafe", "dominance", "remainder_too_small")),
    ("sum", {"top1": 190.0, "top2": None}, TWENTY_PERCENT, {}, ("review", "dominance", UNKNOWN)),
    ("sum", {"top1": 100.0, "top2": None}, TWENTY_PERCENT, {}, SAFE),  # even a second one as large leaves 200
    ("sum", {"top1": 100.0, "top2": 99.9}, RuleProfile(dominance_units=2), {}, SAFE),
    ("sum", {"top1": 100.0, "top2": 100.0}, RuleProfile(dominance_units=2), {}, ("unsafe", "dominance", "largest_contributor")),
    ("sum", {"topn": 199.9}, RuleProfile(dominance_units=3), {}, SAFE),
    ("sum", {"topn": 200.0}, RuleProfile(dominance_units=3), {}, ("unsafe", "dominance", "largest_contributor")),
    ("sum", {"topn": None, "top1": 66.6}, RuleProfile(dominance_units=3), {}, SAFE),
    ("sum", {"topn": None, "top1": 66.7}, RuleProfile(dominance_units=3), {}, ("review", "dominance", UNKNOWN)),
    ("mean", {"top1": 120.0}, RuleProfile(extreme_max_share=0.30), {}, SAFE),
    ("mean", {"top1": 120.1}, RuleProfile(extreme_max_share=0.30), {}, ("review", "dominance", "advisory_extreme")),
    ("sum", {"top1": 120.0, "total": 399.0}, RuleProfile(extreme_max_share=0.30), {}, ("review", "dominance", "advisory_extreme")),
    ("count", {"value": 200.0}, RuleProfile(advisory_rounding=100), {}, SAFE),
    ("count", {"value": 240.0}, RuleProfile(advisory_rounding=100), {}, ("review", "rounding", "not_rounded")),
    ("sum", {"value": 240.0}, RuleProfile(advisory_rounding=100), {}, SAFE),
    ("sum", {"institutions": 3, "institution_top1": 199.9}, RuleProfile(institution_max_share=0.5), {}, SAFE),
    ("sum", {"institutions": 3, "institution_top1": 200.0}, RuleProfile(institution_max_share=0.5), {}, LARGEST),
    ("sum", {"institution_top1": 200.0}, RuleProfile(institution_max_share=0.5, dominance_comparator=">"), {}, SAFE),
    ("count", {"institution_top1": 400.0}, RuleProfile(), {}, SAFE),
    ("median", {"institution_top1": 400.0}, RuleProfile(institution_max_share=0.5), {}, LARGEST),
    ("sum", {"abs_total": 0.0, "total": 0.0, "top1": 0.0}, RuleProfile(), {}, ("review", "zero", "all_zero")),
    ("sum", {"abs_total": 0.0, "total": 0.0, "top1": 0.0}, RuleProfile(zero_rule=False), {}, SAFE),
    ("share", {"value": 99.0}, RuleProfile(), {}, SAFE),
    ("share", {"value": 100.0}, RuleProfile(), {}, ("unsafe", "group_disclosure", "hundred_percent")),
    ("share", {"value": 0.0}, RuleProfile(), {}, ("unsafe", "group_disclosure", "zero_percent")),
    ("count", {"ties": 10}, RuleProfile(), {"bins": (0.0, 1.0)}, SAFE),
    ("count", {"ties": 9}, RuleProfile(), {"bins": (0.0, 1.0)}, ("review", "min_max", "edge_is_extreme")),
    ("count", {"ties": None}, RuleProfile(), {"bins": (0.0, 1.0)}, SAFE),
    ("units", {"n": 9, "rows": 40}, RuleProfile(), {}, ("unsafe", "min_frequency", "too_few_units")),
]  # fmt: skip


@pytest.mark.parametrize(("statistic", "cell", "profile", "more", "expected"), BOUNDARIES)
def test_both_sides_of_each_boundary(
    statistic: str, cell: dict[str, Any], profile: RuleProfile, more: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert verdict(statistic, cell, profile, **more) == expected


@pytest.mark.parametrize(("statistic", "cell", "profile", "more", "expected"), [case for case in BOUNDARIES if case[4][0] != "safe"])
def test_every_finding_has_a_reason_and_a_remedy_in_both_languages(
    statistic: str, cell: dict[str, Any], profile: RuleProfile, more: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    found = finding(statistic, cell, profile, **more)
    for text in (found.text, found.remedy):
        assert text.en.strip()
        assert text.nl.strip()
        assert text.en != text.nl
        assert "nan" not in (text.en + text.nl).lower().split()
    assert found.text.en.startswith("A-a: ")


def test_every_reason_code_can_be_explained() -> None:
    import inspect
    import re

    from jupyter_cbs.disclosure import rules
    from jupyter_cbs.disclosure.cells import Cells

    codes = {code for rule in rules.RULES for code in re.findall(r'Rule\.[A-Z_]+, "([a-z_]+)"', inspect.getsource(rule))}
    table = frame([{"d0": "a"}])
    explainer = Explainer(Cells.of(table, (dimension("A", ["a"]),)), rules.Question("sum", RuleProfile()), "person")
    assert len(codes) > 25
    assert {code for code in codes if code not in explainer._why and code not in explainer._reasons} == set()


@pytest.mark.parametrize(
    ("statistic", "cell", "more", "words"),
    [
        ("percentile", {"below": 54, "above": 6, "n": 60}, {"percentile": 0.9}, "p16 to p84"),
        ("min", {"n": 40}, {}, "statistic='mean_lowest'"),
        ("max", {"n": 40}, {}, "statistic='mean_highest'"),
        ("mean_lowest", {"used": 5}, {}, "extremes=10"),
        ("mean_highest", {"used": 30}, {}, "extremes=20"),
        ("survival", {"events": 3}, {"time": "T", "event": "E"}, "width="),
        ("lorenz", {"n": 3}, {}, "steps=4"),
        ("mode", {"ties": 3}, {}, "median"),
    ],
)
def test_remedies_say_what_would_do(statistic: str, cell: dict[str, Any], more: dict[str, Any], words: str) -> None:
    assert words in finding(statistic, cell, **more).remedy.en


def test_the_remedy_of_rounding_says_what_it_would_do() -> None:
    remedy = finding("count", {"value": 249.0}, RuleProfile(advisory_rounding=100)).remedy
    assert remedy.en == "Round the table to 100: 249 becomes 200."
    assert remedy.nl == "Rond de tabel af op 100: 249 wordt 200."


def test_an_advice_on_percentages_is_on_their_base() -> None:
    profile = RuleProfile(advisory_min_frequency=100)
    assert verdict("share", {"n": 12}, profile) == SAFE  # of 400
    assert verdict("share", {"n": 12}, RuleProfile(advisory_min_frequency=401))[2] == "advisory_few_units"
    assert verdict("count", {"n": 12}, profile)[2] == "advisory_few_units"


def nested(counts: dict[str, int]) -> tuple[pa.Table, Dimension]:
    """Codes x1, x2, y1, z under x*, y*, z*."""
    rows = [Row(i * 1000 + j, (code,)) for i, (code, count) in enumerate(counts.items()) for j in range(count)]
    table = frame_of(rows, 1)
    records = table.to_pylist()
    parents: dict[str, str | None] = {}
    for letter in dict.fromkeys(code[0] for code in counts):
        members = [r for r in records if r["d0"] is not None and r["d0"][0] == letter]
        total = {name: sum(r[name] for r in members) for name in ("value", "rows", "n", "total", "abs_total")}
        records.append(members[0] | total | {"d0": f"{letter}*", "top1": 1.0, "top2": 1.0})
        parents |= {r["d0"]: f"{letter}*" for r in members} | {f"{letter}*": None}
    order = [code for parent in dict.fromkeys(p for p in parents.values() if p) for code in (parent, *(c for c, p in parents.items() if p == parent))]
    return (
        pa.Table.from_pylist(records, schema=evidence_schema(1)),
        Dimension(name="A", label="A", categories=tuple(Category(code=c, label=c) for c in order), parents=parents),
    )


def test_an_empty_category_of_percentages_says_0_percent_and_is_for_review_at_its_base() -> None:
    table, about = crosstab([[30, 40, 0], [20, 30, 50], [60, 0, 0]], "share")
    records = table.to_pylist()
    totals = {r["d0"]: r["n"] for r in records if r["g1"]}
    table = pa.Table.from_pylist([r | {"value": 100 * r["n"] / totals[r["d0"]]} for r in records], schema=table.schema)
    asked = TableSpec(source="X", rows=("A",), columns=("B",), statistic="share")
    found = {f.cell: f for f in judge(table, about, asked, RuleProfile(), "person", patience=0).findings}
    assert found[("A-0", None)].status.value == "review"
    assert "0 %" in found[("A-0", None)].text.en
    assert "0 %" in found[("A-0", None)].text.nl
    assert ("A-1", None) not in found
    # all in one category is 100 %, which is unsafe itself
    assert found[("A-2", "B-0")].status.value == "unsafe"
    assert ("A-2", None) not in found
    whole = judge(table, about, asked.model_copy(update={"share_of": "total"}), RuleProfile(), patience=0)
    assert "nobody_in_some" not in whole.frame.column("reason_code").to_pylist()


def test_groups_are_compared_with_the_subtotal_right_above() -> None:
    table, about = nested({"x1": 91, "x2": 9, "y1": 900, "y2": 900})
    made = judge(table, (about,), TableSpec(source="X", rows=("A",)), RuleProfile(min_frequency=1), patience=0)
    codes = {r["d0"]: (r["status"], r["reason_code"]) for r in made.frame.to_pylist()}
    assert codes["x1"] == ("unsafe", "share_of_group")
    assert codes["x*"] == ("safe", None)
    found = next(f for f in made.findings if f.cell == ("x1",))
    assert "of ‘x*’" in found.text.en
    table, about = nested({"x1": 90, "x2": 10, "y1": 900, "y2": 901})
    made = judge(table, (about,), TableSpec(source="X", rows=("A",)), RuleProfile(min_frequency=1), patience=0)
    assert made.findings[0].cell == ("y*",)  # 1801 of 1901
    assert [f.cell for f in made.findings] == [("y*",)]


def test_all_but_one_of_a_subtotal_is_for_review_and_an_only_child_is_not_compared() -> None:
    table, about = nested({"x1": 30, "x2": 1, "y1": 40})
    made = judge(table, (about,), TableSpec(source="X", rows=("A",)), RuleProfile(min_frequency=1, group_max_share=1.0), patience=0)
    codes = {r["d0"]: r["reason_code"] for r in made.frame.to_pylist()}
    assert codes["x1"] == "all_but_one"
    made = judge(table, (about,), TableSpec(source="X", rows=("A",)), RuleProfile(min_frequency=1), patience=0)
    codes = {r["d0"]: r["reason_code"] for r in made.frame.to_pylist()}
    assert codes["x1"] == "share_of_group"
    assert codes["y1"] is None  # all of y*, by definition
    assert codes["y*"] is None


def test_a_merge_stays_under_its_subtotal() -> None:
    table, about = nested({"x1": 40, "x2": 41, "y1": 3, "y2": 42, "y3": 43})
    made = judge(table, (about,), TableSpec(source="X", rows=("A",)), RuleProfile(), patience=0)
    remedy = next(f for f in made.findings if f.cell == ("y1",)).remedy.en
    assert remedy == "Merge ‘y1’ with ‘y2’, or suppress the cell."


def test_frames_of_an_earlier_version_are_judged() -> None:
    table = frame_of([Row(i, ("ab"[i % 2],), float(i)) for i in range(60)], 1, "median")
    old = table.select([name for name in table.column_names if name in {"d0", "g0", "value", "rows", "missing", "n", "n_exact", "total", "abs_total",
                                                                          "top1", "top2", "top_exact", "negatives", "institutions"}])  # fmt: skip
    made = judge(old, (dimension("A", ["a", "b"]),), spec_of("median"), RuleProfile(), patience=0)
    assert made.frame.column("status").to_pylist() == ["safe"] * 3
    assert row_of(made.frame, "a") >= 0
