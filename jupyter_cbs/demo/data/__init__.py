"""Data for the demo: a seeded generator with planted cases, real data from public packages, and who is granted what.

Nothing in the generated files comes from CBS: names, columns and codes are real, every row is made up.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def generate(
    target: Path, persons: int = 100_000, seed: int = 2026, real: bool = True, progress: Callable[[float], None] | None = None
) -> dict[str, int]:
    """Make the demo's catalogue.

    Parameters
    ----------
    target : Path
        Catalogue folder; made when it is not there.
    persons, seed, progress
        As in :func:`jupyter_cbs.demo.data.generator.generate`.
    real : bool
        Whether the real data sets are put beside the generated ones.

    Returns
    -------
    dict of str to int
        Rows by view name.

    Raises
    ------
    Invalid
        ``bad_size`` or ``bad_seed``.
    Unavailable
        ``demo_data_missing``: ``real`` without the packages of the extra ``demo``; said before anything is written.
    """
    from . import generator
    from . import real as packages

    sources = packages.load() if real else ()
    rows = dict(generator.generate(target, persons, seed, progress).rows)
    return rows | packages.write(target, sources)
