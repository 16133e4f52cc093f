"""Addresses by which a person is reached: e-mail, telephone, bank account, and the address of a computer.

In a column of a table they say whom a row is about. In a text one of them is whom to ask, so only many of them are a list of people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain

from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from .report import REMOVE_COLUMN, Report
from .sheet import Block, Column
from .values import pieces

LEAST_IN_COLUMN = 3
"""Different telephone numbers or computers of a column; fewer may be codes that look alike."""

LEAST_IN_TEXT = 5
"""Different addresses of a kind in a text that are a list rather than a few to turn to."""

LEAST_SHARE = 0.5

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
# the Netherlands: 0 and nine digits, or +31 and nine; elsewhere + and a country (ITU-T E.164: fifteen digits at most)
_PHONE = re.compile(
    r"(?<![\w.,+/-])(?:0\d{9}|06[- ]\d{8}|06(?:[- ]\d{2}){4}|0\d{2}[- ]\d{7}|0\d{3}[- ]\d{6}|\(0\d{1,3}\)[- ]?\d{6,8}"
    r"|(?:\+|00)[1-9]\d{0,2}[- ]?(?:\(0\)[- ]?)?(?:\d[- ]?){7,10}\d)(?![\w/-]|[.,]\d)"
)
_IP = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.])")


def is_account(text: str) -> bool:
    """Tell whether a text is the number of a bank account (ISO 13616: modulo 97)."""
    bare = text.replace(" ", "")
    if not 15 <= len(bare) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


def _found(pattern: re.Pattern[str], test: Callable[[str], bool] | None = None) -> Callable[[str], list[str]]:
    def find(text: str) -> list[str]:
        return [found for found in pattern.findall(text) if test is None or test(found)]

    return find


_KINDS: tuple[tuple[str, Callable[[str], list[str]], int, Text], ...] = (
    ("@", _found(_EMAIL), 1, Text(en="e-mail addresses", nl="e-mailadressen")),
    ("", _found(_IBAN, is_account), 1, Text(en="numbers of bank accounts", nl="nummers van bankrekeningen")),
    ("", _found(_PHONE), LEAST_IN_COLUMN, Text(en="telephone numbers", nl="telefoonnummers")),
    (".", _found(_IP), LEAST_IN_COLUMN, Text(en="addresses of computers", nl="adressen van computers")),
)
"""What must stand in it, how it is found, how many different ones a column holds at least, and what it is called."""


def kind_of(column: Column) -> tuple[Text, int] | None:
    """Give the kind of address that makes up a column, with the row of the first; None where it is no such column."""
    # each has an @ or some digits; a sentence that holds an address is no address
    written = [value for value in dict.fromkeys(column.filled) if 7 <= len(value) <= 60 and ("@" in value or sum(map(str.isdigit, value)) >= 4)]
    if len(written) < LEAST_SHARE * column.distinct:
        return None
    for sign, find, least, name in _KINDS:
        holding = {value: found[0] for value in written if sign in value and (found := find(value)) and len(found[0]) >= len(value) / 2}
        if not holding or len(set(holding.values())) < least:
            continue
        at = [row for row, cell in enumerate(column.cells) if cell in holding]
        if len(at) >= LEAST_SHARE * len(column.filled):
            return name, at[0]
    return None


def check_columns(block: Block, report: Report) -> None:
    """Find columns of addresses. A few lines without a number are whom to ask, e.g. ``contact | a@b.example`` on a sheet of notes."""
    if block.width < 2 or (block.height < LEAST_IN_TEXT and not any(column.has_numbers for column in block.columns)):
        return
    for column in block.columns:
        kind = kind_of(column)
        if kind is None:
            continue
        name = column.name or f"{column.index + 1}"
        text = Text(en=f"Column ‘{name}’ holds {kind[0].en} of persons.", nl=f"Kolom ‘{name}’ bevat {kind[0].nl} van personen.")
        report.add(Rule.IDENTIFIER, Status.UNSAFE, text, REMOVE_COLUMN, block.where(kind[1], column.index))


def check_lines(lines: Sequence[str], report: Report, first: int = 1) -> None:
    """Find lists of addresses in a text."""
    for sign, find, least, name in _KINDS[:3]:
        places: dict[str, int] = {}
        for at, line in enumerate(lines, first):
            if not sign or sign in line:
                for found in chain.from_iterable(map(find, pieces(line))):
                    places.setdefault(found, at)
        if len(places) >= LEAST_IN_TEXT or (places and least == 1 and not sign):
            text = Text(en=f"{len(places)} {name.en} stand in the text.", nl=f"Er staan {len(places)} {name.nl} in de tekst.")
            report.add(Rule.IDENTIFIER, Status.REVIEW, text, REMOVE_COLUMN, Where(line=min(places.values())))
