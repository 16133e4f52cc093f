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
import struct
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


def thread(flags: int) -> None:
    """Make a thread that does nothing, past the library."""
    stack = ctypes.create_string_buffer(1 << 16)
    must(libc.clone(ctypes.cast(libc.pause, ctypes.c_void_p), ctypes.c_void_p(ctypes.addressof(stack) + (1 << 16) - 64 & ~15), flags, None))


def connect(place: str) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(place)


def echo(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.connect(("127.0.0.1", port))
        sock.send(b"hello")
        find(sock.recv(10) == b"hello")


def connection_file() -> str:
    """The connection file of the kernel this runs under."""
    return os.path.realpath(P["connection_file"])


def ask(operation: str, hello: dict[str, Any] | None = None, _seconds: float = 60, **arguments: Any) -> dict[str, Any]:
    from jupyter_cbs.protocol import Frame, FrameDecoder, recv_frame, send_frame

    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(_seconds)
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


def impatient(operation: str, **arguments: Any) -> dict[str, Any]:
    """Ask without waiting long, at a server that may not answer."""
    return ask(operation, _seconds=2, **arguments)


def dial() -> socket.socket:
    """Connect to the session's socket and say nothing."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(os.environ["CBS_SESSION"])
    return sock


def frame(header: Any, payload: bytes = b"", fds: int = 0) -> bytes:
    """Write a frame without looking at what is in it."""
    data = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">IIB", len(data), len(payload), fds) + data + payload


def say(sock: socket.socket, steps: Any) -> None:
    """Send what was asked for: bytes as they are, anything else as a frame; a number is so many descriptors beside the next frame."""
    fds: list[int] = []
    for step in steps:
        if isinstance(step, int):
            fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(step)]
            continue
        try:
            data = step if isinstance(step, bytes) else frame(step, fds=len(fds))
            if fds:
                socket.send_fds(sock, [data], fds)
            else:
                sock.sendall(data)
        except OSError:
            return  # cut off; what was answered is still there to be read
        finally:
            for fd in fds:
                os.close(fd)
            fds = []


def hear(sock: socket.socket, finals: int, seconds: float = 30) -> list[str]:
    """Read so many last words: ``answer``, the code of a refusal, or ``closed``; ``silent`` when there is nothing more in time."""
    heard: list[str] = []
    data = b""
    deadline = time.monotonic() + seconds
    while len(heard) < finals:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            received = sock.recv(1 << 16)
        except (TimeoutError, BlockingIOError):
            return [*heard, "silent"]
        except ConnectionResetError:
            received = b""
        if not received:
            return [*heard, "closed"]
        data += received
        while len(data) >= 9:
            head, payload, _ = struct.unpack(">IIB", data[:9])
            if len(data) < 9 + head + payload:
                break
            header = json.loads(data[9 : 9 + head])
            data = data[9 + head + payload :]
            if header["type"] == "answer":
                heard.append("answer")
            elif header["type"] == "error":
                heard.append(header["error"]["code"])
    return heard


SQL = b'{"id": 1, "op": "sql", "args": {"text": "SELECT %s", "parameters": %s}}'
HELLO = {"hello": {"protocol": 1}}


def talk(*steps: Any, finals: int = 1, seconds: float = 30) -> None:
    """Say something on a new connection and raise what is answered."""
    with dial() as sock:
        say(sock, steps)
        raise Asked(" ".join(hear(sock, finals, seconds)))


def talk_briefly(*steps: Any) -> None:
    """Say something to a server that may not answer."""
    talk(*steps, seconds=3)


def own(claims: dict[str, Any]) -> tuple[str, str]:
    """Who the broker takes a request for that claims something beside its arguments."""
    with dial() as sock:
        say(sock, (HELLO, {"id": 1, "op": "me", "args": {}, **claims}))
        data = b""
        while b"answer" not in data or not data.endswith(b"}"):
            data += sock.recv(1 << 16)
        answer = json.loads(data[data.rindex(b'{"id"') :])["answer"]
        return answer["user"], answer["project"]


def patient(operation: str) -> None:
    """Ask until a connection is free again; one that was closed is noticed by the broker a moment later."""
    for _ in range(100):
        try:
            ask(operation)
            return
        except (Asked, OSError):
            time.sleep(0.1)
    raise Asked("no connection")


def crowd(number: int) -> None:
    """Hold as many connections as there are to be had, and let them go."""
    lines = []
    try:
        for _ in range(number):
            lines.append(dial())
    except BlockingIOError:
        return
    finally:
        for line in lines:
            line.close()


def stop_others() -> None:
    """Find out whether a question of one connection ends by a word on another."""
    slow = "SELECT count(*) FROM range(100000000) a(i), range(1000000) b(j) WHERE (i * j) % 7 = 3"
    with dial() as mine, dial() as theirs:
        say(theirs, (HELLO, {"id": 1, "op": "sql", "args": {"text": slow}}))
        say(mine, (HELLO, {"id": 2, "op": "cancel", "args": {"target": 1}}, {"id": 3, "op": "me", "args": {}}))
        hear(mine, 1)
        stopped = hear(theirs, 1, 1.0) != ["silent"]
        say(theirs, ({"id": 4, "op": "cancel", "args": {"target": 1}},))
        if not stopped and hear(theirs, 1) != ["cancelled"]:
            raise Asked("its owner could not stop it either")
        find(stopped)


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
