"""Bytes to text: by the byte order mark, else UTF-8, else the Windows code page that old exports are written in."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from .unreadable import TOO_LONG_LINE, Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(head: bytes) -> str:
    """Give the encoding of a text by its first bytes; a character cut off at the end does not matter."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    # UTF-16 without a mark: every second byte of plain text is zero
    if len(head) >= 4 and head[1:200:2].count(0) > 0.4 * len(head[1:200:2]):
        return "utf-16-le"
    if len(head) >= 4 and head[0:200:2].count(0) > 0.4 * len(head[0:200:2]):
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


MAX_LINE = 4_000_000
"""Characters of one line that are read; no table has longer ones."""


def bounded_lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Give the lines of a text without ever holding more than :data:`MAX_LINE` characters.

    Raises
    ------
    Unreadable
        When a line is longer.
    """
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            raise Unreadable(TOO_LONG_LINE)
        yield line


def text_stream(stream: BinaryIO) -> io.TextIOWrapper:
    """Open bytes as text, whatever they are: what cannot be decoded becomes a replacement character."""
    head = stream.read(65_536)
    stream.seek(0)
    return io.TextIOWrapper(stream, encoding=encoding_of(head), errors="replace", newline="")
