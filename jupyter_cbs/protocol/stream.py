"""Frames over a non-blocking Unix socket inside an asyncio loop."""

from __future__ import annotations

import array
import asyncio
import socket
from collections import deque

from .frames import MAX_HEADER, MAX_PAYLOAD, Frame, FrameDecoder, ProtocolError, encode, receive

_LEAST_RATE = 64 * 2**10
"""Bytes per second that a peer has to read at least."""


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
    frame_timeout : float, optional
        Seconds after which a peer that began a frame and did not end it is cut off; without it there is no bound.
    """

    def __init__(
        self,
        sock: socket.socket,
        write_timeout: float = 60.0,
        max_header: int = MAX_HEADER,
        max_payload: int = MAX_PAYLOAD,
        frame_timeout: float | None = None,
    ) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._decoder = FrameDecoder(max_header, max_payload)
        self._pending: deque[Frame] = deque()
        self._write_lock = asyncio.Lock()
        self._write_timeout = write_timeout
        self._frame_timeout = frame_timeout
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
            If the peer breaks the protocol, or takes too long over a frame.
        """
        begun: float | None = None
        while not self._pending:
            if self._closed:
                return None
            try:
                data, fds = receive(self._sock)
            except BlockingIOError:
                begun = await self._more(begun)
                continue
            except OSError:
                return None
            if not data:
                return None
            self._pending.extend(self._decoder.feed(data, fds))
        return self._pending.popleft()

    async def _more(self, begun: float | None) -> float | None:
        """Wait for bytes; where a frame was begun only as long as it may take."""
        if self._frame_timeout is None or not self._decoder.begun:
            await self._wait(readable=True)
            return None
        begun = self._loop.time() if begun is None else begun
        try:
            await asyncio.wait_for(self._wait(readable=True), max(0.0, begun + self._frame_timeout - self._loop.time()))
        except TimeoutError as error:
            raise ProtocolError("half a frame") from error
        return begun

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
        # who reads a byte now and then is as slow as who reads nothing
        last = self._loop.time() + self._write_timeout + len(data) / _LEAST_RATE
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
                    await asyncio.wait_for(self._wait(readable=False), min(self._write_timeout, max(0.0, last - self._loop.time())))
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
