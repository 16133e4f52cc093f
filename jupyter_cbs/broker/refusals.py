"""Refusals and log-ins in the audit: each of the first few, then their number, so that nobody can fill the log or wear the disk out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from ..domain.errors import Unavailable
from ..store.store import Store

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60.0
"""How long one is counted."""

WRITTEN: Final = 10
"""Events of one person, action and reason that are written one by one in a window."""

MOST_KEYS: Final = 10_000
"""Different ones that are counted at a time; the oldest is written down first."""


@dataclass
class _Count:
    began: float = field(default_factory=time.monotonic)
    written: int = 0
    counted: int = 0


class Refusals:
    """Keeps refusals, and what workspace servers note, in the audit.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts: OrderedDict[tuple[str, str, str, str, str], _Count] = OrderedDict()

    def note(self, user: str, project: str, action: str, code: str, *, outcome: str = "refused", count: int = 1) -> None:
        """Keep one; the audit failing never turns a refusal into an admission.

        Parameters
        ----------
        user, project, action
            Who, where, what.
        code
            Why.
        outcome
            As in the audit.
        count
            How often it happened, where somebody else counted.
        """
        key = (user, project, action, code, outcome)
        kept = self._counts.setdefault(key, _Count())
        if kept.written < WRITTEN:
            kept.written += 1
            self._write(key, count)
        else:
            kept.counted += count
        while len(self._counts) > MOST_KEYS:
            self._close(next(iter(self._counts)))

    def _write(self, key: tuple[str, str, str, str, str], count: int) -> None:
        user, project, action, code, outcome = key
        details: dict[str, object] = {"code": code} if code else {}
        if count > 1:
            details["count"] = count
        with self._store.begin() as tx:
            tx.audit(user=user, project=project, action=action, subject="", outcome=outcome, details=details)

    def _close(self, key: tuple[str, str, str, str, str]) -> None:
        if kept := self._counts[key].counted:
            self._write(key, kept)
        del self._counts[key]

    def flush(self) -> None:
        """Write down what was only counted."""
        for key in list(self._counts):
            self._close(key)

    async def run(self, interval: float = 5.0) -> None:
        """Write down what was counted when its window is over, or as soon as that is possible again; runs until cancelled."""
        while True:
            await asyncio.sleep(interval)
            now = time.monotonic()
            for key in [key for key, kept in self._counts.items() if now - kept.began > WINDOW_SECONDS]:
                try:
                    self._close(key)
                except Unavailable as error:
                    log.warning("refusals were not written down yet: %s", error.code)
                    break
