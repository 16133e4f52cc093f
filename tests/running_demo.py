"""A running demo and the command line, as tests use them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.demo.labclient import LabClient
from jupyter_cbs.server import paths

READY_SECONDS = 400
PERSONS = 3_000


def environment() -> dict[str, str]:
    """The environment of a command; a checkout that is tested without being installed is found."""
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR") if name in os.environ}
    if (path := paths.python_path()) is not None:
        env["PYTHONPATH"] = path
    return env


def cli(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ``jupyter cbs …`` to its end."""
    command = [sys.executable, "-P", "-m", "jupyter_cbs.cli", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment(), check=False, **options)


@dataclass
class Demo:
    """A running demo.

    Parameters
    ----------
    root
        Directory of the deployment.
    process
        The supervisor.
    """

    root: Path
    process: subprocess.Popen[str]
    _clients: dict[tuple[str, str], LabClient] = field(default_factory=dict)

    @property
    def info(self) -> dict[str, Any]:
        """What ``demo.json`` says now."""
        found: dict[str, Any] = json.loads((self.root / "demo.json").read_text())
        return found

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        """Accounts by name."""
        found: dict[str, dict[str, Any]] = self.info["accounts"]
        return found

    def client(self, name: str, lang: str = "en") -> LabClient:
        """A client for an account; one per account and language, closed at the end."""
        key = (name, lang)
        if key not in self._clients:
            self._clients[key] = LabClient(self.accounts[name], lang)
        return self._clients[key]

    def shared(self, project: str = "9001") -> Path:
        """A project's shared area on disk."""
        return Path(self.info["storage"]) / project / "shared"

    def personal(self, user: str, project: str = "9001") -> Path:
        """A person's area on disk."""
        return Path(self.info["storage"]) / project / "personal" / user

    def sessions(self) -> set[str]:
        """Names of all kernel sessions."""
        # the folder of their sockets cannot be listed by everybody who may pass through
        with contextlib.suppress(FileNotFoundError):
            return {entry["id"] for entry in json.loads((self.root / "run" / "sessions.json").read_text())}
        return set()

    def runtime(self, user: str) -> Path:
        """Private folder of a person's workspace server."""
        config = json.loads((self.root / "servers" / user / "config" / "jupyter_server_config.json").read_text())
        return Path(config["CbsApp"]["runtime_dir"])

    def log(self) -> str:
        """What the supervisor printed."""
        return (self.root.parent / "supervisor.log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and wait; gives the exit code."""
        self.hang_up()
        self.process.send_signal(number)
        return self.process.wait(120)

    def hang_up(self) -> None:
        """Close the connections of all clients."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Ask until the answer is true; there is no event for what another process does to a file."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """A TCP port of the loopback interface that nobody else is given while a server is on its way to it.

    It is bound and not listened on: who reuses addresses, as tornado's servers do, binds and listens all the same.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def writes_are_counted(folder: Path) -> bool:
    """Whether Linux counts what is written to a folder's file system: not in memory, e.g. where /tmp is a tmpfs."""

    def written() -> int:
        return int(Path("/proc/self/io").read_text().split("\nwrite_bytes:")[1].split()[0])

    before = written()
    probe = folder / "probe.bin"
    probe.write_bytes(bytes(2**20))
    probe.unlink()
    return written() - before >= 2**20


def descendants(pid: int) -> list[int]:
    """Every process below one, also those in sandboxes."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                found += [child, *descendants(child)]
    return found


def await_engines(demo: Demo) -> None:
    """Wait until there are no more query engines than kernels: the broker ends those of earlier kernels after it said so.

    There may be fewer: of a kernel that asks nothing the engine is not started again once it ended.
    """

    def running() -> int:
        found = 0
        for pid in descendants(demo.info["pids"]["broker"]):
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                # bubblewrap's command line names the program too
                found += b"jupyter_cbs.query.worker" in line and not line.split(b"\0")[0].endswith(b"bwrap")
        return found

    wait_for(lambda: running() <= len(demo.sessions()), 120, "the end of the engines of earlier kernels")


def start_demo(root: Path, *options: str) -> Demo:
    """Start ``jupyter cbs demo`` and wait until everything answers and the person has been told so."""
    command = [sys.executable, "-P", "-m", "jupyter_cbs.cli", "demo", "--dir", str(root), "--no-browser", *options]
    with (root.parent / "supervisor.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, text=True, env=environment())
    demo = Demo(root, process)

    def ready() -> bool:
        if process.poll() is not None:
            logs = "\n".join(f"--- {path.name}\n{path.read_text()[-2000:]}" for path in (root / "logs").glob("*.log"))
            pytest.fail(f"the demo ended with exit code {process.returncode}:\n{demo.log()}\n{logs}")
        return (root / "demo.json").exists() and "Ctrl-C stops everything" in demo.log()

    try:
        wait_for(ready, READY_SECONDS, "the start of the demo")
    except BaseException:
        process.kill()
        process.wait()
        raise
    return demo
