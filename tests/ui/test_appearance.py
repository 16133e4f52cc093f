"""What people see: both themes, both languages, a narrow panel, and the rules of accessible pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from running_demo import Demo

from .conftest import OpenLab
from .lab import STEP_MS, Screen, contrasts, output

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "jupyter_cbs" / "locale" / "nl_NL" / "LC_MESSAGES" / "jupyter_cbs.po"
AXE = ROOT / "tools" / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

THEMES = "@jupyterlab/apputils-extension:themes"
LANGUAGE = "@jupyterlab/translation-extension:plugin"
OURS = (".jp-cbs-Panel", ".jp-cbs-Status", ".jp-cbs-ExportButton", ".jp-cbs-Dialog", ".jp-RenderedHTML", ".jp-cbs-TableTools", ".widget-html")

UNSAFE = "municipality,n\nAmsterdam,812\nUrk,3\n"
LONG = "inkomen_en_zorgkosten_naar_gemeente_geslacht_leeftijdsklasse_en_herkomst_2023_definitief.csv"


@pytest.fixture
def appearance(deployment: Demo, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Set a person's theme and language as the settings of JupyterLab keep them; put back in the end."""
    theme, lang = request.param
    client = deployment.client("leader")
    wishes = {
        THEMES: {"theme": "JupyterLab Dark" if theme == "dark" else "JupyterLab Light"},
        LANGUAGE: {"locale": "nl_NL" if lang == "nl" else "en"},
    }
    for plugin, settings in wishes.items():
        assert client.request("PUT", f"lab/api/settings/{plugin}", {"raw": json.dumps(settings)}).status_code == 204
    yield theme, lang
    for plugin in wishes:
        client.request("PUT", f"lab/api/settings/{plugin}", {"raw": "{}"})


@pytest.fixture
def draft(deployment: Demo) -> Iterator[dict[str, Any]]:
    """A draft with something to find in it."""
    client = deployment.client("leader")
    client.save("shared/municipalities.csv", UNSAFE)
    client.save(f"shared/{LONG}", UNSAFE)
    made = client.api("POST", "exports", {"title": "Municipalities", "paths": ["shared/municipalities.csv", f"shared/{LONG}"]})
    yield made
    now = client.api("GET", f"exports/{made['id']}")
    client.api("POST", f"exports/{made['id']}/actions/withdraw", {"version": now["version"]})
    for name in ("municipalities.csv", LONG):
        client.request("DELETE", f"api/contents/shared/{name}")


def fill_the_screen(screen: Screen, draft: dict[str, Any]) -> None:
    """Open all that the panel can show."""
    screen.open_panel()
    catalogue = screen.section("catalogue")
    catalogue.get_by_role("searchbox").fill("zorgkosten")
    catalogue.locator('[data-dataset="ZVWZORGKOSTEN2022TABV10"]').click()
    catalogue.locator("[data-kind=variable]").first.click()
    expect(catalogue.locator(".jp-cbs-Details")).to_be_visible()
    item = screen.section("exports").locator(f'[data-request="{draft["id"]}"]')
    item.locator(".jp-cbs-Request-head").click()
    expect(item.locator(".jp-cbs-Finding").first).to_be_visible(timeout=STEP_MS)


@pytest.mark.parametrize("appearance", [("light", "en"), ("dark", "nl")], indirect=True, ids=["light-english", "dark-dutch"])
def test_text_can_be_read_in_both_themes_and_languages(open_lab: OpenLab, appearance: tuple[str, str], draft: dict[str, Any]) -> None:
    theme, lang = appearance
    screen = open_lab("leader", dark=theme == "dark")
    assert screen.page.evaluate("() => document.body.dataset.jpThemeLight") == ("false" if theme == "dark" else "true")
    fill_the_screen(screen, draft)
    if lang == "nl":
        assert not english_left(screen)
    screen.new_notebook("personal")
    screen.run_active()
    table = screen.run('ws.table("GBAPERSOON2023TABV1", rows=["GBAGEBOORTELAND"], columns=["GBAGESLACHT"])')
    expect(output(table).first).to_contain_text("✕", timeout=STEP_MS)
    expect(output(table).first).to_contain_text("totaal" if lang == "nl" else "total")
    words = ("Onderdruk", "Ongedaan maken") if lang == "nl" else ("Suppress", "Undo")
    button = table.get_by_role("button", name=words[0])
    expect(button).to_be_visible(timeout=STEP_MS)
    assert [m for m in contrasts(screen.page, [".jp-cbs-TableTools"]) if m["ratio"] < 4.5] == []
    button.click()
    expect(table.get_by_role("button", name=words[1])).to_be_visible(timeout=STEP_MS)
    if theme == "dark":
        screen.picture("table-suppressed-dark-dutch", of=table.locator(".jp-cbs-TableTools"), at="end")
    screen.cells.last.locator(".cm-content").click()
    panel = screen.run("ws.export_panel()")
    expect(panel).to_contain_text("Uitvoeraanvraag" if lang == "nl" else "Export request", timeout=STEP_MS)
    expect(panel).to_contain_text("shared/municipalities.csv", timeout=STEP_MS)
    if theme == "dark":
        screen.picture("dark-dutch", of=table)
    fields = panel.locator(".jp-cbs-ExportPanel").locator("input, select")
    fonts = fields.evaluate_all("all => [...new Set(all.map(one => getComputedStyle(one).fontFamily))]")
    assert fonts == [screen.page.evaluate("() => getComputedStyle(document.querySelector('.jp-cbs-Panel')).fontFamily")]
    measured = contrasts(screen.page, OURS)
    assert len(measured) > 100
    assert [m for m in measured if m["ratio"] < 4.5] == []


def english_left(screen: Screen) -> list[str]:
    """English words among the texts, names and hints of the panel and the status bar."""
    entries = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', CATALOGUE.read_text(), re.MULTILINE)
    # a name of an account is no word
    english = {source for source, dutch in entries if source != dutch and "%" not in source} - {screen.account}
    assert len(english) > 100
    shown: list[str] = screen.page.evaluate("""() => {
        const found = [];
        for (const root of document.querySelectorAll('#jp-cbs-panel, .jp-cbs-Status')) {
            const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) found.push(node.textContent.trim());
            for (const element of root.querySelectorAll('*'))
                for (const name of ['title', 'aria-label', 'placeholder']) found.push(element.getAttribute(name) ?? '');
        }
        return found;
    }""")
    assert "Opslag" in shown
    return sorted(english & set(shown))


@pytest.mark.parametrize("appearance", [("light", "nl")], indirect=True, ids=["dutch"])
def test_nothing_sticks_out_of_a_narrow_panel(open_lab: OpenLab, appearance: tuple[str, str], draft: dict[str, Any]) -> None:
    screen = open_lab("leader")
    fill_the_screen(screen, draft)
    screen.widen(320)
    content = screen.panel.locator(".jp-SidePanel-content")
    out = content.evaluate("""content => {
        const edge = content.getBoundingClientRect().left + content.clientWidth + 0.5;
        return [...content.querySelectorAll('*')]
            .filter(element => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().right > edge)
            .map(element => `${element.className}: ${element.textContent.slice(0, 60)}`);
    }""")
    assert out == []
    assert content.evaluate("content => content.scrollWidth <= content.clientWidth")
    assert content.evaluate("content => content.clientWidth") <= 320


def test_the_panel_keeps_the_rules_of_accessible_pages(open_lab: OpenLab, draft: dict[str, Any]) -> None:
    """With axe-core; the page around it is JupyterLab's own."""
    screen = open_lab("leader")
    fill_the_screen(screen, draft)
    item = screen.section("exports").locator(f'[data-request="{draft["id"]}"]')
    item.locator(".jp-cbs-Button").last.click()
    expect(screen.page.get_by_role("dialog")).to_be_visible()
    dialog = axe(screen, [".jp-cbs-StepBody"])
    screen.page.keyboard.press("Escape")
    expect(screen.page.get_by_role("dialog")).to_have_count(0)
    assert dialog + axe(screen, ["#jp-cbs-panel", ".jp-cbs-Status"]) == []


def axe(screen: Screen, places: list[str]) -> list[str]:
    """Violations: rule, what is wrong, and where."""
    if not AXE.exists():
        pytest.fail("axe-core is not there; run: npm --prefix tools ci", pytrace=False)
    screen.page.evaluate(AXE.read_text())
    found = screen.page.evaluate(
        "([include, tags]) => window.axe.run({ include }, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })",
        [places, WCAG],
    )
    return [f"{rule['id']}: {rule['help']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]
