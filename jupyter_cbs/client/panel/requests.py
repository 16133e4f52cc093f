"""What the export panel asks of the broker. Holds no state; safe to call from any thread."""

from __future__ import annotations

from dataclasses import dataclass

from ...domain.export import ExportAction, ExportForm, ExportRequest, ExportState, ExportSummary
from ...domain.finding import PrecheckReport
from ...domain.gateway import ExportList
from ...domain.project import Action, Permission, ProjectSummary
from ...domain.text import Text
from ..connection import Session
from ..files import lend_files, list_files, workspace_root

EDITABLE = frozenset({ExportState.DRAFT, ExportState.CHANGES_REQUESTED})


@dataclass(frozen=True)
class Start:
    """What the panel opens with."""

    user: str
    may_draft: Permission
    request: ExportRequest | None
    files: tuple[str, ...]


class Requests:
    """Calls of the panel.

    Parameters
    ----------
    session : Session
        The kernel's session. Every method raises the broker's typed errors.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(self) -> Start:
        """Give the person's rights, files, and newest open draft."""
        project = ProjectSummary.model_validate(self._session.call("project").answer)
        found = next((p for p in project.permissions if p.action == Action.DRAFT_EXPORT), None)
        may = found or Permission(action=Action.DRAFT_EXPORT, allowed=False, reason=Text(en="Not offered.", nl="Niet aangeboden."))
        listing = ExportList.model_validate(self._session.call("exports.list").answer)
        drafts = [r for r in listing.requests if is_open(r, project.user)]
        newest = max(drafts, key=lambda r: r.changed_at, default=None)
        return Start(project.user, may, self.get(newest.id) if newest is not None else None, self.files())

    def files(self) -> tuple[str, ...]:
        """List the files to choose from."""
        root = workspace_root()
        return list_files(root) if root is not None else ()

    def get(self, id: str) -> ExportRequest:
        """Give one request as it is now."""
        return ExportRequest.model_validate(self._session.call("exports.get", {"id": id}).answer)

    def check(self, paths: tuple[str, ...]) -> PrecheckReport:
        """Check files as the export will."""
        lend_files(paths)
        return PrecheckReport.model_validate(self._session.call("precheck", {"paths": paths}).answer)

    def save(self, request: ExportRequest | None, title: str, paths: tuple[str, ...], form: ExportForm) -> ExportRequest:
        """Keep the draft; makes one when there is none."""
        lend_files(paths)
        content = {"title": title, "paths": paths, "form": form.model_dump(mode="json")}
        if request is None:
            return ExportRequest.model_validate(self._session.call("exports.create", content).answer)
        args = {"id": request.id, "version": request.version, **content}
        return ExportRequest.model_validate(self._session.call("exports.edit", args).answer)

    def propose(self, request: ExportRequest) -> ExportRequest:
        """Propose the draft to the project leader."""
        args = {"id": request.id, "action": ExportAction.PROPOSE, "version": request.version}
        return ExportRequest.model_validate(self._session.call("exports.act", args).answer)


def is_open(request: ExportSummary, user: str) -> bool:
    """Whether this person still works on a request."""
    return request.author == user and request.state in EDITABLE


def permission(request: ExportSummary, action: ExportAction) -> Permission:
    """Give the broker's word on an action; what it does not name is not allowed."""
    for found in request.allowed_actions:
        if found.action == action:
            return found
    reason = Text(
        en=f"Not possible while the request is: {request.state_text.en}.", nl=f"Niet mogelijk zolang de aanvraag is: {request.state_text.nl}."
    )
    return Permission(action=action, allowed=False, reason=reason)
