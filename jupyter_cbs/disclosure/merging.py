"""Which categories to merge so that unsafe cells become safe: as few merges as do, of categories beside each other under one subtotal.

A merged cell is judged here by adding evidence up: units of different categories are taken to be different ones, the largest contribution stays the
largest. That is a proposal; the merged table is made again from the data and judged as any other.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..domain.evidence import Category, Dimension, MergeProposal
from .cells import Cells, Floats, Ints, Mask
from .rules.base import Question

MOST_CATEGORIES: Final = 200
"""Dimensions with more categories than this are classifications of which no merge is proposed."""
MOST_WORK: Final = 5_000_000
"""Cells times categories; in larger tables no merge is looked for."""
NAMED: Final = 3
"""Up to this many labels are joined; of more the first and the last stand for all."""


@dataclass(frozen=True)
class _Sums:
    """Evidence along one dimension, shape (categories, lines) each; zero where there is no cell."""

    n: Ints
    size: Floats
    largest: Floats

    @classmethod
    def of(cls, cells: Cells, dimension: int) -> _Sums:
        rows = np.flatnonzero(~cells.is_total(dimension))
        _, line = np.unique(cells.line_keys(dimension)[rows], return_inverse=True)
        shape = (cells.sizes[dimension], int(line.max(initial=-1)) + 1)
        n = np.zeros(shape, dtype=np.int64)
        size, largest = np.zeros(shape), np.zeros(shape)
        at = cells.codes[rows, dimension], line.reshape(-1)
        n[at] = cells.n[rows]
        size[at] = np.nan_to_num(cells.abs_total[rows])
        largest[at] = np.nan_to_num(cells.top1[rows])
        return cls(n, size, largest)

    def failing(self, question: Question) -> Ints:
        """Give how many cells fail per run of categories, shape (categories, categories + 1): from the first up to, not including, the second."""
        count = len(self.n)
        result = np.zeros((count, count + 1), dtype=np.int64)
        for first in range(count):
            n, size = np.cumsum(self.n[first:], axis=0), np.cumsum(self.size[first:], axis=0)
            largest = np.maximum.accumulate(self.largest[first:], axis=0)
            result[first, first + 1 :] = self.bad(n, size, largest, question).sum(axis=1)
        return result

    @staticmethod
    def bad(n: Ints, size: Floats, largest: Floats, question: Question) -> Mask:
        """Tell which cells are too small or dominated, shape as ``n``."""
        bad: Mask = (n > 0) & (n < question.profile.min_frequency)
        if question.is_magnitude:
            bad |= (n > 0) & (largest >= question.profile.dominance_max_share * size) & (size > 0)
        return bad


def proposals(cells: Cells, question: Question) -> tuple[MergeProposal, ...]:
    """Give merges of one dimension that leave the fewest cells too small or dominated.

    Parameters
    ----------
    cells
        The table.
    question
        Statistic and thresholds.

    Returns
    -------
    tuple of MergeProposal
        Of the dimension in which the fewest cells stay unsafe, and of those the one that keeps most categories; nothing where no merge helps.
    """
    best: tuple[tuple[int, int], tuple[MergeProposal, ...]] | None = None
    for i, dimension in enumerate(cells.dimensions):
        if not 2 < len(dimension.categories) <= MOST_CATEGORIES or len(cells) * len(dimension.categories) > MOST_WORK:
            continue
        sums = _Sums.of(cells, i)
        failing = sums.failing(question)
        alone = sums.bad(sums.n, sums.size, sums.largest, question)
        # a merge counts where it leaves fewer lines with a failing cell, not where several of them become one
        runs = [
            run
            for run in _partition(dimension, failing)
            if len(run) > 1 and int(failing[run.start, run.stop]) < int(alone[run.start : run.stop].any(axis=0).sum())
        ]
        mended = sum(int(alone[run.start : run.stop].sum() - failing[run.start, run.stop]) for run in runs)
        rank = (int(alone.sum()) - mended, sum(len(run) - 1 for run in runs))
        if runs and (best is None or rank < best[0]):
            best = rank, tuple(_proposal(dimension, run) for run in runs)
    return () if best is None else best[1]


def _partition(dimension: Dimension, failing: Ints) -> list[range]:
    """Cut the categories into runs: first as few failing cells as can be, then as many runs."""
    count = len(dimension.categories)
    value: list[tuple[int, int]] = [(0, 0)] + [(1 << 60, 0)] * count
    start = [0] * (count + 1)
    beside = _siblings(dimension)
    for end in range(1, count + 1):
        for first in range(end - 1, -1, -1):
            if end - first > 1 and not beside[first]:
                break
            if first == 0 and end == count:
                continue  # one category for all is the total
            worth = (value[first][0] + int(failing[first, end]), value[first][1] - 1)
            if worth < value[end]:
                value[end], start[end] = worth, first
    runs: list[range] = []
    end = count
    while end > 0:
        runs.append(range(start[end], end))
        end = start[end]
    return runs[::-1]


def _siblings(dimension: Dimension) -> list[bool]:
    """Tell of each category but the last whether one run may hold it and the next: siblings with codes that are no subtotals themselves."""
    subtotals, parents = dimension.subtotals, dimension.parents

    def sibling(one: Category, other: Category) -> bool:
        if one.code is None or other.code is None or one.code in subtotals or other.code in subtotals:
            return False
        return parents.get(one.code) == parents.get(other.code)

    return [sibling(one, other) for one, other in itertools.pairwise(dimension.categories)]


def _proposal(dimension: Dimension, run: range) -> MergeProposal:
    members = [dimension.categories[i] for i in run]
    labels = [category.label for category in members]
    label = " + ".join(labels) if len(labels) <= NAMED else f"{labels[0]} – {labels[-1]}"
    taken = {category.label for category in dimension.categories}
    while label in taken:
        label += " *"
    return MergeProposal(dimension=dimension.name, label=label, codes=tuple(category.code for category in members if category.code is not None))
