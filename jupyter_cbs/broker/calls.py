"""From a request to its answer: validated, permitted, handled, and refusals kept."""

from __future__ import annotations

import errno
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from ..domain.base import Model
from ..domain.errors import CbsError, Internal, NotFound, Unavailable, not_text
from ..domain.gateway import OPERATIONS, Operation, Surface
from ..domain.project import Principal
from ..domain.text import Language, Text
from ..domain.validation import not_understood
from ..policy.permissions import check
from ..policy.policies import ProjectPolicy

if TYPE_CHECKING:
    from .authority import Authority
    from .sessions import Exchange

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """One request and who makes it."""

    authority: Authority
    principal: Principal
    project: ProjectPolicy
    surface: Surface
    lang: Language
    exchange: Exchange | None = None
    """The kernel's exchange, for operations whose answer is more than JSON."""


Request = TypeVar("Request", bound=Model)
Handler = Callable[[Call, Any], Awaitable[Model]]

_handlers: dict[str, Handler] = {}
_operations: dict[str, Operation] = {operation.name: operation for operation in OPERATIONS}


def handles(name: str) -> Callable[[Handler], Handler]:
    """Register the handler of an operation of the gateway."""
    if name not in _operations:
        raise KeyError(name)

    def register(handler: Handler) -> Handler:
        _handlers[name] = handler
        return handler

    return register


def unhandled() -> set[str]:
    """Operations that nobody handles; empty in a sound build."""
    return set(_operations) - set(_handlers)


async def dispatch(
    authority: Authority,
    user: str,
    project: str,
    surface: Surface,
    name: str,
    args: Mapping[str, Any],
    lang: Language,
    exchange: Exchange | None = None,
) -> Model:
    """Answer one request.

    Raises
    ------
    CbsError
        Refusals and errors for the person; faults of ours become :class:`Internal` and go to the log.
    """
    operation = _operations.get(name)
    if operation is None or surface not in operation.surfaces:
        raise NotFound("unknown_operation", Text(en=f"There is no operation “{name}” here.", nl=f"De bewerking “{name}” bestaat hier niet."))
    try:
        # who somebody is, is looked up at every call: a grant or role that went is gone at once
        policies = authority.policies.current
        call = Call(authority, policies.principal(project, user), policies.project(project), surface, lang, exchange)
        if operation.action is not None:
            check(call.project, call.principal, operation.action, authority.now())
        return await _handlers[name](call, parse(operation.request, args))
    except CbsError as error:
        if error.status in (401, 403):
            authority.note_refusal(user, project, name, error)
        raise
    except UnicodeEncodeError as error:
        raise not_text() from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            log.error("operation %s failed: %s", name, error)
            raise _disk_full() from error
        raise _fault(name) from error
    except Exception as error:
        raise _fault(name) from error


def _disk_full() -> Unavailable:
    return Unavailable(
        "disk_full",
        Text(en="The disk of the workspace is full; nothing was changed.", nl="De schijf van de werkomgeving is vol; er is niets veranderd."),
        Text(
            en="Try again later, and tell the admin: only an admin can make room there.",
            nl="Probeer het later opnieuw en meld het de beheerder: alleen een beheerder kan daar ruimte maken.",
        ),
    )


def _fault(name: str) -> Internal:
    log.exception("operation %s failed", name)
    return mistake()


def mistake() -> Internal:
    """Give the error for a fault of ours; what it was stands in the log."""
    return Internal(
        "internal",
        Text(en="The workspace made a mistake; nothing was changed.", nl="De werkomgeving maakte een fout; er is niets veranderd."),
        Text(
            en="Try again; if it stays, tell the admin what you did and when.",
            nl="Probeer het opnieuw; blijft het zo, meld de beheerder wat u deed en wanneer.",
        ),
    )


def parse(kind: type[Request], args: Mapping[str, Any]) -> Request:
    """Validate the arguments of a request.

    Raises
    ------
    Invalid
        Naming the first field that is wrong.
    """
    try:
        return kind.model_validate(args)
    except ValidationError as error:
        raise not_understood(error) from error
