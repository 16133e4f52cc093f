"""What a hostile notebook finds in the running product, and the same attempts without walls, where they succeed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from running_demo import Demo, await_engines, cli, descendants, environment, start_demo, wait_for
from tornado.web import HTTPError

from jupyter_cbs.broker.deployment import Deployment
from jupyter_cbs.demo.labclient import Kernel
from jupyter_cbs.sandbox import bubblewrap
from jupyter_cbs.server.kernels import LockedKernelSpecManager
from jupyter_cbs.server.paths import policies
from jupyter_cbs.server.provisioner import CbsProvisioner

CODE = """
import json, os, socket
def read(place):
    if os.path.isdir(place):
        return bool(os.listdir(place))
    with open(place, "rb") as file:
        return bool(file.read(1))
def connect(place):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(place)
    return True
def reach(port):
    socket.create_connection(("127.0.0.1", int(port)), 3).close()
    return True
found = {}
for name, (how, what) in json.loads(%r).items():
    try:
        found[name] = {"read": read, "connect": connect, "reach": reach}[how](what)
    except OSError:
        found[name] = False
print(json.dumps(found))
"""

ANY_ACCOUNT = {"a readable file of the machine", "the network", "processes of the machine"}
"""What any account of the machine can do; the rest only the account that the deployment runs under."""


def attempts(demo: Demo, port: int) -> dict[str, tuple[str, str]]:
    """What a notebook of the researcher tries."""
    info = demo.info
    catalogue = Path(info["catalogue"])
    return {
        "tokens and PINs": ("read", str(demo.root / "demo.json")),
        "the token of its own server": ("read", str(demo.root / "servers" / "researcher" / "config" / "jupyter_server_config.json")),
        "the database of the broker": ("read", str(Path(info["state"]) / "state.sqlite")),
        "the catalogue": ("read", str(catalogue)),
        "a file of the catalogue": ("read", str(next(catalogue.rglob("*.parquet")))),
        "the policies": ("read", info["policies"]),
        "the leader's gateway": ("connect", str(demo.root / "run" / "gateway" / "9001.leader" / "s")),
        "its own gateway": ("connect", str(demo.root / "run" / "gateway" / "9001.researcher" / "s")),
        "the leader's files": ("read", str(demo.personal("leader") / "private.txt")),
        "another project": ("read", str(demo.shared("9002") / "theirs.txt")),
        "a readable file of the machine": ("read", str(demo.root.parent / "readable.txt")),
        "processes of the machine": ("read", f"/proc/{os.getpid()}/status"),
        "the network": ("reach", str(port)),
    }


def tried(demo: Demo, kernel: Kernel) -> Mapping[str, bool]:
    """Plant what is looked for, and have a kernel try to get at it."""
    (demo.root.parent / "readable.txt").write_text("x")
    for place in (demo.personal("leader") / "private.txt", demo.shared("9002") / "theirs.txt"):
        place.write_text("private")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        output = kernel.run(CODE % json.dumps(attempts(demo, listener.getsockname()[1])))
    assert output.error is None, output
    found: Mapping[str, bool] = json.loads(output.text)
    return found


def test_a_kernel_gets_at_nothing_of_the_machine(deployment: Demo) -> None:
    with deployment.client("researcher").kernel() as kernel:
        found = tried(deployment, kernel)
        assert len(found) == 13
        assert {name for name, succeeded in found.items() if succeeded} == set()
        seen = kernel.run("import os; print(os.getuid(), os.getcwd(), sorted(os.listdir('.')), os.listdir('/home'))")
    assert seen.text.split("\n")[0] == "1000 /workspace ['personal', 'shared'] ['analyst']"


def test_without_walls_the_same_attempts_succeed() -> None:
    """The negative control, and what the switch says of itself."""
    folder = Path(tempfile.mkdtemp(prefix="cbt-", dir="/tmp"))
    folder.chmod(0o755)
    demo = start_demo(folder / "d", "--persons", "2000", "--unsandboxed-demo")
    try:
        client = demo.client("researcher")
        with client.kernel() as kernel:
            found = tried(demo, kernel)
            assert kernel.run("import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))").text.strip() == "1"
        succeeded = {name for name, success in found.items() if success}
        # as root even this demo runs under accounts that reach little
        assert succeeded >= (ANY_ACCOUNT if os.getuid() == 0 else set(found))
        # what is real stays away, although nobody asked for that
        held = {path.name for path in Path(demo.info["catalogue"]).rglob("*.parquet")}
        assert held
        assert not {name for name in held if name.startswith(("RANDHIE", "FLIGHTS"))}
        summary = client.api("GET", "project")
        assert summary["walls_in_force"] is False
        assert "without walls" in summary["walls_text"]
        assert "WITHOUT WALLS" in demo.log()
        events = demo.client("admin").request("GET", "cbs/api/audit", params={"limit": 200}).text
        assert "session.open" in events
    finally:
        demo.stop()
    done = cli("audit", "verify", "--dir", folder / "d", "--json")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder)


def test_only_a_demo_may_be_without_walls(tmp_path: Path) -> None:
    root = tmp_path / "d"
    (root / "catalogue").mkdir(parents=True)
    shutil.copytree(policies(), root / "policies")
    command = [sys.executable, "-P", "-m", "jupyter_cbs.broker", "--dir", str(root), "--unsandboxed-demo"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env=environment(), check=False)
    assert done.returncode != 0
    assert "Only a demo with synthetic data may run without walls" in done.stderr
    # root prepared the folder of its sockets, which a path as long as this one's has elsewhere
    shutil.rmtree(Deployment(root).run, ignore_errors=True)


def test_people_are_told_that_the_walls_stand(deployment: Demo) -> None:
    summary = deployment.client("researcher").api("GET", "project")
    assert summary["walls_in_force"] is True
    assert "sandboxed" in summary["walls_text"]
    told = re.search(r"Walls in force: (\d+) of (\d+)", deployment.log())
    walls = json.loads(cli("selftest", "--json").stdout)["walls"]
    assert told is not None
    assert (int(told[1]), int(told[2])) == (sum(wall["in_force"] for wall in walls), len(walls))


def status_of(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}


def with_rights(demo: Demo) -> set[int]:
    """Processes below the supervisor that are root or have a capability, at this moment."""
    found = set()
    for pid in descendants(demo.process.pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = status_of(pid)
            if "0" in (*status["Uid"], *status["Gid"], *status["Groups"]) or status["CapEff"][0].strip("0"):
                found.add(pid)
    return found


def is_launcher(pid: int, broker: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return status_of(pid)["PPid"] == [str(broker)] and b"sandbox/launcher.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def test_nothing_but_the_supervisor_and_the_launcher_is_root(deployment: Demo) -> None:
    with deployment.client("researcher").kernel() as kernel:
        assert kernel.run("import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))").text.strip() == "1"
        broker = deployment.info["pids"]["broker"]
        await_engines(deployment)
        # it starts query engines and hears nobody but the broker; what it may and does: tests/sandbox/test_launcher.py
        launchers = {pid for pid in with_rights(deployment) if is_launcher(pid, broker)}
        assert len(launchers) == (os.getuid() == 0)
        # what it just starts is root for a moment
        wait_for(lambda: with_rights(deployment) == launchers, 60, "giving up root")
        below = {pid: status_of(pid) for pid in descendants(deployment.process.pid)}
    assert len(below) > 10
    if os.getuid() == 0:
        pids = (deployment.info["pids"]["broker"], *deployment.info["pids"]["servers"].values())
        assert len({below[pid]["Uid"][0] for pid in pids}) == len(pids)


def test_a_query_engine_has_no_network_and_sees_granted_files_only(deployment: Demo) -> None:
    with deployment.client("researcher").kernel() as kernel:
        assert kernel.run("import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))").text.strip() == "1"
        await_engines(deployment)
        below = descendants(deployment.info["pids"]["broker"])
        engines = [pid for pid in below if status_of(pid)["Seccomp"] == ["2"] and b"jupyter_cbs.query" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert engines
        for pid in engines:
            assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")
            mounts = [line.split()[4] for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
            data = [place for place in mounts if place.startswith("/data/")]
            assert data
            assert not [place for place in mounts if place.startswith(str(deployment.root))]


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "SYSTEM_BWRAP", Path("/nonexistent/bwrap"))
    monkeypatch.setattr(bubblewrap.importlib.util, "find_spec", lambda name: None)


@pytest.mark.usefixtures("no_bubblewrap")
def test_without_bubblewrap_kernels_are_refused_with_the_remedy(tmp_path: Path) -> None:
    places = {name: str(tmp_path) for name in ("gateway_socket", "shared_dir", "personal_dir", "runtime_dir")}
    provisioner = CbsProvisioner(kernel_id="k", kernel_spec=LockedKernelSpecManager().get_kernel_spec("cbs-python"), parent=None, **places)
    with pytest.raises(HTTPError, match="apt install bubblewrap") as caught:
        asyncio.run(provisioner.pre_launch())
    assert caught.value.status_code == 503


def test_the_self_test_names_every_wall() -> None:
    done = cli("selftest", "--json")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert found["ok"] is True
    walls = {wall["name"]: wall for wall in found["walls"]}
    assert {"not_root", "no_network", "catalogue_invisible", "seccomp"} <= set(walls)
    assert all(wall["in_force"] or (not wall["mandatory"] and wall["remedy"]) for wall in walls.values())
    plain = cli("selftest")
    assert (plain.returncode, plain.stdout.count("✓") + plain.stdout.count("!")) == (0, len(walls))
