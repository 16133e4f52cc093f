from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from jupyter_cbs.catalogue.index import CatalogueIndex, build_index
from jupyter_cbs.demo.data.generator import Generated, generate


@dataclass(frozen=True)
class Demo:
    """A generated catalogue, indexed."""

    root: Path
    persons: int
    generated: Generated
    index: CatalogueIndex

    def engine(self, names: dict[str, Path] | None = None) -> duckdb.DuckDBPyConnection:
        """Open DuckDB with a view per name; by default every data set."""
        connection = duckdb.connect()
        for name, path in (names or {name: file.path for name, file in self.index.files.items()}).items():
            connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{path}')")
        return connection


def make(root: Path, persons: int, seed: int) -> Demo:
    generated = generate(root, persons, seed)
    return Demo(root, persons, generated, build_index(root))


@pytest.fixture(scope="session", params=[(2_000, 2026), (7_001, 1), (100_500, 99)], ids=["smallest", "other-seed", "two-blocks"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    persons, seed = request.param
    return make(tmp_path_factory.mktemp("catalogue"), persons, seed)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return make(tmp_path_factory.mktemp("small"), 2_000, 2026)
