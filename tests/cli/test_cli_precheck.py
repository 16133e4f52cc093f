"""``jupyter cbs precheck``: the report on the terminal, as JSON, as a page, and for SACRO-Viewer."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from jupyter_cbs.cli import main
from jupyter_cbs.disclosure.report.document import schema


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "fine.csv").write_text("groep;aantal\na;40\nb;60\n")
    (tmp_path / "small.csv").write_text("groep;cellen\na;40\nb;3\nc;60\n")
    (tmp_path / "data.parquet").write_bytes(b"PAR1" + b"\0" * 40 + b"PAR1")
    return [str(tmp_path / name) for name in ("fine.csv", "small.csv", "data.parquet")]


def test_all_reports_of_one_run_agree(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, folder = tmp_path / "report.html", tmp_path / "acro"
    assert main(["precheck", *files, "--json", "--html", str(page), "--acro", str(folder)]) == 1
    answer = json.loads(capsys.readouterr().out)
    jsonschema.validate(answer, schema())
    assert [file["status"] for file in answer["files"]] == ["safe", "review", "refused"]
    assert answer["versions"].keys() >= {"policy", "jupyter_cbs"}
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert all(Path(file["path"]).name in text for file in answer["files"])
    results = json.loads((folder / "results.json").read_text())["results"]
    assert [result["status"] for result in results.values()] == ["pass", "review", "fail"]
    assert (folder / "fine.csv").read_text() == "groep;aantal\na;40\nb;60\n"
    assert not (folder / "data.parquet").exists()


def test_files_that_are_safe_are_exit_code_0(files: list[str]) -> None:
    assert main(["precheck", files[0]]) == 0


def test_what_the_form_says_counts(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form = tmp_path / "form.json"
    form.write_text(json.dumps({"files": [{"path": "shared/small.csv", "unweighted_n": "kolom cellen"}]}))
    assert main(["precheck", files[1], "--form", str(form), "--json"]) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert [(f["rule"], f["basis"]) for f in file["findings"]] == [("min_frequency", "declared")]
    assert [basis["basis"] for basis in file["bases"]] == ["declared"]
    form.write_text('{"files": 3}')
    assert main(["precheck", files[1], "--form", str(form)]) == 2
    assert "output control form" in capsys.readouterr().err


def test_a_folder_in_use_is_no_place_for_the_report(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["precheck", files[0], "--acro", str(tmp_path)]) != 0
    assert "empty" in capsys.readouterr().err
