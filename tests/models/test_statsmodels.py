"""Models of statsmodels, on both sides of every boundary."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.rules import RuleProfile

from .conftest import Check, codes
from .data import people

pytestmark = [
    pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.ModelWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


@pytest.mark.parametrize(("rows", "dof", "safe"), [(12, 9, False), (13, 10, True), (14, 11, True)])
def test_ten_degrees_of_freedom_pass(check: Check, rows: int, dof: int, safe: bool) -> None:
    report = check(smf.ols("wage ~ age + hours", people({"a": rows})).fit())
    assert report.evidence.residual_dof == dof
    assert report.ok is safe
    if not safe:
        assert codes(report) == {("degrees_of_freedom", "unsafe")}
        assert "9 residual degrees of freedom, at least 10 are needed." in report.findings[0].text.en


@pytest.mark.parametrize(("small", "safe"), [(9, False), (10, True)])
@pytest.mark.parametrize("where", ["first", "last"])
@pytest.mark.parametrize("coding", ["C(group)", "C(group, Sum)", "C(group, Treatment('c'))", "0 + C(group)", "C(group, Helmert)"])
def test_a_level_needs_ten_units_whatever_its_coding(check: Check, small: int, safe: bool, where: str, coding: str) -> None:
    counts = {"a": small, "b": 40, "c": 40} if where == "first" else {"a": 40, "b": 40, "c": small}
    report = check(smf.ols(f"wage ~ {coding} + age", people(counts)).fit())
    assert report.ok is safe
    if not safe:
        assert codes(report) == {("model_level", "unsafe")}
        (finding,) = report.findings
        assert "9 persons, at least 10 are needed." in finding.text.en
        if "Helmert" not in coding and "Sum" not in coding:
            assert finding.subject.endswith(": a" if where == "first" else ": c")
            assert "Merge" in finding.remedy.en


@pytest.mark.parametrize(("small", "safe"), [(9, False), (10, True)])
@pytest.mark.parametrize("formula", ["C(group) * C(sex)", "C(group):C(sex)", "C(sex) + C(group):C(sex)"])
def test_a_combination_of_levels_needs_ten_units(check: Check, small: int, safe: bool, formula: str) -> None:
    data = people({"a": 60, "b": 60})
    data.loc[60:, "sex"] = "man"
    data.loc[60 : 59 + small, "sex"] = "woman"
    report = check(smf.ols(f"wage ~ {formula} + age", data).fit())
    assert report.ok is safe
    if not safe:
        assert codes(report) == {("model_level", "unsafe")}
        assert any(set(f.subject.split(": ")[1].split(" · ")) == {"b", "woman"} for f in report.findings)


def test_a_combination_that_does_not_occur_is_not_small(check: Check) -> None:
    data = people({"a": 60, "b": 60})
    data.loc[60:, "sex"] = "man"
    assert check(smf.ols("wage ~ C(group) + C(sex) + C(group):C(sex) + age", data).fit()).ok


@pytest.mark.parametrize(("small", "safe"), [(9, False), (10, True)])
def test_dummies_count_without_a_formula(check: Check, small: int, safe: bool) -> None:
    data = people({"a": 40, "b": small, "c": 40})
    dummies = pd.get_dummies(data["group"], drop_first=True, dtype=float)
    X = sm.add_constant(pd.concat([data[["age"]], dummies], axis=1))
    assert check(sm.OLS(data["wage"], X).fit()).ok is safe
    assert check(sm.OLS(data["wage"].to_numpy(), X.to_numpy()).fit()).ok is safe
    standardised = (X.to_numpy() - X.to_numpy().mean(axis=0))[:, 1:]
    assert check(sm.OLS(data["wage"].to_numpy(), sm.add_constant(standardised)).fit()).ok is safe


@pytest.mark.parametrize(("small", "safe"), [(9, False), (10, True)])
def test_the_reference_level_of_dummies_counts_too(check: Check, small: int, safe: bool) -> None:
    data = people({"a": small, "b": 40, "c": 40})
    X = sm.add_constant(pd.concat([data[["age"]], pd.get_dummies(data["group"], drop_first=True, dtype=float)], axis=1))
    report = check(sm.OLS(data["wage"], X).fit())
    assert report.ok is safe
    assert safe or "reference" in report.findings[0].subject


@pytest.mark.parametrize(("small", "safe"), [(9, False), (10, True)])
def test_dummies_that_differ_by_a_few_units_are_a_level(check: Check, small: int, safe: bool) -> None:
    data = people({"a": 50, "b": small, "c": 50})
    data["from_b"] = (data["group"] >= "b").astype(float)
    data["from_c"] = (data["group"] >= "c").astype(float)
    report = check(sm.OLS(data["wage"], sm.add_constant(data[["age", "from_b", "from_c"]])).fit())
    assert report.ok is safe
    assert safe or report.findings[0].subject == "from_b: from_b \\ from_c"


@pytest.mark.parametrize(("few", "safe"), [(9, False), (10, True)])
def test_a_number_that_only_few_have_is_a_level(check: Check, few: int, safe: bool) -> None:
    data = people({"a": 80})
    data["benefit"] = 0.0
    data.loc[: few - 1, "benefit"] = np.linspace(100, 900, few)
    report = check(smf.ols("wage ~ benefit + age", data).fit())
    assert report.ok is safe
    assert safe or "from the value of all others" in report.findings[0].text.en


def test_thirty_dummies_of_two_rows_are_refused_where_acro_passes_them_on_degrees_of_freedom(check: Check) -> None:
    """ACRO 1.0.2 looks at residual degrees of freedom only: 60 rows less 30 parameters pass there (design: disclosure.md)."""
    data = people({f"g{i:02d}": 2 for i in range(30)})
    report = check(smf.ols("wage ~ C(group)", data).fit())
    assert report.evidence.residual_dof == 30
    assert report.status.value == "refused"
    assert codes(report) == {("saturated", "refused"), ("model_level", "unsafe")}
    with_age = check(smf.ols("wage ~ C(group) + age", data).fit())
    assert codes(with_age) == {("model_level", "unsafe")}
    assert len(with_age.findings) == 30


@pytest.mark.parametrize("formula", ["C(group)", "C(group) * C(sex)", "1", "0 + C(group):C(sex)"])
def test_a_saturated_model_is_a_table_of_means(check: Check, formula: str) -> None:
    report = check(smf.ols(f"wage ~ {formula}", people({"a": 50, "b": 50})).fit())
    assert codes(report) == {("saturated", "refused")}
    assert "ws.table" in report.findings[0].remedy.en
    means = smf.ols("wage ~ C(group) + C(sex)", people({"a": 50, "b": 50})).fit()
    assert check(means).ok, "without the interaction it is no table"


def test_one_person_with_many_rows_is_one_observation(check: Check) -> None:
    data = people({"a": 40, "b": 40}).drop(columns="RINPERSOON")
    data["id"] = np.r_[np.arange(40), np.repeat(np.arange(4), 10)]
    fit = smf.ols("wage ~ C(group) + age", data).fit()
    assert check(fit).ok
    assert check(fit).evidence.unit is None
    for unit in ("id", data["id"], data["id"].to_numpy(), ["id", "sex"]):
        report = check(fit, unit=unit)
        assert not report.ok
        assert "model_level" in {f.rule.value for f in report.findings}
    assert check(fit, unit="id").findings[0].subject == "C(group): b"


def test_a_key_of_persons_in_the_data_counts_by_itself(check: Check) -> None:
    data = people({"a": 60})
    data["RINPERSOON"] = [f"{i // 10:09d}" for i in range(60)]
    report = check(smf.ols("wage ~ age", data).fit())
    assert report.evidence.unit == "RINPERSOON"
    assert ("min_frequency", "unsafe") in codes(report)
    assert "6 persons" in " ".join(f.text.en for f in report.findings)


@pytest.mark.parametrize(("people_in_it", "safe"), [(11, False), (12, True)])
def test_degrees_of_freedom_count_units_not_rows(check: Check, people_in_it: int, safe: bool) -> None:
    data = people({"a": 10 * people_in_it})
    data["RINPERSOON"] = [f"{i // 10:09d}" for i in range(len(data))]
    report = check(smf.ols("wage ~ age", data).fit())
    assert report.ok is safe
    assert safe or codes(report) == {("degrees_of_freedom", "unsafe")}


def test_units_are_matched_to_the_rows_that_were_used(check: Check) -> None:
    data = people({"a": 40}).drop(columns="RINPERSOON")
    data["id"] = np.arange(40)
    data.loc[:14, "id"] = 0
    data.loc[:14, "age"] = np.nan
    fit = smf.ols("wage ~ age", data).fit()
    assert check(fit, unit="id").evidence.units == 25
    assert check(fit, unit=data["id"]).evidence.units == 25
    assert check(fit, unit=data["id"].to_numpy()).evidence.units == 25
    with pytest.raises(Invalid, match="unit= has 7 values"):
        check(fit, unit=[1, 2, 3, 4, 5, 6, 7])
    with pytest.raises(Invalid, match="no column 'person'"):
        check(fit, unit="person")


FITS: dict[str, Any] = {
    "WLS": lambda d: smf.wls("wage ~ C(group) + age", d, weights=d["hours"].abs() + 1).fit(),
    "GLS": lambda d: smf.gls("wage ~ C(group) + age", d).fit(),
    "RLM": lambda d: smf.rlm("wage ~ C(group) + age", d).fit(),
    "QuantReg": lambda d: smf.quantreg("wage ~ C(group) + age", d).fit(),
    "GLM": lambda d: smf.glm("wage ~ C(group) + age", d, family=sm.families.Gamma(sm.families.links.Log())).fit(),
    "Poisson": lambda d: smf.poisson("visits ~ C(group) + age", d).fit(disp=0),
    "NegativeBinomial": lambda d: smf.negativebinomial("visits ~ C(group) + age", d).fit(disp=0, maxiter=200),
    "Logit": lambda d: smf.logit("works ~ C(group) + age", d).fit(disp=0),
    "Probit": lambda d: smf.probit("works ~ C(group) + age", d).fit(disp=0),
    "OLS robust": lambda d: smf.ols("wage ~ C(group) + age", d).fit(cov_type="HC3"),
    "penalised": lambda d: smf.ols("wage ~ C(group) + age", d).fit_regularized(alpha=0.1),
}


@pytest.mark.parametrize("name", FITS)
def test_levels_are_found_in_every_kind_of_model(check: Check, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        good = check(FITS[name](people({"a": 90, "b": 90, "c": 90})))
        bad = check(FITS[name](people({"a": 90, "b": 90, "c": 9})))
    assert good.ok, good.findings
    assert good.evidence.residual_dof is not None
    assert good.evidence.residual_dof <= 270 - 4
    assert ("model_level", "unsafe") in codes(bad)
    table = good.coefficients()
    assert {"Intercept", "C(group)[T.b]", "C(group)[T.c]", "age"} <= set(table["term"])
    assert table.set_index("term")["n"]["C(group)[T.b]"] == 90


def test_outcomes_and_the_tables_that_ratios_imply(check: Check) -> None:
    data = people({"a": 60, "b": 60})
    data["works"] = 0
    data.loc[[*range(0, 30), *range(60, 69)], "works"] = 1
    report = check(smf.logit("works ~ C(group) + age", data).fit(disp=0))
    assert codes(report) == {("min_frequency", "review")}
    assert report.findings[0].subject == "C(group): b"
    data["works"] = (np.arange(120) % 14 == 0).astype(int)
    assert data["works"].sum() == 9
    report = check(smf.logit("works ~ age", data).fit(disp=0))
    assert ("min_frequency", "unsafe") in codes(report)
    data.loc[1, "works"] = 1
    assert ("min_frequency", "unsafe") not in codes(check(smf.logit("works ~ age", data).fit(disp=0)))


def test_everybody_in_a_level_with_the_same_outcome_is_for_review(check: Check) -> None:
    data = people({"a": 60, "b": 60, "c": 60})
    data.loc[data["group"] == "b", "visits"] = 0
    data.loc[data["group"] != "b", "visits"] = np.arange(120) % 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check(smf.glm("visits ~ C(group) + age", data, family=sm.families.Binomial()).fit())
    assert codes(report) == {("group_disclosure", "review")}


def test_several_equations_have_a_row_for_each(check: Check) -> None:
    data = people({"a": 80, "b": 80})
    data["choice"] = np.arange(160) % 3
    report = check(smf.mnlogit("choice ~ C(group) + age", data).fit(disp=0))
    assert report.ok
    table = report.coefficients()
    assert table["equation"].tolist() == ["1"] * 3 + ["2"] * 3
    fit = smf.mnlogit("choice ~ C(group) + age", data).fit(disp=0)
    np.testing.assert_allclose(table["estimate"], fit.params.to_numpy().T.reshape(-1))
    np.testing.assert_allclose(table["std_error"], fit.bse.to_numpy().T.reshape(-1))
    np.testing.assert_allclose(table["ci_low"], fit.conf_int()["lower"].to_numpy())


def test_an_ordered_model_and_a_hazard_model(check: Check) -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    data = people({"a": 80, "b": 80})
    ordered = pd.Series(pd.Categorical.from_codes(np.arange(160) % 3, ["low", "middle", "high"], ordered=True), name="health")
    report = check(OrderedModel(ordered, data[["age", "hours"]], distr="logit").fit(method="bfgs", disp=0))
    assert report.ok
    assert [o.name for o in report.evidence.outcomes] == ["low", "middle", "high"]
    for events, safe in ((9, False), (10, True)):
        status = (np.arange(160) < events).astype(int)
        fit = sm.PHReg(np.linspace(1, 9, 160), data[["age"]], status=status).fit()
        report = check(fit)
        assert report.ok is safe
        assert safe or "event" in report.findings[0].subject


def test_random_effects_stay_here(check: Check) -> None:
    data = people({f"school {i}": 12 for i in range(12)})
    fit = smf.mixedlm("wage ~ age + hours", data, groups="group")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check(fit.fit())
        few = check(smf.mixedlm("wage ~ age", data[data["group"].isin([f"school {i}" for i in range(9)])], groups="group").fit())
    assert report.ok
    assert report.evidence.effects[0].groups == 12
    assert not any("school" in cell for row in report.grid() for cell in row)
    assert codes(few) == {("model_level", "review")}


def test_stricter_data_ask_for_more(check: Check) -> None:
    fit = smf.ols("wage ~ age", people({"a": 99})).fit()
    assert codes(check(fit, profile=RuleProfile(advisory_min_frequency=100))) == {("min_frequency", "review")}
    assert not check(fit, profile=RuleProfile(min_dof=98)).ok
    assert check(fit, profile=RuleProfile(min_dof=97)).ok


def test_frequency_weights_are_no_observations(check: Check) -> None:
    data = people({"a": 12})
    report = check(smf.glm("wage ~ age + hours", data, freq_weights=np.full(12, 100)).fit())
    assert ("degrees_of_freedom", "unsafe") in codes(report)
    assert report.evidence.weights == "frequency"


def test_a_spline_is_no_category(check: Check) -> None:
    report = check(smf.ols("wage ~ bs(age, df=4) + C(group)", people({"a": 60, "b": 60})).fit())
    assert report.ok, report.findings


def test_what_is_no_fitted_model_says_so(check: Check) -> None:
    with pytest.raises(Invalid, match="has not been fitted"):
        check(smf.ols("wage ~ age", people({"a": 20})))
    kde = sm.nonparametric.KDEUnivariate(people({"a": 50})["wage"])
    assert check(kde).status.value == "refused"
    series = sm.tsa.AutoReg(people({"a": 50})["wage"], 1).fit()
    assert codes(check(series)) == {("unknown_table", "review")}


def test_collinear_columns_count_once(check: Check) -> None:
    data = people({"a": 13})
    data["age2"] = 2 * data["age"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check(smf.ols("wage ~ age + age2 + hours", data).fit())
    assert report.evidence.rank == 3
    assert report.evidence.parameters == 4


@pytest.mark.parametrize("seed", range(3))
def test_counts_agree_with_a_slow_count(check: Check, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 300
    data = people({"a": n}, seed)
    data["group"], data["sex"] = rng.choice(list("abcde"), n, p=[0.5, 0.3, 0.15, 0.04, 0.01]), rng.choice(["m", "w", "x"], n, p=[0.6, 0.37, 0.03])
    data["id"] = rng.integers(0, 120, n)
    report = check(smf.ols("wage ~ C(group) * C(sex) + age", data).fit(), unit="id")
    sent = {(level.term, level.name): level.units for level in report.evidence.levels if level.kind != "exceptions"}
    slow = {("C(group)", g): len(set(d["id"])) for g, d in data.groupby("group")}
    slow |= {("C(sex)", s): len(set(d["id"])) for s, d in data.groupby("sex")}
    slow |= {("C(group):C(sex)", f"{g} · {s}"): len(set(d["id"])) for (g, s), d in data.groupby(["group", "sex"])}
    assert sent == slow


@pytest.mark.parametrize("coding", ["C(group, Poly)", "C(group, Helmert)", "C(group, Diff)"])
@pytest.mark.parametrize(("small", "safe"), [(9, False), (10, True)])
def test_codings_by_figures_are_categories_with_and_without_a_formula(check: Check, coding: str, small: int, safe: bool) -> None:
    data = people({"a": 40, "b": small, "c": 40, "d": 30})
    fit = smf.ols(f"wage ~ {coding} + age", data).fit()
    assert check(fit).ok is safe
    by_matrix = check(sm.OLS(np.asarray(fit.model.endog), np.asarray(fit.model.exog)).fit())
    assert by_matrix.ok is safe, by_matrix.findings
    assert safe or ("model_level", "unsafe") in codes(by_matrix)


def test_rows_that_weigh_nothing_do_not_count(check: Check) -> None:
    data = people({"a": 60, "b": 60})
    weights = np.where(np.arange(120) < 9, 1.0, 0.0)
    report = check(smf.wls("wage ~ age", data, weights=weights).fit())
    assert ("min_frequency", "unsafe") in codes(report)
    assert report.evidence.units == 9
    report = check(smf.wls("wage ~ age", data, weights=np.where(np.arange(120) < 1, 1e9, 1.0)).fit())
    assert report.evidence.units == 1
    report = check(smf.glm("wage ~ age", data, freq_weights=np.where(np.arange(120) < 9, 5, 0)).fit())
    assert report.evidence.units == 9
    assert check(smf.wls("wage ~ age", data, weights=np.linspace(1, 3, 120)).fit()).ok


def test_one_row_that_settles_a_coefficient_is_found_whatever_hides_it(check: Check) -> None:
    data = people({"a": 120})
    data["noisy"] = np.random.default_rng(2).normal(0, 1e-4, 120)
    assert check(smf.ols("wage ~ noisy + age", data).fit()).ok
    data.loc[7, "noisy"] = 1.0
    report = check(smf.ols("wage ~ noisy + age", data).fit())
    assert codes(report) == {("dominance", "unsafe")}
    assert "One row settles a coefficient" in report.findings[0].text.en
    assert report.evidence.leverage is not None
    assert report.evidence.leverage > 0.99


def test_leverage_is_that_of_statsmodels(check: Check) -> None:
    fit = smf.ols("wage ~ C(group) + age + hours", people({"a": 40, "b": 40})).fit()
    assert check(fit).evidence.leverage == pytest.approx(fit.get_influence().hat_matrix_diag.max())


def test_predictions_and_influence_are_figures_of_units(check: Check) -> None:
    fit = smf.ols("wage ~ age", people({"a": 40})).fit()
    for thing in (fit.get_prediction(), fit.get_influence()):
        assert codes(check(thing)) == {("unit_values", "refused")}
    with pytest.raises(AssertionError):
        check(fit.resid)


@pytest.mark.parametrize(("rows", "quantile", "safe"), [(100, 0.9, True), (99, 0.9, False), (200, 0.05, True), (199, 0.05, False), (20, 0.5, True)])
def test_a_quantile_needs_ten_units_beyond_it(check: Check, rows: int, quantile: float, safe: bool) -> None:
    report = check(smf.quantreg("wage ~ age", people({"a": rows})).fit(quantile))
    assert report.ok is safe
    if not safe:
        assert codes(report) == {("model_level", "unsafe")}
        assert report.findings[0].subject == f"quantile {quantile:g}"
        assert "only 9 persons beyond it" in report.findings[0].text.en
