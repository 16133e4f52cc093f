"""The pages outside JupyterLab in a browser: the log-in form, the end of a log-in, and an address that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect
from running_demo import Demo

from jupyter_cbs.server.identity import ENDED

from .lab import Screen, contrasts
from .test_appearance import axe

ACCOUNT = "viewer"


@pytest.fixture
def stranger(browser: Browser, deployment: Demo, request: pytest.FixtureRequest) -> Iterator[Screen]:
    """A browser that never was here, with its own language, theme and width."""
    lang, theme, width = request.param
    context = browser.new_context(locale=f"{lang}-NL", color_scheme=theme, viewport={"width": width, "height": 800})
    screen = Screen(context.new_page(), ACCOUNT)
    # how a browser reports the statuses that are asked for here
    screen.expected += [r"status of 401 .*/login", r"status of 403 .*/files/"]
    screen.watch(context, urlsplit(deployment.accounts[ACCOUNT]["url"]).netloc)
    yield screen
    context.close()
    assert not screen.found_trouble()


def look(screen: Screen) -> None:
    """Nobody is kept from reading the page, and nothing of it sticks out."""
    measured = contrasts(screen.page, ["body"])
    assert len(measured) > 4
    assert [found for found in measured if found["ratio"] < 4.5] == []
    assert axe(screen, ["html"]) == []
    assert screen.page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("stranger", [("en", "light", 900), ("nl", "dark", 360)], indirect=True, ids=["light-english", "dark-dutch-narrow"])
def test_logging_in_and_out_is_clear_in_both_themes_and_languages(stranger: Screen, deployment: Demo) -> None:
    page, account = stranger.page, deployment.accounts[ACCOUNT]
    lang = page.evaluate("() => navigator.language.slice(0, 2)")
    dutch = lang == "nl"
    page.context.add_cookies([{"name": ENDED, "value": "idle", "url": account["url"]}])
    page.goto(f"{account['url']}login")
    assert page.evaluate("() => document.documentElement.lang") == lang
    expect(page.get_by_role("alert")).to_contain_text("4 uur niet" if dutch else "for 4 hours")
    look(stranger)
    if not dutch:
        stranger.picture("log-in")
    field = page.get_by_label("Token")
    expect(field).to_be_focused()
    page.keyboard.insert_text("not-the-token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("niet het token" if dutch else "not the token")
    look(stranger)
    field.fill(account["token"])
    page.get_by_role("button").click()
    page.wait_for_url("**/lab*", wait_until="commit")
    page.goto(f"{account['url']}logout")
    look(stranger)
    page.goto(f"{account['url']}files/shared/x.csv")
    expect(page.get_by_role("heading")).to_have_text("U kunt deze pagina niet openen" if dutch else "You cannot open this page")
    look(stranger)
    page.get_by_role("link").click()
    expect(page.get_by_role("button")).to_have_text("Inloggen" if dutch else "Log in")
