"""What query engines write to disk is bounded, each and together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.broker.sessions import SpillRoom
from jupyter_cbs.domain.errors import CbsError
from jupyter_cbs.domain.rules import QueryLimits
from jupyter_cbs.query.engine import Worker

GROUPS = "SELECT max(c) AS c FROM (SELECT md5(n::VARCHAR) || md5((n + 1)::VARCHAR) AS s, count(*) AS c FROM range(3_000_000) t(n) GROUP BY s)"


class Sink:
    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        for fd in fds:
            os.close(fd)

    async def progress(self, fraction: float | None, rows: int) -> None:
        pass


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.parametrize(("room", "fits"), [(32 << 20, False), (4 << 30, True)])
async def test_a_query_that_needs_more_disk_is_refused(tmp_path: Path, room: int, fits: bool) -> None:
    worker = await Worker.start({}, QueryLimits(memory_bytes=100 << 20, threads=1), tmp_path, spill_bytes=room)
    try:
        if fits:
            assert (await worker.sql(GROUPS, None, Sink())).rows == 1
        else:
            with pytest.raises(CbsError):
                await worker.sql(GROUPS, None, Sink())
            assert sum(path.stat().st_blocks * 512 for path in tmp_path.rglob("*")) <= room
            assert (await worker.sql("SELECT 1 AS x", None, Sink())).rows == 1
    finally:
        await worker.close()


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 2**50), st.booleans()), max_size=20))
def test_promises_never_exceed_the_disk(steps: list[tuple[str, int, bool]], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    room = SpillRoom(folder)
    held: dict[str, int] = {}
    for session, wanted, leaves in steps:
        if leaves:
            room.release(session)
            held.pop(session, None)
        else:
            held[session] = room.reserve(session, wanted)
            assert 0 <= held[session] <= wanted
        place = os.statvfs(folder)
        assert sum(held.values()) <= place.f_blocks * place.f_frsize
