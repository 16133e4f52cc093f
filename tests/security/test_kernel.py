"""A hostile notebook in a real kernel of the demo; the same code in a stock kernel is the control."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from running_demo import Demo

from jupyter_cbs.demo.labclient import Kernel

from .cases_kernel import CASES, STARTUP_FILES, Case
from .conftest import make_attempts, printed, propose, special_files

NAMES = {case.name: case for case in CASES}


@pytest.fixture(scope="module")
def outcomes(deployment: Demo, places: dict[str, Any]) -> dict[str, str]:
    """What came of every attempt in one kernel of the researcher."""
    with deployment.client("researcher").kernel() as kernel:
        return make_attempts(printed(kernel), {case.name: case.code for case in CASES}, places)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_notebook_gets_nothing(outcomes: dict[str, str], case: Case) -> None:
    assert outcomes[case.name] in case.answers


def test_every_attempt_has_a_name_of_its_own() -> None:
    assert len(NAMES) == len(CASES) >= 100


@pytest.mark.usefixtures("outcomes")
def test_nothing_was_planted(deployment: Demo) -> None:
    for folder in (deployment.shared(), deployment.personal("researcher")):
        assert special_files(folder) == set()


@pytest.mark.usefixtures("outcomes")
def test_exports_are_as_they_were(deployment: Demo, places: dict[str, Any]) -> None:
    for account, draft in (("researcher", places["draft"]), ("outsider", places["foreign_draft"])):
        found = deployment.client(account).api("GET", f"exports/{draft}")
        assert (found["state"], found["version"]) == ("draft", 1)


@pytest.mark.usefixtures("outcomes")
def test_the_leaders_kernel_still_works(others: Kernel) -> None:
    assert printed(others)("import jupyter_cbs as cbs; print(cbs.connect().sql('SELECT 41 + 1 AS n').df().n[0])").strip() == "42"


def test_not_even_the_leaders_kernel_submits(deployment: Demo, others: Kernel, places: dict[str, Any]) -> None:
    """With the right PIN, on a request that waits for the leader."""
    proposed = propose(deployment, "submitted-by-code")
    code = f"ask('exports.act', id={proposed['id']!r}, action='submit', version={proposed['version']}, pin=P['pin'])"
    assert make_attempts(printed(others), {"submit": code}, places) == {"submit": "not_from_a_kernel"}
    leader = deployment.client("leader")
    assert leader.api("GET", f"exports/{proposed['id']}")["state"] == "proposed"
    leader.api("POST", f"exports/{proposed['id']}/actions/return", {"version": proposed["version"], "reason": "a test"})


# ------------------------------------------------------------------------------------------------ start-up files

MARK = "\nimport pathlib\nfor place in ('personal/was-run', '/tmp/was-run'):\n    pathlib.Path(place).write_text('x')\n"


@pytest.fixture(scope="module")
def planted(deployment: Demo) -> Iterator[Path]:
    """Every start-up file a kernel can write, written by one; another person's kernel and one of the same person start afterwards."""
    write = f"import pathlib\nfor place in {list(STARTUP_FILES)!r}:\n    pathlib.Path(place).parent.mkdir(parents=True, exist_ok=True)\n"
    write += f"    pathlib.Path(place).write_text(('import planted;' if place.endswith('.pth') else '') + {MARK!r})\nprint('written')"
    researcher = deployment.client("researcher")
    with researcher.kernel() as kernel:
        assert printed(kernel)(write) == "written\n"
    yield deployment.shared()
    with researcher.kernel() as kernel:
        printed(kernel)(f"import pathlib\nfor place in {list(STARTUP_FILES)!r}: pathlib.Path(place).unlink()")


@pytest.mark.parametrize("account", ["researcher", "leader"])
def test_no_planted_file_is_run(deployment: Demo, planted: Path, account: str) -> None:
    assert all(
        (planted.parent / ("shared" if p.startswith("shared") else "personal/researcher") / p.split("/", 1)[1]).exists() for p in STARTUP_FILES
    )
    with deployment.client(account).kernel("shared/started-beside-them.ipynb") as kernel:
        found = "import os, json, jupyter_cbs, matplotlib.pyplot; print([p for p in ('personal/was-run', '/tmp/was-run') if os.path.exists(p)])"
        assert printed(kernel)(found).strip() == "[]"


# ------------------------------------------------------------------------------------------------------ control


def stock_kernel(folder: Path) -> Any:
    """Start a kernel as Jupyter does, and give what runs a cell in it and what ends it."""
    for name in ("runtime", "tmp"):
        (folder / name).mkdir()
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env={**os.environ, "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "TMPDIR": str(folder / "tmp")})
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(120)

    def run(code: str) -> str:
        text: list[str] = []
        client.execute_interactive(
            code, timeout=120, output_hook=lambda m: text.append(m["content"].get("text", "") + "".join(m["content"].get("traceback", ())))
        )
        return "".join(text)

    def end() -> None:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()

    return run, end


@pytest.fixture(scope="module")
def outside(places: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What comes of the same attempts in a stock kernel of the same machine, started by the account that runs the tests."""
    folder = tmp_path_factory.mktemp("stock")
    for name in ("shared", "personal"):
        (folder / name).mkdir()
    run, end = stock_kernel(folder)
    (folder / "runtime" / "kernel-of-somebody-else.json").write_text("{}")
    try:
        yield make_attempts(run, {case.name: case.code for case in CASES if case.outside != "never"}, places)
    finally:
        end()


WHO = ("anyone", "root") if os.geteuid() == 0 else ("anyone",)


@pytest.mark.parametrize("case", [case for case in CASES if case.outside in WHO], ids=lambda case: case.name)
def test_in_a_stock_kernel_it_succeeds(outside: dict[str, str], case: Case) -> None:
    assert outside[case.name] == "SUCCEEDED"


def test_most_attempts_are_worth_making(outside: dict[str, str]) -> None:
    """On this machine; what depends on it is counted and not named."""
    succeeded = [name for name, found in outside.items() if found == "SUCCEEDED"]
    assert len(succeeded) >= 40


def test_in_a_stock_kernel_planted_files_are_run(tmp_path: Path) -> None:
    (tmp_path / "personal").mkdir()
    (tmp_path / "ipykernel_launcher.py").write_text(
        "__import__('pathlib').Path('was-run').write_text('x')\nfrom ipykernel import kernelapp\nkernelapp.launch_new_instance()"
    )
    _, end = stock_kernel(tmp_path)
    end()
    assert (tmp_path / "was-run").exists()
