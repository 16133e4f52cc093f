"""The worker process: one locked DuckDB session, one statement at a time.

Two sockets lead to the engine. On the first, requests come in and answers go out, in the main thread, which also
computes. On the second the engine sends ``interrupt`` and asks for ``progress``; a thread waits there. It ends the
process when the engine is gone. A small query therefore wakes one thread only.

What only tables need is loaded when nobody waits, or by the first table: a query need not wait for it.
"""

from __future__ import annotations

import importlib
import os
import re
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import duckdb
import pyarrow as pa

from ..domain.errors import Cancelled, CbsError, Invalid
from ..domain.rules import QueryLimits, RuleProfile
from ..domain.text import Text
from ..protocol.frames import Frame, FrameDecoder, recv_frame, send_frame
from ..system.memfd import write_sealed
from ..system.waiting import becomes_readable
from .explain import complaint, explain
from .gate import Admitted, Gate
from .results import INLINE_BYTES, WINDOW_BYTES, Batches, Delivered, deliver, to_stream
from .session import BATCH_ROWS, Session

Parameters = list[Any] | dict[str, Any] | None

IDLE_SECONDS = 0.5
"""Nothing was asked for so long: what tables need is loaded meanwhile. A kernel that starts with the worker has the processor first."""


class Channel:
    """The engine's side of the conversation as the worker sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._decoder = FrameDecoder()
        self._pending: list[Frame] = []
        self._sending = threading.Lock()

    def quiet(self, seconds: float) -> bool:
        """Say whether nothing comes in for so long."""
        return not self._pending and not becomes_readable(self._sock.fileno(), seconds)

    def receive(self) -> Frame:
        """Wait for the next frame; leaves the process when the engine is gone."""
        frame = recv_frame(self._sock, self._decoder, self._pending)
        if frame is None:
            os._exit(0)
        return frame

    def send(self, header: dict[str, Any], payload: bytes = b"", fds: list[int] | None = None) -> None:
        """Send a frame and close its descriptors."""
        frame = Frame(header, payload, fds or [])
        try:
            with self._sending:
                send_frame(self._sock, frame)
        finally:
            frame.close()

    def offer(self, header: dict[str, Any]) -> None:
        """Send a frame unless the main thread is sending just now."""
        if self._sending.acquire(blocking=False):
            try:
                send_frame(self._sock, Frame(header))
            finally:
                self._sending.release()


class Current:
    """Which request is running, for the thread that interrupts it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, channel: Channel) -> None:
        self._connection = connection
        self._channel = channel
        self._lock = threading.Lock()
        self._request: int | None = None
        self._stop = False
        self.rows = 0

    def begin(self, request: int) -> None:
        """A request starts."""
        with self._lock:
            self._request, self._stop, self.rows = request, False, 0

    def end(self) -> None:
        """The request is over; a late interrupt does nothing."""
        with self._lock:
            self._request = None

    def check(self) -> None:
        """Stop here if the request was interrupted.

        Raises
        ------
        Cancelled
        """
        if self._stop:
            raise Cancelled("cancelled", Text(en="The query was stopped.", nl="De query is gestopt."))

    def listen(self, sock: socket.socket) -> None:
        """Serve the second socket until the engine closes it, then end the process."""
        decoder, pending = FrameDecoder(), list[Frame]()
        while (frame := recv_frame(sock, decoder, pending)) is not None:
            if frame.header["op"] == "interrupt":
                self._interrupt(frame.header["id"])
            else:
                self._progress(frame.header["id"])
        os._exit(0)

    def _interrupt(self, request: int) -> None:
        # Again and again: an interrupt between two statements of one request would otherwise be lost.
        while True:
            with self._lock:
                if self._request != request:
                    return
                self._stop = True
                self._connection.interrupt()
            time.sleep(0.02)

    def _progress(self, request: int) -> None:
        with self._lock:
            if self._request != request:
                return
            percent = self._connection.query_progress()
        fraction = None if percent < 0 else min(percent / 100, 1.0)
        self._channel.offer({"id": request, "type": "progress", "fraction": fraction, "rows": self.rows})


class Runner:
    """Runs requests; the domain's errors are what it raises."""

    def __init__(self, session: Session, limits: QueryLimits, channel: Channel, current: Current) -> None:
        self.session = session
        self.limits = limits
        self.gate = Gate(session, limits.max_statement_bytes)
        self._channel = channel
        self._current = current

    def sql(self, request: int, text: str, parameters: Parameters) -> None:
        """Run one SELECT and send its result."""
        started = time.perf_counter()
        admitted = self.gate.admit(text)
        values = _checked(parameters)
        unacknowledged = 0

        def send(fd: int, size: int, rows: int) -> None:
            nonlocal unacknowledged
            self._current.rows = rows
            self._channel.send({"id": request, "type": "chunk", "size": size}, fds=[fd])
            unacknowledged += size
            while unacknowledged > WINDOW_BYTES:
                unacknowledged -= self._channel.receive().header["bytes"]
                self._current.check()

        def take(reader: Batches) -> tuple[Delivered, pa.Schema]:
            return deliver(reader, self.limits, send), reader.schema

        delivered, schema = self.run(admitted, values, take)
        self._current.end()
        self._channel.send(
            {
                "id": request,
                "type": "done",
                "rows": delivered.rows,
                "bytes": delivered.bytes,
                "seconds": time.perf_counter() - started,
                "columns": [{"name": field.name, "type": str(field.type)} for field in schema],
                "sources": self.session.canonical(set(admitted.views)),
                "inline": delivered.inline is not None,
            },
            delivered.inline or b"",
        )

    def table(self, request: int, header: dict[str, Any]) -> None:
        """Make a table with evidence and send its frame."""
        from ..domain.dataset import Dataset
        from ..domain.evidence import TableSpec
        from .listing import collection_paused
        from .tables import tabulate, without_position

        spec = TableSpec.model_validate(header["spec"])
        dataset = None if header["dataset"] is None else Dataset.model_validate(header["dataset"])
        profile = RuleProfile.model_validate(header["profile"])

        def answer(sql: str, own: frozenset[str] = frozenset()) -> pa.Table:
            try:
                return self.run(self.gate.admit(sql, own), None, lambda reader: reader.read_all())
            except CbsError as error:
                raise without_position(error) from error

        with collection_paused():
            made = tabulate(spec, dataset, profile, self.limits, self.session, self.gate, answer, header["missing"])
        content = b""
        if made.frame.nbytes > INLINE_BYTES:
            with write_sealed("table") as memory:
                with pa.ipc.new_stream(pa.PythonFile(memory.file, mode="w"), made.frame.schema) as writer:
                    writer.write_table(made.frame)
                fd = memory.seal()
                self._channel.send({"id": request, "type": "chunk", "size": os.fstat(fd).st_size}, fds=[fd])
        else:
            content = to_stream(made.frame.schema, made.frame.to_batches())
        self._current.end()
        self._channel.send(
            {
                "id": request,
                "type": "done",
                "dimensions": [listing.model_dump(mode="json") for listing in made.listed],
                "value_label": made.value_label,
                "value_unit": made.value_unit,
                "unit": made.unit,
                "notes": [note.model_dump(mode="json") for note in made.notes],
                "sources": self.session.canonical(set(made.views)),
            },
            content,
        )

    def run(self, admitted: Admitted, parameters: Parameters, take: Callable[[Batches], Any]) -> Any:
        """Execute an admitted statement and hand its reader to ``take``; DuckDB's errors become the domain's."""
        try:
            self._current.check()
            relation = admitted.relation
            if relation is None or parameters is not None:
                relation = self.session.connection.sql(admitted.statement, params=parameters)
                if parameters is None:
                    admitted.relation = relation
            _refuse_changed(relation)
            reader = relation.to_arrow_reader(BATCH_ROWS)
            try:
                return take(reader)
            finally:
                reader.close()
        except CbsError:
            raise
        except Exception as error:
            self._current.check()
            raise self.explained(error, admitted, parameters) from error

    def explained(self, error: Exception, admitted: Admitted, parameters: Parameters) -> CbsError:
        """Give the domain's error; a binder's complaint gets its place by asking DuckDB to explain the same text."""
        shift = 0
        if isinstance(error, duckdb.Error) and complaint(error).offset is None and not isinstance(error, duckdb.InterruptException):
            try:
                self.session.connection.execute("EXPLAIN " + admitted.text, parameters).fetchall()
            except duckdb.Error as placed:
                if type(placed) is type(error):
                    error, shift = placed, len("EXPLAIN ")
        columns = [column for view in sorted(admitted.views) for column in self.session.columns(view)]
        return explain(error, admitted.text, self.session.secrets, columns, self.session.views, shift)


_CHANGED: Final = re.compile(r"\b(UHUGEINT|TIME WITH TIME ZONE|BIGNUM|BIT)\b")
"""Types that DuckDB hands over as other values than they are: half of the first negative, the second without its zone, bytes of its own."""


def _refuse_changed(relation: duckdb.DuckDBPyRelation) -> None:
    """Refuse a result with a column whose values would arrive as others."""
    for name, kind in zip(relation.columns, relation.types, strict=True):
        # names of fields and values of an ENUM stand in quotes, or are no type at all
        if found := _CHANGED.search(re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", "", str(kind))):
            raise Invalid(
                "result_type",
                Text(
                    en=f"Column {name} has the type {found[0]}, whose values cannot be handed over as they are.",
                    nl=f"Kolom {name} heeft het type {found[0]}; zulke waarden kunnen niet ongewijzigd worden overgedragen.",
                ),
                Text(en="Cast it, e.g. to HUGEINT, DOUBLE or VARCHAR.", nl="Zet het om, bijvoorbeeld naar HUGEINT, DOUBLE of VARCHAR."),
            )


def _checked(parameters: Parameters) -> Parameters:
    """Refuse parameters that are no list or dict; an empty collection is none at all."""
    if parameters is None or isinstance(parameters, list | dict):
        return parameters or None
    raise Invalid(
        "parameters",
        Text(en="Parameters are a list (for ?) or a dict (for $name).", nl="Parameters zijn een lijst (voor ?) of een dict (voor $naam)."),
    )


def confine(limits: QueryLimits) -> None:
    """Set the process's own hard limits (design: security, DuckDB: memory_limit is no bound)."""
    # DuckDB's limit covers its buffers; lists, strings and hash tables of aggregates come on top, and so do stacks and
    # libraries. Beyond this the allocation fails and the query, at worst the worker, ends.
    room = limits.memory_bytes + limits.memory_bytes // 4 + 2 * 2**30
    for what, value in (
        (resource.RLIMIT_AS, room),
        (resource.RLIMIT_CORE, 0),
        # more than a kernel may have (sandbox.profiles.KERNEL_FILES): results go over as descriptors, which count per account on their way
        (resource.RLIMIT_NOFILE, 32_768),
    ):
        hard = resource.getrlimit(what)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (bound, bound))


def main() -> None:
    """Serve requests on the two sockets named on the command line, until the engine closes them."""
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    control = socket.socket(fileno=int(sys.argv[2]))
    setup = channel.receive().header
    limits = QueryLimits.model_validate(setup["limits"])
    confine(limits)
    session = Session(setup["views"], limits, setup["spill"], setup.get("spill_bytes"))
    current = Current(session.connection, channel)
    runner = Runner(session, limits, channel, current)
    threading.Thread(target=current.listen, args=(control,), daemon=True).start()
    channel.send({"type": "ready"})
    tables_loaded = False
    while True:
        if not tables_loaded and channel.quiet(IDLE_SECONDS):
            importlib.import_module(".tables", __package__)
            tables_loaded = True
        header = channel.receive().header
        if header["op"] == "ack":
            continue
        request = header["id"]
        current.begin(request)
        try:
            if header["op"] == "sql":
                runner.sql(request, header["text"], header["parameters"])
            else:
                runner.table(request, header)
        except CbsError as error:
            refuse(channel, current, request, error)
        except Exception as error:
            refuse(channel, current, request, explain(error, "", session.secrets))
            print(type(error).__name__, file=sys.stderr, flush=True)
            if isinstance(error, duckdb.FatalException | duckdb.InternalException):
                os._exit(1)


def refuse(channel: Channel, current: Current, request: int, error: CbsError) -> None:
    """Answer with an error."""
    current.end()
    channel.send({"id": request, "type": "error", "error": error.body().model_dump(mode="json")})
