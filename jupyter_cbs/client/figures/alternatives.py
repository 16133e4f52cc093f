"""Aggregated figures in place of ones that draw units: hexagons, means per class, trimmed boxes, histograms with enough units per bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...domain.errors import Invalid
from ...domain.text import Text
from ..language import pick
from ..models.design import group_codes
from .drawn import Drawn, Floats, Mark, floats
from .origin import remember

KINDS = ("hexbin", "means", "box", "histogram", "lines", "steps")
TRIM = 0.05
"""Whiskers end at this quantile and its mirror image, where enough units lie beyond."""

MAX_CLASSES = 20


def alternative(drawn: Drawn, least: int, kind: str | None, data: Any, lang: str, unit: Any = None) -> Any:
    """Draw an aggregated figure in place of one that is not safe.

    Parameters
    ----------
    drawn : Drawn
        What was read of the figure.
    least : int
        Distinct units that every mark must stand on.
    kind : str, optional
        One of :data:`KINDS`; by default what fits the figure.
    data : data frame, mapping or sequence, optional
        The values of units, by group, for a figure that does not hold them itself (box plots, violins).
    lang : str
        Language of labels that are added.
    unit : sequence, optional
        The unit of each point; the points of one become their mean.

    Returns
    -------
    matplotlib.figure.Figure
        Of its own, known to no window.

    Raises
    ------
    Invalid
        If there is nothing to draw it from, too few units, or no such kind.
    """
    from matplotlib.figure import Figure

    if kind is not None and kind not in KINDS:
        raise Invalid(
            "bad_kind",
            Text(en=f"There is no alternative '{kind}'.", nl=f"Er is geen alternatief '{kind}'."),
            Text(en="Use one of: " + ", ".join(KINDS) + ".", nl="Gebruik één van: " + ", ".join(KINDS) + "."),
        )
    wanted = _plan(drawn, kind, data)
    if not wanted:
        raise _nothing()
    if unit is not None:
        wanted = [(chosen, _one_each(mark, unit), groups) for chosen, mark, groups in wanted]
    figure = Figure(layout="constrained")
    axes = figure.subplots(1, len(wanted), squeeze=False)[0]
    for ax, (chosen, mark, groups) in zip(axes, wanted, strict=True):
        if chosen == "hexbin":
            _hexbin(ax, mark, least, lang)
        elif chosen == "means":
            _means(ax, mark, least, lang)
        elif chosen == "lines":
            _mean_line(ax, mark, least, lang)
        elif chosen == "steps":
            _steps(ax, mark, least, lang)
        elif chosen == "box":
            _boxes(ax, groups, least, lang)
        else:
            _histogram(ax, mark, least, lang)
        panel = drawn.panels[mark.artist.panel] if mark is not None and mark.artist.panel < len(drawn.panels) else None
        if panel is not None:
            ax.set_title(panel.title)
            if not ax.get_xlabel():
                ax.set_xlabel(panel.x_label)
            if not ax.get_ylabel():
                ax.set_ylabel(panel.y_label)
    return figure


def _plan(drawn: Drawn, kind: str | None, data: Any) -> list[tuple[str, Any, dict[str, Floats]]]:
    """Choose what is drawn in place of each panel."""
    if data is not None:
        first = drawn.marks[0] if drawn.marks else None
        groups = _groups(data)
        if kind in (None, "box"):
            return [("box", first, groups)]
        return [(kind, _as_mark(values), {}) for values in groups.values()]
    plans: list[tuple[str, Any, dict[str, Floats]]] = []
    for panel in range(len(drawn.panels)):
        marks = [mark for mark in drawn.marks if mark.artist.panel == panel]
        chosen = _choice(marks, kind)
        if chosen is not None:
            plans.append(chosen)
    return plans


def _choice(marks: list[Mark], kind: str | None) -> tuple[str, Any, dict[str, Floats]] | None:
    grouped = [mark for mark in marks if mark.groups]
    if grouped and kind in (None, "box"):
        return "box", grouped[0], {f"{label}": values for mark in grouped for label, values in mark.groups.items()}
    flat = [mark for mark in marks if mark.x is not None and mark.y is not None and mark.artist.kind == "unit_values"]
    if flat:
        points = [mark for mark in flat if mark.artist.drawing == "scatter"] or flat
        together = Mark(
            points[0].artist, np.concatenate([m.x for m in points if m.x is not None]), np.concatenate([m.y for m in points if m.y is not None])
        )
        if kind is not None:
            return kind, together, {"": together.y} if kind == "box" and together.y is not None else {}
        if points[0].artist.drawing == "lines_of_units":
            return "lines", together, {}
        classes = np.unique(together.x) if together.x is not None else np.zeros(0)
        return ("means" if len(classes) <= MAX_CLASSES else "hexbin"), together, {}
    alone = [mark for mark in marks if mark.x is not None and (mark.artist.kind == "unit_values" or mark.artist.drawing == "histogram")]
    if alone:
        mark = alone[0]
        if kind == "steps" or (kind is None and mark.artist.drawing == "ecdf"):
            return "steps", mark, {}
        return "histogram", mark, {}
    bars = [mark for mark in marks if mark.edges is not None and mark.artist.counts is not None]
    return ("histogram", bars[0], {}) if bars and kind in (None, "histogram") else None


def _one_each(mark: Mark, unit: Any) -> Mark:
    """Make one point of all points of a unit.

    Raises
    ------
    Invalid
        If there is not one unit for each point.
    """
    codes, count = group_codes(unit)
    points = mark.x if mark.x is not None else np.zeros(0)
    if len(codes) != len(points):
        raise Invalid(
            "unit_length",
            Text(
                en=f"unit= has {len(codes)} values, and the figure has {len(points)} points.",
                nl=f"unit= heeft {len(codes)} waarden, en de figuur heeft {len(points)} punten.",
            ),
            Text(en="Give one value for each point.", nl="Geef één waarde voor elk punt."),
        )
    sizes = np.bincount(codes, minlength=count)
    x, y = (None if values is None else np.bincount(codes, weights=values, minlength=count) / sizes for values in (mark.x, mark.y))
    return Mark(mark.artist, x, y)


def _as_mark(values: Floats) -> Mark:
    from .drawn import artist

    return Mark(artist(0, "unit_values", "rug", marks=len(values)), x=values)


def _groups(data: Any) -> dict[str, Floats]:
    if hasattr(data, "columns"):
        return {str(column): floats(data[column]) for column in data.columns}
    if isinstance(data, Mapping) or hasattr(data, "groups"):
        pairs = data.items() if isinstance(data, Mapping) else iter(data)
        return {str(key): floats(values) for key, values in pairs}
    array = list(data) if isinstance(data, (list, tuple)) else data
    if isinstance(array, list) and array and hasattr(array[0], "__len__") and not isinstance(array[0], str):
        return {f"#{i + 1}": floats(values) for i, values in enumerate(array)}
    return {str(getattr(data, "name", None) or "#1"): floats(data)}


def _nothing() -> Invalid:
    return Invalid(
        "no_alternative",
        Text(
            en="The figure does not hold the values that an alternative would be drawn from.",
            nl="De figuur bevat de waarden niet waaruit een alternatief te tekenen is.",
        ),
        Text(
            en="Give them: report.alternative(data={'group': values, …}), or draw a table made with ws.table.",
            nl="Geef ze: report.alternative(data={'groep': waarden, …}), of teken een tabel die met ws.table is gemaakt.",
        ),
    )


def _too_few(count: int, least: int) -> Invalid:
    return Invalid(
        "too_few_units",
        Text(
            en=f"There are {count} units, too few for a figure in which every mark stands on {least}.",
            nl=f"Er zijn {count} eenheden, te weinig voor een figuur waarin elk teken op {least} berust.",
        ),
        Text(en="Choose a larger population.", nl="Kies een grotere populatie."),
    )


def _finite(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    kept = np.isfinite(x) & np.isfinite(y)
    return x[kept], y[kept]


# --------------------------------------------------------------------------------------------------- drawing


def _hexbin(ax: Any, mark: Mark, least: int, lang: str) -> None:
    """Draw hexagons of at least ``least`` units, as large as it takes for most units to be in one that is drawn."""
    if mark.x is None or mark.y is None:
        raise _nothing()
    x, y = _finite(mark.x, mark.y)
    if len(x) < least:
        raise _too_few(len(x), least)
    # a grid from the extremes themselves would show where they are
    extent = (*_outward(x), *_outward(y))
    drawn = None
    for size in (30, 20, 14, 10, 7, 5, 3, 2, 1):
        if drawn is not None:
            drawn.remove()
        drawn = ax.hexbin(x, y, gridsize=size, mincnt=least, linewidths=0.2, extent=extent)
        if float(np.sum(drawn.get_array())) >= 0.8 * len(x):
            break
    if drawn is None or not len(drawn.get_array()):
        raise _too_few(len(x), least)
    counts = [round(value) for value in np.asarray(drawn.get_array(), dtype=float).tolist()]
    labels = [f"{px:.4g} · {py:.4g}" for px, py in np.asarray(drawn.get_offsets()).tolist()]
    remember(drawn, counts=counts, drawing="hexbin", labels=labels, values=[float(count) for count in counts])
    offsets = np.asarray(drawn.get_offsets(), dtype=float)
    for along, limits, (low, high) in ((0, ax.set_xlim, extent[:2]), (1, ax.set_ylim, extent[2:])):
        room = (high - low) / 20
        limits(float(offsets[:, along].min()) - room, float(offsets[:, along].max()) + room)
    ax.figure.colorbar(drawn, ax=ax, label=pick(lang, "number", "aantal"))


def _outward(values: Floats) -> tuple[float, float]:
    """Give borders around values at round figures, away from the extremes."""
    low, high = float(values.min()), float(values.max())
    step = _round_step((high - low) / 10) if high > low else 1.0
    return float(np.floor(low / step) * step), float((np.floor(high / step) + 1) * step)


def _classes(x: Floats, least: int) -> Any:
    """Divide values into classes of at least ``least``: by value where there are few, by quantile otherwise. Gives the class of each."""
    values, codes, counts = np.unique(x, return_inverse=True, return_counts=True)
    if len(values) > MAX_CLASSES:
        # as many classes of equal size as there is room for; ties stay together
        wanted = max(1, min(MAX_CLASSES, len(x) // (2 * least)))
        edges = np.unique(np.quantile(x, np.linspace(0, 1, wanted + 1)[1:-1]))
        _, codes, counts = np.unique(np.searchsorted(edges, x, side="right"), return_inverse=True, return_counts=True)
    merged = _merged(counts.tolist(), least)
    return np.asarray(merged)[codes.reshape(-1)]


def _merged(counts: list[int], least: int) -> list[int]:
    """Number neighbouring classes so that each number holds at least ``least``; shape of ``counts``."""
    numbers, current, held = [], 0, 0
    for count in counts:
        if held >= least:
            current, held = current + 1, 0
        numbers.append(current)
        held += count
    if held < least and current > 0:
        numbers = [min(number, current - 1) for number in numbers]
    return numbers


def _means(ax: Any, mark: Mark, least: int, lang: str) -> None:
    """Draw the mean of y in classes of x."""
    if mark.x is None or mark.y is None:
        raise _nothing()
    x, y = _finite(mark.x, mark.y)
    if len(x) < least:
        raise _too_few(len(x), least)
    codes = _classes(x, least)
    numbers = np.unique(codes)
    counts = [int(np.sum(codes == number)) for number in numbers]
    places = [float(x[codes == number].mean()) for number in numbers]
    values = [float(y[codes == number].mean()) for number in numbers]
    (line,) = ax.plot(places, values, marker="o", label=pick(lang, "mean per class", "gemiddelde per klasse"))
    remember(line, counts=counts, drawing="line", labels=[f"{place:.4g}" for place in places], values=values)
    ax.legend()


def _mean_line(ax: Any, mark: Mark, least: int, lang: str) -> None:
    """Draw the mean of lines of units at each place with at least ``least`` of them."""
    if mark.x is None or mark.y is None:
        raise _nothing()
    x, y = _finite(mark.x, mark.y)
    places, codes, counts = np.unique(x, return_inverse=True, return_counts=True)
    kept = [i for i in range(len(places)) if counts[i] >= least]
    if not kept:
        raise _too_few(int(counts.max(initial=0)), least)
    values = [float(y[codes.reshape(-1) == i].mean()) for i in kept]
    (line,) = ax.plot([float(places[i]) for i in kept], values, marker="o", label=pick(lang, "mean", "gemiddelde"))
    remember(line, counts=[int(counts[i]) for i in kept], drawing="line", labels=[f"{places[i]:.4g}" for i in kept], values=values)
    ax.legend()


def _steps(ax: Any, mark: Mark, least: int, lang: str) -> None:
    """Draw the cumulative share at class borders, with at least ``least`` units between two of them."""
    if mark.x is None:
        raise _nothing()
    x = mark.x[np.isfinite(mark.x)]
    edges, counts = _bins(x, least)
    share = np.cumsum(counts) / len(x)
    # the last border is the largest value itself, and everybody lies below it: it is not drawn
    (line,) = ax.plot(edges[1:-1], share[:-1], marker="o", label=pick(lang, "share below", "aandeel eronder"))
    remember(line, counts=counts[:-1], drawing="line", labels=[f"{edge:.4g}" for edge in edges[1:-1]], values=[float(value) for value in share[:-1]])
    ax.set_ylabel(pick(lang, "share", "aandeel"))


def _bins(x: Floats, least: int) -> tuple[Floats, list[int]]:
    """Give borders of classes of equal width, merged until each holds ``least``; the outer borders are rounded away from the extremes.

    Raises
    ------
    Invalid
        If there are fewer values than ``least``.
    """
    if len(x) < 2 * least:
        raise _too_few(len(x), least)
    low, high = float(x.min()), float(x.max())
    count = int(np.clip(np.sqrt(len(x)), 2, 30))
    step = _round_step((high - low) / count) if high > low else 1.0
    edges = np.arange(np.floor(low / step), np.floor(high / step) + 2) * step
    counts = np.histogram(x, edges)[0].tolist()
    return _join(edges, counts, least)


def _join(edges: Floats, counts: list[int], least: int) -> tuple[Floats, list[int]]:
    numbers = _merged(counts, least)
    joined = [sum(c for c, number in zip(counts, numbers, strict=True) if number == i) for i in range(max(numbers) + 1)]
    starts = [numbers.index(i) for i in range(max(numbers) + 1)]
    return np.append(edges[starts], edges[-1]), joined


def _round_step(step: float) -> float:
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step * (1 - 1e-9)))


def _histogram(ax: Any, mark: Mark, least: int, lang: str) -> None:
    """Draw a histogram whose bars hold at least ``least`` units; wider bars show their density, not their number."""
    if mark.x is not None:
        edges, counts = _bins(mark.x[np.isfinite(mark.x)], least)
    elif mark.edges is not None and mark.artist.counts is not None:
        known = [count or 0 for count in mark.artist.counts]
        if sum(known) < least:
            raise _too_few(sum(known), least)
        edges, counts = _join(mark.edges, known, least)
    else:
        raise _nothing()
    widths = np.diff(edges)
    even = bool(np.allclose(widths, widths[0]))
    heights = [float(count) for count in counts] if even else [float(c / w) for c, w in zip(counts, widths, strict=True)]
    bars = ax.bar(edges[:-1], heights, widths, align="edge", edgecolor="white", linewidth=0.5)
    labels = [f"{a:.6g}–{b:.6g}" for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
    remember(bars, counts=counts, drawing="histogram", labels=labels, values=heights)
    ax.set_ylabel(pick(lang, "number", "aantal") if even else pick(lang, "number per unit of width", "aantal per eenheid breedte"))


def _boxes(ax: Any, groups: Mapping[str, Floats], least: int, lang: str) -> None:
    """Draw boxes whose whiskers end at a quantile with ``least`` units beyond it, and no outliers; groups that are too small are left out."""
    stats, counts, quantile = [], [], TRIM
    clean = {label: values[np.isfinite(values)] for label, values in groups.items()}
    # a quartile needs its own number of units beyond it
    kept = {label: values for label, values in clean.items() if len(values) * 0.25 >= least}
    if not kept:
        raise _too_few(max((len(values) for values in clean.values()), default=0), 4 * least)
    quantile = max(TRIM, *(least / len(values) for values in kept.values()))
    quantile = min(0.25, float(np.ceil(quantile * 100) / 100))
    for label, values in kept.items():
        low, q1, median, q3, high = np.quantile(values, [quantile, 0.25, 0.5, 0.75, 1 - quantile])
        stats.append({"label": label, "med": median, "q1": q1, "q3": q3, "whislo": low, "whishi": high, "fliers": []})
        counts.append(len(values))
    parts = ax.bxp(stats, showfliers=False)
    labels = [str(entry["label"]) for entry in stats]
    for part, places in (("boxes", ("q1", "q3")), ("medians", ("med",))):
        for i, line in enumerate(parts[part]):
            shown = [f"{labels[i]} {'median' if place == 'med' else place}" for place in places]
            figures = [float(stats[i][place]) for place in places]
            quantiles = (0.25, 0.75) if part == "boxes" else (0.5,)
            remember(line, counts=[counts[i]] * len(places), drawing="box", quantiles=quantiles, labels=shown, values=figures)
    for i, line in enumerate(parts["whiskers"]):
        end, at = (quantile, "whislo") if i % 2 == 0 else (1 - quantile, "whishi")
        shown = [f"{labels[i // 2]} p{100 * end:g}"]
        remember(line, counts=[counts[i // 2]], drawing="whiskers", quantiles=(end,), labels=shown, values=[float(stats[i // 2][at])])
    for line in parts["caps"]:
        remember(line, drawing="decoration")
    percent = f"{100 * quantile:g}"
    ax.annotate(
        pick(lang, f"whiskers: {percent} % and {100 - 100 * quantile:g} %", f"snorharen: {percent} % en {100 - 100 * quantile:g} %"),
        (0.01, 0.01),
        xycoords="axes fraction",
        fontsize="small",
    )
