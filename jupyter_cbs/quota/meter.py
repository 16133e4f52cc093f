"""Measuring a storage area by walking it (design: performance, Quota metering).

Allocated blocks are what a disk runs out of; the sum of file sizes says a terabyte for a sparse file of nothing.
Both are measured, the first decides.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from jupyter_cbs.system.beneath import open_beneath

_ANCHOR_BYTES = 2_000  # a path longer than this starts anew from an open folder: the kernel takes no path above 4,096 bytes


@dataclass(frozen=True)
class Measurement:
    """What a walk counted.

    Parameters
    ----------
    used_bytes
        Allocated bytes of files, links and folders, the root included; a file with several names once. Equal to ``du -s``.
    apparent_bytes
        Sum of the sizes of regular files, a file with several names once.
    files
        Regular files, a file with several names once.
    unreadable
        Folders and files that could not be looked at; what is inside is not in the figures.
    inodes
        Whatever there is, of any kind, with several names once; each takes a little room that no block tells of.
    """

    used_bytes: int
    apparent_bytes: int
    files: int
    unreadable: int = 0
    inodes: int = 0


class _Anchor:
    """An open folder that paths start from, closed when the last of them has been looked at."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.pending = 0

    def release(self) -> None:
        self.pending -= 1
        if self.pending == 0:
            self.close()

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def measure(root: Path, opened: list[tuple[int, int]] | None = None) -> Measurement:
    """Measure everything beneath ``root`` without following a link.

    Files and folders that appear, disappear or move meanwhile are counted or not; nothing is counted through a link
    and nothing outside ``root`` is reached.

    Parameters
    ----------
    root : Path
        The area's folder.
    opened : list, optional
        Where given, folders of this account are opened that are closed to it, or to the group that shares the area, so that whoever is in
        the group can measure them; device and inode of each are added.

    Raises
    ------
    OSError
        When the root itself cannot be opened.
    """
    blocks = apparent = files = unreadable = inodes = 0
    several_names: set[tuple[int, int]] = set()
    lstat, is_folder, is_file = os.stat, stat.S_ISDIR, stat.S_ISREG
    top = _Anchor(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    top.pending = 1
    area = os.fstat(top.fd)
    blocks += area.st_blocks
    stack: list[tuple[_Anchor, str]] = [(top, ".")]
    anchors = {top}
    try:
        while stack:
            anchor, path = stack.pop()
            try:
                fd = open_beneath(anchor.fd, path, os.O_RDONLY | os.O_DIRECTORY)
            except (FileNotFoundError, NotADirectoryError):
                anchor.release()
                continue
            except OSError:
                unreadable += 1
                anchor.release()
                continue
            base, prefix = anchor, "" if path == "." else f"{path}/"
            if len(prefix) * 4 > _ANCHOR_BYTES and len(os.fsencode(prefix)) > _ANCHOR_BYTES:
                base, prefix = _Anchor(os.dup(fd)), ""
                anchors.add(base)
            try:
                with os.scandir(fd) as listing:
                    names = [entry.name for entry in listing]
                for name in names:
                    try:
                        status = lstat(name, dir_fd=fd, follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    except OSError:
                        unreadable += 1
                        continue
                    mode = status.st_mode
                    if is_folder(mode):
                        if opened is not None and _open_up(fd, name, status, area):
                            opened.append((status.st_dev, status.st_ino))
                        stack.append((base, prefix + name))
                        base.pending += 1
                    elif status.st_nlink > 1:
                        identity = (status.st_dev, status.st_ino)
                        if identity in several_names:
                            continue
                        several_names.add(identity)
                    inodes += 1
                    blocks += status.st_blocks
                    if is_file(mode):
                        apparent += status.st_size
                        files += 1
            finally:
                os.close(fd)
            if base is not anchor and base.pending == 0:
                base.close()
            anchor.release()
            if len(anchors) > 64:
                anchors = {each for each in anchors if each.fd >= 0}
    finally:
        for each in anchors:
            each.close()
    return Measurement(blocks * 512, apparent, files, unreadable, inodes)


def _open_up(fd: int, name: str, status: os.stat_result, area: os.stat_result) -> bool:
    """Open a folder of this account to whoever an area is open to; False when it was, or belongs to somebody else."""
    shared = area.st_mode & stat.S_IRWXG == stat.S_IRWXG
    need = 0o750 if shared else 0o700
    if status.st_uid != os.geteuid() or (status.st_mode & need == need and (status.st_gid == area.st_gid or not shared)):
        return False
    try:
        folder = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
    except OSError:
        return False
    try:
        if shared and status.st_gid != area.st_gid:
            os.chown(f"/proc/self/fd/{folder}", -1, area.st_gid)
        os.chmod(f"/proc/self/fd/{folder}", stat.S_IMODE(status.st_mode) | need)
    except OSError:
        return False
    finally:
        os.close(folder)
    return True
