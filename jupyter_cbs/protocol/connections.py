"""Bounds on the connections of an HTTP server: how many there are, and how long a request may take to arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from weakref import WeakSet


class Stream(Protocol):
    """A connection, as Tornado's streams are."""

    socket: Any

    def close(self) -> None:
        """Close it."""

    def closed(self) -> bool:
        """Whether it is closed."""


def bound_connections(server: Any, most: int, header_seconds: float, body_seconds: float, admits: Callable[[Stream], bool] | None = None) -> None:
    """Cut off who opens connections without end, or sends a request byte by byte.

    Parameters
    ----------
    server
        Tornado's ``HTTPServer``, before or after it listens; connections that are open stay as they are.
    most : int
        Connections at a time; another one is closed at once.
    header_seconds : float
        How long the headers of a request may take to arrive, and how long an idle connection is kept.
    body_seconds : float
        How long a body may take to arrive.
    admits : callable, optional
        Whether a connection is taken at all.
    """
    server.conn_params.header_timeout = header_seconds
    server.conn_params.body_timeout = body_seconds
    accept: Callable[[Stream, Any], Any] = server.handle_stream
    streams: WeakSet[Stream] = WeakSet()

    def bounded(stream: Stream, address: Any) -> Any:
        if len(streams) >= most:
            for old in [old for old in streams if old.closed()]:
                streams.discard(old)
        if len(streams) >= most or (admits is not None and not admits(stream)):
            stream.close()
            return None
        streams.add(stream)
        return accept(stream, address)

    server.handle_stream = bounded
