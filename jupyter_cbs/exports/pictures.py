"""Bytes a picture carries that nobody sees: behind its end, or in chunks that are not drawn."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PNG_DRAWN = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"hIST"})
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})  # of JPEG, without a length


@dataclass(frozen=True)
class Unseen:
    """What a picture carries unseen.

    Parameters
    ----------
    behind
        Bytes after the end of the picture.
    beside
        Bytes in chunks that are not drawn: comments, text, EXIF, private chunks.
    """

    behind: int
    beside: int


def unseen(data: bytes, kind: str) -> Unseen | None:
    """Count what a picture carries unseen.

    Parameters
    ----------
    data : bytes
        The whole file.
    kind : str
        ``png``, ``jpg`` or ``gif``; other kinds are not looked into.

    Returns
    -------
    Unseen or None
        None when the file ends before the picture does, or is no picture of that kind.
    """
    try:
        match kind:
            case "png":
                end, beside = _png(data)
            case "jpg":
                end, beside = _jpg(data)
            case "gif":
                end, beside = _gif(data)
            case _:
                return Unseen(0, 0)
    except (IndexError, struct.error):
        return None
    return Unseen(len(data) - end, beside) if end <= len(data) else None


def _png(data: bytes) -> tuple[int, int]:
    at, beside = 8, 0
    while True:
        length, name = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        if name not in _PNG_DRAWN:
            beside += length
        if name == b"IEND":
            return at, beside + length


def _jpg(data: bytes) -> tuple[int, int]:
    at, beside = 2, 0
    while True:
        if data[at] != 0xFF:
            raise IndexError("no marker")
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        at += 2
        if marker == 0xD9:
            return at, beside
        if marker in _BARE_MARKERS:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        profile = marker == 0xE2 and data[at + 2 : at + 13] == b"ICC_PROFILE"
        if (0xE0 <= marker <= 0xEF and not profile) or marker == 0xFE:
            beside += length - 2
        at += length
        if marker == 0xDA:  # the drawn data runs until a marker that is neither stuffing nor a restart
            at = data.index(b"\xff", at) if b"\xff" in data[at:] else len(data)
            while data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
                following = data.find(b"\xff", at + 2)
                at = following if following >= 0 else len(data)


def _gif(data: bytes) -> tuple[int, int]:
    def skip_blocks(at: int) -> int:
        while data[at]:
            at += data[at] + 1
        return at + 1

    def colours(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    at, beside = 13 + colours(data[10]), 0
    while data[at] != 0x3B:
        if data[at] == 0x21:
            label, start = data[at + 1], at + 2
            at = skip_blocks(start)
            if label in (0xFE, 0xFF, 0x01):
                beside += at - start
        elif data[at] == 0x2C:
            at = skip_blocks(at + 10 + colours(data[at + 9]) + 1)
        else:
            raise IndexError("no block")
    return at + 1, beside
