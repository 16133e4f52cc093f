"""Institutions: the second level of units, beside the persons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import ROUNDING, Question, Ruling


def contributing_institutions(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail cells to which fewer than ``min_institutions`` institutions contribute; that number passes.

    CBS publishes no figure, so nothing is judged unless the policy sets one (design disclosure.md, Primary rules). Where it does and
    nobody counted them, a person has to look.
    """
    least = question.profile.min_institutions
    if least is not None:
        with np.errstate(invalid="ignore"):
            few = ~cells.empty & (cells.institutions < least)
        yield Ruling(few, Status.UNSAFE, Rule.INSTITUTION, "few_institutions")
        yield Ruling(~cells.empty & np.isnan(cells.institutions), Status.REVIEW, Rule.INSTITUTION, "institutions_not_counted")


def largest_institution(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail cells of which one institution makes up ``institution_max_share`` or more, with the comparator of the dominance rule.

    Of counts it is the institution's share of the rows, of survival curves its share of the units at risk, of everything else its share of
    the sum of absolute values.
    """
    profile = question.profile
    if profile.institution_max_share is None:
        return
    limit = profile.institution_max_share * cells.abs_total
    with np.errstate(invalid="ignore"):
        contributed = ~cells.empty & (cells.abs_total > 0)
        strict = profile.dominance_comparator == ">="
        above = cells.institution_top1 >= limit * (1 - ROUNDING) if strict else cells.institution_top1 > limit * (1 + ROUNDING)
    yield Ruling(contributed & above, Status.UNSAFE, Rule.INSTITUTION, "largest_institution")
