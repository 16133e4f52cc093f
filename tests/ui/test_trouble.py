"""What goes wrong in an hour: somebody who may not, a full area, a broker that dies, a kernel that dies, two kernels."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from running_demo import Demo, descendants, wait_for

from .conftest import OpenLab
from .lab import START_MS, STEP_MS, output

HEAVY = """ws.sql('''
    SELECT sum(hash(a.RINPERSOON || b.RINPERSOON || c.RINPERSOON) % 7) AS heavy
    FROM GBAPERSOONTAB a, GBAPERSOONTAB b, GBAPERSOONTAB c, GBAPERSOONTAB d
''')"""
"""Trillions of rows: still running whenever a test looks."""


# ---------------------------------------------------------------------------------------------------- the viewer


def test_a_viewer_sees_the_rooms_with_the_tools_put_away(open_lab: OpenLab) -> None:
    screen = open_lab("viewer")
    expect(screen.card("Open the CBS workspace panel")).to_be_visible(timeout=STEP_MS)
    expect(screen.card("New notebook in shared")).to_have_count(0)
    expect(screen.card("Export panel")).to_have_count(0)
    for label in ("CBS Python", "Text File", "Markdown File", "Python File"):
        expect(screen.card(label)).to_have_count(0)
    panel = screen.open_panel()
    expect(panel).to_contain_text("read only")
    for section in ("project", "storage", "catalogue", "exports"):
        expect(screen.section(section).locator("h2")).to_be_visible()
    catalogue = screen.section("catalogue")
    catalogue.get_by_role("searchbox").fill("zorgkosten")
    catalogue.locator('[data-dataset="ZVWZORGKOSTEN2022TABV10"]').click()
    insert = catalogue.get_by_role("button", name="Insert query")
    expect(insert).to_be_disabled()
    insert.hover()
    expect(catalogue.get_by_role("tooltip")).to_contain_text("A viewer reads")
    screen.picture("viewer")


def test_a_viewer_is_told_why_no_kernel_starts(deployment: Demo, open_lab: OpenLab) -> None:
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": "cbs-python", "display_name": "CBS Python"}}, "cells": []}
    deployment.client("researcher").save("shared/read.ipynb", notebook, "notebook")
    screen = open_lab("viewer", where="lab/tree/shared/read.ipynb")
    # no kernel is asked for, so nothing is refused; who runs a cell all the same is told why it cannot be
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.context?.sessionContext?.kernelPreference.canStart === false", timeout=START_MS
    )
    dialog = screen.page.get_by_role("dialog")
    expect(dialog).to_have_count(0)
    screen.cells.first.locator(".cm-content").click()
    screen.page.keyboard.press("Shift+Enter")
    expect(dialog).to_contain_text("A viewer reads; kernels can write", timeout=STEP_MS)
    # opened for reading: JupyterLab makes no checkpoint of it and does not offer to save it
    assert screen.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.canSave") is False
    screen.picture("viewer-kernel")
    deployment.client("researcher").request("DELETE", "api/contents/shared/read.ipynb")


# ------------------------------------------------------------------------------------------------------ the quota


@pytest.fixture
def narrow(deployment: Demo) -> Iterator[Demo]:
    """The other project's areas become very small for a while, by a change of its policy."""
    policy = Path(deployment.info["policies"]) / "projects" / "9002.yaml"
    client = deployment.client("outsider")
    before = policy.read_text()
    policy.write_text(before + "\nquota: { shared: 0.0002, personal: 0.0001 }\n")
    wait_for(lambda: client.api("GET", "quota")["personal"]["limit_bytes"] == 100_000, 60, "the new quota")
    yield deployment
    policy.write_text(before)
    wait_for(lambda: client.api("GET", "quota")["personal"]["limit_bytes"] == 10**9, 60, "the old quota")


def test_a_save_that_does_not_fit_says_what_to_do_and_harms_nothing(narrow: Demo, open_lab: OpenLab) -> None:
    narrow.client("outsider").save("personal/notes.txt", "old")
    screen = open_lab("outsider", where="lab/tree/personal/notes.txt")
    editor = screen.page.locator(".jp-FileEditor .cm-content")
    expect(editor).to_have_text("old", timeout=START_MS)
    editor.click()
    screen.page.keyboard.insert_text("x" * 150_000)
    # JupyterLab shows the refusal and throws it once more
    screen.expected += [r"status of 507 .*api/contents/personal/notes.txt", "^uncaught: Personal workspace is full"]
    screen.page.keyboard.press("Control+s")
    dialog = screen.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Personal workspace is full", timeout=STEP_MS)
    expect(dialog).to_contain_text("100 kB is left")
    expect(dialog).to_contain_text("Remove or compress files")
    screen.picture("quota")
    assert (narrow.personal("outsider", "9002") / "notes.txt").read_text() == "old"
    # what was typed is still on screen, and fits once there is room
    screen.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(editor).to_contain_text("xxx")


# ------------------------------------------------------------------------------------------------------ the broker


def test_a_dead_broker_is_said_to_be_gone_and_the_panel_recovers(deployment: Demo, open_lab: OpenLab) -> None:
    screen = open_lab("researcher")
    panel = screen.open_panel()
    screen.expected.append(r"status of 50[0-9] .*cbs/api")
    expect(screen.section("catalogue").get_by_role("treeitem").first).to_be_visible(timeout=STEP_MS)
    dead = deployment.info["pids"]["broker"]
    banner = panel.locator(".jp-cbs-Banner [role=status]")
    expect(banner).to_be_empty()
    # stopped first, so that nobody can start it again before we have looked
    supervisor = deployment.process.pid
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.kill(dead, signal.SIGKILL)
        expect(banner).to_contain_text("The workspace is out of reach.", timeout=STEP_MS)
        expect(banner).to_contain_text("recovers by itself")
        expect(screen.page.locator(".jp-cbs-Status-item").first).to_contain_text("out of reach")
        # what was known stays
        expect(panel.get_by_test_id("cbs-project")).to_contain_text("9001")
        screen.picture("broker-down")
    finally:
        os.kill(supervisor, signal.SIGCONT)
    expect(banner).to_be_empty(timeout=START_MS)
    expect(screen.page.locator(".jp-cbs-Status-item").first).to_contain_text("9001 researcher")
    assert deployment.info["pids"]["broker"] != dead
    screen.section("catalogue").get_by_role("searchbox").fill("zorgkosten")
    expect(screen.section("catalogue").locator("header")).to_contain_text("2 found", timeout=STEP_MS)


# ----------------------------------------------------------------------------------------------------- the kernels


def kill_kernels(demo: Demo, account: str) -> None:
    """Kill what runs in the sandboxes of a person's workspace server."""
    below = descendants(demo.info["pids"]["servers"][account])
    kernels = [pid for pid in below if b"ipykernel_launcher" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert kernels
    for pid in kernels:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def runs(cell: Locator) -> None:
    """Wait until the broker reports on the query: only what takes longer than a second has a progress bar."""
    expect(cell.locator(".jp-InputArea-prompt")).to_have_text("[*]:", timeout=STEP_MS)
    expect(cell.get_by_text("cancel with ■")).to_be_visible(timeout=STEP_MS)


def test_a_kernel_killed_during_a_query_comes_back(deployment: Demo, open_lab: OpenLab) -> None:
    screen = open_lab("researcher")
    screen.new_notebook("New notebook in personal")
    screen.run_active()
    screen.write(HEAVY)
    heavy = screen.start_active()
    runs(heavy)
    screen.picture("progress")
    kill_kernels(deployment, "researcher")
    dialog = screen.page.get_by_role("dialog")
    expect(dialog).to_contain_text("appears to have died", timeout=START_MS)
    dialog.get_by_role("button").last.click()
    expect(dialog).to_have_count(0)
    screen.wait_for_kernel()
    again = screen.run('import jupyter_cbs as cbs\nws = cbs.connect()\nws.sql("SELECT count(*) AS n FROM GBAPERSOONTAB").df().n[0]')
    expect(output(again)).to_contain_text("3000")


def test_two_kernels_at_once_and_an_interrupt(open_lab: OpenLab) -> None:
    """One works on something heavy while the other answers; interrupting the first leaves it fit for use."""
    one, two = open_lab("researcher"), open_lab("leader")
    for screen in (one, two):
        screen.new_notebook("New notebook in personal")
        screen.run_active()
    one.write(HEAVY)
    heavy = one.start_active()
    runs(heavy)
    quick = two.run('ws.sql("SELECT count(*) AS n FROM GBAPERSOONTAB").df().n[0]')
    expect(output(quick)).to_contain_text("3000")
    expect(heavy.locator(".jp-InputArea-prompt")).to_have_text("[*]:")
    one.page.locator('[data-command="notebook:interrupt-kernel"]').or_(one.page.get_by_role("button", name="Interrupt the kernel")).first.click()
    expect(output(heavy).last).to_contain_text("KeyboardInterrupt", timeout=STEP_MS)
    after = one.run('ws.sql("SELECT count(*) AS n FROM GBAPERSOONTAB").df().n[0]')
    expect(output(after)).to_contain_text("3000")


def test_logged_out_in_another_tab_the_page_says_so_and_goes_on_after_a_new_log_in(deployment: Demo, open_lab: OpenLab) -> None:
    """Nothing typed is lost, and the kernel is neither called dead nor has it to be started again."""
    screen = open_lab("researcher")
    screen.new_notebook("New notebook in personal")
    screen.run_active()
    screen.run("kept = 6 * 7")
    screen.write("# typed and not saved")
    storage = screen.open_panel().locator("#jp-cbs-section-storage")
    screen.expected += ["status of 403", "status of 503 .*api/kernels", "WebSocket connection to .* failed"]
    account = deployment.accounts["researcher"]
    other = screen.page.context.new_page()
    other.goto(f"{account['url']}logout")
    other.close()
    dialog = screen.page.get_by_role("dialog")
    expect(dialog).to_contain_text("You are logged out", timeout=START_MS)
    expect(dialog).to_contain_text("what was not saved is still here")
    expect(dialog).to_have_count(1)
    screen.picture("logged-out")
    with screen.page.context.expect_page() as opened:
        dialog.get_by_role("button", name="Log in").click()
    measure = storage.get_by_role("button", name="Measure now")
    measure.click()
    expect(storage.get_by_role("alert")).to_contain_text("Log in again in another tab")
    form = opened.value
    form.locator("input[type=password]").fill(account["token"])
    # no event told the page meanwhile what changed
    with screen.page.expect_request("**/cbs/api/catalogue*"):
        form.locator("button[type=submit]").click()
    expect(form.locator("#jp-main-statusbar")).to_be_visible(timeout=START_MS)
    form.close()
    screen.wait_for_kernel()
    expect(dialog).to_have_count(0)
    # a refusal that holds no longer is no longer shown
    expect(storage.get_by_role("alert")).to_have_count(0)
    expect(screen.active().locator(".cm-content")).to_have_text("# typed and not saved")
    again = screen.run("\nkept")
    expect(output(again)).to_contain_text("42")
