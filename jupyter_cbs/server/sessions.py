"""Refused kernels keep their status and their reason on the way to the browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_server.auth.decorator import authorized
from jupyter_server.services.kernels.handlers import KernelActionHandler
from jupyter_server.services.sessions.handlers import SessionHandler, SessionRootHandler
from tornado import web

from . import bodies
from .problems import http_error
from .wording import Worded

_KERNEL: Final = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


@contextmanager
def _reason_kept() -> Iterator[None]:
    """Undo the wrapping of Jupyter's handlers, which make every failed start an error 500."""
    try:
        yield
    except web.HTTPError as error:
        if isinstance(error.__cause__, web.HTTPError):
            raise error.__cause__ from None
        raise


def _kernel_of(model: dict[str, Any]) -> dict[str, Any]:
    kernel: dict[str, Any] = model.get("kernel") or {}
    return kernel


class ReasonedSessionsHandler(bodies.TypedBody, SessionRootHandler):
    """Starts notebooks with their kernels."""

    shapes: ClassVar = {"POST": bodies.Session}

    def get_json_body(self) -> dict[str, Any] | None:
        """Give the request's body; refuse a kernel there is not, to which Jupyter would answer in words of its own."""
        model = super().get_json_body()
        name = _kernel_of(model or {}).get("name")
        if name and name not in self.kernel_spec_manager.find_kernel_specs():
            raise http_error(bodies.no_such_kernel())
        return model

    async def post(self) -> None:
        """Start a session; a refusal of the broker is answered as one."""
        with _reason_kept():
            await super().post()


class ReasonedSessionHandler(bodies.TypedBody, SessionHandler):
    """One notebook and its kernel."""

    shapes: ClassVar = {"PATCH": bodies.Session}
    _started: str | None = None

    def get_json_body(self) -> dict[str, Any] | None:
        """Give the request's body, with the kernel that was started for it."""
        model = super().get_json_body()
        return model if model is None or self._started is None else {**model, "kernel": {"id": self._started}}

    @web.authenticated
    @authorized
    async def patch(self, session_id: str) -> None:
        """Give the notebook another path or kernel; a refusal of the broker is answered as one.

        Jupyter starts the kernel itself and hides why one is refused in the text of another error.
        """
        kernel = _kernel_of(self.get_json_body() or {})
        if kernel.get("name") and not kernel.get("id"):
            before = await self.session_manager.get_session(session_id=session_id)
            try:
                self._started = await self.session_manager.start_kernel_for_session(
                    session_id, path=before["path"], name=before["name"], type=before["type"], kernel_name=kernel["name"]
                )
            except NoSuchKernel as error:
                raise http_error(bodies.no_such_kernel()) from error
        await super().patch(session_id)


class ReasonedKernelActionHandler(Worded, KernelActionHandler):
    """Interrupts and restarts kernels."""

    async def post(self, kernel_id: str, action: str) -> None:
        """Interrupt or restart; a refusal of the broker is answered as one."""
        with _reason_kept():
            await super().post(kernel_id, action)


def routes() -> list[tuple[str, type[Any]]]:
    """Give the routes that take the place of Jupyter's own; those of extensions come first."""
    return [
        (r"/api/sessions", ReasonedSessionsHandler),
        (rf"/api/sessions/(?P<session_id>{bodies.UUID})", ReasonedSessionHandler),
        (rf"/api/kernels/{_KERNEL}/(?P<action>restart|interrupt)", ReasonedKernelActionHandler),
        *bodies.routes(),
    ]
