"""Minimum frequency: a cell stands on at least so many distinct units with a valid value."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import Question, Ruling


def minimum_frequency(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail cells with fewer than ``min_frequency`` units; that number passes, and an empty cell is not small.

    Source: design disclosure.md, Primary rules (seeds S0 and S1: at least 10 observations). Where ``n`` is only a lower bound
    below the threshold nothing proves the cell, so it fails with a reason of its own.
    """
    small = ~cells.empty & (cells.n < question.profile.min_frequency)
    yield Ruling(small & cells.n_exact, Status.UNSAFE, Rule.MIN_FREQUENCY, "too_few_units")
    yield Ruling(small & ~cells.n_exact, Status.UNSAFE, Rule.MIN_FREQUENCY, "units_not_established")


def advisory_frequency(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review below ``advisory_min_frequency``, where the profile sets one (domain.md, section 2b: income and wealth)."""
    advisory = question.profile.advisory_min_frequency
    if advisory is None:
        return
    size = cells.n
    if question.statistic == "share":
        # a percentage stands on the units of its base
        base = cells.over(question.totalled(len(cells.sizes)))
        size = np.where(base >= 0, cells.n[base], cells.n)
    yield Ruling(~cells.empty & (size < advisory), Status.REVIEW, Rule.MIN_FREQUENCY, "advisory_few_units")


def rounded_counts(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review of counts that are no multiple of ``advisory_rounding`` (domain.md, section 2b: income and wealth, hundreds)."""
    base = question.profile.advisory_rounding
    if base is not None and question.statistic == "count":
        with np.errstate(invalid="ignore"):
            yield Ruling(~cells.empty & (np.mod(cells.value, base) != 0), Status.REVIEW, Rule.ROUNDING, "not_rounded")
