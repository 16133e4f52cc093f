"""Tables with evidence: from what was asked to the evidence frame (see :mod:`jupyter_cbs.domain.evidence`).

What the figures mean
---------------------
``count``
    Rows of the source (weighted where a weight is given), with ``values`` those that have a valid value; ``n`` counts distinct units.
``units``
    Distinct units with a valid value, unweighted.
``sum``, ``mean``
    Of the valid values, weighted where a weight is given.
``ratio``
    Sum of the values over the sum of the second column, of rows that have both.
``median``, ``percentile``
    Of the valid values, unweighted, interpolated between ranks.
``min``, ``max``, ``mode``
    Of the valid values; of several modes the lowest.
``mean_lowest``, ``mean_highest``
    Mean over the units with the lowest or highest value; of a unit with several rows its lowest or highest.
``sd``, ``variance``, ``correlation``
    Of the valid values (of rows with both), with denominator r - 1.
``gini``
    Of the units' totals.
``share``
    Percentage of the total that is asked for; of the sum of ``values`` or, without, of the rows.

Of a column of amounts the codes that its code list names for missing (9999999999) are left out as null, NaN and infinity are. In dimensions
and conditions missing markers ('--', 9999) are categories and values like any other.

A row that names no unit (its unit column is null) counts for none in ``n``; what such rows of a cell hold is taken for that of one contributor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Protocol

import duckdb
import numpy as np
import pyarrow as pa

from ..domain.dataset import Dataset
from ..domain.errors import CbsError, Invalid
from ..domain.evidence import Dimension, TableSpec
from ..domain.rules import QueryLimits, RuleProfile
from ..domain.text import Text, whole
from . import asking, bins, curves, evidence, margins
from .evidence import Base, Kind
from .explain import explain, quoted
from .expressions import PLAIN, Expression, condition, expression, only_column
from .frame import Frame
from .gate import Gate
from .levels import Levels, by_chains, by_mapping, by_prefix, check_merge, tree
from .listing import Listing
from .session import Session
from .source import Source, institution_of, unit_of

_REMEMBERED = 1000
"""Of how many values a session remembers whether the short first pass does for them, and of how many tables the types of their rows."""


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
    listed
        The dimensions, rows first, then columns, with their categories in the order of display.
    value_label, value_unit, unit
        As in :class:`jupyter_cbs.domain.evidence.TableMeta`.
    notes
        What the reader should know.
    views
        Granted views that were read.
    """

    frame: pa.Table
    listed: tuple[Listing, ...]
    value_label: str
    value_unit: str
    unit: str
    notes: tuple[Text, ...]
    views: frozenset[str]

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Give the dimensions with their categories as objects."""
        return tuple(listing.dimension() for listing in self.listed)


@dataclass(frozen=True)
class Plan:
    """A specification read against the source's columns.

    Parameters
    ----------
    spec, source
        What was asked, and where the rows come from.
    base
        The rows.
    notes
        What the reader should know.
    bins
        Labels of the bins of a histogram in their order; they are the first of the column dimensions.
    types
        Name → DuckDB type of the rows.
    """

    spec: TableSpec
    source: Source
    base: Base
    notes: list[Text]
    bins: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """SQL of the value as a number, for bins."""
        if self.base.value is None:
            raise asking.bad_bins()
        return f"({self.base.value.sql})::{'INTEGER' if self.base.kind == 'bool' else 'DOUBLE'}"


def tabulate(
    spec: TableSpec,
    dataset: Dataset | None,
    profile: RuleProfile,
    limits: QueryLimits,
    session: Session,
    gate: Gate,
    answer: Answer,
    missing: Mapping[str, Mapping[str, str]] | None = None,
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
    missing : mapping, optional
        Of a SELECT, the amounts of the data sets it reads that have codes for missing: column → code → label.

    Raises
    ------
    NotFound
        ``unknown_dataset``, ``unknown_column``.
    Invalid
        ``expression``, ``sql_syntax``, ``values_not_numeric``, ``weight_not_numeric``, ``duplicate_dimension``, ``not_repeatable``,
        ``merge``, ``merge_across_subtotals``, ``hierarchy``, ``hierarchy_code_taken``, ``too_many_levels``, and those of
        :func:`jupyter_cbs.query.asking.check`.
    TooLarge
        ``too_many_cells``.
    """
    asking.check(spec)
    source = Source.of(spec.source, dataset, session, gate, missing or {})
    plan = _plan(spec, source, profile, session, gate)
    if spec.statistic in ("lorenz", "survival"):
        return _curve(plan, session, gate, limits, answer)
    if spec.bins is not None:
        plan = _binned(plan, answer)
    plan = replace(plan, base=replace(plan.base, levels=_levels(plan, limits, session, gate, answer)))
    base = plan.base
    if prod(base.level(i).depth + 2 for i in range(len(base.dimensions))) > asking.MAX_GROUPINGS:
        raise asking.too_many_groupings()
    frame = _gather(plan, profile, limits, session, answer)
    listed = tuple(_listing(i, e, frame, plan) for i, e in enumerate(base.dimensions))
    if spec.statistic == "share":
        frame.to_shares(_kept(plan))
    return Evidence(
        frame=frame.table(),
        listed=listed,
        value_label=_value_label(plan),
        value_unit=_value_unit(plan),
        unit=source.unit_word(base.unit),
        notes=tuple(plan.notes),
        views=source.views,
    )


def _gather(plan: Plan, profile: RuleProfile, limits: QueryLimits, session: Session, answer: Answer) -> Frame:
    """Run the scans and put their figures together."""
    spec, base = plan.spec, plan.base
    statistic = spec.statistic
    most, nameless = _rows_per_unit(base, plan.source, session, answer)
    several = most > 1 or nameless
    exactly = nameless or (several and statistic in ("count", "units", "share"))
    mask = most >= evidence.MASK_FROM and not exactly
    percentile = 0.5 if statistic == "median" else spec.percentile
    found = _cells(plan, mask, percentile, limits, session, answer)
    frame = Frame(found, len(base.dimensions))
    known = frame.bound(most, percentile, not (base.apart and base.weighting == "expansion"))
    enough = evidence.proved(statistic, profile, known, spec.extremes)
    if exactly:
        enough = np.zeros(len(frame), np.bool_)
    _count_exactly(plan, frame, enough, several, nameless, profile, session, answer)
    if statistic == "units":
        frame.value = frame.n.astype(np.float64)
    if statistic in evidence.SPECIAL:
        extremes = spec.extremes or evidence.EXTREMES
        sql = evidence.special(base, statistic, per_unit=several, extremes=extremes, largest=profile.dominance_units, nameless=nameless)
        frame.take_special(answer(sql))
    if base.institution is not None:
        frame.take_institutions(answer(evidence.institutions(base)))
    if plan.bins:
        _mark_edges(plan, frame, answer)
    return frame


def _cells(plan: Plan, mask: bool, percentile: float | None, limits: QueryLimits, session: Session, answer: Answer) -> pa.Table:
    """Run the first pass; the short statement where values may be expected to be neither negative, NaN nor infinite, and are not."""
    base, statistic = plan.base, plan.spec.statistic

    def ask(sql: str) -> pa.Table:
        found = answer(sql)
        if found.num_rows > limits.max_table_cells:
            raise asking.too_many_cells(limits.max_table_cells)
        return found

    def cube(short: bool = False) -> pa.Table:
        return ask(evidence.cells(base, statistic, mask=mask, limit=limits.max_table_cells, percentile=percentile, short=short))

    added = _adds_up(plan) and not mask
    if base.counting and added:
        cells = ask(evidence.alone(base, limit=limits.max_table_cells))
        return _with_margins(plan, cells, limits) or cube()
    value = base.value
    if value is None or not base.bare or statistic in evidence.DIRECT:
        return cube()
    named = (base.source, value.sql)
    if named not in session.plain_values:
        if len(session.plain_values) >= _REMEMBERED:
            session.plain_values.clear()
        session.plain_values[named] = _starts_at_zero(plan, answer)
    if session.plain_values[named]:
        stated = _is_stated(plan) and statistic != "min"
        found = ask(evidence.alone(base, limit=limits.max_table_cells, stated=stated)) if added else cube(short=True)
        if evidence.holds(found):
            return (_with_margins(plan, found, limits) or cube(short=True)) if added else found
        session.plain_values[named] = False
    return cube()


def _adds_up(plan: Plan) -> bool:
    """Tell whether the margins may be taken from the cells here: plain categories, no weights, nothing that is added otherwise than as doubles."""
    base = plan.base
    plain = all(not base.level(i).depth and not base.level(i).merge for i in range(len(base.dimensions)))
    if not base.dimensions or not plain or plan.bins or base.weight is not None or base.second is not None:
        return False
    if any(plan.types.get(key) not in margins.KEYS for key in base.keys) or plan.spec.statistic in evidence.DIRECT:
        return False
    return base.counting or plan.types.get("v0") in margins.VALUES


def _with_margins(plan: Plan, cells: pa.Table, limits: QueryLimits) -> pa.Table | None:
    """Add the margins to the cells; None where there are no cells, or where whole numbers are too large for doubles."""
    if not cells.num_rows or (plan.base.kind != "float" and np.nansum(np.array(cells.column("total").to_numpy(), np.float64)) >= margins.EXACT):
        return None
    found = margins.with_margins(cells, len(plan.base.dimensions), plan.spec.statistic)
    if found.num_rows > limits.max_table_cells:
        raise asking.too_many_cells(limits.max_table_cells)
    return found


def _is_stated(plan: Plan) -> bool:
    """Tell whether the value is a column of a data set as it stands, of which DuckDB reads the smallest value from the file's own statistics."""
    value = plan.base.value
    if value is None or value.column is None or plan.base.kind == "bool":
        return False
    return value.sql == quoted(value.column) and PLAIN.fullmatch(plan.spec.source.strip()) is not None


def _starts_at_zero(plan: Plan, answer: Answer) -> bool:
    """Tell whether a column of a data set has no negative value; of others it is hoped."""
    if not _is_stated(plan):
        return True
    lowest = answer(f"SELECT {evidence.lowest_of(plan.base)} AS low").column("low")[0].as_py()
    return lowest is None or lowest >= 0


def _plan(spec: TableSpec, source: Source, profile: RuleProfile, session: Session, gate: Gate) -> Plan:
    """Read the parts of the specification against the source's columns."""
    columns = source.columns
    dimensions = tuple(expression(text, columns, gate) for text in spec.dimensions)
    value, of_value = (None, []) if spec.values is None else source.without_codes(expression(spec.values, columns, gate))
    second, of_second = (None, []) if spec.second is None else source.without_codes(expression(spec.second, columns, gate))
    weight = None if spec.weight is None else only_column(spec.weight, columns)
    if weight is not None and not columns[weight.name].startswith(asking.NUMERIC):
        raise asking.not_numeric("weight_not_numeric", weight.name, columns[weight.name])
    where = None if spec.where is None or not spec.where.strip() else condition(spec.where, gate)
    unit, notes = unit_of(spec, source)
    institution, more = institution_of(spec, source)
    counting = spec.statistic in ("count", "units") or spec.values is None or spec.bins is not None
    base = Base(
        source.sql, dimensions, value, counting, "other", weight, unit, institution, where, second, "other", weighting=profile.weighted_dominance
    )
    types = types_of(base, session, gate)
    kind, second_kind = types.get("v0", ""), types.get("y0", "")
    if value is not None and (not counting or spec.bins is not None) and not _is_number(kind):
        raise asking.not_numeric("values_not_numeric", value.name, kind)
    if second is not None and not _is_number(second_kind):
        raise asking.not_numeric("values_not_numeric", second.name, second_kind)
    base = replace(base, kind=_kind(kind), second_kind=_kind(second_kind))
    plan = Plan(spec, source, base, [*notes, *more, *of_value, *of_second], types=types)
    names = [e.name.casefold() for e in dimensions]
    if len(set(names)) < len(names):
        raise Invalid(
            "duplicate_dimension",
            Text(en="A dimension occurs twice.", nl="Een dimensie komt twee keer voor."),
            Text(en="Give each its own alias: 'expression AS name'.", nl="Geef elk een eigen naam: 'expressie AS naam'."),
        )
    return plan


def _is_number(kind: str) -> bool:
    return kind.startswith((*asking.NUMERIC, "BOOLEAN"))


def _kind(kind: str) -> Kind:
    return "bool" if kind == "BOOLEAN" else "float" if kind in ("FLOAT", "DOUBLE") else "other"


def _curve(plan: Plan, session: Session, gate: Gate, limits: QueryLimits, answer: Answer) -> Evidence:
    """Make a Lorenz or survival curve for each group of the rows."""
    spec, base, source = plan.spec, plan.base, plan.source
    k = len(base.dimensions)
    if spec.statistic == "lorenz":
        steps = spec.steps or curves.STEPS
        most, nameless = _rows_per_unit(base, source, session, answer)
        sql = curves.lorenz_sql(base, steps, several=most > 1 or nameless, nameless=nameless)
        frame, named = curves.lorenz_frame(answer(sql), k, steps)
        step, label, unit = "share_of_units", f"lorenz {base.value.name if base.value is not None else ''}", "%"
    else:
        if spec.time is None or spec.event is None:
            raise asking.time_missing()
        time, event = expression(spec.time, source.columns, gate), expression(spec.event, source.columns, gate)
        if base.unit:
            curves.check_rows(*_counted_rows(base, answer))
        sql = curves.survival_sql(base, time, event, spec.width)
        try:
            gate.admit(sql)
        except CbsError as error:
            raise without_position(error) from error
        frame, named = curves.survival_frame(answer(sql), k)
        step, label, unit = time.name, f"survival {event.name}", ""
    if frame.num_rows > limits.max_table_cells:
        raise asking.too_many_cells(limits.max_table_cells)
    listed = [_named(e, curves.groups_of(frame, i), source, Levels({})) for i, e in enumerate(base.dimensions)]
    listed.append(Listing(name=step, label=step, codes=tuple(code for code, _ in named), labels=dict(named), parents={}))
    return Evidence(frame, tuple(listed), label, unit, source.unit_word(base.unit), tuple(plan.notes), source.views)


def _binned(plan: Plan, answer: Answer) -> Plan:
    """Make the bins of the values the first column dimension; rows without a value, or outside the edges, are left out."""
    base, spec = plan.base, plan.spec
    value = base.value
    if value is None or spec.bins is None:
        raise asking.bad_bins()
    number = plan.number
    known = f"{number} IS NOT NULL AND isfinite({number}::DOUBLE)"
    where = known if base.where is None else f"{base.where} AND {known}"
    if isinstance(spec.bins, int):
        range_ = answer(f"SELECT min({number})::DOUBLE AS low, max({number})::DOUBLE AS high FROM {base.source} WHERE {where}").to_pylist()[0]
        low, high = range_["low"], range_["high"]
        edges = bins.round_edges(0.0 if low is None else low, 1.0 if high is None else high, spec.bins)
    else:
        edges = bins.edges_of(spec.bins)
    dimension = Expression(value.name, bins.assigned(number, edges), value.column)
    split = len(spec.rows)
    dimensions = (*base.dimensions[:split], dimension, *base.dimensions[split:])
    inside = f"({where} AND {bins.within(number, edges)})"
    outside = answer(f"SELECT count(*)::BIGINT AS c FROM {base.source} WHERE {where} AND NOT {bins.within(number, edges)}").to_pylist()[0]["c"]
    notes = [*plan.notes]
    if outside:
        notes.append(
            Text(
                en=f"Rows outside the edges were left out: {whole(outside, 'en')}.",
                nl=f"Rijen buiten de grenzen zijn weggelaten: {whole(outside, 'nl')}.",
            )
        )
    return replace(plan, base=replace(base, dimensions=dimensions, where=inside), notes=notes, bins=bins.labels(edges))


def _mark_edges(plan: Plan, frame: Frame, answer: Answer) -> None:
    """Set ``ties`` of the outer bins to the rows that lie exactly on the outer edge, where some do: there it is an extreme of the data."""
    base, at = plan.base, len(plan.spec.rows)
    number = plan.number
    low, high = plan.bins[0][1:].split(", ")[0], plan.bins[-1][:-1].split(", ")[1]
    counted = answer(
        f"SELECT count(*) FILTER ({number} = {low})::BIGINT AS low, count(*) FILTER ({number} = {high})::BIGINT AS high "
        f"FROM {base.source} WHERE {base.where}"
    ).to_pylist()[0]  # fmt: skip
    codes = np.array(frame.codes[at], object)
    for name, code in (("low", plan.bins[0]), ("high", plan.bins[-1])):
        here = (codes == code) & (frame.levels[at] == 0)
        if counted[name]:
            frame.ties[here] = np.fmin(np.where(np.isnan(frame.ties[here]), counted[name], frame.ties[here]), counted[name])


def _levels(plan: Plan, limits: QueryLimits, session: Session, gate: Gate, answer: Answer) -> tuple[Levels, ...]:
    """Read merges and hierarchies, and find the codes of those that are columns."""
    spec, base = plan.spec, plan.base
    names = {e.name.casefold(): i for i, e in enumerate(base.dimensions)}
    merges = {_place(name, names, base): merge for name, merge in (spec.merge or {}).items()}
    wanted = {_place(name, names, base): hierarchy for name, hierarchy in (spec.hierarchies or {}).items()}
    made = []
    for i, dimension in enumerate(base.dimensions):
        merge = merges.get(i, {})
        check_merge(dimension.name, merge)
        hierarchy = wanted.get(i)
        if hierarchy is None:
            made.append(Levels(merge))
        elif isinstance(hierarchy, dict):
            made.append(by_mapping(hierarchy, merge))
        elif isinstance(hierarchy, str) or all(isinstance(part, str) for part in hierarchy):
            columns = (hierarchy,) if isinstance(hierarchy, str) else tuple(str(part) for part in hierarchy)
            made.append(_by_columns(plan, i, columns, merge, limits, gate, answer))
        else:
            made.append(by_prefix([int(part) for part in hierarchy], merge))
    return tuple(made)


def _place(name: str, names: dict[str, int], base: Base) -> int:
    if name.casefold() not in names:
        raise asking.unknown_dimension(name, tuple(e.name for e in base.dimensions))
    return names[name.casefold()]


def _by_columns(
    plan: Plan, i: int, columns: Sequence[str], merge: dict[str, tuple[str, ...]], limits: QueryLimits, gate: Gate, answer: Answer
) -> Levels:
    """Look up which codes of the columns stand above each code.

    A code of a column that is also a code below it is called by its column as well: ``PROVINCIE 20``.
    """
    base, source = plan.base, plan.source
    if not columns:
        raise asking.unknown_dimension("", tuple(e.name for e in base.dimensions))
    above = [expression(text, source.columns, gate) for text in columns]
    asked = replace(base, dimensions=(base.dimensions[i], *above), value=None, second=None, weight=None, counting=True, levels=())
    texts = ", ".join(f"k{at}::VARCHAR AS c{at}" for at in range(len(above) + 1))
    pairs = answer(f"SELECT DISTINCT {texts} FROM {asked.sql(unit=False, institution=False)} LIMIT {limits.max_table_cells + 1}")
    if pairs.num_rows > limits.max_table_cells:
        raise asking.too_many_cells(limits.max_table_cells)
    taken = {code for code in pairs.column("c0").to_pylist() if code is not None}
    names: list[dict[str, str]] = []
    labels: dict[str, str] = {}
    for at, column in enumerate(above, start=1):
        codes = sorted({code for code in pairs.column(f"c{at}").to_pylist() if code is not None})
        named = {code: code if code not in taken else f"{column.name} {code}" for code in codes}
        taken |= set(named.values())
        names.append(named)
        listed = source.codes(column.column)
        labels |= {name: listed.get(code) or name for code, name in named.items()}
    chains: dict[str, tuple[str, ...]] = {}
    for row in pairs.to_pylist():
        code = row["c0"]
        if code is None:
            continue
        chain = tuple(names[at - 1][row[f"c{at}"]] for at in range(len(above), 0, -1) if row[f"c{at}"] is not None)
        if chains.setdefault(code, chain) != chain:
            name = base.dimensions[i].name
            raise Invalid(
                "hierarchy",
                Text(en=f"Category '{code}' of {name} lies under more than one of {', '.join(columns)}.",
                     nl=f"Categorie '{code}' van {name} ligt onder meer dan één van {', '.join(columns)}."),
                Text(en="Use it as a dimension of its own, or choose the rows in which it is one.",
                     nl="Gebruik die als eigen dimensie, of kies de rijen waarin het er één is."),
            )  # fmt: skip
    _check_nested(chains, base.dimensions[i].name)
    return by_chains(chains, merge, labels)


def _check_nested(chains: dict[str, tuple[str, ...]], name: str) -> None:
    """Refuse a subtotal that lies under two others, or at two depths."""
    parent: dict[str, tuple[str, ...]] = {}
    for chain in chains.values():
        for at, node in enumerate(chain):
            if parent.setdefault(node, chain[:at]) != chain[:at]:
                raise Invalid(
                    "hierarchy",
                    Text(
                        en=f"Subtotal '{node}' of {name} lies under more than one other.",
                        nl=f"Subtotaal '{node}' van {name} ligt onder meer dan één.",
                    ),
                    Text(en="Name the columns from fine to coarse.", nl="Noem de kolommen van fijn naar grof."),
                )


def types_of(base: Base, session: Session, gate: Gate) -> dict[str, str]:
    """Give the types of a table's rows: name → DuckDB type."""
    text = f"SELECT * FROM {base.sql(unit=True, institution=True)}"
    if text in session.types:
        return session.types[text]
    # Admitted first: nothing a researcher wrote is bound, even for its types, before the gate has looked at it.
    try:
        gate.admit(text)
    except CbsError as error:
        raise without_position(error) from error
    try:
        types = session.describe(text)
    except duckdb.Error as error:
        names = session.describe(f"SELECT * FROM {base.source}")
        raise explain(error, "", session.secrets, names, session.views) from error
    if len(session.types) >= _REMEMBERED:
        session.types.clear()
    session.types[text] = types
    return types


def _rows_per_unit(base: Base, source: Source, session: Session, answer: Answer) -> tuple[int, bool]:
    """Give M, the most rows any unit has, and whether there may be rows that name none.

    M is the catalogue's figure where it speaks of these rows and units, else counted.
    """
    if not base.unit:
        return 1, False
    dataset = source.dataset
    if dataset is not None and dataset.max_rows_per_unit is not None and dataset.unit_key:
        own = {name.casefold() for name in dataset.unit_key}
        if own <= {e.name.casefold() for e in base.unit}:
            asked = evidence.nameless_rows(base)
            if asked not in session.nameless:
                session.nameless[asked] = bool(answer(asked).column("nameless")[0].as_py())
            return max(1, dataset.max_rows_per_unit), session.nameless[asked]
    return _counted_rows(base, answer)


def _counted_rows(base: Base, answer: Answer) -> tuple[int, bool]:
    counted = answer(evidence.most_rows(base))
    return max(1, counted.column("most")[0].as_py()), bool(counted.column("nameless")[0].as_py())


def _count_exactly(
    plan: Plan, frame: Frame, proved: evidence.Mask, several: bool, nameless: bool, profile: RuleProfile, session: Session, answer: Answer
) -> None:
    """Count units and contributions of the groups the bounds do not settle, margin by margin."""
    base, statistic = plan.base, plan.spec.statistic
    ranked = statistic in evidence.RANKED
    percentile = 0.5 if statistic == "median" else plan.spec.percentile
    undecided = ~proved & (frame.valid > 0)
    if not undecided.any():
        return
    pattern = np.zeros(len(frame), np.int64)
    for level, i in zip(frame.levels, range(frame.dimensions), strict=True):
        pattern = pattern * (base.level(i).depth + 2) + level + 1
    for kind in np.unique(pattern[undecided]).tolist():
        rows = np.flatnonzero((pattern == kind) & undecided)
        grouped = [(i, int(level[rows[0]])) for i, level in enumerate(frame.levels) if level[rows[0]] >= 0]
        at = pa.array(rows)
        keys = {"cell": at} | {f"k{i}": frame.found.column(f"{'d' if level else 'k'}{i}").take(at) for i, level in grouped}
        if ranked:
            keys["at"] = pa.array(frame.value[rows], from_pandas=True)
        plain = frozenset(i for i, _ in grouped if not keys[f"k{i}"].null_count and not pa.types.is_floating(keys[f"k{i}"].type))
        session.connection.register(evidence.KEYS, pa.table(keys))
        try:
            sql = evidence.per_unit(
                base, grouped, several=several, ranked=ranked, largest=profile.dominance_units, plain=plain, nameless=nameless
            )  # fmt: skip
            counted = answer(sql, frozenset({evidence.KEYS}))
        finally:
            session.connection.unregister(evidence.KEYS)
        if not frame.agrees(counted, rows):
            raise asking.other_rows()
        frame.take_exact(counted, ranked, percentile, True)


def _kept(plan: Plan) -> list[int]:
    """Give the dimensions a percentage is not totalled over."""
    spec = plan.spec
    rows, all_ = range(len(spec.rows)), range(len(plan.base.dimensions))
    of = spec.share_of or ("row" if spec.rows and len(plan.base.dimensions) > len(spec.rows) else "total")
    return [*rows] if of == "row" else [i for i in all_ if i not in rows] if of == "column" else []


def _listing(i: int, what: Expression, frame: Frame, plan: Plan) -> Listing:
    """Give a dimension with its categories: code lists in their own order, everything else sorted, missing last."""
    if plan.bins and i == len(plan.spec.rows):
        return Listing(name=what.name, label=plan.source.label(what.column) or what.name, codes=plan.bins, labels={}, parents={})
    return _named(what, frame.order_of(i), plan.source, plan.base.level(i))


def _named(what: Expression, present: list[str | None], source: Source, level: Levels) -> Listing:
    labels = dict(source.codes(what.column))
    codes = present
    if labels:
        known = set(present)
        codes = [*(code for code in labels if code in known), *(code for code in present if code not in labels)]
    if level.merge:
        codes = _with_merged(codes, labels, level)
    ordered, parents = tree(codes, level)
    labels |= level.labels or {}
    shown = set(ordered) if labels else set()
    own = {code: name for code, name in labels.items() if name and code in shown and code not in level.merge}
    return Listing(name=what.name, label=source.label(what.column) or what.name, codes=tuple(ordered), labels=own, parents=parents)


def _with_merged(codes: list[str | None], labels: dict[str, str], level: Levels) -> list[str | None]:
    """Put merged categories where the first of their members would stand; codes have become text, so numbers are sorted as such again."""
    place = {code: at for at, code in enumerate(labels)}
    member = level.merge
    numbers = all(_number(code) is not None for name in codes if name is not None for code in member.get(name, (name,)))

    def order(code: str | None) -> tuple[bool, bool, float, str]:
        if code is None:
            return True, False, 0.0, ""
        ranks = []
        for part in member.get(code, (code,)):
            number = _number(part) if numbers else None
            ranks.append((False, part not in place, float(place.get(part, 0)) if part in place or number is None else number, part))
        return min(ranks)

    return sorted(codes, key=order)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _value_label(plan: Plan) -> str:
    spec, base = plan.spec, plan.base
    name = "" if base.value is None or plan.bins else f" {base.value.name}"
    if spec.statistic == "share":
        of = spec.share_of or ("row" if spec.rows and len(base.dimensions) > len(spec.rows) else "total")
        return f"share{name} of {'total' if of == 'total' else f'{of} total'}"
    if spec.statistic == "percentile" and spec.percentile is not None:
        return f"p{spec.percentile * 100:g}{name}"
    if spec.statistic in ("mean_lowest", "mean_highest"):
        return f"mean of the {spec.extremes or evidence.EXTREMES} {'lowest' if spec.statistic == 'mean_lowest' else 'highest'}{name}"
    if base.second is not None:
        return f"{spec.statistic}{name} {'/' if spec.statistic == 'ratio' else 'and'} {base.second.name}"
    return f"{spec.statistic}{name}"


def _value_unit(plan: Plan) -> str:
    spec, base, source = plan.spec, plan.base, plan.source
    if spec.statistic == "share":
        return "%"
    if spec.statistic == "units":
        return source.unit_word(base.unit)
    if base.counting:
        return "rows" if source.dataset is None else source.dataset.unit
    if spec.statistic in ("correlation", "gini", "ratio", "variance"):
        return ""
    return source.measured_in(base.value.column) if base.value is not None else ""


def without_position(error: CbsError) -> CbsError:
    """Take the position off an error in an assembled statement: it is no place in what the researcher wrote."""
    error.position = None
    return error
