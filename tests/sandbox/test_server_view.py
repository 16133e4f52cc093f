"""Started as a user: each workspace server sees its person's things and nothing of the broker or of others, and everything works."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_demo import Demo, descendants, environment, wait_for

from jupyter_cbs.broker.deployment import sweep
from jupyter_cbs.demo.supervisor import _sweep_runtimes
from jupyter_cbs.sandbox import interpreter, users
from jupyter_cbs.sandbox.users import NOBODY, Identity, command, is_root


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A demo of an ordinary user: of somebody else when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="cbt-", dir="/tmp"))
    argv = [sys.executable, "-P", "-m", "jupyter_cbs.cli", "demo", "--dir", str(folder / "d"), "--no-browser", "--persons", "2000", "--no-real"]
    if is_root():
        os.chown(folder, NOBODY, NOBODY)
        argv = command(Identity(NOBODY, NOBODY), argv, read_only=(interpreter.PACKAGE.parent,))
    with (folder / "supervisor.log").open("w") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, text=True, env={**environment(), "HOME": str(folder)}, cwd="/")
    running = Demo(folder / "d", process)

    def ready() -> bool:
        assert process.poll() is None, running.log()
        return (running.root / "demo.json").exists()

    try:
        wait_for(ready, 240, "the start of the demo")
        yield running
    finally:
        if process.poll() is None:
            assert running.stop() == 0
        shutil.rmtree(folder)


def seen(pid: int, place: Path) -> bool:
    """Whether a process finds something at a place: looked up from its root folder, through its mounts."""
    return os.path.lexists(f"/proc/{pid}/root{place}")


def test_the_server_sees_neither_catalogue_nor_state_nor_others(demo: Demo) -> None:
    info = demo.info
    parquet = next(Path(info["catalogue"]).rglob("*.parquet"))
    (demo.personal("leader") / "private.txt").write_text("x")
    (demo.shared("9002") / "theirs.txt").write_text("x")
    (demo.personal("researcher") / "own.txt").write_text("x")
    with demo.client("leader").kernel():
        hidden = [
            parquet,
            Path(info["catalogue"]),
            Path(info["state"]),
            Path(info["state"]) / "state.sqlite",
            Path(info["policies"]),
            demo.root / "demo.json",
            demo.root / "deployment.json",
            demo.root / "run" / "sessions.json",
            demo.root / "run" / "gateway" / "9001.leader",
            demo.root / "servers" / "leader",
            demo.runtime("leader"),
            demo.personal("leader") / "private.txt",
            demo.shared("9002") / "theirs.txt",
        ]
        shown = [
            demo.personal("researcher") / "own.txt",
            demo.shared("9001"),
            demo.root / "run" / "gateway" / "9001.researcher" / "s",
            demo.root / "servers" / "researcher" / "config" / "jupyter_server_config.json",
        ]
        server, broker = info["pids"]["servers"]["researcher"], info["pids"]["broker"]
        assert b"jupyter_cbs.server" in Path(f"/proc/{server}/cmdline").read_bytes()
        assert [place for place in hidden if seen(server, place)] == []
        assert [place for place in shown if not seen(server, place)] == []
        # the negative control: the same places exist for a process without a view of its own, and nothing but the view differs
        assert [place for place in (*hidden, *shown) if not seen(broker, place)] == []
        owners = {next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Uid:")) for pid in (server, broker)}
        assert len(owners) == 1
        # processes of others, the broker's among them, are invisible too
        processes = {name for name in os.listdir(f"/proc/{server}/root/proc") if name.isdigit()}
        assert len(processes) < 20
        assert os.readlink(f"/proc/{server}/ns/pid") != os.readlink(f"/proc/{broker}/ns/pid")


ENTER = """
import json, os, sys
found = {}
for place in json.loads(sys.argv[1]):
    try: os.close(os.open(place, os.O_RDONLY)); found[place] = "opened"
    except OSError as error: found[place] = os.strerror(error.errno)
for attempt in ("listed", "changed"):
    try: os.listdir(sys.argv[2]) if attempt == "listed" else os.chmod(sys.argv[2], 0o700); found[attempt] = "done"
    except OSError as error: found[attempt] = os.strerror(error.errno)
print(json.dumps(found))
"""


@pytest.mark.skipif(not is_root(), reason="needs root to enter the server's namespaces")
def test_code_in_the_servers_place_opens_nothing(demo: Demo) -> None:
    """As a server that was taken over: a program with its uid, among its mounts."""
    info = demo.info
    server = info["pids"]["servers"]["researcher"]
    parquet, database = str(next(Path(info["catalogue"]).rglob("*.parquet"))), str(Path(info["state"]) / "state.sqlite")
    sessions = str(demo.root / "run" / "sessions")
    argv = ["/usr/bin/nsenter", f"--target={server}", "--mount", "--pid", "--wd=/", "--"]
    argv += ["/usr/bin/setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--"]
    argv += [sys.executable, "-I", "-c", ENTER, json.dumps([parquet, database]), sessions]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {
        parquet: "No such file or directory",
        database: "No such file or directory",
        "listed": "Permission denied",
        "changed": "Read-only file system",
    }


def test_kernels_and_queries_work_behind_it(demo: Demo) -> None:
    client = demo.client("researcher")
    with client.kernel() as kernel:
        output = kernel.run("import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))")
        assert output.text.strip() == "1", output
        number = kernel.send("import time; print('go', flush=True); time.sleep(300)")
        kernel.await_text(number, "go")
        kernel.interrupt()
        output = kernel.receive(number)
        assert output.error is not None
        assert output.error[0] == "KeyboardInterrupt"
    assert client.save("personal/notes.txt", "text").status_code < 300
    assert (demo.personal("researcher") / "notes.txt").read_text() == "text"
    assert client.api("GET", "project")["walls_in_force"] is True


def test_a_server_that_dies_starts_again_in_its_view_and_leaves_no_kernel(demo: Demo) -> None:
    client = demo.client("viewer")
    dead = demo.info["pids"]["servers"]["viewer"]
    assert client.request("GET", "cbs/api/health").status_code == 200
    os.kill(dead, signal.SIGKILL)
    pid = wait_for(lambda: (pid := demo.info["pids"]["servers"]["viewer"]) != dead and pid, 60, "the new server")
    catalogue = Path(demo.info["catalogue"])
    wait_for(lambda: not seen(demo.info["pids"]["servers"]["viewer"], catalogue), 60, "the new server's view")
    assert pid


def test_a_broker_that_starts_again_is_found(demo: Demo) -> None:
    client = demo.client("researcher")
    dead = demo.info["pids"]["broker"]
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: demo.info["pids"]["broker"] != dead, 60, "the new broker")
    wait_for(lambda: client.request("GET", "cbs/api/health").status_code == 200, 60, "the gateway")


ON_THEIR_WAY = """
import errno, socket
kept, refused = [], None
while refused is None and len(kept) < 2000:
    kept.append(socket.socketpair())
    kept[-1][0].setblocking(False)
    passed = socket.socket(socket.AF_UNIX)
    try:
        while True:
            socket.send_fds(kept[-1][0], [b'x'], [passed.fileno()] * 200)
    except BlockingIOError:
        pass
    except OSError as error:
        refused = errno.errorcode[error.errno]
print(refused)
"""


def test_a_kernel_full_of_descriptors_on_their_way_keeps_nobody_from_their_results(demo: Demo) -> None:
    """All run under one account, and Linux counts such descriptors per account."""
    large = "import jupyter_cbs as cbs; print(len(cbs.connect().sql('FROM range(3000000)').df()))"
    with demo.client("outsider").kernel() as hostile, demo.client("researcher").kernel() as kernel:
        assert hostile.run(ON_THEIR_WAY).text == "ETOOMANYREFS\n"
        assert kernel.run(large).text == "3000000\n"
        assert hostile.run("del kept; " + large).text == "3000000\n"


def test_what_a_killed_supervisor_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    left, alive, foreign = (tmp_path / name for name in ("cbs-demo-left", "cbs-demo-alive", "cbs-demo-foreign"))
    for folder, pid in ((left, ended.pid), (alive, os.getpid())):
        folder.mkdir()
        (folder / "pid").write_text(str(pid))
    foreign.mkdir()
    (tmp_path / "cbs-demo-link").symlink_to(left)
    _sweep_runtimes(str(tmp_path))
    assert not left.exists()
    assert alive.exists()
    assert foreign.exists()


def test_sockets_of_a_deployment_that_is_gone_are_removed(tmp_path: Path) -> None:
    for name in ("gone", "there"):
        folder = tmp_path / f"cbs-{os.geteuid()}-{name}"
        (folder / "sessions").mkdir(parents=True)
        (folder / "sessions").chmod(0o300)
        (folder / "deployment").write_text(str(tmp_path if name == "there" else tmp_path / "gone"))
    # somebody else's, and what would have root wait
    (tmp_path / f"cbs-{os.geteuid()}-link").symlink_to(tmp_path)
    waiting = tmp_path / f"cbs-{os.geteuid()}-pipe"
    waiting.mkdir()
    os.mkfifo(waiting / "deployment")
    sweep(tmp_path)
    assert {path.name.rsplit("-", 1)[-1] for path in tmp_path.iterdir()} == {"there", "link", "pipe"}


@pytest.mark.skipif(not is_root(), reason="only root's brokers run under other accounts")
def test_root_removes_the_sockets_of_brokers_and_of_nobody_else(tmp_path: Path) -> None:
    for name, owner in (("broker", users.BASE), ("person", 1000)):
        folder = tmp_path / f"cbs-0-{name}"
        (folder / "sessions").mkdir(parents=True)
        (folder / "deployment").write_text(str(tmp_path / "gone"))
        os.chown(folder, owner, owner)
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["cbs-0-person"]


def test_everything_ends_and_nothing_stays(demo: Demo) -> None:
    """Last: it stops the demo. The servers are asked, not killed, so that kernels and unfinished uploads end properly."""
    with_kernel = demo.client("researcher").start_kernel("personal/last.ipynb")
    assert with_kernel.status_code < 300
    below = descendants(demo.process.pid)
    runtime = demo.runtime("researcher").parents[1]
    assert demo.stop() == 0
    assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []
    assert not runtime.exists()
    assert not (demo.root / "run").exists()
    assert "killed" not in demo.log()
