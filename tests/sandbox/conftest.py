"""Sandboxes for the tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from .boxes import Boxes, make_folder


@pytest.fixture
def boxes() -> Iterator[Boxes]:
    folder = make_folder()
    yield Boxes(folder)
    shutil.rmtree(folder)
