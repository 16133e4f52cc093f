"""Storage figures and the question whether a save fits."""

from __future__ import annotations

from ...domain.errors import QuotaExceeded
from ...domain.gateway import Nothing, SaveCheck, SaveVerdict, WrittenReport, WrittenVerdict
from ...domain.quota import QuotaStatus
from ..calls import Call, handles


@handles("quota")
async def status(call: Call, request: Nothing) -> QuotaStatus:
    """Give both areas as last measured."""
    return call.authority.metering.status(call.principal)


@handles("quota.measure")
async def measure(call: Call, request: Nothing) -> QuotaStatus:
    """Measure both areas now."""
    call.authority.roots(call.principal)
    await call.authority.metering.measure(call.principal, "shared")
    await call.authority.metering.measure(call.principal, "personal")
    return call.authority.metering.status(call.principal)


@handles("quota.check")
async def check(call: Call, request: SaveCheck) -> SaveVerdict:
    """Tell whether a save fits; the refusal says what to do."""
    try:
        await call.authority.metering.check_save(call.principal, request.path, request.bytes, request.replaces_bytes)
    except QuotaExceeded as error:
        call.authority.audit(call.principal, "quota.check", request.path, "refused", {"bytes": request.bytes})
        return SaveVerdict(allowed=False, message=error.message, remedy=error.remedy)
    return SaveVerdict(allowed=True)


@handles("quota.written")
async def written(call: Call, request: WrittenReport) -> WrittenVerdict:
    """Take what the person's kernels wrote, and tell which of them end and why."""
    call.authority.roots(call.principal)
    return await call.authority.overrun.report(call.principal, request)
