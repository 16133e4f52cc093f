"""The grammar of catalogue file names (facts: catalogue.json, file_name_grammar; design: domain, 3a).

Three generations live side by side: ``GBAPERSOON2023TABV1`` (year before the kind), ``INSCHRWPOTAB2015V5`` (kind before the year) and
``140930 EIGENDOMWOZTAB2006V1`` (date prefix, blanks). Monthly files carry the period in the version: ``V2024031`` is March 2024,
version 1. Versions are numbers: V10 is newer than V9, although it sorts before it as text. Case never matters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

_NAME = re.compile(
    r"""
    ^(?:(?P<prefix>\d{4,8})[ _])?
    (?P<stem>[A-Z][A-Z_]*?)
    (?P<k1>TAB|BUS)?
    [ _]?
    (?:(?P<y1>(?:19|20)\d{2})(?:[-_]?(?P<y2>(?:19|20)\d{2}))?)?
    [ ]?
    (?P<k2>TAB|BUS)?(?P<part>\d{2})?
    [ ]?
    (?:V(?P<per>20\d{2}(?:0[1-9]|1[0-2]))?(?P<ver>\d{1,3}))?$
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_CONVERTED = re.compile(r"^geconverteerde[ _]?data$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[^A-Z0-9_]+")


@dataclass(frozen=True)
class ParsedName:
    """What a file name says.

    Attributes
    ----------
    stem : str
        Name without kind, year and version, in capitals.
    kind : {"TAB", "BUS", None}
        State table, spell file, or not said.
    year, month : int or None
        Reporting year (the last one of a range); the month only for monthly files.
    version : int or None
    part : int or None
        Two-digit variant after the kind (``TAB03``).
    prefix : str or None
        Date in front of the oldest names, usually YYMMDD.
    topic : str
        Stem and kind: the same for every year and version. For a name outside the grammar, the view name.
    view_name : str
        Name of the view in a session: the file stem in capitals, without date prefix and without anything that SQL would want quoted.
    extension : str
        Lower case, without the dot.
    converted : bool
        Whether the file lies in a folder ``geconverteerde data``.
    parsed : bool
        False when the name does not follow the grammar; such a file is still usable.
    """

    stem: str
    kind: Literal["TAB", "BUS"] | None
    year: int | None
    month: int | None
    version: int | None
    part: int | None
    prefix: str | None
    topic: str
    view_name: str
    extension: str
    converted: bool
    parsed: bool

    @property
    def age(self) -> tuple[int, int, int, int, str]:
        """Sort key within a topic: the greatest is the newest. Period first, then version as a number."""
        return (self.year or 0, self.month or 0, self.version or 0, self.part or 0, self.prefix or "")


def _view_name(text: str) -> str:
    name = _SEPARATORS.sub("", text.upper())
    return name if name[:1].isalpha() else f"F{name}"


def parse_name(filename: str) -> ParsedName:
    """Read a catalogue file name.

    Parameters
    ----------
    filename : str
        File name or ``/``-separated path; only its parent folders and last part are looked at.

    Returns
    -------
    ParsedName
        Always an answer: a name outside the grammar is a topic of its own.
    """
    path = PurePosixPath(filename)
    converted = any(_CONVERTED.match(part) for part in path.parts[:-1])
    text, extension = path.stem.strip(), path.suffix[1:].lower()
    found = _NAME.match(text)
    if found is None:
        view = _view_name(text)
        return ParsedName(view, None, None, None, None, None, None, view, view, extension, converted, False)

    def number(group: str) -> int | None:
        return int(found[group]) if found[group] else None

    kind_text = (found["k1"] or found["k2"] or "").upper()
    kind: Literal["TAB", "BUS"] | None = "TAB" if kind_text == "TAB" else "BUS" if kind_text == "BUS" else None
    stem = found["stem"].upper().strip("_")
    year, month = number("y2") or number("y1"), None
    if found["per"]:
        year, month = int(found["per"][:4]), int(found["per"][4:])
    prefix = found["prefix"]
    return ParsedName(
        stem=stem,
        kind=kind,
        year=year,
        month=month,
        version=number("ver"),
        part=number("part"),
        prefix=prefix,
        topic=stem + kind_text,
        view_name=_view_name(text[len(prefix) :] if prefix else text),
        extension=extension,
        converted=converted,
        parsed=True,
    )
