"""Policies change while people work: grants, roles, mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_cbs.broker.sessions import _withdrawn
from jupyter_cbs.domain.text import Text

from .harness import Kernel, Running


def project_file(broker: Running) -> Path:
    return broker.deployment.policies / "projects" / "9001.yaml"


def write(file: Path, text: str) -> None:
    """Change a file in one step: the broker, which looks again and again, would take one half written for a change of its own."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def await_event(events: Any, topic: str) -> None:
    """Read events until one names the topic."""
    while (frame := events.read()) is not None:
        if frame.header["event"]["topic"] == topic:
            return
    raise AssertionError("the stream ended")


def listen(broker: Running) -> Any:
    path = broker.call("leader", "POST", "/sessions", {"kernel_id": "listener"}).body["socket"]
    return broker.connect(path, events=True)


def test_an_invalid_change_keeps_the_last_good_version(fresh_broker: Running) -> None:
    file, events = project_file(fresh_broker), listen(fresh_broker)
    good = file.read_text()
    write(file, good.replace("members:", "membres:"))
    await_event(events, "project")
    assert fresh_broker.call("researcher", "GET", "/project").status == 200
    status = fresh_broker.call("admin", "GET", "/policy").body
    assert status["problems"][0]["file"].endswith("9001.yaml")
    assert status["problems"][0]["line"]
    notice = fresh_broker.call("admin", "GET", "/project").body["notice"]
    assert "9001.yaml" in notice
    assert fresh_broker.call("researcher", "GET", "/project").body["notice"] is None
    write(file, good)
    await_event(events, "project")
    assert fresh_broker.call("admin", "GET", "/policy").body["problems"] == []


def test_a_revoked_grant_is_gone_for_running_kernels(fresh_broker: Running) -> None:
    kernel, events = fresh_broker.kernel(), listen(fresh_broker)
    assert "answer" in kernel.ask("sql", text="SELECT 1 FROM ZVWZORGKOSTENTAB LIMIT 1")[0]
    file = project_file(fresh_broker)
    write(file, "".join(line for line in file.read_text().splitlines(True) if "ZVWZORGKOSTENTAB" not in line))
    await_event(events, "catalogue")
    header, _ = kernel.ask("sql", text="SELECT 1 FROM ZVWZORGKOSTENTAB LIMIT 1")
    assert header["error"]["code"] == "unknown_dataset"
    assert "answer" in kernel.ask("sql", text="SELECT 1 FROM GBAPERSOONTAB LIMIT 1")[0]


LONG = "SELECT count(*) FROM {} k, range(100000000) a(i), range(100000) b(j) WHERE (i * j) % 7 = 3"


def await_progress(kernel: Kernel, times: int = 1) -> None:
    """Read until a query said that it is at work."""
    while times and (frame := kernel.read()) is not None:
        assert frame.header["type"] == "progress", frame.header
        times -= 1


def test_a_query_that_a_withdrawn_grant_ends_says_so(fresh_broker: Running) -> None:
    kernel, file = fresh_broker.kernel(), project_file(fresh_broker)
    number = kernel.start("sql", text=LONG.format("ZVWZORGKOSTENTAB"))
    await_progress(kernel)
    write(file, "".join(line for line in file.read_text().splitlines(True) if "ZVWZORGKOSTENTAB" not in line))
    error = kernel.finish(number)[0]["error"]
    assert (error["code"], error["status"]) == ("grant_withdrawn", 403)
    assert error["message"] == "The project may no longer read ZVWZORGKOSTEN2022TABV2, so the running query was stopped."
    assert "ws.catalogue()" in error["remedy"]


def test_of_many_withdrawn_grants_the_first_are_named_and_the_others_counted() -> None:
    views = {name: Path(name) for name in "ABCDE"}
    assert _withdrawn(views).message == Text(
        en="The project may no longer read A, B, C and 2 more, so the running query was stopped.",
        nl="Het project mag A, B, C en 2 andere niet meer lezen; de lopende query is daarom gestopt.",
    )
    assert "read A, B and C, so" in _withdrawn({name: views[name] for name in "ABC"}).message.en
    assert "read A, so" in _withdrawn({"A": views["A"], "TOPIC": views["A"]}).message.en


def test_a_further_grant_ends_no_query(fresh_broker: Running) -> None:
    kernel, file, events = fresh_broker.kernel(), project_file(fresh_broker), listen(fresh_broker)
    good = file.read_text()
    write(file, "".join(line for line in good.splitlines(True) if "ZVWZORGKOSTENTAB" not in line))
    await_event(events, "catalogue")
    number = kernel.start("sql", text=LONG.format("GBAPERSOONTAB"))
    await_progress(kernel)
    write(file, good)
    await_event(events, "catalogue")
    await_progress(kernel, 3)
    kernel.send({"id": 99, "op": "cancel", "args": {"target": number}})
    assert kernel.finish(number)[0]["error"]["code"] == "cancelled"
    assert "answer" in kernel.ask("sql", text="SELECT 1 FROM ZVWZORGKOSTENTAB LIMIT 1")[0]


def test_a_member_who_left_is_refused_at_once(fresh_broker: Running) -> None:
    kernel, events = fresh_broker.kernel(), listen(fresh_broker)
    file = project_file(fresh_broker)
    write(file, file.read_text().replace("user: researcher", "user: somebody"))
    await_event(events, "project")
    assert "error" in kernel.ask("sql", text="SELECT 1")[0]
    answer = fresh_broker.call("researcher", "GET", "/project")
    assert (answer.status, answer.body["code"]) == (404, "unknown_principal")


def test_a_paused_project_answers_nothing(fresh_broker: Running) -> None:
    kernel, events = fresh_broker.kernel(), listen(fresh_broker)
    file = project_file(fresh_broker)
    write(file, file.read_text().replace("pauses: []", "pauses:\n  - start: 2026-02-01"))
    await_event(events, "project")
    header, _ = kernel.ask("sql", text="SELECT 1")
    assert header["error"]["status"] == 403
