"""Figures are checked over a real socket by the real rules; only the broker's process is left out (it is in tests/kernel)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from client.peer import Line, Peer

from jupyter_cbs.client import Workspace, connect
from jupyter_cbs.client.figures.report import FigureReport
from jupyter_cbs.disclosure.figures import VerifiedTable, judge_figure
from jupyter_cbs.domain.figure import FigureEvidence, OutputReport
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.rules import RuleProfile

matplotlib.use("agg")

Check = Callable[..., FigureReport]


class Judge:
    """Answers ``figure.check`` as the broker's route does, and keeps what came over the wire."""

    def __init__(self) -> None:
        self.profile = RuleProfile()
        self.tables: dict[str, VerifiedTable] = {}
        self.seen: list[dict[str, Any]] = []

    def __call__(self, peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        self.seen.append(args)
        sent = FigureEvidence.model_validate(args)
        findings = judge_figure(sent, [self.profile], self.tables)
        report = OutputReport(
            status=Status.worst([f.status for f in findings]),
            findings=findings,
            fingerprint=hashlib.sha256(sent.model_dump_json().encode()).hexdigest(),
            least_units=self.profile.min_frequency,
        )
        line.answer(number, report.model_dump(mode="json", context={"lang": line.hello["lang"]}))


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def ws(tmp_path: Path, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    peer = Peer(tmp_path / "session.sock")
    peer.on("figure.check", judge)
    monkeypatch.setenv("CBS_SESSION", str(peer.path))
    workspace = connect("en")
    yield workspace
    workspace.close()
    peer.stop()


@pytest.fixture
def check(ws: Workspace) -> Iterator[Check]:
    from matplotlib import pyplot

    def run(obj: Any, **options: Any) -> FigureReport:
        report = ws.check(obj, **options)
        assert isinstance(report, FigureReport)
        return report

    yield run
    pyplot.close("all")


def codes(report: FigureReport) -> set[tuple[str, str]]:
    return {(f.rule.value, f.status.value) for f in report.findings}


def drawings(report: FigureReport) -> set[tuple[str, str]]:
    return {(mark.artist.drawing, mark.artist.kind) for mark in report._drawn.marks}
