"""Nothing stops the scan: real files of every type, cut off, with bytes changed, moved, doubled and taken away."""

from __future__ import annotations

import io
import pickle
import random
import zipfile

import pytest
from corpus_kinds import CAUGHT, HARMLESS
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.scan import SCANNERS, ScanContext, scan
from jupyter_cbs.disclosure.scanners import workbook
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.finding import Rule, Status

CONTEXT = ScanContext()


def _samples() -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for kinds in (CAUGHT, HARMLESS):
        for name, make in kinds.items():
            # texts are of many types
            for number in range(40 if "text" in name else 10):
                made = make(random.Random(f"{name} {number}"))
                file = made[0] if isinstance(made, tuple) else made
                if file.data is not None and file.size < 60_000:
                    found.setdefault(file.type, []).append(file.data)
    return found


SAMPLES = _samples()


def _file(kind: str, data: bytes) -> FileContent:
    return FileContent(path=f"shared/x.{kind}", name=f"x.{kind}", type=kind, kind="other", size=len(data), data=data)


def test_there_is_a_sample_of_every_type_that_is_read() -> None:
    assert {"csv", "xlsx", "txt", "md", "html", "svg", "pdf", "rtf", "json", "py", "r", "do", "sps", "sql", "png", "jpg", "gif"} <= set(SAMPLES)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A real file, damaged a few times; now and then under the name of another type."""
    kind = draw(st.sampled_from(sorted(SAMPLES)))
    data = bytearray(draw(st.sampled_from(SAMPLES[kind])))
    for _ in range(draw(st.integers(1, 4))):
        if not data:
            break
        at = draw(st.integers(0, len(data) - 1))
        much = draw(st.integers(1, 60))
        match draw(st.sampled_from(["cut", "flip", "drop", "double", "write", "swap"])):
            case "cut":
                del data[at:]
            case "flip":
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "drop":
                del data[at : at + much]
            case "double":
                data[at:at] = data[at : at + much] * draw(st.integers(1, 20))
            case "write":
                data[at : at + much] = draw(st.sampled_from([b"\0", b"\xff", b"<", b"(", b'"', b"9" * 9, b"\xed\xa0\x80", b"%s", b"\r"])) * much
            case "swap":
                data[at : at + much] = data[at : at + much][::-1]
    return draw(st.sampled_from([kind] * 9 + sorted(SCANNERS))), bytes(data)


@settings(max_examples=250, deadline=None)
@given(file=damaged())
def test_damaged_files_are_read_or_said_to_be_unreadable(file: tuple[str, bytes]) -> None:
    kind, data = file
    result = scan(_file(kind, data), CONTEXT)
    assert result.cells >= 0
    assert all(finding.text.en and finding.text.nl and finding.remedy.en and finding.remedy.nl for finding in result.findings)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), at=st.integers(0, 10**6), much=st.integers(1, 30))
def test_damaged_parts_of_whole_packages_are_unreadable_or_harmless(seed: int, at: int, much: int) -> None:
    """The package is sound and its checksums are right; a part of it is not what it should be."""
    rng = random.Random(seed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(rng.choice(SAMPLES["xlsx"]))) as package, zipfile.ZipFile(buffer, "w") as other:
        names = package.namelist()
        chosen = rng.choice(names)
        for name in names:
            part = package.read(name)
            if name == chosen:
                place = at % len(part)
                part = part[:place] + rng.choice([b"", b"&x;", b"<a>", b'"', rng.randbytes(much), b"9" * much]) + part[place + much :]
            other.writestr(name, part)
    result = scan(_file("xlsx", buffer.getvalue()), CONTEXT)
    assert all(finding.text.en for finding in result.findings)


@pytest.mark.parametrize("kind", ["xlsx", "png", "jpg", "gif", "pdf", "rtf"])
def test_what_is_cut_in_half_says_why_it_cannot_be_read(kind: str) -> None:
    data = SAMPLES[kind][-1]
    for part in (b"", data[: len(data) // 2], b"\0" * 100):
        found = [f for f in scan(_file(kind, part), CONTEXT).findings if f.rule is Rule.UNREADABLE]
        if kind in ("pdf", "rtf") and part and part in data:
            continue  # what there is of a text can be read
        assert [f.status for f in found] == [Status.REVIEW], (kind, len(part))
        assert ": " in found[0].text.en
        assert "could not be looked into" in found[0].text.en


def test_a_package_that_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 2**21)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/workbook.xml", b"<x/>")
        package.writestr("xl/worksheets/sheet1.xml", b" " * 2**22)
    (finding,) = scan(_file("xlsx", buffer.getvalue()), CONTEXT).findings
    assert finding.rule is Rule.UNREADABLE
    assert "unpacks to too much" in finding.text.en


def test_entities_do_not_grow_without_end() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "' + b"x" * 100 + b'">'
    bomb += b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)) + b"]><worksheet>&j;</worksheet>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SAMPLES["xlsx"][0])) as package, zipfile.ZipFile(buffer, "w") as other:
        for name in package.namelist():
            other.writestr(name, bomb if name.startswith("xl/worksheets/") else package.read(name))
    assert Rule.UNREADABLE in {f.rule for f in scan(_file("xlsx", buffer.getvalue()), CONTEXT).findings}


def test_a_line_without_end_is_not_held() -> None:
    (finding,) = scan(_file("csv", b"a,b\n" + b"x," * 5_000_000), CONTEXT).findings
    assert finding.rule is Rule.UNREADABLE
    assert "longer than any table's" in finding.text.en


def test_what_goes_in_and_comes_out_passes_between_processes() -> None:
    for kind, samples in SAMPLES.items():
        file = pickle.loads(pickle.dumps(_file(kind, samples[0])))
        result = scan(file, CONTEXT)
        assert pickle.loads(pickle.dumps(result)) == result
