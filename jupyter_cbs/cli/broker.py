"""``jupyter cbs broker``."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from .common import existing


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--dir", type=Path, required=True, help="directory of the deployment")


def run(options: argparse.Namespace) -> int:
    """Run the broker until SIGTERM or SIGINT."""
    from ..broker.app import run as run_broker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run_broker(existing(options.dir))
    return 0
