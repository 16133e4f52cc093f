"""``jupyter cbs up``."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from . import print_json
from .common import existing, table, until_stopped


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--dir", type=Path, required=True, help="directory of the deployment")
    parser.add_argument("--port-base", type=int, help="first of consecutive ports (default: free ones)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Run the broker and a workspace server for everybody the policies name."""
    from ..demo.deploy import all_accounts
    from ..demo.supervisor import Supervisor
    from ..demo.supervisor import run as supervise

    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    deployment = existing(options.dir)
    supervisor = Supervisor(
        deployment,
        all_accounts(deployment),
        {},
        port_base=options.port_base,
        info_file=deployment.root / "servers.json",
        everybody=all_accounts,
    )

    def announce() -> None:
        if options.json:
            print_json(supervisor.info())
        else:
            print(table(supervisor.info()), "\n\nCtrl-C stops everything.", flush=True)

    return until_stopped(supervise(supervisor, announce))
