"""Spread and association: degrees of freedom, values without variation, and the most frequent value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import ROUNDING, Question, Ruling


def degrees_of_freedom(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail standard deviations, variances and correlations with n - 1 below ``min_dof``; exactly that passes.

    Source: design disclosure.md, Output types (sd, variance, skewness, correlation: n - 1 >= 10).
    """
    if question.statistic in ("sd", "variance", "correlation"):
        few = ~cells.empty & (cells.n - 1 < question.profile.min_dof)
        yield Ruling(few, Status.UNSAFE, Rule.DEGREES_OF_FREEDOM, "few_degrees_of_freedom")


def no_variation(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review where the spread is 0 or the correlation 1: then all units have the same value, or one value tells the other."""
    with np.errstate(invalid="ignore"):
        if question.statistic in ("sd", "variance"):
            yield Ruling(~cells.empty & (cells.value == 0), Status.REVIEW, Rule.GROUP_DISCLOSURE, "no_variation")
        elif question.statistic == "correlation":
            yield Ruling(~cells.empty & (np.abs(cells.value) >= 1 - ROUNDING), Status.REVIEW, Rule.GROUP_DISCLOSURE, "no_variation")


def most_frequent_value(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail modes that more than ``mode_max_share`` of the rows have, or fewer than ``min_frequency``.

    Exactly the share passes. Source: design disclosure.md, Output types (mode: share of the mode <= 90 %); a mode that few have is the value of
    those few.
    """
    if question.statistic != "mode":
        return
    valid = cells.rows - cells.missing
    with np.errstate(invalid="ignore"):
        most = ~(cells.ties <= question.profile.mode_max_share * valid * (1 + ROUNDING))
        few = ~(cells.ties >= question.profile.min_frequency)
    yield Ruling(~cells.empty & most, Status.UNSAFE, Rule.GROUP_DISCLOSURE, "mode_share")
    yield Ruling(~cells.empty & few, Status.UNSAFE, Rule.MIN_FREQUENCY, "few_with_mode")
