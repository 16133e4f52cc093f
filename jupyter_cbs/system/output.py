"""Printed output of a kernel, with a bound per cell: more than a person reads would only fill the memory of server and browser."""

from __future__ import annotations

import codecs
import os
import sys
from typing import Any, Final

from ipykernel.iostream import OutStream

from jupyter_cbs.domain.text import Text

MAX_PRINTED: Final = 8 * 10**6
"""Characters that one cell may print; below what the server takes as one message."""

_READ: Final = 1 << 16

_CUT: Final = Text(
    en="\n[Output cut: this cell prints more than 8 million characters. Write it to a file.]\n",
    nl="\n[Uitvoer afgekapt: deze cel print meer dan 8 miljoen tekens. Schrijf het naar een bestand.]\n",
)


class BoundedOutStream(OutStream):
    """Stdout or stderr of a kernel: what a cell prints beyond :data:`MAX_PRINTED` is dropped, once with a note that says so.

    This is a courtesy to the person whose cell it is; who wants to send more can, and meets the server's own bounds.
    """

    _cell: str | None = None
    _left = MAX_PRINTED

    def write(self, string: Any) -> int | None:  # type: ignore[override]  # as its base does
        """Print, as far as there is room."""
        if not isinstance(string, str):
            return super().write(string)  # says what is wrong with it
        cell = str(self.parent_header.get("msg_id", ""))
        if cell != self._cell:
            self._cell, self._left = cell, MAX_PRINTED
        if self._left < 0:
            return len(string)
        shown = string if len(string) <= self._left else string[: self._left]
        super().write(shown)
        self._left -= len(shown)
        if len(shown) < len(string):
            self._left = -1
            super().write(_CUT.say("nl" if os.environ.get("CBS_LANG", "").lower().startswith("nl") else "en"))
        return len(string)

    def _watch_pipe_fd(self) -> None:
        """Print what is written past Python, e.g. by programs that a cell starts.

        Its base also copies all of it to where the kernel's output went before there were cells. The server takes only so much a second
        there, so a program that prints much would wait for it.
        """
        if self._fid is None:
            return
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        try:
            while (data := os.read(self._fid, _READ)) and self._should_watch:
                self.write(decode(data))
        except Exception:
            self._exc = sys.exc_info()
