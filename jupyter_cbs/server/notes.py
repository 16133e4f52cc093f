"""What the server saw and the audit should hold: log-ins, their ends, refused routes. Counted, so that nobody can flood the log."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from typing import Final

from ..domain.errors import CbsError
from ..domain.gateway import ServerNote, ServerNotes
from .gateway import Gateway

log = logging.getLogger(__name__)

_FLUSH_SECONDS: Final = 2.0
_MOST_KINDS: Final = 50


class Notes:
    """Counts events and tells the broker of them every few seconds; what the broker could not be told is told later.

    Parameters
    ----------
    gateway : Gateway
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._counts: Counter[tuple[str, str]] = Counter()
        self._something = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start telling the broker in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def add(self, event: str, subject: str = "") -> None:
        """Count an event.

        Parameters
        ----------
        event : str
            One of the kinds of :class:`~jupyter_cbs.domain.gateway.ServerNote`.
        subject : str
            What it was about, e.g. the beginning of a path; events beyond fifty different subjects are counted without.
        """
        key = (event, subject[:100])
        if key not in self._counts and len(self._counts) >= _MOST_KINDS:
            key = (event, "")
        self._counts[key] += 1
        self._something.set()

    async def _run(self) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(_FLUSH_SECONDS)
            await self._tell()

    async def _tell(self) -> None:
        counts, self._counts = self._counts, Counter()
        self._something.clear()
        notes = tuple(ServerNote.model_validate({"event": event, "subject": subject, "count": count}) for (event, subject), count in counts.items())
        try:
            if notes:
                await self._gateway.call("server.notes", ServerNotes(notes=notes))
        except CbsError as error:
            log.info("the broker could not be told what happened: %s", error.code)
            self._counts.update(counts)
            self._something.set()

    async def stop(self) -> None:
        """Tell what is left, once, and stop."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._tell(), 2.0)
