"""The table problem of a table with evidence: relations of all its margins and hierarchies, built from the frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa

from ...domain.evidence import Dimension, Statistic
from ...domain.rules import RuleProfile
from ..cells import Cells, Floats
from .problem import Relation, TableProblem, room

TOTAL = "total"
"""How a total is named."""
SEPARATOR = " | "
"""Between the labels of a cell's name."""


def cell_names(cells: Cells) -> list[str]:
    """Give each row of a frame a name of its own: its labels, ``total`` for a margin; numbered where labels are not distinct."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for row in range(len(cells)):
        name = SEPARATOR.join(TOTAL if label is None else label for label in cells.labels(row)) or TOTAL
        times = seen[name] = seen.get(name, 0) + 1
        names.append(name if times == 1 else f"{name} #{times}")
    return names


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
        What the table holds. Medians and shares have no relations.
    profile
        Thresholds of the dominance rule: a hidden sum asks for the protection level of the (n, k) rule, 100/k · x1 − X, up and down (design
        disclosure.md, Primary rules).
    hierarchies
        Dimension name → code → code of its parent, where categories of a dimension are subtotals of others.

    Returns
    -------
    TableProblem
        Cells without a value are left out. Cells with one unit are singletons. Negative values: no lower bound.
    """
    cells = Cells.of(frame, dimensions)
    value = cells.total if statistic == "mean" else cells.value
    names = cell_names(cells)
    present = ~np.isnan(value)
    relations = _relations(cells, value, names, hierarchies or {}) if statistic in ("count", "sum", "mean") else []
    gone = [row for row in sorted(hidden) if present[row]]
    protection: dict[str, tuple[float, float]] = {}
    if profile is not None and statistic in ("sum", "mean"):
        level = np.maximum(cells.top1 / profile.dominance_max_share - cells.abs_total, 0.0)
        protection = {names[row]: (float(level[row]), float(level[row])) for row in gone if level[row] > 0}
    return TableProblem(
        cells={names[row]: float(value[row]) for row in np.flatnonzero(present).tolist()},
        relations=tuple(relations),
        suppressed=tuple(names[row] for row in gone),
        lower_bound=None if bool((value[present] < 0).any()) else 0.0,
        singletons=tuple(names[row] for row in gone if cells.n[row] == 1 and cells.n_exact[row]),
        integer=statistic == "count" and bool((value[present] == np.round(value[present])).all()),
        protection=protection,
    )


def _relations(cells: Cells, value: Floats, names: list[str], hierarchies: Mapping[str, Mapping[str, str]]) -> list[Relation]:
    found: list[Relation] = []
    for i, dimension in enumerate(cells.dimensions):
        parent = _parents(dimension, hierarchies.get(dimension.name, {}))
        lines: defaultdict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
        for row, codes in enumerate(cells.codes.tolist()):
            if not np.isnan(value[row]):
                lines[(*codes[:i], *codes[i + 1 :])][codes[i]] = row
        for line in lines.values():
            parts: defaultdict[int, list[int]] = defaultdict(list)
            for code, row in line.items():
                if code != cells.sizes[i]:
                    parts[parent.get(code, cells.sizes[i])].append(row)
            for code, rows in parts.items():
                total = line.get(code)
                if total is not None and abs(float(value[rows].sum() - value[total])) <= room((*value[rows].tolist(), float(value[total]))):
                    found.append((names[total], tuple(names[row] for row in rows)))
    return found


def _parents(dimension: Dimension, parent: Mapping[str, str]) -> dict[int, int]:
    index = {category.code: i for i, category in enumerate(dimension.categories)}
    return {index[code]: index[above] for code, above in parent.items() if code in index and above in index}
