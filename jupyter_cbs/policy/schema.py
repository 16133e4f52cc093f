"""The JSON Schemas of the policy files, for editors and for people (``python -m jupyter_cbs.policy.schema DIR``)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from ..domain.base import Model
from .models import OfficePolicy, ProjectFile

SCHEMAS: Mapping[str, type[Model]] = {"policy.schema.json": OfficePolicy, "project.schema.json": ProjectFile}
"""Committed file name → the type it is made from."""


def render(kind: type[Model]) -> str:
    """Write the schema of a type as it is committed."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **kind.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, model in SCHEMAS.items():
        Path(sys.argv[1], name).write_text(render(model), encoding="utf-8")
