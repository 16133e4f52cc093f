"""``jupyter cbs table audit`` and ``jupyter cbs table protect``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.errors import Invalid, TooLarge
from ..domain.system_errors import reason
from ..domain.text import Text
from . import language, print_json

if TYPE_CHECKING:
    from ..disclosure.relations.problem import TableProblem

LARGEST_FILE = 256 * 2**20
"""Most bytes of a table problem."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    verbs = parser.add_subparsers(dest="what", required=True, metavar="what")
    audit = verbs.add_parser("audit", help="attack the suppressed cells: which can be calculated, exactly or too closely")
    protect = verbs.add_parser("protect", help="suppress complementary cells at least cost, or round so that all adds up")
    for verb in (audit, protect):
        verb.add_argument("file", type=Path, metavar="FILE.json", help="table problem: cells, relations, suppressed cells")
        verb.add_argument(
            "--min-frequency",
            type=_units,
            metavar="N",
            help="least units of a known sum of suppressed cells, 0 for none (default: 10 where the values can be counts)",
        )
        verb.add_argument("--json", action="store_true", help="print JSON")
    protect.add_argument(
        "--method",
        choices=("auto", "heuristic", "exact", "rounding"),
        default="auto",
        help="auto rounds where the problem names a rounding base, else suppresses: exactly where the table is small (default: auto)",
    )
    protect.add_argument("--seconds", type=_seconds, default=30.0, metavar="S", help="most time for what only makes the choice cheaper (default: 30)")


def _units(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("a whole number from 0")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError("a number from 0")
    return number


def run(options: argparse.Namespace) -> int:
    """Attack or protect and report; exit code 1 when there are findings."""
    if options.what == "protect":
        return _protect(options)
    return _audit(_read(options.file), options)


def _audit(problem: TableProblem, options: argparse.Namespace) -> int:
    from ..disclosure.relations.answers import audit_document, audit_lines
    from ..disclosure.relations.audit import audit

    found = audit(problem, min_frequency=options.min_frequency)
    if options.json:
        print_json(audit_document(found, problem))
    else:
        _say(audit_lines(found, problem))
    return 0 if found.safe else 1


def _protect(options: argparse.Namespace) -> int:
    from ..disclosure.relations.answers import protected_document, protected_lines, rounded_document, rounded_lines
    from ..disclosure.relations.protect import protect
    from ..disclosure.relations.rounding import controlled_rounding

    problem = _read(options.file, published=False)
    if options.method == "rounding" or (options.method == "auto" and problem.rounding is not None):
        rounded = controlled_rounding(problem)
        if options.json:
            print_json(rounded_document(rounded))
        else:
            _say(rounded_lines(rounded))
        return 0
    protected = protect(problem, method=options.method, min_frequency=options.min_frequency, patience=options.seconds)
    if options.json:
        print_json(protected_document(protected, language()))
    else:
        _say(protected_lines(protected))
    return 0


def _say(lines: list[Text]) -> None:
    lang = language()
    sys.stdout.write("".join(f"{_printable(line.say(lang))}\n" for line in lines))


def _printable(line: str) -> str:
    """Escape what a name in the file would do to the terminal: new lines, colours."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line)


def _read(file: Path, *, published: bool = True) -> TableProblem:
    from ..disclosure.relations.problem import parse

    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        why = reason(error)
        raise Invalid(
            "unreadable_file",
            Text(en=f"The file {file} cannot be read: {why.en}.", nl=f"Het bestand {file} is niet te lezen: {why.nl}."),
            Text(en="Give the path of a table problem in JSON.", nl="Geef het pad van een tabelprobleem in JSON."),
        ) from error
    if len(content) > LARGEST_FILE:
        raise TooLarge(
            "file_too_large",
            Text(
                en=f"The file {file} is larger than {LARGEST_FILE // 2**20} MiB.",
                nl=f"Het bestand {file} is groter dan {LARGEST_FILE // 2**20} MiB.",
            ),
        )
    return parse(content, published=published)
