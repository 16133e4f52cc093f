"""Differencing of models: the same regression on 1,000 persons and on 999 tells of the one.

Of one response and the same variables, the sums of squares and products of two fits subtract as cells of tables do. A model declares no condition
that could be compared, so whether one population lies in the other shows in the figures: leaving out a few of many moves every estimate by a small
part of its standard error, where two separate populations differ by more than one standard error on average.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ...domain.finding import Status
from ...domain.model import ModelEstimate, ModelEvidence
from ...domain.text import Text
from ..units import Words, counted
from .filters import normal_text
from .versions import stems

NEAR: Final = 0.5
"""Part of a standard error within which all estimates must be for two fits to count as of nearly the same units."""


@dataclass(frozen=True)
class KeptModel:
    """A model that is released, or is to be.

    Parameters
    ----------
    evidence
        As it was declared.
    name
        How findings name it, with request and date.
    """

    evidence: ModelEvidence
    name: Text


@dataclass(frozen=True)
class ModelFinding:
    """What a new model gives away together with another one; ``model`` is its number, from 0."""

    model: int
    status: Status
    text: Text
    remedy: Text


_REMEDY: Final = Text(
    en="Fit it on the units of the earlier model, or on so many fewer or more that the difference is large enough, or leave it out.",
    nl="Schat het op de eenheden van het eerdere model, of op zoveel minder of meer dat het verschil groot genoeg is, of laat het weg.",
)


def model_findings(new: Sequence[KeptModel], releases: Sequence[KeptModel], least: Sequence[int]) -> tuple[ModelFinding, ...]:
    """Compare every new model with all releases, and with the new ones before it.

    Parameters
    ----------
    new
        Models of a request.
    releases
        Models of the project that were released.
    least
        For each new model the fewest units a difference may stand for.

    Returns
    -------
    tuple of ModelFinding
        At most one for two models; nothing for a model that is released once more.
    """
    found = []
    for number, (model, fewest) in enumerate(zip(new, least, strict=True)):
        for other in (*releases, *new[:number]):
            if model.evidence != other.evidence:
                found += [ModelFinding(number, status, text, _REMEDY) for status, text in _compare(model, other, fewest)]
    return tuple(sorted(found, key=lambda one: (one.model, -one.status.badness)))


def _compare(new: KeptModel, old: KeptModel, least: int) -> Iterator[tuple[Status, Text]]:
    mine, theirs = new.evidence, old.evidence
    n, m = _n(mine), _n(theirs)
    if n is None or m is None or not _same_data(mine, theirs):
        return
    apart = abs(n - m)
    units, here, there = counted(apart, mine.unit_kind), counted(n, mine.unit_kind), counted(m, theirs.unit_kind)
    lead = Text(
        en=f"Fitted on {here.en}; {old.name.en} on {there.en}",
        nl=f"Geschat op {here.nl}; {old.name.nl} op {there.nl}",
    )
    if _terms(mine) == _terms(theirs):
        distance = _distance(mine, theirs)
        near = distance is not None and distance <= NEAR
        if 0 < apart < least:
            yield Status.UNSAFE if near else Status.REVIEW, _of_the_same(lead, units, least, near)
            return
        if apart == 0 and near and distance:
            text = Text(
                en=f"{lead.en}, with the same variables and nearly the same estimates: a few units are others, or were corrected.",
                nl=f"{lead.nl}, met dezelfde variabelen en bijna dezelfde schattingen: een paar eenheden zijn andere, of zijn gecorrigeerd.",
            )
            yield Status.REVIEW, text
            return
    elif 0 < apart < least:
        text = Text(
            en=f"{lead.en}, of the same variable on others: the difference stands for {units.en} if one population lies in the other; "
            f"at least {least} are needed.",
            nl=f"{lead.nl}, van dezelfde variabele op andere: het verschil staat voor {units.nl} als de ene populatie in de andere ligt; "
            f"er zijn er minstens {least} nodig.",
        )
        yield Status.REVIEW, text
        return
    yield from _levels(lead, mine, theirs, least)


def _of_the_same(lead: Text, units: Words, least: int, near: bool) -> Text:
    if near:
        return Text(
            en=f"{lead.en}, with the same variables and nearly the same estimates: what the one has beside the other stands for {units.en}; "
            f"at least {least} are needed.",
            nl=f"{lead.nl}, met dezelfde variabelen en bijna dezelfde schattingen: wat het ene naast het andere heeft staat voor {units.nl}; "
            f"er zijn er minstens {least} nodig.",
        )
    return Text(
        en=f"{lead.en}, with the same variables: the difference stands for {units.en} if one population lies in the other; at least {least} "
        "are needed. The estimates differ so much that this is not sure.",
        nl=f"{lead.nl}, met dezelfde variabelen: het verschil staat voor {units.nl} als de ene populatie in de andere ligt; er zijn er minstens "
        f"{least} nodig. De schattingen verschillen zoveel dat dit niet zeker is.",
    )


def _levels(lead: Text, mine: ModelEvidence, theirs: ModelEvidence, least: int) -> Iterator[tuple[Status, Text]]:
    """Find levels with nearly as many units in both, where the whole differs by more: only if all else is of the same units they subtract."""
    if _terms(mine) != _terms(theirs) or (_distance(mine, theirs) or math.inf) > NEAR:
        return
    there = {(level.term, level.name): level.units for level in theirs.levels}
    few = []
    for level in mine.levels:
        other = there.get((level.term, level.name))
        if level.units is not None and other is not None and 0 < abs(level.units - other) < least:
            few.append((abs(level.units - other), level.name))
    if few:
        left, name = min(few)
        units = counted(left, mine.unit_kind)
        text = Text(
            en=f"{lead.en}, with the same variables; of “{name}” the difference is {units.en}, and at least {least} are needed.",
            nl=f"{lead.nl}, met dezelfde variabelen; van ‘{name}’ is het verschil {units.nl}, en er zijn er minstens {least} nodig.",
        )
        yield Status.REVIEW, text


def _n(model: ModelEvidence) -> int | None:
    return model.units if model.units is not None else model.rows


def _same_data(one: ModelEvidence, other: ModelEvidence) -> bool:
    """Tell whether two models speak of the same response and kind of unit in the same data; data that are not named may be any."""
    if one.response is None or other.response is None or one.unit_kind != other.unit_kind:
        return False
    data = not one.sources or not other.sources or bool(stems(one.sources) & stems(other.sources))
    return data and normal_text(one.response) == normal_text(other.response)


def _terms(model: ModelEvidence) -> frozenset[tuple[str, str]]:
    return frozenset((" ".join(term.name.split()), term.kind) for term in model.terms) | {("", model.kind)}


def _distance(one: ModelEvidence, other: ModelEvidence) -> float | None:
    """Give how far the estimates of two fits are apart at most, in standard errors; None where that is not known of all."""
    estimates = _estimates(one), _estimates(other)
    if not estimates[0] or estimates[0].keys() != estimates[1].keys():
        return None
    farthest = 0.0
    for key, mine in estimates[0].items():
        theirs = estimates[1][key]
        errors = [error for error in (mine.error, theirs.error) if error is not None and error > 0]
        if mine.estimate is None or theirs.estimate is None or not errors:
            return None
        farthest = max(farthest, abs(mine.estimate - theirs.estimate) / min(errors))
    return farthest


def _estimates(model: ModelEvidence) -> dict[tuple[str, str], ModelEstimate]:
    return {(one.equation, one.term): one for one in (model.output.estimates if model.output is not None else ())}
