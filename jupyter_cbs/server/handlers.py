"""The gateway's operations, mounted under ``/cbs/api``: forwarded, never decided."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from jupyter_server.auth import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..domain.errors import CbsError, NotFound, TooLarge
from ..domain.gateway import OPERATIONS, Operation
from ..domain.text import Text
from ..system.beneath import WorkspaceRoots
from ..system.lending import lend
from . import language
from .bodies import read_object
from .gateway import PREFIX, Gateway

if TYPE_CHECKING:
    from .stream import EventStream

INTERNAL: Final = frozenset({"sessions.open", "sessions.close", "quota.check", "quota.written", "server.notes"})
"""Operations the server asks on its own behalf; a browser has no business with them."""

MAX_REQUEST: Final = 2**20
"""Longest request body in bytes."""

_RESOURCE = "jupyter_cbs"


def public_operations() -> tuple[Operation, ...]:
    """Operations that are offered to browsers."""
    return tuple(op for op in OPERATIONS if "http" in op.surfaces and op.name not in INTERNAL)


class GatewayHandler(APIHandler):
    """Forwards the operations that share one path."""

    auth_resource = _RESOURCE

    def initialize(self, operations: Mapping[str, Operation], gateway: Gateway, stream: EventStream, roots: WorkspaceRoots | None) -> None:
        """Take the operations by method, the broker's client, the event stream and the person's areas."""
        self._roots = roots
        self._operations = operations
        self._gateway = gateway
        self._stream = stream

    # the decorator keeps the first resource and action it sees, so both are always named
    @web.authenticated
    @authorized(action="read", resource=_RESOURCE)
    async def get(self, **path: str) -> None:
        """Forward a question."""
        await self._forward("GET", path)

    @web.authenticated
    @authorized(action="write", resource=_RESOURCE)
    async def post(self, **path: str) -> None:
        """Forward a change."""
        await self._forward("POST", path)

    @web.authenticated
    @authorized(action="write", resource=_RESOURCE)
    async def patch(self, **path: str) -> None:
        """Forward a change."""
        await self._forward("PATCH", path)

    async def _forward(self, method: str, path_arguments: Mapping[str, str]) -> None:
        lang = language.preferred(self.request.headers.get("Accept-Language"))
        self._stream.use_language(lang)
        try:
            operation = self._operations.get(method)
            if operation is None:
                raise NotFound(
                    "unknown_operation", Text(en="The workspace offers no such operation.", nl="De werkomgeving biedt die bewerking niet aan.")
                )
            path = operation.path
            for name, value in path_arguments.items():
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            if method == "GET":
                # only the operation's own fields: a token in the address is not the broker's business
                names = set(operation.request.model_fields) & set(self.request.query_arguments)
                query = {name: self.get_query_argument(name) for name in names}
                answer = await self._gateway.request(method, path, query=query, lang=lang)
            else:
                body = self._body(path_arguments)
                await self._lend(operation, body)
                answer = await self._gateway.request(method, path, body=json.dumps(body).encode(), lang=lang)
            self._send(answer.status, answer.body)
        except CbsError as error:
            self._send(error.status, json.dumps(error.body().model_dump(mode="json", context={"lang": lang})).encode())

    async def _lend(self, operation: Operation, body: Mapping[str, Any]) -> None:
        """Let the broker read the files that were chosen."""
        paths = body.get("paths") if "paths" in operation.request.model_fields else None
        if self._roots is not None and isinstance(paths, list):
            await asyncio.to_thread(lend, self._roots, [path for path in paths if isinstance(path, str)])

    def _body(self, path_arguments: Mapping[str, str]) -> dict[str, Any]:
        raw = self.request.body
        if len(raw) > MAX_REQUEST:
            raise TooLarge(
                "request_too_large",
                Text(en="The request is longer than 1 MB.", nl="Het verzoek is langer dan 1 MB."),
                Text(en="Shorten the texts or choose fewer files.", nl="Kort de teksten in of kies minder bestanden."),
            )
        value = read_object(raw) or {}
        # what the path says counts; the broker gets one answer to "which one?"
        return {k: v for k, v in value.items() if k not in path_arguments}

    def _send(self, status: int, body: bytes) -> None:
        # the broker's own word for "stopped on request" is no registered status
        self.set_status(status, "Client Closed Request" if status == 499 else None)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(body)


def _pattern(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", PREFIX + path)


def routes(gateway: Gateway, stream: EventStream, roots: WorkspaceRoots | None = None) -> list[tuple[str, type[GatewayHandler], dict[str, Any]]]:
    """Give one handler per path of the gateway, for the extension's handlers."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in public_operations():
        by_path.setdefault(operation.path, {})[operation.method] = operation
    shared = {"gateway": gateway, "stream": stream, "roots": roots}
    mounted: list[tuple[str, type[GatewayHandler], dict[str, Any]]] = [
        (_pattern(path), GatewayHandler, {"operations": operations, **shared}) for path, operations in by_path.items()
    ]
    # whatever else is asked below the prefix gets the same kind of answer
    return [*mounted, (f"{PREFIX}/.*", GatewayHandler, {"operations": {}, **shared})]
