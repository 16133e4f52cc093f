"""The gateway as an OpenAPI 3.1 document, derived from :data:`jupyter_cbs.domain.gateway.OPERATIONS`.

The document describes the HTTP surface only; the session protocol has no schema of its own because it
carries the same request and answer types. ``python -m jupyter_cbs.broker.openapi`` prints it, which is how
``docs/reference/openapi.json`` is made and how its drift is checked.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from jupyter_cbs.domain.base import Model
from jupyter_cbs.domain.errors import CbsError, ErrorBody
from jupyter_cbs.domain.gateway import OPERATIONS, Event, Nothing, Operation
from jupyter_cbs.domain.version import __version__

BASE_PATH = "/cbs/api"
"""Where the workspace server mounts the gateway."""

Schemas = Mapping[tuple[type[Model], JsonSchemaMode], JsonSchemaValue]

_PATH_PARAMETER = re.compile(r"{(\w+)}")
_REF = "#/components/schemas/{model}"


class _GatewaySchema(GenerateJsonSchema):
    """Answers always carry every field, also those that have a default; titles would only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave titles out."""
        return False

    def field_is_required(self, field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField, total: bool) -> bool:
        """Tell whether a field is always there: in an answer it is, in a request only without a default."""
        return self.mode == "serialization" or super().field_is_required(field, total)


def http_operations() -> tuple[Operation, ...]:
    """Give the operations that are offered over HTTP, in the order of the gateway's table."""
    return tuple(operation for operation in OPERATIONS if "http" in operation.surfaces)


def document() -> dict[str, Any]:
    """Describe the gateway's HTTP surface as OpenAPI 3.1.

    Returns
    -------
    dict
        A JSON-serialisable OpenAPI document. Texts are strings, because every answer is in the language of the
        request's ``Accept-Language``; answers list all their fields as required, requests only those without a default.
    """
    operations = http_operations()
    schemas, definitions = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation, schemas, definitions)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter_cbs gateway",
            "version": __version__,
            "description": "What a workspace server may ask of the broker. The caller is known from the socket, never from the request.",
        },
        "servers": [{"url": BASE_PATH}],
        "paths": paths,
        "webhooks": {
            "change": {
                "post": {
                    "operationId": "change",
                    "summary": "Something changed, fetch it again; over Jupyter's event stream",
                    "requestBody": {"required": True, "content": {"application/json": {"schema": schemas[Event, "serialization"]}}},
                    "responses": {"204": {"description": "Nothing is answered."}},
                }
            }
        },
        "components": {"schemas": definitions, "responses": {"Error": _error_response(schemas)}},
    }


def _schemas(operations: Iterable[Operation]) -> tuple[Schemas, dict[str, Any]]:
    """Make the JSON schema of every request and answer once."""
    wanted: dict[tuple[type[Model], JsonSchemaMode], None] = {}
    for operation in operations:
        wanted[operation.request, "validation"] = None
        wanted[operation.answer, "serialization"] = None
    wanted[Event, "serialization"] = None
    wanted[ErrorBody, "serialization"] = None
    schemas, shared = models_json_schema(list(wanted), by_alias=True, ref_template=_REF, schema_generator=_GatewaySchema)
    return {(model, mode): schema for (model, mode), schema in schemas.items() if issubclass(model, Model)}, shared["$defs"]


def _describe(operation: Operation, schemas: Schemas, definitions: dict[str, Any]) -> dict[str, Any]:
    """Describe one operation: parameters from path and query, the other fields as a JSON body."""
    schema = definitions[schemas[operation.request, "validation"]["$ref"].rsplit("/", 1)[1]]
    fields: dict[str, Any] = schema.get("properties", {})
    required = set(schema.get("required", ()))
    in_path = set(_PATH_PARAMETER.findall(operation.path))
    rest = {name: value for name, value in fields.items() if name not in in_path}
    described: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary, "responses": _responses(operation, schemas)}
    if operation.action is not None:
        described["x-cbs-action"] = operation.action.value
    parameters = [_parameter(name, "path", fields[name], True) for name in fields if name in in_path]
    if operation.method in ("GET", "DELETE"):
        parameters += [_parameter(name, "query", value, name in required) for name, value in rest.items()]
    elif rest:
        body: dict[str, Any] = {"type": "object", "properties": rest, "additionalProperties": False}
        if needed := [name for name in rest if name in required]:
            body["required"] = needed
        described["requestBody"] = {"required": bool(needed), "content": {"application/json": {"schema": body}}}
    if parameters:
        described["parameters"] = parameters
    return described


def _parameter(name: str, place: Literal["path", "query"], schema: JsonSchemaValue, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _responses(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    if operation.answer is Nothing:
        answer: dict[str, Any] = {"204": {"description": "Done; nothing is answered."}}
    else:
        content = {"application/json": {"schema": schemas[operation.answer, "serialization"]}}
        answer = {"200": {"description": operation.summary, "content": content}}
    return answer | {"default": {"$ref": "#/components/responses/Error"}}


def _error_response(schemas: Schemas) -> dict[str, Any]:
    kinds = ", ".join(f"{kind.status} {name}" for name, kind in sorted(CbsError.kinds.items(), key=lambda item: (item[1].status, item[0])))
    return {
        "description": f"What happened, why, and what to do. By status: {kinds}.",
        "content": {"application/json": {"schema": schemas[ErrorBody, "serialization"]}},
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
