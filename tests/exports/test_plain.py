"""What a person writes and another decides on holds only what is shown."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_cbs.broker.calls import parse
from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.export import ExportForm
from jupyter_cbs.domain.gateway import ExportAct, ExportCreate, ExportEdit
from jupyter_cbs.domain.plain import unseen

UNSEEN = {
    "an override": "\u202e",
    "an embedding": "\u202a",
    "an isolate": "\u2066",
    "a mark of direction": "\u200f",
    "a space of no width": "\u200b",
    "a joiner": "\u2060",
    "a soft hyphen": "\u00ad",
    "a byte order mark": "\ufeff",
    "the end of text": "\x00",
    "an escape": "\x1b",
    "a return to the line's beginning": "\r",
    "a backspace": "\x08",
    "a control of the second set": "\x9b",
    "a tag": "\U000e0041",
    "a selector that says something else": "\U000e0100",
    "a blank letter": "\u3164",
    "a separator of lines": "\u2028",
    "a letter of nobody": "\ue000",
    "half a letter": "\ud800",
    "marks over other lines": "a" + "\u0336" * 5,
}
HONEST = ("Kosten per regio – 2024 (“voorlopig”) €", "één\u00a0twee", "ça va ☕️", "Ἀθῆναι, Łódź, 東京, שלום, مرحبا", "z\u0301\u0323")


def sent(where: str, text: str) -> Any:
    """Validate a request with a text in one place, as the broker does."""
    match where:
        case "title":
            return parse(ExportCreate, {"title": text})
        case "another title":
            return parse(ExportEdit, {"id": "x", "version": 1, "title": text})
        case "description":
            return parse(ExportCreate, {"title": "x", "form": {"description": text}})
        case "file":
            return parse(ExportEdit, {"id": "x", "version": 1, "form": {"files": [{"path": "shared/a.csv", "shows": text}]}})
        case "source":
            return parse(ExportCreate, {"title": "x", "form": {"files": [{"path": "shared/a.csv", "sources": ["fine", text]}]}})
        case _:
            return parse(ExportAct, {"id": "x", "version": 1, "action": "return", "reason": text})


PLACES = ("title", "another title", "description", "file", "source", "reason")


@pytest.mark.parametrize("what", UNSEEN)
def test_what_is_not_shown_is_refused_with_its_name(what: str) -> None:
    for where in PLACES:
        with pytest.raises(Invalid) as refusal:
            sent(where, f"before{UNSEEN[what]}after")
        told = (refusal.value.say("en"), refusal.value.say("nl"))
        if what not in ("half a letter", "a return to the line's beginning"):  # pydantic takes it for no text; a title is one line
            assert all(f"U+{ord(UNSEEN[what][-1]):04X}" in said for said in told)


@pytest.mark.parametrize("text", HONEST)
def test_what_people_write_passes(text: str) -> None:
    for where in PLACES:
        assert text in sent(where, text).model_dump_json()


def test_only_a_title_is_one_line() -> None:
    for where in ("description", "file", "reason"):
        sent(where, "one\ntwo\r\n\tthree")
    for text in ("one\ntwo", "one\ttwo", " ", "\u00a0"):
        with pytest.raises(Invalid):
            sent("title", text)


def test_what_was_kept_before_is_still_read() -> None:
    assert ExportForm.model_validate_json('{"description": "a\\u202eb"}').description == "a\u202eb"


@given(st.text(max_size=60))
def test_whatever_passes_shows_every_character(text: str) -> None:
    if unseen(text) is None:
        assert not any(unicodedata.category(letter) in ("Cf", "Cs", "Co", "Cn", "Zl", "Zp") for letter in text)
        assert not any(unicodedata.category(letter) == "Cc" for letter in text.replace("\r\n", "").replace("\n", "").replace("\t", ""))
