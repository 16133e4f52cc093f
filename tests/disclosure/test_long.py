"""Records and addresses in lines and cells of any length, and in brackets of any depth."""

from __future__ import annotations

import random

import pytest
from corpus import content

from jupyter_cbs.disclosure.scan import ScanContext, scan
from jupyter_cbs.domain.finding import Rule, Status

R = random.Random(41)
PERSONS = [[R.choice("MV"), R.randrange(18, 90), R.choice(["Delft", "Ede", "Breda"]), round(R.uniform(9e3, 9e4), 2)] for _ in range(40)]
RECORDS = [",".join(map(str, person)) for person in PERSONS]
NESTED = str([tuple(person) for person in PERSONS])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", "; ".join(RECORDS)),
        ("a.md", "Zie hieronder. " + " | ".join(RECORDS)),
        ("a.txt", "  ".join(record.replace(",", " ") for record in RECORDS)),
        ("a.txt", " ".join(record.replace(",", " ") for record in RECORDS)),
        ("a.py", f"# {'; '.join(RECORDS)}\n"),
        ("a.r", f'x <- "{"|".join(RECORDS)}"\n'),
        ("a.csv", 'groep,n\n"' + "; ".join(RECORDS) + '",40\nb,50\n'),
        ("a.txt", "\n".join("x" * 5_000 + "," + record for record in RECORDS)),
        ("a.txt", "\n".join(" " * 5_000 + record for record in RECORDS)),
        ("a.txt", "\n".join(record + "," + ",".join("0123456789"[k % 10] for k in range(3_000)) for record in RECORDS)),
        ("a.json", "[" * 90 + NESTED.replace("(", "[").replace(")", "]").replace("'", '"') + "]" * 90),
        ("a.json", '{"a":' * 9_000 + NESTED.replace("(", "[").replace(")", "]").replace("'", '"') + "}" * 9_000),
        ("a.py", "x = " + "[" * 90 + NESTED + "]" * 90 + "\n"),
    ],
)
def test_records_are_found_however_long_or_deep_they_stand(name: str, data: str) -> None:
    result = scan(content(name, data), ScanContext())
    assert (Rule.MICRODATA, Status.UNSAFE) in {(finding.rule, finding.status) for finding in result.findings}


def test_what_is_nested_too_deep_to_read_is_for_review() -> None:
    result = scan(content("a.json", "[1, " * 500 + NESTED.replace("(", "[").replace(")", "]") + "]" * 500), ScanContext())
    assert Status.worst([finding.status for finding in result.findings]).badness >= Status.REVIEW.badness


def test_a_list_of_addresses_in_a_long_cell_is_found() -> None:
    addresses = " ".join(f"jan{k}@voorbeeld.nl" for k in range(9))
    result = scan(content("t.csv", f'groep,n\n"{"zie ook " * 20}{addresses}",40\nb,50\n'), ScanContext())
    assert [(finding.rule, finding.where.line) for finding in result.findings] == [(Rule.IDENTIFIER, 2)]


@pytest.mark.parametrize(
    "line",
    [
        "Zie " + "; ".join(f"Jansen, {1990 + k}" for k in range(20)),
        "De variabelen zijn " + ", ".join(f"v{k} (categorie {k})" for k in range(40)) + ".",
        "Tabel: " + "; ".join(f"{a}: {40 + 3 * k} personen" for k, a in enumerate(["noord", "oost", "zuid", "west"] * 2)),
        "In 2019 was het 31 procent, in 2020 was het 33 procent, in 2021 was het 35 procent. " * 6,
        "model: y ~ " + " + ".join(f"x{k}" for k in range(60)),
        "| a | b |" * 40,
    ],
)
def test_long_sentences_are_no_records(line: str) -> None:
    assert scan(content("t.txt", line + "\n"), ScanContext()).findings == ()
