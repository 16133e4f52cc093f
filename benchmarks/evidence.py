"""Tables with evidence against the plain aggregate without any (design: performance, section 2).

``python -m benchmarks.evidence [--rows 10000000] [--rounds 7]``
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

import duckdb
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
        ("four rows a unit, 20,000 employers", spec(wage, ("WERKGEVER",), "LOON"), 4, "2.2 when < 1 % undecided"),
    ]


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="persons in five files and as many wages, a multiple of 50")
    parser.add_argument("--rounds", type=int, default=7)
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
        for view, path in files.items():
            connection.execute(f"CREATE VIEW {view} AS FROM read_parquet('{path}')")
        spill = folder / "spill"
        spill.mkdir()
        worker = await Worker.start(files, QueryLimits(threads=THREADS), spill)
        profile = RuleProfile()
        try:
            for title, spec, most, reach in cases("LONEN2023TABV1", "PERSONENTABV1"):
                keys = ", ".join(spec.rows)
                about = Dataset(name=spec.source, topic=spec.source, title="", theme="", year=None, version=1, rows=arguments.rows,
                                unit_key=("RINPERSOONS", "RINPERSOON"), max_rows_per_unit=most)  # fmt: skip
                plain = f"SELECT {keys}, count(*), sum({spec.values}), avg({spec.values}) FROM {spec.source} GROUP BY {keys}"

                async def run_plain(sql: str = plain) -> None:
                    connection.sql(sql).to_arrow_table()

                async def run_evidence(spec: TableSpec = spec, about: Dataset = about) -> None:
                    await worker.table(spec, about, profile, Mapped())

                variants = [
                    Variant("plain aggregate, no evidence, no margins", run_plain),
                    Variant("table with evidence and margins", run_evidence, lambda: [worker.pid] if worker.pid else []),
                ]
                await compare(variants, arguments.rounds)
                frame = (await worker.table(spec, about, profile, Mapped())).frame
                exact = pc.sum(frame["n_exact"]).as_py() if most > 1 else 0
                report(f"{title}: {frame.num_rows:,} cells and margins, {exact:,} counted exactly", variants, {variants[1].name: reach})
        finally:
            await worker.close()


if __name__ == "__main__":
    asyncio.run(main())
