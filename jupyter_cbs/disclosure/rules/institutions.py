"""Institutions: so many institutions contribute, beside the persons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...domain.finding import Rule, Status
from ..cells import Cells
from .base import Question, Ruling


def contributing_institutions(cells: Cells, question: Question) -> Iterator[Ruling]:
    """Fail cells to which fewer than ``min_institutions`` institutions contribute.

    CBS publishes no figure, so nothing is judged unless the policy sets one (design disclosure.md, Primary rules).
    """
    least = question.profile.min_institutions
    if least is not None:
        with np.errstate(invalid="ignore"):
            few = ~cells.empty & (cells.institutions < least)
        yield Ruling(few, Status.UNSAFE, Rule.INSTITUTION, "few_institutions")
