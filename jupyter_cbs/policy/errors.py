"""The error a set of policy files that cannot be used raises."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.errors import Invalid
from ..domain.gateway import PolicyProblem
from ..domain.text import Text


class PolicyInvalid(Invalid):
    """The policy files hold problems, and there is no earlier version to keep to."""

    problems: tuple[PolicyProblem, ...] = ()

    @classmethod
    def of(cls, problems: Sequence[PolicyProblem]) -> PolicyInvalid:
        """Make the error from at least one problem; the message tells all of them."""
        told = tuple(problems)
        error = cls(
            "policy_invalid",
            Text(
                en="The policy cannot be used. " + " ".join(describe(problem, "en") for problem in told),
                nl="Het beleid is niet bruikbaar. " + " ".join(describe(problem, "nl") for problem in told),
            ),
            Text(
                en="Correct the named lines; 'jupyter cbs policy validate' checks the files without starting anything.",
                nl="Verbeter de genoemde regels; 'jupyter cbs policy validate' controleert de bestanden zonder iets te starten.",
            ),
        )
        error.problems = told
        return error


def describe(problem: PolicyProblem, lang: str = "en") -> str:
    """Write a problem on one line: place, field, what is wrong, what would be right."""
    place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    subject = f" ({problem.field})" if problem.field else ""
    return f"{place}{subject}: {problem.message.say(lang)} {problem.expected.say(lang)}"
