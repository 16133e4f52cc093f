"""Waiting for one descriptor."""

from __future__ import annotations

import os

import pytest
from descriptors import many_open

from jupyter_cbs.system.waiting import becomes_readable


def test_what_is_told_of_a_pipe() -> None:
    reading, writing = os.pipe()
    try:
        assert not becomes_readable(reading, 0)
        assert not becomes_readable(reading, 0.01)
        os.write(writing, b"x")
        assert becomes_readable(reading, 0)
        assert becomes_readable(reading)
        os.read(reading, 1)
        os.close(writing)
        assert becomes_readable(reading, 0)
    finally:
        os.close(reading)
    with pytest.raises(OSError, match="Bad file descriptor"):
        becomes_readable(reading, 0)


def test_a_large_number_is_one_like_any_other() -> None:
    with many_open():
        test_what_is_told_of_a_pipe()
