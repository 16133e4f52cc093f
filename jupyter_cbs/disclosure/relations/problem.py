"""A table problem: cells, the relations between them, and which cells are suppressed.

The JSON is that of the design (disclosure.md, Interchange of a table problem). A problem that was read is complete and consistent:
every name exists, every name occurs once, every relation adds up, every value lies within the bounds.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Final, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from ...domain.base import Model
from ...domain.errors import Invalid, Position
from ...domain.text import Text
from ...domain.validation import BOUNDS, explain

ROUNDING_ROOM: Final = 1e-9
"""Relative room for sums of doubles when a relation is added up."""

LARGEST: Final = 1e18
"""Largest value, without its sign: sums stay far from what the solver takes for no bound (1e20)."""
WHOLE_TO: Final = 2.0**53
"""Whole numbers up to this are doubles without a rest, so their sums are exact."""

Number = Annotated[float, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Level = Annotated[float, Field(strict=True, ge=0, le=LARGEST)]
Relation = tuple[str, tuple[str, ...]]


class Rounding(Model):
    """How published values were rounded.

    Parameters
    ----------
    base
        Published values are multiples of it; in the unit of the cells.
    deviation
        The most a published value lies from the true one; half the base where it is not given.
    """

    base: Annotated[float, Field(strict=True, gt=0, le=LARGEST)]
    deviation: Level | None = None

    @property
    def distance(self) -> float:
        """The most a published value lies from the true one, in the unit of the cells."""
        return self.base / 2 if self.deviation is None else self.deviation


class TableProblem(Model):
    """Cells of one or several linked tables, in one unit.

    Parameters
    ----------
    cells
        Name → value: the true value, or the published one where ``rounding`` is given.
    relations
        ``(total, parts)``: the total is the sum of its parts.
    suppressed
        Cells that are not shown.
    lower_bound, upper_bound
        What everybody knows of every cell; ``None`` is no bound.
    singletons
        Cells with one contributor, who therefore knows the value.
    rounding
        Shown values are rounded, or are to be where ``published`` is false.
    integer
        All true values are whole numbers.
    protection
        Name → (lower, upper): how far below and above the true value the interval must reach. (0, 0) and no mention ask that the
        cell cannot be calculated exactly.
    cost
        Name → what hiding the cell costs; the absolute value where it is not given.

    Raises
    ------
    Invalid
        When the parts do not fit together; the code names the reason.
    """

    cells: dict[str, Number]
    relations: tuple[Relation, ...] = ()
    suppressed: tuple[str, ...] = ()
    lower_bound: Number | None = 0.0
    upper_bound: Number | None = None
    singletons: tuple[str, ...] = ()
    rounding: Rounding | None = None
    integer: bool = Field(False, strict=True)
    published: bool = Field(True, exclude=True, description="Whether the values are the published ones; false where rounding is still to be done.")
    protection: dict[str, tuple[Level, Level]] = Field(default_factory=dict)
    cost: dict[str, Level] = Field(default_factory=dict)

    def model_post_init(self, context: Any, /) -> None:
        """Check that the parts fit together."""
        check(self)

    @property
    def rounded(self) -> bool:
        """Whether the values are rounded ones."""
        return self.rounding is not None and self.published

    @property
    def lower(self) -> float:
        """The lower bound, minus infinity where there is none."""
        return -math.inf if self.lower_bound is None else self.lower_bound

    @property
    def upper(self) -> float:
        """The upper bound, infinity where there is none."""
        return math.inf if self.upper_bound is None else self.upper_bound

    @property
    def counts(self) -> bool:
        """Whether the values can be counts of units: declared whole, or whole and not negative without exception."""
        return self.lower >= 0 and (self.integer or all(value == int(value) for value in self.cells.values()))

    def own_cells(self) -> dict[str, frozenset[str]]:
        """Give for each singleton the singletons its contributor certainly is the contributor of too, itself among them.

        Where a total and one of its parts each have one contributor it is the same one: to calculate the one from the other tells nothing of
        anybody else.
        """
        groups = {name: {name} for name in self.singletons}
        for total, parts in self.relations:
            for part in parts if total in groups else ():
                if part in groups and groups[part] is not groups[total]:
                    groups[total] |= groups[part]
                    for name in groups[part]:
                        groups[name] = groups[total]
        return {name: frozenset(group) for name, group in groups.items()}

    def with_suppressed(self, names: Iterable[str]) -> TableProblem:
        """Give the same problem with exactly these cells suppressed."""
        return self.model_copy(update={"suppressed": tuple(names)})

    def document(self) -> dict[str, Any]:
        """Give the problem as the design's JSON."""
        return self.model_dump(mode="json")


def room(values: Iterable[float]) -> float:
    """Give by how much a sum of these values may be off because they are doubles."""
    return ROUNDING_ROOM * max(1.0, math.fsum(abs(value) for value in values))


def _whole(value: float) -> bool:
    return value == math.floor(value) and abs(value) <= WHOLE_TO


def _invalid(code: str, message: Text, remedy: Text | None = None, suggestions: Sequence[str] = ()) -> NoReturn:
    raise Invalid(code, message, remedy, suggestions=tuple(suggestions))


def _known(problem: TableProblem, names: Iterable[str], en: str, nl: str) -> None:
    for name in names:
        if name not in problem.cells:
            _invalid(
                "unknown_cell",
                Text(
                    en=f"{en} names the cell {name!r}, which is not one of the cells.",
                    nl=f"{nl} noemt de cel {name!r}, die niet bij de cellen staat.",
                ),
                Text(en="Add it to 'cells' with its value, or correct the name.", nl="Zet haar met haar waarde bij 'cells', of verbeter de naam."),
                get_close_matches(name, problem.cells, 3),
            )


def _once(names: Iterable[str], en: str, nl: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            _invalid(
                "duplicate_name",
                Text(en=f"{en} names {name!r} {times} times.", nl=f"{nl} noemt {name!r} {times} keer."),
                Text(en="Name each cell once.", nl="Noem elke cel één keer."),
            )


def check(problem: TableProblem) -> None:
    """Check that the parts of a problem fit together.

    Raises
    ------
    Invalid
        ``empty_problem``, ``bounds_crossed``, ``unknown_cell``, ``duplicate_name``, ``empty_relation``, ``relation_does_not_add_up``,
        ``below_lower_bound``, ``above_upper_bound``, ``not_whole`` or ``not_rounded``.
    """
    if not problem.cells:
        _invalid("empty_problem", Text(en="The table has no cells.", nl="De tabel heeft geen cellen."))
    if problem.lower > problem.upper:
        _invalid(
            "bounds_crossed",
            Text(
                en=f"The lower bound {_show(problem.lower)} is above the upper bound {_show(problem.upper)}.",
                nl=f"De ondergrens {_show(problem.lower)} ligt boven de bovengrens {_show(problem.upper)}.",
            ),
        )
    for field, names in (("suppressed", problem.suppressed), ("singletons", problem.singletons)):
        _once(names, f"'{field}'", f"'{field}'")
        _known(problem, names, f"'{field}'", f"'{field}'")
    _known(problem, problem.protection, "'protection'", "'protection'")
    _known(problem, problem.cost, "'cost'", "'cost'")
    for total, parts in problem.relations:
        _known(problem, (total, *parts), f"The relation of total {total!r}", f"De relatie van totaal {total!r}")
        _once((total, *parts), f"The relation of total {total!r}", f"De relatie van totaal {total!r}")
        if not parts:
            _invalid("empty_relation", Text(en=f"The total {total!r} has no parts.", nl=f"Het totaal {total!r} heeft geen delen."))
    _check_values(problem)
    for total, parts in problem.relations:
        _check_sum(problem, total, parts)


def _check_values(problem: TableProblem) -> None:
    hidden = set(problem.suppressed)
    for name, value in problem.cells.items():
        slack = room((value,))
        published = problem.rounded and name not in hidden
        if problem.rounding is not None and published:
            base, distance = problem.rounding.base, problem.rounding.distance
            if abs(value - base * round(value / base)) > slack:
                _invalid(
                    "not_rounded",
                    Text(
                        en=f"The value {_show(value)} of cell {name!r} is not a multiple of the rounding base {_show(base)}.",
                        nl=f"De waarde {_show(value)} van cel {name!r} is geen veelvoud van de afrondbasis {_show(base)}.",
                    ),
                    Text(
                        en="Give the values as they are published, or leave 'rounding' out.",
                        nl="Geef de waarden zoals ze gepubliceerd worden, of laat 'rounding' weg.",
                    ),
                )
            slack += distance
        if value < problem.lower - slack:
            _invalid(
                "below_lower_bound",
                Text(
                    en=f"The value {_show(value)} of cell {name!r} is below the lower bound {_show(problem.lower)}.",
                    nl=f"De waarde {_show(value)} van cel {name!r} ligt onder de ondergrens {_show(problem.lower)}.",
                ),
                Text(
                    en="Correct the value, or set 'lower_bound' to what is known of every cell (null for no bound).",
                    nl="Verbeter de waarde, of zet 'lower_bound' op wat van elke cel bekend is (null: geen grens).",
                ),
            )
        if value > problem.upper + slack:
            _invalid(
                "above_upper_bound",
                Text(
                    en=f"The value {_show(value)} of cell {name!r} is above the upper bound {_show(problem.upper)}.",
                    nl=f"De waarde {_show(value)} van cel {name!r} ligt boven de bovengrens {_show(problem.upper)}.",
                ),
                Text(
                    en="Correct the value, or set 'upper_bound' to what is known of every cell, totals too (null for no bound).",
                    nl="Verbeter de waarde, of zet 'upper_bound' op wat van elke cel bekend is, ook van totalen (null: geen grens).",
                ),
            )
        if problem.integer and not published and value != int(value):
            _invalid(
                "not_whole",
                Text(
                    en=f"'integer' is true but the value {_show(value)} of cell {name!r} is not whole.",
                    nl=f"'integer' is true maar de waarde {_show(value)} van cel {name!r} is niet geheel.",
                ),
            )


def _check_sum(problem: TableProblem, total: str, parts: tuple[str, ...]) -> None:
    values = [problem.cells[part] for part in parts]
    added = math.fsum(values)
    difference = problem.cells[total] - added
    slack = 0.0 if all(_whole(value) for value in (*values, problem.cells[total], added)) else room((*values, problem.cells[total]))
    if problem.rounding is not None and problem.published:
        hidden = set(problem.suppressed)
        slack += problem.rounding.distance * sum(name not in hidden for name in (total, *parts))
    if abs(difference) <= slack:
        return
    several = len(parts) > 1
    together = Text(
        en=f"its {len(parts)} parts together are" if several else "its one part is",
        nl=f"de {len(parts)} delen zijn samen" if several else "het ene deel is",
    )
    _invalid(
        "relation_does_not_add_up",
        Text(
            en=f"The relation of total {total!r} does not add up: the total is {_show(problem.cells[total])},"
            f" {together.en} {_show(added)}, a difference of {_show(difference)}.",
            nl=f"De relatie van totaal {total!r} telt niet op: het totaal is {_show(problem.cells[total])},"
            f" {together.nl} {_show(added)}, een verschil van {_show(difference)}.",
        ),
        Text(
            en="Give the values before rounding, or name the rounding in 'rounding'.",
            nl="Geef de waarden van vóór het afronden, of noem de afronding in 'rounding'.",
        ),
    )


def _show(value: float) -> str:
    return f"{value:.10g}"


_FORMS: Final[Mapping[str, Text]] = {
    "cells": Text(en="'cells' is an object of name and number.", nl="'cells' is een object van naam en getal."),
    "relations": Text(en="'relations' is a list of [total, [part, …]].", nl="'relations' is een lijst van [totaal, [deel, …]]."),
    "suppressed": Text(en="'suppressed' is a list of names of cells.", nl="'suppressed' is een lijst van namen van cellen."),
    "singletons": Text(en="'singletons' is a list of names of cells.", nl="'singletons' is een lijst van namen van cellen."),
    "lower_bound": Text(en="'lower_bound' is a number, or null for no bound.", nl="'lower_bound' is een getal, of null: geen grens."),
    "upper_bound": Text(en="'upper_bound' is a number, or null for no bound.", nl="'upper_bound' is een getal, of null: geen grens."),
    "rounding": Text(en='\'rounding\' is like {"base": 5, "deviation": 2}.', nl='\'rounding\' is zoals {"base": 5, "deviation": 2}.'),
    "integer": Text(en="'integer' says whether all true values are whole.", nl="'integer' zegt of alle ware waarden geheel zijn."),
    "protection": Text(en="'protection' is an object of name and [lower, upper].", nl="'protection' is een object van naam en [onder, boven]."),
    "cost": Text(en="'cost' is an object of name and number.", nl="'cost' is een object van naam en getal."),
}
"""Field → what stands there."""


class _Required(BaseModel):
    """What a file must say; a problem made in Python may have no relations."""

    model_config = ConfigDict(extra="ignore")

    cells: Any
    relations: Any


def from_document(document: Mapping[str, Any], *, published: bool = True) -> TableProblem:
    """Make a problem of the design's JSON as Python values; ``published`` is false where the values are still to be rounded.

    Raises
    ------
    Invalid
        ``malformed_problem`` with the field, or what :func:`check` raises.
    """
    try:
        _Required.model_validate(document)
        unknown = next((name for name in document if name not in _FORMS), None)
        if unknown is None:
            return TableProblem.model_validate({**document, "published": published})
    except ValidationError as error:
        raise _malformed(error.errors(include_url=False)[0]) from error
    raise _malformed({"type": "extra_forbidden", "loc": (unknown,), "msg": "", "input": document[unknown]})


def _malformed(detail: ErrorDetails) -> Invalid:
    """Say which field is not right, and what stands there."""
    where = ".".join(str(part) for part in detail["loc"]) or "document"
    field = str(detail["loc"][0]) if detail["loc"] else ""
    message, expected = explain(detail)
    form = _FORMS.get(field)
    if form is not None and detail["type"] not in BOUNDS and detail["type"] != "extra_forbidden":
        expected = form
    return Invalid(
        "malformed_problem",
        Text(en=f"This is not a table problem: field {where}: {message.en}", nl=f"Dit is geen tabelprobleem: veld {where}: {message.nl}"),
        Text(en=f"{expected.en} See the reference of table problems.", nl=f"{expected.nl} Zie de referentie van tabelproblemen."),
        suggestions=tuple(get_close_matches(field, _FORMS, 3)) if form is None else (),
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _once((name for name, _ in pairs), "An object of the file", "Een object van het bestand")
    return dict(pairs)


def parse(text: str | bytes, *, published: bool = True) -> TableProblem:
    """Read a problem from its JSON; ``published`` is false where the values are still to be rounded.

    Raises
    ------
    Invalid
        ``malformed_file`` with line and column where it is no JSON, ``duplicate_name``, or what :func:`from_document` raises.
    """
    remedy = Text(en="Save the table problem as JSON in UTF-8.", nl="Bewaar het tabelprobleem als JSON in UTF-8.")
    try:
        document = json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise Invalid(
            "malformed_file",
            Text(
                en=f"The file is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
                nl=f"Het bestand is geen JSON: {error.msg} op regel {error.lineno}, kolom {error.colno}.",
            ),
            remedy,
            position=Position(line=error.lineno, column=error.colno),
        ) from error
    except UnicodeDecodeError as error:
        raise Invalid("malformed_file", Text(en="The file is not text in UTF-8.", nl="Het bestand is geen tekst in UTF-8."), remedy) from error
    except (RecursionError, ValueError) as error:  # nested too deep, or a number of too many digits
        raise Invalid(
            "malformed_file",
            Text(
                en="The file is not a table problem: a number in it has too many digits, or its lists lie too deep in each other.",
                nl="Het bestand is geen tabelprobleem: een getal erin heeft te veel cijfers, of de lijsten liggen te diep in elkaar.",
            ),
            remedy,
        ) from error
    if not isinstance(document, dict):
        raise Invalid(
            "malformed_problem",
            Text(
                en="This is not a table problem: the file holds no JSON object.", nl="Dit is geen tabelprobleem: het bestand bevat geen JSON-object."
            ),
            remedy,
        )
    return from_document(document, published=published)


def linked(problems: Sequence[TableProblem]) -> TableProblem:
    """Join tables that share cells into one problem: cells of the same name are the same cell.

    A cell that one table shows is shown. A protection level and a cost are the largest any table asks.

    Raises
    ------
    Invalid
        ``tables_disagree`` when a shared cell has two values or the tables have different bounds, or rounding.
    """
    if not problems:
        _invalid("empty_problem", Text(en="The table has no cells.", nl="De tabel heeft geen cellen."))
    first = problems[0]
    cells: dict[str, float] = {}
    relations: dict[Relation, None] = {}
    protection: dict[str, tuple[float, float]] = {}
    cost: dict[str, float] = {}
    shown: set[str] = set()
    for problem in problems:
        same = (problem.lower_bound, problem.upper_bound, problem.rounding) == (first.lower_bound, first.upper_bound, first.rounding)
        for name, value in problem.cells.items():
            if not same or abs(cells.setdefault(name, value) - value) > room((value,)):
                _invalid(
                    "tables_disagree",
                    Text(
                        en=f"The tables disagree about cell {name!r}: two values, or other bounds or rounding.",
                        nl=f"De tabellen zijn het oneens over cel {name!r}: twee waarden, of andere grenzen of afronding.",
                    ),
                )
        relations |= dict.fromkeys(problem.relations)
        shown |= problem.cells.keys() - set(problem.suppressed)
        for name, (low, high) in problem.protection.items():
            before = protection.get(name, (0.0, 0.0))
            protection[name] = (max(before[0], low), max(before[1], high))
        for name, price in problem.cost.items():
            cost[name] = max(cost.get(name, 0.0), price)
    return TableProblem(
        cells=cells,
        relations=tuple(relations),
        suppressed=tuple(dict.fromkeys(name for problem in problems for name in problem.suppressed if name not in shown)),
        lower_bound=first.lower_bound,
        upper_bound=first.upper_bound,
        singletons=tuple(dict.fromkeys(name for problem in problems for name in problem.singletons)),
        rounding=first.rounding,
        integer=all(problem.integer for problem in problems),
        protection=protection,
        cost=cost,
    )
