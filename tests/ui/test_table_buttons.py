"""A table with unsafe cells in a notebook: the remedies below it, by mouse and by keyboard."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from .conftest import OpenLab
from .lab import STEP_MS, Screen, output

TABLE = 'import jupyter_cbs as cbs\nws = cbs.connect()\nt = ws.table("GBAPERSOON2023TABV1", rows="GBAGEBOORTELAND", columns="GBAGESLACHT")\nt'


def tools(cell: Locator) -> Locator:
    return cell.locator(".jp-cbs-TableTools")


def button(cell: Locator, name: str) -> Locator:
    return tools(cell).get_by_role("button", name=name)


def table_in(screen: Screen, lang: str = "") -> Locator:
    screen.new_notebook("personal")
    screen.run_active()
    cell = screen.run(TABLE)
    expect(button(cell, "Suppress")).to_be_visible(timeout=STEP_MS)
    return cell


def test_one_click_suppresses_and_one_undoes(open_lab: OpenLab) -> None:
    screen = open_lab("researcher")
    cell = table_in(screen)
    shown = output(cell).first
    expect(shown).to_contain_text("unsafe")
    expect(shown.get_by_text("×", exact=False)).to_have_count(0)
    screen.picture("table-buttons", of=tools(cell), at="end")
    button(cell, "Suppress").click()
    expect(button(cell, "Undo")).to_be_visible(timeout=STEP_MS)
    expect(shown).to_contain_text("suppressed")
    expect(shown).to_contain_text("can be calculated")
    expect(button(cell, "Suppress")).to_have_count(0)
    screen.picture("table-suppressed", of=cell)
    # what the button did is what the notebook's code finds
    screen.cells.last.locator(".cm-content").click()
    checked = screen.run("print(len(t.hidden) > 0, t.status.value)")
    expect(output(checked)).to_contain_text("True")
    button(cell, "Undo").click()
    expect(button(cell, "Suppress")).to_be_visible(timeout=STEP_MS)
    expect(shown).not_to_contain_text("suppressed")


def test_the_buttons_are_reached_and_pressed_by_keyboard(open_lab: OpenLab) -> None:
    screen = open_lab("researcher")
    cell = table_in(screen)
    first = button(cell, "Suppress")
    first.focus()
    count = screen.cells.count()
    # JupyterLab would take a letter or Enter on an output for a command of the notebook
    screen.page.keyboard.press("b")
    expect(screen.cells).to_have_count(count)
    screen.page.keyboard.press("Enter")
    expect(button(cell, "Undo")).to_be_visible(timeout=STEP_MS)
    expect(tools(cell).get_by_role("status")).to_contain_text("The table has changed")
