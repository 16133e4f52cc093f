"""How a kernel comes and goes: with a session at the broker, in a sandbox, over private sockets."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool, Instance, Int, List, Unicode

from ..domain.errors import CbsError, Unavailable
from ..domain.gateway import Event, SessionOpen
from ..domain.text import Language, Text
from ..quota.rules import human_bytes
from ..sandbox import fonts, profiles
from ..sandbox.bubblewrap import Sandbox
from ..sandbox.memory import Keeper
from ..sandbox.namespaces import Namespace
from ..sandbox.selftest import all_mandatory, missing, selftest
from ..sandbox.writing import Writing
from . import language, paths
from .closing import EndedSessions
from .gateway import Gateway
from .problems import http_error
from .stream import SCHEMA_ID

log = logging.getLogger(__name__)

_OUTPUT_BYTES: Final = 1 << 16
_OUTPUT_SECONDS: Final = 0.05
"""What a kernel writes past the messages is thrown away, at this pace at most: a flood must not keep the server busy."""

KEPT: Final = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""The only variables a kernel takes over from its server; tokens and everything unknown stay behind."""


class KernelWalls:
    """Whether kernels can be shut in: tried once until it succeeds."""

    def __init__(self) -> None:
        self._stand = False

    def check(self) -> None:
        """Try every wall, unless they stood before.

        Raises
        ------
        Unavailable
            ``walls_missing`` with the remedy.
        """
        if self._stand:
            return
        walls = selftest(template=Sandbox(limits=profiles.KERNEL_LIMITS))
        if not all_mandatory(walls):
            raise missing(walls)
        self._stand = True


def kept_environment() -> dict[str, str]:
    """Give what a kernel takes over: language and time zone."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def unsandboxed_environment(session_socket: str, home: str) -> dict[str, str]:
    """Give the whole environment of a kernel of the demo without walls.

    Parameters
    ----------
    session_socket : str
        Socket of the kernel's session at the broker.
    home : str
        Folder for settings and caches of what runs in the kernel.
    """
    environment = kept_environment()
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


class CbsProvisioner(LocalProvisioner):
    """Opens a session at the broker before a kernel starts, starts it in a sandbox, and ends both together.

    A kernel the broker refuses, or that cannot be shut in, does not start, and the person reads why.
    """

    gateway_socket = Unicode(help="Socket of the broker's gateway.")
    shared_dir = Unicode(help="The project's shared area.")
    personal_dir = Unicode(help="The person's own area.")
    runtime_dir = Unicode(help="Short path of a private folder for the sockets of kernels.")
    hidden_dirs = List(Unicode(), help="Places that nothing a kernel sees may contain.")
    unsandboxed = Bool(False, help="Start kernels without walls; the marked demo only.")
    fonts_dir = Unicode(help="Folder with matplotlib's list of the fonts, so that not every kernel looks for them.").tag(config=True)
    memory_bytes = Int(profiles.KERNEL_BYTES, help="Memory of a kernel with all it starts, temporary files included.").tag(config=True)
    walls = Instance(KernelWalls, args=())
    ended = Instance(EndedSessions, args=(), help="Where sessions are kept that the broker could not be told of.")

    reason: str = ""
    """Why the kernel was ended, for whoever waits for it; empty when that is not known."""

    writing: Writing | None = None
    """Counts what the kernel writes to disk; None before it runs."""

    process: subprocess.Popen[bytes] | None = None
    _session: str | None = None
    _session_socket: str = ""
    _sockets: str | None = None
    _namespace: Namespace | None = None
    _keeper: Keeper | None = None
    _language: Language = "en"

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare the start.

        Raises
        ------
        tornado.web.HTTPError
            503 with the remedy when the kernel could not be shut in; with the broker's reason when it refuses the session or does
            not answer.
        """
        if not (self.gateway_socket and self.shared_dir and self.personal_dir and self.runtime_dir):
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
        self._language = lang = language.current()
        try:
            if not self.unsandboxed:
                await asyncio.to_thread(self.walls.check)
            session = await Gateway(self.gateway_socket).call("sessions.open", SessionOpen(kernel_id=self.kernel_id), lang)
        except CbsError as error:
            raise http_error(error, lang) from error
        self._session, self._session_socket = str(session["id"]), str(session["socket"])
        try:
            return await self._prepare(kwargs)
        except BaseException:
            await self._end_session()
            raise

    async def _prepare(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        manager = self.parent
        if manager is not None and self._sockets is None:
            self._sockets = tempfile.mkdtemp(prefix="k", dir=self.runtime_dir)
            manager.transport = "ipc"
            manager.ip = f"{self._sockets}/s"
        kwargs = await super().pre_launch(**kwargs)
        if self.unsandboxed:
            view, home = Path(self.runtime_dir) / "view", Path(self.runtime_dir) / "home"
            for folder in (view, home):
                folder.mkdir(mode=0o700, exist_ok=True)
            for name, target in (("shared", self.shared_dir), ("personal", self.personal_dir)):
                with contextlib.suppress(FileExistsError):
                    (view / name).symlink_to(target)
            kwargs["env"] = {**unsandboxed_environment(self._session_socket, str(home)), "CBS_LANG": self._language}
            kwargs["cwd"] = str(view)
        return kwargs

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel in its sandbox; what was passed for a plain process is not used.

        Raises
        ------
        tornado.web.HTTPError
            503 when the sandbox does not start; the session is ended.
        """
        areas = (Path(self.shared_dir), Path(self.personal_dir))
        if self.unsandboxed:
            info = await super().launch_kernel(cmd, **kwargs)
            self.writing = Writing(self.pid, areas)
            return info
        try:
            await self._launch(cmd)
        except BaseException as error:
            await self.cleanup()
            if isinstance(error, CbsError):
                raise http_error(error) from error
            raise
        if self._namespace is not None:
            self.writing = Writing(self._namespace.init, areas)
        return self.connection_info

    @property
    def session(self) -> str | None:
        """The kernel's session at the broker."""
        return self._session

    async def _launch(self, cmd: Sequence[str]) -> None:
        manager = self.parent
        connection = json.loads(Path(manager.connection_file).read_text(encoding="utf-8"))
        connection["ip"] = f"{profiles.KERNEL_SOCKETS}/s"
        connection.pop("jupyter_session", None)
        limits = dataclasses.replace(profiles.KERNEL_LIMITS, memory_bytes=self.memory_bytes)
        self._keeper = keeper = Keeper(limits)
        sandbox = profiles.kernel(
            {"shared": Path(self.shared_dir), "personal": Path(self.personal_dir)},
            Path(self._session_socket),
            Path(str(self._sockets)),
            json.dumps(connection).encode(),
            environment={**kept_environment(), "CBS_LANG": self._language},
            limits=limits,
            read_only=self._spec_folder(),
            hidden=tuple(Path(place) for place in self.hidden_dirs),
        )
        sandbox = dataclasses.replace(sandbox, data={**sandbox.data, **self._fonts()})
        inner = [profiles.CONNECTION_FILE if part == manager.connection_file else part for part in cmd]
        with dataclasses.replace(sandbox, group=keeper.group).prepare(inner) as prepared:
            reading, writing = os.pipe()
            output = _Output(reading)
            try:
                # on this thread, which lives as long as the server: the sandbox ends with the thread that started it
                self.process = subprocess.Popen(
                    prepared.argv,
                    env=prepared.environment,
                    pass_fds=prepared.pass_fds,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=writing,
                    stderr=writing,
                    start_new_session=True,
                )
            finally:
                os.close(writing)
            try:
                self._namespace = await asyncio.get_running_loop().run_in_executor(None, prepared.started)
            except CbsError:
                log.warning("a kernel's sandbox did not start: %s", output.first.decode(errors="replace").strip())
                raise
        loop = asyncio.get_running_loop()

        def exceeded(held: int) -> None:
            with contextlib.suppress(RuntimeError):  # the server stops
                loop.call_soon_threadsafe(self._ended, held)

        keeper.watch(self._namespace.init, sandbox.temporary, exceeded)
        self.pid = self.process.pid
        self.pgid = None
        self.reason = ""

    def _ended(self, held: int | None) -> None:
        """Tell the person that a kernel was ended and why: ``held`` bytes were too much, 0 when it hid them, None when not known."""
        bound, bound_nl = human_bytes(self.memory_bytes), human_bytes(self.memory_bytes, lang="nl")
        log.warning("kernel %s was ended: it held %s of at most %d bytes of memory", self.kernel_id, held or "unknown", self.memory_bytes)
        if held == 0:
            text = Text(
                en="A kernel was ended: one of its programs hid how much memory it uses. The kernel starts again without its variables.",
                nl="Een kernel is beëindigd: een van zijn programma's verborg hoeveel geheugen het gebruikt. De kernel start opnieuw, "
                "zonder zijn variabelen.",
            )
        else:
            text = Text(
                en=f"A kernel was ended because it used more than {bound} of memory, its files in /tmp included. It starts again without its "
                "variables. Select fewer columns, filter or aggregate in the query, and delete what you no longer need.",
                nl=f"Een kernel is beëindigd omdat hij meer dan {bound_nl} geheugen gebruikte, zijn bestanden in /tmp meegeteld. Hij start opnieuw, "
                "zonder zijn variabelen. Kies minder kolommen, filter of aggregeer in de vraag, en verwijder wat u niet meer nodig hebt.",
            )
        self.reason = text.say(self._language)
        bus = getattr(self.parent, "event_logger", None)
        if bus is not None:
            event = Event(topic="project", text=text, level="error")
            bus.emit(schema_id=SCHEMA_ID, data=event.model_dump(mode="json", context={"lang": self._language}))

    def _fonts(self) -> dict[str, bytes]:
        """Give what a kernel finds where matplotlib keeps its list of the fonts; nothing before the list is made."""
        if not self.fonts_dir:
            return {}
        with contextlib.suppress(OSError):
            return {f"{fonts.FOLDER}/{path.name}": path.read_bytes() for path in Path(self.fonts_dir).glob("fontlist-*.json")}
        return {}

    def _spec_folder(self) -> tuple[Path, ...]:
        """Give the folder of the kernel's spec: what a kernel starts with lies there, e.g. the R functions of the workspace."""
        folder = self.kernel_spec.resource_dir
        return (Path(folder),) if folder else ()

    async def send_signal(self, signum: int) -> None:
        """Pass a signal on to what runs in the sandbox; bubblewrap itself would not."""
        if self.unsandboxed or signum == 0:
            await super().send_signal(signum)
        elif self._namespace is not None:
            self._namespace.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End everything in the sandbox."""
        if self._namespace is not None:
            self._namespace.kill()
        await super().kill(restart=restart)

    async def cleanup(self, restart: bool = False) -> None:
        """End the sandbox and the session; the sockets stay for a restart."""
        self.writing = None
        namespace, self._namespace = self._namespace, None
        if namespace is not None:
            namespace.kill()
            namespace.close()
        if self.process is not None and not self.unsandboxed:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(self.process.wait)
            self.process = None
        keeper, self._keeper = self._keeper, None
        if keeper is not None and keeper.release():
            self._ended(None)
        await super().cleanup(restart=restart)
        await self._end_session()
        if not restart and self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    async def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await self.ended.close(Gateway(self.gateway_socket), session)


class _Output:
    """Takes what a kernel writes to its standard output and keeps the beginning; must be made on the event loop's thread."""

    def __init__(self, fd: int) -> None:
        self.first = b""
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        os.set_blocking(fd, False)
        self._listen()

    def _listen(self) -> None:
        self._loop.add_reader(self._fd, self._take)

    def _take(self) -> None:
        try:
            data = os.read(self._fd, _OUTPUT_BYTES)
        except BlockingIOError:
            return
        self._loop.remove_reader(self._fd)
        if not data:
            os.close(self._fd)
            return
        self.first = (self.first + data)[:4096]
        self._loop.call_later(_OUTPUT_SECONDS, self._listen)
