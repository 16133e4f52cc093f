from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_cbs.client import Workspace, connect
from jupyter_cbs.client.connection import Session
from jupyter_cbs.domain.errors import Cancelled, Internal, Invalid, NotFound, Position, Unavailable
from jupyter_cbs.domain.text import Text

from .peer import Line, Peer, ipc, memfd

ROWS = pa.table({"a": [1, 2, 3], "b": ["x", "y", None]})


def open_descriptors() -> int:
    # what earlier tests left for the collector would otherwise be closed at a moment of its own
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def interrupt() -> None:
    """Press stop: a real SIGINT to the main thread."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_connect_is_cached_and_knows_who_it_works_for(peer: Peer) -> None:
    ws = connect("en")
    assert connect() is ws
    assert (ws.principal.project, ws.principal.role.value) == ("9001", "researcher")
    assert repr(ws) == "Workspace(9001 · Rosa Onderzoeker · researcher)"
    ws.close()


def test_the_language_of_the_last_call_stays(peer: Peer) -> None:
    assert connect("nl").lang == "nl"
    assert connect().lang == "nl"
    assert {line.hello["lang"] for line in peer.lines} == {"nl"}


def test_without_a_session_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CBS_SESSION", raising=False)
    with pytest.raises(Unavailable) as caught:
        connect("nl")
    assert caught.value.code == "no_session"
    assert "kernel" in str(caught.value)
    assert "Deze Python" in str(caught.value)
    assert caught.value.message.en != caught.value.message.nl


def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBS_SESSION", str(tmp_path / "nothing.sock"))
    with pytest.raises(Unavailable) as caught:
        connect("en")
    assert caught.value.code == "broker_down"


def test_long_socket_paths_work(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    short = tmp_path / "s"
    short.symlink_to(folder)
    peer = Peer(short / "session.sock")
    try:
        session = Session(str(folder / "session.sock"), "en")
        who, name = session.welcome()
        session.close()
        assert (who["project"], name) == ("9001", "s-1")
    finally:
        peer.stop()


def test_an_inline_result(peer: Peer, ws: Workspace) -> None:
    peer.on_rows(ROWS)
    assert ws.sql("SELECT 1").arrow().equals(ROWS)
    assert peer.seen("sql") == [{"text": "SELECT 1", "parameters": None}]


def test_sealed_chunks_are_joined_in_order_and_leak_nothing(peer: Peer, ws: Workspace) -> None:
    def chunks(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        for part in (ROWS.slice(0, 2), ROWS.slice(2)):
            data = ipc(part)
            line.send({"id": number, "type": "chunk", "sizes": [len(data)]}, fds=[memfd(data)])
        line.answer(number, {"rows": 3, "bytes": 100, "seconds": 0.1, "columns": [], "sources": ["X2020TABV1"]})

    peer.on("sql", chunks)
    ws.sql("SELECT 1")
    before = open_descriptors()
    result = ws.sql("SELECT 1")
    assert result.arrow().combine_chunks().equals(ROWS.combine_chunks())
    assert result.sources == ("X2020TABV1",)
    del result
    assert open_descriptors() == before


def test_unsealed_memory_is_refused(peer: Peer, ws: Workspace) -> None:
    def unsealed(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        data = ipc(ROWS)
        line.send({"id": number, "type": "chunk", "sizes": [len(data), len(data)]}, fds=[memfd(data, sealed=False), memfd(data)])
        line.answer(number, {})

    peer.on("sql", unsealed)
    with pytest.raises(Internal, match="not sealed"):
        ws.sql("SELECT 1")


def test_errors_are_typed_and_point_at_the_place(peer: Peer, ws: Workspace) -> None:
    error = Invalid(
        "sql_syntax", Text(en="Syntax error near 'FORM'.", nl="Syntaxfout bij 'FORM'."), "Write FROM.", position=Position(line=2, column=3)
    )
    peer.on("sql", error)
    with pytest.raises(Invalid) as caught:
        ws.sql("SELECT *\n  FORM x")
    lines = caught.value._render_traceback_()  # type: ignore[attr-defined]  # IPython asks for it
    assert "Invalid" in lines[0]
    assert "Syntax error near 'FORM'." in lines[0]
    assert lines[1:3] == ["  2 |   FORM x", "        ^"]
    assert "Write FROM." in lines[3]
    assert len(lines) == 4
    assert str(caught.value) == "Syntax error near 'FORM'. Line 2, column 3. Write FROM."


def test_what_is_no_text_is_no_statement(ws: Workspace) -> None:
    with pytest.raises(Invalid, match="There is no SQL to run"):
        ws.sql(None)  # type: ignore[call-overload]  # what a cell does whose variable is None


def test_suggestions_are_named(peer: Peer, ws: Workspace) -> None:
    peer.on("sql", NotFound("unknown_dataset", "Unknown data set X.", suggestions=("GBAPERSOONTAB",)))
    with pytest.raises(NotFound, match=r"Nearest: GBAPERSOONTAB\."):
        ws.sql("SELECT * FROM X")


def test_a_vanished_broker_is_named_and_comes_back_by_itself(peer: Peer, ws: Workspace) -> None:
    peer.on_rows(ROWS)
    ws.sql("SELECT 1")
    peer.stop()
    with pytest.raises(Unavailable) as caught:
        ws.sql("SELECT 1")
    assert caught.value.code == "broker_down"
    assert "restored by itself" in str(caught.value)
    peer.start()
    assert ws.sql("SELECT 1").rows == 3


def test_a_broker_that_dies_during_a_query(peer: Peer, ws: Workspace) -> None:
    def die(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        line.sock.shutdown(2)

    peer.on("sql", die)
    with pytest.raises(Unavailable):
        ws.sql("SELECT 1")
    peer.on_rows(ROWS)
    assert ws.sql("SELECT 1").rows == 3


def test_an_interrupt_cancels_waits_for_the_end_and_keeps_the_connection(peer: Peer, ws: Workspace) -> None:
    def long(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        interrupt()
        assert line.cancelled.wait(60)
        line.fail(number, Cancelled("cancelled", "Stopped."))

    peer.on("sql", long)
    with pytest.raises(KeyboardInterrupt) as caught:
        ws.sql("SELECT 1")
    assert "nothing is running any more" in caught.value._render_traceback_()[0]  # type: ignore[attr-defined]  # IPython asks for it
    assert peer.seen("cancel") == [{"target": 1}]
    peer.on_rows(ROWS)
    assert ws.sql("SELECT 1").rows == 3
    assert len(peer.lines) == 1


def test_an_interrupt_that_comes_too_late_drops_the_result_but_nothing_else(peer: Peer, ws: Workspace) -> None:
    def completes(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        interrupt()
        assert line.cancelled.wait(60)
        data = ipc(ROWS)
        line.send({"id": number, "type": "chunk", "sizes": [len(data)]}, fds=[memfd(data)])
        line.answer(number, {})

    peer.on("sql", completes)
    before = open_descriptors()
    with pytest.raises(KeyboardInterrupt):
        ws.sql("SELECT 1")
    assert open_descriptors() == before


def test_a_second_interrupt_drops_the_connection(peer: Peer, ws: Workspace) -> None:
    def stubborn(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        interrupt()
        assert line.cancelled.wait(60)
        interrupt()

    peer.on("sql", stubborn)
    with pytest.raises(KeyboardInterrupt):
        ws.sql("SELECT 1")
    peer.on_rows(ROWS)
    assert ws.sql("SELECT 1").rows == 3
    assert len(peer.lines) == 2


def test_threads_do_not_wait_for_each_other(peer: Peer, ws: Workspace) -> None:
    together = threading.Barrier(2, timeout=60)
    payload = ipc(ROWS)

    def meet(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        together.wait()
        line.answer(number, {}, payload)

    peer.on("sql", meet)
    counts: list[int] = []
    other = threading.Thread(target=lambda: counts.append(ws.sql("SELECT 1").rows))
    other.start()
    assert ws.sql("SELECT 1").rows == 3
    other.join(60)
    assert counts == [3]


def test_progress_is_told_after_a_second_only(peer: Peer, ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[float | None, int]] = []
    told = threading.Event()

    def slow(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        line.send({"id": number, "type": "progress", "fraction": 0.1, "rows": 5})
        assert told.wait(60)
        line.send({"id": number, "type": "progress", "fraction": 0.5, "rows": 10})
        line.answer(number, {"ok": True})

    def note(fraction: float | None, rows: int, elapsed: float) -> None:
        seen.append((fraction, rows))
        assert elapsed >= 1
        told.set()

    peer.on("sql", slow)
    assert ws._session.call("sql", {}, progress=note).answer == {"ok": True}
    assert seen[0] == (None, -1)
    assert seen[-1] == (0.5, 10)
    assert (0.1, 5) not in seen


def test_the_progress_line_goes_away(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from jupyter_cbs.client.progress import ProgressDisplay

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    display = ProgressDisplay("Query", "en")
    display(0.05, 100, 1.2)
    display(0.25, 1200, 3.2)
    display.close()
    shown = capsys.readouterr().err
    assert "25 % · 3.2 s · about 8 s left · 1,200 rows · cancel with Ctrl-C" in shown
    assert shown.endswith("\r")


def test_a_remaining_time_that_proved_wrong_is_not_told_again(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from jupyter_cbs.client.progress import ProgressDisplay

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    display = ProgressDisplay("Query", "nl")
    display(0.10, 0, 1.0)
    display(0.92, 0, 3.0)
    assert "92 % · 3,0 s · nog ongeveer 1 s" in capsys.readouterr().err
    display(0.93, 0, 19.0)
    shown = capsys.readouterr().err
    assert "93 % · 19,0 s · stoppen met" in shown
    assert "nog ongeveer" not in shown
    display.close()


def test_no_end_is_told_before_progress_was_seen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from jupyter_cbs.client.progress import ProgressDisplay

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    display = ProgressDisplay("Query", "en")
    for elapsed in (1.0, 2.0, 4.0, 8.0):
        display(0.92, 0, elapsed)
        display(None, -1, elapsed + 0.5)  # nothing new but the time
    assert " left" not in capsys.readouterr().err
    display.close()


def test_a_broken_peer_is_an_internal_error(peer: Peer, ws: Workspace) -> None:
    peer.on("sql", lambda peer, line, number, args: line.send({"id": number, "type": "dance"}))
    with pytest.raises(Internal):
        ws.sql("SELECT 1")
    peer.on("sql", lambda peer, line, number, args: line.send({"id": number, "type": "chunk", "sizes": [5]}))
    with pytest.raises(Internal):
        ws.sql("SELECT 1")


def test_heavy_libraries_are_not_loaded_before_they_are_needed(peer: Peer) -> None:
    code = (
        "import sys, jupyter_cbs as cbs\n"
        "ws = cbs.connect()\n"
        "print([m for m in ('pandas', 'ipywidgets', 'matplotlib', 'openpyxl', 'IPython', 'polars') if m in sys.modules])\n"
        "ws.close()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2])
    assert ran.stdout == "[]\n", ran.stderr
