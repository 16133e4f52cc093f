"""Frames over a non-blocking Unix socket inside an asyncio loop."""

from __future__ import annotations

import array
import asyncio
import socket
from collections import deque

from .frames import MAX_HEADER, MAX_PAYLOAD, Frame, FrameDecoder, ProtocolError, encode, receive


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class FrameStream:
    """One connection of the session protocol on the broker's side.

    Reading and writing wait for the socket itself, so a slow peer holds up only its own connection. Writes are
    in order; a frame's descriptors are closed once they are sent.

    Parameters
    ----------
    sock : socket.socket
        Connected Unix stream socket; the stream owns it.
    write_timeout : float
        Seconds without any progress after which a peer that does not read is cut off.
    max_header, max_payload : int
        Bounds in bytes of what the peer may send.
    """

    def __init__(self, sock: socket.socket, write_timeout: float = 60.0, max_header: int = MAX_HEADER, max_payload: int = MAX_PAYLOAD) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._decoder = FrameDecoder(max_header, max_payload)
        self._pending: deque[Frame] = deque()
        self._write_lock = asyncio.Lock()
        self._write_timeout = write_timeout
        self._closed = False
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return self._closed

    async def read(self) -> Frame | None:
        """Give the next frame; None when the peer closed the connection.

        Raises
        ------
        ProtocolError
            If the peer breaks the protocol.
        """
        while not self._pending:
            if self._closed:
                return None
            try:
                data, fds = receive(self._sock)
            except BlockingIOError:
                await self._wait(readable=True)
                continue
            except OSError:
                return None
            if not data:
                return None
            self._pending.extend(self._decoder.feed(data, fds))
        return self._pending.popleft()

    async def write(self, frame: Frame) -> None:
        """Send a frame and close its descriptors.

        Raises
        ------
        ConnectionError
            If the peer is gone or does not read.
        ProtocolError
            If the frame exceeds the limits.
        """
        try:
            data = memoryview(encode(frame))
            async with self._write_lock:
                await self._send(data, frame.fds)
        finally:
            frame.close()

    async def _send(self, data: memoryview, fds: list[int]) -> None:
        while data:
            if self._closed:
                raise ConnectionResetError("connection closed")
            try:
                if fds:
                    sent = self._sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
                    fds = []
                else:
                    sent = self._sock.send(data)
                data = data[sent:]
            except BlockingIOError:
                try:
                    await asyncio.wait_for(self._wait(readable=False), self._write_timeout)
                except TimeoutError as error:
                    self.close()
                    raise ConnectionAbortedError("peer does not read") from error

    async def _wait(self, *, readable: bool) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        add, remove = (self._loop.add_reader, self._loop.remove_reader) if readable else (self._loop.add_writer, self._loop.remove_writer)
        fd = self._sock.fileno()
        if fd < 0:
            return
        add(fd, _wake, ready)
        self._waiters.add(ready)
        try:
            await ready
        finally:
            self._waiters.discard(ready)
            if self._sock.fileno() == fd:
                remove(fd)

    def close(self) -> None:
        """Close the connection and drop what was not read; whoever waits on it wakes up."""
        if self._closed:
            return
        self._closed = True
        fd = self._sock.fileno()
        self._loop.remove_reader(fd)
        self._loop.remove_writer(fd)
        for waiter in list(self._waiters):
            _wake(waiter)
        self._decoder.close()
        for frame in self._pending:
            frame.close()
        self._pending.clear()
        self._sock.close()


__all__ = ["FrameStream", "ProtocolError"]
