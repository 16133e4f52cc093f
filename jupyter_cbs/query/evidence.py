"""The SQL of a table with evidence, and which of its groups are proved by it.

One scan gives the cells with, for each, the rows, the sum, the sum of absolute values, the largest absolute value and
the negatives; the margins and subtotals follow from the cells (:mod:`jupyter_cbs.query.margins`, else ``GROUPING SETS``).
With M, the most rows any unit has, a cell with r valid rows has at least r / M units, and nobody contributes more than M times its
largest value. Where M is large a mask of 64 hashed units gives a second lower bound. Cells the bounds do not prove are counted per
unit, exactly (design: performance, section 2; rules: disclosure, Primary rules).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..domain.evidence import Statistic
from ..domain.rules import RuleProfile
from .expressions import Expression
from .levels import PLAIN_LEVELS, Levels

MASK_FROM = 50
"""Rows per unit from which the mask pays: below it r / M decides all but the smallest cells, and hashing every row costs more than the scan."""
KEYS = "cbs_undecided"
"""Name of the table of undecided groups in the second pass."""
EXTREMES = 10
"""Units a mean of the lowest or highest is taken of, where nothing else is asked."""
_BOUND_ROOM = 1e-9
_REGISTER = '"RINPERSOONS"'

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Kind = Literal["float", "bool", "other"]
Weighting = Literal["contribution", "unweighted", "expansion"]

DIRECT: frozenset[Statistic] = frozenset({"median", "percentile", "sd", "variance", "correlation"})
"""Statistics that cannot be put together from cells: they are aggregated from the rows for each margin."""
SPECIAL: frozenset[Statistic] = frozenset({"mode", "gini", "mean_lowest", "mean_highest"})
"""Statistics of which the value comes from a statement of its own."""
PAIRED: frozenset[Statistic] = frozenset({"correlation", "ratio"})
"""Statistics of two columns."""
RANKED: frozenset[Statistic] = frozenset({"median", "percentile"})
"""Statistics with a low and a high side."""


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
    second, second_kind
        The other column of a correlation or the denominator of a ratio; only rows with both values are valid.
    levels
        Merges and subtotals, one for each dimension.
    weighting
        What of a weighted value counts as the contribution of its unit.
    """

    source: str
    dimensions: tuple[Expression, ...]
    value: Expression | None
    counting: bool
    kind: Kind
    weight: Expression | None
    unit: tuple[Expression, ...]
    institution: Expression | None
    where: str | None
    second: Expression | None = None
    second_kind: Kind = "other"
    levels: tuple[Levels, ...] = ()
    weighting: Weighting = "contribution"

    @property
    def keys(self) -> list[str]:
        """Column names of the dimensions in the statement."""
        return [f"k{i}" for i in range(len(self.dimensions))]

    def nameless(self, rows: str = "") -> str:
        """Give the condition that a row, of ``rows`` such as ``r.``, names no unit: it says nothing of how many there are.

        RINPERSOONS tells what RINPERSOON is, not whose it is. What names units outside a holding, itself without a name, speaks where there is
        no holding.
        """
        naming = [i for i, e in enumerate(self.unit) if _REGISTER not in e.sql.upper()] or range(len(self.unit))
        empty = [(not self.unit[i].name, f"{rows}u{i} IS NULL") for i in naming]
        outside, named = ([sql for alone, sql in empty if alone is which] for which in (True, False))
        return f"({' OR '.join(named)})" if not outside else f"({' AND '.join(named)} AND ({' OR '.join(outside)}))"

    def level(self, i: int) -> Levels:
        """Give merges and subtotals of a dimension."""
        return self.levels[i] if self.levels else PLAIN_LEVELS

    @property
    def apart(self) -> bool:
        """Whether contributions are other figures than the weighted values."""
        return self.weight is not None and self.value is not None and not self.counting and self.weighting != "contribution"

    @property
    def bare(self) -> bool:
        """Whether a value is summed as it stands: without weights and without a second column."""
        return self.value is not None and not self.counting and self.weight is None and self.second is None

    def sql(self, *, unit: bool, institution: bool, bare: bool = False) -> str:
        """Give the rows: ``k0…``, ``x`` (contribution to the total), ``w`` (weight), ``v0`` (value), ``u0…``, ``i``.

        ``x`` is null where there is no valid value or weight; with a second column there is ``y`` like ``x``, and ``z``, the
        contribution of a unit, where :attr:`apart`. With ``bare``, which takes a :attr:`bare` table, ``x`` is the value even where that is
        NaN or infinite.
        """
        picked = [*(e.sql for e in self.dimensions)]
        names = list(self.keys)
        for expression, name in ((self.value, "v0"), (self.second, "y0"), (self.weight, "w")):
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
        contributions = {"x": self._value} if bare else self._contributions()
        made = ", ".join(f"{sql} AS {name}" for name, sql in contributions.items())
        return f"(SELECT * , {made} FROM (SELECT {items}\n FROM {self.source}{where}) AS rows_of({', '.join(names)}))"

    def lifted(self, rows: str) -> str:
        """Put merged categories and subtotals (``k0_1…``, outermost first) on rows or cells with their keys."""
        replaced, added = [], []
        for i, key in enumerate(self.keys):
            level = self.level(i)
            merged = level.merged(key)
            if merged is not None:
                replaced.append(f"{merged} AS {key}")
            added += [f"{above(key)} AS {key}_{at}" for at, above in enumerate(level.above, start=1)]
        if not replaced and not added:
            return rows
        star = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
        return f"(SELECT {', '.join([star, *added])} FROM {rows} AS plain_rows)"

    @property
    def _value(self) -> str:
        return "v0::INTEGER" if self.kind == "bool" else "v0"

    def _contributions(self) -> dict[str, str]:
        each = "1" if self.weight is None else "w"
        if self.value is None:
            return {"x": each}
        valid = _valid("v0", self.kind)
        if self.counting:
            return {"x": f"CASE WHEN {valid} THEN {each} END"}
        value = self._value
        if self.second is not None:
            valid = f"{valid} AND {_valid('y0', self.second_kind)}"
        if self.weight is not None:
            valid = f"{valid} AND w IS NOT NULL"
        times = "" if self.weight is None else " * w"
        plain = self.kind != "float" and self.second is None
        made = {"x": f"{value}{times}" if plain else f"CASE WHEN {valid} THEN {value}{times} END"}
        if self.second is not None:
            second = "y0::INTEGER" if self.second_kind == "bool" else "y0"
            made["y"] = f"CASE WHEN {valid} THEN {second}{times} END"
        if self.apart:
            made["z"] = f"CASE WHEN {valid} THEN {value} END"
        return made


def _valid(name: str, kind: Kind) -> str:
    return f"isfinite({name})" if kind == "float" else f"{name} IS NOT NULL"


@dataclass(frozen=True)
class Margins:
    """The groups of a table: every combination of category, subtotals and total over the dimensions.

    Parameters
    ----------
    base
        The rows.
    and_by
        Further columns every group is split by.
    """

    base: Base
    and_by: tuple[str, ...] = ()

    def options(self, i: int) -> list[str]:
        """Give the columns a dimension can be grouped by, the categories first."""
        key = f"k{i}"
        return [key, *(f"{key}_{at}" for at in range(1, self.base.level(i).depth + 1))]

    @property
    def group(self) -> str:
        """Give the clause that makes the groups."""
        keys = self.base.keys
        if not any(self.base.level(i).depth for i in range(len(keys))) and not self.and_by:
            return f" GROUP BY CUBE ({', '.join(keys)})" if keys else ""
        sets = itertools.product(*([*self.options(i), ""] for i in range(len(keys))))
        shown = ", ".join(f"({', '.join([*(name for name in chosen if name), *self.and_by])})" for chosen in sets)
        empty = " OR ".join(
            f"(GROUPING({name}) = 0 AND {name} IS NULL)" for i in range(len(keys)) for name in self.options(i)[1:]
        )  # fmt: skip
        having = f" HAVING NOT ({empty})" if empty else ""
        return f" GROUP BY GROUPING SETS ({shown}){having}"

    @property
    def items(self) -> list[str]:
        """Give ``d0…`` (text) and ``l0…`` (0 for a category, the depth of a subtotal, -1 for the total)."""
        made = []
        for i in range(len(self.base.dimensions)):
            options = self.options(i)
            texts = " ".join(f"WHEN GROUPING({name}) = 0 THEN {name}::VARCHAR" for name in options)
            depths = " ".join(f"WHEN GROUPING({name}) = 0 THEN {at}" for at, name in enumerate(options))
            made += [f"CASE {texts} END AS d{i}", f"(CASE {depths} ELSE -1 END)::TINYINT AS l{i}"]
        return made

    @property
    def names(self) -> list[str]:
        """Give the names of :attr:`items`."""
        return [f"{letter}{i}" for i in range(len(self.base.dimensions)) for letter in "dl"]


def cells(base: Base, statistic: Statistic, *, mask: bool, limit: int, percentile: float | None = None, short: bool = False) -> str:
    """Give the SELECT of the first pass.

    Its columns: ``k0…`` (native), ``d0…`` (text), ``l0…`` (level), ``value``, ``rows``, ``valid``, ``total``, ``abs_total``,
    ``largest``, ``negatives``, ``bits`` (units seen in the mask, 0 without), and for ratios ``second_abs``, ``second_largest``.

    The short statement asks for the smallest and the largest value instead of the absolute ones: where no value is negative, NaN or
    infinite they say the same, and :func:`holds` tells from its column ``lowest`` whether that was so. Otherwise its answer is void.

    Parameters
    ----------
    base : Base
        The rows.
    statistic : str
        Those in :data:`DIRECT` are aggregated from the rows for each margin.
    mask : bool
        Whether to hash the units.
    limit : int
        Most groups that are given.
    percentile : float, optional
        Which percentile.
    short : bool
        Whether the statement is the short one; for statistics outside :data:`DIRECT` of a :attr:`Base.bare` table.
    """
    keys = base.keys
    units = ", ".join(f"u{i}" for i in range(len(base.unit)))
    direct = statistic in DIRECT
    own = "z" if base.apart else "x"
    parts = {
        "n_rows": ("count(*)", "sum"),
        "valid": ("count(x)", "sum"),
        "total": ("sum(x)", "sum"),
        "abs_total": ("sum(abs(x))", "sum"),
        "largest": (f"max(abs({own}))", "max"),
        "negatives": ("count(*) FILTER (x < 0)", "sum"),
    }
    if short:
        parts = {
            "n_rows": ("count(*)", "sum"),
            "valid": ("count(x)", "sum"),
            "total": ("sum(x)", "sum"),
            "lowest": ("min(x)", "min"),
            "largest": ("max(x)", "max"),
        }
    if base.weight is not None:
        parts["weight"] = ("sum(w) FILTER (x IS NOT NULL)", "sum")
    if base.second is not None:
        parts |= {
            "negatives": ("count(*) FILTER (x < 0 OR y < 0)", "sum"),
            "second": ("sum(y)", "sum"),
            "second_abs": ("sum(abs(y))", "sum"),
            "second_largest": ("max(abs(y))", "max"),
        }
    if statistic in ("min", "max"):
        parts["extreme"] = (f"{statistic}(x)", statistic)
    if mask:
        parts["mask"] = (f"bit_or(CASE WHEN x IS NOT NULL THEN 1::UBIGINT << (hash({units}) & 63) END)", "bit_or")
    rows = base.sql(unit=mask, institution=False, bare=short)
    if direct:
        source = base.lifted(rows)
        aggregate = {name: first for name, (first, _) in parts.items()}
    else:
        columns = [*keys, *(f"{first} AS {name}" for name, (first, _) in parts.items())]
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        source = base.lifted(f"(SELECT {', '.join(columns)} FROM {rows}{group})")
        aggregate = {name: f"{then}({name})" for name, (_, then) in parts.items()}
    bits = f"bit_count(coalesce({aggregate['mask']}, 0))" if mask else "0"
    margins = Margins(base)
    wanted = [
        *(f"{key} AS {key}" for key in keys),
        *margins.items,
        f"({_value(statistic, aggregate, percentile)})::DOUBLE AS value",
        f"coalesce({aggregate['n_rows']}, 0)::BIGINT AS rows",
        f"coalesce({aggregate['valid']}, 0)::BIGINT AS valid",
        f"({aggregate['total']})::DOUBLE AS total",
        f"({aggregate['abs_total'] if 'abs_total' in aggregate else 'abs(' + aggregate['total'] + ')'})::DOUBLE AS abs_total",
        f"abs({aggregate['largest']})::DOUBLE AS largest",
        f"coalesce({aggregate.get('negatives', '0')}, 0)::BIGINT AS negatives",
        *([f"({aggregate['lowest']})::DOUBLE AS lowest"] if short else []),
        f"{bits}::BIGINT AS bits",
        f"({aggregate.get('second_abs', 'NULL')})::DOUBLE AS second_abs",
        f"({aggregate.get('second_largest', 'NULL')})::DOUBLE AS second_largest",
    ]
    order = [part for i, key in enumerate(keys) for part in (f"l{i} < 0", f"l{i} > 0", f"{key} NULLS LAST", f"d{i}")]
    by = f" ORDER BY {', '.join(order)}" if order else ""
    return f"SELECT {', '.join(wanted)} FROM {source} AS cells{margins.group}{by} LIMIT {limit + 1}"


def alone(base: Base, *, limit: int, stated: bool = False) -> str:
    """Give the SELECT of the cells without their margins: ``k0…``, ``d0…``, ``rows``, ``valid``, ``total``, ``lowest``, ``largest``, in no order.

    Parameters
    ----------
    base : Base
        Rows that are counted without weights, or a :attr:`Base.bare` table; of the latter the answer stands where :func:`holds` says so.
    limit : int
        Most cells that are given.
    stated : bool
        Whether ``lowest`` is that of the whole source, which is less work where DuckDB reads it from the file's statistics.
    """
    keys = base.keys
    # What is counted counts for one.
    figures = "count(x)::DOUBLE AS total, 1.0::DOUBLE AS lowest, 1.0::DOUBLE AS largest"
    if not base.counting:
        lowest = lowest_of(base) if stated else "min(x)::DOUBLE"
        figures = f"sum(x)::DOUBLE AS total, {lowest} AS lowest, max(x)::DOUBLE AS largest"
    rows = base.sql(unit=False, institution=False, bare=base.bare)
    counted = f"SELECT {', '.join(keys)}, count(*) AS rows, count(x) AS valid, {figures} FROM {rows} GROUP BY {', '.join(keys)} LIMIT {limit + 1}"
    return f"SELECT *, {', '.join(f'k{i}::VARCHAR AS d{i}' for i in range(len(keys)))} FROM ({counted})"


def lowest_of(base: Base) -> str:
    """Give the smallest value of the source as an expression."""
    return f"(SELECT min({base.value.sql if base.value is not None else 'NULL'})::DOUBLE FROM {base.source})"


def holds(found: pa.Table) -> bool:
    """Tell whether the answer of the short first pass stands: no value of any group is negative, NaN or infinite.

    NaN is larger than every number to DuckDB, so the largest value is NaN where there is any.
    """
    counted = np.array(found.column("valid").to_numpy()) > 0
    lowest, largest = (np.array(found.column(name).to_numpy(), np.float64)[counted] for name in ("lowest", "largest"))
    return bool(np.all(lowest >= 0) and np.all(np.isfinite(largest)))


def _value(statistic: Statistic, aggregate: dict[str, str], percentile: float | None) -> str:
    total = aggregate["total"]
    if statistic in ("count", "units", "share"):
        return f"coalesce({total}, 0)"
    if statistic == "mean":
        return f"{total} / {aggregate.get('weight', aggregate['valid'])}"
    if statistic == "ratio":
        return f"{total} / nullif({aggregate['second']}, 0)"
    if statistic in ("min", "max"):
        return aggregate["extreme"]
    return {
        "sum": total,
        "median": "median(x)",
        "percentile": f"quantile_cont(x, {percentile!r})",
        "sd": "stddev_samp(x)",
        "variance": "var_samp(x)",
        "correlation": "CASE WHEN isfinite(corr(x, y)) THEN corr(x, y) END",
    }.get(statistic, "NULL")


def special(base: Base, statistic: Statistic, *, per_unit: bool, extremes: int, largest: int = 1, nameless: bool = False) -> str:
    """Give the SELECT of values that need the contributions themselves.

    Its columns: ``d0…``, ``l0…``, ``value``, and where the statistic has them ``used``, ``total``, ``abs_total``, ``largest``,
    ``second_largest``, ``topn`` (of the units that are used) and ``ties``.

    Parameters
    ----------
    base : Base
        The rows.
    statistic : str
        One of :data:`SPECIAL`.
    per_unit : bool
        Whether units can have several rows: their totals are compared, or their lowest or highest values.
    extremes : int
        How many units a mean of the lowest or highest is taken of.
    largest : int
        How many units ``topn`` adds up.
    nameless : bool
        Whether there are rows that name no unit; those of a group are taken for one that is not among ``used``. Needs ``per_unit``.
    """
    if statistic == "mode":
        margins = Margins(base, ("x",))
        counted = f"SELECT {', '.join([*margins.items, 'x::DOUBLE AS t', 'count(*)::BIGINT AS c'])} FROM {_rows(base)}{margins.group}"
        # The lowest of the most frequent values, so that the answer is always the same.
        picked = ["0.0 - (max({'c': c, 't': -t})).t AS value", "(max({'c': c, 't': -t})).c AS ties"]
        return _grouped(base, picked, counted)
    lowest = statistic == "mean_lowest"
    among = {"gini": "sum(x)", "mean_lowest": "min(x)", "mean_highest": "max(x)"}[statistic]
    if statistic == "gini":
        # 2·Σ i·x_i / (n·Σ x) - (n + 1)/n over the values in ascending order
        ranks = "list_dot_product(list(t ORDER BY t), range(1, count(t) + 1)::DOUBLE[])"
        picked = [f"CASE WHEN sum(t) <> 0 THEN 2 * {ranks} / (count(t) * sum(t)) - (count(t) + 1) / count(t) END AS value"]
    else:
        few = f"{'min' if lowest else 'max'}(t, {extremes})"
        sizes = f"list_reverse_sort(list_transform({few}, lambda a: abs(a)))"
        picked = [
            f"list_avg({few}) AS value",
            f"(len({few}){' - least(len(' + few + '), count(*) FILTER (nameless))' if nameless else ''})::BIGINT AS used",
            f"list_sum({few})::DOUBLE AS total",
            f"list_sum(list_transform({few}, lambda a: abs(a)))::DOUBLE AS abs_total",
            f"{sizes}[1]::DOUBLE AS largest",
            f"{sizes}[2]::DOUBLE AS second_largest",
            f"list_sum({sizes}[1:{largest}])::DOUBLE AS topn",
        ]
    if per_unit:
        margins = Margins(base, tuple(f"u{i}" for i in range(len(base.unit))))
        known = [f"{base.nameless()} AS nameless"] if nameless else []
        inner = f"SELECT {', '.join([*margins.items, f'({among})::DOUBLE AS t', *known])} FROM {_rows(base, unit=True)}{margins.group}"
        return _grouped(base, picked, inner)
    margins = Margins(base)
    return f"SELECT {', '.join([*margins.items, *picked])} FROM (SELECT *, x::DOUBLE AS t FROM {_rows(base)}){margins.group}"


def institutions(base: Base) -> str:
    """Give the SELECT of the institutions: ``d0…``, ``l0…``, ``institutions`` and ``institution_top1`` (largest absolute total of one)."""
    margins = Margins(base, ("i",))
    inner = f"SELECT {', '.join([*margins.items, 'abs(sum(x))::DOUBLE AS t'])} FROM {_rows(base, institution=True)}{margins.group}"
    return _grouped(base, ["count(*)::BIGINT AS institutions", "max(t) AS institution_top1"], inner)


def _rows(base: Base, *, unit: bool = False, institution: bool = False) -> str:
    """Give the valid rows with their subtotals."""
    known = " AND i IS NOT NULL" if institution else ""
    return f"(SELECT * FROM {base.lifted(base.sql(unit=unit, institution=institution))} AS valid_rows WHERE x IS NOT NULL{known})"


def _grouped(base: Base, picked: Sequence[str], inner: str) -> str:
    names = Margins(base).names
    group = f" GROUP BY {', '.join(names)}" if names else ""
    return f"SELECT {', '.join([*names, *picked])} FROM ({inner}){group}"


def per_unit(
    base: Base,
    grouped: Sequence[tuple[int, int]],
    *,
    several: bool,
    ranked: bool = False,
    largest: int = 1,
    plain: frozenset[int] = frozenset(),
    nameless: bool = False,
) -> str:
    """Give the SELECT that counts the units of some groups exactly.

    The groups stand in the table :data:`KEYS` with ``cell``, their row in the frame, the columns ``k<i>`` of the grouped dimensions and,
    for percentiles, ``at``, the value. Columns of the answer: ``cell``, ``n``, ``valid`` (rows with a valid value), ``top1``, ``top2``,
    ``topn`` (largest absolute unit totals), with a second column ``second_top1``, and for percentiles ``below``, ``upto``, ``above``,
    ``onward``: units with a value below, at most, above, at least ``at``.

    Parameters
    ----------
    base : Base
        The rows.
    grouped : sequence of (int, int)
        Dimensions that are not totalled, each with its level.
    several : bool
        Whether a unit can have several rows.
    ranked : bool
        Whether the sides of a percentile are counted.
    largest : int
        How many units ``topn`` adds up.
    plain : frozenset of int
        Dimensions of which no key is null or a floating-point number. These are compared with ``=``: only then does DuckDB hand the keys to
        the scan, which skips the other columns of all other rows.
    nameless : bool
        Whether there are rows that name no unit: their contributions are those of one, but they count for none. Needs ``several``.
    """
    units = ", ".join(f"r.u{i}" for i in range(len(base.unit)))
    same = " AND ".join(
        f"r.k{i}{f'_{level}' if level else ''} {'=' if i in plain else 'IS NOT DISTINCT FROM'} q.k{i}" for i, level in grouped
    ) or "true"  # fmt: skip
    rows = base.lifted(base.sql(unit=several, institution=False))
    own = "z" if base.apart else "x"
    joined = f"{rows} AS r JOIN {KEYS} AS q ON {same}"
    # Asked after the join: before it, the scan would read the values of all rows to look at them.
    known = f" GROUP BY q.cell, {units} HAVING count(r.x) > 0" if several else " WHERE r.x IS NOT NULL"
    picked = {"t": f"abs(sum(r.{own}))::DOUBLE" if several else f"abs(r.{own})::DOUBLE", "c": "count(r.x)" if several else "1"}
    if base.apart and base.weighting == "expansion":
        total = "abs(sum(r.x))" if several else "abs(r.x)"
        picked["w"] = f"CASE WHEN {picked['t']} > 0 THEN {total} / {picked['t']} ELSE 1 END::DOUBLE"
    if base.second is not None:
        picked["s"] = "abs(sum(r.y))::DOUBLE" if several else "abs(r.y)::DOUBLE"
    if ranked:
        tests = {"lo": "r.x < q.at", "le": "r.x <= q.at", "hi": "r.x > q.at", "he": "r.x >= q.at"}
        picked |= {name: f"bool_or({test})" if several else test for name, test in tests.items()}
    if nameless:
        picked["named"] = f"NOT {base.nameless('r.')}"
    columns = ", ".join(f"{sql} AS {name}" for name, sql in picked.items())
    totals = f"(SELECT q.cell AS cell, {columns} FROM {joined}{known})"
    if "w" in picked:
        # Each unit stands for w units with its value: of those the n largest (Hundepool et al. 2012, p. 151).
        upto = "PARTITION BY cell ORDER BY t DESC, w ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
        totals = f"(SELECT *, sum(w) OVER ({upto}) - w AS before FROM {totals})"

        def tops(n: int) -> str:
            return f"sum(t * least(w, greatest(0, {n} - before)))"

        made = [f"{tops(1)} AS top1", f"{tops(2)} - {tops(1)} AS top2", f"{tops(largest)} AS topn"]
    else:
        made = ["max(t, 2)[1] AS top1", "max(t, 2)[2] AS top2", f"list_sum(max(t, {largest})) AS topn"]
    if "s" in picked:
        made.append("max(s) AS second_top1")
    if ranked:
        names = {"below": "lo", "upto": "le", "above": "hi", "onward": "he"}
        made += [f"count(*) FILTER ({name}{' AND named' if nameless else ''})::BIGINT AS {to}" for to, name in names.items()]
    units = "count(*) FILTER (named)" if nameless else "count(*)"
    return f"SELECT cell, {units}::BIGINT AS n, sum(c)::BIGINT AS valid, {', '.join(made)} FROM {totals} GROUP BY cell"


def most_rows(base: Base) -> str:
    """Give the SELECT of the most rows any unit has among the rows, and of how many rows name none."""
    units = ", ".join(f"u{i}" for i in range(len(base.unit)))
    each = f"SELECT count(*) AS c, {base.nameless()} AS nameless FROM {base.sql(unit=True, institution=False)} GROUP BY {units}"
    return f"SELECT coalesce(max(c), 1)::BIGINT AS most, coalesce(sum(c) FILTER (nameless), 0)::BIGINT AS nameless FROM ({each})"


def nameless_rows(base: Base) -> str:
    """Give the SELECT of how many rows of the source name no unit; where no column has any missing DuckDB knows that from the file's statistics."""
    names = ", ".join(f"u{i}" for i in range(len(base.unit)))
    units = f"(SELECT {', '.join(e.sql for e in base.unit)} FROM {base.source}) AS units_of({names})"
    return f"SELECT count(*)::BIGINT AS nameless FROM {units} WHERE {base.nameless()}"


def threshold(statistic: Statistic, profile: RuleProfile, extremes: int | None = None) -> int:
    """Give the number of units from which no rule on frequency needs the exact number (percentiles also look at both sides)."""
    least = profile.min_frequency
    if statistic in ("sd", "variance", "correlation"):
        least = max(least, profile.min_dof + 1)
    if statistic in ("mean_lowest", "mean_highest"):
        least = max(least, 2 * (extremes or EXTREMES))
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


def ranks(valid: Ints, percentile: float) -> tuple[Ints, Ints]:
    """Give the rows on the low and on the high side of a percentile, ties by rank.

    The percentile interpolates between the ranks floor(h) and ceil(h), h = (r - 1)·p from 0 (DuckDB's ``quantile_cont``): where h is
    whole the row at h is the percentile itself and on neither side.
    """
    at = (valid - 1) * percentile
    low = np.floor(at + 1e-9).astype(np.int64)
    between = at - low > 1e-9
    below = np.where(between, low + 1, low)
    above = np.where(between, valid - low - 1, valid - 1 - low)
    return np.maximum(below, 0), np.maximum(above, 0)


@dataclass(frozen=True)
class Bounds:
    """What the first pass knows of m groups; arrays of shape (m,).

    Parameters
    ----------
    units
        At least so many units.
    top, second_top
        No unit contributes more, to the total and to the denominators (NaN without any).
    total, abs_total, second_abs
        Exact.
    below, above
        At least so many units on each side of a percentile.
    exact
        Whether the bounds are the figures themselves: each row is a unit.
    """

    units: Ints
    top: Floats
    total: Floats
    abs_total: Floats
    second_top: Floats
    second_abs: Floats
    below: Ints
    above: Ints
    exact: bool


def proved(statistic: Statistic, profile: RuleProfile, found: Bounds, extremes: int | None = None) -> Mask:
    """Tell for which groups the bounds settle every rule of the profile on units and on contributions."""
    known = np.full(len(found.units), found.exact)
    enough: Mask = known | (found.units >= threshold(statistic, profile, extremes))
    if statistic in RANKED:
        enough &= known | ((found.below >= profile.each_side) & (found.above >= profile.each_side))
    if statistic not in ("sum", "mean", "ratio", "gini"):
        return enough
    top = found.top * (1 + _BOUND_ROOM)
    with np.errstate(invalid="ignore"):
        if not (found.exact and profile.dominance_units == 1):
            enough &= profile.dominance_units * top < profile.dominance_max_share * found.abs_total
        for share in profile.remainder_shares:
            enough &= found.abs_total - 2 * top > share * top
        if profile.extreme_max_share is not None:
            enough &= known | (top <= profile.extreme_max_share * np.abs(found.total))
        if statistic == "ratio":
            enough &= known | (found.second_top * (1 + _BOUND_ROOM) < profile.dominance_max_share * found.second_abs)
    return enough
