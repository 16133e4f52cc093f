"""Primary rules on the microdata that other packages publish with their outcomes; source and figures stand in each test's name and text.

sdcLog 0.5.0 (M. Gomolka, github.com/matthiasgomolka/sdcLog, tests/testthat), the tau-ARGUS user's manual 4.1 (github.com/sdcTools/manuals),
sdcTable 0.33 (github.com/sdcTools/sdcTable, tests/testthat) and GaussSuppression
(github.com/statisticsnorway/ssb-gausssuppression, tests/testthat and vignettes).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pandas
import pytest

from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.rules import RULES, Question
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.rules import QueryLimits, RuleProfile
from jupyter_cbs.query.engine import Worker

Reasons = dict[str, set[tuple[str | None, ...]]]

SDCLOG = RuleProfile(min_frequency=5, dominance_units=2, dominance_max_share=0.85)
"""sdcLog's defaults: five distinct entities; the two largest have 85 % or more."""
LETTERS = "ABCDEFGHIJ"


def descriptives() -> pandas.DataFrame:
    """``sdc_descriptives_DT``: ten entities in two years, values to six decimals."""
    val_1 = (
        None, 94.174449, 4.349115, 2.589011, 6.155680, 7.183206, 9.173870, 4.456933, 2.815137, 7.928573,
        9.085507, 180.816675, 9.502077, 7.458567, 6.947180, 9.927155, 6.662026, 4.420317, 1.556076, 7.997007,
    )  # fmt: skip
    val_2 = (
        9.477642, 5.856641, 3.697140, 6.796527, 7.213390, 5.948330, 3.004441, 0.0, 4.137765, 0.0,
        5.088913, 0.0, 2.107123, 0.0, 5.059104, 3.489741, 8.957527, 8.618987, 4.722792, 7.347734,
    )  # fmt: skip
    made = pandas.DataFrame({"id": [letter for letter in LETTERS for _ in range(2)], "year": ["2019", "2020"] * 10, "val_1": val_1, "val_2": val_2})
    made["sector"] = made["id"].map(lambda letter: "S1" if letter < "F" else "S2")
    made["id_na"] = made["id"].where(~((made["year"] == "2020") & made["id"].isin(["A", "F"])))
    made["nobody"] = pandas.Series([None] * 20, dtype="string")
    return made


def extremes() -> pandas.DataFrame:
    """``extreme_test_dt`` of test-sdc_min_max.R and test-sdc_extreme.R."""
    return pandas.DataFrame(
        {
            "id": list(LETTERS),
            "val_1": range(10, 0, -1),
            "val_2": [100, 90, *range(8, 0, -1)],
            "val_3": pandas.array([None, *range(9, 0, -1)], dtype="Int64"),
            "id_na": [*LETTERS[:4], *[None] * 6],
        }
    )


def extremes_by() -> pandas.DataFrame:
    """``extreme_test_dt_by``, and ``sdc_min_max_DT`` of the vignette: twenty rows of ten entities."""
    return pandas.DataFrame(
        {
            "id": list(LETTERS) * 2,
            "row": range(20),
            "sector": ["S1"] * 10 + ["S2"] * 10,
            "val_1": range(20, 0, -1),
            "val_2": [200, 190, *range(18, 0, -1)],
        }
    )


HOLDINGS = (
    ("800", "20", 599, 1), ("800", "20", 344, 1), ("800", "20", 244, 1), ("800", "30", 355, 1), ("800", "20", 644, 2), ("800", "30", 433, 2),
    ("800", "30", 323, 3), ("800", "30", 343, 3), ("900", "20", 23, 4), ("900", "20", 43, 5), ("900", "20", 34, 5), ("900", "20", 53, 5),
    ("900", "30", 700, 6), ("900", "30", 200, 6), ("900", "30", 60, 7), ("900", "30", 40, 8), ("900", "30", 10, 9),
)  # fmt: skip
"""tau-ARGUS manual 4.1, section 4.4.4, Holding Indicator: cell reference (two columns), value of the reporting unit, enterprise group."""

REGIONS: dict[tuple[str, str], tuple[int, ...]] = {
    ("A", "female"): (11, 9),
    ("A", "male"): (18, 15, 13, 13, 12, 11, 10, 10, 10, 9, 9, 9, 8, 7, 7, 6, 6, 5),
    ("B", "female"): (18, 16, 14, 14, 13, 13, 12, 12, 11, 10, 10, 9, 9, 8, 8, 8, 7, 7, 5),
    ("B", "male"): (15, 14, 14, 12, 11, 10, 10, 10, 9, 8, 8, 7, 7, 5),
    ("C", "female"): (19, 12, 12, 11, 10, 9, 9, 9, 8, 7),
    ("C", "male"): (18, 12, 12, 11, 11, 11, 10, 9, 6, 6, 6, 6),
    ("D", "female"): (18, 16, 14, 14, 11, 11, 11, 10, 10, 9, 9, 7, 6, 6),
    ("D", "male"): (280, 11, 10, 9, 9, 9, 8, 8, 8, 7, 7),
}
"""sdcTable, ``microdata1``: values by region and gender."""

DOMINANCE = (
    ("v1", 100, 1), ("v2", 90, 2), ("v2", 10, 1), ("v3", 80, 2), ("v3", 20, 1), ("v4", 70, 2), ("v4", 30, 1), ("v5", 80, 2), ("v5", 10, 1),
    ("v5", 10, 1), ("v6", 70, 2), ("v6", 10, 1), ("v6", 10, 1), ("v6", 10, 1), ("v7", 60, 2), ("v7", 20, 1), ("v7", 10, 1), ("v7", 10, 1),
)  # fmt: skip
"""GaussSuppression, test-DominanceRule.R: cell, ``num`` and ``sw2``."""
CONTRIBUTORS = "ACBACCCCBAABAACABA"
"""The contributors (``char``) of the same rows."""

MAGNITUDE = (
    ("Iceland", "Entertainment", "B", 16.8), ("Iceland", "Industry", "B", 9.6), ("Iceland", "Industry", "C", 8.8), ("Iceland", "Industry", "D", 1.9),
    ("Portugal", "Agriculture", "A", 75.9), ("Portugal", "Agriculture", "B", 24.5), ("Portugal", "Entertainment", "B", 7.1),
    ("Portugal", "Entertainment", "D", 2.3), ("Portugal", "Governmental", "B", 21.6), ("Portugal", "Governmental", "D", 2.0),
    ("Portugal", "Industry", "B", 25.7), ("Portugal", "Industry", "D", 3.4), ("Spain", "Agriculture", "A", 96.6), ("Spain", "Agriculture", "B", 43.2),
    ("Spain", "Entertainment", "A", 77.4), ("Spain", "Entertainment", "B", 11.5), ("Spain", "Entertainment", "C", 16.4),
    ("Spain", "Governmental", "C", 6.5), ("Spain", "Governmental", "D", 2.7), ("Spain", "Industry", "C", 8.4),
)  # fmt: skip
"""GaussSuppression, vignette 'Magnitude table suppression', data ``magnitude1``: geo, sector4, company, value."""


def sources() -> dict[str, pandas.DataFrame]:
    rows = [(region, gender, value) for (region, gender), values in REGIONS.items() for value in values]
    found = {
        "DESCRIPTIVES": descriptives(),
        "EXTREMES": extremes(),
        "EXTREMES_BY": extremes_by(),
        "MISSING": pandas.DataFrame(
            {"id": ["N", None, None, None, "N", "N"], "by_var": ["U", "U", "N", "M", "M", "N"], "val": [7, 2, 500, 3000, 4, 1]}
        ),
        "HOLDINGS": pandas.DataFrame(HOLDINGS, columns=["ref", "part", "value", "enterprise"]),
        "WEIGHTS": pandas.DataFrame({"value": [100, 10], "weight": [4, 7]}),
        "REGIONS": pandas.DataFrame(rows, columns=["region", "gender", "val"]),
        "DOMINANCE": pandas.DataFrame(DOMINANCE, columns=["v", "num", "sw"]).assign(char=list(CONTRIBUTORS)),
        "MAGNITUDE": pandas.DataFrame(MAGNITUDE, columns=["geo", "sector4", "company", "value"]),
    }
    return {name: frame.assign(unit=range(len(frame))) for name, frame in found.items()}


def table(source: str, rows: tuple[str, ...], values: str | None, profile: RuleProfile, **more: Any) -> tuple[dict[str, Any], RuleProfile]:
    question = {"source": source, "rows": rows, "values": values, "statistic": "count" if values is None else "sum", "unit": "unit"}
    return question | more, profile


NK_2_90 = RuleProfile(min_frequency=1, dominance_units=2, dominance_max_share=0.9, dominance_comparator=">")
P_10 = RuleProfile(min_frequency=3, dominance_max_share=1, dominance_comparator=">", p_percent=10)
FEW_OR_80 = RuleProfile(min_frequency=2, dominance_max_share=0.8, dominance_comparator=">")
P_70 = RuleProfile(min_frequency=1, dominance_max_share=1, dominance_comparator=">", p_percent=70)
PQ_60_80 = RuleProfile(min_frequency=1, dominance_max_share=1, dominance_comparator=">", pq_p=60, pq_q=80)
BY_ID = {"unit": "id", "statistic": "mean"}
TABLES: dict[str, tuple[dict[str, Any], RuleProfile]] = {
    "simple": table("DESCRIPTIVES", (), "val_1", SDCLOG, **BY_ID),
    "without A": table("DESCRIPTIVES", ("sector",), "val_1", SDCLOG, where="id <> 'A'", **BY_ID),
    "sector": table("DESCRIPTIVES", ("sector",), "val_1", SDCLOG, **BY_ID),
    "sector year": table("DESCRIPTIVES", ("sector", "year"), "val_1", SDCLOG, **BY_ID),
    "count": table("DESCRIPTIVES", (), None, SDCLOG, unit="id"),
    "zeros": table("DESCRIPTIVES", (), "val_2", SDCLOG, where="val_2 <> 0", **BY_ID),
    "zeros by": table("DESCRIPTIVES", ("sector", "year"), "val_2", SDCLOG, where="val_2 <> 0", **BY_ID),
    "zeros kept": table("DESCRIPTIVES", ("sector", "year"), "val_2", SDCLOG, **BY_ID),
    "missing ids": table("DESCRIPTIVES", ("sector",), "val_1", SDCLOG, where="year = '2020'", unit="id_na", statistic="mean"),
    "nobody": table("DESCRIPTIVES", ("sector",), "val_1", SDCLOG, unit="nobody", statistic="mean"),
    "issue 77": table("DESCRIPTIVES", (), "val_2", SDCLOG, where="id = 'A'", **BY_ID),
    "issue 83": table("MISSING", ("by_var",), "val", SDCLOG, **BY_ID),
    **{
        f"{kind} {name}": table("EXTREMES", (), name, SDCLOG, unit="id", statistic=f"mean_{kind}", extremes=5)
        for kind in ("lowest", "highest")
        for name in ("val_1", "val_3")
    },
    **{f"highest {k}": table("EXTREMES", (), "val_2", SDCLOG, unit="id", statistic="mean_highest", extremes=k) for k in (5, 8, 9)},
    "lowest by": table("EXTREMES_BY", ("sector",), "val_1", SDCLOG, unit="id", statistic="mean_lowest", extremes=5),
    "highest by": table("EXTREMES_BY", ("sector",), "val_1", SDCLOG, unit="id", statistic="mean_highest", extremes=5),
    "highest 5 by": table("EXTREMES_BY", ("sector",), "val_2", SDCLOG, unit="id", statistic="mean_highest", extremes=5),
    "first five": table("EXTREMES", (), "val_2", SDCLOG, where="id < 'F'", unit="id", statistic="mean_highest", extremes=5),
    "few ids": table("EXTREMES", (), "val_1", SDCLOG, unit="id_na", statistic="mean_highest", extremes=5),
    **{f"vignette {k}": table("EXTREMES_BY", (), "val_2", SDCLOG, unit="row", statistic="mean_highest", extremes=k) for k in (5, 6, 7)},
    "vignette lowest": table("EXTREMES_BY", (), "val_2", SDCLOG, unit="row", statistic="mean_lowest", extremes=5),
    "vignette entities": table("EXTREMES_BY", (), "val_2", SDCLOG, unit="id", statistic="mean_highest", extremes=7),
    "reporting units": table("HOLDINGS", ("ref", "part"), "value", P_10),
    "enterprise groups": table("HOLDINGS", ("ref", "part"), "value", P_10, holding="enterprise"),
    "weights": table("WEIGHTS", (), "value", P_10.model_copy(update={"weighted_dominance": "expansion"}), weight="weight"),
    "freq": table("REGIONS", ("region", "gender"), None, RuleProfile(min_frequency=3)),
    "nk": table("REGIONS", ("region", "gender"), "val", NK_2_90.model_copy(update={"dominance_max_share": 0.75})),
    "p": table("REGIONS", ("region", "gender"), "val", P_70),
    "pq": table("REGIONS", ("region", "gender"), "val", PQ_60_80),
    "unweighted": table("DOMINANCE", ("v",), "num", NK_2_90),
    "contributors": table("DOMINANCE", ("v",), "num", NK_2_90.model_copy(update={"dominance_max_share": 0.98}), unit="char"),
    "sampled": table("DOMINANCE", ("v",), "num", NK_2_90.model_copy(update={"weighted_dominance": "unweighted"}), weight="sw"),
    "expanded": table("DOMINANCE", ("v",), "num", NK_2_90.model_copy(update={"weighted_dominance": "expansion"}), weight="sw"),
    "few contributors": table("MAGNITUDE", ("sector4", "geo"), "value", FEW_OR_80),
    "companies": table("MAGNITUDE", ("sector4", "geo"), "value", RuleProfile(min_frequency=3, dominance_max_share=0.8), unit="company"),
}  # fmt: skip


class Quiet:
    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        raise AssertionError("a table comes with the answer")

    async def progress(self, fraction: float | None, rows: int) -> None:
        pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cells]:
    """The evidence of every table, from the engine."""
    folder: Path = tmp_path_factory.mktemp("published")
    views = {name: folder / f"{name}.parquet" for name in sources()}
    for name, frame in sources().items():
        frame.to_parquet(views[name])

    async def run() -> dict[str, Cells]:
        worker = await Worker.start(views, QueryLimits(memory_bytes=2**30), folder)
        try:
            found = {}
            for name, (question, profile) in TABLES.items():
                # an advice on numbers of units makes every number exact, not only those that decide
                exact = profile.model_copy(update={"advisory_min_frequency": 1_000_000})
                result = await worker.table(TableSpec.model_validate(question), None, exact, Quiet())
                found[name] = Cells.of(result.frame, result.dimensions)
            return found
        finally:
            await worker.close()

    return asyncio.run(run())


def reasons(made: dict[str, Cells], name: str) -> Reasons:
    """Every reason that holds, with the cells it holds for; None is a total."""
    question, profile = TABLES[name]
    spec, cells = TableSpec.model_validate(question), made[name]
    found: Reasons = {}
    for rule in RULES:
        for ruling in rule(cells, Question(spec.statistic, profile, spec)):
            for row in ruling.cells.nonzero()[0].tolist():
                found.setdefault(ruling.code, set()).add(cells.labels(row))
    return found


def per_cell(made: dict[str, Cells], name: str, *columns: str) -> dict[tuple[str | None, ...], Any]:
    cells = made[name]
    picked = [[getattr(cells, column)[row].item() for column in columns] for row in range(len(cells))]
    return {cells.labels(row): values[0] if len(columns) == 1 else tuple(values) for row, values in enumerate(picked)}


def shares(made: dict[str, Cells], name: str) -> dict[tuple[str | None, ...], float]:
    """Share of the two largest units of a cell."""
    return {
        key: (top1 + (0 if top2 != top2 else top2)) / size for key, (top1, top2, size) in per_cell(made, name, "top1", "top2", "abs_total").items()
    }


# ------------------------------------------------------------------------------------------------------------------------------------ sdcLog


def test_sdclog_descriptives_simple_case_ten_entities_and_a_share_of_0_7413301(made: dict[str, Cells]) -> None:
    assert per_cell(made, "simple", "n") == {(): 10}
    assert shares(made, "simple")[()] == pytest.approx(0.7413301, abs=1e-6)
    assert reasons(made, "simple") == {}
    assert per_cell(made, "count", "n") == {(): 10}
    assert reasons(made, "count") == {}


def test_sdclog_descriptives_medium_case_4_and_5_entities_and_shares_of_0_84650585_and_0_60400376(made: dict[str, Cells]) -> None:
    n, share = per_cell(made, "without A", "n"), shares(made, "without A")
    assert (n[("S1",)], n[("S2",)]) == (4, 5)
    assert share[("S2",)] == pytest.approx(0.84650585, abs=1e-6)
    assert share[("S1",)] == pytest.approx(0.60400376, abs=1e-6)
    assert reasons(made, "without A") == {"too_few_units": {("S1",)}}
    assert reasons(made, "sector") == {}, "vignette 'Introduction': grouped by sector there is no problem"


def test_sdclog_descriptives_complex_case_4_entities_once_and_shares_of_0_90563139_and_0_87768517(made: dict[str, Cells]) -> None:
    n, share = per_cell(made, "sector year", "n"), shares(made, "sector year")
    assert [n[key] for key in (("S1", "2019"), ("S1", "2020"), ("S2", "2019"), ("S2", "2020"))] == [4, 5, 5, 5]
    expected = {("S2", "2020"): 0.90563139, ("S1", "2020"): 0.87768517, ("S1", "2019"): 0.6815010551185098, ("S2", "2019"): 0.5506964573607419}
    assert {key: share[key] for key in expected} == pytest.approx(expected, abs=1e-6)
    found = reasons(made, "sector year")
    assert found["too_few_units"] == {("S1", "2019")}
    assert {key for key in found["largest_contributor"] if None not in key} == {("S1", "2020"), ("S2", "2020")}


def test_sdclog_zeros_as_missing_a_share_of_0_35958732_and_too_few_entities_by_sector_and_year(made: dict[str, Cells]) -> None:
    """Zeros kept, there is no problem; taken as missing, three entities are left in 2020 (vignette, 'Handling zeros')."""
    assert per_cell(made, "zeros", "n") == {(): 10}
    assert shares(made, "zeros")[()] == pytest.approx(0.35958732, abs=1e-6)
    assert reasons(made, "zeros") == {}
    assert reasons(made, "zeros by") == {"too_few_units": {("S1", "2020"), ("S2", "2020")}}
    assert reasons(made, "zeros kept") == {}


def test_sdclog_missing_ids_4_known_entities_by_sector_and_filled_shares_of_0_8714379_0_90563139_and_0_877685169(made: dict[str, Cells]) -> None:
    """test-sdc_descriptives.R, "missing ID's": unfilled, 8 entities and 4 by sector, which are too few. Rows of unknown entities are those of one
    here, as in sdcLog when they are filled; unfilled it finds shares of 0.054822, 0.085102 and 0.129902."""
    assert per_cell(made, "missing ids", "n") == {(None,): 8, ("S1",): 4, ("S2",): 4}
    share = shares(made, "missing ids")
    expected = {(None,): 0.8714379273090671, ("S2",): 0.90563139, ("S1",): 0.877685169}
    assert share == pytest.approx(expected, abs=1e-6)
    assert reasons(made, "missing ids") == {"largest_contributor": set(expected), "too_few_units": {("S1",), ("S2",)}}


def test_sdclog_all_ids_missing_and_issues_77_and_83_where_it_says_nothing_of_dominance(made: dict[str, Cells]) -> None:
    """test-sdc_descriptives.R: no entity at all gives no warning; 3,004 of which 3,000 are of an unknown entity a share of 0.001331558."""
    assert reasons(made, "nobody")["too_few_units"] == {("S1",), ("S2",), (None,)}
    found = reasons(made, "issue 77")
    assert found["too_few_units"] == {()}
    assert found["largest_contributor"] == {()}, "one entity: a share of 1"
    found = reasons(made, "issue 83")
    assert found["too_few_units"] >= {("U",), ("N",), ("M",)}
    assert found["largest_contributor"] >= {("U",), ("N",), ("M",)}
    assert per_cell(made, "issue 83", "top1")[("U",)] / 9 == pytest.approx(0.777777778)


def test_sdclog_min_max_simple_case_3_and_8_of_five_entities_each(made: dict[str, Cells]) -> None:
    """test-sdc_min_max.R and test-sdc_extreme.R, val_1 of ten entities; by sector 13 and 18, 3 and 8."""
    for kind, value, by in (("lowest", 3, (13, 3)), ("highest", 8, (18, 8))):
        assert per_cell(made, f"{kind} val_1", "value", "used") == {(): (value, 5)}
        assert reasons(made, f"{kind} val_1") == {}
        found = per_cell(made, f"{kind} by", "value")
        assert (found[("S1",)], found[("S2",)]) == by
        assert not {("S1",), ("S2",)} & set().union(*reasons(made, f"{kind} by").values())


def test_sdclog_min_max_val_2_is_dominated_up_to_eight_entities_and_overlaps_from_nine(made: dict[str, Cells]) -> None:
    """'problem with dominance for 1:5, so 1:9 necessary but would lead to overlap'."""
    assert "largest_contributor" in reasons(made, "highest 5")
    assert "largest_contributor" in reasons(made, "highest 8")
    assert reasons(made, "highest 9") == {"extremes_overlap": {()}}
    assert ("S1",) in reasons(made, "highest 5 by")["largest_contributor"]
    assert ("S2",) not in reasons(made, "highest 5 by")["largest_contributor"]
    assert "extremes_overlap" in reasons(made, "first five")


def test_sdclog_min_max_val_3_has_nine_values_and_no_room_for_five_and_five(made: dict[str, Cells]) -> None:
    assert reasons(made, "lowest val_3") == {"extremes_overlap": {()}}
    assert reasons(made, "highest val_3") == {"extremes_overlap": {()}}
    assert "extremes_overlap" in reasons(made, "few ids")


def test_sdclog_vignette_min_max_val_2_takes_five_for_the_minimum_and_seven_for_the_maximum(made: dict[str, Cells]) -> None:
    """Of 20 observations. Of the ten entities behind them seven are more than half: one at both ends would be in both means."""
    assert reasons(made, "vignette lowest") == {}
    assert per_cell(made, "vignette lowest", "value") == {(): 3}
    assert "largest_contributor" in reasons(made, "vignette 5")
    assert "largest_contributor" in reasons(made, "vignette 6")
    assert reasons(made, "vignette 7") == {}
    assert per_cell(made, "vignette 7", "value")[()] == pytest.approx(470 / 7)
    assert reasons(made, "vignette entities") == {"extremes_overlap": {()}}


# --------------------------------------------------------------------------------------------------------------------------------- tau-ARGUS


def test_tauargus_manual_4_1_holdings_900_30_is_safe_by_reporting_units_110_over_70_and_not_by_enterprise_groups_50_under_90(
    made: dict[str, Cells],
) -> None:
    """Section 4.4.4: 700, 200, 60, 40, 10 of five units; 900, 60, 40, 10 of four groups; p = 10."""
    assert per_cell(made, "reporting units", "n", "top1", "top2")[("900", "30")] == (5, 700, 200)
    assert per_cell(made, "enterprise groups", "n", "top1", "top2")[("900", "30")] == (4, 900, 60)
    assert reasons(made, "reporting units") == {}
    assert ("900", "30") in reasons(made, "enterprise groups")["remainder_too_small"]


def test_tauargus_manual_4_1_holdings_two_cells_have_fewer_than_three_enterprise_groups(made: dict[str, Cells]) -> None:
    assert reasons(made, "enterprise groups")["too_few_units"] == {("800", "20"), ("900", "20")}


def test_tauargus_manual_4_1_weights_100_times_4_and_10_times_7_are_470_with_100_and_100_the_largest(made: dict[str, Cells]) -> None:
    """Section 4.4.4, Weight: the other nine contributions are 270, so the p % rule with p = 10 passes; two units are too few all the same."""
    assert per_cell(made, "weights", "value", "top1", "top2", "n") == {(): (470, 100, 100, 2)}
    assert reasons(made, "weights") == {"too_few_units": {()}}


# ---------------------------------------------------------------------------------------------------------------------------------- sdcTable


def test_sdctable_primarysuppression_freq_2_fails_cell_6_of_two_women_in_a(made: dict[str, Cells]) -> None:
    assert per_cell(made, "freq", "n")[("A", "female")] == 2
    assert reasons(made, "freq")["too_few_units"] == {("A", "female")}


@pytest.mark.parametrize(("rule", "code"), [("nk", "largest_contributor"), ("p", "remainder_too_small"), ("pq", "remainder_too_small")])
def test_sdctable_primarysuppression_nk_2_75_p_70_and_pq_60_80_fail_cells_6_and_14(made: dict[str, Cells], rule: str, code: str) -> None:
    """test-primarySuppression.r: A, female (two women) and D, male (366, of one 280); test-cell_info.R: D, male has 11 men."""
    assert per_cell(made, rule, "n", "total", "top1")[("D", "male")] == (11, 366, 280)
    assert {key for key in reasons(made, rule)[code] if None not in key} == {("A", "female"), ("D", "male")}


# -------------------------------------------------------------------------------------------------------------------------- GaussSuppression


def test_gausssuppression_dominance_2_90_fails_v1_to_v4_and_passes_exactly_90_percent(made: dict[str, Cells]) -> None:
    """test-DominanceRule.R, unweighted: v5 is 80 + 10 of 100."""
    assert reasons(made, "unweighted") == {"largest_contributor": {("v1",), ("v2",), ("v3",), ("v4",)}}


def test_gausssuppression_dominance_of_contributors_shares_of_1_1_1_1_0_9_1_0_9(made: dict[str, Cells]) -> None:
    """charVar: rows of one contributor count together."""
    expected = dict(zip([(f"v{i}",) for i in range(1, 8)], (1, 1, 1, 1, 0.9, 1, 0.9), strict=True))
    found = shares(made, "contributors")
    assert {key: found[key] for key in expected} == pytest.approx(expected)


def test_gausssuppression_weighted_dominance_fails_v1_only_of_100_190_180_170_180_170_160(made: dict[str, Cells]) -> None:
    """Default weighted dominance: the values themselves against the weighted totals."""
    sizes = per_cell(made, "sampled", "abs_total")
    assert [sizes[(f"v{i}",)] for i in range(1, 8)] == [100, 190, 180, 170, 180, 170, 160]
    assert reasons(made, "sampled") == {"largest_contributor": {("v1",)}}


def test_gausssuppression_tauargus_dominance_fails_v1_and_v2_180_of_190(made: dict[str, Cells]) -> None:
    assert reasons(made, "expanded") == {"largest_contributor": {("v1",), ("v2",)}}


def test_gausssuppression_vignette_magnitude_one_contributor_in_two_cells_and_over_80_percent_in_four(made: dict[str, Cells]) -> None:
    """SuppressFewContributors with maxN = 1; SuppressDominantCells with n = 1, k = 80."""
    found = reasons(made, "few contributors")
    assert found["too_few_units"] == {("Entertainment", "Iceland"), ("Industry", "Spain")}
    dominated = {("Entertainment", "Iceland"), ("Industry", "Spain"), ("Industry", "Portugal"), ("Governmental", "Portugal")}
    assert found["largest_contributor"] == dominated
    assert per_cell(made, "few contributors", "n")[(None, None)] == 20, "test-Wrappers.R: at most 20 contributors"


def test_gausssuppression_vignette_magnitude_20_rows_are_those_of_four_companies(made: dict[str, Cells]) -> None:
    n = per_cell(made, "companies", "n")
    assert n[(None, None)] == 4
    assert n[("Entertainment", "Iceland")] == 1, "the singleton of table 9"
