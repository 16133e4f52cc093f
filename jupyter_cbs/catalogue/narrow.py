"""Files that hold just the granted columns of a data set, made once and kept as long as the source is the same.

A view is no mask for columns of a file that can be read directly, so a session that was granted some columns is shown another file
(design: security, DuckDB: "mount only a derived file that holds just those").
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from ..domain.errors import Unavailable
from ..domain.text import Text
from .contents import quoted, source
from .files import Unusable, opened

_log = logging.getLogger(__name__)

_FORMAT: Final = 1
"""Part of the identity: another way of making them makes them anew."""
_MEMORY: Final = "1GB"
_SUFFIX: Final = ".parquet"


@dataclass(frozen=True)
class Narrowed:
    """Some columns of a file.

    Parameters
    ----------
    source : Path
        The file of the catalogue.
    columns : tuple of str
        Names as the file has them, in its order.
    """

    source: Path
    columns: tuple[str, ...]

    def name(self, status: os.stat_result) -> str:
        """Give the derived file's name, which depends on the source's identity and the columns."""
        identity = [_FORMAT, os.fspath(self.source), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        return hashlib.sha256(json.dumps([*identity, *self.columns]).encode()).hexdigest()[:40] + _SUFFIX


class NarrowFiles:
    """Keeps derived files in a folder of its own.

    Parameters
    ----------
    folder : Path
        Private to the broker; made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def places(self, views: Mapping[str, Path | Narrowed]) -> dict[str, Path]:
        """Give where the files of views lie or would lie; nothing is made, and each source costs a ``stat``.

        A source that is gone leaves a place that cannot exist.
        """
        found = {file: self._place(file) for file in set(views.values()) if isinstance(file, Narrowed)}
        return {name: found[file] if isinstance(file, Narrowed) else file for name, file in views.items()}

    def files(self, views: Mapping[str, Path | Narrowed]) -> dict[str, Path]:
        """Give the files of views, making those that are not there; takes as long as reading the columns.

        Raises
        ------
        Unavailable
            ``dataset_unreadable`` with the first data set's name when a file cannot be made; nothing is shown then.
        """
        made: dict[Narrowed, Path] = {}
        found: dict[str, Path] = {}
        for name, file in views.items():
            if isinstance(file, Path):
                found[name] = file
                continue
            if file not in made:
                made[file] = self._make(file, name)
            found[name] = made[file]
        return found

    def keep(self, views: Iterable[Mapping[str, Path | Narrowed]]) -> None:
        """Remove every file that none of some views needs; who has one open goes on reading it."""
        if not self._folder.is_dir():
            return
        with self._lock:
            wanted = {self._place(file) for each in views for file in each.values() if isinstance(file, Narrowed)}
            for path in self._folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)  # nothing is being made now, so its maker died
                elif path not in wanted:
                    with suppress(OSError):
                        path.unlink()

    def _place(self, file: Narrowed) -> Path:
        try:
            status = os.lstat(file.source)
        except OSError:
            return self._folder / "gone"
        return self._folder / file.name(status)

    def _make(self, file: Narrowed, view: str) -> Path:
        with self._lock:
            try:
                with opened(file.source) as (descriptor, status):
                    target = self._folder / file.name(status)
                    if not target.is_file():
                        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                        _write(descriptor, file.columns, target)
                    return target
            except (Unusable, OSError, duckdb.Error) as error:
                _log.warning("%s: the granted columns cannot be read: %s", file.source, type(error).__name__)
                raise Unavailable(
                    "dataset_unreadable",
                    Text(en=f"The file of {view} cannot be read at present.", nl=f"Het bestand van {view} is op dit moment niet leesbaar."),
                    Text(en="Tell the administrator the name of the data set.", nl="Geef de naam van het bestand door aan de beheerder."),
                ) from None


def _write(descriptor: int, columns: tuple[str, ...], target: Path) -> None:
    """Write some columns of an open file, streaming, and put the result in place in one step.

    DuckDB reads and writes, as the workers do: types stay what the catalogue says, and nothing of the source's own metadata, which can
    name or describe other columns, comes along.
    """
    with tempfile.TemporaryDirectory(prefix=".making-", dir=target.parent) as folder:
        partial = Path(folder) / "columns"
        config = {"memory_limit": _MEMORY, "temp_directory": folder, "autoload_known_extensions": "false", "enable_external_file_cache": "false"}
        with duckdb.connect(config=config) as engine:
            wanted = ", ".join(quoted(column) for column in columns)
            place = str(partial).replace("'", "''")
            engine.execute(f"COPY (SELECT {wanted} FROM {source(descriptor)}) TO '{place}' (FORMAT parquet, COMPRESSION zstd)")
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        # a folder that hands its group down is shared with the engines, which run under other accounts
        partial.chmod(0o440 if target.parent.stat().st_mode & stat.S_ISGID else 0o400)
        os.replace(partial, target)
