"""Make a table safe by suppression or rounding, and prove it by the attack on what would be published.

Merging is a new table made from the data (see :mod:`.merging` for what to merge), judged like any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from ..domain.errors import Conflict, Internal, Invalid
from ..domain.evidence import Dimension, MergeProposal, TableSpec
from ..domain.finding import CellFinding, Rule, Status
from ..domain.rules import RuleProfile
from ..domain.text import Text
from .cells import Cells, Mask
from .complement import cost_of
from .hiding import Hiding, Target, first_choice, hide, quick_for
from .judge import Judgement, judge, proof_of
from .merging import proposals
from .relations.frame import cell_names
from .relations.heuristic import suppress as choose
from .relations.heuristic import without_exact, without_superfluous
from .relations.needs import Table, prove
from .relations.optimal import cheapest
from .relations.problem import Rounding
from .relations.program import Cancel, Progress
from .relations.rounding import controlled_rounding
from .rounded import is_plain_count, levels, mendable
from .rules import Question

SMALL: Final = 400
"""Up to this many cells the cheapest choice is looked for."""
CHEAPEST_SECONDS: Final = 10.0
"""Seconds for the proof that no choice is cheaper."""
TRIMMING_SECONDS: Final = 10.0
"""Seconds for showing superfluous cells of larger tables again."""
ROUNDING_SECONDS: Final = 30.0
"""Seconds for the search of a rounded table."""
MARGIN_COST: Final = 30.0
"""A total costs as much as some cells: it is kept where possible, yet the costs of one problem stay of one size."""
AMOUNT_BASES: Final = 6
"""Rounding bases that are tried for sums."""
BASES: Final = (5, 10, 20, 25, 50, 100, 200, 250, 500, 1000)
"""Rounding bases that are taken of themselves."""


@dataclass(frozen=True)
class Protection:
    """A table that was made safe.

    Parameters
    ----------
    frame
        The judged evidence frame; ``value`` is what would be published.
    findings
        What is still unsafe or to be reviewed where it is shown.
    hidden
        Rows of the frame to blank, ascending.
    rounding
        Base to which the values were rounded; None for none.
    notes
        What was done.
    proof
        What the attack proved.
    """

    frame: pa.Table
    findings: tuple[CellFinding, ...]
    hidden: tuple[int, ...]
    rounding: int | None
    notes: tuple[Text, ...]
    proof: Text


def assess(
    frame: pa.Table, dimensions: Sequence[Dimension], spec: TableSpec, profile: RuleProfile, unit: str = "unit", *, patience: float
) -> tuple[Judgement, tuple[MergeProposal, ...]]:
    """Judge a table, and say which merges would help (parameters as for :func:`jupyter_cbs.disclosure.judge.judge`)."""
    judged = judge(frame, dimensions, spec, profile, unit, patience=patience)
    if not judged.hidden:
        return judged, ()
    return judged, proposals(Cells.of(frame, dimensions), Question(spec.statistic, profile, spec))


def _unsafe(judged: Judgement) -> Mask:
    return np.array([status == Status.UNSAFE for status in judged.frame.column("status").to_pylist()], dtype=bool)


def _nothing_to_protect() -> Conflict:
    return Conflict(
        "nothing_to_protect",
        Text(
            en="No cell of this table is unsafe, so there is nothing to protect.",
            nl="Geen cel van deze tabel is onveilig; er is niets te beschermen.",
        ),
        Text(en="Publish the table as it is.", nl="Publiceer de tabel zoals zij is."),
    )


def suppress(
    frame: pa.Table,
    dimensions: Sequence[Dimension],
    spec: TableSpec,
    profile: RuleProfile,
    unit: str = "unit",
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Protection:
    """Hide the unsafe cells and as few, and as small, others as keep them from being calculated.

    Up to :data:`SMALL` cells the choice is the cheapest there is, where that is proven in time; beyond, a good one without superfluous cells.

    Parameters
    ----------
    frame, dimensions, spec, profile, unit
        As for :func:`jupyter_cbs.disclosure.judge.judge`.
    progress
        Called with the share that is done, 0 to 1.
    cancel
        Asked between linear programs.

    Raises
    ------
    Conflict
        ``nothing_to_protect``, or ``infeasible_protection``.
    Cancelled
        When ``cancel`` says so.
    """
    judged = judge(frame, dimensions, spec, profile, unit, patience=0)
    unsafe = _unsafe(judged)
    if not unsafe.any():
        raise _nothing_to_protect()
    tell = progress or (lambda share: None)
    cells, question = Cells.of(frame, dimensions), Question(spec.statistic, profile, spec)
    target = Target(cells, unsafe, question, cell_names(cells))
    costs = cost_of(cells, MARGIN_COST)
    table = Table(target.problem.model_copy(update={"cost": dict(zip(target.problem.cells, costs[target.rows].tolist(), strict=True))}))
    optimal = False
    if len(table.names) <= SMALL:
        choice = cheapest(table, target.union, patience=CHEAPEST_SECONDS, cancel=cancel)
        mask, optimal = choice.hidden, choice.optimal
    else:
        mask = target.mask(first_choice(cells, unsafe, question))
        tell(0.1)
        if not prove(table, mask, target.union, cancel, quick=True).holds:
            mask = choose(table, target.union, patience=0.0, cancel=cancel, start=mask, quick=quick_for(target, table))
        tell(0.5)
        mask = without_superfluous(table, mask, target.union, TRIMMING_SECONDS, cancel)
        mask = without_exact(table, mask, target.union, cancel)
    tell(0.9)
    if not prove(table, mask, target.union, cancel).holds:
        raise Internal(
            "protection_failed",
            Text(en="The attack breaks the protection that was chosen.", nl="De aanval breekt de gekozen bescherming."),
        )
    hidden = target.rows_of(mask) | unsafe
    tell(1.0)
    few, more = int(unsafe.sum()), int((hidden & ~unsafe).sum())
    cheapest_words = (" No cheaper choice protects them.", " Geen goedkopere keuze beschermt ze.") if optimal else ("", "")
    note = Text(
        en=f"Suppressed: {few} unsafe cells and {more} from which they would follow.{cheapest_words[0]}",
        nl=f"Onderdrukt: {few} onveilige cellen en {more} waaruit ze zouden volgen.{cheapest_words[1]}",
    )
    proof = proof_of(Hiding(hidden, True, len(target.problem.relations)))
    return Protection(judged.frame, judged.findings, tuple(np.flatnonzero(hidden).tolist()), None, (note,), proof)


def round_to(
    frame: pa.Table,
    dimensions: Sequence[Dimension],
    spec: TableSpec,
    profile: RuleProfile,
    unit: str = "unit",
    *,
    base: int | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Protection:
    """Round every count or sum to a multiple of the base so that the table still adds up; what rounding does not mend is suppressed.

    A sum of which one unit contributes most is safe when the attack on the rounded table, with all its relations, leaves an interval that reaches
    the protection levels of the dominance rules. Too few units of a sum or a weighted count are no matter of its value, so they are suppressed.
    A small count is safe when nobody can tell that it is small: it became 0, or at least the minimum frequency. The rounded table proves that
    itself, since it adds up and lies within the deviation of every value: it could be the true one.

    Parameters
    ----------
    frame, dimensions, spec, profile, unit
        As for :func:`jupyter_cbs.disclosure.judge.judge`.
    base
        By default the least of :data:`BASES` that is the minimum frequency or more; for sums the least of 1, 2 or 5 times a power of ten that
        protects.
    progress
        Called with the share that is done, 0 to 1.
    cancel
        Asked between programs.

    Raises
    ------
    Invalid
        ``rounding_sums_only``.
    Conflict
        ``nothing_to_protect``; ``infeasible_protection``; ``rounding_unpicked`` when the base is too small to hide small counts.
    Cancelled
        When ``cancel`` says so.
    """
    if spec.statistic not in ("count", "sum"):
        raise Invalid(
            "rounding_sums_only",
            Text(
                en="Rounding protects counts and sums only: cells of other tables do not add up.",
                nl="Afronden beschermt alleen tellingen en sommen: cellen van andere tabellen tellen niet op.",
            ),
            Text(en="Use method='suppress' or method='merge'.", nl="Gebruik method='suppress' of method='merge'."),
        )
    before = judge(frame, dimensions, spec, profile, unit, patience=0)
    if not _unsafe(before).any():
        raise _nothing_to_protect()
    if not is_plain_count(Question(spec.statistic, profile, spec)):
        return _round_amounts(frame, dimensions, spec, profile, unit, base, progress, cancel)
    least = profile.min_frequency
    step = base if base is not None else next((one for one in BASES if one >= least), least)
    cells, question = Cells.of(frame, dimensions), Question(spec.statistic, profile, spec)
    names = cell_names(cells)
    target = Target(cells, np.zeros(len(cells), dtype=bool), question, names)
    problem = target.problem.model_copy(update={"rounding": Rounding(base=step), "published": False})
    rounded = controlled_rounding(problem, seconds=ROUNDING_SECONDS, attack=False, cancel=cancel)
    if progress is not None:
        progress(0.8)
    value = cells.value.copy()
    value[target.rows] = [rounded.problem.cells[name] for name in target.problem.cells]
    at = frame.schema.get_field_index("value")
    published = frame.set_column(at, frame.schema.field(at), pa.array(value, pa.float64(), mask=np.isnan(value)))
    after = judge(published, dimensions, spec, profile, unit, patience=0, rounding=step)
    told = [finding for finding in after.findings if finding.rule is Rule.ROUNDING and finding.status is Status.UNSAFE]
    if told:
        raise Conflict(
            "rounding_unpicked",
            Text(
                en=f"Rounded to {step}, {len(told)} cells can still be told to stand for fewer than {least}.",
                nl=f"Afgerond op {step} is van {len(told)} cellen nog steeds te zeggen dat ze voor minder dan {least} staan.",
            ),
            Text(en=f"Take a base of {least} or more.", nl=f"Neem een basis van {least} of meer."),
        )
    unsafe = _unsafe(after)
    # of the exact values even: what protects against those protects against rounded ones
    hiding = hide(cells, unsafe, question, cancel=cancel)
    if not hiding.proven:
        raise _not_in_time()
    mended = int((_unsafe(before) & ~unsafe).sum())
    notes = [
        Text(
            en=f"Rounded to multiples of {step}; the table adds up, and no value is further than {rounded.deviation:g} from the true one.",
            nl=f"Afgerond op veelvouden van {step}; de tabel telt op, en geen waarde ligt verder dan {rounded.deviation:g} van de ware.",
        )
    ]
    if unsafe.any():
        notes.append(
            Text(
                en=f"Rounding does not mend {int(unsafe.sum())} cells; they are suppressed, with {int(hiding.hidden.sum() - unsafe.sum())} others.",
                nl=f"Afronden verhelpt {int(unsafe.sum())} cellen niet; die zijn onderdrukt, met {int(hiding.hidden.sum() - unsafe.sum())} andere.",
            )
        )
    proof = Text(
        en=f"Of none of the {mended} small counts can be told that it is one: the rounded table adds up, so it could itself be the true one.",
        nl=f"Van geen van de {mended} kleine tellingen is te zeggen dat ze klein is: de afgeronde tabel telt op en kan zelf de ware zijn.",
    )
    return Protection(after.frame, after.findings, tuple(np.flatnonzero(hiding.hidden).tolist()), step, tuple(notes), proof)


def _round_amounts(
    frame: pa.Table,
    dimensions: Sequence[Dimension],
    spec: TableSpec,
    profile: RuleProfile,
    unit: str,
    base: int | None,
    progress: Progress | None,
    cancel: Cancel | None,
) -> Protection:
    """Round sums and weighted counts; see :func:`round_to`."""
    cells, question = Cells.of(frame, dimensions), Question(spec.statistic, profile, spec)
    mends = mendable(cells, question)
    target = Target(cells, mends, question, cell_names(cells))
    below, above = levels(cells, question)
    names = set(target.problem.suppressed)
    wanted = {name: (float(below[row]), float(above[row])) for name, row in target.row.items() if name in names}
    problem = target.problem.model_copy(update={"protection": wanted, "published": False})
    widest = max((below[row] + above[row] for row in np.flatnonzero(mends).tolist()), default=float(profile.min_frequency))
    tried = [base] if base is not None else nice_steps(widest)[:AMOUNT_BASES]
    for number, step in enumerate(tried, start=1):
        try:
            # it is the attack on what would be published that proves the intervals
            found = controlled_rounding(
                problem.model_copy(update={"rounding": Rounding(base=step)}),
                seconds=ROUNDING_SECONDS / len(tried),
                attack=bool(wanted),
                cancel=cancel,
            )
        except Conflict:
            if number == len(tried):
                raise
            continue
        if progress is not None:
            progress(0.8 * number / len(tried))
        value = cells.value.copy()
        value[target.rows] = [found.problem.cells[name] for name in target.problem.cells]
        at = frame.schema.get_field_index("value")
        published = frame.set_column(at, frame.schema.field(at), pa.array(value, pa.float64(), mask=np.isnan(value)))
        after = judge(published, dimensions, spec, profile, unit, patience=0, rounding=step)
        unsafe = _unsafe(after)
        if (unsafe & mends).any():
            continue
        # of the exact values even: what protects against those protects against rounded ones
        hiding = hide(cells, unsafe, question, cancel=cancel)
        if not hiding.proven:
            raise _not_in_time()
        mended, rest, others = int(mends.sum()), int(unsafe.sum()), int((hiding.hidden & ~unsafe).sum())
        notes = [
            Text(
                en=f"Rounded to multiples of {step}; the table adds up, and no value is further than {found.deviation:g} from the true one.",
                nl=f"Afgerond op veelvouden van {step}; de tabel telt op, en geen waarde ligt verder dan {found.deviation:g} van de ware.",
            )
        ]
        if rest:
            notes.append(
                Text(
                    en=f"Rounding does not mend {rest} cells; they are suppressed, with {others} others.",
                    nl=f"Afronden verhelpt {rest} cellen niet; die zijn onderdrukt, met {others} andere.",
                )
            )
        proof = Text(
            en=f"Of each of the {mended} cells with a dominant contributor the rounded table, with all its sums, leaves as wide an interval as the"
            " rules ask for; what is suppressed cannot be calculated.",
            nl=f"Van elk van de {mended} cellen met een dominante bijdrager laat de afgeronde tabel, met al haar optellingen, een even breed"
            " interval over als de regels vragen; wat onderdrukt is, is niet te berekenen.",
        )
        return Protection(after.frame, after.findings, tuple(np.flatnonzero(hiding.hidden).tolist()), step, tuple(notes), proof)
    raise Conflict(
        "infeasible_protection",
        Text(
            en=f"Rounding to {tried[-1]} leaves too little room around cells with a dominant contributor.",
            nl=f"Afronden op {tried[-1]} laat te weinig ruimte rond cellen met een dominante bijdrager.",
        ),
        Text(en="Take a larger base, or use method='suppress'.", nl="Neem een grotere basis, of gebruik method='suppress'."),
    )


def nice_steps(least: float) -> list[int]:
    """Give 1, 2 and 5 times powers of ten from ``least`` on, ascending."""
    power = max(0, math.floor(math.log10(max(least, 1.0))))
    return [step for exponent in range(power, power + AMOUNT_BASES) for step in (10**exponent, 2 * 10**exponent, 5 * 10**exponent) if step >= least]


def _not_in_time() -> Conflict:
    return Conflict(
        "protection_not_proven",
        Text(
            en="The attack came to no end in time, so the protection is not proven.",
            nl="De aanval kwam niet op tijd klaar; de bescherming is dus niet bewezen.",
        ),
        Text(en="Leave out a dimension or merge categories.", nl="Laat een dimensie weg of voeg categorieën samen."),
    )
