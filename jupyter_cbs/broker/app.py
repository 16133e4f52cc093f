"""The broker's process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket

from ..sandbox.limits import raise_open_files
from . import routes
from .authority import Authority
from .calls import unhandled
from .deployment import Deployment
from .http import Gateway
from .keeping import free_bytes
from .launching import Launcher
from .owners import become_broker

log = logging.getLogger(__name__)

_OPEN_FILES = 8192
"""A worker's start opens every granted file for its sandbox."""

__all__ = ["routes", "run", "serve"]


async def serve(deployment: Deployment, stop: asyncio.Event, unsandboxed: bool = False, launcher_fd: int | None = None) -> None:
    """Run the broker until ``stop`` is set.

    Parameters
    ----------
    deployment : Deployment
        Where everything lies.
    stop : asyncio.Event
        Set to end.
    unsandboxed : bool
        As for :class:`Authority`.
    launcher_fd : int, optional
        Descriptor of the launcher of query engines, where root started one; it is owned from here on.

    Raises
    ------
    PolicyInvalid
        If there is no valid policy.
    RuntimeError
        If an operation of the gateway has no handler.
    """
    if missing := unhandled():
        raise RuntimeError(f"operations without a handler: {sorted(missing)}")
    launcher = None if launcher_fd is None else Launcher(socket.socket(fileno=launcher_fd))
    authority = Authority(deployment, unsandboxed, launcher)
    routes.exports.finish_releases(authority)
    await free_bytes(authority)
    gateway = Gateway(authority)
    authority.sessions.restore()
    gateway.sync()
    authority.inspector.warm()
    tasks = [
        asyncio.create_task(authority.watch_policies()),
        asyncio.create_task(authority.watch_catalogue()),
        asyncio.create_task(authority.metering.run()),
        asyncio.create_task(authority.sessions.reap()),
        asyncio.create_task(authority.anchor_regularly()),
        asyncio.create_task(authority.refusals.run()),
        *(() if launcher is None else (asyncio.create_task(launcher.lost()),)),
    ]
    log.info("broker ready: %d data sets, policy %s", len(authority.catalogue.files), authority.policies.current.version)
    try:
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()  # a watcher never ends by itself: its error ends the broker, the supervisor starts a new one
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await gateway.stop()
        await authority.inspector.close()
        await authority.sessions.stop(keep=True)
        if launcher is not None:
            launcher.close()
        authority.close()


def run(deployment: Deployment, unsandboxed: bool = False, launcher_fd: int | None = None) -> None:
    """Run the broker until SIGTERM or SIGINT; started as root it runs under an account of its own.

    Parameters
    ----------
    deployment : Deployment
        Where everything lies.
    unsandboxed : bool
        As for :class:`Authority`.
    launcher_fd : int, optional
        As for :func:`serve`.

    Raises
    ------
    Conflict
        ``runs_already`` when another broker works with the same state.
    """
    become_broker(deployment, ("--unsandboxed-demo",) if unsandboxed else ())
    raise_open_files(_OPEN_FILES)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        with deployment.held():
            await serve(deployment, stop, unsandboxed, launcher_fd)

    asyncio.run(main())
