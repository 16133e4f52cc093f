"""The broker's end of the launcher, which starts query engines and checks of files under accounts that the broker has no power over.

What the launcher is and does: :mod:`jupyter_cbs.sandbox.launcher`. Where there is none, when the broker was not started by root, sandboxes
are started by the broker itself, under its own account.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import signal
import socket
from collections import deque
from collections.abc import Sequence
from itertools import count

from ..sandbox import launcher as said
from ..sandbox import profiles
from ..sandbox.bubblewrap import Prepared
from ..system.processes import Process


class _Launched:
    """A process that the launcher started."""

    def __init__(self, launcher: Launcher, name: int, pid: int, stderr: asyncio.StreamReader) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stderr: asyncio.StreamReader | None = stderr
        self._launcher = launcher
        self._name = name
        self._ended = asyncio.Event()

    def send_signal(self, number: int, /) -> None:
        """Send SIGTERM or SIGKILL."""
        if self.returncode is None:
            self._launcher.signal(self._name, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its end; give its exit code."""
        await self._ended.wait()
        return self.returncode or 0

    def end(self, code: int) -> None:
        """Note that it ended."""
        self.returncode = code
        self._ended.set()


class _Start:
    """A sandbox that the launcher is to start; good for one start."""

    def __init__(self, launcher: Launcher, what: bytes, prepared: Prepared) -> None:
        self._launcher = launcher
        self._what = what
        self._prepared = prepared

    async def launch(self) -> Process:
        """Start it."""
        return await self._launcher.start(self._what, self._prepared)

    def close(self) -> None:
        """Give back what only the start needed."""
        self._prepared.close()


class Launcher:
    """Asks the launcher, and is told by it.

    Parameters
    ----------
    sock : socket.socket
        Our end of the pair; it is owned from here on.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.set_inheritable(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._names = count(1)
        self._asked: dict[int, asyncio.Future[_Launched]] = {}
        self._errors: dict[int, asyncio.StreamReader] = {}
        self._processes: dict[int, _Launched] = {}
        self._waiting: deque[tuple[bytes, list[int]]] = deque()
        self._gone = asyncio.Event()
        self._closed = False
        self._loop.add_reader(sock, self._read)

    def engine(self, prepared: Prepared) -> _Start:
        """Have a query engine started; what it is shown as its folder to spill to is replaced by one of its own."""
        return _Start(self, said.ENGINE, prepared)

    def check(self, prepared: Prepared) -> _Start:
        """Have a check of files started."""
        return _Start(self, said.CHECK, prepared)

    async def lost(self) -> None:
        """Wait until the launcher is gone; all that it started is gone then too.

        Raises
        ------
        RuntimeError
            When that happens; whoever keeps the broker running starts both again.
        """
        await self._gone.wait()
        raise RuntimeError("the launcher of query engines is gone")

    def close(self) -> None:
        """Close our end; the launcher ends what is left and itself."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
            self._sock.close()
            self._lose()

    # ------------------------------------------------------------------------------------------------ starting

    async def start(self, what: bytes, prepared: Prepared) -> Process:
        """Start a process.

        Parameters
        ----------
        what : bytes
            :data:`~jupyter_cbs.sandbox.launcher.ENGINE` or :data:`~jupyter_cbs.sandbox.launcher.CHECK`.
        prepared : Prepared
            Its sandbox; it can be closed afterwards.

        Raises
        ------
        OSError
            When the launcher is gone, or has no number free, or the request is too long.
        """
        if self._closed or self._gone.is_set():
            raise ConnectionError("the launcher of query engines is gone")
        # the launcher itself puts the engine's own folder there
        spill = prepared.places[profiles.SPILL] if what == said.ENGINE else None
        numbers = [fd for fd in prepared.pass_fds if fd != spill]
        request = {"argv": prepared.argv, "environment": prepared.environment, "numbers": numbers, "spill": spill}
        body = json.dumps(request).encode()
        if len(body) + said.HEADER.size > said.MOST_BYTES:
            raise OSError("the request to start a process is too long")
        name = next(self._names)
        reading, writing = os.pipe()
        try:
            self._errors[name] = await self._reader(reading)
            asked: asyncio.Future[_Launched] = self._loop.create_future()
            self._asked[name] = asked
            # all at once: nothing may come between the descriptors and what they are for
            for batch in _batches([writing, *numbers]):
                self._post(said.HEADER.pack(said.FILES, name), batch)
            self._post(said.HEADER.pack(what, name) + body)
            os.close(writing)
            writing = -1
            return await asked
        except asyncio.CancelledError:
            self.signal(name, signal.SIGKILL)
            raise
        finally:
            if writing >= 0:
                os.close(writing)
            self._asked.pop(name, None)
            self._errors.pop(name, None)

    async def _reader(self, fd: int) -> asyncio.StreamReader:
        reader = asyncio.StreamReader()
        await self._loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", buffering=0))
        return reader

    def signal(self, name: int, number: int) -> None:
        """Send a signal to a process; one that ended is no error."""
        with contextlib.suppress(ConnectionError):
            self._post(said.HEADER.pack(said.SIGNAL, name) + bytes([number]))

    def _post(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Send a packet, or keep it with descriptors of our own until there is room."""
        if self._closed:
            return
        if self._waiting or not self._send(data, fds):
            self._waiting.append((data, [os.dup(fd) for fd in fds]))
            self._loop.add_writer(self._sock, self._flush)

    def _send(self, data: bytes, fds: Sequence[int]) -> bool:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            self._sock.sendmsg([data], ancillary)
        except BlockingIOError:
            return False
        return True

    def _flush(self) -> None:
        with contextlib.suppress(ConnectionError):
            while self._waiting:
                if not self._send(*self._waiting[0]):
                    return
                for fd in self._waiting.popleft()[1]:
                    os.close(fd)
        self._loop.remove_writer(self._sock)

    # ------------------------------------------------------------------------------------------------- hearing

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := self._receive():
                what, name = said.HEADER.unpack_from(data)
                (value,) = said.INTEGER.unpack_from(data, said.HEADER.size)
                self._hear(what, name, value)
            self._loop.remove_reader(self._sock)
            self._lose()

    def _receive(self) -> bytes:
        try:
            return self._sock.recv(said.MOST_BYTES)
        except ConnectionError:
            return b""

    def _hear(self, what: bytes, name: int, value: int) -> None:
        asked = self._asked.get(name)
        if what == said.STARTED:
            if asked is None or asked.done():
                return  # who asked was cancelled and had it ended
            process = self._processes[name] = _Launched(self, name, value, self._errors[name])
            asked.set_result(process)
        elif what == said.ENDED:
            if (ended := self._processes.pop(name, None)) is not None:
                ended.end(value)
        elif asked is not None and not asked.done():
            asked.set_exception(OSError("there is no room for one more process"))

    def _lose(self) -> None:
        """Note that everything ended: what the launcher started does not outlive it."""
        self._gone.set()
        for process in self._processes.values():
            process.end(-signal.SIGKILL)
        self._processes.clear()
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionError("the launcher of query engines is gone"))
        while self._waiting:
            for fd in self._waiting.popleft()[1]:
                os.close(fd)


def _batches(fds: Sequence[int]) -> list[Sequence[int]]:
    return [fds[start : start + said.MOST_FDS] for start in range(0, len(fds), said.MOST_FDS)]
