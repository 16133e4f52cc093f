from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from jupyter_cbs.client import Workspace
from jupyter_cbs.client.files import list_files, workspace_path
from jupyter_cbs.client.language import age, choose_language, day, number, seconds, size
from jupyter_cbs.client.report import Report
from jupyter_cbs.client.storage import Storage
from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.finding import FileReport, Finding, PrecheckReport, Rule, Status, StrippedContent, Where
from jupyter_cbs.domain.quota import AreaUsage, QuotaStatus
from jupyter_cbs.domain.text import Text

from .peer import Peer

EVIL = "<script>alert(1)</script>"
BOTH = Text(en=EVIL, nl=EVIL)


def text(en: str, nl: str = "") -> Text:
    return Text(en=en, nl=nl or en)


REPORT = PrecheckReport(
    status=Status.UNSAFE,
    files=(
        FileReport(path="shared/costs.csv", type="csv", status=Status.SAFE, tables=1, cells=12, bytes=1024, delivered_as="costs.csv"),
        FileReport(
            path="shared/analysis.ipynb",
            type="notebook",
            status=Status.SAFE,
            bytes=90_000,
            delivered_as="analysis.py",
            stripped=StrippedContent(outputs=14, images=3, text=text("14 outputs, 3 images and all metadata stay inside.")),
        ),
        FileReport(
            path=f"shared/{EVIL}.csv",
            type="csv",
            status=Status.UNSAFE,
            findings=(
                Finding(
                    rule=Rule.IDENTIFIER,
                    status=Status.UNSAFE,
                    where=Where(column=EVIL, row=1),
                    basis="verified",
                    text=text(f"Keys {EVIL}.", "Sleutels."),
                    remedy=text("Remove the column.", "Verwijder de kolom."),
                ),
            ),
        ),
    ),
    export_class="light",
    class_reasons=(BOTH,),
    price_cents=14_000,
    ready_on="2026-11-24",
    cheaper=text("It cannot be cheaper."),
)


def test_a_report_tells_per_file_what_it_is_and_what_to_do(peer: Peer, ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for area in ("shared", "personal"):
        (tmp_path / area).mkdir()
    monkeypatch.chdir(tmp_path)
    peer.on("precheck", REPORT.model_dump(mode="json", by_alias=True, context={"lang": "en"}))
    report = ws.precheck(["shared/costs.csv", tmp_path / "shared"])
    assert peer.seen("precheck") == [{"paths": ["shared/costs.csv", "shared"]}]
    assert (report.ok, report.status, len(report.findings)) == (False, Status.UNSAFE, 1)
    html = report._repr_html_()
    assert "✓ safe" in html
    assert "✕ unsafe" in html
    assert "shared/analysis.ipynb → <b>analysis.py</b>" in html
    assert "14 outputs, 3 images" in html
    assert "→ Remove the column." in html
    assert "€\xa0140" in html
    assert "Tue 24 Nov 2026" in html
    assert "<script" not in html
    assert "€\xa0140" in repr(report)
    frame = report.df()
    assert frame["file"].tolist() == ["shared/costs.csv", "shared/analysis.ipynb", f"shared/{EVIL}.csv"]
    assert frame.loc[2, "where"] == f"column {EVIL}, row 1"


def test_a_report_in_dutch() -> None:
    html = Report(REPORT, "nl")._repr_html_()
    assert "di 24 nov 2026" in html
    assert "kleine output" in html
    assert "Verwijder de kolom." in html
    nothing = PrecheckReport(status=Status.REFUSED, files=())
    assert "Niets hiervan" in repr(Report(nothing, "nl"))


def test_quota_figures_have_units_and_ages(peer: Peer, ws: Workspace) -> None:
    now = datetime.now(UTC)
    status = QuotaStatus(
        shared=AreaUsage(
            area="shared",
            limit_bytes=100 * 10**9,
            used_bytes=91_400_000_000,
            measured_at=now - timedelta(seconds=130),
            level="warning",
            text=BOTH,
        ),
        personal=AreaUsage(area="personal", limit_bytes=2**30, unit_bytes=2**30, text=text("Not measured.")),
    )
    peer.on("quota", status.model_dump(mode="json", context={"lang": "en"}))
    shown = ws.quota()
    html = shown._repr_html_()
    assert "91.4 GB of 100 GB" in html
    assert "measured 2 min ago" in html
    assert "not measured yet, limit 1 GiB" in html
    assert "<script" not in html
    assert "91.4 GB of 100 GB (measured 2 min ago)" in repr(shown)
    assert shown.df()["used_bytes"].isna().tolist() == [False, True]
    assert "91,4 GB van 100 GB" in Storage(status, "nl")._repr_html_()
    assert "nog niet gemeten" in repr(Storage(status, "nl"))


@pytest.mark.parametrize(
    ("used", "limit", "unit", "en", "nl"),
    [
        (4096, 20_000_000, 10**9, "4.1 kB of 20 MB", "4,1 kB van 20 MB"),
        (0, 10**9, 10**9, "0 bytes of 1 GB", "0 bytes van 1 GB"),
        (999, 1000, 10**9, "999 bytes of 1 kB", "999 bytes van 1 kB"),
        (123_456_789, 10**9, 10**9, "0.12 GB of 1 GB", "0,12 GB van 1 GB"),
        (99_990_000, 2 * 10**12, 10**9, "100 MB of 2,000 GB", "100 MB van 2.000 GB"),
        (2**20, 2**30, 2**30, "1 MiB of 1 GiB", "1 MiB van 1 GiB"),
    ],
)
def test_small_areas_are_written_in_small_units(used: int, limit: int, unit: int, en: str, nl: str) -> None:
    def area(name: Literal["shared", "personal"]) -> AreaUsage:
        return AreaUsage(area=name, limit_bytes=limit, used_bytes=used, unit_bytes=unit, measured_at=datetime.now(UTC), level="ok", text=BOTH)

    status = QuotaStatus(shared=area("shared"), personal=area("personal"))
    assert f": {en} (" in repr(Storage(status, "en"))
    assert f">{nl}<" in Storage(status, "nl")._repr_html_()


@pytest.fixture
def area(tmp_path: Path) -> Path:
    for name in ("shared/sub", "personal/.hidden", "shared/.ipynb_checkpoints"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("shared/b.csv", "shared/sub/a.csv", "personal/x.py", "personal/.hidden/no", "shared/.ipynb_checkpoints/no.ipynb"):
        (tmp_path / name).write_text("x")
    (tmp_path / "shared/link.csv").symlink_to("b.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("cwd", "path", "expected"),
    [
        ("", "shared/b.csv", "shared/b.csv"),
        ("", "./shared//sub/../b.csv", "shared/b.csv"),
        ("shared/sub", "a.csv", "shared/sub/a.csv"),
        ("shared/sub", "../b.csv", "shared/b.csv"),
        ("shared/sub", "shared/b.csv", "shared/b.csv"),
        ("shared/sub", "../../personal", "personal"),
    ],
)
def test_workspace_paths(area: Path, cwd: str, path: str, expected: str) -> None:
    assert workspace_path(path, area / cwd) == expected
    assert workspace_path(area / expected, area / cwd) == expected


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "shared/../../x", "x.csv"])
def test_paths_outside_are_refused(area: Path, path: str) -> None:
    with pytest.raises(Invalid, match="outside the workspace"):
        workspace_path(path, area)


def test_files_to_choose_from_hide_checkpoints_and_links(area: Path) -> None:
    assert list_files(area) == ("shared/b.csv", "shared/sub/a.csv", "personal/x.py")


def test_languages() -> None:
    assert choose_language("nl_NL") == "nl"
    assert choose_language("de") == "en"
    assert choose_language(None, {"LANG": "nl_NL.UTF-8"}) == "nl"
    assert choose_language(None, {"LANG": "nl_NL.UTF-8", "CBS_LANG": "en"}) == "en"
    assert choose_language(None, {}) == "en"


def test_figures_dates_and_sizes() -> None:
    assert number(1234567, "en") == "1,234,567"
    assert number(1234.5, "nl") == "1.234"
    assert number(1.25, "nl", 2) == "1,25"
    assert number(None, "en") == number(float("nan"), "en") == ""
    assert day("2026-11-26", "en") == "Thu 26 Nov 2026"
    assert day(None, "nl") == "onbekend"
    # the same figures as in tests/labextension/locale.test.ts
    sizes = {0: "0 bytes", 12: "12 bytes", 4_200: "4.2 kB", 12_345: "12.3 kB", 147_000: "0.15 MB", 91_400_000_000: "91.4 GB", 10**11: "100 GB"}
    assert {value: size(value, "en") for value in sizes} == sizes
    assert size(2**30, "nl", 2**30) == "1 GiB"
    assert size(91_400_000_000, "nl") == "91,4 GB"
    assert [seconds(v, "en") for v in (0.0123, 5, 125)] == ["12 ms", "5.0 s", "2 min 5 s"]
    now = datetime(2026, 11, 21, tzinfo=UTC)
    ages = [age(now - timedelta(seconds=s), now, "nl") for s in (5, 120, 7200, 200_000)]
    assert ages == ["zojuist gemeten", "2 min geleden gemeten", "2 uur geleden gemeten", "2 d geleden gemeten"]
    assert age(None, now, "en") == "not measured yet"
