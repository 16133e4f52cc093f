"""Ctrl-C and the stop button while the client waits for its broker.

An interrupt that raised in the middle of reading a frame would lose bytes and descriptors. While a wait lasts, the
signal is therefore only noted and wakes the wait through a descriptor; the wait itself decides what to do.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class InterruptNote:
    """Notes SIGINT instead of raising. Outside the main thread, where no signal arrives, only :meth:`interrupt` does the same.

    Attributes
    ----------
    count : int
        Interrupts since the block was entered.
    """

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()
        self._fd = -1
        self._previous: Any = None

    def __enter__(self) -> InterruptNote:
        with self._lock:
            self._fd = os.eventfd(self.count, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is not None:
            self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None
        with self._lock:
            os.close(self._fd)
            self._fd = -1

    def interrupt(self) -> None:
        """Interrupt the wait from another thread; before the block is entered it is kept until then."""
        with self._lock:
            self._count()

    def _note(self, number: int, frame: FrameType | None) -> None:
        # without the lock: a signal may come while this very thread holds it
        self._count()

    def _count(self) -> None:
        self.count += 1
        if self._fd >= 0:
            os.eventfd_write(self._fd, 1)

    @property
    def fd(self) -> int | None:
        """Descriptor that becomes readable with an interrupt; None where there are none."""
        return self._fd if self._fd >= 0 else None

    def drain(self) -> None:
        """Wait for the next interrupt again."""
        if self._fd >= 0:
            try:
                os.eventfd_read(self._fd)
            except BlockingIOError:
                return
