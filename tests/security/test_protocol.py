"""Hostile peers on a session's socket, from a real kernel of the demo; a naive server of frames is the control."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_demo import Demo, descendants, wait_for

from jupyter_cbs.demo.labclient import Kernel

from .cases_protocol import CASES, Case
from .conftest import INSIDE, make_attempts, printed


def open_files(demo: Demo) -> int:
    """How many descriptors the broker holds."""
    return len(os.listdir(f"/proc/{demo.info['pids']['broker']}/fd"))


@pytest.fixture(scope="module")
def outcomes(deployment: Demo, places: dict[str, Any]) -> Iterator[dict[str, str]]:
    """What came of every conversation of one kernel."""
    broker = deployment.info["pids"]["broker"]
    with deployment.client("researcher").kernel() as kernel:
        make_attempts(printed(kernel), {"first": "ask('sql', text='SELECT 1 AS x')"}, places)
        before, engines = open_files(deployment), len(descendants(broker))
        found = make_attempts(printed(kernel), {case.name: case.code for case in CASES}, places)
        # what the last connections held is given back when the broker has noticed that they ended
        wait_for(lambda: open_files(deployment) <= before + 2, 60, "the end of what was passed")
        # and an engine that was given up may end while the next one starts
        wait_for(lambda: len(descendants(broker)) <= engines + 2, 60, "the end of what was started")
        yield found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_peer_gets_nothing(outcomes: dict[str, str], case: Case) -> None:
    assert outcomes[case.name] in case.answers


@pytest.mark.usefixtures("outcomes")
def test_no_pickle_was_run(deployment: Demo) -> None:
    assert not (deployment.personal("researcher") / "unpickled").exists()


@pytest.mark.usefixtures("outcomes")
def test_other_sessions_were_not_disturbed(others: Kernel) -> None:
    assert printed(others)("import jupyter_cbs as cbs; print(cbs.connect().sql('SELECT 41 + 1 AS n').df().n[0])").strip() == "42"


# ------------------------------------------------------------------------------------------------------ control


@pytest.fixture(scope="module")
def naive(places: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Path]:
    """What comes of the conversations at a naive server, each at a fresh one."""
    folder = tmp_path_factory.mktemp("naive")
    (folder / "personal").mkdir()
    found = {}
    for number, case in enumerate(case for case in CASES if case.naive):
        path = str(folder / f"s{number}")
        server = subprocess.Popen([sys.executable, Path(__file__).parent / "naive.py", path], stdout=subprocess.PIPE, cwd=folder)
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"listening\n"
            code = case.code
            if case.naive in ("silent", "TimeoutError"):  # what never comes is not awaited long
                code = code.replace("ask(", "impatient(").replace("talk(", "talk_briefly(")
            given = json.dumps({"cases": {case.name: code}, "places": places, "seconds": 60})
            command = [sys.executable, "-c", INSIDE]
            environment = {**os.environ, "CBS_SESSION": path, "PYTHONPATH": os.pathsep.join(sys.path)}
            done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, cwd=folder, env=environment, timeout=120)
            found |= json.loads(done.stdout)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
    return found, folder


@pytest.mark.parametrize("case", [case for case in CASES if case.naive], ids=lambda case: case.name)
def test_a_naive_server_is_taken_in(naive: tuple[dict[str, str], Path], case: Case) -> None:
    assert naive[0][case.name] == case.naive


def test_a_naive_server_runs_a_pickle(naive: tuple[dict[str, str], Path]) -> None:
    assert (naive[1] / "personal" / "unpickled").exists()
