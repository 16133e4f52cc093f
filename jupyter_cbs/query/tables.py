"""Tables with evidence: from what was asked to the evidence frame (see :mod:`jupyter_cbs.domain.evidence`).

What the figures mean
---------------------
``count``
    Rows of the source (weighted where a weight is given), with ``values`` those that have a valid value; ``n`` counts distinct units.
``sum``, ``mean``
    Of the valid values, weighted where a weight is given.
``median``
    Of the valid values, unweighted.
``share``
    Percentage: with row and column dimensions of the row's total, else of the grand total; of the sum of ``values`` or, without, of the rows.

Missing markers (9999, '--') are categories and values like any other; only null, NaN and infinity are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import duckdb
import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from ..domain.dataset import Dataset
from ..domain.errors import CbsError, Invalid, TooLarge
from ..domain.evidence import Category, Dimension, TableSpec, evidence_schema
from ..domain.rules import QueryLimits, RuleProfile
from ..domain.text import Text
from . import evidence
from .evidence import Base
from .explain import explain, quoted, unknown_dataset
from .expressions import PLAIN, Expression, check_repeatable, condition, expression, only_column
from .gate import Gate
from .session import Session

MAX_DIMENSIONS = 6
_CATEGORIES = TypeAdapter(tuple[Category, ...])
_NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
_PERSON = frozenset({"RINPERSOON", "RINPERSOONS"})


class Answer(Protocol):
    """Runs one assembled SELECT."""

    def __call__(self, sql: str, own: frozenset[str] = frozenset()) -> pa.Table:
        """Give its rows; ``own`` are tables of the worker itself it may name."""


@dataclass(frozen=True)
class Evidence:
    """A table before it is judged.

    Parameters
    ----------
    frame
        Evidence frame.
    dimensions
        Rows first, then columns, with their categories in the order of display.
    value_label, value_unit, unit
        As in :class:`jupyter_cbs.domain.evidence.TableMeta`.
    notes
        What the reader should know.
    views
        Granted views that were read.
    """

    frame: pa.Table
    dimensions: tuple[Dimension, ...]
    value_label: str
    value_unit: str
    unit: str
    notes: tuple[Text, ...]
    views: frozenset[str]


def tabulate(
    spec: TableSpec, dataset: Dataset | None, profile: RuleProfile, limits: QueryLimits, session: Session, gate: Gate, answer: Answer
) -> Evidence:
    """Make a table with evidence.

    Parameters
    ----------
    spec : TableSpec
        What was asked.
    dataset : Dataset, optional
        The data set behind ``spec.source``; None when that is a SELECT.
    profile : RuleProfile
        Decides which groups need exact figures.
    limits : QueryLimits
        ``max_table_cells`` bounds the frame, margins included.
    session, gate, answer
        The worker's session, its gate, and how it runs an admitted SELECT.

    Raises
    ------
    NotFound
        ``unknown_dataset``, ``unknown_column``.
    Invalid
        ``expression``, ``sql_syntax``, ``values_missing``, ``values_not_numeric``, ``weight_not_numeric``, ``weight_median``,
        ``too_many_dimensions``, ``duplicate_dimension``, ``not_repeatable``.
    TooLarge
        ``too_many_cells``.
    """
    source = _Source.of(spec.source, dataset, session, gate)
    base, notes = _base(spec, source, session, gate)
    most = _most_rows(base, source, answer)
    exactly = most > 1 and spec.statistic in ("count", "share")
    mask = most >= evidence.MASK_FROM and not exactly
    found = answer(evidence.cells(base, spec.statistic, mask=mask, limit=limits.max_table_cells))
    if found.num_rows > limits.max_table_cells:
        raise _too_many_cells(limits.max_table_cells)
    frame = _Frame(found, len(base.dimensions))
    frame.bound(most)
    if most > 1:
        enough = evidence.proved(spec.statistic, profile, frame.n, frame.top1, frame.abs_total)
        _count_exactly(base, frame, np.zeros(len(enough), np.bool_) if exactly else enough, session, answer)
    if spec.statistic == "share":
        frame.to_shares(len(spec.rows) if spec.columns else 0)
    return Evidence(
        frame=frame.table(),
        dimensions=tuple(_dimension(i, e, frame, source) for i, e in enumerate(base.dimensions)),
        value_label=_value_label(spec, base),
        value_unit=_value_unit(spec, base, source),
        unit=source.unit_word(base.unit),
        notes=tuple(notes),
        views=source.views,
    )


@dataclass(frozen=True)
class _Source:
    """Where the rows come from."""

    sql: str
    columns: Mapping[str, str]
    dataset: Dataset | None
    views: frozenset[str]

    @classmethod
    def of(cls, text: str, dataset: Dataset | None, session: Session, gate: Gate) -> _Source:
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
        variable = self._variable(column)
        return "" if variable is None else variable[0]

    def measured_in(self, column: str | None) -> str:
        variable = self._variable(column)
        return "" if variable is None else variable[1]

    def codes(self, column: str | None) -> Mapping[str, str]:
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
        names = {e.name.upper() for e in unit}
        if names and names <= _PERSON:
            return "person"
        if self.dataset is not None and names == {name.upper() for name in self.dataset.unit_key}:
            return self.dataset.unit
        return " + ".join(e.name for e in unit) if unit else ("row" if self.dataset is None else self.dataset.unit)


def _base(spec: TableSpec, source: _Source, session: Session, gate: Gate) -> tuple[Base, list[Text]]:
    """Read the parts of the specification against the source's columns."""
    if len(spec.dimensions) > MAX_DIMENSIONS:
        raise Invalid(
            "too_many_dimensions",
            Text(en=f"A table has at most {MAX_DIMENSIONS} dimensions.", nl=f"Een tabel heeft hoogstens {MAX_DIMENSIONS} dimensies."),
            Text(en="Make several tables.", nl="Maak meer tabellen."),
        )
    if spec.values is None and spec.statistic in ("sum", "mean", "median"):
        raise Invalid(
            "values_missing",
            Text(en=f"A {spec.statistic} needs values.", nl=f"Voor '{spec.statistic}' zijn waarden nodig."),
            Text(en="Give values='<column>'.", nl="Geef values='<kolom>'."),
        )
    if spec.weight is not None and spec.statistic == "median":
        raise Invalid(
            "weight_median",
            Text(en="Medians are not weighted.", nl="Medianen worden niet gewogen."),
            Text(en="Leave the weight out, or ask for the mean.", nl="Laat het gewicht weg, of vraag het gemiddelde."),
        )
    columns = source.columns
    dimensions = tuple(expression(text, columns, gate) for text in spec.dimensions)
    names = [e.name.casefold() for e in dimensions]
    if len(set(names)) < len(names):
        raise Invalid(
            "duplicate_dimension",
            Text(en="A dimension occurs twice.", nl="Een dimensie komt twee keer voor."),
            Text(en="Give each its own alias: 'expression AS name'.", nl="Geef elk een eigen naam: 'expressie AS naam'."),
        )
    value = None if spec.values is None else expression(spec.values, columns, gate)
    weight = None if spec.weight is None else only_column(spec.weight, columns)
    if weight is not None and not columns[weight.name].startswith(_NUMERIC):
        raise _not_numeric("weight_not_numeric", weight.name, columns[weight.name])
    where = None if spec.where is None or not spec.where.strip() else condition(spec.where, gate)
    unit, notes = _unit(spec, source)
    institution = None
    if source.dataset is not None and source.dataset.institution_key is not None:
        institution = only_column(source.dataset.institution_key, columns)
    counting = spec.statistic == "count" or spec.values is None
    base = Base(source.sql, dimensions, value, counting, "other", weight, unit, institution, where)
    types = _types(base, session, gate)
    kind = types.get("v0", "")
    if value is not None and not counting and not kind.startswith((*_NUMERIC, "BOOLEAN")):
        raise _not_numeric("values_not_numeric", value.name, kind)
    if kind in ("FLOAT", "DOUBLE", "BOOLEAN"):
        base = replace(base, kind="bool" if kind == "BOOLEAN" else "float")
    return base, notes


def _unit(spec: TableSpec, source: _Source) -> tuple[tuple[Expression, ...], list[Text]]:
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


def _types(base: Base, session: Session, gate: Gate) -> dict[str, str]:
    text = f"SELECT * FROM {base.sql(unit=True, institution=True)}"
    # Admitted first: nothing a researcher wrote is bound, even for its types, before the gate has looked at it.
    try:
        gate.admit(text)
    except CbsError as error:
        raise without_position(error) from error
    try:
        return session.describe(text)
    except duckdb.Error as error:
        names = session.describe(f"SELECT * FROM {base.source}")
        raise explain(error, "", session.secrets, names, session.views) from error


def _most_rows(base: Base, source: _Source, answer: Answer) -> int:
    """Give M, the most rows any unit has: the catalogue's figure where it speaks of these rows and units, else counted."""
    if not base.unit:
        return 1
    dataset = source.dataset
    if dataset is not None and dataset.max_rows_per_unit is not None and dataset.unit_key:
        own = {name.casefold() for name in dataset.unit_key}
        if own <= {e.name.casefold() for e in base.unit}:
            return max(1, dataset.max_rows_per_unit)
    most: int = answer(evidence.most_rows(base)).column("most")[0].as_py()
    return max(1, most)


class _Frame:
    """The evidence while it is being put together; arrays of shape (m,), one element per cell and margin."""

    def __init__(self, found: pa.Table, dimensions: int) -> None:
        self.found = found
        self.dimensions = dimensions
        self.codes = [found.column(f"d{i}").to_pylist() for i in range(dimensions)]
        self.totals = [found.column(f"g{i}").to_numpy() for i in range(dimensions)]
        self.value = _floats(found, "value")
        self.rows = _ints(found, "rows")
        self.valid = _ints(found, "valid")
        self.abs_total = _floats(found, "abs_total")
        self.n = self.valid.copy()
        self.top1 = _floats(found, "largest")
        self.top2 = np.full(len(self.n), np.nan)
        self.n_exact = np.ones(len(self.n), np.bool_)
        self.top_exact = np.ones(len(self.n), np.bool_)

    def bound(self, most: int) -> None:
        """Set bounds on units and largest contributions; where a row is a unit they are the figures themselves."""
        self.n, self.top1 = evidence.bounds(self.valid, self.top1, most, _ints(self.found, "bits"))
        known = self.valid == 0 if most > 1 else np.ones(len(self.n), np.bool_)
        self.n_exact, self.top_exact = known.copy(), known.copy()

    def pattern(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Give for each row which dimensions it totals, as bits."""
        bits = np.zeros(len(self.n), np.int64)
        for i, total in enumerate(self.totals):
            bits |= total.astype(np.int64) << i
        return bits

    def to_shares(self, leading: int) -> None:
        """Turn values into percentages of the total over all but the first ``leading`` dimensions."""
        base = {}
        keys = [tuple((self.totals[i][row], self.codes[i][row]) for i in range(leading)) for row in range(len(self.n))]
        over = np.ones(len(self.n), np.bool_)
        for i in range(leading, self.dimensions):
            over &= self.totals[i]
        if not leading:
            for total in self.totals:
                over &= total
        for row in np.flatnonzero(over).tolist():
            base[keys[row]] = self.value[row]
        whole = np.array([base[key] for key in keys], np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.value = np.where(whole != 0, 100 * self.value / whole, np.nan)

    def table(self) -> pa.Table:
        """Give the evidence frame."""
        found = self.found
        arrays = [found.column(f"d{i}") for i in range(self.dimensions)]
        arrays += [found.column(f"g{i}") for i in range(self.dimensions)]
        arrays += [
            pa.array(self.value, from_pandas=True),
            pa.array(self.rows),
            pa.array(self.rows - self.valid),
            pa.array(self.n),
            pa.array(self.n_exact),
            found.column("total"),
            found.column("abs_total"),
            pa.array(self.top1, from_pandas=True),
            pa.array(self.top2, from_pandas=True),
            pa.array(self.top_exact),
            found.column("negatives"),
            found.column("institutions"),
        ]
        schema = evidence_schema(self.dimensions)
        return pa.table([_one(array).cast(field.type) for array, field in zip(arrays, schema, strict=True)], schema=schema)


def _count_exactly(base: Base, frame: _Frame, proved: evidence.Mask, session: Session, answer: Answer) -> None:
    """Count units and contributions of the groups the bounds do not settle, margin by margin."""
    undecided = ~proved & (frame.valid > 0)
    pattern = frame.pattern()
    for bits in np.unique(pattern[undecided]).tolist():
        grouped = [i for i in range(frame.dimensions) if not bits >> i & 1]
        rows = np.flatnonzero((pattern == bits) & undecided)
        at = pa.array(rows)
        keys = pa.table({"cell": at, **{f"k{i}": frame.found.column(f"k{i}").take(at) for i in grouped}})
        session.connection.register(evidence.KEYS, keys)
        try:
            counted = answer(evidence.per_unit(base, grouped), frozenset({evidence.KEYS}))
        finally:
            session.connection.unregister(evidence.KEYS)
        cell = _ints(counted, "cell")
        frame.n[cell] = _ints(counted, "n")
        frame.top1[cell] = _floats(counted, "top1")
        frame.top2[cell] = _floats(counted, "top2")
        frame.n_exact[cell] = frame.top_exact[cell] = True


def _dimension(i: int, what: Expression, frame: _Frame, source: _Source) -> Dimension:
    """Give a dimension with its categories: code lists in their own order, everything else sorted, missing last."""
    alone = ~frame.totals[i]
    for j, total in enumerate(frame.totals):
        if j != i:
            alone = alone & total
    present = [frame.codes[i][row] for row in np.flatnonzero(alone).tolist()]
    labels = source.codes(what.column)
    known = set(present)
    listed = [code for code in labels if code in known]
    rest = [code for code in present if code not in labels]
    # In one call: there can be tens of thousands.
    categories = _CATEGORIES.validate_python(
        [{"code": code, "label": "unknown" if code is None else labels.get(code) or code} for code in [*listed, *rest]]
    )
    return Dimension(name=what.name, label=source.label(what.column) or what.name, categories=categories)


def _value_label(spec: TableSpec, base: Base) -> str:
    what = "" if base.value is None else f" {base.value.name}"
    if spec.statistic == "share":
        return f"share{what} of {'row total' if spec.rows and spec.columns else 'total'}"
    return f"{spec.statistic}{what}"


def _value_unit(spec: TableSpec, base: Base, source: _Source) -> str:
    if spec.statistic == "share":
        return "%"
    if base.counting:
        return "rows" if source.dataset is None else source.dataset.unit
    return source.measured_in(base.value.column) if base.value is not None else ""


def _floats(table: pa.Table, name: str) -> evidence.Floats:
    return np.asarray(table.column(name).to_numpy(), np.float64)


def _ints(table: pa.Table, name: str) -> evidence.Ints:
    return np.array(table.column(name).to_numpy(), np.int64)


def _one(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def without_position(error: CbsError) -> CbsError:
    """Take the position off an error in an assembled statement: it is no place in what the researcher wrote."""
    error.position = None
    return error


def _not_numeric(code: str, name: str, kind: str) -> Invalid:
    return Invalid(
        code,
        Text(en=f"'{name}' is {kind}, not a number.", nl=f"'{name}' is {kind}, geen getal."),
        Text(en="Choose a numeric column, or convert: values='TRY_CAST(x AS DOUBLE)'.",
             nl="Kies een numerieke kolom, of zet om: values='TRY_CAST(x AS DOUBLE)'."),
    )  # fmt: skip


def _too_many_cells(most: int) -> TooLarge:
    return TooLarge(
        "too_many_cells",
        Text(en=f"The table has more than {most:,} cells, margins included.", nl=f"De tabel heeft meer dan {most:,} cellen, inclusief totalen."),
        Text(en="Use coarser categories, or fewer dimensions.", nl="Gebruik grovere categorieën, of minder dimensies."),
    )
