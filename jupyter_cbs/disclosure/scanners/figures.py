"""Figures: what is written beside the picture, and the numbers behind it that are needed."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator

from PIL import Image, ImageChops

from ...domain.files import FileContent
from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from . import identifiers, recognised
from .report import Report
from .unreadable import TOO_MUCH, Unreadable

MAX_BYTES = 64 * 2**20
"""Bytes of a picture that are looked at."""

MAX_PIXELS = 60_000_000
"""Pixels of a picture that are drawn to look under them."""

FEW_COLOURS = 4

_PNG_DRAWN = frozenset({b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"hIST", b"cICP", b"mDCV", b"cLLI"})
_PROFILES = frozenset({b"icc profile", b"srgb", b"icc", b"srgb iec61966-2.1", b"photoshop icc profile", b"display p3"})
_BENIGN = frozenset({"software", "creation time"})
_MORE = {
    "frames": Text(en="more pictures (an animation)", nl="meer afbeeldingen (een animatie)"),
    "thumbnail": Text(en="a small copy of a picture (thumbnail)", nl="een kleine kopie van een afbeelding (miniatuur)"),
    "private data": Text(en="data of a program of its own", nl="gegevens van een eigen programma"),
}
_STRIP = Text(en="Save the figure again without metadata.", nl="Sla de figuur opnieuw op zonder metagegevens.")


def scan(file: FileContent, report: Report) -> None:
    """Check a picture; its numbers cannot be read from it, so that much is for review, unless it was made of a figure that was checked here.

    Raises
    ------
    ValueError
        When the bytes are not a picture of that type.
    """
    with file.open() as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unreadable(TOO_MUCH)
    kind = {"jpeg": "jpg"}.get(file.type, file.type)
    for name, value in {"png": _png, "jpg": _jpg, "gif": _gif}[kind](content):
        if name == "after the end":
            text = Text(en="There are bytes after the end of the picture.", nl="Er staan bytes na het einde van de afbeelding.")
            report.add(Rule.HIDDEN_CONTENT, Status.UNSAFE, text, _STRIP)
        elif name in _MORE:
            text = Text(
                en=f"The file holds {_MORE[name].en} beside the picture one sees.",
                nl=f"Het bestand bevat {_MORE[name].nl} naast de afbeelding die te zien is.",
            )
            report.add(Rule.HIDDEN_CONTENT, Status.REVIEW, text, _STRIP)
        elif name.lower() not in _BENIGN:
            text = Text(en=f"The picture carries metadata: {name}.", nl=f"De afbeelding draagt metagegevens: {name}.")
            report.add(Rule.METADATA, Status.REVIEW, text, _STRIP)
        _words(value, report)
    _transparent(content, report)
    identifiers.check_name(file.name, report)
    if recognised.check_picture(hashlib.sha256(content).hexdigest(), report):
        return
    text = Text(
        en="A figure is judged by the numbers behind it, and those are not in it.",
        nl="Een figuur wordt beoordeeld op de getallen erachter, en die staan er niet in.",
    )
    remedy = Text(
        en="Deliver the numbers behind it as a csv beside it; no single persons, outliers or whiskers to an extreme.",
        nl="Lever de getallen erachter als csv mee; geen losse personen, uitschieters of snorharen tot een uiterste.",
    )
    report.add(Rule.UNIT_VALUES, Status.REVIEW, text, remedy)


def _transparent(content: bytes, report: Report) -> None:
    """Find colours under pixels that are wholly transparent: a picture behind the picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damage it can live with; what cannot be drawn is told below
        try:
            with Image.open(io.BytesIO(content), formats=("PNG", "GIF", "JPEG")) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise Unreadable(TOO_MUCH)
                if picture.mode not in ("RGBA", "LA"):
                    return
                bands = picture.split()
                nothing = bands[-1].point(lambda alpha: 255 if alpha == 0 else 0)
                colours = [band.getcolors(256) for band in (ImageChops.darker(band, nothing) for band in bands[:-1])]
        except (Image.DecompressionBombError, OSError, SyntaxError, struct.error, zlib.error) as error:
            raise ValueError("the picture cannot be drawn") from error
    # programs write one colour, black or white, where nothing is drawn
    if any(found is None or len(found) > FEW_COLOURS for found in colours):
        text = Text(
            en="Under transparent parts of the picture there are other colours: something one does not see.",
            nl="Onder doorzichtige delen van de afbeelding staan andere kleuren: iets wat niet te zien is.",
        )
        report.add(Rule.HIDDEN_CONTENT, Status.REVIEW, text, _STRIP)


def _words(value: bytes, report: Report) -> None:
    tokens = re.findall(r"[0-9A-Za-z]{6,64}", value.decode("latin-1"))
    people, codes = identifiers.keys_in_tokens(tokens)
    if people or codes:
        text = Text(en="The metadata of the picture hold a key.", nl="De metagegevens van de afbeelding bevatten een sleutel.")
        report.add(Rule.IDENTIFIER, Status.UNSAFE, text, _STRIP, Where())


def _png(content: bytes) -> Iterator[tuple[str, bytes]]:
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("not a png")
    at = 8
    animated = False
    while at + 12 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        at += 12 + size
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            name, _, rest = data.partition(b"\0")
            if kind == b"zTXt":
                rest = zlib.decompressobj().decompress(rest[1:], 2**20)
            yield name.decode("latin-1")[:80], rest
        elif kind == b"eXIf":
            yield "EXIF", data
            if b"\xff\xd8\xff" in data:
                yield "thumbnail", b""
        elif kind == b"iCCP":
            name = data.partition(b"\0")[0]
            if name.lower() not in _PROFILES:
                yield "colour profile", name
        elif kind in (b"fdAT", b"fcTL", b"acTL"):
            if not animated:
                yield "frames", b""
            animated = True
        elif kind == b"IEND":
            if at < len(content):
                yield "after the end", content[at : at + 65_536]
            return
        elif kind not in _PNG_DRAWN and kind != b"tIME":
            yield "private data", data
    raise ValueError("png without an end")


def _jpg(content: bytes) -> Iterator[tuple[str, bytes]]:
    if not content.startswith(b"\xff\xd8"):
        raise ValueError("not a jpeg")
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01:
            at += 1 if marker == 0xFF else 2
            continue
        size = int.from_bytes(content[at + 2 : at + 4], "big")
        data = content[at + 4 : at + 2 + size]
        if marker == 0xE1:
            yield ("EXIF" if data.startswith(b"Exif") else "XMP"), data
            if data.startswith(b"Exif") and b"\xff\xd8\xff" in data:
                yield "thumbnail", b""
        elif marker == 0xE2:
            if data.startswith(b"MPF"):
                yield "frames", b""
        elif 0xE3 <= marker <= 0xEF and marker not in (0xED, 0xEE):
            yield "private data", data
        elif marker == 0xE0 and len(data) > 18 and not data.startswith(b"JFIF"):
            yield "thumbnail", b""
        elif marker == 0xED:
            yield "IPTC", data
        elif marker == 0xFE:
            yield "comment", data
        at += 2 + max(2, size)
        if marker in (0xDA, 0xD9):
            break
    end = content.rfind(b"\xff\xd9")
    if end < 0:
        raise ValueError("jpeg without an end")
    if content[end + 2 :].strip(b"\0"):
        yield "after the end", content[end + 2 : end + 2 + 65_536]


def _gif(content: bytes) -> Iterator[tuple[str, bytes]]:
    if not content.startswith((b"GIF87a", b"GIF89a")) or len(content) < 13:
        raise ValueError("not a gif")
    flags = content[10]
    at = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    frames = 0
    while at < len(content):
        block = content[at]
        if block == 0x3B:
            if content[at + 1 :].strip(b"\0"):
                yield "after the end", content[at + 1 : at + 1 + 65_536]
            return
        if block == 0x21:
            label, at = content[at + 1] if at + 1 < len(content) else 0, at + 2
            data, at = _sub_blocks(content, at)
            if label == 0xFE:
                yield "comment", data
            elif label == 0xFF and not data.startswith((b"NETSCAPE2.0", b"ANIMEXTS1.0")):
                yield data[:11].decode("latin-1"), data
        elif block == 0x2C and at + 10 <= len(content):
            frames += 1
            if frames == 2:
                yield "frames", b""
            local = content[at + 9]
            at += 10 + (3 * 2 ** ((local & 7) + 1) if local & 0x80 else 0) + 1
            _, at = _sub_blocks(content, at)
        else:
            break
    raise ValueError("gif without an end")


def _sub_blocks(content: bytes, at: int) -> tuple[bytes, int]:
    data = bytearray()
    while at < len(content) and content[at]:
        data += content[at + 1 : at + 1 + content[at]]
        at += 1 + content[at]
    return bytes(data), at + 1
