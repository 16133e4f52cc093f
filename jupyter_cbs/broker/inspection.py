"""The pre-check in a process of its own: nothing that parses a file of a researcher runs inside the broker.

The broker copies the chosen files (:func:`jupyter_cbs.exports.intake.collect`), which looks into none of them, and hands the copies to
a process in a sandbox without network and without a single folder of a workspace. That process opens archives, notebooks and workbooks,
applies the rules, asks the broker for tables with evidence by their shape, and answers a report. It serves one request and is gone.

What it answers is taken for what a hostile file may have made it say: validated, bounded, and never a statement about other bytes than
those of the copies. Bytes that leave unchanged are the broker's own copy and are frozen only under the hash taken when they were copied.
A file that takes too long or too much memory is refused with that reason, and the others are checked all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from ..domain.errors import CbsError, Internal, Refused, TimedOut, Unavailable
from ..domain.evidence import TableMeta
from ..domain.export import FormFile
from ..domain.files import FileContent
from ..domain.finding import Finding, PrecheckReport, Rule, Status
from ..domain.rules import QueryLimits
from ..domain.text import Text
from ..exports.intake import MAX_FILES, Collected, collect
from ..protocol.frames import Frame, ProtocolError
from ..protocol.stream import FrameStream
from ..query.engine import Plain, Wrap
from ..sandbox.bubblewrap import Sandbox
from ..sandbox.limits import Limits
from ..system.beneath import WorkspaceRoots
from ..system.memfd import write_sealed
from ..system.processes import Process
from .inspection_answers import INLINE, Answers, drop
from .precheck import Outputs, Standards, nothing_checked

log = logging.getLogger(__name__)

MAX_HEADER: Final = 4 * 2**20
"""Longest message of an inspecting process in bytes."""

START_SECONDS: Final = 120.0
"""Longest start: it takes a second or two of a processor, which on a busy machine is half a minute."""
_AT_ONCE: Final = 2
_WAITING: Final = 4
_TRIES: Final = 4  # files that a process could not survive, before the rest is refused unseen
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[2])
_BOOTSTRAP = "import sys; p = sys.argv.pop(); p in sys.path or sys.path.insert(0, p); from jupyter_cbs.broker.inspection_worker import main; main()"

Evidence = Callable[[Collection[str]], Sequence[tuple[TableMeta, bytes]]]
"""Give the tables with evidence for some shape keys, newest first, with their frames as Arrow IPC streams."""

Progress = Callable[[float], Awaitable[None]]
"""Told which part of the files is done."""


def sandbox(hidden: Sequence[Path] = ()) -> Sandbox:
    """Describe the sandbox in which files are looked into.

    It shows this Python and nothing of the deployment: files come as descriptors. What the process writes is next to nothing.

    Parameters
    ----------
    hidden : sequence of Path
        As for :class:`Sandbox`.
    """
    return Sandbox(
        temporary=MappingProxyType({"/tmp": 4 * 2**20}),  # noqa: S108  inside the sandbox
        environment={
            **{"LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"},
            # one thread each: idle pools cost memory that counts
            **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS"), "1"),
        },
        hostname="cbs-check",
        limits=Limits(processes=64, open_files=MAX_FILES + 256, file_bytes=2**20),
        hidden=tuple(hidden),
    )


@dataclass(frozen=True)
class Inspection:
    """What a pre-check found.

    Parameters
    ----------
    report
        Without ``versions``.
    deliveries
        What would leave, where it was asked for: bytes nobody else can write, each with its sha256.
    """

    report: PrecheckReport
    deliveries: tuple[FileContent, ...]
    _held: tuple[Collected, ...] = ()

    def close(self) -> None:
        """Let go of the bytes."""
        for one in self._held:
            one.close()
        drop(self.deliveries)


@dataclass
class _Child:
    """A process that waits for one request."""

    process: Process
    stream: FrameStream
    drain: asyncio.Task[None]

    @property
    def alive(self) -> bool:
        return self.process.returncode is None and not self.stream.closed

    async def end(self) -> None:
        """Kill it with everything in its sandbox."""
        self.stream.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        await self.drain


class _Fallen(Exception):
    """A process did not survive a file.

    Parameters
    ----------
    at : int or None
        Number of the file; None before the first.
    slow : bool
        Whether time was what ran out.
    """

    def __init__(self, at: int | None, slow: bool) -> None:
        super().__init__(at, slow)
        self.at = at
        self.slow = slow


class Inspector:
    """Starts the processes that look into files, and speaks with them.

    One waits ready at any time, so that a light output is checked without waiting for a process to start.

    Parameters
    ----------
    folder : Path
        Private folder for copies of large files; they have no name in it.
    wrap : callable
        Shuts a process in; called for every one.
    bootstrap : str
        What the Python of a process runs; another one is for tests of what a process may answer.
    """

    def __init__(self, folder: Path, wrap: Wrap = Plain, bootstrap: str = _BOOTSTRAP) -> None:
        self._folder = folder
        self._wrap = wrap
        self._bootstrap = bootstrap
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._persons: dict[tuple[str, str], asyncio.Lock] = {}
        self._asking: Counter[tuple[str, str]] = Counter()
        self._spare: asyncio.Task[_Child] | None = None
        self._closed = False

    def warm(self) -> None:
        """Start a process for the next request in the background."""
        if self._spare is None and not self._closed:
            self._spare = asyncio.create_task(self._launch())
            self._spare.add_done_callback(_noted)

    async def close(self) -> None:
        """End the process that waits; those at work end with their requests."""
        self._closed = True
        spare, self._spare = self._spare, None
        if spare is not None:
            with contextlib.suppress(CbsError):
                await (await spare).end()

    async def inspect(
        self,
        who: tuple[str, str],
        roots: WorkspaceRoots,
        paths: Sequence[str],
        standards: Standards,
        limits: QueryLimits,
        received: datetime,
        evidence: Evidence,
        *,
        outputs: Outputs = nothing_checked,
        forms: Sequence[FormFile] = (),
        deliver: bool = False,
        progress: Progress | None = None,
    ) -> Inspection:
        """Check files as they lie in the workspace.

        Parameters
        ----------
        who : tuple of str
            Project and person; a person's requests are served one after the other.
        roots, paths
            As for :func:`jupyter_cbs.exports.intake.collect`.
        standards : Standards
            Of the project.
        limits : QueryLimits
            How long one file and all of them may take (``check_file_seconds``, ``check_seconds``), and how much memory.
        received : datetime
            When the output would be received, aware.
        evidence : callable
            Gives tables with evidence; called in a thread.
        outputs : callable
            Gives checked models and figures; called in a thread.
        forms : sequence of FormFile
            What the output control form says of the files; what it declares is reported as declared.
        deliver : bool
            Whether the bytes that would leave are wanted too.
        progress : callable, optional
            Told how far it is.

        Returns
        -------
        Inspection
            The caller closes it.

        Raises
        ------
        CbsError
            As :func:`collect` and :func:`jupyter_cbs.exports.intake.examine`.
        Refused
            ``too_many_checks`` when more of this person's requests wait than anybody needs.
        TimedOut
            ``check_timeout`` when all files together take too long.
        Unavailable
            ``check_start`` when no process starts; what ``wrap`` raises.
        Internal
            ``check_failed`` when a process answers what it may not answer.
        """
        async with self._turn(who):
            collected = await self._collect(roots, paths)
            held = collected
            try:
                deadline = time.monotonic() + limits.check_seconds
                request = {"received": received.isoformat(), "standards": standards.model_dump(mode="json"), "deliver": deliver}
                request["memory_bytes"] = limits.check_memory_bytes
                request["forms"] = [one.model_dump(mode="json") for one in forms]
                for left in reversed(range(_TRIES)):
                    try:
                        report, deliveries = await self._once(collected, request, limits, deadline, (evidence, outputs), progress)
                    except _Fallen as fall:
                        log.warning("a check ended at file %s of %d (%s)", fall.at, len(collected), "time" if fall.slow else "died")
                        collected = _without(collected, fall, limits, rest=left == 1)
                        continue
                    return Inspection(report, deliveries, held)
                raise _failed("no process survived")
            except BaseException:
                for one in held:
                    one.close()
                raise
            finally:
                self.warm()

    @asynccontextmanager
    async def _turn(self, who: tuple[str, str]) -> AsyncIterator[None]:
        if self._asking[who] > _WAITING:
            raise Refused(
                "too_many_checks",
                Text(en="Several of your checks wait already.", nl="Er wachten al meer controles van u."),
                Text(en="Wait until one is done, or stop it.", nl="Wacht tot er een klaar is, of stop er een."),
            )
        self._asking[who] += 1
        lock = self._persons.setdefault(who, asyncio.Lock())
        try:
            async with lock, self._slots:
                yield
        finally:
            self._asking[who] -= 1
            if not self._asking[who]:
                del self._asking[who]
                self._persons.pop(who, None)

    async def _collect(self, roots: WorkspaceRoots, paths: Sequence[str]) -> tuple[Collected, ...]:
        copying = asyncio.ensure_future(asyncio.to_thread(collect, roots, paths, self._folder))
        try:
            return await asyncio.shield(copying)
        except asyncio.CancelledError:
            copying.add_done_callback(_dropped)
            raise

    # ---------------------------------------------------------------------------------------------- processes

    async def _launch(self) -> _Child:
        ours, theirs = socket.socketpair()
        python = (sys.executable, "-I", "-X", "frozen_modules=on", "-c", self._bootstrap, str(theirs.fileno()), _PACKAGE_PARENT)
        wrapped = None
        try:
            # opening what the sandbox shows is quick, but finding bubblewrap may start it once
            wrapped = await asyncio.to_thread(self._wrap, python, (theirs.fileno(),))
            process = await wrapped.launch()
        except BaseException as error:
            ours.close()
            if isinstance(error, OSError):
                raise _not_started() from error
            raise
        finally:
            if wrapped is not None:
                wrapped.close()
            theirs.close()
        child = _Child(process, FrameStream(ours, max_header=MAX_HEADER), asyncio.create_task(_drained(process)))
        try:
            frame = await asyncio.wait_for(child.stream.read(), START_SECONDS)
            if frame is None or frame.header.get("type") != "ready":
                raise ProtocolError("not ready")
        except (TimeoutError, ProtocolError) as error:
            await child.end()
            raise _not_started() from error
        except BaseException:
            await child.end()
            raise
        return child

    async def _child(self) -> _Child:
        spare, self._spare = self._spare, None
        if spare is not None:
            with contextlib.suppress(CbsError):
                child = await spare
                if child.alive:
                    return child
                await child.end()
        return await self._launch()

    async def _once(
        self,
        collected: Sequence[Collected],
        request: dict[str, Any],
        limits: QueryLimits,
        deadline: float,
        kept: tuple[Evidence, Outputs],
        progress: Progress | None,
    ) -> tuple[PrecheckReport, tuple[FileContent, ...]]:
        child = await self._child()
        self.warm()
        answers = Answers(collected, self._folder)
        # wall time: a process that sleeps is as much in the way as one that computes
        limit = min(deadline, time.monotonic() + limits.check_file_seconds)
        try:
            for one in collected:
                await child.stream.write(_file_frame(one))
            await child.stream.write(Frame({"type": "job", **request}))
            while answers.done is None:
                frame = await asyncio.wait_for(child.stream.read(), max(0.0, limit - time.monotonic()))
                if frame is None:
                    raise _Fallen(answers.at, slow=False)
                frame.close()
                if frame.header.get("type") == "lookup":
                    await self._look_up(child, frame.header.get("of"), answers.keys(frame), kept)
                elif answers.take(frame):
                    limit = min(deadline, time.monotonic() + limits.check_file_seconds)
                    if progress is not None:
                        await progress(answers.fraction)
            report = answers.report()
            return report, answers.deliveries(report) if request["deliver"] else ()
        except TimeoutError as error:
            if time.monotonic() >= deadline:
                raise _timed_out(limits.check_seconds) from error
            raise _Fallen(answers.at, slow=True) from error
        except ConnectionError as error:
            raise _Fallen(answers.at, slow=False) from error
        except (ProtocolError, ValidationError, ValueError, KeyError, TypeError, IndexError) as error:
            log.warning("a check answered what it may not: %s", type(error).__name__)
            raise _failed(type(error).__name__) from error
        finally:
            answers.close()
            await asyncio.shield(asyncio.ensure_future(child.end()))

    async def _look_up(self, child: _Child, of: object, keys: Collection[str], kept: tuple[Evidence, Outputs]) -> None:
        evidence, outputs = kept
        messages: list[tuple[dict[str, Any], bytes]]
        if of == "outputs":
            found = await asyncio.to_thread(outputs, keys)
            messages = [({"type": "output"}, one.model_dump_json().encode()) for one in found]
        else:
            tables = await asyncio.to_thread(evidence, keys)
            messages = [({"type": "table", "meta": meta.model_dump(mode="json")}, frame) for meta, frame in tables]
        for header, content in messages:
            if len(content) <= INLINE:
                await child.stream.write(Frame(header, payload=content))
            else:
                with write_sealed("evidence") as memory:
                    memory.file.write(content)
                    await child.stream.write(Frame(header, fds=[memory.seal()]))
        await child.stream.write(Frame({"type": "end"}))


# ----------------------------------------------------------------------------------------------------------- helpers


def _file_frame(one: Collected) -> Frame:
    content = one.content
    header: dict[str, Any] = {"type": "file", "path": one.path, "bytes": one.bytes}
    if content is None:
        return Frame({**header, "finding": None if one.finding is None else one.finding.model_dump(mode="json")})
    header |= {"name": content.name, "size": content.size}
    if content.data is not None:
        return Frame({**header, "inline": True}, payload=content.data)
    if content.fd is None:
        raise ValueError("a copy without bytes")
    return Frame({**header, "inline": False}, fds=[os.open(f"/proc/self/fd/{content.fd}", os.O_RDONLY | os.O_CLOEXEC)])


def _without(collected: Sequence[Collected], fall: _Fallen, limits: QueryLimits, rest: bool) -> tuple[Collected, ...]:
    """Refuse the file that a process did not survive; with ``rest`` those after it too, which nobody has looked into."""
    if fall.at is None:
        raise _failed("it ended before the first file")
    return tuple(
        Collected(one.path, None, _unsurvived(fall.slow, limits) if number == fall.at else _unseen(), one.bytes)
        if one.content is not None and (number == fall.at or (rest and number > fall.at))
        else one
        for number, one in enumerate(collected)
    )


def _unsurvived(slow: bool, limits: QueryLimits) -> Finding:
    seconds, size = f"{limits.check_file_seconds:g}", f"{limits.check_memory_bytes / 2**30:g}"
    if slow:
        text = Text(
            en=f"Checking this file took longer than {seconds} seconds and was stopped.",
            nl=f"De controle van dit bestand duurde langer dan {seconds} seconden en is gestopt.",
        )
    else:
        text = Text(
            en=f"This file could not be looked into: reading it needs more than {size} GB of memory, or it is made to break what reads it.",
            nl=f"In dit bestand kon niet worden gekeken: het lezen kost meer dan {size} GB geheugen, of het is gemaakt om te breken wat het leest.",
        )
    remedy = Text(en="Save the results anew as a small csv file.", nl="Bewaar de resultaten opnieuw als klein csv-bestand.")
    return Finding(rule=Rule.UNREADABLE, status=Status.REFUSED, text=text, remedy=remedy)


def _unseen() -> Finding:
    return Finding(
        rule=Rule.UNREADABLE,
        status=Status.REFUSED,
        text=Text(
            en="Nobody looked into this file: too many files before it could not be read.",
            nl="In dit bestand is niet gekeken: te veel bestanden ervoor waren niet te lezen.",
        ),
        remedy=Text(en="Leave those out and check again.", nl="Laat die weg en controleer opnieuw."),
    )


async def _drained(process: Process) -> None:
    """Read what a process prints, which may be anything, and keep none of it."""
    while process.stderr is not None and await process.stderr.read(65_536):
        pass


def _noted(task: asyncio.Task[_Child]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("no process waits for the next check: %s", error)


def _dropped(copying: asyncio.Future[tuple[Collected, ...]]) -> None:
    if not copying.cancelled() and copying.exception() is None:
        for one in copying.result():
            one.close()


def _not_started() -> Unavailable:
    return Unavailable(
        "check_start",
        Text(en="The check of files does not start.", nl="De controle van bestanden start niet."),
        Text(en="Try again; if it happens again, tell the administrator.", nl="Probeer het opnieuw; blijft het zo, meld het dan aan de beheerder."),
    )


def _timed_out(seconds: float) -> TimedOut:
    return TimedOut(
        "check_timeout",
        Text(
            en=f"Checking these files took longer than {seconds:g} seconds and was stopped.",
            nl=f"De controle van deze bestanden duurde langer dan {seconds:g} seconden en is gestopt.",
        ),
        Text(en="Check fewer or smaller files at a time.", nl="Controleer minder of kleinere bestanden tegelijk."),
    )


def _failed(why: str) -> Internal:
    log.warning("a check failed: %s", why)
    return Internal(
        "check_failed",
        Text(
            en="The check of these files failed; nothing is known of them.", nl="De controle van deze bestanden is mislukt; er is niets van bekend."
        ),
        Text(en="Check the files one by one to find the one that causes it.", nl="Controleer de bestanden één voor één om te zien welk het is."),
    )
