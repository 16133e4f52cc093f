from __future__ import annotations

from typing import Any

import pytest

from jupyter_cbs.client import Workspace
from jupyter_cbs.client.catalogue import DatasetView, Listing
from jupyter_cbs.domain.dataset import Dataset, DatasetSummary, Variable, VariableRole
from jupyter_cbs.domain.errors import NotFound

from .peer import Peer

EVIL = "<img src=x onerror=alert(1)>"

PERSONS = Dataset(
    name="GBAPERSOON2023TABV1",
    topic="GBAPERSOONTAB",
    title="Persons",
    theme="Bevolking",
    year=2023,
    version=1,
    rows=100_000,
    newest=True,
    variables=(
        Variable(name="RINPERSOON", label="number", type="VARCHAR", role=VariableRole.IDENTIFIER),
        Variable(name="GBAGESLACHT", label=EVIL, type="VARCHAR", role=VariableRole.QUASI, codes={"1": "man", "2": EVIL}),
    ),
)
OTHER = DatasetSummary.of(
    PERSONS.model_copy(update={"name": "VSLGWBTABV10", "topic": "VSLGWBTAB", "title": EVIL, "theme": EVIL, "year": None, "newest": False})
)


def listing(*datasets: DatasetSummary) -> dict[str, Any]:
    return {"datasets": [d.model_dump(mode="json") for d in datasets], "topics": len(datasets), "query": ""}


def test_everything_granted(peer: Peer, ws: Workspace) -> None:
    peer.on("catalogue.list", listing(DatasetSummary.of(PERSONS), OTHER))
    found = ws.catalogue()
    assert isinstance(found, Listing)
    frame = found.df()
    assert list(frame.columns) == ["name", "topic", "theme", "year", "version", "rows", "columns", "period"]
    assert frame.loc[0, "year"] == 2023
    assert frame["year"].isna().tolist() == [False, True]
    html = found.html()
    assert "<img" not in html
    assert html.index("Bevolking") < html.index("GBAPERSOON2023TABV1")
    assert "100,000" in html
    assert "GBAPERSOON2023TABV1" in repr(found)


def test_the_search_box_narrows(peer: Peer, ws: Workspace) -> None:
    peer.on("catalogue.list", listing(DatasetSummary.of(PERSONS), OTHER))
    found = ws.catalogue()
    assert isinstance(found, Listing)
    box, shown = found.widget().children  # type: ignore[attr-defined]  # widgets have no types
    box.value = "persons 2023"
    assert "GBAPERSOON2023TABV1" in shown.value
    assert "VSLGWB" not in shown.value
    box.value = "nothing such"
    assert "No granted data set matches" in shown.value
    box.value = ""
    assert "VSLGWB" in shown.value


def test_a_name_gives_its_variables(peer: Peer, ws: Workspace) -> None:
    peer.on("catalogue.get", PERSONS.model_dump(mode="json"))
    view = ws.catalogue("GBAPERSOONTAB")
    assert isinstance(view, DatasetView)
    assert peer.seen("catalogue.get") == [{"name": "GBAPERSOONTAB"}]
    assert view.df()["codes"].tolist() == [{}, {"1": "man", "2": EVIL}]
    assert view.codes("gbageslacht")["1"] == "man"
    with pytest.raises(NotFound, match="GBAGESLACHT"):
        view.codes("GBAGESLAGT")
    assert "<img" not in view._repr_html_()
    assert "✕ never exported" in view._repr_html_()


def test_other_words_are_searched_for(peer: Peer, ws: Workspace) -> None:
    peer.on("catalogue.get", NotFound("unknown_dataset", "Unknown data set income."))
    peer.on("catalogue.list", listing(OTHER))
    found = ws.catalogue("income")
    assert isinstance(found, Listing)
    assert found.query == "income"
    ws.catalogue("health costs")
    assert [args["name"] for args in peer.seen("catalogue.get")] == ["income"]


def test_unknown_and_unmatched_gives_the_nearest_names(peer: Peer, ws: Workspace) -> None:
    peer.on("catalogue.get", NotFound("unknown_dataset", "Unknown data set GBAPERSON.", suggestions=("GBAPERSOONTAB",)))
    peer.on("catalogue.list", listing())
    with pytest.raises(NotFound, match="Nearest: GBAPERSOONTAB"):
        ws.catalogue("GBAPERSON")


def test_nothing_granted_says_what_to_do() -> None:
    assert "projectleider" in Listing([], "", "nl").html()
