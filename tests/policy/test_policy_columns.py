"""Grants against a catalogue: what is granted is there, and a wrong name is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_cbs.policy.crosscheck import Columns
from jupyter_cbs.policy.store import PolicyDirectory
from jupyter_cbs.policy.validate import validate_path

PROJECT = "projects/9001.yaml"
CATALOGUE = [
    Columns("GBAPERSOONTAB", "GBAPERSOON2022TABV2", ("RINPERSOON", "GBAGESLACHT")),
    Columns("GBAPERSOONTAB", "GBAPERSOON2023TABV1", ("RINPERSOON", "GBAGESLACHT", "GBANIEUW")),
]


def grant(directory: Path, *lines: str) -> int:
    """Give project 9001 these grants alone; the number of the first one's line."""
    path = directory / PROJECT
    head = path.read_text().split("grants:\n")[0] + "grants:\n"
    path.write_text(head + "".join(f"  - {line}\n" for line in lines))
    other = directory / "projects" / "9002.yaml"
    if other.exists():
        other.unlink()
    return head.count("\n") + 1


def test_what_is_there_is_valid(directory: Path) -> None:
    grant(directory, "{dataset: GBAPERSOON*, columns: [rinpersoon, GBANIEUW]}", "GBAPERSOON2022TABV2")
    assert validate_path(directory, CATALOGUE) == ()


@pytest.mark.parametrize(
    ("line", "field", "expected"),
    [
        ("{dataset: GBAPERSOON*, columns: [RINPERSOON, GBAGESLACT]}", "grants[1].columns[1]", "GBAGESLACHT"),
        ("{dataset: GBAPERSOON2022TABV2, columns: [GBANIEUW]}", "grants[1].columns[0]", "GBAGESLACHT"),
        ("GBAPERSOONTABB", "grants[1]", "catalogue index"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_its_place(directory: Path, line: str, field: str, expected: str) -> None:
    first = grant(directory, "GBAPERSOONTAB", line)
    assert validate_path(directory) == ()  # without a catalogue nobody can know
    for target in (directory, directory / PROJECT):
        (problem,) = validate_path(target, CATALOGUE)
        assert (problem.file, problem.line, problem.field) == (str(directory / PROJECT), first + 1, field)
        assert expected in problem.expected.en
        assert problem.message.en != problem.message.nl


def test_both_ways_of_writing_a_grant(directory: Path) -> None:
    grant(directory, "INPATAB", "{dataset: INHATAB, columns: [A, b]}", "{dataset: ZVWTAB, columns: ['*']}")
    grants = PolicyDirectory(directory).current.project("9001").grants
    assert [(g.dataset, g.columns, g.whole) for g in grants] == [("INPATAB", ("*",), True), ("INHATAB", ("A", "b"), False), ("ZVWTAB", ("*",), True)]
    assert len(set(grants)) == 3


def test_a_grant_that_says_the_same_twice(directory: Path) -> None:
    grant(directory, "{dataset: INPATAB, columns: [A, b]}", "{dataset: inpatab, columns: [B, a]}")
    (problem,) = validate_path(directory)
    assert problem.field == "grants[1]"
    grant(directory, "{dataset: INPATAB, columns: [A]}", "{dataset: INPATAB, columns: [B]}", "INPATAB")
    assert validate_path(directory) == ()
