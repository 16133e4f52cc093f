"""A workspace to choose files from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import nbformat
import pytest

from jupyter_cbs.system.beneath import WorkspaceRoots

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)
SECRET = "RINPERSOON 123456789"


@pytest.fixture
def roots(tmp_path: Path) -> WorkspaceRoots:
    for area in ("shared", "personal"):
        (tmp_path / area).mkdir()
    return WorkspaceRoots(tmp_path / "shared", tmp_path / "personal")


@pytest.fixture
def put(roots: WorkspaceRoots) -> Callable[[str, bytes | str], str]:
    """Write a file of the shared area and give its workspace path."""

    def write(name: str, data: bytes | str) -> str:
        path = roots.shared / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return f"shared/{name}"

    return write


def notebook(language: str = "python", **metadata: Any) -> dict[str, Any]:
    """A notebook with outputs, pictures, attachments, widgets and metadata, each holding a secret."""
    v4 = nbformat.v4
    cells = [
        v4.new_markdown_cell(
            "# Costs\n![pasted](attachment:a.png) ![inline](data:image/png;base64,AAAASECRET)",
            attachments={"a.png": {"image/png": SECRET}},
        ),
        v4.new_code_cell(
            "import pandas as pd\n%matplotlib inline\nif True:\n    !ls /data\nx = 1",
            execution_count=7,
            metadata={"note": SECRET},
            outputs=[
                v4.new_output("stream", text=SECRET),
                v4.new_output("execute_result", {"text/plain": SECRET, "text/html": f"<table>{SECRET}</table>"}, execution_count=7),
                v4.new_output("display_data", {"image/png": SECRET}),
                v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": SECRET}}),
                v4.new_output("error", ename="E", evalue=SECRET, traceback=[SECRET]),
            ],
        ),
        v4.new_raw_cell("raw words"),
    ]
    widgets = {"application/vnd.jupyter.widget-state+json": {"version_major": 2, "state": {"m1": {"secret": SECRET}, "m2": {}}}}
    value = v4.new_notebook(cells=cells, metadata={"language_info": {"name": language}, "widgets": widgets, **metadata})
    return dict(nbformat.from_dict(value))


class FolderObjects:
    """A store of objects in a folder, as plain as one can be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def put(self, stream: BinaryIO) -> tuple[str, int]:
        data = stream.read()
        name = hashlib.sha256(data).hexdigest()
        (self.folder / name).write_bytes(data)
        return name, len(data)

    def open(self, sha256: str) -> BinaryIO:
        return (self.folder / sha256).open("rb")

    def check(self, sha256: str) -> None:
        if hashlib.sha256((self.folder / sha256).read_bytes()).hexdigest() != sha256:
            raise ValueError(f"object {sha256} is not what its name says")


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "objects")
