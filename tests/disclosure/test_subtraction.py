"""Withheld counts in files nothing is known of: what follows from the totals is told, what does not is left alone."""

from __future__ import annotations

import pytest
from corpus import content
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.scan import ScanContext, scan
from jupyter_cbs.domain.finding import Status

CONTEXT = ScanContext()


def found(text: str) -> list[tuple[str, Status, str | None]]:
    """Give the findings about secondary disclosure of a csv: rule, status and cell."""
    findings = scan(content("persons.csv", text), CONTEXT).findings
    return [(f.rule.value, f.status, f.where.cell) for f in findings if f.rule.value in ("secondary", "union")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("region,n\nA,90\nB,x\nC,30\ntotal,125\n", [("secondary", Status.UNSAFE, "B3")], id="one cell, too few"),
        pytest.param("region,n\nA,90\nB,\nC,30\ntotal,125\n", [("secondary", Status.UNSAFE, "B3")], id="one empty cell"),
        pytest.param("region,n\nA,\nB,90\nC,30\ntotal,125\n", [("secondary", Status.UNSAFE, "B2")], id="the first cell"),
        pytest.param("region,n\nA,90\nB,x\nC,30\ntotal,130\n", [("secondary", Status.REVIEW, "B3")], id="exactly ten, but withheld for a reason"),
        pytest.param("region,n\nA,90\nB,\nC,30\ntotal,130\n", [], id="exactly ten, empty"),
        pytest.param("region,n\nA,90\nB,\nC,30\ntotal,120\n", [], id="an empty cell that is nobody"),
        pytest.param("region,n\nA,90\nB,x\nC,x\ntotal,99\n", [("union", Status.UNSAFE, "B3")], id="two cells of nine together"),
        pytest.param("region,n\nA,90\nB,x\nC,x\ntotal,100\n", [], id="two cells of ten together"),
        pytest.param("region,n\nA,90\nB,x\nC,30\ntotal,x\n", [], id="the total withheld too"),
        pytest.param("region,n\nA,90\nB,x\nC,30\n", [], id="no total"),
        pytest.param("region,n\nA,90\nB,x\nC,30\ntotal,100\n", [], id="a total that is no sum"),
        pytest.param(
            "region,men,women,total\nA,x,x,30\nB,90,20,110\nC,30,40,70\nD,50,50,100\ntotal,x,x,310\n", [], id="a pattern that protects"
        ),
        pytest.param(
            "region,n_men,n_women,n_total\nA,x,12,15\nB,90,80,170\nC,40,50,90\ntotal,133,142,275\n",
            [("secondary", Status.UNSAFE, "B2")],
            id="a cross table",
        ),
    ],
)  # fmt: skip
def test_what_follows_from_a_total(text: str, expected: list[tuple[str, Status, str | None]]) -> None:
    assert found(text) == expected


def test_two_in_every_row_and_column_is_not_enough() -> None:
    """Two rectangles of withheld cells that share a corner; and a fifth cell that only all lines together give away."""
    text = (
        "region,n_a,n_b,n_c,n_total\n"
        "P,x,x,50,60\n"
        "Q,x,x,40,58\n"
        "R,20,30,x,53\n"
        "total,30,48,93,171\n"
    )  # fmt: skip
    assert ("secondary", Status.UNSAFE, "D4") in found(text)
    assert {cell for _, _, cell in found(text)} == {"D4"}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=4, max_size=5), st.data())
def test_a_cell_is_told_exactly_when_all_fitting_tables_agree_on_it(body: list[list[int]], data: st.DataObject) -> None:
    """Against enumeration: one row is withheld in two columns, and perhaps one further cell."""
    rows = [[*row, sum(row)] for row in body]
    rows.append([sum(column) for column in zip(*rows, strict=True)])
    first = data.draw(st.integers(0, len(body) - 1))
    hidden = {(first, 0), (first, 1)}
    hidden.add((data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 2))))
    lines = ["region,n_a,n_b,n_c,n_total"]
    for i, row in enumerate(rows):
        shown = ["x" if (i, j) in hidden else str(value) for j, value in enumerate(row)]
        lines.append(",".join(["total" if i == len(body) else f"R{i}", *shown]))
    fixed = _fixed(rows, hidden)
    expected = {f"{'BCD'[j]}{i + 2}" for i, j in fixed if rows[i][j] > 0}
    assert {cell for rule, _, cell in found("\n".join(lines)) if rule == "secondary"} == expected


def _fixed(rows: list[list[int]], hidden: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Give the withheld cells with one possible value, by trying every table of whole numbers."""
    order = sorted(hidden)
    possible: list[dict[tuple[int, int], int]] = []

    def fill(at: int, values: dict[tuple[int, int], int]) -> None:
        if at == len(order):
            table = [[values.get((i, j), value) for j, value in enumerate(row)] for i, row in enumerate(rows)]
            if all(sum(row[:3]) == row[3] for row in table) and all(sum(column[:-1]) == column[-1] for column in zip(*table, strict=True)):
                possible.append(values)
            return
        i, j = order[at]
        left = rows[i][3] - sum(values.get((i, k), 0 if (i, k) in hidden else rows[i][k]) for k in range(3))
        for value in range(left + 1):
            fill(at + 1, {**values, (i, j): value})

    fill(0, {})
    return {cell for cell in order if len({values[cell] for values in possible}) == 1}
