"""Kernels come and go; only workspace servers ask this."""

from __future__ import annotations

from ...domain.gateway import ById, Nothing, Session, SessionOpen
from ..calls import Call, handles


@handles("sessions.open")
async def open_session(call: Call, request: SessionOpen) -> Session:
    """Start the session of a kernel."""
    session = call.authority.sessions.open(call.principal, request.kernel_id)
    call.authority.audit(call.principal, "session.open", session.id, "ok", {"kernel": request.kernel_id})
    return Session(id=session.id, socket=str(session.socket_path))


@handles("sessions.close")
async def close_session(call: Call, request: ById) -> Nothing:
    """End the session of a kernel."""
    call.authority.sessions.close(request.id, call.principal)
    call.authority.audit(call.principal, "session.close", request.id, "ok")
    return Nothing()
