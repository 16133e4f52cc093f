"""The examples of the reference page are what the commands answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jupyter_cbs.disclosure.relations.answers import audit_document, protected_document
from jupyter_cbs.disclosure.relations.audit import audit
from jupyter_cbs.disclosure.relations.problem import TableProblem, parse
from jupyter_cbs.disclosure.relations.protect import protect

PAGE = (Path(__file__).parents[2] / "docs/reference/table-problem.md").read_text(encoding="utf-8")
DOCUMENTS: list[str] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples() -> None:
    problem = parse(DOCUMENTS[0])
    assert audit_document(audit(problem), problem) == json.loads(DOCUMENTS[1])
    answer: dict[str, Any] = protected_document(protect(problem), "en")
    assert answer.pop("reasons")
    assert answer == json.loads(DOCUMENTS[2])


def test_every_field_is_described() -> None:
    for name in TableProblem.model_fields.keys() - {"published"}:
        assert f"`{name}`" in PAGE, name


def test_the_imports_work() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "table-problem.md", "exec"), {})
