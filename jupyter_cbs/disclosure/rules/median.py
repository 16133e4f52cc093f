"""Percentiles: enough units on each side, since a percentile is the value of one or two units."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import Question, Ruling


def units_on_each_side(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail medians and percentiles with fewer than ``each_side`` units on either side; that number passes.

    Of a median: with n = 20 ten units lie on each side, with n = 21 ten on each side of the middle one, with n = 19 only nine.
    Ties are ranked, so that units that share the value count on their side. Source: design disclosure.md, Output types (median,
    quartiles, percentiles). Where the frame does not tell the sides a median needs twice as many units, and a percentile fails.
    """
    if question.statistic not in ("median", "percentile"):
        return
    least = question.profile.each_side
    counted = ~np.isnan(cells.below) & ~np.isnan(cells.above)
    with np.errstate(invalid="ignore"):
        few = np.minimum(cells.below, cells.above) < least
    otherwise = cells.n < 2 * least if question.statistic == "median" else np.ones(len(cells), dtype=bool)
    yield Ruling(~cells.empty & np.where(counted, few, otherwise), Status.UNSAFE, Rule.PERCENTILE, "few_on_each_side")
