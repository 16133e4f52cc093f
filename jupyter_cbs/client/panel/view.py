"""The panel itself: four steps, one filled button, and the same state as the side panel.

All state lives on the widgets' thread; the broker is asked in the background and answers are brought back.
"""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal

import ipywidgets

from ...domain.errors import CbsError, Conflict, Unavailable
from ...domain.export import ExportAction, ExportForm, ExportRequest, ExportState
from ...domain.finding import FileReport, PrecheckReport, Status
from ...domain.gateway import Event
from ...domain.project import Permission
from .. import markup
from ..connection import Session
from ..language import pick
from ..live import EventFeed, Schedule
from ..report import cost_html, file_html
from .background import Background
from .form import BESIDE_LABEL, LABEL, WIDE, FormFields
from .requests import EDITABLE, Requests, Start, permission

Phase = Literal["loading", "ready", "down"]
FILES, CHECK, FORM, PROPOSE = range(4)

_STATE_SIGNS: dict[ExportState, tuple[str, markup.Tone]] = {
    ExportState.DRAFT: ("○", "plain"),
    ExportState.PROPOSED: ("●", "review"),
    ExportState.SUBMITTED: ("◐", "info"),
    ExportState.COST_PENDING: ("●", "review"),
    ExportState.IN_REVIEW: ("◐", "info"),
    ExportState.CHANGES_REQUESTED: ("↺", "review"),
    ExportState.APPROVED: ("✓", "ok"),
    ExportState.RELEASED: ("✓", "ok"),
    ExportState.REJECTED: ("✕", "bad"),
    ExportState.WITHDRAWN: ("–", "plain"),
    ExportState.RECALLED: ("✕", "bad"),
}
"""Sign and tone of a state, as in the side panel (labextension/src/exports/words.ts)."""


class ExportPanel(ipywidgets.VBox):
    """Export request in a notebook: Files → Check → Form → Propose.

    Parameters
    ----------
    session : Session
        The kernel's session.
    feed : EventFeed
        Tells when something changed elsewhere.
    schedule : callable
        Brings a call onto the widgets' thread.
    """

    def __init__(self, session: Session, feed: EventFeed, schedule: Schedule) -> None:
        self._lang: str = session.lang
        self._requests = Requests(session)
        self._schedule = schedule
        self._background = Background(schedule)
        self._feed = feed
        self.phase: Phase = "loading"
        self.request: ExportRequest | None = None
        self.report: PrecheckReport | None = None
        self.files: tuple[str, ...] = ()
        self.chosen: tuple[str, ...] = ()
        self.dirty = False
        self._may: Permission | None = None
        self._user = ""
        self._busy: Literal["", "checking", "saving", "proposing"] = ""
        self._trouble = ""
        self._note = ""
        self._newer: ExportRequest | None = None
        self._filling = False
        self._build()
        super().__init__(
            [
                self._head,
                self._alert,
                self._choice,
                self._steps,
                self._body,
                self._cost,
                ipywidgets.HBox([self._save_button, self._main_button]),
                self._why,
            ],
            layout={"border": "1px solid var(--jp-border-color2, #8886)", "padding": "10px 14px", "max_width": "880px"},
        )
        self.add_class("jp-cbs-ExportPanel")  # the front end knows it by this, and leaves its keys to it
        self._render()
        feed.listen(self._heard)
        self.reload()

    # ------------------------------------------------------------------------------------------ widgets

    def _say(self, en: str, nl: str) -> str:
        return pick(self._lang, en, nl)

    def _build(self) -> None:
        say = self._say
        self._head, self._alert, self._cost, self._why = (ipywidgets.HTML() for _ in range(4))
        names = say("Files|Check|Form|Propose", "Bestanden|Controle|Formulier|Voorleggen").split("|")
        self._steps = ipywidgets.ToggleButtons(
            options=[(f"{at + 1} {name}", at) for at, name in enumerate(names)],
            tooltips=[say(f"Step {at + 1} of 4: {name}", f"Stap {at + 1} van 4: {name}") for at, name in enumerate(names)],
            style={"button_width": "auto"},
        )
        self._steps.observe(self._stepped, names="value")
        title = say("Title", "Titel")
        self._title = ipywidgets.Text(description=title, tooltip=title, continuous_update=False, style=LABEL, layout=WIDE)
        self._title.observe(self._edited, names="value")
        narrow = say("Narrow the list", "Beperk de lijst")
        self._filter = ipywidgets.Text(
            description=narrow, tooltip=narrow, placeholder=say("part of a name", "deel van een naam"), style=LABEL, layout=WIDE
        )
        self._filter.observe(lambda change: self._fill_files(), names="value")
        label = say("Files to export", "Uit te voeren bestanden")
        self._select = ipywidgets.SelectMultiple(description=label, tooltip=label, rows=10, style=LABEL, layout=WIDE)
        self._select.observe(self._selected, names="value")
        self._again = ipywidgets.Button(
            description=say("Look again", "Opnieuw kijken"),
            icon="refresh",
            tooltip=say("List the files of shared and personal again", "Toon de bestanden van shared en personal opnieuw"),
            layout={"margin": BESIDE_LABEL},
        )
        self._again.on_click(lambda button: self._look_again())
        self._hint = ipywidgets.HTML(layout={"margin": BESIDE_LABEL})
        self._stripped = ipywidgets.HTML()
        self._form = FormFields(self._lang, self._form_edited)
        self._summary = ipywidgets.HTML()
        self._checks = ipywidgets.VBox()
        self._pages = (
            ipywidgets.VBox([self._title, self._filter, self._select, self._hint, self._again, self._stripped]),
            self._checks,
            self._form,
            self._summary,
        )
        self._body = ipywidgets.VBox([self._pages[0]], layout={"padding": "8px 0"})
        self._mine = ipywidgets.Button(
            description=say("Keep mine", "Houd de mijne"),
            tooltip=say("Keep what stands here; saving replaces the other change", "Houd wat hier staat; bewaren vervangt de andere wijziging"),
        )
        self._mine.on_click(lambda button: self._decide(mine=True))
        self._theirs = ipywidgets.Button(
            description=say("Take the other", "Neem de andere"),
            tooltip=say("Show the request as it was changed elsewhere", "Toon de aanvraag zoals die elders is gewijzigd"),
        )
        self._theirs.on_click(lambda button: self._decide(mine=False))
        self._choice = ipywidgets.HBox([self._mine, self._theirs])
        self._save_button = ipywidgets.Button(description=say("Save draft", "Concept bewaren"), tooltip=say("Keep the draft", "Bewaar het concept"))
        self._save_button.on_click(lambda button: self.save())
        self._main_button = ipywidgets.Button(button_style="primary", layout={"width": "auto", "min_width": "150px"})
        self._main_button.on_click(lambda button: self._advance())

    # ----------------------------------------------------------------------------------------- what happens

    def reload(self) -> None:
        """Fetch everything; unsaved changes stay."""
        self._background.run(self._requests.start, self._started, self._failed)

    def close(self) -> None:
        """Take the panel away and end its thread."""
        self._background.close()
        super().close()

    def _started(self, start: Start) -> None:
        self.phase, self._trouble = "ready", ""
        self._may, self._user, self.files = start.may_draft, start.user, start.files
        if self.request is not None:
            self._background.run(partial(self._requests.get, self.request.id), self._fetched, self._failed)
        elif start.request is not None and not self.dirty:
            self._adopt(start.request)
            if self.chosen:
                self._check()  # the files may have changed since the draft was saved
        self._fill_files()
        self._render()

    def _decide(self, *, mine: bool) -> None:
        newer, self._newer, self._trouble = self._newer, None, ""
        if newer is not None and mine:
            self.request = newer
        elif newer is not None:
            self._adopt(newer)
        self._render()

    def _adopt(self, request: ExportRequest) -> None:
        """Show a request as the broker has it."""
        self._newer = None
        self.request, self.report, self.chosen, self.dirty = request, request.report, request.paths, False
        self._filling = True
        try:
            self._title.value = request.title
        finally:
            self._filling = False
        self._form.fill(request.form)
        self._ask_of_files()
        self._fill_files()

    def _fetched(self, request: ExportRequest) -> None:
        if self.request is None or request.id != self.request.id:
            return
        if request.version == self.request.version:
            self.request = request  # permissions may have changed without a new version
        elif self.dirty and request.state in EDITABLE:
            self._newer = request  # the reader decides; nothing typed is thrown away unasked
        else:
            self._adopt(request)
        self._render()

    def _heard(self, event: Event | None) -> None:
        """Hear of the broker, on the feed's thread."""
        self._schedule(partial(self._on_event, event))

    def _on_event(self, event: Event | None) -> None:
        if event is None:
            self.phase = "down"
            self._render()
        elif event.topic == "broker" or event.topic == "project":
            self.reload()
        elif event.topic == "exports":
            if self.request is None:
                self.reload()
            elif event.id is None or event.id == self.request.id:
                self._background.run(partial(self._requests.get, self.request.id), self._fetched, self._failed)

    def _failed(self, error: CbsError) -> None:
        self._busy = ""
        if isinstance(error, Unavailable):
            self.phase = "down"
        self._trouble = error.say(self._lang)
        if isinstance(error, Conflict) and self.request is not None:
            self._background.run(partial(self._requests.get, self.request.id), self._fetched, self._failed)
        self._render()

    def _look_again(self) -> None:
        def listed(files: tuple[str, ...]) -> None:
            self.files = files
            self._fill_files()
            if self.chosen and self.editable:
                self._check()
            self._render()

        self._background.run(self._requests.files, listed, self._failed)

    def _selected(self, change: dict[str, Any]) -> None:
        if not self._filling:
            self.choose(tuple(change["new"]))

    def choose(self, paths: tuple[str, ...]) -> None:
        """Choose files; they are checked at once, so that class, price and date are known before anything is decided."""
        self.chosen, self.dirty, self._trouble, self._note = paths, True, "", ""
        if paths:
            self._check()
        else:
            self._busy, self.report = "", None
            self._ask_of_files()
        self._fill_files()
        self._render()

    def _check(self) -> None:
        paths = self.chosen
        self._busy = "checking"

        def check() -> PrecheckReport | None:
            # only the newest choice is worth checking
            return self._requests.check(paths) if self.chosen == paths else None

        def checked(report: PrecheckReport | None) -> None:
            if report is not None and self.chosen == paths:
                self._busy, self.report = "", report
                self._ask_of_files()
                self._render()

        def failed(error: CbsError) -> None:
            if self.chosen == paths:
                self.report = None  # never a price of another choice
                self._failed(error)

        self._background.run(check, checked, failed)

    def _leave_out(self, file: FileReport) -> None:
        keep = tuple(p for p in self.chosen if p != file.path and not file.path.startswith(f"{p}!"))
        self.choose(keep)

    def _ask_of_files(self) -> None:
        files = self.report.files if self.report is not None else ()
        self._form.set_files({file.path: file.delivered_as for file in files if file.delivered_as is not None})

    def _edited(self, change: dict[str, Any]) -> None:
        if not self._filling:
            self._form_edited()

    def _form_edited(self) -> None:
        self.dirty, self._note = True, ""
        self._render()

    def _stepped(self, change: dict[str, Any]) -> None:
        if change["new"] == PROPOSE and self.dirty and self.editable and self.chosen and self._newer is None:
            self.save()
        self._render()

    def _advance(self) -> None:
        if self.request is not None and self.request.state not in EDITABLE:
            self._begin_anew()
        elif self._steps.value < PROPOSE:
            self._steps.value += 1
        else:
            self.propose()

    def _begin_anew(self) -> None:
        self.request, self.report, self.chosen, self.dirty = None, None, (), False
        self._form.fill(ExportForm())
        self._filling = True
        try:
            self._title.value = ""
        finally:
            self._filling = False
        self._fill_files()
        self._steps.value = FILES
        self._render()

    def save(self) -> None:
        """Keep the draft at the broker."""
        title = self._title.value.strip() or self._default_title()
        self._busy, self._trouble, self._note = "saving", "", ""
        work = partial(self._requests.save, self.request, title, self.chosen, self._form.read())
        self.dirty = False
        self._background.run(work, self._saved, self._not_saved)
        self._render()

    def _saved(self, request: ExportRequest) -> None:
        edited_meanwhile = self.dirty
        self._busy = ""
        if edited_meanwhile:
            self.request = request
        else:
            self._adopt(request)
            self._note = self._say("Draft saved.", "Concept bewaard.")
        self._render()

    def _not_saved(self, error: CbsError) -> None:
        self.dirty = True
        self._failed(error)

    def propose(self) -> None:
        """Propose the saved draft to the project leader."""
        if self.request is None or self.dirty:
            return
        self._busy, self._trouble, self._note = "proposing", "", ""
        self._background.run(partial(self._requests.propose, self.request), self._proposed, self._failed)
        self._render()

    def _proposed(self, request: ExportRequest) -> None:
        self._busy = ""
        self._adopt(request)
        self._render()

    def _default_title(self) -> str:
        first = PurePosixPath(self.chosen[0]).stem if self.chosen else ""
        return self._say(f"Export of {first}", f"Uitvoer van {first}").strip() if first else self._say("Export", "Uitvoer")

    # ------------------------------------------------------------------------------------------- what is shown

    @property
    def editable(self) -> bool:
        """Whether this person can change the request now."""
        if self.phase != "ready" or self._may is None or not self._may.allowed or self._busy == "proposing":
            return False
        return self.request is None or (self.request.state in EDITABLE and permission(self.request, ExportAction.EDIT).allowed)

    def obstacle(self) -> str:
        """Say why the request cannot be proposed now; empty when it can."""
        say = self._say
        if self.phase != "ready":
            return say("The workspace does not answer.", "De werkomgeving antwoordt niet.")
        if self._may is not None and not self._may.allowed:
            return self._may.reason.say(self._lang)
        if not self.chosen:
            return say("Choose at least one file first.", "Kies eerst minstens één bestand.")
        if self._busy:
            return say("One moment: the workspace is at work.", "Een ogenblik: de werkomgeving is bezig.")
        if self.request is None or self.dirty:
            return say("Save the draft first.", "Bewaar eerst het concept.")
        word = permission(self.request, ExportAction.PROPOSE)
        if not word.allowed:
            return word.reason.say(self._lang)
        return ""

    def _fill_files(self) -> None:
        wanted = self._filter.value.strip().casefold()
        shown = [f for f in self.files if wanted in f.casefold() or f in self.chosen]
        # a chosen file that is gone stays visible, so that it can be taken out
        shown += [f for f in self.chosen if f not in self.files]
        self._filling = True
        try:
            if tuple(shown) != tuple(self._select.options):
                self._select.options = shown
            self._select.value = [f for f in self.chosen if f in shown]
        finally:
            self._filling = False

    def _render(self) -> None:
        lang, request, say = self._lang, self.request, self._say
        fixed = request is not None and request.state not in EDITABLE
        state = request.state_text.say(lang) if request is not None else say("new", "nieuw")
        sign, tone = _STATE_SIGNS[request.state if request is not None else ExportState.DRAFT]
        tail = say(f"round {request.round}", f"ronde {request.round}") if request is not None else ""
        title = say("Export request", "Uitvoeraanvraag")
        self._head.value = markup.block(
            f'<div role="heading" aria-level="3" style="display:flex;gap:10px;align-items:center"><b>{title}</b>{_state_chip(sign, state, tone)}'
            f'<span style="margin-left:auto;{markup.QUIET}">{markup.esc(tail)}</span></div>'
        )
        self._alert.value = self._alert_html()
        self._choice.layout.display = "" if self._newer is not None else "none"
        self._steps.layout.display = "none" if fixed else ""
        step = PROPOSE if fixed else self._steps.value
        if self._body.children != (self._pages[step],):
            self._body.children = [self._pages[step]]
        self._hint.value = self._hint_html()
        self._stripped.value = self._stripped_html()
        self._checks.children = self._check_rows()
        self._summary.value = self._summary_html(fixed)
        self._cost.value = markup.block(cost_html(self.report, lang, expected=request is None or not request.state.is_final))
        editable = self.editable
        for widget in (self._title, self._select, self._filter, self._again):
            widget.disabled = not editable
        self._form.enable(editable)
        self._buttons(fixed, step, editable)

    def _buttons(self, fixed: bool, step: int, editable: bool) -> None:
        say = self._say
        self._save_button.disabled = not (editable and self.dirty and self.chosen) or bool(self._busy) or self._newer is not None
        self._save_button.layout.display = "none" if fixed else ""
        obstacle = ""
        if fixed:
            self._main_button.description = say("New request", "Nieuwe aanvraag")
            self._main_button.disabled = self.phase != "ready"
        elif step < PROPOSE:
            following = self._steps.options[step + 1][0]
            self._main_button.description = say(f"Next: {following}", f"Verder: {following}")
            obstacle = "" if self.chosen or self.phase != "ready" else self.obstacle()
            self._main_button.disabled = not self.chosen or self.phase != "ready"
        else:
            obstacle = self.obstacle()
            self._main_button.description = say("Propose to the leader", "Voorleggen aan de projectleider")
            self._main_button.disabled = bool(obstacle)
        self._main_button.tooltip = obstacle or self._main_button.description
        busy = {
            "checking": say("Checking the files …", "Bestanden worden gecontroleerd …"),
            "saving": say("Saving …", "Bewaren …"),
            "proposing": say("Proposing …", "Voorleggen …"),
            "": "",
        }[self._busy]
        questions = [question.say(self._lang) for question in self.request.open_questions] if self.request is not None else []
        if step == PROPOSE and questions and all(question in obstacle for question in questions):  # they stand above already
            obstacle = say("Answer what is still open in step 3.", "Beantwoord in stap 3 wat nog open is.")
        words = busy or " ".join(word for word in (self._note, obstacle) if word)
        self._why.value = f'<div role="status" style="min-height:1.5em;{markup.FONT};{markup.QUIET}">{markup.esc(words)}</div>'

    def _alert_html(self) -> str:
        if self.phase == "loading":
            return markup.block(f'<div role="status">{markup.quiet(self._say("Loading your draft …", "Uw concept wordt geladen …"))}</div>')
        if self.phase == "down":
            text = self._say(
                "The workspace does not answer. What you filled in stays here; the panel continues by itself when it is back.",
                "De werkomgeving antwoordt niet. Wat u hebt ingevuld blijft hier staan; het paneel gaat vanzelf verder als zij terug is.",
            )
            return markup.block(f'<div role="alert" style="padding:4px 8px;{markup.wash("bad")}">✕ {markup.esc(text)}</div>')
        if self._newer is not None:
            text = self._say(
                "This request was changed elsewhere while you worked on it. Nothing is lost: choose which version goes on.",
                "Deze aanvraag is elders gewijzigd terwijl u eraan werkte. Er is niets verloren: kies welke versie verder gaat.",
            )
            return markup.block(f'<div role="alert" style="padding:4px 8px;{markup.wash("review")}">? {markup.esc(text)}</div>')
        if self._trouble:
            return markup.block(f'<div role="alert" style="padding:4px 8px;{markup.wash("bad")}">✕ {markup.esc(self._trouble)}</div>')
        return ""

    def _hint_html(self) -> str:
        say = self._say
        if self.phase == "ready" and not self.files:
            return markup.block(
                markup.quiet(
                    say(
                        "No files in shared/ or personal/ yet. Write a table with table.to_csv('shared/name.csv') and look again.",
                        "Nog geen bestanden in shared/ of personal/. Schrijf een tabel met table.to_csv('shared/naam.csv') en kijk opnieuw.",
                    )
                )
            )
        return markup.block(markup.quiet(say("Hold Ctrl for several.", "Houd Ctrl ingedrukt voor meer bestanden.")))

    def _stripped_html(self) -> str:
        files = [f for f in (self.report.files if self.report is not None else ()) if f.stripped is not None]
        rows = "".join(
            f'<div><span style="{markup.ink("info")}">↻</span> {markup.esc(f.path)} → <b>{markup.esc(f.delivered_as or "–")}</b>: '
            f"{markup.esc(f.stripped.text.say(self._lang) if f.stripped is not None else '')}</div>"
            for f in files
        )
        return markup.block(rows)

    def _check_rows(self) -> list[Any]:
        if self.report is None:
            text = self._say("Choose files in step 1 to see what the check finds.", "Kies bestanden in stap 1 om te zien wat de controle vindt.")
            return [ipywidgets.HTML(markup.block(markup.quiet(text)))]
        rows: list[Any] = []
        for file in self.report.files:
            shown = ipywidgets.HTML(markup.block(file_html(file, self._lang)), layout={"flex": "1 1 auto", "width": "auto", "min_width": "0"})
            if file.status in (Status.UNSAFE, Status.REFUSED) and self.editable:
                label = self._say("Leave out", "Weglaten")
                button = ipywidgets.Button(description=label, tooltip=f"{label}: {file.path}", layout={"width": "auto", "flex": "0 0 auto"})
                button.on_click(lambda _, file=file: self._leave_out(file))
                rows.append(ipywidgets.HBox([shown, button]))
            else:
                rows.append(shown)
        return rows

    def _summary_html(self, fixed: bool) -> str:
        say, lang = self._say, self._lang
        parts = [f'<div style="font-weight:600">{markup.esc(self._title.value or self._default_title())}</div>']
        files = [f.delivered_as for f in (self.report.files if self.report is not None else ()) if f.delivered_as is not None]
        if files:
            parts.append(f"<div>{say('Leaves as', 'Gaat naar buiten als')}: {markup.esc(', '.join(files))}</div>")
        request = self.request
        if fixed and request is not None:
            waiting = request.waiting_for.say(lang)
            if waiting and not request.state.is_final:
                parts.append(f"<div>{say('Waiting for', 'Wacht op')}: <b>{markup.esc(waiting)}</b></div>")
            notes = [entry for entry in request.history if entry.note]
            parts += [f"<div>{markup.esc(entry.user)}: {markup.esc(entry.note)}</div>" for entry in notes[-3:]]
            return markup.block("".join(parts))
        if request is not None and not self.dirty and request.open_questions:
            questions = "".join(f"<li>{markup.esc(question.say(lang))}</li>" for question in request.open_questions)
            parts.append(f'<div>{say("Still open:", "Nog open:")}</div><ul style="margin:2px 0 2px 18px">{questions}</ul>')
        parts.append(
            markup.quiet(
                say(
                    "The project leader sees the same files, findings and price, and submits with a PIN in the side panel.",
                    "De projectleider ziet dezelfde bestanden, bevindingen en prijs, en dient in met een pincode in het zijpaneel.",
                )
            )
        )
        return markup.block("".join(parts))


def _state_chip(sign: str, text: str, tone: markup.Tone) -> str:
    style = f"padding:0 7px;border-radius:9px;font-size:.85em;white-space:nowrap;{markup.wash(tone)}"
    return f'<span style="{style}">{sign} {markup.esc(text)}</span>'
