"""Tables with evidence: what was asked, what came out, and what proves each cell.

The evidence frame is a :class:`pyarrow.Table` with one row per cell and margin. For a table with
dimensions ``D`` (rows first, then columns) its columns are, in this order:

====================  =========  ==================================================================
``d0`` … ``d{k-1}``   string     category of each dimension as a code; null where it is a total or missing
``g0`` … ``g{k-1}``   bool       true where this row is the total over that dimension
``value``             double     the statistic; null for an empty cell
``rows``              int64      rows that fall in the cell
``missing``           int64      of those, rows without a valid value
``n``                 int64      distinct units with a valid value; a lower bound where ``n_exact`` is false
``n_exact``           bool
``total``             double     sum of the (weighted) values
``abs_total``         double     sum of the absolute (weighted) values
``top1``              double     largest absolute unit total; an upper bound where ``top_exact`` is false
``top2``              double     second largest, null where not determined
``top_exact``         bool
``negatives``         int64      rows with a negative value
``institutions``      int64      distinct institutions with a valid value, null where the data set has none
``institution_top1``  double     largest absolute total of an institution, exact; its share is that over ``abs_total``
``topn``              double     sum of the n largest unit totals, n of the profile's (n, k) rule; null where not determined
``below``             int64      percentiles: units on the low side; a lower bound where ``n_exact`` is false
``above``             int64      percentiles: units on the high side, likewise
``ties``              int64      modes: rows that have exactly the value; outer bins: rows at the edge where that is the extreme of the data
``used``              int64      units the value is made of where these are fewer than ``n`` (means of extremes)
``events``            int64      survival: units with the event in the step; ``n`` counts those at risk
``second_abs``        double     ratios: sum of the absolute denominators
``second_top1``       double     ratios: largest absolute unit total of the denominators, an upper bound where ``top_exact`` is false
====================  =========  ==================================================================

The columns after ``institutions`` are null where they say nothing, and may be absent from frames that were kept by an earlier
version. Read columns by name.

A category that is missing in the data has a null code with ``g`` false. Where a dimension has a hierarchy, its subtotals are rows
like any other, with the code of the parent and ``g`` false; which codes are parents tells :attr:`Dimension.parents`. After the rules
have judged, three string columns follow: ``status``, ``rule`` and ``reason_code`` (see :mod:`jupyter_cbs.domain.finding`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
from pydantic import Field

from .base import Model
from .finding import CellFinding
from .text import Text

Statistic = Literal[
    "count",
    "units",
    "sum",
    "mean",
    "median",
    "share",
    "percentile",
    "min",
    "max",
    "mean_lowest",
    "mean_highest",
    "mode",
    "sd",
    "variance",
    "correlation",
    "gini",
    "ratio",
    "lorenz",
    "survival",
]


def evidence_schema(dimensions: int) -> pa.Schema:
    """Give the Arrow schema of an evidence frame with ``dimensions`` dimensions, as in the module's text."""
    fields = [pa.field(f"d{i}", pa.string()) for i in range(dimensions)]
    fields += [pa.field(f"g{i}", pa.bool_(), nullable=False) for i in range(dimensions)]
    fields += [
        pa.field("value", pa.float64()),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("missing", pa.int64(), nullable=False),
        pa.field("n", pa.int64(), nullable=False),
        pa.field("n_exact", pa.bool_(), nullable=False),
        pa.field("total", pa.float64()),
        pa.field("abs_total", pa.float64()),
        pa.field("top1", pa.float64()),
        pa.field("top2", pa.float64()),
        pa.field("top_exact", pa.bool_(), nullable=False),
        pa.field("negatives", pa.int64(), nullable=False),
        pa.field("institutions", pa.int64()),
        pa.field("institution_top1", pa.float64()),
        pa.field("topn", pa.float64()),
        pa.field("below", pa.int64()),
        pa.field("above", pa.int64()),
        pa.field("ties", pa.int64()),
        pa.field("used", pa.int64()),
        pa.field("events", pa.int64()),
        pa.field("second_abs", pa.float64()),
        pa.field("second_top1", pa.float64()),
    ]
    return pa.schema(fields)


Hierarchy = str | tuple[int, ...] | tuple[str, ...] | dict[str, tuple[str, ...]]
"""Levels of a dimension as they can be asked for; see :attr:`TableSpec.hierarchies`."""


class TableSpec(Model):
    """What ``ws.table`` asks for."""

    source: str = Field(description="Data set, topic name, or one SELECT over granted data sets.")
    rows: tuple[str, ...] = Field((), description="Row dimensions: columns or SQL expressions of the source.")
    columns: tuple[str, ...] = ()
    values: str | None = Field(None, description="Column or expression that is summed or averaged; none for counts.")
    statistic: Statistic = "count"
    where: str | None = Field(None, description="SQL condition on the source.")
    unit: str | tuple[str, ...] | None = Field(None, description="Column(s) naming the unit; by default the data set's own key.")
    weight: str | None = Field(None, description="Column with weights; n stays unweighted.")
    second: str | None = Field(None, description="Second column or expression: the other variable of a correlation, the denominator of a ratio.")
    percentile: float | None = Field(None, gt=0, lt=1, description="Which percentile, as a fraction: 0.25 is the first quartile.")
    extremes: int | None = Field(None, ge=1, description="How many units a mean of the lowest or highest is taken of; ten without it.")
    share_of: Literal["row", "column", "total"] | None = Field(
        None, description="What percentages are of; by default the row total where there are rows and columns, else the grand total."
    )
    bins: int | tuple[float, ...] | None = Field(
        None, description="Bins of the values as the first column dimension: how many, at round edges, or the edges; the last has its right edge."
    )
    hierarchies: dict[str, Hierarchy] | None = Field(
        None,
        description="Dimension name → its levels: columns of the source from fine to coarse, numbers of leading characters of the code, "
        "or {subtotal: codes}.",
    )
    merge: dict[str, dict[str, tuple[str, ...]]] | None = Field(
        None, description="Dimension name → {label: codes}: these categories become one; those not named stay."
    )
    institution: str | None = Field(None, description="Column naming the institution, the second level of units; by default the data set's own.")
    holding: str | None = Field(None, description="Column naming the holding: units of one holding count as one.")
    time: str | None = Field(None, description="Survival: column or expression with the duration.")
    event: str | None = Field(None, description="Survival: column or condition that tells whether the event took place; otherwise censored.")
    width: float | None = Field(None, gt=0, description="Survival: length of a step in the unit of the duration; without it each duration is one.")
    steps: int | None = Field(None, ge=2, le=1000, description="Lorenz: into how many groups of equally many units.")

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Row dimensions, then column dimensions."""
        return self.rows + self.columns


@dataclass(frozen=True, slots=True)
class Category:
    """One category of a dimension, in the order of display.

    No :class:`Model`: there are tens of thousands of a table, and this takes a third of the time.
    """

    code: str | None
    label: str


class Dimension(Model):
    """A dimension of a table."""

    name: str
    label: str
    categories: tuple[Category, ...]
    parents: dict[str, str | None] = Field(
        default_factory=dict,
        description="Code → code of the subtotal right above it, null directly under the total; empty where there is no hierarchy. "
        "A category without code lies directly under the total.",
    )

    @property
    def subtotals(self) -> frozenset[str]:
        """Codes that are subtotals of others."""
        return frozenset(parent for parent in self.parents.values() if parent is not None)


class MergeProposal(Model):
    """Categories that together would be safe: what ``TableSpec.merge`` would hold."""

    dimension: str = Field(description="Name of the dimension.")
    label: str = Field(description="Label of the category they become.")
    codes: tuple[str, ...] = Field(min_length=2, description="Codes of the categories, in the order of display.")


class TableMeta(Model):
    """A judged table without its frame; the frame travels as Arrow IPC beside it."""

    spec: TableSpec
    dimensions: tuple[Dimension, ...]
    statistic: Statistic
    value_label: str = Field(description="What a cell holds, e.g. 'mean ZVWKTOTAAL'.")
    value_unit: str = Field("", description="Unit of the values, e.g. 'EUR', 'persons', '%'.")
    unit: str = Field(description="What n counts, e.g. 'person'.")
    sources: tuple[str, ...] = Field((), description="Data set versions that were read.")
    rule_profile: str = "default"
    fingerprint: str = Field(description="sha256 under which the broker keeps the evidence.")
    findings: tuple[CellFinding, ...] = Field((), description="One per cell that is not safe.")
    safe: int
    review: int
    unsafe: int
    hidden: tuple[int, ...] = Field((), description="Rows of the frame to blank so that no unsafe cell follows by subtraction.")
    notes: tuple[Text, ...] = ()
    rounding: int | None = Field(None, description="Base to a multiple of which every value was rounded; null for none.")
    proof: Text | None = Field(None, description="What the attack on the table, as it would be published, proved; null where none was made.")
    merges: tuple[MergeProposal, ...] = Field((), description="Merges of categories that would make unsafe cells safe.")
