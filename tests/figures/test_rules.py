"""The rules for figures and models by themselves: both sides of each boundary, and a slow reference."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.figures import judge_figure
from jupyter_cbs.disclosure.models import judge_model
from jupyter_cbs.domain.figure import FigureArtist, FigureEvidence, FigurePanel
from jupyter_cbs.domain.finding import Rule
from jupyter_cbs.domain.model import ModelEvidence, ModelLevel
from jupyter_cbs.domain.rules import RuleProfile

PANEL = (FigurePanel(title="t"),)


def rules(*artists: FigureArtist, profile: RuleProfile | None = None) -> set[tuple[str, str]]:
    evidence = FigureEvidence(library="x", panels=PANEL, artists=artists)
    return {(f.rule.value, f.status.value) for f in judge_figure(evidence, [profile or RuleProfile()])}


@pytest.mark.parametrize(
    ("quantile", "n", "expected"),
    [
        (0.05, 200, set()),
        (0.05, 199, {("percentile", "unsafe")}),
        (0.95, 200, set()),
        (0.95, 199, {("percentile", "unsafe")}),
        (0.5, 20, set()),
        (0.5, 19, {("percentile", "unsafe")}),
        (0.25, 40, set()),
        (0.25, 39, {("percentile", "unsafe")}),
        (0.0, 1000, {("min_max", "unsafe")}),
        (1.0, 1000, {("min_max", "unsafe")}),
    ],
)
def test_a_percentile_has_ten_units_beyond_it(quantile: float, n: int, expected: set[tuple[str, str]]) -> None:
    assert rules(FigureArtist(panel=0, kind="aggregated", drawing="box", marks=1, values=(1.0,), counts=(n,), quantiles=(quantile,))) == expected


def test_a_mark_without_a_value_draws_nothing() -> None:
    drawn = FigureArtist(panel=0, kind="aggregated", drawing="bars", marks=3, values=(1.0, None, 2.0), counts=(10, 3, 0))
    assert rules(drawn) == set()


def test_income_data_advise_more() -> None:
    profile = RuleProfile(advisory_min_frequency=100)
    for n, expected in ((99, {("min_frequency", "review")}), (100, set())):
        artist = FigureArtist(panel=0, kind="aggregated", drawing="bars", marks=1, values=(1.5,), counts=(n,))
        assert rules(artist, profile=profile) == expected


def test_vector_formats_and_fewer_counts_than_marks() -> None:
    artist = FigureArtist(panel=0, kind="aggregated", drawing="bars", marks=3, values=(1.0, 2.0, 3.0), counts=(10, 20))
    assert rules(artist) == {("unknown_table", "review")}
    whole = FigureEvidence(library="x", panels=PANEL, artists=(artist.model_copy(update={"counts": (10, 20, 30)}),), vector=True)
    assert [f.rule for f in judge_figure(whole, [RuleProfile()])] == [Rule.METADATA]


def test_the_worst_of_several_profiles_is_said_once() -> None:
    artist = FigureArtist(panel=0, kind="aggregated", drawing="bars", marks=1, values=(1.5,), counts=(12,))
    evidence = FigureEvidence(library="x", panels=PANEL, artists=(artist,))
    found = judge_figure(evidence, [RuleProfile(advisory_min_frequency=100), RuleProfile(min_frequency=20), RuleProfile()])
    assert [(f.rule.value, f.status.value) for f in found] == [("min_frequency", "unsafe")]


@given(
    st.lists(st.tuples(st.integers(0, 25), st.floats(0, 100) | st.none()), min_size=1, max_size=30),
    st.integers(1, 20),
)
@settings(max_examples=150, deadline=None)
def test_small_marks_agree_with_a_slow_reference(marks: list[tuple[int, float | None]], least: int) -> None:
    artist = FigureArtist(
        panel=0, kind="aggregated", drawing="bars", marks=len(marks), values=tuple(v for _, v in marks), counts=tuple(n for n, _ in marks)
    )
    slow = any(value is not None and 0 < n < least for n, value in marks)
    assert (("min_frequency", "unsafe") in rules(artist, profile=RuleProfile(min_frequency=least))) is slow


@given(st.lists(st.integers(0, 25), max_size=40), st.integers(0, 60), st.integers(1, 20), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=150, deadline=None)
def test_models_agree_with_a_slow_reference(levels: list[int], units: int, rank: int, least: int, least_dof: int) -> None:
    evidence = ModelEvidence(
        kind="linear",
        library="x",
        method="OLS",
        rows=units,
        units=units,
        rank=rank,
        parameters=rank,
        residual_dof=float(units - rank),
        patterns=rank + 1,
        levels=tuple(ModelLevel(term="g", name=str(i), units=n) for i, n in enumerate(levels)),
    )
    slow = set()
    if units - rank < least_dof:
        slow.add("degrees_of_freedom")
    if units < least:
        slow.add("min_frequency")
    if any(0 < n < least for n in levels):
        slow.add("model_level")
    found = judge_model(evidence, [RuleProfile(min_frequency=least, min_dof=least_dof)])
    assert {f.rule.value for f in found} == slow
    assert sum(f.rule is Rule.MODEL_LEVEL for f in found) == sum(0 < n < least for n in levels)
