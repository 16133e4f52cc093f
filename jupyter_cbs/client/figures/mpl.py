"""Figures of matplotlib, and of what draws with it: pandas and seaborn."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from ...domain.figure import Drawing, FigurePanel, FigureText
from .drawn import Drawn, Floats, Mark, artist, figures, floats, is_count_name, name, text_findings, whole_counts
from .origin import Origin, origin_of

MANY_LINES = 12
"""More unnamed lines than this in one panel are taken as one for each unit."""

CURVE = 50
"""A line of at least so many evenly spaced points is a curve."""


def read(figure: Any) -> Drawn:
    """Read a figure of matplotlib: every axes, every artist that draws data."""
    figure.draw_without_rendering()  # positions and tick labels are settled only then
    marks: list[Mark] = []
    panels: list[FigurePanel] = []
    texts: list[FigureText] = []
    colorbars = {id(ax) for ax in figure.axes if getattr(ax, "_colorbar", None) is not None}
    every: list[Any] = []
    for ax in figure.axes:
        every += [ax, *_insets(ax)]
    for ax in every:
        if id(ax) in colorbars or not ax.get_visible():
            continue
        number = len(panels)
        panels.append(FigurePanel(title=ax.get_title()[:1000], x_label=ax.get_xlabel()[:1000], y_label=ax.get_ylabel()[:1000]))
        marks += _Panel(ax, number).read()
        texts += _texts(ax, number)
    loose = [other for other in (*figure.lines, *figure.patches, *figure.images, *figure.artists) if other.get_visible()]
    marks += [Mark(artist(0, "unknown", "other", marks=1, label=type(other).__name__)) for other in loose]
    overall = [text.get_text() for text in figure.texts]
    if figure.get_suptitle():
        overall.append(figure.get_suptitle())
    if overall and panels:
        texts += text_findings(0, "title", overall)
        if not panels[0].title:
            panels[0] = panels[0].model_copy(update={"title": overall[-1][:1000]})
    version = getattr(sys.modules.get("matplotlib"), "__version__", "")
    return Drawn(f"matplotlib {version}".strip(), figure, marks, panels, texts)


def _insets(ax: Any) -> list[Any]:
    """Give the axes inside axes, at any depth; a figure does not list them."""
    inside = [child for child in ax.child_axes if "SecondaryAxis" not in _kinds(child)]  # a second scale draws no data
    return [inner for child in inside for inner in (child, *_insets(child))]


def _texts(ax: Any, number: int) -> list[FigureText]:
    found = text_findings(number, "title", [ax.get_title(), ax.get_title("left"), ax.get_title("right")])
    found += text_findings(number, "axis", [ax.get_xlabel(), ax.get_ylabel()])
    for axis in (ax.xaxis, ax.yaxis):
        if type(axis.get_major_formatter()).__name__ in ("FixedFormatter", "StrCategoryFormatter", "FuncFormatter"):
            found += text_findings(number, "tick", [label.get_text() for label in axis.get_ticklabels()])
    legend = ax.get_legend()
    if legend is not None:
        found += text_findings(number, "legend", [text.get_text() for text in legend.get_texts()])
    found += text_findings(number, "annotation", [text.get_text() for text in ax.texts])
    for table in ax.tables:
        found += text_findings(number, "annotation", [cell.get_text().get_text() for cell in table.get_celld().values()])
    return found


def _kinds(obj: Any) -> set[str]:
    return {kind.__name__ for kind in type(obj).__mro__}


class _Panel:
    """One pair of axes, read artist by artist; what belongs together (all whiskers, all outliers) becomes one."""

    def __init__(self, ax: Any, number: int) -> None:
        self.ax = ax
        self.number = number
        self.marks: list[Mark] = []
        self.seen: set[int] = set()
        self.violins = 0
        self.whiskers: list[Floats] = []
        self.outliers: list[Floats] = []
        self.errors: list[Floats] = []
        self.boxes: list[tuple[float, float, float, float]] = []
        self.letters = 0
        self.curves: list[Any] = []

    def read(self) -> list[Mark]:
        """Give the artists that draw data."""
        ax = self.ax
        for container in ax.containers:
            self._container(container)
        for collection in ax.collections:
            if self._new(collection):
                self._collection(collection)
        for patch in ax.patches:
            if self._new(patch):
                self._patch(patch)
        lines = [line for line in ax.lines if self._new(line)]
        self._lines(lines)
        for image in ax.images:
            if self._new(image):
                self._image(image)
        for other in (*ax.tables, *ax.artists):
            if self._new(other):
                self._add(Mark(artist(self.number, "unknown", "other", marks=1, label=type(other).__name__)))
        self._gather()
        return self.marks

    # --------------------------------------------------------------------------------------------- helpers

    def _new(self, obj: Any) -> bool:
        if id(obj) in self.seen or not obj.get_visible():
            return False
        self.seen.add(id(obj))
        return True

    def _add(self, mark: Mark) -> None:
        self.marks.append(mark)

    def _in_data(self, obj: Any) -> tuple[bool, bool]:
        """Tell whether x and y of an artist are data; a reference line or a rug has one that is not."""
        contains = obj.get_transform().contains_branch_seperately(self.ax.transData)
        return bool(contains[0]), bool(contains[1])

    def _tick_names(self, axis: Any) -> dict[float, str]:
        return {round(float(place), 6): label.get_text() for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)}

    def _names_at(self, places: Iterable[float], upright: bool = True) -> list[str]:
        """Give the tick label nearest to each place, within half a step; else the place itself."""
        ticks = self._tick_names(self.ax.xaxis if upright else self.ax.yaxis)
        found = []
        for place in places:
            near = min(ticks, key=lambda tick: abs(tick - place), default=None)
            close = near is not None and abs(near - place) < 0.5 and ticks[near]
            found.append(ticks[near] if close and near is not None else f"{place:.6g}")
        return found

    def _known(self, obj: Any, drawing: Drawing, label: str, labels: list[str], values: list[float | None]) -> bool:
        """Take what was drawn here for what it is."""
        origin = origin_of(obj)
        if origin is None:
            return False
        self._add(Mark(_of_origin(self.number, origin, drawing, label, labels, values), declarable=False))
        return True

    # ------------------------------------------------------------------------------------------ containers

    def _container(self, container: Any) -> None:
        kind = type(container).__name__
        children = [child for child in container.get_children() if child is not None]
        if kind == "BarContainer":
            self.seen.update(id(child) for child in children)
            self._bars(container)
        elif kind == "ErrorbarContainer":
            self.seen.update(id(child) for child in children)
            self._errorbars(container)
        elif kind == "StemContainer":
            self.seen.update(id(child) for child in children)
            line = container.markerline
            self._points(floats(line.get_xdata()), floats(line.get_ydata()), name(container.get_label()))

    def _bars(self, container: Any) -> None:
        bars = [bar for bar in container.patches if bar.get_visible()]
        if not bars:
            return
        upright = getattr(container, "orientation", None) != "horizontal"
        places = [bar.get_x() + bar.get_width() / 2 if upright else bar.get_y() + bar.get_height() / 2 for bar in bars]
        values = figures(bar.get_height() if upright else bar.get_width() for bar in bars)
        left = np.array([bar.get_x() if upright else bar.get_y() for bar in bars])
        right = left + np.array([bar.get_width() if upright else bar.get_height() for bar in bars])
        label = name(container.get_label()) or name(bars[0].get_label())
        names = self._names_at(places, upright)
        if self._known(container, "bars", label, names, values):
            errors = getattr(container, "errorbar", None)
            if errors is not None:
                self.seen.update(id(child) for child in errors.get_children() if child is not None)
            return
        touching = len(bars) > 1 and bool(np.allclose(left[1:], right[:-1], rtol=1e-9, atol=1e-9 * float(np.ptp(right) or 1)))
        says = is_count_name(self._value_name(upright))
        counts = whole_counts(values) if touching or says else None
        if touching:
            names = [f"{a:.6g}–{b:.6g}" for a, b in zip(left.tolist(), right.tolist(), strict=True)]
        self._add(
            Mark(
                artist(
                    self.number,
                    "aggregated",
                    "histogram" if touching else "bars",
                    marks=len(bars),
                    label=label,
                    labels=names,
                    values=values,
                    counts=counts,
                    frequency=counts is not None,
                    assumed=counts is not None and not says,
                ),
                edges=np.append(left, right[-1]) if touching else None,
            )
        )

    def _value_name(self, upright: bool) -> str:
        return str(self.ax.get_ylabel() if upright else self.ax.get_xlabel())

    def _errorbars(self, container: Any) -> None:
        data = container.lines[0] if container.lines else None
        if data is not None:
            x, y = floats(data.get_xdata()), floats(data.get_ydata())
            label = name(container.get_label())
            if not self._known(container, "error_bars", label, self._names_at(x), figures(y)):
                self._series(x, y, label, "error_bars")

    # ------------------------------------------------------------------------------------------ collections

    def _collection(self, collection: Any) -> None:
        kinds = _kinds(collection)
        label = name(collection.get_label())
        if "ContourSet" in kinds:
            self._add(Mark(artist(self.number, "aggregated", "contour", marks=len(collection.levels), label=label)))
        elif "QuadMesh" in kinds:
            self._grid(collection, floats(collection.get_array()), label)
        elif "FillBetweenPolyCollection" in kinds:
            self._filled(collection, label)
        elif "EventCollection" in kinds:
            self._add(Mark(artist(self.number, "unit_values", "rug", marks=len(collection.get_positions())), x=floats(collection.get_positions())))
        elif "LineCollection" in kinds:
            self._segments(collection, label)
        elif "PatchCollection" in kinds and collection.get_array() is not None:
            values = figures(floats(collection.get_array()))
            self._add(Mark(artist(self.number, "aggregated", "map", marks=len(values), label=label, values=values)))
        elif "PatchCollection" in kinds:
            self.letters += len(collection.get_paths())
        elif "PathCollection" in kinds:
            offsets: Any = np.ma.filled(np.ma.asarray(collection.get_offsets(), dtype=float), np.nan)
            if self.letters:  # the outliers of letter-value boxes
                self.outliers.append(offsets[:, 1])
            elif len(offsets) and not self._known(collection, "scatter", label, [], figures(offsets[:, 1])):
                self._points(offsets[:, 0], offsets[:, 1], label)
        elif "PolyCollection" in kinds:
            self._polygons(collection, label)
        elif len(collection.get_paths()):
            self._add(Mark(artist(self.number, "unknown", "other", marks=max(1, len(collection.get_paths())), label=label)))

    def _grid(self, mesh: Any, values: Floats, label: str) -> None:
        shown = figures(values)
        drawn = [value for value in shown if value is not None]
        if self._known(mesh, "heat_map", label, [], shown):
            return
        bar = getattr(mesh, "colorbar", None)
        says = is_count_name(str(bar.ax.get_ylabel())) if bar is not None else False
        counts = whole_counts(drawn) if says else None
        self._add(
            Mark(
                artist(
                    self.number, "aggregated", "heat_map", marks=len(drawn), label=label, values=drawn, counts=counts, frequency=counts is not None
                )
            )
        )

    def _polygons(self, collection: Any, label: str) -> None:
        values = collection.get_array()
        if values is None:
            self._add(Mark(artist(self.number, "unknown", "other", marks=max(1, len(collection.get_paths())), label=label)))
            return
        shown = figures(floats(values))
        if self._known(collection, "hexbin", label, [], shown):
            return
        # many cells at offsets of one shape are hexagons; without another statistic their figures are counts
        hexagons = len(collection.get_offsets()) == len(shown) and len(collection.get_paths()) == 1
        counts = whole_counts(shown) if hexagons else None
        drawing: Drawing = "hexbin" if hexagons else "map"
        bar = getattr(collection, "colorbar", None)
        says = bar is not None and is_count_name(str(bar.ax.get_ylabel()))
        self._add(Mark(artist(self.number, "aggregated", drawing, marks=len(shown), label=label, values=shown, counts=counts, assumed=not says)))

    def _filled(self, collection: Any, label: str) -> None:
        origin = origin_of(collection)
        if origin is not None:
            self._add(Mark(_of_origin(self.number, origin, "area", label, [], []), declarable=False))
            return
        vertices = np.concatenate([path.vertices for path in collection.get_paths()]) if collection.get_paths() else np.zeros((0, 2))
        if getattr(collection, "t_direction", "x") == "y" and len(vertices) >= 50:
            self.violins += 1
            return
        finite = vertices[np.isfinite(vertices).all(axis=1)]
        xs = np.unique(finite[:, 0]) if len(finite) else np.zeros(0)
        base = bool(len(finite)) and bool((finite[:, 1] >= 0).all()) and np.count_nonzero(finite[:, 1] == 0) >= len(xs)
        if base and len(xs) >= CURVE and _evenly(xs):
            self._add(Mark(artist(self.number, "aggregated", "density", marks=1, label=label)))
            return
        self.curves.append((xs, label))

    def _segments(self, collection: Any, label: str) -> None:
        segments = [np.asarray(segment, dtype=float) for segment in collection.get_segments()]
        segments = [segment for segment in segments if len(segment)]
        if not segments:
            return
        x_data, y_data = self._in_data(collection)
        if x_data != y_data:
            along = np.array([segment[0, 0 if x_data else 1] for segment in segments])
            self._add(Mark(artist(self.number, "unit_values", "rug", marks=len(segments), label=label), x=along))
        elif self.violins:
            self.whiskers.extend(segment[:, 1] for segment in segments)
        elif origin_of(collection) is not None:
            self._known(collection, "error_bars", label, [], [])
        else:
            self._add(Mark(artist(self.number, "unit_values", "lines_of_units", marks=len(segments), label=label)))

    # --------------------------------------------------------------------------------------------- patches

    def _patch(self, patch: Any) -> None:
        kinds = _kinds(patch)
        label = name(patch.get_label())
        if self._in_data(patch) != (True, True):
            return  # a band across the panel
        if "Wedge" in kinds:
            share = (patch.theta2 - patch.theta1) / 360.0
            previous = next((mark for mark in self.marks if mark.artist.drawing == "pie"), None)
            labels, values = ([*previous.artist.labels], [*previous.artist.values]) if previous is not None else ([], [])
            mark = Mark(
                artist(
                    self.number, "aggregated", "pie", marks=len(values) + 1, labels=[*labels, label or f"#{len(values) + 1}"], values=[*values, share]
                )
            )
            if previous is not None:
                self.marks.remove(previous)
            self._add(mark)
        elif "StepPatch" in kinds:
            data = patch.get_data()
            values = figures(floats(data.values))
            edges = floats(data.edges)
            names = [f"{a:.6g}–{b:.6g}" for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
            counts = whole_counts(values)
            self._add(
                Mark(
                    artist(
                        self.number,
                        "aggregated",
                        "histogram",
                        marks=len(values),
                        label=label,
                        labels=names,
                        values=values,
                        counts=counts,
                        frequency=counts is not None,
                        assumed=counts is not None and not is_count_name(self._value_name(True)),
                    ),
                    edges=edges,
                )
            )
        elif "PathPatch" in kinds:
            self._box(np.asarray(patch.get_path().vertices, dtype=float))
        elif "Rectangle" in kinds and origin_of(patch) is None:
            self._add(Mark(artist(self.number, "unknown", "bars", marks=1, label=label)))
        else:
            self._add(Mark(artist(self.number, "unknown", "other", marks=1, label=label or type(patch).__name__)))

    def _box(self, vertices: Floats) -> None:
        finite = vertices[np.isfinite(vertices).all(axis=1)]
        if len(finite) >= 4:
            self.boxes.append((float(finite[:, 0].min()), float(finite[:, 0].max()), float(finite[:, 1].min()), float(finite[:, 1].max())))

    # ------------------------------------------------------------------------------------------------ lines

    def _lines(self, lines: list[Any]) -> None:
        plain: list[tuple[Floats, Floats, str]] = []
        for line in lines:
            x, y = floats(line.get_xdata()), floats(line.get_ydata())
            label = name(line.get_label())
            origin = origin_of(line)
            if origin is not None:
                self._add(Mark(_of_origin(self.number, origin, "line", label, self._names_at(x), figures(y)), declarable=False))
            elif "AxLine" in _kinds(line) or self._in_data(line) != (True, True) or not len(x):
                continue  # a reference line, or nothing
            elif _is_of_box(line, x, y):
                self._of_box(x, y)
            elif str(line.get_linestyle()) in ("None", " ", ""):
                if self.boxes or line.get_label() == "_nolegend_":
                    self.outliers.append(y)
                else:
                    self._points(x, y, label)
            elif len(x) == 2 and (x[0] == x[1] or y[0] == y[1]) and not label:
                (self.whiskers if self.violins else self.errors).append(y if x[0] == x[1] else x)
            elif str(line.get_drawstyle()).startswith("steps") and _is_ecdf(x, y):
                self._add(Mark(artist(self.number, "unit_values", "ecdf", marks=len(x), label=label), x=x))
            elif len(x) == 1 and self.violins:
                continue  # the median of a violin
            else:
                plain.append((x, y, label))
        unnamed = [entry for entry in plain if not entry[2]]
        if len(unnamed) > MANY_LINES:
            self._add(
                Mark(
                    artist(self.number, "unit_values", "lines_of_units", marks=len(unnamed)),
                    x=np.concatenate([x for x, _, _ in unnamed]),
                    y=np.concatenate([y for _, y, _ in unnamed]),
                )
            )
            plain = [entry for entry in plain if entry[2]]
        for x, y, label in plain:
            self._line(x, y, label)

    def _of_box(self, x: Floats, y: Floats) -> None:
        """Take one of the lines that a box plot is made of."""
        if len(x) >= 5:
            self._box(np.column_stack([x, y]))
        elif len(x) == 2 and x[0] == x[1] and y[0] != y[1]:
            self.whiskers.append(y)
        elif len(x) == 2 and y[0] == y[1] and x[0] != x[1]:
            # a cap or a median of an upright box, or a whisker of a lying one
            self.whiskers.append(x) if self._lying() else None

    def _lying(self) -> bool:
        """Tell whether boxes lie: they are where categories are along the vertical axis."""
        formatter = type(self.ax.yaxis.get_major_formatter()).__name__
        return formatter in ("FixedFormatter", "StrCategoryFormatter") and type(self.ax.xaxis.get_major_formatter()).__name__ == "ScalarFormatter"

    def _line(self, x: Floats, y: Floats, label: str) -> None:
        if len(x) >= CURVE and _evenly(x):
            finite = np.isfinite(y)
            area = float(np.trapezoid(y[finite], x[finite])) if finite.sum() > 1 else 0.0
            ends = max(abs(float(y[finite][0])), abs(float(y[finite][-1]))) if finite.any() else 0.0
            top = float(np.nanmax(y)) if finite.any() else 0.0
            # a density is nowhere negative and comes from nothing; its area is 1, or the bars it lies over
            if finite.any() and bool((y[finite] >= 0).all()) and ends < 0.15 * top and (0.8 < area < 1.05 or self._over_bars()):
                self._add(Mark(artist(self.number, "aggregated", "density", marks=1, label=label)))
            else:
                self._add(Mark(artist(self.number, "model_curve", "line", marks=1, label=label)))
            return
        self._series(x, y, label, "line")

    def _over_bars(self) -> bool:
        return any(mark.artist.drawing == "histogram" for mark in self.marks)

    def _series(self, x: Floats, y: Floats, label: str, drawing: Drawing) -> None:
        values = figures(y)
        counts = whole_counts(values) if is_count_name(self._value_name(True)) else None
        self._add(
            Mark(
                artist(
                    self.number,
                    "aggregated",
                    drawing,
                    marks=len(x),
                    label=label,
                    labels=self._names_at(x),
                    values=values,
                    counts=counts,
                    frequency=False,
                ),
                x=x,
                y=y,
            )
        )

    def _points(self, x: Floats, y: Floats, label: str) -> None:
        kept = np.isfinite(x) & np.isfinite(y)
        if kept.any():
            self._add(Mark(artist(self.number, "unit_values", "scatter", marks=int(kept.sum()), label=label), x=x[kept], y=y[kept]))

    def _image(self, image: Any) -> None:
        array = image.get_array()
        label = name(image.get_label())
        if array is None or array.ndim != 2:
            self._add(Mark(artist(self.number, "unknown", "image", marks=1, label=label)))
        else:
            self._grid(image, floats(array), label)

    # ------------------------------------------------------------------------------------------------ groups

    def _gather(self) -> None:
        """Make one artist of all boxes, whiskers, outliers and error bars of the panel."""
        if self.boxes or self.letters:
            centres = [(left + right) / 2 for left, right, _, _ in self.boxes]
            self._add(
                Mark(
                    artist(
                        self.number,
                        "aggregated",
                        "box",
                        marks=len(self.boxes) or self.letters,
                        labels=self._names_at(centres),
                        quantiles=(0.25, 0.5, 0.75) if self.boxes else (0.0, 1.0),
                        columns={"q25": figures(box[2] for box in self.boxes), "q75": figures(box[3] for box in self.boxes)},
                    )
                )
            )
        if self.violins:
            self._add(Mark(artist(self.number, "unit_values", "violin", marks=self.violins), declarable=False))
        if self.whiskers:
            self._add(Mark(artist(self.number, "unit_values", "whiskers", marks=len(self.whiskers)), declarable=False))
        outliers = np.concatenate(self.outliers) if self.outliers else np.zeros(0)
        if len(outliers):
            self._add(Mark(artist(self.number, "unit_values", "outliers", marks=len(outliers)), declarable=False))
        if self.errors:
            self._error_lines()
        for xs, label in self.curves:
            beside = [mark for mark in self.marks if mark.artist.drawing == "line" and mark.artist.panel == self.number]
            if beside and (len(xs) < CURVE or beside[-1].artist.kind == "model_curve"):
                continue  # the band around a line says no more of units than the line
            self._add(Mark(artist(self.number, "aggregated", "area", marks=max(1, len(xs)), label=label)))

    def _error_lines(self) -> None:
        """Error bars that are lines of their own belong to the bars or points they stand on."""
        hosts = [mark for mark in self.marks if mark.artist.drawing in ("bars", "line", "histogram") and mark.artist.kind == "aggregated"]
        if len(self.errors) > 2 * sum(mark.artist.marks for mark in hosts) > 0:
            self._add(Mark(artist(self.number, "unit_values", "lines_of_units", marks=len(self.errors))))
        elif not hosts:
            self._add(Mark(artist(self.number, "unknown", "error_bars", marks=len(self.errors))))


def _of_origin(panel: int, origin: Origin, drawing: Drawing, label: str, labels: list[str], values: list[float | None]) -> Any:
    if origin.drawing == "decoration":
        return artist(panel, "decoration", "other", marks=0)
    # what is held against a table is what is drawn now
    shown = values if origin.fingerprint is not None else list(origin.values) or (values if origin.counts is None else [])
    return artist(
        panel,
        "aggregated",
        origin.drawing or drawing,
        marks=len(shown) if shown else len(origin.counts or ()),
        label=label,
        labels=origin.labels or labels,
        values=shown,
        counts=origin.counts,
        quantiles=origin.quantiles,
        fingerprint=origin.fingerprint,
        codes=origin.codes,
    )


def _evenly(x: Floats) -> bool:
    steps = np.diff(x)
    return bool(len(steps)) and bool(np.all(steps > 0)) and bool(np.allclose(steps, steps.mean(), rtol=1e-3))


def _is_of_box(line: Any, x: Floats, y: Floats) -> bool:
    """Tell whether a line is one that a box plot is made of: they have no marker at all, and are closed or of two points."""
    if str(line.get_marker()) != "" or str(line.get_linestyle()) == "None":
        return False
    if str(line.get_label()) == "_nolegend_":
        return len(x) == 2
    return 5 <= len(x) <= 12 and str(line.get_label()).startswith("_") and x[0] == x[-1] and y[0] == y[-1]


def _is_ecdf(x: Floats, y: Floats) -> bool:
    finite = y[np.isfinite(y)]
    rising = bool(np.all(np.diff(finite) >= 0)) or bool(np.all(np.diff(finite) <= 0))
    return len(finite) > 2 and rising and float(finite.min()) >= 0 and len(np.unique(x)) > 2
