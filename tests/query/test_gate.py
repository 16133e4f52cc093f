"""What the gate refuses, with the reason; beside each family its negative control that must run."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_cbs.domain.errors import CbsError, Invalid, NotFound, TooLarge
from jupyter_cbs.query.gate import Gate
from jupyter_cbs.query.session import Session

P = "GBAPERSOON2023TABV1"

REFUSED = [
    # nothing, or more than one
    ("", "sql_empty"),
    ("   \n\t", "sql_empty"),
    ("-- only a remark", "sql_empty"),
    (";", "sql_empty"),
    ("SELECT 1; SELECT 2", "several_statements"),
    (f"SELECT 1; DROP VIEW {P}", "several_statements"),
    ("SELECT 1;;SET threads = 1", "several_statements"),
    # not a SELECT
    (f"COPY {P} TO 'out.csv'", "not_a_select"),
    ("COPY (SELECT 1) TO '/tmp/x.parquet' (FORMAT parquet)", "not_a_select"),
    ("COPY x FROM '/etc/passwd'", "not_a_select"),
    ("ATTACH '/tmp/x.db' AS x", "not_a_select"),
    ("DETACH memory", "not_a_select"),
    ("SET memory_limit = '100GB'", "not_a_select"),
    ("RESET threads", "not_a_select"),
    ("SET VARIABLE x = 1", "not_a_select"),
    ("PRAGMA database_list", "not_a_select"),
    ("PRAGMA enable_profiling", "not_a_select"),
    ("INSTALL httpfs", "not_a_select"),
    ("LOAD httpfs", "not_a_select"),
    ("CALL pragma_version()", "not_a_select"),
    ("EXPLAIN SELECT 1", "not_a_select"),
    ("EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/x.csv'", "not_a_select"),
    ("CREATE TABLE x AS SELECT 1", "not_a_select"),
    ("CREATE TEMP VIEW x AS SELECT 1", "not_a_select"),
    ("CREATE MACRO f() AS 1", "not_a_select"),
    ("CREATE SECRET s (TYPE s3)", "not_a_select"),
    (f"INSERT INTO {P} VALUES (1)", "not_a_select"),
    (f"UPDATE {P} SET INKOMEN = 0", "not_a_select"),
    (f"DELETE FROM {P}", "not_a_select"),
    (f"DROP VIEW {P}", "not_a_select"),
    (f"ALTER VIEW {P} RENAME TO x", "not_a_select"),
    ("BEGIN", "not_a_select"),
    ("CHECKPOINT", "not_a_select"),
    ("VACUUM", "not_a_select"),
    ("EXPORT DATABASE '/tmp/x'", "not_a_select"),
    ("IMPORT DATABASE '/tmp/x'", "not_a_select"),
    ("USE main", "not_a_select"),
    ("PREPARE x AS SELECT 1", "not_a_select"),
    ("EXECUTE x", "not_a_select"),
    (f"PIVOT {P} ON GBAGESLACHT USING count(*)", "not_a_select"),
    # typed SELECT, yet not reading
    (f"WITH x AS (INSERT INTO {P} VALUES (1) RETURNING *) FROM x", "forbidden_statement"),
    (f"WITH x AS (DELETE FROM {P} RETURNING *) FROM x", "forbidden_statement"),
    (f"SELECT * FROM (WITH x AS (UPDATE {P} SET INKOMEN = 0 RETURNING *) FROM x)", "forbidden_statement"),
    ("SHOW TABLES", "forbidden_statement"),
    ("SHOW DATABASES", "forbidden_statement"),
    ("SHOW ALL TABLES", "forbidden_statement"),
    ("FROM (SHOW DATABASES)", "forbidden_statement"),
    # table functions
    ("SELECT * FROM read_parquet('/etc/passwd')", "forbidden_function"),
    ("SELECT * FROM parquet_scan('x.parquet')", "forbidden_function"),
    ("SELECT * FROM READ_CSV('/etc/passwd')", "forbidden_function"),
    ("SELECT * FROM read_csv_auto('/etc/passwd')", "forbidden_function"),
    ("SELECT * FROM read_json('/etc/passwd')", "forbidden_function"),
    ("SELECT content FROM read_text('/proc/self/environ')", "forbidden_function"),
    ("SELECT content FROM read_blob('/etc/passwd')", "forbidden_function"),
    ("SELECT * FROM glob('/*')", "forbidden_function"),
    ("SELECT * FROM sniff_csv('/etc/passwd')", "forbidden_function"),
    ("SELECT * FROM parquet_metadata('x.parquet')", "forbidden_function"),
    ("SELECT * FROM duckdb_settings()", "forbidden_function"),
    ("SELECT sql FROM duckdb_views()", "forbidden_function"),
    ("SELECT * FROM duckdb_secrets()", "forbidden_function"),
    ("SELECT * FROM duckdb_temporary_files()", "forbidden_function"),
    ("SELECT * FROM duckdb_external_file_cache()", "forbidden_function"),
    ("SELECT * FROM pragma_database_list()", "forbidden_function"),
    ("SELECT * FROM pragma_table_info('x')", "forbidden_function"),
    ("SELECT * FROM system.main.duckdb_settings()", "forbidden_function"),
    ("SELECT * FROM query('SELECT * FROM duckdb_views()')", "forbidden_function"),
    ("SELECT * FROM query_table('duckdb_views')", "forbidden_function"),
    ("SELECT * FROM json_execute_serialized_sql('{}')", "forbidden_function"),
    ("SELECT * FROM enable_logging()", "forbidden_function"),
    ("SELECT * FROM python_map_function()", "forbidden_function"),
    ("SELECT (SELECT count(*) FROM glob('/*'))", "forbidden_function"),
    (f"SELECT * FROM {P} WHERE RINPERSOON IN (SELECT content FROM read_text('/etc/passwd'))", "forbidden_function"),
    (f"SELECT * FROM {P}, LATERAL (SELECT * FROM read_text(RINPERSOON))", "forbidden_function"),
    ("SELECT 1 UNION ALL SELECT content FROM read_text('/etc/passwd')", "forbidden_function"),
    ("WITH x AS MATERIALIZED (SELECT * FROM glob('/*')) FROM x", "forbidden_function"),
    ("SELECT list_transform([1], lambda x: (SELECT count(*) FROM glob('/*')))", "forbidden_function"),
    ("VALUES ((SELECT count(*) FROM glob('/*')))", "forbidden_function"),
    ("SELECT 1 ORDER BY (SELECT count(*) FROM glob('/*'))", "forbidden_function"),
    ("SELECT 1 LIMIT (SELECT count(*) FROM glob('/*'))", "forbidden_function"),
    ("DESCRIBE SELECT * FROM read_csv('/etc/passwd')", "forbidden_function"),
    ("SUMMARIZE FROM read_csv('/etc/passwd')", "forbidden_function"),
    # functions that tell of the host
    ("SELECT current_setting('temp_directory')", "forbidden_function"),
    ("SELECT system.main.current_setting('allowed_paths')", "forbidden_function"),
    ("SELECT 'temp_directory'.current_setting()", "forbidden_function"),
    ("SELECT \"CURRENT_SETTING\"('temp_directory')", "forbidden_function"),
    ("SELECT getenv('PATH')", "forbidden_function"),
    ("SELECT json_serialize_plan('SELECT 1')", "forbidden_function"),
    ("SELECT pg_get_viewdef(1)", "forbidden_function"),
    ("SELECT write_log('x')", "forbidden_function"),
    ("SELECT sleep_ms(100000)", "forbidden_function"),
    # tables that are no granted data sets
    ("FROM duckdb_views", "unknown_dataset"),
    ("FROM information_schema.tables", "unknown_dataset"),
    ("FROM pg_catalog.pg_views", "unknown_dataset"),
    ("FROM sqlite_master", "unknown_dataset"),
    ("FROM system.information_schema.columns", "unknown_dataset"),
    (f"FROM memory.main.{P}", "unknown_dataset"),
    ("FROM '/etc/passwd'", "unknown_dataset"),
    ("FROM 'x.parquet'", "unknown_dataset"),
    ("FROM '*.parquet'", "unknown_dataset"),
    ("DESCRIBE 'x.parquet'", "unknown_dataset"),
    ("TABLE duckdb_views", "unknown_dataset"),
    ("UNPIVOT duckdb_views ON sql", "unknown_dataset"),
    # names of common table expressions where they are not in scope
    ("WITH duckdb_views AS (FROM duckdb_views) FROM duckdb_views", "unknown_dataset"),
    ("SELECT * FROM (WITH duckdb_views AS (SELECT 1) FROM duckdb_views), duckdb_views", "unknown_dataset"),
    ("WITH a AS (FROM duckdb_views), duckdb_views AS (SELECT 1) FROM a", "unknown_dataset"),
    ("WITH RECURSIVE duckdb_views AS (FROM duckdb_views UNION ALL FROM duckdb_views) FROM duckdb_views", "unknown_dataset"),
    # syntax
    ("SELEC 1", "sql_syntax"),
    ("SELECT (1", "sql_syntax"),
    (f"SELECT * FROM {P} WHERE", "sql_syntax"),
    ("SELECT 'abc", "sql_syntax"),
    ("SELECT " + "(" * 3000 + "1" + ")" * 3000, None),
]

ADMITTED = [
    "SELECT 1",
    "SELECT 1;",
    "-- a remark\nSELECT 1 -- and one more",
    "VALUES (1), (2)",
    f"FROM {P} LIMIT 1",
    f"TABLE {P}",
    f"SELECT * FROM {P.lower()}",
    f'SELECT p.* FROM "{P}" AS p JOIN SPOLISBUS2022V3 USING (RINPERSOON)',
    "FROM GBAPERSOONTAB LIMIT 1",
    f"DESCRIBE {P}",
    f"SUMMARIZE {P}",
    f"WITH a AS (FROM {P}), b AS (FROM a) SELECT count(*) FROM b",
    "WITH duckdb_views AS (SELECT 1 AS x) FROM duckdb_views",
    "WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t WHERE i < 5) FROM t",
    f"SELECT (SELECT max(INKOMEN) FROM {P})",
    f"PIVOT (SELECT GBAGESLACHT FROM {P}) ON GBAGESLACHT IN ('1', '2') USING count(*)",
    "SELECT * FROM range(3), unnest([1, 2]) AS t(x)",
    "SELECT * FROM generate_series(1, 3)",
    f"SELECT count(*) FILTER (INKOMEN > 0), median(INKOMEN) FROM {P} GROUP BY ALL",
    f"SELECT rank() OVER (ORDER BY INKOMEN) FROM {P} LIMIT 1",
    f"SELECT 'read_parquet(''/etc/passwd'')' AS text FROM {P} LIMIT 1",
    f"SELECT * FROM {P} USING SAMPLE 10 ROWS",
    "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3",
    "SELECT list_transform([1, 2], lambda x: x + 1)",
    f"SELECT COLUMNS('INK.*') FROM {P} LIMIT 1",
]


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_refuses_with_a_reason(gate: Gate, session: Session, granted: dict[str, Path], text: str, code: str | None) -> None:
    with pytest.raises(CbsError) as caught:
        gate.admit(text)
    error = caught.value
    assert code is None or error.code == code
    assert error.remedy is not None or code is None
    for lang in ("en", "nl"):
        said = error.say(lang)
        assert said.strip()
        assert not any(secret in said for secret in session.secrets), "a host path is shown"
    assert error.message.en != error.message.nl


@pytest.mark.parametrize("text", ADMITTED)
def test_admits_and_runs(gate: Gate, session: Session, text: str) -> None:
    admitted = gate.admit(text)
    assert session.connection.sql(admitted.statement).to_arrow_reader(100).read_all().num_columns >= 1
    assert gate.admit(text) is admitted


def test_the_table_of_refusals_is_long_enough() -> None:
    assert len(REFUSED) >= 60


def test_foreign_and_missing_data_sets_get_the_same_answer(gate: Gate) -> None:
    """A data set of another project, one that never existed: word for word the same, but for the name."""
    answers = []
    for name in ("GBAPERSOON2022TABV1", "GBAPERSOON2099TABV1"):
        with pytest.raises(NotFound) as caught:
            gate.admit(f"FROM {name}")
        answers.append((caught.value.say("en").replace(name, "X"), caught.value.suggestions))
    assert answers[0] == answers[1]
    assert answers[0][1][0] == "GBAPERSOON2023TABV1"


def test_suggests_only_granted_names(gate: Gate, granted: dict[str, Path]) -> None:
    with pytest.raises(NotFound) as caught:
        gate.admit("FROM GBAPERSON")
    assert caught.value.suggestions
    assert set(caught.value.suggestions) <= set(granted)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("SELECT 1 +\n  FROM x", 2, 3), ("SELEC 1", 1, 1), ("SELECT 'é', 1 +\n\n , 2", 3, 2), ("SELECT 1\n; FROM x", 2, 3)],
)
def test_says_where(gate: Gate, text: str, line: int, column: int) -> None:
    with pytest.raises(Invalid) as caught:
        gate.admit(text)
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (line, column)


def test_unknown_data_set_has_its_place(gate: Gate) -> None:
    with pytest.raises(NotFound) as caught:
        gate.admit("SELECT *\nFROM NIETS")
    assert caught.value.position is not None
    assert (caught.value.position.line, caught.value.position.column) == (2, 6)


def test_bounds_the_text(session: Session) -> None:
    gate = Gate(session, 100)
    with pytest.raises(TooLarge) as caught:
        gate.admit("SELECT '" + "x" * 100 + "'")
    assert caught.value.code == "statement_too_long"
    gate.admit("SELECT 1")


def test_keeps_a_bounded_number_of_verdicts(gate: Gate) -> None:
    first = gate.admit("SELECT 0")
    for i in range(1, 400):
        gate.admit(f"SELECT {i}")
    assert gate.admit("SELECT 0") is not first


def test_an_unreadable_file_is_named_by_its_data_set(tmp_path: Path) -> None:
    from jupyter_cbs.domain.rules import QueryLimits

    broken = tmp_path / "secret-place" / "BROKEN2020TABV1.parquet"
    broken.parent.mkdir()
    broken.write_bytes(b"PAR1 but not really")
    session = Session({"BROKEN2020TABV1": str(broken)}, QueryLimits(), str(tmp_path))
    with pytest.raises(CbsError) as caught:
        Gate(session, 1000).admit("FROM BROKEN2020TABV1")
    assert caught.value.code == "dataset_unreadable"
    assert "BROKEN2020TABV1" in caught.value.say("en")
    assert "secret-place" not in caught.value.say("en")
    session.connection.close()
