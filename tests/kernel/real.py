"""A real broker process on generated data, and real kernels connected to it."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broker_process import PATIENCE, BrokerProcess
from jupyter_client.manager import KernelManager

from jupyter_cbs.broker.deployment import Deployment

PIN = "314159"


class Broker(BrokerProcess):
    """The broker's process and what a workspace server asks of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(Deployment(root))

    def call(self, user: str, method: str, path: str, body: dict[str, Any] | None = None, project: str = "9001") -> dict[str, Any]:
        """Ask the broker something that it must not refuse."""
        answer = self.request(user, method, path, body, project)
        assert answer.status < 300, answer
        found: dict[str, Any] = answer.body or {}
        return found

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
            elif kind == "stream" and content["name"] == "stdout":
                # a library that says on the other stream that it is slow says nothing about what is tested
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
