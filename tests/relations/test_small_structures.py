"""Small tables of any structure - subtotals, links, several levels - against trying every table of whole numbers.

The structures are drawn: totals of leaves and of other totals, so that one cell can be a part of several sums, as in hierarchies and linked tables.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from relations_tables import enumerate_tables

from jupyter_cbs.disclosure.relations.attack import intervals, verdict
from jupyter_cbs.disclosure.relations.audit import audit
from jupyter_cbs.disclosure.relations.problem import Rounding, TableProblem
from jupyter_cbs.disclosure.relations.protect import protect
from jupyter_cbs.domain.errors import Conflict

FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
Structure = tuple[dict[str, int], tuple[tuple[str, tuple[str, ...]], ...]]


@st.composite
def structures(draw: st.DrawFn, leaves: int = 5, most: int = 3) -> Structure:
    """Leaves, and totals of two or three cells each; the last total is of all leaves, so that no table is without a limit."""
    cells = {f"leaf {i}": draw(st.integers(0, most)) for i in range(draw(st.integers(3, leaves)))}
    base = tuple(cells)
    relations: list[tuple[str, tuple[str, ...]]] = []
    for k in range(draw(st.integers(1, 3))):
        parts = tuple(draw(st.lists(st.sampled_from(sorted(cells)), min_size=2, max_size=3, unique=True)))
        cells[f"total {k}"] = sum(cells[part] for part in parts)
        relations.append((f"total {k}", parts))
    cells["all"] = sum(cells[name] for name in base)
    return cells, (*relations, ("all", base))


def some(draw: st.DrawFn, names: list[str], most: int) -> tuple[str, ...]:
    return tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True)))


def all_tables(problem: TableProblem, room: int = 0) -> list[dict[str, float]]:
    """Give all tables of whole numbers; a cell is at most as much as all leaves together, and some more, each counted in nested totals."""
    cells, gone = problem.cells, set(problem.suppressed)
    most = int(sum(value for name, value in cells.items() if name.startswith("leaf"))) + room
    times = dict.fromkeys(cells, 1)
    for total, parts in problem.relations:
        times[total] = sum(times[part] for part in parts)
    return enumerate_tables(problem, allowed=lambda name: range(most * times[name] + 1) if name in gone else (int(cells[name]),))


@st.composite
def hidden_structures(draw: st.DrawFn) -> TableProblem:
    cells, relations = draw(structures())
    return TableProblem(cells=cells, relations=relations, suppressed=some(draw, [name for name in cells if name != "all"], 5), integer=True)


@FEW
@given(hidden_structures())
def test_intervals_and_verdict_are_those_of_all_tables(problem: TableProblem) -> None:
    tables = all_tables(problem)
    found = {name: (min(t[name] for t in tables), max(t[name] for t in tables)) for name in problem.suppressed}
    assert intervals(problem) == found
    assert set(audit(problem, min_frequency=0).exact) == {name for name, (low, high) in found.items() if low == high}
    # without the knowledge that counts are whole nothing more follows
    assert set(verdict(problem.model_copy(update={"integer": False})).exact) <= {name for name, (low, high) in found.items() if low == high}


@FEW
@given(structures(leaves=4, most=7), st.sampled_from([(3, 1), (3, 2), (5, 2)]), st.data())
def test_rounded_values_tell_what_all_tables_tell(structure: Structure, rounding: tuple[int, int], data: st.DataObject) -> None:
    """Conventional rounding, or to either side, of every value by itself; sums unpick it."""
    (base, deviation), (cells, relations) = rounding, structure
    published = {}
    for name, value in cells.items():
        near = [value // base * base, -(-value // base) * base]
        published[name] = data.draw(st.sampled_from(sorted({one for one in near if abs(one - value) <= deviation})))
    problem = TableProblem(cells=published, relations=relations, rounding=Rounding(base=base, deviation=deviation), integer=True)
    tables = enumerate_tables(
        problem, allowed=lambda name: [v for v in range(published[name] - deviation, published[name] + deviation + 1) if v >= 0]
    )
    assert cells in tables
    assert intervals(problem) == {name: (min(t[name] for t in tables), max(t[name] for t in tables)) for name in cells}


@settings(FEW, max_examples=15)
@given(structures(), st.sampled_from(["heuristic", "exact"]), st.data())
def test_what_is_protected_stays_hidden_from_who_tries_all_tables_and_from_insiders(structure: Structure, method: str, data: st.DataObject) -> None:
    """Nobody can calculate a primary cell; nor can the only contributor of another cell."""
    cells, relations = structure
    leaves = [name for name in cells if name.startswith("leaf")]
    primary = tuple(data.draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=2, unique=True)))
    single = tuple(name for name in primary if cells[name] == 1)
    problem = TableProblem(cells=cells, relations=relations, suppressed=primary, singletons=single, integer=True)
    try:
        found = protect(problem, method=method, min_frequency=0).problem
    except Conflict:
        return
    tables = all_tables(found, room=2)
    own = found.own_cells()
    for name in primary:
        assert len({table[name] for table in tables}) > 1
        for insider in single:
            if name not in own.get(insider, {insider}):
                assert len({table[name] for table in tables if table[insider] == cells[insider]}) > 1, insider
