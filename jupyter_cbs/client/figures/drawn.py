"""What was read of a figure: what is declared of each artist, and what stays in the kernel to draw an alternative from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...domain.errors import Invalid
from ...domain.figure import MAX_MARKS, ArtistKind, Drawing, FigureArtist, FigureEvidence, FigurePanel, FigureText
from ...domain.identifiers import CAUTIOUS_SHAPES, VALUE_SHAPES, is_never_export
from ...domain.text import Text

Floats = NDArray[np.float64]

COUNT_NAMES = frozenset(
    (
        "n",
        "count",
        "counts",
        "freq",
        "frequency",
        "aantal",
        "aantallen",
        "obs",
        "observations",
        "cases",
        "number",
        "number of observations",
        "frequentie",
    )
)
"""Names of an axis that says that its figures are counts (design: disclosure.md, Interchange of a pre-check)."""


MAX_ARTISTS = 5_000
"""Most artists that are declared one by one; those beyond are one, of which nothing is known."""


@dataclass
class Mark:
    """One artist: what is declared of it, and the values that stay here.

    Parameters
    ----------
    artist
        What is declared.
    x, y
        Values of units that it draws, shape (m,) each; None where it draws none or they are not in the figure.
    groups
        Values of units by group, for boxes and the like.
    edges
        Shape (marks + 1,): borders of the bars of a histogram.
    declarable
        Whether numbers the reader gives may belong to it.
    """

    artist: FigureArtist
    x: Floats | None = None
    y: Floats | None = None
    groups: dict[str, Floats] = field(default_factory=dict)
    edges: Floats | None = None
    declarable: bool = True


@dataclass
class Drawn:
    """What was read of a figure; ``given`` are the numbers of units the reader gave with it."""

    library: str
    figure: Any
    marks: list[Mark]
    panels: list[FigurePanel]
    texts: list[FigureText]
    unit_kind: str = "unit"
    sources: tuple[str, ...] = ()
    given: Any = None

    @property
    def evidence(self) -> FigureEvidence:
        """What is declared to the broker."""
        artists = tuple(mark.artist for mark in self.marks)
        if len(artists) > MAX_ARTISTS:
            rest = artists[MAX_ARTISTS - 1 :]
            artists = (*artists[: MAX_ARTISTS - 1], artist(rest[0].panel, "unknown", "other", marks=sum(one.marks for one in rest)))
        return FigureEvidence(
            library=self.library,
            panels=tuple(self.panels),
            artists=artists,
            texts=tuple(self.texts)[:2_000],
            unit_kind=self.unit_kind,
            sources=self.sources,
        )


def artist(
    panel: int,
    kind: ArtistKind,
    drawing: Drawing,
    *,
    marks: int,
    label: str = "",
    labels: Iterable[str] = (),
    values: Iterable[Any] = (),
    counts: Iterable[int | None] | None = None,
    frequency: bool = False,
    assumed: bool = False,
    quantiles: Iterable[float] = (),
    fingerprint: str | None = None,
    codes: Iterable[Sequence[str | None]] = (),
    columns: Mapping[str, Iterable[float | None]] | None = None,
) -> FigureArtist:
    """Declare an artist; one that draws units, and one of too many marks, travels without its figures."""
    travels = kind != "unit_values" and marks <= MAX_MARKS
    return FigureArtist(
        panel=panel,
        kind=kind,
        drawing=drawing,
        label=name(label),
        marks=marks,
        labels=tuple(str(text)[:200] for text in labels) if travels else (),
        values=tuple(figures(values)) if travels else (),
        counts=tuple(counts) if travels and counts is not None else None,
        frequency=frequency,
        assumed=assumed,
        quantiles=tuple(quantiles),
        fingerprint=fingerprint if travels else None,
        codes=tuple(tuple(code) for code in codes) if travels else (),
        columns={column: tuple(values) for column, values in (columns or {}).items()} if travels else {},
    )


def name(text: Any) -> str:
    """Give a label as it is shown; names that a library makes up are none."""
    shown = str(text or "")
    return "" if shown.startswith("_") else shown[:500]


def figures(values: Iterable[Any]) -> list[float | None]:
    """Give figures as plain numbers; what is missing or infinite is None."""
    found: list[float | None] = []
    for value in values:
        try:
            number = float(value)
        except (TypeError, ValueError):
            found.append(None)
        else:
            found.append(number if math.isfinite(number) else None)
    return found


def floats(values: Any) -> Floats:
    """Give values as doubles, dates among them, shape (m,); what is no figure becomes nan."""
    array = np.ma.filled(np.ma.asarray(values), np.nan) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[s]").astype(np.float64)
    try:
        return np.asarray(array, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        return np.array([math.nan if value is None else value for value in figures(array.reshape(-1))], dtype=np.float64)


def whole_counts(values: Sequence[float | None]) -> list[int] | None:
    """Give values as counts where every one of them is a whole number from 0; else None."""
    if not values or not all(value is not None and value >= 0 and abs(value - round(value)) < 1e-6 for value in values):
        return None
    return [round(value) for value in values if value is not None]


def is_count_name(text: str) -> bool:
    """Tell whether an axis says that its figures are counts."""
    return text.strip().casefold() in COUNT_NAMES


_WORD = re.compile(r"[A-Za-z0-9_]+")


def shape_of(text: str) -> str | None:
    """Tell which key a text looks like; None where none."""
    stripped = text.strip()
    for shape, pattern in VALUE_SHAPES.items():
        if shape not in CAUTIOUS_SHAPES and any(pattern.match(word) for word in (stripped, *_WORD.findall(stripped))):
            return shape
    if any(is_never_export(word) for word in _WORD.findall(stripped)):
        return "never_export_name"
    return None


def text_findings(panel: int, place: str, texts: Iterable[str]) -> list[FigureText]:
    """Declare texts that look like keys; the texts themselves stay here."""
    shapes = (shape_of(text) for text in texts if text)
    return [FigureText.model_validate({"panel": panel, "place": place, "shape": shape}) for shape in shapes if shape is not None]


# ------------------------------------------------------------------------------------------------ declared


def declare(drawn: Drawn, n: Any) -> None:
    """Add the numbers of units that the reader gives.

    Parameters
    ----------
    drawn : Drawn
        Changed in place.
    n : str, int, sequence, mapping or data frame
        ``"values"``: the drawn figures are counts themselves. One number: every mark stands on so many. A sequence: one per mark of the one
        artist that can have them. A mapping or data frame: label of the artist → one of these.

    Raises
    ------
    Invalid
        If the numbers fit no artist, or are no whole numbers from 0.
    """
    drawn.given = n
    if n is None:
        return
    open_marks = [
        mark for mark in drawn.marks if mark.declarable and mark.artist.kind != "decoration" and mark.artist.fingerprint is None and mark.artist.marks
    ]
    if hasattr(n, "columns") and hasattr(n, "to_dict"):
        n = {str(column): list(n[column]) for column in n.columns}
    if isinstance(n, Mapping):
        for key, given in n.items():
            chosen = [mark for mark in open_marks if mark.artist.label == str(key)]
            if not chosen:
                raise _no_artist(str(key), [mark.artist.label for mark in open_marks])
            for mark in chosen:
                _declare(mark, given)
        return
    if isinstance(n, str) or not hasattr(n, "__len__"):
        for mark in open_marks:
            # a number for all does not turn points into groups: that takes a number for each
            if mark.artist.kind != "unit_values" and (mark.artist.counts is None or mark.artist.assumed):
                _declare(mark, n)
        return
    values = list(n)
    fitting = [mark for mark in open_marks if mark.artist.marks == len(values)]
    if not fitting:
        raise Invalid(
            "n_length",
            Text(
                en=f"n= has {len(values)} numbers, and no part of the figure has as many marks.",
                nl=f"n= heeft {len(values)} getallen, en geen deel van de figuur heeft zoveel tekens.",
            ),
            Text(
                en="Marks per part: " + ", ".join(f"{mark.artist.label or mark.artist.drawing} {mark.artist.marks}" for mark in open_marks[:8]) + ".",
                nl="Tekens per deel: "
                + ", ".join(f"{mark.artist.label or mark.artist.drawing} {mark.artist.marks}" for mark in open_marks[:8])
                + ".",
            ),
        )
    for mark in fitting:
        _declare(mark, values)


def _declare(mark: Mark, given: Any) -> None:
    artist = mark.artist
    if isinstance(given, str):
        counts = whole_counts(artist.values) if given == "values" else None
        if counts is None:
            raise Invalid(
                "no_counts",
                Text(
                    en=f"The figures of ‘{artist.label or artist.drawing}’ are not counts.",
                    nl=f"De cijfers van ‘{artist.label or artist.drawing}’ zijn geen aantallen.",
                ),
                Text(en="Give the numbers of units: n=[…].", nl="Geef de aantallen eenheden: n=[…]."),
            )
        mark.artist = artist.model_copy(update={"counts": tuple(counts), "frequency": True, "assumed": False})
        return
    numbers = list(given) if hasattr(given, "__len__") else [given] * artist.marks
    counts = whole_counts(figures(numbers))
    if counts is None or len(counts) != artist.marks:
        raise Invalid(
            "bad_n",
            Text(
                en=f"n= must hold {artist.marks} whole numbers for ‘{artist.label or artist.drawing}’.",
                nl=f"n= moet {artist.marks} gehele getallen bevatten voor ‘{artist.label or artist.drawing}’.",
            ),
            Text(en="One number of distinct units for each mark.", nl="Eén aantal verschillende eenheden voor elk teken."),
        )
    update: dict[str, Any] = {"counts": tuple(counts), "assumed": False}
    if artist.kind in ("unit_values", "unknown", "model_curve"):
        # points that stand for groups: the reader says so by giving a number for each
        update["kind"] = "aggregated"
        if mark.y is not None and artist.marks <= MAX_MARKS:
            update["values"] = tuple(figures(mark.y))
            update["labels"] = tuple(f"{value:.6g}" for value in mark.x) if mark.x is not None else ()
    mark.artist = artist.model_copy(update=update)


def _no_artist(key: str, labels: Sequence[str]) -> Invalid:
    return Invalid(
        "no_artist",
        Text(en=f"Nothing in the figure is labelled '{key}'.", nl=f"Niets in de figuur heet '{key}'."),
        Text(en="Use the labels of the legend.", nl="Gebruik de namen uit de legenda."),
        suggestions=tuple(dict.fromkeys(label for label in labels if label))[:5],
    )
