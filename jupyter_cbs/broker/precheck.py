"""The pre-check: intake, scanners, rules, class and price in one report."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import pyarrow as pa

from ..disclosure.scan import ScanContext, ScanResult, scan
from ..domain.base import Model
from ..domain.calendar import WorkingCalendar
from ..domain.evidence import TableMeta
from ..domain.export import FormFile
from ..domain.finding import FileReport, Finding, PrecheckReport, Status
from ..domain.money import PriceTable
from ..domain.rules import RuleProfile
from ..domain.version import __version__
from ..domain.written import KeptOutput
from ..exports.classify import classify, ready_on
from ..exports.intake import IntakeItem

if TYPE_CHECKING:
    # what checks hostile files in a process of its own loads neither the store nor the policies
    from ..policy.policies import ProjectPolicy
    from ..store.store import Store

Lookup = Callable[[Collection[str]], Sequence[tuple[TableMeta, pa.Table]]]
"""Give the tables with evidence for some shape keys, newest first."""

Outputs = Callable[[Collection[str]], Sequence[KeptOutput]]
"""Give the checked models and figures with files of some keys, newest first."""


def nothing_checked(keys: Collection[str]) -> Sequence[KeptOutput]:
    """Give no model or figure."""
    return ()


class Standards(Model):
    """What files are judged by; all that a check needs to know of a project.

    Parameters
    ----------
    profiles
        Rule profiles by name; ``default`` is one of them.
    prices, calendar
        For class, price and term.
    """

    profiles: dict[str, RuleProfile]
    prices: PriceTable
    calendar: WorkingCalendar

    @classmethod
    def of(cls, project: ProjectPolicy) -> Standards:
        """Take them from a project's policy."""
        profiles = {name: project.rules(name) for name in project.profile_names}
        return cls(profiles=profiles, prices=project.prices, calendar=project.calendar)

    def rules(self, name: str) -> RuleProfile:
        """Give a rule profile; raises KeyError where there is none, as a table under unknown rules cannot be judged."""
        return self.profiles[name]


def inspect(
    items: Sequence[IntakeItem],
    project: ProjectPolicy,
    store: Store | None,
    policy_version: str,
    received: datetime,
    forms: Mapping[str, FormFile] | None = None,
) -> PrecheckReport:
    """Judge what intake found, as it would be delivered, in this process.

    Parameters
    ----------
    items
        From :func:`jupyter_cbs.exports.intake.take_in`; they stay open.
    project
        Rules, prices and calendar.
    store
        Where the evidence of the project's tables is; None judges without evidence.
    policy_version
        For the report.
    received
        When the output would be received (aware), for the date it would be ready.
    forms
        What the output control form says of the files, by path or name.

    Returns
    -------
    PrecheckReport
        Findings per file, class, price in cents and the day it would be ready. Where anything is refused or unsafe the
        class and price are those of the files that could be delivered.
    """
    from .outputs import outputs_of  # which loads the rules for figures; the process that checks hostile files has no need of them

    outputs = nothing_checked if store is None else outputs_of(store, project)
    report = judge(items, Standards.of(project), evidence_of(store, project.number), received, forms=forms, outputs=outputs)
    return report.model_copy(update={"versions": versions(policy_version)})


def evidence_of(store: Store | None, project: str) -> Lookup:
    """Give the look-up of a project's tables with evidence."""

    def lookup(keys: Collection[str]) -> Sequence[tuple[TableMeta, pa.Table]]:
        if store is None:
            return ()
        return [(meta, pa.ipc.open_stream(frame).read_all()) for meta, frame in store.evidence(project, keys)]

    return lookup


def versions(policy_version: str) -> Mapping[str, str]:
    """Tell with what a report was made."""
    return {"jupyter_cbs": __version__, "duckdb": version("duckdb"), "policy": policy_version}


def judge(
    items: Sequence[IntakeItem],
    standards: Standards,
    lookup: Lookup,
    received: datetime,
    begin: Callable[[IntakeItem], None] | None = None,
    forms: Mapping[str, FormFile] | None = None,
    outputs: Outputs = nothing_checked,
) -> PrecheckReport:
    """Judge files by some standards; see :func:`inspect`.

    Parameters
    ----------
    items
        From intake; they stay open.
    standards
        Of the project.
    lookup
        Gives tables with evidence.
    received
        When the output would be received, aware.
    begin
        Called with each file before it is scanned.
    forms
        What the output control form says of the files, by path or name.
    outputs
        Gives checked models and figures.

    Returns
    -------
    PrecheckReport
        Without ``versions``.
    """
    context = ScanContext(profile=standards.rules("default"), lookup=lookup, outputs=outputs, rules=standards.rules, forms=forms or {})
    reports = []
    cells: dict[str, int] = {}
    for item in items:
        if begin is not None:
            begin(item)
        result = scan(item.deliver, context) if item.deliver is not None else ScanResult(tables=0, cells=0, findings=())
        findings = item.findings + result.findings
        status = Status.worst([finding.status for finding in findings])
        if item.deliver is None and status is Status.SAFE:
            status = Status.REFUSED
        if item.deliver is not None and result.cells > 0:
            # a table that could not be counted is left out, and an output with one is never light
            cells[item.deliver.path] = result.cells
        reports.append(
            FileReport(
                path=item.path,
                type=item.type,
                status=status,
                tables=result.tables,
                cells=result.cells,
                bytes=item.bytes,
                delivered_as=item.deliver.name if item.deliver is not None else None,
                stripped=item.stripped,
                findings=tuple(sorted(findings, key=_reading_order)),
                bases=result.bases,
            )
        )
    deliveries = [item.deliver for item in items if item.deliver is not None]
    classification = classify(deliveries, cells, standards.prices) if deliveries else None
    return PrecheckReport(
        status=Status.worst([report.status for report in reports]) if reports else Status.REFUSED,
        files=tuple(reports),
        export_class=classification.export_class if classification else None,
        class_reasons=classification.reasons if classification else (),
        price_cents=classification.price_cents if classification else None,
        ready_on=ready_on(standards.calendar, received, classification.working_days).isoformat() if classification else None,
        cheaper=classification.cheaper if classification else None,
    )


_CELL = re.compile(r"([A-Z]+)([0-9]+)", re.IGNORECASE)


def _reading_order(finding: Finding) -> tuple[int, str, int, int, str]:
    """Order findings as a person works through them: worst first, then as they stand in the file, row by row.

    A column known by its heading only stays where the scanner, which reads from left to right, put it.
    """
    where = finding.where
    row, column = where.row or where.line or 0, ""
    cell = _CELL.fullmatch(where.cell or "")
    if cell is not None:
        column, row = cell[1].upper(), int(cell[2])
    # columns go on after Z as AA
    return -finding.status.badness, where.sheet or "", row, len(column), column
