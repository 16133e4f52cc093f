"""The process that looks into a researcher's files: one request, one report, then its end.

``jupyter_cbs.broker.inspection`` starts it in a sandbox, hands it copies of the files and treats all it says as untrusted.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from ..domain.errors import CbsError
from ..domain.evidence import TableMeta
from ..domain.export import FormFile
from ..domain.files import FileContent
from ..domain.finding import FileReport, Finding, Status
from ..domain.text import Text
from ..domain.written import KeptOutput
from ..exports.intake import Collected, IntakeItem, examine
from ..protocol.frames import Frame, FrameDecoder, recv_frame, send_frame
from ..system.memfd import open_sealed
from .precheck import Standards, judge

MAX_FINDINGS: Final = 1_000
"""Most findings of one file that are listed; the worst come first."""

_LONGEST_REPORT: Final = 2 * 2**20
_BLOCK: Final = 2**20


class _Channel:
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._decoder = FrameDecoder()
        self._pending: list[Frame] = []

    def send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        send_frame(self._sock, Frame(header, payload))

    def receive(self) -> Frame:
        frame = recv_frame(self._sock, self._decoder, self._pending)
        if frame is None:
            os._exit(0)  # the broker ended, or wants nothing any more
        return frame


def _collected(frame: Frame) -> Collected:
    header = frame.header
    if "name" not in header:
        finding = header.get("finding")
        return Collected(header["path"], None, None if finding is None else Finding.model_validate(finding), header["bytes"])
    data, fd = (bytes(frame.payload), None) if header["inline"] else (None, frame.fds.pop())
    content = FileContent(header["path"], header["name"], "", "other", header["size"], data, fd)
    return Collected(header["path"], content, None, header["bytes"])


class _Job:
    """One request."""

    def __init__(self, channel: _Channel, collected: Sequence[Collected], header: dict[str, Any]) -> None:
        self.channel = channel
        self.collected = collected
        self.standards = Standards.model_validate(header["standards"])
        self.received = datetime.fromisoformat(header["received"])
        self.deliver = bool(header["deliver"])
        self.forms = {form.path: form for form in map(FormFile.model_validate, header["forms"])}

    def run(self) -> None:
        items = examine(self.collected, self.standards.prices, begin=self._at)
        report = judge(
            items,
            self.standards,
            self._lookup,
            self.received,
            forms=self.forms,
            begin=lambda item: self._at(self._number(item)),
            outputs=self._outputs,
        )
        for file in report.files:
            self.channel.send({"type": "file", "report": _bounded(file)})
        if self.deliver:
            for item in items:
                if item.deliver is not None:
                    self._give(item, item.deliver)
        rest = report.model_dump(mode="json", by_alias=True, exclude={"files", "status", "versions"})
        self.channel.send({"type": "done", "rest": rest})

    def _at(self, number: int) -> None:
        self.channel.send({"type": "at", "file": number})

    def _number(self, item: IntakeItem) -> int:
        return next(n for n, one in enumerate(self.collected) if item.path == one.path or item.path.startswith(f"{one.path}!"))

    def _lookup(self, keys: Collection[str]) -> Sequence[tuple[TableMeta, pa.Table]]:
        self.channel.send({"type": "lookup", "keys": sorted(keys)})
        found = []
        while (frame := self.channel.receive()).header["type"] == "table":
            content = open_sealed(frame.fds[0]) if frame.fds else frame.payload
            frame.close()
            found.append((TableMeta.model_validate(frame.header["meta"]), pa.ipc.open_stream(content).read_all()))
        return found

    def _outputs(self, keys: Collection[str]) -> Sequence[KeptOutput]:
        self.channel.send({"type": "lookup", "of": "outputs", "keys": sorted(keys)})
        found = []
        while (frame := self.channel.receive()).header["type"] == "output":
            content = open_sealed(frame.fds[0]) if frame.fds else frame.payload
            frame.close()
            found.append(KeptOutput.model_validate_json(bytes(content)))
        return found

    def _give(self, item: IntakeItem, content: FileContent) -> None:
        number = self._number(item)
        source = self.collected[number].content
        # the very bytes that came: the broker has them
        same = source is not None and (content.fd is not None or content.data is source.data)
        header = {"path": content.path, "name": content.name, "file_type": content.type, "kind": content.kind, "size": content.size}
        self.channel.send({"type": "deliver", **header, "source": number if same else None})
        if not same:
            with content.open() as file:
                while block := file.read(_BLOCK):
                    self.channel.send({"type": "bytes"}, block)


def _bounded(file: FileReport) -> dict[str, Any]:
    """Give a report that is not endless: a file can be made to have any number of findings."""
    most = MAX_FINDINGS
    while True:
        findings = file.findings
        if len(findings) > most:
            left = len(findings) - most
            more = Finding(
                rule=findings[most].rule,
                status=Status.worst([finding.status for finding in findings[most:]]),
                text=Text(en=f"And {left} more findings.", nl=f"En nog {left} bevindingen."),
                remedy=Text(en="Mend these first, then check again.", nl="Los deze eerst op en controleer dan opnieuw."),
            )
            findings = (*findings[:most], more)
        answer = file.model_copy(update={"findings": findings}).model_dump(mode="json")
        if most == 1 or len(json.dumps(answer, ensure_ascii=False).encode()) <= _LONGEST_REPORT:
            return answer
        most //= 2


def _confine(memory_bytes: int) -> None:
    """Bound the memory of this process to what it has plus ``memory_bytes``; an allocation beyond fails."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    bound = mapped + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Serve one request on the socket named on the command line."""
    channel = _Channel(socket.socket(fileno=int(sys.argv[1])))
    channel.send({"type": "ready"})
    collected = []
    while (frame := channel.receive()).header["type"] == "file":
        collected.append(_collected(frame))
    _confine(frame.header["memory_bytes"])
    try:
        _Job(channel, collected, frame.header).run()
    except CbsError as error:
        channel.send({"type": "error", "error": error.body().model_dump(mode="json")})
    except BaseException:
        # the broker refuses the file that was last begun; a traceback could hold data
        os._exit(1)
    os._exit(0)
