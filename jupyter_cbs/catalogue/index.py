"""The index of a catalogue: which data sets lie on disk, what is in them, and which files could not be used.

One bad file never stops the rest: it is reported by name with the reason. Links are not followed, and every file is read through the
descriptor that was checked, so what is counted is what was looked at.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from ..domain.base import Model
from ..domain.dataset import Dataset, DatasetSummary
from ..domain.errors import Invalid, NotFound
from ..domain.text import Text, whole
from .contents import Contents, ContentsCache, counting_engine, most_rows_per_unit, read_contents
from .files import Unusable, opened, walk
from .metadata import FILE_NAME, MAX_BYTES, FileMetadata, Package, describe_variable, metadata_of, read_package
from .names import ParsedName, parse_name

_PARQUET = frozenset({"parquet", "pq"})
_KNOWN_KEYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("person", ("RINPERSOONS", "RINPERSOON")),
    ("household", ("RINPERSOONSHKW", "RINPERSOONHKW")),
    ("address", ("SOORTOBJECTNUMMER", "RINOBJECTNUMMER")),
)
"""Keys of files without metadata (design: domain, 3b), the first that is there."""


class CatalogueProblem(Model):
    """A file that is not in the catalogue as it should be, and why."""

    file: str
    message: Text


@dataclass(frozen=True)
class IndexedFile:
    """A data set and its place on disk, which never leaves the broker."""

    dataset: Dataset
    path: Path


@dataclass(frozen=True)
class CatalogueIndex:
    """Everything found beneath ``root``.

    Attributes
    ----------
    root : Path
    files : mapping of str to IndexedFile
        By view name, in capitals, sorted.
    problems : tuple of CatalogueProblem
        Sorted by file; paths relative to ``root``.
    """

    root: Path
    files: Mapping[str, IndexedFile]
    problems: tuple[CatalogueProblem, ...]


Signature = frozenset[tuple[str, int, int, int]]
"""Path, inode, size and time of change of everything a catalogue's index is made from."""


def signature(root: Path) -> Signature:
    """Tell what lies in a catalogue without opening anything: another signature asks for another index.

    Parameters
    ----------
    root : Path
        Folder with theme folders; a missing one has an empty signature.
    """
    found: set[tuple[str, int, int, int]] = set()
    for path, _ in walk(root):
        try:
            status = os.lstat(path)
        except FileNotFoundError:  # gone since the folder was read
            continue
        found.add((str(path), status.st_ino, status.st_size, status.st_mtime_ns))
    return frozenset(found)


def build_index(root: Path, cache: Path | None = None) -> CatalogueIndex:
    """Index a catalogue.

    Parameters
    ----------
    root : Path
        Folder with theme folders; data sets may lie at any depth beneath them.
    cache : Path, optional
        File in which rows, columns and counts of unchanged files (size, times, inode) are kept between runs. An unreadable cache is
        ignored and written anew.

    Returns
    -------
    CatalogueIndex

    Raises
    ------
    NotFound
        ``no_catalogue``: ``root`` is no folder.
    """
    if not root.is_dir():
        raise NotFound(
            "no_catalogue",
            Text(en=f"There is no catalogue folder {root}.", nl=f"Er is geen catalogusmap {root}."),
            Text(en="Give the folder that holds the theme folders.", nl="Geef de map waarin de themamappen staan."),
        )
    root = root.resolve()
    problems: list[CatalogueProblem] = []
    packages: dict[Path, Package] = {}
    found: list[Path] = []
    scripts: list[Path] = []

    def complain(path: Path, text: Text) -> None:
        problems.append(CatalogueProblem(file=path.relative_to(root).as_posix(), message=text))

    for path, trouble in walk(root):
        if trouble is not None:
            complain(path, trouble)
        elif path.name.lower() == FILE_NAME:
            try:
                packages[path.parent] = _read_descriptor(path)
            except Invalid as error:
                complain(path, error.message)
            except Unusable as error:
                complain(path, error.text)
        elif path.suffix[1:].lower() in _PARQUET:
            found.append(path)
        else:
            scripts.append(path)

    for path in scripts:
        # A converted file has its script beside it under exactly the same name (seed S2, Verplaatsen geconverteerde bestanden).
        if not (parse_name(path.relative_to(root).as_posix()).converted and any(path.with_suffix(f".{suffix}") in found for suffix in _PARQUET)):
            complain(path, _not_parquet(path))

    store = ContentsCache(root, cache)
    candidates: dict[str, list[tuple[ParsedName, IndexedFile]]] = defaultdict(list)
    with counting_engine() as engine:
        for path in found:
            relative = path.relative_to(root)
            parsed = parse_name(relative.as_posix())
            metadata = _metadata_for(path, root, packages) or FileMetadata(topic=parsed.topic)
            try:
                with opened(path) as (descriptor, status):
                    contents = store.get(relative, status) or read_contents(descriptor, status.st_size, engine)
                    dataset, contents = _describe(parsed, relative, metadata, contents, descriptor, status.st_size, engine, complain, path)
                    store.put(relative, status, contents)
            except Unusable as error:
                complain(path, error.text)
                continue
            candidates[dataset.name].append((parsed, IndexedFile(dataset, path)))
    store.write()

    files: dict[str, IndexedFile] = {}
    for name in sorted(candidates):
        # The original before its converted copy, then the newest date prefix, then by place.
        ranked = sorted(candidates[name], key=lambda c: (c[0].converted, -int(c[0].prefix or 0), str(c[1].path)))
        files[name] = ranked[0][1]
        for _, other in ranked[1:]:
            kept = files[name].path.relative_to(root).as_posix()
            complain(
                other.path,
                Text(en=f"Same data set name as {kept}, which is used instead.", nl=f"Zelfde bestandsnaam als {kept}; dat bestand wordt gebruikt."),
            )
    return CatalogueIndex(root, MappingProxyType(files), tuple(sorted(problems, key=lambda p: (p.file, p.message.en))))


def _read_descriptor(path: Path) -> Package:
    with opened(path) as (descriptor, _), open(descriptor, "rb", closefd=False) as stream:
        return read_package(stream.read(MAX_BYTES + 1))


def _not_parquet(path: Path) -> Text:
    suffix = path.suffix or path.name
    return Text(
        en=f"Not a Parquet file ({suffix}); convert it to Parquet to use it here.",
        nl=f"Geen Parquet-bestand ({suffix}); zet het om naar Parquet om het hier te gebruiken.",
    )


def _metadata_for(path: Path, root: Path, packages: Mapping[Path, Package]) -> FileMetadata | None:
    """Look for a descriptor from the file's folder upwards; the nearest one that is about the file counts."""
    for folder in path.parents:
        if folder in packages:
            known = metadata_of(packages[folder], folder, path)
            if known is not None:
                return known
        if folder == root:
            return None
    return None


def _describe(
    parsed: ParsedName,
    relative: Path,
    metadata: FileMetadata,
    contents: Contents,
    descriptor: int,
    size: int,
    engine: duckdb.DuckDBPyConnection,
    complain: Callable[[Path, Text], None],
    path: Path,
) -> tuple[Dataset, Contents]:
    """Put name, metadata and contents together, counting rows per unit where that is not known yet."""
    real = {name.casefold(): name for name, _ in contents.columns}
    unit, key, known_key = metadata.unit, _present(metadata.unit_key, real), metadata.unit_key is not None
    if metadata.unit_key is not None and key is None:
        missing = ", ".join(column for column in metadata.unit_key if column.casefold() not in real)
        complain(
            path,
            Text(
                en=f"The metadata name a key column that is not in the file: {missing}.",
                nl=f"De metadata noemen een sleutelkolom die niet in het bestand staat: {missing}.",
            ),
        )
    if key is None:
        known_key = False
        key = ()
        for name, columns in _KNOWN_KEYS:
            inferred = _present(columns, real)
            if inferred:
                unit, key, known_key = unit or name, inferred, True
                break
    institution = real.get(metadata.institution_key.casefold()) if metadata.institution_key else None
    if metadata.institution_key and institution is None:
        complain(
            path,
            Text(
                en=f"The metadata name an institution column that is not in the file: {metadata.institution_key}.",
                nl=f"De metadata noemen een instellingskolom die niet in het bestand staat: {metadata.institution_key}.",
            ),
        )
    most: int | None = None
    if key:
        label = ",".join(key)
        most = contents.counts.get(label)
        if most is None:
            most = most_rows_per_unit(descriptor, key, engine)
            contents = replace(contents, counts={**contents.counts, label: most})
    elif known_key:
        most = min(1, contents.rows)
    dataset = Dataset(
        name=parsed.view_name,
        topic=metadata.topic,
        title=metadata.title or metadata.topic,
        theme=metadata.theme or (relative.parts[0] if len(relative.parts) > 1 else ""),
        year=parsed.year,
        version=parsed.version,
        rows=contents.rows,
        period=metadata.period or _period(parsed),
        population=metadata.population,
        unit=unit or "record",
        unit_key=key,
        max_rows_per_unit=most,
        institution_key=institution,
        rule_profile=metadata.rule_profile,
        bytes=size,
        variables=tuple(describe_variable(name, kind, metadata.fields.get(name.casefold()), institution) for name, kind in contents.columns),
    )
    return dataset, contents


def _present(columns: tuple[str, ...] | None, real: Mapping[str, str]) -> tuple[str, ...] | None:
    if columns is None or any(column.casefold() not in real for column in columns):
        return None
    return tuple(real[column.casefold()] for column in columns)


def _period(parsed: ParsedName) -> str:
    if parsed.year is None:
        return ""
    return f"{parsed.year}-{parsed.month:02d}" if parsed.month else str(parsed.year)


def report(index: CatalogueIndex, lang: str = "en") -> str:
    """Describe an index for a person.

    Parameters
    ----------
    index : CatalogueIndex
    lang : {"en", "nl"}

    Returns
    -------
    str
        One line per data set with theme, rows, columns and most rows per unit, then one line per problem.
    """
    files = [indexed.dataset for indexed in index.files.values()]
    topics = len({dataset.topic for dataset in files})
    rows, size = sum(dataset.rows for dataset in files), sum(dataset.bytes for dataset in files)
    lines = [
        Text(
            en=f"{len(files)} data sets in {topics} topics, {whole(rows, 'en')} rows, {whole(size, 'en')} bytes.",
            nl=f"{len(files)} bestanden in {topics} onderwerpen, {whole(rows, 'nl')} rijen, {whole(size, 'nl')} bytes.",
        ).say(lang)
    ]
    heads = Text(en="data set|theme|rows|columns|rows per unit", nl="bestand|thema|rijen|kolommen|rijen per eenheid").say(lang).split("|")
    unknown = Text(en="not known", nl="onbekend").say(lang)
    table = [heads] + [
        [
            d.name,
            d.theme,
            whole(d.rows, lang),
            str(d.columns),
            unknown if d.max_rows_per_unit is None else f"≤ {whole(d.max_rows_per_unit, lang)} ({d.unit})",
        ]
        for d in files
    ]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    if files:
        lines += [
            "  ".join(
                cell.rjust(width) if i in (2, 3) else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
    if index.problems:
        count = len(index.problems)
        lines.append(Text(en=f"Not used or not complete ({count}):", nl=f"Niet gebruikt of onvolledig ({count}):").say(lang))
        lines += [f"  {problem.file}: {problem.message.say(lang)}" for problem in index.problems]
    return "\n".join(lines)


def report_json(index: CatalogueIndex, lang: str = "en") -> dict[str, Any]:
    """Describe an index for programs: ``root``, ``topics``, ``rows``, ``bytes``, ``datasets`` (summaries with key facts) and ``problems``."""
    files = [indexed.dataset for indexed in index.files.values()]
    return {
        "root": str(index.root),
        "topics": len({dataset.topic for dataset in files}),
        "rows": sum(dataset.rows for dataset in files),
        "bytes": sum(dataset.bytes for dataset in files),
        "datasets": [
            DatasetSummary.of(indexed.dataset).model_dump(mode="json")
            | {
                "file": indexed.path.relative_to(index.root).as_posix(),
                "bytes": indexed.dataset.bytes,
                "unit": indexed.dataset.unit,
                "unit_key": list(indexed.dataset.unit_key),
                "max_rows_per_unit": indexed.dataset.max_rows_per_unit,
                "institution_key": indexed.dataset.institution_key,
                "rule_profile": indexed.dataset.rule_profile,
            }
            for indexed in index.files.values()
        ],
        "problems": [{"file": problem.file, "message": problem.message.say(lang)} for problem in index.problems],
    }
