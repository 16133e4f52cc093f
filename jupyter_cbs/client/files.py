"""Workspace paths: what a person calls a file, and what the broker calls it (``shared/…``, ``personal/…``)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..domain.errors import Invalid
from ..domain.text import Text
from ..system.beneath import WorkspaceRoots
from ..system.lending import lend

AREAS = ("shared", "personal")
MAX_FILES = 2000
"""Most files that are listed to choose from."""


def workspace_root(start: Path | None = None) -> Path | None:
    """Find the folder that holds ``shared`` and ``personal``, from ``start`` upwards; None outside a workspace."""
    here = Path.cwd() if start is None else start
    for folder in (here, *here.parents):
        if all((folder / area).is_dir() for area in AREAS):
            return folder
    return None


def workspace_path(path: str | os.PathLike[str], cwd: Path | None = None) -> str:
    """Give the workspace path of a file or folder.

    Parameters
    ----------
    path : str or path
        Absolute, or relative to the working directory; ``shared/…`` and ``personal/…`` also work from a folder below.
    cwd : Path, optional
        Working directory.

    Raises
    ------
    Invalid
        If it lies in neither area. Whether it exists, and whether links lead out, the broker decides.
    """
    here = Path.cwd() if cwd is None else cwd
    text = os.fspath(path)
    root = workspace_root(here)
    first = text.split("/", 1)[0]
    full = Path(os.path.normpath(here / text))
    if root is not None and full.is_relative_to(root):
        relative = full.relative_to(root)
        if relative.parts and relative.parts[0] in AREAS and not (first in AREAS and not os.path.lexists(full)):
            return relative.as_posix()
    direct = os.path.normpath(text)
    if direct.split("/", 1)[0] in AREAS:
        return direct
    raise Invalid(
        "outside_workspace",
        Text(
            en=f"'{text}' lies outside the workspace; only files in shared/ and personal/ can be checked and exported.",
            nl=f"'{text}' ligt buiten de werkomgeving; alleen bestanden in shared/ en personal/ kunnen worden gecontroleerd en uitgevoerd.",
        ),
        Text(en="Copy it to shared/ or personal/ first.", nl="Kopieer het eerst naar shared/ of personal/."),
    )


def list_files(root: Path | None, areas: Iterable[str] = AREAS) -> tuple[str, ...]:
    """List the files to choose from: regular files of both areas, hidden ones and checkpoints left out, sorted.

    At most :data:`MAX_FILES`; a person with more writes a path.
    """
    found: list[str] = []
    for area in areas:
        top = (root or Path()) / area
        for folder, folders, names in os.walk(top, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
            relative = Path(area) / Path(folder).relative_to(top)
            for name in sorted(names):
                if not name.startswith(".") and not os.path.islink(os.path.join(folder, name)):
                    found.append((relative / name).as_posix())
                    if len(found) >= MAX_FILES:
                        return tuple(found)
    return tuple(found)


def lend_files(paths: Sequence[str]) -> None:
    """Let the broker read chosen files that were written for this account alone; see :mod:`jupyter_cbs.system.lending`."""
    root = workspace_root()
    if root is not None:
        lend(WorkspaceRoots(root / "shared", root / "personal"), paths)
