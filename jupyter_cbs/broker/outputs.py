"""Checked models and figures: judged by the policy, kept, and found again by the files that were written of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from ..disclosure.figures import VerifiedTable, judge_figure
from ..disclosure.models import judge_model
from ..domain.base import Model
from ..domain.figure import FigureEvidence, OutputFinding
from ..domain.grid import labels_key
from ..domain.model import ModelEvidence
from ..domain.rules import RuleProfile
from ..domain.written import MARK_LABELS, KeptOutput, ShownTable, figure_grid, model_grid, model_labels
from .precheck import Outputs

if TYPE_CHECKING:
    from ..policy.policies import ProjectPolicy
    from ..store.reader import Reader
    from ..store.store import Store


class CheckedOutput(Model):
    """What is kept of a model or figure: what was declared of it, to be judged again by the rules of the day.

    Parameters
    ----------
    profiles
        Rule profiles of the data it was made of.
    """

    kind: Literal["model", "figure"]
    fingerprint: str
    model: ModelEvidence | None = None
    figure: FigureEvidence | None = None
    profiles: tuple[str, ...]

    @classmethod
    def of(cls, evidence: ModelEvidence | FigureEvidence, profiles: tuple[str, ...]) -> CheckedOutput:
        """Take what a kernel declares."""
        if isinstance(evidence, ModelEvidence):
            return cls(kind="model", fingerprint=fingerprint_of(evidence), model=evidence, profiles=profiles)
        return cls(kind="figure", fingerprint=fingerprint_of(evidence), figure=evidence, profiles=profiles)

    def written(self) -> tuple[list[list[str]], int]:
        """Give what a csv of it holds, and how many of its columns are labels."""
        if self.figure is not None:
            return figure_grid(self.figure), MARK_LABELS
        if self.model is not None and self.model.output is not None and self.model.output.estimates:
            return model_grid(self.model.output, self.model), model_labels(self.model.output)
        return [], 1

    def keys(self) -> tuple[str, ...]:
        """Give the keys under which its files are known: that of their labels, and the sha256 of a picture."""
        grid, labels = self.written()
        keys = (labels_key(grid, 1, labels),) if len(grid) > 1 else ()
        return (*keys, self.figure.picture) if self.figure is not None and self.figure.picture is not None else keys


def fingerprint_of(evidence: ModelEvidence | FigureEvidence) -> str:
    """Give the sha256 of what is declared; that of a figure does not depend on its pictures."""
    if isinstance(evidence, FigureEvidence):
        evidence = evidence.model_copy(update={"picture": None})
    return sha256(evidence.model_dump_json().encode()).hexdigest()


def judged(
    checked: CheckedOutput, profiles: Iterable[RuleProfile], tables: Mapping[str, VerifiedTable]
) -> tuple[tuple[OutputFinding, ...], Literal["verified", "declared"]]:
    """Judge an output; it is verified where all it draws was drawn by tables of the workspace."""
    if checked.model is not None:
        return judge_model(checked.model, profiles), "declared"
    figure = checked.figure
    if figure is None:
        raise ValueError("neither a model nor a figure")
    drawn = [artist for artist in figure.artists if artist.kind != "decoration"]
    verified = bool(drawn) and all(artist.fingerprint in tables for artist in drawn)
    return judge_figure(figure, profiles, tables), "verified" if verified else "declared"


def tables_of(store: Store | Reader, project: str, checked: CheckedOutput) -> dict[str, VerifiedTable]:
    """Look up the tables of this project that a figure was drawn from."""
    found: dict[str, VerifiedTable] = {}
    for artist in checked.figure.artists if checked.figure is not None else ():
        if artist.fingerprint is None or artist.fingerprint in found:
            continue
        kept = store.evidence_of(project, artist.fingerprint)
        if kept is not None:
            with pa.ipc.open_stream(kept[1]) as reader:
                found[artist.fingerprint] = VerifiedTable(kept[0], reader.read_all())
    return found


def outputs_of(store: Store, project: ProjectPolicy) -> Outputs:
    """Give the look-up of a project's checked models and figures; each is judged anew, by the rules and tables of today."""

    def lookup(keys: Collection[str]) -> Sequence[KeptOutput]:
        found = []
        for text in store.outputs(project.number, keys):
            try:
                checked = CheckedOutput.model_validate_json(text)
            except ValidationError:
                continue  # kept by a version that declared other things
            if not set(checked.profiles) <= set(project.profile_names):
                continue  # no rules are left to judge it by
            tables = tables_of(store, project.number, checked)
            findings, basis = judged(checked, [project.rules(name) for name in checked.profiles], tables)
            grid, labels = checked.written()
            found.append(
                KeptOutput(
                    kind=checked.kind,
                    fingerprint=checked.fingerprint,
                    basis=basis,
                    findings=findings,
                    grid=tuple(map(tuple, grid)),
                    labels=labels,
                    pictures=(checked.figure.picture,) if checked.figure is not None and checked.figure.picture is not None else (),
                    tables=_shown(checked, tables),
                )
            )
        return found

    return lookup


def _shown(checked: CheckedOutput, tables: Mapping[str, VerifiedTable]) -> tuple[ShownTable, ...]:
    """Tell which cells of its tables a figure shows: they leave with it."""
    shown: dict[str, set[int]] = {}
    for artist in checked.figure.artists if checked.figure is not None else ():
        table = tables.get(artist.fingerprint or "")
        if table is not None:
            cells = table.cells()
            shown.setdefault(table.meta.fingerprint, set()).update(cells[codes][2] for codes in artist.codes if codes in cells)
    found = []
    for fingerprint, rows in shown.items():
        hidden = np.setdiff1d(np.arange(tables[fingerprint].frame.num_rows), sorted(rows))
        found.append(ShownTable(fingerprint=fingerprint, hidden=tuple(hidden.tolist())))
    return tuple(found)
