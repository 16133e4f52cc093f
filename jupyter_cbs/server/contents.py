"""The file browser's view of the workspace: two folders, ordinary files, and no way around the quota."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hashlib
import mimetypes
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import nbformat
from jupyter_server.services.contents.manager import AsyncContentsManager, copy_pat
from traitlets import Integer, Unicode, default

from ..domain.errors import CbsError, Conflict, Invalid, NotFound, Refused
from ..domain.text import Text
from ..system.beneath import WorkspaceRoots, printable
from . import language
from .access import WorkspaceAccess
from .checkpoints import CbsCheckpoints
from .content import is_data, refuse_data, shown_as
from .files import Item, Upload, WorkspaceFiles
from .gateway import Gateway
from .problems import http_error, no_such_file

AREAS: Final = ("shared", "personal")

P = ParamSpec("P")
T = TypeVar("T")


class CbsContentsManager(AsyncContentsManager):
    """Serves ``shared/`` and ``personal/`` and nothing else.

    Reading and writing are permitted by the broker; before anything is written the broker is asked whether it fits.
    """

    gateway_socket = Unicode(help="Socket of the broker's gateway.").tag(config=True)
    shared_dir = Unicode(help="Folder shown as shared/.").tag(config=True)
    personal_dir = Unicode(help="Folder shown as personal/.").tag(config=True)
    max_content_bytes = Integer(64 * 2**20, help="Largest file whose content is shown, in bytes.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.allow_hidden = False
        self.files = WorkspaceFiles(WorkspaceRoots(Path(self.shared_dir), Path(self.personal_dir)))
        self.access = WorkspaceAccess(Gateway(self.gateway_socket))
        self._uploads: dict[str, Upload] = {}

    @default("checkpoints_class")
    def _checkpoints_class(self) -> type[CbsCheckpoints]:
        return CbsCheckpoints

    @default("files_handler_class")
    def _files_handler_class(self) -> None:
        return None

    # ------------------------------------------------------------------------------------------------ helpers

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a file operation in a thread: a slow disk must not hold up kernels and events."""
        return await asyncio.to_thread(function, *args, **kwargs)

    @contextlib.asynccontextmanager
    async def explained(self) -> AsyncIterator[None]:
        """Turn errors of the domain into what Jupyter's handlers show."""
        try:
            yield
        except CbsError as error:
            raise http_error(error) from error

    async def check_write(self, path: str, size: int = 0, replaces: int = 0) -> None:
        """Ask the broker whether something may be written; size 0 asks for the permission only."""
        _refuse_top_level(path)
        await self.access.check_save(path, size, replaces, language.current())

    def _model(self, path: str, item: Item) -> dict[str, Any]:
        changed = datetime.fromtimestamp(item.status.st_mtime, UTC)
        kind = "directory" if item.folder else "notebook" if item.name.endswith(".ipynb") else "file"
        return {
            "name": item.name,
            "path": path,
            "type": kind,
            # JupyterLab opens what is not writable for reading only: no checkpoint, no editing that would be refused afterwards
            "writable": self.access.may_write,
            "created": datetime.fromtimestamp(item.status.st_ctime, UTC),
            "last_modified": changed,
            "size": None if item.folder else item.status.st_size,
            "mimetype": mimetypes.guess_type(item.name)[0] if kind == "file" else None,
            "content": None,
            "format": None,
            "hash": None,
            "hash_algorithm": None,
        }

    async def _top(self, *, content: bool) -> dict[str, Any]:
        shown = await self.access.shows_areas(language.current())
        areas = [self._model(area, await self.run(self.files.item, area)) for area in AREAS] if shown else []
        newest = max((area["last_modified"] for area in areas), default=datetime.fromtimestamp(0, UTC))
        return {
            "name": "",
            "path": "",
            "type": "directory",
            "writable": False,
            "created": newest,
            "last_modified": newest,
            "size": None,
            "mimetype": None,
            "content": areas if content else None,
            "format": "json" if content else None,
            "hash": None,
            "hash_algorithm": None,
        }

    # ---------------------------------------------------------------------------------------------- questions

    async def is_hidden(self, path: str) -> bool:
        """Tell whether a part of the path begins with a dot."""
        return any(part.startswith(".") for part in path.strip("/").split("/") if part)

    async def file_exists(self, path: str) -> bool:
        """Tell whether a file is there."""
        return await self._is(path, folder=False)

    async def dir_exists(self, path: str) -> bool:
        """Tell whether a folder is there; the top level always is."""
        return not path.strip("/") or await self._is(path, folder=True)

    async def _is(self, path: str, *, folder: bool) -> bool:
        try:
            await self.access.check_read(language.current())
            item = await self.run(self.files.item, path.strip("/"))
        except (NotFound, Invalid, Refused):
            return False
        except CbsError as error:
            raise http_error(error) from error
        return item.folder is folder

    async def get(
        self, path: str, content: bool = True, type: str | None = None, format: str | None = None, require_hash: bool = False
    ) -> dict[str, Any]:
        """Give a file, a notebook or a folder.

        Parameters
        ----------
        path : str
            Workspace path; empty is the top level.
        content, type, format, require_hash
            As Jupyter's contents API defines them.
        """
        path = path.strip("/")
        async with self.explained():
            if not path:
                _refuse_hash_of_folder(require_hash)
                return await self._top(content=content)
            if await self.is_hidden(path):
                raise no_such_file(path)
            await self.access.check_read(language.current())
            item = await self.run(self.files.item, path)
            model = self._model(path, item)
            if item.folder != (type == "directory") and type is not None:
                raise Invalid(
                    "bad_type",
                    Text(
                        en=f"'{printable(path)}' is a {'folder' if item.folder else 'file'}.",
                        nl=f"'{printable(path)}' is een {'map' if item.folder else 'bestand'}.",
                    ),
                )
            if item.folder:
                _refuse_hash_of_folder(require_hash)
                if content:
                    listing = await self.run(self.files.listing, path)
                    model["content"] = [self._model(f"{path}/{inner.name}", inner) for inner in listing]
                    model["format"] = "json"
            else:
                await self._fill(model, content=content, kind=type, format=format, require_hash=require_hash)
        self.emit(data={"action": "get", "path": path})
        return model

    async def _fill(self, model: dict[str, Any], *, content: bool, kind: str | None, format: str | None, require_hash: bool) -> None:
        path = model["path"]
        if kind is not None:
            model["type"] = kind
        if not (content or require_hash):
            return
        if content and is_data(path):
            raise refuse_data(path)
        data = await self.run(self.files.read, path, self.max_content_bytes)
        shown = shown_as(path, data)
        if require_hash:
            model["hash"], model["hash_algorithm"] = hashlib.sha256(data).hexdigest(), "sha256"
        if not content:
            return
        if model["type"] == "notebook":
            self._fill_notebook(model, data)
        elif format == "base64" or (format is None and shown != "text"):
            model["content"], model["format"] = base64.b64encode(data).decode("ascii"), "base64"
        elif shown != "text":
            raise Invalid("not_text", Text(en=f"'{printable(path)}' is not text.", nl=f"'{printable(path)}' is geen tekst."))
        else:
            model["content"], model["format"] = data.decode("utf-8"), "text"
        if model["type"] == "file":
            model["mimetype"] = shown if shown != "text" else model["mimetype"] or "text/plain"

    def _fill_notebook(self, model: dict[str, Any], data: bytes) -> None:
        problems: dict[str, Any] = {}
        try:
            notebook = nbformat.reads(data.decode("utf-8"), as_version=4, capture_validation_error=problems)
        except Exception as error:  # whatever the library finds wrong with a file somebody else wrote
            raise Invalid(
                "not_a_notebook",
                Text(
                    en=f"'{printable(model['path'])}' is no notebook that can be read.", nl=f"'{printable(model['path'])}' is geen leesbaar notebook."
                ),
                Text(
                    en="Open it as text to repair it: right-click, Open With, Editor.",
                    nl="Open het als tekst om het te herstellen: rechtsklik, Openen met, Editor.",
                ),
            ) from error
        self.mark_trusted_cells(notebook, model["path"])
        model["content"], model["format"] = notebook, "json"
        self.validate_notebook_model(model, validation_error=problems)

    # ------------------------------------------------------------------------------------------------ changes

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Write a file, a notebook, a folder or one chunk of an upload.

        Afterwards the file holds everything, or what it held before.
        """
        path = path.strip("/")
        async with self.explained():
            kind = model.get("type")
            if kind not in ("file", "notebook", "directory"):
                raise Invalid(
                    "no_type",
                    Text(en="Nothing says what is to be saved.", nl="Niets zegt wat er wordt opgeslagen."),
                    Text(en="Give a type: file, notebook or directory.", nl="Geef een type: file, notebook of directory."),
                )
            _refuse_top_level(path)  # JupyterLab's own cards and menus make notebooks in whatever folder is shown
            if await self.is_hidden(path):
                raise Invalid("hidden", Text(en="Names do not begin with a dot here.", nl="Namen beginnen hier niet met een punt."))
            if kind == "directory":
                await self.check_write(path)
                await self.run(self.files.make_folder, path)
                return await self.get(path, content=False)
            if "content" not in model:
                raise _no_content()
            if is_data(path):
                raise refuse_data(path)
            self.run_pre_save_hooks(model=model, path=path)
            if model.get("chunk") is not None:
                return await self._save_chunk(model, path)
            message = None
            if kind == "notebook":
                data, message = self._notebook_bytes(model, path)
            else:
                data = _bytes_of(model)
            await self.check_write(path, len(data), await self.run(self.files.allocated, path))
            await self.run(self.files.write, path, data)
            saved = await self.get(path, content=False, type=kind)
        if message:
            saved["message"] = message
        self.emit(data={"action": "save", "path": path})
        return saved

    def _notebook_bytes(self, model: dict[str, Any], path: str) -> tuple[bytes, str | None]:
        problems: dict[str, Any] = {}
        try:
            notebook = nbformat.from_dict(model["content"])
            self.check_and_sign(notebook, path)
            text = nbformat.writes(notebook, version=nbformat.NO_CONVERT, capture_validation_error=problems)
        except (AttributeError, TypeError, ValueError, KeyError) as error:
            raise Invalid(
                "not_a_notebook", Text(en="The content is no notebook; nothing was saved.", nl="De inhoud is geen notebook; er is niets opgeslagen.")
            ) from error
        self.validate_notebook_model(model, validation_error=problems)
        return f"{text}\n".encode() if not text.endswith("\n") else text.encode(), model.get("message")

    async def _save_chunk(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        chunk = model["chunk"]
        data = _bytes_of(model)
        if chunk == 1:
            self._abandon(path)
        upload = self._uploads.get(path)
        if chunk == 1:
            await self.check_write(path, len(data), await self.run(self.files.allocated, path))
            upload = self._uploads[path] = await self.run(Upload, self.files, path)
        elif upload is None or (chunk != -1 and chunk != upload.chunks + 1):
            self._abandon(path)
            raise Conflict(
                "upload_out_of_step",
                Text(en="The upload was interrupted; nothing was changed.", nl="Het uploaden is onderbroken; er is niets veranderd."),
                Text(en="Upload the file again.", nl="Upload het bestand opnieuw."),
            )
        try:
            if chunk != 1:
                await self.check_write(path, upload.size + len(data), await self.run(self.files.allocated, path))
            await self.run(upload.add, data)
            if chunk == -1:
                del self._uploads[path]
                await self.run(upload.finish)
        except BaseException:
            self._uploads.pop(path, None)
            upload.abandon()
            raise
        if chunk == -1:
            self.emit(data={"action": "upload", "path": path})
            return await self.get(path, content=False, type="file")
        now = datetime.now(UTC)
        name = path.rsplit("/", 1)[-1]
        empty = {"content": None, "format": None, "hash": None, "hash_algorithm": None, "mimetype": mimetypes.guess_type(name)[0]}
        return {"name": name, "path": path, "type": "file", "writable": True, "created": now, "last_modified": now, "size": upload.size, **empty}

    def _abandon(self, path: str) -> None:
        upload = self._uploads.pop(path, None)
        if upload is not None:
            upload.abandon()

    def abandon_uploads(self) -> None:
        """Throw unfinished uploads away; called when the server stops."""
        for path in list(self._uploads):
            self._abandon(path)

    async def delete_file(self, path: str) -> None:
        """Delete a file, or a folder with what is in it."""
        async with self.explained():
            await self.check_write(path)
            gone = await self.run(self.files.beneath, path.strip("/"))
            await self.run(self.files.delete, path.strip("/"))
            await self.checkpoints.forget(gone)

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Give a file or folder another path."""
        old_path, new_path = old_path.strip("/"), new_path.strip("/")
        if old_path == new_path:
            return
        async with self.explained():
            if await self.is_hidden(old_path) or await self.is_hidden(new_path):
                raise Invalid("hidden", Text(en="Names do not begin with a dot here.", nl="Namen beginnen hier niet met een punt."))
            if not old_path:
                raise _top_level()
            same_area = old_path.split("/")[0] == new_path.split("/")[0]
            await self.check_write(old_path)
            await self.check_write(new_path, 0 if same_area else await self.run(self.files.size, old_path))
            await self.run(self.files.move, old_path, new_path)

    async def copy(self, from_path: str, to_path: str | None = None) -> dict[str, Any]:
        """Copy a file or folder; data containers may be copied inside the workspace, their content stays there."""
        source = from_path.strip("/")
        async with self.explained():
            await self.access.check_read(language.current())
            if not source or await self.is_hidden(source):
                raise _top_level()
            item = await self.run(self.files.item, source)
            target = source.rpartition("/")[0] if to_path is None else to_path.strip("/")
            if await self.dir_exists(target):
                name = item.name if item.folder else copy_pat.sub(".", item.name)
                target = f"{target}/{await self.increment_filename(name, target, insert='-Copy')}".strip("/")
            elif await self.run(self.files.exists, target):
                raise Conflict(
                    "name_taken",
                    Text(en=f"'{printable(target)}' exists already.", nl=f"'{printable(target)}' bestaat al."),
                    Text(en="Choose another name.", nl="Kies een andere naam."),
                )
            await self.check_write(target, await self.run(self.files.size, source))
            await self.run(self.files.copy, source, target)
            copied = await self.get(target, content=False)
        self.emit(data={"action": "copy", "path": target, "source_path": source})
        return copied

    async def trust_notebook(self, path: str) -> None:
        """Sign a notebook's outputs as the person's own."""
        async with self.explained():
            if not path.endswith(".ipynb"):
                raise Invalid(
                    "no_notebook",
                    Text(en=f"'{printable(path)}' is no notebook.", nl=f"'{printable(path)}' is geen notebook."),
                    Text(en="Only notebooks are trusted.", nl="Alleen notebooks worden vertrouwd."),
                )
            await super().trust_notebook(path)

    async def get_kernel_path(self, path: str, model: Any = None) -> str:
        """Kernels start where both areas are in sight, whatever the notebook's folder."""
        return ""


def _bytes_of(model: dict[str, Any]) -> bytes:
    content, form = model["content"], model.get("format") or "text"
    if not isinstance(content, str):
        raise _no_content()
    try:
        if form == "text":
            return content.encode("utf-8")
        if form == "base64":
            return base64.b64decode(content.encode("ascii"), validate=False)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise _wrong_format() from error
    raise _wrong_format()


def _no_content() -> Invalid:
    return Invalid(
        "no_content",
        Text(
            en="The content of a file must be text, or bytes in base64; nothing was saved.",
            nl="De inhoud van een bestand moet tekst zijn, of bytes in base64; er is niets opgeslagen.",
        ),
        Text(en="Send it as a JSON string.", nl="Stuur de inhoud als JSON-string."),
    )


def _wrong_format() -> Invalid:
    return Invalid(
        "wrong_format",
        Text(
            en="The content is not in the format it says; nothing was saved.",
            nl="De inhoud heeft niet het formaat dat erbij staat; er is niets opgeslagen.",
        ),
        Text(en="Send text with format text, bytes in base64 with format base64.", nl="Stuur tekst met format text, base64 met format base64."),
    )


def _top_level() -> Refused:
    return Refused(
        "top_level_is_fixed",
        Text(en="At the top level there are only shared and personal.", nl="Op het hoogste niveau zijn er alleen shared en personal."),
        Text(en="Choose a place inside one of them.", nl="Kies een plaats in een van beide."),
    )


def _refuse_top_level(path: str) -> None:
    place = path.strip("/")
    if "/" not in place and place not in AREAS:
        raise _top_level()


def _refuse_hash_of_folder(wanted: bool) -> None:
    if wanted:
        raise Invalid(
            "bad_type",
            Text(en="This is a folder, and only files have a hash.", nl="Dit is een map en alleen bestanden hebben een hash."),
            Text(en="Ask for the folder without its hash.", nl="Vraag de map zonder hash op."),
        )
