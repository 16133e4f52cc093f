"""Words for what a wall of the kernel's sandbox refuses: Python and the system say what failed, not that it cannot work here, nor what does.

Loaded as an IPython extension by the kernel spec. It only adds a line below an error, or above a command that needs a network: tracebacks,
handlers and results stay Python's own.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import sys
from collections.abc import Iterator
from typing import Any, Final

from jupyter_cbs.domain.text import Text

NO_NETWORK: Final = Text(
    en="Kernels have no network, so this cannot work here. Data come from ws.catalogue(), shared/ and personal/; "
    "for a package that is missing, ask the administrator.",
    nl="Kernels hebben geen netwerk; dit kan hier dus niet. Gegevens komen uit ws.catalogue(), shared/ en personal/; "
    "vraag de beheerder om een pakket dat ontbreekt.",
)
_NOT_WRITABLE: Final = Text(
    en="A kernel writes in shared/, personal/ and /tmp only. What is in /tmp goes when the kernel ends.",
    nl="Een kernel schrijft alleen in shared/, personal/ en /tmp. Wat in /tmp staat verdwijnt als de kernel eindigt.",
)
_FULL: Final = Text(
    en="The temporary folders of a kernel are small and count as its memory: put large files in shared/ or personal/. "
    "ws.quota() shows the room there.",
    nl="De tijdelijke mappen van een kernel zijn klein en tellen mee als geheugen: zet grote bestanden in shared/ of personal/. "
    "ws.quota() toont de ruimte daar.",
)

_NO_LINKS: Final = Text(
    en="Every file in shared/ and personal/ has one name, so links cannot be made. Copy with shutil.copy, or move with shutil.move.",
    nl="Elk bestand in shared/ en personal/ heeft één naam; koppelingen kunnen dus niet. Kopieer met shutil.copy, of verplaats met shutil.move.",
)

_UNREACHABLE: Final = (errno.ENETUNREACH, errno.EHOSTUNREACH)
_UNREACHABLE_WORDS: Final = ("Could not establish connection", "Failed to download extension")
"""How DuckDB, whose errors carry no number, says so."""

_DOWNLOADS: Final = re.compile(
    r"^\s*[!%]{0,2}\s*(?:\S*python\S*\s+-m\s+)?"
    r"(?:(?:pip3?|uv pip|conda|mamba)\s+(?:install|download)|(?:curl|wget)\s+\S|git\s+(?:clone|fetch|pull)\b)",
    re.MULTILINE,
)


def advice(error: BaseException) -> Text | None:
    """Say which wall an error comes from and what works instead; nothing for errors of any other kind."""
    for link in _chain(error):
        if isinstance(link, MemoryError):
            return _memory()
        if isinstance(link, socket.gaierror) or _is_duckdb_unreachable(link):
            return NO_NETWORK
        if isinstance(link, OSError):
            if link.errno in _UNREACHABLE:
                return NO_NETWORK
            if link.errno == errno.EROFS:
                return _NOT_WRITABLE
            if link.errno == errno.ENOSPC:
                return _FULL
            if link.errno == errno.EXDEV or (link.errno in (errno.EACCES, errno.EPERM) and link.filename2 is not None):
                return _NO_LINKS
    return None


def _is_duckdb_unreachable(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] in ("duckdb", "_duckdb") and any(words in str(error) for words in _UNREACHABLE_WORDS)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what led to it; libraries wrap the system's errors in their own, some as their ``reason``."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if not isinstance(link, BaseException) or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [getattr(link, "reason", None), link.__context__, link.__cause__]


def _memory() -> Text:
    en, nl = "This asks for more memory than is left.", "Dit vraagt meer geheugen dan er over is."
    if (bound := os.environ.get("CBS_KERNEL_BYTES", "")).isdecimal():
        size = f"{int(bound) / 10**9:.3g}"
        en, nl = f"{en} A kernel has at most {size} GB.", f"{nl} Een kernel heeft ten hoogste {size.replace('.', ',')} GB."
    return Text(
        en=f"{en} Select fewer columns, filter or aggregate in the query, and delete what you no longer need.",
        nl=f"{nl} Kies minder kolommen, filter of aggregeer in de vraag, en verwijder wat u niet meer nodig hebt.",
    )


def _say(text: Text) -> None:
    print(text.say(os.environ.get("CBS_LANG", "en")), file=sys.stderr)


def _before(info: Any) -> None:
    if _DOWNLOADS.search(str(info.raw_cell)):
        _say(NO_NETWORK)


def _after(result: Any) -> None:
    text = None if result.error_in_exec is None else advice(result.error_in_exec)
    if text is not None:
        _say(text)


def load_ipython_extension(shell: Any) -> None:
    """Add the words to an IPython shell."""
    shell.events.register("pre_run_cell", _before)
    shell.events.register("post_run_cell", _after)
