"""Nothing can be planted in a workspace for a server to follow."""

from __future__ import annotations

import json
import os
import sys

import pytest

from jupyter_cbs.sandbox import landlock
from jupyter_cbs.sandbox.bubblewrap import Bind

from .boxes import SHARED, Boxes, outside

ATTACKS = """
import ctypes, json, os, socket, sys
where = sys.argv[1]
os.chdir(where)
def listen():
    s = socket.socket(socket.AF_UNIX); s.bind("sock")
def moved():
    os.symlink("/etc/passwd", "/tmp/link"); os.rename("/tmp/link", "moved")
def linked():
    if not os.path.lexists("/tmp/l2"): os.symlink("/etc/passwd", "/tmp/l2")
    os.link("/tmp/l2", "linked", follow_symlinks=False)
attempts = {
    "symlink": lambda: os.symlink("/etc/passwd", "link"),
    "fifo": lambda: os.mkfifo("fifo"),
    "socket": listen,
    "device": lambda: os.mknod("dev", 0o20666, os.makedev(1, 3)),
    "file without a name": lambda: os.write(os.open(".", os.O_TMPFILE | os.O_RDWR), b"x"),
    "folder": lambda: os.mkdir("folder"),
    "in a new folder": lambda: (os.makedirs("a/b"), os.symlink("/", "a/b/c")),
    "moved in": moved,
    "linked in": linked,
    "file": lambda: open("file", "w").close(),
    "rename across folders": lambda: (os.makedirs("c"), open("f2", "w").close(), os.rename("f2", "c/f2")),
    "hard link": lambda: os.link("file", "c/file2"),
}
done = {}
for name, attempt in attempts.items():
    try: attempt(); done[name] = 0
    except OSError as e: done[name] = e.errno
print(json.dumps(done))
"""
REFUSED = ("symlink", "fifo", "socket", "device", "in a new folder", "moved in", "linked in")
ALLOWED = ("file without a name", "folder", "file", "rename across folders", "hard link")

pytestmark = pytest.mark.skipif(landlock.abi() == 0, reason="this kernel has no Landlock")


def test_workspaces_take_files_and_folders_only(boxes: Boxes) -> None:
    done = json.loads(boxes.python(ATTACKS, SHARED).out)
    assert {name: done[name] != 0 for name in REFUSED} == dict.fromkeys(REFUSED, True), done
    assert {name: done[name] for name in ALLOWED} == dict.fromkeys(ALLOWED, 0)
    kinds = {entry.name for entry in os.scandir(boxes.shared) if not entry.is_file(follow_symlinks=False) and not entry.is_dir(follow_symlinks=False)}
    assert kinds == set()


def test_outside_the_same_succeeds(boxes: Boxes) -> None:
    done = json.loads(outside(ATTACKS, str(boxes.shared)).out)
    for name in ("symlink", "fifo", "socket", "in a new folder"):
        assert done[name] == 0, (name, done)
    os.unlink("/tmp/link") if os.path.lexists("/tmp/link") else None
    os.unlink("/tmp/l2") if os.path.lexists("/tmp/l2") else None


def test_temporary_places_take_links_and_sockets_but_no_devices(boxes: Boxes) -> None:
    done = json.loads(boxes.python(ATTACKS, "/tmp").out)
    assert (done["symlink"], done["fifo"], done["socket"]) == (0, 0, 0)
    assert done["device"] != 0


def test_sockets_only_where_named(boxes: Boxes) -> None:
    place = boxes.folder / "zmq"
    place.mkdir(mode=0o777)
    place.chmod(0o777)
    binds = (*boxes.sandbox.binds, Bind(place, "/run/kernel", writable=True))
    done = json.loads(boxes.python(ATTACKS, "/run/kernel", binds=binds, sockets=("/run/kernel",)).out)
    assert done["socket"] == 0
    assert {name: number for name, number in done.items() if number == 0} == {"socket": 0}
    assert [entry.name for entry in place.iterdir()] == ["sock"]


def test_a_child_cannot_shake_it_off(boxes: Boxes) -> None:
    code = f"""
import subprocess
print(subprocess.run(["/usr/bin/ln", "-s", "/etc/passwd", "x"], capture_output=True).returncode)
print(subprocess.run([{sys.executable!r}, "-I", "-c", "import os; os.setsid(); os.fork(); os.symlink('/', 'y')"], capture_output=True).returncode)
"""
    assert "0" not in boxes.python(code).out.split()


def test_a_place_that_does_not_exist_ends_the_start(boxes: Boxes) -> None:
    ran = boxes.start(["/bin/echo", "ran"], sockets=("/nowhere",)).finish()
    assert ran.code == landlock.FAILED
    assert "ran" not in ran.out.split()
