"""Medians: enough units on each side, since a median is the value of one or two units."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import Question, Ruling


def units_on_each_side(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail medians with fewer than ``min_frequency`` units on either side, that is with fewer than twice as many units.

    With n = 20 ten units lie on each side, with n = 21 ten on each side of the middle one, with n = 19 only nine.
    Source: design disclosure.md, Output types (median, quartiles, percentiles).
    """
    if question.statistic == "median":
        few = ~cells.empty & (cells.n < 2 * question.profile.min_frequency)
        yield Ruling(few, Status.UNSAFE, Rule.PERCENTILE, "few_on_each_side")
