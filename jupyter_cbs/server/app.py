"""The server extension."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, List, Set, Unicode
from traitlets.config import Config

from ..domain.errors import CbsError
from ..protocol.connections import bound_connections
from ..system.beneath import WorkspaceRoots
from . import handlers, hardening, pages, sessions, sockets
from .frontend import bound_what_is_kept
from .gateway import Gateway
from .identity import AccountIdentityProvider
from .kernels import ForcedProvisionerFactory
from .listening import HandedServerApp
from .notes import Notes
from .permitted import PermittedKernels
from .routes import NOTES, close_the_rest
from .stream import SCHEMA_FILE, EventStream


class CbsApp(ExtensionApp):
    """A workspace server: JupyterLab for one person in one project, with every exit closed."""

    name = "jupyter_cbs"
    description = "A secure analysis workspace for statistical microdata."
    extension_url = "/lab"
    load_other_extensions = True
    serverapp_class = HandedServerApp

    gateway_socket = Unicode(help="Socket of the broker's gateway for this person in this project.").tag(config=True)
    shared_dir = Unicode(help="The project's shared area, shown as shared/.").tag(config=True)
    personal_dir = Unicode(help="The person's own area, shown as personal/.").tag(config=True)
    runtime_dir = Unicode(help="Folder for sockets and for what is thrown away when the server ends; made when empty. Its path must be short.").tag(
        config=True
    )
    hidden_dirs = List(Unicode(), help="Places that nothing a kernel sees may contain, e.g. the catalogue.").tag(config=True)
    unsandboxed_demo = Bool(False, help="Start kernels without a sandbox; a demo with synthetic data only.").tag(config=True)
    allowed_extensions = Set(
        Unicode(),
        default_value={"jupyter_cbs", "jupyterlab"},
        help="Server extensions that may be loaded; another one keeps the server from starting.",
    ).tag(config=True)

    _own_runtime = False
    _looking: asyncio.Task[None] | None = None
    _permitting: asyncio.Task[None] | None = None

    def _link_jupyter_server_extension(self, serverapp: Any) -> None:
        try:
            self._harden(serverapp)
            super()._link_jupyter_server_extension(serverapp)
        except Exception as error:
            # Jupyter would log it and go on without the extension, that is, without walls
            self.log.exception("linking failed")
            self._refuse(str(error))

    def _harden(self, serverapp: Any) -> None:
        """Put the settings in force that hold whatever anybody configured."""
        self.serverapp = serverapp
        # traits of this app from configuration and command line are needed before the server's parts are made
        self.load_config_file()
        self.update_config(serverapp.config)
        if not self.deployed:
            # installed, but not started by a deployment: an ordinary Jupyter server, with a panel that says so and no data
            self.log.warning("This server belongs to no CBS deployment: start one with 'jupyter cbs demo' or 'jupyter cbs up'.")
            super()._link_jupyter_server_extension(serverapp)
            return
        self._check(serverapp)
        runtime = self._prepare_runtime()
        pages = [Path(sys.prefix) / "share/jupyter/lab/static/index.html"]
        base_url = str(serverapp.config.ServerApp.get("base_url", "/"))
        forced = hardening.settings(base_url, runtime / "empty", pages)
        workspace = {"gateway_socket": self.gateway_socket, "shared_dir": self.shared_dir, "personal_dir": self.personal_dir}
        forced["CbsContentsManager"] = dict(workspace)
        forced["ForcedProvisionerFactory"] = {
            **workspace,
            "runtime_dir": str(runtime),
            "hidden_dirs": self.hidden_dirs,
            "unsandboxed": self.unsandboxed_demo,
        }
        serverapp.update_config(Config(forced))
        # it must be there before anything asks for the factory, and must replace one that is
        ForcedProvisionerFactory.clear_instance()
        KernelProvisionerFactory.clear_instance()
        ForcedProvisionerFactory.instance(parent=serverapp)

    @property
    def deployed(self) -> bool:
        """Whether a deployment started this server; then everything must be in order, or it does not start."""
        return bool(self.gateway_socket or self.shared_dir or self.personal_dir)

    def _check(self, serverapp: Any) -> None:
        """Refuse to start where the walls would have holes."""
        for name in ("gateway_socket", "shared_dir", "personal_dir"):
            if not os.path.isabs(getattr(self, name)):
                self._refuse(f"CbsApp.{name} is not set to an absolute path; start the server with 'jupyter cbs demo' or 'jupyter cbs up'.")
        foreign = {name for name, on in serverapp.extension_manager.extensions.items() if on.enabled} - self.allowed_extensions
        if foreign:
            self._refuse(
                f"server extensions that this deployment does not list: {', '.join(sorted(foreign))}. "
                "Disable them, or add them to CbsApp.allowed_extensions."
            )
        areas = [Path(self.shared_dir).resolve(), Path(self.personal_dir).resolve()]
        watched = [*serverapp.config_file_paths, serverapp.data_dir, serverapp.runtime_dir, os.getcwd(), *sys.path]
        for place in (Path(place).resolve() for place in watched if place):
            if any(place.is_relative_to(area) for area in areas):
                self._refuse(
                    f"{place} lies inside a workspace, so a kernel could change how this server works. Start it with 'python -P' from outside."
                )

    def _refuse(self, reason: str) -> NoReturn:
        self.log.critical("The workspace server does not start: %s", reason)
        sys.exit(1)

    def _prepare_runtime(self) -> Path:
        if not self.runtime_dir:
            self.runtime_dir = tempfile.mkdtemp(prefix="cbs-")
            self._own_runtime = True
        runtime = Path(self.runtime_dir)
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = os.stat(runtime, follow_symlinks=False)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            self._refuse(f"{runtime} is not a folder that only this account can enter.")
        (runtime / "empty").mkdir(mode=0o700, exist_ok=True)
        return runtime

    def initialize_settings(self) -> None:
        """Register the events and make the broker's client."""
        self.serverapp.event_logger.register_event_schema(SCHEMA_FILE)
        self.gateway = Gateway(self.gateway_socket)
        self.stream = EventStream(self.gateway, self.serverapp.event_logger)
        self.notes = Notes(self.gateway)
        self.serverapp.web_app.settings[NOTES] = self.notes
        if isinstance(self.serverapp.identity_provider, AccountIdentityProvider):
            self.serverapp.identity_provider.notes = self.notes

    def initialize_handlers(self) -> None:
        """Mount the gateway and close every route that is not on the list."""
        roots = WorkspaceRoots(Path(self.shared_dir), Path(self.personal_dir)) if self.deployed else None
        self.handlers.extend(handlers.routes(self.gateway, self.stream, roots))
        if self.deployed:
            self.handlers.extend([*pages.routes(), *sessions.routes(), *sockets.routes()])
            close_the_rest(self.serverapp.web_app)
            sockets.bound_messages(self.serverapp.kernel_manager.context)
            self.serverapp.web_app.settings["page_config_hook"] = _page_config

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        if not self.deployed:
            return
        try:
            bound_what_is_kept(serverapp.web_app)
        except LookupError as error:
            self._refuse(str(error))
        pages.put_in_place(serverapp.web_app)
        bound_connections(serverapp.http_server, sockets.MAX_CONNECTIONS, sockets.HEADER_SECONDS, sockets.BODY_SECONDS)
        self.stream.start()
        self.notes.start()
        if isinstance(serverapp.identity_provider, AccountIdentityProvider):
            self._looking = asyncio.create_task(_look_after(serverapp.identity_provider))
        ended = ForcedProvisionerFactory.instance().ended
        self._permitting = asyncio.create_task(PermittedKernels(self.gateway, serverapp.kernel_manager, self.stream, ended).run())
        if self.unsandboxed_demo:
            self.log.warning("Kernels of this demo run without a sandbox.")
        else:
            await asyncio.to_thread(self._try_walls)

    def _try_walls(self) -> None:
        """Say at the start what would keep kernels from starting; each start looks again until it is mended."""
        try:
            ForcedProvisionerFactory.instance().walls.check()
        except CbsError as error:
            self.log.critical("No kernel will start: %s", error.say("en"))

    async def stop_extension(self) -> None:
        """Stop listening, throw away unfinished uploads and what lay in the runtime folder."""
        if not self.deployed:
            return
        await self.stream.stop()
        await self.notes.stop()
        for task in (self._looking, self._permitting):
            if task is not None:
                task.cancel()
        self.serverapp.contents_manager.abandon_uploads()
        if self._own_runtime:
            shutil.rmtree(self.runtime_dir, ignore_errors=True)


def _page_config(handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
    """Change what JupyterLab's page is told, whatever was set before.

    Nothing is built here, so the front end need not ask whether something could be. A token in the page could be read by every script
    in it, and would make sessions endless.
    """
    page_config.update(buildAvailable=False, buildCheck=False, token="")
    return hardening.locked_page(page_config)


async def _look_after(sessions: AccountIdentityProvider) -> None:
    """Close what ended log-ins left open; runs until cancelled."""
    while True:
        await asyncio.sleep(min(30.0, sessions.session_idle_minutes * 15))
        sessions.close_ended()
