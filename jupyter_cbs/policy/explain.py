"""From what a model refused to what a person can correct."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..domain.base import Model
from ..domain.gateway import PolicyProblem
from ..domain.text import Text
from .document import Document, Path_, dotted

M = TypeVar("M", bound=Model)

_KINDS: Mapping[str, tuple[Text, Text]] = {
    "string": (
        Text(en="This must be text.", nl="Dit moet tekst zijn."),
        Text(en="Text; put quotes around a number that is a name.", nl="Tekst; zet aanhalingstekens om een getal dat een naam is."),
    ),
    "int": (Text(en="This must be a whole number.", nl="Dit moet een geheel getal zijn."), Text(en="For example 10.", nl="Bijvoorbeeld 10.")),
    "float": (Text(en="This must be a number.", nl="Dit moet een getal zijn."), Text(en="For example 0.9.", nl="Bijvoorbeeld 0.9.")),
    "bool": (Text(en="This must be true or false.", nl="Dit moet true of false zijn."), Text(en="true or false.", nl="true of false.")),
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
        Text(en="Indented 'field: value' lines.", nl="Ingesprongen regels 'veld: waarde'."),
    ),
    "list": (
        Text(en="A list must stand here.", nl="Hier moet een lijst staan."),
        Text(en="Lines that begin with '- ', or [] for none.", nl="Regels die met '- ' beginnen, of [] voor niets."),
    ),
}
_BY_TYPE = {
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
_BOUNDS = {
    "greater_than": ("gt", Text(en="more than", nl="meer dan")),
    "greater_than_equal": ("ge", Text(en="at least", nl="minstens")),
    "less_than": ("lt", Text(en="less than", nl="minder dan")),
    "less_than_equal": ("le", Text(en="at most", nl="hoogstens")),
}


def read_model(kind: type[M], document: Document) -> tuple[M | None, tuple[PolicyProblem, ...]]:
    """Validate a document strictly: a number is no text, an integer is no date.

    Returns
    -------
    tuple
        The model and no problems, or None and at least one.
    """
    try:
        # strict JSON mode takes dates and enumerations as text but converts nothing else
        return kind.model_validate_json(json.dumps(document.data, ensure_ascii=True), strict=True), ()
    except ValidationError as error:
        details = error.errors(include_url=False)
        places = [detail["loc"] for detail in details]
        # a list whose items were refused also counts as too short, which is nobody's mistake
        real = [d for d in details if d["type"] != "too_short" or not any(len(p) > len(d["loc"]) and p[: len(d["loc"])] == d["loc"] for p in places)]
        return None, tuple(_problem(kind, document, detail) for detail in real)


def problem(document: Document, path: Path_, message: Text, expected: Text) -> PolicyProblem:
    """Make a problem of a cross check, with the line of the field it is about."""
    return PolicyProblem(file=document.file, line=document.line_of(path), field=dotted(path), message=message, expected=expected)


def _problem(kind: type[Model], document: Document, detail: ErrorDetails) -> PolicyProblem:
    path: Path_ = tuple(part for part in detail["loc"] if part != "[key]")
    message, expected = _say(kind, path, detail)
    return problem(document, path, message, expected)


def _say(kind: type[Model], path: Path_, detail: ErrorDetails) -> tuple[Text, Text]:
    error, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if detail["loc"][-1:] == ("[key]",):
        return _unknown_name(kind, path)
    if error == "missing":
        name, about = path[-1], description(kind, path)
        return (
            Text(en=f"The field '{name}' is missing.", nl=f"Het veld '{name}' ontbreekt."),
            Text(en=f"'{name}: …'. {about.en}".strip(), nl=f"'{name}: …'. {about.nl}".strip()),
        )
    if error == "extra_forbidden":
        return _unknown_field(kind, path)
    if error in _BY_TYPE:
        return _KINDS[_BY_TYPE[error]]
    if error in _BOUNDS:
        key, words = _BOUNDS[error]
        bound = f"{context.get(key):.10g}"
        return (
            Text(en=f"{_show(value)} is out of bounds.", nl=f"{_show(value)} valt buiten de grenzen."),
            Text(en=f"A number of {words.en} {bound}.", nl=f"Een getal van {words.nl} {bound}."),
        )
    if error in ("literal_error", "enum"):
        choices = ", ".join(choice_names(kind, path))
        return (
            Text(en=f"{_show(value)} is not one of the choices.", nl=f"{_show(value)} is geen van de mogelijkheden."),
            Text(en=f"One of: {choices}.", nl=f"Een van: {choices}."),
        )
    if error in ("too_short", "string_too_short"):
        return Text(en="This may not be empty.", nl="Dit mag niet leeg zijn."), _or(
            description(kind, path), Text(en="At least one.", nl="Minstens één.")
        )
    if error in ("too_long", "string_too_long"):
        most = context.get("max_length")
        return (
            Text(en="This is too long.", nl="Dit is te lang."),
            Text(en=f"At most {most}.", nl=f"Hoogstens {most}."),
        )
    if error == "string_pattern_mismatch":
        like = Text(en=f"Text like {context.get('pattern')}.", nl=f"Tekst als {context.get('pattern')}.")
        return (
            Text(en=f"{_show(value)} is not written as it should be.", nl=f"{_show(value)} is niet goed geschreven."),
            _or(description(kind, path), like),
        )
    words_ = detail["msg"]
    return (
        Text(en=f"{_show(value)} is not right: {words_}.", nl=f"{_show(value)} klopt niet: {words_}."),
        _or(description(kind, path), Text(en="A value the schema allows.", nl="Een waarde die het schema toestaat.")),
    )


def _or(text: Text, otherwise: Text) -> Text:
    return text if text.en else otherwise


def _unknown_field(kind: type[Model], path: Path_) -> tuple[Text, Text]:
    parent = schema_at(kind, path[:-1])
    known = sorted(parent.get("properties", {}))
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    listed = ", ".join(known)
    if near:
        return (
            Text(en=f"There is no field '{path[-1]}' here.", nl=f"Hier bestaat geen veld '{path[-1]}'."),
            Text(en=f"Did you mean '{near[0]}'? Known: {listed}.", nl=f"Bedoelde u '{near[0]}'? Bekend: {listed}."),
        )
    return (
        Text(en=f"There is no field '{path[-1]}' here.", nl=f"Hier bestaat geen veld '{path[-1]}'."),
        Text(en=f"One of: {listed}.", nl=f"Een van: {listed}."),
    )


def _unknown_name(kind: type[Model], path: Path_) -> tuple[Text, Text]:
    """Tell what the names of a mapping may be."""
    message = Text(en=f"'{path[-1]}' cannot be a name here.", nl=f"'{path[-1]}' kan hier geen naam zijn.")
    choices = schema_at(kind, path[:-1]).get("propertyNames", {})
    if "$ref" in choices:
        choices = kind.model_json_schema()["$defs"][choices["$ref"].rpartition("/")[2]]
    listed = ", ".join(choices.get("enum", ()))
    if listed:
        return message, Text(en=f"One of: {listed}.", nl=f"Een van: {listed}.")
    return message, Text(en="Small letters, digits and '_'.", nl="Kleine letters, cijfers en '_'.")


def _show(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"


def description(kind: type[Model], path: Path_) -> Text:
    """Give the description of a field, as the schema holds it; empty where it has none."""
    node = schema_at(kind, path)
    english = str(node.get("description", ""))
    return Text(en=english, nl=str(node.get("description_nl", english)))


def choice_names(kind: type[Model], path: Path_) -> tuple[str, ...]:
    """Give the values a field may take."""
    node = schema_at(kind, path)
    return tuple(str(choice) for choice in node.get("enum", (node["const"],) if "const" in node else ()))


def schema_at(kind: type[Model], path: Path_) -> Mapping[str, Any]:
    """Walk the JSON Schema of a model to a field; empty where the schema says nothing."""
    root = kind.model_json_schema()

    def resolve(node: Mapping[str, Any]) -> Mapping[str, Any]:
        while True:
            if "$ref" in node:
                node = root["$defs"][str(node["$ref"]).rpartition("/")[2]]
            elif "anyOf" in node:
                node = next((option for option in node["anyOf"] if option.get("type") != "null"), {})
            else:
                return node

    node: Mapping[str, Any] = root
    for depth, part in enumerate(path):
        inner = resolve(node)
        if isinstance(part, int):
            node = inner.get("items", {})
        else:
            patterned: Mapping[str, Any] = next(iter(inner.get("patternProperties", {}).values()), {})
            additional = inner.get("additionalProperties", {})
            node = inner.get("properties", {}).get(part) or patterned or (additional if isinstance(additional, dict) else {})
        if depth == len(path) - 1 and "description" in node:
            # the field's own words say more than those of its type
            words = {key: node[key] for key in ("description", "description_nl") if key in node}
            return {**resolve(node), **words}
    return resolve(node)
