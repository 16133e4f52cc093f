"""Dominance: the largest contributor stays below its share of the total."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import ROUNDING, Question, Ruling


def largest_contributor(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail sums and means of which one unit contributes ``dominance_max_share`` or more.

    Contributions are |unit totals| against the sum of absolute values, so a negative value cannot hide a dominant unit; a cell
    with negative values is for review, other cells are not touched by it. Where ``top1`` is an upper bound a cell whose bound is
    already low enough is proved safe; otherwise it is for review. Source: design disclosure.md, Primary rules and Care points.
    """
    if not question.is_magnitude:
        return
    profile = question.profile
    limit = profile.dominance_max_share * cells.abs_total
    contributed = ~cells.empty & ~(cells.abs_total == 0)
    with np.errstate(invalid="ignore"):
        if profile.dominance_comparator == ">=":
            below = cells.top1 < limit * (1 - ROUNDING)
        else:
            below = cells.top1 <= limit * (1 + ROUNDING)
    known = cells.top_exact & ~np.isnan(cells.top1) & ~np.isnan(cells.abs_total)
    yield Ruling(contributed & ~below & known, Status.UNSAFE, Rule.DOMINANCE, "largest_contributor")
    yield Ruling(contributed & ~below & ~known, Status.REVIEW, Rule.DOMINANCE, "largest_contributor_not_established")
    yield Ruling(contributed & (cells.negatives > 0), Status.REVIEW, Rule.DOMINANCE, "negative_contributions")


def all_zero(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review where the total is 0 although units contribute: it says of each of them that it has nothing."""
    if not question.is_frequency:
        yield Ruling(~cells.empty & (cells.abs_total == 0), Status.REVIEW, Rule.ZERO, "all_zero")
