"""Boxes are movements of the table, they are the cheapest, and what they protect the attack does not break."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from evidence_frames import Row, dimension, frame_of
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.boxes import Boxes
from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.hiding import Target
from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.disclosure.protection import round_to, suppress
from jupyter_cbs.disclosure.relations.attack import intervals, verdict
from jupyter_cbs.disclosure.relations.frame import cell_names, from_frame
from jupyter_cbs.disclosure.relations.needs import Need, Table
from jupyter_cbs.disclosure.rules import Question
from jupyter_cbs.domain.errors import Conflict
from jupyter_cbs.domain.evidence import Dimension, TableSpec
from jupyter_cbs.domain.rules import RuleProfile

PROFILE = RuleProfile()
SPEC = TableSpec(source="X")


def counted(shape: tuple[int, ...], counts: list[int], margins: bool = True) -> tuple[pa.Table, tuple[Dimension, ...]]:
    keys = list(itertools.product(*(range(size) for size in shape)))
    rows = [Row(1000 * at + i, tuple(str(c) for c in key)) for at, key in enumerate(keys) for i in range(counts[at])]
    return frame_of(rows, len(shape), margins=margins), tuple(dimension(f"D{i}", [str(c) for c in range(size)]) for i, size in enumerate(shape))


shapes = st.lists(st.integers(2, 3), min_size=3, max_size=4).map(tuple)


@st.composite
def tables(draw: st.DrawFn, shapes: st.SearchStrategy[tuple[int, ...]] = shapes) -> tuple[pa.Table, tuple[Dimension, ...]]:
    shape = draw(shapes)
    size = int(np.prod(shape))
    return counted(shape, draw(st.lists(st.one_of(st.integers(0, 12), st.integers(10, 60)), min_size=size, max_size=size)), draw(st.booleans()))


@settings(max_examples=40, deadline=None)
@given(made=tables(), data=st.data(), amount=st.sampled_from([1.0, -1.0, 3.0, -3.0]))
def test_a_box_changes_no_sum_and_stays_possible(made: tuple[pa.Table, tuple[Dimension, ...]], data: st.DataObject, amount: float) -> None:
    frame, dimensions = made
    cells = Cells.of(frame, dimensions)
    if not (cells.value > 0).any():
        return
    target = Target(cells, np.zeros(len(cells), dtype=bool), Question("count", PROFILE))
    table = Table(target.problem)
    cell = data.draw(st.integers(0, len(table.names) - 1))
    insider = data.draw(st.integers(-1, len(table.names) - 1))
    need = Need(cell, max(amount, 0.0), max(-amount, 0.0), 1.0, insider if insider != cell else -1)
    found = Boxes(cells, table, target.rows).meet(need, np.zeros(len(table.names), dtype=bool))
    for movement in found or []:
        assert movement[cell] == amount
        assert need.insider < 0 or movement[need.insider] == 0
        assert np.abs(table.matrix @ movement).max(initial=0.0) == 0
        assert (table.value + movement >= 0).all()


@settings(max_examples=15, deadline=None)
@given(made=tables(st.just((2, 3, 2))))
def test_suppressed_tables_withstand_the_attack(made: tuple[pa.Table, tuple[Dimension, ...]]) -> None:
    frame, dimensions = made
    judged = judge(frame, dimensions, SPEC, PROFILE)
    unsafe = [i for i, status in enumerate(judged.frame.column("status").to_pylist()) if status == "unsafe"]
    if not unsafe:
        return
    for hidden in (judged.hidden, suppress(frame, dimensions, SPEC, PROFILE).hidden):
        problem = from_frame(frame, dimensions, hidden)
        names = cell_names(Cells.of(frame, dimensions))
        assert not {names[row] for row in unsafe} & set(verdict(problem).exact)


@settings(max_examples=20, deadline=None)
@given(made=tables())
def test_rounded_tables_add_up_and_tell_no_small_count(made: tuple[pa.Table, tuple[Dimension, ...]]) -> None:
    frame, dimensions = made
    if "unsafe" not in judge(frame, dimensions, SPEC, PROFILE, patience=0).frame.column("status").to_pylist():
        with pytest.raises(Conflict, match="nothing to protect"):
            round_to(frame, dimensions, SPEC, PROFILE)
        return
    made_safe = round_to(frame, dimensions, SPEC, PROFILE)
    assert made_safe.rounding == 10
    before, after = Cells.of(frame, dimensions), Cells.of(made_safe.frame, dimensions)
    assert (after.value % 10 == 0).all()
    exact = from_frame(frame, dimensions, [])
    rounded = from_frame(made_safe.frame, dimensions, [])
    assert set(rounded.relations) == set(exact.relations)
    small = (before.n > 0) & (before.n < 10)
    assert all(value == 0 or value >= 10 for value in after.value[small].tolist())


@pytest.mark.parametrize("seed", range(3))
def test_the_attack_on_rounded_values_leaves_small_counts_open(seed: int) -> None:
    """The intervals themselves: none lies within 1 to 9."""
    random = np.random.default_rng(seed)
    frame, dimensions = counted((2, 3, 2), random.choice([0, 2, 5, 9, 14, 33], 12).tolist())
    made_safe = round_to(frame, dimensions, SPEC, PROFILE)
    cells = Cells.of(frame, dimensions)
    problem = from_frame(made_safe.frame, dimensions, [])
    farthest = float(np.abs(Cells.of(made_safe.frame, dimensions).value - cells.value).max())
    rounding = {"base": 10.0, "deviation": max(farthest, 5.0)}
    attacked = type(problem).model_validate({**problem.document(), "rounding": rounding, "integer": True})
    names = cell_names(cells)
    found = intervals(attacked)
    for row in np.flatnonzero((cells.n > 0) & (cells.n < 10)).tolist():
        low, high = found[names[row]]
        assert low <= 0 or high >= 10
