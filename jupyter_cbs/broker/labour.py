"""Work that takes a processor for seconds, done beside the broker's loop.

Each piece of work gets a process of its own, forked from a server that has the libraries loaded: it cannot hold up other persons' requests, dies
when it is cancelled, and takes nothing with it when it crashes. At most :data:`HANDS` work at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Any, Final, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from ..domain.errors import CbsError, ErrorBody, Internal
from ..domain.text import Text

HANDS: Final = max(2, os.cpu_count() or 2)
"""Pieces of work at a time, so that a long one does not hold up all others."""
NICENESS: Final = 5
"""By how much queries and requests come first."""
LOADED: Final = ["jupyter_cbs.disclosure.protection"]
"""Modules that are loaded before the first piece of work."""
PROGRESS_STEP: Final = 0.01
"""Progress is told in steps of at least this."""

Parameters = ParamSpec("Parameters")
Outcome = TypeVar("Outcome")
Report = Callable[[float], Awaitable[None]]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(LOADED)
_hands: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _work(answer: Connection, function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any], with_progress: bool) -> None:
    """Run in the process: do it, and send what came of it."""
    os.nice(NICENESS)
    told = 0.0

    def progress(share: float) -> None:
        nonlocal told
        if share - told >= PROGRESS_STEP:
            told = share
            answer.send(("progress", share))

    if with_progress:
        options = {**options, "progress": progress}
    # the broker is gone, or no longer waits: nobody is left to tell
    with contextlib.suppress(BrokenPipeError):
        try:
            answer.send(("done", function(*arguments, **options)))
        except CbsError as error:
            answer.send(("error", error.body().model_dump()))
    answer.close()


async def labour(
    function: Callable[Parameters, Outcome], report: Report | None = None, /, *arguments: Parameters.args, **options: Parameters.kwargs
) -> Outcome:
    """Run a function in a process of its own; cancelling the task kills it.

    Parameters
    ----------
    function
        Importable by name; it, its arguments and its outcome travel by pickle.
    report
        Takes the share that is done; given, the function gets a keyword ``progress`` to call.
    arguments, options
        Of the function.

    Raises
    ------
    CbsError
        What the function raised.
    Internal
        When the process died.
    """
    loop = asyncio.get_running_loop()
    async with _hands.setdefault(loop, asyncio.Semaphore(HANDS)):
        ours, theirs = _context.Pipe(duplex=False)
        process = _context.Process(target=_work, args=(theirs, function, arguments, options, report is not None), daemon=True)
        await asyncio.to_thread(process.start)
        theirs.close()
        reading = loop.run_in_executor(None, ours.recv)
        try:
            while True:
                kind, content = await asyncio.shield(reading)
                if kind == "error":
                    raise CbsError.from_body(ErrorBody.model_validate(content))
                if kind == "done":
                    outcome: Outcome = content
                    return outcome
                reading = loop.run_in_executor(None, ours.recv)
                if report is not None:
                    await report(content)
        except EOFError as error:
            raise Internal(
                "labour_died",
                Text(en="The calculation ended without an answer.", nl="De berekening eindigde zonder antwoord."),
                Text(en="Try again with a smaller table.", nl="Probeer het opnieuw met een kleinere tabel."),
            ) from error
        finally:
            process.kill()
            # the pipe ends with the process, and with the pipe a thread that still reads from it: only then may it be closed
            await asyncio.wait({reading})
            await asyncio.to_thread(process.join)
            process.close()
            ours.close()
