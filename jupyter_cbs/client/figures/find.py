"""Find the figure an object is, or belongs to."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple


class Found(NamedTuple):
    """A figure and the library that draws it."""

    library: Literal["matplotlib", "plotly"]
    figure: Any


def find_figure(obj: Any) -> Found | None:
    """Give the figure of an object; None where it is none.

    Figures and axes of matplotlib, whatever pandas and seaborn give (axes, arrays of axes, grids, ``seaborn.objects``), artists, and
    figures of plotly.
    """
    roots = {kind.__module__.split(".")[0] for kind in type(obj).__mro__}
    names = {kind.__name__ for kind in type(obj).__mro__}
    if "plotly" in roots and "BaseFigure" in names:
        return Found("plotly", obj)
    if "matplotlib" in roots:
        return _of_matplotlib(obj, names)
    if "seaborn" in roots:
        if "Plot" in names and hasattr(obj, "plot"):  # seaborn.objects
            obj = obj.plot()
        figure = getattr(obj, "figure", None) or getattr(obj, "_figure", None)
        return None if figure is None else _of_matplotlib(figure, {kind.__name__ for kind in type(figure).__mro__})
    if isinstance(obj, (list, tuple, dict)) or "numpy" in roots or "pandas" in roots:
        # what plotting functions give back: arrays of axes, lists of artists, dictionaries of artists
        return next((found for found in map(find_figure, _members(obj)) if found is not None), None)
    return None


def _members(obj: Any) -> list[Any]:
    if isinstance(obj, dict):
        members = list(obj.values())
    elif isinstance(obj, (list, tuple)):
        members = list(obj)
    elif str(getattr(obj, "dtype", "")) == "object":
        members = list(obj.ravel() if hasattr(obj, "ravel") else obj.array)
    else:
        return []
    return [m[0] if isinstance(m, (list, tuple)) and m else m for m in members[:4] if not isinstance(m, (str, bytes))]


def _of_matplotlib(obj: Any, names: set[str]) -> Found | None:
    if "FigureBase" in names:
        # what is saved is the whole figure, also where a part of it was given
        return Found("matplotlib", getattr(obj, "figure", obj) if "SubFigure" in names else obj)
    if "Container" in names:
        children = obj.get_children()
        obj = children[0] if children else None
    figure = getattr(obj, "figure", None)
    while figure is not None and "SubFigure" in {kind.__name__ for kind in type(figure).__mro__}:
        figure = figure.figure
    return None if figure is None else Found("matplotlib", figure)
