"""``%%cbs`` and ``%cbs``: SQL in a cell, parameters from the notebook's own variables."""

from __future__ import annotations

import re
from typing import Any

from ..domain.errors import Invalid, NotFound
from ..domain.text import Text
from .errors import readable
from .language import choose_language
from .result import Result
from .workspace import connect

_SKIPPED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$"""
_TOKEN = re.compile(rf"{_SKIPPED}|\$(?P<name>[A-Za-z_]\w*)", re.DOTALL)


def parameter_names(text: str) -> tuple[str, ...]:
    """Give the names written ``$name`` in a statement, outside texts, quoted names and comments."""
    found = (match.group("name") for match in _TOKEN.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name))


def run(text: str, namespace: dict[str, Any]) -> Result:
    """Run a statement with its ``$name`` parameters taken from ``namespace``.

    Raises
    ------
    NotFound
        If a parameter names no variable of the notebook.
    """
    workspace = connect()
    names = parameter_names(text)
    missing = [name for name in names if name not in namespace]
    if missing:
        listed = ", ".join(f"${name}" for name in missing)
        raise readable(
            NotFound(
                "unknown_parameter",
                Text(en=f"The notebook has no variable for {listed}.", nl=f"Het notebook heeft geen variabele voor {listed}."),
                Text(en="Give it a value in a cell above.", nl="Geef deze een waarde in een cel hierboven."),
            ),
            workspace.lang,
        )
    return workspace.sql(text, {name: namespace[name] for name in names} or None)


def register(shell: Any) -> None:
    """Give an IPython shell the magics ``%cbs SELECT …`` and ``%%cbs [name]``."""

    def cbs(line: str, cell: str | None = None) -> Result | None:
        """Run one SELECT.

        ``%cbs SELECT …`` gives the result. ``%%cbs name`` runs the cell and keeps its result as ``name``; without a name
        it is only shown. ``$year`` in the statement is the notebook's variable ``year``.
        """
        name = line.strip() if cell is not None else ""
        text = cell if cell is not None else line
        if name and not name.isidentifier():
            raise readable(
                Invalid(
                    "bad_name",
                    Text(en=f"'{name}' cannot be the name of a variable.", nl=f"'{name}' kan geen naam van een variabele zijn."),
                    Text(en="Write %%cbs result and the SELECT on the lines below.", nl="Schrijf %%cbs resultaat en de SELECT op de regels eronder."),
                ),
                choose_language(),
            )
        result = run(text, shell.user_ns)
        if name:
            shell.user_ns[name] = result
        return result

    shell.register_magic_function(cbs, "line_cell", "cbs")
