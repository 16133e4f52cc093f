"""What was released is remembered, and compared with what is to be released."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.domain.evidence import TableMeta
from jupyter_cbs.domain.grid import render_grid
from jupyter_cbs.domain.model import ModelEvidence
from jupyter_cbs.domain.written import model_grid
from jupyter_cbs.store.store import Store

from .harness import PIN, Running
from .test_exports import FORM, act

SEX = {"source": "GBAPERSOON2023TABV1", "rows": ["GBAGESLACHT"]}


@pytest.fixture
def folder(fresh_broker: Running) -> Path:
    path = fresh_broker.deployment.shared("9001") / uuid.uuid4().hex
    path.mkdir(parents=True)
    return path


def written(broker: Running, folder: Path, name: str, **asked: Any) -> str:
    """Make a table and write it as the notebook does; give its path in the workspace."""
    header, rows = broker.kernel(kernel_id=uuid.uuid4().hex).ask("table", **asked)
    assert rows is not None, header
    meta = TableMeta.model_validate(header["answer"])
    (folder / name).write_text("\n".join(",".join(line) for line in render_grid(meta, rows, meta.hidden)), encoding="utf-8")
    return f"shared/{folder.name}/{name}"


def released(broker: Running, path: str) -> str:
    """Take a file through the whole workflow; give the request's id."""
    created = broker.call("researcher", "POST", "/exports", {"title": "t", "paths": [path]})
    assert created.status == 200, created.body
    files = [
        {"path": f["path"], "shows": "counts", "population": "all", "unit": "person", "unweighted_n": "in the table"}
        for f in created.body["report"]["files"]
    ]
    body = {"version": created.body["version"], "form": {**FORM, "files": files}}
    edited = broker.call("researcher", "PATCH", f"/exports/{created.body['id']}", body)
    assert edited.status == 200, edited.body
    request = edited.body
    assert act(broker, "researcher", request, "propose").status == 200
    submitted = act(broker, "leader", request, "submit", pin=PIN)
    assert submitted.status == 200, submitted.body
    for checker in ("checker1", "checker2"):
        last = act(broker, checker, request, "approve", digest=submitted.body["digest"], pin=PIN)
    assert last.body["state"] == "released"
    return str(request["id"])


def precheck(broker: Running, *paths: str) -> list[dict[str, Any]]:
    answer = broker.call("researcher", "POST", "/precheck", {"paths": list(paths)})
    assert answer.status == 200, answer.body
    return [finding for file in answer.body["files"] for finding in file["findings"]]


def test_a_table_that_differs_by_one_person_from_a_release_is_unsafe(fresh_broker: Running, folder: Path) -> None:
    whole = written(fresh_broker, folder, "whole.csv", **SEX)
    one_less = written(fresh_broker, folder, "less.csv", **SEX, where="RINPERSOON > '000000001'")
    assert precheck(fresh_broker, whole) == precheck(fresh_broker, one_less) == []
    # within one request already
    together = precheck(fresh_broker, whole, one_less)
    assert {(finding["rule"], finding["status"]) for finding in together} == {("differencing", "unsafe")}
    id = released(fresh_broker, whole)
    alone = precheck(fresh_broker, one_less)
    assert {(finding["rule"], finding["status"]) for finding in alone} == {("differencing", "unsafe")}
    assert all(id in finding["text"] for finding in alone)
    # the same table again says nothing new, and neither does another project's
    assert precheck(fresh_broker, whole) == []
    with Store.open(fresh_broker.deployment.database, fresh_broker.deployment.state / "anchors") as store:
        assert [table.export_id for table in store.releases("9001")] == [id]
        assert store.releases("9002") == ()


def test_a_finding_points_to_the_cell_and_names_the_release(fresh_broker: Running, folder: Path) -> None:
    whole = written(fresh_broker, folder, "whole.csv", **SEX)
    one_less = written(fresh_broker, folder, "less.csv", **SEX, where="RINPERSOON > '000000000'")
    # somebody turned the table on its side and put a title above it
    lines = (folder / "less.csv").read_text(encoding="utf-8").splitlines()
    turned = zip(*[line.split(",") for line in lines], strict=True)
    (folder / "turned.csv").write_text("\n".join(",".join(line) for line in turned), encoding="utf-8")
    id = released(fresh_broker, whole)
    for path, cell in ((one_less, lambda line: f"B{line}"), (f"shared/{folder.name}/turned.csv", lambda line: "ABCD"[line - 1] + "2")):
        found = precheck(fresh_broker, path)
        # number 0 is a woman ('2'): her cell and the total
        rows = [next(at for at, line in enumerate(lines, 1) if line.startswith(label)) for label in ("2", "total")]
        assert {finding["where"]["cell"] for finding in found} == {cell(row) for row in rows}, path
        for finding in found:
            assert id in finding["text"]
            assert str(datetime.now(UTC).year) in finding["text"]
            assert "‘" in finding["text"]
            assert finding["remedy"]
    dutch = fresh_broker.call("researcher", "POST", "/precheck", {"paths": [one_less]}, lang="nl").body
    assert all(f"aanvraag {id}" in finding["text"] for file in dutch["files"] for finding in file["findings"])
    # a kept report is not as long as the files
    assert all(basis["places"] == [] for file in dutch["files"] for basis in file["bases"])


def test_a_model_on_one_person_less_than_a_released_one_is_unsafe(fresh_broker: Running, folder: Path) -> None:
    def write(name: str, units: int, slope: float) -> str:
        estimates = [
            {"term": "Intercept", "estimate": 100.0, "error": 5.0, "statistic": 20.0, "p": 0.0, "low": 90.2, "high": 109.8},
            {"term": "age", "estimate": slope, "error": 0.5, "statistic": 4.0, "p": 0.0, "low": 1.0, "high": 3.0},
        ]
        evidence = ModelEvidence.model_validate(
            {
                **{"kind": "linear", "library": "statsmodels", "method": "OLS", "response": "income", "rows": units, "units": units},
                **{"unit": "RINPERSOON", "unit_kind": "person", "parameters": 2, "rank": 2, "residual_dof": units - 2.0, "patterns": 60},
                **{"terms": [{"name": name, "kind": kind, "parameters": 1} for name, kind in (("Intercept", "intercept"), ("age", "numeric"))]},
                **{"sources": ["GBAPERSOON2023TABV1"], "output": {"estimates": estimates}},
            }
        )
        header, _ = fresh_broker.kernel(kernel_id=uuid.uuid4().hex).ask("model.check", **evidence.model_dump(mode="json"))
        assert header.get("answer", {}).get("status") == "safe", header
        assert evidence.output is not None
        (folder / name).write_text("\n".join(",".join(line) for line in model_grid(evidence.output, evidence)), encoding="utf-8")
        return f"shared/{folder.name}/{name}"

    first, second = write("first.csv", 1000, 2.0), write("second.csv", 999, 2.01)
    third = write("third.csv", 990, 2.01)
    assert precheck(fresh_broker, first) == precheck(fresh_broker, third) == []
    id = released(fresh_broker, first)
    assert precheck(fresh_broker, first) == precheck(fresh_broker, third) == []
    (found,) = precheck(fresh_broker, second)
    assert (found["rule"], found["status"], found["basis"]) == ("differencing", "unsafe", "declared")
    assert found["where"]["cell"] == "H2"
    assert (folder / "second.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[7] == "999"
    for words in (f"request {id}", "999 persons", "1000 persons", "OLS: income"):
        assert words in found["text"]
    with Store.open(fresh_broker.deployment.database, fresh_broker.deployment.state / "anchors") as store:
        assert [(model.export_id, model.evidence.units) for model in store.released_models("9001")] == [(id, 1000)]
