"""Tables printed elsewhere, with the figures printed beside them; the source stands in each test's name and text."""

from __future__ import annotations

import numpy as np
import pytest
from relations_tables import enumerated, problem_of

from jupyter_cbs.disclosure.relations.attack import intervals, verdict
from jupyter_cbs.disclosure.relations.audit import audit
from jupyter_cbs.disclosure.relations.problem import Rounding, TableProblem, linked
from jupyter_cbs.disclosure.relations.protect import protect
from jupyter_cbs.disclosure.relations.rounding import controlled_rounding


def test_handbook_sdc_example_1a_the_sector_total_gives_the_suppressed_subsector_away() -> None:
    """ESSnet Handbook on SDC, 2nd edition 2024, section 4.1, example 1a: 56,600 - 47,600 - 8,002 = 998."""
    sector = TableProblem(
        cells={"I": 998, "II": 47_600, "III": 8_002, "sector": 56_600}, relations=(("sector", ("I", "II", "III")),), suppressed=("I",)
    )
    assert intervals(sector) == {"I": (998, 998)}
    found = protect(sector)
    assert found.complementary == ("III",)
    assert intervals(sector.with_suppressed(("I", "sector"))) == {"I": (0, np.inf), "sector": (55_602, np.inf)}


def test_handbook_sdc_example_3_geurts_1992_table_10_interval_of_cell_1_1_is_3_to_6() -> None:
    """ESSnet Handbook on SDC, section 4.2.2, example 3 (Geurts 1992, table 10, p. 20): X11 lies between 3 and 6."""
    problem = problem_of([[4, 3], [2, 1], [3, 3]], ("aa", "ab", "ba", "bb"))
    assert {name: problem.cells[name] for name in ("aT", "bT", "cT", "Ta", "Tb", "TT")} == {"aT": 7, "bT": 3, "cT": 6, "Ta": 9, "Tb": 7, "TT": 16}
    found = intervals(problem)
    assert found["aa"] == (3, 6)
    assert found == enumerated(problem)


def test_handbook_sdc_example_4_feasible_upper_bound_352_94_for_the_1_85_rule() -> None:
    """ESSnet Handbook on SDC, section 4.2.2, example 4: X = 330 with x1 = 300; an upper bound below 352.94 is too close."""
    level = 100 / 85 * 300 - 330
    assert 330 + level == pytest.approx(352.94, abs=0.005)

    def published(beside: float) -> TableProblem:
        return TableProblem(
            cells={"x": 330, "beside": beside, "t": 330 + beside},
            relations=(("t", ("x", "beside")),),
            suppressed=("x", "beside"),
            protection={"x": (0, level)},
        )

    assert verdict(published(22.9)).unprotected["x"][1] == pytest.approx(352.9)
    assert audit(published(22.9)).unprotected == {"x": (0, pytest.approx(352.9))}
    assert verdict(published(22.95)).safe


def test_handbook_sdc_4_2_two_singletons_within_one_aggregation_disclose_each_other() -> None:
    """ESSnet Handbook on SDC, section 4.2.2: no matter how large the values, both contributors can disclose the other's."""
    line = TableProblem(
        cells={"a": 5_000, "b": 7_000, "c": 30_000, "t": 42_000},
        relations=(("t", ("a", "b", "c")),),
        suppressed=("a", "b"),
        singletons=("a", "b"),
    )
    found = audit(line)
    assert found.exact == ()
    assert {insider.singleton: insider.exact for insider in found.insiders} == {"a": ("b",), "b": ("a",)}


AREAS = np.array([[1, 0], [3, 3], [12, 20]])
"""ESSnet Handbook on SDC, section 5.5: population counts by sex (columns) and area (rows)."""


def distance(problem: TableProblem, rounded: dict[str, float]) -> float:
    return sum(abs(rounded[name] - value) for name, value in problem.cells.items())


def test_handbook_sdc_5_5_controlled_rounding_to_base_5_is_no_further_than_the_printed_solution() -> None:
    """ESSnet Handbook on SDC, section 5.5, example of controlled rounding: additive, each value at a multiple beside it."""
    problem = problem_of(AREAS, (), rounding=Rounding(base=5, deviation=4), published=False)
    printed = problem_of([[5, 0], [0, 5], [10, 20]])
    assert {name: printed.cells[name] for name in ("aT", "bT", "cT", "Ta", "Tb", "TT")} == {"aT": 5, "bT": 5, "cT": 30, "Ta": 15, "Tb": 25, "TT": 40}
    found = controlled_rounding(problem)
    for total, parts in problem.relations:
        assert found.problem.cells[total] == sum(found.problem.cells[part] for part in parts)
    assert all(abs(found.problem.cells[name] - value) < 5 for name, value in problem.cells.items())
    assert distance(problem, found.problem.cells) <= distance(problem, dict(printed.cells))


def test_handbook_sdc_5_5_conventional_rounding_to_base_5_can_be_unpicked() -> None:
    """ESSnet Handbook on SDC, section 5.5: the same counts rounded conventionally, where 32 is 30 (the handbook prints 35)."""
    printed = {"aa": 0, "ab": 0, "aT": 0, "ba": 5, "bb": 5, "bT": 5, "ca": 10, "cb": 20, "cT": 30, "Ta": 15, "Tb": 25, "TT": 40}
    problem = problem_of(AREAS).model_copy(
        update={"cells": {name: float(value) for name, value in printed.items()}, "rounding": Rounding(base=5, deviation=2), "integer": True}
    )
    found = intervals(problem)

    def allowed(name: str) -> range:
        return range(max(0, printed[name] - 2), printed[name] + 3)

    assert found == enumerated(problem, printed, allowed=allowed)
    assert found["bT"] == (6, 7), "printed as 5, which alone would leave 3 to 7"
    assert found["ba"] == (3, 4)


SDCTABLE = np.array([[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]])
"""sdcTable, tests/testthat/test-simpleheuristic.R: rows w, x, y, z; columns a, b, c, d."""
SDCTABLE_PRIMARY = ("aa", "ab", "ac", "ba", "bc", "cb", "cd", "db", "dd")


def test_sdctable_simpleheuristic_cell_w_b_of_47_follows_although_every_line_has_two_suppressions() -> None:
    """sdcTable 0.33, test-simpleheuristic.R: rows w + x less columns a + c give 236 - 189 = 47."""
    problem = problem_of(SDCTABLE, SDCTABLE_PRIMARY)
    assert (problem.cells["aT"], problem.cells["bT"], problem.cells["Ta"], problem.cells["Tc"], problem.cells["TT"]) == (230, 250, 1012, 779, 3943)
    assert verdict(problem).exact == ("ab",)
    assert intervals(problem)["ab"] == (47, 47)


def test_sdctable_simpleheuristic_one_further_suppression_is_enough_and_w_b_lies_between_0_and_78() -> None:
    """sdcTable 0.33, test-simpleheuristic.R: one complementary cell; attack() gives 0 and 78 for w|b."""
    problem = problem_of(SDCTABLE, SDCTABLE_PRIMARY)
    with_x_d = audit(problem.with_suppressed((*SDCTABLE_PRIMARY, "bd")))
    assert with_x_d.safe
    found = protect(problem)
    assert len(found.complementary) == 1
    assert found.optimal
    attacked = {name: intervals(problem.with_suppressed((*SDCTABLE_PRIMARY, name)))["ab"] for name in ("bb", "bd", "ad", "ca", "cc")}
    assert (0, 78) in attacked.values()


def test_sdctable_protecttable_optimal_pattern_of_microdata1_hides_males_and_females_of_a_and_c() -> None:
    """sdcTable 0.33, test-protectTable.r: with A|female primary, three secondary cells: A|male, C|male and C|female (also GAUSS with D|male kept)."""
    counts = {"A": (18, 2), "B": (14, 19), "C": (12, 10), "D": (11, 14)}
    problem = problem_of(list(counts.values()), ("ab",))
    assert sum(sum(pair) for pair in counts.values()) == 100
    found = protect(problem, method="exact", min_frequency=0)
    assert found.complementary == ("aa", "ca", "cb")
    assert found.optimal


def linked_tables() -> tuple[TableProblem, TableProblem]:
    counts = {"A": 2, "B": 2, "I": 8, "J": 8, "K": 3, "L": 3, "M": 3, "N": 7}
    primary = ("A", "B", "K", "L", "M")

    def table(groups: dict[str, tuple[str, ...]]) -> TableProblem:
        cells = counts | {group: sum(counts[part] for part in parts) for group, parts in groups.items()} | {"total": sum(counts.values())}
        return TableProblem(
            cells={name: float(value) for name, value in cells.items()},
            relations=(*groups.items(), ("total", tuple(groups))),
            suppressed=primary,
        )

    return (
        table({"county-1": ("A", "B", "I", "J"), "county-2": ("K", "L", "M", "N")}),
        table({"big": ("L", "M"), "small": ("A", "B", "I", "J", "K", "N")}),
    )


def test_sdctable_linked_tables_each_is_safe_and_together_cell_k_follows() -> None:
    """sdcTable 0.33, test-linked-tables.r: small less county-1 is K + N = 10, N is 7, so K is 3; N must be suppressed in both."""
    one, two = linked_tables()
    assert verdict(one).exact == ()
    assert verdict(two).exact == ()
    together = linked((one, two))
    assert verdict(together).exact == ("K",)
    assert intervals(together)["K"] == (3, 3)
    found = protect(together, min_frequency=0)
    assert found.complementary == ("N",)
    assert not audit(found.problem, min_frequency=0).exact


def test_fischetti_salazar_2001_investment_table_optimal_pattern_and_interval_5_to_30() -> None:
    """M. Fischetti, J.J. Salazar, Management Science 47 (2001) 1008-1026, the introductory table by activity and region: 22 in II, C is protected by
    II, A (8), III, A (17) and III, C (12), and lies between 5 and 30.
    """
    problem = problem_of([[20, 50, 10], [8, 19, 22], [17, 32, 12]], ("bc",))
    assert (problem.cells["bT"], problem.cells["Tc"], problem.cells["TT"]) == (49, 44, 190)
    found = protect(problem, method="exact", min_frequency=0)
    assert set(found.complementary) == {"ba", "ca", "cc"}
    assert found.cost == 37
    assert found.intervals["bc"] == (5, 30)


SINGLETONS = TableProblem(
    cells={"a": 1, "b": 2, "c": 1, "tot": 4},
    relations=(("tot", ("a", "b", "c")),),
    suppressed=("a", "c"),
)
"""sdcTable, tests/testthat/test-protectTable.r: one dimension, regions a, b, b, c; counts of one are primary."""


def test_sdctable_protecttable_two_single_counts_without_detection_of_singletons_need_no_company() -> None:
    assert protect(SINGLETONS, min_frequency=0).complementary == ()
    assert audit(SINGLETONS, min_frequency=0).safe


def test_sdctable_protecttable_two_single_counts_with_detection_of_singletons_need_one_more() -> None:
    single = SINGLETONS.model_copy(update={"singletons": ("a", "c")})
    assert {insider.exact for insider in audit(single, min_frequency=0).insiders} == {("a",), ("c",)}
    assert protect(single, min_frequency=0).complementary == ("b",)


@pytest.mark.parametrize(("threshold", "theirs"), [(3, ("b",)), (5, ("b", "tot"))])
def test_sdctable_protecttable_thresholds_3_and_5_need_no_more_than_one_and_two_more(threshold: int, theirs: tuple[str, ...]) -> None:
    """Threshold 5 is more than the whole table holds: sdcTable suppresses all of it; hiding the total alone is enough."""
    ours = protect(SINGLETONS, min_frequency=threshold)
    assert set(ours.complementary) <= set(theirs)
    assert audit(ours.problem, min_frequency=threshold).safe
    assert not audit(SINGLETONS, min_frequency=threshold).safe
    assert ours.complementary == (("b",) if threshold == 3 else ("tot",))


def test_gausssuppression_vignette_small_counts_table_1_pattern_of_young_portugal() -> None:
    """Vignette 'Small count frequency table suppression', table 1: maxN = 1 suppresses four cells, printed with their counts."""
    counts = {
        "young Iceland": 2, "young Portugal": 0, "young Spain": 5, "young": 7,
        "old Iceland": 3, "old Portugal": 4, "old Spain": 6, "old": 13,
        "Iceland": 5, "Portugal": 4, "Spain": 11, "Total": 20,
    }  # fmt: skip
    countries, ages = ("Iceland", "Portugal", "Spain"), ("young", "old")
    relations = [(age, tuple(f"{age} {country}" for country in countries)) for age in ages]
    relations += [(country, tuple(f"{age} {country}" for age in ages)) for country in countries]
    relations += [("Total", ages), ("Total", countries)]
    problem = TableProblem(cells=counts, relations=tuple(relations), suppressed=("young Portugal",), integer=True)
    printed = ("young Iceland", "young Portugal", "old Iceland", "old Portugal")
    found = intervals(problem.with_suppressed(printed))
    assert found["young Portugal"] == (0, 2)
    assert found == enumerated(problem.with_suppressed(printed))
    # fewer cells, or the same ones with a margin instead, do not protect it; ours is as small
    assert intervals(problem)["young Portugal"] == (0, 0)
    ours = protect(problem, min_frequency=0)
    assert ours.optimal
    assert len(ours.problem.suppressed) == len(printed)
    assert sum(counts[name] for name in ours.complementary) <= sum(counts[name] for name in printed)


def test_gausssuppression_vignette_the_problem_of_zeros_two_zeros_follow_from_a_sum_of_zero() -> None:
    """Same vignette, 'The problem of zeros': the sum of young:Iceland and young:Portugal is zero, so both are."""
    line = TableProblem(
        cells={"Iceland": 0, "Portugal": 0, "Spain": 6, "young": 6},
        relations=(("young", ("Iceland", "Portugal", "Spain")),),
        suppressed=("Iceland", "Portugal"),
        integer=True,
    )
    assert set(verdict(line).exact) == {"Iceland", "Portugal"}
    assert protect(line, min_frequency=0).complementary in (("Spain",), ("young",))  # both cost 6
    assert not verdict(line.with_suppressed(("Iceland", "Portugal", "Spain"))).exact
