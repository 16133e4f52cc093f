"""Small granted files, and a locked session in the test's own process for what needs no process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_cbs.domain.rules import QueryLimits
from jupyter_cbs.query.gate import Gate
from jupyter_cbs.query.session import Session


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def granted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two granted data sets, one with an alias, as the catalogue's scope gives them."""
    folder = tmp_path_factory.mktemp("granted-files")
    rng = np.random.default_rng(20261121)
    rows = 400_000
    persons = pa.table(
        {
            "RINPERSOONS": pa.array(["R"] * rows),
            "RINPERSOON": pa.array([f"{i:09d}" for i in range(rows)]),
            "GBAGESLACHT": pa.array(rng.choice(["1", "2"], rows)),
            "GBAGEBOORTEJAAR": pa.array(rng.integers(1920, 2020, rows).astype(np.int16)),
            "INKOMEN": pa.array(rng.lognormal(10, 1, rows)),
        }
    )
    wages = pa.table(
        {"RINPERSOON": pa.array([f"{i % 500:09d}" for i in range(5000)]), "SLBAANID": pa.array(range(5000)), "SLOON": pa.array(rng.random(5000))}
    )
    pq.write_table(persons, folder / "GBAPERSOON2023TABV1.parquet")
    pq.write_table(wages, folder / "SPOLISBUS2022V3.parquet")
    return {
        "GBAPERSOON2023TABV1": folder / "GBAPERSOON2023TABV1.parquet",
        "GBAPERSOONTAB": folder / "GBAPERSOON2023TABV1.parquet",
        "SPOLISBUS2022V3": folder / "SPOLISBUS2022V3.parquet",
    }


@pytest.fixture
def spill(tmp_path: Path) -> Path:
    path = tmp_path / "spill"
    path.mkdir()
    return path


@pytest.fixture
def session(granted: dict[str, Path], spill: Path) -> Iterator[Session]:
    session = Session({name: str(path) for name, path in granted.items()}, QueryLimits(), str(spill))
    yield session
    session.connection.close()


@pytest.fixture
def gate(session: Session) -> Gate:
    return Gate(session, QueryLimits().max_statement_bytes)
