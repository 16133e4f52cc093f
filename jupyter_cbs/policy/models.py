"""What may stand in a policy file; the committed JSON Schemas are made from these types."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from pydantic.config import JsonDict

from ..domain.base import Model
from ..domain.calendar import WorkingCalendar
from ..domain.grant import Grant
from ..domain.money import PriceTable
from ..domain.project import Pause, Role
from ..domain.rules import QueryLimits, QuotaLimits, RuleProfile


def _dutch(text: str) -> JsonDict:
    """Put the Dutch description beside the English one."""
    return {"description_nl": text}


UserName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$",
        max_length=32,
        description="Account name: small letters and digits, with single '.', '-' or '_' between them.",
        json_schema_extra=_dutch("Accountnaam: kleine letters en cijfers, met losse '.', '-' of '_' ertussen."),
    ),
]
DisplayName = Annotated[
    str,
    Field(min_length=1, max_length=100, description="Name as colleagues write it.", json_schema_extra=_dutch("Naam zoals collega's die schrijven.")),
]
ProfileName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class StaffMember(Model):
    """A person of the office."""

    user: UserName
    name: DisplayName


class Staff(Model):
    """Checkers and admins; they belong to the office and see every project in their role."""

    checkers: tuple[StaffMember, ...] = Field(
        description="Output checkers; release takes two of them (CBS Dienstencatalogus 2026, Outputcontrole).",
        json_schema_extra=_dutch("Outputcontroleurs; vrijgeven vraagt er twee."),
    )
    admins: tuple[StaffMember, ...] = Field(
        description="Admins of policies; they see no data and decide nothing.",
        json_schema_extra=_dutch("Beheerders van het beleid; zij zien geen gegevens en beslissen niets."),
    )


class QuotaPolicy(Model):
    """Room on the storage areas (seed S2: 100 GB shared, 1 GB personal)."""

    unit: Literal["GB", "GiB"] = Field("GB", description="GB is 10^9 bytes, GiB is 2^30; CBS writes GB and does not define it.")
    shared: float = Field(100, gt=0, le=1_000_000, description="Room of the project's shared area, in the unit.")
    personal: float = Field(1, gt=0, le=1_000_000, description="Room of each member's personal area, in the unit.")
    warn_share: float = Field(0.90, gt=0, le=1, description="Strictly above this share a warning is shown.")
    overrun: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Room above the limit of an area, in the unit, past which kernels that write are ended; a tenth of the limit and at least "
        "100 MB where not set.",
    )

    @property
    def unit_bytes(self) -> int:
        """Bytes in the unit."""
        return 10**9 if self.unit == "GB" else 2**30

    @property
    def limits(self) -> QuotaLimits:
        """The same room in whole bytes."""
        return QuotaLimits(
            shared_bytes=max(1, round(self.shared * self.unit_bytes)),
            personal_bytes=max(1, round(self.personal * self.unit_bytes)),
            warn_share=self.warn_share,
            overrun_bytes=None if self.overrun is None else round(self.overrun * self.unit_bytes),
        )


class OfficePolicy(Model):
    """``default.yaml``: what holds for the whole office."""

    rules: dict[ProfileName, RuleProfile] = Field(
        description="Rule profiles by name. Profile 'default' must be there; the others take from it what they leave out.",
        json_schema_extra=_dutch("Regelprofielen op naam. Profiel 'default' moet er zijn; de andere nemen daaruit over wat ze weglaten."),
    )
    prices: tuple[PriceTable, ...] = Field(
        min_length=1,
        description="Price tables by year; the newest that has begun is in force.",
        json_schema_extra=_dutch("Prijstabellen per jaar; de nieuwste die is ingegaan geldt."),
    )
    calendar: WorkingCalendar = WorkingCalendar()
    quota: QuotaPolicy = QuotaPolicy()
    limits: QueryLimits = QueryLimits()
    staff: Staff = Field(description="Checkers and admins.", json_schema_extra=_dutch("Controleurs en beheerders."))


class Institution(Model):
    """The contracting party."""

    name: str = Field(min_length=1, max_length=200, description="Name of the institution.", json_schema_extra=_dutch("Naam van de instelling."))
    authorisation_until: date = Field(
        description="Last day of the institution's authorisation (instellingsmachtiging).",
        json_schema_extra=_dutch("Laatste dag van de instellingsmachtiging."),
    )


class Contract(Model):
    """The contract; without a signed copy nobody has access (domain R12)."""

    received: date | None = Field(
        description="Day the signed contract was received; null until then.",
        json_schema_extra=_dutch("Dag waarop het getekende contract is ontvangen; tot dan null."),
    )


class Member(Model):
    """A person of the project."""

    user: UserName
    name: DisplayName
    role: Literal[Role.RESEARCHER, Role.LEADER, Role.VIEWER] = Field(
        description="researcher, leader or viewer.",
        json_schema_extra=_dutch("researcher (onderzoeker), leader (projectleider) of viewer (meekijker)."),
    )


class ProjectFile(Model):
    """``projects/<number>.yaml``: one project; its number is the file's name.

    Overrides name only what differs from ``default.yaml``; everything else is inherited.
    """

    title: str = Field(min_length=1, max_length=200, description="Title of the project.", json_schema_extra=_dutch("Titel van het project."))
    institution: Institution = Field(description="The contracting party.", json_schema_extra=_dutch("De contractpartij."))
    contract: Contract = Field(description="The contract.", json_schema_extra=_dutch("Het contract."))
    start: date = Field(
        description="First day of access: the first day of a month (Dienstencatalogus 2026, Opstarten).",
        json_schema_extra=_dutch("Eerste dag met toegang: de eerste dag van een maand."),
    )
    end: date = Field(
        description="Last day of the project; access closes on the first working day after it (Dienstencatalogus 2026, Einde).",
        json_schema_extra=_dutch("Laatste dag van het project; de toegang sluit op de eerste werkdag erna."),
    )
    pauses: tuple[Pause, ...] = Field(
        (), description="Standstills in whole months: from a first of the month until, not including, another; end null while open."
    )
    rules: dict[ProfileName, RuleProfile] = Field(default_factory=dict, description="Fields of rule profiles that differ for this project.")
    quota: QuotaPolicy | None = Field(None, description="Fields of the quota that differ for this project.")
    limits: QueryLimits | None = Field(None, description="Query limits that differ for this project.")
    members: tuple[Member, ...] = Field(
        min_length=1, description="Members; at least one leader.", json_schema_extra=_dutch("Leden; minstens één projectleider.")
    )
    grants: tuple[Grant, ...] = Field(
        description="Data sets of the contract, or some of their columns; nothing else can be read. Each a pattern, or 'dataset' with 'columns'.",
        json_schema_extra=_dutch(
            "Bestanden uit het contract, of enkele kolommen ervan; al het andere is niet leesbaar. Elk een patroon, of 'dataset' met 'columns'."
        ),
    )
