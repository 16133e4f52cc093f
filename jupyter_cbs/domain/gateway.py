"""The gateway, described once.

Every request a workspace server or a kernel can make of the broker is an :class:`Operation` with the types of
its request and its answer. The broker dispatches by this table, the workspace server mounts it under
``/cbs/api``, the session protocol uses the operations' names, the OpenAPI document and the TypeScript types are
generated from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from .base import Model
from .dataset import Dataset, DatasetSummary
from .evidence import TableMeta, TableSpec
from .export import ExportAction, ExportForm, ExportRequest, ExportSummary
from .figure import FigureEvidence, OutputReport
from .finding import PrecheckReport
from .model import ModelEvidence
from .plain import ALL_SHOWN, Line, Prose
from .project import Action, Principal, ProjectSummary
from .quota import QuotaStatus
from .text import Language, Text

MAX_NESTING = 32
"""How deep lists and mappings may lie in each other in the parameters of a query."""

# ------------------------------------------------------------------------------------------------ requests


class Nothing(Model):
    """No parameters, or no answer."""


class CatalogueQuery(Model):
    """Search text over names, titles, topics, variables and labels; empty lists everything granted."""

    query: str = ""


class ByName(Model):
    """One data set (or its topic)."""

    name: str


class ById(Model):
    """One thing by its id."""

    id: str


class PrecheckQuery(Model):
    """Workspace paths of files or folders, e.g. 'shared/tables'."""

    paths: tuple[str, ...] = Field(min_length=1)


class ExportCreate(Model):
    """A new draft."""

    title: Line = Field(min_length=1, max_length=200)
    paths: tuple[str, ...] = ()
    form: Annotated[ExportForm, ALL_SHOWN] = ExportForm()


class ExportEdit(Model):
    """A change of a draft; absent fields stay as they are."""

    id: str
    version: int
    title: Annotated[Line, Field(min_length=1, max_length=200)] | None = None
    paths: tuple[str, ...] | None = None
    form: Annotated[ExportForm, ALL_SHOWN] | None = None


class ExportAct(Model):
    """A step of the workflow."""

    id: str
    action: ExportAction
    version: int
    digest: str | None = Field(None, description="The digest the person saw; required to approve or reject.")
    reason: Prose = Field("", max_length=4000)
    pin: str | None = Field(None, description="Step-up PIN; only from the trusted front end.")


class SessionOpen(Model):
    """A kernel starts."""

    kernel_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")


class SaveCheck(Model):
    """May a file of this size be written here?"""

    path: str
    bytes: int = Field(ge=0)
    replaces_bytes: int = Field(0, ge=0, description="Allocated bytes of the file it replaces.")


class KernelWritten(Model):
    """What one kernel wrote to disk."""

    session: str = Field(max_length=64)
    written_bytes: int = Field(ge=0, description="Since it started, with all it starts.")
    nameless_bytes: int = Field(0, ge=0, description="Held by open files without a name, which no measurement of an area finds.")


class WrittenReport(Model):
    """What all kernels of a person wrote."""

    kernels: tuple[KernelWritten, ...] = Field(max_length=100)


class ServerNote(Model):
    """Something a workspace server saw, and how often since it last told."""

    event: Literal["login", "login_refused", "logout", "session_ended", "route_refused"]
    subject: str = Field("", max_length=100, description="What it was about, e.g. the beginning of a path.")
    count: int = Field(1, ge=1)


class ServerNotes(Model):
    """Events of a workspace server for the audit."""

    notes: tuple[ServerNote, ...] = Field(max_length=100)


class AuditQuery(Model):
    """The newest events of the project."""

    limit: int = Field(100, ge=1, le=1000)
    before: int | None = Field(None, description="Only events with a lower sequence number.")


class SqlQuery(Model):
    """One SELECT; session protocol only."""

    text: str
    parameters: list[Any] | dict[str, Any] | None = None

    @field_validator("parameters")
    @classmethod
    def _not_too_deep(cls, parameters: list[Any] | dict[str, Any] | None) -> list[Any] | dict[str, Any] | None:
        level: list[Any] = [parameters]
        for _ in range(MAX_NESTING):
            level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())]
            if not level:
                return parameters
        raise ValueError(
            Text(en="The parameters are nested too deeply.", nl="De parameters zijn te diep genest."),
            Text(en=f"Values, or lists of lists up to {MAX_NESTING} deep.", nl=f"Waarden, of lijsten van lijsten tot {MAX_NESTING} diep."),
        )


class ProtectQuery(Model):
    """How a table that was made here is to be protected; session protocol only."""

    fingerprint: str = Field(pattern=r"^[0-9a-f]{64}$", description="Of the table, as its TableMeta gives it.")
    method: Literal["suppress", "round", "merge"] = "suppress"
    base: int | None = Field(None, ge=2, le=1_000_000_000, description="Rounding base; by default the least that protects.")
    merge: dict[str, dict[str, tuple[str, ...]]] | None = Field(
        None, description="Dimension name → label → codes that become one category; by default what the table's own proposals say."
    )


class Cancel(Model):
    """Stop a running request of this connection's session."""

    target: int


# ------------------------------------------------------------------------------------------------- answers


class WrittenVerdict(Model):
    """Which kernels have to end because the disk is not theirs alone."""

    end: tuple[str, ...] = Field((), description="Their sessions.")
    text: Text | None = Field(None, description="Why, for the person; null when none has to end.")
    closed: bool = Field(False, description="Whether there are folders that the broker cannot look into; their owner's server opens them.")


class CatalogueListing(Model):
    """Granted data sets that match."""

    datasets: tuple[DatasetSummary, ...]
    topics: int
    query: str


class ColumnType(Model):
    """A column of a result."""

    name: str
    type: str = Field(description="DuckDB type.")


class SqlAnswer(Model):
    """What a query gave; the rows travel beside it as Arrow."""

    rows: int
    bytes: int = Field(description="Bytes of the result as Arrow.")
    seconds: float
    columns: tuple[ColumnType, ...]
    sources: tuple[str, ...] = Field((), description="Granted data sets that the statement names.")


class Session(Model):
    """Where the kernel finds its broker."""

    id: str
    socket: str = Field(description="Path of the session's own listening socket.")


class SaveVerdict(Model):
    """Room for a save, or the error body of a 507."""

    allowed: bool
    message: Text | None = None
    remedy: Text | None = None


class ExportList(Model):
    """Requests the person may see, newest change first."""

    requests: tuple[ExportSummary, ...]


class PolicyProblem(Model):
    """Why a policy file was refused."""

    file: str
    line: int | None = None
    field: str = ""
    message: Text
    expected: Text


class PolicyStatus(Model):
    """Which policy is in force."""

    version: str = Field(description="sha256 prefix of the policy in force.")
    loaded_at: datetime
    problems: tuple[PolicyProblem, ...] = Field((), description="Problems of a newer version that was refused; empty when up to date.")


class AuditEvent(Model):
    """One event of the chain."""

    sequence: int
    at: datetime
    user: str
    project: str
    action: str
    subject: str
    outcome: str
    details: dict[str, Any] = Field(default_factory=dict)
    hash: str


class AuditPage(Model):
    """Events, newest first."""

    events: tuple[AuditEvent, ...]


class Health(Model):
    """The broker answers."""

    status: Literal["ok"] = "ok"
    version: str
    pid: int
    policy_version: str


class Event(Model):
    """Pushed to servers and kernels: something changed, fetch it again."""

    topic: Literal["project", "catalogue", "quota", "exports", "policy", "broker"]
    id: str | None = None
    text: Text | None = Field(None, description="A notification for this person; null when nothing needs saying.")
    level: Literal["info", "success", "warning", "error"] = "info"


# ----------------------------------------------------------------------------------------------- operations


Surface = Literal["http", "session"]


@dataclass(frozen=True)
class Operation:
    """One request of the gateway.

    Parameters
    ----------
    name
        Dotted name, used by the session protocol.
    method, path
        HTTP method and path below ``/cbs/api``; path parameters in braces are fields of the request.
    request, answer
        Types; the fields of a GET request travel as query parameters, others as JSON body.
    action
        Row of the permission table; None for what every authenticated caller may ask.
    surfaces
        Where it is offered. What needs a step-up is never offered to kernels.
    """

    name: str
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    summary: str
    request: type[Model]
    answer: type[Model]
    action: Action | None
    surfaces: frozenset[Surface] = field(default=frozenset({"http", "session"}))


_HTTP: frozenset[Surface] = frozenset({"http"})
_SESSION: frozenset[Surface] = frozenset({"session"})

OPERATIONS: tuple[Operation, ...] = (
    Operation("health", "GET", "/health", "Whether the broker answers", Nothing, Health, None),
    Operation("me", "GET", "/me", "Who the caller is", Nothing, Principal, None),
    Operation("project", "GET", "/project", "The project and what the caller may do", Nothing, ProjectSummary, Action.READ_PROJECT),
    Operation("catalogue.list", "GET", "/catalogue", "Search the granted data sets", CatalogueQuery, CatalogueListing, Action.READ_CATALOGUE),
    Operation("catalogue.get", "GET", "/catalogue/{name}", "One data set with its variables", ByName, Dataset, Action.READ_CATALOGUE),
    Operation("quota", "GET", "/quota", "Use of both storage areas", Nothing, QuotaStatus, Action.READ_QUOTA),
    Operation("quota.measure", "POST", "/quota/measurements", "Measure both areas now", Nothing, QuotaStatus, Action.READ_QUOTA),
    Operation("quota.check", "POST", "/quota/checks", "Whether a save fits", SaveCheck, SaveVerdict, Action.WRITE_WORKSPACE, _HTTP),
    Operation(
        "quota.written", "POST", "/quota/written", "What kernels wrote, and which end", WrittenReport, WrittenVerdict, Action.OPEN_SESSION, _HTTP
    ),
    Operation("precheck", "POST", "/precheck", "Check files against the disclosure rules", PrecheckQuery, PrecheckReport, Action.PRECHECK),
    Operation("exports.list", "GET", "/exports", "Export requests", Nothing, ExportList, Action.READ_EXPORTS),
    Operation("exports.create", "POST", "/exports", "Start a draft", ExportCreate, ExportRequest, Action.DRAFT_EXPORT),
    Operation("exports.get", "GET", "/exports/{id}", "One request", ById, ExportRequest, Action.READ_EXPORTS),
    Operation("exports.edit", "PATCH", "/exports/{id}", "Change a draft", ExportEdit, ExportRequest, Action.DRAFT_EXPORT),
    Operation(
        "exports.act",
        "POST",
        "/exports/{id}/actions/{action}",
        "Take a step of the workflow",
        ExportAct,
        ExportRequest,
        Action.READ_EXPORTS,
    ),
    Operation("policy", "GET", "/policy", "Which policy is in force", Nothing, PolicyStatus, Action.READ_POLICY, _HTTP),
    Operation("audit", "GET", "/audit", "Events of the project", AuditQuery, AuditPage, Action.READ_AUDIT, _HTTP),
    Operation("sessions.open", "POST", "/sessions", "A kernel starts", SessionOpen, Session, Action.OPEN_SESSION, _HTTP),
    Operation("sessions.close", "DELETE", "/sessions/{id}", "A kernel ended", ById, Nothing, Action.OPEN_SESSION, _HTTP),
    Operation("server.notes", "POST", "/notes", "Log-ins and refusals a workspace server saw", ServerNotes, Nothing, None, _HTTP),
    Operation("sql", "POST", "/sql", "Run one SELECT; the answer is Arrow", SqlQuery, SqlAnswer, Action.QUERY, _SESSION),
    Operation("table", "POST", "/table", "A table with evidence; the answer is Arrow", TableSpec, TableMeta, Action.QUERY, _SESSION),
    Operation(
        "table.protect",
        "POST",
        "/table/protect",
        "A table made safe by suppression, rounding or merging; the answer is Arrow",
        ProtectQuery,
        TableMeta,
        Action.QUERY,
        _SESSION,
    ),
    Operation(
        "model.check",
        "POST",
        "/model/checks",
        "Judge a fitted model by what the kernel declares of it",
        ModelEvidence,
        OutputReport,
        Action.PRECHECK,
        _SESSION,
    ),
    Operation(
        "figure.check",
        "POST",
        "/figure/checks",
        "Judge a figure by what the kernel declares of it",
        FigureEvidence,
        OutputReport,
        Action.PRECHECK,
        _SESSION,
    ),
    Operation("cancel", "POST", "/cancel", "Stop a running request", Cancel, Nothing, None, _SESSION),
)

KERNEL_EXPORT_ACTIONS = frozenset({ExportAction.PROPOSE, ExportAction.EDIT})
"""Steps a kernel may take; all others need the trusted front end."""


class Hello(Model):
    """First frame of a kernel on a connection."""

    protocol: Literal[1] = 1
    lang: Language = "en"
    events: bool = Field(False, description="Turn this connection into an event stream.")
