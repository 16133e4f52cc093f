"""Collecting findings, with a bound: the thousandth small cell says nothing the first hundred did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from ...domain.evidence import TableMeta
from ...domain.export import FormFile
from ...domain.finding import Finding, Rule, Status, TableBasis, Where
from ...domain.grid import ANY_SHAPE
from ...domain.identifiers import is_never_export
from ...domain.rules import RuleProfile
from ...domain.text import Text
from ...domain.written import KeptOutput

MAX_PER_RULE = 100
"""Findings of one rule, status and sheet that are listed; the rest is counted."""

MAX_BASES = 1_000
"""Tables of one file of which it is noted what they were judged on."""

Lookup = Callable[[Collection[str]], Sequence[tuple[TableMeta, pa.Table]]]


Outputs = Callable[[Collection[str]], Sequence[KeptOutput]]


def _no_outputs(keys: Collection[str]) -> Sequence[KeptOutput]:
    return ()


def _no_evidence(keys: Collection[str]) -> Sequence[tuple[TableMeta, pa.Table]]:
    return ()


@dataclass(frozen=True)
class ScanContext:
    """What a scan needs to know beside the file.

    Parameters
    ----------
    profile
        Thresholds.
    lookup
        Give the project's tables with evidence for some shape keys (:func:`jupyter_cbs.domain.grid.shape_key`), newest first; for
        :data:`jupyter_cbs.domain.grid.ANY_SHAPE` the newest of any shape.
    is_identifier
        Whether a column of this name never leaves.
    outputs
        Give the project's checked models and figures with files of some keys, newest first: keys of labels as for ``lookup``, or the sha256 of a
        picture.
    rules
        Give the thresholds of a named rule profile, for tables with evidence; without it ``profile`` holds for all.
    forms
        What the output control form says of the files, by path or by name.
    """

    profile: RuleProfile = RuleProfile()  # noqa: RUF009 - frozen
    lookup: Lookup = _no_evidence
    is_identifier: Callable[[str], bool] = is_never_export
    outputs: Outputs = _no_outputs
    rules: Callable[[str], RuleProfile] | None = None
    forms: Mapping[str, FormFile] = field(default_factory=dict)

    def form_of(self, path: str, name: str) -> FormFile | None:
        """Give what the form says of a file."""
        return self.forms.get(path) or self.forms.get(name)

    def profile_of(self, name: str) -> RuleProfile:
        """Give the thresholds of a table whose data have the rule profile ``name``."""
        return self.profile if self.rules is None else self.rules(name)


@dataclass
class Report:
    """Findings, tables and cells of one file while it is being read."""

    context: ScanContext
    tables: int = 0
    cells: int = 0
    declared: FormFile | None = None
    """What the form says of the file."""
    bases: list[TableBasis] = field(default_factory=list)
    alike: Sequence[tuple[TableMeta, pa.Table]] = ()
    """Tables made here with the labels of the sheet that is being read."""
    _known: Sequence[tuple[TableMeta, pa.Table]] | None = None
    _findings: list[Finding] = field(default_factory=list)
    _counts: Counter[tuple[Rule, Status, str | None]] = field(default_factory=Counter)

    def add(
        self,
        rule: Rule,
        status: Status,
        text: Text,
        remedy: Text,
        where: Where | None = None,
        basis: Literal["verified", "declared", "found"] = "found",
    ) -> None:
        """Add a finding; beyond :data:`MAX_PER_RULE` of a kind it is only counted."""
        place = where or Where()
        kind = (rule, status, place.sheet)
        self._counts[kind] += 1
        if self._counts[kind] <= MAX_PER_RULE:
            self._findings.append(Finding(rule=rule, status=status, where=place, basis=basis, text=text, remedy=remedy))

    def table(
        self,
        where: Where,
        basis: Literal["verified", "declared", "found", "unknown"],
        fingerprint: str | None = None,
        hidden: Sequence[int] = (),
        places: Sequence[str] = (),
    ) -> None:
        """Note on what a table was judged, which rows of its evidence it does not show, and where it shows the others."""
        if len(self.bases) < MAX_BASES:
            self.bases.append(TableBasis(where=where, basis=basis, fingerprint=fingerprint, hidden=tuple(hidden), places=tuple(places)))

    def known(self) -> Sequence[tuple[TableMeta, pa.Table]]:
        """Give the project's newest tables with evidence, whatever their shape; asked for once in a file."""
        if self._known is None:
            self._known = self.context.lookup([ANY_SHAPE])
        return self._known

    def has(self, rule: Rule) -> bool:
        """Tell whether there is a finding of ``rule``."""
        return any(kind[0] == rule for kind in self._counts)

    def findings(self) -> tuple[Finding, ...]:
        """Give the findings, worst first, with one line for what was only counted."""
        found = list(self._findings)
        for (rule, status, sheet), count in self._counts.items():
            more = count - MAX_PER_RULE
            if more > 0:
                first = next(f for f in self._findings if (f.rule, f.status, f.where.sheet) == (rule, status, sheet))
                text = Text(en=f"And {more} more like these.", nl=f"En nog {more} zoals deze.")
                found.append(Finding(rule=rule, status=status, where=Where(sheet=sheet), basis=first.basis, text=text, remedy=first.remedy))
        return tuple(sorted(found, key=lambda f: -f.status.badness))


REMOVE_COLUMN = Text(
    en="Remove it; results leave as tables of groups, never with keys of persons, addresses or institutions.",
    nl="Verwijder het; resultaten gaan naar buiten als tabellen van groepen, nooit met sleutels van personen, adressen of instellingen.",
)
