"""The button that measures the storage: by keyboard, once at a time, and what it says meanwhile and afterwards."""

from __future__ import annotations

from playwright.sync_api import Route, expect
from running_demo import Demo

from .conftest import OpenLab
from .lab import STEP_MS

MEASUREMENTS = "**/cbs/api/quota/measurements*"


def test_the_storage_is_measured_by_keyboard(open_lab: OpenLab, deployment: Demo) -> None:
    screen = open_lab("researcher")
    screen.open_panel()
    storage = screen.section("storage")
    button = storage.get_by_role("button", name="Measure now")
    expect(button).to_be_visible(timeout=STEP_MS)

    held: list[Route] = []
    screen.page.route(MEASUREMENTS, lambda route: held.append(route))
    button.focus()
    with screen.page.expect_request(MEASUREMENTS) as asked:
        screen.page.keyboard.press("Enter")
    assert asked.value.method == "POST"
    expect(button).to_have_attribute("aria-busy", "true")
    expect(button).to_have_attribute("aria-disabled", "true")
    status = storage.get_by_role("status")
    expect(status).to_have_text("Measuring …")
    screen.page.keyboard.press("Enter")

    with screen.page.expect_response(MEASUREMENTS) as answered:
        held[0].continue_()
    assert answered.value.ok
    expect(status).to_have_text("Measured.", timeout=STEP_MS)
    expect(button).to_have_attribute("aria-disabled", "false")
    expect(button).to_be_focused()
    assert len(held) == 1, "pressed while it measures, it does not ask again"
    screen.page.unroute(MEASUREMENTS)


def test_a_measurement_that_fails_says_so(open_lab: OpenLab) -> None:
    screen = open_lab("researcher")
    screen.expected.append("cbs/api/quota/measurements")
    screen.open_panel()
    storage = screen.section("storage")
    body = '{"kind": "Unavailable", "code": "busy", "status": 503, "message": "The storage is busy.", "remedy": "Try again later."}'
    screen.page.route(MEASUREMENTS, lambda route: route.fulfill(status=503, content_type="application/json", body=body))
    storage.get_by_role("button", name="Measure now").click(timeout=STEP_MS)
    expect(storage.get_by_role("alert")).to_contain_text("The storage is busy. Try again later.", timeout=STEP_MS)
    screen.page.unroute(MEASUREMENTS)
    storage.get_by_role("button", name="Measure now").click()
    expect(storage.get_by_role("status")).to_have_text("Measured.", timeout=STEP_MS)
    expect(storage.get_by_role("alert")).to_have_count(0)
