"""Aggregated figures in place of units, and the files that are written."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import seaborn as sns
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from PIL import Image

from jupyter_cbs.client.figures.alternatives import _bins, _classes, _merged
from jupyter_cbs.client.figures.saving import strip
from jupyter_cbs.domain.errors import Invalid

from .conftest import Check, codes

RNG = np.random.default_rng(7)
N = 500
X = RNG.normal(45, 12, N)
Y = RNG.lognormal(7.5, 0.6, N)


def panel(draw: Any) -> Any:
    figure, ax = plt.subplots()
    draw(ax)
    ax.set_title("Wages")
    ax.set_xlabel("age")
    return figure


DRAWN = {
    "scatter": lambda ax: ax.scatter(X, Y),
    "rug": lambda ax: sns.rugplot(x=Y, ax=ax),
    "ecdf": lambda ax: ax.ecdf(Y),
    "strip": lambda ax: sns.stripplot(x=np.where(X > 45, "old", "young"), y=Y, ax=ax, jitter=False),
    "lines": lambda ax: [ax.plot([1, 2, 3], [1, 2, RNG.random()]) for _ in range(30)],
    "small bars": lambda ax: ax.hist(Y, 60),
}


@pytest.mark.parametrize("name", DRAWN)
def test_an_alternative_is_safe(check: Check, name: str) -> None:
    report = check(panel(DRAWN[name]))
    assert not report.ok
    other = report.alternative()
    assert other.ok, other.findings
    numbers = other.numbers()
    assert (numbers["n"].astype(int) >= 10).all()
    assert other.figure.axes[0].get_title() == "Wages"
    assert "data:image/png;base64," in other._repr_html_()
    assert "data:image" not in report._repr_html_()


@pytest.mark.parametrize("kind", ["hexbin", "means", "histogram", "steps", "box"])
def test_every_kind_can_be_chosen(check: Check, kind: str) -> None:
    other = check(panel(DRAWN["scatter"])).alternative(kind)
    assert other.ok, other.findings
    with pytest.raises(Invalid, match="no alternative 'pie'"):
        check(panel(DRAWN["scatter"])).alternative("pie")


def test_a_box_is_trimmed_where_ten_units_lie_beyond(check: Check) -> None:
    report = check(panel(lambda ax: ax.boxplot([X, Y])))
    with pytest.raises(Invalid, match="does not hold the values"):
        report.alternative()
    other = report.alternative(data={"x": X, "y": Y})
    assert other.ok, other.findings
    numbers = other.numbers().set_index("mark")
    assert float(numbers.loc["x p5", "value"]) == pytest.approx(np.quantile(X, 0.05), rel=1e-5)
    assert not {f"{X.min():.6g}", f"{X.max():.6g}"} & set(numbers["value"])
    few = report.alternative(data={"x": X[:100]})
    assert sorted(few.numbers()["mark"]) == ["x median", "x p10", "x p90", "x q1", "x q3"], "10 of 100 lie beyond the tenth percentile"
    with pytest.raises(Invalid, match="39 units, too few"):
        report.alternative(data={"x": X[:39]})
    assert report.alternative(data={"x": X[:40], "tiny": X[:12]}).numbers()["mark"].str.contains("tiny").sum() == 0


def test_too_few_units_have_no_alternative(check: Check) -> None:
    with pytest.raises(Invalid, match="too few"):
        check(panel(lambda ax: ax.scatter(X[:9], Y[:9]))).alternative("hexbin")
    with pytest.raises(Invalid, match="too few"):
        check(panel(lambda ax: sns.rugplot(x=Y[:19], ax=ax))).alternative()


def test_axes_do_not_show_the_extremes(check: Check) -> None:
    x, y = np.append(X, 1234.5), np.append(Y, 99_999.0)
    other = check(panel(lambda ax: ax.scatter(x, y))).alternative("hexbin")
    ax = other.figure.axes[0]
    assert ax.get_xlim()[1] < 1000
    assert ax.get_ylim()[1] < 90_000


def test_a_picture_and_its_numbers(check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = panel(lambda ax: ax.hist([0.5] * 20 + [1.5] * 30, [0, 1, 2], label="people"))
    report = check(figure, n="values")
    for name in ("a.png", "a.jpg"):
        report.save(tmp_path / name)
        with Image.open(tmp_path / name) as image:
            assert image.format in ("PNG", "JPEG")
            assert not {key for key in image.info if key not in ("jfif", "jfif_version", "jfif_unit", "jfif_density")}
            assert not image.getexif()
            assert image.size[0] > 300
        assert b"matplotlib" not in (tmp_path / name).read_bytes().lower()
    assert "a.csv" in capsys.readouterr().out
    rows = list(csv.reader((tmp_path / "a.csv").read_text().splitlines()))
    assert rows == [["panel", "series", "mark", "value", "n"], ["Wages", "people", "0–1", "20", "20"], ["Wages", "people", "1–2", "30", "30"]]
    for name in ("a.svg", "a.pdf", "a"):
        with pytest.raises(Invalid, match="not a format in which a figure leaves"):
            report.save(tmp_path / name)


def test_a_refused_figure_is_not_written(check: Check, tmp_path: Path) -> None:
    report = check(panel(DRAWN["scatter"]))
    with pytest.raises(Invalid, match="refused and was not written"):
        report.save(tmp_path / "a.png")
    assert not list(tmp_path.glob("a.*"))


def test_an_unsafe_figure_says_so(check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(panel(lambda ax: ax.hist([0.5] * 20 + [1.5] * 3, [0, 1, 2]))).save(tmp_path / "a.png")
    assert "✕ This figure is unsafe" in capsys.readouterr().out


def test_nothing_but_pixels_is_left() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "000123456")
    source = io.BytesIO()
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(source, "PNG", pnginfo=info, dpi=(72, 72))
    clean = strip(source.getvalue() + b"trailing 000123456", "PNG")
    assert b"000123456" not in clean
    with Image.open(io.BytesIO(clean)) as image:
        assert image.info == {}
        assert image.getpixel((0, 0)) == (255, 255, 255)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30).filter(lambda counts: sum(counts) >= 10))
@settings(max_examples=100, deadline=None)
def test_merging_leaves_no_small_class(counts: list[int]) -> None:
    numbers = _merged(counts, 10)
    assert numbers == sorted(numbers)
    for number in set(numbers):
        assert sum(count for count, at in zip(counts, numbers, strict=True) if at == number) >= 10


@given(st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=200))
@settings(max_examples=100, deadline=None)
def test_classes_and_bins_hold_enough(values: list[float]) -> None:
    x = np.array(values)
    codes_of = _classes(x, 10)
    assert np.unique(codes_of, return_counts=True)[1].min() >= 10
    edges, counts = _bins(x, 10)
    assert sum(counts) == len(x)
    assert min(counts) >= 10
    assert np.histogram(x, edges)[0].tolist() == counts


def test_the_reader_is_told_in_dutch_too(check: Check, ws: Any) -> None:
    from jupyter_cbs.client import connect

    dutch = connect("nl")
    try:
        report = dutch.check(panel(DRAWN["scatter"]))
        assert "geweigerd" in repr(report)
        assert "punten staan voor eenheden, één voor één." in repr(report)
        assert "Teken zeshoeken met elk minstens 10 eenheden" in report._repr_html_()
        assert report.df()["rule"].tolist() == ["unit_values"]
        assert codes(report) == {("unit_values", "refused")}
    finally:
        dutch.close()


def test_a_figure_that_changed_is_not_written(check: Check, tmp_path: Path) -> None:
    figure = panel(lambda ax: ax.hist([0.5] * 20 + [1.5] * 30, [0, 1, 2]))
    report = check(figure, n="values")
    assert report.ok
    figure.axes[0].scatter(X, Y)
    with pytest.raises(Invalid, match="has changed since it was checked"):
        report.save(tmp_path / "a.png")
    assert not list(tmp_path.glob("a.*"))


def test_one_person_with_many_points_is_one_point(check: Check) -> None:
    report = check(panel(DRAWN["scatter"]))
    person = np.arange(N) // 20
    other = report.alternative("means", unit=person)
    assert other.numbers()["n"].astype(int).sum() == 25
    assert other.ok
    with pytest.raises(Invalid, match="too few"):
        report.alternative("hexbin", unit=np.arange(N) // 100)
    with pytest.raises(Invalid, match="500 points"):
        report.alternative(unit=[1, 2])
