"""Which language the reader of the current request wants."""

from __future__ import annotations

from contextvars import ContextVar

from ..domain.text import Language

_current: ContextVar[Language] = ContextVar("cbs_language", default="en")


def preferred(header: str | None) -> Language:
    """Choose from an ``Accept-Language`` header: Dutch when its first choice is Dutch, else English."""
    first = (header or "").split(",", 1)[0].strip().lower()
    return "nl" if first.startswith("nl") else "en"


def use(language: Language) -> None:
    """Set the language of the request that is being handled; other requests do not see it."""
    _current.set(language)


def current() -> Language:
    """Give the language of the request that is being handled."""
    return _current.get()
