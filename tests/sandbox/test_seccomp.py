"""The filter: its table, what it says to every call, and what the kernel makes of it."""

from __future__ import annotations

import errno
import json
import platform
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import Unavailable
from jupyter_cbs.sandbox import seccomp

from .boxes import Boxes, outside

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS, EAFNOSUPPORT, EOPNOTSUPP = (ERRNO | number for number in (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT, errno.EOPNOTSUPP))
ARCHES = ("x86_64", "aarch64")
SPECIAL = {
    "clone": seccomp.CLONE,
    "clone3": seccomp.CLONE3,
    "socket": seccomp.SOCKET,
    "socketpair": seccomp.SOCKETPAIR,
    "ioctl": seccomp.IOCTL,
    "prctl": seccomp.PRCTL,
    "close_range": seccomp.CLOSE_RANGE,
}
ALL = {
    name: call
    for group in (*seccomp.REFUSED, seccomp.LINKS, seccomp.HOLDERS, seccomp.MEMORY_FILES, seccomp.RESERVERS)
    for name, call in group.calls.items()
} | SPECIAL


def verdict(program: bytes, number: int, arguments: tuple[int, ...] = (), arch: int = 0) -> int:
    """Run a filter as the kernel does."""
    data = struct.pack("=IIQ6Q", number & 0xFFFFFFFF, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    records = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    accumulator = at = 0
    while True:
        code, yes, no, value = records[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
        elif code == 0x06:
            return value
        elif code == 0x05:
            at += value
        else:
            test = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += yes if test else no


@pytest.mark.parametrize("arch", ARCHES)
def test_every_call_of_the_table_is_refused_and_no_other(arch: str) -> None:
    program = seccomp.build(arch)
    audit = seccomp.AUDIT_ARCH[arch]
    expected = {call.number(arch): EPERM for group in seccomp.REFUSED for call in group.calls.values() if call.number(arch) is not None}
    expected |= {call.number(arch): ENOSYS for call in (seccomp.CLONE3, *seccomp.HOLDERS.calls.values())}
    expected |= {call.number(arch): EOPNOTSUPP for call in seccomp.RESERVERS.calls.values()}
    for number in range(600):
        if number in (seccomp.SOCKET.number(arch), seccomp.SOCKETPAIR.number(arch)):
            continue
        assert verdict(program, number, arch=audit) == expected.get(number, ALLOW), number
    assert len(program) % 8 == 0
    assert len(program) // 8 <= 4096


@pytest.mark.parametrize("arch", ARCHES)
def test_links_are_refused_on_request(arch: str) -> None:
    audit = seccomp.AUDIT_ARCH[arch]
    for call in seccomp.LINKS.calls.values():
        if (number := call.number(arch)) is not None:
            assert verdict(seccomp.build(arch), number, arch=audit) == ALLOW
            assert verdict(seccomp.build(arch, refuse_links=True), number, arch=audit) == EPERM


@settings(max_examples=200, deadline=None)
@given(arch=st.sampled_from(ARCHES), number=st.integers(0, 2**32 - 1), foreign=st.integers(0, 2**32 - 1))
def test_another_architectures_calls_end_the_process(arch: str, number: int, foreign: int) -> None:
    if foreign != seccomp.AUDIT_ARCH[arch]:
        assert verdict(seccomp.build(arch), number, arch=foreign) == KILL


@settings(max_examples=200, deadline=None)
@given(number=st.integers(0x4000_0000, 2**32 - 1))
def test_calls_of_the_x32_table_do_not_exist(number: int) -> None:
    assert verdict(seccomp.build("x86_64"), number, arch=seccomp.AUDIT_ARCH["x86_64"]) == ENOSYS


@settings(max_examples=300, deadline=None)
@given(arch=st.sampled_from(ARCHES), flags=st.integers(0, 2**64 - 1))
def test_clone_makes_no_namespace(arch: str, flags: int) -> None:
    new = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x80
    said = verdict(seccomp.build(arch), seccomp.CLONE.number(arch) or 0, (flags,), seccomp.AUDIT_ARCH[arch])
    alone = flags & 0x10000 and not flags & 0x400
    assert said == (EPERM if flags & new or alone else ALLOW)


@pytest.mark.parametrize("arch", ARCHES)
def test_no_thread_keeps_descriptors_for_itself(arch: str) -> None:
    """Nobody would see what it holds: neither by being made so, nor later."""
    program, audit = seccomp.build(arch), seccomp.AUDIT_ARCH[arch]
    usual = 0x3D0F00  # CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID
    assert verdict(program, seccomp.CLONE.number(arch) or 0, (usual,), audit) == ALLOW
    assert verdict(program, seccomp.CLONE.number(arch) or 0, (usual & ~0x400,), audit) == EPERM
    assert [verdict(program, 436, (3, 2**32 - 1, flags), audit) for flags in (0, 2, 4, 6)] == [ALLOW, EPERM, ALLOW, EPERM]


@pytest.mark.parametrize("arch", ARCHES)
def test_memory_files_are_refused_on_request(arch: str) -> None:
    number, audit = seccomp.MEMORY_FILES.calls["memfd_create"].number(arch) or 0, seccomp.AUDIT_ARCH[arch]
    assert verdict(seccomp.build(arch), number, arch=audit) == ALLOW
    assert verdict(seccomp.build(arch, memory_files=False), number, arch=audit) == ENOSYS


@settings(max_examples=300, deadline=None)
@given(
    arch=st.sampled_from(ARCHES),
    family=st.one_of(st.integers(0, 60), st.integers(0, 2**64 - 1)),
    protocol=st.one_of(st.integers(0, 30), st.integers(0, 2**64 - 1)),
)
def test_sockets_are_local_or_of_the_empty_network(arch: str, family: int, protocol: int) -> None:
    low = family & 0xFFFFFFFF
    good = low in (1, 2, 10) or (low == 16 and protocol & 0xFFFFFFFF == 0)
    for call in (seccomp.SOCKET, seccomp.SOCKETPAIR):
        said = verdict(seccomp.build(arch), call.number(arch) or 0, (family, 1, protocol), seccomp.AUDIT_ARCH[arch])
        assert said == (ALLOW if good else EAFNOSUPPORT)


@settings(max_examples=100, deadline=None)
@given(arch=st.sampled_from(ARCHES), option=st.integers(0, 70), value=st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1)))
def test_no_process_can_hide_from_being_measured(arch: str, option: int, value: int) -> None:
    said = verdict(seccomp.build(arch), seccomp.PRCTL.number(arch) or 0, (option, value), seccomp.AUDIT_ARCH[arch])
    assert said == (EPERM if option == 4 and value & 0xFFFFFFFF != 1 else ALLOW)


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("command", [0x5412, 0x541C, 0xFFFFFFFF_00005412, 0x1_0000541C])
def test_typing_into_a_terminal_is_refused(arch: str, command: int) -> None:
    """The upper half of the command does not count for the kernel, so not for the filter either (CVE-2019-10063)."""
    program, number, audit = seccomp.build(arch), seccomp.IOCTL.number(arch) or 0, seccomp.AUDIT_ARCH[arch]
    assert verdict(program, number, (0, command), audit) == EPERM
    assert verdict(program, number, (0, 0x5401), audit) == ALLOW


@pytest.mark.parametrize(
    ("arch", "header"),
    [("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "/usr/include/asm-generic/unistd.h")],
)
def test_the_numbers_are_those_of_linux(arch: str, header: str) -> None:
    if not Path(header).exists():
        pytest.skip("the kernel's headers are not installed")
    known = {name: int(number) for name, number in re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)\b", Path(header).read_text())}
    for name, call in ALL.items():
        number = call.number(arch)
        if name in known:
            assert number == known[name], name
        else:
            # newer than the headers, or not on this architecture
            assert number is None or number > max(known.values()), name


def test_other_machines_are_refused() -> None:
    with pytest.raises(Unavailable) as caught:
        seccomp.build("riscv64")
    assert caught.value.code == "seccomp_arch"


CALLS = """
import ctypes, json, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
word = ctypes.c_long
def call(number, *arguments):
    pid = os.fork()
    if pid == 0:
        ctypes.set_errno(0)
        result = libc.syscall(word(number), *map(word, arguments))
        os._exit(0 if result >= 0 else ctypes.get_errno())
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code
print(json.dumps({name: call(*arguments) for name, arguments in json.loads(sys.argv[1]).items()}))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")
def test_every_refused_call_is_refused_inside(boxes: Boxes) -> None:
    wanted = {name: [call.x86_64, -1, -1, -1, -1, -1] for group in seccomp.REFUSED for name, call in group.calls.items() if call.x86_64 is not None}
    answers = json.loads(boxes.python(CALLS, json.dumps(wanted)).out)
    assert answers == dict.fromkeys(wanted, errno.EPERM)


# What anybody may do without a filter, with arguments that change nothing: the negative control for the test above, which could also
# pass because of missing privileges.
HARMLESS = {
    "ptrace": [101, 0, 0, 0, 0],  # PTRACE_TRACEME
    "unshare": [272, 0],
    "personality": [135, 0xFFFFFFFF],
    "keyctl": [250, 0, -4, 0],  # the user's key ring
    "io_uring_setup": [425, 0, 0],
    "pidfd_getfd": [438, -1, 0, 0],
    "process_vm_readv": [310, 0, 0, 0, 0, 0, 0],
    "setns": [308, -1, 0],
    "name_to_handle_at": [303, -1, 0, 0, 0, 0],
    "ustat": [136, 0, 0],
    "vsock": [41, 40, 1, 0],
    "netlink uevents": [41, 16, 3, 15],
    "packet": [41, 17, 3, 0],
    "clone3": [435, 0, 0],
    "clone user": [56, 0x10000011, 0, 0, 0, 0],
}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")
def test_outside_the_same_calls_are_not_refused(boxes: Boxes) -> None:
    said_inside = json.loads(boxes.python(CALLS, json.dumps(HARMLESS)).out)
    said_outside = json.loads(outside(CALLS, json.dumps(HARMLESS)).out)
    sockets = ("vsock", "packet", "netlink uevents")
    assert said_inside == dict.fromkeys(HARMLESS, errno.EPERM) | dict.fromkeys(sockets, errno.EAFNOSUPPORT) | {"clone3": errno.ENOSYS}
    by_privilege = {"packet"}  # needs a capability also without a filter
    same = {name for name in HARMLESS if said_inside[name] == said_outside[name]}
    assert same - by_privilege == set(), said_outside


def test_what_analyses_need_works(boxes: Boxes) -> None:
    code = """
import asyncio, concurrent.futures, multiprocessing, os, socket, subprocess, threading
socket.socketpair(); socket.socket(socket.AF_INET).close(); socket.socket(socket.AF_INET6).close()
socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
assert subprocess.run(["/usr/bin/true"]).returncode == 0
with concurrent.futures.ThreadPoolExecutor(4) as pool: assert sum(pool.map(len, ["a"] * 10)) == 10
with multiprocessing.get_context("fork").Pool(2) as pool: assert sum(pool.map(len, ["a"] * 10)) == 10
asyncio.run(asyncio.sleep(0))
os.sched_getaffinity(0); os.getpriority(os.PRIO_PROCESS, 0)
print("fine")
"""
    assert boxes.python(code).out.strip().endswith("fine")


MACHINE_CODE = """
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid of 32-bit x86); int 0x80; ret
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))() > 0)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="code of x86_64")
def test_a_32_bit_call_ends_the_process(boxes: Boxes) -> None:
    if outside(MACHINE_CODE).out.strip() != "True":
        pytest.skip("this kernel has no 32-bit calls")
    assert boxes.python(MACHINE_CODE).code in (-31, 128 + 31)
