"""What a program in the sandbox sees, and does not see."""

from __future__ import annotations

import array
import gc
import json
import os
import socket
import sys
from pathlib import Path

import pytest
from descriptors import many_open

from jupyter_cbs.domain.errors import Unavailable
from jupyter_cbs.sandbox import bubblewrap
from jupyter_cbs.sandbox.bubblewrap import HOME, Bind, Sandbox
from jupyter_cbs.sandbox.limits import Limits

from .boxes import IDENTITY, SHARED, Boxes, outside


@pytest.mark.parametrize("program", ["/usr/bin/python3", sys.executable])
def test_both_pythons_run(boxes: Boxes, program: str) -> None:
    ran = boxes.python("import os, json, ctypes, ssl; print(os.getuid(), os.getgid(), os.getcwd())", program=program)
    assert ran.out.split() == ["1000", "1000", SHARED]
    assert ran.code == 0


def test_the_environments_libraries_work(boxes: Boxes) -> None:
    code = """
import duckdb, pyarrow as pa, pyarrow.parquet as pq
pq.write_table(pa.table({"x": range(1000)}), "a.parquet")
print(duckdb.sql("select sum(x) from 'a.parquet'").fetchall()[0][0])
import jupyter_cbs.domain.text
"""
    ran = boxes.python(f"import sys; sys.path.insert(0, {str(Path(bubblewrap.__file__).parents[2])!r})\n{code}")
    assert (ran.out.strip(), ran.code) == ("499500", 0)
    assert (boxes.shared / "a.parquet").stat().st_uid == (IDENTITY.uid if IDENTITY else os.getuid())


def test_the_environment_is_what_was_given(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBS_TOKEN", "very-secret")
    code = """
import json, os
print(json.dumps(dict(os.environ)))
for process in filter(str.isdigit, os.listdir("/proc")):
    try: print(open(f"/proc/{process}/environ").read())
    except PermissionError: print(process, "closed")
"""
    ran = boxes.python(code)
    assert json.loads(ran.out.splitlines()[0]) == {"LANG": "C.UTF-8", "HOME": HOME, "PATH": "/usr/bin:/bin", "PWD": SHARED}
    assert "secret" not in ran.out
    assert outside("import os; print(os.environ.get('CBS_TOKEN'))").out.strip() == "very-secret"


def test_nothing_of_the_hosts_files_is_there(boxes: Boxes) -> None:
    catalogue = boxes.folder / "catalogue"
    catalogue.mkdir(mode=0o755)
    (catalogue / "other.parquet").write_bytes(b"PAR1")
    code = "import sys\ntry: print(open(sys.argv[1], 'rb').read())\nexcept OSError as e: print(e.errno)"
    assert boxes.python(code, f"{catalogue}/other.parquet").out.strip() == "2"
    assert outside(code, f"{catalogue}/other.parquet").out.strip() == "b'PAR1'"
    listing = boxes.python("import os; print(sorted(os.listdir('/etc')), os.listdir('/run'), os.listdir('/home'), os.listdir('/tmp'))").out
    assert "shadow" not in listing
    assert "machine-id" not in listing
    assert str(os.getpid()) not in boxes.python("import os; print([p for p in os.listdir('/proc') if p.isdigit()])").out


def test_no_descriptor_leads_out(boxes: Boxes) -> None:
    """A folder that stayed open would lead past the mounts with '..'."""
    code = """
import os
for pid in (1, os.getpid()):
    try:
        print(pid, sorted(os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd") if os.path.lexists(f"/proc/{pid}/fd/{fd}")))
    except PermissionError:
        print(pid, "closed")
print(sorted(int(fd) for fd in os.listdir("/proc/self/fd")))
"""
    ran = boxes.python(code)
    assert str(boxes.folder) not in ran.out, ran.out
    assert ran.out.splitlines()[-1] in ("[0, 1, 2, 3]", "[0, 1, 2]")


def test_only_workspaces_and_temporary_places_can_be_written(boxes: Boxes) -> None:
    code = """
import os
places = "/ /usr /etc /run /dev /bin /proc/sys/kernel /work /run/sandbox /home /tmp /dev/shm /home/analyst ."
for place in places.split():
    try:
        open(f"{place}/x", "w").close()
        print(place)
    except OSError:
        pass
"""
    assert boxes.python(code).out.split() == ["/tmp", "/dev/shm", "/home/analyst", "."]


def test_there_is_no_network(boxes: Boxes) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    code = """
import socket, sys
print([name for _, name in socket.if_nameindex()])
try: socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2); print("connected")
except OSError as e: print(e.errno)
"""
    with server:
        port = str(server.getsockname()[1])
        inside = boxes.python(code, port).out.splitlines()
        assert inside[0] == "['lo']"
        assert inside[1] != "connected"
        assert outside(code, port).out.splitlines()[1] == "connected"


def test_abstract_sockets_of_the_host_are_out_of_reach(boxes: Boxes) -> None:
    code = "import socket, sys; s = socket.socket(socket.AF_UNIX); print(s.connect_ex(chr(0) + sys.argv[1]))"
    with socket.socket(socket.AF_UNIX) as server:
        name = f"cbs-{os.getpid()}"
        server.bind("\0" + name)
        server.listen(1)
        assert boxes.python(code, name).out.strip() != "0"
        assert outside(code, name).out.strip() == "0"


def test_one_socket_is_passed_in_read_only(boxes: Boxes) -> None:
    path = boxes.folder / "session.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        if IDENTITY is not None:
            os.chown(path, IDENTITY.uid, IDENTITY.gid)
        server.listen(1)
        code = """
import socket, os
s = socket.socket(socket.AF_UNIX); s.connect("/run/cbs/session.sock"); s.sendall(b"hello")
try: os.unlink("/run/cbs/session.sock"); print("removed")
except OSError: print("kept")
"""
        running = boxes.start([sys.executable, "-I", "-c", code], binds=(*boxes.sandbox.binds, Bind(path, "/run/cbs/session.sock", kind="socket")))
        server.settimeout(60)
        peer, _ = server.accept()
        with peer:
            assert peer.recv(5) == b"hello"
        assert running.finish().out.strip() == "kept"


def test_descriptors_are_passed_on_and_memory_comes_back(boxes: Boxes) -> None:
    """As the query engine talks to its worker."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        code = """
import os, socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
fd = os.memfd_create("result"); os.write(fd, b"sum"); socket.send_fds(s, [b"x"], [fd])
"""
        ran = boxes.python(code, str(theirs.fileno()), pass_fds=(theirs.fileno(),))
        assert ran.code == 0, ran.out
        space = socket.CMSG_LEN(array.array("i").itemsize)
        _, ancillary, _, _ = ours.recvmsg(1, space)
        fd = array.array("i", ancillary[0][2])[0]
        assert os.pread(fd, 3, 0) == b"sum"
        os.close(fd)


def test_whoever_has_many_descriptors_starts_and_ends_sandboxes(boxes: Boxes) -> None:
    """A server of many people."""
    with many_open():
        assert boxes.python("print('done')").out.strip() == "done"
        running = boxes.start([sys.executable, "-I", "-c", "import signal; signal.pause()"])
        assert running.namespace.alive
        assert not running.namespace.wait(0)
        running.namespace.kill()
        assert running.namespace.wait(60)
        running.finish()


def test_single_files_are_read_only(boxes: Boxes) -> None:
    path = boxes.folder / "GBAPERSOON2023.parquet"
    path.write_bytes(b"PAR1")
    path.chmod(0o666)
    code = "print(open('/data/a.parquet').read())\ntry: open('/data/a.parquet', 'a')\nexcept OSError as e: print(e.errno)"
    assert boxes.python(code, binds=(Bind(path, "/data/a.parquet", kind="file"),), chdir="/").out.split() == ["PAR1", "30"]


def test_a_link_in_place_of_a_workspace_is_refused(boxes: Boxes) -> None:
    boxes.shared.rename(boxes.folder / "moved")
    boxes.shared.symlink_to("/etc")
    with pytest.raises(Unavailable) as caught:
        boxes.sandbox.prepare(["/bin/true"])
    assert caught.value.code == "sandbox_bind"
    assert str(boxes.folder) not in str(caught.value)


def test_a_source_of_another_kind_is_refused(boxes: Boxes) -> None:
    for bind in (Bind(boxes.shared, "/x", kind="file"), Bind(Path("/etc/passwd"), "/x"), Bind(Path("/etc/passwd"), "/x", kind="socket")):
        with pytest.raises(Unavailable):
            Sandbox(binds=(bind,), identity=IDENTITY).prepare(["/bin/true"])


def test_what_contains_something_hidden_is_refused(boxes: Boxes) -> None:
    secret = boxes.shared / "state"
    with pytest.raises(Unavailable) as caught:
        Sandbox(binds=boxes.sandbox.binds, hidden=(secret,), identity=IDENTITY).prepare(["/bin/true"])
    assert caught.value.code == "sandbox_exposes"
    assert str(boxes.folder) not in str(caught.value)


def test_a_workspace_in_a_temporary_place_is_refused(boxes: Boxes) -> None:
    """Landlock's leave to make links in /tmp reaches into whatever is mounted beneath it."""
    with pytest.raises(ValueError, match="temporary"):
        Sandbox(binds=(Bind(boxes.shared, "/tmp/shared", writable=True),), identity=IDENTITY).prepare(["/bin/true"])


def test_nothing_stays_open_after_a_refusal_or_a_start(boxes: Boxes) -> None:
    boxes.python("pass")
    gc.collect()  # what earlier tests left for the collector would otherwise be closed meanwhile
    before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(Unavailable):
        Sandbox(binds=(*boxes.sandbox.binds, Bind(Path("/nonexistent"), "/x")), identity=IDENTITY).prepare(["/bin/true"])
    running = boxes.start(["/bin/true"])
    running.finish()
    running.process.stdout.close()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_temporary_places_are_bounded(boxes: Boxes) -> None:
    code = "import errno\ntry: open('/tmp/x', 'wb').write(b'0' * (2 << 20))\nexcept OSError as e: print(errno.errorcode[e.errno])"
    assert boxes.python(code, temporary={"/tmp": 1 << 20}).out.strip() == "ENOSPC"
    assert boxes.python(code, temporary={"/tmp": 4 << 20}).out.strip() == ""


def test_processes_are_bounded(boxes: Boxes) -> None:
    code = """
import os, signal
made = []
try:
    while len(made) < 200:
        pid = os.fork()
        if pid == 0: signal.pause()
        made.append(pid)
except BlockingIOError: pass
print(len(made))
"""
    assert 10 < int(boxes.python(code, limits=Limits(processes=40)).out) < 40


def test_two_sandboxes_do_not_count_together(boxes: Boxes) -> None:
    code = """
import os, signal, sys
made = 0
try:
    while made < 200:
        if os.fork() == 0: signal.pause()
        made += 1
except BlockingIOError: pass
print(made, flush=True)
signal.pause()
"""
    first = boxes.start([sys.executable, "-I", "-c", code], limits=Limits(processes=40))
    assert first.process.stdout.readline().strip()
    second = boxes.start([sys.executable, "-I", "-c", code], limits=Limits(processes=40))
    assert int(second.process.stdout.readline()) > 10
    for running in (first, second):
        running.namespace.kill()
        running.finish()


def test_memory_files_and_dumps_are_bounded(boxes: Boxes) -> None:
    code = """
import os, resource, signal
print([resource.getrlimit(k) for k in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)])
try: b'0' * (1 << 30)
except MemoryError: print('memory')
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
big = os.open('big', os.O_WRONLY | os.O_CREAT)
try: print(os.write(big, b'0' * 2000)); os.write(big, b'0')
except OSError as e: print(e.errno)
try: resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
except ValueError: print('kept')
"""
    ran = boxes.python(code, limits=Limits(address_space_bytes=512 << 20, file_bytes=1000, open_files=64))
    assert ran.out.splitlines() == [f"[({512 << 20}, {512 << 20}), (1000, 1000), (0, 0), (64, 64)]", "memory", "1000", "27", "kept"]


def test_folders_of_a_group_are_shared(boxes: Boxes) -> None:
    """Files a kernel makes in a project's folder get the project's group, although the group has no number inside."""
    if IDENTITY is None:
        pytest.skip("needs root to make a group")
    group = IDENTITY.gid + 1
    os.chown(boxes.shared, 0, group)
    boxes.shared.chmod(0o2770)
    identity = type(IDENTITY)(IDENTITY.uid, IDENTITY.gid, (group,))
    ran = boxes.python("import os; os.umask(7); open('x', 'w').close(); os.mkdir('d'); open('d/y', 'w').close()", identity=identity)
    assert ran.code == 0, ran.out
    assert [(boxes.shared / name).stat().st_gid for name in ("x", "d", "d/y")] == [group] * 3
    assert boxes.python("open('z', 'w')").code != 0


def test_a_workspace_in_a_closed_folder_can_be_used(boxes: Boxes) -> None:
    """As with a deployment in root's home: whoever starts the sandbox may not enter the folder above the workspace."""
    if IDENTITY is None:
        pytest.skip("needs root to start as somebody else")
    boxes.folder.chmod(0o700)
    assert boxes.python("open('x', 'w').write('y')").code == 0
    assert (boxes.shared / "x").read_text() == "y"


# ---------------------------------------------------------------------------------------------- finding bubblewrap


def test_root_is_refused_without_an_identity() -> None:
    if IDENTITY is None:
        pytest.skip("not root")
    with pytest.raises(Unavailable) as caught:
        Sandbox().prepare(["/bin/true"])
    assert caught.value.code == "sandbox_as_root"


def test_path_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\nexit 0\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert bubblewrap.find_bwrap() != fake


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o775, 0o757, 0o644])
def test_a_bubblewrap_that_cannot_be_trusted_is_refused(tmp_path: Path, mode: int) -> None:
    copy = tmp_path / "bwrap"
    copy.write_bytes(bubblewrap.find_bwrap().read_bytes())
    copy.chmod(0o755)
    assert bubblewrap.check_bwrap(copy) == copy
    copy.chmod(mode)
    with pytest.raises(Unavailable) as caught:
        bubblewrap.check_bwrap(copy)
    assert caught.value.code == "bad_bubblewrap"


def test_a_bubblewrap_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if IDENTITY is None:
        pytest.skip("needs root to give a file away")
    copy = tmp_path / "bwrap"
    copy.write_bytes(bubblewrap.find_bwrap().read_bytes())
    copy.chmod(0o755)
    os.chown(copy, IDENTITY.uid, IDENTITY.gid)
    with pytest.raises(Unavailable):
        bubblewrap.check_bwrap(copy)


def test_a_bubblewrap_without_the_options_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "bwrap"
    old.write_text("#!/bin/sh\necho ' --unshare-user  --bind'\n")
    old.chmod(0o755)
    with pytest.raises(Unavailable, match="too old"):
        bubblewrap.check_bwrap(old)
