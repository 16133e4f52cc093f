"""Why a statistic other than a count, sum, mean or median is not safe, and what to do about it, in both languages."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .cells import Cells
from .rules.base import Question
from .units import counted, plural


class Reason(NamedTuple):
    """Why, after the name of the cell, and the remedy; the remedy is None where merging or suppressing is all there is."""

    en: str
    nl: str
    remedy: tuple[str, str] | None = None


class Reasons:
    """Explain reason codes on the cells of one table.

    Parameters
    ----------
    cells
        The table.
    question
        Statistic, thresholds and what was asked.
    unit
        What ``n`` counts.
    """

    def __init__(self, cells: Cells, question: Question, unit: str) -> None:
        self.cells = cells
        self.question = question
        self.unit = unit
        self._codes: dict[str, Callable[[int], Reason]] = {
            "few_degrees_of_freedom": self._dof,
            "few_on_each_side": self._sides,
            "extreme_value": self._extreme,
            "few_extremes": self._few_extremes,
            "extremes_overlap": self._overlap,
            "edge_is_extreme": self._edge,
            "largest_institution": self._largest_institution,
            "remainder_too_small": self._remainder,
            "hundred_percent": self._hundred,
            "zero_percent": self._zero,
            "nobody_in_some": self._nobody_in_some,
            "mode_share": self._mode_share,
            "few_with_mode": self._few_with_mode,
            "no_variation": self._no_variation,
            "few_in_step": self._few_in_step,
            "few_events": self._few_events,
            "advisory_extreme": self._advisory_extreme,
            "not_rounded": self._not_rounded,
        }

    def __contains__(self, code: str) -> bool:
        return code in self._codes

    def __call__(self, code: str, row: int) -> Reason:
        """Explain one cell."""
        return self._codes[code](row)

    def _n(self, row: int) -> int:
        return int(self.cells.n[row])

    def _dof(self, row: int) -> Reason:
        units, least = counted(self._n(row), self.unit), self.question.profile.min_dof
        return Reason(
            f"{units.en} leave {max(0, self._n(row) - 1)} degrees of freedom, at least {least} are needed.",
            f"{units.nl} geven {max(0, self._n(row) - 1)} vrijheidsgraden, er zijn er minstens {least} nodig.",
        )

    def _sides(self, row: int) -> Reason:
        units, least = counted(self._n(row), self.unit), self.question.profile.each_side
        if self.question.statistic == "median":
            return Reason(
                f"a median of {units.en}; at least {least} are needed on each side of it, {2 * least} in all.",
                f"een mediaan van {units.nl}; aan weerszijden zijn er minstens {least} nodig, samen {2 * least}.",
            )
        low, high = self.cells.below[row], self.cells.above[row]
        which = self.question.spec.percentile if self.question.spec is not None else None
        name = "percentile" if which is None else f"p{which * 100:g}"
        few = "–" if math.isnan(low) or math.isnan(high) else f"{int(min(low, high))}"
        return Reason(
            f"on one side of the {name} of {units.en} there are only {few}; at least {least} are needed on each side.",
            f"aan één kant van {name} van {units.nl} liggen er maar {few}; aan weerszijden zijn er minstens {least} nodig.",
            self._nearest_percentile(row, least),
        )

    def _nearest_percentile(self, row: int, least: int) -> tuple[str, str] | None:
        """Name the percentiles that so many units allow, in whole per cents."""
        n = self._n(row)
        lowest = next((p for p in range(1, 51) if min(_sides(n, p / 100)) >= least), None)
        if lowest is None:
            return None
        upto = 100 - lowest
        return (
            f"Ask for a percentile from p{lowest} to p{upto}, which so many units allow, or suppress the cell.",
            f"Vraag een percentiel van p{lowest} tot en met p{upto}, waarvoor dit aantal genoeg is, of onderdruk de cel.",
        )

    def _extreme(self, row: int) -> Reason:
        lowest = self.question.statistic == "min"
        least = self.question.profile.min_frequency
        instead = "mean_lowest" if lowest else "mean_highest"
        enough = self._n(row) >= 2 * least
        remedy = (
            f"Ask for the mean of the {least} {'lowest' if lowest else 'highest'} instead: statistic='{instead}'.",
            f"Vraag in plaats daarvan het gemiddelde van de {least} {'laagste' if lowest else 'hoogste'}: statistic='{instead}'.",
        )
        return Reason(
            f"a {'minimum' if lowest else 'maximum'} is the value of one of the {plural(self.unit).en}.",
            f"een {'minimum' if lowest else 'maximum'} is de waarde van één van de {plural(self.unit).nl}.",
            remedy if enough else None,
        )

    def _few_extremes(self, row: int) -> Reason:
        least, used = self.question.profile.min_frequency, self.cells.used[row]
        units = counted(0 if math.isnan(used) else int(used), self.unit)
        remedy = (f"Take at least {least}: extremes={least}.", f"Neem er minstens {least}: extremes={least}.")
        return Reason(
            f"a mean of the extremes of {units.en}, at least {least} are needed.",
            f"een gemiddelde van de uitersten van {units.nl}, er zijn er minstens {least} nodig.",
            remedy if self._n(row) >= 2 * least else None,
        )

    def _overlap(self, row: int) -> Reason:
        used = int(self.cells.used[row])
        units, most, least = counted(self._n(row), self.unit), self._n(row) // 2, self.question.profile.min_frequency
        remedy = (f"Take at most {most}: extremes={most}.", f"Neem er hoogstens {most}: extremes={most}.") if most >= least else None
        return Reason(
            f"{used} of {units.en} are more than half, so that the lowest and the highest overlap and the rest is few.",
            f"{used} van {units.nl} is meer dan de helft, zodat de laagste en de hoogste overlappen en de rest klein is.",
            remedy,
        )

    def _edge(self, row: int) -> Reason:
        rows = int(self.cells.ties[row])
        return Reason(
            f"the outer edge of this bin is the extreme of the data, which {rows} {'row has' if rows == 1 else 'rows have'}.",
            f"de buitengrens van deze klasse is het uiterste van de gegevens, dat {rows} {'rij heeft' if rows == 1 else 'rijen hebben'}.",
            ("Let the edges be chosen, e.g. bins=20, or take round ones beyond the data.",
             "Laat de grenzen kiezen, bijvoorbeeld bins=20, of neem ronde grenzen buiten de gegevens."),
        )  # fmt: skip

    def _largest_institution(self, row: int) -> Reason:
        share = f"{(self.question.profile.institution_max_share or 0) * 100:g} %"
        return Reason(
            f"one institution makes up too much of the total; the largest must stay below {share}.",
            f"één instelling maakt een te groot deel van het totaal uit; de grootste moet onder {share} blijven.",
            ("Merge it with categories of other institutions, or suppress the cell.",
             "Voeg hem samen met categorieën van andere instellingen, of onderdruk de cel."),
        )  # fmt: skip

    def _remainder(self, row: int) -> Reason:
        return Reason(
            "beside the two largest contributors too little is left: the second could estimate the largest too closely.",
            "naast de twee grootste bijdragen blijft te weinig over: de tweede kan de grootste te nauwkeurig schatten.",
        )

    def _hundred(self, row: int) -> Reason:
        return Reason(
            f"100 % of its base: it says of all {plural(self.unit).en} in it that they belong here.",
            f"100 % van de basis: het zegt van alle {plural(self.unit).nl} daarin dat ze hierbij horen.",
        )

    def _zero(self, row: int) -> Reason:
        return Reason(
            f"0 % of its base: it says of all {plural(self.unit).en} in it that they have nothing here.",
            f"0 % van de basis: het zegt van alle {plural(self.unit).nl} daarin dat ze hier niets hebben.",
        )

    def _nobody_in_some(self, row: int) -> Reason:
        units = counted(self._n(row), self.unit)
        return Reason(
            f"in some categories there is nobody; an empty cell says of {units.en} that they are not in it, as 0 % would.",
            f"in sommige categorieën zit niemand; een lege cel zegt van {units.nl} dat zij er niet in zitten, net als 0 %.",
            (
                "Merge those categories with others, or explain in the form why this can be published.",
                "Voeg die categorieën samen met andere, of licht in het formulier toe waarom dit naar buiten kan.",
            ),
        )

    def _mode_share(self, row: int) -> Reason:
        most = f"{self.question.profile.mode_max_share * 100:g} %"
        return Reason(
            f"more than {most} have this one value; of whoever is known to be in the group the value is known.",
            f"meer dan {most} heeft deze ene waarde; van wie tot de groep behoort is de waarde dus bekend.",
        )

    def _few_with_mode(self, row: int) -> Reason:
        rows, least = self.cells.ties[row], self.question.profile.min_frequency
        few = 0 if math.isnan(rows) else int(rows)
        return Reason(
            f"only {few} have the most frequent value, at least {least} are needed.",
            f"maar {few} hebben de meest voorkomende waarde, er zijn er minstens {least} nodig.",
            ("Ask for the median, or for the mode of rounded values.", "Vraag de mediaan, of de modus van afgeronde waarden."),
        )

    def _no_variation(self, row: int) -> Reason:
        if self.question.statistic == "correlation":
            return Reason(
                "the correlation is 1 or -1: who knows one value of a unit knows the other.",
                "de correlatie is 1 of -1: wie de ene waarde van een eenheid kent, kent de andere.",
            )
        return Reason("the spread is 0: all have the same value.", "de spreiding is 0: allemaal hebben ze dezelfde waarde.")

    def _few_in_step(self, row: int) -> Reason:
        units, least = counted(self._n(row), self.unit), self.question.profile.per_step
        if self.question.statistic == "survival":
            remedy: tuple[str, str] | None = (
                "Use wider steps, width=…, or end the curve before it.",
                "Gebruik bredere stappen, width=…, of laat de curve eerder eindigen.",
            )
        else:
            line = self.cells.line_keys(len(self.cells.sizes) - 1)
            most = int(self.cells.n[(line == line[row]) & ~self.cells.is_total(len(self.cells.sizes) - 1)].sum()) // least
            remedy = (f"Use fewer steps: steps={most}.", f"Gebruik minder stappen: steps={most}.") if most >= 2 else None
        return Reason(
            f"{units.en} in this step, at least {least} are needed.", f"{units.nl} in deze stap, er zijn er minstens {least} nodig.", remedy
        )

    def _few_events(self, row: int) -> Reason:
        events, least = self.cells.events[row], self.question.profile.per_step
        few = 0 if math.isnan(events) else int(events)
        return Reason(
            f"{few} {'event' if few == 1 else 'events'} in this step, at least {least} are needed.",
            f"{few} {'gebeurtenis' if few == 1 else 'gebeurtenissen'} in deze stap, er zijn er minstens {least} nodig.",
            ("Use wider steps, so that each holds enough events: width=…", "Gebruik bredere stappen, met genoeg gebeurtenissen in elk: width=…"),
        )

    def _advisory_extreme(self, row: int) -> Reason:
        share = f"{(self.question.profile.extreme_max_share or 0) * 100:g} %"
        return Reason(
            f"one contributor is more than {share} of the sum, which for these data is advised against.",
            f"één bijdrage is meer dan {share} van de som, wat voor deze gegevens wordt afgeraden.",
            ("Publish the median, or explain in the form why it can be published.",
             "Publiceer de mediaan, of licht in het formulier toe waarom dit naar buiten kan."),
        )  # fmt: skip

    def _not_rounded(self, row: int) -> Reason:
        base, value = self.question.profile.advisory_rounding or 1, float(self.cells.value[row])
        rounded = math.floor(value / base + 0.5) * base
        return Reason(
            f"for these data counts are advised to be rounded to multiples of {base}.",
            f"voor deze gegevens wordt aangeraden tellingen af te ronden op veelvouden van {base}.",
            (f"Round the table to {base}: {value:.12g} becomes {rounded}.", f"Rond de tabel af op {base}: {value:.12g} wordt {rounded}."),
        )


def _sides(n: int, percentile: float) -> tuple[int, int]:
    """Give the units on the low and the high side of a percentile of n distinct values."""
    at = (n - 1) * percentile
    low = math.floor(at + 1e-9)
    between = at - low > 1e-9
    return (low + 1 if between else low), n - low - 1
