from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def write() -> Callable[..., Path]:
    """Write a small Parquet file with the keys of persons."""

    def write(path: Path, persons: int = 4, rows_each: int = 1, **columns: pa.Array) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        ids = [f"{i:09d}" for i in range(persons) for _ in range(rows_each)]
        pq.write_table(pa.table({"RINPERSOONS": ["R"] * len(ids), "RINPERSOON": ids, "GBAGESLACHT": ["1"] * len(ids)} | columns), path)
        return path

    return write


@pytest.fixture
def descriptor() -> Callable[..., Path]:
    """Write a ``datapackage.json``."""

    def descriptor(folder: Path, **content: object) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "datapackage.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return descriptor
