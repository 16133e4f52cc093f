"""The SQL of a table with evidence, and which of its groups are proved by it.

One scan gives the cells with, for each, the rows, the sum, the sum of absolute values, the largest absolute value and
the negatives; the margins follow from the cells by ``GROUPING SETS``. With M, the most rows any unit has, a cell with
r valid rows has at least r / M units, and nobody contributes more than M times its largest value. Where M is large a
mask of 64 hashed units gives a second lower bound. Cells the bounds do not prove are counted per unit, exactly
(design: performance, section 2; rules: disclosure, Primary rules).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..domain.evidence import Statistic
from ..domain.rules import RuleProfile
from .expressions import Expression

MASK_FROM = 50
"""Rows per unit from which the mask pays: below it r / M decides all but the smallest cells, and hashing every row costs more than the scan."""
KEYS = "cbs_undecided"
"""Name of the table of undecided groups in the second pass."""
_BOUND_ROOM = 1e-9

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Base:
    """The rows a table is made of.

    Parameters
    ----------
    source
        What follows FROM.
    dimensions
        Row dimensions, then column dimensions.
    value, weight, institution
        None where there is none.
    counting
        Whether rows are counted; with a value those that have one.
    kind
        Type of the value; of floating-point numbers NaN and infinity count as missing, true counts as 1.
    unit
        Columns that name the unit; empty when each row is one.
    where
        Condition in brackets, or None.
    """

    source: str
    dimensions: tuple[Expression, ...]
    value: Expression | None
    counting: bool
    kind: Literal["float", "bool", "other"]
    weight: Expression | None
    unit: tuple[Expression, ...]
    institution: Expression | None
    where: str | None

    @property
    def keys(self) -> list[str]:
        """Column names of the dimensions in the statement."""
        return [f"k{i}" for i in range(len(self.dimensions))]

    def sql(self, *, unit: bool, institution: bool) -> str:
        """Give the rows: ``k0…``, ``x`` (contribution), ``w`` (weight), ``v`` (value), ``u0…``, ``i``.

        ``x`` is null where there is no valid value or weight.
        """
        picked = [*(e.sql for e in self.dimensions)]
        names = list(self.keys)
        for expression, name in ((self.value, "v0"), (self.weight, "w")):
            if expression is not None:
                picked.append(expression.sql)
                names.append(name)
        if unit:
            picked += [e.sql for e in self.unit]
            names += [f"u{i}" for i in range(len(self.unit))]
        if institution and self.institution is not None:
            picked.append(self.institution.sql)
            names.append("i")
        if not picked:
            picked, names = ["1"], ["one"]
        where = "" if self.where is None else f" WHERE {self.where}"
        items = "\n, ".join(picked)
        return f"(SELECT * , {self._contribution()} AS x FROM (SELECT {items}\n FROM {self.source}{where}) AS rows_of({', '.join(names)}))"

    def _contribution(self) -> str:
        each = "1" if self.weight is None else "w"
        if self.value is None:
            return each
        if self.counting:
            valid = "isfinite(v0)" if self.kind == "float" else "v0 IS NOT NULL"
            return f"CASE WHEN {valid} THEN {each} END"
        value = {"float": "CASE WHEN isfinite(v0) THEN v0 END", "bool": "v0::INTEGER", "other": "v0"}[self.kind]
        return value if self.weight is None else f"{value} * w"


def cells(base: Base, statistic: Statistic, *, mask: bool, limit: int) -> str:
    """Give the SELECT of the first pass.

    Its columns: ``k0…`` (native), ``d0…`` (text), ``g0…``, ``value``, ``rows``, ``valid``, ``total``, ``abs_total``, ``largest``,
    ``negatives``, ``weight``, ``bits`` (units seen in the mask, 0 without), ``institutions``.

    Parameters
    ----------
    base : Base
        The rows.
    statistic : str
        Medians need every value and cannot be put together from cells: they are aggregated for each margin.
    mask : bool
        Whether to hash the units.
    limit : int
        Most groups that are given.
    """
    keys = base.keys
    institution = base.institution is not None
    units = ", ".join(f"u{i}" for i in range(len(base.unit)))
    median = statistic == "median"
    parts = {
        "n_rows": ("count(*)", "sum"),
        "valid": ("count(x)", "sum"),
        "total": ("sum(x)", "sum"),
        "abs_total": ("sum(abs(x))", "sum"),
        "largest": ("max(abs(x))", "max"),
        "negatives": ("count(*) FILTER (x < 0)", "sum"),
    }
    if base.weight is not None:
        parts["weight"] = ("sum(w) FILTER (x IS NOT NULL)", "sum")
    if mask:
        parts["mask"] = (f"bit_or(CASE WHEN x IS NOT NULL THEN 1::UBIGINT << (hash({units}) & 63) END)", "bit_or")
    if median:
        parts["middle"] = ("median(x)", "")
    rows = base.sql(unit=mask, institution=institution)
    # Medians of margins and of cells split by institution cannot be merged: they group the rows themselves.
    if median:
        source = rows
        aggregate = {name: first for name, (first, _) in parts.items()}
        counted = "count(DISTINCT i) FILTER (x IS NOT NULL)" if institution else "NULL"
    else:
        inner = [*keys, *(["i"] if institution else [])]
        columns = [*inner, *(f"{first} AS {name}" for name, (first, _) in parts.items())]
        group = f" GROUP BY {', '.join(inner)}" if inner else ""
        source = f"(SELECT {', '.join(columns)} FROM {rows}{group})"
        aggregate = {name: f"{then}({name})" for name, (_, then) in parts.items()}
        counted = "count(DISTINCT i) FILTER (valid > 0)" if institution else "NULL"
    value = {
        "count": f"coalesce({aggregate['total']}, 0)",
        "share": f"coalesce({aggregate['total']}, 0)",
        "sum": aggregate["total"],
        "mean": f"{aggregate['total']} / {aggregate.get('weight', aggregate['valid'])}",
        "median": aggregate.get("middle", "NULL"),
    }[statistic]
    bits = f"bit_count(coalesce({aggregate['mask']}, 0))" if mask else "0"
    wanted = [
        *(f"{key} AS {key}" for key in keys),
        *(f"{key}::VARCHAR AS d{i}" for i, key in enumerate(keys)),
        *(f"GROUPING({key}) = 1 AS g{i}" for i, key in enumerate(keys)),
        f"({value})::DOUBLE AS value",
        f"coalesce({aggregate['n_rows']}, 0)::BIGINT AS rows",
        f"coalesce({aggregate['valid']}, 0)::BIGINT AS valid",
        f"({aggregate['total']})::DOUBLE AS total",
        f"({aggregate['abs_total']})::DOUBLE AS abs_total",
        f"({aggregate['largest']})::DOUBLE AS largest",
        f"coalesce({aggregate['negatives']}, 0)::BIGINT AS negatives",
        f"{bits}::BIGINT AS bits",
        f"{counted}::BIGINT AS institutions",
    ]
    group = f" GROUP BY CUBE ({', '.join(keys)})" if keys else ""
    order = [part for i, key in enumerate(keys) for part in (f"g{i}", f"{key} NULLS LAST")]
    by = f" ORDER BY {', '.join(order)}" if order else ""
    return f"SELECT {', '.join(wanted)} FROM {source} AS cells{group}{by} LIMIT {limit + 1}"


def per_unit(base: Base, grouped: Sequence[int]) -> str:
    """Give the SELECT that counts the units of some groups exactly.

    The groups stand in the table :data:`KEYS` with the columns ``k<i>`` of the grouped dimensions and ``cell``, their row in
    the frame. Columns of the answer: ``cell``, ``n``, ``top1``, ``top2`` (largest absolute unit totals).

    Parameters
    ----------
    base : Base
        The rows.
    grouped : sequence of int
        Dimensions that are not totalled.
    """
    units = ", ".join(f"r.u{i}" for i in range(len(base.unit)))
    same = " AND ".join(f"r.k{i} IS NOT DISTINCT FROM q.k{i}" for i in grouped) or "true"
    rows = base.sql(unit=True, institution=False)
    joined = f"{rows} AS r JOIN {KEYS} AS q ON {same} WHERE r.x IS NOT NULL"
    totals = f"(SELECT q.cell AS cell, abs(sum(r.x))::DOUBLE AS t FROM {joined} GROUP BY q.cell, {units})"
    return f"SELECT cell, count(*)::BIGINT AS n, max(t, 2)[1] AS top1, max(t, 2)[2] AS top2 FROM {totals} GROUP BY cell"


def most_rows(base: Base) -> str:
    """Give the SELECT of the most rows any unit has among the rows."""
    units = ", ".join(f"u{i}" for i in range(len(base.unit)))
    return f"SELECT coalesce(max(c), 1)::BIGINT AS most FROM (SELECT count(*) AS c FROM {base.sql(unit=True, institution=False)} GROUP BY {units})"


def threshold(statistic: Statistic, profile: RuleProfile) -> int:
    """Give the number of units from which no rule on frequency needs the exact number (medians need both sides)."""
    least = profile.min_frequency * (2 if statistic == "median" else 1)
    return max(least, profile.advisory_min_frequency or 0)


def bounds(valid: Ints, largest: Floats, most: int, bits: Ints) -> tuple[Ints, Floats]:
    """Bound units from below and the largest contribution from above.

    Parameters
    ----------
    valid, bits : array of int
        Shape (m,): rows with a valid value; units seen in the mask.
    largest : array of float
        Shape (m,): largest absolute value of a row.
    most : int
        Most rows any unit has.

    Returns
    -------
    units : array of int
        Shape (m,): there are at least so many.
    top : array of float
        Shape (m,): nobody contributes more; every other unit has at least one of the rows.
    """
    units = np.maximum(-(-valid // most), bits)
    return units, largest * np.minimum(most, np.maximum(valid - units + 1, 1))


def proved(statistic: Statistic, profile: RuleProfile, units: Ints, top: Floats, abs_total: Floats) -> Mask:
    """Tell for which groups the bounds settle every rule of the profile on units and on the largest contribution."""
    enough: Mask = units >= threshold(statistic, profile)
    if statistic not in ("sum", "mean"):
        return enough
    with np.errstate(invalid="ignore"):
        below: Mask = top * (1 + _BOUND_ROOM) < profile.dominance_max_share * abs_total
    return enough & below
