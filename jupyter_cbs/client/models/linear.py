"""Results of linearmodels: panels, instruments and absorbed effects."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...domain.errors import Invalid
from ...domain.model import ModelEffects, ModelEvidence, ModelKind
from ...domain.text import Text
from .design import Codes, Design, Units, group_codes
from .extract import Coefficient, Extracted, Given, declared, find_units, matrix_of, number, statistics, vector, version, weighing_rows

_KINDS: dict[str, ModelKind] = {
    **dict.fromkeys(("PanelOLS", "RandomEffects", "PooledOLS", "FirstDifferenceOLS", "BetweenOLS", "FamaMacBeth"), "panel"),
    **dict.fromkeys(("IV2SLS", "IVLIML", "IVGMM", "IVGMMCUE", "_OLS"), "instrumental"),
    "AbsorbingLS": "linear",
}

_STATISTICS = {
    "rsquared": "R²",
    "rsquared_within": "R² within",
    "rsquared_between": "R² between",
    "rsquared_overall": "R² overall",
    "rsquared_inclusive": "R² with effects",
    "rsquared_adj": "R² adjusted",
    "loglik": "log-likelihood",
    "s2": "residual variance",
}


def read(obj: Any, given: Given) -> Extracted:
    """Read results of linearmodels.

    Raises
    ------
    Invalid
        If it is a model that was not fitted, or the units given do not fit it.
    """
    model = getattr(obj, "model", None)
    if not hasattr(obj, "params") or model is None:
        if hasattr(obj, "fit"):
            raise Invalid(
                "not_fitted",
                Text(en=f"This {type(obj).__name__} has not been fitted.", nl=f"Deze {type(obj).__name__} is nog niet geschat."),
                Text(en="Check what fit() gives: ws.check(model.fit()).", nl="Controleer wat fit() geeft: ws.check(model.fit())."),
            )
        return Extracted(ModelEvidence(kind="unknown", library=version("linearmodels"), method=type(obj).__name__[:200]))
    method = type(model).__name__
    kind = _KINDS.get(method)
    if kind is None:
        return Extracted(ModelEvidence(kind="unknown", library=version("linearmodels"), method=method[:200]))
    if kind == "panel":
        return _panel(obj, model, method, given)
    return _cross_section(obj, model, method, kind, given)


def _panel(obj: Any, model: Any, method: str, given: Given) -> Extracted:
    frame = model.exog.dataframe
    matrix = matrix_of(frame)
    entity = np.asarray(model.exog.entity_ids).reshape(-1).astype(np.int64)
    time = np.asarray(model.exog.time_ids).reshape(-1).astype(np.int64)
    kept = np.isfinite(matrix).all(axis=1) & np.isfinite(np.asarray(model.dependent.values2d, dtype=float)).all(axis=1)
    counting = weighing_rows(_weights(model), rows=len(matrix))
    if counting is not None:
        kept &= counting
    matrix, entity, time = matrix[kept], entity[kept], time[kept]
    labels = frame.index[kept]
    if given.unit is None:
        name = str(frame.index.names[0] or "entity")
        units = Units.of([entity], name, "unit")
    else:
        units = find_units(given, len(matrix), frame.reset_index(), np.flatnonzero(kept), labels)
    design = Design([str(c) for c in frame.columns], matrix, units)
    effects: list[ModelEffects] = []
    groups: list[Codes] = []
    if method == "PanelOLS":
        others = model.other_effects and getattr(model, "_other_effect_cats", None)
        found: list[tuple[str, Codes]] = []
        if model.entity_effects:
            found.append(("entity", entity))
        if model.time_effects:
            found.append(("time", time))
        if others is not None and others is not False:
            found += [(str(column), group_codes(np.asarray(others.dataframe[column])[kept])[0]) for column in others.dataframe.columns]
        for name, codes in found:
            effects.append(_effect(name, "fixed", codes, units))
            groups.append(codes)
    elif method == "RandomEffects":
        effects.append(_effect("entity", "random", entity, units))
    rows = min(int(obj.nobs), len(matrix))
    rank = max(int(obj.nobs) - int(obj.df_resid), design.rank())
    if method in ("BetweenOLS", "FirstDifferenceOLS"):
        # fitted on means or differences: fewer rows than the data have
        rank = design.rank()
    return _extracted(
        obj, design, method, "panel", {"rank": rank, "effects": tuple(effects), "patterns": design.patterns(groups), "rows": rows}, model, given
    )


def _effect(name: str, kind: str, codes: Codes, units: Units) -> ModelEffects:
    dense, count = group_codes(codes)
    per = units.per_cell(dense, count)
    same = count == units.count and bool(np.all(per == 1))
    return ModelEffects.model_validate(
        {"name": name[:500], "kind": kind, "groups": count, "least_units": None if same else int(per.min(initial=0)), "groups_are_units": same}
    )


def _cross_section(obj: Any, model: Any, method: str, kind: ModelKind, given: Given) -> Extracted:
    parts, names = [], []
    for name in ("exog", "endog"):
        block = getattr(model, name, None)
        if block is None:
            continue
        values = matrix_of(block.ndarray)
        parts.append(values)
        names += [str(c) for c in block.cols][: values.shape[1]]
    matrix = np.hstack(parts)
    labels = getattr(model.dependent, "rows", None)
    used = None
    kept = getattr(model, "notnull", None)
    if kept is not None and len(np.asarray(kept)) != len(matrix):
        used = np.flatnonzero(np.asarray(kept))
    units = find_units(given, len(matrix), None, used, labels)
    counting = weighing_rows(_weights(model), rows=len(matrix))
    if counting is not None:
        matrix, units = matrix[counting], units.some(counting)
    design = Design(names, matrix, units)
    effects: list[ModelEffects] = []
    groups: list[Codes] = []
    if method == "AbsorbingLS":
        absorbed = getattr(getattr(model, "_absorb_inter", None), "cat", None)
        columns: list[Any] = [] if absorbed is None else [(name, absorbed[name]) for name in absorbed.columns]
        for column, values in columns:
            codes, _ = group_codes(values)
            if counting is not None and len(codes) == len(counting):
                codes, _ = group_codes(codes[counting])
            if len(codes) == len(matrix):
                effects.append(_effect(str(column), "fixed", codes, units))
                groups.append(codes)
    rank = max(design.rank(), int(obj.nobs) - int(obj.df_resid))
    return _extracted(obj, design, method, kind, {"rank": rank, "effects": tuple(effects), "patterns": design.patterns(groups)}, model, given)


def _weights(model: Any) -> Any:
    """Give the weights of the rows; None where there are none."""
    weights = getattr(model, "weights", None)
    return getattr(weights, "ndarray", getattr(weights, "values2d", None))


def _extracted(obj: Any, design: Design, method: str, kind: ModelKind, more: dict[str, Any], model: Any, given: Given) -> Extracted:
    weights = _weights(model)
    weighted = np.zeros(0) if weights is None else np.asarray(weights, dtype=float)
    evidence = ModelEvidence.model_validate(
        declared(
            design,
            {
                "kind": kind,
                "library": version("linearmodels"),
                "method": method,
                "residual_dof": float(obj.df_resid),
                "weights": "analytic" if weighted.size > 1 and np.ptp(weighted) > 1e-12 else "none",
                "sources": given.sources,
                **more,
            },
        )
    )
    params = obj.params
    count = len(params)
    errors, statistic, p = (vector(getattr(obj, name, None), count) for name in ("std_errors", "tstats", "pvalues"))
    bounds = np.asarray(obj.conf_int(), dtype=float).reshape(count, 2)
    places = {str(name): j for j, name in enumerate(design.names)}
    coefficients = tuple(
        Coefficient(
            "",
            str(name),
            float(params.iloc[i]),
            errors[i],
            statistic[i],
            p[i],
            number(bounds[i, 0]),
            number(bounds[i, 1]),
            design.units_of_column(places[str(name)]) if str(name) in places else design.units.count,
        )
        for i, name in enumerate(params.index)
    )
    return Extracted(evidence, coefficients, statistics(obj, _STATISTICS), True)
