"""Data sets come, change and go while the broker runs."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from broker_process import PATIENCE
from running_demo import descendants

from jupyter_cbs.broker.authority import Authority
from jupyter_cbs.broker.events import Subscription
from jupyter_cbs.domain.errors import NotFound, Unavailable
from jupyter_cbs.domain.project import Principal

from .harness import make_deployment

NEW = "InkomenBestedingen/INPATAB/2023/INPA2023TABV1.parquet"
MANY = "range(100000000) a(i), range(100000) b(j)"
OLD = "GezondheidWelzijn/ZVWZORGKOSTENTAB/2022/ZVWZORGKOSTEN2022TABV2.parquet"


class Nowhere:
    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        for fd in fds:
            os.close(fd)

    async def progress(self, fraction: float | None, rows: int) -> None:
        pass


class AtWork(Nowhere):
    """Sees a query say how far it is."""

    def __init__(self) -> None:
        self.seen = asyncio.Event()

    async def progress(self, fraction: float | None, rows: int) -> None:
        self.seen.set()


@asynccontextmanager
async def watching(root: Path) -> AsyncIterator[tuple[Authority, Principal, Subscription]]:
    """The broker's state with its watcher, looking often."""
    deployment = make_deployment(root)
    deployment.mark.write_text('{"real": false}')
    # the test's own process is the broker here, and as root it may not start engines in their sandbox
    authority = Authority(deployment, unsandboxed=True)
    principal = authority.policies.current.principal("9001", "researcher")
    subscription = authority.hub.subscribe(principal)
    watcher = asyncio.create_task(authority.watch_catalogue(0.02))
    try:
        yield authority, principal, subscription
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        await authority.sessions.stop(keep=False)
        authority.close()


async def told(subscription: Subscription, condition: Callable[[], bool]) -> None:
    """Wait for events about the catalogue until it is as it should be; a file that is still written may make one too many."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            event = await subscription.queue.get()
            assert event is not None
            assert event.topic == "catalogue"


def put(root: Path, place: str, rows: int) -> None:
    """Put a data set where it belongs in one step, as a copy that is renamed does."""
    file = root / place
    file.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"RINPERSOONS": ["R"] * rows, "RINPERSOON": [f"{i:09d}" for i in range(rows)]})
    pq.write_table(table, root / ".new")
    (root / ".new").rename(file)


def run(job: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await job()

    asyncio.run(main())


def test_running_sessions_see_what_came_changed_and_went(tmp_path: Path) -> None:
    async def job() -> None:
        async with watching(tmp_path) as (authority, principal, subscription):
            session = authority.sessions.open(principal, "k")

            async def rows(name: str) -> int:
                outcome = await (await session.worker()).sql(f"SELECT 1 FROM {name}", None, Nowhere())
                return outcome.rows

            with pytest.raises(NotFound):
                await rows("INPATAB")
            catalogue = authority.deployment.catalogue

            put(catalogue, NEW, 30)
            await told(subscription, lambda: "INPA2023TABV1" in authority.catalogue.files)
            assert authority.scope("9001").get("INPATAB").rows == 30
            assert await rows("INPATAB") == 30

            worker, at_work = await session.worker(), AtWork()
            running = asyncio.create_task(worker.sql(f"SELECT count(*) FROM INPATAB k, {MANY} WHERE (i * j) % 7 = 3", None, at_work))
            async with asyncio.timeout(PATIENCE):
                await at_work.seen.wait()
            put(catalogue, NEW, 40)
            await told(subscription, lambda: authority.catalogue.files["INPA2023TABV1"].dataset.rows == 40)
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(Unavailable, match="What the project may read of INPA2023TABV1, or the file itself, was changed"):
                    await running
                await worker.exited.wait()
            assert await rows("INPATAB") == 40

            shutil.rmtree((catalogue / OLD).parent)
            await told(subscription, lambda: "ZVWZORGKOSTEN2022TABV2" not in authority.catalogue.files)
            with pytest.raises(NotFound):
                await rows("ZVWZORGKOSTENTAB")
            assert {e.action for e in authority.store.events("")} >= {"catalogue.load"}

    run(job)


def test_a_session_without_the_changed_data_set_goes_on(tmp_path: Path) -> None:
    async def job() -> None:
        async with watching(tmp_path) as (authority, principal, subscription):
            worker = await authority.sessions.open(principal, "k").worker()
            put(authority.deployment.catalogue, "VeiligheidRecht/GEDETINEERDENTAB/2022/GEDETINEERDEN2022TABV1.parquet", 10)
            await told(subscription, lambda: "GEDETINEERDEN2022TABV1" in authority.catalogue.files)
            outcome = await worker.sql("SELECT 1 FROM GBAPERSOONTAB", None, Nowhere())
            assert outcome.rows > 0

    run(job)


def engines() -> list[int]:
    """Query engines that this process, the broker here, has running."""
    found = []
    for pid in descendants(os.getpid()):
        with suppress(OSError):
            if b"jupyter_cbs.query.worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def test_a_session_that_ends_while_its_engine_starts_leaves_none(tmp_path: Path) -> None:
    """A kernel that comes and goes at once: its engine would run on, and keep the room on disk that it was promised."""

    async def job() -> None:
        async with watching(tmp_path) as (authority, principal, _):
            session = authority.sessions.open(principal, "k")
            starting = asyncio.create_task(session.worker())
            ending = asyncio.create_task(session.close())
            with pytest.raises(Unavailable, match="closed"):
                await starting
            await ending
            assert engines() == []

    run(job)


class Ear(logging.Handler):
    """Hears a complaint about the catalogue as a whole."""

    def __init__(self, noticed: asyncio.Event) -> None:
        super().__init__()
        self._noticed = noticed

    def emit(self, record: logging.LogRecord) -> None:
        if "last index stays" in record.getMessage():
            self._noticed.set()


def test_a_catalogue_that_is_away_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    async def job() -> None:
        noticed = asyncio.Event()
        ear = Ear(noticed)
        logger = logging.getLogger("jupyter_cbs.broker.authority")
        logger.addHandler(ear)
        try:
            await away_and_back(noticed)
        finally:
            logger.removeHandler(ear)

    async def away_and_back(noticed: asyncio.Event) -> None:
        async with watching(tmp_path) as (authority, _, subscription):
            catalogue, away = authority.deployment.catalogue, tmp_path / "away"
            before = authority.catalogue
            catalogue.rename(away)
            async with asyncio.timeout(PATIENCE):
                await noticed.wait()
            assert authority.catalogue is before
            assert authority.scope("9001").get("GBAPERSOONTAB")
            away.rename(catalogue)
            put(catalogue, NEW, 30)
            await told(subscription, lambda: "INPA2023TABV1" in authority.catalogue.files)
            assert set(before.files) < set(authority.catalogue.files)

    run(job)
