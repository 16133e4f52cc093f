"""A researcher's first hour with four people: from an empty workspace to a released export, in real browsers."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Locator, expect
from running_demo import Demo

from .conftest import OpenLab
from .lab import STEP_MS, Screen, output

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorials" / "first-hour.md"

TITLE = "Country of birth by sex"
TABLE = 'table = ws.table("GBAPERSOON2023TABV1", rows=["GBAGEBOORTELAND"], columns=["GBAGESLACHT"])\ntable'
WAGES = """%%cbs wages
SELECT SSECT, count(DISTINCT RINPERSOON) AS persons, avg(SLNINGLD) AS wage
FROM SPOLISBUS2023V4
GROUP BY ALL ORDER BY persons DESC LIMIT 5"""
FORM = {
    "Purpose": "Publication",
    "Description": "Number of persons by country of birth and sex.",
    "Secondary disclosure": "Cells that would follow by subtraction are blanked with the unsafe ones.",
    "Relation to earlier output": "None",
    "Labels of own data": "None",
}


def test_the_whole_hour(deployment: Demo, open_lab: OpenLab) -> None:
    researcher = open_lab("researcher")
    look_around(researcher)
    analyse(researcher)
    insert_a_query(researcher)
    repair_and_check(researcher)
    leader = open_lab("leader")
    leader.open_panel()
    propose(researcher)
    request = leader_submits(leader, str(deployment.accounts["leader"]["pin"]))
    for checker in ("checker1", "checker2"):
        approve(open_lab(checker), request, str(deployment.accounts[checker]["pin"]))
    released(researcher, leader, request)
    delivered(Path(deployment.info["state"]) / "releases", request)
    told = re.findall(r"^```(?:python|sql)\n(.*?)\n```$", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)
    assert told == researcher.ran, "the tutorial's cells are those of this test"


# ------------------------------------------------------------------------------------------------ the researcher


def look_around(screen: Screen) -> None:
    expect(screen.card("New notebook in shared")).to_be_visible(timeout=STEP_MS)
    screen.picture("launcher")
    panel = screen.open_panel()
    screen.widen(380)
    expect(panel.get_by_test_id("cbs-project")).to_have_text("9001 · Health costs and income")
    expect(screen.section("project")).to_contain_text("University of Groningen")
    expect(screen.section("project")).to_contain_text(re.compile(r"You are researcher"))
    expect(screen.section("storage").get_by_role("progressbar")).to_have_count(2)
    expect(screen.section("storage")).to_contain_text("of 100 GB")
    expect(screen.section("storage")).to_contain_text("of 1 GB")
    expect(screen.section("catalogue").locator("[role=treeitem]").first).to_be_visible()
    screen.picture("panel")


def analyse(screen: Screen) -> None:
    screen.new_notebook("New notebook in shared")
    screen.run_active()
    listing = screen.run("ws.catalogue()")
    expect(output(listing)).to_contain_text("GBAPERSOON2023TABV1", timeout=STEP_MS)
    expect(output(listing)).not_to_contain_text("WANBZVW2023TABV1")
    result = screen.run('ws.sql("SELECT GBAGESLACHT, count(*) AS n FROM GBAPERSOONTAB GROUP BY ALL ORDER BY ALL")')
    expect(output(result).locator("table tbody tr")).to_have_count(2)
    screen.run(WAGES)
    named = screen.run("len(wages.df())")
    expect(output(named)).to_have_text("5")


def insert_a_query(screen: Screen) -> None:
    catalogue = screen.section("catalogue")
    catalogue.get_by_role("searchbox").fill("zorgkosten")
    expect(catalogue.locator("header")).to_contain_text("2 found")
    newest = catalogue.locator('[data-dataset="ZVWZORGKOSTEN2022TABV10"]')
    expect(newest).to_contain_text("newest")
    newest.click()
    variable = catalogue.locator("[data-kind=variable]").filter(has_text="RINPERSOON").last
    expect(variable).to_contain_text("never exported")
    variable.click()
    details = catalogue.get_by_role("group", name=re.compile("^Details of"))
    expect(details).to_contain_text("identifier")
    screen.picture("catalogue")
    details.get_by_role("button", name="Insert query").click()
    expect(screen.active().locator(".cm-content")).to_contain_text("FROM ZVWZORGKOSTEN2022TABV10")
    inserted = screen.run_active()
    expect(output(inserted).locator("table")).to_be_visible()
    catalogue.get_by_role("searchbox").fill("")


def repair_and_check(screen: Screen) -> None:
    table = screen.run(TABLE)
    shown = output(table).first  # below it are the buttons
    monaco = shown.get_by_role("row").filter(has_text="Monaco")
    expect(monaco.locator("td").last).to_contain_text("✕ 9")
    expect(shown).to_contain_text(".suppress()")
    screen.picture("table", of=table)
    written = screen.run('table.to_csv("shared/raw.csv")\ntable.suppress().to_csv("shared/countries.csv")')
    expect(output(written)).to_contain_text("Written to shared/countries.csv")
    repaired = screen.run("table.suppress()")
    expect(output(repaired).first.get_by_role("row").filter(has_text="Monaco").locator("td").last).to_contain_text("×")
    report = screen.run('ws.precheck(["shared/raw.csv", "shared/countries.csv"])')
    expect(output(report)).to_contain_text("unsafe")
    screen.picture("precheck", of=report)
    screen.save_as("countries.ipynb")


def propose(screen: Screen) -> None:
    cell = screen.run("ws.export_panel()")
    files = cell.get_by_label("Files to export")
    expect(files.locator("option", has_text="shared/countries.csv")).to_be_attached(timeout=STEP_MS)
    expect(files.locator("option", has_text="shared/countries.ipynb")).to_be_attached()
    files.select_option(["shared/countries.csv", "shared/countries.ipynb"])
    expect(cell).to_contain_text("shared/countries.ipynb → countries.py", timeout=STEP_MS)
    cell.get_by_label("Title").fill(TITLE)
    cell.get_by_label("Title").press("Tab")
    expect(cell).to_contain_text("€", timeout=STEP_MS)
    screen.picture("export-files", of=cell)
    next_step(cell, "2 Check")
    expect(cell).to_contain_text("shared/countries.csv")
    next_step(cell, "3 Form")
    for label, answer in FORM.items():
        fill(cell, label, answer)
    for name in ("countries.csv", "countries.py"):
        about = cell.locator(".widget-vbox").filter(has=screen.page.get_by_role("heading", name=name)).last
        fill(about, "What it shows", f"{TITLE} ({name})")
        fill(about, "Population and selection", "All persons in 2023")
        fill(about, "Source files", "GBAPERSOON2023TABV1")
        about.get_by_label("Unit").select_option("person")
        fill(about, "Where the unweighted n stands", "The cells are unweighted counts")
    screen.picture("export-form", of=cell)
    next_step(cell, "4 Propose")
    button = cell.get_by_role("button", name="Propose to the leader")
    expect(button).to_be_enabled(timeout=STEP_MS)
    button.click()
    expect(cell).to_contain_text("Waiting for", timeout=STEP_MS)


def fill(cell: Locator, label: str, answer: str) -> None:
    field = cell.get_by_label(label, exact=True).locator("visible=true")
    field.fill(answer)
    field.press("Tab")


def next_step(cell: Locator, name: str) -> None:
    button = cell.get_by_role("button", name=f"Next: {name}")
    button.click()
    expect(button).to_have_count(0, timeout=STEP_MS)


# --------------------------------------------------------------------------------------- the leader, the checkers


def leader_submits(screen: Screen, pin: str) -> str:
    """Nobody reloads: the request and the notification come by themselves."""
    expect(screen.page.locator(".Toastify__toast").filter(has_text=TITLE)).to_be_visible(timeout=STEP_MS)
    exports = screen.section("exports")
    item = exports.locator("[data-state=proposed]").filter(has_text=TITLE)
    expect(item).to_be_visible(timeout=STEP_MS)
    expect(exports.locator("header")).to_contain_text(re.compile(r"\d waits? for you"))
    screen.picture("leader-notified")
    request = item.get_attribute("data-request")
    assert request
    screen.widen(420)
    item.get_by_role("button", name=re.compile(TITLE)).click()
    expect(item).to_contain_text("countries.py")
    expect(item).to_contain_text("€")
    item.get_by_role("button", name="Submit").click()
    dialog = screen.page.get_by_role("dialog")
    expect(dialog.get_by_label("Your PIN")).to_be_focused()
    screen.picture("leader-pin")
    screen.expected.append(r"status of 40[13].*actions/submit")
    dialog.get_by_label("Your PIN").fill("000000")
    dialog.get_by_role("button", name="Submit").click()
    expect(dialog.get_by_role("alert")).to_contain_text("PIN", timeout=STEP_MS)
    dialog.get_by_label("Your PIN").fill(pin)
    dialog.get_by_role("button", name="Submit").click()
    expect(exports.locator(f'[data-request="{request}"]')).to_have_attribute("data-state", "in_review", timeout=STEP_MS)
    return request


def approve(screen: Screen, request: str, pin: str) -> None:
    screen.open_panel()
    screen.widen(420)
    item = screen.section("exports").locator(f'[data-request="{request}"]')
    item.get_by_role("button", name=re.compile(TITLE)).click()
    expect(item).to_contain_text("countries.csv")
    if screen.account == "checker1":
        screen.picture("checker")
    item.get_by_role("button", name="Approve").click()
    dialog = screen.page.get_by_role("dialog")
    dialog.get_by_label("Your PIN").fill(pin)
    dialog.get_by_role("button", name="Approve").click()
    # one decision per checker: the button stays and says why it is closed
    expect(item.get_by_role("button", name="Approve")).to_be_disabled(timeout=STEP_MS)


def released(researcher: Screen, leader: Screen, request: str) -> None:
    for screen in (researcher, leader):
        item = screen.section("exports").locator(f'[data-request="{request}"]')
        expect(item).to_have_attribute("data-state", "released", timeout=STEP_MS)
    # the panel in the notebook is a view of the same state
    expect(researcher.cells.filter(has_text="Export request").last).to_contain_text("Released")
    researcher.picture("released")


def delivered(releases: Path, request: str) -> None:
    """The zip holds the table, the script and the form, and nothing of the notebook's outputs."""
    archive = next(releases.glob(f"*{request}*/*.zip"))
    with zipfile.ZipFile(archive) as bundle:
        names = set(bundle.namelist())
        content = {name: bundle.read(name) for name in names}
    assert {"countries.csv", "countries.py"} <= names
    assert not [name for name in names if name.endswith(".ipynb")]
    script = content["countries.py"].decode()
    assert 'ws.table("GBAPERSOON2023TABV1"' in script
    # figures that only the outputs showed
    assert "SELECT SSECT" in script
    assert "Written to" not in script
    assert not re.search(r"Monaco|<table|image/png", script)
    rows = io.StringIO(content["countries.csv"].decode()).read()
    assert re.search(r"Monaco.*×", rows)
