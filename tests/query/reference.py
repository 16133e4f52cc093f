"""Tables by counting in plain Python: slow, without any cleverness, over rows as dictionaries."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from jupyter_cbs.domain.evidence import TableSpec

Row = dict[str, Any]
Key = tuple[Any, ...]
TOTAL = ("total",)
Ancestors = Callable[[str, str], tuple[str, ...]]


def no_ancestors(dimension: str, code: str) -> tuple[str, ...]:
    return ()


def groups(rows: Iterable[Row], spec: TableSpec, ancestors: Ancestors = no_ancestors) -> dict[Key, list[Row]]:
    """Every cell, subtotal and margin that holds a row; totals are TOTAL."""
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        places = []
        for name in spec.dimensions:
            code = None if row[name] is None else str(row[name])
            above = () if code is None else ancestors(name, code)
            for label, codes in ((spec.merge or {}).get(name, {})).items():
                if code in codes:
                    code = label
                    break
            places.append([code, *above, TOTAL])
        for key in itertools.product(*places):
            found[key].append(row)
    return found


def number(value: Any) -> float | None:
    return None if value is None or (isinstance(value, float) and not math.isfinite(value)) else float(value)


def valid_pairs(members: Iterable[Row], spec: TableSpec) -> list[tuple[Row, float, float | None, float]]:
    """Rows with all values the statistic needs: row, value, second value, weight."""
    found = []
    for row in members:
        weight = 1.0 if spec.weight is None else number(row[spec.weight])
        counting = spec.values is None
        value = 1.0 if counting else number(row[spec.values])
        second = None if spec.second is None else number(row[spec.second])
        if value is None or weight is None or (spec.second is not None and second is None):
            continue
        found.append((row, 1.0 if spec.statistic == "count" else value, second, weight))
    return found


def quantile(values: list[float], p: float) -> float:
    values = sorted(values)
    at = (len(values) - 1) * p
    low, high = math.floor(at), math.ceil(at)
    return values[low] + (values[high] - values[low]) * (at - low)


def totals(valid: list[tuple[Row, float, float | None, float]], unit: str, combine: Callable[[list[float]], float] = sum) -> dict[Any, float]:
    per: dict[Any, list[float]] = defaultdict(list)
    for row, value, _, weight in valid:
        per[row[unit]].append(value * weight)
    return {key: combine(values) for key, values in per.items()}


def gini(values: list[float]) -> float | None:
    """Mean absolute difference over twice the mean."""
    n, total = len(values), sum(values)
    if not total:
        return None
    return sum(abs(a - b) for a in values for b in values) / (2 * n * total)


def figure(spec: TableSpec, valid: list[tuple[Row, float, float | None, float]], unit: str) -> float | None:
    """The statistic itself, by its definition."""
    values = [value for _, value, _, _ in valid]
    total = sum(value * weight for _, value, _, weight in valid)
    if spec.statistic in ("count", "share"):
        return total
    n = len(values)
    if not n:
        return None
    mean = sum(values) / n
    squares = sum((value - mean) ** 2 for value in values)
    if spec.statistic == "sum":
        return total
    if spec.statistic == "mean":
        weights = sum(weight for *_, weight in valid)
        return total / weights if weights else None
    if spec.statistic in ("median", "percentile"):
        return quantile(values, 0.5 if spec.percentile is None else spec.percentile)
    if spec.statistic in ("min", "max"):
        return min(values) if spec.statistic == "min" else max(values)
    if spec.statistic == "mode":
        return min(Counter(values).items(), key=lambda item: (-item[1], item[0]))[0]
    if spec.statistic in ("variance", "sd"):
        variance = squares / (n - 1) if n > 1 else None
        return variance if spec.statistic == "variance" or variance is None else math.sqrt(variance)
    if spec.statistic == "ratio":
        below = sum((second or 0.0) * weight for _, _, second, weight in valid)
        return total / below if below else None
    if spec.statistic == "correlation":
        others = [second or 0.0 for _, _, second, _ in valid]
        other_mean = sum(others) / n
        product = sum((a - mean) * (b - other_mean) for a, b in zip(values, others, strict=True))
        scale = math.sqrt(squares * sum((b - other_mean) ** 2 for b in others))
        return product / scale if n > 1 and scale > 1e-12 else None
    if spec.statistic == "gini":
        return gini(list(totals(valid, unit).values()))
    lowest = spec.statistic == "mean_lowest"
    each = sorted(totals(valid, unit, min if lowest else max).values(), reverse=not lowest)[: spec.extremes or 10]
    return sum(each) / len(each)


def reference(rows: list[Row], spec: TableSpec, unit: str, institution: str | None, ancestors: Ancestors = no_ancestors) -> dict[Key, dict[str, Any]]:
    """All evidence of every cell, subtotal and margin."""
    found = {}
    for key, members in groups(rows, spec, ancestors).items():
        valid = valid_pairs(members, spec)
        contributions = sorted((abs(t) for t in totals(valid, unit).values()), reverse=True)
        per_institution: dict[Any, float] = defaultdict(float)
        for row, value, _, weight in valid:
            if institution is not None and row[institution] is not None:
                per_institution[row[institution]] += value * weight
        denominators: dict[Any, float] = defaultdict(float)
        for row, _, second, weight in valid:
            denominators[row[unit]] += (second or 0.0) * weight
        total = sum(value * weight for _, value, _, weight in valid)
        absolute = sum(abs(value * weight) for _, value, _, weight in valid)
        record = {
            "value": figure(spec, valid, unit),
            "rows": len(members),
            "missing": len(members) - len(valid),
            "n": len(contributions),
            "total": total if valid else None,
            "abs_total": absolute if valid else None,
            "top1": contributions[0] if contributions else None,
            "top2": contributions[1] if len(contributions) > 1 else None,
            "negatives": sum(value * weight < 0 or (second or 0) * weight < 0 for _, value, second, weight in valid),
            "institutions": len(per_institution) if institution is not None else None,
            "institution_top1": max((abs(t) for t in per_institution.values()), default=None),
            "second_top1": max((abs(t) for t in denominators.values()), default=None) if spec.second is not None else None,
            "ties": None,
            "used": None,
        }
        values = [value for _, value, _, _ in valid]
        if spec.statistic == "mode" and values:
            record["ties"] = max(Counter(values).values())
        if spec.statistic in ("mean_lowest", "mean_highest") and values:
            lowest = spec.statistic == "mean_lowest"
            each = sorted(totals(valid, unit, min if lowest else max).values(), reverse=not lowest)[: spec.extremes or 10]
            tops = sorted(map(abs, each), reverse=True)
            record |= {"used": len(each), "total": sum(each), "abs_total": sum(tops), "top1": tops[0], "top2": tops[1] if len(tops) > 1 else None}
        found[key] = record
    if spec.statistic == "share":
        split, k = len(spec.rows), len(spec.dimensions)
        of = spec.share_of or ("row" if 0 < split < k else "total")
        keep = range(split) if of == "row" else range(split, k) if of == "column" else ()
        wholes = {key: record["value"] for key, record in found.items()}
        for key, record in found.items():
            whole = wholes[tuple(code if i in keep else TOTAL for i, code in enumerate(key))]
            record["value"] = 100 * record["value"] / whole if whole else None
    return found
