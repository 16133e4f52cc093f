"""Check a finished file against the disclosure rules, whatever it is; nothing that is in a file stops the check."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..domain.files import FileContent
from ..domain.finding import Finding, Rule, Status, TableBasis
from ..domain.text import Text
from .scanners import delimited, documents, figures, markup, prose, scripts, word, workbook
from .scanners.report import Report, ScanContext
from .scanners.unreadable import reason_of

__all__ = ["ScanContext", "ScanResult", "scan"]

log = logging.getLogger(__name__)

Scanner = Callable[[FileContent, Report], None]

SCANNERS: dict[str, Scanner] = {
    "csv": delimited.scan,
    "tsv": delimited.scan,
    "xlsx": workbook.scan,
    "xlsm": workbook.scan,
    **dict.fromkeys(("txt", "md", "tex", "log", "json", "text", "notebook_html", "xml", "eps"), prose.scan),
    **dict.fromkeys(("html", "svg"), markup.scan),
    "rtf": documents.rtf,
    "docx": word.scan,
    "pdf": documents.pdf,
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
    bases
        On what each table was judged, in their order in the file.
    """

    tables: int
    cells: int
    findings: tuple[Finding, ...]
    bases: tuple[TableBasis, ...] = ()

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Tables made here that were recognised in it, cell by cell (:attr:`jupyter_cbs.domain.evidence.TableMeta.fingerprint`), each once."""
        return tuple(dict.fromkeys(basis.fingerprint for basis in self.bases if basis.fingerprint is not None))


def scan(file: FileContent, context: ScanContext) -> ScanResult:
    """Check one file.

    A type without a scanner, and a file that cannot be read as what it is, give a finding ``unreadable``: nobody has looked, so
    somebody must. No exception leaves this function.
    """
    report = Report(context, declared=context.form_of(file.path, file.name))
    scanner = SCANNERS.get(file.type)
    try:
        if file.type == "notebook":
            _notebook(report)
        elif scanner is None:
            _unreadable(report, file, Text(en="nothing here reads this type", nl="niets hier leest dit type"))
        else:
            scanner(file, report)
    except Exception as error:
        # the message may hold data, so only its kind is logged
        log.info("scan of a %s failed: %s", file.type, type(error).__name__)
        _unreadable(report, file, reason_of(error))
    return ScanResult(report.tables, report.cells, report.findings(), tuple(report.bases))


def _unreadable(report: Report, file: FileContent, reason: Text) -> None:
    text = Text(
        en=f"This file ({file.type}) could not be looked into: {reason.en}. Nothing is known of what it holds.",
        nl=f"In dit bestand ({file.type}) kon niet worden gekeken: {reason.nl}. Van de inhoud is niets bekend.",
    )
    remedy = Text(en="Deliver it as csv, xlsx, txt or png.", nl="Lever het als csv, xlsx, txt of png.")
    report.add(Rule.UNREADABLE, Status.REVIEW, text, remedy)


def _notebook(report: Report) -> None:
    text = Text(en="Notebooks carry their outputs and are never exported.", nl="Notebooks dragen hun uitvoer en worden nooit uitgevoerd.")
    remedy = Text(en="Export its script instead.", nl="Lever in plaats daarvan het script.")
    report.add(Rule.NOTEBOOK, Status.REFUSED, text, remedy)
