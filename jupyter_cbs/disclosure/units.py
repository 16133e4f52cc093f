"""What counts are called in both languages."""

from __future__ import annotations

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
    "unit": ("unit", "units", "eenheid", "eenheden"),
}


def counted(number: int, unit: str) -> Words:
    """Write a number of units: '7 persons', '7 personen'; kinds of unit without a word of their own are units."""
    words = _WORDS.get(unit.lower(), _WORDS["unit"])
    return Words(en=f"{number} {words[number != 1]}", nl=f"{number} {words[2 + (number != 1)]}")


def plural(unit: str) -> Words:
    """Give the plural of a kind of unit."""
    words = _WORDS.get(unit.lower(), _WORDS["unit"])
    return Words(en=words[1], nl=words[3])
