"""What a researcher writes into a table's rows, columns, values and condition: columns, or one SQL expression each.

Each is parsed on its own as the only item of a SELECT; what is more than that (a second item, a FROM, a set operation)
is refused, so that putting the pieces together cannot change what they mean. The whole statement passes the gate again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.errors import Invalid
from ..domain.text import Text
from .explain import quoted, unknown_column
from .gate import Gate

PLAIN = re.compile(r"[^\W\d]\w*")
_ITEM_KEYS = ("modifiers", "where_clause", "group_expressions", "group_sets", "having", "sample", "qualify")
# These make several rows of one, so that the bound on the rows per unit would not hold.
_MULTIPLYING = frozenset({"unnest", "regexp_split_to_table", "generate_subscripts", "unpivot_list"})
_CHANGING = frozenset({"random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "get_current_timestamp"})


@dataclass(frozen=True)
class Expression:
    """One column or expression.

    Parameters
    ----------
    name
        Column, alias, or the text itself.
    sql
        As it is put into a statement.
    column
        The source's column, when it is nothing more than that.
    """

    name: str
    sql: str
    column: str | None = None


def column(name: str, columns: Iterable[str]) -> str | None:
    """Give the column with this name, whatever its case; quotes around it are allowed."""
    bare = name.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1].replace('""', '"')
    wanted = bare.casefold()
    return next((known for known in columns if known.casefold() == wanted), None)


def only_column(name: str, columns: Mapping[str, str]) -> Expression:
    """Read a name that must be a column.

    Raises
    ------
    NotFound
        ``unknown_column`` with the nearest columns.
    """
    found = column(name, columns)
    if found is None:
        raise unknown_column(name, columns)
    return Expression(found, quoted(found), found)


def expression(text: str, columns: Mapping[str, str], gate: Gate) -> Expression:
    """Read a column or an expression with an optional alias.

    Raises
    ------
    NotFound
        ``unknown_column`` for a plain name that is no column.
    Invalid
        ``sql_syntax`` or ``expression`` when it is not exactly one expression.
    """
    found = column(text, columns)
    if found is not None:
        return Expression(found, quoted(found), found)
    if PLAIN.fullmatch(text.strip()):
        raise unknown_column(text.strip(), columns)
    item = _item(text, gate)
    return Expression(item.get("alias") or " ".join(text.split()), text)


def condition(text: str, gate: Gate) -> str:
    """Read a condition; it is given in brackets.

    Raises
    ------
    Invalid
        ``sql_syntax`` or ``expression``.
    """
    if _item(text, gate).get("alias"):
        raise _not_one(text)
    return f"(\n{text}\n)"


def _item(text: str, gate: Gate) -> dict[str, Any]:
    node = gate.expression_tree(text)
    items = node.get("select_list") or []
    alone = (
        node.get("type") == "SELECT_NODE"
        and len(items) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["cte_map"]["map"]
        and not any(node.get(key) for key in _ITEM_KEYS)
        and node["aggregate_handling"] == "STANDARD_HANDLING"
    )
    if not alone or text.rstrip().endswith(";") or any(_is_function(n, _MULTIPLYING) or n.get("class") == "STAR" for n in _nodes(items)):
        raise _not_one(text)
    check_repeatable(items)
    first: dict[str, Any] = items[0]
    return first


def check_repeatable(tree: Any) -> None:
    """Refuse what gives other rows each time it runs: the evidence of small groups comes from a second pass.

    Raises
    ------
    Invalid
        ``not_repeatable``.
    """
    if any(_is_function(node, _CHANGING) or ("sample" in node and node["sample"] is not None) for node in _nodes(tree)):
        raise Invalid(
            "not_repeatable",
            Text(en="A table with evidence cannot stand on random values or samples.",
                 nl="Een tabel met onderbouwing kan niet op toevalsgetallen of steekproeven berusten."),
            Text(en="Choose by a column, e.g. where='hash(RINPERSOON) % 10 = 0'.", nl="Kies met een kolom, bv. where='hash(RINPERSOON) % 10 = 0'."),
        )  # fmt: skip


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _is_function(node: dict[str, Any], names: frozenset[str]) -> bool:
    return node.get("class") == "FUNCTION" and node["qualified_name"]["path"][-1].casefold() in names


def _not_one(text: str) -> Invalid:
    shown = text if len(text) <= 80 else text[:80] + "…"
    return Invalid(
        "expression",
        Text(en=f"'{shown}' is not one column or expression.", nl=f"'{shown}' is niet één kolom of expressie."),
        Text(
            en="Give each column or expression on its own, e.g. rows=['GBAGESLACHT', 'year // 10 * 10 AS decade'].",
            nl="Geef elke kolom of expressie apart, bijvoorbeeld rows=['GBAGESLACHT', 'jaar // 10 * 10 AS decennium'].",
        ),
    )
