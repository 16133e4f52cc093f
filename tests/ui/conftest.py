"""A real Chromium on the shared demo. Every window is watched: no console errors, nothing leaves the host."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright
from running_demo import Demo

from .lab import START_MS, Screen

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # whatever a page asks for elsewhere is noted by the tests and goes nowhere
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
SIZE = {"width": 1280, "height": 800}

OpenLab = Callable[..., Screen]

RESULTS = Path(__file__).parents[2] / "test-results"
_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether a test failed, so that its windows can be pictured before they close."""
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


# Of the package and not of the session: while it runs, Playwright keeps an event loop that other tests would trip over.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium of the system."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.fail(f"No browser found ({', '.join(NAMES)}). Install the package 'chromium', e.g. with: sudo apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def open_lab(browser: Browser, deployment: Demo, request: pytest.FixtureRequest) -> Iterator[OpenLab]:
    """Open a window for an account, logged in. At the end kernels are ended and every window must be without trouble."""
    screens: list[Screen] = []

    def open_window(account: str, *, where: str = "lab", dark: bool = False, width: int = SIZE["width"], height: int = SIZE["height"]) -> Screen:
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", color_scheme="dark" if dark else "light")
        context.set_default_timeout(START_MS)
        screen = Screen(context.new_page(), account)
        found = deployment.accounts[account]
        screen.watch(context, urlsplit(found["url"]).netloc)
        screens.append(screen)
        return screen.open(found, where=where)

    yield open_window
    trouble = {screen.account: found for screen in screens if (found := screen.found_trouble())}
    for number, screen in enumerate(screens):
        if request.node.stash.get(_failed, False):
            screen.page.screenshot(path=RESULTS / f"{request.node.name}-{number}-{screen.account}.png")
        screen.page.context.close()
    for account in {screen.account for screen in screens}:
        client = deployment.client(account)
        for session in client.request("GET", "api/sessions").json():
            client.request("DELETE", f"api/sessions/{session['id']}")
    assert not trouble, trouble
