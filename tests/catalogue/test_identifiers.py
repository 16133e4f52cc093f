"""Names and shapes that never leave."""

from __future__ import annotations

import pytest

from jupyter_cbs.demo.data.real import FLIGHTS, RANDHIE
from jupyter_cbs.demo.data.topics import TOPICS
from jupyter_cbs.domain.dataset import VariableRole
from jupyter_cbs.domain.identifiers import CAUTIOUS_SHAPES, VALUE_SHAPES, is_institution_key, is_never_export


def test_every_key_of_the_catalogue_is_caught_and_nothing_else() -> None:
    keys = (VariableRole.IDENTIFIER, VariableRole.INSTITUTION)
    for topic in TOPICS:
        for column in topic.columns:
            assert is_never_export(column.name) == (column.role in keys), column.name
            assert is_institution_key(column.name) == (column.role is VariableRole.INSTITUTION), column.name
    assert not any(is_never_export(column.name) for topic in (RANDHIE, FLIGHTS) for column in topic.columns)


@pytest.mark.parametrize(
    "name", ["rinpersoon", "RINPERSOONpa", " RINPERSOON ", '"RINPERSOON"', "VTVRINPERSOON", "sbeid", "SLBAANID", "xkoppelnr_oud", "KVK_ID"]
)
def test_spelling_does_not_matter(name: str) -> None:
    assert is_never_export(name)


@pytest.mark.parametrize("name", ["IKVIDENTIEK", "AANTALBAANRUGIDS", "BRINK", "RINGWEG", "OGIDSE", "PC6", "BRINVESTING", ""])
def test_names_that_only_resemble_a_key(name: str) -> None:
    assert not is_never_export(name)


@pytest.mark.parametrize(
    ("shape", "yes", "no"),
    [
        ("rinperson_like_9_digits", "000123456", "00012345"),
        ("encrypted_hex_like", "0123456789abcdef0123456789ABCDEF", "0123456789abcdef"),
        ("pc6", "2595 AA", "0595AA"),
        ("brin", "01AB00", "1AB"),
        ("kvk", "12345678", "123456789"),
    ],
)
def test_shapes(shape: str, yes: str, no: str) -> None:
    assert VALUE_SHAPES[shape].match(yes)
    assert not VALUE_SHAPES[shape].match(no)


def test_a_date_looks_like_a_chamber_of_commerce_number_so_that_shape_is_cautious() -> None:
    assert {name for name, shape in VALUE_SHAPES.items() if shape.match("20231231")} <= CAUTIOUS_SHAPES
