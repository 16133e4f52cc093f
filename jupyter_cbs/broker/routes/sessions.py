"""Kernels come and go, people log in and out; only workspace servers ask this."""

from __future__ import annotations

from ...domain.gateway import ById, Nothing, ServerNotes, Session, SessionOpen
from ..calls import Call, handles


@handles("sessions.open")
async def open_session(call: Call, request: SessionOpen) -> Session:
    """Start the session of a kernel."""
    await call.authority.overrun.admit(call.principal)
    session = call.authority.sessions.open(call.principal, request.kernel_id)
    call.authority.overrun.began(session.id)
    call.authority.audit(call.principal, "session.open", session.id, "ok", {"kernel": request.kernel_id})
    return Session(id=session.id, socket=str(session.socket_path))


@handles("sessions.close")
async def close_session(call: Call, request: ById) -> Nothing:
    """End the session of a kernel."""
    call.authority.sessions.close(request.id, call.principal)
    call.authority.overrun.ended(call.principal, request.id)
    call.authority.audit(call.principal, "session.close", request.id, "ok")
    return Nothing()


@handles("server.notes")
async def keep_notes(call: Call, request: ServerNotes) -> Nothing:
    """Keep what a workspace server saw, as refusals are kept: a server that notes without end is counted, not written down."""
    for note in request.notes:
        refused = note.event in ("login_refused", "route_refused")
        call.authority.refusals.note(
            call.principal.user,
            call.principal.project,
            f"server.{note.event}",
            note.subject if refused else "",
            outcome="refused" if refused else "ok",
            count=note.count,
        )
    return Nothing()
