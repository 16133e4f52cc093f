"""The main job once, from a query to a submitted request, through a real server and real kernels."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ..domain.errors import CbsError
from .deploy import DemoData, create_demo, demo_accounts, set_pins
from .labclient import Kernel, LabClient
from .supervisor import Supervisor

_MARK: Final = "cbs-smoke:"

_FOLDER: Final = "shared/smoke"

GENERATED: Final = {
    "sql": "SELECT GBAGESLACHT, count(*) AS n FROM GBAPERSOONTAB GROUP BY ALL ORDER BY ALL",
    "rows": 2,
    "table": {"source": "GBAPERSOON2023TABV1", "rows": ["GBAGEBOORTELAND"], "columns": ["GBAGESLACHT"]},
}
"""The generated data set; Monaco has nine persons, so at least one cell is unsafe whatever the size."""

REAL: Final = {
    "sql": "SELECT origin, count(*) AS n FROM FLIGHTSTAB GROUP BY ALL ORDER BY ALL",
    "rows": 3,
    "table": {"source": "FLIGHTSTAB", "rows": ["dest"], "columns": ["origin"], "values": "distance", "statistic": "sum", "unit": "flight"},
}
"""The real one; some destinations were flown to once or a few times."""

_CELL: Final = """
import json, os
import jupyter_cbs as cbs
ws = cbs.connect()
job = json.loads({job!r})
os.makedirs({folder!r}, exist_ok=True)
result = ws.sql(job["sql"])
table = ws.table(**job["table"])
raw, repaired = {folder!r} + "/" + {name!r} + "-raw.csv", {folder!r} + "/" + {name!r} + ".csv"
table.to_csv(raw)
table.suppress().to_csv(repaired)
status = {{}}
for value in table.frame.column("status").to_pylist():
    status[value] = status.get(value, 0) + 1
before, after = ws.precheck(raw), ws.precheck(repaired)
print({mark!r} + json.dumps({{
    "query_rows": len(result.df()),
    "table": {{"cells": table.frame.num_rows, "status": status, "hidden": len(table.meta.hidden)}},
    "findings_before": len(before.findings), "status_before": str(before.status),
    "findings_after": len(after.findings), "status_after": str(after.status),
    "file": repaired,
}}))
"""


@dataclass
class Step:
    """One thing that was to happen.

    Parameters
    ----------
    name
        What.
    ok
        Whether it was as it should be.
    text
        What was found.
    """

    name: str
    ok: bool
    text: str


@dataclass
class _Walk:
    steps: list[Step] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def expect(self, name: str, ok: bool, found: Any) -> None:
        self.steps.append(Step(name, bool(ok), str(found)))


async def smoke(root: Path, data: DemoData) -> dict[str, Any]:
    """Make a deployment, run the main job, end everything.

    Parameters
    ----------
    root : Path
        Directory of the deployment.
    data : DemoData

    Returns
    -------
    dict
        ``ok``, ``steps`` and the figures of every step. Never raises for a step that fails: it is in the result.
    """
    deployment = await asyncio.to_thread(create_demo, root, data)
    accounts = demo_accounts(deployment)
    supervisor = Supervisor(deployment, accounts, set_pins(deployment, accounts))
    await supervisor.start()
    stop = asyncio.Event()
    watching = asyncio.create_task(supervisor.watch(stop))
    try:
        walk = await asyncio.to_thread(_walk, supervisor.info(), data)
    finally:
        stop.set()
        await watching
        await supervisor.stop()
    return {"ok": all(step.ok for step in walk.steps), **walk.figures, "steps": [asdict(step) for step in walk.steps]}


def _walk(info: dict[str, Any], data: DemoData) -> _Walk:
    walk = _Walk()
    researcher, leader = (LabClient(info["accounts"][name]) for name in ("researcher", "leader"))
    try:
        notebook = f"{_FOLDER}/analysis.ipynb"
        researcher.save(_FOLDER, None, "directory")
        researcher.save(notebook, _notebook(), "notebook")
        with researcher.kernel(notebook) as kernel:
            files = [_analyse(walk, kernel, "generated", GENERATED)]
            if data.real:
                files.append(_analyse(walk, kernel, "real", REAL))
        _export(walk, researcher, leader, [*files, notebook])
        _quota(walk, researcher)
    except CbsError as error:
        walk.expect("no error", False, error)
    finally:
        researcher.close()
        leader.close()
    return walk


def _analyse(walk: _Walk, kernel: Kernel, name: str, job: dict[str, Any]) -> str:
    wanted = {"sql": job["sql"], "table": job["table"]}
    output = kernel.run(_CELL.format(job=json.dumps(wanted), folder=_FOLDER, name=name, mark=_MARK))
    line = next((line for line in output.text.splitlines() if line.startswith(_MARK)), None)
    walk.expect(f"{name}: the notebook runs", line is not None, output.error or "ok")
    if line is None:
        raise CbsError("cell_failed", f"The cell of the {name} data did not finish: {output.error}")
    found = json.loads(line.removeprefix(_MARK))
    walk.figures[name] = found
    status = found["table"]["status"]
    walk.expect(f"{name}: query rows", found["query_rows"] == job["rows"], found["query_rows"])
    walk.expect(f"{name}: safe and unsafe cells", status.get("safe", 0) > 0 and status.get("unsafe", 0) > 0, status)
    walk.expect(f"{name}: findings before the repair", found["findings_before"] > 0 and found["status_before"] == "unsafe", found["findings_before"])
    walk.expect(f"{name}: no unsafe cell after the repair", found["status_after"] in ("safe", "review"), found["status_after"])
    return str(found["file"])


def _export(walk: _Walk, researcher: LabClient, leader: LabClient, paths: list[str]) -> None:
    draft = researcher.api("POST", "exports", {"title": "Smoke test", "paths": paths})
    request_id = draft["id"]
    delivered = {file["path"]: file["delivered_as"] for file in draft["report"]["files"]}
    walk.expect("the notebook leaves as its script", str(delivered.get(paths[-1], "")).endswith(".py"), delivered.get(paths[-1]))
    form = {
        "purpose": "Test",
        "description": "Output of the smoke test.",
        "secondary_disclosure": "Suppressed cells are protected against subtraction from the totals.",
        "relation_to_earlier": "None.",
        "external_labels": "None.",
        "files": [
            {
                "path": path,
                "shows": "Counts and sums by group",
                "population": "All records",
                "sources": ["GBAPERSOON2023TABV1"],
                "unit": "person",
                "unweighted_n": "In the table itself",
            }
            for path, name in delivered.items()
            if name is not None
        ],
    }
    draft = researcher.api("PATCH", f"exports/{request_id}", {"version": draft["version"], "form": form})
    walk.expect("the form is complete", draft["open_questions"] == [], draft["open_questions"])
    proposed = researcher.api("POST", f"exports/{request_id}/actions/propose", {"version": draft["version"]})
    walk.expect("proposed to the leader", proposed["state"] == "proposed", proposed["state"])
    seen = leader.api("GET", f"exports/{request_id}")
    submit = {"version": seen["version"], "digest": seen["digest"], "pin": leader.pin}
    submitted = leader.api("POST", f"exports/{request_id}/actions/submit", submit)
    walk.figures["request"] = {
        "id": request_id,
        "state": submitted["state"],
        "class": submitted["class"],
        "price_cents": submitted["price_cents"],
        "ready_on": submitted["ready_on"],
        "digest": submitted["digest"],
        "files": [entry["path"] for entry in submitted["manifest"]],
    }
    walk.expect("submitted by the leader", submitted["state"] in ("submitted", "in_review"), submitted["state"])
    walk.expect(
        "class and price of tables with a script", (submitted["class"], submitted["price_cents"]) == ("conform", 28_000), walk.figures["request"]
    )
    walk.expect("due date", submitted["ready_on"] is not None, submitted["ready_on"])
    walk.expect("digest of the frozen bytes", len(submitted["digest"] or "") == 64, submitted["digest"])
    walk.expect("nothing leaves as a notebook", not any(entry["path"].endswith(".ipynb") for entry in submitted["manifest"]), delivered)


def _quota(walk: _Walk, researcher: LabClient) -> None:
    quota = researcher.api("POST", "quota/measurements", {})
    walk.figures["quota"] = {area: {k: quota[area][k] for k in ("used_bytes", "apparent_bytes", "limit_bytes", "files")} for area in quota}
    shared = quota["shared"]
    walk.expect("quota of the shared area", (shared["used_bytes"] or 0) > 0 and shared["limit_bytes"] == 100 * 10**9, walk.figures["quota"])


def _notebook() -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "id": "a1",
        "execution_count": 1,
        "metadata": {},
        "source": "import jupyter_cbs as cbs\nws = cbs.connect()",
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "printed in the notebook, must not leave\n"}],
    }
    kernelspec = {"name": "cbs-python", "display_name": "CBS Python", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernelspec}, "cells": [cell]}
