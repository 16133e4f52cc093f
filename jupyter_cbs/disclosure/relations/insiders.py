"""What the one contributor of a cell, who knows it, learns of the other suppressed cells.

To know one cell more fixes another one exactly if the two move together in every direction the table can take: their rows in a basis of the null
space are parallel. A few random vectors projected on the null space show that for all pairs at once, almost surely; hits are confirmed. Where
cells lie at a bound the directions are fewer, and each contributor is looked at by himself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from .attack import unimodular, verdict_of
from .determined import determined, fixed_by_equations, projected
from .program import Cancel, check_cancel
from .system import System, interior

PROJECTIONS: Final = 4
"""Random vectors; two cells that do not move together look parallel in all of them with a chance below 1e-15 per pair."""
PARALLEL: Final = 1e-6
"""The sine of the angle below which two rows may be parallel."""
SMALL_WHOLE: Final = 60
"""Up to this many cells of a component it is taken into account that values are whole."""


def learned(system: System, singles: Mapping[str, frozenset[str]], cancel: Cancel | None = None) -> dict[str, tuple[str, ...]]:
    """Give for each singleton the cells of others its contributor can calculate exactly, beyond those everybody can.

    Parameters
    ----------
    system
        Of the suppressed cells; not rounded.
    singles
        Suppressed cells with one contributor, each with the cells that are this contributor's own
        (:meth:`~jupyter_cbs.disclosure.relations.problem.TableProblem.own_cells`).
    cancel
        Asked between contributors.

    Returns
    -------
    dict
        Only singletons whose contributor learns something.
    """
    found: dict[str, tuple[str, ...]] = {}
    if not singles:
        return found
    free = np.flatnonzero(~determined(system, cancel))
    rest = system.part(free)
    wanted = set(singles)
    for cells in rest.components():
        inside = [i for i, name in enumerate(rest.names[c] for c in cells.tolist()) if name in wanted]
        if not inside or len(cells) == 1:
            continue
        component = rest.part(cells)
        at_lower, at_upper = interior(component)
        one_by_one = bool((at_lower | at_upper).any()) or (component.integer and len(component) <= SMALL_WHOLE and not unimodular(component))
        for at in inside if one_by_one else _paired(component, inside):
            check_cancel(cancel)
            others = component.without(at)
            names = verdict_of(others, {}, None, cancel).exact if one_by_one else _fixed(others)
            theirs = tuple(name for name in names if name not in singles[component.names[at]])
            if theirs:
                found[component.names[at]] = theirs
    return found


def _fixed(system: System) -> tuple[str, ...]:
    return tuple(system.names[i] for i in np.flatnonzero(fixed_by_equations(system.matrix)).tolist())


def _paired(system: System, cells: list[int]) -> list[int]:
    """Give those of some cells that seem to move together with another one."""
    random = np.random.default_rng(3)
    moves = np.stack([projected(system.matrix, random.standard_normal(len(system))) for _ in range(PROJECTIONS)], axis=1)
    moves /= np.linalg.norm(moves, axis=1, keepdims=True)
    # parallel or opposite unit vectors differ by less than twice the sine in the size of any coordinate: few others are that near
    size = np.abs(moves[:, 0])
    order = np.argsort(size)
    ranked = size[order]
    first, last = np.searchsorted(ranked, size - 2 * PARALLEL), np.searchsorted(ranked, size + 2 * PARALLEL, side="right")
    paired = []
    for cell in cells:
        near = moves[order[first[cell] : last[cell]]]
        along = near @ moves[cell]
        if np.count_nonzero(np.linalg.norm(near - along[:, None] * moves[cell], axis=1) < PARALLEL) > 1:
            paired.append(cell)
    return paired
