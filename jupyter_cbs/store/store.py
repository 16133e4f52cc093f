"""The broker's state behind one door."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self, Unpack

from sqlalchemy import Connection, Engine, Table, delete, insert, inspect, select, update
from sqlalchemy.exc import IntegrityError

from ..domain.errors import Conflict, NotFound
from ..domain.evidence import TableMeta
from ..domain.export import ExportState
from ..domain.gateway import AuditEvent
from ..domain.text import Text
from . import audit, pins
from .anchors import Anchors, Head
from .audit import AuditVerdict
from .canonical import storable
from .database import identity, no_state, noting, open_engine, reading, sync, writing
from .migrate import migrate
from .reader import Reader
from .rows import EXPORT_FIELDS, ExportChanges, ExportRow, MeasurementRow, ReleasedModel, ReleasedTable, Vote, export_columns, export_row
from .tables import evidence, exports, measurements, outputs, released_models, released_tables, votes

ANCHOR_EVENTS = 256
"""Events after which the head is anchored at the latest."""
ANCHOR_AFTER = timedelta(seconds=60)
"""Time after which the next event anchors the head."""

_LOG = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def stale_version() -> Conflict:
    """Give the error for who acts on a request as it was."""
    return Conflict(
        "stale_version",
        Text(
            en="Somebody has changed this request since you opened it.",
            nl="Iemand heeft deze aanvraag gewijzigd nadat u die opende.",
        ),
        Text(en="Look at the new state, then decide again.", nl="Bekijk de nieuwe stand en beslis dan opnieuw."),
    )


class Transaction(Reader):
    """One write transaction: what is read in it is what is changed by it.

    Every change belongs in a transaction together with its audit event.
    """

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        super().__init__(connection)
        self._clock = clock
        self._end: Head | None = None
        self.appended = 0

    def audit(self, *, user: str, project: str, action: str, subject: str, outcome: str, details: Mapping[str, Any] | None = None) -> int:
        """Append an event and give its sequence number.

        Parameters
        ----------
        user, project, action, subject, outcome
            Who, where, what, to what, with which result. Never data values or file content.
        details
            JSON values, e.g. row counts and hashes.

        Raises
        ------
        TypeError, ValueError
            Details that are no JSON.
        """
        end = self._end or audit.head(self._connection)
        fields = {"user": user, "project": project, "action": action, "subject": subject, "outcome": outcome}
        self._end = audit.append(self._connection, end, self._clock(), fields, details or {})
        self.appended += 1
        return self._end.sequence

    def insert_export(self, row: ExportRow) -> None:
        """Keep a new request.

        Raises
        ------
        Conflict
            'export_exists': the id is taken.
        """
        columns = export_columns({name: getattr(row, name) for name in EXPORT_FIELDS})
        try:
            self._connection.execute(insert(exports).values(columns))
        except IntegrityError as error:
            raise Conflict("export_exists", Text(en="A request with this id exists.", nl="Er bestaat al een aanvraag met dit kenmerk.")) from error

    def update_export(self, export_id: str, expected_version: int, **changes: Unpack[ExportChanges]) -> ExportRow:
        """Change a request that nobody else has changed since it was read, and give its new row.

        ``version`` grows by one; ``changed_at`` becomes now unless given.

        Raises
        ------
        NotFound
            No such request.
        Conflict
            'stale_version': somebody was first. 'final_state': final states never change, except released → recalled.
        TypeError
            A field that is none or never changes.
        """
        unknown = changes.keys() - ExportChanges.__annotations__.keys()
        if unknown:
            raise TypeError(f"fields that cannot change: {', '.join(sorted(unknown))}")
        found = self._connection.execute(select(exports).where(exports.c.id == export_id)).mappings().first()
        if found is None:
            raise NotFound("unknown_export", Text(en="There is no such export request.", nl="Deze uitvoeraanvraag bestaat niet."))
        row = export_row(dict(found))
        if row.version != expected_version:
            raise stale_version()
        recalls = row.state is ExportState.RELEASED and changes.get("state") is ExportState.RECALLED
        if row.state.is_final and not recalls:
            raise Conflict(
                "final_state",
                Text(en=f"A request that is {row.state.value} never changes.", nl="Een afgesloten aanvraag wijzigt niet meer."),
                Text(en="Make a new request.", nl="Maak een nieuwe aanvraag."),
            )
        fields: dict[str, Any] = {"changed_at": self._clock(), **changes, "version": row.version + 1}
        changed = replace(row, **fields)
        columns = export_columns({name: getattr(changed, name) for name in {*changes, "version", "changed_at"}})
        # the version stands in the statement too: no database setting may turn this into a lost update
        done = self._connection.execute(update(exports).where(exports.c.id == export_id, exports.c.version == expected_version).values(columns))
        if done.rowcount != 1:
            raise stale_version()
        return changed

    def forget_withdrawn(self, project: str, author: str, keep: int) -> tuple[str, ...]:
        """Remove a person's withdrawn requests in a project except the newest ``keep``; give the ids that went."""
        query = (
            select(exports.c.id)
            .where(exports.c.project == project, exports.c.author == author, exports.c.state == ExportState.WITHDRAWN.value)
            .order_by(exports.c.changed_at.desc(), exports.c.id)
        )
        gone = tuple(self._connection.execute(query).scalars())[keep:]
        for export_id in gone:
            self._connection.execute(delete(votes).where(votes.c.export_id == export_id))
            self._connection.execute(delete(exports).where(exports.c.id == export_id))
        return gone

    def insert_vote(
        self, export_id: str, round: int, checker: str, digest: str, decision: Literal["approve", "reject"], reason: str, at: datetime
    ) -> None:
        """Keep a checker's decision; one per checker and round.

        Raises
        ------
        Conflict
            'already_voted'.
        NotFound
            No such request.
        """
        if self._connection.execute(select(exports.c.id).where(exports.c.id == export_id)).first() is None:
            raise NotFound("unknown_export", Text(en="There is no such export request.", nl="Deze uitvoeraanvraag bestaat niet."))
        try:
            self._connection.execute(
                insert(votes).values(export_id=export_id, round=round, checker=checker, digest=digest, decision=decision, reason=reason, at=at)
            )
        except IntegrityError as error:
            raise Conflict(
                "already_voted",
                Text(en="You have already decided on this round.", nl="U heeft in deze ronde al beslist."),
                Text(en="The other checker decides independently.", nl="De andere controleur beslist onafhankelijk."),
            ) from error

    def insert_evidence(self, project: str, user: str, fingerprint: str, shape_key: str, meta: TableMeta, frame: bytes) -> None:
        """Keep a judged table; made again, it counts as new and the old copy goes."""
        known_by = {"project": project, "fingerprint": fingerprint, "shape_key": shape_key}
        self._insert_anew(evidence, known_by, user=user, meta=meta.model_dump_json(), frame=frame)

    def insert_output(self, project: str, user: str, fingerprint: str, file_key: str, checked: str) -> None:
        """Keep a checked model or figure under a key of a file of it; checked again, it counts as new and the old copy goes."""
        known_by = {"project": project, "fingerprint": fingerprint, "file_key": file_key}
        self._insert_anew(outputs, known_by, user=user, checked=storable(checked))

    def _insert_anew(self, table: Table, known_by: Mapping[str, str], **values: object) -> None:
        """Keep a row as the newest of its table; one that is known by the same goes."""
        newest = select(table.c.id).order_by(table.c.id.desc()).limit(1)
        # the number is taken before the old copy goes, or SQLite could give the same one again
        number = (self._connection.execute(newest).scalar() or 0) + 1
        self._connection.execute(delete(table).where(*(table.c[name] == value for name, value in known_by.items())))
        self._connection.execute(insert(table).values(id=number, **known_by, **values, at=self._clock()))

    def insert_released(self, project: str, table: ReleasedTable) -> None:
        """Keep a table that leaves; belongs in the transaction that releases it, and is never changed."""
        self._connection.execute(
            insert(released_tables).values(
                project=project,
                export_id=table.export_id,
                round=table.round,
                path=storable(table.path),
                fingerprint=table.meta.fingerprint,
                meta=table.meta.model_dump_json(),
                frame=table.frame,
                released_at=table.released_at,
            )
        )

    def insert_released_model(self, project: str, model: ReleasedModel) -> None:
        """Keep a model that leaves; belongs in the transaction that releases it, and is never changed."""
        self._connection.execute(
            insert(released_models).values(
                project=project,
                export_id=model.export_id,
                round=model.round,
                path=storable(model.path),
                fingerprint=model.fingerprint,
                evidence=storable(model.evidence.model_dump_json()),
                released_at=model.released_at,
            )
        )

    def set_pin(self, user: str, pin: str) -> None:
        """Set the step-up PIN of an account (scrypt); lifts a lock.

        Raises
        ------
        Invalid
            Fewer than 4 or more than 128 characters.
        """
        pins.set_pin(self._connection, user, pin, self._clock())

    def insert_measurement(
        self, project: str, user: str | None, area: str, used_bytes: int, apparent_bytes: int, files: int, measured_at: datetime
    ) -> None:
        """Keep a measurement; ``user`` is None for the shared area."""
        self._connection.execute(
            insert(measurements).values(
                project=project,
                user=user,
                area=area,
                used_bytes=used_bytes,
                apparent_bytes=apparent_bytes,
                files=files,
                measured_at=measured_at,
            )
        )


class Store:
    """The state of one broker. Safe to use from several threads; writers take turns."""

    def __init__(self, engine: Engine, anchors: Anchors, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._anchors = anchors
        self._clock = clock
        self._turn = threading.Lock()
        self._writer: int | None = None
        self._unanchored = 0
        self._anchored_at = clock()
        self._identity = identity(engine)

    @classmethod
    def open(cls, url: str, anchors: Path, clock: Callable[[], datetime] = _utc_now, *, create: bool = True) -> Self:
        """Open the state, bringing it to the schema of this version.

        A state that is gone while its anchors are there is never begun anew: PINs, requests and the ledger of releases, against which
        later tables are compared, would be gone without a word.

        Parameters
        ----------
        url
            ``sqlite:///<absolute file>`` (never on NFS) or ``postgresql+psycopg://…``.
        anchors
            Directory for the anchors of the audit chain and their key; not in the same place as the database if it can be helped.
        clock
            Gives the present moment with a time zone.
        create
            Whether a state that is not there is begun; never by who only reads.

        Raises
        ------
        Invalid
            No state URL.
        Unavailable
            The database cannot be opened, or the key of the anchors is exposed. ``no_state``: it is not there, though it was or ought to be.
        """
        # the anchors are looked for first: they are begun after the database, so who finds them finds it too, also while another begins both
        begun = Anchors.begun(anchors)
        engine = open_engine(url, create=create and not begun)
        try:
            if not create:
                with reading(engine) as connection:
                    made = inspect(connection).has_table("alembic_version")
                if not made:
                    raise no_state()
            migrate(engine)
            store = cls(engine, Anchors(anchors, create=create), clock)
            if create:
                with reading(engine) as connection:
                    end = audit.head(connection)
                store._anchors.begin(end, clock())
        except BaseException:
            engine.dispose()
            raise
        return store

    def close(self) -> None:
        """Anchor the head and let the database go."""
        if self._unanchored:
            self._try_anchor()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Hold the one write transaction: committed at the end, rolled back whole on any exception.

        Keep it short and await nothing inside: all other writers wait.

        Raises
        ------
        RuntimeError
            This thread already holds it.
        Unavailable
            The database did not answer in time; ``no_state``: its file was removed or replaced meanwhile.
        """
        with self._held():
            with writing(self._engine) as connection:
                transaction = Transaction(connection, self._clock)
                yield transaction
            due = self._count(transaction.appended)
        if due:
            self._try_anchor()

    def note(self, *, user: str, project: str, action: str, subject: str, outcome: str, details: Mapping[str, Any] | None = None) -> None:
        """Append one event in a transaction of its own; takes what :meth:`Transaction.audit` takes.

        Raises
        ------
        RuntimeError, Unavailable
            As :meth:`begin`.
        """
        fields = {"user": user, "project": project, "action": action, "subject": subject, "outcome": outcome}
        if self._engine.dialect.name != "sqlite":
            with self.begin() as transaction:
                transaction.audit(**fields, details=details)
            return
        with self._held():
            with noting(self._engine) as cursor:
                audit.append_ready(cursor, self._clock(), fields, details or {})
            due = self._count(1)
        if due:
            self._try_anchor()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Take the writers' turn."""
        if self._writer == threading.get_ident():
            raise RuntimeError("a transaction is already open in this thread")
        # SQLite goes on with a file that was removed, or replaced, and what it writes there is gone with the process
        if self._identity != identity(self._engine):
            raise no_state()
        with self._turn:
            self._writer = threading.get_ident()
            try:
                yield
            finally:
                self._writer = None

    def _count(self, appended: int) -> bool:
        """Count committed events, and tell whether an anchor is due."""
        self._unanchored += appended
        # a clock that was set back counts as time gone by
        waited = not timedelta(0) <= self._clock() - self._anchored_at < ANCHOR_AFTER
        return self._unanchored > 0 and (waited or self._unanchored >= ANCHOR_EVENTS)

    @contextmanager
    def view(self) -> Iterator[Reader]:
        """Hold one consistent view for several reads; waits for no writer."""
        with reading(self._engine) as connection:
            yield Reader(connection)

    def anchor(self) -> None:
        """Write the head of the audit chain to the file of anchors, after making it durable."""
        with self._turn:
            with reading(self._engine) as connection:
                end = audit.head(connection)
            # an anchor must never vouch for what a crash of the machine could still take away
            sync(self._engine)
            self._anchors.append(end, self._clock())
            self._unanchored, self._anchored_at = 0, self._clock()

    def _try_anchor(self) -> None:
        try:
            self.anchor()
        except OSError:
            # the transaction is committed and must not look as if it failed; the next one tries again
            _LOG.exception("the head of the audit chain could not be anchored")

    def verify(self) -> AuditVerdict:
        """Check the whole audit chain against itself and its anchors; time grows with the number of events."""
        # the anchors come first: a view that began before them could miss events they vouch for
        lines = self._anchors.read()
        with reading(self._engine) as connection:
            return audit.verify(connection, self._anchors, lines)

    def check_pin(self, user: str, pin: str) -> None:
        """Accept an account's PIN or refuse; takes some 40 ms.

        Raises
        ------
        StepUpRequired
            'wrong_pin', 'pin_locked' (after 5 wrong ones, for 15 minutes) or 'pin_missing'.
        """
        with self.begin() as transaction:
            attempt = pins.Attempt.count(transaction._connection, user, self._clock())
        if not attempt.is_right(pin):
            raise attempt.refusal()
        with self.begin() as transaction:
            pins.clear(transaction._connection, user)

    def events(self, project: str | None = None, limit: int = 100, before: int | None = None) -> tuple[AuditEvent, ...]:
        """Give the newest audit events, newest first; of one project, or of all."""
        with self.view() as view:
            return view.events(project, limit, before)

    def export(self, project: str, export_id: str) -> ExportRow:
        """Give a request of a project; raises NotFound."""
        with self.view() as view:
            return view.export(project, export_id)

    def exports(self, project: str) -> tuple[ExportRow, ...]:
        """Give the requests of a project, newest change first."""
        with self.view() as view:
            return view.exports(project)

    def votes(self, export_id: str, round: int) -> tuple[Vote, ...]:
        """Give the votes of a round, oldest first."""
        with self.view() as view:
            return view.votes(export_id, round)

    def evidence(self, project: str, shape_keys: Collection[str]) -> tuple[tuple[TableMeta, bytes], ...]:
        """Give the kept tables of a project with one of these shapes, newest first."""
        with self.view() as view:
            return view.evidence(project, shape_keys)

    def evidence_of(self, project: str, fingerprint: str) -> tuple[TableMeta, bytes] | None:
        """Give the kept table of a project with this fingerprint and its judged frame as an Arrow IPC stream; None where there is none."""
        with self.view() as view:
            return view.evidence_of(project, fingerprint)

    def outputs(self, project: str, file_keys: Collection[str]) -> tuple[str, ...]:
        """Give the checked models and figures of a project that are known by one of these keys, newest first, each as it was kept."""
        with self.view() as view:
            return view.outputs(project, file_keys)

    def output_of(self, project: str, fingerprint: str) -> str | None:
        """Give the checked model or figure of a project with this fingerprint, as it was kept; None where there is none."""
        with self.view() as view:
            return view.output_of(project, fingerprint)

    def released_models(self, project: str) -> tuple[ReleasedModel, ...]:
        """Give all models that left in releases of a project, oldest first."""
        with self.view() as view:
            return view.released_models(project)

    def releases(self, project: str) -> tuple[ReleasedTable, ...]:
        """Give all tables with evidence that left in releases of a project, oldest first."""
        with self.view() as view:
            return view.releases(project)

    def measurement(self, project: str, area: str, user: str | None) -> MeasurementRow | None:
        """Give the newest measurement of an area; None when it was never measured."""
        with self.view() as view:
            return view.measurement(project, area, user)
