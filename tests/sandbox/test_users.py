"""Numbers for users, giving up root, and what becomes reachable."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import Unavailable
from jupyter_cbs.sandbox import drop, users
from jupyter_cbs.sandbox.users import Identity, Ledger

from .boxes import make_folder

needs_root = pytest.mark.skipif(not users.is_root(), reason="needs root")

names = st.lists(
    st.tuples(st.sampled_from(["broker", "server", "worker", "kernel", "project"]), st.text(max_size=8), st.text(max_size=8)), max_size=12
)


@settings(max_examples=40, deadline=None)
@given(names=names)
def test_numbers_are_stable_and_nobody_shares_one(names: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("ledger") / "users.jsonl"
    first = {name: Ledger(path).number(*name) for name in names}
    assert len(set(first.values())) == len(first)
    assert {name: Ledger(path).number(*name) for name in reversed(names)} == first
    assert all(users.BASE <= number < users.BASE + users.SIZE for number in first.values())


def test_numbers_asked_for_at_the_same_time_differ(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "users.jsonl")
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: ledger.number("server", "9001", str(n)), range(40)))
    assert sorted(numbers) == list(range(users.BASE, users.BASE + 40))


def test_a_line_cut_off_by_a_crash_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    assert Ledger(path).number("broker") == users.BASE
    with path.open("a") as file:
        file.write('{"name": "[\\"ser')
    assert Ledger(path).number("server") == users.BASE + 1
    assert [Ledger(path).number("broker"), Ledger(path).number("server")] == [users.BASE, users.BASE + 1]


@pytest.mark.parametrize(
    "content",
    ["x\n", '{"name": "a"}\n', '{"name": "a", "number": 0}\n', '{"name": "a", "number": 200000}\n{"name": "b", "number": 200000}\n', "[]\n"],
)
def test_a_damaged_ledger_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "users.jsonl"
    path.write_text(content)
    with pytest.raises(Unavailable) as caught:
        Ledger(path).number("broker")
    assert caught.value.code == "bad_ledger"


def test_a_full_range_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "users.jsonl", base=200_000, size=1)
    ledger.number("broker")
    with pytest.raises(Unavailable) as caught:
        ledger.number("server")
    assert caught.value.code == "no_numbers"


@pytest.mark.parametrize("numbers", [(0, 5), (5, 0), (-1, 5), (5, 5, (0,))])
def test_root_is_no_identity(numbers: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="root"):
        Identity(*numbers)
    with pytest.raises(ValueError, match="root"):
        drop.drop(*numbers)


def test_deployments_of_one_machine_share_no_number(tmp_path: Path) -> None:
    registry = tmp_path / "machine" / "deployments.jsonl"
    ledgers = [tmp_path / name / "identities.jsonl" for name in ("a", "b", "c")]
    numbers = []
    for path in ledgers:
        path.parent.mkdir()
        ledger = Ledger(path, users.claim(path, registry), users.SLICE)
        numbers.append({ledger.number("server", "9001", str(n)) for n in range(3)})
    assert len(set.union(*numbers)) == 9
    assert [users.claim(path, registry) for path in ledgers] == [min(found) for found in numbers]
    # one that is gone leaves its slice to the next, one that was moved keeps it
    ledgers[1].unlink()
    moved = tmp_path / "moved.jsonl"
    ledgers[2].rename(moved)
    other = tmp_path / "d.jsonl"
    assert users.claim(moved, registry) == min(numbers[2])
    assert users.claim(other, registry) == min(numbers[1])


def test_a_copied_deployment_is_refused(tmp_path: Path) -> None:
    registry, path, copy = tmp_path / "deployments.jsonl", tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    Ledger(path, users.claim(path, registry), users.SLICE).number("broker")
    copy.write_bytes(path.read_bytes())
    with pytest.raises(Unavailable, match=r"a\.jsonl") as caught:
        users.claim(copy, registry)
    assert caught.value.code == "numbers_taken"
    copy.unlink()
    assert users.claim(copy, registry) == users.BASE + users.SLICE


def test_slices_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "SIZE", 2 * users.SLICE)
    registry = tmp_path / "deployments.jsonl"
    for name in ("a", "b"):
        Ledger(tmp_path / name, users.claim(tmp_path / name, registry), users.SLICE).number("broker")
    with pytest.raises(Unavailable) as caught:
        users.claim(tmp_path / "c", registry)
    assert caught.value.code == "no_numbers"


@pytest.mark.parametrize("content", ["x\n", '{"ledger": "a"}\n', "[]\n"])
def test_a_damaged_list_of_deployments_is_refused(tmp_path: Path, content: str) -> None:
    registry = tmp_path / "deployments.jsonl"
    registry.write_text(content)
    with pytest.raises(Unavailable) as caught:
        users.claim(tmp_path / "a", registry)
    assert caught.value.code == "bad_ledger"


STATE = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
def back(what):
    try: what(); return True
    except OSError: return False
print(json.dumps({
    "uids": os.getresuid(), "gids": os.getresgid(), "groups": os.getgroups(), "umask": os.umask(0),
    "caps": [status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")], "nnp": status["NoNewPrivs"].strip(),
    "back": back(lambda: os.setuid(0)) or back(lambda: os.setgroups([0])) or back(lambda: os.setgid(0)),
    "shadow": back(lambda: open("/etc/shadow").close()),
}))
"""


@needs_root
def test_root_is_given_up_for_good() -> None:
    identity = Identity(users.NOBODY, users.NOBODY + 1, (users.NOBODY + 2,))
    argv = users.command(identity, [sys.executable, "-I", "-c", STATE], umask=0o027)
    state = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True, cwd="/").stdout)
    assert state["uids"] == [users.NOBODY] * 3
    assert state["gids"] == [users.NOBODY + 1] * 3
    assert state["groups"] == [users.NOBODY + 2]
    assert state["umask"] == 0o027
    assert state["caps"] == ["0" * 16] * 5
    assert (state["nnp"], state["back"], state["shadow"]) == ("1", False, False)
    before = json.loads(subprocess.run([sys.executable, "-I", "-c", STATE], stdout=subprocess.PIPE, check=True).stdout)
    assert (before["back"], before["shadow"]) == (True, True)


@needs_root
def test_only_what_is_needed_becomes_reachable() -> None:
    folder = make_folder()
    closed = folder / "closed"
    (closed / "python" / "lib").mkdir(parents=True)
    (closed / "python" / "lib" / "x.py").write_text("x")
    (closed / "python" / "lib").chmod(0o755)
    (closed / "python").chmod(0o755)
    (closed / "python" / "own").mkdir()
    os.chown(closed / "python" / "own", users.NOBODY, users.NOBODY)
    (closed / "single").write_text("y")
    (closed / "single").chmod(0o644)
    (closed / "secret").write_text("z")
    (closed / "secret").chmod(0o644)
    closed.chmod(0o700)
    code = f"""
import os
base = {str(closed)!r}
def attempt(what):
    try: return what()
    except OSError as error: return error.errno
print(attempt(lambda: open(base + "/python/lib/x.py").read()), attempt(lambda: open(base + "/single").read()))
print(attempt(lambda: open(base + "/secret").read()), sorted(os.listdir(base)))
print(attempt(lambda: open(base + "/python/lib/x.py", "w")), attempt(lambda: open(base + "/new", "w")))
open(base + "/python/own/new", "w").close()
"""
    identity = Identity(users.NOBODY, users.NOBODY)
    argv = users.command(
        identity,
        [sys.executable, "-I", "-c", code],
        read_only=(closed / "python", closed / "python" / "lib", closed / "single"),
        writable=(closed / "python" / "own",),
    )
    out = subprocess.run(argv, stdout=subprocess.PIPE, check=True, cwd="/").stdout.decode().splitlines()
    assert out[0] == "x y"
    assert out[1] == "2 ['python', 'single']"
    assert out[2].split()[0] in ("13", "30")
    assert out[2].split()[1] in ("13", "30")
    assert (closed / "python" / "own" / "new").exists()
    # here, nothing else has changed
    assert sorted(os.listdir(closed)) == ["python", "secret", "single"]
    subprocess.run(["/bin/rm", "-r", str(folder)], check=True)


def test_who_may_enter() -> None:
    folder = make_folder()
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    me = os.getuid()
    (folder / "a").chmod(0o750)
    assert drop.closed_to(str(inner), users.NOBODY, (users.NOBODY,)) == str(folder / "a")
    assert drop.closed_to(str(inner), users.NOBODY, (os.getgid(),)) is None
    assert drop.closed_to(str(inner), me, ()) is None
    (folder / "a").chmod(0o755)
    assert drop.closed_to(str(inner), users.NOBODY, ()) is None
    subprocess.run(["/bin/rm", "-r", str(folder)], check=True)


def test_nothing_runs_when_root_cannot_be_given_up() -> None:
    specification = json.dumps({"uid": 0, "gid": 0, "groups": [], "read_only": [], "writable": [], "umask": 63})
    ran = subprocess.run([sys.executable, "-I", "-S", drop.__file__, specification, "--", "/bin/echo", "ran"], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (drop.FAILED, b"")


@needs_root
def test_folders_are_given_away_without_following_links(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    users.prepare_directory(mine, users.NOBODY, users.NOBODY, 0o2770)
    status = mine.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (users.NOBODY, users.NOBODY, 0o2770)
    users.prepare_directory(mine, users.NOBODY, users.NOBODY, 0o700)
    assert mine.stat().st_mode & 0o7777 == 0o700
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        users.prepare_directory(tmp_path / "link", users.NOBODY, users.NOBODY)
    assert target.stat().st_uid == 0
