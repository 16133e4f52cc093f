"""The statement gate: exactly one SELECT over granted data sets, or a reason why not.

The text is parsed by DuckDB itself, inside the worker. What may run is decided on the parsed statement by
allow-lists: kinds of query, kinds of table reference, table functions, and names of tables, which must be granted
data sets or common table expressions that are in scope. ``StatementType.SELECT`` alone proves little: an ``INSERT``
in a common table expression and ``SHOW DATABASES`` are of that type too. The gate keeps integrity and discretion
(settings and view definitions show the host's paths); which files can be read at all is decided by the locked
configuration and by what is mounted (design: security, DuckDB).
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import duckdb

from ..domain.errors import Invalid, Position, Refused, TooLarge
from ..domain.text import Text, whole
from .explain import explain, position, unknown_dataset
from .session import Session

_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_REFERENCES = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EMPTY", "EXPRESSION_LIST", "PIVOT", "SHOW_REF", "COLUMN_DATA"})
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row"})
_SHOW = frozenset({"DESCRIBE", "SUMMARY"})
# Functions that tell of the host, of other sessions, or that hold the worker up. Those that read files are table
# functions, of which only the list above is known.
_FUNCTIONS = frozenset(
    {
        "current_setting", "getenv", "getvariable", "json_serialize_plan", "json_deserialize_sql", "json_execute_serialized_sql",
        "pg_get_viewdef", "pg_get_constraintdef", "pg_get_expr", "obj_description", "col_description", "shobj_description",
        "write_log", "parse_duckdb_log_message", "nextval", "currval", "setval", "sleep_ms", "pg_sleep", "query", "query_table",
        "inet_client_addr", "inet_client_port", "inet_server_addr", "inet_server_port", "error",
    }
)  # fmt: skip
_DEPTH = 400
"""Deepest nesting of a statement that is looked at."""
_CACHED = 256
_CAPITALS = str.maketrans(ascii_uppercase, ascii_lowercase)
_EXPRESSION = "SELECT\n"


@dataclass
class Admitted:
    """A statement that may run.

    Parameters
    ----------
    text
        As it was written.
    statement
        The parsed statement; this object is executed, not the text.
    views
        Granted views it reads.
    relation
        The bound statement, kept when it ran without parameters: it runs anew each time it is read, and small queries take
        longer to bind than to run.
    """

    text: str
    statement: Any
    views: frozenset[str]
    relation: Any = None


class Gate:
    """Looks at statements before they run; verdicts are kept per text.

    Parameters
    ----------
    session : Session
        Parses, and knows the granted views.
    max_bytes : int
        Longest text in bytes of UTF-8 that is parsed.
    """

    def __init__(self, session: Session, max_bytes: int) -> None:
        self._session = session
        self._max_bytes = max_bytes
        self._admitted: OrderedDict[str, Admitted] = OrderedDict()

    def expression_tree(self, text: str) -> dict[str, Any]:
        """Parse ``SELECT text`` and give its query node; what it names is not looked at.

        Raises
        ------
        Invalid
            ``sql_syntax``, with the position inside ``text``; ``several_statements``.
        """
        whole = _EXPRESSION + text + "\n"
        try:
            self._parse(whole)
        except Invalid as error:
            if error.position is not None and error.position.line > 1:
                error.position = Position(line=error.position.line - 1, column=error.position.column)
            raise
        return self.tree(whole)

    def admit(self, text: str, own: frozenset[str] = frozenset()) -> Admitted:
        """Give the statement, ready to run.

        Parameters
        ----------
        text : str
            What the researcher wrote, or what was made for them.
        own : frozenset of str
            Tables of the worker itself the statement may name, in lower case; verdicts with such are not kept.

        Raises
        ------
        TooLarge
            ``statement_too_long``.
        Invalid
            ``sql_empty``, ``sql_syntax`` (with position), ``several_statements``, ``not_a_select``, ``sql_too_complex``.
        Refused
            ``forbidden_function``, ``forbidden_statement``.
        NotFound
            ``unknown_dataset``: not granted, in another project, a table of the system, or not existing; never told apart.
        """
        if own:
            return self._judge(text, own)
        known = self._admitted.get(text)
        if known is not None:
            self._admitted.move_to_end(text)
            return known
        admitted = self._judge(text, own)
        self._admitted[text] = admitted
        if len(self._admitted) > _CACHED:
            self._admitted.popitem(last=False)
        return admitted

    def _judge(self, text: str, own: frozenset[str]) -> Admitted:
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:
            raise Invalid("sql_syntax", Text(en="The SQL is no valid text.", nl="De SQL is geen geldige tekst.")) from error
        if size > self._max_bytes:
            raise TooLarge(
                "statement_too_long",
                Text(
                    en=f"The statement has {whole(size, 'en')} bytes; at most {whole(self._max_bytes, 'en')} are read.",
                    nl=f"De query heeft {whole(size, 'nl')} bytes; er worden er hoogstens {whole(self._max_bytes, 'nl')} gelezen.",
                ),
                Text(
                    en="Pass long lists as a parameter: ws.sql('… WHERE x IN (SELECT unnest(?))', [values]).",
                    nl="Geef lange lijsten mee als parameter: ws.sql('… WHERE x IN (SELECT unnest(?))', [waarden]).",
                ),
            )
        statement = self._parse(text)
        reading = _Reading(self._session, text)
        try:
            reading.query(self.tree(text), own, 0)
        except RecursionError as error:
            raise _too_complex() from error
        for view in reading.views:
            self._session.ensure(view)
        return Admitted(text, statement, frozenset(reading.views))

    def _parse(self, text: str) -> Any:
        try:
            statements = self._session.connection.extract_statements(text)
        except Exception as error:
            raise explain(error, text, self._session.secrets) from error
        if not statements:
            raise Invalid(
                "sql_empty",
                Text(en="There is no statement.", nl="Er staat geen query."),
                Text(en="Write one SELECT.", nl="Schrijf één SELECT."),
            )
        if len(statements) > 1:
            raise Invalid(
                "several_statements",
                Text(en=f"These are {len(statements)} statements.", nl=f"Dit zijn {len(statements)} queries."),
                Text(en="Run one SELECT at a time.", nl="Voer één SELECT tegelijk uit."),
                position=position(text, len(statements[0].query.encode())),
            )
        try:
            kind = statements[0].type
        except ValueError:
            kind = None  # one that DuckDB knows and its Python package has no name for, e.g. UPDATE EXTENSIONS
        if kind == duckdb.StatementType.MULTI:
            raise Invalid(
                "not_a_select",
                Text(
                    en="PIVOT without a list of values is more than one statement.",
                    nl="PIVOT zonder lijst van waarden is meer dan één query.",
                ),
                Text(en="Give the values: PIVOT … ON column IN (1, 2, …).", nl="Geef de waarden: PIVOT … ON kolom IN (1, 2, …)."),
            )
        if kind != duckdb.StatementType.SELECT:
            name = statements[0].query.split(maxsplit=1)[0].upper()[:20] if kind is None else kind.name
            raise Invalid(
                "not_a_select",
                Text(en=f"Only SELECT can be run here; this is {name}.", nl=f"Hier kan alleen SELECT worden uitgevoerd; dit is {name}."),
                Text(
                    en="Write one SELECT. To keep a result, save it from Python in shared/ or personal/.",
                    nl="Schrijf één SELECT. Bewaar een resultaat vanuit Python in shared/ of personal/.",
                ),
            )
        return statements[0]

    def tree(self, text: str) -> dict[str, Any]:
        """Give the query node of one parsed SELECT as DuckDB serialises it.

        Raises
        ------
        Invalid, Refused
            ``sql_too_complex``, ``forbidden_statement``.
        """
        try:
            answer = self._session.connection.execute("SELECT json_serialize_sql(?)", [text]).fetchall()[0][0]
            tree = json.loads(answer)
        except (duckdb.Error, ValueError) as error:
            raise _too_complex() from error
        statements = tree.get("statements")
        if tree.get("error") or not isinstance(statements, list) or len(statements) != 1:
            raise _forbidden("this kind of query", "dit soort query")
        node = statements[0].get("node")
        if not isinstance(node, dict):
            raise _forbidden("this kind of query", "dit soort query")
        return node


class _Reading:
    """One walk over a parsed statement. Raises at the first thing that is not allowed."""

    def __init__(self, session: Session, text: str) -> None:
        self._session = session
        self._text = text
        self.views: set[str] = set()

    def query(self, node: dict[str, Any], scope: frozenset[str], depth: int) -> None:
        """Look at a query and what it holds; ``scope`` has the common table expressions it may name, in lower case."""
        if node.get("type") not in _QUERIES:
            raise _forbidden("a query that changes data", "een query die gegevens verandert")
        # Each expression sees those before it; itself only where it is recursive, and then only in its second part.
        # Otherwise `WITH duckdb_views AS (FROM duckdb_views)` would reach the system's table of that name.
        for entry in node["cte_map"]["map"]:
            self.query(entry["value"]["query_node"], scope, depth + 1)
            for key, value in entry["value"].items():
                if key != "query_node":
                    self.walk(value, scope, depth + 1)
            scope |= {_fold(entry["key"])}
        recursive = node["type"] == "RECURSIVE_CTE_NODE"
        for key, value in node.items():
            if key == "cte_map":
                continue
            inner = scope | {_fold(node["cte_name"])} if recursive and key == "right" else scope
            self.walk(value, inner, depth + 1)

    def walk(self, node: Any, scope: frozenset[str], depth: int) -> None:
        """Look at anything."""
        if depth > _DEPTH:
            raise _too_complex()
        if isinstance(node, list):
            for item in node:
                self.walk(item, scope, depth + 1)
        elif isinstance(node, dict):
            if "cte_map" in node or str(node.get("type", "")).endswith("_NODE"):
                self.query(node, scope, depth)
                return
            if "sample" in node:
                self._reference(node, scope)
            if node.get("class") == "FUNCTION":
                self._function(node)
            for key, value in node.items():
                if not (key == "function" and node.get("type") == "TABLE_FUNCTION"):
                    self.walk(value, scope, depth + 1)
                else:
                    self.walk(value.get("arguments"), scope, depth + 1)

    def _reference(self, node: dict[str, Any], scope: frozenset[str]) -> None:
        kind = node.get("type")
        if kind not in _REFERENCES:
            raise _forbidden(f"a table reference of the kind {kind}", f"een tabelverwijzing van de soort {kind}")
        if kind == "BASE_TABLE":
            path = node["qualified_name"]["path"]
            if len(path) == 1 and _fold(path[0]) in scope:
                return
            view = self._session.view(path[0]) if len(path) == 1 else None
            if view is None:
                raise unknown_dataset(".".join(path), self._session.views, self._where(node))
            self.views.add(view)
        elif kind == "TABLE_FUNCTION":
            function = node["function"]
            names = {_fold(function["function_name"]), _fold(function["qualified_name"]["path"][-1])}
            if function.get("class") != "FUNCTION" or not names <= _TABLE_FUNCTIONS:
                raise _forbidden_function(function["function_name"], self._where(node))
        elif kind == "SHOW_REF" and (node.get("show_type") not in _SHOW or not isinstance(node.get("query"), dict)):
            raise Refused(
                "forbidden_statement",
                Text(en="SHOW of anything but one data set is not offered.", nl="SHOW van iets anders dan één bestand wordt niet aangeboden."),
                Text(en="ws.catalogue() lists the data sets; DESCRIBE <data set> the columns.",
                     nl="ws.catalogue() geeft de bestanden; DESCRIBE <bestand> de kolommen."),
            )  # fmt: skip

    def _function(self, node: dict[str, Any]) -> None:
        names = {node["function_name"].casefold(), node["qualified_name"]["path"][-1].casefold()}
        if names & _FUNCTIONS or any(name.startswith("__internal") for name in names):
            raise _forbidden_function(node["function_name"], self._where(node))

    def _where(self, node: dict[str, Any]) -> Any:
        offset = node.get("query_location")
        return position(self._text, offset if isinstance(offset, int) else None)


def _fold(name: str) -> str:
    """Give a name as DuckDB compares it: only A to Z are the same as a to z. Python folds more, e.g. a long s to an s."""
    return name.translate(_CAPITALS)


def _forbidden_function(name: str, where: Any) -> Refused:
    return Refused(
        "forbidden_function",
        Text(en=f"The function '{name}' is not offered here.", nl=f"De functie '{name}' wordt hier niet aangeboden."),
        Text(
            en="Data sets are read by their names in FROM; files of your own are read in Python.",
            nl="Bestanden leest u met hun naam in FROM; eigen bestanden leest u in Python.",
        ),
        position=where,
    )


def _forbidden(en: str, nl: str) -> Refused:
    return Refused(
        "forbidden_statement",
        Text(en=f"Not offered here: {en}.", nl=f"Hier niet aangeboden: {nl}."),
        Text(en="Write one SELECT that only reads.", nl="Schrijf één SELECT die alleen leest."),
    )


def _too_complex() -> Invalid:
    return Invalid(
        "sql_too_complex",
        Text(en="The statement is nested too deeply.", nl="De query is te diep genest."),
        Text(en="Split it, or use WITH.", nl="Splits de query, of gebruik WITH."),
    )
