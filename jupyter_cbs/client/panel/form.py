"""The form's fields as widgets; reads and fills :class:`~jupyter_cbs.domain.export.ExportForm`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from ...domain.export import ExportForm, FormFile
from .. import markup
from ..language import pick

WIDE = {"width": "auto", "max_width": "760px"}
LABEL = {"description_width": "220px"}
BESIDE_LABEL = "2px 2px 2px 230px"
"""Margin that puts what has no label below the fields: a label, the gap after it, and the margin of every widget."""
UNITS = (
    ("", "", ""),
    ("person", "person", "persoon"),
    ("household", "household", "huishouden"),
    ("business", "business", "bedrijf"),
    ("institution", "institution", "instelling"),
)

_TEXTS = {
    "purpose": ("Purpose", "Doel", "Publication, thesis, presentation …", "Publicatie, proefschrift, presentatie …", 1),
    "description": ("Description", "Omschrijving", "What the output shows, in a few lines", "Wat de uitvoer laat zien, in enkele regels", 3),
    "secondary_disclosure": (
        "Secondary disclosure",
        "Secundaire onthulling",
        "How you checked that nothing follows by subtraction",
        "Hoe u hebt nagegaan dat niets door aftrekken volgt",
        2,
    ),
    "relation_to_earlier": ("Relation to earlier output", "Relatie met eerdere uitvoer", "None, or which request", "Geen, of welke aanvraag", 1),
    "external_labels": (
        "Labels of own data",
        "Labels van eigen data",
        "Meaning of variables you brought in",
        "Betekenis van variabelen die u inbracht",
        2,
    ),
}
_FILE_TEXTS = {
    "shows": ("What it shows", "Wat het laat zien", "One line", "Eén regel"),
    "population": ("Population and selection", "Populatie en selectie", "Persons aged 18–64 in 2023", "Personen van 18–64 jaar in 2023"),
    "sources": ("Source files", "Bronbestanden", "GBAPERSOON2023TABV1, …", "GBAPERSOON2023TABV1, …"),
    "unweighted_n": ("Where the unweighted n stands", "Waar de ongewogen n staat", "Column n", "Kolom n"),
}


class FormFields(ipywidgets.VBox):
    """The form; tells ``changed`` about every edit of the reader, not about what is filled in by code.

    Parameters
    ----------
    lang : str
        Language of labels.
    changed : callable
        Called after an edit.
    """

    def __init__(self, lang: str, changed: Callable[[], None]) -> None:
        self._lang = lang
        self._changed = changed
        self._filling = False
        self._texts = {name: self._text(*words) for name, words in _TEXTS.items()}
        self._institutions = self._checkbox("Shows figures of institutions", "Toont cijfers van instellingen")
        self._file_fields: dict[str, dict[str, Any]] = {}
        # all below one another: the heading of an accordion cannot be reached with the keyboard
        self._files = ipywidgets.VBox(layout=WIDE)
        super().__init__([*self._texts.values(), self._institutions, self._files])

    def read(self) -> ExportForm:
        """Give what is filled in."""
        files = tuple(
            FormFile(
                path=path,
                sources=tuple(s.strip() for s in fields["sources"].value.split(",") if s.strip()),
                **{name: fields[name].value.strip() for name in ("shows", "population", "unit", "unweighted_n")},
                weighted=fields["weighted"].value,
            )
            for path, fields in self._file_fields.items()
        )
        texts = {name: widget.value.strip() for name, widget in self._texts.items()}
        return ExportForm(**texts, institutions=self._institutions.value, files=files)

    def fill(self, form: ExportForm) -> None:
        """Show a form; its files replace those shown."""
        self._filling = True
        try:
            for name, widget in self._texts.items():
                widget.value = getattr(form, name)
            self._institutions.value = form.institutions
            self._file_fields = {}
            self._show_files({file.path: file for file in form.files})
        finally:
            self._filling = False

    def set_files(self, names: dict[str, str]) -> None:
        """Ask for these files: path → name in the delivery. What was filled in for a file that stays, stays."""
        if list(names) == list(self._file_fields):
            return
        known = {file.path: file for file in self.read().files}
        self._filling = True
        try:
            self._show_files({path: known.get(path, FormFile(path=path)) for path in names}, names)
        finally:
            self._filling = False

    def enable(self, on: bool) -> None:
        """Open or close all fields."""
        fields = [*self._texts.values(), self._institutions]
        for widget in [*fields, *(w for file in self._file_fields.values() for w in file.values())]:
            widget.disabled = not on

    def _show_files(self, files: dict[str, FormFile], names: dict[str, str] | None = None) -> None:
        self._file_fields = {path: self._fields_of(file) for path, file in files.items()}
        titles = names or {}
        self._files.children = [
            ipywidgets.VBox([ipywidgets.HTML(_heading(titles.get(path, path))), *fields.values()]) for path, fields in self._file_fields.items()
        ]

    def _fields_of(self, file: FormFile) -> dict[str, Any]:
        fields: dict[str, Any] = {name: self._text(*words, 1) for name, words in _FILE_TEXTS.items()}
        fields["shows"].value, fields["population"].value = file.shows, file.population
        fields["sources"].value, fields["unweighted_n"].value = ", ".join(file.sources), file.unweighted_n
        label = pick(self._lang, "Unit", "Eenheid")
        units = [(pick(self._lang, en, nl), value) for value, en, nl in UNITS]
        fields["unit"] = ipywidgets.Dropdown(options=units, description=label, tooltip=label, style=LABEL, layout=WIDE)
        if file.unit in [value for _, value in units]:
            fields["unit"].value = file.unit
        fields["weighted"] = self._checkbox("Figures are weighted", "Cijfers zijn gewogen")
        fields["weighted"].value = file.weighted
        fields["unit"].observe(self._edited, names="value")
        return fields

    def _text(self, en: str, nl: str, hint_en: str, hint_nl: str, rows: int) -> Any:
        label, hint = pick(self._lang, en, nl), pick(self._lang, hint_en, hint_nl)
        kind = ipywidgets.Text if rows == 1 else ipywidgets.Textarea
        more = {} if rows == 1 else {"rows": rows}
        widget = kind(description=label, placeholder=hint, tooltip=f"{label}: {hint}", continuous_update=False, style=LABEL, layout=WIDE, **more)
        widget.observe(self._edited, names="value")
        return widget

    def _checkbox(self, en: str, nl: str) -> Any:
        label = pick(self._lang, en, nl)
        widget = ipywidgets.Checkbox(description=label, tooltip=label, indent=False, layout={"width": "auto", "margin": BESIDE_LABEL})
        widget.observe(self._edited, names="value")
        return widget

    def _edited(self, change: object) -> None:
        if not self._filling:
            self._changed()


def _heading(name: str) -> str:
    style = f"font-weight:600;margin:10px 0 2px;padding-top:8px;border-top:{markup.LINE};{markup.FONT}"
    return f'<div role="heading" aria-level="4" style="{style}">{markup.esc(name)}</div>'
