"""Periods of time in labels and conditions: years, quarters, months and days, as days from the first up to the last."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from .bands import Band

TIME: Final = "\ttime"
"""Axis on which columns of years, quarters and months are compared with each other."""
TIME_COLUMNS: Final = frozenset({"JAAR", "YEAR", "KWARTAAL", "QUARTER", "MAAND", "MONTH", "PERIODE", "PERIOD", "TIJD", "TIME", "VERSLAGJAAR"})
"""Columns that say when, in whatever source: their periods lie in each other."""

_YEAR = re.compile(r"(19|20)\d\d", re.ASCII)
_QUARTER = re.compile(r"((?:19|20)\d\d)[- ]?(?:Q|K|KW|kwartaal |e kwartaal )0?([1-4])", re.ASCII | re.IGNORECASE)
_MONTH = re.compile(r"((?:19|20)\d\d)(?:[-/. ]?M?)(0[1-9]|1[0-2])", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])", re.ASCII)


def _from(year: int, month: int, months: int) -> Band:
    after = year * 12 + month - 1 + months
    return float(date(year, month, 1).toordinal()), float(date(after // 12, after % 12 + 1, 1).toordinal())


def period(text: str, *, years: bool = True) -> Band | None:
    """Give the days of a period, counted as :meth:`datetime.date.toordinal` does, the last one not included; None where it is none.

    Parameters
    ----------
    text
        ``2023``, ``2023Q1``, ``2023K1``, ``2023-01``, ``202301``, ``2023M01``, ``2023-01-31`` or ``20230131``.
    years
        Whether four digits are a year.
    """
    text = text.strip()
    if _YEAR.fullmatch(text):
        return _from(int(text), 1, 12) if years else None
    if found := _QUARTER.fullmatch(text):
        return _from(int(found[1]), 3 * int(found[2]) - 2, 3)
    if found := _MONTH.fullmatch(text):
        return _from(int(found[1]), int(found[2]), 1)
    if found := _DAY.fullmatch(text):
        try:
            day = float(date(int(found[1]), int(found[2]), int(found[3])).toordinal())
        except ValueError:
            return None
        return day, day + 1
    return None
