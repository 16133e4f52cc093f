"""What DuckDB objects to, said in Dutch: the commonest objections one by one, and DuckDB's own words as a quotation.

DuckDB speaks English only. An English reader gets its words as they are; a Dutch reader is told in Dutch what is wrong, and sees
the words to search for between quotes.
"""

from __future__ import annotations

import re
from typing import Final

from ..domain.text import Text

_DUTCH: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), dutch)
    for pattern, dutch in (
        (r'syntax error at or near "(.+)"', "De SQL klopt niet bij ‘{0}’."),
        (r"syntax error at end of input", "De SQL houdt te vroeg op."),
        (r"unterminated string literal|unterminated quoted string", "Een tekst tussen enkele aanhalingstekens wordt niet afgesloten."),
        (r"unterminated quoted identifier", "Een naam tussen dubbele aanhalingstekens wordt niet afgesloten."),
        (r"unterminated /\* comment", "Een opmerking die met /* begint, wordt niet met */ afgesloten."),
        (r'column "(.+?)" must appear in the GROUP BY', "Kolom ‘{0}’ staat niet in GROUP BY en niet in een aggregatie zoals count of avg."),
        (r"WHERE clause cannot contain aggregates", "In WHERE kan geen aggregatie staan; dat kan in HAVING."),
        (r"WHERE clause cannot contain window functions", "In WHERE kan geen vensterfunctie staan; dat kan in QUALIFY."),
        (r"aggregate function calls cannot be nested", "Een aggregatie kan niet in een andere aggregatie staan."),
        (r'Ambiguous reference to column name "(.+?)"', "Kolom ‘{0}’ komt in meer dan één bron voor; zet de naam van de bron ervoor."),
        (r'Ambiguous reference to table "(.+?)"', "De naam ‘{0}’ wordt voor meer dan één bron gebruikt; geef ze met AS elk een eigen naam."),
        (r'Referenced table "(.+?)" not found', "Er is in deze query geen bron ‘{0}’."),
        (
            r"Set operations can only apply to expressions with the same number",
            "De delen van UNION (of EXCEPT) hebben niet evenveel kolommen.",
        ),
        (r"Subquery returns (\d+) columns - expected (\d+)", "Een subquery geeft {0} kolommen; hier past er {1}."),
        (r"No function matches .*'(\w+\(.*?\))'", "Er is geen functie {0} voor deze typen."),
        (r"Could not convert string '(.*)' to (\w+)", "De tekst ‘{0}’ is niet om te zetten naar {1}."),
        (r"[Ii]nvalid date field format: \"(.*?)\"", "‘{0}’ is geen datum in de vorm JJJJ-MM-DD."),
        (r"value is out of range for the destination type (\w+)", "Een getal is te groot voor type {0}."),
        (r"Values were not provided for the following parameters: (.+)", "Geen waarde is gegeven voor: {0}."),
        (r"identifiers of the excess parameters: (.+)", "Een waarde is gegeven voor wat de query niet heeft: {0}."),
        (r"count mismatch for prepared statement. Expected (\d+), got (\d+)", "De query vraagt {0} waarden en krijgt er {1}."),
        (r"Mixing named and positional parameters", "Parameters met en zonder naam gaan niet samen in één query."),
    )
)

_ABOUT_PARAMETERS: Final = re.compile(
    r"provided for the following parameters|excess parameters|mismatch for prepared statement|positional parameters"
)


def concerns_parameters(said: str) -> bool:
    """Tell whether DuckDB's words are about the values given for ``?`` and ``$name``."""
    return _ABOUT_PARAMETERS.search(said) is not None


def objection(said: str, english: str, dutch: str) -> Text:
    """Say what DuckDB objects to.

    Parameters
    ----------
    said : str
        DuckDB's own words, without a full stop at the end and without paths of the host.
    english : str
        What comes before DuckDB's words for an English reader.
    dutch : str
        What a Dutch reader is told where the objection is none of the common ones, without a full stop.

    Returns
    -------
    Text
        Two sentences in Dutch: what is wrong, and DuckDB's words as a quotation.
    """
    told = f"{dutch}."
    for pattern, sentence in _DUTCH:
        found = pattern.search(said)
        if found is not None:
            told = sentence.format(*found.groups())
            break
    quotation = " ".join(said.split())
    return Text(en=f"{english}: {said}.", nl=f"{told} DuckDB zegt: “{quotation}”.")
