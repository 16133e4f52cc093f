"""The last step before untrusted code runs: limits, then Landlock, then the program itself.

This file is run INSIDE the sandbox as a script (``python -I -S landlock.py SPEC -- PROGRAM ...``), so it imports nothing but the
standard library and starts in milliseconds. It is also a module: :func:`abi` says what the running kernel offers.

Landlock forbids to make symbolic links, FIFOs, sockets and device nodes anywhere but in the places that are named, so nothing can be
planted in a workspace for a server to follow (design: security, Kernels). Files and folders are made in named places too: the folder of
a kernel's sockets lies on the host, where nobody counts what it holds. Mounts stay the boundary of what can be read.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import sys

MAKE_CHAR, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, REFER = 1 << 6, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13
WRITE_FILE, MAKE_DIR, MAKE_REG = 1 << 1, 1 << 7, 1 << 8
FILES = WRITE_FILE | MAKE_DIR | MAKE_REG
"""To write is among them: a file without a name (``O_TMPFILE``) is made without asking."""
DEVICES = MAKE_CHAR | MAKE_BLOCK
SPECIAL = DEVICES | MAKE_SOCK | MAKE_FIFO | MAKE_SYM
SCOPES = 1 | 2
"""Abstract sockets of, and signals to, processes outside the domain."""

_OF_LINUX = ("/dev", "/proc")
"""What is written there is no file of anybody's."""

FAILED = 126
"""Exit code when a limit or Landlock could not be set: nothing was run then."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_PATH_BENEATH = 1
_VERSION = 1
_PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long


def _call(number: int, *arguments: object) -> int:
    result = int(_syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def abi() -> int:
    """Give the version of Landlock that the kernel offers; 0 when there is none."""
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    except OSError:
        return 0


def restrict(special: list[str], sockets: list[str], files: list[str]) -> bool:
    """Forbid this process and its children to make files of any kind, except in some places.

    Parameters
    ----------
    special : list of str
        Folders in which files, folders, links, FIFOs and sockets may be made; devices never.
    sockets : list of str
        Folders in which sockets may be made.
    files : list of str
        Folders in which files and folders may be made and written.

    Returns
    -------
    bool
        False when the kernel has no Landlock; nothing is forbidden then.

    Raises
    ------
    OSError
        When the kernel has it and refuses.
    """
    version = abi()
    if version == 0:
        return False
    # REFER (renaming and linking between folders) exists from version 2 on and is refused unless it is handled and allowed
    refer = REFER if version >= 2 else 0
    attributes = struct.pack("<QQQ", SPECIAL | FILES | refer, 0, SCOPES)
    size = 24 if version >= 6 else 8
    rules = _call(_CREATE_RULESET, ctypes.c_char_p(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        if refer:
            _allow(rules, "/", refer)
        for place in special:
            _allow(rules, place, FILES | SPECIAL & ~DEVICES)
        for place in sockets:
            _allow(rules, place, MAKE_SOCK)
        for place in files:
            _allow(rules, place, FILES)
        for place in _OF_LINUX:
            _allow(rules, place, WRITE_FILE)
        if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        _call(_RESTRICT_SELF, ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)
    return True


def _allow(rules: int, place: str, access: int) -> None:
    folder = os.open(place, os.O_PATH | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        attributes = struct.pack("<Qi", access, folder)
        _call(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), ctypes.c_char_p(attributes), ctypes.c_uint32(0))
    finally:
        os.close(folder)


def limit(limits: dict[str, int]) -> None:
    """Set resource limits, soft and hard, for this process and its children.

    Parameters
    ----------
    limits : dict of str to int
        Name as in :mod:`resource` without ``RLIMIT_``, e.g. ``NPROC``. A limit that is lower already stays.

    Raises
    ------
    OSError, ValueError
        When it is refused.
    """
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def main(arguments: list[str]) -> None:
    """Set what the first argument describes, then become the program after ``--``.

    The first argument is JSON: ``niceness``, ``limits`` (see :func:`limit`), ``restrict`` (whether to), ``special``, ``sockets`` and
    ``files`` (see :func:`restrict`).
    """
    try:
        specification = json.loads(arguments[0])
        program = arguments[arguments.index("--") + 1 :]
        os.nice(specification["niceness"])
        limit(specification["limits"])
        if specification["restrict"]:
            restrict(specification["special"], specification["sockets"], specification["files"])
        os.execvp(program[0], program)  # noqa: S606  there is no shell, and that is the point
    except (OSError, ValueError) as error:
        print(f"the sandbox could not start its program: {error}", file=sys.stderr)
        raise SystemExit(FAILED) from None


if __name__ == "__main__":
    main(sys.argv[1:])
