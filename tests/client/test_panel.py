from __future__ import annotations

import queue
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.client import Workspace
from jupyter_cbs.client.live import EventFeed
from jupyter_cbs.client.panel.view import CHECK, FILES, FORM, PROPOSE, ExportPanel
from jupyter_cbs.domain.errors import Conflict, NotFound
from jupyter_cbs.domain.export import ExportState

from .peer import Line, Peer

EVIL = "<script>alert(1)</script>"


class Loop:
    """The widgets' thread of a test: calls wait until the test lets them run."""

    def __init__(self) -> None:
        self._calls: queue.Queue[Callable[[], None]] = queue.Queue()

    def schedule(self, call: Callable[[], None]) -> None:
        self._calls.put(call)

    def until(self, ready: Callable[[], bool]) -> None:
        while not ready():
            self._calls.get(timeout=60)()


class Desk:
    """A script that answers as the broker does: one draft, versions, pre-checks that depend on the names."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.request: dict[str, Any] | None = None
        self.may = {"action": "draft_export", "allowed": True, "reason": ""}
        self.missing: list[str] = ["Say what costs.csv shows."]
        peer.on("project", lambda p, line, n, a: line.answer(n, self.project()))
        peer.on("exports.list", lambda p, line, n, a: line.answer(n, {"requests": [self.summary()] if self.request else []}))
        peer.on("exports.get", lambda p, line, n, a: line.answer(n, self.full()))
        peer.on("precheck", lambda p, line, n, a: line.answer(n, self.report(a["paths"])))
        peer.on("exports.create", self.create)
        peer.on("exports.edit", self.edit)
        peer.on("exports.act", self.act)

    def project(self) -> dict[str, Any]:
        keys = ["number", "title", "institution", "name", "state", "state_text", "walls_text"]
        dates = {"start": "2026-01-01", "end": "2027-03-01", "access_until": "2027-03-02"}
        plain = dict.fromkeys(keys, "x")
        return {**plain, **dates, "role": "researcher", "user": "researcher", "days_left": 100, "permissions": [self.may], "walls_in_force": True}

    def report(self, paths: list[str]) -> dict[str, Any]:
        files = []
        for path in paths:
            name = path.rsplit("/", 1)[-1]
            file = {"path": path, "type": "csv", "status": "safe", "cells": 12, "bytes": 1024, "delivered_as": name, "findings": []}
            if name.endswith(".ipynb"):
                file |= {
                    "type": "notebook",
                    "delivered_as": name[:-6] + ".py",
                    "stripped": {"outputs": 14, "text": f"14 outputs stay inside {EVIL}."},
                }
            if "keys" in name:
                finding = {"rule": "identifier", "status": "unsafe", "text": f"Keys {EVIL}.", "remedy": "Leave it out."}
                file |= {"status": "unsafe", "findings": [finding]}
            files.append(file)
        worst = "unsafe" if any(f["status"] == "unsafe" for f in files) else "safe"
        light = len(files) == 1
        return {
            "status": worst,
            "files": files,
            "class": "light" if light else "conform",
            "price_cents": 14_000 if light else 28_000,
            "ready_on": "2026-11-24" if light else "2026-11-26",
        }

    def summary(self) -> dict[str, Any]:
        assert self.request is not None
        r = self.request
        blocked = r["report"] is not None and r["report"]["status"] == "unsafe"
        reason = "Unsafe files cannot be proposed." if blocked else self.missing[0] if self.missing else ""
        draft = r["state"] == "draft"
        return {
            **{key: r[key] for key in ("id", "title", "state", "version")},
            "state_text": r["state"].replace("_", " "),
            "waiting_for": "project leader",
            "author": "researcher",
            "round": 1,
            "changed_at": "2026-11-21T12:00:00Z",
            "file_count": len(r["paths"]),
            "allowed_actions": [
                {"action": "edit", "allowed": draft, "reason": "" if draft else "No."},
                {"action": "propose", "allowed": draft and not reason, "reason": reason},
            ],
        }

    def full(self) -> dict[str, Any]:
        assert self.request is not None
        r = self.request
        return {**self.summary(), "paths": r["paths"], "form": r["form"], "report": r["report"], "open_questions": self.missing}

    def create(self, peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        self.request = {"id": "e1", "state": "draft", "version": 1, **args, "report": self.report(args["paths"])}
        line.answer(number, self.full())

    def edit(self, peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        assert self.request is not None
        if args["version"] != self.request["version"]:
            line.fail(number, Conflict("stale_version", "Somebody was first.", "Look again."))
            return
        self.request |= {**args, "version": args["version"] + 1, "report": self.report(args["paths"])}
        line.answer(number, self.full())

    def act(self, peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        assert self.request is not None
        self.request |= {"state": "proposed", "version": args["version"] + 1}
        line.answer(number, self.full())


@pytest.fixture
def area(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("shared", "personal"):
        (tmp_path / name).mkdir()
    for name in ("shared/costs.csv", "shared/keys.csv", "shared/analysis.ipynb"):
        (tmp_path / name).write_text("x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def desk(peer: Peer, area: Path) -> Desk:
    return Desk(peer)


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def feed(ws: Workspace) -> Iterator[EventFeed]:
    feed = EventFeed(ws._session)
    yield feed
    feed.close()


@pytest.fixture
def panel(desk: Desk, ws: Workspace, feed: EventFeed, loop: Loop) -> Iterator[ExportPanel]:
    panel = ExportPanel(ws._session, feed, loop.schedule)
    assert "Loading" in panel._alert.value
    loop.until(lambda: panel.phase == "ready" and bool(panel.files))
    yield panel
    panel.close()


def chosen(panel: ExportPanel, loop: Loop, *paths: str) -> None:
    panel._select.value = paths
    loop.until(lambda: panel.report is not None and panel._busy == "" and {f.path for f in panel.report.files} == set(paths))


def test_class_price_and_date_change_while_choosing(panel: ExportPanel, loop: Loop) -> None:
    assert panel._select.options == ("shared/analysis.ipynb", "shared/costs.csv", "shared/keys.csv")
    assert panel._main_button.disabled
    assert "Choose at least one file" in panel._why.value
    chosen(panel, loop, "shared/costs.csv")
    assert "€\xa0140" in panel._cost.value
    assert "Tue 24 Nov 2026" in panel._cost.value
    chosen(panel, loop, "shared/costs.csv", "shared/analysis.ipynb")
    assert "€\xa0280" in panel._cost.value
    assert "analysis.py" in panel._stripped.value
    assert not panel._main_button.disabled


def test_texts_of_files_and_broker_are_escaped(panel: ExportPanel, loop: Loop) -> None:
    chosen(panel, loop, "shared/keys.csv", "shared/analysis.ipynb")
    panel._title.value = EVIL
    rows = [row.children[0] if hasattr(row, "children") else row for row in panel._checks.children]
    for html in [panel._stripped.value, panel._summary.value, *(row.value for row in rows)]:
        assert "<script" not in html
        assert "&lt;script&gt;" in html or "costs" in html


def test_an_unsafe_file_is_left_out_with_one_click(panel: ExportPanel, loop: Loop) -> None:
    chosen(panel, loop, "shared/costs.csv", "shared/keys.csv")
    (remove,) = [row.children[1] for row in panel._checks.children if len(getattr(row, "children", ())) == 2]
    assert remove.tooltip == "Leave out: shared/keys.csv"
    remove.click()
    loop.until(lambda: panel._busy == "")
    assert panel.chosen == panel._select.value == ("shared/costs.csv",)


def test_from_files_to_proposed(panel: ExportPanel, desk: Desk, loop: Loop) -> None:
    chosen(panel, loop, "shared/costs.csv")
    for step in (CHECK, FORM):
        panel._main_button.click()
        assert panel._steps.value == step
    panel._form._texts["purpose"].value = "Publication"
    panel._form._file_fields["shared/costs.csv"]["sources"].value = "A2023TABV1, B2023TABV1"
    panel._main_button.click()
    assert panel._steps.value == PROPOSE
    loop.until(lambda: panel.request is not None and panel._busy == "")
    saved = desk.peer.seen("exports.create")[0]
    assert saved["title"] == "Export of costs"
    assert saved["form"]["purpose"] == "Publication"
    assert saved["form"]["files"][0]["sources"] == ["A2023TABV1", "B2023TABV1"]
    assert panel._main_button.disabled
    assert panel._main_button.tooltip == "Say what costs.csv shows."
    assert "Say what costs.csv shows." in panel._summary.value
    assert "Say what costs.csv shows." not in panel._why.value  # once is enough
    assert "step 3" in panel._why.value
    desk.missing = []
    panel._form._file_fields["shared/costs.csv"]["shows"].value = "Costs"
    assert panel.obstacle() == "Save the draft first."
    panel._save_button.click()
    loop.until(lambda: panel._busy == "")
    assert panel.request is not None
    assert panel.request.version == 2
    assert not panel._main_button.disabled
    assert panel._main_button.description == "Propose to the leader"
    panel._main_button.click()
    loop.until(lambda: panel._busy == "")
    assert desk.peer.seen("exports.act") == [{"id": "e1", "action": "propose", "version": 2}]
    assert "● proposed" in panel._head.value
    assert "project leader" in panel._summary.value
    assert panel._select.disabled
    assert panel._main_button.description == "New request"
    panel._main_button.click()
    assert panel.request is None
    assert panel._steps.value == FILES


def test_a_failed_check_never_shows_the_price_of_another_choice(panel: ExportPanel, desk: Desk, loop: Loop) -> None:
    chosen(panel, loop, "shared/costs.csv")
    desk.peer.on("precheck", NotFound("no_file", "There is no such file.", "Look again."))
    panel._select.value = ("shared/costs.csv", "shared/keys.csv")
    loop.until(lambda: "There is no such file. Look again." in panel._alert.value)
    assert "€" not in panel._cost.value
    assert panel.phase == "ready"


def test_the_newest_draft_is_resumed(desk: Desk, ws: Workspace, feed: EventFeed, loop: Loop) -> None:
    desk.request = {
        "id": "e1",
        "state": "draft",
        "version": 3,
        "title": "Mine",
        "paths": ["shared/costs.csv", "shared/gone.csv"],
        "form": {},
        "report": None,
    }
    panel = ExportPanel(ws._session, feed, loop.schedule)
    loop.until(lambda: panel.report is not None)
    assert panel._title.value == "Mine"
    assert panel.chosen == ("shared/costs.csv", "shared/gone.csv")
    assert "shared/gone.csv" in panel._select.options
    assert not panel.dirty
    panel.close()


def test_a_change_elsewhere_shows_without_asking(panel: ExportPanel, desk: Desk, loop: Loop) -> None:
    chosen(panel, loop, "shared/costs.csv")
    panel.save()
    loop.until(lambda: panel._busy == "")
    desk.peer.wait(lambda: any(line.hello.get("events") for line in desk.peer.lines))
    assert desk.request is not None
    desk.request |= {"title": "Renamed", "version": 2}
    desk.peer.push({"topic": "exports", "id": "e1"})
    loop.until(lambda: panel._title.value == "Renamed")
    panel._title.value = "Mine again"
    desk.request |= {"title": "Renamed twice", "version": 3}
    desk.peer.push({"topic": "exports", "id": "e1"})
    loop.until(lambda: "changed elsewhere" in panel._alert.value)
    assert panel._title.value == "Mine again"
    assert panel._save_button.disabled
    panel._mine.click()
    panel.save()
    loop.until(lambda: panel._busy == "")
    assert desk.request["title"] == "Mine again"
    assert desk.request["version"] == 4


def test_signs_are_those_of_the_side_panel_and_what_is_over_has_no_date(panel: ExportPanel, desk: Desk, loop: Loop) -> None:
    words = (Path(__file__).parents[2] / "labextension" / "src" / "exports" / "words.ts").read_text()
    signs = dict(re.findall(r"^  (\w+): \{ sign: '(.)'", words.partition("STATE_SIGNS")[2].partition("};")[0], re.MULTILINE))
    assert set(signs) == {state.value for state in ExportState}
    assert "○ new" in panel._head.value
    chosen(panel, loop, "shared/costs.csv")
    panel.save()
    loop.until(lambda: panel._busy == "")
    desk.peer.wait(lambda: any(line.hello.get("events") for line in desk.peer.lines))
    assert desk.request is not None
    for version, (name, sign) in enumerate(signs.items(), start=2):
        desk.request |= {"state": name, "version": version}
        desk.peer.push({"topic": "exports", "id": "e1"})
        loop.until(lambda version=version: panel.request is not None and panel.request.version == version)
        assert f"{sign} {name.replace('_', ' ')}" in panel._head.value
        assert ("Ready by" in panel._cost.value) is not ExportState(name).is_final
        assert "€\xa0140" in panel._cost.value


def test_losing_a_race_loses_no_words(panel: ExportPanel, desk: Desk, loop: Loop) -> None:
    chosen(panel, loop, "shared/costs.csv")
    panel.save()
    loop.until(lambda: panel._busy == "")
    assert desk.request is not None
    desk.request |= {"title": "Theirs", "version": 2}
    panel._title.value = "Mine"
    panel.save()
    loop.until(lambda: panel._newer is not None)
    assert (panel._title.value, panel.dirty, panel._choice.layout.display) == ("Mine", True, "")
    panel._theirs.click()
    assert (panel._title.value, panel.dirty, panel._choice.layout.display) == ("Theirs", False, "none")


def test_broker_down_says_so_keeps_the_input_and_recovers(panel: ExportPanel, desk: Desk, loop: Loop) -> None:
    chosen(panel, loop, "shared/costs.csv")
    desk.peer.wait(lambda: any(line.hello.get("events") for line in desk.peer.lines))
    desk.peer.stop()
    loop.until(lambda: panel.phase == "down")
    assert 'role="alert"' in panel._alert.value
    assert panel._main_button.disabled
    desk.peer.start()
    loop.until(lambda: panel.phase == "ready")
    assert panel._alert.value == ""
    assert panel.chosen == ("shared/costs.csv",)
    assert not panel._main_button.disabled


def test_a_viewer_sees_the_room_with_the_tools_put_away(desk: Desk, ws: Workspace, feed: EventFeed, loop: Loop) -> None:
    desk.may |= {"allowed": False, "reason": "A viewer looks, and changes nothing."}
    panel = ExportPanel(ws._session, feed, loop.schedule)
    loop.until(lambda: panel.phase == "ready")
    assert panel._select.disabled
    assert panel._main_button.disabled
    assert "A viewer looks" in panel._why.value
    panel.close()


def test_an_empty_workspace_says_what_to_do(panel: ExportPanel, area: Path, loop: Loop) -> None:
    for path in (area / "shared").iterdir():
        path.unlink()
    panel._again.click()
    loop.until(lambda: not panel.files)
    assert "to_csv" in panel._hint.value


def test_dutch_names_and_one_filled_button(desk: Desk, peer: Peer, loop: Loop) -> None:
    from jupyter_cbs.client import connect

    ws = connect("nl")
    panel = ws.export_panel()
    assert ws.export_panel() is panel
    assert [label for label, _ in panel._steps.options] == ["1 Bestanden", "2 Controle", "3 Formulier", "4 Voorleggen"]
    filled = [w for w in (panel._save_button, panel._main_button, panel._again) if w.button_style == "primary"]
    assert filled == [panel._main_button]
    fields = [panel._title, panel._filter, panel._select, *panel._form._texts.values()]
    assert all(w.description and w.tooltip for w in fields)
    ws.close()


def test_texts_of_the_form_come_back(ws: Workspace) -> None:
    from jupyter_cbs.client.panel.form import FormFields
    from jupyter_cbs.domain.export import ExportForm, FormFile

    edits: list[int] = []
    fields = FormFields("en", lambda: edits.append(1))
    form = ExportForm(
        purpose="p", institutions=True, files=(FormFile(path="shared/a.csv", shows="s", sources=("A", "B"), unit="household", weighted=True),)
    )
    fields.fill(form)
    assert fields.read() == form
    assert edits == []
    fields.set_files({"shared/a.csv": "a.csv", "shared/b.csv": "b.csv"})
    assert fields.read().files[0] == form.files[0]
    headings = [group.children[0].value for group in fields._files.children]
    assert [name in heading for name, heading in zip(("a.csv", "b.csv"), headings, strict=True)] == [True, True]
    fields._institutions.value = False
    assert edits == [1]
