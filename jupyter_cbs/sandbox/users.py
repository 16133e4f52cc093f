"""Unprivileged users for what runs when the product is started as root: numbers only, no accounts.

Every purpose of every person in every project has a uid of its own, so that the kernel of one cannot touch a process or a file of
another even where a sandbox failed (design: architecture, Processes). Numbers are handed out from a base upwards and kept in a
ledger: the same name always gets the same number, and no two names share one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ..domain.errors import Unavailable
from ..domain.text import Text
from . import drop as dropping
from . import launcher as launching
from .interpreter import needed

BASE: Final = 200_000
"""First number; above what distributions give to people and services."""

SIZE: Final = 300_000
"""How many numbers there are; those that systemd gives to containers begin at 524,288."""

NUMBERS: Final = range(BASE, BASE + SIZE)
"""All of them."""

SLICE: Final = 5_000
"""How many of them one deployment gets."""

REGISTRY: Final = Path("/var/lib/jupyter-cbs/deployments.jsonl")
"""Which deployment of this machine has which numbers; root's."""

ENGINES: Final = 1_000
"""The last numbers of a slice, under which query engines and checks run; see :mod:`jupyter_cbs.sandbox.launcher`."""

NAMED: Final = SLICE - ENGINES
"""How many numbers of a slice a ledger hands out."""

NOBODY: Final = BASE + SIZE
"""A number that is in no ledger, for trying things out."""

Purpose = Literal["broker", "server", "worker", "kernel", "project", "test"]
"""What a number is for. ``project`` is the group that shares a project's files, ``worker`` the group that may enter the catalogue."""


@dataclass(frozen=True)
class Identity:
    """Who a process runs as.

    Parameters
    ----------
    uid, gid
        Never 0.
    groups
        Supplementary groups, e.g. the project's.
    """

    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if min(self.uid, self.gid, *self.groups, 1) < 1:
            raise ValueError("root is no identity for others")


def is_root() -> bool:
    """Whether this process has the powers of root: its real, effective or saved uid is 0."""
    return 0 in os.getresuid()


class Ledger:
    """Who has which number.

    Parameters
    ----------
    path : Path
        A JSON file in a folder that only its owner can write to; made at the first number.
    base, size : int
        The range of numbers.
    """

    def __init__(self, path: Path, base: int = BASE, size: int = SIZE) -> None:
        if base < 1000:
            raise ValueError("numbers below 1000 belong to the system")
        self.path = path
        self._base = base
        self._size = size

    def number(self, purpose: Purpose, project: str = "", user: str = "") -> int:
        """Give the number of a purpose, for a project and a person; the next free one at the first call.

        Raises
        ------
        Unavailable
            ``no_numbers`` when the range is used up; ``bad_ledger`` when the file is not what was written.
        """
        key = json.dumps([purpose, project, user])
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            content = file.read()
            # a line that was cut off by a crash was never handed out
            whole = content[: content.rfind("\n") + 1]
            entries = self._entries(whole)
            if key in entries:
                return entries[key]
            number = max(entries.values(), default=self._base - 1) + 1
            if number >= self._base + self._size:
                raise _full(self._size)
            file.seek(len(whole.encode()))
            file.truncate()
            file.write(json.dumps({"name": key, "number": number}) + "\n")
            file.flush()
            os.fsync(file.fileno())
            return number

    def _entries(self, content: str) -> dict[str, int]:
        found: dict[str, int] = {}
        try:
            for line in content.splitlines():
                entry = json.loads(line)
                found[str(entry["name"])] = int(entry["number"])
        except (ValueError, KeyError, TypeError) as error:
            raise _bad(self.path) from error
        if len(set(found.values())) != len(found) or not all(self._base <= number for number in found.values()):
            raise _bad(self.path)
        return found

    def numbers(self) -> frozenset[int]:
        """Give the numbers that were handed out so far.

        Raises
        ------
        Unavailable
            ``bad_ledger``.
        """
        try:
            content = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return frozenset()
        return frozenset(self._entries(content[: content.rfind("\n") + 1]).values())

    def identity(self, purpose: Purpose, project: str = "", user: str = "", groups: Sequence[int] = ()) -> Identity:
        """Give an identity whose uid and gid are the number of this purpose."""
        number = self.number(purpose, project, user)
        return Identity(number, number, tuple(groups))


def _full(size: int) -> Unavailable:
    return Unavailable(
        "no_numbers",
        Text(en=f"All {size} user numbers are in use.", nl=f"Alle {size} gebruikersnummers zijn in gebruik."),
        Text(
            en="Remove deployments and people that are no longer needed.",
            nl="Verwijder installaties en personen die niet meer nodig zijn.",
        ),
    )


def _bad(path: Path) -> Unavailable:
    return Unavailable(
        "bad_ledger",
        Text(en=f"The list of user numbers {path} is damaged.", nl=f"De lijst van gebruikersnummers {path} is beschadigd."),
        Text(en="Put back the file from a backup.", nl="Zet het bestand terug uit een reservekopie."),
    )


def claim(ledger: Path, registry: Path = REGISTRY) -> int:
    """Give the first of the :data:`SLICE` numbers that a deployment has to itself on this machine.

    Two deployments never share a number: the processes of one could otherwise signal those of the other, and read its files. The slice
    of a deployment that is gone is given out again. A deployment that was moved keeps its slice.

    Parameters
    ----------
    ledger : Path
        The deployment's :class:`Ledger`; its numbers, when it has some, say which slice it has.
    registry : Path
        The machine's list of deployments.

    Raises
    ------
    Unavailable
        ``numbers_taken`` when the deployment is a copy of one that is still there; ``no_numbers`` when all slices are given out;
        ``bad_ledger``.
    """
    registry.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    own = str(ledger.resolve())
    fd = os.open(registry, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            entries = {str(entry["ledger"]): int(entry["base"]) for entry in map(json.loads, file.read().splitlines())}
        except (ValueError, KeyError, TypeError) as error:
            raise _bad(registry) from error
        taken = {base: other for other, base in entries.items() if other != own and os.path.exists(other)}
        used = Ledger(ledger, BASE, SIZE).numbers()
        if used:
            base = BASE + (min(used) - BASE) // SLICE * SLICE
            if max(used) >= base + SLICE:
                raise _bad(ledger)
            if base in taken:
                raise Unavailable(
                    "numbers_taken",
                    Text(
                        en=f"{ledger} hands out the same user numbers as {taken[base]}.",
                        nl=f"{ledger} deelt dezelfde gebruikersnummers uit als {taken[base]}.",
                    ),
                    Text(
                        en="A copied deployment needs numbers of its own: delete this file in the copy and start it again.",
                        nl="Een gekopieerde installatie heeft eigen nummers nodig: verwijder dit bestand in de kopie en start die opnieuw.",
                    ),
                )
        elif (known := entries.get(own)) is not None and known not in taken:
            base = known
        else:
            free = [base for base in range(BASE, BASE + SIZE, SLICE) if base not in taken]
            if not free:
                raise _full(SIZE // SLICE)
            base = free[0]
        # it holds the slice from now on, also before its first number is handed out
        os.close(os.open(ledger, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        kept = {**{other: first for first, other in taken.items()}, own: base}
        file.seek(0)
        file.truncate()
        file.writelines(json.dumps({"ledger": other, "base": first}) + "\n" for other, first in kept.items())
        file.flush()
        os.fsync(file.fileno())
    return base


def command(
    identity: Identity, argv: Sequence[str], *, read_only: Sequence[Path] = (), writable: Sequence[Path] = (), umask: int = 0o077
) -> list[str]:
    """Give a command that gives up root and becomes ``argv``.

    Parameters
    ----------
    identity : Identity
        Who to become.
    argv : sequence of str
        An absolute path and its arguments.
    read_only, writable : sequence of Path
        What has to be reachable even where a folder above it is closed to others; this Python always is. In that case everything
        else below that folder is hidden.
    umask : int
        Of the program.
    """
    specification = {
        "uid": identity.uid,
        "gid": identity.gid,
        "groups": list(identity.groups),
        "read_only": [str(path) for path in (*needed(), *read_only)],
        "writable": [str(path) for path in writable],
        "umask": umask,
    }
    script = str(Path(dropping.__file__).resolve())
    return [sys.executable, "-I", "-S", "-X", "frozen_modules=on", script, json.dumps(specification), "--", *argv]


def launcher(
    broker: Identity,
    argv: Sequence[str],
    *,
    first: int,
    readers: int,
    spill: Path,
    read_only: Sequence[Path],
) -> list[str]:
    """Give a command that leaves a launcher behind and becomes the broker, which finds it by one more option.

    Parameters
    ----------
    broker : Identity
        Who the broker is.
    argv : sequence of str
        What becomes the broker, from :func:`command`.
    first : int
        First of the :data:`ENGINES` numbers under which the launcher starts processes.
    readers : int
        Group of the query engines.
    spill : Path
        Folder in which every query engine makes one of its own.
    read_only : sequence of Path
        Folders with the files that query engines read.
    """
    specification = {
        "broker": broker.uid,
        "numbers": [first, ENGINES],
        "readers": readers,
        "spill": str(spill),
        "read_only": [str(path) for path in (*needed(), *read_only)],
        "writable": [str(spill)],
    }
    script = str(Path(launching.__file__).resolve())
    return [sys.executable, "-I", "-S", "-X", "frozen_modules=on", script, json.dumps(specification), "--", *argv]


def prepare_directory(path: Path, uid: int, gid: int, mode: int = 0o700) -> None:
    """Make a folder belong to a user, without following a link in its last part.

    Parameters
    ----------
    path : Path
        Made when it does not exist; the folder above it does, and only trusted users can write there.
    uid, gid : int
        Its owner and group.
    mode : int
        Permission bits; ``0o2770`` shares it with the group and gives new files the same group.

    Raises
    ------
    OSError
        When it is no folder, or may not be changed.
    """
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(fd)
        if (status.st_uid, status.st_gid) != (uid, gid):
            os.fchown(fd, uid, gid)
        if stat.S_IMODE(os.fstat(fd).st_mode) != mode:
            os.fchmod(fd, mode)
    finally:
        os.close(fd)
