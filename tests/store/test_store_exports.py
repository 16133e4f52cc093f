"""Export requests, votes, evidence and measurements: kept as given, changed only by who saw the latest."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.domain.errors import Conflict, NotFound
from jupyter_cbs.domain.evidence import Category, Dimension, TableMeta, TableSpec
from jupyter_cbs.domain.export import ExportForm, ExportState, FormFile, HistoryEntry, ManifestEntry
from jupyter_cbs.domain.finding import FileReport, Finding, PrecheckReport, Rule, Status, Where
from jupyter_cbs.domain.grid import ANY_SHAPE
from jupyter_cbs.domain.model import ModelEvidence
from jupyter_cbs.domain.text import Text
from jupyter_cbs.store import ExportRow, MeasurementRow, ReleasedModel, ReleasedTable, Store, Vote
from jupyter_cbs.store.reader import NEWEST_EVIDENCE

AT = datetime(2026, 11, 20, 9, 30, 0, 123, tzinfo=UTC)


def request(export_id: str = "e1", project: str = "9001", **changes: Any) -> ExportRow:
    row = ExportRow(id=export_id, project=project, title="Costs", author="researcher", created_at=AT, changed_at=AT)
    return replace(row, **changes)


def full() -> ExportRow:
    finding = Finding(
        rule=Rule.MIN_FREQUENCY,
        status=Status.UNSAFE,
        where=Where(sheet="a", cell="B2"),
        text=Text(en="Only 3 persons.", nl="Slechts 3 personen."),
        remedy=Text(en="Merge.", nl="Voeg samen."),
    )
    return request(
        proposer="researcher",
        submitter="leader",
        state=ExportState.IN_REVIEW,
        round=2,
        paths=("shared/a.csv", "shared/ünïcode \udcff.csv"),
        form=ExportForm(purpose="thesis", files=(FormFile(path="a.csv", shows="costs"),)),
        report=PrecheckReport(
            status=Status.UNSAFE,
            files=(FileReport(path="shared/a.csv", type="csv", status=Status.UNSAFE, findings=(finding,)),),
            export_class="light",
        ),
        manifest=(ManifestEntry(path="a.csv", source="shared/a.csv", sha256="0" * 64, size=7, type="csv", kind="table"),),
        digest="d" * 64,
        export_class="light",
        price_cents=14_000,
        ready_on=date(2026, 11, 23),
        history=(HistoryEntry(at=AT, user="leader", action="submit", state=ExportState.SUBMITTED, note="ok"),),
    )


def test_a_request_comes_back_as_it_was(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(full())
    kept = store.export("9001", "e1")
    assert kept == replace(full(), paths=("shared/a.csv", "shared/ünïcode \\udcff.csv"))
    assert kept.report is not None
    assert kept.report.files[0].findings[0].text.nl == "Slechts 3 personen."


def test_requests_of_another_project_do_not_exist(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(request())
    for project, export_id in (("9002", "e1"), ("9001", "e2")):
        with pytest.raises(NotFound) as caught:
            store.export(project, export_id)
        assert caught.value.code == "unknown_export"
    assert store.exports("9002") == ()


def test_requests_are_listed_by_their_last_change(store: Store, clock: Any) -> None:
    with store.begin() as tx:
        tx.insert_export(request("old"))
        tx.insert_export(request("new", changed_at=AT.replace(hour=10)))
    assert [row.id for row in store.exports("9001")] == ["new", "old"]
    with store.begin() as tx:
        tx.update_export("old", 1, title="Changed")
    assert [row.id for row in store.exports("9001")] == ["old", "new"]
    assert store.export("9001", "old").changed_at == clock.now


def test_a_change_grows_the_version_and_leaves_the_rest(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(full())
        before = tx.export("9001", "e1")
        changed = tx.update_export("e1", 1, state=ExportState.APPROVED, price_cents=None, changed_at=AT)
    assert changed == replace(before, state=ExportState.APPROVED, price_cents=None, version=2)
    assert store.export("9001", "e1") == changed


def test_who_saw_an_older_version_loses_and_changes_nothing(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(request())
        first = tx.update_export("e1", 1, title="First")
    with pytest.raises(Conflict) as caught, store.begin() as tx:
        tx.update_export("e1", 1, title="Second")
    assert caught.value.code == "stale_version"
    assert store.export("9001", "e1") == first


def test_of_many_at_once_exactly_one_wins(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(request())
    outcomes: list[str] = []
    ready = threading.Barrier(8)

    def change(name: str) -> None:
        ready.wait()
        try:
            with store.begin() as tx:
                tx.update_export("e1", 1, title=name)
                tx.audit(user=name, project="9001", action="edit", subject="e1", outcome="ok")
            outcomes.append(name)
        except Conflict:
            pass

    threads = [threading.Thread(target=change, args=(f"t{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 1
    assert store.export("9001", "e1").title == outcomes[0]
    assert [event.user for event in store.events()] == outcomes  # the losers left no event either


@pytest.mark.parametrize("state", [state for state in ExportState if state.is_final])
@pytest.mark.parametrize("target", ExportState)
def test_final_states_never_change_except_released_to_recalled(store: Store, state: ExportState, target: ExportState) -> None:
    with store.begin() as tx:
        tx.insert_export(request(state=state))
    if (state, target) == (ExportState.RELEASED, ExportState.RECALLED):
        with store.begin() as tx:
            assert tx.update_export("e1", 1, state=target).state is ExportState.RECALLED
        return
    with pytest.raises(Conflict) as caught, store.begin() as tx:
        tx.update_export("e1", 1, state=target)
    assert caught.value.code == "final_state"
    assert store.export("9001", "e1").state is state


@pytest.mark.parametrize("field", ["id", "project", "author", "created_at", "version", "colour"])
def test_who_made_a_request_and_where_never_changes(store: Store, field: str) -> None:
    with store.begin() as tx:
        tx.insert_export(request())
    changes: Any = {field: "x"}
    with pytest.raises(TypeError, match=field), store.begin() as tx:
        tx.update_export("e1", 1, **changes)


def test_an_id_is_taken_once_and_an_unknown_one_not_found(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(request())
    with pytest.raises(Conflict) as caught, store.begin() as tx:
        tx.insert_export(request(project="9002"))
    assert caught.value.code == "export_exists"
    with pytest.raises(NotFound), store.begin() as tx:
        tx.update_export("e9", 1, title="x")


def test_one_vote_for_each_checker_and_round(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(request())
        tx.insert_vote("e1", 1, "checker1", "d" * 64, "approve", "", AT)
        tx.insert_vote("e1", 1, "checker2", "d" * 64, "reject", "n < 10", AT.replace(hour=10))
        tx.insert_vote("e1", 2, "checker1", "e" * 64, "approve", "", AT)
    assert store.votes("e1", 1) == (
        Vote("e1", 1, "checker1", "d" * 64, "approve", "", AT),
        Vote("e1", 1, "checker2", "d" * 64, "reject", "n < 10", AT.replace(hour=10)),
    )
    with pytest.raises(Conflict) as caught, store.begin() as tx:
        tx.insert_vote("e1", 1, "checker2", "d" * 64, "approve", "", AT)
    assert caught.value.code == "already_voted"
    with pytest.raises(NotFound), store.begin() as tx:
        tx.insert_vote("e9", 1, "checker1", "d" * 64, "approve", "", AT)
    assert store.votes("e1", 3) == ()


def table(fingerprint: str) -> TableMeta:
    return TableMeta(
        spec=TableSpec(source="GBAPERSOONTAB", rows=("GBAGESLACHT",)),
        dimensions=(Dimension(name="GBAGESLACHT", label="sex", categories=(Category(code="1", label="man"),)),),
        statistic="count",
        value_label="persons",
        unit="person",
        fingerprint=fingerprint,
        safe=1,
        review=0,
        unsafe=0,
    )


def test_evidence_is_found_by_shape_newest_first_in_its_project(store: Store) -> None:
    with store.begin() as tx:
        for project, fingerprint, shape in (("9001", "a", "s1"), ("9001", "b", "s2"), ("9001", "c", "s1"), ("9002", "d", "s1"), ("9001", "e", "s3")):
            tx.insert_evidence(project, "researcher", fingerprint, shape, table(fingerprint), fingerprint.encode())
    found = store.evidence("9001", {"s1", "s2", "unknown"})
    assert [(meta.fingerprint, frame) for meta, frame in found] == [("c", b"c"), ("b", b"b"), ("a", b"a")]
    assert found[0][0] == table("c")
    assert store.evidence("9001", ()) == ()


def test_a_table_made_again_is_kept_once_and_counts_as_newest(store: Store) -> None:
    with store.begin() as tx:
        for fingerprint, frame in (("a", b"old"), ("b", b"b"), ("a", b"new")):
            tx.insert_evidence("9001", "researcher", fingerprint, "s", table(fingerprint), frame)
    with store.begin() as tx:  # the newest itself made again must stay newest
        tx.insert_evidence("9001", "researcher", "a", "s", table("a"), b"newer")
    assert [frame for _, frame in store.evidence("9001", {"s"})] == [b"newer", b"b"]


def test_evidence_for_more_shapes_than_a_statement_holds(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_evidence("9001", "researcher", "a", "k1999", table("a"), b"1")
        tx.insert_evidence("9001", "researcher", "b", "k0", table("b"), b"2")
    assert [frame for _, frame in store.evidence("9001", [f"k{i}" for i in range(2000)])] == [b"2", b"1"]


def test_the_newest_evidence_of_any_shape_is_bounded_and_of_its_project(store: Store) -> None:
    with store.begin() as tx:
        for number in range(NEWEST_EVIDENCE + 5):
            tx.insert_evidence("9001", "researcher", f"f{number}", f"s{number}", table(f"f{number}"), str(number).encode())
        tx.insert_evidence("9002", "researcher", "other", "s1", table("other"), b"other")
    found = [frame for _, frame in store.evidence("9001", {ANY_SHAPE})]
    assert found == [str(number).encode() for number in range(NEWEST_EVIDENCE + 4, 4, -1)]
    # a shape that is asked for as well is found however old it is
    assert [frame for _, frame in store.evidence("9001", {ANY_SHAPE, "s0"})] == [*found, b"0"]


def test_the_newest_measurement_of_each_area(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_measurement("9001", None, "shared", 10, 20, 3, AT.replace(hour=11))
        tx.insert_measurement("9001", None, "shared", 11, 21, 4, AT)
        tx.insert_measurement("9001", "leader", "personal", 1, 2, 1, AT)
    assert store.measurement("9001", "shared", None) == MeasurementRow("9001", None, "shared", 10, 20, 3, AT.replace(hour=11))
    assert store.measurement("9001", "personal", "leader") == MeasurementRow("9001", "leader", "personal", 1, 2, 1, AT)
    assert store.measurement("9001", "personal", "viewer") is None
    assert store.measurement("9001", "personal", None) is None


def test_a_view_sees_one_moment(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(request())
    with store.view() as view:
        before = view.export("9001", "e1")
        with store.begin() as tx:
            tx.update_export("e1", 1, title="Other")
        assert view.export("9001", "e1") == before
    assert store.export("9001", "e1").title == "Other"


def test_state_outlives_the_process_that_wrote_it(open_store: Callable[[], Store]) -> None:
    first = open_store()
    with first.begin() as tx:
        tx.insert_export(full())
        tx.audit(user="leader", project="9001", action="submit", subject="e1", outcome="ok")
    kept = first.export("9001", "e1")
    first.close()
    second = open_store()
    assert second.export("9001", "e1") == kept
    assert second.verify().events == 1


def test_released_tables_are_kept_per_project_and_never_change(store: Store, database: Path) -> None:
    first = ReleasedTable("e1", 1, "tables/a.csv", table("a"), b"frame", AT)
    with store.begin() as tx:
        tx.insert_export(request())
        tx.insert_released("9001", first)
        tx.insert_released("9001", replace(first, path="b.csv", meta=table("b")))
    assert store.releases("9001") == (first, replace(first, path="b.csv", meta=table("b")))
    assert store.releases("9002") == ()
    connection = sqlite3.connect(database)
    for change in ("UPDATE released_tables SET path = 'c.csv'", "DELETE FROM released_tables"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change)
    connection.close()


def test_released_models_are_kept_per_project_and_never_change(store: Store, database: Path) -> None:
    evidence = ModelEvidence(kind="linear", library="statsmodels", method="OLS", response="income", units=1000, unit_kind="person")
    model = ReleasedModel("e1", 1, "a.csv", "f" * 64, evidence, AT)
    with store.begin() as tx:
        tx.insert_export(request())
        tx.insert_released_model("9001", model)
    assert store.released_models("9001") == (model,)
    assert store.released_models("9002") == ()
    connection = sqlite3.connect(database)
    for change in ("UPDATE released_models SET path = 'c.csv'", "DELETE FROM released_models"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(change)
    connection.close()


def test_a_release_that_fails_leaves_nothing_in_the_ledger(store: Store) -> None:
    with store.begin() as tx:
        tx.insert_export(request())

    def release() -> None:
        with store.begin() as tx:
            tx.insert_released("9001", ReleasedTable("e1", 1, "a.csv", table("a"), b"frame", AT))
            tx.update_export("e1", 99, title="somebody else was first")

    with pytest.raises(Conflict):
        release()
    assert store.releases("9001") == ()
