"""Documents that only a program of their own reads: what can be taken out of them simply is checked, the rest is for review."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from ...domain.files import FileContent
from ...domain.finding import Rule, Status
from ...domain.text import Text
from . import identifiers
from .decoding import encoding_of
from .prose import check_text
from .report import Report

MAX_BYTES = 64 * 2**20
MAX_UNPACKED = 32 * 2**20
"""Bytes that the streams of one document may unpack to."""

_STREAM = re.compile(rb"stream\r?\n")
_SHOWN = re.compile(rb"\[((?:[^\[\]\\]|\\.){0,20000})\]\s*TJ|(\((?:[^()\\]|\\.){0,20000}\))\s*(?:Tj|'|\")|(T\*|Td|TD|Tm|ET)", re.S)
_PARENTHESES = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]+)>", re.S)
_ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.S)
_ABOUT = re.compile(rb"/(Author|Title|Subject|Keywords)\s*(\((?:[^()\\]|\\.){1,2000}\)|<[0-9A-Fa-f\s]{2,4000}>)", re.S)
_AS_TXT = Text(en="Deliver the text as txt and its tables as csv.", nl="Lever de tekst als txt en de tabellen als csv.")


def pdf(file: FileContent, report: Report) -> None:
    """Look for keys and hidden parts in a PDF; how it is drawn cannot be told, so that it always has to be looked at.

    Raises
    ------
    ValueError
        When it is no PDF.
    """
    with file.open() as stream:
        content = stream.read(MAX_BYTES)
    if b"%PDF-" not in content[:1024]:
        raise ValueError("not a pdf")
    text = Text(
        en="What a PDF shows cannot be checked by a program: tables in it are drawn, not written.",
        nl="Wat een pdf laat zien is niet door een programma te controleren: tabellen erin zijn getekend, niet geschreven.",
    )
    report.add(Rule.UNREADABLE, Status.REVIEW, text, _AS_TXT)
    # objects may themselves be packed; a mark in a stream of objects counts as much
    parts = [content, *_streams(content)]
    for mark, en, nl in (
        (rb"/EmbeddedFile\b|/Filespec\b", "files inside", "bestanden erin"),
        (rb"/JavaScript\b|/JS\b", "a program", "een programma"),
        (rb"/OCProperties\b", "layers that can be switched off", "lagen die uit te zetten zijn"),
        (rb"/Annots?\b", "notes or links", "notities of koppelingen"),
    ):
        if any(re.search(mark, part) for part in parts):
            status = Status.UNSAFE if b"Embedded" in mark or b"JS" in mark else Status.REVIEW
            text = Text(en=f"The PDF holds what is not seen at once: {en}.", nl=f"De pdf bevat wat niet meteen te zien is: {nl}.")
            report.add(Rule.HIDDEN_CONTENT, status, text, _AS_TXT)
    if content.count(b"%%EOF") > 1 and content.count(b"startxref") > 1 and b"/Linearized" not in content[:2048]:
        text = Text(en="The PDF still holds an earlier version of itself.", nl="De pdf bevat nog een eerdere versie van zichzelf.")
        report.add(Rule.HIDDEN_CONTENT, Status.REVIEW, text, _AS_TXT)
    about = {match[1].decode(): _plain(match[2]) for part in parts for match in _ABOUT.finditer(part)}
    about = {name: value for name, value in about.items() if value.strip()}
    if about:
        named = ", ".join(sorted(about))
        text = Text(en=f"The properties of the PDF say: {named}.", nl=f"De eigenschappen van de pdf noemen: {named}.")
        remedy = Text(en="Remove them if they should not be known outside.", nl="Verwijder ze als ze buiten niet bekend mogen zijn.")
        report.add(Rule.METADATA, Status.REVIEW, text, remedy)
    lines = [line for part in parts for line in _lines(part)]
    check_text([*about.values(), *lines], report)
    identifiers.check_name(file.name, report)


def _streams(content: bytes) -> Iterator[bytes]:
    left = MAX_UNPACKED
    for match in _STREAM.finditer(content):
        unpacker = zlib.decompressobj()
        try:
            part = unpacker.decompress(content[match.end() : match.end() + 2**24], min(left, 2**23))
        except zlib.error:
            continue
        left -= len(part)
        yield part
        if left <= 0:
            return


def _lines(part: bytes) -> Iterator[str]:
    """Give the text that is shown, one line for each movement to another place."""
    line = ""
    for match in _SHOWN.finditer(part):
        if match[3]:
            if line.strip():
                yield line
            line = ""
        else:
            line += _plain(match[1] or match[2])
    if line.strip():
        yield line


def _plain(text: bytes) -> str:
    out = bytearray()
    for match in _PARENTHESES.finditer(text):
        if match[1] is not None:
            out += _ESCAPED.sub(_escape, match[1])
        else:
            digits = b"".join(match[2].split())
            out += bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    if out.startswith(b"\xfe\xff"):
        return out[2:].decode("utf-16-be", "replace")
    return bytes(out).replace(b"\0", b"").decode("latin-1")


def _escape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes((int(code, 8) & 255,)) if code[:1].isdigit() and code[:1] < b"8" else {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(code, code)


_RTF = re.compile(r"\\'([0-9a-fA-F]{2})|\\u(-?\d{1,6}) ?\??|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)")
_RTF_SILENT = frozenset({"fonttbl", "colortbl", "stylesheet", "pict", "object", "objdata", "themedata", "datastore", "latentstyles", "generator",
                         "listtable", "rsidtbl", "xmlnstbl", "colorschememapping"})  # fmt: skip
_RTF_BREAKS = {"par": "\n", "line": "\n", "row": "\n", "cell": "\t", "tab": "\t", "sect": "\n", "page": "\n"}
_RTF_HIDDEN = {
    "v": ("hidden text", "verborgen tekst"),
    "object": ("an embedded object", "een ingesloten object"),
    "pict": ("a picture", "een afbeelding"),
    "annotation": ("notes", "notities"),
    "deleted": ("deleted text that is still there", "verwijderde tekst die er nog staat"),
}


def rtf(file: FileContent, report: Report) -> None:
    """Check a rich text document: its text with its tables, and what a reader does not see.

    Raises
    ------
    ValueError
        When it is no rich text.
    """
    with file.open() as stream:
        content = stream.read(MAX_BYTES)
    if not content.lstrip().startswith(b"{\\rtf"):
        raise ValueError("not rich text")
    source = content.decode(encoding_of(content[:65_536]), "replace")
    out: list[str] = []
    silent: list[bool] = [False]
    hidden: dict[str, str] = {}
    for match in _RTF.finditer(source):
        code, wide, word, argument, symbol, brace, plain = match.groups()
        if brace == "{":
            silent.append(silent[-1])
        elif brace == "}":
            if len(silent) > 1:
                silent.pop()
        elif word:
            if word in _RTF_HIDDEN and argument != "0":
                hidden.setdefault(word, word)
            if word in _RTF_SILENT:
                silent[-1] = True
            out.append(_RTF_BREAKS.get(word, "") if not silent[-1] else "")
        elif not silent[-1]:
            if code:
                out.append(bytes((int(code, 16),)).decode("cp1252", "replace"))
            elif wide:
                out.append(chr(int(wide) % 65_536) if not 0xD800 <= int(wide) % 65_536 <= 0xDFFF else "")
            elif symbol:
                out.append({"~": " ", "_": "-"}.get(symbol, symbol if symbol in "\\{}" else ""))
            elif plain:
                out.append(plain)
    for word in hidden:
        en, nl = _RTF_HIDDEN[word]
        status = Status.UNSAFE if word in ("v", "object", "deleted") else Status.REVIEW
        text = Text(en=f"The document holds what is not seen at once: {en}.", nl=f"Het document bevat wat niet meteen te zien is: {nl}.")
        report.add(Rule.HIDDEN_CONTENT, status, text, _AS_TXT)
    check_text("".join(out).splitlines(), report)
    identifiers.check_name(file.name, report)
