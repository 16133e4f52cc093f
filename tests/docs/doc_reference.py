"""Parts of the reference that are made from the code; ``PYTHONPATH=. python tests/docs/doc_reference.py`` writes them anew.

A page holds ``<!-- made from the code: NAME -->`` … ``<!-- end -->``; what stands between is replaced.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from jupyter_cbs.cli import VERBS
from jupyter_cbs.client.catalogue import DatasetView, Listing
from jupyter_cbs.client.figures.report import FigureReport
from jupyter_cbs.client.models.report import ModelReport
from jupyter_cbs.client.outputs import OutputCheck
from jupyter_cbs.client.report import Report
from jupyter_cbs.client.result import Result
from jupyter_cbs.client.storage import Storage
from jupyter_cbs.client.table import Table
from jupyter_cbs.client.workspace import Workspace
from jupyter_cbs.domain.errors import CbsError
from jupyter_cbs.domain.gateway import OPERATIONS
from jupyter_cbs.server import hardening
from jupyter_cbs.server.app import CbsApp
from jupyter_cbs.server.handlers import INTERNAL
from jupyter_cbs.server.identity import AccountIdentityProvider
from jupyter_cbs.server.listening import HandedServerApp
from jupyter_cbs.server.routes import OFFERED

ROOT: Final = Path(__file__).resolve().parents[2]
REFERENCE: Final = ROOT / "docs" / "reference"
CLASSES: Final = (Workspace, Result, Table, Listing, DatasetView, Report, OutputCheck, ModelReport, FigureReport, Storage)


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _table(head: str, rows: list[list[str]]) -> str:
    names = head.split("|")
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# ------------------------------------------------------------------------------------------- command line


def parser_of(verb: str) -> argparse.ArgumentParser:
    """The parser of one verb, made as ``jupyter cbs`` makes it."""
    parser = argparse.ArgumentParser(prog=f"jupyter cbs {verb}")
    importlib.import_module(f"jupyter_cbs.cli.{verb}").arguments(parser)
    return parser


def commands(verb: str) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Name, summary and parser of a verb's commands: itself, or those it has below it."""
    parser = parser_of(verb)
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not below:
        yield f"jupyter cbs {verb}", VERBS[verb], parser
    for action in below:
        helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, child in action.choices.items():
            yield f"jupyter cbs {verb} {name}", helps[name], child


def _option(action: argparse.Action) -> list[str]:
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    name = ", ".join(f"`{option} {value}`".replace(" `", "`") for option in action.option_strings) or f"`{action.metavar or action.dest}`"
    if isinstance(action, argparse._AppendAction) or action.nargs == "+":
        name += " (may be repeated)"
    needed = "required" if action.required else ""
    return [name, needed, _cell(action.help or "")]


def command_line() -> str:
    parts = [_table("verb|what it does", [[f"[`{verb}`](#{_anchor(verb)})", text] for verb, text in VERBS.items()])]
    for verb in VERBS:
        for name, summary, parser in commands(verb):
            rows = [_option(action) for action in parser._actions if not isinstance(action, argparse._HelpAction)]
            parts += [f"## `{name}`", f"{summary[0].upper()}{summary[1:]}.", _table("option||meaning", rows)]
    return "\n\n".join(parts)


def _anchor(verb: str) -> str:
    return next(commands(verb))[0].replace(" ", "-")


# ------------------------------------------------------------------------------------------ configuration


def _traits(*owners: type[Any]) -> str:
    rows = []
    for owner in owners:
        for name, trait in sorted(owner.class_own_traits(config=True).items()):
            default = trait.default()
            shown = sorted(default) if isinstance(default, (set, frozenset)) else default
            rows.append([f"`{owner.__name__}.{name}`", type(trait).__name__, f"`{shown!r}`", _cell(trait.help)])
    return _table("trait|type|default|meaning", rows)


def workspace_traits() -> str:
    return _traits(CbsApp, HandedServerApp)


def identity_traits() -> str:
    return _traits(AccountIdentityProvider)


def forced_settings() -> str:
    rows = []
    for owner, traits in hardening.settings("/", Path("(an empty folder)"), []).items():
        for name, value in traits.items():
            shown = "the headers below" if name == "tornado_settings" else f"`{_cell(repr(value))}`"
            rows.append([f"`{owner}.{name}`", shown])
    return _table("setting|value", rows)


def security_headers() -> str:
    headers = hardening.settings("/", Path("/"), [])["ServerApp"]["tornado_settings"]["headers"]
    return "```text\n" + "\n".join(f"{name}: {value}" for name, value in headers.items()) + "\n```"


# ------------------------------------------------------------------------------------------------- gateway


def operations() -> str:
    rows = []
    for op in OPERATIONS:
        http = "http" in op.surfaces
        who = "browser" if http and op.name not in INTERNAL else "server" if http else ""
        where = ", ".join(name for name in (who, "kernel" if "session" in op.surfaces else "") if name)
        fields = ", ".join(f"`{name}`" if field.is_required() else f"`[{name}]`" for name, field in op.request.model_fields.items())
        path = f"`{op.method} {op.path}`" if http else "–"
        action = f"`{op.action}`" if op.action else "anybody with a socket"
        rows.append([f"`{op.name}`", path, _cell(op.summary), fields or "–", f"`{op.answer.__name__}`", action, where])
    return _table("operation|request|what|fields, optional in brackets|answer|permission|asked by", rows)


def errors() -> str:
    kinds = sorted(CbsError.kinds.values(), key=lambda kind: (kind.status, kind.__name__))
    own = [kind for kind in kinds if kind.__module__ == CbsError.__module__]
    return _table("status|kind|meaning", [[str(kind.status), f"`{kind.__name__}`", _cell((kind.__doc__ or "").splitlines()[0])] for kind in own])


def offered_routes() -> str:
    return _table("methods|path below the base URL|for", [[", ".join(sorted(r.methods)), f"`{_cell(r.pattern)}`", _cell(r.why)] for r in OFFERED])


# ------------------------------------------------------------------------------------------------ notebook


def public(owner: type[Any]) -> Iterator[tuple[str, Any]]:
    """Public methods and properties of a class, in the order of its source; those of our own classes it is made of come first."""
    members: dict[str, Any] = {}
    for kind in reversed(owner.__mro__):
        members |= vars(kind) if kind.__module__.startswith("jupyter_cbs") else {}
    for name, member in members.items():
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
            yield name, member


def _signature(name: str, member: Any) -> str:
    if isinstance(member, property):
        return name
    shown = []
    for parameter in list(inspect.signature(member).parameters.values())[1:]:
        shown.append(parameter.name if parameter.default is parameter.empty else f"{parameter.name}={parameter.default!r}")
    return f"{name}({', '.join(shown)})"


def _summary(member: Any) -> str:
    """The first paragraph of a docstring, without its roles."""
    text = inspect.getdoc(member.fget if isinstance(member, property) else member) or ""
    return _cell(re.sub(r":\w+:`([^`]*)`", r"`\1`", text.split("\n\n")[0]).replace("``", "`"))


def methods() -> str:
    parts = []
    for owner in CLASSES:
        rows = [[f"`{_signature(name, member)}`", _summary(member)] for name, member in public(owner)]
        parts += [f"### `{owner.__name__}`", _summary(owner), _table("member|what it gives", rows)]
    return "\n\n".join(parts)


# --------------------------------------------------------------------------------------------------- pages

PARTS: Final[dict[str, dict[str, Callable[[], str]]]] = {
    "command-line.md": {"commands": command_line},
    "configuration.md": {
        "workspace server": workspace_traits,
        "identity": identity_traits,
        "forced settings": forced_settings,
        "headers": security_headers,
    },
    "http.md": {"operations": operations, "errors": errors, "routes": offered_routes},
    "notebook.md": {"members": methods},
}
"""Page → name of a part → what makes it."""


def rewritten(page: str) -> str:
    """A page with its parts made anew.

    Raises
    ------
    ValueError
        If the page does not hold one of its parts.
    """
    text = (REFERENCE / page).read_text(encoding="utf-8")
    for name, make in PARTS[page].items():
        begin, end = f"<!-- made from the code: {name} -->", "<!-- end -->"
        before, found, rest = text.partition(begin)
        if not found or end not in rest:
            raise ValueError(f"{page} has no part '{name}'")
        text = f"{before}{begin}\n\n{make()}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    for changed in PARTS:
        (REFERENCE / changed).write_text(rewritten(changed), encoding="utf-8")
        sys.stdout.write(f"docs/reference/{changed}\n")
