"""DuckDB's own errors, told in Dutch: each of the common objections is provoked, and its words stand there as a quotation."""

from __future__ import annotations

import duckdb
import pytest

from jupyter_cbs.query.explain import explain

SAID = {
    "SELEC 1": "De SQL klopt niet bij ‘SELEC’.",
    "SELECT 'abc": "Een tekst tussen enkele aanhalingstekens wordt niet afgesloten.",
    'SELECT "a FROM t': "Een naam tussen dubbele aanhalingstekens wordt niet afgesloten.",
    "SELECT 1 /*": "Een opmerking die met /* begint, wordt niet met */ afgesloten.",
    "SELECT a, count(*) FROM t": "Kolom ‘a’ staat niet in GROUP BY",
    "SELECT a FROM t WHERE count(*) > 1": "In WHERE kan geen aggregatie staan",
    "SELECT count(*) OVER () AS c FROM t WHERE c > 1": "In WHERE kan geen vensterfunctie staan",
    "SELECT sum(count(*)) FROM t": "Een aggregatie kan niet in een andere aggregatie staan.",
    "SELECT a FROM t JOIN t AS u ON t.a = u.a": "Kolom ‘a’ komt in meer dan één bron voor",
    "SELECT * FROM t AS x, t AS x": "De naam ‘x’ wordt voor meer dan één bron gebruikt",
    "SELECT x.a FROM t": "Er is in deze query geen bron ‘x’.",
    "SELECT a FROM t UNION SELECT a, b FROM t": "hebben niet evenveel kolommen.",
    "SELECT (SELECT a, b FROM t)": "Een subquery geeft 2 kolommen; hier past er 1.",
    "SELECT sum(b) FROM t": "Er is geen functie sum(VARCHAR) voor deze typen.",
    "SELECT 'x'::INTEGER": "De tekst ‘x’ is niet om te zetten naar INT32.",
    "SELECT '2'::DATE": "‘2’ is geen datum in de vorm JJJJ-MM-DD.",
    "SELECT 9999999999::INTEGER": "Een getal is te groot voor type INT32.",
    "SELECT a + 'x' FROM t": "Deze query kan niet worden uitgevoerd.",  # none of the common ones
}


@pytest.mark.parametrize("sql", SAID)
def test_an_objection_is_told_in_dutch_and_quoted(sql: str) -> None:
    with duckdb.connect() as db:
        db.execute("SET errors_as_json = true")
        db.execute("CREATE TABLE t (a INTEGER, b VARCHAR)")
        with pytest.raises(duckdb.Error) as caught:
            db.execute(sql).fetchall()
    error = explain(caught.value, sql, ())
    said, _, quotation = error.message.nl.partition(" DuckDB zegt: “")
    assert SAID[sql] in said
    assert quotation.endswith("”.")
    # the words to search for are those an English reader sees
    assert " ".join(error.message.en.split()).endswith(quotation.removesuffix("”.") + ".")
