"""The broker's handle on a worker process: starts it, asks it, stops it, replaces it when it dies."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow as pa

from ..domain.dataset import Dataset
from ..domain.errors import Cancelled, CbsError, ErrorBody, TimedOut, Unavailable
from ..domain.evidence import Dimension, TableSpec
from ..domain.rules import QueryLimits, RuleProfile
from ..domain.text import Text
from ..protocol.frames import Frame
from ..protocol.stream import FrameStream, ProtocolError
from ..system import processes
from ..system.memfd import open_sealed
from ..system.processes import Process
from .listing import Listing

_log = logging.getLogger(__name__)

START_SECONDS = 15.0
"""A worker that is not ready by then is given up."""
GRACE_SECONDS = 2.0
"""An interrupted worker that still computes after this is killed; interrupt() came 24 s late in a measurement (design: security, DuckDB)."""
PROGRESS_AFTER = 0.3
PROGRESS_EVERY = 0.2
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
# -I keeps the environment and the current directory off the path, so a checkout that is not installed is added by hand, after
# which the package comes from the same place as this module.
# Nothing that is imported becomes garbage: looking for it meanwhile takes a twentieth of the start. So does pydantic's search for
# plugins in every distribution that is installed; there are none of ours, and others' have no place in a worker.
_BOOTSTRAP = (
    "import gc, os, sys; gc.disable(); os.environ['PYDANTIC_DISABLE_PLUGINS'] = '__all__'; "
    "p = sys.argv.pop(); p in sys.path or sys.path.insert(0, p); "
    "from jupyter_cbs.query.worker import main; gc.enable(); main()"
)


class Sink(Protocol):
    """Where large results and progress go."""

    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        """Take pieces: sealed memory, each one complete Arrow IPC stream, with its bytes. The sink owns the descriptors."""

    async def progress(self, fraction: float | None, rows: int) -> None:
        """Take progress: the part that is done (None where DuckDB cannot say) and rows sent so far."""


@dataclass(frozen=True)
class SqlOutcome:
    """A finished query.

    Parameters
    ----------
    rows, bytes
        Size of the result; bytes as Arrow IPC.
    seconds
        Time the worker took.
    columns
        Name and Arrow type of each column.
    sources
        Data set versions that were read; a topic's alias counts as the version it stands for.
    inline
        The result as one Arrow IPC stream when it is small; None when it went to the sink.
    """

    rows: int
    bytes: int
    seconds: float
    columns: tuple[dict[str, str], ...]
    sources: tuple[str, ...]
    inline: builtins.bytes | None


@dataclass(frozen=True)
class TableResult:
    """A table with evidence, before it is judged.

    Parameters
    ----------
    frame
        Evidence frame (see :mod:`jupyter_cbs.domain.evidence`).
    dimensions
        Rows first, then columns, with their categories in the order of display.
    value_label, value_unit, unit
        As in :class:`jupyter_cbs.domain.evidence.TableMeta`.
    notes
        What the reader should know.
    sources
        Data set versions that were read.
    """

    frame: pa.Table
    dimensions: tuple[Dimension, ...]
    value_label: str
    value_unit: str
    unit: str
    notes: tuple[Text, ...]
    sources: tuple[str, ...]


class Wrapped(Protocol):
    """How the worker's command is really started, e.g. in a sandbox; good for one start."""

    async def launch(self) -> Process:
        """Start it; raises OSError when that is not possible."""

    def close(self) -> None:
        """Give back what only the start needed."""


Wrap = Callable[[Sequence[str], Sequence[int]], Wrapped]
"""Makes a start of a command and the descriptors it needs under the same numbers."""


@dataclass(frozen=True)
class Plain:
    """A start without a sandbox: for tests, and for the marked demo where sandboxes cannot work."""

    argv: Sequence[str]
    pass_fds: Sequence[int]

    async def launch(self) -> Process:
        """Start it with nothing of our environment."""
        return await processes.start(self.argv, self.pass_fds, {"LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"})

    def close(self) -> None:
        """Nothing is held."""


class _TableSink:
    """Takes the frame of a large table; progress goes to the caller's sink."""

    def __init__(self, sink: Sink) -> None:
        self.content: pa.Buffer | None = None
        self.progress = sink.progress

    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        """Map the frame."""
        for fd in fds:
            try:
                self.content = open_sealed(fd)
            finally:
                os.close(fd)


class _Process:
    """One worker process and the sockets to it."""

    def __init__(self, process: Process, main: FrameStream, control: FrameStream) -> None:
        self.process = process
        self.main = main
        self.control = control
        self.gone = asyncio.Event()
        self.waiter = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        tail = b""
        while self.process.stderr is not None and (data := await self.process.stderr.read(4096)):
            tail = (tail + data)[-4096:]
        code = await self.process.wait()
        if code and tail:
            # The type of an error and the interpreter's own words; DuckDB's messages, which quote values, are never printed.
            _log.warning("worker %s ended with %s: %s", self.process.pid, code, tail.decode(errors="replace").strip())
        self.main.close()
        self.control.close()
        self.gone.set()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()


class Worker:
    """One kernel session's DuckDB, in a process of its own.

    A process that dies is replaced on the next request. Requests of one session run one after the other.
    Make it with :meth:`start`.
    """

    def __init__(self, views: Mapping[str, Path], limits: QueryLimits, spill: Path, wrap: Wrap, spill_bytes: int | None = None) -> None:
        self._views = {name: str(path) for name, path in views.items()}
        self._limits = limits
        self._spill = spill
        self._spill_bytes = spill_bytes
        self._wrap = wrap
        self._process: _Process | None = None
        self._lock = asyncio.Lock()
        self._running: tuple[_Process, int] | None = None
        self._reason: Literal["cancel", "timeout", "drop"] | None = None
        self._next = 0
        self._closed: CbsError | None = None
        self._settling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(
        cls,
        views: Mapping[str, Path],
        limits: QueryLimits,
        spill: Path,
        *,
        wrap: Wrap = Plain,
        spill_bytes: int | None = None,
    ) -> Worker:
        """Start a worker and wait until it is ready (about 0.4 s).

        Parameters
        ----------
        views : mapping of str to Path
            View name → granted Parquet file, as the worker sees it. Of several names for one file the first is the data set's,
            the others are aliases.
        limits : QueryLimits
            Memory, threads, time, rows, bytes.
        spill : Path
            A private, existing directory for temporary files, as the worker sees it.
        wrap : callable
            Shuts the worker in. Called for every process that is started, so also after one died.
        spill_bytes : int, optional
            Most that may lie in ``spill``; what the disk holds when absent.

        Raises
        ------
        Unavailable
            ``worker_start`` when it does not get ready; what ``wrap`` raises.
        """
        worker = cls(views, limits, spill, wrap, spill_bytes)
        await worker._ensure()
        return worker

    @property
    def pid(self) -> int | None:
        """The process that serves at present; None between a death and the next request."""
        return None if self._process is None or self._process.gone.is_set() else self._process.process.pid

    @property
    def exited(self) -> asyncio.Event:
        """Set when the present process has ended."""
        if self._process is None:
            raise RuntimeError("the worker was not started")
        return self._process.gone

    async def sql(self, text: str, parameters: list[Any] | dict[str, Any] | None, sink: Sink) -> SqlOutcome:
        """Run one SELECT.

        Parameters
        ----------
        text : str
            The statement.
        parameters : list or dict, optional
            Values for ``?`` or ``$name``, of JSON types.
        sink : Sink
            Takes pieces of large results, and progress.

        Raises
        ------
        Invalid, Refused, NotFound, TooLarge
            What the gate or DuckDB object to; see :class:`jupyter_cbs.query.gate.Gate`.
        TimedOut, Cancelled
            ``timeout``, ``cancelled``.
        Unavailable
            ``worker_died``; the next request gets a fresh worker.
        """
        async with self._lock:
            frame = await self._ask({"op": "sql", "text": text, "parameters": parameters}, sink)
        done = frame.header
        return SqlOutcome(
            rows=done["rows"],
            bytes=done["bytes"],
            seconds=done["seconds"],
            columns=tuple(done["columns"]),
            sources=tuple(done["sources"]),
            inline=bytes(frame.payload) if done["inline"] else None,
        )

    async def table(
        self, spec: TableSpec, dataset: Dataset | None, profile: RuleProfile, sink: Sink, missing: Mapping[str, Mapping[str, str]] | None = None
    ) -> TableResult:
        """Make a table with evidence.

        Parameters
        ----------
        spec : TableSpec
            What is asked.
        dataset : Dataset, optional
            The data set ``spec.source`` names; None when the source is a SELECT.
        profile : RuleProfile
            Decides which groups need exact figures.
        sink : Sink
            Takes progress; the frame comes with the result.
        missing : mapping, optional
            See :func:`jupyter_cbs.query.tables.tabulate`.

        Raises
        ------
        NotFound, Invalid, TooLarge
            See :func:`jupyter_cbs.query.tables.tabulate`.
        TimedOut, Cancelled, Unavailable
            As :meth:`sql`.
        """
        request = {
            "op": "table",
            "spec": spec.model_dump(mode="json"),
            "dataset": None if dataset is None else dataset.model_dump(mode="json"),
            "profile": profile.model_dump(mode="json"),
            "missing": missing,
        }
        taken = _TableSink(sink)
        async with self._lock:
            frame = await self._ask(request, taken)
        done = frame.header
        return TableResult(
            frame=pa.ipc.open_stream(taken.content if taken.content is not None else frame.payload).read_all(),
            dimensions=tuple(Listing.model_validate(listing).dimension() for listing in done["dimensions"]),
            value_label=done["value_label"],
            value_unit=done["value_unit"],
            unit=done["unit"],
            notes=tuple(Text.model_validate(note) for note in done["notes"]),
            sources=tuple(done["sources"]),
        )

    async def cancel(self) -> None:
        """Stop what is running; it ends with :class:`Cancelled`. Without anything running this does nothing."""
        await self._stop("cancel")

    async def close(self, why: CbsError | None = None) -> None:
        """End the process: closing its sockets, then SIGTERM, then SIGKILL.

        Parameters
        ----------
        why : CbsError, optional
            What a request that is running, or comes later, ends with; ``session_closed`` when absent.
        """
        self._closed = why or was_closed()
        process = self._process
        if process is None:
            return
        process.main.close()
        process.control.close()
        for step in (None, signal.SIGTERM, signal.SIGKILL):
            if step is not None:
                with contextlib.suppress(ProcessLookupError):
                    process.process.send_signal(step)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.gone.wait(), 1.0)
                break
        await process.waiter
        for task in list(self._tasks):
            await task

    async def _ensure(self) -> _Process:
        if self._closed is not None:
            raise self._closed
        if self._process is None or self._process.gone.is_set() or self._process.main.closed:
            self._process = await self._launch()
        return self._process

    async def _launch(self) -> _Process:
        pairs = [socket.socketpair() for _ in range(2)]
        theirs = [pair[1].fileno() for pair in pairs]
        python = (sys.executable, "-I", "-X", "frozen_modules=on", "-c", _BOOTSTRAP, *map(str, theirs), _PACKAGE_PARENT)
        wrapped: Wrapped | None = None
        try:
            wrapped = self._wrap(python, theirs)
            process = await wrapped.launch()
        except (OSError, CbsError) as error:
            for ours, _ in pairs:
                ours.close()
            if isinstance(error, CbsError):
                raise
            raise _not_started() from error
        finally:
            if wrapped is not None:
                wrapped.close()
            for _, other in pairs:
                other.close()
        started = _Process(process, FrameStream(pairs[0][0]), FrameStream(pairs[1][0]))
        setup = {"views": self._views, "limits": self._limits.model_dump(), "spill": str(self._spill), "spill_bytes": self._spill_bytes}
        try:
            await started.main.write(Frame(setup))
            frame = await asyncio.wait_for(started.main.read(), START_SECONDS)
        except (TimeoutError, OSError, ProtocolError):
            frame = None
        if frame is None:
            started.kill()
            await started.waiter
            raise _not_started()
        return started

    async def _ask(self, request: dict[str, Any], sink: Sink) -> Frame:
        """Send a request and serve its pieces and progress until the final frame. The caller holds the lock."""
        if self._settling is not None:
            # Its caller was cancelled twice and did not wait for the end of its query.
            await asyncio.shield(self._settling)
        process = await self._ensure()
        self._next += 1
        number = self._next
        self._running = (process, number)
        self._reason = None
        loop = asyncio.get_running_loop()
        timeout = loop.call_later(self._limits.timeout_seconds, lambda: self._spawn(self._stop("timeout")))
        look = loop.call_later(PROGRESS_AFTER, lambda: self._spawn(self._watch(process, number)))
        finished = False
        try:
            try:
                await process.main.write(Frame({"id": number, **request}))
                while (frame := await process.main.read()) is not None:
                    kind = frame.header["type"]
                    if kind == "chunk":
                        size = frame.header["size"]
                        # The sink owns the descriptor from here on.
                        fds, frame.fds = frame.fds, []
                        await sink.chunk(fds, [size])
                        await process.main.write(Frame({"op": "ack", "bytes": size}))
                    elif kind == "progress":
                        await sink.progress(frame.header["fraction"], frame.header["rows"])
                    else:
                        finished = True
                        return self._final(frame)
            except (ConnectionError, ProtocolError) as error:
                if process.main.closed or isinstance(error, ProtocolError):
                    process.kill()
                else:
                    raise
            finished = True
            await process.waiter
            raise self._ended() or self._closed or _died()
        finally:
            timeout.cancel()
            look.cancel()
            if not finished:
                # The caller was cancelled, or its sink failed: end the query before the next one comes.
                self._settling = self._spawn(self._settle(process, number))
                await asyncio.shield(self._settling)
            else:
                self._running = None

    def _final(self, frame: Frame) -> Frame:
        if frame.header["type"] == "done":
            return frame
        error = CbsError.from_body(ErrorBody.model_validate(frame.header["error"]))
        stopped = self._ended() if isinstance(error, Cancelled) else None
        raise stopped or error

    def _ended(self) -> CbsError | None:
        """Give the error of a request that was stopped on purpose."""
        if self._reason == "timeout":
            seconds = f"{self._limits.timeout_seconds:g}"
            return TimedOut(
                "timeout",
                Text(
                    en=f"The query took longer than {seconds} seconds and was stopped.",
                    nl=f"De query duurde langer dan {seconds} seconden en is gestopt.",
                ),
                Text(en="Filter earlier, read fewer years, or aggregate in steps.", nl="Filter eerder, lees minder jaren, of aggregeer in stappen."),
            )
        if self._reason is not None:
            return Cancelled("cancelled", Text(en="The query was stopped.", nl="De query is gestopt."))
        return None

    async def _stop(self, reason: Literal["cancel", "timeout", "drop"]) -> None:
        """Interrupt the running request; kill the process if that does not help."""
        if self._running is None:
            return
        process, number = self._running
        self._reason = self._reason or reason
        with contextlib.suppress(ConnectionError):
            await process.control.write(Frame({"op": "interrupt", "id": number}))
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self._kill_if, process, number)

    def _kill_if(self, process: _Process, number: int) -> None:
        if self._running == (process, number):
            process.kill()

    async def _settle(self, process: _Process, number: int) -> None:
        """End a request nobody waits for any more: interrupt it and drop what still comes."""
        try:
            await self._stop("drop")
            while (frame := await process.main.read()) is not None:
                if frame.header["type"] in ("done", "error"):
                    return
                frame.close()
                if frame.header["type"] == "chunk":
                    await process.main.write(Frame({"op": "ack", "bytes": frame.header["size"]}))
            await process.waiter
        except (ConnectionError, ProtocolError):
            process.kill()
            await process.waiter
        finally:
            self._running = None
            self._settling = None

    async def _watch(self, process: _Process, number: int) -> None:
        while self._running == (process, number) and not process.control.closed:
            with contextlib.suppress(ConnectionError):
                await process.control.write(Frame({"op": "progress", "id": number}))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.gone.wait(), PROGRESS_EVERY)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _died() -> Unavailable:
    return Unavailable(
        "worker_died",
        Text(en="The query engine of this session stopped unexpectedly.", nl="De rekenmachine van deze sessie is onverwacht gestopt."),
        Text(
            en="Run it again: a fresh one is started. If it stops again, it needs too much memory: select fewer columns or filter earlier.",
            nl="Voer de query opnieuw uit: er start een nieuwe. Stopt die ook, dan is te veel geheugen nodig: kies minder kolommen of filter eerder.",
        ),
    )


def was_closed() -> Unavailable:
    """Give the error of who asks an engine that was ended on purpose."""
    return Unavailable(
        "session_closed",
        Text(en="The query engine of this session was closed.", nl="De rekenmachine van deze sessie is gesloten."),
        Text(en="Run it again; if that does not help, restart the kernel.", nl="Voer de query opnieuw uit; helpt dat niet, herstart dan de kernel."),
    )


def _not_started() -> Unavailable:
    return Unavailable(
        "worker_start",
        Text(en="The query engine of this session does not start.", nl="De rekenmachine van deze sessie start niet."),
        Text(en="Try again; if it happens again, tell the administrator.", nl="Probeer het opnieuw; blijft het zo, meld het dan aan de beheerder."),
    )
