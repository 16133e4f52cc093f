"""Files are looked into by a process of its own: what it survives, what it may answer, and that checked bytes are frozen bytes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import struct
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from broker_process import POLICIES

from jupyter_cbs.broker import inspection
from jupyter_cbs.broker.inspection import Inspection, Inspector
from jupyter_cbs.broker.precheck import Standards, inspect
from jupyter_cbs.domain.errors import CbsError, Conflict, Internal, Refused
from jupyter_cbs.domain.finding import Rule, Status
from jupyter_cbs.domain.rules import QueryLimits
from jupyter_cbs.exports.intake import collect, taken_in
from jupyter_cbs.exports.snapshot import freeze
from jupyter_cbs.policy.policies import ProjectPolicy
from jupyter_cbs.policy.store import PolicyDirectory
from jupyter_cbs.query.engine import Plain, Wrap
from jupyter_cbs.sandbox import users
from jupyter_cbs.store.objects import ObjectStore
from jupyter_cbs.system.beneath import WorkspaceRoots

from .harness import PIN, Running

SAFE = "group,n\nyoung,1200\nold,800\n"
MICRODATA = "RINPERSOON,n\n000000001,12\n000000002,14\n"

# what every script below starts with: a process that can speak the protocol and may say anything
PEER = """
import json, os, socket, struct, sys, time
sys.argv.pop()
sock = socket.socket(fileno=int(sys.argv[1]))
def say(header, payload=b""):
    text = json.dumps(header).encode()
    sock.sendall(struct.pack(">IIB", len(text), len(payload), 0) + text + payload)
def hear():
    head = b""
    while len(head) < 9:
        head += sock.recv(9 - len(head)) or os._exit(0)
    size, more, _ = struct.unpack(">IIB", head)
    data = b""
    while len(data) < size + more:
        data += sock.recv(size + more - len(data)) or os._exit(0)
    return json.loads(data[:size])
say({"type": "ready"})
while hear()["type"] == "file":
    pass
TEXT = {"en": "x", "nl": "x"}
def file(**more):
    return {"path": "shared/costs.csv", "type": "csv", "status": "safe", "delivered_as": "costs.csv", **more}
def report(**more):
    say({"type": "file", "report": file(**more)})
def deliver(**more):
    say({"type": "deliver", "path": "shared/costs.csv", "name": "costs.csv", "file_type": "csv", "kind": "table", "size": 3, "source": None, **more})
def done(**more):
    say({"type": "done", "rest": {"price_cents": None, **more}})
"""


@pytest.fixture(scope="module")
def project() -> ProjectPolicy:
    return PolicyDirectory(POLICIES).current.project("9001")


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cbs-i-") as name:
        for folder in ("shared", "personal", "copies"):
            (Path(name) / folder).mkdir()
        (Path(name) / "shared" / "costs.csv").write_text(SAFE)
        yield Path(name)


def check(
    place: Path, project: ProjectPolicy, script: str | None = None, *, deliver: bool = False, wrap: Wrap = Plain, **limits: float
) -> Inspection:
    """Check everything in ``shared``, with the product's own process or with a script in its place."""

    async def run() -> Inspection:
        inspector = Inspector(place / "copies", wrap) if script is None else Inspector(place / "copies", wrap, PEER + script)
        try:
            return await inspector.inspect(
                ("9001", "researcher"),
                WorkspaceRoots(place / "shared", place / "personal"),
                ["shared"],
                Standards.of(project),
                QueryLimits.model_validate(limits),
                datetime.now(UTC),
                lambda keys: (),
                deliver=deliver,
            )
        finally:
            await inspector.close()

    return asyncio.run(run())


# --------------------------------------------------------------------------------------------- the same answer


def test_the_answer_is_that_of_a_check_in_this_process(place: Path, project: ProjectPolicy) -> None:
    (place / "shared" / "raw.csv").write_text(MICRODATA)
    (place / "shared" / "odd.bin").write_bytes(b"\x00\x01")
    os.symlink("/etc/passwd", place / "shared" / "link.csv")
    with zipfile.ZipFile(place / "shared" / "all.zip", "w") as archive:
        archive.writestr("inner.csv", SAFE)
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    with taken_in(WorkspaceRoots(place / "shared", place / "personal"), ["shared"], project.prices) as items:
        here = inspect(items, project, None, "x", now)
    there = check(place, project).report
    assert there.files == here.files
    assert there.status is here.status is Status.REFUSED
    assert (there.export_class, there.price_cents, there.class_reasons) == (here.export_class, here.price_cents, here.class_reasons)


def test_what_would_leave_comes_with_the_hash_of_its_bytes(place: Path, project: ProjectPolicy) -> None:
    large = SAFE + "".join(f"{chr(97 + i) * 100_000},{1000 + i}\n" for i in range(12))  # more than stays in memory
    (place / "shared" / "large.csv").write_text(large)
    cells = [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": "print(1)", "outputs": []}]
    (place / "shared" / "n.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    found = check(place, project, deliver=True)
    try:
        entries = freeze(found.deliveries, ObjectStore(place / "objects"))
    finally:
        found.close()
    assert [entry.path for entry in entries] == ["costs.csv", "large.csv", "n.py"]
    assert entries[1].size == len(large)
    assert all(content.sha256 for content in found.deliveries)
    assert not list((place / "copies").iterdir())


# ------------------------------------------------------------------------------------------------------- bombs


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _workbook(styles: bytes, sheet: bytes) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    content = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = (
        f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{content}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{content}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{content}.worksheet+xml"/></Types>'
    )
    return _zip(
        {
            "[Content_Types].xml": types.encode(),
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{relation}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'.encode(),
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relation}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>".encode(),
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{relation}/worksheet" '
            f'Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{relation}/styles" Target="styles.xml"/></Relationships>'.encode(),
            "xl/styles.xml": f'<styleSheet xmlns="{main}">'.encode() + styles + b"</styleSheet>",
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>'.encode() + sheet + b"</sheetData></worksheet>",
        }
    )


def _png(width: int, height: int, rows: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(bytes(width + 1)) for _ in range(rows)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


BOMBS = {
    "zeros.zip": lambda: _zip({"zeros.csv": bytes(30_000_000)}),
    "styles.xlsx": lambda: _workbook(b"<cellXfs>" + b'<xf numFmtId="0"/>' * 100_000 + b"</cellXfs>", b'<row r="1"><c r="A1"><v>1</v></c></row>'),
    "nested.xlsx": lambda: _workbook(b"", b"<row>" * 500_000),
    "deep.json": lambda: b"[" * 100_000,
    "deep.ipynb": lambda: b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ' + b"[" * 100_000,
    "large.png": lambda: _png(100_000, 100_000, 60),
    "slow.csv": lambda: ("a" * 30_000 + "!\n").encode() * 20 + b"1" * 200_000 + b"," * 200_000 + b"\n" + b'"' * 100_001,
    "quotes.csv": lambda: b'"a","' + b'""' * 1_500_000,
    "spaces.py": lambda: b"x = [" + b" " * 500_000 + b"1, " * 200_000,
}
"""Small on disk, large or slow for who reads them without care."""

UNREADABLE = {"zeros.zip", "deep.ipynb"}
"""What is refused unread; of the others, a scanner that reads them to their end within the bounds may judge what it found."""


def test_bombs_end_in_a_finding_and_the_broker_answers_meanwhile(fresh_broker: Running) -> None:
    folder = fresh_broker.deployment.shared("9001") / "bombs"
    folder.mkdir(parents=True)
    for name, make in BOMBS.items():
        (folder / name).write_bytes(make())
    (folder / "costs.csv").write_text(SAFE)
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(fresh_broker.call("researcher", "POST", "/precheck", {"paths": ["shared/bombs"]})))
    asking.start()
    healthy = 0
    while asking.is_alive():
        assert fresh_broker.call("leader", "GET", "/health").status == 200
        healthy += 1
        asking.join(0.2)
    assert healthy > 3
    (answer,) = answers
    assert answer.status == 200, answer.body
    found = {Path(file["path"].partition("!")[0]).name: file for file in answer.body["files"]}
    assert found["costs.csv"]["status"] != "refused", "a bomb beside it spoils no file"
    assert set(BOMBS) < set(found)
    for name in UNREADABLE:
        assert found[name]["status"] == "refused", name
    assert all(finding["text"] and finding["remedy"] for file in found.values() for finding in file["findings"])


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("say({'type': 'at', 'file': 1}); time.sleep(600)", "longer than"),
        ("say({'type': 'at', 'file': 1}); os.kill(os.getpid(), 11)", "memory"),
        ("say({'type': 'at', 'file': 1}); time.sleep(0.1); os.close(sock.fileno()); time.sleep(600)", "memory"),
    ],
)
def test_a_file_that_no_process_survives_is_refused_with_the_reason(place: Path, project: ProjectPolicy, script: str, said: str) -> None:
    """The first process falls at the second file; what comes next is told that this one stays."""
    (place / "shared" / "evil.csv").write_text(SAFE)
    mark = place / "fallen"
    whole = f"""
if not os.path.exists({str(mark)!r}):
    open({str(mark)!r}, "w").close()
    {script}
report()
report(path="shared/evil.csv", delivered_as="evil.csv")
done()
"""
    # only the first is ended by this bound; the others, and the second process, have time on a busy machine
    found = check(place, project, whole, check_file_seconds=8.0 if said == "longer than" else 60.0)
    good, evil = found.report.files
    found.close()
    assert good.status is Status.SAFE
    assert (evil.status, evil.delivered_as) == (Status.REFUSED, None), "not what the second process claimed of it"
    assert [(f.rule, f.status) for f in evil.findings] == [(Rule.UNREADABLE, Status.REFUSED)]
    assert said in evil.findings[0].text.en
    assert found.report.status is Status.REFUSED


def test_all_files_together_have_a_bound(place: Path, project: ProjectPolicy) -> None:
    script = "n = 0\nwhile True:\n    n = 1 - n\n    say({'type': 'at', 'file': n}); time.sleep(0.05)"
    (place / "shared" / "more.csv").write_text(SAFE)
    with pytest.raises(CbsError) as error:
        check(place, project, script, check_seconds=4.0)
    assert error.value.code == "check_timeout"


def test_memory_is_bounded_where_a_file_is_read(place: Path, project: ProjectPolicy) -> None:
    (place / "shared" / "wide.csv").write_bytes(b"a" + b"," * 20_000_000)
    bounded = check(place, project, check_memory_bytes=64 * 2**20)
    bounded.close()
    by_name = {file.path: file for file in bounded.report.files}
    assert Rule.UNREADABLE in {finding.rule for finding in by_name["shared/wide.csv"].findings}
    assert by_name["shared/costs.csv"].status is not Status.REFUSED


def test_a_cancelled_check_ends_its_process(place: Path, project: ProjectPolicy) -> None:
    told = place / "pid"
    script = f"open({str(told)!r} + '.new', 'w').write(str(os.getpid())); os.rename({str(told)!r} + '.new', {str(told)!r}); time.sleep(600)"

    async def run() -> int:
        inspector = Inspector(place / "copies", Plain, PEER + script)
        roots = WorkspaceRoots(place / "shared", place / "personal")
        task = asyncio.create_task(
            inspector.inspect(("p", "u"), roots, ["shared"], Standards.of(project), QueryLimits(), datetime.now(UTC), lambda keys: ())
        )
        while not told.exists():
            await asyncio.sleep(0.02)
        pid = int(told.read_text())
        os.kill(pid, 0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await inspector.close()
        return pid

    pid = asyncio.run(run())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_person_cannot_queue_without_end(place: Path, project: ProjectPolicy) -> None:
    async def run() -> list[Any]:
        inspector = Inspector(place / "copies", Plain, PEER + "time.sleep(600)")
        roots = WorkspaceRoots(place / "shared", place / "personal")
        asked = [
            asyncio.create_task(
                inspector.inspect(("p", "u"), roots, ["shared"], Standards.of(project), QueryLimits(), datetime.now(UTC), lambda keys: ())
            )
            for _ in range(8)
        ]
        done, waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_EXCEPTION)
        while len(done) < 3:
            more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
            done |= more
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await inspector.close()
        return [task.exception() for task in done]

    refused = asyncio.run(run())
    assert len(refused) == 3
    assert all(isinstance(error, Refused) and error.code == "too_many_checks" for error in refused)


# ------------------------------------------------------------------------------------- what it may not answer


@pytest.mark.parametrize(
    "script",
    [
        "report(path='shared/other.csv'); done()",
        "report(path='shared/costs.csvx'); done()",
        "done()",
        "report(delivered_as='../up.csv'); done()",
        "report(delivered_as='a\\nb.csv'); done()",
        "report(); report(); done()",
        "report(); done(price_cents=-1)",
        "report(); done(price_cents='free')",
        "report(); done(**{'class': 'gratis'})",
        "report(); done(ready_on='tomorrow')",
        "report(); done(extra=1)",
        "report(status='fine'); done()",
        "say({'type': 'at', 'file': 7})",
        "say({'type': 'at', 'file': True}); report(); done(); say({'type': 'sure'})\nwhile True: say({'type': 'sure'})",
        "say({'type': 'error', 'error': {'kind': 'Refused', 'code': 'x', 'status': 403, 'message': TEXT}})",
        "say({'type': 'lookup', 'keys': ['k'] * 20000})",
        "say({'type': 'lookup', 'keys': 'k'})",
        "say({'no': 'type'})",
        "say([])",
        "say({'type': 'file'})",
        "say({'type': 'x' * 5000000})",
        "sock.sendall(b'GET / HTTP/1.1' + bytes(64))",
    ],
)
def test_an_answer_that_may_not_be_is_no_answer(place: Path, project: ProjectPolicy, script: str) -> None:
    with pytest.raises(Internal) as error:
        check(place, project, script + "\ntime.sleep(60)")
    assert error.value.code == "check_failed"


@pytest.mark.parametrize(
    "script",
    [
        "report(); done()",
        "deliver(); say({'type': 'bytes'}, b'abcd')",
        "deliver(); report(); done()",
        "deliver(size=10**12)",
        "deliver(size=-1)",
        "deliver(kind='script')",
        "deliver(file_type='spell')",
        "deliver(path='/etc/passwd')",
        "deliver(source=0, path='shared/other.csv')",
        "deliver(source=5)",
        "deliver(name='other.csv'); say({'type': 'bytes'}, b'abc'); report(); done()",
        "deliver(); deliver()",
        "say({'type': 'bytes'}, b'abc')",
    ],
)
def test_a_delivery_that_was_not_judged_is_none(place: Path, project: ProjectPolicy, script: str) -> None:
    with pytest.raises(Internal) as error:
        check(place, project, script + "\ntime.sleep(60)", deliver=True)
    assert error.value.code == "check_failed"


def test_a_verdict_follows_from_its_findings(place: Path, project: ProjectPolicy) -> None:
    """Negative control: an honest answer in the same form passes."""
    finding = {"rule": "microdata", "status": "unsafe", "text": {"en": "x", "nl": "x"}, "remedy": {"en": "x", "nl": "x"}}
    lied = check(place, project, f"report(findings=[{finding!r}]); done()")
    assert lied.report.status is Status.UNSAFE
    honest = check(place, project, "deliver(); say({'type': 'bytes'}, b'abc'); report(); done()", deliver=True)
    assert (honest.report.status, honest.deliveries[0].data) == (Status.SAFE, b"abc")


def test_it_sees_no_folder_of_a_deployment_and_no_network(place: Path, project: ProjectPolicy) -> None:
    """In its sandbox; the same script without one is the negative control."""
    script = f"""
def tried(what):
    try:
        what()
        return "yes"
    except OSError:
        return "no"
secret = {str(place / "shared" / "costs.csv")!r}
answers = [tried(lambda: open(secret)), ",".join(name for _, name in socket.if_nameindex())]
report()
done(class_reasons=[{{"en": a, "nl": a}} for a in answers])
"""
    identity = users.Identity(users.NOBODY, users.NOBODY) if users.is_root() else None
    box = replace(inspection.sandbox([place]), identity=identity)
    shut_in = check(place, project, script, wrap=lambda argv, fds: box.prepare(argv, fds, watch=False))
    assert [reason.en for reason in shut_in.report.class_reasons] == ["no", "lo"]
    (place / "shared" / "costs.csv").chmod(0o644)
    free = check(place, project, script)
    assert free.report.class_reasons[0].en == "yes"


# ------------------------------------------------------------------------------------------------- swapped files


def test_a_file_swapped_between_check_and_freeze_never_gets_out(place: Path, project: ProjectPolicy) -> None:
    """Bytes and verdict are of one moment, however often the file is swapped; check, then read again is the negative control."""
    file = place / "shared" / "costs.csv"
    stop = threading.Event()

    def swap() -> None:
        contents = (SAFE, MICRODATA)
        for number in iter(lambda: 0, 1):
            for text in contents:
                other = place / "personal" / "next"
                other.write_text(text)
                os.replace(other, file)
            if stop.is_set():
                return
            del number

    swapping = threading.Thread(target=swap)
    swapping.start()
    roots = WorkspaceRoots(place / "shared", place / "personal")
    fooled = kept = 0
    try:
        for _ in range(2_000):
            with contextlib.suppress(Conflict), taken_in(roots, ["shared/costs.csv"], project.prices) as items:
                verdict = inspect(items, project, None, "x", datetime.now(UTC)).status
                fooled += verdict is not Status.UNSAFE and file.read_text() == MICRODATA
            if fooled:
                break
        number = 0
        while number < 6 or not kept:  # how often the harmless bytes are met is the machine's affair
            number += 1
            try:
                found = check(place, project, deliver=True)
            except Conflict:
                continue
            entries = freeze(found.deliveries, ObjectStore(place / f"objects{number}"))
            found.close()
            if found.report.status not in (Status.UNSAFE, Status.REFUSED):
                (entry,) = entries
                assert entry.size == len(SAFE)
                kept += 1
    finally:
        stop.set()
        swapping.join()
    assert fooled, "the swap is quick enough to fool who reads twice"
    assert kept


def test_bytes_that_changed_after_they_were_copied_are_not_frozen(place: Path, project: ProjectPolicy) -> None:
    """A process that a file took over could write to another file's copy."""
    text = SAFE + "".join(f"{chr(97 + i) * 100_000},{1000 + i}\n" for i in range(12))
    (place / "shared" / "costs.csv").write_text(text)
    roots = WorkspaceRoots(place / "shared", place / "personal")
    (one,) = collect(roots, ["shared"], place / "copies")
    assert one.content is not None
    assert one.content.fd is not None
    delivery = replace(one.content, type="csv", kind="table")
    assert freeze([delivery], ObjectStore(place / "objects"))[0].size == len(text)
    os.fchmod(one.content.fd, 0o600)  # what is lent is for reading; who owns it can change that
    os.pwrite(os.open(f"/proc/self/fd/{one.content.fd}", os.O_RDWR), b"0", 10)
    with pytest.raises(Internal) as error:
        freeze([delivery], ObjectStore(place / "others"))
    one.close()
    assert error.value.code == "object_mismatch"


def test_what_was_checked_at_submission_is_what_was_frozen(broker: Running) -> None:
    """Over the gateway: the leader submits while the author's kernel swaps the file all the time."""
    folder = broker.deployment.shared("9001") / "swapped"
    folder.mkdir(parents=True)
    file = folder / "costs.csv"
    file.write_text(SAFE)
    created = broker.call("researcher", "POST", "/exports", {"title": "Swap", "paths": ["shared/swapped/costs.csv"]}).body
    entry = {"path": "shared/swapped/costs.csv", "shows": "counts", "population": "all", "unit": "person", "unweighted_n": "in the table"}
    form = {"purpose": "Article", "description": "Costs", "secondary_disclosure": "One table", "files": [entry]}
    broker.call("researcher", "PATCH", f"/exports/{created['id']}", {"version": created["version"], "form": form})
    seen = broker.call("researcher", "GET", f"/exports/{created['id']}").body
    assert broker.call("researcher", "POST", f"/exports/{created['id']}/actions/propose", {"version": seen["version"]}).status == 200
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for text in (MICRODATA, SAFE):
                (folder / ".next").write_text(text)
                os.replace(folder / ".next", file)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        while True:
            version = broker.call("leader", "GET", f"/exports/{created['id']}").body["version"]
            answer = broker.call("leader", "POST", f"/exports/{created['id']}/actions/submit", {"version": version, "pin": PIN})
            if answer.status == 200:
                break
            assert answer.body["code"] in ("files_changed", "changed_while_reading"), answer.body
    finally:
        stop.set()
        swapping.join()
    (frozen,) = answer.body["manifest"]
    with ObjectStore(broker.deployment.state / "objects").open(frozen["sha256"]) as kept:
        assert kept.read() == SAFE.encode()


def test_a_large_file_reaches_the_sandbox(broker: Running) -> None:
    """More than a megabyte travels as a descriptor of a file without a name; the broker shows none of its folders."""
    folder = broker.deployment.shared("9001") / "large"
    folder.mkdir(parents=True)
    (folder / "large.csv").write_text(SAFE + "".join(f"{chr(97 + i) * 100_000},{1000 + i}\n" for i in range(12)))
    (folder / "large.zip").write_bytes(_zip({"inner.csv": SAFE.encode()}))
    report = broker.call("researcher", "POST", "/precheck", {"paths": ["shared/large"]}).body
    assert [(file["path"], file["cells"]) for file in report["files"]] == [
        ("shared/large/large.csv", 30),
        ("shared/large/large.zip!inner.csv", 6),
    ]
