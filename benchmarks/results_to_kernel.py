"""Results on their way to the kernel, against DuckDB in the kernel's own process (design: performance, section 1).

``python -m benchmarks.results_to_kernel [--rows 10000000] [--rounds 7]``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa

import jupyter_cbs
from jupyter_cbs.domain.rules import QueryLimits
from jupyter_cbs.query.engine import Worker
from jupyter_cbs.system.memfd import open_sealed

from .deployment import running
from .measure import Variant, compare, report
from .reference_data import persons

THREADS = 2


class Mapped:
    """Maps the pieces of a result, as the kernel's side does."""

    def __init__(self) -> None:
        self.tables: list[pa.Table] = []

    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        """Map and close."""
        for fd in fds:
            self.tables.append(pa.ipc.open_stream(open_sealed(fd)).read_all())
            os.close(fd)

    async def progress(self, fraction: float | None, rows: int) -> None:
        """Not shown."""


def queries(rows: int) -> dict[str, tuple[str, int, int, dict[str, str]]]:
    """Title → SELECT, expected rows, repeats per round, what to reach."""
    everything = " UNION ALL ".join(f"FROM PERSOON{2019 + year}TABV1" for year in range(5))
    one = "PERSOON2023TABV1"
    tenth = f"SELECT * FROM ({everything}) WHERE substr(RINPERSOON, 9, 1) = '7'"
    small = f"SELECT GESLACHT, count(*) AS n, avg(INKOMEN) AS inkomen FROM (FROM {one} LIMIT 10000) GROUP BY GESLACHT"
    return {
        f"all rows × 12 ({rows:,})": (everything, rows, 1, {"worker": "1.10", "end to end": "1.10 (issue: 1.25)"}),
        f"a tenth × 12 ({rows // 10:,})": (tenth, rows // 10, 1, {"worker": "1.10", "end to end": "1.10"}),
        "a small aggregate": (small, 2, 40, {"worker": "0.5 ms", "end to end": "0.5 ms (issue: 3 ms)"}),
        "select 1": ("SELECT 1 AS x", 1, 40, {"worker": "0.5 ms", "end to end": "0.5 ms"}),
    }


def direct(files: dict[str, Path]) -> Callable[[str, int], Variant]:
    """DuckDB in this process."""
    connection = duckdb.connect(config={"threads": THREADS, "preserve_insertion_order": False})
    for view, path in files.items():
        connection.execute(f"CREATE VIEW {view} AS FROM read_parquet('{path}')")

    def variant(sql: str, rows: int) -> Variant:
        async def run() -> None:
            check(connection.sql(sql).to_arrow_table(), rows)

        return Variant("direct: DuckDB in this process", run)

    return variant


def through(worker: Worker) -> Callable[[str, int], Variant]:
    """A worker process; without sandbox, broker and audit."""

    def variant(sql: str, rows: int) -> Variant:
        async def run() -> None:
            sink = Mapped()
            outcome = await worker.sql(sql, None, sink)
            tables = sink.tables if outcome.inline is None else [pa.ipc.open_stream(outcome.inline).read_all()]
            check(pa.concat_tables(tables), rows)

        return Variant("worker", run, lambda: [worker.pid] if worker.pid else [])

    return variant


def end_to_end(broker: int) -> Callable[[str, int], Variant]:
    """The kernel's own call: client, broker with audit, worker in its sandbox."""
    workspace = jupyter_cbs.connect()

    def variant(sql: str, rows: int) -> Variant:
        async def run() -> None:
            check(workspace.sql(sql).arrow(), rows)

        return Variant("end to end", run, lambda: [broker, *descendants(broker)])

    return variant


def descendants(pid: int) -> list[int]:
    """Processes that a process started, and those that they started: a worker runs inside a sandbox that the broker started."""
    started = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    return [each for child in started for each in (child, *descendants(child))]


def check(table: pa.Table, rows: int) -> None:
    """A variant that gives something else is not compared."""
    if table.num_rows != rows:
        raise SystemExit(f"expected {rows:,} rows, got {table.num_rows:,}")


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="persons, a multiple of 50")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = persons(folder, arguments.rows)
        spill = folder / "spill"
        spill.mkdir()
        worker = await Worker.start(files, QueryLimits(threads=THREADS, max_rows=10**9, max_bytes=2**40), spill)
        try:
            async with running(folder / "deployment", files) as broker:
                ways = [direct(files), through(worker), end_to_end(broker)]
                for title, (sql, rows, repeat, reach) in queries(arguments.rows).items():
                    variants = [way(sql, rows) for way in ways]
                    await compare(variants, arguments.rounds, repeat)
                    report(title, variants, reach)
        finally:
            await worker.close()


if __name__ == "__main__":
    asyncio.run(main())
