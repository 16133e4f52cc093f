"""Data written into the lines of a script one by one, and lines that are alike without being data."""

from __future__ import annotations

import random

import pytest
from corpus import content

from jupyter_cbs.disclosure.scan import ScanContext, scan
from jupyter_cbs.domain.finding import Rule

R = random.Random(77)
VALUES = [round(R.lognormvariate(10, 0.7), 2) for _ in range(60)]


def is_told(name: str, lines: list[str]) -> bool:
    return any(finding.rule == Rule.SCRIPT_LITERAL for finding in scan(content(name, "\n".join(lines) + "\n"), ScanContext()).findings)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.py", "x{0} = {1}"),
        ("a.py", "d.loc[{0}, 'inkomen'] = {1}"),
        ("a.r", "x[{0}] <- {1}"),
        ("a.do", "replace inkomen = {1} in {0}"),
        ("a.sps", "IF (id={0}) ink={1}."),
    ],
)
def test_values_that_are_written_line_by_line_are_for_review(name: str, form: str) -> None:
    assert is_told(name, [form.format(at, value) for at, value in enumerate(VALUES, 1)])


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.do", "recode sbi {0} = 3"),
        ("a.do", "replace sector = 2 if sbi == {0}"),
        ("a.py", "x{0} = f(y{0})"),
        ("a.r", "d$k{0} <- cut(d$x{0}, c(0, 10, 40, Inf))"),
        ("a.py", "plt.axvline({0}, lw=0.5)"),
    ],
)
def test_codes_names_and_steps_are_no_values(name: str, form: str) -> None:
    assert not is_told(name, [form.format(1_000 + 7 * at) for at in range(60)])
