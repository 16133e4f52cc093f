"""Compare a new table with kept ones: the primary rules on every difference, and the attack on both at once.

* Same dimensions, another population: where one lies inside the other, cells subtract.
* Other bands of the same column: all edges together make finer bands.
* Merged categories beside the ones they were made of: what is left over of a merge.
* The same cells in both: what one hides the other may show, or help to calculate.

Tables whose populations cannot be told to lie in one another are compared only where all cells agree which is the larger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from ...domain.errors import Invalid
from ...domain.evidence import TableMeta
from ...domain.finding import Status
from ...domain.rules import RuleProfile
from ...domain.text import Text
from ..relations.attack import verdict_of
from ..relations.frame import problem_of
from ..relations.problem import TableProblem, linked
from ..relations.program import Cancel
from ..relations.system import System
from ..units import counted
from .bands import Band, bands
from .filters import Lies, columns_of, normal_text
from .side import Codes, Kept, LedgerFinding, Side
from .telling import REMEDY, told
from .together import together
from .versions import other_version, stems

MOST: Final = 20
"""Findings of one pair of tables that are named; the rest is counted."""

CELL = "\x1f"
"""Between the parts of a cell's name in a joint problem."""


def _quantity(meta: TableMeta) -> tuple[str, ...] | None:
    """Tell what the cells hold that can be subtracted; None for nothing, or rounded counts, which are attacked as intervals with all tables."""
    spec = meta.spec
    if spec.statistic in ("count", "share"):
        if meta.rounding is not None:
            return None
        return ("count", normal_text(spec.values or ""), normal_text(spec.weight or ""))
    if spec.statistic in ("sum", "mean"):
        return ("sum", normal_text(spec.values or ""), normal_text(spec.weight or ""))
    return None


def comparable(one: TableMeta, other: TableMeta) -> bool:
    """Tell whether two tables speak of the same kind of unit in the same data, in whatever version of it."""
    return one.unit == other.unit and stems(one.sources) == stems(other.sources)


def _subtractable(one: TableMeta, other: TableMeta) -> bool:
    """Tell whether two tables hold the same quantity of the same units of the same data."""
    quantity = _quantity(one)
    return quantity is not None and quantity == _quantity(other) and one.unit == other.unit and set(one.sources) == set(other.sources)


def findings(
    new: Sequence[Kept], releases: Sequence[Kept], profile_of: Callable[[str], RuleProfile], *, cancel: Cancel | None = None
) -> tuple[LedgerFinding, ...]:
    """Compare every new table with all releases, and with the new ones before it: two by two, and all together.

    Parameters
    ----------
    new
        Tables of a request.
    releases
        Tables of the project that were released.
    profile_of
        Give the thresholds of a named rule profile.
    cancel
        Asked between linear programs.

    Returns
    -------
    tuple of LedgerFinding
        Nothing for a table that is released once more as it is.
    """
    found: list[LedgerFinding] = []
    sides = [Side(kept) for kept in new]
    earlier = [Side(kept) for kept in _distinct(releases) if any(comparable(kept.meta, one.meta) for one in new)]
    for number, side in enumerate(sides):
        profile = profile_of(side.kept.meta.rule_profile)
        others = [other for other in (*earlier, *sides[:number]) if comparable(side.kept.meta, other.kept.meta)]
        said: set[int] = set()
        for at, other in enumerate(others, 1):
            pair = _Pair(number, side, other, profile).findings(cancel) if _subtractable(side.kept.meta, other.kept.meta) else []
            if any(finding.status is Status.UNSAFE for finding in pair):
                said.add(at)
            found += pair
            version = other_version(number, side, other, profile.min_frequency)
            if version is not None:
                found.append(version)
        found += told(number, side, others, together(side, others, profile.min_frequency, cancel), said, profile.min_frequency)
    return tuple(found)


def _distinct(releases: Sequence[Kept]) -> list[Kept]:
    """Leave out what was released several times in the same way; the first release is the one to name."""
    kept: dict[tuple[str, tuple[int, ...]], Kept] = {}
    for release in releases:
        kept.setdefault((release.meta.fingerprint, release.meta.hidden), release)
    return list(kept.values())


def _unknown(side: Side, row: int) -> float:
    """Give how far the published sum of a cell lies from the true one at most, in its unit: 0 where nothing is rounded."""
    if side.kept.meta.rounding is None:
        return 0.0
    each = side.kept.meta.rounding / 2
    return each * float(side.cells.n[row]) if side.kept.meta.spec.statistic == "mean" else each


class _Pair:
    """A new table beside another one."""

    def __init__(self, number: int, new: Side, old: Side, profile: RuleProfile) -> None:
        self.number, self.new, self.old, self.profile = number, new, old, profile
        same_source = normal_text(new.kept.meta.spec.source) == normal_text(old.kept.meta.spec.source) or (
            " " not in new.kept.meta.spec.source.strip() and " " not in old.kept.meta.spec.source.strip()
        )
        self.lies = new.filter.lies(old.filter) if same_source else Lies.UNKNOWN
        self.magnitude = new.kept.meta.spec.statistic in ("sum", "mean")

    def findings(self, cancel: Cancel | None) -> list[LedgerFinding]:
        """Give all of the pair, the first :data:`MOST` by name."""
        if self.lies is Lies.APART:
            return []
        found: dict[tuple[object, ...], LedgerFinding] = {}
        for key, finding in [*self._populations(), *(self._classifications() if self.lies is Lies.SAME else ()), *self._jointly(cancel)]:
            found.setdefault(key, finding)
        ordered = sorted(found.values(), key=lambda one: -one.status.badness)
        if len(ordered) <= MOST:
            return ordered
        more = len(ordered) - MOST
        rest = Text(en=f"And {more} more differences with {self.old.kept.name.en}.", nl=f"En nog {more} verschillen met {self.old.kept.name.nl}.")
        return [*ordered[:MOST], LedgerFinding(self.number, None, ordered[0].status, rest, ordered[0].remedy)]

    # ---------------------------------------------------------------------------------------------- populations

    def _populations(self) -> Iterator[tuple[tuple[object, ...], LedgerFinding]]:
        """Subtract cells of the same categories where one population lies in the other, or seems to."""
        if self.lies is Lies.SAME:
            return
        old = self.old.by_codes()
        rows = [(mine, old[codes]) for codes, mine in self.new.by_codes().items() if codes in old]
        rows = [(a, b) for a, b in rows if self.new.shown[a] and self.old.shown[b]]
        if not rows:
            return
        at = np.array(rows, dtype=np.int64)
        n = self.new.cells.n[at[:, 0]] - self.old.cells.n[at[:, 1]]
        if self.lies is Lies.UNKNOWN:
            # which contains which is only a guess, and none where the cells do not agree
            if not (bool((n >= 0).all()) or bool((n <= 0).all())):
                return
            for (mine, _), left in zip(rows, np.abs(n).tolist(), strict=True):
                if 0 < left < self.profile.min_frequency:
                    yield ("maybe", mine), self._maybe(mine, left)
            return
        sign = 1 if self.lies is Lies.AROUND else -1
        outer, inner = (self.new, self.old) if sign > 0 else (self.old, self.new)
        for mine, theirs in rows:
            big, small = (mine, theirs) if sign > 0 else (theirs, mine)
            left = int(outer.cells.n[big] - inner.cells.n[small])
            if 0 < left < self.profile.min_frequency:
                yield ("n", mine), self._difference(mine, left)
            elif left > 0 and self.magnitude:
                total = float(outer.cells.abs_total[big] - inner.cells.abs_total[small])
                # the largest of the difference is at most the largest of the larger population
                level = float(outer.cells.top1[big]) / self.profile.dominance_max_share - total
                unknown = _unknown(outer, big) + _unknown(inner, small)
                if level > unknown or (level >= 0 and not unknown):
                    yield ("dominance", mine), self._dominated(mine, left)

    # ------------------------------------------------------------------------------------------- classifications

    def _classifications(self) -> Iterator[tuple[tuple[object, ...], LedgerFinding]]:
        """Find finer bands, and rests of merged categories, in tables of the same population."""
        for i, mine in enumerate(self.new.kept.meta.dimensions):
            for j, theirs in enumerate(self.old.kept.meta.dimensions):
                if mine.name != theirs.name and not columns_of(mine.name) & columns_of(theirs.name):
                    continue
                others = {name for k, name in enumerate(self.new.names) if k != i} & {name for k, name in enumerate(self.old.names) if k != j}
                lines = _lines(self.new, i, others), _lines(self.old, j, others)
                edges = bands(mine.categories), bands(theirs.categories)
                if len(columns_of(mine.name) | columns_of(theirs.name)) == 1 and edges[0] and edges[1]:
                    yield from self._banded(lines, edges)
                if self.new.names[i] == self.old.names[j]:
                    yield from self._merged(lines, i, j)

    def _banded(
        self, lines: tuple[_Lines, _Lines], edges: tuple[Mapping[str, Band], Mapping[str, Band]]
    ) -> Iterator[tuple[tuple[object, ...], LedgerFinding]]:
        for context in lines[0].keys() & lines[1].keys():
            told: dict[Band, int] = {}
            shown: set[Band] = set()
            place: dict[float, int] = {}
            for side, line, known in zip((self.new, self.old), (lines[0][context], lines[1][context]), edges, strict=True):
                for code, band in known.items():
                    row = line.get(code)
                    if row is not None and not side.shown[row]:
                        continue
                    told[band] = 0 if row is None else int(side.cells.n[row])
                    shown.add(band)
                    if side is self.new and row is not None:
                        place.update(dict.fromkeys(band, row))
            for (low, high), n in _finer(told).items():
                if 0 < n < self.profile.min_frequency and (low, high) not in shown:
                    row = place.get(low, place.get(high))
                    yield ("band", context, low, high), self._band(row, low, high, n)

    def _merged(self, lines: tuple[_Lines, _Lines], i: int, j: int) -> Iterator[tuple[tuple[object, ...], LedgerFinding]]:
        members = [_members(side, at) for side, at in ((self.new, i), (self.old, j))]
        if members[0] == members[1]:
            return
        for context in lines[0].keys() & lines[1].keys():
            for whole, parts in ((0, 1), (1, 0)):
                sides = (self.new, self.old)
                for code, row in lines[whole][context].items():
                    inside = {
                        c: r
                        for c, r in lines[parts][context].items()
                        if members[parts].get(c, frozenset({c})) < members[whole].get(code, frozenset({code}))
                    }
                    inside = {c: r for c, r in inside.items() if sides[parts].shown[r]}
                    if not inside or not sides[whole].shown[row]:
                        continue
                    left = int(sides[whole].cells.n[row]) - sum(int(sides[parts].cells.n[r]) for r in inside.values())
                    if 0 < left < self.profile.min_frequency:
                        mine = row if whole == 0 else next(iter(inside.values()))
                        yield ("merge", context, code), self._difference(mine, left)

    # ---------------------------------------------------------------------------------------------------- jointly

    def _jointly(self, cancel: Cancel | None) -> Iterator[tuple[tuple[object, ...], LedgerFinding]]:
        """Attack both tables as one: shared cells are one cell, and a population is what lies in it and the rest."""
        if self.lies is Lies.UNKNOWN or not any((side.unsafe & ~side.shown).any() for side in (self.new, self.old)):
            return
        if any(side.kept.meta.rounding is not None for side in (self.new, self.old)):
            return  # the values of one cell need not agree, and a rounded one protects
        mine, theirs = (
            self._problem(self.new, "same" if self.lies is Lies.SAME else "new"),
            self._problem(self.old, "same" if self.lies is Lies.SAME else "old"),
        )
        try:
            joint = linked([mine, theirs])
        except Invalid:
            return  # the same cell with two values: the data changed, and nothing can be subtracted
        if self.lies is not Lies.SAME:
            joint = self._with_rest(joint)
        alone = {name for problem in (mine, theirs) for name in verdict_of(System.of(problem), {}, None, cancel).exact}
        exact = set(verdict_of(System.of(joint), {}, None, cancel).exact)
        shown = set(joint.cells) - set(joint.suppressed)
        for side in (self.new, self.old):
            for row in np.flatnonzero(side.unsafe & ~side.shown & ~side.cells.empty).tolist():
                name = self._name(side, row)
                if name in shown or (name in exact and name not in alone):
                    yield ("joint", name), self._together(side, row)

    def _name(self, side: Side, row: int) -> str:
        population = "same" if self.lies is Lies.SAME else "new" if side is self.new else "old"
        return CELL.join((population, *(f"{name}={code!r}" for name, code in side.codes(row))))

    def _problem(self, side: Side, population: str) -> TableProblem:
        hidden = np.flatnonzero(~side.shown & ~side.cells.empty).tolist()
        names = [self._name(side, row) for row in range(len(side.cells))]
        return problem_of(side.cells, hidden, statistic=side.kept.meta.spec.statistic, names=names)

    def _with_rest(self, joint: TableProblem) -> TableProblem:
        """Add, for every cell of both populations, what the larger has beside the smaller: not negative, and not known."""
        old = self.old.by_codes()
        cells, relations, rest = dict(joint.cells), list(joint.relations), []
        for codes, mine in self.new.by_codes().items():
            if codes not in old:
                continue
            pair = self._name(self.new, mine), self._name(self.old, old[codes])
            big, small = pair if self.lies is Lies.AROUND else pair[::-1]
            left = cells[big] - cells[small]
            if left < 0 and joint.lower_bound is not None:
                return joint  # not contained after all
            name = CELL.join(("rest", big))
            cells[name] = left
            relations.append((big, (small, name)))
            rest.append(name)
        return joint.model_copy(update={"cells": cells, "relations": tuple(relations), "suppressed": (*joint.suppressed, *rest)})

    # ------------------------------------------------------------------------------------------------------ texts

    def _units(self, n: int) -> tuple[str, str]:
        words = counted(n, self.new.kept.meta.unit)
        return words.en, words.nl

    def _finding(self, row: int | None, status: Status, text: Text) -> LedgerFinding:
        return LedgerFinding(self.number, row, status, text, REMEDY)

    def _difference(self, row: int, n: int) -> LedgerFinding:
        en, nl = self._units(n)
        least = self.profile.min_frequency
        return self._finding(
            row,
            Status.UNSAFE,
            Text(
                en=f"{self.new.label(row, 'total')}: the difference with {self.old.kept.name.en} stands for {en}; at least {least} are needed.",
                nl=f"{self.new.label(row, 'totaal')}: het verschil met {self.old.kept.name.nl} staat voor {nl}; er zijn er minstens {least} nodig.",
            ),
        )

    def _maybe(self, row: int, n: int) -> LedgerFinding:
        en, nl = self._units(n)
        return self._finding(
            row,
            Status.REVIEW,
            Text(
                en=f"{self.new.label(row, 'total')}: it differs by {en} from {self.old.kept.name.en}; whether one population lies in the other"
                " is not to be told from the conditions.",
                nl=f"{self.new.label(row, 'totaal')}: dit verschilt {nl} van {self.old.kept.name.nl}; of de ene populatie in de andere ligt,"
                " is uit de voorwaarden niet af te leiden.",
            ),
        )

    def _dominated(self, row: int, n: int) -> LedgerFinding:
        en, nl = self._units(n)
        most = f"{self.profile.dominance_max_share * 100:g} %"
        return self._finding(
            row,
            Status.REVIEW,
            Text(
                en=f"{self.new.label(row, 'total')}: the difference with {self.old.kept.name.en} stands for {en}, and it cannot be established that"
                f" the largest stays below {most} of it.",
                nl=f"{self.new.label(row, 'totaal')}: het verschil met {self.old.kept.name.nl} staat voor {nl}, en dat de grootste onder {most}"
                " ervan blijft is niet vast te stellen.",
            ),
        )

    def _band(self, row: int | None, low: float, high: float, n: int) -> LedgerFinding:
        en, nl = self._units(n)
        least = self.profile.min_frequency
        band = (f"from {low:g} up to {high:g}", f"van {low:g} tot {high:g}")
        return self._finding(
            row,
            Status.UNSAFE,
            Text(
                en=f"Together with the bands of {self.old.kept.name.en} the band {band[0]} follows: {en}; at least {least} are needed.",
                nl=f"Samen met de klassen van {self.old.kept.name.nl} volgt de klasse {band[1]}: {nl}; er zijn er minstens {least} nodig.",
            ),
        )

    def _together(self, side: Side, row: int) -> LedgerFinding:
        where = ("", "") if side is self.new else (" there", " daar")
        return self._finding(
            row if side is self.new else None,
            Status.UNSAFE,
            Text(
                en=f"{side.label(row, 'total')}: suppressed{where[0]}, but it follows from this table and {self.old.kept.name.en} together.",
                nl=f"{side.label(row, 'totaal')}:{where[1]} onderdrukt, maar te berekenen uit deze tabel en {self.old.kept.name.nl} samen.",
            ),
        )


_Lines = dict[Codes, dict[str, int]]
"""Cells of the other dimensions → code → row."""


def _lines(side: Side, dimension: int, others: set[str]) -> _Lines:
    """Give the cells along one dimension, for each cell of the dimensions that both tables have; totals over all others."""
    lines: defaultdict[Codes, dict[str, int]] = defaultdict(dict)
    name = side.names[dimension]
    for row in np.flatnonzero(~side.cells.empty).tolist():
        codes = dict(side.codes(row))
        code = codes.pop(name, None)
        if code is not None and codes.keys() <= others:
            lines[tuple(sorted(codes.items(), key=lambda one: (one[0], one[1] or "")))][code] = row
    return dict(lines)


def _members(side: Side, dimension: int) -> dict[str, frozenset[str]]:
    """Give the codes of the data that each merged category of a dimension, and each subtotal, stands for."""
    one = side.kept.meta.dimensions[dimension]
    found = {label: frozenset(codes) for label, codes in (side.kept.meta.spec.merge or {}).get(one.name, {}).items()}
    below: defaultdict[str, set[str]] = defaultdict(set)
    for code, parent in one.parents.items():
        if code not in one.subtotals:
            while parent is not None:
                below[parent] |= found.get(code, frozenset({code}))
                parent = one.parents.get(parent)
    return found | {code: frozenset(members) for code, members in below.items()}


def _finer(told: Mapping[Band, int]) -> dict[Band, int]:
    """Give the bands between neighbouring edges whose number of units follows from known bands.

    Edges are nodes, a known band is a difference between two of them; within a connected part all differences follow.
    """
    potential: dict[float, tuple[float, int]] = {}
    neighbours: defaultdict[float, list[tuple[float, int]]] = defaultdict(list)
    for (low, high), n in told.items():
        neighbours[low].append((high, n))
        neighbours[high].append((low, -n))
    for root in neighbours:
        if root in potential:
            continue
        potential[root] = (root, 0)
        waiting = [root]
        while waiting:
            edge = waiting.pop()
            for other, n in neighbours[edge]:
                if other not in potential:
                    potential[other] = (root, potential[edge][1] + n)
                    waiting.append(other)
    found: dict[Band, int] = {}
    before: dict[float, float] = {}
    for edge in sorted(potential):
        part, units = potential[edge]
        if part in before:
            low = before[part]
            found[low, edge] = units - potential[low][1]
        before[part] = edge
    return found
