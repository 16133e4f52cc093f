"""What a sandbox writes to disk is counted, in whatever way it writes; what is not on a disk does not count."""

from __future__ import annotations

import sys

import pytest
from running_demo import writes_are_counted

from jupyter_cbs.sandbox.writing import Writing, Written

from .boxes import Boxes, Running

MB = 2**20
SIZE = 20 * MB

WAYS = {
    "a file": "open('x', 'wb').write(b'1' * SIZE)",
    "a mapped file": """
with open('x', 'wb') as file: file.truncate(SIZE)
block = mmap.mmap(os.open('x', os.O_RDWR), SIZE)
for at in range(0, SIZE, 4096): block[at] = 1
""",
    "children that ended": """
for n in range(10):
    if os.fork() == 0:
        open(f'x{n}', 'wb').write(b'1' * (SIZE // 10)); os._exit(0)
    os.wait()
""",
    "an orphan that lives": """
told, telling = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        open('x', 'wb').write(b'1' * SIZE); os.write(telling, b'1')
        while True: signal.pause()
    os._exit(0)
os.wait()
os.read(told, 1)
""",
    "room that is reserved": "os.posix_fallocate(os.open('x', os.O_CREAT | os.O_RDWR), 0, SIZE)",
}

HARMLESS = {
    "temporary files": "open('/tmp/x', 'wb').write(b'1' * SIZE)",
    "shared memory": "open('/dev/shm/x', 'wb').write(b'1' * SIZE)",
    "a hole": "open('x', 'wb').truncate(SIZE)",
    "room reserved beyond the end": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.fallocate(os.open('x', os.O_CREAT | os.O_RDWR), 1, ctypes.c_long(0), ctypes.c_long(SIZE)) == -1
assert os.fstat(os.open('x', os.O_RDWR)).st_blocks == 0
""",
}

START = "import mmap, os, signal, sys\nSIZE = int(sys.argv[1])\n"
WAIT = "\nprint('ready', flush=True)\nwhile True: signal.pause()\n"


def look(boxes: Boxes, code: str) -> Written:
    running: Running = boxes.start([sys.executable, "-I", "-c", START + code + WAIT, str(SIZE)])
    try:
        writing = Writing(running.namespace.init, [boxes.shared])
        assert running.process.stdout is not None
        assert running.process.stdout.readline() == b"ready\n"
        first = writing.look()
        assert writing.look() == first
        return first
    finally:
        running.namespace.kill()
        running.finish()


@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_counts(boxes: Boxes, way: str) -> None:
    if not writes_are_counted(boxes.folder):
        pytest.skip("this file system does not tell who writes")
    found = look(boxes, WAYS[way])
    assert found.bytes >= SIZE
    assert found.nameless == 0


@pytest.mark.parametrize("way", HARMLESS)
def test_what_takes_no_disk_does_not_count(boxes: Boxes, way: str) -> None:
    found = look(boxes, HARMLESS[way])
    assert found.bytes < MB
    assert found.nameless == 0


def test_files_without_a_name_are_found(boxes: Boxes) -> None:
    found = look(boxes, "file = open('x', 'wb'); os.unlink('x'); file.write(b'1' * SIZE); file.flush()")
    assert SIZE <= found.nameless < SIZE + MB
