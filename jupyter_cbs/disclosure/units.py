"""What counts are called in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Words(NamedTuple):
    """A few words in both languages."""

    en: str
    nl: str


_WORDS: dict[str, tuple[str, str, str, str]] = {
    "person": ("person", "persons", "persoon", "personen"),
    "household": ("household", "households", "huishouden", "huishoudens"),
    "business": ("business", "businesses", "bedrijf", "bedrijven"),
    "institution": ("institution", "institutions", "instelling", "instellingen"),
    "school": ("school", "schools", "school", "scholen"),
    "address": ("address", "addresses", "adres", "adressen"),
    "job": ("job", "jobs", "baan", "banen"),
    "flight": ("flight", "flights", "vlucht", "vluchten"),
    "observation": ("observation", "observations", "waarneming", "waarnemingen"),
    "unit": ("unit", "units", "eenheid", "eenheden"),
}


def counted(number: int, unit: str) -> Words:
    """Write a number of units: '7 persons', '7 personen'; kinds of unit without a word of their own are units."""
    words = _WORDS.get(unit.lower(), _WORDS["unit"])
    return Words(en=f"{number} {words[number != 1]}", nl=f"{number} {words[2 + (number != 1)]}")


_BY_NAME = {
    word: unit
    for unit, forms in (
        (
            "person",
            ("person", "persons", "people", "persoon", "personen", "inwoners", "inhabitants", "respondenten", "respondents", "leerlingen", "pupils"),
        ),
        ("household", ("household", "households", "huishouden", "huishoudens")),
        ("business", ("business", "businesses", "bedrijf", "bedrijven")),
        ("institution", ("institution", "institutions", "instelling", "instellingen")),
        ("school", ("school", "schools", "scholen")),
        ("address", ("address", "addresses", "adres", "adressen")),
        ("job", ("job", "jobs", "baan", "banen")),
    )
    for word in forms
}


def unit_of_words(words: Iterable[str]) -> str:
    """Give the kind of unit the words of a name tell of: ``aantal personen`` → person; without one, observations."""
    return next((_BY_NAME[word] for word in words if word in _BY_NAME), "observation")


def plural(unit: str) -> Words:
    """Give the plural of a kind of unit."""
    words = _WORDS.get(unit.lower(), _WORDS["unit"])
    return Words(en=words[1], nl=words[3])
