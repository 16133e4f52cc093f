"""Figures of plotly, trace by trace. Its html holds the data it was given, also where it draws totals: only a picture may leave."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ...domain.figure import Drawing, FigurePanel
from .drawn import Drawn, Floats, Mark, artist, figures, floats, is_count_name, name, text_findings, whole_counts
from .mpl import CURVE, _evenly, _is_ecdf

_POINTS = (
    "scattergeo",
    "scattermap",
    "scattermapbox",
    "scatterpolar",
    "scatterpolargl",
    "scatterternary",
    "scatter3d",
    "scattercarpet",
    "scattersmith",
)
_UNITS = ("splom", "parcoords", "parcats", "mesh3d", "streamtube", "cone", "densitymap", "densitymapbox")
_GRIDS: dict[str, Drawing] = {"heatmap": "heat_map", "contour": "contour", "surface": "heat_map"}
_MAPS = ("choropleth", "choroplethmap", "choroplethmapbox")


def read(figure: Any) -> Drawn:
    """Read a figure of plotly."""
    layout = figure.layout
    panels: list[str] = []
    marks: list[Mark] = []
    texts = text_findings(0, "title", [_text(layout.title)])
    for trace in figure.data:
        if trace.visible in (False, "legendonly"):
            continue
        key = str(getattr(trace, "xaxis", None) or "x")
        if key not in panels:
            panels.append(key)
        number = panels.index(key)
        marks += _trace(trace, number, _axis_title(layout, key, "y"))
        texts += text_findings(number, "legend", [str(trace.name or "")])
        texts += text_findings(number, "annotation", _strings(getattr(trace, "text", None)) + _strings(getattr(trace, "hovertext", None)))
        for values in (getattr(trace, "x", None), getattr(trace, "y", None)):
            texts += text_findings(number, "tick", sorted(set(_strings(values)))[:500])
    texts += text_findings(0, "annotation", [str(note.text or "") for note in layout.annotations])
    shown = [
        FigurePanel(title=_text(layout.title)[:1000] if i == 0 else "", x_label=_axis_title(layout, key, "x"), y_label=_axis_title(layout, key, "y"))
        for i, key in enumerate(panels)
    ]
    version = getattr(sys.modules.get("plotly"), "__version__", "")
    return Drawn(f"plotly {version}".strip(), figure, marks, shown, texts)


def _text(title: Any) -> str:
    return str(getattr(title, "text", None) or "")


def _axis_title(layout: Any, key: str, letter: str) -> str:
    axis = getattr(layout, f"{letter}axis{key[1:]}", None)
    return _text(getattr(axis, "title", None))[:1000]


def _strings(values: Any) -> list[str]:
    if values is None or isinstance(values, (int, float)):
        return []
    if isinstance(values, str):
        return [values]
    return [value for value in list(values) if isinstance(value, str)]


def _length(*values: Any) -> int:
    return max((len(value) for value in values if value is not None and hasattr(value, "__len__")), default=0)


def _labels(values: Any, count: int) -> list[str]:
    return [str(value) for value in values] if values is not None and len(values) == count else [f"#{i + 1}" for i in range(count)]


def _trace(trace: Any, panel: int, y_name: str) -> list[Mark]:
    kind = str(trace.type)
    readers: dict[str, Callable[[], list[Mark]]] = {
        "scatter": lambda: _scatter(trace, panel, y_name),
        "scattergl": lambda: _scatter(trace, panel, y_name),
        "bar": lambda: _bars(trace, panel, y_name),
        "funnel": lambda: _bars(trace, panel, y_name),
        "waterfall": lambda: _bars(trace, panel, y_name),
        "barpolar": lambda: [Mark(artist(panel, "aggregated", "bars", marks=_length(trace.r), label=name(trace.name), values=figures(trace.r)))],
        "histogram": lambda: _histogram(trace, panel),
        "box": lambda: _box(trace, panel),
        "violin": lambda: [_grouped(trace, panel, "violin")],
        "pie": lambda: _pie(trace, panel),
        "sunburst": lambda: _pie(trace, panel),
        "treemap": lambda: _pie(trace, panel),
        "icicle": lambda: _pie(trace, panel),
    }
    if kind in readers:
        return readers[kind]()
    if kind in _POINTS or kind in _UNITS:
        count = _length(*(getattr(trace, at, None) for at in ("lat", "r", "a", "x", "dimensions")))
        return [Mark(artist(panel, "unit_values", "scatter", marks=count, label=name(trace.name)))]
    if kind in ("histogram2d", "histogram2dcontour"):
        return [Mark(artist(panel, "aggregated", "heat_map", marks=1, label=name(trace.name)), x=floats(trace.x), y=floats(trace.y))]
    if kind in _GRIDS and trace.z is not None:
        values = figures(np.asarray(trace.z, dtype=object).reshape(-1))
        shown = [value for value in values if value is not None]
        return [Mark(artist(panel, "aggregated", _GRIDS[kind], marks=len(shown), label=name(trace.name), values=shown))]
    if kind in _MAPS:
        values = figures(trace.z)
        return [
            Mark(
                artist(
                    panel, "aggregated", "map", marks=len(values), label=name(trace.name), labels=_labels(trace.locations, len(values)), values=values
                )
            )
        ]
    return [Mark(artist(panel, "unknown", "other", marks=1, label=name(trace.name) or kind))]


def _scatter(trace: Any, panel: int, y_name: str) -> list[Mark]:
    count = _length(trace.x, trace.y)
    label = name(trace.name)
    xs = trace.x if trace.x is not None else np.arange(count)
    y = floats(trace.y) if trace.y is not None else np.arange(count, dtype=np.float64)
    x = floats(xs)
    mode = str(trace.mode or ("lines+markers" if count < 20 else "lines"))
    if "lines" not in mode:
        return [Mark(artist(panel, "unit_values", "scatter", marks=count, label=label), x=x, y=y)] if count else []
    if str(getattr(trace.line, "shape", "") or "") in ("hv", "vh") and _is_ecdf(x, y):
        return [Mark(artist(panel, "unit_values", "ecdf", marks=count, label=label), x=x)]
    if "trendline" in str(trace.hovertemplate or "") or (count >= CURVE and "markers" not in mode and _evenly(x) and np.isfinite(x).all()):
        return [Mark(artist(panel, "model_curve", "line", marks=1, label=label))]
    values = figures(y)
    counts = whole_counts(values) if is_count_name(y_name) else None
    return [Mark(artist(panel, "aggregated", "line", marks=count, label=label, labels=_labels(xs, count), values=values, counts=counts), x=x, y=y)]


def _bars(trace: Any, panel: int, y_name: str) -> list[Mark]:
    lying = str(trace.orientation or "v") == "h"
    places, heights = (trace.y, trace.x) if lying else (trace.x, trace.y)
    values = figures(heights if heights is not None else [])
    counts = whole_counts(values) if is_count_name(y_name) else None
    labels = _labels(places, len(values))
    return [
        Mark(
            artist(
                panel,
                "aggregated",
                "bars",
                marks=len(values),
                label=name(trace.name),
                labels=labels,
                values=values,
                counts=counts,
                frequency=counts is not None,
            )
        )
    ]


def _histogram(trace: Any, panel: int) -> list[Mark]:
    """Take a histogram: its bars are made in the browser, so the counts are those of the classes it was told to make."""
    along = trace.y if str(trace.orientation or "v") == "h" or trace.x is None else trace.x
    bins = trace.xbins if along is trace.x else trace.ybins
    bounds: list[Any] = [getattr(bins, part, None) for part in ("start", "end", "size")]
    values = floats(along) if along is not None else np.zeros(0)
    numeric = [isinstance(part, (int, float)) for part in bounds]
    weighted = (trace.y if along is trace.x else trace.x) is not None and str(trace.histfunc or "count") != "count"
    if not all(numeric) or weighted or str(trace.histnorm or ""):
        return [Mark(artist(panel, "aggregated", "histogram", marks=1, label=name(trace.name)), x=values)]
    start, end, size = (float(part) for part in bounds)
    edges = np.arange(start, end + size * 0.5, size)
    counts = np.histogram(values[np.isfinite(values)], edges)[0].tolist() if len(edges) > 1 else []
    labels = [f"{a:.6g}–{b:.6g}" for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
    return [
        Mark(
            artist(
                panel,
                "aggregated",
                "histogram",
                marks=len(counts),
                label=name(trace.name),
                labels=labels,
                values=counts,
                counts=counts,
                frequency=True,
            ),
            x=values,
            edges=edges,
        )
    ]


def _box(trace: Any, panel: int) -> list[Mark]:
    if trace.median is not None:
        medians = figures(trace.median)
        labels = _labels(trace.x if trace.x is not None else trace.y, len(medians))
        box = Mark(
            artist(
                panel,
                "aggregated",
                "box",
                marks=len(medians),
                label=name(trace.name),
                labels=labels,
                values=medians,
                quantiles=(0.25, 0.5, 0.75),
                columns={"q25": figures(trace.q1), "q75": figures(trace.q3)},
            )
        )
        fences = _length(trace.lowerfence, trace.upperfence)
        return [box] + ([Mark(artist(panel, "unit_values", "whiskers", marks=2 * fences), declarable=False)] if fences else [])
    return [_grouped(trace, panel, "whiskers")]


def _grouped(trace: Any, panel: int, drawing: Drawing) -> Mark:
    """Take a box or violin that was given the values of units."""
    lying = str(trace.orientation or "v") == "h" or (trace.y is None and trace.x is not None)
    values, by = (trace.x, trace.y) if lying else (trace.y, trace.x)
    numbers: Floats = floats(values) if values is not None else np.zeros(0)
    groups: dict[str, Floats] = {}
    if by is not None and len(by) == len(numbers):
        keys = np.asarray(by).astype(str)
        groups = {str(key): numbers[keys == key] for key in dict.fromkeys(keys.tolist())}
    elif len(numbers):
        groups = {name(trace.name) or "#1": numbers}
    return Mark(artist(panel, "unit_values", drawing, marks=len(numbers), label=name(trace.name)), groups=groups, declarable=False)


def _pie(trace: Any, panel: int) -> list[Mark]:
    count = _length(trace.labels, trace.values)
    values = figures(trace.values) if trace.values is not None else []
    labels = _labels(trace.labels, count)
    return [Mark(artist(panel, "aggregated", "pie", marks=count, label=name(trace.name), labels=labels, values=values))]
