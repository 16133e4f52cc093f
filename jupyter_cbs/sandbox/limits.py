"""How much one sandbox may use: resource limits always, a memory group of the kernel where one was delegated.

Resource limits bind every process on its own, except the number of processes: that counts per user namespace, so per sandbox. The sum
of the memory of all processes is bound only by a control group (cgroup v2), which a service manager has to delegate.
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_QUEUE_BYTES: Final = 800 * 1024
_NEEDED: Final = frozenset({"memory", "pids"})


@dataclass(frozen=True)
class Limits:
    """Bounds on what runs in one sandbox.

    Parameters
    ----------
    processes
        Processes and threads together, in the whole sandbox.
    open_files
        Descriptors of one process.
    file_bytes
        Largest file one process can write.
    address_space_bytes
        Memory one process can map; None for no bound. Counts reserved and mapped memory too, so it has to be well above what
        is used.
    memory_bytes
        Memory of all processes and temporary file systems together; None for no bound. No limit of a process: who starts the sandbox
        keeps it, with :class:`ControlGroup` or :mod:`jupyter_cbs.sandbox.memory`.
    niceness
        How far everything in it stands back when there is more to do than processors, 0 to 19.
    """

    processes: int = 512
    open_files: int = 4096
    file_bytes: int = 64 * 2**30
    address_space_bytes: int | None = None
    memory_bytes: int | None = None
    niceness: int = 0

    def resources(self) -> Mapping[str, int]:
        """Give the limits by their names in :mod:`resource`; core dumps are always off, they hold data."""
        found = {"NPROC": self.processes, "NOFILE": self.open_files, "FSIZE": self.file_bytes, "CORE": 0, "MSGQUEUE": _QUEUE_BYTES}
        if self.address_space_bytes is not None:
            found["AS"] = self.address_space_bytes
        return found


def raise_open_files(wanted: int) -> int:
    """Raise this process's own bound on open files towards its hard limit; give the bound that holds.

    One descriptor is open for each file that a sandbox gets to see while it starts.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < bound:
        resource.setrlimit(resource.RLIMIT_NOFILE, (bound, hard))
        return bound
    return soft


class ControlGroup:
    """A control group for one sandbox: bounds its memory and processes as a whole and ends everything in it at once.

    Made by :meth:`create`; :meth:`remove` when the sandbox is gone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def parent() -> Path | None:
        """Find the group below which this process may make groups with bounded memory; None when nothing was delegated.

        That is the parent of the group this process runs in (a service with ``Delegate=yes`` and ``DelegateSubgroup=``), or its
        own, provided the controllers ``memory`` and ``pids`` are switched on for children and the folder is writable.
        """
        mount = _mount_point()
        own = _own_group()
        if mount is None or own is None:
            return None
        here = mount / own.lstrip("/")
        for candidate in (here, here.parent):
            with contextlib.suppress(OSError):
                switch = candidate / "cgroup.subtree_control"
                if os.geteuid() != 0 and set((candidate / "cgroup.controllers").read_text().split()) >= _NEEDED:
                    # delegated to this account: switching them on for children is left to it; root's groups are the service manager's
                    with contextlib.suppress(OSError):
                        switch.write_text(" ".join(f"+{name}" for name in sorted(_NEEDED)))
                enabled = set(switch.read_text().split())
                if enabled >= _NEEDED and os.access(candidate, os.W_OK) and os.access(candidate / "cgroup.procs", os.W_OK):
                    return candidate
        return None

    @classmethod
    def create(cls, parent: Path, memory_bytes: int, processes: int) -> ControlGroup:
        """Make a group below ``parent``.

        Parameters
        ----------
        parent : Path
            From :meth:`parent`.
        memory_bytes : int
            Memory of everything in it, page cache and tmpfs included; there is no swap. All of it ends when this is passed.
        processes : int
            Processes and threads.

        Raises
        ------
        OSError
            When the kernel refuses; nothing is left behind.
        """
        path = parent / f"cbs-{secrets.token_hex(8)}"
        path.mkdir()
        try:
            (path / "memory.max").write_text(str(memory_bytes))
            with contextlib.suppress(FileNotFoundError):  # kernels without swap accounting
                (path / "memory.swap.max").write_text("0")
            (path / "memory.oom.group").write_text("1")
            (path / "pids.max").write_text(str(processes))
        except OSError:
            path.rmdir()
            raise
        return cls(path)

    def prefix(self) -> tuple[str, ...]:
        """Give a command that joins the group and becomes the command that follows it."""
        return ("/bin/sh", "-c", 'echo 0 > "$1" && shift && exec "$@"', "sh", str(self.path / "cgroup.procs"))

    def ran_out(self) -> bool:
        """Whether something in it was ended because there was no memory left."""
        with contextlib.suppress(OSError, ValueError):
            for line in (self.path / "memory.events").read_text().splitlines():
                name, count = line.split()
                if name in ("oom_kill", "oom_group_kill") and int(count):
                    return True
        return False

    def kill(self) -> None:
        """End everything in it."""
        with contextlib.suppress(FileNotFoundError):
            (self.path / "cgroup.kill").write_text("1")

    def remove(self) -> None:
        """Take it away; does nothing while a process is in it."""
        with contextlib.suppress(OSError):
            self.path.rmdir()


def _own_group() -> str | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                return line.removeprefix("0::")
    return None


def _mount_point() -> Path | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            fields, _, kind = line.partition(" - ")
            if kind.startswith("cgroup2 "):
                return Path(fields.split()[4])
    return None
