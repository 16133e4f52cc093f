"""The primary rules, each a pure function over the cells, in one ordered table.

A cell takes the worst status any rule gives it; among equals the earlier rule names the reason.
"""

from __future__ import annotations

from .base import Question, RuleFunction, Ruling
from .curves import units_per_step
from .dominance import advisory_extremes, all_zero, largest_contributor, remaining_contributors
from .extremes import extreme_values, means_of_extremes, outer_edges
from .frequency import advisory_frequency, minimum_frequency, rounded_counts
from .group import all_but_one, bare_percentages, share_of_group
from .institutions import contributing_institutions, largest_institution
from .median import units_on_each_side
from .spread import degrees_of_freedom, most_frequent_value, no_variation

RULES: tuple[RuleFunction, ...] = (
    units_per_step,
    minimum_frequency,
    degrees_of_freedom,
    units_on_each_side,
    extreme_values,
    means_of_extremes,
    contributing_institutions,
    largest_institution,
    largest_contributor,
    remaining_contributors,
    share_of_group,
    bare_percentages,
    most_frequent_value,
    all_but_one,
    no_variation,
    outer_edges,
    all_zero,
    advisory_frequency,
    advisory_extremes,
    rounded_counts,
)

__all__ = ["RULES", "Question", "RuleFunction", "Ruling"]
