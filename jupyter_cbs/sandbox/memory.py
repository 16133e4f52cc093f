"""A bound on the memory of a sandbox as a whole, where the kernel was not asked to keep it (no control group was delegated).

Resource limits bind each process alone, and libraries reserve address space that they never use. So whoever owns a sandbox measures
what all its processes hold together, a few times a second, and ends it when that is too much. What counts is what cannot be given
back without losing data:

* anonymous memory of every process, each page shared by several of them once (``Pss_Anon`` and ``SwapPss`` of ``smaps_rollup``);
* what its temporary file systems hold, entries included;
* shared memory without a name: what is mapped, and memory files, e.g. results of queries, by what they hold;
* buffers of sockets and pipes, by the most they can hold.

Pages of files on disk do not count: they are given back. A process that nobody may look into would hide what it holds, so the sandbox
it is in is ended. Not seen is a memory file whose only descriptor is on its way through a socket, or of which a part is mapped and no
descriptor is left: kernels can make none and have only those their results came in. What they keep of them so, only a control group bounds.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .limits import ControlGroup, Limits
from .namespaces import Namespace

_log = logging.getLogger(__name__)

INTERVAL: Final = 0.25
"""Seconds between two looks, at least."""

_SHARE: Final = 0.02
"""At most this part of a core goes into looking, however many processes there are."""

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ENTRY_BYTES: Final = 1024
"""What a file costs the kernel in a temporary file system apart from its content, rounded up."""
_PIPE_BYTES: Final = 1 << 16
_HIDDEN_LOOKS: Final = 3
"""So often in a row a process may be closed to us before it counts as hiding: one that just starts or ends is, for a moment."""


def _socket_bytes() -> int:
    with contextlib.suppress(OSError, ValueError):
        return sum(int(Path(f"/proc/sys/net/core/{name}").read_text()) for name in ("wmem_max", "rmem_max"))
    return 1 << 19


@dataclass(frozen=True)
class Use:
    """What a sandbox holds.

    Parameters
    ----------
    bytes
        Memory, as in this module's description.
    hidden
        Processes that could not be looked into.
    """

    bytes: int
    hidden: frozenset[int]


def measure(init: int, places: Mapping[str, int], enough: int = 0) -> Use:
    """Measure what a sandbox holds now.

    Parameters
    ----------
    init : int
        Process id of the namespace's init. It is trusted and not measured itself.
    places : mapping of str to int
        Its temporary file systems and their sizes in bytes, as seen inside.
    enough : int
        When the sandbox cannot hold more than this, the figure may be too high (never above this): what is reserved or shared is not
        told apart then, which is much less work.
    """
    return _Look(init, places).use(enough)


class _Look:
    """One measurement."""

    def __init__(self, init: int, places: Mapping[str, int]) -> None:
        self._init = init
        self._places = places
        self._members = members(init)
        self._hidden: set[int] = set()
        self._shared: dict[tuple[int, int], int] = {}  # device and inode → bytes
        self._buffers: dict[str, int] = {}

    def use(self, enough: int) -> Use:
        files = sum(self._temporary(place, size) for place, size in self._places.items())
        for pid in self._members:
            self._descriptors(pid)
        mapped = {pid: _mapped_bytes(pid) for pid in self._members}
        most = files + sum(mapped.values()) + sum(self._shared.values()) + sum(self._buffers.values())
        if most <= enough:
            return Use(most, frozenset(self._hidden))
        memory = sum(self._private(pid, size) for pid, size in mapped.items() if size)
        return Use(files + memory + sum(self._shared.values()) + sum(self._buffers.values()), frozenset(self._hidden))

    def _temporary(self, place: str, size: int) -> int:
        inside = f"/proc/{self._init}/root{place}"
        try:
            # before the sandbox has mounts of its own, this is the machine's
            with contextlib.suppress(FileNotFoundError):
                if os.stat(place).st_dev == os.stat(inside).st_dev:
                    return 0
            found = os.statvfs(inside)
        except PermissionError:
            return size
        except OSError:
            return 0
        return (found.f_blocks - found.f_bfree) * found.f_frsize + (found.f_files - found.f_ffree) * _ENTRY_BYTES

    def _descriptors(self, pid: int) -> None:
        """Note what a process holds open and nobody sees among its mapped memory."""
        try:
            numbers = os.listdir(f"/proc/{pid}/fd")
        except PermissionError:
            if not _ended(pid):
                self._hidden.add(pid)
            return
        except OSError:
            return
        for number in numbers:
            with contextlib.suppress(OSError):
                link = os.readlink(f"/proc/{pid}/fd/{number}")
                if link.startswith("/memfd:"):
                    status = os.stat(f"/proc/{pid}/fd/{number}")
                    self._shared[status.st_dev, status.st_ino] = status.st_blocks * 512
                elif link.startswith("socket:"):
                    self._buffers[link] = _SOCKET_BYTES
                elif link.startswith("pipe:"):
                    self._buffers[link] = _PIPE_BYTES

    def _private(self, pid: int, size: int) -> int:
        """Give a process's own memory in bytes, all ``size`` bytes it mapped where nobody may look, and note the shared memory it maps."""
        if pid in self._hidden:
            return size
        try:
            with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as file:
                for line in file:
                    if "s" in line[20:45] and line.rstrip().endswith("(deleted)"):
                        self._mapped(line)
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                return _anonymous(file.read())
        except PermissionError:
            self._hidden.add(pid)
            return size
        except (OSError, ValueError, IndexError):
            return 0

    def _mapped(self, line: str) -> None:
        """Note a mapping: ``from-to perms offset major:minor inode path``."""
        fields = line.split(maxsplit=5)
        if fields[1][3] == "s" and fields[5].startswith(("/dev/zero", "/memfd:", "/SYSV")):
            start, _, end = fields[0].partition("-")
            major, _, minor = fields[3].partition(":")
            key = (os.makedev(int(major, 16), int(minor, 16)), int(fields[4]))
            # a memory file that is open too is counted by what it holds
            if not (key in self._shared and fields[5].startswith("/memfd:")):
                self._shared[key] = max(self._shared.get(key, 0), int(end, 16) - int(start, 16))


_SOCKET_BYTES: Final = _socket_bytes()


def _mapped_bytes(pid: int) -> int:
    """Give the address space of a process; 0 when it ended. Everybody may read this."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * _PAGE
    return 0


def _ended(pid: int) -> bool:
    """Tell whether a process has ended and only waits for its parent to take notice: Linux closes its folder, but it holds nothing.

    A first thread that ended while others go on looks the same, but for them.
    """
    try:
        return _mapped_bytes(pid) == 0 and len(os.listdir(f"/proc/{pid}/task")) < 2
    except OSError:
        return True


def _anonymous(rollup: str) -> int:
    found = {name: int(rest.split()[0]) << 10 for name, _, rest in (line.partition(":") for line in rollup.splitlines()) if rest.endswith(" kB")}
    return found.get("Pss_Anon", found.get("Pss", 0)) + found.get("SwapPss", 0)


def members(init: int) -> list[int]:
    """Give the processes below an init: all of its namespace."""
    found: list[int] = []
    open_ = [init]
    while open_:
        pid = open_.pop()
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                    children = [int(child) for child in file.read().split()]
                    found += children
                    open_ += children
    return found


class Watched:
    """A sandbox whose memory is watched.

    Parameters
    ----------
    init : int
        Process id of its init.
    bound : int
        Most bytes it may hold.
    places : mapping of str to int
        As for :func:`measure`.
    exceeded : callable
        Told once, on a thread of its own, that it was ended: with the bytes it held, 0 when it hid what it holds.
    """

    def __init__(self, init: int, bound: int, places: Mapping[str, int], exceeded: Callable[[int], None]) -> None:
        self.bound = bound
        self._namespace = Namespace(init)
        self._places = places
        self._exceeded = exceeded
        self._hiding: dict[int, int] = {}

    def look(self) -> bool:
        """Measure, and end it when it holds too much; False when there is nothing more to watch."""
        if not self._namespace.alive:
            return False
        use = measure(self._namespace.init, self._places, self.bound)
        self._hiding = {pid: self._hiding.get(pid, 0) + 1 for pid in use.hidden}
        hides = any(times >= _HIDDEN_LOOKS for times in self._hiding.values())
        if use.bytes <= self.bound and not hides:
            return True
        if self._namespace.kill():
            self._exceeded(use.bytes if use.bytes > self.bound else 0)
        return False

    def close(self) -> None:
        """Forget it."""
        self._namespace.close()


class Watcher:
    """Looks at all sandboxes that this process owns, on one thread, which ends when there is none.

    Parameters
    ----------
    interval : float
        Seconds between two looks.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._changed = threading.Condition()
        self._watched: set[Watched] = set()
        self._thread: threading.Thread | None = None

    def add(self, watched: Watched) -> None:
        """Start to look at a sandbox; it is forgotten when it ends."""
        with self._changed:
            self._watched.add(watched)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox memory", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            started = time.thread_time()
            with self._changed:
                watched = tuple(self._watched)
            for each in watched:
                if not self._still(each):
                    with self._changed:
                        self._watched.discard(each)
                    each.close()
            pause = max(self._interval, (time.thread_time() - started) / _SHARE)
            with self._changed:
                if not self._watched:
                    self._thread = None
                    return
                self._changed.wait(pause)

    def _still(self, watched: Watched) -> bool:
        try:
            return watched.look()
        except Exception:
            # one sandbox that cannot be measured must not leave the others unwatched
            _log.exception("a sandbox could not be measured")
            return True


WATCHER: Final = Watcher()
"""The one of this process."""


class Keeper:
    """Keeps the memory of one sandbox below its limit: with a control group where one was delegated, else by watching.

    Parameters
    ----------
    limits : Limits
        Those of the sandbox; without ``memory_bytes`` nothing is kept.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.group: ControlGroup | None = None
        if limits.memory_bytes is not None:
            with contextlib.suppress(OSError):
                if (parent := ControlGroup.parent()) is not None:
                    self.group = ControlGroup.create(parent, limits.memory_bytes, limits.processes)

    def watch(self, init: int, places: Mapping[str, int], exceeded: Callable[[int], None]) -> None:
        """Start to keep the bound of a sandbox that was started in :attr:`group`; the parameters are those of :class:`Watched`.

        A control group needs no watching; :meth:`release` says whether it ended the sandbox.
        """
        if self.group is None and self.limits.memory_bytes is not None:
            WATCHER.add(Watched(init, self.limits.memory_bytes, places, exceeded))

    def release(self) -> bool:
        """Take the group away once the sandbox has ended; True when the group had ended it because of its memory."""
        group, self.group = self.group, None
        if group is None:
            return False
        ended = group.ran_out()
        group.kill()
        group.remove()
        return ended
