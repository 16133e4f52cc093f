"""``jupyter cbs catalogue index``."""

from __future__ import annotations

import argparse
import sys
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
    from ..catalogue.index import build_index

    if not options.path.is_dir():
        raise Invalid("no_catalogue", Text(en=f"{options.path} is no folder.", nl=f"{options.path} is geen map."))
    lang = language()
    index = build_index(options.path)
    datasets = [file.dataset for _, file in sorted(index.files.items())]
    if options.json:
        print_json(
            {
                "datasets": [
                    d.model_dump(mode="json", context={"lang": lang}, exclude={"variables"})
                    | {"columns": d.columns, "file": str(index.files[d.name].path)}
                    for d in datasets
                ],
                "problems": [{"file": str(p.file), "message": p.message.say(lang)} for p in index.problems],
            }
        )
    else:
        for d in datasets:
            print(f"{d.name:32} {d.rows:>12,} rows {d.columns:>4} columns  {d.theme}: {d.title}")
        for problem in index.problems:
            print(f"{problem.file}: {problem.message.say(lang)}", file=sys.stderr)
        print(f"{len(datasets)} data sets, {len(index.problems)} files skipped")
    return 1 if index.problems else 0
