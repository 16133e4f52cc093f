"""Complementary suppression at least cost: a 0-1 program with cuts from the attack.

One 0-1 variable per cell. Where a choice does not protect, the dual of the attacker's linear program is a bound on what he can be kept from in
*any* choice, a linear inequality in the choice (Benders; M. Fischetti and J.J. Salazar, Solving the cell suppression problem on tabular data with
linear constraints, Management Science 47 (2001)). Cuts are collected on the linear relaxation first, then on 0-1 solutions until the attack
finds nothing: that choice is cheapest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np

from ..cells import Floats, Ints, Mask
from .audit import Least, least_units
from .heuristic import FAR, suppress, without_exact
from .needs import Need, Table, infeasible, prove
from .program import Cancel, check_cancel, model, quiet

VIOLATED: Final = 1e-4
"""A cut counts when a choice misses it by this share of what is asked."""
MOST_RELAXED: Final = 60
"""Rounds of cuts on the linear relaxation."""

REPAIR: Final = 4
"""Every so many choices under the cuts that do not protect yet, one is completed to one that does."""


@dataclass(frozen=True)
class Choice:
    """Suppressed cells, and whether nothing cheaper protects."""

    hidden: Mask
    optimal: bool


class Attacker:
    """How far a need's cell can be moved under a (fractional) choice, and the cut that follows."""

    def __init__(self, table: Table) -> None:
        self.table = table
        n = len(table.names)
        self._all = np.arange(n, dtype=np.int32)
        self._solver = quiet(presolve="off", solver="simplex")
        self._solver.passModel(model(table.matrix, np.zeros(table.matrix.shape[0]), np.zeros(n), np.zeros(n)))

    def cut(self, need: Need, choice: Floats) -> tuple[Floats, float] | None:
        """Give a violated inequality ``coefficients @ y >= right``, or ``None`` where the choice meets the need.

        Parameters
        ----------
        need
            With one of ``up``, ``down`` (see :func:`single`), or the slide.
        choice
            Shape (n,), 0 to 1.
        """
        wanted = [(1.0, need.up), (-1.0, need.down)] if need.up or need.down else [(0.0, need.slide)]
        for sign, amount in wanted:
            if not amount:
                continue
            # a little of everything makes the dual prices of shown cells mean something; if that proves nothing, exactly the choice
            for share in (0.01, 0.0):
                near = choice + share * (1.0 - choice)
                coefficients = sum((self._prices(need, one, amount, near) for one in ((sign,) if sign else (1.0, -1.0))), np.zeros(len(choice)))
                right = 1.0 - float(coefficients[self.table.primary].sum())
                coefficients = np.where(self.table.primary, 0.0, np.minimum(coefficients, max(right, 0.0)))
                if right > VIOLATED and float(coefficients @ choice) < right - VIOLATED * max(1.0, right):
                    if not (coefficients > 1e-9).any():
                        raise infeasible(self.table, need)
                    return coefficients / right, 1.0
        return None

    def _prices(self, need: Need, sign: float, amount: float, choice: Floats) -> Floats:
        table = self.table
        up = np.minimum(table.room_up / amount, FAR)
        down = np.minimum(table.room_down / amount, FAR)
        if need.insider >= 0:
            up[need.insider] = down[need.insider] = 0.0
        cost = np.zeros(len(choice))
        cost[need.cell] = -sign
        self._solver.changeColsBounds(len(choice), self._all, -down * choice, up * choice)
        self._solver.changeColsCost(len(choice), self._all, cost)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self._solver.clearSolver()
            self._solver.run()
        # any prices of the relations give a valid bound; reduced costs are made from them anew
        prices = np.array(self._solver.getSolution().row_dual)
        reduced = cost - table.matrix.T @ prices
        reduced[np.abs(reduced) < 1e-9] = 0.0
        bound: Floats = np.where(reduced > 0, reduced * down, -reduced * up)
        return bound


class Master:
    """The 0-1 program over choices, with the cuts found so far."""

    def __init__(self, table: Table, min_frequency: Least) -> None:
        self.n = len(table.names)
        self.table = table
        lp = highspy.HighsLp()
        lp.num_col_ = self.n
        lp.num_row_ = 0
        self.scale = float(table.cost.max(initial=1.0)) or 1.0
        lp.col_cost_ = table.cost / self.scale + 1e-7
        lp.col_lower_ = table.primary.astype(np.float64)
        lp.col_upper_ = np.ones(self.n)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.zeros(self.n + 1, dtype=np.int32)
        self._solver = quiet(mip_rel_gap=0.0, mip_abs_gap=1e-9)
        self._solver.passModel(lp)
        self._cells: Ints = np.arange(self.n, dtype=np.int32)
        self._unions(min_frequency)

    def _unions(self, min_frequency: Least) -> None:
        """Where a small cell is hidden, all hidden parts of its relation stand for enough units together, or the total is hidden too."""
        if callable(min_frequency):
            return  # a choice that breaks the rule is found by the attack, and cut off
        table = self.table
        least = float(least_units(table.problem, min_frequency))
        for total, parts in table.problem.relations:
            at = np.array([*(table.index[part] for part in parts), table.index[total]], dtype=np.int32)
            weights = np.append(np.minimum(table.value[at[:-1]], least), least)
            small = np.flatnonzero((weights > 0) & (weights < least))
            for i in small.tolist():
                if table.primary[at[-1]]:
                    break
                row = weights.copy()
                row[i] -= least
                keep = row != 0
                self._solver.addRow(0.0, highspy.kHighsInf, int(keep.sum()), at[keep], row[keep])

    def add(self, coefficients: Floats, right: float) -> None:
        """Add a cut."""
        at = np.flatnonzero(np.abs(coefficients) > 1e-9).astype(np.int32)
        self._solver.addRow(right, highspy.kHighsInf, len(at), at, coefficients[at])

    def solve(self, whole: bool, seconds: float) -> tuple[Floats, bool] | None:
        """Give the cheapest choice under the cuts and whether it is proven; ``None`` if there is none."""
        kind = highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
        self._solver.changeColsIntegrality(self.n, self._cells, np.full(self.n, int(kind), dtype=np.uint8))
        self._solver.setOptionValue("time_limit", float(self._solver.getRunTime() + max(seconds, 0.1)))
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        values = np.clip(np.array(self._solver.getSolution().col_value), 0.0, 1.0)
        if whole:
            values = np.round(values)
        return values, status == highspy.HighsModelStatus.kOptimal


def beyond_prices(table: Table, hidden: Mask, min_frequency: Least, until: float, cancel: Cancel | None = None) -> list[tuple[Floats, float]]:
    """Give inequalities a choice breaks that no dual prices tell of: whole numbers, sums beside cells that are exact.

    A choice that fails is widened, cheap cells first, as long as it fails all the same; then every part of it fails too, and one inequality
    excludes them all. For where fewer cells are hidden no primary cell moves more freely, and the known sum of a cell and what is hidden
    beside it is no larger. Where that cell is a complementary one, only the parts it belongs to are excluded: either it can be calculated, so
    that hiding it is a cost without a use, or its sum is too small.

    Parameters
    ----------
    table
        The table.
    hidden
        Mask over all cells; the attack breaks it, and nothing cheaper satisfies the inequalities so far.
    min_frequency
        As in :func:`jupyter_cbs.disclosure.relations.audit.audit`.
    until
        When to stop widening, as ``time.monotonic`` tells it.
    cancel
        Asked between attacks.

    Returns
    -------
    list of tuple
        ``coefficients @ y >= right``, at least one.
    """
    proof = prove(table, hidden, min_frequency, cancel, quick=True)
    anchors: set[int | None] = set()
    if table.problem.lower >= 0:
        for union in proof.unions:
            members = [table.index[name] for name in union.cells if table.value[table.index[name]] > 0]
            if union.rule == "min_frequency" and members:
                primary = any(table.primary[member] for member in members)
                anchors.add(None if primary else min(members, key=lambda i: (table.value[i], i)))
    if proof.unmet or None in anchors or not anchors:
        anchors = {None}
    return [_excluding(table, hidden, anchor, min_frequency, until, cancel) for anchor in sorted(anchors, key=lambda i: -1 if i is None else i)]


def _excluding(table: Table, hidden: Mask, anchor: int | None, min_frequency: Least, until: float, cancel: Cancel | None) -> tuple[Floats, float]:
    """Give the inequality that excludes the parts of the widest failing choice around one, those with the anchor if there is one."""
    at = range(len(hidden)) if anchor is None else (anchor,)
    small = {table.names[i] for i in at if table.value[i] > 0 and (table.primary[i] or anchor is not None)}

    def fails(choice: Mask) -> bool:
        proof = prove(table, choice, min_frequency, cancel, quick=True)
        alone = any(union.rule == "min_frequency" and not small.isdisjoint(union.cells) for union in proof.unions)
        return alone or (anchor is None and bool(proof.unmet))

    wide = hidden.copy()
    others = np.flatnonzero(~hidden)
    parts = [others[np.argsort(table.cost[others], kind="stable")]]
    if table.problem.lower < 0 or not fails(wide):
        parts = []
    while parts and time.monotonic() < until:
        cells = parts.pop()
        wide[cells] = True
        if not fails(wide):
            wide[cells] = False
            if len(cells) > 1:
                half = len(cells) // 2
                parts += [cells[half:], cells[:half]]
    coefficients = np.where(wide, 0.0, 1.0)
    if anchor is None:
        return coefficients, 1.0
    coefficients[anchor] = -1.0
    return coefficients, 0.0


def cheapest(table: Table, min_frequency: Least, *, patience: float, cancel: Cancel | None = None) -> Choice:
    """Choose the cheapest cells so that the attack finds nothing.

    Parameters
    ----------
    table
        The table.
    min_frequency
        As in :func:`jupyter_cbs.disclosure.relations.audit.audit`.
    patience
        Seconds after which the heuristic's choice is given instead, as not proven to be cheapest.
    cancel
        Asked between programs.

    Raises
    ------
    Conflict
        ``infeasible_protection``.
    """
    until = time.monotonic() + patience
    fallback = suppress(table, min_frequency, patience=patience / 4, cancel=cancel)
    known = float(table.cost[fallback].sum())
    needs = [*table.needs(), *table.insider_needs()]
    master, attacker = Master(table, min_frequency), Attacker(table)
    relaxed, tries = MOST_RELAXED, 0
    while time.monotonic() < until:
        check_cancel(cancel)
        whole = relaxed == 0
        solved = master.solve(whole, until - time.monotonic())
        if solved is None or not solved[1]:
            break
        choice = solved[0]
        if whole:
            if float(table.cost[choice > 0.5].sum()) >= known - 1e-9 * known:
                return Choice(fallback, True)
            if tries % REPAIR == 0:  # the cheapest choice under the cuts, completed, is often cheaper than what was found without them
                completed = suppress(table, min_frequency, patience=patience / 20, cancel=cancel, start=choice > 0.5)
                if float(table.cost[completed].sum()) < known:
                    fallback, known = completed, float(table.cost[completed].sum())
            tries += 1
        # a singleton that is not hidden stays where it is for outsiders too
        asked = [need for need in needs if need.insider < 0 or choice[need.insider] > 0]
        cuts = [cut for need in asked if (cut := attacker.cut(need, choice)) is not None]
        for cut in cuts:
            master.add(*cut)
        relaxed = max(relaxed - 1, 0) if cuts else 0
        if whole and not cuts:
            hidden = without_exact(table, choice > 0.5, min_frequency, cancel)
            if float(table.cost[hidden].sum()) >= known - 1e-9 * known:
                return Choice(fallback, True)
            if prove(table, hidden, min_frequency, cancel, quick=True).holds:
                return Choice(hidden, True)
            for cut in beyond_prices(table, choice > 0.5, min_frequency, until, cancel):
                master.add(*cut)
    return Choice(fallback, False)
