"""A process as who started it sees it, whether it is a child of this process or somebody else started it on its behalf."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol


class Process(Protocol):
    """What is asked of a process; :class:`asyncio.subprocess.Process` is one."""

    @property
    def pid(self) -> int:
        """Its number; of a sandboxed program that of bubblewrap."""

    @property
    def returncode(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""

    @property
    def stderr(self) -> asyncio.StreamReader | None:
        """What it prints as errors."""

    def send_signal(self, number: int, /) -> None:
        """Send a signal; raises ProcessLookupError at most when it has ended."""

    def kill(self) -> None:
        """End it at once, as :meth:`send_signal`."""

    async def wait(self) -> int:
        """Wait for its end and give :attr:`returncode`."""


async def start(argv: Sequence[str], pass_fds: Sequence[int], environment: Mapping[str, str]) -> Process:
    """Start a child in a session of its own, in ``/``, that inherits nothing but some descriptors.

    Parameters
    ----------
    argv : sequence of str
        The command.
    pass_fds : sequence of int
        Descriptors that stay open in it.
    environment : mapping of str to str
        All of its environment.

    Raises
    ------
    OSError
        When it cannot be started.
    """
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=pass_fds,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
