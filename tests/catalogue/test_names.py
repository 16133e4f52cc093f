"""The grammar of file names, on real names (facts: catalogue.json, real_filenames)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_cbs.catalogue.names import parse_name

REAL = [
    ("GBAPERSOON2023TABV1.sav", "GBAPERSOONTAB", "GBAPERSOON2023TABV1", 2023, None, 1),
    ("GBAPERSOONTAB 2016V1.dta", "GBAPERSOONTAB", "GBAPERSOONTAB2016V1", 2016, None, 1),
    ("gbapersoon2023tabv10.PARQUET", "GBAPERSOONTAB", "GBAPERSOON2023TABV10", 2023, None, 10),
    ("GBAHUISHOUDENSBUS2007.sav", "GBAHUISHOUDENSBUS", "GBAHUISHOUDENSBUS2007", 2007, None, None),
    ("GBAHUISHOUDENS2016BUSV1.DTA", "GBAHUISHOUDENSBUS", "GBAHUISHOUDENS2016BUSV1", 2016, None, 1),
    ("SPOLISBUS 2014V1.DTA", "SPOLISBUS", "SPOLISBUS2014V1", 2014, None, 1),
    ("SPOLISBUS2017TABV5.sav", "SPOLISBUS", "SPOLISBUS2017TABV5", 2017, None, 5),
    ("INSCHRWPOTAB2015V5.sav", "INSCHRWPOTAB", "INSCHRWPOTAB2015V5", 2015, None, 5),
    ("ZVWZORGKOSTENTAB2020TABV2.sav", "ZVWZORGKOSTENTAB", "ZVWZORGKOSTENTAB2020TABV2", 2020, None, 2),
    ("VSLGWB2024TAB03V1.sav", "VSLGWBTAB", "VSLGWB2024TAB03V1", 2024, None, 1),
    ("VSLPOSTCODEBUSV2024031.sav", "VSLPOSTCODEBUS", "VSLPOSTCODEBUSV2024031", 2024, 3, 1),
    ("VRLGBAPERSOONKTABV2022121.sav", "VRLGBAPERSOONKTAB", "VRLGBAPERSOONKTABV2022121", 2022, 12, 1),
    ("140930 EIGENDOMWOZTAB2006V1.sav", "EIGENDOMWOZTAB", "EIGENDOMWOZTAB2006V1", 2006, None, 1),
    ("140924 OBJECTWONINGTAB 1999V1.sav", "OBJECTWONINGTAB", "OBJECTWONINGTAB1999V1", 1999, None, 1),
    ("OG_ABR 2014V1.sav", "OG_ABR", "OG_ABR2014V1", 2014, None, 1),
    ("BDK2020V1.parquet", "BDK", "BDK2020V1", 2020, None, 1),
    ("KOPPELPERSOONHUISHOUDEN2019.sav", "KOPPELPERSOONHUISHOUDEN", "KOPPELPERSOONHUISHOUDEN2019", 2019, None, None),
    ("NIETGBAPERSOON1995-2023TABV363.sav", "NIETGBAPERSOONTAB", "NIETGBAPERSOON19952023TABV363", 2023, None, 363),
]


@pytest.mark.parametrize(("name", "topic", "view", "year", "month", "version"), REAL)
def test_real_names(name: str, topic: str, view: str, year: int, month: int | None, version: int | None) -> None:
    parsed = parse_name(name)
    assert parsed.parsed
    assert (parsed.topic, parsed.view_name, parsed.year, parsed.month, parsed.version) == (topic, view, year, month, version)


@pytest.mark.parametrize("name", ["MSZPRESTATIESVEKTTAB2020V12020.sav", "PersNw2018_v1.0_links_familie.csv", "2023.parquet", "….parquet"])
def test_names_outside_the_grammar_stay_usable(name: str) -> None:
    parsed = parse_name(name)
    assert not parsed.parsed
    assert parsed.view_name == parsed.topic
    assert parsed.view_name.isidentifier()


def test_version_ten_is_newer_than_nine() -> None:
    names = ["ZVWZORGKOSTEN2022TABV10", "ZVWZORGKOSTEN2022TABV9", "ZVWZORGKOSTEN2021TABV11", "ZVWZORGKOSTENTAB2022V2"]
    assert sorted(names, key=lambda n: parse_name(n + ".parquet").age) == [names[2], names[3], names[1], names[0]]


@pytest.mark.parametrize("folder", ["geconverteerde data", "Geconverteerde Data", "Geconverteerdedata"])
def test_converted_folder(folder: str) -> None:
    assert parse_name(f"Bevolking/{folder}/GBAPERSOON2023TABV1.parquet").converted
    assert not parse_name(f"Bevolking/{folder}.parquet").converted


@given(st.text(min_size=1, max_size=60))
def test_any_name_gets_a_view_name_that_sql_takes_unquoted(name: str) -> None:
    view = parse_name(name.replace("/", "_")).view_name
    assert view.isascii()
    assert view.isidentifier()
    assert view == view.upper()


@given(
    st.from_regex(r"[A-Z]{3,12}", fullmatch=True).filter(lambda s: "TAB" not in s and "BUS" not in s),
    st.sampled_from(["TAB", "BUS"]),
    st.integers(1995, 2030),
    st.integers(1, 99),
)
def test_kind_before_or_after_the_year_is_the_same_topic(stem: str, kind: str, year: int, version: int) -> None:
    one, two = parse_name(f"{stem}{year}{kind}V{version}.parquet"), parse_name(f"{stem}{kind}{year}V{version}.sav".lower())
    assert one.topic == two.topic
    assert one.age == two.age == (year, 0, version, 0, "")
