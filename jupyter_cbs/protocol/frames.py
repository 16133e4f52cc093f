"""Frames: a fixed prefix, a JSON header, an optional payload, and file descriptors passed beside them.

``| u32 header bytes | u32 payload bytes | u8 descriptors | header (JSON object) | payload |``, integers big-endian.
The descriptors travel as ``SCM_RIGHTS`` with the frame's first byte. Never pickle, always a hard limit.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

PREFIX = struct.Struct(">IIB")
MAX_HEADER = 16 * 2**20
"""Longest header in bytes; tables of tens of thousands of cells fit."""
MAX_PAYLOAD = 4 * 2**20
"""Longest payload in bytes; larger results travel as sealed memory."""
MAX_DESCRIPTORS = 16


class ProtocolError(Exception):
    """The peer broke the protocol; the connection is closed."""


@dataclass
class Frame:
    """One message.

    Parameters
    ----------
    header : dict
        JSON object.
    payload : bytes
        Raw bytes, e.g. Arrow IPC.
    fds : list of int
        Open descriptors; whoever receives a frame owns them.
    """

    header: dict[str, Any]
    payload: bytes | memoryview = b""
    fds: list[int] = field(default_factory=list)

    def close(self) -> None:
        """Close the descriptors."""
        for fd in self.fds:
            os.close(fd)
        self.fds.clear()


def encode(frame: Frame) -> bytes:
    """Give a frame's bytes, without its descriptors.

    Raises
    ------
    ProtocolError
        If a part exceeds its limit.
    """
    header = json.dumps(frame.header, ensure_ascii=False, separators=(",", ":")).encode()
    if len(header) > MAX_HEADER or len(frame.payload) > MAX_PAYLOAD or len(frame.fds) > MAX_DESCRIPTORS:
        raise ProtocolError("frame exceeds the limits")
    return b"".join((PREFIX.pack(len(header), len(frame.payload), len(frame.fds)), header, frame.payload))


class FrameDecoder:
    """Turns received bytes and descriptors into frames.

    Feed it what ``recvmsg`` gave; it keeps what is incomplete. Descriptors that no frame announced are an error.

    Parameters
    ----------
    max_header, max_payload : int
        Bounds in bytes of what this peer may send, where it has no need of the protocol's own.
    """

    def __init__(self, max_header: int = MAX_HEADER, max_payload: int = MAX_PAYLOAD) -> None:
        self._max_header = max_header
        self._max_payload = max_payload
        self._data = bytearray()
        self._fds: list[int] = []

    @property
    def begun(self) -> bool:
        """Whether a part of a frame is held."""
        return bool(self._data) or bool(self._fds)

    def feed(self, data: bytes, fds: list[int]) -> list[Frame]:
        """Take received bytes and descriptors, give the frames that are complete.

        Raises
        ------
        ProtocolError
            If a limit is exceeded or the header is no JSON object. The descriptors held are closed.
        """
        self._data += data
        self._fds += fds
        frames = []
        try:
            while (frame := self._next()) is not None:
                frames.append(frame)
        except ProtocolError:
            for frame in frames:
                frame.close()
            self.close()
            raise
        return frames

    def _next(self) -> Frame | None:
        if len(self._data) < PREFIX.size:
            if len(self._fds) > MAX_DESCRIPTORS:
                raise ProtocolError("descriptors without a frame")
            return None
        header_size, payload_size, count = PREFIX.unpack_from(self._data)
        if header_size > self._max_header or payload_size > self._max_payload or count > MAX_DESCRIPTORS:
            raise ProtocolError("frame exceeds the limits")
        start = PREFIX.size + header_size
        end = start + payload_size
        if len(self._data) < end:
            return None
        if len(self._fds) < count:
            raise ProtocolError("descriptors are missing")
        try:
            header = json.loads(self._data[PREFIX.size : start])
        except (ValueError, RecursionError) as error:
            raise ProtocolError("header is no JSON") from error
        if not isinstance(header, dict):
            raise ProtocolError("header is no JSON object")
        payload = bytes(self._data[start:end])
        del self._data[:end]
        fds, self._fds = self._fds[:count], self._fds[count:]
        return Frame(header, payload, fds)

    def close(self) -> None:
        """Drop everything incomplete."""
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()
        self._data.clear()


def receive(sock: socket.socket, size: int = 1 << 18) -> tuple[bytes, list[int]]:
    """Read bytes and descriptors once; empty bytes mean the peer is gone."""
    fds = array.array("i")
    room = socket.CMSG_SPACE(MAX_DESCRIPTORS * fds.itemsize)
    data, ancillary, flags, _ = sock.recvmsg(size, room, socket.MSG_CMSG_CLOEXEC)
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    if flags & socket.MSG_CTRUNC:
        for fd in fds:
            os.close(fd)
        raise ProtocolError("too many descriptors at once")
    return data, list(fds)


def send_frame(sock: socket.socket, frame: Frame) -> None:
    """Send one frame on a blocking socket; the descriptors stay the caller's."""
    data = memoryview(encode(frame))
    if frame.fds:
        sent = sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", frame.fds))])
        data = data[sent:]
    if data:
        sock.sendall(data)


def recv_frame(sock: socket.socket, decoder: FrameDecoder, pending: list[Frame]) -> Frame | None:
    """Wait for the next frame on a blocking socket; None when the peer closed the connection.

    Parameters
    ----------
    sock, decoder
        The connection and its decoder.
    pending
        Frames that arrived together with an earlier one; the caller keeps this list between calls.
    """
    while not pending:
        data, fds = receive(sock)
        if not data:
            decoder.close()
            return None
        pending.extend(decoder.feed(data, fds))
    return pending.pop(0)
