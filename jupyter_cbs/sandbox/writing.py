"""What the processes of a sandbox write to disk, as Linux counts it.

Nothing bounds what a process writes to a folder it may write to, so whoever owns a sandbox counts it:

* bytes given to a file system on a disk (``write_bytes`` of ``/proc/PID/io``; proc_pid_io(5)), with those of children that ended. A
  temporary file system, a pipe and a socket do not count. What is reserved without being written does not count either; the filter for
  system calls refuses that (:data:`jupyter_cbs.sandbox.seccomp.UNSUPPORTED`).
* what open files without a name hold: no walk through a folder finds them.

A child that its parent did not wait for, and an orphan, is counted only while it lives: nobody may look into the sandbox's init, to
which orphans come, unless root made it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .memory import members


@dataclass(frozen=True)
class Written:
    """What a sandbox wrote.

    Parameters
    ----------
    bytes
        Bytes written to disk since its start; never less than before.
    nameless
        Bytes on disk of open files without a name.
    """

    bytes: int = 0
    nameless: int = 0


class Writing:
    """Counts what a process and all below it write.

    Parameters
    ----------
    top : int
        Process id, of a sandbox's init or of a program without one.
    areas : iterable of Path
        Folders it may write to; files without a name count where they lie on the same disk.
    """

    def __init__(self, top: int, areas: Iterable[Path]) -> None:
        self._top = top
        self._devices = {os.stat(area).st_dev for area in areas}
        self._last = 0
        self._bytes = 0

    def look(self) -> Written:
        """Count now. Processes come and go meanwhile, and are counted or not; what was counted stays."""
        total = 0
        nameless: dict[tuple[int, int], int] = {}
        for pid in (self._top, *members(self._top)):
            total += _written(pid)
            self._note(pid, nameless)
        # less than before where a process ended that nobody waited for: what the others write from here on counts
        self._bytes += max(0, total - self._last)
        self._last = total
        return Written(self._bytes, sum(nameless.values()))

    def _note(self, pid: int, nameless: dict[tuple[int, int], int]) -> None:
        with contextlib.suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    status = os.stat(f"/proc/{pid}/fd/{number}")
                    if stat.S_ISREG(status.st_mode) and status.st_nlink == 0 and status.st_dev in self._devices:
                        nameless[status.st_dev, status.st_ino] = status.st_blocks * 512


def _written(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/io", encoding="ascii") as file:
        return int(file.read().split("\nwrite_bytes:", 1)[1].split(maxsplit=1)[0])
    return 0
