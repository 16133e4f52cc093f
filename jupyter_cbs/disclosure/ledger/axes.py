"""What tables say of each column, cut into atoms: the smallest sets of values that no table tells apart.

An axis is a column, or an expression that is no band, period or list of one. A set of values is a tuple of ranges, any of which may hold. Atoms
are found by asking every set for a few values that stand for all others: the named ones, the ones between neighbouring edges, one that nobody
named, and none at all.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ...domain.evidence import Dimension, TableMeta
from ..cells import Mask
from .bands import Band, bands
from .filters import Filter, Range, Value, columns_of, normal_text
from .periods import TIME, TIME_COLUMNS, period

Set = tuple[Range, ...]
"""Values that one of the ranges lets through."""

_OTHER = "\x1eother"
_NOTHING = Range(only=frozenset())
_NONE = "\x1emissing"
_MISSING = Range(only=frozenset[Value]({_NONE}))
"""The one set in which no value at all is."""
_TRUE: Set = (Range(only=frozenset[Value]({"\x1etrue"})),)


@dataclass(frozen=True)
class Axes:
    """What one table says.

    Parameters
    ----------
    population
        Axis → values of those who are counted; axes that are not named are not asked for.
    dimensions
        Of each dimension the axis, and the set of each category in their order.
    """

    population: Mapping[str, Set]
    dimensions: tuple[tuple[str, tuple[Set, ...]], ...]

    @property
    def names(self) -> frozenset[str]:
        """All axes."""
        return frozenset(self.population) | {axis for axis, _ in self.dimensions}


Alias = Mapping[str, tuple[str, Mapping[str, frozenset[str]]]]
"""Column of a coarser level → the column of the finest one, and the codes there of each code."""


def aliases(metas: Iterable[TableMeta]) -> Alias:
    """Learn from hierarchies of tables which codes of a coarse column stand for which of a fine one: municipalities of provinces."""
    found: dict[str, tuple[str, Mapping[str, frozenset[str]]]] = {}
    for meta in metas:
        for dimension in meta.dimensions:
            levels = (meta.spec.hierarchies or {}).get(dimension.name)
            if not isinstance(levels, tuple) or not all(isinstance(level, str) for level in levels) or not dimension.parents:
                continue
            chain = [normal_text(str(level)) for level in levels if normal_text(str(level)) != normal_text(dimension.name)]
            for code, members in members_of(meta, dimension).items():
                depth = _height(dimension, code)
                if 0 < depth <= len(chain):
                    base, known = found.get(chain[depth - 1], (normal_text(dimension.name), {}))
                    found[chain[depth - 1]] = base, {**known, code: members}
    return found


def _height(dimension: Dimension, code: str) -> int:
    """Give how many levels lie below a subtotal; 0 for a category."""
    below = [one for one, parent in dimension.parents.items() if parent == code]
    return 1 + max(_height(dimension, one) for one in below) if below else 0


def members_of(meta: TableMeta, dimension: Dimension) -> dict[str, frozenset[str]]:
    """Give the codes of the data that each merged category of a dimension, and each subtotal, stands for."""
    found = {label: frozenset(codes) for label, codes in (meta.spec.merge or {}).get(dimension.name, {}).items()}
    below: defaultdict[str, set[str]] = defaultdict(set)
    for code, parent in dimension.parents.items():
        if code not in dimension.subtotals:
            while parent is not None:
                below[parent] |= found.get(code, frozenset({code}))
                parent = dimension.parents.get(parent)
    return found | {code: frozenset(members) for code, members in below.items()}


def axes_of(meta: TableMeta, dimensions: Sequence[Dimension], condition: Filter, alias: Alias) -> Axes:
    """Read a table.

    Parameters
    ----------
    meta
        What was asked.
    dimensions
        With all categories that occur in its frame.
    condition
        Its population.
    alias
        From :func:`aliases`.
    """
    population: dict[str, Set] = {f"\x1d{text}": _TRUE for text in condition.rest}
    for column, said in condition.ranges.items():
        axis, found = _condition(column, said, alias)
        population[axis] = _both(population.get(axis), found)
    return Axes(population, tuple(_dimension(meta, dimension, alias) for dimension in dimensions))


def _both(one: Set | None, other: Set) -> Set:
    return other if one is None else tuple(a.and_(b) for a in one for b in other)


def _condition(column: str, said: Range, alias: Alias) -> tuple[str, Set]:
    if column in alias and said.only is not None:
        base, known = alias[column]
        codes = [_word(value) for value in said.only if said.holds(value)]
        if all(code in known for code in codes):
            return base, (Range(only=frozenset[Value]().union(*(known[code] for code in codes))),)
    if column in TIME_COLUMNS and (found := _periods_of(said)) is not None:
        return TIME, found
    return column, (said,)


def _periods_of(said: Range) -> Set | None:
    """Read what is said of a column of periods as days; None where a value is no period."""
    values = [*(said.only or ()), *said.without, *(edge for edge in (said.low, said.high) if math.isfinite(edge))]
    read = {value: period(_word(value)) for value in values}
    if not all(read.values()):
        return None
    days = {value: band for value, band in read.items() if band is not None}
    low = days[said.low][0 if said.low_in else 1] if math.isfinite(said.low) else -math.inf
    high = days[said.high][1 if said.high_in else 0] if math.isfinite(said.high) else math.inf
    if said.without:
        return None
    if said.only is None:
        return (Range(low=low, high=high, high_in=False),)
    inside = [days[value] for value in sorted(said.only, key=str)]
    return tuple(Range(low=max(a, low), high=min(b, high), high_in=False) for a, b in inside) or (_NOTHING,)


def _dimension(meta: TableMeta, dimension: Dimension, alias: Alias) -> tuple[str, tuple[Set, ...]]:
    name, columns = normal_text(dimension.name), columns_of(dimension.name)
    members = members_of(meta, dimension)
    leaves = [category for category in dimension.categories if category.code is not None and category.code not in dimension.subtotals]
    plain = columns == {name}
    if plain and name in alias and not members:
        base, known = alias[name]
        if all(category.code in known for category in leaves):
            return base, tuple((_MISSING,) if c.code is None else (Range(only=frozenset[Value](known[c.code])),) for c in dimension.categories)
    axis = next(iter(columns)) if len(columns) == 1 else name
    read: dict[str, Band] = {}
    if len(columns) == 1 and not members:
        when = {
            c.code: found for c in leaves if c.code is not None and (found := period(c.code, years=not plain or name in TIME_COLUMNS)) is not None
        }
        if leaves and len(when) == len(leaves):
            read, axis = when, TIME if plain and name in TIME_COLUMNS else axis
        elif not plain or any(not _is_number(c.code or "") for c in leaves):
            banded = bands(leaves)
            read = banded if len(banded) == len(leaves) else {}
    if not read and not plain:
        axis = name
    sets: list[Set] = []
    for category in dimension.categories:
        if category.code is None:
            sets.append((_MISSING,))
        elif category.code in read:
            low, high = read[category.code]
            sets.append((Range(low=low, high=high, high_in=False),))
        else:
            sets.append((Range(only=frozenset[Value](members.get(category.code, frozenset({category.code})))),))
    return axis, tuple(sets)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _word(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"


def atoms(sets: Collection[Set]) -> dict[Set, Mask]:
    """Cut an axis into atoms.

    Parameters
    ----------
    sets
        All that is said of it.

    Returns
    -------
    dict
        Set → which atoms it is made of, shape (atoms,).
    """
    ranges = [said for one in sets for said in one]
    edges = {edge for said in ranges for edge in (said.low, said.high) if math.isfinite(edge)}
    named = {value for said in ranges for value in (*(said.only or ()), *said.without)}
    if edges:
        named = {_amount(value) for value in named}
        numbers = sorted({value for value in named if isinstance(value, float)} | edges)
        numbers += [(a + b) / 2 for a, b in pairwise(numbers)] + [numbers[0] - 1, numbers[-1] + 1]
        values: list[Value] = [*numbers, *sorted(value for value in named if isinstance(value, str))]
    else:
        values = [*sorted({_word(value) for value in named})]
    values = [*(value for value in values if value != _NONE), _OTHER, _NONE]
    form = _amount if edges else _word
    told = np.array([_told([_formed(said, form) for said in one], values) for one in sets], dtype=bool)
    _, first = np.unique(told, axis=1, return_index=True)
    return {one: told[at, first] for at, one in enumerate(sets)}


def _formed(said: Range, form: Callable[[Value], Value]) -> Range:
    only = None if said.only is None else frozenset(form(one) for one in said.only)
    return replace(said, only=only, without=frozenset(form(one) for one in said.without))


def _told(ranges: Sequence[Range], values: Sequence[Value]) -> list[bool]:
    # no condition lets a missing value through, but none at all
    return [any(said in (_MISSING, Range()) if value == _NONE else said.holds(value) for said in ranges) for value in values]


def _amount(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    if (day := period(value, years=False)) is not None and not _is_number(value):
        return day[0]
    return float(value) if _is_number(value) else value
