"""Reading policy files: what is wrong is told with its line, in both languages, and nothing crashes."""

from __future__ import annotations

import os
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_cbs.domain.gateway import PolicyProblem
from jupyter_cbs.policy import PolicyDirectory, PolicyInvalid, lifecycle, validate_path
from jupyter_cbs.policy.document import MAX_BYTES, Unreadable, parse

POLICIES = Path(__file__).parents[2] / "policies"
PROJECT = "projects/9001.yaml"


def change(directory: Path, file: str, old: str, new: str) -> int:
    """Replace text in a file and give the line it stands on."""
    path = directory / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def only(problems: tuple[PolicyProblem, ...]) -> PolicyProblem:
    assert len(problems) == 1, [problem.message.en for problem in problems]
    return problems[0]


def test_the_shipped_policies_are_valid(directory: Path) -> None:
    assert validate_path(directory) == ()
    assert validate_path(directory / "default.yaml") == ()
    assert validate_path(directory / PROJECT) == ()


PROJECT_MISTAKES = {
    "unknown-field": ("pauses: []", "pausen: []", "pausen", "pauses"),
    "wrong-role": ("role: viewer", "role: boss", "members[2].role", "researcher, leader, viewer"),
    "checker-role": ("role: viewer", "role: checker", "members[2].role", "researcher, leader, viewer"),
    "no-leader": ("role: leader", "role: researcher", "members", "role: leader"),
    "twice": ("user: viewer", "user: leader", "members[2].user", "once"),
    "own-checker": ("user: viewer", "user: checker1", "members[2].user", "no checker"),
    "own-admin": ("user: viewer", "user: admin", "members[2].user", "Another account"),
    "user-name": ("user: viewer", "user: ../viewer", "members[2].user", "Account name"),
    "user-is-number": ("user: viewer", "user: 12", "members[2].user", "quotes"),
    "end-before-start": ("end: 2028-12-31\n", "end: 2025-12-31\n", "end", "2026-01-01"),
    "too-long": ("end: 2028-12-31\n", "end: 2029-01-02\n", "end", "2028-12-31"),
    "number-as-date": ("end: 2028-12-31\n", "end: 20281231\n", "end", "2026-01-01"),
    "no-such-day": ("end: 2028-12-31\n", "end: 2028-02-30\n", "end", "2026-01-01"),
    "start-inside-month": ("start: 2026-01-01", "start: 2026-01-02", "start", "2026-01-01"),
    "far-future": ("end: 2028-12-31\n", "end: 9999-12-31\n", "end", "2199"),
    "beyond-authorisation": ("authorisation_until: 2028-12-31", "authorisation_until: 2027-06-30", "end", "2027-06-30"),
    "half-month-pause": ("pauses: []", "pauses: [{start: 2026-03-01, end: 2026-03-15}]", "pauses[0]", "first of a month"),
    "pauses-overlap": (
        "pauses: []",
        "pauses: [{start: 2026-03-01, end: 2026-06-01}, {start: 2026-05-01, end: null}]",
        "pauses[1]",
        "without overlap",
    ),
    "after-open-pause": ("pauses: []", "pauses: [{start: 2026-03-01}, {start: 2026-05-01}]", "pauses[1]", "without overlap"),
    "unknown-profile": ("pauses: []", "rules: {incom: {min_frequency: 12}}", "rules.incom", "income_wealth"),
    "bound": ("pauses: []", "rules: {default: {min_frequency: 0}}", "rules.default.min_frequency", "at least 1"),
    "not-a-number": ("pauses: []", "limits: {timeout_seconds: .inf}", "limits.timeout_seconds", "number"),
    "unit": ("pauses: []", "quota: {unit: TB}", "quota.unit", "GB, GiB"),
    "grant-all": ("- INPATAB", "- '*'", "grants[3]", "at least three letters"),
    "grant-column-empty": ("- INPATAB", "- {dataset: INPATAB, columns: []}", "grants[3].columns", "Columns that are granted"),
    "grant-column-forgotten": ("- INPATAB", "- {dataset: INPATAB}", "grants[3].columns", "columns: …"),
    "grant-column-null": ("- INPATAB", "- {dataset: INPATAB, columns: }", "grants[3].columns", "Lines that begin"),
    "grant-column-twice": ("- INPATAB", "- {dataset: INPATAB, columns: [RINPERSOON, rinpersoon]}", "grants[3].columns[1]", "once"),
    "grant-column-field": ("- INPATAB", "- {dataset: INPATAB, columns: [RINPERSOON], where: x}", "grants[3].where", "columns, dataset"),
    "grant-column-pattern": ("- INPATAB", "- {dataset: '*', columns: [RINPERSOON]}", "grants[3].dataset", "at least three letters"),
    "grant-number": ("- INPATAB", "- 3", "grants[3]", "field: value"),
    "grant-twice": ("- INPATAB", "- gbapersoon2023tabv1", "grants[3]", "once"),
    "repeated-field": ("pauses: []", "title: Other", "title", "once"),
}


@pytest.mark.parametrize(("old", "new", "field", "expected"), PROJECT_MISTAKES.values(), ids=PROJECT_MISTAKES.keys())
def test_a_mistake_in_a_project_is_told_with_its_place(directory: Path, old: str, new: str, field: str, expected: str) -> None:
    line = change(directory, PROJECT, old, new)
    problem = only(validate_path(directory))
    if field in ("members", "end"):  # the mistake shows elsewhere than where it was made
        line = next(n for n, text in enumerate((directory / PROJECT).read_text().splitlines(), 1) if text.startswith(field))
    assert (problem.file, problem.line, problem.field) == (str(directory / PROJECT), line, field)
    assert expected in problem.expected.en
    assert problem.message.en != problem.message.nl
    assert only(validate_path(directory / PROJECT)) == problem


DEFAULT_MISTAKES = {
    "no-default-profile": ("  default:", "  standard:", "rules", "default"),
    "threshold-as-text": ("    min_frequency: 10", "    min_frequency: ten", "rules.default.min_frequency", "10"),
    "time-zone": ("Europe/Amsterdam", "Europe/Amsterdm", "calendar.time_zone", "Europe/Amsterdam"),
    "cut-off": ('"12:00"', "noon", "calendar.cut_off", "12:00"),
    "closed-and-open": ("extra_closed: []", "extra_closed: [2026-12-24]\n  extra_open: [2026-12-24]\n#", "calendar.extra_open", "one list"),
    "same-checker": ("user: checker2", "user: checker1", "staff.checkers[1].user", "once"),
    "checker-and-admin": ("user: admin", "user: checker1", "staff.admins[0].user", "once"),
    "one-checker": ("    - { user: checker2, name: Checker Two }\n", "", "staff.checkers", "two checkers"),
    "class-name": ("scripts: {", "script: {", "prices[0].classes.script", "light, conform, non_conform, scripts"),
    "class-missing": ("      scripts: {", "      #", "prices[0].classes", "every class"),
    "yaml-tag": ("threads: 2", "threads: !!python/object:os.system 2", "limits.threads", "without YAML tags"),
}


@pytest.mark.parametrize(("old", "new", "field", "expected"), DEFAULT_MISTAKES.values(), ids=DEFAULT_MISTAKES.keys())
def test_a_mistake_of_the_office_is_told_with_its_place(directory: Path, old: str, new: str, field: str, expected: str) -> None:
    change(directory, "default.yaml", old, new)
    if field == "calendar.extra_open":
        path = directory / "default.yaml"
        path.write_text(path.read_text().replace("  extra_open: [] #", "  #"))
    problem = only(validate_path(directory))
    assert (problem.file, problem.field) == (str(directory / "default.yaml"), field)
    assert problem.line is not None
    assert expected in problem.expected.en
    assert problem.message.en != problem.message.nl


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 8)}]\n" for i in range(20))


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "empty"),
        (b"- a\n- b\n", 1, "not a list of fields"),
        (b"title: a\nmembers: [\n", 3, "not valid YAML"),
        (b"title: a\n  x: b\n", 2, "not valid YAML"),
        (b"title: a\nnote: caf\xe9\n", 2, "not UTF-8"),
        (b"title: \x00\n", None, "not valid YAML"),
        (BOMB.encode(), 2, "Aliases"),
        (b"a: &a\n  b: *a\n", 2, "Aliases"),
        (b"title: a\n---\ntitle: b\n", 2, "more than one document"),
        (b"a: " + b"[" * 5000, 1, "nested too deeply"),
        (b"a: [" + b"1," * 11_000 + b"1]", 1, "too many values"),
        (b"#" * (MAX_BYTES + 1), None, "too large"),
        (b"? [a, b]\n: c\n", 1, "must be a word"),
    ],
    ids=["empty", "list", "half", "indent", "latin1", "nul", "bomb", "self", "two", "deep", "wide", "large", "complex-key"],
)
def test_what_is_no_policy_is_a_problem_and_no_crash(directory: Path, data: bytes, line: int | None, words: str) -> None:
    (directory / PROJECT).write_bytes(data)
    problem = only(validate_path(directory))
    assert problem.line == line
    assert words in problem.message.en


def test_a_fifo_a_folder_and_a_missing_file_are_problems(directory: Path) -> None:
    os.mkfifo(directory / "projects" / "9003.yaml")
    (directory / "projects" / "9004.yaml").mkdir()
    (directory / "default.yaml").unlink()
    assert {Path(problem.file).name for problem in validate_path(directory)} == {"9003.yaml", "9004.yaml", "default.yaml"}
    assert only(validate_path(directory / "nowhere.yaml")).message.en.startswith("The file cannot be read")


def test_file_names_are_project_numbers(directory: Path) -> None:
    (directory / PROJECT).rename(directory / "projects" / "health.yaml")
    (directory / "projects" / "9002.yml").write_text("x")
    (directory / "projects" / ".9002.yaml.swp").write_text("x")
    (directory / "projects" / "9002.yaml~").write_text("x")
    assert {Path(problem.file).name for problem in validate_path(directory)} == {"health.yaml", "9002.yml"}


def test_all_problems_are_told_at_once(directory: Path) -> None:
    change(directory, "default.yaml", "unit: GB", "unit: gb")
    change(directory, PROJECT, "role: viewer", "role: boss")
    change(directory, "projects/9002.yaml", "title: Suspects and detention\n", "")
    with pytest.raises(PolicyInvalid) as caught:
        PolicyDirectory(directory)
    assert [problem.file for problem in caught.value.problems] == ["default.yaml", PROJECT, "projects/9002.yaml"]
    for problem in caught.value.problems:
        assert f"{problem.file}:{problem.line}" in caught.value.say("nl")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_document_or_a_problem(data: bytes) -> None:
    try:
        found: object = parse(data, "x.yaml").data
    except Unreadable as error:
        found = error.problem
    assert isinstance(found, (dict, PolicyProblem))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(cut=st.integers(min_value=0), insert=st.sampled_from(["", "\t", "[", "{", "'", ": ", "- ", "&a ", "*a", "!!x ", "%", "\u2028", "\x07"]))
def test_a_file_cut_or_spoilt_anywhere_is_judged_and_never_crashes(directory: Path, cut: int, insert: str) -> None:
    text = (POLICIES / PROJECT).read_text()
    place = cut % len(text)
    (directory / PROJECT).write_text(text[:place] + insert)
    for problem in validate_path(directory):
        assert problem.message.en
        assert problem.expected.nl


ODD = [
    "9999-12-31",
    "0001-01-01",
    "2028-02-29",
    "-1",
    "1e400",
    "9" * 5000,
    "0x10",
    "0o17",
    "~",
    "true",
    "[]",
    "{}",
    "''",
    "'🤷'",
    "1_0",
    "+5",
    "0",
    ".nan",
    "2026-01-01T00:00:00",
    "12:61",
]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(file=st.sampled_from(["default.yaml", PROJECT]), choice=st.integers(min_value=0), value=st.sampled_from(ODD))
def test_any_value_anywhere_is_refused_with_words_or_works(directory: Path, file: str, choice: int, value: str) -> None:
    text = (POLICIES / file).read_text()
    places = list(re.finditer(r"(?<=: )[^\s,{}#\[]+", text))
    place = places[choice % len(places)]
    (directory / file).write_text(text[: place.start()] + value + text[place.end() :])
    try:
        problems = validate_path(directory)
    finally:
        shutil.copy(POLICIES / file, directory / file)
    assert all(problem.message.nl and problem.expected.en for problem in problems)
    if not problems:
        (directory / file).write_text(text[: place.start()] + value + text[place.end() :])
        for project in PolicyDirectory(directory).current.projects.values():
            assert project.quota.shared_bytes > 0
            for day in (date(1990, 1, 1), date(2026, 11, 21), date(2199, 12, 31)):
                assert lifecycle(project, day).text.nl
        shutil.copy(POLICIES / file, directory / file)
