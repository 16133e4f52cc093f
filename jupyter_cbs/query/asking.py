"""What the parts of a table's specification must be, and what is said where they are not."""

from __future__ import annotations

from ..domain.errors import Invalid, TooLarge
from ..domain.evidence import Statistic, TableSpec
from ..domain.text import Text, whole
from .evidence import PAIRED

MAX_DIMENSIONS = 6
MAX_GROUPINGS = 512
"""Most combinations of levels over the dimensions; each is a margin of its own."""
NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
_OF_NL = {"row": "de rij", "column": "de kolom", "total": "het totaal"}
_COUNTED: frozenset[Statistic] = frozenset({"count", "units", "share"})
_WEIGHTED: frozenset[Statistic] = frozenset({"count", "share", "sum", "mean", "ratio"})


def check(spec: TableSpec) -> None:
    """Look at what was asked, without looking at the data.

    Raises
    ------
    Invalid
        ``too_many_dimensions``, ``values_missing``, ``second_missing``, ``second_unused``, ``percentile_missing``, ``time_missing``,
        ``weight_median`` (where a statistic is not weighted), ``share_of``, ``bins``, ``unknown_dimension``.
    """
    statistic = spec.statistic
    if len(spec.dimensions) + (spec.bins is not None) > MAX_DIMENSIONS:
        raise Invalid(
            "too_many_dimensions",
            Text(en=f"A table has at most {MAX_DIMENSIONS} dimensions.", nl=f"Een tabel heeft hoogstens {MAX_DIMENSIONS} dimensies."),
            Text(en="Make several tables.", nl="Maak meer tabellen."),
        )
    if spec.values is None and (statistic not in {*_COUNTED, "survival"} or spec.bins is not None):
        raise Invalid(
            "values_missing",
            Text(en=f"A {statistic} needs values.", nl=f"Voor '{statistic}' zijn waarden nodig."),
            Text(en="Give values='<column>'.", nl="Geef values='<kolom>'."),
        )
    if (spec.second is not None) != (statistic in PAIRED):
        missing = spec.second is None
        raise Invalid(
            "second_missing" if missing else "second_unused",
            Text(en=f"A {statistic} {'needs a second column' if missing else 'has one column of values'}.",
                 nl=f"Voor '{statistic}' {'is een tweede kolom nodig' if missing else 'is er één kolom met waarden'}."),
            Text(en="Give second='<column>'." if missing else "Leave second out.", nl="Geef second='<kolom>'." if missing else "Laat second weg."),
        )  # fmt: skip
    if (spec.percentile is not None) != (statistic == "percentile"):
        raise Invalid(
            "percentile_missing",
            Text(en="It is not clear which percentile is asked.", nl="Het is niet duidelijk welk percentiel wordt gevraagd."),
            Text(en="Give percentile=0.25 for the first quartile, and no other statistic.",
                 nl="Geef percentile=0.25 voor het eerste kwartiel, en geen andere statistiek."),
        )  # fmt: skip
    if statistic == "survival" and (spec.time is None or spec.event is None):
        raise time_missing()
    if spec.weight is not None and statistic not in _WEIGHTED:
        raise Invalid(
            "weight_median",
            Text(en=f"'{statistic}' is not weighted.", nl=f"'{statistic}' wordt niet gewogen."),
            Text(
                en="Leave the weight out, or ask for a mean, sum, ratio or count.",
                nl="Laat het gewicht weg, of vraag gemiddelde, som of aantal.",
            ),
        )
    _check_share(spec)
    if spec.bins is not None and statistic not in _COUNTED:
        raise Invalid(
            "bins",
            Text(en="Bins are counted.", nl="Klassen worden geteld."),
            Text(en="Use bins with the statistic 'count' or 'share'.", nl="Gebruik bins met de statistiek 'count' of 'share'."),
        )
    if isinstance(spec.bins, int) and not 1 <= spec.bins <= 1000:
        raise bad_bins()
    if statistic in ("lorenz", "survival") and (spec.columns or spec.merge or spec.hierarchies):
        raise Invalid(
            "curve",
            Text(en=f"'{statistic}' is a curve for each group of the rows.", nl=f"'{statistic}' is een curve voor elke groep van de rijen."),
            Text(en="Give the groups in rows; no columns, merges or hierarchies.", nl="Geef de groepen in rows; geen columns, merge of hierarchies."),
        )


def _check_share(spec: TableSpec) -> None:
    if spec.share_of is None:
        return
    sides = {"row": spec.columns, "column": spec.rows, "total": ("",)}
    if spec.statistic != "share" or not sides[spec.share_of]:
        raise Invalid(
            "share_of",
            Text(en=f"There are no percentages of the {spec.share_of} here.",
                 nl=f"Er zijn hier geen percentages van {_OF_NL[spec.share_of]}."),
            Text(en="Use share_of with the statistic 'share': 'row' with columns, 'column' with rows, or 'total'.",
                 nl="Gebruik share_of met de statistiek 'share': 'row' met kolommen, 'column' met rijen, of 'total'."),
        )  # fmt: skip


def unknown_dimension(name: str, known: tuple[str, ...]) -> Invalid:
    """Give the error for a merge or hierarchy of something that is no dimension."""
    listed = ", ".join(known) or "–"
    return Invalid(
        "unknown_dimension",
        Text(en=f"'{name}' is no dimension of the table.", nl=f"'{name}' is geen dimensie van de tabel."),
        Text(en=f"Name one of: {listed}.", nl=f"Noem een van: {listed}."),
    )


def not_numeric(code: str, name: str, kind: str) -> Invalid:
    """Give the error for a column that should hold numbers."""
    return Invalid(
        code,
        Text(en=f"'{name}' is {kind}, not a number.", nl=f"'{name}' is {kind}, geen getal."),
        Text(en="Choose a numeric column, or convert: values='TRY_CAST(x AS DOUBLE)'.",
             nl="Kies een numerieke kolom, of zet om: values='TRY_CAST(x AS DOUBLE)'."),
    )  # fmt: skip


def too_many_cells(most: int) -> TooLarge:
    """Give the error for a table that is too large."""
    return TooLarge(
        "too_many_cells",
        Text(
            en=f"The table has more than {whole(most, 'en')} cells, margins included.",
            nl=f"De tabel heeft meer dan {whole(most, 'nl')} cellen, inclusief totalen.",
        ),
        Text(en="Use coarser categories, or fewer dimensions.", nl="Gebruik grovere categorieën, of minder dimensies."),
    )


def other_rows() -> Invalid:
    """Give the error for a source of which the exact pass saw other rows than the first."""
    return Invalid(
        "not_repeatable",
        Text(en="The source gave other rows when small groups were counted exactly.",
             nl="De bron gaf andere rijen toen kleine groepen exact werden geteld."),
        Text(en="Make its rows the same each time: no LIMIT without an ORDER BY that decides.",
             nl="Laat er elke keer dezelfde rijen uitkomen: geen LIMIT zonder een ORDER BY die beslist."),
    )  # fmt: skip


def too_many_groupings() -> Invalid:
    """Give the error for too many levels."""
    return Invalid(
        "too_many_levels",
        Text(en=f"The levels of the dimensions make more than {MAX_GROUPINGS} kinds of subtotal.",
             nl=f"De niveaus van de dimensies geven meer dan {MAX_GROUPINGS} soorten subtotalen."),
        Text(en="Use fewer levels, or fewer dimensions.", nl="Gebruik minder niveaus, of minder dimensies."),
    )  # fmt: skip


def time_missing() -> Invalid:
    """Give the error for a survival curve without its columns."""
    return Invalid(
        "time_missing",
        Text(en="A survival curve needs a duration and an event.", nl="Een overlevingscurve heeft een duur en een gebeurtenis nodig."),
        Text(en="Give time='<column>' and event='<column or condition>'.", nl="Geef time='<kolom>' en event='<kolom of voorwaarde>'."),
    )


def bad_bins() -> Invalid:
    """Give the error for bins that are none."""
    return Invalid(
        "bins",
        Text(en="These are no bins.", nl="Dit zijn geen klassen."),
        Text(
            en="Give a number from 1 to 1000, or at least two ascending edges.",
            nl="Geef een aantal van 1 tot 1000, of minstens twee oplopende grenzen.",
        ),
    )
