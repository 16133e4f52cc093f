"""Minima, maxima and what may be published in their place; the outer bins of a histogram."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import Question, Ruling


def extreme_values(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail every minimum and maximum: it is the value of one unit (domain.md, section 2a: max and min are not released)."""
    if question.statistic in ("min", "max"):
        yield Ruling(~cells.empty, Status.UNSAFE, Rule.MIN_MAX, "extreme_value")


def means_of_extremes(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail means of the lowest or highest of fewer than ``min_frequency`` units, or of more than half of all.

    From twice as many units the lowest and the highest have none in common, and a unit that is in neither is hidden among others.
    Source: design disclosure.md, Output types (minimum, maximum, range: the mean of at least 10 extreme units without overlap).
    """
    if question.statistic not in ("mean_lowest", "mean_highest"):
        return
    with np.errstate(invalid="ignore"):
        few = ~(cells.used >= question.profile.min_frequency)
        overlap = ~(cells.n >= 2 * cells.used)
    yield Ruling(~cells.empty & few, Status.UNSAFE, Rule.MIN_MAX, "few_extremes")
    yield Ruling(~cells.empty & overlap, Status.UNSAFE, Rule.MIN_MAX, "extremes_overlap")


def outer_edges(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review of an outer bin whose edge is the value of fewer than ``min_frequency`` rows: the edge is then a minimum or maximum.

    Source: design disclosure.md, Output types (first and last bin).
    """
    if question.spec is not None and question.spec.bins is not None:
        with np.errstate(invalid="ignore"):
            told = cells.ties < question.profile.min_frequency
        yield Ruling(~cells.empty & told, Status.REVIEW, Rule.MIN_MAX, "edge_is_extreme")
