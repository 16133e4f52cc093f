"""Limits of processes and control groups. The limits inside a sandbox are tested with the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_cbs.sandbox import limits
from jupyter_cbs.sandbox.limits import ControlGroup, Limits

from .boxes import Boxes

FILES = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from jupyter_cbs.sandbox.limits import raise_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))
print(raise_open_files(200), resource.getrlimit(resource.RLIMIT_NOFILE))
print(raise_open_files(1000), raise_open_files(10))
"""


def test_open_files_are_raised_as_far_as_allowed() -> None:
    root = str(Path(limits.__file__).parents[2])
    done = subprocess.run([sys.executable, "-I", "-c", FILES, root], capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["200 (200, 300)", "300 300"]


def test_dumps_are_always_off_and_memory_only_on_request() -> None:
    assert Limits().resources()["CORE"] == 0
    assert "AS" not in Limits().resources()
    assert Limits(address_space_bytes=5).resources()["AS"] == 5


def test_a_delegated_group_is_one_we_can_use() -> None:
    parent = ControlGroup.parent()
    if parent is None:
        pytest.skip("no control group was delegated here")
    group = ControlGroup.create(parent, 256 << 20, 64)
    assert (group.path / "memory.max").read_text().strip() == str(256 << 20)
    group.remove()
    assert not group.path.exists()


@pytest.fixture
def plain_group() -> Iterator[ControlGroup]:
    """A group without controllers, as anybody who may make groups can have it."""
    mount = limits._mount_point()
    own = limits._own_group()
    if mount is None or own is None:
        pytest.skip("there is no cgroup v2 here")
    path = mount / own.lstrip("/") / f"cbs-test-{os.getpid()}"
    try:
        path.mkdir()
    except OSError:
        pytest.skip("groups cannot be made here")
    group = ControlGroup(path)
    yield group
    group.kill()
    group.remove()


def test_a_sandbox_runs_in_its_group_and_ends_with_it(boxes: Boxes, plain_group: ControlGroup) -> None:
    running = boxes.start(["/usr/bin/sleep", "1000"], group=plain_group)
    members = (plain_group.path / "cgroup.procs").read_text().split()
    assert str(running.namespace.init) in members
    assert str(os.getpid()) not in members
    plain_group.kill()
    assert running.namespace.wait(60)
    running.finish()
    plain_group.remove()
    assert not plain_group.path.exists()


def test_a_group_that_cannot_bound_memory_is_not_left_behind(plain_group: ControlGroup) -> None:
    if (plain_group.path / "memory.max").exists():
        pytest.skip("memory is delegated here")
    with pytest.raises(OSError, match=r"memory\.max"):
        ControlGroup.create(plain_group.path, 1 << 20, 10)
    assert [entry.name for entry in plain_group.path.iterdir() if entry.is_dir()] == []
