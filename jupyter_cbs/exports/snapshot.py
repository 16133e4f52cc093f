"""Freezing a delivery: content becomes objects named by their sha256 (design: exports, Bytes)."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from io import BufferedIOBase
from typing import BinaryIO, Protocol, cast

from jupyter_cbs.domain.errors import Conflict, Internal, Refused
from jupyter_cbs.domain.export import ManifestEntry
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.text import Text

from .intake import changed_while_reading


class Objects(Protocol):
    """Content-addressed store: what it holds never changes."""

    def put(self, stream: BinaryIO) -> tuple[str, int]:
        """Store a stream; give its sha256 in hex and its size in bytes."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Open an object, verified."""
        ...

    def check(self, sha256: str) -> None:
        """Verify an object; raises when it is missing or not what its name says."""
        ...


class _Hashing(BufferedIOBase):
    """A stream that hashes what is read through it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.hash = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        block = self.stream.read(-1 if size is None else size)
        self.hash.update(block)
        self.size += len(block)
        return block


def freeze(deliveries: Sequence[FileContent], objects: Objects) -> tuple[ManifestEntry, ...]:
    """Store every file and give the entries of the manifest, sorted by name.

    Parameters
    ----------
    deliveries : sequence of FileContent
        What intake would deliver.
    objects : Objects
        Where the bytes go.

    Raises
    ------
    Conflict
        ``empty``, ``name_twice``, or ``changed_while_reading`` when a file was written meanwhile.
    Refused
        ``not_a_file`` or ``hard_link``.
    Internal
        ``object_mismatch`` when the store answers another hash than what was read, or what was read is not what was copied.
    """
    if not deliveries:
        raise Conflict("empty", Text(en="There is nothing to freeze.", nl="Er is niets om vast te leggen."))
    names = [content.name.casefold() for content in deliveries]
    if len(set(names)) != len(names) or any("/" in name or name in ("", ".", "..") for name in names):
        raise Conflict(
            "name_twice",
            Text(
                en="Two files of the delivery have the same name, or one lies in a folder.",
                nl="Twee bestanden hebben dezelfde naam, of één ligt in een map.",
            ),
            Text(en="Choose the files anew.", nl="Kies de bestanden opnieuw."),
        )
    return tuple(sorted((_freeze_one(content, objects) for content in deliveries), key=lambda entry: entry.path))


def _freeze_one(content: FileContent, objects: Objects) -> ManifestEntry:
    before = None if content.fd is None else _ordinary(content, content.fd)
    with content.open() as file:
        reader = _Hashing(file)
        sha256, size = objects.put(cast(BinaryIO, reader))
    if before is not None and content.fd is not None:
        after = _ordinary(content, content.fd)
        if _stamp(before) != _stamp(after):
            raise changed_while_reading(content.path)
    if size != content.size:
        raise changed_while_reading(content.path)
    if (sha256, size) != (reader.hash.hexdigest(), reader.size) or content.sha256 not in (None, sha256):
        raise Internal(
            "object_mismatch",
            Text(
                en="The store did not keep what was read; nothing was frozen.",
                nl="De opslag bewaarde niet wat er is gelezen; er is niets vastgelegd.",
            ),
        )
    return ManifestEntry(path=content.name, source=content.path, sha256=sha256, size=size, type=content.type, kind=content.kind)


def _ordinary(content: FileContent, fd: int) -> os.stat_result:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise Refused("not_a_file", Text(en=f"'{content.path}' is not an ordinary file.", nl=f"'{content.path}' is geen gewoon bestand."))
    if status.st_nlink > 1:  # 0 is a private copy without a name
        raise Refused("hard_link", Text(en=f"'{content.path}' has more than one name.", nl=f"'{content.path}' heeft meer dan één naam."))
    return status


def _stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def frozen(entries: Sequence[ManifestEntry], objects: Objects) -> tuple[FileContent, ...]:
    """Give the frozen files as content again, so that what is checked and shown is what will be released.

    Raises
    ------
    Internal
        ``object_mismatch`` when an object is not as long as the manifest says.
    """
    contents = []
    for entry in entries:
        with objects.open(entry.sha256) as file:
            data = file.read()
        if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise Internal("object_mismatch", Text(en=f"'{entry.path}' is not what was frozen.", nl=f"'{entry.path}' is niet wat is vastgelegd."))
        contents.append(FileContent(entry.source, entry.path, entry.type, entry.kind, entry.size, data=data))
    return tuple(contents)
