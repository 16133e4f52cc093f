"""Keys of persons, addresses and institutions: by the name of a column, and by what its values look like."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from ...domain.finding import Rule, Status, Where
from ...domain.identifiers import DECRYPTION_COLUMNS, VALUE_SHAPES
from ...domain.text import Text
from .report import REMOVE_COLUMN, Report
from .sheet import Block, Column, Sheet
from .values import is_count_name, pieces, plain, words

MANY = 0.8
"""Share of a column's values that must have a shape before the column has it."""

_PREFIXED = re.compile(r"^(?:[RSFG][-_ ]?|\d{4}-)?(\d{9})(?:\.0)?$")
_LEADING_ZERO = re.compile(r"^0\d{8}$")
_UUID = re.compile(r"^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_NINE_IN_64 = re.compile(r"^[MNO][A-Za-z][A-Za-z0-9]{10}$")
_HEX, _PC6, _BRIN, _EIGHT = (VALUE_SHAPES[name] for name in ("encrypted_hex_like", "pc6", "brin", "kvk"))
_KEY_WORDS = frozenset(
    {"id", "ids", "rin", "rinnr", "key", "sleutel", "persoonsnummer", "nummer", "nr", "pid", "uid", "guid",
      "koppelnr", "identifier", "bsn", "crypt", "hash"}
)  # fmt: skip


def looks_like_key_name(name: str) -> bool:
    """Tell whether a name is that of a key without being on the list, e.g. ``ID_ma`` or ``school_ID``."""
    parts = words(name)
    return bool(parts) and (parts[0] in _KEY_WORDS or parts[-1] in _KEY_WORDS or parts[-1].startswith("rinpersoon"))


def nine_digits(text: str) -> str | None:
    """Give the nine digits of a value that is a person's number by its looks; repeated digits and round amounts are none."""
    match = _PREFIXED.match(text)
    if match is None or len(set(match[1])) == 1 or match[1].endswith("000"):
        return None
    return match[1]


_PERSON_BEFORE = re.compile(
    r"\b(?:persoon|person|respondent|deelnemer|participant|cli[eë]nt|pati[eë]nt|burgerservicenummer|sofinummer|bsn|rin|rinpersoon|persoonsnummer"
    r"|record|case|subject)s?(?:nummer|nr|id)?\b[^\d\n]{0,15}(?<![\d.,])(\d{9})(?![\d\w]|[.,]\d)",
    re.IGNORECASE,
)
_NINE = re.compile(r"(?<![\w.,])\d{9}(?![\w]|[.,]\d)")


def numbers_of_persons(text: str) -> list[str]:
    """Give the numbers of nine digits that a text says are of a person, as in ``persoon 786579303``."""
    return [found for found in _PERSON_BEFORE.findall(text) if nine_digits(found) is not None]


def is_citizen_number(text: str) -> bool:
    """Tell whether nine digits pass the test of a citizen service number (BSN): one in eleven numbers does by chance.

    Source of the test: Logisch Ontwerp BSN, 11-proef (weights 9 to 2, and -1 for the last digit).
    """
    if nine_digits(text) != text:
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(text, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
    return weighed % 11 == 0


def is_surely_person_number(text: str) -> bool:
    """Tell whether one value suffices: nine digits that start with 0 are no amount."""
    return bool(_LEADING_ZERO.match(text)) and nine_digits(text) is not None


def is_long_hex(text: str) -> bool:
    """Tell whether a value looks like an encrypted key: 24 to 64 hexadecimal digits, or a UUID."""
    return len(text) >= 24 and ((bool(_HEX.match(text)) and len(set(text)) > 4) or bool(_UUID.match(text)))


def _is_date(text: str) -> bool:
    for pattern in ("%Y%m%d", "%d%m%Y"):
        try:
            if 1850 <= datetime.strptime(text, pattern).year <= 2100:
                return True
        except ValueError:
            continue
    return False


def _clear(value: str) -> str:
    """Give what a value is without quotation marks, and what nine digits in base 64 stand for."""
    if len(value) == 12 and _NINE_IN_64.match(value):
        inside = base64.b64decode(value).decode("latin-1")
        if inside.isascii() and inside.isdigit():
            return inside
    return value.strip("'\"= ")


def column_shape(column: Column, first: bool) -> str | None:
    """Give the shape of key a column's values have, or None.

    Parameters
    ----------
    column
        The column.
    first
        Whether no column of labels stands before it; amounts of nine digits stand after labels.
    """
    counts = Counter(_clear(value) for value in column.filled)
    total = counts.total()
    if not total:
        return None
    unique = len(counts) / total
    lengths = {len(value) for value in counts}

    def share(test: Callable[[str], object], *possible: int) -> float:
        """The part of the values that pass a test, which only those of some lengths can."""
        if lengths.isdisjoint(possible):
            return 0.0
        return sum(count for value, count in counts.items() if len(value) in possible and test(value)) / total

    if 9 in lengths and any(is_surely_person_number(value) for value in counts):
        return "person"
    if share(nine_digits, *range(9, 15)) >= MANY:
        nine = {value: digits for value in counts if (digits := nine_digits(value)) is not None}
        if len(set(nine.values())) >= 3:
            amounts = len(nine) == len(counts) and all(value.replace(".0", "").isdigit() for value in nine)
            key_like = first or looks_like_key_name(column.name) or not amounts
            if (key_like or (total >= 30 and share(nine_digits, *range(9, 15)) >= 0.85)) and not is_count_name(column.name):
                return "person"
    # stored as numbers, keys lose their leading zeros
    if (first or looks_like_key_name(column.name)) and total >= 10 and unique > 0.5:
        whole = {value.replace(".0", ""): count for value, count in counts.items()}
        if max(map(len, whole)) == 9 and all(value.isdigit() for value in whole):
            long = sum(count for value, count in whole.items() if len(value) >= 8) / total
            if long >= 0.9 and sum(count for value, count in whole.items() if len(value) == 9) / total >= 0.6:
                return "person"
    encrypted = share(is_long_hex, *range(24, 65))
    if encrypted >= 0.5 or encrypted * total > 2.5:
        return "encrypted"
    if share(_PC6.match, 6, 7) >= MANY and (total >= 3 or "postcode" in words(column.name)):
        return "pc6"
    if share(_BRIN.match, 4, 6) >= MANY and total >= 3:
        return "brin"
    eight = first and total >= 10 and unique > 0.9 and share(_EIGHT.match, 8) >= MANY
    area = words(column.name)[:1] in (("buurt",), ("bu",), ("wijk",))
    return "kvk" if eight and not area and share(_is_date, 8) < 0.5 else None


_SHAPE_TEXT = {
    "person": Text(
        en="the values look like person numbers (nine digits)",
        nl="de waarden zien eruit als persoonsnummers (negen cijfers)",
    ),
    "encrypted": Text(
        en="the values look like encrypted keys (long hexadecimal strings)",
        nl="de waarden zien eruit als versleutelde sleutels (lange hexadecimale reeksen)",
    ),
    "pc6": Text(en="the values are full postcodes (PC6)", nl="de waarden zijn volledige postcodes (PC6)"),
    "brin": Text(en="the values look like school numbers (BRIN)", nl="de waarden zien eruit als schoolnummers (BRIN)"),
    "kvk": Text(
        en="the values look like business numbers (eight digits, all different)",
        nl="de waarden zien eruit als KVK-nummers (acht cijfers, alle verschillend)",
    ),
}


def check_columns(block: Block, report: Report) -> None:
    """Find columns that are keys by name or by value, and keys among the row labels."""
    allowed = [c.index for c in block.columns if c.name in DECRYPTION_COLUMNS]
    decryption = allowed[0] if block.sheet.decryption and len(allowed) == 1 else None
    seen_label = False
    for column in block.columns:
        names = [block.rows[r][column.index].strip() for r in range(min(block.header_rows, len(block.rows))) if column.index < len(block.rows[r])]
        named = next((name for name in names if report.context.is_identifier(name) or name.upper() in DECRYPTION_COLUMNS), None)
        shape = column_shape(column, first=not seen_label)
        if column.index == decryption and shape in (None, "pc6", "brin"):
            _allow_decryption(block, column, report)
        elif named is not None:
            text = Text(
                en=f"Column ‘{named}’ is a key that never leaves the environment.",
                nl=f"Kolom ‘{named}’ is een sleutel die de omgeving nooit verlaat.",
            )
            report.add(Rule.IDENTIFIER, Status.UNSAFE, text, _remedy(named), block.header_where(column.index))
        elif shape is not None:
            why = _SHAPE_TEXT[shape]
            name = column.name or "?"
            text = Text(en=f"Column ‘{name}’: {why.en}.", nl=f"Kolom ‘{name}’: {why.nl}.")
            status = Status.REVIEW if shape == "kvk" else Status.UNSAFE
            report.add(Rule.IDENTIFIER, status, text, _remedy(name), block.header_where(column.index))
        elif max(map(len, column.filled), default=0) >= 24 and any(is_long_hex(value) for value in column.filled):
            row = next(i for i, value in enumerate(column.cells) if is_long_hex(value))
            text = Text(en="A value looks like an encrypted key.", nl="Een waarde ziet eruit als een versleutelde sleutel.")
            report.add(Rule.IDENTIFIER, Status.UNSAFE, text, REMOVE_COLUMN, block.where(row, column.index))
        if not seen_label and column.filled and not column.is_numeric:
            seen_label = True
    _check_row_labels(block, report)


def check_words(sheet: Sheet, report: Report) -> None:
    """Find person numbers among other words in a cell, or in a cell that stands alone: one that surely is one, or three different ones."""
    found: list[tuple[str, int, int]] = []
    sure: set[str] = set()
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            if len(cell) < 9:
                continue
            for piece in pieces(cell):
                if piece.isascii() and _NINE.search(piece) is None:
                    continue
                text = plain(piece).strip()
                if text.isdigit() and sum(bool(other.strip()) for other in cells) > 1:
                    continue  # of its column one knows more
                if numbers := [token for token in _NINE.findall(text) if nine_digits(token) is not None]:
                    found += [(token, row, column) for token in numbers]
                    sure |= set(numbers_of_persons(text))
    if not found:
        return
    sure |= set(keys_in_tokens([token for token, _, _ in found])[0])
    told = [place for place in found if place[0] in sure] or found
    status = Status.UNSAFE if sure else Status.REVIEW
    for row, column in list(dict.fromkeys(place[1:] for place in told))[:20]:
        said = Text(en="A text in a cell holds what looks like a person number.", nl="Een tekst in een cel bevat wat op een persoonsnummer lijkt.")
        report.add(Rule.IDENTIFIER, status, said, REMOVE_COLUMN, sheet.where(row, column))


def _remedy(name: str) -> Text:
    if name.upper() in DECRYPTION_COLUMNS:
        return Text(
            en="For decryption deliver each table as its own csv with one column named exactly PC6, BRIN or CAOCODE; otherwise remove the column.",
            nl="Lever voor ontsleutelen elke tabel als eigen csv met één kolom die precies PC6, BRIN of CAOCODE heet; verwijder anders de kolom.",
        )
    return REMOVE_COLUMN


def _allow_decryption(block: Block, column: Column, report: Report) -> None:
    text = Text(
        en=f"Column ‘{column.name}’ asks for decryption: this file falls in the decryption class.",
        nl=f"Kolom ‘{column.name}’ vraagt om ontsleuteling: dit bestand valt in de klasse ontsleutelen.",
    )
    remedy = Text(
        en="Keep it if decryption is meant; every code needs at least the minimum number of units.",
        nl="Laat staan als ontsleutelen de bedoeling is; elke code heeft minstens het minimumaantal eenheden nodig.",
    )
    report.add(Rule.IDENTIFIER, Status.REVIEW, text, remedy, block.header_where(column.index))


def _check_row_labels(block: Block, report: Report) -> None:
    """Keys written down the first column: a table on its side."""
    if not block.columns or block.width < 2:
        return
    named = {label for label in set(block.columns[0].cells) if label and report.context.is_identifier(label)}
    for row, label in enumerate(block.columns[0].cells if named else ()):
        if label in named:
            rest = [column.cells[row] for column in block.columns[1:] if column.cells[row]]
            sure = sum(nine_digits(value) is not None or is_long_hex(value) for value in rest) > len(rest) / 2 if rest else False
            text = Text(en=f"Row ‘{label}’ is named like a key.", nl=f"Rij ‘{label}’ heet als een sleutel.")
            report.add(Rule.IDENTIFIER, Status.UNSAFE if sure else Status.REVIEW, text, REMOVE_COLUMN, block.where(row, 0))


def check_name(name: str, report: Report, where: Where | None = None) -> None:
    """Find keys in the name of a file or a sheet."""
    for token in re.split(r"[^0-9A-Za-z]+", name.rsplit(".", 1)[0] if where is None else name):
        if nine_digits(token) is not None or is_long_hex(token) or (_PC6.match(token) and len(token) == 6) or (_BRIN.match(token) and len(token) > 3):
            sure = is_surely_person_number(token) or is_long_hex(token)
            text = Text(
                en=f"The name ‘{name}’ holds ‘{token}’, which looks like a key.", nl=f"De naam ‘{name}’ bevat ‘{token}’, dat op een sleutel lijkt."
            )
            remedy = Text(en="Give it another name.", nl="Geef een andere naam.")
            report.add(Rule.IDENTIFIER, Status.UNSAFE if sure else Status.REVIEW, text, remedy, where)


def keys_in_tokens(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """Give the words of a text that are surely keys, and those that may be."""
    citizens = {token for token in tokens if len(token) == 9 and token.isdigit() and is_citizen_number(token)}
    # one in eleven numbers passes the test by chance, two different ones seldom do
    sure = [token for token in tokens if is_surely_person_number(token) or (len(citizens) >= 2 and token in citizens)]
    nine = [token for token in tokens if nine_digits(token) is not None and token not in sure]
    return (sure + nine if len(set(nine)) >= 3 else sure), [token for token in tokens if is_long_hex(token)]
