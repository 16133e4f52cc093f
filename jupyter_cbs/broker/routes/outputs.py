"""Models and figures that a kernel declares: judged by the policy's rules, kept in the audit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import pyarrow as pa

from ...disclosure.figures import VerifiedTable, judge_figure
from ...disclosure.models import judge_model
from ...domain.figure import FigureEvidence, OutputFinding, OutputReport
from ...domain.finding import Status
from ...domain.model import ModelEvidence
from ...domain.rules import RuleProfile
from ...domain.text import Text
from ..calls import Call, handles

_DECLARED = Text(
    en="The counts are what this kernel declares; the workspace did not see the data.",
    nl="De aantallen zijn zoals deze kernel ze opgeeft; de werkomgeving heeft de gegevens niet gezien.",
)


@handles("model.check")
async def check_model(call: Call, request: ModelEvidence) -> OutputReport:
    """Judge a fitted model by its declared counts."""
    names, profiles = _profiles(call, request.sources)
    findings = judge_model(request, profiles)
    notes = [_DECLARED]
    for effects in request.effects:
        notes.append(
            Text(
                en=f"The effects of {effects.groups} groups ({effects.name}) stay here; only what is estimated beside them is written.",
                nl=f"De effecten van {effects.groups} groepen ({effects.name}) blijven hier; alleen wat ernaast is geschat wordt weggeschreven.",
            )
        )
    report = _report(_fingerprint(request), findings, names, profiles, "declared", notes)
    details = {"kind": request.kind, "rows": request.rows, "units": request.units, "dof": request.residual_dof}
    _audit(call, "model.check", report, details)
    return report


@handles("figure.check")
async def check_figure(call: Call, request: FigureEvidence) -> OutputReport:
    """Judge a figure by what its artists are declared to draw; those drawn by a table of the workspace, by the table."""
    names, profiles = _profiles(call, request.sources)
    tables = _tables(call, {artist.fingerprint for artist in request.artists if artist.fingerprint is not None})
    findings = judge_figure(request, profiles, tables)
    drawn = [artist for artist in request.artists if artist.kind != "decoration"]
    verified = bool(drawn) and all(artist.fingerprint in tables for artist in drawn)
    report = _report(_fingerprint(request), findings, names, profiles, "verified" if verified else "declared", [] if verified else [_DECLARED])
    _audit(call, "figure.check", report, {"artists": len(drawn), "marks": sum(artist.marks for artist in drawn)})
    return report


def _profiles(call: Call, sources: Iterable[str]) -> tuple[tuple[str, ...], tuple[RuleProfile, ...]]:
    """Give the rule profiles of granted data sets; ``default`` where none is named.

    Raises
    ------
    NotFound
        If a data set is not granted or does not exist.
    """
    scope = call.authority.scope(call.principal.project)
    names = tuple(dict.fromkeys(scope.get(name).rule_profile for name in sources)) or ("default",)
    return names, tuple(call.project.rules(name) for name in names)


def _tables(call: Call, fingerprints: set[str]) -> dict[str, VerifiedTable]:
    """Look up the tables of this project that artists were drawn from."""
    found = {}
    for fingerprint in sorted(fingerprints):
        kept = call.authority.store.evidence_of(call.principal.project, fingerprint)
        if kept is not None:
            with pa.ipc.open_stream(kept[1]) as reader:
                found[fingerprint] = VerifiedTable(kept[0], reader.read_all())
    return found


def _fingerprint(request: ModelEvidence | FigureEvidence) -> str:
    return hashlib.sha256(request.model_dump_json().encode()).hexdigest()


def _report(
    fingerprint: str,
    findings: tuple[OutputFinding, ...],
    names: tuple[str, ...],
    profiles: tuple[RuleProfile, ...],
    basis: str,
    notes: list[Text],
) -> OutputReport:
    return OutputReport(
        status=Status.worst([finding.status for finding in findings]),
        findings=findings,
        basis="verified" if basis == "verified" else "declared",
        fingerprint=fingerprint,
        profiles=names,
        notes=tuple(notes),
        least_units=max(profile.min_frequency for profile in profiles),
    )


def _audit(call: Call, action: str, report: OutputReport, details: Mapping[str, object]) -> None:
    """Keep what was judged and how; names of variables and levels may hold data and stay out of the log."""
    rules = sorted({finding.rule.value for finding in report.findings})
    call.authority.audit(call.principal, action, report.fingerprint, report.status.value, {**details, "rules": rules, "basis": report.basis})
