"""The table problem of a table with evidence: relations of all its margins and hierarchies, built from the frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from ...domain.evidence import Dimension, Statistic
from ...domain.rules import RuleProfile
from ..cells import Cells, Floats, Ints
from ..rules.dominance import protection_levels
from .problem import ROUNDING_ROOM, WHOLE_TO, TableProblem

TOTAL = "total"
"""How a total is named."""
SEPARATOR = " | "
"""Between the labels of a cell's name."""

ADDITIVE: Final = frozenset({"count", "sum", "mean", "share"})
"""Statistics whose values, or the sums behind them, add up. Of the others an outsider can add up the numbers of units only."""


def cell_names(cells: Cells) -> list[str]:
    """Give each row of a frame a name of its own: its labels, ``total`` for a margin; numbered where labels are not distinct."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for row in range(len(cells)):
        name = SEPARATOR.join(TOTAL if label is None else label for label in cells.labels(row)) or TOTAL
        times = seen[name] = seen.get(name, 0) + 1
        names.append(name if times == 1 else f"{name} #{times}")
    return names


def attacked(cells: Cells, statistic: Statistic) -> Floats:
    """Give what an outsider adds up and subtracts, shape (m,), NaN where a row has nothing.

    The values of counts and sums. For means and shares the sums behind them, since known numbers of units (the base) give them away. For all
    other statistics the numbers of units.
    """
    if statistic in ("count", "sum"):
        return cells.value
    if statistic in ADDITIVE and not np.isnan(cells.total[~cells.empty]).any():
        return cells.total
    return np.where(cells.empty, np.nan, cells.n.astype(np.float64))


def from_frame(
    frame: pa.Table,
    dimensions: Sequence[Dimension],
    hidden: Collection[int],
    *,
    statistic: Statistic = "count",
    profile: RuleProfile | None = None,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
) -> TableProblem:
    """Make the problem of a table with evidence.

    What is attacked is what adds up: the values of counts and sums, and for means the sums behind them, since published numbers of units give
    them away. Relations that do not add up are left out: distinct units of a margin are fewer than those of its cells together where a unit has
    rows in several of them, so nobody can subtract.

    Parameters
    ----------
    frame
        Evidence frame (see :mod:`jupyter_cbs.domain.evidence`).
    dimensions
        Its dimensions.
    hidden
        Rows of the frame that are not shown.
    statistic
        What the table holds.
    profile
        Thresholds of the dominance rules: a hidden sum asks for their protection level, up and down (see
        :func:`~jupyter_cbs.disclosure.rules.dominance.protection_levels`).
    hierarchies
        Dimension name → code → code of its parent, where categories of a dimension are subtotals of others; in addition to what the dimensions
        say themselves.

    Returns
    -------
    TableProblem
        Cells without a value are left out. Cells with one unit are singletons. Negative values: no lower bound.
    """
    return problem_of(Cells.of(frame, dimensions), hidden, statistic=statistic, profile=profile, hierarchies=hierarchies)


def problem_of(
    cells: Cells,
    hidden: Collection[int],
    *,
    statistic: Statistic = "count",
    profile: RuleProfile | None = None,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
    names: Sequence[str] | None = None,
) -> TableProblem:
    """Make the problem of a table whose evidence was read; see :func:`from_frame`.

    Parameters
    ----------
    names
        Of the rows; by default :func:`cell_names`.
    """
    value = attacked(cells, statistic)
    labels = cell_names(cells) if names is None else names
    present = ~np.isnan(value)
    gone = [row for row in sorted(hidden) if present[row]]
    protection: dict[str, tuple[float, float]] = {}
    if profile is not None and statistic in ("sum", "mean"):
        level = protection_levels(cells, profile)
        protection = {labels[row]: (float(level[row]), float(level[row])) for row in gone if level[row] > 0}
    return TableProblem(
        cells={labels[row]: float(value[row]) for row in np.flatnonzero(present).tolist()},
        relations=tuple((labels[total], tuple([labels[row] for row in parts])) for total, parts in relations_of(cells, value, hierarchies)),
        suppressed=tuple(labels[row] for row in gone),
        lower_bound=None if bool((value[present] < 0).any()) else 0.0,
        singletons=tuple(labels[row] for row in gone if cells.n[row] == 1 and cells.n_exact[row]),
        integer=statistic not in ("sum", "mean", "share") and bool((value[present] == np.round(value[present])).all()),
        protection=protection,
    )


def relations_of(cells: Cells, value: Floats, hierarchies: Mapping[str, Mapping[str, str]] | None = None) -> list[tuple[int, list[int]]]:
    """Give the relations of a table between its rows: a total with its parts, in every dimension, where they add up.

    Parameters
    ----------
    cells
        The table, m rows.
    value
        Shape (m,), NaN where a row has nothing.
    hierarchies
        As in :func:`from_frame`; in addition to what the dimensions say of themselves.
    """
    present = ~np.isnan(value)
    whole = present & (value == np.floor(value)) & (np.abs(value) <= WHOLE_TO)
    found: list[tuple[int, list[int]]] = []
    for i, dimension in enumerate(cells.dimensions):
        above = _parents(dimension, (hierarchies or {}).get(dimension.name, {}))
        rows = np.flatnonzero(present & ~cells.is_total(i))
        total = cells.with_code(rows, i, above[cells.codes[rows, i]])
        here = (total >= 0) & present[total]
        rows, total = rows[here], total[here]
        if not len(rows):
            continue
        order = np.argsort(total, kind="stable")
        rows, total = rows[order], total[order]
        starts = np.flatnonzero(np.diff(total, prepend=-1))
        at = total[starts]
        added = np.add.reduceat(value[rows], starts)
        size = np.add.reduceat(np.abs(value[rows]), starts) + np.abs(value[at])
        exact = np.logical_and.reduceat(whole[rows], starts) & whole[at] & (np.abs(added) <= WHOLE_TO)
        adds_up = np.abs(added - value[at]) <= np.where(exact, 0.0, ROUNDING_ROOM * np.maximum(1.0, size))
        for one, parts, right in zip(at.tolist(), np.split(rows, starts[1:]), adds_up.tolist(), strict=True):
            if right:
                found.append((one, parts.tolist()))
    return found


def _parents(dimension: Dimension, more: Mapping[str, str]) -> Ints:
    """Give for each category the index of the category it is a part of, the number of categories for the total."""
    size = len(dimension.categories)
    index = {category.code: i for i, category in enumerate(dimension.categories)}
    above = np.full(size + 1, size, dtype=np.int64)
    own: Mapping[str, str | None] = getattr(dimension, "parents", {})
    for code, parent in {**own, **more}.items():
        if code in index and parent is not None and parent in index:
            above[index[code]] = index[parent]
    return above
