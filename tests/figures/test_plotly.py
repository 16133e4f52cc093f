"""Figures of plotly, trace by trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_cbs.domain.errors import Invalid

from .conftest import Check, Judge, codes, drawings

px = pytest.importorskip("plotly.express")
go = pytest.importorskip("plotly.graph_objects")

RNG = np.random.default_rng(5)
N = 300
DATA = pd.DataFrame(
    {
        "wage": RNG.normal(2500, 400, N),
        "age": RNG.normal(45, 12, N),
        "sex": np.where(np.arange(N) % 2 == 0, "man", "woman"),
        "region": RNG.choice(list("abc"), N),
    }
)

UNITS: dict[str, Any] = {
    "scatter": (lambda: px.scatter(DATA, x="age", y="wage", color="sex"), "scatter"),
    "webgl": (lambda: px.scatter(DATA, x="age", y="wage", render_mode="webgl"), "scatter"),
    "strip": (lambda: px.strip(DATA, x="sex", y="wage"), "whiskers"),
    "box": (lambda: px.box(DATA, x="sex", y="wage"), "whiskers"),
    "violin": (lambda: px.violin(DATA, x="sex", y="wage"), "violin"),
    "ecdf": (lambda: px.ecdf(DATA, x="wage"), "ecdf"),
    "3d": (lambda: px.scatter_3d(DATA, x="age", y="wage", z="wage"), "scatter"),
    "parallel": (lambda: px.parallel_coordinates(DATA[["age", "wage"]]), "scatter"),
    "matrix": (lambda: px.scatter_matrix(DATA[["age", "wage"]]), "scatter"),
    "rug": (lambda: px.histogram(DATA, x="wage", marginal="rug", nbins=3), "whiskers"),
}


@pytest.mark.parametrize("name", UNITS)
def test_what_draws_units_is_refused(check: Check, judge: Judge, name: str) -> None:
    draw, drawing = UNITS[name]
    report = check(draw())
    assert report.status.value == "refused"
    assert (drawing, "unit_values") in drawings(report)
    sent = str(judge.seen[-1])
    assert not any(f"{value}" in sent for column in ("wage", "age") for value in DATA[column])


@pytest.mark.parametrize(("least", "status"), [(9, "unsafe"), (10, "safe")])
def test_bars_and_histograms(check: Check, least: int, status: str) -> None:
    values = np.repeat([0.5, 1.5, 2.5], [30, 40, least])
    figure = go.Figure(go.Histogram(x=values, xbins={"start": 0, "end": 3, "size": 1}), layout={"title": "t"})
    assert check(figure).status.value == status
    bars = px.bar(x=["a", "b", "c"], y=[30, 40, least], labels={"y": "count"})
    assert check(bars).status.value == status
    means = px.bar(x=["a", "b", "c"], y=[1.5, 2.5, 3.5])
    assert check(means).status.value == "review"
    assert check(means, n=[30, 40, least]).status.value == status
    automatic = px.histogram(DATA, x="wage")
    assert check(automatic).status.value == "review", "its classes are made in the browser"


def test_lines_curves_and_grids(check: Check) -> None:
    line = px.line(x=[1, 2, 3], y=[4.5, 5.5, 6.5], title="t")
    assert check(line).status.value == "review"
    assert check(line, n=[10, 10, 10]).ok
    curve = px.line(x=np.linspace(0, 1, 100), y=np.linspace(0, 1, 100) ** 2, title="t")
    assert drawings(check(curve)) == {("line", "model_curve")}
    grid = px.imshow([[20, 30], [40, 50]], title="t")
    assert check(grid).status.value == "review"
    assert check(grid, n="values").ok
    assert check(px.pie(names=["a", "b"], values=[30, 40], title="t"), n="values").ok
    assert codes(check(px.density_heatmap(DATA, x="age", y="wage"))) == {("unknown_table", "review")}
    box = go.Figure(go.Box(q1=[1], median=[2], q3=[3], lowerfence=[0], upperfence=[9]), layout={"title": "t"})
    assert check(box).status.value == "refused"


def test_keys_in_texts_are_found(check: Check) -> None:
    figure = px.bar(x=["000123456", "000123457"], y=[30, 40], labels={"y": "count"}, title="t")
    assert ("identifier", "refused") in codes(check(figure))
    figure = px.bar(x=["a", "b"], y=[30, 40], labels={"y": "count"}, hover_name=["000123456", "x"], title="t")
    assert ("identifier", "refused") in codes(check(figure))


def test_the_alternative_is_a_picture_where_plotly_makes_none(check: Check, tmp_path: Any) -> None:
    report = check(px.scatter(DATA, x="age", y="wage", title="Wages"))
    other = report.alternative()
    assert other.ok, other.findings
    other.save(tmp_path / "wages.png")
    assert (tmp_path / "wages.png").stat().st_size > 1000
    box = check(px.box(DATA, x="sex", y="wage", title="Wages")).alternative()
    assert box.ok, box.findings
    try:
        import kaleido  # noqa: F401  plotly needs it to be there
    except ImportError:
        with pytest.raises(Invalid, match=r"plotly cannot make a picture here.* bars\.csv"):
            check(px.bar(x=["a", "b"], y=[30, 40], labels={"y": "count"}, title="t")).save(tmp_path / "bars.png")
        assert (tmp_path / "bars.csv").read_text().splitlines()[1:] == ["t,bars,a,30,30", "t,bars,b,40,40"]
        assert not (tmp_path / "bars.png").exists()
