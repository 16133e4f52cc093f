"""A sandbox cannot hold more than its bound, in whatever way it holds it; what is not memory of its own does not count."""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_cbs.sandbox.memory import Keeper, Watched, Watcher, measure

from .boxes import Boxes, Running

MB = 2**20
BOUND = 150 * MB
HELD = 250 * MB

WAYS = {
    "one process": "block = b'1' * HELD",
    "many processes": """
for _ in range(25):
    if os.fork() == 0:
        block = b'1' * (HELD // 25)
        while block: signal.pause()
""",
    "/tmp": "with open('/tmp/x', 'wb') as file: file.write(b'1' * HELD)",
    "/dev/shm": "with open('/dev/shm/x', 'wb') as file: file.write(b'1' * HELD)",
    "a file without a name": "file = open('/tmp/x', 'wb'); os.unlink('/tmp/x'); file.write(b'1' * HELD); file.flush()",
    "memory files that nobody maps": "fds = [os.memfd_create('x') for _ in range(5)]\nfor fd in fds: os.write(fd, b'1' * (HELD // 5))",
    "shared memory without a name": """
import ctypes
block = mmap.mmap(-1, HELD)
for _ in range(HELD // 2**20): block.write(b'1' * 2**20)
place = ctypes.addressof(ctypes.c_char.from_buffer(block))
ctypes.CDLL(None).madvise(ctypes.c_void_p(place), ctypes.c_size_t(HELD), 4)  # no longer resident, and still there
""",
    "sockets": """
pairs = []
for _ in range(400):
    pair = socket.socketpair()
    pair[0].setblocking(False)
    try:
        while True: pair[0].send(b'1' * 4096)
    except BlockingIOError: pass
    pairs.append(pair)
""",
    "many empty files": "for n in range(HELD // 1024): os.mkdir('/tmp/%d' % n)",
}

START = "import mmap, os, signal, socket, sys\nHELD = int(sys.argv[1])\n"
WAIT = "\nprint('held', flush=True)\nwhile True: signal.pause()\n"

HARMLESS = {
    "reserved address space": "block = mmap.mmap(-1, 40 * HELD, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
    "a mapped file of the workspace": """
with open('big', 'wb') as file: file.write(b'1' * HELD)
file = open('big', 'r+b'); block = mmap.mmap(file.fileno(), 0)
total = sum(block[at] for at in range(0, HELD, 4096))
""",
    "what children share with their parent": """
block = b'1' * (100 * 2**20)
for _ in range(8):
    if os.fork() == 0:
        while True: signal.pause()
""",
}


def start(boxes: Boxes, code: str) -> Running:
    return boxes.start([sys.executable, "-I", "-c", START + code + WAIT, str(HELD)])


def watch(running: Running, boxes: Boxes, bound: int = BOUND) -> tuple[list[int], threading.Event]:
    told: list[int] = []
    ended = threading.Event()

    def exceeded(held: int) -> None:
        told.append(held)
        ended.set()

    Watcher(0.05).add(Watched(running.namespace.init, bound, boxes.sandbox.temporary, exceeded))
    return told, ended


@pytest.mark.parametrize("way", WAYS)
def test_holding_too_much_ends_the_sandbox(boxes: Boxes, way: str) -> None:
    running = start(boxes, WAYS[way])
    try:
        told, ended = watch(running, boxes)
        assert ended.wait(120)
        assert running.namespace.wait(120)
    finally:
        running.finish()
    assert len(told) == 1
    assert told[0] > BOUND


@pytest.mark.parametrize("way", HARMLESS)
def test_what_is_not_held_does_not_count(boxes: Boxes, way: str) -> None:
    running = start(boxes, HARMLESS[way])
    try:
        assert running.process.stdout is not None
        assert running.process.stdout.readline() == b"held\n"
        assert measure(running.namespace.init, boxes.sandbox.temporary).bytes < BOUND
        watched = Watched(running.namespace.init, BOUND, boxes.sandbox.temporary, lambda _: None)
        assert watched.look()
        watched.close()
    finally:
        running.namespace.kill()
        running.finish()


HIDE = """
import shutil
shutil.copy('/usr/bin/sleep', 'hidden')
os.chmod('hidden', 0o111)
os.execv('hidden', ['hidden', '1000'])
"""


def test_a_process_that_cannot_be_looked_into_ends_the_sandbox(boxes: Boxes) -> None:
    """Who may execute but not read a program gets a process whose memory nobody sees; root sees it all the same."""
    running = boxes.start([sys.executable, "-I", "-c", START + HIDE, "0"])
    try:
        told, ended = watch(running, boxes)
        if os.getuid() == 0:
            assert not ended.wait(1)
            return
        assert ended.wait(120)
        assert told == [0]
        assert running.namespace.wait(120)
    finally:
        running.namespace.kill()
        running.finish()


def test_the_ways_to_hold_what_is_not_seen_are_closed(boxes: Boxes) -> None:
    code = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
secret = lambda: libc.syscall(447, 0)
for attempt in (lambda: libc.shmget(0, 4096, 0o1600), lambda: libc.msgget(0, 0o1600), secret, lambda: libc.prctl(4, 0)):
    print(errno.errorcode[ctypes.get_errno()] if attempt() < 0 else "done")
"""
    assert boxes.python(code).out.split() == ["ENOSYS", "ENOSYS", "ENOSYS", "EPERM"]


def test_one_that_ends_by_itself_is_forgotten(boxes: Boxes) -> None:
    running = boxes.start(["/bin/sh", "-c", "until [ -e over ]; do /usr/bin/sleep 0.05; done"])
    watcher = Watcher(0.05)
    told, _ = watch(running, boxes)
    watcher.add(Watched(running.namespace.init, BOUND, boxes.sandbox.temporary, told.append))
    thread = watcher._thread
    assert thread is not None
    (boxes.shared / "over").touch()
    thread.join(60)
    assert not thread.is_alive()
    assert told == []
    running.finish()


def test_a_failure_with_one_leaves_the_others_watched(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    running = start(boxes, WAYS["one process"])
    broken = Watched(running.namespace.init, BOUND, None, lambda _: None)  # type: ignore[arg-type]  # what makes it fail
    watcher = Watcher(0.05)
    ended = threading.Event()
    watcher.add(broken)
    watcher.add(Watched(running.namespace.init, BOUND, boxes.sandbox.temporary, lambda _: ended.set()))
    try:
        assert ended.wait(120)
    finally:
        running.finish()


@pytest.fixture
def keeper(boxes: Boxes) -> Iterator[Keeper]:
    found = Keeper(dataclasses.replace(boxes.sandbox.limits, memory_bytes=BOUND))
    yield found
    found.release()


def test_a_keeper_bounds_with_what_there_is(boxes: Boxes, keeper: Keeper) -> None:
    """With a control group where one is delegated, else with the watcher."""
    told: list[Any] = []
    running = boxes.start([sys.executable, "-I", "-c", START + WAYS["many processes"] + WAIT, str(HELD)], group=keeper.group)
    keeper.watch(running.namespace.init, boxes.sandbox.temporary, told.append)
    try:
        assert running.namespace.wait(120)
    finally:
        running.finish()
    assert keeper.release() or told


def test_without_a_bound_nothing_is_watched(boxes: Boxes) -> None:
    keeper = Keeper(boxes.sandbox.limits)
    assert keeper.group is None
    assert not keeper.release()
