"""Every rule against plain Python over microdata: a thousand random tables for each kind of statistic.

Forty tables lie side by side in one frame, along a dimension without totals; a rule that looks along it finds the sum of the parts there,
and so does the reference. Thresholds are small, so that tables of a few rows lie on both sides of every boundary.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from evidence_frames import dimension
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.rules import RULES, Question
from jupyter_cbs.domain.evidence import Category, Dimension, TableSpec, evidence_schema
from jupyter_cbs.domain.rules import RuleProfile

TABLES, EXAMPLES = 40, 25
TOTAL = "total"
CODES_A = ("p1", "p2", "q1", "q2")
NODES = {"p1": "p*", "p2": "p*", "q1": "q*", "q2": "q*"}
CODES_B = ("x", "y")

Key = tuple[str, str, str]
Micro = tuple[int, str, str, str, int | None, int, int | None]
"""Unit, table, code of A, code of B, value, second value, institution."""


def microdata(seed: int) -> list[Micro]:
    rng = random.Random(seed)
    rows: list[Micro] = []
    for t in range(TABLES):
        units = rng.randint(1, 14)
        spread = rng.choice([(0, 1), (0, 0, 1), (1, 2, 4, 8), (-2, 1, 3, 9), (5, 5, 5), (1, 1, 1, 30), range(12)])
        narrow = rng.random() < 0.4
        for _ in range(rng.randint(0, 26)):
            a = rng.choice(CODES_A[:1] * 6 + CODES_A[1:] if narrow else CODES_A)
            b = rng.choice(CODES_B)
            value = None if rng.random() < 0.08 else rng.choice(spread)
            unit = 100 * t + rng.randrange(units)
            rows.append((unit, str(t), a, b, value, rng.choice((0, 1, 1, 2, 7)), rng.choice((None, 1, 2, 2, 2))))
    return rows


def grouped(rows: list[Micro], nested: bool) -> dict[Key, list[Micro]]:
    cells: dict[Key, list[Micro]] = defaultdict(list)
    for row in rows:
        places_a = [row[2], *([NODES[row[2]]] if nested else []), TOTAL]
        for a, b in itertools.product(places_a, (row[3], TOTAL)):
            cells[(row[1], a, b)].append(row)
    return cells


class Figures:
    """What is known of one cell, from its rows."""

    def __init__(self, rows: list[Micro], spec: TableSpec) -> None:
        self.spec = spec
        counting = spec.statistic in ("count", "units")
        self.rows = rows
        self.valid = [r for r in rows if spec.statistic == "survival" or r[4] is not None]
        self.values = [Fraction(1) if counting else Fraction(r[4] or 0) for r in self.valid]
        per: dict[int, Fraction] = defaultdict(Fraction)
        second: dict[int, Fraction] = defaultdict(Fraction)
        house: dict[int, Fraction] = defaultdict(Fraction)
        for row, value in zip(self.valid, self.values, strict=True):
            per[row[0]] += value
            second[row[0]] += row[5]
            if row[6] is not None:
                house[row[6]] += value
        self.n = len(per)
        self.tops = sorted((abs(v) for v in per.values()), reverse=True)
        self.total = sum(self.values, Fraction())
        self.size = sum(map(abs, self.values), Fraction())
        self.houses = {key: abs(v) for key, v in house.items()}
        self.second_size = sum((Fraction(r[5]) for r in self.valid), Fraction())
        self.second_top = max(second.values(), default=Fraction())
        self.negatives = sum(v < 0 for v in self.values)
        self.used: int | None = None
        self.ties = max(Counter(self.values).values(), default=0)
        self.events = sum(r[5] > 0 for r in rows)
        self.sides = (sum(v < 3 for v in self.values), sum(v > 3 for v in self.values))
        if spec.statistic in ("mean_lowest", "mean_highest"):
            each = sorted(per.values(), reverse=spec.statistic == "mean_highest")[: spec.extremes]
            self.used = len(each)
            self.total, self.size = sum(each, Fraction()), sum(map(abs, each), Fraction())
            self.tops = sorted(map(abs, each), reverse=True)

    @property
    def value(self) -> float | None:
        """A stand-in where the rules do not look at the value itself."""
        n = len(self.values)
        if self.spec.statistic in ("count", "units", "share"):
            return float(self.n if self.spec.statistic == "units" else self.total)
        if not n:
            return None
        mean = self.total / n
        squares = sum((v - mean) ** 2 for v in self.values)
        if self.spec.statistic in ("sd", "variance"):
            return math.sqrt(squares / (n - 1)) if n > 1 else None
        if self.spec.statistic == "correlation":
            other = Fraction(sum(r[5] for r in self.valid), n)
            across = sum((v - mean) * (r[5] - other) for v, r in zip(self.values, self.valid, strict=True))
            scale = squares * sum((r[5] - other) ** 2 for r in self.valid)
            return None if not scale else 1.0 if across**2 == scale else float(across) / math.sqrt(scale)
        if self.spec.statistic == "ratio":
            return float(self.total / self.second_size) if self.second_size else None
        return float(self.total)

    def record(self) -> dict[str, Any]:
        ranked, curve = self.spec.statistic in ("median", "percentile"), self.spec.statistic == "survival"
        top = [float(v) for v in self.tops] or [None]
        return {
            "value": self.value, "rows": len(self.rows), "missing": len(self.rows) - len(self.valid), "n": self.n, "n_exact": True,
            "total": float(self.total) if self.valid else None, "abs_total": float(self.size) if self.valid else None,
            "top1": top[0], "top2": top[1] if len(top) > 1 else None, "topn": float(sum(self.tops[:3])) if self.tops else None, "top_exact": True,
            "negatives": self.negatives, "institutions": len(self.houses), "institution_top1": max(map(float, self.houses.values()), default=None),
            "below": self.sides[0] if ranked else None, "above": self.sides[1] if ranked else None,
            "ties": self.ties if self.spec.statistic == "mode" else None, "used": self.used, "events": self.events if curve else None,
            "second_abs": float(self.second_size) if self.valid else None, "second_top1": float(self.second_top) if self.valid else None,
        }  # fmt: skip


def reached(size: Fraction, share: float, of: Fraction, comparator: str) -> bool:
    limit = Fraction(str(share)) * of
    return size >= limit if comparator == ">=" else size > limit


def expected(key: Key, cells: dict[Key, Figures], spec: TableSpec, profile: RuleProfile, nested: bool, shares: dict[Key, float | None]) -> set[str]:
    """The codes of every reason that holds for a cell."""
    cell = cells[key]
    statistic = spec.statistic
    value = shares[key] if statistic == "share" else cell.value
    codes: set[str] = set()
    if value is None or not cell.valid:
        return codes
    frequency = statistic in ("count", "units", "share")
    if cell.n < profile.min_frequency:
        codes.add("too_few_units")
    if statistic in ("sd", "variance", "correlation"):
        if cell.n - 1 < profile.min_dof:
            codes.add("few_degrees_of_freedom")
        if (statistic == "correlation" and abs(value) == 1) or (statistic != "correlation" and value == 0):
            codes.add("no_variation")
    if statistic in ("median", "percentile") and min(cell.sides) < profile.each_side:
        codes.add("few_on_each_side")
    if statistic in ("min", "max"):
        codes.add("extreme_value")
    if cell.used is not None:
        codes |= {"few_extremes"} if cell.used < profile.min_frequency else set()
        codes |= {"extremes_overlap"} if cell.n < 2 * cell.used else set()
    if statistic == "mode":
        codes |= {"mode_share"} if Fraction(cell.ties, len(cell.valid)) > Fraction(str(profile.mode_max_share)) else set()
        codes |= {"few_with_mode"} if cell.ties < profile.min_frequency else set()
    if statistic == "survival":
        codes |= {"few_in_step"} if cell.n < profile.per_step else set()
        codes |= {"few_events"} if cell.events < profile.per_step else set()
    if statistic == "lorenz" and cell.n < profile.per_step:
        codes.add("few_in_step")
    if profile.min_institutions is not None and len(cell.houses) < profile.min_institutions:
        codes.add("few_institutions")
    institutional = statistic not in ("lorenz", "survival") and cell.size and cell.houses
    if profile.institution_max_share is not None and institutional:
        largest = max(cell.houses.values())
        codes |= {"largest_institution"} if reached(largest, profile.institution_max_share, cell.size, profile.dominance_comparator) else set()
    if statistic in ("sum", "mean", "ratio", "gini", "lorenz", "mean_lowest", "mean_highest") and cell.size:
        pairs = [(sum(cell.tops[: profile.dominance_units], Fraction()), cell.size)]
        if statistic == "ratio" and cell.second_size:
            pairs.append((cell.second_top, cell.second_size))
        if any(reached(size, profile.dominance_max_share, of, profile.dominance_comparator) for size, of in pairs):
            codes.add("largest_contributor")
        two = [*cell.tops, Fraction(), Fraction()]
        if any(cell.size - two[0] - two[1] < Fraction(str(share)) * two[0] for share in profile.remainder_shares):
            codes.add("remainder_too_small")
        if cell.negatives:
            codes.add("negative_contributions")
        extreme = profile.extreme_max_share if statistic in ("sum", "mean") else None
        if extreme is not None and cell.tops[0] > Fraction(str(extreme)) * abs(cell.total):
            codes.add("advisory_extreme")
    if not frequency and not cell.size and profile.zero_rule:
        codes.add("all_zero")
    if profile.advisory_min_frequency is not None:
        size = cell.n
        if statistic == "share":
            size = cells[(key[0], key[1], TOTAL)].n
        codes |= {"advisory_few_units"} if size < profile.advisory_min_frequency else set()
    if profile.advisory_rounding is not None and statistic == "count" and value % profile.advisory_rounding:
        codes.add("not_rounded")
    if frequency:
        for line, parts in lines(key, cells, nested):
            measures = [lambda c: Fraction(c.n)] + ([lambda c: c.total] if statistic == "count" else [])
            for size_of in measures:
                whole = size_of(cells[line]) if line is not None else sum((size_of(cells[part]) for part in parts), Fraction())
                if reached(size_of(cell), profile.group_max_share, whole, profile.group_comparator):
                    codes.add("share_of_group")
            units = cells[line].n if line is not None else sum(cells[part].n for part in parts)
            if units - cell.n == 1:
                codes.add("all_but_one")
        if statistic == "share" and key[2] != TOTAL:
            codes |= {"hundred_percent"} if value >= 100 - 1e-9 else {"zero_percent"} if value == 0 else set()
    return codes


def lines(key: Key, cells: dict[Key, Figures], nested: bool) -> list[tuple[Key | None, list[Key]]]:
    """Along each dimension with a choice: the cell right above, or the parts where there is none."""
    t, a, b = key
    beside = [(str(other), a, b) for other in range(TABLES)]
    found: list[tuple[Key | None, list[Key]]] = [(None, [other for other in beside if other in cells])]
    if a != TOTAL:
        found.append(((t, NODES[a] if nested and a in NODES else TOTAL, b), []))
    if b != TOTAL:
        found.append(((t, a, TOTAL), []))
    return found


def dimensions_of(nested: bool) -> tuple[Dimension, ...]:
    tables = dimension("T", [str(t) for t in range(TABLES)])
    order = ["p*", "p1", "p2", "q*", "q1", "q2"] if nested else list(CODES_A)
    parents: dict[str, str | None] = {**NODES, "p*": None, "q*": None} if nested else {}
    across = Dimension(name="A", label="A", categories=tuple(Category(code=c, label=c) for c in order), parents=parents)
    return tables, across, dimension("B", list(CODES_B))


def compare(seed: int, spec: TableSpec, profile: RuleProfile, nested: bool) -> int:
    """Check one frame of forty tables; gives the number of reasons."""
    cells = {key: Figures(rows, spec) for key, rows in grouped(microdata(seed), nested).items()}
    shares: dict[Key, float | None] = {}
    records = []
    for (t, a, b), cell in cells.items():
        record = cell.record()
        if spec.statistic == "share":
            whole = cells[(t, a, TOTAL)].total
            record["value"] = shares[(t, a, b)] = float(100 * cell.total / whole) if whole else None
        codes = {f"d{i}": None if code == TOTAL else code for i, code in enumerate((t, a, b))}
        records.append(record | codes | {"g0": False, "g1": a == TOTAL, "g2": b == TOTAL})
    frame = pa.Table.from_pylist(records, schema=evidence_schema(3))
    read = Cells.of(frame, dimensions_of(nested))
    got: list[set[str]] = [set() for _ in cells]
    question = Question(spec.statistic, profile, spec)
    for rule in RULES:
        for ruling in rule(read, question):
            for row in ruling.cells.nonzero()[0].tolist():
                got[row].add(ruling.code)
    reasons = 0
    for found, key in zip(got, cells, strict=True):
        wanted = expected(key, cells, spec, profile, nested, shares)
        assert found == wanted, (seed, key, cells[key].record())
        reasons += len(wanted)
    return reasons


profiles = st.builds(
    RuleProfile,
    min_frequency=st.integers(1, 5),
    min_dof=st.integers(1, 5),
    group_max_share=st.sampled_from([0.5, 0.75, 0.9]),
    group_comparator=st.sampled_from([">", ">="]),
    dominance_max_share=st.sampled_from([0.5, 0.6, 0.8]),
    dominance_comparator=st.sampled_from([">", ">="]),
    dominance_units=st.integers(1, 3),
    p_percent=st.sampled_from([None, 25, 100]),
    pq_p=st.sampled_from([None, 50]),
    min_institutions=st.sampled_from([None, 1, 2]),
    institution_max_share=st.sampled_from([None, 0.5, 0.75]),
    advisory_min_frequency=st.sampled_from([None, 6]),
    advisory_rounding=st.sampled_from([None, 5]),
    extreme_max_share=st.sampled_from([None, 0.25, 0.5]),
    zero_rule=st.booleans(),
    min_each_side=st.sampled_from([None, 2]),
    min_step=st.sampled_from([None, 4]),
    mode_max_share=st.sampled_from([0.5, 0.9]),
)
EXTRA: dict[str, dict[str, Any]] = {
    "percentile": {"percentile": 0.25},
    "ratio": {"second": "W"},
    "correlation": {"second": "W"},
    "mean_lowest": {"extremes": 3},
    "mean_highest": {"extremes": 3},
    "survival": {"time": "T", "event": "E"},
}


@pytest.mark.parametrize(
    "kinds",
    [
        ("count",),
        ("units", "share"),
        ("sum", "mean"),
        ("ratio",),
        ("median", "percentile"),
        ("min", "max", "mean_lowest", "mean_highest"),
        ("sd", "variance", "correlation"),
        ("mode", "gini", "lorenz", "survival"),
    ],
)
def test_a_thousand_tables_agree_with_the_reference(kinds: tuple[str, ...]) -> None:
    reasons = 0

    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate])
    @given(seed=st.integers(0, 10**9), statistic=st.sampled_from(kinds), profile=profiles, nested=st.booleans())
    def every_table(seed: int, statistic: str, profile: RuleProfile, nested: bool) -> None:
        nonlocal reasons
        spec = TableSpec(source="X", rows=("T", "A"), columns=("B",), values="V", statistic=statistic, **EXTRA.get(statistic, {}))
        reasons += compare(seed, spec, profile, nested)

    every_table()
    assert reasons > TABLES * EXAMPLES, "tables of which nothing can be said prove nothing"
