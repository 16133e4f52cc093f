"""What the reader sees and what is written: estimates and fit, and nothing of a unit."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import statsmodels.formula.api as smf

from jupyter_cbs.domain.model import ModelEvidence

from .conftest import Check
from .data import people


def test_the_file_holds_estimates_and_fit_only(check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = people({"a": 60, "b": 60})
    fit = smf.ols("wage ~ C(group) + age", data).fit()
    report = check(fit)
    report.to_csv(tmp_path / "model.csv")
    report.to_xlsx(tmp_path / "model.xlsx")
    assert "3 estimates" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "model.csv").read_text().splitlines()))
    assert list(rows[0]) == ["term", "estimate", "std_error", "t", "p", "ci_low", "ci_high", "n", "df_resid"]
    assert [r["term"] for r in rows[:3]] == ["Intercept", "C(group)[T.b]", "age"]
    np.testing.assert_allclose([float(r["estimate"]) for r in rows[:3]], fit.params, rtol=1e-5)
    np.testing.assert_allclose([float(r["std_error"]) for r in rows[:3]], fit.bse, rtol=1e-5)
    np.testing.assert_allclose([float(r["ci_high"]) for r in rows[:3]], fit.conf_int()[1], rtol=1e-5)
    assert [r["n"] for r in rows[:3]] == ["120", "60", "120"]
    assert {r["df_resid"] for r in rows} == {"117"}
    assert "R²" in {r["term"] for r in rows}
    written = (tmp_path / "model.csv").read_text()
    for values in (fit.resid, fit.fittedvalues, data["wage"]):
        assert not any(f"{value:.6g}" in written for value in values)
    sheet = openpyxl.load_workbook(tmp_path / "model.xlsx").active
    assert sheet["A1"].value == "term"
    assert sheet["B2"].value == pytest.approx(fit.params.iloc[0], rel=1e-5)


def test_nothing_of_a_unit_is_declared(check: Check) -> None:
    data = people({"a": 60, "b": 60})
    fit = smf.ols("wage ~ C(group) + age", data).fit()
    sent = check(fit).evidence.model_dump_json()
    assert "000000" not in sent
    for values in (data["wage"], data["age"], fit.resid, fit.fittedvalues):
        assert not any(f"{value}" in sent for value in values)


def test_an_unsafe_model_says_so_when_written(check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = check(smf.ols("wage ~ C(group) + age", people({"a": 60, "b": 9})).fit(), lang="nl")
    report.to_csv(tmp_path / "model.csv")
    assert "✕ Dit model is onveilig: het bestand zou worden teruggestuurd." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            ("unsafe", "declared", "C(group): b: 9 persons, at least 10 are needed. → Merge levels, or leave the variable out.", "residual df 66"),
        ),
        (
            "nl",
            (
                "onveilig",
                "opgegeven",
                "C(group): b: 9 personen, er zijn er minstens 10 nodig. → Voeg categorieën samen, of laat de variabele weg.",
                "vrijheidsgraden residuen 66",
            ),
        ),
    ],
)
def test_what_is_shown(check: Check, lang: str, words: tuple[str, ...]) -> None:
    report = check(smf.ols("wage ~ C(group) + age", people({"a": 60, "b": 9})).fit(), lang=lang)
    text, html = repr(report), report._repr_html_()
    for word in words:
        assert word in text
    assert words[0] in html
    assert 'title="model_level"' in html
    assert "<table" in html
    assert report.df()["rule"].tolist() == ["model_level"]


def test_names_are_escaped(check: Check) -> None:
    data = people({"<script>alert(1)</script>": 60, "b": 9})
    html = check(smf.ols("wage ~ C(group) + age", data).fit())._repr_html_()
    assert "<script>" not in html


def test_no_modelling_library_is_loaded_to_check_something_else() -> None:
    code = (
        "import sys; from jupyter_cbs.client.models.extract import Given, extract; assert extract(object(), Given()) is None; "
        "bad = {'statsmodels', 'sklearn', 'linearmodels', 'matplotlib', 'plotly', 'pandas', 'seaborn'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_a_contradiction_counts_by_its_worse_side() -> None:
    from jupyter_cbs.disclosure.models import judge_model
    from jupyter_cbs.domain.rules import RuleProfile

    claims = ModelEvidence(kind="linear", library="x", method="OLS", rows=15, units=15, rank=6, parameters=6, residual_dof=500, patterns=15)
    assert [f.rule.value for f in judge_model(claims, [RuleProfile()])] == ["degrees_of_freedom"]
    silent = ModelEvidence(kind="linear", library="x", method="OLS")
    found = {f.rule.value: f.status.value for f in judge_model(silent, [RuleProfile()])}
    assert found == {"degrees_of_freedom": "unsafe", "min_frequency": "unsafe", "saturated": "review"}
