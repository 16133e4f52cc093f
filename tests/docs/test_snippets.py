"""What the pages show is run: Python of a notebook in a real kernel, Python of a script beside a real deployment.

Blocks of a page run in order in one kernel. ``<!-- raises NAME -->`` before a block says which error it shows,
``<!-- a script -->`` that it runs outside a notebook, beside a folder ``.demo``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from doc_reference import ROOT
from running_demo import Demo, environment

BLOCK = re.compile(r"(?:<!-- (?P<note>raises \w+|a script) -->\n+)?^(?P<indent> *)```python\n(?P<code>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
PAGES = [
    "README.md",
    "docs/reference/notebook.md",
    "docs/how-to/mend-an-output.md",
    "docs/how-to/check-a-model.md",
    "docs/how-to/check-a-figure.md",
    "docs/how-to/prepare-an-export.md",
    "docs/how-to/free-storage.md",
]
SCRIPTS = ["docs/how-to/run-without-a-browser.md"]


def blocks(page: str) -> list[tuple[str, str]]:
    return [(match["note"] or "", dedent(match["code"])) for match in BLOCK.finditer((ROOT / page).read_text(encoding="utf-8"))]


@pytest.fixture
def tidy(deployment: Demo) -> Iterator[None]:
    """Take away what a page wrote, so that other tests find the workspace as it was."""
    areas = (deployment.shared(), deployment.personal("researcher"))
    before = {path for area in areas for path in area.iterdir()}
    yield
    for path in {path for area in areas for path in area.iterdir()} - before:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize("page", PAGES)
def test_cells_run(page: str, deployment: Demo) -> None:
    cells = blocks(page)
    assert cells
    with deployment.client("researcher").kernel("personal/pages.ipynb") as kernel:
        for note, code in cells:
            output = kernel.run(code)
            wanted = note.removeprefix("raises ") if note else None
            assert (output.error[0] if output.error else None) == wanted, (code, output.error)


@pytest.mark.parametrize("page", SCRIPTS)
def test_scripts_run(page: str, deployment: Demo, tmp_path: Path) -> None:
    (tmp_path / ".demo").symlink_to(deployment.root)
    scripts = [code for note, code in blocks(page) if note == "a script"]
    assert scripts
    for code in scripts:
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
