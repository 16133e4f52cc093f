"""Kernels end when their person may have none any more: the role is gone, is another, or the project has ended.

The broker refuses every call at once, but a kernel that runs sees the project's files without asking anybody.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from ..domain.errors import CbsError
from ..domain.gateway import Event, Nothing
from ..domain.project import Action
from ..domain.text import Text
from .gateway import Gateway
from .stream import EventStream

log = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 2.0
_REFUSED: Final = frozenset({401, 403, 404})


class PermittedKernels:
    """Asks the broker while kernels run, and ends them when the answer is no.

    Parameters
    ----------
    gateway : Gateway
    kernels
        Jupyter's manager of kernels.
    stream : EventStream
        Where the person is told.
    """

    def __init__(self, gateway: Gateway, kernels: Any, stream: EventStream) -> None:
        self._gateway = gateway
        self._kernels = kernels
        self._stream = stream

    async def run(self) -> None:
        """Look every two seconds; runs until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                if self._kernels.list_kernel_ids() and (reason := await self._refusal()) is not None:
                    await self._end(reason)
            except Exception:
                # one look that failed must not be the last
                log.exception("whether kernels are still permitted could not be seen to")

    async def _refusal(self) -> Text | None:
        """Give the reason why this person may have no kernel; None when they may, and while the broker does not answer."""
        try:
            answer = await self._gateway.call("project", Nothing(), self._stream.language)
        except CbsError as error:
            return error.message if error.status in _REFUSED else None
        for permission in answer.get("permissions", ()):
            if permission.get("action") == Action.OPEN_SESSION.value and permission.get("allowed") is False:
                return Text.model_validate(str(permission.get("reason")))
        return None

    async def _end(self, reason: Text) -> None:
        log.warning("kernels are ended: %s", reason.en)
        for kernel_id in list(self._kernels.list_kernel_ids()):
            await self._kernels.shutdown_kernel(kernel_id, now=True)
        text = Text(en=f"Your kernels were ended. {reason.en}", nl=f"Uw kernels zijn beëindigd. {reason.nl}")
        self._stream.tell(Event(topic="project", text=text, level="error"))
