"""What ACRO publishes of its own data, reproduced; and where ACRO 1.0.2 is wrong, what is right.

Source: github.com/AI-SDC/ACRO, test/test_tables.py and data/test_data.dta (918 charity-years; MIT licence, copyright UWE and
contributors). ``acro_charities.csv`` holds five of its columns, charities as numbers.
"""

from __future__ import annotations

import asyncio
from itertools import product
from pathlib import Path
from typing import Any

import pandas
import pytest

from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.disclosure.rules import Question
from jupyter_cbs.disclosure.rules.dominance import largest_contributor, remaining_contributors
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.rules import QueryLimits, RuleProfile
from jupyter_cbs.query.engine import Worker

BY = ("year", "grant_type")
VARIABLES = ("indvar1", "indvar2", "indvar3", "indvar4")
ACRO = RuleProfile(dominance_units=2, dominance_max_share=0.9, dominance_comparator=">", p_percent=10)
"""ACRO's defaults: 10 units, (2, 90 %) and p = 10 %."""


def synthetic() -> pandas.DataFrame:
    """``SyntheticData`` of test_tables.py: eleven records per combination, five where the first, third and fourth are C."""
    rows = [(*key, repeat) for key in product("ABC", repeat=4) for repeat in range(5 if key[0] == key[2] == key[3] == "C" else 11)]
    return pandas.DataFrame(rows, columns=[*VARIABLES, "depvar"])


class Quiet:
    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        raise AssertionError("a table comes with the answer")

    async def progress(self, fraction: float | None, rows: int) -> None:
        pass


TABLES: dict[str, tuple[dict[str, Any], RuleProfile]] = {
    "frequencies": ({"source": "CHARITIES", "rows": BY[:1], "columns": BY[1:]}, RuleProfile()),
    "means": ({"source": "CHARITIES", "rows": BY[:1], "columns": BY[1:], "values": "inc_grants", "statistic": "mean"}, ACRO),
    "sd": ({"source": "CHARITIES", "rows": BY[:1], "columns": BY[1:], "values": "inc_grants", "statistic": "sd"}, RuleProfile()),
    "percentages": ({"source": "CHARITIES", "rows": BY[:1], "columns": BY[1:], "statistic": "share"}, RuleProfile()),
    "charities": ({"source": "CHARITIES", "rows": BY[1:], "unit": "charity"}, RuleProfile()),
    "four": ({"source": "SYNTHETIC", "rows": VARIABLES[:2], "columns": VARIABLES[2:], "values": "depvar", "statistic": "sum"}, RuleProfile()),
    "dominated": ({"source": "DOMINATED", "rows": VARIABLES[:2], "values": "depvar", "statistic": "sum"}, RuleProfile()),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[pandas.DataFrame, Cells]]:
    """The judged inner cells of every table by their codes, and all cells as arrays."""
    folder: Path = tmp_path_factory.mktemp("acro")
    dominated = synthetic()
    # one record dominates (C, C); a negative value lies in (A, A)
    last = dominated.index[(dominated[[*VARIABLES]] == "C").all(axis=1)][-1]
    dominated.loc[last, "depvar"] = 10_000
    dominated.loc[0, "depvar"] = -1
    frames = {
        "CHARITIES": pandas.read_csv(Path(__file__).parent / "acro_charities.csv", dtype={"inc_grants": "Float64"}),
        "SYNTHETIC": synthetic(),
        "DOMINATED": dominated,
    }
    views = {name: folder / f"{name}.parquet" for name in frames}
    for name, path in views.items():
        frames[name].to_parquet(path)

    async def run() -> dict[str, tuple[pandas.DataFrame, Cells]]:
        worker = await Worker.start(views, QueryLimits(memory_bytes=2**30), folder)
        try:
            found = {}
            for name, (question, profile) in TABLES.items():
                spec = TableSpec.model_validate(question)
                result = await worker.table(spec, None, profile, Quiet())
                judged = judge(result.frame, result.dimensions, spec, profile, result.unit).frame.to_pandas()
                keys = [f"d{i}" for i in range(len(spec.dimensions))]
                inner = judged[~judged[[key.replace("d", "g") for key in keys]].any(axis=1)]
                found[name] = (inner.set_index(keys), Cells.of(result.frame, result.dimensions))
            return found
        finally:
            await worker.close()

    return asyncio.run(run())


def unsafe(table: pandas.DataFrame, rule: str) -> set[Any]:
    return set(table.index[(table["status"] == Status.UNSAFE) & (table["rule"] == rule)])


SMALL = {(str(year), "R/G") for year in range(2010, 2016)}


def test_acro_crosstab_threshold_six_cells(made: dict[str, Any]) -> None:
    """test_crosstab_threshold: R/G has 48 rows in six years; six cells fail the minimum of 10."""
    table, cells = made["frequencies"]
    assert table["value"].sum() == 918
    assert table.xs("R/G", level=1)["value"].sum() == 48
    assert unsafe(table, "min_frequency") == SMALL
    assert int(cells.n.max()) == 918


def test_acro_means_one_cell_fails_nk_and_valid_values_are_counted(made: dict[str, Any]) -> None:
    """test_crosstab_multiple: NK fails in one cell. ACRO counts six small cells; (2010, N) has 59 rows and five values, so there are seven."""
    table, cells = made["means"]
    assert unsafe(table, "min_frequency") == {*SMALL, ("2010", "N")}
    failed = [ruling.cells for ruling in largest_contributor(cells, Question("mean", ACRO)) if ruling.status is Status.UNSAFE]
    assert [cells.labels(row) for row in failed[0].nonzero()[0].tolist()] == [("2010", "R/G")]


def test_acro_p_percent_two_cells_of_which_one_is_all_zero(made: dict[str, Any]) -> None:
    """test_crosstab_multiple: p % fails in two cells. In (2010, N) all values are 0: nothing dominates there, it is the zero rule's."""
    table, cells = made["means"]
    failed = [cells.labels(row) for ruling in remaining_contributors(cells, Question("mean", ACRO)) for row in ruling.cells.nonzero()[0].tolist()]
    assert failed == [("2010", "R/G")]
    assert table.loc[("2010", "N"), "total"] == 0


def test_acro_synthetic_four_dimensions(made: dict[str, Any]) -> None:
    """test_4d_crosstab_unsafe_with_suppression: the three cells C·C·C."""
    table, _ = made["four"]
    assert unsafe(table, "min_frequency") == {("C", second, "C", "C") for second in "ABC"}


def test_where_acro_is_wrong_a_negative_value_elsewhere_hides_no_dominated_cell(made: dict[str, Any]) -> None:
    table, _ = made["dominated"]
    assert unsafe(table, "dominance") == {("C", "C")}
    assert set(table.index[table["status"] == Status.REVIEW]) == {("A", "A")}


def test_where_acro_is_wrong_persons_are_counted_and_not_rows(made: dict[str, Any]) -> None:
    """48 rows of R/G are eight charities in six years."""
    table, _ = made["charities"]
    assert table.loc["R/G", "value"] == 48
    assert table.loc["R/G", "n"] == 8
    assert unsafe(table, "min_frequency") == {"R/G"}


def test_where_acro_is_wrong_sd_and_percentages_do_not_flag_every_cell(made: dict[str, Any]) -> None:
    for name in ("sd", "percentages"):
        table, _ = made[name]
        flagged = set(table.index[table["status"] == Status.UNSAFE])
        assert flagged >= SMALL
        assert ("2013", "R") not in flagged
        assert len(flagged) < len(table) / 2 + 1
