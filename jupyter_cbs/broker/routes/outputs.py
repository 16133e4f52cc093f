"""Models and figures that a kernel declares: judged by the policy's rules, kept so that their files are recognised, and in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...domain.figure import FigureEvidence, OutputReport
from ...domain.finding import Status
from ...domain.model import ModelEvidence
from ...domain.text import Text
from ..calls import Call, handles
from ..outputs import CheckedOutput, judged, tables_of

_DECLARED = Text(
    en="The counts are what this kernel declares; the workspace did not see the data.",
    nl="De aantallen zijn zoals deze kernel ze opgeeft; de werkomgeving heeft de gegevens niet gezien.",
)


@handles("model.check")
async def check_model(call: Call, request: ModelEvidence) -> OutputReport:
    """Judge a fitted model by its declared counts."""
    details = {"kind": request.kind, "rows": request.rows, "units": request.units, "dof": request.residual_dof}
    notes = [
        Text(
            en=f"The effects of {effects.groups} groups ({effects.name}) stay here; only what is estimated beside them is written.",
            nl=f"De effecten van {effects.groups} groepen ({effects.name}) blijven hier; alleen wat ernaast is geschat wordt weggeschreven.",
        )
        for effects in request.effects
    ]
    return _check(call, "model.check", CheckedOutput.of(request, _profiles(call, request.sources)), notes, details)


@handles("figure.check")
async def check_figure(call: Call, request: FigureEvidence) -> OutputReport:
    """Judge a figure by what its artists are declared to draw; those drawn by a table of the workspace, by the table."""
    drawn = [artist for artist in request.artists if artist.kind != "decoration"]
    details = {"artists": len(drawn), "marks": sum(artist.marks for artist in drawn), "picture": request.picture}
    return _check(call, "figure.check", CheckedOutput.of(request, _profiles(call, request.sources)), [], details)


def _profiles(call: Call, sources: Iterable[str]) -> tuple[str, ...]:
    """Give the names of the rule profiles of granted data sets; ``default`` where none is named.

    Raises
    ------
    NotFound
        If a data set is not granted or does not exist.
    """
    scope = call.authority.scope(call.principal.project)
    return tuple(dict.fromkeys(scope.get(name).rule_profile for name in sources)) or ("default",)


def _check(call: Call, action: str, checked: CheckedOutput, notes: list[Text], details: Mapping[str, object]) -> OutputReport:
    store, who = call.authority.store, call.principal
    profiles = [call.project.rules(name) for name in checked.profiles]
    findings, basis = judged(checked, profiles, tables_of(store, who.project, checked))
    report = OutputReport(
        status=Status.worst([finding.status for finding in findings]),
        findings=findings,
        basis=basis,
        fingerprint=checked.fingerprint,
        profiles=checked.profiles,
        notes=tuple(notes if basis == "verified" else [_DECLARED, *notes]),
        least_units=max(profile.min_frequency for profile in profiles),
    )
    rules = sorted({finding.rule.value for finding in findings})
    with store.begin() as tx:
        # what is refused is not written by anything here, so no file of it is recognised
        for key in checked.keys() if report.status is not Status.REFUSED else ():
            tx.insert_output(who.project, who.user, checked.fingerprint, key, checked.model_dump_json())
        # names of variables and levels may hold data and stay out of the log
        tx.audit(
            user=who.user,
            project=who.project,
            action=action,
            subject=report.fingerprint,
            outcome=report.status.value,
            details={**details, "rules": rules, "basis": report.basis},
        )
    return report
