"""Tables with evidence against the plain aggregate without any (design: performance, section 2).

``python -m benchmarks.evidence [--rows 10000000] [--rounds 7] [--acro VENV/bin/python]``

With ``--acro`` the table is also made by ACRO 1.0.2 (PyPI ``acro``; it pins pandas, so it gets a virtual environment of its own, with ``pyarrow``).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_cbs.domain.dataset import Dataset
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.rules import QueryLimits, RuleProfile
from jupyter_cbs.query.engine import Worker

from .measure import Variant, compare, report
from .reference_data import persons, wages
from .results_to_kernel import THREADS, Mapped


def cases(wage: str, person: str) -> list[tuple[str, TableSpec, int, str]]:
    """Title, table, most rows per unit, what to reach."""

    def spec(source: str, rows: tuple[str, ...], value: str) -> TableSpec:
        return TableSpec(source=source, rows=rows, values=value, statistic="mean")

    return [
        ("a row is a unit, 24 cells", spec(person, ("GESLACHT", "HERKOMST"), "INKOMEN"), 1, "1.3"),
        ("a row is a unit, 684 cells", spec(person, ("GEMEENTE", "GESLACHT"), "INKOMEN"), 1, "1.3"),
        ("a row is a unit, 20,000 employers", spec(person, ("BEDRIJF",), "INKOMEN"), 1, "1.3"),
        ("four rows a unit, 21 cells", spec(wage, ("SECTOR",), "LOON"), 4, "2.2"),
        ("four rows a unit, 42 cells", spec(wage, ("SECTOR", "GESLACHT"), "LOON"), 4, "2.2"),
        ("four rows a unit, 20,000 employers", spec(wage, ("WERKGEVER",), "LOON"), 4, "2.2"),
        ("four rows a unit, branches of which under 1 % are undecided", spec(wage, ("VESTIGING",), "LOON"), 4, "2.2"),
    ]


def runs(connection: duckdb.DuckDBPyConnection, statements: list[str]) -> Callable[[], Awaitable[None]]:
    """Make a variant of statements that run one after the other."""

    async def run() -> None:
        for sql in statements:
            connection.sql(sql).to_arrow_table()

    return run


def least_statements(connection: duckdb.DuckDBPyConnection, spec: TableSpec, frame: pa.Table | None) -> list[str]:
    """Give the cheapest statements that read what the evidence says, as a lower bound of what it can cost.

    Rows, valid values, sum, least and largest of each cell; where there are undecided cells, also the total of each unit in them, found by a
    join on their keys. No margins, no order, no labels, nothing is checked, nothing travels.
    """
    keys, value = ", ".join(spec.rows), spec.values
    first = f"SELECT {keys}, count(*), count({value}), sum({value}), min({value}), max({value}) FROM {spec.source} GROUP BY {keys}"
    if frame is None:
        return [first]
    cell = pc.field("n_exact")
    for i in range(len(spec.rows)):
        cell = cell & ~pc.field(f"g{i}")
    undecided = frame.filter(cell)
    if not undecided.num_rows:
        return [first]
    connection.register("frame", undecided)
    same = " AND ".join(f"{name}::VARCHAR = d{i}" for i, name in enumerate(spec.rows))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE undecided AS SELECT DISTINCT {keys} FROM {spec.source} JOIN frame ON {same}")
    connection.unregister("frame")
    joined = f"{spec.source} JOIN undecided USING ({keys})"
    return [first, f"SELECT {keys}, RINPERSOONS, RINPERSOON, sum({value}), count({value}) FROM {joined} GROUP BY ALL"]


ACRO = """
import sys, time
import pandas
from acro import ACRO
frame = pandas.read_parquet(sys.argv[1], columns=["HERKOMST", "GESLACHT", "INKOMEN"])
acro = ACRO(suppress=False)
for _ in range(2):
    wall, cpu = time.perf_counter(), time.process_time()
    acro.crosstab(frame.HERKOMST, frame.GESLACHT, values=frame.INKOMEN, aggfunc="mean", margins=True)
    print("took", time.perf_counter() - wall, time.process_time() - cpu)
"""
"""The same table in ACRO, on a data frame that is already in memory; the first call is not counted."""


async def against_acro(worker: Worker, python: Path, file: Path, profile: RuleProfile, rows: int) -> None:
    """Print how much longer ACRO takes for a table of means with margins."""
    answer = subprocess.run([python, "-c", ACRO, file], capture_output=True, text=True, check=True)
    theirs, their_cpu = (float(part) for part in [line for line in answer.stdout.splitlines() if line.startswith("took")][-1].split()[1:])
    spec = TableSpec(source="PERSONENTABV1", rows=("HERKOMST",), columns=("GESLACHT",), values="INKOMEN", statistic="mean")
    about = Dataset(name=spec.source, topic=spec.source, title="", theme="", year=None, version=1, rows=rows, unit_key=("RINPERSOONS", "RINPERSOON"),
                    max_rows_per_unit=1)  # fmt: skip

    async def run() -> None:
        await worker.table(spec, about, profile, Mapped())

    ours = Variant("ours", run, lambda: [worker.pid] if worker.pid else [])
    await compare([ours], 5)
    wall, cpu = statistics.median(ours.wall), statistics.median(ours.cpu)
    print(
        f"\nACRO crosstab of means with margins, {rows:,} rows: {theirs:.2f} s ({their_cpu:.2f} of CPU);"
        f" with evidence, from Parquet, {wall:.3f} s ({cpu:.3f} of CPU)."
    )
    print(f"  {theirs / wall:.0f} times as long (to reach: 50), {their_cpu / cpu:.0f} times the CPU, at a load of {os.getloadavg()[0]:.1f}")


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="persons in five files and as many wages, a multiple of 50")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--acro", type=Path, help="Python of a virtual environment of its own with acro==1.0.2 and pyarrow, to compare with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = persons(folder, arguments.rows) | wages(folder, arguments.rows)
        everyone = folder / "PERSONENTABV1.parquet"
        connection = duckdb.connect(config={"threads": THREADS, "preserve_insertion_order": False})
        connection.execute(
            f"COPY (FROM read_parquet('{folder}/PERSOON*.parquet')) TO '{everyone}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
        )
        files["PERSONENTABV1"] = everyone
        # Whole numbers as keys are found without hashing up to 2^16 groups, as in the worker's session; DuckDB's default is 2^12.
        same = duckdb.connect(config={"threads": THREADS, "preserve_insertion_order": False, "perfect_ht_threshold": 16})
        for view, path in files.items():
            for each in (connection, same):
                each.execute(f"CREATE VIEW {view} AS FROM read_parquet('{path}')")
        spill = folder / "spill"
        spill.mkdir()
        worker = await Worker.start(files, QueryLimits(threads=THREADS), spill)
        profile = RuleProfile()
        try:
            for title, spec, most, reach in cases("LONEN2023TABV1", "PERSONENTABV1"):
                keys = ", ".join(spec.rows)
                about = Dataset(name=spec.source, topic=spec.source, title="", theme="", year=None, version=1, rows=arguments.rows,
                                unit_key=("RINPERSOONS", "RINPERSOON"), max_rows_per_unit=most)  # fmt: skip
                frame = (await worker.table(spec, about, profile, Mapped())).frame
                exact = pc.sum(frame["n_exact"]).as_py() if most > 1 else 0

                async def run_evidence(spec: TableSpec = spec, about: Dataset = about) -> None:
                    await worker.table(spec, about, profile, Mapped())

                plain = f"SELECT {keys}, count(*), sum({spec.values}), avg({spec.values}) FROM {spec.source} GROUP BY {keys}"
                least = least_statements(same, spec, frame if most > 1 else None)
                variants = [
                    Variant("plain aggregate, no evidence, no margins", runs(connection, [plain])),
                    Variant("the same with the session's settings", runs(same, [plain])),
                    Variant("least that reads what the evidence says", runs(same, least)),
                    Variant("table with evidence and margins", run_evidence, lambda: [worker.pid] if worker.pid else []),
                ]
                await compare(variants, arguments.rounds)
                share = f"{exact:,} undecided by bounds, counted exactly ({100 * exact / frame.num_rows:.2f} %)"
                title = f"{title}: {frame.num_rows:,} cells and margins, {share}; load {os.getloadavg()[0]:.1f}"
                report(title, variants, {variants[-1].name: reach})
            if arguments.acro is not None:
                await against_acro(worker, arguments.acro, everyone, profile, arguments.rows)
        finally:
            await worker.close()


if __name__ == "__main__":
    asyncio.run(main())
