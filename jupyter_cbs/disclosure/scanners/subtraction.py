"""Withheld counts of a finished table that follow from its totals: by subtraction in one line, or by all lines together.

What is withheld is not in the file, so any table that fits what is printed stands in for the true one: a cell that can be calculated has the same
value in all of them, and so has the sum of the withheld cells of a line. Source: design disclosure.md, Secondary disclosure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from ...domain.finding import Rule, Status
from ...domain.text import Text
from .report import Report
from .sheet import Block, Column
from .values import is_suppressed

if TYPE_CHECKING:
    from ..relations.problem import TableProblem

Place = tuple[int, Column]
"""A cell: the row in the block's body, and its column."""
Line = tuple[Sequence[Place], Sequence[Place]]
"""Cells, and the cells that hold their total."""

MOST: Final = 2_000
"""Withheld cells of one table that are attacked together; beyond, each line is looked at by itself."""
WHOLE: Final = 1e-6
"""A double this near to a whole number is taken for one."""

_REMEDY = Text(
    en="Withhold another cell of its row and of its column too, or leave the total out; ws.table(…).suppress() chooses them.",
    nl="Onderdruk in de rij en in de kolom nog een cel, of laat het totaal weg; ws.table(…).suppress() kiest ze.",
)
_LEFT_OUT = Text(
    en="Give the total of the cells that are shown, or take the missing category together with another.",
    nl="Geef het totaal van de getoonde cellen, of voeg de ontbrekende categorie samen met een andere.",
)
ROUNDED: Final = 5
"""Counts that are all multiples of it are rounded."""


def check(block: Block, lines: Iterable[Line], report: Report, basis: Literal["declared", "found"]) -> None:
    """Report withheld counts that can be calculated.

    Parameters
    ----------
    block
        The table.
    lines
        Its lines of counts; only those with one total say something.
    report
        Takes the findings.
    basis
        How the counts are known.
    """
    known = [(cells, totals[0]) for cells, totals in lines if len(totals) == 1 and len(cells) > 1]
    known = [line for line in known if all(_value(place) is not None or _is_open(place) for place in (*line[0], line[1]))]
    complete = [line for line in known if not any(map(_is_open, (*line[0], line[1])))]
    _left_out(block, complete, report, basis)
    if any(sum(_value(place) or 0 for place in cells) != _value(total) for cells, total in complete):
        return  # its totals are no sums, as where one unit counts in several categories
    broken = [line for line in known if line not in complete]
    if len({_name(place) for cells, total in broken for place in (*cells, total) if _is_open(place)}) > MOST:
        broken = [line for line in broken if sum(map(_is_open, (*line[0], line[1]))) == 1]
    if not broken:
        return
    problem = _problem(broken)
    if problem is None:
        return
    _tell(block, broken, problem, report, basis)


def _left_out(block: Block, lines: Sequence[tuple[Sequence[Place], Place]], report: Report, basis: Literal["declared", "found"]) -> None:
    """Report a total that is a few more than its cells: a category that is not shown has so many. Rounded counts differ by themselves."""
    least = report.context.profile.min_frequency
    for cells, total in lines:
        values = [value for place in (*cells, total) if (value := _value(place)) is not None]
        rest = values[-1] - sum(values[:-1])
        if not 0 < rest < least or rest != int(rest) or all(value % ROUNDED == 0 for value in values):
            continue
        text = Text(
            en=f"The total is {rest:g} more than the cells: a category that is not shown has fewer than {least} units.",
            nl=f"Het totaal is {rest:g} meer dan de cellen: een categorie die er niet staat heeft minder dan {least} eenheden.",
        )
        report.add(Rule.SECONDARY, Status.REVIEW, text, _LEFT_OUT, block.where(total[0], total[1].index), basis)


def _tell(
    block: Block, lines: Sequence[tuple[Sequence[Place], Place]], problem: TableProblem, report: Report, basis: Literal["declared", "found"]
) -> None:
    from ..relations.attack import verdict
    from ..relations.audit import unions

    least = report.context.profile.min_frequency
    places = {_name(place): place for cells, total in lines for place in (*cells, total)}
    exact = verdict(problem).exact
    for name in exact:
        row, column = places[name]
        small = 0 < problem.cells[name] < least
        if not small and (problem.cells[name] == 0 or not column.cells[row]):
            continue  # an empty cell that stands for nobody, or for many, hides nothing
        text = Text(
            en="This cell is withheld, but it follows from the total and the other cells"
            + (f": fewer than {least} units." if small else "; what it was withheld for is known then too."),
            nl="Deze cel is onderdrukt, maar volgt uit het totaal en de andere cellen"
            + (f": minder dan {least} eenheden." if small else "; waarvoor zij is onderdrukt, is dan ook bekend."),
        )
        report.add(Rule.SECONDARY, Status.UNSAFE if small else Status.REVIEW, text, _REMEDY, block.where(row, column.index), basis)
    for union in unions(problem, least, exact):
        row, column = places[union.cells[0]]
        text = Text(
            en=f"The {len(union.cells)} withheld cells of this line are together fewer than {least} units, which follows from the total.",
            nl=f"De {len(union.cells)} onderdrukte cellen van deze regel zijn samen minder dan {least} eenheden; dat volgt uit het totaal.",
        )
        report.add(Rule.UNION, Status.UNSAFE, text, _REMEDY, block.where(row, column.index), basis)


def _problem(lines: Sequence[tuple[Sequence[Place], Place]]) -> TableProblem | None:
    """Make the table problem of lines with withheld cells; None where no table fits, for then the total is no sum of counts."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    from ...domain.errors import Invalid
    from ..relations.problem import TableProblem

    index: dict[str, int] = {}
    entries: list[tuple[int, int, float]] = []
    rest = np.zeros(len(lines))
    cells: dict[str, float] = {}
    for at, (parts, total) in enumerate(lines):
        for place, sign in [(part, 1.0) for part in parts] + [(total, -1.0)]:
            value = _value(place)
            if value is None:
                entries.append((at, index.setdefault(_name(place), len(index)), sign))
            else:
                cells[_name(place)] = value
                rest[at] -= sign * value
    matrix = np.array(entries)
    equations = csr_array((matrix[:, 2], (matrix[:, 0].astype(int), matrix[:, 1].astype(int))), shape=(len(lines), len(index)))
    fitting = linprog(np.zeros(len(index)), A_eq=equations, b_eq=rest, method="highs")
    if fitting.status != 0:
        return None
    for name, column in index.items():
        value = float(fitting.x[column])
        cells[name] = float(round(value)) if abs(value - round(value)) < WHOLE else value
    try:
        return TableProblem(
            cells=cells,
            relations=tuple(dict.fromkeys((_name(total), tuple(map(_name, parts))) for parts, total in lines)),
            suppressed=tuple(index),
        )
    except Invalid:  # the printed numbers fit only nearly
        return None


def _value(place: Place) -> float | None:
    value = place[1].numbers[place[0]]
    return None if value is None or value < 0 else value


def _is_open(place: Place) -> bool:
    """Tell whether a cell is withheld or empty, rather than something else that is no number."""
    row, column = place
    return column.numbers[row] is None and (not column.cells[row] or is_suppressed(column.cells[row]))


def _name(place: Place) -> str:
    return f"{place[0]} {place[1].index}"
