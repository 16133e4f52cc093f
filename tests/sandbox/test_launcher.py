"""Query engines and checks of files run under numbers of their own, which a launcher gives them and nobody else chooses."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from broker.harness import Running, make_deployment
from running_demo import Demo, await_engines, descendants, wait_for

from jupyter_cbs.sandbox import launcher, users
from jupyter_cbs.sandbox.users import Identity

from .boxes import make_folder

pytestmark = pytest.mark.skipif(not users.is_root(), reason="only root can start processes under other numbers")

CLIENT = """
import array, json, os, signal, socket, struct, sys, time
connection = socket.socket(fileno=int(sys.argv[-1]))
HEADER, INTEGER = struct.Struct("<cI"), struct.Struct("<i")
names = iter(range(1, 1000))

def send(what, name, body=b"", fds=()):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    connection.sendmsg([HEADER.pack(what, name) + body], rights)

def hear():
    try: data = connection.recv(4096)
    except ConnectionError: data = b""
    return (data[:1].decode(), *HEADER.unpack_from(data)[1:], *INTEGER.unpack_from(data, HEADER.size)) if data else None

def ask(code, what=b"e", fds=(), body=None, **changes):
    reading, writing = os.pipe()
    asked = {"argv": [sys.executable, "-I", "-S", "-c", code], "environment": {"LANG": "C.UTF-8"}, "numbers": [], "spill": 50, **changes}
    name = next(names)
    send(b"f", name, fds=[writing, *fds])
    os.close(writing)
    send(what, name, json.dumps(asked).encode() if body is None else body)
    return name, reading

def said(reading):
    with os.fdopen(reading) as file: return file.read()

def gone(pid):
    try: os.kill(pid, 0)
    except ProcessLookupError: return True
    except PermissionError: return False

def until(condition):
    deadline = time.monotonic() + 60
    while not (found := condition()) and time.monotonic() < deadline: time.sleep(0.01)
    return found
"""
WHO = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "uids": os.getresuid(), "gids": os.getresgid(), "groups": os.getgroups(), "environment": sorted(os.environ), "cwd": os.getcwd(),
    "capabilities": [status[name].strip().strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "no_new_privileges": status["NoNewPrivs"].strip(), "leads": os.getsid(0) == os.getpid(),
    "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")),
}), file=open(2, "w"))
"""
SLEEP = "import os, time; os.write(2, b'here\\n'); time.sleep(600)"


class Place:
    """Numbers of this test alone, and the folders of a launcher.

    Parameters
    ----------
    folder
        Holds them.
    """

    def __init__(self, folder: Path) -> None:
        base = users.claim(folder / "identities.jsonl")
        self.broker, self.readers, self.first = base, base + 1, base + users.NAMED
        self.spill = folder / "spill"
        users.prepare_directory(self.spill, 0, self.readers, 0o1730)

    def command(self, script: str, count: int | None = None) -> list[str]:
        """Give the command of a broker that runs ``script``; with fewer numbers when ``count`` is given."""
        broker = Identity(self.broker, self.broker)
        argv = users.command(broker, [sys.executable, "-I", "-c", CLIENT + script])
        command = users.launcher(broker, argv, first=self.first, readers=self.readers, spill=self.spill, read_only=())
        if count is not None:
            place = command.index(launcher.__file__) + 1
            command[place] = json.dumps({**json.loads(command[place]), "numbers": [self.first, count]})
        return command

    def run(self, script: str, count: int | None = None) -> Any:
        """Run a script to its end and give what it printed."""
        done = subprocess.run(self.command(script, count), capture_output=True, text=True, timeout=120, cwd="/", check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def place() -> Iterator[Place]:
    folder = make_folder()
    yield Place(folder)
    shutil.rmtree(folder)


def test_who_is_started_is_the_launchers_decision(place: Place) -> None:
    found = place.run(f"""
null = os.open("/dev/null", os.O_RDONLY)
wishes = dict(uid=0, gid=0, groups=[0], identity=dict(uid={place.broker}))
started = [ask({WHO!r}, **wishes), ask({WHO!r}, **wishes), ask({WHO!r}, b"c", fds=[null, null], numbers=[60, 70], spill=None, **wishes)]
print(json.dumps([json.loads(said(reading)) for _, reading in started]))
""")
    numbers = [one["uids"][0] for one in found]
    assert len(set(numbers)) == 3
    assert all(place.first <= number < place.first + users.ENGINES for number in numbers)
    for number, one in zip(numbers, found, strict=True):
        assert (one["uids"], one["gids"]) == ([number] * 3, [number] * 3)
        assert one["capabilities"] == [""] * 5
        assert (one["no_new_privileges"], one["leads"], one["cwd"]) == ("1", True, "/")
        assert set(one["environment"]) <= {"LANG", "LC_CTYPE"}
    # an engine may enter the catalogue and has its folder, a check neither; no other descriptor comes along
    assert [one["groups"] for one in found] == [[place.readers], [place.readers], []]
    assert [one["fds"] for one in found] == [[0, 1, 2, 50], [0, 1, 2, 50], [0, 1, 2, 60, 70]]


def test_strange_requests_start_nothing(place: Place) -> None:
    found = place.run(f"""
bad = {{
    "no JSON": dict(body=b"{{"), "nothing": dict(body=b""), "errors for input": dict(numbers=[0], fds=[0]),
    "twice": dict(numbers=[60, 60], fds=[0, 0]), "too few": dict(numbers=[60, 61], fds=[0]), "negative": dict(spill=-1), "a word": dict(spill="50"),
    "its own": dict(spill=60, numbers=[60], fds=[0]),
    "no program": dict(argv=[]), "no such program": dict(argv=["/nonexistent"]), "a folder": dict(argv=["/"]),
}}
answers = {{}}
for what, changes in bad.items():
    name, reading = ask("open(2, 'w').write('ran')", **changes)
    first, last = hear(), hear()
    answers[what] = [first[0], last[0], last[2], "ran" in said(reading).split()]
# the same bytes from a process that is not the broker, though it has the socket and the uid, and then from the broker
if os.fork() == 0:
    ask({SLEEP!r})
    os._exit(0)
os.wait()
name, reading = ask("pass")
alone = [hear()[:2], hear()[:2], name]
# what nobody ever sends ends everything
_, running, pid = (ask({SLEEP!r}), *hear()[1:])
before = gone(pid)
send(b"x", 1)
print(json.dumps({{"answers": answers, "alone": alone, "before": before, "last": [hear() for _ in range(2)][-1], "after": until(lambda: gone(pid))}}))
""")
    assert found["answers"] == {what: ["S", "E", launcher.FAILED, False] for what in found["answers"]}
    assert len(found["answers"]) == 11
    assert found["alone"] == [["S", found["alone"][2]], ["E", found["alone"][2]], found["alone"][2]]
    assert (found["before"], found["last"], found["after"]) == (False, None, True)


def test_a_number_is_given_again_when_nothing_of_it_is_left(place: Place) -> None:
    """Neither a process that hid from its sandbox nor a file."""
    hide = """
import os, sys, time
os.mkdir("closed", 0o700, dir_fd=50); os.mkdir("closed/inner", 0o700, dir_fd=50); os.chmod("closed", 0, dir_fd=50)
open(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=50), "w").write("x")
told, telling = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    os.write(2, f"{os.getpid()}".encode())
    os.close(2)
    os.write(telling, b"1")
    time.sleep(600)
os.wait()
os.read(told, 1)  # its end comes after the hidden one's word, which has to be heard
"""
    look = "import os; print(os.getuid(), os.listdir('/proc/self/fd/50'), file=open(2, 'w'))"
    found = place.run(
        f"""
name, reading = ask({hide!r})
_, _, pid = hear()
refused = ask({look!r})
answers = [hear()[:2], hear()[:2]]
hidden = int(said(reading))
def again():
    name, reading = ask({look!r})
    return said(reading) if hear()[0] == "S" else None
print(json.dumps({{"answers": sorted(answers), "again": until(again), "gone": gone(hidden)}}))
""",
        count=1,
    )
    assert sorted(found["answers"]) == [["E", 1], ["R", 2]]
    assert found["again"] == f"{place.first} []\n"
    assert found["gone"] is True


def status(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}


def kill_broker(process: subprocess.Popen[bytes], _: int) -> None:
    process.kill()


def kill_launcher(_: subprocess.Popen[bytes], pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def close_end(process: subprocess.Popen[bytes], _: int) -> None:
    process.stdin.write(b"close\n")  # type: ignore[union-attr]  # both are pipes
    process.stdin.flush()  # type: ignore[union-attr]  # both are pipes


@pytest.mark.parametrize("end", [kill_broker, kill_launcher, close_end])
def test_nothing_outlives_the_broker_or_the_launcher(place: Place, end: Callable[[subprocess.Popen[bytes], int], None]) -> None:
    script = f"""
_, reading = ask({SLEEP!r}); os.read(reading, 1); print(hear()[2], flush=True); sys.stdin.readline(); connection.close(); sys.stdin.readline()
"""
    with subprocess.Popen(place.command(script), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/") as process:
        try:
            engine = int(process.stdout.readline())  # type: ignore[union-attr]  # both are pipes
            (own,) = [pid for pid in descendants(process.pid) if status(pid)["Uid"][0] == "0"]
            # the launcher: root's uid, four capabilities of root's, and no descriptor of others
            assert {status(own)[name][0].lstrip("0") for name in ("CapPrm", "CapEff", "CapBnd")} == {"1e0"}
            assert (status(own)["CapInh"][0].strip("0"), status(own)["NoNewPrivs"][0], status(own)["Groups"]) == ("", "1", [])
            assert len(os.listdir(f"/proc/{own}/fd")) == 7  # input, output, errors, the pair, its own pipe and the folder it locks
            ending = os.pidfd_open(engine)
            assert not select.select([ending], [], [], 0)[0]
            end(process, own)
            assert select.select([ending], [], [], 60)[0]
            os.close(ending)
            if end is not kill_launcher:
                wait_for(lambda: not list(place.spill.iterdir()), 60, "the end of the launcher")
        finally:
            process.kill()


# --------------------------------------------------------------------------------------------------------- the real demo

QUERY = "import jupyter_cbs as cbs; print(len(cbs.connect().sql('SELECT 1 AS x').df()))"
REACH = """
import json, os, sys
found = {}
for name, path in json.loads(sys.argv[1]).items():
    try: found[name] = bool(os.listdir(path)) if os.path.isdir(path) else bool(open(path, "rb").read(1))
    except OSError: found[name] = False
for name, pid in json.loads(sys.argv[2]).items():
    try: os.kill(pid, 0); found[name] = True
    except OSError: found[name] = False
print(json.dumps(found))
"""


def status_uid(pid: int) -> int:
    return int(status(pid)["Uid"][0])


def reach(root: Path, identity: Identity, paths: dict[str, str], pids: dict[str, int]) -> dict[str, bool]:
    """Try to reach things of a deployment as somebody, outside of any sandbox; what is above the deployment keeps nobody out."""
    argv = users.command(identity, [sys.executable, "-I", "-c", REACH, json.dumps(paths), json.dumps(pids)], writable=(root,))
    found: dict[str, bool] = json.loads(subprocess.run(argv, capture_output=True, check=True, cwd="/").stdout)
    return found


def test_every_engine_and_check_of_the_demo_is_somebody_of_its_own(deployment: Demo) -> None:
    with deployment.client("researcher").kernel() as ours, deployment.client("outsider").kernel() as theirs:
        assert ours.run(QUERY).text.strip() == theirs.run(QUERY).text.strip() == "1"
        await_engines(deployment)
        info = deployment.info
        below = descendants(info["pids"]["broker"])
        shut_in = [pid for pid in below if status(pid)["Seccomp"] == ["2"]]
        # the program itself; the first process of each sandbox is bubblewrap, whose command line names it too
        lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in shut_in}
        kinds = {pid: line for pid, line in lines.items() if not line.split(b"\0")[0].endswith(b"bwrap")}
        querying = [pid for pid, line in kinds.items() if b"jupyter_cbs.query.worker" in line]
        checking = [pid for pid, line in kinds.items() if b"jupyter_cbs.broker.inspection_worker" in line]
        assert len(querying) >= 2
        assert checking
        taken = {0, status_uid(info["pids"]["broker"]), *map(status_uid, info["pids"]["servers"].values())}
        assert len(taken) == 2 + len(info["pids"]["servers"])
        numbers = [status_uid(pid) for pid in (*querying, *checking)]
        assert not taken & set(numbers)
        assert len(set(numbers)) == len(numbers)
        for pid in shut_in:
            assert set(status(pid)["Uid"]) == set(status(pid)["Gid"]) == {str(status_uid(pid))}
        # what such a number could do if its sandbox were not there, and the same for those whose things they are
        first, second = querying[:2]
        readers = tuple(map(int, status(first)["Groups"]))
        spill = deployment.root / "engines" / "spill" / str(status_uid(second))
        (spill / "theirs").write_text("x")
        paths = {
            "state": str(Path(info["state"]) / "state.sqlite"),
            "policies": info["policies"],
            "a person's files": str(deployment.personal("leader")),
            "what another engine spilled": str(spill / "theirs"),
        }
        pids = {"another engine": second, "the broker": info["pids"]["broker"]}
        (deployment.personal("leader") / "private.txt").write_text("x")
        me = Identity(status_uid(first), status_uid(first), readers)
        assert reach(deployment.root, me, paths, pids) == dict.fromkeys((*paths, *pids), False)
        broker = Identity(
            status_uid(info["pids"]["broker"]), status_uid(info["pids"]["broker"]), tuple(map(int, status(info["pids"]["broker"])["Groups"]))
        )
        mine = {"state": True, "policies": True, "a person's files": True, "what another engine spilled": False, "another engine": False}
        assert {name: value for name, value in reach(deployment.root, broker, paths, pids).items() if name != "the broker"} == mine
        you = Identity(status_uid(second), status_uid(second), readers)
        found = reach(deployment.root, you, paths, pids)
        assert (found["what another engine spilled"], found["another engine"]) == (True, True)


def test_no_engine_outlives_a_broker_and_the_next_one_has_its_own() -> None:
    """Also where folders above the deployment are closed to everybody: the launcher shows engines what they need."""
    with tempfile.TemporaryDirectory(prefix="cbt-", dir="/tmp") as folder:
        broker = Running(make_deployment(Path(folder)))
        broker.start()
        try:
            assert "answer" in broker.kernel().ask("sql", text="SELECT count(*) AS n FROM GBAPERSOON2023TABV1")[0]
            assert broker.process is not None
            before = {
                pid: os.pidfd_open(pid) for pid in descendants(broker.process.pid) if b"jupyter_cbs" in Path(f"/proc/{pid}/cmdline").read_bytes()
            }
            assert len(before) >= 4  # the launcher, and of the engine bubblewrap outside, bubblewrap inside and the program
            broker.hang_up()
            broker.stop(signal.SIGKILL)
            for fd in before.values():
                assert select.select([fd], [], [], 60)[0]
                os.close(fd)
            broker.start()
            assert "answer" in broker.kernel().ask("sql", text="SELECT count(*) AS n FROM GBAPERSOON2023TABV1")[0]
        finally:
            broker.hang_up()
            broker.stop()
