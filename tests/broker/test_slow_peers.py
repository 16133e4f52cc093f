"""Peers that send half, too much or nothing, or come from elsewhere: cut off, while others are answered."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_cbs.broker import peers
from jupyter_cbs.broker.events import EventHub
from jupyter_cbs.broker.refusals import WRITTEN, Refusals
from jupyter_cbs.client.connection import Connection
from jupyter_cbs.domain.errors import Unavailable
from jupyter_cbs.domain.gateway import Event
from jupyter_cbs.domain.project import Principal, Role
from jupyter_cbs.protocol import Frame
from jupyter_cbs.protocol.frames import ProtocolError
from jupyter_cbs.protocol.stream import FrameStream
from jupyter_cbs.store.store import Store

from .harness import Running

HEAD = struct.Struct(">IIB")


def healthy(broker: Running) -> bool:
    return broker.call("leader", "GET", "/health").status == 200


async def _read(sent: bytes, **bounds: float) -> Frame | None:
    ours, theirs = socket.socketpair()
    stream = FrameStream(ours, **bounds)
    theirs.sendall(sent)
    try:
        return await stream.read()
    finally:
        stream.close()
        theirs.close()


def test_half_a_frame_is_cut_off() -> None:
    with pytest.raises(ProtocolError, match="half a frame"):
        asyncio.run(_read(HEAD.pack(1000, 0, 0) + b"{", frame_timeout=0.2))
    whole = asyncio.run(_read(HEAD.pack(2, 0, 0) + b"{}", frame_timeout=60))
    assert whole is not None, "negative control"


def test_a_peer_may_be_bound_to_less_than_the_protocol_allows() -> None:
    text = b'{"a": "' + b"x" * 1000 + b'"}'
    with pytest.raises(ProtocolError):
        asyncio.run(_read(HEAD.pack(len(text), 0, 0) + text, max_header=100))
    assert asyncio.run(_read(HEAD.pack(len(text), 0, 0) + text, max_header=2000)) is not None


def test_who_reads_nothing_is_cut_off() -> None:
    async def run() -> None:
        ours, theirs = socket.socketpair()
        stream = FrameStream(ours, write_timeout=0.2)
        try:
            await stream.write(Frame({}, payload=bytes(4 * 2**20)))
        finally:
            stream.close()
            theirs.close()

    with pytest.raises(ConnectionAbortedError):
        asyncio.run(run())


def test_a_kernels_request_has_a_bound_of_its_own(broker: Running) -> None:
    """Eight connections of each kernel may hold half a request; sixteen megabytes each would be too much."""
    opened = broker.call("researcher", "POST", "/sessions", {"kernel_id": "large"}).body
    kernel = broker.connect(opened["socket"])
    kernel.sock.sendall(HEAD.pack(5 * 2**20, 0, 0))
    assert kernel.sock.recv(1) == b""
    again = broker.connect(opened["socket"])
    assert again.ask("me")[0]["type"] == "answer", "negative control"


def test_connections_of_a_kernel_are_bounded(broker: Running) -> None:
    opened = broker.call("researcher", "POST", "/sessions", {"kernel_id": "many"}).body
    held = [broker.connect(opened["socket"]) for _ in range(8)]
    with pytest.raises(Unavailable, match="at once") as refusal:
        Connection(opened["socket"], "en")
    assert refusal.value.code == "too_many_connections"
    assert refusal.value.remedy is not None
    assert held[0].ask("me")[0]["type"] == "answer"
    assert healthy(broker)


def test_who_comes_too_many_waits_until_another_is_ready(broker: Running) -> None:
    """A notebook that closes connections and opens others is not sent away because the broker has yet to notice."""
    opened = broker.call("researcher", "POST", "/sessions", {"kernel_id": "queue"}).body
    for _ in range(5):
        held = [Connection(opened["socket"], "en") for _ in range(8)]
        for one in held:
            one.close()
    held = [Connection(opened["socket"], "en") for _ in range(8)]
    with ThreadPoolExecutor() as pool:
        ninth = pool.submit(Connection, opened["socket"], "en")
        held.pop().close()
        ninth.result().close()
    for one in held:
        one.close()


def test_a_server_that_asks_by_the_byte_holds_up_nobody(broker: Running) -> None:
    path = str(broker.deployment.gateway_socket("9001", "leader"))
    opened = []
    try:
        for _ in range(100):
            one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            one.connect(path)
            one.sendall(b"POST /cbs/api/precheck HTTP/1.1\r\nContent-Le")
            opened.append(one)
        assert healthy(broker)
        assert broker.call("researcher", "GET", "/health").status == 200
    finally:
        for one in opened:
            one.close()


def test_a_body_past_the_bound_is_refused(broker: Running) -> None:
    answer = None
    try:
        answer = broker.call("researcher", "POST", "/precheck", b"x" * (2 * 2**20))
    except OSError:
        answer = None  # hung up before everything was sent
    assert answer is None or answer.status in (400, 413)
    assert healthy(broker)


# ------------------------------------------------------------------------------------------------- another account


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with tempfile.TemporaryDirectory(prefix="cbs-p-") as folder:
        os.chmod(folder, 0o755)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            listening.bind(f"{folder}/s")
            os.chmod(f"{folder}/s", 0o777)
            listening.listen(4)
            listening.settimeout(60)
            yield listening


@pytest.mark.skipif(os.getuid() != 0, reason="only root can take another account on")
def test_another_account_is_not_admitted_even_where_it_may_connect(listener: socket.socket, tmp_path: Path) -> None:
    """As this account, the negative control, and as another one through a socket that everybody may open."""
    script = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)"
    for uid, welcome in ((0, True), (54_321, False)):
        # -S -I: another account need not be able to read this environment
        command = ["/usr/bin/setpriv", f"--reuid={uid}", "--clear-groups", "/usr/bin/python3", "-S", "-I", "-c", script, listener.getsockname()]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        connection, _ = listener.accept()
        with connection:
            assert peers.uid_of(connection) == uid
            assert peers.admits(connection, tmp_path) is welcome
        process.wait(60)


def test_who_may_speak_for_a_person(tmp_path: Path) -> None:
    assert peers.expected(tmp_path) == {0, os.getuid()}


# -------------------------------------------------------------------------------------------------------- events


def test_a_listener_that_lost_events_is_told_to_ask_for_everything() -> None:
    hub = EventHub()
    slow = hub.subscribe(Principal(user="u", name="U", role=Role.RESEARCHER, project="9001"))
    for number in range(300):
        hub.publish(Event(topic="exports", id=str(number)))
    first = slow.queue.get_nowait()
    assert first is not None
    assert (first.topic, first.id) == ("broker", "resync")
    assert slow.queue.qsize() < 256


# ------------------------------------------------------------------------------------------------------- refusals


def test_the_audit_counts_what_is_refused_again_and_again(broker: Running) -> None:
    for _ in range(60):
        assert broker.call("viewer", "POST", "/exports", {"title": "t"}).status == 403
    events = broker.call("admin", "GET", "/audit?limit=200").body["events"]
    refused = [event for event in events if (event["user"], event["action"], event["outcome"]) == ("viewer", "exports.create", "refused")]
    assert 1 <= len(refused) <= 2 * WRITTEN


def test_what_was_only_counted_is_written_in_the_end(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'state.sqlite'}", tmp_path / "anchors")
    refusals = Refusals(store)
    for _ in range(WRITTEN + 5):
        refusals.note("u", "9001", "sql", "not_select")
    refusals.note("u", "9001", "sql", "other")
    refusals.flush()
    written = [event for event in store.events("9001") if event.action == "sql"]
    store.close()
    assert len(written) == WRITTEN + 2
    assert [event.details.get("count") for event in written].count(5) == 1
