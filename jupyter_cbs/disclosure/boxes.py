"""Movements of a table along boxes: the quick way to protect cells in three and more dimensions.

A box is a cell, one other category (or the total) in every dimension, and all their combinations: 2^k corners. Raising and lowering its corners in
turn changes no sum, so a cell whose box is hidden cannot be calculated (the hypercube method of S. Giessing and D. Repsilber, Tools and Strategies
to Protect Multiple Tables with the GHQUAR Cell Suppression Engine, 2002). The cheapest box is found by adding up whole arrays of costs.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np

from .cells import Cells, Floats, Ints, Mask
from .relations.needs import Need, Table

MOST_PLACES: Final = 2_000_000
"""Most combinations of categories of a table that is protected in this way."""
LEAST_DIMENSIONS: Final = 3


class Boxes:
    """Finds the cheapest box through a cell.

    Parameters
    ----------
    cells
        The table; no dimension has subtotals.
    table
        Its problem.
    rows
        Row of the frame of each cell of the problem.
    """

    def __init__(self, cells: Cells, table: Table, rows: Ints) -> None:
        self.table = table
        shape = tuple(size + 1 for size in cells.sizes)
        self._sizes = cells.sizes
        self._codes = cells.codes[rows]
        self._at: Ints = np.full(shape, -1, dtype=np.int64)
        self._at[tuple(self._codes.T)] = np.arange(len(rows))
        # a margin that is published nowhere is unknown as it is; any other place without a cell is known to be empty
        self._free = np.zeros(shape, dtype=bool)
        totals = self._codes == np.array(cells.sizes)
        published = {tuple(pattern) for pattern in np.unique(totals, axis=0).tolist()}
        for pattern in product((False, True), repeat=len(shape)):
            if pattern not in published:
                self._free[tuple(slice(-1, None) if over else slice(0, -1) for over in pattern)] = True

    @staticmethod
    def suits(cells: Cells) -> bool:
        """Tell whether a table can be protected by boxes: three dimensions or more, no subtotals, not too many places."""
        places = float(np.prod([size + 1.0 for size in cells.sizes])) if cells.sizes else 0.0
        return len(cells.sizes) >= LEAST_DIMENSIONS and places <= MOST_PLACES and not any(dimension.parents for dimension in cells.dimensions)

    def meet(self, need: Need, hidden: Mask) -> list[Floats] | None:
        """Give the movements, shape (n,) each, of the cheapest boxes that meet a need; ``None`` if there is none."""
        amounts = [amount for amount in (need.up, -need.down) if amount]
        found: list[Floats] = []
        for amount in amounts or [need.slide, -need.slide]:
            movement = self._move(need.cell, amount, hidden, need.insider)
            if movement is None:
                if amounts:
                    return None
                continue
            if not amounts:
                return [movement]
            hidden = hidden | (movement != 0)
            found.append(movement)
        return found or None

    def _move(self, cell: int, amount: float, hidden: Mask, insider: int) -> Floats | None:
        table, far = self.table, abs(amount)
        direction = 1.0 if amount > 0 else -1.0
        price = np.where(hidden, 0.0, table.cost)
        if insider >= 0:
            price[insider] = np.inf
        rises = np.where(table.room_up >= far, price, np.inf)
        falls = np.where(table.room_down >= far, price, np.inf)
        if (rises if direction > 0 else falls)[cell] == np.inf:
            return None
        gone = np.where(self._free, 0.0, np.inf)
        up = np.where(self._at >= 0, rises[self._at], gone)
        down = np.where(self._at >= 0, falls[self._at], gone)
        own = self._codes[cell].tolist()
        k = len(own)
        signs = [np.where((np.arange(size + 1) == size) | (mine == size), 1.0, -1.0) for mine, size in zip(own, self._sizes, strict=True)]
        total = np.zeros(self._at.shape)
        for turned in product((False, True), repeat=k):
            place = tuple(slice(None) if turn else slice(mine, mine + 1) for turn, mine in zip(turned, own, strict=True))
            sign: Floats = np.full((1,) * k, direction)
            for d, turn in enumerate(turned):
                if turn:
                    sign = sign * signs[d].reshape([-1 if e == d else 1 for e in range(k)])
            total = total + np.where(sign > 0, up[place], down[place])
        for d, mine in enumerate(own):
            total[tuple(slice(mine, mine + 1) if e == d else slice(None) for e in range(k))] = np.inf
        best = int(np.argmin(total))
        if not np.isfinite(total.flat[best]):
            return None
        other = np.unravel_index(best, total.shape)
        movement: Floats = np.zeros(len(table.names))
        for turned in product((False, True), repeat=k):
            corner = tuple(int(other[d]) if turn else own[d] for d, turn in enumerate(turned))
            sign_here = direction * float(np.prod([signs[d][corner[d]] for d, turn in enumerate(turned) if turn]))
            if self._at[corner] >= 0:
                movement[self._at[corner]] = sign_here * far
        return movement
