"""Class, price and term at both sides of every boundary."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_cbs.domain.calendar import WorkingCalendar, closed_by_law
from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.files import FileContent, FileKind
from jupyter_cbs.domain.money import ExportClass, PriceTable
from jupyter_cbs.exports.classify import classify, ready_on
from jupyter_cbs.exports.detect import TYPES, detect

PRICES = PriceTable()
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def file(name: str, data: bytes = b"region,n\nA,10\n", kind: FileKind | None = None, type_name: str | None = None) -> FileContent:
    honest = type_name or next((key for key, known in TYPES.items() if "." + name.rsplit(".", 1)[-1].lower() in known.suffixes), "text")
    return FileContent(f"shared/{name}", name, honest, kind or TYPES[honest].kind, len(data), data=data)


def csvs(count: int, **rest: bytes) -> list[FileContent]:
    return [file(f"t{number}.csv", **rest) for number in range(count)]


def counted(files: list[FileContent], total: int) -> dict[str, int]:
    tables = [each.path for each in files if each.kind == "table"]
    return dict.fromkeys(tables, 1) | ({tables[0]: max(total - len(tables) + 1, 1)} if tables else {})


@pytest.mark.parametrize(
    ("names", "cells", "expected", "cents", "days"),
    [
        (["a.csv"], 4, ExportClass.LIGHT, 14_000, 1),
        (["a.csv"], 5000, ExportClass.LIGHT, 14_000, 1),
        (["a.csv"], 5001, ExportClass.CONFORM, 28_000, 3),
        (["a.csv", "b.csv", "c.csv", "d.csv", "e.csv"], 5000, ExportClass.LIGHT, 14_000, 1),
        (["a.csv", "b.csv", "c.csv", "d.csv", "e.csv", "f.csv"], 60, ExportClass.CONFORM, 28_000, 3),
        (["a.CSV"], 4, ExportClass.LIGHT, 14_000, 1),
        (["a.csv", "b.py"], 4, ExportClass.CONFORM, 28_000, 3),
        (["a.csv", "b.txt"], 4, ExportClass.CONFORM, 28_000, 3),
        (["a.xlsx"], 4, ExportClass.CONFORM, 28_000, 3),
        (["a.XLSX", "b.R", "c.TXT", "d.JPEG", "e.png", "f.gif", "g.do", "h.sps"], 4, ExportClass.CONFORM, 28_000, 3),
        (["a.xlsm"], 4, ExportClass.NON_CONFORM, 38_000, 3),
        (["a.csv", "b.pdf"], 4, ExportClass.NON_CONFORM, 38_000, 3),
        (["a.svg"], 0, ExportClass.NON_CONFORM, 38_000, 3),
        (["a.py"], 0, ExportClass.SCRIPTS, 5_000, 3),
        ([f"s{n}.r" for n in range(10)], 0, ExportClass.SCRIPTS, 5_000, 3),
        ([f"s{n}.r" for n in range(11)], 0, ExportClass.CONFORM, 28_000, 3),
        (["a.sql"], 0, ExportClass.NON_CONFORM, 38_000, 3),
        (["a.py", "a.sql"], 0, ExportClass.NON_CONFORM, 38_000, 3),
        (["a.png"], 0, ExportClass.CONFORM, 28_000, 3),
    ],
)
def test_the_table_of_classes(names: list[str], cells: int, expected: ExportClass, cents: int, days: int) -> None:
    files = [file(name) for name in names]
    result = classify(files, counted(files, cells), PRICES)
    assert (result.export_class, result.price_cents, result.working_days) == (expected, cents, days)
    assert result.reasons
    assert all(reason.en and reason.nl for reason in result.reasons)


def test_a_table_that_was_not_counted_is_never_light() -> None:
    files = csvs(2)
    for cells in ({files[0].path: 3}, {files[0].path: 3, files[1].path: 0}):
        result = classify(files, cells, PRICES)
        assert result.export_class is ExportClass.CONFORM
        assert result.reasons[0].en == "Not every table could be counted."


def test_a_table_under_the_name_of_a_text_is_not_light() -> None:
    table = file("a.txt", kind="table", type_name="csv")
    assert classify([table], {table.path: 4}, PRICES).export_class is ExportClass.NON_CONFORM


def test_nothing_has_no_class() -> None:
    with pytest.raises(Invalid) as caught:
        classify([], {}, PRICES)
    assert caught.value.code == "no_files"


@pytest.mark.parametrize(("count", "batches"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 3)])
def test_decryption_is_charged_per_started_batch(count: int, batches: int) -> None:
    files = csvs(count, data=b"PC6,n\n1234AB,10\n")
    result = classify(files, counted(files, 40), PRICES)
    base = 14_000 if count <= 5 else 28_000
    assert result.price_cents == base + batches * 27_100
    assert result.working_days == (1 if count <= 5 else 3) + 5
    assert result.decryption_files == count


@pytest.mark.parametrize(
    ("header", "decrypted"),
    [
        (b"PC6,n\n", True),
        (b"n;BRIN\n", True),
        (b'"CAOCODE"\tn\n', True),
        (b"\xef\xbb\xbfPC6,n\n", True),
        (b"\n\n PC6 ,n\n", True),
        ("PC6;n\n".encode("utf-16"), True),
        (b"PC6\n", True),
        (b"pc6,n\n", False),
        (b"PC6_code,n\n", False),
        (b"region,n\nPC6,1\n", False),
        (b"PC4,BRIN_crypt\n", False),
        (b"", False),
    ],
)
def test_the_column_is_named_exactly(header: bytes, decrypted: bool) -> None:
    table = file("a.csv", header + b"1,2\n" if not header.startswith(b"\xff") else header)
    assert bool(classify([table], {table.path: 4}, PRICES).decryption_files) is decrypted


def test_two_columns_to_decrypt_in_one_table_are_pointed_out() -> None:
    table = file("a.csv", b"PC6,BRIN\n1,2\n")
    result = classify([table], {table.path: 4}, PRICES)
    assert result.decryption_files == 1
    assert any("exactly one" in reason.en for reason in result.reasons)


def test_only_csv_is_decrypted() -> None:
    assert classify([file("a.py", b"PC6,n\n")], {}, PRICES).decryption_files == 0


@pytest.mark.parametrize(
    ("names", "cells", "en", "nl"),
    [
        (["a.csv"], 10, None, None),
        (["a.py"], 0, None, None),
        (
            ["a.csv", "b.py"],
            10,
            "Tables alone would be light: €\xa0140; with the scripts apart €\xa0190 in all.",
            "De tabellen alleen zijn kleine output: €\xa0140; met de scripts apart samen €\xa0190.",
        ),
        (["a.csv", "b.txt"], 10, "Tables alone would be light: €\xa0140.", "De tabellen alleen zijn kleine output: €\xa0140."),
        (["a.csv", "b.txt", "c.py"], 10, "Tables alone would be light: €\xa0140.", None),
        (["a.csv", "b.py"], 5001, None, None),
        (["a.xlsx"], 10, "With a.xlsx as csv, in at most 5 tables and nothing else: €\xa0140.", None),
        (["a.xlsx"], 6000, None, None),
        ([f"{n}.csv" for n in range(6)], 10, "In at most 5 csv it would be light: €\xa0140.", None),
        (["a.pdf", "b.csv"], 10, "Without a.pdf: €\xa0140.", "Zonder a.pdf: €\xa0140."),
        (["a.sql", "b.py"], 0, "Without a.sql: €\xa050.", None),
        (["a.pdf", "b.csv"], 5001, "Without a.pdf, or with tables as csv, text as txt and figures as png: €\xa0280.", None),
        (["a.tsv"], 10, "With tables as csv, text as txt and figures as png: at most €\xa0280.", None),
        ([f"{n}.py" for n in range(11)], 0, "Spread over 2 deliveries of scripts: €\xa0100.", "Verdeeld over 2 leveringen van scripts: €\xa0100."),
        (["a.png"], 0, None, None),
    ],
)
def test_how_it_would_be_cheaper(names: list[str], cells: int, en: str | None, nl: str | None) -> None:
    files = [file(name) for name in names]
    cheaper = classify(files, counted(files, cells), PRICES).cheaper
    assert (cheaper and cheaper.en) == en
    if nl is not None:
        assert cheaper is not None
        assert cheaper.nl == nl


@pytest.mark.parametrize(
    ("names", "cheaper"),
    [
        ([f"{n}.csv" for n in range(6)], None),
        (["a.csv", "b.py"], "Tables alone would be light: €\xa0411; with the scripts apart €\xa0461 in all."),
        (["a.csv", "b.pdf"], "Without b.pdf: €\xa0411."),
    ],
)
def test_what_would_be_cheaper_is_decrypted_too(names: list[str], cheaper: str | None) -> None:
    files = [file(name, b"PC6,n\n1234AB,10\n") for name in names]
    found = classify(files, counted(files, 40), PRICES)
    assert (found.cheaper and found.cheaper.en) == cheaper


def test_following_the_advice_costs_what_it_says() -> None:
    files = [file("a.csv"), file("b.pdf")]
    assert classify(files[:1], counted(files, 10), PRICES).price_cents == 14_000


def test_prices_are_policy() -> None:
    dear = PRICES.model_copy(update={"light_max_cells": 3, "light_max_files": 1})
    table = file("a.csv")
    assert classify([table], {table.path: 3}, dear).export_class is ExportClass.LIGHT
    assert classify([table], {table.path: 4}, dear).export_class is ExportClass.CONFORM


@given(st.lists(st.sampled_from(["a.csv", "a.xlsx", "a.py", "a.txt", "a.png", "a.pdf"]), min_size=1, max_size=12), st.integers(0, 6000))
def test_one_file_more_is_never_cheaper_but_for_scripts_becoming_an_output(names: list[str], cells: int) -> None:
    files = [file(f"{number}{name}") for number, name in enumerate(names)]
    prices = [classify(files[:count], counted(files[:count], cells), PRICES).price_cents for count in range(1, len(files) + 1)]
    assert prices == sorted(prices)


def test_detected_bytes_and_suffix_agree_with_the_samples() -> None:
    assert detect(file("a.csv").data or b"", "a.csv") == "csv"


# ---------------------------------------------------------------------------------------------------- calendar


@pytest.mark.parametrize("year", range(2014, 2051))
def test_holidays_of_an_independent_source(year: int) -> None:
    """PyPI ``holidays`` with the optional category has 5 May every year and Good Friday."""
    oracle = holidays.NL(years=year, categories=("public", "optional"))
    weekdays = {day for day in oracle if day.weekday() < 5 and day.year == year}
    assert {day for day in closed_by_law(year) if day.weekday() < 5} == weekdays


@pytest.mark.parametrize(
    ("received", "days", "ready"),
    [
        (date(2026, 4, 2), 1, date(2026, 4, 7)),
        (date(2026, 4, 2), 3, date(2026, 4, 9)),
        (date(2026, 4, 24), 1, date(2026, 4, 28)),
        (date(2026, 5, 4), 1, date(2026, 5, 6)),
        (date(2026, 5, 12), 3, date(2026, 5, 18)),
        (date(2026, 12, 23), 3, date(2026, 12, 29)),
        (date(2026, 12, 23), 8, date(2027, 1, 6)),
    ],
)
def test_worked_examples(received: date, days: int, ready: date) -> None:
    """Design: domain, Dutch working days."""
    moment = datetime(received.year, received.month, received.day, 10, tzinfo=AMSTERDAM)
    assert ready_on(WorkingCalendar(), moment, days) == ready


def test_the_cut_off() -> None:
    calendar = WorkingCalendar()
    before = datetime(2026, 11, 23, 11, 59, 59, tzinfo=AMSTERDAM)
    assert ready_on(calendar, before, 1) == date(2026, 11, 24)
    assert ready_on(calendar, before + timedelta(seconds=1), 1) == date(2026, 11, 25)
    assert ready_on(calendar, datetime(2026, 11, 21, 9, tzinfo=AMSTERDAM), 1) == date(2026, 11, 24)
    assert ready_on(calendar, datetime(2026, 11, 23, 10, 59, tzinfo=ZoneInfo("UTC")), 1) == date(2026, 11, 24)


def test_extra_days_of_the_office() -> None:
    moment = datetime(2026, 5, 12, 10, tzinfo=AMSTERDAM)
    assert ready_on(WorkingCalendar(extra_closed=frozenset({date(2026, 5, 15)})), moment, 3) == date(2026, 5, 19)
    assert ready_on(WorkingCalendar(extra_open=frozenset({date(2026, 5, 14)})), moment, 3) == date(2026, 5, 15)


def test_a_moment_without_a_zone_is_a_fault() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ready_on(WorkingCalendar(), datetime(2026, 5, 12, 10), 1)
