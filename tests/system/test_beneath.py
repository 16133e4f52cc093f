"""Files of the workspace open beneath their root and never through a link."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import CbsError, Invalid, NotFound, Refused, TooLarge, Unavailable
from jupyter_cbs.system.beneath import WorkspaceRoots, open_beneath, printable

SECRET = b"another project's data"


@pytest.fixture
def roots(tmp_path: Path) -> WorkspaceRoots:
    for name in ("shared/tables", "personal", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "elsewhere/secret.csv").write_bytes(SECRET)
    (tmp_path / "shared/tables/costs.csv").write_bytes(b"a,b\n1,2\n")
    (tmp_path / "personal/notes.txt").write_bytes(b"mine")
    return WorkspaceRoots(tmp_path / "shared", tmp_path / "personal")


def read(roots: WorkspaceRoots, path: str) -> bytes:
    fd = roots.open(path)
    with os.fdopen(fd, "rb") as file:
        return file.read()


@pytest.fixture(autouse=True)
def no_leaked_descriptors() -> Iterator[None]:
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) <= before


def test_ordinary_files_of_both_areas_open(roots: WorkspaceRoots) -> None:
    assert read(roots, "shared/tables/costs.csv") == b"a,b\n1,2\n"
    assert read(roots, "personal/notes.txt") == b"mine"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "shared/../elsewhere/secret.csv",
        "shared/tables/../../elsewhere/secret.csv",
        "..",
        "shared/./tables",
        "shared//tables/costs.csv",
        "shared/tables\0/costs.csv",
        "shared/line\nbreak",
        "elsewhere/secret.csv",
        "Shared/tables/costs.csv",
        "shared/" + "x" * 5000,
        "sharedx",
    ],
)
def test_anything_but_a_plain_path_is_invalid(roots: WorkspaceRoots, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        roots.open(path)
    assert caught.value.code == "bad_path"
    assert caught.value.remedy is not None
    assert "shared/" in caught.value.remedy.nl
    assert str(caught.value.message).isprintable()


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_whatever_is_asked_the_answer_is_an_error_of_the_domain(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    base = tmp_path_factory.getbasetemp()
    roots = WorkspaceRoots(base, base)
    for asked in (path, f"shared/{path}"):
        try:
            os.close(roots.open(asked))
        except CbsError as error:
            assert error.say("nl") != error.say("en")  # noqa: PT017  it may also go well


def test_a_missing_file_is_not_found(roots: WorkspaceRoots) -> None:
    for path in ("shared/nothing.csv", "shared/tables/costs.csv/inner", "shared/none/costs.csv", "shared/" + "n" * 300):
        with pytest.raises(NotFound) as caught:
            roots.open(path)
        assert caught.value.code == "no_such_file"


@pytest.mark.parametrize("target", ["../elsewhere/secret.csv", "tables/costs.csv", "/etc/passwd", "/proc/self/environ", "missing"])
def test_symbolic_links_are_refused_wherever_they_lead(roots: WorkspaceRoots, target: str) -> None:
    (roots.shared / "link.csv").symlink_to(target)
    with pytest.raises(Refused) as caught:
        roots.open("shared/link.csv")
    assert caught.value.code == "link"


def test_a_linked_folder_on_the_way_is_refused(roots: WorkspaceRoots) -> None:
    (roots.shared / "folder").symlink_to(roots.shared.parent / "elsewhere")
    (roots.shared / "fds").symlink_to("/proc/self/fd")
    for path in ("shared/folder/secret.csv", "shared/fds/0"):
        with pytest.raises(Refused):
            roots.open(path)


def test_a_hard_link_is_refused_under_each_of_its_names(roots: WorkspaceRoots) -> None:
    os.link(roots.shared.parent / "elsewhere/secret.csv", roots.shared / "mine.csv")
    with pytest.raises(Refused) as caught:
        roots.open("shared/mine.csv")
    assert caught.value.code == "hard_link"


def test_truncation_waits_until_the_file_has_been_looked_at(roots: WorkspaceRoots) -> None:
    other = roots.shared.parent / "elsewhere/secret.csv"
    os.link(other, roots.shared / "mine.csv")
    with pytest.raises(Refused):
        roots.open("shared/mine.csv", os.O_WRONLY | os.O_TRUNC)
    assert other.read_bytes() == SECRET
    fd = roots.open("shared/tables/costs.csv", os.O_WRONLY | os.O_TRUNC)
    os.close(fd)
    assert (roots.shared / "tables/costs.csv").read_bytes() == b""


def test_a_file_can_be_created(roots: WorkspaceRoots) -> None:
    fd = roots.open("personal/new.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    os.write(fd, b"new")
    os.close(fd)
    assert (roots.personal / "new.txt").read_bytes() == b"new"


@pytest.mark.timeout(120)
def test_fifos_sockets_and_folders_are_refused_without_waiting(roots: WorkspaceRoots) -> None:
    os.mkfifo(roots.shared / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(roots.shared / "sock.csv"))
        for path in ("shared/pipe.csv", "shared/sock.csv", "shared/tables", "shared", "personal"):
            for flags in (os.O_RDONLY, os.O_WRONLY):
                with pytest.raises(Refused) as caught:
                    roots.open(path, flags)
                assert caught.value.code == "not_a_file"


def test_without_permission_the_error_says_so() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "costs.csv").write_bytes(b"x")
        (folder / "costs.csv").chmod(0)
        superuser = os.geteuid() == 0
        if superuser:
            os.seteuid(65534)  # the superuser may open everything
        try:
            with pytest.raises(Refused) as caught:
                WorkspaceRoots(folder, folder).open("shared/costs.csv")
        finally:
            if superuser:
                os.seteuid(0)
    assert caught.value.code == "no_access"


def test_a_missing_area_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        WorkspaceRoots(tmp_path / "a", tmp_path / "b").open("shared/x")


SWAPPER = """
import os, sys
os.chdir(sys.argv[1])
print("swapping", flush=True)
while True:
    os.rename("tables", "aside")
    os.rename("link", "tables")
    os.rename("tables", "link")
    os.rename("aside", "tables")
"""


@pytest.mark.timeout(120)
def test_swapping_a_folder_for_a_link_never_leads_out(roots: WorkspaceRoots) -> None:
    """A kernel swaps the folder as fast as it can while the broker opens the file in it."""
    (roots.shared / "tables/secret.csv").write_bytes(b"own")
    (roots.shared / "link").symlink_to(roots.shared.parent / "elsewhere")
    swapper = subprocess.Popen([sys.executable, "-c", SWAPPER, str(roots.shared)], stdout=subprocess.PIPE)
    assert swapper.stdout is not None
    assert swapper.stdout.readline() == b"swapping\n"
    seen: set[bytes | str] = set()
    try:
        for _ in range(20_000):
            try:
                seen.add(read(roots, "shared/tables/secret.csv"))
            except CbsError as error:
                seen.add(error.code)
            assert SECRET not in seen
            if {b"own", "link"} <= seen:
                break
        own = {f"shared/{folder}/{name}" for folder in ("tables", "aside") for name in ("costs.csv", "secret.csv")}
        for _ in range(200):
            with contextlib.suppress(CbsError):
                assert set(roots.walk("shared")) <= own
    finally:
        swapper.kill()
        swapper.communicate()
    assert {b"own", "link"} <= seen, "the race was never hit, so nothing was shown"


def test_walk_lists_only_regular_files_sorted(roots: WorkspaceRoots) -> None:
    shared = roots.shared
    (shared / "b/deep").mkdir(parents=True)
    for name in ("b/deep/z.txt", "b/a.txt", "a b.txt", "b.txt", "é.txt"):
        (shared / name).write_bytes(b"x")
    (shared / "link").symlink_to("b")
    (shared / "loop").symlink_to(".")
    os.link(shared / "b.txt", shared / "hard.txt")
    os.mkfifo(shared / "pipe")
    (shared / "bad\nname").write_bytes(b"x")
    os.close(os.open(os.fsencode(shared) + b"/\xff.csv", os.O_CREAT | os.O_WRONLY))
    assert list(roots.walk("shared")) == ["shared/a b.txt", "shared/b/a.txt", "shared/b/deep/z.txt", "shared/tables/costs.csv", "shared/é.txt"]
    kinds = {entry.path: entry.kind for entry in roots.entries("shared/")}
    assert kinds["shared/link"] == kinds["shared/loop"] == "link"
    assert kinds["shared/hard.txt"] == kinds["shared/b.txt"] == "hard_link"
    assert kinds["shared/pipe"] == "special"
    assert kinds["shared/bad\nname"] == kinds["shared/\udcff.csv"] == "bad_name"
    assert printable("shared/bad\nname\udcff").isprintable()


def test_walk_of_one_file_gives_that_file(roots: WorkspaceRoots) -> None:
    assert list(roots.walk("shared/tables/costs.csv")) == ["shared/tables/costs.csv"]
    with pytest.raises(NotFound):
        list(roots.walk("shared/none"))


def test_walk_is_bounded(roots: WorkspaceRoots) -> None:
    for number in range(5):
        (roots.shared / f"{number}.txt").write_bytes(b"")
    assert len(list(roots.walk("shared", limit=8))) == 6  # with the root and the folder 'tables' eight
    with pytest.raises(TooLarge) as caught:
        list(roots.walk("shared", limit=7))
    assert caught.value.code == "too_many_files"


def test_open_beneath_refuses_a_nul_and_a_way_out(roots: WorkspaceRoots) -> None:
    root = os.open(roots.shared, os.O_PATH | os.O_DIRECTORY)
    try:
        for path in ("a\0b", "../elsewhere/secret.csv", "tables/../../elsewhere/secret.csv", "/etc/passwd"):
            with pytest.raises(OSError, match=r"."):
                open_beneath(root, path)
    finally:
        os.close(root)
