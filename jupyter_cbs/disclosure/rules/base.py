"""What a primary rule is: a pure function from cells to rulings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...domain.evidence import Statistic
from ...domain.finding import Rule, Status
from ...domain.rules import RuleProfile
from ..cells import Cells, Mask

ROUNDING = 1e-12
"""Relative room for sums of doubles, so that a value exactly on a boundary is judged as on the boundary."""


@dataclass(frozen=True)
class Question:
    """What is asked of the rules: the statistic and the thresholds."""

    statistic: Statistic
    profile: RuleProfile

    @property
    def is_frequency(self) -> bool:
        """Counts and shares tell how units are spread over categories."""
        return self.statistic in ("count", "share")

    @property
    def is_magnitude(self) -> bool:
        """Sums and means can be dominated by one contributor."""
        return self.statistic in ("sum", "mean")


@dataclass(frozen=True)
class Ruling:
    """Which cells one reason applies to.

    Parameters
    ----------
    cells
        Shape (m,): the cells the reason applies to.
    code
        Reason code, a key of the table of texts.
    dimension
        The dimension along which the reason holds, where that matters.
    """

    cells: Mask
    status: Status
    rule: Rule
    code: str
    dimension: int | None = None


RuleFunction = Callable[[Cells, Question], Iterable[Ruling]]
