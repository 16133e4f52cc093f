"""Checkpoints: one earlier copy of a file, kept in the person's own area, where it counts like any other file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from jupyter_server.services.contents.checkpoints import AsyncCheckpoints

from ..domain.errors import CbsError, NotFound, QuotaExceeded
from ..domain.text import Text
from . import language
from .problems import http_error

if TYPE_CHECKING:
    from .contents import CbsContentsManager

FOLDER: Final = "personal/.checkpoints"
"""Hidden, and apart from the files themselves: a checkpoint never lies in a folder that is exported or shared."""

_ID: Final = "checkpoint"


def _place(path: str) -> str:
    return f"{FOLDER}/{hashlib.sha256(path.strip('/').encode()).hexdigest()[:32]}"


class CbsCheckpoints(AsyncCheckpoints):
    """Keeps the newest checkpoint of each file."""

    parent: CbsContentsManager

    def _model(self, changed: float) -> dict[str, Any]:
        return {"id": _ID, "last_modified": datetime.fromtimestamp(changed, UTC)}

    async def create_checkpoint(self, contents_mgr: CbsContentsManager, path: str) -> dict[str, Any]:
        """Keep a copy of the file as it is now."""
        files = contents_mgr.files
        async with contents_mgr.explained():
            await contents_mgr.access.check_read(language.current())
            place = _place(path)
            size = await contents_mgr.run(files.size, path.strip("/"))
            try:
                await contents_mgr.check_write(place, size, await contents_mgr.run(files.allocated, place))
            except QuotaExceeded as error:
                raise QuotaExceeded(
                    error.code,
                    Text(
                        en=f"The file itself is saved, but there is no room for its checkpoint: {error.message.en}",
                        nl=f"Het bestand zelf is opgeslagen, maar er is geen ruimte voor het controlepunt: {error.message.nl}",
                    ),
                    error.remedy,
                ) from error
            await contents_mgr.run(files.make_folder, FOLDER)
            await contents_mgr.run(files.copy, path.strip("/"), place)
            item = await contents_mgr.run(files.item, place)
        return self._model(item.status.st_mtime)

    async def restore_checkpoint(self, contents_mgr: CbsContentsManager, checkpoint_id: str, path: str) -> None:
        """Put the kept copy back in the file's place."""
        self._check_id(checkpoint_id)
        files, target = contents_mgr.files, path.strip("/")
        async with contents_mgr.explained():
            place = _place(path)
            size = await contents_mgr.run(files.size, place)
            await contents_mgr.check_write(target, size, await contents_mgr.run(files.allocated, target))
            await contents_mgr.run(files.copy, place, target)

    async def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:
        """Let the copy follow its file."""
        self._check_id(checkpoint_id)
        files = self.parent.files
        async with self.parent.explained():
            if await self.parent.run(files.exists, _place(new_path)):
                await self.parent.run(files.delete, _place(new_path))
            await self.parent.run(files.move, _place(old_path), _place(new_path))

    async def rename_all_checkpoints(self, old_path: str, new_path: str) -> None:
        """Let copies follow their files, also those in a folder that was renamed."""
        old, new = old_path.strip("/"), new_path.strip("/")
        for path in await self.parent.run(self.parent.files.beneath, new):
            before = old + path.removeprefix(new)
            if await self.parent.run(self.parent.files.exists, _place(before)):
                await self.rename_checkpoint(_ID, before, path)

    async def forget(self, paths: Iterable[str]) -> None:
        """Delete the copies of files that were deleted."""
        for path in paths:
            if await self.parent.run(self.parent.files.exists, _place(path)):
                await self.parent.run(self.parent.files.delete, _place(path))

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Delete the kept copy."""
        self._check_id(checkpoint_id)
        async with self.parent.explained():
            await self.parent.check_write(_place(path))
            await self.parent.run(self.parent.files.delete, _place(path))

    async def list_checkpoints(self, path: str) -> list[dict[str, Any]]:
        """Give the kept copy, if there is one."""
        try:
            await self.parent.access.check_read(language.current())
            item = await self.parent.run(self.parent.files.item, _place(path))
        except CbsError:
            return []
        return [self._model(item.status.st_mtime)]

    @staticmethod
    def _check_id(checkpoint_id: str) -> None:
        if checkpoint_id != _ID:
            raise http_error(
                NotFound(
                    "no_such_checkpoint",
                    Text(en="There is no checkpoint of that name.", nl="Er is geen controlepunt met die naam."),
                    Text(
                        en="The newest is in the File menu.",
                        nl="Het nieuwste staat in het menu Bestand.",
                    ),
                )
            )
