"""A file as intake found it and as the scanners read it."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import BinaryIO, Literal

FileKind = Literal["table", "script", "document", "figure", "other"]


@dataclass(frozen=True)
class FileContent:
    """Bytes to be judged, and perhaps delivered.

    Parameters
    ----------
    path
        Workspace path the person knows, e.g. ``shared/tables/costs.csv``; members of an archive are
        written ``shared/all.zip!costs.csv``.
    name
        Name in the delivery, without folders.
    type
        Type detected from the bytes and the suffix: csv, xlsx, txt, py, r, do, sps, png, jpg, gif, notebook, zip …
    kind
        Kind of output the type counts as.
    size
        Bytes.
    data
        The bytes themselves, for converted files and members of archives.
    fd
        Otherwise an open descriptor of the workspace file; the intake that made this owns it.
    sha256
        Of the bytes when they were copied, in hexadecimal; None for what was made of other bytes.
    """

    path: str
    name: str
    type: str
    kind: FileKind
    size: int
    data: bytes | None = None
    fd: int | None = None
    sha256: str | None = None

    def open(self) -> BinaryIO:
        """Open the bytes for reading from the start."""
        if self.data is not None:
            return io.BytesIO(self.data)
        if self.fd is None:
            raise ValueError("file content without bytes")
        # a descriptor of its own, so that readers do not share a position
        return os.fdopen(os.open(f"/proc/self/fd/{self.fd}", os.O_RDONLY | os.O_CLOEXEC), "rb")
