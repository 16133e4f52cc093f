"""A peer of the session protocol: a real Unix socket that speaks the documented frames from a script."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from jupyter_cbs.domain.errors import CbsError
from jupyter_cbs.protocol import Frame, FrameDecoder, recv_frame, send_frame

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
PRINCIPAL = {"user": "researcher", "name": "Rosa Onderzoeker", "role": "researcher", "project": "9001"}

Handler = Callable[["Peer", "Line", int, dict[str, Any]], None]


def ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def memfd(data: bytes, *, sealed: bool = True) -> int:
    fd = os.memfd_create("result", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    if sealed:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd


class Line:
    """One accepted connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.cancelled = threading.Event()
        self.hello: dict[str, Any] = {}

    def send(self, header: dict[str, Any], payload: bytes = b"", fds: list[int] | None = None) -> None:
        frame = Frame(header, payload, fds or [])
        send_frame(self.sock, frame)
        frame.close()

    def answer(self, number: int, answer: dict[str, Any], payload: bytes = b"") -> None:
        self.send({"id": number, "type": "answer", "answer": answer}, payload)

    def fail(self, number: int, error: CbsError, lang: str = "en") -> None:
        self.send({"id": number, "type": "error", "error": error.body().model_dump(mode="json", context={"lang": lang})})


class Peer:
    """Answers operations with handlers; each request runs in a thread of its own, so that a cancel frame is read meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.handlers: dict[str, Handler] = {}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.lines: list[Line] = []
        self.changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self.start()

    def start(self) -> None:
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._spawn(self._accept, self._listener)

    def stop(self) -> None:
        """Vanish: no listener, all connections cut."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for line in self.lines:
            line.cancelled.set()
            try:
                line.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(60)
        for line in self.lines:
            line.sock.close()
        self.lines.clear()
        self.path.unlink(missing_ok=True)

    def on(self, op: str, answer: dict[str, Any] | CbsError | Handler) -> None:
        if isinstance(answer, CbsError):
            error = answer
            self.handlers[op] = lambda peer, line, number, args: line.fail(number, error)
        elif isinstance(answer, dict):
            fixed = answer
            self.handlers[op] = lambda peer, line, number, args: line.answer(number, fixed)
        else:
            self.handlers[op] = answer

    def on_rows(self, table: pa.Table, **answer: Any) -> None:
        """Answer ``sql`` with an inline table."""
        columns = [{"name": f.name, "type": str(f.type).upper()} for f in table.schema]
        full = {"rows": table.num_rows, "bytes": table.nbytes, "seconds": 0.01, "columns": columns, "sources": [], **answer}
        payload = ipc(table)
        self.on("sql", lambda peer, line, number, args: line.answer(number, full, payload))

    def seen(self, op: str) -> list[dict[str, Any]]:
        return [args for name, args in self.requests if name == op]

    def wait(self, ready: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(ready, 60)

    def push(self, event: dict[str, Any]) -> None:
        """Send an event on every event stream."""
        for line in self.lines:
            if line.hello.get("events"):
                line.send({"type": "event", "event": event})

    def _spawn(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            line = Line(sock)
            self.lines.append(line)
            self._spawn(self._serve, line)

    def _serve(self, line: Line) -> None:
        decoder, pending = FrameDecoder(), list[Frame]()
        for header in self._frames(line, decoder, pending):
            if "hello" in header:
                line.hello = header["hello"]
                line.send({"type": "welcome", "principal": PRINCIPAL, "session": "s-1"})
            elif header["op"] == "cancel":
                line.cancelled.set()
            with self.changed:
                if "op" in header:
                    self.requests.append((header["op"], header["args"]))
                self.changed.notify_all()
            if "op" in header and header["op"] != "cancel":
                self._spawn(self._handle, line, header)

    def _frames(self, line: Line, decoder: FrameDecoder, pending: list[Frame]) -> Iterator[dict[str, Any]]:
        while True:
            try:
                frame = recv_frame(line.sock, decoder, pending)
            except OSError:
                return
            if frame is None:
                return
            yield frame.header

    def _handle(self, line: Line, header: dict[str, Any]) -> None:
        try:
            self.handlers[header["op"]](self, line, header["id"], header["args"])
        except OSError:
            return
