"""Bodies of requests to Jupyter's own routes, looked at before Jupyter takes their types for granted.

Without this a number for a path is an error 500, and content that is no text is written over a file as Python would print it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_server.services.contents.handlers import ContentsHandler, default_handlers
from jupyter_server.services.kernels.handlers import KernelHandler, MainKernelHandler
from jupyter_server.services.kernelspecs.handlers import KernelSpecHandler, kernel_name_regex
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tornado.httputil import HTTPServerRequest

from ..domain.errors import Invalid, NotFound, not_text
from ..domain.text import Text
from ..domain.validation import not_understood
from .problems import http_error, no_such_file
from .wording import HIDDEN, UNKNOWN_KERNEL, Worded

UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Body(BaseModel):
    """Fields whose types Jupyter relies on; others may be there, and are passed on as they are."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Saved(Body):
    """A file, a notebook or a folder that is made or saved."""

    type: str | None = None
    format: Literal["text", "base64", "json"] | None = None
    path: str | None = None
    name: str | None = None
    copy_from: str | None = None
    ext: str = ""
    chunk: int | None = None


class Moved(Body):
    """A file that gets another path."""

    path: str = ""


class KernelOf(Body):
    """A kernel of a session, by its id or by the name of its kind."""

    id: str | None = None
    name: str | None = None


class Named(Body):
    """What Jupyter called a session's notebook long ago."""

    name: str = ""
    path: str = ""


class Session(Body):
    """A notebook and its kernel."""

    path: str = ""
    name: str | None = None
    type: str = ""
    kernel: KernelOf = KernelOf()
    notebook: Named = Named()


class Started(Body):
    """A kernel that is started."""

    name: str | None = None
    path: str | None = None
    kernel_id: str | None = Field(
        None, pattern=rf"^{UUID}$", description="Only ids that routes of kernels match: what has another could not be ended."
    )


class TypedBody(Worded):
    """Mixin for handlers of Jupyter: refuses a body whose types are not those of its method's shape."""

    request: HTTPServerRequest
    shapes: ClassVar[Mapping[str, type[Body]]]

    def get_json_body(self) -> dict[str, Any] | None:
        """Give the request's body as JSON; None when there is none.

        Raises
        ------
        tornado.web.HTTPError
            400 with what is wrong; nothing was done then.
        """
        try:
            return checked(self.request.body, self.shapes.get(str(self.request.method), Body))
        except Invalid as error:
            raise http_error(error) from error


def checked(raw: bytes, shape: type[Body]) -> dict[str, Any] | None:
    """Give a body as JSON; None when it is empty.

    Parameters
    ----------
    raw : bytes
        As it came.
    shape : type of Body
        What its fields must be.

    Raises
    ------
    Invalid
        ``not_json``, ``not_text`` or ``invalid_request``.
    """
    value = read_object(raw)
    if value is not None:
        try:
            shape.model_validate(value)
        except ValidationError as error:
            raise not_understood(error) from error
    return value


def read_object(raw: bytes) -> dict[str, Any] | None:
    """Give a request's body, which must be a JSON object of texts that can be written; None when it is empty.

    Raises
    ------
    Invalid
        ``not_json`` or ``not_text``.
    """
    if not raw.strip():
        return None
    try:
        value: Any = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Invalid(
            "not_json",
            Text(en="The request's body is no JSON object.", nl="De inhoud van het verzoek is geen JSON-object."),
            Text(en="Send a JSON object.", nl="Stuur een JSON-object."),
        )
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise not_text() from error
    return value


def hidden() -> Invalid:
    """Say that a name is not taken because it begins with a dot."""
    return Invalid("hidden", *HIDDEN)


def no_such_kernel() -> NotFound:
    """Say that there is no kernel of the kind that was asked for."""
    return NotFound("no_such_kernel", *UNKNOWN_KERNEL)


class TypedContentsHandler(TypedBody, ContentsHandler):
    """Files, notebooks and folders."""

    shapes: ClassVar = {"PUT": Saved, "POST": Saved, "PATCH": Moved}
    path_args: list[str]
    path_kwargs: dict[str, str]

    async def _finish_error(self, code: int, message: str) -> None:
        # Jupyter answers for every file there is not with plain text in English
        raise http_error(no_such_file("/".join(part for part in (*self.path_args, *self.path_kwargs.values()) if part).strip("/")))

    def get_json_body(self) -> dict[str, Any] | None:
        """Give the request's body; refuse names that Jupyter would refuse without a reason."""
        model = super().get_json_body()
        for path in (*self.path_args, *self.path_kwargs.values(), (model or {}).get("path")):
            if any(part.startswith(".") and part not in (".", "..") for part in (path or "").split("/")):
                raise http_error(hidden())
        return model


class TypedKernelsHandler(TypedBody, MainKernelHandler):
    """All kernels."""

    shapes: ClassVar = {"POST": Started}

    async def post(self) -> None:
        """Start a kernel without a notebook; a kind there is not is no fault of the server."""
        try:
            await super().post()
        except NoSuchKernel as error:
            raise http_error(no_such_kernel()) from error


class WordedKernelHandler(Worded, KernelHandler):
    """One kernel."""


class WordedKernelSpecHandler(Worded, KernelSpecHandler):
    """One kind of kernel."""


def routes() -> list[tuple[str, type[Any]]]:
    """Give the routes that take the place of Jupyter's own; those of extensions come first."""
    return [
        # with those of checkpoints, which must stay before what matches every path
        *((pattern, TypedContentsHandler if handler is ContentsHandler else handler) for pattern, handler in default_handlers),
        (r"/api/kernels", TypedKernelsHandler),
        (r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)", WordedKernelHandler),
        (rf"/api/kernelspecs/{kernel_name_regex}", WordedKernelSpecHandler),
    ]
