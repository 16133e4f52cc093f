"""What the file browser may do in the workspace: every step beneath a root, through no link, and whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from ..domain.errors import CbsError, Conflict, Invalid, NotFound, QuotaExceeded, Refused, TooLarge, Unavailable
from ..domain.system_errors import reason
from ..domain.text import Text
from ..system.beneath import WorkspaceRoots, has_other_names, open_beneath, printable
from .problems import no_such_file

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY
_NEW_FILE_MODE: Final = 0o660
_NEW_FOLDER_MODE: Final = 0o770
_TEMPORARY: Final = ".~cbs-"
_COPY_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Item:
    """A file or a folder.

    Parameters
    ----------
    name
        Last part of the path.
    folder
        Whether it is a folder.
    status
        As ``fstat`` gave it.
    """

    name: str
    folder: bool
    status: os.stat_result


class WorkspaceFiles:
    """File operations on workspace paths such as ``shared/tables/costs.csv``.

    Folders are opened with ``openat2`` beneath the root and everything else happens relative to those
    descriptors, so a folder that is swapped for a link in between leads nowhere.

    Parameters
    ----------
    roots : WorkspaceRoots
    """

    def __init__(self, roots: WorkspaceRoots) -> None:
        self._roots = roots

    @contextlib.contextmanager
    def _folder(self, path: str) -> Iterator[int]:
        """Open a folder of the workspace."""
        area, relative = self._roots.split(path)
        root = self._roots.root(area)
        try:
            fd = open_beneath(root, relative or ".", _DIRECTORY)
        except OSError as error:
            raise explained(error, path) from error
        finally:
            os.close(root)
        try:
            yield fd
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """Open the folder that holds ``path`` and give the name in it."""
        _, relative = self._roots.split(path)
        if not relative:
            raise Refused(
                "area_is_fixed",
                Text(
                    en="The folders shared and personal themselves cannot be changed.",
                    nl="De mappen shared en personal zelf kunnen niet worden gewijzigd.",
                ),
                Text(en="Work with files and folders inside them.", nl="Werk met bestanden en mappen erin."),
            )
        folder, name = path.removesuffix("/").rsplit("/", 1)
        with self._folder(folder) as fd:
            yield fd, name

    def item(self, path: str) -> Item:
        """Look at a file or folder.

        Raises
        ------
        Invalid, NotFound, Refused
            Also for links, hard links, FIFOs, sockets and devices.
        """
        area, relative = self._roots.split(path)
        root = self._roots.root(area)
        try:
            fd = open_beneath(root, relative or ".", os.O_PATH)
        except OSError as error:
            raise explained(error, path) from error
        finally:
            os.close(root)
        try:
            status = os.fstat(fd)
        finally:
            os.close(fd)
        if not _ordinary(status):
            raise _not_ordinary(path)
        return Item(path.removesuffix("/").rsplit("/", 1)[-1], stat.S_ISDIR(status.st_mode), status)

    def exists(self, path: str) -> bool:
        """Tell whether something is there, ordinary or not."""
        try:
            self.item(path)
        except NotFound:
            return False
        except Refused:
            return True
        return True

    def listing(self, path: str) -> list[Item]:
        """List a folder: ordinary files and folders whose names do not start with a dot, by name."""
        found = []
        with self._folder(path) as fd, os.scandir(fd) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.isprintable():
                    continue
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if _ordinary(status):
                        found.append(Item(entry.name, stat.S_ISDIR(status.st_mode), status))
        return sorted(found, key=lambda item: item.name.casefold())

    def open(self, path: str) -> BinaryIO:
        """Open a regular file with one name for reading."""
        return os.fdopen(self._roots.open(path), "rb")

    def read(self, path: str, limit: int) -> bytes:
        """Read a file.

        Raises
        ------
        TooLarge
            ``file_too_large`` beyond ``limit`` bytes.
        """
        with self.open(path) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise TooLarge(
                "file_too_large",
                Text(
                    en=f"'{printable(path)}' is larger than the {limit // 2**20} MB that can be shown.",
                    nl=f"'{printable(path)}' is groter dan de {limit // 2**20} MB die getoond kan worden.",
                ),
                Text(en="Read it in a notebook.", nl="Lees het in een notebook."),
            )
        return data

    def write(self, path: str, data: bytes) -> None:
        """Write a file: afterwards it holds all of ``data``, or what it held before."""
        with self._replacing(path) as file:
            file.write(data)

    @contextlib.contextmanager
    def _replacing(self, path: str) -> Iterator[BinaryIO]:
        with self._parent(path) as (folder, name):
            mode = _NEW_FILE_MODE
            try:
                old = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise explained(error, path) from error
            else:
                if not stat.S_ISREG(old.st_mode) or not _ordinary(old):
                    raise _not_ordinary(path)
                mode = stat.S_IMODE(old.st_mode) & 0o777
            temporary = f"{_TEMPORARY}{secrets.token_hex(8)}"
            try:
                file = os.fdopen(open_beneath(folder, temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")
                try:
                    with file:
                        yield file
                        file.flush()
                        os.fsync(file.fileno())
                    os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(temporary, dir_fd=folder)
                    raise
                os.fsync(folder)
            except OSError as error:
                raise explained(error, path) from error

    def make_folder(self, path: str) -> None:
        """Make a folder; one that is there already is fine."""
        with self._parent(path) as (folder, name):
            try:
                os.mkdir(name, _NEW_FOLDER_MODE, dir_fd=folder)
            except FileExistsError:
                if not self.item(path).folder:
                    raise _taken(path) from None
            except OSError as error:
                raise explained(error, path) from error

    def copy(self, source: str, target: str) -> None:
        """Copy a file, or a folder with the ordinary files in it; links in it are left behind."""
        if not self.item(source).folder:
            with self.open(source) as read, self._replacing(target) as write:
                shutil.copyfileobj(read, write, _COPY_BYTES)
            return
        if f"{target}/".startswith(f"{source.removesuffix('/')}/"):
            raise Invalid("copy_into_itself", Text(en="A folder cannot be copied into itself.", nl="Een map kan niet in zichzelf worden gekopieerd."))
        self.make_folder(target)
        for item in self.listing(source):
            self.copy(f"{source}/{item.name}", f"{target}/{item.name}")

    def move(self, source: str, target: str) -> None:
        """Give a file or folder another path.

        Raises
        ------
        Conflict
            ``name_taken`` when something is there.
        """
        self.item(source)
        if self.exists(target):
            raise _taken(target)
        with self._parent(source) as (source_folder, source_name), self._parent(target) as (target_folder, target_name):
            try:
                os.rename(source_name, target_name, src_dir_fd=source_folder, dst_dir_fd=target_folder)
                return
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise explained(error, source) from error
        # the two areas lie on different file systems
        self.copy(source, target)
        self.delete(source)

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with everything in it; a link goes itself, never what it points at."""
        with self._parent(path) as (folder, name):
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    shutil.rmtree(name, dir_fd=folder)
                else:
                    os.unlink(name, dir_fd=folder)
            except OSError as error:
                raise explained(error, path) from error

    def beneath(self, path: str) -> list[str]:
        """List the files at or beneath ``path``; nothing where there are too many to list or none."""
        try:
            return list(self._roots.walk(path))
        except (NotFound, Refused, TooLarge):
            return []

    def size(self, path: str) -> int:
        """Give the bytes of a file, or of all files beneath a folder."""
        item = self.item(path)
        if not item.folder:
            return item.status.st_size
        total = 0
        for inner in self._roots.walk(path):
            with contextlib.suppress(CbsError):  # it went meanwhile
                total += self.item(inner).status.st_size
        return total

    def allocated(self, path: str) -> int:
        """Give the allocated bytes of the file a save would replace; 0 when there is none."""
        try:
            item = self.item(path)
        except (NotFound, Refused):
            return 0
        return 0 if item.folder else item.status.st_blocks * 512


class Upload:
    """A file that arrives in chunks and becomes visible when it is complete.

    Parameters
    ----------
    files : WorkspaceFiles
    path : str
        Where it will be.
    """

    def __init__(self, files: WorkspaceFiles, path: str) -> None:
        self.path = path
        self.size = 0
        self.chunks = 0
        self._stack = contextlib.ExitStack()
        self._file = self._stack.enter_context(files._replacing(path))

    def add(self, data: bytes) -> None:
        """Append a chunk."""
        try:
            self._file.write(data)
        except OSError as error:
            raise explained(error, self.path) from error
        self.size += len(data)
        self.chunks += 1

    def finish(self) -> None:
        """Put the complete file in its place."""
        self._stack.close()

    def abandon(self) -> None:
        """Throw the chunks away; a file that was there stays as it was."""

        def give_up(*_: object) -> None:
            raise _Abandoned

        with contextlib.suppress(_Abandoned), self._stack:
            give_up()


class _Abandoned(Exception):
    """Ends an upload without putting it in its place."""


def _ordinary(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode) or (stat.S_ISREG(status.st_mode) and not has_other_names(status))


def _not_ordinary(path: str) -> Refused:
    shown = printable(path)
    return Refused(
        "not_ordinary",
        Text(
            en=f"'{shown}' is a link, a file with several names or a special file; those are not opened here.",
            nl=f"'{shown}' is een koppeling, een bestand met meer namen of een bijzonder bestand; die worden hier niet geopend.",
        ),
        Text(en="Copy the file itself in a notebook and use the copy.", nl="Kopieer het bestand zelf in een notebook en gebruik de kopie."),
    )


def _taken(path: str) -> Conflict:
    shown = printable(path)
    return Conflict(
        "name_taken",
        Text(en=f"'{shown}' exists already; nothing was overwritten.", nl=f"'{shown}' bestaat al; er is niets overschreven."),
        Text(en="Choose another name.", nl="Kies een andere naam."),
    )


def explained(error: OSError, path: str) -> CbsError:
    """Say what the system's refusal means for the person."""
    shown = printable(path)
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return no_such_file(path)
        case errno.ENAMETOOLONG:
            # no file of that name can be, so whoever looks for one is answered as for any that is not there
            return NotFound(
                "name_too_long",
                Text(en="There is no file of that name: it is too long.", nl="Een bestand met die naam bestaat niet: de naam is te lang."),
                Text(en="Choose a name of at most 255 bytes.", nl="Kies een naam van ten hoogste 255 bytes."),
            )
        case errno.ELOOP | errno.EXDEV | errno.EMLINK:
            return _not_ordinary(path)
        case errno.EEXIST | errno.EISDIR | errno.ENOTEMPTY:
            return _taken(path)
        case errno.ENOSPC | errno.EDQUOT:
            return QuotaExceeded(
                "disk_full",
                Text(
                    en=f"There is no room on the disk for '{shown}'; what was there is untouched.",
                    nl=f"Er is geen ruimte op de schijf voor '{shown}'; wat er stond is ongemoeid.",
                ),
                Text(
                    en="Delete files you no longer need, or tell the administrator.",
                    nl="Verwijder bestanden die u niet meer nodig hebt, of meld het de beheerder.",
                ),
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return Refused("no_access", Text(en=f"'{shown}' may not be changed or read.", nl=f"'{shown}' mag niet worden gewijzigd of gelezen."))
        case _:
            return Unavailable(
                "no_resources",
                Text(
                    en=f"The system cannot reach '{shown}' now ({reason(error).en}).",
                    nl=f"Het systeem kan nu niet bij '{shown}' ({reason(error).nl}).",
                ),
                Text(en="Try again; if it stays, tell the administrator.", nl="Probeer het opnieuw; blijft het zo, meld het de beheerder."),
            )
