"""How low and how high the unknown cells of one connected component can be.

Every possible table that turns up is a proof for all its cells at once. So before a cell costs a linear program of its own, tables are made
that move many cells: steps of Dikin's affine scaling from an interior table (one Cholesky factorisation gives a direction for every cell), and
vertices under random-sign objectives. What is left is asked one by one, warm-started.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.linalg as la

from ..cells import Floats, Mask
from .program import Cancel, Program, Progress, check_cancel
from .system import System, outer_bounds

WORTHWHILE: Final = 0.02
"""A random-sign objective must settle this share of the open ends to be tried again."""
LARGEST_FACTORISATION: Final = 4000
"""Up to this many relations Dikin's steps are taken: the factorisation is dense."""
SMALLEST_DIKIN: Final = 300
"""Below this many open cells single linear programs are as quick."""
BLOCK: Final = 512
"""Directions that are made at once."""


@dataclass
class Extremes:
    """What is known of the extremes of n cells.

    Parameters
    ----------
    low, high
        Shape (n,): the least and the most found; infinite where there is no limit.
    solves
        Linear programs that were solved.
    """

    low: Floats
    high: Floats
    solves: int = 0


class Search:
    """Looks for tables that reach a target in every cell.

    Parameters
    ----------
    system
        One connected component.
    low, high
        Shape (n,): how low and how high each cell must be seen to come; a target outside the true interval makes its extreme be computed.
    progress
        Called with the share of ends that are settled.
    cancel
        Asked between linear programs.
    """

    def __init__(self, system: System, low: Floats, high: Floats, progress: Progress | None, cancel: Cancel | None) -> None:
        self.system = system
        self.target_low, self.target_high = low, high
        self.progress, self.cancel = progress, cancel
        self.program = Program(system)
        self.outer_low, self.outer_high = outer_bounds(system)
        start = system.value if not system.rounded else self._first()
        self.low, self.high = start.copy(), start.copy()
        self.centre = start.copy()
        self._points = 1
        self.open_low: Mask = np.ones(len(system), dtype=bool)
        self.open_high: Mask = np.ones(len(system), dtype=bool)
        self._settle()

    def _first(self) -> Floats:
        point = self.program.extreme(np.zeros(len(self.system)))
        return self.system.value if point is None else point

    def _settle(self) -> None:
        room = self.program.room
        self.open_low &= (self.low > self.target_low + room) & (self.low > self.outer_low + room)
        self.open_high &= (self.high < self.target_high - room) & (self.high < self.outer_high - room)
        if self.progress is not None:
            ends = 2 * len(self.system)
            self.progress(1.0 - self.open_ends / ends if ends else 1.0)

    @property
    def open_ends(self) -> int:
        """Number of ends that are not settled."""
        return int(self.open_low.sum() + self.open_high.sum())

    def see(self, point: Floats) -> None:
        """Take a possible table, shape (n,), as a proof."""
        np.minimum(self.low, point, out=self.low)
        np.maximum(self.high, point, out=self.high)
        self._points += 1
        self.centre += (point - self.centre) / self._points
        self._settle()

    def run(self) -> Extremes:
        """Settle every end."""
        self.batches()
        self.singles()
        return Extremes(self.low, self.high, self.program.solves)

    def batches(self) -> None:
        """Move many cells at once by random-sign objectives while that pays."""
        random = np.random.default_rng(1)
        while (before := self.open_ends) > 8:
            check_cancel(self.cancel)
            sign = random.choice((-1.0, 1.0), len(self.system))
            can_low = self.open_low & np.isfinite(self.outer_low)
            can_high = self.open_high & np.isfinite(self.outer_high)
            down = can_low & (~can_high | (sign < 0))
            up = can_high & ~down
            point = self.program.extreme(down.astype(np.float64) - up.astype(np.float64))
            if point is None:
                return
            self.see(point)
            if before - self.open_ends < max(2.0, WORTHWHILE * before):
                return

    def singles(self) -> None:
        """Ask for each open end by itself."""
        for cell in np.flatnonzero(self.open_low | self.open_high).tolist():
            for sign, still in ((1, self.open_low), (-1, self.open_high)):
                if not still[cell]:
                    continue
                check_cancel(self.cancel)
                point = self.program.extreme_of(cell, sign)
                if point is None:
                    (self.low if sign > 0 else self.high)[cell] = -sign * np.inf
                else:
                    self.see(point)
                (self.open_low if sign > 0 else self.open_high)[cell] = False

    def dikin(self) -> None:
        """Step from the centre along the projected direction of each open cell, as far as all cells stay possible."""
        system, centre = self.system, self.centre
        gap = np.minimum(centre - system.lower, system.upper - centre)
        free = np.flatnonzero((gap > 1e-7 * np.maximum(1.0, np.abs(centre))) & np.isfinite(gap))
        if system.matrix.shape[0] > LARGEST_FACTORISATION or not len(free):
            return
        width = gap[free]
        scaled = system.matrix[:, free].multiply(width[None, :]).tocsr()
        normal = (scaled @ scaled.T).toarray()
        ridge = 1e-11 * float(np.trace(normal)) / max(1, len(normal))
        normal[np.diag_indices_from(normal)] += ridge
        factor = la.cho_factor(normal, lower=True, overwrite_a=True, check_finite=False)
        below, above = centre[free] - system.lower[free], system.upper[free] - centre[free]
        wanted = np.flatnonzero((self.open_low | self.open_high)[free])
        for at in range(0, len(wanted), BLOCK):
            check_cancel(self.cancel)
            some = wanted[at : at + BLOCK]
            columns = scaled[:, some].toarray()
            direction = -(scaled.T @ la.cho_solve(factor, columns, overwrite_b=True, check_finite=False))
            direction[some, np.arange(len(some))] += 1.0
            direction *= width[:, None]
            # the ridge leaves a small remainder: what is not a direction within the table's precision proves nothing
            residual = np.abs(system.matrix[:, free] @ direction).max(axis=0)
            with np.errstate(divide="ignore", invalid="ignore"):
                rise = np.where(direction > 0, above[:, None] / direction, below[:, None] / -direction)
                fall = np.where(direction > 0, below[:, None] / direction, above[:, None] / -direction)
            own = direction[some, np.arange(len(some))]
            for forward, room in ((1.0, np.nanmin(rise, axis=0)), (-1.0, np.nanmin(fall, axis=0))):
                step = np.where(np.isfinite(room), 0.999 * room, 0.0)
                good = (residual * step < 0.1 * self.program.room) & (own > 0)
                reached = centre[free[some]] + forward * step * own
                cells = free[some][good]
                if forward > 0:
                    self.high[cells] = np.maximum(self.high[cells], reached[good])
                else:
                    self.low[cells] = np.minimum(self.low[cells], reached[good])
        self._settle()
