"""Work beside the broker's loop: answers, errors, progress, cancelling and dying."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_cbs.broker.labour import labour
from jupyter_cbs.broker.routes.query import _bounded
from jupyter_cbs.domain.errors import Conflict, Internal, TimedOut
from jupyter_cbs.domain.text import Text


def add(one: int, other: int) -> int:
    return one + other


def refuse() -> None:
    raise Conflict("no", Text(en="No.", nl="Nee."), Text(en="Ask.", nl="Vraag."))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count(progress: Callable[[float], None] | None = None) -> str:
    assert progress is not None
    for step in range(5):
        progress(step / 4)
    return "counted"


def write_and_wait(path: str) -> None:
    Path(path).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(600)


def test_the_outcome_comes_back_from_another_process() -> None:
    assert asyncio.run(labour(add, None, 1, other=2)) == 3


def test_an_error_keeps_its_kind_and_texts() -> None:
    with pytest.raises(Conflict, match="No") as caught:
        asyncio.run(labour(refuse))
    assert caught.value.code == "no"
    assert caught.value.remedy == Text(en="Ask.", nl="Vraag.")


def test_a_process_that_dies_is_a_fault_of_ours() -> None:
    with pytest.raises(Internal) as caught:
        asyncio.run(labour(die))
    assert caught.value.code == "labour_died"


def test_progress_is_told() -> None:
    told: list[float] = []

    async def report(share: float) -> None:
        told.append(share)

    assert asyncio.run(labour(count, report)) == "counted"
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_cancelling_kills_it(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    os.mkfifo(path)

    async def begin_and_cancel() -> int:
        task = asyncio.create_task(labour(write_and_wait, None, str(path)))
        worker = int(await asyncio.to_thread(path.read_text, encoding="ascii"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return worker

    worker = asyncio.run(begin_and_cancel())
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_what_takes_longer_than_the_policy_allows_is_ended() -> None:
    with pytest.raises(TimedOut) as caught:
        asyncio.run(_bounded(labour(time.sleep, None, 600), 0.2))
    assert caught.value.code == "protection_time"
