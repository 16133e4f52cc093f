"""A report as JSON (design: disclosure, Interchange of a pre-check)."""

from __future__ import annotations

from typing import Any, Final

from ...domain.finding import PrecheckReport
from ...domain.text import Language

FORMAT: Final = 1
"""Version of the document; it rises when something in it changes its meaning or goes."""


def document(report: PrecheckReport, lang: Language, project: str | None = None) -> dict[str, Any]:
    """Give a report as a document of plain values.

    Parameters
    ----------
    report
        Of the pre-check.
    lang
        Language of its texts.
    project
        Number of the project whose rules counted.

    Returns
    -------
    dict
        ``status``, ``files`` (each with its ``findings`` and the ``bases`` of its tables), ``class``, ``price_cents``, ``ready_on``, ``versions`` of
        the policy and the programs, ``format``. A ``where`` holds only what is known.
    """
    answer: dict[str, Any] = report.model_dump(mode="json", by_alias=True, context={"lang": lang})
    for file in answer["files"]:
        for place in (*file["findings"], *file["bases"]):
            place["where"] = {name: value for name, value in place["where"].items() if value is not None}
            # which rows of its evidence a table leaves out, and where it shows the others, is for the ledger
            place.pop("hidden", None)
            place.pop("places", None)
    known: dict[str, Any] = {"format": FORMAT}
    return {**known, **({} if project is None else {"project": project}), **answer}


def schema() -> dict[str, Any]:
    """Give the JSON schema (draft 2020-12) of :func:`document`."""
    text = {"type": "string"}
    status = {"enum": ["safe", "review", "unsafe", "refused"]}
    count = {"type": "integer", "minimum": 0}
    some = {"type": ["string", "null"]}
    where = {
        "type": "object",
        "properties": {
            "sheet": text,
            "row": {"type": "integer", "minimum": 1},
            "column": text,
            "cell": {"type": "string"},
            "line": {"type": "integer", "minimum": 1},
        },
        "additionalProperties": False,
    }
    finding = _object(
        {
            "rule": text,
            "status": status,
            "where": where,
            "basis": {"enum": ["verified", "declared", "found"]},
            "text": text,
            "remedy": text,
        }
    )
    basis = _object({"where": where, "basis": {"enum": ["verified", "declared", "found", "unknown"]}, "fingerprint": some})
    file = _object(
        {
            "path": text,
            "type": text,
            "status": status,
            "tables": count,
            "cells": count,
            "bytes": count,
            "delivered_as": some,
            "stripped": {"type": ["object", "null"]},
            "findings": {"type": "array", "items": finding},
            "bases": {"type": "array", "items": basis},
        }
    )
    whole = _object(
        {
            "format": {"const": FORMAT},
            "project": text,
            "status": status,
            "files": {"type": "array", "items": file},
            "class": some,
            "class_reasons": {"type": "array", "items": text},
            "price_cents": {"type": ["integer", "null"]},
            "ready_on": some,
            "cheaper": some,
            "versions": {"type": "object", "additionalProperties": text},
        }
    )
    whole["required"].remove("project")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Report of a pre-check", **whole}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
