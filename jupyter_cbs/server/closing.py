"""Sessions at the broker that are over: closed at once, and again and again while the broker does not answer."""

from __future__ import annotations

import logging

from ..domain.errors import CbsError
from ..domain.gateway import ById
from .gateway import Gateway

log = logging.getLogger(__name__)


class EndedSessions:
    """The sessions of kernels that ended, until the broker knows it.

    The broker keeps a session as long as the person's workspace server runs, and a person has a few only: one that it never heard the
    end of would be missed.
    """

    def __init__(self) -> None:
        self._sessions: set[str] = set()

    async def close(self, gateway: Gateway, *sessions: str) -> None:
        """Tell the broker of these sessions' end, and of those it could not be told of before.

        Who ends a kernel need not wait for the broker: that it does not answer is no error.

        Parameters
        ----------
        gateway : Gateway
            The broker.
        sessions : str
            Ids of sessions whose kernels ended just now.
        """
        self._sessions.update(sessions)
        for session in sorted(self._sessions):
            try:
                await gateway.call("sessions.close", ById(id=session))
            except CbsError as error:
                if error.status >= 500:
                    log.info("session %s could not be closed: %s", session, error.code)
                    return
                # refused to who may have no session any more: the broker has ended it itself
            self._sessions.discard(session)
