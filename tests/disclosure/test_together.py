"""Differencing over three and more tables: against all that integers can be, and on cases that offices know."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pytest
from evidence_frames import Row
from hypothesis import given, settings
from hypothesis import strategies as st
from test_ledger import PROFILE, kept

from jupyter_cbs.disclosure.ledger import Kept, LedgerFinding, findings
from jupyter_cbs.disclosure.ledger.axes import atoms
from jupyter_cbs.disclosure.ledger.filters import Range
from jupyter_cbs.disclosure.ledger.periods import period
from jupyter_cbs.domain.evidence import Category
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.text import Text


def named(table: Kept, name: str, day: str = "3 March 2026") -> Kept:
    """Give a release a name of its own."""
    return Kept(table.meta, table.frame, Text(en=f"‘{name}’ of request {name} ({day})", nl=f"‘{name}’ van aanvraag {name} ({day})"))


def told(new: Kept, *old: Kept) -> tuple[LedgerFinding, ...]:
    return findings([new], list(old), lambda name: PROFILE)


def counts(codes: dict[str, int]) -> list[Row]:
    """Rows of one dimension, each a person."""
    numbers = itertools.count()
    return [Row(next(numbers), (code,)) for code, n in codes.items() for _ in range(n)]


def total_of(rows: Sequence[Row], where: str | None = None, **changes: object) -> Kept:
    """A table without categories to speak of: all those who pass."""
    return kept([Row(row.unit, ("x",), row.value) for row in rows], {"always": ("x",)}, where=where, **changes)


def test_what_two_releases_leave_of_a_third() -> None:
    """A − B − C: no two of them are unsafe together, all three leave five persons."""
    people = counts({"a": 40, "b": 30, "c": 5})
    whole = named(total_of(people), "whole")
    first = named(total_of([row for row in people if row.categories[0] == "a"], "region = 'a'"), "first")
    second = total_of([row for row in people if row.categories[0] == "b"], "region = 'b'")
    assert told(second, whole) == told(second, first) == ()
    (found, *others) = told(second, whole, first)
    assert found.status is Status.UNSAFE
    for words in ("5 persons", "request whole", "request first", "3 March 2026", "here"):
        assert words in found.text.en
    for words in ("5 personen", "aanvraag whole", "aanvraag first", "hier"):
        assert words in found.text.nl
    assert found.row is not None
    assert others == []


@pytest.mark.parametrize(("left", "unsafe"), [(9, True), (10, False), (0, False), (1, True)])
def test_the_boundary_of_what_is_left(left: int, unsafe: bool) -> None:
    people = counts({"a": 40, "b": 30, "c": left})
    parts = [total_of([row for row in people if row.categories[0] == code], f"region = '{code}'") for code in "ab"]
    assert bool(told(total_of(people), *parts)) is unsafe


def test_bands_of_three_tables() -> None:
    """[0, 10) and [10, 20) were released; [0, 21) adds those of twenty."""
    ages = [5] * 20 + [15] * 20 + [20] * 4 + [40] * 30
    people = [(unit, age) for unit, age in enumerate(ages)]

    def of(low: int, high: int) -> Kept:
        return total_of([Row(unit, ("x",)) for unit, age in people if low <= age < high], f"age >= {low} and age < {high}")

    assert told(of(0, 20), of(0, 10), of(10, 20)) == ()
    (found,) = told(of(0, 21), of(0, 10), of(10, 20))
    assert found.status is Status.UNSAFE
    assert "4 persons" in found.text.en


def test_municipalities_that_sum_to_a_province_of_another_table() -> None:
    """One table tells which municipalities make the province up; another counts the province, and lists leave one municipality over."""
    towns = {"0344": 50, "0307": 40, "0310": 6}
    rows = counts(towns)
    table = kept(counts(dict.fromkeys(towns, 100)), {"GEMEENTE": list(towns)})
    dimension = table.meta.dimensions[0]
    province = Category(code="26", label="Utrecht")
    dimension = dimension.model_copy(update={"parents": {**dict.fromkeys(towns, "26"), "26": None}, "categories": (*dimension.categories, province)})
    spec = table.meta.spec.model_copy(update={"hierarchies": {"GEMEENTE": ("GEMEENTE", "PROVINCIE")}})
    subtotal = [{**row, "d0": "26", "g0": False} for row in table.frame.to_pylist() if row["g0"]]
    frame = pa.Table.from_pylist([*table.frame.to_pylist(), *subtotal], schema=table.frame.schema)
    levels = Kept(table.meta.model_copy(update={"dimensions": (dimension,), "spec": spec}), frame, table.name)
    whole = named(total_of(rows, "PROVINCIE = '26' AND sex = '1'"), "province")
    first = named(total_of(rows[:50], "GEMEENTE = '0344' AND sex = '1'"), "first")
    second = total_of(rows[50:90], "GEMEENTE IN ('0307') AND sex = '1'")
    assert told(second, whole, first) == ()  # nobody told that they lie in it
    (found,) = told(second, whole, first, levels)
    assert found.status is Status.UNSAFE
    assert "6 persons" in found.text.en


def test_quarters_of_a_year() -> None:
    """A year's total less three quarters is the fourth."""
    days = [date(2023, 2, 1)] * 30 + [date(2023, 5, 1)] * 30 + [date(2023, 8, 1)] * 30 + [date(2023, 11, 1)] * 3
    rows = [Row(unit, (f"{day.year}Q{(day.month + 2) // 3}",)) for unit, day in enumerate(days)]
    year = named(kept([Row(row.unit, ("2023",)) for row in rows], {"JAAR": ("2023",)}), "year")
    first = kept([row for row in rows if row.categories[0] != "2023Q4"], {"KWARTAAL": ("2023Q1", "2023Q2", "2023Q3")}, where="KWARTAAL <> '2023Q4'")
    found = told(first, year)
    assert {one.status for one in found} == {Status.UNSAFE}
    assert all("3 persons" in one.text.en for one in found)
    months = [Row(row.unit, (f"2023{day.month:02}",)) for row, day in zip(rows, days, strict=True)]
    by_month = kept(months[:90], {"MAAND": ("202302", "202305", "202308")}, where="MAAND IN ('202302', '202305', '202308')")
    assert {one.status for one in told(by_month, year)} == {Status.UNSAFE}
    more = [*rows, *(Row(1000 + i, ("2023Q4",)) for i in range(7))]
    year = kept([Row(row.unit, ("2023",)) for row in more], {"JAAR": ("2023",)})
    assert told(first, year) == ()  # ten in the fourth quarter


def test_other_companions_over_three_releases_uncover_a_cell() -> None:
    """Each pair of versions of one table protects its hidden cells; the three of them do not."""
    both = {"a1": 4, "a2": 20, "b1": 20, "b2": 20, "c1": 30, "c2": 40}
    numbers = itertools.count()
    rows = [Row(next(numbers), (code[0], code[1])) for code, n in both.items() for _ in range(n)]
    table = kept(rows, {"k": "abc", "m": "12"})
    place = {(r["d0"], r["d1"]): at for at, r in enumerate(table.frame.to_pylist())}

    def hiding(*cells: tuple[str | None, str | None]) -> Kept:
        at = tuple(sorted(place[cell] for cell in cells))
        return Kept(table.meta.model_copy(update={"hidden": at, "fingerprint": f"{hash(at):064x}"}), table.frame, table.name)

    square = (("a", "1"), ("a", "2"))
    first = hiding(*square, ("b", "1"), ("b", "2"))
    second = hiding(*square, ("c", "1"), ("c", "2"))
    assert any(one.status is Status.UNSAFE for one in told(second, first))
    assert told(first, first) == ()


def test_medians_of_nearly_the_same_people_are_for_review() -> None:
    rows = [Row(unit, ("x",), float(unit)) for unit in range(60)]
    whole = kept(rows, {"always": ("x",)}, "median")
    fewer = kept(rows[:-3], {"always": ("x",)}, "median", where="age < 57")
    found = told(fewer, whole)
    assert {one.status for one in found} == {Status.REVIEW}
    assert told(kept(rows[:-10], {"always": ("x",)}, "median", where="age < 50"), whole) == ()
    # a mean and a count of them can be subtracted
    assert {one.status for one in told(kept(rows[:-3], {"always": ("x",)}, "mean", where="age < 57"), total_of(rows))} == {Status.UNSAFE}


def test_rounded_tables_are_intervals() -> None:
    """100 rounded to 4 and 93 rounded to 5 leave between 0.5 and 9.5 persons; rounded to 10 they leave 0 to 20."""
    rows = counts({"x": 100})

    def rounded(table: Kept, base: int) -> Kept:
        at = table.frame.schema.get_field_index("value")
        values = [None if v is None else float(base * round(v / base)) for v in table.frame.column("value").to_pylist()]
        frame = table.frame.set_column(at, table.frame.schema.field(at), pa.array(values, pa.float64()))
        return Kept(table.meta.model_copy(update={"rounding": base, "fingerprint": f"{base:064x}"}), frame, table.name)

    whole, fewer = total_of(rows), total_of(rows[:93], "age < 93")
    (found,) = told(rounded(fewer, 5), rounded(whole, 4))
    assert found.status is Status.UNSAFE
    assert told(rounded(fewer, 10), rounded(whole, 10)) == ()
    assert told(rounded(fewer, 10), whole) == ()


def test_disjoint_and_identical_tables_are_no_finding() -> None:
    people = counts({"a": 40, "b": 30, "c": 25})
    parts = [total_of([row for row in people if row.categories[0] == code], f"region = '{code}'") for code in "abc"]
    assert told(parts[2], *parts[:2]) == ()
    assert told(total_of(people), *parts) == ()
    assert told(parts[0], *parts) == ()


def test_many_unrelated_releases_stay_quick_and_silent() -> None:
    """Tables of a condition of their own each, that nobody can tell how they lie to each other."""
    rows = counts({"a": 400, "b": 300})
    releases = [kept(rows[at:], {"region": ("a", "b")}, where=f"f{at}(x) = 1 and v{at} > 3") for at in range(20, 40)]
    table = kept(rows, {"region": ("a", "b")})
    assert {one.status for one in told(table, *releases)} <= {Status.REVIEW}


def test_what_is_too_large_to_compare_is_said() -> None:
    wide = {f"d{i}": [str(j) for j in range(12)] for i in range(3)}
    rows = [Row(i, tuple(str((i * p) % 12) for p in (1, 5, 7))) for i in range(60)]
    one = kept(rows, wide)
    other = kept(rows, {f"e{i}": codes for i, codes in enumerate(wide.values())})
    assert any("Not compared" in found.text.en for found in told(other, one))


# ------------------------------------------------------------------------------------------- against brute force

AGES = 4
SEXES = 2
cell = st.tuples(st.integers(0, AGES - 1), st.integers(1, AGES), st.sampled_from([None, 0, 1])).filter(lambda c: c[0] < c[1])


def inside(box: tuple[int, int, int | None], age: int, sex: int) -> bool:
    return box[0] <= age < box[1] and box[2] in (None, sex)


def brute(population: dict[tuple[int, int], int], boxes: Sequence[tuple[int, int, int | None]], least: int) -> bool:
    """Tell whether some set of people, that is a whole-number combination of boxes, has few people in it.

    Combinations with factors −1, 0 and 1 of up to all boxes: what a person with a pencil can add and subtract.
    """
    atoms = list(population)
    for factors in itertools.product((-1, 0, 1), repeat=len(boxes)):
        cover = [sum(f for f, box in zip(factors, boxes, strict=True) if inside(box, *atom)) for atom in atoms]
        if all(c in (0, 1) for c in cover) and any(cover):
            n = sum(population[atom] for atom, c in zip(atoms, cover, strict=True) if c)
            if 0 < n < least:
                return True
    return False


@settings(max_examples=40, deadline=None)
@given(
    people=st.lists(st.integers(0, 14), min_size=AGES * SEXES, max_size=AGES * SEXES),
    boxes=st.lists(cell, min_size=2, max_size=4, unique=True),
)
def test_no_sum_of_released_cells_that_tells_of_few_escapes(people: list[int], boxes: list[tuple[int, int, int | None]]) -> None:
    population = dict(zip(itertools.product(range(AGES), range(SEXES)), people, strict=True))
    numbers = itertools.count()
    tables = []
    for box in boxes:
        rows = [Row(next(numbers), ("x",)) for atom, n in population.items() if inside(box, *atom) for _ in range(n)]
        where = f"age >= {box[0]} and age < {box[1]}" + ("" if box[2] is None else f" and sex = '{box[2]}'")
        tables.append(total_of(rows, where))
    if any(0 < table.frame.column("n").to_pylist()[0] < 10 or table.frame.num_rows == 0 for table in tables):
        return
    at_all = [found for number in range(1, len(tables)) for found in told(tables[number], *tables[:number])]
    if brute(population, boxes, PROFILE.min_frequency):
        assert any(found.status is Status.UNSAFE for found in at_all)
    else:
        # what is not a set of people may still bound one; that is for review and never unsafe
        assert all(found.status is Status.REVIEW for found in at_all)


# ----------------------------------------------------------------------------------------------------- the parts


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2023", 365),
        ("2024", 366),
        ("2023Q1", 90),
        ("2023K4", 92),
        ("2023-02", 28),
        ("202412", 31),
        ("2023M01", 31),
        ("2023-01-31", 1),
        ("20230131", 1),
    ],
)
def test_periods(text: str, days: int) -> None:
    found = period(text)
    assert found is not None
    assert found[1] - found[0] == days


@pytest.mark.parametrize("text", ["1850", "2023-13", "202300", "2023-02-30", "18-30", "", "2023Q5", "20"])
def test_no_periods(text: str) -> None:
    assert period(text) is None


@settings(max_examples=60, deadline=None)
@given(bounds=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=4))
def test_atoms_tell_apart_what_the_sets_do(bounds: list[tuple[int, int]]) -> None:
    sets = [(Range(low=float(low), high=float(high), high_in=False),) for low, high in bounds]
    told_apart = atoms(sets)
    signatures = {tuple(low <= x / 2 < high for low, high in bounds) for x in range(-4, 24)}
    size = len(next(iter(told_apart.values())))
    assert {tuple(bool(told_apart[one][at]) for one in sets) for at in range(size)} == signatures
