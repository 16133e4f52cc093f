"""The one way state becomes bytes that are hashed: JSON with sorted keys, no spaces, ASCII only."""

from __future__ import annotations

import json
from typing import Any


def canonical(value: Any) -> str:
    """Write a JSON value canonically.

    Raises
    ------
    TypeError
        A value that is no JSON, or a mapping key that is not text.
    ValueError
        NaN or an infinity.
    """
    _only_text_keys(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _only_text_keys(value: Any) -> None:
    # json would silently turn 1 and "1" into the same key
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not text")
            _only_text_keys(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _only_text_keys(inner)


def storable(text: str) -> str:
    """Make text any database takes: what is not UTF-8 (from file names) and NUL are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
