"""Figures and the verdict on a declared output.

A kernel tells what each artist of a figure draws; the broker judges it by the policy's rules. An artist that draws units one by one
travels without its values: the number of marks is enough to judge it. The evidence is *declared*, except where an artist was drawn by a
table of the workspace itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Model
from .finding import Rule, Status
from .text import Text

ArtistKind = Literal["aggregated", "unit_values", "model_curve", "unknown", "decoration"]
"""``decoration`` draws no data: axes, grids, reference lines."""

Drawing = Literal[
    "bars",
    "histogram",
    "heat_map",
    "hexbin",
    "contour",
    "pie",
    "line",
    "area",
    "error_bars",
    "box",
    "whiskers",
    "outliers",
    "scatter",
    "rug",
    "lines_of_units",
    "density",
    "violin",
    "ecdf",
    "image",
    "map",
    "text",
    "other",
]

MAX_MARKS = 20_000
"""Most marks whose numbers travel with one artist."""


class FigureArtist(Model):
    """One thing a figure draws.

    Parameters
    ----------
    counts
        Distinct units behind each mark, in the order of ``values``; null where not known.
    """

    panel: int = Field(ge=0)
    kind: ArtistKind
    drawing: Drawing
    label: str = Field("", max_length=500)
    marks: int = Field(ge=0, description="Bars, points, cells or vertices.")
    labels: tuple[str, ...] = Field((), max_length=MAX_MARKS, description="Category or position of each mark; empty for values of units.")
    values: tuple[float | None, ...] = Field((), max_length=MAX_MARKS, description="Heights or colours; empty for values of units.")
    counts: tuple[int | None, ...] | None = Field(None, max_length=MAX_MARKS)
    frequency: bool = Field(False, description="Whether the values themselves are counts, so that groups and zeros are judged.")
    assumed: bool = Field(False, description="Whether the counts are the drawn figures, taken so only because they are whole numbers.")
    columns: dict[Annotated[str, Field(max_length=100)], Annotated[tuple[float | None, ...], Field(max_length=MAX_MARKS)]] = Field(
        default_factory=dict, max_length=20, description="Further figures of each mark that are written beside it: name → values."
    )
    quantiles: tuple[float, ...] = Field((), max_length=200, description="Quantiles the marks stand at, 0 to 1; 0 and 1 are extremes.")
    fingerprint: str | None = Field(None, max_length=64, description="Evidence of the table that drew it; then the broker looks the cells up itself.")
    codes: tuple[tuple[str | None, ...], ...] = Field((), max_length=MAX_MARKS, description="With a fingerprint: the cell of each mark.")


class FigurePanel(Model):
    """One pair of axes."""

    title: str = Field("", max_length=1000)
    x_label: str = Field("", max_length=1000)
    y_label: str = Field("", max_length=1000)


class FigureText(Model):
    """A text in a figure that looks like a key of a unit, or a column that never leaves."""

    panel: int = Field(ge=0)
    place: Literal["title", "axis", "tick", "legend", "annotation"]
    shape: str = Field(max_length=100, description="Which shape it fits, e.g. 'rinperson_like_9_digits'; the text itself does not travel.")


class FigureEvidence(Model):
    """What a kernel declares of a figure."""

    library: str = Field(max_length=100)
    panels: tuple[FigurePanel, ...] = Field((), max_length=500)
    artists: tuple[FigureArtist, ...] = Field((), max_length=5_000)
    texts: tuple[FigureText, ...] = Field((), max_length=2_000)
    unit_kind: str = Field("unit", max_length=100)
    vector: bool = Field(False, description="Whether it was asked for in a format that carries the data (svg, pdf).")
    sources: tuple[str, ...] = Field((), max_length=100)
    picture: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="sha256 of the picture of it that is about to be written.")


class OutputFinding(Model):
    """One thing a checker would say about a model or a figure."""

    rule: Rule
    status: Status
    subject: str = Field("", description="Which term, level, panel or artist; empty for the whole.")
    basis: Literal["verified", "declared"] = "declared"
    text: Text
    remedy: Text


class OutputReport(Model):
    """The verdict on a model or a figure."""

    status: Status
    findings: tuple[OutputFinding, ...] = ()
    basis: Literal["verified", "declared"] = "declared"
    fingerprint: str = Field(description="sha256 of the evidence that was judged.")
    profiles: tuple[str, ...] = Field(("default",), description="Rule profiles that were applied.")
    notes: tuple[Text, ...] = ()
    least_units: int = Field(ge=1, description="The minimum frequency that was asked, for aggregated alternatives.")
