"""Waiting for one descriptor, whatever its number."""

from __future__ import annotations

import errno
import os
import select


def becomes_readable(fd: int, seconds: float | None = None) -> bool:
    """Wait until there is something to read, or the other end is gone.

    ``select.select`` knows descriptors up to 1023 only and fails beyond; a server of many people has more.

    Parameters
    ----------
    fd : int
        Pipe, socket or descriptor of a process, which becomes readable at its end.
    seconds : float, optional
        How long to wait; 0 looks once, None waits for ever.

    Returns
    -------
    bool
        False when nothing came.

    Raises
    ------
    OSError
        ``EBADF`` when the descriptor is not open.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    events = poll.poll(None if seconds is None else seconds * 1000)
    if events and events[0][1] & select.POLLNVAL:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return bool(events)
