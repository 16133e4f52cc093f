"""The processes a supervisor starts: each in a session of its own, ended with what it started."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from ..sandbox.bubblewrap import Sandbox
from ..sandbox.namespaces import Namespace

log = logging.getLogger(__name__)

LOG_BYTES: Final = 2**24
"""A process may write so much to its log before that begins anew: what people ask for leaves lines there."""

_STOP_SECONDS: Final = 30.0
"""How long a process may take to end what it started and unfinished uploads; all servers end at once, and a busy machine takes its time."""
_MOST_RESTARTS: Final = 5
_RESTART_WINDOW: Final = 30.0
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Let processes whose parent was killed come to this one instead of to init, so that they can be ended."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with_parent() -> None:
    """Run between fork and exec: a supervisor that is killed takes its processes with it."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A process in a session of its own, so that Ctrl-C reaches only the supervisor.

    Parameters
    ----------
    name : str
        For people.
    argv, env
        The command and all of its environment.
    log_file : Path
        Where its output goes.
    sandbox : Sandbox, optional
        What it sees; everything this account sees when absent.
    handed : sequence of int
        Descriptors it gets, under the same numbers, at every start.
    """

    def __init__(
        self,
        name: str,
        argv: list[str],
        env: Mapping[str, str],
        log_file: Path,
        *,
        sandbox: Sandbox | None = None,
        handed: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._argv = argv
        self._env = dict(env)
        self._sandbox = sandbox
        self._handed = tuple(handed)
        self._namespace: Namespace | None = None
        self._log_file = log_file
        self._log: IO[bytes] | None = None
        self.process: asyncio.subprocess.Process | None = None
        self.started: list[float] = []

    @property
    def pid(self) -> int:
        """Process id of the program itself, also where it runs in a sandbox."""
        inner = self._namespace.leader() if self._namespace is not None else None
        return inner or (self.process.pid if self.process is not None else 0)

    async def start(self) -> None:
        """Start it, for the first time or again."""
        if self._log is None:
            self._log = self._log_file.open("ab")
        self.started.append(time.monotonic())
        self._forget()
        if self._sandbox is None:
            self.process = await self._run(self._argv, self._env, self._handed)
            return
        with self._sandbox.prepare(self._argv, self._handed) as prepared:
            self.process = await self._run(prepared.argv, prepared.environment, prepared.pass_fds)
            self._namespace = await asyncio.to_thread(prepared.started)
        while self._namespace.alive and self._namespace.leader() is None:
            await asyncio.sleep(0.005)  # until then there is no program that could be named or asked to end

    async def _run(self, argv: Sequence[str], env: Mapping[str, str], pass_fds: Sequence[int]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *argv,
            env=env,
            pass_fds=pass_fds,
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def _forget(self) -> None:
        namespace, self._namespace = self._namespace, None
        if namespace is not None:
            namespace.close()

    def signal(self, number: int) -> None:
        """Send a signal to its process group, if it runs."""
        if self._namespace is not None and self._namespace.alive:
            # bubblewrap passes nothing on, and takes the program with it
            self._namespace.signal(number)
        elif self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def replace(self, argv: list[str]) -> None:
        """End it, to be started again with another command by whoever keeps it running."""
        self._argv = argv
        self.signal(signal.SIGTERM)

    async def stop(self) -> None:
        """End the process and what it started in its group."""
        if self.process is not None:
            self.signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), _STOP_SECONDS)
            except TimeoutError:
                log.warning("%s did not end in %d s and is killed", self.name, _STOP_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()
        self._forget()
        if self._log is not None:
            self._log.close()
            self._log = None

    def too_often(self) -> bool:
        """Whether it died so often lately that starting it again makes no sense."""
        now = time.monotonic()
        self.started = [moment for moment in self.started if now - moment < _RESTART_WINDOW]
        return len(self.started) >= _MOST_RESTARTS

    def turn_log(self) -> None:
        """Begin the log anew when it has become long; its last part is kept beside it, as ``….log.1``."""
        if self._log is None or (size := os.fstat(self._log.fileno()).st_size) <= LOG_BYTES:
            return
        try:
            with self._log_file.open("rb") as source, self._log_file.with_name(f"{self._log_file.name}.1").open("wb") as kept:
                source.seek(size - LOG_BYTES)
                shutil.copyfileobj(source, kept)
        except OSError as error:
            log.warning("the log of the %s could not be kept: %s", self.name, error)
        # whoever writes to it appends
        os.truncate(self._log_file, 0)

    def last_lines(self) -> str:
        """Give the end of the log, for the message when it does not start."""
        with contextlib.suppress(OSError):
            return "\n".join(self._log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        return ""


def children() -> set[int]:
    """Give the processes whose parent is this one."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


def end_orphans(spare: set[int]) -> None:
    """End what our processes left behind; everything we started ourselves has been waited for.

    Parameters
    ----------
    spare : set of int
        Children this process had before.
    """
    deadline = time.monotonic() + _STOP_SECONDS
    while (left := children() - spare) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
