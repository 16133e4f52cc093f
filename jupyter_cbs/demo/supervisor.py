"""Runs a deployment: the broker and one workspace server per account, and ends all of it again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from ..broker.deployment import Deployment
from ..broker.owners import Owners
from ..domain.errors import CbsError, Conflict, Unavailable
from ..domain.gateway import Nothing
from ..domain.text import Text
from ..sandbox import fonts, profiles
from ..sandbox.bubblewrap import Sandbox
from ..sandbox.users import is_root, prepare_directory
from ..server import paths
from ..server.gateway import Gateway
from .deploy import Account, prepare_storage, write_private
from .listening import listen, port_of
from .processes import Child, adopt_orphans, children, end_orphans

log = logging.getLogger(__name__)

_READY_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 2.0
_RUNTIME: Final = "cbs-demo-"
_PID: Final = "pid"


@dataclass(frozen=True)
class Endpoint:
    """Where an account logs in.

    Parameters
    ----------
    account
        Whose server it is.
    port
        TCP port on the loopback interface.
    token
        Secret of the log-in.
    pin
        Step-up PIN, where the supervisor set one.
    """

    account: Account
    port: int
    token: str = field(repr=False)
    pin: str | None = field(default=None, repr=False)

    @property
    def base_url(self) -> str:
        """Path of the server; one per account, so that cookies do not clash."""
        return f"/{self.account.name}/"

    @property
    def url(self) -> str:
        """Address of the server, without its token."""
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    @property
    def login_url(self) -> str:
        """Address that logs in."""
        return f"{self.url}lab?token={self.token}"


class Supervisor:
    """Starts, watches and ends the processes of a deployment.

    Parameters
    ----------
    deployment : Deployment
        Already made; see :mod:`jupyter_cbs.demo.deploy`.
    accounts : tuple of Account
        Who gets a workspace server.
    pins : mapping of str to str
        PINs that were set, to be told to the people; may be empty.
    port_base : int, optional
        First of consecutive ports; free ones are found when absent.
    info_file : Path, optional
        Where to write who can log in where; ``demo.json`` in the deployment's directory by default.
    lab_settings : mapping, optional
        More traits of JupyterLab's application, e.g. ``expose_app_in_browser`` for browser tests, or of another class with its name
        before a dot, e.g. ``CbsProvisioner.memory_bytes``.
    unsandboxed : bool
        Run kernels and query engines without walls; the broker refuses that for anything but a demo.
    everybody : callable, optional
        Gives who has to have a server by the policies of the moment: people who come get one while the others go on. Without it
        nobody is added.
    """

    def __init__(
        self,
        deployment: Deployment,
        accounts: tuple[Account, ...],
        pins: Mapping[str, str],
        *,
        port_base: int | None = None,
        info_file: Path | None = None,
        lab_settings: Mapping[str, Any] | None = None,
        unsandboxed: bool = False,
        everybody: Callable[[Deployment], tuple[Account, ...]] | None = None,
    ) -> None:
        self.deployment = deployment
        self.accounts = accounts
        self.info_file = info_file or deployment.root / "demo.json"
        self._pins = pins
        self._port_base = port_base
        self._lab_settings = dict(lab_settings or {})
        self._unsandboxed = unsandboxed
        self._owners: Owners | None = None
        self._broker: Child | None = None
        self._servers: dict[str, Child] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._listening: dict[str, socket.socket] = {}
        self._runtime: Path | None = None
        self._before: set[int] | None = None
        self._views = False
        self._errands: set[asyncio.Task[None]] = set()
        self._everybody = everybody
        self._looked: frozenset[tuple[str, int, int]] = frozenset()

    # -------------------------------------------------------------------------------------------------- facts

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where the accounts log in."""
        return tuple(self._endpoints.values())

    def info(self) -> dict[str, Any]:
        """Give what ``demo.json`` holds."""
        return {
            "accounts": {
                name: {
                    "url": endpoint.url,
                    "base_url": endpoint.base_url,
                    "token": endpoint.token,
                    "user": endpoint.account.principal.user,
                    "role": endpoint.account.principal.role.value,
                    "project": endpoint.account.principal.project,
                    "pin": endpoint.pin,
                }
                for name, endpoint in self._endpoints.items()
            },
            "catalogue": str(self.deployment.catalogue),
            "state": str(self.deployment.state),
            "storage": str(self.deployment.storage),
            "policies": str(self.deployment.policies),
            "pids": {
                "broker": self._broker.pid if self._broker is not None else None,
                "servers": {name: server.pid for name, server in self._servers.items()},
            },
        }

    # -------------------------------------------------------------------------------------------------- start

    async def start(self) -> None:
        """Start everything and wait until everything answers.

        Raises
        ------
        Unavailable
            When a process ends or does not answer in time; everything is ended again.
        Conflict
            When a wanted port is taken, or the deployment runs already.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        await self._refuse_second()
        self._before = children()
        self.info_file.unlink(missing_ok=True)
        adopt_orphans()  # such as kernels whose server was killed
        _sweep_runtimes(_short_temporary())
        self._runtime = Path(tempfile.mkdtemp(prefix=_RUNTIME, dir=_short_temporary()))
        (self._runtime / _PID).write_text(str(os.getpid()))
        for_broker = self._runtime / "broker"
        for_broker.mkdir(mode=0o700)
        logs = self.deployment.root / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        if is_root():
            self._owners = Owners(self.deployment)
            await asyncio.to_thread(self._owners.prepare)
            self._runtime.chmod(0o711)
            prepare_directory(for_broker, self._owners.broker().uid, self._owners.broker().gid)
            prepare_directory(self.deployment.servers, 0, os.getgid(), 0o711)
        else:
            prepare_storage(self.deployment, self.accounts)
        for account, listening in zip(self.accounts, listen(len(self.accounts), self._port_base), strict=True):
            self._listening[account.name] = listening
            self._endpoints[account.name] = Endpoint(account, port_of(listening), secrets.token_hex(24), self._pins.get(account.name))

        broker = self._broker_command()
        if self._owners is not None:
            # it could give up root by itself, but would then be loaded twice at every start
            broker = self._owners.broker_command(broker)
        # what a process that is killed leaves among its temporary files goes with the rest
        self._broker = Child("broker", broker, _environment({"TMPDIR": str(for_broker)}), logs / "broker.log")
        await self._broker.start()
        await self._until(self._broker, self._broker_answers)
        self.deployment.fonts.mkdir(mode=0o755, exist_ok=True)
        self.deployment.fonts.chmod(0o755)  # the accounts of the servers read it
        self._views = await self._views_work()
        for name, endpoint in self._endpoints.items():
            self._servers[name] = self._server(endpoint, logs / f"{name}.log")
            await self._servers[name].start()
        await asyncio.gather(*(self._until(self._servers[e.account.name], partial(self._server_answers, e)) for e in self.endpoints))
        self._write_info()
        errand = asyncio.create_task(self._find_fonts())
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _find_fonts(self) -> None:
        """Make the list of the fonts, which only the first figures wait for."""
        if not self._unsandboxed and (found := await asyncio.to_thread(fonts.find)) is not None:
            temporary = self.deployment.fonts / "new"
            temporary.write_bytes(found.content)
            temporary.chmod(0o644)
            for old in self.deployment.fonts.glob("fontlist-*.json"):
                old.unlink()
            temporary.replace(self.deployment.fonts / found.name)

    def _broker_command(self) -> list[str]:
        flags = ["--unsandboxed-demo"] if self._unsandboxed else []
        return [sys.executable, "-P", "-m", "jupyter_cbs.broker", "--dir", str(self.deployment.root), *flags]

    async def _refuse_second(self) -> None:
        try:
            await self._broker_answers()
        except CbsError:
            return
        raise Conflict(
            "runs_already",
            Text(en=f"A broker runs already for {self.deployment.root}.", nl=f"Er draait al een broker voor {self.deployment.root}."),
            Text(en="Stop it first, or choose another directory with --dir.", nl="Stop die eerst, of kies een andere map met --dir."),
        )

    async def _broker_answers(self) -> None:
        who = self.accounts[0].principal
        await Gateway(str(self.deployment.gateway_socket(who.project, who.user))).call("health", Nothing())

    async def _server_answers(self, endpoint: Endpoint) -> None:
        client: AsyncHTTPClient = SimpleAsyncHTTPClient(force_instance=True)
        try:
            headers = {"Authorization": f"token {endpoint.token}"}
            await client.fetch(HTTPRequest(f"{endpoint.url}cbs/api/health", headers=headers, connect_timeout=2, request_timeout=10))
        except (HTTPClientError, OSError) as error:
            raise Unavailable("no_answer", f"{endpoint.account.name}: {error}") from error
        finally:
            client.close()

    async def _until(self, child: Child, answers: Callable[[], Awaitable[None]]) -> None:
        """Wait until a process answers, or ends, or takes too long."""
        if child.process is None:
            raise RuntimeError("not started")
        asking = asyncio.create_task(_ask(answers))
        # a server that ended refuses nobody: its socket is ours, and who connects would wait
        ending = asyncio.create_task(child.process.wait())
        try:
            done, _ = await asyncio.wait({asking, ending}, timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (asking, ending):
                task.cancel()
            await asyncio.gather(asking, ending, return_exceptions=True)
        if asking in done:
            asking.result()
            return
        state = "ended" if ending in done else f"did not answer within {_READY_SECONDS:.0f} s"
        raise Unavailable("no_start", f"The {child.name} {state}. The end of its log:\n{child.last_lines()}")

    def _server(self, endpoint: Endpoint, log_file: Path) -> Child:
        who = endpoint.account.principal
        if self._runtime is None:
            raise RuntimeError("not started")
        runtime = self._runtime / who.user
        for place in (runtime, runtime / "tmp"):
            place.mkdir(mode=0o700)
        home = self.deployment.servers / who.user
        for folder in ("config", "data", "home", "lab"):
            (home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        # in a file and not on the command line, which every account of the machine can read
        write_private(home / "config" / "jupyter_server_config.json", json.dumps(self._server_config(endpoint, runtime)))
        env = {
            "HOME": str(home / "home"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(runtime / "jupyter"),
            "TMPDIR": str(runtime / "tmp"),
        }
        command = [sys.executable, "-P", "-m", "jupyter_cbs.server"]
        if self._owners is not None:
            self._owners.prepare_server(who, (home, runtime))
            command = self._owners.server_command(who, command, (home, runtime))
        environment = _environment(env)
        sandbox = self._view(endpoint, home, runtime, environment) if self._views else None
        handed = (self._listening[endpoint.account.name].fileno(),)
        return Child(f"server of {who.user}", command, environment, log_file, sandbox=sandbox, handed=handed)

    def _view(self, endpoint: Endpoint, home: Path, runtime: Path, environment: Mapping[str, str]) -> Sandbox:
        """Describe what a server sees where it has no account of its own: its person's things and nothing of the broker's or of others."""
        who, place = endpoint.account.principal, self.deployment
        return profiles.server(
            {
                place.shared(who.project): True,
                place.personal(who.project, who.user): True,
                home / "config": False,
                home / "data": True,
                home / "lab": True,
                home / "home": True,
                runtime: True,
                place.gateway_socket(who.project, who.user).parent: False,
                place.run / "sessions": False,
                self.deployment.fonts: False,
            },
            environment=environment,
            # in a checkout, pyproject.toml says that it is one
            read_only=(paths.kernels(), *(path for path in (paths.PACKAGE.parent / "pyproject.toml",) if path.is_file())),
            hidden=(place.catalogue, place.state, place.policies, self.info_file),
            uid=os.getuid(),
            gid=os.getgid(),
        )

    async def _views_work(self) -> bool:
        """Whether servers can be given a view of their own; where they cannot, kernels are refused as well, with the remedy."""
        if is_root() or self._unsandboxed:
            return False
        try:
            trial = profiles.server({self.deployment.root / "logs": False}, environment={}, uid=os.getuid(), gid=os.getgid())
            with trial.prepare(["/bin/true"], watch=False) as prepared:
                process = await asyncio.create_subprocess_exec(
                    *prepared.argv, env=prepared.environment, pass_fds=prepared.pass_fds, cwd="/", stdin=asyncio.subprocess.DEVNULL
                )
                prepared.close()
                works = await process.wait() == 0
        except CbsError as error:
            log.warning("%s", error.say("en"))
            works = False
        if not works:
            log.warning("Workspace servers see what this account sees: sandboxes do not work here. 'jupyter cbs selftest' says why.")
        return works

    def _server_config(self, endpoint: Endpoint, runtime: Path) -> dict[str, Any]:
        who = endpoint.account.principal
        home = self.deployment.servers / who.user
        config: dict[str, Any] = {
            "ServerApp": {
                "ip": "127.0.0.1",
                "port": endpoint.port,
                "base_url": endpoint.base_url,
                "open_browser": False,
                "identity_provider_class": "jupyter_cbs.server.identity.AccountIdentityProvider",
                "jpserver_extensions": {
                    "jupyter_cbs": True,
                    "jupyterlab": True,
                    "jupyter_lsp": False,
                    "jupyter_server_terminals": False,
                    "notebook_shim": False,
                },
            },
            "HandedServerApp": {"listening_fd": self._listening[endpoint.account.name].fileno()},
            "AccountIdentityProvider": {
                "token": endpoint.token,
                "user": who.user,
                "display_name": who.name,
                "cookie_name": f"cbs-{who.user}-{endpoint.port}",
            },
            "CbsApp": {
                "gateway_socket": str(self.deployment.gateway_socket(who.project, who.user)),
                "shared_dir": str(self.deployment.shared(who.project)),
                "personal_dir": str(self.deployment.personal(who.project, who.user)),
                "runtime_dir": str(runtime / "run"),
                "hidden_dirs": [str(place) for place in self._hidden()],
                "unsandboxed_demo": self._unsandboxed,
            },
            "CbsProvisioner": {"fonts_dir": str(self.deployment.fonts)},
            # beside the server's own configuration, which it only reads
            "LabApp": {"user_settings_dir": str(home / "lab" / "settings"), "workspaces_dir": str(home / "lab" / "workspaces")},
        }
        for name, value in self._lab_settings.items():
            owner, _, trait = name.rpartition(".")
            config.setdefault(owner or "LabApp", {})[trait] = value
        return config

    def _hidden(self) -> tuple[Path, ...]:
        place = self.deployment
        return (place.catalogue, place.policies, place.state, place.engines, place.run / "gateway", place.servers, self.info_file)

    def _write_info(self) -> None:
        write_private(self.info_file, json.dumps(self.info(), indent=2) + "\n")

    # -------------------------------------------------------------------------------------------------- watch

    async def watch(self, stop: asyncio.Event) -> None:
        """Start again what dies, until ``stop`` is set.

        Raises
        ------
        Unavailable
            When a process dies again and again.
        """
        watchers = [asyncio.create_task(self._keep(child)) for child in (self._broker, *self._servers.values()) if child is not None]
        stopped = asyncio.create_task(stop.wait())
        try:
            while True:
                done, _ = await asyncio.wait({stopped, *watchers}, return_when=asyncio.FIRST_COMPLETED, timeout=_LOOK_SECONDS)
                for task in done:
                    task.result()
                if done:
                    return
                self._bury_orphans()
                self._turn_logs()
                watchers += [asyncio.create_task(self._keep(child)) for child in await self._newcomers()]
        finally:
            for task in (stopped, *watchers):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _turn_logs(self) -> None:
        """Keep what people can make a server write to its log from filling the disk."""
        for child in (self._broker, *self._servers.values()):
            if child is not None:
                child.turn_log()

    def _bury_orphans(self) -> None:
        """Take notice of what ended among the processes that came to us, so that it does not fill the table of processes."""
        own = {child.process.pid for child in (self._broker, *self._servers.values()) if child is not None and child.process is not None}
        for pid in children() - own - (self._before or set()):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)

    async def _newcomers(self) -> list[Child]:
        """Start servers for people whom the policies name by now; give them."""
        look = _signature(self.deployment.policies)
        if self._everybody is None or look == self._looked:
            return []
        self._looked = look
        try:
            accounts = await asyncio.to_thread(self._everybody, self.deployment)
        except CbsError:  # a policy in the making; the broker goes on with the last one that was valid, and says so
            return []
        new = [account for account in accounts if account.name not in self._endpoints]
        if not new:
            return []
        if self._owners is not None and self._broker is not None:
            self._owners = await asyncio.to_thread(Owners, self.deployment)
            await asyncio.to_thread(self._owners.prepare)
            # groups are given to a process at its start; kernels, servers and sessions outlive a broker
            self._broker.replace(self._owners.broker_command(self._broker_command()))
        else:
            prepare_storage(self.deployment, tuple(new))
        started: list[Child] = []
        for account in new:
            try:
                await self._gateway_opens(account)
            except CbsError as error:
                log.error("no server for %s: %s", account.name, error.say("en"))
                continue
            (listening,) = listen(1, None)
            self._listening[account.name] = listening
            endpoint = Endpoint(account, port_of(listening), secrets.token_hex(24), None)
            child = self._server(endpoint, self.deployment.root / "logs" / f"{account.name}.log")
            await child.start()
            self._endpoints[account.name], self._servers[account.name] = endpoint, child
            started.append(child)
            self._write_info()
            log.warning("%s has a server from now on", account.name)
        return started

    async def _gateway_opens(self, account: Account) -> None:
        """Wait until the broker answers somebody who is new to it."""
        gateway = Gateway(str(self.deployment.gateway_socket(account.principal.project, account.principal.user)))
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                await gateway.call("health", Nothing())
                return
            except CbsError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.1)

    async def _keep(self, child: Child) -> None:
        while child.process is not None:
            code = await child.process.wait()
            if child.too_often():
                raise Unavailable(
                    "keeps_dying", f"The {child.name} ends again and again (exit code {code}). The end of its log:\n{child.last_lines()}"
                )
            log.warning("the %s ended (exit code %s) and is started again", child.name, code)
            await child.start()
            self._write_info()

    # --------------------------------------------------------------------------------------------------- stop

    async def stop(self) -> None:
        """End everything and leave nothing behind but the deployment's data."""
        if self._before is None:  # nothing was started; what runs there belongs to somebody else
            return
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*(server.stop() for server in self._servers.values()))
        if self._broker is not None:
            await self._broker.stop()
        end_orphans(self._before)
        self._before = None
        self._servers.clear()
        for listening in self._listening.values():
            listening.close()
        self._listening.clear()
        self._broker = None
        self.info_file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.chmod(self.deployment.run / "sessions", 0o700)  # it cannot be listed while it is in use
        shutil.rmtree(self.deployment.run, ignore_errors=True)
        if self._runtime is not None:
            shutil.rmtree(self._runtime, ignore_errors=True)
            self._runtime = None


async def run(supervisor: Supervisor, announce: Any) -> None:
    """Start, announce, watch and stop; SIGINT and SIGTERM end it.

    Parameters
    ----------
    supervisor : Supervisor
    announce : callable
        Called without arguments once everything answers.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def end() -> None:
        # before everything answers there is nothing to wait for: the start itself is given up
        if supervisor.endpoints and supervisor.info_file.exists():
            stop.set()
        elif task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    try:
        await supervisor.start()
        announce()
        await supervisor.watch(stop)
    finally:
        # a second Ctrl-C must not leave processes behind
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, lambda: None)
        await supervisor.stop()


async def _ask(answers: Callable[[], Awaitable[None]]) -> None:
    """Ask until there is an answer."""
    while True:
        with contextlib.suppress(CbsError):
            await answers()
            return
        await asyncio.sleep(0.1)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a process: nothing of the person's own that could change how it works."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ", "HOME") if name in os.environ}
    environment = {
        **kept,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin")),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }
    if (path := paths.python_path()) is not None:
        environment["PYTHONPATH"] = path
    return environment


def _signature(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Tell whether the policy files may have changed."""
    found = set()
    for path in folder.rglob("*.yaml"):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(found)


def _short_temporary() -> str:
    """Give a folder for temporary files whose path leaves room for the names of sockets (107 bytes)."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= 40 else "/tmp"  # noqa: S108  mkdtemp makes a private folder in it


def _sweep_runtimes(temporary: str) -> None:
    """Remove what supervisors of this account left that were killed before they could."""
    for folder in Path(temporary).glob(f"{_RUNTIME}*"):
        with contextlib.suppress(OSError, ValueError):
            if not folder.is_symlink() and folder.stat().st_uid == os.geteuid() and not Path(f"/proc/{int((folder / _PID).read_text())}").exists():
                shutil.rmtree(folder)
