"""Panels, instruments and absorbed effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jupyter_cbs.domain.errors import Invalid

from .conftest import Check, codes

linearmodels = pytest.importorskip("linearmodels")
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def panel(persons: int, years: int = 4, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = persons * years
    data = pd.DataFrame(
        {
            "person": np.repeat(np.arange(persons), years),
            "year": np.tile(2015 + np.arange(years), persons),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "region": rng.choice(["north", "south"], n),
            "firm": rng.integers(0, 5, n),
        }
    )
    data["y"] = data["x"] + rng.normal(size=n)
    return data.set_index(["person", "year"])


@pytest.mark.parametrize(("persons", "safe"), [(9, False), (13, True)])
def test_a_panel_counts_persons_not_rows(check: Check, persons: int, safe: bool) -> None:
    report = check(linearmodels.PanelOLS.from_formula("y ~ 1 + x", panel(persons, 20)).fit())
    assert report.evidence.unit == "person"
    assert report.evidence.units == persons
    assert report.ok is safe
    assert safe or ("min_frequency", "unsafe") in codes(report)


@pytest.mark.parametrize(("years", "dof", "safe"), [(2, 11, True), (2, 10, True), (2, 9, False)])
def test_effects_use_degrees_of_freedom(check: Check, years: int, dof: int, safe: bool) -> None:
    report = check(linearmodels.PanelOLS.from_formula("y ~ x + EntityEffects", panel(dof + 1, years)).fit())
    assert report.evidence.residual_dof == dof
    assert ("degrees_of_freedom", "unsafe") not in codes(report) if safe else ("degrees_of_freedom", "unsafe") in codes(report)
    assert report.evidence.effects[0].kind == "fixed"
    assert report.evidence.effects[0].groups == dof + 1


def test_effects_are_not_written(check: Check) -> None:
    fit = linearmodels.PanelOLS.from_formula("y ~ x + EntityEffects + TimeEffects", panel(60)).fit()
    report = check(fit)
    assert report.ok, report.findings
    assert [e.name for e in report.evidence.effects] == ["entity", "time"]
    assert report.coefficients()["term"].tolist() == ["x"]
    assert len(report.grid()) < 12
    np.testing.assert_allclose(report.coefficients()["std_error"], fit.std_errors)


@pytest.mark.parametrize(("few", "safe"), [(9, False), (10, True)])
def test_a_level_counts_persons(check: Check, few: int, safe: bool) -> None:
    data = panel(60, 4)
    data["region"] = np.where(data.index.get_level_values("person") < few, "island", "mainland")
    for model in (linearmodels.PooledOLS, linearmodels.RandomEffects):
        report = check(model.from_formula("y ~ 1 + x + C(region)", data).fit())
        assert report.ok is safe, report.findings
        assert safe or codes(report) == {("model_level", "unsafe")}


def test_other_effects_and_a_unit_of_ones_own(check: Check) -> None:
    data = panel(60)
    data["household"] = data.index.get_level_values("person") // 2
    other = data[["firm"]].astype("category")
    report = check(linearmodels.PanelOLS(data["y"], data[["x"]], other_effects=other).fit(), unit=data["household"])
    assert report.evidence.units == 30
    assert report.ok, report.findings
    assert [(e.name, e.groups) for e in report.evidence.effects] == [("firm", 5)]


def test_instruments_and_absorbed_effects(check: Check) -> None:
    data = panel(60).reset_index()
    for few, safe in ((9, False), (10, True)):
        data["region"] = np.where(np.arange(len(data)) < few, "island", "mainland")
        report = check(linearmodels.IV2SLS.from_formula("y ~ 1 + C(region) + [x ~ z]", data).fit())
        assert report.ok is safe, report.findings
        assert {"x", "Intercept"} <= set(report.coefficients()["term"])
    absorbing = linearmodels.AbsorbingLS(data["y"], data[["x", "z"]], absorb=data[["firm"]].astype("category")).fit()
    report = check(absorbing, unit=data["person"])
    assert report.ok, report.findings
    assert report.evidence.effects[0].groups == 5
    assert report.evidence.units == 60


def test_dummies_of_a_few_persons_in_a_saturated_panel_are_refused(check: Check) -> None:
    report = check(linearmodels.PooledOLS.from_formula("y ~ 1 + C(region)", panel(60)).fit())
    assert codes(report) == {("saturated", "refused")}


def test_unfitted_and_unknown(check: Check) -> None:
    with pytest.raises(Invalid, match="has not been fitted"):
        check(linearmodels.PanelOLS.from_formula("y ~ x", panel(30)))


def test_rows_that_weigh_nothing_do_not_count(check: Check) -> None:
    data = panel(60)
    weights = pd.DataFrame({"w": np.where(data.index.get_level_values("person") < 9, 1.0, 1e-9)}, index=data.index)
    report = check(linearmodels.PooledOLS(data["y"], data[["x"]], weights=weights).fit())
    assert report.evidence.units == 9
    assert ("min_frequency", "unsafe") in codes(report)
    flat = data.reset_index()
    report = check(linearmodels.IV2SLS(flat["y"], flat[["x"]], None, None, weights=np.where(np.arange(240) < 9, 1.0, 1e-9)).fit())
    assert ("min_frequency", "unsafe") in codes(report)
