"""Texts that one person writes and another decides on: what is shown is what is there.

A character that is not shown, or that turns the order of others around, makes a checker read something else than what was written
(Unicode Technical Report 36, section 2, and "Trojan Source", CVE-2021-42574). So such texts hold only what can be seen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel

from .text import Text

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what is no letter, mark, number, sign or space: controls, formats and directions, halves, unassigned, separators."""

_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(n) for n in (*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))}
"""Letters, signs and marks that are shown as nothing; of the marks that choose a letter's form only those of emoji are let by."""

_MARKS: Final = 4
"""Most marks upon one letter; more of them are drawn over the lines above and below."""

_BEFORE: Final = 20

T = TypeVar("T", bound=BaseModel)


def unseen(text: str, *, lines: bool = True) -> int | None:
    """Give the place of the first character that is not shown as itself, from 0; None where there is none.

    Parameters
    ----------
    text : str
    lines : bool
        Whether line breaks and tabs may be in it.
    """
    marks = 0
    for place, letter in enumerate(text):
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if letter in "\n\t" or text.startswith("\r\n", place):
            if not lines:
                return place
        elif unicodedata.category(letter) in _UNSEEN or letter in _BLANK or marks > _MARKS:
            return place
    return None


def shown(text: str, *, lines: bool = True) -> str:
    """Give the text, if a reader sees what is in it.

    Raises
    ------
    ValueError
        With what is wrong and what would be right, as :func:`jupyter_cbs.domain.validation.explain` expects.
    """
    place = unseen(text, lines=lines)
    if place is None:
        return text
    letter, before = text[place], " ".join(text[:place][-_BEFORE:].split())
    if letter in "\r\n\t" and not lines:
        raise ValueError(
            Text(en="This must be one line.", nl="Dit moet één regel zijn."),
            Text(en="Leave line breaks and tabs out.", nl="Laat regeleinden en tabs weg."),
        )
    code = f"U+{ord(letter):04X}"
    name = unicodedata.name(letter, "").lower()
    named = f"{code} ({name})" if name else code
    en, nl = (f", after “{before}”", f", na “{before}”") if before else ("", "")
    raise ValueError(
        Text(
            en=f"There is a character in it that readers do not see, or see in another place: {named}, character {place + 1}{en}.",
            nl=f"Er staat een teken in dat lezers niet of op een andere plaats zien: {named}, teken {place + 1}{nl}.",
        ),
        Text(
            en="Remove it, or type the text instead of pasting it.",
            nl="Verwijder het, of typ de tekst in plaats van die te plakken.",
        ),
    )


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError(Text(en="This may not be empty.", nl="Dit mag niet leeg zijn."), Text(en="A few words.", nl="Een paar woorden."))
    return shown(text, lines=False)


def _all_shown(model: T) -> T:
    for text in _strings(model.model_dump()):
        shown(text)
    return model


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


Line = Annotated[str, AfterValidator(_one_line)]
"""One line that is not blank, all of which is shown."""

Prose = Annotated[str, AfterValidator(shown)]
"""Text of any number of lines, all of which is shown."""

ALL_SHOWN: Final = AfterValidator(_all_shown)
"""For a model with texts: all of them are shown.

For what people send. What is kept is read as it is, so that a text of before this rule does not hide a request.
"""
