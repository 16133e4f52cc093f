"""Sealed memory: bytes that nobody can change any more, passed between processes as a descriptor.

A result is written into a memfd, sealed against writing, growing, shrinking and further sealing, and passed on;
the receiver maps it without a copy (design: performance, section 1). Memory of a peer that is not sealed is never
mapped: the peer could change it, or truncate it under the reader (design: security, Broker).
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
from types import TracebackType
from typing import BinaryIO, Self

import pyarrow as pa

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
_libc.mmap.restype = ctypes.c_void_p
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_MAP_FAILED = ctypes.c_void_p(-1).value

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
"""What a sealed descriptor refuses: more seals, shrinking, growing, writing."""


class UnsealedError(ValueError):
    """A descriptor is no fully sealed memory."""


class SealedWriter:
    """Memory that is written once and then sealed; made by :func:`write_sealed`.

    Leaving the ``with`` block without :meth:`seal` gives the memory back.
    """

    def __init__(self, name: str) -> None:
        self._fd = os.memfd_create(name, os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
        self.file: BinaryIO = os.fdopen(os.dup(self._fd), "wb", buffering=0)

    def seal(self) -> int:
        """Seal what was written and give the descriptor, which the caller then owns.

        Returns
        -------
        int
            A descriptor of the sealed memory.

        Raises
        ------
        OSError
            If the kernel does not seal it, e.g. because a writable mapping exists.
        """
        self.file.close()
        fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, SEALS)
        fd, self._fd = self._fd, -1
        return fd

    def close(self) -> None:
        """Give the memory back, unless it was sealed."""
        self.file.close()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def write_sealed(name: str) -> SealedWriter:
    """Start writing memory that will be sealed.

    Parameters
    ----------
    name : str
        A label for debugging; it says nothing about the content.
    """
    return SealedWriter(name)


def open_sealed(fd: int) -> pa.Buffer:
    """Map sealed memory for reading, without a copy.

    Parameters
    ----------
    fd : int
        A descriptor; it stays the caller's and may be closed afterwards.

    Returns
    -------
    pyarrow.Buffer
        The content; the mapping lives as long as the buffer.

    Raises
    ------
    UnsealedError
        If the descriptor is no memory, or misses one of the seals.
    """
    try:
        seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    except OSError as error:
        raise UnsealedError("the descriptor is no memory that can be sealed") from error
    if seals & SEALS != SEALS:
        raise UnsealedError("the memory is not sealed")
    size = os.fstat(fd).st_size
    if size == 0:
        return pa.py_buffer(b"")
    mapping = _Mapping(fd, size)
    return pa.foreign_buffer(mapping.address, size, mapping)


class _Mapping:
    """Read-only memory that keeps no descriptor.

    Python's own ``mmap`` keeps a duplicate of the descriptor for as long as the mapping lives (``trackfd`` comes with 3.13), and a
    notebook that holds many results would run out of descriptors.
    """

    def __init__(self, fd: int, size: int) -> None:
        address = _libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
        if address in (None, _MAP_FAILED):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        self.address: int = address
        self._size = size

    def __del__(self) -> None:
        if hasattr(self, "address"):
            _libc.munmap(self.address, self._size)
