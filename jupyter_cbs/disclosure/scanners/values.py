"""What a cell of a finished table holds: a number as a person wrote it, a suppression, a total, or a label."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

SUPPRESSED = frozenset({"×", "x", "*", "**", ".", "..", "...", "-", "--", "–", "—", "na", "n/a", "nan", "nb", "geheim", "suppressed", "c", "s", "_"})
"""What people write where a value is withheld, in lower case."""

_GROUPED = re.compile(r"^[+-]?[1-9]\d{0,2}(?:([.,'\u00a0\u202f ])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?$")
_PLAIN = re.compile(r"^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?$")
_BELOW = re.compile(r"^[<≤>≥]\s*\d+$")
_SHOWN_MARK = re.compile(r"^[+-]?\d*([.,])(?:\d{1,2}|\d{4,})$|^[+-]?0?([.,])\d+$")
_DECORATION = re.compile(r"^[€$£]\s*|\s*(?:%|€|\*+|[¹²³])$")


def _undecorated(text: str) -> str:
    return _DECORATION.sub("", text.strip()).strip()


def _plain(text: str) -> float | None:
    if not _PLAIN.match(text):
        return None
    value = float(text.replace(",", "."))
    return value if abs(value) < 1e300 else None


_POINTS = {"\u066b": ".", "\u066c": ",", "\uff0e": ".", "\uff0c": ",", "\u2212": "-", "\uff0d": "-"}
_CIRCLED = re.compile(r"^[\u00b2\u00b3\u00b9\u2070-\u2089\u2460-\u249b\u24ea-\u24f4\u2776-\u2793]+$")


def pieces(line: str) -> tuple[str, ...]:
    """Give a line in parts that patterns can be looked for in; each begins with the end of the one before, so that no key is cut in two."""
    if len(line) <= _PIECE:
        return (line,)
    return tuple(line[max(0, at - _SEAM) : at + _PIECE] for at in range(0, len(line), _PIECE))


_PIECE = 20_000
_SEAM = 60


def plain(text: str) -> str:
    """Give a text with the digits of any script as 0 to 9, and without characters that take no place (zero width, direction).

    Digits above, below or in a circle are digits where there is nothing else; behind a number they are notes.
    """
    if text.isascii():
        return text
    if _CIRCLED.match(text.strip()):
        return unicodedata.normalize("NFKC", text).strip("().")
    out = []
    for character in text:
        kind = "Ll" if character.isascii() else unicodedata.category(character)
        if kind == "Nd":
            out.append(str(unicodedata.decimal(character)))
        elif kind != "Cf":
            out.append(_POINTS.get(character, character))
    return "".join(out)


@lru_cache(maxsize=32_768)
def number(text: str, decimal: str = "") -> float | None:
    """Read a number in Dutch or English notation, with or without grouping, sign of per cent or currency, and asterisks.

    Parameters
    ----------
    text
        What is printed.
    decimal
        The decimal mark, where the company a number is in tells it (:func:`decimal_mark`). Otherwise ``1.234`` and ``1,234`` are
        thousands: for counts that is what they are.
    """
    if not text or len(text) > 40:
        return None
    if text.isdigit() and text.isascii():
        return float(text)
    if not any(c.isdigit() for c in text):
        return None
    bare = _undecorated(plain(text))
    if not bare or not (bare[-1].isdigit() or bare[-1] in ".,") or (not bare.isascii() and "\u00a0" not in bare and "\u202f" not in bare):
        return None
    grouped = _GROUPED.match(bare)
    if grouped and grouped[1] != decimal:
        return float(bare.replace(grouped[1], "").replace(",", "."))
    return _plain(bare)


def decimal_mark(texts: Iterable[str]) -> str:
    """Give the decimal mark some numbers share, where one of them shows it: ``9.5`` makes ``10.123`` a fraction."""
    marks = {match[1] or match[2] for text in set(texts) if len(text) <= 40 and (match := _SHOWN_MARK.match(_undecorated(text)))}
    return marks.pop() if len(marks) == 1 else ""


def readings(text: str) -> list[tuple[float, int]]:
    """Give every number a text can stand for, each with the decimals that are printed."""
    found = []
    for decimal in ("", ".", ","):
        value = number(text, decimal)
        bare = _undecorated(plain(text))
        if value is not None:
            grouped = _GROUPED.match(bare)
            mark = re.search(r"[.,](\d+)$", bare)
            whole = grouped is not None and grouped[1] != decimal and bare.count(grouped[1]) == len(re.findall(r"[.,' \u00a0\u202f]", bare))
            found.append((value, 0 if mark is None or whole else len(mark[1])))
    return list(dict.fromkeys(found))


def is_suppressed(text: str) -> bool:
    """Tell whether a cell is withheld, e.g. ``×``, ``*`` or ``<10``."""
    # nothing that is written for a withheld value starts with a digit; nearly all cells do
    if text[:1].isdigit():
        return False
    text = text.strip().lower()
    return text in SUPPRESSED or bool(_BELOW.match(text))


def words(name: str) -> tuple[str, ...]:
    """Give the words of a name in lower case: ``Aantal_personen (N)`` → aantal, personen, n."""
    return tuple(re.findall(r"[^\W_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))


_TOTAL_WORDS = frozenset(
    {"total", "totaal", "tot", "totals", "totalen", "all", "alle", "allen", "som", "sum", "overall", "subtotal", "subtotaal", "eindtotaal", "margin"}
)


@lru_cache(maxsize=65_536)
def is_total(label: str) -> bool:
    """Tell whether a label names a total."""
    parts = words(label[:60])
    return bool(parts) and (parts[0] in _TOTAL_WORDS or parts[:2] == ("grand", "total"))


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
        "procent", "aandeel", "share", "rate", "ratio", "kosten", "costs", "inkomen", "income", "euro", "eur", "bedrag", "sum", "som", "min",
        "max", "kinderen",
        "children", "index", "log", "coef", "estimate", "per", "var", "uren", "hours", "dagen", "days", "jaren", "years",
    }
)  # fmt: skip
_TESTS = frozenset({"chi2", "r2", "ci", "rank", "rang", "lower", "upper", "score", "prijs", "price", "leeftijd", "age", "duur", "duration", "rente"})
_PERCENTILE = re.compile(r"^(?:p|q|d)\d{1,2}$")
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
def is_statistic_name(name: str) -> bool:
    """Tell whether a name says that numbers under it are anything but counts: means, shares, amounts, percentiles, tests."""
    parts = words(name)
    return "%" in name or bool((_NOT_A_COUNT | _TESTS) & set(parts)) or any(_PERCENTILE.match(part) for part in parts)


@lru_cache(maxsize=4096)
def mentions_counts(text: str) -> bool | None:
    """Tell whether a title, corner or file name says that a whole table holds counts; None when it says nothing of it."""
    # a number per group is a count, a number per thousand or per person is not
    parts = set(words(re.split(r"\bper\s+(?!\d|capita\b|persoon\b|person\b|inwoner\b|honderd|duizend|hundred|thousand)", text.lower())[0]))
    if "%" in text or _NOT_A_COUNT & parts:
        return False
    return True if (_COUNT_WORDS | {"crosstab", "kruistabel"}) & parts else None


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
