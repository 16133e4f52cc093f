"""Start query engines and checks of files under numbers of their own, for a broker that gave up root for good.

Run as a script by root (``python -I -S launcher.py SPEC -- PROGRAM ...``) it forks: the parent becomes the program, the broker, with one
end of a socket pair whose number it finds behind ``--launcher``; the child is the launcher. It imports nothing but the standard library
and the file beside it that gives up root, listens to nothing but that pair, and keeps four capabilities: to become somebody else
(``CAP_SETUID``, ``CAP_SETGID``), to give up what could bring root back (``CAP_SETPCAP``) and to end what it started (``CAP_KILL``).

Who runs is the launcher's decision: each start gets the next free number of a range, which is neither root's nor the broker's nor a
person's, and is given again only when no process of it is left. What the broker sends is first looked into by the child that has that
number, when nothing of root is left in it: the launcher itself reads one letter, one number and who sent it.

Messages are packets: :data:`HEADER`, then a body. What is to be started brings its descriptors in any number of packets before.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

HEADER: Final = struct.Struct("<cI")
"""What it is about, and the number that the broker gave the process."""

FILES: Final = b"f"
"""Descriptors for the process that is started next; first comes the one for what it prints as errors."""
ENGINE: Final = b"e"
"""Start a query engine: it may enter the catalogue and has a folder to spill to. The body is JSON, see :meth:`Launcher.start`."""
CHECK: Final = b"c"
"""Start a check of files: it may enter no folder of the deployment."""
SIGNAL: Final = b"s"
"""Send SIGTERM or SIGKILL; the body is one byte."""
STARTED: Final = b"S"
"""Answer: it was started; the body is its process id."""
REFUSED: Final = b"R"
"""Answer: no number is free."""
ENDED: Final = b"E"
"""It ended; the body is the exit code, negative for a signal."""

INTEGER: Final = struct.Struct("<i")
MOST_BYTES: Final = 128 * 1024
"""Longest packet."""
MOST_FDS: Final = 200
"""Most descriptors in one packet; Linux allows 253."""
OPTION: Final = "--launcher"
FAILED: Final = 126
"""Exit code when a process was not started; the reason is in what it printed."""

_MOST_FILES: Final = 16_384
_KEPT: Final = (5, 6, 7, 8)  # CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP
_CREDENTIALS: Final = struct.Struct("iII")
_INT: Final = struct.calcsize("i")
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 36, 38, 24
_CAPABILITY_VERSION = 0x20080522
_LEFT_SECONDS: Final = 5.0

_libc = ctypes.CDLL(None, use_errno=True)


def _beside(name: str) -> ModuleType:
    """Load a file of this folder, without the packages above it."""
    specification = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if specification is None or specification.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


drop = _beside("drop")


class Strange(Exception):
    """The broker said what it never says; nothing it started goes on."""


def keep_little() -> None:
    """Give up every capability but four, for good.

    Raises
    ------
    OSError
        When the kernel refuses.
    """
    for capability in range(64):
        if capability not in _KEPT and _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # there are no more, or a container's root may not; what counts is below
    kept = sum(1 << capability for capability in _KEPT)
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    sets = struct.pack("<6I", kept, kept, 0, 0, 0, 0)
    if _libc.capset(header, sets) != 0 or _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the capabilities")


class Launcher:
    """Serves one broker until it is gone.

    Parameters
    ----------
    connection : socket.socket
        Our end of the pair.
    broker : tuple of int
        Process id and uid that messages have to come from.
    numbers : sequence of int
        Who to start processes as; uid and gid are the same number.
    readers : int
        The group that may enter the catalogue.
    spill : str
        Folder in which each query engine has one of its own.
    """

    def __init__(self, connection: socket.socket, broker: tuple[int, int], numbers: Sequence[int], readers: int, spill: str) -> None:
        if min(*numbers, readers, broker[1]) <= 0 or broker[1] in numbers or readers in numbers:
            raise ValueError("root and the broker are no one to become")
        self._connection = connection
        self._broker = broker
        self._free = deque(numbers)
        self._numbers = frozenset(numbers)
        self._readers = readers
        self._spill = spill
        self._running: dict[int, tuple[int, int]] = {}  # process id → the broker's number for it, uid
        self._named: dict[int, int] = {}  # the broker's number → process id
        self._sweeping: dict[int, int] = {}  # process id → uid
        self._files: tuple[int, list[int]] = (-1, [])

    def run(self) -> None:
        """Serve until the broker closes its end or says something strange; then end everything."""
        waking, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with contextlib.suppress(OSError):
            for name in os.listdir(self._spill):  # what a launcher left that was killed
                if name.isdigit() and int(name) in self._numbers:
                    self._free.remove(int(name))
                    self._sweep(int(name))
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        poll.register(waking, select.POLLIN)
        try:
            while True:
                ready = {fd for fd, _ in poll.poll()}
                if waking in ready:
                    with contextlib.suppress(BlockingIOError):
                        os.read(waking, 4096)
                    self._reap(os.WNOHANG)
                if self._connection.fileno() in ready and not self._receive():
                    return
        except Strange as error:
            _say(f"the broker is not served any more: {error}")
        except ConnectionError:
            pass  # it is gone
        finally:
            self._end()

    # ------------------------------------------------------------------------------------------------ messages

    def _receive(self) -> bool:
        """Take one packet; False when the broker closed its end."""
        room = socket.CMSG_SPACE(_CREDENTIALS.size) + socket.CMSG_SPACE(253 * _INT)
        data, ancillary, flags, _ = self._connection.recvmsg(MOST_BYTES, room, socket.MSG_CMSG_CLOEXEC | socket.MSG_DONTWAIT)
        fds: list[int] = []
        sender: tuple[int, int] | None = None
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds += [value for (value,) in struct.iter_unpack("i", content[: len(content) // _INT * _INT])]
            elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid, uid, _gid = _CREDENTIALS.unpack(content)
                sender = (pid, uid)
        try:
            if not data:
                return False
            if sender != self._broker:
                _say(f"a message of process and uid {sender} was ignored")
                return True
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC) or len(data) < HEADER.size:
                raise Strange("a packet of no known size")
            what, name = HEADER.unpack_from(data)
            body = data[HEADER.size :]
            if what == FILES:
                self._take(name, fds)
                fds = []
            elif what in (ENGINE, CHECK) and not fds:
                files, self._files = self._files, (-1, [])
                fds = files[1]
                self.start(what, name, body, fds if files[0] == name else [])
            elif what == SIGNAL and not fds and body in (bytes([signal.SIGTERM]), bytes([signal.SIGKILL])):
                if name in self._named:  # else it has ended meanwhile
                    os.kill(self._named[name], body[0])
            else:
                raise Strange("an unknown request")
            return True
        finally:
            for fd in fds:
                os.close(fd)

    def _take(self, name: int, fds: list[int]) -> None:
        if self._files[0] != name:
            for fd in self._files[1]:  # of a start that was given up
                os.close(fd)
            self._files = (name, [])
        self._files[1].extend(fds)
        if len(self._files[1]) > _MOST_FILES:
            raise Strange("too many descriptors")

    def _tell(self, what: bytes, name: int, value: int = 0) -> None:
        try:
            self._connection.send(HEADER.pack(what, name) + INTEGER.pack(value), socket.MSG_DONTWAIT)
        except BlockingIOError:
            raise Strange("it does not listen") from None

    # ----------------------------------------------------------------------------------------------- processes

    def start(self, what: bytes, name: int, body: bytes, fds: list[int]) -> None:
        """Start a process.

        Parameters
        ----------
        what : bytes
            :data:`ENGINE` or :data:`CHECK`.
        name : int
            The broker's number for it.
        body : bytes
            JSON, read by the new process only: ``argv``; ``environment``; ``numbers``, under which it finds the descriptors; ``spill``,
            the number under which an engine finds its folder to spill to.
        fds : list of int
            The descriptors; the first is for what it prints as errors.

        Raises
        ------
        Strange
            When the name is in use.
        """
        if name in self._named:
            raise Strange("a name that is in use")
        if not self._free:
            self._tell(REFUSED, name)
            return
        launcher, uid = os.getpid(), self._free.popleft()
        try:
            pid = os.fork()
        except BlockingIOError:  # Linux has no room for more processes
            self._free.append(uid)
            self._tell(REFUSED, name)
            return
        if pid == 0:
            self._become(what, uid, launcher, body, fds)
        self._running[pid] = (name, uid)
        self._named[name] = pid
        self._tell(STARTED, name, pid)

    def _become(self, what: bytes, uid: int, launcher: int, body: bytes, fds: list[int]) -> None:
        """Run in the new process: give up root, then do what is asked; never returns."""
        try:
            os.setsid()
            drop.drop(uid, uid, (self._readers,) if what == ENGINE else ())
            # a launcher that is killed takes everything with it
            drop.keep_death_signal(signal.SIGKILL, launcher)
            os.umask(0o077)
            # from here on nothing is left of root: only now does anybody look at what was asked
            os.dup2(fds[0], 2)
            request = json.loads(body)
            wanted = dict(zip(_numbers(request["numbers"]), fds[1:], strict=True))
            if what == ENGINE:
                (place,) = _numbers([request["spill"]])
                if place in wanted:
                    raise ValueError("a number is used twice")
                wanted[place] = self._own_folder(uid)
            _place(wanted)
            os.execve(request["argv"][0], request["argv"], request["environment"])  # noqa: S606  there is no shell, and that is the point
        except BaseException as error:
            # also what nobody thought of: this must not go on as a second launcher
            _say(f"not started: {type(error).__name__}: {error}")
        finally:
            os._exit(FAILED)

    def _own_folder(self, uid: int) -> int:
        """Open this process's folder to spill to, which is new and empty."""
        path = f"{self._spill}/{uid}"
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        status = os.fstat(folder)
        if status.st_uid != uid or status.st_mode & 0o077 or os.listdir(folder):
            raise PermissionError("the folder to spill to is not new")
        return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def _reap(self, options: int) -> None:
        """Take notice of what ended, also of orphans of sandboxes."""
        while True:
            try:
                pid, status = os.waitpid(-1, options)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._running:
                name, uid = self._running.pop(pid)
                del self._named[name]
                self._sweep(uid)
                self._tell(ENDED, name, os.waitstatus_to_exitcode(status))
            elif pid in self._sweeping:
                self._free.append(self._sweeping.pop(pid))
            if options == 0:
                return

    def _sweep(self, uid: int) -> None:
        """End whatever is left of a number and empty its folder, as that number; it is free again afterwards."""
        pid = os.fork()
        if pid == 0:
            try:
                os.nice(5)  # what is started comes first
                drop.drop(uid, uid, (self._readers,))
                end_all()
                remove(f"{self._spill}/{uid}")
            except BaseException as error:
                _say(f"nothing could be swept: {type(error).__name__}: {error}")
            finally:
                os._exit(0)
        self._sweeping[pid] = uid

    def _end(self) -> None:
        """End everything that was started and wait for it."""
        self._connection.close()
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)
        while self._running or self._sweeping:
            with contextlib.suppress(OSError):  # nobody is left to be told
                self._reap(0)


def _numbers(given: Any) -> list[int]:
    """Check numbers of descriptors: small, distinct, and not those of input, output and errors."""
    if not all(type(number) is int and 2 < number < 2**20 for number in given) or len(set(given)) != len(given):
        raise ValueError("these are no numbers of descriptors")
    return list(given)


def _place(wanted: dict[int, int]) -> None:
    """Put descriptors under the numbers they are wanted under; all others close by themselves."""
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    wanted = {0: null, 1: null, **wanted}
    beyond = max(wanted) + 1
    for number, fd in wanted.items():
        if fd != number and fd in wanted:  # another one is put there
            wanted[number] = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, beyond)
    for number, fd in wanted.items():
        if fd == number:
            os.set_inheritable(fd, True)
        else:
            os.dup2(fd, number)


def end_all() -> None:
    """End every process of this uid but this one, and wait for it. Never as root, whose processes are everybody's.

    Raises
    ------
    PermissionError
        As root.
    TimeoutError
        When something does not end.
    """
    if 0 in os.getresuid():
        raise PermissionError("not as root")
    deadline = time.monotonic() + _LEFT_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all that this uid may signal
        if not _others():
            return
        time.sleep(0.005)
    raise TimeoutError("a process does not end")


def _others() -> bool:
    """Whether there is another process of this uid; those of sandboxes are among the machine's."""
    own, uid = str(os.getpid()), str(os.getuid())
    for name in os.listdir("/proc"):
        if name.isdigit() and name != own:
            with contextlib.suppress(OSError), open(f"/proc/{name}/status", "rb") as file:
                for line in file:
                    if line.startswith(b"Uid:"):
                        if uid in line.decode().split():
                            return True
                        break
    return False


def remove(path: str) -> None:
    """Remove a folder of this uid with everything in it, following no link; what cannot be removed stays."""
    with contextlib.suppress(OSError, RecursionError):
        os.chmod(path, 0o700)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            for name in os.listdir(folder):
                try:
                    os.unlink(name, dir_fd=folder)
                except IsADirectoryError:
                    remove(f"/proc/self/fd/{folder}/{name}")
        finally:
            os.close(folder)
        os.rmdir(path)


def _say(what: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"launcher: {what}\n".encode(errors="replace"))


def _serve(connection: socket.socket, broker: int, specification: dict[str, Any]) -> None:
    """Become the launcher: a view with what engines need, few capabilities, no descriptors of others."""
    os.setsid()
    os.chdir("/")
    os.setgroups([])
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if int(name) > 2 and int(name) != connection.fileno():
                os.close(int(name))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # orphans of sandboxes come here: a number is free when none of its processes is left
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    first, count = specification["numbers"]
    readers = specification["readers"]
    os.umask(0o022)
    drop.show(specification["read_only"], specification["writable"], first, (first, readers))
    os.umask(0o077)
    keep_little()
    # the launcher of a broker that just ended may still clear away under the same numbers
    fcntl.flock(os.open(specification["spill"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), fcntl.LOCK_EX)
    Launcher(connection, (broker, specification["broker"]), range(first, first + count), readers, specification["spill"]).run()


def main(arguments: list[str]) -> None:
    """Start the launcher that the first argument describes, and become the program after ``--``.

    The first argument is JSON: ``broker``, a uid; ``numbers``, first and how many; ``readers``, a group; ``spill``, a folder;
    ``read_only`` and ``writable`` (see :func:`drop.show`).
    """
    try:
        specification = json.loads(arguments[0])
        program = arguments[arguments.index("--") + 1 :]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # who sends is noted from the first message on
        broker = os.getpid()
        if os.fork() == 0:
            try:
                theirs.close()
                _serve(ours, broker, specification)
            except BaseException as error:
                # the broker sees that its other end is closed, and ends
                _say(f"{type(error).__name__}: {error}")
            finally:
                os._exit(0)
        ours.close()
        theirs.set_inheritable(True)
        os.execv(program[0], [*program, OPTION, str(theirs.fileno())])  # noqa: S606  there is no shell, and that is the point
    except (OSError, ValueError) as error:
        print(f"the launcher did not start: {error}", file=sys.stderr)
        raise SystemExit(FAILED) from None


if __name__ == "__main__":
    main(sys.argv[1:])
