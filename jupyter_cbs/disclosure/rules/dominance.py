"""Dominance: the largest contributors stay below their share of the total, and the others hide them from each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ...domain.rules import RuleProfile
from ..cells import Cells, Floats, Mask
from .base import ROUNDING, Question, Ruling


def _below(sizes: Floats, limit: Floats, question: Question) -> Mask:
    with np.errstate(invalid="ignore"):
        if question.profile.dominance_comparator == ">=":
            below: Mask = sizes < limit * (1 - ROUNDING)
        else:
            below = sizes <= limit * (1 + ROUNDING)
    return below


def largest_contributor(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail sums and means of which the ``dominance_units`` largest units contribute ``dominance_max_share`` or more: the (n, k) rule.

    Contributions are |unit totals| against the sum of absolute values, so a negative value cannot hide a dominant unit; a cell
    with negative values is for review, other cells are not touched by it. Where only an upper bound of the contributions is known a cell whose
    bound is already low enough is proved safe; otherwise it is for review. Ratios must pass for the numerator and for the denominator.
    Source: design disclosure.md, Primary rules and Care points.
    """
    if not question.is_magnitude:
        return
    profile = question.profile
    contributed = ~cells.empty & ~(cells.abs_total == 0)
    largest, known = _largest(cells, profile.dominance_units)
    below = _below(largest, profile.dominance_max_share * cells.abs_total, question)
    known = known & ~np.isnan(cells.abs_total)
    yield Ruling(contributed & ~below & known, Status.UNSAFE, Rule.DOMINANCE, "largest_contributor")
    yield Ruling(contributed & ~below & ~known, Status.REVIEW, Rule.DOMINANCE, "largest_contributor_not_established")
    if question.statistic == "ratio":
        below = _below(cells.second_top1, profile.dominance_max_share * cells.second_abs, question) | (cells.second_abs == 0)
        known = cells.top_exact & ~np.isnan(cells.second_top1) & ~np.isnan(cells.second_abs)
        yield Ruling(contributed & ~below & known, Status.UNSAFE, Rule.DOMINANCE, "largest_contributor")
        yield Ruling(contributed & ~below & ~known, Status.REVIEW, Rule.DOMINANCE, "largest_contributor_not_established")
    yield Ruling(contributed & (cells.negatives > 0), Status.REVIEW, Rule.DOMINANCE, "negative_contributions")


def _largest(cells: Cells, units: int) -> tuple[Floats, Mask]:
    """Give the sum of the largest contributions, or an upper bound, and where it is exact."""
    if units == 1:
        return cells.top1, cells.top_exact & ~np.isnan(cells.top1)
    known = cells.topn if units > 2 else cells.top1 + cells.top2
    known = np.where(np.isnan(known) & _alone(cells), cells.top1, known)
    exact = cells.top_exact & ~np.isnan(known)
    return np.where(exact, known, units * cells.top1), exact


def _alone(cells: Cells) -> Mask:
    """Tell where one unit contributes, so that there is no second."""
    alone: Mask = cells.n_exact & (cells.n <= 1)
    return alone


def remaining_contributors(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail sums and means whose second contributor could estimate the largest too well: the p % and the (p, q) rule.

    Unsafe if X - x1 - x2 < p/100 · x1, or p/q · x1; equal passes. Neither is asked by CBS, so the policy has none by default. Source: design
    disclosure.md, Primary rules.
    """
    shares = question.profile.remainder_shares
    if not question.is_magnitude or not shares:
        return
    contributed = ~cells.empty & ~(cells.abs_total == 0)
    second, known = second_largest(cells)
    with np.errstate(invalid="ignore"):
        rest = cells.abs_total - cells.top1 - second
        enough = rest >= max(shares) * cells.top1 - ROUNDING * cells.abs_total
    yield Ruling(contributed & ~enough & known, Status.UNSAFE, Rule.DOMINANCE, "remainder_too_small")
    yield Ruling(contributed & ~enough & ~known, Status.REVIEW, Rule.DOMINANCE, "largest_contributor_not_established")


def second_largest(cells: Cells) -> tuple[Floats, Mask]:
    """Give the second largest contribution, or an upper bound, and where it is exact."""
    alone = _alone(cells)
    second = np.where(np.isnan(cells.top2), np.where(alone, 0.0, cells.top1), cells.top2)
    return second, cells.top_exact & (~np.isnan(cells.top2) | alone)


def protection_levels(cells: Cells, profile: RuleProfile) -> Floats:
    """Give how far from its value a hidden sum must remain possible, shape (m,), in the unit of the values; 0 where it need not.

    The largest of what the rules of a profile ask for: 100/k · (x1 + … + xn) - X of the (n, k) rule, p/100 · x1 - (X - x1 - x2) of the p % rule,
    p/q · x1 - (X - x1 - x2) of the (p, q) rule. Source: ESSnet Handbook on SDC, section 4.2.2, table of upper protection levels; design
    disclosure.md, Primary rules.
    """
    largest, _ = _largest(cells, profile.dominance_units)
    level = largest / profile.dominance_max_share - cells.abs_total
    if profile.remainder_shares:
        second, _ = second_largest(cells)
        level = np.fmax(level, max(profile.remainder_shares) * cells.top1 - (cells.abs_total - cells.top1 - second))
    # what is left of a level that is nothing but rounding is none
    level = np.where(level > ROUNDING * cells.abs_total, level, 0.0)
    return level


def advisory_extremes(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review of sums and means of which one unit is more than ``extreme_max_share``; exactly that passes.

    Source: domain.md, section 2b (income and wealth: |min| and |max| each at most 30 % of |sum|).
    """
    share = question.profile.extreme_max_share
    if share is None or question.statistic not in ("sum", "mean"):
        return
    with np.errstate(invalid="ignore"):
        passes = cells.top1 <= share * np.abs(cells.total) * (1 + ROUNDING)
    yield Ruling(~cells.empty & (cells.abs_total > 0) & ~passes, Status.REVIEW, Rule.DOMINANCE, "advisory_extreme")


def all_zero(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review where the total is 0 although units contribute: it says of each of them that it has nothing."""
    if not question.is_frequency and question.profile.zero_rule:
        yield Ruling(~cells.empty & (cells.abs_total == 0), Status.REVIEW, Rule.ZERO, "all_zero")
