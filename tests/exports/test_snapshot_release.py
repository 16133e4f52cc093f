"""Exactly the frozen bytes leave, all of them or none."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import Conflict, Internal, Refused
from jupyter_cbs.domain.export import ExportForm, ManifestEntry
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.finding import PrecheckReport, Status
from jupyter_cbs.domain.money import PriceTable
from jupyter_cbs.domain.text import Text
from jupyter_cbs.exports import manifest
from jupyter_cbs.exports.intake import taken_in
from jupyter_cbs.exports.release import delivery_name, write_release
from jupyter_cbs.exports.snapshot import freeze, frozen
from jupyter_cbs.system.beneath import WorkspaceRoots

from .conftest import PNG, FolderObjects, notebook

Put = Callable[[str, bytes | str], str]


def content(name: str, data: bytes = b"a\n1\n") -> FileContent:
    return FileContent(f"shared/{name}", name, "csv", "table", len(data), data=data)


def test_from_the_workspace_to_the_release(roots: WorkspaceRoots, put: Put, objects: FolderObjects, tmp_path: Path) -> None:
    """The workspace may do what it wants after intake: what leaves is what was taken in."""
    big = b"a,b\n" + b"1,2\n" * 500_000
    paths = [put("t/costs.csv", "a,b\n1,2\n"), put("t/big.csv", big), put("fig.png", PNG), put("run.ipynb", json.dumps(notebook()))]
    with taken_in(roots, paths, PriceTable()) as items:
        for path in paths:
            (roots.shared / path.removeprefix("shared/")).write_bytes(b"changed after intake")
        deliveries = [item.deliver for item in items if item.deliver is not None]
        entries = freeze(deliveries, objects)
    assert [entry.path for entry in entries] == ["big.csv", "costs.csv", "fig.png", "run.py"]
    assert entries[0].sha256 == hashlib.sha256(big).hexdigest()
    assert entries[3].source == "shared/run.ipynb"
    again = frozen(entries, objects)
    assert again[0].data == big
    assert (again[3].kind, again[3].path) == ("script", "shared/run.ipynb")
    name = delivery_name("9001", "r1", 1, light=False)
    target = write_release(entries, objects, {"output_control_form.txt": b"form"}, tmp_path / "released", archive=name)
    assert sorted(os.listdir(target)) == sorted(["big.csv", "costs.csv", "fig.png", "run.py", "output_control_form.txt", name])
    assert (target / "big.csv").read_bytes() == big
    with zipfile.ZipFile(target / name) as opened:
        assert opened.namelist() == ["big.csv", "costs.csv", "fig.png", "output_control_form.txt", "run.py"]
        assert opened.read("costs.csv") == b"a,b\n1,2\n"
        assert opened.read("output_control_form.txt") == b"form"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_zip_of_a_light_output_starts_with_light() -> None:
    assert delivery_name("9001", "a/b", 2, light=True) == "LIGHT_9001_a_b_r2.zip"
    assert delivery_name("9001", "r1", 1, light=False) == "9001_r1_r1.zip"


# ---------------------------------------------------------------------------------------------------- snapshot


def test_an_open_workspace_file_is_looked_at_before_and_after(tmp_path: Path, objects: FolderObjects) -> None:
    path = tmp_path / "costs.csv"
    path.write_bytes(b"a\n1\n")
    fd = os.open(path, os.O_RDONLY)
    try:
        of = FileContent("shared/costs.csv", "costs.csv", "csv", "table", 4, fd=fd)
        assert freeze([of], objects)[0].size == 4

        class Meddler(FolderObjects):
            """A store during whose work the file is rewritten."""

            def put(self, stream: BinaryIO) -> tuple[str, int]:
                result = super().put(stream)
                path.write_bytes(b"b\n2\n")
                return result

        with pytest.raises(Conflict) as caught:
            freeze([of], Meddler(tmp_path / "objects"))
        assert caught.value.code == "changed_while_reading"
        os.link(path, tmp_path / "again.csv")
        with pytest.raises(Refused):
            freeze([of], objects)
    finally:
        os.close(fd)


def test_a_pipe_or_folder_is_not_frozen(tmp_path: Path, objects: FolderObjects) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            with pytest.raises(Refused):
                freeze([FileContent("shared/x", "x.csv", "csv", "table", 0, fd=fd)], objects)
        finally:
            os.close(fd)


def test_a_size_that_is_not_the_content_s(objects: FolderObjects) -> None:
    with pytest.raises(Conflict):
        freeze([FileContent("shared/x", "x.csv", "csv", "table", 3, data=b"a\n1\n")], objects)


def test_a_store_that_keeps_something_else_is_found_out(tmp_path: Path, objects: FolderObjects) -> None:
    class Liar(FolderObjects):
        def put(self, stream: BinaryIO) -> tuple[str, int]:
            return "0" * 64, super().put(stream)[1]

    with pytest.raises(Internal):
        freeze([content("a.csv")], Liar(tmp_path / "liar"))


@pytest.mark.parametrize("names", [[], ["a.csv", "A.CSV"], ["x/a.csv"], [".."], [""]])
def test_what_is_no_delivery(names: list[str], objects: FolderObjects) -> None:
    with pytest.raises(Conflict):
        freeze([content(name) for name in names], objects)


def test_frozen_content_is_verified(objects: FolderObjects) -> None:
    entries = freeze([content("a.csv")], objects)
    (objects.folder / entries[0].sha256).write_bytes(b"b\n2\n")
    with pytest.raises(Internal):
        frozen(entries, objects)


# ---------------------------------------------------------------------------------------------------- manifest

ENTRY = ManifestEntry(path="a.csv", source="shared/a.csv", sha256="0" * 64, size=4, type="csv", kind="table")
OTHER = ENTRY.model_copy(update={"path": "é.csv"})


def document(**changes: object) -> bytes:
    value: dict[str, object] = {
        "entries": (ENTRY, OTHER),
        "request_id": "r1",
        "round": 1,
        "form": ExportForm(purpose="thésis"),
        "report": PrecheckReport(status=Status.SAFE, files=(), class_reasons=(Text(en="one", nl="een"),)),
        "policy_version": "abc",
        "versions": {"jupyter_cbs": "0.1.0", "duckdb": "2"},
    }
    value |= changes
    return manifest.canonical(value.pop("entries"), **value)


def test_the_same_manifest_gives_the_same_bytes() -> None:
    assert document() == document(entries=(OTHER, ENTRY), versions={"duckdb": "2", "jupyter_cbs": "0.1.0"})
    assert document().isascii()
    assert b" " not in document().replace(b"th", b"")
    assert manifest.digest(document()) == hashlib.sha256(document()).hexdigest()
    value = json.loads(document())
    assert value["report"]["class_reasons"] == [{"en": "one", "nl": "een"}]
    assert json.dumps(value, sort_keys=True, separators=(",", ":")).encode() == document()


@pytest.mark.parametrize(
    "change",
    [
        {"entries": (ENTRY,)},
        {"entries": (ENTRY.model_copy(update={"sha256": "1" * 64}), OTHER)},
        {"entries": (ENTRY.model_copy(update={"source": "shared/b.csv"}), OTHER)},
        {"request_id": "r2"},
        {"round": 2},
        {"form": ExportForm(purpose="thesis")},
        {"report": None},
        {"policy_version": "abd"},
        {"versions": {"jupyter_cbs": "0.1.1", "duckdb": "2"}},
    ],
)
def test_whatever_changes_changes_the_digest(change: dict[str, object]) -> None:
    assert manifest.digest(document(**change)) != manifest.digest(document())


# ---------------------------------------------------------------------------------------------------- release


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}\.csv", fullmatch=True), st.binary(max_size=200), min_size=1, max_size=4))
def test_any_files_are_released_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    base = tmp_path_factory.mktemp("release")
    objects = FolderObjects(base / "objects")
    entries = freeze([content(name, data) for name, data in files.items()], objects)
    target = write_release(entries, objects, {}, base / "out")
    assert {path.name: path.read_bytes() for path in target.iterdir() if path.suffix == ".csv"} == files
    with zipfile.ZipFile(target / "delivery.zip") as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == files


def test_the_same_release_gives_the_same_zip(objects: FolderObjects, tmp_path: Path) -> None:
    entries = freeze([content("b.csv"), content("a.csv", b"x\n")], objects)
    one = write_release(entries, objects, {"form.txt": b"f"}, tmp_path / "one")
    two = write_release(entries, objects, {"form.txt": b"f"}, tmp_path / "two")
    assert (one / "delivery.zip").read_bytes() == (two / "delivery.zip").read_bytes()


@pytest.mark.parametrize("damage", ["changed", "missing", "longer"])
def test_a_damaged_object_releases_nothing(objects: FolderObjects, tmp_path: Path, damage: str) -> None:
    entries = freeze([content("a.csv"), content("b.csv", b"other\n")], objects)
    path = objects.folder / entries[1].sha256
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"evil!\n" if damage == "changed" else b"other\nmore")
    with pytest.raises(Internal) as caught:
        write_release(entries, objects, {}, tmp_path / "out")
    assert caught.value.code == "object_mismatch"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["objects", "personal", "shared"] or sorted(
        path.name for path in tmp_path.iterdir()
    ) == ["objects"]


def test_a_store_that_passes_its_check_and_then_gives_something_else_releases_nothing(tmp_path: Path) -> None:
    class TwoFaced(FolderObjects):
        def open(self, sha256: str) -> BinaryIO:
            (self.folder / sha256).write_bytes(b"swapped")
            return super().open(sha256)

    objects = TwoFaced(tmp_path / "objects")
    entries = freeze([content("a.csv")], objects)
    with pytest.raises(Internal):
        write_release(entries, objects, {}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_round_is_released_once(objects: FolderObjects, tmp_path: Path) -> None:
    entries = freeze([content("a.csv")], objects)
    target = write_release(entries, objects, {}, tmp_path / "out")
    before = sorted(path.name for path in target.iterdir())
    with pytest.raises(Conflict) as caught:
        write_release(entries, objects, {"more.txt": b"x"}, target)
    assert caught.value.code == "already_released"
    assert sorted(path.name for path in target.iterdir()) == before
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Conflict):
        write_release(entries, objects, {}, tmp_path / "dangling")


def test_what_a_killed_release_left_is_cleared(objects: FolderObjects, tmp_path: Path) -> None:
    (tmp_path / ".out.unfinished").mkdir()
    (tmp_path / ".out.unfinished/half.csv").write_bytes(b"half")
    entries = freeze([content("a.csv")], objects)
    target = write_release(entries, objects, {}, tmp_path / "out")
    assert sorted(path.name for path in target.iterdir()) == ["a.csv", "delivery.zip"]
    assert not (tmp_path / ".out.unfinished").exists()


@pytest.mark.parametrize(
    ("names", "extra"), [([], {}), (["a.csv"], {"A.csv": b""}), (["delivery.zip"], {}), (["a.csv"], {"../evil": b""}), (["a.csv"], {"..": b""})]
)
def test_what_is_no_release(names: list[str], extra: dict[str, bytes], objects: FolderObjects, tmp_path: Path) -> None:
    entries = [ENTRY.model_copy(update={"path": name}) for name in names]
    with pytest.raises(Conflict):
        write_release(entries, objects, extra, tmp_path / "out")
    assert not (tmp_path / "out").exists()
