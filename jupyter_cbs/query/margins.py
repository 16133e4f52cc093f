"""The margins of a table from its cells, where they follow by adding up and comparing.

DuckDB's CUBE over the cells does the same, at a fixed price that small tables and tables of many cells notice most.
"""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..domain.evidence import Statistic
from .evidence import Floats, Ints

KEYS = frozenset({"VARCHAR", "BOOLEAN", "DATE", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
"""Types of keys that are ordered here as in DuckDB."""
VALUES = frozenset({"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "DOUBLE"})
"""Types of values whose sums are doubles here as there; decimals are added as decimals."""
EXACT = 2.0**53
"""Sums of whole numbers below this are exact in a double, whatever the order."""


def with_margins(cells: pa.Table, dimensions: int, statistic: Statistic) -> pa.Table:
    """Give the answer of the first pass from the cells alone.

    Parameters
    ----------
    cells : Table
        At least one row, as :func:`jupyter_cbs.query.evidence.alone` asks for them.
    dimensions : int
        Number of dimensions, at least one.
    statistic : str
        What ``value`` is.

    Returns
    -------
    Table
        As :func:`jupyter_cbs.query.evidence.cells` answers: for each combination of category and total, in its order.
    """
    ranks = [_ranks(cells.column(f"k{i}")) for i in range(dimensions)]
    n_rows, valid = (np.array(cells.column(name).to_numpy(), np.float64) for name in ("rows", "valid"))
    total, lowest, largest = (np.array(cells.column(name).to_numpy(), np.float64) for name in ("total", "lowest", "largest"))
    some = valid > 0
    total, lowest, largest = np.where(some, total, 0.0), np.where(some, lowest, np.inf), np.where(some, largest, -np.inf)
    measured = {
        "rows": (n_rows, np.add),
        "valid": (valid, np.add),
        "total": (total, np.add),
        "lowest": (lowest, np.minimum),
        "largest": (largest, np.maximum),
    }
    parts: dict[str, list[Floats]] = {name: [] for name in measured}
    firsts: list[Ints] = []
    places: list[Ints] = []
    for kept in itertools.product((True, False), repeat=dimensions):
        group = np.zeros(len(n_rows), np.int64)
        for rank, keep in zip(ranks, kept, strict=True):
            if keep:
                # Made small again each time, so that the product of many categories does not overflow.
                group = np.unique(group * (int(rank.max()) + 1) + rank, return_inverse=True)[1]
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(group[order]) > 0])
        for name, (each, together) in measured.items():
            parts[name].append(together.reduceat(each[order], starts))
        first = order[starts]
        firsts.append(first)
        places.append(np.array([rank[first] if keep else np.full(len(first), -1) for rank, keep in zip(ranks, kept, strict=True)]))
    at, place = np.concatenate(firsts), np.concatenate(places, axis=1)
    shown = np.lexsort([key for i in reversed(range(dimensions)) for key in (place[i], place[i] < 0)])
    at, place = at[shown], place[:, shown]
    figures = {name: np.concatenate(pieces)[shown] for name, pieces in parts.items()}
    none = figures["valid"] == 0
    for name in ("total", "lowest", "largest"):
        figures[name][none] = np.nan
    totals = [place[i] < 0 for i in range(dimensions)]
    columns: dict[str, pa.Array] = {f"k{i}": cells.column(f"k{i}").take(pa.array(at, mask=totals[i])) for i in range(dimensions)}
    for i in range(dimensions):
        columns[f"d{i}"] = cells.column(f"d{i}").take(pa.array(at, mask=totals[i]))
        columns[f"l{i}"] = pa.array(np.where(totals[i], -1, 0).astype(np.int8))
    columns["value"] = pa.array(_value(statistic, figures), from_pandas=True)
    columns |= {name: pa.array(figures[name].astype(np.int64)) for name in ("rows", "valid")}
    columns |= {to: pa.array(figures[name], from_pandas=True) for to, name in (("total", "total"), ("abs_total", "total"), ("largest", "largest"))}
    columns |= {name: pa.array(np.zeros(len(at), np.int64)) for name in ("negatives", "bits")}
    columns |= {name: pa.nulls(len(at), pa.float64()) for name in ("second_abs", "second_largest")}
    return pa.table(columns)


def _ranks(keys: pa.ChunkedArray) -> Ints:
    """Give each key its place among the distinct ones from 0, missing last."""
    if pa.types.is_boolean(keys.type):
        keys = keys.cast(pa.int8())
    return np.array(pc.rank(keys, sort_keys="ascending", tiebreaker="dense").to_numpy(), np.int64) - 1


def _value(statistic: Statistic, figures: dict[str, Floats]) -> Floats:
    total = figures["total"]
    if statistic in ("count", "units", "share"):
        return np.nan_to_num(total, nan=0.0)
    if statistic == "mean":
        return total / np.maximum(figures["valid"], 1)
    return {"sum": total, "min": figures["lowest"], "max": figures["largest"]}.get(statistic, np.full(len(total), np.nan))
