"""Queries and tables of a kernel, run in its session's worker."""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
from collections.abc import Awaitable
from typing import TypeVar

import pyarrow as pa

from ...disclosure.judge import Judgement, judge
from ...disclosure.protection import Protection, suppress
from ...domain.dataset import Dataset
from ...domain.errors import CbsError, Internal, NotFound
from ...domain.evidence import TableMeta, TableSpec
from ...domain.finding import Status
from ...domain.gateway import ColumnType, Nothing, ProtectQuery, SqlAnswer, SqlQuery
from ...domain.grid import shape_key
from ...domain.text import Text
from ...protocol.frames import MAX_PAYLOAD
from ...query.engine import TableResult
from ...system.memfd import write_sealed
from ..calls import Call, handles
from ..sessions import Exchange

Outcome = TypeVar("Outcome")

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


async def _audited(call: Call, action: str, text: str, work: Awaitable[Outcome]) -> tuple[str, Outcome]:
    """Run ``work`` between the event that it was asked and the event that tells how it went.

    The statement is kept as a hash: it may hold data values, and those have no place in the log.
    """
    subject = hashlib.sha256(text.encode()).hexdigest()
    call.authority.audit(call.principal, action, subject, "asked", {"sources": named_sources(call, text), "characters": len(text)})
    try:
        result = await work
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
        subject, outcome = await _audited(call, "sql", request.text, worker.sql(request.text, request.parameters, exchange))
    exchange.payload = outcome.inline or b""
    call.authority.audit(call.principal, "sql", subject, "ok", {"rows": outcome.rows, "bytes": outcome.bytes})
    return SqlAnswer(
        rows=outcome.rows,
        bytes=outcome.bytes,
        seconds=outcome.seconds,
        columns=tuple(ColumnType.model_validate(column) for column in outcome.columns),
        sources=outcome.sources,
    )


@handles("table")
async def table(call: Call, request: TableSpec) -> TableMeta:
    """Make a table with evidence, judge it by the policy's rules and keep the evidence."""
    exchange = _exchange(call)
    dataset = _dataset(call, request.source)
    profile = call.project.rules(dataset.rule_profile if dataset else "default")
    async with exchange.session.query_lock:
        worker = await exchange.session.worker()
        text = request.model_dump_json()
        subject, result = await _audited(call, "table", text, worker.table(request, dataset, profile, exchange))
    judgement = judge(result.frame, result.dimensions, request, profile, result.unit)
    meta = _meta(request, dataset, result, judgement, named_sources(call, request.source))
    await _keep_and_give(call, exchange, "table", subject, meta, judgement.frame)
    return meta


@handles("table.protect")
async def protect(call: Call, request: ProtectQuery) -> TableMeta:
    """Make a table of this project safe, prove it by the attack and keep the evidence of what would be published."""
    exchange = _exchange(call)
    meta, frame = _evidence(call, request.fingerprint)
    profile = call.project.rules(meta.rule_profile)
    stopped = threading.Event()

    async def work() -> Protection:
        try:
            return await asyncio.to_thread(suppress, frame, meta.dimensions, meta.spec, profile, meta.unit, cancel=stopped.is_set)
        finally:
            stopped.set()

    subject, protection = await _audited(call, "table.protect", request.model_dump_json(), work())
    made = meta.model_copy(
        update={
            "hidden": protection.hidden,
            "rounding": protection.rounding,
            "proof": protection.proof,
            "notes": (*meta.notes, *protection.notes),
            "fingerprint": hashlib.sha256(f"{request.model_dump_json()}{protection.hidden}".encode()).hexdigest(),
        }
    )
    await _keep_and_give(call, exchange, "table.protect", subject, made, protection.frame)
    return made


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


def _meta(spec: TableSpec, dataset: Dataset | None, result: TableResult, judgement: Judgement, sources: tuple[str, ...]) -> TableMeta:
    statuses = judgement.frame.column("status").to_pylist()
    content = spec.model_dump_json().encode() + _ipc(result.frame)
    return TableMeta(
        spec=spec,
        dimensions=result.dimensions,
        statistic=spec.statistic,
        value_label=result.value_label,
        value_unit=result.value_unit,
        unit=result.unit,
        sources=(dataset.name,) if dataset else sources,
        rule_profile=dataset.rule_profile if dataset else "default",
        fingerprint=hashlib.sha256(content).hexdigest(),
        findings=judgement.findings,
        safe=statuses.count(Status.SAFE),
        review=statuses.count(Status.REVIEW),
        unsafe=statuses.count(Status.UNSAFE),
        hidden=judgement.hidden,
        notes=result.notes,
    )


@handles("cancel")
async def cancel(call: Call, request: Nothing) -> Nothing:
    """Cancelling is part of the connection itself; asked any other way there is nothing to stop."""
    raise NotFound("nothing_to_cancel", Text(en="That request does not run.", nl="Dat verzoek loopt niet."))
