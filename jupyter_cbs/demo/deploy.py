"""Make a deployment: catalogue, policies, storage, accounts with a PIN each."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .. import __version__
from ..broker.deployment import Deployment
from ..domain.errors import Conflict
from ..domain.project import Principal
from ..domain.text import Text
from ..policy.store import PolicyDirectory
from ..server import paths
from ..store.store import Store

MARK: Final = "deployment.json"
"""File that says what a deployment was made with, and that this is one."""

DEMO_ACCOUNTS: Final = (
    ("researcher", "9001"),
    ("leader", "9001"),
    ("viewer", "9001"),
    ("checker1", "9001"),
    ("checker2", "9001"),
    ("admin", "9001"),
    ("outsider", "9002"),
)
"""Accounts of the demo, named after their roles, and the project each works in."""


@dataclass(frozen=True)
class DemoData:
    """What the demo's catalogue is made with.

    Parameters
    ----------
    persons
        Persons in the generated population, at least 2,000.
    seed
        The same seed gives the same files.
    real
        Whether the real data sets are beside the generated ones.
    """

    persons: int = 100_000
    seed: int = 2026
    real: bool = True


@dataclass(frozen=True)
class Account:
    """One person in one project, as the demo lets somebody log in."""

    principal: Principal

    @property
    def name(self) -> str:
        """Name of the account."""
        return self.principal.user


def create_demo(root: Path, data: DemoData) -> Deployment:
    """Make the demo's deployment, or take the one that is there.

    Data that were made with the same parameters by the same version are used again, policies an admin changed are kept.

    Parameters
    ----------
    root : Path
        Directory of the deployment; made when missing.
    data : DemoData

    Raises
    ------
    Conflict
        ``not_a_deployment`` when the directory holds something else; ``runs_already`` when a broker works with it.
    """
    refuse_running(root)
    deployment = Deployment(root.resolve())
    wanted = {"persons": data.persons, "seed": data.seed, "real": data.real, "version": __version__}
    found = _made_with(deployment.root)
    if found is None and deployment.root.is_dir() and any(deployment.root.iterdir()):
        raise Conflict(
            "not_a_deployment",
            Text(en=f"{root} holds other files, so no demo is made there.", nl=f"{root} bevat andere bestanden; daar wordt geen demo gemaakt."),
            Text(en="Choose another directory with --dir.", nl="Kies een andere map met --dir."),
        )
    deployment.root.mkdir(parents=True, exist_ok=True)
    if found != wanted:
        _make_catalogue(deployment, data)
    if not deployment.policies.is_dir():
        shutil.copytree(paths.policies(), deployment.policies)
    write_private(deployment.root / MARK, json.dumps(wanted))
    return deployment


def refuse_running(root: Path) -> None:
    """Refuse a deployment that a broker works with; nothing is looked at but its sockets, nothing is changed.

    Raises
    ------
    Conflict
        ``runs_already``: its catalogue and PINs belong to those who work there now.
    """
    gateways = Deployment(root.resolve()).run / "gateway"
    if not any(_listened_to(path) for path in gateways.glob("*/*")):
        return
    raise Conflict(
        "runs_already",
        Text(
            en=f"A broker runs already for {root}; its data and PINs are left as they are.",
            nl=f"Er draait al een broker voor {root}; de gegevens en pincodes daarvan blijven zoals ze zijn.",
        ),
        Text(en="Stop it first, or choose another directory with --dir.", nl="Stop die eerst, of kies een andere map met --dir."),
    )


def _listened_to(path: Path) -> bool:
    # a broker that was killed leaves its sockets; nobody answers those
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:  # so busy that callers queue
            return True
        except OSError:
            return False
    return True


def _made_with(root: Path) -> Mapping[str, object] | None:
    try:
        found = json.loads((root / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _make_catalogue(deployment: Deployment, data: DemoData) -> None:
    from .data.generator import generate
    from .data.real import convert

    # made beside the old one: a half-made catalogue is never taken for a whole one
    unfinished = deployment.root / "catalogue.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    (deployment.root / MARK).unlink(missing_ok=True)
    write_private(deployment.root / MARK, "{}")
    generate(unfinished, data.persons, data.seed)
    if data.real:
        convert(unfinished)
    shutil.rmtree(deployment.catalogue, ignore_errors=True)
    unfinished.rename(deployment.catalogue)


def demo_accounts(deployment: Deployment) -> tuple[Account, ...]:
    """Give the demo's accounts with the roles the policies give them."""
    policies = PolicyDirectory(deployment.policies).current
    return tuple(Account(policies.principal(project, user)) for user, project in DEMO_ACCOUNTS)


def all_accounts(deployment: Deployment) -> tuple[Account, ...]:
    """Give every member of every project, and the office's people in the first project they see."""
    chosen: dict[str, Principal] = {}
    for principal in sorted(PolicyDirectory(deployment.policies).current.principals(), key=lambda p: p.project):
        chosen.setdefault(principal.user, principal)
    return tuple(Account(principal) for principal in chosen.values())


def prepare_storage(deployment: Deployment, accounts: tuple[Account, ...]) -> None:
    """Make the storage areas of some accounts."""
    for account in accounts:
        who = account.principal
        for area in (deployment.shared(who.project), deployment.personal(who.project, who.user)):
            area.mkdir(parents=True, exist_ok=True, mode=0o770)


def set_pins(deployment: Deployment, accounts: tuple[Account, ...]) -> dict[str, str]:
    """Give the people whose steps need a PIN a new random one.

    Returns
    -------
    dict of str to str
        Account name → PIN of six digits. The store keeps only what is needed to check it.
    """
    deployment.prepare_state()
    pins = {account.name: f"{secrets.randbelow(10**6):06d}" for account in accounts}
    store = Store.open(deployment.database, deployment.state / "anchors")
    try:
        with store.begin() as transaction:
            for account in accounts:
                transaction.set_pin(account.name, pins[account.name])
                transaction.audit(
                    user="supervisor", project=account.principal.project, action="pin.set", subject=account.name, outcome="ok", details={}
                )
    finally:
        store.close()
    return pins


def write_private(path: Path, text: str) -> None:
    """Write a file that only this account can read, in one step."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
