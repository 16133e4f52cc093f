"""An aggregate SELECT as tables with evidence: what each of its figures asks for, or why it cannot be one.

The statement is read with sqlglot and never run from here: each figure becomes what :meth:`Workspace.table` asks for, and that passes
the same gate as any other statement. What cannot be told apart from single persons by counting them in the groups is refused with the
reason: windows, set operations, HAVING, LIMIT, DISTINCT, and anything that is neither a group nor an aggregate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ..domain.dataset import Dataset
from ..domain.errors import Invalid
from ..domain.text import Text

Lookup = Callable[[str], Dataset | None]
"""Name in FROM → the granted data set; None where it is none."""

_SIMPLE: dict[type[exp.Expression], str] = {
    exp.Sum: "sum",
    exp.Avg: "mean",
    exp.Median: "median",
    exp.Min: "min",
    exp.Max: "max",
    exp.Stddev: "sd",
    exp.StddevSamp: "sd",
    exp.Variance: "variance",
    exp.Mode: "mode",
}
_PERSON = ("RINPERSOONS", "RINPERSOON")


@dataclass
class _Figure:
    """One aggregate: the statistic and its columns."""

    statistic: str
    values: exp.Expression | None = None
    second: exp.Expression | None = None
    more: dict[str, Any] = field(default_factory=dict)


def tables_of(text: str, lookup: Lookup, unit: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Give the arguments of ``table`` for each aggregate of a statement.

    Parameters
    ----------
    text
        One SELECT with GROUP BY, in DuckDB's dialect.
    lookup
        Tells the granted data sets.
    unit
        Columns that name the unit; by default the key of the first data set in FROM.

    Raises
    ------
    Invalid
        ``no_evidence`` with the reason; ``sql_syntax``.
    """
    select = _select(text)
    _check(select)
    groups = _groups(select)
    figures = _figures(select, groups, lookup, unit)
    where = select.args.get("where")
    table = _only_table(select)
    if table is not None:
        bare = {name: _unqualified(node).sql("duckdb") for name, node in groups.items()}
        shared: dict[str, Any] = {"source": table, "rows": [_aliased(name, sql) for name, sql in bare.items()]}
        if where is not None:
            shared["where"] = _unqualified(where.this).sql("duckdb")
        if unit:
            shared["unit"] = list(unit)
        return [
            shared | {"statistic": f.statistic, "values": _text(f.values), **({"second": _text(f.second)} if f.second is not None else {}), **f.more}
            for f in figures
        ]
    return _over_a_select(select, groups, figures, lookup, unit)


def _select(text: str) -> exp.Select:
    try:
        parsed = [statement for statement in sqlglot.parse(text, read="duckdb") if statement is not None]
    except (SqlglotError, RecursionError) as error:
        raise Invalid(
            "sql_syntax",
            Text(en="The statement could not be read.", nl="De query kon niet worden gelezen."),
            Text(en="Run it without evidence=True to see where it goes wrong.", nl="Voer hem uit zonder evidence=True om te zien waar het misgaat."),
        ) from error
    if len(parsed) != 1:
        raise _refused("it is not one statement.", "het is niet één query.")
    statement = parsed[0]
    if isinstance(statement, exp.SetOperation):
        raise _refused(
            "it puts several queries together (UNION, INTERSECT, EXCEPT).",
            "hij voegt queries samen (UNION, INTERSECT, EXCEPT).",
            "Put the UNION in FROM: SELECT … FROM (… UNION ALL …) GROUP BY …",
            "Zet de UNION in FROM: SELECT … FROM (… UNION ALL …) GROUP BY …",
        )
    if not isinstance(statement, exp.Select):
        raise _refused("it is no SELECT.", "het is geen SELECT.")
    return statement


def _check(select: exp.Select) -> None:
    """Refuse clauses after which a cell would not be what it seems."""
    args = select.args
    if args.get("having") is not None:
        raise _refused(
            "HAVING leaves cells out, which the totals would give away.",
            "HAVING laat cellen weg, die uit de totalen volgen.",
            "Leave HAVING out: unsafe cells are marked, and .suppress() hides them with the cells that would give them away.",
            "Laat HAVING weg: onveilige cellen worden gemarkeerd, en .suppress() verbergt ze met de cellen die ze zouden verraden.",
        )
    if args.get("limit") is not None or args.get("offset") is not None or args.get("fetch") is not None:
        raise _refused(
            "LIMIT leaves cells out, which the totals would give away.",
            "LIMIT laat cellen weg, die uit de totalen volgen.",
            "Leave LIMIT out.",
            "Laat LIMIT weg.",
        )
    if args.get("distinct") is not None:
        raise _refused("DISTINCT lists combinations without counting who is in them.", "DISTINCT geeft combinaties zonder te tellen wie erin zitten.",
                       "Write GROUP BY with count(*).", "Schrijf GROUP BY met count(*).")  # fmt: skip
    if args.get("qualify") is not None or any(item.find(exp.Window) for item in select.expressions):
        raise _refused("a window function gives a figure for each row.", "een vensterfunctie geeft een cijfer per rij.",
                       "Use aggregates with GROUP BY.", "Gebruik aggregaties met GROUP BY.")  # fmt: skip
    if any(isinstance(node, (exp.Placeholder, exp.Parameter)) for node in select.walk()):
        raise _refused("it has parameters.", "hij heeft parameters.", "Write the values in the statement.", "Schrijf de waarden in de query.")


def _groups(select: exp.Select) -> dict[str, exp.Expression]:
    """Give name → expression of what is grouped by; ordinals, aliases, ALL, ROLLUP and CUBE are resolved."""
    items = select.expressions
    group = select.args.get("group")
    wanted: list[exp.Expression] = []
    if group is not None:
        for node in group.expressions:
            if isinstance(node, exp.GroupingSets):
                raise _refused(
                    "GROUPING SETS chooses margins itself; a table with evidence has them all.",
                    "GROUPING SETS kiest zelf marges; een tabel met onderbouwing heeft ze alle.",
                    "Write GROUP BY with the columns; totals come by themselves.",
                    "Schrijf GROUP BY met de kolommen; totalen komen vanzelf.",
                )
            # CUBE and ROLLUP ask for totals, and those are there in any case.
            wanted += node.expressions if isinstance(node, (exp.Cube, exp.Rollup)) else [node]
        if group.args.get("all"):
            wanted += [item.unalias() for item in items if not item.find(exp.AggFunc)]
    found: dict[str, exp.Expression] = {}
    aliases = {item.alias.casefold(): item.this for item in items if isinstance(item, exp.Alias)}
    for node in wanted:
        node = node.this if isinstance(node, exp.Paren) else node
        if isinstance(node, exp.Literal) and node.is_int:
            at = int(node.this)
            if not 1 <= at <= len(items):
                raise _refused(f"GROUP BY {at} names no column of the SELECT.", f"GROUP BY {at} noemt geen kolom van de SELECT.")
            node = items[at - 1].unalias()
        elif isinstance(node, exp.Column) and not node.table and node.name.casefold() in aliases:
            node = aliases[node.name.casefold()]
        if node.find(exp.AggFunc):
            raise _refused("it groups by an aggregate.", "hij groepeert op een aggregatie.")
        name = next((item.alias_or_name for item in items if item.unalias() == node and item.alias_or_name), None)
        found[_unused(name or node.name or node.sql("duckdb"), found)] = node
    return found


def _figures(select: exp.Select, groups: Mapping[str, exp.Expression], lookup: Lookup, unit: Sequence[str]) -> list[_Figure]:
    figures = []
    for item in select.expressions:
        node = item.unalias()
        if any(node == group for group in groups.values()):
            continue
        if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
            raise _refused(
                "* is neither a group nor an aggregate.",
                "* is geen groep en geen aggregatie.",
                "Name the columns, and group by those that are not aggregated.",
                "Noem de kolommen, en groepeer op wat niet wordt geaggregeerd.",
            )
        figures.append(_figure(node, select, lookup, unit))
    if not figures:
        raise _refused(
            "it has no aggregate.",
            "hij heeft geen aggregatie.",
            "Ask for count(*), sum(…), avg(…) and the like.",
            "Vraag count(*), sum(…), avg(…) en dergelijke.",
        )
    return figures


def _figure(node: exp.Expression, select: exp.Select, lookup: Lookup, unit: Sequence[str]) -> _Figure:
    while isinstance(node, (exp.Paren, exp.Round, exp.Cast)):
        # Rounded figures are judged as those they are made of, which tell more.
        node = node.this
    condition = None
    if isinstance(node, exp.Filter):
        condition, node = node.expression.this, node.this
    if isinstance(node, exp.Div) and isinstance(node.this, exp.Sum) and isinstance(node.expression, exp.Sum) and condition is None:
        return _Figure("ratio", _argument(node.this), _argument(node.expression))
    if isinstance(node, exp.Count):
        return _count(node, condition, select, lookup, unit)
    simple = _SIMPLE.get(type(node))
    if simple is not None:
        return _Figure(simple, _filtered(_argument(node), condition))
    if isinstance(node, exp.Corr):
        return _Figure("correlation", _filtered(node.this, condition), _filtered(node.expression, condition))
    if isinstance(node, (exp.Quantile, exp.PercentileCont)):
        which = node.args.get("quantile") or node.args.get("expression")
        if isinstance(which, exp.Literal) and not which.is_string and 0 < float(which.this) < 1:
            return _Figure("percentile", _filtered(node.this, condition), more={"percentile": float(which.this)})
        raise _refused("the percentile is no number between 0 and 1.", "het percentiel is geen getal tussen 0 en 1.")
    shown = node.sql("duckdb")
    shown = shown if len(shown) <= 60 else shown[:60] + "…"
    if not node.find(exp.AggFunc):
        raise _refused(f"‘{shown}’ is neither a group nor an aggregate.", f"‘{shown}’ is geen groep en geen aggregatie.",
                       "Put it in GROUP BY, or aggregate it.", "Zet het in GROUP BY, of aggregeer het.")  # fmt: skip
    raise _refused(
        f"there is no evidence for ‘{shown}’.",
        f"voor ‘{shown}’ is er geen onderbouwing.",
        "Use count, sum, avg, median, quantile_cont, min, max, mode, stddev, variance, corr, or sum(…) / sum(…), each on its own.",
        "Gebruik count, sum, avg, median, quantile_cont, min, max, mode, stddev, variance, corr, of sum(…) / sum(…), elk op zichzelf.",
    )


def _count(node: exp.Count, condition: exp.Expression | None, select: exp.Select, lookup: Lookup, unit: Sequence[str]) -> _Figure:
    what = node.this
    if isinstance(what, exp.Distinct):
        columns = [part for each in what.expressions for part in (each.expressions if isinstance(each, exp.Tuple) else [each])]
        names = {column.name.casefold() for column in columns if isinstance(column, exp.Column)}
        keys = {name.casefold() for name in (unit or _key(select, lookup))}
        if len(names) != len(columns) or not names or not names <= keys or not (names == keys or "rinpersoon" in names):
            raise _refused(
                "count(DISTINCT …) counts something else than the units.",
                "count(DISTINCT …) telt iets anders dan de eenheden.",
                "Count the units' own key, or name them: unit='<column>'.",
                "Tel de eigen sleutel van de eenheden, of noem die: unit='<kolom>'.",
            )
        return _Figure("units", None if condition is None else _filtered(exp.Literal.number(1), condition))
    if isinstance(what, exp.Star) or what is None or isinstance(what, exp.Literal):
        return _Figure("count", None if condition is None else _filtered(exp.Literal.number(1), condition))
    return _Figure("count", _filtered(what, condition))


def _argument(node: exp.Expression) -> exp.Expression:
    what = node.this
    if isinstance(what, exp.Distinct):
        raise _refused(
            "DISTINCT inside an aggregate leaves out who has the same value.",
            "DISTINCT in een aggregatie laat weg wie dezelfde waarde heeft.",
        )
    if what is None:
        raise _refused("an aggregate has no argument.", "een aggregatie heeft geen argument.")
    return cast("exp.Expression", what)


def _filtered(value: exp.Expression, condition: exp.Expression | None) -> exp.Expression:
    return value if condition is None else exp.Case(ifs=[exp.If(this=condition.copy(), true=value.copy())])


def _only_table(select: exp.Select) -> str | None:
    """Give the data set when FROM is nothing more than that."""
    source = _from(select)
    if select.args.get("joins") or select.args.get("laterals") or select.ctes or not isinstance(source, exp.Table):
        return None
    plain = isinstance(source.this, exp.Identifier) and not source.db and not source.args.get("joins") and not source.args.get("sample")
    return source.name if plain and not source.args.get("pivots") else None


def _from(select: exp.Select) -> exp.Expression | None:
    clause = select.args.get("from_") or select.args.get("from")
    return None if clause is None else clause.this


def _key(select: exp.Select, lookup: Lookup) -> tuple[str, ...]:
    """Give the columns that name the units of FROM; nothing where that cannot be told."""
    source = _from(select)
    if isinstance(source, exp.Table):
        inner = next((cte.this for cte in select.ctes if cte.alias.casefold() == source.name.casefold()), None)
        if inner is None:
            dataset = lookup(source.name)
            return () if dataset is None else dataset.unit_key
        return _key_of_query(inner, lookup)
    return _key_of_query(source.this, lookup) if isinstance(source, exp.Subquery) else ()


def _key_of_query(query: exp.Expression, lookup: Lookup) -> tuple[str, ...]:
    if isinstance(query, exp.SetOperation):
        left, right = _key_of_query(query.this, lookup), _key_of_query(query.expression, lookup)
        return left if left == right else ()
    if not isinstance(query, exp.Select):
        return ()
    given = {item.alias_or_name.upper() for item in query.expressions}
    inner = _key(query, lookup)
    if any(isinstance(item, exp.Star) for item in query.expressions) and not query.args.get("group"):
        return inner
    if inner and {name.upper() for name in inner} <= given:
        return inner
    return tuple(name for name in _PERSON if name in given) if "RINPERSOON" in given else ()


def _over_a_select(
    select: exp.Select, groups: Mapping[str, exp.Expression], figures: Sequence[_Figure], lookup: Lookup, unit: Sequence[str]
) -> list[dict[str, Any]]:
    """Give tables over a SELECT of the groups, the values and the units."""
    source = _from(select)
    keys = tuple(unit) or _key(select, lookup)
    if source is None or not keys:
        raise _refused(
            "what is in FROM does not name the units.",
            "wat in FROM staat noemt de eenheden niet.",
            "Select the key there (RINPERSOONS, RINPERSOON), or name it: unit='<column>'.",
            "Selecteer de sleutel daar (RINPERSOONS, RINPERSOON), of noem die: unit='<kolom>'.",
        )
    dataset = lookup(source.name) if isinstance(source, exp.Table) and not _is_cte(select, source.name) else None
    qualifier = source.alias_or_name
    institution = None if dataset is None else dataset.institution_key
    reserved = (*keys, *([institution] if institution else []))
    made = []
    for figure in figures:
        names: dict[str, exp.Expression] = {}
        rows = []
        for name, node in groups.items():
            unique = _unused(name, (*reserved, *names))
            names[unique] = node
            rows.append(_identifier(unique))
        arguments: dict[str, Any] = {"statistic": figure.statistic, **figure.more}
        for place, value in (("values", figure.values), ("second", figure.second)):
            if value is not None:
                unique = _unused(value.name or place, (*reserved, *names))
                names[unique] = value
                arguments[place] = _identifier(unique)
        for key in reserved:
            names[key] = exp.column(key, table=qualifier, quoted=True) if qualifier else exp.column(key, quoted=True)
        inner = select.copy()
        for clause in ("group", "order"):
            inner.set(clause, None)
        inner.set("expressions", [exp.alias_(node.copy(), name, quoted=True) for name, node in names.items()])
        arguments |= {"source": inner.sql("duckdb"), "rows": rows, "unit": list(keys)}
        if institution:
            arguments["institution"] = institution
        made.append(arguments)
    return made


def _is_cte(select: exp.Select, name: str) -> bool:
    return any(cte.alias.casefold() == name.casefold() for cte in select.ctes)


def _unused(name: str, taken: Iterable[str]) -> str:
    used = {key.casefold() for key in taken}
    candidate, at = name, 1
    while candidate.casefold() in used:
        at += 1
        candidate = f"{name} ({at})"
    return candidate


def _unqualified(node: exp.Expression) -> exp.Expression:
    """Give a copy of an expression over one table without its name before the columns; queries inside stay as they are."""
    copy = node.copy()
    if copy.find(exp.Select):
        return copy
    for column in copy.find_all(exp.Column):
        column.set("table", None)
    return copy


def _aliased(name: str, sql: str) -> str:
    plain = sql.strip('"')
    return sql if plain.casefold() == name.casefold() else f"{sql} AS {_identifier(name)}"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(node: exp.Expression | None) -> str | None:
    return None if node is None else _unqualified(node).sql("duckdb")


def _refused(en: str, nl: str, remedy_en: str | None = None, remedy_nl: str | None = None) -> Invalid:
    return Invalid(
        "no_evidence",
        Text(en=f"There is no evidence for this query: {en}", nl=f"Voor deze query is er geen onderbouwing: {nl}"),
        Text(
            en=remedy_en or "Write SELECT <groups>, <aggregates> FROM … GROUP BY <groups>.",
            nl=remedy_nl or "Schrijf SELECT <groepen>, <aggregaties> FROM … GROUP BY <groepen>.",
        ),
    )
