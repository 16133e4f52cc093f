"""Export requests: states, actions, files, form, reviews (design: exports)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field

from .base import Model
from .finding import PrecheckReport, Status
from .project import Permission
from .text import Text


class ExportState(StrEnum):
    """States of a request; everything after SUBMITTED concerns frozen bytes."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    SUBMITTED = "submitted"
    COST_PENDING = "cost_pending"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    RELEASED = "released"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"

    @property
    def is_final(self) -> bool:
        """Final states never change, except RELEASED → RECALLED."""
        return self in (ExportState.RELEASED, ExportState.REJECTED, ExportState.WITHDRAWN, ExportState.RECALLED)


class ExportAction(StrEnum):
    """What a person can do to a request."""

    EDIT = "edit"
    PROPOSE = "propose"
    RETURN = "return"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REJECT = "reject"


class FormFile(Model):
    """What the submitter says of one file."""

    path: str
    shows: str = Field("", description="What the file shows, in one line.")
    population: str = Field("", description="Population and selection.")
    sources: tuple[str, ...] = Field((), description="Source files with versions.")
    unit: str = Field("", description="person, household, business or institution.")
    weighted: bool = False
    unweighted_n: str = Field("", description="Where the unweighted n stands.")


class ExportForm(Model):
    """The output control form (unofficial template: the official one is not public)."""

    purpose: str = Field("", description="Publication, thesis, presentation …")
    description: str = ""
    secondary_disclosure: str = Field("", description="How secondary disclosure was checked.")
    relation_to_earlier: str = ""
    institutions: bool = False
    external_labels: str = ""
    files: tuple[FormFile, ...] = ()


class ManifestEntry(Model):
    """One frozen file of a round."""

    path: str = Field(description="Name in the delivery, no folders.")
    source: str = Field(description="Path in the workspace it came from.")
    sha256: str
    size: int = Field(description="Bytes.")
    type: str
    kind: Literal["table", "script", "document", "figure", "other"]


class Review(Model):
    """A checker's decision as the reader may see it."""

    checker: str | None = Field(description="Null while the other review is not in.")
    decision: Literal["approve", "reject"] | None
    reason: str = ""
    at: datetime | None = None


class HistoryEntry(Model):
    """One step of a request."""

    at: datetime
    user: str
    action: str
    state: ExportState
    note: str = ""


class ExportSummary(Model):
    """A row of the list of requests."""

    id: str
    title: str
    state: ExportState
    state_text: Text
    waiting_for: Text = Field(description="Who is to act.")
    author: str
    round: int
    version: int = Field(description="Row version for compare-and-swap.")
    changed_at: datetime
    export_class: str | None = Field(None, alias="class")
    price_cents: int | None = None
    ready_on: date | None = None
    status: Status | None = Field(None, description="Verdict of the last pre-check; null when none was made.")
    file_count: int
    allowed_actions: tuple[Permission, ...]

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ExportRequest(ExportSummary):
    """A request with everything its reader may see."""

    paths: tuple[str, ...] = Field((), description="Workspace paths, e.g. 'shared/tables/costs.csv'.")
    form: ExportForm = ExportForm()
    report: PrecheckReport | None = None
    manifest: tuple[ManifestEntry, ...] = ()
    digest: str | None = Field(None, description="sha256 of the round's canonical manifest: what people sign.")
    reviews: tuple[Review, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    open_questions: tuple[Text, ...] = Field((), description="What keeps it from being proposed.")
