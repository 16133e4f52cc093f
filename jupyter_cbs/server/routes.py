"""The list of routes this server offers; a request for anything else goes no further.

Jupyter's Authorizer is not asked by every handler (none of ``/lab/api/*`` asks it), and an extension adds what
routes it likes. So the first rule of the router catches every path that is not written down here (design:
security, The server must not be a confused deputy).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import Application

from ..domain.errors import Refused
from ..domain.text import Text
from . import language, pages

NOTES: Final = "cbs_notes"
"""Setting of the application: where refused routes are noted."""

_GET: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Route:
    """Methods that are offered for paths of one form.

    Parameters
    ----------
    methods
        HTTP methods.
    pattern
        Regular expression that the whole path below the base URL matches.
    why
        What needs it.
    """

    methods: frozenset[str]
    pattern: str
    why: str

    def offers(self, method: str, path: str) -> bool:
        """Tell whether this route offers the request."""
        return method in self.methods and re.fullmatch(self.pattern, path) is not None


def _route(methods: str, pattern: str, why: str) -> Route:
    names = frozenset(methods.split())
    return Route(names | _GET if "GET" in names else names, pattern, why)


OFFERED: Final[tuple[Route, ...]] = (
    _route("GET", r"/", "sends the browser to JupyterLab"),
    _route("GET POST", r"/login", "log in with the account's token"),
    _route("GET", r"/logout", "log out"),
    _route("GET", r"/lab(/(tree|workspaces)(/.*)?|/?)", "JupyterLab's page"),
    _route("GET", r"/lab/extensions/.*", "the front end's own files"),
    _route("GET", r"/static/.*", "the front end's own files"),
    _route("GET", r"/favicon\.ico", "icon"),
    _route("GET", r"/lab/api/themes/.*", "light and dark"),
    _route("GET", r"/lab/api/translations(/.*)?", "Dutch and English"),
    _route("GET", r"/lab/api/licenses(/.*)?", "licences of the parts"),
    _route("GET PUT", r"/lab/api/settings(/.*)?", "a person's own settings of the front end"),
    _route("GET PUT DELETE", r"/lab/api/workspaces(/.*)?", "arrangement of the windows"),
    _route("GET", r"/api/?", "version"),
    _route("GET", r"/api/me", "who is logged in"),
    _route("GET", r"/api/status", "whether kernels run"),
    _route("GET", r"/api/config/.*", "settings of the notebook"),
    _route("GET", r"/api/kernelspecs(/.*)?", "which kernels there are"),
    _route("GET", r"/kernelspecs/.*\.(png|svg)", "logos of kernels"),
    _route("GET POST", r"/api/kernels", "kernels"),
    _route("GET DELETE", r"/api/kernels/[^/]+", "kernels"),
    _route("POST", r"/api/kernels/[^/]+/(interrupt|restart)", "kernels"),
    _route("GET", r"/api/kernels/[^/]+/channels", "messages of kernels, a websocket"),
    _route("GET POST", r"/api/sessions", "notebooks and their kernels"),
    _route("GET PATCH DELETE", r"/api/sessions/[^/]+", "notebooks and their kernels"),
    _route("GET PUT PATCH POST DELETE", r"/api/contents(/.*)?", "files of the workspace; which ones is decided in contents.py"),
    _route("GET", r"/api/nbconvert", "JupyterLab asks for the list at start; converting is closed"),
    _route("GET", r"/api/events/subscribe", "events, a websocket"),
    _route("POST", r"/api/security/csp-report", "what the browser's policy blocked"),
    _route("GET POST PATCH", r"/cbs/api/.*", "the gateway; which operations is decided in handlers.py"),
)


def offered(method: str, path: str, routes: Iterable[Route] = OFFERED) -> bool:
    """Tell whether a path below the base URL is offered for a method."""
    return any(route.offers(method, path) for route in routes)


class _NotOffered(Matcher):
    """Matches what is not on the list. Every request passes here first, so the reader's language is noted here too."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        language.use(language.preferred(request.headers.get("Accept-Language")))
        path = request.path
        if path == self._base:
            path += "/"
        if path.startswith(f"{self._base}/") and offered(request.method or "", path[len(self._base) :]):
            return None
        return {}


class ClosedHandler(JupyterHandler):
    """Answers 403 to whoever asks for a route that is not offered, logged in or not."""

    @allow_unauthenticated
    def prepare(self) -> None:
        """Refuse before anything of the request is looked at."""
        error = Refused(
            "closed_route",
            Text(en="This workspace does not offer that page or service.", nl="Deze werkomgeving biedt die pagina of dienst niet aan."),
            Text(
                en="Look for a typing error in the address. Results leave the workspace through an export request only; see the side panel.",
                nl="Kijk of het adres een tikfout bevat. Resultaten verlaten de werkomgeving alleen via een uitvoeraanvraag; zie het zijpaneel.",
            ),
        )
        notes = self.settings.get(NOTES)
        if notes is not None:
            notes.add("route_refused", "/".join(self.request.path.removeprefix(self.base_url).split("/")[:2]))
        lang = language.current()
        self.set_status(error.status)
        if pages.is_wanted(self.request):
            self.finish(pages.error_page(self.application, error))
            return
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(error.body().model_dump(mode="json", context={"lang": lang})))


def close_the_rest(application: Application) -> None:
    """Make the list the first rule of the application's router."""
    application.default_router.rules.insert(0, Rule(_NotOffered(application.settings["base_url"]), ClosedHandler))
