"""Counts and histograms of R: read as the figure they draw, judged, and written with a picture that R makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...domain.errors import CbsError
from ...domain.figure import FigurePanel
from ...domain.written import MARK_LABELS, figure_grid
from ..errors import readable
from ..figures.drawn import Drawn, Mark, artist, text_findings
from ..figures.report import FigureReport
from ..figures.saving import format_of, strip
from ..writing import write_csv, write_xlsx

_MOST_LINES = 2_000
"""Most lines across a table that are judged apart from its columns."""


def read_counts(told: Mapping[str, Any]) -> Drawn:
    """Read what ``cbs_check`` tells of a table of counts or a histogram.

    Parameters
    ----------
    told : mapping
        ``drawing`` (``bars`` or ``histogram``), ``library``, ``title``, ``x_label``, ``marks`` (names of the bars), ``series`` (names of the
        groups of bars), ``counts`` (series after series) and ``sources``.

    Raises
    ------
    ValueError
        If the parts do not fit together, or a count is none.
    """
    marks, series = ([str(one) for one in _several(told.get(part))] for part in ("marks", "series"))
    counts = [int(count) for count in _several(told["counts"])]
    if len(counts) != len(marks) * len(series) or any(count < 0 for count in counts):
        raise ValueError(f"{len(counts)} counts for {len(marks)} × {len(series)} marks")
    m = len(marks)
    lines = [
        artist(
            0, "aggregated", told["drawing"], marks=m, label=label, labels=marks, values=counts[s * m : s * m + m],
            counts=counts[s * m : s * m + m], frequency=True,
        )
        for s, label in enumerate(series)
    ]  # fmt: skip
    if len(series) > 1 and m <= _MOST_LINES:
        # the same counts the other way: one group of bars may hold nearly all of a line
        lines += [
            artist(0, "aggregated", told["drawing"], marks=len(series), label=label, counts=counts[i::m], frequency=True)
            for i, label in enumerate(marks)
        ]
    panel = FigurePanel(title=str(told.get("title") or "")[:1000], x_label=str(told.get("x_label") or "")[:1000])
    texts = text_findings(0, "title", [panel.title]) + text_findings(0, "tick", marks) + text_findings(0, "legend", series)
    drawn = Drawn(str(told["library"])[:100], None, [Mark(line) for line in lines], [panel], texts, "observation")
    drawn.sources = tuple(str(source) for source in _several(told.get("sources")))
    return drawn


def _several(value: Any) -> list[Any]:
    """Give a list of what R wrote: one element alone is no list in JSON."""
    return value if isinstance(value, list) else [] if value is None else [value]


class CountsReport(FigureReport):
    """The verdict on counts of R, and the files that may leave."""

    def to_csv(self, path: str | Path) -> None:
        """Write the counts as CSV (UTF-8, comma); says where.

        Raises
        ------
        Invalid
            If they are refused, or the file cannot be written there.
        """
        self._allowed()
        write_csv(figure_grid(self._drawn.evidence), Path(path), self._lang)
        self._say(Path(path), None)

    def to_xlsx(self, path: str | Path) -> None:
        """Write the same as one sheet of a workbook.

        Raises
        ------
        Invalid
            As for :meth:`to_csv`.
        """
        self._allowed()
        write_xlsx(figure_grid(self._drawn.evidence), Path(path), self._lang, 1, MARK_LABELS)
        self._say(Path(path), None)

    def to_picture(self, made: Path, path: str | Path) -> None:
        """Write a picture that R made of the counts, without metadata, and the counts as csv beside it.

        Raises
        ------
        Invalid
            If they are refused, the format is none that leaves, or the file cannot be written there.
        """
        self._allowed()
        target = Path(path)
        try:
            form = format_of(target.suffix)
            self._write(strip(made.read_bytes(), form), target)
        except CbsError as error:
            raise readable(error, self._lang) from None

    def _next(self) -> str:
        return "cbs_write_csv(), cbs_write_xlsx(), cbs_write_picture()"
