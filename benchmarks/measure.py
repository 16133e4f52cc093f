"""Compare variants in one run: random order inside each round, median of the per-round ratios, CPU beside wall."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field


@dataclass
class Variant:
    """One way of doing the same thing.

    Parameters
    ----------
    name
        As it is printed.
    run
        Does it once.
    processes
        Gives the other processes whose CPU time counts.
    """

    name: str
    run: Callable[[], Awaitable[None]]
    processes: Callable[[], Sequence[int]] = tuple
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def _cpu(processes: Sequence[int]) -> float:
    # The clock of a process (clock_getcpuclockid(3)): /proc counts in hundredths of a second, longer than what is measured here takes.
    return time.process_time() + sum(time.clock_gettime((~pid << 3) | 2) for pid in processes)


async def compare(variants: Sequence[Variant], rounds: int, repeat: int = 1) -> None:
    """Run all variants ``rounds`` times, after one round to warm up; ``repeat`` runs make one figure (for what is short)."""
    for warm_up in [True] + [False] * rounds:
        for variant in random.sample(list(variants), len(variants)):
            cpu = _cpu(variant.processes())
            times = []
            for _ in range(repeat):
                start = time.perf_counter()
                await variant.run()
                times.append(time.perf_counter() - start)
            if not warm_up:
                variant.wall.append(statistics.median(times))
                variant.cpu.append((_cpu(variant.processes()) - cpu) / repeat)


def ratio(of: list[float], to: list[float]) -> float:
    """Median of the per-round ratios."""
    return statistics.median(a / b if b else float("nan") for a, b in zip(of, to, strict=True))


def report(title: str, variants: Sequence[Variant], reach: dict[str, str] | None = None) -> None:
    """Print a table; the first variant is the reference."""
    reference = variants[0]
    print(f"\n{title}")
    print(f"  {'':44} {'ms':>9} {'added ms':>9} {'wall ×':>7} {'CPU ×':>7}  to reach")
    for variant in variants:
        added = statistics.median(a - b for a, b in zip(variant.wall, reference.wall, strict=True))
        print(
            f"  {variant.name:44} {statistics.median(variant.wall) * 1e3:9.2f} {added * 1e3:9.2f}"
            f" {ratio(variant.wall, reference.wall):7.2f} {ratio(variant.cpu, reference.cpu):7.2f}  {(reach or {}).get(variant.name, '')}"
        )
