"""Linear programs over one system with HiGHS: built once, only the objective changes.

Warm-started primal simplex without presolve: the last vertex stays feasible under any objective, and presolve would cost more than the few
pivots it takes (design performance.md, section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import highspy
import numpy as np
import scipy.sparse as sp

from ...domain.errors import Cancelled, Internal, Invalid
from ...domain.text import Text
from ..cells import Floats, Ints
from .system import System

Progress = Callable[[float], None]
Cancel = Callable[[], bool]

PRIMAL_SIMPLEX: Final = 4
LARGEST: Final = 1e7
"""Values are scaled so that the largest stays below: HiGHS holds bounds to an absolute 1e-7."""


def check_cancel(cancel: Cancel | None) -> None:
    """Stop when asked to.

    Raises
    ------
    Cancelled
        When ``cancel`` says so.
    """
    if cancel is not None and cancel():
        raise Cancelled("cancelled", Text(en="The attack was stopped.", nl="De aanval is gestopt."))


def model(matrix: sp.csr_array, right: Floats, lower: Floats, upper: Floats, cost: Floats | None = None) -> highspy.HighsLp:
    """Give a HiGHS model with equations ``matrix @ x == right``."""
    columns = matrix.tocsc()
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = columns.shape
    lp.col_cost_ = np.zeros(columns.shape[1]) if cost is None else cost
    lp.col_lower_, lp.col_upper_ = lower, upper
    lp.row_lower_ = lp.row_upper_ = right
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = columns.indptr
    lp.a_matrix_.index_ = columns.indices
    lp.a_matrix_.value_ = columns.data
    return lp


def quiet(**options: str | float | bool) -> highspy.Highs:
    """Give a silent solver on one thread."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, "threads": 1, "random_seed": 1, **options}.items():
        if solver.setOptionValue(name, value) == highspy.HighsStatus.kError:
            raise Internal("solver_option", Text(en="The solver refuses an option.", nl="De oplosser weigert een instelling."))
    return solver


def simplex() -> highspy.Highs:
    """Give a solver that warm-starts."""
    return quiet(presolve="off", solver="simplex", simplex_strategy=PRIMAL_SIMPLEX)


class Program:
    """The tables that agree with a system, to be asked for extremes.

    Parameters
    ----------
    system
        Taken as it is; split it into components first.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        largest = float(np.abs(system.value).max(initial=0.0))
        self.scale = 1.0
        if largest > LARGEST:
            self.scale = largest / LARGEST
        elif 0 < largest < 1:
            self.scale = largest
        # the same unit for a value of a billion and the tolerance: what is within the room is no difference
        self.room = 1e-6 * max(self.scale, min(1.0, largest) if largest else 1.0)
        self._cells: Ints = np.arange(len(system), dtype=np.int32)
        self._cost = np.zeros(len(system))
        self._solver = simplex()
        self._solver.passModel(model(system.matrix, system.right / self.scale, system.lower / self.scale, system.upper / self.scale))
        self.solves = 0

    def extreme(self, cost: Floats) -> Floats | None:
        """Give a table that is cheapest.

        Parameters
        ----------
        cost
            Shape (n,).

        Returns
        -------
        Floats or None
            Shape (n,): a vertex; ``None`` when there is no cheapest one.
        """
        self._solver.changeColsCost(len(cost), self._cells, cost)
        self._cost = cost.copy()
        return self._solve()

    def extreme_of(self, cell: int, sign: int) -> Floats | None:
        """Give a table with the least (``sign`` 1) or the most (-1) in one cell, ``None`` when there is no limit."""
        if np.count_nonzero(self._cost):
            self._cost = np.zeros(len(self._cells))
            self._solver.changeColsCost(len(self._cells), self._cells, self._cost)
        self._solver.changeColCost(cell, float(sign))
        point = self._solve()
        self._solver.changeColCost(cell, 0.0)
        return point

    def _solve(self) -> Floats | None:
        self.solves += 1
        self._solver.run()
        status = self._solver.getModelStatus()
        if status not in SETTLED:
            # numerical trouble with the warm start: from nothing, by HiGHS's own choice
            self._solver.clearSolver()
            self._solver.setOptionValue("simplex_strategy", 0)
            self._solver.run()
            self._solver.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX)
            status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kUnbounded:
            return None
        if status == highspy.HighsModelStatus.kInfeasible and self.system.rounded:
            raise Invalid(
                "rounding_impossible",
                Text(
                    en="No true values agree with all the rounded values: the relations need more deviation than is given.",
                    nl="Er zijn geen ware waarden die bij alle afgeronde waarden passen: de relaties vragen meer afwijking dan gegeven is.",
                ),
                Text(en="Correct the values or the deviation.", nl="Verbeter de waarden of de afwijking."),
            )
        if status != highspy.HighsModelStatus.kOptimal:
            raise Internal(
                "solver_failed",
                Text(en=f"The solver ended with {status.name}.", nl=f"De oplosser eindigde met {status.name}."),
            )
        point = np.array(self._solver.getSolution().col_value) * self.scale
        inside: Floats = np.clip(point, self.system.lower, self.system.upper)
        return inside


SETTLED: Final = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kInfeasible)
