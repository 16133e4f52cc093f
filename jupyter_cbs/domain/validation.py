"""What a model refused, in words for the person who wrote it: what is wrong, and what would be right.

Pydantic's own messages are English and speak of types; these are used wherever people write what is validated: policy files,
descriptors, requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .errors import Invalid
from .text import Text

_KINDS: Final[Mapping[str, tuple[Text, Text]]] = {
    "string": (
        Text(en="This must be text.", nl="Dit moet tekst zijn."),
        Text(en="Put quotes around a number that is a name.", nl="Zet aanhalingstekens om een getal dat een naam is."),
    ),
    "int": (Text(en="This must be a whole number.", nl="Dit moet een geheel getal zijn."), Text(en="For example 10.", nl="Bijvoorbeeld 10.")),
    "float": (Text(en="This must be a number.", nl="Dit moet een getal zijn."), Text(en="For example 0.9.", nl="Bijvoorbeeld 0.9.")),
    "bool": (
        Text(en="This must be true or false.", nl="Dit moet true of false zijn."),
        Text(en="Write it without quotes.", nl="Schrijf het zonder aanhalingstekens."),
    ),
    "date": (
        Text(en="This is not a date.", nl="Dit is geen datum."),
        Text(en="A date as year-month-day, for example 2026-01-01.", nl="Een datum als jaar-maand-dag, bijvoorbeeld 2026-01-01."),
    ),
    "time": (
        Text(en="This is not a time of day.", nl="Dit is geen tijdstip."),
        Text(en="Hours and minutes, for example 12:00.", nl="Uren en minuten, bijvoorbeeld 12:00."),
    ),
    "fields": (
        Text(en="Fields must stand here.", nl="Hier moeten velden staan."),
        Text(en="Put each under its name.", nl="Zet elk onder zijn naam."),
    ),
    "list": (
        Text(en="A list must stand here.", nl="Hier moet een lijst staan."),
        Text(en="Put it between [ and ]; [] is none.", nl="Zet het tussen [ en ]; [] is niets."),
    ),
}
KINDS: Final[Mapping[str, str]] = {
    "string_type": "string",
    "int_type": "int",
    "int_parsing": "int",
    "int_from_float": "int",
    "float_type": "float",
    "float_parsing": "float",
    "bool_type": "bool",
    "bool_parsing": "bool",
    "date_type": "date",
    "date_parsing": "date",
    "date_from_datetime_parsing": "date",
    "date_from_datetime_inexact": "date",
    "time_type": "time",
    "time_parsing": "time",
    "model_type": "fields",
    "model_attributes_type": "fields",
    "dict_type": "fields",
    "list_type": "list",
    "tuple_type": "list",
    "set_type": "list",
    "frozen_set_type": "list",
}
"""Type of a pydantic error → kind of value there should have been."""
BOUNDS: Final = {
    "greater_than": ("gt", Text(en="more than", nl="meer dan")),
    "greater_than_equal": ("ge", Text(en="at least", nl="minstens")),
    "less_than": ("lt", Text(en="less than", nl="minder dan")),
    "less_than_equal": ("le", Text(en="at most", nl="hoogstens")),
}
"""Type of a pydantic error → where its context has the bound, and how the bound is said."""


def explain(detail: ErrorDetails) -> tuple[Text, Text]:
    """Tell what is wrong with a value, and what would be right.

    Parameters
    ----------
    detail : ErrorDetails
        One of the errors of a :class:`pydantic.ValidationError`.

    Returns
    -------
    tuple of Text
        A sentence each. A validator of our own gives them as ``ValueError(message, expected)``; of a kind of error that is not foreseen
        only the value is told, for its message is in one language.
    """
    error, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    name = detail["loc"][-1] if detail["loc"] else ""
    if error == "missing" and isinstance(name, int):
        return Text(en="This list is too short.", nl="Deze lijst is te kort."), Text(en=f"At least {name + 1}.", nl=f"Minstens {name + 1}.")
    if error == "missing":
        return Text(en=f"The field '{name}' is missing.", nl=f"Het veld '{name}' ontbreekt."), Text(en="Give it a value.", nl="Geef het een waarde.")
    if error == "extra_forbidden":
        return (
            Text(en=f"There is no field '{name}' here.", nl=f"Hier bestaat geen veld '{name}'."),
            Text(en="Leave it out, or correct its name.", nl="Laat het weg of verbeter de naam."),
        )
    if error in KINDS:
        return _KINDS[KINDS[error]]
    if error in BOUNDS:
        key, words = BOUNDS[error]
        bound = f"{context.get(key):.10g}"
        return (
            Text(en=f"{show(value)} is out of bounds.", nl=f"{show(value)} valt buiten de grenzen."),
            Text(en=f"A number of {words.en} {bound}.", nl=f"Een getal van {words.nl} {bound}."),
        )
    if error in ("literal_error", "enum"):
        return not_a_choice(value, _choices(str(context.get("expected", ""))))
    if error == "string_too_short":
        return Text(en="This may not be empty.", nl="Dit mag niet leeg zijn."), Text(en="Write a text.", nl="Schrijf een tekst.")
    if error == "too_short":
        least = context.get("min_length")
        return Text(en="This list is too short.", nl="Deze lijst is te kort."), Text(en=f"At least {least}.", nl=f"Minstens {least}.")
    if error in ("too_long", "string_too_long"):
        most = context.get("max_length")
        return Text(en="This is too long.", nl="Dit is te lang."), Text(en=f"At most {most}.", nl=f"Hoogstens {most}.")
    if error == "json_invalid":
        at = re.search(r"line (\d+) column (\d+)", str(context.get("error", "")))
        en, nl = (f" (line {at[1]}, column {at[2]})", f" (regel {at[1]}, kolom {at[2]})") if at else ("", "")
        return (
            Text(en=f"This is not JSON{en}.", nl=f"Dit is geen JSON{nl}."),
            Text(en="One JSON document.", nl="Eén JSON-document."),
        )
    if error == "string_pattern_mismatch":
        return (
            Text(en=f"{show(value)} is not written as it should be.", nl=f"{show(value)} is niet goed geschreven."),
            Text(en=f"Text like {context.get('pattern')}.", nl=f"Tekst als {context.get('pattern')}."),
        )
    cause = context.get("error")
    if isinstance(cause, ValueError) and len(cause.args) == 2 and all(isinstance(said, Text) for said in cause.args):
        return cause.args[0], cause.args[1]
    return (
        Text(en=f"{show(value)} is not right.", nl=f"{show(value)} klopt niet."),
        Text(en="A value the schema allows.", nl="Een waarde die het schema toestaat."),
    )


def not_understood(error: ValidationError) -> Invalid:
    """Give the answer to a request that is not of its shape: ``invalid_request``, naming the first field that is wrong."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    place = f"{field}: " if field else ""
    message, expected = explain(first)
    return Invalid(
        "invalid_request",
        Text(en=f"The request is not understood: {place}{message.en}", nl=f"Het verzoek is niet begrepen: {place}{message.nl}"),
        expected,
    )


def not_a_choice(value: Any, choices: str) -> tuple[Text, Text]:
    """Tell that a value is none of those it may be."""
    return (
        Text(en=f"{show(value)} is not one of the choices.", nl=f"{show(value)} is geen van de mogelijkheden."),
        Text(en=f"One of: {choices}.", nl=f"Een van: {choices}."),
    )


def _choices(expected: str) -> str:
    """Give pydantic's "'a', 'b' or 'c'" as a list that is the same in every language."""
    return ", ".join(part.strip("'") for part in expected.replace("' or '", "', '").split(", "))


def show(value: Any) -> str:
    """Quote a value, cut off where it is long."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"
