"""Events of the broker, passed on to whoever looks at this server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Final, Protocol

from ..domain.errors import CbsError
from ..domain.gateway import Event
from ..domain.text import Language, Text
from .gateway import Gateway

SCHEMA_ID: Final = "https://schema.jupyter-cbs.org/events/change/v1"
SCHEMA_FILE: Final = Path(__file__).parent / "events" / "change.yaml"

_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 2.0

_DOWN = Text(
    en="The workspace does not answer. Queries, checks and saves wait until it is back; your files are untouched.",
    nl="De werkomgeving antwoordt niet. Query's, controles en opslaan wachten tot zij terug is; uw bestanden zijn ongemoeid.",
)
_UP = Text(en="The workspace answers again.", nl="De werkomgeving antwoordt weer.")

log = logging.getLogger(__name__)


class Bus(Protocol):
    """Jupyter's event logger, as far as it is used here."""

    def emit(self, *, schema_id: str, data: dict[str, object]) -> object:
        """Deliver one event to everybody who listens."""


class EventStream:
    """Keeps a stream of events open and says when it is lost and found.

    Parameters
    ----------
    gateway : Gateway
    bus : Bus
        Where events go.
    """

    def __init__(self, gateway: Gateway, bus: Bus) -> None:
        self._gateway = gateway
        self._bus = bus
        self._language: Language = "en"
        self._task: asyncio.Task[None] | None = None
        self.up: bool | None = None
        """Whether the broker answers; None until it was tried."""

    def start(self) -> None:
        """Start listening in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def use_language(self, language: Language) -> None:
        """Push texts in the language the person reads from now on; the broker sends both."""
        self._language = language

    @property
    def language(self) -> Language:
        """The language the person reads."""
        return self._language

    def tell(self, event: Event) -> None:
        """Push an event of this server's own."""
        self._emit(event)

    def _emit(self, event: Event) -> None:
        data = event.model_dump(mode="json", context={"lang": self._language})
        self._bus.emit(schema_id=SCHEMA_ID, data=data)

    def _connected(self) -> None:
        if self.up is False:
            self._emit(Event(topic="broker", id="up", text=_UP, level="success"))
        self.up = True

    async def _run(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                await self._gateway.listen(self._emit, self._connected)
            except CbsError as error:
                log.info("event stream: %s", error.message)
            except Exception:
                log.exception("event stream failed")
            if self.up is not False:
                wait = _FIRST_WAIT
                self.up = False
                self._emit(Event(topic="broker", id="down", text=_DOWN, level="error"))
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
