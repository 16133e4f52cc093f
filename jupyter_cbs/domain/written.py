"""What is written of a checked model or figure, and what is kept of it, so that the file is recognised when it is to leave.

Kernel and broker lay the numbers out by the same functions: the kernel to write a file, the broker to know it again. The file is thus held
against the very numbers that were judged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from .base import Model
from .figure import FigureEvidence, OutputFinding
from .model import ModelEvidence, ModelOutput

DIGITS = 6
"""Significant digits of a figure that is written; more say nothing and can give exact sums away."""

MARK_LABELS = 3
"""Columns with labels in the numbers behind a figure: panel, series, mark."""


class ShownTable(Model):
    """A table of the workspace that a figure was drawn from."""

    fingerprint: str
    hidden: tuple[int, ...] = Field(description="Rows of its evidence frame, from 0, that the figure does not show.")


class KeptOutput(Model):
    """A checked model or figure as its files show it, with the verdict by the rules of today.

    Parameters
    ----------
    grid
        What its csv or workbook holds, header first.
    labels
        Columns of ``grid`` with labels.
    pictures
        sha256 of pictures that were written of it.
    tables
        Tables of the workspace that it was drawn from.
    """

    kind: Literal["model", "figure"]
    fingerprint: str
    basis: Literal["verified", "declared"]
    findings: tuple[OutputFinding, ...] = ()
    grid: tuple[tuple[str, ...], ...] = ()
    labels: int = Field(1, ge=1)
    pictures: tuple[str, ...] = ()
    tables: tuple[ShownTable, ...] = ()


def figure_text(value: float | int | None) -> str:
    """Write a figure with at most :data:`DIGITS` significant digits; whole ones as they are, nothing for an unknown one."""
    if value is None or not math.isfinite(value):
        return ""
    return str(int(value)) if float(value).is_integer() else f"{value:.{DIGITS}g}"


def model_grid(output: ModelOutput, evidence: ModelEvidence) -> list[list[str]]:
    """Give what is written of a model as rows of strings: a row for each estimate and each fit statistic.

    ``n`` is the number of distinct units an estimate speaks of: those of its level, or all.
    """
    several = model_labels(output) > 1
    full = any(one.error is not None for one in output.estimates)
    dof = figure_text(evidence.residual_dof)
    head = [*(["equation"] if several else []), "term", "estimate"]
    head += ["std_error", "t" if output.uses_t else "z", "p", "ci_low", "ci_high"] if full else []
    grid = [[*head, "n", "df_resid"]]
    for one in output.estimates:
        figures = [one.estimate, *((one.error, one.statistic, one.p, one.low, one.high) if full else ())]
        lead = [one.equation] if several else []
        grid.append([*lead, one.term, *map(figure_text, figures), figure_text(one.n if one.n is not None else evidence.units), dof])
    for name, value in output.statistics:
        lead = [""] if several else []
        grid.append([*lead, name, figure_text(value), *([""] * 5 if full else []), figure_text(evidence.units), dof])
    return grid


def model_labels(output: ModelOutput) -> int:
    """Give the number of columns with labels of :func:`model_grid`."""
    return 2 if any(one.equation for one in output.estimates) else 1


def figure_grid(evidence: FigureEvidence) -> list[list[str]]:
    """Give the numbers behind a figure as rows of strings: panel, series, mark, value, what else is known of a mark, n."""
    extra = sorted({column for artist in evidence.artists for column in artist.columns})
    grid = [["panel", "series", "mark", "value", *extra, "n"]]
    for artist in evidence.artists:
        if artist.kind != "aggregated":
            continue
        panel = evidence.panels[artist.panel] if artist.panel < len(evidence.panels) else None
        title = (panel.title or panel.y_label) if panel is not None else ""
        for i in range(max(len(artist.values), len(artist.labels))):
            value, count = _at(artist.values, i), _at(artist.counts, i)
            if value is None and count is None and not artist.columns:
                continue
            label = artist.labels[i] if i < len(artist.labels) else ""
            more = [figure_text(_at(artist.columns.get(column), i)) for column in extra]
            series = artist.label or artist.drawing.replace("_", " ")
            grid.append([title or str(artist.panel + 1), series, label, figure_text(value), *more, figure_text(count)])
    return grid


def _at(values: Sequence[float | None] | None, i: int) -> float | None:
    return values[i] if values is not None and i < len(values) else None
