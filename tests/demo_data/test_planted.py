"""Every planted case, run with exactly what its project is granted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_cbs.catalogue.scope import Scope
from jupyter_cbs.demo.data import document
from jupyter_cbs.demo.data.grants import GRANTS, NOBODY
from jupyter_cbs.demo.data.planted import CASES
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.finding import Rule
from jupyter_cbs.policy.store import PolicyDirectory

REFERENCE = Path(__file__).parents[2] / "docs/reference/demo-data.md"


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{i}-{case.rule}" for i, case in enumerate(CASES)])
def test_the_figures_are_the_same_at_every_size_and_seed(demo: Any, number: int) -> None:
    case = CASES[number]
    granted = Scope.of(demo.index, GRANTS[case.project]).views()
    with demo.engine(granted) as engine:
        assert tuple(engine.execute(case.sql).fetchall()) == case.answer


def test_every_data_rule_has_a_case() -> None:
    shown = {Rule(case.rule) for case in CASES}
    assert shown >= {
        Rule.IDENTIFIER,
        Rule.MICRODATA,
        Rule.MIN_FREQUENCY,
        Rule.GROUP_DISCLOSURE,
        Rule.WITHIN_GROUP,
        Rule.DOMINANCE,
        Rule.DEGREES_OF_FREEDOM,
        Rule.INSTITUTION,
        Rule.MIN_MAX,
        Rule.PERCENTILE,
        Rule.ZERO,
        Rule.SECONDARY,
        Rule.UNION,
        Rule.INSIDER,
        Rule.DIFFERENCING,
    }


@pytest.mark.parametrize("case", [case for case in CASES if case.parameters], ids=lambda case: case.rule)
def test_table_calls_name_columns_that_exist(small: Any, case: Any) -> None:
    spec = TableSpec.model_validate(case.parameters)
    dataset = Scope.of(small.index, GRANTS[case.project]).get(spec.source)
    unit = (spec.unit,) if isinstance(spec.unit, str) else spec.unit or ()
    wanted = {*spec.dimensions, *([spec.values] if spec.values else []), *unit}
    assert wanted <= {variable.name for variable in dataset.variables}
    assert f'ws.table("{spec.source}"' in case.call


def test_grants(small: Any) -> None:
    granted = {name for grants in GRANTS.values() for name in Scope.of(small.index, grants).views()}
    assert set(NOBODY) <= set(small.index.files)
    assert not set(NOBODY) & granted
    assert set(small.index.files) - granted == set(NOBODY)
    unmatched = {grant for grants in GRANTS.values() for grant in Scope.of(small.index, grants).unmatched}
    assert unmatched == {"RANDHIETAB", "FLIGHTSTAB"}  # real data, not made by the generator


def test_the_reference_page_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == document.markdown(), "run: python -m jupyter_cbs.demo.data.document > docs/reference/demo-data.md"


def test_the_projects_policies_grant_what_the_demo_data_are_made_for() -> None:
    policies = PolicyDirectory(Path(__file__).parents[2] / "policies").current
    assert {number: tuple(grant.dataset for grant in policies.project(number).grants) for number in GRANTS} == GRANTS
    assert all(grant.whole for number in GRANTS for grant in policies.project(number).grants)
