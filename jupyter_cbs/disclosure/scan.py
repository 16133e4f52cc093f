"""Check a finished file against the disclosure rules, whatever it is; nothing that is in a file stops the check."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..domain.files import FileContent
from ..domain.finding import Finding, Rule, Status
from ..domain.text import Text
from .scanners import delimited, figures, prose, scripts, workbook
from .scanners.report import Report, ScanContext

__all__ = ["ScanContext", "ScanResult", "scan"]

log = logging.getLogger(__name__)

Scanner = Callable[[FileContent, Report], None]

SCANNERS: dict[str, Scanner] = {
    "csv": delimited.scan,
    "tsv": delimited.scan,
    "xlsx": workbook.scan,
    "xlsm": workbook.scan,
    **dict.fromkeys(("txt", "md", "tex", "log", "json", "text", "html", "notebook_html", "svg", "xml", "rtf", "eps"), prose.scan),
    **dict.fromkeys(("py", "r", "do", "sps", "sql"), scripts.scan),
    **dict.fromkeys(("png", "jpg", "jpeg", "gif"), figures.scan),
}
"""Scanner per detected type."""


@dataclass(frozen=True)
class ScanResult:
    """What a scan says of one file.

    Parameters
    ----------
    tables
        Tables found.
    cells
        Non-empty cells of tables, headers included.
    findings
        Worst first.
    """

    tables: int
    cells: int
    findings: tuple[Finding, ...]


def scan(file: FileContent, context: ScanContext) -> ScanResult:
    """Check one file.

    A type without a scanner, and a file that cannot be read as what it is, give a finding ``unreadable``: nobody has looked, so
    somebody must. No exception leaves this function.
    """
    report = Report(context)
    scanner = SCANNERS.get(file.type)
    try:
        if file.type == "notebook":
            _notebook(report)
        elif scanner is None:
            _unreadable(report, file)
        else:
            scanner(file, report)
    except Exception as error:
        # the message may hold data, so only its kind is logged
        log.info("scan of a %s failed: %s", file.type, type(error).__name__)
        _unreadable(report, file)
    return ScanResult(report.tables, report.cells, report.findings())


def _unreadable(report: Report, file: FileContent) -> None:
    text = Text(
        en=f"This file ({file.type}) could not be looked into, so nothing is known of what it holds.",
        nl=f"In dit bestand ({file.type}) kon niet worden gekeken, dus van de inhoud is niets bekend.",
    )
    remedy = Text(en="Deliver it as csv, xlsx, txt or png.", nl="Lever het als csv, xlsx, txt of png.")
    report.add(Rule.UNREADABLE, Status.REVIEW, text, remedy)


def _notebook(report: Report) -> None:
    text = Text(en="Notebooks carry their outputs and are never exported.", nl="Notebooks dragen hun uitvoer en worden nooit uitgevoerd.")
    remedy = Text(en="Export its script instead.", nl="Lever in plaats daarvan het script.")
    report.add(Rule.NOTEBOOK, Status.REFUSED, text, remedy)
