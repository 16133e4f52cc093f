"""Parameters of the disclosure rules; the values are policy, the defaults are CBS 2026."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Model


class RuleProfile(Model):
    """One set of thresholds (design: disclosure, Primary rules; seeds S0 and S1 for the figures)."""

    min_frequency: int = Field(10, ge=1, description="Least distinct units with a valid value; this number passes.")
    min_dof: int = Field(10, ge=1, description="Least residual degrees of freedom; this number passes.")
    group_max_share: float = Field(0.90, gt=0, le=1, description="A cell may hold at most this share of its row or column total.")
    dominance_max_share: float = Field(0.50, gt=0, le=1, description="The largest contribution must stay below this share of the total.")
    dominance_comparator: Literal[">=", ">"] = Field(">=", description="'>=' makes exactly the share unsafe, as CBS does.")
    min_institutions: int | None = Field(None, ge=1, description="Least contributing institutions; CBS publishes no figure, so none is assumed.")
    advisory_min_frequency: int | None = Field(None, ge=1, description="Below this a cell is to be reviewed (profile income_wealth: 100).")
    advisory_rounding: int | None = Field(
        None, ge=2, description="Counts that are no multiple of this are to be reviewed (profile income_wealth: 100)."
    )
    extreme_max_share: float | None = Field(
        None, gt=0, le=1, description="A sum or mean is to be reviewed where the largest unit is more than this share of it (income_wealth: 0.30)."
    )
    group_comparator: Literal[">", ">="] = Field(">", description="'>' lets exactly the share pass, as CBS does.")
    dominance_units: int = Field(1, ge=1, le=10, description="n of the (n, k) rule: the n largest together must stay below the share.")
    p_percent: float | None = Field(None, gt=0, le=100, description="p of the p % rule: X − x1 − x2 < p/100 · x1 is unsafe; none by default.")
    pq_p: float | None = Field(None, gt=0, le=100, description="p of the (p, q) rule: X − x1 − x2 < p/q · x1 is unsafe; none by default.")
    pq_q: float = Field(100, gt=0, le=100, description="q of the (p, q) rule: how well, in per cent, contributions are known beforehand.")
    weighted_dominance: Literal["contribution", "unweighted", "expansion"] = Field(
        "contribution",
        description="Contribution of a unit with a weight: weight times value; its value against the weighted total; or the value of each "
        "of the units it stands for (Hundepool et al., Statistical Disclosure Control, 2012, p. 151, as τ-ARGUS does).",
    )
    institution_max_share: float | None = Field(
        None, gt=0, le=1, description="The largest institution must stay below this share of the total; CBS publishes no figure, so none is assumed."
    )
    zero_rule: bool = Field(True, description="A total of 0 over units that contribute is to be reviewed.")
    min_each_side: int | None = Field(None, ge=1, description="Least units on each side of a percentile; min_frequency where not set.")
    min_step: int | None = Field(None, ge=1, description="Least units in a step of a Lorenz or survival curve; min_frequency where not set.")
    mode_max_share: float = Field(0.90, gt=0, le=1, description="At most this share of the units may have the most frequent value.")

    @property
    def remainder_shares(self) -> tuple[float, ...]:
        """Shares of the largest contribution that all but the two largest must reach together: p/100 of the p % rule, p/q of the (p, q) rule."""
        shares = [] if self.p_percent is None else [self.p_percent / 100]
        return (*shares, *([] if self.pq_p is None else [self.pq_p / self.pq_q]))

    @property
    def each_side(self) -> int:
        """Least units on each side of a percentile."""
        return self.min_frequency if self.min_each_side is None else self.min_each_side

    @property
    def per_step(self) -> int:
        """Least units in a step of a curve."""
        return self.min_frequency if self.min_step is None else self.min_step


class QuotaLimits(Model):
    """Room in bytes (seed S2: 100 GB shared per project, 1 GB personal per member; GB is 10^9 bytes unless set otherwise)."""

    shared_bytes: int = Field(100 * 10**9, gt=0)
    personal_bytes: int = Field(10**9, gt=0)
    warn_share: float = Field(0.90, gt=0, le=1, description="Strictly above this share a warning is shown.")
    overrun_bytes: int | None = Field(
        None, ge=0, description="Room above a limit, past which kernels that write are ended; a tenth of the limit and at least 100 MB where not set."
    )

    def limit(self, area: Literal["shared", "personal"]) -> int:
        """Bytes an area may hold."""
        return self.shared_bytes if area == "shared" else self.personal_bytes

    def line(self, area: Literal["shared", "personal"]) -> int:
        """Bytes past which kernels that write to an area are ended."""
        limit = self.limit(area)
        return limit + (max(limit // 10, 10**8) if self.overrun_bytes is None else self.overrun_bytes)


class QueryLimits(Model):
    """Bounds on what one session may ask."""

    max_rows: int = Field(50_000_000, gt=0, description="Most rows of a result.")
    max_bytes: int = Field(8 * 2**30, gt=0, description="Most bytes of a result as Arrow.")
    timeout_seconds: float = Field(600, gt=0)
    memory_bytes: int = Field(4 * 2**30, gt=0, description="Memory limit of the session's worker.")
    threads: int = Field(2, gt=0)
    max_statement_bytes: int = Field(100_000, gt=0, description="Longest statement that is parsed.")
    max_table_cells: int = Field(50_000, gt=0, description="Most cells of a table with evidence.")
    check_file_seconds: float = Field(60, gt=0, description="Longest time the pre-check spends on one file; a file that takes longer is refused.")
    check_seconds: float = Field(300, gt=0, description="Longest time of one pre-check.")
    check_memory_bytes: int = Field(2 * 2**30, ge=64 * 2**20, description="Memory of the process that looks into the files of one pre-check.")
