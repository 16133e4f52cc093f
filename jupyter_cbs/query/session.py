"""The locked DuckDB session inside a worker: granted files and nothing else (design: security, DuckDB)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from ..domain.errors import Unavailable
from ..domain.rules import QueryLimits
from ..domain.text import Text
from .explain import quoted

BATCH_ROWS = 122_880
"""Rows per Arrow batch: DuckDB's row group, so that no batch is cut (design: performance, section 1)."""

_CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "allow_extension_repositories": "forbidden",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "preserve_insertion_order": "false",
    "errors_as_json": "true",
    # Whole numbers as keys find their group without hashing up to 2^16 groups, as many as a table may have cells (DuckDB: 2^12).
    "perfect_ht_threshold": "16",
}


class Session:
    """A connection that reads the granted files, writes its spill directory and can change nothing about that.

    The view of a data set is made when a statement first names it: starting takes the same time for one file as
    for a thousand.

    Parameters
    ----------
    views : mapping of str to str
        View name → Parquet file as this process sees it.
    limits : QueryLimits
        Threads and memory.
    spill : str
        Private directory for what does not fit in memory.
    spill_bytes : int, optional
        Most that may lie there; what the disk holds when absent.
    """

    def __init__(self, views: Mapping[str, str], limits: QueryLimits, spill: str, spill_bytes: int | None = None) -> None:
        self.views = dict(views)
        self._names = {name.casefold(): name for name in self.views}
        self._made: set[str] = set()
        self._columns: dict[str, dict[str, str]] = {}
        self.secrets = tuple(sorted({*self.views.values(), str(Path(spill).resolve()), spill}, key=len, reverse=True))
        """Paths no message may show, longest first."""
        self.plain_values: dict[tuple[str, str], bool] = {}
        """Source and value of tables → whether the shorter first pass may be tried on them; a guess that the pass itself checks."""
        self.types: dict[str, dict[str, str]] = {}
        """Statement → the columns of a table's rows with their types."""
        self.nameless: dict[str, bool] = {}
        """Statement → whether rows of a data set name no unit."""
        config = dict(_CONFIG)
        config["threads"] = str(limits.threads)
        config["memory_limit"] = f"{max(64, limits.memory_bytes // 2**20)}MiB"
        config["temp_directory"] = spill
        self.connection = duckdb.connect(":memory:", config=config)
        allowed = ", ".join(quoted(path, "'") for path in sorted(set(self.views.values())))
        if spill_bytes is not None:
            # DuckDB remembers the bound among the settings of connect and does not keep it; only this way it does
            self.connection.execute(f"SET max_temp_directory_size = '{spill_bytes // 2**20}MiB'")
        for setting in (
            # The engine asks for the progress of long queries; nothing is ever printed.
            "enable_progress_bar_print = false",
            "enable_progress_bar = true",
            f"allowed_paths = [{allowed}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self.connection.execute(f"SET {setting}")

    def view(self, name: str) -> str | None:
        """Give the granted view with this name, whatever its case; None when there is none."""
        return self._names.get(name.casefold())

    def ensure(self, view: str) -> None:
        """Make the view of a granted file, unless it exists.

        Raises
        ------
        Unavailable
            If the file cannot be read. The message names the data set, never the file.
        """
        if view in self._made:
            return
        try:
            self.connection.execute(f"CREATE VIEW {quoted(view)} AS FROM read_parquet({quoted(self.views[view], chr(39))})")
        except duckdb.Error as error:
            raise Unavailable(
                "dataset_unreadable",
                Text(en=f"The file of {view} cannot be read at present.", nl=f"Het bestand van {view} is op dit moment niet leesbaar."),
                Text(en="Tell the administrator the name of the data set.", nl="Geef de naam van het bestand door aan de beheerder."),
            ) from error
        self._made.add(view)

    def columns(self, view: str) -> dict[str, str]:
        """Give the columns of a view: name → DuckDB type."""
        if view not in self._columns:
            self.ensure(view)
            self._columns[view] = self.describe(f"FROM {quoted(view)}")
        return self._columns[view]

    def describe(self, query: str) -> dict[str, str]:
        """Give the columns a SELECT would answer: name → DuckDB type."""
        return {row[0]: row[1] for row in self.connection.execute(f"DESCRIBE {query}").fetchall()}

    def canonical(self, views: set[str]) -> tuple[str, ...]:
        """Give each file's first name, so that a topic's alias and the version it stands for are one source."""
        first: dict[str, str] = {}
        for name, path in self.views.items():
            first.setdefault(path, name)
        return tuple(sorted({first[self.views[view]] for view in views}))
