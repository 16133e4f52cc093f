"""The workspace object of a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from ..domain.errors import CbsError, Internal, Invalid, NotFound
from ..domain.text import Text
from .connection import Progress, Reply, Session, no_session
from .errors import readable
from .language import choose_language, pick
from .progress import ProgressDisplay
from .values import plain

if TYPE_CHECKING:
    import pyarrow as pa

    from ..domain.evidence import Statistic, TableMeta
    from ..domain.gateway import ProtectQuery
    from ..domain.project import Principal
    from .catalogue import DatasetView, Listing
    from .figures.report import FigureReport
    from .interrupt import InterruptNote
    from .live import EventFeed
    from .models.report import ModelReport
    from .panel.view import ExportPanel
    from .report import Report
    from .result import Result
    from .storage import Storage
    from .table import Table

_cache: dict[tuple[str, str, int], Workspace] = {}
_latest: tuple[str, int, str] | None = None


def connect(lang: str | None = None) -> Workspace:
    """Give the workspace this kernel belongs to; the same object for every call in a process.

    In a notebook this also makes the magics ``%%cbs`` and ``%cbs`` known.

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
        _offer_magics()
    _latest = (path, pid, chosen)
    return workspace


def _offer_magics() -> None:
    """Make ``%%cbs`` known where there is an IPython shell; nobody should have to load an extension first."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        from .magics import register

        register(shell)


class Workspace:
    """What a notebook can ask of its workspace. Made by :func:`connect`.

    Parameters
    ----------
    session : Session
        The kernel's session with its broker.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._feed: EventFeed | None = None
        self._panel: ExportPanel | None = None
        self._who, _ = session.welcome()

    @property
    def principal(self) -> Principal:
        """Who this kernel works for, as the broker knows it from the session's socket."""
        from ..domain.project import Principal

        return Principal.model_validate(self._who)

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
        from .catalogue import DatasetView, Listing

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

    @overload
    def sql(
        self, text: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None, *, evidence: Literal[False] = False, unit: None = None
    ) -> Result: ...

    @overload
    def sql(self, text: str, parameters: None = None, *, evidence: Literal[True], unit: str | Sequence[str] | None = None) -> Table | list[Table]: ...

    def sql(
        self,
        text: str,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        evidence: bool = False,
        unit: str | Sequence[str] | None = None,
    ) -> Result | Table | list[Table]:
        """Run one SELECT over the granted data sets.

        Parameters
        ----------
        text : str
            The statement. A data set is a view under its name (``GBAPERSOON2023TABV1``); its topic
            (``GBAPERSOONTAB``) is the newest version.
        parameters : sequence or mapping, optional
            Values for ``?`` or for ``$name``.
        evidence : bool
            Make judged tables of an aggregate ``SELECT … GROUP BY``: one for each of its aggregates, with all totals.
        unit : str or sequence of str, optional
            With evidence: column(s) naming the unit; by default the key of the data set in FROM.

        Returns
        -------
        Result
            With ``.df()``, ``.arrow()``, ``.pl()``; the memory is shared, not copied. With evidence a :class:`Table`, or a list of them where
            there are several aggregates.

        Raises
        ------
        Invalid
            If it is no single SELECT, or does not parse; with the place. With evidence: if there can be none, with the reason.
        NotFound
            If a data set is unknown to this project.
        TooLarge, TimedOut
            If a limit of the policy is passed.
        KeyboardInterrupt
            If interrupted; the query has stopped then.
        """
        if not str(text or "").strip():
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
        if evidence:
            return self._tables(text, parameters, unit)
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
        from .result import Result

        return Result(self._read(reply), reply.answer, self.lang, text)

    def table(
        self,
        source: str,
        rows: str | Sequence[str] = (),
        columns: str | Sequence[str] = (),
        values: str | None = None,
        statistic: Statistic = "count",
        where: str | None = None,
        unit: str | Sequence[str] | None = None,
        weight: str | None = None,
        *,
        second: str | None = None,
        percentile: float | None = None,
        extremes: int | None = None,
        share_of: Literal["row", "column", "total"] | None = None,
        hierarchies: Mapping[str, str | Sequence[str] | Sequence[int] | Mapping[str, Sequence[str]]] | None = None,
        merge: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
        institution: str | None = None,
        holding: str | None = None,
    ) -> Table:
        """Make a table whose cells are judged in the same scan, with all margins.

        Parameters
        ----------
        source : str
            Data set, topic, or one SELECT over granted data sets.
        rows, columns : str or sequence of str
            Dimensions: columns or SQL expressions of the source.
        values : str, optional
            Column or expression that is summed or averaged; none for counts.
        statistic : str
            What a cell holds: ``count`` (rows), ``units``, ``sum``, ``mean``, ``median``, ``share`` (percentage), ``percentile``, ``ratio``,
            ``sd``, ``variance``, ``correlation``, ``gini``, ``mode``, ``min``, ``max``, and in place of those two ``mean_lowest``, ``mean_highest``.
        where : str, optional
            SQL condition on the source.
        unit : str or sequence of str, optional
            Column(s) naming the unit whose number must suffice; by default the data set's own key.
        weight : str, optional
            Column with weights; numbers of units stay unweighted.
        second : str, optional
            The other column of a correlation, or the denominator of a ratio.
        percentile : float, optional
            Which percentile, as a fraction: 0.25 is the first quartile. The statistic need not be given then.
        extremes : int, optional
            How many units a mean of the lowest or highest is taken of; ten without it.
        share_of : {'row', 'column', 'total'}, optional
            What percentages are of; by default the row total where there are rows and columns, else the grand total.
        hierarchies : mapping, optional
            Dimension → its levels above the categories: column(s) of the source from fine to coarse, lengths of code prefixes such as ``(1, 2)``,
            or ``{subtotal: [codes]}``. Each level gives subtotals.
        merge : mapping, optional
            Dimension → ``{label: [codes]}``: these categories become one.
        institution : str, optional
            Column naming the institution, the second level of units; by default the data set's own.
        holding : str, optional
            Column naming the holding; units of one holding count as one.

        Returns
        -------
        Table
            With ``.df()``, ``.suppress()``, ``.to_csv(path)``, ``.to_xlsx(path)``, ``.plot()``.

        Raises
        ------
        Invalid, NotFound, TooLarge, TimedOut
            As for :meth:`sql`.
        """
        args: dict[str, Any] = {
            "source": source,
            "rows": _names(rows),
            "columns": _names(columns),
            "values": values,
            "statistic": "percentile" if percentile is not None and statistic == "count" else statistic,
            "where": where,
            "unit": unit if unit is None or isinstance(unit, str) else list(unit),
            "weight": weight,
            "second": second,
            "percentile": percentile,
            "extremes": extremes,
            "share_of": share_of,
            "hierarchies": None if hierarchies is None else {name: _levels(levels) for name, levels in hierarchies.items()},
            "merge": None if merge is None else {name: {label: [*codes] for label, codes in each.items()} for name, each in merge.items()},
            "institution": institution,
            "holding": holding,
        }
        return self._table(args)

    def histogram(
        self,
        source: str,
        values: str,
        bins: int | Sequence[float] = 20,
        rows: str | Sequence[str] = (),
        where: str | None = None,
        unit: str | Sequence[str] | None = None,
        weight: str | None = None,
        statistic: Literal["count", "units", "share"] = "count",
    ) -> Table:
        """Count values in bins, judged as a table.

        Parameters
        ----------
        source : str
            As for :meth:`table`.
        values : str
            Numeric column or expression.
        bins : int or sequence of float
            How many bins, at round edges that hold all values without telling the extremes; or the edges. Each bin has its left edge, the last
            one its right edge too; values outside are left out.
        rows : str or sequence of str
            Groups, with a histogram each.
        where, unit, weight
            As for :meth:`table`.
        statistic : {'count', 'units', 'share'}
            What is shown of each bin.

        Returns
        -------
        Table
            The bins are its columns.

        Raises
        ------
        Invalid, NotFound, TooLarge, TimedOut
            As for :meth:`table`.
        """
        args: dict[str, Any] = {"source": source, "values": values, "rows": _names(rows), "where": where, "weight": weight, "statistic": statistic}
        args["unit"] = unit if unit is None or isinstance(unit, str) else list(unit)
        args["bins"] = bins if isinstance(bins, int) else [float(edge) for edge in bins]
        return self._table(args)

    def lorenz(
        self,
        source: str,
        values: str,
        rows: str | Sequence[str] = (),
        steps: int = 10,
        where: str | None = None,
        unit: str | Sequence[str] | None = None,
    ) -> Table:
        """Give a Lorenz curve: the share of the total that the lowest 10 %, 20 % … of the units have together.

        Parameters
        ----------
        source, where, unit
            As for :meth:`table`.
        values : str
            Numeric column or expression; of a unit with several rows its total counts.
        rows : str or sequence of str
            Groups, with a curve each.
        steps : int
            Into how many groups of equally many units; each must have enough of them.

        Returns
        -------
        Table
            The steps are its columns; values are per cents.

        Raises
        ------
        Invalid, NotFound, TooLarge, TimedOut
            As for :meth:`table`.
        """
        args: dict[str, Any] = {"source": source, "values": values, "rows": _names(rows), "where": where, "statistic": "lorenz", "steps": steps}
        args["unit"] = unit if unit is None or isinstance(unit, str) else list(unit)
        return self._table(args)

    def survival(
        self,
        source: str,
        time: str,
        event: str,
        by: str | Sequence[str] = (),
        width: float | None = None,
        where: str | None = None,
        unit: str | Sequence[str] | None = None,
    ) -> Table:
        """Give a survival curve (Kaplan-Meier); enough units must be at risk and have the event in every step.

        Parameters
        ----------
        source, where, unit
            As for :meth:`table`; each unit has one row.
        time : str
            Column or expression with the duration.
        event : str
            Column or condition that tells whether the event took place at that duration; otherwise the unit left without it.
        by : str or sequence of str
            Groups, with a curve each.
        width : float, optional
            Length of a step in the unit of the duration: durations are rounded down to its multiples. Without it each duration is a step.

        Returns
        -------
        Table
            The steps with an event are its columns; values are the share that is left.

        Raises
        ------
        Invalid, NotFound, TooLarge, TimedOut
            As for :meth:`table`.
        """
        args: dict[str, Any] = {"source": source, "time": time, "event": event, "rows": _names(by), "width": width, "where": where}
        args |= {"statistic": "survival", "unit": unit if unit is None or isinstance(unit, str) else list(unit)}
        return self._table(args)

    def _table(self, args: dict[str, Any]) -> Table:
        from ..domain.evidence import TableMeta
        from .table import Table

        progress = ProgressDisplay(pick(self.lang, "Table", "Tabel"), self.lang)
        texts = [args.get(name) for name in ("source", "where", "values", "second", "weight", "time", "event")]
        try:
            reply = self._session.call("table", args, progress=progress)
        except CbsError as error:
            raise readable(error, self.lang, _pointed_at(error, [*texts, *args.get("rows", ()), *args.get("columns", ())])) from None
        finally:
            progress.close()
        return Table(TableMeta.model_validate(reply.answer), self._read(reply), self.lang, protector=self._protect)

    def _tables(self, text: str, parameters: object, unit: str | Sequence[str] | None) -> Table | list[Table]:
        """Make tables of an aggregate statement."""
        from .aggregates import tables_of

        known: dict[str, Any] = {}

        def lookup(name: str) -> Any:
            if name not in known:
                try:
                    known[name] = _dataset(self._session.call("catalogue.get", {"name": name}).answer)
                except CbsError:
                    known[name] = None
            return known[name]

        try:
            if parameters is not None:
                raise Invalid(
                    "no_evidence",
                    Text(en="A statement with evidence has no parameters.", nl="Een query met onderbouwing heeft geen parameters."),
                    Text(en="Write the values in the statement.", nl="Schrijf de waarden in de query."),
                )
            asked = tables_of(text, lookup, () if unit is None else _names(unit))
        except Invalid as error:
            raise readable(error, self.lang) from None
        made = [self._table(args) for args in asked]
        if len(made) == 1:
            return made[0]
        from .table import Tables

        return Tables(made)

    def _protect(self, query: ProtectQuery, note: InterruptNote | None, progress: Progress | None) -> tuple[TableMeta, pa.Table]:
        """Have a table protected; from another thread with a note by which it can be stopped."""
        from ..domain.evidence import TableMeta

        reply = self._session.call("table.protect", query.model_dump(mode="json"), progress=progress, note=note)
        return TableMeta.model_validate(reply.answer), self._read(reply)

    def precheck(self, paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> Report:
        """Check files against the disclosure rules, as the export will.

        Parameters
        ----------
        paths : path or sequence of paths
            Files or folders in ``shared/`` and ``personal/``, relative to the working directory.

        Raises
        ------
        Invalid
            If a path lies outside the workspace.
        """
        from ..domain.finding import PrecheckReport
        from .files import lend_files, workspace_path
        from .report import Report

        several = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        if not several:
            raise readable(
                Invalid(
                    "no_files",
                    Text(en="There are no files to check.", nl="Er zijn geen bestanden om te controleren."),
                    Text(
                        en="Name at least one file or folder, such as 'shared/tables'.",
                        nl="Noem minstens één bestand of map, zoals 'shared/tabellen'.",
                    ),
                ),
                self.lang,
            )
        try:
            wanted = [workspace_path(path) for path in several]
        except Invalid as error:
            raise readable(error, self.lang) from None
        progress = ProgressDisplay(pick(self.lang, "Pre-check", "Voorcontrole"), self.lang)
        try:
            lend_files(wanted)
            reply = self._session.call("precheck", {"paths": wanted}, progress=progress)
        finally:
            progress.close()
        return Report(PrecheckReport.model_validate(reply.answer), self.lang)

    def check(
        self,
        obj: Any,
        X: Any = None,
        y: Any = None,
        *,
        unit: Any = None,
        n: Any = None,
        source: str | Sequence[str] | None = None,
    ) -> ModelReport | FigureReport:
        """Check a fitted model or a figure against the disclosure rules, before it becomes a file.

        Parameters
        ----------
        obj : object
            Results of statsmodels or linearmodels, an estimator of scikit-learn, or a figure of matplotlib (seaborn, pandas) or plotly.
        X, y : data, optional
            What the estimator was fitted on; scikit-learn does not keep it.
        unit : str, sequence of str, or values, optional
            Of a model: column(s) of its data, or one value per row, that name the unit; by default a key of persons among them, else every
            row counts.
        n : 'values', int, sequence, mapping or data frame, optional
            Of a figure: distinct units behind each mark; by the labels of the legend where there are several series; 'values' where the
            figures drawn are counts themselves.
        source : str or sequence of str, optional
            Data sets it was made from; their rule profiles apply.

        Raises
        ------
        Invalid
            If it is no such object, or is not fitted, or what is given does not fit it.
        """
        from .checking import check

        return check(self._session, obj, X, y, unit, n, source)

    def quota(self) -> Storage:
        """Show the use of both storage areas, each figure with its age."""
        from ..domain.quota import QuotaStatus
        from .storage import Storage

        return Storage(QuotaStatus.model_validate(self._session.call("quota").answer), self.lang)

    def export_panel(self) -> ExportPanel:
        """Show the export panel: choose files, see findings, price and date, fill the form, propose to the leader.

        One panel per notebook: showing it again shows the same one, up to date. It continues with your newest draft.
        """
        from .live import EventFeed, kernel_schedule
        from .panel.view import ExportPanel

        if self._feed is None:
            self._feed = EventFeed(self._session)
        if self._panel is None:
            self._panel = ExportPanel(self._session, self._feed, kernel_schedule())
        else:
            self._panel.reload()
        return self._panel

    def close(self) -> None:
        """Close the connections and the panel; the next call opens them again."""
        if self._feed is not None:
            self._feed.close()
        if self._panel is not None:
            self._panel.close()
        self._feed = self._panel = None
        self._session.close()

    def _read(self, reply: Reply) -> pa.Table:
        from .result import read_arrow

        try:
            return read_arrow(reply)
        except Internal as error:
            raise readable(error, self.lang) from None

    def __repr__(self) -> str:
        from .words import role_name

        who = self.principal
        return f"Workspace({who.project} · {who.name} · {role_name(who.role, self.lang)})"


def _pointed_at(error: CbsError, texts: Sequence[str | None]) -> str | None:
    """Give the one expression a position can lie in; None where it could be several, because a wrong caret misleads."""
    if error.position is None:
        return None
    line, column = error.position.line, error.position.column
    fitting = []
    for text in texts:
        lines = (text or "").splitlines()
        # a bare name has no syntax to be wrong
        if text and not text.isidentifier() and line <= len(lines) and column <= len(lines[line - 1]) + 1:
            fitting.append(text)
    return fitting[0] if len(fitting) == 1 else None


def _names(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _levels(levels: Any) -> Any:
    """Give a hierarchy as it is sent: a column, columns or lengths, or subtotals with their codes."""
    if isinstance(levels, str):
        return levels
    return {label: [*codes] for label, codes in levels.items()} if isinstance(levels, Mapping) else list(levels)


def _dataset(answer: dict[str, Any]) -> Any:
    from ..domain.dataset import Dataset

    return Dataset.model_validate(answer)
