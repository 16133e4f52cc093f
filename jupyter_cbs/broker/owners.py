"""Who owns what of a deployment that root starts: a uid for the broker and for every person, and groups in between.

Root prepares the folders and then gives itself up; it never serves anybody (design: architecture, Processes and how they start).

=====================  =================  ==========================  =========
folder                 owner              group                       mode
=====================  =================  ==========================  =========
``catalogue``          root               readers                     ``0750``
``policies``           root               broker                      ``0750``
``state``              broker             broker                      ``0700``
``run``                broker             broker                      ``0711``
``engines``            root               readers                     ``0710``
``engines/columns``    broker             readers                     ``2750``
``engines/spill``      root               readers                     ``1730``
``engines/spill/UID``  the query engine   the query engine            ``0700``
``storage``            broker             broker                      ``0711``
``…/shared``           root               the project                 ``2770``
``…/personal/NAME``    root               the person in the project   ``2770``
=====================  =================  ==========================  =========

The broker is in the groups of all projects and persons: it measures, checks and freezes what lies there. A socket belongs to the
group of the person it is for.

Query engines and checks of files run under numbers from a range of their own, which a launcher hands out (:mod:`jupyter_cbs.sandbox.launcher`);
no process of the broker's has one. ``readers`` is the group of the engines, and the broker is in it: they have to enter the catalogue for
bubblewrap to find what it is to show. In the sandbox they see what was granted.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..domain.project import Principal
from ..policy.store import PolicyDirectory
from ..sandbox import interpreter, users
from ..sandbox.users import Identity, Ledger, prepare_directory
from .deployment import Deployment, sweep

log = logging.getLogger(__name__)

UMASK: Final = 0o007
"""Files that one process makes can be read by those that share the folder's group, and by nobody else."""


_LEDGER: Final = "identities.jsonl"


class Owners:
    """Hands out identities and prepares folders; only for root.

    Parameters
    ----------
    deployment : Deployment
    principals : iterable of Principal, optional
        The people; by default everybody the policies name.
    """

    def __init__(self, deployment: Deployment, principals: Iterable[Principal] | None = None) -> None:
        self.deployment = deployment
        if principals is None:
            principals = PolicyDirectory(deployment.policies).current.principals()
        self.principals = tuple(principals)
        path = deployment.root / _LEDGER
        self._base = users.claim(path)
        self._ledger = Ledger(path, self._base, users.NAMED)

    @staticmethod
    def known(deployment: Deployment) -> bool:
        """Whether root handed out identities for a deployment before."""
        return (deployment.root / _LEDGER).exists()

    def project(self, number: str) -> int:
        """Give the group that shares a project's files."""
        return self._ledger.number("project", number)

    def server(self, who: Principal) -> Identity:
        """Give the identity of a person's workspace server and kernels; members share the project's files."""
        groups = (self.project(who.project),) if who.role.is_member else ()
        return self._ledger.identity("server", who.project, who.user, groups)

    def broker(self) -> Identity:
        """Give the broker's identity."""
        persons = {self._ledger.number("server", who.project, who.user) for who in self.principals}
        projects = {self.project(who.project) for who in self.principals}
        return self._ledger.identity("broker", groups=sorted({*persons, *projects, self.readers()}))

    def readers(self) -> int:
        """Give the group that may enter the catalogue: the query engines and the broker."""
        return self._ledger.number("worker")

    def prepare(self, sockets: bool = True) -> None:
        """Make the folders and give everything its owner.

        Parameters
        ----------
        sockets : bool
            Also the folders of sockets, which only what is about to run needs.

        Raises
        ------
        OSError
            When a folder is something else, or its owner cannot be changed.
        """
        place, broker, readers = self.deployment, self.broker().uid, self.readers()
        for path, group in ((place.catalogue, readers), (place.policies, broker)):
            try:
                prepare_directory(path, 0, group, 0o750)
            except OSError as error:
                # e.g. a read-only mount; whether the broker can read it shows at its start
                log.warning("%s keeps its owner: %s", path, error.strerror)
        with contextlib.suppress(FileNotFoundError):
            # the broker reads what the demo holds before it does without walls
            os.chown(place.mark, 0, broker, follow_symlinks=False)
            place.mark.chmod(0o640)
        for path in (place.state, place.releases, place.spill):
            prepare_directory(path, broker, broker, 0o700)
        shutil.rmtree(place.state / "columns", ignore_errors=True)  # of a start without numbers for engines; they are made again
        _give(place.state, broker, broker)
        prepare_directory(place.engines, 0, readers, 0o710)
        prepare_directory(place.columns, broker, readers, 0o2750)
        prepare_directory(place.engine_spill, 0, readers, 0o1730)
        if place.run.exists() and place.run.stat(follow_symlinks=False).st_uid not in (0, broker):
            raise PermissionError(f"{place.run} belongs to another account")
        run = (place.run, place.run / "gateway", place.run / "sessions") if sockets else ()
        if sockets and not place.run.is_relative_to(place.root):
            sweep(place.run.parent)
        for path in (*run, place.storage):
            prepare_directory(path, broker, broker, 0o711)
        for who in self.principals:
            shared, personal = place.shared(who.project), place.personal(who.project, who.user)
            for path in (shared.parent, personal.parent):
                prepare_directory(path, broker, broker, 0o711)
            _prepare_area(shared, self.project(who.project), self.project(who.project))
            _prepare_area(personal, self.server(who).uid, self.server(who).gid)

    def prepare_server(self, who: Principal, folders: Iterable[Path]) -> None:
        """Give a workspace server its own folders, with what lies in them."""
        identity = self.server(who)
        for path in folders:
            prepare_directory(path, identity.uid, identity.gid, 0o700)
            _give(path, identity.uid, identity.gid)

    def server_command(self, who: Principal, argv: Iterable[str], folders: Iterable[Path]) -> list[str]:
        """Give a command that becomes a person's workspace server."""
        place = self.deployment
        areas = (place.shared(who.project), place.personal(who.project, who.user))
        return users.command(
            self.server(who),
            list(argv),
            read_only=(place.run, *((place.fonts,) if place.fonts.exists() else ())),
            writable=(*folders, *areas),
            umask=UMASK,
        )

    def broker_command(self, argv: Iterable[str]) -> list[str]:
        """Give a command that becomes the broker and leaves a launcher of query engines beside it, which lives as long as the broker."""
        place, broker = self.deployment, self.broker()
        read_only = (place.catalogue, place.policies, *((place.mark,) if place.mark.exists() else ()))
        writable = (place.state, place.storage, place.run, place.engines)
        return users.launcher(
            broker,
            users.command(broker, list(argv), read_only=read_only, writable=writable, umask=UMASK),
            first=self._base + users.NAMED,
            readers=self.readers(),
            spill=place.engine_spill,
            read_only=(place.catalogue, place.columns),
        )


def group_of(folder: Path) -> int | None:
    """Give the group a folder was prepared for, when this process may hand things to that group; else None."""
    with contextlib.suppress(OSError):
        group = os.stat(folder, follow_symlinks=False).st_gid
        if group in os.getgroups() and group != os.getgid():
            return group
    return None


def become_broker(deployment: Deployment, flags: Iterable[str] = ()) -> None:
    """Prepare everything and become the broker under its own account; returns only when this is not root.

    Parameters
    ----------
    deployment : Deployment
    flags : iterable of str
        More arguments of the broker.

    Raises
    ------
    Conflict
        ``runs_already``: the accounts and the launcher's numbers are in use.
    """
    if not users.is_root():
        return
    deployment.refuse_second()
    owners = Owners(deployment)
    owners.prepare()
    command = owners.broker_command([sys.executable, "-P", "-m", "jupyter_cbs.broker", "--dir", str(deployment.root), *flags])
    environment = dict(os.environ)
    if (entry := interpreter.path_entry()) is not None:
        environment["PYTHONPATH"] = entry
    os.chdir("/")
    os.execve(command[0], command, environment)  # noqa: S606  there is no shell, and that is the point


def _prepare_area(path: Path, uid: int, gid: int) -> None:
    """Make a storage area that a group shares; files of an earlier owner go over to it."""
    known = path.is_dir() and path.stat().st_gid == gid
    prepare_directory(path, 0, gid, 0o2770)
    if not known:
        _give(path, uid, gid, share=True)


def _give(top: Path, uid: int, gid: int, share: bool = False) -> None:
    """Give what lies beneath a folder to somebody, following no link; with ``share`` the group may do what the owner may."""
    for _, folders, files, folder in os.fwalk(top, follow_symlinks=False):
        for name in (*folders, *files):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            ordinary = stat.S_ISDIR(status.st_mode) or (stat.S_ISREG(status.st_mode) and status.st_nlink == 1)
            if (status.st_uid, status.st_gid) != (uid, gid) and ordinary:
                os.chown(name, uid, gid, dir_fd=folder, follow_symlinks=False)
            if share and ordinary:
                fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
                try:
                    os.fchmod(fd, stat.S_IMODE(status.st_mode) | (0o2070 if stat.S_ISDIR(status.st_mode) else 0o060))
                finally:
                    os.close(fd)
