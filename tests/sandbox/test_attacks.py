"""Attacks from inside, as data: each must fail in the sandbox; the controls show that the same code succeeds outside."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from jupyter_cbs.sandbox import profiles

from .boxes import IDENTITY, SHARED, Boxes, outside

PRELUDE = """
import ctypes, mmap, os, resource, signal, socket, subprocess, sys
secret = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
def must(result):
    if result < 0: raise OSError(ctypes.get_errno(), "refused")
    return result
def system(*numbers):
    # as whole words: the upper half of a shorter argument is not defined
    must(libc.syscall(*map(ctypes.c_long, numbers)))
try:
"""
EPILOGUE = """
    print("SUCCEEDED")
except (OSError, ValueError, subprocess.CalledProcessError) as error:
    print("failed", type(error).__name__, getattr(error, "errno", ""))
"""

# name → code that raises OSError when it fails; True where the same code succeeds outside, for this user
ATTACKS: dict[str, tuple[str, bool]] = {
    "read a file of the host": ("open(secret).read()", True),
    "read it through the root of init": ("open('/proc/1/root' + secret).read()", False),
    "read it through the folder init started in": ("open('/proc/1/cwd' + secret).read()", False),
    "climb out of the workspace": ("open('../' * 20 + secret.lstrip('/')).read()", True),
    "climb out through an open folder": ("fd = os.open('.', os.O_PATH); os.open('../' * 20 + secret.lstrip('/'), os.O_RDONLY, dir_fd=fd)", True),
    "leave by chroot": ("os.chroot('.')", os.geteuid() == 0),
    "link to a file of the host": ("os.symlink(secret, 'link')", True),
    "hard link to a program": ("os.link('/usr/bin/true', 'true')", False),
    "hard link through a descriptor": (
        "fd = os.open('/usr/bin/true', os.O_RDONLY); os.link(f'/proc/self/fd/{fd}', 'true', follow_symlinks=True)",
        False,
    ),
    "make a device": ("os.mknod('/tmp/mem', 0o20666, os.makedev(1, 1)); open('/tmp/mem').close()", False),
    "use the kernel's memory": ("open('/proc/kcore', 'rb').read(1) or open('/dev/mem')", False),
    "read the key ring": ("open('/proc/keys').read()", True),
    "read the kernel's messages": ("system(103, 10, 0, 0)", os.geteuid() == 0),
    "change a setting of the machine": ("open('/proc/sys/kernel/core_pattern', 'r+').close()", os.geteuid() == 0),
    "make a user namespace": ("must(libc.unshare(0x10000000))", True),
    "mount": ("must(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))", False),
    "take part in another's memory": ("system(310, os.getpid(), 0, 0, 0, 0, 0)", True),
    "trace init": ("must(libc.ptrace(16, 1, 0, 0))", False),
    "kill init": ("os.kill(1, signal.SIGKILL); open('/nonexistent')", False),
    "connect to the host's web server": ("socket.create_connection(('127.0.0.1', int(sys.argv[2])), 2)", True),
    "reach the hypervisor": ("socket.socket(socket.AF_VSOCK)", True),
    "listen to the kernel's events": ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)", True),
    "write a program": ("open(sys.executable, 'r+b')", False),
    "write a library": ("open(os.__file__, 'r+b')", False),
    "write the filter's launcher": ("open('/run/sandbox/landlock.py', 'r+b')", False),
    "gain rights by sudo or su": ("subprocess.run(['/usr/bin/su', '-c', 'true'], check=True, stdin=subprocess.DEVNULL)", os.geteuid() == 0),
    "dump core": ("resource.setrlimit(resource.RLIMIT_CORE, (1, 1))", False),
    "become root": ("os.setuid(0)", os.geteuid() == 0),
    "become another user": ("os.setgroups([0]); os.setuid(1)", False),
    "run in real time": ("os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))", os.geteuid() == 0),
    "set the clock": ("system(227, 0, 0)", False),
    "load a module": ("system(313, -1, 0, 0)", False),
}


def program(code: str) -> str:
    return PRELUDE + "    " + code + EPILOGUE


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_inside(boxes: Boxes, name: str) -> None:
    secret = boxes.folder / "secret"
    secret.write_text("of another project")
    secret.chmod(0o644)
    code, succeeds_outside = ATTACKS[name]
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = (str(secret), str(server.getsockname()[1]))
        ran = boxes.python(program(code), *arguments)
        assert ran.out.splitlines()[-1].startswith("failed"), ran.out
        if succeeds_outside:
            assert outside(program(code), *arguments, cwd=boxes.folder).out.strip().endswith("SUCCEEDED")
    assert not list(boxes.shared.iterdir())


def test_killing_everything_kills_only_itself(boxes: Boxes) -> None:
    victim = boxes.start(["/usr/bin/sleep", "1000"])
    ran = boxes.python("import os, signal\nif os.fork() == 0: signal.pause()\nos.kill(-1, signal.SIGKILL); print(os.wait()[1])")
    assert ran.out.strip() == "9"
    assert victim.namespace.alive
    victim.namespace.kill()
    victim.finish()


def test_two_persons_do_not_see_each_other(boxes: Boxes) -> None:
    """Neither processes, nor temporary files, nor shared memory, nor semaphores."""
    make = """
import time
for place in ("/tmp", "/dev/shm", "/home/analyst"): open(f"{place}/mark", "w").close()
print("made", flush=True)
time.sleep(1000)
"""
    first = boxes.start(["/usr/bin/python3", "-I", "-c", make])
    assert first.process.stdout.readline() == b"made\n"
    look = """
import os
print([place for place in ("/tmp", "/dev/shm", "/home/analyst") if "mark" in os.listdir(place)])
print(sum(name.isdigit() for name in os.listdir("/proc")))
"""
    assert boxes.python(look).out.split() == ["[]", "2"]
    first.namespace.kill()
    first.finish()


def test_messages_show_no_more_of_the_host_than_the_mounts(boxes: Boxes) -> None:
    """What the table of mounts tells: places, never content. Said in the threat model."""
    out = boxes.python("print(open('/proc/self/mountinfo').read())").out
    assert SHARED in out
    assert os.uname().nodename not in boxes.python("import os, socket; print(os.uname(), socket.gethostname())").out


def test_a_kernel_without_a_personal_area_gets_none(boxes: Boxes) -> None:
    path = boxes.folder / "session" / "s"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        sockets = boxes.folder / "k"
        sockets.mkdir(mode=0o777)
        boxes.sandbox = profiles.kernel({"shared": boxes.shared}, path, sockets, b"{}", identity=IDENTITY)
        assert boxes.python("import os; print(os.listdir('.'))").out.strip() == "['shared']"
    assert Path("/workspace").exists() is False
