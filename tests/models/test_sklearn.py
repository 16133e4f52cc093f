"""Estimators of scikit-learn: coefficients with their data, everything that holds units refused."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from jupyter_cbs.domain.errors import Invalid

from .conftest import Check, codes
from .data import people

sklearn = pytest.importorskip("sklearn")

from sklearn import (  # noqa: E402  the test is skipped where it is missing
    cluster,
    decomposition,
    ensemble,
    gaussian_process,
    kernel_ridge,
    linear_model,
    manifold,
    mixture,
    naive_bayes,
    neighbors,
    neural_network,
    svm,
    tree,
)
from sklearn.compose import ColumnTransformer  # noqa: E402  as above
from sklearn.model_selection import GridSearchCV  # noqa: E402  as above
from sklearn.pipeline import make_pipeline  # noqa: E402  as above
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: E402  as above


def test_without_data_nothing_is_known(check: Check) -> None:
    data = people({"a": 60})
    model = linear_model.LinearRegression().fit(data[["age", "hours"]], data["wage"])
    report = check(model)
    assert report.status.value == "unsafe"
    assert {f.rule.value for f in report.findings} == {"degrees_of_freedom", "min_frequency", "model_level"}
    assert all("X=" in f.remedy.en for f in report.findings)
    assert check(model, data[["age", "hours"]], data["wage"]).ok


@pytest.mark.parametrize(("rows", "safe"), [(12, False), (13, True)])
def test_ten_degrees_of_freedom_pass(check: Check, rows: int, safe: bool) -> None:
    data = people({"a": rows})
    X = data[["age", "hours"]]
    assert check(linear_model.LinearRegression().fit(X, data["wage"]), X, data["wage"]).ok is safe
    assert check(linear_model.Ridge().fit(X.to_numpy(), data["wage"]), X.to_numpy(), data["wage"]).ok is safe


@pytest.mark.parametrize(("small", "safe"), [(9, False), (10, True)])
@pytest.mark.parametrize("drop", ["first", None])
def test_levels_in_a_pipeline(check: Check, small: int, safe: bool, drop: str | None) -> None:
    data = people({"a": 60, "b": small, "c": 60})
    data["works"] = np.arange(len(data)) % 2
    columns = ColumnTransformer([("g", OneHotEncoder(drop=drop), ["group"]), ("n", StandardScaler(), ["age"])])
    for estimator in (linear_model.LogisticRegression(), linear_model.Lasso(alpha=0.01)):
        report = check(make_pipeline(columns, estimator).fit(data, data["works"]), data, data["works"])
        levels = [f for f in report.findings if f.rule.value == "model_level"]
        assert bool(levels) is not safe
        assert safe or any("group_b" in f.subject for f in levels)
        assert "n__age" in set(report.coefficients()["term"])
        assert report.evidence.unit == "RINPERSOON"


def test_classes_and_their_counts(check: Check) -> None:
    data = people({"a": 100})
    X, y = data[["age", "hours"]], np.arange(100) % 3
    report = check(linear_model.LogisticRegression().fit(X, y), X, y)
    assert report.ok
    assert report.coefficients()["equation"].nunique() == 3
    rare = (np.arange(100) < 9).astype(int)
    assert ("min_frequency", "unsafe") in codes(check(linear_model.LogisticRegression().fit(X, rare), X, rare))
    assert not check(linear_model.LogisticRegression().fit(X, y), X).ok, "without y nobody knows the outcomes"


def test_a_saturated_regression_is_a_table(check: Check) -> None:
    data = people({"a": 60, "b": 60})
    model = make_pipeline(OneHotEncoder(drop="first"), linear_model.LinearRegression()).fit(data[["group"]], data["wage"])
    assert codes(check(model, data[["group"]], data["wage"])) == {("saturated", "refused")}


def test_a_search_is_what_it_found(check: Check) -> None:
    data = people({"a": 60})
    X = data[["age", "hours"]]
    search = GridSearchCV(linear_model.Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, data["wage"])
    report = check(search, X, data["wage"])
    assert report.ok
    assert report.evidence.method == "Ridge"


HOLDERS: dict[str, Any] = {
    "tree": tree.DecisionTreeRegressor(max_depth=2),
    "forest": ensemble.RandomForestRegressor(n_estimators=2),
    "boosting": ensemble.HistGradientBoostingRegressor(max_iter=2),
    "neighbours": neighbors.KNeighborsRegressor(),
    "kernel": svm.SVR(),
    "kernel ridge": kernel_ridge.KernelRidge(kernel="rbf"),
    "process": gaussian_process.GaussianProcessRegressor(),
    "network": neural_network.MLPRegressor(hidden_layer_sizes=(2,), max_iter=5),
    "clusters": cluster.KMeans(2, n_init=1),
    "mixture": mixture.GaussianMixture(1),
    "bayes": naive_bayes.GaussianNB(),
    "embedding": manifold.TSNE(perplexity=5, max_iter=250),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_what_holds_units_is_refused(check: Check, name: str) -> None:
    data = people({"a": 30})
    X = data[["age", "hours"]].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = HOLDERS[name].fit(X, data["works"] if name == "bayes" else data["wage"])
    report = check(model, X, data["wage"])
    assert codes(report) == {("unit_values", "refused")}
    assert report.findings[0].remedy.nl
    with pytest.raises(Invalid, match="Nothing of this"):
        report.to_csv("shared/model.csv")
    assert "Estimates" not in report._repr_html_()


def test_a_tree_inside_a_pipeline_is_a_tree(check: Check) -> None:
    data = people({"a": 30})
    model = make_pipeline(StandardScaler(), tree.DecisionTreeRegressor(max_depth=2)).fit(data[["age"]], data["wage"])
    assert codes(check(model, data[["age"]], data["wage"])) == {("unit_values", "refused")}


def test_ones_own_class_is_what_it_inherits(check: Check) -> None:
    class Mine(tree.DecisionTreeRegressor):
        """Somebody's own."""

    data = people({"a": 30})
    assert codes(check(Mine().fit(data[["age"]], data["wage"]))) == {("unit_values", "refused")}


def test_other_kinds_are_for_review(check: Check) -> None:
    data = people({"a": 30})
    assert codes(check(decomposition.PCA(1).fit(data[["age", "hours"]]))) == {("unknown_table", "review")}


def test_other_data_are_noticed(check: Check) -> None:
    data = people({"a": 30})
    model = linear_model.LinearRegression().fit(data[["age", "hours"]], data["wage"])
    with pytest.raises(Invalid, match="not those the model was fitted on"):
        check(model, data[["age"]], data["wage"])
    with pytest.raises(Invalid, match="has not been fitted"):
        check(linear_model.LinearRegression())
