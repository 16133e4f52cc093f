"""``python -m jupyter_cbs.broker --dir DIR``: the broker as a process of its own."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from ..domain.errors import CbsError
from .deployment import Deployment
from .owners import become_broker

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="jupyter cbs broker", description="Run the broker of a deployment.")
    parser.add_argument("--dir", type=Path, required=True, help="directory of the deployment")
    parser.add_argument("--unsandboxed-demo", action="store_true", help="run query engines without a sandbox; a demo with synthetic data only")
    parser.add_argument("--launcher", type=int, metavar="FD", help="descriptor of the launcher of query engines; root passes it on")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    deployment = Deployment(arguments.dir.resolve())
    try:
        become_broker(deployment, ("--unsandboxed-demo",) if arguments.unsandboxed_demo else ())
        # loading it takes a while and is not needed by root
        from .app import run

        run(deployment, arguments.unsandboxed_demo, arguments.launcher)
    except CbsError as error:
        sys.exit(error.say("en"))
