"""The rules for models: each a pure function from declared counts and a profile to findings."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.figure import OutputFinding
from ...domain.finding import Rule, Status
from ...domain.model import ModelEvidence, ModelLevel
from ...domain.rules import RuleProfile
from ...domain.text import Text
from ..units import counted, plural
from . import texts

MAX_FINDINGS = 100
"""Most levels that are named one by one; the others are counted."""

DECISIVE = 0.95
"""Leverage from which a row settles its own fitted value: the coefficients then tell its response. A level of m rows has leverage 1/m."""

WITHOUT_DESIGN = frozenset({"memorising", "unit_level", "unknown"})
"""Kinds of which nothing is counted."""


def _finding(rule: Rule, status: Status, subject: str, text: Text, remedy: Text) -> OutputFinding:
    return OutputFinding(rule=rule, status=status, subject=subject, text=text, remedy=remedy)


def releasable(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    """Refuse what holds units' values; a kind nobody knows is for review."""
    if evidence.kind in ("memorising", "unit_level"):
        text, remedy = texts.not_releasable(evidence)
        yield _finding(Rule.UNIT_VALUES, Status.REFUSED, evidence.method, text, remedy)
    elif evidence.kind == "unknown":
        text, remedy = texts.unknown_model(evidence)
        yield _finding(Rule.UNKNOWN_TABLE, Status.REVIEW, evidence.method, text, remedy)


def degrees_of_freedom(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    """Fail fewer residual degrees of freedom than ``min_dof``; that number passes.

    They are never more than rows less rank. One unit with ten rows is one observation: where units repeat, units less parameters must
    suffice too.
    """
    if evidence.kind in WITHOUT_DESIGN:
        return
    least = profile.min_dof
    known = [evidence.residual_dof]
    if evidence.rows is not None and evidence.rank is not None:
        known.append(float(evidence.rows - evidence.rank))
    dofs = [dof for dof in known if dof is not None]
    if not dofs:
        yield _finding(
            Rule.DEGREES_OF_FREEDOM,
            Status.UNSAFE,
            "",
            Text(
                en=f"The residual degrees of freedom are not known; at least {least} are needed.",
                nl=f"Het aantal vrijheidsgraden van de residuen is niet bekend; er zijn er minstens {least} nodig.",
            ),
            texts.PASS_DATA,
        )
        return
    dof = min(dofs)
    remedy = Text(
        en="Leave out variables, merge categories, or use more observations.",
        nl="Laat variabelen weg, voeg categorieën samen, of gebruik meer waarnemingen.",
    )
    if dof < least:
        yield _finding(
            Rule.DEGREES_OF_FREEDOM,
            Status.UNSAFE,
            "",
            Text(
                en=f"{dof:g} residual degrees of freedom, at least {least} are needed.",
                nl=f"{dof:g} vrijheidsgraden voor de residuen, er zijn er minstens {least} nodig.",
            ),
            remedy,
        )
        return
    free = [p for p in (evidence.rank, evidence.parameters) if p is not None]
    if evidence.units is not None and evidence.rows is not None and evidence.units < evidence.rows and free:
        left = evidence.units - min(free)
        if left < least:
            units = counted(evidence.units, evidence.unit_kind)
            yield _finding(
                Rule.DEGREES_OF_FREEDOM,
                Status.UNSAFE,
                "",
                Text(
                    en=f"{units.en} and {min(free)} parameters leave {left} degrees of freedom, at least {least} are needed; "
                    "several rows of one unit are one observation.",
                    nl=f"{units.nl} en {min(free)} parameters laten {left} vrijheidsgraden over, er zijn er minstens {least} nodig; "
                    "meer rijen van één eenheid zijn één waarneming.",
                ),
                remedy,
            )


def units_in_all(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    """Fail a model of fewer than ``min_frequency`` units; below ``advisory_min_frequency`` it is for review."""
    if evidence.kind in WITHOUT_DESIGN:
        return
    least = profile.min_frequency
    remedy = Text(en="Choose a larger population.", nl="Kies een grotere populatie.")
    if evidence.units is None:
        text = Text(
            en=f"How many {plural(evidence.unit_kind).en} the model rests on is not known; at least {least} are needed.",
            nl=f"Op hoeveel {plural(evidence.unit_kind).nl} het model berust is niet bekend; er zijn er minstens {least} nodig.",
        )
        yield _finding(Rule.MIN_FREQUENCY, Status.UNSAFE, "", text, texts.PASS_DATA)
        return
    units = counted(evidence.units, evidence.unit_kind)
    if evidence.units < least:
        text = Text(
            en=f"The model rests on {units.en}, at least {least} are needed.",
            nl=f"Het model berust op {units.nl}, er zijn er minstens {least} nodig.",
        )
        yield _finding(Rule.MIN_FREQUENCY, Status.UNSAFE, "", text, remedy)
    elif profile.advisory_min_frequency is not None and evidence.units < profile.advisory_min_frequency:
        advised = profile.advisory_min_frequency
        text = Text(
            en=f"The model rests on {units.en}; for these data {advised} are advised.",
            nl=f"Het model berust op {units.nl}; voor deze gegevens worden er {advised} aangeraden.",
        )
        yield _finding(Rule.MIN_FREQUENCY, Status.REVIEW, "", text, texts.EXPLAIN)


def units_per_level(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    """Fail levels and combinations with fewer than ``min_frequency`` units; a combination that does not occur is not small."""
    if evidence.kind in WITHOUT_DESIGN:
        return
    if not evidence.design_known:
        text = Text(
            en="The design of the model could not be read, so it is not known how many units each level has.",
            nl="Het ontwerp van het model is niet te lezen, zodat niet bekend is hoeveel eenheden elke categorie heeft.",
        )
        yield _finding(Rule.MODEL_LEVEL, Status.UNSAFE, "", text, texts.PASS_DATA)
        return
    if evidence.levels_total is not None and evidence.levels_total > len(evidence.levels):
        text = Text(
            en=f"The model has {evidence.levels_total} levels; only {len(evidence.levels)} could be looked at.",
            nl=f"Het model heeft {evidence.levels_total} categorieën; er konden er maar {len(evidence.levels)} worden bekeken.",
        )
        yield _finding(Rule.MODEL_LEVEL, Status.REVIEW, "*", text, texts.MERGE_LEVELS)
    least = profile.min_frequency
    small = [level for level in evidence.levels if level.units is None or 0 < level.units < least]
    for level in small[:MAX_FINDINGS]:
        text, remedy = texts.small_level(level, evidence, least)
        yield _finding(Rule.MODEL_LEVEL, Status.UNSAFE, _subject(level), text, remedy)
    if len(small) > MAX_FINDINGS:
        more = len(small) - MAX_FINDINGS
        text = Text(en=f"{more} more levels have fewer than {least} units.", nl=f"Nog {more} categorieën hebben minder dan {least} eenheden.")
        yield _finding(Rule.MODEL_LEVEL, Status.UNSAFE, "…", text, texts.MERGE_LEVELS)


def _subject(level: ModelLevel) -> str:
    return f"{level.term}: {level.name}" if level.name else level.term


def outcome_classes(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    """Fail outcome classes that are too small; small counts of a class within a level are for review.

    An odds, risk or hazard ratio speaks of the 2×2 table it implies. Where nobody or everybody of a level has the outcome, whoever is known
    to be in it is known to have it (or not).
    """
    least = profile.min_frequency
    for outcome in evidence.outcomes:
        if outcome.units is None or outcome.units < least:
            units = counted(outcome.units or 0, evidence.unit_kind)
            name = outcome.name
            text = (
                Text(
                    en=f"‘{name}’ is the outcome of {units.en}, at least {least} are needed.",
                    nl=f"‘{name}’ is de uitkomst van {units.nl}, er zijn er minstens {least} nodig.",
                )
                if outcome.units is not None
                else Text(
                    en=f"How many units have the outcome ‘{name}’ is not known; at least {least} are needed.",
                    nl=f"Hoeveel eenheden de uitkomst ‘{name}’ hebben is niet bekend; er zijn er minstens {least} nodig.",
                )
            )
            remedy = Text(en="Merge outcomes, or choose a larger population.", nl="Voeg uitkomsten samen, of kies een grotere populatie.")
            yield _finding(Rule.MIN_FREQUENCY, Status.UNSAFE, _subject(outcome), text, remedy)
    said = 0
    for level in evidence.levels:
        if level.outcomes is None or not level.units or level.units < least or len(level.outcomes) < 2:
            continue
        if said == MAX_FINDINGS:
            return
        if sum(1 for count in level.outcomes if count) == 1:
            said += 1
            text = Text(
                en="everybody in this level has the same outcome; whoever is known to be in it is known to have it.",
                nl="iedereen in deze categorie heeft dezelfde uitkomst; van wie erin zit is de uitkomst dus bekend.",
            )
            yield _finding(Rule.GROUP_DISCLOSURE, Status.REVIEW, _subject(level), text, texts.MERGE_OR_EXPLAIN)
        elif (fewest := min(count for count in level.outcomes if count)) < least:
            said += 1
            units = counted(fewest, evidence.unit_kind)
            text = Text(
                en=f"{units.en} of this level have one of the outcomes; a ratio speaks of the table behind it, and {least} are needed there.",
                nl=f"{units.nl} van deze categorie hebben één van de uitkomsten; een verhouding zegt iets over de tabel erachter, "
                f"en daar zijn er {least} nodig.",
            )
            yield _finding(Rule.MIN_FREQUENCY, Status.REVIEW, _subject(level), text, texts.MERGE_OR_EXPLAIN)


def saturation(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    """Refuse a model with a parameter for every distinct row of its design: its coefficients are the means of a table."""
    if evidence.kind in WITHOUT_DESIGN or not evidence.design_known:
        return
    if evidence.patterns is None or evidence.rank is None:
        text = Text(
            en="Whether the model has a parameter for every combination of its variables is not known.",
            nl="Of het model een parameter heeft voor elke combinatie van zijn variabelen is niet bekend.",
        )
        yield _finding(Rule.SATURATED, Status.REVIEW, "", text, texts.PASS_DATA)
    elif evidence.patterns <= evidence.rank:
        text = Text(
            en=f"The model has a parameter for each of the {evidence.patterns} combinations of its variables: it is a table of means.",
            nl=f"Het model heeft een parameter voor elk van de {evidence.patterns} combinaties van zijn variabelen: "
            "het is een tabel van gemiddelden.",
        )
        yield _finding(Rule.SATURATED, Status.REFUSED, "", text, texts.MAKE_A_TABLE)


def decisive_unit(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    """Fail a design in which one row settles a coefficient, however the column was made (a dummy with noise, a product, an extreme value)."""
    if evidence.leverage is not None and evidence.leverage >= DECISIVE:
        text = Text(
            en="One row settles a coefficient by itself, so that its own value follows from the model.",
            nl="Eén rij bepaalt in haar eentje een coëfficiënt, zodat haar eigen waarde uit het model volgt.",
        )
        remedy = Text(
            en="Leave out the variable in which it stands alone, or take its logarithm or classes of it.",
            nl="Laat de variabele weg waarin zij alleen staat, of neem er de logaritme of klassen van.",
        )
        yield _finding(Rule.DOMINANCE, Status.UNSAFE, "", text, remedy)


def few_groups(evidence: ModelEvidence, profile: RuleProfile) -> Iterator[OutputFinding]:
    """Ask for review where a variance between groups rests on fewer than ``min_frequency`` groups."""
    for effects in evidence.effects:
        if effects.kind == "random" and effects.groups < profile.min_frequency:
            text = Text(
                en=f"The variance between groups rests on {effects.groups} groups, {profile.min_frequency} are advised.",
                nl=f"De variantie tussen groepen berust op {effects.groups} groepen, {profile.min_frequency} worden aangeraden.",
            )
            yield _finding(Rule.MODEL_LEVEL, Status.REVIEW, effects.name, text, texts.EXPLAIN)
