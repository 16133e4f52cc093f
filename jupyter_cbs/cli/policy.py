"""``jupyter cbs policy validate``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import language, print_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    verbs = parser.add_subparsers(dest="what", required=True, metavar="what")
    validate = verbs.add_parser("validate", help="say what is wrong with policy files: file, line, field and what would be right")
    validate.add_argument("path", type=Path, help="a policy file, a project file, or a folder of policies")
    validate.add_argument("--catalogue", type=Path, metavar="DIR", help="also check that granted data sets and columns are in this catalogue")
    validate.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Validate and report."""
    from ..policy.crosscheck import Columns
    from ..policy.validate import validate_path

    lang = language()
    datasets = None
    if options.catalogue is not None:
        from ..catalogue.index import build_index

        found = [indexed.dataset for indexed in build_index(options.catalogue).files.values()]
        datasets = [Columns(d.topic, d.name, tuple(variable.name for variable in d.variables)) for d in found]
    problems = validate_path(options.path, datasets)
    if options.json:
        print_json({"valid": not problems, "problems": [p.model_dump(mode="json", context={"lang": lang}) for p in problems]})
    else:
        for problem in problems:
            place = f"{problem.file}:{problem.line}" if problem.line is not None else problem.file
            field = f" {problem.field}:" if problem.field else ""
            print(f"{place}:{field} {problem.message.say(lang)} {problem.expected.say(lang)}", file=sys.stderr)
        if not problems:
            print(f"{options.path}: valid")
    return 1 if problems else 0
