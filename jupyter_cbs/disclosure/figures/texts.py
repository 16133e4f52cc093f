"""What a reader is told of a figure: what it is, why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.figure import FigureArtist
from ...domain.text import Text
from ..units import Words

Said = tuple[Text, Text]

NAMES: dict[str, tuple[str, str]] = {
    "bars": ("bars", "staven"),
    "histogram": ("histogram", "histogram"),
    "heat_map": ("heat map", "heatmap"),
    "hexbin": ("hexagons", "zeshoeken"),
    "contour": ("contours", "contouren"),
    "pie": ("pie", "taart"),
    "line": ("line", "lijn"),
    "area": ("area", "vlak"),
    "error_bars": ("error bars", "foutbalken"),
    "box": ("box", "box"),
    "whiskers": ("whiskers", "snorharen"),
    "outliers": ("outliers", "uitbijters"),
    "scatter": ("points", "punten"),
    "rug": ("rug", "rug"),
    "lines_of_units": ("lines of units", "lijnen van eenheden"),
    "density": ("density", "dichtheid"),
    "violin": ("violin", "viool"),
    "ecdf": ("cumulative distribution", "cumulatieve verdeling"),
    "image": ("image", "afbeelding"),
    "map": ("map", "kaart"),
    "text": ("text", "tekst"),
    "other": ("drawing", "tekening"),
}

VECTOR: Said = (
    Text(
        en="A vector format (svg, pdf, eps) carries the data behind the figure.",
        nl="Een vectorformaat (svg, pdf, eps) bevat de gegevens achter de figuur.",
    ),
    Text(en="Save it as png or jpg: report.save('figure.png').", nl="Sla hem op als png of jpg: report.save('figuur.png')."),
)
NOTHING: Said = (
    Text(en="Nothing was found in this figure that draws data.", nl="In deze figuur is niets gevonden dat gegevens tekent."),
    Text(en="Check the figure after it is drawn.", nl="Controleer de figuur nadat hij getekend is."),
)
MODEL_CURVE: Said = (
    Text(en="a curve of a model says what the model says.", nl="een kromme van een model zegt wat het model zegt."),
    Text(
        en="Check the model itself with ws.check(model), and name it in the form.",
        nl="Controleer het model zelf met ws.check(model), en noem het in het formulier.",
    ),
)
EXTREMES: Said = (
    Text(
        en="it reaches to the smallest or largest value, and that is one unit's.",
        nl="het reikt tot de kleinste of grootste waarde, en die is van één eenheid.",
    ),
    Text(
        en="Let it end at percentiles with enough units beyond: report.alternative().",
        nl="Laat het eindigen op percentielen met genoeg eenheden erbuiten: report.alternative().",
    ),
)
TAILS: Said = (
    Text(
        en="the tails of a density show where the extreme units are, and bumps show single ones.",
        nl="de staarten van een dichtheid laten zien waar de uiterste eenheden liggen, en bulten laten afzonderlijke eenheden zien.",
    ),
    Text(
        en="Cut it at percentiles with enough units beyond, or draw a histogram with enough units per bar: report.alternative().",
        nl="Kap hem af op percentielen met genoeg eenheden erbuiten, of teken een histogram met genoeg eenheden per staaf: report.alternative().",
    ),
)
ASSUMED: Said = (
    Text(
        en="the figures were taken as numbers of units because they are whole; nothing says that they are.",
        nl="de cijfers zijn als aantallen eenheden genomen omdat ze geheel zijn; nergens staat dat ze dat zijn.",
    ),
    Text(
        en="Call the axis ‘count’, or say it: ws.check(fig, n='values').",
        nl="Noem de as ‘aantal’, of zeg het: ws.check(fig, n='values').",
    ),
)
NO_EVIDENCE: Said = (
    Text(en="the table it was drawn from is not known any more.", nl="de tabel waaruit dit getekend is, is niet meer bekend."),
    Text(en="Make the table again and draw it again.", nl="Maak de tabel opnieuw en teken hem opnieuw."),
)
NO_LABELS: Said = (
    Text(en="nothing says what it shows.", nl="nergens staat wat het toont."),
    Text(en="Give it a title or labels at the axes.", nl="Geef het een titel of bijschriften bij de assen."),
)

_UNIT_VALUES: dict[str, tuple[str, str]] = {
    "scatter": ("points stand for units, one by one.", "punten staan voor eenheden, één voor één."),
    "rug": ("a rug marks the value of every unit.", "een rug markeert de waarde van elke eenheid."),
    "lines_of_units": ("every line is one unit.", "elke lijn is één eenheid."),
    "outliers": ("outliers are single units.", "uitbijters zijn afzonderlijke eenheden."),
    "whiskers": ("whiskers end at the value of one unit.", "snorharen eindigen op de waarde van één eenheid."),
    "ecdf": ("a cumulative distribution steps at the value of every unit.", "een cumulatieve verdeling springt bij de waarde van elke eenheid."),
    "violin": ("its ends are the smallest and the largest value.", "de uiteinden zijn de kleinste en de grootste waarde."),
    "text": ("texts stand beside single units.", "teksten staan bij afzonderlijke eenheden."),
}
_ALTERNATIVE: dict[str, tuple[str, str]] = {
    "scatter": (
        "hexagons with at least {least} units each, or means per class",
        "zeshoeken met elk minstens {least} eenheden, of gemiddelden per klasse",
    ),
    "rug": ("a histogram with at least {least} units per bar", "een histogram met minstens {least} eenheden per staaf"),
    "lines_of_units": ("the mean of at least {least} units at each moment", "het gemiddelde van minstens {least} eenheden op elk moment"),
    "outliers": ("a box without them", "een box zonder uitbijters"),
    "whiskers": ("whiskers at percentiles with at least {least} units beyond", "snorharen op percentielen met minstens {least} eenheden erbuiten"),
    "ecdf": ("steps of at least {least} units", "stappen van minstens {least} eenheden"),
    "violin": ("a box whose whiskers have at least {least} units beyond", "een box met minstens {least} eenheden buiten de snorharen"),
    "text": ("a figure without them", "een figuur zonder deze teksten"),
}


def subject(artist: FigureArtist, number: int, several: bool) -> str:
    """Name an artist: panel, drawing and label."""
    name = artist.drawing.replace("_", " ") + (f" ‘{artist.label}’" if artist.label else "")
    return f"{artist.panel + 1}: {name} #{number + 1}" if several else f"{name} #{number + 1}"


def mark(artist: FigureArtist, index: int) -> str:
    """Name one mark of an artist."""
    return artist.labels[index] if index < len(artist.labels) and artist.labels[index] else f"#{index + 1}"


def unit_values(artist: FigureArtist, least: int) -> Said:
    """Say why values of units are refused, and what would do."""
    why = _UNIT_VALUES.get(artist.drawing, ("it draws units one by one.", "het tekent eenheden één voor één."))
    instead = _ALTERNATIVE.get(artist.drawing, ("numbers of at least {least} units", "cijfers van minstens {least} eenheden"))
    return (
        Text(en=why[0], nl=why[1]),
        Text(
            en=f"Draw {instead[0].format(least=least)}: report.alternative() makes it.",
            nl=f"Teken {instead[1].format(least=least)}: report.alternative() maakt dat.",
        ),
    )


def unknown(artist: FigureArtist, units: Words) -> Said:
    """Say that nobody knows how many units are behind the marks."""
    return (
        Text(en=f"how many {units.en} are behind each mark is not known.", nl=f"hoeveel {units.nl} achter elk teken zitten is niet bekend."),
        Text(
            en="Give the numbers: ws.check(fig, n=[…]), one for each mark, or draw a table made with ws.table.",
            nl="Geef de aantallen: ws.check(fig, n=[…]), één voor elk teken, of teken een tabel die met ws.table is gemaakt.",
        ),
    )


def small_marks(artist: FigureArtist, named: Sequence[str], count: int, fewest: Words, least: int) -> Said:
    """Say which marks stand for too few units."""
    names = ", ".join(f"‘{name}’" for name in named) + (" …" if count > len(named) else "")
    return (
        Text(
            en=f"{names}: {'a mark stands' if count == 1 else f'{count} marks stand'} for fewer than {least} (fewest: {fewest.en}).",
            nl=f"{names}: {'een teken staat' if count == 1 else f'{count} tekens staan'} voor minder dan {least} (minste: {fewest.nl}).",
        ),
        Text(
            en=f"Merge classes until each has {least}, or leave these marks out: report.alternative().",
            nl=f"Voeg klassen samen tot elke er {least} heeft, of laat deze tekens weg: report.alternative().",
        ),
    )


def advised(least: int) -> Said:
    """Say that these data ask for more."""
    return (
        Text(
            en=f"for these data at least {least} units per mark are advised.",
            nl=f"voor deze gegevens worden minstens {least} eenheden per teken aangeraden.",
        ),
        Text(en="Explain in the form why it can be published.", nl="Licht in het formulier toe waarom dit naar buiten kan."),
    )


def few_beyond(quantile: float, units: Words, least: int) -> Said:
    """Say that a percentile has too few units on one side."""
    percent = f"{100 * quantile:g}"
    return (
        Text(
            en=f"the {percent} % percentile of {units.en}; at least {least} are needed on each side of it.",
            nl=f"het {percent}%-percentiel van {units.nl}; aan weerszijden zijn er minstens {least} nodig.",
        ),
        Text(en="Use percentiles nearer to the median, or more units.", nl="Gebruik percentielen dichter bij de mediaan, of meer eenheden."),
    )


def one_category(name: str, share: float) -> Said:
    """Say that nearly all are in one category."""
    most = f"{share * 100:g} %"
    return (
        Text(
            en=f"more than {most} is in ‘{name}’; whoever is in the figure is known to have it.",
            nl=f"meer dan {most} zit in ‘{name}’; van wie in de figuur zit is dat dus bekend.",
        ),
        Text(en="Merge or choose classes so that it spreads.", nl="Voeg klassen samen of kies ze zo dat het zich spreidt."),
    )


def differs(count: int) -> Said:
    """Say that drawn values are not those of the table."""
    return (
        Text(
            en=f"{count} {'value differs' if count == 1 else 'values differ'} from the table it says it was drawn from.",
            nl=f"{count} {'waarde verschilt' if count == 1 else 'waarden verschillen'} van de tabel waaruit het getekend zou zijn.",
        ),
        Text(en="Draw the table again and change only its looks.", nl="Teken de tabel opnieuw en verander alleen het uiterlijk."),
    )


def identifier(place: str, count: int) -> Said:
    """Say that texts look like keys."""
    where = {
        "title": ("a title", "een titel"),
        "axis": ("an axis", "een as"),
        "tick": ("the marks of an axis", "de streepjes van een as"),
        "legend": ("the legend", "de legenda"),
        "annotation": ("a text in the figure", "een tekst in de figuur"),
    }[place]
    return (
        Text(
            en=f"{count} {'text' if count == 1 else 'texts'} in {where[0]} look{'s' if count == 1 else ''} like a key of a person or institution.",
            nl=f"{count} {'tekst' if count == 1 else 'teksten'} in {where[1]} {'lijkt' if count == 1 else 'lijken'} op een sleutel "
            "van een persoon of instelling.",
        ),
        Text(en="Use names of groups instead.", nl="Gebruik in plaats daarvan namen van groepen."),
    )
