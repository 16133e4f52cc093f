"""Hostile statements from a real kernel of the demo; the same statements to a plain DuckDB connection are the control."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running_demo import Demo, wait_for

from .cases_sql import BOMBS, CASES, ENDED, Case
from .conftest import make_attempts, printed

DATA = "GBAPERSOON2023TABV1"


def filled(value: Any, places: dict[str, str]) -> Any:
    """Put the places into a statement or into a table's arguments."""
    if isinstance(value, str):
        for name, place in places.items():
            value = value.replace(name, place)
    elif isinstance(value, dict):
        return {key: filled(inner, places) for key, inner in value.items()}
    elif isinstance(value, list):
        return [filled(inner, places) for inner in value]
    return value


def question(case: Case, places: dict[str, str]) -> str:
    """Give the code that asks the broker."""
    text = filled(case.text, places)
    if not case.table:
        return f"ask('sql', text={text!r})"
    arguments = {"rows": ["GBAGESLACHT"], "source": text or DATA, **filled(case.table, places)}
    return f"ask('table', **{arguments!r})"


def own_files(demo: Demo) -> dict[str, tuple[int, int]]:
    """Everything the attackers could have changed or made: the catalogue and what lies where they may write."""
    folders = [Path(demo.info["catalogue"]), demo.shared(), demo.personal("researcher")]
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for folder in folders for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def outcomes(deployment: Demo, places: dict[str, Any]) -> dict[str, str]:
    """What came of every statement in one kernel of the researcher, over one session and its engine."""
    before = own_files(deployment)
    hints = {"$FILE": places["leaders"], "$FOLDER": "/tmp", "$DATA": DATA}
    secrets = [str(deployment.root), "/data/", "/spill", "/workspace"]
    with deployment.client("researcher").kernel() as kernel:
        found = make_attempts(printed(kernel), {case.name: question(case, hints) for case in CASES}, {**places, "secrets": secrets})
        works = printed(kernel)(f"import jupyter_cbs as cbs; print(len(cbs.connect().sql('FROM {DATA} LIMIT 3').df()))")
    assert works.strip() == "3"
    assert own_files(deployment) == before
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_statement_gets_nothing(outcomes: dict[str, str], case: Case) -> None:
    assert outcomes[case.name] in case.answers


def test_there_are_enough_of_them() -> None:
    assert len({case.name for case in (*CASES, *BOMBS)}) == len(CASES) + len(BOMBS) >= 100


# -------------------------------------------------------------------------------------------------------- bombs


@pytest.fixture(scope="module")
def narrow(deployment: Demo) -> Iterator[Demo]:
    """Project 9002 with little memory and time for its queries."""
    policy = deployment.root / "policies" / "projects" / "9002.yaml"
    before = policy.read_text()
    client = deployment.client("outsider")
    version = client.api("GET", "health")["policy_version"]
    limits = {"timeout_seconds": 2, "memory_bytes": 256 * 2**20, "max_bytes": 64 * 2**20, "max_rows": 1_000_000, "threads": 1}
    policy.write_text(f"{before}\nlimits: {json.dumps(limits)}\n")
    wait_for(lambda: client.api("GET", "health")["policy_version"] != version, 120, "the new limits")
    yield deployment
    policy.write_text(before)
    wait_for(lambda: client.api("GET", "health")["policy_version"] == version, 120, "the old limits")


@pytest.fixture(scope="module")
def blasts(narrow: Demo, places: dict[str, Any]) -> dict[str, str]:
    """What came of every bomb, in one session that goes on after each."""
    cases = {}
    for bomb in BOMBS:
        cases[bomb.name] = f"ask('sql', text={bomb.text!r})"
        cases[f"after {bomb.name}"] = "find(ask('sql', text='SELECT 1 AS x')['rows'] == 1)"
    with narrow.client("outsider").kernel() as kernel:
        return make_attempts(printed(kernel), cases, places)


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda case: case.name)
def test_a_bomb_ends_and_the_session_goes_on(blasts: dict[str, str], bomb: Case) -> None:
    assert blasts[bomb.name] in ENDED
    assert blasts[f"after {bomb.name}"] == "SUCCEEDED"


# ------------------------------------------------------------------------------------------------------ control

PLAIN = """
import json, sys, duckdb
found = {}
for name, text in json.load(sys.stdin).items():
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute("CREATE TABLE GBAPERSOON2023TABV1 AS SELECT i AS x FROM range(3) t(i)")
    try:
        for statement in connection.extract_statements(text):
            result = connection.execute(statement)
            result.to_arrow_table()
        found[name] = "SUCCEEDED"
    except Exception as error:
        found[name] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What comes of the same statements on a plain connection."""
    folder = tmp_path_factory.mktemp("plain")
    for suffix in ("", ".csv"):
        (folder / f"secret{suffix}").write_text("a,b\n1,2\n")
    pq.write_table(pa.table({"a": [1]}), folder / "secret.parquet")
    hints = {"$FILE": str(folder / "secret"), "$FOLDER": str(folder), "$DATA": DATA}
    statements = {case.name: filled(case.text, hints) for case in CASES if case.outside}
    done = subprocess.run([sys.executable, "-c", PLAIN], input=json.dumps(statements), capture_output=True, text=True, timeout=240, check=True)
    assert {path.name for path in folder.iterdir()} >= {"out.csv", "out2.csv", "second.csv", "everything", "x.db"}
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", [case for case in CASES if case.outside], ids=lambda case: case.name)
def test_on_a_plain_connection_it_succeeds(plain: dict[str, str], case: Case) -> None:
    assert plain[case.name] == "SUCCEEDED"
