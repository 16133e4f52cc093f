"""The pages a browser shows outside JupyterLab: the log-in form, the end of a log-in, and why a page is not there.

Jupyter's own are in English and explain Jupyter to whoever runs it. These explain the workspace to whoever works in it, in the language
the browser asks for. They have the names of Jupyter's, so Jupyter's handlers render them; they need no script and nothing of another host.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from jupyter_server.base.handlers import FileFindHandler
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError

from ...domain.errors import CbsError
from ...domain.text import Text
from .. import language
from .words import OUT_OF_REACH, REFUSED, WENT_WRONG, WHY, WORDS

_HERE: Final = Path(__file__).parent
_OUT_OF_REACH: Final = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Explanation:
    """Why a page is not there.

    Parameters
    ----------
    title
        In a few words.
    message
        What happened.
    remedy
        What to do.
    reference
        Status and moment (UTC), by which an administrator finds the request in the log.
    """

    title: str
    message: str
    remedy: str
    reference: str


def routes() -> list[tuple[str, type[FileFindHandler], dict[str, Any]]]:
    """Give the route of the pages' style sheet and icon, for the extension's handlers; open to everybody, as the log-in form is."""
    return [("/static/jupyter_cbs/(.*)", FileFindHandler, {"path": [str(_HERE / "static")]})]


def put_in_place(application: Application) -> None:
    """Let every handler render these pages instead of Jupyter's and JupyterLab's.

    Parameters
    ----------
    application : tornado.web.Application
        With the template environments of the server and of all extensions.
    """
    for name, environment in application.settings.items():
        if name.endswith("jinja2_env") and isinstance(environment, Environment):
            # not by a path in the configuration, which a configuration file could put another one before
            environment.loader = ChoiceLoader([FileSystemLoader(_HERE / "templates"), *([environment.loader] if environment.loader else [])])
            environment.globals.update(cbs_say=say, cbs_language=language.current, cbs_explain=explain)


def say(name: str) -> str:
    """Give one of :data:`~jupyter_cbs.server.pages.words.WORDS` in the language of the request that is being handled."""
    return WORDS[name].say(language.current())


def explain(status: int, error: object = None) -> Explanation:
    """Say why a page is not there, in the language of the request that is being handled.

    Parameters
    ----------
    status : int
        HTTP status of the answer.
    error : object
        What was raised. Only what the workspace itself says to people is shown: any other message may name places and parts of the server.
    """
    reason = WHY.get(status) or (OUT_OF_REACH if status in _OUT_OF_REACH else WENT_WRONG if status >= 500 else REFUSED)
    problem = error.__cause__ if isinstance(error, HTTPError) else error
    told = problem if isinstance(problem, CbsError) else None
    texts: tuple[Text, Text, Text] = (
        reason.title,
        told.message if told else reason.message,
        (told.remedy if told else None) or reason.remedy,
    )
    lang = language.current()
    title, message, remedy = (text.say(lang) for text in texts)
    return Explanation(title, message, remedy, f"{status} · {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


def error_page(application: Application, error: CbsError) -> str:
    """Make the page of an error for a request of which nothing but its address was looked at.

    Parameters
    ----------
    application : tornado.web.Application
        After :func:`put_in_place`.
    error : CbsError
        What the person is told.
    """
    environment: Environment = application.settings["jinja2_env"]
    return environment.get_template("error.html").render(base_url=application.settings["base_url"], status_code=error.status, exception=error)


def is_wanted(request: HTTPServerRequest) -> bool:
    """Tell whether a page answers a request best: a browser that goes to an address names HTML, a script that asks does not."""
    return request.method in ("GET", "HEAD") and "text/html" in request.headers.get("Accept", "").lower()
