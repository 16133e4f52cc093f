"""What no single field can tell: dates that do not fit, people in two roles, names that lead nowhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from ..domain.gateway import PolicyProblem
from ..domain.grant import EVERY
from ..domain.money import ExportClass
from ..domain.project import Role
from ..domain.text import Text
from .document import Document, Path_
from .explain import problem
from .models import OfficePolicy, ProjectFile
from .phases import long_date

MAX_YEARS = 3
"""Longest a project may run from its start (domain R9)."""
YEARS = range(1990, 2200)
"""Years a project can lie in; anything else is a slip of the keyboard and would overflow the calendar."""


@dataclass(frozen=True)
class Columns:
    """A data set of a catalogue, as far as grants speak of it."""

    topic: str
    name: str
    columns: tuple[str, ...]


def years_after(day: date, years: int) -> date:
    """Give the same day some years on; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def check_office(policy: OfficePolicy, document: Document) -> Iterator[PolicyProblem]:
    """Check ``default.yaml`` in itself."""
    if "default" not in policy.rules:
        yield problem(
            document,
            ("rules",),
            Text(en="The rule profile 'default' is missing.", nl="Het regelprofiel 'default' ontbreekt."),
            Text(en="A profile 'default' that the others build on.", nl="Een profiel 'default' waar de andere op bouwen."),
        )
    years: dict[int, int] = {}
    for index, table in enumerate(policy.prices):
        if table.year in years:
            yield _twice(document, ("prices", index, "year"), str(table.year), ("prices", years[table.year], "year"))
        years.setdefault(table.year, index)
        lacking = [kind.value for kind in ExportClass if kind not in table.classes]
        if lacking:
            yield problem(
                document,
                ("prices", index, "classes"),
                Text(
                    en=f"The price table of {table.year} lacks {', '.join(lacking)}.",
                    nl=f"In de prijstabel van {table.year} ontbreekt {', '.join(lacking)}.",
                ),
                Text(en="A price for every class.", nl="Een prijs voor elke klasse."),
            )
    try:
        ZoneInfo(policy.calendar.time_zone)
    except (KeyError, ValueError, OSError):
        yield problem(
            document,
            ("calendar", "time_zone"),
            Text(en=f"There is no time zone '{policy.calendar.time_zone}'.", nl=f"Tijdzone '{policy.calendar.time_zone}' bestaat niet."),
            Text(en="A name such as Europe/Amsterdam.", nl="Een naam zoals Europe/Amsterdam."),
        )
    for day in sorted(policy.calendar.extra_closed & policy.calendar.extra_open):
        yield problem(
            document,
            ("calendar", "extra_open"),
            Text(en=f"{day} is listed as closed and as open.", nl=f"{day} staat zowel bij gesloten als bij open."),
            Text(en="Each day in one list.", nl="Elke dag in één lijst."),
        )
    yield from _check_staff(policy, document)


def _check_staff(policy: OfficePolicy, document: Document) -> Iterator[PolicyProblem]:
    seen: dict[str, Path_] = {}
    for group, people in (("checkers", policy.staff.checkers), ("admins", policy.staff.admins)):
        for index, person in enumerate(people):
            path: Path_ = ("staff", group, index, "user")
            if person.user in seen:
                yield _twice(document, path, person.user, seen[person.user])
            seen.setdefault(person.user, path)
    if len(policy.staff.checkers) < 2:
        yield problem(
            document,
            ("staff", "checkers"),
            Text(
                en="Fewer than two checkers: no output could ever be released (four eyes).",
                nl="Minder dan twee controleurs: zo kan nooit uitvoer worden vrijgegeven (vierogenprincipe).",
            ),
            Text(en="At least two checkers.", nl="Minstens twee controleurs."),
        )


def check_project(project: ProjectFile, document: Document, office: OfficePolicy | None) -> Iterator[PolicyProblem]:
    """Check a project in itself and, where it could be read, against ``default.yaml``."""
    yield from _check_dates(project, document)
    yield from _check_pauses(project, document)
    seen: dict[str, Path_] = {}
    for index, member in enumerate(project.members):
        path: Path_ = ("members", index, "user")
        if member.user in seen:
            yield _twice(document, path, member.user, seen[member.user])
        seen.setdefault(member.user, path)
    if not any(member.role is Role.LEADER for member in project.members):
        yield problem(
            document,
            ("members",),
            Text(en="The project has no leader.", nl="Het project heeft geen projectleider."),
            Text(en="At least one member with 'role: leader'.", nl="Minstens één lid met 'role: leader'."),
        )
    yield from _check_grants(project, document)
    if office is not None:
        yield from _check_against_office(project, document, office, seen)


def _check_grants(project: ProjectFile, document: Document) -> Iterator[PolicyProblem]:
    """Find what stands twice; other grants of one data set add up."""
    grants: dict[tuple[str, frozenset[str]], Path_] = {}
    for index, grant in enumerate(project.grants):
        columns: dict[str, Path_] = {}
        for position, column in enumerate(grant.columns):
            path: Path_ = ("grants", index, "columns", position)
            if column.casefold() in columns:
                yield _twice(document, path, column, columns[column.casefold()])
            columns.setdefault(column.casefold(), path)
        key = (grant.dataset.upper(), frozenset((EVERY,) if grant.whole else columns))
        if key in grants:
            yield _twice(document, ("grants", index), grant.dataset, grants[key])
        grants.setdefault(key, ("grants", index))


def check_columns(project: ProjectFile, document: Document, datasets: Sequence[Columns]) -> Iterator[PolicyProblem]:
    """Check grants against a catalogue: a grant speaks of data sets that are there, and a column is in at least one of them.

    Parameters
    ----------
    project, document
        The project and where it stands.
    datasets : sequence of Columns
        Everything in the catalogue.
    """
    for index, grant in enumerate(project.grants):
        covered = [dataset for dataset in datasets if grant.covers(dataset.topic, dataset.name)]
        if not covered:
            yield problem(
                document,
                ("grants", index),
                Text(
                    en=f"The catalogue has no data set for '{grant.dataset}'.",
                    nl=f"De catalogus heeft geen bestand voor '{grant.dataset}'.",
                ),
                Text(en="A name that 'jupyter cbs catalogue index' lists.", nl="Een naam die 'jupyter cbs catalogue index' noemt."),
            )
            continue
        names = sorted({name for dataset in covered for name in dataset.columns})
        known = {name.casefold() for name in names}
        for position, column in enumerate(grant.columns):
            if column != EVERY and column.casefold() not in known:
                near = difflib.get_close_matches(column.upper(), names, n=3) or names[:10]
                yield problem(
                    document,
                    ("grants", index, "columns", position),
                    Text(
                        en=f"No data set of '{grant.dataset}' has a column '{column}'.",
                        nl=f"Geen bestand van '{grant.dataset}' heeft een kolom '{column}'.",
                    ),
                    Text(en=f"For example {', '.join(near)}.", nl=f"Bijvoorbeeld {', '.join(near)}."),
                )


def _check_against_office(project: ProjectFile, document: Document, office: OfficePolicy, members: Mapping[str, Path_]) -> Iterator[PolicyProblem]:
    for person in office.staff.checkers:
        if person.user in members:
            yield problem(
                document,
                members[person.user],
                Text(
                    en=f"'{person.user}' is an output checker and would judge the own project (four eyes).",
                    nl=f"'{person.user}' is outputcontroleur en zou het eigen project beoordelen (vierogenprincipe).",
                ),
                Text(en="A member who is no checker.", nl="Een lid dat geen controleur is."),
            )
    for person in office.staff.admins:
        if person.user in members:
            yield problem(
                document,
                members[person.user],
                Text(
                    en=f"'{person.user}' is an admin and could grant the own project data.",
                    nl=f"'{person.user}' is beheerder en zou het eigen project gegevens kunnen toekennen.",
                ),
                Text(en="Another account for one of the two.", nl="Een ander account voor een van de twee."),
            )
    for name in project.rules:
        if name not in office.rules:
            known = ", ".join(sorted(office.rules))
            yield problem(
                document,
                ("rules", name),
                Text(en=f"There is no rule profile '{name}'.", nl=f"Er is geen regelprofiel '{name}'."),
                Text(en=f"One of: {known}.", nl=f"Een van: {known}."),
            )


def _check_dates(project: ProjectFile, document: Document) -> Iterator[PolicyProblem]:
    unlikely = [(name, day) for name, day in (("start", project.start), ("end", project.end)) if day.year not in YEARS]
    for name, day in unlikely:
        yield problem(
            document,
            (name,),
            Text(en=f"The year {day.year} cannot be meant.", nl=f"Het jaar {day.year} kan niet bedoeld zijn."),
            Text(en=f"A year from {YEARS[0]} to {YEARS[-1]}.", nl=f"Een jaar van {YEARS[0]} tot en met {YEARS[-1]}."),
        )
    if unlikely:
        return
    if project.start.day != 1:
        first = project.start.replace(day=1)
        yield problem(
            document,
            ("start",),
            Text(en="A project starts on the first day of a month.", nl="Een project begint op de eerste dag van een maand."),
            Text(en=f"For example {first}.", nl=f"Bijvoorbeeld {first}."),
        )
    if project.end < project.start:
        yield problem(
            document,
            ("end",),
            Text(en="The end lies before the start.", nl="De einddatum ligt voor de begindatum."),
            Text(en=f"A day from {project.start} on.", nl=f"Een dag vanaf {project.start}."),
        )
        return
    longest = years_after(project.start, MAX_YEARS)
    latest = min(longest, project.institution.authorisation_until)
    if project.end > latest:
        shown = long_date(latest)
        if latest == longest:
            why = Text(
                en=f"A project runs at most {MAX_YEARS} years: until {shown.en}.",
                nl=f"Een project duurt hoogstens {MAX_YEARS} jaar: tot {shown.nl}.",
            )
        else:
            why = Text(
                en=f"The institution's authorisation ends before the project: on {shown.en}.",
                nl=f"De instellingsmachtiging eindigt voor het project: op {shown.nl}.",
            )
        yield problem(document, ("end",), why, Text(en=f"At latest {latest}.", nl=f"Uiterlijk {latest}."))


def _check_pauses(project: ProjectFile, document: Document) -> Iterator[PolicyProblem]:
    before: date | None = project.start
    for index, pause in enumerate(project.pauses):
        path: Path_ = ("pauses", index)
        if pause.start.day != 1 or (pause.end is not None and (pause.end.day != 1 or pause.end <= pause.start)):
            yield problem(
                document,
                path,
                Text(
                    en="A standstill lasts whole months, at least one, from a first of the month to another.",
                    nl="Stilleggen gaat per hele maand, minstens één, van een eerste van de maand tot een andere.",
                ),
                Text(
                    en="'start' and 'end' on the first of a month; 'end' is the day work resumes, or null.",
                    nl="'start' en 'end' op de eerste van een maand; 'end' is de dag waarop het werk weer begint, of null.",
                ),
            )
        elif before is None or pause.start < before:
            yield problem(
                document,
                path,
                Text(
                    en="This standstill begins before the project, or before the previous one has ended.",
                    nl="Deze stillegging begint voor het project, of voordat de vorige is afgelopen.",
                ),
                Text(en="Standstills in order, without overlap.", nl="Stilleggingen op volgorde, zonder overlap."),
            )
        before = pause.end


def _twice(document: Document, path: Path_, value: str, first: Path_) -> PolicyProblem:
    line = document.line_of(first)
    return problem(
        document,
        path,
        Text(
            en=f"'{value}' stands here a second time; the first is on line {line}.",
            nl=f"'{value}' staat hier voor de tweede keer; de eerste staat op regel {line}.",
        ),
        Text(en="Each once.", nl="Elk één keer."),
    )
