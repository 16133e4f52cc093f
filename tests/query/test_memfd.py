"""Sealed memory."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from jupyter_cbs.system.memfd import UnsealedError, open_sealed, write_sealed


def test_sealed_memory_can_be_read_and_not_be_changed() -> None:
    with write_sealed("test") as memory:
        memory.file.write(b"result")
        fd = memory.seal()
    try:
        assert open_sealed(fd).to_pybytes() == b"result"
        for change in (lambda: os.pwrite(fd, b"x", 0), lambda: os.ftruncate(fd, 1), lambda: os.ftruncate(fd, 100)):
            with pytest.raises(PermissionError):
                change()
        with pytest.raises(PermissionError):
            mmap.mmap(fd, 6, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        again = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
        with pytest.raises(PermissionError):
            os.write(again, b"x")
        os.close(again)
    finally:
        os.close(fd)


def test_the_mapping_outlives_the_descriptor() -> None:
    with write_sealed("test") as memory:
        memory.file.write(b"result")
        fd = memory.seal()
    buffer = open_sealed(fd)
    os.close(fd)
    assert buffer.to_pybytes() == b"result"


def test_empty_memory_is_an_empty_buffer() -> None:
    with write_sealed("test") as memory:
        fd = memory.seal()
    assert open_sealed(fd).size == 0
    os.close(fd)


def test_what_is_not_sealed_is_refused(tmp_path: Path) -> None:
    unsealed = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    os.write(unsealed, b"x")
    unsealable = os.memfd_create("test")
    file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    for fd in (unsealed, unsealable, file):
        with pytest.raises(UnsealedError):
            open_sealed(fd)
        os.close(fd)


def test_memory_that_was_not_sealed_is_given_back() -> None:
    before = set(os.listdir("/proc/self/fd"))
    with write_sealed("test") as memory:
        memory.file.write(b"x")
    assert set(os.listdir("/proc/self/fd")) == before
