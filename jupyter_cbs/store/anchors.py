"""Anchors of the audit chain outside the database.

Whoever can change the database can also drop its triggers and compute the chain anew. Therefore its head is written
down, from time to time and on closing, in a file of its own: one signed line each, chained and numbered, the first
made while the log was still empty. Copied off the machine, the file also shows its own truncation.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..domain.errors import Unavailable
from ..domain.text import Text
from ..system.durable import sync_directory
from .canonical import canonical
from .tables import moment_text

_KEY_BYTES = 32
_TAIL = 4096
"""Far longer than any line."""


@dataclass(frozen=True)
class Head:
    """The end of the chain: sequence 0 and no hash while it is empty."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class Anchor:
    """One line: the head at a moment, the line's number, the signature before it and its own."""

    index: int
    head: Head
    at: str
    previous: str
    mac: str

    def line(self) -> str:
        """Write the line without its end."""
        return canonical({**self._signed(), "mac": self.mac})

    def _signed(self) -> dict[str, object]:
        return {"index": self.index, "sequence": self.head.sequence, "hash": self.head.hash, "at": self.at, "previous": self.previous}

    @classmethod
    def sign(cls, key: bytes, index: int, head: Head, at: datetime, previous: str) -> Anchor:
        """Make a line."""
        unsigned = cls(index, head, moment_text(at), previous, "")
        return cls(index, head, unsigned.at, previous, _mac(key, unsigned._signed()))

    @classmethod
    def read(cls, line: str) -> Anchor | None:
        """Read a line; None when it is none."""
        try:
            value = json.loads(line)
            head = Head(int(value["sequence"]), str(value["hash"]))
            return cls(int(value["index"]), head, str(value["at"]), str(value["previous"]), str(value["mac"]))
        except (ValueError, KeyError, TypeError):
            return None

    def is_signed(self, key: bytes) -> bool:
        """Tell whether the key made this line."""
        return hmac.compare_digest(_mac(key, self._signed()), self.mac)


def _mac(key: bytes, value: dict[str, object]) -> str:
    return hmac.new(key, canonical(value).encode("ascii"), hashlib.sha256).hexdigest()


class Anchors:
    """The file of anchors and its key, in a directory only the broker can enter.

    Parameters
    ----------
    directory
        Made with mode 0700; holds ``audit.anchors`` and ``audit.key`` (0600).
    create
        Whether what is not there is made.

    Raises
    ------
    Unavailable
        Others may read the key, so a signature would prove nothing; ``anchor_key`` also when it is gone and is not to be made.
    """

    def __init__(self, directory: Path, *, create: bool = True) -> None:
        self.file = directory / "audit.anchors"
        self.key_file = directory / "audit.key"
        self._create = create
        if create:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = self._load_key()

    @staticmethod
    def begun(directory: Path) -> bool:
        """Tell whether a log was ever anchored here."""
        try:
            return (directory / "audit.anchors").stat().st_size > 0
        except FileNotFoundError:
            return False

    def _load_key(self) -> bytes:
        try:
            descriptor = os.open(self.key_file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            if self._create:
                return self._make_key()
            raise Unavailable(
                "anchor_key",
                Text(
                    en=f"The key of the audit anchors ({self.key_file}) is gone: nothing can be said of the audit.",
                    nl=f"De sleutel van de auditankers ({self.key_file}) is weg: over het auditlogboek is niets te zeggen.",
                ),
                Text(en="Restore it from the back-up with mode 0600.", nl="Zet hem uit de back-up terug met modus 0600."),
            ) from error
        with os.fdopen(descriptor, "rb") as stream:
            mode = os.fstat(descriptor).st_mode
            key = stream.read(_KEY_BYTES + 1)
        if mode & 0o077 or len(key) != _KEY_BYTES:
            raise Unavailable(
                "anchor_key",
                Text(
                    en=f"The key of the audit anchors ({self.key_file}) is damaged or readable for others.",
                    nl=f"De sleutel van de auditankers ({self.key_file}) is beschadigd of leesbaar voor anderen.",
                ),
                Text(
                    en="Restore it from the back-up with mode 0600; if it was exposed, treat the anchors as worthless.",
                    nl="Zet hem uit de back-up terug met modus 0600; is hij uitgelekt, dan bewijzen de ankers niets meer.",
                ),
            )
        return key

    def _make_key(self) -> bytes:
        key = secrets.token_bytes(_KEY_BYTES)
        fresh = self.key_file.with_name(f".{secrets.token_hex(8)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(key)
                stream.flush()
                os.fsync(descriptor)
            # a link, not a rename: whoever comes second must not replace the first one's key
            os.link(fresh, self.key_file)
            sync_directory(self.key_file.parent)
        except FileExistsError:
            return self._load_key()
        finally:
            fresh.unlink()
        return key

    def append(self, head: Head, at: datetime) -> None:
        """Write an anchor that survives a crash; the same head twice in a row is written once."""
        with self._locked(fcntl.LOCK_EX) as descriptor:
            last = self._last(descriptor)
            if last is not None and last.head == head:
                return
            index, previous = (0, "") if last is None else (last.index + 1, last.mac)
            os.write(descriptor, (Anchor.sign(self._key, index, head, at, previous).line() + "\n").encode("ascii"))
            os.fsync(descriptor)
            if last is None:
                sync_directory(self.file.parent)

    def begin(self, head: Head, at: datetime) -> None:
        """Write the first anchor of all, if there is none yet."""
        with self._locked(fcntl.LOCK_SH):
            empty = self.file.stat().st_size == 0
        if empty:
            self.append(head, at)

    def read(self) -> tuple[Anchor | None, ...]:
        """Give all lines; None for one that is no anchor."""
        if not self._create and not self.file.exists():
            return ()
        with self._locked(fcntl.LOCK_SH) as descriptor, os.fdopen(os.dup(descriptor), "r", encoding="ascii", errors="replace") as stream:
            stream.seek(0)
            return tuple(Anchor.read(line) for line in stream if line.endswith("\n"))

    def is_genuine(self, anchor: Anchor) -> bool:
        """Tell whether our key signed the anchor."""
        return anchor.is_signed(self._key)

    @contextmanager
    def _locked(self, how: int) -> Iterator[int]:
        descriptor = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield descriptor
        finally:
            os.close(descriptor)

    @staticmethod
    def _last(descriptor: int) -> Anchor | None:
        """Give the last complete line, after cutting off what a crash left half-written."""
        size = os.fstat(descriptor).st_size
        start = max(0, size - _TAIL)
        tail = os.pread(descriptor, size - start, start)
        whole = tail[: tail.rfind(b"\n") + 1]
        if len(whole) < len(tail):
            os.ftruncate(descriptor, start + len(whole))
        lines = whole.decode("ascii", "replace").splitlines()
        return Anchor.read(lines[-1]) if lines else None
