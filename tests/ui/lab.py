"""JupyterLab in a real browser, driven as a person does: what is on screen, what is pressed, and what went wrong meanwhile."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

SCREENSHOTS = Path(__file__).parents[2] / "docs" / "screenshots"
START_MS = 90_000
"""JupyterLab or a kernel on a busy machine."""
STEP_MS = 40_000
"""One step of the person: an answer of the broker, a cell, a redraw."""
expect.set_options(timeout=STEP_MS)

CONNECTED = """() => {
    const session = window.jupyterapp.shell.currentWidget?.context?.sessionContext;
    const kernel = session?.session?.kernel;
    return session?.isReady && kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""


@dataclass
class Screen:
    """One person's browser window on their workspace.

    Parameters
    ----------
    page
        The window.
    account
        Name of the account.
    trouble
        Errors of the console and requests that left the host; must be empty in the end.
    expected
        Patterns of console errors a test provokes on purpose.
    ran
        Sources of the cells that were run.
    """

    page: Page
    account: str
    trouble: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)

    # ------------------------------------------------------------------------------------------------ watching

    def watch(self, context: BrowserContext, host: str) -> None:
        """Note every console error, uncaught exception and request to another host."""

        def spoke(message: ConsoleMessage) -> None:
            if message.type == "error":
                place = message.location.get("url", "")
                self.trouble.append(f"console: {message.text} ({place})")

        def asked(request: Request) -> None:
            self.address(request.url, host)

        context.on("request", asked)
        self.page.on("websocket", lambda socket: self.address(socket.url, host))
        self.page.on("console", spoke)
        self.page.on("pageerror", lambda error: self.trouble.append(f"uncaught: {error}"))

    def address(self, url: str, host: str) -> None:
        """Note an address outside the host."""
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != host:
            self.trouble.append(f"left the host: {url}")

    def found_trouble(self) -> list[str]:
        """Everything that went wrong and was not provoked."""
        return [line for line in self.trouble if not any(re.search(pattern, line) for pattern in self.expected)]

    # ------------------------------------------------------------------------------------------------- windows

    def open(self, account: Mapping[str, Any], *, where: str = "lab") -> Screen:
        """Log in and wait until JupyterLab stands."""
        self.page.goto(f"{account['url']}{where}?token={account['token']}&reset", timeout=START_MS)
        expect(self.page.locator("#jp-main-statusbar")).to_be_visible(timeout=START_MS)
        expect(self.page.locator(".jp-cbs-Status-item").first).to_be_visible(timeout=START_MS)
        expect(self.page.locator(".jp-Launcher, .jp-Document").first).to_be_visible(timeout=START_MS)
        return self

    @property
    def panel(self) -> Locator:
        """The side panel."""
        return self.page.locator("#jp-cbs-panel")

    def open_panel(self) -> Locator:
        """Open the side panel by its tab and wait for what it shows first."""
        if not self.panel.is_visible():
            self.page.locator('.jp-SideBar [data-id="jp-cbs-panel"]').click()
        expect(self.panel.get_by_test_id("cbs-project")).to_be_visible(timeout=STEP_MS)
        return self.panel

    def section(self, name: str) -> Locator:
        """A section of the side panel by its id."""
        return self.page.locator(f"#jp-cbs-section-{name}")

    def widen(self, pixels: int) -> None:
        """Drag the edge of the side panel until it has this width."""
        box = self.page.locator("#jp-left-stack").bounding_box()
        assert box is not None
        edge = box["x"] + box["width"] + 1
        self.page.mouse.move(edge, 300)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + pixels, 300, steps=4)
        self.page.mouse.up()
        # the drag is laid out a frame later
        narrow = "width => Math.abs(document.getElementById('jp-left-stack').getBoundingClientRect().width - width) < 10"
        self.page.wait_for_function(narrow, arg=pixels, timeout=STEP_MS)

    def card(self, label: str) -> Locator:
        """A card of the launcher."""
        return self.page.locator(".jp-LauncherCard").filter(has_text=label)

    # ----------------------------------------------------------------------------------------------- notebooks

    @property
    def cells(self) -> Locator:
        """Cells of the notebook in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")

    def new_notebook(self, card: str) -> None:
        """Start a notebook from a card of the launcher, and wait for its kernel."""
        self.card(card).click()
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel of the notebook in front is connected and idle."""
        self.page.wait_for_function(CONNECTED, timeout=START_MS)

    def active(self) -> Locator:
        """The active cell of the notebook in front."""
        index = self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex")
        return self.cells.nth(index)

    def run_active(self, timeout: float = STEP_MS) -> Locator:
        """Press Shift+Enter in the active cell and wait until it has run."""
        cell = self.start_active()
        expect(cell.locator(".jp-InputArea-prompt")).to_have_text(re.compile(r"^\[\d+\]:$"), timeout=timeout)
        return cell

    def start_active(self) -> Locator:
        """Press Shift+Enter in the active cell and do not wait."""
        cell = self.active()
        cell.locator(".cm-content").first.click()
        self.ran.append(self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource()"))
        self.page.keyboard.press("Shift+Enter")
        return cell

    def write(self, source: str) -> None:
        """Put text into the active cell in one go, as pasting does."""
        self.active().locator(".cm-content").first.click()
        self.page.keyboard.insert_text(source)

    def run(self, source: str, timeout: float = STEP_MS) -> Locator:
        """Write a cell, run it, and give it back when it has run."""
        self.write(source)
        return self.run_active(timeout)

    def save_as(self, name: str) -> None:
        """Press Ctrl+S, give the notebook a name when JupyterLab asks for one, and wait until nothing is unsaved."""
        self.page.keyboard.press("Control+s")
        dialog = self.page.get_by_role("dialog").filter(has_text="Rename")
        dialog.get_by_role("textbox").fill(name)
        dialog.get_by_role("button", name="Rename").click()
        expect(dialog).to_have_count(0)
        self.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty", timeout=STEP_MS)

    # ---------------------------------------------------------------------------------------------- appearance

    def picture(self, name: str, *, of: Locator | None = None, at: str = "start") -> None:
        """Keep a picture for the documentation, when that is asked for; ``of`` is scrolled to the top, or to the bottom with "end"."""
        if os.environ.get("CBS_SCREENSHOTS") == "1":
            if of is not None:
                of.evaluate("(element, block) => element.scrollIntoView({ block })", at)
            SCREENSHOTS.mkdir(exist_ok=True)
            self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled", caret="hide")


def output(cell: Locator) -> Locator:
    """The outputs of a cell; a progress bar that is done leaves a hidden one."""
    return cell.locator(".jp-OutputArea-output:not(.lm-mod-hidden)")


def contrasts(page: Page, selectors: Sequence[str]) -> list[dict[str, Any]]:
    """Measure the contrast of all visible text in the elements, as WCAG 2 defines it.

    Colours are drawn on a canvas, so that the browser itself resolves ``color-mix`` and transparency.
    """
    found: list[dict[str, Any]] = page.evaluate((Path(__file__).parent / "contrast.js").read_text(), list(selectors))
    return found
