"""The session protocol from the kernel's side: blocking, thread-safe, interruptible.

A :class:`Session` keeps a few connections to the session's own socket and lends one to each call, so threads (the
export panel, the reader's own) never wait for each other's queries. A connection carries one request at a time.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..domain.errors import Cancelled, CbsError, ErrorBody, Internal, Unavailable
from ..domain.text import Language, Text
from ..protocol import Frame, FrameDecoder, ProtocolError, send_frame
from ..protocol.frames import receive
from ..system.waiting import becomes_readable
from .errors import readable, stopped
from .interrupt import InterruptNote

Progress = Callable[["float | None", int, float], None]
"""Told the share done (0…1, None when unknown), the rows so far and the seconds since the call."""

HANDSHAKE_SECONDS = 10.0
SEND_SECONDS = 60.0
CANCEL_SECONDS = 10.0
"""How long a cancelled request may take to end before its connection is dropped."""
FIRST_TICK = 1.0
TICK = 0.5
_IDLE = 4


@dataclass
class Reply:
    """What came back: the answer, its payload, and descriptors of sealed memory with their sizes in bytes."""

    answer: dict[str, Any]
    payload: bytes = b""
    chunks: list[tuple[int, int]] = field(default_factory=list)

    def close(self) -> None:
        """Close descriptors nobody took."""
        for fd, _ in self.chunks:
            os.close(fd)
        self.chunks.clear()


def broker_gone() -> Unavailable:
    """Give the error for a broker that does not answer."""
    return Unavailable(
        "broker_down",
        Text(
            en="The broker, which holds the data, does not answer. Your variables and files are untouched.",
            nl="De broker, die de data beheert, antwoordt niet. Uw variabelen en bestanden zijn ongedeerd.",
        ),
        Text(
            en="Run the cell again in a moment: the connection is restored by itself. If it lasts, tell the administrator.",
            nl="Voer de cel zo dadelijk opnieuw uit: de verbinding herstelt zich vanzelf. Blijft dit zo, meld het dan de beheerder.",
        ),
    )


def no_session() -> Unavailable:
    """Give the error for a kernel outside a workspace."""
    return Unavailable(
        "no_session",
        Text(
            en="This Python has no session with the broker, so it cannot reach the data.",
            nl="Deze Python heeft geen sessie met de broker en kan dus niet bij de data.",
        ),
        Text(
            en="Open the notebook in the CBS workspace and choose the kernel 'Python (CBS)'.",
            nl="Open het notebook in de CBS-werkomgeving en kies de kernel 'Python (CBS)'.",
        ),
    )


def protocol_broken() -> Internal:
    """Give the error for a peer that does not speak the protocol."""
    return Internal(
        "protocol",
        Text(en="The broker gave an answer this client does not understand.", nl="De broker gaf een antwoord dat deze client niet begrijpt."),
        Text(
            en="Restart the kernel; if it happens again, tell the administrator.",
            nl="Herstart de kernel; gebeurt het weer, meld het dan de beheerder.",
        ),
    )


class Connection:
    """One connection of the session protocol; carries one request at a time.

    Parameters
    ----------
    path : str
        Path of the session's socket.
    lang : {'en', 'nl'}
        Language of the broker's texts.
    events : bool
        Make it an event stream, on which the broker only sends.

    Raises
    ------
    Unavailable
        If nobody listens there.
    CbsError
        What the broker answers instead of a welcome.
    """

    def __init__(self, path: str, lang: Language, *, events: bool = False) -> None:
        self._decoder = FrameDecoder()
        self._pending: deque[Frame] = deque()
        self._next_id = 0
        self._sock = _connect(path)
        try:
            self._send({"hello": {"protocol": 1, "lang": lang, "events": events}})
            welcome = self._read(time.monotonic() + HANDSHAKE_SECONDS)
        except BaseException:
            self.close()
            raise
        if welcome is None:
            self.close()
            raise broker_gone()
        welcome.close()
        if welcome.header.get("type") == "error":
            self.close()
            raise _typed(welcome.header)
        if welcome.header.get("type") != "welcome":
            self.close()
            raise protocol_broken()
        self.principal: dict[str, Any] = welcome.header.get("principal") or {}
        self.session = str(welcome.header.get("session", ""))

    @property
    def usable(self) -> bool:
        """Whether an idle connection is still good: open, and nothing unasked-for has come in."""
        if self._sock.fileno() < 0 or self._pending:
            return False
        return not becomes_readable(self._sock.fileno(), 0)

    def close(self) -> None:
        """Close the connection; the broker stops what runs on it."""
        self._decoder.close()
        for frame in self._pending:
            frame.close()
        self._pending.clear()
        self._sock.close()

    def abort(self) -> None:
        """Wake whoever waits on this connection, from another thread."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def next_event(self) -> dict[str, Any] | None:
        """Wait for the next event of an event stream; None when the broker is gone."""
        while (frame := self._read(None)) is not None:
            frame.close()
            if frame.header.get("type") == "event" and isinstance(frame.header.get("event"), dict):
                event: dict[str, Any] = frame.header["event"]
                return event
        return None

    def request(self, op: str, args: Mapping[str, Any], note: InterruptNote, progress: Progress | None = None) -> Reply:
        """Ask and wait for the end.

        An interrupt sends a cancel frame and waits on; a second one, or a broker that does not end the request, closes the
        connection.

        Raises
        ------
        KeyboardInterrupt
            After an interrupt, whatever the request's end was.
        CbsError
            The broker's typed error; `Unavailable` when it vanished.
        """
        self._next_id += 1
        target = self._next_id
        started = time.monotonic()
        self._send({"id": target, "op": op, "args": dict(args)})
        reply = Reply({})
        tick = started + FIRST_TICK
        patience: float | None = None
        handled = 0
        try:
            while True:
                if note.count > handled:
                    note.drain()
                    if handled:
                        raise KeyboardInterrupt
                    handled = note.count
                    self._next_id += 1
                    self._send({"id": self._next_id, "op": "cancel", "args": {"target": target}})
                    patience = time.monotonic() + CANCEL_SECONDS
                now = time.monotonic()
                if patience is not None and now >= patience:
                    raise KeyboardInterrupt
                if progress is not None and now >= tick:
                    progress = _tell(progress, None, -1, now - started)
                    tick = now + TICK
                deadline = min((t for t in (patience, tick if progress else None) if t is not None), default=None)
                if not self._pending and not self._wait(deadline, note):
                    continue
                frame = self._take()
                if frame is None:
                    if handled:
                        raise KeyboardInterrupt
                    raise broker_gone()
                header = frame.header
                if header.get("id") != target:
                    frame.close()  # the end of a request that was given up
                    continue
                kind = header.get("type")
                if kind == "progress":
                    frame.close()
                    if progress is not None and now - started >= FIRST_TICK:
                        progress = _tell(progress, header.get("fraction"), int(header.get("rows") or 0), now - started)
                        tick = now + TICK
                elif kind == "chunk":
                    _take_chunks(frame, reply)
                elif kind == "answer":
                    _take_chunks(frame, reply)
                    if handled:
                        raise KeyboardInterrupt
                    reply.answer, reply.payload = header.get("answer") or {}, bytes(frame.payload)
                    return reply
                elif kind == "error":
                    frame.close()
                    error = _typed(header)
                    if handled:
                        raise KeyboardInterrupt from (None if isinstance(error, Cancelled) else error)
                    raise error
                else:
                    frame.close()
                    raise protocol_broken()
        except KeyboardInterrupt:
            reply.close()
            if patience is not None and (note.count > handled or time.monotonic() >= patience):
                self.close()
            raise
        except BaseException:
            reply.close()
            raise

    def _send(self, header: dict[str, Any]) -> None:
        try:
            self._sock.settimeout(SEND_SECONDS)
            send_frame(self._sock, Frame(header))
        except OSError as error:
            self.close()
            raise broker_gone() from error

    def _wait(self, deadline: float | None, note: InterruptNote | None) -> bool:
        """Wait until the peer sends something; False on an interrupt or at the deadline."""
        poller = select.poll()
        poller.register(self._sock, select.POLLIN)
        if note is not None and note.fd is not None:
            poller.register(note.fd, select.POLLIN)
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000 + 1
        ready = {fd for fd, _ in poller.poll(timeout)}
        return self._sock.fileno() in ready and (note is None or note.fd not in ready)

    def _take(self) -> Frame | None:
        """Give the next frame; reads once, and again only while the frame is incomplete."""
        try:
            while not self._pending:
                data, fds = receive(self._sock)
                if not data:
                    self.close()
                    return None
                self._pending.extend(self._decoder.feed(data, fds))
        except ProtocolError as error:
            self.close()
            raise protocol_broken() from error
        except OSError:
            self.close()
            return None
        return self._pending.popleft()

    def _read(self, deadline: float | None) -> Frame | None:
        while not self._pending:
            if not self._wait(deadline, None):
                if deadline is not None and time.monotonic() >= deadline:
                    return None
                continue
            break
        return self._take()


class Session:
    """The kernel's session with its broker.

    Parameters
    ----------
    path : str
        Path of the session's socket, from the environment variable ``CBS_SESSION``.
    lang : {'en', 'nl'}
        Language of texts.
    """

    def __init__(self, path: str, lang: Language) -> None:
        self.path = path
        self.lang: Language = lang
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def call(
        self,
        op: str,
        args: Mapping[str, Any] | None = None,
        *,
        progress: Progress | None = None,
        source: str | None = None,
        note: InterruptNote | None = None,
    ) -> Reply:
        """Ask the broker and wait for the end.

        Parameters
        ----------
        op : str
            Name of the operation (:data:`jupyter_cbs.domain.gateway.OPERATIONS`).
        args : mapping
            Fields of its request.
        progress : callable, optional
            Told about anything that takes over a second.
        source : str, optional
            The text an error's position points into.
        note : InterruptNote, optional
            By which another thread can interrupt the wait.

        Raises
        ------
        KeyboardInterrupt
            When interrupted; the request has ended by then.
        CbsError
            Typed, readable in the session's language.
        """
        try:
            with note or InterruptNote() as note:
                connection = self._lend()
                try:
                    return connection.request(op, args or {}, note, progress)
                finally:
                    self._give_back(connection)
        except CbsError as error:
            raise readable(error, self.lang, source) from None
        except KeyboardInterrupt as interrupt:
            raise stopped(interrupt, self.lang) from None

    def welcome(self) -> tuple[dict[str, Any], str]:
        """Connect, and give the principal and the session's id as the broker knows them."""
        try:
            with InterruptNote() as note:
                connection = self._lend()
                self._give_back(connection)
            if note.count:
                raise KeyboardInterrupt
            return connection.principal, connection.session
        except CbsError as error:
            raise readable(error, self.lang) from None

    def events(self) -> Connection:
        """Open an event stream; the caller owns it."""
        return Connection(self.path, self.lang, events=True)

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _lend(self) -> Connection:
        with self._lock:
            if self._pid != os.getpid():
                # a forked child must not write on its parent's connections; closing its copies does not disturb the parent
                for connection in self._idle:
                    connection.close()
                self._idle, self._pid = [], os.getpid()
            while self._idle:
                connection = self._idle.pop()
                if connection.usable:
                    return connection
                connection.close()
        return Connection(self.path, self.lang)

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if connection.usable and len(self._idle) < _IDLE:
                self._idle.append(connection)
                return
        connection.close()


def _connect(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        sock.settimeout(HANDSHAKE_SECONDS)
        folder = os.open(Path(path).parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # by way of the folder's descriptor, because a socket's address holds at most 107 bytes
            sock.connect(f"/proc/self/fd/{folder}/{Path(path).name}")
        finally:
            os.close(folder)
    except OSError as error:
        sock.close()
        raise broker_gone() from error
    return sock


def _typed(header: dict[str, Any]) -> CbsError:
    try:
        return CbsError.from_body(ErrorBody.model_validate(header.get("error")))
    except ValueError:
        return protocol_broken()


def _take_chunks(frame: Frame, reply: Reply) -> None:
    sizes = frame.header.get("sizes") or []
    if len(sizes) != len(frame.fds) or not all(isinstance(size, int) and size > 0 for size in sizes):
        frame.close()
        raise protocol_broken()
    reply.chunks += zip(frame.fds, sizes, strict=True)
    frame.fds = []


def _tell(progress: Progress, fraction: float | None, rows: int, elapsed: float) -> Progress | None:
    """Tell about progress; a display that fails is left alone, the query goes on."""
    try:
        progress(fraction, rows, elapsed)
    except Exception:
        return None
    return progress
