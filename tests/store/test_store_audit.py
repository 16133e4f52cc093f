from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_cbs.store import Store
from jupyter_cbs.store.store import ANCHOR_EVENTS

TRIGGERS = ("audit_no_update", "audit_no_delete", "audit_no_gap")


def append(store: Store, count: int, project: str = "9001") -> list[int]:
    numbers = []
    for index in range(count):
        with store.begin() as tx:
            numbers.append(
                tx.audit(user="researcher", project=project, action="sql", subject=f"q{index}", outcome="ok", details={"rows": index, "bytes": 8})
            )
    return numbers


def attack(database: Path, *statements: str) -> None:
    """Change the database as somebody with its file would: without triggers."""
    connection = sqlite3.connect(database, isolation_level=None)
    for trigger in TRIGGERS:
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def rechain(database: Path) -> None:
    """Compute every hash anew, as an attacker who has read this source would."""
    connection = sqlite3.connect(database, isolation_level=None)
    previous = "0" * 64
    names = ("sequence", "at", "user", "project", "action", "subject", "outcome", "details")
    for row in connection.execute("SELECT " + ", ".join(names) + " FROM audit ORDER BY sequence").fetchall():
        body = dict(zip(names, row, strict=True)) | {"details": json.loads(row[-1]), "previous": previous}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        previous = hashlib.sha256(text.encode()).hexdigest()
        connection.execute("UPDATE audit SET hash = ? WHERE sequence = ?", (previous, row[0]))
    connection.close()


def test_events_are_numbered_without_gaps_and_the_chain_holds(store: Store) -> None:
    assert append(store, 5) == [1, 2, 3, 4, 5]
    verdict = store.verify()
    assert (verdict.ok, verdict.events, verdict.first_break) == (True, 5, None)


def test_several_events_of_one_transaction_follow_each_other(store: Store) -> None:
    with store.begin() as tx:
        numbers = [tx.audit(user="a", project="9001", action="x", subject=str(i), outcome="ok") for i in range(3)]
    assert numbers == [1, 2, 3]
    assert store.verify().ok


def test_a_transaction_that_fails_leaves_no_event_and_no_gap(store: Store) -> None:
    append(store, 1)

    def fail_half_way() -> None:
        with store.begin() as tx:
            tx.audit(user="a", project="9001", action="x", subject="", outcome="ok")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert append(store, 1) == [2]
    assert store.verify().ok


def test_events_come_newest_first_by_project_and_page(store: Store) -> None:
    append(store, 3, "9001")
    append(store, 2, "9002")
    assert [e.sequence for e in store.events("9001")] == [3, 2, 1]
    assert [e.sequence for e in store.events("9001", limit=1, before=3)] == [2]
    assert [e.sequence for e in store.events()] == [5, 4, 3, 2, 1]
    event = store.events("9001", limit=1)[0]
    assert (event.user, event.action, event.details) == ("researcher", "sql", {"rows": 2, "bytes": 8})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET outcome = 'x' WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT sequence, at, user, project, action, 'other', outcome, details, hash FROM audit WHERE sequence = 2",
        "INSERT INTO audit SELECT 9, at, user, project, action, subject, outcome, details, hash FROM audit WHERE sequence = 2",
        "INSERT INTO audit SELECT 0, at, user, project, action, subject, outcome, details, hash FROM audit WHERE sequence = 2",
    ],
)
def test_the_database_refuses_to_change_events(store: Store, database: Path, statement: str) -> None:
    append(store, 3)
    connection = sqlite3.connect(database, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    assert store.verify().ok


@pytest.mark.parametrize(
    ("statements", "first_break"),
    [
        (("UPDATE audit SET outcome = 'refused' WHERE sequence = 4",), 4),
        (('UPDATE audit SET details = \'{ "rows":3,"bytes":8}\' WHERE sequence = 4',), 4),
        (("UPDATE audit SET details = 'x' WHERE sequence = 4",), 4),
        (("DELETE FROM audit WHERE sequence = 4",), 4),
        (("DELETE FROM audit WHERE sequence = 1",), 1),
        (
            (
                "UPDATE audit SET sequence = 100 WHERE sequence = 4",
                "UPDATE audit SET sequence = 4 WHERE sequence = 5",
                "UPDATE audit SET sequence = 5 WHERE sequence = 100",
            ),
            4,
        ),
        (("DELETE FROM audit WHERE sequence > 6",), 7),
        (("DELETE FROM audit",), 1),
    ],
    ids=["edit", "edit-details-spacing", "edit-details-no-json", "delete", "delete-first", "reorder", "truncate", "empty"],
)
def test_verify_names_the_first_break(open_store: Callable[[], Store], database: Path, statements: tuple[str, ...], first_break: int) -> None:
    store = open_store()
    append(store, 8)
    store.close()  # anchors event 8
    attack(database, *statements)
    verdict = open_store().verify()
    assert not verdict.ok
    assert verdict.first_break == first_break
    assert verdict.reason.en != verdict.reason.nl


def test_a_chain_computed_anew_contradicts_its_anchor(open_store: Callable[[], Store], database: Path) -> None:
    store = open_store()
    append(store, 5)
    store.anchor()
    append(store, 5)
    store.close()
    attack(database, "UPDATE audit SET user = 'somebody' WHERE sequence = 8")
    rechain(database)
    verdict = open_store().verify()
    assert not verdict.ok
    assert verdict.first_break == 6  # the first event after the last anchor that still holds
    assert "6 to 10" in verdict.reason.en


def test_a_log_cut_off_and_grown_again_contradicts_its_anchor(open_store: Callable[[], Store], database: Path) -> None:
    store = open_store()
    append(store, 6)
    store.close()
    attack(database, "DELETE FROM audit WHERE sequence > 3")
    grown = open_store()
    append(grown, 10)
    grown.close()
    verdict = open_store().verify()
    assert (verdict.ok, verdict.first_break) == (False, 1)


def test_triggers_that_were_dropped_are_missed_though_the_chain_holds(open_store: Callable[[], Store], database: Path) -> None:
    store = open_store()
    append(store, 3)
    attack(database)
    verdict = store.verify()
    assert (verdict.ok, verdict.events, verdict.first_break) == (False, 3, None)
    assert all(trigger in verdict.reason.en for trigger in TRIGGERS)


def test_anchors_that_are_removed_are_missed(open_store: Callable[[], Store], tmp_path: Path) -> None:
    store = open_store()
    append(store, 3)
    store.close()
    (tmp_path / "anchors" / "audit.anchors").unlink()
    verdict = open_store().verify()
    assert not verdict.ok
    assert "begun anew" in verdict.reason.en


def test_a_key_that_is_replaced_makes_the_anchors_worthless(open_store: Callable[[], Store], tmp_path: Path) -> None:
    store = open_store()
    append(store, 3)
    store.close()
    (tmp_path / "anchors" / "audit.key").unlink()
    assert not open_store().verify().ok


@pytest.mark.parametrize("edit", ["drop-line", "change-line", "forge-line"])
def test_a_changed_file_of_anchors_is_found(open_store: Callable[[], Store], tmp_path: Path, edit: str) -> None:
    store = open_store()
    for _ in range(3):
        append(store, 2)
        store.anchor()
    store.close()
    file = tmp_path / "anchors" / "audit.anchors"
    lines = file.read_text().splitlines(keepends=True)
    assert [json.loads(line)["sequence"] for line in lines] == [0, 2, 4, 6]
    if edit == "drop-line":
        del lines[2]
    elif edit == "change-line":
        lines[2] = lines[2].replace('"sequence":4', '"sequence":3')
    else:
        lines[2] = lines[2].replace('"mac":"', '"mac":"0')
    file.write_text("".join(lines))
    verdict = open_store().verify()
    assert not verdict.ok
    assert "Line 3" in verdict.reason.en


def test_a_half_written_anchor_is_cut_off_and_not_mistaken_for_an_attack(open_store: Callable[[], Store], tmp_path: Path) -> None:
    store = open_store()
    append(store, 2)
    store.close()
    with (tmp_path / "anchors" / "audit.anchors").open("a") as file:
        file.write('{"at":"2026')
    again = open_store()
    assert again.verify().ok
    append(again, 1)
    again.close()
    verdict = open_store().verify()
    assert verdict.ok
    assert "up to 3" in verdict.reason.en


def anchored(tmp_path: Path) -> list[int]:
    lines = (tmp_path / "anchors" / "audit.anchors").read_text().splitlines()
    return [json.loads(line)["sequence"] for line in lines]


def test_the_head_is_anchored_after_a_number_of_events(store: Store, tmp_path: Path) -> None:
    append(store, ANCHOR_EVENTS - 1)
    assert anchored(tmp_path) == [0]
    append(store, ANCHOR_EVENTS)
    assert anchored(tmp_path) == [0, ANCHOR_EVENTS]


def test_events_of_their_own_are_anchored_too(store: Store, tmp_path: Path) -> None:
    for index in range(ANCHOR_EVENTS):
        store.note(user="a", project="9001", action="x", subject=str(index), outcome="ok")
    assert anchored(tmp_path) == [0, ANCHOR_EVENTS]
    assert store.verify().ok


def test_the_head_is_anchored_by_the_first_event_after_a_time(store: Store, tmp_path: Path, clock: Any) -> None:
    append(store, 1)
    clock.advance(seconds=59)
    append(store, 1)
    assert anchored(tmp_path) == [0]
    clock.advance(seconds=1)
    append(store, 2)
    assert anchored(tmp_path) == [0, 3]
    clock.advance(days=-1)
    append(store, 2)
    assert anchored(tmp_path) == [0, 3, 5]


def test_key_and_anchors_are_private(store: Store, tmp_path: Path, database: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "anchors").iterdir()}
    assert modes == {"audit.anchors": 0o600, "audit.key": 0o600}
    assert database.stat().st_mode & 0o777 == 0o600


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    subject=st.text(),
    details=st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists, max_leaves=5
        ),
        max_size=4,
    ),
)
def test_any_text_and_any_json_can_be_told_and_verified(store: Store, subject: str, details: dict[str, object]) -> None:
    event: dict[str, Any] = {"user": "ünï", "project": "9001", "action": "x", "subject": subject + "\udcff\0", "outcome": "ok", "details": details}
    with store.begin() as tx:
        tx.audit(**event)
    store.note(**event)
    alone, among = store.events(limit=2)
    assert alone.details == details
    assert alone.model_dump(exclude={"sequence", "hash"}) == among.model_dump(exclude={"sequence", "hash"}), "both ways write the same"
    assert store.verify().ok


@pytest.mark.parametrize("details", [{"x": float("nan")}, {"x": {1: 2}}, {"x": b"bytes"}])
def test_details_that_are_no_json_are_refused(store: Store, details: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)), store.begin() as tx:
        tx.audit(user="a", project="9001", action="x", subject="", outcome="ok", details=details)
    with pytest.raises((TypeError, ValueError)):
        store.note(user="a", project="9001", action="x", subject="", outcome="ok", details=details)
    assert store.verify().events == 0
    append(store, 1)  # the transaction that failed holds nothing


_WRITER = """
import sys
from pathlib import Path
from jupyter_cbs.store import Store
with Store.open(sys.argv[1], Path(sys.argv[2])) as store:
    for index in range(int(sys.argv[4])):
        event = dict(user=sys.argv[3], project="9001", action="x", subject=str(index), outcome="ok")
        if index % 2:
            store.note(**event)
        else:
            with store.begin() as tx:
                tx.audit(**event)
"""


def test_two_processes_and_two_threads_append_without_gaps(store: Store, database: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", _WRITER, f"sqlite:///{database}", str(tmp_path / "anchors")]
    processes = [subprocess.Popen([*arguments, user, "150"]) for user in ("p1", "p2")]
    threads = [threading.Thread(target=append, args=(store, 100)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    verdict = store.verify()
    assert (verdict.ok, verdict.events) == (True, 500)
    own = [int(event.subject) for event in reversed(store.events(limit=500)) if event.user == "p1"]
    assert own == list(range(150))
