"""Judge a model by what is declared of it.

Source: design disclosure.md, Output types (regression: residual degrees of freedom; distinct units per dummy level and interaction at
least 10; saturated models are tables of means; no residuals, fitted values or unit effects. Odds, risk, hazard ratio: the implied 2×2
counts. Factor scores, embeddings, fitted trees: never automatically safe). Every threshold is the profile's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...domain.figure import OutputFinding
from ...domain.finding import Status
from ...domain.model import ModelEvidence
from ...domain.rules import RuleProfile
from . import rules

RULES = (
    rules.releasable,
    rules.degrees_of_freedom,
    rules.units_in_all,
    rules.units_per_level,
    rules.outcome_classes,
    rules.saturation,
    rules.decisive_unit,
    rules.few_groups,
)


def judge_model(evidence: ModelEvidence, profiles: Iterable[RuleProfile]) -> tuple[OutputFinding, ...]:
    """Give what a checker would say of a model; nothing where it is safe.

    Parameters
    ----------
    evidence
        What the kernel declares.
    profiles
        Thresholds that apply, one per rule profile of the data it was fitted on; what several of them say is said once, by its worst.

    Returns
    -------
    tuple of OutputFinding
        Worst first, otherwise in the order of the rules.
    """
    found: dict[tuple[str, str], OutputFinding] = {}
    for profile in profiles:
        for finding in _all(evidence, profile):
            key = (finding.rule.value, finding.subject)
            if key not in found or finding.status.badness > found[key].status.badness:
                found[key] = finding
    return tuple(sorted(found.values(), key=lambda finding: -finding.status.badness))


def _all(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    refused = tuple(rules.releasable(evidence, profile))
    if any(finding.status is Status.REFUSED for finding in refused):
        # counts of what cannot leave say nothing more
        yield from refused
        return
    for rule in RULES:
        yield from rule(evidence, profile)
