"""The primary rules, each a pure function over the cells, in one ordered table.

A cell takes the worst status any rule gives it; among equals the earlier rule names the reason.
"""

from __future__ import annotations

from .base import Question, RuleFunction, Ruling
from .dominance import all_zero, largest_contributor
from .frequency import advisory_frequency, minimum_frequency
from .group import all_but_one, share_of_group
from .institutions import contributing_institutions
from .median import units_on_each_side

RULES: tuple[RuleFunction, ...] = (
    minimum_frequency,
    units_on_each_side,
    contributing_institutions,
    largest_contributor,
    share_of_group,
    all_but_one,
    all_zero,
    advisory_frequency,
)

__all__ = ["RULES", "Question", "RuleFunction", "Ruling"]
