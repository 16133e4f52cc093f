"""The shorter ways to the same evidence: they give what the long way gives, or are not taken."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.evidence import Statistic, TableSpec
from jupyter_cbs.domain.rules import QueryLimits, RuleProfile
from jupyter_cbs.query import evidence
from jupyter_cbs.query.evidence import Base, Kind
from jupyter_cbs.query.expressions import Expression
from jupyter_cbs.query.gate import Gate
from jupyter_cbs.query.margins import with_margins
from jupyter_cbs.query.session import Session
from jupyter_cbs.query.tables import Evidence, tabulate

NAME = "WERK2022TABV1"
SCHEMA = pa.schema(
    [("U", pa.int32()), ("TEKST", pa.string()), ("GETAL", pa.int16()), ("REEEL", pa.float64()), ("LOON", pa.float64()), ("AANTAL", pa.int32())]
)


def run(folder: Path, rows: list[dict[str, Any]], spec: TableSpec, profile: RuleProfile) -> tuple[Evidence, list[str]]:
    """Make the table from a file of small row groups, so that groups of rows can be skipped; gives the statements too."""
    path = folder / f"{NAME}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path, row_group_size=20)
    limits = QueryLimits()
    session = Session({NAME: str(path)}, limits, str(folder))
    gate = Gate(session, limits.max_statement_bytes)
    asked = []

    def answer(sql: str, own: frozenset[str] = frozenset()) -> pa.Table:
        asked.append(sql)
        return session.connection.sql(gate.admit(sql, own).statement).to_arrow_reader(1000).read_all()

    try:
        return tabulate(spec, None, profile, limits, session, gate, answer), asked
    finally:
        session.connection.close()


def by_hand(rows: list[dict[str, Any]], key: str) -> dict[str | None, dict[int | None, float]]:
    """Category → unit → total of the finite values, of those with one; rows without a unit under None."""
    found: dict[str | None, dict[int | None, float]] = {}
    for row in rows:
        code = row[key]
        code = None if code is None else "nan" if isinstance(code, float) and math.isnan(code) else str(code)
        units = found.setdefault(code, {})
        if row["LOON"] is not None and math.isfinite(row["LOON"]):
            units[row["U"]] = units.get(row["U"], 0.0) + row["LOON"]
    return found


row = st.fixed_dictionaries(
    {
        "U": st.integers(0, 30),
        "TEKST": st.sampled_from(["a", "b", "c", "d", "", None]),
        "GETAL": st.sampled_from([-300, 0, 1, 2, 3000, None]),
        "REEEL": st.sampled_from([-1.5, 0.5, 2.5, math.nan, math.inf, None]),
        "LOON": st.sampled_from([0.0, 0.5, 2.0, 8.0, None]),
        "AANTAL": st.integers(0, 9),
    }
)
odd = st.sampled_from([None, -4.0, math.nan, math.inf, -math.inf])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(row, min_size=1, max_size=90),
    key=st.sampled_from(["TEKST", "GETAL", "REEEL"]),
    bad=odd,
    least=st.integers(2, 12),
    named=st.booleans(),
    lost=st.integers(0, 4),
)
def test_evidence_does_not_depend_on_the_plan(
    tmp_path: Path, rows: list[dict[str, Any]], key: str, bad: float | None, least: int, named: bool, lost: int
) -> None:
    """Keys and values of every kind: missing, NaN, infinite, negative; rows that are units, units with several, and rows of which nobody knows."""
    if bad is not None:
        rows[0]["LOON"] = bad
    if not named:
        for at, each in enumerate(rows):
            each["U"] = at
    else:
        for each in rows[:lost]:
            each["U"] = None
    rows.sort(key=lambda each: str(each[key]))
    spec = TableSpec(source=NAME, rows=(key,), values="LOON", statistic="sum", unit="U" if named else None)
    made, _ = run(tmp_path, rows, spec, RuleProfile(min_frequency=least))
    found = {r["d0"]: r for r in made.frame.to_pylist() if not r["g0"]}
    expected = by_hand(rows, key)
    assert set(found) == set(expected)
    for code, units in expected.items():
        got = found[code]
        tops = sorted(map(abs, units.values()), reverse=True)
        n = len(units.keys() - {None})
        members = [each for each in rows if (None if each[key] is None else str(each[key])) == code]
        valid = [each["LOON"] for each in members if each["LOON"] is not None and math.isfinite(each["LOON"])]
        assert (got["rows"], got["missing"], got["negatives"]) == (len(members), len(members) - len(valid), sum(v < 0 for v in valid))
        assert got["total"] == (sum(valid) if valid else None)
        assert got["abs_total"] == (sum(map(abs, valid)) if valid else None)
        assert (got["n"] < least) == (n < least)
        if got["n_exact"]:
            assert got["n"] == n
        if valid:
            assert got["top1"] == tops[0] if got["top_exact"] else got["top1"] >= tops[0]


def people(units: int, each: int, sectors: int) -> list[dict[str, Any]]:
    """Give rows of units; the first sector has two units, the others share the rest."""
    return [
        {"U": u, "TEKST": f"s{0 if u < 2 else 1 + u % (sectors - 1)}", "GETAL": 0, "REEEL": 0.0, "LOON": 1.0 + u % 3, "AANTAL": 1}
        for u in range(units)
        for _ in range(each)
    ]


def test_keys_reach_the_scan_of_the_second_pass(tmp_path: Path) -> None:
    """Small groups are joined by '=', which DuckDB hands to the scan; a missing category needs the other comparison."""
    rows = people(300, 2, 5)
    spec = TableSpec(source=NAME, rows=("TEKST",), values="LOON", statistic="sum", unit="U")
    _, asked = run(tmp_path, rows, spec, RuleProfile())
    assert "r.k0 = q.k0" in asked[-1]
    for each in rows[:2]:
        each["TEKST"] = None
    made, asked = run(tmp_path, rows, spec, RuleProfile())
    assert "r.k0 IS NOT DISTINCT FROM q.k0" in asked[-1]
    missing = next(r for r in made.frame.to_pylist() if r["d0"] is None and not r["g0"])
    assert (missing["n"], missing["n_exact"], missing["top1"]) == (1, True, 2.0)


def test_other_rows_in_the_second_pass_are_noticed(tmp_path: Path) -> None:
    """Evidence of which the passes saw different rows is no evidence."""
    rows = people(300, 2, 5)
    limits = QueryLimits()
    path = tmp_path / f"{NAME}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    session = Session({NAME: str(path)}, limits, str(tmp_path))
    gate = Gate(session, limits.max_statement_bytes)

    def answer(sql: str, own: frozenset[str] = frozenset()) -> pa.Table:
        if own:
            # one row of the small group less than a moment ago
            pq.write_table(pa.Table.from_pylist(rows[1:], schema=SCHEMA), path)
        return session.connection.sql(gate.admit(sql, own).statement).to_arrow_reader(1000).read_all()

    spec = TableSpec(source=NAME, rows=("TEKST",), values="LOON", statistic="sum", unit="U")
    try:
        with pytest.raises(Invalid) as caught:
            tabulate(spec, None, RuleProfile(), limits, session, gate, answer)
    finally:
        session.connection.close()
    assert caught.value.code == "not_repeatable"


@pytest.mark.parametrize("bad", [None, -4.0, math.nan, math.inf])
def test_the_short_first_pass_stands_only_on_plain_values(tmp_path: Path, bad: float | None) -> None:
    """The sum is asked for without absolute values; one value that is negative, NaN or infinite, and the answer is not used."""
    rows = people(300, 1, 5)
    if bad is not None:
        rows[7]["LOON"] = bad
    made, asked = run(tmp_path, rows, TableSpec(source=NAME, rows=("TEKST",), values="LOON", statistic="sum"), RuleProfile())
    passes = ["sum(abs(x))" in sql for sql in asked if "GROUP BY" in sql]
    # What is negative stands in the file's statistics; of the others nothing is known beforehand.
    assert passes == {None: [False], -4.0: [True]}.get(bad, [False, True])
    total = next(r for r in made.frame.to_pylist() if r["g0"])
    values = [each["LOON"] for each in rows if math.isfinite(each["LOON"])]
    assert (total["total"], total["abs_total"], total["top1"]) == (sum(values), sum(map(abs, values)), max(map(abs, values)))
    assert (total["negatives"], total["missing"]) == (bad == -4.0, bad is not None and not math.isfinite(bad))


def test_an_expression_that_turns_negative_takes_the_long_first_pass(tmp_path: Path) -> None:
    rows = people(300, 1, 5)
    made, asked = run(tmp_path, rows, TableSpec(source=NAME, rows=("TEKST",), values="LOON - 2", statistic="sum"), RuleProfile())
    assert ["sum(abs(x))" in sql for sql in asked if "GROUP BY" in sql] == [False, True]
    total = next(r for r in made.frame.to_pylist() if r["g0"])
    assert (total["total"], total["abs_total"], total["negatives"]) == (0.0, 200.0, 100)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    rows=st.lists(row, min_size=1, max_size=60),
    keys=st.sampled_from([("TEKST",), ("GETAL",), ("GETAL", "TEKST"), ("TAG", "JA", "TEKST")]),
    statistic=st.sampled_from(["count", "sum", "mean", "share", "min", "max", "gini"]),
    value=st.sampled_from([None, "LOON", "AANTAL", "JA"]),
)
def test_margins_are_those_of_the_cube(
    tmp_path: Path, rows: list[dict[str, Any]], keys: tuple[str, ...], statistic: Statistic, value: str | None
) -> None:
    """The same rows in the same order, of the same types, as GROUP BY CUBE gives; values are whole or half, so that sums are exact."""
    connection = duckdb.connect()
    connection.register("given_rows", pa.Table.from_pylist(rows, schema=SCHEMA))
    connection.execute("CREATE TABLE r AS SELECT *, GETAL > 0 AS JA, DATE '2020-02-28' + AANTAL AS TAG FROM given_rows")

    def named(name: str) -> Expression:
        return Expression(name, f'"{name}"', name)

    counting = statistic == "count" or value is None
    kind: Kind = "float" if value == "LOON" else "bool" if value == "JA" else "other"
    base = Base("r", tuple(map(named, keys)), None if value is None else named(value), counting, kind, None, (), None, None)
    cells = connection.sql(evidence.alone(base, limit=1000)).to_arrow_table()
    expected = connection.sql(evidence.cells(base, statistic, mask=False, limit=1000)).to_arrow_table()
    connection.close()
    assert cells.num_rows
    assert evidence.holds(cells)
    got = with_margins(cells, len(keys), statistic)
    assert got.schema.equals(expected.schema)
    assert got.to_pylist() == expected.to_pylist()


def test_whole_numbers_beyond_a_double_are_added_by_the_database(tmp_path: Path) -> None:
    """Where sums of whole numbers reach 2^53 the margins are not taken from rounded cells."""
    rows = [{**each, "AANTAL": 2**30} for each in people(40, 1, 3)]
    for value, in_database in (("AANTAL", False), ("AANTAL::BIGINT * 1000000", True)):
        made, asked = run(tmp_path, rows, TableSpec(source=NAME, rows=("TEKST",), values=value, statistic="sum"), RuleProfile())
        assert any("GROUP BY CUBE" in sql for sql in asked) == in_database
        total = next(r for r in made.frame.to_pylist() if r["g0"])
        assert total["total"] == 40 * 2**30 * (1_000_000 if in_database else 1)
