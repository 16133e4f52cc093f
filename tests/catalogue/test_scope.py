"""The granted view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_cbs.catalogue.index import CatalogueIndex, build_index
from jupyter_cbs.catalogue.scope import Scope
from jupyter_cbs.domain.errors import NotFound


@pytest.fixture
def index(tmp_path: Path, write: Callable[..., Path], descriptor: Callable[..., Path]) -> CatalogueIndex:
    for name in ("GBAPERSOON2021TABV1", "GBAPERSOON2022TABV2", "GBAPERSOON2023TABV1"):
        write(tmp_path / f"Bevolking/GBAPERSOONTAB/{name}.parquet")
    for name in ("ZVWZORGKOSTEN2022TABV9", "ZVWZORGKOSTEN2022TABV10"):
        write(tmp_path / f"GezondheidWelzijn/{name}.parquet")
    write(tmp_path / "VeiligheidRecht/VERD2023TABV1.parquet")
    codes = [{"value": "1", "label": "Mannen"}, {"value": "2", "label": "Ongehuwde categorieën"}, {"value": "3", "label": "Verweduwd"}]
    fields = [{"name": "GBAGESLACHT", "title": "Geslacht", "categories": codes}]
    descriptor(
        tmp_path / "Bevolking/GBAPERSOONTAB",
        title="Persoonskenmerken",
        resources=[{"path": "GBAPERSOON2023TABV1.parquet", "schema": {"fields": fields}}],
        cbs={"topic": "GBAPERSOONTAB"},
    )
    return build_index(tmp_path)


def names(scope: Scope) -> list[str]:
    return [dataset.name for dataset in scope.datasets]


def test_nothing_is_granted_by_default(index: CatalogueIndex) -> None:
    scope = Scope.of(index, [])
    assert (scope.datasets, scope.views(), scope.search("")) == ((), {}, ())


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        ("gbapersoontab", ["GBAPERSOON2023TABV1", "GBAPERSOON2022TABV2", "GBAPERSOON2021TABV1"]),
        ("GBAPERSOON202[23]*", ["GBAPERSOON2023TABV1", "GBAPERSOON2022TABV2"]),
        ("GBAPERSOON2021TABV1", ["GBAPERSOON2021TABV1"]),
        ("GBAPERSOON", []),
        ("", []),
    ],
)
def test_grants_are_patterns_over_topic_or_name(index: CatalogueIndex, grant: str, expected: list[str]) -> None:
    scope = Scope.of(index, [grant])
    assert names(scope) == expected
    assert scope.unmatched == (() if expected else (grant,))


def test_newest_is_the_newest_granted_with_numeric_versions(index: CatalogueIndex) -> None:
    scope = Scope.of(index, ["ZVW*", "GBAPERSOON2021TABV1"])
    assert [d.name for d in scope.datasets if d.newest] == ["GBAPERSOON2021TABV1", "ZVWZORGKOSTEN2022TABV10"]
    assert scope.get("zvwzorgkostentab").name == "ZVWZORGKOSTEN2022TABV10"
    views = scope.views()
    assert views["ZVWZORGKOSTENTAB"] == views["ZVWZORGKOSTEN2022TABV10"] == index.files["ZVWZORGKOSTEN2022TABV10"].path
    assert sorted(views) == ["GBAPERSOON2021TABV1", "GBAPERSOONTAB", "ZVWZORGKOSTEN2022TABV10", "ZVWZORGKOSTEN2022TABV9", "ZVWZORGKOSTENTAB"]


def test_foreign_and_missing_get_the_same_answer(index: CatalogueIndex, tmp_path: Path) -> None:
    """The answer for a foreign name does not change when the data set is taken out of the catalogue altogether."""
    with pytest.raises(NotFound) as foreign:
        Scope.of(index, ["GBAPERSOON*"]).get("VERD2023TABV1")
    (tmp_path / "VeiligheidRecht/VERD2023TABV1.parquet").unlink()
    with pytest.raises(NotFound) as missing:
        Scope.of(build_index(tmp_path), ["GBAPERSOON*"]).get("VERD2023TABV1")
    assert foreign.value.body() == missing.value.body()
    assert foreign.value.code == "unknown_dataset"


def test_suggestions_are_granted_names_only(index: CatalogueIndex) -> None:
    with pytest.raises(NotFound) as error:
        Scope.of(index, ["GBAPERSOON2023*"]).get("GBAPERSON2021TABV1")
    assert error.value.suggestions
    assert set(error.value.suggestions) <= {"GBAPERSOON2023TABV1", "GBAPERSOONTAB"}


@pytest.mark.parametrize("query", ["persoonskenmerken", "geslacht", "MANNEN", "categorieen ongehuwd", "bevolking 2023", "gbapersoon"])
def test_search_finds_names_titles_variables_and_code_labels(index: CatalogueIndex, query: str) -> None:
    scope = Scope.of(index, ["*"])
    assert "GBAPERSOON2023TABV1" in [d.name for d in scope.search(query)]
    assert scope.search(query + " nergens") == ()


def test_search_sees_only_what_is_granted_and_ranks_names_first(index: CatalogueIndex) -> None:
    assert Scope.of(index, ["GBAPERSOONTAB"]).search("VERD") == ()
    # "ve" is in the name VERD and in a code label of the persons, whose topic comes first in the alphabet.
    assert [d.topic for d in Scope.of(index, ["*"]).search("ve")][:2] == ["VERDTAB", "GBAPERSOONTAB"]
    assert len(Scope.of(index, ["*"]).search("")) == len(index.files)
