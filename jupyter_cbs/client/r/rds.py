"""Arrow tables in R's own serialization, so that base R reads them with ``readRDS``: exact types, no parsing, no package.

Format: R Internals, section 1.8 "Serialization Formats", version 2 in the machine's own byte order (``B``).

=======================================  =====================================================================
Arrow                                    R
=======================================  =====================================================================
bool                                     logical
integers of up to 32 bits                integer
other integers, decimals without places  numeric; character where a value passes 2^53, beyond which R rounds
other decimals, floating point           numeric; null is ``NA``, not-a-number stays ``NaN``
date                                     ``Date``
timestamp                                ``POSIXct``, in UTC where it has no time zone
duration                                 ``difftime`` in seconds
dictionary of texts                      ``factor``
text                                     character, UTF-8
binary                                   list of raw vectors
list                                     list of vectors
time, interval, structs, maps            character; structs and maps as JSON
=======================================  =====================================================================
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_SYMBOL, _PAIRS, _CHARS, _LOGICAL, _INTEGER, _REAL, _STRINGS, _LIST, _RAW = 1, 2, 9, 10, 13, 14, 16, 19, 24
_END: Final = 254
_OBJECT, _ATTRIBUTES, _TAG = 1 << 8, 1 << 9, 1 << 10
_UTF8: Final = 1 << (3 + 12)
_NA_INTEGER: Final = -(2**31)
_NA_REAL_BITS: Final = 0x7FF00000000007A2
"""R's missing number is a not-a-number with 1954 in its lower half (R source, arithmetic.c)."""
_EXACT: Final = 2**53
_BATCH: Final = 1 << 16
_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

Attribute = tuple[str, Callable[[], None]]


def write_frame(table: pa.Table, stream: BinaryIO) -> tuple[str, ...]:
    """Write a table as an R data frame.

    Parameters
    ----------
    table : pyarrow.Table
        Any types; see the module.
    stream : binary file
        Where ``readRDS`` will read.

    Returns
    -------
    tuple of str
        Columns of numbers that became texts because R's numbers could not hold them.
    """
    writer = _Writer(stream)
    stream.write(b"B\n")
    writer.integers(2, 0x00040202, 0x00020300)
    writer.integers(_LIST | _OBJECT | _ATTRIBUTES, table.num_columns)
    as_texts = tuple(field.name for field, column in zip(table.schema, table.columns, strict=True) if writer.column(column))

    def numbers_of_rows() -> None:
        # R's short form of 1…n
        writer.integers(_INTEGER, 2, _NA_INTEGER, -table.num_rows)

    writer.attributes(
        ("names", lambda: writer.texts(table.column_names)),
        ("row.names", numbers_of_rows),
        ("class", lambda: writer.texts(["data.frame"])),
    )
    return as_texts


class _Writer:
    """Writes R's vectors."""

    def __init__(self, stream: BinaryIO) -> None:
        self._write = stream.write

    def integers(self, *values: int) -> None:
        """Write integers as they are."""
        self._write(struct.pack(f"={len(values)}i", *values))

    def texts(self, values: Sequence[str]) -> None:
        """Write a character vector without missing values."""
        self._start(_STRINGS, len(values))
        for value in values:
            self._text(value)

    def attributes(self, *pairs: Attribute) -> None:
        """Write the attributes of the vector before."""
        for name, value in pairs:
            self.integers(_PAIRS | _TAG, _SYMBOL)
            self._text(name)
            value()
        self.integers(_END)

    def column(self, column: pa.ChunkedArray) -> bool:
        """Write a column as a vector; True when numbers became texts."""
        kind = column.type
        if pa.types.is_dictionary(kind):
            if pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type):
                self._factor(column)
                return False
            return self.column(column.cast(kind.value_type))
        if pa.types.is_boolean(kind) or pa.types.is_null(kind):
            self._integers(_LOGICAL, column.cast(pa.bool_()))
        elif pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0):
            return self._whole_numbers(column)
        elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            self._reals(column.cast(pa.float64()), len(column))
        elif pa.types.is_date(kind):
            self._reals(column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()), len(column), ("class", lambda: self.texts(["Date"])))
        elif pa.types.is_timestamp(kind):
            zone = kind.tz or "UTC"
            attributes = (("class", lambda: self.texts(["POSIXct", "POSIXt"])), ("tzone", lambda: self.texts([zone])))
            self._reals(_seconds(column), len(column), *attributes)
        elif pa.types.is_duration(kind):
            attributes = (("class", lambda: self.texts(["difftime"])), ("units", lambda: self.texts(["secs"])))
            self._reals(_seconds(column), len(column), *attributes)
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            return self._lists(column)
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            self._raws(column)
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_time(kind):
            self._strings(column.cast(pa.large_string()))
        else:
            self._strings(pa.chunked_array([[_as_text(value) for value in column.to_pylist()]], pa.large_string()))
        return False

    def _start(self, kind: int, length: int) -> None:
        if length < 2**31:
            self.integers(kind, length)
        else:
            self.integers(kind, -1, length >> 32, ((length & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000)

    def _text(self, value: str) -> None:
        data = value.replace("\0", "").encode("utf-8", "replace")
        self.integers(_CHARS | _UTF8, len(data))
        self._write(data)

    def _integers(self, kind: int, column: pa.ChunkedArray) -> None:
        self._start(kind, len(column))
        for chunk in column.chunks:
            self._write(pc.fill_null(chunk.cast(pa.int32()), _NA_INTEGER).to_numpy(zero_copy_only=False).tobytes())

    def _reals(self, column: pa.ChunkedArray, length: int, *attributes: Attribute) -> None:
        self._start(_REAL | (_OBJECT | _ATTRIBUTES if attributes else 0), length)
        for chunk in column.chunks:
            values = np.array(chunk.to_numpy(zero_copy_only=False), dtype=np.float64)
            if chunk.null_count:
                values.view(np.uint64)[chunk.is_null().to_numpy(zero_copy_only=False)] = _NA_REAL_BITS
            self._write(values.tobytes())
        if attributes:
            self.attributes(*attributes)

    def _whole_numbers(self, column: pa.ChunkedArray) -> bool:
        extremes = pc.min_max(column)
        least, most = (int(value) if value is not None else 0 for value in (extremes["min"].as_py(), extremes["max"].as_py()))
        narrow = pa.types.is_integer(column.type) and column.type.bit_width <= (32 if pa.types.is_signed_integer(column.type) else 16)
        if narrow and least > _NA_INTEGER:
            self._integers(_INTEGER, column)
            return False
        if least >= -_EXACT and most <= _EXACT:
            self._reals(column.cast(pa.float64()), len(column))
            return False
        self._strings(column.cast(pa.string()).cast(pa.large_string()))
        return True

    def _factor(self, column: pa.ChunkedArray) -> None:
        whole = column.unify_dictionaries()
        levels = whole.chunk(0).dictionary if whole.num_chunks else pa.array([], pa.string())
        if levels.null_count or len(pc.unique(levels)) != len(levels):
            self._strings(column.cast(pa.large_string()))
            return
        self._start(_INTEGER | _OBJECT | _ATTRIBUTES, len(whole))
        for chunk in whole.chunks:
            codes = pc.add(chunk.indices.cast(pa.int32()), pa.scalar(1, pa.int32()))
            self._write(pc.fill_null(codes, _NA_INTEGER).to_numpy(zero_copy_only=False).tobytes())
        self.attributes(("levels", lambda: self.texts(levels.to_pylist())), ("class", lambda: self.texts(["factor"])))

    def _strings(self, column: pa.ChunkedArray) -> None:
        self._start(_STRINGS, len(column))
        for chunk in column.chunks:
            for first in range(0, len(chunk), _BATCH):
                self._write(_characters(chunk.slice(first, _BATCH)))

    def _raws(self, column: pa.ChunkedArray) -> None:
        self._start(_LIST, len(column))
        for value in column:
            if value.is_valid:
                data = value.as_py()
                self._start(_RAW, len(data))
                self._write(data)
            else:
                self.integers(_END)

    def _lists(self, column: pa.ChunkedArray) -> bool:
        as_texts = False
        self._start(_LIST, len(column))
        for value in column:
            if value.is_valid:
                as_texts |= self.column(pa.chunked_array([value.values]))
            else:
                self.integers(_END)
        return as_texts


def _characters(texts: pa.Array) -> bytes:
    """Give R's strings for a few texts: for each the flags, the length, the bytes."""
    missing = texts.is_null().to_numpy(zero_copy_only=False)
    texts = pc.fill_null(texts, "")
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(data_buffer or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    if (data == 0).any():
        # R's strings end at the first zero
        return _characters(pc.if_else(pa.array(missing), None, pc.replace_substring(texts, "\0", "")))
    lengths = np.diff(offsets)
    heads = np.empty((len(texts), 2), dtype=np.int32)
    heads[:, 0] = np.where(missing, _CHARS, _CHARS | _UTF8)
    heads[:, 1] = np.where(missing, -1, lengths)
    out = np.empty(8 * len(texts) + len(data), dtype=np.uint8)
    starts = 8 * np.arange(len(texts)) + (offsets[:-1] - offsets[0])
    out[starts[:, None] + np.arange(8)] = heads.view(np.uint8).reshape(len(texts), 8)
    out[np.arange(len(data)) + 8 * np.repeat(np.arange(1, len(texts) + 1), lengths)] = data
    return out.tobytes()


def _seconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), float(_PER_SECOND[column.type.unit]))


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else str(value)
