"""Tables with evidence against brute force, and what is refused."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.dataset import Dataset, Variable, VariableRole
from jupyter_cbs.domain.errors import CbsError, NotFound, TooLarge
from jupyter_cbs.domain.evidence import TableSpec, evidence_schema
from jupyter_cbs.domain.rules import QueryLimits, RuleProfile
from jupyter_cbs.query import evidence
from jupyter_cbs.query.engine import Worker
from jupyter_cbs.query.explain import explain
from jupyter_cbs.query.gate import Gate
from jupyter_cbs.query.session import Session
from jupyter_cbs.query.tables import Evidence, tabulate

NAME = "WERK2022TABV1"


def dataset(most: int | None, **changes: Any) -> Dataset:
    return Dataset(
        name=NAME, topic="WERKTAB", title="Werk", theme="Arbeid", year=2022, version=1, rows=1, unit="job", unit_key=("RINPERSOONS", "RINPERSOON"),
        max_rows_per_unit=most, institution_key="BEID",
        variables=(
            Variable(name="SECTOR", label="Sector", type="VARCHAR", role=VariableRole.QUASI, codes={"b": "bouw", "a": "akker", "z": "zorg"}),
            Variable(name="LOON", label="Loon", type="DOUBLE", role=VariableRole.MEASURE, unit="EUR"),
        ),
    ).model_copy(update=changes)  # fmt: skip


def make(
    folder: Path,
    table: pa.Table,
    spec: TableSpec,
    about: Dataset | None,
    profile: RuleProfile | None = None,
    limits: QueryLimits | None = None,
    missing: dict[str, dict[str, str]] | None = None,
) -> Evidence:
    """Run the table's code in this process, over a real locked session."""
    path = folder / f"{NAME}.parquet"
    pq.write_table(table, path)
    limits = limits or QueryLimits()
    session = Session({NAME: str(path), "WERKTAB": str(path)}, limits, str(folder))
    gate = Gate(session, limits.max_statement_bytes)

    def answer(sql: str, own: frozenset[str] = frozenset()) -> pa.Table:
        admitted = gate.admit(sql, own)
        try:
            return session.connection.sql(admitted.statement).to_arrow_reader(1000).read_all()
        except duckdb.Error as error:
            raise explain(error, "", session.secrets) from error

    try:
        return tabulate(spec, about, profile or RuleProfile(), limits, session, gate, answer, missing)
    finally:
        session.connection.close()


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema(
        [("RINPERSOONS", pa.string()), ("RINPERSOON", pa.string()), ("SECTOR", pa.string()), ("JAAR", pa.int16()), ("BEID", pa.string()),
         ("LOON", pa.float64()), ("AANTAL", pa.int32()), ("GEWICHT", pa.float64())]
    )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=schema)


# whole and half numbers: their sums are exact, so that the comparison is too
numbers = st.one_of(st.none(), st.integers(-3, 40).map(lambda i: i / 2), st.just(math.nan), st.just(500.0))
row = st.fixed_dictionaries(
    {
        "RINPERSOONS": st.just("R"),
        "RINPERSOON": st.integers(0, 14).map(lambda i: f"{i:09d}"),
        "SECTOR": st.sampled_from(["a", "b", "z", "?", None]),
        "JAAR": st.sampled_from([2020, 2021, 2022]),
        "BEID": st.sampled_from(["x", "y", None]),
        "LOON": numbers,
        "AANTAL": st.integers(0, 9),
        "GEWICHT": st.sampled_from([0.5, 1.0, 2.0, 3.0]),
    }
)


def figure(statistic: str, valid: list[tuple[float, float]]) -> float | None:
    total = sum(value * weight for value, weight in valid)
    if statistic in ("count", "share"):
        return total
    if not valid:
        return None
    if statistic == "median":
        return statistics.median(value for value, _ in valid)
    return total if statistic == "sum" else total / sum(weight for _, weight in valid)


def brute(rows: list[dict[str, Any]], spec: TableSpec) -> dict[tuple[Any, ...], dict[str, Any]]:
    """All cells and margins by counting in Python; keys are (total?, code) per dimension."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for each in rows:
        codes = [None if each[name] is None else str(each[name]) for name in spec.dimensions]
        for total in itertools.product((False, True), repeat=len(codes)):
            groups[tuple((t, None if t else code) for t, code in zip(total, codes, strict=True))].append(each)
    result = {}
    for key, members in groups.items():
        valid = []
        for each in members:
            value = 1.0 if spec.values is None else each[spec.values]
            if value is None or math.isnan(value):
                continue
            weight = 1.0 if spec.weight is None else each[spec.weight]
            valid.append((each, (1.0 if spec.statistic == "count" else value), weight))
        units: dict[str, float] = defaultdict(float)
        for each, value, weight in valid:
            units[each["RINPERSOON"]] += value * weight
        contributions = sorted((abs(total) for total in units.values()), reverse=True)
        total = sum(v * w for _, v, w in valid)
        result[key] = {
            "rows": len(members),
            "missing": len(members) - len(valid),
            "n": len(units),
            "total": total,
            "abs_total": sum(abs(v * w) for _, v, w in valid),
            "top1": contributions[0] if contributions else None,
            "negatives": sum(v * w < 0 for _, v, w in valid),
            "institutions": len({each["BEID"] for each, _, _ in valid} - {None}),
            "value": figure(spec.statistic, [(value, weight) for _, value, weight in valid]),
        }
    if spec.statistic == "share":
        keep = len(spec.rows) if spec.columns else 0
        wholes = {key: figures["value"] for key, figures in result.items()}
        for key, figures in result.items():
            whole = wholes[(*key[:keep], *((True, None) for _ in key[keep:]))]
            figures["value"] = 100 * figures["value"] / whole if whole else None
    return result


def verdicts(n: int, top1: float | None, abs_total: float | None, spec: TableSpec, profile: RuleProfile) -> tuple[bool, bool, bool]:
    few = n < profile.min_frequency
    sides = spec.statistic == "median" and n < 2 * profile.min_frequency
    dominated = False
    if spec.statistic in ("sum", "mean") and top1 is not None and abs_total:
        limit = profile.dominance_max_share * abs_total
        dominated = top1 >= limit if profile.dominance_comparator == ">=" else top1 > limit
    return few, sides, dominated


specs = st.builds(
    lambda dims, split, what, weighted: TableSpec(
        source=NAME,
        rows=dims[:split],
        columns=dims[split:],
        values=what[1],
        statistic=what[0],
        weight="GEWICHT" if weighted and what[0] != "median" else None,
    ),
    st.sampled_from([(), ("SECTOR",), ("JAAR",), ("SECTOR", "JAAR"), ("BEID", "SECTOR", "JAAR")]),
    st.integers(0, 3),
    st.sampled_from(
        [
            ("count", None),
            ("count", "LOON"),
            ("sum", "LOON"),
            ("sum", "AANTAL"),
            ("mean", "LOON"),
            ("median", "LOON"),
            ("share", None),
            ("share", "AANTAL"),
        ]
    ),
    st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(row, max_size=60),
    spec=specs,
    known=st.booleans(),
    least=st.integers(1, 6),
    share=st.sampled_from([0.3, 0.5, 0.9]),
    comparator=st.sampled_from([">=", ">"]),
)
def test_evidence_equals_brute_force(
    tmp_path: Path, rows: list[dict[str, Any]], spec: TableSpec, known: bool, least: int, share: float, comparator: Any
) -> None:
    """Figures equal, bounds hold, and every verdict of the profile is the exact one, for cells and all margins."""
    per_unit: dict[str, int] = defaultdict(int)
    for each in rows:
        per_unit[each["RINPERSOON"]] += 1
    most = max(per_unit.values(), default=1) if known else None
    profile = RuleProfile(min_frequency=least, dominance_max_share=share, dominance_comparator=comparator)
    made = make(tmp_path, table_of(rows), spec, dataset(most), profile)
    k = len(spec.dimensions)
    assert made.frame.schema.equals(evidence_schema(k))
    expected = brute(rows, spec)
    if not rows and not k:
        expected = {(): made.frame.to_pylist()[0] | {"rows": 0, "n": 0, "missing": 0}}
    found = {tuple((r[f"g{i}"], r[f"d{i}"]) for i in range(k)): r for r in made.frame.to_pylist()}
    grand = tuple((True, None) for _ in range(k))
    if not rows and k:
        # The grand total of nothing is a row of zeros.
        assert found.pop(grand, {"rows": 0})["rows"] == 0
    assert set(found) == set(expected)
    for key, want in expected.items():
        got = found[key]
        for name in ("rows", "missing", "negatives", "institutions"):
            assert got[name] == want[name], (key, name)
        for name in ("value", "total", "abs_total"):
            empty = want["value"] is None if name == "value" else want["rows"] == want["missing"]
            assert (got[name] is None) if empty and not (name == "value" and want["value"] is not None) else got[name] == pytest.approx(want[name])
        if got["n_exact"]:
            assert got["n"] == want["n"]
        else:
            assert got["n"] <= want["n"]
        if want["top1"] is not None:
            assert got["top1"] == pytest.approx(want["top1"]) if got["top_exact"] else got["top1"] >= want["top1"] - 1e-9
        assert verdicts(got["n"], got["top1"], got["abs_total"], spec, profile) == verdicts(want["n"], want["top1"], want["abs_total"], spec, profile)
        if spec.statistic in ("count", "share"):
            assert got["n_exact"], "group disclosure compares units"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(units=st.lists(st.integers(1, 130), min_size=1, max_size=40), least=st.integers(2, 30))
def test_the_mask_never_proves_too_much(tmp_path: Path, units: list[int], least: int) -> None:
    """Units with very many rows: the hash mask gives the bound; verdicts stay exact."""
    rows = [
        {"RINPERSOONS": "R", "RINPERSOON": str(u), "SECTOR": "ab"[u % 2], "JAAR": 2020, "BEID": None, "LOON": 1.0, "AANTAL": 1, "GEWICHT": 1.0}
        for u, count in enumerate(units)
        for _ in range(count)
    ]
    spec = TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="sum")
    most = max(max(units), evidence.MASK_FROM)
    profile = RuleProfile(min_frequency=least)
    made = make(tmp_path, table_of(rows), spec, dataset(most), profile)
    for got in made.frame.to_pylist():
        members = [count for u, count in enumerate(units) if got["g0"] or "ab"[u % 2] == got["d0"]]
        assert (got["n"] < least) == (len(members) < least)
        assert (got["top1"] >= 0.5 * got["abs_total"]) == (max(members) >= 0.5 * sum(members))


def test_bounds_decide_where_they_can(tmp_path: Path) -> None:
    """Large even groups need no second pass; small ones and dominated ones get exact figures."""
    rows = []
    for u in range(3000):
        rows += [{"RINPERSOON": str(u), "SECTOR": "a", "LOON": 10.0}] * 2
    rows += [{"RINPERSOON": str(u), "SECTOR": "b", "LOON": 10.0} for u in range(9)]
    rows += [{"RINPERSOON": str(u), "SECTOR": "z", "LOON": 10_000.0 if u == 0 else 1.0} for u in range(500)]
    made = make(tmp_path, table_of(rows), TableSpec(source=NAME, rows=("SECTOR",), values="LOON", statistic="mean"), dataset(3))
    by = {r["d0"]: r for r in made.frame.to_pylist()}
    assert not by["a"]["n_exact"]
    assert not by["a"]["top_exact"]
    assert by["a"]["n"] >= 10
    assert (by["b"]["n"], by["b"]["n_exact"]) == (9, True)
    assert (by["z"]["n"], by["z"]["top1"], by["z"]["top2"], by["z"]["top_exact"]) == (500, 10_000.0, 1.0, True)


def test_categories_have_labels_and_a_sensible_order(tmp_path: Path) -> None:
    rows = [
        {"RINPERSOON": str(i), "SECTOR": s, "JAAR": y, "LOON": 1.0} for i, (s, y) in enumerate([("z", 9), ("a", 10), ("b", 2), (None, 10), ("?", 9)])
    ]
    spec = TableSpec(source="werktab", rows=("sector",), columns=("JAAR",), values="LOON", statistic="sum")
    made = make(tmp_path, table_of(rows), spec, dataset(1))
    first, second = made.dimensions
    assert (first.name, first.label) == ("SECTOR", "Sector")
    assert [(c.code, c.label) for c in first.categories] == [("b", "bouw"), ("a", "akker"), ("z", "zorg"), ("?", "?"), (None, "unknown")]
    assert [c.code for c in second.categories] == ["2", "9", "10"]
    assert (made.value_label, made.value_unit, made.unit) == ("sum LOON", "EUR", "person")
    assert made.views == {"WERKTAB"}


def test_expressions_conditions_and_selects(tmp_path: Path) -> None:
    rows = [{"RINPERSOON": str(i), "SECTOR": "a", "JAAR": 2000 + i % 20, "LOON": float(i)} for i in range(100)]
    spec = TableSpec(
        source=f"SELECT *, LOON * 2 AS dubbel FROM {NAME};",
        rows=("JAAR // 10 * 10 AS decennium -- remark",),
        values="dubbel + 0",
        statistic="sum",
        where="LOON < 50 OR LOON = 99",
    )
    made = make(tmp_path, table_of(rows), spec, None)
    assert made.dimensions[0].name == "decennium"
    by = {(r["g0"], r["d0"]): r for r in made.frame.to_pylist()}
    assert by[(True, None)]["value"] == 2 * (sum(range(50)) + 99)
    assert by[(False, "2000")]["n"] == sum(1 for i in [*range(50), 99] if i % 20 < 10)
    assert made.unit == "person"


def test_a_source_without_a_unit_says_so(tmp_path: Path) -> None:
    made = make(tmp_path, table_of([{"SECTOR": "a"}]), TableSpec(source=f"SELECT SECTOR FROM {NAME}", rows=("SECTOR",)), None)
    assert "each row counts as one" in str(made.notes[0])
    made = make(tmp_path, table_of([{"SECTOR": "a", "BEID": "x"}]), TableSpec(source=NAME, rows=("SECTOR",), unit="beid"), dataset(1))
    assert made.unit == "BEID"
    assert "BEID" in made.notes[0].nl


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"source": "WERK2021TABV1"}, "unknown_dataset"),
        ({"source": "SELECT * FROM duckdb_views()"}, "forbidden_function"),
        ({"source": f"SELECT 1) AS x; DROP VIEW {NAME}; SELECT * FROM (SELECT 1"}, "sql_syntax"),
        ({"source": f"SELECT * FROM {NAME} USING SAMPLE 10%"}, "not_repeatable"),
        ({"source": f"COPY {NAME} TO 'x.csv'"}, "not_a_select"),
        ({"rows": ("SECTR",)}, "unknown_column"),
        ({"rows": ("upper(SECTR)",)}, "unknown_column"),
        ({"rows": ("SECTOR, JAAR",)}, "expression"),
        ({"rows": ("*",)}, "expression"),
        ({"rows": ("COLUMNS(*)",)}, "expression"),
        ({"rows": ("SECTOR FROM WERKTAB",)}, "expression"),
        ({"rows": ("DISTINCT SECTOR",)}, "expression"),
        ({"rows": ("SECTOR UNION SELECT 1",)}, "expression"),
        ({"rows": ("SECTOR; SELECT 1",)}, "several_statements"),
        ({"rows": ("SECTOR;",)}, "expression"),
        ({"rows": ("SECTOR)",)}, "sql_syntax"),
        ({"rows": ("(SECTOR",)}, "sql_syntax"),
        ({"rows": ("SECTOR /*",)}, None),
        ({"rows": ("",)}, None),
        ({"rows": ("unnest([1, 2])",)}, "expression"),
        ({"rows": ("random()",)}, "not_repeatable"),
        ({"rows": ("(SELECT count(*) FROM glob('/*'))",)}, "forbidden_function"),
        ({"rows": ("(SELECT max(sql) FROM duckdb_views)",)}, "unknown_dataset"),
        ({"rows": ("current_setting('temp_directory')",)}, "forbidden_function"),
        ({"rows": ("SECTOR", "sector")}, "duplicate_dimension"),
        ({"rows": tuple(f"JAAR + {i} AS j{i}" for i in range(7))}, "too_many_dimensions"),
        ({"values": "SECTOR"}, "values_not_numeric"),
        ({"values": "LOOM"}, "unknown_column"),
        ({"values": None}, "values_missing"),
        ({"weight": "SECTOR"}, "weight_not_numeric"),
        ({"weight": "GEWICHT + 1"}, "unknown_column"),
        ({"weight": "GEWICHT", "statistic": "median"}, "weight_median"),
        ({"unit": "RINPERSOON || JAAR"}, "unknown_column"),
        ({"where": "JAAR > 1) OR (1 = 1"}, "sql_syntax"),
        ({"where": "JAAR > 1 GROUP BY ALL"}, "expression"),
        ({"where": "JAAR > 1 AS x"}, "expression"),
        ({"where": "JAAR = 1; DROP VIEW x"}, "several_statements"),
        ({"where": "SECTOR IN (SELECT content FROM read_text('/etc/passwd'))"}, "forbidden_function"),
        ({"where": "JAR = 2020"}, "unknown_column"),
        ({"where": "JAAR = 'x'"}, "sql_type"),
    ],
)
def test_refuses_with_a_reason(tmp_path: Path, changes: dict[str, Any], code: str | None) -> None:
    spec = TableSpec(**({"source": NAME, "rows": ("SECTOR",), "values": "LOON", "statistic": "sum"} | changes))
    with pytest.raises(CbsError) as caught:
        make(tmp_path, table_of([{"RINPERSOON": "1", "SECTOR": "a", "JAAR": 2020, "LOON": 1.0}]), spec, dataset(1))
    assert code is None or caught.value.code == code
    assert str(tmp_path) not in caught.value.say("en") + caught.value.say("nl")
    if code == "unknown_column" and "weight" not in changes and "unit" not in changes:
        assert isinstance(caught.value, NotFound)
        assert caught.value.suggestions


def test_cells_are_bounded(tmp_path: Path) -> None:
    table = table_of([{"RINPERSOON": str(i), "JAAR": i} for i in range(100)])
    spec = TableSpec(source=NAME, rows=("JAAR",))
    assert make(tmp_path, table, spec, dataset(1), limits=QueryLimits(max_table_cells=101)).frame.num_rows == 101
    with pytest.raises(TooLarge):
        make(tmp_path, table, spec, dataset(1), limits=QueryLimits(max_table_cells=100))


@pytest.mark.anyio
async def test_tables_come_from_the_worker(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    duckdb.execute(
        f"COPY (SELECT i::VARCHAR AS RINPERSOON, 'R' AS RINPERSOONS, i % 20000 AS JAAR, 1.5 AS LOON, 'x' AS BEID FROM range(40000) t(i)) TO '{path}'"
    )

    class Nothing:
        async def chunk(self, fds: list[int], sizes: list[int]) -> None:
            raise AssertionError("a table comes with its answer")

        async def progress(self, fraction: float | None, rows: int) -> None:
            """Not looked at."""

    worker = await Worker.start({NAME: path, "WERKTAB": path}, QueryLimits(), tmp_path)
    try:
        spec = TableSpec(source="WERKTAB", rows=("JAAR",), values="LOON", statistic="sum")
        result = await worker.table(spec, dataset(1), RuleProfile(), Nothing())
        assert result.frame.num_rows == 20_001
        assert result.frame.schema.equals(evidence_schema(1))
        assert result.sources == (NAME,)
        assert len(result.dimensions[0].categories) == 20_000
        small = await worker.table(spec.model_copy(update={"rows": ()}), dataset(1), RuleProfile(), Nothing())
        assert small.frame.to_pylist()[0]["value"] == 60_000
        with pytest.raises(NotFound):
            await worker.table(spec.model_copy(update={"source": "NIETS"}), None, RuleProfile(), Nothing())
    finally:
        await worker.close()


CODES = {"9999999999": "niet waargenomen", "-1": "geen loon", "7": "zeven"}
INCOME = dataset(1, variables=(Variable(name="LOON", type="DOUBLE", role=VariableRole.MEASURE, codes=CODES),))


def incomes() -> pa.Table:
    """Of ten persons one has nearly all the income, and of twenty more it was not observed."""
    known = [{"LOON": 1000.0 if i == 0 else 7.0} for i in range(10)]
    return table_of(
        [{"RINPERSOONS": "R", "RINPERSOON": f"{i:09d}", **each} for i, each in enumerate([*known, *[{"LOON": 9999999999.0}] * 19, {"LOON": -1.0}])]
    )


def grand_total(made: Evidence) -> dict[str, Any]:
    return made.frame.filter(pa.compute.field("g0")).to_pylist()[0] if "g0" in made.frame.column_names else made.frame.to_pylist()[0]


@pytest.mark.parametrize("source", [NAME, f"SELECT * FROM {NAME}"])
@pytest.mark.parametrize("statistic", ["sum", "mean", "median", "gini"])
def test_codes_for_missing_are_no_amounts(tmp_path: Path, source: str, statistic: str):
    spec = TableSpec(source=source, values="loon", statistic=statistic)
    about = INCOME if source == NAME else None
    made = make(tmp_path, incomes(), spec, about, missing={"LOON": INCOME.variables[0].missing_codes})
    total = grand_total(made)
    assert (total["missing"], total["n"]) == (20, 10)
    assert total["top1"] / total["abs_total"] > 0.9, "the codes would hide that one person has it all"
    assert total["value"] == pytest.approx({"sum": 1063, "mean": 106.3, "median": 7, "gini": 0.8406}[statistic], abs=1e-3)
    assert "9999999999 (niet waargenomen)" in " ".join(note.en for note in made.notes)
    assert not any("zeven" in note.en for note in made.notes), "a code that is an amount stays one"


@pytest.mark.parametrize(
    ("values", "told", "missing"), [("LOON / 2", True, 0), ("NULLIF(LOON, 9999999999)", False, 19), ("LOON = 9999999999", False, 0)]
)
def test_an_expression_is_taken_as_it_is_written(tmp_path: Path, values: str, told: bool, missing: int):
    made = make(tmp_path, incomes(), TableSpec(source=NAME, values=values, statistic="mean"), INCOME)
    assert grand_total(made)["missing"] == missing
    assert any("count as amounts here" in note.en for note in made.notes) is told


def test_codes_of_a_dimension_are_categories(tmp_path: Path):
    made = make(tmp_path, incomes(), TableSpec(source=NAME, rows=("LOON",), statistic="count"), INCOME)
    assert grand_total(made)["rows"] == 30
    assert "9999999999.0" in made.frame["d0"].to_pylist()


NINE = [{"RINPERSOON": f"{i:09d}"} for i in range(9)]


@pytest.mark.parametrize("lost", [1, 3])
@pytest.mark.parametrize("known", [None, 1], ids=["counted", "catalogue"])
@pytest.mark.parametrize("statistic", ["count", "units", "sum", "mean", "median", "gini", "mean_lowest", "sd"])
def test_a_row_without_a_unit_is_no_unit(tmp_path: Path, statistic: str, known: int | None, lost: int) -> None:
    """Nine known persons are nine, however many rows name nobody; what these rows hold still counts, as that of one contributor."""
    if known is not None and lost > 1:
        known = lost
    named = [{**each, "LOON": 1.0 + i} for i, each in enumerate(NINE)]
    rows = [{"RINPERSOONS": "R", **each} for each in [*named, *[{"RINPERSOON": None, "LOON": 20.0}] * lost]]
    spec = TableSpec(source=NAME, values=None if statistic in ("count", "units") else "LOON", statistic=statistic)
    made = grand_total(make(tmp_path, table_of(rows), spec, dataset(known)))
    assert (made["n"], made["n_exact"], made["rows"]) == (9, True, 9 + lost)
    if statistic == "units":
        assert made["value"] == 9
    if statistic == "median":
        assert (made["below"], made["above"]) == ((5, 4) if lost == 1 else (6, 3))
    if statistic == "mean_lowest":
        assert made["used"] == 9
    if statistic in ("sum", "mean"):
        assert (made["top1"], made["abs_total"]) == (20.0 * lost, 45 + 20.0 * lost)


@pytest.mark.parametrize("institution", [None, "BEID"])
def test_a_step_of_a_curve_counts_no_rows_without_a_unit(tmp_path: Path, institution: str | None) -> None:
    rows = [{"RINPERSOONS": "R", "LOON": 2.0, "BEID": "x", **each} for each in [*NINE, {"RINPERSOON": None, "LOON": 20.0}]]
    spec = TableSpec(source=NAME, values="LOON", statistic="lorenz", steps=2, institution=institution)
    steps = make(tmp_path, table_of(rows), spec, dataset(1, institution_key=None)).frame.to_pylist()
    assert [step["n"] for step in steps] == [5, 4]
    assert [step["rows"] for step in steps] == [5, 5]


def test_a_survival_curve_of_rows_without_a_unit_is_refused(tmp_path: Path) -> None:
    rows = [{"RINPERSOONS": "R", "AANTAL": 1, **each} for each in [*NINE, {"RINPERSOON": None}]]
    spec = TableSpec(source=NAME, statistic="survival", time="AANTAL", event="AANTAL = 1")
    with pytest.raises(CbsError) as refused:
        make(tmp_path, table_of(rows), spec, dataset(1))
    assert refused.value.code == "several_rows"


def test_units_of_no_holding_are_units_only_where_they_are_named(tmp_path: Path) -> None:
    """Nine persons in no holding, one holding of two, and rows that name neither."""
    held = [{"RINPERSOON": f"{i:09d}", "BEID": "x"} for i in (20, 21)]
    rows = [{"RINPERSOONS": "R", "LOON": 2.0, **each} for each in [*NINE, *held, *[{"RINPERSOON": None}] * 2, {"RINPERSOON": None, "BEID": "x"}]]
    spec = TableSpec(source=NAME, values="LOON", statistic="sum", holding="BEID")
    made = grand_total(make(tmp_path, table_of(rows), spec, dataset(4, institution_key=None)))
    assert (made["n"], made["top1"]) == (10, 6.0)
