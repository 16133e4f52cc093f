"""Tables with evidence in a notebook: shown with their findings, suppressed, written and plotted."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
from pydantic import ValidationError

from ..domain.errors import Invalid
from ..domain.evidence import Dimension, TableMeta
from ..domain.finding import CellFinding, Status
from ..domain.gateway import ProtectQuery
from ..domain.grid import TOTAL, Layout, grid_positions, render_grid
from ..domain.text import Text
from ..domain.validation import explain
from . import markup
from .connection import Progress
from .errors import readable
from .files import workspace_path
from .interrupt import InterruptNote
from .language import number, pick
from .progress import ProgressDisplay, in_notebook
from .table_html import table_html, table_text
from .writing import write_csv, write_xlsx

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

    from .table_display import TableDisplay

Method = Literal["suppress", "round", "merge"]
Protector = Callable[[ProtectQuery, InterruptNote | None, Progress | None], tuple[TableMeta, pa.Table]]
"""Has the broker protect a table; gives what became of it."""


class Table:
    """A table whose cells were judged by the workspace.

    In a notebook it is shown with buttons that suppress, merge, round and undo. A button changes the table it is shown with, so
    what is written or plotted afterwards is what is on the screen.

    Parameters
    ----------
    meta : TableMeta
        Labels, findings and what to hide.
    frame : pyarrow.Table
        Judged evidence frame, one row per cell and margin (:mod:`jupyter_cbs.domain.evidence`).
    lang : str
        Language of the display.
    hidden : collection of int
        Rows of the frame that are blanked.
    protector : callable, optional
        Has the workspace protect the table; without it only :meth:`suppress` is there.
    before : Table, optional
        The table as it was before the last step.
    """

    def __init__(
        self,
        meta: TableMeta,
        frame: pa.Table,
        lang: str,
        hidden: Collection[int] = (),
        *,
        protector: Protector | None = None,
        before: Table | None = None,
    ) -> None:
        self.meta = meta
        self.frame = frame
        self.hidden = frozenset(hidden)
        self._lang = lang
        self._protector = protector
        self._before = before
        self._displays: weakref.WeakSet[TableDisplay] = weakref.WeakSet()

    @property
    def findings(self) -> tuple[CellFinding, ...]:
        """Why cells are not safe; those of blanked cells are left out."""
        return tuple(f for f in self.meta.findings if f.row not in self.hidden)

    @property
    def status(self) -> Status:
        """The worst verdict of what is visible."""
        return Status.worst([f.status for f in self.findings])

    @property
    def lang(self) -> str:
        """Language of the display."""
        return self._lang

    @property
    def changed(self) -> bool:
        """Whether there is a step to undo."""
        return self._before is not None

    def suppress(self) -> Table:
        """Give the table with its unsafe cells blanked, and those others that would give them away by subtraction.

        Doing it again changes nothing; :meth:`undo` gives the table as it was.
        """
        hidden = self.hidden | set(self.meta.hidden)
        return self if hidden == self.hidden else self._after(self.meta, self.frame, hidden)

    def protect(
        self, method: Method = "suppress", *, base: int | None = None, merge: Mapping[str, Mapping[str, Collection[str]]] | None = None
    ) -> Table:
        """Give the table made safe by the workspace, which attacks the result and says what that proved.

        Parameters
        ----------
        method : {'suppress', 'round', 'merge'}
            Blank unsafe cells and those that would give them away; round every cell so that the table still adds up; or make the
            table again with merged categories.
        base : int, optional
            Rounding base; by default the least that protects.
        merge : mapping, optional
            Dimension name → label → codes that become one category; by default what the findings propose.

        Returns
        -------
        Table
            A new one; :meth:`undo` gives this one back.

        Raises
        ------
        Conflict
            If nothing is unsafe, or no such protection exists.
        Invalid
            If the method, base or categories are none of this table's.
        NotFound
            If the workspace no longer has the table, or one of its data sets is no longer granted.
        """
        if method not in ("suppress", "round", "merge"):
            raise readable(
                Invalid(
                    "bad_method",
                    Text(en=f"There is no protection '{method}'.", nl=f"Er is geen bescherming '{method}'."),
                    Text(en="Use 'suppress', 'round' or 'merge'.", nl="Gebruik 'suppress', 'round' of 'merge'."),
                ),
                self._lang,
            )
        progress = ProgressDisplay(pick(self._lang, "Protection", "Bescherming"), self._lang)
        try:
            return self.protected(self.query(method, base, merge), None, progress)
        finally:
            progress.close()

    def query(self, method: Method, base: int | None = None, merge: Mapping[str, Mapping[str, Collection[str]]] | None = None) -> ProtectQuery:
        """Give the question that :meth:`protect` asks."""
        chosen = None if merge is None else {name: {label: tuple(codes) for label, codes in groups.items()} for name, groups in merge.items()}
        try:
            return ProtectQuery(fingerprint=self.meta.fingerprint, method=method, base=base, merge=chosen)
        except ValidationError as error:
            raise readable(Invalid("bad_protection", *explain(error.errors()[0])), self._lang) from None

    def protected(self, query: ProtectQuery, note: InterruptNote | None = None, progress: Progress | None = None) -> Table:
        """Ask for a protection; from another thread with a note that stops it. Raises as :meth:`protect`."""
        if self._protector is None:
            raise readable(
                Invalid(
                    "no_workspace",
                    Text(en="This table is not connected to a workspace.", nl="Deze tabel is niet verbonden met een werkomgeving."),
                    Text(en="Make it with ws.table().", nl="Maak haar met ws.table()."),
                ),
                self._lang,
            )
        meta, frame = self._protector(query, note, progress)
        return self._after(meta, frame, frozenset(meta.hidden))

    def undo(self) -> Table:
        """Give the table as it was before the last step; the table itself when nothing was done."""
        return self if self._before is None else self._before

    def become(self, other: Table) -> None:
        """Take over what another version of this table shows, and the steps that led there; every display follows."""
        self.meta, self.frame, self.hidden, self._before = other.meta, other.frame, other.hidden, other._before
        for display in list(self._displays):
            display.refresh()

    def follow(self, display: TableDisplay) -> None:
        """Have a display redrawn whenever this table becomes another; for as long as somebody holds it."""
        self._displays.add(display)

    def _after(self, meta: TableMeta, frame: pa.Table, hidden: Collection[int]) -> Table:
        # a copy, because a button may change this very table
        before = Table(self.meta, self.frame, self._lang, self.hidden, protector=self._protector, before=self._before)
        return Table(meta, frame, self._lang, hidden, protector=self._protector, before=before)

    def df(self) -> pandas.DataFrame:
        """Give the values as a data frame shaped like the table, totals last and labelled ``total``.

        Several dimensions on one side become a MultiIndex. Blanked and empty cells are missing.
        """
        import pandas

        layout = Layout.of(self.meta)
        height, width = layout.height - layout.header_rows, layout.width - layout.label_columns
        values: list[list[float | None]] = [[None] * width for _ in range(height)]
        column = self.frame.column("value").to_pylist()
        for row, position in enumerate(grid_positions(self.meta, self.frame)):
            if position is not None and row not in self.hidden:
                values[position[0] - layout.header_rows][position[1] - layout.label_columns] = column[row]
        frame = pandas.DataFrame(
            values, index=_index(layout.down, self.meta.value_label), columns=_index(layout.across, self.meta.value_label), dtype="Float64"
        )
        return frame.astype("Int64" if self.meta.statistic == "count" and not self.meta.spec.weight else "float64")

    def grid(self) -> list[list[str]]:
        """Give the table as rows of strings, exactly as :meth:`to_csv` writes it."""
        return render_grid(self.meta, self.frame, self.hidden)

    def to_csv(self, path: str | Path) -> None:
        """Write the visible values as CSV (UTF-8, comma); says where, and what is still unsafe.

        Raises
        ------
        Invalid
            If the file cannot be written there; what was there is untouched.
        """
        write_csv(self.grid(), Path(path), self._lang)
        self._say(Path(path))

    def to_xlsx(self, path: str | Path) -> None:
        """Write the visible values as one sheet of a workbook, without names or other metadata; says where.

        Raises
        ------
        Invalid
            If the file cannot be written there; what was there is untouched.
        """
        layout = Layout.of(self.meta)
        write_xlsx(self.grid(), Path(path), self._lang, layout.header_rows, layout.label_columns)
        self._say(Path(path))

    def plot(self, kind: str | None = None, ax: Axes | None = None) -> Axes:
        """Draw the safe cells; what is unsafe, to be reviewed or blanked is left out, and so are totals.

        Parameters
        ----------
        kind : {'bar', 'heat'}, optional
            By default bars, and a heat map when both sides have many categories.
        ax : matplotlib Axes, optional
            Where to draw; a new figure otherwise.

        Raises
        ------
        Invalid
            If no cell is safe, or the kind is unknown.
        """
        from .plotting import draw

        if kind not in (None, "bar", "heat"):
            raise readable(
                Invalid(
                    "bad_kind",
                    Text(en=f"There is no plot '{kind}'.", nl=f"Er is geen grafiek '{kind}'."),
                    Text(en="Use 'bar' or 'heat'.", nl="Gebruik 'bar' of 'heat'."),
                ),
                self._lang,
            )
        return draw(self.meta, self.frame, self.hidden, self._lang, kind, ax)

    def _say(self, path: Path) -> None:
        lang = self._lang
        try:
            where = workspace_path(path)
        except Invalid:
            where = pick(
                lang,
                f"{path} (outside shared/ and personal/: it cannot be exported from there)",
                f"{path} (buiten shared/ en personal/: kan daar niet worden uitgevoerd)",
            )
        cells = sum(bool(text) for row in self.grid() for text in row)
        parts = [pick(lang, f"Written to {where}: {number(cells, lang)} cells", f"Geschreven naar {where}: {number(cells, lang)} cellen")]
        if self.hidden:
            parts.append(pick(lang, f"{number(len(self.hidden), lang)} blanked", f"{number(len(self.hidden), lang)} onderdrukt"))
        print(", ".join(parts) + ".")
        unsafe = sum(f.status is Status.UNSAFE for f in self.findings)
        if unsafe:
            en = f"{unsafe} unsafe {'cell is' if unsafe == 1 else 'cells are'} in it. Use .suppress() before writing what is to leave."
            cells_nl = "staat 1 onveilige cel" if unsafe == 1 else f"staan {unsafe} onveilige cellen"
            print(f"✕ {pick(lang, en, f'Er {cells_nl} in. Gebruik .suppress() voordat u schrijft wat naar buiten gaat.')}")

    def _ipython_display_(self) -> None:
        if in_notebook():
            from .table_display import TableDisplay

            TableDisplay(self)
        else:
            print(self)

    def _repr_html_(self) -> str:
        return table_html(self.meta, self.frame, self.hidden, self._lang)

    def __repr__(self) -> str:
        return table_text(self.meta, self.frame, self.hidden, self._lang)


class Tables(list[Table]):
    """Tables of one statement: a list that a notebook shows one below the other, each with its place in the list."""

    def _ipython_display_(self) -> None:
        if not in_notebook():
            print(self)
            return
        from IPython.display import HTML, display

        for place, table in enumerate(self):
            display(HTML(markup.block(markup.quiet(f"[{place}]"))))
            table._ipython_display_()

    def __repr__(self) -> str:
        return "\n\n".join(f"[{place}]\n{table!r}" for place, table in enumerate(self))


def _index(dimensions: tuple[Dimension, ...], otherwise: str) -> Any:
    import pandas

    levels = [[c.label for c in d.categories] + [TOTAL] for d in dimensions]
    names = [d.label for d in dimensions]
    if not dimensions:
        return pandas.Index([otherwise])
    if len(dimensions) == 1:
        return pandas.Index(levels[0], name=names[0])
    return pandas.MultiIndex.from_product(levels, names=names)
