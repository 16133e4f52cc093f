"""Every rule against plain Python over microdata: a thousand random tables for each of them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from rule_reference import FREQUENCIES, MAGNITUDES, REFERENCE, TABLES, Asked, Seen, blurred, dimensions_of, frame_of, look, microdata

from jupyter_cbs.disclosure.cells import Cells
from jupyter_cbs.disclosure.rules import RULES, Question
from jupyter_cbs.domain.evidence import TableSpec
from jupyter_cbs.domain.rules import RuleProfile

EXAMPLES = 25
RULE = {rule.__name__: rule for rule in RULES}

THRESHOLDS: dict[str, st.SearchStrategy[Any]] = {
    "min_frequency": st.integers(1, 5),
    "min_dof": st.integers(1, 5),
    "group_max_share": st.sampled_from([0.5, 0.75, 0.9]),
    "group_comparator": st.sampled_from([">", ">="]),
    "dominance_max_share": st.sampled_from([0.5, 0.6, 0.8]),
    "dominance_comparator": st.sampled_from([">", ">="]),
    "dominance_units": st.integers(1, 3),
    "p_percent": st.sampled_from([None, 10, 25, 100]),
    "pq_p": st.sampled_from([50, 20]),
    "pq_q": st.sampled_from([100, 80]),
    "min_institutions": st.sampled_from([1, 2]),
    "institution_max_share": st.sampled_from([0.5, 0.75]),
    "advisory_min_frequency": st.integers(2, 8),
    "advisory_rounding": st.sampled_from([2, 5]),
    "extreme_max_share": st.sampled_from([0.25, 0.5]),
    "zero_rule": st.just(True),
    "min_each_side": st.sampled_from([None, 2]),
    "min_step": st.sampled_from([None, 4]),
    "mode_max_share": st.sampled_from([0.5, 0.9]),
}
EXTRA: dict[str, dict[str, Any]] = {
    "percentile": {"percentile": 0.25},
    "ratio": {"second": "W"},
    "correlation": {"second": "W"},
    "mean_lowest": {"extremes": 3},
    "mean_highest": {"extremes": 3},
    "survival": {"time": "T", "event": "E"},
}
VALUES = ("sum", "mean", "median", "sd", "mode", "gini", "min", "ratio", "survival", "mean_lowest")
STATISTICS: dict[str, tuple[str, ...]] = {
    "units_per_step": ("lorenz", "survival"),
    "minimum_frequency": (*FREQUENCIES, *VALUES),
    "degrees_of_freedom": ("sd", "variance", "correlation"),
    "units_on_each_side": ("median", "percentile"),
    "extreme_values": ("min", "max", "sum"),
    "means_of_extremes": ("mean_lowest", "mean_highest"),
    "contributing_institutions": (*FREQUENCIES, *VALUES),
    "largest_institution": ("count", "sum", "mean", "survival", "lorenz"),
    "largest_contributor": MAGNITUDES,
    "remaining_contributors": MAGNITUDES,
    "share_of_group": FREQUENCIES,
    "bare_percentages": ("share",),
    "most_frequent_value": ("mode",),
    "all_but_one": FREQUENCIES,
    "no_variation": ("sd", "variance", "correlation"),
    "outer_edges": ("count", "units"),
    "all_zero": ("sum", "mean", "median", "mean_highest", "gini"),
    "advisory_frequency": (*FREQUENCIES, "sum", "median"),
    "advisory_extremes": ("sum", "mean"),
    "rounded_counts": ("count",),
}
WEIGHTED = {"count", "share", "sum", "mean", "ratio"}
BOUNDARIES = set(STATISTICS) - {"extreme_values", "bare_percentages", "all_but_one", "no_variation", "all_zero", "rounded_counts"}
"""Rules with a threshold that a figure can equal."""


def asked(rule: str) -> st.SearchStrategy[Asked]:
    """Tables a rule has something to say of: statistic, thresholds, subtotals, weights and holdings."""

    def of(statistic: str, profile: RuleProfile, nested: bool, weighted: bool, holding: bool) -> Asked:
        bins = {"bins": (0.0, 1.0)} if rule == "outer_edges" else {}
        spec = TableSpec(source="X", rows=("T", "A"), columns=("B",), values="V", statistic=statistic, **EXTRA.get(statistic, {}), **bins)
        return Asked(spec, profile, nested, weighted and statistic in WEIGHTED, holding)

    profiles = st.builds(RuleProfile, **THRESHOLDS)
    return st.builds(of, st.sampled_from(STATISTICS[rule]), profiles, st.booleans(), st.booleans(), st.booleans())


def said(rule: str, seen: Seen, frame: pa.Table) -> list[set[str]]:
    """Give the codes of a rule for every cell."""
    question = seen.asked
    found: list[set[str]] = [set() for _ in seen.cells]
    for ruling in RULE[rule](Cells.of(frame, dimensions_of(question.nested)), Question(question.spec.statistic, question.profile, question.spec)):
        for row in ruling.cells.nonzero()[0].tolist():
            found[row].add(ruling.code)
    return found


def test_every_rule_has_its_reference() -> None:
    assert set(REFERENCE) == set(STATISTICS) == set(RULE)
    assert len(RULES) == len(RULE)


@pytest.mark.parametrize("rule", sorted(RULE))
def test_a_thousand_tables_agree_with_the_reference(rule: str) -> None:
    """Forty tables at a time, in one frame that the rule judges at once; equalities with a threshold are counted."""
    tables, reasons, passed, edges = 0, 0, 0, 0

    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate])
    @given(seed=st.integers(0, 10**9), question=asked(rule))
    def every_table(seed: int, question: Asked) -> None:
        nonlocal tables, reasons, passed, edges
        seen = look(microdata(seed), question)
        found = said(rule, seen, frame_of(seen))
        for codes, (key, cell) in zip(found, seen.cells.items(), strict=True):
            expected = REFERENCE[rule](key, cell, seen) if seen.published(key) else set()
            assert codes == expected, (seed, key, cell.rows)
            reasons, passed = reasons + len(expected), passed + (not expected)
        edges += seen.edges
        tables += TABLES

    every_table()
    assert tables >= 1_000
    assert min(reasons, passed) > 100, "tables of which always the same can be said prove nothing"
    assert edges > 100 or rule not in BOUNDARIES, "no figure lay on a boundary"


UNKNOWN = {
    "minimum_frequency": "units_not_established",
    "largest_contributor": "largest_contributor_not_established",
    "remaining_contributors": "largest_contributor_not_established",
}


@pytest.mark.parametrize("rule", sorted(UNKNOWN))
def test_what_is_known_within_bounds_lets_no_cell_pass_that_fails_and_calls_none_established(rule: str) -> None:
    """A thousand tables again; a bound proves a cell or asks for more, and where the figure is exact it decides as before."""
    undecided, proven = 0, 0
    code = {"minimum_frequency": "too_few_units", "largest_contributor": "largest_contributor", "remaining_contributors": "remainder_too_small"}[rule]

    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate])
    @given(seed=st.integers(0, 10**9), question=asked(rule))
    def every_table(seed: int, question: Asked) -> None:
        nonlocal undecided, proven
        seen = look(microdata(seed), question)
        frame = blurred(frame_of(seen), seed)
        exact = frame.column("n_exact" if rule == "minimum_frequency" else "top_exact").to_pylist()
        for codes, sure, (key, cell) in zip(said(rule, seen, frame), exact, seen.cells.items(), strict=True):
            fails = code in REFERENCE[rule](key, cell, seen) if seen.published(key) else False
            assert not fails or codes & {code, UNKNOWN[rule]}, (seed, key, cell.rows)
            assert code not in codes or fails, (seed, key, cell.rows)
            assert sure or code not in codes
            undecided, proven = undecided + (UNKNOWN[rule] in codes), proven + (not sure and not codes)

    every_table()
    assert min(undecided, proven) > 100
