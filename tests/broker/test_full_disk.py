"""A disk that is full: everybody is told, nothing half done stays, and with room again all goes on."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from .harness import Running, make_deployment

SIZE = "32m"


def small_disk(*options: str) -> Iterator[Running]:
    """Run a broker whose deployment lies on a small disk of its own, under a short path for its sockets."""
    if os.getuid() != 0:
        pytest.skip("only root can make a disk to fill")
    place = Path(tempfile.mkdtemp(prefix="cbs-f-", dir="/tmp"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", ",".join((f"size={SIZE}", "mode=755", *options)), "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        place.rmdir()
        pytest.skip(f"this machine mounts nothing: {mounted.stderr.strip()}")
    try:
        broker = Running(make_deployment(place))
        broker.start()
        try:
            yield broker
        finally:
            broker.hang_up()
            broker.stop()
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


@pytest.fixture
def cramped() -> Iterator[Running]:
    """A broker on a small disk."""
    yield from small_disk()


def fill(place: Path) -> None:
    """Write until there is no room for another byte."""
    descriptor = os.open(place, os.O_CREAT | os.O_WRONLY)
    try:
        for size in (1 << 20, 4096, 1):
            with suppress(OSError):
                while True:
                    os.write(descriptor, b"0" * size)
    finally:
        os.close(descriptor)


def test_a_full_disk_is_said_and_harms_nothing(cramped: Running) -> None:
    folder = cramped.deployment.shared("9001")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "costs.csv").write_text("group,n\nyoung,1200\nold,800\n")
    kernel = cramped.kernel(kernel_id="before")
    assert kernel.ask("sql", text="SELECT 1 AS x")[0]["type"] == "answer"
    request = cramped.call("researcher", "POST", "/exports", {"title": "Costs", "paths": ["shared/costs.csv"]}).body
    sessions = cramped.deployment.run / "sessions.json"
    known = sessions.read_text()

    fill(cramped.deployment.root / "filler")
    refused = [
        cramped.call("researcher", "POST", "/exports", {"title": "Another", "paths": ["shared/costs.csv"]}),
        cramped.call("researcher", "PATCH", f"/exports/{request['id']}", {"version": request["version"], "title": "Changed"}),
        cramped.call("researcher", "POST", "/sessions", {"kernel_id": "meanwhile"}),
    ]
    for answer in refused:
        assert answer.status == 503, answer.body
        assert answer.body["code"] in ("disk_full", "state_unavailable")
        assert "admin" in answer.body["remedy"]
    # what cannot be noted in the audit is not answered either
    assert kernel.ask("sql", text="SELECT count(*) AS n FROM GBAPERSOONTAB")[0]["error"]["code"] == "state_unavailable"
    assert cramped.call("leader", "GET", "/health").status == 200
    assert sessions.read_text() == known

    (cramped.deployment.root / "filler").unlink()
    seen = cramped.call("researcher", "GET", f"/exports/{request['id']}").body
    assert (seen["title"], seen["version"]) == ("Costs", request["version"])
    assert len(cramped.call("researcher", "GET", "/exports").body["requests"]) == 1
    assert kernel.ask("sql", text="SELECT count(*) AS n FROM GBAPERSOONTAB")[0]["type"] == "answer"
    assert cramped.call("researcher", "POST", "/sessions", {"kernel_id": "meanwhile"}).status == 200


def test_a_session_ends_though_the_disk_is_full(cramped: Running) -> None:
    opened = cramped.call("researcher", "POST", "/sessions", {"kernel_id": "ends"}).body
    kernel = cramped.connect(opened["socket"])
    assert kernel.ask("sql", text="SELECT 1 AS x")[0]["type"] == "answer"
    fill(cramped.deployment.root / "filler")
    cramped.call("researcher", "DELETE", f"/sessions/{opened['id']}")
    assert kernel.read() is None, "the kernel's connection is closed"
    (cramped.deployment.root / "filler").unlink()


def test_a_disk_that_a_kernel_filled_ends_no_broker(cramped: Running) -> None:
    """Measuring the areas goes on, and what is found counts, though it cannot be kept."""
    opened = cramped.call("researcher", "POST", "/sessions", {"kernel_id": "fills"}).body
    kernel = cramped.connect(opened["socket"], events=True)
    kernel.sock.settimeout(600)  # areas are measured the less often the longer it takes, so on a busy machine once in minutes
    folder = cramped.deployment.shared("9001")
    folder.mkdir(parents=True, exist_ok=True)
    fill(folder / "filler")
    used = 0
    while used < 8 * 2**20:
        told = kernel.read()
        assert told is not None, "the broker has ended"
        if told.header.get("event", {}).get("topic") == "quota":
            used = cramped.call("researcher", "GET", "/quota").body["shared"]["used_bytes"]
    assert cramped.call("leader", "GET", "/health").status == 200
    (folder / "filler").unlink()
    assert cramped.connect(opened["socket"]).ask("sql", text="SELECT 1 AS x")[0]["type"] == "answer"
