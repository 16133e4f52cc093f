"""Bins of a histogram: edges, the SQL that assigns values to them, and their labels.

Every bin has its left edge and not its right one, but the last, which has both. Edges that are not given lie at round numbers
around the data, so that they do not tell the minimum and the maximum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from .asking import bad_bins


def edges_of(wanted: Sequence[float]) -> tuple[float, ...]:
    """Take edges that were given.

    Raises
    ------
    Invalid
        ``bins`` where they are not finite and ascending, fewer than two or more than 1,001.
    """
    edges = tuple(float(edge) for edge in wanted)
    ascending = all(a < b for a, b in pairwise(edges))
    if not 2 <= len(edges) <= 1001 or not ascending or not all(math.isfinite(edge) for edge in edges):
        raise bad_bins()
    return edges


def round_edges(low: float, high: float, bins: int) -> tuple[float, ...]:
    """Give edges at multiples of 1, 2 or 5 times a power of ten that hold all values, in about ``bins`` bins."""
    size = max(abs(low), abs(high))
    if high - low <= max(1e-9 * size, 1e-290):
        low, high = low - max(0.5, 1e-3 * size), high + max(0.5, 1e-3 * size)
    raw = (high - low) / bins
    power = math.floor(math.log10(raw))
    step = next(s for s in (Decimal(factor).scaleb(power) for factor in (1, 2, 5, 10)) if float(s) >= raw * (1 - 1e-9))
    first, last = math.floor(Decimal(low) / step), math.ceil(Decimal(high) / step)
    return tuple(float(i * step) for i in range(first, max(last, first + 1) + 1))


def labels(edges: Sequence[float]) -> tuple[str, ...]:
    """Name the bins in mathematical notation: ``[0, 10)``, the last ``[90, 100]``."""
    pairs = list(pairwise(edges))
    return tuple(f"[{a:.12g}, {b:.12g}{']' if i == len(pairs) - 1 else ')'}" for i, (a, b) in enumerate(pairs))


def assigned(value: str, edges: Sequence[float]) -> str:
    """Give the SQL of the bin of a value that lies within the edges."""
    names = labels(edges)
    cases = " ".join(f"WHEN ({value}) < {edge!r} THEN '{name}'" for edge, name in zip(edges[1:-1], names, strict=False))
    return f"CASE {cases} ELSE '{names[-1]}' END" if cases else f"'{names[-1]}'"


def within(value: str, edges: Sequence[float]) -> str:
    """Give the condition that a value lies within the edges."""
    return f"(({value}) >= {edges[0]!r} AND ({value}) <= {edges[-1]!r})"
