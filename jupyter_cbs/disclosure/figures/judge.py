"""Judge a figure by what is declared of its artists.

Source: design disclosure.md, Output types (scatter, residual plot, rug, QQ: unit values, not releasable; box plot: whiskers and outliers are
unit values, n on each side of a quantile; figures: the numbers behind it as a companion csv). Every threshold is the profile's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from ...domain.evidence import TableMeta
from ...domain.figure import FigureArtist, FigureEvidence, OutputFinding
from ...domain.finding import Rule, Status
from ...domain.rules import RuleProfile
from ...domain.text import Text
from ..units import counted, plural
from . import texts

NAMED = 5
"""Marks that are named at most in one finding."""

TOLERANCE = 1e-9
"""Relative difference within which a drawn value is that of the evidence."""


@dataclass(frozen=True)
class VerifiedTable:
    """A table of the workspace that artists say they were drawn from.

    Parameters
    ----------
    meta
        Its description.
    frame
        Its judged evidence frame.
    """

    meta: TableMeta
    frame: pa.Table

    def cells(self) -> dict[tuple[str | None, ...], tuple[float | None, str, int]]:
        """Give value, status and row of every cell that is no total, by its codes."""
        count = len(self.meta.dimensions)
        codes = [self.frame.column(f"d{i}").to_pylist() for i in range(count)]
        totals = [self.frame.column(f"g{i}").to_pylist() for i in range(count)]
        values, statuses = self.frame.column("value").to_pylist(), self.frame.column("status").to_pylist()
        return {
            tuple(codes[i][row] for i in range(count)): (values[row], statuses[row], row)
            for row in range(self.frame.num_rows)
            if not any(totals[i][row] for i in range(count))
        }


def judge_figure(
    evidence: FigureEvidence, profiles: Iterable[RuleProfile], tables: Mapping[str, VerifiedTable] | None = None
) -> tuple[OutputFinding, ...]:
    """Give what a checker would say of a figure; nothing where it is safe.

    Parameters
    ----------
    evidence
        What the kernel declares.
    profiles
        Thresholds that apply; what several of them say is said once, by its worst.
    tables
        Kept tables by fingerprint; an artist that names one is judged by its cells.

    Returns
    -------
    tuple of OutputFinding
        Worst first, otherwise in the order of the artists.
    """
    known = dict(tables or {})
    found: dict[tuple[str, str], OutputFinding] = {}
    for profile in profiles:
        for finding in _all(evidence, profile, known):
            key = (finding.rule.value, finding.subject)
            if key not in found or finding.status.badness > found[key].status.badness:
                found[key] = finding
    return tuple(sorted(found.values(), key=lambda finding: -finding.status.badness))


def _all(evidence: FigureEvidence, profile: RuleProfile, tables: Mapping[str, VerifiedTable]) -> Iterator[OutputFinding]:
    several = len(evidence.panels) > 1
    for number, artist in enumerate(evidence.artists):
        subject = texts.subject(artist, number, several)
        if artist.fingerprint is not None:
            yield from _verified(artist, subject, tables.get(artist.fingerprint))
        else:
            yield from _artist(artist, subject, evidence, profile)
    yield from _identifiers(evidence)
    yield from _labels(evidence)
    if evidence.vector:
        text, remedy = texts.VECTOR
        yield OutputFinding(rule=Rule.METADATA, status=Status.UNSAFE, text=text, remedy=remedy)
    if not any(artist.kind != "decoration" for artist in evidence.artists):
        text, remedy = texts.NOTHING
        yield OutputFinding(rule=Rule.UNKNOWN_TABLE, status=Status.REVIEW, text=text, remedy=remedy)


def _artist(artist: FigureArtist, subject: str, evidence: FigureEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    def finding(rule: Rule, status: Status, said: tuple[Text, Text]) -> OutputFinding:
        return OutputFinding(rule=rule, status=status, subject=subject, text=said[0], remedy=said[1])

    if artist.kind == "decoration":
        return
    if artist.kind == "unit_values":
        yield finding(Rule.UNIT_VALUES, Status.REFUSED, texts.unit_values(artist, profile.min_frequency))
        return
    if artist.kind == "model_curve":
        yield finding(Rule.UNKNOWN_TABLE, Status.REVIEW, texts.MODEL_CURVE)
        return
    if artist.kind == "unknown":
        yield finding(Rule.UNKNOWN_TABLE, Status.REVIEW, texts.unknown(artist, plural(evidence.unit_kind)))
        return
    if any(quantile <= 0 or quantile >= 1 for quantile in artist.quantiles):
        yield finding(Rule.MIN_MAX, Status.UNSAFE, texts.EXTREMES)
    counts = artist.counts
    if counts is None or len(counts) < artist.marks:
        yield finding(Rule.UNKNOWN_TABLE, Status.REVIEW, texts.unknown(artist, plural(evidence.unit_kind)))
        return
    yield from _counts(artist, counts, subject, evidence, profile)
    if artist.assumed:
        yield finding(Rule.UNKNOWN_TABLE, Status.REVIEW, texts.ASSUMED)
    if artist.drawing in ("density", "violin"):
        yield finding(Rule.PERCENTILE, Status.REVIEW, texts.TAILS)


def _counts(
    artist: FigureArtist, counts: Sequence[int | None], subject: str, evidence: FigureEvidence, profile: RuleProfile
) -> Iterator[OutputFinding]:
    least = profile.min_frequency
    # a mark without a value draws nothing
    drawn = [i for i, count in enumerate(counts) if count is None or (count > 0 and (i >= len(artist.values) or artist.values[i] is not None))]
    unknown = [i for i in drawn if counts[i] is None]
    if unknown:
        said = texts.unknown(artist, plural(evidence.unit_kind))
        yield OutputFinding(rule=Rule.UNKNOWN_TABLE, status=Status.REVIEW, subject=subject, text=said[0], remedy=said[1])
    small = [i for i in drawn if (counts[i] or least) < least]
    if small:
        fewest = min(counts[i] or 0 for i in small)
        text, remedy = texts.small_marks(
            artist, [texts.mark(artist, i) for i in small[:NAMED]], len(small), counted(fewest, evidence.unit_kind), least
        )
        yield OutputFinding(rule=Rule.MIN_FREQUENCY, status=Status.UNSAFE, subject=subject, text=text, remedy=remedy)
    elif (advised := profile.advisory_min_frequency) is not None and any((counts[i] or advised) < advised for i in drawn):
        text, remedy = texts.advised(advised)
        yield OutputFinding(rule=Rule.MIN_FREQUENCY, status=Status.REVIEW, subject=subject, text=text, remedy=remedy)
    sides = [
        (quantile, count)
        for count in (counts[i] for i in drawn)
        if count is not None
        for quantile in artist.quantiles
        if 0 < quantile < 1 and math.floor(round(count * min(quantile, 1 - quantile), 9)) < least
    ]
    if sides:
        quantile, count = min(sides, key=lambda side: side[1] * min(side[0], 1 - side[0]))
        text, remedy = texts.few_beyond(quantile, counted(count, evidence.unit_kind), least)
        yield OutputFinding(rule=Rule.PERCENTILE, status=Status.UNSAFE, subject=subject, text=text, remedy=remedy)
    known = [count for count in counts if count is not None]
    total = sum(known)
    if artist.frequency and not unknown and total > 0:
        largest = max(range(len(counts)), key=lambda i: counts[i] or 0)
        if (counts[largest] or 0) > profile.group_max_share * total:
            text, remedy = texts.one_category(texts.mark(artist, largest), profile.group_max_share)
            yield OutputFinding(rule=Rule.GROUP_DISCLOSURE, status=Status.UNSAFE, subject=subject, text=text, remedy=remedy)


def _verified(artist: FigureArtist, subject: str, table: VerifiedTable | None) -> Iterator[OutputFinding]:
    """Hold what is drawn against the table it says it comes from: value by value."""

    def finding(rule: Rule, status: Status, said: tuple[Text, Text]) -> OutputFinding:
        return OutputFinding(rule=rule, status=status, subject=subject, basis="verified", text=said[0], remedy=said[1])

    if table is None or len(artist.codes) != len(artist.values) or artist.marks > len(artist.values):
        yield OutputFinding(rule=Rule.UNKNOWN_TABLE, status=Status.REVIEW, subject=subject, text=texts.NO_EVIDENCE[0], remedy=texts.NO_EVIDENCE[1])
        return
    cells = table.cells()
    marked = {cell.row: cell for cell in table.meta.findings}
    changed = 0
    for code, value in zip(artist.codes, artist.values, strict=True):
        if value is None:
            continue
        cell = cells.get(tuple(code))
        if cell is None or cell[0] is None or not math.isclose(cell[0], value, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            changed += 1
            continue
        if cell[1] != Status.SAFE.value:
            said = marked.get(cell[2])
            if said is not None:
                yield OutputFinding(
                    rule=said.rule,
                    status=said.status,
                    subject=" · ".join(label or "total" for label in said.cell),
                    basis="verified",
                    text=said.text,
                    remedy=said.remedy,
                )
    if changed:
        yield finding(Rule.UNKNOWN_TABLE, Status.UNSAFE, texts.differs(changed))


def _identifiers(evidence: FigureEvidence) -> Iterator[OutputFinding]:
    places: dict[str, int] = {}
    for text in evidence.texts:
        places[text.place] = places.get(text.place, 0) + 1
    for place, count in places.items():
        said, remedy = texts.identifier(place, count)
        yield OutputFinding(rule=Rule.IDENTIFIER, status=Status.REFUSED, subject=place, text=said, remedy=remedy)


def _labels(evidence: FigureEvidence) -> Iterator[OutputFinding]:
    """Ask for review of a panel that says nowhere what it shows."""
    for number, panel in enumerate(evidence.panels):
        drawn = [artist for artist in evidence.artists if artist.panel == number and artist.kind != "decoration"]
        if drawn and not (panel.title.strip() or panel.x_label.strip() or panel.y_label.strip()):
            text, remedy = texts.NO_LABELS
            yield OutputFinding(rule=Rule.LABEL_MISSING, status=Status.REVIEW, subject=f"{number + 1}", text=text, remedy=remedy)
