"""Names and shapes of keys that may never leave (facts: catalogue.json, never_export_column_regex and value_shape_regex).

Two independent tests, because people rename keys: what a column is *called*, and what its values *look like*.

Source of the patterns: the PII columns of life-sequencing-dutch (RINPERSOON, RINADRES, BEID, BRIN, HUISHOUDNR, IKVID, SCHEIDINGNUMMER, _crypt),
extended with key columns seen in other public code; SRTNUM/RIN and WE_ID from CBS documentation reports.
"""

from __future__ import annotations

import re


def _patterns(*texts: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(text, re.IGNORECASE) for text in texts)


PERSON_KEY_COLUMN: tuple[re.Pattern[str], ...] = _patterns(
    r"^RINPERSOON",
    r"^VTVRINPERSOON",
    r"^RIN(OBJECT|ADRES|HUISHOUD)",
    r"^SOORTOBJECTNUMMER$",
    r"^HUISHOUDNR$",
    r"^(IKVID|BAANRUGID|S?LBAANID)$",
    r"^SCHEIDINGNUMMER$",
    r"^XKOPPEL(NR|NUMMER)",
    r"^(BSN|A_?NUMMER|SRTNUM|RIN|WE_ID|PATIENTID|RECORDID)$",
)
"""Columns that name a person, household, dwelling, job or record."""

INSTITUTION_KEY_COLUMN: tuple[re.Pattern[str], ...] = _patterns(
    r"^(S?BEID|BE_ID|OGID|OGIDENTIFICATIE|ROG_IDENTIFICATIE|UCI|FINR|KVK.*)$",
    r"_crypt$",
    r"^(WPO|VO)?BRIN(VEST)?$",
    r"BEWID$",
)
"""Columns that name a school, firm, administrator of debts or other institution, encrypted or not."""

NEVER_EXPORT_COLUMN: tuple[re.Pattern[str], ...] = PERSON_KEY_COLUMN + INSTITUTION_KEY_COLUMN
"""Column names that never leave; use :func:`is_never_export`. Patterns are searched, so anchors matter."""

DECRYPTION_COLUMNS: tuple[str, ...] = ("PC6", "BRIN", "CAOCODE")
"""The only names under which institution codes may be asked for, one per csv, in the decryption class."""

VALUE_SHAPES: dict[str, re.Pattern[str]] = {
    "rinperson_like_9_digits": re.compile(r"^\d{9}$"),
    "encrypted_hex_like": re.compile(r"^[0-9A-Fa-f]{24,64}$"),
    "pc6": re.compile(r"^[1-9]\d{3} ?[A-Z]{2}$"),
    "brin": re.compile(r"^\d{2}[A-Z]{2}(\d{2})?$"),
    "kvk": re.compile(r"^\d{8}$"),
}
"""What values of keys look like. ``kvk`` also fits YYYYMMDD dates and neighbourhood codes: use it with :data:`CAUTIOUS_SHAPES`."""

CAUTIOUS_SHAPES: frozenset[str] = frozenset({"kvk"})
"""Shapes that say nothing by themselves: they count only for a column whose values are (nearly) unique and no dates."""

MISSING_MARKERS: frozenset[str] = frozenset({"-", "--", "----", "UNK", "88888888", "20790606", "9999999999", "8888888888", "-1", "-2", "-3", "-4"})
"""Codes that stand for missing, unknown or still open (facts: missing_markers); never a category or a number of their own.

``88888888`` and ``20790606`` are open end dates, the ten-digit ones belong to income amounts, the negative ones to percentile groups.
Whether one applies depends on the column: a code list that names it decides.
"""


def is_never_export(column: str) -> bool:
    """Tell whether a column of this name never leaves the environment.

    Parameters
    ----------
    column : str
        Column name, any case; surrounding white space and quotes are ignored.

    Returns
    -------
    bool
        True for every key of a person, household, dwelling, job, record or institution. The three names of the decryption
        class are no exception here: whether a decryption file is allowed is decided where its class is decided.
    """
    name = column.strip().strip("\"'`").strip()
    return any(pattern.search(name) for pattern in NEVER_EXPORT_COLUMN)


def is_institution_key(column: str) -> bool:
    """Tell whether a column of this name identifies an institution (school, firm, hospital, collective agreement)."""
    name = column.strip().strip("\"'`").strip()
    return any(pattern.search(name) for pattern in INSTITUTION_KEY_COLUMN)
