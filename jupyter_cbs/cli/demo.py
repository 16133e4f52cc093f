"""``jupyter cbs demo``."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
import threading
import webbrowser
from pathlib import Path
from typing import Any

from . import language, print_json
from .common import table, until_stopped


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--dir", type=Path, help="directory of the deployment (default: .demo)")
    parser.add_argument("--persons", type=_positive, help="persons in the generated population (default: 100000)")
    parser.add_argument("--no-real", action="store_true", help="leave the real data sets out")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    parser.add_argument("--port-base", type=int, help="first of consecutive ports (default: free ones)")
    parser.add_argument(
        "--lab-setting",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=JSON",
        help="trait of JupyterLab's application, for tests",
    )
    parser.add_argument("--smoke", action="store_true", help="run the main job once on a temporary deployment and report")
    parser.add_argument(
        "--unsandboxed-demo",
        action="store_true",
        help="run kernels and query engines WITHOUT walls, where sandboxes cannot work; generated data only, said on every page",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=JSON")
    try:
        return name, json.loads(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the value of {name} is no JSON ({error}); text needs quotes: {name}='\"…\"'") from error


def run(options: argparse.Namespace) -> int:
    """Make the deployment and run it until it is stopped."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    if options.smoke:
        return _smoke(options)
    from ..demo.deploy import DemoData, create_demo, demo_accounts, refuse_running, set_pins
    from ..demo.supervisor import Supervisor
    from ..demo.supervisor import run as supervise

    # without walls nothing real is shown, not even what is public
    data = DemoData(persons=options.persons or DemoData.persons, real=not (options.no_real or options.unsandboxed_demo))
    root = options.dir or Path(".demo")
    refuse_running(root)
    if not options.json:
        print(f"Making the demo in {root} ({data.persons:,} persons) …", flush=True)
    deployment = create_demo(root, data)
    accounts = demo_accounts(deployment)
    supervisor = Supervisor(
        deployment,
        accounts,
        set_pins(deployment, accounts),
        port_base=options.port_base,
        lab_settings=dict(options.lab_setting),
        unsandboxed=options.unsandboxed_demo,
    )

    def announce() -> None:
        if options.json:
            print_json(supervisor.info())
        else:
            print(table(supervisor.info()), flush=True)
            print(f"\n{_walls(options.unsandboxed_demo)}", flush=True)
            print("\nCtrl-C stops everything.", flush=True)
        # without a screen Python would start a browser in this very terminal
        if not options.no_browser and not options.json and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            threading.Thread(target=webbrowser.open, args=(supervisor.endpoints[0].login_url,), daemon=True).start()

    return until_stopped(supervise(supervisor, announce))


def _walls(unsandboxed: bool) -> str:
    """Say in a line or two whether kernels are shut in."""
    from ..sandbox import profiles
    from ..sandbox.bubblewrap import Sandbox
    from ..sandbox.selftest import all_mandatory, selftest

    if unsandboxed:
        return "✕ WITHOUT WALLS (--unsandboxed-demo): what runs in a kernel can reach everything of this demo and the network."
    walls = selftest(template=Sandbox(limits=profiles.KERNEL_LIMITS))
    if all_mandatory(walls):
        return f"✓ Walls in force: {sum(wall.in_force for wall in walls)} of {len(walls)}. 'jupyter cbs selftest' names them."
    wall = next(wall for wall in walls if wall.mandatory and not wall.in_force)
    said = "" if wall.remedy is None else f" {wall.remedy.say(language())}"
    return f"✕ No kernel will start. {wall.detail.say(language())}{said}"


def _smoke(options: argparse.Namespace) -> int:
    from ..demo.deploy import DemoData
    from ..demo.smoke import smoke

    data = DemoData(persons=options.persons or 20_000, real=not options.no_real)
    if options.dir is not None:
        result = asyncio.run(smoke(options.dir, data))
    else:
        with tempfile.TemporaryDirectory(prefix="cbs-smoke-") as folder:
            result = asyncio.run(smoke(Path(folder) / "d", data))
    if options.json:
        print_json(result)
    else:
        for step in result["steps"]:
            print(f"{'✓' if step['ok'] else '✕'} {step['name']}: {step['text']}")
    return 0 if result["ok"] else 1
