"""Reference data: persons × 12 columns in five yearly files, and wages with several rows per person."""

from __future__ import annotations

from pathlib import Path

import duckdb

YEARS = 5
ROW_GROUP = 122_880
_OPTIONS = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"


def persons(folder: Path, rows: int) -> dict[str, Path]:
    """Write ``rows`` persons with 12 columns; each person has one row. Gives view name → file."""
    files = {}
    part = rows // YEARS
    with duckdb.connect() as connection:
        for year in range(YEARS):
            path = folder / f"PERSOON{2019 + year}TABV1.parquet"
            connection.execute(
                f"""
                COPY (SELECT printf('%09d', i) AS RINPERSOON, 'R' AS RINPERSOONS, {2019 + year}::SMALLINT AS JAAR,
                    (1 + hash(i) % 2)::UTINYINT AS GESLACHT, (hash(i, 1) % 100)::UTINYINT AS LEEFTIJD, printf('%04d', hash(i, 2) % 342) AS GEMEENTE,
                    printf('%02d', hash(i, 3) % 12) AS HERKOMST, (pow(hash(i, 4) % 1000000 / 1e6, 3) * 20000)::INTEGER AS BEDRIJF,
                    (hash(i, 5) % 1000000) / 10.0::DOUBLE AS INKOMEN, (hash(i, 6) % 400000) / 10.0::DOUBLE AS VERMOGEN,
                    (hash(i, 7) % 3000000) / 100.0::DOUBLE AS ZVWK, DATE '1920-01-01' + (hash(i, 8) % 36000)::INTEGER AS GEBDAT
                    FROM range({year * part}, {(year + 1) * part}) t(i)) TO '{path}' {_OPTIONS}"""
            )
            files[path.stem] = path
    return files


def wages(folder: Path, rows: int) -> dict[str, Path]:
    """Write ``rows`` wages of a quarter as many persons, four rows each; employers as skewed as they are.

    Branches (VESTIGING) have 62 persons on average, and under one per cent of them fewer than ten. Gives view name → file.
    """
    path = folder / "LONEN2023TABV1.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            COPY (SELECT printf('%09d', i // 4) AS RINPERSOON, 'R' AS RINPERSOONS, i AS BAAN,
                (pow(hash(i // 4) % 1000000 / 1e6, 1.5) * 20000)::INTEGER AS WERKGEVER,
                (pow(hash(i // 4, 5) % 1000000 / 1e6, 0.7) * {rows // 250})::INTEGER AS VESTIGING,
                printf('%02d', hash(i // 4, 1) % 21) AS SECTOR, (1 + hash(i // 4, 2) % 2)::UTINYINT AS GESLACHT,
                1000 + (hash(i, 3) % 400000) / 100.0::DOUBLE AS LOON FROM range({rows}) t(i)) TO '{path}' {_OPTIONS}"""
        )
    return {path.stem: path}
