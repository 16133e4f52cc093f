"""Controlled rounding: multiples of a base that add up, as near to the true values as can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np

from ...domain.errors import Conflict, Invalid
from ...domain.text import Text
from ..cells import Floats
from .attack import Interval, intervals
from .audit import unprotected
from .needs import Table
from .problem import Rounding, TableProblem
from .program import Cancel, Progress, check_cancel, model, quiet

WIDEST: Final = 2
"""Most bases a value is moved beyond the two multiples beside it, where the relations allow nothing nearer."""
BEYOND: Final = 1e3
"""How much worse it is to go beyond the asked deviation, per unit of the cells."""


@dataclass(frozen=True)
class Rounded:
    """A rounded table that adds up.

    Parameters
    ----------
    problem
        The published table: rounded values, nothing suppressed.
    deviation
        The most a published value may lie from the true one; what users are told, and so what the attack uses.
    intervals
        Of every cell, from the published values and their additivity.
    """

    problem: TableProblem
    deviation: float
    intervals: dict[str, Interval]


def controlled_rounding(
    problem: TableProblem, *, seconds: float = 60.0, attack: bool = True, progress: Progress | None = None, cancel: Cancel | None = None
) -> Rounded:
    """Round every cell to a multiple of the base so that all relations add up, and prove it by the attack.

    Values stay between the two multiples beside them (a multiple stays as it is), within the deviation that is asked where that can be;
    where the relations of three and more dimensions or linked tables allow no such table, further multiples are taken.

    Parameters
    ----------
    problem
        True values (``published`` false); ``rounding`` names base and deviation, ``suppressed`` the cells that must not be exact after rounding.
    seconds
        Most time for the search.
    attack
        Whether all intervals are computed; without them the caller judges the values, of which the table itself is a possible one.
    progress, cancel
        As in :func:`jupyter_cbs.disclosure.relations.attack.intervals`.

    Raises
    ------
    Invalid
        ``no_rounding_base`` when the problem names no base.
    Conflict
        ``infeasible_protection`` when no such table exists, or the attack unpicks it.
    """
    if problem.rounding is None:
        raise Invalid(
            "no_rounding_base",
            Text(en="The problem names no rounding base.", nl="Het probleem noemt geen afrondbasis."),
            Text(en='Add "rounding": {"base": 5}.', nl='Voeg toe: "rounding": {"base": 5}.'),
        )
    base = problem.rounding.base
    table = Table(problem.model_copy(update={"rounding": None}))
    asked = problem.rounding.distance
    whole = problem.counts and base == int(base)
    for wider in range(WIDEST + 1):
        check_cancel(cancel)
        multiples = _round(table, base, asked, wider, seconds)
        if multiples is None:
            continue
        values = base * multiples
        farthest = float(np.abs(values - table.value).max(initial=0.0))
        # what can be told: conventional where all stay within it, else the width of the search
        told = asked if farthest <= asked + 1e-9 else (1 + wider) * base - (1.0 if whole else 0.0)
        if not attack:
            return Rounded(_published(problem, table, values, base, told, whole), told, {})
        return _proven(problem, table, values, base, told, whole, progress, cancel)
    raise Conflict(
        "infeasible_protection",
        Text(
            en=f"No table of multiples of {base:.10g} near the true values adds up.",
            nl=f"Geen tabel van veelvouden van {base:.10g} dicht bij de ware waarden telt op.",
        ),
        Text(en="Take another base, or suppress cells instead.", nl="Neem een andere basis, of onderdruk cellen."),
    )


def _round(table: Table, base: float, asked: float, wider: int, seconds: float) -> Floats | None:
    """Give the multiples of the nearest table that adds up, ``None`` if there is none within the width."""
    n = len(table.names)
    ratio = table.value / base
    nearest = np.round(ratio)
    ratio = np.where(np.abs(ratio - nearest) < 1e-9, nearest, ratio)
    low, high = np.floor(ratio) - wider, np.ceil(ratio) + wider
    problem = table.problem
    low = np.maximum(low, np.ceil(problem.lower / base - 1e-9)) if np.isfinite(problem.lower) else low
    high = np.minimum(high, np.floor(problem.upper / base + 1e-9)) if np.isfinite(problem.upper) else high
    if bool((low > high).any()):
        return None
    # one 0-1 column per step up from the lowest multiple; costs are convex, so the steps are taken in order
    owner: list[int] = []
    cost: list[float] = []

    def price(value: float, true: float) -> float:
        distance = abs(value - true)
        return distance + BEYOND * max(0.0, distance - asked - 1e-9)

    for i, (start, end, true) in enumerate(zip(low.tolist(), high.tolist(), table.value.tolist(), strict=True)):
        for step in range(int(end - start)):
            owner.append(i)
            cost.append((price(base * (start + step + 1), true) - price(base * (start + step), true)) / base)
    steps = table.matrix[:, owner] if owner else table.matrix[:, :0]
    right = -(table.matrix @ low)
    if not owner:
        return low if not right.any() else None
    solver = quiet(time_limit=seconds, mip_rel_gap=1e-4)
    lp = model(steps, right, np.zeros(len(owner)), np.ones(len(owner)), np.array(cost))
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(owner)
    solver.passModel(lp)
    solver.run()
    if not np.isfinite(solver.getInfo().objective_function_value) or solver.getInfo().primal_solution_status != highspy.kSolutionStatusFeasible:
        return None
    taken = np.round(np.array(solver.getSolution().col_value))
    result: Floats = low + np.bincount(np.array(owner), taken, n)
    return result


def _published(problem: TableProblem, table: Table, values: Floats, base: float, deviation: float, whole: bool) -> TableProblem:
    return problem.model_copy(
        update={
            "cells": dict(zip(table.names, (values + 0.0).tolist(), strict=True)),
            "rounding": Rounding(base=base, deviation=deviation),
            "published": True,
            "suppressed": (),
            "integer": whole,
        }
    )


def _proven(
    problem: TableProblem,
    table: Table,
    values: Floats,
    base: float,
    deviation: float,
    whole: bool,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Rounded:
    rounded = _published(problem, table, values, base, deviation, whole)
    found = intervals(rounded, progress=progress, cancel=cancel)
    must = set(problem.suppressed)
    narrow = {name: found[name] for name in must if found[name][1] - found[name][0] <= 2e-6}
    true = rounded.model_copy(update={"cells": dict(problem.cells)})
    narrow |= unprotected(true, found)
    if narrow:
        name, (low, high) = next(iter(narrow.items()))
        raise Conflict(
            "infeasible_protection",
            Text(
                en=f"Rounding to {base:.10g} does not protect cell {name!r}: additivity leaves [{low:.10g}, {high:.10g}].",
                nl=f"Afronden op {base:.10g} beschermt cel {name!r} niet: additiviteit laat [{low:.10g}, {high:.10g}] over.",
            ),
            Text(en="Take a larger base, or suppress cells instead.", nl="Neem een grotere basis, of onderdruk cellen."),
        )
    return Rounded(rounded, deviation, found)
