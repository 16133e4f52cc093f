"""Complementary suppression for tables of any size: cheapest movements, one unmet need at a time.

To protect a cell is to find a movement of the whole table, within the bounds, that moves it far enough and uses as few and as cheap shown cells
as it can; the cells it uses are suppressed. With costs per unit of movement that is a linear program (in two dimensions a flow along a cycle);
cells that are suppressed already are free. The attack says which needs are not met, so nothing is done for cells that earlier choices protect.
"""

from __future__ import annotations

import time
from typing import Final, Protocol

import highspy
import numpy as np
import scipy.sparse as sp

from ...domain.errors import TimedOut
from ...domain.text import Text
from ..cells import Floats, Mask
from .attack import verdict_of
from .audit import Least, Union, UnionRule, least_units
from .needs import Need, Table, infeasible, infeasible_union, prove
from .program import Cancel, check_cancel, model, quiet
from .system import System

FAR: Final = 1e4
"""A cell without an upper bound is taken to rise at most so many times what is asked."""
LONGEST: Final = 30.0
"""Seconds one linear program may take."""
MOVED: Final = 1e-7
"""Less than this, relative to what is asked, is no movement."""


class Mover:
    """Finds the cheapest movement that moves one cell.

    Columns are the rises of all cells, then the falls.

    Parameters
    ----------
    table
        The table.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        n = len(table.names)
        both = sp.hstack((table.matrix, -table.matrix), format="csr")
        self._all = np.arange(2 * n, dtype=np.int32)
        self._solver = quiet(presolve="off", solver="simplex")
        self._solver.passModel(model(both, np.zeros(both.shape[0]), np.zeros(2 * n), np.zeros(2 * n)))

    def move(self, cell: int, amount: float, hidden: Mask, allowed: Mask, insider: int = -1) -> Floats | None:
        """Give the cheapest movement of the table, shape (n,), with ``amount`` in ``cell``; ``None`` if there is none.

        Parameters
        ----------
        cell
            Position of the cell.
        amount
            How far it moves; negative is down.
        hidden
            Cells that cost nothing more.
        allowed
            Cells that may move.
        insider
            A cell that stays, -1 for none.
        """
        table, far = self.table, abs(amount)
        n = len(table.names)
        # in units of what is asked, so that a tolerance means the same for every need
        room = np.concatenate((table.room_up, table.room_down)) / far
        upper = np.where(np.concatenate((allowed, allowed)), np.minimum(room, FAR), 0.0)
        if insider >= 0:
            upper[[insider, n + insider]] = 0.0
        price = np.where(hidden, 0.0, table.cost)
        largest = float(price.max(initial=0.0)) or 1.0
        reach = np.minimum(np.maximum(upper, 1e-6), 1.0)
        cost = (np.concatenate((price, price)) / largest + 1e-6) / reach
        lower = np.zeros(2 * n)
        forward, back = (cell, n + cell) if amount > 0 else (n + cell, cell)
        if upper[forward] < 1.0 - 1e-9:
            return None
        lower[forward] = upper[forward] = 1.0
        upper[back] = 0.0
        self._solver.changeColsBounds(2 * n, self._all, lower, upper)
        self._solver.changeColsCost(2 * n, self._all, cost)
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + LONGEST)
        self._solver.run()
        if self._solver.getModelStatus() == highspy.HighsModelStatus.kTimeLimit:
            raise TimedOut(
                "protection_time",
                Text(
                    en=f"A single step of the protection took more than {LONGEST:g} seconds: the table is too large for its relations.",
                    nl=f"Eén stap van de bescherming duurde langer dan {LONGEST:g} seconden: de tabel is te groot voor haar relaties.",
                ),
                Text(en="Leave out a dimension or merge categories.", nl="Laat een dimensie weg of voeg categorieën samen."),
            )
        if self._solver.getModelStatus() not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
            self._solver.clearSolver()
            self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        columns = np.array(self._solver.getSolution().col_value)
        movement: Floats = columns[:n] - columns[n:]
        movement[np.abs(movement) < MOVED] = 0.0
        return movement * far

    def meet(self, need: Need, hidden: Mask, allowed: Mask, factor: float = 1.0) -> list[Floats] | None:
        """Give the movements that meet a need, ``None`` if nothing does."""
        if need.up or need.down:
            wanted = [amount for amount in (need.up, -need.down) if amount]
            found = []
            for amount in wanted:
                movement = self.move(need.cell, amount, hidden, allowed, need.insider)
                if movement is None:
                    return None
                hidden = hidden | (movement != 0)
                found.append(movement)
            return found
        choices = [self.move(need.cell, sign * factor * need.slide, hidden, allowed, need.insider) for sign in (1.0, -1.0)]
        possible = [movement for movement in choices if movement is not None]
        if not possible:
            return None
        return [min(possible, key=lambda movement: float(self.table.cost[(movement != 0) & ~hidden].sum()))]


class Quick(Protocol):
    """Finds movements without a linear program."""

    def meet(self, need: Need, hidden: Mask) -> list[Floats] | None:
        """Give movements that meet a need, ``None`` where it knows of none."""


def suppress(
    table: Table,
    min_frequency: Least,
    *,
    patience: float,
    cancel: Cancel | None = None,
    start: Mask | None = None,
    quick: Quick | None = None,
) -> Mask:
    """Choose cells so that the attack finds nothing.

    Parameters
    ----------
    table
        The table.
    min_frequency
        As in :func:`jupyter_cbs.disclosure.relations.audit.audit`.
    patience
        Seconds that removing superfluous cells may take.
    cancel
        Asked between linear programs.
    start
        Cells that are suppressed to begin with; the primary ones by default.
    quick
        Asked for movements before a linear program is.

    Returns
    -------
    Mask
        Shape (n,): primary and complementary cells.

    Raises
    ------
    Conflict
        ``infeasible_protection`` when suppressing everything would not do.
    """
    least = min_frequency if callable(min_frequency) else least_units(table.problem, min_frequency)
    mover: Mover | None = None
    hidden = table.primary.copy() if start is None else table.primary | start
    everything = np.ones(len(hidden), dtype=bool)
    tried: dict[Need, float] = {}
    while True:
        check_cancel(cancel)
        proof = prove(table, hidden, min_frequency, cancel, whole=False)
        if proof.holds and table.problem.integer:
            proof = prove(table, hidden, min_frequency, cancel)
        if proof.holds:
            break
        before = int(hidden.sum())
        risen, fallen = np.zeros(len(hidden)), np.zeros(len(hidden))
        for need in proof.unmet:
            check_cancel(cancel)
            if need.insider < 0 and need not in tried and _met(need, risen, fallen):
                continue
            factor = tried.get(need, 1.0)
            movements = quick.meet(need, hidden) if quick is not None and need not in tried else None
            if movements is None:
                mover = mover or Mover(table)
                movements = mover.meet(need, hidden, everything, factor)
            if movements is None and factor > 1.0:
                movements = [np.ones(len(hidden))]  # the last resort: every cell
            if movements is None:
                raise infeasible(table, need)
            tried[need] = 2.0 * factor
            for movement in movements:
                hidden |= movement != 0
                if need.insider < 0:
                    np.maximum(risen, movement, out=risen)
                    np.maximum(fallen, -movement, out=fallen)
        for union in proof.unions:
            exact = enlarge(table, hidden, union, least)
            if exact is not None:
                mover = mover or Mover(table)
                movements = mover.meet(exact, hidden, everything)
                if movements is None:
                    raise infeasible_union(union)
                hidden |= movements[0] != 0
        if int(hidden.sum()) == before and hidden.all():
            raise infeasible(table, proof.unmet[0]) if proof.unmet else infeasible_union(proof.unions[0])
    less = without_exact(table, without_superfluous(table, hidden, min_frequency, patience, cancel), min_frequency, cancel)
    return less if not table.problem.integer or prove(table, less, min_frequency, cancel, quick=True).holds else hidden


def _met(need: Need, risen: Floats, fallen: Floats) -> bool:
    up, down = float(risen[need.cell]), float(fallen[need.cell])
    if need.up or need.down:
        return up >= need.up * (1 - 1e-9) and down >= need.down * (1 - 1e-9)
    return up + down >= need.slide * (1 - 1e-9)


def enlarge(table: Table, hidden: Mask, union: Union, least: int | UnionRule) -> Need | None:
    """Suppress one cell more of the relation of a sum that is too small: the cheapest that is enough, else the largest, else the total.

    Returns
    -------
    Need or None
        Where all of the relation is suppressed and some of it is known exactly: that this cell can move, so that it hides the others.

    Raises
    ------
    Conflict
        ``infeasible_protection`` when nothing is left to suppress.
    """
    inside = set(union.cells)
    parts = {part for total, parts in table.problem.relations if total == union.total and inside.issubset(parts) for part in parts}
    total = table.index[union.total]
    at = sorted(table.index[part] for part in parts)
    shown = [i for i in at if not hidden[i] and table.value[i] > 0]
    if callable(least):
        rule = least
        enough = [i for i in shown if rule(union.total, parts, (*union.cells, table.names[i])) is None]
    else:
        enough = [i for i in shown if union.rule != "min_frequency" or union.sum + table.value[i] >= least]
    if enough:
        hidden[min(enough, key=lambda i: table.cost[i])] = True
    elif shown:
        hidden[max(shown, key=lambda i: table.value[i])] = True
    elif not hidden[total]:
        hidden[total] = True
    else:
        known = [i for i in (*at, total) if table.names[i] not in inside and table.value[i] > 0]
        if not known:
            raise infeasible_union(union)
        return table.need(max(known, key=lambda i: table.value[i]))
    return None


def without_superfluous(table: Table, hidden: Mask, min_frequency: Least, patience: float, cancel: Cancel | None = None) -> Mask:
    """Show complementary cells again, the dearest first, as long as the attack over real numbers finds nothing."""
    until = time.monotonic() + patience
    hidden = hidden.copy()
    complement = np.flatnonzero(hidden & ~table.primary)
    for cell in complement[np.argsort(-table.cost[complement], kind="stable")].tolist():
        if time.monotonic() > until:
            break
        check_cancel(cancel)
        hidden[cell] = False
        if not prove(table, hidden, min_frequency, cancel, quick=True, whole=False).holds:
            hidden[cell] = True
    return hidden


def without_exact(table: Table, hidden: Mask, min_frequency: Least, cancel: Cancel | None = None) -> Mask:
    """Show complementary cells that can be calculated anyhow: hiding them protects nothing."""
    problem = table.suppressed(hidden).model_copy(update={"integer": False})
    known = hidden.copy()
    known[[table.index[name] for name in verdict_of(System.of(problem), {}, None, cancel).exact]] = False
    known |= table.primary
    return known if prove(table, known, min_frequency, cancel, quick=True, whole=False).holds else hidden
