"""Planted cases: for every disclosure rule at least one table that shows it, the same at every size and seed.

The first persons of the population are planted. They alone were born in certain countries, work in certain sectors and have certain
offence codes, so a cell that one of those codes names has exactly the counts written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Person:
    """What is fixed of a planted person; everything else is drawn."""

    country: str
    female: bool
    born: int = 1975
    parents_abroad: int = 2
    school_type: str | None = None


@dataclass(frozen=True)
class Job:
    """A planted job: ``months`` rows in SPOLISBUS with the same wage."""

    person: int
    sector: str
    employer: int
    wage: int
    months: int = 1
    extra: int | None = 0


def _people() -> Iterator[Person]:
    yield from (Person("5032", i < 5) for i in range(9))  # nine in all: below ten
    yield from (Person("5003", i < 5) for i in range(10))  # ten in all: just enough
    yield from (Person("5024", i < 100) for i in range(110))  # 100 of 110: 90.9 %
    yield from (Person("5021", i < 90) for i in range(100))  # 90 of 100: exactly 90 %
    yield from (Person("5033", i < 5) for i in range(6))  # five of six
    yield from (Person("5013", i < 30) for i in range(39))  # thirty and nine
    yield from (Person("5015", i % 2 == 0, parents_abroad=0 if i < 30 else 1 if i < 34 else 2) for i in range(39))
    yield from (Person("5017", i % 2 == 0) for i in range(13))  # thirteen observations
    yield from (Person("5006", i % 2 == 0, born=1975 if i < 25 else 2023) for i in range(28))  # three more than the year before
    yield from (Person("6030", i % 2 == 0, born=2014, parents_abroad=0, school_type="03") for i in range(24))  # one school


PEOPLE: tuple[Person, ...] = tuple(_people())
"""The first persons of the first block, in this order."""

PLANTED = len(PEOPLE)
MINIMUM = 2_000
"""Fewest persons a population may have: the planted ones are then a fifth of it."""


def _of(country: str) -> list[int]:
    return [i for i, person in enumerate(PEOPLE) if person.country == country]


def _jobs() -> Iterator[Job]:
    workers = iter(_of("5024") + _of("5021"))
    yield from (Job(next(workers), "60", 1 + i, 11_000 if i == 0 else 1_000) for i in range(12))  # 11,000 of 22,000
    yield from (Job(next(workers), "59", 21 + i, 10_999 if i == 0 else 1_000) for i in range(12))  # 10,999 of 21,999
    yield from (Job(next(workers), "58", 41 if i < 30 else 42 + i, 2_500) for i in range(40))  # one employer of eleven pays 75 %
    yield from (Job(next(workers), "23", 91 + i, 3_000, months=12) for i in range(3))  # 36 rows, three persons
    yield from (Job(next(workers), "22", 101 + i % 12, 2_800) for i in range(15))  # nobody works overtime
    yield from (Job(next(workers), "54", 121 + i, 2_400, extra=100 if i < 5 else None) for i in range(20))  # five valid values
    yield from (Job(next(workers), "02", 151, 2_600) for i in range(15))  # one employer


JOBS: tuple[Job, ...] = tuple(_jobs())

INCOME_OTHER_MEMBER: tuple[int, ...] = tuple(_of("5024")[:60])
"""Sixty persons with INPPOSHHK '7': enough for the normal rule, under 100 for the profile income_wealth."""

INCOME_UNKNOWN_PLACE: tuple[int, ...] = tuple(_of("5021")[:20])
"""Twenty persons with INPPOSHHK '8', five of them with a negative income."""

SUSPECTS: tuple[tuple[int, str], ...] = tuple(
    [(person, "91") for person in _of("5024")[:4]] + [(person, "92") for person in _of("5021")[:10]] + [(_of("5021")[0], "92")] * 5
)
"""(person, offence): four persons with 91; ten persons with 92 in fifteen records, six of them of one person."""

DETAINED: tuple[tuple[int, str], ...] = tuple([(person, "91") for person in _of("5024")[:9]] + [(person, "92") for person in _of("5021")[:10]])
"""(person, offence): nine persons with 91, ten with 92."""

NOT_IN_FIRST_CARE_VERSION: tuple[int, ...] = tuple(_of("5033"))
"""Six persons who are in version 10 of the health costs but not in version 9."""


@dataclass(frozen=True)
class Case:
    """One planted case.

    Attributes
    ----------
    rule : str
        Rule code (design: disclosure, Interchange of a pre-check).
    project : str
        Demo project that is granted the data.
    call : str
        What a researcher types.
    sql : str
        A check of the figures, over the catalogue's views.
    answer : tuple
        What ``sql`` answers, at every size and seed.
    verdict : str
        What to expect of the table, in English.
    parameters : dict
        The arguments of ``call`` as ``ws.table`` takes them; empty where the case is no table.
    """

    rule: str
    project: str
    call: str
    sql: str
    answer: tuple[tuple[Any, ...], ...]
    verdict: str
    parameters: dict[str, Any] = field(default_factory=dict)


def _table(rule: str, project: str, sql: str, answer: tuple[tuple[Any, ...], ...], verdict: str, source: str, /, **arguments: Any) -> Case:
    shown = "".join(f", {name}={value!r}" for name, value in arguments.items()).replace("'", '"')
    return Case(rule, project, f'ws.table("{source}"{shown})', sql, answer, verdict, {"source": source, **arguments})


_PERSONS = "GBAPERSOON2023TABV1"
_BY_SEX = "SELECT GBAGEBOORTELAND, GBAGESLACHT, count(*) FROM GBAPERSOON2023TABV1 WHERE GBAGEBOORTELAND IN ({}) GROUP BY ALL ORDER BY ALL"

CASES: tuple[Case, ...] = (
    _table(
        "min_frequency",
        "9001",
        f"SELECT GBAGEBOORTELAND, count(*) FROM {_PERSONS} WHERE GBAGEBOORTELAND IN ('5032', '5003') GROUP BY ALL ORDER BY ALL",
        (("5003", 10), ("5032", 9)),
        "Monaco (5032) has 9 persons and is unsafe; Zwitserland (5003) has exactly 10 and is safe.",
        _PERSONS,
        rows=["GBAGEBOORTELAND"],
    ),
    _table(
        "min_frequency",
        "9001",
        "SELECT SSECT, count(*), count(DISTINCT RINPERSOON) FROM SPOLISBUS2023V4 WHERE SSECT = '23' GROUP BY ALL",
        (("23", 36, 3),),
        "Visserij (23) has 36 rows but 3 persons: unsafe, because persons count and not rows.",
        "SPOLISBUS2023V4",
        rows=["SSECT"],
        values="SLNINGLD",
        statistic="sum",
    ),
    _table(
        "min_frequency",
        "9001",
        "SELECT SSECT, count(*), count(SBIJZONDEREBELONING) FROM SPOLISBUS2023V4 WHERE SSECT = '54' GROUP BY ALL",
        (("54", 20, 5),),
        "Culturele instellingen (54) has 20 persons, 5 of them with a value: the mean has n = 5 and is unsafe.",
        "SPOLISBUS2023V4",
        rows=["SSECT"],
        values="SBIJZONDEREBELONING",
        statistic="mean",
    ),
    _table(
        "group_disclosure",
        "9001",
        _BY_SEX.format("'5024', '5021'"),
        (("5021", "1", 10), ("5021", "2", 90), ("5024", "1", 10), ("5024", "2", 100)),
        "Of those born in Ghana (5024) 100 of 110 are women, 90.9 %: unsafe. Of those born in Chili (5021) exactly 90 %: safe.",
        _PERSONS,
        rows=["GBAGEBOORTELAND"],
        columns=["GBAGESLACHT"],
    ),
    _table(
        "within_group",
        "9001",
        _BY_SEX.format("'5033'"),
        (("5033", "1", 1), ("5033", "2", 5)),
        "Of six persons born in Colombia (5033) five are women: the sixth learns the sex of the rest.",
        _PERSONS,
        rows=["GBAGEBOORTELAND"],
        columns=["GBAGESLACHT"],
    ),
    _table(
        "dominance",
        "9001",
        "SELECT SSECT, count(*), sum(SLNINGLD), max(SLNINGLD) FROM SPOLISBUS2023V4 WHERE SSECT IN ('59', '60') GROUP BY ALL ORDER BY ALL",
        (("59", 12, 21999.0, 10999.0), ("60", 12, 22000.0, 11000.0)),
        "Steenhouwersbedrijf (60): one of 12 persons earns exactly 50 %: unsafe. Mortelbedrijf (59): 49.998 %: safe.",
        "SPOLISBUS2023V4",
        rows=["SSECT"],
        values="SLNINGLD",
        statistic="sum",
    ),
    _table(
        "dominance",
        "9001",
        "SELECT count(*), sum(w), max(w) FROM (SELECT SBEID, sum(SLNINGLD) AS w FROM SPOLISBUS2023V4 WHERE SSECT = '58' GROUP BY ALL)",
        ((11, 100000.0, 75000.0),),
        "Dakdekkersbedrijf (58) is safe by person (40 equal wages), but one of 11 employers pays 75 %: unsafe by employer.",
        "SPOLISBUS2023V4",
        rows=["SSECT"],
        values="SLNINGLD",
        statistic="sum",
        unit="SBEID",
    ),
    _table(
        "institution",
        "9001",
        "SELECT WPOTYPEPO, count(*), count(DISTINCT WPOBRIN_crypt) FROM INSCHRWPOTAB2023V1 WHERE WPOTYPEPO = '03' GROUP BY ALL",
        (("03", 24, 1),),
        "Speciaal onderwijs (03): 24 pupils, all of one school. Unsafe as soon as the policy asks for more than one institution.",
        "INSCHRWPOTAB2023V1",
        rows=["WPOTYPEPO"],
    ),
    _table(
        "institution",
        "9001",
        "SELECT SSECT, count(DISTINCT RINPERSOON), count(DISTINCT SBEID) FROM SPOLISBUS2023V4 WHERE SSECT = '02' GROUP BY ALL",
        (("02", 15, 1),),
        "Tabakverwerkende industrie (02): 15 persons, one employer.",
        "SPOLISBUS2023V4",
        rows=["SSECT"],
        values="SBASISUREN",
        statistic="sum",
    ),
    _table(
        "zero",
        "9001",
        "SELECT SSECT, count(*), sum(SOVERWERKUREN) FROM SPOLISBUS2023V4 WHERE SSECT = '22' GROUP BY ALL",
        (("22", 15, 0.0),),
        "Koopvaardij (22): 15 persons together work 0 hours of overtime, so each of them works none: review.",
        "SPOLISBUS2023V4",
        rows=["SSECT"],
        values="SOVERWERKUREN",
        statistic="sum",
    ),
    _table(
        "min_frequency",
        "9001",
        "SELECT INPPOSHHK, count(*) FROM INPA2023TABV1 WHERE INPPOSHHK = '7' GROUP BY ALL",
        (("7", 60),),
        "Overig lid (7): 60 persons. Safe by the normal rule, review in the profile income_wealth, which advises 100.",
        "INPA2023TABV1",
        rows=["INPPOSHHK"],
        values="INPPERSBRUT",
        statistic="mean",
    ),
    _table(
        "dominance",
        "9001",
        "SELECT count(*), sum(INPPERSPRIM), sum(abs(INPPERSPRIM)), count(*) FILTER (INPPERSPRIM < 0) FROM INPA2023TABV1 WHERE INPPOSHHK = '8'",
        ((20, 150000, 450000, 5),),
        "Onbekend (8): 5 of 20 incomes are negative. Shares are taken of the absolute sum, and the cell is up for review.",
        "INPA2023TABV1",
        rows=["INPPOSHHK"],
        values="INPPERSPRIM",
        statistic="sum",
    ),
    _table(
        "secondary",
        "9001",
        _BY_SEX.format("'5013'"),
        (("5013", "1", 9), ("5013", "2", 30)),
        "Nieuwzeeland (5013): 9 men are unsafe and follow from the total of 39 and the 30 women; a second cell must go.",
        _PERSONS,
        rows=["GBAGEBOORTELAND"],
        columns=["GBAGESLACHT"],
    ),
    _table(
        "union",
        "9001",
        f"SELECT GBAAANTALOUDERSBUITENLAND, count(*) FROM {_PERSONS} WHERE GBAGEBOORTELAND = '5015' GROUP BY ALL ORDER BY ALL",
        (("0", 30), ("1", 4), ("2", 5)),
        "Denemarken (5015): two hidden cells of 4 and 5 add up to 9, which is known from the total and itself below 10.",
        _PERSONS,
        rows=["GBAGEBOORTELAND"],
        columns=["GBAAANTALOUDERSBUITENLAND"],
    ),
    _table(
        "insider",
        "9001",
        _BY_SEX.format("'5033'"),
        (("5033", "1", 1), ("5033", "2", 5)),
        "Colombia (5033): the only man knows his own cell; with it any cell hidden beside it is known to him.",
        _PERSONS,
        rows=["GBAGEBOORTELAND"],
        columns=["GBAGESLACHT"],
    ),
    Case(
        "differencing",
        "9001",
        'ws.table("GBAPERSOON2022TABV2", rows=["GBAGEBOORTELAND"]) and ws.table("GBAPERSOON2023TABV1", rows=["GBAGEBOORTELAND"])',
        "SELECT (SELECT count(*) FROM GBAPERSOON2022TABV2 WHERE GBAGEBOORTELAND = '5006'), "
        "(SELECT count(*) FROM GBAPERSOON2023TABV1 WHERE GBAGEBOORTELAND = '5006')",
        ((25, 28),),
        "Cuba (5006): 25 and 28 are both safe; released together they show the 3 who came in between.",
    ),
    Case(
        "differencing",
        "9001",
        'ws.table("ZVWZORGKOSTEN2022TABV9") and ws.table("ZVWZORGKOSTEN2022TABV10")',
        "SELECT (SELECT count(*) FROM ZVWZORGKOSTEN2022TABV10) - (SELECT count(*) FROM ZVWZORGKOSTEN2022TABV9)",
        ((6,),),
        "Version 10 has six persons more than version 9: the same table of both versions shows their costs.",
    ),
    Case(
        "degrees_of_freedom",
        "9001",
        "A regression of INPPERSBRUT on a constant, age, sex and place in the household among those born in Hongarije (5017)",
        "SELECT count(*) FROM GBAPERSOON2023TABV1 JOIN INPA2023TABV1 USING (RINPERSOONS, RINPERSOON) WHERE GBAGEBOORTELAND = '5017'",
        ((13,),),
        "13 observations: with 4 parameters 9 degrees of freedom are left, unsafe; with 3 parameters 10, safe.",
    ),
    _table(
        "min_max",
        "9001",
        "SELECT max(SLNINGLD), count(*) FILTER (SLNINGLD = 11000) FROM SPOLISBUS2023V4 WHERE SSECT = '60'",
        ((11000.0, 1),),
        "A maximum is the value of one person: of every sector it is unsafe.",
        "SPOLISBUS2023V4",
        rows=["SSECT"],
        values="SLNINGLD",
        statistic="max",
    ),
    _table(
        "percentile",
        "9001",
        "WITH m AS (FROM INPA2023TABV1 WHERE INPPOSHHK = '7') "
        "SELECT count(*), count(*) FILTER (INPPERSBRUT > (SELECT quantile_cont(INPPERSBRUT, 0.9) FROM m)) FROM m",
        ((60, 6),),
        "Only 6 of 60 persons in place 7 are above the 90th percentile; ten are needed on each side.",
        "INPA2023TABV1",
        rows=["INPPOSHHK"],
        values="INPPERSBRUT",
        percentile=0.9,
        statistic="percentile",
    ),
    Case(
        "identifier",
        "9001",
        'ws.sql("SELECT RINPERSOON AS id, SLNINGLD FROM SPOLISBUS2023V4 LIMIT 20").df().to_csv("personal/list.csv")',
        "SELECT count(*) FILTER (NOT regexp_full_match(RINPERSOON, '[0-9]{9}')) FROM SPOLISBUS2023V4",
        ((0,),),
        "Nine digits give the key away although the column is called id.",
    ),
    Case(
        "identifier",
        "9001",
        'ws.sql("SELECT WPOBRIN_crypt, count(*) AS n FROM INSCHRWPOTAB2023V1 GROUP BY 1").df().to_csv("personal/schools.csv")',
        "SELECT count(*) FILTER (NOT regexp_full_match(WPOBRIN_crypt, '[0-9a-f]{32}')) FROM INSCHRWPOTAB2023V1",
        ((0,),),
        "The encrypted key of a school never leaves, however many pupils it has.",
    ),
    Case(
        "microdata",
        "9001",
        'ws.sql("SELECT GBAGEBOORTEJAAR, GBAGESLACHT FROM GBAPERSOON2023TABV1 WHERE GBAGEBOORTELAND = \'5024\'").df().to_csv("personal/rows.csv")',
        f"SELECT count(*) FROM {_PERSONS} WHERE GBAGEBOORTELAND = '5024'",
        ((110,),),
        "One row per person, even without a key.",
    ),
    _table(
        "min_frequency",
        "9002",
        "SELECT DELICT, count(*), count(DISTINCT RINPERSOON) FROM VERD2023TABV1 WHERE DELICT IN ('91', '92') GROUP BY ALL ORDER BY ALL",
        (("91", 4, 4), ("92", 15, 10)),
        "Valsemunterij (91): 4 suspects, unsafe. Stroperij (92): 15 records of exactly 10 persons, safe.",
        "VERD2023TABV1",
        rows=["DELICT"],
    ),
    _table(
        "min_frequency",
        "9002",
        "SELECT DELICT, count(*) FROM GEDETINEERDEN2023TABV1 WHERE DELICT IN ('91', '92') GROUP BY ALL ORDER BY ALL",
        (("91", 9), ("92", 10)),
        "Valsemunterij (91): 9 detained persons, unsafe; Stroperij (92): 10, safe. Being in the file at all is the secret.",
        "GEDETINEERDEN2023TABV1",
        rows=["DELICT"],
    ),
)
"""Every planted case, in the order of the documentation."""
