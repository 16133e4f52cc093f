"""The workspace without a mouse: everything is reached, and where one is can be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from running_demo import Demo, wait_for

from .conftest import OpenLab
from .lab import STEP_MS, Screen

FOCUS = """() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    return {
        panel: element.closest('#jp-cbs-panel') !== null,
        name: element.getAttribute('aria-label') ?? element.textContent.trim(),
        role: element.getAttribute('role') ?? element.tagName.toLowerCase(),
        expanded: element.getAttribute('aria-expanded'),
        seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    };
}"""


@pytest.fixture
def draft(deployment: Demo) -> Iterator[dict[str, Any]]:
    client = deployment.client("leader")
    made = client.api("POST", "exports", {"title": "By keyboard"})
    yield made
    now = client.api("GET", f"exports/{made['id']}")
    if now["state"] != "withdrawn":
        client.api("POST", f"exports/{made['id']}/actions/withdraw", {"version": now["version"]})


def focus(screen: Screen) -> dict[str, Any]:
    found: dict[str, Any] = screen.page.evaluate(FOCUS)
    return found


def tab_to(screen: Screen, wanted: Callable[[dict[str, Any]], bool], presses: int = 120) -> dict[str, Any]:
    """Press Tab until the focus is on something; whatever of the panel is passed must show its focus."""
    passed = []
    for _ in range(presses):
        screen.page.keyboard.press("Tab")
        now = focus(screen)
        passed.append(f"{now['role']} {now['name'][:40]!r}")
        if now["panel"]:
            assert now["seen"], f"the focus cannot be seen on {passed[-1]}"
            if wanted(now):
                return now
    pytest.fail(f"not reached with {presses} presses of Tab; passed: {passed}")


def press(screen: Screen, *keys: str) -> None:
    for key in keys:
        screen.page.keyboard.press(key)


def on(screen: Screen, name: str, expanded: str | None = None) -> None:
    """Wait until the focus is on something with this in its name, which is folded or not."""
    wait_for(lambda: name in (now := focus(screen))["name"] and now["expanded"] == expanded, STEP_MS / 1000, f"the focus on {name}, {expanded}")


def open_by_palette(screen: Screen) -> None:
    screen.page.keyboard.press("Control+Shift+c")
    palette = screen.page.locator(".lm-CommandPalette-input")
    expect(palette).to_be_focused()
    screen.page.keyboard.insert_text("cbs workspace panel")
    expect(screen.page.locator(".lm-CommandPalette-item.lm-mod-active")).to_contain_text("Open the CBS workspace panel")
    screen.page.keyboard.press("Enter")
    expect(screen.panel).to_be_visible()
    expect(screen.section("catalogue").get_by_role("treeitem").first).to_be_visible(timeout=STEP_MS)


def test_from_the_palette_to_an_inserted_query(open_lab: OpenLab) -> None:
    screen = open_lab("leader")
    open_by_palette(screen)
    tab_to(screen, lambda now: now["name"] == "Search the catalogue")
    screen.page.keyboard.insert_text("zorgkosten")
    expect(screen.section("catalogue").locator("header")).to_contain_text("2 found")
    tab_to(screen, lambda now: now["role"] == "treeitem")
    press(screen, "Home", "ArrowDown", "ArrowDown")
    on(screen, "ZVWZORGKOSTEN2022TABV10", "false")
    press(screen, "ArrowRight")
    tree = screen.section("catalogue").get_by_role("tree")
    expect(tree.locator("[data-kind=variable]").first).to_be_visible(timeout=STEP_MS)
    press(screen, "ArrowRight")
    on(screen, "RINPERSOONS", focus(screen)["expanded"])
    press(screen, "ArrowLeft")
    on(screen, "ZVWZORGKOSTEN2022TABV10", "true")
    press(screen, "ArrowLeft")
    on(screen, "ZVWZORGKOSTEN2022TABV10", "false")
    tab_to(screen, lambda now: now["name"] == "Insert query")
    screen.page.keyboard.press("Enter")
    expect(screen.cells.last.locator(".cm-content")).to_contain_text("FROM ZVWZORGKOSTEN2022TABV10", timeout=STEP_MS)
    screen.wait_for_kernel()


def test_sections_fold_and_stay_folded(open_lab: OpenLab) -> None:
    screen = open_lab("leader")
    open_by_palette(screen)
    tab_to(screen, lambda now: now["name"] == "Storage")
    press(screen, "Enter")
    on(screen, "Storage", "false")
    expect(screen.section("storage").get_by_role("progressbar")).to_have_count(0)
    press(screen, "Space")
    on(screen, "Storage", "true")
    expect(screen.section("storage").get_by_role("progressbar")).to_have_count(2)


def test_a_request_and_its_steps(open_lab: OpenLab, draft: dict[str, Any]) -> None:
    screen = open_lab("leader")
    open_by_palette(screen)
    item = screen.section("exports").locator(f'[data-request="{draft["id"]}"]')
    expect(item).to_be_visible()
    tab_to(screen, lambda now: "By keyboard" in now["name"])
    press(screen, "Enter")
    on(screen, "By keyboard", "true")
    closed = item.get_by_role("button", name=re.compile("^Propose"))
    expect(closed).to_be_visible(timeout=STEP_MS)
    # a closed step is reached too, and says why it is closed
    tab_to(screen, lambda now: now["name"].startswith("Propose"))
    expect(item.get_by_role("tooltip").first).to_be_visible()
    expect(item.get_by_role("tooltip").first).not_to_be_empty()
    press(screen, "Enter")
    tab_to(screen, lambda now: now["name"] == "Withdraw")
    press(screen, "Enter")
    dialog = screen.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Withdraw")).to_be_focused(timeout=STEP_MS)
    press(screen, "Escape")
    expect(dialog).to_have_count(0)
    expect(item).to_have_attribute("data-state", "draft")
    expect(item.get_by_role("button", name="Withdraw")).to_be_focused(timeout=STEP_MS)
    expect(item.get_by_role("button", name="Withdraw")).to_have_attribute("aria-disabled", "false")
    press(screen, "Enter")
    expect(dialog.get_by_role("button", name="Withdraw")).to_be_focused(timeout=STEP_MS)
    press(screen, "Enter")
    expect(item).to_have_attribute("data-state", "withdrawn", timeout=STEP_MS)


def test_a_dialog_has_the_focus_in_a_browser_that_is_never_idle(open_lab: OpenLab, draft: dict[str, Any]) -> None:
    """Else what is typed at once, a PIN too, goes to the page behind it."""
    screen = open_lab("leader")
    screen.open_panel()
    screen.page.evaluate("() => { window.requestIdleCallback = () => 0; }")
    item = screen.section("exports").locator(f'[data-request="{draft["id"]}"]')
    item.locator(".jp-cbs-Request-head").click()
    item.get_by_role("button", name="Withdraw").click()
    dialog = screen.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Withdraw")).to_be_focused(timeout=10_000)
    press(screen, "Escape")
    expect(dialog).to_have_count(0)


def test_the_export_panel_in_a_notebook(deployment: Demo, open_lab: OpenLab) -> None:
    """From the title to the form of a file, by Tab, arrows and Enter alone."""
    client = deployment.client("leader")
    client.save("personal/keys.csv", "municipality,n\nAmsterdam,812\n")
    screen = open_lab("leader")
    screen.new_notebook("New notebook in personal")
    screen.run_active()
    cell = screen.run("ws.export_panel()")
    expect(cell.locator("option", has_text="personal/keys.csv")).to_be_attached(timeout=STEP_MS)
    cell.get_by_label("Title").focus()
    cell.get_by_label("Title").fill("Keys")
    press(screen, "Tab")
    screen.page.keyboard.insert_text("keys.csv")
    press(screen, "Tab")
    expect(cell.get_by_label("Files to export")).to_be_focused()
    expect(cell.locator("select[multiple] option")).to_have_count(1, timeout=STEP_MS)
    press(screen, "ArrowDown")
    expect(cell).to_contain_text("€", timeout=STEP_MS)
    for step in ("2 Check", "3 Form"):
        tab_within(screen, f"Next: {step}")
        press(screen, "Enter")
        expect(cell.get_by_role("button", name=f"Next: {step}")).to_have_count(0, timeout=STEP_MS)
    cell.get_by_label("Purpose", exact=True).focus()
    tab_within(screen, "What it shows")
    screen.page.keyboard.insert_text("Municipalities")
    tab_within(screen, "Next: 4 Propose")
    client.request("DELETE", "api/contents/personal/keys.csv")


def tab_within(screen: Screen, name: str, presses: int = 25) -> None:
    """Press Tab until a field or button of the export panel has the focus."""
    target = screen.cells.filter(has_text="Export request").last
    target = target.get_by_role("button", name=name).or_(target.get_by_label(name, exact=True)).first
    for _ in range(presses):
        if target.evaluate("element => element === document.activeElement"):
            return
        screen.page.keyboard.press("Tab")
    pytest.fail(f"{name!r} is not reached with {presses} presses of Tab; the focus is on {focus(screen)}")
