"""Complementary suppression: which safe cells to hide so that no unsafe one follows by subtraction.

In a two-dimensional table with margins every line (a row or a column with its total) is one equation. Take lines as nodes and
hidden cells, totals included, as edges between the row and the column they lie in: a hidden cell is determined exactly if its
edge is a bridge of that graph (design disclosure.md, Secondary disclosure). A margin that is published nowhere counts as hidden;
an empty cell is published as empty. A bridge gets company by the cheapest rectangle through it.

Tables with one dimension are the special case with a second, unpublished row. In more than two dimensions only lines are looked at,
which is not sufficient: this is a quick first choice for one and two, which :mod:`.hiding` attacks and repairs.

The hidden cells of one line have a known sum, so together they must pass the minimum frequency, and for sums and means no single
contribution may dominate them (*union*).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .cells import Cells, Floats, Ints, Mask
from .rules.base import ROUNDING, Question
from .rules.dominance import second_largest

MARGIN_COST = 1e3
"""Totals are kept where possible: one costs as much as many cells, a total over two dimensions more again."""


@dataclass(frozen=True)
class Section:
    """A two-dimensional section of the table; the last row and the last column are the totals.

    Parameters
    ----------
    at
        Shape (r + 1, c + 1): row of the frame, -1 for a cell that is empty or not published.
    unpublished
        Same shape: margins that are published nowhere.
    """

    at: Ints
    unpublished: Mask


def _published_margins(cells: Cells) -> set[tuple[bool, ...]]:
    if not cells.sizes:
        return {()}
    totals = cells.codes == np.array(cells.sizes)
    return {tuple(pattern) for pattern in np.unique(totals, axis=0).tolist()}


def _groups(cells: Cells, fixed: list[int]) -> list[Ints]:
    """Give the rows of the frame per combination of the fixed dimensions."""
    if not fixed:
        return [np.arange(len(cells))]
    _, group = np.unique(cells.codes[:, fixed], axis=0, return_inverse=True)
    order = np.argsort(group.reshape(-1), kind="stable")
    borders = np.flatnonzero(np.diff(group.reshape(-1)[order])) + 1
    return list(np.split(order, borders))


def _sections(cells: Cells) -> Iterator[Section]:
    """Give all sections whose lines are to be protected."""
    k = len(cells.sizes)
    margins = _published_margins(cells)
    pairs: list[tuple[int, int | None]] = [(0, 1)] if k == 2 else [(i, None) for i in range(k)]
    for across, down in pairs:
        fixed = [i for i in range(k) if i not in (across, down)]
        for rows in _groups(cells, fixed):
            columns, column = np.unique(cells.codes[rows, across], return_inverse=True)
            column = np.where(cells.codes[rows, across] == cells.sizes[across], len(columns), column.reshape(-1))
            if down is None:
                height, line = 1, np.zeros(len(rows), dtype=np.int64)
            else:
                lines, line = np.unique(cells.codes[rows, down], return_inverse=True)
                height, line = len(lines), np.where(cells.codes[rows, down] == cells.sizes[down], len(lines), line.reshape(-1))
            at = np.full((height + 1, len(columns) + 1), -1, dtype=np.int64)
            at[line, column] = np.where(cells.empty[rows], -1, rows)
            unpublished = np.zeros(at.shape, dtype=bool)
            here: list[bool] = [code == size for code, size in zip(cells.codes[rows[0]].tolist(), cells.sizes, strict=True)]

            def published(over_across: bool, over_down: bool, here: list[bool] = here, across: int = across, down: int | None = down) -> bool:
                pattern = [*here]
                pattern[across] = over_across
                if down is not None:
                    pattern[down] = over_down
                return (down is not None or not over_down) and tuple(pattern) in margins

            unpublished[:-1, -1] = not published(True, False)
            unpublished[-1, :-1] = not published(False, True)
            unpublished[-1, -1] = not published(True, True)
            yield Section(at, unpublished)


def bridges(edges: Mask) -> list[tuple[int, int]]:
    """Give the bridges of a bipartite graph: edges that lie on no cycle.

    Parameters
    ----------
    edges
        Shape (r, c): whether row node and column node are joined.
    """
    height = edges.shape[0]
    neighbours: list[list[int]] = [[] for _ in range(sum(edges.shape))]
    for r, c in np.argwhere(edges).tolist():
        neighbours[r].append(height + c)
        neighbours[height + c].append(r)
    entered = [-1] * len(neighbours)
    low = [0] * len(neighbours)
    clock = 0
    found: list[tuple[int, int]] = []
    for root in range(height):
        if entered[root] >= 0 or not neighbours[root]:
            continue
        entered[root] = low[root] = clock
        clock += 1
        stack = [(root, -1, iter(neighbours[root]))]
        while stack:
            node, parent, rest = stack[-1]
            for other in rest:
                if other == parent:
                    continue
                if entered[other] >= 0:
                    low[node] = min(low[node], entered[other])
                    continue
                entered[other] = low[other] = clock
                clock += 1
                stack.append((other, node, iter(neighbours[other])))
                break
            else:
                stack.pop()
                if parent >= 0:
                    low[parent] = min(low[parent], low[node])
                    if low[node] > entered[parent]:
                        found.append((min(parent, node), max(parent, node) - height))
    return found


def _on_cycle(edges: Mask, r: int, c: int) -> bool:
    """Tell whether edge (r, c) lies on a cycle: whether another path leads from row r to column c."""
    rest = edges.copy()
    rest[r, c] = False
    rows = np.zeros(edges.shape[0], dtype=bool)
    rows[r] = True
    while True:
        columns: Mask = np.logical_or.reduce(rest[rows], axis=0)
        if columns[c]:
            return True
        reached = rows | rest[:, columns].any(axis=1)
        if (reached == rows).all():
            return False
        rows = reached


def cost_of(cells: Cells, margin: float = MARGIN_COST) -> Floats:
    """Give what it costs to hide each cell, shape (m,): more for larger ones, a total over one dimension ``margin`` more, over two its square."""
    over = (cells.codes == np.array(cells.sizes)).sum(axis=1) if cells.sizes else np.zeros(len(cells), dtype=np.int64)
    cost: Floats = 1 + np.log2(1 + np.maximum(cells.n, 0)) + np.where(over > 0, margin ** np.minimum(over, 3), 0.0)
    return cost


class _Protector:
    def __init__(self, cells: Cells, question: Question, unsafe: Mask) -> None:
        self.cells = cells
        self.question = question
        self.hidden = unsafe.copy()
        self.cost = cost_of(cells)

    def run(self) -> Mask:
        """Hide more until every section is in order."""
        sections = list(_sections(self.cells))
        settled: list[int] = [-1] * len(sections)
        while True:
            before = int(self.hidden.sum())
            for i, section in enumerate(sections):
                # a section in which nothing was hidden since it was last in order is still in order
                count = int((self.hidden[section.at] & (section.at >= 0)).sum())
                if count in (0, settled[i]):
                    continue
                self._protect(section)
                settled[i] = int((self.hidden[section.at] & (section.at >= 0)).sum())
            if int(self.hidden.sum()) == before:
                return self.hidden

    def edges(self, section: Section) -> Mask:
        edges: Mask = (self.hidden[section.at] & (section.at >= 0)) | section.unpublished
        return edges

    def _protect(self, section: Section) -> None:
        while True:
            before = int(self.hidden.sum())
            for r, c in bridges(self.edges(section)):
                if section.at[r, c] >= 0:
                    self._give_company(section, r, c)
            self._protect_unions(section)
            if int(self.hidden.sum()) == before:
                return

    def _give_company(self, section: Section, r: int, c: int) -> None:
        edges = self.edges(section)
        if _on_cycle(edges, r, c):
            return
        cost = np.where(section.at >= 0, self.cost[section.at], np.inf)
        cost[edges] = 0.0
        rectangle = cost[r, :][None, :] + cost[:, c][:, None] + cost
        rectangle[r, :] = np.inf
        rectangle[:, c] = np.inf
        down, across = (int(i) for i in np.unravel_index(int(np.argmin(rectangle)), rectangle.shape))
        if np.isfinite(rectangle[down, across]):
            chosen = [section.at[r, across], section.at[down, c], section.at[down, across]]
        else:
            # no rectangle of cells that can be hidden: both lines go, totals included
            chosen = [*section.at[r, :], *section.at[:, c]]
        self.hidden[[int(row) for row in chosen if row >= 0]] = True

    def _protect_unions(self, section: Section) -> None:
        for at, unpublished in ((section.at, section.unpublished), (section.at.T, section.unpublished.T)):
            hidden = self.hidden[at] & (at >= 0)
            for line in np.flatnonzero(hidden[:, :-1].any(axis=1)).tolist():
                if not unpublished[line, -1]:
                    self._protect_union(at[line])

    def _protect_union(self, line: Ints) -> None:
        """Hide more of one line (frame rows, its total last) until what is hidden passes the rules as one cell."""
        inner = line[:-1][line[:-1] >= 0]
        while True:
            if line[-1] < 0 or self.hidden[line[-1]]:
                return
            hidden = inner[self.hidden[inner]]
            if self.passes(hidden):
                return
            visible = inner[~self.hidden[inner]]
            if len(visible) == 0:
                self.hidden[line[-1]] = True
                return
            enough = [row for row in visible.tolist() if self.passes(np.append(hidden, row))]
            if enough:
                best = min(enough, key=lambda row: (self.cost[row], row))
            else:
                size = np.nan_to_num(self.cells.abs_total) if self.question.is_magnitude else self.cells.n
                best = int(visible[np.argmax(size[visible])])
            self.hidden[best] = True

    def passes(self, rows: Ints) -> bool:
        """Tell whether some cells, taken as one, pass the minimum frequency and are not dominated."""
        return passes(self.cells, rows, self.question, int(self.cells.n[rows].sum()))


def passes(cells: Cells, rows: Ints, question: Question, units: int) -> bool:
    """Tell whether some cells of ``units`` units together, taken as one, pass the minimum frequency and are not dominated."""
    profile = question.profile
    if units < profile.min_frequency:
        return False
    if not question.is_magnitude or not len(rows):
        return True
    total = float(cells.abs_total[rows].sum())
    # of a unit with rows in several of the cells only the larger part is known
    tops = np.sort(np.nan_to_num(np.concatenate([cells.top1[rows], second_largest(cells)[0][rows]])))[::-1]
    if np.isnan(total) or np.isnan(cells.top1[rows]).any() or total == 0:
        return True
    largest = float(tops[: profile.dominance_units].sum())
    if profile.dominance_units > 2:
        largest = max(largest, float(np.nan_to_num(cells.topn[rows]).max()))
    rest = total - float(tops[:2].sum())
    if any(rest < share * float(tops[0]) - ROUNDING * total for share in profile.remainder_shares):
        return False
    limit = profile.dominance_max_share * total
    if profile.dominance_comparator == ">=":
        return largest < limit * (1 - ROUNDING)
    return largest <= limit * (1 + ROUNDING)


def complement(cells: Cells, unsafe: Mask, question: Question) -> Mask:
    """Give all cells to hide: the unsafe ones, and those that keep them from being calculated.

    Parameters
    ----------
    cells
        The table, m cells and margins.
    unsafe
        Shape (m,): the cells that must not be published.
    question
        Statistic and thresholds. Means and medians are treated as sums are, which hides too much rather than too little.

    Returns
    -------
    Mask
        Shape (m,).
    """
    if not unsafe.any():
        return unsafe.copy()
    return _Protector(cells, question, unsafe).run()
