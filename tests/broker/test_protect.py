"""Protecting a table from a kernel: suppressed, rounded or merged, and kept as evidence."""

from __future__ import annotations

from jupyter_cbs.domain.evidence import TableMeta
from jupyter_cbs.domain.grid import render_grid

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


def test_a_table_is_rounded_so_that_small_counts_cannot_be_told(broker: Running) -> None:
    kernel = broker.kernel()
    meta = kernel.ask("table", **TABLE)[0]["answer"]
    header, rows = kernel.ask("table.protect", fingerprint=meta["fingerprint"], method="round")
    made = header["answer"]
    assert rows is not None
    assert made["rounding"] == 10
    assert all(value is None or value % 10 == 0 for value in rows.column("value").to_pylist())
    assert "min_frequency" not in {finding["rule"] for finding in made["findings"]}
    header, _ = kernel.ask("table.protect", fingerprint=meta["fingerprint"], method="round", base=2)
    assert header["error"]["code"] == "rounding_unpicked"
    header, _ = kernel.ask("table.protect", fingerprint=made["fingerprint"], method="suppress")
    assert header["error"]["code"] == "already_rounded"


def test_categories_are_merged_and_the_table_made_again(broker: Running) -> None:
    kernel = broker.kernel()
    meta = kernel.ask("table", **TABLE)[0]["answer"]
    assert meta["merges"]
    header, rows = kernel.ask("table.protect", fingerprint=meta["fingerprint"], method="merge")
    made = header["answer"]
    assert rows is not None
    assert made["spec"]["merge"]
    assert made["unsafe"] < meta["unsafe"]
    labels = {category["label"] for dimension in made["dimensions"] for category in dimension["categories"]}
    assert {proposal["label"] for proposal in meta["merges"]} <= labels


def test_what_was_protected_is_verified_in_a_file(broker: Running) -> None:
    kernel = broker.kernel()
    meta = kernel.ask("table", **TABLE)[0]["answer"]
    for method in ("suppress", "round"):
        header, rows = kernel.ask("table.protect", fingerprint=meta["fingerprint"], method=method)
        made = TableMeta.model_validate(header["answer"])
        assert rows is not None
        path = broker.deployment.shared("9001") / f"{method}.csv"
        path.write_text("\n".join(",".join(line) for line in render_grid(made, rows, made.hidden)), encoding="utf-8")
        report = broker.call("researcher", "POST", "/precheck", {"paths": [f"shared/{method}.csv"]}).body
        assert report["files"][0]["status"] in ("safe", "review"), report
        assert all(finding["basis"] == "verified" for finding in report["files"][0]["findings"])
