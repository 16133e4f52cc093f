"""Runs attempts inside a kernel; read as text and run there, so it imports only what every kernel has.

Reads JSON from its standard input: ``cases`` (name → code), ``places`` and ``seconds``; writes name → outcome. Each attempt has a
process of its own, so that one that kills or hangs itself does not keep the others from being made.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import glob
import io
import json
import os
import resource
import select
import shutil
import signal
import socket
import stat
import sys
import tarfile
import tempfile
import time
from typing import Any

from jupyter_core import paths

libc = ctypes.CDLL(None, use_errno=True)
given: dict[str, Any] = json.load(sys.stdin)
P = given["places"]
T = tempfile.gettempdir()
C = b"\x01\x00\x00\x02" + b"\x00" * 16


class Nothing(Exception):
    """What was looked for is not there."""


class Asked(Exception):
    """The broker refused; the message is its code."""


def find(found: Any) -> Any:
    if not found:
        raise Nothing
    return found


def must(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def call(number: int, *arguments: Any) -> int:
    words = [
        (ctypes.c_char * len(a)).from_buffer(a) if isinstance(a, bytearray) else a if isinstance(a, bytes) else ctypes.c_long(a) for a in arguments
    ]
    return must(libc.syscall(ctypes.c_long(number), *words))


def reach(number: int, *arguments: Any) -> None:
    """A system call with senseless arguments: that they are found senseless means that it was allowed."""
    try:
        call(number, *arguments)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOSYS, errno.EACCES):
            raise


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _of_all(what: str, look: Any) -> list[Any]:
    found = []
    for pid in processes():
        try:
            found += look(f"/proc/{pid}/{what}")
        except OSError:
            continue
    return found


def descriptors() -> list[str]:
    return _of_all("fd", lambda place: [os.readlink(f"{place}/{name}") for name in os.listdir(place)])


def environments() -> list[bytes]:
    return _of_all("environ", lambda place: open(place, "rb").read().split(b"\0"))


def child(attempt: Any) -> None:
    pid = os.fork()
    if pid == 0:
        time.sleep(30)
        os._exit(0)
    try:
        attempt(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def connect(place: str) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(place)


def echo(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect(("127.0.0.1", port))
        sock.send(b"hello")
        find(sock.recv(10) == b"hello")


def connection_file() -> str:
    """The connection file of the kernel this runs under."""
    return os.path.realpath(P["connection_file"])


def ask(operation: str, hello: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    from jupyter_cbs.protocol import Frame, FrameDecoder, recv_frame, send_frame

    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(os.environ["CBS_SESSION"])
        decoder, pending = FrameDecoder(), []
        send_frame(sock, Frame({"hello": hello or {"protocol": 1}}))
        if recv_frame(sock, decoder, pending) is None:
            raise Asked("closed")
        send_frame(sock, Frame({"id": 1, "op": operation, "args": arguments}))
        while (frame := recv_frame(sock, decoder, pending)) is not None:
            frame.close()
            if frame.header["type"] == "error":
                shown = json.dumps(frame.header["error"])
                if leaked := [secret for secret in P.get("secrets", ()) if secret in shown and secret not in json.dumps(arguments)]:
                    raise Asked(f"shows {leaked}: {shown}")
                raise Asked(frame.header["error"]["code"])
            if frame.header["type"] == "answer":
                answer: dict[str, Any] = frame.header["answer"]
                return answer
    raise Asked("closed")


def outcome(code: str) -> str:
    try:
        exec(code, globals())
    except Asked as error:
        return str(error)
    except (TimeoutError, socket.gaierror) as error:
        return type(error).__name__
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, f"OSError {error}")
    except BaseException as error:
        return type(error).__name__
    return "SUCCEEDED"


def attempt(code: str, seconds: float) -> str:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.write(writing, outcome(code).encode())
        os._exit(0)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], seconds)
        text = os.read(reading, 4096).decode() if ready else "timed out"
    finally:
        os.close(reading)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    return text or f"killed by {os.WTERMSIG(status)}"


USED = (fcntl, glob, io, resource, shutil, stat, tarfile, paths)
"""Modules the attempts use."""

if __name__ == "__main__":
    print(json.dumps({name: attempt(code, given["seconds"]) for name, code in given["cases"].items()}))
