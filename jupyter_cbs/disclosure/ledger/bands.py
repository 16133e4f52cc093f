"""Categories that are bands of numbers: their edges, from their labels."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from ...domain.evidence import Category

Band = tuple[float, float]
"""From the first edge up to, not including, the second."""

_NUMBER = r"(-?\d+(?:[.,]\d+)?)"
_TWO = re.compile(rf"[\[(]?\s*{_NUMBER}\s*(?:-|–|—|,|;|tot en met|t/m|tot|to|until)\s*<?\s*{_NUMBER}\s*([\])]?)\s*\D*", re.IGNORECASE)
_FROM = re.compile(rf"(?:>=|≥|vanaf|from)\s*{_NUMBER}\s*\D*|{_NUMBER}\s*(?:\+|en ouder|en meer|and over|or more|and older)\s*\D*", re.IGNORECASE)
_BELOW = re.compile(rf"(?:<|tot|onder|jonger dan|minder dan|under|below|less than)\s*{_NUMBER}\s*\D*", re.IGNORECASE)
_ONE = re.compile(rf"{_NUMBER}")


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _read(text: str) -> tuple[float, float, bool | None] | None:
    """Give both numbers of a label and whether the second belongs to the band, None where the label does not say."""
    text = text.strip()
    if found := _ONE.fullmatch(text):
        return _number(found[1]), _number(found[1]), True
    if found := _TWO.fullmatch(text):
        low, high = _number(found[1]), _number(found[2])
        closed = {"]": True, ")": False}.get(found[3])
        return (low, high, closed) if low <= high else None
    if found := _FROM.fullmatch(text):
        return _number(found[1] or found[2]), math.inf, False
    if found := _BELOW.fullmatch(text):
        return -math.inf, _number(found[1]), False
    return None


def bands(categories: Sequence[Category]) -> dict[str, Band]:
    """Give the band of each category that is one, by code; nothing where they do not follow each other as bands do.

    ``0-9, 10-19`` are whole numbers with both ends; ``0-10, 10-20`` leave the upper end out.
    """
    read = {}
    for category in categories:
        if category.code is not None and (found := _read(category.code) or _read(category.label)):
            read[category.code] = found
    if len(read) < 2:
        return {}
    starts = {low for low, _, _ in read.values()}
    unsaid = [high for low, high, closed in read.values() if closed is None]
    closed_unsaid = not any(high in starts for high in unsaid)
    result: dict[str, Band] = {}
    for code, (low, high, closed) in read.items():
        includes = closed_unsaid if closed is None else closed
        if includes and high != math.floor(high):
            return {}  # bands of fractions with both ends have no edges in common
        result[code] = (low, high + 1 if includes else high)
    ordered = sorted(result.values())
    return result if all(first[1] <= second[0] for first, second in pairwise(ordered)) else {}
