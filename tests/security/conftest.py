"""What the attackers are told, and who attacks."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_demo import Demo, reserved_port

from jupyter_cbs.demo.labclient import Kernel

INSIDE = (Path(__file__).parent / "inside.py").read_text()
RUN = """import subprocess, sys
print(subprocess.run([sys.executable, '-c', {code!r}], input={given!r}, capture_output=True, text=True, check=True).stdout)"""


def make_attempts(run: Any, cases: dict[str, str], places: dict[str, Any]) -> dict[str, str]:
    """Have a kernel make attempts; ``run`` executes a cell and gives what it printed. Gives name → outcome."""
    given = json.dumps({"cases": cases, "places": places, "seconds": 60})
    found: dict[str, str] = json.loads(run(RUN.format(code=INSIDE, given=given)))
    return found


def printed(kernel: Kernel) -> Any:
    """Run cells in a kernel and give what they printed."""

    def run(code: str) -> str:
        output = kernel.run(code, 280)
        assert output.error is None, output
        return output.text

    return run


@pytest.fixture(scope="package")
def others(deployment: Demo) -> Iterator[Kernel]:
    """A kernel of the leader, which runs while others attack."""
    with deployment.client("leader").kernel() as kernel:
        yield kernel


@contextlib.contextmanager
def _answering(family: int, address: str) -> Iterator[int]:
    """Listen for datagrams and answer each with what it says; gives the port."""
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 0))
        # closing it would not wake the thread, and its number would soon be another socket's
        sock.settimeout(0.2)
        over = threading.Event()

        def answer() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    data, peer = sock.recvfrom(1000)
                    sock.sendto(data, peer)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.fixture(scope="package")
def places(deployment: Demo, others: Kernel) -> Iterator[dict[str, Any]]:
    """Places and numbers of the deployment and the machine; everything there is lies there, and could be read by its owner."""
    root, info = deployment.root, deployment.info
    for place in (deployment.personal("leader") / "private.txt", deployment.shared("9002") / "theirs.txt"):
        place.write_text("private")
    opened = others.run("import os; print(os.environ['CBS_SESSION'])")
    assert opened.text.strip() == "/run/cbs/s"
    draft = deployment.client("researcher").api("POST", "exports", {"title": "Not to be touched"})
    foreign = deployment.client("outsider").api("POST", "exports", {"title": "Of another project"})
    state = Path(info["state"])
    (state / "objects").mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        tcp6 = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6)) if socket.has_ipv6 else tcp
        udp_port = stack.enter_context(_answering(socket.AF_INET, "127.0.0.1"))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        name = f"cbs-test-{secrets.token_hex(8)}"
        abstract.bind(f"\0{name}")
        abstract.listen()
        shared_memory, temporary = Path("/dev/shm") / name, Path(tempfile.gettempdir()) / f"{name}.txt"
        for place in (shared_memory, temporary):
            place.write_text("of the machine")
            place.chmod(0o644)
            stack.callback(place.unlink)
        yield {
            "root": str(root),
            "info": str(root / "demo.json"),
            "server_config": str(root / "servers" / "researcher" / "config" / "jupyter_server_config.json"),
            "database": str(state / "state.sqlite"),
            "objects": str(state / "objects"),
            "anchors": str(state / "anchors"),
            "catalogue": info["catalogue"],
            "parquet": str(next(Path(info["catalogue"]).rglob("GBAPERSOON*.parquet"))),
            "policies": info["policies"],
            "logs": str(root / "logs"),
            "leaders": str(deployment.personal("leader") / "private.txt"),
            "theirs": str(deployment.shared("9002") / "theirs.txt"),
            "storage": info["storage"],
            "shm": str(shared_memory),
            "tmp": str(temporary),
            "broker": info["pids"]["broker"],
            "server": info["pids"]["servers"]["leader"],
            "tcp": tcp.getsockname()[1],
            "tcp6": tcp6.getsockname()[1],
            "udp": udp_port,
            "server_port": int(deployment.accounts["researcher"]["url"].split(":")[2].split("/")[0]),
            "abstract": name,
            "gateway": str(root / "run" / "gateway" / "9001.researcher" / "s"),
            "leaders_gateway": str(root / "run" / "gateway" / "9001.leader" / "s"),
            "sessions": str(root / "run" / "sessions"),
            "other_session": str(root / "run" / "sessions" / next(iter(deployment.sessions())) / "s"),
            "other_runtime": str(next(deployment.runtime("leader").glob("k*"))),
            "draft": draft["id"],
            "foreign_draft": foreign["id"],
            "pin": deployment.accounts["leader"]["pin"],
            "connection_file": "/run/kernel/connection.json",
        }


def propose(demo: Demo, name: str) -> dict[str, Any]:
    """Have the researcher put a complete request with one harmless file before the leader."""
    researcher = demo.client("researcher")
    path = f"shared/{name}.csv"
    assert researcher.save(path, "group,n\nyoung,1200\nold,800\n").status_code in (200, 201)
    draft = researcher.api("POST", "exports", {"title": name, "paths": [path]})
    file = {"path": path, "shows": "counts", "population": "all", "unit": "person", "unweighted_n": "in the table"}
    form = {"purpose": "Article", "description": "Counts", "secondary_disclosure": "One table, no earlier output", "files": [file]}
    draft = researcher.api("PATCH", f"exports/{draft['id']}", {"version": draft["version"], "form": form})
    return researcher.api("POST", f"exports/{draft['id']}/actions/propose", {"version": draft["version"]})


@pytest.fixture(scope="module")
def stock_port() -> Iterator[int]:
    """Where a stock server listens."""
    with reserved_port() as port:
        yield port


def stock_environment(home: Path) -> dict[str, str]:
    """The environment of a Jupyter that nobody configured: nothing of the person who runs the tests."""
    folders = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **folders}


def special_files(folder: Path) -> set[str]:
    """Everything in a folder that is neither an ordinary file with one name nor a folder."""
    found = set()
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place) / name
            if path.is_symlink() or not (path.is_dir() or (path.is_file() and path.stat().st_nlink == 1)):
                found.add(str(path))
    return found
