"""Kernels end when their person may have none any more, or when they fill the disk of the others.

The broker refuses every call at once, but a kernel that runs sees the project's files, and writes to the areas, without asking anybody.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ..domain.errors import CbsError
from ..domain.gateway import Event, KernelWritten, Nothing, WrittenReport
from ..domain.project import Action
from ..domain.text import Text
from ..quota.meter import measure
from ..sandbox.writing import Written
from .closing import EndedSessions
from .gateway import Gateway
from .sockets import tell_end
from .stream import EventStream

log = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 2.0
_REFUSED: Final = frozenset({401, 403, 404})

_LOOK_SECONDS: Final = 0.5
_LOOK_SHARE: Final = 0.02
"""At most this part of a core goes into counting what kernels write, however many processes they have."""
_WORTH_TELLING: Final = 2**18
"""Bytes that a kernel must have written since for the broker to be told at once."""
_TELL_SECONDS: Final = 5.0
"""The broker is told this often in any case: not every file system says what is written."""

_OPEN_SECONDS: Final = 1.0
_OPEN_SECONDS_OTHERS: Final = 10.0
"""Pause between two walks that open folders, and when there was nothing to open: they are other people's."""
_OPEN_SHARE: Final = 0.2
"""Part of a core that goes into such walks at most; a tenth of it when there was nothing to open."""
_MOST_CLOSED: Final = 3
"""Who closes the same folder this often hides what is in it."""
_HIDES: Final = Text(
    en="One of your programs closes a folder of the workspace again and again, so that it cannot be measured how full it is.",
    nl="Een van uw programma's sluit een map van de werkruimte telkens af, zodat niet te meten is hoe vol die is.",
)


class PermittedKernels:
    """Asks the broker while kernels run, and ends them when the answer is no.

    Parameters
    ----------
    gateway : Gateway
    kernels
        Jupyter's manager of kernels.
    stream : EventStream
        Where the person is told.
    ended : EndedSessions
        What the broker is to be told of until it answers.
    """

    def __init__(self, gateway: Gateway, kernels: Any, stream: EventStream, ended: EndedSessions) -> None:
        self._gateway = gateway
        self._kernels = kernels
        self._stream = stream
        self._ended = ended
        self._told: dict[str, Written] = {}
        self._told_at = -math.inf
        self._closed = False
        self._open_at = -math.inf
        self._opened: Counter[tuple[int, int]] = Counter()

    async def run(self) -> None:
        """Look every two seconds whether kernels are permitted, and twice a second at what they write; runs until cancelled."""
        await asyncio.gather(self._run_permitted(), self._run_written())

    async def _run_permitted(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self._ended.close(self._gateway)
                if self._kernels.list_kernel_ids() and (reason := await self._refusal()) is not None:
                    await self._end(self._kernels.list_kernel_ids(), reason, "project")
            except Exception:
                # one look that failed must not be the last
                log.exception("whether kernels are still permitted could not be seen to")

    async def _run_written(self) -> None:
        pause = _LOOK_SECONDS
        while True:
            await asyncio.sleep(pause)
            try:
                pause = max(_LOOK_SECONDS, await self._look() / _LOOK_SHARE)
            except Exception:
                log.exception("what kernels write could not be seen to")

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

    async def _look(self) -> float:
        """Count what kernels wrote, and tell the broker when it is worth it; give the seconds of a core that counting took."""
        provisioners = {kernel_id: self._kernels.get_kernel(kernel_id).provisioner for kernel_id in self._kernels.list_kernel_ids()}
        counting = {
            provisioner.session: (kernel_id, provisioner.writing)
            for kernel_id, provisioner in provisioners.items()
            if provisioner is not None and provisioner.writing is not None and provisioner.session is not None
        }
        if not counting:
            return 0.0

        def count() -> tuple[dict[str, Written], float]:
            began = time.thread_time()
            return {session: writing.look() for session, (_, writing) in counting.items()}, time.thread_time() - began

        found, cost = await asyncio.to_thread(count)
        late = time.monotonic() - self._told_at >= _TELL_SECONDS
        if late or any(_differs(written, self._told.get(session)) for session, written in found.items()):
            await self._report(found, {session: kernel_id for session, (kernel_id, _) in counting.items()})
        if self._closed and time.monotonic() >= self._open_at:
            any_provisioner = next(iter(provisioners.values()))
            await self._open_folders((Path(any_provisioner.shared_dir), Path(any_provisioner.personal_dir)))
        return cost

    async def _open_folders(self, areas: Iterable[Path]) -> None:
        """Open the person's own folders to the broker, and end the kernels of who closes them again and again."""
        opened: list[tuple[int, int]] = []
        began = time.monotonic()
        for area in areas:
            await asyncio.to_thread(measure, area, opened)
        now = time.monotonic()
        pause = (now - began) / _OPEN_SHARE
        self._open_at = now + (max(_OPEN_SECONDS, pause) if opened else max(_OPEN_SECONDS_OTHERS, 10 * pause))
        self._opened.update(opened)
        if any(self._opened[folder] >= _MOST_CLOSED for folder in opened):
            self._opened.clear()
            await self._end(self._kernels.list_kernel_ids(), _HIDES, "quota")

    async def _report(self, found: dict[str, Written], kernels: dict[str, str]) -> None:
        report = WrittenReport(
            kernels=tuple(KernelWritten(session=s, written_bytes=w.bytes, nameless_bytes=w.nameless) for s, w in found.items()),
        )
        try:
            verdict = await self._gateway.call("quota.written", report, self._stream.language)
        except CbsError as error:
            # told again at the next look
            log.info("the broker could not be told what kernels write: %s", error.code)
            return
        self._told, self._told_at = found, time.monotonic()
        self._closed = bool(verdict.get("closed"))
        if ended := [kernels[session] for session in verdict.get("end", ()) if session in kernels]:
            await self._end(ended, Text.model_validate(str(verdict.get("text"))), "quota")

    async def _end(self, kernels: Iterable[str], reason: Text, topic: Any) -> None:
        log.warning("kernels are ended: %s", reason.en)
        text = Text(en=f"Your kernels were ended. {reason.en}", nl=f"Uw kernels zijn beëindigd. {reason.nl}")
        for kernel_id in list(kernels):
            tell_end(kernel_id, text.say(self._stream.language))
            await self._kernels.shutdown_kernel(kernel_id, now=True)
        self._stream.tell(Event(topic=topic, text=text, level="error"))


def _differs(now: Written, told: Written | None) -> bool:
    return told is None or now.bytes - told.bytes >= _WORTH_TELLING or abs(now.nameless - told.nameless) >= _WORTH_TELLING
