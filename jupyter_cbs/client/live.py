"""Events of the broker in a kernel: one stream and one thread per session, shared by everything that shows live state."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ..domain.errors import CbsError
from ..domain.gateway import Event
from .connection import Connection, Session

Call = Callable[[], None]
Schedule = Callable[[Call], None]
"""Runs a call soon, on the thread that owns the widgets."""

FIRST_RETRY = 0.5
LAST_RETRY = 5.0


def kernel_schedule() -> Schedule:
    """Give a way onto the kernel's own loop; without a kernel calls run where they are, one at a time."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    loop = getattr(getattr(shell, "kernel", None), "io_loop", None)
    if loop is not None:
        add: Schedule = loop.add_callback
        return add
    lock = threading.RLock()

    def directly(call: Call) -> None:
        with lock:
            call()

    return directly


class EventFeed:
    """Listens to the broker and tells listeners what changed, and when the broker goes and comes back.

    Parameters
    ----------
    session : Session
        Where to connect.

    Notes
    -----
    Listeners are held weakly and called on the feed's thread; they schedule their own work. ``None`` says the broker
    is gone, an event of topic ``broker`` with id ``up`` that it is there (again) and everything should be fetched.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._listeners: list[weakref.WeakMethod[Callable[[Event | None], None]]] = []
        self._stop = threading.Event()
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def listen(self, method: Callable[[Event | None], None]) -> None:
        """Tell a bound method from now on, as long as its object lives."""
        with self._lock:
            self._listeners.append(weakref.WeakMethod(method))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="cbs-events", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._stop.set()
        with self._lock:
            connection, thread = self._connection, self._thread
        if connection is not None:
            connection.abort()
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)

    def _run(self) -> None:
        wait, told = FIRST_RETRY, False
        while not self._stop.is_set():
            try:
                connection = self._session.events()
            except CbsError:
                if not told:
                    self._tell(None)
                    told = True
                self._stop.wait(wait)
                wait = min(2 * wait, LAST_RETRY)
                continue
            with self._lock:
                self._connection = connection
            wait, told = FIRST_RETRY, False
            self._tell(Event(topic="broker", id="up"))
            try:
                self._follow(connection)
            finally:
                with self._lock:
                    self._connection = None
                connection.close()

    def _follow(self, connection: Connection) -> None:
        while not self._stop.is_set():
            try:
                event = connection.next_event()
            except CbsError:
                return
            if event is None:
                return
            parsed = _parse(event)
            if parsed is not None:
                self._tell(parsed)

    def _tell(self, event: Event | None) -> None:
        with self._lock:
            self._listeners = [listener for listener in self._listeners if listener() is not None]
            methods = [listener() for listener in self._listeners]
        for method in methods:
            if method is not None:
                # one display that fails must not silence the others
                with contextlib.suppress(Exception):
                    method(event)


def _parse(event: dict[str, Any]) -> Event | None:
    try:
        return Event.model_validate(event)
    except ValueError:
        return None
