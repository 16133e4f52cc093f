"""From a block of the population to the rows of each file: one function per topic, columns in the order of :mod:`.topics`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from . import planted
from .codes import COUNTRIES, EDUCATION, LEVELS_OF_ADVICE, MUNICIPALITIES, OFFENCES, SECTORS
from .population import YEAR, Block, Ints
from .strings import coded, constant, dates, digits, fixed, hex32, mix, person_numbers

Floats = npt.NDArray[np.float64]

_LAND = [code for code, _, _ in COUNTRIES] + ["----"]
_SEX = ["1", "2", "-"]
_MONTHS = [f"{i:02d}" for i in range(1, 13)] + ["--"]
_DAYS = [f"{i:02d}" for i in range(1, 32)] + ["--"]
_FIRST_YEAR = 1850
_YEARS = [str(year) for year in range(_FIRST_YEAR, 2030)] + ["----"]
_NO_YEAR = len(_YEARS) - 1
_OPEN = np.datetime64("NaT")
_SALT_ADDRESS, _SALT_SCHOOL, _SALT_CAO, _SALT_EMPLOYER = 11, 23, 37, 41


def _numbers(block: Block, rows: Ints) -> dict[str, pa.Array]:
    return {"RINPERSOONS": constant("R", len(rows)), "RINPERSOON": person_numbers(block.first + rows, block.seed)}


def _years(values: Ints) -> pa.DictionaryArray:
    return coded(values - _FIRST_YEAR, _YEARS)


def _until(days: npt.NDArray[np.datetime64], opened: npt.NDArray[np.bool_]) -> pa.StringArray:
    """Write end dates, with 88888888 where the spell is still open."""
    written = dates(days)
    characters = np.frombuffer(written.buffers()[2], dtype=np.uint8).reshape(-1, 8).copy()
    characters[opened] = ord("8")
    return fixed(characters)


def _euros(values: Floats) -> pa.Array:
    return pa.array(np.round(values, 2))


def _whole(values: Floats) -> pa.Array:
    return pa.array(np.rint(values).astype(np.int64))


def persons(block: Block, year: int) -> pa.Table:
    """GBAPERSOONTAB: everybody born in or before ``year``."""
    rng = block.rng("parents")
    n = block.n
    ages = [rng.normal(29, 5, n).clip(16, 48).astype(np.int64), rng.normal(32, 6, n).clip(17, 60).astype(np.int64)]
    months, days = rng.integers(0, 12, (2, n)), rng.integers(0, 28, (2, n))
    unknown = rng.random((2, n)) < 0.02
    first = rng.random(n) < 0.5
    # One parent from abroad: mother or father; two: both; none: neither, also for those born abroad.
    abroad = block.parents_abroad
    mother = np.where((abroad == 2) | ((abroad == 1) & first), block.origin, 0)
    father = np.where((abroad == 2) | ((abroad == 1) & ~first), block.origin, 0)
    rows = np.flatnonzero(block.birth_year <= year)
    columns: dict[str, pa.Array] = _numbers(block, rows)
    take = {
        "GBAGEBOORTELAND": coded(block.country[rows], _LAND),
        "GBAGESLACHT": coded(block.female[rows], _SEX),
        "GBAGEBOORTELANDMOEDER": coded(mother[rows], _LAND),
        "GBAGEBOORTELANDVADER": coded(father[rows], _LAND),
        "GBAAANTALOUDERSBUITENLAND": coded(abroad[rows], ["0", "1", "2", "-"]),
        "GBAHERKOMSTGROEPERING": coded(block.origin[rows], _LAND),
        "GBAGENERATIE": coded(np.where(block.country > 0, 1, np.where(block.origin > 0, 2, 0))[rows], ["0", "1", "2", "-"]),
        "GBAHERKOMSTLAND": coded(block.origin[rows], _LAND),
        "GBAGEBOORTELANDNL": coded((block.country == 0)[rows], ["0", "1", "-"]),
        "GBAGEBOORTEJAAR": _years(block.birth_year[rows]),
        "GBAGEBOORTEMAAND": coded(block.month[rows] - 1, _MONTHS),
        "GBAGEBOORTEDAG": coded(block.day[rows] - 1, _DAYS),
        "GBAGESLACHTMOEDER": coded(np.where(unknown[0], 2, 1)[rows], _SEX),
        "GBAGESLACHTVADER": coded(np.where(unknown[1], 2, 0)[rows], _SEX),
    }
    for parent, name in enumerate(("MOEDER", "VADER")):
        missing = unknown[parent]
        born = np.where(missing, _NO_YEAR + _FIRST_YEAR, block.birth_year - ages[parent])
        take[f"GBAGEBOORTEJAAR{name}"] = _years(born[rows])
        take[f"GBAGEBOORTEMAAND{name}"] = coded(np.where(missing, 12, months[parent])[rows], _MONTHS)
        take[f"GBAGEBOORTEDAG{name}"] = coded(np.where(missing, 31, days[parent])[rows], _DAYS)
    return pa.table(columns | take)


def _earlier(block: Block, purpose: str, share: float) -> tuple[Ints, npt.NDArray[np.datetime64]]:
    """Choose adults that had an earlier spell, and the day on which it began."""
    rng = block.rng(purpose)
    before = np.flatnonzero((rng.random(block.n) < share) & (block.age >= 20))
    began = block.hh_start[block.household[before]] - rng.integers(200, 4000, len(before))
    return before, np.maximum(began.astype("datetime64[D]"), np.datetime64("1995-01-01") - 1)


def households(block: Block) -> pa.Table:
    """GBAHUISHOUDENSBUS: the present household, and for some an earlier one of their own."""
    everyone = np.arange(block.n)
    before, began = _earlier(block, "earlier household", 0.1)
    rows = np.concatenate([everyone, before])
    now = np.arange(len(rows)) < block.n
    hh = block.household[rows]
    start = np.concatenate([block.hh_start[block.household], began])
    end = np.concatenate([block.hh_start[block.household], block.hh_start[block.household[before]] - 1])
    kids = np.add.reduceat(block.child.astype(np.int16), block.hh_head)
    none = 9999
    youngest = np.maximum.reduceat(np.where(block.child, block.birth_year, -1), block.hh_head)
    oldest = np.minimum.reduceat(np.where(block.child, block.birth_year, none), block.hh_head)
    # Of the youngest child the month is wanted too: carried along in one number.
    month = np.maximum.reduceat(np.where(block.child, block.birth_year.astype(np.int64) * 100 + block.month, -1), block.hh_head) % 100
    has = (kids > 0)[hh] & now
    others = np.where(block.hh_type == 6, block.hh_size - 1, 0)
    household_number = np.concatenate([block.household_ids[block.household], 500_000_000 + block.first + before])
    return pa.table(
        _numbers(block, rows)
        | {
            "DATUMAANVANGHH": dates(start),
            "DATUMEINDEHH": _until(end, now),
            "HUISHOUDNR": digits(household_number * 7 + 1_000_003, 12),
            "TYPHH": coded(np.where(now, block.hh_type[hh], 0), [str(i) for i in range(1, 9)]),
            "PLHH": coded(np.where(now, block.place[rows], 2) - 1, [str(i) for i in range(1, 11)]),
            "REFPERSOONHH": coded(~now | (block.hh_head[hh] == rows), ["0", "1"]),
            "AANTALPERSHH": pa.array(np.where(now, block.hh_size[hh], 1).astype(np.int16)),
            "AANTALKINDHH": pa.array(np.where(now, kids[hh], 0).astype(np.int16)),
            "AANTALOVHH": pa.array(np.where(now, others[hh], 0).astype(np.int16)),
            "GEBJAARJONGSTEKINDHH": _years(np.where(has, youngest[hh], _NO_YEAR + _FIRST_YEAR)),
            "GEBMAANDJONGSTEKINDHH": coded(np.where(has, month[hh] - 1, 12), _MONTHS),
            "GEBJAAROUDSTEKINDHH": _years(np.where(has, oldest[hh], _NO_YEAR + _FIRST_YEAR)),
        }
    )


def _object(block: Block, hh: Ints) -> dict[str, pa.Array]:
    return {"SOORTOBJECTNUMMER": coded(block.hh_type[hh] == 7, ["B", "D"]), "RINOBJECTNUMMER": hex32(block.first + hh, _SALT_ADDRESS)}


def addresses(block: Block) -> pa.Table:
    """GBAADRESOBJECTBUS: the address of the household, and for movers the one before."""
    before, began = _earlier(block, "earlier address", 0.18)
    elsewhere = block.rng("moved from").integers(0, len(block.hh_type), len(before))
    rows = np.concatenate([np.arange(block.n), before])
    hh = np.concatenate([block.household, elsewhere])
    now = np.arange(len(rows)) < block.n
    own = block.hh_start[block.household]
    start, end = np.concatenate([own, began]), np.concatenate([own, own[before] - 1])
    return pa.table(
        _numbers(block, rows) | {"GBADATUMAANVANGADRESHOUDING": dates(start), "GBADATUMEINDEADRESHOUDING": _until(end, now)} | _object(block, hh)
    )


def municipalities(block: Block) -> pa.Table:
    """VSLGWBTAB: municipality, district and neighbourhood of each address; districts are skewed and some are very small."""
    hh = np.arange(len(block.hh_type))
    codes = np.array([int(code) for code, _, _ in MUNICIPALITIES])[block.hh_municipality]
    rng = block.rng("districts")
    district = np.floor(rng.random(len(hh)) ** 2.5 * 12).astype(np.int64)
    part = np.floor(rng.random(len(hh)) ** 2 * 8).astype(np.int64)
    names = [code for code, _, _ in MUNICIPALITIES]
    return pa.table(
        _object(block, hh)
        | {
            "gem2022": coded(block.hh_municipality, names),
            "gem2023": coded(block.hh_municipality, names),
            "wc2023": digits(codes * 100 + district, 6),
            "bc2023": digits(codes * 10_000 + district * 100 + part, 8),
        }
    )


def postcodes(block: Block) -> pa.Table:
    """VSLPOSTCODEBUS: the numeric part of the postcode of each address."""
    hh = np.arange(len(block.hh_type))
    postcode = 1000 + (mix(block.hh_municipality, 7) % np.uint64(8900)).astype(np.int64) + block.rng("postcodes").integers(0, 60, len(hh))
    return pa.table(
        _object(block, hh)
        | {
            "DATUMAANVPOSTCODENUMADRES": constant("19950101", len(hh)),
            "DATUMEINDPOSTCODENUMADRES": constant("88888888", len(hh)),
            "POSTCODENUM": digits(postcode, 4),
        }
    )


def _incomes(block: Block) -> tuple[Floats, Floats]:
    """Draw gross and primary income of each person in the newest year, in euros; zero for children."""
    rng = block.rng("income")
    adult = block.age >= 18
    working = np.clip(1 - np.abs(block.age - 46) / 60, 0.2, 1)
    gross = np.exp(rng.normal(10.2, 0.62, block.n)) * working
    # A long upper tail: one in two hundred earns many times as much.
    gross = np.where(rng.random(block.n) < 0.005, gross * (1 + rng.pareto(1.6, block.n)), gross)
    gross = np.where(adult & (rng.random(block.n) < 0.95), gross, 0.0)
    primary = np.where(block.age >= 67, gross * 0.15, gross * rng.uniform(0.7, 1.0, block.n))
    loss = (rng.random(block.n) < 0.004) & adult
    primary = np.where(loss, -rng.gamma(1.5, 9000, block.n), primary)
    if block.planted:
        other, unknown = np.array(planted.INCOME_OTHER_MEMBER), np.array(planted.INCOME_UNKNOWN_PLACE)
        gross[other] = 20_000 + 200 * np.arange(len(other))
        gross[unknown], primary[unknown] = 24_000, np.where(np.arange(len(unknown)) < 5, -30_000, 20_000)
    return np.rint(gross), np.rint(primary)


def _percentile(values: Floats, marker: Ints) -> pa.Array:
    """Rank on a fixed scale, so that a block needs nothing of the others; negative codes where there is no rank."""
    rank = np.clip(np.floor(100 * (1 - np.exp(-np.maximum(values, 0) / 32_000))) + 1, 1, 100)
    return pa.array(np.where(marker < 0, marker, rank).astype(np.int16))


def income_of_persons(block: Block, year: int) -> pa.Table:
    """INPATAB: everybody who was there in the year, with the incomes of the year."""
    factor = 1.0 if year == YEAR else 0.94
    gross, primary = (np.rint(values * factor) for values in _incomes(block))
    rng = block.rng(f"income {year}")
    kind = block.hh_type[block.household]
    head = block.hh_head[block.household]
    is_head = head == np.arange(block.n)
    place = np.select(
        [block.child & (block.age < 18), block.child, is_head & (kind >= 1) & (kind <= 4), is_head, (kind == 2) | (kind == 4)], [5, 6, 2, 1, 3], 4
    )
    if block.planted:
        # The codes 7 and 8 are for planted persons alone; the planted children get the code of children.
        place[: block.planted] = np.where(block.age[: block.planted] < 18, 5, 1)
        place[list(planted.INCOME_OTHER_MEMBER)], place[list(planted.INCOME_UNKNOWN_PLACE)] = 7, 8
    unseen = rng.random(block.n) < 0.003
    taxable = np.where(gross > 0, gross * 0.93, 8_888_888_888)
    taxable = np.where(unseen, 9_999_999_999, taxable)
    marker = np.where(kind == 7, -3, np.where(unseen, -2, np.where(gross <= 0, -1, 0)))
    young = block.age < 18
    self_supporting = np.where(unseen, 3, np.where(young, 2, gross > 15_000))
    independent = np.where(unseen, 3, np.where(young, 2, gross > 21_000))
    rows = np.flatnonzero(block.birth_year <= year)
    return pa.table(
        _numbers(block, rows)
        | {
            "INPBELI": _whole(taxable[rows]),
            "INPPERSBRUT": _whole(gross[rows]),
            "INPPERSPRIM": _whole(primary[rows]),
            "INPP100PPERS": _percentile(gross[rows], marker[rows]),
            "INPP100PBRUT": _percentile(gross[rows] * 0.9, marker[rows]),
            "INPEMEZ": coded(self_supporting[rows], ["0", "1", "8", "9"]),
            "INPEMFO": coded(independent[rows], ["0", "1", "8", "9"]),
            "INPPINK": coded(np.where(unseen, 2, gross > 0)[rows], ["0", "1", "9"]),
            "INPPOSHHK": coded(place[rows] - 1, [str(i) for i in range(1, 9)]),
            "RINPERSOONSHKW": constant("R", len(rows)),
            "RINPERSOONHKW": person_numbers(block.first + head[rows], block.seed),
        }
    )


def income_of_households(block: Block) -> pa.Table:
    """INHATAB: one row per household, sums of its members."""
    gross, primary = _incomes(block)
    rng = block.rng("household income")
    size = len(block.hh_type)
    total, first = np.add.reduceat(gross, block.hh_head), np.add.reduceat(primary, block.hh_head)
    earners = np.add.reduceat((gross > 0).astype(np.int16), block.hh_head)
    spendable = total * np.clip(0.86 - total / 900_000, 0.5, 1) + 2_000
    institution = block.hh_type == 7
    old = block.age[block.hh_head] >= 67
    sources = ["11", "12", "13", "14", "21", "22", "23", "24", "25", "26", "30", "99"]
    at_work = rng.choice(12, size=size, p=[0.72, 0.02, 0.08, 0.01, 0.02, 0.06, 0.01, 0.05, 0.0, 0.02, 0.008, 0.002])
    source = np.where(old, np.where(rng.random(size) < 0.93, 8, 10), at_work)
    benefit = np.select([institution, source == 4, source == 7, source == 5, source == 6], [5, 1, 2, 3, 4], 0)
    owner = rng.random(size) < np.clip(total / 80_000, 0.05, 0.9)
    dwelling = np.where(institution, 3, np.where(owner, 0, np.where(total < 32_000, 2, 1)))
    line = np.rint(spendable / (13_000 * np.sqrt(block.hh_size)) * 100)
    return pa.table(
        {
            "RINPERSOONSHKW": constant("R", size),
            "RINPERSOONHKW": person_numbers(block.first + block.hh_head, block.seed),
            "INHAHL": pa.array(block.hh_size),
            "INHAHLMI": pa.array(earners),
            "INHBRUTINKH": _whole(total),
            "INHBESTINKH": _whole(spendable),
            "INHPRIMINKH": _whole(first),
            "INHARMEUR": pa.array(np.where(institution, -2, np.minimum(line, 9_999)).astype(np.int32)),
            "INHBBIHJ": coded(source, sources),
            "INHEHALGR": coded(dwelling, ["1", "2", "3", "8", "9"]),
            "INHUAFTYP": coded(benefit, ["0", "1", "2", "3", "4", "8", "9"]),
        }
    )


_SECTOR_CODES = [code for code, _, _ in SECTORS]
_SLOTS = np.repeat(np.arange(len(SECTORS)), [slots for _, _, slots in SECTORS])
_SECTOR_WAGE = 0.75 + 0.05 * (np.arange(len(SECTORS)) * 7 % 13)
_MONTH_START = np.array([np.datetime64(f"{YEAR}-{m:02d}-01") for m in range(1, 13)])
_MONTH_END = np.append(_MONTH_START[1:], np.datetime64(f"{YEAR + 1}-01-01")) - 1
_FIRST_EMPLOYER = 1_000


def wages(block: Block, employers: int) -> pa.Table:
    """SPOLISBUS: job-months; a few employers have very many of the jobs, many have one."""
    rng = block.rng("jobs")
    chance = np.where((block.age >= 18) & (block.age < 67), 0.66, np.where(block.age >= 15, 0.12, 0.0))
    chance[: block.planted] = 0
    person = np.flatnonzero(rng.random(block.n) < chance)
    second = person[rng.random(len(person)) < 0.06]
    person = np.concatenate([person, second])
    n = len(person)
    employer = _FIRST_EMPLOYER + np.floor(employers * rng.random(n) ** 2.5).astype(np.int64)
    sector = _SLOTS[(mix(employer, _SALT_EMPLOYER) % np.uint64(len(_SLOTS))).astype(np.int64)]
    months = np.where(rng.random(n) < 0.45, 12, rng.integers(1, 12, n))
    begin = np.floor(rng.random(n) * (13 - months)).astype(np.int64)
    part = np.where(rng.random(n) < np.where(block.female[person], 0.33, 0.72), 1.0, rng.uniform(0.15, 0.95, n))
    wage = np.exp(rng.normal(7.95, 0.38, n)) * _SECTOR_WAGE[sector] * part
    wage = np.where(rng.random(n) < 0.002, wage * (1 + rng.pareto(1.5, n)), wage)
    bonus = np.where(rng.random(n) < 0.25, wage * 0.08, 0.0)
    overtime = np.where(rng.random(n) < 0.12, rng.integers(1, 20, n), 0).astype(np.float64)
    contract = np.where(rng.random(n) < 0.66, 0, np.where(rng.random(n) < 0.97, 1, 2))
    kind = np.select([_is(sector, "52") & (rng.random(n) < 0.8), rng.random(n) < 0.06, rng.random(n) < 0.01], [2, 3, 1], 4)
    noise = rng.uniform(0.98, 1.02, int(months.sum()))
    if block.planted:
        jobs = planted.JOBS
        person = np.concatenate([person, [job.person for job in jobs]])
        employer = np.concatenate([employer, [job.employer for job in jobs]])
        sector = np.concatenate([sector, [_SECTOR_CODES.index(job.sector) for job in jobs]])
        months = np.concatenate([months, [job.months for job in jobs]])
        begin = np.concatenate([begin, np.zeros(len(jobs), np.int64)])
        part = np.concatenate([part, np.ones(len(jobs))])
        wage = np.concatenate([wage, [job.wage for job in jobs]])
        bonus = np.concatenate([bonus, [np.nan if job.extra is None else job.extra for job in jobs]])
        overtime = np.concatenate([overtime, np.zeros(len(jobs))])
        contract = np.concatenate([contract, np.zeros(len(jobs), np.int64)])
        kind = np.concatenate([kind, np.full(len(jobs), 4)])
        noise = np.concatenate([noise, np.ones(sum(job.months for job in jobs))])
    job = np.repeat(np.arange(len(person)), months)
    nth = np.arange(len(job)) - np.repeat(np.cumsum(months) - months, months)
    month = begin[job] + nth
    hours = part[job] * 165
    paid = np.round(wage[job] * noise, 2)
    over = np.where(month % 3 == 0, overtime[job], 0.0)
    overpay = over * wage[job] / np.maximum(hours, 1) * 1.2
    # A contract runs from before the year unless the job began in it, and is open unless the job ended in it.
    earlier = np.datetime64("2010-01-01") + (mix(person * 31 + employer, 5) % np.uint64(4700)).astype(np.int64)
    start = np.where(begin == 0, earlier, _MONTH_START[begin])[job]
    last = begin + months - 1
    numbers = block.first * 2 + np.arange(len(person))
    days = (_MONTH_END[month] - _MONTH_START[month]).astype(np.int64) + 1
    size = np.digitize(part * 38, [12, 20, 35])
    public = np.array([2 if code in ("61", "62", "64") else 1 if code == "35" else 0 for code in _SECTOR_CODES])
    unknown = np.isnan(bonus[job])
    return pa.table(
        _numbers(block, person[job])
        | {
            "IKVID": digits(numbers * 3 + 7, 12).take(pa.array(job)),
            "SBEID": digits(employer, 10).take(pa.array(job)),
            "SCAO_crypt": hex32(sector * 5 + employer % 5, _SALT_CAO).take(pa.array(job)),
            "SCAOSECTOR": coded(public[sector][job], ["1000", "2000", "3000"]),
            "SSECT": coded(sector[job], _SECTOR_CODES),
            "SDATUMAANVANGIKO": coded(month, dates(_MONTH_START).to_pylist()),
            "SDATUMEINDEIKO": coded(month, dates(_MONTH_END).to_pylist()),
            "SDATUMAANVANGIKV": dates(start),
            "SDATUMEINDEIKV": _until(_MONTH_END[last][job], (last == 11)[job]),
            "SBAANDAGEN": pa.array(days.astype(np.float64)),
            "SVOLTIJDDAGEN": _euros(days * part[job]),
            "SBASISLOON": _euros(paid * 0.95),
            "SBASISUREN": _euros(hours),
            "SLNINGLD": pa.array(paid),
            "SLNOWRK": _euros(overpay),
            "SBIJZONDEREBELONING": pa.array(np.round(np.nan_to_num(bonus[job]), 2), mask=unknown),
            "SOVERWERKUREN": pa.array(over),
            "SREGULIEREUREN": _euros(hours - 0.05 * over),
            "SCONTRACTSOORT": coded(contract[job], ["O", "B", "N"]),
            "SPOLISDIENSTVERBAND": coded((part < 0.9)[job], ["1", "2"]),
            "SSOORTBAAN": coded(kind[job], ["1", "2", "4", "5", "9"]),
            "SWEKARBDUURKLASSE": coded(size[job], ["1", "2", "3", "4"]),
        }
    )


def _is(sector: Ints, code: str) -> npt.NDArray[np.bool_]:
    return np.asarray(sector == _SECTOR_CODES.index(code))


# (column, share of persons with costs, shape and scale of those costs, how the share grows with age)
_CARE: tuple[tuple[str, float, float, float, float], ...] = (
    ("ZVWKHUISARTS", 0.80, 2.0, 55, 0.002),
    ("ZVWKMULTIDISC", 0.10, 2.0, 70, 0.004),
    ("ZVWKFARMACIE", 0.60, 0.6, 420, 0.003),
    ("ZVWKMONDZORG", 0.12, 1.2, 150, 0.0),
    ("ZVWKZIEKENHUIS", 0.42, 0.5, 3_600, 0.004),
    ("ZVWKGEBOORTEZORG", 0.0, 3.0, 550, 0.0),
    ("ZVWKEERSTELIJNSVERBLIJF", 0.002, 1.5, 3_000, 0.0001),
    ("ZVWKPARAMEDISCH", 0.06, 1.2, 350, 0.001),
    ("ZVWKHULPMIDDEL", 0.12, 0.7, 500, 0.003),
    ("ZVWKZIEKENVERVOER", 0.03, 1.0, 700, 0.001),
    ("ZVWKBUITENLAND", 0.02, 0.6, 900, 0.0),
    ("ZVWKOVERIG", 0.05, 0.8, 200, 0.0),
    ("ZVWKGERIATRISCH", 0.001, 2.0, 6_000, 0.0001),
    ("ZVWKWYKVERPLEGING", 0.01, 0.8, 6_500, 0.001),
    ("ZVWKGENBASGGZ", 0.02, 2.0, 480, 0.0),
    ("ZVWKSPECGGZ", 0.04, 0.5, 5_500, 0.0),
)


def health_costs(block: Block, first_version: bool) -> pa.Table:
    """ZVWZORGKOSTENTAB: costs in 2022; the first version has fewer declarations and lacks a few persons."""
    rng = block.rng("care")
    columns: dict[str, Floats] = {}
    for name, share, shape, scale, growth in _CARE:
        chance = share + growth * np.maximum(block.age.astype(np.float64) - 40, 0)
        if name == "ZVWKGEBOORTEZORG":
            chance = np.where(block.female & (block.age >= 20) & (block.age <= 42), 0.07, 0.0)
        # Costs are drawn for those who have them only: most amounts are zero.
        some = np.flatnonzero(rng.random(block.n) < np.clip(chance, 0, 0.98))
        costs = np.zeros(block.n)
        costs[some] = rng.gamma(shape, scale, len(some)) * (0.97 if first_version else 1.0)
        columns[name] = costs
    columns["NOPZVWKHUISARTSINSCHRIJF"] = np.where(rng.random(block.n) < 0.99, 71.4, 0.0)
    insured = block.birth_year <= 2022
    if first_version and block.planted:
        insured[list(planted.NOT_IN_FIRST_CARE_VERSION)] = False
    rows = np.flatnonzero(insured)
    return pa.table(_numbers(block, rows) | {name: _euros(values[rows]) for name, values in columns.items()})


def education(block: Block) -> pa.Table:
    """HOOGSTEOPLTAB: most persons of 15 and older; older ones come from a sample and weigh more."""
    rng = block.rng("education")
    known = (block.age >= 15) & (rng.random(block.n) < np.where(block.age < 45, 0.95, 0.62))
    rows = np.flatnonzero(known)
    weights = np.array([weight for _, _, weight in EDUCATION])
    reached = rng.choice(len(weights), size=len(rows), p=weights / weights.sum())
    followed = np.where(rng.random(len(rows)) < 0.8, reached, np.minimum(reached + 1, len(weights) - 1))
    codes = [code for code, _, _ in EDUCATION]
    sampled = (block.age[rows] >= 45) & (rng.random(len(rows)) < 0.4)
    weight = np.where(sampled, np.round(rng.uniform(2, 20, len(rows)), 4), 1.0)
    return pa.table(
        _numbers(block, rows)
        | {
            "OPLNRHB": digits(200_000 + reached * 137, 6),
            "OPLNRHG": digits(200_000 + followed * 137, 6),
            "OPLNIVSOI2021AGG4HBmetNIRWO": coded(reached, codes),
            "OPLNIVSOI2021AGG4HGmetNIRWO": coded(followed, codes),
            "GEWICHTOPL": pa.array(weight),
        }
    )


def schools(block: Block, number: int) -> pa.Table:
    """INSCHRWPOTAB: pupils of 4 to 12; a few large schools and many small ones."""
    rng = block.rng("schools")
    pupil = (block.age >= 4) & (block.age <= 12)
    if block.planted:
        pupil[: block.planted] = [person.school_type is not None for person in planted.PEOPLE]
    rows = np.flatnonzero(pupil)
    n = len(rows)
    school = 1 + np.floor(number * rng.random(n) ** 1.6).astype(np.int64)
    own = rows < block.planted
    school[own] = 0
    kind = np.where(own, 2, school % 25 == 7)
    grade = np.clip(block.age[rows] - 4 + (rng.random(n) < 0.2), 0, 7).astype(np.int64)
    last = grade == 7
    levels = np.array([code for code, _ in LEVELS_OF_ADVICE])
    advice = levels[rng.choice(len(levels), size=n, p=[0.27, 0.2, 0.16, 0.14, 0.2, 0.03])]
    test = levels[np.clip(np.searchsorted(levels, advice) + rng.integers(-1, 2, n), 0, 4)]
    revised = last & (rng.random(n) < 0.08)
    reference = [np.clip(np.rint(rng.normal(3, 0.8, n)), 1, 4).astype(np.int64) - 1 for _ in range(3)]
    marks = [pa.DictionaryArray.from_arrays(pa.array(mark.astype(np.int8), mask=~last), pa.array(["1", "2", "3", "4"])) for mark in reference]
    return pa.table(
        _numbers(block, rows)
        | {
            "WPOBRIN_crypt": hex32(school, _SALT_SCHOOL),
            "WPOBRINVEST": coded(np.where(own, 0, school % 3 == 1), ["00", "01"]),
            "WPOTYPEPO": coded(kind, ["01", "02", "03"]),
            "WPOLEERJAAR": coded(grade, [str(i) for i in range(1, 9)]),
            "WPOGROEPSGROOTTE": pa.array(np.clip(np.rint(rng.normal(24, 5, n)), 6, 36).astype(np.int16)),
            "WPOTOETSADVIES": pa.array(test.astype(np.int16), mask=~last),
            "WPOADVIESVO": pa.array(advice.astype(np.int16), mask=~last),
            "WPOADVIESHERZ": pa.array(test.astype(np.int16), mask=~revised),
            "WPOREKENEN": marks[0],
            "WPOTAALLV": marks[1],
            "WPOTAALTV": marks[2],
        }
    )


def _offences(block: Block, purpose: str, share: float, fixed_rows: tuple[tuple[int, str], ...]) -> pa.Table:
    rng = block.rng(purpose)
    chance = share * np.where(block.female, 0.3, 1.7) * ((block.age >= 12) & (block.age < 70)) * np.where(block.age < 27, 2.2, 0.8)
    chance[: block.planted] = 0
    person = np.flatnonzero(rng.random(block.n) < chance)
    person = np.repeat(person, 1 + rng.poisson(0.35, len(person)))
    weights = np.array([weight for _, _, weight in OFFENCES])
    offence = rng.choice(len(weights), size=len(person), p=weights / weights.sum())
    codes = [code for code, _, _ in OFFENCES]
    if block.planted:
        person = np.concatenate([person, [who for who, _ in fixed_rows]])
        offence = np.concatenate([offence, [codes.index(code) for _, code in fixed_rows]])
    day = np.datetime64(f"{YEAR}-01-01") + rng.integers(0, 365, len(person))
    return pa.table(_numbers(block, person) | {"JAAR": constant(str(YEAR), len(person)), "DELICT": coded(offence, codes), "PLEEGDATUM": dates(day)})


def suspects(block: Block) -> pa.Table:
    """VERDTAB: one row per person and offence."""
    return _offences(block, "suspects", 0.008, planted.SUSPECTS)


def detained(block: Block) -> pa.Table:
    """GEDETINEERDENTAB: one row per person and detention."""
    return _offences(block, "detained", 0.0016, planted.DETAINED)


def defaulters(block: Block) -> pa.Table:
    """WANBZVWTAB: who is in it is all it says."""
    return pa.table(_numbers(block, np.flatnonzero((block.age >= 18) & (block.rng("defaulters").random(block.n) < 0.012))))


def tables(block: Block, population: int) -> Iterator[tuple[str, pa.Table]]:
    """Give the rows of a block for every file.

    Parameters
    ----------
    block : Block
    population : int
        Persons in all blocks together; the number of employers and schools depends on it.

    Yields
    ------
    tuple of str and pyarrow.Table
        File stem and rows.
    """
    makers: dict[str, Callable[[], Any]] = {
        "GBAPERSOON2021TABV1": lambda: persons(block, 2021),
        "GBAPERSOON2022TABV2": lambda: persons(block, 2022),
        "GBAPERSOON2023TABV1": lambda: persons(block, 2023),
        "GBAHUISHOUDENS2023BUSV1": lambda: households(block),
        "GBAADRESOBJECT2023BUSV1": lambda: addresses(block),
        "VSLGWB2023TAB03V1": lambda: municipalities(block),
        "VSLPOSTCODEBUSV2024031": lambda: postcodes(block),
        "INPA2022TABV2": lambda: income_of_persons(block, 2022),
        "INPA2023TABV1": lambda: income_of_persons(block, 2023),
        "INHA2023TABV1": lambda: income_of_households(block),
        "SPOLISBUS2023V4": lambda: wages(block, max(200, population // 15)),
        "ZVWZORGKOSTEN2022TABV9": lambda: health_costs(block, first_version=True),
        "ZVWZORGKOSTEN2022TABV10": lambda: health_costs(block, first_version=False),
        "HOOGSTEOPL2023TABV1": lambda: education(block),
        "INSCHRWPOTAB2023V1": lambda: schools(block, max(12, population // 3_000)),
        "VERD2023TABV1": lambda: suspects(block),
        "GEDETINEERDEN2023TABV1": lambda: detained(block),
        "WANBZVW2023TABV1": lambda: defaulters(block),
    }
    for name, make in makers.items():
        yield name, make()
