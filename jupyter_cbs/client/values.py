"""Query parameters as plain JSON values."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from ..domain.errors import Invalid
from ..domain.text import Text


def plain(value: Any) -> Any:
    """Make a parameter plain JSON: numbers, texts, truth values, null and lists of them.

    Dates and times become ISO texts, decimals texts; figures of numpy and pandas become Python's.

    Raises
    ------
    Invalid
        For anything else, and for figures that are not finite.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
    elif isinstance(value, (date, datetime, time)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    elif isinstance(value, Decimal):
        return str(value)
    elif isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    elif hasattr(value, "tolist"):  # numpy scalars and arrays, pandas series
        return plain(value.tolist())
    raise Invalid(
        "bad_parameter",
        Text(
            en=f"A parameter of type {type(value).__name__} cannot be sent with a query.",
            nl=f"Een parameter van het type {type(value).__name__} kan niet met een query mee.",
        ),
        Text(
            en="Use numbers, texts, dates, truth values, None or lists of them.",
            nl="Gebruik getallen, teksten, datums, waarheidswaarden, None of lijsten daarvan.",
        ),
    )
