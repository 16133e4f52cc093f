"""What several verbs share."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.errors import Invalid
from ..domain.text import Text

if TYPE_CHECKING:
    from ..broker.deployment import Deployment
    from ..store.store import Store


def existing(path: Path) -> Deployment:
    """Give the deployment in a directory.

    Raises
    ------
    Invalid
        ``no_deployment`` when there is none.
    """
    from ..broker.deployment import Deployment

    deployment = Deployment(path.resolve())
    if not deployment.policies.is_dir():
        raise Invalid(
            "no_deployment",
            Text(
                en=f"{path} holds no deployment: there is no folder policies in it.", nl=f"{path} bevat geen deployment: er is geen map policies in."
            ),
            Text(en="Give the directory of a deployment with --dir.", nl="Geef de map van een deployment met --dir."),
        )
    return deployment


@contextmanager
def opened_state(deployment: Deployment) -> Iterator[Store]:
    """Open the state of a deployment to read in it; what root makes meanwhile is given back to the account the broker runs under.

    Raises
    ------
    Unavailable
        ``no_state`` where there is none; it is not made.
    """
    from ..broker.owners import Owners
    from ..sandbox.users import is_root
    from ..store.store import Store

    try:
        with Store.open(deployment.database, deployment.state / "anchors", create=False) as store:
            yield store
    finally:
        if is_root() and Owners.known(deployment):
            Owners(deployment).prepare(sockets=False)


def until_stopped(job: Coroutine[Any, Any, None]) -> int:
    """Run a job until it ends or is interrupted; give the exit code."""
    try:
        asyncio.run(job)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return 0


def table(info: dict[str, Any]) -> str:
    """Write who can log in where as a table."""
    rows = [("account", "role", "project", "PIN", "URL")]
    for name, account in info["accounts"].items():
        rows.append((name, account["role"], account["project"], account["pin"] or "–", f"{account['url']}lab?token={account['token']}"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows)
