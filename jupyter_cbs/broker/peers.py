"""Who is at the other end of a Unix socket, as the kernel of the machine says it: a second look beside the socket's permissions."""

from __future__ import annotations

import logging
import os
import socket
import struct
from pathlib import Path

from .owners import group_of

log = logging.getLogger(__name__)

_CREDENTIALS = struct.Struct("iII")


def uid_of(connection: socket.socket) -> int:
    """Give the uid of the process that connected, as it was then."""
    _, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(uid)


def expected(personal: Path) -> frozenset[int]:
    """Give the uids that may speak for the person of a personal area.

    Where root prepared the area, its group bears the number of the person's account, under which server and kernels run; else they
    run under the broker's own. Root may, for root could do so anyway.
    """
    group = group_of(personal)
    return frozenset({0, os.getuid() if group is None else group})


def admits(connection: socket.socket, personal: Path) -> bool:
    """Whether a connection comes from an account that may use this person's sockets."""
    uid = uid_of(connection)
    if uid in expected(personal):
        return True
    log.warning("a connection of uid %d to a socket of %s was refused", uid, personal.name)
    return False
