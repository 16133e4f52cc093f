"""The problem of an evidence frame: every margin becomes a relation, and judge's choice withstands the attack."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "disclosure"))

from evidence_frames import Row, crosstab, dimension, frame_of

from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.disclosure.relations.attack import verdict
from jupyter_cbs.disclosure.relations.frame import from_frame
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.rules import RuleProfile


def test_a_cross_table_has_its_rows_columns_and_totals_as_relations() -> None:
    frame, dimensions = crosstab([[12, 3], [20, 30]])
    hidden = [i for i, row in enumerate(frame.to_pylist()) if row["value"] == 3]
    problem = from_frame(frame, dimensions, hidden)
    assert problem.cells["A-0 | B-1"] == 3
    assert problem.cells["total | total"] == 65
    assert set(problem.relations) == {
        ("A-0 | total", ("A-0 | B-0", "A-0 | B-1")),
        ("A-1 | total", ("A-1 | B-0", "A-1 | B-1")),
        ("total | B-0", ("A-0 | B-0", "A-1 | B-0")),
        ("total | B-1", ("A-0 | B-1", "A-1 | B-1")),
        ("total | total", ("total | B-0", "total | B-1")),
        ("total | total", ("A-0 | total", "A-1 | total")),
    }
    assert problem.suppressed == ("A-0 | B-1",)
    assert problem.integer
    assert verdict(problem).exact == ("A-0 | B-1",)


def test_three_dimensions_and_none() -> None:
    source = random.Random(1)
    rows = [Row(unit, (str(source.randrange(2)), str(source.randrange(3)), str(source.randrange(2)))) for unit in range(400)]
    dimensions = (dimension("A", "01"), dimension("B", "012"), dimension("C", "01"))
    problem = from_frame(frame_of(rows, 3), dimensions, [])
    assert len(problem.cells) == 3 * 4 * 3
    assert len(problem.relations) == 4 * 3 + 3 * 3 + 3 * 4
    alone = from_frame(frame_of(rows[:0], 0), (), [])
    assert alone.relations == ()


def test_the_largest_contribution_sets_the_level_and_one_unit_is_a_singleton() -> None:
    """x1 = 60 of X = 100 with k = 50 %: 60 / 0.5 - 100 = 20."""
    values = {"0": [60.0, 40.0], "1": [70.0], "2": [10.0] * 20}
    rows = [Row(100 * int(code) + i, (code,), value) for code, of in values.items() for i, value in enumerate(of)]
    frame = frame_of(rows, 1, "sum")
    hidden = [i for i, row in enumerate(frame.to_pylist()) if row["d0"] in ("0", "1")]
    problem = from_frame(frame, (dimension("A", "012"),), hidden, statistic="sum", profile=RuleProfile())
    assert problem.protection == {"A-0": (20, 20), "A-1": (70, 70)}
    assert problem.singletons == ("A-1",)
    assert verdict(problem).unprotected == {}
    assert not problem.integer


def test_units_that_lie_in_two_cells_are_not_subtracted() -> None:
    """Distinct units: a margin is less than its cells together, so the relation is left out."""
    rows = [Row(unit, (code,)) for unit in range(20) for code in "01"]
    problem = from_frame(frame_of(rows, 1), (dimension("A", "01"),), [])
    assert problem.cells["total"] == 20
    assert problem.relations == ()


def test_hierarchies_make_subtotals() -> None:
    rows = [Row(i, (code,)) for i, code in enumerate("aaabbbbccccc")]
    frame = frame_of(rows, 1)
    records = frame.to_pylist()
    north = next(r for r in records if r["d0"] == "a") | {"d0": "north", "value": 7.0, "n": 7, "rows": 7}
    south = next(r for r in records if r["d0"] == "c") | {"d0": "south"}
    frame = type(frame).from_pylist([*records, north, south], schema=frame.schema)
    dimensions = (dimension("R", ["north", "a", "b", "south", "c"]),)
    problem = from_frame(frame, dimensions, [], hierarchies={"R": {"a": "north", "b": "north", "c": "south"}})
    assert set(problem.relations) == {("total", ("R-north", "R-south")), ("R-north", ("R-a", "R-b")), ("R-south", ("R-c",))}


@pytest.mark.parametrize("seed", range(4))
def test_what_judge_hides_in_two_dimensions_is_not_exact(seed: int) -> None:
    source = random.Random(seed)
    frame, dimensions = crosstab([[source.choice([0, 3, 8, 12, 15, 30, 60]) for _ in range(6)] for _ in range(5)])
    spec = TableSpec(source="X", rows=("A",), columns=("B",))
    judged = judge(frame, dimensions, spec, RuleProfile())
    problem = from_frame(judged.frame, dimensions, judged.hidden)
    unsafe = set(judged.hidden) - set(judged.companions)
    names = from_frame(judged.frame, dimensions, unsafe).suppressed
    assert not set(verdict(problem).exact) & set(names)
