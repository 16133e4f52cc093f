"""``jupyter cbs pin``."""

from __future__ import annotations

import argparse
import getpass
import os
import pwd
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain.errors import Invalid, NotFound, Refused
from ..domain.text import Text
from ..sandbox.users import is_root
from . import language, print_json
from .common import existing

if TYPE_CHECKING:
    from ..broker.deployment import Deployment

_LONGEST_LINE = 1024


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("user", metavar="USER", help="account the policies name")
    parser.add_argument("--dir", type=Path, required=True, help="directory of the deployment")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Ask for a PIN and keep it; a lock after wrong PINs is lifted. The broker may run meanwhile."""
    from ..broker.owners import Owners
    from ..policy.store import PolicyDirectory
    from ..store.store import Store

    deployment = existing(options.dir)
    user = options.user
    if user not in {principal.user for principal in PolicyDirectory(deployment.policies).current.principals()}:
        raise NotFound(
            "unknown_user",
            Text(en=f"The policies name nobody “{user}”.", nl=f"Het beleid noemt niemand “{user}”."),
            Text(en="Give the account as the policy files write it.", nl="Geef het account zoals de beleidsbestanden het schrijven."),
        )
    _own(deployment)
    pin = _ask(user)
    deployment.prepare_state()
    with Store.open(deployment.database, deployment.state / "anchors") as store, store.begin() as transaction:
        transaction.set_pin(user, pin)
        # a PIN counts in every project of the account, and who sits at the terminal is no account of the workspace
        transaction.audit(user="terminal", project="", action="pin.set", subject=user, outcome="ok", details={"system_account": _system_account()})
    if is_root():
        # what was made here has to belong to the account that the broker runs under
        Owners(deployment).prepare(sockets=False)
    if options.json:
        print_json({"user": user, "set": True})
    else:
        print(Text(en=f"The PIN of {user} is set.", nl=f"De pincode van {user} is ingesteld.").say(language()))
    return 0


def _own(deployment: Deployment) -> None:
    """Refuse to write as another account than the broker's, which could not open its own state afterwards."""
    from ..broker.owners import Owners

    allowed = {os.getuid()}
    if is_root() and Owners.known(deployment):
        allowed.add(Owners(deployment).broker().uid)
    for path in (deployment.state, deployment.run):
        if path.exists() and path.stat().st_uid not in allowed:
            raise Refused(
                "not_the_broker",
                Text(en=f"{path} belongs to another account.", nl=f"{path} is van een ander account."),
                Text(en="Run this as the account of the broker.", nl="Voer dit uit als het account van de broker."),
            )


def _ask(user: str) -> str:
    """Ask twice at a terminal, else read one line: a PIN among the arguments would be there for everybody to read."""
    if not sys.stdin.isatty():
        # as the browser sends it, whatever the locale of the command is
        return sys.stdin.buffer.readline(_LONGEST_LINE).rstrip(b"\r\n").decode("utf-8", "surrogateescape")
    prompts = (
        Text(en=f"New PIN of {user}: ", nl=f"Nieuwe pincode van {user}: "),
        Text(en="The same again: ", nl="Nog eens dezelfde: "),
    )
    try:
        first, second = (getpass.getpass(prompt.say(language())) for prompt in prompts)
    except EOFError as error:
        raise Invalid("no_pin", Text(en="No PIN was given; nothing was changed.", nl="Er is geen pincode gegeven; er is niets gewijzigd.")) from error
    if first != second:
        raise Invalid(
            "pins_differ",
            Text(en="The two PINs differ; nothing was changed.", nl="De twee pincodes verschillen; er is niets gewijzigd."),
            Text(en="Run the command again.", nl="Voer de opdracht opnieuw uit."),
        )
    return first


def _system_account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
