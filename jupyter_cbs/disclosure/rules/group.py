"""Group disclosure: who belongs to a group should not, by that alone, be known to be in one category."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells, Floats, Mask
from .base import ROUNDING, Question, Ruling


def _line_sizes(cells: Cells, dimension: int, size: Floats) -> Floats:
    """Give for each cell the size of its line over ``dimension``: of the total or subtotal right above, or of its parts where none is published."""
    above = cells.above_keys(dimension)
    keys, line = np.unique(above, return_inverse=True)
    parts = np.bincount(line.reshape(-1), weights=np.where(cells.is_total(dimension), 0.0, size), minlength=len(keys))
    at = cells.find(above)
    sizes: Floats = np.where(at >= 0, size[at], parts[line.reshape(-1)])
    return sizes


def _directions(cells: Cells) -> Iterator[tuple[int, Mask]]:
    """Give the dimensions with the cells that have a choice in them: where there is one category everything is in it by definition."""
    return ((i, ~cells.empty & (cells.siblings(i) >= 2)) for i, size in enumerate(cells.sizes) if size >= 2)


def share_of_group(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail cells that hold strictly more than ``group_max_share`` of the total of a row, a column or any other line.

    Counts and shares only. Units are compared, and the published (perhaps weighted) counts as well, or those behind percentages. Margins are
    cells too: a row total is compared with the grand total. Source: design disclosure.md, Primary rules (seeds S0 and S1: 90 %).
    """
    if not question.is_frequency:
        return
    measures = [cells.base.astype(np.float64)]
    if question.statistic == "count":
        measures.append(np.nan_to_num(cells.value))
    elif question.statistic == "share":
        measures.append(np.where(np.isnan(cells.total), measures[0], cells.total))
    profile = question.profile
    for dimension, inner in _directions(cells):
        above = np.zeros(len(cells), dtype=bool)
        for size in measures:
            limit = profile.group_max_share * _line_sizes(cells, dimension, size)
            above |= size > limit * (1 + ROUNDING) if profile.group_comparator == ">" else size >= limit * (1 - ROUNDING)
        yield Ruling(inner & above, Status.UNSAFE, Rule.GROUP_DISCLOSURE, "share_of_group", dimension)


def all_but_one(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review where all units of a line but one are in a category: that one learns the category of all others."""
    if not question.is_frequency:
        return
    size = cells.base.astype(np.float64)
    for dimension, inner in _directions(cells):
        rest = _line_sizes(cells, dimension, size) - size
        yield Ruling(inner & (rest == 1), Status.REVIEW, Rule.WITHIN_GROUP, "all_but_one", dimension)


def bare_percentages(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail percentages of 0 and 100 of a base that could lie elsewhere: they say of all its units what they are, or are not.

    Source: design disclosure.md, Care points (0 % and 100 % are group disclosure). What is 100 % by definition, the base itself and the only
    category, passes. Combinations in which nobody is have no cell of their own; what stays empty beside others says 0 % all the same, so their
    base is for review.
    """
    if question.statistic != "share":
        return
    totalled = question.totalled(len(cells.sizes))
    choice = np.zeros(len(cells), dtype=bool)
    for dimension in totalled:
        choice |= cells.siblings(dimension) >= 2
    with np.errstate(invalid="ignore"):
        yield Ruling(~cells.empty & choice & (cells.value >= 100 * (1 - ROUNDING)), Status.UNSAFE, Rule.GROUP_DISCLOSURE, "hundred_percent")
        yield Ruling(~cells.empty & choice & (cells.value == 0), Status.UNSAFE, Rule.GROUP_DISCLOSURE, "zero_percent")
    # of a whole table with several dimensions an empty combination says of no group what it is not
    if len(totalled) < len(cells.sizes) or len(totalled) == 1:
        yield Ruling(_with_empty_categories(cells, totalled), Status.REVIEW, Rule.GROUP_DISCLOSURE, "nobody_in_some")


def _with_empty_categories(cells: Cells, totalled: tuple[int, ...]) -> Mask:
    """Tell of which bases some but not all categories hold anybody, of the categories that occur in the table."""
    leaf = ~cells.empty
    for dimension in totalled:
        leaf &= ~cells.is_total(dimension) & ~cells.is_subtotal(dimension)
    most = math.prod(len(np.unique(cells.codes[leaf, dimension])) for dimension in totalled)
    base = cells.over(totalled)[leaf]
    held = np.bincount(base[base >= 0], minlength=len(cells))
    some: Mask = (held >= 2) & (held < most)
    return some
