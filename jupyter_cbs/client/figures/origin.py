"""What is known of artists that were drawn here: the table they come from, or the numbers of units behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakKeyDictionary

from ...domain.figure import Drawing


@dataclass(frozen=True)
class Origin:
    """Where an artist comes from.

    Parameters
    ----------
    fingerprint, codes
        The table of the workspace that drew it, and the cell of each mark.
    counts
        Distinct units behind each mark, where there is no table.
    drawing
        What it draws, where its looks would not tell; ``decoration`` draws nothing that is not drawn by another.
    quantiles
        Quantiles its marks stand at.
    labels, values
        Names and figures of its marks.
    """

    fingerprint: str | None = None
    codes: tuple[tuple[str | None, ...], ...] = ()
    counts: tuple[int | None, ...] | None = None
    drawing: Drawing | Literal["decoration"] | None = None
    quantiles: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    values: tuple[float | None, ...] = ()


_known: WeakKeyDictionary[Any, Origin] = WeakKeyDictionary()


def remember(
    artist: Any,
    *,
    fingerprint: str | None = None,
    codes: Sequence[Sequence[str | None]] = (),
    counts: Sequence[int | None] | None = None,
    drawing: Drawing | Literal["decoration"] | None = None,
    quantiles: Sequence[float] = (),
    labels: Sequence[str] = (),
    values: Sequence[float | None] = (),
) -> None:
    """Keep where an artist comes from, as long as it lives.

    Parameters
    ----------
    artist : object
        An artist of matplotlib, e.g. a container of bars or an image.
    fingerprint : str, optional
        Fingerprint of the table whose cells it draws.
    codes : sequence of sequence of str
        With it: the cell of each mark, one code per dimension.
    counts : sequence of int, optional
        Distinct units behind each mark.
    drawing, quantiles, labels, values
        As in :class:`jupyter_cbs.domain.figure.FigureArtist`.
    """
    _known[_key(artist)] = Origin(
        fingerprint,
        tuple(tuple(code) for code in codes),
        None if counts is None else tuple(counts),
        drawing,
        tuple(quantiles),
        tuple(labels),
        tuple(values),
    )


def origin_of(artist: Any) -> Origin | None:
    """Give what is known of an artist; None where it was drawn elsewhere."""
    key = _key(artist)
    return None if key is None else _known.get(key)


def _key(artist: Any) -> Any:
    """Give what stands for an artist: a container is a tuple, so its first child does."""
    if isinstance(artist, tuple):
        return next((child for child in artist.get_children() if child is not None), None) if hasattr(artist, "get_children") else None
    return artist
