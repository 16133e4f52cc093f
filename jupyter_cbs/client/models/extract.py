"""From a fitted object to what is declared of it, by the module its class comes from."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...domain.errors import Invalid
from ...domain.identifiers import INSTITUTION_KEY_COLUMN, PERSON_KEY_COLUMN
from ...domain.model import MAX_ESTIMATES, ModelEstimate, ModelEvidence, ModelKind, ModelLevel, ModelOutput
from ...domain.text import Text
from .design import Design, Floats, Units


@dataclass(frozen=True)
class Coefficient:
    """One estimate of a model; what is not estimated is None.

    Parameters
    ----------
    n
        Distinct units the estimate speaks of: those of its level, or all.
    """

    equation: str
    term: str
    estimate: float
    error: float | None = None
    statistic: float | None = None
    p: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Given:
    """What the reader gave along with the object.

    Parameters
    ----------
    data, response
        The data it was fitted on, for libraries that do not keep them.
    unit
        Column, columns or values that name the unit of each row.
    sources
        Data sets whose rule profiles apply.
    """

    data: Any = None
    response: Any = None
    unit: Any = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extracted:
    """What was read of a model: what is declared, and what may be written."""

    evidence: ModelEvidence
    coefficients: tuple[Coefficient, ...] = ()
    statistics: tuple[tuple[str, float], ...] = ()
    uses_t: bool = True

    @property
    def output(self) -> ModelOutput:
        """What would be written."""
        estimates = tuple(
            # the figures are finite or None by the readers' care; a model can have thousands of them
            ModelEstimate.model_construct(
                equation=one.equation[:500],
                term=one.term[:500],
                estimate=number(one.estimate),
                error=number(one.error),
                statistic=number(one.statistic),
                p=number(one.p),
                low=number(one.low),
                high=number(one.high),
                n=one.n,
            )
            for one in self.coefficients
        )
        figures = tuple((name, number(value)) for name, value in self.statistics)
        return ModelOutput.model_construct(estimates=estimates, statistics=figures, uses_t=self.uses_t)

    @property
    def declared(self) -> ModelEvidence:
        """The evidence with what would be written, where that is not too much to be kept."""
        output = self.output
        return self.evidence if len(output.estimates) > MAX_ESTIMATES else self.evidence.model_copy(update={"output": output})


def extract(obj: Any, given: Given) -> Extracted | None:
    """Read a model; None where the object is not one.

    Raises
    ------
    Invalid
        If it is not fitted, or what was given does not fit it.
    """
    from . import learn, linear, stats

    readers: dict[str, Callable[[Any, Given], Extracted]] = {"statsmodels": stats.read, "linearmodels": linear.read, "sklearn": learn.read}
    for kind in type(obj).__mro__:
        root = kind.__module__.split(".")[0]
        if root in readers:
            return readers[root](obj, given)
        if root in HOLDERS:
            return refused(obj, HOLDERS[root], root)
    return None


HOLDERS: dict[str, str] = {
    "xgboost": "forest",
    "lightgbm": "forest",
    "catboost": "forest",
    "torch": "network",
    "keras": "network",
    "tensorflow": "network",
    "transformers": "network",
    "umap": "embedding",
    "openTSNE": "embedding",
    "hdbscan": "clusters",
    "pynndescent": "neighbours",
    "faiss": "neighbours",
    "gpytorch": "process",
    "GPy": "process",
    "interpret": "forest",
}
"""Libraries whose models hold units, and why."""


def refused(obj: Any, reason: str, root: str, kind: ModelKind = "memorising") -> Extracted:
    """Declare a model that holds units: nothing of it is read."""
    return Extracted(ModelEvidence(kind=kind, library=version(root), method=type(obj).__name__[:200], reason=reason))


def version(root: str) -> str:
    """Give a library's name and version; it is loaded already."""
    found = getattr(sys.modules.get(root), "__version__", "")
    return f"{root} {found}".strip()[:100]


# ------------------------------------------------------------------------------------------------- figures


def number(value: Any) -> float | None:
    """Give a finite figure, or None."""
    try:
        figure = float(value)
    except (TypeError, ValueError):
        return None
    return figure if math.isfinite(figure) else None


def read_number(obj: Any, name: str) -> float | None:
    """Read a figure that a library calculates when asked; None where it cannot."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return number(getattr(obj, name, None))
    except Exception:  # a library's property may fail in any way, and then the figure is not known
        return None


def statistics(obj: Any, names: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
    """Read fit statistics: attribute → name in the output."""
    found = ((shown, read_number(obj, name)) for name, shown in names.items())
    return tuple((shown, value) for shown, value in found if value is not None)


def vector(value: Any, length: int) -> list[float | None]:
    """Give a library's vector as figures; unknown where it has another length."""
    try:
        array = np.asarray(value, dtype=float).reshape(-1)
    except (TypeError, ValueError):
        return [None] * length
    return [number(v) for v in array] if len(array) == length else [None] * length


# --------------------------------------------------------------------------------------------------- units

_CATALOGUE_KINDS = ((PERSON_KEY_COLUMN, "person"), (INSTITUTION_KEY_COLUMN, "institution"))


def kind_of_unit(name: str) -> str:
    """Say what a column's values name, by its name."""
    if re.match(r"(?i)^(S?BEID|BE_ID|OGID|FINR|KVK)", name):
        return "business"
    if re.match(r"(?i)^HUISHOUD", name):
        return "household"
    for patterns, kind in _CATALOGUE_KINDS:
        if any(pattern.search(name) for pattern in patterns):
            return kind
    return "unit"


def key_column(columns: Sequence[str]) -> str | None:
    """Find the key of persons among columns, whose rows need not be one per person."""
    return next((name for name in columns if re.match(r"(?i)^(VTV)?RINPERSOON$", name)), None)


def find_units(given: Given, rows: int, frame: Any = None, used: Any = None, labels: Any = None) -> Units:
    """Give the unit of each used row.

    Parameters
    ----------
    given
        What the reader gave.
    rows
        Rows used in the fit.
    frame
        The data the model keeps, where it does.
    used
        Positions of the used rows in ``frame`` or in given values of full length; None where all were used.
    labels
        Index labels of the used rows, to align a given Series by.

    Raises
    ------
    Invalid
        If a column does not exist, or the values are as long as neither the data nor the fit.
    """
    unit = given.unit
    columns = [str(c) for c in getattr(frame, "columns", ())]
    if unit is None:
        key = key_column(columns)
        if key is None:
            return Units.rows(rows)
        unit = key
    names = [unit] if isinstance(unit, str) else list(unit) if _is_names(unit) else None
    if names is not None:
        source = frame
        if source is None or not all(name in columns for name in names):
            source = given.data
            columns = [str(c) for c in getattr(source, "columns", ())]
        missing = [name for name in names if name not in columns]
        if source is None or missing:
            raise Invalid(
                "unknown_unit",
                Text(
                    en=f"The data of this model have no column '{(missing or names)[0]}' to count units by.",
                    nl=f"De gegevens van dit model hebben geen kolom '{(missing or names)[0]}' om eenheden mee te tellen.",
                ),
                Text(en="Give the values themselves: unit=data['…'].", nl="Geef de waarden zelf: unit=data['…']."),
                suggestions=tuple(columns[:5]),
            )
        values = [_used(source[name], rows, used, labels) for name in names]
        return Units.of(values, ", ".join(names)[:500], kind_of_unit(names[-1]))
    name = str(getattr(unit, "name", None) or "unit")
    return Units.of([_used(unit, rows, used, labels)], name[:500], kind_of_unit(name))


def _is_names(unit: Any) -> bool:
    return isinstance(unit, (list, tuple)) and bool(unit) and len(unit) <= 5 and all(isinstance(name, str) for name in unit)


def _used(values: Any, rows: int, used: Any, labels: Any) -> Any:
    """Give the values of the used rows."""
    index = getattr(values, "index", None)
    if labels is not None and index is not None and len(values) != rows and getattr(index, "is_unique", False):
        try:
            return np.asarray(values.loc[labels])
        except KeyError:
            pass
    array = np.asarray(values)
    if len(array) == rows:
        return array
    if used is not None and len(array) > int(np.max(used, initial=-1)) and len(used) == rows:
        return array[np.asarray(used)]
    raise Invalid(
        "unit_length",
        Text(
            en=f"unit= has {len(array)} values, and the model used {rows} rows.",
            nl=f"unit= heeft {len(array)} waarden, en het model gebruikte {rows} rijen.",
        ),
        Text(en="Give one value for each row that was used.", nl="Geef één waarde voor elke rij die is gebruikt."),
    )


NEGLIGIBLE = 1e-6
"""A row whose weight is this small a part of the largest weight counts for nothing in the fit, and so not as a unit."""


def weighing_rows(*weights: Any, rows: int) -> Any:
    """Give which rows count in a weighted fit, shape (n,); None where all do."""
    counting = np.ones(rows, dtype=bool)
    for given in weights:
        if given is None or np.ndim(given) == 0:
            continue
        values = np.abs(np.asarray(given, dtype=np.float64).reshape(-1))
        if len(values) == rows:
            counting &= values > NEGLIGIBLE * values.max(initial=0.0)
    return None if counting.all() else counting


def class_codes(values: Any) -> tuple[Any, tuple[str, ...]] | None:
    """Number the classes of a categorical response, shape (n,); None where there are too many to be classes."""
    array = np.asarray(values)
    if array.ndim != 1 or not len(array):
        return None
    found, codes = np.unique(array.astype(str) if array.dtype == object else array, return_inverse=True)
    if not 1 <= len(found) <= 200:
        return None
    return codes.reshape(-1).astype(np.int64), tuple(f"{v:g}" if isinstance(v, float) else str(v) for v in found.tolist())


def matrix_of(data: Any) -> Floats:
    """Give a design as a matrix of doubles, shape (n, k).

    Raises
    ------
    Invalid
        If it holds anything but figures.
    """
    try:
        matrix = data.toarray() if hasattr(data, "toarray") else np.asarray(data)
        matrix = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise Invalid(
            "no_figures",
            Text(
                en="The design of the model holds values that are no figures.", nl="Het ontwerp van het model bevat waarden die geen getallen zijn."
            ),
            Text(en="Give X as it was given to fit().", nl="Geef X zoals die aan fit() is gegeven."),
        ) from None
    return matrix.reshape(len(matrix), -1)


def declared(design: Design | None, fields: Mapping[str, Any], quantile: float | None = None) -> dict[str, Any]:
    """Add what a design tells to the fields of the evidence; ``quantile`` is what the model estimates, where it is not the mean."""
    if design is None:
        return {**fields, "design_known": False}
    levels, total = design.levels()
    units = design.units
    if quantile is not None and 0 < quantile < 1:
        beyond = max(1, math.floor(units.count * min(quantile, 1 - quantile) + 1e-9))
        levels = (ModelLevel(term=f"quantile {quantile:g}", name="", units=beyond, kind="tail"), *levels)
        total += 1
    return {
        "rows": len(design.matrix),
        "units": units.count,
        "unit": units.name,
        "unit_kind": units.kind,
        "parameters": design.matrix.shape[1],
        "terms": design.terms(),
        "levels": levels,
        "levels_total": total,
        "leverage": design.leverage(),
        **fields,
    }
