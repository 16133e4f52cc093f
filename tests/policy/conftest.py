from __future__ import annotations

import shutil
from pathlib import Path

import pytest

POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the policies this product ships."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))
