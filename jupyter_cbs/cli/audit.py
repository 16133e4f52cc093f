"""``jupyter cbs audit verify``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import language, print_json
from .common import existing, opened_state


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    verbs = parser.add_subparsers(dest="what", required=True, metavar="what")
    verify = verbs.add_parser("verify", help="check the chain of the audit and name its first break")
    verify.add_argument("--dir", type=Path, default=Path(".demo"), help="directory of the deployment (default: .demo)")
    verify.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Verify and report."""
    with opened_state(existing(options.dir)) as store:
        verdict = store.verify()
    lang = language()
    if options.json:
        print_json({"ok": verdict.ok, "events": verdict.events, "first_break": verdict.first_break, "reason": verdict.reason.say(lang)})
    else:
        print(f"{verdict.events} events. {verdict.reason.say(lang)}".strip(), file=sys.stdout if verdict.ok else sys.stderr)
    return 0 if verdict.ok else 1
