"""The ledger at work: what leaves is kept, and what is to leave is compared with it.

A table of a file is known by the evidence it agrees with; one without evidence cannot be compared and is not kept.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from pydantic import ValidationError

from ..disclosure.ledger import Kept, KeptModel, LedgerFinding, comparable, findings, model_findings
from ..domain.evidence import TableMeta
from ..domain.export import ExportState
from ..domain.finding import FileReport, Finding, PrecheckReport, Rule, Status, TableBasis, Where
from ..domain.model import ModelEvidence
from ..domain.rules import RuleProfile
from ..domain.text import Text
from ..store.reader import Reader
from ..store.rows import ExportRow, ReleasedModel, ReleasedTable
from ..store.store import Store, Transaction
from .calls import Call
from .labour import labour
from .outputs import CheckedOutput

_UNDER_WAY = frozenset({ExportState.SUBMITTED, ExportState.COST_PENDING, ExportState.IN_REVIEW, ExportState.APPROVED})
"""Requests whose tables count as good as released: whoever comes second is told."""
_QUICK_CELLS = 5_000
"""Up to this many cells in all the comparison is done in a thread; more get a process of their own."""
_CELL, _LINE = re.compile(r"[A-Z]{1,3}([1-9]\d{0,6})", re.ASCII), re.compile(r"[1-9]\d{0,8}", re.ASCII)
_MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "nl": ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"],
}
_STATISTICS = {
    "count": "aantal",
    "units": "eenheden",
    "sum": "som",
    "mean": "gemiddelde",
    "median": "mediaan",
    "share": "aandeel",
    "sd": "standaardafwijking",
    "variance": "variantie",
    "correlation": "correlatie",
    "gini": "Gini-coëfficiënt",
    "ratio": "verhouding",
    "lorenz": "Lorenzcurve",
    "survival": "overleving",
}
"""Dutch words of the statistics that begin a table's label."""


@dataclass(frozen=True)
class _Found:
    """A table of a file that was recognised."""

    file: int
    path: str
    basis: TableBasis
    meta: TableMeta
    frame: bytes


def _recognised(store: Reader | Store, project: str, files: Iterable[FileReport]) -> Iterator[_Found]:
    """Give the tables of what would be delivered, as the files show them."""
    for number, file in enumerate(files):
        for basis in file.bases if file.delivered_as is not None else ():
            kept = None if basis.fingerprint is None else store.evidence_of(project, basis.fingerprint)
            if kept is not None:
                yield _Found(number, file.path, basis, kept[0].model_copy(update={"hidden": basis.hidden}), kept[1])


@dataclass(frozen=True)
class _FoundModel:
    """A file of a checked model that was recognised."""

    file: int
    path: str
    basis: TableBasis
    checked: CheckedOutput
    evidence: ModelEvidence


def _models(store: Reader | Store, project: str, files: Iterable[FileReport]) -> Iterator[_FoundModel]:
    """Give the checked models of what would be delivered."""
    for number, file in enumerate(files):
        for basis in file.bases if file.delivered_as is not None else ():
            text = None if basis.fingerprint is None else store.output_of(project, basis.fingerprint)
            with suppress(ValidationError):  # kept by a version that declared other things
                checked = None if text is None else CheckedOutput.model_validate_json(text)
                if checked is not None and checked.model is not None:
                    yield _FoundModel(number, file.path, basis, checked, checked.model)


async def with_ledger(call: Call, report: PrecheckReport, own: str | None = None) -> PrecheckReport:
    """Give a report with what its tables and models give away together with earlier releases, requests under way, and each other.

    Parameters
    ----------
    call
        Whose project it is.
    report
        From the pre-check.
    own
        Id of the request the files belong to, where they belong to one.
    """
    store, project = call.authority.store, call.principal.project
    report = await asyncio.to_thread(_with_models, call, report, own)
    found, earlier = await asyncio.to_thread(_gather, store, project, report, own)
    if not found or (not earlier and len(found) < 2):
        return _without_places(report)
    new = [Kept(one.meta, _frame(one.frame), _in_file(one)) for one in found]
    old = [Kept(table.meta, _frame(table.frame), _released(table)) for table in earlier]
    profiles = {name: call.project.rules(name) for name in {one.meta.rule_profile for one in found}}
    if sum(kept.frame.num_rows for kept in (*new, *old)) <= _QUICK_CELLS:
        told = await asyncio.to_thread(compare, new, old, profiles)
    else:
        told = await labour(compare, None, new, old, profiles)
    return _without_places(_added(report, found, told))


def _without_places(report: PrecheckReport) -> PrecheckReport:
    """Drop where each cell stands: it served to name the cells of findings, and would make a kept report as long as the files."""
    files = [file.model_copy(update={"bases": tuple(basis.model_copy(update={"places": ()}) for basis in file.bases)}) for file in report.files]
    return report.model_copy(update={"files": tuple(files)})


def compare(new: list[Kept], old: list[Kept], profiles: Mapping[str, RuleProfile]) -> tuple[LedgerFinding, ...]:
    """Compare tables; importable by name, so that a process of its own can do it."""
    return findings(new, old, profiles.__getitem__)


def _gather(store: Store, project: str, report: PrecheckReport, own: str | None) -> tuple[list[_Found], list[ReleasedTable]]:
    found = list(_recognised(store, project, report.files))
    if not found:
        return [], []
    under_way = [
        ReleasedTable(row.id, row.round, one.path, one.meta, one.frame, row.changed_at)
        for row in store.exports(project)
        if row.state in _UNDER_WAY and row.id != own and row.report is not None
        for one in _recognised(store, project, row.report.files)
    ]
    earlier = [table for table in (*store.releases(project), *under_way) if any(comparable(table.meta, one.meta) for one in found)]
    return found, earlier


def _with_models(call: Call, report: PrecheckReport, own: str | None) -> PrecheckReport:
    """Give a report with what its models give away together with earlier ones."""
    store, project = call.authority.store, call.principal.project
    found = list(_models(store, project, report.files))
    if not found:
        return report
    earlier = [
        *(KeptModel(one.evidence, _released_model(one.evidence, one.export_id, one.released_at)) for one in store.released_models(project)),
        *(
            KeptModel(one.evidence, _released_model(one.evidence, row.id, row.changed_at))
            for row in store.exports(project)
            if row.state in _UNDER_WAY and row.id != own and row.report is not None
            for one in _models(store, project, row.report.files)
        ),
    ]
    new = [KeptModel(one.evidence, _model_in_file(one)) for one in found]
    known = set(call.project.profile_names)
    least = [max(call.project.rules(name).min_frequency for name in (*known.intersection(one.checked.profiles), "default")) for one in found]
    more: defaultdict[int, list[Finding]] = defaultdict(list)
    for told in model_findings(new, earlier, least):
        model = found[told.model]
        where = _cell_of_n(model)
        more[model.file].append(
            Finding(rule=Rule.DIFFERENCING, status=told.status, where=where, basis="declared", text=told.text, remedy=told.remedy)
        )
    return _with_findings(report, more)


def _cell_of_n(model: _FoundModel) -> Where:
    """Give the place of a model's number of units in a table or workbook of it: beside its first estimate."""
    grid, _ = model.checked.written()
    start = model.basis.where
    if len(grid) < 2 or start.row is None or "n" not in grid[0]:
        return start
    return Where(sheet=start.sheet, row=start.row + 1, column="n", cell=f"{chr(ord('A') + grid[0].index('n'))}{start.row + 1}")


def _released_model(evidence: ModelEvidence, export_id: str, at: datetime) -> Text:
    day = _day(at)
    name = _model_name(evidence)
    return Text(en=f"{name} of request {export_id} ({day.en})", nl=f"{name} van aanvraag {export_id} ({day.nl})")


def _model_in_file(one: _FoundModel) -> Text:
    name = _model_name(one.evidence)
    return Text(en=f"{name} in {one.path}", nl=f"{name} in {one.path}")


def _model_name(evidence: ModelEvidence) -> str:
    return f"‘{evidence.method}: {evidence.response}’" if evidence.response else f"‘{evidence.method}’"


def _day(at: datetime) -> Text:
    en, nl = (f"{at.day} {_MONTHS[lang][at.month - 1]} {at.year}" for lang in ("en", "nl"))
    return Text(en=en, nl=nl)


def _frame(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()


def _released(table: ReleasedTable) -> Text:
    day, label = _day(table.released_at), _label(table.meta)
    return Text(
        en=f"‘{label.en}’ of request {table.export_id} ({day.en})",
        nl=f"‘{label.nl}’ van aanvraag {table.export_id} ({day.nl})",
    )


def _in_file(one: _Found) -> Text:
    label = _label(one.meta)
    return Text(en=f"‘{label.en}’ in {one.path}", nl=f"‘{label.nl}’ in {one.path}")


def _label(meta: TableMeta) -> Text:
    """Name what a table's cells hold; the statistic is a word, what it is of a variable's name."""
    statistic, _, variable = meta.value_label.partition(" ")
    return Text(en=meta.value_label, nl=f"{_STATISTICS.get(statistic, statistic)} {variable}".strip())


def _place(basis: TableBasis, row: int | None) -> Where:
    """Give where a file shows a row of the evidence; the table's beginning where it does not."""
    place = "" if row is None or row >= len(basis.places) else basis.places[row]
    cell = _CELL.fullmatch(place)
    if cell is not None:
        return Where(sheet=basis.where.sheet, row=int(cell[1]), cell=place)
    return Where(sheet=basis.where.sheet, line=int(place)) if _LINE.fullmatch(place) else basis.where


def _added(report: PrecheckReport, found: list[_Found], told: tuple[LedgerFinding, ...]) -> PrecheckReport:
    more: defaultdict[int, list[Finding]] = defaultdict(list)
    for one in told:
        table = found[one.table]
        where = _place(table.basis, one.row)
        finding = Finding(rule=Rule.DIFFERENCING, status=one.status, where=where, basis="verified", text=one.text, remedy=one.remedy)
        more[table.file].append(finding)
    return _with_findings(report, more)


def _with_findings(report: PrecheckReport, more: Mapping[int, Sequence[Finding]]) -> PrecheckReport:
    """Add findings to files, by their number."""
    files = tuple(
        file.model_copy(
            update={
                "findings": tuple(sorted((*file.findings, *more.get(number, ())), key=lambda finding: -finding.status.badness)),
                "status": Status.worst([file.status, *(finding.status for finding in more.get(number, ()))]),
            }
        )
        for number, file in enumerate(report.files)
    )
    return report.model_copy(update={"files": files, "status": Status.worst([report.status, *(file.status for file in files)])})


def keep_released(tx: Transaction, row: ExportRow, released_at: datetime) -> int:
    """Enter the tables and models of a request that is released, in the transaction that releases it; give their number."""
    found = list(_recognised(tx, row.project, row.report.files if row.report is not None else ()))
    for one in found:
        tx.insert_released(row.project, ReleasedTable(row.id, row.round, one.path, one.meta, one.frame, released_at))
    models = list(_models(tx, row.project, row.report.files if row.report is not None else ()))
    for model in models:
        released = ReleasedModel(row.id, row.round, model.path, model.checked.fingerprint, model.evidence, released_at)
        tx.insert_released_model(row.project, released)
    return len(found) + len(models)
