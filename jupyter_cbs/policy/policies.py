"""Policies as the rest of the product reads them: resolved, immutable, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from ..domain.base import Model
from ..domain.calendar import WorkingCalendar
from ..domain.errors import NotFound
from ..domain.grant import Grant
from ..domain.money import PriceTable
from ..domain.project import Pause, Principal, Role
from ..domain.rules import QueryLimits, QuotaLimits, RuleProfile
from ..domain.text import Text
from .models import Member, OfficePolicy, ProjectFile

M = TypeVar("M", bound=Model)


def overlay(base: M, change: M | None) -> M:
    """Give ``base`` with the fields that were written in ``change``; defaults of the type do not count as written."""
    if change is None:
        return base
    return base.model_copy(update={name: getattr(change, name) for name in change.model_fields_set})


@dataclass(frozen=True)
class ProjectPolicy:
    """One project with everything that holds for it.

    Parameters
    ----------
    number
        Project number, four digits.
    file
        What the project's own file says.
    office
        What ``default.yaml`` says.
    """

    number: str
    file: ProjectFile
    office: OfficePolicy

    @property
    def title(self) -> str:
        """Title of the project."""
        return self.file.title

    @property
    def institution(self) -> str:
        """Name of the contracting party."""
        return self.file.institution.name

    @property
    def authorisation_until(self) -> date:
        """Last day of the institution's authorisation."""
        return self.file.institution.authorisation_until

    @property
    def contract_received(self) -> date | None:
        """Day the signed contract was received; None until then."""
        return self.file.contract.received

    @property
    def start(self) -> date:
        """First day of access."""
        return self.file.start

    @property
    def end(self) -> date:
        """Last day of the project."""
        return self.file.end

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """Standstills; ``end`` is the first day of access again."""
        return self.file.pauses

    @property
    def members(self) -> tuple[Member, ...]:
        """Members in the order of the file."""
        return self.file.members

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Patterns over topics and view names, with the columns they give."""
        return self.file.grants

    @property
    def calendar(self) -> WorkingCalendar:
        """Working days of the office."""
        return self.office.calendar

    @property
    def prices(self) -> PriceTable:
        """Price table in force today at the office."""
        return self.prices_on(datetime.now(ZoneInfo(self.calendar.time_zone)).date())

    def prices_on(self, day: date) -> PriceTable:
        """Give the newest price table whose year has begun on ``day``; before all of them, the earliest."""
        tables = sorted(self.office.prices, key=lambda table: table.year)
        return next((table for table in reversed(tables) if table.year <= day.year), tables[0])

    @cached_property
    def _profiles(self) -> Mapping[str, RuleProfile]:
        base = overlay(self.office.rules["default"], self.file.rules.get("default"))
        return {
            name: overlay(overlay(base, profile if name != "default" else None), self.file.rules.get(name))
            for name, profile in self.office.rules.items()
        }

    @property
    def profile_names(self) -> tuple[str, ...]:
        """Names of the rule profiles."""
        return tuple(self._profiles)

    def rules(self, profile: str = "default") -> RuleProfile:
        """Give the thresholds of a profile: default ← the profile ← what the project changes.

        Raises
        ------
        NotFound
            No such profile. There is no fallback: a data set whose rules are unknown has none to be judged by.
        """
        try:
            return self._profiles[profile]
        except KeyError:
            raise NotFound(
                "unknown_rule_profile",
                Text(en=f"The policy has no rule profile '{profile}'.", nl=f"Het beleid kent geen regelprofiel '{profile}'."),
                Text(en="An admin can add it to default.yaml.", nl="Een beheerder kan het aan default.yaml toevoegen."),
                suggestions=self.profile_names,
            ) from None

    @property
    def quota(self) -> QuotaLimits:
        """Room in bytes."""
        return overlay(self.office.quota, self.file.quota).limits

    @property
    def unit_bytes(self) -> int:
        """Bytes in the unit quotas are shown in: 10^9 or 2^30."""
        return overlay(self.office.quota, self.file.quota).unit_bytes

    @property
    def limits(self) -> QueryLimits:
        """Bounds on queries."""
        return overlay(self.office.limits, self.file.limits)

    @cached_property
    def people(self) -> Mapping[str, Principal]:
        """Everyone with a role here, by account name: members first, then checkers and admins."""
        everyone = [(m.user, m.name, Role(m.role)) for m in self.members]
        everyone += [(m.user, m.name, Role.CHECKER) for m in self.office.staff.checkers]
        everyone += [(m.user, m.name, Role.ADMIN) for m in self.office.staff.admins]
        return {user: Principal(user=user, name=name, role=role, project=self.number) for user, name, role in everyone}

    def role_of(self, user: str) -> Role | None:
        """Give the role a person has here; None for strangers."""
        person = self.people.get(user)
        return None if person is None else person.role


@dataclass(frozen=True)
class Policies:
    """All policies of one moment.

    Parameters
    ----------
    version
        First twelve hexadecimal digits of a sha256 over all files.
    loaded_at
        When they were taken over, UTC.
    office
        ``default.yaml``.
    projects
        By number, in order.
    """

    version: str
    loaded_at: datetime
    office: OfficePolicy
    projects: Mapping[str, ProjectPolicy]

    def project(self, number: str) -> ProjectPolicy:
        """Give a project.

        Raises
        ------
        NotFound
            No project has this number.
        """
        try:
            return self.projects[number]
        except KeyError:
            raise NotFound(
                "unknown_project",
                Text(en=f"There is no project '{number}'.", nl=f"Er is geen project '{number}'."),
                Text(en="Check the number with the project leader.", nl="Vraag de projectleider naar het nummer."),
            ) from None

    def principals(self) -> tuple[Principal, ...]:
        """Give every member in their own project and every checker and admin in each project."""
        return tuple(person for project in self.projects.values() for person in project.people.values())

    def principal(self, project: str, user: str) -> Principal:
        """Give a person in a project.

        Raises
        ------
        NotFound
            No such project, or the person has no role in it; the two are not told apart.
        """
        found = self.projects.get(project)
        person = None if found is None else found.people.get(user)
        if person is None:
            raise NotFound(
                "unknown_principal",
                Text(en=f"'{user}' has no role in project '{project}'.", nl=f"'{user}' heeft geen rol in project '{project}'."),
                Text(en="Ask the project leader or an admin.", nl="Vraag het de projectleider of een beheerder."),
            )
        return person
