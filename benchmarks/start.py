"""Starting: a kernel in its sandbox against a plain one, a query engine, the first query (design: performance, section 6).

``python -m benchmarks.start [--rounds 9]``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_cbs.domain.rules import QueryLimits
from jupyter_cbs.query.engine import Worker
from jupyter_cbs.sandbox import profiles
from jupyter_cbs.sandbox.users import NOBODY, Identity, is_root
from jupyter_cbs.server.provisioner import unsandboxed_environment

from .measure import Variant, compare, ratio
from .reference_data import persons

IDENTITY = Identity(NOBODY, NOBODY) if is_root() else None
PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
LAUNCHER = ("-m", "ipykernel_launcher", "-f")
FIGURE = "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt; plt.figure().savefig('/tmp/figure.png')"
CLIENT = "import jupyter_cbs"


class Places:
    """The folders that kernels and engines see."""

    def __init__(self, folder: Path) -> None:
        self.shared, self.session, self.spill = folder / "shared", folder / "session", folder / "spill"
        for place in (self.shared, self.session, self.spill):
            place.mkdir()
            if IDENTITY is not None:
                os.chown(place, IDENTITY.uid, IDENTITY.gid)
        self.folder = folder
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.session / "s"))

    @contextmanager
    def sockets(self) -> Iterator[Path]:
        """A folder for the sockets of one kernel."""
        made = Path(tempfile.mkdtemp(prefix="k", dir=self.folder))
        if IDENTITY is not None:
            os.chown(made, IDENTITY.uid, IDENTITY.gid)
        try:
            yield made
        finally:
            shutil.rmtree(made)

    def close(self) -> None:
        """Close the socket that stands for a session's."""
        self._listener.close()


def connection(sockets: str) -> dict[str, Any]:
    """What a kernel and its client agree on."""
    ports: dict[str, Any] = dict(zip(PORTS, range(1, 6), strict=True))
    return {**ports, "transport": "ipc", "ip": f"{sockets}/s", "key": secrets.token_hex(16), "signature_scheme": "hmac-sha256"}


async def use(info: dict[str, Any], cells: tuple[str, ...]) -> None:
    """Wait until a kernel answers, and have it run some cells."""
    client = AsyncKernelClient()
    client.load_connection_info(info)
    client.start_channels(hb=False)
    try:
        client.kernel_info()
        await client.get_shell_msg(timeout=120)
        for cell in cells:
            client.execute(cell)
            answer = await client.get_shell_msg(timeout=120)
            if answer["content"]["status"] != "ok":
                raise SystemExit(f"the kernel could not run {cell!r}: {answer['content'].get('evalue')}")
    finally:
        client.stop_channels()


def plain(places: Places, cells: tuple[str, ...]) -> Variant:
    """A kernel as any process of this account."""

    async def run() -> None:
        with places.sockets() as sockets, tempfile.TemporaryDirectory() as home:
            info = connection(str(sockets))
            file = sockets / "connection.json"
            file.write_text(json.dumps(info))
            argv = [sys.executable, *LAUNCHER, str(file)]
            process = subprocess.Popen(
                argv, env=unsandboxed_environment("", home), cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                await use(info, cells)
            finally:
                process.kill()
                process.wait()

    return Variant("plain kernel", run)


def sandboxed(places: Places, cells: tuple[str, ...]) -> Variant:
    """A kernel behind all walls, as a workspace server starts it."""

    async def run() -> None:
        with places.sockets() as sockets:
            info = connection(str(sockets))
            inner = json.dumps({**info, "ip": f"{profiles.KERNEL_SOCKETS}/s"}).encode()
            sandbox = profiles.kernel({"shared": places.shared}, places.session / "s", sockets, inner, identity=IDENTITY)
            with sandbox.prepare([sys.executable, *LAUNCHER, profiles.CONNECTION_FILE]) as prepared:
                process = subprocess.Popen(
                    prepared.argv,
                    pass_fds=prepared.pass_fds,
                    env=prepared.environment,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                try:
                    namespace = await asyncio.to_thread(prepared.started)
                    await use(info, cells)
                    namespace.kill()
                    namespace.close()
                finally:
                    process.kill()
                    process.wait()

    return Variant("sandboxed kernel", run)


class Nothing:
    """Takes no pieces: the results here are small."""

    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        """Close."""
        for fd in fds:
            os.close(fd)

    async def progress(self, fraction: float | None, rows: int) -> None:
        """Not shown."""


def engine(places: Places, files: dict[str, Path], name: str, shut_in: bool, query: str | None) -> Variant:
    """A query engine from nothing until it is ready, or until its first answer."""
    limits = QueryLimits()
    sandbox, inside, spill = profiles.worker(files, places.spill, limits=profiles.worker_limits(limits.memory_bytes), identity=IDENTITY)

    async def run() -> None:
        if shut_in:
            worker = await Worker.start(inside, limits, spill, wrap=lambda argv, fds: sandbox.prepare(argv, fds, watch=False))
        else:
            worker = await Worker.start(files, limits, places.spill)
        try:
            if query is not None:
                await worker.sql(query, None, Nothing())
        finally:
            await worker.close()

    return Variant(name, run)


def show(title: str, variants: Sequence[Variant], reach: dict[str, str]) -> None:
    """Print a table; the first variant is the reference. Without CPU time: what ends in another process namespace is not waited for here."""
    reference = variants[0]
    print(f"\n{title}")
    print(f"  {'':36} {'ms':>9} {'added ms':>9} {'wall ×':>7}  to reach")
    for variant in variants:
        added = statistics.median(a - b for a, b in zip(variant.wall, reference.wall, strict=True))
        print(
            f"  {variant.name:36} {statistics.median(variant.wall) * 1e3:9.0f} {added * 1e3:9.0f} {ratio(variant.wall, reference.wall):7.2f}"
            f"  {reach.get(variant.name, '')}"
        )


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(f"load at the start: {os.getloadavg()[0]:.2f} on {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="cbs-b-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        files = persons(folder, 50_000)
        for path in files.values():
            path.chmod(0o644)
        places = Places(folder)
        try:
            for title, cells in {
                "a kernel until it answers": (),
                "a kernel until jupyter_cbs is imported": (CLIENT,),
                "a kernel until the first figure is drawn": (FIGURE,),
            }.items():
                variants = [plain(places, cells), sandboxed(places, cells)]
                await compare(variants, rounds)
                show(title, variants, {"sandboxed kernel": "+ 300 ms"})
            count = f"SELECT count(*) AS n FROM {next(iter(files))}"
            variants = [
                engine(places, files, "engine without walls, ready", False, None),
                engine(places, files, "engine behind walls, ready", True, None),
                engine(places, files, "engine behind walls, first answer", True, count),
            ]
            await compare(variants, rounds)
            show("a query engine, none kept warm", variants, {"engine behind walls, ready": "600 ms"})
        finally:
            places.close()
    print(f"\nload at the end: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    asyncio.run(main())
