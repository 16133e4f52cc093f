"""Events reach the browser; a broker that vanishes is said to be gone and comes back by itself."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
import websocket
from jupyter_events import EventLogger
from running_demo import Demo, wait_for

from jupyter_cbs.domain.errors import CbsError
from jupyter_cbs.domain.gateway import Event
from jupyter_cbs.server.gateway import Gateway
from jupyter_cbs.server.stream import SCHEMA_FILE, SCHEMA_ID, EventStream


class Listener:
    def __init__(self, demo: Demo, account: str) -> None:
        found = demo.accounts[account]
        address = f"{found['url'].replace('http', 'ws', 1)}api/events/subscribe"
        self._socket = websocket.create_connection(address, timeout=60, header=[f"Authorization: token {found['token']}"], suppress_origin=True)

    def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 120) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        seen = []
        while time.monotonic() < deadline:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                event = json.loads(self._socket.recv())
            except websocket.WebSocketTimeoutException:
                break
            if event["schema_id"] == SCHEMA_ID:
                seen.append(event)
                if wanted(event):
                    return event
        pytest.fail(f"no such event within {seconds} s; seen: {seen}")

    def close(self) -> None:
        self._socket.close()


@contextmanager
def listening(demo: Demo, account: str) -> Iterator[Listener]:
    listener = Listener(demo, account)
    try:
        yield listener
    finally:
        listener.close()


def test_a_draft_is_seen_by_the_leader_at_once(deployment: Demo) -> None:
    with listening(deployment, "leader") as leader:
        draft = deployment.client("researcher").api("POST", "exports", {"title": "Seen at once"})
        event = leader.until(lambda e: e["topic"] == "exports" and e["id"] == draft["id"])
    assert set(event) >= {"topic", "id", "text", "level"}


def test_another_project_hears_nothing(deployment: Demo) -> None:
    with listening(deployment, "outsider") as outsider, listening(deployment, "leader") as leader:
        draft = deployment.client("researcher").api("POST", "exports", {"title": "Not for others"})
        own = deployment.client("outsider").api("POST", "exports", {"title": "Own"})
        leader.until(lambda e: e["id"] == draft["id"])
        seen: list[str] = []
        outsider.until(lambda e: bool(seen.append(str(e["id"]))) or e["id"] == own["id"])
        assert draft["id"] not in seen


def test_a_dead_broker_is_said_to_be_gone_and_comes_back(deployment: Demo) -> None:
    client = deployment.client("researcher")
    dead = deployment.info["pids"]["broker"]
    with client.kernel() as kernel, listening(deployment, "researcher") as listener:
        assert kernel.run("import jupyter_cbs as cbs; ws = cbs.connect()").error is None
        os.kill(dead, signal.SIGKILL)
        down = listener.until(lambda e: e["topic"] == "broker" and e["id"] == "down")
        assert down["level"] == "error"
        assert "does not answer" in down["text"]
        listener.until(lambda e: e["topic"] == "broker" and e["id"] == "up")
        assert client.request("GET", "cbs/api/health").status_code == 200
        # sessions outlive the broker: the kernel goes on
        output = kernel.run("print(len(ws.sql('SELECT 1 AS x').df()))")
        assert output.error is None, output
        assert output.text.strip().endswith("1")
    assert wait_for(lambda: deployment.info["pids"]["broker"] != dead, 120, "the new broker's pid")


def test_without_a_broker_every_answer_says_what_to_do(deployment: Demo) -> None:
    """The broker is held, not dead, so that nothing restarts it meanwhile; what is asked of it is refused at once when its socket is gone."""
    client, dutch = deployment.client("leader"), deployment.client("leader", "nl")
    place = Path(deployment.root / "run" / "gateway" / "9001.leader" / "s")
    away = place.with_name("away")
    client.save("personal/kept.txt", "old")
    place.rename(away)
    try:
        for answer in (client.request("GET", "cbs/api/project"), client.request("POST", "cbs/api/precheck", {"paths": ["shared/x"]})):
            assert answer.status_code == 503
            problem = answer.json()
            assert (problem["kind"], problem["code"]) == ("Unavailable", "broker_down")
            assert problem["remedy"]
        assert "antwoordt niet" in dutch.request("GET", "cbs/api/project").json()["message"]
        saved = client.save("personal/kept.txt", "new")
        assert saved.status_code == 503
        assert "does not answer" in saved.json()["message"]
        assert (deployment.personal("leader") / "kept.txt").read_text() == "old"
        assert client.start_kernel("personal/x.ipynb").status_code == 503
        # the file browser does not look as if the files were gone
        assert [item["name"] for item in client.request("GET", "api/contents").json()["content"]] == ["shared", "personal"]
    finally:
        away.rename(place)
    assert client.save("personal/kept.txt", "new").status_code == 200


class Bus:
    """Keeps what is emitted, after Jupyter's own check of the schema."""

    def __init__(self) -> None:
        self._logger = EventLogger()
        self._logger.register_event_schema(SCHEMA_FILE)
        self.events: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    def emit(self, *, schema_id: str, data: dict[str, object]) -> None:
        assert self._logger.emit(schema_id=schema_id, data=data) is not None or not self._logger.handlers
        self._logger.schemas.validate_event(schema_id, data)
        self.events.put_nowait(data)


def test_the_stream_finds_a_broker_that_starts_later(deployment: Demo) -> None:
    asyncio.run(_find_later(deployment))


async def _find_later(deployment: Demo) -> None:
    place = Path(deployment.root / "run" / "gateway" / "9001.checker2" / "s")
    link = deployment.root.parent / "later"
    bus = Bus()
    stream = EventStream(Gateway(str(link)), bus)
    stream.use_language("nl")
    stream.start()
    try:
        down = await asyncio.wait_for(bus.events.get(), 60)
        assert (down["topic"], down["id"]) == ("broker", "down")
        assert "antwoordt niet" in str(down["text"])
        link.symlink_to(place)
        up = await asyncio.wait_for(bus.events.get(), 60)
        assert (up["topic"], up["id"], up["level"]) == ("broker", "up", "success")
        assert stream.up is True
    finally:
        await stream.stop()
        link.unlink()


@pytest.mark.parametrize("topic", get_args(Event.model_fields["topic"].annotation))
def test_every_event_of_the_gateway_fits_the_schema(topic: str) -> None:
    bus = Bus()
    event = Event(topic=topic, id=None, text="x", level="warning")
    bus.emit(schema_id=SCHEMA_ID, data=event.model_dump(mode="json", context={"lang": "en"}))


def test_a_gateway_without_a_broker() -> None:
    async def ask() -> None:
        await Gateway("/nowhere/at/all").request("GET", "/health")

    with pytest.raises(CbsError, match="does not answer"):
        asyncio.run(ask())
