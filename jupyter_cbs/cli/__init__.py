"""``jupyter cbs …``: every verb in a module of its own, loaded when it is asked for.

Exit codes: 0 fine, 1 findings or a refusal, 2 wrong use. ``--json`` on every verb that answers something.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

from ..domain.errors import CbsError, Invalid, Unavailable
from ..domain.system_errors import reason
from ..domain.text import Language, Text

VERBS: Final = {
    "demo": "make a demo deployment and run it",
    "up": "run an existing deployment",
    "broker": "run only the broker of a deployment",
    "precheck": "check files against the disclosure rules",
    "table": "attack or protect a table with suppressed cells",
    "catalogue": "index a catalogue of Parquet files",
    "policy": "validate policy files",
    "quota": "measure the storage areas of a project",
    "pin": "set the step-up PIN of an account",
    "audit": "verify the audit chain",
    "selftest": "try the walls around kernels and query engines",
}
"""Verb → what it does. The module of a verb has ``arguments(parser)`` and ``run(options) -> int``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after ``jupyter cbs``; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name from a file may hold what the terminal cannot write
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(prog="jupyter cbs", description="A secure analysis workspace for statistical microdata.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    for verb, summary in VERBS.items():
        child = verbs.add_parser(verb, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if arguments[:1] == [verb]:  # only the verb that was asked for costs its imports
            module = importlib.import_module(f"{__name__}.{verb}")
            module.arguments(child)
            child.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except CbsError as error:
        return _refused(error, options)
    except BrokenPipeError:
        return 1
    except OSError as error:
        return _refused(_of_the_machine(error), options)
    except KeyboardInterrupt:
        return 130


def _refused(error: CbsError, options: argparse.Namespace) -> int:
    """Say why it did not work; give the exit code."""
    if getattr(options, "json", False):
        print_json({"error": error.body().model_dump(mode="json", context={"lang": language()})})
    else:
        print(error.say(language()), file=sys.stderr)
    return 2 if isinstance(error, Invalid) else 1


def _of_the_machine(error: OSError) -> Unavailable:
    """Give the error for what the operating system refused, such as a full disk."""
    why = reason(error)
    where = "" if error.filename is None else f" ({os.fsdecode(error.filename)})"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = Text(en="Make room on the disk, then give the command again.", nl="Maak ruimte op de schijf en geef de opdracht dan opnieuw.")
    else:
        remedy = Text(en="Mend that, then give the command again.", nl="Verhelp dat en geef de opdracht dan opnieuw.")
    return Unavailable(
        "machine_refuses",
        Text(en=f"The operating system refused: {why.en}{where}.", nl=f"Het besturingssysteem weigerde: {why.nl}{where}."),
        remedy,
    )


def language() -> Language:
    """Give the language of the terminal: Dutch where the locale is, else English.

    The variables are read as gettext does, for the locale itself need not be installed to read Dutch.
    """
    name = next((value for variable in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(variable))), "")
    return "nl" if name.lower().startswith("nl") else "en"


def print_json(value: Any) -> None:
    """Print one JSON document."""
    document = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    try:
        document.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # half a character from a file, or a terminal of few characters
        document = json.dumps(value, indent=2, default=str)
    print(document)
