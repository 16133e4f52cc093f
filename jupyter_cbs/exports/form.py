"""The output control form: an unofficial template, the official one is not public (design: exports, Form)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from jupyter_cbs.domain.export import ExportForm, ExportRequest, FormFile
from jupyter_cbs.domain.money import format_euros
from jupyter_cbs.domain.text import Text

from .detect import suffix_of
from .intake import RESERVED_NAMES

TEXT_NAME: Final = RESERVED_NAMES[0]
"""Name of the form as text in a delivery."""

JSON_NAME: Final = RESERVED_NAMES[1]
"""Name of the form for programs in a delivery."""

_UNITS: Final = {"person": "persoon", "household": "huishouden", "business": "bedrijf", "institution": "instelling"}
"""Dutch of what is counted; anything else stands as it was written."""

_CODE: Final = (".py", ".r", ".do", ".sps", ".sql")


@dataclass(frozen=True)
class FormContext:
    """What the form says beside the request itself.

    Parameters
    ----------
    project, project_title, institution
        The project.
    submitter
        Display name of who submits; empty before that.
    written_on
        Date on the form.
    """

    project: str
    project_title: str
    institution: str
    submitter: str
    written_on: date


def missing(form: ExportForm, names: Sequence[str]) -> tuple[Text, ...]:
    """Give what must still be answered before the request can be proposed.

    Mandatory is what a checker cannot do without: what each file shows; for results also whom they are about (the unit);
    and once, how secondary disclosure was checked, when there is a result at all. The form itself is never among the files.

    Parameters
    ----------
    form : ExportForm
        The answers.
    names : sequence of str
        Files that would be delivered, by the path or the name the form knows them by.
    """
    wanted = [name for name in names if name.rsplit("/", 1)[-1] not in RESERVED_NAMES]
    if not wanted:
        return (Text(en="Choose at least one file that may leave.", nl="Kies ten minste één bestand dat naar buiten mag."),)
    questions: list[Text] = []
    results = False
    for name in wanted:
        said = described(form, name)
        short = name.rsplit("/", 1)[-1]
        code = suffix_of(name) in (*_CODE, ".ipynb")
        results = results or not code
        if said is None or not said.shows.strip():
            questions.append(Text(en=f"Say in one line what {short} shows.", nl=f"Schrijf in één regel wat {short} laat zien."))
        if not code and (said is None or not said.unit.strip()):
            questions.append(
                Text(
                    en=f"Say what is counted in {short}: persons, households, businesses or institutions.",
                    nl=f"Schrijf wat er in {short} is geteld: personen, huishoudens, bedrijven of instellingen.",
                )
            )
    if results and not form.secondary_disclosure.strip():
        questions.append(
            Text(
                en="Say how you checked that no hidden cell follows from other figures (secondary disclosure).",
                nl="Schrijf hoe u hebt nagegaan dat geen verborgen cel uit andere cijfers volgt (secundaire onthulling).",
            )
        )
    return tuple(questions)


def described(form: ExportForm, name: str) -> FormFile | None:
    """Give what the form says of a file: by its path, or by its name where only one entry has it."""
    for entry in form.files:
        if entry.path == name:
            return entry
    short = name.rsplit("/", 1)[-1].rsplit("!", 1)[-1]
    same = [entry for entry in form.files if entry.path.rsplit("/", 1)[-1].rsplit("!", 1)[-1] == short]
    return same[0] if len(same) == 1 and "/" not in name else None


def render(request: ExportRequest, context: FormContext, lang: str = "en") -> str:
    """Write the form as text, in Dutch or English.

    Answers of several lines are indented, so that no answer can pass for a heading of the form.
    """
    dutch = lang.lower().startswith("nl")

    def pick(en: str, nl: str) -> str:
        return nl if dutch else en

    def yes(value: bool) -> str:
        return pick("yes", "ja") if value else pick("no", "nee")

    form = request.form
    lines = [
        pick("OUTPUT CONTROL FORM", "OUTPUTCONTROLEFORMULIER"),
        pick("Unofficial template: the official form is not public.", "Onofficieel model: het officiële formulier is niet openbaar."),
        "",
    ]

    def say(label: str, value: str) -> None:
        first, *more = (value.strip() or "-").splitlines() or ["-"]
        lines.append(f"{label}: {first}")
        lines.extend(f"    {line}" for line in more)

    def head(title: str) -> None:
        lines.extend(("", title, "-" * len(title)))

    say(pick("Project", "Project"), f"{context.project} {context.project_title}")
    say(pick("Institution", "Instelling"), context.institution)
    say(pick("Request", "Aanvraag"), f"{request.title} ({request.id}, {pick('round', 'ronde')} {request.round})")
    say(pick("Submitted by", "Ingediend door"), context.submitter)
    say(pick("Date", "Datum"), context.written_on.isoformat())
    say(pick("Class", "Klasse"), _class_name(request.export_class).say(lang))
    say(pick("Price", "Prijs"), format_euros(request.price_cents, lang) if request.price_cents is not None else pick("not known", "niet bekend"))

    head(pick("About the whole", "Over het geheel"))
    say(pick("Purpose", "Doel"), form.purpose)
    say(pick("Description", "Omschrijving"), form.description)
    say(pick("How secondary disclosure was checked", "Hoe op secundaire onthulling is gecontroleerd"), form.secondary_disclosure)
    say(pick("Relation to earlier output", "Relatie met eerdere uitvoer"), form.relation_to_earlier)
    say(pick("Broken down by institution", "Uitgesplitst naar instelling"), yes(form.institutions))
    say(pick("Labels of external variables", "Labels van externe variabelen"), form.external_labels)

    for number, (name, source) in enumerate(_delivered(request), 1):
        said = described(form, source) or FormFile(path=source)
        head(f"{pick('File', 'Bestand')} {number}: {name}")
        say(pick("Shows", "Laat zien"), said.shows)
        say(pick("Population and selection", "Populatie en selectie"), said.population)
        say(pick("Source files", "Bronbestanden"), ", ".join(said.sources))
        say(pick("Unit", "Eenheid"), pick(said.unit, _UNITS.get(said.unit, said.unit)))
        say(pick("Weighted", "Gewogen"), yes(said.weighted))
        say(pick("Unweighted n", "Ongewogen n"), said.unweighted_n)
    return "\n".join(lines) + "\n"


def as_json(request: ExportRequest, context: FormContext) -> bytes:
    """Write the form for programs: UTF-8, keys sorted."""
    value: dict[str, Any] = {
        "template": "unofficial",
        "project": {"number": context.project, "title": context.project_title, "institution": context.institution},
        "request": {"id": request.id, "title": request.title, "round": request.round},
        "submitter": context.submitter,
        "date": context.written_on.isoformat(),
        "class": request.export_class,
        "price_cents": request.price_cents,
        "form": request.form.model_dump(mode="json", exclude={"files"}),
        "files": [
            {"name": name, "source": source, **(described(request.form, source) or FormFile(path=source)).model_dump(mode="json", exclude={"path"})}
            for name, source in _delivered(request)
        ],
    }
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def _delivered(request: ExportRequest) -> list[tuple[str, str]]:
    """Give name and source of every file: from the manifest once there is one, from the pre-check before that."""
    if request.manifest:
        return [(entry.path, entry.source) for entry in request.manifest]
    if request.report is not None:
        return [(file.delivered_as, file.path) for file in request.report.files if file.delivered_as is not None]
    return [(entry.path.rsplit("/", 1)[-1], entry.path) for entry in request.form.files]


def _class_name(export_class: str | None) -> Text:
    names = {
        "light": Text(en="light output", nl="kleine output"),
        "conform": Text(en="conform", nl="conform"),
        "non_conform": Text(en="non-conform", nl="niet-conform"),
        "scripts": Text(en="scripts", nl="scripts"),
    }
    return names.get(export_class or "", Text(en="not known", nl="niet bekend"))
