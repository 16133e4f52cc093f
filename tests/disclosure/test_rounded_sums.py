"""Sums are rounded so that the attack on what is published leaves dominated cells as open as the rules ask, and the rest is suppressed."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from evidence_frames import Row, dimension, frame_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.disclosure.protection import nice_steps, round_to
from jupyter_cbs.disclosure.relations.attack import intervals, verdict
from jupyter_cbs.disclosure.relations.frame import cell_names, from_frame
from jupyter_cbs.domain.errors import Conflict, Invalid
from jupyter_cbs.domain.evidence import Dimension, TableSpec
from jupyter_cbs.domain.rules import RuleProfile

PROFILE = RuleProfile()
SPEC = TableSpec(source="X", values="V", statistic="sum", rows=("D0",), columns=("D1",))
Made = tuple[pa.Table, tuple[Dimension, ...]]


def summed(shape: tuple[int, int], cells: list[tuple[int, int, int]]) -> Made:
    """Make a table of sums; for each cell how many units, what each of them has, and what one more has."""
    rows = []
    for at, (key, (count, each, largest)) in enumerate(zip(itertools.product(*map(range, shape)), cells, strict=True)):
        values = [each] * count + ([largest] if largest else [])
        rows += [Row(1000 * at + i, tuple(map(str, key)), float(value)) for i, value in enumerate(values)]
    return frame_of(rows, 2, "sum"), tuple(dimension(f"D{i}", [str(c) for c in range(size)]) for i, size in enumerate(shape))


def unsafe(frame: pa.Table) -> np.ndarray:
    return np.array([status == "unsafe" for status in frame.column("status").to_pylist()])


cell = st.one_of(st.tuples(st.integers(12, 30), st.integers(1, 9), st.integers(0, 900)), st.tuples(st.integers(0, 9), st.integers(1, 9), st.just(0)))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data(), shape=st.sampled_from([(2, 2), (2, 3), (3, 3)]))
def test_the_attack_leaves_dominated_sums_as_open_as_the_rules_ask(data: st.DataObject, shape: tuple[int, int]) -> None:
    size = shape[0] * shape[1]
    frame, dimensions = summed(shape, data.draw(st.lists(cell, min_size=size, max_size=size)))
    before = Cells.of(frame, dimensions)
    judged = judge(frame, dimensions, SPEC, PROFILE, patience=0)
    assume(unsafe(judged.frame).any())
    try:
        found = round_to(frame, dimensions, SPEC, PROFILE)
    except Conflict:
        return
    after, hidden = Cells.of(found.frame, dimensions), set(found.hidden)
    assert found.rounding is not None
    assert (after.value % found.rounding == 0).all()
    assert {name for name, _ in from_frame(found.frame, dimensions, []).relations} == {
        name for name, _ in from_frame(frame, dimensions, []).relations
    }
    # what is not mended is hidden, and does not follow from what is shown, even exactly
    left = set(np.flatnonzero(unsafe(found.frame)).tolist())
    assert left <= hidden
    assert set(np.flatnonzero((before.n > 0) & (before.n < 10)).tolist()) <= hidden
    names = cell_names(before)
    assert not {names[row] for row in left} & set(verdict(from_frame(frame, dimensions, hidden, statistic="sum")).exact)
    # who knows how far values were moved finds no narrower interval than the rule's protection level: twice the largest less the sum
    farthest = max(float(np.abs(after.value - before.value).max()), found.rounding / 2)
    problem = from_frame(found.frame, dimensions, [], statistic="sum")
    ends = intervals(type(problem).model_validate({**problem.document(), "rounding": {"base": float(found.rounding), "deviation": farthest}}))
    for row in np.flatnonzero(unsafe(judged.frame)).tolist():
        if row in hidden:
            continue
        level = 2 * before.top1[row] - before.abs_total[row]
        low, high = ends[names[row]]
        assert low <= max(0.0, before.value[row] - level) + 1e-6, (row, level, low)
        assert high >= before.value[row] + level - 1e-6, (row, level, high)


DOMINATED = [(20, 1, 60), (20, 5, 0), (20, 5, 0), (20, 6, 0)]


def test_a_base_that_is_too_small_is_refused_and_the_least_that_protects_is_found() -> None:
    frame, dimensions = summed((2, 2), DOMINATED)
    # the largest has 60 of 80, so that 40 to 120 must remain: 10 leaves 75 to 85, 100 leaves 50 to 150 of 100, and 200 leaves 0 to 100 of 0
    for base in (10, 100, 200):
        with pytest.raises(Conflict) as caught:
            round_to(frame, dimensions, SPEC, PROFILE, base=base)
        assert caught.value.code == "infeasible_protection"
    found = round_to(frame, dimensions, SPEC, PROFILE)
    assert (found.hidden, unsafe(found.frame).any()) == ((), False)
    assert found.rounding == 500
    assert "multiples of 500" in found.notes[0].en
    assert judge(found.frame, dimensions, SPEC, PROFILE, patience=0, rounding=found.rounding).hidden == ()
    # the same values under a finer base say too much again
    assert unsafe(judge(found.frame, dimensions, SPEC, PROFILE, patience=0, rounding=10).frame).any()


def test_few_units_of_a_sum_are_suppressed_not_rounded_away() -> None:
    frame, dimensions = summed((2, 2), [(3, 50, 0), (20, 5, 0), (20, 5, 0), (20, 6, 0)])
    found = round_to(frame, dimensions, SPEC, PROFILE, base=10)
    few = next(row for row, n in enumerate(frame.column("n").to_pylist()) if n == 3)
    assert few in found.hidden
    assert len(found.hidden) == 4
    weighted = SPEC.model_copy(update={"statistic": "count", "values": None, "weight": "W"})
    heavy = frame_of([Row(i, (str(i % 2), str(i % 40 // 38)), 1.0) for i in range(80)], 2)
    heavy = heavy.set_column(
        heavy.schema.get_field_index("value"), heavy.schema.field("value"), pa.array([100.0 * n for n in heavy.column("n").to_pylist()])
    )
    found = round_to(heavy, dimensions, weighted, PROFILE, base=500)
    few = [row for row, n in enumerate(heavy.column("n").to_pylist()) if n < 10]
    assert few
    assert set(few) <= set(found.hidden)
    with pytest.raises(Invalid) as caught:
        round_to(frame, dimensions, SPEC.model_copy(update={"statistic": "mean"}), PROFILE)
    assert caught.value.code == "rounding_sums_only"


def test_bases_are_round_numbers() -> None:
    assert nice_steps(0.2)[:4] == [1, 2, 5, 10]
    assert nice_steps(80.0)[:4] == [100, 200, 500, 1000]
    assert nice_steps(100.0)[0] == 100
