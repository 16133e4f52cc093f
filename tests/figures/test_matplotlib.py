"""What the artists of matplotlib, pandas and seaborn draw, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib import pyplot as plt

from jupyter_cbs.domain.errors import Invalid

from .conftest import Check, Judge, codes, drawings

RNG = np.random.default_rng(11)
N = 240
DATA = pd.DataFrame(
    {
        "wage": RNG.normal(2500, 400, N),
        "age": RNG.normal(45, 12, N),
        "sex": np.where(np.arange(N) % 2 == 0, "man", "woman"),
        "year": 2015 + np.arange(N) // 2 % 8,
        "person": np.arange(N) // 8,
    }
)

Draw = Callable[[Any], Any]

UNITS: dict[str, tuple[Draw, str]] = {
    "scatter": (lambda ax: ax.scatter(DATA.age, DATA.wage), "scatter"),
    "points of a line": (lambda ax: ax.plot(DATA.age, DATA.wage, "o"), "scatter"),
    "pandas scatter": (lambda ax: DATA.plot.scatter("age", "wage", ax=ax), "scatter"),
    "seaborn scatter": (lambda ax: sns.scatterplot(DATA, x="age", y="wage", hue="sex", ax=ax), "scatter"),
    "strip": (lambda ax: sns.stripplot(DATA, x="sex", y="wage", ax=ax), "scatter"),
    "swarm": (lambda ax: sns.swarmplot(DATA[:60], x="sex", y="wage", size=2, ax=ax), "scatter"),
    "regression": (lambda ax: sns.regplot(DATA, x="age", y="wage", n_boot=5, ax=ax), "scatter"),
    "residuals": (lambda ax: sns.residplot(DATA, x="age", y="wage", ax=ax), "scatter"),
    "rug": (lambda ax: sns.rugplot(DATA, x="wage", ax=ax), "rug"),
    "events": (lambda ax: ax.eventplot(DATA.wage), "rug"),
    "ecdf": (lambda ax: ax.ecdf(DATA.wage), "ecdf"),
    "seaborn ecdf": (lambda ax: sns.ecdfplot(DATA, x="wage", ax=ax), "ecdf"),
    "complementary ecdf": (lambda ax: ax.ecdf(DATA.wage, complementary=True), "ecdf"),
    "box": (lambda ax: ax.boxplot([DATA.wage, DATA.age]), "whiskers"),
    "filled box": (lambda ax: ax.boxplot([DATA.wage], patch_artist=True, notch=True), "whiskers"),
    "lying box": (lambda ax: ax.boxplot([DATA.wage], orientation="horizontal"), "whiskers"),
    "pandas box": (lambda ax: DATA.boxplot(column="wage", by="sex", ax=ax), "whiskers"),
    "seaborn box": (lambda ax: sns.boxplot(DATA, x="sex", y="wage", ax=ax), "whiskers"),
    "seaborn lying box": (lambda ax: sns.boxplot(DATA, y="sex", x="wage", ax=ax), "whiskers"),
    "violin": (lambda ax: ax.violinplot([DATA.wage]), "violin"),
    "seaborn violin": (lambda ax: sns.violinplot(DATA, x="sex", y="wage", ax=ax), "violin"),
    "spaghetti": (lambda ax: [ax.plot(p.year, p.wage) for _, p in DATA.groupby("person")], "lines_of_units"),
    "segments": (lambda ax: ax.hlines(DATA.person, DATA.age, DATA.age + 3), "lines_of_units"),
    "stems": (lambda ax: ax.stem(DATA.age, DATA.wage), "scatter"),
}


@pytest.mark.parametrize("name", UNITS)
def test_what_draws_units_is_refused(check: Check, judge: Judge, name: str) -> None:
    draw, drawing = UNITS[name]
    figure, ax = plt.subplots()
    draw(ax)
    ax.set_title("Wages")
    report = check(figure)
    assert report.status.value == "refused"
    assert (drawing, "unit_values") in drawings(report)
    assert "alternative()" in next(f.remedy.en for f in report.findings if f.rule.value == "unit_values")
    # values of units never leave the kernel
    sent = str(judge.seen[-1])
    assert not any(f"{value}" in sent for column in ("wage", "age") for value in DATA[column])


def test_outliers_are_named_apart(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.boxplot([[*range(100), 900, 901]])
    ax.set_title("t")
    assert {("outliers", "unit_values"), ("whiskers", "unit_values"), ("box", "aggregated")} == drawings(check(figure))


@pytest.mark.parametrize(("least", "status"), [(9, "unsafe"), (10, "safe")])
@pytest.mark.parametrize("kind", ["hist", "stairs", "pandas", "seaborn", "count"])
def test_a_histogram_is_judged_by_its_bars(check: Check, least: int, status: str, kind: str) -> None:
    values = np.repeat([0.5, 1.5, 2.5], [30, 40, least])
    figure, ax = plt.subplots()
    edges = [0, 1, 2, 3]
    if kind == "hist":
        ax.hist(values, edges)
        ax.set_ylabel("n")
    elif kind == "stairs":
        ax.stairs(np.histogram(values, edges)[0], edges)
        ax.set_ylabel("n")
    elif kind == "pandas":
        pd.Series(values).plot.hist(bins=edges, ax=ax)
    elif kind == "seaborn":
        sns.histplot(x=values, bins=edges, ax=ax)
    else:
        sns.countplot(x=values.astype(str), ax=ax)
    ax.set_title("Values")
    report = check(figure)
    assert report.status.value == status
    if status == "unsafe":
        assert codes(report) == {("min_frequency", "unsafe")}
        assert "fewest: 9 observations" in report.findings[0].text.en
    assert report.numbers()["n"].astype(float).sum() == 70 + least


def test_the_last_bar_counts_with_its_right_edge(check: Check) -> None:
    """ACRO 1.0.2 drops the right edge of a histogram (design: disclosure.md)."""
    figure, ax = plt.subplots()
    ax.hist([0.5] * 20 + [1.5] * 10 + [2.0], [0, 1, 2])
    ax.set_title("t")
    assert check(figure).numbers()["n"].tolist() == ["20", "11"]


@pytest.mark.parametrize(("top", "status"), [(90, "safe"), (91, "unsafe")])
def test_one_bar_may_hold_nine_tenths(check: Check, top: int, status: str) -> None:
    figure, ax = plt.subplots()
    ax.bar(["a", "b"], [10 * top, 10 * (100 - top)])
    ax.set_ylabel("aantal")
    report = check(figure)
    assert report.status.value == status
    assert status == "safe" or codes(report) == {("group_disclosure", "unsafe")}


@pytest.mark.parametrize(("n", "status"), [(None, "review"), ([12, 10], "safe"), ([12, 9], "unsafe"), (10, "safe"), (9, "unsafe")])
def test_bars_of_means_need_their_numbers(check: Check, n: Any, status: str) -> None:
    ax = DATA.groupby("sex")["wage"].mean().plot.bar()
    report = check(ax, n=n)
    assert report.status.value == status
    assert n is not None or "ws.check(fig, n=[…])" in report.findings[0].remedy.en


def test_series_by_name(check: Check) -> None:
    means = DATA.pivot_table(index="year", columns="sex", values="wage")
    counts = DATA.pivot_table(index="year", columns="sex", values="wage", aggfunc="count")
    for plot in (means.plot, means.plot.bar):
        assert check(plot(), n=counts).ok
        assert not check(plot(), n={"man": [30] * 8, "woman": [30] * 7 + [9]}).ok
        with pytest.raises(Invalid, match="labelled 'men'"):
            check(plot(), n={"men": [30] * 8})
    with pytest.raises(Invalid, match="no part of the figure has as many"):
        check(means.plot(), n=[1, 2, 3])
    with pytest.raises(Invalid, match="whole numbers"):
        check(means.plot(), n={"man": [1.5] * 8})
    with pytest.raises(Invalid, match="are not counts"):
        check(means.plot(), n="values")


def test_points_with_numbers_are_groups(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.scatter(range(5), [3.0, 4.0, 5.0, 6.0, 7.0])
    ax.set_title("Means by year")
    assert check(figure).status.value == "refused"
    assert check(figure, n=50).status.value == "refused", "one number for all does not turn points into groups"
    assert check(figure, n=[10, 20, 30, 40, 50]).ok
    assert not check(figure, n=[9, 20, 30, 40, 50]).ok


def test_error_bars_and_point_plots(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.errorbar([1, 2], [3, 4], yerr=[0.1, 0.2], label="mean")
    assert check(figure, n={"mean": [10, 10]}).status.value == "review", "an unnamed panel"
    ax.set_title("t")
    assert check(figure, n={"mean": [10, 10]}).ok
    assert check(sns.barplot(DATA, x="sex", y="wage", n_boot=5, ax=plt.subplots()[1]), n=[120, 120]).ok
    assert check(sns.pointplot(DATA, x="sex", y="wage", n_boot=5, ax=plt.subplots()[1]), n=[120, 120]).ok


@pytest.mark.parametrize("draw", [lambda ax: sns.kdeplot(DATA, x="wage", ax=ax), lambda ax: sns.kdeplot(DATA, x="wage", fill=True, ax=ax)])
def test_densities_have_tails(check: Check, draw: Draw) -> None:
    figure, ax = plt.subplots()
    draw(ax)
    report = check(figure, n=240)
    assert drawings(report) == {("density", "aggregated")}
    assert codes(report) == {("percentile", "review")}
    assert codes(check(figure, n=9)) == {("percentile", "review"), ("min_frequency", "unsafe")}


def test_a_histogram_with_a_density(check: Check) -> None:
    figure, ax = plt.subplots()
    sns.histplot(DATA, x="wage", kde=True, bins=[0, 2200, 2500, 2800, 9000], ax=ax)
    assert {d for d, _ in drawings(check(figure))} == {"histogram", "density"}


def test_curves_of_models(check: Check) -> None:
    figure, ax = plt.subplots()
    x = np.linspace(20, 60, 100)
    ax.plot(x, 3 * x**2 - 5, label="fit")
    ax.fill_between(x, 3 * x**2 - 8, 3 * x**2)
    ax.set_title("Fit")
    report = check(figure)
    assert drawings(report) == {("line", "model_curve")}
    assert report.status.value == "review"
    assert "ws.check(model)" in report.findings[0].remedy.en


def test_hexagons_and_heat_maps(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.hexbin(DATA.age, DATA.wage, gridsize=5, mincnt=10)
    ax.set_title("t")
    assert check(figure).status.value == "review", "whole numbers are not counts by themselves"
    assert check(figure, n="values").ok
    figure, ax = plt.subplots()
    ax.hexbin(DATA.age, DATA.wage, gridsize=12, mincnt=1)
    ax.set_title("t")
    assert ("min_frequency", "unsafe") in codes(check(figure))
    figure, ax = plt.subplots()
    ax.hexbin(DATA.age, DATA.wage, C=DATA.wage, gridsize=3)
    ax.set_title("t")
    assert codes(check(figure)) == {("unknown_table", "review")}
    ax = sns.heatmap(np.arange(20, 32).reshape(3, 4), cbar_kws={"label": "aantal"}, ax=plt.subplots()[1])
    ax.set_title("t")
    assert check(ax).ok
    ax = sns.heatmap(np.arange(20, 32).reshape(3, 4), ax=plt.subplots()[1])
    ax.set_title("t")
    assert check(ax).status.value == "review", "whole numbers are not counts by themselves"
    assert check(ax, n="values").ok
    assert not check(ax, n=[9, *range(21, 32)]).ok


def test_other_things(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.pie([30, 50, 20], labels=["a", "b", "c"])
    ax.set_title("t")
    assert check(figure).status.value == "review"
    assert check(figure, n=[30, 50, 20]).ok
    figure, ax = plt.subplots()
    ax.contour(np.outer(range(5), range(5)))
    ax.set_title("t")
    assert check(figure).status.value == "review"
    figure, ax = plt.subplots()
    ax.imshow(np.zeros((4, 4, 3)))
    ax.set_title("t")
    assert codes(check(figure)) == {("unknown_table", "review")}


def test_lines_that_draw_no_data(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.hist([0.5] * 20 + [1.5] * 30, [0, 1, 2])
    ax.axvline(1)
    ax.axhspan(0, 3)
    ax.axline((0, 0), (1, 1))
    ax.set_ylabel("Count")
    assert check(figure).ok


def test_an_empty_figure_is_not_safe(check: Check) -> None:
    assert codes(check(plt.figure())) == {("unknown_table", "review")}


@pytest.mark.parametrize("place", ["title", "axis", "tick", "legend", "annotation", "suptitle"])
@pytest.mark.parametrize("text", ["by RINPERSOON", "000123456", "school 12AB"])
def test_keys_in_texts_are_found(check: Check, judge: Judge, place: str, text: str) -> None:
    figure, ax = plt.subplots()
    ax.hist([0.5] * 20 + [1.5] * 30, [0, 1, 2], label=text if place == "legend" else "people")
    ax.set_title(text if place == "title" else "People")
    if place == "suptitle":
        figure.suptitle(text)
    if place == "axis":
        ax.set_xlabel(text)
    if place == "tick":
        ax.set_xticks([0.5, 1.5], ["x", text])
    if place == "annotation":
        ax.text(1, 1, text)
    ax.legend()
    report = check(figure)
    assert ("identifier", "refused") in codes(report)
    assert text not in str(judge.seen[-1]["texts"])


def test_what_plotting_functions_give_back(check: Check) -> None:
    grid = sns.FacetGrid(DATA, col="sex").map_dataframe(sns.scatterplot, x="age", y="wage")
    assert check(grid).status.value == "refused"
    assert check(sns.jointplot(DATA, x="age", y="wage")).status.value == "refused"
    assert check(DATA[["wage", "age"]].hist(bins=[0, 40, 50, 2400, 9000])).figure is plt.gcf()
    assert check(DATA.boxplot(column="wage", by="sex", return_type="axes")).status.value == "refused"
    _, _, bars = plt.subplots()[1].hist([1.0] * 20 + [2.0] * 20, [0, 1.5, 3])
    assert check(bars).status.value == "review"
    assert check(plt.subplots()[1].boxplot([DATA.wage])).status.value == "refused"


def test_something_else_says_what_can_be_checked(check: Check) -> None:
    for thing in (DATA, 3, "a", [1, 2], None):
        with pytest.raises(Invalid, match="neither a model nor a figure"):
            check(thing)


def test_more_is_asked_of_stricter_data(check: Check, judge: Judge) -> None:
    judge.profile = judge.profile.model_copy(update={"min_frequency": 31})
    figure, ax = plt.subplots()
    ax.hist([0.5] * 30 + [1.5] * 31, [0, 1, 2])
    ax.set_ylabel("n")
    assert "fewer than 31" in check(figure).findings[0].text.en


def test_whole_numbers_are_not_counts_until_somebody_says_so(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.hist([0.5, 1.5], [0, 1, 2], weights=[2500, 2700])
    ax.set_title("Wages of two people")
    assert codes(check(figure)) == {("unknown_table", "review")}
    assert "n='values'" in check(figure).findings[0].remedy.en
    assert check(figure, n=[1, 1]).status.value == "unsafe"


def test_insets_and_loose_artists_are_seen(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.bar(["a", "b"], [30, 40])
    ax.set_ylabel("count")
    assert check(figure).ok
    inset = ax.inset_axes((0.5, 0.5, 0.4, 0.4))
    inset.scatter(DATA.age, DATA.wage)
    assert check(figure).status.value == "refused"
    figure, ax = plt.subplots()
    ax.bar(["a", "b"], [30, 40])
    ax.set_ylabel("count")
    figure.add_artist(plt.Line2D([0.1, 0.9], [0.2, 0.3]))
    assert check(figure).status.value == "review"


def test_polygons_with_figures_are_a_map(check: Check) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    figure, ax = plt.subplots()
    areas = PatchCollection([Circle((i, i), 1) for i in range(3)])
    areas.set_array(np.array([1.5, 2.5, 3.5]))
    ax.add_collection(areas)
    ax.set_title("t")
    assert drawings(check(figure)) == {("map", "aggregated")}
    assert check(figure, n=[10, 20, 30]).ok


def test_three_dimensions(check: Check) -> None:
    figure = plt.figure()
    figure.add_subplot(projection="3d").scatter(DATA.age, DATA.wage, DATA.year)
    assert check(figure).status.value == "refused"
    figure = plt.figure()
    figure.add_subplot(projection="polar").scatter(DATA.age, DATA.wage)
    assert check(figure).status.value == "refused"


def test_lines_that_look_like_parts_of_others_are_not_lost(check: Check) -> None:
    figure, ax = plt.subplots()
    ax.bar(["a", "b"], [30, 40])
    ax.set_ylabel("count")
    ax.plot([0, 1, 2], [5.5, 6.5, 7.5], marker="")
    ax.secondary_yaxis("right")
    assert codes(check(figure)) == {("unknown_table", "review")}
    figure, ax = plt.subplots()
    ax.bar(["a", "b"], [30, 40])
    ax.set_ylabel("count")
    for at, wage in enumerate(DATA.wage[:9]):
        ax.plot([at, at], [0, wage])
    assert check(figure).status.value == "refused"


STRANGE: dict[str, Draw] = {
    "arrows": lambda ax: ax.quiver(DATA.age, DATA.wage, 1, 1),
    "areas": lambda ax: ax.stackplot([1, 2, 3], [1, 2, 3], [2, 3, 4]),
    "triangles": lambda ax: ax.tripcolor(DATA.age, DATA.wage, DATA.age),
    "nothing but gaps": lambda ax: ax.plot([np.nan, np.nan], [1, 2]),
    "dates": lambda ax: ax.plot(pd.date_range("2020-01-01", periods=5), [1, 2, 3, 4, 5]),
    "spans": lambda ax: ax.broken_barh([(1, 2), (4, 5)], (1, 2)),
    "density bars": lambda ax: ax.hist(DATA.wage, density=True),
    "outline": lambda ax: ax.hist(DATA.wage, histtype="step"),
    "letters": lambda ax: sns.boxenplot(DATA, x="sex", y="wage", ax=ax),
    "filled contours": lambda ax: ax.contourf(np.outer(range(5), range(5))),
    "table": lambda ax: ax.table([["a", "b"]]),
}


@pytest.mark.parametrize("name", STRANGE)
def test_nothing_is_safe_for_being_strange(check: Check, name: str) -> None:
    figure, ax = plt.subplots()
    STRANGE[name](ax)
    ax.set_title("t")
    report = check(figure)
    assert not report.ok
    assert repr(report)
