"""Kernels at the broker's door: honest ones get rows and tables, others nothing."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .harness import PERSONS, Running


def test_a_small_query_comes_inline(broker: Running) -> None:
    header, rows = broker.kernel().ask("sql", text="SELECT count(*) AS n FROM GBAPERSOON2023TABV1")
    assert header["answer"]["rows"] == 1
    assert header["answer"]["sources"] == ["GBAPERSOON2023TABV1"]
    assert rows is not None
    assert rows.to_pylist() == [{"n": PERSONS}]


def test_the_topic_name_reads_the_newest_version(broker: Running) -> None:
    _, rows = broker.kernel().ask("sql", text="SELECT count(*) AS n FROM GBAPERSOONTAB")
    assert rows is not None
    assert rows.to_pylist() == [{"n": PERSONS}]


def test_a_large_result_comes_as_sealed_memory(broker: Running) -> None:
    header, rows = broker.kernel().ask("sql", text="SELECT i, i * 2 AS j FROM range(1000000) t(i)")
    assert header["answer"]["rows"] == 1_000_000
    assert rows is not None
    assert rows.num_rows == 1_000_000


def test_foreign_and_missing_data_sets_get_the_same_answer(broker: Running) -> None:
    kernel = broker.kernel()
    foreign, _ = kernel.ask("sql", text="SELECT * FROM VERD2022TABV1")
    missing, _ = kernel.ask("sql", text="SELECT * FROM NERD2022TABV1")
    assert foreign["error"]["code"] == missing["error"]["code"] == "unknown_dataset"
    assert foreign["error"]["message"].replace("VERD", "NERD") == missing["error"]["message"]


def test_an_unknown_name_suggests_granted_ones(broker: Running) -> None:
    header, _ = broker.kernel().ask("sql", text="SELECT * FROM GBAPERSON2023TABV1")
    assert "GBAPERSOON2023TABV1" in header["error"]["suggestions"]


def test_a_syntax_error_has_a_position(broker: Running) -> None:
    header, _ = broker.kernel().ask("sql", text="SELECT count(*)\nFRM GBAPERSOONTAB")
    assert header["error"]["code"] == "sql_syntax"
    assert header["error"]["position"]["line"] == 2


@contextmanager
def nothing_can_be_noted(broker: Running) -> Iterator[None]:
    """Take the audit log out of the broker's reach, as a full disk does; not only root can do this."""
    other = sqlite3.connect(broker.deployment.database.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
    other.execute("ALTER TABLE audit RENAME TO elsewhere")
    try:
        yield
    finally:
        other.execute("ALTER TABLE elsewhere RENAME TO audit")
        other.close()


def test_what_cannot_be_noted_is_not_begun(broker: Running) -> None:
    kernel = broker.kernel()
    asked = {"source": "GBAPERSOON2023TABV1", "rows": ["GBAGEBOORTEJAAR"], "columns": ["GBAGESLACHT"]}
    made = kernel.ask("table", **asked)[0]["answer"]
    with nothing_can_be_noted(broker):
        refused = [
            kernel.ask("sql", text="SELECT count(*) AS n FROM GBAPERSOONTAB"),
            kernel.ask("table", **asked),
            kernel.ask("table.protect", fingerprint=made["fingerprint"], method="suppress"),
        ]
    assert [(header["error"]["code"], rows) for header, rows in refused] == [("state_unavailable", None)] * 3
    assert kernel.ask("sql", text="SELECT 1 AS x")[0]["type"] == "answer"
    # work that was made ready and then dropped would be told of here
    assert "never awaited" not in broker.log()


def test_a_table_is_judged_and_its_evidence_kept(broker: Running) -> None:
    header, rows = broker.kernel().ask("table", source="GBAPERSOON2023TABV1", rows=["GBAGEBOORTEJAAR"], columns=["GBAGESLACHT"])
    meta = header["answer"]
    assert rows is not None
    assert meta["unsafe"] >= 1
    cell = meta["findings"][0]
    assert cell["rule"] == "min_frequency"
    assert "10" in cell["text"]
    assert set(meta["hidden"]) >= {f["row"] for f in meta["findings"] if f["status"] == "unsafe"}
    assert len(meta["fingerprint"]) == 64


def test_dominance_is_found_whatever_the_group_size(broker: Running) -> None:
    header, _ = broker.kernel().ask("table", source="ZVWZORGKOSTENTAB", rows=["GROEP"], values="BEDRAG", statistic="sum")
    assert "dominance" in {f["rule"] for f in header["answer"]["findings"]}


@pytest.mark.parametrize("action", ["submit", "approve", "reject", "return", "withdraw"])
def test_a_kernel_cannot_decide(broker: Running, action: str) -> None:
    draft = broker.call("leader", "POST", "/exports", {"title": "kernel decides"}).body
    kernel = broker.kernel("leader", kernel_id="leader-kernel")
    header, _ = kernel.ask("exports.act", id=draft["id"], action=action, version=draft["version"], pin="271828")
    assert header["error"]["code"] == "not_from_a_kernel"


def test_operations_of_the_server_are_not_a_kernels(broker: Running) -> None:
    kernel = broker.kernel()
    for op in ("sessions.open", "quota.check", "audit", "policy", "no.such.thing"):
        assert kernel.ask(op)[0]["error"]["status"] == 404


def test_claims_in_a_request_are_refused(broker: Running) -> None:
    header, _ = broker.kernel().ask("sql", text="SELECT 1", project="9002", user="leader")
    assert header["error"]["code"] == "invalid_request"


def test_cancel_really_cancels(broker: Running) -> None:
    kernel = broker.kernel(kernel_id="cancel")
    number = kernel.start("sql", text="SELECT count(*) FROM range(100000000) a(i), range(100000) b(j) WHERE (i * j) % 7 = 3")
    kernel.send({"id": 99, "op": "cancel", "args": {"target": number}})
    header, _ = kernel.finish(number)
    assert header["error"]["code"] == "cancelled"
    _, rows = kernel.ask("sql", text="SELECT 1 AS one")
    assert rows is not None


def test_a_kernel_that_vanishes_frees_its_worker(broker: Running) -> None:
    opened = broker.call("researcher", "POST", "/sessions", {"kernel_id": "vanish"}).body
    kernel = broker.connect(opened["socket"])
    kernel.start("sql", text="SELECT count(*) FROM range(100000000) a(i), range(100000) b(j) WHERE (i * j) % 7 = 3")
    kernel.sock.close()
    again = broker.connect(opened["socket"])
    _, rows = again.ask("sql", text="SELECT 2 AS two")
    assert rows is not None
    assert rows.to_pylist() == [{"two": 2}]


def test_two_kernels_do_not_wait_for_each_other(broker: Running) -> None:
    slow, quick = broker.kernel(kernel_id="slow"), broker.kernel(kernel_id="quick")
    number = slow.start("sql", text="SELECT count(*) FROM range(100000000) a(i), range(100000) b(j) WHERE (i * j) % 7 = 3")
    _, rows = quick.ask("sql", text="SELECT 3 AS three")
    assert rows is not None
    slow.send({"id": 99, "op": "cancel", "args": {"target": number}})
    assert slow.finish(number)[0]["error"]["code"] == "cancelled"


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n" + b"x" * 64,
        struct.pack(">IIB", 2**31, 0, 0),
        struct.pack(">IIB", 2, 2**31, 0) + b"{}",
        struct.pack(">IIB", 2, 0, 200) + b"{}",
        struct.pack(">IIB", 2, 0, 0) + b"[]",
        struct.pack(">IIB", 4, 0, 0) + b"\xff\xff\xff\xff",
        struct.pack(">IIB", 2, 0, 3) + b"{}",
    ],
)
def test_garbage_closes_the_connection_and_nothing_else(broker: Running, garbage: bytes) -> None:
    opened = broker.call("researcher", "POST", "/sessions", {"kernel_id": "garbage"}).body
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(60)
        sock.connect(opened["socket"])
        sock.sendall(garbage)
        assert sock.recv(1) == b""
    assert broker.call("researcher", "GET", "/health").status == 200


def test_descriptors_from_a_kernel_are_closed(broker: Running) -> None:
    kernel = broker.kernel(kernel_id="fds")
    kernel.ask("sql", text="SELECT 1 AS one")  # its engine runs from now on
    assert broker.process is not None
    open_before = len(os.listdir(f"/proc/{broker.process.pid}/fd"))
    for _ in range(40):
        with open("/dev/null") as null:
            kernel.number += 1
            kernel.send({"id": kernel.number, "op": "me", "args": {}}, fds=[null.fileno()] * 4)
            kernel.finish(kernel.number)
    assert len(os.listdir(f"/proc/{broker.process.pid}/fd")) <= open_before + 4


def test_sessions_are_bounded(fresh_broker: Running) -> None:
    answers = [fresh_broker.call("researcher", "POST", "/sessions", {"kernel_id": f"n{i}"}) for i in range(9)]
    assert [a.status for a in answers] == [200] * 8 + [403]
    assert answers[-1].body["code"] == "too_many_sessions"


def test_a_session_survives_the_broker(fresh_broker: Running) -> None:
    opened = fresh_broker.call("researcher", "POST", "/sessions", {"kernel_id": "survivor"}).body
    fresh_broker.stop(signal.SIGKILL)
    fresh_broker.start()
    _, rows = fresh_broker.connect(opened["socket"]).ask("sql", text="SELECT 4 AS four")
    assert rows is not None


def test_the_log_of_data_access_holds_no_statement(broker: Running) -> None:
    broker.kernel(kernel_id="audited").ask("sql", text="SELECT 'geheim-4711' AS literal FROM GBAPERSOONTAB LIMIT 1")
    events = broker.call("admin", "GET", "/audit?limit=10").body["events"]
    mine = [e for e in events if e["action"] == "sql"]
    assert [e["outcome"] for e in mine[:2]] == ["ok", "asked"]
    assert mine[1]["details"]["sources"] == ["GBAPERSOON2023TABV1"]
    assert "geheim-4711" not in str(events)
