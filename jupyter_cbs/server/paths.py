"""Where the parts of the installed package lie, also when it runs from a checkout."""

from __future__ import annotations

import site
import sys
import sysconfig
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""Folder of the package ``jupyter_cbs``."""


def shared_data(installed: str, checkout: str) -> Path:
    """Find a folder of files that are installed beside the package.

    Parameters
    ----------
    installed : str
        Place below the environment's prefix, e.g. ``share/jupyter/kernels``.
    checkout : str
        Place in a checkout, e.g. ``kernels``.

    Returns
    -------
    Path
        The checkout's folder when the package is imported from a checkout, else the installed one.
    """
    source = PACKAGE.parent / checkout
    if (PACKAGE.parent / "pyproject.toml").is_file() and source.is_dir():
        return source
    return Path(sys.prefix) / installed


def kernels() -> Path:
    """Folder with the kernel specs ``cbs-python`` and ``cbs-r``."""
    return shared_data("share/jupyter/kernels", "kernels")


def policies() -> Path:
    """Folder with the default policy and the example projects."""
    return shared_data("share/jupyter_cbs/policies", "policies")


def python_path() -> str | None:
    """Give what a child process needs as PYTHONPATH to find this package; None when it is installed."""
    places = {Path(path).resolve() for path in (*site.getsitepackages(), sysconfig.get_paths()["purelib"])}
    return None if PACKAGE.parent in places else str(PACKAGE.parent)
