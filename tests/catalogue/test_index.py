"""Indexing real files, good and bad."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_cbs.catalogue.index import CatalogueIndex, build_index, report, report_json
from jupyter_cbs.domain.dataset import VariableRole
from jupyter_cbs.domain.errors import NotFound

Write = Callable[..., Path]


def problem(index: CatalogueIndex, file: str) -> str:
    (found,) = [p.message.en for p in index.problems if p.file == file]
    return found


def test_walks_theme_folders_and_counts_rows_per_unit(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "Bevolking/GBAPERSOONTAB/2023/GBAPERSOON2023TABV1.parquet", persons=5)
    write(tmp_path / "Spolis/SPOLISBUS2023V4.PARQUET", persons=3, rows_each=7, SLNINGLD=pa.array([1.5] * 21))
    index = build_index(tmp_path)
    assert index.problems == ()
    persons, jobs = index.files["GBAPERSOON2023TABV1"].dataset, index.files["SPOLISBUS2023V4"].dataset
    assert (persons.rows, persons.max_rows_per_unit, persons.theme, persons.unit, persons.period) == (5, 1, "Bevolking", "person", "2023")
    assert (jobs.rows, jobs.max_rows_per_unit, jobs.unit_key) == (21, 7, ("RINPERSOONS", "RINPERSOON"))
    assert {v.name: v.role for v in jobs.variables} == {
        "RINPERSOONS": VariableRole.IDENTIFIER,
        "RINPERSOON": VariableRole.IDENTIFIER,
        "GBAGESLACHT": VariableRole.QUASI,
        "SLNINGLD": VariableRole.MEASURE,
    }
    assert {v.name: v.type for v in jobs.variables}["SLNINGLD"] == "DOUBLE"


def test_bad_files_are_named_and_skipped(tmp_path: Path, write: Write) -> None:
    good = write(tmp_path / "Bevolking/GBAPERSOON2023TABV1.parquet")
    data = good.read_bytes()
    bad = {
        "TRUNCATED2020TABV1.parquet": (data[:-20], "truncated"),
        "EMPTY2020TABV1.parquet": (b"", "empty"),
        "CSV2020TABV1.parquet": (b"RINPERSOON;INKOMEN\n000000001;5\n", "Not a Parquet file"),
        "FOOTER2020TABV1.parquet": (data[:40] + b"\xff" * 200 + data[-8:], "damaged"),
        "CUT2020TABV1.parquet": (data[:4] + data[len(data) // 3 :], "damaged"),
        "OLD2020TABV1.sav": (b"$FL2", "Not a Parquet file"),
    }
    for name, (content, _) in bad.items():
        (tmp_path / "Bevolking" / name).write_bytes(content)
    os.mkfifo(tmp_path / "Bevolking/PIPE2020TABV1.parquet")
    outside = tmp_path.parent / "outside.parquet"
    outside.write_bytes(data)
    (tmp_path / "Bevolking/LINK2020TABV1.parquet").symlink_to(outside)
    (tmp_path / "Linked").symlink_to(tmp_path / "Bevolking")
    index = build_index(tmp_path)
    assert list(index.files) == ["GBAPERSOON2023TABV1"]
    for name, (_, reason) in bad.items():
        assert reason in problem(index, f"Bevolking/{name}")
    assert "regular" in problem(index, "Bevolking/PIPE2020TABV1.parquet")
    assert "links are not followed" in problem(index, "Bevolking/LINK2020TABV1.parquet")
    assert "links are not followed" in problem(index, "Linked")
    assert all(p.message.nl != p.message.en for p in index.problems)
    outside.unlink()


def test_a_page_destroyed_in_the_key_column_is_found(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "T/GBAPERSOON2023TABV1.parquet", persons=2000)
    column = pq.ParquetFile(path).metadata.row_group(0).column(1)
    with open(path, "r+b") as stream:
        stream.seek(column.dictionary_page_offset or column.data_page_offset)
        stream.write(b"\x00" * 64)
    index = build_index(tmp_path)
    assert not index.files
    assert "key columns" in problem(index, "T/GBAPERSOON2023TABV1.parquet")


def test_a_folder_name_that_looks_like_a_pattern(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "Bevolking [oud]*/GBAPERSOON2022TABV1.parquet", persons=3)
    write(tmp_path / "o'Brien/GBAPERSOON2023TABV1.parquet", persons=4)
    index = build_index(tmp_path)
    assert {name: f.dataset.rows for name, f in index.files.items()} == {"GBAPERSOON2022TABV1": 3, "GBAPERSOON2023TABV1": 4}


def test_converted_copy_gives_way_to_the_original(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "B/geconverteerde data/GBAPERSOON2023TABV1.parquet", persons=2)
    write(tmp_path / "B/GBAPERSOON2023TABV1.parquet", persons=3)
    write(tmp_path / "B/geconverteerde data/GBAPERSOON2022TABV1.parquet", persons=4)
    (tmp_path / "B/geconverteerde data/GBAPERSOON2022TABV1.py").write_text("# how it was converted")
    index = build_index(tmp_path)
    assert {name: f.dataset.rows for name, f in index.files.items()} == {"GBAPERSOON2023TABV1": 3, "GBAPERSOON2022TABV1": 4}
    assert [p.file for p in index.problems] == ["B/geconverteerde data/GBAPERSOON2023TABV1.parquet"]


def package(**changes: object) -> dict[str, object]:
    fields = [
        {"name": "RINPERSOON", "title": "Persoon", "cbs": {"role": "quasi"}},
        {"name": "gbageslacht", "title": "Geslacht", "categories": [{"value": "1", "label": "Mannen"}, {"value": "2", "label": "Vrouwen"}]},
        {"name": "SOORT", "constraints": {"enum": ["a", "b"]}, "cbs": {"role": "sensitive"}},
        {"name": "BEDRAG", "cbs": {"role": "measure", "unit": "EUR"}},
    ]
    return {
        "title": "Persoonskenmerken",
        "resources": [{"name": "r", "path": "GBAPERSOON2023TABV1.parquet", "schema": {"fields": fields}}],
        "cbs": {"topic": "GBAPERSOONTAB", "theme": "Bevolking", "population": "Alle", "unit": "person", "unit_key": ["rinpersoons", "RINPERSOON"]},
    } | changes


def test_metadata_from_the_data_package(tmp_path: Path, write: Write, descriptor: Callable[..., Path]) -> None:
    folder = tmp_path / "Bevolking/GBAPERSOONTAB"
    extra = {"SOORT": pa.array(["a"] * 4), "BEDRAG": pa.array([1.0] * 4)}
    write(folder / "GBAPERSOON2023TABV1.parquet", **extra)
    write(folder / "GBAPERSOON2022TABV1.parquet", **extra)
    write(folder / "INPA2022TABV1.parquet", **extra)
    descriptor(folder, **package())
    index = build_index(tmp_path)
    assert index.problems == ()
    for name in ("GBAPERSOON2023TABV1", "GBAPERSOON2022TABV1"):
        dataset = index.files[name].dataset
        variables = {v.name: v for v in dataset.variables}
        assert (dataset.title, dataset.population, dataset.unit_key) == ("Persoonskenmerken", "Alle", ("RINPERSOONS", "RINPERSOON"))
        assert variables["GBAGESLACHT"].codes == {"1": "Mannen", "2": "Vrouwen"}
        assert variables["GBAGESLACHT"].label == "Geslacht"
        assert variables["SOORT"].codes == {"a": "a", "b": "b"}
        assert (variables["BEDRAG"].role, variables["BEDRAG"].unit) == (VariableRole.MEASURE, "EUR")
        # Metadata cannot make a key exportable.
        assert variables["RINPERSOON"].role is VariableRole.IDENTIFIER
    assert index.files["INPA2022TABV1"].dataset.title == "INPATAB"


def test_a_row_is_the_unit_only_when_the_metadata_say_so(tmp_path: Path, descriptor: Callable[..., Path]) -> None:
    folder = tmp_path / "Voorbeelden/RANDHIE"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"mdvis": [0, 2, 3]}), folder / "RANDHIE1982TABV1.parquet")
    assert build_index(tmp_path).files["RANDHIE1982TABV1"].dataset.max_rows_per_unit is None
    notes = {"topic": "RANDHIETAB", "unit": "person-year", "unit_key": []}
    descriptor(folder, resources=[{"path": "RANDHIE1982TABV1.parquet"}], cbs=notes)
    dataset = build_index(tmp_path).files["RANDHIE1982TABV1"].dataset
    assert (dataset.unit, dataset.unit_key, dataset.max_rows_per_unit) == ("person-year", (), 1)


@pytest.mark.parametrize(
    ("content", "dutch"),
    [
        ("{", "(document): Dit is geen JSON (regel 1, kolom 1)."),
        ("[]", "(document): Hier moeten velden staan."),
        ("{}", "resources: Het veld 'resources' ontbreekt."),
        (json.dumps(package(resources=[{"path": "../../GBAPERSOON2023TABV1.parquet"}])), "ligt niet onder de map van de beschrijving."),
        (json.dumps(package(resources=[{"path": "/etc/passwd"}])), "'/etc/passwd' ligt niet onder de map"),
        (json.dumps(package(resources=[{"path": "https://example.org/a.parquet"}])), "Een relatief pad zonder '..'."),
    ],
)
def test_bad_metadata_are_reported_and_the_file_is_still_indexed(tmp_path: Path, write: Write, content: str, dutch: str) -> None:
    write(tmp_path / "B/GBAPERSOON2023TABV1.parquet")
    (tmp_path / "B/datapackage.json").write_text(content)
    index = build_index(tmp_path)
    assert "not a valid data package" in problem(index, "B/datapackage.json")
    (told,) = (p.message.nl for p in index.problems if p.file == "B/datapackage.json")
    assert dutch in told
    assert index.files["GBAPERSOON2023TABV1"].dataset.unit == "person"


def test_a_key_that_is_not_there_is_reported(tmp_path: Path, write: Write, descriptor: Callable[..., Path]) -> None:
    write(tmp_path / "B/GBAPERSOON2023TABV1.parquet")
    notes = {"topic": "GBAPERSOONTAB", "unit_key": ["PERSOON"], "institution_key": "SCHOOL"}
    descriptor(tmp_path / "B", **package(cbs=notes))
    index = build_index(tmp_path)
    assert sorted(p.message.en for p in index.problems) == [
        "The metadata name a key column that is not in the file: PERSOON.",
        "The metadata name an institution column that is not in the file: SCHOOL.",
    ]
    assert index.files["GBAPERSOON2023TABV1"].dataset.unit_key == ("RINPERSOONS", "RINPERSOON")


def test_cache_serves_unchanged_files_only(tmp_path: Path, write: Write) -> None:
    root, cache = tmp_path / "c", tmp_path / "cache.json"
    path = write(root / "B/GBAPERSOON2023TABV1.parquet", persons=3, rows_each=2)
    first = build_index(root, cache)
    # A planted count shows that the second run did not count again; a changed file is counted again.
    stored = json.loads(cache.read_text())
    stored["files"]["B/GBAPERSOON2023TABV1.parquet"]["counts"]["RINPERSOONS,RINPERSOON"] = 99
    cache.write_text(json.dumps(stored))
    assert first.files["GBAPERSOON2023TABV1"].dataset.max_rows_per_unit == 2
    assert build_index(root, cache).files["GBAPERSOON2023TABV1"].dataset.max_rows_per_unit == 99
    before = path.stat()
    write(path, persons=2, rows_each=3)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert build_index(root, cache).files["GBAPERSOON2023TABV1"].dataset.max_rows_per_unit == 3


@pytest.mark.parametrize("content", ["", "[]", '{"format":1,"files":{"B/GBAPERSOON2023TABV1.parquet":{"identity":"x"}}}'])
def test_a_broken_cache_is_ignored(tmp_path: Path, write: Write, content: str) -> None:
    root, cache = tmp_path / "c", tmp_path / "cache.json"
    write(root / "B/GBAPERSOON2023TABV1.parquet")
    cache.write_text(content)
    assert build_index(root, cache).files["GBAPERSOON2023TABV1"].dataset.rows == 4
    assert json.loads(cache.read_text())["files"]


def test_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no catalogue folder"):
        build_index(tmp_path / "nothing")


def test_reports(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "B/GBAPERSOON2023TABV1.parquet", persons=1234)
    (tmp_path / "B/GBAPERSOON2022TABV1.parquet").write_bytes(b"PAR1")
    index = build_index(tmp_path)
    assert "1,234" in report(index)
    dutch = report(index, "nl")
    assert "1.234" in dutch
    assert "afgekapt" in dutch
    data = json.loads(json.dumps(report_json(index, "nl")))
    assert data["datasets"][0]["max_rows_per_unit"] == 1
    assert data["problems"] == [{"file": "B/GBAPERSOON2022TABV1.parquet", "message": "Het Parquet-bestand is afgekapt: het slot ontbreekt."}]
