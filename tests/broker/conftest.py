"""One broker for all tests that leave it as it was, and fresh ones for the others."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Running, make_deployment


@pytest.fixture(scope="session")
def _shared_broker() -> Iterator[Running]:
    yield from _running()


@pytest.fixture
def broker(_shared_broker: Running) -> Iterator[Running]:
    """One broker for all tests that leave it as it was."""
    yield _shared_broker
    _shared_broker.hang_up()
    _shared_broker.end_sessions()


@pytest.fixture
def fresh_broker() -> Iterator[Running]:
    """A broker of its own for tests that stop it or change its policies."""
    yield from _running()


def _running() -> Iterator[Running]:
    with tempfile.TemporaryDirectory(prefix="cbs-b-") as directory:
        running = Running(make_deployment(Path(directory)))
        running.start()
        try:
            yield running
        finally:
            running.hang_up()
            running.stop()
