"""What a reader is told of a cell that is not safe: what it is, why, and what to do.

Counts of units are named; figures of concentration (shares of the largest contributor) never are, since texts travel with reports.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..domain.text import Text
from .cells import Cells, Ints
from .reasons import Reasons
from .rules.base import Question, Ruling
from .units import counted, plural

MAX_MERGED = 4
"""Categories that are named at most as ones to merge a small one with; more is another classification."""

_EXPLAINABLE = frozenset(
    {
        "negative_contributions",
        "largest_contributor_not_established",
        "all_zero",
        "advisory_few_units",
        "all_but_one",
        "no_variation",
        "institutions_not_counted",
    }
)

MAX_AWAY = 12
"""Places in a code list among which they are looked for; categories without anybody lie between."""


class _Pair(NamedTuple):
    """A text in the making; a table has thousands of them, so they become :class:`Text` only when they are finished."""

    en: str
    nl: str

    def finished(self) -> Text:
        return Text.model_construct(en=self.en, nl=self.nl)


class Explainer:
    """Write text and remedy of rulings on the cells of one table.

    Parameters
    ----------
    cells
        The table.
    question
        Statistic and thresholds.
    unit
        What ``n`` counts.
    """

    def __init__(self, cells: Cells, question: Question, unit: str) -> None:
        self.cells = cells
        self.question = question
        self.unit = unit
        self._n: list[int] = cells.n.tolist()
        self._totals: list[list[bool]] = [cells.is_total(i).tolist() for i in range(len(cells.sizes))]
        self._reasons = Reasons(cells, question, unit)
        self._neighbours: dict[tuple[int, int], Ints] = {}
        self._why: dict[str, Callable[[int, Ruling], _Pair]] = {
            "too_few_units": self._too_few,
            "units_not_established": self._too_few,
            "few_institutions": self._few_institutions,
            "institutions_not_counted": self._institutions_unknown,
            "largest_contributor": self._largest,
            "largest_contributor_not_established": self._largest_unknown,
            "negative_contributions": self._negative,
            "share_of_group": self._share,
            "all_but_one": self._all_but_one,
            "all_zero": self._all_zero,
            "advisory_few_units": self._advisory,
            "rounded_too_finely": self._rounded_too_finely,
        }

    def __call__(self, row: int, ruling: Ruling) -> tuple[Text, Text]:
        """Give text and remedy for one cell."""
        name = self._name(row)
        if ruling.code in self._reasons:
            en, nl, remedy = self._reasons(ruling.code, row)
            what = _Pair(*remedy) if remedy is not None else self._remedy(row, ruling)
            return _Pair(f"{name.en}: {en}", f"{name.nl}: {nl}").finished(), what.finished()
        why = self._why[ruling.code](row, ruling)
        return _Pair(f"{name.en}: {why.en}", f"{name.nl}: {why.nl}").finished(), self._remedy(row, ruling).finished()

    # ---------------------------------------------------------------------------------------------- names

    def _name(self, row: int) -> _Pair:
        labels = self.cells.labels(row)
        if not any(label is not None for label in labels):
            return _Pair("Total", "Totaal")
        return _Pair(
            " · ".join("total" if label is None else label for label in labels),
            " · ".join("totaal" if label is None else label for label in labels),
        )

    def _label(self, row: int, dimension: int) -> str:
        return self.cells.dimensions[dimension].categories[int(self.cells.codes[row, dimension])].label

    # ---------------------------------------------------------------------------------------------- why

    def _too_few(self, row: int, ruling: Ruling) -> _Pair:
        units = counted(self._n[row], self.unit)
        least = self.question.profile.min_frequency
        if ruling.code == "units_not_established":
            return _Pair(
                f"at least {units.en} were counted, and it could not be established that there are {least}.",
                f"er zijn minstens {units.nl} geteld, en dat het er {least} zijn is niet vast te stellen.",
            )
        return _Pair(f"{units.en}, at least {least} are needed.", f"{units.nl}, er zijn er minstens {least} nodig.")

    def _few_institutions(self, row: int, ruling: Ruling) -> _Pair:
        count = counted(int(self.cells.institutions[row]), "institution")
        least = self.question.profile.min_institutions
        return _Pair(f"{count.en} contribute, at least {least} are needed.", f"bijdragen van {count.nl}, er zijn er minstens {least} nodig.")

    def _institutions_unknown(self, row: int, ruling: Ruling) -> _Pair:
        least = self.question.profile.min_institutions
        return _Pair(
            f"at least {least} institutions must contribute, and they were not counted.",
            f"er moeten minstens {least} instellingen bijdragen, en die zijn niet geteld.",
        )

    def _limit(self) -> str:
        return f"{self.question.profile.dominance_max_share * 100:g} %"

    def _largest(self, row: int, ruling: Ruling) -> _Pair:
        strictly = self.question.profile.dominance_comparator == ">="
        return _Pair(
            f"one contributor makes up too much of the total; the largest must stay {'below' if strictly else 'at or below'} {self._limit()}.",
            f"één bijdrage maakt een te groot deel van het totaal uit; de grootste moet {'onder' if strictly else 'op of onder'} "
            f"{self._limit()} blijven.",
        )

    def _largest_unknown(self, row: int, ruling: Ruling) -> _Pair:
        return _Pair(
            f"it could not be established that the largest contributor stays below {self._limit()} of the total.",
            f"niet is vast te stellen dat de grootste bijdrage onder {self._limit()} van het totaal blijft.",
        )

    def _negative(self, row: int, ruling: Ruling) -> _Pair:
        return _Pair(
            "there are negative amounts among the contributions, so shares of the total do not say who dominates.",
            "er zijn negatieve bedragen bij, zodat aandelen in het totaal niet zeggen wie domineert.",
        )

    def _share(self, row: int, ruling: Ruling) -> _Pair:
        most = f"{self.question.profile.group_max_share * 100:g} %"
        group = self._group(row, ruling)
        return _Pair(
            f"more than {most} of {group.en} is in this one category; whoever is known to belong to it is known to have it.",
            f"meer dan {most} van {group.nl} zit in deze ene categorie; van wie daarbij hoort is de categorie dus bekend.",
        )

    def _all_but_one(self, row: int, ruling: Ruling) -> _Pair:
        units = plural(self.unit)
        group = self._group(row, ruling)
        return _Pair(
            f"all {units.en} of {group.en} but one are in this category; that one learns it of all others.",
            f"alle {units.nl} van {group.nl} op één na zitten in deze categorie; die ene weet het daarmee van alle anderen.",
        )

    def _group(self, row: int, ruling: Ruling) -> _Pair:
        along = ruling.dimension
        others = [self._label(row, i) for i in range(len(self.cells.sizes)) if i != along and not self._totals[i][row]]
        above = None if along is None else self.cells.parent_label(row, along)
        if above is not None:
            others.append(above)
        if not others:
            return _Pair("the whole table", "de hele tabel")
        name = " · ".join(others)
        return _Pair(f"‘{name}’", f"‘{name}’")

    def _all_zero(self, row: int, ruling: Ruling) -> _Pair:
        units = counted(self._n[row], self.unit)
        return _Pair(
            f"the total of {units.en} is 0, which says that each of them has 0.",
            f"het totaal van {units.nl} is 0, wat zegt dat ieder van hen 0 heeft.",
        )

    def _advisory(self, row: int, ruling: Ruling) -> _Pair:
        units = counted(self._n[row], self.unit)
        least = self.question.profile.advisory_min_frequency
        return _Pair(
            f"{units.en}; for these data {least} are advised.",
            f"{units.nl}; voor deze gegevens worden er {least} aangeraden.",
        )

    def _rounded_too_finely(self, row: int, ruling: Ruling) -> _Pair:
        least = self.question.profile.min_frequency
        return _Pair(
            f"the rounded count still tells that there are fewer than {least} {plural(self.unit).en}.",
            f"de afgeronde telling verraadt nog steeds dat het er minder dan {least} zijn.",
        )

    # ---------------------------------------------------------------------------------------------- what to do

    def _remedy(self, row: int, ruling: Ruling) -> _Pair:
        if ruling.code in _EXPLAINABLE:
            return _Pair(
                "Explain in the form why it can be published, or suppress the cell.",
                "Licht in het formulier toe waarom dit naar buiten kan, of onderdruk de cel.",
            )
        if ruling.code == "few_institutions":
            least = self.question.profile.min_institutions
            return _Pair(
                f"Merge it with other categories until {least} institutions contribute, or suppress the cell.",
                f"Voeg hem samen met andere categorieën tot er {least} instellingen bijdragen, of onderdruk de cel.",
            )
        if ruling.code == "rounded_too_finely":
            least = self.question.profile.min_frequency
            return _Pair(f"Round to a base of {least} or more.", f"Rond af op een basis van {least} of meer.")
        if ruling.code in ("share_of_group", "hundred_percent", "zero_percent", "mode_share"):
            return self._suppress(row)
        merge = self._merge(row, ruling)
        if merge is not None:
            return _Pair(f"{merge.en}, or suppress the cell.", f"{merge.nl}, of onderdruk de cel.")
        return self._suppress(row)

    def _suppress(self, row: int) -> _Pair:
        inner = [i for i in range(len(self.cells.sizes)) if not self._totals[i][row]]
        if len(inner) > 1:
            label = self.cells.dimensions[inner[-1]].label
            return _Pair(f"Suppress the cell, or leave out ‘{label}’.", f"Onderdruk de cel, of laat ‘{label}’ weg.")
        return _Pair("Suppress the cell, or choose a larger population.", "Onderdruk de cel, of kies een grotere populatie.")

    def _merge(self, row: int, ruling: Ruling) -> _Pair | None:
        """Name the categories next to this one that solve it together: as few as do, under the same total; None when none do.

        Merging all categories that hold anything gives the total, which is no merge. Contributors of different categories are taken to
        be different units, as everywhere in a table with one row per unit; the merged table is judged again anyway.
        """
        best: tuple[tuple[int, int, int], int, list[int]] | None = None
        for dimension in range(len(self.cells.sizes)):
            if self._totals[dimension][row]:
                continue
            before, after = self._beside(row, dimension, -1), self._beside(row, dimension, 1)
            for size in range(1, MAX_MERGED + 1):
                if best is not None and size > best[0][0]:
                    break
                for left in range(size + 1):
                    right = size - left
                    if left > len(before) or right > len(after) or (left == len(before) and right == len(after)):
                        continue
                    others = [*reversed(before[:left]), *after[:right]]
                    together = self._n[row] + sum(self._n[other] for other in others)
                    rank = (size, together, dimension)
                    if (best is None or rank < best[0]) and self._suffices(row, others, ruling):
                        best = rank, dimension, others
        if best is None:
            return None
        _, dimension, others = best
        mine, theirs = self._label(row, dimension), [f"‘{self._label(other, dimension)}’" for other in others]
        return _Pair(f"Merge ‘{mine}’ with {_listed(theirs, 'and')}", f"Voeg ‘{mine}’ samen met {_listed(theirs, 'en')}")

    def _beside(self, row: int, dimension: int, step: int) -> list[int]:
        """Give the nearest cells that hold anything on one side, one more than are ever merged."""
        found: list[int] = []
        for away in range(1, min(MAX_AWAY, self.cells.sizes[dimension]) + 1):
            place = (dimension, step * away)
            if place not in self._neighbours:
                self._neighbours[place] = self.cells.neighbours(*place)
            other = int(self._neighbours[place][row])
            if other >= 0 and self._n[other]:
                found.append(other)
                if len(found) > MAX_MERGED:
                    break
        return found

    def _suffices(self, row: int, others: Sequence[int], ruling: Ruling) -> bool:
        members = [row, *others]
        if ruling.code == "largest_contributor":
            total = float(self.cells.abs_total[members].sum())
            tops = np.nan_to_num(np.concatenate([self.cells.top1[members], self.cells.top2[members]]))
            units = self.question.profile.dominance_units
            # of more than two units only the largest are known, which bound the others
            largest = float(np.sort(tops)[-units:].sum()) if units <= 2 else units * float(tops.max())
            return largest < self.question.profile.dominance_max_share * total
        if ruling.code == "remainder_too_small":
            total = float(self.cells.abs_total[members].sum())
            two = sorted(float(v) for v in [*self.cells.top1[members], *np.nan_to_num(self.cells.top2[members])])[-2:]
            return total - sum(two) >= max(self.question.profile.remainder_shares) * two[-1]
        return sum(self._n[member] for member in members) >= self._needed(ruling)

    def _needed(self, ruling: Ruling) -> int:
        """Give how many units a merged cell needs."""
        profile, spec = self.question.profile, self.question.spec
        if ruling.code == "few_degrees_of_freedom":
            return max(profile.min_frequency, profile.min_dof + 1)
        if ruling.code == "few_on_each_side":
            tail = 0.5 if spec is None or spec.percentile is None else min(spec.percentile, 1 - spec.percentile)
            return max(profile.min_frequency, math.ceil(profile.each_side / tail - 1e-9) + (tail != 0.5))
        if ruling.code in ("extreme_value", "few_extremes", "extremes_overlap"):
            return 2 * profile.min_frequency
        return profile.min_frequency


def _listed(names: Sequence[str], last: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
