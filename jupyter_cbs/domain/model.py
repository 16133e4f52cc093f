"""Models: what a kernel declares of one, enough to judge it and nothing that is a unit's value.

A kernel (Python or R) reads a fitted model's design and counts; the broker judges the counts by the policy's rules. The evidence is
*declared*: the broker sees no data. Counts of units are distinct units with a valid value in every variable of the model, unweighted;
an unknown count is null, never 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Model

ModelKind = Literal[
    "linear",
    "generalised_linear",
    "binary",
    "multinomial",
    "ordinal",
    "count",
    "panel",
    "instrumental",
    "mixed",
    "survival",
    "penalised",
    "other_coefficients",
    "memorising",
    "unit_level",
    "unknown",
]
"""What a model is. ``memorising`` models hold values or near-copies of units (trees, neighbours, kernels, processes, networks);
``unit_level`` results give a figure per unit (embeddings, scores, residuals)."""

MAX_LEVELS = 20_000
"""Most levels of one evidence; a sender keeps those with the fewest units."""

MAX_ESTIMATES = 10_000
"""Most estimates of one evidence; what is written of a larger model is not recognised."""


class ModelLevel(Model):
    """A level that a coefficient speaks of: a category, a combination of categories, or the few rows where a number differs from all others."""

    term: str = Field(max_length=500, description="The term it belongs to, e.g. 'C(sex)' or 'C(sex):C(region)'.")
    name: str = Field(max_length=500, description="As the reader knows it, e.g. 'woman' or 'woman · Utrecht'.")
    units: int | None = Field(None, ge=0, description="Distinct units; null where not counted.")
    rows: int | None = Field(None, ge=0)
    outcomes: tuple[int, ...] | None = Field(
        None, max_length=200, description="Distinct units per outcome class, for models of a category: the implied 2×2 counts."
    )
    kind: Literal["category", "combination", "exceptions", "tail"] = Field(
        "category",
        description="'exceptions' counts the units whose value of a numeric column differs from its commonest value; "
        "'tail' those on the smaller side of the quantile that is estimated.",
    )


class ModelTerm(Model):
    """One term of a model's right-hand side."""

    name: str = Field(max_length=500)
    kind: Literal["intercept", "numeric", "categorical", "interaction"]
    parameters: int = Field(ge=0, description="Columns of the design it takes.")


class ModelEffects(Model):
    """Effects of groups that the model takes account of: absorbed, demeaned or random. They are never exported themselves."""

    name: str = Field(max_length=500, description="What groups, e.g. 'entity', 'time' or a column's name.")
    kind: Literal["fixed", "random"]
    groups: int = Field(ge=0)
    least_units: int | None = Field(None, ge=0, description="Distinct units of the smallest group; null where groups are the units themselves.")
    groups_are_units: bool = Field(False, description="Whether every group is one unit, as with person effects in a panel of persons.")


class ModelEstimate(Model):
    """One estimate of a model; what is not estimated is null."""

    equation: str = Field("", max_length=500)
    term: str = Field(max_length=500)
    estimate: float | None = Field(allow_inf_nan=False)
    error: float | None = Field(None, allow_inf_nan=False)
    statistic: float | None = Field(None, allow_inf_nan=False)
    p: float | None = Field(None, allow_inf_nan=False)
    low: float | None = Field(None, allow_inf_nan=False)
    high: float | None = Field(None, allow_inf_nan=False)
    n: int | None = Field(None, ge=0, description="Distinct units it speaks of: those of its level; null for all.")


class ModelOutput(Model):
    """What would be written of a model: estimates and fit, never residuals, fitted values or effects of units."""

    estimates: tuple[ModelEstimate, ...] = Field((), max_length=MAX_ESTIMATES)
    statistics: tuple[tuple[str, float | None], ...] = Field((), max_length=100)
    uses_t: bool = Field(True, description="Whether the statistics are t; else z.")


class ModelEvidence(Model):
    """What a kernel declares of a fitted model.

    Parameters
    ----------
    rank
        Rank of the design with its absorbed effects; ``residual_dof`` is ``rows − rank``, or less where the fit used more.
    patterns
        Distinct rows of the design without response and weights. As many patterns as the rank: the model is a table of means.
    """

    kind: ModelKind
    library: str = Field(max_length=100, description="Where it was fitted, with its version, e.g. 'statsmodels 0.15.0'.")
    method: str = Field(max_length=200, description="Name of the model there, e.g. 'OLS', 'PanelOLS', 'glm'.")
    family: str | None = Field(None, max_length=100)
    link: str | None = Field(None, max_length=100)
    response: str | None = Field(None, max_length=500)
    rows: int | None = Field(None, ge=0, description="Rows that were used.")
    units: int | None = Field(None, ge=0, description="Distinct units among them.")
    unit: str | None = Field(None, max_length=500, description="Column that named the units; null where rows were counted as units.")
    unit_kind: str = Field("unit", max_length=100, description="What a unit is, e.g. 'person', for the texts.")
    parameters: int | None = Field(None, ge=0)
    rank: int | None = Field(None, ge=0)
    residual_dof: float | None = Field(
        None, allow_inf_nan=False, description="Residual degrees of freedom; null where the model has none or they are unknown."
    )
    patterns: int | None = Field(None, ge=0)
    leverage: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="Largest leverage of one row, 0 to 1: how far its own response settles its fitted value."
    )
    terms: tuple[ModelTerm, ...] = Field((), max_length=5_000)
    levels: tuple[ModelLevel, ...] = Field((), max_length=MAX_LEVELS)
    levels_total: int | None = Field(None, ge=0, description="How many levels there are, where not all were sent.")
    outcomes: tuple[ModelLevel, ...] = Field((), max_length=200, description="Classes of a categorical response.")
    effects: tuple[ModelEffects, ...] = Field((), max_length=50)
    weights: Literal["none", "analytic", "frequency", "sampling", "unknown"] = "none"
    design_known: bool = Field(True, description="False where the design could not be read, so that levels are not counted.")
    reason: str = Field("", max_length=200, description="For a model that is not releasable: what it holds, e.g. 'tree', 'neighbours', 'embedding'.")
    sources: tuple[str, ...] = Field((), max_length=100, description="Granted data sets it was fitted on; their rule profiles apply.")
    output: ModelOutput | None = Field(None, description="What would be written of it, so that the file is recognised.")
