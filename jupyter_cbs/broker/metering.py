"""Measures the storage areas, at a pace that follows what measuring costs."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
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


@dataclass
class _Reading:
    measurement: Measurement
    at: datetime
    clock: float
    cost: float


class Metering:
    """The newest measurement of every area, and the loop that renews them.

    Parameters
    ----------
    authority : Authority
        Where the areas, limits and listeners are.
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._readings: dict[Path, _Reading] = {}
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
                measurement = await asyncio.to_thread(measure, path)
            except OSError as error:
                log.warning("area %s of project %s cannot be measured: %s", area, principal.project, error.strerror)
                return
            before = self._readings.get(path)
            self._readings[path] = _Reading(measurement, self._authority.now(), time.monotonic(), time.monotonic() - began)
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
        limit = project.quota.shared_bytes if area == "shared" else project.quota.personal_bytes
        used = reading.measurement.used_bytes if reading else None
        check_save(area, used, limit, size, replaces, project.unit_bytes)
        if reading is not None:
            # until the next walk, what was just admitted counts as written
            grown = reading.measurement.used_bytes + max(0, size - replaces)
            reading.measurement = Measurement(grown, reading.measurement.apparent_bytes, reading.measurement.files)

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
