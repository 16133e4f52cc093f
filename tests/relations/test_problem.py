"""What a table problem may say, and how what it may not say is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.relations.audit import audit
from jupyter_cbs.disclosure.relations.problem import TableProblem, parse
from jupyter_cbs.domain.errors import CbsError, Invalid

GOOD: dict[str, Any] = {"cells": {"a": 3, "b": 4, "t": 7}, "relations": [["t", ["a", "b"]]], "suppressed": ["a", "b"]}


def test_all_fields_and_back() -> None:
    document = GOOD | {
        "lower_bound": -1,
        "upper_bound": 100,
        "singletons": ["a"],
        "integer": True,
        "protection": {"a": [1, 2]},
        "cost": {"b": 5},
    }
    problem = parse(json.dumps(document))
    assert problem.relations == (("t", ("a", "b")),)
    assert problem.protection == {"a": (1, 2)}
    assert parse(json.dumps(problem.document())) == problem


def test_defaults() -> None:
    problem = parse(b'\xef\xbb\xbf{"cells": {"a": 1.5}, "relations": []}')
    assert (problem.lower, problem.upper, problem.integer, problem.rounding, problem.suppressed) == (0, float("inf"), False, None, ())
    assert not problem.counts


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"cells": {}}, "empty_problem", "no cells"),
        ({"cells": {"a": 3, "b": 4, "t": 8}}, "relation_does_not_add_up", "difference of 1."),
        ({"cells": {"a": 3, "b": 4, "t": 6.5}}, "relation_does_not_add_up", "difference of -0.5"),
        ({"relations": [["t", ["a", "c"]]]}, "unknown_cell", "'c'"),
        ({"relations": [["x", ["a", "b"]]]}, "unknown_cell", "'x'"),
        ({"suppressed": ["a", "bb"]}, "unknown_cell", "'bb'"),
        ({"singletons": ["q"]}, "unknown_cell", "'singletons'"),
        ({"protection": {"q": [1, 1]}}, "unknown_cell", "'protection'"),
        ({"cost": {"q": 1}}, "unknown_cell", "'cost'"),
        ({"suppressed": ["a", "a"]}, "duplicate_name", "2 times"),
        ({"singletons": ["a", "a"]}, "duplicate_name", "'a'"),
        ({"relations": [["t", ["a", "b", "b"]]]}, "duplicate_name", "'b'"),
        ({"relations": [["t", ["t", "a"]]]}, "duplicate_name", "'t'"),
        ({"relations": [["t", []]]}, "empty_relation", "no parts"),
        ({"cells": {"a": -3, "b": 10, "t": 7}}, "below_lower_bound", "-3"),
        ({"lower_bound": 4}, "below_lower_bound", "'a'"),
        ({"upper_bound": 6}, "above_upper_bound", "'t'"),
        ({"lower_bound": 5, "upper_bound": 4}, "bounds_crossed", "above"),
        ({"cells": {"a": 2.5, "b": 4.5, "t": 7}, "integer": True}, "not_whole", "2.5"),
        ({"rounding": {"base": 5, "deviation": 2}, "suppressed": []}, "not_rounded", "multiple"),
        ({"rounding": {"base": 0}}, "malformed_problem", "rounding.base"),
        ({"cells": {"a": 3}, "relations": 1}, "malformed_problem", "relations"),
        ({"cells": {"a": "3", "b": 4, "t": 7}}, "malformed_problem", "cells.a: This must be a number"),
        ({"cells": {"a": True, "b": 4, "t": 5}}, "malformed_problem", "cells.a: This must be a number"),
        ({"integer": "yes"}, "malformed_problem", "integer"),
        ({"cells": {"a": 1e308, "b": 1e308, "t": 1e308}}, "malformed_problem", "out of bounds"),
        ({"cells": {"a": 1_000_000_000, "b": 1_000_000_000, "t": 2_000_000_001}}, "relation_does_not_add_up", "difference of 1."),
        ({"cells": {"a": None}}, "malformed_problem", "cells.a"),
        ({"protection": {"a": [-1, 2]}}, "malformed_problem", "protection.a"),
        ({"colour": "red"}, "malformed_problem", "no field 'colour'"),
        ({"published": True}, "malformed_problem", "no field 'published'"),
        ({"relations": [["t", ["a"]]]}, "relation_does_not_add_up", "its one part is"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], code: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(json.dumps(GOOD | change))
    assert refused.value.code == code
    assert says in refused.value.message.en
    assert refused.value.message.nl != refused.value.message.en
    assert "Input should" not in refused.value.say("en")


@pytest.mark.parametrize(
    ("change", "said", "remedy"),
    [
        ({"cells": 5}, "cells: Fields must stand here.", "'cells' is an object of name and number."),
        ({"relations": [["t"]]}, "relations.0.1: This list is too short.", "'relations' is a list of [total, [part, …]]."),
        ({"relations": [["t", "ab"]]}, "relations.0.1: A list must stand here.", "'relations' is a list of [total, [part, …]]."),
        ({"suppressed": [5]}, "suppressed.0: This must be text.", "'suppressed' is a list of names of cells."),
        ({"singletons": "a"}, "singletons: A list must stand here.", "'singletons' is a list of names of cells."),
        ({"lower_bound": "0"}, "lower_bound: This must be a number.", "'lower_bound' is a number, or null for no bound."),
        ({"upper_bound": 1e30}, "upper_bound: '1e+30' is out of bounds.", "A number of at most 1e+18."),
        ({"rounding": 5}, "rounding: Fields must stand here.", '\'rounding\' is like {"base": 5, "deviation": 2}.'),
        ({"rounding": {"base": 5, "up": 1}}, "rounding.up: There is no field 'up' here.", "Leave it out, or correct its name."),
        ({"integer": 1}, "integer: This must be true or false.", "'integer' says whether all true values are whole."),
        ({"protection": {"a": [1]}}, "protection.a.1: This list is too short.", "'protection' is an object of name and [lower, upper]."),
        ({"cost": {"a": "1"}}, "cost.a: This must be a number.", "'cost' is an object of name and number."),
    ],
)
def test_each_field_says_once_what_stands_there(change: dict[str, Any], said: str, remedy: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(json.dumps(GOOD | change))
    assert refused.value.say("en") == f"This is not a table problem: field {said} {remedy} See the reference of table problems."


def test_a_mistyped_field_is_given_its_nearest_name() -> None:
    with pytest.raises(Invalid) as refused:
        parse(json.dumps(GOOD | {"supressed": ["a"]}))
    assert refused.value.suggestions == ("suppressed",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "malformed_file"),
        (b'{"cells": {"a": 1},', "malformed_file"),
        (b"\xff\xfe\x00", "malformed_file"),
        (b"[" * 100_000, "malformed_file"),
        (b'{"cells": {"a": 1' + b"0" * 5000 + b"}}", "malformed_file"),
        (b"[1, 2]", "malformed_problem"),
        (b"{}", "malformed_problem"),
        (b'{"cells": {"a": 1}}', "malformed_problem"),
        (b'{"cells": {"a": NaN}, "relations": []}', "malformed_problem"),
        (b'{"cells": {"a": 1e999}, "relations": []}', "malformed_problem"),
        (b'{"cells": {"a": 1, "a": 2}}', "duplicate_name"),
    ],
)
def test_files_that_are_no_problem(text: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert refused.value.code == code


def test_fractions_add_up_but_for_the_last_bits_of_a_double() -> None:
    problem = parse('{"cells": {"a": 0.1, "b": 0.2, "t": 0.3}, "relations": [["t", ["a", "b"]]]}')
    assert problem.cells["a"] + problem.cells["b"] != problem.cells["t"]


def test_the_largest_values_are_attacked() -> None:
    problem = parse('{"cells": {"a": 6e17, "b": 4e17, "t": 1e18}, "relations": [["t", ["a", "b"]]], "suppressed": ["a", "b"]}')
    assert audit(problem).intervals == {"a": (0, 1e18), "b": (0, 1e18)}


def test_where_the_json_breaks() -> None:
    with pytest.raises(Invalid) as refused:
        parse('{"cells":\n {"a": 1,}}')
    assert refused.value.position is not None
    assert refused.value.position.line == 2


def test_nearest_name() -> None:
    with pytest.raises(Invalid) as refused:
        parse('{"cells": {"north": 1, "south": 2}, "relations": [], "suppressed": ["nord"]}')
    assert refused.value.suggestions == ("north",)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["a", "t", ""]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "t", *TableProblem.model_fields]), inner, max_size=5),
        max_leaves=12,
    )
)
def test_nothing_crashes_the_reader(document: Any) -> None:
    try:
        parse(json.dumps(document))
        said = None
    except CbsError as error:
        said = error.message
    assert said is None or (said.en and said.nl)
