"""Differencing of models, on real fits: the same regression on nearly the same units, and on others."""

from __future__ import annotations

import numpy as np
import pytest

from jupyter_cbs.disclosure.ledger import KeptModel, ModelFinding, model_findings
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.model import ModelEstimate, ModelEvidence, ModelLevel, ModelOutput, ModelTerm
from jupyter_cbs.domain.text import Text

RANDOM = np.random.default_rng(7)
AGE = RANDOM.integers(18, 90, 4_000).astype(float)
SEX = RANDOM.integers(0, 2, 4_000).astype(float)
INCOME = 15_000 + 300 * AGE + 2_000 * SEX + RANDOM.normal(0, 9_000, 4_000)
NAME = Text(en="‘OLS: income’ of request ab12 (3 March 2026)", nl="‘OLS: income’ van aanvraag ab12 (3 maart 2026)")


def fit(of: slice, *, sex: bool = True, **changes: object) -> KeptModel:
    """Fit by least squares and declare it as the kernel does."""
    x = np.column_stack([np.ones_like(AGE), AGE, *([SEX] if sex else [])])[of]
    y = INCOME[of]
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    error = np.sqrt(np.diag(inverse) * ((y - x @ beta) ** 2).sum() / (len(y) - x.shape[1]))
    names = ["Intercept", "age", *(["sex"] if sex else [])]
    estimates = tuple(ModelEstimate(term=n, estimate=float(b), error=float(e)) for n, b, e in zip(names, beta, error, strict=True))
    terms = tuple(ModelTerm(name=n, kind="intercept" if n == "Intercept" else "numeric", parameters=1) for n in names)
    women = ModelLevel(term="sex", name="woman", units=int(SEX[of].sum()))
    evidence = ModelEvidence(
        kind="linear", library="numpy", method="OLS", response="income", rows=len(y), units=len(y), unit_kind="person", terms=terms,
        sources=("INPATAB2023V1",), output=ModelOutput(estimates=estimates), levels=(women,) if sex else (),
    )  # fmt: skip
    return KeptModel(evidence.model_copy(update=changes), NAME)


def compare(new: KeptModel, *old: KeptModel) -> tuple[ModelFinding, ...]:
    return model_findings([new], old, [10])


@pytest.mark.parametrize(("left", "status"), [(1, Status.UNSAFE), (9, Status.UNSAFE), (10, None), (100, None)])
def test_the_same_regression_on_a_few_units_less(left: int, status: Status | None) -> None:
    found = compare(fit(slice(0, 1000 - left), levels=()), fit(slice(0, 1000), levels=()))
    assert [one.status for one in found] == ([] if status is None else [status])
    for one in found:
        assert f"{1000 - left} persons" in one.text.en
        assert "1000 persons" in one.text.en
        assert "request ab12 (3 March 2026)" in one.text.en
        assert "aanvraag ab12 (3 maart 2026)" in one.text.nl
        assert one.remedy.nl


def test_the_larger_population_may_come_second() -> None:
    assert [one.status for one in compare(fit(slice(0, 1000)), fit(slice(0, 999)))] == [Status.UNSAFE]
    found = model_findings([fit(slice(0, 999)), fit(slice(0, 1000))], [], [10, 10])
    assert [(one.model, one.status) for one in found] == [(1, Status.UNSAFE)]


def test_the_same_model_once_more_is_no_finding() -> None:
    assert compare(fit(slice(0, 1000)), fit(slice(0, 1000))) == ()
    assert compare(fit(slice(0, 1000), library="numpy 2"), fit(slice(0, 1000))) == ()


def test_other_people_are_no_finding_where_the_numbers_differ_enough() -> None:
    assert compare(fit(slice(2000, 3500)), fit(slice(0, 1000))) == ()
    # by chance nearly as many: nobody can tell from what is declared, but the figures say that they are others
    assert [one.status for one in compare(fit(slice(2000, 2999)), fit(slice(0, 1000)))] == [Status.REVIEW]


def test_as_many_units_but_others_are_for_review() -> None:
    assert [one.status for one in compare(fit(slice(1, 1001)), fit(slice(0, 1000)))] == [Status.REVIEW]
    assert compare(fit(slice(2000, 3000), levels=()), fit(slice(0, 1000), levels=())) == ()


def test_another_variable_beside_it_is_for_review() -> None:
    assert [one.status for one in compare(fit(slice(0, 997), sex=False), fit(slice(0, 1000)))] == [Status.REVIEW]
    assert compare(fit(slice(0, 1000), sex=False), fit(slice(0, 1000))) == ()


def test_a_level_that_differs_by_few_is_for_review() -> None:
    there = fit(slice(0, 1000))
    women = there.evidence.levels[0]
    assert women.units is not None
    here = fit(slice(0, 980), levels=(women.model_copy(update={"units": women.units - 3}),))
    assert [one.status for one in compare(here, there)] == [Status.REVIEW]
    enough = fit(slice(0, 980), levels=(women.model_copy(update={"units": women.units - 10}),))
    assert compare(enough, there) == ()


@pytest.mark.parametrize("changes", [{"response": "wealth"}, {"sources": ("INPATAB2022V1",)}, {"unit_kind": "household"}, {"response": None}])
def test_what_cannot_be_subtracted_is_not_compared(changes: dict[str, object]) -> None:
    assert compare(fit(slice(0, 999), **changes), fit(slice(0, 1000))) == ()


def test_another_version_of_the_data_and_data_that_are_not_named_are_compared() -> None:
    for sources in (("INPATAB2023V2",), ()):
        assert [one.status for one in compare(fit(slice(0, 999), sources=sources), fit(slice(0, 1000)))] == [Status.UNSAFE]


def test_without_figures_it_cannot_be_told_and_is_for_review() -> None:
    assert [one.status for one in compare(fit(slice(0, 999), output=None), fit(slice(0, 1000)))] == [Status.REVIEW]
