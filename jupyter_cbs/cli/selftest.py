"""``jupyter cbs selftest``."""

from __future__ import annotations

import argparse

from . import language, print_json


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Try every wall around kernels and query engines; exit code 1 when a mandatory one is missing."""
    from ..sandbox import profiles
    from ..sandbox.bubblewrap import Sandbox
    from ..sandbox.selftest import all_mandatory, selftest

    walls = selftest(template=Sandbox(limits=profiles.KERNEL_LIMITS))
    fine = all_mandatory(walls)
    lang = language()
    if options.json:
        print_json(
            {
                "ok": fine,
                "walls": [
                    {
                        "name": wall.name,
                        "in_force": wall.in_force,
                        "mandatory": wall.mandatory,
                        "detail": wall.detail.say(lang),
                        "remedy": None if wall.remedy is None else wall.remedy.say(lang),
                    }
                    for wall in walls
                ],
            }
        )
        return 0 if fine else 1
    for wall in walls:
        print(f"{'✓' if wall.in_force else '✕' if wall.mandatory else '!'} {wall.name}: {wall.detail.say(lang)}")
        if wall.remedy is not None:
            print(f"    {wall.remedy.say(lang)}")
    return 0 if fine else 1
