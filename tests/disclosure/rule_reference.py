"""Every rule once more, slowly and over rows of microdata: whole numbers and fractions, no arrays, nothing of the rules themselves.

Many small tables lie side by side along a dimension without totals; a rule that looks along it finds the sum of the parts there, and so does the
reference. Thresholds are small, so that tables of a few rows lie on both sides of every boundary and on it.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from evidence_frames import dimension

from jupyter_cbs.domain.evidence import Category, Dimension, TableSpec, evidence_schema
from jupyter_cbs.domain.rules import RuleProfile

TABLES = 40
TOTAL = "total"
CODES_A = ("p1", "p2", "q1", "q2")
NODES = {"p1": "p*", "p2": "p*", "q1": "q*", "q2": "q*"}
CODES_B = ("x", "y", "z")
SPREADS = ((0, 1), (0, 0, 1), (1, 2, 4, 8), (-2, 1, 3, 9), (5, 5, 5), (1, 1, 1, 30), tuple(range(12)), (0,), (-4, 4), (1, 1, 2))
FREQUENCIES = ("count", "units", "share")
MAGNITUDES = ("sum", "mean", "ratio", "gini", "lorenz", "mean_lowest", "mean_highest")

Key = tuple[str, str, str]


class Row(NamedTuple):
    """One row of microdata."""

    unit: int
    holding: int
    table: str
    a: str
    b: str
    value: int | None
    other: int
    weight: int
    institution: int | None


def microdata(seed: int) -> list[Row]:
    """Give the rows of forty tables of up to 26 rows and 14 units, drawn at once."""
    rng = np.random.default_rng(seed)
    table = np.repeat(np.arange(TABLES), rng.integers(0, 27, TABLES))
    size = len(table)
    unit = 100 * table + rng.integers(0, rng.integers(1, 15, TABLES)[table])
    narrow = (rng.random(TABLES) < 0.4)[table] & (rng.random(size) < 0.75)
    a = np.where(narrow, 0, rng.integers(0, len(CODES_A), size))
    width = max(map(len, SPREADS))
    spreads = np.array([[spread[i % len(spread)] for i in range(width)] for spread in SPREADS])
    value = spreads[rng.integers(0, len(SPREADS), TABLES)[table], rng.integers(0, width, size)]
    missing = rng.random(size) < 0.08
    institution = rng.choice([0, 1, 2, 2, 2], size)
    columns = (
        unit, unit - unit % 3, table, a, rng.integers(0, len(CODES_B), size), value, rng.choice([0, 1, 1, 2, 7], size), rng.integers(1, 4, size),
        institution, missing,
    )  # fmt: skip
    return [
        Row(u, h, str(t), CODES_A[i], CODES_B[j], None if gone else v, w, weight, house or None)
        for u, h, t, i, j, v, w, weight, house, gone in zip(*(column.tolist() for column in columns), strict=True)
    ]


@dataclass
class Asked:
    """What is asked of a table, of which unit, with which weight."""

    spec: TableSpec
    profile: RuleProfile
    nested: bool = False
    weighted: bool = False
    holding: bool = False

    @property
    def statistic(self) -> str:
        return self.spec.statistic

    def unit(self, row: Row) -> int:
        return row.holding if self.holding else row.unit

    def amount(self, row: Row) -> int:
        value = 1 if self.statistic in FREQUENCIES or self.statistic == "survival" else row.value
        assert value is not None
        return value * (row.weight if self.weighted else 1)


@dataclass
class Cell:
    """What is known of one cell, from its rows."""

    rows: list[Row]
    asked: Asked

    @cached_property
    def valid(self) -> list[Row]:
        return self.rows if self.asked.statistic == "survival" else [row for row in self.rows if row.value is not None]

    @cached_property
    def per_unit(self) -> dict[int, int]:
        found: dict[int, int] = defaultdict(int)
        for row in self.valid:
            found[self.asked.unit(row)] += self.asked.amount(row)
        return found

    @cached_property
    def n(self) -> int:
        return len(self.per_unit)

    @cached_property
    def used(self) -> list[int]:
        """The units' totals, of a mean of extremes those of the lowest or highest units."""
        values = list(self.per_unit.values())
        if self.asked.statistic in ("mean_lowest", "mean_highest"):
            return sorted(values, reverse=self.asked.statistic == "mean_highest")[: self.asked.spec.extremes]
        return values

    @cached_property
    def tops(self) -> list[int]:
        return sorted(map(abs, self.used), reverse=True)

    @cached_property
    def total(self) -> int:
        return sum(self.used)

    @cached_property
    def size(self) -> int:
        """Sum of absolute values, of rows or of the units that are used; of survival the units at risk."""
        if self.asked.statistic == "survival":
            return self.n
        if self.asked.statistic in ("mean_lowest", "mean_highest"):
            return sum(self.tops)
        return sum(abs(self.asked.amount(row)) for row in self.valid)

    @cached_property
    def houses(self) -> dict[int, int]:
        """Institution to what it contributes; of survival its units."""
        found: dict[int, int] = defaultdict(int)
        for row in self.valid:
            if row.institution is not None:
                found[row.institution] += self.asked.amount(row)
        if self.asked.statistic == "survival":
            return {house: len({self.asked.unit(row) for row in self.valid if row.institution == house}) for house in found}
        return {house: abs(amount) for house, amount in found.items()}

    @cached_property
    def seconds(self) -> dict[int, int]:
        found: dict[int, int] = defaultdict(int)
        for row in self.valid:
            found[self.asked.unit(row)] += row.other * (row.weight if self.asked.weighted else 1)
        return found

    @cached_property
    def negatives(self) -> int:
        return sum(self.asked.amount(row) < 0 for row in self.valid)

    @cached_property
    def ties(self) -> int:
        """Rows with the most frequent value."""
        return max(Counter(row.value for row in self.valid).values(), default=0)

    @cached_property
    def events(self) -> int:
        return sum(row.other > 0 for row in self.rows)

    @cached_property
    def sides(self) -> tuple[int, int]:
        """Units with a row below, and above, the percentile, by rank."""
        ranked = sorted(self.valid, key=lambda row: row.value or 0)
        at = (len(ranked) - 1) * Fraction(str(self.asked.spec.percentile or 0.5))
        low = {self.asked.unit(row) for rank, row in enumerate(ranked) if rank < at}
        high = {self.asked.unit(row) for rank, row in enumerate(ranked) if rank > at}
        return len(low), len(high)

    @cached_property
    def value(self) -> float | None:
        """What is published; a stand-in where no rule looks at it."""
        statistic = self.asked.statistic
        if statistic in FREQUENCIES:
            return float(self.n if statistic == "units" else self.total)
        if not self.valid:
            return None
        if statistic in ("sd", "variance", "correlation"):
            return self.spread
        if statistic == "ratio":
            below = sum(self.seconds.values())
            return self.total / below if below else None
        return float(self.total)

    @property
    def spread(self) -> float | None:
        values, n = [row.value or 0 for row in self.valid], len(self.valid)
        mean = Fraction(sum(values), n)
        squares = sum((v - mean) ** 2 for v in values)
        if self.asked.statistic != "correlation":
            return math.sqrt(squares / (n - 1)) if n > 1 else None
        other = Fraction(sum(row.other for row in self.valid), n)
        across = sum((v - mean) * (row.other - other) for v, row in zip(values, self.valid, strict=True))
        scale = squares * sum((row.other - other) ** 2 for row in self.valid)
        return None if not scale else math.copysign(1.0, across) if across**2 == scale else float(across) / math.sqrt(scale)


@dataclass
class Seen:
    """One frame of forty tables, and how often a comparison was an equality."""

    asked: Asked
    cells: dict[Key, Cell]
    rows: list[Row]
    values: dict[Key, float | None] = field(default_factory=dict)
    edges: int = 0

    def __post_init__(self) -> None:
        for key, cell in self.cells.items():
            if self.asked.statistic == "share":
                whole = self.cells[key[0], key[1], TOTAL].total
                self.values[key] = 100 * cell.total / whole if whole else None
            else:
                self.values[key] = cell.value

    def published(self, key: Key) -> bool:
        return self.values[key] is not None and bool(self.cells[key].valid)

    def less(self, one: Fraction | int, other: Fraction | int) -> bool:
        self.edges += one == other
        return one < other

    def reaches(self, size: int, share: float, of: int, comparator: str) -> bool:
        limit = Fraction(str(share)) * of
        self.edges += size == limit
        return size >= limit if comparator == ">=" else size > limit

    def lines(self, key: Key) -> list[list[Key]]:
        """Along each dimension with a choice: the cell right above, or the parts where there is none."""
        t, a, b = key
        found = [[(str(other), a, b) for other in range(TABLES) if (str(other), a, b) in self.cells]]
        if a != TOTAL:
            found.append([(t, NODES[a] if self.asked.nested and a in NODES else TOTAL, b)])
        if b != TOTAL:
            found.append([(t, a, TOTAL)])
        return found

    def edge_ties(self, key: Key) -> int | None:
        """Rows on the outer edge of an outer bin: in every other table the edges are the extremes of the data. None for other cells."""
        t, _, b = key
        values = [row.value for row in self.rows if row.table == t and row.value is not None]
        if b not in ("x", "z") or not values:
            return None
        outward = int(t) % 2
        edge = min(values) - outward if b == "x" else max(values) + outward
        return values.count(edge) or None


def look(rows: list[Row], asked: Asked) -> Seen:
    """Sort rows into cells."""
    cells: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        places = (row.a, NODES[row.a], TOTAL) if asked.nested else (row.a, TOTAL)
        for a, b in itertools.product(places, (row.b, TOTAL)):
            cells[row.table, a, b].append(row)
    return Seen(asked, {key: Cell(members, asked) for key, members in cells.items()}, rows)


def frame_of(seen: Seen) -> pa.Table:
    """Make the evidence frame."""
    asked = seen.asked
    ranked, binned = asked.statistic in ("median", "percentile"), asked.spec.bins is not None
    columns: dict[str, list[Any]] = defaultdict(list)
    for key, cell in seen.cells.items():
        some, tops = bool(cell.valid), cell.tops
        record = {
            **{f"d{i}": None if code == TOTAL else code for i, code in enumerate(key)},
            **{f"g{i}": code == TOTAL for i, code in enumerate(key)},
            "value": seen.values[key], "rows": len(cell.rows), "missing": len(cell.rows) - len(cell.valid), "n": cell.n, "n_exact": True,
            "total": cell.total if some else None, "abs_total": cell.size if some else None, "top1": tops[0] if tops else None,
            "top2": tops[1] if len(tops) > 1 else None, "topn": sum(tops[: asked.profile.dominance_units]) if tops else None, "top_exact": True,
            "negatives": cell.negatives, "institutions": len(cell.houses), "institution_top1": max(cell.houses.values(), default=None),
            "below": cell.sides[0] if ranked else None, "above": cell.sides[1] if ranked else None,
            "ties": cell.ties if asked.statistic == "mode" else seen.edge_ties(key) if binned else None,
            "used": len(cell.used) if asked.spec.extremes else None, "events": cell.events if asked.statistic == "survival" else None,
            "second_abs": sum(cell.seconds.values()) if some else None, "second_top1": max(cell.seconds.values(), default=None),
        }  # fmt: skip
        for name, found in record.items():
            columns[name].append(found)
    schema = evidence_schema(3)
    empty = [None] * len(seen.cells)
    arrays = [pa.array(columns.get(name, empty), schema.field(name).type, from_pandas=True) for name in schema.names]
    return pa.table(arrays, schema=schema)


def blurred(frame: pa.Table, seed: int) -> pa.Table:
    """Give a frame in which half of the numbers of units are lower bounds, and half of the largest contributions upper bounds."""
    rng = np.random.default_rng(seed)
    n, top = frame.column("n").to_numpy(), frame.column("top1").to_numpy()
    counted, known = rng.random(len(n)) < 0.5, rng.random(len(n)) < 0.5
    more = rng.integers(0, 4, len(n))
    # a unit has at least one row
    fewer = np.where(n > 0, rng.integers(1, np.maximum(n, 1) + 1), 0)
    changed: dict[str, Any] = {"n": np.where(counted, n, fewer), "n_exact": counted, "top_exact": known, "top1": np.where(known, top, top + more)}
    changed["second_top1"] = frame.column("second_top1").to_numpy() + np.where(known, 0, more)
    changed |= {name: np.where(known, frame.column(name).to_numpy(), np.nan) for name in ("top2", "topn")}
    for name, values in changed.items():
        at = frame.schema.get_field_index(name)
        frame = frame.set_column(at, frame.schema.field(at), pa.array(values, frame.schema.field(at).type, from_pandas=True))
    return frame


def dimensions_of(nested: bool) -> tuple[Dimension, ...]:
    """Give the dimensions of a frame."""
    order = ["p*", "p1", "p2", "q*", "q1", "q2"] if nested else list(CODES_A)
    parents: dict[str, str | None] = {**NODES, "p*": None, "q*": None} if nested else {}
    across = Dimension(name="A", label="A", categories=tuple(Category(code=code, label=code) for code in order), parents=parents)
    return dimension("T", [str(t) for t in range(TABLES)]), across, dimension("B", list(CODES_B))


# ------------------------------------------------------------------------------------------------------------------------------------ the rules


def units_per_step(key: Key, cell: Cell, seen: Seen) -> set[str]:
    found = {"few_in_step"} if seen.less(cell.n, seen.asked.profile.per_step) else set()
    if seen.asked.statistic == "survival" and seen.less(cell.events, seen.asked.profile.per_step):
        found.add("few_events")
    return found


def minimum_frequency(key: Key, cell: Cell, seen: Seen) -> set[str]:
    return {"too_few_units"} if seen.less(cell.n, seen.asked.profile.min_frequency) else set()


def degrees_of_freedom(key: Key, cell: Cell, seen: Seen) -> set[str]:
    return {"few_degrees_of_freedom"} if seen.less(cell.n - 1, seen.asked.profile.min_dof) else set()


def units_on_each_side(key: Key, cell: Cell, seen: Seen) -> set[str]:
    return {"few_on_each_side"} if seen.less(min(cell.sides), seen.asked.profile.each_side) else set()


def extreme_values(key: Key, cell: Cell, seen: Seen) -> set[str]:
    return {"extreme_value"} if seen.asked.statistic in ("min", "max") else set()


def means_of_extremes(key: Key, cell: Cell, seen: Seen) -> set[str]:
    found = {"few_extremes"} if seen.less(len(cell.used), seen.asked.profile.min_frequency) else set()
    return found | ({"extremes_overlap"} if seen.less(cell.n, 2 * len(cell.used)) else set())


def contributing_institutions(key: Key, cell: Cell, seen: Seen) -> set[str]:
    least = seen.asked.profile.min_institutions
    return {"few_institutions"} if least is not None and seen.less(len(cell.houses), least) else set()


def largest_institution(key: Key, cell: Cell, seen: Seen) -> set[str]:
    profile = seen.asked.profile
    if profile.institution_max_share is None or not cell.size or not cell.houses:
        return set()
    too_large = seen.reaches(max(cell.houses.values()), profile.institution_max_share, cell.size, profile.dominance_comparator)
    return {"largest_institution"} if too_large else set()


def largest_contributor(key: Key, cell: Cell, seen: Seen) -> set[str]:
    if not cell.size:
        return set()
    profile = seen.asked.profile
    of = [(sum(cell.tops[: profile.dominance_units]), cell.size)]
    if seen.asked.statistic == "ratio" and sum(cell.seconds.values()):
        of.append((max(cell.seconds.values()), sum(cell.seconds.values())))
    reached = [seen.reaches(size, profile.dominance_max_share, whole, profile.dominance_comparator) for size, whole in of]
    return ({"largest_contributor"} if any(reached) else set()) | ({"negative_contributions"} if cell.negatives else set())


def remaining_contributors(key: Key, cell: Cell, seen: Seen) -> set[str]:
    if not cell.size:
        return set()
    profile, (largest, second, *_) = seen.asked.profile, (*cell.tops, 0, 0)
    asked = [] if profile.p_percent is None else [Fraction(str(profile.p_percent)) / 100]
    asked += [] if profile.pq_p is None else [Fraction(str(profile.pq_p)) / Fraction(str(profile.pq_q))]
    too_small = [seen.less(cell.size - largest - second, share * largest) for share in asked]
    return {"remainder_too_small"} if any(too_small) else set()


def share_of_group(key: Key, cell: Cell, seen: Seen) -> set[str]:
    profile = seen.asked.profile
    units, counts = lambda one: one.n, lambda one: one.total
    measures: list[Callable[[Cell], int]] = [units] if seen.asked.statistic == "units" else [units, counts]
    for line in seen.lines(key):
        for measure in measures:
            whole = sum(measure(seen.cells[part]) for part in line)
            if seen.reaches(measure(cell), profile.group_max_share, whole, profile.group_comparator):
                return {"share_of_group"}
    return set()


def bare_percentages(key: Key, cell: Cell, seen: Seen) -> set[str]:
    whole = seen.cells[key[0], key[1], TOTAL].total
    if key[2] == TOTAL:
        held = sum((key[0], key[1], b) in seen.cells and seen.published((key[0], key[1], b)) for b in CODES_B)
        return {"nobody_in_some"} if held == 2 else set()
    return {"hundred_percent"} if cell.total == whole else {"zero_percent"} if cell.total == 0 else set()


def most_frequent_value(key: Key, cell: Cell, seen: Seen) -> set[str]:
    profile = seen.asked.profile
    found = {"mode_share"} if seen.reaches(cell.ties, profile.mode_max_share, len(cell.valid), ">") else set()
    return found | ({"few_with_mode"} if seen.less(cell.ties, profile.min_frequency) else set())


def all_but_one(key: Key, cell: Cell, seen: Seen) -> set[str]:
    rest = [sum(seen.cells[part].n for part in line) - cell.n for line in seen.lines(key)]
    return {"all_but_one"} if 1 in rest else set()


def no_variation(key: Key, cell: Cell, seen: Seen) -> set[str]:
    values = {row.value for row in cell.valid}
    if seen.asked.statistic != "correlation":
        return {"no_variation"} if len(values) == 1 else set()
    # on one line: every pair of rows has the slope of any other
    first = next(row for row in cell.valid if (row.value, row.other) != (cell.valid[0].value, cell.valid[0].other))
    dx, dy = (first.value or 0) - (cell.valid[0].value or 0), first.other - cell.valid[0].other
    straight = all(dx * (row.other - first.other) == dy * ((row.value or 0) - (first.value or 0)) for row in cell.valid)
    return {"no_variation"} if straight else set()


def outer_edges(key: Key, cell: Cell, seen: Seen) -> set[str]:
    ties = seen.edge_ties(key)
    return {"edge_is_extreme"} if ties is not None and seen.less(ties, seen.asked.profile.min_frequency) else set()


def all_zero(key: Key, cell: Cell, seen: Seen) -> set[str]:
    every = all(seen.asked.amount(row) == 0 for row in cell.valid) if not seen.asked.spec.extremes else not any(cell.used)
    return {"all_zero"} if seen.asked.profile.zero_rule and every else set()


def advisory_frequency(key: Key, cell: Cell, seen: Seen) -> set[str]:
    least = seen.asked.profile.advisory_min_frequency
    base = seen.cells[key[0], key[1], TOTAL] if seen.asked.statistic == "share" else cell
    return {"advisory_few_units"} if least is not None and seen.less(base.n, least) else set()


def advisory_extremes(key: Key, cell: Cell, seen: Seen) -> set[str]:
    share = seen.asked.profile.extreme_max_share
    if share is None or not cell.size:
        return set()
    return {"advisory_extreme"} if seen.reaches(cell.tops[0], share, abs(cell.total), ">") else set()


def rounded_counts(key: Key, cell: Cell, seen: Seen) -> set[str]:
    base = seen.asked.profile.advisory_rounding
    return {"not_rounded"} if base is not None and cell.total % base else set()


REFERENCE: dict[str, Callable[[Key, Cell, Seen], set[str]]] = {
    rule.__name__: rule
    for rule in (
        units_per_step, minimum_frequency, degrees_of_freedom, units_on_each_side, extreme_values, means_of_extremes, contributing_institutions,
        largest_institution, largest_contributor, remaining_contributors, share_of_group, bare_percentages, most_frequent_value, all_but_one,
        no_variation, outer_edges, all_zero, advisory_frequency, advisory_extremes, rounded_counts,
    )
}  # fmt: skip
