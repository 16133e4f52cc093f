"""Whether what runs other people's code is shut in: tried at the start, said to everybody, and no worker without it."""

from __future__ import annotations

import logging

from ..domain.text import Text
from ..sandbox import profiles
from ..sandbox.bubblewrap import Sandbox
from ..sandbox.selftest import Wall, all_mandatory, missing, selftest

log = logging.getLogger(__name__)


class Walls:
    """The self-test's verdict for the broker's workers.

    Parameters
    ----------
    unsandboxed : bool
        Whether this is the marked demo that runs without walls by an explicit wish.
    """

    def __init__(self, unsandboxed: bool = False) -> None:
        self.unsandboxed = unsandboxed
        self._walls: tuple[Wall, ...] = ()
        if not unsandboxed:
            self._try()

    def _try(self) -> None:
        self._walls = selftest(template=Sandbox(limits=profiles.WORKER_LIMITS))
        for wall in self._walls:
            if not wall.in_force:
                log.warning("wall %s: %s %s", wall.name, wall.detail, wall.remedy or "")

    @property
    def in_force(self) -> bool:
        """Whether every mandatory wall stands."""
        return not self.unsandboxed and all_mandatory(self._walls)

    @property
    def text(self) -> Text:
        """What people read about it."""
        if self.unsandboxed:
            return Text(
                en="Demo without walls: kernels and query engines are not sandboxed and can reach everything the server can. "
                "Use synthetic or public data only.",
                nl="Demo zonder muren: kernels en rekenmachines draaien niet afgeschermd en kunnen bij alles waar de server bij kan. "
                "Gebruik alleen synthetische of openbare gegevens.",
            )
        if not self.in_force:
            error = missing(self._walls)
            return Text(en=error.say("en"), nl=error.say("nl"))
        count = sum(wall.in_force for wall in self._walls)
        rest = [wall for wall in self._walls if not wall.in_force]
        return Text(
            en=f"Kernels and query engines are sandboxed; {count} walls were tried at the start." + "".join(f" {wall.detail.en}" for wall in rest),
            nl=f"Kernels en rekenmachines draaien afgeschermd; {count} muren zijn bij de start beproefd." + "".join(f" {w.detail.nl}" for w in rest),
        )

    def check(self) -> None:
        """Refuse to start anything while a mandatory wall is missing; tries again, for an administrator may have mended it.

        Raises
        ------
        Unavailable
            ``walls_missing`` with the remedy.
        """
        if self.unsandboxed or self.in_force:
            return
        self._try()
        if not self.in_force:
            raise missing(self._walls)
