"""Judge a table with evidence: a status and a reason for every cell and margin, and which cells to hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa

from ..domain.evidence import Dimension, TableSpec
from ..domain.finding import CellFinding, Rule, Status
from ..domain.rules import RuleProfile
from ..domain.text import Text
from .cells import Cells
from .hiding import PATIENCE, Hiding, hide
from .relations.program import Cancel
from .rounded import rounded
from .rules import RULES, Question
from .texts import Explainer

_STATUSES = tuple(Status)


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a table.

    Parameters
    ----------
    frame
        The evidence frame with the string columns ``status``, ``rule`` and ``reason_code``; the last two are null where a cell is safe.
    findings
        One per cell that is not safe, in the order of the frame.
    hidden
        Rows of the frame to blank, ascending: unsafe cells and the cells that keep them from being calculated.
    companions
        The rows of ``hidden`` that are not unsafe themselves.
    proof
        What the attack on the table without ``hidden`` proved; None where nothing is hidden, or it came to no end in time.
    """

    frame: pa.Table
    findings: tuple[CellFinding, ...]
    hidden: tuple[int, ...]
    companions: tuple[int, ...]
    proof: Text | None = None


def judge(
    frame: pa.Table,
    dimensions: Sequence[Dimension],
    spec: TableSpec,
    profile: RuleProfile,
    unit: str = "unit",
    *,
    patience: float = PATIENCE,
    cancel: Cancel | None = None,
    rounding: int | None = None,
) -> Judgement:
    """Judge every cell and margin of a table.

    Parameters
    ----------
    frame
        Evidence frame (see :mod:`jupyter_cbs.domain.evidence`).
    dimensions
        The dimensions in the order of the frame, rows first.
    spec
        What was asked; its statistic decides which rules apply.
    profile
        The thresholds.
    unit
        What ``n`` counts, e.g. ``person``, for the texts.
    patience
        Seconds for the choice of what to hide and its proof; 0 leaves it at the unsafe cells.
    cancel
        Asked between linear programs.
    rounding
        Base to which the values were rounded under control, None for none; see :func:`jupyter_cbs.disclosure.rounded.rounded`.

    Raises
    ------
    Cancelled
        When ``cancel`` says so.
    """
    cells = Cells.of(frame, dimensions)
    question = Question(spec.statistic, profile, spec)
    badness = np.zeros(len(cells), dtype=np.int8)
    reason = np.full(len(cells), -1, dtype=np.int64)
    rulings = [ruling for rule in RULES for ruling in rule(cells, question)]
    if rounding is not None:
        rulings = list(chain.from_iterable(rounded(ruling, cells, question, rounding) for ruling in rulings))
    for i, ruling in enumerate(rulings):
        worse = ruling.cells & (badness < ruling.status.badness)
        badness[worse] = ruling.status.badness
        reason[worse] = i

    unsafe = badness >= Status.UNSAFE.badness
    hiding = hide(cells, unsafe, question, patience=patience, cancel=cancel) if patience > 0 else Hiding(unsafe, False)
    explain = Explainer(cells, question, unit)
    findings = []
    for row in np.flatnonzero(reason >= 0).tolist():
        ruling = rulings[reason[row]]
        text, remedy = explain(row, ruling)
        # the fields are of the right types by construction; a table can have thousands of findings
        findings.append(
            CellFinding.model_construct(cell=cells.labels(row), row=row, status=ruling.status, rule=ruling.rule, text=text, remedy=remedy)
        )
    return Judgement(
        frame=_with_verdict(frame, badness, reason, [r.rule for r in rulings], [r.code for r in rulings]),
        findings=tuple(findings),
        hidden=tuple(np.flatnonzero(hiding.hidden).tolist()),
        companions=tuple(np.flatnonzero(hiding.hidden & ~unsafe).tolist()),
        proof=proof_of(hiding) if hiding.proven and unsafe.any() else None,
    )


def proof_of(hiding: Hiding) -> Text:
    """Tell what the attack proved of a suppression."""
    count, sums = int(hiding.hidden.sum()), hiding.relations
    return Text(
        en=f"With {count} cells suppressed no unsafe cell can be calculated from the others, through none of the {sums} sums of the table,"
        " nor by the only contributor of another suppressed cell.",
        nl=f"Met {count} onderdrukte cellen is geen onveilige cel uit de andere te berekenen, via geen van de {sums} optellingen van de tabel,"
        " ook niet door wie als enige aan een andere onderdrukte cel bijdraagt.",
    )


def _with_verdict(frame: pa.Table, badness: np.ndarray, reason: np.ndarray, rules: list[Rule], codes: list[str]) -> pa.Table:
    index = pa.array(reason, mask=reason < 0)
    status = pa.array([s.value for s in _STATUSES], pa.string()).take(pa.array(badness))
    frame = frame.drop_columns([name for name in ("status", "rule", "reason_code") if name in frame.column_names])
    return (
        frame.append_column("status", status)
        .append_column("rule", pa.array([r.value for r in rules], pa.string()).take(index))
        .append_column("reason_code", pa.array(codes, pa.string()).take(index))
    )
