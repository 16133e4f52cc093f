"""The form asks little and cannot be forged from within."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from jupyter_cbs.domain.export import ExportForm, ExportRequest, ExportState, FormFile, ManifestEntry
from jupyter_cbs.domain.finding import FileReport, PrecheckReport, Status
from jupyter_cbs.domain.text import Text
from jupyter_cbs.exports.form import FormContext, as_json, described, missing, render

UNITLESS = FormFile(path="shared/costs.csv", shows="x")
CONTEXT = FormContext("9001", "Health costs", "University", "Anna de Vries", date(2026, 11, 23))
COSTS = FormFile(path="shared/costs.csv", shows="Mean costs by region", unit="person", sources=("ZVWZORGKOSTEN2022TABV1",), weighted=True)


def request(**changes: Any) -> ExportRequest:
    value: dict[str, Any] = {
        "id": "r1",
        "title": "Costs by region",
        "state": ExportState.DRAFT,
        "state_text": Text(en="Draft", nl="Concept"),
        "waiting_for": Text(en="the author", nl="de opsteller"),
        "author": "anna",
        "round": 1,
        "version": 1,
        "changed_at": datetime(2026, 11, 23, tzinfo=UTC),
        "export_class": "light",
        "price_cents": 14_000,
        "file_count": 1,
        "allowed_actions": (),
        "form": ExportForm(purpose="Thesis", secondary_disclosure="Totals hidden", files=(COSTS,)),
    }
    return ExportRequest(**(value | changes))


def test_a_complete_form_misses_nothing() -> None:
    assert missing(request().form, ["shared/costs.csv"]) == ()


def test_nothing_chosen() -> None:
    (text,) = missing(ExportForm(), [])
    assert "at least one file" in text.en
    assert missing(ExportForm(), ["output_control_form.txt"]) == (text,)


@pytest.mark.parametrize(
    ("form", "names", "expected"),
    [
        (ExportForm(), ["shared/costs.csv"], ["what costs.csv shows", "counted in costs.csv", "secondary"]),
        (ExportForm(secondary_disclosure="  "), ["a.png"], ["what a.png shows", "counted in a.png", "secondary"]),
        (ExportForm(), ["shared/run.py"], ["what run.py shows"]),
        (ExportForm(), ["shared/run.ipynb"], ["what run.ipynb shows"]),
        (
            ExportForm(secondary_disclosure="yes", files=(UNITLESS,)),
            ["shared/costs.csv"],
            ["counted in costs.csv"],
        ),
        (
            ExportForm(secondary_disclosure="yes", files=(COSTS,)),
            ["shared/costs.csv", "shared/other.csv"],
            ["what other", "counted in other"],
        ),
        (ExportForm(files=(COSTS,), secondary_disclosure="x"), ["costs.csv"], []),
        (ExportForm(files=(COSTS,), secondary_disclosure="x"), ["personal/costs.csv"], ["what costs.csv", "counted in"]),
    ],
)
def test_what_must_be_answered(form: ExportForm, names: list[str], expected: list[str]) -> None:
    texts = missing(form, names)
    assert len(texts) == len(expected)
    for text, part in zip(texts, expected, strict=True):
        assert part in text.en
        assert text.nl != text.en


def test_a_name_two_entries_share_is_not_guessed() -> None:
    form = ExportForm(files=(COSTS, FormFile(path="personal/costs.csv", shows="other")))
    assert described(form, "costs.csv") is None
    assert described(form, "personal/costs.csv") == form.files[1]
    assert described(ExportForm(files=(FormFile(path="shared/all.zip!deep/a.csv", shows="x"),)), "a.csv") is not None


def test_the_form_as_text_in_both_languages() -> None:
    en, nl = render(request(), CONTEXT, "en"), render(request(), CONTEXT, "nl")
    for line in (
        "Project: 9001 Health costs",
        "Class: light output",
        "Price: €\xa0140",
        "Shows: Mean costs by region",
        "Weighted: yes",
        "Unit: person",
    ):
        assert f"\n{line}\n" in en
    for line in (
        "Instelling: University",
        "Klasse: kleine output",
        "Ingediend door: Anna de Vries",
        "Laat zien: Mean costs by region",
        "Gewogen: ja",
    ):
        assert f"\n{line}\n" in nl
    assert "Unofficial template" in en
    assert "Onofficieel model" in nl
    assert len(en.splitlines()) == len(nl.splitlines())


@pytest.mark.parametrize(("unit", "dutch"), [("person", "persoon"), ("household", "huishouden"), ("school", "school")])
def test_what_is_counted_is_said_in_the_forms_language(unit: str, dutch: str) -> None:
    asked = request(form=ExportForm(files=(COSTS.model_copy(update={"unit": unit}),)))
    assert f"Unit: {unit}\n" in render(asked, CONTEXT, "en")
    assert f"Eenheid: {dutch}\n" in render(asked, CONTEXT, "nl")


def test_an_answer_cannot_pass_for_a_line_of_the_form() -> None:
    forged = ExportForm(purpose="Thesis\nPrice: € 0\r\nClass: scripts\x85Submitted by: somebody\u2028File 9: forged")
    for line in render(request(form=forged), CONTEXT).splitlines():
        assert not line.startswith(("Price: € 0", "Class: scripts", "Submitted by: somebody", "File 9"))


def test_files_come_from_the_manifest_once_there_is_one() -> None:
    entry = ManifestEntry(path="costs_2.csv", source="shared/costs.csv", sha256="0" * 64, size=1, type="csv", kind="table")
    text = render(request(manifest=(entry,)), CONTEXT)
    assert "File 1: costs_2.csv" in text
    assert "Mean costs by region" in text
    report = PrecheckReport(
        status=Status.SAFE,
        files=(
            FileReport(path="shared/costs.csv", type="csv", status=Status.SAFE, delivered_as="costs_3.csv"),
            FileReport(path="shared/a.sav", type="sav", status=Status.REFUSED),
        ),
    )
    text = render(request(report=report), CONTEXT)
    assert "costs_3.csv" in text
    assert "a.sav" not in text


def test_the_form_for_programs() -> None:
    value = json.loads(as_json(request(), CONTEXT))
    assert value["class"] == "light"
    assert value["price_cents"] == 14_000
    assert value["files"][0]["name"] == "costs.csv"
    assert value["files"][0]["sources"] == ["ZVWZORGKOSTEN2022TABV1"]
    assert "files" not in value["form"]
    unknown = request(export_class=None, price_cents=None)
    assert json.loads(as_json(unknown, CONTEXT))["price_cents"] is None
    assert "Price: not known" in render(unknown, CONTEXT)
