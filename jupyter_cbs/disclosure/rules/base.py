"""What a primary rule is: a pure function from cells to rulings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...domain.evidence import Statistic, TableSpec
from ...domain.finding import Rule, Status
from ...domain.rules import RuleProfile
from ..cells import Cells, Mask

_MAGNITUDES: frozenset[Statistic] = frozenset({"sum", "mean", "ratio", "gini", "lorenz", "mean_lowest", "mean_highest"})

ROUNDING = 1e-12
"""Relative room for sums of doubles, so that a value exactly on a boundary is judged as on the boundary."""


@dataclass(frozen=True)
class Question:
    """What is asked of the rules.

    Parameters
    ----------
    statistic
        What a cell holds.
    profile
        The thresholds.
    spec
        The table as it was asked for; without it percentages are taken as of whatever total is there.
    """

    statistic: Statistic
    profile: RuleProfile
    spec: TableSpec | None = None

    @property
    def is_frequency(self) -> bool:
        """Counts of rows or units, and shares, tell how units are spread over categories."""
        return self.statistic in ("count", "units", "share")

    @property
    def is_magnitude(self) -> bool:
        """Sums, means and what is made of them can be dominated by one contributor."""
        return self.statistic in _MAGNITUDES

    @property
    def is_curve(self) -> bool:
        """Lorenz and survival curves have a value for each step, and no totals."""
        return self.statistic in ("lorenz", "survival")

    def totalled(self, dimensions: int) -> tuple[int, ...]:
        """Give the dimensions over which percentages add up to 100."""
        if self.spec is None:
            return tuple(range(dimensions))
        rows = len(self.spec.rows)
        of = self.spec.share_of or ("row" if 0 < rows < dimensions else "total")
        return tuple(range(rows, dimensions)) if of == "row" else tuple(range(rows)) if of == "column" else tuple(range(dimensions))


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
