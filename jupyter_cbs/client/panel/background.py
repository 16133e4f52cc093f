"""Calls of the broker off the widgets' thread; answers come back on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ...domain.errors import CbsError, Internal
from ...domain.text import Text
from ..live import Schedule

Answer = TypeVar("Answer")


class Background:
    """One thread that works through calls in order.

    Parameters
    ----------
    schedule : callable
        Brings a call onto the widgets' thread.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cbs-panel")

    def run(self, work: Callable[[], Answer], done: Callable[[Answer], None], failed: Callable[[CbsError], None]) -> None:
        """Do ``work``, then tell ``done`` or ``failed`` on the widgets' thread."""

        def task() -> None:
            try:
                answer = work()
            except CbsError as error:
                caught = error
                self._schedule(lambda: failed(caught))
            except Exception:
                # an answer that does not fit its type, or a folder that vanished: say so instead of waiting for ever
                fault = Internal(
                    "panel",
                    Text(en="The panel could not understand the workspace's answer.", nl="Het paneel begreep het antwoord van de werkomgeving niet."),
                    Text(en="Run the cell again.", nl="Voer de cel opnieuw uit."),
                )
                self._schedule(lambda: failed(fault))
            else:
                self._schedule(lambda: done(answer))

        self._pool.submit(task)

    def close(self) -> None:
        """Take no more calls."""
        self._pool.shutdown(wait=True, cancel_futures=True)
