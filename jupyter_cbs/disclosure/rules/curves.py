"""Lorenz and survival curves: enough units in every step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import Question, Ruling


def units_per_step(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail steps with fewer than ``per_step`` units, and of survival curves with fewer events than that; that number passes.

    Source: design disclosure.md, Output types (survival: at risk and events per step >= 10; each Lorenz step >= 10 units).
    """
    if not question.is_curve:
        return
    least = question.profile.per_step
    yield Ruling(~cells.empty & (cells.n < least), Status.UNSAFE, Rule.MIN_FREQUENCY, "few_in_step")
    if question.statistic == "survival":
        with np.errstate(invalid="ignore"):
            few = ~(cells.events >= least)
        yield Ruling(~cells.empty & few, Status.UNSAFE, Rule.MIN_FREQUENCY, "few_events")
