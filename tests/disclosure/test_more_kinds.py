"""Kinds of content beside plain tables: each is found, and what merely resembles it is not."""

from __future__ import annotations

import base64
import gzip
import io
import json
import random

import openpyxl
import pytest
from corpus import content

from jupyter_cbs.disclosure.scan import ScanContext, scan
from jupyter_cbs.disclosure.scanners.contacts import is_account
from jupyter_cbs.disclosure.scanners.identifiers import is_citizen_number
from jupyter_cbs.disclosure.scanners.values import number, plain

RNG = random.Random(8)
PEOPLE = [
    {
        "geslacht": RNG.choice("MV"),
        "leeftijd": RNG.randrange(18, 90),
        "opleiding": RNG.choice(["laag", "hoog"]),
        "inkomen": RNG.randrange(9_000, 90_000),
    }
    for _ in range(60)
]
ROWS = "\n".join(["geslacht,leeftijd,opleiding,inkomen", *(",".join(map(str, person.values())) for person in PEOPLE)]) + "\n"
GROUPS = "groep,n,pct\n" + "".join(f"g{i},{40 + i},{20 + i / 10}\n" for i in range(20))
ENCODED = base64.b64encode(ROWS.encode()).decode()


def said(name: str, data: str | bytes) -> set[tuple[str, str]]:
    return {(finding.rule.value, finding.status.value) for finding in scan(content(name, data), ScanContext()).findings}


def book(sheets: dict[str, list[list[object]]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def paragraphs() -> str:
    return "\n\n".join("\n".join(f"{name}: {value}" for name, value in person.items()) for person in PEOPLE)


def yaml() -> str:
    return "".join("- " + "\n  ".join(f"{name}: {value}" for name, value in person.items()) + "\n" for person in PEOPLE)


def xml() -> str:
    rows = "".join("<row>" + "".join(f"<{name}>{value}</{name}>" for name, value in person.items()) + "</row>\n" for person in PEOPLE)
    return f'<?xml version="1.0"?>\n<data>\n{rows}</data>\n'


def attributes() -> str:
    rows = "".join("<row " + " ".join(f'{name}="{value}"' for name, value in person.items()) + "/>\n" for person in PEOPLE)
    return f'<?xml version="1.0"?>\n<data>\n{rows}</data>\n'


def turned() -> str:
    return "\n".join(",".join([name, *(str(person[name]) for person in PEOPLE)]) for name in PEOPLE[0]) + "\n"


def spread() -> str:
    return "id,wat,waarde\n" + "".join(f"{i},{name},{value}\n" for i, person in enumerate(PEOPLE) for name, value in person.items())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("toelichting.txt", paragraphs()),
        ("instellingen.txt", yaml()),
        ("bijlage.xml", xml()),
        ("bijlage.xml", attributes()),
        ("figuur.csv", turned()),
        ("reeks.csv", spread()),
        ("kolommen.txt", json.dumps({name: {str(i): person[name] for i, person in enumerate(PEOPLE)} for name in PEOPLE[0]})),
        ("bijlage.csv", 'naam,inhoud\nbijlage,"' + ROWS + '"\n'),
        ("bladen.xlsx", book({f"b{i}": [list(pair) for pair in person.items()] for i, person in enumerate(PEOPLE)})),
        ("bladen.xlsx", book({f"b{i}": [list(person), list(person.values())] for i, person in enumerate(PEOPLE)})),
        ("hoogste.csv", "rang,inkomen\n" + "".join(f"{i},{x}\n" for i, x in enumerate(sorted({p["inkomen"] for p in PEOPLE}, reverse=True), 1))),
    ],
)
def test_records_in_another_shape_are_microdata(name: str, data: str | bytes) -> None:
    assert ("microdata", "unsafe") in said(name, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        # models one after another say of how many they are
        ("modellen.txt", "\n\n".join(f"Model: m{i}\nR2: 0.{RNG.randrange(100, 999)}\nAIC: {RNG.randrange(900, 9999)}\nN: 3000" for i in range(12))),
        ("codeboek.txt", "\n\n".join(f"Variabele: v{i}\nLabel: naam van {i}\nType: {RNG.choice(['A1', 'N8'])}" for i in range(15))),
        ("reeks.csv", "gemeente," + ",".join(f"{y}" for y in range(1980, 2024)) + "\n" + "".join(
            f"{g}," + ",".join(str(RNG.randrange(500, 9000)) for _ in range(44)) + "\n" for g in ("A", "B", "C"))),
        ("lang.csv", "gemeente,wat,waarde\n"
         + "".join(f"g{i},{w},{RNG.randrange(50, 900)}\n" for i in range(30) for w in ("n", "som", "gemiddelde"))),
        ("bladen.xlsx", book({f"20{i}": [["n", 400 + i], ["gemiddelde", 30 + i]] for i in range(10, 24)})),
        ("schattingen.json", json.dumps({part: {f"x{i}": RNG.random() for i in range(12)} for part in ("params", "bse", "pvalues")})),
    ],
)  # fmt: skip
def test_tables_in_those_shapes_are_no_microdata(name: str, data: str | bytes) -> None:
    assert "microdata" not in {rule for rule, _ in said(name, data)}


CITIZENS = [text for text in map(str, range(123_456_780, 123_457_780)) if is_citizen_number(text)]


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("t.csv", "naam,adres,n\n" + "".join(f"p{i},p{i}.jansen@voorbeeld.example,12\n" for i in range(20)), "unsafe"),
        ("t.csv", "contact,n\n" + "".join(f"06-{12345678 + 7 * i},{10 + i}\n" for i in range(20)), "unsafe"),
        ("t.csv", "contact,n\n" + "".join(f"+316{12345678 + 7 * i},{10 + i}\n" for i in range(20)), "unsafe"),
        ("t.csv", "rekening,bedrag\n" + "NL91ABNA0417164300,100\n" * 3, "unsafe"),
        ("t.csv", "adres,n\n" + "".join(f"145.18.{i}.{2 * i},{10 + i}\n" for i in range(20)), "unsafe"),
        ("t.xlsx", book({"a": [["groep", "contact", "n"], *(["g", f"x{i}@mail.example", 20 + i] for i in range(12))]}), "unsafe"),
        ("t.txt", "Afgevallen:\n" + "".join(f"p{i}.smit@mail.example\n" for i in range(12)), "review"),
        ("t.txt", "Overmaken op NL91 ABNA 0417 1643 00.", "review"),
        ("t.txt", "De uitschieter is persoon 786579303, die is verwijderd.", "unsafe"),
        ("t.txt", f"Aangetroffen: {CITIZENS[0]} en {CITIZENS[5]}.", "unsafe"),
        ("t.csv", "groep,opmerking,n\na,zonder 004128831 en anderen,40\nb,,50\n", "unsafe"),
        ("t.csv", "groep,opmerking,n\na,zonder 786579303 en anderen,40\nb,,50\n", "review"),
        ("t.csv", "groep,n\na,40\nb,50\n\n\n,,,,004128831\n", "unsafe"),
        ("t.csv", "sleutel,n\n" + "".join(f"{base64.b64encode(str(786579303 + 977 * i).encode()).decode()},{10 + i}\n" for i in range(20)), "unsafe"),
    ],
)  # fmt: skip
def test_what_points_to_a_person_is_an_identifier(name: str, data: str | bytes, status: str) -> None:
    assert ("identifier", status) in said(name, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("README.md", "# Tabellen\n\nVragen: onderzoeker@uni.example, 050-1234567 of jan@uni.example.\n"),
        ("t.xlsx", book({"a": [["groep", "n"], ["a", 40], ["b", 50]], "Toelichting": [["Contact", "a.b@uni.example"], ["Telefoon", "050-1234567"]]})),
        ("t.csv", "gemeentecode,n\n" + "".join(f"{i:04d},{40 + i}\n" for i in range(363, 390))),
        ("t.csv", "versie,n\n" + "".join(f"1.{i}.0,{40 + i}\n" for i in range(12))),
        ("t.csv", "groep,n\nNL91ABNA0417164301,40\nb,50\n"),
        ("t.txt", "In 2020 waren het 123456789 euro, in 2021 1.234.567.890 euro. Zie doi 10.1016/123456789.123456789."),
        ("t.txt", f"Een bedrag van {CITIZENS[0]} euro."),
    ],
)
def test_whom_to_ask_and_codes_are_no_identifiers(name: str, data: str | bytes) -> None:
    assert "identifier" not in {rule for rule, _ in said(name, data)}


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("t.txt", "Toelichting\n" + ENCODED, "unsafe"),
        ("t.txt", "Toelichting\n" + "\n".join(ENCODED[i : i + 76] for i in range(0, len(ENCODED), 76)) + "\n", "unsafe"),
        ("t.md", "```\n" + base64.b64encode(gzip.compress(ROWS.encode())).decode() + "\n```\n", "unsafe"),
        ("t.txt", ROWS.encode().hex(), "unsafe"),
        ("t.txt", base64.b85encode(ROWS.encode()).decode(), "unsafe"),
        ("t.txt", base64.b64encode(random.Random(1).randbytes(600)).decode(), "review"),
        ("t.py", f'x = "{ENCODED}"\n', "unsafe"),
        ("t.csv", GROUPS + "\n\n" + ENCODED + "\n", "unsafe"),
        ("t.txt", "Toelichting" + "".join("\u200b" if bit == "1" else "\u2060" for bit in f"{123456:032b}"), "review"),
        ("t.txt", "Toelichting" + "".join("\t" if bit == "1" else " " for bit in f"{0x12345678ABCDEF01:064b}0101010101"), "review"),
    ],
)
def test_what_is_encoded_is_hidden(name: str, data: str, status: str) -> None:
    assert ("hidden_content", status) in said(name, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("t.txt", "Zie https://www.cbs.example/zoek?q=" + ENCODED[:400]),
        ("t.txt", "=" * 300 + "\n" + "_" * 300 + "\n" + "-" * 300 + "\n" + "a" * 300),
        ("t.txt", "ACGT" * 100),
        ("t.txt", "een\u200bwoord en \u26a0\ufe0f en \U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("t.txt", " " * 80 + "midden" + "\t" * 20),
        ("t.csv", GROUPS),
    ],
)
def test_addresses_lines_and_blanks_are_not_encoded(name: str, data: str) -> None:
    assert "hidden_content" not in {rule for rule, _ in said(name, data)}


def test_bytes_that_are_no_text_are_said_to_be_unreadable() -> None:
    assert ("unreadable", "review") in said("t.txt", ROWS.encode("cp037"))
    assert "unreadable" not in {rule for rule, _ in said("t.txt", "Één, twee, Súdwest-Fryslân\n".encode("cp1252"))}


CROSS = """           |       geslacht
       opl |       Man      Vrouw |     Total
-----------+----------------------+----------
      Laag |       503 {:>10} | {:>9}
      Hoog |       500        510 |     1,010
-----------+----------------------+----------
     Total |     1,003 {:>10} | {:>9}
"""
SPSS = """                 Frequency  Percent  Valid Percent  Cumulative Percent
Valid   Laag          {:>4}     {:>4}           {:>4}                {:>4}
        Hoog          2000     40,0           40,0               100,0
        Total         5000    100,0          100,0
"""
OLS = """No. Observations:  {:>10}   AIC:  12.1
Df Residuals:      {:>10}   BIC:  13.5
Df Model:                   4   Prob (F):  0.00
"""


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (CROSS.format(4, 507, 514, "1,517"), "min_frequency"),
        (CROSS.format(440, 943, 950, "1,953"), None),
        (SPSS.format(3, "0,1", "0,1", "0,1"), "min_frequency"),
        (SPSS.format(3000, "60,0", "60,0", "60,0"), None),
        ("    Variable |        Obs        Mean    Std. dev.       Min        Max\n"
         "-----\n inkomen |  3,000  35912.11  8012.2  2013.11  99312.5\n", "min_max"),
        ("    Variable |        Obs        Mean    Std. dev.\n-----\n inkomen |  3,000  35912.11  8012.2\n", None),
        ("    leeftijd        inkomen\n Min.   :18.00   Min.   : 2013\n Mean   :53.41   Mean   :36000\n Max.   :89.00   Max.   :99312\n", "min_max"),
        (OLS.format(14, 9), "degrees_of_freedom"),
        (OLS.format(16, 10), None),
        (OLS.format(9, 12), "min_frequency"),
        ("Residual standard error: 5433 on 9 degrees of freedom\n", "degrees_of_freedom"),
        ("Residual standard error: 5433 on 2996 degrees of freedom\n", None),
        ("Linear regression      Number of obs     =          8\n", "min_frequency"),
        ("Linear regression      Number of obs     =      3,000\n", None),
        ("Selectie: n < 10 is onderdrukt, k = 5 vouwen, N = 3000.\n", None),
    ],
)  # fmt: skip
def test_printed_results_are_read(text: str, rule: str | None) -> None:
    worst = {name for name, status in said("uitvoer.txt", text) if status == "unsafe"}
    assert worst - {"group_disclosure"} == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("rows", "unsafe"),
    [
        ('opl,Man,Vrouw\nLaag,"503 (50,3%)","3 (0,7%)"\nHoog,"500 (49,5%)","510 (50,5%)"\n', True),
        ('opl,Man,Vrouw\nLaag,"503 (50,3%)","10 (0,7%)"\nHoog,"500 (49,5%)","510 (50,5%)"\n', False),
        ('opl,n (%)\nLaag,"3 (0,7)"\nHoog,"510 (50,5)"\n', True),
        ('opl,gemiddelde (sd)\nLaag,"3 (0,7)"\nHoog,"51 (5,5)"\n', False),
        ('opl,gemiddelde\nLaag,"31,2 (n=3)"\nHoog,"28,1 (n = 1487)"\n', True),
        ('opl,gemiddelde\nLaag,"31,2 (n=13)"\nHoog,"28,1 (n = 1487)"\n', False),
        ("groep,n\nA,٣\nB,٤٤\n", True),
        ("groep,n\nA,４４\nB,５\n", True),
        ("groep,n\nA,⁵\nB,44\n", True),
        ("groep,n\nA,5\u200b0\nB,44\n", False),
        ("groep,n\nA,44¹\nB,52²\n", False),
    ],
)
def test_counts_are_read_however_they_are_written(rows: str, unsafe: bool) -> None:
    assert (("min_frequency", "unsafe") in said("t.csv", rows)) is unsafe


@pytest.mark.parametrize(
    ("text", "value"), [("١٢٫٥", 12.5), ("１，０００", 1000.0), ("³", 3.0), ("⑦", 7.0), ("10²", 10.0), ("5\u200b0", 50.0), ("−4", -4.0)]
)
def test_digits_of_any_script_are_digits(text: str, value: float) -> None:
    assert number(text) == value
    assert plain("Súdwest €5") == "Súdwest €5"


def test_a_printed_tree_and_a_list_of_values_are_for_review() -> None:
    leaf = "|   |--- inkomen {} 1203.22\n|   |   |--- value: [31022.12]\n"
    leaves = "|--- leeftijd <= 35.50\n" + leaf.format("<=") + leaf.format(">")
    assert ("unit_values", "review") in said("boom.txt", leaves)
    assert ("unit_values", "review") in said("t.txt", ", ".join(str(person["inkomen"]) for person in PEOPLE))
    assert said("t.txt", "Jaren: " + ", ".join(map(str, range(1990, 2024)))) == set()
    assert said("t.txt", "Codes: " + ", ".join("12345"[i % 5] for i in range(60))) == set()


def test_the_proofs_of_numbers() -> None:
    assert [is_account(text) for text in ("NL91 ABNA 0417 1643 00", "NL92ABNA0417164300")] == [True, False]
    assert [is_citizen_number(text) for text in ("111222333", "111222334", "11122233")] == [True, False, False]


@pytest.mark.parametrize("part", ["1,", "1 ", "a@", "<a ", "|---\n", "\n", "n=", "a: b\n", "Min. : 1\n", "+31 ", "persoon ", "\u200b", "1.1.", " \t"])
def test_the_time_of_a_long_text_is_bounded(part: str) -> None:
    """Each of these takes hours where an expression tries every way to fail: the suite's limit is the measure."""
    assert scan(content("t.txt", part * (200_000 // len(part))), ScanContext()) is not None


@pytest.mark.parametrize(
    ("rows", "unsafe"),
    [
        ("stat,value,n\np1,1200,100\np50,30000,100\np99,98000,100\n", 2),
        ("stat,value,n\np1,1200,902\np50,30000,902\np99,98000,902\n", 0),
        ("stat,value,n\np1,1200,901\np50,30000,901\np99,98000,901\n", 2),
        ("groep,n,p10,mediaan,p90\nA,91,1,2,3\nB,92,1,2,3\n", 2),
        ("groep,n,inkomen_p25,inkomen_p75\nA,37,1,2\nB,38,1,2\n", 2),
        ("groep,n,median\nA,19,2\nB,20,2\n", 1),
        (",inkomen,leeftijd\ncount,30,400\n25%,1,2\n50%,3,4\n75%,5,6\n", 2),
        # periods and classes of percentiles are none
        ("groep,n,p1,p2,p3,p4,p6,p7\nA,90,1,2,3,4,5,6\nB,100,1,2,3,4,5,6\n", 0),
        ("groep,n,gemiddelde\nP0-P10,90,1\nP10-P20,100,2\n", 0),
        ("groep,p1,p50\nA,1,2\nB,1,2\n", 0),
        ("van,naar,n,kans\nQ1,Q1,400,0.2\nQ1,Q2,300,0.1\nQ2,Q1,90,0.3\n", 0),
        ("groep,n,q01,q50\nA,90,1,2\n", 1),
    ],
)
def test_a_percentile_needs_ten_units_on_each_side(rows: str, unsafe: int) -> None:
    found = [finding for finding in scan(content("t.csv", rows), ScanContext()).findings if finding.rule.value == "percentile"]
    assert [finding.status.value for finding in found] == ["unsafe"] * unsafe


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("groep,n\nMan,1510\nVrouw,1487\nTotaal,3000\n", {("secondary", "review")}),
        ("groep,n\nMan,1513\nVrouw,1487\nTotaal,3000\n", set()),
        ("groep,n\nMan,1510\nVrouw,1485\nTotaal,3000\n", set()),  # rounded
        ("groep,n\nMan,1510\nVrouw,1487\nTotaal,3007\n", set()),
        ("groep,n,pct\nA,40,0\nB,60,45\n", {("group_disclosure", "review")}),
        ("groep,n,pct\nA,40,0.4\nB,60,45\n", set()),
    ],
)
def test_what_is_left_out_and_a_share_of_nothing_are_for_review(rows: str, expected: set[tuple[str, str]]) -> None:
    assert said("t.csv", rows) == expected


def test_the_sums_of_packages_are_for_review_and_other_codes_unsafe() -> None:
    codes = [base64.b16encode(RNG.randbytes(16)).decode().lower() for _ in range(5)]
    assert said("pakketten.txt", "".join(f'"Hash": "{code}",\n' for code in codes)) == {("identifier", "review")}
    assert said("pakketten.txt", "".join(f"persoon {code}\n" for code in codes)) == {("identifier", "unsafe")}


@pytest.mark.parametrize("mark", list("+$#@!|;"))
def test_records_between_any_mark_are_microdata(mark: str) -> None:
    assert ("microdata", "unsafe") in said("t.txt", "\n".join(mark.join(map(str, person.values())) for person in PEOPLE))
