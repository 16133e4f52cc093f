"""The broker's gateway, reached over one Unix socket that is this person in this project."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from pydantic import ValidationError
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.iostream import StreamClosedError
from tornado.netutil import Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from ..domain.base import Model
from ..domain.errors import CbsError, ErrorBody, Internal
from ..domain.gateway import OPERATIONS, Event, Operation
from ..domain.text import Language, Text
from .problems import broker_down, no_deployment

PREFIX: Final = "/cbs/api"
"""Where the gateway's paths begin, at the broker and at the workspace server alike."""

MAX_ANSWER: Final = 64 * 2**20
"""Longest answer in bytes that is taken from the broker."""

ANSWER_SECONDS: Final = 600.0
"""Longest wait for an answer: a pre-check of large files takes its time."""

SILENCE_SECONDS: Final = 30.0
"""The event stream carries a blank line at least this often; a silent one is taken for dead."""

_by_name: Final[Mapping[str, Operation]] = {operation.name: operation for operation in OPERATIONS}


class _UnixResolver(Resolver):
    """Every host name is one socket."""

    def initialize(self, path: str) -> None:
        self._path = path

    async def resolve(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[tuple[int, Any]]:
        return [(socket.AF_UNIX, self._path)]


@dataclass(frozen=True)
class Answer:
    """What the broker answered.

    Parameters
    ----------
    status
        HTTP status.
    body
        JSON as it came.
    """

    status: int
    body: bytes


class Gateway:
    """A client of the broker.

    Parameters
    ----------
    path : str
        The person's gateway socket.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._resolver = _UnixResolver(path=path)
        self._client = self._make_client(max_clients=64)

    def _make_client(self, max_clients: int) -> SimpleAsyncHTTPClient:
        return SimpleAsyncHTTPClient(force_instance=True, resolver=self._resolver, max_clients=max_clients, max_body_size=MAX_ANSWER)

    async def request(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: bytes | None = None, lang: Language = "en"
    ) -> Answer:
        """Pass one request on.

        Parameters
        ----------
        method, path
            HTTP method and path below the gateway's prefix, escaped.
        query, body
            Query parameters, and a JSON body.
        lang
            Language of the answer's texts.

        Raises
        ------
        Unavailable
            ``broker_down`` when nobody answers, ``no_deployment`` when there is nobody to ask.
        """
        if not self.path:
            raise no_deployment()
        url = f"http://broker{PREFIX}{path}" + (f"?{urlencode(query)}" if query else "")
        headers: dict[str, str] = {"Accept-Language": lang}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = HTTPRequest(
            url,
            method=method,
            headers=headers,
            body=body,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            connect_timeout=5,
            request_timeout=ANSWER_SECONDS,
        )
        try:
            response: HTTPResponse = await self._client.fetch(request, raise_error=False)
        except (OSError, StreamClosedError) as error:
            raise broker_down() from error
        if response.code == 599:  # tornado's own code for "no answer"
            raise broker_down() from response.error
        return Answer(response.code, response.body)

    async def call(self, name: str, args: Model, lang: Language = "en") -> dict[str, Any]:
        """Ask one operation of the gateway on the server's own behalf.

        Raises
        ------
        CbsError
            What the broker answered, as its own type.
        """
        operation = _by_name[name]
        values = args.model_dump(mode="json", by_alias=True)
        path = operation.path
        for field in list(values):
            if f"{{{field}}}" in path:
                path = path.replace(f"{{{field}}}", quote(str(values.pop(field)), safe=""))
        if operation.method == "GET":
            answer = await self.request("GET", path, query={k: str(v) for k, v in values.items() if v is not None}, lang=lang)
        else:
            body = None if operation.method == "DELETE" else json.dumps(values).encode()
            answer = await self.request(operation.method, path, body=body, lang=lang)
        if answer.status >= 400:
            raise _error_of(answer)
        result = json.loads(answer.body or b"{}")
        if not isinstance(result, dict):
            raise _not_understood()
        return result

    async def listen(self, receive: Callable[[Event], None], connected: Callable[[], None]) -> None:
        """Receive events, with texts in both languages, until the stream ends.

        Parameters
        ----------
        receive
            Called with every event, in order.
        connected
            Called once the broker answers.

        Raises
        ------
        Unavailable
            ``broker_down`` when there is no stream, it ended, or it fell silent.
        """
        buffer = bytearray()
        loop = asyncio.get_running_loop()
        last = loop.time()

        def take(chunk: bytes) -> None:
            nonlocal last
            last = loop.time()
            buffer.extend(chunk)
            while (end := buffer.find(b"\n")) >= 0:
                line = bytes(buffer[:end]).strip()
                del buffer[: end + 1]
                if line:
                    receive(Event.model_validate_json(line))
            if len(buffer) > MAX_ANSWER:
                raise _not_understood()

        def header(line: str) -> None:
            if line.startswith("HTTP/") and line.split(maxsplit=2)[1] == "200":
                connected()

        # a client of its own: ending it is the way to end the stream
        client = self._make_client(max_clients=1)
        request = HTTPRequest(
            f"http://broker{PREFIX}/events",
            connect_timeout=5,
            request_timeout=0,
            streaming_callback=take,
            header_callback=header,
        )
        stream = asyncio.ensure_future(client.fetch(request, raise_error=False))
        try:
            while not stream.done():
                await asyncio.wait({stream}, timeout=SILENCE_SECONDS / 2)
                if loop.time() - last > SILENCE_SECONDS:
                    break
            if stream.done() and stream.exception() is not None:
                raise broker_down() from stream.exception()
            raise broker_down()
        finally:
            stream.cancel()
            client.close()


def _error_of(answer: Answer) -> CbsError:
    try:
        return CbsError.from_body(ErrorBody.model_validate_json(answer.body))
    except ValidationError:
        return _not_understood()


def _not_understood() -> Internal:
    return Internal(
        "bad_answer",
        Text(en="The broker's answer was not understood.", nl="Het antwoord van de broker is niet begrepen."),
        Text(
            en="Tell the administrator; server and broker may be of different versions.",
            nl="Meld het de beheerder; mogelijk verschillen server en broker van versie.",
        ),
    )
