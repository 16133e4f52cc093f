"""The gateway over HTTP: one Unix socket per person and project, and the socket says who is asking."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_unix_socket
from tornado.web import Application, HTTPError, RequestHandler

from ..domain.errors import CbsError, Invalid, NotFound
from ..domain.gateway import OPERATIONS
from ..domain.text import Language, Text
from ..protocol.connections import Stream, bound_connections
from . import peers
from .authority import Authority
from .calls import dispatch
from .owners import group_of

log = logging.getLogger(__name__)

_MAX_BODY = 1 * 2**20
_KEEP_ALIVE_SECONDS = 15.0
_MAX_CONNECTIONS = 256
_HEADER_SECONDS = 20.0
_BODY_SECONDS = 30.0


def language(accepted: str) -> Language:
    """Give Dutch where it is asked for first, else English."""
    return "nl" if accepted.strip().lower().startswith("nl") else "en"


class _Base(RequestHandler):
    def initialize(self, authority: Authority, user: str, project: str) -> None:
        self.authority = authority
        self.caller = user
        self.project = project

    @property
    def lang(self) -> Language:
        return language(self.request.headers.get("Accept-Language", ""))

    def fail(self, error: CbsError) -> None:
        self.set_status(error.status if error.status != 499 else 400, type(error).__name__)
        self.write(error.body().model_dump(mode="json", context={"lang": self.lang}))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.fail(
            NotFound("unknown_route", Text(en="There is nothing here.", nl="Hier is niets."))
            if status_code == 404
            else Invalid("bad_request", Text(en="The request is not understood.", nl="Het verzoek is niet begrepen."))
        )

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)


class OperationHandler(_Base):
    """All operations of one path; the method picks the operation."""

    def initialize(self, authority: Authority, user: str, project: str, operations: dict[str, str]) -> None:  # type: ignore[override]  # tornado passes what the route was made with
        """Keep what the route was made with."""
        super().initialize(authority, user, project)
        self.operations = operations

    async def _answer(self, **path: str) -> None:
        name = self.operations.get(self.request.method or "")
        if name is None:
            self.set_header("Allow", ", ".join(sorted(self.operations)))
            self.set_status(405)
            self.write(
                Invalid("method_not_allowed", Text(en="That method is not offered here.", nl="Die methode wordt hier niet aangeboden."))
                .body()
                .model_dump(mode="json", context={"lang": self.lang})
            )
            return
        try:
            answer = await dispatch(self.authority, self.caller, self.project, "http", name, {**self._arguments(), **path}, self.lang)
        except CbsError as error:
            self.fail(error)
            return
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.write(answer.model_dump_json(by_alias=True, context={"lang": self.lang}))

    def _arguments(self) -> dict[str, Any]:
        if self.request.method == "GET":
            return {name: values[-1].decode("utf-8", "replace") for name, values in self.request.query_arguments.items()}
        if not self.request.body:
            return {}
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise Invalid("no_json", Text(en="The body of the request is no JSON object.", nl="De inhoud van het verzoek is geen JSON-object."))
        return body

    async def _safe_answer(self, **path: str) -> None:
        try:
            await self._answer(**path)
        except CbsError as error:
            self.fail(error)

    get = post = patch = delete = put = head = _safe_answer


class EventsHandler(_Base):
    """Events as lines of JSON, for as long as the server listens; texts keep both languages."""

    async def get(self) -> None:
        """Stream events; an empty line now and then shows that the line is alive."""
        try:
            principal = self.authority.policies.current.principal(self.project, self.caller)
        except CbsError as error:
            self.fail(error)
            return
        subscription = self.authority.hub.subscribe(principal)
        self.set_header("Content-Type", "application/x-ndjson")
        try:
            self.write("\n")
            await self.flush()
            while True:
                try:
                    event = await asyncio.wait_for(subscription.queue.get(), _KEEP_ALIVE_SECONDS)
                    if event is None:
                        return
                    self.write(event.model_dump_json() + "\n")
                except TimeoutError:
                    self.write("\n")
                await self.flush()
        except StreamClosedError:
            return
        finally:
            self.authority.hub.unsubscribe(subscription)


def application(authority: Authority, user: str, project: str) -> Application:
    """Make the application behind the socket of one person in one project."""
    whose = {"authority": authority, "user": user, "project": project}
    paths: dict[str, dict[str, str]] = {}
    for operation in OPERATIONS:
        if "http" in operation.surfaces:
            paths.setdefault(operation.path, {})[operation.method] = operation.name
    routes: list[Any] = []
    for path, operations in paths.items():
        pattern = path.replace("{", "(?P<").replace("}", ">[^/]+)")
        routes.append((f"/cbs/api{pattern}", OperationHandler, {**whose, "operations": operations}))
    routes.append((r"/cbs/api/events", EventsHandler, whose))
    return Application(routes, default_handler_class=_Missing, default_handler_args=whose, log_function=lambda handler: None)


class _Missing(_Base):
    def prepare(self) -> None:
        raise HTTPError(404)


def _admits(personal: Path, stream: Stream) -> bool:
    return peers.admits(stream.socket, personal)


class Gateway:
    """The gateway sockets of everybody the policies name.

    Parameters
    ----------
    authority : Authority
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._servers: dict[tuple[str, str], HTTPServer] = {}
        authority.on_policies.append(self.sync)

    def sync(self) -> None:
        """Open sockets for people who came.

        The socket of somebody who left stays: it answers that they have no role here, which a closed one could not.
        """
        wanted = {(p.project, p.user) for p in self._authority.policies.current.principals()}
        for project, user in sorted(wanted - set(self._servers)):
            server = HTTPServer(application(self._authority, user, project), max_body_size=_MAX_BODY, max_buffer_size=2 * _MAX_BODY)
            path = self._authority.deployment.gateway_socket(project, user)
            personal = self._authority.deployment.personal(project, user)
            bound_connections(server, _MAX_CONNECTIONS, _HEADER_SECONDS, _BODY_SECONDS, partial(_admits, personal))
            group = group_of(personal)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if group is not None:
                os.chown(path.parent, -1, group)
                os.chmod(path.parent, 0o710)  # noqa: S103  the person's server passes through and cannot change it
            listener = bind_unix_socket(os.fspath(path), mode=0o600 if group is None else 0o660)
            if group is not None:
                os.chown(path, -1, group)  # who may connect is who the personal area was prepared for
            server.add_socket(listener)
            self._servers[(project, user)] = server

    def _close(self, key: tuple[str, str]) -> None:
        self._servers.pop(key).stop()
        with contextlib.suppress(FileNotFoundError):
            self._authority.deployment.gateway_socket(*key).unlink()

    async def stop(self) -> None:
        """Close every socket and connection."""
        self._authority.hub.end()
        servers = list(self._servers.values())
        for key in list(self._servers):
            self._close(key)
        for server in servers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.close_all_connections(), 2.0)
