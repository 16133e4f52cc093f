"""Whether this person may read and write the workspace now: the broker's word, asked before every change."""

from __future__ import annotations

import time
from typing import Final

from ..domain.errors import CbsError, Internal, QuotaExceeded, Refused, Unavailable
from ..domain.gateway import Nothing, SaveCheck
from ..domain.project import Action
from ..domain.text import Language, Text
from .gateway import Gateway

_FRESH_SECONDS: Final = 2.0
_GRACE_SECONDS: Final = 60.0
"""While the broker restarts, a person who could read a minute ago still can; writing always asks."""


class WorkspaceAccess:
    """Asks the broker on behalf of the file browser.

    Parameters
    ----------
    gateway : Gateway
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._allowed_at: float | None = None
        self._may_write = False

    @property
    def may_write(self) -> bool:
        """Whether files are shown as writable: the broker's word when reading was last permitted.

        Only what a file browser shows; a write itself is always asked for.
        """
        return self._may_write

    async def check_read(self, lang: Language) -> None:
        """Refuse when the person may not read the workspace.

        Raises
        ------
        Refused, Unavailable
            With the broker's reason.
        """
        now = time.monotonic()
        if self._allowed_at is not None and now - self._allowed_at < _FRESH_SECONDS:
            return
        try:
            answer = await self._gateway.call("project", Nothing(), lang)
        except Unavailable:
            if self._allowed_at is not None and now - self._allowed_at < _GRACE_SECONDS:
                return
            raise
        except CbsError:
            self._allowed_at = None
            raise
        permissions = {permission.get("action"): permission for permission in answer.get("permissions", ())}
        reading, writing = permissions.get(Action.READ_WORKSPACE.value), permissions.get(Action.WRITE_WORKSPACE.value, {})
        if reading is None:
            raise Internal(
                "bad_answer",
                Text(en="The broker does not say whether files may be read.", nl="De broker zegt niet of bestanden gelezen mogen worden."),
            )
        if reading.get("allowed") is not True:
            self._allowed_at = None
            raise Refused("read_refused", Text.model_validate(str(reading.get("reason"))))
        self._may_write = writing.get("allowed") is True
        self._allowed_at = now

    async def shows_areas(self, lang: Language) -> bool:
        """Tell whether the two areas are named at the top level.

        Not for whoever may not read them. While the broker does not answer they stay: an empty file browser would say
        that the files are gone.
        """
        try:
            await self.check_read(lang)
        except Unavailable:
            return True
        except CbsError:
            return False
        return True

    async def check_save(self, path: str, size: int, replaces: int, lang: Language) -> None:
        """Refuse a write that is not permitted or does not fit.

        Parameters
        ----------
        path : str
            Workspace path.
        size : int
            Bytes to be written; 0 asks only whether writing is permitted.
        replaces : int
            Allocated bytes that are freed.

        Raises
        ------
        QuotaExceeded
            When the area has no room; the broker's message and remedy.
        Refused, Unavailable
            With the broker's reason.
        """
        verdict = await self._gateway.call("quota.check", SaveCheck(path=path, bytes=size, replaces_bytes=replaces), lang)
        if verdict.get("allowed") is not True:
            message = verdict.get("message") or {"en": "The area has no room for this.", "nl": "Het gebied heeft hier geen ruimte voor."}
            raise QuotaExceeded("quota_exceeded", Text.model_validate(message), verdict.get("remedy"))
