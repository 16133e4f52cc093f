"""Export requests: drafts, the leader's decision, the checkers' reviews, release."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, Literal

from ...domain.errors import CbsError, Conflict, Invalid, NotFound, Refused, StepUpRequired
from ...domain.export import ExportAction, ExportForm, ExportRequest, ExportState, ExportSummary, HistoryEntry, ManifestEntry, Review
from ...domain.finding import PrecheckReport, Status
from ...domain.gateway import (
    KERNEL_EXPORT_ACTIONS,
    ById,
    Event,
    ExportAct,
    ExportCreate,
    ExportEdit,
    ExportList,
    Nothing,
    PrecheckQuery,
)
from ...domain.money import ExportClass, format_euros
from ...domain.project import Action, Principal, Role
from ...domain.text import Text
from ...exports import form, machine, manifest
from ...exports.release import delivery_name, write_release
from ...exports.snapshot import freeze
from ...policy.permissions import check
from ...store.rows import ExportChanges, ExportRow, Vote
from ...store.store import Transaction, stale_version
from ..authority import Authority
from ..calls import Call, handles
from ..inspection import Inspection
from ..keeping import forget_withdrawn, free_bytes, room_for_a_step, room_to_begin, room_to_submit
from ..ledger import keep_released, with_ledger
from ..outputs import outputs_of
from ..precheck import Standards, versions

log = logging.getLogger(__name__)

_ACTIONS = {
    ExportAction.EDIT: Action.DRAFT_EXPORT,
    ExportAction.PROPOSE: Action.PROPOSE_EXPORT,
    ExportAction.RETURN: Action.RETURN_EXPORT,
    ExportAction.SUBMIT: Action.SUBMIT_EXPORT,
    ExportAction.WITHDRAW: Action.WITHDRAW_EXPORT,
    ExportAction.APPROVE: Action.DECIDE_EXPORT,
    ExportAction.REJECT: Action.DECIDE_EXPORT,
}
_FREE = Text(en="Redelivered after the first rejection: free of charge.", nl="Opnieuw aangeleverd na de eerste afkeuring: kosteloos.")
_STEP_UP = frozenset({ExportAction.SUBMIT, ExportAction.APPROVE, ExportAction.REJECT})
_SEEN_BY_CHECKERS = frozenset(ExportState) - {ExportState.DRAFT, ExportState.PROPOSED}


# ------------------------------------------------------------------------------------------------ pre-check


@handles("precheck")
async def precheck(call: Call, request: PrecheckQuery) -> PrecheckReport:
    """Check files as they lie in the workspace."""
    report = await _precheck(call, request.paths)
    call.authority.audit(call.principal, "precheck", f"{len(report.files)} files", str(report.status))
    return report


async def _precheck(call: Call, paths: Sequence[str], form: ExportForm | None = None) -> PrecheckReport:
    inspection = await _inspection(call, paths, form)
    inspection.close()
    return inspection.report


async def _inspection(
    call: Call, paths: Sequence[str], form: ExportForm | None = None, *, deliver: bool = False, own: str | None = None
) -> Inspection:
    """Have files looked into, outside this process, and their tables compared with earlier ones; the caller closes what comes."""
    authority, who = call.authority, call.principal
    roots = await asyncio.to_thread(authority.roots, who)
    exchange = call.exchange

    async def progress(fraction: float) -> None:
        if exchange is not None:
            await exchange.progress(fraction, 0)

    inspection = await authority.inspector.inspect(
        (who.project, who.user),
        roots,
        paths,
        Standards.of(call.project),
        call.project.limits,
        authority.now(),
        partial(authority.store.evidence, who.project),
        outputs=outputs_of(authority.store, call.project),
        forms=() if form is None else form.files,
        deliver=deliver,
        progress=progress,
    )
    made_with = versions(authority.policies.current.version)
    try:
        report = await with_ledger(call, inspection.report, own)
    except BaseException:
        inspection.close()
        raise
    return replace(inspection, report=report.model_copy(update={"versions": made_with}))


# ---------------------------------------------------------------------------------------------------- views


def _facts(call: Call, row: ExportRow, votes: Sequence[Vote] | None = None) -> machine.Facts:
    if votes is None and row.digest is None:
        votes = ()  # there is nothing yet to vote on
    elif votes is None:
        votes = call.authority.store.votes(row.id, row.round)
    project = call.project
    return machine.Facts(
        author=row.author,
        proposer=row.proposer,
        submitter=row.submitter,
        members=frozenset(member.user for member in project.members),
        votes=tuple(machine.Vote(v.checker, v.round, v.digest, v.decision) for v in votes),
        files=_delivered(row),
        blocking=row.report is not None and row.report.status in (Status.UNSAFE, Status.REFUSED),
        missing=tuple(_missing(row)),
        digest=row.digest,
        round=row.round,
    )


def _delivered(row: ExportRow) -> int:
    """Count what would leave; before the first check every chosen path counts."""
    if row.report is None:
        return len(row.paths)
    return sum(file.delivered_as is not None for file in row.report.files)


def _missing(row: ExportRow) -> Sequence[Text]:
    names = [file.path for file in row.report.files if file.delivered_as] if row.report else list(row.paths)
    return form.missing(row.form, names)


def _reviews(call: Call, row: ExportRow) -> tuple[Review, ...]:
    """Give the votes of the round; nothing of one checker reaches the other until both are in."""
    votes = call.authority.store.votes(row.id, row.round)
    complete = row.state is not ExportState.IN_REVIEW
    return tuple(
        Review(checker=vote.checker, decision=vote.decision, reason=vote.reason, at=vote.at)
        for vote in votes
        if complete or vote.checker == call.principal.user
    )


def _view(call: Call, row: ExportRow) -> ExportRequest:
    return ExportRequest(
        **_summary_fields(call, row),
        **{
            "paths": row.paths,
            "form": row.form,
            "report": row.report,
            "manifest": row.manifest,
            "digest": row.digest,
            "reviews": _reviews(call, row),
            "history": row.history,
            "open_questions": tuple(_missing(row)),
        },
    )


def _summary_fields(call: Call, row: ExportRow) -> dict[str, Any]:
    facts = _facts(call, row)
    return {
        "id": row.id,
        "title": row.title,
        "state": row.state,
        "state_text": machine.state_text(row.state),
        "waiting_for": machine.waiting_for(row.state, call.principal, facts),
        "author": row.author,
        "round": row.round,
        "version": row.version,
        "changed_at": row.changed_at,
        "export_class": row.export_class,
        "price_cents": row.price_cents,
        "ready_on": row.ready_on,
        "status": row.report.status if row.report else None,
        "file_count": len(row.report.files) if row.report else len(row.paths),
        "allowed_actions": machine.allowed(row.state, call.principal, facts),
    }


def _row(call: Call, id: str) -> ExportRow:
    row = call.authority.store.export(call.principal.project, id)
    if not _visible(call.principal, row):
        # to the letter what a request that is not there is answered with: a draft is none of a checker's business
        raise NotFound(
            "unknown_export",
            Text(en="There is no such export request in this project.", nl="Deze uitvoeraanvraag bestaat niet in dit project."),
        )
    return row


def _visible(principal: Principal, row: ExportRow) -> bool:
    if principal.role.is_member or principal.role is Role.ADMIN:
        return True
    # what was withdrawn before anybody submitted it is as little a checker's business as the draft was
    return row.state in _SEEN_BY_CHECKERS and (row.state is not ExportState.WITHDRAWN or row.submitter is not None)


@handles("exports.list")
async def list_requests(call: Call, request: Nothing) -> ExportList:
    """List the requests this person may see, newest change first."""
    rows = [row for row in call.authority.store.exports(call.principal.project) if _visible(call.principal, row)]
    return ExportList(requests=tuple(ExportSummary(**_summary_fields(call, row)) for row in rows))


@handles("exports.get")
async def get_request(call: Call, request: ById) -> ExportRequest:
    """Give one request; that it was looked at is kept."""
    row = _row(call, request.id)
    call.authority.audit(call.principal, "exports.get", row.id, "ok")
    return _view(call, row)


# --------------------------------------------------------------------------------------------------- drafts


@handles("exports.create")
async def create(call: Call, request: ExportCreate) -> ExportRequest:
    """Start a draft."""
    now = call.authority.now()
    with call.authority.store.view() as view:
        room_to_begin(view, call.principal.project, call.principal.user)
    report = await _precheck(call, request.paths, request.form) if request.paths else None
    row = ExportRow(
        id=uuid.uuid4().hex[:12],
        project=call.principal.project,
        title=request.title,
        state=ExportState.DRAFT,
        author=call.principal.user,
        proposer=None,
        submitter=None,
        round=1,
        version=1,
        created_at=now,
        changed_at=now,
        paths=request.paths,
        form=request.form,
        report=report,
        manifest=(),
        digest=None,
        export_class=report.export_class if report else None,
        price_cents=report.price_cents if report else None,
        ready_on=_day(report),
        history=(HistoryEntry(at=now, user=call.principal.user, action="create", state=ExportState.DRAFT),),
    )
    with call.authority.store.begin() as tx:
        room_to_begin(tx, call.principal.project, call.principal.user)
        tx.insert_export(row)
        _audit(tx, call, "exports.create", row.id, {"files": len(row.paths)})
    _tell(call, row.id)
    return _view(call, row)


def _day(report: PrecheckReport | None) -> date | None:
    return date.fromisoformat(report.ready_on) if report and report.ready_on else None


@handles("exports.edit")
async def edit(call: Call, request: ExportEdit) -> ExportRequest:
    """Change a draft; a changed choice of files, or something else said of one of them, is checked again."""
    row = _row(call, request.id)
    state = machine.check(row.state, ExportAction.EDIT, call.principal, _facts(call, row))
    now = call.authority.now()
    changes: ExportChanges = {"state": state, "changed_at": now, "round": row.round}
    if row.state is ExportState.CHANGES_REQUESTED:
        # a new round: nothing that was signed in the last one counts in it
        changes = {**changes, "round": row.round + 1, "manifest": (), "digest": None, "proposer": None, "submitter": None}
    if request.title is not None:
        changes["title"] = request.title
    if request.form is not None:
        changes["form"] = request.form
    paths = row.paths if request.paths is None else request.paths
    declared = row.form if request.form is None else request.form
    # a new round is charged otherwise than the one before: what it costs is said from its first moment on
    if request.paths is not None or declared.files != row.form.files or changes["round"] != row.round:
        report = await _precheck(call, paths, declared) if paths else None
        changes = {**changes, **_costs(report, changes["round"]), "paths": paths}
    with call.authority.store.begin() as tx:
        tx.update_export(row.id, request.version, **changes)
        _audit(tx, call, "exports.edit", row.id, {"fields": sorted(request.model_fields_set - {"id", "version"})})
    _tell(call, row.id)
    return _view(call, _row(call, row.id))


def _costs(report: PrecheckReport | None, round: int) -> ExportChanges:
    """Give what the report says of the costs; a redelivery after a rejection is free (seed S2, Outputcontrole)."""
    if report is not None and report.price_cents is not None and round > 1:
        report = report.model_copy(update={"price_cents": 0, "cheaper": None, "class_reasons": (*report.class_reasons, _FREE)})
    return {
        "report": report,
        "export_class": report.export_class if report else None,
        "price_cents": report.price_cents if report else None,
        "ready_on": _day(report),
    }


# ------------------------------------------------------------------------------------------------- workflow


@handles("exports.act")
async def act(call: Call, request: ExportAct) -> ExportRequest:
    """Take a step: who may, when it may, with the PIN where the step needs one."""
    if request.action is ExportAction.EDIT:
        raise Invalid("edit_by_patch", Text(en="A draft is changed with PATCH.", nl="Een concept wijzigt u met PATCH."))
    if call.surface == "session" and request.action not in KERNEL_EXPORT_ACTIONS:
        raise Refused(
            "not_from_a_kernel",
            Text(
                en="This decision is taken in the side panel, not in a notebook: code must not be able to take it.",
                nl="Deze beslissing neemt u in het zijpaneel, niet in een notebook: code mag haar niet kunnen nemen.",
            ),
            Text(en="Open CBS workspace → Exports.", nl="Open CBS-werkomgeving → Uitvoer."),
        )
    row = _row(call, request.id)
    check(call.project, call.principal, _ACTIONS[request.action], call.authority.now())
    if row.version != request.version:
        raise stale_version()
    if request.action is ExportAction.PROPOSE and row.state is ExportState.DRAFT:
        # judged on the files as they are now, not as they were when the draft was saved
        report = await _precheck(call, row.paths, row.form) if row.paths else None
        row = replace(row, **_costs(report, row.round))
    state = machine.check(row.state, request.action, call.principal, _facts(call, row), digest=request.digest, reason=request.reason)
    if request.action in _STEP_UP:
        await _step_up(call, request.pin)
    match request.action:
        case ExportAction.SUBMIT if state is ExportState.SUBMITTED:
            await _submit(call, row, request, state)
        case ExportAction.APPROVE | ExportAction.REJECT:
            await _decide(call, row, request)
        case ExportAction.PROPOSE:
            judged: ExportChanges = {
                "report": row.report,
                "export_class": row.export_class,
                "price_cents": row.price_cents,
                "ready_on": row.ready_on,
            }
            _step(call, row, request, state, {**judged, "proposer": call.principal.user})
        case _:
            _step(call, row, request, state, {})
            if state is ExportState.WITHDRAWN and row.manifest:
                await free_bytes(call.authority)
    return _view(call, _row(call, row.id))


async def _step_up(call: Call, pin: str | None) -> None:
    if not pin:
        raise StepUpRequired("pin_required", Text(en="This step asks for your PIN.", nl="Voor deze stap is uw pincode nodig."))
    await asyncio.to_thread(call.authority.store.check_pin, call.principal.user, pin)


async def _submit(call: Call, row: ExportRow, request: ExportAct, state: ExportState) -> None:
    """Freeze the bytes that were just judged, and make the manifest people sign."""
    with call.authority.store.view() as view:
        room_to_submit(view, row.project)
    inspection = await _inspection(call, row.paths, row.form, deliver=True, own=row.id)
    report = inspection.report
    try:
        if report.status in (Status.UNSAFE, Status.REFUSED):
            raise Conflict(
                "files_changed",
                Text(
                    en="The files were changed since the request was proposed and would no longer pass the check.",
                    nl="De bestanden zijn sinds het voorleggen gewijzigd en komen niet meer door de controle.",
                ),
                Text(en="Return the request to its author.", nl="Geef de aanvraag terug aan de opsteller."),
            )
        async with call.authority.freezing:
            with call.authority.store.view() as view:
                room_to_submit(view, row.project)
            entries = await asyncio.to_thread(freeze, inspection.deliveries, call.authority.objects)
            changes = _signed(call, row, report, entries)
            facts = replace(_facts(call, row), files=len(entries), digest=changes["digest"])
            _step(call, row, request, machine.check_system(state, machine.SystemAction.REVIEW, facts), changes)
    except (CbsError, OSError):
        await free_bytes(call.authority)
        raise
    finally:
        inspection.close()


def _signed(call: Call, row: ExportRow, report: PrecheckReport, entries: tuple[ManifestEntry, ...]) -> ExportChanges:
    """Give what a submission changes: the manifest with its digest, and the costs."""
    content = manifest.canonical(
        entries,
        request_id=row.id,
        round=row.round,
        form=row.form,
        report=report,
        policy_version=call.authority.policies.current.version,
        versions=report.versions,
    )
    return {**_costs(report, row.round), "manifest": entries, "digest": manifest.digest(content), "submitter": call.principal.user}


def _step(call: Call, row: ExportRow, request: ExportAct, state: ExportState, changes: ExportChanges) -> None:
    withdrawn = state is ExportState.WITHDRAWN
    if not withdrawn:
        room_for_a_step(row)
    now = call.authority.now()
    entry = HistoryEntry(at=now, user=call.principal.user, action=str(request.action), state=state, note=request.reason)
    taken: ExportChanges = {**changes, "state": state, "changed_at": now, "history": (*row.history, entry)}
    with call.authority.store.begin() as tx:
        tx.update_export(row.id, request.version, **taken)
        _audit(tx, call, f"exports.{request.action}", row.id, {"state": str(state), "digest": changes.get("digest", row.digest)})
        if withdrawn:
            forget_withdrawn(tx, row.project, row.author)
    _tell(call, row.id, *_notice(call, row, request.action))


async def _decide(call: Call, row: ExportRow, request: ExportAct) -> None:
    """Keep a checker's vote; with the second one, take the step that follows from both.

    The vote and the state it leads to are one transaction. The first vote changes no state, version or time that
    the other checker could see.
    """
    now = call.authority.now()
    decision: Literal["approve", "reject"] = "approve" if request.action is ExportAction.APPROVE else "reject"
    with call.authority.store.begin() as tx:
        tx.insert_vote(row.id, row.round, call.principal.user, request.digest or "", decision, request.reason, now)
        _audit(tx, call, f"exports.{request.action}", row.id, {"digest": request.digest})
        # what follows is decided on the votes as they are kept: two checkers may have decided at the same moment
        votes = tx.votes(row.id, row.round)
        row = tx.export(row.project, row.id)
        if row.state is not ExportState.IN_REVIEW or row.digest != request.digest:
            raise stale_version()
        state = machine.outcome(_facts(call, row, votes))
        if state is not ExportState.IN_REVIEW:
            decided = (
                *row.history,
                *(HistoryEntry(at=v.at, user=v.checker, action=v.decision, state=ExportState.IN_REVIEW, note=v.reason) for v in votes),
                HistoryEntry(at=now, user="broker", action="decide", state=state),
            )
            tx.update_export(row.id, row.version, state=state, changed_at=now, history=decided)
            _audit(tx, call, "exports.decided", row.id, {"state": str(state), "digest": row.digest})
    if state is ExportState.IN_REVIEW:
        # whose request it is sees that one is left; the other checker hears nothing
        _tell(call, row.id, users={call.principal.user, *(member.user for member in call.project.members)})
        return
    if state is ExportState.APPROVED:
        await asyncio.to_thread(release, call, _row(call, row.id))
        state = ExportState.RELEASED
    title = row.title
    text = (
        Text(en=f"“{title}” is released.", nl=f"“{title}” is vrijgegeven.")
        if state is ExportState.RELEASED
        else Text(en=f"“{title}” was not released: the checkers say why.", nl=f"“{title}” is niet vrijgegeven: de controleurs zeggen waarom.")
    )
    _tell(call, row.id, text, {user for user in (row.author, row.proposer, row.submitter) if user is not None})


def release(call: Call, row: ExportRow) -> None:
    """Deliver exactly the bytes that were signed.

    Raises
    ------
    Conflict, Internal
        When the approvals or the bytes are not what they should be; nothing is released then.
    """
    state = machine.check_system(row.state, machine.SystemAction.RELEASE, _facts(call, row))
    now = call.authority.now()
    names = {member.user: member.name for member in call.project.members}
    context = form.FormContext(
        project=row.project,
        project_title=call.project.title,
        institution=call.project.institution,
        submitter=names.get(row.submitter or "", row.submitter or ""),
        written_on=now.date(),
    )
    view = _view(call, row)
    # the office reads Dutch; the form in English is for the project's own file
    extra = {form.TEXT_NAME: form.render(view, context, "nl").encode(), form.JSON_NAME: form.as_json(view, context)}
    target = call.authority.deployment.releases / f"{row.project}-{row.id}-{row.round}"
    archive = delivery_name(row.project, row.id, row.round, row.export_class == ExportClass.LIGHT)
    if not target.exists():  # a broker killed between publishing and noting it finds its own delivery
        write_release(row.manifest, call.authority.objects, extra, target, archive=archive)
    entry = HistoryEntry(at=now, user="broker", action="release", state=state)
    with call.authority.store.begin() as tx:
        tx.update_export(row.id, row.version, state=state, changed_at=now, history=(*row.history, entry))
        tables = keep_released(tx, row, now)
        _audit(tx, call, "exports.released", row.id, {"digest": row.digest, "tables": tables})


def finish_releases(authority: Authority) -> None:
    """Release what was approved when the broker stopped; called before anybody is listened to.

    What cannot be released stays approved, and the reason goes to the log and the audit.
    """
    policies = authority.policies.current
    for number in sorted({principal.project for principal in policies.principals()}):
        for row in authority.store.exports(number):
            if row.state is not ExportState.APPROVED or row.submitter is None:
                continue
            try:
                call = Call(authority, policies.principal(number, row.submitter), policies.project(number), "http", "en")
                release(call, row)
            except CbsError as error:
                log.error("request %s is approved but cannot be released: %s", row.id, error)
                with authority.store.begin() as tx:
                    tx.audit(user="broker", project=number, action="exports.release", subject=row.id, outcome="failed", details={"code": error.code})


def _audit(tx: Transaction, call: Call, action: str, subject: str, details: dict[str, Any]) -> None:
    tx.audit(user=call.principal.user, project=call.principal.project, action=action, subject=subject, outcome="ok", details=details)


# ---------------------------------------------------------------------------------------------------- events


def _notice(call: Call, row: ExportRow, action: ExportAction) -> tuple[Text | None, set[str]]:
    """Give what to say, and to whom, after a step."""
    policies = call.authority.policies.current
    mine = [p for p in policies.principals() if p.project == row.project]
    leaders = {p.user for p in mine if p.role is Role.LEADER} - {call.principal.user}
    checkers = {p.user for p in mine if p.role is Role.CHECKER}
    title, who = row.title, call.principal.name
    match action:
        case ExportAction.PROPOSE:
            return Text(en=f"{who} proposes “{title}” for export.", nl=f"{who} legt “{title}” voor als uitvoer."), leaders
        case ExportAction.RETURN:
            return Text(en=f"“{title}” was returned to you.", nl=f"“{title}” is aan u teruggegeven."), {row.author}
        case ExportAction.SUBMIT:
            price = row.price_cents
            cost = (f", {format_euros(price, 'en')}", f", {format_euros(price, 'nl')}") if price is not None else ("", "")
            return (
                Text(en=f"“{title}” waits for your review{cost[0]}.", nl=f"“{title}” wacht op uw controle{cost[1]}."),
                checkers,
            )
        case _:
            return None, set()


def _tell(call: Call, id: str, text: Text | None = None, notify: Collection[str] = (), users: Collection[str] | None = None) -> None:
    event = Event(topic="exports", id=id, text=text)
    call.authority.hub.publish(event, project=call.principal.project, notify=notify, users=users)
