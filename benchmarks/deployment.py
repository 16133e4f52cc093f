"""A deployment whose catalogue is the reference data, with a kernel session of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from jupyter_cbs.broker.deployment import Deployment
from jupyter_cbs.domain.errors import CbsError
from jupyter_cbs.domain.gateway import Nothing, SessionOpen
from jupyter_cbs.server.gateway import Gateway

POLICIES = Path(__file__).parents[1] / "policies"


@asynccontextmanager
async def running(root: Path, files: Mapping[str, Path]) -> AsyncIterator[int]:
    """Run a real broker that grants the files to project 9001; gives its process id, ``CBS_SESSION`` names a session of it."""
    deployment = Deployment(root)
    folder = deployment.catalogue / "Referentie"
    folder.mkdir(parents=True)
    for path in files.values():
        os.link(path, folder / path.name)
    shutil.copytree(POLICIES, deployment.policies)
    project = deployment.policies / "projects" / "9001.yaml"
    head, _, _ = project.read_text().partition("grants:")
    project.write_text(head + "grants:\n" + "".join(f"  - {name}\n" for name in files))
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "jupyter_cbs.broker", "--dir", str(root), stderr=asyncio.subprocess.DEVNULL)
    gateway = Gateway(str(deployment.gateway_socket("9001", "researcher")))
    try:
        await _ready(gateway, process)
        session = await gateway.call("sessions.open", SessionOpen(kernel_id="benchmark"))
        os.environ["CBS_SESSION"] = session["socket"]
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def _ready(gateway: Gateway, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        try:
            await gateway.call("health", Nothing())
            return
        except CbsError:
            await asyncio.sleep(0.1)
    raise SystemExit("the broker does not start")
