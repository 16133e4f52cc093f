"""``jupyter cbs …``: what each verb answers, and its exit code."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import termios
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running_demo import Demo, cli, environment

from jupyter_cbs.cli import VERBS, main
from jupyter_cbs.server import paths
from jupyter_cbs.store.store import Store


def answer(*arguments: str | Path, code: int) -> dict:
    done = cli(*arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    found: dict = json.loads(done.stdout)
    return found


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert all(verb in shown for verb in VERBS)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([verb, "--help"])
    assert stopped.value.code == 0
    assert VERBS[verb][1:] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["precheck"],
        ["policy"],
        ["policy", "validate"],
        ["catalogue", "index"],
        ["demo", "--persons", "0"],
        ["up"],
        ["pin", "leader"],
    ],
)
def test_wrong_use_is_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_a_number_that_is_none_is_named_in_the_readers_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["demo", "--persons", "many"])
    assert stopped.value.code == 2
    assert "--persons: 'many' is not a whole number" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["audit", "verify"], ["quota"], ["up"], ["broker"], ["pin", "leader"]])
def test_no_deployment_is_wrong_use(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--dir", str(tmp_path)]) == 2
    assert "no deployment" in capsys.readouterr().err


def test_the_installed_policies_are_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "validate", str(paths.policies()), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"valid": True, "problems": []}


def test_an_invalid_policy_is_answered_with_file_line_field_and_what_would_be_right(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(paths.policies(), folder)
    project = folder / "projects" / "9001.yaml"
    lines = project.read_text().splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith("start:"))
    lines[number] = "start: soon"
    project.write_text("\n".join(lines) + "\n")
    found = answer("policy", "validate", folder, code=1)
    (problem,) = found["problems"]
    assert problem["file"].endswith("9001.yaml")
    assert problem["line"] == number + 1
    assert "start" in problem["field"]
    assert problem["expected"]
    plain = cli("policy", "validate", folder)
    assert plain.returncode == 1
    assert f"9001.yaml:{number + 1}:" in plain.stderr


def test_a_truncated_file_is_named_and_the_rest_is_indexed(tmp_path: Path) -> None:
    theme = tmp_path / "Bevolking"
    theme.mkdir()
    pq.write_table(pa.table({"RINPERSOON": ["1", "2"]}), theme / "GBAPERSOON2023TABV1.parquet")
    whole = (theme / "GBAPERSOON2023TABV1.parquet").read_bytes()
    (theme / "GBAPERSOON2022TABV1.parquet").write_bytes(whole[: len(whole) // 2])
    (theme / "GBAPERSOON2021TABV1.parquet").write_text("no parquet")
    found = answer("catalogue", "index", tmp_path, code=1)
    assert [d["name"] for d in found["datasets"]] == ["GBAPERSOON2023TABV1"]
    assert found["datasets"][0]["rows"] == 2
    assert {Path(p["file"]).name for p in found["problems"]} == {"GBAPERSOON2022TABV1.parquet", "GBAPERSOON2021TABV1.parquet"}
    assert all(p["message"] for p in found["problems"])


def test_a_catalogue_without_problems_is_exit_code_0(deployment: Demo) -> None:
    found = answer("catalogue", "index", deployment.info["catalogue"], code=0)
    assert len({d["topic"] for d in found["datasets"]}) >= 12
    assert {"RANDHIETAB", "FLIGHTSTAB"} <= {d["topic"] for d in found["datasets"]}


def test_precheck_before_and_after_a_repair(tmp_path: Path) -> None:
    small = tmp_path / "persons.csv"
    small.write_text("RINPERSOON,income\n000000001,10\n000000002,20\n")
    found = answer("precheck", small, code=1)
    assert found["status"] in ("unsafe", "refused")
    assert any(finding["rule"] == "identifier" for finding in found["files"][0]["findings"])
    assert all(finding["text"] and finding["remedy"] for finding in found["files"][0]["findings"])
    plain = cli("precheck", small)
    assert plain.returncode == 1
    assert "RINPERSOON" in plain.stdout
    text = tmp_path / "method.txt"
    text.write_text("How the tables were made.\n")
    assert answer("precheck", text, code=0)["status"] == "safe"


def test_precheck_of_a_notebook_under_another_name(tmp_path: Path) -> None:
    hidden = tmp_path / "notes.txt"
    hidden.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}))
    found = answer("precheck", hidden, code=1)
    assert found["files"][0]["type"] == "notebook"
    delivered = found["files"][0]["delivered_as"]
    assert delivered is None or not delivered.endswith((".ipynb", ".txt"))


def test_precheck_of_nothing(tmp_path: Path) -> None:
    found = answer("precheck", tmp_path / "nothing.csv", code=2)
    assert found["error"]["code"] == "no_such_file"


def test_quota_of_a_running_project(deployment: Demo) -> None:
    deployment.client("researcher").save("shared/quota.txt", "x" * 10_000)
    found = answer("quota", "--dir", deployment.root, code=0)
    shared = found["areas"]["shared"]
    assert shared["used_bytes"] >= 10_000
    assert shared["limit_bytes"] == 100 * 10**9
    assert found["areas"]["personal of researcher"]["limit_bytes"] == 10**9
    plain = cli("quota", "--dir", deployment.root, "--user", "researcher")
    assert plain.returncode == 0
    assert "100 GB" in plain.stdout
    assert cli("quota", "--dir", deployment.root, "--project", "1234").returncode == 1


def test_the_audit_of_a_running_deployment_verifies(deployment: Demo) -> None:
    deployment.client("researcher").api("GET", "project")
    found = answer("audit", "verify", "--dir", deployment.root, code=0)
    assert found["ok"] is True
    assert found["events"] > 0
    assert found["first_break"] is None
    # whoever asked, root too, leaves nothing behind that the broker's account could not open
    state = Path(deployment.info["state"])
    assert {path.stat().st_uid for path in state.rglob("*") if path.exists()} == {state.stat().st_uid}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A deployment that never ran."""
    shutil.copytree(paths.policies(), tmp_path / "policies")
    return tmp_path


def stored(root: Path) -> Store:
    return Store.open(f"sqlite:///{root / 'state' / 'state.sqlite'}", root / "state" / "anchors")


@pytest.mark.parametrize("left", ["nothing", "the anchors", "an empty file", "tables of another"])
@pytest.mark.parametrize("verb", ["audit verify", "precheck"])
def test_a_state_that_is_gone_is_said_and_not_begun_anew(verb: str, left: str, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = state / "state"
    if left != "nothing":
        place.mkdir(mode=0o700)
        stored(state).close()
        (place / "state.sqlite").unlink()
    if left == "an empty file":
        (place / "state.sqlite").touch()
    if left == "tables of another":
        with contextlib.closing(sqlite3.connect(place / "state.sqlite")) as other:
            other.execute("CREATE TABLE notes (text)")
    before = {path: path.stat().st_size for path in state.rglob("*")}
    table = state / "costs.csv"
    table.write_text("group,n\nyoung,1200\n")
    assert main([*verb.split(), *([str(table)] if verb == "precheck" else []), "--dir", str(state)]) == 1
    said = capsys.readouterr().err
    assert "There is no state here" in said
    assert "back-up" in said
    table.unlink()
    assert {path: path.stat().st_size for path in state.rglob("*")} == before


def test_anchors_that_are_gone_are_missed_and_not_begun_anew(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "state").mkdir(mode=0o700)
    stored(state).close()
    anchors = state / "state" / "anchors"
    (anchors / "audit.anchors").unlink()
    assert main(["audit", "verify", "--dir", str(state)]) == 1
    assert "removed or begun anew" in capsys.readouterr().err
    (anchors / "audit.key").unlink()
    assert main(["audit", "verify", "--dir", str(state)]) == 1
    assert "is gone" in capsys.readouterr().err
    assert list(anchors.iterdir()) == []


def test_a_pin_is_read_from_a_line_and_audited_without_it(state: Path) -> None:
    done = cli("pin", "leader", "--dir", state, "--json", input="pïn-🔑-1\nrest\n")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"user": "leader", "set": True}
    with stored(state) as store:
        store.check_pin("leader", "pïn-🔑-1")
        (event,) = store.events()
        assert (event.action, event.subject, event.outcome) == ("pin.set", "leader", "ok")
        assert "pïn-🔑-1" not in event.model_dump_json()
        assert store.verify().ok


def test_a_new_pin_counts_at_once_while_the_broker_runs(deployment: Demo) -> None:
    before = deployment.accounts["checker2"]["pin"]
    try:
        assert cli("pin", "checker2", "--dir", deployment.root, input="314159\n").returncode == 0
        with stored(deployment.root) as store:
            store.check_pin("checker2", "314159")
        assert answer("audit", "verify", "--dir", deployment.root, code=0)["ok"] is True
        assert deployment.client("checker2").request("GET", "cbs/api/health").status_code == 200
    finally:
        assert cli("pin", "checker2", "--dir", deployment.root, input=f"{before}\n").returncode == 0


@pytest.mark.parametrize(
    ("user", "line", "code", "said"), [("leader", "12\n", 2, "4 to 128"), ("leader", "", 2, "4 to 128"), ("nobody", "1234\n", 1, "nobody")]
)
def test_a_pin_that_cannot_be_is_refused(state: Path, user: str, line: str, code: int, said: str) -> None:
    done = cli("pin", user, "--dir", state, input=line)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("again", "code"), [("271828", 0), ("271829", 2)])
def test_at_a_terminal_a_pin_is_asked_for_twice_and_not_shown(state: Path, again: str, code: int) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-P", "-m", "jupyter_cbs.cli", "pin", "leader", "--dir", str(state)]

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(), start_new_session=True, preexec_fn=take_terminal
    )
    os.close(theirs)
    shown = b""
    for prompt, typed in ((b"New PIN of leader: ", "271828"), (b"The same again: ", again)):
        while not shown.endswith(prompt):
            shown += os.read(ours, 1024)
        os.write(ours, f"{typed}\n".encode())
    with contextlib.suppress(OSError):  # the other end is closed
        while more := os.read(ours, 1024):
            shown += more
    os.close(ours)
    assert process.wait(60) == code
    assert b"2718" not in shown
    if code == 0:
        with stored(state) as store:
            store.check_pin("leader", "271828")
    else:
        assert b"differ" in shown
        assert not (state / "state").exists()
