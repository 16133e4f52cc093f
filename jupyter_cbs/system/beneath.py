"""Files of the workspace, opened beneath their root and never through a link.

A kernel can put symbolic links, hard links, FIFOs and sockets into its workspace and can swap a folder for a
link between two system calls. Everything that reads a workspace on behalf of somebody else therefore opens
files here and nowhere else: with ``openat2`` and ``RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
RESOLVE_NO_MAGICLINKS``, a regular file, with one name only (design: security, The server must not be a
confused deputy).
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from jupyter_cbs.domain.errors import CbsError, Invalid, NotFound, Refused, TooLarge, Unavailable
from jupyter_cbs.domain.system_errors import reason
from jupyter_cbs.domain.text import Text, whole

Area = Literal["shared", "personal"]
"""The two storage areas a person knows."""

EntryKind = Literal["file", "link", "hard_link", "special", "bad_name"]
"""What a walk found: a regular file with one name, or something that is never opened."""

MAX_ENTRIES: Final = 10_000
"""Most files and folders one walk looks at; an output has a handful of files."""

MAX_PATH_BYTES: Final = 4_000
"""Longest workspace path in bytes, below the kernel's own limit of 4,096."""

_SYS_OPENAT2: Final = 437  # the same number on every architecture: it came after the tables were unified
_RESOLVE: Final = 0x08 | 0x04 | 0x02  # RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
_TRIES: Final = 16  # the kernel answers EAGAIN when a folder moved during the look-up

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long


def open_beneath(dirfd: int, path: str, flags: int = os.O_RDONLY, mode: int = 0) -> int:
    """Open ``path`` beneath an open folder without following any link.

    Parameters
    ----------
    dirfd : int
        Descriptor of the folder; nothing outside it can be reached.
    path : str
        Relative path; ``..`` may not lead out.
    flags : int
        As for :func:`os.open`. ``O_CLOEXEC``, ``O_NONBLOCK`` (a FIFO would block for ever), ``O_NOCTTY`` and ``O_NOFOLLOW`` are added.
    mode : int
        Permission bits of a file that is created.

    Returns
    -------
    int
        A descriptor the caller owns. What kind of file it is has not been looked at.

    Raises
    ------
    OSError
        As the kernel gives it: ``ELOOP`` for a link on the way, ``EXDEV`` for a way out.
    """
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW
    if not flags & os.O_PATH:
        flags |= os.O_NONBLOCK | os.O_NOCTTY
    # openat2 refuses a mode where nothing is created
    how = struct.pack("<QQQ", flags, mode & 0o7777 if flags & os.O_CREAT else 0, _RESOLVE)
    name = os.fsencode(path)
    if b"\0" in name:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
    for _ in range(_TRIES):
        result = int(_syscall(ctypes.c_long(_SYS_OPENAT2), ctypes.c_int(dirfd), ctypes.c_char_p(name), ctypes.c_char_p(how), ctypes.c_size_t(24)))
        if result >= 0:
            return result
        number = ctypes.get_errno()
        if number not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(number, os.strerror(number), path)


@dataclass(frozen=True)
class Entry:
    """One thing a walk found.

    Parameters
    ----------
    path
        Workspace path, e.g. ``shared/tables/costs.csv``.
    kind
        Only ``file`` can be opened; the others are named so that the person hears why they stay.
    """

    path: str
    kind: EntryKind


@dataclass(frozen=True)
class WorkspaceRoots:
    """The two areas of one person in one project.

    Parameters
    ----------
    shared, personal
        Folders that ``shared/…`` and ``personal/…`` stand for. They come from the deployment and are trusted;
        everything beneath them is not.
    """

    shared: Path
    personal: Path

    def split(self, path: str) -> tuple[Area, str]:
        """Take a workspace path apart.

        Returns
        -------
        tuple[str, str]
            Area and the path beneath it; the latter is empty for the area itself.

        Raises
        ------
        Invalid
            ``bad_path`` for anything but a plain relative path that starts with an area.
        """
        plain = path.removesuffix("/")
        parts = plain.split("/")
        unsafe = any(part in ("", ".", "..") for part in parts) or any(ord(char) < 32 or ord(char) == 127 for char in path)
        if unsafe or len(os.fsencode(plain)) > MAX_PATH_BYTES or parts[0] not in ("shared", "personal"):
            shown = printable(path)
            raise Invalid(
                "bad_path",
                Text(en=f"'{shown}' is not a path in your workspace.", nl=f"'{shown}' is geen pad in uw werkomgeving."),
                Text(
                    en="Write a path that starts with shared/ or personal/ and has no '..', e.g. shared/tables/costs.csv.",
                    nl="Schrijf een pad dat begint met shared/ of personal/ en geen '..' bevat, bijv. shared/tabellen/kosten.csv.",
                ),
            )
        return ("shared" if parts[0] == "shared" else "personal"), "/".join(parts[1:])

    def root(self, area: Area) -> int:
        """Open the folder of an area; the caller closes the descriptor.

        Raises
        ------
        Unavailable
            ``no_area`` when the deployment has no such folder.
        """
        folder = self.shared if area == "shared" else self.personal
        try:
            return os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise Unavailable(
                "no_area",
                Text(en=f"The {area} workspace cannot be reached now.", nl=f"De werkomgeving {area} is nu niet bereikbaar."),
                Text(en="Try again; if it stays away, tell the administrator.", nl="Probeer het opnieuw; blijft het zo, meld het de beheerder."),
            ) from error

    def open(self, path: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
        """Open a regular file with one name; one that is replaced or removed at this moment is given as it was.

        Parameters
        ----------
        path : str
            Workspace path.
        flags : int
            As for :func:`os.open`; truncation waits until the file has been looked at.
        mode : int
            Permission bits of a file that is created.

        Returns
        -------
        int
            A descriptor the caller owns.

        Raises
        ------
        Invalid
            ``bad_path``.
        NotFound
            ``no_such_file``.
        Refused
            ``link``, ``hard_link``, ``not_a_file`` or ``no_access``.
        Unavailable
            When the system has no descriptors left, or no ``openat2``.
        """
        area, relative = self.split(path)
        root = self.root(area)
        try:
            fd = open_beneath(root, relative or ".", flags & ~os.O_TRUNC, mode)
        except OSError as error:
            raise _explained(error, path) from error
        finally:
            os.close(root)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise _not_a_file(path)
            if has_other_names(status):
                raise _hard_link(path)
            if flags & os.O_TRUNC:
                os.ftruncate(fd, 0)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def walk(self, path: str, limit: int = MAX_ENTRIES) -> Iterator[str]:
        """Give the workspace paths of the regular files at or beneath ``path``, sorted, never following links.

        Raises
        ------
        As :meth:`entries`.
        """
        return (entry.path for entry in self.entries(path, limit) if entry.kind == "file")

    def entries(self, path: str, limit: int = MAX_ENTRIES) -> tuple[Entry, ...]:
        """List everything at or beneath ``path`` that is not a folder, sorted by path.

        What disappears or is swapped meanwhile is left out or comes back as what it is now; opening it looks again.

        Parameters
        ----------
        path : str
            Workspace path of a file or a folder.
        limit : int
            Most files and folders to look at.

        Raises
        ------
        TooLarge
            ``too_many_files`` beyond ``limit``.
        Invalid, NotFound, Refused, Unavailable
            For ``path`` itself, as :meth:`open`.
        """
        area, relative = self.split(path)
        root = self.root(area)
        try:
            status = self._status(root, relative, path)
            if not stat.S_ISDIR(status.st_mode):
                return (Entry(path.removesuffix("/"), _kind(status, path)),)
            found: list[Entry] = []
            pending, seen = [relative], 1
            while pending:
                folder = pending.pop()
                try:
                    fd = open_beneath(root, folder or ".", os.O_RDONLY | os.O_DIRECTORY)
                except OSError as error:
                    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                        continue  # swapped or removed since it was listed
                    raise _explained(error, f"{area}/{folder}") from error
                try:
                    with os.scandir(fd) as listing:
                        for item in listing:
                            seen += 1
                            if seen > limit:
                                raise _too_many(path, limit)
                            inner = f"{folder}/{item.name}" if folder else item.name
                            try:
                                status = item.stat(follow_symlinks=False)
                            except FileNotFoundError:
                                continue
                            except OSError as error:
                                raise _explained(error, f"{area}/{inner}") from error
                            if stat.S_ISDIR(status.st_mode) and _plain(item.name):
                                pending.append(inner)
                            else:
                                found.append(Entry(f"{area}/{inner}", _kind(status, item.name)))
                finally:
                    os.close(fd)
        finally:
            os.close(root)
        return tuple(sorted(found, key=lambda entry: entry.path.split("/")))

    def _status(self, root: int, relative: str, path: str) -> os.stat_result:
        try:
            fd = open_beneath(root, relative or ".", os.O_PATH)
        except OSError as error:
            raise _explained(error, path) from error
        try:
            return os.fstat(fd)
        finally:
            os.close(fd)


def printable(path: str) -> str:
    """Write a path so that it can stand in a message: no control characters, no bytes that are not text, not endless."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in path)
    return shown if len(shown) <= 200 else f"{shown[:200]}…"


def has_other_names(status: os.stat_result) -> bool:
    """Tell whether a file has a second name, through which others may write to it.

    None at all is no harm: whoever saves a file replaces it, and this is the one that was there.
    """
    return status.st_nlink > 1


def _plain(name: str) -> bool:
    """Whether a name is text that can be shown, stored and written again."""
    return name.isprintable() and len(os.fsencode(name)) <= 255


def _kind(status: os.stat_result, name: str) -> EntryKind:
    if not _plain(name.rsplit("/", 1)[-1]):
        return "bad_name"
    if stat.S_ISLNK(status.st_mode):
        return "link"
    if not stat.S_ISREG(status.st_mode):
        return "special"
    return "hard_link" if has_other_names(status) else "file"


def _not_a_file(path: str) -> Refused:
    shown = printable(path)
    return Refused(
        "not_a_file",
        Text(en=f"'{shown}' is not an ordinary file.", nl=f"'{shown}' is geen gewoon bestand."),
        Text(en="Choose a file.", nl="Kies een bestand."),
    )


def _hard_link(path: str) -> Refused:
    shown = printable(path)
    return Refused(
        "hard_link",
        Text(
            en=f"'{shown}' has more than one name (a hard link), so it cannot be told who else writes to it.",
            nl=f"'{shown}' heeft meer dan één naam (een harde koppeling); wie er nog in schrijft is niet vast te stellen.",
        ),
        Text(en="Copy the file and use the copy.", nl="Kopieer het bestand en gebruik de kopie."),
    )


def _too_many(path: str, limit: int) -> TooLarge:
    shown = printable(path)
    return TooLarge(
        "too_many_files",
        Text(
            en=f"'{shown}' holds more than {whole(limit, 'en')} files and folders.",
            nl=f"'{shown}' bevat meer dan {whole(limit, 'nl')} bestanden en mappen.",
        ),
        Text(en="Put what you need in a folder of its own and choose that.", nl="Zet wat u nodig hebt in een eigen map en kies die."),
    )


def _explained(error: OSError, path: str) -> CbsError:
    """Say what the kernel's refusal means for the person."""
    shown = printable(path)
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR | errno.ENAMETOOLONG:
            return NotFound(
                "no_such_file",
                Text(en=f"There is no '{shown}' in your workspace.", nl=f"'{shown}' bestaat niet in uw werkomgeving."),
                Text(en="Look at the spelling, capitals count.", nl="Kijk naar de spelling; hoofdletters tellen mee."),
            )
        case errno.ELOOP | errno.EXDEV:
            return Refused(
                "link",
                Text(
                    en=f"'{shown}' is or lies behind a symbolic link, and links are never followed.",
                    nl=f"'{shown}' is of ligt achter een symbolische koppeling; koppelingen worden nooit gevolgd.",
                ),
                Text(en="Copy the file itself into your workspace.", nl="Kopieer het bestand zelf naar uw werkomgeving."),
            )
        case errno.EISDIR | errno.ENXIO | errno.ENODEV:
            return _not_a_file(path)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return Refused(
                "no_access",
                Text(en=f"'{shown}' may not be opened.", nl=f"'{shown}' mag niet worden geopend."),
                Text(
                    en="Choose it again; if it stays, look at the permissions of the file and its folders.",
                    nl="Kies het opnieuw; blijft het zo, kijk dan naar de rechten van het bestand en de mappen erboven.",
                ),
            )
        case errno.ENOSPC | errno.EDQUOT | errno.EMFILE | errno.ENFILE | errno.ENOMEM | errno.EAGAIN | errno.ENOSYS:
            return Unavailable(
                "no_resources",
                Text(
                    en=f"The system cannot open '{shown}' now ({reason(error).en}).",
                    nl=f"Het systeem kan '{shown}' nu niet openen ({reason(error).nl}).",
                ),
                Text(en="Try again; if it stays, tell the administrator.", nl="Probeer het opnieuw; blijft het zo, meld het de beheerder."),
            )
        case _:
            return Refused(
                "no_access",
                Text(en=f"'{shown}' cannot be opened ({reason(error).en}).", nl=f"'{shown}' kan niet worden geopend ({reason(error).nl})."),
                Text(en="Copy the file and use the copy.", nl="Kopieer het bestand en gebruik de kopie."),
            )
