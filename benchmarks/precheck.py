"""The pre-check: a light output from the files to the report, and a table far too long to be one in bounded memory.

Run with ``python -m benchmarks.precheck``. The first part takes five csv files of 5,000 cells together through intake, scanners, rules, class and
price, as ``jupyter cbs precheck`` does, against reading the same files with :mod:`csv` alone; the second scans a csv of ``--megabytes`` (default 500)
in a process of its own and prints the largest amount of memory it held. Targets: performance.md, Pre-check.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import multiprocessing
import os
import random
import resource
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Variant, compare
from jupyter_cbs.broker.precheck import inspect
from jupyter_cbs.disclosure.scan import ScanContext, scan
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.finding import PrecheckReport
from jupyter_cbs.exports.intake import taken_in
from jupyter_cbs.policy.policies import ProjectPolicy
from jupyter_cbs.policy.store import PolicyDirectory
from jupyter_cbs.server import paths
from jupyter_cbs.system.beneath import WorkspaceRoots

FILES, ROWS, COLUMNS = 5, 199, 5
"""Files of a light output, and their rows below the header: 5,000 cells together."""

TARGET_SECONDS = 1.0
TARGET_MEGABYTES = 400


def light_output(folder: Path) -> list[Path]:
    """Write a light output: counts and means of groups."""
    rng = random.Random(1)
    files = []
    for number in range(FILES):
        file = folder / f"tabel_{number}.csv"
        rows = [
            f"gemeente {row};{2015 + row % 8};{rng.randrange(20, 900)};{rng.uniform(900, 3000):.2f};{rng.uniform(0, 90):.1f}" for row in range(ROWS)
        ]
        file.write_text("gemeente;jaar;n;gemiddelde;aandeel\n" + "\n".join(rows) + "\n")
        files.append(file)
    return files


def long_table(path: Path, megabytes: int) -> int:
    """Write a csv of so many megabytes; give its rows."""
    rng = random.Random(2)
    block = "".join(f"groep {i % 97};{rng.randrange(20, 900)};{rng.uniform(1e3, 1e5):.2f};{'abc'[i % 3] * 20}\n" for i in range(20_000))
    rows = 0
    with path.open("w") as stream:
        stream.write("groep;n;bedrag;soort\n")
        while stream.tell() < megabytes * 10**6:
            stream.write(block)
            rows += 20_000
    return rows


def _project() -> tuple[ProjectPolicy, str]:
    policies = PolicyDirectory(paths.policies()).current
    return policies.project(min(person.project for person in policies.principals())), policies.version


def check(files: list[Path], project: ProjectPolicy, version: str) -> PrecheckReport:
    """Pre-check files as the command does, without evidence."""
    with ExitStack() as opened:
        items = []
        for file in files:
            roots = WorkspaceRoots(file.parent, file.parent)
            items += opened.enter_context(taken_in(roots, [f"shared/{file.name}"], project.prices))
        return inspect(items, project, None, version, datetime.now(UTC))


def _scan(path: str, answers: multiprocessing.SimpleQueue[tuple[float, int, int, int, list[str]]]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fd = os.open(path, os.O_RDONLY)
    start = time.perf_counter()
    result = scan(FileContent("shared/long.csv", "long.csv", "csv", "table", os.fstat(fd).st_size, fd=fd), ScanContext())
    elapsed = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers.put((elapsed, before, peak, result.cells, sorted({finding.rule.value for finding in result.findings})))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=500)
    options = parser.parse_args()
    project, version = _project()
    with tempfile.TemporaryDirectory() as folder:
        files = light_output(Path(folder))
        report = check(files, project, version)
        cells = sum(file.cells for file in report.files)

        async def whole() -> None:
            check(files, project, version)

        async def plain() -> None:
            for file in files:
                with file.open(newline="") as stream:
                    list(csv.reader(stream, delimiter=";"))

        variants = [Variant("pre-check", whole), Variant("csv alone", plain)]
        asyncio.run(compare(variants, options.rounds))
        slowest, middle = max(variants[0].wall), sorted(variants[0].wall)[len(variants[0].wall) // 2]
        print(f"{len(files)} files, {cells} cells, class {report.export_class}, verdict {report.status.value}")
        print(f"  pre-check: median {middle * 1e3:.0f} ms, slowest {slowest * 1e3:.0f} ms (target {TARGET_SECONDS * 1e3:.0f} ms)")
        print(f"  reading the same files with csv alone: median {sorted(variants[1].wall)[len(variants[1].wall) // 2] * 1e3:.1f} ms")
        path = Path(folder) / "long.csv"
        rows = long_table(path, options.megabytes)
        context = multiprocessing.get_context("spawn")
        answers: multiprocessing.SimpleQueue[tuple[float, int, int, int, list[str]]] = context.SimpleQueue()
        process = context.Process(target=_scan, args=(str(path), answers))
        process.start()
        elapsed, before, peak, found, rules = answers.get()
        process.join()
        size = path.stat().st_size / 10**6
        print(f"csv of {size:.0f} MB, {rows} rows, {found} cells: {elapsed:.1f} s ({size / elapsed:.1f} MB/s), findings {', '.join(rules)}")
        print(f"  peak memory {peak / 1024:.0f} MB, of which {before / 1024:.0f} MB before the scan (target {TARGET_MEGABYTES} MB)")


if __name__ == "__main__":
    main()
