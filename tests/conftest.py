"""One real demo deployment for all tests that need one: broker, workspace servers, seven accounts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from running_demo import PERSONS, Demo, start_demo

# The same examples in every run, so that what fails on one machine fails on all, with the line that reproduces it; how fast the
# machine is counts for nothing. `pytest --hypothesis-profile=explore` looks for new examples and remembers what failed.
settings.register_profile("explore", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", settings.get_profile("explore"), derandomize=True, database=None)
settings.load_profile("steady")


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
