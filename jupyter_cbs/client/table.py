"""Tables with evidence in a notebook: shown with their findings, suppressed, written and plotted."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..domain.errors import Invalid
from ..domain.evidence import Dimension, TableMeta
from ..domain.finding import CellFinding, Status
from ..domain.grid import TOTAL, Layout, grid_positions, render_grid
from ..domain.text import Text
from .errors import readable
from .files import workspace_path
from .language import pick
from .table_html import table_html, table_text
from .writing import write_csv, write_xlsx

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes


class Table:
    """A table whose cells were judged by the workspace.

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
    """

    def __init__(self, meta: TableMeta, frame: pa.Table, lang: str, hidden: Collection[int] = ()) -> None:
        self.meta = meta
        self.frame = frame
        self.hidden = frozenset(hidden)
        self._lang = lang

    @property
    def findings(self) -> tuple[CellFinding, ...]:
        """Why cells are not safe; those of blanked cells are left out."""
        return tuple(f for f in self.meta.findings if f.row not in self.hidden)

    @property
    def status(self) -> Status:
        """The worst verdict of what is visible."""
        return Status.worst([f.status for f in self.findings])

    def suppress(self) -> Table:
        """Give the table with its unsafe cells blanked, and those others that would give them away by subtraction.

        Doing it again changes nothing; :meth:`undo` gives the table as it was.
        """
        return Table(self.meta, self.frame, self._lang, self.hidden | set(self.meta.hidden))

    def undo(self) -> Table:
        """Give the table with nothing blanked."""
        return Table(self.meta, self.frame, self._lang)

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
        parts = [pick(lang, f"Written to {where}: {cells} cells", f"Geschreven naar {where}: {cells} cellen")]
        if self.hidden:
            parts.append(pick(lang, f"{len(self.hidden)} blanked", f"{len(self.hidden)} onderdrukt"))
        print(", ".join(parts) + ".")
        unsafe = sum(f.status is Status.UNSAFE for f in self.findings)
        if unsafe:
            en = f"{unsafe} unsafe {'cell is' if unsafe == 1 else 'cells are'} in it. Use .suppress() before writing what is to leave."
            cells_nl = "staat 1 onveilige cel" if unsafe == 1 else f"staan {unsafe} onveilige cellen"
            print(f"✕ {pick(lang, en, f'Er {cells_nl} in. Gebruik .suppress() voordat u schrijft wat naar buiten gaat.')}")

    def _repr_html_(self) -> str:
        return table_html(self.meta, self.frame, self.hidden, self._lang)

    def __repr__(self) -> str:
        return table_text(self.meta, self.frame, self.hidden, self._lang)


def _index(dimensions: tuple[Dimension, ...], otherwise: str) -> Any:
    import pandas

    levels = [[c.label for c in d.categories] + [TOTAL] for d in dimensions]
    names = [d.label for d in dimensions]
    if not dimensions:
        return pandas.Index([otherwise])
    if len(dimensions) == 1:
        return pandas.Index(levels[0], name=names[0])
    return pandas.MultiIndex.from_product(levels, names=names)
