"""Who is told when something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from ..domain.gateway import Event
from ..domain.project import Principal, Role

_QUEUE_LENGTH = 256


@dataclass(eq=False)
class Subscription:
    """One listener; a listener that does not keep up loses the oldest events and is told to fetch everything."""

    principal: Principal
    queue: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(_QUEUE_LENGTH))
    """Events in order; None ends the stream."""

    def put(self, event: Event | None) -> None:
        """Deliver without waiting."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            event = event and Event(topic="broker", id="resync")
        self.queue.put_nowait(event)


class EventHub:
    """Delivers events to the servers and kernels of the persons concerned."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def subscribe(self, principal: Principal) -> Subscription:
        """Start listening as ``principal``."""
        subscription = Subscription(principal)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop listening."""
        self._subscriptions.discard(subscription)

    def listening(self, project: str, user: str) -> bool:
        """Whether anybody listens as this person in this project."""
        return any((s.principal.project, s.principal.user) == (project, user) for s in self._subscriptions)

    def end(self) -> None:
        """End every stream: the broker stops."""
        for subscription in self._subscriptions:
            subscription.put(None)

    def publish(
        self,
        event: Event,
        *,
        project: str | None = None,
        users: Collection[str] | None = None,
        roles: Collection[Role] | None = None,
        notify: Collection[str] | None = None,
    ) -> None:
        """Tell everybody concerned.

        Parameters
        ----------
        event
            What changed.
        project, users, roles
            Restrict the listeners; None means all.
        notify
            Users who get the event's text; others get the event without it. None means all.
        """
        silent = event.model_copy(update={"text": None})
        for subscription in self._subscriptions:
            who = subscription.principal
            if project is not None and who.project != project:
                continue
            if users is not None and who.user not in users:
                continue
            if roles is not None and who.role not in roles:
                continue
            subscription.put(event if notify is None or who.user in notify else silent)
