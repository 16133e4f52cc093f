"""Versions of one data set: ``GBAPERSOON2023TABV1`` and ``GBAPERSOON2023TABV2`` hold the same people, but for a few."""

from __future__ import annotations

import re
from collections.abc import Iterable

_VERSION = re.compile(r"(?:[-_ .]?V(?:ERSIE|ERSION)?[-_ .]?\d+(?:\.\d+)*|[-_ .]?(?:(?:NADER[-_ ]?)?VOORLOPIG|DEFINITIEF|PRELIMINARY|DEFINITIVE))+$")


def stem(source: str) -> str:
    """Give the name of a data set without its version, in capitals; the year stays.

    The name's grammar is that of the catalogue: ``<NAME><JJJJ><TAB|BUS>V<n>``, also ``V<JJJJMM><n>``, with an ending or not.
    """
    name = re.sub(r"\.(?:sav|csv|parquet|dta|asc|txt)$", "", source.strip(), flags=re.IGNORECASE).upper()
    return _VERSION.sub("", name) or name


def stems(sources: Iterable[str]) -> frozenset[str]:
    """Give the names of some data sets without their versions."""
    return frozenset(map(stem, sources))
