"""Queries and tables of a kernel, run in its session's worker."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import pyarrow as pa

from ...disclosure.hiding import PATIENCE
from ...disclosure.judge import Judgement
from ...disclosure.protection import Protection, assess, round_to, suppress
from ...domain.dataset import Dataset, missing_codes
from ...domain.errors import CbsError, Conflict, Internal, NotFound, TimedOut
from ...domain.evidence import MergeProposal, TableMeta, TableSpec
from ...domain.finding import Status
from ...domain.gateway import ColumnType, Nothing, ProtectQuery, SqlAnswer, SqlQuery
from ...domain.grid import shape_key
from ...domain.rules import RuleProfile
from ...domain.text import Text
from ...protocol.frames import MAX_PAYLOAD
from ...query.engine import TableResult
from ...system.memfd import write_sealed
from ..calls import Call, handles
from ..labour import labour
from ..sessions import Exchange

Outcome = TypeVar("Outcome")

_QUICK_CELLS = 2_000
"""Tables up to this size are judged at once."""
_QUICK_SECONDS = 0.05
"""What the attack may hold up the broker; what takes longer is done again beside it."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _exchange(call: Call) -> Exchange:
    if call.exchange is None:  # cannot be: these operations are offered to kernels only
        raise Internal("no_exchange", Text(en="This needs a kernel.", nl="Hiervoor is een kernel nodig."))
    return call.exchange


def named_sources(call: Call, text: str) -> tuple[str, ...]:
    """Give the granted data sets whose name, or topic, occurs in a statement.

    For the audit: it may name one too many (a word in a literal), never one too few.
    """
    words = {word.upper() for word in _WORD.findall(text)}
    datasets = call.authority.scope(call.principal.project).datasets
    return tuple(d.name for d in datasets if d.name.upper() in words or (d.newest and d.topic.upper() in words))


async def _audited(call: Call, action: str, text: str, work: Callable[[], Awaitable[Outcome]]) -> tuple[str, Outcome]:
    """Begin ``work`` after the event that it was asked, and tell when it did not succeed.

    The statement is kept as a hash: it may hold data values, and those have no place in the log.
    """
    subject = hashlib.sha256(text.encode()).hexdigest()
    call.authority.audit(call.principal, action, subject, "asked", {"sources": named_sources(call, text), "characters": len(text)})
    try:
        result = await work()
    except asyncio.CancelledError:
        call.authority.audit(call.principal, action, subject, "cancelled")
        raise
    except CbsError as error:
        call.authority.audit(call.principal, action, subject, "failed", {"code": error.code})
        raise
    return subject, result


@handles("sql")
async def sql(call: Call, request: SqlQuery) -> SqlAnswer:
    """Run one SELECT; rows go to the kernel inline when small, as sealed memory otherwise."""
    exchange = _exchange(call)
    async with exchange.session.query_lock:
        worker = await exchange.session.worker()
        subject, outcome = await _audited(call, "sql", request.text, lambda: worker.sql(request.text, request.parameters, exchange))
    exchange.payload = outcome.inline or b""
    call.authority.audit(call.principal, "sql", subject, "ok", {"rows": outcome.rows, "bytes": outcome.bytes})
    return SqlAnswer(
        rows=outcome.rows,
        bytes=outcome.bytes,
        seconds=outcome.seconds,
        columns=tuple(ColumnType.model_validate(column) for column in outcome.columns),
        sources=outcome.sources,
    )


def _missing_codes(call: Call, text: str) -> dict[str, dict[str, str]]:
    """Give the codes for missing among the amounts of the data sets that a statement names."""
    return missing_codes(map(call.authority.scope(call.principal.project).get, named_sources(call, text)))


@handles("table")
async def table(call: Call, request: TableSpec) -> TableMeta:
    """Make a table with evidence, judge it by the policy's rules and keep the evidence."""
    return await _make(call, request, "table")


async def _make(call: Call, spec: TableSpec, action: str, notes: tuple[Text, ...] = ()) -> TableMeta:
    exchange = _exchange(call)
    dataset = _dataset(call, spec.source)
    profile = call.project.rules(dataset.rule_profile if dataset else "default")
    async with exchange.session.query_lock:
        worker = await exchange.session.worker()
        missing = None if dataset else _missing_codes(call, spec.source)
        subject, result = await _audited(call, action, spec.model_dump_json(), lambda: worker.table(spec, dataset, profile, exchange, missing))
    judgement, merges = await _assess(result, spec, profile)
    meta = _meta(spec, dataset, result, judgement, named_sources(call, spec.source))
    meta = meta.model_copy(update={"merges": merges, "notes": (*meta.notes, *notes)})
    await _keep_and_give(call, exchange, action, subject, meta, judgement.frame)
    return meta


async def _assess(result: TableResult, spec: TableSpec, profile: RuleProfile) -> tuple[Judgement, tuple[MergeProposal, ...]]:
    """Judge a table: at once where that is quick, else in a process of its own, for the attack on a large table takes seconds."""
    asked = (result.frame, result.dimensions, spec, profile, result.unit)
    if result.frame.num_rows <= _QUICK_CELLS:
        judgement, merges = assess(*asked, patience=_QUICK_SECONDS)
        if judgement.proof is not None or not judgement.hidden:
            return judgement, merges
    return await labour(assess, None, *asked, patience=PATIENCE)


@handles("table.protect")
async def protect(call: Call, request: ProtectQuery) -> TableMeta:
    """Make a table of this project safe, prove it by the attack and keep the evidence of what would be published."""
    exchange = _exchange(call)
    meta, frame = _evidence(call, request.fingerprint)
    if meta.rounding is not None:
        raise Conflict(
            "already_rounded",
            Text(en="This table is rounded already.", nl="Deze tabel is al afgerond."),
            Text(en="Protect the table it was made of.", nl="Bescherm de tabel waarvan zij is gemaakt."),
        )
    if request.method == "merge":
        merge = _merges(meta, request)
        return await _make(call, meta.spec.model_copy(update={"merge": merge}), "table.protect", (_merged_note(merge),))
    profile = call.project.rules(meta.rule_profile)

    async def report(share: float) -> None:
        await exchange.progress(share, 0)

    asked = (frame, meta.dimensions, meta.spec, profile, meta.unit)

    def work() -> Awaitable[Protection]:
        made = labour(round_to, report, *asked, base=request.base) if request.method == "round" else labour(suppress, report, *asked)
        return _bounded(made, call.project.limits.timeout_seconds)

    subject, protection = await _audited(call, "table.protect", request.model_dump_json(), work)
    statuses = protection.frame.column("status").to_pylist()
    made = meta.model_copy(
        update={
            "hidden": protection.hidden,
            "rounding": protection.rounding,
            "proof": protection.proof,
            "notes": (*meta.notes, *protection.notes),
            "findings": protection.findings,
            "safe": statuses.count(Status.SAFE),
            "review": statuses.count(Status.REVIEW),
            "unsafe": statuses.count(Status.UNSAFE),
            "fingerprint": _fingerprint(
                f"{meta.spec.model_dump_json()} {request.method} {protection.rounding} {protection.hidden}", protection.frame
            ),
        }
    )
    await _keep_and_give(call, exchange, "table.protect", subject, made, protection.frame)
    return made


async def _bounded(work: Awaitable[Outcome], seconds: float) -> Outcome:
    """Wait as long as the policy allows a query.

    Raises
    ------
    TimedOut
        ``protection_time``; the work is ended.
    """
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise TimedOut(
            "protection_time",
            Text(
                en=f"Protecting the table took more than the {seconds:g} seconds that are allowed.",
                nl=f"Het beschermen van de tabel duurde langer dan de {seconds:g} seconden die zijn toegestaan.",
            ),
            Text(en="Leave out a dimension or merge categories.", nl="Laat een dimensie weg of voeg categorieën samen."),
        ) from error


def _merges(meta: TableMeta, request: ProtectQuery) -> dict[str, dict[str, tuple[str, ...]]]:
    """Give the merges of a table with those that are asked for, or proposed; a category that was merged before stands for its members.

    Raises
    ------
    Conflict
        ``nothing_to_merge`` when none is asked for and none proposed.
    """
    asked: dict[str, dict[str, tuple[str, ...]]] = {name: dict(labels) for name, labels in (request.merge or {}).items()}
    for proposal in meta.merges if request.merge is None else ():
        asked.setdefault(proposal.dimension, {})[proposal.label] = proposal.codes
    if not any(asked.values()):
        raise Conflict(
            "nothing_to_merge",
            Text(
                en="No merge of categories would make cells of this table safe.",
                nl="Geen samenvoeging van categorieën maakt cellen van deze tabel veilig.",
            ),
            Text(en="Use method='suppress', or leave out a dimension.", nl="Gebruik method='suppress', of laat een dimensie weg."),
        )
    merged = {name: dict(labels) for name, labels in (meta.spec.merge or {}).items()}
    for name, labels in asked.items():
        before = merged.setdefault(name, {})
        for label, codes in labels.items():
            members = [member for code in codes for member in before.pop(code, (code,))]
            before[label] = tuple(members)
    return merged


def _merged_note(merge: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Text:
    labels = ", ".join(f"‘{label}’" for labels in merge.values() for label in labels)
    return Text(en=f"Merged: {labels}.", nl=f"Samengevoegd: {labels}.")


def _evidence(call: Call, fingerprint: str) -> tuple[TableMeta, pa.Table]:
    """Give a table of this project whose data sets are still granted.

    Raises
    ------
    NotFound
        In every other case: what is not yours is not told from what does not exist.
    """
    found = call.authority.store.evidence_of(call.principal.project, fingerprint)
    scope = call.authority.scope(call.principal.project)
    granted = {dataset.name for dataset in scope.datasets}
    if found is None or not granted.issuperset(found[0].sources):
        raise NotFound(
            "unknown_table",
            Text(en="There is no such table with evidence in this project.", nl="Die tabel met bewijs bestaat niet in dit project."),
            Text(en="Make the table again with ws.table().", nl="Maak de tabel opnieuw met ws.table()."),
        )
    return found[0], pa.ipc.open_stream(found[1]).read_all()


async def _keep_and_give(call: Call, exchange: Exchange, action: str, subject: str, meta: TableMeta, frame: pa.Table) -> None:
    """Keep a judged table as evidence and pass its frame on to the kernel."""
    ipc = _ipc(frame)
    with call.authority.store.begin() as tx:
        tx.insert_evidence(call.principal.project, call.principal.user, meta.fingerprint, shape_key(meta), meta, ipc)
        tx.audit(
            user=call.principal.user,
            project=call.principal.project,
            action=action,
            subject=subject,
            outcome="ok",
            details={"cells": frame.num_rows, "unsafe": meta.unsafe, "review": meta.review, "fingerprint": meta.fingerprint},
        )
    if len(ipc) <= MAX_PAYLOAD:
        exchange.payload = ipc
    else:
        with write_sealed("table") as sealed:
            sealed.file.write(ipc)
            fd = sealed.seal()
        await exchange.chunk([fd], [len(ipc)])


def _dataset(call: Call, source: str) -> Dataset | None:
    """Give the data set a table is made of; None where the source is a statement."""
    if _WORD.fullmatch(source.strip()) is None:
        return None
    return call.authority.scope(call.principal.project).get(source.strip())


def _ipc(frame: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, frame.schema) as writer:
        writer.write_table(frame)
    return bytes(sink.getvalue())


def _fingerprint(made: str, frame: pa.Table) -> str:
    """Give the sha256 (hex) of how a table was made and what came out."""
    return hashlib.sha256(made.encode() + _ipc(frame)).hexdigest()


def _meta(spec: TableSpec, dataset: Dataset | None, result: TableResult, judgement: Judgement, sources: tuple[str, ...]) -> TableMeta:
    statuses = judgement.frame.column("status").to_pylist()
    return TableMeta(
        spec=spec,
        dimensions=result.dimensions,
        statistic=spec.statistic,
        value_label=result.value_label,
        value_unit=result.value_unit,
        unit=result.unit,
        sources=(dataset.name,) if dataset else sources,
        rule_profile=dataset.rule_profile if dataset else "default",
        fingerprint=_fingerprint(spec.model_dump_json(), result.frame),
        findings=judgement.findings,
        safe=statuses.count(Status.SAFE),
        review=statuses.count(Status.REVIEW),
        unsafe=statuses.count(Status.UNSAFE),
        hidden=judgement.hidden,
        proof=judgement.proof,
        notes=result.notes,
    )


@handles("cancel")
async def cancel(call: Call, request: Nothing) -> Nothing:
    """Cancelling is part of the connection itself; asked any other way there is nothing to stop."""
    raise NotFound("nothing_to_cancel", Text(en="That request does not run.", nl="Dat verzoek loopt niet."))
