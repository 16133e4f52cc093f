"""Tables printed in the tau-ARGUS manual, and further ones of the Handbook and GaussSuppression; source and figures in each test's name and text.

The manual: tau-ARGUS version 4.1, user's manual (github.com/sdcTools/manuals). The Handbook: ESSnet Handbook on SDC, 2nd edition 2024
(github.com/sdcTools/HandbookSDC). GaussSuppression: github.com/statisticsnorway/ssb-gausssuppression.
"""

from __future__ import annotations

from itertools import product

import pytest
from relations_tables import enumerated, problem_of

from jupyter_cbs.disclosure.relations.attack import intervals, verdict
from jupyter_cbs.disclosure.relations.audit import audit
from jupyter_cbs.disclosure.relations.problem import Rounding, TableProblem
from jupyter_cbs.disclosure.relations.protect import protect
from jupyter_cbs.disclosure.relations.rounding import controlled_rounding
from jupyter_cbs.domain.errors import Invalid


def test_tauargus_manual_2_14_audit_interval_of_cell_1_1_is_3_to_6_and_singleton_1_2_knows_it() -> None:
    """Section 2.14, Audit; the singleton is the Handbook's, section 4.3, footnote to the same table."""
    problem = problem_of([[4, 3], [2, 1], [3, 3]], ("aa", "ab", "ba", "bb"), singletons=("ab",))
    found = audit(problem, min_frequency=0)
    assert found.intervals["aa"] == (3, 6)
    assert found.exact == ()
    (insider,) = found.insiders
    assert insider.singleton == "ab"
    assert insider.intervals["aa"] == (4, 4)


SINGLETON_ROWS = ((52, 15, 62, 17), (24, 18, 31, 8))
"""The manual, section 2.9, Singletons: rows A and B, columns X1 to X4; (A, X2) is a singleton, (A, X4) unsafe by a p % rule with p = 10."""


def singleton_table(**more: object) -> TableProblem:
    return problem_of(SINGLETON_ROWS, ("ab", "ad"), singletons=("ab",), **more)


def test_tauargus_manual_2_9_the_total_73_of_x1_is_a_misprint_for_76_and_is_said_to_be_3_off() -> None:
    good = singleton_table()
    assert [good.cells[name] for name in ("TT", "Tb", "Tc", "Td", "aT", "bT")] == [227, 33, 93, 25, 146, 81]
    with pytest.raises(Invalid, match=r"\b3\b") as refused:
        TableProblem(cells={**good.cells, "Ta": 73}, relations=good.relations)
    assert refused.value.code == "relation_does_not_add_up"


def test_tauargus_manual_2_9_singleton_15_must_not_disclose_17_the_virtual_cell_of_32() -> None:
    """A third cell of row A must go. tau-ARGUS adds a cell c12 + c14 = 32 that may not be exact; hiding it as such asks for the same cells."""
    found = protect(singleton_table(), method="exact", min_frequency=0)
    assert {name for name in found.problem.suppressed if name.startswith("a")} > {"ab", "ad"}
    (insider,) = [one for one in audit(found.problem, min_frequency=0).insiders if one.singleton == "ab"]
    assert "ad" not in insider.exact
    without = protect(singleton_table().model_copy(update={"singletons": ()}), method="exact", min_frequency=0)
    assert set(without.complementary) == {"bb", "bd"}
    assert "ad" in next(one for one in audit(without.problem.model_copy(update={"singletons": ("ab",)}), min_frequency=0).insiders).exact

    plain = problem_of(SINGLETON_ROWS, ("ab", "ad"))
    virtual = TableProblem(
        cells={**plain.cells, "virtual": 32},
        relations=(*plain.relations, ("virtual", ("ab", "ad"))),
        suppressed=(*plain.suppressed, "virtual"),
        protection={"virtual": (0, 1)},
    )
    theirs = protect(virtual, method="exact", min_frequency=0)
    assert found.optimal
    assert theirs.optimal
    assert found.cost == theirs.cost


CTA = ((20, 24, 28), (38, 38, 40), (40, 39, 42))
"""The manual, section 2.11, Controlled Tabular Adjustment, table (a): (M2, P3) is sensitive with protection levels 5 and 5."""
ADJUSTED = {"lower": ((15, 24, 33), (43, 38, 35), (40, 39, 42)), "upper": ((25, 24, 23), (33, 38, 45), (40, 39, 42))}
"""Tables (b) and (c)."""


def test_tauargus_manual_2_11_cta_tables_with_35_and_45_for_40_keep_every_total_and_differ_from_it_in_four_cells() -> None:
    original = problem_of(CTA, ("bc",), protection={"bc": (5, 5)})
    assert [original.cells[name] for name in ("aT", "bT", "cT", "Ta", "Tb", "Tc", "TT")] == [72, 116, 121, 98, 101, 110, 309]
    for adjusted in ADJUSTED.values():
        other = problem_of(adjusted)
        assert {name for name in original.cells if original.cells[name] != other.cells[name]} == {"aa", "ac", "ba", "bc"}
    assert (problem_of(ADJUSTED["lower"]).cells["bc"], problem_of(ADJUSTED["upper"]).cells["bc"]) == (35, 45)


def test_tauargus_manual_2_11_cta_the_four_cells_that_change_protect_40_by_5_up_and_down_as_suppressions_at_least_cost() -> None:
    """Both adjusted tables are tables that suppressing the four cells leaves possible; no other choice is cheaper than 20 + 28 + 38 = 86."""
    original = problem_of(CTA, ("bc",), protection={"bc": (5, 5)})
    low, high = intervals(original.with_suppressed(("aa", "ac", "ba", "bc")))["bc"]
    assert low <= 35 < 45 <= high
    found = protect(original, method="exact", min_frequency=0)
    assert found.optimal
    assert found.cost == 86
    assert audit(found.problem, min_frequency=0).safe


def alone(value: float, base: float, deviation: float) -> tuple[float, float]:
    """Give what a rounded count tells of the true one."""
    return intervals(TableProblem(cells={"z": value}, rounding=Rounding(base=base, deviation=deviation), integer=True))["z"]


def test_tauargus_manual_2_12_zero_restricted_rounding_to_5_leaves_0_to_4_and_4_below_and_above() -> None:
    assert alone(0, 5, 4) == (0, 4)
    for a in (5, 10, 15, 100):
        assert alone(a, 5, 4) == (a - 4, a + 4)


def test_tauargus_manual_2_12_rounding_to_5_with_one_step_leaves_6_to_24_of_15() -> None:
    assert alone(15, 5, 9) == (6, 24)


def test_tauargus_manual_2_12_rounding_with_steps_the_printed_interval_0_to_9_of_a_published_5_is_too_short() -> None:
    """Handbook 5.5.2 prints [0, (K + 1) b - 1] for every a < (K + 1) b; with b = 5 and K = 1 a count of 14 may be published as 5."""
    steps, base = 1, 5

    def published_as(z: int) -> set[int]:
        u, r = divmod(z, base)
        return {max(0, u + j) * base for j in range(-steps, steps + 1 + (r > 0))}

    assert published_as(7) == {0, 5, 10, 15}, "the manual's example"
    assert {z for z in range(100) if 15 in published_as(z)} == set(range(6, 25)), "the manual's example"
    possible = {z for z in range(100) if 5 in published_as(z)}
    assert (min(possible), max(possible)) == (0, 14) == alone(5, 5, 9)


@pytest.mark.parametrize(("deviation", "allowed"), [(4, {5, 10}), (9, {0, 5, 10, 15})])
def test_tauargus_manual_2_12_seven_becomes_5_or_10_and_with_one_step_0_5_10_or_15(deviation: float, allowed: set[int]) -> None:
    assert {a for a in range(0, 40, 5) if alone(a, 5, deviation)[0] <= 7 <= alone(a, 5, deviation)[1]} == allowed
    found = controlled_rounding(TableProblem(cells={"z": 7}, rounding=Rounding(base=5, deviation=deviation), integer=True, published=False))
    assert found.problem.cells["z"] == 5, "the nearest of them"


TABULAR = {
    "T": (2940, 745, 810, 685, 700), "1": (795, 350, 190, 150, 115), "2": (670, 115, 340, 115, 120), "3": (785, 190, 115, 325, 165),
    "4": (690, 100, 175, 115, 310),
}  # fmt: skip
"""The manual, section 4.3.2, 'An example of a 2 dimensional table': total and columns A to D of each row."""


def test_tauargus_manual_4_3_2_a_table_has_to_be_additive_and_the_printed_one_is_not_by_10() -> None:
    """'A table has to be additive': row 1 is 350 + 190 + 150 + 115 = 805, printed as 795. Only the row of totals and the column of totals add up."""
    cells = {row + column: value for row, line in TABULAR.items() for column, value in zip("TABCD", line, strict=True)}
    relations = {f"{row}T": tuple(row + column for column in "ABCD") for row in TABULAR}
    relations |= {f"T{column}": tuple(row + column for row in "1234") for column in "TABCD"}
    wrong = {total: sum(cells[part] for part in parts) - cells[total] for total, parts in relations.items()}
    for total, parts in relations.items():
        if not wrong[total]:
            TableProblem(cells=cells, relations=((total, parts),))
            continue
        with pytest.raises(Invalid, match=rf"\b{wrong[total]}\b") as refused:
            TableProblem(cells=cells, relations=((total, parts),))
        assert refused.value.code == "relation_does_not_add_up"
    assert wrong == {"TT": 0, "1T": 10, "2T": 20, "3T": 10, "4T": 10, "TA": 10, "TB": 10, "TC": 20, "TD": 10}


# ---------------------------------------------------------------------------------------------------------------------------- the Handbook


def test_handbook_sdc_5_2_linking_discloses_one_woman_of_22_who_live_and_work_in_area_a() -> None:
    """Three tables: 85 of 102 employed; 49 work there, 102 live there, 22 both; men 21, 58 and 23. The linked table: women 1, 5 and 4."""
    men, women, everybody = (21, 58, 23), (1, 5, 4), (22, 63, 27)
    where = ("both", "lives", "works")
    cells = {"employed": 85, "working in area": 49}
    for i, place in enumerate(where):
        cells |= {f"men {place}": men[i], f"women {place}": women[i], place: everybody[i]}
    problem = TableProblem(
        cells=cells,
        relations=(
            *((place, (f"men {place}", f"women {place}")) for place in where),
            ("employed", ("both", "lives")),
            ("working in area", ("both", "works")),
        ),
        suppressed=("women both", "women lives", "women works", "lives", "works"),
        integer=True,
    )
    found = intervals(problem)
    assert {name: low for name, (low, high) in found.items() if low == high} == {
        "women both": 1, "women lives": 5, "women works": 4, "lives": 63, "works": 27,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------------------ GaussSuppression


Z1 = (
    (11, 11, 55, 36), (7, 1, 29, 18), (5, 8, 35, 25), (13, 2, 17, 13), (9, 14, 63, 52), (12, 9, 24, 22), (6, 4, 22, 8), (9, 3, 38, 15),
)  # fmt: skip
"""SSBtools data ``z1``: regions A to H; annet, arbeid, soshjelp, trygd."""


def test_gausssuppression_from_data_z1_suppresses_rows_12_13_22_23_42_43_and_no_choice_is_cheaper() -> None:
    """test-GaussSuppressionFromData.R: counts of 1 to 3 are primary, 'arbeid' in B, D and H; 'annet' of the same regions goes with them: 29."""
    primary, theirs = ("bb", "db", "hb"), ("ba", "bb", "da", "db", "ha", "hb")
    problem = problem_of(Z1, primary)
    assert all(1 <= problem.cells[name] <= 3 for name in primary)
    assert not verdict(problem.with_suppressed(theirs)).exact
    found = protect(problem, method="exact", min_frequency=0)
    assert found.optimal
    assert found.cost == 7 + 13 + 9
    assert len(found.problem.suppressed) == len(theirs)


MAGNITUDE = {
    "Iceland": {"Agriculture": 0.0, "Entertainment": 16.8, "Governmental": 0.0, "Industry": 20.3},
    "Portugal": {"Agriculture": 100.4, "Entertainment": 9.4, "Governmental": 23.6, "Industry": 29.1},
    "Spain": {"Agriculture": 139.8, "Entertainment": 105.3, "Governmental": 9.2, "Industry": 8.4},
}
"""GaussSuppression, vignette 'Magnitude table suppression', table 1, summed: geo, sector4."""
PRIVATE = ("Agriculture", "Entertainment", "Industry")


def magnitude(levels: bool) -> TableProblem:
    """The table with sector2 (private, public) between total and sector4, or without."""
    values = {(geo, sector): value for geo, line in MAGNITUDE.items() for sector, value in line.items()}
    parts = {"Total": ("private", "public"), "private": PRIVATE, "public": ("Governmental",)} if levels else {"Total": tuple(MAGNITUDE["Spain"])}
    for total in reversed(parts):
        for geo in MAGNITUDE:
            values[geo, total] = round(sum(values[geo, part] for part in parts[total]), 1)
    sectors = list(dict.fromkeys(sector for _, sector in values))
    for sector in sectors:
        values["Total", sector] = round(sum(values[geo, sector] for geo in MAGNITUDE), 1)
    relations = [(f"{geo}:{total}", tuple(f"{geo}:{part}" for part in parts[total])) for geo, total in product([*MAGNITUDE, "Total"], parts)]
    relations += [(f"Total:{sector}", tuple(f"{geo}:{sector}" for geo in MAGNITUDE)) for sector in sectors]
    return TableProblem(cells={f"{geo}:{sector}": value for (geo, sector), value in values.items()}, relations=tuple(relations))


def test_gausssuppression_vignette_magnitude_table_10_intervals_60_7_wide_until_portugal_private_is_suppressed_too() -> None:
    """'the interval widths for output lines 12, 14, 17, and 20 are 60.7, which is too narrow since a minimum width of 80 is required. Therefore the
    cell on line 16 is additionally suppressed': seven lines a country (Total, private, public, four sectors), four countries with the total. Primary
    by pPercent = 30, every row a contributor.
    """
    problem = magnitude(levels=True)
    lines = [f"{geo}:{sector}" for geo in ("Total", *MAGNITUDE) for sector in ("Total", "private", "public", *MAGNITUDE["Spain"])]
    named = [lines[i - 1] for i in (12, 14, 17, 20)]
    assert named == ["Iceland:Entertainment", "Iceland:Industry", "Portugal:public", "Portugal:Governmental"]
    assert lines[16 - 1] == "Portugal:private"
    primary = {f"{geo}:{sector}" for geo in ("Portugal", "Spain") for sector in MAGNITUDE["Spain"]}
    primary |= {"Iceland:Entertainment", "Iceland:Industry", "Portugal:public", "Spain:public", "Total:public", "Total:Governmental"}
    secondary = {"Iceland:Total", "Iceland:private", "Portugal:Total", "Spain:private", "Total:private", "Total:Industry"}
    before = intervals(problem.with_suppressed((*primary, *secondary)))
    widths = {name: before[name][1] - before[name][0] for name in named}
    assert widths == pytest.approx(dict.fromkeys(named, 60.7))
    after = intervals(problem.with_suppressed((*primary, *secondary, "Portugal:private")))
    assert min(after[name][1] - after[name][0] for name in primary) >= 80


def test_gausssuppression_vignette_magnitude_singleton_entertainment_iceland_reveals_portugal_unless_spain_is_suppressed() -> None:
    """'The singleton problem': the single contributor of Entertainment:Iceland (16.8) takes it from what is left of Entertainment."""
    problem = magnitude(levels=False)
    hidden = ("Iceland:Entertainment", "Iceland:Industry", "Portugal:Entertainment", "Portugal:Industry")
    shown = problem.model_copy(update={"suppressed": hidden, "singletons": ("Iceland:Entertainment",)})
    (insider,) = audit(shown, min_frequency=0).insiders
    assert "Portugal:Entertainment" in insider.exact
    wider = (*hidden, "Spain:Entertainment", "Spain:Industry")
    (insider,) = audit(shown.model_copy(update={"suppressed": wider}), min_frequency=0).insiders
    assert "Portugal:Entertainment" not in insider.exact
    found = protect(shown.model_copy(update={"suppressed": ("Iceland:Entertainment", "Portugal:Entertainment")}), min_frequency=0)
    assert {"Spain:Entertainment", "Total:Entertainment"} & set(found.complementary)


def test_gausssuppression_vignette_table_2_industry_spain_reveals_iceland_unless_portugal_is_suppressed_too() -> None:
    """SuppressFewContributors, maxN = 1: Entertainment:Iceland and Industry:Spain have one contributor each. Without Industry:Portugal the one of
    Industry:Spain calculates Industry:Iceland, and from that Entertainment:Iceland.
    """
    problem = magnitude(levels=False)
    hidden = ("Iceland:Entertainment", "Iceland:Industry", "Spain:Entertainment", "Spain:Industry")
    single = ("Iceland:Entertainment", "Spain:Industry")
    shown = problem.model_copy(update={"suppressed": hidden, "singletons": single})
    learned = {insider.singleton: set(insider.exact) for insider in audit(shown, min_frequency=0).insiders}
    assert learned["Spain:Industry"] >= {"Iceland:Industry", "Iceland:Entertainment"}
    found = protect(problem.model_copy(update={"suppressed": single, "singletons": single}), method="exact", min_frequency=0)
    again = audit(found.problem, min_frequency=0)
    assert not again.exact
    assert all(set(single).isdisjoint(set(insider.exact) - {insider.singleton}) for insider in again.insiders)


def test_tauargus_manual_2_14_audit_agrees_with_enumeration() -> None:
    problem = problem_of([[4, 3], [2, 1], [3, 3]], ("aa", "ab", "ba", "bb"))
    assert intervals(problem) == enumerated(problem)
