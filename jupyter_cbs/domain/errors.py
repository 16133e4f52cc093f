"""Errors a person reads: what happened, why, and what to do.

One type per kind of answer; the kind decides the HTTP status and the exit code, the ``code`` names the
reason for programs, the texts speak to the person.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from .base import Model
from .text import Text


class Position(Model):
    """Where in a text the trouble is; both counted from 1."""

    line: int
    column: int


class ErrorBody(Model):
    """How an error travels over the gateway and the session protocol."""

    kind: str = Field(description="Name of the error type, e.g. 'NotFound'.")
    code: str = Field(description="Stable reason code, e.g. 'unknown_dataset'.")
    status: int
    message: Text = Field(description="What happened and why.")
    remedy: Text | None = Field(None, description="What the reader can do about it.")
    position: Position | None = None
    suggestions: tuple[str, ...] = ()


class CbsError(Exception):
    """Base of every error of the domain.

    Parameters
    ----------
    code : str
        Stable reason code for programs, snake_case.
    message : Text or str
        What happened and why, in both languages.
    remedy : Text or str, optional
        What to do.
    position : Position, optional
        Line and column for errors in a text.
    suggestions : sequence of str, optional
        Nearest valid names.
    """

    status: ClassVar[int] = 500
    kinds: ClassVar[dict[str, type[CbsError]]] = {}
    reader: str = "en"
    """Language of ``str`` of the error; a notebook sets its reader's."""

    def __init__(
        self,
        code: str,
        message: Text | str,
        remedy: Text | str | None = None,
        *,
        position: Position | None = None,
        suggestions: tuple[str, ...] = (),
    ) -> None:
        self.code = code
        self.message = Text.model_validate(message)
        self.remedy = None if remedy is None else Text.model_validate(remedy)
        self.position = position
        self.suggestions = suggestions
        super().__init__(str(self.message))

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        CbsError.kinds[cls.__name__] = cls

    def __str__(self) -> str:
        return self.say(self.reader)

    def say(self, lang: str) -> str:
        """Give message and remedy as one paragraph in ``lang``."""
        parts = [self.message.say(lang)]
        if self.suggestions:
            near = ", ".join(self.suggestions)
            parts.append(Text(en=f"Nearest: {near}.", nl=f"Lijkt op: {near}.").say(lang))
        if self.remedy is not None:
            parts.append(self.remedy.say(lang))
        return " ".join(parts)

    def body(self) -> ErrorBody:
        """Give the error as it travels."""
        return ErrorBody(
            kind=type(self).__name__,
            code=self.code,
            status=self.status,
            message=self.message,
            remedy=self.remedy,
            position=self.position,
            suggestions=self.suggestions,
        )

    @staticmethod
    def from_body(body: ErrorBody) -> CbsError:
        """Make the typed error again at the other end of a wire."""
        kind = CbsError.kinds.get(body.kind, CbsError)
        return kind(body.code, body.message, body.remedy, position=body.position, suggestions=body.suggestions)


class Invalid(CbsError):
    """The request cannot be understood."""

    status = 400


class StepUpRequired(CbsError):
    """The act needs the person's PIN, typed in the trusted front end."""

    status = 401


class Refused(CbsError):
    """This person may not do this, or not now."""

    status = 403


class NotFound(CbsError):
    """It does not exist, or not for this project: the two are never told apart."""

    status = 404


class Conflict(CbsError):
    """Somebody else was first, or the state does not allow it."""

    status = 409


class TooLarge(CbsError):
    """A limit on size, rows or cells."""

    status = 413


class Cancelled(CbsError):
    """Stopped on request."""

    status = 499


class Unavailable(CbsError):
    """A part that is needed does not answer."""

    status = 503


class TimedOut(CbsError):
    """It took longer than the policy allows."""

    status = 504


class QuotaExceeded(CbsError):
    """The area has no room for it; what was there is untouched."""

    status = 507


class Internal(CbsError):
    """A fault of ours. Says so, and says nothing else."""

    status = 500


def not_text() -> Invalid:
    """Give the error that something holds half of a surrogate pair: JSON may hold it, no file, statement or database can."""
    return Invalid(
        "not_text",
        Text(en="The request holds characters that are no text.", nl="Het verzoek bevat tekens die geen tekst zijn."),
        Text(en="Remove what is not shown as a letter, and try again.", nl="Verwijder wat niet als letter getoond wordt en probeer het opnieuw."),
    )
