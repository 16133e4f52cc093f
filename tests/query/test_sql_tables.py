"""Aggregate statements as tables with evidence: the same figures as the statement itself, or the reason why not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from test_tables import NAME, dataset, make, table_of

from jupyter_cbs.client.aggregates import tables_of
from jupyter_cbs.domain.dataset import Dataset
from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.evidence import TableSpec

ROWS = [
    {"RINPERSOONS": "R", "RINPERSOON": f"{i % 40:09d}", "SECTOR": "abz"[i % 3], "JAAR": 2018 + i % 4, "BEID": "xyw"[i % 7 % 3],
     "LOON": float(i * 7 % 23), "AANTAL": i % 5, "GEWICHT": 1.0}
    for i in range(120)
]  # fmt: skip


def lookup(name: str) -> Dataset | None:
    return dataset(None) if name.upper() in (NAME, "WERKTAB") else None


def answers(folder: Path, text: str, unit: tuple[str, ...] = ()) -> list[tuple[Any, dict[tuple[str | None, ...], dict[str, Any]]]]:
    made = []
    for arguments in tables_of(text, lookup, unit):
        spec = TableSpec(**arguments)
        about = dataset(None) if spec.source.upper() in (NAME, "WERKTAB") else None
        found = make(folder, table_of(ROWS), spec, about)
        k = len(spec.dimensions)
        made.append((found, {tuple(r[f"d{i}"] for i in range(k)): r for r in found.frame.to_pylist() if not any(r[f"g{i}"] for i in range(k))}))
    return made


def direct(folder: Path, text: str) -> list[tuple[Any, ...]]:
    pq.write_table(table_of(ROWS), folder / "direct.parquet")
    connection = duckdb.connect()
    for view in (NAME, "WERKTAB"):
        connection.execute(f"CREATE VIEW {view} AS FROM read_parquet('{folder}/direct.parquet')")
    return connection.execute(text).fetchall()


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        (f"SELECT SECTOR, count(*), sum(LOON) FROM {NAME} GROUP BY SECTOR ORDER BY 2 DESC", 1),
        (f"SELECT SECTOR AS s, JAAR // 2 * 2 AS j, avg(w.LOON) FROM {NAME} w WHERE w.JAAR > 2018 AND LOON < 20 GROUP BY 1, 2", 2),
        (f"SELECT sector, median(LOON), quantile_cont(LOON, 0.25), stddev(LOON), var_samp(LOON), min(LOON), max(LOON) FROM {NAME} GROUP BY ALL", 1),
        (
            "SELECT CASE WHEN JAAR < 2020 THEN 'early' ELSE 'late' END AS era, corr(LOON, AANTAL), sum(LOON) / sum(AANTAL) FROM WERKTAB GROUP BY era",
            1,
        ),
        (f"FROM {NAME} SELECT SECTOR, count(*) FILTER (WHERE LOON > 10), round(avg(LOON), 2) GROUP BY SECTOR", 1),
        (f"SELECT SECTOR, count(DISTINCT RINPERSOON) FROM {NAME} GROUP BY SECTOR", 1),
        (f"SELECT count(*), sum(LOON) FROM {NAME}", 0),
        (
            f"WITH t AS (SELECT *, LOON * 2 AS twice FROM {NAME} WHERE AANTAL > 0) SELECT SECTOR, sum(twice), count(twice) FROM t GROUP BY SECTOR",
            1,
        ),
        (
            f"SELECT a.SECTOR, b.JAAR AS j, sum(b.LOON) FROM {NAME} a JOIN (SELECT DISTINCT RINPERSOON, JAAR, LOON FROM WERKTAB) b "
            "ON a.RINPERSOON = b.RINPERSOON AND a.JAAR = b.JAAR GROUP BY CUBE (a.SECTOR, j)",
            2,
        ),
        (f"SELECT SECTOR, avg(s) FROM (SELECT RINPERSOON, SECTOR, sum(LOON) AS s FROM {NAME} GROUP BY ALL) GROUP BY SECTOR", 1),
    ],
)
def test_figures_are_those_of_the_statement(tmp_path: Path, text: str, groups: int) -> None:
    made = answers(tmp_path, text)
    expected = {
        tuple(str(v) for v in row[:groups]): row[groups:]
        for row in direct(tmp_path, text)
        if groups == 0 or all(v is not None for v in row[:groups])
    }  # fmt: skip
    assert all(set(cells) == set(expected) for _, cells in made)
    for key, figures in expected.items():
        for (_, cells), figure in zip(made, figures, strict=True):
            assert math.isclose(cells[key]["value"], figure, rel_tol=1e-6, abs_tol=0.006)
            assert cells[key]["n"] >= 1
    assert {found.unit for found, _ in made} == {"person"}


def test_units_are_persons_and_not_rows(tmp_path: Path) -> None:
    [(_, plain)] = answers(tmp_path, f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY SECTOR")
    [(_, units)] = answers(tmp_path, f"SELECT SECTOR, count(DISTINCT (RINPERSOONS, RINPERSOON)) FROM {NAME} GROUP BY SECTOR")
    for key, cell in plain.items():
        persons = {r["RINPERSOON"] for r in ROWS if r["SECTOR"] == key[0]}
        assert (cell["value"], cell["n"], units[key]["value"]) == (40, len(persons), len(persons))


def test_a_select_keeps_its_institutions(tmp_path: Path) -> None:
    text = f"SELECT upper(a.SECTOR) AS s, sum(a.LOON) FROM {NAME} a JOIN WERKTAB b USING (RINPERSOONS, RINPERSOON) GROUP BY s"
    [(_, cells)] = answers(tmp_path, text)
    assert {cell["institutions"] for cell in cells.values()} == {3}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY SECTOR HAVING count(*) > 10", "HAVING"),
        (f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY SECTOR ORDER BY 2 LIMIT 3", "LIMIT"),
        (f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY SECTOR OFFSET 1", "LIMIT"),
        (f"SELECT DISTINCT SECTOR FROM {NAME}", "DISTINCT"),
        (f"SELECT DISTINCT ON (SECTOR) SECTOR, LOON FROM {NAME}", "DISTINCT"),
        (f"SELECT SECTOR, sum(LOON) OVER (PARTITION BY SECTOR) FROM {NAME}", "window"),
        (f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY 1 QUALIFY row_number() OVER () = 1", "window"),
        (f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY 1 UNION ALL SELECT 'all', count(*) FROM {NAME}", "UNION"),
        (f"SELECT SECTOR, LOON FROM {NAME}", "neither a group"),
        (f"SELECT * FROM {NAME}", "neither a group"),
        (f"SELECT SECTOR FROM {NAME} GROUP BY SECTOR", "no aggregate"),
        (f"SELECT SECTOR, count(*) * 2 FROM {NAME} GROUP BY SECTOR", "no evidence for"),
        (f"SELECT SECTOR, list(LOON) FROM {NAME} GROUP BY SECTOR", "no evidence for"),
        (f"SELECT SECTOR, first(LOON) FROM {NAME} GROUP BY SECTOR", "no evidence for"),
        (f"SELECT SECTOR, stddev_pop(LOON) FROM {NAME} GROUP BY SECTOR", "no evidence for"),
        (f"SELECT SECTOR, sum(DISTINCT LOON) FROM {NAME} GROUP BY SECTOR", "DISTINCT inside"),
        (f"SELECT SECTOR, count(DISTINCT BEID) FROM {NAME} GROUP BY SECTOR", "something else than the units"),
        (f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY GROUPING SETS ((SECTOR), ())", "GROUPING SETS"),
        (f"SELECT SECTOR, quantile_cont(LOON, [0.25, 0.75]) FROM {NAME} GROUP BY SECTOR", "percentile"),
        (f"SELECT SECTOR, count(*) FROM {NAME} WHERE JAAR = ? GROUP BY SECTOR", "parameters"),
        (f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY 3", "names no column"),
        (f"SELECT count(*) AS n FROM {NAME} GROUP BY n", "groups by an aggregate"),
        (
            f"WITH t AS (SELECT SECTOR, avg(LOON) AS m FROM {NAME} GROUP BY SECTOR) SELECT SECTOR, sum(m) FROM t GROUP BY SECTOR",
            "does not name the units",
        ),
        ("SELECT i, count(*) FROM range(10) t(i) GROUP BY i", "does not name the units"),
        (f"SELECT SECTOR, count(*) FROM {NAME} GROUP BY SECTOR; DROP VIEW {NAME}", "not one statement"),
        (f"DELETE FROM {NAME}", "no SELECT"),
        (f"COPY {NAME} TO 'x.csv'", "no SELECT"),
    ],
)
def test_refuses_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        tables_of(text, lookup)
    assert caught.value.code == "no_evidence"
    assert reason in caught.value.say("en")
    assert caught.value.say("nl") != caught.value.say("en")


@pytest.mark.parametrize("text", ["SELECT (", "SELECT count(* FROM x", "SELECT " + "(" * 5000])
def test_what_does_not_parse_is_said(text: str) -> None:
    with pytest.raises(Invalid):
        tables_of(text, lookup)


def test_the_unit_can_be_named(tmp_path: Path) -> None:
    text = f"WITH t AS (SELECT SECTOR, BEID, avg(LOON) AS m FROM {NAME} GROUP BY ALL) SELECT SECTOR, sum(m) FROM t GROUP BY SECTOR"
    [(found, cells)] = answers(tmp_path, text, ("BEID",))
    assert found.unit == "BEID"
    assert {cell["n"] for cell in cells.values()} == {3}


def test_a_rewritten_statement_passes_the_same_gate(tmp_path: Path) -> None:
    text = f"SELECT SECTOR, sum((SELECT count(*) FROM read_text('/etc/passwd'))) FROM {NAME} GROUP BY SECTOR"
    with pytest.raises(Exception, match="read_text"):
        answers(tmp_path, text)
