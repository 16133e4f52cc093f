"""What a hostile notebook would try first, run inside the sandbox by the self-test.

A script of the standard library only: it is read and passed into the sandbox as data, so that it also tests a Python that has nothing
installed. It prints one JSON object: what was found, not what it means.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable

_CLONE_NEWUSER = 0x1000_0000
_PIECE = 16 << 20
_libc = ctypes.CDLL(None, use_errno=True)


_LIMITS = ("NPROC", "NOFILE", "FSIZE", "CORE", "MSGQUEUE", "AS")


def _status(name: str) -> str:
    with open("/proc/self/status", encoding="ascii") as file:
        return next((line.split()[1] for line in file if line.startswith(f"{name}:")), "")


def _attempt(what: Callable[[], object]) -> str:
    """Give the name of the error that ``what`` ends with; empty when it succeeds."""
    try:
        what()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "error")
    return ""


def _new_user_namespace() -> None:
    # in a child: where it succeeds, this process must not be in it
    pid = os.fork()
    if pid == 0:
        os._exit(ctypes.get_errno() or 255 if _libc.unshare(_CLONE_NEWUSER) != 0 else 0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise OSError(code, os.strerror(code))


def _write_setting() -> None:
    # its own value, so nothing changes where this succeeds
    with open("/proc/sys/kernel/core_pattern", "r+", encoding="utf-8") as file:
        content = file.read()
        file.seek(0)
        file.write(content)


def _make_link(workspace: str) -> None:
    place = os.path.join(workspace, ".cbs-selftest-link")
    os.symlink("/etc/passwd", place)
    os.unlink(place)


def _listen(workspace: str) -> None:
    place = os.path.join(workspace, ".cbs-selftest-socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
    os.unlink(place)


def _use(workspace: str) -> None:
    place = os.path.join(workspace, ".cbs-selftest-file")
    with open(place, "x", encoding="ascii") as file:
        file.write("x")
    os.unlink(place)


def _map_beyond(bound: int) -> None:
    if bound != resource.RLIM_INFINITY:
        mmap.mmap(-1, bound).close()


def _hold(size: int) -> None:
    """Hold ``size`` bytes, in many processes: no limit of one process notices. Returns never; the sandbox has to be ended."""
    for _ in range(size // _PIECE + 1):
        if os.fork() == 0:
            block = b"\1" * _PIECE
            while block:
                signal.pause()
    while True:
        signal.pause()


def main(arguments: list[str]) -> None:
    """Try everything.

    The arguments are a workspace, a folder of the host that must not be there, a port on which the host listens, and how many bytes
    of memory to hold at last; 0 for none.
    """
    workspace, secret, port = arguments[0], arguments[1], int(arguments[2])

    def connect() -> None:
        with socket.create_connection(("127.0.0.1", port), 2):
            pass

    found = {
        "uids": os.getresuid(),
        "gids": os.getresgid(),
        "capabilities": _status("CapEff") + _status("CapBnd"),
        "seccomp": _status("Seccomp"),
        "no_new_privs": _status("NoNewPrivs"),
        "interfaces": [name for _, name in socket.if_nameindex()],
        "connect": _attempt(connect),
        "vsock": _attempt(lambda: socket.socket(socket.AF_VSOCK).close()),
        "secret": _attempt(lambda: os.listdir(secret)),
        "namespace": _attempt(_new_user_namespace),
        "use": _attempt(lambda: _use(workspace)),
        "link": _attempt(lambda: _make_link(workspace)),
        "socket": _attempt(lambda: _listen(workspace)),
        "setting": _attempt(_write_setting),
        "root": _attempt(lambda: os.mkdir("/selftest")),
        "usr": _attempt(lambda: os.mkdir("/usr/selftest")),
        "processes": sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
        "descriptors": sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")),
        "environment": sorted(os.environ),
        "hostname": socket.gethostname(),
        "limits": {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] for name in _LIMITS},
        "beyond": _attempt(lambda: _map_beyond(resource.getrlimit(resource.RLIMIT_AS)[1])),
    }
    print(json.dumps(found), flush=True)
    if int(arguments[3]):
        _hold(int(arguments[3]))


if __name__ == "__main__":
    main(sys.argv[1:])
