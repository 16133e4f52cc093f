"""A real broker process of a deployment, and requests at its gateway as workspace servers make them."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_cbs.broker.deployment import Deployment

POLICIES = Path(__file__).parents[1] / "policies"
PATIENCE = 120.0
"""Seconds a broker may take to start, to answer and to stop."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass
class Answer:
    status: int
    body: Any


class BrokerProcess:
    """The broker of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.process: subprocess.Popen[bytes] | None = None
        self._log = deployment.root / "broker.log"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "jupyter_cbs.broker", "--dir", str(self.deployment.root)], stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.request("admin", "GET", "/health").status == 200:
                    return
            except (OSError, http.client.HTTPException):
                try:
                    self.process.wait(0.05)
                except subprocess.TimeoutExpired:
                    assert time.monotonic() < deadline, self.log()
                    continue
                raise AssertionError(self.log()) from None

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it, unless it has ended."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)

    def log(self) -> str:
        """The end of what it logged."""
        return self._log.read_text()[-4000:]

    def request(self, user: str, method: str, path: str, body: Any = None, project: str = "9001", lang: str = "en") -> Answer:
        """Ask it something in the name of a person; ``body`` is sent as JSON, bytes as they are."""
        connection = _UnixConnection(self.deployment.gateway_socket(project, user))
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, f"/cbs/api{path}", data, {"Accept-Language": lang})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return Answer(response.status, json.loads(content) if content else None)
