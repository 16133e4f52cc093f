"""How two populations lie to each other, from the conditions that choose them.

A condition is taken apart into what it says of single columns (bounds, lists) and the rest, which counts by its text. What cannot be taken apart is
never taken to be contained in anything but itself.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from enum import StrEnum

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from .periods import period

Value = float | str


class Lies(StrEnum):
    """How one population lies to another."""

    SAME = "same"
    INSIDE = "inside"
    AROUND = "around"
    APART = "apart"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Range:
    """What is said of one column: bounds (with whether they belong to it), a list of values, and values it does not have."""

    low: float = -math.inf
    low_in: bool = True
    high: float = math.inf
    high_in: bool = True
    only: frozenset[Value] | None = None
    without: frozenset[Value] = frozenset()

    def and_(self, other: Range) -> Range:
        """Give what both say."""
        low, low_in = max((self.low, not self.low_in), (other.low, not other.low_in))
        high, high_out = min((self.high, self.high_in), (other.high, other.high_in))
        only = self.only if other.only is None else other.only if self.only is None else self.only & other.only
        return Range(low, not low_in, high, high_out, only, self.without | other.without)

    def holds(self, value: Value) -> bool:
        """Tell whether a value is allowed."""
        if value in self.without or (self.only is not None and value not in self.only):
            return False
        if not self.bounded:
            return True
        if isinstance(value, str):
            return False
        return (value > self.low or (self.low_in and value == self.low)) and (value < self.high or (self.high_in and value == self.high))

    @property
    def bounded(self) -> bool:
        """Whether there is a bound."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    def within(self, other: Range) -> bool:
        """Tell whether whatever is allowed here is allowed there; false where that is not sure."""
        if self.only is not None:
            return all(other.holds(value) for value in self.only if self.holds(value))
        if other.only is not None:
            return False
        low = self.low > other.low or (self.low == other.low and (other.low_in or not self.low_in))
        high = self.high < other.high or (self.high == other.high and (other.high_in or not self.high_in))
        return low and high and all(not self.holds(value) for value in other.without)

    def apart(self, other: Range) -> bool:
        """Tell whether nothing is allowed by both; false where that is not sure."""
        if self.only is not None:
            return not any(self.holds(value) and other.holds(value) for value in self.only)
        if other.only is not None:
            return other.apart(self)
        both = self.and_(other)
        return both.low > both.high or (both.low == both.high and not (both.low_in and both.high_in))


@dataclass(frozen=True)
class Filter:
    """A condition: ranges of columns that must all hold, and other conditions that must all hold, as text."""

    ranges: dict[str, Range] = field(default_factory=dict)
    rest: frozenset[str] = frozenset()

    @classmethod
    def of(cls, condition: str | None) -> Filter:
        """Take a condition in DuckDB's SQL apart; none at all lets everything through."""
        if condition is None or not condition.strip():
            return cls()
        try:
            parsed = sqlglot.parse_one(condition, read="duckdb")
        except SqlglotError:
            return cls(rest=frozenset({" ".join(condition.split())}))
        ranges: dict[str, Range] = {}
        rest = set()
        for part in _parts(parsed):
            found = _range(part)
            if found is None:
                rest.add(normal(part))
            else:
                column, said = found
                ranges[column] = ranges.get(column, Range()).and_(said)
        return cls(ranges, frozenset(rest))

    def within(self, other: Filter) -> bool:
        """Tell whether whoever passes this condition passes the other; false where that is not sure."""
        return other.rest <= self.rest and all(self.ranges.get(column, Range()).within(said) for column, said in other.ranges.items())

    def lies(self, other: Filter) -> Lies:
        """Tell how those who pass this condition lie to those who pass the other."""
        inside, around = self.within(other), other.within(self)
        if inside or around:
            return Lies.SAME if inside and around else Lies.INSIDE if inside else Lies.AROUND
        if any(said.apart(other.ranges[column]) for column, said in self.ranges.items() if column in other.ranges):
            return Lies.APART
        return Lies.UNKNOWN


def normal(expression: exp.Expr) -> str:
    """Write an expression in one way: names in capitals, white space and keywords as sqlglot writes them."""

    def raised(node: exp.Expr) -> exp.Expr:
        return exp.to_identifier(node.name.upper()) if isinstance(node, exp.Identifier) else node

    return str(expression.transform(raised).sql(dialect="duckdb", comments=False))


def normal_text(text: str) -> str:
    """As :func:`normal`, of text; what is no SQL keeps its words."""
    try:
        return normal(sqlglot.parse_one(text, read="duckdb"))
    except SqlglotError:
        return " ".join(text.split())


def columns_of(text: str) -> frozenset[str]:
    """Give the columns an expression names, in capitals."""
    try:
        return frozenset(column.name.upper() for column in sqlglot.parse_one(text, read="duckdb").find_all(exp.Column))
    except SqlglotError:
        return frozenset()


def _parts(expression: exp.Expr) -> list[exp.Expr]:
    while isinstance(expression, exp.Paren):
        expression = expression.this
    if isinstance(expression, exp.And):
        return [*_parts(expression.this), *_parts(expression.expression)]
    return [expression]


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_COMPARED: dict[type[exp.Expr], str] = {exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.EQ: "=", exp.NEQ: "<>"}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def _value(expression: exp.Expr) -> Value | None:
    if isinstance(expression, exp.Neg):
        inner = _value(expression.this)
        return -inner if isinstance(inner, float) else None
    if isinstance(expression, exp.Cast) and expression.to.is_type("date"):
        expression = expression.this
    if not isinstance(expression, exp.Literal):
        return None
    if not expression.is_string:
        return float(expression.this)
    # days in a row, so that dates have an order; a text is compared as its date would be
    day = period(str(expression.this), years=False) if _DATE.fullmatch(str(expression.this)) else None
    return str(expression.this) if day is None else day[0]


def _compared(sign: str, value: Value) -> Range | None:
    if sign == "=":
        return Range(only=frozenset({value}))
    if sign == "<>":
        return Range(without=frozenset({value}))
    if isinstance(value, str):
        return None
    if sign in ("<", "<="):
        return Range(high=value, high_in=sign == "<=")
    return Range(low=value, low_in=sign == ">=")


def _range(expression: exp.Expr) -> tuple[str, Range] | None:
    """Give the column and what is said of it, None where the condition is of another kind."""
    if isinstance(expression, exp.Not) and isinstance(expression.this, exp.In):
        found = _range(expression.this)
        return None if found is None or found[1].only is None else (found[0], Range(without=found[1].only))
    if isinstance(expression, exp.Between) and isinstance(expression.this, exp.Column):
        low, high = _value(expression.args["low"]), _value(expression.args["high"])
        return (expression.this.name.upper(), Range(low, True, high, True)) if isinstance(low, float) and isinstance(high, float) else None
    if isinstance(expression, exp.In) and isinstance(expression.this, exp.Column) and expression.expressions:
        values = [_value(one) for one in expression.expressions]
        known = [value for value in values if value is not None]
        return (expression.this.name.upper(), Range(only=frozenset(known))) if len(known) == len(values) else None
    sign = _COMPARED.get(type(expression))
    if sign is None:
        return None
    left, right = expression.this, expression.expression
    if isinstance(right, exp.Column):
        left, right, sign = right, left, _TURNED[sign]
    value = _value(right)
    if not isinstance(left, exp.Column) or value is None:
        return None
    said = _compared(sign, value)
    return None if said is None else (left.name.upper(), said)
