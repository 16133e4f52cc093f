"""Where a deployment keeps its things."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

_LONGEST_SOCKET_PATH = 107
"""Bytes of ``sun_path`` on Linux, without the closing NUL."""


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
        if len(os.fsencode(inside / "sessions" / ("x" * 32))) <= _LONGEST_SOCKET_PATH:
            return inside
        mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path("/tmp") / f"cbs-{os.getuid()}-{mark}"  # noqa: S108  made 0700 and checked by prepare()

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
        """Socket of one person's workspace server; who listens on it is who asks."""
        return self.run / "gateway" / f"{project}.{user}"

    def session_socket(self, session: str) -> Path:
        """Socket of one kernel session."""
        return self.run / "sessions" / session

    def prepare(self) -> None:
        """Make the directories that only this account may enter.

        Raises
        ------
        PermissionError
            If a directory exists and belongs to somebody else.
        """
        for path in (self.state, self.releases, self.state / "spill", self.run, self.run / "gateway", self.run / "sessions"):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            status = os.stat(path, follow_symlinks=False)
            if status.st_uid != os.getuid():
                raise PermissionError(f"{path} belongs to another account")
            os.chmod(path, 0o700)
        self.storage.mkdir(parents=True, exist_ok=True)
