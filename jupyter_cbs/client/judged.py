"""What all checks have in common that a notebook shows: a report, its language and its verdict."""

from __future__ import annotations

from typing import Generic, TypeVar

from ..domain.figure import OutputReport
from ..domain.finding import PrecheckReport, Status

R = TypeVar("R", OutputReport, PrecheckReport)


class Judged(Generic[R]):
    """The verdict of a check.

    Parameters
    ----------
    report : OutputReport or PrecheckReport
        The broker's answer.
    lang : str
        Language of the display.
    """

    def __init__(self, report: R, lang: str) -> None:
        self.report: R = report
        self._lang = lang

    @property
    def status(self) -> Status:
        """The worst verdict."""
        return self.report.status

    @property
    def ok(self) -> bool:
        """Whether everything is safe."""
        return self.report.status is Status.SAFE
