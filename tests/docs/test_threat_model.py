"""The threat model names a test for each wall, and every test it names exists."""

from __future__ import annotations

import ast
import re

import pytest
from doc_reference import ROOT

PAGE = (ROOT / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", PAGE)))


def test_it_names_tests() -> None:
    assert len(NAMED) > 25


@pytest.mark.parametrize("name", NAMED)
def test_the_test_exists(name: str) -> None:
    path, _, function = name.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert function in functions if function else any(known.startswith("test_") for known in functions)


def test_every_wall_has_one() -> None:
    walls = [line for line in PAGE.partition("## Walls")[2].partition("\n## ")[0].splitlines() if line.startswith("| ")][2:]
    assert len(walls) > 12
    assert [line for line in walls if "`tests/" not in line] == []
