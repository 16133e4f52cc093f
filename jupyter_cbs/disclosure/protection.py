"""Make a table safe, and prove it by the attack on what would be published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..domain.errors import Conflict
from ..domain.evidence import Dimension, TableSpec
from ..domain.finding import Status
from ..domain.rules import RuleProfile
from ..domain.text import Text
from .cells import Cells
from .judge import judge
from .relations.frame import cell_names, from_frame
from .relations.program import Cancel
from .relations.protect import protect


@dataclass(frozen=True)
class Protection:
    """A table that was made safe.

    Parameters
    ----------
    frame
        The judged evidence frame; ``value`` is what would be published.
    hidden
        Rows of the frame to blank, ascending.
    rounding
        Base to which the values were rounded; None for none.
    notes
        What was done.
    proof
        What the attack proved.
    """

    frame: pa.Table
    hidden: tuple[int, ...]
    rounding: int | None
    notes: tuple[Text, ...]
    proof: Text


def nothing_to_protect() -> Conflict:
    """Give the error that a table has no unsafe cell."""
    return Conflict(
        "nothing_to_protect",
        Text(
            en="No cell of this table is unsafe, so there is nothing to protect.",
            nl="Geen cel van deze tabel is onveilig; er valt niets te beschermen.",
        ),
        Text(en="Publish it as it is.", nl="Publiceer haar zoals zij is."),
    )


def suppress(
    frame: pa.Table, dimensions: Sequence[Dimension], spec: TableSpec, profile: RuleProfile, unit: str = "unit", *, cancel: Cancel | None = None
) -> Protection:
    """Hide the unsafe cells and as few others as keep them from being calculated.

    Parameters
    ----------
    frame, dimensions, spec, profile, unit
        As for :func:`jupyter_cbs.disclosure.judge.judge`.
    cancel
        Asked between linear programs.

    Raises
    ------
    Conflict
        ``nothing_to_protect``, or ``infeasible_protection``.
    Cancelled
        When ``cancel`` says so.
    """
    judged = judge(frame, dimensions, spec, profile, unit)
    unsafe = np.array([status == Status.UNSAFE for status in judged.frame.column("status").to_pylist()], dtype=bool)
    if not unsafe.any():
        raise nothing_to_protect()
    cells = Cells.of(frame, dimensions)
    problem = from_frame(frame, dimensions, np.flatnonzero(unsafe).tolist(), statistic=spec.statistic, profile=profile)
    protected = protect(problem, min_frequency=profile.min_frequency if spec.statistic == "count" else 0, cancel=cancel)
    gone = set(protected.problem.suppressed)
    hidden = tuple(row for row, name in enumerate(cell_names(cells)) if name in gone or unsafe[row])
    chosen = len(hidden) - int(unsafe.sum())
    return Protection(
        judged.frame,
        hidden,
        None,
        (
            Text(
                en=f"Suppressed: {int(unsafe.sum())} unsafe cells and {chosen} more that would give them away.",
                nl=f"Onderdrukt: {int(unsafe.sum())} onveilige cellen en {chosen} andere waaruit zij zouden volgen.",
            ),
        ),
        Text(
            en=f"The attack on the published cells calculates none of the {int(unsafe.sum())} unsafe ones.",
            nl=f"De aanval op de gepubliceerde cellen berekent geen van de {int(unsafe.sum())} onveilige.",
        ),
    )
