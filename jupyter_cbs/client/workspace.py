"""The workspace object of a notebook."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..domain.errors import Invalid, NotFound
from ..domain.project import Principal
from ..domain.text import Text
from .catalogue import DatasetView, Listing
from .connection import Session, no_session
from .errors import readable
from .language import choose_language, pick
from .progress import ProgressDisplay
from .result import Result, read_arrow
from .values import plain

_cache: dict[tuple[str, str, int], Workspace] = {}
_latest: tuple[str, int, str] | None = None


def connect(lang: str | None = None) -> Workspace:
    """Give the workspace this kernel belongs to; the same object for every call in a process.

    Parameters
    ----------
    lang : {'en', 'nl'}, optional
        Language of texts; by default that of the last call, else ``CBS_LANG``, else the locale.

    Raises
    ------
    Unavailable
        If this is no kernel of a CBS workspace, or the broker does not answer.
    """
    global _latest
    path = os.environ.get("CBS_SESSION", "")
    pid = os.getpid()
    if lang is None and _latest is not None and _latest[:2] == (path, pid):
        chosen = choose_language(_latest[2])
    else:
        chosen = choose_language(lang)
    if not path:
        raise readable(no_session(), chosen)
    key = (path, chosen, pid)
    workspace = _cache.get(key)
    if workspace is None:
        workspace = _cache[key] = Workspace(Session(path, chosen))
    _latest = (path, pid, chosen)
    return workspace


class Workspace:
    """What a notebook can ask of its workspace. Made by :func:`connect`.

    Parameters
    ----------
    session : Session
        The kernel's session with its broker.

    Attributes
    ----------
    principal : Principal
        Who this kernel works for, as the broker knows it from the session's socket.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        who, _ = session.welcome()
        self.principal = Principal.model_validate(who)

    @property
    def lang(self) -> str:
        """Language of texts."""
        return self._session.lang

    def catalogue(self, query: str | None = None) -> Listing | DatasetView:
        """List the granted data sets, or describe one, or search.

        Parameters
        ----------
        query : str, optional
            Nothing: everything granted. The name of a data set or topic: its variables. Anything else: search text
            over names, titles, themes, variables, labels and codes.

        Returns
        -------
        Listing or DatasetView
            Both have ``.df()``.

        Raises
        ------
        NotFound
            If a name is unknown here and nothing matches it as a search text; with the nearest granted names.
        """
        from ..domain.gateway import CatalogueListing

        text = (query or "").strip()
        unknown: NotFound | None = None
        if text and text.replace("_", "").isalnum():
            try:
                return DatasetView(_dataset(self._session.call("catalogue.get", {"name": text}).answer), self.lang)
            except NotFound as error:
                unknown = error
        listing = CatalogueListing.model_validate(self._session.call("catalogue.list", {"query": text}).answer)
        if unknown is not None and not listing.datasets:
            raise unknown
        return Listing(listing.datasets, text, self.lang)

    def sql(self, text: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Result:
        """Run one SELECT over the granted data sets.

        Parameters
        ----------
        text : str
            The statement. A data set is a view under its name (``GBAPERSOON2023TABV1``); its topic
            (``GBAPERSOONTAB``) is the newest version.
        parameters : sequence or mapping, optional
            Values for ``?`` or for ``$name``.

        Returns
        -------
        Result
            With ``.df()``, ``.arrow()``, ``.pl()``; the memory is shared, not copied.

        Raises
        ------
        Invalid
            If it is no single SELECT, or does not parse; with the place.
        NotFound
            If a data set is unknown to this project.
        TooLarge, TimedOut
            If a limit of the policy is passed.
        KeyboardInterrupt
            If interrupted; the query has stopped then.
        """
        if not text.strip():
            raise readable(
                Invalid(
                    "empty_statement",
                    Text(en="There is no SQL to run.", nl="Er is geen SQL om uit te voeren."),
                    Text(
                        en='Write one SELECT, for example ws.sql("SELECT count(*) FROM …").',
                        nl='Schrijf één SELECT, bijvoorbeeld ws.sql("SELECT count(*) FROM …").',
                    ),
                ),
                self.lang,
            )
        values: Any = None
        if parameters is not None:
            try:
                values = {k: plain(v) for k, v in parameters.items()} if isinstance(parameters, Mapping) else [plain(v) for v in parameters]
            except Invalid as error:
                raise readable(error, self.lang) from None
        progress = ProgressDisplay(pick(self.lang, "Query", "Query"), self.lang)
        try:
            reply = self._session.call("sql", {"text": text, "parameters": values}, progress=progress, source=text)
        finally:
            progress.close()
        return Result(read_arrow(reply), reply.answer, self.lang, text)

    def close(self) -> None:
        """Close the connections; the next call opens them again."""
        self._session.close()

    def __repr__(self) -> str:
        who = self.principal
        return f"Workspace({who.project} · {who.name} · {who.role.value})"


def _dataset(answer: dict[str, Any]) -> Any:
    from ..domain.dataset import Dataset

    return Dataset.model_validate(answer)
