"""Merges that are proposed make small categories large enough, stay under one subtotal, and never make the total."""

from __future__ import annotations

from evidence_frames import Row, crosstab, dimension, frame_of
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.merging import proposals
from jupyter_cbs.disclosure.rules import Question
from jupyter_cbs.domain.evidence import Dimension
from jupyter_cbs.domain.rules import RuleProfile

COUNT = Question("count", RuleProfile())


def line(counts: list[int], parents: dict[str, str | None] | None = None) -> tuple[Cells, Dimension]:
    rows = [Row(1000 * at + i, (str(at),)) for at, count in enumerate(counts) for i in range(count)]
    one = dimension("A", [str(at) for at in range(len(counts))]).model_copy(update={"parents": parents or {}})
    return Cells.of(frame_of(rows, 1), (one,)), one


def test_a_small_category_joins_its_neighbour() -> None:
    (merge,) = proposals(line([30, 4, 12, 40])[0], COUNT)
    assert merge.dimension == "A"
    assert "1" in merge.codes
    assert len(merge.codes) == 2
    assert merge.label == " + ".join(f"A-{code}" for code in merge.codes)


def test_nothing_is_proposed_where_nothing_is_small_or_nothing_helps() -> None:
    assert proposals(line([30, 14, 12])[0], COUNT) == ()
    assert proposals(line([3, 2, 1])[0], COUNT) == ()
    assert proposals(line([30, 2])[0], COUNT) == ()


def test_merges_stay_under_one_subtotal() -> None:
    parents = {"0": "north", "1": "north", "2": "south", "3": "south"}
    (merge,) = proposals(line([30, 4, 12, 40], parents)[0], COUNT)
    assert merge.codes == ("0", "1")


def test_the_dimension_that_loses_least_is_taken() -> None:
    frame, dims = crosstab([[30, 40, 50, 35], [3, 25, 45, 60], [40, 35, 22, 31]])
    merges = proposals(Cells.of(frame, dims), COUNT)
    assert {merge.dimension for merge in merges} in ({"A"}, {"B"})
    assert sum(len(merge.codes) - 1 for merge in merges) == 1


@settings(max_examples=80, deadline=None)
@given(counts=st.lists(st.one_of(st.integers(0, 9), st.integers(10, 40)), min_size=3, max_size=9))
def test_merged_categories_hold_fewer_small_ones(counts: list[int]) -> None:
    cells, one = line(counts)
    merges = proposals(cells, COUNT)
    small = sum(0 < count < 10 for count in counts)
    if not merges:
        return
    used = [code for merge in merges for code in merge.codes]
    assert len(used) == len(set(used))
    assert len(counts) - len(used) + len(merges) >= 2
    for merge in merges:
        at = [int(code) for code in merge.codes]
        assert at == list(range(at[0], at[-1] + 1))
    together = [sum(counts[int(code)] for code in merge.codes) for merge in merges]
    left = [count for at, count in enumerate(counts) if str(at) not in used]
    assert sum(0 < n < 10 for n in [*together, *left]) < small
    assert len(one.categories) == len(counts)
