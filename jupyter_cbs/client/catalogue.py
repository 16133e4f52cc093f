"""The catalogue in a notebook: data sets by theme, variables with labels and codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..domain.dataset import Dataset, DatasetSummary, Variable, VariableRole
from . import markup
from .language import number, pick

if TYPE_CHECKING:
    import pandas

COLUMNS = ("name", "topic", "theme", "year", "version", "rows", "columns", "period")
SHOWN_CODES = 8

ROLES: dict[VariableRole, tuple[str, str]] = {
    VariableRole.IDENTIFIER: ("never exported", "verlaat nooit de omgeving"),
    VariableRole.INSTITUTION: ("names an institution", "noemt een instelling"),
    VariableRole.QUASI: ("indirectly identifying", "indirect identificerend"),
    VariableRole.SENSITIVE: ("sensitive", "gevoelig"),
    VariableRole.MEASURE: ("measure", "meetwaarde"),
}


class Listing:
    """Granted data sets, all or those that match a search.

    Parameters
    ----------
    datasets : sequence of DatasetSummary
        Rows of the listing.
    query : str
        What was searched for; empty for everything.
    lang : str
        Language of the display.
    """

    def __init__(self, datasets: Sequence[DatasetSummary], query: str, lang: str) -> None:
        self.datasets = tuple(datasets)
        self.query = query
        self._lang = lang

    def df(self) -> pandas.DataFrame:
        """Give the listing as a data frame with the columns name, topic, theme, year, version, rows, columns, period."""
        import pandas

        rows = [[getattr(dataset, column) for column in COLUMNS] for dataset in self.datasets]
        frame = pandas.DataFrame(rows, columns=list(COLUMNS))
        return frame.astype({"year": "Int64", "version": "Int64", "rows": "int64", "columns": "int64"})

    def search(self, text: str) -> Listing:
        """Give the data sets among these whose name, topic, title or theme contains ``text``."""
        wanted = text.casefold().split()
        kept = [d for d in self.datasets if all(word in f"{d.name} {d.topic} {d.title} {d.theme} {d.year}".casefold() for word in wanted)]
        return Listing(kept, text, self._lang)

    def __len__(self) -> int:
        return len(self.datasets)

    def __repr__(self) -> str:
        if not self.datasets:
            return self._nothing()
        width = max(len(d.name) for d in self.datasets)
        lines, theme = [], None
        for dataset in self._sorted():
            if dataset.theme != theme:
                theme = dataset.theme
                lines.append(theme)
            lines.append(f"  {dataset.name:<{width}}  {number(dataset.rows, self._lang):>12}  {dataset.title}")
        return "\n".join(lines)

    def _sorted(self) -> list[DatasetSummary]:
        return sorted(self.datasets, key=lambda d: (d.theme, d.topic, -(d.year or 0), -(d.version or 0), d.name))

    def _nothing(self) -> str:
        if self.query:
            return pick(self._lang, f"No granted data set matches '{self.query}'.", f"Geen toegekend bestand voldoet aan '{self.query}'.")
        return pick(
            self._lang,
            "No data sets are granted to this project. The project leader applies for them at CBS.",
            "Aan dit project zijn geen bestanden toegekend. De projectleider vraagt ze aan bij het CBS.",
        )

    def html(self) -> str:
        """Give the listing as one table, so that its columns stand below one another; every theme has a row that names it."""
        lang = self._lang
        if not self.datasets:
            return markup.block(markup.quiet(self._nothing()))
        heads = pick(lang, "data set|title|year|version|rows|columns|period", "bestand|titel|jaar|versie|rijen|kolommen|periode").split("|")
        right = (False, False, True, True, True, True, False)
        head = markup.row("".join(markup.cell(h, tag="th", right=r, extra=' scope="col"') for h, r in zip(heads, right, strict=True)))
        rows = ""
        ordered = self._sorted()
        for theme in dict.fromkeys(d.theme for d in ordered):
            rows += markup.row(markup.cell(markup.esc(theme), tag="th", extra=f' colspan="{len(heads)}" scope="rowgroup"', style="padding-top:10px"))
            for d in (d for d in ordered if d.theme == theme):
                newest = f" {markup.chip(pick(lang, 'newest', 'nieuwste'), 'info', d.topic)}" if d.newest else ""
                cells = [f"<code>{markup.esc(d.name)}</code>{newest}", markup.esc(d.title)]
                cells += ["" if v is None else str(v) for v in (d.year, d.version)]
                cells += [number(d.rows, lang), number(d.columns, lang), markup.esc(d.period)]
                rows += markup.row("".join(markup.cell(c, right=r) for c, r in zip(cells, right, strict=True)))
        count = len(self.datasets)
        word = pick(lang, "data set" if count == 1 else "data sets", "bestand" if count == 1 else "bestanden")
        label = pick(lang, "granted data sets", "toegekende bestanden")
        return markup.block(f'<div style="overflow-x:auto">{markup.table(head, rows, label)}</div>{markup.quiet(f"{count} {word}")}')

    def widget(self) -> object:
        """Give the listing with a search box (ipywidgets)."""
        import ipywidgets

        lang = self._lang
        box = ipywidgets.Text(
            value="",
            placeholder=pick(lang, "Search data sets, topics and titles", "Zoek bestanden, onderwerpen en titels"),
            description=pick(lang, "Search", "Zoeken"),
            continuous_update=True,
            tooltip=pick(lang, "Search the granted data sets", "Zoek in de toegekende bestanden"),
            style={"description_width": "initial"},
            layout={"width": "420px", "max_width": "100%"},
        )
        shown = ipywidgets.HTML(self.html())

        def update(change: dict[str, str]) -> None:
            shown.value = (self.search(change["new"]) if change["new"].strip() else self).html()

        box.observe(update, names="value")
        whole = ipywidgets.VBox([box, shown])
        whole.add_class("jp-cbs-Listing")  # the front end gives it the font of the page
        return whole

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        from .progress import in_notebook

        bundle: dict[str, object] = {}
        if in_notebook() and self.datasets:
            # first the widget with its search box; a saved notebook without it falls back on the HTML
            shown: dict[str, object] = self.widget()._repr_mimebundle_()  # type: ignore[attr-defined]  # widgets have no types
            bundle |= shown
        return bundle | {"text/html": self.html(), "text/plain": repr(self)}


class DatasetView:
    """One data set and its variables.

    Parameters
    ----------
    dataset : Dataset
        What the broker knows of it.
    lang : str
        Language of the display.
    """

    def __init__(self, dataset: Dataset, lang: str) -> None:
        self.dataset = dataset
        self._lang = lang

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The data set's columns."""
        return self.dataset.variables

    def codes(self, variable: str) -> dict[str, str]:
        """Give the code list of one variable, code → label.

        Raises
        ------
        NotFound
            If the data set has no such variable; with the nearest names.
        """
        for found in self.variables:
            if found.name.casefold() == variable.casefold():
                return dict(found.codes)
        from difflib import get_close_matches

        from ..domain.errors import NotFound
        from ..domain.text import Text
        from .errors import readable

        names = [v.name for v in self.variables]
        raise readable(
            NotFound(
                "unknown_variable",
                Text(en=f"{self.dataset.name} has no variable '{variable}'.", nl=f"{self.dataset.name} heeft geen variabele '{variable}'."),
                suggestions=tuple(get_close_matches(variable.upper(), names, 3, 0.4)),
            ),
            self._lang,
        )

    def df(self) -> pandas.DataFrame:
        """Give the variables as a data frame: name, label, type, role, unit, codes (a dict)."""
        import pandas

        rows = [(v.name, v.label, v.type, v.role.value, v.unit, dict(v.codes)) for v in self.variables]
        return pandas.DataFrame(rows, columns=["name", "label", "type", "role", "unit", "codes"])

    def __repr__(self) -> str:
        d = self.dataset
        lines = [f"{d.name} – {d.title}", self._facts()]
        width = max((len(v.name) for v in d.variables), default=0)
        lines += [f"  {v.name:<{width}}  {v.type:<10} {pick(self._lang, *ROLES[v.role])}  {v.label}" for v in d.variables]
        return "\n".join(lines)

    def _facts(self) -> str:
        d, lang = self.dataset, self._lang
        parts = [d.theme, f"{number(d.rows, lang)} {pick(lang, 'rows', 'rijen')}", d.period, d.population]
        parts.append(pick(lang, f"one row is one {d.unit}" if d.max_rows_per_unit == 1 else f"unit: {d.unit}", f"eenheid: {d.unit}"))
        return " · ".join(p for p in parts if p)

    def _repr_html_(self) -> str:
        d, lang = self.dataset, self._lang
        heads = pick(lang, "variable|label|type|role|codes", "variabele|label|type|rol|codes").split("|")
        head = markup.row("".join(markup.cell(h, tag="th", extra=' scope="col"') for h in heads))
        body = ""
        for v in d.variables:
            role = markup.chip(pick(lang, *ROLES[v.role]), "bad" if v.role is VariableRole.IDENTIFIER else "plain")
            label = markup.esc(v.label) + (f" ({markup.esc(v.unit)})" if v.unit else "")
            cells = [f"<code>{markup.esc(v.name)}</code>", label, markup.esc(v.type), role, self._codes(v)]
            body += markup.row("".join(markup.cell(c) for c in cells))
        title = f'<div style="font-weight:600"><code>{markup.esc(d.name)}</code> {markup.esc(d.title)}</div>'
        return markup.block(title + markup.quiet(self._facts()) + markup.table(head, body, d.name))

    def _codes(self, variable: Variable) -> str:
        codes = [f"<code>{markup.esc(code)}</code> {markup.esc(label)}" for code, label in variable.codes.items()]
        few = ", ".join(codes[:SHOWN_CODES])
        if len(codes) <= SHOWN_CODES:
            return few
        more = pick(self._lang, f"{len(codes) - SHOWN_CODES} more", f"nog {len(codes) - SHOWN_CODES}")
        return f"{few} <details><summary>{more}</summary>{', '.join(codes[SHOWN_CODES:])}</details>"
