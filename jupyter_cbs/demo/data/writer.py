"""Parquet files written block by block, in row groups of one size, in constant memory."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 122_880
"""Rows of a row group: what DuckDB scans in one piece (design: performance)."""


class StreamedFile:
    """A Parquet file under construction; it gets its name only when it is complete.

    Parameters
    ----------
    path : Path
        Where the file goes; a file that is there is replaced in one step.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._temporary = path.with_name(f".{path.name}.part")
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._held = 0
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, table: pa.Table) -> None:
        """Add rows; full row groups go to disk at once."""
        if self._writer is None:
            coded = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
            self._writer = pq.ParquetWriter(
                self._temporary,
                table.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=coded,
                store_schema=False,
                write_page_index=False,
            )
        self.rows += table.num_rows
        self._waiting.append(table)
        self._held += table.num_rows
        if self._held >= ROW_GROUP:
            joined = pa.concat_tables(self._waiting)
            full = self._held - self._held % ROW_GROUP
            self._writer.write_table(joined.slice(0, full), row_group_size=ROW_GROUP)
            self._waiting = [joined.slice(full)]
            self._held -= full

    def close(self) -> None:
        """Write what is left and give the file its name.

        Raises
        ------
        ValueError
            Nothing was ever written.
        """
        if self._writer is None:
            raise ValueError(f"nothing was written to {self.path.name}")
        if self._held:
            self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=ROW_GROUP)
        self._waiting, self._held = [], 0
        self._writer.close()
        os.replace(self._temporary, self.path)

    def abandon(self) -> None:
        """Take away an unfinished file."""
        if self._writer is not None:
            try:
                self._writer.close()
            except OSError:
                self._writer.is_open = False  # a full disk takes no end either; it is not tried again
        self._temporary.unlink(missing_ok=True)
