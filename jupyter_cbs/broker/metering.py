"""Measures the storage areas, at a pace that follows what measuring costs."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..domain.errors import Unavailable
from ..domain.gateway import Event
from ..domain.project import Principal
from ..domain.quota import QuotaStatus
from ..quota.meter import Measurement, measure
from ..quota.rules import check_save, usage

if TYPE_CHECKING:
    from .authority import Authority

log = logging.getLogger(__name__)

Area = Literal["shared", "personal"]
_AREAS: tuple[Area, ...] = ("shared", "personal")

_SHARE_OF_A_CORE = 0.02
"""Measuring may cost this share of one core (design: performance §4)."""
_SHORTEST_INTERVAL = 5.0
_FRESH_SECONDS = 1.0
_SHARE_IN_NEED = 0.5
"""As :data:`_SHARE_OF_A_CORE`, while so much of the disk is taken that an area may be past its line."""
_TAKEN_BYTES = 2**20
"""Taking less than this of a disk is no reason to look."""


@dataclass
class Reading:
    """One walk through an area.

    Parameters
    ----------
    measurement
        What it found, with what was admitted since.
    at, clock
        When it ended, by the calendar and in seconds of a clock that only goes on.
    cost
        Seconds it took.
    free
        Bytes that were free on the disk when it began.
    """

    measurement: Measurement
    at: datetime
    clock: float
    cost: float
    free: int


class Metering:
    """The newest measurement of every area, and the loop that renews them.

    Parameters
    ----------
    authority : Authority
        Where the areas, limits and listeners are.
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._readings: dict[Path, Reading] = {}
        self._locks: dict[Path, asyncio.Lock] = {}

    def _area(self, principal: Principal, area: Area) -> Path:
        deployment = self._authority.deployment
        if area == "shared":
            return deployment.shared(principal.project)
        return deployment.personal(principal.project, principal.user)

    async def measure(self, principal: Principal, area: Area) -> None:
        """Measure one area now and keep the figure; listeners are told when it changed."""
        path = self._area(principal, area)
        async with self._locks.setdefault(path, asyncio.Lock()):
            began = time.monotonic()
            try:
                free = free_bytes(path)
                measurement = await asyncio.to_thread(measure, path)
            except OSError as error:
                log.warning("area %s of project %s cannot be measured: %s", area, principal.project, error.strerror)
                return
            before = self._readings.get(path)
            self._readings[path] = Reading(measurement, self._authority.now(), time.monotonic(), time.monotonic() - began, free)
        if before is None or before.measurement != measurement:
            owner = principal.user if area == "personal" else None
            try:
                with self._authority.store.begin() as tx:
                    tx.insert_measurement(
                        principal.project,
                        owner,
                        area,
                        measurement.used_bytes,
                        measurement.apparent_bytes,
                        measurement.files,
                        self._readings[path].at,
                    )
            except Unavailable as error:
                # on a full disk the figure counts all the same; it is missing among the earlier ones only
                log.warning("the measurement of area %s of project %s was not kept: %s", area, principal.project, error.code)
            self._authority.hub.publish(Event(topic="quota"), project=principal.project, users=None if owner is None else {owner})

    async def watch(self, principal: Principal, area: Area, room: int) -> Reading | None:
        """Give the figure of an area that kernels write to now, measured again when it may have grown by ``room`` bytes since.

        What was taken of the disk as a whole tells how much an area can have grown, at the cost of one system call. An area that is past
        its line (``room`` below 0) is measured again as well, so that what was removed counts soon.

        Returns
        -------
        Reading or None
            None when the area cannot be measured.

        Raises
        ------
        OSError
            When the area is gone.
        """
        path = self._area(principal, area)
        reading = self._readings.get(path)
        if reading is not None:
            age, pace = time.monotonic() - reading.clock, reading.cost / _SHARE_IN_NEED
            taken = reading.free - free_bytes(path)
            if room < 0:
                due = age >= max(_FRESH_SECONDS, pace)
            else:
                due = age >= pace and taken >= max(room, _TAKEN_BYTES)
            if not (due or age >= max(_SHORTEST_INTERVAL, reading.cost / _SHARE_OF_A_CORE)):
                return reading
        await self.measure(principal, area)
        return self._readings.get(path)

    def latest(self, principal: Principal, area: Area) -> Reading | None:
        """Give the newest figure of an area; None when it was never measured."""
        return self._readings.get(self._area(principal, area))

    def status(self, principal: Principal) -> QuotaStatus:
        """Give both areas as last measured."""
        project = self._authority.policies.current.project(principal.project)
        areas = {}
        for area in _AREAS:
            reading = self._readings.get(self._area(principal, area))
            areas[area] = usage(
                area,
                reading.measurement if reading else None,
                reading.at if reading else None,
                project.quota,
                project.unit_bytes,
            )
        return QuotaStatus(shared=areas["shared"], personal=areas["personal"])

    async def check_save(self, principal: Principal, path: str, size: int, replaces: int) -> None:
        """Check that a save fits.

        Raises
        ------
        QuotaExceeded
            If the area would pass its limit.
        """
        area, _ = self._authority.roots(principal).split(path)
        reading = self._readings.get(self._area(principal, area))
        if reading is None or time.monotonic() - reading.clock > max(_FRESH_SECONDS, reading.cost / _SHARE_OF_A_CORE):
            await self.measure(principal, area)
            reading = self._readings.get(self._area(principal, area))
        project = self._authority.policies.current.project(principal.project)
        limit = project.quota.limit(area)
        used = reading.measurement.used_bytes if reading else None
        check_save(area, used, limit, size, replaces, project.unit_bytes)
        if reading is not None:
            # until the next walk, what was just admitted counts as written
            grown = reading.measurement.used_bytes + max(0, size - replaces)
            reading.measurement = replace(reading.measurement, used_bytes=grown)

    async def run(self) -> None:
        """Measure the areas of everybody who listens; runs until cancelled."""
        while True:
            for principal in self._authority.policies.current.principals():
                if not self._authority.hub.listening(principal.project, principal.user):
                    continue
                for area in _AREAS:
                    reading = self._readings.get(self._area(principal, area))
                    interval = max(_SHORTEST_INTERVAL, reading.cost / _SHARE_OF_A_CORE) if reading else 0.0
                    if reading is None or time.monotonic() - reading.clock >= interval:
                        await self.measure(principal, area)
            await asyncio.sleep(1.0)


def free_bytes(place: Path) -> int:
    """Give what an ordinary account can still write where a folder lies, in bytes.

    Raises
    ------
    OSError
        When the folder cannot be looked at.
    """
    room = os.statvfs(place)
    return room.f_bavail * room.f_frsize
