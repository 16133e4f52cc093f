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


class QuotaLimits(Model):
    """Room in bytes (seed S2: 100 GB shared per project, 1 GB personal per member; GB is 10^9 bytes unless set otherwise)."""

    shared_bytes: int = Field(100 * 10**9, gt=0)
    personal_bytes: int = Field(10**9, gt=0)
    warn_share: float = Field(0.90, gt=0, le=1, description="Strictly above this share a warning is shown.")


class QueryLimits(Model):
    """Bounds on what one session may ask."""

    max_rows: int = Field(50_000_000, gt=0, description="Most rows of a result.")
    max_bytes: int = Field(8 * 2**30, gt=0, description="Most bytes of a result as Arrow.")
    timeout_seconds: float = Field(600, gt=0)
    memory_bytes: int = Field(4 * 2**30, gt=0, description="Memory limit of the session's worker.")
    threads: int = Field(2, gt=0)
    max_statement_bytes: int = Field(100_000, gt=0, description="Longest statement that is parsed.")
    max_table_cells: int = Field(50_000, gt=0, description="Most cells of a table with evidence.")
