"""A table in a notebook with its remedies as buttons: suppress, merge, round and undo, each one click.

The table itself is plain HTML, so that a saved notebook still shows it; only the row of buttons below needs the kernel. Calls of
the broker run in the background and can be cancelled; the table is redrawn where it stands.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets
from IPython.display import display

from ..domain.errors import Cancelled, CbsError
from ..domain.finding import Status
from ..domain.gateway import ProtectQuery
from ..domain.text import Text
from . import markup
from .interrupt import InterruptNote
from .language import number, pick, seconds
from .live import Schedule, kernel_schedule
from .panel.background import Background

if TYPE_CHECKING:
    from .table import Table

SHOWN_MERGES = 3


class TableDisplay:
    """One place where a table is shown.

    Parameters
    ----------
    table : Table
        What is shown; a button changes it.
    schedule : callable, optional
        Brings a call onto the thread that owns the widgets.
    """

    def __init__(self, table: Table, schedule: Schedule | None = None) -> None:
        self._table = table
        self._lang: str = table.lang
        self._background = Background(schedule or kernel_schedule())
        self._schedule = schedule or kernel_schedule()
        self._note: InterruptNote | None = None
        self._alert = ipywidgets.HTML()
        self._row = ipywidgets.HBox(layout={"flex_flow": "row wrap"})
        self.tools = ipywidgets.VBox([self._row, self._alert])
        self.tools.add_class("jp-cbs-TableTools")  # the front end leaves its keys to it
        self._shown = display(self._bundle(), raw=True, display_id=True)
        self._arrange()
        if self._row.children:
            # the buttons hold this object for as long as they can be pressed
            table.follow(self)
            display(self.tools)

    # ------------------------------------------------------------------------------------------- what is shown

    def refresh(self) -> None:
        """Show the table as it is now."""
        self._shown.update(self._bundle(), raw=True)
        self._arrange()

    def _bundle(self) -> dict[str, str]:
        return {"text/html": self._table._repr_html_(), "text/plain": repr(self._table)}

    def _say(self, en: str, nl: str) -> str:
        return pick(self._lang, en, nl)

    def _arrange(self) -> None:
        """Put the buttons there that fit the table's state."""
        table, say = self._table, self._say
        if self._note is not None:
            stop = self._button(say("Cancel", "Annuleren"), say("Stop; the table stays as it is", "Stop; de tabel blijft zoals zij is"), self._cancel)
            self._row.children = (stop,)
            return
        buttons = []
        if any(finding.status is Status.UNSAFE for finding in table.findings):
            buttons += self._remedies()
        if table.changed:
            hint = say("Show the table as it was before the last step", "Toon de tabel zoals zij was vóór de laatste stap")
            buttons.append(self._button(say("Undo", "Ongedaan maken"), hint, self._undo, icon="undo"))
        self._row.children = tuple(buttons)

    def _remedies(self) -> list[ipywidgets.Button]:
        table, say = self._table, self._say
        count = len(table.meta.hidden)
        cells = say("cell" if count == 1 else "cells", "cel" if count == 1 else "cellen")
        label = (
            say(f"Suppress {number(count, self._lang)} {cells}", f"Onderdruk {number(count, self._lang)} {cells}")
            if count
            else say("Suppress", "Onderdruk")
        )
        hint = say(
            "Blank the unsafe cells and those that would give them away; totals are kept where possible",
            "Maak de onveilige cellen leeg, en de cellen waaruit zij zouden volgen; totalen blijven zo veel mogelijk staan",
        )
        buttons = [self._button(label, hint, partial(self._protect, table.query("suppress")), primary=True)]
        for proposal in table.meta.merges[:SHOWN_MERGES]:
            label = say(f"Merge into “{proposal.label}”", f"Voeg samen tot “{proposal.label}”")
            hint = say(
                f"Make the table again with {len(proposal.codes)} categories of {proposal.dimension} as one: {proposal.label}",
                f"Maak de tabel opnieuw met {len(proposal.codes)} categorieën van {proposal.dimension} als één: {proposal.label}",
            )
            query = table.query("merge", merge={proposal.dimension: {proposal.label: proposal.codes}})
            buttons.append(self._button(label, hint, partial(self._protect, query)))
        # only what adds up can be rounded under control
        if table.meta.statistic in ("count", "sum") and table.meta.rounding is None:
            hint = say(
                "Round every cell so that the table still adds up; the base is the least that protects",
                "Rond elke cel zo af dat de tabel blijft kloppen; de basis is de kleinste die beschermt",
            )
            buttons.append(self._button(say("Round", "Rond af"), hint, partial(self._protect, table.query("round"))))
        return buttons

    def _button(self, label: str, hint: str, act: Any, *, icon: str = "", primary: bool = False) -> ipywidgets.Button:
        button = ipywidgets.Button(
            description=label, tooltip=hint, icon=icon, button_style="primary" if primary else "", layout={"width": "auto", "max_width": "28em"}
        )
        button.on_click(lambda _: act())
        return button

    def _tell(self, html: str) -> None:
        """Say something to the eye and to a screen reader."""
        self._alert.value = f'<div role="status" style="{markup.FONT}">{html}</div>' if html else ""

    # ------------------------------------------------------------------------------------------ what is pressed

    def _protect(self, query: ProtectQuery) -> None:
        self._note = note = InterruptNote()
        self._tell("")
        self._arrange()
        self._background.run(lambda: self._ask(query, note), self._done, self._failed)

    def _ask(self, query: ProtectQuery, note: InterruptNote) -> Table:
        try:
            return self._table.protected(query, note, lambda fraction, rows, elapsed: self._schedule(partial(self._progress, elapsed)))
        except KeyboardInterrupt:
            raise Cancelled(
                "cancelled",
                Text(en="Stopped; the table is as it was.", nl="Gestopt; de tabel is zoals zij was."),
            ) from None

    def _progress(self, elapsed: float) -> None:
        if self._note is not None:
            self._tell(markup.quiet(f"{self._say('Protecting', 'Bezig met beschermen')}: {seconds(elapsed, self._lang)}"))

    def _cancel(self) -> None:
        if self._note is not None:
            self._note.interrupt()
            self._tell(markup.quiet(self._say("Stopping …", "Stoppen …")))

    def _done(self, protected: Table) -> None:
        self._note = None
        # the table says what was proved; here it is only for who cannot see that the table changed
        self._tell(markup.unseen(self._say("The table has changed.", "De tabel is gewijzigd.")))
        self._table.become(protected)

    def _failed(self, error: CbsError) -> None:
        self._note = None
        text = " ".join(part.say(self._lang) for part in (error.message, error.remedy) if part is not None)
        kind: markup.Tone = "plain" if isinstance(error, Cancelled) else "bad"
        sign = f"{markup.SIGNS[kind]} " if markup.SIGNS[kind] else ""
        self._tell(f'<span style="{markup.ink(kind)}">{sign}{markup.esc(text)}</span>')
        self._arrange()

    def _undo(self) -> None:
        self._tell("")
        self._table.become(self._table.undo())
