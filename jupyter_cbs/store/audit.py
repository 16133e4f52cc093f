"""The audit chain: every event carries the hash of itself and, through it, of all before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPICursor

from ..domain.base import Model
from ..domain.gateway import AuditEvent
from ..domain.text import Text
from .anchors import Anchor, Anchors, Head
from .canonical import canonical, storable
from .tables import audit, moment_text

EMPTY = Head(0, "0" * 64)
"""The end of a chain without events."""

_HEAD = select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
_ALL = select(audit).order_by(audit.c.sequence)
_INSERT = insert(audit)
_SQLITE: Any = sqlite.dialect(paramstyle="named")
_READY_HEAD = str(_HEAD.compile(dialect=_SQLITE, compile_kwargs={"literal_binds": True}))
_READY_INSERT = str(_INSERT.compile(dialect=_SQLITE))
"""The same two for SQLite, ready to run."""


class AuditVerdict(Model):
    """Whether the audit log is what it was."""

    ok: bool
    events: int
    first_break: int | None = None
    reason: Text


def event_hash(columns: Mapping[str, Any], previous: str) -> str:
    """Give the hash of an event: sha256 over the canonical JSON of its fields, its number and the hash before it."""
    details = json.loads(columns["details"])
    body = {name: columns[name] for name in ("sequence", "at", "user", "project", "action", "subject", "outcome")}
    return hashlib.sha256(canonical({**body, "details": details, "previous": previous}).encode("ascii")).hexdigest()


def head(connection: Connection) -> Head:
    """Give the end of the chain."""
    row = connection.execute(_HEAD).first()
    return EMPTY if row is None else Head(row.sequence, row.hash)


def append(connection: Connection, end: Head, at: datetime, fields: Mapping[str, str], details: Mapping[str, Any]) -> Head:
    """Append an event behind ``end`` and give the new end."""
    columns = _columns(end, at, fields, details)
    connection.execute(_INSERT, columns)
    return Head(columns["sequence"], columns["hash"])


def append_ready(cursor: DBAPICursor, at: datetime, fields: Mapping[str, str], details: Mapping[str, Any]) -> None:
    """Append an event at the end of the chain by SQLite's own cursor, inside a write transaction."""
    cursor.execute(_READY_HEAD)
    row = cursor.fetchone()
    cursor.execute(_READY_INSERT, _columns(EMPTY if row is None else Head(row[0], row[1]), at, fields, details))


def _columns(end: Head, at: datetime, fields: Mapping[str, str], details: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: storable(value) for name, value in fields.items()}
    columns |= {"sequence": end.sequence + 1, "at": moment_text(at), "details": canonical(dict(details))}
    columns["hash"] = event_hash(columns, end.hash)
    return columns


def event_of(columns: RowMapping) -> AuditEvent:
    """Turn a row into an event."""
    return AuditEvent(**{**columns, "at": datetime.fromisoformat(columns["at"]), "details": json.loads(columns["details"])})


def verify(connection: Connection, anchors: Anchors, lines: tuple[Anchor | None, ...]) -> AuditVerdict:
    """Walk the whole chain and compare it with the anchors.

    The lines must have been read before the connection's view began: the log may grow meanwhile, never shrink.
    """
    anchored, trouble = _judge_anchors(lines, anchors)
    trouble = trouble or _missing_guards(connection)
    rows = connection.execution_options(yield_per=1000).execute(_ALL).mappings()
    return _walk(rows, anchored, trouble)


_GUARDS = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'",
        {"audit_no_update", "audit_no_delete", "audit_no_gap"},
    ),
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit'::regclass AND tgenabled <> 'D'",
        {"audit_no_change", "audit_no_truncate", "audit_no_gap"},
    ),
}
"""How each database tells the triggers of the audit table, and which there must be."""


def _missing_guards(connection: Connection) -> Text | None:
    """Tell whether somebody has taken the triggers away that keep the log append-only."""
    query, needed = _GUARDS[connection.dialect.name]
    missing = ", ".join(sorted(needed - set(connection.exec_driver_sql(query).scalars())))
    if not missing:
        return None
    return Text(
        en=f"The database no longer protects the log: the triggers {missing} are gone.",
        nl=f"De database beschermt het logboek niet meer: de triggers {missing} zijn weg.",
    )


def _walk(rows: Iterable[RowMapping], anchored: Mapping[int, str], trouble: Text | None) -> AuditVerdict:
    end, seen, sealed = EMPTY, 0, 0
    for row in rows:
        seen += 1
        number = row["sequence"]
        if number != end.sequence + 1:
            expected = end.sequence + 1
            return _broken(
                seen,
                expected,
                Text(
                    en=f"Event {expected} is missing; the next one is {number}.",
                    nl=f"Gebeurtenis {expected} ontbreekt; de volgende is {number}.",
                ),
            )
        if not _is_intact(row, end.hash):
            return _broken(
                seen,
                number,
                Text(
                    en=f"Event {number} was changed, or is not the one that stood here: its hash does not fit.",
                    nl=f"Gebeurtenis {number} is gewijzigd of stond hier niet: de hash klopt niet.",
                ),
            )
        end = Head(number, row["hash"])
        if anchored.get(number, end.hash) != end.hash:
            return _broken(
                seen,
                sealed + 1,
                Text(
                    en=f"The chain was computed anew: event {number} was anchored with another hash. The change lies in {sealed + 1} to {number}.",
                    nl=f"De keten is opnieuw berekend: {number} was met een andere hash verankerd. De wijziging zit in {sealed + 1} t/m {number}.",
                ),
            )
        if number in anchored:
            sealed = number
    last = max(anchored, default=0)
    if last > end.sequence:
        return _broken(
            seen,
            end.sequence + 1,
            Text(
                en=f"The log was cut off: it ends at event {end.sequence}, but event {last} was anchored.",
                nl=f"Het logboek is afgekapt: het eindigt bij gebeurtenis {end.sequence}, maar {last} was verankerd.",
            ),
        )
    if trouble is not None:
        return AuditVerdict(ok=False, events=seen, reason=trouble)
    return AuditVerdict(
        ok=True,
        events=seen,
        reason=Text(
            en=f"The chain of {seen} events is intact; events up to {sealed} are anchored outside the database.",
            nl=f"De keten van {seen} gebeurtenissen is ongeschonden; tot en met {sealed} zijn ze buiten de database verankerd.",
        ),
    )


def _is_intact(row: RowMapping, previous: str) -> bool:
    try:
        return canonical(json.loads(row["details"])) == str(row["details"]) and event_hash(dict(row), previous) == str(row["hash"])
    except (ValueError, TypeError, RecursionError):
        return False


def _broken(seen: int, first: int, reason: Text) -> AuditVerdict:
    return AuditVerdict(ok=False, events=seen, first_break=first, reason=reason)


def _judge_anchors(lines: tuple[Anchor | None, ...], anchors: Anchors) -> tuple[dict[int, str], Text | None]:
    """Give the genuine anchors by event number, and what is wrong with the file itself."""
    anchored: dict[int, str] = {}
    trouble: Text | None = None
    previous: Anchor | None = None
    for number, line in enumerate(lines):
        fits = line is not None and (line.index, line.previous) == (number, "" if previous is None else previous.mac)
        if line is None or not fits or not anchors.is_genuine(line):
            trouble = trouble or Text(
                en=f"Line {number + 1} of the file of anchors was changed, or lines before it are missing.",
                nl=f"Regel {number + 1} van het ankerbestand is gewijzigd, of er ontbreken regels vóór.",
            )
        if line is not None and anchors.is_genuine(line) and line.head.sequence > 0:
            anchored.setdefault(line.head.sequence, line.head.hash)
        previous = line
    first = lines[0] if lines else None
    if first is None or first.head.sequence != 0:
        trouble = trouble or Text(
            en="The file of anchors does not begin with the empty log: it was removed or begun anew.",
            nl="Het ankerbestand begint niet bij het lege logboek: het is verwijderd of opnieuw begonnen.",
        )
    return anchored, trouble
