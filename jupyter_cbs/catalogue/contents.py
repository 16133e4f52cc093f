"""What a Parquet file says by itself: rows, columns and how many rows a unit has; remembered as long as the file is the same."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from .files import Unusable

_MAGIC = b"PAR1"
_CACHE_FORMAT = 1


@dataclass(frozen=True)
class Contents:
    """What a file's own bytes say: rows, (name, DuckDB type) of each column, and most rows per unit by key."""

    rows: int
    columns: tuple[tuple[str, str], ...]
    counts: Mapping[str, int]  # most rows per unit, by the key's columns joined with a comma


@contextmanager
def counting_engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of our own for counting; it may spill, because a key of 17.9 million persons does not have to fit."""
    # Without the file cache: it goes by name, and the number of a descriptor is used again for the next file.
    with tempfile.TemporaryDirectory(prefix="cbs-index-") as spill:
        connection = duckdb.connect(
            config={"memory_limit": "2GB", "temp_directory": spill, "autoload_known_extensions": "false", "enable_external_file_cache": "false"}
        )
        try:
            yield connection
        finally:
            connection.close()


def source(descriptor: int) -> str:
    """Name an open file for DuckDB: a path could hold glob characters and could be swapped, a descriptor cannot."""
    return f"read_parquet('/proc/self/fd/{descriptor}', hive_partitioning=false)"


def quoted(name: str) -> str:
    """Write a column's name for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def read_contents(descriptor: int, size: int, engine: duckdb.DuckDBPyConnection) -> Contents:
    """Read footer and columns of a Parquet file, or say why it is none."""
    head, tail = os.pread(descriptor, 4, 0), os.pread(descriptor, 4, max(0, size - 4))
    if size == 0:
        raise Unusable("The file is empty.", "Het bestand is leeg.")
    if head == b"PARE" or tail == b"PARE":
        raise Unusable("The Parquet file is encrypted.", "Het Parquet-bestand is versleuteld.")
    if head != _MAGIC:
        raise Unusable("Not a Parquet file, although its name says so.", "Geen Parquet-bestand, al zegt de naam van wel.")
    if tail != _MAGIC or size < 12:
        raise Unusable("The Parquet file is truncated: its footer is missing.", "Het Parquet-bestand is afgekapt: het slot ontbreekt.")
    try:
        with open(descriptor, "rb", closefd=False) as stream, pq.ParquetFile(stream) as file:
            footer = file.metadata
            rows = footer.num_rows
            for group in range(footer.num_row_groups):
                for column in range(footer.num_columns):
                    chunk = footer.row_group(group).column(column)
                    start = (
                        chunk.data_page_offset if chunk.dictionary_page_offset is None else min(chunk.data_page_offset, chunk.dictionary_page_offset)
                    )
                    if start < 4 or start + chunk.total_compressed_size > size - 8:
                        raise Unusable(
                            "The Parquet file is damaged: its footer points outside the file.",
                            "Het Parquet-bestand is beschadigd: het slot wijst buiten het bestand.",
                        )
        described = engine.execute(f"DESCRIBE SELECT * FROM {source(descriptor)}").fetchall()
    except (pa.ArrowException, OSError, ValueError, duckdb.Error):
        raise Unusable(
            "The Parquet file is damaged: its footer cannot be read.", "Het Parquet-bestand is beschadigd: het slot kan niet worden gelezen."
        ) from None
    if not described:
        raise Unusable("The Parquet file has no columns.", "Het Parquet-bestand heeft geen kolommen.")
    return Contents(rows, tuple((str(row[0]), str(row[1])) for row in described), {})


def most_rows_per_unit(descriptor: int, key: tuple[str, ...], engine: duckdb.DuckDBPyConnection) -> int:
    """Count exactly how many rows the unit with the most rows has; rows without a key count together as one unit."""
    columns = ", ".join(quoted(column) for column in key)
    try:
        answer = engine.execute(f"SELECT max(n) FROM (SELECT count(*) AS n FROM {source(descriptor)} GROUP BY {columns})").fetchone()
    except duckdb.Error:
        raise Unusable(
            "The Parquet file is damaged: its key columns cannot be read.",
            "Het Parquet-bestand is beschadigd: de sleutelkolommen kunnen niet worden gelezen.",
        ) from None
    return int(answer[0]) if answer is not None and answer[0] is not None else 0


class ContentsCache:
    """Contents of unchanged files. The change time is part of the identity: it cannot be set back, and soundness of evidence rests on the counts."""

    def __init__(self, root: Path, path: Path | None) -> None:
        self._path = path
        self._root = str(root)
        self._old: dict[str, Any] = {}
        self._new: dict[str, Any] = {}
        if path is None:
            return
        with suppress(OSError, ValueError):
            stored = json.loads(path.read_bytes())
            if (
                isinstance(stored, dict)
                and stored.get("format") == _CACHE_FORMAT
                and stored.get("root") == self._root
                and isinstance(stored.get("files"), dict)
            ):
                self._old = stored["files"]

    @staticmethod
    def _identity(status: os.stat_result) -> list[int]:
        return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]

    def get(self, relative: Path, status: os.stat_result) -> Contents | None:
        """Give what was read before, if it is the same file and well formed."""
        entry = self._old.get(relative.as_posix())
        if not isinstance(entry, dict) or entry.get("identity") != self._identity(status):
            return None
        try:
            columns = tuple((str(name), str(kind)) for name, kind in entry["columns"])
            return Contents(int(entry["rows"]), columns, {str(key): int(count) for key, count in entry["counts"].items()})
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def put(self, relative: Path, status: os.stat_result, contents: Contents) -> None:
        """Remember a file."""
        self._new[relative.as_posix()] = {
            "identity": self._identity(status),
            "rows": contents.rows,
            "columns": [list(column) for column in contents.columns],
            "counts": dict(contents.counts),
        }

    def write(self) -> None:
        """Replace the stored cache in one step; a cache that cannot be written only costs time."""
        if self._path is None or self._new == self._old:
            return
        with suppress(OSError):
            descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            try:
                with open(descriptor, "w", encoding="utf-8") as stream:
                    json.dump({"format": _CACHE_FORMAT, "root": self._root, "files": self._new}, stream)
                os.replace(temporary, self._path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise
