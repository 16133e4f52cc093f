"""What a cell of a finished table holds: a number as a person wrote it, a suppression, a total, or a label."""

from __future__ import annotations

import re
from functools import lru_cache

SUPPRESSED = frozenset({"×", "x", "*", "**", ".", "..", "...", "-", "--", "–", "—", "na", "n/a", "nan", "nb", "geheim", "suppressed", "c", "s", "_"})
"""What people write where a value is withheld, in lower case."""

_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:([.,'\u00a0\u202f ])\d{3})(?:\1\d{3})*(?:[.,]\d+)?$")
_PLAIN = re.compile(r"^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?$")
_BELOW = re.compile(r"^[<≤>≥]\s*\d+$")
_DECORATION = re.compile(r"^[€$£]\s*|\s*(?:%|€|\*+|[¹²³])$")


@lru_cache(maxsize=65_536)
def number(text: str) -> float | None:
    """Read a number in Dutch or English notation, with or without grouping, sign of per cent or currency, and asterisks.

    ``1.234`` and ``1,234`` are read as thousands when they stand alone: for counts that is what they are.
    """
    text = text.strip()
    if not text or len(text) > 40:
        return None
    plain = _DECORATION.sub("", text).strip()
    if not plain or not (plain[-1].isdigit() or plain[-1] in ".,"):
        return None
    grouped = _GROUPED.match(plain)
    if grouped:
        separator = grouped[1]
        whole = plain.replace(separator, "")
        return float(whole.replace(",", "."))
    if _PLAIN.match(plain):
        value = float(plain.replace(",", "."))
        return value if abs(value) < 1e300 else None
    return None


def is_suppressed(text: str) -> bool:
    """Tell whether a cell is withheld, e.g. ``×``, ``*`` or ``<10``."""
    text = text.strip().lower()
    return text in SUPPRESSED or bool(_BELOW.match(text))


def decimals(text: str) -> int:
    """Give how many decimals are printed, for comparing with unrounded evidence."""
    plain = _DECORATION.sub("", text.strip())
    if _GROUPED.match(plain) and not re.search(r"[.,]\d{3}[.,]\d+$|[.,]\d{1,2}$|[.,]\d{4,}$", plain):
        return 0
    match = re.search(r"[.,](\d+)$", plain)
    return len(match[1]) if match else 0


def words(name: str) -> tuple[str, ...]:
    """Give the words of a name in lower case: ``Aantal_personen (N)`` → aantal, personen, n."""
    return tuple(re.findall(r"[^\W_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))


_TOTAL_WORDS = frozenset(
    {"total", "totaal", "tot", "totals", "totalen", "all", "alle", "allen", "som", "sum", "overall", "subtotal", "subtotaal", "eindtotaal", "margin"}
)


def is_total(label: str) -> bool:
    """Tell whether a label names a total."""
    return (bool(words(label)) and words(label)[0] in _TOTAL_WORDS) or words(label)[:2] == ("grand", "total")


_COUNT_WORDS = frozenset(
    {
        "n", "nobs", "obs", "observation", "observations", "observaties", "waarnemingen", "aantal", "aantallen", "count", "counts", "freq", "freqs",
        "frequency", "frequencies", "frequentie", "frequenties", "cases", "gevallen", "personen", "persons", "people", "huishoudens", "households",
        "respondenten", "respondents", "units", "eenheden", "celvulling", "cnt", "populatie", "leerlingen", "pupils", "bedrijven", "businesses",
        "verdachten", "suspects", "inwoners", "inhabitants",
    }
)  # fmt: skip
_NOT_A_COUNT = frozenset(
    {
        "mean", "gemiddelde", "gemiddeld", "average", "avg", "median", "mediaan", "sd", "std", "se", "pct", "perc", "percentage", "percent",
        "procent", "aandeel", "share", "rate", "ratio", "kosten", "costs", "inkomen", "income", "euro", "eur", "bedrag", "sum", "som", "min", "max", "kinderen",
        "children", "index", "log", "coef", "estimate", "per", "var", "uren", "hours", "dagen", "days", "jaren", "years",
    }
)  # fmt: skip
_PERCENT_WORDS = frozenset({"pct", "perc", "percentage", "percent", "procent", "aandeel", "share", "proportion", "proportie", "fractie", "fraction"})
_RESIDUAL_DF = re.compile(r"^(?:df_?resid(?:ual)?s?|resid(?:ual)?_?df|residual_degrees_of_freedom|dof|vrijheidsgraden|degrees_of_freedom)$")
_EXTREMES = frozenset({"min", "max", "minimum", "maximum", "range", "smallest", "largest", "kleinste", "grootste"})


@lru_cache(maxsize=4096)
def is_count_name(name: str) -> bool:
    """Tell whether a name says that numbers under it are counts of units (design disclosure.md, Interchange of a pre-check)."""
    parts = words(name)
    if not parts or "%" in name or _NOT_A_COUNT & set(parts):
        return False
    return parts[0] in _COUNT_WORDS or parts[-1] in _COUNT_WORDS or parts[:2] in (("number", "of"), ("nr", "of"), ("num", "of"))


@lru_cache(maxsize=4096)
def mentions_counts(text: str) -> bool:
    """Tell whether a title, corner or file name says that a whole table holds counts."""
    parts = set(words(text))
    return "%" not in text and not _NOT_A_COUNT & parts and bool((_COUNT_WORDS | {"crosstab", "kruistabel"}) & parts)


@lru_cache(maxsize=4096)
def is_percent_name(name: str) -> bool:
    """Tell whether a name says that numbers under it are shares, and not cumulative ones."""
    parts = set(words(name))
    return ("%" in name or bool(_PERCENT_WORDS & parts)) and not any(part.startswith("cum") for part in parts)


def is_residual_df(name: str) -> bool:
    """Tell whether a name stands for residual degrees of freedom."""
    return bool(_RESIDUAL_DF.match("_".join(words(name))))


def is_extreme_name(name: str) -> bool:
    """Tell whether a name stands for a minimum, maximum or range."""
    parts = words(name)
    return bool(parts) and (parts[0] in _EXTREMES or parts[-1] in _EXTREMES) and len(parts) <= 3 and "of" not in parts
