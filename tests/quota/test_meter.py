"""The meter counts what ``du`` counts."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_cbs.quota import measure


def du(root: Path) -> int:
    """Allocated bytes as the tool says, in its own blocks of 1,024 bytes (ext4 and tmpfs allocate whole ones)."""
    return int(subprocess.run(["du", "-s", "--block-size=1", str(root)], check=True, capture_output=True, text=True).stdout.split()[0])


def apparent(root: Path) -> tuple[int, int]:
    """Sum of sizes and number of regular files, each inode once, by another road."""
    listing = subprocess.run(["find", str(root), "-type", "f", "-printf", "%i %s\\n"], check=True, capture_output=True, text=True).stdout
    sizes = dict(line.split() for line in listing.splitlines())
    return sum(int(size) for size in sizes.values()), len(sizes)


def plant(root: Path, seed: int, count: int) -> None:
    """A random tree: folders, files of all sizes, holes, several names, links, pipes, renames, awkward names."""
    dice = random.Random(seed)
    folders, files = [root], []
    for number in range(count):
        folder = dice.choice(folders)
        path = folder / dice.choice([f"n{number}", f"é {number}", f"line\n{number}", "x" * 100 + str(number)])
        kind = dice.randrange(10)
        if kind <= 1:
            path.mkdir()
            folders.append(path)
        elif kind <= 4:
            path.write_bytes(os.urandom(dice.choice([0, 1, 4095, 4096, 4097, 60_000])))
            files.append(path)
        elif kind == 5:
            with path.open("wb") as file:
                file.truncate(dice.choice([10, 10**6, 10**11]))
                file.seek(dice.randrange(10**6))
                file.write(b"x" * dice.randrange(1, 9000))
            files.append(path)
        elif kind == 6 and files:
            os.link(dice.choice(files), path)
        elif kind == 7:
            path.symlink_to(dice.choice(["/usr", "..", "missing", "y" * 200]))
        elif kind == 8:
            os.mkfifo(path)
        elif files:
            chosen = dice.randrange(len(files))
            files[chosen] = files[chosen].rename(path)


@given(st.integers(0, 10**9), st.integers(20, 120))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_equal_to_du_on_random_trees(tmp_path_factory: pytest.TempPathFactory, seed: int, count: int) -> None:
    root = tmp_path_factory.mktemp("tree")
    plant(root, seed, count)
    subprocess.run(["sync", "-f", str(root)], check=True)  # blocks of fresh files are allocated when they are written back
    result = measure(root)
    assert result.used_bytes == du(root)
    assert (result.apparent_bytes, result.files) == apparent(root)
    assert result.unreadable == 0


def test_holes_take_no_room_but_are_shown(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**12)
    result = measure(tmp_path)
    assert result.apparent_bytes == 10**12
    assert result.used_bytes < 10**6


def test_links_lead_nowhere_and_names_count_once(tmp_path: Path) -> None:
    area, outside = tmp_path / "area", tmp_path / "outside"
    area.mkdir()
    outside.mkdir()
    (outside / "big").write_bytes(os.urandom(10**6))
    (area / "link").symlink_to(outside)
    (area / "one").write_bytes(os.urandom(100_000))
    before = measure(area)
    for number in range(10):
        os.link(area / "one", area / f"again{number}")
    assert measure(area) == before
    assert before.files == 1
    assert before.apparent_bytes == 100_000


def test_a_missing_root_is_an_error_and_not_zero(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        measure(tmp_path / "none")


def test_a_very_deep_tree_is_measured_with_few_descriptors(tmp_path: Path) -> None:
    """Deeper than the longest path the kernel takes, and than the descriptors a process has."""
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("folder", dir_fd=at)
        inner = os.open("folder", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    fd = os.open("leaf", os.O_WRONLY | os.O_CREAT, dir_fd=at)
    os.write(fd, b"12345")
    os.close(fd)
    os.close(at)
    before = len(os.listdir("/proc/self/fd"))
    result = measure(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before
    assert (result.files, result.apparent_bytes) == (1, 5)
    assert result.used_bytes == du(tmp_path)
    subprocess.run(["rm", "-rf", str(tmp_path / "folder")], check=True)


def test_measuring_while_files_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "keep").write_bytes(os.urandom(50_000))
    for number in range(50):
        (tmp_path / f"d{number}").mkdir()
    stop = threading.Event()

    def churn() -> None:
        dice = random.Random(1)
        while not stop.is_set():
            folder = tmp_path / f"d{dice.randrange(50)}"
            aside = tmp_path / "aside"
            folder.rename(aside)
            folder.symlink_to("/usr")
            folder.unlink()
            aside.rename(folder)
            (folder / "f").write_bytes(b"x")
            (folder / "f").unlink()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(50):
            result = measure(tmp_path)
            assert 50_000 <= result.apparent_bytes <= 50_100
            assert result.used_bytes < 10**6
    finally:
        stop.set()
        thread.join()


def test_folders_that_were_closed_are_opened_to_who_shares_the_area_and_no_other(tmp_path: Path) -> None:
    area, outside = tmp_path / "area", tmp_path / "outside"
    for folder in (area, outside, area / "closed", area / "private", area / "open"):
        folder.mkdir()
    os.chmod(area, 0o2770)
    (area / "link").symlink_to(outside)
    (area / "closed" / "inner").mkdir()
    (area / "closed" / "inner" / "file").write_bytes(os.urandom(100_000))
    for folder, mode in ((outside, 0), (area / "closed" / "inner", 0o700), (area / "closed", 0), (area / "private", 0o700), (area / "open", 0o770)):
        os.chmod(folder, mode)
    opened: list[tuple[int, int]] = []
    try:
        result = measure(area, opened)
        places = (area / "closed", area / "closed" / "inner", area / "private")
        assert sorted(opened) == sorted((place.stat().st_dev, place.stat().st_ino) for place in places)
        assert [stat.S_IMODE(os.stat(place).st_mode) for place in (*places, area / "open", outside)] == [0o750, 0o750, 0o750, 0o770, 0]
        assert (result.unreadable, result.apparent_bytes) == (0, 100_000)
        assert measure(area) == result
    finally:
        os.chmod(outside, 0o700)
