"""What a project sees of the catalogue: the granted data sets, of each the granted columns, and nothing else.

A data set of another project and one that does not exist get the same answer, down to the suggestions, which are drawn from granted
names only.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..domain.dataset import Dataset
from ..domain.errors import NotFound
from ..domain.grant import EVERY, Grant, covers
from ..domain.text import Text
from .index import CatalogueIndex
from .names import parse_name
from .narrow import Narrowed


def _age(dataset: Dataset) -> tuple[tuple[int, int, int, int, str], str]:
    """Order within a topic: the greatest is the newest (V10 after V9)."""
    return parse_name(f"{dataset.name}.parquet").age, dataset.name


def matches(pattern: str, dataset: Dataset) -> bool:
    """Tell whether a grant covers a data set.

    Parameters
    ----------
    pattern : str
        Topic or view name, with ``*``, ``?`` and ``[...]`` as in file names; case does not matter.
    dataset : Dataset
    """
    return covers(pattern, dataset.topic, dataset.name)


def granted_columns(grants: Sequence[Grant], dataset: Dataset) -> tuple[str, ...] | None:
    """Give the columns that grants which cover a data set give together, in the order of the file; None for all of them.

    Several grants add up: all columns where one of them gives all, else every column that one of them names.
    """
    if any(grant.whole for grant in grants):
        return None
    wanted = {column.casefold() for grant in grants for column in grant.columns}
    columns = tuple(variable.name for variable in dataset.variables if variable.name.casefold() in wanted)
    return None if len(columns) == len(dataset.variables) else columns


def narrowed(dataset: Dataset, columns: Sequence[str]) -> Dataset:
    """Give a data set as somebody knows it who was granted some of its columns.

    The unit's key stays named where a unit can have several rows: a table then needs the key, and is refused where it is withheld,
    because rows would be taken for units. Where every unit has one row, rows are units and no key is needed.
    """
    kept = set(columns)
    key = dataset.unit_key
    if dataset.max_rows_per_unit is not None and dataset.max_rows_per_unit <= 1 and not kept.issuperset(key):
        key = ()
    return dataset.model_copy(update={"variables": tuple(v for v in dataset.variables if v.name in kept), "unit_key": key})


def _fold(text: str) -> str:
    """Fold case and accents, so that 'categorieen' finds 'categorieën'."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


@dataclass(frozen=True)
class Scope:
    """The granted view of a catalogue.

    Attributes
    ----------
    datasets : tuple of Dataset
        Granted data sets by topic, newest first; the newest of each topic has ``newest`` set.
    unmatched : tuple of str
        Grants that cover nothing in this catalogue: for an admin, never for a researcher.
    unknown : tuple of (str, str)
        Grants and columns of theirs that no data set they cover has: for an admin too.
    """

    datasets: tuple[Dataset, ...]
    unmatched: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    _files: dict[str, Path | Narrowed] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, index: CatalogueIndex, grants: Sequence[Grant | str]) -> Scope:
        """Make the view that ``grants`` give; no grants give an empty view.

        Parameters
        ----------
        index : CatalogueIndex
        grants : sequence of Grant or str
            A text is a pattern that gives all columns. A data set of which no granted column is there is not granted.
        """
        given = [Grant.model_construct(dataset=grant, columns=(EVERY,)) if isinstance(grant, str) else grant for grant in grants]
        granted: dict[str, list[tuple[Dataset, Path | Narrowed]]] = defaultdict(list)
        used: set[str] = set()
        missing = {(grant.dataset, column): column.casefold() for grant in given for column in grant.columns if column != EVERY}
        for indexed in index.files.values():
            dataset = indexed.dataset
            hits = [grant for grant in given if matches(grant.dataset, dataset)]
            if not hits:
                continue
            used.update(grant.dataset for grant in hits)
            there = {variable.name.casefold() for variable in dataset.variables}
            patterns = {grant.dataset for grant in hits}
            missing = {key: column for key, column in missing.items() if key[0] not in patterns or column not in there}
            columns = granted_columns(hits, dataset)
            if columns is None:
                granted[dataset.topic].append((dataset, indexed.path))
            elif columns:
                granted[dataset.topic].append((narrowed(dataset, columns), Narrowed(indexed.path, columns)))
        datasets: list[Dataset] = []
        files: dict[str, Path | Narrowed] = {}
        for topic in sorted(granted):
            ordered = sorted(granted[topic], key=lambda pair: _age(pair[0]), reverse=True)
            for place, (dataset, file) in enumerate(ordered):
                datasets.append(dataset.model_copy(update={"newest": place == 0}))
                files[dataset.name] = file
        unmatched = tuple(grant.dataset for grant in given if grant.dataset not in used)
        return cls(tuple(datasets), unmatched, tuple(key for key in missing if key[0] in used), files)

    @cached_property
    def _by_name(self) -> dict[str, Dataset]:
        names = {dataset.topic.upper(): dataset for dataset in self.datasets if dataset.newest}
        return names | {dataset.name.upper(): dataset for dataset in self.datasets}

    @cached_property
    def _haystacks(self) -> tuple[tuple[str, str, str], ...]:
        """Per data set the texts in which a word counts most, less and least."""
        stacks = []
        for d in self.datasets:
            columns = "\n".join(f"{v.name}\n{v.label}" for v in d.variables)
            codes = "\n".join(f"{code} {label}" for v in d.variables for code, label in v.codes.items())
            stacks.append((_fold(f"{d.name}\n{d.topic}"), _fold(f"{d.title}\n{d.theme}\n{d.population}\n{d.period}"), _fold(f"{columns}\n{codes}")))
        return tuple(stacks)

    def search(self, query: str = "") -> tuple[Dataset, ...]:
        """Find granted data sets.

        Parameters
        ----------
        query : str
            Words that must all occur, in any order, in name, topic, title, theme, population, period, variables, labels or code labels;
            case and accents do not matter. Empty gives everything.

        Returns
        -------
        tuple of Dataset
            Hits in names before hits in titles before hits in variables; otherwise in the order of ``datasets``.
        """
        words = _fold(query).split()
        ranked = []
        for place, (dataset, stacks) in enumerate(zip(self.datasets, self._haystacks, strict=True)):
            ranks = [next((rank for rank, text in enumerate(stacks) if word in text), None) for word in words]
            found = [rank for rank in ranks if rank is not None]
            if len(found) == len(words):
                ranked.append((sum(found), place, dataset))
        return tuple(dataset for _, _, dataset in sorted(ranked, key=lambda hit: hit[:2]))

    def get(self, name: str) -> Dataset:
        """Give a granted data set by view name, or the newest of a topic.

        Raises
        ------
        NotFound
            ``unknown_dataset``, with the nearest granted names; the same for a data set of others and for one that does not exist.
        """
        wanted = name.strip().upper()
        dataset = self._by_name.get(wanted)
        if dataset is not None:
            return dataset
        near = tuple(difflib.get_close_matches(wanted[:100], list(self._by_name), n=3, cutoff=0.5))
        shown = name.strip()[:100]
        raise NotFound(
            "unknown_dataset",
            Text(
                en=f"There is no data set {shown!r} in this project's catalogue.", nl=f"Er is geen bestand {shown!r} in de catalogus van dit project."
            ),
            Text(
                en="ws.catalogue() lists what the project may read; more files are asked for by the project leader.",
                nl="ws.catalogue() toont wat het project mag lezen; de projectleider kan meer bestanden aanvragen.",
            ),
            suggestions=near,
        )

    def views(self) -> dict[str, Path | Narrowed]:
        """Give the file behind every name a session may use: each view name first, then each topic as its newest data set.

        Where only some columns are granted it is a :class:`~jupyter_cbs.catalogue.narrow.Narrowed`: a file with those columns has to be
        made first, and the source is not to be shown to anybody.
        """
        views = {dataset.name: self._files[dataset.name] for dataset in self.datasets}
        for dataset in self.datasets:
            if dataset.newest:
                views.setdefault(dataset.topic, self._files[dataset.name])
        return views
