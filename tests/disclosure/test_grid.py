"""How a table becomes rows of strings, and is found again."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from evidence_frames import TOTAL, Row, crosstab, dimension, frame_of, meta_of, row_of
from hypothesis import given
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import TooLarge
from jupyter_cbs.domain.grid import MAX_POSITIONS, format_number, grid_positions, labels_key, render_grid, shape_key


def test_a_table_with_rows_and_columns() -> None:
    frame, dims = crosstab([[12, 4], [0, 30]])
    meta = meta_of(dims, rows=1, value_label="count")
    assert render_grid(meta, frame, {row_of(frame, "0", "1")}) == [
        ["count", "B", "", ""],
        ["A", "B-0", "B-1", "total"],
        ["A-0", "12", "×", "16"],
        ["A-1", "", "30", "30"],
        ["total", "12", "34", "46"],
    ]


def test_rows_only_columns_only_and_neither() -> None:
    frame, dims = crosstab([[12, 4], [0, 30]])
    grid = render_grid(meta_of(dims, rows=2), frame, ())
    assert grid[0] == ["A", "B", "count"]
    assert grid[1:4] == [["A-0", "B-0", "12"], ["A-0", "B-1", "4"], ["A-0", "total", "16"]]
    assert grid[-1] == ["total", "total", "46"]
    assert render_grid(meta_of(dims, rows=0), frame, ())[:3] == [
        ["count", "A · B", "", "", "", "", "", "", "", ""],
        ["", "A-0", "A-0", "A-0", "A-1", "A-1", "A-1", "total", "total", "total"],
        ["", "B-0", "B-1", "total", "B-0", "B-1", "total", "B-0", "B-1", "total"],
    ]
    one = frame_of([Row(i, ()) for i in range(12)], 0)
    assert render_grid(meta_of((), rows=0), one, ()) == [["", "count"], ["total", "12"]]


def test_a_missing_category_is_not_a_total() -> None:
    frame = frame_of([Row(i, (None if i % 2 else "1",)) for i in range(11)], 1)
    grid = render_grid(meta_of([dimension("A", ["1", None])], rows=1), frame, ())
    assert grid == [["A", "count"], ["A-1", "6"], ["onbekend", "5"], ["total", "11"]]


def test_positions_point_at_what_is_written() -> None:
    frame, dims = crosstab([[12, 4, 9], [3, 30, 8]])
    for rows in (0, 1, 2):
        meta = meta_of(dims, rows=rows)
        grid = render_grid(meta, frame, ())
        positions = grid_positions(meta, frame)
        assert len(set(positions)) == frame.num_rows
        for position, value in zip(positions, frame.column("value").to_pylist(), strict=True):
            assert position is not None
            assert grid[position[0]][position[1]] == str(int(value))
    assert grid_positions(meta_of([dims[0], dimension("B", ["0"])], rows=1), frame)[row_of(frame, "0", "1")] is None
    assert grid_positions(meta_of(dims, rows=1), frame)[row_of(frame, TOTAL, TOTAL)] == (4, 4)


def test_the_key_depends_on_labels_and_layout_and_on_nothing_else() -> None:
    frame, dims = crosstab([[12, 4], [3, 30]])
    other, _ = crosstab([[99, 98], [97, 96]])
    meta = meta_of(dims, rows=1)
    for table in (frame, other):
        grid = render_grid(meta, table, ())
        assert labels_key(grid, 2, 1) == shape_key(meta)
        assert labels_key([[*row, "", ""] for row in grid], 2, 1) == shape_key(meta)
    assert shape_key(meta) == shape_key(meta.model_copy(update={"fingerprint": "1" * 64}))
    different = [meta_of(dims, rows=2), meta_of(dims, rows=0), meta_of(dims, rows=1, value_label="sum X"), meta_of(tuple(reversed(dims)), rows=1)]
    assert len({shape_key(m) for m in [meta, *different]}) == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (math.nan, ""),
        (math.inf, ""),
        (0.0, "0"),
        (-0.0, "0"),
        (12.0, "12"),
        (12345678901234.0, "12345678901234"),
        (0.1 + 0.2, "0.3"),
        (1234.5678901234, "1234.56789"),
        (1e-7, "0.0000001"),
        (12345678901.6, "12345678902"),
        (-1e-320, "-0." + "0" * 319 + "1"),
        (2.5e30, "2500000000000000000000000000000"),
        (1 / 3, "0.3333333333"),
        (-2.50, "-2.5"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert format_number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_ten_digits(value: float) -> None:
    text = format_number(value)
    assert "e" not in text
    assert math.isclose(float(text), value, rel_tol=1e-9, abs_tol=1e-300)


def test_too_many_combinations_are_refused() -> None:
    dims = [dimension(n, [str(i) for i in range(2000)]) for n in "AB"]
    assert MAX_POSITIONS < 2001 * 2001
    with pytest.raises(TooLarge):
        render_grid(meta_of(dims, rows=1), pa.table({"d0": []}), ())
