"""Who is logged in at a server that belongs to one account, and for how long.

A person logs in with the account's token: in the link the deployment gives out, whose address is taken out of the browser's history and
of everything that follows by a redirect, or in the log-in form. From then on a signed cookie speaks for the browser, until nobody used
it for :attr:`AccountIdentityProvider.session_idle_minutes`, or it is older than :attr:`AccountIdentityProvider.session_hours`, or the
person logs out. Programs present the token in the ``Authorization`` header of each request and have no session.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from weakref import WeakSet

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.auth.logout import LogoutHandler
from tornado import web
from traitlets import Float, Unicode, default

from ..domain.errors import Refused
from ..domain.text import Text
from . import language
from .notes import Notes
from .pages.words import FORM_NOT_TAKEN, WRONG_TOKEN
from .problems import http_error

log = logging.getLogger(__name__)

ENDED: Final = "cbs-session-ended"
"""Cookie that tells the log-in form why it is shown; holds no secret."""

LOG_IN: Final = Text(
    en="Log in again in another tab; this page then goes on by itself.",
    nl="Log opnieuw in op een ander tabblad; deze pagina gaat daarna vanzelf verder.",
)
"""What to do once a session is over: an open page keeps what was typed in it."""

_REFRESH_SECONDS: Final = 60.0
_LONGEST_SESSION_HOURS: Final = 24 * 7
_REMEMBERED: Final = 1_000
_SESSION_OVER: Final = 4403  # close code of websockets, from the range for applications


@dataclass(frozen=True)
class BrowserSession:
    """What a log-in cookie says.

    Parameters
    ----------
    id
        Random; names the session in this server's memory.
    since, seen
        Unix times of the log-in, and of the last use when the cookie was written.
    """

    id: str
    since: float
    seen: float


class AccountIdentityProvider(IdentityProvider):
    """Whoever holds the server's token is the account's person, by name instead of an anonymous number.

    What the person may do is decided by the broker, which knows the person from the gateway socket.
    """

    user = Unicode(help="Account name.").tag(config=True)
    display_name = Unicode(help="Name shown to others.").tag(config=True)
    session_idle_minutes = Float(240.0, min=0.05, help="A log-in ends when the browser was not used for so long.").tag(config=True)
    session_hours = Float(12.0, min=0.001, max=_LONGEST_SESSION_HOURS, help="A log-in ends after so many hours, used or not.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.notes: Notes | None = None
        """Where log-ins and their ends are noted for the audit."""
        self._seen: dict[str, float] = {}
        self._ended: dict[str, tuple[float, str]] = {}
        self._open: WeakSet[Any] = WeakSet()

    @default("login_handler_class")
    def _login_handler_class(self) -> type[AccountLoginHandler]:
        return AccountLoginHandler

    @default("logout_handler_class")
    def _logout_handler_class(self) -> type[AccountLogoutHandler]:
        return AccountLogoutHandler

    def generate_anonymous_user(self, handler: Any) -> User:
        """Give the account's person."""
        name = self.display_name or self.user
        initials = "".join(part[0] for part in name.split()[:2]).upper()
        return User(self.user, name, name, initials)

    # ------------------------------------------------------------------------------------------------ log-in

    def get_token(self, handler: Any) -> str | None:
        """Get the token of a request: from the header, or from the address of a page on its first visit.

        An address is seen by logs, by histories and by the pages it leads to, so nothing else takes a token from there.
        """
        found = self.auth_header_pat.match(handler.request.headers.get("Authorization", ""))
        if found:
            return str(found.group(2))
        return handler.get_query_argument("token", "") if _is_page(handler) else None

    async def get_user_token(self, handler: Any) -> User | None:
        """Identify the person by the token."""
        given = self.get_token(handler)
        if not given or not self.token:
            return None
        if not hmac.compare_digest(given.encode(), str(self.token).encode()):
            self._note("login_refused")
            return None
        return self.generate_anonymous_user(handler)

    async def get_user(self, handler: Any) -> User | None:
        """Identify the person, send a browser on to an address without the token, and tell an ended session why it ended."""
        user = await self._get_user(handler)
        if "token" in handler.request.query_arguments:
            # also a wrong one, and where none is taken: logs and redirects to the log-in form repeat the address
            handler.request.uri = _without_token(handler.request.uri)
            if _is_page(handler):
                handler.redirect(handler.request.uri)
                raise web.Finish
        if user is None and not _is_open(handler):
            self._say_ended(handler, getattr(handler, "_cbs_ended", None))
        return user

    def set_login_cookie(self, handler: Any, user: User) -> None:
        """Start a session, unless the request carries its token: a program that does so has none."""
        if self.auth_header_pat.match(handler.request.headers.get("Authorization", "")):
            return
        now = time.time()
        self._write(handler, BrowserSession(secrets.token_hex(16), now, now))
        handler.clear_cookie(ENDED, path=handler.base_url)
        self._note("login")

    def clear_login_cookie(self, handler: Any) -> None:
        """End the session here too, so that a copy of the cookie is worth nothing."""
        session = self._session(handler)
        if session is not None and session.id not in self._ended:
            if self._over(session) is None:
                self._note("logout")
            self._end(session.id, "ended")
        super().clear_login_cookie(handler)

    # ----------------------------------------------------------------------------------------------- sessions

    def get_user_cookie(self, handler: Any) -> User | None:
        """Identify the person by the cookie of a session that is not over; using it prolongs it."""
        session = self._session(handler)
        if session is None:
            return None
        over = self._over(session)
        if over is not None:
            handler._cbs_ended = over
            if session.id not in self._ended:
                self._end(session.id, over)
                self._note("session_ended")
            return None
        handler._cbs_session = session
        if _is_use(handler):
            now = time.time()
            self._remember(session.id, now)
            if now - session.seen > min(_REFRESH_SECONDS, self.session_idle_minutes * 20):
                self._write(handler, BrowserSession(session.id, session.since, now))
        return self.generate_anonymous_user(handler)

    def watch(self, socket: Any) -> None:
        """Close a websocket when the session that opened it ends; see :meth:`close_ended`."""
        self._open.add(socket)

    def touch(self, socket: Any) -> None:
        """Take a message on a websocket as a use of its session."""
        session = getattr(socket, "_cbs_session", None)
        if session is not None:
            self._remember(session.id, time.time())

    def close_ended(self) -> None:
        """Close the websockets of sessions that are over; called now and then."""
        for socket in list(self._open):
            session = getattr(socket, "_cbs_session", None)
            if session is not None and self._over(session) is not None:
                socket.close(_SESSION_OVER, "session ended")
                self._open.discard(socket)

    def _session(self, handler: Any) -> BrowserSession | None:
        days = max(1.0, _LONGEST_SESSION_HOURS / 24)
        raw = handler.get_secure_cookie(self.get_cookie_name(handler), max_age_days=days)
        if not raw:
            return None
        try:
            content = json.loads(raw)
            return BrowserSession(str(content["id"]), float(content["since"]), float(content["seen"]))
        except (ValueError, KeyError, TypeError):
            return None

    def _over(self, session: BrowserSession) -> str | None:
        now = time.time()
        if session.id in self._ended:
            return self._ended[session.id][1]
        if not 0 <= now - session.since <= self.session_hours * 3600:
            return "absolute"
        if now - max(session.seen, self._seen.get(session.id, 0.0)) > self.session_idle_minutes * 60:
            return "idle"
        return None

    def _remember(self, id: str, now: float) -> None:
        self._seen[id] = now
        while len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _end(self, id: str, why: str) -> None:
        self._seen.pop(id, None)
        now = time.time()
        self._ended[id] = (now, why)
        self.close_ended()
        for old, (moment, _) in list(self._ended.items()):
            if now - moment > _LONGEST_SESSION_HOURS * 3600:
                del self._ended[old]

    def _write(self, handler: Any, session: BrowserSession) -> None:
        self._remember(session.id, session.seen)
        options = {"httponly": True, "path": handler.base_url, "samesite": "Lax", "expires_days": None, **self.cookie_options}
        if self.secure_cookie or (self.secure_cookie is None and handler.request.protocol == "https"):
            options["secure"] = True
        value = json.dumps({"id": session.id, "since": session.since, "seen": session.seen})
        handler.set_secure_cookie(self.get_cookie_name(handler), value, **options)

    def _note(self, event: str) -> None:
        if self.notes is not None:
            self.notes.add(event)

    def _say_ended(self, handler: Any, ended: str | None) -> None:
        if _is_page(handler):
            # the redirect to the log-in form follows
            if ended is not None:
                handler.set_cookie(ENDED, ended, path=handler.base_url, httponly=True, samesite="Lax", max_age=600)
            return
        if not handler.request.path.startswith((f"{handler.base_url}api/", f"{handler.base_url}cbs/", f"{handler.base_url}lab/api/")):
            return
        if ended is None:
            # also a page whose log-in was ended in another tab, which takes the cookie along
            error = Refused(
                "not_logged_in", Text(en="You are not logged in to this workspace.", nl="U bent niet ingelogd bij deze werkomgeving."), LOG_IN
            )
        else:
            error = Refused("session_ended", self.why(ended), LOG_IN)
        lang = language.preferred(handler.request.headers.get("Accept-Language"))
        handler.set_status(error.status)
        handler.set_header("Content-Type", "application/json")
        # JupyterLab shows the field 'message' of any answer
        handler.finish(json.dumps(error.body().model_dump(mode="json", context={"lang": lang})))
        raise web.Finish

    def why(self, ended: str) -> Text:
        """Say why a session is over."""
        if ended == "idle":
            span_en, span_nl = _span(self.session_idle_minutes, "en"), _span(self.session_idle_minutes, "nl")
            return Text(
                en=f"You were logged out because this workspace was not used for {span_en}. Kernels keep running and files are saved.",
                nl=f"U bent uitgelogd omdat deze werkomgeving {span_nl} niet is gebruikt. Kernels draaien door en bestanden zijn bewaard.",
            )
        if ended == "absolute":
            span_en, span_nl = _span(self.session_hours * 60, "en"), _span(self.session_hours * 60, "nl")
            return Text(
                en=f"You were logged out because a log-in lasts {span_en} at most. Kernels keep running and files are saved.",
                nl=f"U bent uitgelogd omdat een aanmelding ten hoogste {span_nl} geldt. Kernels draaien door en bestanden zijn bewaard.",
            )
        return Text(en="You have logged out.", nl="U hebt uitgelogd.")


class AccountLoginHandler(LoginFormHandler):
    """The log-in form, which says why it is shown."""

    def _render(self, message: dict[str, str] | None = None) -> None:
        ended = self.get_cookie(ENDED)
        if message is None and ended in ("idle", "absolute"):
            message = {"warning": self.identity_provider.why(ended).say(language.current())}
        super()._render(message)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Show the form again when it came without its cookie, or from somewhere else; nothing of it was looked at."""
        if self.request.method == "POST" and status_code in (403, 404):
            self._render({"error": FORM_NOT_TAKEN.say(language.current())})
        else:
            super().write_error(status_code, **kwargs)

    @allow_unauthenticated
    def post(self) -> None:
        """Log in with the account's token."""
        given = self.get_body_argument("password", default="")
        if not given or not hmac.compare_digest(given.encode(), str(self.identity_provider.token).encode()):
            self.identity_provider._note("login_refused")
            self.set_status(401)
            self._render({"error": WRONG_TOKEN.say(language.current())})
            return
        user = self.current_user = self.identity_provider.generate_anonymous_user(self)
        self.identity_provider.set_login_cookie(self, user)
        self._redirect_safe(self.get_argument("next", default=self.base_url))


class AccountLogoutHandler(LogoutHandler):
    """Logs out whoever goes to the page for it.

    A notebook may hold a picture or a frame with this address, and a page elsewhere a link to it: then the browser asks, not the person.
    """

    @allow_unauthenticated
    def get(self) -> None:
        """Log out; refuse where the browser says that no page of this server leads the person here (Fetch Metadata, W3C)."""
        headers = self.request.headers
        if headers.get("Sec-Fetch-Dest", "document") != "document" or headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            error = Refused(
                "not_logged_out",
                Text(
                    en="You were not logged out: another page asked for it, and only you can, from this workspace's own menu.",
                    nl="U bent niet uitgelogd: een andere pagina vroeg daarom, en alleen u kunt dat, vanuit het menu van deze werkomgeving.",
                ),
            )
            raise http_error(error) from error
        super().get()


def _is_open(handler: Any) -> bool:
    """Whether everybody may ask this, e.g. for the log-in form."""
    method = getattr(handler, str(handler.request.method).lower(), None)
    return bool(getattr(method, "__allow_unauthenticated", False))


def _is_page(handler: Any) -> bool:
    """Whether a browser asks for a page to be shown in its address bar."""
    request = handler.request
    place = request.path.removeprefix(handler.base_url.rstrip("/"))
    pages = place in ("", "/", "/login", "/lab") or place.startswith(("/lab/tree", "/lab/workspaces"))
    return request.method in ("GET", "HEAD") and pages and request.headers.get("Upgrade", "").lower() != "websocket"


def _is_use(handler: Any) -> bool:
    """Whether a request shows that a person is there; an open page asks for news by itself, and keeps how it looks every ten seconds."""
    if handler.request.method in ("GET", "HEAD", "OPTIONS"):
        return _is_page(handler)
    return not handler.request.path.removeprefix(handler.base_url).startswith(("api/security/csp-report", "lab/api/workspaces"))


def _without_token(uri: str) -> str:
    """Give the address on this server without its token."""
    parts = urlsplit(uri)
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "token"])
    # what begins with two slashes, also such as browsers take for one, would lead to another host
    return urlunsplit(("", "", "/" + parts.path.lstrip("/\\"), query, ""))


def _span(minutes: float, lang: str) -> str:
    hours = minutes / 60
    if minutes >= 120:
        return f"{hours:g} uur" if lang == "nl" else f"{hours:g} hours"
    return f"{minutes:g} minuten" if lang == "nl" else f"{minutes:g} minutes"
