"""What rounding mends: which rulings on the exact values no longer hold where multiples of a base are published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..domain.finding import Rule, Status
from .cells import Cells, Floats, Mask
from .rules import RULES, Question
from .rules.base import Ruling
from .rules.dominance import protection_levels

ROOM = 1e-9
"""Relative room for sums of doubles."""


def is_plain_count(question: Question) -> bool:
    """Tell whether the values are unweighted counts, so that to round a value rounds the number behind it."""
    return question.statistic == "count" and (question.spec is None or question.spec.weight is None)


def rounded(ruling: Ruling, cells: Cells, question: Question, base: int) -> Iterator[Ruling]:
    """Give what a ruling on the evidence becomes where the values are rounded ones.

    Whether a rounded count stands for too few units cannot be told of 0 nor of a count that is large enough: the rounded table is itself a possible
    one, for it adds up. A sum of which one unit contributes most is safe where its rounded value leaves as much room as the protection level of
    the rule asks for. Rounding hides no number of units, which leaves with the table, but where the value is that number.

    Parameters
    ----------
    ruling
        On ``cells``, whose ``value`` is rounded; everything else is exact.
    cells, question
        The table.
    base
        Values are multiples of it.
    """
    if ruling.status is not Status.UNSAFE:
        yield ruling
    elif ruling.rule is Rule.MIN_FREQUENCY and is_plain_count(question):
        # only where the count is that of the units does rounding it hide them
        hides = cells.rows - cells.missing == cells.n
        told = (cells.value > 0) & (cells.value < question.profile.min_frequency)
        yield replace(ruling, cells=ruling.cells & ~hides)
        yield replace(ruling, cells=ruling.cells & hides & told, rule=Rule.ROUNDING, code="rounded_too_finely")
    elif ruling.rule is Rule.DOMINANCE and question.statistic == "sum":
        below, above = levels(cells, question)
        with np.errstate(invalid="ignore"):
            room = ROOM * np.maximum(np.abs(cells.total), base)
            hides = (cells.value - base / 2 <= cells.total - below + room) & (cells.value + base / 2 >= cells.total + above - room)
        yield replace(ruling, cells=ruling.cells & ~hides)
    else:
        yield ruling


def levels(cells: Cells, question: Question) -> tuple[Floats, Floats]:
    """Give how far below and above the true sum it must remain possible, shape (m,) each.

    Where no sum is negative everybody knows that none is, so that nothing below 0 is asked.
    """
    level = protection_levels(cells, question.profile)
    bounded = not bool((cells.total < 0).any())
    below: Floats = np.minimum(level, np.maximum(np.nan_to_num(cells.total), 0.0)) if bounded else level
    return below, level


def mendable(cells: Cells, question: Question) -> Mask:
    """Tell which unsafe cells of a table of sums rounding can mend: those that are unsafe by dominance alone."""
    mends = np.zeros(len(cells), dtype=bool)
    other = mends.copy()
    for rule in RULES:
        for ruling in rule(cells, question):
            if ruling.status is Status.UNSAFE:
                dominated = ruling.rule is Rule.DOMINANCE and question.statistic == "sum"
                (mends if dominated else other)[ruling.cells] = True
    return mends & ~other
