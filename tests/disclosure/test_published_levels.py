"""Cells printed with their largest contributions: the rules and the protection levels they ask for; source and figures in each test's name and text.

The Handbook: ESSnet Handbook on SDC, 2nd edition 2024 (github.com/sdcTools/HandbookSDC). tau-ARGUS: ``data/tableinput/pp.tab`` of
github.com/sdcTools/tauargus, the table of its tests by size class and region.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from evidence_frames import Row, crosstab, dimension, frame_of

from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.complement import passes
from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.disclosure.relations.attack import intervals
from jupyter_cbs.disclosure.relations.frame import problem_of
from jupyter_cbs.disclosure.rules import RULES, Question
from jupyter_cbs.disclosure.rules.dominance import protection_levels
from jupyter_cbs.domain.evidence import TableSpec, evidence_schema
from jupyter_cbs.domain.rules import RuleProfile

NEVER = {"min_frequency": 1, "dominance_max_share": 1, "dominance_comparator": ">"}
"""No rule but those that are named."""


def cells_of(*contributions: tuple[float, ...], totals: tuple[float, ...] | None = None) -> Cells:
    """Cells of one dimension with the given contributions; ``totals`` where not all contributions are given."""
    records: list[dict[str, Any]] = []
    for i, values in enumerate(contributions):
        tops = sorted(values, reverse=True)
        total = sum(values) if totals is None else totals[i]
        n = len(values) if totals is None else max(len(values), 3)
        record: dict[str, Any] = {"d0": str(i), "g0": False, "value": total, "rows": n, "missing": 0, "n": n, "n_exact": True, "total": total}
        record |= {"abs_total": total, "top1": tops[0], "top2": tops[1] if len(tops) > 1 else None, "topn": sum(tops[:3]), "top_exact": True}
        records.append(record | {"negatives": 0})
    frame = pa.Table.from_pylist(records, schema=evidence_schema(1))
    return Cells.of(frame, (dimension("A", [str(i) for i in range(len(contributions))]),))


def failing(cells: Cells, profile: RuleProfile) -> set[int]:
    found = [ruling.cells for rule in RULES for ruling in rule(cells, Question("sum", profile)) if ruling.code in CONCENTRATION]
    return set(np.flatnonzero(np.logical_or.reduce(found)).tolist())


CONCENTRATION = ("largest_contributor", "remainder_too_small")


def test_handbook_sdc_4_2_1_example_1_50000_and_49000_of_100000_pass_1_90_although_49000_estimates_50000_to_2_percent() -> None:
    cell = cells_of((50_000, 49_000), totals=(100_000,))
    assert failing(cell, RuleProfile(**NEVER | {"dominance_max_share": 0.9})) == set()
    assert failing(cell, RuleProfile(**NEVER, p_percent=2)) == set(), "exactly 2 %"
    assert failing(cell, RuleProfile(**NEVER, p_percent=2.1)) == {0}


def test_handbook_sdc_4_2_1_example_2_52000_and_50000_of_110000_pass_p_10_with_15_4_percent_and_fail_2_90_9() -> None:
    cell = cells_of((52_000, 50_000), totals=(110_000,))
    assert failing(cell, RuleProfile(**NEVER, p_percent=10)) == set()
    assert failing(cell, RuleProfile(**NEVER, p_percent=15.3)) == set()
    assert failing(cell, RuleProfile(**NEVER, p_percent=15.4)) == {0}
    assert failing(cell, RuleProfile(**NEVER | {"dominance_units": 2, "dominance_max_share": 100 / 110})) == {0}


@pytest.mark.parametrize(("k", "p"), [(80, 25), (95, 100 * 5 / 95)])
def test_handbook_sdc_4_2_1_what_passes_2_80_passes_p_25_and_what_passes_2_95_passes_p_5_26(k: float, p: float) -> None:
    random = np.random.default_rng(int(k))
    cells = cells_of(*(tuple(float(v) for v in random.lognormal(0, 2, random.integers(3, 9))) for _ in range(300)))
    dominated = failing(cells, RuleProfile(**NEVER | {"dominance_units": 2, "dominance_max_share": k / 100}))
    estimated = failing(cells, RuleProfile(**NEVER, p_percent=p))
    assert estimated < dominated


def test_handbook_sdc_4_2_2_example_4_the_level_of_300_20_10_under_1_85_is_352_94_less_330() -> None:
    cell = cells_of((300, 20, 10))
    profile = RuleProfile(**NEVER | {"dominance_max_share": 0.85})
    assert failing(cell, profile) == {0}
    assert protection_levels(cell, profile) == pytest.approx([352.94 - 330], abs=0.005)


@pytest.mark.parametrize(
    ("profile", "level"),
    [
        ({"dominance_max_share": 0.85}, 300 / 0.85 - 330),
        ({"dominance_units": 2, "dominance_max_share": 0.85}, 320 / 0.85 - 330),
        ({"dominance_units": 3, "dominance_max_share": 0.85}, 330 / 0.85 - 330),
        ({"p_percent": 20}, 0.2 * 300 - 10),
        ({"pq_p": 20, "pq_q": 80}, 0.25 * 300 - 10),
        ({"dominance_max_share": 0.85, "p_percent": 20}, 50),
        ({"p_percent": 3}, 0),
    ],
)
def test_handbook_sdc_4_2_2_upper_protection_levels_of_the_n_k_p_and_p_q_rules(profile: dict[str, Any], level: float) -> None:
    """Table 'Upper protection levels', on the contributions of example 4; example 5 proves the p % line."""
    assert protection_levels(cells_of((300, 20, 10)), RuleProfile(**NEVER | profile)) == pytest.approx([level])


def test_handbook_sdc_4_2_2_example_5_the_upper_bound_that_a_level_leaves_hides_x1_by_p_percent_from_x2() -> None:
    profile = RuleProfile(**NEVER, p_percent=20)
    (level,) = protection_levels(cells_of((300, 20, 10)), profile)
    assert 330 + level - 20 == pytest.approx(1.2 * 300)


def test_a_table_hidden_under_the_p_percent_rule_leaves_its_levels_open() -> None:
    """Three units of 300, 20 and 10 beside cells that are too small to hide them by 50."""
    rows = [Row(i, ("x", "a"), value) for i, value in enumerate((300.0, 20.0, 10.0))]
    rows += [Row(100 + i, ("x", "b"), 2.0) for i in range(5)] + [Row(200 + i, ("x", "c"), 90.0) for i in range(9)]
    rows += [Row(300 + i, ("y", code), 50.0) for code in "abc" for i in range(9 * (ord(code) - 96), 9 * (ord(code) - 95))]
    frame, about = frame_of(rows, 2, "sum"), (dimension("D0", ["x", "y"]), dimension("D1", ["a", "b", "c"]))
    profile = RuleProfile(**NEVER, p_percent=20)
    judged = judge(frame, about, TableSpec(source="X", rows=("D0",), columns=("D1",), values="V", statistic="sum"), profile)
    cells = Cells.of(frame, about)
    unsafe = [i for i, status in enumerate(judged.frame.column("status").to_pylist()) if status == "unsafe"]
    assert [cells.labels(i) for i in unsafe] == [("D0-x", "D1-a")]
    assert judged.proof is not None
    problem = problem_of(cells, judged.hidden, statistic="sum", profile=profile)
    (name,) = problem.protection
    low, high = intervals(problem)[name]
    assert low <= 280
    assert high >= 380


def test_a_union_is_judged_by_every_concentration_rule() -> None:
    """300 and 20 in one cell, 30 in another: together 350, of which all but the two largest are 20."""
    cells = cells_of((300, 20), (30,))
    both = np.array([0, 1])
    assert passes(cells, both, Question("sum", RuleProfile(**NEVER)), 3)
    assert passes(cells, both, Question("sum", RuleProfile(**NEVER, p_percent=6)), 3)
    assert not passes(cells, both, Question("sum", RuleProfile(**NEVER, p_percent=7)), 3)
    assert passes(cells, both, Question("sum", RuleProfile(**NEVER | {"dominance_units": 2, "dominance_max_share": 0.95})), 3)
    assert not passes(cells, both, Question("sum", RuleProfile(**NEVER | {"dominance_units": 2, "dominance_max_share": 0.94})), 3)


PP_TAB: tuple[tuple[str, float, tuple[float, ...], float | None], ...] = (
    ("2, 1", 5, (5,), 0.75), ("2, Nr", 5, (5,), 0.75), ("2, 6", 10, (5, 5), 0.75), ("4, 1", 5, (5,), 0.75), ("4, Nr", 5, (5,), 0.75),
    ("9, 4", 11_968, (11_401, 145), 1288.15), ("2, Os", 15, (5, 5), None), ("4, 11", 15, (5, 5), None), ("4, Zd", 15, (5, 5), None),
    ("99, 2", 385, (77, 77), None), ("8, 4", 18_150, (2_889, 2_861), None), ("9, 8", 198_859, (25_520, 24_295), None),
    ("9, 6", 1_083_254, (112_887, 109_240), None),
)  # fmt: skip
"""Size class and region, total, the largest contributions, the printed protection level (none: printed as safe)."""


def test_tauargus_pp_tab_p_15_unsafe_cells_and_their_protection_levels_0_75_and_1288_15() -> None:
    """0.15 x 5 - 0 = 0.75; 0.15 x 11,401 - (11,968 - 11,401 - 145) = 1,288.15. Of 162 cells the nearest safe ones are listed."""
    cells = cells_of(*(tops for _, _, tops, _ in PP_TAB), totals=tuple(total for _, total, _, _ in PP_TAB))
    # one contributor is one
    cells.n[:] = [len(tops) if sum(tops) == total else 3 for _, total, tops, _ in PP_TAB]
    profile = RuleProfile(**NEVER, p_percent=15)
    assert failing(cells, profile) == {i for i, (_, _, _, level) in enumerate(PP_TAB) if level is not None}
    assert protection_levels(cells, profile) == pytest.approx([level or 0 for _, _, _, level in PP_TAB])


def test_handbook_sdc_5_2_group_disclosure_all_6_married_work_full_time_and_5_of_6_divorced() -> None:
    """Hours worked by marital status: 6 and 0, 5 and 1, 2 and 2. The married are disclosed; the one divorced part-timer learns of the other five."""
    frame, dims = crosstab([[6, 0], [5, 1], [2, 2]])
    spec = TableSpec(source="X", rows=("A",), columns=("B",))
    judged = judge(frame, dims, spec, RuleProfile(min_frequency=1), "person", patience=0)
    found = {f.cell: (f.status.value, f.rule.value) for f in judged.findings}
    assert found[("A-0", "B-0")] == ("unsafe", "group_disclosure")
    assert found[("A-1", "B-0")] == ("review", "within_group")
    # of the three part-timers two are single: the third knows that of the others
    assert set(found) == {("A-0", "B-0"), ("A-1", "B-0"), ("A-2", "B-1")}


def test_handbook_sdc_5_2_identification_one_single_woman_and_the_counts_beside_her() -> None:
    """Marital status by sex in an area of 70 persons: 38, 17; 7, 4; 3, 1."""
    frame, dims = crosstab([[38, 17], [7, 4], [3, 1]])
    spec = TableSpec(source="X", rows=("A",), columns=("B",))
    judged = judge(frame, dims, spec, RuleProfile(min_frequency=3, group_max_share=1), "person", patience=0)
    assert [f.cell for f in judged.findings if f.rule.value == "min_frequency"] == [("A-2", "B-1")]
