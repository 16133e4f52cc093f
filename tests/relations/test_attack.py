"""The attack finds what can be calculated, no more and no less: against enumeration of all tables and against a cold linear program."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from relations_tables import enumerate_tables, enumerated, full_table, problem_of
from scipy.optimize import linprog

from jupyter_cbs.disclosure.relations.attack import intervals, verdict
from jupyter_cbs.disclosure.relations.audit import audit
from jupyter_cbs.disclosure.relations.determined import as_graph, determined, fixed_by_equations, peeled, stuck_at_bound, suspects
from jupyter_cbs.disclosure.relations.problem import Rounding, TableProblem, linked
from jupyter_cbs.disclosure.relations.program import Program
from jupyter_cbs.disclosure.relations.system import System, interior, outer_bounds
from jupyter_cbs.domain.errors import Cancelled, Invalid

SMALL = st.integers(0, 3)


@st.composite
def suppressed_tables(draw: st.DrawFn, shape: tuple[int, ...], most: int, margins: bool = True) -> TableProblem:
    """A small table of counts of which some cells, margins too, are suppressed."""
    inner = draw(arrays(np.int64, shape, elements=SMALL))
    names, _, _ = full_table(inner)
    pool = names.ravel().tolist() if margins else names[tuple(slice(0, size) for size in shape)].ravel().tolist()
    return problem_of(inner, draw(st.lists(st.sampled_from(pool), min_size=1, max_size=most, unique=True)))


@settings(max_examples=60, deadline=None)
@given(suppressed_tables((2, 3), 6))
def test_two_dimensional_intervals_are_those_of_enumeration(problem: TableProblem) -> None:
    """With the grand total published the vertices of a two-dimensional table are whole tables."""
    assume("TT" not in problem.suppressed)
    assert intervals(problem) == enumerated(problem)


@settings(max_examples=25, deadline=None)
@given(suppressed_tables((2, 2, 3), 7, margins=False))
def test_three_dimensional_integer_intervals_are_those_of_enumeration(problem: TableProblem) -> None:
    whole = problem.model_copy(update={"integer": True})
    assert intervals(whole) == enumerated(problem)
    real = intervals(problem)
    for name, (low, high) in intervals(whole).items():
        assert real[name][0] <= low + 1e-6
        assert real[name][1] >= high - 1e-6


@settings(max_examples=60, deadline=None)
@given(suppressed_tables((3, 3), 9))
def test_the_verdict_names_the_exact_cells_of_enumeration(problem: TableProblem) -> None:
    assume("TT" not in problem.suppressed)
    expected = {name for name, (low, high) in enumerated(problem).items() if low == high}
    assert set(verdict(problem).exact) == expected
    assert set(audit(problem).exact) == expected


def cold(problem: TableProblem) -> dict[str, tuple[float, float]]:
    """Give the intervals by one linear program per end, from nothing, over all relations as they are written."""
    index = {name: i for i, name in enumerate(problem.cells)}
    equations = np.zeros((len(problem.relations), len(index)))
    for row, (total, parts) in enumerate(problem.relations):
        equations[row, index[total]] = 1
        equations[row, [index[part] for part in parts]] = -1
    hidden = set(problem.suppressed)
    upper = problem.upper_bound
    bounds = [(problem.lower_bound, upper) if name in hidden else (value, value) for name, value in problem.cells.items()]
    found = {}
    for name in problem.suppressed:
        ends = []
        for sign in (1, -1):
            cost = np.zeros(len(index))
            cost[index[name]] = sign
            done = linprog(cost, A_eq=equations, b_eq=np.zeros(len(equations)), bounds=bounds)
            ends.append(sign * done.fun if done.status == 0 else -sign * np.inf)
        found[name] = (ends[0], ends[1])
    return found


@settings(max_examples=15, deadline=None)
@given(suppressed_tables((3, 3, 2), 12), st.sampled_from([0.0, None, -5.0]), st.sampled_from([None, 100.0]))
def test_real_intervals_are_those_of_a_cold_linear_program(problem: TableProblem, lower: float | None, upper: float | None) -> None:
    problem = problem.model_copy(update={"lower_bound": lower, "upper_bound": upper})
    found, expected = intervals(problem), cold(problem)
    for name in problem.suppressed:
        assert found[name] == pytest.approx(expected[name], abs=1e-5), name


@settings(max_examples=25, deadline=None)
@given(suppressed_tables((3, 4, 3), 20))
def test_the_general_method_agrees_with_dense_algebra(problem: TableProblem) -> None:
    system = System.of(problem)
    dense = system.matrix.toarray()
    _, singular, right = np.linalg.svd(dense, full_matrices=True)
    free = right[int((singular > 1e-9).sum()) :]
    expected = (np.abs(free) < 1e-7).all(axis=0)
    assert fixed_by_equations(system.matrix).tolist() == expected.tolist()
    assert not (peeled(system.matrix) & ~expected).any()


@settings(max_examples=40, deadline=None)
@given(suppressed_tables((3, 4), 12))
def test_graph_and_linear_programs_agree_on_zero_cells(problem: TableProblem) -> None:
    """The mixed graph, in which a cell at zero can only rise, against the way of any dimension."""
    system = System.of(problem)
    by_graph = determined(system)
    stuck = stuck_at_bound(system, np.logical_or(*interior(system)))
    free = np.flatnonzero(~stuck)
    general = stuck.copy()
    general[free] = fixed_by_equations(system.matrix[:, free])
    assert as_graph(system.matrix) is not None
    assert by_graph.tolist() == general.tolist()


@settings(max_examples=25, deadline=None)
@given(suppressed_tables((3, 3, 2), 12))
def test_outer_bounds_hold_every_interval(problem: TableProblem) -> None:
    low, high = outer_bounds(System.of(problem))
    for i, (least, most) in enumerate(intervals(problem).values()):
        assert low[i] <= least + 1e-6
        assert high[i] >= most - 1e-6


def test_two_suppressions_in_every_row_and_column_are_not_enough() -> None:
    """Two rectangles and one cell between them: each line has two or more suppressed cells, and the cell between is a bridge."""
    inner = np.arange(1, 37).reshape(6, 6) + 10
    hidden = np.zeros((6, 6), dtype=bool)
    hidden[:3, :3] = ~np.eye(3, dtype=bool)
    hidden[3:, 3:] = ~np.eye(3, dtype=bool)
    hidden[0, 3] = True
    assert (hidden.sum(axis=0)[hidden.any(axis=0)] >= 2).all()
    assert (hidden.sum(axis=1)[hidden.any(axis=1)] >= 2).all()
    problem = problem_of(inner, hidden)
    assert verdict(problem).exact == ("ad",)
    found = intervals(problem)
    assert found["ad"] == (14, 14)
    assert all(low < high for name, (low, high) in found.items() if name != "ad")


def test_zeros_make_a_cell_exact_that_subtraction_does_not() -> None:
    """A rectangle with zeros at two opposite corners cannot move; one with a single zero can."""
    corners = ("aa", "ab", "ba", "bb")
    assert set(verdict(problem_of([[0, 7], [5, 0]], corners)).exact) == set()
    assert set(verdict(problem_of([[0, 7], [5, 3]], corners)).exact) == set()
    assert set(verdict(problem_of([[0, 0], [5, 7]], corners)).exact) == set(corners)
    assert set(verdict(problem_of([[0, 0], [5, 7]], corners, lower_bound=None)).exact) == set()


def test_a_cell_without_a_limit() -> None:
    """A suppressed total with suppressed parts and no further relation."""
    problem = TableProblem(cells={"a": 3, "b": 4, "t": 7}, relations=(("t", ("a", "b")),), suppressed=("a", "t"))
    assert intervals(problem) == {"a": (0, np.inf), "t": (4, np.inf)}
    assert intervals(problem.model_copy(update={"upper_bound": 20.0})) == {"a": (0, 16), "t": (4, 20)}
    alone = TableProblem(cells={"a": 3, "b": 4}, suppressed=("a",))
    assert intervals(alone) == {"a": (0, np.inf)}


def test_linked_tables_give_away_what_each_keeps() -> None:
    """Region by sex and region by age share the totals of the regions; each alone protects, together they do not."""
    one = TableProblem(
        cells={"north": 20, "south": 30, "total": 50, "nm": 12, "nf": 8},
        relations=(("total", ("north", "south")), ("north", ("nm", "nf"))),
        suppressed=("north", "south", "nm"),
    )
    two = TableProblem(
        cells={"north": 20, "total": 50, "south": 30, "ny": 15, "no": 5},
        relations=(("north", ("ny", "no")),),
        suppressed=("north", "south"),
    )
    assert verdict(one).exact == ()
    together = linked((one, two))
    assert set(verdict(together).exact) == {"north", "south", "nm"}
    with pytest.raises(Invalid, match="disagree") as refused:
        linked((one, two.model_copy(update={"cells": {**two.cells, "ny": 16, "north": 21}})))
    assert refused.value.code == "tables_disagree"


@settings(max_examples=20, deadline=None)
@given(suppressed_tables((3, 3), 7, margins=False), st.data())
def test_an_insider_knows_what_enumeration_with_his_value_gives(problem: TableProblem, data: st.DataObject) -> None:
    single = data.draw(st.sampled_from(problem.suppressed))
    found = audit(problem.model_copy(update={"singletons": (single,)})).insiders[0]
    tables = [table for table in enumerate_tables(problem) if table[single] == problem.cells[single]]
    others = [name for name in problem.suppressed if name != single]
    expected = {name: (min(t[name] for t in tables), max(t[name] for t in tables)) for name in others}
    assert found.singleton == single
    assert found.intervals == expected
    assert set(found.exact) == {name for name, (low, high) in expected.items() if low == high}


@pytest.mark.parametrize("integer", [False, True])
def test_an_insider_of_a_rounded_table_knows_the_true_value_of_a_suppressed_cell(integer: bool) -> None:
    problem = TableProblem(
        cells={"a": 3, "b": 7, "c": 5, "t": 10, "all": 15},
        relations=(("t", ("a", "b")), ("all", ("t", "c"))),
        suppressed=("a", "b"),
        singletons=("a", "c"),
        rounding=Rounding(base=5, deviation=2),
        integer=integer,
    )
    found = audit(problem)
    assert found.intervals == {"a": (0, 12), "b": (0, 12), "c": (3, 7), "t": (8, 12), "all": (13, 17)}
    insider, shown = found.insiders
    assert insider.intervals == {"b": (5, 9), "c": (3, 7), "t": (8, 12), "all": (13, 17)}
    assert shown.intervals == {name: interval for name, interval in found.intervals.items() if name != "c"}


def test_unions() -> None:
    """Three and four of a line are seven together, too few; with five more they pass at exactly ten and up."""
    line = TableProblem(cells={"a": 3, "b": 4, "c": 3, "d": 90, "t": 100}, relations=(("t", ("a", "b", "c", "d")),), suppressed=("a", "b"))
    (union,) = audit(line).unions
    assert (union.total, union.cells, union.sum, union.rule) == ("t", ("a", "b"), 7, "min_frequency")
    assert audit(line.with_suppressed(("a", "b", "c"))).unions == ()
    assert audit(line, min_frequency=7).unions == ()
    assert audit(line, min_frequency=8).unions == (union,)
    halves = line.model_copy(update={"cells": {**line.cells, "a": 3.5, "t": 100.5}})
    assert audit(halves).unions == ()
    asks = halves.model_copy(update={"protection": {"a": (1.0, 4.5)}})
    assert [u.rule for u in audit(asks).unions] == ["protection"]
    assert audit(asks.model_copy(update={"protection": {"a": (1.0, 4.0)}})).safe


@settings(max_examples=30, deadline=None)
@given(arrays(np.int64, (2, 2), elements=st.integers(0, 12)), st.sampled_from([(5, 2), (3, 1)]))
def test_rounding_is_unpicked_as_by_enumeration(inner: np.ndarray, rounding: tuple[int, int]) -> None:
    base, distance = rounding
    names, values, _ = full_table(inner)
    published = {n: float(base * ((v + base // 2) // base)) for n, v in zip(names.ravel().tolist(), values.ravel().tolist(), strict=True)}
    problem = problem_of(inner).model_copy(update={"cells": published, "rounding": Rounding(base=base, deviation=distance), "integer": True})

    def allowed(name: str) -> list[int]:
        return [v for v in range(int(published[name]) - distance, int(published[name]) + distance + 1) if v >= 0]

    assert intervals(problem) == enumerated(problem, names.ravel().tolist(), allowed=allowed)


def test_rounding_that_gives_values_away() -> None:
    """5 + 5 = 15: seven or eight and no less than six each; 0 + 0 = 5 with two at most in each leaves nothing open but one."""
    given_away = TableProblem(cells={"a": 0, "b": 0, "t": 5}, relations=(("t", ("a", "b")),), rounding=Rounding(base=5, deviation=2), integer=True)
    assert intervals(given_away) == {"a": (1, 2), "b": (1, 2), "t": (3, 4)}
    exact = TableProblem(
        cells={"a": 5, "b": 5, "c": 5, "t": 0},
        relations=(("t", ("a", "b", "c")),),
        rounding=Rounding(base=5, deviation=4),
        integer=True,
    )
    assert intervals(exact) == {"a": (1, 2), "b": (1, 2), "c": (1, 2), "t": (3, 4)}
    with pytest.raises(Invalid) as refused:
        TableProblem(cells={"a": 5, "b": 5, "t": 20}, relations=(("t", ("a", "b")),), rounding=Rounding(base=5, deviation=2))
    assert refused.value.code == "relation_does_not_add_up"
    contradiction = TableProblem(
        cells={"a": 5, "b": 5, "t": 15, "u": 5},
        relations=(("t", ("a", "b")), ("u", ("a", "b"))),
        rounding=Rounding(base=5, deviation=2),
    )
    with pytest.raises(Invalid) as impossible:
        intervals(contradiction)
    assert impossible.value.code == "rounding_impossible"


def test_the_ends_of_whole_numbers_are_proven_and_not_only_rounded() -> None:
    """A total that counts two leaves twice is even, so that rounded to 0 it is 0; over real numbers it could be 1."""
    relations = (("pair", ("a", "b")), ("twice", ("a", "b", "pair")), ("all", ("a", "b", "c")))
    problem = TableProblem(
        cells=dict.fromkeys(("a", "b", "c", "pair", "twice", "all"), 0), relations=relations, rounding=Rounding(base=3, deviation=1), integer=True
    )
    assert intervals(problem) == {"a": (0, 0), "b": (0, 0), "c": (0, 1), "pair": (0, 0), "twice": (0, 0), "all": (0, 1)}


def test_protection_levels_at_the_boundary() -> None:
    problem = problem_of([[20, 30], [40, 50]], ("aa", "ab", "ba", "bb"))
    assert intervals(problem)["aa"] == (0, 50)
    assert verdict(problem, {"aa": (20, 30)}).safe
    assert verdict(problem, {"aa": (20, 30.01)}).unprotected == {"aa": (0, 50)}
    assert set(audit(problem.model_copy(update={"protection": {"aa": (20, 31)}})).unprotected) == {"aa"}


@settings(max_examples=25, deadline=None)
@given(suppressed_tables((3, 3, 2), 14), st.data())
def test_the_verdict_on_levels_is_that_of_the_intervals(problem: TableProblem, data: st.DataObject) -> None:
    levels = {name: (float(data.draw(st.integers(0, 3))), float(data.draw(st.integers(0, 3)))) for name in problem.suppressed}
    found = intervals(problem)
    expected = {
        name
        for name, (below, above) in levels.items()
        if (below and found[name][0] > problem.cells[name] - below + 1e-5) or (above and found[name][1] < problem.cells[name] + above - 1e-5)
    }
    assert set(verdict(problem, levels).unprotected) == expected


def test_values_of_very_different_size() -> None:
    """Billions beside units, and shares below one: no interval is lost in the solver's tolerance."""
    large = problem_of(np.array([[3e9, 5], [7, 4e9]]), ("aa", "ab", "ba", "bb"))
    assert intervals(large)["ab"] == pytest.approx((0, 3000000005), rel=1e-9)
    assert not verdict(large).exact
    huge = problem_of(np.array([[3 * 10**11, 5, 7], [7, 4 * 10**11, 9], [10**6, 3, 2]]), np.ones((3, 3), dtype=bool))
    found = intervals(huge)
    assert found["ab"] == (0, 300_000_000_012)
    assert all(low == int(low) and high == int(high) for low, high in found.values())
    assert set(verdict(huge.with_suppressed(("aa", "ab", "bb", "bc"))).exact) == {"aa", "ab", "bb", "bc"}
    small = problem_of(np.array([[3e-4, 5e-4], [7e-4, 4e-4]]), ("aa", "ab", "ba", "bb"))
    assert intervals(small)["aa"] == pytest.approx((0, 8e-4), rel=1e-6)
    assert not verdict(small).exact
    assert set(verdict(small.with_suppressed(("aa",))).exact) == {"aa"}


def test_progress_rises_to_one_and_cancel_stops() -> None:
    random = np.random.default_rng(3)
    inner = random.integers(1, 50, (12, 12))
    problem = problem_of(inner, random.random((12, 12)) < 0.4)
    shares: list[float] = []
    intervals(problem, progress=shares.append)
    assert shares[-1] == 1.0
    assert len(shares) > 2
    assert shares == sorted(shares)
    asked = 0

    def enough() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(Cancelled):
        intervals(problem, cancel=enough)


def test_a_large_table_is_attacked_as_a_small_one() -> None:
    """Batches and Dikin's steps give the same verdict as one linear program per end."""
    random = np.random.default_rng(5)
    inner = random.integers(0, 90, (9, 9, 9))
    problem = problem_of(inner, random.random((9, 9, 9)) < 0.45)
    levels = {name: (0.3 * problem.cells[name], 0.3 * problem.cells[name]) for name in problem.suppressed}
    found = intervals(problem)
    answer = verdict(problem, levels)
    exact = {name for name, (low, high) in found.items() if high - low < 1e-5}
    assert set(answer.exact) == exact
    assert len(exact) < len(found)
    short = {
        name
        for name, (low, high) in found.items()
        if levels[name][0] > 0 and (low > problem.cells[name] - levels[name][0] + 1e-4 or high < problem.cells[name] + levels[name][1] - 1e-4)
    }
    assert set(answer.unprotected) == short


@settings(max_examples=30, deadline=None)
@given(suppressed_tables((3, 3, 3), 24))
def test_cells_that_are_not_suspected_do_leave_their_bounds(problem: TableProblem) -> None:
    system = System.of(problem)
    moving = system.part(np.flatnonzero(~fixed_by_equations(system.matrix)))
    stuck = stuck_at_bound(moving, np.logical_or(*interior(moving)))
    doubtful = suspects(moving)
    assert not (stuck & ~doubtful).any()
    assert (stuck_at_bound(moving, doubtful) == stuck).all()


def test_a_large_table_with_many_zeros() -> None:
    """Interior point and simplex agree on which cells cannot leave zero; some cannot, most can."""
    random = np.random.default_rng(2)
    inner = random.poisson(1.0, (11, 11, 11))
    system = System.of(problem_of(inner, random.random(inner.shape) < 0.35))
    moving = system.part(np.flatnonzero(~fixed_by_equations(system.matrix)))
    zero = moving.value == 0
    doubtful = suspects(moving)
    stuck = stuck_at_bound(moving, doubtful)
    assert len(moving) > 300
    assert 0 < stuck.sum() <= doubtful.sum() < zero.sum() / 2
    program = Program(moving)
    for cell in np.flatnonzero(stuck).tolist()[:8]:
        most = program.extreme_of(cell, -1)
        assert most is not None
        assert most[cell] < 1e-6
    for cell in np.flatnonzero(doubtful & ~stuck).tolist()[:8]:
        most = program.extreme_of(cell, -1)
        assert most is not None
        assert most[cell] > 1e-6
