"""How a kernel comes and goes: with a session at the broker, a clean environment and private sockets."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Unicode

from ..domain.errors import CbsError, Unavailable
from ..domain.gateway import ById, SessionOpen
from ..domain.text import Text
from . import language, paths
from .gateway import Gateway
from .problems import http_error

KEPT: Final = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""The only variables a kernel takes over from its server; tokens and everything unknown stay behind."""


def kernel_environment(session_socket: str, home: str) -> dict[str, str]:
    """Give the whole environment of a kernel.

    Parameters
    ----------
    session_socket : str
        Socket of the kernel's session at the broker.
    home : str
        Folder for settings and caches of what runs in the kernel.
    """
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin")),
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "JUPYTER_DATA_DIR": f"{home}/.jupyter-data",
        "JUPYTER_RUNTIME_DIR": f"{home}/.jupyter-runtime",
        "JUPYTER_CONFIG_DIR": f"{home}/.jupyter",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "PYTHONNOUSERSITE": "1",
        "CBS_SESSION": session_socket,
    }
    if (path := paths.python_path()) is not None:
        environment["PYTHONPATH"] = path
    return environment


class CbsProvisioner(LocalProvisioner):  # type: ignore[misc]
    """Opens a session at the broker before a kernel starts and closes it when the kernel is gone.

    A kernel the broker refuses does not start, and the person reads why.
    """

    gateway_socket = Unicode(help="Socket of the broker's gateway.")
    view_dir = Unicode(help="Folder a kernel starts in; holds shared and personal.")
    runtime_dir = Unicode(help="Short path of a private folder for the sockets of kernels.")
    home_dir = Unicode(help="Home of the kernels, apart from the server's.")

    _session: str | None = None
    _sockets: str | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare the start.

        Raises
        ------
        tornado.web.HTTPError
            With the broker's reason when it refuses the session or does not answer.
        """
        if not (self.gateway_socket and self.view_dir and self.runtime_dir and self.home_dir):
            raise http_error(
                Unavailable(
                    "no_workspace",
                    Text(
                        en="Kernels start only in a workspace; this server has none.",
                        nl="Kernels starten alleen in een werkomgeving; deze server heeft er geen.",
                    ),
                    Text(
                        en="Start the server with 'jupyter cbs demo' or through your office's hub.",
                        nl="Start de server met 'jupyter cbs demo' of via de hub van uw organisatie.",
                    ),
                )
            )
        lang = language.current()
        try:
            session = await Gateway(self.gateway_socket).call("sessions.open", SessionOpen(kernel_id=self.kernel_id), lang)
        except CbsError as error:
            raise http_error(error, lang) from error
        self._session = str(session["id"])
        try:
            return await self._prepare(str(session["socket"]), kwargs)
        except BaseException:
            await self._end_session()
            raise

    async def _prepare(self, session_socket: str, kwargs: dict[str, Any]) -> dict[str, Any]:
        manager = self.parent
        if manager is not None and self._sockets is None:
            self._sockets = tempfile.mkdtemp(prefix="k", dir=self.runtime_dir)
            manager.transport = "ipc"
            manager.ip = f"{self._sockets}/s"
        kwargs = await super().pre_launch(**kwargs)
        os.makedirs(self.home_dir, mode=0o700, exist_ok=True)
        kwargs["env"] = kernel_environment(session_socket, self.home_dir)
        kwargs["cwd"] = self.view_dir
        return kwargs

    async def cleanup(self, restart: bool = False) -> None:
        """End the session; the sockets stay for a restart."""
        await super().cleanup(restart=restart)
        await self._end_session()
        if not restart and self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    async def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            # the broker ends abandoned sessions itself; not reaching it now must not keep a kernel alive
            with contextlib.suppress(CbsError):
                await Gateway(self.gateway_socket).call("sessions.close", ById(id=session))
