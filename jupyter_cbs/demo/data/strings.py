"""Fixed-width strings and code columns, made in bulk straight into Arrow buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Integers = npt.NDArray[Any]
_HEX = np.frombuffer(b"".join(b"%02x" % i for i in range(256)), dtype=np.uint8).reshape(256, 2)


def fixed(characters: npt.NDArray[np.uint8]) -> pa.StringArray:
    """Turn an (n, width) matrix of ASCII codes into n strings without copying them one by one."""
    rows, width = characters.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(characters)))


def digits(values: Integers, width: int) -> pa.StringArray:
    """Write non-negative integers with leading zeros, as keys and dates are written."""
    rest = values.astype(np.uint64)
    out = np.empty((len(rest), width), dtype=np.uint8)
    for place in range(width - 1, -1, -1):
        rest, out[:, place] = np.divmod(rest, np.uint64(10))
    out += ord("0")
    return fixed(out)


def mix(values: Integers, salt: int) -> npt.NDArray[np.uint64]:
    """Scatter 64-bit integers over their whole range (finaliser of SplitMix64, a bijection)."""
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) + np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def hex32(values: Integers, salt: int) -> pa.StringArray:
    """Give 32 hexadecimal characters per value, as encrypted keys look; equal values give equal keys."""
    both = np.stack([mix(values, salt), mix(values, salt + 1)], axis=1)
    return fixed(_HEX[both.view(np.uint8)].reshape(len(values), 32))


_HALF = np.uint64(15)
_MASK = np.uint64(2**15 - 1)


def _shuffle(values: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Permute 0 … 2³⁰-1 (four Feistel rounds)."""
    left, right = values >> _HALF, values & _MASK
    for turn in range(4):
        left, right = right, left ^ (mix(right, seed * 4 + turn + 1) & _MASK)
    return left << _HALF | right


def person_numbers(ids: Integers, seed: int) -> pa.StringArray:
    """Give the nine digits of RINPERSOON: a permutation of 0 … 10⁹-1, so that numbers are unique and say nothing of the order.

    Parameters
    ----------
    ids : array of int
        Numbers 0 … 10⁹-1 of the persons.
    seed : int
        Another seed gives other numbers.
    """
    numbers = _shuffle(ids.astype(np.uint64), seed % 2**32)
    # What falls outside nine digits is permuted again until it falls inside: still one-to-one.
    while (outside := np.flatnonzero(numbers >= 10**9)).size:
        numbers[outside] = _shuffle(numbers[outside], seed % 2**32)
    return digits(numbers, 9)


def dates(days: npt.NDArray[np.datetime64]) -> pa.StringArray:
    """Write days as YYYYMMDD."""
    years = days.astype("datetime64[Y]")
    months = days.astype("datetime64[M]")
    year = years.astype(np.int64) + 1970
    month = (months - years.astype("datetime64[M]")).astype(np.int64) + 1
    day = (days.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    return digits(year * 10_000 + month * 100 + day, 8)


def coded(codes: Integers, labels: Sequence[str]) -> pa.DictionaryArray:
    """Give a column of codes from small integers that point into ``labels``."""
    width = np.int8 if len(labels) < 128 else np.int16
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(width)), pa.array(labels, pa.string()))


def constant(value: str, rows: int) -> pa.DictionaryArray:
    """Give a column with one code."""
    return coded(np.zeros(rows, dtype=np.int8), [value])
