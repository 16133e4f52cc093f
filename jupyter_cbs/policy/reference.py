"""The reference pages of policies and roles (``python -m jupyter_cbs.policy.reference DIR``)."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..domain.base import Model
from ..domain.project import Action, Role
from .models import OfficePolicy, ProjectFile
from .permissions import ACTION_NAMES, ROLE_NAMES, TABLE

_MADE = "<!-- Made by jupyter_cbs.policy.reference; a test compares it with the code. -->"


_POLICY = f"""# Policy files

{_MADE}

A policy directory holds `default.yaml`, which speaks for the whole office, and one `projects/<number>.yaml` for each project; the four
digits of the file's name are the project's number. Both are YAML (UTF-8, one document, no aliases, each field once). JSON Schemas for
editors stand beside them: `policy.schema.json` and `project.schema.json`.

`jupyter cbs policy validate PATH` checks a directory or a file and answers with file, line, field, what is wrong and what would be right.
A running broker takes changes over by itself, all files together: if anything is wrong anywhere, the last good version stays in force and
admins see why. Write a new file and rename it over the old one: a file that is written in place can be read half-way.

How values combine: a project's `rules`, `quota` and `limits` name only the fields that differ. Thresholds of a profile are the office's
profile `default`, then the project's `default`, then the office's profile of that name, then the project's; the last that names a field wins.

Boundaries: `min_frequency` and `min_dof` pass at exactly the figure; `group_max_share` and `warn_share` are passed only by strictly more;
`dominance_max_share` with comparator `>=` is unsafe at exactly the share.

"""
_OFFICE_CHECKS = """
Also checked: a profile `default`; one price table a year, each with all classes; a time zone that exists; no day both closed and open; no
account twice among the staff; at least two checkers, because release takes two.

"""
_PROJECT_CHECKS = """
Also checked: the start is a first of a month; the end is not before the start, at most three years after it and not after the
institution's authorisation; standstills are whole months, in order, without overlap; no account, grant or column twice; at least one leader;
no member who is also a checker (four eyes) or an admin; only rule profiles that `default.yaml` knows.
With `--catalogue DIR` also: every grant speaks of a data set that is there, and every column is in at least one of them.
"""
_ROLES = f"""# Roles

{_MADE}

What each role may do in a project. Everything that is not a ✓ is refused, with the reason below. Members (researcher, leader, viewer) have
access only while the project is active: before the contract is received, before the start, during a standstill and after the end every
action is refused, whatever this table says. Checkers and admins belong to the office; their columns hold for every project in any state.

"""
_INHERITED = ("rules.", "quota.", "limits.")


def render_policy() -> str:
    """Write every field of the policy files with type, default and meaning."""
    office = "\n".join(_fields(OfficePolicy, ()))
    project = "\n".join(_fields(ProjectFile, _INHERITED))
    return f"{_POLICY}## `default.yaml`\n\n{office}\n{_OFFICE_CHECKS}## `projects/<number>.yaml`\n\n{project}\n{_PROJECT_CHECKS}"


def _fields(kind: type[Model], inherited: tuple[str, ...]) -> Iterator[str]:
    yield "| field | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    root = kind.model_json_schema()
    for name, node, required in _walk(root, root, ""):
        meaning = str(node.get("description", "")).replace("|", "\\|")
        default = "required" if required else f"`{json.dumps(node['default'])}`" if "default" in node and node["default"] not in ({}, []) else ""
        if inherited and name.startswith(inherited):
            default = "inherited"
        elif len(default) > 60:
            default = "see the schema"
        yield f"| `{name}` | {_type(node, root)} | {default} | {meaning} |"


def _walk(node: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    for name, field in node.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, field, name in node.get("required", ())
        inner, suffix = _resolve(field, root), ""
        while True:
            if inner.get("type") == "array" and "items" in inner:
                inner, suffix = _resolve(inner["items"], root), suffix + "[]"
            elif "patternProperties" in inner or isinstance(inner.get("additionalProperties"), dict):
                values = next(iter(inner.get("patternProperties", {}).values()), None) or inner["additionalProperties"]
                inner, suffix = _resolve(values, root), suffix + ".<name>"
            else:
                break
        yield from _walk(inner, root, here + suffix)


def _resolve(node: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in node:
        return _resolve(root["$defs"][str(node["$ref"]).rpartition("/")[2]], root)
    if "anyOf" in node:
        return _resolve(next(option for option in node["anyOf"] if option.get("type") != "null"), root)
    return node


def _type(node: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    if "$ref" in node:
        return _type(root["$defs"][str(node["$ref"]).rpartition("/")[2]], root)
    ways = [option for option in node.get("anyOf", ()) if option.get("type") != "null"]
    if len(ways) > 1:
        return " or ".join(_type(way, root) for way in ways)
    inner = _resolve(node, root)
    optional = " or null" if any(option.get("type") == "null" for option in node.get("anyOf", ())) else ""
    if "enum" in inner:
        return ", ".join(f"`{choice}`" for choice in inner["enum"]) + optional
    if inner.get("type") == "array":
        return f"list of {_type(inner['items'], root)}" + optional
    name = {"object": "fields", "integer": "whole number", "string": "text", "boolean": "true or false"}.get(
        str(inner.get("type")), str(inner.get("type"))
    )
    return str(inner.get("format", name)) + optional


def render_roles() -> str:
    """Write the matrix of actions and roles, and the reasons of every refusal in both languages."""
    lines = [
        "| action | " + " | ".join(f"{ROLE_NAMES[role].en}<br>({ROLE_NAMES[role].nl})" for role in Role) + " |",
        "| --- |" + " :-: |" * len(Role),
    ]
    lines += [
        f"| `{action.value}`: {ACTION_NAMES[action].en} | " + " | ".join("✓" if TABLE[action, role] is None else "–" for role in Role) + " |"
        for action in Action
    ]
    lines += ["", "## Why not", "", "| action | role | English | Nederlands |", "| --- | --- | --- | --- |"]
    for action in Action:
        for role in Role:
            reason = TABLE[action, role]
            if reason is not None:
                lines.append(f"| `{action.value}` | {ROLE_NAMES[role].en} | {reason.en} | {reason.nl} |")
    return _ROLES + "\n".join([*lines, ""])


PAGES: Mapping[str, Callable[[], str]] = {"policy.md": render_policy, "roles.md": render_roles}
"""Committed file name → what writes it."""

if __name__ == "__main__":
    for page, render in PAGES.items():
        Path(sys.argv[1], page).write_text(render(), encoding="utf-8")
