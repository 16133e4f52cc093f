from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_cbs.client import Workspace, connect

from .peer import Peer


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    peer = Peer(tmp_path / "session.sock")
    monkeypatch.setenv("CBS_SESSION", str(peer.path))
    monkeypatch.setenv("CBS_LANG", "en")
    yield peer
    peer.stop()


@pytest.fixture
def ws(peer: Peer) -> Iterator[Workspace]:
    workspace = connect("en")
    yield workspace
    workspace.close()
