"""What an inspecting process says, taken for what a hostile file may have made it say.

Every message is validated and bounded; what follows from its parts is made anew; a statement about other bytes than those of the copies is
none. See :mod:`jupyter_cbs.broker.inspection`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from ..domain.errors import CbsError, ErrorBody, TooLarge
from ..domain.files import FileContent
from ..domain.finding import FileReport, PrecheckReport, Status
from ..domain.money import ExportClass
from ..exports.detect import TYPES
from ..exports.intake import MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES, Collected
from ..protocol.frames import Frame

INLINE: Final = 2**20
"""Up to this many bytes travel and are kept in memory; more in a file."""
_MAX_KEYS: Final = 10_000
_MAX_LOOKUPS: Final = 50_000
_LONGEST_NAME: Final = 200
_MOST_CENTS: Final = 10**8


def drop(contents: Sequence[FileContent]) -> None:
    """Close the descriptors of contents nobody asks for any more."""
    for content in contents:
        if content.fd is not None:
            with contextlib.suppress(OSError):
                os.close(content.fd)


class Answers:
    """What a process said so far; raises ValueError or ValidationError for what it may not say."""

    def __init__(self, collected: Sequence[Collected], folder: Path) -> None:
        self.collected = collected
        self.at: int | None = None
        self.done: dict[str, Any] | None = None
        self._folder = folder
        self._files: list[FileReport] = []
        self._begun = 0
        self._lookups = 0
        self._made: list[FileContent] = []
        self._unfinished: _Receiving | None = None
        self._total = 0
        self._given = False

    @property
    def fraction(self) -> float:
        """Which part is done; every file is begun twice, to be opened and to be scanned."""
        return min(1.0, self._begun / (2 * max(1, len(self.collected))))

    def keys(self, frame: Frame) -> Collection[str]:
        """Give the shape keys a process asks the evidence of."""
        keys = frame.header["keys"]
        self._lookups += 1
        if not isinstance(keys, list) or len(keys) > _MAX_KEYS or self._lookups > _MAX_LOOKUPS:
            raise ValueError("too many keys")
        if not all(isinstance(key, str) and len(key) <= _LONGEST_NAME for key in keys):
            raise ValueError("no keys")
        return keys

    def take(self, frame: Frame) -> bool:
        """Take one message; True when another file was begun."""
        header = frame.header
        match header.get("type"):
            case "at":
                number = header["file"]
                if not isinstance(number, int) or not 0 <= number < len(self.collected):
                    raise ValueError("no such file")
                moved = self.at != number
                self.at = number
                self._begun += moved
                return moved
            case "file":
                if len(self._files) >= MAX_FILES:
                    raise ValueError("too many files")
                self._files.append(FileReport.model_validate(header["report"]))
            case "deliver":
                self._begin(header)
            case "bytes":
                self._receive(bytes(frame.payload))
            case "error":
                raise _said(header["error"])
            case "done":
                self.done = header
            case _:
                raise ValueError("unknown message")
        return False

    def report(self) -> PrecheckReport:
        """Give the report, with everything that follows from its parts made anew."""
        header = self.done or {}
        ours = {one.path: _ours(one) for one in self.collected if one.content is None}
        files: list[FileReport] = []
        names: set[str] = set()
        for file in self._files:
            if self._source(file.path) is None or len(file.type) > _LONGEST_NAME:
                raise ValueError("a file nobody chose")
            # what the broker itself found of a file is not for others to say
            judged = ours.get(file.path) or _judged(file)
            if judged.delivered_as is not None:
                if not _safe_name(judged.delivered_as) or judged.delivered_as.casefold() in names:
                    raise ValueError("no name for a delivery")
                names.add(judged.delivered_as.casefold())
            files.append(judged)
        if {self._source(file.path) for file in files} != set(range(len(self.collected))):
            raise ValueError("not every file was looked at")
        report = PrecheckReport.model_validate({**header["rest"], "files": (), "status": Status.REFUSED, "versions": {}})
        if report.export_class is not None:
            ExportClass(report.export_class)
        if report.ready_on is not None:
            date.fromisoformat(report.ready_on)
        if not 0 <= (report.price_cents or 0) <= _MOST_CENTS or len(report.class_reasons) > MAX_FILES:
            raise ValueError("no price")
        status = Status.worst([file.status for file in files]) if files else Status.REFUSED
        return report.model_copy(update={"files": tuple(files), "status": status})

    def _source(self, path: str) -> int | None:
        """Tell which chosen file a path speaks of: the file itself, or an archive with this member."""
        for number, one in enumerate(self.collected):
            if path == one.path or path.startswith(f"{one.path}!"):
                return number
        return None

    def deliveries(self, report: PrecheckReport) -> tuple[FileContent, ...]:
        """Give the bytes that would leave: one for each delivered file of the report, under its name."""
        if self._unfinished is not None:
            raise ValueError("cut off")
        wanted = {(file.path, file.delivered_as) for file in report.files if file.delivered_as is not None}
        if {(made.path, made.name) for made in self._made} != wanted or len(self._made) != len(wanted):
            raise ValueError("the delivery is not what was judged")
        self._given = True
        return tuple(self._made)

    def _begin(self, header: dict[str, Any]) -> None:
        if self._unfinished is not None or len(self._made) >= MAX_FILES:
            raise ValueError("too much at once")
        path, name, kind, size, source = header["path"], header["name"], header["kind"], header["size"], header["source"]
        if not isinstance(path, str) or not isinstance(name, str) or TYPES[header["file_type"]].kind != kind or not isinstance(size, int):
            raise ValueError("no delivery")
        if source is not None:
            content = self.collected[source].content
            if content is None or content.path != path:
                raise ValueError("not that file")
            fd = None if content.fd is None else os.dup(content.fd)
            self._made.append(replace(content, name=name, type=header["file_type"], kind=kind, fd=fd))
            return
        self._total += size
        if not 0 <= size <= MAX_FILE_BYTES or self._total > MAX_TOTAL_BYTES or self._source(path) is None:
            raise ValueError("too large")
        self._unfinished = _Receiving(FileContent(path, name, header["file_type"], kind, size), self._folder)
        self._receive(b"")

    def _receive(self, block: bytes) -> None:
        if self._unfinished is None:
            raise ValueError("bytes of nothing")
        content = self._unfinished.take(block)
        if content is not None:
            self._unfinished = None
            self._made.append(content)

    def close(self) -> None:
        """Drop what was not given on."""
        if self._unfinished is not None:
            self._unfinished.close()
        if not self._given:
            drop(self._made)


class _Receiving:
    """Bytes that a process made of others: a notebook's script, a member of an archive."""

    def __init__(self, content: FileContent, folder: Path) -> None:
        self._content = content
        self._hash = hashlib.sha256()
        self._length = 0
        large = content.size > INLINE
        self._file = tempfile.TemporaryFile(dir=folder) if large else io.BytesIO()  # noqa: SIM115  closed with the last block, or by close()

    def take(self, block: bytes) -> FileContent | None:
        self._length += len(block)
        if self._length > self._content.size:
            raise ValueError("more than announced")
        self._hash.update(block)
        self._file.write(block)
        if self._length < self._content.size:
            return None
        digest = self._hash.hexdigest()
        with self._file as file:
            if self._content.size > INLINE:
                file.flush()
                return replace(self._content, fd=os.dup(file.fileno()), sha256=digest)
            file.seek(0)
            return replace(self._content, data=file.read(), sha256=digest)

    def close(self) -> None:
        self._file.close()


def _ours(one: Collected) -> FileReport:
    findings = () if one.finding is None else (one.finding,)
    return FileReport(path=one.path, type="binary" if one.bytes else "empty", status=Status.REFUSED, bytes=one.bytes, findings=findings)


def _judged(file: FileReport) -> FileReport:
    worst = Status.worst([finding.status for finding in file.findings])
    if file.delivered_as is None and worst is Status.SAFE:
        worst = Status.REFUSED
    return file.model_copy(update={"status": worst})


def _safe_name(name: str) -> bool:
    return name.isprintable() and "/" not in name and name not in ("", ".", "..") and len(os.fsencode(name)) <= _LONGEST_NAME


def _said(error: object) -> CbsError:
    """Give the error of a process; it may only be one that files can cause."""
    body = ErrorBody.model_validate(error)
    if body.kind != TooLarge.__name__:
        raise ValueError("not its error")
    return TooLarge(body.code, body.message, body.remedy)
