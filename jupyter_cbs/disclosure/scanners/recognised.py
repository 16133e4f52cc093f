"""Files written of a checked model or figure: compared cell by cell with what was judged.

What a kernel declares of a model or a figure is not proof, so that a file of it is looked through for keys, records and small counts like any
other; but its numbers are no longer unknown.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from ...domain.written import KeptOutput
from . import frequencies, identifiers, microdata
from .matching import agrees
from .report import Report
from .sheet import Sheet
from .values import is_suppressed
from .verified import keys, trimmed

_AGAIN = Text(
    en="Write it again from its check: to_csv, to_xlsx or save.",
    nl="Schrijf het opnieuw weg vanuit de controle: to_csv, to_xlsx of save.",
)


def check(sheet: Sheet, report: Report) -> bool:
    """Judge a sheet as the model or figure it was written of; tell whether all of it is."""
    rows = trimmed(sheet)
    nearest: tuple[KeptOutput, list[tuple[int, int]]] | None = None
    for kept in report.context.outputs(keys(sheet)):
        differs = _differences(rows, kept)
        if not differs:
            _judge(sheet, kept, report)
            return True
        if nearest is None or len(differs) < len(nearest[1]):
            nearest = kept, differs
    if nearest is not None:
        kept, differs = nearest
        what = Text(en="the model", nl="het model") if kept.kind == "model" else Text(en="the figure", nl="de figuur")
        text = Text(
            en=f"The labels are those of {what.en} checked here, but {len(differs)} values differ from what was judged.",
            nl=f"De labels zijn die van {what.nl} die hier is gecontroleerd, maar {len(differs)} waarden wijken af van wat is beoordeeld."
            if kept.kind == "figure"
            else f"De labels zijn die van {what.nl} dat hier is gecontroleerd, maar {len(differs)} waarden wijken af van wat is beoordeeld.",
        )
        report.add(Rule.UNKNOWN_TABLE, Status.REVIEW, text, _AGAIN, sheet.where(*differs[0]))
    return False


def check_picture(digest: str, report: Report) -> bool:
    """Judge a picture as the figure it was made of; tell whether it was made here, byte for byte."""
    for kept in report.context.outputs([digest]):
        if digest in kept.pictures:
            _tell(kept, report)
            return True
    return False


def _differences(rows: Sequence[Sequence[str]], kept: KeptOutput) -> list[tuple[int, int]]:
    """Give the places where a sheet is not what was judged; what is left out is no difference."""
    differs = []
    for r in range(max(len(rows), len(kept.grid))):
        printed = rows[r] if r < len(rows) else ()
        wanted = kept.grid[r] if r < len(kept.grid) else ()
        for c in range(max(len(printed), len(wanted))):
            text = printed[c].strip() if c < len(printed) else ""
            value = wanted[c].strip() if c < len(wanted) else ""
            if r == 0 or c < kept.labels:
                same = " ".join(text.split()) == " ".join(value.split())
            else:
                same = text == value or not text or is_suppressed(text) or agrees(text, float(value) if value else None)
            if not same:
                differs.append((r, c))
    return differs


def _judge(sheet: Sheet, kept: KeptOutput, report: Report) -> None:
    _tell(kept, report, sheet)
    for block in sheet.blocks():
        report.tables += 1
        identifiers.check_columns(block, report)
        if kept.basis == "declared" and not microdata.check(block, report):
            frequencies.check_counts(block, report)


def _tell(kept: KeptOutput, report: Report, sheet: Sheet | None = None) -> None:
    """Say of a file what was said of its model or figure, and on what it stands."""
    where = Where() if sheet is None else sheet.where(0)
    for finding in kept.findings:
        lead = f"{finding.subject}: " if finding.subject else ""
        text = Text(en=f"{lead}{finding.text.en}", nl=f"{lead}{finding.text.nl}")
        report.add(finding.rule, finding.status, text, finding.remedy, where, finding.basis)
    for table in kept.tables:
        report.table(where, kept.basis, table.fingerprint, table.hidden)
    if not kept.tables:
        report.table(where, kept.basis, kept.fingerprint)
