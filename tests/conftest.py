"""One real demo deployment for all tests that need one: broker, workspace servers, seven accounts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_demo import PERSONS, Demo, start_demo


@pytest.fixture(scope="session")
def short_dir() -> Iterator[Path]:
    """A folder whose path leaves room for the names of sockets."""
    folder = Path(tempfile.mkdtemp(prefix="cbt-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def deployment(short_dir: Path) -> Iterator[Demo]:
    """The demo that tests share; a test that changes something others see puts it back."""
    (short_dir / "shared").mkdir()
    demo = start_demo(short_dir / "shared" / "d", "--persons", str(PERSONS), "--lab-setting", "expose_app_in_browser=true")
    yield demo
    demo.stop()
