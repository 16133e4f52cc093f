"""What a hostile statement tries, as data.

``$FILE`` stands for a file with a secret, ``$FOLDER`` for a folder that could be written to, ``$DATA`` for a granted data set. The same
statements go to a plain DuckDB connection as control; ``outside`` says that they succeed there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """One attempt.

    Parameters
    ----------
    name
        What is tried.
    text
        The statement; empty where a table is asked for.
    answers
        Codes of the refusals that may be the answer.
    outside
        Whether it succeeds on a plain DuckDB connection.
    table
        Arguments of a table with evidence, besides its source.
    """

    name: str
    text: str
    answers: tuple[str, ...]
    outside: bool = True
    table: dict[str, Any] = field(default_factory=dict)


NOT_SELECT = ("not_a_select",)
FUNCTION = ("forbidden_function",)
STATEMENT = ("forbidden_statement",)
UNKNOWN = ("unknown_dataset",)
SYNTAX = ("sql_syntax",)

READS = [
    Case("text of a file", "SELECT content FROM read_text('$FILE')", FUNCTION),
    Case("bytes of a file", "SELECT content FROM read_blob('$FILE')", FUNCTION),
    Case("a file as csv", "FROM read_csv('$FILE')", FUNCTION),
    Case("a file as csv, found out", "FROM read_csv_auto('$FILE')", FUNCTION),
    Case("how a file is written", "FROM sniff_csv('$FILE')", FUNCTION),
    Case("a file as JSON", "FROM read_json('$FILE', format='unstructured')", FUNCTION, False),
    Case("a file by its name as a table", "FROM '$FILE.csv'", UNKNOWN),
    Case("files by a pattern as a table", "FROM '$FOLDER/*.csv'", UNKNOWN),
    Case("files of the engine by a pattern", "FROM '/data/*.parquet'", UNKNOWN, False),
    Case("a Parquet file", "FROM read_parquet('$FILE.parquet')", FUNCTION),
    Case("a Parquet file by the other name", "FROM parquet_scan('$FILE.parquet')", FUNCTION),
    Case("what a Parquet file says of itself", "FROM parquet_metadata('$FILE.parquet')", FUNCTION),
    Case("columns of a Parquet file", "FROM parquet_schema('$FILE.parquet')", FUNCTION),
    Case("names of files", "FROM glob('$FOLDER/*')", FUNCTION),
    Case("names of files in a scalar", "SELECT (SELECT count(*) FROM glob('$FOLDER/*'))", FUNCTION),
    Case("the environment of the engine", "FROM read_text('/proc/self/environ')", FUNCTION),
    Case("mounts of the engine", "SELECT content FROM read_text('/proc/self/mountinfo')", FUNCTION),
    Case("a variable of the environment", "SELECT getenv('PATH')", FUNCTION, False),
    Case("a file over the network", "FROM read_csv('http://127.0.0.1:1/x.csv')", FUNCTION, False),
    Case("a table over the network", "FROM 'https://127.0.0.1:1/x.parquet'", UNKNOWN, False),
    Case("a file in a condition", "SELECT 1 WHERE 'x' IN (SELECT content FROM read_text('$FILE'))", FUNCTION),
    Case("a file in an order", "SELECT 1 ORDER BY (SELECT content FROM read_text('$FILE'))", FUNCTION),
    Case("a file in a limit", "SELECT 1 LIMIT (SELECT length(content) FROM read_text('$FILE'))", FUNCTION),
    Case("a file in a default", "SELECT coalesce(NULL, (SELECT content FROM read_text('$FILE')))", FUNCTION),
    Case("a file in a window", "SELECT sum(1) OVER (ORDER BY (SELECT content FROM read_text('$FILE')))", FUNCTION),
    Case("a file in a lambda", "SELECT list_transform([1], lambda x: (SELECT content FROM read_text('$FILE')))", FUNCTION, False),
    Case("a file in a set operation", "SELECT 'x' UNION ALL SELECT content FROM read_text('$FILE')", FUNCTION),
    Case("a file in a common table expression", "WITH x AS MATERIALIZED (FROM read_text('$FILE')) FROM x", FUNCTION),
    Case("a file under the name of a data set", "WITH $DATA AS (FROM read_text('$FILE')) FROM $DATA", FUNCTION),
    Case("a file in a lateral join", "FROM (SELECT '$FILE' AS f) t, LATERAL (SELECT content FROM read_text(t.f))", FUNCTION, False),
    Case("a file in a pivot", "PIVOT (FROM read_text('$FILE')) ON size IN (1) USING count(*)", FUNCTION),
    Case("a file in a description", "DESCRIBE FROM read_csv('$FILE')", FUNCTION),
    Case("a file in a summary", "SUMMARIZE FROM read_csv('$FILE')", FUNCTION),
    Case("a file by a statement in a text", "FROM query('FROM read_text(''$FILE'')')", FUNCTION),
    Case("a table by a name in a text", "FROM query_table(['$DATA'])", FUNCTION),
    Case("a statement that was written as JSON", "SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", FUNCTION, False),
    Case("capitals and a schema", "FROM SYSTEM.MAIN.READ_TEXT('$FILE')", (*FUNCTION, *SYNTAX), False),
    Case("a function in quotes", "FROM \"read_text\"('$FILE')", FUNCTION),
    Case("a name in pieces of Unicode", "FROM read_te\u0445t('$FILE')", (*FUNCTION, "unknown_function"), False),
    Case("a space that is none", "SELECT content FROM\u00a0read_text('$FILE')", FUNCTION),
    Case("a remark that hides", "SELECT 1 /* ' */ + (SELECT length(content) FROM read_text('$FILE')) -- '", FUNCTION),
    Case("a remark in a remark", "SELECT 1 /* /* */ */ + (SELECT length(content) FROM read_text('$FILE'))", FUNCTION),
    Case("dollar quotes that hide", "SELECT $a$ ' $a$, (SELECT content FROM read_text('$FILE'))", FUNCTION),
    Case("an escape that hides", "SELECT E'\\' , (SELECT content FROM read_text('$FILE')) --'", ("sql_error", *SYNTAX), False),
    Case("a variable of the program around it", "FROM secret_frame", UNKNOWN, False),
    Case("a file of rows for a lateral function", "SELECT * FROM range(1) t(i), read_text('$FILE')", FUNCTION),
]
"""Files, names of files, the network."""

SYSTEM = [
    Case("settings", "FROM duckdb_settings()", FUNCTION),
    Case("one setting", "SELECT current_setting('temp_directory')", FUNCTION),
    Case("one setting as a method", "SELECT 'allowed_paths'.current_setting()", FUNCTION, False),
    Case("views with their files", "SELECT sql FROM duckdb_views()", FUNCTION),
    Case("views by the table of the system", "SELECT sql FROM duckdb_views", UNKNOWN),
    Case("views under a name that Python takes for the same", 'WITH "duckdb_view\u017f" AS (SELECT 1) SELECT sql FROM duckdb_views', UNKNOWN),
    Case(
        "tables under such a name in a recursion",
        'WITH RECURSIVE "duckdb_table\u017f" AS (SELECT 1 AS x UNION ALL SELECT x FROM duckdb_tables) FROM "duckdb_table\u017f"',
        UNKNOWN,
        False,
    ),
    Case(
        "settings of a plain name behind a zero byte", 'WITH "duckdb_views\0x" AS (SELECT 1) SELECT sql FROM duckdb_views', (*UNKNOWN, *SYNTAX), False
    ),
    Case("views by the schema of the standard", "FROM information_schema.views", UNKNOWN, False),
    Case("views as PostgreSQL names them", "FROM pg_catalog.pg_views", UNKNOWN),
    Case("views as SQLite names them", "FROM sqlite_master", UNKNOWN),
    Case("secrets", "FROM duckdb_secrets()", FUNCTION),
    Case("spilled files", "FROM duckdb_temporary_files()", FUNCTION),
    Case("cached files", "FROM duckdb_external_file_cache()", FUNCTION),
    Case("logs", "FROM duckdb_logs", UNKNOWN),
    Case("sizes of databases", "FROM pragma_database_size()", FUNCTION),
    Case("the definition of a view", "SELECT pg_get_viewdef(1)", FUNCTION),
    Case("the plan, with its files", "SELECT json_serialize_plan('FROM $DATA')", FUNCTION),
    Case("the file each row came from", "SELECT filename FROM $DATA", ("unknown_column",), False),
    Case("a list of tables", "SHOW ALL TABLES", STATEMENT),
    Case("a list of databases", "FROM (SHOW DATABASES)", STATEMENT),
    Case("a data set of another project", "FROM VERD2022TABV1", UNKNOWN, False),
    Case("a data set by its schema", "FROM memory.main.$DATA", UNKNOWN),
    Case("another session's variables", "SELECT getvariable('x')", FUNCTION),
    Case("notes in the log", "SELECT write_log('x')", FUNCTION),
    Case("to hold the engine up", "SELECT sleep_ms(1)", FUNCTION),
]
"""What tells of the host and of others."""

CHANGES = [
    Case("a copy to a file", "COPY (SELECT 1) TO '$FOLDER/out.csv'", NOT_SELECT),
    Case("a copy over a granted file", "COPY (SELECT 1) TO '/data/x.parquet' (USE_TMP_FILE false)", NOT_SELECT, False),
    Case("a copy in a plan that runs", "EXPLAIN ANALYZE COPY (SELECT 1) TO '$FOLDER/out2.csv'", NOT_SELECT),
    Case("a copy of everything", "EXPORT DATABASE '$FOLDER/everything'", NOT_SELECT),
    Case("a database beside it", "ATTACH '$FOLDER/x.db' AS x", NOT_SELECT),
    Case("a database that is read only", "ATTACH '$FILE' AS x (READ_ONLY)", NOT_SELECT, False),
    Case("an extension", "INSTALL httpfs", NOT_SELECT, False),
    Case("an extension from a file", "LOAD '$FILE'", NOT_SELECT, False),
    Case("another memory limit", "SET memory_limit = '1TB'", NOT_SELECT),
    Case("access to files", "SET enable_external_access = true", NOT_SELECT, False),
    Case("more paths", "SET allowed_paths = ['/']", NOT_SELECT, False),
    Case("another place to spill", "PRAGMA temp_directory = '$FOLDER'", NOT_SELECT),
    Case("a log in a file", "PRAGMA log_query_path = '$FOLDER/log'", NOT_SELECT),
    Case("a profile in a file", "PRAGMA profiling_output = '$FOLDER/profile.txt'", NOT_SELECT),
    Case("a call", "CALL pragma_version()", NOT_SELECT),
    Case("a call that turns logs on", "CALL enable_logging()", NOT_SELECT),
    Case("other versions of extensions", "UPDATE EXTENSIONS", NOT_SELECT, False),
    Case("a secret", "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')", NOT_SELECT, False),
    Case("a table", "CREATE TABLE x AS SELECT 1", NOT_SELECT),
    Case("a view in the place of a data set", "CREATE OR REPLACE TEMP VIEW $DATA AS SELECT 1", NOT_SELECT),
    Case("a macro in the place of a function", "CREATE TEMP MACRO sum(x) AS 0", NOT_SELECT),
    Case("a macro that reads", "CREATE MACRO f() AS TABLE FROM read_text('$FILE')", NOT_SELECT),
    Case("a type", "CREATE TYPE t AS ENUM ('a')", NOT_SELECT),
    Case("a sequence", "CREATE SEQUENCE s", NOT_SELECT),
    Case("new rows", "INSERT INTO $DATA SELECT * FROM $DATA", NOT_SELECT),
    Case("other values", "UPDATE $DATA SET x = 1", NOT_SELECT),
    Case("fewer rows", "DELETE FROM $DATA", NOT_SELECT),
    Case("fewer rows by a merge", "MERGE INTO $DATA d USING (SELECT 1 AS y) s ON d.x = s.y WHEN MATCHED THEN DELETE", NOT_SELECT),
    Case("rows that are answered", "WITH x AS (DELETE FROM $DATA RETURNING *) FROM x", STATEMENT, False),
    Case("rows that are written in a subquery", "FROM (WITH x AS (INSERT INTO $DATA VALUES (1) RETURNING *) FROM x)", STATEMENT, False),
    Case("no data set any more", "DROP VIEW IF EXISTS nothing_like_it", NOT_SELECT),
    Case("a transaction that stays open", "BEGIN", NOT_SELECT),
    Case("a prepared statement", "PREPARE p AS SELECT 1", NOT_SELECT),
    Case("two statements", "SELECT 1; COPY (SELECT 1) TO '$FOLDER/second.csv'", ("several_statements",)),
    Case("a second statement after a remark", "SELECT 1 -- ;\n; SET threads = 1", ("several_statements",)),
    Case("a second statement after a zero byte", "SELECT 1\0; SET threads = 1", (*SYNTAX, "several_statements"), False),
    Case("a pivot, which is several", "PIVOT $DATA ON x USING count(*)", NOT_SELECT),
    Case("no statement", "-- nothing", ("sql_empty",), False),
    Case("half of a pair of surrogates", "SELECT '\ud800'", ("sql_syntax", "closed", "UnicodeEncodeError"), False),
]
"""Anything but one SELECT."""

TABLES = [
    Case("a file in a condition of a table", "", FUNCTION, False, {"where": "(SELECT content FROM read_text('$FILE')) IS NOT NULL"}),
    Case("a file in the values of a table", "", FUNCTION, False, {"values": "(SELECT length(content) FROM read_text('$FILE'))", "statistic": "sum"}),
    Case("a file in a dimension", "", FUNCTION, False, {"rows": ["(SELECT content FROM read_text('$FILE')) AS d"]}),
    Case("a file as a source", "FROM read_text('$FILE')", FUNCTION, False, {"rows": ["content"]}),
    Case("a file by its name as a source", "$FILE", ("unknown_dataset", "sql_syntax"), False, {"rows": ["x"]}),
    Case("a copy as a source", "COPY (SELECT 1) TO '$FOLDER/out.csv'", NOT_SELECT, False, {"rows": ["x"]}),
    Case("two statements as a source", "SELECT 1 AS x; DROP VIEW $DATA", ("several_statements",), False, {"rows": ["x"]}),
    Case("a condition that ends early", "", ("sql_syntax", "expression"), False, {"where": "1=1) UNION SELECT * FROM duckdb_views() --"}),
    Case("a condition with a statement behind it", "", ("sql_syntax", "several_statements"), False, {"where": "1=1; SET threads = 1"}),
    Case("a dimension that is two", "", ("expression", "sql_syntax"), False, {"rows": ["GBAGESLACHT, (SELECT 1)"]}),
    Case("a dimension with a table behind it", "", ("expression", "sql_syntax"), False, {"rows": ["content FROM read_text('$FILE')"]}),
    Case("a dimension with a set operation", "", ("expression", "sql_syntax"), False, {"rows": ["GBAGESLACHT UNION SELECT 1"]}),
    Case("a dimension that makes rows", "", ("expression",), False, {"rows": ["unnest(range(100)) AS d"]}),
    Case("a weight that ends early", "", ("unknown_column", "expression", "sql_syntax"), False, {"weight": "1) FROM read_text('$FILE') --"}),
    Case("a unit that is a statement", "", ("unknown_column",), False, {"unit": "(SELECT content FROM read_text('$FILE'))"}),
    Case("random rows", "", ("not_repeatable",), False, {"where": "random() < 0.5"}),
    Case("random values", "", ("not_repeatable",), False, {"values": "random()", "statistic": "sum"}),
    Case("other rows each time", "SELECT * FROM GBAPERSOON2023TABV1 USING SAMPLE 50%", ("not_repeatable",), False, {"rows": ["GBAGESLACHT"]}),
    Case("an identifier as a source's alias", 'SELECT 1 AS "x""; DROP"', ("unknown_column", "unit_missing", "unit"), False, {"rows": ["x"]}),
]
"""Through the pieces of a table with evidence."""

BOMBS = [
    Case("memory by one long text", "SELECT repeat('x', 100000) || repeat(i::VARCHAR, 5000) FROM range(10000000) t(i)", (), False),
    Case("memory by one value", "SELECT length(repeat('x', 4000000) || repeat(repeat('y', 1000000), 4000))", (), False),
    Case("memory by one list", "SELECT list(i) FROM range(3000000000) t(i)", (), False),
    Case("memory by an aggregate", "SELECT string_agg(repeat('x', 1000), '') FROM range(30000000)", (), False),
    Case("memory by a sort", "SELECT list_sort(range(2000000000))", (), False),
    Case("time by a join", "SELECT count(*) FROM range(100000000) a(i), range(1000000) b(j) WHERE (i * j) % 7 = 3", (), False),
    Case("time by recursion", "WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t", (), False),
    Case("time by rows that never end", "FROM range(9223372036854775807)", (), False),
    Case(
        "time by a regular expression", "SELECT count(*) FROM range(100000000) t(i) WHERE regexp_matches(repeat('a', 2000), '(a*)*b' || i)", (), False
    ),
    Case("the disk by a spill", "SELECT count(*) FROM (SELECT DISTINCT md5(i::VARCHAR) FROM range(1000000000) t(i))", (), False),
    Case("a result beyond all bounds", "SELECT repeat('x', 1000) FROM range(1000000000)", (), False),
]
"""More than a session's share; the answer is a refusal, and the next question is answered."""
ENDED = ("timeout", "out_of_memory", "too_large", "too_many_rows", "too_many_bytes", "worker_died", "result_too_large", "cancelled")

PARSER = [
    Case("a megabyte of text", "SELECT '" + "x" * 2**20 + "'", ("statement_too_long",)),
    Case("deep brackets", "SELECT " + "(" * 40_000 + "1" + ")" * 40_000, ("sql_too_complex", "sql_syntax", "worker_died"), False),
    Case("deep subqueries", "SELECT * FROM " + "(SELECT * FROM " * 3_000 + "(SELECT 1)" + ")" * 3_000, ("sql_too_complex", "sql_syntax"), False),
    Case("deep functions", "SELECT " + "abs(" * 10_000 + "1" + ")" * 10_000, ("sql_too_complex", "sql_syntax"), False),
    Case("a long chain", "SELECT 1" + " + 1" * 20_000, ("sql_too_complex", "sql_syntax", "worker_died"), False),
    Case("deep CASE", "SELECT " + "CASE WHEN true THEN " * 3_000 + "1" + " END" * 3_000, ("sql_too_complex", "sql_syntax"), False),
    Case("deep WITH", "".join(f"WITH a{i} AS (" for i in range(1_500)) + "SELECT 1" + ") SELECT 1" * 1_500, ("sql_too_complex", "sql_syntax"), False),
    Case("quotes that do not end", "SELECT '" * 9_999, SYNTAX, False),
]
"""Texts that are hard to read."""

CASES = (*READS, *SYSTEM, *CHANGES, *TABLES, *PARSER)
