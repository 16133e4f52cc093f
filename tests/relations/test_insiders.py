"""What the only contributor of a cell learns, against enumeration and against the attack with his cell known."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from relations_tables import enumerate_tables, problem_of

from jupyter_cbs.disclosure.relations.attack import verdict
from jupyter_cbs.disclosure.relations.determined import determined
from jupyter_cbs.disclosure.relations.insiders import learned
from jupyter_cbs.disclosure.relations.problem import TableProblem, linked
from jupyter_cbs.disclosure.relations.system import System


@st.composite
def problems(draw: st.DrawFn, dimensions: int, least: int) -> TableProblem:
    shape = tuple(draw(st.integers(2, 3 if dimensions == 2 else 2)) for _ in range(dimensions))
    size = int(np.prod(shape))
    inner = np.array(draw(st.lists(st.integers(least, 3), min_size=size, max_size=size))).reshape(shape)
    mask = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size))).reshape(shape)
    return problem_of(inner, mask, integer=True)


def by_enumeration(problem: TableProblem, known: str) -> set[str]:
    """Cells that have one value in all tables of whole numbers that agree with what is shown and with the known cell."""
    tables = [table for table in enumerate_tables(problem) if table[known] == problem.cells[known]]
    return {name for name in problem.suppressed if name != known and len({table[name] for table in tables}) == 1}


@settings(max_examples=50, deadline=None)
@given(problem=st.one_of(problems(2, 1), problems(2, 0), problems(3, 1)), data=st.data())
def test_an_insider_learns_what_enumeration_says(problem: TableProblem, data: st.DataObject) -> None:
    if not problem.suppressed:
        return
    single = data.draw(st.sampled_from(problem.suppressed))
    everybody = set(verdict(problem).exact)
    found = set(learned(System.of(problem), {single: frozenset({single})}).get(single, ()))
    if single in everybody:
        assert not found
    else:
        assert found == by_enumeration(problem, single) - everybody


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_projections_find_what_attacks_one_by_one_find(data: st.DataObject) -> None:
    """Real numbers, no cell at a bound: here the projections decide."""
    shape = data.draw(st.sampled_from([(4, 5), (3, 3, 3), (6, 2), (3, 2, 4)]))
    random = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    problem = problem_of(random.integers(1, 50, shape), random.random(shape) < data.draw(st.sampled_from([0.3, 0.5, 0.7])))
    system = System.of(problem)
    fixed = determined(system)
    found = learned(system, {name: frozenset({name}) for name in problem.suppressed})
    for at, name in enumerate(problem.suppressed):
        others = system.without(at)
        exact = {other for other, known in zip(others.names, determined(others).tolist(), strict=True) if known}
        before = {other for other, known in zip(system.names, fixed.tolist(), strict=True) if known}
        assert set(found.get(name, ())) == (set() if fixed[at] else exact - before)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_linked_tables_and_subtotals_are_attacked_as_by_enumeration(data: st.DataObject) -> None:
    """Two tables that share a margin, one of them with a subtotal: the exact cells are those of all possible tables."""
    values = data.draw(st.lists(st.integers(0, 3), min_size=6, max_size=6))
    a, b, c, x, y = *values[:3], values[3], values[4]
    total = a + b + c
    x, y = min(x, total), min(y, max(total - x, 0))
    first = {"a": a, "b": b, "c": c, "ab": a + b, "t": total}
    second = {"x": x, "y": y, "z": total - x - y, "t": total}
    names = [*first, *(name for name in second if name != "t")]
    hidden = tuple(name for name in names if data.draw(st.booleans()))
    one = TableProblem(
        cells=first, relations=(("ab", ("a", "b")), ("t", ("ab", "c"))), suppressed=tuple(n for n in hidden if n in first), integer=True
    )
    other = TableProblem(cells=second, relations=(("t", ("x", "y", "z")),), suppressed=tuple(n for n in hidden if n in second), integer=True)
    joint = linked([one, other])
    if "t" in joint.suppressed:
        return  # without a total there are endlessly many tables
    tables = enumerate_tables(joint)
    assert set(verdict(joint).exact) == {name for name in joint.suppressed if len({table[name] for table in tables}) == 1}
