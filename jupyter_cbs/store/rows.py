"""What the store takes and gives, and how it becomes columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal, TypedDict

from pydantic import TypeAdapter

from ..domain.evidence import TableMeta
from ..domain.export import ExportForm, ExportState, HistoryEntry, ManifestEntry
from ..domain.finding import PrecheckReport
from ..domain.model import ModelEvidence
from .canonical import canonical, storable

_PATHS = TypeAdapter(tuple[str, ...])
_MANIFEST = TypeAdapter(tuple[ManifestEntry, ...])
_HISTORY = TypeAdapter(tuple[HistoryEntry, ...])


@dataclass(frozen=True, kw_only=True)
class ExportRow:
    """An export request as it is kept; ``version`` grows by one with every change."""

    id: str
    project: str
    title: str
    author: str
    created_at: datetime
    changed_at: datetime
    state: ExportState = ExportState.DRAFT
    proposer: str | None = None
    submitter: str | None = None
    round: int = 1
    version: int = 1
    paths: tuple[str, ...] = ()
    form: ExportForm = field(default_factory=ExportForm)
    report: PrecheckReport | None = None
    manifest: tuple[ManifestEntry, ...] = ()
    digest: str | None = None
    export_class: str | None = None
    price_cents: int | None = None
    ready_on: date | None = None
    history: tuple[HistoryEntry, ...] = ()


class ExportChanges(TypedDict, total=False):
    """Fields of a request that may change; who made it, where and when never do."""

    title: str
    state: ExportState
    proposer: str | None
    submitter: str | None
    round: int
    changed_at: datetime
    paths: tuple[str, ...]
    form: ExportForm
    report: PrecheckReport | None
    manifest: tuple[ManifestEntry, ...]
    digest: str | None
    export_class: str | None
    price_cents: int | None
    ready_on: date | None
    history: tuple[HistoryEntry, ...]


@dataclass(frozen=True)
class Vote:
    """A checker's decision in one round, on one digest."""

    export_id: str
    round: int
    checker: str
    digest: str
    decision: Literal["approve", "reject"]
    reason: str
    at: datetime


@dataclass(frozen=True)
class ReleasedTable:
    """A table with evidence that left in a release: what it was, as the file showed it, and its frame as an Arrow IPC stream."""

    export_id: str
    round: int
    path: str
    meta: TableMeta
    frame: bytes
    released_at: datetime


@dataclass(frozen=True)
class ReleasedModel:
    """A model that left in a release: as it was declared, which tells n, variables and kind of unit."""

    export_id: str
    round: int
    path: str
    fingerprint: str
    evidence: ModelEvidence
    released_at: datetime


@dataclass(frozen=True)
class MeasurementRow:
    """One measurement of a storage area, in bytes; ``user`` is None for the shared area."""

    project: str
    user: str | None
    area: str
    used_bytes: int
    apparent_bytes: int
    files: int
    measured_at: datetime


EXPORT_FIELDS = frozenset(one.name for one in fields(ExportRow))


def export_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn fields of a request into columns; only the given ones."""
    columns: dict[str, Any] = {}
    for name, value in values.items():
        match name:
            case "paths":
                columns[name] = canonical([storable(path) for path in value])
            case "form":
                columns[name] = value.model_dump_json()
            case "report":
                columns[name] = None if value is None else value.model_dump_json(by_alias=True)
            case "manifest":
                columns[name] = _MANIFEST.dump_json(value).decode()
            case "history":
                columns[name] = _HISTORY.dump_json(value).decode()
            case "ready_on":
                columns[name] = None if value is None else value.isoformat()
            case "export_class":
                columns["class"] = None if value is None else str(value)
            case "state":
                columns[name] = ExportState(value).value
            case _:
                columns[name] = storable(value) if isinstance(value, str) else value
    return columns


def manifest_of(text: str) -> tuple[ManifestEntry, ...]:
    """Read the column with a request's manifest."""
    return _MANIFEST.validate_json(text)


def export_row(columns: Mapping[str, Any]) -> ExportRow:
    """Turn the columns of a request into a row."""
    values = dict(columns)
    values["export_class"] = values.pop("class")
    values["state"] = ExportState(values["state"])
    values["paths"] = _PATHS.validate_json(values["paths"])
    values["form"] = ExportForm.model_validate_json(values["form"])
    values["report"] = None if values["report"] is None else PrecheckReport.model_validate_json(values["report"])
    values["manifest"] = manifest_of(values["manifest"])
    values["history"] = _HISTORY.validate_json(values["history"])
    values["ready_on"] = None if values["ready_on"] is None else date.fromisoformat(values["ready_on"])
    return ExportRow(**values)
