"""Errors as a notebook shows them: what happened, where, and what to do, without our own frames.

IPython asks an exception that has ``_render_traceback_`` for its lines. The errors of the domain know nothing of
notebooks, so the client hangs the method on the one error it raises.
"""

from __future__ import annotations

import linecache
from functools import partial
from types import TracebackType

from ..domain.errors import CbsError
from ..domain.text import Text
from .language import pick

_FOREIGN = ("jupyter_cbs", "IPython", "ipykernel", "ipywidgets", "tornado", "asyncio", "traitlets")


def readable(error: CbsError, lang: str, source: str | None = None) -> CbsError:
    """Make an error show itself as a person reads it.

    Parameters
    ----------
    error : CbsError
        What is about to be raised.
    lang : str
        Language of the reader.
    source : str, optional
        The SQL the error's position points into.

    Returns
    -------
    CbsError
        The same error; ``str`` of it is in the reader's language too, and names the place in the SQL.
    """
    if caret(error, source) and error.position is not None:  # where only the text of an error is seen, as in a log of a run notebook
        line, column = error.position.line, error.position.column
        said = error.message
        error.message = Text(en=f"{said.en} Line {line}, column {column}.", nl=f"{said.nl} Regel {line}, kolom {column}.")
    error.reader = lang
    error.args = (str(error),)
    error._render_traceback_ = partial(render, error, lang, source)  # type: ignore[attr-defined]  # IPython asks for it
    return error


def stopped(interrupt: KeyboardInterrupt, lang: str) -> KeyboardInterrupt:
    """Make an interrupt say that the request has ended, instead of showing our frames."""
    text = pick(lang, "stopped at your request; nothing is running any more.", "op uw verzoek gestopt; er loopt niets meer.")
    interrupt._render_traceback_ = lambda: [f"\x1b[0;31mKeyboardInterrupt\x1b[0m: {text}"]  # type: ignore[attr-defined]  # as above
    return interrupt


def render(error: CbsError, lang: str, source: str | None = None) -> list[str]:
    """Give the lines a notebook shows for an error."""
    first = f"\x1b[0;31m{type(error).__name__}\x1b[0m: {error.message.say(lang)}"
    lines = [first, *caret(error, source)]
    if error.suggestions:
        lines.append(pick(lang, "Nearest: ", "Lijkt op: ") + ", ".join(error.suggestions))
    if error.remedy is not None:
        lines.append(f"\x1b[1m{error.remedy.say(lang)}\x1b[0m")
    place = _place(error.__traceback__, lang)
    return [*lines, *place]


def caret(error: CbsError, source: str | None) -> list[str]:
    """Give the line of ``source`` the error points at and a caret under the place; nothing without a position."""
    if source is None or error.position is None:
        return []
    lines = source.splitlines()
    if not 1 <= error.position.line <= len(lines):
        return []
    prefix = f"  {error.position.line} | "
    text = lines[error.position.line - 1]
    column = min(max(error.position.column, 1), len(text) + 1)
    # tabs stay tabs, so that the caret stands under its character whatever a tab is worth
    blank = "".join("\t" if mark == "\t" else " " for mark in text[: column - 1])
    return [prefix + text, " " * len(prefix) + blank + "^"]


def _place(trace: TracebackType | None, lang: str) -> list[str]:
    """Name the reader's own line that led here: the innermost frame that is not a library's."""
    found: tuple[str, int, str] | None = None
    while trace is not None:
        frame = trace.tb_frame
        module = str(frame.f_globals.get("__name__", ""))
        if module.split(".")[0] not in _FOREIGN:
            found = (frame.f_code.co_filename, trace.tb_lineno, module)
        trace = trace.tb_next
    if found is None or found[2] != "__main__":
        return []
    line = linecache.getline(found[0], found[1]).strip()
    if line.startswith("get_ipython()."):  # what IPython makes of a magic is not what the reader wrote
        return []
    return [f"\x1b[2m{pick(lang, 'line', 'regel')} {found[1]}: {line}\x1b[0m"] if line else []
