"""What JupyterLab keeps for a person, its settings and the arrangement of its windows: of the right shape, and never much of it.

It lies beside the workspace server, where no quota counts: without bounds it would be a way to fill the disk of everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jupyterlab_server.settings_handler import SettingsHandler
from jupyterlab_server.workspaces_handler import WORKSPACE_EXTENSION, WorkspacesHandler, slugify
from pydantic import BaseModel
from tornado.routing import Rule, RuleRouter
from tornado.web import Application

from ..domain.errors import CbsError, Invalid, TooLarge
from ..domain.text import Text
from .bodies import Body, checked
from .problems import http_error
from .wording import Worded

MAX_SETTING: Final = 2**17
"""Longest setting in bytes; reading one takes JupyterLab seconds per megabyte."""

MAX_ARRANGEMENT: Final = 2**20
"""Longest arrangement of windows in bytes."""

MAX_ARRANGEMENTS: Final = 100
"""Arrangements that a person may keep."""


class Setting(Body):
    """Settings of one part, as they were typed."""

    raw: str


class Metadata(BaseModel):
    """Whose arrangement it is."""

    id: str


class Arrangement(Body):
    """Which windows are open."""

    metadata: Metadata
    data: dict[str, Any]


class BoundedSettingsHandler(Worded, SettingsHandler):
    """Settings."""

    def put(self, schema_name: str = "") -> None:
        """Keep a setting.

        Raises
        ------
        tornado.web.HTTPError
            400 or 413 with what is wrong; what was kept before stays.
        """
        try:
            _accept(self.request.body, Setting, MAX_SETTING)
            super().put(schema_name)
        except CbsError as error:
            raise http_error(error) from error
        except (ValueError, RecursionError) as error:
            # of the text itself, which is looked at beyond its being JSON
            raise http_error(_not_readable()) from error


class BoundedWorkspacesHandler(WorkspacesHandler):
    """Arrangements of windows; JupyterLab calls them workspaces."""

    def put(self, space_name: str = "") -> None:
        """Keep an arrangement.

        Raises
        ------
        tornado.web.HTTPError
            400 or 413 with what is wrong; what was kept before stays.
        """
        try:
            _accept(self.request.body, Arrangement, MAX_ARRANGEMENT)
            kept = {path.name for path in self.manager.workspaces_dir.glob(f"*{WORKSPACE_EXTENSION}")}
            if len(kept) >= MAX_ARRANGEMENTS and slugify(space_name) + WORKSPACE_EXTENSION not in kept:
                raise _too_many()
        except CbsError as error:
            raise http_error(error) from error
        super().put(space_name)


_BOUNDED: Final[Mapping[type[Any], type[Any]]] = {SettingsHandler: BoundedSettingsHandler, WorkspacesHandler: BoundedWorkspacesHandler}


def bound_what_is_kept(application: Application) -> None:
    """Let JupyterLab's routes for settings and arrangements keep only what is bounded.

    Parameters
    ----------
    application : tornado.web.Application
        With the routes of all extensions.

    Raises
    ------
    LookupError
        When one of them is not there: another version of JupyterLab, which could keep anything.
    """
    found = set()
    for rule in _rules(application.default_router):
        if rule.target in _BOUNDED:
            found.add(rule.target)
            rule.target = _BOUNDED[rule.target]
    if missing := _BOUNDED.keys() - found:
        raise LookupError(f"No route of JupyterLab has {', '.join(sorted(kind.__name__ for kind in missing))}.")


def _rules(router: RuleRouter) -> Iterator[Rule]:
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from _rules(rule.target)
        else:
            yield rule


def _accept(raw: bytes, shape: type[Body], longest: int) -> None:
    if len(raw) > longest:
        raise TooLarge(
            "setting_too_large",
            Text(
                en=f"This is longer than the {longest // 1024} kB that are kept of one setting or arrangement of windows; what was kept stays.",
                nl=f"Dit is langer dan de {longest // 1024} kB die van één instelling of schermindeling wordt bewaard; wat er stond blijft.",
            ),
            Text(en="Shorten it, or close windows.", nl="Kort het in, of sluit vensters."),
        )
    if checked(raw, shape) is None:
        raise _not_readable()


def _not_readable() -> Invalid:
    return Invalid(
        "setting_not_readable",
        Text(
            en="This setting cannot be read, so it is not kept; what was kept stays.",
            nl="Deze instelling is niet te lezen en wordt niet bewaard; wat er stond blijft.",
        ),
        Text(en="Look for a missing bracket, quote or comma.", nl="Kijk of er een haakje, aanhalingsteken of komma ontbreekt."),
    )


def _too_many() -> TooLarge:
    return TooLarge(
        "too_many_arrangements",
        Text(
            en=f"You keep {MAX_ARRANGEMENTS} arrangements of windows, the most there may be.",
            nl=f"U bewaart {MAX_ARRANGEMENTS} schermindelingen, het hoogste aantal.",
        ),
        Text(en="Remove one that you do not need under 'Workspaces' in the side panel.", nl="Verwijder er een bij ‘Werkruimten’ in het zijpaneel."),
    )
