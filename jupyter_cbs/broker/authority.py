"""What the broker holds: policies, catalogue, state, listeners, and who is told what."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from ..catalogue.index import CatalogueIndex, build_index, signature
from ..catalogue.narrow import NarrowFiles
from ..catalogue.scope import Scope
from ..domain.errors import CbsError, Refused, Unavailable
from ..domain.gateway import Event
from ..domain.grant import Grant
from ..domain.project import Principal, Role
from ..domain.text import Text
from ..policy.store import PolicyDirectory
from ..query.engine import Plain, Wrapped
from ..store.objects import ObjectStore
from ..store.store import Store
from ..system.beneath import WorkspaceRoots
from . import inspection
from .deployment import Deployment
from .events import EventHub
from .launching import Launcher
from .metering import Metering
from .overrun import Overrun
from .refusals import Refusals
from .sessions import Sessions
from .walls import Walls

log = logging.getLogger(__name__)


class Authority:
    """The broker's state, shared by all its sockets.

    Parameters
    ----------
    deployment : Deployment
        Where everything lies; its private directories are prepared here.
    unsandboxed : bool
        Whether workers run without walls; for a marked demo with synthetic data only.
    launcher : Launcher, optional
        Starts query engines and checks under accounts of their own, where root left one.

    Raises
    ------
    PolicyInvalid
        If there is no valid policy to start with: the broker never runs without one.
    Refused
        ``not_a_demo`` when a deployment that is not marked as a demo with generated data only would run without walls.
    """

    def __init__(self, deployment: Deployment, unsandboxed: bool = False, launcher: Launcher | None = None) -> None:
        if unsandboxed and not deployment.synthetic:
            raise Refused(
                "not_a_demo",
                Text(
                    en="Only a demo with synthetic data may run without walls; this deployment is none.",
                    nl="Alleen een demo met synthetische gegevens mag zonder muren draaien; deze omgeving is dat niet.",
                ),
                Text(
                    en="Leave --unsandboxed-demo out; 'jupyter cbs selftest' says what is missing on this machine.",
                    nl="Laat --unsandboxed-demo weg; 'jupyter cbs selftest' laat zien wat op deze machine ontbreekt.",
                ),
            )
        deployment.prepare()
        self.deployment = deployment
        self.walls = Walls(unsandboxed)
        self.launcher = launcher
        self.policies = PolicyDirectory(deployment.policies)
        self.store = Store.open(deployment.database, deployment.state / "anchors")
        self.objects = ObjectStore(deployment.state / "objects")
        self.freezing = asyncio.Lock()
        """Held from the freezing of bytes until the request that needs them is kept, and while bytes that none needs are removed."""
        self.hub = EventHub()
        # looked at before it is read: what changes meanwhile is seen as a change
        self._indexed = signature(deployment.catalogue)
        self.catalogue: CatalogueIndex = self._index()
        self._scopes: dict[tuple[str, tuple[Grant, ...]], Scope] = {}
        self.narrow = NarrowFiles(deployment.columns)
        self.metering = Metering(self)
        self.overrun = Overrun(self)
        self.on_policies: list[Callable[[], None]] = []
        """Called after a change of the policies or the catalogue, by parts that hold something made from them."""
        self.sessions = Sessions(self)
        self.refusals = Refusals(self.store)
        self.inspector = inspection.Inspector(deployment.spill, self._shut_in)
        if unsandboxed:
            with self.store.begin() as tx:
                tx.audit(user="broker", project="", action="walls.off", subject="unsandboxed demo", outcome="ok", details={})

    def _shut_in(self, argv: Sequence[str], fds: Sequence[int]) -> Wrapped:
        """Shut in a process that looks into files; see :mod:`jupyter_cbs.broker.inspection`."""
        if self.walls.unsandboxed:
            return Plain(argv, fds)
        self.walls.check()
        place = self.deployment
        hidden = (place.catalogue, place.state, place.policies, place.storage, place.engines)
        prepared = inspection.sandbox(hidden).prepare(argv, fds, watch=False)
        return prepared if self.launcher is None else self.launcher.check(prepared)

    def _index(self) -> CatalogueIndex:
        index = build_index(self.deployment.catalogue, self.deployment.state / "catalogue-index.json")
        for problem in index.problems:
            log.warning("catalogue: %s: %s", problem.file, problem.message)
        return index

    @staticmethod
    def now() -> datetime:
        """Give the present moment, aware, in UTC."""
        return datetime.now(UTC)

    def scope(self, project: str) -> Scope:
        """Give the granted part of the catalogue."""
        grants = tuple(self.policies.current.project(project).grants)
        key = (project, grants)
        if key not in self._scopes:
            self._scopes = {k: v for k, v in self._scopes.items() if k[0] != project}
            scope = self._scopes[key] = Scope.of(self.catalogue, grants)
            for grant, column in scope.unknown:
                log.warning("policy: project %s: no data set of %s has a column %s", project, grant, column)
        return self._scopes[key]

    async def forget_columns(self) -> None:
        """Remove the files with columns that no project has any more."""
        views = [self.scope(number).views() for number in self.policies.current.projects]
        await asyncio.to_thread(self.narrow.keep, views)

    def roots(self, principal: Principal) -> WorkspaceRoots:
        """Give the two storage areas of a person; they are made when missing."""
        shared = self.deployment.shared(principal.project)
        personal = self.deployment.personal(principal.project, principal.user)
        for path in (shared, personal):
            path.mkdir(parents=True, exist_ok=True)
        return WorkspaceRoots(shared, personal)

    def audit(self, principal: Principal, action: str, subject: str, outcome: str, details: dict[str, Any] | None = None) -> None:
        """Write one event in a transaction of its own."""
        self.store.note(user=principal.user, project=principal.project, action=action, subject=subject, outcome=outcome, details=details)

    def note_refusal(self, user: str, project: str, operation: str, error: CbsError) -> None:
        """Keep a refusal in the audit, or count it where one asks for the same again and again."""
        self.refusals.note(user, project, operation, error.code)

    async def watch_policies(self, interval: float = 1.0) -> None:
        """Take over changed policy files; runs until cancelled.

        Looking costs a few ``stat`` calls; a file system need not tell about changes made elsewhere.
        """
        await self.forget_columns()
        unwritten = False
        while True:
            await asyncio.sleep(interval)
            changed = await asyncio.to_thread(self.policies.reload)
            if changed:
                self._policies_changed()
                await self.forget_columns()
            unwritten = changed or unwritten
            if unwritten:
                try:
                    self._write_policies()
                    unwritten = False
                except Unavailable as error:
                    log.warning("the change of the policies is not in the audit yet: %s", error.code)

    def _write_policies(self) -> None:
        problems = self.policies.problems
        with self.store.begin() as tx:
            tx.audit(
                user="broker",
                project="",
                action="policy.load",
                subject=self.policies.current.version,
                outcome="refused" if problems else "ok",
                details={"files": sorted({p.file for p in problems})},
            )

    def _policies_changed(self) -> None:
        problems = self.policies.problems
        text = None
        if problems:
            first = problems[0]
            text = Text(
                en=f"A changed policy file was refused, the last good version stays in force: {first.file}: {first.message.en}",
                nl=f"Een gewijzigd beleidsbestand is geweigerd, de laatste goede versie blijft gelden: {first.file}: {first.message.nl}",
            )
        self.hub.publish(Event(topic="policy", text=text, level="error" if problems else "info"), roles={Role.ADMIN})
        self.hub.publish(Event(topic="project"))
        self.hub.publish(Event(topic="catalogue"))
        self.hub.publish(Event(topic="quota"))
        for listener in self.on_policies:
            listener()

    async def watch_catalogue(self, interval: float = 30.0) -> None:
        """Take over data sets that came, went or changed; runs until cancelled.

        Looking costs a ``stat`` per file and indexing reads only what is new; both are done beside the event loop. A file that is
        still being written is a problem of one index and a data set of the next.
        """
        while True:
            await asyncio.sleep(interval)
            now = await asyncio.to_thread(signature, self.deployment.catalogue)
            if now == self._indexed:
                continue
            try:
                index = await asyncio.to_thread(self._index)
            except CbsError as error:
                log.warning("catalogue: the last index stays in force: %s", error)
                continue
            self._indexed, self.catalogue = now, index
            self._scopes.clear()
            with self.store.begin() as tx:
                details = {"datasets": len(index.files), "problems": len(index.problems)}
                tx.audit(user="broker", project="", action="catalogue.load", subject="", outcome="ok", details=details)
            self.hub.publish(Event(topic="catalogue"))
            for listener in self.on_policies:
                listener()
            await self.forget_columns()

    async def anchor_regularly(self, interval: float = 300.0) -> None:
        """Sign the head of the audit chain also when nothing happens; runs until cancelled."""
        while True:
            await asyncio.sleep(interval)
            try:
                await asyncio.to_thread(self.store.anchor)
            except (OSError, Unavailable) as error:
                log.warning("the audit's head was not signed: %s", error)

    def close(self) -> None:
        """Close the state."""
        self.refusals.flush()
        self.store.close()
