"""The planted tables through the real worker and the real rules: the verdicts the reference page promises."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.catalogue.scope import Scope
from jupyter_cbs.demo.data.grants import GRANTS
from jupyter_cbs.demo.data.planted import CASES
from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.rules import QueryLimits, RuleProfile
from jupyter_cbs.query.engine import Worker

PROFILES = {"default": RuleProfile(), "income_wealth": RuleProfile(advisory_min_frequency=100), "institution": RuleProfile(min_institutions=2)}

# The first words of a verdict → code of the cell → status and rule.
EXPECTED: dict[str, dict[tuple[str, ...], tuple[str, str | None]]] = {
    "Monaco": {("5032",): ("unsafe", "min_frequency"), ("5003",): ("safe", None)},
    "Visserij": {("23",): ("unsafe", "min_frequency")},
    "Culturele": {("54",): ("unsafe", "min_frequency")},
    "Of those": {("5024", "2"): ("unsafe", "group_disclosure"), ("5024", "1"): ("safe", None), ("5021", "2"): ("safe", None)},
    "Of six": {("5033", "1"): ("unsafe", "min_frequency"), ("5033", "2"): ("unsafe", "min_frequency")},
    "Steenhouwersbedrijf": {("60",): ("unsafe", "dominance"), ("59",): ("safe", None), ("58",): ("safe", None)},
    "Dakdekkersbedrijf": {("58",): ("unsafe", "dominance")},
    "Speciaal": {("03",): ("unsafe", "institution")},
    "A maximum": {("60",): ("unsafe", "min_max"), ("59",): ("unsafe", "min_max")},
    "Only 6": {("7",): ("unsafe", "percentile")},
    "Koopvaardij": {("22",): ("review", "zero")},
    "Overig lid": {("7",): ("review", "min_frequency")},
    "Onbekend": {("8",): ("review", "dominance")},
    "Nieuwzeeland": {("5013", "1"): ("unsafe", "min_frequency"), ("5013", "2"): ("safe", None)},
    "Denemarken": {("5015", "0"): ("safe", None), ("5015", "1"): ("unsafe", "min_frequency"), ("5015", "2"): ("unsafe", "min_frequency")},
    "Valsemunterij (91): 4": {("91",): ("unsafe", "min_frequency"), ("92",): ("safe", None)},
    "Valsemunterij (91): 9": {("91",): ("unsafe", "min_frequency"), ("92",): ("safe", None)},
}


class Quiet:
    """A sink that has no use for progress."""

    async def chunk(self, fds: list[int], sizes: list[int]) -> None:
        raise AssertionError("a table comes with the answer")

    async def progress(self, fraction: float | None, rows: int) -> None:
        pass


Judged = dict[str, tuple[list[dict[str, Any]], set[int]]]


async def _all(demo: Any, spill: Path) -> Judged:
    judged: Judged = {}
    for project, grants in GRANTS.items():
        scope = Scope.of(demo.index, grants)
        worker = await Worker.start(scope.views(), QueryLimits(memory_bytes=2**30), spill)
        try:
            for case in CASES:
                if case.project != project or not case.parameters:
                    continue
                spec = TableSpec.model_validate(case.parameters)
                dataset = scope.get(spec.source)
                profile = PROFILES[dataset.rule_profile]
                made = await worker.table(spec, dataset, profile, Quiet())
                judgement = judge(made.frame, made.dimensions, spec, profile, made.unit)
                judged[case.verdict] = (judgement.frame.to_pylist(), set(judgement.hidden))
        finally:
            await worker.close()
    return judged


@pytest.fixture(scope="module")
def judged(small: Any, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return asyncio.run(_all(small, tmp_path_factory.mktemp("spill")))


@pytest.mark.parametrize("start", EXPECTED)
def test_verdicts(judged: Judged, start: str) -> None:
    (case,) = [case for case in CASES if case.verdict.startswith(start)]
    rows, hidden = judged[case.verdict]
    dimensions = len(case.parameters.get("rows", [])) + len(case.parameters.get("columns", []))
    cells = {tuple(row[f"d{i}"] for i in range(dimensions)): (place, row) for place, row in enumerate(rows)}
    for code, (status, rule) in EXPECTED[start].items():
        place, row = cells[code]
        assert (row["status"], row["rule"]) == (status, rule), code
        if status == "unsafe":
            assert place in hidden
    if start == "Nieuwzeeland":
        # The nine men would follow from the total and the women: at least one of those two is hidden too.
        assert {cells[("5013", "2")][0], cells[("5013", None)][0]} & hidden
