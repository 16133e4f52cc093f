"""Results on their way out of a worker: inline when small, else sealed memory, piece by piece.

The reader streams: DuckDB works on while a piece is written, and the worker never holds the whole result. Writing
into fresh memory costs about what a fresh allocation would have cost (design: performance, section 1).
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from ..domain.errors import TooLarge
from ..domain.rules import QueryLimits
from ..domain.text import Text, whole
from ..system.memfd import write_sealed

INLINE_BYTES = 2**20
"""Results up to this size travel in the answer itself."""
CHUNK_BYTES = 48 * 2**20
"""Size from which a piece is sealed and sent."""
WINDOW_BYTES = 4 * CHUNK_BYTES
"""Most bytes that are on their way and not yet taken by the receiver; the writer waits."""


class Batches(Protocol):
    """A stream of Arrow batches."""

    schema: pa.Schema

    def read_next_batch(self) -> pa.RecordBatch:
        """Give the next batch; StopIteration at the end."""

    def read_all(self) -> pa.Table:
        """Give what is left as one table."""


@dataclass
class Delivered:
    """What went out.

    Parameters
    ----------
    rows, bytes
        Size of the whole result; bytes as Arrow IPC.
    inline
        The whole result as one Arrow IPC stream, or None when it went out in pieces.
    """

    rows: int
    bytes: int
    inline: builtins.bytes | None


def deliver(reader: Batches, limits: QueryLimits, send: Callable[[int, int, int], None]) -> Delivered:
    """Take a result to its end.

    Parameters
    ----------
    reader : Batches
        The result.
    limits : QueryLimits
        Most rows and bytes.
    send : callable
        Called with (descriptor of sealed memory, its bytes, rows so far) for each piece; owns the descriptor.

    Raises
    ------
    TooLarge
        ``too_many_rows`` or ``too_many_bytes``; pieces may have gone out before.
    """
    rows = seen = sent = 0
    held: list[pa.RecordBatch] = []
    piece: _Piece | None = None
    pieces = False
    try:
        while (batch := _next(reader)) is not None:
            rows += batch.num_rows
            seen += batch.nbytes
            if rows > limits.max_rows:
                raise _too_large("too_many_rows", limits.max_rows, Text(en="rows", nl="rijen"))
            if seen > limits.max_bytes:
                raise _too_large("too_many_bytes", limits.max_bytes, Text(en="bytes", nl="bytes"))
            held.append(batch)
            if seen <= INLINE_BYTES and not pieces:
                continue
            if piece is None:
                piece = _Piece(reader.schema)
                pieces = True
            for waiting in held:
                piece.write(waiting)
            held = []
            if piece.bytes >= CHUNK_BYTES:
                sent += piece.hand_over(send, rows)
                piece = None
        if piece is not None:
            sent += piece.hand_over(send, rows)
            piece = None
    finally:
        if piece is not None:
            piece.close()
    if pieces:
        return Delivered(rows, sent, None)
    inline = to_stream(reader.schema, held)
    return Delivered(rows, len(inline), inline)


def to_stream(schema: pa.Schema, batches: list[pa.RecordBatch]) -> bytes:
    """Write batches as one Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


class _Piece:
    """One complete Arrow IPC stream in memory that will be sealed."""

    def __init__(self, schema: pa.Schema) -> None:
        self.bytes = 0
        self._memory = write_sealed("result")
        self._writer = pa.ipc.new_stream(pa.PythonFile(self._memory.file, mode="w"), schema)

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)
        self.bytes += batch.nbytes

    def hand_over(self, send: Callable[[int, int, int], None], rows: int) -> int:
        self._writer.close()
        fd = self._memory.seal()
        size = os.fstat(fd).st_size
        send(fd, size, rows)
        return size

    def close(self) -> None:
        self._memory.close()


def _next(reader: Batches) -> pa.RecordBatch | None:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None


def _too_large(code: str, most: int, unit: Text) -> TooLarge:
    return TooLarge(
        code,
        Text(en=f"The result is larger than {whole(most, 'en')} {unit.en}.", nl=f"Het resultaat is groter dan {whole(most, 'nl')} {unit.nl}."),
        Text(
            en="Aggregate or filter in SQL, select fewer columns, or take a part with LIMIT.",
            nl="Aggregeer of filter in SQL, kies minder kolommen, of neem een deel met LIMIT.",
        ),
    )
