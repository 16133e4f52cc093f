"""What a reader is told of a model: what it is, why, and what to do."""

from __future__ import annotations

from ...domain.model import ModelEvidence, ModelLevel
from ...domain.text import Text
from ..units import counted

PASS_DATA = Text(
    en="Give the data with it: ws.check(model, X=…, y=…, unit=…).",
    nl="Geef de gegevens mee: ws.check(model, X=…, y=…, unit=…).",
)
EXPLAIN = Text(
    en="Explain in the form why it can be published.",
    nl="Licht in het formulier toe waarom dit naar buiten kan.",
)
MERGE_LEVELS = Text(en="Merge levels until each has enough units.", nl="Voeg categorieën samen tot elke genoeg eenheden heeft.")
MERGE_OR_EXPLAIN = Text(
    en="Merge the level with another, or explain in the form why it can be published.",
    nl="Voeg de categorie samen met een andere, of licht in het formulier toe waarom dit naar buiten kan.",
)
MAKE_A_TABLE = Text(
    en="Make it as a table, with ws.table(…, statistic='mean'): that judges every cell; or add a variable that is not a category.",
    nl="Maak er een tabel van, met ws.table(…, statistic='mean'): die beoordeelt elke cel; of voeg een variabele toe die geen categorie is.",
)

_REASONS: dict[str, tuple[Text, Text]] = {
    "tree": (
        Text(
            en="A tree holds the values at which units were split and the means of leaves that may hold one unit.",
            nl="Een boom bevat de waarden waarop eenheden zijn gesplitst en de gemiddelden van bladeren die één eenheid kunnen bevatten.",
        ),
        Text(
            en="Give how well it predicts in groups of enough units, or make a table with the leaf as rows.",
            nl="Geef hoe goed hij voorspelt in groepen van genoeg eenheden, of maak een tabel met het blad in de rijen.",
        ),
    ),
    "forest": (
        Text(
            en="An ensemble of trees holds values of single units in its splits and leaves.",
            nl="Een verzameling bomen bevat in splitsingen en bladeren waarden van afzonderlijke eenheden.",
        ),
        Text(
            en="Give importances and fit statistics as a table, not the model.",
            nl="Geef het belang van variabelen en de passing als tabel, niet het model.",
        ),
    ),
    "neighbours": (
        Text(en="A model of neighbours is the records it was fitted on.", nl="Een model van buren ís de records waarop het is geschat."),
        Text(en="Give fit statistics as a table, not the model.", nl="Geef de passing als tabel, niet het model."),
    ),
    "kernel": (
        Text(
            en="A model with kernels holds the records of its support vectors or of all units.",
            nl="Een model met kernels bevat de records van zijn steunvectoren of van alle eenheden.",
        ),
        Text(
            en="Use a linear model, or give fit statistics as a table.",
            nl="Gebruik een lineair model, of geef de passing als tabel.",
        ),
    ),
    "process": (
        Text(en="A Gaussian process holds the records it was fitted on.", nl="Een Gaussiaans proces bevat de records waarop het is geschat."),
        Text(en="Give fit statistics as a table, not the model.", nl="Geef de passing als tabel, niet het model."),
    ),
    "network": (
        Text(
            en="The weights of a network can hold single records, and nobody can tell from looking.",
            nl="De gewichten van een netwerk kunnen afzonderlijke records bevatten, en dat is er niet aan te zien.",
        ),
        Text(en="Give fit statistics as a table, not the model.", nl="Geef de passing als tabel, niet het model."),
    ),
    "embedding": (
        Text(en="An embedding places every unit: it is microdata.", nl="Een inbedding geeft elke eenheid een plaats: het zijn microdata."),
        Text(
            en="Give counts of units per area of the plane, at least the minimum in each.",
            nl="Geef aantallen eenheden per vlak, elk minstens het minimum.",
        ),
    ),
    "clusters": (
        Text(
            en="The centres of clusters are means of groups whose sizes and largest contributors are not judged here.",
            nl="De middelpunten van clusters zijn gemiddelden van groepen waarvan omvang en grootste bijdrage hier niet worden beoordeeld.",
        ),
        Text(
            en="Keep the cluster as a column and make a table of means: ws.table(…, rows='cluster', statistic='mean').",
            nl="Bewaar het cluster als kolom en maak een tabel van gemiddelden: ws.table(…, rows='cluster', statistic='mean').",
        ),
    ),
    "residuals": (
        Text(
            en="Residuals, fitted values and effects of units are figures of single units.",
            nl="Residuen, geschatte waarden en effecten van eenheden zijn cijfers van afzonderlijke eenheden.",
        ),
        Text(en="Check the model itself: ws.check(model).", nl="Controleer het model zelf: ws.check(model)."),
    ),
}


def not_releasable(evidence: ModelEvidence) -> tuple[Text, Text]:
    """Give text and remedy for a model that holds units."""
    if evidence.reason in _REASONS:
        return _REASONS[evidence.reason]
    return (
        Text(
            en=f"{evidence.method} holds values of single units or cannot be told apart from one that does.",
            nl=f"{evidence.method} bevat waarden van afzonderlijke eenheden of is daar niet van te onderscheiden.",
        ),
        Text(en="Give fit statistics as a table, not the model.", nl="Geef de passing als tabel, niet het model."),
    )


def unknown_model(evidence: ModelEvidence) -> tuple[Text, Text]:
    """Give text and remedy for a kind of model nobody knows here."""
    return (
        Text(
            en=f"What {evidence.method} holds is not known here, so nothing about it has been checked.",
            nl=f"Wat {evidence.method} bevat is hier niet bekend, dus er is niets aan gecontroleerd.",
        ),
        Text(
            en="Give its coefficients as a table with the number of units and the degrees of freedom, and explain the model in the form.",
            nl="Geef de coëfficiënten als tabel met het aantal eenheden en de vrijheidsgraden, en leg het model in het formulier uit.",
        ),
    )


def small_level(level: ModelLevel, evidence: ModelEvidence, least: int) -> tuple[Text, Text]:
    """Give text and remedy for a level with too few units."""
    if level.units is None:
        return (
            Text(
                en=f"the number of units is not known, at least {least} are needed.",
                nl=f"het aantal eenheden is niet bekend, er zijn er minstens {least} nodig.",
            ),
            PASS_DATA,
        )
    units = counted(level.units, evidence.unit_kind)
    if level.kind == "exceptions":
        differ, wijken = ("differs", "wijkt") if level.units == 1 else ("differ", "wijken")
        return (
            Text(
                en=f"only {units.en} {differ} from the value of all others, at least {least} are needed: the coefficient is theirs.",
                nl=f"maar {units.nl} {wijken} af van de waarde van alle anderen, er zijn er minstens {least} nodig: de coëfficiënt is van hen.",
            ),
            Text(en="Leave the variable out, or use a coarser one.", nl="Laat de variabele weg, of gebruik een grovere."),
        )
    if level.kind == "tail":
        return (
            Text(
                en=f"only {units.en} beyond it, at least {least} are needed: the estimates go through the values of single units.",
                nl=f"maar {units.nl} erbuiten, er zijn er minstens {least} nodig: de schattingen gaan door waarden van enkele eenheden.",
            ),
            Text(en="Estimate a quantile nearer to the median.", nl="Schat een kwantiel dichter bij de mediaan."),
        )
    text = Text(en=f"{units.en}, at least {least} are needed.", nl=f"{units.nl}, er zijn er minstens {least} nodig.")
    sibling = _sibling(level, evidence, least)
    if level.kind == "combination":
        return text, Text(
            en="Leave out the interaction, or merge levels of its variables.",
            nl="Laat de interactie weg, of voeg categorieën van haar variabelen samen.",
        )
    if sibling is None:
        return text, Text(en="Merge levels, or leave the variable out.", nl="Voeg categorieën samen, of laat de variabele weg.")
    return text, Text(
        en=f"Merge ‘{level.name}’ with ‘{sibling.name}’, or leave the variable out.",
        nl=f"Voeg ‘{level.name}’ samen met ‘{sibling.name}’, of laat de variabele weg.",
    )


def _sibling(level: ModelLevel, evidence: ModelEvidence, least: int) -> ModelLevel | None:
    """Give the smallest other level of the term that suffices together; one that stays alone is no merge."""
    others = [o for o in evidence.levels if o.term == level.term and o.name != level.name and o.kind == "category" and o.units]
    if len(others) < 2:
        return None
    fitting = [o for o in others if (o.units or 0) + (level.units or 0) >= least]
    return min(fitting, key=lambda o: o.units or 0, default=None)
