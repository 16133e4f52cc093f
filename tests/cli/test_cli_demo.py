"""``jupyter cbs demo``: from one command to running servers, and back to nothing."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from running_demo import Demo, cli, descendants, environment, start_demo, wait_for

from jupyter_cbs.demo.deploy import DemoData, create_demo
from jupyter_cbs.demo.labclient import LabClient
from jupyter_cbs.server import paths
from jupyter_cbs.store.store import Store

SMALL = ("--persons", "2000", "--no-real")


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cbt-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def command_line(process: Path) -> bytes:
    with contextlib.suppress(OSError):
        return (process / "cmdline").read_bytes()
    return b""


def runtime_of(demo: Demo) -> Path:
    return demo.runtime("researcher").parents[1]


def everything_of(demo: Demo) -> tuple[list[int], list[int], Path]:
    info = demo.info
    ports = [int(account["url"].split(":")[2].split("/")[0]) for account in info["accounts"].values()]
    return [demo.process.pid, info["pids"]["broker"], *info["pids"]["servers"].values()], ports, runtime_of(demo)


def take(port: int) -> socket.socket | None:
    """Take a port as any connection of the machine may; None when it is somebody's."""
    thief = socket.socket()
    thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        thief.bind(("127.0.0.1", port))
        thief.listen()
    except OSError:
        thief.close()
        return None
    return thief


def nothing_left(pids: list[int], ports: list[int], runtime: Path) -> bool:
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return not any(alive(pid) for pid in pids) and not runtime.exists()


def test_demo_json_says_who_can_log_in_where(deployment: Demo) -> None:
    info = deployment.info
    assert (deployment.root / "demo.json").stat().st_mode & 0o777 == 0o600
    roles = {"researcher": "researcher", "leader": "leader", "viewer": "viewer", "checker1": "checker", "checker2": "checker", "admin": "admin"}
    assert {name: account["role"] for name, account in info["accounts"].items()} == {**roles, "outsider": "researcher"}
    for name, account in info["accounts"].items():
        assert account["user"] == name
        assert account["base_url"] == f"/{name}/"
        assert account["url"].endswith(f"/{name}/")
        assert account["project"] == ("9002" if name == "outsider" else "9001")
        assert len(account["token"]) >= 32
        assert account["pin"].isdigit()
    assert len({account["token"] for account in info["accounts"].values()}) == 7
    for name in ("catalogue", "state", "storage"):
        assert Path(info[name]).is_dir()
    assert set(info["pids"]["servers"]) == set(info["accounts"])
    assert all(alive(pid) for pid in (info["pids"]["broker"], *info["pids"]["servers"].values()))


def test_the_table_is_printed(deployment: Demo) -> None:
    printed = deployment.log()
    for name, account in deployment.accounts.items():
        line = next(line for line in printed.splitlines() if line.startswith(name))
        assert account["role"] in line
        assert account["project"] in line
        assert account["pin"] in line
        assert f"{account['url']}lab?token={account['token']}" in line


def test_tokens_and_pins_are_not_on_command_lines(deployment: Demo) -> None:
    info = deployment.info
    for pid in (deployment.process.pid, info["pids"]["broker"], *info["pids"]["servers"].values()):
        shown = Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/environ").read_text()
        assert not any(account["token"] in shown for account in info["accounts"].values())
    for path in deployment.root.glob("servers/*/config/jupyter_server_config.json"):
        assert path.stat().st_mode & 0o077 == 0


def test_state_is_for_the_broker_alone(deployment: Demo) -> None:
    assert (deployment.root / "state").stat().st_mode & 0o077 == 0
    # as root others pass through to sockets they were told of, and can neither list nor change anything
    for folder in (deployment.root / "run", deployment.root / "run" / "gateway", deployment.root / "run" / "sessions"):
        assert folder.stat().st_mode & 0o066 == 0
    assert {path.stat().st_mode & 0o007 for path in (deployment.root / "run" / "gateway").iterdir()} == {0}


def test_a_second_demo_on_the_same_place_is_refused_before_anything_changed(deployment: Demo) -> None:
    mark = (deployment.root / "deployment.json").read_text()
    made = {path: path.stat().st_ino for path in (deployment.root / "catalogue").rglob("*.parquet")}
    done = cli("demo", "--dir", deployment.root, "--no-browser", "--persons", "3000")
    assert done.returncode == 1
    assert "runs already" in done.stderr
    assert "Making" not in done.stdout
    assert (deployment.root / "deployment.json").read_text() == mark
    assert {path: path.stat().st_ino for path in (deployment.root / "catalogue").rglob("*.parquet")} == made
    with Store.open(f"sqlite:///{deployment.root / 'state' / 'state.sqlite'}", deployment.root / "state" / "anchors") as store:
        store.check_pin("leader", deployment.accounts["leader"]["pin"])
    assert deployment.client("researcher").request("GET", "cbs/api/health").status_code == 200


@pytest.mark.parametrize("setting", ["expose_app_in_browser=True", "expose_app_in_browser", "=true"])
def test_a_setting_that_cannot_be_read_is_wrong_use_before_anything_is_made(place: Path, setting: str) -> None:
    done = cli("demo", "--dir", place / "d", "--no-browser", "--lab-setting", setting, *SMALL)
    assert done.returncode == 2
    assert "--lab-setting" in done.stderr
    assert "JSON" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "d").exists()


def test_a_folder_with_other_files_is_left_alone(place: Path) -> None:
    (place / "thesis.txt").write_text("mine")
    done = cli("demo", "--dir", place, "--no-browser", *SMALL)
    assert done.returncode == 1
    assert "other files" in done.stderr
    assert [p.name for p in place.iterdir()] == ["thesis.txt"]


def test_a_disk_that_takes_no_more_is_said_and_the_next_demo_begins_anew(place: Path) -> None:
    most = 50_000  # bytes of a file, which the operating system then refuses as it does where a disk is full
    done = cli("demo", "--dir", place / "d", "--no-browser", *SMALL, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
    assert done.returncode == 1
    assert "The operating system refused: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "d" / "catalogue").exists()
    again = create_demo(place / "d", DemoData(2_000, 1, real=False))
    assert list(again.catalogue.rglob("*.parquet"))


def test_a_taken_port_is_said_and_nothing_stays(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = cli("demo", "--dir", place / "d", "--no-browser", "--port-base", str(taken.getsockname()[1]), *SMALL)
    assert done.returncode == 1
    assert "taken" in done.stderr
    assert not (place / "d" / "demo.json").exists()
    assert not (place / "d" / "run").exists()


def test_life_of_a_demo(place: Path) -> None:
    """Start, kill a server, Ctrl-C with a kernel running, start again on the same data, kill the supervisor itself."""
    demo = start_demo(place / "d", *SMALL)
    made = {path: path.stat().st_mtime_ns for path in (demo.root / "catalogue").rglob("*.parquet")}
    assert made
    first_pins = {name: account["pin"] for name, account in demo.accounts.items()}

    # a server that dies is started again, with the same address
    dead = demo.info["pids"]["servers"]["viewer"]
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: not alive(dead), 60, "the end of the server")
    assert take(int(demo.accounts["viewer"]["url"].split(":")[2].split("/")[0])) is None
    wait_for(lambda: demo.info["pids"]["servers"]["viewer"] != dead, 120, "the new server")

    def answers() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return demo.client("viewer").request("GET", "cbs/api/health").status_code == 200
        return False

    wait_for(answers, 120, "the answer of the new server")

    # the kernel's own clean-up finds no server any more, which is the point
    with contextlib.suppress(httpx.TransportError), demo.client("researcher").kernel() as kernel:
        kernel.run("import subprocess; subprocess.Popen(['sleep', '61234'], start_new_session=True)")
        demo.client("researcher").save("shared/kept.txt", "kept")
        pids, ports, runtime = everything_of(demo)
        inside = descendants(demo.process.pid)
        # below our own supervisor: the machine may run another of these demos
        (_,) = (pid for pid in inside if command_line(Path(f"/proc/{pid}")) == b"sleep\x0061234\x00")
        assert len(inside) > len(pids)
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(120) in (0, 130)
    demo.hang_up()
    wait_for(lambda: nothing_left([*pids, *inside], ports, runtime), 60, "the end of everything")
    assert not (demo.root / "demo.json").exists()
    assert not (demo.root / "run").exists()

    again = start_demo(place / "d", *SMALL)
    assert {path: path.stat().st_mtime_ns for path in (again.root / "catalogue").rglob("*.parquet")} == made
    assert again.client("researcher").request("GET", "api/contents/shared/kept.txt").json()["content"] == "kept"
    assert {name: account["pin"] for name, account in again.accounts.items()} != first_pins
    pids, ports, runtime = everything_of(again)
    again.hang_up()
    again.process.kill()
    again.process.wait()
    wait_for(lambda: not any(alive(pid) for pid in pids), 60, "the end of the processes of a killed supervisor")
    shutil.rmtree(runtime, ignore_errors=True)


def test_up_runs_what_is_there_for_everybody_the_policies_name(place: Path) -> None:
    root = place / "d"
    (root / "catalogue").mkdir(parents=True)
    shutil.copytree(paths.policies(), root / "policies")
    command = [sys.executable, "-P", "-m", "jupyter_cbs.cli", "up", "--dir", str(root)]
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment())
    try:
        wait_for(lambda: (root / "servers.json").exists() or process.poll() is not None, 120, "the start")
        assert process.poll() is None, (place / "log").read_text()
        info = json.loads((root / "servers.json").read_text())
        assert {"researcher", "leader", "leader2", "outsider", "checker1", "admin"} <= set(info["accounts"])
        client = LabClient(info["accounts"]["leader2"])
        assert client.api("GET", "me")["project"] == "9002"
        client.close()
        # no PIN is made up for people of a real deployment
        assert {account["pin"] for account in info["accounts"].values()} == {None}
    finally:
        process.terminate()
        assert process.wait(120) == 0
    assert not (root / "servers.json").exists()
    assert not any(alive(pid) for pid in (info["pids"]["broker"], *info["pids"]["servers"].values()))


def test_no_port_can_be_taken_between_its_choice_and_the_servers_start(place: Path) -> None:
    root = place / "d"
    (root / "catalogue").mkdir(parents=True)
    shutil.copytree(paths.policies(), root / "policies")
    command = [sys.executable, "-P", "-m", "jupyter_cbs.cli", "up", "--dir", str(root)]
    stolen: dict[Path, socket.socket | None] = {}

    def started() -> bool:
        # what a server is told stands in its folder before it starts
        for told in set(root.glob("servers/*/config/jupyter_server_config.json")) - set(stolen):
            with contextlib.suppress(ValueError):  # being written
                stolen[told] = take(json.loads(told.read_text())["ServerApp"]["port"])
        return (root / "servers.json").exists() or process.poll() is not None

    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment())
    try:
        wait_for(started, 120, "the start")
        assert process.poll() is None, (place / "log").read_text()
        assert len(stolen) == len(json.loads((root / "servers.json").read_text())["accounts"])
        assert set(stolen.values()) == {None}
    finally:
        for thief in stolen.values():
            if thief is not None:
                thief.close()
        process.terminate()
        process.wait(120)


def test_smoke_on_generated_and_real_data() -> None:
    done = cli("demo", "--smoke", "--json", "--persons", "3000")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["ok"] is True
    for name in ("generated", "real"):
        assert found[name]["table"]["status"]["unsafe"] > 0
        assert found[name]["findings_before"] > 0
        assert found[name]["status_after"] == "safe"
    request = found["request"]
    assert request["class"] == "conform"
    assert request["price_cents"] == 28_000
    assert len(request["digest"]) == 64
    assert "analysis.py" in request["files"]
