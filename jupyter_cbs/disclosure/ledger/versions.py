"""Versions of one data set: ``GBAPERSOON2023TABV1`` and ``GBAPERSOON2023TABV2`` hold the same people, but for a few.

The same table of both tells of those few: who was added, left out or corrected. Who that was is seldom known, so that it is for review.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...domain.finding import Status
from ...domain.text import Text
from ..units import counted
from .filters import Lies, normal_text
from .side import LedgerFinding, Side

_VERSION = re.compile(r"(?:[-_ .]?V(?:ERSIE|ERSION)?[-_ .]?\d+(?:\.\d+)*|[-_ .]?(?:(?:NADER[-_ ]?)?VOORLOPIG|DEFINITIEF|PRELIMINARY|DEFINITIVE))+$")


def stem(source: str) -> str:
    """Give the name of a data set without its version, in capitals; the year stays.

    The name's grammar is that of the catalogue: ``<NAME><JJJJ><TAB|BUS>V<n>``, also ``V<JJJJMM><n>``, with an ending or not.
    """
    name = re.sub(r"\.(?:sav|csv|parquet|dta|asc|txt)$", "", source.strip(), flags=re.IGNORECASE).upper()
    return _VERSION.sub("", name) or name


def stems(sources: Iterable[str]) -> frozenset[str]:
    """Give the names of some data sets without their versions."""
    return frozenset(map(stem, sources))


_REMEDY = Text(
    en="Make the table of the version that was released before, or explain in the form what changed between the versions, and for how many.",
    nl="Maak de tabel van de versie die eerder is vrijgegeven, of licht in het formulier toe wat er tussen de versies veranderde, en voor hoeveel.",
)


def other_version(number: int, new: Side, old: Side, least: int) -> LedgerFinding | None:
    """Compare a table with the same one of another version of its data.

    Parameters
    ----------
    number
        Of the new table.
    new, old
        Tables of the same kind of unit in versions of the same data.
    least
        Fewest units a difference may stand for.

    Returns
    -------
    LedgerFinding or None
        One for all cells, at the one with the smallest difference; None where no cell of both differs by few units, or holds another value of as
        many units.
    """
    mine, theirs = new.kept.meta, old.kept.meta
    same = (mine.statistic, normal_text(mine.spec.values or ""), mine.rounding) == (
        theirs.statistic,
        normal_text(theirs.spec.values or ""),
        theirs.rounding,
    )
    if not same or new.filter.lies(old.filter) not in (Lies.SAME, Lies.INSIDE, Lies.AROUND) or set(mine.sources) == set(theirs.sources):
        return None
    there = old.by_codes()
    pairs = [(row, there[codes]) for codes, row in new.by_codes().items() if codes in there and new.shown[row] and old.shown[there[codes]]]
    few: list[tuple[int, int]] = []
    for row, other in pairs:
        apart = abs(int(new.cells.n[row]) - int(old.cells.n[other]))
        changed = abs(float(new.cells.value[row]) - float(old.cells.value[other])) > 1e-9 * max(1.0, abs(float(old.cells.value[other])))
        if 0 < apart < least or (apart == 0 and changed):
            few.append((apart, row))
    if not few:
        return None
    apart, row = min(few, key=lambda one: (one[0] == 0, one))
    units = counted(apart, mine.unit)
    versions = ", ".join(sorted(mine.sources)), ", ".join(sorted(theirs.sources))
    by = (
        Text(en=f"by {units.en}", nl=f"{units.nl}")
        if apart
        else Text(en="in value while the number of units is the same", nl="in waarde bij een gelijk aantal eenheden")
    )
    cells = Text(en="1 cell", nl="1 cel") if len(few) == 1 else Text(en=f"{len(few)} cells", nl=f"{len(few)} cellen")
    text = Text(
        en=f"{new.label(row, 'total')}: made of {versions[0]}, and {old.kept.name.en} of {versions[1]}. Both versions together tell in {cells.en} of "
        f"fewer than {least} that were added, left out or corrected; this one differs {by.en}.",
        nl=f"{new.label(row, 'totaal')}: gemaakt van {versions[0]}, en {old.kept.name.nl} van {versions[1]}. Samen vertellen zij in {cells.nl} "
        f"van minder dan {least} die zijn toegevoegd, weggelaten of gecorrigeerd; "
        f"deze verschilt {by.nl}.",
    )
    return LedgerFinding(number, row, Status.REVIEW, text, _REMEDY)
