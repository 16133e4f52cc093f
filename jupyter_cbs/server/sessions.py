"""Refused kernels keep their status and their reason on the way to the browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from jupyter_server.services.kernels.handlers import KernelActionHandler
from jupyter_server.services.sessions.handlers import SessionRootHandler
from tornado import web

from . import bodies


@contextmanager
def _reason_kept() -> Iterator[None]:
    """Undo the wrapping of Jupyter's handlers, which make every failed start an error 500."""
    try:
        yield
    except web.HTTPError as error:
        if isinstance(error.__cause__, web.HTTPError):
            raise error.__cause__ from None
        raise


class ReasonedSessionsHandler(bodies.TypedBody, SessionRootHandler):
    """Starts notebooks with their kernels."""

    shapes: ClassVar = {"POST": bodies.Session}

    async def post(self) -> None:
        """Start a session; a refusal of the broker is answered as one."""
        with _reason_kept():
            await super().post()


class ReasonedKernelActionHandler(KernelActionHandler):
    """Interrupts and restarts kernels."""

    async def post(self, kernel_id: str, action: str) -> None:
        """Interrupt or restart; a refusal of the broker is answered as one."""
        with _reason_kept():
            await super().post(kernel_id, action)


def routes() -> list[tuple[str, type[Any]]]:
    """Give the routes that take the place of Jupyter's own; those of extensions come first."""
    return [
        (r"/api/sessions", ReasonedSessionsHandler),
        (r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/(?P<action>restart|interrupt)", ReasonedKernelActionHandler),
        *bodies.routes(),
    ]
