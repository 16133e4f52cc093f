"""Grants of some columns, through a running broker: the catalogue, queries and the worker's own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from running_demo import wait_for

from .harness import PERSONS, Running
from .test_policies import await_event, listen, project_file, write

WITHHELD = "GBAGEBOORTEJAAR"
SOME = "  - {dataset: GBAPERSOON*, columns: [RINPERSOONS, RINPERSOON, GBAGESLACHT]}\n"


def restrict(broker: Running, events: Any, line: str = SOME) -> None:
    """Replace the grants of persons by a line, and wait until it holds."""
    file = project_file(broker)
    text = "".join(part for part in file.read_text().splitlines(True) if "GBAPERSOON" not in part)
    write(file, text.replace("grants:\n", f"grants:\n{line}"))
    await_event(events, "catalogue")


def derived(broker: Running) -> list[Path]:
    folder = broker.deployment.columns
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_a_withheld_column_is_nowhere(fresh_broker: Running) -> None:
    kernel, events = fresh_broker.kernel(), listen(fresh_broker)
    # the control: with the whole file granted everything below finds the column
    assert "answer" in kernel.ask("sql", text=f"SELECT {WITHHELD} FROM GBAPERSOONTAB LIMIT 1")[0]
    whole = fresh_broker.call("researcher", "GET", "/catalogue/GBAPERSOONTAB").body
    assert WITHHELD in [variable["name"] for variable in whole["variables"]]

    restrict(fresh_broker, events)
    seen = fresh_broker.call("researcher", "GET", "/catalogue/GBAPERSOONTAB").body
    assert [variable["name"] for variable in seen["variables"]] == ["RINPERSOONS", "RINPERSOON", "GBAGESLACHT"]
    for text in (
        f"SELECT {WITHHELD} FROM GBAPERSOONTAB",
        f"SELECT count(*) FROM GBAPERSOON2023TABV1 WHERE {WITHHELD} = '1930'",
        f"SELECT p.{WITHHELD} FROM GBAPERSOONTAB p",
        f"SELECT COLUMNS('{WITHHELD}') FROM GBAPERSOONTAB",
    ):
        header, _ = kernel.ask("sql", text=text)
        assert "error" in header, text
        assert header["error"]["kind"] in ("NotFound", "Invalid"), header
    header, _ = kernel.ask("sql", text=f"SELECT {WITHHELD} FROM GBAPERSOONTAB")
    nothing, _ = kernel.ask("sql", text="SELECT GBAGEBOORTEJAXX FROM GBAPERSOONTAB")
    assert header["error"]["code"] == nothing["error"]["code"]
    assert WITHHELD not in header["error"]["suggestions"]
    _, described = kernel.ask("sql", text="DESCRIBE GBAPERSOONTAB")
    assert described is not None
    assert described.column(0).to_pylist() == ["RINPERSOONS", "RINPERSOON", "GBAGESLACHT"]
    _, everything = kernel.ask("sql", text="SELECT * FROM GBAPERSOONTAB")
    assert everything is not None
    assert (everything.num_rows, everything.column_names) == (PERSONS, ["RINPERSOONS", "RINPERSOON", "GBAGESLACHT"])
    header, _ = kernel.ask("table", source="GBAPERSOONTAB", rows=[WITHHELD])
    assert header["error"]["kind"] == "NotFound"
    header, _ = kernel.ask("table", source="GBAPERSOONTAB", rows=["GBAGESLACHT"])
    assert "answer" in header, header

    (file,) = derived(fresh_broker)
    assert pq.read_schema(file).names == ["RINPERSOONS", "RINPERSOON", "GBAGESLACHT"]
    assert WITHHELD.encode() not in file.read_bytes()


def test_changes_of_columns_reach_a_running_kernel_and_old_files_go(fresh_broker: Running) -> None:
    kernel, events = fresh_broker.kernel(), listen(fresh_broker)
    restrict(fresh_broker, events, f"  - {{dataset: GBAPERSOON*, columns: [{WITHHELD}]}}\n  - {{dataset: GBAPERSOONTAB, columns: [GBAGESLACHT]}}\n")
    _, both = kernel.ask("sql", text="SELECT * FROM GBAPERSOONTAB LIMIT 1")
    assert both is not None
    assert both.column_names == ["GBAGESLACHT", WITHHELD]
    (first,) = derived(fresh_broker)

    restrict(fresh_broker, events)
    assert "error" in kernel.ask("sql", text=f"SELECT {WITHHELD} FROM GBAPERSOONTAB")[0]
    (second,) = (path for path in derived(fresh_broker) if path != first)

    restrict(fresh_broker, events, "  - GBAPERSOONTAB\n" + SOME)  # a whole grant wins
    _, whole = kernel.ask("sql", text="SELECT * FROM GBAPERSOONTAB LIMIT 1")
    assert whole is not None
    assert WITHHELD in whole.column_names

    restrict(fresh_broker, events, "")
    assert kernel.ask("sql", text="SELECT 1 FROM GBAPERSOONTAB")[0]["error"]["code"] == "unknown_dataset"
    wait_for(lambda: not {first, second} & set(derived(fresh_broker)), 120, "the clean-up that follows a change")


def test_a_running_query_ends_when_its_column_is_withheld(fresh_broker: Running) -> None:
    kernel, events = fresh_broker.kernel(), listen(fresh_broker)
    assert "answer" in kernel.ask("sql", text="SELECT 1 FROM GBAPERSOONTAB LIMIT 1")[0]
    # nobody waits for the end of this one
    tables = ", ".join(f"GBAPERSOONTAB {name}" for name in "abcdefg")
    number = kernel.start("sql", text=f"SELECT sum(hash(a.{WITHHELD}, b.{WITHHELD}, c.{WITHHELD}, g.{WITHHELD})) FROM {tables}")
    restrict(fresh_broker, events)
    header, _ = kernel.finish(number)
    assert "error" in header
