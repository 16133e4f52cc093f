"""A running sandbox as seen from outside: interrupt what runs in it, or end all of it.

bubblewrap does not pass signals on. It tells the process id of the namespace's init; the first child of that init leads the process
group of the program, and killing the init ends every process inside, however it tried to hide (design: security, Kernels).
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from ..system.waiting import becomes_readable


class Namespace:
    """The processes of one sandbox.

    Parameters
    ----------
    init : int
        Process id of the namespace's init, in the caller's own numbering. It must be alive or not yet reaped.
    """

    def __init__(self, init: int) -> None:
        self.init = init
        # the descriptor keeps meaning this process, also when its number is used again
        self._pidfd: int | None
        try:
            self._pidfd = os.pidfd_open(init)
        except ProcessLookupError:
            self._pidfd = None
        else:
            if not _is_init(init):
                self.close()

    @property
    def alive(self) -> bool:
        """Whether anything still runs in it."""
        return self._pidfd is not None and not becomes_readable(self._pidfd, 0)

    def leader(self) -> int | None:
        """Give the process id of the program that was started; None before it starts and after it ended."""
        if not self.alive:
            return None
        with contextlib.suppress(OSError, IndexError):
            # in order of age; whatever was orphaned inside and came to init later stands behind it
            return int(Path(f"/proc/{self.init}/task/{self.init}/children").read_text().split()[0])
        return None

    def interrupt(self) -> bool:
        """Send SIGINT to the program; True when it was there."""
        return self.signal(signal.SIGINT)

    def signal(self, number: int) -> bool:
        """Send a signal to the program's process group, or end the whole sandbox with SIGKILL.

        Parameters
        ----------
        number : int
            Signal.

        Returns
        -------
        bool
            False when there was nothing to send it to.
        """
        if number == signal.SIGKILL:
            return self.kill()
        leader = self.leader()
        if leader is None:
            return False
        try:
            pidfd = os.pidfd_open(leader)
        except ProcessLookupError:
            return False
        try:
            group = os.getpgid(leader)
            if group != os.getpgrp() and self.leader() == leader:
                os.killpg(group, number)
            else:
                signal.pidfd_send_signal(pidfd, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(pidfd)
        return True

    def kill(self) -> bool:
        """End everything in the sandbox at once; True when it was alive."""
        if self._pidfd is None:
            return False
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until nothing runs in it any more; False after ``seconds``."""
        if self._pidfd is None:
            return True
        return becomes_readable(self._pidfd, seconds)

    def fileno(self) -> int:
        """Give a descriptor that becomes readable when the sandbox has ended, for event loops.

        Raises
        ------
        ProcessLookupError
            When it had ended before it was looked at.
        """
        if self._pidfd is None:
            raise ProcessLookupError(self.init)
        return self._pidfd

    def close(self) -> None:
        """Give the descriptor back; ends nothing."""
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    def __enter__(self) -> Namespace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_init(pid: int) -> bool:
    """Whether a process is the first of a process namespace below this one; False also when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                numbers = line.split()[1:]
                return len(numbers) > 1 and numbers[-1] == "1"
    return False
