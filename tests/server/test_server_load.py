"""A kernel that prints without end, browsers that do not read, connections that send nothing: the server answers all the while."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import websocket
from running_demo import Demo, wait_for

from jupyter_cbs.demo.labclient import Kernel
from jupyter_cbs.server.sockets import MAX_OUTPUT, OUTPUT_SECONDS

ACCOUNT = "researcher"
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def kernel(deployment: Demo) -> Iterator[Kernel]:
    with deployment.client(ACCOUNT).kernel("personal/load.ipynb") as running:
        yield running


def server_pid(deployment: Demo) -> int:
    """The process that answers HTTP: of those with the account's port the last that started. The first is the supervisor, which made it."""
    port = urlsplit(deployment.accounts[ACCOUNT]["url"]).port
    inode = next(
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    )
    found: list[tuple[int, int]] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(f"socket:[{inode}]" == os.readlink(fd) for fd in (process / "fd").iterdir()):
                started = int((process / "stat").read_text().rpartition(")")[2].split()[19])
                found.append((started, int(process.name)))
    return max(found)[1]


class Peak:
    """The most memory a process had resident in a ``with`` block, beyond what it had before, in bytes."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._clear = Path(f"/proc/{pid}/clear_refs")
        self.grown = 0

    def _read(self, name: str) -> int:
        (line,) = [line for line in self._status.read_text().splitlines() if line.startswith(name)]
        return int(line.split()[1]) * 1024

    def __enter__(self) -> Peak:
        self._clear.write_text("5")
        self._before = self._read("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        self.grown = self._read("VmHWM") - self._before


def logs(deployment: Demo) -> str:
    return "".join(path.read_text(errors="replace") for path in (deployment.root / "logs").glob("*.log"))


def healthy(deployment: Demo) -> bool:
    return deployment.client(ACCOUNT).request("GET", "cbs/api/health").status_code == 200


def test_one_long_print_is_cut_with_a_reason(deployment: Demo, kernel: Kernel) -> None:
    with Peak(server_pid(deployment)) as peak:
        output = kernel.run("print('x' * 100_000_000)")
    assert "Output cut" in output.text
    assert output.error is None
    assert len(output.text) < 10 * MEGABYTE
    assert peak.grown < 60 * MEGABYTE
    assert kernel.run("print('next')").text == "next\n"


def test_a_loop_that_prints_is_cut_too(kernel: Kernel) -> None:
    output = kernel.run("for i in range(300): print('y' * 100_000)")
    assert output.text.count("Output cut") == 1
    assert kernel.run("import sys; print('e' * 9_000_000, file=sys.stderr)").text.count("Output cut") == 1


HOSTILE = """
from ipykernel.kernelbase import Kernel
kernel = get_ipython().kernel
def send(size, kind="stream"):
    content = {"name": "stdout", "text": "z" * size} if kind == "stream" else {"data": {"text/plain": "z" * size}, "metadata": {}}
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())
"""


def test_a_message_past_the_bound_is_not_received(deployment: Demo, kernel: Kernel) -> None:
    """Code that goes around the courtesy of the kernel's own streams; a message within the bound is the negative control."""
    kernel.run(HOSTILE)
    assert len(kernel.run("send(5_000_000)").text) == 5_000_000
    with Peak(server_pid(deployment)) as peak:
        number = kernel.send("send(100_000_000)")
        wait_for(lambda: healthy(deployment), 60, "an answer")
        wait_for(lambda: "too large to be received" in logs(deployment), 120, "the server's line in the log")
    assert peak.grown < 60 * MEGABYTE
    # the cell ends, and says why it shows nothing
    assert "too large to be shown" in kernel.receive(number).text
    # what the kernel says from now on arrives again
    assert kernel.run("print('next')").text == "next\n"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("from IPython.display import HTML, display\ndisplay(HTML('h' * 20_000_000))", None),
        ("raise ValueError('v' * 20_000_000)", "OutputTooLarge"),
    ],
    ids=["a page", "an error"],
)
def test_a_cell_that_shows_too_much_ends_and_says_so(kernel: Kernel, code: str, error: str | None) -> None:
    output = kernel.run(code)
    assert "too large to be shown" in output.text
    assert (output.error[0] if output.error else None) == error
    assert kernel.run("print('next')").text == "next\n"


def test_many_messages_are_left_out_and_the_server_answers(deployment: Demo, kernel: Kernel) -> None:
    kernel.run(HOSTILE)

    def flooded() -> bool:
        began = time.monotonic()
        number = kernel.send("for i in range(60): send(4_000_000, 'display_data')")
        assert healthy(deployment)
        output = kernel.receive(number)
        # on a slow machine the same flood takes longer than the time over which it is counted
        spans = (time.monotonic() - began) // OUTPUT_SECONDS + 1
        assert sum(len(data.get("text/plain", "")) for data in output.shown) <= MAX_OUTPUT * spans
        return "left out" in output.text

    with Peak(server_pid(deployment)) as peak:
        wait_for(flooded, 120, "a flood that is quicker than the bound")
    assert peak.grown < 300 * MEGABYTE
    assert healthy(deployment)


def address(deployment: Demo) -> tuple[str, int]:
    parts = urlsplit(deployment.accounts[ACCOUNT]["url"])
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


MALFORMED = r"""
kernel = get_ipython().kernel
thread, session = kernel.iopub_thread, kernel.session
header, delimiter = session.pack(session.msg('status')['header']), b'<IDS|MSG>'
def send(*frames):
    thread.schedule(lambda: thread.socket.send_multipart([b'x', delimiter, *frames]))
send(b'no signature', b'{}', b'{}', b'{}', b'{}')
for bad in (b'', b'{}', b'[]', b'1', b'null', b'NaN', b'\xff', b'[' * 100_000, b'{"msg_type": [1]}'):
    parts = [bad, b'{}', b'{}', b'{}']
    send(session.sign(parts), *parts)
send(session.sign([header]), header)
send()
print('all were sent')
"""


def test_messages_that_are_none_silence_no_kernel(deployment: Demo) -> None:
    with deployment.client(ACCOUNT).kernel("personal/malformed.ipynb") as kernel:
        for number in range(3):
            assert "all were sent" in kernel.run(MALFORMED).text
            assert kernel.run(f"print({number} + 1)").text == f"{number + 1}\n"
    assert healthy(deployment)


V1 = "v1.kernel.websocket.jupyter.org"
BOMBS = {
    "parts without number": (V1, (3 * 10**7).to_bytes(8, "little")),
    "parts without number, in Jupyter's earlier form": (None, (2 * 10**8).to_bytes(4, "big")),
    "parts that are all of the message": (V1, b"".join(n.to_bytes(8, "little") for n in (300, *[0, MEGABYTE] * 150)).ljust(MEGABYTE)),
    "parts behind its end": (V1, b"".join(n.to_bytes(8, "little") for n in (3, 32, 2**62, 2**63))),
    "a text where bytes belong": (V1, "{}"),
    "no message": (V1, b""),
    "JSON that is no message": (None, "[1]"),
    "a channel that is none": (None, '{"channel": ["shell"], "header": {}}'),
}
"""What a page may say to a kernel: with which protocol, and what. Jupyter itself makes lists as long as the first three say."""


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_page_that_says_nonsense_costs_nothing_and_is_answered(deployment: Demo, kernel: Kernel, bomb: str) -> None:
    account = deployment.accounts[ACCOUNT]
    url = f"{account['url'].replace('http', 'ws', 1)}api/kernels/{kernel.id}/channels?session_id=nonsense"
    protocol, message = BOMBS[bomb]
    one = websocket.create_connection(
        url, timeout=120, header=[f"Authorization: token {account['token']}"], subprotocols=None if protocol is None else [protocol]
    )
    try:
        with Peak(server_pid(deployment)) as peak:
            one.send(message, websocket.ABNF.OPCODE_TEXT if isinstance(message, str) else websocket.ABNF.OPCODE_BINARY)
            one.ping()
            while one.recv_data(control_frame=True)[0] != websocket.ABNF.OPCODE_PONG:
                pass
        assert peak.grown < 100 * MEGABYTE
    finally:
        one.close()


def test_what_a_kernel_does_not_take_is_not_kept_without_end(deployment: Demo) -> None:
    """A kernel that stands still, and a page that goes on sending: more than fits is refused, and the cell ends with the reason."""
    client = deployment.client(ACCOUNT)
    with client.kernel("personal/standing.ipynb") as kernel:
        kernel.send("import os, signal; print('stops', flush=True); os.kill(os.getpid(), signal.SIGSTOP)")
        with Peak(server_pid(deployment)) as peak:
            asked = [kernel.send("#" + "x" * 7 * MEGABYTE) for _ in range(60)]
            found = kernel.receive(asked[-1], 200)
        assert found.error is not None
        assert found.error[0] == "NotTaken"
        assert "too much waits for kernels" in found.text
        assert peak.grown < 300 * MEGABYTE
        assert healthy(deployment)
    with client.kernel("personal/standing.ipynb") as kernel:
        assert kernel.run("print(1 + 1)").text == "2\n"


def test_requests_that_never_end_are_cut_off_and_others_answered(deployment: Demo) -> None:
    opened = [socket.create_connection(address(deployment), 60) for _ in range(100)]
    try:
        for one in opened:
            one.sendall(b"GET /researcher/api HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        for _ in range(5):
            assert healthy(deployment)
        # the bound on headers is a third of a minute
        opened[0].settimeout(120)
        assert opened[0].recv(1000) in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n")
        assert healthy(deployment)
    finally:
        for one in opened:
            one.close()


def test_connections_are_bounded(deployment: Demo) -> None:
    opened: list[socket.socket] = []
    try:
        closed = False
        for _ in range(600):
            one = socket.create_connection(address(deployment), 60)
            opened.append(one)
        opened[-1].settimeout(60)
        closed = opened[-1].recv(1) == b""
        assert closed, "one more than there may be is closed at once"
    finally:
        for one in opened:
            one.close()
    wait_for(lambda: healthy(deployment), 60, "an answer")


def test_websockets_are_bounded_in_number_and_in_what_they_send(deployment: Demo) -> None:
    account = deployment.accounts["leader"]
    url = account["url"].replace("http", "ws", 1) + "api/events/subscribe"
    header = [f"Authorization: token {account['token']}"]
    opened = []
    try:
        status = None
        while status is None and len(opened) < 80:
            try:
                opened.append(websocket.create_connection(url, timeout=60, header=header))
            except websocket.WebSocketBadStatusException as refused:
                status = refused.status_code
        assert (status, len(opened) <= 64) == (429, True)
        try:
            opened[0].send("x" * (9 * MEGABYTE))
            # nothing of it is kept: the connection is closed
            while opened[0].recv():
                pass
            closed = True
        except (OSError, websocket.WebSocketException) as error:
            closed = not isinstance(error, TimeoutError | websocket.WebSocketTimeoutException)
        assert closed
    finally:
        for one in opened:
            with contextlib.suppress(OSError):
                one.close()

    def again() -> bool:
        try:
            websocket.create_connection(url, timeout=60, header=header).close()
        except websocket.WebSocketBadStatusException:
            return False
        return True

    wait_for(again, 60, "room")
