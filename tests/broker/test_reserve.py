"""The reserve of the disk: before it is full, in bytes or in files, those end who write, and nobody else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest
from running_demo import wait_for

from .harness import Running
from .test_full_disk import small_disk

LEFT = 400_000
"""Bytes; less than the reserve of so small a disk."""
FILES = 40_000
"""What the disk can take; a twentieth is its reserve."""


@pytest.fixture
def cramped() -> Iterator[Running]:
    """A broker on a disk with room for a few files more than the reserve."""
    yield from small_disk(f"nr_inodes={FILES}")


def told(broker: Running, user: str, session: str, written: int = 0) -> dict[str, object]:
    """What the broker answers to a workspace server whose kernel wrote so much."""
    answer = broker.call(user, "POST", "/quota/written", {"kernels": [{"session": session, "written_bytes": written}]})
    assert answer.status == 200, answer.body
    found: dict[str, object] = answer.body
    return found


def test_when_little_is_left_of_the_disk_who_writes_ends(cramped: Running) -> None:
    root = cramped.deployment.root
    writes, idles = (cramped.call(user, "POST", "/sessions", {"kernel_id": user}).body["id"] for user in ("researcher", "leader"))
    assert told(cramped, "researcher", writes, 5_000_000)["end"] == []
    told(cramped, "leader", idles, 5_000_000)
    filler = root / "filler"
    with filler.open("wb") as file, suppress(OSError):
        while os.statvfs(root).f_bavail * os.statvfs(root).f_frsize > LEFT:
            file.write(b"0" * 65_536)
            file.flush()
    verdict = told(cramped, "researcher", writes, 10_000_000)
    assert verdict["end"] == [writes]
    assert "left, which everybody needs" in str(verdict["text"])
    assert told(cramped, "leader", idles, 5_000_000)["end"] == []
    filler.unlink()
    assert told(cramped, "researcher", writes, 15_000_000)["end"] == []


@pytest.mark.parametrize("area", ["personal", "shared"])
def test_when_few_more_files_can_be_made_who_makes_them_ends(cramped: Running, area: str) -> None:
    root = cramped.deployment.root
    ids = {user: cramped.call(user, "POST", "/sessions", {"kernel_id": user}).body["id"] for user in ("researcher", "leader")}
    other = cramped.call("outsider", "POST", "/sessions", {"kernel_id": "outsider"}, project="9002").body["id"]
    for user, session in ids.items():
        assert told(cramped, user, session)["end"] == []
    folder = (cramped.deployment.shared("9001") if area == "shared" else cramped.deployment.personal("9001", "researcher")) / "many"
    folder.mkdir()
    os.close(os.open(folder / "0", os.O_CREAT | os.O_WRONLY))
    made = 1
    while os.statvfs(root).f_favail > FILES // 20 - 100:
        os.close(os.open(folder / str(made), os.O_CREAT | os.O_WRONLY))
        made += 1
    # what was measured a moment ago still counts; the server asks again and again
    wait_for(lambda: told(cramped, "researcher", ids["researcher"])["end"] == [ids["researcher"]], 120, "the end of who made them")
    verdict = told(cramped, "researcher", ids["researcher"])
    assert "more files, and everybody needs some" in str(verdict["text"])
    assert told(cramped, "leader", ids["leader"])["end"] == ([ids["leader"]] if area == "shared" else [])
    answer = cramped.call("outsider", "POST", "/quota/written", {"kernels": [{"session": other, "written_bytes": 0}]}, project="9002")
    assert answer.body["end"] == []
    for file in folder.iterdir():
        file.unlink()
    assert told(cramped, "researcher", ids["researcher"])["end"] == []
