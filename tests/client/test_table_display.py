"""The buttons below a table: what is asked of the workspace, and what the table is afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, get_args

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

from jupyter_cbs.client import Workspace
from jupyter_cbs.client.table import Table
from jupyter_cbs.client.table_display import TableDisplay
from jupyter_cbs.client.words import quantity
from jupyter_cbs.domain.errors import Cancelled, Conflict, Invalid
from jupyter_cbs.domain.evidence import MergeProposal, Statistic, TableMeta
from jupyter_cbs.domain.text import Text

from .peer import Line, Peer, ipc
from .tables import make

PROVED = Text(en="The attack calculates no unsafe cell.", nl="De aanval berekent geen onveilige cel.")


class Loop:
    """The thread that owns the widgets: calls wait until they are let through."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []
        self._changed = threading.Condition()

    def __call__(self, call: Callable[[], None]) -> None:
        with self._changed:
            self._calls.append(call)
            self._changed.notify_all()

    def until(self, ready: Callable[[], bool]) -> None:
        while not ready():
            with self._changed:
                assert self._changed.wait_for(lambda: bool(self._calls), 10)
                call = self._calls.pop(0)
            call()


def served(peer: Peer, lang: str = "en", **changes: Any) -> tuple[TableMeta, Any]:
    meta, frame = make(**changes)
    meta = meta.model_copy(update={"merges": (MergeProposal(dimension="age", label="65+", codes=("2", "3")),)})
    peer.on("table", lambda peer, line, number, args: line.answer(number, meta.model_dump(mode="json", context={"lang": lang}), ipc(frame)))

    def protect(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        made = meta.model_copy(update={"fingerprint": "a" * 64, "proof": PROVED})
        line.answer(number, made.model_dump(mode="json", context={"lang": lang}), ipc(frame))

    peer.on("table.protect", protect)
    return meta, frame


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def shell() -> Iterator[None]:
    # displays need a shell that publishes
    InteractiveShell.instance()
    yield
    InteractiveShell.clear_instance()


@pytest.fixture
def table(peer: Peer, ws: Workspace) -> Table:
    served(peer)
    return ws.table("ZVWZORGKOSTENTAB", rows="age", columns="sex", values="ZVWKTOTAAL", statistic="mean")


def shown(table: Table, loop: Loop) -> tuple[TableDisplay, list[RichOutput]]:
    with capture_output() as captured:
        display = TableDisplay(table, loop)
    return display, captured.outputs


def buttons(display: TableDisplay) -> dict[str, ipywidgets.Button]:
    row = display.tools.children[0]
    return {button.description: button for button in row.children}


def press(display: TableDisplay, label: str) -> None:
    with capture_output():
        buttons(display)[label].click()


def settle(display: TableDisplay, loop: Loop, label: str) -> None:
    """Let the answer through: afterwards this button is there."""
    with capture_output():
        loop.until(lambda: label in buttons(display))


@pytest.mark.usefixtures("shell")
def test_one_click_suppresses_and_one_undoes(peer: Peer, table: Table, loop: Loop) -> None:
    display, outputs = shown(table, loop)
    assert [set(output.data) >= {"text/html", "text/plain"} for output in outputs] == [True, False]
    assert list(buttons(display)) == ["Suppress 2 cells", "Merge into “65+”"]
    assert all(button.tooltip for button in buttons(display).values())
    press(display, "Suppress 2 cells")
    assert list(buttons(display)) == ["Cancel"]
    settle(display, loop, "Undo")
    assert peer.seen("table.protect") == [{"fingerprint": "f" * 64, "method": "suppress", "base": None, "merge": None}]
    # what is written now is what is on the screen
    assert table.hidden == {9, 6}
    assert PROVED.en in table._repr_html_()
    assert list(buttons(display)) == ["Undo"]
    press(display, "Undo")
    assert table.hidden == frozenset()
    assert PROVED.en not in table._repr_html_()
    assert list(buttons(display)) == ["Suppress 2 cells", "Merge into “65+”"]


@pytest.mark.usefixtures("shell")
def test_a_merge_asks_for_the_proposed_categories(peer: Peer, table: Table, loop: Loop) -> None:
    display, _ = shown(table, loop)
    press(display, "Merge into “65+”")
    settle(display, loop, "Undo")
    (asked,) = peer.seen("table.protect")
    assert (asked["method"], asked["merge"]) == ("merge", {"age": {"65+": ["2", "3"]}})


@pytest.mark.usefixtures("shell")
def test_counts_can_be_rounded(peer: Peer, ws: Workspace, loop: Loop) -> None:
    served(peer, statistic="count")
    display, _ = shown(ws.table("X", rows="age"), loop)
    assert "Round" in buttons(display)


@pytest.mark.usefixtures("shell")
def test_a_refusal_is_told_and_changes_nothing(peer: Peer, table: Table, loop: Loop) -> None:
    peer.on("table.protect", Conflict("infeasible_protection", Text(en="It <cannot> be done.", nl="Kan niet."), Text(en="Merge.", nl="Voeg samen.")))
    display, _ = shown(table, loop)
    press(display, "Suppress 2 cells")
    settle(display, loop, "Suppress 2 cells")
    said = display.tools.children[1].value
    assert 'role="status"' in said
    assert "✕ It &lt;cannot&gt; be done. Merge." in said
    assert table.hidden == frozenset()


@pytest.mark.usefixtures("shell")
def test_cancel_stops_the_request(peer: Peer, table: Table, loop: Loop) -> None:
    began = threading.Event()

    def slow(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        began.set()
        assert line.cancelled.wait(60)
        line.fail(number, Cancelled("cancelled", Text(en="Stopped.", nl="Gestopt.")))

    peer.on("table.protect", slow)
    display, _ = shown(table, loop)
    press(display, "Suppress 2 cells")
    assert began.wait(60)
    press(display, "Cancel")
    settle(display, loop, "Suppress 2 cells")
    assert "the table is as it was" in display.tools.children[1].value


@pytest.mark.usefixtures("shell")
def test_every_display_of_a_table_follows(table: Table, loop: Loop) -> None:
    first, _ = shown(table, loop)
    second, _ = shown(table, loop)
    press(first, "Suppress 2 cells")
    with capture_output() as captured:
        loop.until(lambda: "Undo" in buttons(second))
    assert list(buttons(first)) == ["Undo"]
    assert sum("text/html" in output.data for output in captured.outputs) == 2


@pytest.mark.usefixtures("shell")
def test_a_table_without_an_unsafe_cell_has_no_buttons(peer: Peer, ws: Workspace, loop: Loop) -> None:
    served(peer, findings=(), hidden=())
    _, outputs = shown(ws.table("X", rows="age"), loop)
    assert len(outputs) == 1


@pytest.mark.usefixtures("shell")
def test_in_dutch(peer: Peer, loop: Loop) -> None:
    from jupyter_cbs.client import connect

    served(peer, "nl")
    workspace = connect("nl")
    try:
        display, _ = shown(workspace.table("X", rows="age"), loop)
        assert list(buttons(display)) == ["Onderdruk 2 cellen", "Voeg samen tot “65+”"]
    finally:
        workspace.close()


def test_the_same_in_code(peer: Peer, table: Table) -> None:
    made = table.protect()
    assert made.hidden == {9, 6}
    assert table.hidden == frozenset()
    assert made.undo().grid() == table.grid()
    assert table.undo() is table
    with pytest.raises(Invalid, match="'suppress', 'round' or 'merge'"):
        table.protect("shuffle")  # type: ignore[arg-type]  # no such method
    with pytest.raises(Invalid, match="at least 2"):
        table.protect("round", base=1)
    with pytest.raises(Invalid, match=r"ws\.table"):
        Table(*make(), "en").protect()


def test_every_statistic_has_a_name() -> None:
    meta, _ = make()
    for statistic in get_args(Statistic):
        assert all(quantity(meta.model_copy(update={"statistic": statistic}), lang)[0] for lang in ("en", "nl"))
