"""Let the broker read files a person chose, where the broker runs under an account of its own.

Programs write many files for their owner alone (``mkstemp`` gives 0600), and the broker then sees a name it may not open. Whoever acts
for the person, the workspace server or the notebook's own client, owns those files and can let the area's group read what was chosen
for a check or an output: in ``personal`` that group is the person and the broker, in ``shared`` the project and the broker. No
process with more rights is needed for it, and nothing that was not chosen changes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

from jupyter_cbs.domain.errors import CbsError

from .beneath import WorkspaceRoots, open_beneath

MAX_FILES: Final = 1_000
"""Most files that are looked at; no output has as many."""


def lend(roots: WorkspaceRoots, paths: Sequence[str]) -> None:
    """Let the group of an area read the chosen files that belong to this process.

    What cannot be opened or belongs to others stays as it is: whoever is asked to read it says why it cannot.

    Parameters
    ----------
    roots : WorkspaceRoots
        The areas of the person. Where an area is not shared with a group (no set-group-id bit) there is nothing to do.
    paths : sequence of str
        Workspace paths of files and folders.
    """
    left = MAX_FILES
    for path in paths:
        with suppress(CbsError, OSError):
            area, _ = roots.split(path)
            root = roots.root(area)
            try:
                if not os.fstat(root).st_mode & stat.S_ISGID:
                    continue
                for entry in roots.entries(path):
                    if entry.kind == "file" and left > 0:
                        left -= 1
                        _lend_one(roots, root, entry.path)
            finally:
                os.close(root)


def _lend_one(roots: WorkspaceRoots, root: int, path: str) -> None:
    with suppress(CbsError, OSError):
        fd = roots.open(path)
        try:
            _allow(fd, stat.S_IRGRP)
        finally:
            os.close(fd)
        for folder in PurePosixPath(*PurePosixPath(path).parts[1:]).parents:
            if folder.name:
                fd = open_beneath(root, str(folder), os.O_RDONLY | os.O_DIRECTORY)
                try:
                    _allow(fd, stat.S_IRGRP | stat.S_IXGRP)
                finally:
                    os.close(fd)


def _allow(fd: int, bits: int) -> None:
    status = os.fstat(fd)
    if status.st_uid == os.getuid() and status.st_mode & bits != bits:
        os.fchmod(fd, stat.S_IMODE(status.st_mode) | bits)
