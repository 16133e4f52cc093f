"""Which files the running Python needs, so that the same Python runs inside a sandbox."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""Folder of the package ``jupyter_cbs``, which may lie in a checkout."""

_ALWAYS = (Path("/usr"),)


def outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Leave out what lies beneath another of the paths."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return tuple(kept)


def _links(path: Path) -> Iterable[Path]:
    """Give a path and what its links lead to, one by one."""
    for _ in range(40):
        yield path
        if not path.is_symlink():
            return
        path = Path(os.path.normpath(path.parent / path.readlink()))


@lru_cache(maxsize=1)
def needed() -> tuple[Path, ...]:
    """Give the folders and files that have to be visible, read-only, at their own places.

    These are the environment's prefix, the Python it is based on, the folders of site-packages, every step of the links from
    ``sys.executable`` to the program, and this package. A prefix can be a link itself, e.g. to a patch version; then both names are
    needed. Everything in ``/usr`` is visible anyway.
    """
    places = [Path(place) for place in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *site.getsitepackages())]
    places += [Path(sysconfig.get_paths()[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    places += [*_links(Path(sys.executable)), PACKAGE]
    found = {resolved for place in places if place.exists() for resolved in (place, place.resolve())}
    return tuple(path for path in outermost((*_ALWAYS, *found)) if path not in _ALWAYS)


def path_entry() -> str | None:
    """Give what has to stand on the module path to find this package; None when it is installed."""
    installed = {Path(place).resolve() for place in (*site.getsitepackages(), sysconfig.get_paths()["purelib"])}
    return None if PACKAGE.parent in installed else str(PACKAGE.parent)
