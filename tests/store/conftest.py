from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_cbs.store import Store


class Clock:
    """A clock the test sets; the store is real, only the day is chosen."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def open_store(database: Path, tmp_path: Path, clock: Clock) -> Iterator[Callable[[], Store]]:
    """Open the same state as often as asked; everything is closed at the end."""
    opened: list[Store] = []

    def opener() -> Store:
        store = Store.open(f"sqlite:///{database}", tmp_path / "anchors", clock)
        opened.append(store)
        return store

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
