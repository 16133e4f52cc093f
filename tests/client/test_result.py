from __future__ import annotations

import datetime
import sys
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from jupyter_cbs.client import Workspace
from jupyter_cbs.client.result import Result
from jupyter_cbs.domain.errors import Invalid, Unavailable

from .peer import Peer

EVIL = "<script>alert(1)</script>\"'&"


def result(table: pa.Table, lang: str = "en", **answer: object) -> Result:
    return Result(table, {"seconds": 0.1234, "bytes": table.nbytes, **answer}, lang)


def test_frames_of_three_kinds_and_iteration() -> None:
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    shown = result(table)
    assert shown.df().to_dict("list")["a"] == [1, 2]
    assert shown.arrow() is table
    assert shown.pl()["a"].to_list() == [1, 2]
    assert list(shown) == [(1, "x"), (2, None)]
    assert (len(shown), shown.rows, shown.columns) == (2, 2, ("a", "b"))


def test_a_data_frame_can_be_calculated_with() -> None:
    big = 2**53 + 1
    frame = result(
        pa.table(
            {
                "sum": pa.array([Decimal("45"), None], pa.decimal128(38, 0)),
                "price": pa.array([Decimal("1.25"), Decimal("2.50")], pa.decimal128(9, 2)),
                "day": pa.array([datetime.date(2024, 2, 29), None]),
                "count": pa.array([3, None], pa.int32()),
                "big": pa.array([big, None], pa.int64()),
                "none": pa.array([None, None], pa.int64()),
                "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
            }
        )
    ).df()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "sum": "float64",
        "price": "float64",
        "day": "datetime64[ms]",
        "count": "float64",
        "big": "Int64",
        "none": "float64",
        "unsigned": "UInt64",
    }
    assert frame["sum"].sum() == 45
    assert frame["price"].mean() == 1.875
    assert frame["day"].dt.year[0] == 2024
    assert frame["big"][0] == big
    assert frame["unsigned"][0] == 2**64 - 1


def test_columns_of_one_name_stay_as_they_are() -> None:
    two = pa.Table.from_arrays([pa.array([2**60, None]), pa.array([Decimal("1.5"), None])], names=["a", "a"])
    frame = result(two).df()
    assert frame.iloc[0].tolist() == [2**60, 1.5]
    assert list(frame.columns) == ["a", "a"]


def test_names_and_values_are_escaped() -> None:
    shown = result(pa.table({EVIL: [EVIL], "n": [1]}), columns=[{"name": "n", "type": EVIL}], sources=[EVIL])._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;" in shown


def test_only_the_first_rows_are_shown_and_it_says_so() -> None:
    shown = result(pa.table({"a": range(1234)}))
    assert shown._repr_html_().count("<tr") == 21
    assert "first 20 of 1,234 rows · 1 column · 9.87 kB · 123 ms" in shown._repr_html_()
    assert "eerste 20 van 1.234 rijen · 1 kolom" in result(pa.table({"a": range(1234)}), "nl")._repr_html_()


def test_wide_results_say_what_is_left_out() -> None:
    wide = result(pa.table({f"c{i}": [i] for i in range(200)}))
    assert wide._repr_html_().count("<td") == 30
    assert "1 row · first 30 of 200 columns" in wide._repr_html_()


def test_an_empty_result_says_that_it_ran() -> None:
    empty = result(pa.table({"a": pa.array([], pa.int64())}))
    assert "nothing matched" in empty._repr_html_()
    assert list(empty) == []


def test_missing_polars_says_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(Unavailable, match=r"\.df\(\) or \.arrow\(\)"):
        result(pa.table({"a": [1]})).pl()


def test_parameters_travel_as_plain_values(peer: Peer, ws: Workspace) -> None:
    peer.on_rows(pa.table({"a": [1]}))
    values = [np.int64(3), np.array([1.5, 2.5]), datetime.date(2026, 11, 21), Decimal("1.10"), None, True, "x"]
    ws.sql("SELECT ?", values)
    ws.sql("SELECT $a", {"a": (1, 2)})
    assert [args["parameters"] for args in peer.seen("sql")] == [[3, [1.5, 2.5], "2026-11-21", "1.10", None, True, "x"], {"a": [1, 2]}]


@pytest.mark.parametrize("bad", [float("nan"), object(), b"x"])
def test_parameters_that_cannot_travel_are_named(peer: Peer, ws: Workspace, bad: object) -> None:
    with pytest.raises(Invalid, match=type(bad).__name__):
        ws.sql("SELECT ?", [bad])
    assert peer.seen("sql") == []


def test_no_statement(peer: Peer, ws: Workspace) -> None:
    with pytest.raises(Invalid, match="no SQL"):
        ws.sql("  ")
