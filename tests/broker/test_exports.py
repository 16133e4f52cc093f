"""A request from draft to release, over the real gateway, with the files a researcher has."""

from __future__ import annotations

import json
import shutil
import signal
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.broker.keeping import MAX_OPEN, MAX_STEPS, MAX_UNDER_REVIEW, MAX_WITHDRAWN
from jupyter_cbs.domain.export import ExportForm, ExportState, FormFile, HistoryEntry
from jupyter_cbs.store.rows import ExportRow
from jupyter_cbs.store.store import Store

from .harness import PIN, Running

FORM = {
    "purpose": "Article",
    "description": "Doctor's costs by group",
    "secondary_disclosure": "One table, no earlier output",
}
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Costs"},
        {
            "cell_type": "code", "id": "b", "metadata": {}, "execution_count": 1, "source": "print('costs')",
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "000000123 secret"}],
        },
    ],
    "metadata": {"kernelspec": {"name": "cbs-python", "language": "python", "display_name": "CBS Python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip


@pytest.fixture
def folder(broker: Running) -> Path:
    """An empty folder in the shared area."""
    path = broker.deployment.shared("9001") / uuid.uuid4().hex
    path.mkdir(parents=True)
    return path


def draft(broker: Running, folder: Path, title: str = "Costs") -> dict[str, Any]:
    """Start a draft with one safe table and a notebook."""
    (folder / "costs.csv").write_text("group,n\nyoung,1200\nold,800\n")
    (folder / "analysis.ipynb").write_text(json.dumps(NOTEBOOK))
    paths = [f"shared/{folder.name}/costs.csv", f"shared/{folder.name}/analysis.ipynb"]
    created = broker.call("researcher", "POST", "/exports", {"title": title, "paths": paths})
    assert created.status == 200, created.body
    files = [
        {"path": f["path"], "shows": "counts", "population": "all", "unit": "person", "unweighted_n": "in the table"}
        for f in created.body["report"]["files"]
    ]
    body = {"version": created.body["version"], "form": {**FORM, "files": files}}
    edited = broker.call("researcher", "PATCH", f"/exports/{created.body['id']}", body)
    assert edited.status == 200, edited.body
    return edited.body


def act(broker: Running, user: str, request: dict[str, Any], action: str, **more: Any) -> Any:
    """Take a step as a user on the request as that user sees it."""
    seen = broker.call(user, "GET", f"/exports/{request['id']}").body
    return broker.call(user, "POST", f"/exports/{request['id']}/actions/{action}", {"version": seen["version"], **more})


def submitted(broker: Running, folder: Path) -> dict[str, Any]:
    request = draft(broker, folder)
    assert act(broker, "researcher", request, "propose").status == 200
    answer = act(broker, "leader", request, "submit", pin=PIN)
    assert answer.status == 200, answer.body
    return answer.body


def test_from_draft_to_release(broker: Running, folder: Path) -> None:
    request = submitted(broker, folder)
    assert request["state"] == "in_review"
    assert request["class"] == "conform"
    assert request["price_cents"] == 28_000
    digest = request["digest"]
    first = act(broker, "checker1", request, "approve", digest=digest, pin=PIN)
    assert (first.status, first.body["state"]) == (200, "in_review")
    last = act(broker, "checker2", request, "approve", digest=digest, pin=PIN)
    assert (last.status, last.body["state"]) == (200, "released")
    (zipped,) = broker.deployment.releases.glob(f"9001-{request['id']}-1/**/*.zip")
    names = set(zipfile.ZipFile(zipped).namelist())
    assert {"costs.csv", "analysis.py"} <= names
    assert not any("/" in name or name.endswith(".ipynb") for name in names)
    assert b"secret" not in b"".join(zipfile.ZipFile(zipped).read(name) for name in names)


def test_what_is_released_is_what_was_frozen(broker: Running, folder: Path) -> None:
    request = submitted(broker, folder)
    (folder / "costs.csv").write_text("RINPERSOON\n000000001\n")
    shutil.rmtree(folder)
    for checker in ("checker1", "checker2"):
        answer = act(broker, checker, request, "approve", digest=request["digest"], pin=PIN)
    assert answer.body["state"] == "released"
    (zipped,) = broker.deployment.releases.glob(f"9001-{request['id']}-1/**/*.zip")
    assert zipfile.ZipFile(zipped).read("costs.csv") == b"group,n\nyoung,1200\nold,800\n"


def test_submit_needs_the_leaders_pin(broker: Running, folder: Path) -> None:
    request = draft(broker, folder)
    act(broker, "researcher", request, "propose")
    assert act(broker, "leader", request, "submit").body["code"] == "pin_required"
    assert act(broker, "leader", request, "submit", pin="000000").body["code"] == "wrong_pin"
    assert broker.call("leader", "GET", f"/exports/{request['id']}").body["state"] == "proposed"
    assert act(broker, "researcher", request, "submit", pin=PIN).status == 403
    assert act(broker, "leader", request, "submit", pin=PIN).status == 200


def test_an_unsafe_file_cannot_be_proposed(broker: Running, folder: Path) -> None:
    request = draft(broker, folder)
    (folder / "costs.csv").write_text("RINPERSOON,n\n000000001,12\n000000002,14\n")
    answer = act(broker, "researcher", request, "propose")
    assert answer.status in (403, 409)
    assert broker.call("researcher", "GET", f"/exports/{request['id']}").body["state"] == "draft"


def test_a_proposal_changed_behind_the_leaders_back_is_not_frozen(broker: Running, folder: Path) -> None:
    request = draft(broker, folder)
    act(broker, "researcher", request, "propose")
    (folder / "costs.csv").write_text("RINPERSOON,n\n000000001,12\n000000002,14\n")
    assert act(broker, "leader", request, "submit", pin=PIN).body["code"] == "files_changed"
    assert broker.call("leader", "GET", f"/exports/{request['id']}").body["state"] == "proposed"


def test_one_checker_learns_nothing_of_the_other(broker: Running, folder: Path) -> None:
    request = submitted(broker, folder)
    before = broker.call("checker2", "GET", f"/exports/{request['id']}").body
    act(broker, "checker1", request, "reject", digest=request["digest"], pin=PIN, reason="cell too small")
    after = broker.call("checker2", "GET", f"/exports/{request['id']}").body
    assert after == before
    assert "too small" not in str(broker.call("checker2", "GET", "/exports").body)


def test_the_project_sees_that_one_checker_is_left(broker: Running, folder: Path) -> None:
    request = submitted(broker, folder)

    def waiting(user: str) -> str:
        shown: str = broker.call(user, "GET", f"/exports/{request['id']}").body["waiting_for"]
        return shown

    assert waiting("leader") == "two checkers at CBS"
    act(broker, "checker1", request, "approve", digest=request["digest"], pin=PIN)
    assert waiting("researcher") == waiting("leader") == "one more checker at CBS (one of two has decided)"
    assert waiting("checker1") == "the other checker at CBS"
    assert waiting("checker2") == "two checkers at CBS"


def test_one_objection_is_enough_to_send_it_back(broker: Running, folder: Path) -> None:
    request = submitted(broker, folder)
    act(broker, "checker1", request, "reject", digest=request["digest"], pin=PIN, reason="cell too small")
    answer = act(broker, "checker2", request, "approve", digest=request["digest"], pin=PIN)
    assert answer.body["state"] in ("changes_requested", "rejected")
    seen = broker.call("researcher", "GET", f"/exports/{request['id']}").body
    assert "cell too small" in str(seen["reviews"])


def test_the_redelivery_after_a_rejection_is_a_free_round_of_its_own(broker: Running, folder: Path) -> None:
    request = submitted(broker, folder)
    for checker in ("checker1", "checker2"):
        act(broker, checker, request, "reject", digest=request["digest"], pin=PIN, reason="say which year")
    seen = broker.call("researcher", "GET", f"/exports/{request['id']}").body
    again = broker.call("researcher", "PATCH", f"/exports/{request['id']}", {"version": seen["version"], "title": "Costs 2022"}).body
    assert (again["state"], again["round"], again["digest"], again["reviews"]) == ("draft", 2, None, [])
    assert again["price_cents"] == 0
    proposed = act(broker, "researcher", request, "propose").body
    assert proposed["price_cents"] == 0
    assert proposed["report"]["class_reasons"][-1].endswith("free of charge.")
    resubmitted = act(broker, "leader", request, "submit", pin=PIN).body
    assert resubmitted["digest"] not in (None, request["digest"])
    for checker in ("checker1", "checker2"):
        last = act(broker, checker, request, "approve", digest=resubmitted["digest"], pin=PIN)
    assert last.body["state"] == "released"


def test_the_author_may_withdraw(broker: Running, folder: Path) -> None:
    request = draft(broker, folder)
    allowed = {a["action"]: a["allowed"] for a in broker.call("researcher", "GET", f"/exports/{request['id']}").body["allowed_actions"]}
    assert allowed["withdraw"]
    assert act(broker, "researcher", request, "withdraw").body["state"] == "withdrawn"


@pytest.mark.parametrize("vote", ["approve", "reject"])
def test_an_approved_request_is_released_also_when_the_broker_was_killed(fresh_broker: Running, vote: str) -> None:
    folder = fresh_broker.deployment.shared("9001") / "crash"
    folder.mkdir(parents=True)
    request = submitted(fresh_broker, folder)
    fresh_broker.stop(signal.SIGKILL)
    store = Store.open(fresh_broker.deployment.database, fresh_broker.deployment.state / "anchors")
    with store.begin() as tx:
        for checker in ("checker1", "checker2"):
            tx.insert_vote(request["id"], 1, checker, request["digest"], vote, "", datetime.now(UTC))
        tx.update_export(request["id"], request["version"], state=ExportState.APPROVED)
    store.close()
    fresh_broker.start()
    state = fresh_broker.call("researcher", "GET", f"/exports/{request['id']}").body["state"]
    # never released without the two approvals, whatever the state says
    assert state == ("released" if vote == "approve" else "approved")


@pytest.mark.parametrize("user", ["researcher", "leader", "viewer"])
def test_members_cannot_decide(broker: Running, folder: Path, user: str) -> None:
    request = submitted(broker, folder)
    assert act(broker, user, request, "approve", digest=request["digest"], pin=PIN).status == 403


def test_a_checker_cannot_vote_twice_or_on_other_bytes(broker: Running, folder: Path) -> None:
    request = submitted(broker, folder)
    assert act(broker, "checker1", request, "approve", digest="0" * 64, pin=PIN).body["code"] == "other_digest"
    assert act(broker, "checker1", request, "approve", digest=request["digest"], pin=PIN).status == 200
    assert act(broker, "checker1", request, "approve", digest=request["digest"], pin=PIN).status in (403, 409)
    assert broker.call("researcher", "GET", f"/exports/{request['id']}").body["state"] == "in_review"


def test_an_old_version_loses(broker: Running, folder: Path) -> None:
    request = draft(broker, folder)
    path = f"/exports/{request['id']}"
    assert broker.call("researcher", "PATCH", path, {"version": request["version"], "title": "one"}).status == 200
    late = broker.call("researcher", "PATCH", path, {"version": request["version"], "title": "two"})
    assert (late.status, late.body["code"]) == (409, "stale_version")
    assert broker.call("researcher", "GET", path).body["title"] == "one"


def test_an_empty_request_goes_nowhere(broker: Running) -> None:
    request = broker.call("researcher", "POST", "/exports", {"title": "nothing"}).body
    assert act(broker, "researcher", request, "propose").status in (403, 409)


def test_the_leader_returns_with_a_reason(broker: Running, folder: Path) -> None:
    request = draft(broker, folder)
    act(broker, "researcher", request, "propose")
    assert act(broker, "leader", request, "return").body["code"] == "reason_missing"
    returned = act(broker, "leader", request, "return", reason="say more").body
    assert returned["state"] == "draft"
    assert returned["history"][-1]["note"] == "say more"


def test_drafts_are_not_for_checkers_and_nothing_for_other_projects(broker: Running, folder: Path) -> None:
    request = draft(broker, folder)
    unseen = broker.call("checker1", "GET", f"/exports/{request['id']}")
    missing = broker.call("checker1", "GET", "/exports/000000000000")
    assert (unseen.status, unseen.body) == (404, missing.body)
    assert broker.call("outsider", "GET", f"/exports/{request['id']}", project="9002").status == 404
    assert broker.call("outsider", "POST", "/precheck", {"paths": [f"shared/{folder.name}"]}, project="9002").status in (200, 404)


def test_findings_are_worst_first_and_then_as_they_stand_in_the_file(broker: Running, folder: Path) -> None:
    rows = ["group,n,count", "a,3,1200", "b,1200,4", *(f"c{number},1200,1200" for number in range(8)), "d,2,1"]
    (folder / "small.csv").write_text("\n".join(rows) + "\n")
    report = broker.call("researcher", "POST", "/precheck", {"paths": [f"shared/{folder.name}/small.csv"]}).body
    findings = report["files"][0]["findings"]
    order = ["refused", "unsafe", "review", "safe"]
    assert [f["status"] for f in findings] == sorted((f["status"] for f in findings), key=order.index)
    cells = [f["where"]["cell"] for f in findings if f["status"] == findings[0]["status"] and f["where"]["cell"]]
    assert len(cells) > 2
    # single letters here; row before column
    assert cells == sorted(cells, key=lambda cell: (int(cell[1:]), cell[0]))


def test_events_reach_the_people_concerned(broker: Running, folder: Path) -> None:
    listener = broker.call("leader", "POST", "/sessions", {"kernel_id": "events"}).body["socket"]
    events = broker.connect(listener, events=True, lang="nl")
    request = draft(broker, folder, "Ziektekosten")
    act(broker, "researcher", request, "propose")
    while (frame := events.read()) is not None:
        event = frame.header["event"]
        if event["topic"] == "exports" and event["text"]:
            break
    assert "legt “Ziektekosten” voor" in event["text"]
    assert event["id"] == request["id"]


def test_the_chain_is_whole_after_all_that(broker: Running) -> None:
    store = Store.open(broker.deployment.database, broker.deployment.state / "anchors")
    try:
        assert store.verify().ok
    finally:
        store.close()


def test_what_the_form_declares_of_a_file_counts_at_once(broker: Running, folder: Path) -> None:
    """A column that is no count by its name is one by what the form says of it, and its small cells are found."""
    (folder / "t.csv").write_text("regio;celgrootte\nnoord;812\nzuid;4\noost;96\n")
    path = f"shared/{folder.name}/t.csv"
    created = broker.call("researcher", "POST", "/exports", {"title": "Declared", "paths": [path]}).body
    assert {(f["rule"], f["basis"]) for f in created["report"]["files"][0]["findings"]} == {("unknown_table", "found")}
    said = {"path": path, "shows": "counts", "population": "all", "unit": "person", "unweighted_n": "kolom 'celgrootte'"}
    body = {"version": created["version"], "form": {**FORM, "files": [said]}}
    edited = broker.call("researcher", "PATCH", f"/exports/{created['id']}", body)
    assert edited.status == 200, edited.body
    found = edited.body["report"]["files"][0]["findings"]
    assert {(f["rule"], f["status"], f["basis"]) for f in found} == {("min_frequency", "unsafe", "declared")}


def test_nobody_has_requests_without_end(fresh_broker: Running) -> None:
    def create(number: int) -> Any:
        return fresh_broker.call("researcher", "POST", "/exports", {"title": f"Number {number}"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(MAX_OPEN + 8)))
    made = [answer.body for answer in answers if answer.status == 200]
    assert len(made) == MAX_OPEN
    assert {(answer.status, answer.body["code"]) for answer in answers if answer.status != 200} == {(409, "too_many_drafts")}
    assert fresh_broker.call("leader", "POST", "/exports", {"title": "Another person's"}).status == 200
    assert create(0).status == 409
    assert act(fresh_broker, "researcher", made[0], "withdraw").status == 200
    assert [create(0).status, create(1).status] == [200, 409]


def keep(broker: Running, state: ExportState, number: int, **more: Any) -> list[str]:
    """Put requests of the researcher beside those that are there, the oldest first."""
    since = datetime.now(UTC) - timedelta(days=1)
    ids = [f"{state}-{index}" for index in range(number)]
    with Store.open(broker.deployment.database, broker.deployment.state / "anchors") as store, store.begin() as tx:
        for index, export_id in enumerate(ids):
            at = since + timedelta(seconds=index)
            tx.insert_export(
                ExportRow(id=export_id, project="9001", title="old", author="researcher", created_at=at, changed_at=at, state=state, **more)
            )
    return ids


def frozen(broker: Running) -> set[str]:
    return {path.name for path in (broker.deployment.state / "objects").glob("??/*")}


def test_of_what_was_withdrawn_the_newest_are_kept_and_no_bytes(fresh_broker: Running) -> None:
    folder = fresh_broker.deployment.shared("9001") / "withdrawn"
    folder.mkdir(parents=True)
    first, second = submitted(fresh_broker, folder), submitted(fresh_broker, folder)
    bytes_of_both = {entry["sha256"] for entry in first["manifest"]}
    assert {entry["sha256"] for entry in second["manifest"]} == bytes_of_both == frozen(fresh_broker)
    assert act(fresh_broker, "checker1", first, "approve", digest=first["digest"], pin=PIN).status == 200
    old = keep(fresh_broker, ExportState.WITHDRAWN, MAX_WITHDRAWN)

    assert act(fresh_broker, "leader", first, "withdraw").body["state"] == "withdrawn"
    listed = [request["id"] for request in fresh_broker.call("researcher", "GET", "/exports").body["requests"]]
    assert set(listed) == {first["id"], second["id"], *old[1:]}
    assert fresh_broker.call("researcher", "GET", f"/exports/{old[0]}").body["code"] == "unknown_export"
    assert frozen(fresh_broker) == bytes_of_both, "the other request needs them"
    # a checker never saw what nobody submitted
    assert [request["id"] for request in fresh_broker.call("checker1", "GET", "/exports").body["requests"]] == [first["id"], second["id"]]

    assert act(fresh_broker, "leader", second, "withdraw").body["state"] == "withdrawn"
    assert frozen(fresh_broker) == set()
    # the votes on a request go with it, and the audit keeps that there was one
    with Store.open(fresh_broker.deployment.database, fresh_broker.deployment.state / "anchors") as store:
        with store.begin() as tx:
            assert first["id"] in tx.forget_withdrawn("9001", "researcher", 0)
            assert tx.votes(first["id"], 1) == ()
        told = {(event.action, event.subject) for event in store.events(limit=200)}
        assert store.verify().ok
    assert {("exports.forget", old[0]), ("exports.forget", old[1]), ("exports.withdraw", first["id"]), ("exports.approve", first["id"])} <= told


def test_neither_submissions_nor_steps_go_on_for_ever(fresh_broker: Running) -> None:
    waiting = keep(fresh_broker, ExportState.IN_REVIEW, MAX_UNDER_REVIEW)
    file = FormFile(path="shared/costs.csv", shows="counts", population="all", unit="person", unweighted_n="in the table")
    said = HistoryEntry(at=datetime.now(UTC), user="leader", action="return", state=ExportState.DRAFT, note="again")
    more = {"paths": (file.path,), "form": ExportForm(files=(file,), **FORM), "proposer": "researcher", "history": (said,) * MAX_STEPS}
    (worn,) = keep(fresh_broker, ExportState.PROPOSED, 1, **more)

    def code(action: str, **said: str) -> tuple[int, str | None]:
        answer = act(fresh_broker, "leader", {"id": worn}, action, **said)
        return answer.status, answer.body.get("code")

    assert code("submit", pin=PIN) == (409, "too_many_submitted")
    assert act(fresh_broker, "leader", {"id": waiting[0]}, "withdraw").status == 200
    # there is room now; only the file is not there
    assert code("submit", pin=PIN)[1] != "too_many_submitted"
    assert code("return", reason="again") == (409, "too_many_steps")
    assert code("withdraw")[0] == 200
