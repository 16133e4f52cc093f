"""Tables as problems, and the obviously right answer by enumeration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from jupyter_cbs.disclosure.relations.problem import TableProblem

Interval = tuple[float, float]


def full_table(inner: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[tuple[str, tuple[str, ...]]]]:
    """Give names and values of an array with all margins (index -1 is written T), and its relations."""
    values = inner
    for axis in range(inner.ndim):
        values = np.concatenate((values, values.sum(axis=axis, keepdims=True)), axis=axis)
    names = np.empty(values.shape, dtype=object)
    for index in np.ndindex(values.shape):
        names[index] = "".join("T" if i == size else chr(ord("a") + i) if size <= 26 else f"_{i}" for i, size in zip(index, inner.shape, strict=True))
    relations = []
    for axis in range(inner.ndim):
        for line in np.moveaxis(names, axis, -1).reshape(-1, names.shape[axis]).tolist():
            relations.append((line[-1], tuple(line[:-1])))
    return names, values, relations


def problem_of(inner: Sequence[Any] | np.ndarray, suppressed: Iterable[str] | np.ndarray = (), **more: Any) -> TableProblem:
    """Give the problem of an array with all margins; ``suppressed`` by name or as a mask over all cells or the inner cells."""
    inner = np.asarray(inner)
    names, values, relations = full_table(inner)
    if isinstance(suppressed, np.ndarray):
        where = names if suppressed.shape == names.shape else names[tuple(slice(0, size) for size in inner.shape)]
        suppressed = where[suppressed].tolist()
    return TableProblem(
        cells=dict(zip(names.ravel().tolist(), values.ravel().astype(float).tolist(), strict=True)),
        relations=tuple(relations),
        suppressed=tuple(suppressed),
        **more,
    )


def enumerate_tables(problem: TableProblem, allowed: Callable[[str], Sequence[int]] | None = None) -> list[dict[str, float]]:
    """Give all tables of whole numbers, from 0, that agree with what is published, by trying them.

    ``allowed`` gives the values to try of a cell; by default of suppressed cells 0 to the largest value, of the others the published one. A table is
    given up as soon as the parts of some total are already too much.
    """
    hidden = set(problem.suppressed)
    most = int(max(problem.cells.values()))

    def default(name: str) -> Sequence[int]:
        return range(most + 1) if name in hidden else (int(problem.cells[name]),)

    choices = {name: sorted((allowed or default)(name)) for name in problem.cells}
    totals = {total for total, _ in problem.relations}
    free = [name for name in problem.cells if name not in totals]
    found: list[dict[str, float]] = []
    table: dict[str, float] = {}

    def possible() -> bool:
        return all(sum(table.get(part, 0) for part in parts) <= choices[total][-1] for total, parts in problem.relations)

    def fill(at: int) -> None:
        if at < len(free):
            for value in choices[free[at]]:
                table[free[at]] = value
                if not possible():
                    break  # the next values are larger
                fill(at + 1)
            del table[free[at]]
            return
        whole = dict(table)
        waiting = list(problem.relations)
        while waiting:
            total, parts = next((t, p) for t, p in waiting if all(part in whole for part in p))
            waiting.remove((total, parts))
            value = sum(whole[part] for part in parts)
            if whole.setdefault(total, value) != value or value not in choices[total]:
                return
        found.append(whole)

    fill(0)
    return found


def enumerated(problem: TableProblem, names: Iterable[str] | None = None, **options: Any) -> dict[str, Interval]:
    """Give the interval of each suppressed cell over whole numbers by trying all tables."""
    tables = enumerate_tables(problem, **options)
    return {name: (min(t[name] for t in tables), max(t[name] for t in tables)) for name in names or problem.suppressed}
