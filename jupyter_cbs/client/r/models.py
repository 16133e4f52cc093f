"""What is declared of a model that was fitted in R: its design is counted by the same code as that of a model in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...domain.model import ModelEvidence, ModelLevel
from ..models.design import Codes, Design, Units
from ..models.extract import Coefficient, Extracted, declared, kind_of_unit


def read_model(told: Mapping[str, Any]) -> Extracted:
    """Read a model as ``cbs_check`` tells of it.

    Parameters
    ----------
    told : mapping
        ``design``, ``units``, ``outcomes``: files with the design in treatment coding (doubles, column by column), and for each row the
        number of its unit and of its outcome class (32-bit integers from 1), each in the machine's byte order; units and outcomes may
        be null. ``rows``, ``names`` (of the design's columns, as ``factor[T.level]``), ``categories`` (factor → levels, the reference
        first), ``unit``, ``classes``, ``kind``, ``method``, ``library``, ``family``, ``link``, ``response``, ``residual_dof``,
        ``weights``, ``sources``, ``coefficients`` and ``statistics``.

    Raises
    ------
    ValueError
        If the parts do not fit together.
    """
    rows, names = int(told["rows"]), [str(name) for name in _several(told["names"])]
    matrix = np.fromfile(Path(told["design"]), dtype=np.float64).reshape(len(names), rows).T
    units = Units.rows(rows)
    if told.get("units") is not None:
        name = str(told["unit"])
        units = Units.of([_codes(told["units"], rows)], name[:500], kind_of_unit(name.rsplit(", ", 1)[-1]))
    classes = tuple(str(label) for label in _several(told.get("classes")))
    outcomes = _codes(told["outcomes"], rows) - 1 if told.get("outcomes") is not None else None
    told_of = (told.get("categories") or {}).items()
    categories: dict[str, Sequence[str]] = {str(factor): [str(level) for level in _several(levels)] for factor, levels in told_of}
    design = Design(names, matrix, units, outcomes, classes, set(categories), categories)
    rank = design.rank()
    response = str(told.get("response") or "")[:500]
    fields = {
        "kind": told["kind"],
        "library": str(told["library"])[:100],
        "method": str(told["method"])[:200],
        "family": told.get("family"),
        "link": told.get("link"),
        "response": response or None,
        "rank": rank,
        "residual_dof": min(float(told["residual_dof"]), float(rows - rank)),
        "patterns": design.patterns(),
        "outcomes": () if outcomes is None else _classes(outcomes, classes, units, response),
        "weights": told.get("weights") or "none",
        "sources": tuple(_several(told.get("sources"))),
    }
    evidence = ModelEvidence.model_validate(declared(design, fields))
    place = {name: j for j, name in enumerate(_several(told.get("fitted")))} if told.get("fitted") else {}
    coefficients = tuple(
        Coefficient(
            equation="",
            term=str(line["term"]),
            estimate=float(line["estimate"]),
            error=line.get("error"),
            statistic=line.get("statistic"),
            p=line.get("p"),
            low=line.get("low"),
            high=line.get("high"),
            n=design.units_of_column(place[line["term"]]) if line["term"] in place else units.count,
        )
        for line in told.get("coefficients") or ()
    )
    figures = tuple((str(name), float(value)) for name, value in (told.get("statistics") or {}).items() if value is not None)
    return Extracted(evidence, coefficients, figures, bool(told.get("uses_t", True)))


def _several(value: Any) -> Sequence[Any]:
    """Give a list of what R wrote: one element alone is no list in JSON."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _codes(place: str, rows: int) -> Codes:
    codes = np.fromfile(Path(place), dtype=np.int32).astype(np.int64)
    if len(codes) != rows:
        raise ValueError(f"{len(codes)} numbers for {rows} rows")
    return codes


def _classes(outcomes: Codes, classes: Sequence[str], units: Units, response: str) -> tuple[ModelLevel, ...]:
    counts = units.per_cell(outcomes, len(classes))
    rows = np.bincount(outcomes, minlength=len(classes))
    term = response or "outcome"
    return tuple(ModelLevel(term=term, name=label[:500], units=int(counts[i]), rows=int(rows[i])) for i, label in enumerate(classes))
