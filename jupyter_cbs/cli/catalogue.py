"""``jupyter cbs catalogue index``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..domain.errors import Invalid
from ..domain.text import Text
from . import language, print_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    verbs = parser.add_subparsers(dest="what", required=True, metavar="what")
    index = verbs.add_parser("index", help="list the data sets of a catalogue and the files that cannot be used")
    index.add_argument("path", type=Path, metavar="DIR", help="folder of the catalogue")
    index.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Index and report; problems of single files do not stop the rest."""
    from ..catalogue.index import build_index, report, report_json

    if not options.path.is_dir():
        raise Invalid("no_catalogue", Text(en=f"{options.path} is no folder.", nl=f"{options.path} is geen map."))
    lang = language()
    index = build_index(options.path)
    if options.json:
        print_json(report_json(index, lang))
    else:
        print(report(index, lang))
    return 1 if index.problems else 0
