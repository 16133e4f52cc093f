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
``institutions``      int64      distinct institutions, null where the data set has none
====================  =========  ==================================================================

A category that is missing in the data has a null code with ``g`` false. After the rules have judged, three string
columns follow: ``status``, ``rule`` and ``reason_code`` (see :mod:`jupyter_cbs.domain.finding`).
"""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
from pydantic import Field

from .base import Model
from .finding import CellFinding
from .text import Text

Statistic = Literal["count", "sum", "mean", "median", "share"]


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
    ]
    return pa.schema(fields)


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

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Row dimensions, then column dimensions."""
        return self.rows + self.columns


class Category(Model):
    """One category of a dimension, in the order of display."""

    code: str | None
    label: str


class Dimension(Model):
    """A dimension of a table."""

    name: str
    label: str
    categories: tuple[Category, ...]


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
