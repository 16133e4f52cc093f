"""What judge hides is proven by the attack: in any number of dimensions, with subtotals, against insiders, unions and levels."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pyarrow as pa
import pytest
from evidence_frames import TOTAL, Row, crosstab, dimension, frame_of, row_of
from hypothesis import given, settings
from hypothesis import strategies as st
from test_complement import determined, mask, relations

from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.complement import complement
from jupyter_cbs.disclosure.hiding import exposures, hide
from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.disclosure.relations.attack import intervals, verdict
from jupyter_cbs.disclosure.relations.frame import from_frame
from jupyter_cbs.disclosure.rules import Question
from jupyter_cbs.domain.evidence import Dimension, Statistic, TableSpec
from jupyter_cbs.domain.finding import Rule
from jupyter_cbs.domain.rules import RuleProfile

COUNT = TableSpec(source="X")
PROFILE = RuleProfile()


def counted(shape: tuple[int, ...], counts: list[int]) -> tuple[pa.Table, tuple[Dimension, ...]]:
    keys = list(itertools.product(*(range(size) for size in shape)))
    rows = [Row(1000 * at + i, tuple(str(c) for c in key)) for at, key in enumerate(keys) for i in range(counts[at])]
    return frame_of(rows, len(shape)), tuple(dimension(f"D{i}", [str(c) for c in range(size)]) for i, size in enumerate(shape))


def unsafe_of(frame: pa.Table) -> np.ndarray:
    return np.array([status == "unsafe" for status in frame.column("status").to_pylist()], dtype=bool)


def nested(counts: dict[str, int], parents: dict[str, str | None], columns: int = 1) -> tuple[pa.Table, tuple[Dimension, ...]]:
    """A table of regions with subtotals by a second dimension, as the query makes it: subtotals are rows with the parent's code."""
    rows = []
    for at, (code, count) in enumerate(counts.items()):
        for i in range(count):
            unit = 1000 * at + i
            second = str(i % columns)
            rows.append((code, second, unit))
    frames = []
    codes = [*counts, *dict.fromkeys(parent for parent in parents.values() if parent)]

    def above(code: str | None) -> list[str]:
        return [] if code is None else [code, *above(parents.get(code))]

    fine = frame_of([Row(unit, (code, second)) for code, second, unit in rows], 2).to_pylist()
    for level in codes:
        if level in counts:
            continue
        inside = [Row(unit, (level, second)) for code, second, unit in rows if level in above(code)]
        frames += [record for record in frame_of(inside, 2).to_pylist() if record["d0"] == level]
    names = [str(c) for c in range(columns)]
    first = dimension("R", codes).model_copy(update={"parents": parents})
    return pa.Table.from_pylist([*fine, *frames], schema=frame_of([], 2).schema), (first, dimension("B", names))


@settings(max_examples=30, deadline=None)
@given(data=st.data(), k=st.integers(3, 4))
def test_in_more_dimensions_no_hidden_unsafe_cell_is_determined(data: st.DataObject, k: int) -> None:
    shape = tuple(data.draw(st.integers(1, 3)) for _ in range(k))
    size = int(np.prod(shape))
    counts = data.draw(st.lists(st.one_of(st.integers(0, 3), st.integers(8, 30)), min_size=size, max_size=size))
    frame, dimensions = counted(shape, counts)
    judged = judge(frame, dimensions, COUNT, PROFILE)
    given_away = determined(relations(frame, k), mask(frame, judged.hidden))
    assert not (given_away & unsafe_of(judged.frame)).any()
    assert (judged.proof is None) == (not judged.hidden)


def test_lines_are_not_enough_and_the_attack_finds_that() -> None:
    """Among random three-dimensional tables there are some that two in every line give away; what judge hides does not."""
    random = np.random.default_rng(4)
    broken = 0
    for _ in range(25):
        frame, dimensions = counted((3, 3, 3), random.choice([0, 2, 4, 12, 25, 40], 27, p=[0.1, 0.15, 0.1, 0.25, 0.2, 0.2]).tolist())
        judged = judge(frame, dimensions, COUNT, PROFILE)
        unsafe = unsafe_of(judged.frame)
        cells, question = Cells.of(frame, dimensions), Question("count", PROFILE)
        first = complement(cells, unsafe, question)
        broken += bool(exposures(cells, first, unsafe, question)[0])
        assert exposures(cells, mask(frame, judged.hidden), unsafe, question) == ([], True)
    assert broken


regions = st.lists(st.one_of(st.integers(0, 6), st.integers(8, 40)), min_size=4, max_size=7)


@settings(max_examples=25, deadline=None)
@given(counts=regions, cut=st.integers(1, 3), columns=st.integers(1, 2))
def test_subtotals_give_nothing_away(counts: list[int], cut: int, columns: int) -> None:
    codes = {f"g{i}": count for i, count in enumerate(counts)}
    parents: dict[str, str | None] = {code: "north" if i < cut else "south" for i, code in enumerate(codes)} | {"north": None, "south": None}
    frame, dimensions = nested(codes, parents, columns)
    judged = judge(frame, dimensions, COUNT, PROFILE)
    problem = from_frame(judged.frame, dimensions, judged.hidden)
    if sum(counts[:cut]) and sum(counts[cut:]):
        assert any(set(parts) >= {"R-north | total", "R-south | total"} for total, parts in problem.relations if total == "total | total")
    names = set(from_frame(judged.frame, dimensions, np.flatnonzero(unsafe_of(judged.frame)).tolist()).suppressed)
    low_high = intervals(problem)
    assert all(low_high[name][1] > low_high[name][0] for name in names if name in low_high)


def test_a_subtotal_gives_its_one_hidden_part_away() -> None:
    frame, dimensions = nested(
        {"a": 4, "b": 30, "c": 20, "d": 40}, {"a": "north", "b": "north", "c": "south", "d": "south", "north": None, "south": None}
    )
    cells = Cells.of(frame, dimensions)
    hidden = mask(frame, (row_of(frame, "a", "0"), row_of(frame, "a", TOTAL), row_of(frame, "c", "0"), row_of(frame, "c", TOTAL)))
    unsafe = mask(frame, (row_of(frame, "a", "0"), row_of(frame, "a", TOTAL)))
    found, complete = exposures(cells, hidden, unsafe, Question("count", PROFILE))
    assert complete
    assert {exposure.rule for exposure in found} == {Rule.SECONDARY}
    assert len(found) == 2


def test_the_only_contributor_of_a_cell_is_an_insider() -> None:
    """As in the Handbook on SDC, 4.2: whoever knows one of two hidden cells of a line can subtract; a third must go."""
    counts = {"a": 1, "b": 9, "c": 40, "d": 60}
    rows = [Row(100 * at + i, (code,)) for at, (code, count) in enumerate(counts.items()) for i in range(count)]
    frame, dims = frame_of(rows, 1), (dimension("A", list(counts)),)
    cells, question = Cells.of(frame, dims), Question("count", PROFILE)
    both = mask(frame, (row_of(frame, "a"), row_of(frame, "b")))
    found, complete = exposures(cells, both, both, question)
    assert complete
    assert [(exposure.row, exposure.rule, exposure.by) for exposure in found] == [(row_of(frame, "b"), Rule.INSIDER, row_of(frame, "a"))]
    judged = judge(frame, dims, COUNT, PROFILE)
    assert len(judged.hidden) == 3


@pytest.mark.parametrize("statistic", ["count", "sum", "mean", "share", "median"])
def test_every_statistic_is_protected(statistic: Statistic) -> None:
    frame, dims = crosstab([[4, 50, 60], [40, 30, 70], [80, 45, 20]], statistic)
    judged = judge(frame, dims, COUNT.model_copy(update={"statistic": statistic}), PROFILE)
    assert judged.proof is not None
    problem = from_frame(judged.frame, dims, judged.hidden, statistic=statistic)
    assert problem.relations
    assert not verdict(problem).exact


def test_the_largest_contributor_keeps_room() -> None:
    """x1 = 90 of X = 100: the interval must reach 80 both ways, so a companion of 20 is too small."""
    rows = [Row(0, ("a", "0"), 90.0), Row(1, ("a", "0"), 10.0)]
    rows += [Row(100 * at + i, key, 1.0) for at, key in enumerate([("a", "1"), ("b", "0"), ("b", "1")], 1) for i in range(20)]
    rows += [
        Row(1000 * at + i, key, 30.0) for at, key in enumerate([("a", "2"), ("b", "2"), ("c", "0"), ("c", "1"), ("c", "2")], 1) for i in range(20)
    ]
    frame = frame_of(rows, 2, "sum")
    dims = (dimension("A", list("abc")), dimension("B", list("012")))
    question = Question("sum", PROFILE)
    cells = Cells.of(frame, dims)
    unsafe = mask(frame, (row_of(frame, "a", "0"),))
    small = mask(frame, tuple(row_of(frame, a, b) for a in "ab" for b in "01"))
    found, _ = exposures(cells, small, unsafe, question)
    assert [(exposure.rule, exposure.close) for exposure in found] == [(Rule.SECONDARY, True)]
    judged = judge(frame, dims, COUNT.model_copy(update={"statistic": "sum"}), PROFILE)
    problem = from_frame(judged.frame, dims, judged.hidden, statistic="sum", profile=PROFILE)
    assert verdict(problem).safe


def test_what_is_not_proven_in_time_is_not_said_to_be() -> None:
    random = np.random.default_rng(4)
    question = Question("count", PROFILE)
    late = []
    for _ in range(25):
        frame, dimensions = counted((3, 3, 3), random.choice([0, 2, 4, 12, 25, 40], 27, p=[0.1, 0.15, 0.1, 0.25, 0.2, 0.2]).tolist())
        cells = Cells.of(frame, dimensions)
        unsafe = (cells.n > 0) & (cells.n < 10)
        hiding = hide(cells, unsafe, question, patience=-1.0)
        assert hiding.hidden[unsafe].all()
        if not hiding.proven:
            late.append(hiding)
        else:
            assert exposures(cells, hiding.hidden, unsafe, question) == ([], True)
    assert late


def test_a_cell_for_each_person_is_judged_in_proportion_to_their_number():
    """Who takes a variable for a dimension has nothing but unsafe cells, and should hear that and not wait for minutes."""

    def seconds(people: int) -> float:
        frame = frame_of([Row(i, (str(i),), 1.0 + i) for i in range(people)], 1, "median")
        whole = (dimension("D0", [str(i) for i in range(0, people, 2)]),)  # of the other half no code list knows
        before = time.process_time()
        found = judge(frame, whole, TableSpec(source="X", values="X", statistic="median"), PROFILE)
        taken = time.process_time() - before
        assert len(found.findings) >= people
        return taken

    seconds(100)
    assert seconds(16_000) < 30 * seconds(2_000)
