"""Writing the data package of a topic (the format is described in ``jupyter_cbs.catalogue.metadata``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from .topics import Column, Topic

_SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"


def frictionless_types(schema: pa.Schema) -> dict[str, str]:
    """Give the Frictionless type of each column: ``string``, ``integer`` or ``number``."""

    def kind(of: pa.DataType) -> str:
        if pa.types.is_integer(of):
            return "integer"
        return "number" if pa.types.is_floating(of) else "string"

    return {field.name: kind(field.type) for field in schema}


def _field(column: Column, kind: str) -> dict[str, Any]:
    described: dict[str, Any] = {"name": column.name, "title": column.label, "type": kind}
    if column.codes and kind in ("string", "integer"):
        described["categories"] = [{"value": int(code) if kind == "integer" else code, "label": label} for code, label in column.codes.items()]
    notes = {"role": column.role.value} | ({"unit": column.unit} if column.unit else {})
    return described | {"cbs": notes}


def write_package(target: Path, topic: Topic, types: dict[str, str], sources: list[dict[str, str]]) -> Path:
    """Write ``datapackage.json`` beside the files of a topic.

    Parameters
    ----------
    target : Path
        The catalogue folder.
    topic : Topic
    types : dict of str to str
        Frictionless type of each column: ``string``, ``integer`` or ``number``.
    sources : list of dict
        Where the data come from, ``title`` and ``path`` or ``licence`` each.

    Returns
    -------
    Path
        The file that was written.
    """
    folder = target / topic.folder
    folder.mkdir(parents=True, exist_ok=True)
    notes = {
        "topic": topic.name,
        "theme": topic.theme,
        "population": topic.population,
        "unit": topic.unit,
        "unit_key": list(topic.unit_key),
        "rule_profile": topic.rule_profile,
    } | ({"institution_key": topic.institution_key} if topic.institution_key else {})
    fields = [_field(column, types[column.name]) for column in topic.columns]
    package = {
        "$schema": _SCHEMA,
        "name": topic.name.lower(),
        "title": topic.title,
        "description": topic.description,
        "sources": sources,
        "cbs": notes,
        "resources": [
            {
                "name": Path(file.path).stem.lower(),
                "path": file.path,
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "cbs": {"period": file.period},
                "schema": {"fields": fields},
            }
            for file in topic.files
        ],
    }
    path = folder / "datapackage.json"
    path.write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
