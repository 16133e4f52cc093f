"""Designs of models: which units each column, level and combination of levels stands on.

Everything is read from the design matrix itself, so that dummies count whoever made them: a formula, ``get_dummies`` or a comparison.
Names of columns (``C(region)[T.Utrecht]:sex[T.woman]``) say which columns are one category; without such names columns with two values
that exclude each other are taken as one category, and what none of them covers as its reference level.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...domain.model import MAX_LEVELS, ModelLevel, ModelTerm

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

CHUNK = 100_000
"""Rows of a large design that are looked at together."""

MAX_RUN = 12
"""Most neighbouring columns of figures that are tried as one category."""

MAX_PAIRS = 400
"""Most columns with two values whose nesting is looked at pair by pair."""

_BRACKET = re.compile(r"^(?P<factor>.*?)\[(?P<code>[TSHD]\.)?(?P<level>.*)\]$", re.DOTALL)
_SEPARATOR = re.compile(r":(?![^\[]*\])")


@dataclass(frozen=True)
class Units:
    """Which unit each used row belongs to.

    Parameters
    ----------
    codes
        Shape (n,): number of the unit, from 0.
    count
        Number of units.
    name
        Column that named them; None where rows were counted as units.
    kind
        What a unit is, for texts.
    """

    codes: Codes
    count: int
    name: str | None
    kind: str

    @classmethod
    def rows(cls, count: int) -> Units:
        """Count every row as a unit."""
        return cls(np.arange(count, dtype=np.int64), count, None, "observation")

    @classmethod
    def of(cls, columns: Sequence[Any], name: str, kind: str) -> Units:
        """Number the distinct combinations of some columns, each of length n."""
        codes = np.zeros(len(columns[0]), dtype=np.int64)
        for column in columns:
            inverse, count = group_codes(column)
            codes, _ = group_codes(codes * max(1, count) + inverse)
        return cls(codes, int(codes.max(initial=-1)) + 1, name, kind)

    def some(self, rows: NDArray[np.bool_]) -> Units:
        """Give the units of some of the rows; ``rows`` has shape (n,)."""
        codes, count = group_codes(self.codes[rows])
        return Units(codes, count, self.name, self.kind)

    @property
    def repeated(self) -> bool:
        """Whether a unit has more than one row."""
        return self.count < len(self.codes)

    def distinct(self, rows: NDArray[np.bool_]) -> int:
        """Count the distinct units among some rows; ``rows`` has shape (n,)."""
        if not self.repeated:
            return int(np.count_nonzero(rows))
        return int(np.unique(self.codes[rows]).size)

    def per_cell(self, cells: Codes, count: int) -> Codes:
        """Count the distinct units of each cell; ``cells`` has shape (n,), the answer shape (count,)."""
        if not self.repeated:
            return np.bincount(cells, minlength=count).astype(np.int64)
        pairs = np.unique(cells.astype(np.int64) * self.count + self.codes)
        return np.bincount(pairs // self.count, minlength=count).astype(np.int64)


def group_codes(values: Any) -> tuple[Codes, int]:
    """Number the distinct values of a column, shape (n,): the numbers, and how many there are."""
    array = np.asarray(values).reshape(-1)
    found, codes = np.unique(array.astype(str) if array.dtype == object else array, return_inverse=True)
    return codes.reshape(-1).astype(np.int64), int(found.size)


@dataclass(frozen=True)
class _Term:
    """Columns that belong together: one category, or one combination of categories."""

    name: str
    factors: tuple[str, ...]
    columns: tuple[int, ...]
    categorical: bool


@dataclass(frozen=True)
class _Names:
    """Levels of a category, and which of them each row has."""

    labels: tuple[str, ...]
    codes: Codes

    def at(self, row: int) -> str:
        return self.labels[int(self.codes[row])]


@dataclass
class Design:
    """A design with its levels counted.

    Parameters
    ----------
    names
        Names of the columns, k.
    matrix
        Shape (n, k), as used in the fit, unweighted.
    units
        The unit of each row.
    outcomes
        Shape (n,): number of the outcome class of each row, from 0; None where the response is no category.
    classes
        Names of the outcome classes.
    categorical
        Factors that are known to be categories; None where only names tell.
    categories
        Categories of a factor, its reference level among them, where known.
    known_terms
        Factors and columns of the terms, where a formula's description tells; names tell of the other columns.
    """

    names: Sequence[str]
    matrix: Floats
    units: Units
    outcomes: Codes | None = None
    classes: Sequence[str] = ()
    categorical: Collection[str] | None = None
    categories: dict[str, Sequence[str]] = field(default_factory=dict)
    known_terms: Sequence[tuple[tuple[str, ...], Sequence[int]]] = ()

    def __post_init__(self) -> None:
        scale = np.abs(self.matrix).max(axis=0, initial=0.0)
        self._scaled = self.matrix / np.where(scale > 0, scale, 1.0)
        generator = np.random.default_rng(20_260_101)
        self._directions = generator.uniform(0.5, 1.5, self.matrix.shape[1]) * np.where(generator.random(self.matrix.shape[1]) < 0.5, -1, 1)
        self._low = self.matrix.min(axis=0, initial=np.inf)
        self._high = self.matrix.max(axis=0, initial=-np.inf)
        # a column with two values; its higher one is what the coefficient speaks of
        self._two = [
            bool(low < high and np.all((self.matrix[:, j] == low) | (self.matrix[:, j] == high)))
            for j, (low, high) in enumerate(zip(self._low, self._high, strict=True))
        ]

    # ------------------------------------------------------------------------------------------ rank, patterns

    @cached_property
    def _spectrum(self) -> tuple[Floats, Floats]:
        """Give the singular values above rounding and their right singular vectors, shapes (r,) and (r, k)."""
        triangle = np.linalg.qr(self._scaled, mode="r")
        _, values, vectors = np.linalg.svd(triangle, full_matrices=False)
        kept = values > values.max(initial=0.0) * max(self._scaled.shape) * np.finfo(np.float64).eps
        return values[kept], vectors[kept]

    def rank(self) -> int:
        """Give the rank of the design."""
        return len(self._spectrum[0]) if self.matrix.size else 0

    def leverage(self) -> float | None:
        """Give the largest leverage of a row, 0 to 1; None for an empty design."""
        if not self.matrix.size:
            return None
        values, vectors = self._spectrum
        turn = vectors.T / values
        largest = 0.0
        for start in range(0, len(self._scaled), CHUNK):
            basis = self._scaled[start : start + CHUNK] @ turn
            largest = max(largest, float(np.einsum("ij,ij->i", basis, basis).max()))
        return min(1.0, largest)

    def patterns(self, extra: Iterable[Codes] = ()) -> int:
        """Count the distinct rows of the design, together with the groups of absorbed effects."""
        cells, count = self._cells(range(self.matrix.shape[1]))
        for codes in extra:
            cells, count = group_codes(cells * (int(codes.max(initial=0)) + 1) + codes)
        return count

    def _cells(self, columns: Iterable[int]) -> tuple[Codes, int]:
        """Number the distinct rows of some columns: by their place on one random direction, which tells them apart."""
        chosen = list(columns)
        if not chosen:
            return np.zeros(len(self.matrix), dtype=np.int64), min(1, len(self.matrix))
        # column by column, so that equal rows get equal sums whatever the length of the matrix
        place = np.zeros(len(self.matrix))
        for j in chosen:
            place += self._scaled[:, j] * self._directions[j]
        found, cells = np.unique(np.round(place, 10), return_inverse=True)
        return cells.reshape(-1).astype(np.int64), int(found.size)

    # ------------------------------------------------------------------------------------------------- levels

    def terms(self) -> tuple[ModelTerm, ...]:
        """Give the terms of the design."""
        kinds = []
        for term in self._terms():
            if term.columns and all(self._low[j] == self._high[j] for j in term.columns):
                kind = "intercept"
            elif len(term.factors) > 1:
                kind = "interaction"
            else:
                kind = "categorical" if term.categorical else "numeric"
            kinds.append(ModelTerm.model_validate({"name": term.name[:500], "kind": kind, "parameters": len(term.columns)}))
        return tuple(kinds[:5_000])

    def levels(self) -> tuple[tuple[ModelLevel, ...], int]:
        """Give the levels, fewest units first where there are too many to send, and how many there are."""
        found: list[ModelLevel] = []
        covered: set[int] = set()
        terms = self._terms()
        of_factor = {term.factors[0]: self._level_names(term) for term in terms if term.categorical and len(term.factors) == 1}
        for term in terms:
            if not term.categorical:
                continue
            covered.update(term.columns)
            within = [other for other in terms if other.categorical and set(other.factors) <= set(term.factors)]
            columns = sorted({j for other in within for j in other.columns})
            cells, count = self._cells(columns)
            found += self._counted(term, cells, count, self._cell_names(term, cells, count, of_factor))
        found += self._by_columns(covered)
        found.sort(key=lambda level: -1 if level.units is None else level.units)
        return tuple(found[:MAX_LEVELS]), len(found)

    def units_of_column(self, column: int) -> int:
        """Give the number of distinct units a coefficient speaks of: those at the higher of two values, or away from zero, or all."""
        values = self.matrix[:, column]
        if self._two[column]:
            return self.units.distinct(values == self._high[column])
        away = values != 0
        return self.units.distinct(away) if 0 < np.count_nonzero(away) < len(values) else self.units.count

    def _counted(self, term: _Term, cells: Codes, count: int, names: Sequence[str]) -> list[ModelLevel]:
        units = self.units.per_cell(cells, count)
        rows = np.bincount(cells, minlength=count)
        outcomes = self._outcomes(cells, count)
        kind = "combination" if len(term.factors) > 1 else "category"
        return [
            ModelLevel.model_validate(
                {
                    "term": term.name[:500],
                    "name": names[i][:500],
                    "units": int(units[i]),
                    "rows": int(rows[i]),
                    "outcomes": None if outcomes is None else outcomes[i],
                    "kind": kind,
                }
            )
            for i in range(count)
        ]

    def _outcomes(self, cells: Codes, count: int) -> list[tuple[int, ...]] | None:
        if self.outcomes is None or not 2 <= len(self.classes) <= 200:
            return None
        classes = len(self.classes)
        table = self.units.per_cell(cells * classes + self.outcomes, count * classes).reshape(count, classes)
        return [tuple(int(value) for value in line) for line in table]

    def _by_columns(self, covered: set[int]) -> list[ModelLevel]:
        """Count what columns that are in no named category speak of."""
        found: list[ModelLevel] = []
        two = [j for j in range(self.matrix.shape[1]) if self._two[j]]
        loose = [j for j in two if j not in covered]
        for group in self._exclusive(loose):
            name = self._common_name(group)
            on = np.zeros(len(self.matrix), dtype=np.int64)
            for place, j in enumerate(group, start=1):
                on[self.matrix[:, j] == self._high[j]] = place
            present, cells = np.unique(on, return_inverse=True)
            reference = f"not {self.names[group[0]]}" if len(group) == 1 else "reference"
            labels = [reference if place == 0 else str(self.names[group[place - 1]]) for place in present.tolist()]
            found += self._counted(_Term(name, (name,), tuple(group), True), cells.reshape(-1).astype(np.int64), len(present), labels)
        if loose:
            found += self._nested(two, set(loose))
        for group, cells, count in self._runs(covered):
            labels = [f"#{i + 1}" for i in range(count)]
            found += self._counted(_Term(self._common_name(group), (str(self.names[group[0]]),), tuple(group), True), cells, count, labels)
        for j in range(self.matrix.shape[1]):
            if j in covered or self._two[j] or self._low[j] == self._high[j]:
                continue
            values, counts = np.unique(self.matrix[:, j], return_counts=True)
            if {-1.0, 0.0, 1.0} >= set(values[:4].tolist()) and len(values) <= 3:  # a category in sum coding
                cells = np.searchsorted(values, self.matrix[:, j])
                found += self._counted(
                    _Term(str(self.names[j]), (str(self.names[j]),), (j,), True), cells.astype(np.int64), len(values), [f"{v:g}" for v in values]
                )
                continue
            away = self.matrix[:, j] != values[int(counts.argmax())]
            found.append(
                ModelLevel(
                    term=str(self.names[j])[:500],
                    name="",
                    units=self.units.distinct(away),
                    rows=int(np.count_nonzero(away)),
                    kind="exceptions",
                )
            )
        return found

    def _runs(self, covered: set[int]) -> list[tuple[list[int], Codes, int]]:
        """Find columns of figures that together are one category: side by side, with one combination more than there are columns."""
        free = [j for j in range(self.matrix.shape[1]) if j not in covered and not self._two[j] and self._low[j] < self._high[j]]
        few = [j for j in free if np.unique(self.matrix[:, j]).size <= MAX_RUN + 1]
        found, start = [], 0
        while start < len(few):
            for end in range(min(len(few), start + MAX_RUN), start + 1, -1):
                group = few[start:end]
                if group[-1] - group[0] == len(group) - 1:
                    cells, count = self._cells(group)
                    if count == len(group) + 1:
                        found.append((group, cells, count))
                        start = end - 1
                        break
            start += 1
        return found

    def _exclusive(self, columns: Sequence[int]) -> list[list[int]]:
        """Put columns that are never high together into one group, in their order."""
        groups: list[tuple[list[int], NDArray[np.bool_]]] = []
        for j in columns:
            high = self.matrix[:, j] == self._high[j]
            for members, taken in groups:
                if not np.any(taken & high):
                    members.append(j)
                    taken |= high
                    break
            else:
                groups.append(([j], high))
        return [members for members, _ in groups]

    def _nested(self, columns: Sequence[int], loose: set[int]) -> list[ModelLevel]:
        """Count who is in one two-valued column and not in another that lies within it: the difference of their coefficients is theirs."""
        chosen = list(columns)[:MAX_PAIRS]
        high = np.stack([self.matrix[:, j] == self._high[j] for j in chosen], axis=1).astype(np.float32)
        both = high.T @ high
        sizes = np.diag(both)
        found = []
        for a, b in zip(*np.nonzero((both == sizes[None, :]) & (sizes[:, None] > sizes[None, :])), strict=True):
            if chosen[a] not in loose and chosen[b] not in loose:
                continue
            left = (high[:, a] > 0) & (high[:, b] == 0)
            found.append(
                ModelLevel(
                    term=str(self.names[chosen[a]])[:500],
                    name=f"{self.names[chosen[a]]} \\ {self.names[chosen[b]]}"[:500],
                    units=self.units.distinct(left),
                    rows=int(np.count_nonzero(left)),
                    kind="combination",
                )
            )
        return found

    # -------------------------------------------------------------------------------------------------- names

    def _terms(self) -> list[_Term]:
        """Read the terms from the names of the columns."""
        order: dict[str, list[int]] = {}
        parts: dict[str, tuple[tuple[str, ...], bool]] = {}
        told: set[int] = set()
        for known, columns in self.known_terms:
            name = ":".join(known) or "Intercept"
            order[name] = list(columns)
            parts[name] = (known or (name,), bool(known) and self.categorical is not None and set(known) <= set(self.categorical))
            told.update(columns)
        for j, full in enumerate(self.names):
            if j in told:
                continue
            factors, coded = [], True
            for piece in _SEPARATOR.split(str(full)):
                match = _BRACKET.match(piece)
                factors.append(match["factor"] if match else piece)
                coded = coded and self._is_level(match, j)
            name = ":".join(factors)
            order.setdefault(name, []).append(j)
            before = parts.get(name, (tuple(factors), True))
            parts[name] = (before[0], before[1] and coded)
        return [_Term(name, parts[name][0], tuple(columns), parts[name][1]) for name, columns in order.items()]

    def _is_level(self, match: re.Match[str] | None, column: int) -> bool:
        if match is None:
            return False
        if self.categorical is not None:
            return match["factor"] in self.categorical
        # a spline's columns have brackets too, but other values
        return match["code"] is not None or bool(np.isin(self.matrix[:, column], (-1.0, 0.0, 1.0)).all())

    def _level_names(self, term: _Term) -> _Names:
        """Give the levels of a category and which each row has, by the column that is 1; the others are the reference level."""
        named = [m["level"] if (m := _BRACKET.match(str(self.names[j]))) else str(self.names[j]) for j in term.columns]
        missing = [c for c in self.categories.get(term.factors[0], ()) if c not in named]
        reference = missing[0] if len(missing) == 1 else "reference"
        on = np.zeros(len(self.matrix), dtype=np.int64)
        for place, j in enumerate(term.columns, start=1):
            on[(self.matrix[:, j] == 1.0) & (on == 0)] = place
        return _Names((reference, *named), on)

    def _cell_names(self, term: _Term, cells: Codes, count: int, of_factor: dict[str, _Names]) -> list[str]:
        _, first = np.unique(cells, return_index=True)
        known = [of_factor.get(factor) for factor in term.factors]
        if all(names is not None for names in known):
            return [" · ".join(names.at(row) for names in known if names is not None) for row in first.tolist()]
        names = []
        for row in first.tolist():
            on = [str(self.names[j]) for j in term.columns if self.matrix[row, j] == 1.0]
            told: list[list[str]] = [[m["level"] for piece in _SEPARATOR.split(column) if (m := _BRACKET.match(piece))] for column in on]
            names.append(" · ".join(sorted(told, key=len)[-1] if told else []) or "reference")
        return names[:count]

    def _common_name(self, group: Sequence[int]) -> str:
        """Name a group of columns: what their names begin with, or the first of them."""
        texts = [str(self.names[j]) for j in group]
        if len(texts) == 1:
            return texts[0]
        low, high = min(texts), max(texts)
        length = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
        return texts[0][:length].rstrip("_-. [(=") or texts[0]
