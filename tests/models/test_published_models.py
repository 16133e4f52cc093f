"""Models that sdcLog 0.5.0 publishes with their outcome (github.com/matthiasgomolka/sdcLog, tests/testthat/test-sdc_model.R).

``sdc_model_DT``: ten entities, eight rows each; ``dummy_1`` to ``dummy_3`` by row as in data-raw/create_sdc_DT.R, the numbers are others.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from jupyter_cbs.domain.rules import RuleProfile

from .conftest import Check, codes

pytestmark = pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.ModelWarning", "ignore::RuntimeWarning")

FIVE = RuleProfile(min_frequency=5)
"""sdcLog's default ``sdc.n_ids``."""


def sdc_model_dt() -> pd.DataFrame:
    random = np.random.default_rng(1)
    y = random.normal(120, 8, 80)
    made = pd.DataFrame(
        {
            "RINPERSOON": [f"{i % 10:09d}" for i in range(80)],
            "y": y,
            "x_1": y + random.normal(0, 20, 80),
            "x_2": y + random.normal(0, 30, 80),
            "x_3": y + random.normal(0, 100, 80),
            "dummy_1": np.repeat(["S1", "S2"], 40),
            "dummy_2": [f"Y{i % 8 + 1}" for i in range(80)],
            "dummy_3": np.repeat(["BE", "DE", "ES", "FR"], [20, 20, 36, 4]),
        }
    )
    made.loc[made["RINPERSOON"] < f"{6:09d}", "x_3"] = np.nan
    return made


def few(check: Check, formula: str, data: pd.DataFrame | None = None) -> set[str]:
    """What has too few entities; sdcLog looks neither at degrees of freedom nor at saturation, which this model of ten entities fails too."""
    data = sdc_model_dt() if data is None else data
    report = check(smf.ols(formula, data).fit(), unit=data["RINPERSOON"], profile=FIVE)
    return {f.subject or "the model" for f in report.findings if f.rule.value in ("min_frequency", "model_level")}


def entities(*names: str) -> dict[str, int]:
    """Distinct entities of each level, or combination of levels, that occurs."""
    counted = sdc_model_dt().groupby(list(names))["RINPERSOON"].nunique()
    return {" · ".join(key) if isinstance(key, tuple) else str(key): int(n) for key, n in counted.items()}


def test_sdclog_model_1_ten_entities_and_no_problem(check: Check) -> None:
    assert few(check, "y ~ x_1 + x_2") == set()


def test_sdclog_model_2_four_entities_have_x_3(check: Check) -> None:
    """All terms stand on four entities, as the model does."""
    assert few(check, "y ~ x_1 + x_2 + x_3") == {"the model", "x_1", "x_2", "x_3"}


def test_sdclog_model_3_levels_of_10_and_5_entities_are_no_problem(check: Check) -> None:
    assert entities("dummy_1") == dict.fromkeys(("S1", "S2"), 10)
    assert entities("dummy_2") == {f"Y{i}": 5 for i in range(1, 9)}
    assert few(check, "y ~ x_1 + x_2 + dummy_1 + dummy_2") == set()


def test_sdclog_model_4_level_fr_of_dummy_3_has_4_entities_and_be_de_es_have_10(check: Check) -> None:
    assert entities("dummy_3") == {"BE": 10, "DE": 10, "ES": 10, "FR": 4}
    assert few(check, "y ~ x_1 + x_2 + dummy_3") == {"dummy_3: FR"}


def test_sdclog_model_5_sixteen_combinations_of_5_entities_each_have_enough_and_are_a_table_of_means_all_the_same(check: Check) -> None:
    assert set(entities("dummy_1", "dummy_2").values()) == {5}
    assert few(check, "y ~ dummy_1 * dummy_2") == set()
    data = sdc_model_dt()
    report = check(smf.ols("y ~ dummy_1 * dummy_2", data).fit(), unit=data["RINPERSOON"], profile=FIVE)
    assert ("saturated", "refused") in codes(report), "sdcLog passes it"


def test_sdclog_model_6_combinations_of_three_dummies_with_fewer_than_five_entities(check: Check) -> None:
    """24 of the 28 combinations that occur; a level of reference (S1, Y1, BE) is not named."""
    small = {name for name, n in entities("dummy_1", "dummy_2", "dummy_3").items() if n < 5}
    assert len(small) == 24
    found = few(check, "y ~ dummy_1:dummy_2:dummy_3")
    assert len(found) == len(small)
    assert found >= {f"dummy_1:dummy_2:dummy_3: {name}" for name in small if name.startswith("S2")}


def test_sdclog_vignette_model_4_fr_and_its_interaction_have_too_few(check: Check) -> None:
    """Vignette 'Introduction', y ~ x_1 + x_2 + dummy_1 * dummy_3."""
    assert few(check, "y ~ x_1 + x_2 + dummy_1 * dummy_3") == {"dummy_3: FR", "dummy_1:dummy_3: S2 · FR"}
    assert few(check, "y ~ x_1 + x_2 + dummy_1 * dummy_2") == set()


def test_sdclog_issue_79_a_variable_that_is_zero_for_all_but_one_entity_and_one_that_is_zero_for_one_only(check: Check) -> None:
    data = sdc_model_dt()
    noise, first = np.random.default_rng(2).normal(size=80), data["RINPERSOON"] == f"{0:09d}"
    assert few(check, "y ~ x_id", data.assign(x_id=np.where(first, noise, 0.0))) == {"x_id"}
    assert few(check, "y ~ x_id", data.assign(x_id=np.where(first, 0.0, noise))) == set()
