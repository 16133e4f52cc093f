"""A Python kernel in the sandbox, over sockets in a private folder: it works, it can be interrupted, and all of it ends."""

from __future__ import annotations

import json
import os
import queue
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from running_demo import wait_for

from jupyter_cbs.sandbox import profiles
from jupyter_cbs.sandbox.namespaces import Namespace

from .boxes import IDENTITY, Boxes, Running

PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")


class Kernel:
    """A kernel and a client."""

    def __init__(self, boxes: Boxes) -> None:
        sockets = boxes.folder / "k"
        sockets.mkdir(mode=0o700)
        if IDENTITY is not None:
            os.chown(sockets, IDENTITY.uid, IDENTITY.gid)
        info: dict[str, Any] = dict(zip(PORTS, range(1, 6), strict=True))
        info |= {"transport": "ipc", "ip": f"{sockets}/s", "key": secrets.token_hex(16), "signature_scheme": "hmac-sha256"}
        inner = json.dumps({**info, "ip": f"{profiles.KERNEL_SOCKETS}/s"}).encode()
        path = boxes.folder / "session" / "s"
        path.parent.mkdir()
        self.session = socket.socket(socket.AF_UNIX)
        self.session.bind(str(path))
        self.session.listen(1)
        if IDENTITY is not None:
            os.chown(path, IDENTITY.uid, IDENTITY.gid)
        boxes.sandbox = profiles.kernel({"shared": boxes.shared}, path, sockets, inner, identity=IDENTITY)
        self.running: Running = boxes.start([sys.executable, "-m", "ipykernel_launcher", "-f", profiles.CONNECTION_FILE])
        # who connects before the kernel listens tries again, each channel in its own time; a request for input would find nobody
        wait_for(lambda: all((sockets / f"s-{number}").exists() for number in range(1, 6)), 120, "the kernel's listening")
        self.client = BlockingKernelClient()
        self.client.load_connection_info(info)
        self.client.start_channels()
        # the subscription to iopub takes a moment; every request is answered there as well
        while True:
            self.client.kernel_info()
            self.client.get_shell_msg(timeout=120)
            try:
                self.client.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                continue
            return

    def run(self, code: str, stdin: str | None = None) -> tuple[str, str]:
        """Execute; give the status and what was printed."""
        printed: list[str] = []

        def keep(message: dict[str, Any]) -> None:
            content = message["content"]
            printed.append(content.get("text", "") or "".join(content.get("traceback", ())))

        answer = self.client.execute_interactive(
            code, timeout=120, output_hook=keep, stdin_hook=lambda _: self.client.input(stdin), allow_stdin=stdin is not None
        )
        return answer["content"]["status"], "".join(printed)

    def start(self, code: str) -> str:
        """Execute without waiting, until it says 'go'; give the number of the request."""
        # otherwise the kernel drops what comes right after the interrupt
        request = self.client.execute(code, stop_on_error=False)
        while True:
            message = self.client.get_iopub_msg(timeout=120)
            if message["msg_type"] == "stream" and "go" in message["content"]["text"]:
                return str(request)

    def answer(self, request: str) -> dict[str, Any]:
        """Wait for the answer to a request."""
        while True:
            message = self.client.get_shell_msg(timeout=120)
            if message["parent_header"]["msg_id"] == request:
                return dict(message["content"])

    def close(self) -> None:
        self.client.stop_channels()
        self.running.namespace.kill()
        self.running.finish()
        self.session.close()


@pytest.fixture
def kernel(boxes: Boxes) -> Iterator[Kernel]:
    kernel = Kernel(boxes)
    yield kernel
    kernel.close()


def inside(kernel: Kernel) -> set[int]:
    """Every process of the sandbox, as the host sees it."""
    found = set()
    mine = os.readlink(f"/proc/{kernel.running.namespace.leader()}/ns/pid")
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.readlink(entry / "ns/pid") == mine:
                    found.add(int(entry.name))
            except OSError:
                pass
    return found


def gone(pids: set[int]) -> bool:
    """Wait until none of the processes runs."""
    deadline = time.monotonic() + 60
    for pid in pids:
        while time.monotonic() < deadline:
            try:
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    break
            except OSError:
                break
            time.sleep(0.01)
        else:
            return False
    return True


HIDE = """
import os, signal, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: time.sleep(60)
"""


def test_it_computes_reads_input_and_writes_files(kernel: Kernel, boxes: Boxes) -> None:
    assert kernel.run("print(6 * 7)") == ("ok", "42\n")
    assert kernel.run("print(input().upper())", stdin="name")[1].strip().endswith("NAME")
    assert kernel.run("import os, pandas, duckdb, jupyter_cbs; print(os.getcwd(), os.getuid())") == ("ok", "/workspace 1000\n")
    assert kernel.run("!echo from a shell")[1].strip() == "from a shell"
    assert kernel.run("import pty; pty.spawn(['/bin/true'])")[0] == "ok"
    assert kernel.run("open('shared/x.txt', 'w').write('y')")[0] == "ok"
    assert (boxes.shared / "x.txt").read_text() == "y"
    status, text = kernel.run("import os; os.symlink('/etc/passwd', 'shared/link')")
    assert status == "error"
    assert "PermissionError" in text


def test_the_session_is_the_one_way_out(kernel: Kernel) -> None:
    assert kernel.run("import os, socket; s = socket.socket(socket.AF_UNIX); s.connect(os.environ['CBS_SESSION']); s.sendall(b'hello')")[0] == "ok"
    peer, _ = kernel.session.accept()
    with peer:
        assert peer.recv(5) == b"hello"


def test_an_interrupt_reaches_the_code_and_its_children(kernel: Kernel) -> None:
    # the child is there before anything is printed, so the interrupt cannot come before it
    request = kernel.start("import subprocess; child = subprocess.Popen(['/usr/bin/sleep', '100']); print('go', flush=True); child.wait()")
    assert kernel.running.namespace.interrupt()
    assert kernel.answer(request)["ename"] == "KeyboardInterrupt"
    assert kernel.run("print('again')")[1].endswith("again\n")
    # it would have slept on; 0 where Python was interrupted between its end and the note of it
    assert kernel.run("print(child.wait(60))")[1] in ("-2\n", "0\n")
    assert kernel.running.namespace.alive


def test_killing_leaves_nothing_behind(kernel: Kernel) -> None:
    assert kernel.run(HIDE)[0] == "ok"
    pids = inside(kernel)
    assert len(pids) >= 5
    assert kernel.running.namespace.kill()
    assert kernel.running.namespace.wait(60)
    assert gone(pids)
    assert not kernel.running.namespace.alive
    assert not kernel.running.namespace.interrupt()


def test_ending_by_itself_leaves_nothing_behind(kernel: Kernel) -> None:
    assert kernel.run(HIDE)[0] == "ok"
    pids = inside(kernel)
    kernel.client.execute("import os; os._exit(3)")
    assert kernel.running.process.wait(60) == 3
    assert gone(pids)


def test_a_terminated_starter_takes_it_along(boxes: Boxes) -> None:
    """Also when whoever started it is killed without a chance to clean up."""
    code = f"""
import subprocess, sys
sys.path[:0] = {[str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]!r}
from sandbox.boxes import *
boxes = Boxes(Path(sys.argv[1]))
running = boxes.start(["/usr/bin/sleep", "1000"])
while running.namespace.leader() is None: pass
print(running.namespace.init, running.namespace.leader(), flush=True)
sys.stdin.read()
"""
    folder = boxes.folder / "other"
    folder.mkdir(mode=0o755)
    starter = subprocess.Popen([sys.executable, "-I", "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pids = {int(pid) for pid in starter.stdout.readline().split()}
    assert len(pids) == 2
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdin.close()
    starter.stdout.close()
    assert gone(pids)


def test_without_a_sandbox_hidden_processes_survive() -> None:
    """The negative control: killing a plain process leaves what it hid."""
    code = HIDE.replace("range(3)", "range(1)").replace("while True:", "print(os.getpid(), flush=True)\n        while True:") + "\ntime.sleep(60)"
    process = subprocess.Popen([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    hidden = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    os.kill(hidden, 0)
    os.kill(hidden, signal.SIGKILL)


def test_a_number_that_is_no_init_is_never_signalled() -> None:
    process = subprocess.Popen(["/usr/bin/sleep", "60"])
    try:
        namespace = Namespace(process.pid)
        assert not namespace.kill()
        assert not namespace.interrupt()
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
