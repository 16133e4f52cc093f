"""Frozen bytes by their sha256 (design: exports, Bytes)."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from ..domain.errors import Internal, Invalid, NotFound
from ..domain.text import Text
from ..system.durable import sync_directory

_BLOCK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ObjectStore:
    """A directory of read-only files named by what is in them.

    An object appears whole or not at all: written beside, synced, then linked under its name. What a crash left
    beside is swept when the store is next opened.

    Parameters
    ----------
    directory
        Made with mode 0700.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._incoming = directory / "incoming"
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep()

    def put(self, stream: BinaryIO) -> tuple[str, int]:
        """Keep the rest of a stream.

        Returns
        -------
        tuple
            sha256 in hexadecimal, and size in bytes.

        Raises
        ------
        Internal
            An object of this name is there and damaged.
        """
        fresh = self._incoming / secrets.token_hex(16)
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as target:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    target.write(block)
                    size += len(block)
                target.flush()
                os.fchmod(descriptor, 0o400)
                os.fsync(descriptor)
                name = digest.hexdigest()
                place = self._place(name)
                place.parent.mkdir(mode=0o700, exist_ok=True)
                try:
                    # a link fails where a rename would replace: kept bytes are never written again
                    os.link(fresh, place)
                except FileExistsError:
                    self.check(name)
                sync_directory(place.parent)
                sync_directory(self.directory)
        finally:
            with suppress(FileNotFoundError):
                fresh.unlink()
        return name, size

    def open(self, sha256: str) -> BinaryIO:
        """Open an object after comparing every byte with its name.

        Raises
        ------
        Invalid
            Not a sha256.
        NotFound
            No such object.
        Internal
            The bytes are not those that were kept.
        """
        place = self._place(sha256)
        try:
            stream = os.fdopen(os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
        except FileNotFoundError:
            raise NotFound(
                "unknown_object",
                Text(en="These bytes are not kept here.", nl="Deze bytes worden hier niet bewaard."),
            ) from None
        except OSError as error:
            raise self._damaged(sha256) from error
        try:
            regular = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
            if not regular or hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                raise self._damaged(sha256)
            stream.seek(0)
        except BaseException:
            stream.close()
            raise
        return stream

    def check(self, sha256: str) -> None:
        """Compare an object with its name; raises as :meth:`open` does."""
        self.open(sha256).close()

    def keep(self, needed: Collection[str]) -> None:
        """Remove every object except those with these names; nobody may put one meanwhile."""
        for folder in self.directory.glob("[0-9a-f][0-9a-f]"):
            for place in folder.iterdir():
                if place.name not in needed:
                    place.unlink()

    def _place(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise Invalid("object_name", Text(en="This is not a sha256.", nl="Dit is geen sha256."))
        return self.directory / sha256[:2] / sha256

    def _damaged(self, sha256: str) -> Internal:
        return Internal(
            "object_damaged",
            Text(
                en=f"The kept bytes {sha256[:12]}… are damaged; nothing is released from them.",
                nl=f"De bewaarde bytes {sha256[:12]}… zijn beschadigd; er wordt niets uit vrijgegeven.",
            ),
            Text(en="An admin must restore them from the back-up.", nl="Een beheerder moet ze uit de back-up terugzetten."),
        )

    def _sweep(self) -> None:
        for left in self._incoming.iterdir():
            try:
                descriptor = os.open(left, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                # a writer at work, also of another process, holds the lock
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                left.unlink(missing_ok=True)
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)
