"""The attack on suppressed cells against one cold linear program per interval end (design: performance, section 3).

``python -m benchmarks.attack [--rounds 3] [--sample 6] [--large]``
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from jupyter_cbs.disclosure.relations.attack import intervals, verdict
from jupyter_cbs.disclosure.relations.determined import determined
from jupyter_cbs.disclosure.relations.problem import TableProblem
from jupyter_cbs.disclosure.relations.protect import protect
from jupyter_cbs.disclosure.relations.system import System

from .measure import Variant, compare, ratio

LEVEL = 0.15
"""Protection levels of the verdict with levels, both ways, as a share of the value."""


def table(shape: tuple[int, ...], share: float, *, least: int = 1, seed: int = 1) -> TableProblem:
    """Give a table of uniform random values with all margins published and a random share of its inner cells suppressed."""
    random = np.random.default_rng(seed)
    inner = random.integers(least, 100, shape)
    values = inner
    for axis in range(inner.ndim):
        values = np.concatenate((values, values.sum(axis=axis, keepdims=True)), axis=axis)
    names = np.array(["_".join(map(str, index)) for index in np.ndindex(values.shape)], dtype=object).reshape(values.shape)
    relations = []
    for axis in range(inner.ndim):
        relations += [(line[-1], tuple(line[:-1])) for line in np.moveaxis(names, axis, -1).reshape(-1, names.shape[axis]).tolist()]
    hidden = names[tuple(slice(0, size) for size in shape)][random.random(shape) < share]
    return TableProblem(
        cells=dict(zip(names.ravel().tolist(), values.ravel().astype(float).tolist(), strict=True)),
        relations=tuple(relations),
        suppressed=tuple(hidden.tolist()),
    )


def cold(system: System, sample: int) -> float:
    """Give the seconds of one interval by two linear programs from nothing, the mean over a sample of cells."""
    matrix = sp.csr_matrix(system.matrix)
    random = np.random.default_rng(2)
    start = time.perf_counter()
    for cell in random.choice(len(system), sample, replace=False).tolist():
        cost = np.zeros(len(system))
        for sign in (1.0, -1.0):
            cost[cell] = sign
            linprog(cost, A_eq=matrix, b_eq=system.right, bounds=(0, None), method="highs")
    return (time.perf_counter() - start) / sample


async def measure(title: str, problem: TableProblem, reach: dict[str, float], rounds: int, sample: int, *, all_intervals: bool = True) -> None:
    """Measure one table and print its lines."""
    system = System.of(problem)
    levels = {name: (LEVEL * problem.cells[name], LEVEL * problem.cells[name]) for name in problem.suppressed}
    reference: list[float] = []

    async def run_cold() -> None:
        reference.append(cold(system, sample))

    def variant(name: str, work: Callable[[], object]) -> Variant:
        async def run() -> None:
            work()

        return Variant(name, run)

    variants = [
        variant("determined cells", lambda: determined(system)),
        variant("verdict: nothing exact", lambda: verdict(problem, {})),
        variant(f"verdict: levels of {LEVEL:.0%} too", lambda: verdict(problem, levels)),
    ]
    if all_intervals:
        variants.append(variant("all intervals", lambda: intervals(problem)))
    await compare([Variant("cold", run_cold), *variants], rounds)
    ends = statistics.median(reference) * len(system)
    answer = verdict(problem, levels)
    found = f"{len(answer.exact):,} exact, {len(answer.unprotected):,} too close"
    print(f"\n{title}: {len(system):,} suppressed, {system.matrix.shape[0]:,} relations; {found}")
    print(f"  {'':34} {'seconds':>9} {'of the cold ones':>17}  to reach")
    print(f"  {'all intervals, cold linprog':34} {ends:9.2f} {'1':>17}  (from {sample} cells)")
    for one in variants:
        share = ratio(one.wall, [value * len(system) for value in reference[-len(one.wall) :]])
        limit = reach.get(one.name.partition(":")[0])
        print(f"  {one.name:34} {statistics.median(one.wall):9.3f} {f'1 / {1 / share:,.0f}':>17}  {'' if limit is None else f'{limit:g} s'}")


def measure_protection(shape: tuple[int, ...], seed: int = 1) -> None:
    """Protect the counts below ten of a table once and print what it took."""
    plain = table(shape, 0.0, seed=seed)
    counts = plain.cells
    inner = [name for name in counts if not any(int(code) == size for code, size in zip(name.split("_"), shape, strict=True))]
    primary = tuple(name for name in inner if counts[name] < 10)
    start = time.perf_counter()
    found = protect(plain.with_suppressed(primary), method="heuristic", patience=10.0)
    seconds = time.perf_counter() - start
    shape_text = " × ".join(map(str, shape))
    print(f"  {shape_text:14} {len(counts):7,} cells {len(primary):6,} primary {len(found.complementary):6,} complementary {seconds:8.2f} s")


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sample", type=int, default=4, help="cells of the cold reference")
    parser.add_argument("--large", action="store_true", help="all intervals of 20³ too, and 200 × 200 and 30³")
    options = parser.parse_args()
    two = {"determined cells": 0.1, "verdict": 0.3, "all intervals": 2.0}
    three = {"determined cells": 0.1, "verdict": 10.0}
    await measure("50 × 50, 10 %", table((50, 50), 0.1), {}, options.rounds, options.sample)
    await measure("100 × 100, 10 %", table((100, 100), 0.1), two, options.rounds, options.sample)
    await measure("100 × 100, 10 %, zeros too", table((100, 100), 0.1, least=0), two, options.rounds, options.sample)
    await measure("10³, 30 %", table((10, 10, 10), 0.3), {}, options.rounds, options.sample)
    await measure("20³, 30 %", table((20, 20, 20), 0.3), three, options.rounds, options.sample, all_intervals=options.large)
    await measure("20³, 30 %, zeros too", table((20, 20, 20), 0.3, least=0), three, options.rounds, options.sample, all_intervals=False)
    if options.large:
        await measure("200 × 200, 10 %", table((200, 200), 0.1), {"determined cells": 0.1}, options.rounds, options.sample)
        await measure("30³, 30 %", table((30, 30, 30), 0.3), {"determined cells": 0.1}, options.rounds, options.sample, all_intervals=False)
    print("\nprotection by the heuristic, counts below 10 of uniform 1 to 99")
    for shape in ((20, 20), (8, 8, 8)):
        measure_protection(shape)


if __name__ == "__main__":
    asyncio.run(main())
