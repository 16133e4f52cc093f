"""What a project sees of the catalogue: the granted data sets and nothing else.

A data set of another project and one that does not exist get the same answer, down to the suggestions, which are drawn from granted
names only.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from ..domain.dataset import Dataset
from ..domain.errors import NotFound
from ..domain.text import Text
from .index import CatalogueIndex, IndexedFile
from .names import parse_name


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
    wanted = pattern.strip().upper()
    return bool(wanted) and (fnmatchcase(dataset.topic.upper(), wanted) or fnmatchcase(dataset.name.upper(), wanted))


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
    """

    datasets: tuple[Dataset, ...]
    unmatched: tuple[str, ...] = ()
    _paths: dict[str, Path] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, index: CatalogueIndex, grants: Sequence[str]) -> Scope:
        """Make the view that ``grants`` give; no grants give an empty view."""
        granted: dict[str, list[IndexedFile]] = defaultdict(list)
        used: set[str] = set()
        for indexed in index.files.values():
            hits = [pattern for pattern in grants if matches(pattern, indexed.dataset)]
            if hits:
                used.update(hits)
                granted[indexed.dataset.topic].append(indexed)
        datasets: list[Dataset] = []
        paths: dict[str, Path] = {}
        for topic in sorted(granted):
            ordered = sorted(granted[topic], key=lambda file: _age(file.dataset), reverse=True)
            for place, indexed in enumerate(ordered):
                datasets.append(indexed.dataset.model_copy(update={"newest": place == 0}))
                paths[indexed.dataset.name] = indexed.path
        return cls(tuple(datasets), tuple(pattern for pattern in grants if pattern not in used), paths)

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

    def views(self) -> dict[str, Path]:
        """Give the file behind every name a session may use: each view name first, then each topic as its newest data set."""
        views = {dataset.name: self._paths[dataset.name] for dataset in self.datasets}
        for dataset in self.datasets:
            if dataset.newest:
                views.setdefault(dataset.topic, self._paths[dataset.name])
        return views
