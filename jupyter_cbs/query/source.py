"""Where the rows of a table come from, and which columns name their units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from ..domain.dataset import Dataset
from ..domain.evidence import TableSpec
from ..domain.text import Text
from .explain import explain, quoted, unknown_dataset
from .expressions import PLAIN, Expression, check_repeatable, column, only_column
from .gate import Gate
from .session import Session

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
    """

    sql: str
    columns: Mapping[str, str]
    dataset: Dataset | None
    views: frozenset[str]

    @classmethod
    def of(cls, text: str, dataset: Dataset | None, session: Session, gate: Gate) -> Source:
        """Read a name or one SELECT.

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
            return cls(quoted(view), session.columns(view), dataset, frozenset({view}))
        admitted = gate.admit(text)
        check_repeatable(gate.tree(text))
        inner = f"(\n{name.rstrip('; ')}\n) AS source"
        try:
            columns = session.describe(f"SELECT * FROM {inner}")
        except duckdb.Error as error:
            known = [column for view in sorted(admitted.views) for column in session.columns(view)]
            raise explain(error, "", session.secrets, known, session.views) from error
        return cls(inner, columns, None, admitted.views)

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
