"""Each rule on both sides of its boundary, and all rules against a slow reference over random microdata."""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from evidence_frames import TOTAL, Row, cells_of, count_frame, crosstab, dimension, frame_of, row_of
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.judge import Judgement, judge
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.finding import Rule, Status
from jupyter_cbs.domain.rules import RuleProfile


def spec(statistic: str = "count") -> TableSpec:
    return TableSpec(source="X", rows=("A",), columns=("B",), statistic=statistic, values=None if statistic == "count" else "V")


def verdict(judged: Judgement, row: int) -> tuple[str, str | None, str | None]:
    return tuple(judged.frame.column(c)[row].as_py() for c in ("status", "rule", "reason_code"))


def one_cell(values: list[float | None], statistic: str, profile: RuleProfile | None = None, **columns: object) -> tuple[str, str | None, str | None]:
    """Judge the first of two categories; the second is large and harmless."""
    rows = [Row(i, ("a",), v) for i, v in enumerate(values)] + [Row(1000 + i, ("b",), 1.0) for i in range(40)]
    frame = frame_of(rows, 1, statistic)
    at = row_of(frame, "a")
    for name, value in columns.items():
        column = frame.column(name).to_pylist()
        column[at] = value
        frame = frame.set_column(frame.schema.get_field_index(name), frame.schema.field(name), pa.array(column, frame.schema.field(name).type))
    judged = judge(frame, (dimension("A", ["a", "b"]),), spec(statistic), profile or RuleProfile(), "person")
    return verdict(judged, at)


SAFE = ("safe", None, None)


@pytest.mark.parametrize(
    ("n", "expected"), [(9, ("unsafe", "min_frequency", "too_few_units")), (10, SAFE), (1, ("unsafe", "min_frequency", "too_few_units"))]
)
def test_ten_units_pass_and_nine_do_not(n: int, expected: tuple) -> None:
    assert one_cell([1.0] * n, "sum") == expected
    assert one_cell([1.0] * n, "count") == expected


def test_rows_of_one_unit_and_missing_values_do_not_count() -> None:
    rows = [Row(1, ("a",)) for _ in range(30)] + [Row(2, ("a",), None)] + [Row(i, ("b",)) for i in range(10, 60)]
    frame = frame_of(rows, 1, "sum")
    judged = judge(frame, (dimension("A", ["a", "b"]),), spec("sum"), RuleProfile(), "person")
    assert verdict(judged, row_of(frame, "a"))[:2] == ("unsafe", "min_frequency")
    assert "1 person, at least 10 are needed" in judged.findings[0].text.en
    assert "1 persoon, er zijn er minstens 10 nodig" in judged.findings[0].text.nl


def test_an_empty_cell_is_not_small_but_units_that_are_unknown_are() -> None:
    assert one_cell([None] * 5, "sum") == SAFE
    assert one_cell([1.0] * 12, "count", n=0)[:2] == ("unsafe", "min_frequency")


def test_a_lower_bound_proves_and_nothing_else_does() -> None:
    assert one_cell([1.0] * 30, "sum", n=10, n_exact=False) == SAFE
    assert one_cell([1.0] * 30, "sum", n=9, n_exact=False) == ("unsafe", "min_frequency", "units_not_established")


@pytest.mark.parametrize(("cell", "rest", "expected"), [(90, 10, "safe"), (91, 9, "unsafe"), (63, 7, "safe"), (64, 7, "unsafe"), (100, 0, "unsafe")])
def test_ninety_percent_passes_and_more_does_not(cell: int, rest: int, expected: str) -> None:
    frame, dims = crosstab([[cell, rest], [50, 300]])
    judged = judge(frame, dims, spec(), RuleProfile(min_frequency=1), "person")
    assert verdict(judged, row_of(frame, "0", "0"))[0] == expected
    if expected == "unsafe":
        assert verdict(judged, row_of(frame, "0", "0"))[1:] == ("group_disclosure", "share_of_group")


def test_group_disclosure_along_columns_and_margins_but_not_for_sums() -> None:
    frame, dims = crosstab([[95, 300], [5, 300], [0, 300]])
    judged = judge(frame, dims, spec(), RuleProfile(min_frequency=1))
    assert verdict(judged, row_of(frame, "0", "0"))[1] == "group_disclosure"
    frame, dims = crosstab([[500, 480], [30, 20]])
    judged = judge(frame, dims, spec(), RuleProfile())
    assert verdict(judged, row_of(frame, "0", TOTAL))[1] == "group_disclosure"  # 980 of 1030 in the first row
    sums = judge(frame, dims, spec("sum"), RuleProfile())
    assert Rule.GROUP_DISCLOSURE not in {f.rule for f in sums.findings}


def test_one_category_discloses_no_group() -> None:
    frame, dims = crosstab([[60], [50]])
    assert judge(frame, dims, spec(), RuleProfile()).findings == ()


def test_share_is_of_the_line_where_no_total_is_published() -> None:
    rows = [Row(i, ("a",)) for i in range(95)] + [Row(1000 + i, ("b",)) for i in range(5)]
    frame = frame_of(rows, 1, "count", margins=False)
    judged = judge(frame, (dimension("A", ["a", "b"]),), spec(), RuleProfile(min_frequency=1))
    assert verdict(judged, row_of(frame, "a"))[1] == "group_disclosure"


def test_all_but_one_in_a_category_is_for_review() -> None:
    frame, dims = crosstab([[5, 1], [30, 30]])
    judged = judge(frame, dims, spec(), RuleProfile(min_frequency=1))
    assert verdict(judged, row_of(frame, "0", "0")) == ("review", "within_group", "all_but_one")
    frame, dims = crosstab([[5, 2], [30, 30]])
    judged = judge(frame, dims, spec(), RuleProfile(min_frequency=1))
    assert verdict(judged, row_of(frame, "0", "0")) == SAFE


@pytest.mark.parametrize(
    ("values", "comparator", "expected"),
    [
        ([9.0] + [1.0] * 9, ">=", "unsafe"),  # 9 of 18 is exactly half
        ([9.0] + [1.0] * 9, ">", "safe"),
        ([8.9] + [1.0] * 9, ">=", "safe"),
        ([9.1] + [1.0] * 9, ">=", "unsafe"),
        ([9.1] + [1.0] * 9, ">", "unsafe"),
        ([0.9] + [0.1] * 9, ">=", "unsafe"),  # exactly half, though not in binary
    ],
)
def test_the_largest_contributor_stays_below_half(values: list[float], comparator: str, expected: str) -> None:
    profile = RuleProfile(dominance_comparator=comparator)
    for statistic in ("sum", "mean"):
        assert one_cell(values, statistic, profile)[0] == expected
    assert one_cell(values, "count", profile) == SAFE


def test_negative_values_concern_their_own_cell_only() -> None:
    assert one_cell([-1.0] + [1.0] * 12, "sum") == ("review", "dominance", "negative_contributions")
    assert one_cell([-50.0] + [1.0] * 12, "sum") == ("unsafe", "dominance", "largest_contributor")
    rows = [Row(i, ("a",), 5.0) for i in range(12)] + [Row(100 + i, ("b",), v) for i, v in enumerate([-1.0] + [2.0] * 20)]
    frame = frame_of(rows, 1, "sum")
    judged = judge(frame, (dimension("A", ["a", "b"]),), spec("sum"), RuleProfile())
    assert verdict(judged, row_of(frame, "a")) == SAFE


def test_an_upper_bound_of_the_largest_proves_safety_and_else_asks_for_review() -> None:
    assert one_cell([1.0] * 20, "sum", top1=9.9, top_exact=False) == SAFE
    assert one_cell([1.0] * 20, "sum", top1=10.0, top_exact=False) == ("review", "dominance", "largest_contributor_not_established")
    assert one_cell([1.0] * 20, "sum", top1=None)[0] == "review"
    assert one_cell([1.0] * 20, "sum", abs_total=None)[0] == "review"


def test_zero_is_for_review() -> None:
    assert one_cell([0.0] * 12, "sum") == ("review", "zero", "all_zero")
    assert one_cell([0.0] * 11 + [0.5], "sum")[1] == "dominance"


def test_institutions_count_only_when_the_policy_says_how_many() -> None:
    assert one_cell([1.0] * 20, "sum", institutions=2) == SAFE
    three = RuleProfile(min_institutions=3)
    assert one_cell([1.0] * 20, "sum", three, institutions=2) == ("unsafe", "institution", "few_institutions")
    assert one_cell([1.0] * 20, "sum", three, institutions=3) == SAFE
    # nobody counted them: that is not the same as enough
    assert one_cell([1.0] * 20, "sum", three, institutions=None) == ("review", "institution", "institutions_not_counted")


@pytest.mark.parametrize(
    ("n", "expected"), [(19, ("unsafe", "percentile", "few_on_each_side")), (20, SAFE), (9, ("unsafe", "min_frequency", "too_few_units"))]
)
def test_a_median_has_ten_on_each_side(n: int, expected: tuple) -> None:
    assert one_cell([1.0] * n, "median") == expected


def test_advice_is_for_review() -> None:
    assert one_cell([1.0] * 99, "mean", RuleProfile(advisory_min_frequency=100)) == ("review", "min_frequency", "advisory_few_units")
    assert one_cell([1.0] * 100, "mean", RuleProfile(advisory_min_frequency=100)) == SAFE


def test_remedies_name_the_neighbour_to_merge_with() -> None:
    frame, dims = crosstab([[50, 40], [4, 30], [60, 44]])
    judged = judge(frame, dims, spec(), RuleProfile(), "person")
    finding = next(f for f in judged.findings if f.cell == ("A-1", "B-0"))
    assert finding.text.en == "A-1 · B-0: 4 persons, at least 10 are needed."
    assert finding.remedy.en == "Merge ‘A-1’ with ‘A-0’, or suppress the cell."
    assert finding.remedy.nl == "Voeg ‘A-1’ samen met ‘A-0’, of onderdruk de cel."


def remedy_of(counts: list[list[int]], cell: tuple[str, ...]) -> str:
    frame, dims = crosstab(counts)
    return next(f for f in judge(frame, dims, spec(), RuleProfile(), "person").findings if f.cell == cell).remedy.en


def test_a_merge_that_is_advised_is_large_enough() -> None:
    # 1 and 8 are too few together: the next one is needed as well
    assert remedy_of([[1], [8], [40], [50]], ("A-0", "B-0")) == "Merge ‘A-0’ with ‘A-1’ and ‘A-2’, or suppress the cell."
    # one neighbour on the other side is better than two
    assert remedy_of([[40], [1], [8], [50]], ("A-1", "B-0")) == "Merge ‘A-1’ with ‘A-0’, or suppress the cell."
    # categories without anybody are passed over
    assert remedy_of([[1], [0], [0], [50], [60]], ("A-0", "B-0")) == "Merge ‘A-0’ with ‘A-3’, or suppress the cell."


def test_no_merge_is_advised_where_none_helps() -> None:
    # all categories together are the total
    assert "Merge" not in remedy_of([[1], [8]], ("A-0", "B-0"))
    assert "Merge" not in remedy_of([[1], [1], [1], [2], [1], [1], [1], [1], [1], [90]], ("A-0", "B-0"))
    # merging does not make a share smaller
    assert "Merge" not in remedy_of([[95, 40], [5, 45]], ("A-0", "B-0"))


@settings(max_examples=40, deadline=None)
@given(counts=st.lists(st.lists(st.sampled_from([0, 0, 1, 2, 4, 8, 12, 30]), min_size=3, max_size=3), min_size=3, max_size=6))
def test_every_named_merge_suffices(counts: list[list[int]]) -> None:
    frame, dims = crosstab(counts)
    judged = judge(frame, dims, spec(), RuleProfile(), "person")
    for finding in judged.findings:
        named = re.findall("‘([AB])-(\\d)’", finding.remedy.en)
        if finding.rule.value != "min_frequency" or not finding.remedy.en.startswith("Merge"):
            continue
        along = {letter for letter, _ in named}
        assert len(along) == 1
        members = [int(digit) for _, digit in named]
        row, column = (None if label is None else int(label[2:]) for label in finding.cell)
        cells = [
            sum(counts[a][b] for a in range(len(counts)) for b in range(3) if a in rows and b in columns)
            for rows, columns in [
                (members, range(3) if column is None else [column]) if along == {"A"} else (range(len(counts)) if row is None else [row], members)
            ]
        ]
        assert sum(cells) >= 10


def test_texts_of_dominance_name_no_figure_of_concentration() -> None:
    rows = [Row(0, ("a",), 777.25)] + [Row(i, ("a",), 1.0) for i in range(1, 40)]
    frame = frame_of(rows, 1, "sum")
    judged = judge(frame, (dimension("A", ["a"]),), spec("sum"), RuleProfile())
    for finding in judged.findings:
        for text in (finding.text.en, finding.text.nl, finding.remedy.en, finding.remedy.nl):
            assert "777" not in text
            assert "95" not in text


# -------------------------------------------------------------------------------------------- reference


def reference(rows: list[Row], k: int, sizes: list[int], statistic: str, profile: RuleProfile) -> dict[tuple, Status]:
    """Judge microdata cell by cell with fractions and no cleverness."""
    cells = cells_of(rows, k)

    def units(key: tuple) -> dict[int, Fraction]:
        found: dict[int, Fraction] = defaultdict(Fraction)
        for row in cells.get(key, []):
            if row.value is not None:
                found[row.unit] += Fraction(row.value)
        return found

    verdicts = {}
    for key, members in cells.items():
        per_unit = units(key)
        n = len(per_unit)
        statuses = [Status.SAFE]
        if n:
            if n < profile.min_frequency or (statistic == "median" and n < 2 * profile.min_frequency):
                statuses.append(Status.UNSAFE)
            if statistic in ("sum", "mean"):
                everything = sum(abs(Fraction(m.value)) for m in members if m.value is not None)
                largest = max(abs(v) for v in per_unit.values())
                if everything and largest >= Fraction(1, 2) * everything:
                    statuses.append(Status.UNSAFE)
                if any(m.value is not None and m.value < 0 for m in members) and everything:
                    statuses.append(Status.REVIEW)
            if statistic != "count" and not any(m.value for m in members):
                statuses.append(Status.REVIEW)
            if statistic == "count":
                for i in range(k):
                    if key[i] is TOTAL or sizes[i] < 2:
                        continue
                    of = len(units((*key[:i], TOTAL, *key[i + 1 :])))
                    if n > Fraction(9, 10) * of:
                        statuses.append(Status.UNSAFE)
                    if of - n == 1:
                        statuses.append(Status.REVIEW)
        verdicts[key] = Status.worst(statuses)
    return verdicts


@settings(max_examples=60, deadline=None)
@given(data=st.data(), k=st.integers(1, 3), statistic=st.sampled_from(["count", "sum", "mean", "median"]))
def test_rules_agree_with_the_reference(data: st.DataObject, k: int, statistic: str) -> None:
    categories: list[list[str | None]] = [["x", "y", None][: data.draw(st.integers(1, 3))] for _ in range(k)]
    value = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0, 8.0, 64.0]), st.integers(-3, 40).map(float))
    row = st.builds(Row, unit=st.integers(0, 60), categories=st.tuples(*[st.sampled_from(c) for c in categories]), value=value)
    rows = data.draw(st.lists(row, min_size=1, max_size=120))
    profile = RuleProfile(min_frequency=data.draw(st.sampled_from([3, 10])))
    frame = frame_of(rows, k, statistic)
    judged = judge(frame, tuple(dimension(f"D{i}", c) for i, c in enumerate(categories)), spec(statistic), profile)
    expected = reference(rows, k, [len(c) for c in categories], statistic, profile)
    for record in judged.frame.to_pylist():
        key = tuple(TOTAL if record[f"g{i}"] else record[f"d{i}"] for i in range(k))
        assert record["status"] == expected[key].value, (key, record)
    assert [f.row for f in judged.findings] == [i for i, s in enumerate(judged.frame.column("status").to_pylist()) if s != "safe"]
    assert set(judged.hidden) >= {f.row for f in judged.findings if f.status == Status.UNSAFE}


def test_five_thousand_cells_are_judged() -> None:
    counts = np.random.default_rng(1).negative_binomial(2, 0.03, size=(99, 49)).tolist()
    frame, dims = count_frame(counts)
    assert 4_500 < frame.num_rows <= 5_000
    judged = judge(frame, dims, spec(), RuleProfile(), "person")
    assert len(judged.findings) > 100
    assert len(judged.findings) == sum(status != "safe" for status in judged.frame.column("status").to_pylist())
