"""Results of statsmodels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...domain.errors import Invalid
from ...domain.model import ModelEffects, ModelEvidence, ModelKind, ModelLevel
from ...domain.text import Text
from .design import Codes, Design, Units, group_codes
from .extract import (
    Coefficient,
    Extracted,
    Given,
    class_codes,
    declared,
    find_units,
    matrix_of,
    number,
    read_number,
    refused,
    statistics,
    vector,
    version,
    weighing_rows,
)

_KINDS: dict[str, ModelKind] = {
    **dict.fromkeys(("OLS", "WLS", "GLS", "GLSAR", "RLM", "QuantReg", "_WLSHuber"), "linear"),
    **dict.fromkeys(("GLM", "GEE", "NominalGEE", "OrdinalGEE", "BetaModel"), "generalised_linear"),
    **dict.fromkeys(("Logit", "Probit", "ConditionalLogit"), "binary"),
    **dict.fromkeys(("MNLogit", "ConditionalMNLogit"), "multinomial"),
    "OrderedModel": "ordinal",
    **dict.fromkeys(
        (
            "Poisson",
            "GeneralizedPoisson",
            "NegativeBinomial",
            "NegativeBinomialP",
            "ConditionalPoisson",
            "TruncatedLFPoisson",
            "TruncatedLFNegativeBinomialP",
            "ZeroInflatedPoisson",
            "ZeroInflatedGeneralizedPoisson",
            "ZeroInflatedNegativeBinomialP",
        ),
        "count",
    ),
    "MixedLM": "mixed",
    "PHReg": "survival",
}
"""Models whose coefficients are known; every other kind is for review or refused."""

_MEMORISING = {"KDEUnivariate": "kernel", "KDEMultivariate": "kernel", "KernelReg": "kernel", "PCA": "embedding", "MICEData": "residuals"}

_STATISTICS = {
    "rsquared": "R²",
    "rsquared_adj": "R² adjusted",
    "prsquared": "pseudo R²",
    "fvalue": "F",
    "f_pvalue": "p (F)",
    "llr": "likelihood ratio",
    "llr_pvalue": "p (likelihood ratio)",
    "llf": "log-likelihood",
    "aic": "AIC",
    "bic": "BIC",
    "deviance": "deviance",
    "pearson_chi2": "Pearson chi²",
    "scale": "scale",
}


def read(obj: Any, given: Given) -> Extracted:
    """Read results of statsmodels.

    Raises
    ------
    Invalid
        If it is a model that was not fitted, or the units given do not fit it.
    """
    name = type(obj).__name__
    if name in _MEMORISING:
        return refused(obj, _MEMORISING[name], "statsmodels")
    if "Prediction" in name or "Influence" in name:
        return refused(obj, "residuals", "statsmodels", "unit_level")
    results = getattr(obj, "_results", obj)
    model = getattr(obj, "model", None)
    if not hasattr(obj, "params") or model is None:
        if hasattr(obj, "fit") and hasattr(obj, "exog"):
            raise Invalid(
                "not_fitted",
                Text(en=f"This {name} has not been fitted.", nl=f"Deze {name} is nog niet geschat."),
                Text(en="Check what fit() gives: ws.check(model.fit()).", nl="Controleer wat fit() geeft: ws.check(model.fit())."),
            )
        return _unknown(obj, name)
    method = type(model).__name__
    kind = _KINDS.get(method)
    if kind is None:
        return _unknown(obj, method)
    if "Regularized" in type(results).__name__ or "Regularized" in name:
        kind = "penalised"
    return _coefficients(obj, model, method, kind, given)


def _unknown(obj: Any, method: str) -> Extracted:
    return Extracted(ModelEvidence(kind="unknown", library=version("statsmodels"), method=method[:200]))


def _coefficients(obj: Any, model: Any, method: str, kind: ModelKind, given: Given) -> Extracted:
    matrix = matrix_of(model.exog)
    names = [str(n) for n in getattr(model, "exog_names", None) or [f"x{i + 1}" for i in range(matrix.shape[1])]][: matrix.shape[1]]
    names += [f"x{i + 1}" for i in range(len(names), matrix.shape[1])]
    infl = getattr(model, "exog_infl", None)
    if infl is not None:
        matrix = np.hstack([matrix, matrix_of(infl)])
        names += [f"inflate {i + 1}" for i in range(matrix.shape[1] - len(names))]
    units = _units(model, len(matrix), given)
    weighing = ("weights",) if method == "WLS" else ("freq_weights", "var_weights")
    counting = weighing_rows(*(getattr(model, name, None) for name in weighing), rows=len(matrix))
    if counting is not None:
        matrix, units = matrix[counting], units.some(counting)
    outcomes, classes, rows_in_classes = _outcomes(model, kind, units, counting)
    spec = getattr(model.data, "model_spec", None) or getattr(model.data, "design_info", None)
    categorical, categories = _factors(spec)
    design = Design(names, matrix, units, outcomes, classes, categorical, categories, _slices(spec, matrix.shape[1]))
    rank = design.rank()
    parameters = int(np.asarray(obj.params).size)
    dofs = [float(len(matrix) - max(rank, parameters if kind != "penalised" else rank))]
    own = read_number(obj, "df_resid")
    if own is not None:
        dofs.append(own)
    effects, groups = _effects(model, kind, units)
    family = getattr(model, "family", None)
    evidence = ModelEvidence.model_validate(
        declared(
            design,
            {
                "kind": kind,
                "library": version("statsmodels"),
                "method": method,
                "family": type(family).__name__ if family is not None else None,
                "link": type(family.link).__name__ if family is not None and hasattr(family, "link") else None,
                "response": str(getattr(model, "endog_names", "") or "")[:500] or None,
                "rank": rank + sum(effect.groups for effect in effects if effect.kind == "fixed"),
                "residual_dof": min(dofs),
                "patterns": design.patterns(groups),
                "outcomes": rows_in_classes,
                "effects": effects,
                "weights": _weights(model),
                "sources": given.sources,
            },
            quantile=read_number(obj, "q") if method == "QuantReg" else None,
        )
    )
    return Extracted(evidence, tuple(_estimates(obj, design, classes)), statistics(obj, _STATISTICS), bool(getattr(obj, "use_t", False)))


def _units(model: Any, rows: int, given: Given) -> Units:
    data = model.data
    frame = getattr(data, "frame", None)
    used = None
    gone = getattr(data, "missing_row_idx", None)
    whole = len(frame) if frame is not None else rows + len(gone if gone is not None else ())
    if gone is not None and len(gone) and whole == rows + len(gone):
        used = np.setdiff1d(np.arange(whole), np.asarray(gone, dtype=int))
    return find_units(given, rows, frame, used, getattr(data, "row_labels", None))


def _slices(spec: Any, width: int) -> list[tuple[tuple[str, ...], Sequence[int]]]:
    """Read from a formula's description which columns each term has."""
    slices = getattr(spec, "term_slices", None)
    if slices is None:
        return []
    found: list[tuple[tuple[str, ...], Sequence[int]]] = []
    for term, place in slices.items():
        factors = getattr(term, "factors", ())
        names = tuple(factor.name() if callable(getattr(factor, "name", None)) else str(getattr(factor, "expr", factor)) for factor in factors)
        found.append((() if names == ("1",) else names, range(*place.indices(width))))
    return found


def _outcomes(model: Any, kind: ModelKind, units: Units, counting: Any) -> tuple[Codes | None, tuple[str, ...], tuple[ModelLevel, ...]]:
    """Give the outcome class of each row where the response is a category, and the units of each class."""
    endog = np.asarray(model.endog)
    if kind == "survival":
        endog = np.asarray(model.status)
    if counting is not None:
        endog = endog[counting]
    binomial = type(getattr(model, "family", None)).__name__ == "Binomial"
    if kind not in ("binary", "multinomial", "ordinal", "survival") and not binomial:
        return None, (), ()
    if endog.ndim == 2 and endog.shape[1] > 1:
        endog = endog.argmax(axis=1)
    coded = class_codes(endog.reshape(-1))
    if coded is None or (binomial and not set(np.unique(endog)) <= {0.0, 1.0}):
        return None, (), ()
    codes, classes = coded
    labels = getattr(model, "labels", None)
    if kind == "ordinal" and labels is not None and len(labels) == len(classes):
        classes = tuple(str(label) for label in labels)
    if kind == "survival":
        classes = tuple("event" if float(c) else "no event" for c in classes)
    name = str(getattr(model, "endog_names", "") or "outcome")
    counts = units.per_cell(codes, len(classes))
    rows = np.bincount(codes, minlength=len(classes))
    found = [ModelLevel(term=name[:500], name=label[:500], units=int(counts[i]), rows=int(rows[i])) for i, label in enumerate(classes)]
    if kind == "survival":
        # who has no event is known from the total; the events are what a hazard ratio rests on
        found = [level for level in found if level.name == "event"]
    return codes, classes, tuple(found)


def _factors(spec: Any) -> tuple[set[str] | None, dict[str, Sequence[str]]]:
    """Read from a formula's description which factors are categories, and their categories."""
    infos = getattr(spec, "factor_infos", None)
    if infos is not None:  # patsy
        of_category = {factor.name(): info for factor, info in infos.items() if info.type == "categorical"}
        categories: dict[str, Sequence[str]] = {name: [str(c) for c in info.categories] for name, info in of_category.items()}
        return set(of_category), categories
    state = getattr(spec, "encoder_state", None)
    if isinstance(state, dict):  # formulaic
        found: dict[str, Sequence[str]] = {}
        for name, entry in state.items():
            kind = getattr(entry[0], "value", "") if isinstance(entry, tuple) and entry else ""
            if str(kind) == "categorical":
                found[str(name)] = [str(c) for c in (entry[1] or {}).get("categories", ())]
        return set(found), found
    return None, {}


def _effects(model: Any, kind: ModelKind, units: Units) -> tuple[tuple[ModelEffects, ...], list[Codes]]:
    """Give groups whose effects the model takes account of."""
    if type(model).__name__.startswith("Conditional"):
        # conditional models keep their data by group
        parts = getattr(model, "_endog_grp", None) or []
        return (ModelEffects(name="groups", kind="fixed", groups=len(parts), least_units=min((len(part) for part in parts), default=0)),), []
    groups = getattr(model, "groups", None)
    if kind != "mixed" or groups is None:
        return (), []
    codes, count = group_codes(groups)
    least = units.per_cell(codes, count).min(initial=units.count)
    return (ModelEffects(name="groups", kind="random", groups=count, least_units=int(least)),), []


def _weights(model: Any) -> str:
    def varies(name: str) -> bool:
        values = getattr(model, name, None)
        return values is not None and np.ndim(values) > 0 and bool(np.any(np.asarray(values) != 1))

    if varies("freq_weights"):
        return "frequency"
    return "analytic" if varies("var_weights") or (type(model).__name__ == "WLS" and varies("weights")) else "none"


def _estimates(obj: Any, design: Design, classes: Sequence[str]) -> list[Coefficient]:
    params = np.asarray(obj.params, dtype=float)
    if params.ndim == 2:  # one equation per class but the first
        errors, statistic, p = (_table(getattr(obj, name, None), params.shape) for name in ("bse", "tvalues", "pvalues"))
        bounds = _bounds(obj, params.size).reshape(params.shape[1], params.shape[0], 2)
        equations = [str(c) for c in classes[1 : 1 + params.shape[1]]] or [str(i + 1) for i in range(params.shape[1])]
        return [
            Coefficient(
                equations[e] if e < len(equations) else str(e + 1),
                str(design.names[i]),
                float(params[i, e]),
                number(errors[i, e]),
                number(statistic[i, e]),
                number(p[i, e]),
                number(bounds[e, i, 0]),
                number(bounds[e, i, 1]),
                design.units_of_column(i),
            )
            for e in range(params.shape[1])
            for i in range(params.shape[0])
        ]
    count = params.size
    index = getattr(obj.params, "index", None)
    names = [str(n) for n in index] if index is not None and len(index) == count else [str(n) for n in design.names[:count]]
    names += [f"parameter {i + 1}" for i in range(len(names), count)]
    errors, statistic, p = (vector(_attribute(obj, name), count) for name in ("bse", "tvalues", "pvalues"))
    bounds = _bounds(obj, count)
    places = {str(name): j for j, name in enumerate(design.names)}
    return [
        Coefficient(
            "",
            names[i],
            float(params[i]),
            errors[i],
            statistic[i],
            p[i],
            number(bounds[i, 0]),
            number(bounds[i, 1]),
            design.units_of_column(places[names[i]]) if names[i] in places else design.units.count,
        )
        for i in range(count)
    ]


def _attribute(obj: Any, name: str) -> Any:
    try:
        return getattr(obj, name, None)
    except Exception:  # a property that a library cannot calculate for this fit
        return None


def _table(value: Any, shape: tuple[int, ...]) -> Any:
    array = np.asarray(value, dtype=float) if value is not None else np.full(shape, np.nan)
    return array if array.shape == shape else np.full(shape, np.nan)


def _bounds(obj: Any, count: int) -> Any:
    try:
        return np.asarray(obj.conf_int(), dtype=float).reshape(count, 2)
    except Exception:  # not every result has intervals
        return np.full((count, 2), np.nan)
