"""Projects, members, roles and actions."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field

from .base import Model
from .text import Text


class Role(StrEnum):
    """What a person is in a project (design: domain, role matrix)."""

    RESEARCHER = "researcher"
    LEADER = "leader"
    VIEWER = "viewer"
    CHECKER = "checker"
    ADMIN = "admin"

    @property
    def is_member(self) -> bool:
        """Members belong to the project; checkers and admins belong to the office."""
        return self in (Role.RESEARCHER, Role.LEADER, Role.VIEWER)


class Action(StrEnum):
    """Everything a person can ask for; the permission table has a row for each."""

    READ_PROJECT = "read_project"
    READ_CATALOGUE = "read_catalogue"
    READ_QUOTA = "read_quota"
    OPEN_SESSION = "open_session"
    QUERY = "query"
    READ_WORKSPACE = "read_workspace"
    WRITE_WORKSPACE = "write_workspace"
    PRECHECK = "precheck"
    READ_EXPORTS = "read_exports"
    DRAFT_EXPORT = "draft_export"
    PROPOSE_EXPORT = "propose_export"
    RETURN_EXPORT = "return_export"
    SUBMIT_EXPORT = "submit_export"
    WITHDRAW_EXPORT = "withdraw_export"
    DECIDE_EXPORT = "decide_export"
    READ_POLICY = "read_policy"
    READ_AUDIT = "read_audit"


class Principal(Model):
    """Who is asking, known from the socket the request came in on, never from the request."""

    user: str
    name: str = Field(description="Display name.")
    role: Role
    project: str = Field(description="Project number, four digits.")


class Permission(Model):
    """Whether one action is open to this person now, and why (not)."""

    action: str
    allowed: bool
    reason: Text = Field(description="Empty when allowed; the tooltip of a disabled button otherwise.")


class Pause(Model):
    """A whole-month standstill of a project (seed S2, Stilleggen)."""

    start: date
    end: date | None = None


class ProjectSummary(Model):
    """What every member sees of the project."""

    number: str
    title: str
    institution: str
    role: Role
    user: str
    name: str
    start: date
    end: date
    access_until: date = Field(description="First day without access: the first working day after the end date.")
    days_left: int
    state: str = Field(description="'active', 'contract_pending', 'not_started', 'paused' or 'ended'.")
    state_text: Text
    permissions: tuple[Permission, ...]
    walls_in_force: bool = Field(description="Whether kernels and workers of this deployment are sandboxed.")
    walls_text: Text
    notice: Text | None = Field(None, description="Something that blocks work, e.g. a policy file that was refused.")
