"""Differencing: what tables give away together, and what they do not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pyarrow as pa
import pytest
from evidence_frames import Row, dimension, frame_of, meta_of
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.disclosure.ledger import Kept, LedgerFinding, findings
from jupyter_cbs.disclosure.ledger.bands import bands
from jupyter_cbs.disclosure.ledger.filters import Filter, Lies
from jupyter_cbs.disclosure.ledger.versions import stem
from jupyter_cbs.domain.evidence import Category
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.rules import RuleProfile
from jupyter_cbs.domain.text import Text

PROFILE = RuleProfile()
MONTH = Text(en="‘count’, released on 3 March 2026 in request ab12", nl="‘count’, vrijgegeven op 3 maart 2026 in aanvraag ab12")
PEOPLE = [(age, region, 100.0 + age) for age in range(18, 80) for region in ("north", "south") for _ in range(3)]


def kept(rows: Sequence[Row], codes: dict[str, Sequence[str]], statistic: str = "count", where: str | None = None, **changes: object) -> Kept:
    """Judge a table of microdata and keep it as the broker does."""
    dims = tuple(dimension(name, list(categories)) for name, categories in codes.items())
    meta = meta_of(dims, len(dims), statistic)
    spec = meta.spec.model_copy(update={"where": where})
    judged = judge(frame_of(rows, len(dims), statistic), dims, spec, PROFILE, "person")
    meta = meta.model_copy(
        update={"spec": spec, "hidden": judged.hidden, "sources": ("X",), "fingerprint": f"{hash((tuple(rows), where)):064x}", **changes}
    )
    return Kept(meta, judged.frame, MONTH)


def compare(new: Kept, *old: Kept) -> tuple[LedgerFinding, ...]:
    return findings([new], old, lambda name: PROFILE)


def banded(edges: Sequence[int], people: Sequence[tuple[int, str, float]] = PEOPLE) -> tuple[list[Row], list[str]]:
    """Rows in bands of age, named as statistical offices do: both ends belong."""
    names = [f"{low}-{high - 1}" for low, high in itertools.pairwise(edges)]
    rows = [
        Row(unit, (next(name for name, (low, high) in zip(names, itertools.pairwise(edges), strict=True) if low <= age < high),), value)
        for unit, (age, _, value) in enumerate(people)
    ]
    return rows, names


def by_region(people: Sequence[tuple[int, str, float]]) -> list[Row]:
    return [Row(unit, (region,), value) for unit, (_, region, value) in enumerate(people)]


REGIONS = {"region": ("north", "south")}


def test_two_tables_that_differ_by_one_record_are_flagged() -> None:
    """ACRO 1.0.2 passes both: each is safe by itself, and their difference is one person."""
    whole = kept(by_region(PEOPLE), REGIONS)
    without_one = kept(by_region(PEOPLE)[:-1], REGIONS, where="rinpersoon <> '000000371'")
    assert not whole.meta.hidden
    assert not without_one.meta.hidden
    (south, total) = sorted(compare(without_one, whole), key=lambda found: found.row or 0)[-2:]
    assert {south.status, total.status} == {Status.UNSAFE}
    assert "1 person" in south.text.en
    assert "request ab12" in south.text.en
    assert "1 persoon" in south.text.nl


@pytest.mark.parametrize("statistic", ["sum", "mean"])
def test_amounts_of_two_populations_subtract_too(statistic: str) -> None:
    whole = kept(by_region(PEOPLE), REGIONS, statistic)
    fewer = kept(by_region(PEOPLE[3:]), REGIONS, statistic, where="age >= 19")
    assert {found.status for found in compare(fewer, whole)} == {Status.UNSAFE}


def test_a_difference_of_enough_persons_is_no_finding() -> None:
    whole = kept(by_region(PEOPLE), REGIONS)
    older = kept(by_region([one for one in PEOPLE if one[0] >= 40]), REGIONS, where="age >= 40")
    assert compare(older, whole) == ()


def test_a_difference_that_one_person_dominates_is_for_review() -> None:
    people = [*PEOPLE, *((17, "north", 1.0) for _ in range(20)), (17, "north", 40_000.0), *((30, "north", 90_000.0) for _ in range(4))]
    whole = kept(by_region(people), REGIONS, "sum")
    adults = kept(by_region([one for one in people if one[0] >= 18]), REGIONS, "sum", where="age >= 18")
    assert {found.status for found in compare(adults, whole)} == {Status.REVIEW}


@pytest.mark.parametrize(
    ("statistic", "base", "found"), [("sum", 100, 1), ("sum", 20_000, 1), ("sum", 150_000, 0), ("mean", 2, 1), ("mean", 2000, 0)]
)
def test_rounding_hides_a_dominated_difference_only_where_its_base_is_large_enough(statistic: str, base: int, found: int) -> None:
    """The difference is 40,020 and the largest of all has 90,000: what rounding leaves open must reach 2 x 90,000 - 40,020 = 139,980."""
    people = [*PEOPLE, *((17, "north", 1.0) for _ in range(20)), (17, "north", 40_000.0), *((30, "north", 90_000.0) for _ in range(4))]
    whole = kept(by_region(people), REGIONS, statistic, rounding=base)
    adults = kept(by_region([one for one in people if one[0] >= 18]), REGIONS, statistic, where="age >= 18", rounding=base)
    assert [one.status for one in compare(adults, whole) if one.row is not None][:1] == [Status.REVIEW] * found


def test_the_same_table_again_is_no_finding() -> None:
    for statistic in ("count", "sum"):
        table = kept(by_region(PEOPLE), REGIONS, statistic)
        assert compare(table, table) == ()
        again = kept(by_region(PEOPLE), REGIONS, statistic, fingerprint="f" * 64)
        assert compare(again, table) == ()


def test_hidden_cells_hidden_again_are_no_finding() -> None:
    rows = [Row(100 * at + i, (code,)) for at, (code, n) in enumerate({"a": 4, "b": 12, "c": 40, "d": 50}.items()) for i in range(n)]
    table = kept(rows, {"k": "abcd"})
    assert table.meta.hidden
    assert compare(kept(rows, {"k": "abcd"}, fingerprint="f" * 64), table) == ()


def test_another_companion_gives_the_hidden_cell_away() -> None:
    """One release hides a and b, the other a and c: together only a is unknown, and follows."""
    rows = [Row(100 * at + i, (code,)) for at, (code, n) in enumerate({"a": 4, "b": 12, "c": 40, "d": 50}.items()) for i in range(n)]
    first = kept(rows, {"k": "abcd"})
    a, b, c = (next(i for i, r in enumerate(first.frame.to_pylist()) if r["d0"] == code) for code in "abc")
    assert first.meta.hidden == (a, b)
    second = Kept(first.meta.model_copy(update={"hidden": (a, c), "fingerprint": "f" * 64}), first.frame, MONTH)
    found = compare(second, first)
    assert [(one.row, one.status) for one in found] == [(a, Status.UNSAFE)]


def test_bands_with_other_edges_make_a_small_band() -> None:
    first_rows, first = banded([18, 30, 50, 80])
    second_rows, second = banded([18, 31, 50, 80])
    old = kept(first_rows, {"age": first})
    found = compare(kept(second_rows, {"age": second}), old)
    assert [one.status for one in found] == [Status.UNSAFE]
    assert "from 30 up to 31" in found[0].text.en
    assert "6 persons" in found[0].text.en


def test_finer_bands_within_coarse_ones_are_no_finding_where_all_are_large() -> None:
    coarse_rows, coarse = banded([18, 40, 80])
    fine_rows, fine = banded([18, 29, 40, 60, 80])
    assert compare(kept(fine_rows, {"age": fine}), kept(coarse_rows, {"age": coarse})) == ()


def test_a_merge_beside_its_parts_leaves_the_hidden_part_over() -> None:
    rows = [Row(100 * at + i, (code,)) for at, (code, n) in enumerate({"a": 4, "b": 20, "c": 30, "d": 50}.items()) for i in range(n)]
    parts = kept(rows, {"k": "abcd"})
    merged = [Row(row.unit, ("a + b" if row.categories[0] in "ab" else str(row.categories[0]),)) for row in rows]
    whole = kept(merged, {"k": ["a + b", "c", "d"]})
    spec = whole.meta.spec.model_copy(update={"merge": {"k": {"a + b": ("a", "b")}}})
    whole = Kept(whole.meta.model_copy(update={"spec": spec}), whole.frame, MONTH)
    assert not whole.meta.hidden
    a, b = (next(i for i, r in enumerate(parts.frame.to_pylist()) if r["d0"] == code) for code in "ab")
    assert a in parts.meta.hidden
    shown = Kept(parts.meta.model_copy(update={"hidden": tuple(row for row in parts.meta.hidden if row != b)}), parts.frame, MONTH)
    assert any(one.status is Status.UNSAFE for one in compare(whole, shown))


def test_tables_of_one_request_are_compared_with_each_other() -> None:
    whole = kept(by_region(PEOPLE), REGIONS)
    fewer = kept(by_region(PEOPLE[3:]), REGIONS, where="age >= 19")
    found = findings([whole, fewer], [], lambda name: PROFILE)
    assert {one.table for one in found} == {1}


def test_populations_that_cannot_be_compared_are_for_review_at_most() -> None:
    whole = kept(by_region(PEOPLE), REGIONS, where="length(name) > 3")
    fewer = kept(by_region(PEOPLE[3:]), REGIONS, where="strange(name)")
    assert {one.status for one in compare(fewer, whole)} == {Status.REVIEW}
    men = kept(by_region(PEOPLE[::2]), REGIONS, where="sex = '1'")
    women = kept(by_region(PEOPLE[1::2]), REGIONS, where="sex = '2'")
    assert compare(women, men) == ()


def test_other_data_and_other_units_are_not_compared() -> None:
    whole = kept(by_region(PEOPLE), REGIONS)
    for change in ({"sources": ("Y",)}, {"unit": "household"}):
        assert compare(kept(by_region(PEOPLE[3:]), REGIONS, where="age >= 19", **change), whole) == ()


def test_a_second_dimension_is_summed_over() -> None:
    both = [Row(unit, (region, str(age % 2)), value) for unit, (age, region, value) in enumerate(PEOPLE)]
    old = kept(both, {"region": ("north", "south"), "odd": ("0", "1")})
    found = compare(kept(by_region(PEOPLE[3:]), REGIONS, where="age >= 19"), old)
    assert {one.status for one in found} == {Status.UNSAFE}


@pytest.mark.parametrize(
    ("one", "other", "lies"),
    [
        (None, None, Lies.SAME),
        ("Age>=18", "age >= 18", Lies.SAME),
        ("(age >= 18) AND sex = '1'", "sex='1' and age>=18", Lies.SAME),
        ("age >= 19", "age >= 18", Lies.INSIDE),
        ("age > 18", "age >= 18", Lies.INSIDE),
        (None, "age >= 18", Lies.AROUND),
        ("age BETWEEN 20 AND 30", "age >= 18", Lies.INSIDE),
        ("age < 20", "age >= 20", Lies.APART),
        ("sex = '1'", "sex = '2'", Lies.APART),
        ("sex IN ('1')", "sex IN ('1', '2')", Lies.INSIDE),
        ("region <> 'a'", None, Lies.INSIDE),
        ("region <> 'a'", "region NOT IN ('a', 'b')", Lies.AROUND),
        ("f(x) > 3", "f(x) > 4", Lies.UNKNOWN),
        ("f(x) > 3 AND age > 5", "f(x) > 3", Lies.INSIDE),
        ("age > 5 OR sex = '1'", "age > 5", Lies.UNKNOWN),
        ("18 < age", "age > 18", Lies.SAME),
        ("not sql (", "not sql  (", Lies.SAME),
    ],
)
def test_conditions(one: str | None, other: str | None, lies: Lies) -> None:
    assert Filter.of(one).lies(Filter.of(other)) is lies
    turned = {Lies.INSIDE: Lies.AROUND, Lies.AROUND: Lies.INSIDE}.get(lies, lies)
    assert Filter.of(other).lies(Filter.of(one)) is turned


bounds = st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), st.integers(0, 6)).map(lambda part: f"x {part[0]} {part[1]}")
conditions = st.lists(bounds, max_size=3).map(" AND ".join)


@settings(max_examples=300, deadline=None)
@given(one=conditions, other=conditions)
def test_conditions_agree_with_the_values_they_let_through(one: str, other: str) -> None:
    def passes(condition: str) -> set[float]:
        text = condition.replace("<>", "!=").replace(" = ", " == ").replace("AND", "and") or "True"
        return {x / 2 for x in range(-2, 16) if eval(text, {"x": x / 2})}

    a, b = passes(one), passes(other)
    lies = Filter.of(one).lies(Filter.of(other))
    if lies is Lies.SAME:
        assert a == b
    elif lies is Lies.INSIDE:
        assert a <= b
    elif lies is Lies.AROUND:
        assert a >= b
    elif lies is Lies.APART:
        assert not a & b


@pytest.mark.parametrize(
    ("labels", "edges"),
    [
        (["0-9", "10-19", "20+"], [(0, 10), (10, 20), (20, float("inf"))]),
        (["0-10", "10-20"], [(0, 10), (10, 20)]),
        (["[0, 10)", "[10, 20)"], [(0, 10), (10, 20)]),
        (["<18", "18 tot 65", "65 jaar en ouder"], None),
        (["18", "19", "20"], [(18, 19), (19, 20), (20, 21)]),
        (["0-9", "5-14"], []),
        (["man", "vrouw"], []),
    ],
)
def test_bands(labels: list[str], edges: list[tuple[float, float]] | None) -> None:
    found = bands([Category(code=label, label=label) for label in labels])
    if edges is not None:
        assert sorted(found.values()) == edges


@settings(max_examples=60, deadline=None)
@given(ages=st.lists(st.integers(18, 40), min_size=60, max_size=200), cuts=st.tuples(st.integers(20, 38), st.integers(20, 38)))
def test_bands_are_flagged_exactly_where_a_small_band_follows(ages: list[int], cuts: tuple[int, int]) -> None:
    people = [(age, "north", 1.0) for age in ages]
    tables = []
    for cut in cuts:
        rows, names = banded([18, cut, 41], people)
        tables.append(kept(rows, {"age": names}))
    if any(table.meta.hidden for table in tables):
        return
    low, high = sorted(cuts)
    between = sum(low <= age < high for age in ages)
    found = compare(tables[1], tables[0])
    assert bool(found) == (0 < between < 10)


def test_frames_without_any_cell() -> None:
    empty = kept([], REGIONS)
    assert isinstance(empty.frame, pa.Table)
    assert compare(empty, kept(by_region(PEOPLE), REGIONS)) == ()


@pytest.mark.parametrize(("left", "told"), [(1, True), (9, True), (10, False), (0, False)])
def test_another_version_of_the_data_is_for_review_where_few_changed(left: int, told: bool) -> None:
    """Version 2 holds the people of version 1, but for some who turned out not to live there."""
    first = kept(by_region(PEOPLE), REGIONS, sources=("GBAPERSOON2023TABV1",))
    gone = [row for row in by_region(PEOPLE) if row.categories[0] == "south"][:left]
    second = kept([row for row in by_region(PEOPLE) if row not in gone], REGIONS, sources=("GBAPERSOON2023TABV2",))
    found = compare(second, first)
    assert [one.status for one in found] == [Status.REVIEW] * told
    for one in found:
        assert "GBAPERSOON2023TABV1" in one.text.en
        assert "request ab12" in one.text.en
        assert "aanvraag ab12" in one.text.nl
        assert one.row is not None


def test_a_correction_without_a_change_of_number_is_for_review() -> None:
    first = kept(by_region(PEOPLE), REGIONS, "sum", sources=("ZVW2022TABV1",))
    rows = by_region(PEOPLE)
    rows[0] = Row(rows[0].unit, rows[0].categories, 5_000.0)
    assert [one.status for one in compare(kept(rows, REGIONS, "sum", sources=("ZVW2022TABV2",)), first)] == [Status.REVIEW]
    assert compare(kept(by_region(PEOPLE), REGIONS, "sum", sources=("ZVW2022TABV2",)), first) == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("GBAPERSOON2023TABV1", "GBAPERSOON2023TABV2", True),
        ("GBAPERSOON2023TABV1", "GBAPERSOON2022TABV1", False),
        ("VRLGBAPERSOON2023V202311", "VRLGBAPERSOON2023V202401", True),
        ("Inkomen2021_voorlopig", "Inkomen2021_definitief", True),
        ("spolisbus2022V2.sav", "SPOLISBUS2022V3", True),
        ("V1", "V2", False),
    ],
)
def test_versions_of_one_data_set(one: str, other: str, same: bool) -> None:
    assert (stem(one) == stem(other)) is same
