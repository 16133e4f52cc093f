"""What a notebook does to use up the machine is bounded, and everybody else goes on working."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import websocket
from running_demo import Demo, descendants, start_demo, wait_for

from jupyter_cbs.demo.labclient import Kernel, LabClient
from jupyter_cbs.domain.errors import TimedOut, Unavailable
from jupyter_cbs.sandbox import profiles

BOUND = 700_000_000
MB = 2**20


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A demo whose kernels may use little memory."""
    folder = Path(tempfile.mkdtemp(prefix="cbt-", dir="/tmp"))
    folder.chmod(0o755)
    running = start_demo(folder / "d", "--persons", "2000", "--no-real", "--lab-setting", f"CbsProvisioner.memory_bytes={BOUND}")
    yield running
    running.stop()
    shutil.rmtree(folder)


def others_work(demo: Demo) -> None:
    """The same person's server and the broker answer, and somebody else starts a kernel that reaches its data."""
    assert demo.client("researcher").api("GET", "project")["walls_in_force"] is True
    with demo.client("leader").kernel() as kernel:
        assert kernel.run("import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))").text.strip() == "1"


def works(kernel: Kernel) -> bool:
    """Whether a kernel that starts again by itself is back: what was sent meanwhile is lost."""
    try:
        return kernel.run("print(6 * 7)", 5).text == "42\n"
    except (TimedOut, Unavailable):
        return False


def listen(client: LabClient) -> websocket.WebSocket:
    """Listen to what the server tells the browser."""
    return websocket.create_connection(
        f"{client.url.replace('http', 'ws', 1)}api/events/subscribe",
        timeout=120,
        header=[f"Authorization: token {client.token}"],
        origin="/".join(client.url.split("/")[:3]),
    )


@pytest.mark.parametrize(
    "code",
    [
        "blocks = [b'1' * 10**7 for _ in range(200)]",
        # waits for one of them: the cell is to run still when the kernel ends
        "import os\nfor _ in range(20):\n    if os.fork() == 0:\n        block = b'1' * 10**8\n        while block: pass\nos.wait()",
    ],
    ids=["one process", "many processes"],
)
def test_a_kernel_that_holds_too_much_is_ended_and_the_person_is_told(demo: Demo, code: str) -> None:
    client = demo.client("researcher", "nl")
    with client.kernel() as kernel, closing(listen(client)) as events:
        number = kernel.send(code)
        while True:
            event = json.loads(events.recv())
            if "geheugen" in (event.get("text") or ""):
                break
        assert event["level"] == "error"
        assert "meer dan 700 MB" in event["text"]
        # the cell that ran says so too, and nobody waits for it any longer
        with pytest.raises(Unavailable, match=r"meer dan 700 MB") as died:
            kernel.receive(number)
        assert died.value.code == "kernel_died"
        others_work(demo)
        wait_for(lambda: works(kernel), 120, "the kernel's return")


def test_a_fork_bomb_is_bounded_and_ends_with_its_kernel(demo: Demo) -> None:
    server = demo.info["pids"]["servers"]["researcher"]
    before = set(descendants(server))
    code = """
import os, time
def bomb():
    while True:
        try: os.fork()
        except OSError: pass
if os.fork() == 0: bomb()
print('lit', flush=True)
time.sleep(1000)
"""
    with demo.client("researcher").kernel() as kernel:
        kernel.await_text(kernel.send(code), "lit")
        wait_for(lambda: len(descendants(server)) > 100, 60, "the bomb")
        others_work(demo)
        assert len(descendants(server)) <= (profiles.KERNEL_LIMITS.processes or 0) + len(before) + 10
    wait_for(lambda: not set(descendants(server)) - before, 60, "the end of the bomb")


def test_open_files_and_file_sizes_are_bounded(demo: Demo) -> None:
    code = """
import errno, os
def attempt(what):
    try:
        while True: what()
    except OSError as error:
        return errno.errorcode[error.errno]
fds = []
print(attempt(lambda: fds.append(os.dup(0))), len(fds) <= 8192)
for fd in fds: os.close(fd)
huge = open('personal/huge', 'wb')
print(attempt(lambda: huge.truncate(1 << 50)))
huge.close(); os.unlink('personal/huge')
"""
    with demo.client("researcher").kernel() as kernel:
        assert kernel.run(code).text.split() == ["EMFILE", "True", "EFBIG"]
    others_work(demo)


def test_a_flood_of_output_leaves_the_server_its_memory(demo: Demo) -> None:
    """Past the messages, into the pipe that is drained: nobody reads it, and nothing keeps it."""
    server = demo.info["pids"]["servers"]["researcher"]

    def resident() -> int:
        return next(int(line.split()[1]) for line in Path(f"/proc/{server}/status").read_text().splitlines() if line.startswith("VmRSS:")) << 10

    code = """
import os, sys, threading
target = sys.stdout._original_stdstream_copy
written = 0
def flood():
    global written
    while True: written += os.write(target, b'x' * 65536)
threading.Thread(target=flood, daemon=True).start()
import time
while written < 1_500_000: time.sleep(0.01)
print('flooded')
"""
    with demo.client("researcher").kernel() as kernel:
        before = resident()
        assert kernel.run(code).text == "flooded\n"
        others_work(demo)
        assert resident() - before < 100 * MB
