"""Models are checked by the real rules: what the client declares goes through the wire's own form to the judge."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_cbs.client.models import ModelReport
from jupyter_cbs.client.models.extract import Given, extract
from jupyter_cbs.disclosure.models import judge_model
from jupyter_cbs.domain.figure import OutputReport
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.model import ModelEvidence
from jupyter_cbs.domain.rules import RuleProfile

Check = Callable[..., ModelReport]


def check_model(obj: Any, X: Any = None, y: Any = None, unit: Any = None, lang: str = "en", profile: RuleProfile | None = None) -> ModelReport:
    extracted = extract(obj, Given(X, y, unit))
    assert extracted is not None
    sent = ModelEvidence.model_validate_json(extracted.declared.model_dump_json())
    findings = judge_model(sent, [profile or RuleProfile()])
    report = OutputReport(
        status=Status.worst([f.status for f in findings]),
        findings=findings,
        fingerprint=hashlib.sha256(sent.model_dump_json().encode()).hexdigest(),
        least_units=10,
    )
    answer = OutputReport.model_validate(report.model_dump(mode="json", context={"lang": lang}))
    return ModelReport(answer, extracted, lang)


@pytest.fixture
def check() -> Check:
    return check_model


def codes(report: ModelReport) -> set[tuple[str, str]]:
    return {(f.rule.value, f.status.value) for f in report.findings}
