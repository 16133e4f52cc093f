"""People who are added to the policies get a server while the others go on working."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from running_demo import environment, wait_for

from jupyter_cbs.demo.labclient import LabClient
from jupyter_cbs.server import paths

MEMBER = "  - { user: leader, name: Lou Leader, role: leader }\n"
NEW = "  - { user: newcomer, name: Nour Newcomer, role: researcher }\n"


class Up:
    """A deployment that ``up`` runs."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "d"
        (self.root / "catalogue").mkdir(parents=True)
        shutil.copytree(paths.policies(), self.root / "policies")
        self.project = self.root / "policies" / "projects" / "9001.yaml"
        self.log = folder / "log"
        with self.log.open("w") as log:
            command = [sys.executable, "-P", "-m", "jupyter_cbs.cli", "up", "--dir", str(self.root)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment())

    @property
    def info(self) -> dict[str, Any]:
        """What ``servers.json`` says; nothing while it is being made."""
        try:
            found: dict[str, Any] = json.loads((self.root / "servers.json").read_text())
        except (OSError, ValueError):
            return {"accounts": {}}
        return found

    def has(self, name: str) -> bool:
        """Whether somebody has a server."""
        assert self.process.poll() is None, self.log.read_text()
        return name in self.info["accounts"]

    def write(self, text: str) -> None:
        """Change the policy in one step, as an editor does."""
        temporary = self.project.with_suffix(".new")
        temporary.write_text(text)
        shutil.copystat(self.project, temporary)
        os.chown(temporary, -1, self.project.stat().st_gid)
        temporary.replace(self.project)


@pytest.fixture
def up() -> Iterator[Up]:
    folder = Path(tempfile.mkdtemp(prefix="cbt-", dir="/tmp"))
    folder.chmod(0o755)
    running = Up(folder)
    try:
        wait_for(lambda: running.has("leader"), 240, "the start")
        yield running
    finally:
        running.process.terminate()
        assert running.process.wait(120) == 0, running.log.read_text()
        shutil.rmtree(folder)


def test_a_new_person_can_work_and_the_others_are_not_disturbed(up: Up) -> None:
    leader = LabClient(up.info["accounts"]["leader"])
    with leader.kernel() as kernel:
        assert kernel.run("kept = 42").error is None
        assert not up.has("newcomer")
        # a policy that is not finished changes nothing
        text = up.project.read_text()
        assert MEMBER in text
        up.write(text.replace(MEMBER, MEMBER + "  - { user: newcomer\n"))
        up.write(text.replace(MEMBER, MEMBER + NEW))
        wait_for(lambda: up.has("newcomer"), 120, "the new server")
        newcomer = LabClient(up.info["accounts"]["newcomer"])
        wait_for(lambda: reachable(newcomer), 120, "the new server's answer")
        assert newcomer.api("GET", "me")["user"] == "newcomer"
        with newcomer.kernel() as theirs:
            assert theirs.run("open('shared/from-newcomer.txt', 'w').write('x')").error is None
            assert theirs.run("import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))").text.strip() == "1"
        assert kernel.run("print(kept, open('shared/from-newcomer.txt').read())").text == "42 x\n"
        output = kernel.run("import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))")
        assert output.text.strip().endswith("1"), output
    newcomer.close()
    leader.close()


def reachable(client: LabClient) -> bool:
    """Whether a server answers, and its broker."""
    try:
        return client.request("GET", "cbs/api/health").status_code == 200
    except httpx.TransportError:
        return False
