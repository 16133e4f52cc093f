"""Sockets for the workspace servers, which the supervisor keeps: their ports are nobody else's until it ends."""

from __future__ import annotations

import socket

from tornado.netutil import bind_sockets

from ..domain.errors import Conflict
from ..domain.text import Text


def listen(count: int, base: int | None) -> list[socket.socket]:
    """Listen on TCP ports of the loopback interface.

    Who connects before a server accepts waits.

    Parameters
    ----------
    count : int
        How many.
    base : int, optional
        First of consecutive ports; the operating system chooses when absent.

    Returns
    -------
    list of socket
        The caller closes them.

    Raises
    ------
    Conflict
        ``port_taken`` when a wanted port is taken, or is none; nothing stays open then.
    OSError
        When the operating system gives no socket at all.
    """
    listening: list[socket.socket] = []
    for wanted in (0 if base is None else base + index for index in range(count)):
        try:
            listening += bind_sockets(wanted, "127.0.0.1", socket.AF_INET)
        except (OSError, OverflowError) as error:
            for one in listening:
                one.close()
            if base is None:  # nobody wanted this one; what is wrong is something else
                raise
            raise Conflict(
                "port_taken",
                Text(en=f"Port {wanted} is taken or not a port.", nl=f"Poort {wanted} is bezet of geen poort."),
                Text(en="Choose another --port-base, or leave it out.", nl="Kies een andere --port-base, of laat die weg."),
            ) from error
    return listening


def port_of(listening: socket.socket) -> int:
    """Give the TCP port a socket listens on."""
    return int(listening.getsockname()[1])
