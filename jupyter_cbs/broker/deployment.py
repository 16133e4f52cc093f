"""Where a deployment keeps its things."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..domain.errors import Conflict
from ..domain.text import Text
from ..sandbox import users

_LONGEST_SOCKET_PATH = 107
"""Bytes of ``sun_path`` on Linux, without the closing NUL."""


_SESSION = "s"
_OWNER = "deployment"
"""File in a socket folder outside the deployment that says whose it is."""


@dataclass(frozen=True)
class Deployment:
    """The directories of one deployment.

    Parameters
    ----------
    root : Path
        Absolute directory that holds everything: ``catalogue/``, ``policies/``, ``state/``, ``storage/`` and, where the path
        is short enough for Unix sockets, ``run/``.
    """

    root: Path

    @property
    def catalogue(self) -> Path:
        """Theme folders with Parquet files."""
        return self.root / "catalogue"

    @property
    def policies(self) -> Path:
        """``default.yaml`` and ``projects/*.yaml``."""
        return self.root / "policies"

    @property
    def state(self) -> Path:
        """Database, audit anchors, frozen bytes; readable by the broker alone."""
        return self.root / "state"

    @property
    def storage(self) -> Path:
        """Workspaces of all projects."""
        return self.root / "storage"

    @property
    def releases(self) -> Path:
        """Released deliveries, one folder each."""
        return self.state / "releases"

    @property
    def run(self) -> Path:
        """Sockets; beside the system's temporary files when the root's path is too long for them."""
        inside = self.root / "run"
        if len(os.fsencode(inside / "sessions" / ("x" * 32) / _SESSION)) <= _LONGEST_SOCKET_PATH:
            return inside
        mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        # the deployment's owner and not who asks: as root the broker runs under another account than the supervisor
        owner = self.root.stat().st_uid if self.root.exists() else os.getuid()
        return Path("/tmp") / f"cbs-{owner}-{mark}"  # noqa: S108  made private and checked by prepare()

    @property
    def mark(self) -> Path:
        """File that says that this is a demo, and what its synthetic data were made with."""
        return self.root / "deployment.json"

    @property
    def synthetic(self) -> bool:
        """Whether this is a demo that holds generated data only; only such a one may be without walls."""
        try:
            made = json.loads(self.mark.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(made, dict) and made.get("real") is False

    @property
    def servers(self) -> Path:
        """Settings of the workspace servers, one folder each."""
        return self.root / "servers"

    @property
    def fonts(self) -> Path:
        """Matplotlib's list of the fonts, which every kernel reads."""
        return self.root / "fonts"

    @property
    def spill(self) -> Path:
        """What query engines write when memory is short, one folder for each session."""
        return self.state / "spill"

    @property
    def engines(self) -> Path:
        """What query engines with accounts of their own may enter; root makes it."""
        return self.root / "engines"

    @property
    def engine_spill(self) -> Path:
        """What such engines write when memory is short, one folder for each account, which only that account may enter."""
        return self.engines / "spill"

    @property
    def columns(self) -> Path:
        """Files that hold just the granted columns of data sets."""
        return (self.engines if self.engines.is_dir() else self.state) / "columns"

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the state."""
        return f"sqlite:///{self.state / 'state.sqlite'}"

    def shared(self, project: str) -> Path:
        """Shared area of a project."""
        return self.storage / project / "shared"

    def personal(self, project: str, user: str) -> Path:
        """Personal area of one person in a project."""
        return self.storage / project / "personal" / user

    def gateway_socket(self, project: str, user: str) -> Path:
        """Socket of one person's workspace server; which one is asked says who asks.

        It has a folder of its own, which is all of the gateways that this server sees.
        """
        return self.run / "gateway" / f"{project}.{user}" / _SESSION

    def session_socket(self, session: str) -> Path:
        """Socket of one kernel session, in a folder of its own: the kernel sees the folder, so that a new broker's socket reaches it."""
        return self.run / "sessions" / session / _SESSION

    def prepare(self) -> None:
        """Make the directories that only this account may look into.

        What root prepared for other accounts may be passed through by them, to sockets whose names they were told.

        Raises
        ------
        PermissionError
            If a directory exists and belongs to somebody else.
        """
        if not self.run.is_relative_to(self.root):
            sweep(self.run.parent)
        self._private(self.state, self.releases, self.spill, self.run, self.run / "gateway", self.run / "sessions")
        if not self.run.is_relative_to(self.root):
            (self.run / _OWNER).write_text(str(self.root), encoding="utf-8")
        sessions = self.run / "sessions"
        if not sessions.stat().st_mode & 0o011:
            # servers under the same account see this folder, read-only: they pass through to sessions whose names they were told,
            # and cannot list those of others
            os.chmod(sessions, 0o300)
        self.storage.mkdir(parents=True, exist_ok=True)

    def prepare_state(self) -> None:
        """Make only what holds the state, for commands that change it while nothing runs.

        Raises
        ------
        PermissionError
            As for :meth:`prepare`.
        """
        self._private(self.state, self.releases, self.spill)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the only broker of this state; however a broker ends, its hold ends with it.

        A second one would take over the sockets of the first, and neither would know what the other froze, measured or promised.

        Raises
        ------
        Conflict
            ``runs_already``.
        PermissionError
            As for :meth:`prepare`.
        """
        self.prepare_state()
        with self._locked(os.O_RDWR | os.O_CREAT):
            yield

    def refuse_second(self) -> None:
        """Refuse while a broker holds the state, before anything is prepared for another; makes nothing.

        Raises
        ------
        Conflict
            ``runs_already``.
        """
        with contextlib.suppress(FileNotFoundError), self._locked(os.O_RDONLY):
            pass

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        descriptor = os.open(self.state / "broker.lock", how | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict(
                    "runs_already",
                    Text(en=f"A broker runs already for {self.root}.", nl=f"Er draait al een broker voor {self.root}."),
                    Text(en="Stop it first, or choose another directory with --dir.", nl="Stop die eerst, of kies een andere map met --dir."),
                ) from error
            yield
        finally:
            os.close(descriptor)

    def _private(self, *places: Path) -> None:
        for path in places:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            status = os.stat(path, follow_symlinks=False)
            if os.getuid() not in (0, status.st_uid) or not stat.S_ISDIR(status.st_mode):
                raise PermissionError(f"{path} belongs to another account")
            if status.st_mode & (0o066 if path.is_relative_to(self.run) else 0o077):
                os.chmod(path, 0o700)


def sweep(temporary: Path) -> None:
    """Remove socket folders beside the system's temporary files whose deployment is gone: this account's own, and root those of brokers.

    Parameters
    ----------
    temporary : Path
        Where the folders lie; others may write there too.
    """
    own = os.geteuid()
    for folder in temporary.glob(f"cbs-{own}-*"):
        with contextlib.suppress(OSError, ValueError):
            status = folder.stat(follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode) or not (status.st_uid == own or (own == 0 and status.st_uid in users.NUMBERS)):
                continue
            if _written_for(folder).exists():
                continue
            if own:  # it cannot be listed; root needs no leave
                (folder / "sessions").chmod(0o700)
            shutil.rmtree(folder)


def _written_for(folder: Path) -> Path:
    """Give the deployment a socket folder was made for; whoever owns the folder cannot have root wait at a pipe or read elsewhere."""
    fd = os.open(folder / _OWNER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, encoding="utf-8") as file:
        return Path(file.read(4096))
