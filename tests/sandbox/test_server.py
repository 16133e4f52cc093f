"""The view of a workspace server without a uid of its own: no catalogue, but kernels behind all walls."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_cbs.domain.errors import Unavailable
from jupyter_cbs.sandbox import interpreter, profiles
from jupyter_cbs.sandbox.users import command

from .boxes import IDENTITY, make_folder

CODE = """
import dataclasses, json, os, socket, sys
sys.path.insert(0, sys.argv[1])
from jupyter_cbs.sandbox.selftest import selftest
walls = {wall.name: [wall.in_force, wall.mandatory, wall.detail.en] for wall in selftest()}
def reach(port):
    try: socket.create_connection(("127.0.0.1", int(port)), 2).close(); return True
    except OSError: return False
print(json.dumps({"walls": walls, "catalogue": os.path.exists(sys.argv[2]), "own": os.path.exists(sys.argv[3]), "network": reach(sys.argv[4]),
    "uid": os.getuid(), "parent": os.path.exists(f"/proc/{sys.argv[5]}")}))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    made = make_folder()
    yield made
    shutil.rmtree(made)


def test_it_sees_no_catalogue_and_starts_kernels_behind_all_walls(folder: Path) -> None:
    catalogue, own = folder / "catalogue", folder / "shared"
    for place in (catalogue, own):
        place.mkdir()
        if IDENTITY is not None:
            os.chown(place, IDENTITY.uid, IDENTITY.gid)
    uid, gid = (IDENTITY.uid, IDENTITY.gid) if IDENTITY else (os.getuid(), os.getgid())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arguments = [str(interpreter.PACKAGE.parent), str(catalogue), str(own), str(listener.getsockname()[1]), str(os.getpid())]
        # as the supervisor would: it is an ordinary user itself
        starter = f"""
import sys; sys.path.insert(0, {str(interpreter.PACKAGE.parent)!r})
import os, subprocess
from pathlib import Path
from jupyter_cbs.sandbox import profiles
sandbox = profiles.server({{Path({str(own)!r}): True}}, environment={{"LANG": "C.UTF-8"}}, hidden=(Path({str(catalogue)!r}),), uid={uid}, gid={gid})
argv, fds = sandbox.command([sys.executable, "-I", "-c", {CODE!r}, *{arguments!r}])
for fd in fds: os.set_inheritable(fd, True)
os.execve(argv[0], argv, {{"PATH": "/usr/bin:/bin"}})
"""
        argv = [sys.executable, "-I", "-c", starter]
        if IDENTITY is not None:
            argv = command(IDENTITY, argv)
        done = subprocess.run(argv, cwd="/", capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert (found["catalogue"], found["own"], found["network"], found["uid"], found["parent"]) == (False, True, True, uid, False)
    assert [name for name, (in_force, mandatory, _) in found["walls"].items() if mandatory and not in_force] == []
    assert len(found["walls"]) > 10, found["walls"]


def test_a_catalogue_among_the_places_is_refused(folder: Path) -> None:
    catalogue = folder / "catalogue"
    catalogue.mkdir()
    sandbox = profiles.server({folder: True}, environment={}, hidden=(catalogue,), uid=1000, gid=1000)
    with pytest.raises(Unavailable) as caught:
        sandbox.prepare(["/bin/true"])
    assert caught.value.code == ("sandbox_as_root" if IDENTITY else "sandbox_exposes")
