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
from ..domain.validation import BOUNDS, KINDS, explain, not_a_choice
from .document import Document, Path_, dotted

M = TypeVar("M", bound=Model)

_IN_YAML: Mapping[str, Text] = {
    "fields": Text(en="Indented 'field: value' lines.", nl="Ingesprongen regels 'veld: waarde'."),
    "list": Text(en="Lines that begin with '- ', or [] for none.", nl="Regels die met '- ' beginnen, of [] voor niets."),
}
"""How the kinds that YAML writes in a way of its own are written."""


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
    # what was written as one word is validated as fields; the word is what the person knows
    return problem(document, path[:-1] if document.is_word(path[:-1]) else path, message, expected)


def _say(kind: type[Model], path: Path_, detail: ErrorDetails) -> tuple[Text, Text]:
    error, value = detail["type"], detail["input"]
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
    message, expected = explain(detail)
    if error in ("literal_error", "enum"):
        return not_a_choice(value, ", ".join(choice_names(kind, path)))
    if error in KINDS:
        return message, _IN_YAML.get(KINDS[error], expected)
    if error in BOUNDS or error in ("too_long", "string_too_long"):
        return message, expected
    return message, _or(description(kind, path), expected)


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
                # of several ways to write something the one with fields, which describes the others too
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
