"""What is in a text and cannot be read: encoded files, characters that take no place, blanks that spell something, bytes that are no text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from .report import Report
from .sheet import Sheet

LEAST_ENCODED = 200
"""Characters without a blank, of an alphabet for encoding, that are no word, sum or address."""

LEAST_UNSEEN = 16
"""Characters that take no place from which on they say something."""

LEAST_BLANKS = 64
LEAST_TURNS = 16
"""Changes between blank and tab within one stretch of :data:`LEAST_BLANKS`; indentation changes once."""

MOST_STRANGE = 0.02
"""Share of characters that no text holds."""

_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{LEAST_ENCODED},}}={{0,2}}")
_WRAPPED = re.compile(r"(?:^[ \t>#*\"']*[A-Za-z0-9+/]{60,100}[\"']?\r?\n){4,}[ \t>#*\"']*[A-Za-z0-9+/]*={0,2}", re.M)
_EIGHTY_FIVE = re.compile(r"[!#$%&()*+\-;<=>?@^_`{|}~0-9A-Za-z]{400,}")
_BLANKS = re.compile(rf"[ \t]{{{LEAST_BLANKS},}}")
_LINK = re.compile(r"://[^\s\"'<>]*\Z")
_STRANGE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_UNSEEN = re.compile("[\u200b\u2060-\u2064\u180e\u3164\U000e0000-\U000e01ef]|\ufeff|(?<=[\x00-\x7f])[\u200c\u200d]")
_CONTAINERS = (b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\x89PNG", b"\xff\xd8\xff",
               b"BZh", b"\xfd7zXZ", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"SQLite",
               b"\x89HDF", b"%PDF", b"$FL2", b"<stata", b"RDX", b"ARROW", b"\x78\x9c", b"\x28\xb5\x2f\xfd")  # fmt: skip
_REMEDY = Text(
    en="Leave it out; deliver what it holds as a file of its own that can be read.",
    nl="Laat het weg; lever wat erin staat als eigen, leesbaar bestand.",
)


def decoded(text: str) -> bytes | None:
    """Give what an encoded text stands for: hexadecimal, base 64 or base 85; None where it is none of them."""
    bare = re.sub(r"[\s>#*\"']", "", text)
    readers: tuple[tuple[str, Callable[[str], bytes]], ...] = (
        (r"(?:[0-9a-fA-F]{2})+", bytes.fromhex),
        (r"[A-Za-z0-9+/]+={0,2}", lambda t: base64.b64decode(t + "=" * (-len(t) % 4))),
        (r"[A-Za-z0-9_-]+={0,2}", lambda t: base64.urlsafe_b64decode(t + "=" * (-len(t) % 4))),
    )
    for shape, reader in readers:
        if re.fullmatch(shape, bare):
            try:
                return reader(bare)
            except (ValueError, binascii.Error):
                continue
    try:
        return base64.b85decode(text)
    except ValueError:
        return None


def says_something(data: bytes) -> bool:
    """Tell whether bytes are a text or begin like a file that is known."""
    if data.startswith(_CONTAINERS):
        return True
    head = data[:2_000]
    return len(head) >= 9 and sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in head) >= 0.9 * len(head)


def _is_varied(text: str) -> bool:
    """Tell whether a run of letters is as mixed as only an encoding is; a line, a name or a sequence of bases is not."""
    kinds = (str.isdigit, str.islower, str.isupper)
    hexadecimal = re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", text) is not None
    return len(set(text)) >= (12 if hexadecimal else 24) and sum(any(map(kind, text)) for kind in kinds) >= (2 if hexadecimal else 3)


def encoded(content: str) -> Iterator[tuple[int, str]]:
    """Give where encoded runs begin, and what they are."""
    end = 0
    for pattern in (_WRAPPED, _RUN):
        for match in pattern.finditer(content):
            # what an address on the internet asks for is no file
            linked = bool(_LINK.search(content, max(0, match.start() - 400), match.start()))
            if match.start() >= end and not linked and _is_varied(re.sub(r"[\s>#*\"'=]", "", match[0])):
                end = match.end()
                yield match.start(), match[0]
    for match in _EIGHTY_FIVE.finditer(content):
        signs = [character for character in match[0] if not character.isalnum()]
        if match.start() >= end and len(set(signs)) >= 10 and 0.1 <= len(signs) / len(match[0]) <= 0.5:
            yield match.start(), match[0]


def check(content: str, report: Report, first: int = 1) -> None:
    """Report what cannot be read in a text; ``first`` is the number of its first line."""

    def line(at: int) -> Where:
        return Where(line=first + content.count("\n", 0, at))

    for at, run in list(encoded(content))[:20]:
        _tell(run, report, line(at))
    _unseen(content, report, line)
    strange = len(_STRANGE.findall(content[:200_000]))
    if strange > max(4, MOST_STRANGE * min(len(content), 200_000)):
        text = Text(
            en="Many characters are of no text: it was not written as text, or in an encoding nobody uses.",
            nl="Veel tekens horen in geen tekst: het is niet als tekst geschreven, of in een codering die niemand gebruikt.",
        )
        report.add(Rule.UNREADABLE, Status.REVIEW, text, Text(en="Save it as UTF-8.", nl="Sla het op als UTF-8."))


def _tell(run: str, report: Report, where: Where) -> None:
    data = decoded(run)
    sure = data is not None and says_something(data)
    text = Text(
        en="An encoded file or text stands here: what it holds cannot be seen.",
        nl="Hier staat een gecodeerd bestand of gecodeerde tekst: wat erin zit is niet te zien.",
    )
    report.add(Rule.HIDDEN_CONTENT, Status.UNSAFE if sure else Status.REVIEW, text, _REMEDY, where)


def _unseen(content: str, report: Report, line: Callable[[int], Where]) -> None:
    if not content.isascii():
        places = [match.start() for match in _UNSEEN.finditer(content)]
        if len(places) >= LEAST_UNSEEN:
            text = Text(
                en=f"{len(places)} characters take no place and are not seen.",
                nl=f"{len(places)} tekens nemen geen plaats in en zijn niet te zien.",
            )
            report.add(Rule.HIDDEN_CONTENT, Status.REVIEW, text, _REMEDY, line(places[0]))
    for match in _BLANKS.finditer(content):
        if sum(a != b for a, b in pairwise(match[0])) >= LEAST_TURNS:
            text = Text(en="Blanks and tabs alternate as in a code.", nl="Spaties en tabs wisselen elkaar af als in een code.")
            report.add(Rule.HIDDEN_CONTENT, Status.REVIEW, text, _REMEDY, line(match.start()))
            return


def check_cells(sheet: Sheet, report: Report) -> None:
    """Find encoded files in the cells of a sheet."""
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if len(cell) >= LEAST_ENCODED and next(encoded(cell), None) is not None:
                _tell(cell, report, sheet.where(row, column))
