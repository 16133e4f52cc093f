"""The system calls a kernel or a worker is refused, as a program for the Linux seccomp filter.

The mounts, the namespaces and Landlock are the walls; the filter takes away the tools for digging under them, and the parts of
Linux that most often had holes. It is a list of what is refused: Python, R, DuckDB and whatever a researcher imports must keep
working, so a call that is merely unusual is let through. Measured need and traps: design, security.md, Kernels.

:func:`build` gives the bytes that bubblewrap takes with ``--add-seccomp-fd``.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ..domain.errors import Unavailable
from ..domain.text import Text


@dataclass(frozen=True)
class Call:
    """One system call on both architectures.

    Parameters
    ----------
    x86_64, aarch64
        Its number; None where the architecture does not have it.
    """

    x86_64: int | None
    aarch64: int | None

    def number(self, arch: str) -> int | None:
        """Give its number on ``arch``."""
        return self.x86_64 if arch == "x86_64" else self.aarch64


def _table(**calls: tuple[int | None, int | None]) -> Mapping[str, Call]:
    return MappingProxyType({name: Call(*numbers) for name, numbers in calls.items()})


@dataclass(frozen=True)
class Group:
    """Calls that are refused for the same reason.

    Parameters
    ----------
    reason
        Why.
    calls
        Name → numbers (x86_64, aarch64).
    """

    reason: str
    calls: Mapping[str, Call]


REFUSED: Final[tuple[Group, ...]] = (
    Group(
        "reads or writes another process's memory or descriptors",
        _table(
            ptrace=(101, 117),
            process_vm_readv=(310, 270),
            process_vm_writev=(311, 271),
            process_madvise=(440, 440),
            process_mrelease=(448, 448),
            pidfd_getfd=(438, 438),
            kcmp=(312, 272),
            move_pages=(279, 239),
            migrate_pages=(256, 238),
        ),
    ),
    Group(
        "changes or lists what is mounted where, or opens files past the mounts",
        _table(
            mount=(165, 40),
            umount2=(166, 39),
            pivot_root=(155, 41),
            chroot=(161, 51),
            open_tree=(428, 428),
            move_mount=(429, 429),
            fsopen=(430, 430),
            fsconfig=(431, 431),
            fsmount=(432, 432),
            fspick=(433, 433),
            mount_setattr=(442, 442),
            open_tree_attr=(467, 467),
            name_to_handle_at=(303, 264),
            open_by_handle_at=(304, 265),
            fanotify_init=(300, 262),
            quotactl=(179, 60),
            quotactl_fd=(443, 443),
            statmount=(457, 457),
            listmount=(458, 458),
            listns=(470, 470),
        ),
    ),
    Group(
        "enters or makes namespaces, in which a process holds privileges that open more of the kernel to attack",
        _table(setns=(308, 268), unshare=(272, 97)),
    ),
    Group(
        "large and often faulty parts of the kernel that no analysis needs",
        _table(
            bpf=(321, 280),
            perf_event_open=(298, 241),
            userfaultfd=(323, 282),
            io_uring_setup=(425, 425),
            io_uring_enter=(426, 426),
            io_uring_register=(427, 427),
            personality=(135, 92),
            modify_ldt=(154, None),
            iopl=(172, None),
            ioperm=(173, None),
            uselib=(134, None),
            ustat=(136, None),
            sysfs=(139, None),
            lookup_dcookie=(212, 18),
            nfsservctl=(180, 42),
        ),
    ),
    Group(
        "the kernel's key rings are not in a namespace: they hold what other sessions of the same uid put there",
        _table(add_key=(248, 217), request_key=(249, 218), keyctl=(250, 219)),
    ),
    Group(
        "administers the machine",
        _table(
            init_module=(175, 105),
            finit_module=(313, 273),
            delete_module=(176, 106),
            kexec_load=(246, 104),
            kexec_file_load=(320, 294),
            reboot=(169, 142),
            swapon=(167, 224),
            swapoff=(168, 225),
            acct=(163, 89),
            syslog=(103, 116),
            vhangup=(153, 58),
            settimeofday=(164, 170),
            clock_settime=(227, 112),
            adjtimex=(159, 171),
            clock_adjtime=(305, 266),
            sethostname=(170, 161),
            setdomainname=(171, 162),
        ),
    ),
)
"""What is refused with EPERM, whatever the arguments."""

HOLDERS: Final = Group(
    "keeps memory that belongs to no process, where whoever bounds the memory of a sandbox would not see it",
    _table(shmget=(29, 194), msgget=(68, 186), memfd_secret=(447, 447)),
)
"""Answered with ENOSYS: programs then use other shared memory, which is seen."""

MEMORY_FILES: Final = Group(
    "makes files in memory: of one that is mapped in part, or on its way through a socket, nobody sees how much it holds",
    _table(memfd_create=(319, 279)),
)
"""Answered with ENOSYS where memory files are not allowed: programs then use /dev/shm or /tmp, which have a size."""

RESERVERS: Final = Group(
    "takes room on a disk without writing, where whoever counts what a sandbox writes would not see it",
    _table(fallocate=(285, 47)),
)
"""Answered with EOPNOTSUPP, as file systems do that cannot reserve: the C library and programs then write."""

LINKS: Final = Group(
    "makes links and special files that a server might follow; Landlock refuses them in the workspaces only, this everywhere",
    _table(symlink=(88, None), symlinkat=(266, 36), mknod=(133, None), mknodat=(259, 33)),
)
"""Refused only where the kernel has no Landlock."""

CLONE: Final = Call(56, 220)
CLONE3: Final = Call(435, 435)
SOCKET: Final = Call(41, 198)
SOCKETPAIR: Final = Call(53, 199)
IOCTL: Final = Call(16, 29)
PRCTL: Final = Call(157, 167)
CLOSE_RANGE: Final = Call(436, 436)

AUDIT_ARCH: Final = MappingProxyType({"x86_64": 0xC000003E, "aarch64": 0xC00000B7})
"""How the kernel names the two architectures in the data a filter sees."""

CLONE_NEW: Final = 0x7E02_0000 | 0x80
"""NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET and NEWTIME."""

CLONE_FILES, CLONE_THREAD = 0x400, 0x1_0000
CLOSE_RANGE_UNSHARE: Final = 2
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
NETLINK_ROUTE: Final = 0
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
PR_SET_DUMPABLE: Final = 4
_X32: Final = 0x4000_0000

# struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6]. Only the low halves of arguments are looked at: the
# kernel itself takes flags, families and ioctl commands as 32 bits.
_NR, _ARCH = 0, 4


def _argument(index: int) -> int:
    return 16 + 8 * index


# ---------------------------------------------------------------------------------------------------- assembler

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000


@dataclass(frozen=True)
class _Load:
    """Take a 32-bit word of the call's data into the accumulator."""

    offset: int


@dataclass(frozen=True)
class _Jump:
    """Go to a label when the accumulator passes the test, else on to the next instruction."""

    test: int
    value: int
    label: str


@dataclass(frozen=True)
class _Return:
    """End the program with a verdict."""

    verdict: int


@dataclass(frozen=True)
class _Label:
    """A place to go to."""

    name: str


_Instruction = _Load | _Jump | _Return | _Label


def _assemble(program: list[_Instruction]) -> bytes:
    """Turn the program into ``struct sock_filter`` records.

    A conditional jump reaches 255 instructions and only forwards, so each is written as a short test over an unconditional jump.
    """
    places: dict[str, int] = {}
    position = 0
    for instruction in program:
        if isinstance(instruction, _Label):
            places[instruction.name] = position
        else:
            position += 2 if isinstance(instruction, _Jump) else 1
    records: list[tuple[int, int, int, int]] = []
    for instruction in program:
        match instruction:
            case _Load(offset):
                records.append((_LOAD, 0, 0, offset))
            case _Return(verdict):
                records.append((_RETURN, 0, 0, verdict))
            case _Jump(test, value, label):
                records.append((test, 0, 1, value))
                distance = places[label] - len(records) - 1
                if distance < 0:
                    raise ValueError(f"a filter cannot jump back to {label}")
                records.append((0x05, 0, 0, distance))
            case _Label():
                pass
    return b"".join(struct.pack("=HBBI", *record) for record in records)


def _error(number: int) -> _Return:
    return _Return(_ERRNO | number)


def build(arch: str | None = None, *, refuse_links: bool = False, memory_files: bool = True) -> bytes:
    """Give the filter.

    Parameters
    ----------
    arch : str, optional
        ``x86_64`` or ``aarch64``; this machine's by default.
    refuse_links : bool
        Also refuse :data:`LINKS`, for kernels without Landlock.
    memory_files : bool
        Whether :data:`MEMORY_FILES` may be made: a query engine hands its results over in them.

    Returns
    -------
    bytes
        An array of ``struct sock_filter`` (8 bytes each).

    Raises
    ------
    Unavailable
        ``seccomp_arch`` on other architectures.
    """
    arch = arch or platform.machine()
    if arch not in AUDIT_ARCH:
        raise Unavailable(
            "seccomp_arch",
            Text(
                en=f"There is no system-call filter for machines of type '{arch}'.",
                nl=f"Er is geen filter voor systeemaanroepen op machines van het type '{arch}'.",
            ),
            Text(en="Run it on x86_64 or aarch64.", nl="Draai dit op x86_64 of aarch64."),
        )
    program: list[_Instruction] = [
        # another architecture's table of calls, e.g. 32-bit calls through int 0x80, would bypass every number below
        _Load(_ARCH),
        _Jump(_EQUAL, AUDIT_ARCH[arch], "ours"),
        _Return(_KILL_PROCESS),
        _Label("ours"),
        _Load(_NR),
    ]
    if arch == "x86_64":
        program.append(_Jump(_AT_LEAST, _X32, "absent"))
    groups = (*REFUSED, LINKS) if refuse_links else REFUSED
    refused = {number for group in groups for call in group.calls.values() if (number := call.number(arch)) is not None}
    program += [_Jump(_EQUAL, number, "refused") for number in sorted(refused)]
    # clone3 has its flags in memory, where a filter cannot look; the C library then falls back to clone
    absent = (CLONE3, *HOLDERS.calls.values(), *(() if memory_files else MEMORY_FILES.calls.values()))
    program += [_Jump(_EQUAL, number, "absent") for call in absent if (number := call.number(arch)) is not None]
    program += [_Jump(_EQUAL, number, "unsupported") for call in RESERVERS.calls.values() if (number := call.number(arch)) is not None]
    looked_into = ((CLONE, "clone"), (SOCKET, "socket"), (SOCKETPAIR, "socket"), (IOCTL, "ioctl"), (PRCTL, "prctl"), (CLOSE_RANGE, "close_range"))
    for call, label in looked_into:
        program += [_Jump(_EQUAL, number, label) for number in [call.number(arch)] if number is not None]
    program += [
        _Return(_ALLOW),
        _Label("clone"),
        _Load(_argument(0)),
        _Jump(_ANY_BIT, CLONE_NEW, "refused"),
        # a thread with descriptors of its own: whoever looks at its process does not see them
        _Jump(_ANY_BIT, CLONE_FILES, "allowed"),
        _Jump(_ANY_BIT, CLONE_THREAD, "refused"),
        _Return(_ALLOW),
        _Label("close_range"),
        _Load(_argument(2)),
        _Jump(_ANY_BIT, CLOSE_RANGE_UNSHARE, "refused"),
        _Return(_ALLOW),
        # sockets: local ones and the ordinary network, which is empty here; others reach beyond the namespace (vsock: the host of a
        # virtual machine) or into rarely used code. libzmq aborts when it cannot list interfaces through NETLINK_ROUTE.
        _Label("socket"),
        _Load(_argument(0)),
        *(_Jump(_EQUAL, family, "allowed") for family in (AF_UNIX, AF_INET, AF_INET6)),
        _Jump(_EQUAL, AF_NETLINK, "netlink"),
        _error(errno.EAFNOSUPPORT),
        _Label("netlink"),
        _Load(_argument(2)),
        _Jump(_EQUAL, NETLINK_ROUTE, "allowed"),
        _error(errno.EAFNOSUPPORT),
        # typing into the terminal that started the server
        _Label("ioctl"),
        _Load(_argument(1)),
        *(_Jump(_EQUAL, command, "refused") for command in (TIOCSTI, TIOCLINUX)),
        _Return(_ALLOW),
        # a process that cannot be looked into would hide how much memory it holds
        _Label("prctl"),
        _Load(_argument(0)),
        _Jump(_EQUAL, PR_SET_DUMPABLE, "dumpable"),
        _Label("allowed"),
        _Return(_ALLOW),
        _Label("dumpable"),
        _Load(_argument(1)),
        _Jump(_EQUAL, 1, "allowed again"),
        _Label("refused"),
        _error(errno.EPERM),
        _Label("absent"),
        _error(errno.ENOSYS),
        _Label("unsupported"),
        _error(errno.EOPNOTSUPP),
        _Label("allowed again"),
        _Return(_ALLOW),
    ]
    return _assemble(program)
