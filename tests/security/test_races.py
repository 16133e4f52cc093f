"""Names that are swapped for links, over and over, while the server and the export snapshot use them.

Each control does the same as one writes it without thinking of races, look first and then open, and loses.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from running_demo import Demo

from jupyter_cbs.domain.errors import CbsError
from jupyter_cbs.domain.money import PriceTable
from jupyter_cbs.exports.intake import taken_in
from jupyter_cbs.exports.snapshot import freeze
from jupyter_cbs.server.files import WorkspaceFiles
from jupyter_cbs.store.objects import ObjectStore
from jupyter_cbs.system.beneath import WorkspaceRoots

MINE, SECRET = b"group,n\nmine,1200\n", b"group,n\nsecret,9\n"
ROUNDS = 1_000
PATIENCE = 60.0
"""Seconds after which a race that never met both sides is given up. How often the two processes meet is the machine's affair."""


@contextlib.contextmanager
def swapping(first: Path, second: Path) -> Iterator[None]:
    """Exchange two names in another process for the length of the block."""
    command = [sys.executable, "-I", "-S", str(Path(__file__).parent / "swapper.py"), str(first), str(second)]
    swapper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert swapper.stdin is not None
    assert swapper.stdout is not None
    try:
        assert swapper.stdout.readline() == b"swapping\n"
        yield
    finally:
        swapper.stdin.close()
        swapper.wait(60)
        swapper.stdout.close()


@dataclass
class Field:
    """A workspace in which a folder and a file take turns with links that lead out of it.

    Parameters
    ----------
    root
        Holds the areas and, beside them, ``outside``.
    """

    root: Path

    @property
    def shared(self) -> Path:
        return self.root / "shared"

    @property
    def roots(self) -> WorkspaceRoots:
        return WorkspaceRoots(self.shared, self.root / "personal")

    @property
    def outside(self) -> Path:
        return self.root / "outside"

    def prepare(self) -> None:
        for folder in (self.shared / "folder", self.root / "personal", self.outside):
            folder.mkdir(parents=True)
        for name in ("f.csv", "gone.csv"):
            (self.outside / name).write_bytes(SECRET)
        (self.shared / "folder" / "f.csv").write_bytes(MINE)
        (self.shared / "trap").symlink_to(self.outside, target_is_directory=True)
        (self.shared / "file.csv").write_bytes(MINE)
        (self.shared / "trap.csv").symlink_to(self.outside / "f.csv")

    def folders(self) -> AbstractContextManager[None]:
        """Swap the folder for a link to a folder outside."""
        return swapping(self.shared / "folder", self.shared / "trap")

    def files(self) -> AbstractContextManager[None]:
        """Swap the file for a link to a file outside."""
        return swapping(self.shared / "file.csv", self.shared / "trap.csv")

    def untouched(self) -> bool:
        """Whether everything outside is as it was."""
        return {path.name: path.read_bytes() for path in self.outside.iterdir()} == {"f.csv": SECRET, "gone.csv": SECRET}


@pytest.fixture
def field(tmp_path: Path) -> Field:
    field = Field(tmp_path)
    field.prepare()
    return field


def while_patient() -> Iterator[int]:
    """Count until patience runs out."""
    until, number = time.monotonic() + PATIENCE, 0
    while time.monotonic() < until:
        yield number
        number += 1


def some(attempt: Callable[[], object], rounds: int) -> Counter[str]:
    """Make an attempt so many times; count what came of it."""
    found: Counter[str] = Counter()
    for _ in range(rounds):
        try:
            result = attempt()
        except CbsError:
            found["refused"] += 1
        else:
            found["secret" if SECRET in (result if isinstance(result, bytes) else b"") or result == "secret" else "done"] += 1
    return found


def race(attempt: Callable[[], object], rounds: int = ROUNDS) -> Counter[str]:
    """Make an attempt so many times, and on until it met both sides of the swap."""
    found = some(attempt, rounds)
    for _ in while_patient():
        if found["done"] and found["refused"]:
            break
        found += some(attempt, 20)
    return found


def contested(found: Counter[str]) -> bool:
    """Whether the attempts met both sides of the swap, and never the secret."""
    return found["done"] > 0 and found["refused"] > 0 and found["secret"] == 0


# ---------------------------------------------------------------------------------------------- contents manager


def test_reading_behind_a_swapped_folder(field: Field) -> None:
    files = WorkspaceFiles(field.roots)
    with field.folders():
        assert contested(race(lambda: files.read("shared/folder/f.csv", 1000)))


def test_reading_a_swapped_file(field: Field) -> None:
    files = WorkspaceFiles(field.roots)
    with field.files():
        assert contested(race(lambda: files.read("shared/file.csv", 1000)))


def test_listing_a_swapped_folder(field: Field) -> None:
    files = WorkspaceFiles(field.roots)

    def names() -> str:
        return "secret" if "gone.csv" in {item.name for item in files.listing("shared/folder")} else "names"

    with field.folders():
        assert contested(race(names))


REPLACER = """
import os, sys
os.chdir(sys.argv[1])
while True:
    with open(".next", "wb") as file:
        file.write(b"new")
    os.replace(".next", "file.csv")
    os.write(1, b".")
"""


def test_a_file_that_others_save_meanwhile_is_read_and_never_called_a_link(field: Field) -> None:
    """The honest neighbour of these attacks: whoever saves a file replaces it, so for a moment the one that was opened has no name left."""
    files = WorkspaceFiles(field.roots)
    saver = subprocess.Popen([sys.executable, "-I", "-S", "-c", REPLACER, str(field.shared)], stdout=subprocess.PIPE)
    assert saver.stdout is not None
    inodes = set()
    try:
        for _ in range(3_000):
            saver.stdout.read1()  # has saved since
            assert files.read("shared/file.csv", 1000) == b"new"
            inodes.add(files.item("shared/file.csv").status.st_ino)
            assert [entry.kind for entry in field.roots.entries("shared/file.csv")] == ["file"]
    finally:
        saver.kill()
        saver.communicate()
    assert len(inodes) > 1


def test_writing_behind_a_swapped_folder(field: Field) -> None:
    files = WorkspaceFiles(field.roots)
    with field.folders():
        assert contested(race(lambda: files.write("shared/folder/new.csv", b"new"), 300))
    assert field.untouched()


def test_writing_over_a_swapped_file(field: Field) -> None:
    files = WorkspaceFiles(field.roots)
    with field.files():
        found = some(lambda: files.write("shared/file.csv", MINE), 300)
    assert found["done"] > 0
    assert field.untouched()


def test_deleting_behind_a_swapped_folder(field: Field) -> None:
    files = WorkspaceFiles(field.roots)
    found: Counter[str] = Counter()
    with field.folders():
        for number in while_patient():
            if number >= 300 and found["done"] and found["refused"]:
                break
            with contextlib.suppress(CbsError):
                files.write("shared/folder/gone.csv", MINE)
            found += some(lambda: files.delete("shared/folder/gone.csv"), 3)
    assert contested(found)
    assert field.untouched()


def test_deleting_a_swapped_folder(field: Field) -> None:
    """With everything in it; what a link points at stays."""
    files = WorkspaceFiles(field.roots)
    with field.folders():
        for _ in range(200):
            with contextlib.suppress(CbsError):
                files.delete("shared/folder")
            # what is gone is laid out again, under whichever name is free
            with contextlib.suppress(OSError):
                (field.shared / "folder").mkdir()
            with contextlib.suppress(OSError):
                (field.shared / "trap").symlink_to(field.outside, target_is_directory=True)
    assert field.untouched()


def test_moving_out_of_a_swapped_folder(field: Field) -> None:
    files = WorkspaceFiles(field.roots)

    def move() -> bytes:
        files.move("shared/folder/f.csv", "shared/moved.csv")
        try:
            return files.read("shared/moved.csv", 1000)
        finally:
            (field.shared / "moved.csv").unlink()
            with contextlib.suppress(CbsError):
                files.write("shared/folder/f.csv", MINE)

    with field.folders():
        found: Counter[str] = Counter()
        for number in while_patient():
            if number >= 150 and found["done"] and found["refused"]:
                break
            found += some(move, 2)
            with contextlib.suppress(CbsError):
                files.write("shared/folder/f.csv", MINE)
    assert contested(found)
    assert field.untouched()


def test_copying_a_swapped_folder(field: Field) -> None:
    files = WorkspaceFiles(field.roots)
    with field.folders():
        for number in while_patient():
            if number >= 150 and any((field.root / "personal").rglob("*.csv")):
                break
            with contextlib.suppress(CbsError):
                files.copy("shared/folder", f"personal/copy{number}")
    copies = [path.read_bytes() for path in (field.root / "personal").rglob("*.csv")]
    assert copies
    assert set(copies) == {MINE}


def test_swapping_under_the_real_server(deployment: Demo) -> None:
    """The same over HTTP, on the demo."""
    root, outside = deployment.shared() / "swapped", deployment.root / "outside-of-a-race"
    for folder in (root, root / "folder", outside):
        folder.mkdir()
        folder.chmod(0o777)
    (outside / "f.csv").write_bytes(SECRET)
    (root / "folder" / "f.csv").write_bytes(MINE)
    (root / "trap").symlink_to(outside, target_is_directory=True)
    client = deployment.client("researcher")
    try:
        with swapping(root / "folder", root / "trap"):
            answers = []
            for number in while_patient():
                if number >= 200 and len({answer.status_code for answer in answers}) > 1:
                    break
                answers.append(client.request("GET", "api/contents/shared/swapped/folder/f.csv"))
    finally:
        for link in ("folder", "trap"):
            if (root / link).is_symlink():
                (root / link).unlink()
        assert client.request("DELETE", "api/contents/shared/swapped").status_code == 204
    assert {answer.status_code for answer in answers} <= {200, 403, 404}
    assert 200 in {answer.status_code for answer in answers}
    assert len({answer.status_code for answer in answers}) > 1
    assert not [answer for answer in answers if SECRET.decode() in answer.json().get("content", "")]


# --------------------------------------------------------------------------------------------------- the snapshot


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    (tmp_path / "objects").mkdir()
    return ObjectStore(tmp_path / "objects")


def freezing(field: Field, objects: ObjectStore, path: str) -> Callable[[], object]:
    """Take a file in and freeze it as a submission does; gives the frozen bytes."""

    def attempt() -> bytes:
        with taken_in(field.roots, [path], PriceTable()) as items:
            judged = {item.deliver.name: item.deliver for item in items if item.deliver is not None}
            seen = {}
            for name, content in judged.items():
                with content.open() as file:
                    seen[name] = hashlib.sha256(file.read()).hexdigest()
            entries = freeze(list(judged.values()), objects)
        # what was looked at is what is frozen, whatever happened in between
        assert {entry.path: entry.sha256 for entry in entries} == seen
        frozen = b""
        for entry in entries:
            with objects.open(entry.sha256) as file:
                frozen += file.read()
        return frozen

    return attempt


@pytest.mark.parametrize("path", ["shared/folder/f.csv", "shared/folder"])
def test_freezing_behind_a_swapped_folder(field: Field, objects: ObjectStore, path: str) -> None:
    with field.folders():
        assert contested(race(freezing(field, objects, path), 500))


def test_freezing_a_swapped_file(field: Field, objects: ObjectStore) -> None:
    with field.files():
        assert contested(race(freezing(field, objects, "shared/file.csv"), 500))


def test_freezing_while_the_file_is_another_each_moment(field: Field, objects: ObjectStore) -> None:
    """Two ordinary files under one name: each delivery is wholly one of them."""
    one, two = b"a,n\n" + b"one,11\n" * 3_000, b"a,n\n" + b"two,22\n" * 3_000
    (field.shared / "one.csv").write_bytes(one)
    (field.shared / "two.csv").write_bytes(two)
    frozen: set[object] = set()
    attempt = freezing(field, objects, "shared/one.csv")
    with swapping(field.shared / "one.csv", field.shared / "two.csv"):
        for number in while_patient():
            if number >= 300 and len(frozen) == 2:
                break
            with contextlib.suppress(CbsError):
                frozen.add(attempt())
    assert frozen == {one, two}


def test_freezing_while_the_file_is_written(field: Field, objects: ObjectStore) -> None:
    """Bytes that change under the reader: refused, or frozen as they were judged (checked in the attempt)."""
    path = field.shared / "written.csv"
    path.write_bytes(b"x" * 200_000)
    code = "import sys, os\nfd = os.open(sys.argv[1], os.O_WRONLY)\nprint('writing', flush=True)\nn = 0\n"
    code += "while os.write(1, b'') == 0:\n    n += 1\n    os.pwrite(fd, b'%06d' % (n % 10**6) * 30000, 0)"
    writer = subprocess.Popen([sys.executable, "-I", "-S", "-c", code, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    try:
        assert writer.stdout.readline() == b"writing\n"
        found = race(freezing(field, objects, "shared/written.csv"), 100)
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    assert found["refused"] > 0


# ------------------------------------------------------------------------------------------------------ controls


def test_a_naive_reader_loses_the_race_for_a_folder(field: Field) -> None:
    """It looks whether the folder is a link, and opens it a moment later."""
    folder = field.shared / "folder"

    def read() -> bytes:
        with contextlib.suppress(OSError):
            if not os.path.islink(folder) and not os.path.islink(folder / "f.csv"):
                with open(folder / "f.csv", "rb") as file:
                    return file.read()
        return b""

    with field.folders():
        assert any(read() == SECRET for _ in while_patient())


def test_a_naive_reader_loses_the_race_for_a_file(field: Field) -> None:
    """It resolves the path, looks whether it lies in the workspace, and opens it a moment later."""
    path = field.shared / "file.csv"

    def read() -> bytes:
        # a link that is a file again the next moment is no link to be read
        with contextlib.suppress(OSError):
            if path.resolve().is_relative_to(field.shared):
                return path.read_bytes()
        return b""

    with field.files():
        assert any(read() == SECRET for _ in while_patient())


def test_a_naive_writer_loses_the_race(field: Field) -> None:
    folder = field.shared / "folder"
    with field.folders():
        for _ in while_patient():
            if not os.path.islink(folder):
                with contextlib.suppress(OSError), open(folder / "new.csv", "wb") as file:
                    file.write(b"new")
            if (field.outside / "new.csv").exists():
                break
    assert not field.untouched()


def test_a_naive_snapshot_freezes_other_bytes_than_were_judged(field: Field) -> None:
    """It hashes a file, and copies it a moment later."""
    one = field.shared / "one.csv"
    one.write_bytes(MINE)
    (field.shared / "two.csv").write_bytes(SECRET)
    with swapping(one, field.shared / "two.csv"):
        assert any(hashlib.sha256(one.read_bytes()).digest() != hashlib.sha256(one.read_bytes()).digest() for _ in while_patient())
