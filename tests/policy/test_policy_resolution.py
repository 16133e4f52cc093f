"""What holds for a project: the office's values, and what its own file changes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from jupyter_cbs.domain.errors import NotFound
from jupyter_cbs.domain.money import ExportClass
from jupyter_cbs.domain.project import Role
from jupyter_cbs.domain.rules import QueryLimits, QuotaLimits, RuleProfile
from jupyter_cbs.policy import PolicyDirectory
from jupyter_cbs.policy.document import parse
from jupyter_cbs.policy.reference import PAGES
from jupyter_cbs.policy.schema import SCHEMAS, render

ROOT = Path(__file__).parents[2]


def edit(directory: Path, file: str, old: str, new: str) -> None:
    path = directory / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_shipped_office_has_the_published_figures(directory: Path) -> None:
    project = PolicyDirectory(directory).current.project("9001")
    assert project.rules() == RuleProfile()
    assert project.rules("income_wealth") == RuleProfile(advisory_min_frequency=100, advisory_rounding=100, extreme_max_share=0.30)
    assert set(project.profile_names) == {"default", "business", "institution", "income_wealth"}
    assert (project.quota, project.unit_bytes) == (QuotaLimits(), 10**9)
    assert project.limits == QueryLimits()
    assert {kind: terms.price_cents for kind, terms in project.prices.classes.items()} == {
        ExportClass.LIGHT: 14_000,
        ExportClass.CONFORM: 28_000,
        ExportClass.NON_CONFORM: 38_000,
        ExportClass.SCRIPTS: 5_000,
    }
    assert (project.prices.decryption_cents_per_batch, project.prices.decryption_batch) == (27_100, 5)


def test_the_profiles_of_the_catalogues_data_sets_exist(directory: Path) -> None:
    project = PolicyDirectory(directory).current.project("9001")
    for profile in ("default", "business", "institution", "income_wealth"):
        assert project.rules(profile).min_frequency >= 10
    with pytest.raises(NotFound) as caught:
        project.rules("incom")
    assert "income_wealth" in caught.value.suggestions


def test_a_project_changes_only_the_fields_it_names(directory: Path) -> None:
    edit(
        directory,
        "projects/9001.yaml",
        "pauses: []",
        "rules: {default: {min_frequency: 20}, institution: {min_institutions: 3}}\nquota: {unit: GiB, shared: 2}\nlimits: {max_rows: 5}",
    )
    policies = PolicyDirectory(directory).current
    project, other = policies.project("9001"), policies.project("9002")
    assert project.rules() == RuleProfile(min_frequency=20)
    assert project.rules("institution") == RuleProfile(min_frequency=20, min_institutions=3)
    assert project.rules("income_wealth") == RuleProfile(min_frequency=20, advisory_min_frequency=100, advisory_rounding=100, extreme_max_share=0.30)
    assert project.quota == QuotaLimits(shared_bytes=2 * 2**30, personal_bytes=2**30)
    assert project.unit_bytes == 2**30
    assert project.limits == QueryLimits(max_rows=5)
    assert (other.rules("institution"), other.quota, other.limits) == (RuleProfile(), QuotaLimits(), QueryLimits())


def test_a_named_profile_keeps_its_own_figure_over_the_projects_default(directory: Path) -> None:
    edit(directory, "default.yaml", "min_institutions: null", "min_frequency: 30")
    edit(directory, "projects/9001.yaml", "pauses: []", "rules: {default: {min_frequency: 20}}")
    project = PolicyDirectory(directory).current.project("9001")
    assert (project.rules().min_frequency, project.rules("institution").min_frequency) == (20, 30)


def test_the_newest_price_table_that_has_begun_is_in_force(directory: Path) -> None:
    text = (directory / "default.yaml").read_text()
    start, end = text.index("  - year: 2026"), text.index("calendar:")
    later = text[start:end].replace("2026", "2028").replace("14000", "15000")
    (directory / "default.yaml").write_text(text[:start] + later + text[start:])
    project = PolicyDirectory(directory).current.project("9001")
    years = {day: project.prices_on(date(day, 6, 1)).year for day in (2025, 2026, 2027, 2028, 2030)}
    assert years == {2025: 2026, 2026: 2026, 2027: 2026, 2028: 2028, 2030: 2028}
    assert project.prices_on(date(2028, 1, 1)).classes[ExportClass.LIGHT].price_cents == 15_000


def test_everybody_has_one_role_in_a_project(directory: Path) -> None:
    policies = PolicyDirectory(directory).current
    people = [(person.project, person.user, person.role) for person in policies.principals()]
    office = [("checker1", Role.CHECKER), ("checker2", Role.CHECKER), ("admin", Role.ADMIN)]
    assert people == [
        ("9001", "researcher", Role.RESEARCHER),
        ("9001", "leader", Role.LEADER),
        ("9001", "viewer", Role.VIEWER),
        *(("9001", user, role) for user, role in office),
        ("9002", "outsider", Role.RESEARCHER),
        ("9002", "leader2", Role.LEADER),
        *(("9002", user, role) for user, role in office),
    ]
    assert policies.principal("9001", "leader").name == "Lou Leader"


@pytest.mark.parametrize(("project", "user"), [("9001", "outsider"), ("9999", "leader"), ("9001", "nobody")])
def test_strangers_and_unknown_projects_are_not_told_apart(directory: Path, project: str, user: str) -> None:
    with pytest.raises(NotFound) as caught:
        PolicyDirectory(directory).current.principal(project, user)
    assert caught.value.code == "unknown_principal"


def test_an_unknown_project_is_not_found(directory: Path) -> None:
    with pytest.raises(NotFound, match="9999"):
        PolicyDirectory(directory).current.project("9999")


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_schema_is_the_codes(name: str) -> None:
    assert (ROOT / "policies" / name).read_text() == render(SCHEMAS[name]), "run: python -m jupyter_cbs.policy.schema policies"
    json.loads(render(SCHEMAS[name]))


@pytest.mark.parametrize(
    ("file", "schema"),
    [("default.yaml", "policy.schema.json"), ("projects/9001.yaml", "project.schema.json"), ("projects/9002.yaml", "project.schema.json")],
)
def test_an_editor_with_the_schema_accepts_the_shipped_files(file: str, schema: str) -> None:
    rules = json.loads((ROOT / "policies" / schema).read_text())
    validator = jsonschema.Draft202012Validator(rules)
    validator.check_schema(rules)
    document = parse((ROOT / "policies" / file).read_bytes(), file)
    assert [error.message for error in validator.iter_errors(document.data)] == []
    assert list(validator.iter_errors({**document.data, "colour": "red"})) != []


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_reference_is_the_codes(name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text() == PAGES[name](), "run: python -m jupyter_cbs.policy.reference docs/reference"
