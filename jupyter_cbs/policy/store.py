"""The policies in force, taken over while the broker runs."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

from ..domain.gateway import PolicyProblem
from .errors import PolicyInvalid
from .load import DEFAULT, PROJECTS, Loader, read_sources, version_of
from .policies import Policies

_Signature = tuple[tuple[str, int, int, int, int], ...]

_SETTLED_NS = 2_000_000_000
"""A file changed less than this ago may change again within one tick of the file system's clock."""


class PolicyDirectory:
    """A directory of policy files and the last good version of it.

    A change is taken over as a whole or not at all: one wrong line anywhere keeps the version before it, for a
    grant and the membership it was meant for may stand in two files.

    Parameters
    ----------
    path
        Holds ``default.yaml`` and ``projects/<number>.yaml``.

    Raises
    ------
    PolicyInvalid
        The first version already has problems, so there is none to keep to.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._loader = Loader()
        self._lock = threading.Lock()
        self._signature = self._stat()
        sources, found = read_sources(self.path)
        policies, problems = self._loader.build(sources, found)
        if policies is None:
            raise PolicyInvalid.of(problems)
        self._current = policies
        self._problems: tuple[PolicyProblem, ...] = ()
        self._judged = (version_of(sources), found)

    @property
    def current(self) -> Policies:
        """The last good version."""
        return self._current

    @property
    def problems(self) -> tuple[PolicyProblem, ...]:
        """Why a newer version was refused; empty when the newest is in force."""
        return self._problems

    def reload(self) -> bool:
        """Take over what has changed; costs a few stat calls when nothing has.

        Returns
        -------
        bool
            True when a new version is in force or the problems are others than before.
        """
        with self._lock:
            signature = self._stat()
            if signature == self._signature and self._is_settled(signature):
                return False
            sources, found = read_sources(self.path)
            self._signature = signature
            judged = (version_of(sources), found)
            if judged == self._judged:
                return False
            self._judged = judged
            policies, problems = self._loader.build(sources, found)
            changed = problems != self._problems
            if policies is not None and policies.version != self._current.version:
                self._current = policies
                changed = True
            self._problems = problems
            return changed

    def _stat(self) -> _Signature:
        """Look at every file without opening it."""
        names = [DEFAULT, PROJECTS]
        with contextlib.suppress(OSError):
            names += [f"{PROJECTS}/{name}" for name in sorted(os.listdir(self.path / PROJECTS))]
        marks = []
        for name in names:
            try:
                info = os.stat(self.path / name)
                marks.append((name, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
            except OSError:
                marks.append((name, -1, -1, -1, -1))
        return tuple(marks)

    @staticmethod
    def _is_settled(signature: _Signature) -> bool:
        return max(mark[4] for mark in signature) < time.time_ns() - _SETTLED_NS
