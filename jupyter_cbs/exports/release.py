"""Writing a release: exactly the frozen bytes, all of them or none (design: exports, Bytes)."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from jupyter_cbs.domain.errors import CbsError, Conflict, Internal
from jupyter_cbs.domain.export import ManifestEntry
from jupyter_cbs.domain.text import Text
from jupyter_cbs.system.durable import sync_directory

from .snapshot import Objects

_STAMP: Final = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive
_BLOCK: Final = 2**20


def delivery_name(project: str, request_id: str, round: int, light: bool) -> str:
    """Give the name of the delivery's zip; CBS wants it to start with LIGHT for the light class."""
    safe = re.sub(r"[^A-Za-z0-9-]", "_", f"{project}_{request_id}")
    return f"{'LIGHT_' if light else ''}{safe}_r{round}.zip"


def write_release(
    entries: Sequence[ManifestEntry],
    objects: Objects,
    extra: Mapping[str, bytes],
    target: Path,
    *,
    archive: str = "delivery.zip",
) -> Path:
    """Write a release into a fresh folder that appears at once.

    The folder holds the files, the extra documents (the form) and one zip of them all without subfolders. Every object is hashed
    before it is written and every written file, also inside the zip, is read back and hashed after.

    Parameters
    ----------
    entries : sequence of ManifestEntry
        What was approved.
    objects : Objects
        Where the frozen bytes are.
    extra : mapping of str to bytes
        Documents beside the files, by name.
    target : Path
        The folder to make; its parent must exist. What an earlier attempt left unfinished is cleared away.
    archive : str
        Name of the zip, see :func:`delivery_name`.

    Returns
    -------
    Path
        ``target``.

    Raises
    ------
    Conflict
        ``already_released`` when the folder exists; ``empty``; ``name_twice``.
    Internal
        ``object_mismatch``: nothing is released.
    """
    if not entries:
        raise Conflict("empty", Text(en="An empty request is not released.", nl="Een lege aanvraag wordt niet vrijgegeven."))
    names = [entry.path for entry in entries] + [*extra, archive]
    if len({name.casefold() for name in names}) != len(names) or any("/" in name or "\0" in name or name in ("", ".", "..") for name in names):
        raise Conflict("name_twice", Text(en="A name occurs twice in the release.", nl="Een naam komt twee keer voor in de vrijgave."))
    if target.exists() or target.is_symlink():
        raise Conflict("already_released", Text(en="This round was released before.", nl="Deze ronde is al eerder vrijgegeven."))
    unfinished = target.parent / f".{target.name}.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    try:
        wanted: dict[str, str] = {}
        for entry in entries:
            _write_object(entry, objects, unfinished / entry.path)
            wanted[entry.path] = entry.sha256
        for name, data in extra.items():
            _write(unfinished / name, data)
            wanted[name] = hashlib.sha256(data).hexdigest()
        _write_zip(unfinished / archive, unfinished, sorted(wanted))
        _verify(unfinished, archive, wanted)
        unfinished.chmod(0o750)
        sync_directory(unfinished)
        os.rename(unfinished, target)
        sync_directory(target.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return target


def _mismatch(name: str) -> Internal:
    return Internal(
        "object_mismatch",
        Text(en=f"'{name}' is not what was approved; nothing was released.", nl=f"'{name}' is niet wat is goedgekeurd; er is niets vrijgegeven."),
        Text(en="The administrator has been told.", nl="De beheerder is op de hoogte."),
    )


def _write_object(entry: ManifestEntry, objects: Objects, path: Path) -> None:
    try:
        objects.check(entry.sha256)
        stream = objects.open(entry.sha256)
    except (CbsError, OSError, ValueError) as error:
        raise _mismatch(entry.path) from error
    sha256, size = hashlib.sha256(), 0
    with stream, _made(path) as file:
        while block := stream.read(_BLOCK):
            sha256.update(block)
            size += len(block)
            file.write(block)
    if sha256.hexdigest() != entry.sha256 or size != entry.size:
        raise _mismatch(entry.path)


@contextmanager
def _made(path: Path) -> Iterator[BinaryIO]:
    """Make a file that nobody writes to any more, and that survives a crash."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fchmod(file.fileno(), 0o440)
        os.fsync(file.fileno())


def _write(path: Path, data: bytes) -> None:
    with _made(path) as file:
        file.write(data)


def _write_zip(path: Path, folder: Path, names: Sequence[str]) -> None:
    with _made(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100440 << 16
            with (folder / name).open("rb") as source, archive.open(info, "w", force_zip64=False) as member:
                shutil.copyfileobj(source, member, _BLOCK)


def _verify(folder: Path, archive: str, wanted: Mapping[str, str]) -> None:
    for name, sha256 in wanted.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise _mismatch(name)
    with zipfile.ZipFile(folder / archive) as opened:
        if sorted(opened.namelist()) != sorted(wanted):
            raise _mismatch(archive)
        for name, sha256 in wanted.items():
            hashed = hashlib.sha256()
            with opened.open(name) as member:
                while block := member.read(_BLOCK):
                    hashed.update(block)
            if hashed.hexdigest() != sha256:
                raise _mismatch(archive)
