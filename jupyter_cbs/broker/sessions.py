"""Kernel sessions: one listening socket is one kernel is one person in one project."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import time
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ..domain.errors import Cancelled, CbsError, Refused, Unavailable
from ..domain.gateway import Hello
from ..domain.project import Action, Principal
from ..domain.rules import QueryLimits
from ..domain.text import Language, Text
from ..policy.permissions import can
from ..protocol.frames import Frame, ProtocolError
from ..protocol.stream import FrameStream
from ..query.engine import Worker, Wrapped, was_closed
from ..sandbox import profiles
from . import peers
from .calls import dispatch, mistake
from .owners import group_of

if TYPE_CHECKING:
    from .authority import Authority

log = logging.getLogger(__name__)

_MAX_SESSIONS_PER_PERSON = 8
_MAX_CONNECTIONS = 8
_MAX_IN_LINE = 64
_LINE_SECONDS = 5.0
_MAX_REQUESTS = 16
_MAX_REQUEST = 4 * 2**20  # bytes; what a notebook declares of a model or figure fits
_FRAME_SECONDS = 30.0
_HELLO_SECONDS = 10.0
_ABANDONED_SECONDS = 60.0


_SPILL_PER_MEMORY = 8
_SPILL_SHARE = 0.9
_NAMED = 3  # data sets that a message names; the others are counted


class SpillRoom:
    """Shares the disk among the query engines: what they are promised together is never more than there was.

    Parameters
    ----------
    folder : Path
        Where they write what does not fit in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._promised: dict[str, int] = {}

    def reserve(self, session: str, wanted: int) -> int:
        """Promise a session room, half of what is left at most; give its bytes.

        What others wrote already counts twice, as promised and as no longer free: too little is promised then, never too much.
        """
        self.release(session)
        place = os.statvfs(self._folder)
        left = int(place.f_bavail * place.f_frsize * _SPILL_SHARE) - sum(self._promised.values())
        self._promised[session] = max(0, min(wanted, left // 2))
        return self._promised[session]

    def release(self, session: str) -> None:
        """Take a promise back; without one this does nothing."""
        self._promised.pop(session, None)


class Exchange:
    """One request of a kernel and the frames that answer it.

    Parameters
    ----------
    session, stream, id
        Where it came from and the number the kernel gave it.
    """

    def __init__(self, session: KernelSession, stream: FrameStream, number: int) -> None:
        self.session = session
        self.number = number
        self._stream = stream
        self.payload: bytes | memoryview = b""
        """Bytes that go with the answer."""

    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        """Pass sealed memory on to the kernel; the descriptors are closed here."""
        await self._stream.write(Frame({"id": self.number, "type": "chunk", "sizes": sizes}, fds=fds))

    async def progress(self, fraction: float | None, rows: int) -> None:
        """Tell how far a query is."""
        await self._stream.write(Frame({"id": self.number, "type": "progress", "fraction": fraction, "rows": rows}))


class KernelSession:
    """The socket, the connections and the worker of one kernel.

    Parameters
    ----------
    authority : Authority
    id : str
        32 hexadecimal digits.
    kernel_id : str
        The kernel's id at its workspace server.
    user, project : str
        Whose kernel it is. Everything a kernel claims of itself is ignored.
    """

    def __init__(self, authority: Authority, id: str, kernel_id: str, user: str, project: str) -> None:
        self.authority = authority
        self.id = id
        self.kernel_id = kernel_id
        self.user = user
        self.project = project
        self.last_seen = time.monotonic()
        self._worker: Worker | None = None
        self._closed = False
        self._views: Mapping[str, Path] = {}
        self._files: Mapping[Path, tuple[int, int]] = {}
        self._worker_lock = asyncio.Lock()
        self.query_lock = asyncio.Lock()
        self._connections: set[asyncio.Task[None]] = set()
        self._requests: dict[tuple[FrameStream, int], asyncio.Task[None]] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None

    @property
    def socket_path(self) -> Path:
        """Where the kernel connects."""
        return self.authority.deployment.session_socket(self.id)

    @property
    def connected(self) -> bool:
        """Whether the kernel holds a connection."""
        return bool(self._connections)

    def listen(self) -> None:
        """Open the session's socket."""
        group = group_of(self.authority.deployment.personal(self.project, self.user))
        folder = self.socket_path.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        if group is not None:
            # who may connect is who the personal area was prepared for
            os.chown(folder, -1, group)
            os.chmod(folder, 0o710)  # noqa: S103  the person's processes pass through and cannot list it
        with contextlib.suppress(FileNotFoundError):
            self.socket_path.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        listener.bind(str(self.socket_path))
        os.chmod(self.socket_path, 0o600 if group is None else 0o660)
        if group is not None:
            os.chown(self.socket_path, -1, group)
        listener.listen(_MAX_IN_LINE)
        self._listener = listener
        self._accepting = asyncio.create_task(self._accept(listener))

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        personal = self.authority.deployment.personal(self.project, self.user)
        while True:
            connection, _ = await loop.sock_accept(listener)
            if not peers.admits(connection, personal):
                connection.close()
                continue
            stream = FrameStream(connection, max_header=_MAX_REQUEST, frame_timeout=_FRAME_SECONDS)
            try:
                if len(self._connections) >= _MAX_CONNECTIONS:
                    # those closed a moment ago still count, so it waits a little; the kernel's others stand in line behind it
                    await asyncio.wait(self._connections, timeout=_LINE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if len(self._connections) >= _MAX_CONNECTIONS:
                    await _turn_away(stream)
                    continue
            except BaseException:
                stream.close()
                raise
            task = asyncio.create_task(self._serve(stream))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def worker(self) -> Worker:
        """Give the session's worker with the files granted at this moment; it starts when there is none.

        Raises
        ------
        Unavailable
            ``session_closed`` when the session is over: a worker that starts then would have nobody to end it.
        """
        async with self._worker_lock:
            if self._closed:
                raise was_closed()
            granted = self.authority.scope(self.project).views()
            if self._worker is not None and self.authority.narrow.places(granted) != self._views:
                await self._worker.close()
                self._worker = None
            if self._worker is None:
                # what is revoked meanwhile ends the worker as soon as it has started: grants_changed waits for it
                views = await asyncio.to_thread(self.authority.narrow.files, granted)
                limits = self.authority.policies.current.project(self.project).limits
                self._files = _identities(views)
                self._worker = await self._start_worker(views, limits)
                self._views = views
            return self._worker

    async def _start_worker(self, views: Mapping[str, Path], limits: QueryLimits) -> Worker:
        """Start a worker that sees the granted files and nothing else.

        Raises
        ------
        Unavailable
            ``walls_missing`` when it cannot be shut in.
        """
        deployment, launcher = self.authority.deployment, self.authority.launcher
        room = self.authority.sessions.spill.reserve(self.id, _SPILL_PER_MEMORY * limits.memory_bytes)
        spill = deployment.spill / self.id
        if self.authority.walls.unsandboxed or launcher is None:
            spill.mkdir(mode=0o700, exist_ok=True)
        if self.authority.walls.unsandboxed:
            return await Worker.start(views, limits, spill, spill_bytes=room)
        await asyncio.to_thread(self.authority.walls.check)
        hidden = (deployment.state, deployment.policies, deployment.storage)
        # where a launcher starts it, it puts the engine's own folder in the place of this one
        shown = spill if launcher is None else deployment.spill
        sandbox, inside, inner_spill = profiles.worker(views, shown, limits=profiles.worker_limits(limits.memory_bytes), hidden=hidden)

        def wrap(argv: Sequence[str], fds: Sequence[int]) -> Wrapped:
            prepared = sandbox.prepare(argv, fds, watch=False)
            return prepared if launcher is None else launcher.engine(prepared)

        return await Worker.start(inside, limits, inner_spill, wrap=wrap, spill_bytes=room)

    async def grants_changed(self) -> None:
        """End the worker when a file it sees is no longer granted, or is another one by now, also in the middle of a query.

        What was granted besides waits for the next query: nobody loses one by being given more.
        """
        async with self._worker_lock:  # a worker that just started with the new files stays
            if self._worker is None:
                return
            try:
                views: Mapping[str, Path] = self.authority.narrow.places(self.authority.scope(self.project).views())
            except CbsError:
                views = {}
            files = _identities(self._views)
            changed = {name: path for name, path in self._views.items() if views.get(name) != path or files.get(path) != self._files.get(path)}
            withdrawn = {name: path for name, path in changed.items() if name not in views}
            if changed:
                await self._worker.close(_withdrawn(withdrawn) if withdrawn else _changed(changed))
                self._worker = None

    async def _serve(self, stream: FrameStream) -> None:
        try:
            hello = await asyncio.wait_for(self._hello(stream), _HELLO_SECONDS)
            if hello is None:
                return
            if hello.events:
                await self._push_events(stream, hello.lang)
            else:
                await self._answer_requests(stream, hello.lang)
        except (ProtocolError, ConnectionError, TimeoutError, ValidationError) as error:
            log.info("session %s: connection closed: %s", self.id, error)
        finally:
            for key, task in list(self._requests.items()):
                if key[0] is stream:
                    task.cancel()
            stream.close()
            self.last_seen = time.monotonic()

    async def _hello(self, stream: FrameStream) -> Hello | None:
        frame = await stream.read()
        if frame is None:
            return None
        frame.close()
        hello = Hello.model_validate(frame.header.get("hello"))
        principal = self.authority.policies.current.principal(self.project, self.user)
        await stream.write(Frame({"type": "welcome", "principal": principal.model_dump(mode="json"), "session": self.id}))
        return hello

    async def _push_events(self, stream: FrameStream, lang: Language) -> None:
        subscription = self.authority.hub.subscribe(self.authority.policies.current.principal(self.project, self.user))
        gone = asyncio.create_task(stream.read())
        try:
            while True:
                waiting = asyncio.create_task(subscription.queue.get())
                await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    waiting.cancel()
                    return
                event = waiting.result()
                if event is None:
                    return
                await stream.write(Frame({"type": "event", "event": event.model_dump(mode="json", context={"lang": lang})}))
        finally:
            gone.cancel()
            self.authority.hub.unsubscribe(subscription)

    async def _answer_requests(self, stream: FrameStream, lang: Language) -> None:
        while (frame := await stream.read()) is not None:
            frame.close()  # a kernel has no business passing descriptors
            number, name, args = frame.header.get("id"), frame.header.get("op"), frame.header.get("args", {})
            if type(number) is not int or not isinstance(name, str) or not isinstance(args, dict):
                raise ProtocolError("not a request")
            if name == "cancel":
                await self._cancel(stream, args.get("target"))
                continue
            key = (stream, number)
            if key in self._requests or sum(1 for k in self._requests if k[0] is stream) >= _MAX_REQUESTS:
                raise ProtocolError("too many requests at once")
            exchange = Exchange(self, stream, number)
            task = asyncio.create_task(self._answer(exchange, stream, name, args, lang))
            self._requests[key] = task
            task.add_done_callback(partial(self._done, stream, number, lang))

    def _done(self, stream: FrameStream, number: int, lang: Language, task: asyncio.Task[None]) -> None:
        self._requests.pop((stream, number), None)
        if task.cancelled() and not stream.closed:
            # cancelled before its first step, so it could not say so itself
            self._later(self._fail(stream, number, _cancelled(), lang))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _cancel(self, stream: FrameStream, target: object) -> None:
        task = self._requests.get((stream, target)) if isinstance(target, int) else None
        if task is not None:
            task.cancel()

    async def _answer(self, exchange: Exchange, stream: FrameStream, name: str, args: dict[str, Any], lang: Language) -> None:
        number = exchange.number
        try:
            answer = await dispatch(self.authority, self.user, self.project, "session", name, args, lang, exchange)
            header = {"id": number, "type": "answer", "answer": answer.model_dump(mode="json", by_alias=True, context={"lang": lang})}
            await stream.write(Frame(header, payload=exchange.payload))
        except CbsError as error:
            await self._fail(stream, number, error, lang)
        except asyncio.CancelledError:
            if not stream.closed:
                await self._fail(stream, number, _cancelled(), lang)
        except (ConnectionError, ProtocolError) as error:
            log.info("session %s: answer not delivered: %s", self.id, error)
            stream.close()
        except Exception:
            log.exception("session %s: request failed", self.id)
            await self._fail(stream, number, mistake(), lang)

    async def _fail(self, stream: FrameStream, number: int, error: CbsError, lang: Language) -> None:
        with contextlib.suppress(ConnectionError):
            body = error.body().model_dump(mode="json", context={"lang": lang})
            await stream.write(Frame({"id": number, "type": "error", "error": body}))

    async def close(self, keep: bool = False) -> None:
        """End the session: socket, connections, running queries, worker, spilled data; ``keep`` leaves the folder that the kernel sees."""
        self._closed = True
        if self._accepting is not None:
            self._accepting.cancel()
        if self._listener is not None:
            self._listener.close()
        with contextlib.suppress(FileNotFoundError):
            self.socket_path.unlink()
        if not keep:
            with contextlib.suppress(FileNotFoundError):
                self.socket_path.parent.rmdir()
        for task in list(self._connections):
            task.cancel()
        async with self._worker_lock:  # one that is starting ends as soon as it has started
            if self._worker is not None:
                await self._worker.close()
                self._worker = None
        self.authority.sessions.spill.release(self.id)
        spill = self.authority.deployment.spill / self.id
        if spill.exists():
            for path in spill.iterdir():
                path.unlink(missing_ok=True)
            spill.rmdir()


def _identities(views: Mapping[str, Path]) -> Mapping[Path, tuple[int, int]]:
    """Tell which files lie behind some views; a worker sees no more of one that was replaced than its name."""
    found = {}
    for path in set(views.values()):
        with contextlib.suppress(OSError):
            status = os.lstat(path)
            found[path] = (status.st_ino, status.st_mtime_ns)
    return found


def _withdrawn(views: Mapping[str, Path]) -> Refused:
    return Refused(
        "grant_withdrawn",
        Text(
            en=f"The project may no longer read {_listed(views, 'and')}, so the running query was stopped.",
            nl=f"Het project mag {_listed(views, 'en')} niet meer lezen; de lopende query is daarom gestopt.",
        ),
        Text(
            en="ws.catalogue() shows what is left. Run the query again if it needs nothing else.",
            nl="ws.catalogue() toont wat er nog is. Voer de query opnieuw uit als die niets anders nodig heeft.",
        ),
    )


def _changed(views: Mapping[str, Path]) -> Unavailable:
    return Unavailable(
        "data_changed",
        Text(
            en=f"What the project may read of {_listed(views, 'and')}, or the file itself, was changed, so the running query was stopped.",
            nl=f"Wat het project van {_listed(views, 'en')} mag lezen, of het bestand zelf, is gewijzigd; de lopende query is daarom gestopt.",
        ),
        Text(en="Run the query again: it reads what is there now.", nl="Voer de query opnieuw uit: die leest wat er nu is."),
    )


def _listed(views: Mapping[str, Path], last: str) -> str:
    # of several names for one file the first is the data set's
    names = list({path: name for name, path in reversed([*views.items()])}.values())[::-1]
    more = f"{len(names) - _NAMED} {'more' if last == 'and' else 'andere'}"
    shown = [*names[:_NAMED], *([more] if len(names) > _NAMED else [])]
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


async def _turn_away(stream: FrameStream) -> None:
    """Say that there are too many connections, and hang up."""
    error = Unavailable(
        "too_many_connections",
        Text(
            en=f"This notebook already asks {_MAX_CONNECTIONS} things of the workspace at once, which is the most it may.",
            nl=f"Dit notebook vraagt al {_MAX_CONNECTIONS} dingen tegelijk aan de werkomgeving; meer mag niet.",
        ),
        remedy=Text(
            en=f"Use at most {_MAX_CONNECTIONS} threads or processes, or wait until one of them is ready.",
            nl=f"Gebruik hoogstens {_MAX_CONNECTIONS} threads of processen, of wacht tot er een klaar is.",
        ),
    )
    try:
        with contextlib.suppress(ConnectionError):
            await stream.write(Frame({"type": "error", "error": error.body().model_dump(mode="json", context={"lang": Hello().lang})}))
    finally:
        stream.close()


def _cancelled() -> CbsError:
    return Cancelled("cancelled", Text(en="The query was stopped at your request.", nl="De query is op uw verzoek gestopt."))


class Sessions:
    """All kernel sessions of a broker; they outlive a restart of the broker.

    Parameters
    ----------
    authority : Authority
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._sessions: dict[str, KernelSession] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.spill = SpillRoom(authority.deployment.spill if authority.launcher is None else authority.deployment.engine_spill)
        authority.on_policies.append(self._grants_changed)

    @property
    def _file(self) -> Path:
        return self._authority.deployment.run / "sessions.json"

    def restore(self) -> None:
        """Listen again for the kernels that ran when the broker stopped."""
        try:
            entries = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return
        for entry in entries:
            session = KernelSession(self._authority, **entry)
            session.listen()
            self._sessions[session.id] = session

    def _keep(self) -> None:
        entries = [{"id": s.id, "kernel_id": s.kernel_id, "user": s.user, "project": s.project} for s in self._sessions.values()]
        temporary = self._file.with_suffix(".tmp")
        temporary.write_text(json.dumps(entries))
        temporary.replace(self._file)

    def open(self, principal: Principal, kernel_id: str) -> KernelSession:
        """Start a session; a kernel that restarts gets a new one.

        Raises
        ------
        Refused
            If the person has too many kernels.
        """
        mine = [s for s in self._sessions.values() if s.user == principal.user and s.project == principal.project]
        for old in mine:
            if old.kernel_id == kernel_id:
                self.close(old.id, principal)
        if len([s for s in mine if s.kernel_id != kernel_id]) >= _MAX_SESSIONS_PER_PERSON:
            raise Refused(
                "too_many_sessions",
                Text(
                    en=f"You have {_MAX_SESSIONS_PER_PERSON} kernels running, the most that one person may have.",
                    nl=f"U hebt {_MAX_SESSIONS_PER_PERSON} kernels draaien, het hoogste aantal per persoon.",
                ),
                Text(en="Shut down a kernel that you do not need.", nl="Sluit een kernel die u niet nodig hebt."),
            )
        session = KernelSession(self._authority, uuid.uuid4().hex, kernel_id, principal.user, principal.project)
        session.listen()
        self._sessions[session.id] = session
        try:
            self._keep()
        except OSError:
            # one that would not survive a restart of the broker is none
            del self._sessions[session.id]
            self._later(session.close())
            raise
        # the first query should not wait for a process to start
        self._later(self._warm(session))
        return session

    async def _warm(self, session: KernelSession) -> None:
        try:
            await session.worker()
        except CbsError as error:
            log.warning("session %s: worker did not start: %s", session.id, error)

    def close(self, id: str, principal: Principal) -> None:
        """End a session of this person; unknown sessions are no error."""
        session = self._sessions.get(id)
        if session is not None and (session.user, session.project) == (principal.user, principal.project):
            self._end(session)

    def _end(self, session: KernelSession) -> None:
        del self._sessions[session.id]
        self._later(session.close())
        try:
            self._keep()
        except OSError as error:
            # kept too long it is found to be abandoned after the next start; a full disk must not keep it running
            log.warning("session %s ended; its file could not be written: %s", session.id, error)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _grants_changed(self) -> None:
        for session in self._sessions.values():
            self._later(session.grants_changed())

    def _permitted(self, session: KernelSession) -> bool:
        """Tell whether the person may have a kernel now; not when they left, have another role, or the project has ended."""
        policies = self._authority.policies.current
        try:
            principal = policies.principal(session.project, session.user)
            return can(policies.project(session.project), principal, Action.OPEN_SESSION, self._authority.now()).allowed
        except CbsError:
            return False

    async def reap(self) -> None:
        """End sessions that are no longer permitted, or whose workspace server and kernel are both gone; runs until cancelled."""
        while True:
            await asyncio.sleep(5.0)
            for session in list(self._sessions.values()):
                if not self._permitted(session):
                    log.info("session %s: its person may have no kernel any more", session.id)
                    self._end(session)
                elif session.connected or self._authority.hub.listening(session.project, session.user):
                    session.last_seen = time.monotonic()
                elif time.monotonic() - session.last_seen > _ABANDONED_SECONDS:
                    log.info("session %s: abandoned", session.id)
                    self._end(session)

    async def stop(self, keep: bool) -> None:
        """Close every session; with ``keep`` they are listened for again at the next start."""
        sessions, self._sessions = list(self._sessions.values()), {}
        if not keep:
            self._file.unlink(missing_ok=True)
        await asyncio.gather(*(session.close(keep) for session in sessions), return_exceptions=True)
        await asyncio.gather(*self._closing, return_exceptions=True)
