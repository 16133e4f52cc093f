"""Protection: what is chosen is safe, cheap, explained; what cannot be is an error."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from relations_tables import full_table, problem_of

from jupyter_cbs.disclosure.relations.audit import audit
from jupyter_cbs.disclosure.relations.needs import Table, prove
from jupyter_cbs.disclosure.relations.problem import Rounding, TableProblem
from jupyter_cbs.disclosure.relations.protect import Method, protect
from jupyter_cbs.disclosure.relations.rounding import controlled_rounding
from jupyter_cbs.domain.errors import Cancelled, Conflict, Invalid

SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def protected_or_impossible(problem: TableProblem, method: Method, **options: int) -> bool:
    """Protect and attack; tell whether it could be done."""
    try:
        found = protect(problem, method=method, patience=5, **options)
    except Conflict as error:
        found, refused = None, error.code
    if found is None:
        assert refused == "infeasible_protection"
        everything = np.ones(len(problem.cells), dtype=bool)
        assert not prove(Table(problem), everything, options.get("min_frequency")).holds
        return False
    assert set(problem.suppressed) <= set(found.problem.suppressed)
    assert set(found.problem.suppressed) == set(problem.suppressed) | set(found.complementary)
    again = audit(found.problem, **options)
    assert not again.exact
    assert not again.unions
    assert not again.unprotected
    assert again.intervals == found.intervals
    primaries = set(problem.suppressed)
    for insider in again.insiders:
        assert primaries.isdisjoint(insider.exact)
    assert {reason.cell for reason in found.reasons} == set(found.complementary)
    return True


@SLOW
@given(arrays(np.int64, (4, 4), elements=st.integers(0, 40)), st.sampled_from(["heuristic", "exact"]))
def test_protected_counts_are_safe_in_two_dimensions(inner: np.ndarray, method: Method) -> None:
    small = (inner > 0) & (inner < 10)
    assume(small.any())
    _, values, _ = full_table(inner)
    protected_or_impossible(problem_of(inner, (values > 0) & (values < 10)), method)


@settings(SLOW, max_examples=6)
@given(arrays(np.int64, (3, 3, 2), elements=st.integers(0, 40)), st.booleans())
def test_protected_counts_are_safe_in_three_dimensions(inner: np.ndarray, integer: bool) -> None:
    _, values, _ = full_table(inner)
    small = (values > 0) & (values < 10)
    assume(small.any())
    protected_or_impossible(problem_of(inner, small, integer=integer), "heuristic")


@SLOW
@given(arrays(np.int64, (3, 4), elements=st.integers(1, 60)), st.data(), st.sampled_from(["heuristic", "exact"]))
def test_protected_sums_keep_their_levels_and_insiders_out(inner: np.ndarray, data: st.DataObject, method: Method) -> None:
    names = full_table(inner)[0][:-1, :-1].ravel().tolist()
    primaries = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    levels = {name: (float(data.draw(st.integers(0, 12))), float(data.draw(st.integers(0, 12)))) for name in primaries}
    singles = data.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    problem = problem_of(inner, primaries, protection=levels, singletons=tuple(singles))
    protected_or_impossible(problem, method, min_frequency=0)


@settings(max_examples=8, deadline=None)
@given(arrays(np.int64, (3, 3), elements=st.integers(1, 30)), st.data())
def test_exact_is_the_cheapest_of_all_choices(inner: np.ndarray, data: st.DataObject) -> None:
    names, _, _ = full_table(inner)
    primary = data.draw(st.sampled_from(names[:-1, :-1].ravel().tolist()))
    level = float(data.draw(st.integers(0, 15)))
    problem = problem_of(inner, (primary,), protection={primary: (level, level)})
    table = Table(problem)
    try:
        found = protect(problem, method="exact", min_frequency=0)
    except Conflict:
        assert not prove(table, np.ones(len(table.names), dtype=bool), 0).holds
        return
    assert found.optimal
    others = [i for i in range(len(table.names)) if not table.primary[i]]
    cheaper = [
        combination
        for size in range(1, 4)
        for combination in itertools.combinations(others, size)
        if table.cost[list(combination)].sum() < found.cost - 1e-6
    ]
    for combination in cheaper:
        hidden = table.primary.copy()
        hidden[list(combination)] = True
        assert not prove(table, hidden, 0).holds


@pytest.mark.parametrize(
    ("inner", "primary", "cost"),
    [
        ([[7, 0, 0, 20], [0, 0, 0, 7], [0, 0, 3, 0], [3, 20, 0, 3]], ("da",), 44),
        ([[[13, 25], [4, 4], [13, 4]], [[14, 23], [11, 1], [18, 5]], [[16, 14], [13, 19], [25, 20]]], ("bcb", "aca"), 172),
    ],
)
@pytest.mark.parametrize("judged", [False, True])
def test_what_is_cheapest_is_proven_where_sums_are_too_small(inner: list[Any], primary: tuple[str, ...], cost: int, judged: bool) -> None:
    """Thousands of choices fail for the same sum of too few units: one inequality excludes all of them."""
    problem = problem_of(inner, primary)

    def rule(total: str, parts: Collection[str], gone: Collection[str]) -> str | None:
        return "min_frequency" if 0 < sum(problem.cells[name] for name in gone) < 10 else None

    found = protect(problem, method="exact", min_frequency=rule if judged else None, patience=120)
    assert found.optimal
    assert found.cost == cost


@settings(max_examples=4, deadline=None)
@given(arrays(np.int64, (2, 3), elements=st.sampled_from([0, 3, 4, 6, 7, 12, 20])), st.data())
def test_exact_is_the_cheapest_of_all_choices_whose_sums_are_large_enough(inner: np.ndarray, data: st.DataObject) -> None:
    names, _, _ = full_table(inner)
    problem = problem_of(inner, (data.draw(st.sampled_from(names[:-1, :-1].ravel().tolist())),))
    table = Table(problem)
    try:
        found = protect(problem, method="exact", patience=120)
    except Conflict:
        return
    assert found.optimal
    others = [i for i in range(len(table.names)) if not table.primary[i]]
    for combination in itertools.chain.from_iterable(itertools.combinations(others, size) for size in range(1, 5)):
        if table.cost[list(combination)].sum() < found.cost - 1e-6:
            hidden = table.primary.copy()
            hidden[list(combination)] = True
            assert not prove(table, hidden, None, quick=True).holds


def test_zero_levels_ask_only_that_the_cell_is_not_exact() -> None:
    inner = [[20, 50, 10], [8, 19, 22], [17, 32, 12]]
    found = protect(problem_of(inner, ("bc",)), min_frequency=0)
    assert found.problem.suppressed == ("ba", "bc", "ca", "cc")
    assert found.intervals["bc"][0] < 22 < found.intervals["bc"][1]


def test_costs_and_totals() -> None:
    """A total costs its value, so inner cells go first; a price moves the choice."""
    inner = [[20, 50, 10], [8, 19, 22], [17, 32, 12]]
    assert not any("T" in name for name in protect(problem_of(inner, ("bc",)), min_frequency=0).complementary)
    found = protect(problem_of(inner, ("bc",), cost={"ba": 1000, "ca": 1000}), min_frequency=0)
    assert "ba" not in found.complementary
    assert found.optimal


def test_the_reason_names_cell_companion_and_total() -> None:
    found = protect(problem_of([[20, 50, 10], [8, 19, 22], [17, 32, 12]], ("bc",)), min_frequency=0)
    reasons = {reason.cell: reason for reason in found.reasons}
    assert reasons["ba"].protects == ("bc",)
    assert reasons["ba"].total == "bT"
    assert reasons["ca"].total is None
    assert "bc" in reasons["ca"].text.en
    assert reasons["ba"].text.nl != reasons["ba"].text.en


def test_nothing_to_do() -> None:
    safe = problem_of([[20, 30], [40, 50]], ("aa", "ab", "ba", "bb"))
    found = protect(safe)
    assert found.complementary == ()
    assert found.optimal
    assert protect(safe.with_suppressed(())).complementary == ()


def test_a_small_sum_gets_company() -> None:
    """3 + 4 suppressed under a published total are 7; a third cell or the total must go."""
    line = TableProblem(cells={"a": 3, "b": 4, "c": 30, "d": 90, "t": 127}, relations=(("t", ("a", "b", "c", "d")),), suppressed=("a", "b"))
    for method in ("heuristic", "exact"):
        found = protect(line, method=method)
        assert found.complementary == ("c",)
        assert "too few units" in found.reasons[0].text.en
    assert protect(line, min_frequency=7).complementary == ()


def test_two_singletons_need_a_third() -> None:
    line = TableProblem(
        cells={"a": 300, "b": 400, "c": 700, "d": 9000, "t": 10400},
        relations=(("t", ("a", "b", "c", "d")),),
        suppressed=("a", "b"),
        singletons=("a", "b"),
    )
    for method in ("heuristic", "exact"):
        assert protect(line, method=method).complementary == ("c",)
    assert protect(line.model_copy(update={"singletons": ()})).complementary == ()


@pytest.mark.parametrize("method", ["heuristic", "exact"])
def test_company_of_one_contributor_keeps_no_secret_from_that_one(method: Method) -> None:
    """The cheapest company b has one contributor, who would calculate a from the total: c is dearer, and right."""
    problem = TableProblem(cells={"a": 30, "b": 20, "c": 50, "t": 100}, relations=(("t", ("a", "b", "c")),), suppressed=("a",), singletons=("b",))
    assert protect(problem, method=method).complementary == ("c",)
    assert protect(problem.model_copy(update={"singletons": ()}), method=method).complementary == ("b",)


@pytest.mark.parametrize("method", ["heuristic", "exact"])
def test_what_cannot_be_protected_is_said(method: Method) -> None:
    capped = TableProblem(
        cells={"a": 5, "b": 5, "t": 10}, relations=(("t", ("a", "b")),), suppressed=("a",), protection={"a": (0, 50)}, upper_bound=20
    )
    with pytest.raises(Conflict) as refused:
        protect(capped, method=method)
    assert refused.value.code == "infeasible_protection"
    assert "from 5 to 55" in refused.value.message.en
    assert refused.value.remedy is not None
    zeros = TableProblem(cells={"a": 0, "b": 0, "t": 0}, relations=(("t", ("a", "b")),), suppressed=("a",), upper_bound=0)
    with pytest.raises(Conflict, match="calculated exactly"):
        protect(zeros, method=method)


def test_levels_and_integers_of_very_different_size() -> None:
    inner = np.array([[3e8, 5.5, 2e8], [7.25, 4e8, 1e6], [1e7, 3e7, 9e7]])
    problem = problem_of(inner, ("ab",), protection={"ab": (1.0, 1.0)})
    protected_or_impossible(problem, "exact", min_frequency=0)
    protected_or_impossible(problem, "heuristic", min_frequency=0)


def test_cancel() -> None:
    with pytest.raises(Cancelled):
        protect(problem_of([[20, 50], [8, 19]], ("aa",)), cancel=lambda: True)


def rounding_problem(inner: np.ndarray, base: float, deviation: float | None = None, **more: object) -> TableProblem:
    return problem_of(inner, (), rounding=Rounding(base=base, deviation=deviation), published=False, **more)


@settings(max_examples=20, deadline=None)
@given(arrays(np.int64, (3, 4), elements=st.integers(0, 40)), st.sampled_from([3, 5, 10]))
def test_rounded_tables_add_up_and_stay_near(inner: np.ndarray, base: int) -> None:
    """In two dimensions every value goes to one of the two multiples beside it, multiples stay."""
    problem = rounding_problem(inner, base, base - 1)
    found = controlled_rounding(problem)
    for total, parts in problem.relations:
        assert found.problem.cells[total] == sum(found.problem.cells[part] for part in parts)
    for name, value in found.problem.cells.items():
        assert value % base == 0
        assert abs(value - problem.cells[name]) < base
        low, high = found.intervals[name]
        assert low <= problem.cells[name] <= high


@settings(max_examples=3, deadline=None)
@given(arrays(np.int64, (2, 2, 3), elements=st.integers(0, 20)))
def test_three_dimensional_rounding_adds_up(inner: np.ndarray) -> None:
    found = controlled_rounding(rounding_problem(inner, 5))
    for total, parts in found.problem.relations:
        assert found.problem.cells[total] == sum(found.problem.cells[part] for part in parts)
    assert all(low < high for low, high in found.intervals.values())


def test_rounding_that_does_not_protect_is_said() -> None:
    with pytest.raises(Invalid) as refused:
        controlled_rounding(problem_of([[1, 2], [3, 4]]))
    assert refused.value.code == "no_rounding_base"
    problem = rounding_problem(np.array([[1, 2], [3, 4]]), 5)
    wide = problem.model_copy(update={"suppressed": ("aa",), "protection": {"aa": (0.0, 30.0)}})
    with pytest.raises(Conflict, match="does not protect cell 'aa'"):
        controlled_rounding(wide)


def random_problem(source: random.Random) -> TableProblem:
    """Give leaves and totals of random sets of earlier cells: hierarchies and links of any kind, negatives, zeros, bounds, levels, singletons."""
    kind = source.choice(["counts", "amounts", "negatives", "zeros"])
    draw = {
        "counts": lambda: source.randint(0, 30),
        "amounts": lambda: round(source.random() * 100, 3),
        "negatives": lambda: source.randint(-20, 20),
        "zeros": lambda: source.choice([0, 0, 5]),
    }[kind]
    cells: dict[str, float] = {f"leaf {i}": draw() for i in range(source.randint(2, 9))}
    relations = []
    for k in range(source.randint(1, 5)):
        parts = tuple(source.sample(sorted(cells), source.randint(1, min(4, len(cells)))))
        cells[f"total {k}"] = sum(cells[part] for part in parts)
        relations.append((f"total {k}", parts))
    hidden = tuple(source.sample(sorted(cells), source.randint(1, len(cells))))
    return TableProblem(
        cells=cells,
        relations=tuple(relations),
        suppressed=hidden,
        lower_bound=None if kind == "negatives" else 0,
        upper_bound=max(cells.values()) + source.randint(0, 20) if source.random() < 0.3 else None,
        integer=kind in ("counts", "zeros") and source.random() < 0.5,
        protection={name: (source.randint(0, 6), source.randint(0, 6)) for name in hidden} if source.random() < 0.5 else {},
        singletons=(source.choice(hidden),) if source.random() < 0.5 else (),
    )


@pytest.mark.parametrize("method", ["heuristic", "exact"])
def test_linked_hierarchies_of_any_kind_are_protected_or_cannot_be(method: Method) -> None:
    source = random.Random(7)
    outcomes = [protected_or_impossible(random_problem(source), method) for _ in range(20)]
    assert 8 < sum(outcomes) < 20


def test_a_row_of_one_contributor_is_nothing_to_learn_for_that_one() -> None:
    """A total and its part with one contributor each have the same one: nothing has to keep the one from the other."""
    problem = TableProblem(
        cells={"a": 1, "b": 0, "row": 1, "c": 30, "d": 41, "rest": 71, "col1": 31, "col2": 41, "all": 72},
        relations=(
            ("row", ("a", "b")),
            ("rest", ("c", "d")),
            ("col1", ("a", "c")),
            ("col2", ("b", "d")),
            ("all", ("row", "rest")),
            ("all", ("col1", "col2")),
        ),
        suppressed=("a", "row"),
        singletons=("a", "row"),
    )
    assert problem.own_cells() == {"a": {"a", "row"}, "row": {"a", "row"}}
    result = protect(problem)
    assert {"a", "row"} <= set(result.problem.suppressed)
    assert "b" not in result.problem.suppressed
