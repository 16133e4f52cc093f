"""A real broker process on generated data, and real kernels connected to it."""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from jupyter_cbs.broker.deployment import Deployment

POLICIES = Path(__file__).parents[2] / "policies"
PIN = "314159"
PATIENCE = 120.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._path))


class Broker:
    """The broker's process and what a workspace server asks of it."""

    def __init__(self, root: Path) -> None:
        self.deployment = Deployment(root)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = root / "broker.log"

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "jupyter_cbs.broker", "--dir", str(self.deployment.root)], stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.call("researcher", "GET", "/health")
                return
            except (OSError, http.client.HTTPException):
                try:
                    self._process.wait(0.05)
                except subprocess.TimeoutExpired:
                    assert time.monotonic() < deadline, self.log()
                    continue
                raise AssertionError(self.log()) from None

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)

    def log(self) -> str:
        return self._log.read_text()[-4000:]

    def call(self, user: str, method: str, path: str, body: dict[str, Any] | None = None, project: str = "9001") -> dict[str, Any]:
        connection = _UnixConnection(self.deployment.gateway_socket(project, user))
        try:
            connection.request(method, f"/cbs/api{path}", None if body is None else json.dumps(body), {"Accept-Language": "en"})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        answer: dict[str, Any] = json.loads(content) if content else {}
        assert response.status < 300, answer
        return answer

    def workspace(self, user: str, project: str, parent: Path) -> Path:
        """Make a working directory with both areas, as a kernel sees it."""
        folder = parent / "workspace"
        folder.mkdir(exist_ok=True)
        for name, area in (("shared", self.deployment.shared(project)), ("personal", self.deployment.personal(project, user))):
            area.mkdir(parents=True, exist_ok=True)
            if not (folder / name).exists():
                (folder / name).symlink_to(area)
        return folder


@dataclass
class Ran:
    """What a cell gave."""

    data: list[dict[str, Any]] = field(default_factory=list)
    stdout: str = ""
    error: str = ""
    traceback: str = ""

    @property
    def text(self) -> str:
        return "\n".join([self.stdout, *(d.get("text/plain", "") for d in self.data)])

    @property
    def html(self) -> str:
        return "\n".join(d.get("text/html", "") for d in self.data)


class Kernel:
    """A real ipykernel process with a session at the broker."""

    def __init__(self, broker: Broker, user: str, project: str, cwd: Path, lang: str = "en") -> None:
        answer = broker.call(user, "POST", "/sessions", {"kernel_id": f"k-{os.urandom(4).hex()}"}, project)
        self.manager = KernelManager(kernel_name="python3")
        env = {**os.environ, "CBS_SESSION": answer["socket"], "CBS_LANG": lang, "MPLBACKEND": "agg", "PYTHONPATH": str(Path(__file__).parents[2])}
        self.manager.start_kernel(env=env, cwd=str(cwd))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(PATIENCE)

    def run(self, code: str, during: Callable[[dict[str, Any]], None] | None = None) -> Ran:
        """Run a cell to its end; ``during`` sees every message of it."""
        number = self.client.execute(code)
        ran = Ran()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no end of {code!r}; so far {ran}") from None
            if message["parent_header"].get("msg_id") != number:
                continue
            kind, content = message["msg_type"], message["content"]
            if during is not None:
                during(message)
            if kind in ("execute_result", "display_data"):
                ran.data.append(content["data"])
            elif kind == "stream":
                ran.stdout += content["text"]
            elif kind == "error":
                ran.error, ran.traceback = content["ename"], "\n".join(content["traceback"])
            elif kind == "status" and content["execution_state"] == "idle":
                return ran

    def ok(self, code: str) -> Ran:
        ran = self.run(code)
        assert not ran.error, ran.traceback
        return ran

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
