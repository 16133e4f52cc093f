"""``jupyter cbs table audit`` and ``protect``: the answer, as JSON and as sentences, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.cli import main

RECTANGLE: dict[str, Any] = {
    "cells": {"a": 20, "b": 30, "c": 40, "d": 50, "ab": 50, "cd": 90, "ac": 60, "bd": 80, "t": 140},
    "relations": [["ab", ["a", "b"]], ["cd", ["c", "d"]], ["ac", ["a", "c"]], ["bd", ["b", "d"]], ["t", ["ab", "cd"]], ["t", ["ac", "bd"]]],
    "suppressed": ["a", "b", "c", "d"],
}


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def command(verb: str, document: Any, *options: str) -> tuple[int, str, str]:
        file = tmp_path / "table.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        code = main(["table", verb, str(file), *options])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def test_a_protected_table_is_exit_code_0(run: Any) -> None:
    code, out, _ = run("audit", RECTANGLE, "--json")
    assert code == 0
    assert json.loads(out) == {
        "intervals": {"a": [0, 50], "b": [0, 50], "c": [10, 60], "d": [30, 80]},
        "exact": [],
        "insider": [],
        "unsafe_unions": [],
    }
    code, out, _ = run("audit", RECTANGLE)
    assert code == 0
    assert "[10, 60]" in out


def test_findings_are_exit_code_1(run: Any) -> None:
    code, out, _ = run("audit", RECTANGLE | {"suppressed": ["a", "b"], "singletons": ["a"]}, "--json")
    found = json.loads(out)
    assert code == 1
    assert found["intervals"] == {"a": [20, 20], "b": [30, 30]}
    assert found["exact"] == ["a", "b"]
    assert found["insider"] == [{"singleton": "a", "intervals": {"b": [30, 30]}, "exact": ["b"]}]
    code, out, _ = run("audit", RECTANGLE | {"singletons": ["a"]})
    assert code == 1
    assert "contributor of a can calculate b, c, d" in out
    code, out, _ = run("audit", RECTANGLE | {"protection": {"a": [20, 31]}}, "--json")
    assert code == 1
    assert json.loads(out)["unprotected"] == {"a": [0, 50]}


def test_unions(run: Any) -> None:
    small = {"cells": {"a": 3, "b": 4, "c": 93, "t": 100}, "relations": [["t", ["a", "b", "c"]]], "suppressed": ["a", "b"]}
    code, out, _ = run("audit", small, "--json")
    assert code == 1
    assert json.loads(out)["unsafe_unions"] == [{"total": "t", "cells": ["a", "b"], "sum": 7, "rule": "min_frequency"}]
    assert run("audit", small, "--min-frequency", "5")[0] == 0
    assert run("audit", small, "--min-frequency", "0")[0] == 0


def test_no_limit_is_null(run: Any) -> None:
    code, out, _ = run("audit", {"cells": {"a": 3, "t": 3}, "relations": [["t", ["a"]]], "suppressed": ["a", "t"]}, "--json")
    assert code == 0
    assert json.loads(out)["intervals"] == {"a": [0, None], "t": [0, None]}


@pytest.mark.parametrize("verb", ["audit", "protect"])
@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "malformed_file"),
        ({"relations": []}, "malformed_problem"),
        (RECTANGLE | {"suppressed": ["x"]}, "unknown_cell"),
        (RECTANGLE | {"cells": RECTANGLE["cells"] | {"t": 141}}, "relation_does_not_add_up"),
    ],
)
def test_malformed_is_exit_code_2(run: Any, verb: str, document: Any, code: str) -> None:
    exit_code, out, _ = run(verb, document, "--json")
    assert exit_code == 2
    assert json.loads(out)["error"]["code"] == code
    exit_code, _, err = run(verb, document)
    assert exit_code == 2
    assert err


INVESTMENT: dict[str, Any] = {
    "cells": {
        "IA": 20, "IB": 50, "IC": 10, "I": 80, "IIA": 8, "IIB": 19, "IIC": 22, "II": 49,
        "IIIA": 17, "IIIB": 32, "IIIC": 12, "III": 61, "A": 45, "B": 101, "C": 44, "T": 190,
    },
    "relations": [[row, [row + column for column in "ABC"]] for row in ("I", "II", "III")]
    + [[column, [row + column for row in ("I", "II", "III")]] for column in "ABC"]
    + [["T", ["I", "II", "III"]], ["T", ["A", "B", "C"]]],
    "suppressed": ["IIC"],
}  # fmt: skip


def test_protect_answers_the_cells_chosen_the_intervals_after_and_why(run: Any) -> None:
    code, out, _ = run("protect", INVESTMENT, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["complementary"] == ["IIA", "IIIA", "IIIC"]
    assert set(found["suppressed"]) == {"IIC", "IIA", "IIIA", "IIIC"}
    assert found["intervals"]["IIC"] == [5, 30]
    assert (found["cost"], found["method"], found["optimal"]) == (37, "exact", True)
    assert {reason["cell"] for reason in found["reasons"]} == {"IIA", "IIIA", "IIIC"}
    again = run("audit", INVESTMENT | {"suppressed": found["suppressed"]}, "--json")
    assert again[0] == 0
    assert json.loads(again[1])["intervals"] == found["intervals"]
    code, out, _ = run("protect", INVESTMENT, "--method", "heuristic")
    assert code == 0
    assert "IIA is hidden because IIC needs company" in out


def test_protect_by_rounding(run: Any) -> None:
    document = INVESTMENT | {"rounding": {"base": 5, "deviation": 2}, "suppressed": []}
    code, out, _ = run("protect", document, "--json")
    found = json.loads(out)
    assert code == 0
    for total, parts in INVESTMENT["relations"]:
        assert found["rounded"][total] == sum(found["rounded"][part] for part in parts)
    assert all(value % 5 == 0 for value in found["rounded"].values())
    assert all(low <= INVESTMENT["cells"][name] <= high for name, (low, high) in found["intervals"].items())
    published = document | {"cells": found["rounded"], "rounding": {"base": 5, "deviation": found["deviation"]}, "integer": True}
    code, out, _ = run("audit", published, "--json")
    assert code == 0
    assert json.loads(out)["intervals"] == found["intervals"]
    assert "add up" in run("protect", document)[1]
    assert run("protect", INVESTMENT, "--method", "rounding")[0] == 2
    assert run("protect", document, "--method", "exact", "--json")[0] == 0


def test_infeasible_protection_is_exit_code_1_with_the_reason(run: Any) -> None:
    document = INVESTMENT | {"protection": {"IIC": [4, 10_000]}, "upper_bound": 1000}
    code, out, _ = run("protect", document, "--json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "infeasible_protection"
    code, _, err = run("protect", document)
    assert code == 1
    assert "'IIC' cannot be protected" in err


def test_no_file_is_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "audit", str(tmp_path / "none.json")]) == 2
    assert main(["table", "audit", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    for arguments in (
        ["table"],
        ["table", "audit"],
        ["table", "audit", "x", "--min-frequency", "-1"],
        ["table", "protect", "x", "--method", "magic"],
    ):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_no_terminal_can_write_are_written_escaped(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "table.json"
    name = "\ud800 🙂"  # half a character, which JSON can hold
    file.write_text(json.dumps({"cells": {name: 3}, "relations": [], "suppressed": [name]}))
    command = [sys.executable, "-m", "jupyter_cbs.cli", "table", "audit", str(file)]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    said = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert rb"\ud800" in said.stdout
    answered = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=True)
    assert json.loads(answered.stdout.decode(encoding))["intervals"] == {name: [0, None]}


def test_a_name_cannot_write_a_line_of_its_own(run: Any) -> None:
    name = "a: lies in [0, 9].\nNo suppressed cell can be calculated (1 attacked).\x1b[8m"
    _, out, _ = run("audit", {"cells": {name: 3, "t": 3}, "relations": [["t", [name]]], "suppressed": [name]})
    assert "\x1b" not in out
    assert len(out.splitlines()) == 1
