"""What was found of several tables, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from ...domain.finding import Status
from ...domain.text import Text
from ..units import counted
from .side import LedgerFinding, Side
from .together import Outcome

MOST: Final = 20
"""Findings of one table with several others that are named; the rest is counted."""
MOST_TERMS: Final = 6
"""Cells of a sum that are written out."""

REMEDY: Final = Text(
    en="Use the population and the categories of the earlier table, suppress the same cells, or leave this table out.",
    nl="Gebruik de populatie en de categorieën van de eerdere tabel, onderdruk dezelfde cellen, of laat deze tabel weg.",
)
_LESS: Final = Text(
    en="Suppress this cell, merge its category with a neighbour, or use the population and categories of the earlier tables.",
    nl="Onderdruk deze cel, voeg haar categorie samen met een buur, of gebruik de populatie en de categorieën van de eerdere tabellen.",
)
_FEWER: Final = Text(
    en="Have fewer categories or dimensions, or explain in the form how secondary disclosure was checked.",
    nl="Neem minder categorieën of dimensies, of licht in het formulier toe hoe op secundaire onthulling is gecontroleerd.",
)
_CHANGED: Final = Text(
    en="Use the version of the data of the earlier table, or explain in the form what changed.",
    nl="Gebruik de versie van de gegevens van de eerdere tabel, of licht in het formulier toe wat er veranderd is.",
)


def told(number: int, new: Side, others: Sequence[Side], outcome: Outcome, said: Collection[int], least: int) -> list[LedgerFinding]:
    """Give the findings of a new table with several others.

    Parameters
    ----------
    number
        Of the new table.
    new, others
        As they were compared.
    outcome
        What was found.
    said
        Which of the others, from 1, give something unsafe away with the new table alone; that was said already.
    least
        Fewest units that may be told of.
    """
    sides = (new, *others)
    known = {frozenset({at}) for at in said}
    found: list[LedgerFinding] = []
    rows: set[int] = set()
    shown_by = {frozenset(cell.terms) for cell in outcome.uncovered}
    for one in sorted(outcome.sums, key=lambda one: (not one.exact, len(one.terms), one.units)):
        mine = [row for side, row, _ in one.terms if side == 0]
        if not mine or rows.intersection(mine) or _others(one.terms) in known or frozenset(one.terms) in shown_by:
            continue
        row = min(mine, key=lambda row: int(new.cells.n[row]))
        rows.add(row)
        few = counted(one.units, new.kept.meta.unit)
        names, formula = _names(sides, one.terms), _formula(sides, one.terms)
        most = ("", "") if one.exact else ("at most ", "hoogstens ")
        status = Status.UNSAFE if one.exact and one.subtracts else Status.REVIEW
        text = Text(
            en=f"{new.label(row, 'total')}: together with {names.en} a group of {most[0]}{few.en} can be calculated, as {formula.en}; "
            f"at least {least} are needed.",
            nl=f"{new.label(row, 'totaal')}: samen met {names.nl} is een groep van {most[1]}{few.nl} te berekenen, als {formula.nl}; "
            f"er zijn er minstens {least} nodig.",
        )
        found.append(LedgerFinding(number, row, status, text, _LESS))
    for cell in outcome.uncovered:
        side = sides[cell.side]
        if _others(cell.terms) in known:
            continue
        mine = [row for at, row, _ in cell.terms if at == 0]
        shown = cell.row if cell.side == 0 else min(mine, key=lambda row: int(new.cells.n[row]), default=None)
        names, formula = _names(sides, cell.terms), _formula(sides, cell.terms)
        there = ("", "") if cell.side == 0 else (f" in {side.kept.name.en}", f" in {side.kept.name.nl}")
        text = Text(
            en=f"{side.label(cell.row, 'total')}: suppressed{there[0]}, but it follows from this table and {names.en}, as {formula.en}.",
            nl=f"{side.label(cell.row, 'totaal')}:{there[1]} onderdrukt, maar te berekenen uit deze tabel en {names.nl}, als {formula.nl}.",
        )
        found.append(LedgerFinding(number, shown, Status.UNSAFE, text, REMEDY))
    if len(found) > MOST:
        more = len(found) - MOST
        rest = Text(en=f"And {more} more groups that several tables together give away.", nl=f"En nog {more} groepen die tabellen samen prijsgeven.")
        found = [*found[:MOST], LedgerFinding(number, None, found[0].status, rest, _LESS)]
    if not outcome.complete:
        text = Text(
            en=f"Not compared: not everything that this table and {len(others)} others together may give away could be calculated.",
            nl=f"Niet vergeleken: niet alles wat deze tabel en {len(others)} andere samen kunnen prijsgeven, kon worden berekend.",
        )
        found.append(LedgerFinding(number, None, Status.REVIEW, text, _FEWER))
    if outcome.contradictory:
        text = Text(
            en="The figures of this table and those of earlier ones cannot all be true of the same people: the data changed in between, "
            "and a difference may be those few that changed.",
            nl="De cijfers van deze tabel en die van eerdere kunnen niet alle waar zijn van dezelfde mensen: de gegevens zijn tussentijds veranderd, "
            "en een verschil kan juist die paar zijn die veranderden.",
        )
        found.append(LedgerFinding(number, None, Status.REVIEW, text, _CHANGED))
    return found


def _others(terms: Sequence[tuple[int, int, float]]) -> frozenset[int]:
    return frozenset(side for side, _, _ in terms if side)


def _names(sides: Sequence[Side], terms: Sequence[tuple[int, int, float]]) -> Text:
    """Name the other tables of a sum."""
    names = list(dict.fromkeys(sides[at].kept.name for at in dict.fromkeys(side for side, _, _ in terms) if at))
    if not names:
        return Text(en="others", nl="andere")
    more = len(names) - MOST_TERMS
    rest = [Text(en=f"{more} others", nl=f"{more} andere")] if more > 0 else []
    names = [*names[:MOST_TERMS], *rest]
    return Text(en=_listed([name.en for name in names], "and"), nl=_listed([name.nl for name in names], "en"))


def _listed(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _formula(sides: Sequence[Side], terms: Sequence[tuple[int, int, float]]) -> Text:
    """Write a sum out: what is added first."""
    ordered = sorted(terms, key=lambda term: (term[2] < 0, term[0]))
    en: list[str] = []
    nl: list[str] = []
    for at, row, factor in ordered[:MOST_TERMS]:
        sign = ("− " if factor < 0 else "+ ") if en else ("−" if factor < 0 else "")
        times = "" if abs(abs(factor) - 1) < 1e-9 else f"{abs(factor):g} × "
        side = sides[at]
        here = Text(en="here", nl="hier") if at == 0 else side.kept.name
        en.append(f"{sign}{times}“{side.label(row, 'total')}” ({here.en})")
        nl.append(f"{sign}{times}“{side.label(row, 'totaal')}” ({here.nl})")
    if len(ordered) > MOST_TERMS:
        en.append(f"… and {len(ordered) - MOST_TERMS} more cells")
        nl.append(f"… en nog {len(ordered) - MOST_TERMS} cellen")
    return Text(en=" ".join(en), nl=" ".join(nl))
