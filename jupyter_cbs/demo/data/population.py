"""A block of the synthetic population: households first, people in them, always the same for the same seed and block number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .codes import COUNTRIES, MUNICIPALITIES
from .planted import PEOPLE, PLANTED

YEAR = 2023
"""Ages are those of 31 December of this year."""

BLOCK = 100_000
"""Persons of a block; households never cross its border."""

Ints = npt.NDArray[Any]

_TYPES = np.array([0.385, 0.10, 0.18, 0.07, 0.16, 0.075, 0.01, 0.02])  # TYPHH 1 … 8
_HEAD_AGE = np.array([[50, 20], [33, 12], [63, 12], [36, 7], [44, 8], [44, 8], [45, 18], [84, 9]])  # mean, deviation
_CHILDREN = np.array([0.40, 0.42, 0.13, 0.05])  # 1 … 4
_FOREIGN = np.array([weight for _, _, weight in COUNTRIES])
_ADULTS = np.array([1, 2, 2, 2, 2, 1, 3, 1])
# Place in the household (PLHH) of an adult, by type; children are "1".
_PLACE = np.array([2, 3, 4, 5, 6, 7, 8, 10])


@dataclass
class Block:
    """Persons ``first`` … ``first + n - 1`` and the households they form.

    All arrays have one entry per person, those that begin with ``hh_`` one per household; ``household`` leads from one to the other.
    """

    number: int
    seed: int
    first: int
    n: int
    household: Ints = field(init=False)
    hh_type: Ints = field(init=False)
    hh_head: Ints = field(init=False)
    hh_size: Ints = field(init=False)
    hh_municipality: Ints = field(init=False)
    hh_start: Ints = field(init=False)
    child: npt.NDArray[np.bool_] = field(init=False)
    place: Ints = field(init=False)
    age: Ints = field(init=False)
    month: Ints = field(init=False)
    day: Ints = field(init=False)
    female: npt.NDArray[np.bool_] = field(init=False)
    country: Ints = field(init=False)
    origin: Ints = field(init=False)
    parents_abroad: Ints = field(init=False)
    planted: int = field(init=False)

    def __post_init__(self) -> None:
        rng = self.rng("population")
        # The planted persons open the first block; everybody after them is drawn.
        self.planted = PLANTED if self.number == 0 else 0
        self._households(rng)
        self._people(rng)
        self._origins(rng)
        if self.planted:
            self._plant()

    def rng(self, purpose: str) -> np.random.Generator:
        """Give a stream of its own for a purpose, so that one table's draws never shift another's."""
        words = [self.seed, self.number, *purpose.encode()]
        return np.random.Generator(np.random.SFC64(np.random.SeedSequence(words)))

    @property
    def ids(self) -> Ints:
        """Number of each person in the whole population."""
        return np.arange(self.first, self.first + self.n, dtype=np.int64)

    @property
    def household_ids(self) -> Ints:
        """Number of each household in the whole population."""
        return np.arange(len(self.hh_type), dtype=np.int64) + self.first

    @property
    def birth_year(self) -> Ints:
        """Year of birth."""
        return YEAR - self.age

    def _households(self, rng: np.random.Generator) -> None:
        kinds = rng.choice(8, size=self.n, p=_TYPES / _TYPES.sum())
        offspring = np.where((kinds >= 3) & (kinds <= 5), 1 + rng.choice(4, size=self.n, p=_CHILDREN), 0)
        sizes = _ADULTS[kinds] + offspring
        # Planted persons live alone; the last few persons of the block too, so that it comes out even.
        kinds[: self.planted], sizes[: self.planted] = 0, 1
        fits = int(np.searchsorted(np.cumsum(sizes), self.n, side="right"))
        left = self.n - int(sizes[:fits].sum())
        kinds, sizes = np.append(kinds[:fits], np.zeros(left, kinds.dtype)), np.append(sizes[:fits], np.ones(left, sizes.dtype))
        self.hh_type, self.hh_size = kinds.astype(np.int8), sizes.astype(np.int16)
        self.hh_head = np.append(0, np.cumsum(sizes)[:-1])
        self.household = np.repeat(np.arange(len(kinds)), sizes)
        weights = np.array([weight for _, _, weight in MUNICIPALITIES])
        self.hh_municipality = rng.choice(len(weights), size=len(kinds), p=weights / weights.sum()).astype(np.int16)
        # Days since 1970 on which the household began in its present form.
        self.hh_start = (np.datetime64("2023-12-31") - (rng.gamma(1.6, 2600, len(kinds)) + 30).astype(np.int64)).astype("datetime64[D]")
        self.hh_start = np.maximum(self.hh_start, np.datetime64("1995-01-01"))

    def _people(self, rng: np.random.Generator) -> None:
        kind = self.hh_type[self.household]
        position = np.arange(self.n) - self.hh_head[self.household]
        self.child = position >= _ADULTS[kind]
        mean, deviation = _HEAD_AGE[self.hh_type].T
        head_age = np.rint(rng.normal(mean, deviation))
        parent = (self.hh_type >= 3) & (self.hh_type <= 5)
        head_age = np.where(parent, np.clip(head_age, 20, 62), np.clip(head_age, 18, 104))
        adult = np.clip(head_age[self.household] + np.where(position > 0, np.rint(rng.normal(0, 3, self.n)), 0), 18, 104)
        nth = position - _ADULTS[kind]
        young = np.minimum(head_age[self.household] - rng.integers(22, 36, self.n) - 2 * nth, 27)
        # The children of the youngest parents would all be born this year: spread them.
        young = np.where(young < 0, rng.integers(0, 14, self.n), young)
        self.age = np.where(self.child, young, adult).astype(np.int16)
        self.month = rng.integers(1, 13, self.n).astype(np.int8)
        self.day = rng.integers(1, 29, self.n).astype(np.int8)
        self.female = rng.random(self.n, dtype=np.float32) < 0.503
        # Partners mostly are of different sex; single parents mostly are women.
        couple = (kind >= 1) & (kind <= 4)
        second = np.flatnonzero(couple & (position == 1) & (rng.random(self.n) < 0.98))
        self.female[second] = ~self.female[second - 1]
        alone = (kind == 5) & (position == 0)
        self.female[alone] = rng.random(int(alone.sum())) < 0.83
        self.place = np.where(self.child, 1, np.where((kind == 6) & (position > 0), 9, _PLACE[kind])).astype(np.int8)

    def _origins(self, rng: np.random.Generator) -> None:
        abroad = _FOREIGN / _FOREIGN.sum()
        heads = np.where(rng.random(len(self.hh_type)) < 0.17, rng.choice(len(abroad), size=len(self.hh_type), p=abroad), 0)
        own = heads[self.household]
        other = rng.random(self.n) < 0.15
        own = np.where(other, np.where(rng.random(self.n) < 0.12, rng.choice(len(abroad), size=self.n, p=abroad), 0), own)
        here = self.child & (rng.random(self.n) < 0.93)
        self.country = np.where(here, 0, own).astype(np.int8)
        second = (self.country == 0) & (rng.random(self.n) < np.where(self.child, 0.95, 0.08))
        source = np.where(self.child, heads[self.household], rng.choice(len(abroad), size=self.n, p=abroad))
        self.origin = np.where(self.country > 0, self.country, np.where(second, source, 0)).astype(np.int8)
        both = rng.random(self.n) < 0.6
        self.parents_abroad = np.where(self.country > 0, np.where(rng.random(self.n) < 0.94, 2, 0), np.where(self.origin > 0, 1 + both, 0)).astype(
            np.int8
        )

    def _plant(self) -> None:
        here = slice(0, self.planted)
        codes = [code for code, _, _ in COUNTRIES]
        self.age[here] = YEAR - np.array([person.born for person in PEOPLE])
        self.female[here] = [person.female for person in PEOPLE]
        self.country[here] = [codes.index(person.country) for person in PEOPLE]
        self.origin[here] = self.country[here]
        self.parents_abroad[here] = [person.parents_abroad for person in PEOPLE]
        # The youngest live with the council's guardians: a person alone in an "other" household.
        self.hh_type[here] = np.where(self.age[here] < 18, 6, 0)
        self.place[here] = np.where(self.age[here] < 18, 8, 2)
        self.hh_municipality[here] = 0
        self.hh_start[here] = np.datetime64("2015-06-01")
        self.child[here] = False
