"""Findings of the pre-check, bound to file, place and rule, each with its remedy."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field

from .base import Model
from .text import Text


class Status(StrEnum):
    """Verdict on a cell, a file or a whole output, from good to bad."""

    SAFE = "safe"
    REVIEW = "review"
    UNSAFE = "unsafe"
    REFUSED = "refused"

    @property
    def badness(self) -> int:
        """Order of the verdicts: 0 is safe."""
        return list(Status).index(self)

    @staticmethod
    def worst(statuses: list[Status]) -> Status:
        """Give the worst of some verdicts; nothing at all is safe."""
        return max(statuses, key=lambda s: s.badness, default=Status.SAFE)


class Rule(StrEnum):
    """Rule codes (design: disclosure, Interchange of a pre-check)."""

    IDENTIFIER = "identifier"
    MICRODATA = "microdata"
    MIN_FREQUENCY = "min_frequency"
    GROUP_DISCLOSURE = "group_disclosure"
    WITHIN_GROUP = "within_group"
    DOMINANCE = "dominance"
    DEGREES_OF_FREEDOM = "degrees_of_freedom"
    INSTITUTION = "institution"
    MIN_MAX = "min_max"
    PERCENTILE = "percentile"
    ZERO = "zero"
    SECONDARY = "secondary"
    UNION = "union"
    INSIDER = "insider"
    DIFFERENCING = "differencing"
    ROUNDING = "rounding"
    MODEL_LEVEL = "model_level"
    SATURATED = "saturated"
    UNIT_VALUES = "unit_values"
    HIDDEN_CONTENT = "hidden_content"
    METADATA = "metadata"
    SCRIPT_LITERAL = "script_literal"
    LABEL_MISSING = "label_missing"
    REFUSED_FORMAT = "refused_format"
    DISGUISED_FORMAT = "disguised_format"
    NOTEBOOK = "notebook"
    ARCHIVE = "archive"
    UNREADABLE = "unreadable"
    UNKNOWN_TABLE = "unknown_table"


class CellFinding(Model):
    """Why one cell of a table is not safe."""

    cell: tuple[str | None, ...] = Field(description="Category labels, rows first; null for a total.")
    row: int = Field(description="Row of the evidence frame, from 0.")
    status: Status
    rule: Rule
    text: Text
    remedy: Text


class Where(Model):
    """A place in a file; rows, columns and lines are counted from 1 as a person sees them."""

    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    cell: str | None = None
    line: int | None = None


class Finding(Model):
    """One thing a checker would say about a file."""

    rule: Rule
    status: Status
    where: Where = Where()
    basis: Literal["verified", "declared", "found"] = "found"
    text: Text
    remedy: Text


class TableBasis(Model):
    """On what a table of a file was judged.

    ``verified``: every printed value agrees with the evidence of a table made here; ``declared``: by what the form says of it; ``found``: by what its
    headings say; ``unknown``: by nothing.
    """

    where: Where
    basis: Literal["verified", "declared", "found", "unknown"]
    fingerprint: str | None = Field(None, description="Of the evidence, where there is any.")
    hidden: tuple[int, ...] = Field((), description="Rows of the evidence frame, from 0, whose value the file does not show.")
    places: tuple[str, ...] = Field(
        (),
        description="Where the file shows each row of the evidence frame: a cell ('B4'), a line ('12'), or nothing; only while files are checked.",
    )


class StrippedContent(Model):
    """What a conversion leaves behind inside the workspace."""

    outputs: int = 0
    images: int = 0
    attachments: int = 0
    widgets: int = 0
    metadata: int = 0
    text: Text


class FileReport(Model):
    """What the pre-check says of one file."""

    path: str
    type: str = Field(description="Type detected from the bytes, e.g. 'csv', 'xlsx', 'notebook'.")
    status: Status
    tables: int = 0
    cells: int = Field(0, description="Non-empty cells including headers.")
    bytes: int = 0
    delivered_as: str | None = Field(None, description="Name under which it would leave; null when it is refused.")
    stripped: StrippedContent | None = None
    findings: tuple[Finding, ...] = ()
    bases: tuple[TableBasis, ...] = Field((), description="On what each table was judged.")


class PrecheckReport(Model):
    """The answer of a pre-check."""

    status: Status
    files: tuple[FileReport, ...]
    export_class: str | None = Field(None, alias="class", description="Null where nothing could be delivered.")
    class_reasons: tuple[Text, ...] = ()
    price_cents: int | None = None
    ready_on: str | None = Field(None, description="ISO date by which CBS would answer if it were delivered now.")
    cheaper: Text | None = Field(None, description="How the output would be cheaper, in one line.")
    versions: dict[str, str] = Field(default_factory=dict)

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
