"""A report outside the program: JSON, a page, and the folder that SACRO-Viewer opens."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from corpus import content
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.report import acro
from jupyter_cbs.disclosure.report.document import document, schema
from jupyter_cbs.disclosure.report.page import page
from jupyter_cbs.disclosure.scan import ScanContext, scan
from jupyter_cbs.domain.errors import Conflict
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.finding import FileReport, Finding, PrecheckReport, Rule, Status, StrippedContent, Where
from jupyter_cbs.domain.rules import RuleProfile
from jupyter_cbs.domain.text import Language, Text

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>\"&'\u202e\x00</bdi></td>"


def report_of(*files: FileContent, refused: tuple[str, ...] = ()) -> PrecheckReport:
    reports = []
    for file in files:
        result = scan(file, ScanContext())
        status = Status.worst([finding.status for finding in result.findings])
        reports.append(
            FileReport(
                path=file.path,
                type=file.type,
                status=status,
                tables=result.tables,
                cells=result.cells,
                bytes=file.size,
                delivered_as=file.name,
                findings=result.findings,
                bases=result.bases,
            )
        )
    why = Finding(rule=Rule.REFUSED_FORMAT, status=Status.REFUSED, text=Text(en="No.", nl="Nee."), remedy=Text(en="Leave it.", nl="Laat het."))
    reports += [FileReport(path=path, type="pickle", status=Status.REFUSED, bytes=9, findings=(why,)) for path in refused]
    return PrecheckReport(
        status=Status.worst([report.status for report in reports]),
        files=tuple(reports),
        export_class="light",
        price_cents=14000,
        ready_on="2026-11-24",
        class_reasons=(Text(en="Tables only.", nl="Alleen tabellen."),),
        versions={"policy": "abc123", "jupyter_cbs": "0.1.0"},
    )


CSV = content("kosten.csv", "groep;aantal;totaal\na;40;44\nb;3;50\nc;60;7\n")
NOTES = content("lees.txt", "Aantallen per groep.\n")


# ------------------------------------------------------------------------------------------------ JSON


def test_the_document_is_what_its_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    lang: Language
    for lang, word in (("en", "observations"), ("nl", "waarnemingen")):
        answer = json.loads(json.dumps(document(report_of(CSV, NOTES, refused=("shared/x.pkl",)), lang, "9001")))
        jsonschema.validate(answer, schema())
        assert (answer["status"], answer["class"], answer["price_cents"], answer["project"]) == ("refused", "light", 14000, "9001")
        small = answer["files"][0]["findings"][0]
        assert small["where"] == {"row": 3, "column": "aantal", "cell": "B3"}
        assert (small["rule"], small["status"], small["basis"]) == ("min_frequency", "unsafe", "found")
        assert word in small["text"]
        assert answer["files"][0]["bases"] == [{"where": {"row": 2}, "basis": "unknown", "fingerprint": None}]
        assert answer["versions"] == {"policy": "abc123", "jupyter_cbs": "0.1.0"}


def test_the_schema_refuses_what_is_no_report() -> None:
    answer = document(report_of(CSV), "en")
    for wrong in ({"status": "fine"}, {"files": None}, {"format": 0}, {"more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(answer | wrong, schema())


# ------------------------------------------------------------------------------------------------ page


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_page_tells_everything_and_runs_nothing(lang: Any) -> None:
    text = page(report_of(CSV, NOTES, refused=("shared/x.pkl",)), lang, "9001")
    tags = _Tags(text)
    assert tags.open == []
    assert "script" not in tags.tags
    assert "link" not in tags.tags
    assert "img" not in tags.tags
    assert ("lang", lang) in tags.attributes
    assert "http:" not in text
    assert "https:" not in text
    assert "default-src 'none'" in text
    assert "prefers-color-scheme:dark" in text
    words = ("✕ unsafe", "✓ safe", "3 observations", "140", "abc123") if lang == "en" else ("✕ onveilig", "✓ veilig", "3 waarnemingen", "abc123")
    assert all(word in tags.text for word in words), tags.text


hostile = st.text(min_size=1, max_size=60) | st.just(HOSTILE) | st.sampled_from(["</title>", "<!--", "&#x3c;", "javascript:x", "\u2066", "\ud800"])


@settings(max_examples=60, deadline=None)
@given(name=hostile, sheet=hostile, column=hostile, text=hostile, version=hostile)
def test_nothing_out_of_a_file_becomes_markup(name: str, sheet: str, column: str, text: str, version: str) -> None:
    said = Text(en=text, nl=text)
    where = Where(sheet=sheet, column=column)
    finding = Finding(rule=Rule.IDENTIFIER, status=Status.UNSAFE, where=where, text=said, remedy=said)
    stripped = StrippedContent(text=said)
    file = FileReport(path=name, type=name, status=Status.UNSAFE, delivered_as=name, findings=(finding,), stripped=stripped)
    report = PrecheckReport(status=Status.UNSAFE, files=(file,), export_class=name, cheaper=said, ready_on=name, versions={name: version})
    plain = report.model_copy(update={"files": (), "versions": {}, "cheaper": None})
    made = page(report, "nl", name)
    tags, known = _Tags(made), set(_Tags(page(report_of(CSV), "nl")).tags) | {"p", "bdi"}
    assert set(tags.tags) <= known
    assert tags.open == []
    assert {value for key, value in tags.attributes if key not in ("class", "scope")} == {
        value for key, value in _Tags(page(plain, "nl")).attributes if key not in ("class", "scope")
    }
    assert not any(ord(c) < 32 and c != "\n" and c != "\t" for c in made)
    assert "\u202e" not in made
    made.encode("utf-8")


# ------------------------------------------------------------------------------------------------ SACRO-Viewer


def opened_by_viewer(folder: Path) -> dict[str, Any]:
    """Read a folder as SACRO-Viewer does: sacro/models.py, find_acro_metadata and ACROOutputs; sacro/versioning.py, check_version."""

    def valid(path: Path) -> dict[str, Any] | None:
        raw = json.loads(path.read_text())
        try:
            assert "version" in raw
            assert "results" in raw
            for result in raw["results"].values():
                assert "files" in result
                assert len(result["files"]) > 0
                for filedata in result["files"]:
                    assert "name" in filedata
        except AssertionError:
            return None
        return dict(raw)

    assert not (folder / "outputs.json").exists()
    found = [raw for path in sorted(folder.glob("*.json")) if (raw := valid(path)) is not None]
    assert len(found) == 1
    major, minor, *_ = found[0]["version"].split(".")
    assert (major, minor) >= ("0", "4")
    for metadata in found[0]["results"].values():
        # assets/src/scripts/_output-click.js reads these without asking whether they are there
        assert isinstance(metadata["properties"], dict)
        assert isinstance(metadata["comments"], list)
        assert metadata["status"] in ("pass", "review", "fail")
        assert metadata["summary"].split("; ")[0] == metadata["status"]
        assert datetime.fromisoformat(metadata["timestamp"]) is not None
        for filedata in metadata["files"]:
            checksum = (folder / "checksums" / f"{filedata['name']}.txt").read_text(encoding="utf8")
            filedata["checksum_valid"] = checksum == hashlib.sha256((folder / filedata["name"]).read_bytes()).hexdigest()
            index: dict[str, list[str]] = {}
            for flag, places in filedata.get("sdc", {}).get("cells", {}).items():
                for x, y in places:
                    index.setdefault(f"{x},{y}", []).append(flag)
            filedata["cell_index"] = index
    return dict(found[0]["results"])


def loaded_by_acro(folder: Path, version: str) -> dict[str, Any]:
    """Read a folder as ACRO does: acro/record.py, load_records and load_output."""
    data = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert data["version"] == version
    records = {}
    for key, value in data["results"].items():
        names = [file["name"] for file in value["files"]]
        assert len(names) >= 1
        wanted = ("uid", "status", "type", "properties", "fair", "command", "summary", "outcome", "comments", "exception", "timestamp")
        records[key] = {name: value[name] for name in wanted} | {"sdc": next(file["sdc"] for file in value["files"]), "output": names}
        assert records[key]["uid"] == key
    return records


def test_the_viewer_opens_the_folder_and_marks_the_cells(tmp_path: Path) -> None:
    rows = "groep,aantal,aantal vrouwen\na,40,44\nb,3,50\nc,60,7\n"
    files = [content("kosten.csv", rows), NOTES]
    path = acro.write(tmp_path / "uit", report_of(*files, refused=("shared/x.pkl",)), files, at=NOW, profile=RuleProfile(min_frequency=10))
    assert path == tmp_path / "uit" / "results.json"
    results = opened_by_viewer(tmp_path / "uit")
    assert [(r["uid"], r["status"], r["type"]) for r in results.values()] == [
        ("output_0", "fail", "table"),
        ("output_1", "pass", "custom"),
        ("output_2", "fail", "custom"),
    ]
    assert all(file["checksum_valid"] for result in results.values() for file in result["files"])
    marked = results["output_0"]["files"][0]["cell_index"]
    body = list(csv.reader(io.StringIO(rows)))[1:]
    # assets/src/scripts/_table-builder.js: row x + 1 of the body, column y + 2, both counted from 1
    assert {body[int(x)][int(y) + 1] for x, y in (place.split(",") for place in marked)} == {"3", "7"}
    assert all(flags == ["threshold"] for flags in marked.values())
    assert results["output_0"]["summary"] == "fail; threshold: 2 cells may need suppressing; "
    assert "No." in (tmp_path / "uit" / results["output_2"]["files"][0]["name"]).read_text()
    assert json.loads((tmp_path / "uit" / "config.json").read_text())["safe_threshold"] == 10
    sdc = loaded_by_acro(tmp_path / "uit", acro.VERSION)["output_0"]["sdc"]
    assert (sdc["summary"]["threshold"], sdc["summary"]["suppressed"]) == (2, False)


def test_files_named_like_those_of_the_viewer_do_not_hide_its_own(tmp_path: Path) -> None:
    names = ["results.json", "outputs.json", "config.json", "lijst.json", "Results.JSON"]
    files = [FileContent(f"shared/{i}/{name}", name, "json", "other", 2, data=b"[]") for i, name in enumerate(names)]
    files += [FileContent(f"shared/{i}/a.csv", "a.csv", "csv", "table", 20, data=b"g,n\na,40\nb,50\n") for i in range(2)]
    acro.write(tmp_path, report_of(*files), files, at=NOW)
    results = opened_by_viewer(tmp_path)
    assert len(results) == len(files)
    assert len({file["name"].casefold() for result in results.values() for file in result["files"]}) == len(files)
    assert all((tmp_path / file["name"]).read_bytes() in (b"[]", b"g,n\na,40\nb,50\n") for r in results.values() for file in r["files"])


def test_a_folder_that_is_used_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(Conflict):
        acro.write(tmp_path, report_of(CSV), [CSV], at=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_names_lead_nowhere_and_texts_are_no_markup_for_the_viewer(tmp_path: Path) -> None:
    said = Text(en=HOSTILE, nl=HOSTILE)
    finding = Finding(rule=Rule.IDENTIFIER, status=Status.UNSAFE, where=Where(sheet=HOSTILE), text=said, remedy=said)
    paths = ["../../etc/passwd", "a/b\x00c", "..", "shared/all.zip!x/../../y.csv", "<b>.csv", "CON"]
    reports = tuple(FileReport(path=path, type="binary", status=Status.UNSAFE, findings=(finding,)) for path in paths)
    acro.write(tmp_path / "uit", PrecheckReport(status=Status.UNSAFE, files=reports), [], at=NOW)
    assert {path.name for path in tmp_path.iterdir()} == {"uit"}
    results = opened_by_viewer(tmp_path / "uit")
    assert len(results) == len(paths)
    for result in results.values():
        # assets/src/scripts/_set-metadata.js puts comments, summary and exception into the page as they are
        assert "<" not in "".join([*result["comments"], result["summary"], result["exception"], result["command"]])
