"""The query engine's worker in its sandbox: it computes from the granted files and there is nothing else."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_cbs.domain.rules import QueryLimits
from jupyter_cbs.protocol.frames import Frame
from jupyter_cbs.protocol.stream import FrameStream
from jupyter_cbs.sandbox import interpreter, profiles
from jupyter_cbs.system.memfd import open_sealed

from .boxes import IDENTITY, make_folder

BOOTSTRAP = "import sys; p = sys.argv.pop(); p in sys.path or sys.path.insert(0, p); from jupyter_cbs.query.worker import main; main()"
BIG = 500_000
PATIENCE = 120.0
"""Seconds that a worker may take to start, to answer and to end."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Engine:
    """The worker's other end, as the query engine talks to it."""

    def __init__(self, folder: Path) -> None:
        catalogue = folder / "catalogue"
        catalogue.mkdir()
        self.granted = catalogue / "GBAPERSOON2023TABV1.parquet"
        self.foreign = catalogue / "SPOLISBUS2022V3.parquet"
        for path in (self.granted, self.foreign):
            pq.write_table(pa.table({"n": range(BIG)}), path)
            path.chmod(0o666)  # only the mount protects it
        spill = folder / "spill"
        spill.mkdir(mode=0o700)
        if IDENTITY is not None:
            os.chown(spill, IDENTITY.uid, IDENTITY.gid)
        views = {"GBAPERSOON2023TABV1": self.granted, "GBAPERSOONTAB": self.granted}
        self.sandbox, self.views, self.spill = profiles.worker(views, spill, identity=IDENTITY)
        self.number = 0

    async def start(self) -> None:
        pairs = [socket.socketpair() for _ in range(2)]
        theirs = [pair[1].fileno() for pair in pairs]
        argv = [sys.executable, "-I", "-c", BOOTSTRAP, *map(str, theirs), str(interpreter.PACKAGE.parent)]
        prepared = self.sandbox.prepare(argv, theirs, watch=False)
        self.process = await asyncio.create_subprocess_exec(
            *prepared.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=prepared.pass_fds,
            env=prepared.environment,
            cwd="/",
            start_new_session=True,
        )
        prepared.close()
        for _, other in pairs:
            other.close()
        self.main, self.control = (FrameStream(ours) for ours, _ in pairs)
        setup = {
            "views": {name: str(path) for name, path in self.views.items()},
            "limits": QueryLimits(memory_bytes=1 << 30).model_dump(),
            "spill": str(self.spill),
        }
        await self.main.write(Frame(setup))
        ready = await asyncio.wait_for(self.main.read(), PATIENCE)
        assert ready is not None, (await self.process.stderr.read()).decode()
        assert ready.header["type"] == "ready"

    async def sql(self, text: str) -> tuple[dict[str, Any], pa.Table | None]:
        """Ask; give the last frame's header and the result."""
        self.number += 1
        await self.main.write(Frame({"id": self.number, "op": "sql", "text": text, "parameters": None}))
        pieces: list[pa.Table] = []
        while (frame := await asyncio.wait_for(self.main.read(), PATIENCE)) is not None:
            if frame.header["type"] == "chunk":
                pieces += [pa.ipc.open_stream(open_sealed(fd)).read_all() for fd in frame.fds]
                frame.close()
                await self.main.write(Frame({"op": "ack", "bytes": frame.header["size"]}))
            elif frame.header["type"] in ("done", "error"):
                if frame.header["type"] == "done" and frame.header["inline"]:
                    pieces.append(pa.ipc.open_stream(bytes(frame.payload)).read_all())
                return frame.header, pa.concat_tables(pieces) if pieces else None
        raise ConnectionError("the worker is gone")

    async def stop(self) -> None:
        self.process.kill()
        await self.process.communicate()
        self.main.close()
        self.control.close()


@pytest.mark.anyio
async def test_the_worker_computes_from_granted_files_only() -> None:
    folder = make_folder()
    engine = Engine(folder)
    await engine.start()
    try:
        header, small = await engine.sql("SELECT sum(n) AS s FROM GBAPERSOONTAB")
        assert header["sources"] == ["GBAPERSOON2023TABV1"]
        assert small is not None
        assert small.to_pydict() == {"s": [BIG * (BIG - 1) // 2]}
        header, large = await engine.sql("SELECT n, n + 1 AS m FROM GBAPERSOON2023TABV1")
        assert (header["inline"], large.num_rows if large else 0) == (False, BIG)
        header, _ = await engine.sql(f"SELECT * FROM read_parquet('{engine.foreign}')")
        assert header["type"] == "error"
    finally:
        await engine.stop()
        shutil.rmtree(folder)


@pytest.mark.anyio
async def test_nothing_of_a_killed_worker_stays() -> None:
    folder = make_folder()
    engine = Engine(folder)
    await engine.start()
    init = int(Path(f"/proc/{engine.process.pid}/task/{engine.process.pid}/children").read_text().split()[0])
    inner = int(Path(f"/proc/{init}/task/{init}/children").read_text().split()[0])
    watched = [os.pidfd_open(pid) for pid in (init, inner)]
    await engine.stop()
    loop = asyncio.get_running_loop()
    for fd in watched:
        ended = asyncio.Event()
        loop.add_reader(fd, ended.set)
        await asyncio.wait_for(ended.wait(), PATIENCE)
        loop.remove_reader(fd)
        os.close(fd)
    shutil.rmtree(folder)


def test_the_mounts_hold_also_for_code_that_is_not_duckdb() -> None:
    """Whatever gets hold of the worker's process finds the granted files, under names that say nothing, and cannot change them."""
    folder = make_folder()
    engine = Engine(folder)
    code = """
import os, sys
print(sorted(os.listdir("/data")) == sorted({os.path.basename(p) for p in sys.argv[2:]}), os.path.exists(sys.argv[1]))
for path in {*sys.argv[2:]}:
    try: open(path, "r+b"); print("writable")
    except OSError as error: print(error.errno)
open("/spill/x", "w").close()
try: os.symlink("/", "/spill/y"); print("link")
except OSError: print("refused")
"""
    argv = [sys.executable, "-I", "-c", code, str(engine.foreign), *map(str, engine.views.values())]
    with engine.sandbox.prepare(argv, watch=False) as prepared:
        done = subprocess.run(prepared.argv, pass_fds=prepared.pass_fds, env=prepared.environment, cwd="/", capture_output=True, check=False)
    assert done.stdout.decode().splitlines() == ["True False", "30", "refused"], done.stderr
    shutil.rmtree(folder)
