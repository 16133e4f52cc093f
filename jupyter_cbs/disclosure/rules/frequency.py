"""Minimum frequency: a cell stands on at least so many distinct units with a valid value."""

from __future__ import annotations

from collections.abc import Iterator

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
    if advisory is not None:
        yield Ruling(~cells.empty & (cells.n < advisory), Status.REVIEW, Rule.MIN_FREQUENCY, "advisory_few_units")
