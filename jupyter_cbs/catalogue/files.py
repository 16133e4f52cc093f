"""Looking at files of the catalogue without being led elsewhere: links are never followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..domain.system_errors import reason
from ..domain.text import Text

_DEPTH = 12


class Unusable(Exception):
    """A file that cannot be used, with the reason for people."""

    def __init__(self, en: str, nl: str) -> None:
        self.text = Text(en=en, nl=nl)
        super().__init__(en)


def walk(folder: Path, depth: int = 0) -> Iterator[tuple[Path, Text | None]]:
    """Give every file beneath a folder, sorted; with a text where it cannot be looked at."""
    if depth > _DEPTH:
        yield folder, Text(en=f"More than {_DEPTH} folders deep; not looked at.", nl=f"Meer dan {_DEPTH} mappen diep; niet bekeken.")
        return
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield (
            folder,
            Text(
                en=f"The folder cannot be read: {reason(error).en}.",
                nl=f"De map kan niet worden gelezen: {reason(error).nl}.",
            ),
        )
        return
    for entry in listed:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            yield path, Text(en="A link; links are not followed.", nl="Een koppeling; koppelingen worden niet gevolgd.")
        elif entry.is_dir(follow_symlinks=False):
            yield from walk(path, depth + 1)
        elif entry.is_file(follow_symlinks=False):
            yield path, None
        else:
            yield path, Text(en="Not a regular file.", nl="Geen gewoon bestand.")


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, os.stat_result]]:
    """Open a regular file for reading without following a link in its last part."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        why = Text(en="a link", nl="het is een verwijzing") if error.errno == errno.ELOOP else reason(error)
        raise Unusable(f"The file cannot be opened: {why.en}.", f"Het bestand kan niet worden geopend: {why.nl}.") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unusable("Not a regular file.", "Geen gewoon bestand.")
        yield descriptor, status
    finally:
        os.close(descriptor)
