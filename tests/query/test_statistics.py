"""The evidence of every statistic against plain Python, with several rows a unit, weights, nulls, NaN, negatives and institutions."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import TOTAL, reference
from test_tables import NAME, dataset, make, table_of

from jupyter_cbs.domain.errors import CbsError
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.rules import RuleProfile
from jupyter_cbs.query import bins, evidence

numbers = st.one_of(st.none(), st.integers(-6, 40).map(lambda i: i / 2), st.just(math.nan), st.just(512.0))
row = st.fixed_dictionaries(
    {
        "RINPERSOONS": st.just("R"),
        "RINPERSOON": st.integers(0, 14).map(lambda i: f"{i:09d}"),
        "SECTOR": st.sampled_from(["a", "b", "z", "?", None]),
        "JAAR": st.sampled_from([2020, 2021, 2022]),
        "BEID": st.sampled_from(["x", "y", None]),
        "LOON": numbers,
        "AANTAL": st.integers(0, 9),
        "GEWICHT": st.sampled_from([0.5, 1.0, 2.0, 3.0, None]),
    }
)
several_rows = st.lists(row, max_size=60)
one_row_each = several_rows.map(lambda rows: [{**r, "RINPERSOON": f"{i:09d}"} for i, r in enumerate(rows)])

WHAT: list[dict[str, Any]] = [
    {"statistic": "percentile", "values": "LOON", "percentile": 0.25},
    {"statistic": "percentile", "values": "AANTAL", "percentile": 0.9},
    {"statistic": "median", "values": "LOON"},
    {"statistic": "min", "values": "LOON"},
    {"statistic": "max", "values": "AANTAL"},
    {"statistic": "mode", "values": "AANTAL"},
    {"statistic": "sd", "values": "LOON"},
    {"statistic": "variance", "values": "AANTAL"},
    {"statistic": "correlation", "values": "LOON", "second": "AANTAL"},
    {"statistic": "ratio", "values": "LOON", "second": "AANTAL"},
    {"statistic": "ratio", "values": "LOON", "second": "AANTAL", "weight": "GEWICHT"},
    {"statistic": "gini", "values": "AANTAL"},
    {"statistic": "mean_lowest", "values": "LOON", "extremes": 3},
    {"statistic": "mean_highest", "values": "LOON"},
    {"statistic": "share", "share_of": "column"},
    {"statistic": "share", "share_of": "total", "values": "AANTAL"},
    {"statistic": "mean", "values": "LOON", "weight": "GEWICHT"},
    {"statistic": "sum", "values": "LOON"},
]
MAPPING = {"land": ("a", "b"), "alles": ("land", "z")}


def ancestors(dimension: str, code: str) -> tuple[str, ...]:
    if dimension == "JAAR":
        return (f"{code[:3]}*",)
    return {"a": ("alles", "land"), "b": ("alles", "land"), "z": ("alles",)}.get(code, ()) if dimension == "SECTOR" else ()


HIERARCHIES = {"SECTOR": MAPPING, "JAAR": (3,)}


def close(got: float | None, want: float | None) -> bool:
    return got is None if want is None else got is not None and got == pytest.approx(want, rel=1e-9, abs=1e-9)


@settings(max_examples=90, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.one_of(several_rows, one_row_each),
    what=st.sampled_from(WHAT),
    dims=st.sampled_from([("SECTOR",), ("SECTOR", "JAAR"), ("JAAR", "SECTOR", "BEID")]),
    nested=st.booleans(),
    merged=st.booleans(),
    known=st.booleans(),
    least=st.integers(1, 6),
)
def test_evidence_of_every_statistic_equals_the_reference(
    tmp_path: Path, rows: list[dict[str, Any]], what: dict[str, Any], dims: tuple[str, ...], nested: bool, merged: bool, known: bool, least: int
) -> None:
    spec = TableSpec(
        source=NAME,
        rows=dims[:1],
        columns=dims[1:],
        hierarchies={name: h for name, h in HIERARCHIES.items() if name in dims} if nested else None,
        merge={"SECTOR": {"a of b": ("a", "b")}} if merged else None,
        **what,
    )
    counts: dict[str, int] = {}
    for each in rows:
        counts[each["RINPERSOON"]] = counts.get(each["RINPERSOON"], 0) + 1
    most = max(counts.values(), default=1) if known else None
    profile = RuleProfile(min_frequency=least, min_dof=least)
    made = make(tmp_path, table_of(rows), spec, dataset(most), profile)
    want = reference(rows, spec, "RINPERSOON", "BEID", ancestors if nested else lambda dimension, code: ())
    got = {tuple(TOTAL if r[f"g{i}"] else r[f"d{i}"] for i in range(len(dims))): r for r in made.frame.to_pylist()}
    if not rows:
        got.pop((TOTAL,) * len(dims), None)
    assert set(got) == set(want)
    for key, record in want.items():
        cell = got[key]
        for name in ("rows", "missing", "negatives", "institutions", "ties", "used"):
            assert cell[name] == record[name], (key, name)
        # of values that cannot be told apart from equal ones in doubles a correlation is noise
        if what["statistic"] != "correlation" or record["value"] is not None:
            assert close(cell["value"], record["value"]), (key, cell["value"], record["value"])
        for name in ("total", "abs_total", "institution_top1"):
            if name != "institution_top1" or record[name] is not None:
                assert close(cell[name], record[name]), (key, name)
        assert cell["n"] == record["n"] if cell["n_exact"] else cell["n"] <= record["n"]
        if record["top1"] is not None:
            assert close(cell["top1"], record["top1"]) if cell["top_exact"] else cell["top1"] >= record["top1"] - 1e-9
        if cell["top2"] is not None:
            assert close(cell["top2"], record["top2"])
        if record["second_top1"] is not None:
            assert cell["second_top1"] >= record["second_top1"] - 1e-9
        enough = evidence.threshold(spec.statistic, profile, spec.extremes)
        assert (cell["n"] < enough) == (record["n"] < enough), key
    if nested and rows:
        sector = made.dimensions[dims.index("SECTOR")]
        codes = [c.code for c in sector.categories]
        assert len(set(codes)) == len(codes)
        for code, parent in sector.parents.items():
            assert parent is None or codes.index(parent) < codes.index(code)


def people(values: list[float | None], sector: str = "a", **more: Any) -> list[dict[str, Any]]:
    return [{"RINPERSOON": f"{i:09d}", "SECTOR": sector, "JAAR": 2020, "LOON": v, "AANTAL": 1, "GEWICHT": 1.0, **more} for i, v in enumerate(values)]


def cell(made: Any, *key: str) -> dict[str, Any]:
    return next(r for r in made.frame.to_pylist() if all(not r[f"g{i}"] and r[f"d{i}"] == code for i, code in enumerate(key)))


@pytest.mark.parametrize(
    ("n", "p", "sides"), [(19, 0.5, (9, 9)), (20, 0.5, (10, 10)), (21, 0.5, (10, 10)), (60, 0.9, (54, 6)), (41, 0.25, (10, 30)), (40, 0.25, (10, 30))]
)
def test_the_sides_of_a_percentile(tmp_path: Path, n: int, p: float, sides: tuple[int, int]) -> None:
    spec = TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="percentile", percentile=p)
    for most in (1, 3):
        found = cell(make(tmp_path, table_of(people([float(i) for i in range(n)])), spec, dataset(most), RuleProfile(min_frequency=n)), "a")
        assert (found["below"], found["above"]) == sides


def test_rows_of_one_unit_are_one_unit_beside_a_percentile(tmp_path: Path) -> None:
    rows = [{**r, "RINPERSOON": "1"} for r in people([float(i) for i in range(20)])] + people([100.0 + i for i in range(20)])
    spec = TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="median")
    found = cell(make(tmp_path, table_of(rows), spec, dataset(None)), "a")
    assert (found["below"], found["above"]) == (1, 20)


def test_weights_and_the_largest_contribution(tmp_path: Path) -> None:
    """100 with weight 4 and 10 with weight 7 is 470; of the units they stand for the two largest have 100 each (Hundepool et al. 2012, p. 151)."""
    rows = people([100.0, 10.0])
    rows[0]["GEWICHT"], rows[1]["GEWICHT"] = 4.0, 7.0
    spec = TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="sum", weight="GEWICHT")
    tops = {}
    for method in ("contribution", "unweighted", "expansion"):
        profile = RuleProfile(weighted_dominance=method, p_percent=100)
        found = cell(make(tmp_path, table_of(rows), spec, dataset(1), profile), "a")
        assert found["abs_total"] == 470
        assert found["n"] == 2
        tops[method] = (found["top1"], found["top2"])
    assert tops == {"contribution": (400, 70), "unweighted": (100, None), "expansion": (100, 100)}
    rows[0]["GEWICHT"] = 1.5
    found = cell(make(tmp_path, table_of(rows), spec, dataset(1), RuleProfile(weighted_dominance="expansion", dominance_units=3)), "a")
    assert (found["top1"], found["top2"], found["topn"]) == (100, 55, 165)


def test_the_n_largest_add_up(tmp_path: Path) -> None:
    rows = people([8.0, 4.0, 2.0, 1.0]) + people([1.0])
    spec = TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="sum")
    found = cell(make(tmp_path, table_of(rows), spec, dataset(2), RuleProfile(dominance_units=3)), "a")
    assert (found["top1"], found["top2"], found["topn"]) == (9, 4, 15)


def test_a_holding_is_one_unit(tmp_path: Path) -> None:
    rows = [{"RINPERSOON": str(i), "SECTOR": "a", "BEID": "h" if i < 4 else None, "LOON": 1.0} for i in range(10)]
    found = make(tmp_path, table_of(rows), TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="sum", holding="BEID"), dataset(1))
    assert (cell(found, "a")["n"], cell(found, "a")["top1"]) == (7, 4.0)
    assert found.unit == "BEID"


def test_another_institution_can_be_named(tmp_path: Path) -> None:
    rows = [{"RINPERSOON": str(i), "SECTOR": "a", "BEID": "x", "JAAR": 2000 + i % 3, "LOON": 1.0 + (i % 3 == 0)} for i in range(9)]
    spec = TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="sum")
    assert cell(make(tmp_path, table_of(rows), spec, dataset(1)), "a")["institutions"] == 1
    found = cell(make(tmp_path, table_of(rows), spec.model_copy(update={"institution": "JAAR"}), dataset(1)), "a")
    assert (found["institutions"], found["institution_top1"], found["abs_total"]) == (3, 6.0, 12.0)


def test_a_hierarchy_of_columns(tmp_path: Path) -> None:
    pairs = [("a", "n"), ("b", "n"), ("z", "z")] * 4
    rows = [{"RINPERSOON": str(i), "SECTOR": s, "BEID": b, "JAAR": 2020, "LOON": 1.0} for i, (s, b) in enumerate(pairs)]
    spec = TableSpec(source=NAME, rows=("SECTOR",), hierarchies={"sector": "BEID"})
    made = make(tmp_path, table_of(rows), spec, dataset(1))
    assert made.dimensions[0].parents == {"a": "n", "b": "n", "n": None, "z": "BEID z", "BEID z": None}
    assert [c.code for c in made.dimensions[0].categories] == ["n", "b", "a", "BEID z", "z"]
    assert {r["d0"]: r["value"] for r in made.frame.to_pylist()} == {"a": 4, "b": 4, "z": 4, "n": 8, "BEID z": 4, None: 12}
    rows[0]["BEID"] = "z"
    with pytest.raises(CbsError) as caught:
        make(tmp_path, table_of(rows), spec, dataset(1))
    assert caught.value.code == "hierarchy"


def test_merged_categories_stand_where_their_first_member_stood(tmp_path: Path) -> None:
    rows = [{"RINPERSOON": str(i), "SECTOR": "b", "JAAR": year} for i, year in enumerate([9, 10, 11, 100, 9])]
    made = make(tmp_path, table_of(rows), TableSpec(source=NAME, rows=("JAAR",), merge={"JAAR": {"10-11 'n'": ("10", "11")}}), dataset(1))
    assert [c.code for c in made.dimensions[0].categories] == ["9", "10-11 'n'", "100"]
    assert cell(made, "10-11 'n'")["n"] == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"merge": {"LOON": {"x": ("a", "b")}}}, "unknown_dimension"),
        ({"merge": {"SECTOR": {"x": ("a", "b"), "y": ("b",)}}}, "merge"),
        ({"merge": {"SECTOR": {"x": ()}}}, "merge"),
        ({"hierarchies": {"SECTOR": (0,)}}, "hierarchy"),
        ({"hierarchies": {"SECTOR": {"x": ("a",), "y": ("a",)}}}, "hierarchy"),
        ({"hierarchies": {"SECTOR": {"x": ("y",), "y": ("x",)}}}, "hierarchy"),
        ({"hierarchies": {"SECTOR": {"a": ("b",)}}}, "hierarchy_code_taken"),
        ({"hierarchies": {"SECTOR": {"x": ("a",), "y": ("b",)}}, "merge": {"SECTOR": {"m": ("a", "b")}}}, "merge_across_subtotals"),
        ({"hierarchies": {"SECTOR": "PROVINCIE"}}, "unknown_column"),
        ({"statistic": "correlation"}, "second_missing"),
        ({"second": "AANTAL"}, "second_unused"),
        ({"second": "SECTOR", "statistic": "ratio"}, "values_not_numeric"),
        ({"percentile": 0.5}, "percentile_missing"),
        ({"statistic": "gini", "weight": "GEWICHT"}, "weight_median"),
        ({"statistic": "survival"}, "time_missing"),
        ({"statistic": "share", "share_of": "row"}, "share_of"),
        ({"share_of": "total"}, "share_of"),
        ({"bins": 10}, "bins"),
        ({"statistic": "count", "bins": (3.0, 1.0)}, "bins"),
        ({"statistic": "count", "bins": 0}, "bins"),
        ({"statistic": "lorenz", "columns": ("JAAR",)}, "curve"),
        ({"institution": "BRIN"}, "unknown_column"),
        ({"holding": "OGID"}, "unknown_column"),
    ],
)
def test_refuses_what_is_no_such_table(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    spec = TableSpec(**({"source": NAME, "rows": ("SECTOR",), "values": "LOON", "statistic": "sum"} | changes))
    rows = people([1.0], "a") + people([1.0], "b")
    with pytest.raises(CbsError) as caught:
        make(tmp_path, table_of(rows), spec, dataset(None))
    assert caught.value.code == code
    assert caught.value.say("nl") != caught.value.say("en")


def test_the_last_bin_has_its_right_edge(tmp_path: Path) -> None:
    rows = people([0.0, 1.0, 1.5, 2.0, 3.0, 3.0, 4.0, None, math.nan, 9.0])
    made = make(tmp_path, table_of(rows), TableSpec(source=NAME, values="LOON", bins=(0, 1, 2, 4)), dataset(1))
    assert [c.code for c in made.dimensions[0].categories] == ["[0, 1)", "[1, 2)", "[2, 4]"]
    assert [cell(made, code)["value"] for code in ("[0, 1)", "[1, 2)", "[2, 4]")] == [1, 2, 4]
    assert [cell(made, code)["ties"] for code in ("[0, 1)", "[1, 2)", "[2, 4]")] == [1, None, 1]
    assert "1" in made.notes[-1].en


def test_edges_that_are_chosen_are_round_and_hold_everything(tmp_path: Path) -> None:
    rows = people([3.2, 97.1, 45.0, 51.0])
    made = make(tmp_path, table_of(rows), TableSpec(source=NAME, rows=("SECTOR",), values="LOON", bins=10), dataset(1))
    codes = [c.code for c in made.dimensions[1].categories]
    assert (codes[0], codes[-1]) == ("[0, 10)", "[90, 100]")
    assert sum(r["value"] for r in made.frame.to_pylist() if not r["g1"] and r["g0"]) == 4
    assert {r["ties"] for r in made.frame.to_pylist()} == {None}


@settings(max_examples=200, deadline=None)
@given(low=st.floats(-1e6, 1e6), span=st.floats(0, 1e6), wanted=st.integers(1, 60))
def test_round_edges_hold_the_data_in_about_as_many_bins(low: float, span: float, wanted: int) -> None:
    edges = bins.round_edges(low, low + span, wanted)
    assert edges[0] <= low
    assert edges[-1] >= low + span
    assert list(edges) == sorted(set(edges))
    assert len(edges) - 1 <= wanted + 2


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(values=st.lists(st.integers(0, 50).map(float), min_size=1, max_size=40), steps=st.integers(2, 6))
def test_lorenz_steps_are_shares_of_equally_many_units(tmp_path: Path, values: list[float], steps: int) -> None:
    made = make(tmp_path, table_of(people(values)), TableSpec(source=NAME, values="LOON", statistic="lorenz", steps=steps), dataset(1))
    ordered, rest = sorted(values), len(values) % steps
    sizes = [len(values) // steps + (i < rest) for i in range(steps)]
    at, expected = 0, []
    for size in sizes:
        at += size
        if size:
            expected.append((size, 100 * sum(ordered[:at]) / sum(ordered) if sum(ordered) else None))
    assert [(r["n"], r["value"]) for r in made.frame.to_pylist()] == [(n, v if v is None else pytest.approx(v)) for n, v in expected]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    units=st.dictionaries(
        st.integers(1, 60), st.lists(st.tuples(st.sampled_from(["x", "y", None]), st.integers(-3, 3)), max_size=3), min_size=1, max_size=20
    ),
    steps=st.integers(2, 5),
    several=st.booleans(),
)
def test_lorenz_steps_count_the_institutions_of_their_units(
    tmp_path: Path, units: dict[int, list[tuple[str | None, int]]], steps: int, several: bool
) -> None:
    """A unit earns its total at one institution, and some more and less at others that add up to nothing."""
    rows = []
    for total, jobs in units.items():
        more = [(i, amount * 100) for i, amount in jobs] + [("z", -sum(amount for _, amount in jobs) * 100)] if several else []
        rows += [(total, i, amount) for i, amount in [("xyz"[total % 3], total), *more]]
    made = make(
        tmp_path,
        table_of([{**people([1.0])[0], "RINPERSOON": f"{total:09d}", "BEID": i, "LOON": float(amount)} for total, i, amount in rows]),
        TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="lorenz", steps=steps),
        dataset(None if several else 1),
    )
    ordered, rest, at = sorted(units), len(units) % steps, 0
    expected = []
    for i in range(steps):
        inside = ordered[at : at + len(units) // steps + (i < rest)]
        at += len(inside)
        theirs: dict[str, int] = {}
        for total, institution, amount in rows:
            if total in inside and institution is not None:
                theirs[institution] = theirs.get(institution, 0) + amount
        if inside:
            expected.append((len(inside), len(theirs), max(map(abs, theirs.values()))))
    assert [(r["n"], r["institutions"], r["institution_top1"]) for r in made.frame.to_pylist()] == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    spells=st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.sampled_from(["x", "y", "z", None])), min_size=1, max_size=40),
    width=st.sampled_from([None, 1.0, 5.0]),
)
def test_survival_is_kaplan_meier(tmp_path: Path, spells: list[tuple[int, bool, str | None]], width: float | None) -> None:
    rows = [{**r, "AANTAL": t, "JAAR": int(e), "BEID": i} for r, (t, e, i) in zip(people([1.0] * len(spells)), spells, strict=True)]
    spec = TableSpec(source=NAME, rows=("SECTOR",), statistic="survival", time="AANTAL", event="JAAR = 1", width=width)
    made = make(tmp_path, table_of(rows), spec, dataset(1))
    alive, expected = 1.0, []
    at = [(t if width is None else t // width * width, e, i) for t, e, i in spells]
    for step in sorted({t for t, e, _ in at if e}):
        risk, events = sum(t >= step for t, _, _ in at), sum(t == step and e for t, e, _ in at)
        alive *= 1 - events / risk
        theirs = Counter(i for t, _, i in at if t >= step and i is not None)
        expected.append((f"{step:g}", risk, events, pytest.approx(alive, abs=1e-12), len(theirs), max(theirs.values(), default=None)))
    names = ("d1", "n", "events", "value", "institutions", "institution_top1")
    assert [tuple(r[name] for name in names) for r in made.frame.to_pylist()] == expected


def test_survival_wants_one_row_a_unit(tmp_path: Path) -> None:
    rows = [*people([1.0, 2.0]), *people([3.0])]
    with pytest.raises(CbsError) as caught:
        make(tmp_path, table_of(rows), TableSpec(source=NAME, statistic="survival", time="LOON", event="AANTAL"), dataset(None))
    assert caught.value.code == "several_rows"
