"""Where the rows of a table come from, and which columns name their units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb

from ..domain.dataset import Dataset, missing_codes
from ..domain.evidence import TableSpec
from ..domain.text import Text
from .explain import explain, quoted, unknown_dataset
from .expressions import PLAIN, Expression, check_repeatable, column, only_column
from .gate import Gate
from .session import Session

_WORD = re.compile(r"\w+")
_PERSON = frozenset({"RINPERSOON", "RINPERSOONS"})


@dataclass(frozen=True)
class Source:
    """Where the rows come from.

    Parameters
    ----------
    sql
        What follows FROM.
    columns
        Name → DuckDB type.
    dataset
        The data set, when the source is one.
    views
        Granted views it reads.
    missing
        Columns of amounts that have codes for missing: column → code → label.
    """

    sql: str
    columns: Mapping[str, str]
    dataset: Dataset | None
    views: frozenset[str]
    missing: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, text: str, dataset: Dataset | None, session: Session, gate: Gate, missing: Mapping[str, Mapping[str, str]]) -> Source:
        """Read a name or one SELECT; ``missing`` is that of the data sets a SELECT reads.

        Raises
        ------
        NotFound
            ``unknown_dataset``.
        CbsError
            What the gate or DuckDB has against the SELECT.
        """
        name = text.strip()
        if PLAIN.fullmatch(name):
            view = session.view(name)
            if view is None:
                raise unknown_dataset(name, session.views)
            return cls(quoted(view), session.columns(view), dataset, frozenset({view}), missing if dataset is None else missing_codes((dataset,)))
        admitted = gate.admit(text)
        check_repeatable(gate.tree(text))
        inner = f"(\n{name.rstrip('; ')}\n) AS source"
        try:
            columns = session.describe(f"SELECT * FROM {inner}")
        except duckdb.Error as error:
            known = [column for view in sorted(admitted.views) for column in session.columns(view)]
            raise explain(error, "", session.secrets, known, session.views) from error
        return cls(inner, columns, None, admitted.views, missing)

    def label(self, column: str | None) -> str:
        """Give the label of a column; empty where it has none."""
        variable = self._variable(column)
        return "" if variable is None else variable[0]

    def measured_in(self, column: str | None) -> str:
        """Give the unit of measurement of a column."""
        variable = self._variable(column)
        return "" if variable is None else variable[1]

    def codes(self, column: str | None) -> Mapping[str, str]:
        """Give the code list of a column: code → label."""
        variable = self._variable(column)
        return {} if variable is None else variable[2]

    def without_codes(self, value: Expression) -> tuple[Expression, list[Text]]:
        """Leave out of an amount the codes that stand for missing, and say so.

        A sum of codes is no sum, and among a few contributions they would hide who dominates: whoever knows how many codes there are takes
        them off. In an expression they stay, for it may be about them; that is said too, unless it names one.
        """
        if value.column is not None:
            codes = self._missing_of(value.column)
            if not codes:
                return value, []
            left_out = f"CASE WHEN {value.sql} NOT IN ({', '.join(codes)}) THEN {value.sql} END"
            return replace(value, sql=left_out), [
                Text(en=f"{value.column}: the codes for missing were left out: {_listed(codes)}.",
                     nl=f"{value.column}: de codes voor ontbrekend zijn weggelaten: {_listed(codes)}.")]  # fmt: skip
        words = {word.casefold() for word in _WORD.findall(value.sql)}
        notes = []
        for name, codes in self.missing.items():
            if name.casefold() in words and words.isdisjoint(code.lstrip("-") for code in codes):
                one = f"NULLIF({name}, {next(iter(codes))})"
                notes.append(
                    Text(en=f"{name} has codes for missing, which count as amounts here: {_listed(codes)}. {one} leaves one out.",
                         nl=f"{name} heeft codes voor ontbrekend, die hier als bedragen tellen: {_listed(codes)}. {one} laat er een weg.")
                )  # fmt: skip
        return value, notes

    def _missing_of(self, column: str) -> Mapping[str, str]:
        return next((codes for name, codes in self.missing.items() if name.casefold() == column.casefold()), {})

    def _variable(self, column: str | None) -> tuple[str, str, Mapping[str, str]] | None:
        if self.dataset is None or column is None:
            return None
        for variable in self.dataset.variables:
            if variable.name.casefold() == column.casefold():
                return variable.label, variable.unit, variable.codes
        return None

    def unit_word(self, unit: tuple[Expression, ...]) -> str:
        """Say what ``n`` counts."""
        names = {e.name.upper() for e in unit if e.name}
        if names and names <= _PERSON:
            return "person"
        if self.dataset is not None and names == {name.upper() for name in self.dataset.unit_key}:
            return self.dataset.unit
        return " + ".join(e.name for e in unit if e.name) if unit else ("row" if self.dataset is None else self.dataset.unit)


def _listed(codes: Mapping[str, str]) -> str:
    return ", ".join(f"{code} ({label})" if label else code for code, label in codes.items())


def unit_of(spec: TableSpec, source: Source) -> tuple[tuple[Expression, ...], list[Text]]:
    """Give the columns that name the unit, and what to say about them.

    With a holding the units of one holding are one; a unit without a holding stays itself.

    Raises
    ------
    NotFound
        ``unknown_column``.
    """
    unit, notes = _own_unit(spec, source)
    if spec.holding is None:
        return unit, notes
    holding = only_column(spec.holding, source.columns)
    alone = tuple(Expression("", f"CASE WHEN {holding.sql} IS NULL THEN {e.sql} END") for e in unit)
    notes.append(Text(en=f"Units of one {holding.name} count as one.", nl=f"Eenheden van één {holding.name} tellen als één."))
    return (holding, *alone), notes


def institution_of(spec: TableSpec, source: Source) -> tuple[Expression | None, list[Text]]:
    """Give the column that names the institution, the second level of units, and what to say about it."""
    if spec.institution is not None:
        return only_column(spec.institution, source.columns), []
    key = None if source.dataset is None else source.dataset.institution_key
    if key is None:
        return None, []
    if column(key, source.columns) is None:
        return None, [Text(en=f"Institutions were not counted: {key} is not granted.", nl=f"Instellingen zijn niet geteld: {key} is niet toegekend.")]
    return only_column(key, source.columns), []


def _own_unit(spec: TableSpec, source: Source) -> tuple[tuple[Expression, ...], list[Text]]:
    """Give the columns that name the unit, and what to say about them."""
    columns = source.columns
    asked = (spec.unit,) if isinstance(spec.unit, str) else spec.unit
    if asked:
        unit = tuple(only_column(name, columns) for name in asked)
        own = {name.casefold() for name in source.dataset.unit_key} if source.dataset is not None else set()
        if own and own != {e.name.casefold() for e in unit}:
            names = ", ".join(e.name for e in unit)
            return unit, [Text(en=f"n counts distinct {names}, as asked, not the data set's own units.",
                               nl=f"n telt verschillende {names}, zoals gevraagd, niet de eigen eenheden van het bestand.")]  # fmt: skip
        return unit, []
    if source.dataset is not None:
        return tuple(only_column(name, columns) for name in source.dataset.unit_key), []
    person = tuple(Expression(name, quoted(name), name) for name in columns if name.upper() in _PERSON)
    if any(e.name.upper() == "RINPERSOON" for e in person):
        return person, []
    return (), [Text(en="The source names no unit: each row counts as one. Give unit='<column>' where rows are not units.",
                     nl="De bron noemt geen eenheid: elke rij telt als één. Geef unit='<kolom>' waar rijen geen eenheden zijn.")]  # fmt: skip
