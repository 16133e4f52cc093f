"""Words and figures in the reader's language; Dutch and English are equals (design: ui, principle 12)."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from datetime import date, datetime

from ..domain.text import Language

_MONTHS_NL = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS_NL = ("ma", "di", "wo", "do", "vr", "za", "zo")
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def choose_language(wish: str | None = None, environ: Mapping[str, str] | None = None) -> Language:
    """Give the language of texts: what is asked for, else ``CBS_LANG``, else the locale of the process.

    Parameters
    ----------
    wish : str, optional
        ``"nl"`` or ``"en"``; anything that starts so is taken.
    environ : mapping, optional
        Environment; the process's own by default.
    """
    env = os.environ if environ is None else environ
    for value in (wish, *(env.get(name) for name in ("CBS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"))):
        if value:
            return "nl" if value.lower().startswith("nl") else "en"
    return "en"


def pick(lang: str, en: str, nl: str) -> str:
    """Give one of two wordings."""
    return nl if lang.startswith("nl") else en


def number(value: float | int | None, lang: str, decimals: int | None = None) -> str:
    """Write a figure with the separators of ``lang``; nothing for an unknown one.

    Without ``decimals`` whole numbers have none, figures from 100 up none, from 1 up one and smaller ones three.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if decimals is None:
        size = abs(value)
        decimals = 0 if isinstance(value, int) or size >= 100 else 1 if size >= 1 else 3 if size > 0 else 0
    text = f"{value:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,")) if lang.startswith("nl") else text


def size(value: int | None, lang: str, unit_bytes: int = 10**9) -> str:
    """Write a number of bytes as the side panel does (labextension/src/locale.ts): one file has one size wherever it is shown.

    Parameters
    ----------
    value : int or None
        Bytes; None is not measured.
    lang : str
        Language of the reader.
    unit_bytes : int
        Unit of the policy: 10**9 (kB, MB, GB) or 2**30 (KiB, MiB, GiB).
    """
    if value is None:
        return pick(lang, "not measured yet", "nog niet gemeten")
    base, names = (1024, ("bytes", "KiB", "MiB", "GiB")) if unit_bytes == 2**30 else (1000, ("bytes", "kB", "MB", "GB"))
    step = len(names) - 1
    # a tenth of a gigabyte still says most in gigabytes; a tenth of a kilobyte does not
    while step > 0 and value < base**step * (1 if step == 1 else 0.1):
        step -= 1
    figure = value / base**step
    # rounded first: 20.0 has no decimals to write
    decimals = 0 if step == 0 or figure >= 100 else 1 if figure >= 10 else 2
    while decimals and round(figure, decimals) == round(figure, decimals - 1):
        decimals -= 1
    return f"{number(figure, lang, decimals)} {names[step]}"


def age(then: datetime | None, now: datetime, lang: str) -> str:
    """Say how old a measurement is; ``then`` and ``now`` are aware."""
    if then is None:
        return pick(lang, "not measured yet", "nog niet gemeten")
    seconds = max(0.0, (now - then).total_seconds())
    if seconds < 60:
        return pick(lang, "measured just now", "zojuist gemeten")
    unit, en, nl = (60, "min", "min") if seconds < 3600 else (3600, "h", "uur") if seconds < 86_400 else (86_400, "d", "d")
    count = int(seconds // unit)
    return pick(lang, f"measured {count} {en} ago", f"{count} {nl} geleden gemeten")


def day(value: date | str | None, lang: str) -> str:
    """Write a date as people read it, with its weekday: 'Thu 26 Nov 2026'."""
    if value is None:
        return pick(lang, "unknown", "onbekend")
    moment = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    days, months = (_DAYS_NL, _MONTHS_NL) if lang.startswith("nl") else (_DAYS_EN, _MONTHS_EN)
    return f"{days[moment.weekday()]} {moment.day} {months[moment.month - 1]} {moment.year}"


def seconds(value: float, lang: str) -> str:
    """Write a duration given in seconds."""
    if value < 1:
        return f"{number(value * 1000, lang, 0)} ms"
    return f"{number(value, lang, 1)} s" if value < 60 else f"{int(value // 60)} min {int(value % 60)} s"
