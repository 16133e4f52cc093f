"""Reading one policy file: bounded, without constructors, and with the line of every field.

YAML is read to its node tree only and turned into plain JSON values here, so nothing in a file can make
objects, expand aliases or repeat a key. All limits are far above what a policy needs.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLWarning
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..domain.gateway import PolicyProblem
from ..domain.system_errors import reason
from ..domain.text import Text

MAX_BYTES = 256 * 1024
"""Largest policy file that is read."""
MAX_NODES = 10_000
"""Most fields and values of a file."""
MAX_DEPTH = 16
"""Deepest nesting of a file; the schemas need five levels."""

Path_ = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Document:
    """A readable policy file.

    Parameters
    ----------
    file
        Name shown to people.
    data
        The top mapping as JSON values.
    lines
        Line, counted from 1, of every field and list item, by its path.
    digest
        sha256 of the bytes, hexadecimal.
    """

    file: str
    data: Mapping[str, Any]
    lines: Mapping[Path_, int] = field(repr=False)
    digest: str

    def line_of(self, path: Path_) -> int | None:
        """Give the line of a field, or of the nearest field around it that exists."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def is_word(self, path: Path_) -> bool:
        """Tell whether a text stands at a place."""
        node: Any = self.data
        for part in path:
            try:
                node = node[part]
            except (KeyError, IndexError, TypeError):
                return False
        return isinstance(node, str)


class Unreadable(Exception):
    """A file that is no policy document at all; carries the problem to tell."""

    def __init__(self, problem: PolicyProblem) -> None:
        super().__init__(problem.message.en)
        self.problem = problem


def _refuse(file: str, line: int | None, message: Text, expected: Text, where: str = "") -> Unreadable:
    return Unreadable(PolicyProblem(file=file, line=line, field=where, message=message, expected=expected))


def read_bytes(path: Path, file: str) -> bytes:
    """Read a regular file of bounded size, never waiting on a FIFO or a device.

    Raises
    ------
    Unreadable
        Missing, not a regular file, too large or not readable for this process.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _refuse(
                    file,
                    None,
                    Text(en="This is not a regular file.", nl="Dit is geen gewoon bestand."),
                    Text(en="A YAML file.", nl="Een YAML-bestand."),
                )
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        why = reason(error)
        raise _refuse(
            file,
            None,
            Text(en=f"The file cannot be read: {why.en}.", nl=f"Het bestand kan niet worden gelezen: {why.nl}."),
            Text(en="A YAML file the broker may read.", nl="Een YAML-bestand dat de broker mag lezen."),
        ) from error
    if len(data) > MAX_BYTES:
        raise _refuse(
            file,
            None,
            Text(en="The file is too large.", nl="Het bestand is te groot."),
            Text(en=f"At most {MAX_BYTES // 1024} KiB.", nl=f"Hoogstens {MAX_BYTES // 1024} KiB."),
        )
    return data


def parse(data: bytes, file: str) -> Document:
    """Turn the bytes of a policy file into a document.

    Raises
    ------
    Unreadable
        Not UTF-8, no YAML, several documents, an alias, a repeated field, too deep, too many values, or not a mapping.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refuse(
            file,
            data.count(b"\n", 0, error.start) + 1,
            Text(en="The file is not UTF-8 text.", nl="Het bestand is geen UTF-8-tekst."),
            Text(en="Save the file as UTF-8.", nl="Sla het bestand op als UTF-8."),
        ) from error
    try:
        _bound(text, file)
        root = YAML(typ="safe", pure=True).compose(io.StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        detail = error.problem or error.context or "syntax error"
        raise _refuse(
            file,
            mark.line + 1 if mark is not None else None,
            Text(en=f"This is not valid YAML: {detail}.", nl=f"Dit is geen geldige YAML: {detail}."),
            Text(
                en="'field: value' lines; check the indentation and the quotes around here.",
                nl="Regels als 'veld: waarde'; kijk hier naar het inspringen en de aanhalingstekens.",
            ),
        ) from error
    except (YAMLError, YAMLWarning, ValueError, RecursionError) as error:
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _refuse(
            file,
            None,
            Text(en=f"This is not valid YAML: {detail}.", nl=f"Dit is geen geldige YAML: {detail}."),
            Text(en="Plain text without control characters.", nl="Gewone tekst zonder besturingstekens."),
        ) from error
    if not isinstance(root, MappingNode):
        raise _refuse(
            file,
            1,
            Text(en="The file is empty or is not a list of fields.", nl="Het bestand is leeg of bestaat niet uit velden."),
            Text(en="'field: value' lines.", nl="Regels als 'veld: waarde'."),
        )
    lines: dict[Path_, int] = {(): 1}
    return Document(file, _plain(root, (), lines, file), lines, hashlib.sha256(data).hexdigest())


def _bound(text: str, file: str) -> None:
    """Refuse what could grow, before a tree is built: the events come one by one and need no recursion."""
    depth = nodes = documents = 0
    for event in YAML(typ="safe", pure=True).parse(io.StringIO(text)):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            raise _refuse(
                file,
                line,
                Text(en="Aliases ('*name') are not allowed in a policy.", nl="Aliassen ('*naam') mogen niet in beleid."),
                Text(en="Write the value out.", nl="Schrijf de waarde uit."),
            )
        documents += isinstance(event, DocumentStartEvent)
        nodes += isinstance(event, NodeEvent)
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if documents > 1:
            raise _refuse(
                file,
                line,
                Text(en="The file holds more than one document.", nl="Het bestand bevat meer dan één document."),
                Text(en="One document; remove the '---' line.", nl="Eén document; haal de regel '---' weg."),
            )
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise _refuse(
                file,
                line,
                Text(en="The file is nested too deeply or holds too many values.", nl="Het bestand is te diep genest of bevat te veel waarden."),
                Text(en=f"At most {MAX_DEPTH} levels and {MAX_NODES} values.", nl=f"Hoogstens {MAX_DEPTH} niveaus en {MAX_NODES} waarden."),
            )


def _plain(node: Node, path: Path_, lines: dict[Path_, int], file: str) -> Any:
    """Turn a node into JSON values and note the lines."""
    line = node.start_mark.line + 1
    if isinstance(node, MappingNode):
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise _refuse(
                    file,
                    key_line,
                    Text(en="A field name must be a word.", nl="Een veldnaam moet een woord zijn."),
                    Text(en="'field: value'.", nl="'veld: waarde'."),
                )
            key = str(key_node.value)
            here = (*path, key)
            if key in values:
                raise _refuse(
                    file,
                    key_line,
                    Text(
                        en=f"The field '{key}' stands here twice; the first is on line {lines[here]}.",
                        nl=f"Het veld '{key}' staat hier dubbel; het eerste staat op regel {lines[here]}.",
                    ),
                    Text(en="Each field once.", nl="Elk veld één keer."),
                    dotted(here),
                )
            lines[here] = key_line
            values[key] = _plain(value_node, here, lines, file)
        return values
    if isinstance(node, SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            lines[(*path, index)] = item.start_mark.line + 1
            items.append(_plain(item, (*path, index), lines, file))
        return items
    return _scalar(str(node.tag), str(node.value), file, line, path)


def _scalar(tag: str, text: str, file: str, line: int, path: Path_) -> Any:
    """Give the value of a plain scalar; dates and times stay text for the model to judge."""
    value: Any = text
    try:
        match tag.removeprefix(_TAG):
            case "str" | "timestamp":
                pass
            case "null":
                value = None
            case "bool":
                value = text.lower() == "true"
            case "int":
                digits = text.replace("_", "")
                value = int(digits, 10 if digits.lstrip("+-").isdigit() else 0)
            case "float":
                value = float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
                if not math.isfinite(value):
                    raise ValueError("not finite")
            case _:
                raise ValueError("tag")
    except ValueError as error:
        raise _refuse(
            file,
            line,
            Text(en=f"The value '{text[:60]}' is not allowed here.", nl=f"De waarde '{text[:60]}' mag hier niet."),
            Text(en="A number, a date, true, false or text, without YAML tags.", nl="Een getal, een datum, true, false of tekst, zonder YAML-tags."),
            dotted(path),
        ) from error
    return value


def dotted(path: Path_) -> str:
    """Write a path as people do: ``members[1].user``, list items counted from 0."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
