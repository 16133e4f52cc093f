"""The generator: names, types, codes, keys, skew, and constant memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.catalogue.names import parse_name
from jupyter_cbs.demo.data.generator import generate
from jupyter_cbs.demo.data.strings import dates, digits, person_numbers
from jupyter_cbs.demo.data.topics import TOPICS
from jupyter_cbs.domain.errors import Invalid

# Code lists that name only the special values of a column that has many others.
PARTIAL = {
    "DATUMEINDEHH",
    "GBADATUMEINDEADRESHOUDING",
    "DATUMEINDPOSTCODENUMADRES",
    "SDATUMEINDEIKV",
    "GEBJAARJONGSTEKINDHH",
    "GEBMAANDJONGSTEKINDHH",
    "GEBJAAROUDSTEKINDHH",
    "INPBELI",
    "INPP100PPERS",
    "INPP100PBRUT",
    "INHARMEUR",
}


def test_index_is_complete_and_without_problems(demo: Any) -> None:
    assert demo.index.problems == ()
    assert len({file.dataset.topic for file in demo.index.files.values()}) >= 10
    assert {name: file.dataset.rows for name, file in demo.index.files.items()} == demo.generated.rows
    for topic in TOPICS:
        for file in topic.files:
            dataset = demo.index.files[parse_name(file.path).view_name].dataset
            assert (dataset.topic, dataset.theme, dataset.title, dataset.unit, dataset.period) == (
                topic.name,
                topic.theme,
                topic.title,
                topic.unit,
                file.period,
            )
            assert [(v.name, v.label, v.role) for v in dataset.variables] == [(c.name, c.label, c.role) for c in topic.columns]
            assert dataset.unit_key == topic.unit_key
            assert dataset.institution_key == topic.institution_key
            assert dataset.rule_profile == topic.rule_profile


def test_every_code_has_a_label(small: Any) -> None:
    with small.engine() as engine:
        for name, file in small.index.files.items():
            for variable in file.dataset.variables:
                if variable.codes and variable.name not in PARTIAL:
                    found = engine.execute(f'SELECT DISTINCT "{variable.name}"::VARCHAR FROM {name} WHERE "{variable.name}" IS NOT NULL').fetchall()
                    assert {row[0] for row in found} <= set(variable.codes), (name, variable.name)


def test_keys_agree_between_files(demo: Any) -> None:
    with demo.engine() as engine:
        assert engine.execute("SELECT count(*), count(DISTINCT RINPERSOON) FROM GBAPERSOON2023TABV1").fetchone() == (demo.persons, demo.persons)
        for name, file in demo.index.files.items():
            columns = {variable.name for variable in file.dataset.variables}
            if "RINPERSOON" in columns:
                assert engine.execute(f"SELECT count(*) FROM {name} ANTI JOIN GBAPERSOON2023TABV1 USING (RINPERSOONS, RINPERSOON)").fetchone() == (0,)
            if "RINPERSOONHKW" in columns:
                orphans = f"SELECT count(*) FROM {name} ANTI JOIN INHA2023TABV1 USING (RINPERSOONSHKW, RINPERSOONHKW)"
                assert engine.execute(orphans).fetchone() == (0,)
            if "RINOBJECTNUMMER" in columns:
                orphans = f"SELECT count(*) FROM {name} ANTI JOIN VSLGWB2023TAB03V1 USING (SOORTOBJECTNUMMER, RINOBJECTNUMMER)"
                assert engine.execute(orphans).fetchone() == (0,)
        # Household sizes are what the members say, and each has one reference person.
        members = "count(*) AS n, any_value(AANTALPERSHH) AS size, count(*) FILTER (REFPERSOONHH = '1') AS heads"
        wrong = f"SELECT count(*) FROM (SELECT {members} FROM GBAHUISHOUDENS2023BUSV1 GROUP BY HUISHOUDNR) WHERE n <> size OR heads <> 1"
        assert engine.execute(wrong).fetchone() == (0,)
        spells = "SELECT count(*) FROM GBAHUISHOUDENS2023BUSV1 WHERE DATUMEINDEHH < DATUMAANVANGHH"
        assert engine.execute(spells).fetchone() == (0,)
        unborn = "SELECT count(*) FROM GBAPERSOON2021TABV1 WHERE GBAGEBOORTEJAAR > '2021'"
        assert engine.execute(unborn).fetchone() == (0,)


def test_units_have_the_rows_their_file_promises(demo: Any) -> None:
    most = {name: file.dataset.max_rows_per_unit for name, file in demo.index.files.items()}
    assert all(count is not None for count in most.values())
    assert most["GBAPERSOON2023TABV1"] == most["INPA2023TABV1"] == most["INHA2023TABV1"] == most["VSLGWB2023TAB03V1"] == 1
    assert most["GBAHUISHOUDENS2023BUSV1"] == 2
    assert most["SPOLISBUS2023V4"] == 24
    assert most["VERD2023TABV1"] >= 6


def test_skew(small: Any, tmp_path: Path) -> None:
    generate(tmp_path, 30_000)
    with small.engine({p.stem: p for p in tmp_path.rglob("*.parquet")}) as engine:
        jobs = "SELECT count(DISTINCT RINPERSOON) AS n FROM SPOLISBUS2023V4 GROUP BY SBEID"
        largest, median = engine.execute(f"SELECT max(n), median(n) FROM ({jobs})").fetchone() or (0, 0)
        assert largest > 50 * median
        towns = "SELECT count(*) AS n FROM VSLGWB2023TAB03V1 GROUP BY gem2023"
        largest, smallest = engine.execute(f"SELECT max(n), min(n) FROM ({towns})").fetchone() or (0, 0)
        assert largest > 100 * smallest
        top = engine.execute("SELECT sum(INPPERSBRUT) FILTER (INPP100PPERS >= 90) / sum(INPPERSBRUT) FROM INPA2023TABV1").fetchone()
        assert top is not None
        assert 0.1 < top[0] < 0.5


def test_same_seed_same_rows_other_seed_other_rows(small: Any, tmp_path: Path) -> None:
    generate(tmp_path / "same", 2_000, 2026)
    generate(tmp_path / "other", 2_000, 2027)
    for path in small.root.rglob("*.parquet"):
        relative = path.relative_to(small.root)
        rows = pq.read_table(path)
        assert pq.read_table(tmp_path / "same" / relative).equals(rows), relative
        assert not pq.read_table(tmp_path / "other" / relative).equals(rows), relative


def test_row_groups_and_compression(demo: Any) -> None:
    for file in demo.index.files.values():
        footer = pq.read_metadata(file.path)
        sizes = [footer.row_group(i).num_rows for i in range(footer.num_row_groups)]
        assert all(size == 122_880 for size in sizes[:-1])
        assert 0 < sizes[-1] <= 122_880
        assert footer.row_group(0).column(0).compression == "ZSTD"


def test_a_failure_leaves_the_old_files_and_no_rubbish(tmp_path: Path) -> None:
    generate(tmp_path, 2_000, 1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def stop(fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path, 2_000, 2, progress=stop)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_progress_ends_at_one(tmp_path: Path) -> None:
    seen: list[float] = []
    generate(tmp_path, 2_000, progress=seen.append)
    assert seen == [1.0]


@pytest.mark.parametrize(("persons", "seed"), [(1_999, 1), (100_000_001, 1), (2_000, -1)])
def test_bad_sizes(tmp_path: Path, persons: int, seed: int) -> None:
    with pytest.raises(Invalid):
        generate(tmp_path, persons, seed)
    assert not list(tmp_path.iterdir())


PEAK = """
import resource, sys
from pathlib import Path
from jupyter_cbs.demo.data.generator import generate
generate(Path(sys.argv[1]), int(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_population(tmp_path: Path) -> None:
    peaks = []
    for persons in ("120000", "320000"):
        done = subprocess.run([sys.executable, "-c", PEAK, str(tmp_path / persons), persons], capture_output=True, text=True, check=True, timeout=240)
        peaks.append(int(done.stdout) * 1024)
    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 10**9


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9 - 5_001), st.integers(0, 2**40))
def test_person_numbers_are_unique_nine_digits(first: int, seed: int) -> None:
    numbers = person_numbers(np.arange(first, first + 5_000), seed).to_pylist()
    assert len(set(numbers)) == 5_000
    assert all(len(number) == 9 and number.isdigit() for number in numbers)


@given(st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=50))
def test_digits_keep_leading_zeros(values: list[int]) -> None:
    assert digits(np.array(values), 12).to_pylist() == [f"{value:012d}" for value in values]


@given(st.lists(st.dates(), min_size=1, max_size=50))
def test_dates_are_written_without_separators(days: list[Any]) -> None:
    assert dates(np.array(days, dtype="datetime64[D]")).to_pylist() == [f"{day:%Y%m%d}".zfill(8) for day in days]
