from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_cbs.client import Workspace
from jupyter_cbs.client.magics import parameter_names
from jupyter_cbs.domain.errors import Invalid, NotFound

from .peer import Peer


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.extension_manager.load_extension("jupyter_cbs")
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT $year, $min, $year", ("year", "min")),
        ("SELECT '$no', \"$no\", $$ $no $$, $tag$ $no $tag$ -- $no\n /* $no */, $yes", ("yes",)),
        ("SELECT 'it''s $no', ?", ()),
        ("SELECT $1", ()),
    ],
)
def test_parameter_names(text: str, names: tuple[str, ...]) -> None:
    assert parameter_names(text) == names


def test_a_cell_keeps_its_result_under_a_name(peer: Peer, ws: Workspace, shell: InteractiveShell) -> None:
    peer.on_rows(pa.table({"n": [7]}))
    shell.user_ns["year"] = 2023
    shown = shell.run_cell_magic("cbs", "persons", "SELECT count(*) n FROM x WHERE jaar = $year")
    assert shell.user_ns["persons"] is shown
    assert shown.rows == 1
    assert peer.seen("sql")[0]["parameters"] == {"year": 2023}


def test_a_line_gives_its_result(peer: Peer, ws: Workspace, shell: InteractiveShell) -> None:
    peer.on_rows(pa.table({"n": [7]}))
    assert list(shell.run_line_magic("cbs", "SELECT 7 AS n")) == [(7,)]
    assert peer.seen("sql")[0] == {"text": "SELECT 7 AS n", "parameters": None}


def test_unknown_parameters_and_names_are_explained(peer: Peer, ws: Workspace, shell: InteractiveShell) -> None:
    with pytest.raises(NotFound, match=r"\$nowhere"):
        shell.run_line_magic("cbs", "SELECT $nowhere")
    with pytest.raises(Invalid, match="name of a variable"):
        shell.run_cell_magic("cbs", "not a name", "SELECT 1")


def test_the_notebook_shows_message_and_remedy_not_frames(
    peer: Peer, ws: Workspace, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    peer.on("sql", Invalid("not_a_select", "Only one SELECT.", "Write a SELECT."))
    shell.run_cell("%cbs DROP TABLE x")
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert "Only one SELECT." in text
    assert "Write a SELECT." in text
    assert "connection.py" not in text
    assert len(text.strip().splitlines()) <= 5
