"""Estimators of scikit-learn: linear ones have coefficients, most others hold units."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...domain.errors import Invalid
from ...domain.model import ModelEvidence, ModelKind, ModelLevel
from ...domain.text import Text
from .design import Codes, Design
from .extract import Coefficient, Extracted, Given, class_codes, declared, find_units, matrix_of, read_number, refused, version

_HOLDERS = {
    "tree": "tree",
    "ensemble": "forest",
    "neighbors": "neighbours",
    "gaussian_process": "process",
    "kernel_ridge": "kernel",
    "kernel_approximation": "kernel",
    "semi_supervised": "neighbours",
    "neural_network": "network",
    "manifold": "embedding",
    "cluster": "clusters",
    "mixture": "clusters",
    "naive_bayes": "clusters",
    "isotonic": "tree",
    "covariance": "",
    "random_projection": "embedding",
}
"""Subpackages whose estimators hold units or tables of means, and why."""

_PENALISED = (
    "Ridge",
    "Lasso",
    "Elastic",
    "SGD",
    "Huber",
    "Bayesian",
    "ARD",
    "Poisson",
    "Gamma",
    "Tweedie",
    "Logistic",
    "LinearSV",
    "Lars",
    "Quantile",
)


def read(obj: Any, given: Given) -> Extracted:
    """Read an estimator of scikit-learn, or a pipeline or search that ends in one.

    Raises
    ------
    Invalid
        If it is not fitted, or the data given are not those it was fitted on.
    """
    steps: list[Any] = []
    while True:
        if hasattr(obj, "best_estimator_"):
            obj = obj.best_estimator_
        elif type(obj).__name__ in ("Pipeline",) and getattr(obj, "steps", None):
            steps += [step for _, step in obj.steps[:-1] if step is not None and step != "passthrough"]
            obj = obj.steps[-1][1]
        elif type(obj).__name__ == "TransformedTargetRegressor" and hasattr(obj, "regressor_"):
            obj = obj.regressor_
        else:
            break
    for step in steps:
        reason = _reason(step)
        if reason is not None and _subpackage(step) not in ("kernel_approximation", "covariance"):
            return refused(step, reason, "sklearn")
    reason = _reason(obj)
    if reason is not None:
        return refused(obj, reason, "sklearn", "unit_level" if reason == "embedding" else "memorising")
    if _subpackage(obj) not in ("linear_model", "svm") or type(obj).__name__ == "RANSACRegressor":
        return Extracted(ModelEvidence(kind="unknown", library=version("sklearn"), method=type(obj).__name__[:200]))
    coefficients = getattr(obj, "coef_", None)
    if coefficients is None:
        raise Invalid(
            "not_fitted",
            Text(en=f"This {type(obj).__name__} has not been fitted.", nl=f"Deze {type(obj).__name__} is nog niet geschat."),
            Text(en="Call fit(X, y) first.", nl="Roep eerst fit(X, y) aan."),
        )
    return _coefficients(obj, steps, given)


def _subpackage(obj: Any) -> str:
    """Give the subpackage of scikit-learn a class, or what it inherits from, comes from."""
    for kind in type(obj).__mro__:
        parts = kind.__module__.split(".")
        if parts[0] == "sklearn" and len(parts) > 1 and parts[1] not in ("base", "utils"):
            return parts[1]
    return ""


def _reason(obj: Any) -> str | None:
    """Say why an estimator holds units; None where it does not."""
    part = _subpackage(obj)
    if part == "svm":
        linear = type(obj).__name__ in ("LinearSVC", "LinearSVR")
        return None if linear else "kernel"
    if type(obj).__name__ == "GaussianMixture":
        return "clusters"
    return _HOLDERS.get(part)


def _kind(obj: Any) -> ModelKind:
    name = type(obj).__name__
    if name.startswith(_PENALISED):
        return "penalised"
    return "linear" if name == "LinearRegression" else "other_coefficients"


def _coefficients(obj: Any, steps: list[Any], given: Given) -> Extracted:
    slopes = np.atleast_2d(np.asarray(obj.coef_, dtype=float))
    intercepts = np.atleast_1d(np.asarray(getattr(obj, "intercept_", 0.0), dtype=float)).reshape(-1)
    with_intercept = bool(getattr(obj, "fit_intercept", True))
    classes = getattr(obj, "classes_", None)
    design: Design | None = None
    outcomes: tuple[ModelLevel, ...] = ()
    names = [f"x{i + 1}" for i in range(slopes.shape[1])]
    if given.data is not None:
        matrix, names = _transformed(obj, steps, given.data, slopes.shape[1])
        units = find_units(given, len(matrix), given.data if hasattr(given.data, "columns") else None, None, getattr(given.data, "index", None))
        codes: Codes | None = None
        labels: tuple[str, ...] = ()
        if classes is not None and given.response is not None:
            coded = class_codes(given.response)
            if coded is not None:
                codes, labels = coded
                if len(codes) != len(matrix):
                    raise _not_the_data()
                counts, rows = units.per_cell(codes, len(labels)), np.bincount(codes, minlength=len(labels))
                term = str(getattr(given.response, "name", None) or "y")
                outcomes = tuple(
                    ModelLevel(term=term[:500], name=label[:500], units=int(counts[i]), rows=int(rows[i])) for i, label in enumerate(labels)
                )
        full = np.hstack([np.ones((len(matrix), 1)), matrix]) if with_intercept else matrix
        design = Design((["Intercept", *names] if with_intercept else names), full, units, codes, labels)
    fields: dict[str, Any] = {
        "kind": _kind(obj),
        "library": version("sklearn"),
        "method": type(obj).__name__[:200],
        "response": str(getattr(given.response, "name", None) or "")[:500] or None,
        "sources": given.sources,
        "outcomes": outcomes,
    }
    if design is not None:
        equations = slopes.shape[0] if classes is not None else 1
        rank = design.rank()
        fields |= {"rank": rank, "residual_dof": float(len(design.matrix) - rank * equations), "patterns": design.patterns()}
        if classes is not None and given.response is None:
            # without the response nobody can tell how many units have each outcome
            fields["outcomes"] = tuple(ModelLevel(term="y", name=str(c)[:500], units=None, rows=None) for c in list(classes)[:200])
    evidence = ModelEvidence.model_validate(
        declared(design, fields, read_number(obj, "quantile") if type(obj).__name__ == "QuantileRegressor" else None)
    )
    found: list[Coefficient] = []
    for e in range(slopes.shape[0]):
        equation = "" if slopes.shape[0] == 1 else str(classes[e]) if classes is not None and len(classes) == slopes.shape[0] else str(e + 1)
        if with_intercept:
            found.append(Coefficient(equation, "Intercept", float(intercepts[e if e < len(intercepts) else 0]), n=evidence.units))
        offset = 1 if with_intercept else 0
        for i, name in enumerate(names):
            n = design.units_of_column(i + offset) if design is not None else None
            found.append(Coefficient(equation, str(name), float(slopes[e, i]), n=n))
    return Extracted(evidence, tuple(found), (), True)


def _transformed(obj: Any, steps: list[Any], data: Any, width: int) -> tuple[Any, list[str]]:
    """Bring the data through the steps before the estimator; give the design and the names of its columns."""
    names = [str(c) for c in getattr(data, "columns", ())]
    fitted = getattr(steps[0] if steps else obj, "feature_names_in_", None)
    if fitted is not None and names and not set(map(str, fitted)) <= set(names):
        raise _not_the_data()
    if fitted is not None and names:
        data = data[list(fitted)]
        names = [str(c) for c in fitted]
    for step in steps:
        data = step.transform(data)
        try:
            names = [str(n) for n in (step.get_feature_names_out(names) if names else step.get_feature_names_out())]
        except (AttributeError, TypeError, ValueError):
            names = []
    matrix = matrix_of(data)
    if matrix.shape[1] != width:
        raise _not_the_data()
    return matrix, names if len(names) == width else [f"x{i + 1}" for i in range(width)]


def _not_the_data() -> Invalid:
    return Invalid(
        "other_data",
        Text(en="X and y are not those the model was fitted on.", nl="X en y zijn niet die waarop het model is geschat."),
        Text(en="Give X and y as they were given to fit().", nl="Geef X en y zoals ze aan fit() zijn gegeven."),
    )
