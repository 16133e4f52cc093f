"""Nothing that is hidden follows from what is published."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from evidence_frames import TOTAL, Row, crosstab, dimension, frame_of, row_of
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.complement import bridges
from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.domain.evidence import Dimension, TableSpec
from jupyter_cbs.domain.rules import RuleProfile

COUNT = TableSpec(source="X", rows=("A",), columns=("B",))


def relations(frame: pa.Table, k: int) -> np.ndarray:
    """All equations 'sum of a line = its total' between the rows of a frame."""
    keys = [tuple(TOTAL if r[f"g{i}"] else r[f"d{i}"] for i in range(k)) for r in frame.to_pylist()]
    at = {key: i for i, key in enumerate(keys)}
    equations = []
    for key, i in at.items():
        for d in range(k):
            if key[d] is TOTAL:
                parts = [at[other] for other in at if other[d] is not TOTAL and other[:d] + other[d + 1 :] == key[:d] + key[d + 1 :]]
                equation = np.zeros(len(keys))
                equation[parts] = 1
                equation[i] = -1
                equations.append(equation)
    return np.array(equations) if equations else np.zeros((0, len(keys)))


def determined(relations: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Tell which hidden cells follow from the published ones through linear relations.

    Parameters
    ----------
    relations
        Shape (relations, m): coefficients of equations between all m cells.
    hidden
        Shape (m,).

    Returns
    -------
    np.ndarray
        Shape (m,): hidden cells with the same value in every solution, that is with a zero row in a basis of the null space.

    Notes
    -----
    Dense singular value decomposition: meant for tables of some hundreds of hidden cells and for tests.
    """
    unknown = np.flatnonzero(hidden)
    result = np.zeros(len(hidden), dtype=bool)
    if len(unknown) == 0:
        return result
    _, singular, right = np.linalg.svd(relations[:, unknown], full_matrices=True)
    rank = int((singular > 1e-9 * max(1.0, float(singular.max(initial=0.0)))).sum())
    free = right[rank:]
    result[unknown] = np.sqrt((free**2).sum(axis=0)) < 1e-7
    return result


def mask(frame: pa.Table, hidden: tuple[int, ...]) -> np.ndarray:
    result = np.zeros(frame.num_rows, dtype=bool)
    result[list(hidden)] = True
    return result


def unions(frame: pa.Table, k: int, hidden: tuple[int, ...]) -> list[int]:
    """Units of what is hidden in each line whose total is published."""
    records = frame.to_pylist()
    keys = [tuple(TOTAL if r[f"g{i}"] else r[f"d{i}"] for i in range(k)) for r in records]
    sums: list[int] = []
    for d in range(k):
        lines: dict[tuple, list[int]] = defaultdict(list)
        for i, key in enumerate(keys):
            lines[key[:d] + key[d + 1 :]].append(i)
        for members in lines.values():
            total = [i for i in members if keys[i][d] is TOTAL]
            gone = [i for i in members if i in hidden and keys[i][d] is not TOTAL]
            if total and total[0] not in hidden and gone:
                sums.append(sum(records[i]["n"] for i in gone))
    return sums


tables = st.integers(1, 7).flatmap(
    lambda width: st.lists(st.lists(st.one_of(st.integers(0, 12), st.integers(10, 90)), min_size=width, max_size=width), min_size=1, max_size=7)
)


@settings(max_examples=120, deadline=None)
@given(counts=tables, statistic=st.sampled_from(["count", "sum"]))
def test_in_two_dimensions_no_hidden_cell_is_determined(counts: list[list[int]], statistic: str) -> None:
    frame, dims = crosstab(counts, statistic)
    judged = judge(frame, dims, COUNT.model_copy(update={"statistic": statistic}), RuleProfile())
    assert not determined(relations(frame, 2), mask(frame, judged.hidden)).any()
    assert all(n >= 10 for n in unions(frame, 2, judged.hidden))
    if not any(f.status == "unsafe" for f in judged.findings):
        assert judged.hidden == ()


@settings(max_examples=60, deadline=None)
@given(counts=st.lists(st.one_of(st.integers(0, 12), st.integers(10, 90)), min_size=1, max_size=12))
def test_in_one_dimension_no_hidden_cell_is_determined(counts: list[int]) -> None:
    rows = [Row(c * 1000 + i, (str(c),)) for c, count in enumerate(counts) for i in range(count)]
    frame = frame_of(rows, 1)
    judged = judge(frame, (dimension("A", [str(c) for c in range(len(counts))]),), COUNT, RuleProfile())
    assert not determined(relations(frame, 1), mask(frame, judged.hidden)).any()
    assert all(n >= 10 for n in unions(frame, 1, judged.hidden))


@settings(max_examples=15, deadline=None)
@given(data=st.data(), k=st.integers(3, 4))
def test_in_more_dimensions_no_line_gives_an_unsafe_cell_away(data: st.DataObject, k: int) -> None:
    shape = [data.draw(st.integers(1, 3)) for _ in range(k)]
    rows, unit = [], 0
    for key in itertools.product(*(range(s) for s in shape)):
        for _ in range(data.draw(st.one_of(st.integers(0, 3), st.integers(8, 30)))):
            rows.append(Row(unit, tuple(str(c) for c in key)))
            unit += 1
    frame = frame_of(rows, k)
    judged = judge(frame, tuple(dimension(f"D{i}", [str(c) for c in range(s)]) for i, s in enumerate(shape)), COUNT, RuleProfile())
    hidden = mask(frame, judged.hidden)
    unsafe = np.array([status == "unsafe" for status in judged.frame.column("status").to_pylist()], dtype=bool)
    lines = relations(frame, k) != 0
    alone = lines[lines[:, hidden].sum(axis=1) == 1]
    assert not (alone & hidden & unsafe).any()
    assert all(n >= 10 for n in unions(frame, k, judged.hidden))


@settings(max_examples=80, deadline=None)
@given(edges=st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=6))
def test_bridges_are_the_edges_that_join_two_parts(edges: list[list[bool]]) -> None:
    graph = np.array(edges)

    def parts(g: np.ndarray) -> int:
        nodes = list(range(sum(g.shape)))
        for r, c in np.argwhere(g).tolist():
            a, b = nodes[r], nodes[g.shape[0] + c]
            nodes = [a if x == b else x for x in nodes]
        return len(set(nodes))

    expected = []
    for r, c in np.argwhere(graph).tolist():
        without = graph.copy()
        without[r, c] = False
        if parts(without) > parts(graph):
            expected.append((r, c))
    assert sorted(bridges(graph)) == sorted(expected)


def test_a_small_cell_gets_three_companions_and_totals_stay() -> None:
    frame, dims = crosstab([[4, 50, 60], [40, 30, 70], [80, 45, 20]])
    judged = judge(frame, dims, COUNT, RuleProfile())
    assert len(judged.hidden) == 4
    assert len(judged.companions) == 3
    assert all(not frame.column(g)[row].as_py() for row in judged.hidden for g in ("g0", "g1"))


def test_two_in_every_line_is_not_enough_and_is_noticed() -> None:
    # two blocks joined by nothing but a staircase: every line has two hidden cells, yet one cell follows
    relations_ = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1.0]])
    assert determined(relations_, np.array([True, True, True])).all()


def test_without_margins_nothing_follows_and_no_company_is_needed() -> None:
    rows = [Row(i, ("a",)) for i in range(5)] + [Row(100 + i, ("b",)) for i in range(40)]
    frame = frame_of(rows, 1, margins=False)
    judged = judge(frame, (dimension("A", ["a", "b"]),), COUNT, RuleProfile())
    assert judged.hidden == (row_of(frame, "a"),)


def test_small_companions_do_not_make_a_small_union() -> None:
    frame, dims = crosstab([[4, 50, 60], [3, 30, 70], [80, 45, 20]])
    judged = judge(frame, dims, COUNT, RuleProfile())
    assert min(unions(frame, 2, judged.hidden)) >= 10


def test_a_dominated_cell_is_not_hidden_behind_crumbs() -> None:
    rows = [Row(0, ("a",), 1000.0)] + [Row(i, ("a",), 1.0) for i in range(1, 20)]
    rows += [Row(100 + i, ("b",), 1.0) for i in range(12)] + [Row(200 + i, ("c",), 90.0) for i in range(20)]
    frame = frame_of(rows, 1, "sum")
    judged = judge(frame, (dimension("A", ["a", "b", "c"]),), COUNT.model_copy(update={"statistic": "sum"}), RuleProfile())
    assert row_of(frame, "c") in judged.hidden


def test_a_table_without_dimensions_is_one_cell() -> None:
    frame = frame_of([Row(i, ()) for i in range(5)], 0)
    no_dimensions: tuple[Dimension, ...] = ()
    assert judge(frame, no_dimensions, COUNT, RuleProfile()).hidden == (0,)


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_no_data_at_all(k: int) -> None:
    frame = frame_of([], k)
    judged = judge(frame, tuple(dimension(f"D{i}", ["x"]) for i in range(k)), COUNT, RuleProfile())
    assert judged.findings == ()
    assert judged.hidden == ()
    empty = frame.slice(0, 0)
    assert judge(empty, tuple(dimension(f"D{i}", ["x"]) for i in range(k)), COUNT, RuleProfile()).frame.num_rows == 0
