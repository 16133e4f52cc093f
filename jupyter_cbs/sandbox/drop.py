"""Give up root for good, then run a program: the only way from uid 0 to code that is not ours.

Run as a script (``python -I -S drop.py SPEC -- PROGRAM ...``) it imports nothing but the standard library. As a module it offers
:func:`drop` to processes that give up root themselves.

Where the program needs folders below one that its uid may not enter, e.g. a Python in ``/root``, a private mount namespace shows just
those, read-only unless said otherwise: everything else below that folder is gone from its view.
"""

from __future__ import annotations

import ctypes
import json
import os
import stat
import sys
from collections.abc import Sequence

FAILED = 126
"""Exit code when root could not be given up: nothing was run then."""

_CLONE_NEWNS = 0x20000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_SLAVE = 1, 2, 4, 32, 4096, 16384, 1 << 19
_PR_SET_PDEATHSIG, _PR_GET_PDEATHSIG = 1, 2
_PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 24, 47, 4
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def drop(uid: int, gid: int, groups: Sequence[int] = ()) -> None:
    """Become an unprivileged user for good.

    Parameters
    ----------
    uid, gid : int
        Who to become; neither may be 0.
    groups : sequence of int
        Supplementary groups; 0 may not be among them.

    Raises
    ------
    ValueError
        For uid or gid 0.
    OSError
        When the kernel refuses, or when root could still be taken back.
    """
    if uid <= 0 or gid <= 0 or any(group <= 0 for group in groups):
        raise ValueError("root is no one to become")
    # while it is still allowed: what is not in the bounding set cannot come back through a file
    for capability in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    os.setgroups(list(groups))
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid) or sorted(os.getgroups()) != sorted(set(groups)):
        raise OSError("the identity did not change")
    try:
        os.setuid(0)
    except PermissionError:
        return
    raise OSError("root could be taken back")


def death_signal() -> int:
    """Give the signal this process gets when its parent ends; 0 for none."""
    number = ctypes.c_int(0)
    _checked(_libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(number), 0, 0, 0), "the parent's death signal")
    return number.value


def keep_death_signal(number: int, parent: int) -> None:
    """Ask for that signal again: Linux forgets it when a process changes who it is.

    Parameters
    ----------
    number : int
        The signal; 0 for none.
    parent : int
        Who the parent was; when it has ended meanwhile the signal would never come.

    Raises
    ------
    OSError
        When the parent has ended.
    """
    if number:
        _checked(_libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "the parent's death signal")
        if os.getppid() != parent:
            raise OSError("who started this is gone")


def closed_to(path: str, uid: int, gids: Sequence[int]) -> str | None:
    """Find the topmost folder on the way to ``path`` that a user may not enter; None when there is none."""
    parts = os.path.realpath(path).split("/")
    for index in range(1, len(parts)):
        folder = "/".join(parts[:index]) or "/"
        status = os.stat(folder)
        if status.st_uid == uid:
            bit = stat.S_IXUSR
        elif status.st_gid in gids:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not status.st_mode & bit:
            return folder
    return None


def show(read_only: Sequence[str], writable: Sequence[str], uid: int, gids: Sequence[int]) -> None:
    """Make folders and files reachable for a user in a private mount namespace, without opening anything else.

    Parameters
    ----------
    read_only, writable : sequence of str
        What has to be reachable, and how where it has to be shown; what is reachable already stays as it is.
    uid, gids
        Who has to reach it.

    Raises
    ------
    OSError
        When it does not exist or the kernel refuses.
    """
    covers: dict[str, dict[str, bool]] = {}
    for path, free in (*((path, False) for path in read_only), *((path, True) for path in writable)):
        if (closed := closed_to(path, uid, gids)) is not None:
            covers.setdefault(closed, {})[os.path.realpath(path)] = free
    if not covers:
        return
    _checked(_libc.unshare(_CLONE_NEWNS), "a private mount namespace")
    _mount(None, "/", None, _MS_REC | _MS_SLAVE, None)
    for cover, wanted in covers.items():
        # opened before the cover hides them; those further out come first
        opened = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in sorted(wanted)]
        _mount("tmpfs", cover, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m")
        for path, descriptor in opened:
            _make_place(path, stat.S_ISDIR(os.fstat(descriptor).st_mode))
            _mount(f"/proc/self/fd/{descriptor}", path, None, _MS_BIND, None)
            _mount(None, path, None, _MS_BIND | _MS_REMOUNT | _MS_NOSUID | _MS_NODEV | (0 if wanted[path] else _MS_RDONLY), None)
            os.close(descriptor)
        _mount(None, cover, None, _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m")


def _make_place(path: str, folder: bool) -> None:
    """Make what something can be mounted on, unless something shown already holds it."""
    if os.path.lexists(path):
        return
    os.makedirs(path if folder else os.path.dirname(path), mode=0o755, exist_ok=True)
    if not folder:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None) -> None:
    def text(value: str | None) -> ctypes.c_char_p:
        return ctypes.c_char_p(None if value is None else os.fsencode(value))

    _checked(_libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data)), f"mounting on {target}")


def main(arguments: list[str]) -> None:
    """Become who the first argument describes, then the program after ``--``.

    The first argument is JSON: ``uid``, ``gid``, ``groups`` (see :func:`drop`), ``read_only``, ``writable`` (see :func:`show`)
    and ``umask``.
    """
    try:
        specification = json.loads(arguments[0])
        uid, gid, groups = specification["uid"], specification["gid"], specification["groups"]
        program = arguments[arguments.index("--") + 1 :]
        os.umask(0o022)
        show(specification["read_only"], specification["writable"], uid, (gid, *groups))
        os.umask(specification["umask"])
        parent, signal = os.getppid(), death_signal()
        drop(uid, gid, groups)
        keep_death_signal(signal, parent)
        os.execv(program[0], program)  # noqa: S606  there is no shell, and that is the point
    except (OSError, ValueError) as error:
        print(f"root could not be given up: {error}", file=sys.stderr)
        raise SystemExit(FAILED) from None


if __name__ == "__main__":
    main(sys.argv[1:])
