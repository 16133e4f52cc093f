"""Protecting a table from a kernel: suppressed, rounded or merged, and kept as evidence."""

from __future__ import annotations

from .harness import Running

TABLE = {"source": "GBAPERSOON2023TABV1", "rows": ["GBAGEBOORTEJAAR"], "columns": ["GBAGESLACHT"]}


def test_a_table_is_suppressed_and_the_attack_proves_it(broker: Running) -> None:
    kernel = broker.kernel()
    meta = kernel.ask("table", **TABLE)[0]["answer"]
    header, rows = kernel.ask("table.protect", fingerprint=meta["fingerprint"], method="suppress")
    made = header["answer"]
    assert rows is not None
    assert made["proof"]
    assert {finding["row"] for finding in meta["findings"] if finding["status"] == "unsafe"} <= set(made["hidden"])
    assert made["fingerprint"] != meta["fingerprint"]


def test_a_fingerprint_of_nobody_is_as_unknown_as_that_of_another_project(broker: Running) -> None:
    header, _ = broker.kernel().ask("table.protect", fingerprint="0" * 64)
    assert header["error"]["code"] == "unknown_table"
    assert header["error"]["status"] == 404


def test_a_table_without_an_unsafe_cell_needs_nothing(broker: Running) -> None:
    kernel = broker.kernel()
    meta = kernel.ask("table", source="GBAPERSOON2023TABV1")[0]["answer"]
    header, _ = kernel.ask("table.protect", fingerprint=meta["fingerprint"])
    assert header["error"]["code"] == "nothing_to_protect"
