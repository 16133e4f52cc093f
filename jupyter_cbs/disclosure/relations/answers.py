"""The answers as the design's JSON (disclosure.md, Interchange of a table problem), and as sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ...domain.text import Text
from .attack import Interval
from .audit import Audit, Insider
from .problem import TableProblem
from .protect import Protected
from .rounding import Rounded


def end(value: float) -> float | None:
    """Give an end of an interval: ``None`` where there is no limit, whole numbers without digits after the point."""
    if math.isinf(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def intervals_document(intervals: Mapping[str, Interval]) -> dict[str, list[float | None]]:
    """Give intervals as JSON: name → [low, high]."""
    return {name: [end(low), end(high)] for name, (low, high) in intervals.items()}


def _insider(insider: Insider) -> dict[str, Any]:
    return {"singleton": insider.singleton, "intervals": intervals_document(insider.intervals), "exact": list(insider.exact)}


def audit_document(audit: Audit, problem: TableProblem) -> dict[str, Any]:
    """Give an audit as JSON; ``unprotected`` only where the problem asks for protection."""
    document: dict[str, Any] = {
        "intervals": intervals_document(audit.intervals),
        "exact": list(audit.exact),
        "insider": [_insider(insider) for insider in audit.insiders],
        "unsafe_unions": [{"total": union.total, "cells": list(union.cells), "sum": end(union.sum), "rule": union.rule} for union in audit.unions],
    }
    if problem.protection:
        document["unprotected"] = intervals_document(audit.unprotected)
    return document


def show(interval: Interval) -> str:
    """Write an interval."""
    low, high = interval
    return f"[{low:.10g}, {high:.10g}]".replace("inf", "∞")


def names_of(names: Iterable[str]) -> str:
    """Write some names."""
    return ", ".join(names)


def audit_lines(audit: Audit, problem: TableProblem) -> list[Text]:
    """Give an audit as sentences, what must be mended with its remedy."""
    exact = set(audit.exact)
    lines: list[Text] = []
    for name, interval in audit.intervals.items():
        if name in exact:
            lines.append(
                Text(
                    en=f"{name}: exactly {interval[0]:.10g} follows from what is published. Suppress another cell in its relations.",
                    nl=f"{name}: precies {interval[0]:.10g} volgt uit wat gepubliceerd is. Onderdruk nog een cel in haar relaties.",
                )
            )
        elif name in audit.unprotected:
            below, above = problem.protection[name]
            value = problem.cells[name]
            need = show((value - below, value + above))
            lines.append(
                Text(
                    en=f"{name}: lies in {show(interval)}, which must reach {need}. Suppress more, or larger, cells in its relations.",
                    nl=f"{name}: ligt in {show(interval)}, dat {need} moet bereiken. Onderdruk meer, of grotere, cellen in haar relaties.",
                )
            )
        else:
            lines.append(Text(en=f"{name}: lies in {show(interval)}.", nl=f"{name}: ligt in {show(interval)}."))
    for insider in audit.insiders:
        if insider.exact:
            lines.append(
                Text(
                    en=f"The contributor of {insider.singleton} can calculate {names_of(insider.exact)}. Suppress another cell in their relations.",
                    nl=f"Wie {insider.singleton} bijdraagt, kan {names_of(insider.exact)} berekenen. Onderdruk nog een cel in hun relaties.",
                )
            )
    for union in audit.unions:
        few = union.rule == "min_frequency"
        lines.append(
            Text(
                en=f"{names_of(union.cells)} (total {union.total}): together {union.sum:.10g}, which "
                + ("are too few units. " if few else "is too little to hide the largest of them. ")
                + "Suppress another cell of this relation.",
                nl=f"{names_of(union.cells)} (totaal {union.total}): samen {union.sum:.10g}, dat "
                + ("zijn te weinig eenheden. " if few else "is te weinig om de grootste ervan te verbergen. ")
                + "Onderdruk nog een cel van deze relatie.",
            )
        )
    if audit.safe:
        lines.append(
            Text(
                en=f"No suppressed cell can be calculated ({len(audit.intervals)} attacked).",
                nl=f"Geen onderdrukte cel is te berekenen ({len(audit.intervals)} aangevallen).",
            )
        )
    return lines


def protected_document(protected: Protected, lang: str) -> dict[str, Any]:
    """Give a protection by suppression as JSON, its reasons in one language."""
    return {
        "method": protected.method,
        "optimal": protected.optimal,
        "complementary": list(protected.complementary),
        "suppressed": list(protected.problem.suppressed),
        "cost": end(protected.cost),
        "intervals": intervals_document(protected.intervals),
        "reasons": [
            {"cell": reason.cell, "protects": list(reason.protects), "total": reason.total, "text": reason.text.say(lang)}
            for reason in protected.reasons
        ],
    }


def protected_lines(protected: Protected) -> list[Text]:
    """Give a protection by suppression as sentences."""
    lines = [reason.text for reason in protected.reasons]
    lines += [
        Text(en=f"{name}: lies in {show(interval)}.", nl=f"{name}: ligt in {show(interval)}.") for name, interval in protected.intervals.items()
    ]
    chosen = len(protected.complementary)
    cheapest = (" Nothing cheaper protects.", " Niets goedkopers beschermt.") if protected.optimal else ("", "")
    lines.append(
        Text(
            en=f"Complementary cells: {chosen}, cost {protected.cost:.10g}.{cheapest[0]}",
            nl=f"Complementaire cellen: {chosen}, kosten {protected.cost:.10g}.{cheapest[1]}",
        )
    )
    return lines


def rounded_document(rounded: Rounded) -> dict[str, Any]:
    """Give a protection by rounding as JSON."""
    return {
        "method": "rounding",
        "rounded": {name: end(value) for name, value in rounded.problem.cells.items()},
        "deviation": end(rounded.deviation),
        "complementary": [],
        "intervals": intervals_document(rounded.intervals),
    }


def rounded_lines(rounded: Rounded) -> list[Text]:
    """Give a protection by rounding as sentences."""
    lines = []
    for name, value in rounded.problem.cells.items():
        at = show(rounded.intervals[name])
        lines.append(Text(en=f"{name}: {value:.10g}, lies in {at}.", nl=f"{name}: {value:.10g}, ligt in {at}."))
    lines.append(
        Text(
            en=f"All relations add up; no value is further than {rounded.deviation:.10g} from the true one.",
            nl=f"Alle relaties tellen op; geen waarde ligt verder dan {rounded.deviation:.10g} van de ware.",
        )
    )
    return lines
