"""Grants of some columns: what is seen, and the files that hold nothing else."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.catalogue.index import CatalogueIndex, build_index
from jupyter_cbs.catalogue.narrow import Narrowed, NarrowFiles
from jupyter_cbs.catalogue.scope import Scope
from jupyter_cbs.domain.errors import NotFound, Unavailable
from jupyter_cbs.domain.grant import Grant

SECRET = "withheld-4711"


def some(dataset: str, *columns: str) -> Grant:
    return Grant(dataset=dataset, columns=columns)


def table(rows: int = 50) -> pa.Table:
    return pa.table(
        {
            "RINPERSOONS": ["R"] * rows,
            "RINPERSOON": [f"{i:09d}" for i in range(rows)],
            "GBAGESLACHT": ["12"[i % 2] for i in range(rows)],
            "Secret": [f"{SECRET}-{i}" for i in range(rows)],
        },
        metadata={"description": f"about {SECRET}"},
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = tmp_path / "catalogue" / "Bevolking" / "GBAPERSOON2023TABV1.parquet"
    place.parent.mkdir(parents=True)
    pq.write_table(table(), place)
    return place


@pytest.fixture
def index(source: Path) -> CatalogueIndex:
    pq.write_table(
        pa.table({"RINPERSOONS": ["R"] * 4, "RINPERSOON": ["1", "1", "2", "3"], "LOON": [1, 2, 3, 4]}), source.parent / "SPOLISBUS2023V1.parquet"
    )
    return build_index(source.parents[1])


def columns(scope: Scope, name: str) -> list[str]:
    return [variable.name for variable in scope.get(name).variables]


def test_only_granted_columns_are_seen_in_the_order_of_the_file(index: CatalogueIndex) -> None:
    scope = Scope.of(index, [some("GBAPERSOON*", "gbageslacht", "RINPERSOON", "RINPERSOONS")])
    assert columns(scope, "GBAPERSOONTAB") == ["RINPERSOONS", "RINPERSOON", "GBAGESLACHT"]
    assert scope.search("secret") == ()
    assert [d.columns for d in scope.search("geslacht")] == [3]
    assert set(scope.views().values()) == {Narrowed(index.files["GBAPERSOON2023TABV1"].path, ("RINPERSOONS", "RINPERSOON", "GBAGESLACHT"))}


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ([some("GBAPERSOONTAB", "GBAGESLACHT"), some("GBAPERSOON2023*", "Secret")], ["GBAGESLACHT", "Secret"]),
        ([some("GBAPERSOONTAB", "GBAGESLACHT"), "GBAPERSOON2023TABV1"], ["RINPERSOONS", "RINPERSOON", "GBAGESLACHT", "Secret"]),
        ([some("GBAPERSOONTAB", "GBAGESLACHT"), some("GBAPERSOONTAB", "*")], ["RINPERSOONS", "RINPERSOON", "GBAGESLACHT", "Secret"]),
        ([some("GBAPERSOONTAB", "GBAGESLACHT"), some("GBAPERSOONTAB", "NOWHERE")], ["GBAGESLACHT"]),
    ],
)
def test_several_grants_add_up(index: CatalogueIndex, grants: list[Grant | str], expected: list[str]) -> None:
    assert columns(Scope.of(index, grants), "GBAPERSOONTAB") == expected
    assert columns(Scope.of(index, grants[::-1]), "GBAPERSOONTAB") == expected


def test_all_columns_by_name_are_the_file_itself(index: CatalogueIndex) -> None:
    scope = Scope.of(index, [some("GBAPERSOONTAB", "RINPERSOONS", "RINPERSOON", "GBAGESLACHT", "SECRET")])
    assert scope.views()["GBAPERSOONTAB"] == index.files["GBAPERSOON2023TABV1"].path


def test_a_data_set_without_a_granted_column_is_not_there(index: CatalogueIndex) -> None:
    scope = Scope.of(index, [some("GBAPERSOONTAB", "NOWHERE")])
    assert (scope.datasets, scope.views()) == ((), {})
    assert scope.unknown == (("GBAPERSOONTAB", "NOWHERE"),)
    with pytest.raises(NotFound):
        scope.get("GBAPERSOONTAB")


def test_a_column_that_one_of_the_files_has_is_known(index: CatalogueIndex) -> None:
    scope = Scope.of(index, [Grant.model_construct(dataset="*", columns=("RINPERSOON", "LOON", "X"))])
    assert scope.unknown == (("*", "X"),)


def test_the_key_is_needed_where_units_have_several_rows(index: CatalogueIndex) -> None:
    persons, jobs = (Scope.of(index, [some(name, column)]).datasets[0] for name, column in (("GBAPERSOONTAB", "GBAGESLACHT"), ("SPOLISBUS", "LOON")))
    assert (persons.max_rows_per_unit, persons.unit_key) == (1, ())
    # counting rows would count one person twice: the key stays asked for, and a table is refused without it
    assert (jobs.max_rows_per_unit, jobs.unit_key) == (2, ("RINPERSOONS", "RINPERSOON"))


def test_the_file_holds_the_columns_and_nothing_of_the_others(source: Path, tmp_path: Path) -> None:
    wanted = Narrowed(source, ("RINPERSOON", "GBAGESLACHT"))
    files = NarrowFiles(tmp_path / "columns")
    place = files.files({"V": wanted, "T": wanted})
    assert place["V"] == place["T"] == files.places({"V": wanted})["V"]
    assert pq.read_table(place["V"]).to_pydict() == table().select(["RINPERSOON", "GBAGESLACHT"]).to_pydict()
    content = place["V"].read_bytes()
    assert SECRET.encode() not in content
    assert b"Secret" not in content
    assert SECRET.encode() in source.read_bytes()
    assert place["V"].stat().st_mode & 0o777 == 0o400
    assert place["V"].parent.stat().st_mode & 0o077 == 0


def test_it_is_made_once_and_anew_when_the_source_is_another(source: Path, tmp_path: Path) -> None:
    wanted = {"V": Narrowed(source, ("GBAGESLACHT",))}
    files = NarrowFiles(tmp_path / "columns")
    first = files.files(wanted)["V"]
    made = first.stat().st_ino
    assert files.files(wanted)["V"].stat().st_ino == made
    assert NarrowFiles(tmp_path / "columns").files(wanted)["V"].stat().st_ino == made
    new = source.with_suffix(".new")
    pq.write_table(table(7), new)
    new.replace(source)
    assert files.places(wanted)["V"] != first
    second = files.files(wanted)["V"]
    assert pq.read_metadata(second).num_rows == 7
    files.keep([wanted])
    assert list((tmp_path / "columns").iterdir()) == [second]
    files.keep([])
    assert list((tmp_path / "columns").iterdir()) == []


def test_a_source_that_is_gone_or_damaged_or_a_link_is_told_and_leaves_nothing(source: Path, tmp_path: Path) -> None:
    files = NarrowFiles(tmp_path / "columns")
    moved = source.rename(tmp_path / "elsewhere.parquet")
    source.symlink_to(moved)
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(moved.read_bytes()[:-200])
    for place in (source, damaged, tmp_path / "nowhere.parquet"):
        with pytest.raises(Unavailable) as caught:
            files.files({"GBAPERSOON": Narrowed(place, ("GBAGESLACHT",))})
        assert caught.value.code == "dataset_unreadable"
        assert "GBAPERSOON" in caught.value.message.en
        assert str(tmp_path) not in caught.value.message.en
    assert not (tmp_path / "columns").exists() or list((tmp_path / "columns").iterdir()) == []


def test_two_sessions_at_once_get_one_file(source: Path, tmp_path: Path) -> None:
    files, found = NarrowFiles(tmp_path / "columns"), []
    threads = [threading.Thread(target=lambda: found.append(files.files({"V": Narrowed(source, ("GBAGESLACHT",))})["V"])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == len(list((tmp_path / "columns").iterdir())) == 1


def test_types_are_those_of_the_source(tmp_path: Path) -> None:
    place = tmp_path / "types.parquet"
    with duckdb.connect() as engine:
        engine.execute(
            "COPY (SELECT 1::TINYINT a, 2::UBIGINT b, 1.25::DECIMAL(18,3) c, DATE '2020-02-29' d, TIMESTAMP '2020-02-29 12:00:00.123456' e, "
            "TIMESTAMPTZ '2020-02-29 12:00:00+01' f, TIME '12:00' g, [1, 2] h, {'x': 1, 'y': 'z'} i, 'é' j, uuid() k, 'ab'::BLOB l, "
            f"7::HUGEINT m, true n, '{SECRET}' o) TO '{place}' (FORMAT parquet)"
        )
        names = tuple("abcdefghijklmn")
        made = NarrowFiles(tmp_path / "columns").files({"V": Narrowed(place, names)})["V"]
        before, after = (engine.execute(f"DESCRIBE SELECT {', '.join(names)} FROM '{path}'").fetchall() for path in (place, made))
        assert before == after
        same = engine.execute(f"SELECT count(*) FROM (SELECT {', '.join(names)} FROM '{place}' EXCEPT FROM '{made}')").fetchone()
    assert same == (0,)


NAMES = ["RINPERSOONS", "RINPERSOON", "GBAGESLACHT", "Secret"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from([*NAMES, "secret", "X", "*"]), min_size=1, unique=True), max_size=4))
def test_never_more_than_the_union(lists: list[list[str]]) -> None:
    """Whatever grants say, the columns that are seen are those somebody named."""
    index = _fixed_index()
    scope = Scope.of(index, [some("GBAPERSOONTAB", *names) for names in lists])
    named = {name.casefold() for names in lists for name in names}
    expected = NAMES if "*" in named else [name for name in NAMES if name.casefold() in named]
    assert [v.name for d in scope.datasets for v in d.variables] == expected
    for file in scope.views().values():
        assert isinstance(file, Narrowed) == (len(expected) < len(NAMES))
        if isinstance(file, Narrowed):
            assert list(file.columns) == expected


_INDEX: list[CatalogueIndex] = []


def _fixed_index() -> CatalogueIndex:
    return _INDEX[0]


@pytest.fixture(autouse=True, scope="module")
def _one_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("fixed")
    (root / "Bevolking").mkdir()
    pq.write_table(table(), root / "Bevolking" / "GBAPERSOON2023TABV1.parquet")
    _INDEX[:] = [build_index(root)]
