"""Kernels write to the areas without asking. Those that fill the disk of the others end.

Three lines, each with room above what an honest person needs:

* a personal area past its line: the person's kernels end, and none starts until files were removed;
* a shared area past its line: those who filled it, told by what their kernels wrote since the area was within its limit, may not write
  on. Theirs are the kernels that end, and none of theirs starts until the area is below the line again;
* little is left of the disk itself: kernels that write now end, whoever's they are, so that the broker and the others go on;
* the file system has numbers for few more files: the kernels end of whose areas got files since. Linux does not tell who made a file that
  is empty, so in a shared area it is everybody's in that project.

What kernels wrote is counted by their workspace servers (:mod:`jupyter_cbs.sandbox.writing`), which run no person's code. They also
open folders that the broker cannot look into.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..domain.errors import QuotaExceeded, Unavailable
from ..domain.gateway import Event, KernelWritten, WrittenReport, WrittenVerdict
from ..domain.project import Principal, Role
from ..domain.text import Text
from ..quota.rules import Area, held_bytes, human_bytes, overrun

if TYPE_CHECKING:
    from .authority import Authority
    from .metering import Reading

log = logging.getLogger(__name__)

_RESERVE_BYTES: Final = 10**9
_RESERVE_SHARE: Final = 0.02
"""Of the disk so much stays free, whichever is less: at 1 GB/s a second's time."""

_RESERVE_FILES: Final = 500_000
_RESERVE_FILES_SHARE: Final = 0.05
"""So many more files can still be made, whichever is less: what a kernel makes in the seconds until it is seen."""

_COUNTS_FILES: Final = 1_000
"""An area that got fewer files is not why there are so many."""

_COUNTS: Final = 2**20
"""Writing less than this names nobody."""

_PATIENCE_SECONDS: Final = 10.0
"""So long nobody may be known to have filled an area before that is said."""

_AREAS: Final[tuple[Area, ...]] = ("personal", "shared")

_Person = tuple[str, str]
"""Project and user."""


@dataclass(frozen=True)
class _Within:
    """A shared area when it was last measured within its limit: the walk's clock, its bytes, and what everybody had written by then."""

    clock: float
    used: int
    written: Mapping[_Person, int]


class Overrun:
    """Decides which kernels end because of what they write.

    Parameters
    ----------
    authority : Authority
        Where the areas, limits and listeners are.
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._new: set[str] = set()
        self._last: dict[_Person, dict[str, KernelWritten]] = {}
        self._written: dict[_Person, int] = {}
        self._within: dict[str, _Within] = {}
        self._named: dict[str, set[str]] = {}
        self._unexplained: dict[str, float] = {}
        self._entries: dict[tuple[str, str | None], int] = {}
        """Files and folders of an area, known by project and by user where it is a personal one, when there was room for more."""

    def began(self, session: str) -> None:
        """Note that a kernel starts: all it writes counts. Of one that ran before this broker did, only what it writes from now on does."""
        self._new.add(session)

    def ended(self, principal: Principal, session: str) -> None:
        """Forget a kernel: its files without a name went with it."""
        self._new.discard(session)
        self._last.get(_person(principal), {}).pop(session, None)

    async def admit(self, principal: Principal) -> None:
        """Let a kernel start.

        Raises
        ------
        QuotaExceeded
            ``area_overrun`` while the person's own area is past its line, or the shared one that they filled.
        """
        self._authority.roots(principal)
        areas: list[Area] = ["personal"]
        if principal.user in self._named.get(principal.project, ()):
            areas.append("shared")
        for area in areas:
            held = self._held(principal, area)
            if held is None or held > self._line(principal, area):
                # it may have been mended a moment ago
                await self._authority.metering.measure(principal, area)
                held = self._held(principal, area)
            if held is not None and held > self._line(principal, area):
                message, remedy = self._say(principal, area, held)
                raise QuotaExceeded("area_overrun", message, remedy)
            if area == "shared":
                self._named.get(principal.project, set()).discard(principal.user)

    async def report(self, principal: Principal, report: WrittenReport) -> WrittenVerdict:
        """Take what a person's kernels wrote, and say which of them end and why."""
        risen = self._take(principal, report)
        before = {person: size for person, size in self._written.items() if person[0] == principal.project}
        self._written[_person(principal)] = before.get(_person(principal), 0) + sum(risen.values())
        held = await self._measured(principal, "personal")
        if held > self._line(principal, "personal"):
            return self._end(principal, tuple(risen), *self._say(principal, "personal", held))
        writing = tuple(session for session, size in risen.items() if size)
        held = await self._measured(principal, "shared")
        if held <= self._line(principal, "shared"):
            self._named.pop(principal.project, None)
            self._unexplained.pop(principal.project, None)
            if held <= self._limit(principal, "shared"):
                self._remember(principal, before)
        elif self._filled(principal, before) and writing:
            self._named.setdefault(principal.project, set()).add(principal.user)
            return self._end(principal, writing, *self._say(principal, "shared", held))
        many = tuple(session for session, size in risen.items() if size >= _COUNTS)
        if many and (left := _below_reserve(self._authority.deployment.storage)) is not None:
            return self._end(principal, many, *_reserve_text(left))
        files = files_below_reserve(self._authority.deployment.storage)
        if files is not None and await self._grows(principal):
            return self._end(principal, tuple(risen), *_files_text(files))
        if files is None:
            for area, reading in self._readings(principal):
                self._entries[_whose(principal, area)] = reading.measurement.inodes
        return WrittenVerdict(closed=self._closed(principal))

    async def _grows(self, principal: Principal) -> bool:
        """Tell whether an area of a person got files since there was room for more, or since this broker began."""
        for area in _AREAS:
            await self._authority.metering.watch(principal, area, -1)
        now = {_whose(principal, area): reading.measurement.inodes for area, reading in self._readings(principal)}
        return any(files - self._entries.setdefault(whose, files) >= _COUNTS_FILES for whose, files in now.items())

    def _readings(self, principal: Principal) -> list[tuple[Area, Reading]]:
        """Give the newest figures of both areas, without what was never measured."""
        found = ((area, self._authority.metering.latest(principal, area)) for area in _AREAS)
        return [(area, reading) for area, reading in found if reading is not None]

    def _closed(self, principal: Principal) -> bool:
        return any(reading.measurement.unreadable for _, reading in self._readings(principal))

    def _take(self, principal: Principal, report: WrittenReport) -> dict[str, int]:
        """Keep a report; give by how much each of its kernels rose since the one before."""
        before = self._last.get(_person(principal), {})
        self._last[_person(principal)] = {kernel.session: kernel for kernel in report.kernels}
        risen = {}
        for kernel in report.kernels:
            if kernel.session in self._new:
                self._new.discard(kernel.session)
                known = 0
            else:
                known = before.get(kernel.session, kernel).written_bytes
            risen[kernel.session] = max(0, kernel.written_bytes - known)
        return risen

    def _nameless(self, principal: Principal) -> int:
        return sum(kernel.nameless_bytes for kernel in self._last.get(_person(principal), {}).values())

    def _limit(self, principal: Principal, area: Area) -> int:
        return self._authority.policies.current.project(principal.project).quota.limit(area)

    def _line(self, principal: Principal, area: Area) -> int:
        return self._authority.policies.current.project(principal.project).quota.line(area)

    def _held(self, principal: Principal, area: Area) -> int | None:
        """Give what an area takes of the disk; None when not measured."""
        reading = self._authority.metering.latest(principal, area)
        return None if reading is None else held_bytes(reading.measurement)

    async def _measured(self, principal: Principal, area: Area) -> int:
        """Give what an area takes of the disk, measured again where it may be past its line.

        Files without a name count as the person's own, wherever they were.
        """
        nameless = self._nameless(principal) if area == "personal" else 0
        room = self._line(principal, area) - nameless - (self._held(principal, area) or 0)
        await self._authority.metering.watch(principal, area, room)
        return nameless + (self._held(principal, area) or 0)

    def _remember(self, principal: Principal, written: Mapping[_Person, int]) -> None:
        """Keep how full the shared area was by a new walk, and what everybody had ``written`` when it began, or before."""
        reading = self._authority.metering.latest(principal, "shared")
        known = self._within.get(principal.project)
        if reading is not None and (known is None or known.clock != reading.clock):
            self._within[principal.project] = _Within(reading.clock, reading.measurement.used_bytes, dict(written))

    def _filled(self, principal: Principal, before: Mapping[_Person, int]) -> bool:
        """Tell whether a person is one of those who filled the shared area.

        What it grew by since it was within its limit was written by somebody: of n persons who wrote since, at least one wrote an n-th
        part of it. Who wrote less is not named. When nobody wrote so much, nobody is, and the leader and the admins are told.
        """
        project = principal.project
        if project not in self._within:
            self._remember(principal, before)
        reading, within = self._authority.metering.latest(principal, "shared"), self._within.get(project)
        if reading is None or within is None:
            return False
        wrote = {person: size - within.written.get(person, 0) for person, size in self._written.items() if person[0] == project}
        persons = sum(size > 0 for size in wrote.values())
        part = max(_COUNTS, (reading.measurement.used_bytes - within.used) // max(1, persons))
        if any(size >= part for size in wrote.values()):
            self._unexplained.pop(project, None)
        else:
            self._tell(project)
        return wrote[_person(principal)] >= part

    def _tell(self, project: str) -> None:
        """Tell, once, who can do something about it that it is not known who filled an area; another report may say it a moment later."""
        since = self._unexplained.setdefault(project, time.monotonic())
        if time.monotonic() - since < _PATIENCE_SECONDS:
            return
        self._unexplained[project] = math.inf
        log.warning("the shared area of project %s is past its line, and whose kernel filled it is not known", project)
        text = Text(
            en=f"The shared workspace of project {project} is far above its limit, and whose kernel filled it is not known.",
            nl=f"De gedeelde werkruimte van project {project} zit ver boven haar limiet, en wiens kernel haar vulde is niet bekend.",
        )
        self._authority.hub.publish(Event(topic="quota", text=text, level="warning"), project=project, roles={Role.LEADER, Role.ADMIN})

    def _say(self, principal: Principal, area: Area, held: int) -> tuple[Text, Text]:
        policy = self._authority.policies.current.project(principal.project)
        return overrun(area, held, policy.quota, policy.unit_bytes)

    def _end(self, principal: Principal, sessions: tuple[str, ...], message: Text, remedy: Text) -> WrittenVerdict:
        log.warning("kernels of %s in project %s end: %s", principal.user, principal.project, message.en)
        try:
            for session in sessions:
                self._authority.audit(principal, "kernel.end", session, "refused", {"why": message.en})
        except Unavailable as error:
            # on a full disk they end all the same
            log.warning("the end of kernels is missing in the audit: %s", error.code)
        return WrittenVerdict(end=sessions, text=Text(en=f"{message.en} {remedy.en}", nl=f"{message.nl} {remedy.nl}"))


def _person(principal: Principal) -> _Person:
    return principal.project, principal.user


def _whose(principal: Principal, area: Area) -> tuple[str, str | None]:
    return principal.project, principal.user if area == "personal" else None


def _below_reserve(place: Path) -> int | None:
    """Give the bytes that are left where the areas lie when that is too little for all; else None."""
    room = os.statvfs(place)
    free = room.f_bavail * room.f_frsize
    return free if free < min(_RESERVE_BYTES, room.f_blocks * room.f_frsize * _RESERVE_SHARE) else None


def files_below_reserve(place: Path) -> int | None:
    """Give the number of files that can still be made where the areas lie when that is too small for all; else None.

    File systems that make numbers for files as they need them tell 0 of 0.
    """
    room = os.statvfs(place)
    return room.f_favail if room.f_files and room.f_favail < min(_RESERVE_FILES, room.f_files * _RESERVE_FILES_SHARE) else None


def _files_text(left: int) -> tuple[Text, Text]:
    return (
        Text(
            en=f"The disk of the workspace can take {left} more files, and everybody needs some.",
            nl=f"De schijf van de werkomgeving kan nog {left} bestanden aan, en iedereen heeft die nodig.",
        ),
        Text(
            en="Delete folders with many files in the file browser, and tell the admin: only an admin can make more room there.",
            nl="Verwijder in de bestandsverkenner mappen met veel bestanden en meld het de beheerder: alleen die kan daar meer ruimte maken.",
        ),
    )


def _reserve_text(left: int) -> tuple[Text, Text]:
    return (
        Text(
            en=f"The disk of the workspace has {human_bytes(left)} left, which everybody needs.",
            nl=f"De schijf van de werkomgeving heeft nog {human_bytes(left, lang='nl')} vrij, en die heeft iedereen nodig.",
        ),
        Text(
            en="Delete files that you do not need in the file browser, and tell the admin: only an admin can make more room there.",
            nl="Verwijder in de bestandsverkenner wat u niet nodig hebt en meld het de beheerder: alleen een beheerder kan daar meer ruimte maken.",
        ),
    )
