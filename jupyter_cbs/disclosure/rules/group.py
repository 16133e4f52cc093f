"""Group disclosure: who belongs to a group should not, by that alone, be known to be in one category."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells, Floats
from .base import ROUNDING, Question, Ruling


def _line_sizes(cells: Cells, dimension: int, size: Floats) -> Floats:
    """Give for each cell the size of its line over ``dimension``: of the total, or of its parts where no total is published."""
    keys, line = np.unique(cells.line_keys(dimension), return_inverse=True)
    parts = np.bincount(line.reshape(-1), weights=np.where(cells.is_total(dimension), 0.0, size), minlength=len(keys))
    at = cells.line_totals(dimension)
    sizes: Floats = np.where(at >= 0, size[at], parts[line.reshape(-1)])
    return sizes


def _directions(cells: Cells) -> Iterator[int]:
    """Give the dimensions with a choice: in a direction with one category everything is in it by definition."""
    return (i for i, size in enumerate(cells.sizes) if size >= 2)


def share_of_group(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail cells that hold strictly more than ``group_max_share`` of the total of a row, a column or any other line.

    Counts and shares only. Units are compared, and for counts the published (perhaps weighted) values as well. Margins are
    cells too: a row total is compared with the grand total. Source: design disclosure.md, Primary rules (seeds S0 and S1: 90 %).
    """
    if not question.is_frequency:
        return
    measures = [cells.base.astype(np.float64)]
    if question.statistic == "count":
        measures.append(np.nan_to_num(cells.value))
    for dimension in _directions(cells):
        inner = ~cells.empty & ~cells.is_total(dimension)
        above = np.zeros(len(cells), dtype=bool)
        for size in measures:
            above |= size > question.profile.group_max_share * _line_sizes(cells, dimension, size) * (1 + ROUNDING)
        yield Ruling(inner & above, Status.UNSAFE, Rule.GROUP_DISCLOSURE, "share_of_group", dimension)


def all_but_one(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Ask for review where all units of a line but one are in a category: that one learns the category of all others."""
    if not question.is_frequency:
        return
    size = cells.base.astype(np.float64)
    for dimension in _directions(cells):
        inner = ~cells.empty & ~cells.is_total(dimension)
        rest = _line_sizes(cells, dimension, size) - size
        yield Ruling(inner & (rest == 1), Status.REVIEW, Rule.WITHIN_GROUP, "all_but_one", dimension)
