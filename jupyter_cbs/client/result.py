"""Results of queries: mapped, not copied, and shown with their size and time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ..domain.errors import Internal, Unavailable
from ..domain.text import Text
from ..system.memfd import open_sealed
from . import markup
from .connection import Reply
from .errors import readable
from .language import number, pick, seconds, size

if TYPE_CHECKING:
    import pandas
    import polars

SHOWN_ROWS = 20
SHOWN_COLUMNS = 30
SHOWN_CHARACTERS = 200
_EXACT = 2**53
"""Whole numbers up to this size are exact as floating point."""


def read_arrow(reply: Reply) -> pa.Table:
    """Give the Arrow table of a reply: its sealed chunks in order, mapped without a copy, or its inline payload.

    Raises
    ------
    Internal
        If there is no Arrow in it, or memory that is not sealed: its writer could still change what was checked.
    """
    tables = []
    try:
        while reply.chunks:
            fd, length = reply.chunks.pop(0)
            try:
                tables.append(_stream(pa.py_buffer(open_sealed(fd)).slice(0, length)))
            finally:
                os.close(fd)
        if reply.payload:
            tables.append(_stream(pa.py_buffer(reply.payload)))
    except (pa.ArrowInvalid, OSError, ValueError, EOFError) as error:
        reply.close()
        raise Internal(
            "bad_result",
            Text(
                en="The result arrived damaged or in memory that is not sealed, so it was not read.",
                nl="Het resultaat kwam beschadigd aan of in geheugen dat niet verzegeld is, en is niet gelezen.",
            ),
            Text(
                en="Run the query again; if it lasts, tell the administrator.", nl="Voer de query opnieuw uit; blijft dit zo, meld het de beheerder."
            ),
        ) from error
    if not tables:
        return pa.table({})
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables)


def _fits_double(column: pa.ChunkedArray) -> bool:
    """Whether whole numbers stay what they are as floating point."""
    bounds = pc.min_max(column).as_py()
    return bounds["min"] is None or (bounds["min"] >= -_EXACT and bounds["max"] <= _EXACT)


def _nullable(kind: pa.DataType) -> Any:
    """Give pandas' type of whole numbers that may be missing."""
    import pandas

    return pandas.UInt64Dtype() if pa.types.is_unsigned_integer(kind) else pandas.Int64Dtype()


def _stream(buffer: pa.Buffer) -> pa.Table:
    with pa.ipc.open_stream(buffer) as reader:
        return reader.read_all()


class Result:
    """What a query gave.

    Parameters
    ----------
    data : pyarrow.Table
        The rows.
    answer : dict
        The broker's description: ``rows``, ``bytes``, ``seconds``, ``columns``, ``sources``.
    lang : str
        Language of the display.
    text : str
        The SQL.
    """

    def __init__(self, data: pa.Table, answer: dict[str, Any], lang: str, text: str = "") -> None:
        self._data = data
        self._types = {str(c.get("name")): str(c.get("type")) for c in answer.get("columns") or [] if isinstance(c, dict)}
        self._lang = lang
        self.text = text
        self.seconds: float | None = answer.get("seconds")
        self.bytes: int | None = answer.get("bytes")
        self.sources: tuple[str, ...] = tuple(answer.get("sources") or ())

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self._data.num_rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._data.column_names)

    def arrow(self) -> pa.Table:
        """Give the rows as a :class:`pyarrow.Table`; no copy is made, the memory is read-only."""
        return self._data

    def df(self) -> pandas.DataFrame:
        """Give the rows as a pandas data frame that pandas can calculate, plot and group.

        Decimals, which sums of whole numbers are too, become floating point as in DuckDB's own ``df()``, and dates become moments;
        :meth:`arrow` has them exactly. Whole numbers with missing values become floating point, or nullable whole numbers where that
        would change one.
        """
        table = self._data
        for place, field in enumerate(table.schema):
            if pa.types.is_decimal(field.type):
                table = table.set_column(place, field.name, table.column(place).cast(pa.float64()))
        frame: pandas.DataFrame = table.to_pandas(date_as_object=False)
        for place, column in enumerate(table.columns):
            if pa.types.is_integer(column.type) and column.null_count and not _fits_double(column):
                frame.isetitem(place, column.to_pandas(types_mapper=_nullable))
        return frame

    def pl(self) -> polars.DataFrame:
        """Give the rows as a polars data frame.

        Raises
        ------
        Unavailable
            If polars is not installed here.
        """
        try:
            import polars
        except ImportError:
            raise readable(
                Unavailable(
                    "polars_missing",
                    Text(en="polars is not installed in this environment.", nl="polars is niet geïnstalleerd in deze omgeving."),
                    Text(
                        en="Use .df() or .arrow(), or ask the administrator to add polars.",
                        nl="Gebruik .df() of .arrow(), of vraag de beheerder polars toe te voegen.",
                    ),
                ),
                self._lang,
            ) from None
        frame: polars.DataFrame = polars.from_arrow(self._data)
        return frame

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for batch in self._data.to_batches(max_chunksize=10_000):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def summary(self) -> str:
        """Say in one line how much it is and how long it took."""
        lang = self._lang
        shown = min(self.rows, SHOWN_ROWS)
        count = number(self.rows, lang)
        rows = pick(lang, "row", "rij") if self.rows == 1 else pick(lang, "rows", "rijen")
        parts = [f"{count} {rows}" if shown == self.rows else pick(lang, f"first {shown} of {count} rows", f"eerste {shown} van {count} rijen")]
        columns = len(self.columns)
        word = pick(lang, "column" if columns == 1 else "columns", "kolom" if columns == 1 else "kolommen")
        first = pick(lang, f"first {SHOWN_COLUMNS} of ", f"eerste {SHOWN_COLUMNS} van ") if columns > SHOWN_COLUMNS else ""
        parts.append(f"{first}{columns} {word}")
        if self.bytes is not None:
            parts.append(size(self.bytes, lang))
        if self.seconds is not None:
            parts.append(seconds(self.seconds, lang))
        parts += self.sources
        return " · ".join(parts)

    def _repr_html_(self) -> str:
        fields = list(self._data.schema)[:SHOWN_COLUMNS]
        right = [pa.types.is_integer(f.type) or pa.types.is_floating(f.type) or pa.types.is_decimal(f.type) for f in fields]
        head = markup.row(
            "".join(
                markup.cell(markup.esc(f.name), tag="th", right=r, extra=f' scope="col" title="{markup.esc(self._types.get(f.name, f.type))}"')
                for f, r in zip(fields, right, strict=True)
            )
        )
        body = "".join(markup.row("".join(markup.cell(_value(v), right=r) for v, r in zip(values, right, strict=True))) for values in self._first())
        if not self.rows:
            nothing = pick(self._lang, "No rows: the query ran, nothing matched.", "Geen rijen: de query is uitgevoerd, niets voldeed.")
            body = markup.row(markup.cell(markup.quiet(nothing), extra=f' colspan="{max(1, len(fields))}"'))
        shown = markup.table(head, body, pick(self._lang, "query result", "resultaat van de query"))
        return markup.block(f'<div style="overflow-x:auto">{shown}</div>{markup.quiet(self.summary())}')

    def _first(self) -> list[tuple[Any, ...]]:
        few = self._data.slice(0, SHOWN_ROWS)
        return list(zip(*(column.to_pylist() for column in few.columns[:SHOWN_COLUMNS]), strict=True)) if few.num_columns else []

    def __repr__(self) -> str:
        lines = ["  ".join(self.columns[:SHOWN_COLUMNS])]
        lines += ["  ".join("" if v is None else _cut(str(v)) for v in values) for values in self._first()]
        return "\n".join([*lines, f"({self.summary()})"])


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _value(value: Any) -> str:
    if value is None:
        return markup.quiet("–") + markup.unseen("null")
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return markup.esc(_cut(text))
