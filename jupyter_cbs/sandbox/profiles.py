"""The sandboxes of the product: what a kernel sees, what a query engine sees, and what a workspace server sees.

The first two differ in contents only, so every wall is tested once for both. The third is for our own server and weaker on purpose.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from .bubblewrap import HOME, USER, Bind, Sandbox
from .interpreter import path_entry
from .limits import Limits
from .users import Identity

WORKSPACE: Final = "/workspace"
"""Where a kernel finds ``shared`` and ``personal``, and where it starts."""

SESSION: Final = "/run/cbs"
"""Folder of the one way out of a kernel: the socket of its session at the broker."""

CONNECTION_FILE: Final = "/run/kernel/connection.json"
KERNEL_SOCKETS: Final = "/run/kernel/sockets"
"""Folder of the ZMQ sockets between kernel and server; the connection file's ``ip`` is ``/run/kernel/sockets/s``."""

DATA: Final = "/data"
SPILL: Final = "/spill"

_MACHINE_BYTES: Final = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

KERNEL_BYTES: Final = min(16 * 10**9, _MACHINE_BYTES // 2)
"""Memory of a kernel with all it starts, unless the deployment says otherwise."""

_WORKER_FILES: Final = 32_768
_HARD: Final = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

KERNEL_FILES: Final = 8192 if _HARD == resource.RLIM_INFINITY else min(8192, _HARD // 2)
"""Open files of a process of a kernel; well below those of a query engine. Linux compares the descriptors that are on their way through
sockets for one account, whoever sent them, with the bound of who sends next. Under one account a kernel could otherwise keep engines
from handing over results."""

# a kernel stands back for servers, brokers and query engines: its processes may be many and never rest
KERNEL_LIMITS: Final = Limits(processes=1024, open_files=KERNEL_FILES, memory_bytes=KERNEL_BYTES, niceness=10)


def worker_limits(memory_bytes: int) -> Limits:
    """Give the limits of a query engine.

    Parameters
    ----------
    memory_bytes : int
        What the project's policy allows it. DuckDB's own bound covers its buffers; lists, strings and hash tables of aggregates come
        on top, and so do stacks and libraries, so the process may map more. Beyond that an allocation fails and the query, at worst the
        engine, ends.
    """
    return Limits(processes=256, open_files=_WORKER_FILES, address_space_bytes=memory_bytes + memory_bytes // 4 + 2 * 2**30)


WORKER_LIMITS: Final = worker_limits(4 * 2**30)
"""Limits of a query engine with the usual memory."""


def kernel(
    areas: Mapping[str, Path],
    session_socket: Path,
    sockets: Path,
    connection: bytes,
    *,
    environment: Mapping[str, str] | None = None,
    limits: Limits = KERNEL_LIMITS,
    temporary_bytes: int = 1 << 30,
    read_only: tuple[Path, ...] = (),
    hidden: tuple[Path, ...] = (),
    identity: Identity | None = None,
) -> Sandbox:
    """Describe the sandbox of a kernel.

    Parameters
    ----------
    areas : mapping of str to Path
        ``shared`` and ``personal`` → folders on the host; one that the person has not is left out.
    session_socket : Path
        Socket of the kernel's session on the host, in a folder that holds nothing else. The folder is what is shown: a broker that
        is started again makes the socket anew.
    sockets : Path
        A private folder on the host for the ZMQ sockets of this kernel, writable for who starts the sandbox.
    connection : bytes
        Content of the connection file as the kernel sees it (:data:`KERNEL_SOCKETS`).
    environment : mapping of str to str, optional
        More variables, e.g. the language.
    limits : Limits
        What it may use.
    temporary_bytes : int
        Size of each of /tmp, /dev/shm and the home folder, in memory.
    read_only : tuple of Path
        More folders that it sees at their own places, e.g. that of its kernel spec.
    hidden : tuple of Path
        As for :class:`Sandbox`.
    identity : Identity, optional
        As for :class:`Sandbox`.
    """
    variables = {
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": HOME,
        "USER": USER,
        "LOGNAME": USER,
        "TMPDIR": "/tmp",  # noqa: S108  inside the sandbox
        "IPYTHONDIR": f"{HOME}/.ipython",
        "MPLCONFIGDIR": f"{HOME}/.matplotlib",
        "JUPYTER_DATA_DIR": f"{HOME}/.jupyter-data",
        "JUPYTER_RUNTIME_DIR": f"{HOME}/.jupyter-runtime",
        "JUPYTER_CONFIG_DIR": f"{HOME}/.jupyter",
        "PYTHONNOUSERSITE": "1",
        "PIP_RETRIES": "0",  # no network will come up while it waits
        "CBS_SESSION": f"{SESSION}/{session_socket.name}",
        "CBS_KERNEL_BYTES": str(limits.memory_bytes or ""),
    }
    if (entry := path_entry()) is not None:
        variables["PYTHONPATH"] = entry
    binds = [Bind(place, f"{WORKSPACE}/{area}", writable=True) for area, place in areas.items()]
    return Sandbox(
        binds=(
            *binds,
            Bind(sockets, KERNEL_SOCKETS, writable=True),
            Bind(session_socket.parent, SESSION),
        ),
        read_only=read_only,
        temporary=MappingProxyType(dict.fromkeys(("/tmp", "/dev/shm", HOME), temporary_bytes)),  # noqa: S108  inside the sandbox
        data={CONNECTION_FILE: connection},
        environment={**variables, **(environment or {})},
        chdir=WORKSPACE,
        hostname="cbs-kernel",
        limits=limits,
        sockets=(KERNEL_SOCKETS,),
        memory_files=False,
        hidden=hidden,
        identity=identity,
    )


def worker(
    views: Mapping[str, Path],
    spill: Path,
    *,
    limits: Limits = WORKER_LIMITS,
    hidden: tuple[Path, ...] = (),
    identity: Identity | None = None,
) -> tuple[Sandbox, dict[str, Path], Path]:
    """Describe the sandbox of a query engine.

    Parameters
    ----------
    views : mapping of str to Path
        View name → granted Parquet file on the host; several names may stand for one file.
    spill : Path
        A private folder on the host for what does not fit in memory, writable for who starts the sandbox.
    limits : Limits
        What it may use.
    hidden : tuple of Path
        As for :class:`Sandbox`.
    identity : Identity, optional
        As for :class:`Sandbox`.

    Returns
    -------
    tuple
        The sandbox, the same views as the engine sees them (opaque names in ``/data``, in the same order), and the spill folder
        as it sees it.
    """
    targets = {path: f"{DATA}/{hashlib.sha256(bytes(path)).hexdigest()[:24]}.parquet" for path in views.values()}
    sandbox = Sandbox(
        binds=(
            *(Bind(path, target, kind="file") for path, target in targets.items()),
            Bind(spill, SPILL, writable=True),
        ),
        temporary=MappingProxyType({"/tmp": 16 * 2**20}),  # noqa: S108  inside the sandbox
        environment={"LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"},
        hostname="cbs-worker",
        limits=limits,
        hidden=hidden,
        identity=identity,
    )
    return sandbox, {name: Path(targets[path]) for name, path in views.items()}, Path(SPILL)


def server(
    places: Mapping[Path, bool],
    *,
    environment: Mapping[str, str],
    read_only: tuple[Path, ...] = (),
    hidden: tuple[Path, ...] = (),
    uid: int,
    gid: int,
) -> Sandbox:
    """Describe the view of a workspace server that runs under the same uid as the broker.

    It sees what it needs, at the usual places, and neither catalogue nor the broker's state. It has the network, to be reached, and
    starts its kernels in sandboxes of their own.

    Parameters
    ----------
    places : mapping of Path to bool
        Folders of the host → whether it writes there: the two areas, its own settings and runtime folder, the folder with the gateway's
        socket.
    environment : mapping of str to str
        All of its environment.
    read_only : tuple of Path
        More trusted folders, e.g. of a certificate.
    hidden : tuple of Path
        As for :class:`Sandbox`; the catalogue and the state belong here.
    uid, gid : int
        Those of who starts it, so that owners look the same inside.
    """
    return Sandbox(
        binds=tuple(Bind(place, str(place), writable=writable) for place, writable in places.items()),
        read_only=read_only,
        temporary=MappingProxyType(dict.fromkeys(("/tmp", "/dev/shm"), 256 * 2**20)),  # noqa: S108  inside the sandbox
        environment=environment,
        hostname="cbs-server",
        limits=Limits(processes=16384, open_files=65536),
        uid=uid,
        gid=gid,
        hidden=hidden,
        trusted=True,
    )
