"""The check of a model in a notebook: verdict, table of coefficients, and the files that may leave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...domain.errors import Invalid
from ...domain.figure import OutputReport
from ...domain.finding import Status
from ...domain.text import Text
from ...domain.written import model_grid, model_labels
from .. import markup
from ..errors import readable
from ..files import workspace_path
from ..language import number, pick
from ..outputs import OutputCheck
from ..words import tone, verdict
from ..writing import write_csv, write_xlsx
from .extract import Extracted

if TYPE_CHECKING:
    import pandas

SHOWN_ROWS = 60

_DUTCH_STATISTICS = {
    "R² adjusted": "gecorrigeerde R²",
    "R² within": "R² binnen",
    "R² between": "R² tussen",
    "R² overall": "R² totaal",
    "R² with effects": "R² met effecten",
    "deviance": "deviantie",
    "scale": "schaal",
    "residual variance": "residuele variantie",
}
"""Fit statistics that have a Dutch name; a written file has the English one, as its other headers."""


class ModelReport(OutputCheck):
    """The verdict on a model, and what of it may be written: estimates and fit, never residuals, fitted values or effects of units.

    Parameters
    ----------
    report : OutputReport
        The broker's answer.
    extracted : Extracted
        What was read of the model.
    lang : str
        Language of the display.
    """

    def __init__(self, report: OutputReport, extracted: Extracted, lang: str) -> None:
        super().__init__(report, lang)
        self.evidence = extracted.evidence
        self._output = extracted.output
        self._coefficients = extracted.coefficients
        self._statistics = extracted.statistics
        self._statistic = "t" if extracted.uses_t else "z"

    def coefficients(self) -> pandas.DataFrame:
        """Give the estimates as a data frame: equation, term, estimate, std_error, t or z, p, ci_low, ci_high, n."""
        import pandas

        rows = [(c.equation, c.term, c.estimate, c.error, c.statistic, c.p, c.low, c.high, c.n) for c in self._coefficients]
        names = ["equation", "term", "estimate", "std_error", self._statistic, "p", "ci_low", "ci_high", "n"]
        frame = pandas.DataFrame(rows, columns=names)
        return frame if any(c.equation for c in self._coefficients) else frame.drop(columns="equation")

    def statistics(self) -> dict[str, float]:
        """Give the fit statistics by name."""
        return dict(self._statistics)

    def grid(self) -> list[list[str]]:
        """Give the output as rows of strings, exactly as :meth:`to_csv` writes it: a row for each estimate and each fit statistic.

        ``n`` is the number of distinct units an estimate speaks of: those of its level, or all.
        """
        return model_grid(self._output, self.evidence)

    def to_csv(self, path: str | Path) -> None:
        """Write the estimates and fit statistics as CSV (UTF-8, comma); says where, and whether they may leave.

        Raises
        ------
        Invalid
            If the model holds values of units, so that there is nothing to write, or the file cannot be written there.
        """
        self._refuse()
        write_csv(self.grid(), Path(path), self._lang)
        self._say(Path(path))

    def to_xlsx(self, path: str | Path) -> None:
        """Write the same as one sheet of a workbook, without names or other metadata; says where.

        Raises
        ------
        Invalid
            As for :meth:`to_csv`.
        """
        self._refuse()
        write_xlsx(self.grid(), Path(path), self._lang, 1, model_labels(self._output))
        self._say(Path(path))

    def _refuse(self) -> None:
        if self._coefficients:
            return
        raise readable(
            Invalid(
                "nothing_to_write",
                Text(
                    en=f"Nothing of this {self.evidence.method} can be written: it has no estimates that may leave.",
                    nl=f"Van deze {self.evidence.method} is niets te schrijven: er zijn geen schattingen die naar buiten mogen.",
                ),
                self.findings[0].remedy if self.findings else None,
            ),
            self._lang,
        )

    def _say(self, path: Path) -> None:
        lang = self._lang
        try:
            where = workspace_path(path)
        except Invalid:
            where = pick(
                lang,
                f"{path} (outside shared/ and personal/: it cannot be exported from there)",
                f"{path} (buiten shared/ en personal/: kan daar niet worden uitgevoerd)",
            )
        count = len(self._coefficients)
        print(
            pick(
                lang,
                f"Written to {where}: {count} {'estimate' if count == 1 else 'estimates'}.",
                f"Geschreven naar {where}: {count} {'schatting' if count == 1 else 'schattingen'}.",
            )
        )
        if self.status in (Status.UNSAFE, Status.REFUSED):
            print(
                "✕ "
                + pick(
                    lang,
                    f"This model is {verdict(self.status, lang)}: the file would be sent back. See the findings.",
                    f"Dit model is {verdict(self.status, lang)}: het bestand zou worden teruggestuurd. Zie de bevindingen.",
                )
            )

    def _facts(self) -> str:
        lang, e = self._lang, self.evidence
        unknown = pick(lang, "not known", "niet bekend")

        def shown(value: float | None) -> str:
            return unknown if value is None else number(value, lang, 0)

        parts = [f"{pick(lang, 'rows', 'rijen')} {shown(e.rows)}"]
        counted = pick(lang, "rows counted as units", "rijen als eenheden geteld") if e.unit is None else e.unit
        parts.append(f"{pick(lang, 'units', 'eenheden')} {shown(e.units)} ({counted})")
        parts.append(f"{pick(lang, 'residual df', 'vrijheidsgraden residuen')} {shown(e.residual_dof)}")
        parts += [f"{statistic_name(name, lang)} {number(value, lang, 3 if abs(value) < 100 else 0)}" for name, value in self._statistics[:4]]
        return " · ".join(parts)

    def _title(self) -> str:
        e = self.evidence
        family = " ".join(part for part in (e.family, e.link) if part)
        return f"{e.method}{f' ({family})' if family else ''}{f': {e.response}' if e.response else ''}"

    def __repr__(self) -> str:
        lang = self._lang
        lines = [f"{markup.SIGNS[tone(self.status)]} {self._title()}: {verdict(self.status, lang)} ({self._basis()})"]
        if self.evidence.kind not in ("memorising", "unit_level", "unknown"):
            lines.append(f"  {self._facts()}")
        lines += self._lines()
        grid = self.grid()[: SHOWN_ROWS + 1] if self._coefficients else []
        widths = [max(len(row[i]) for row in grid) for i in range(len(grid[0]))] if grid else []
        lines += ["  ".join(t.ljust(w) if i == 0 else t.rjust(w) for i, (t, w) in enumerate(zip(row, widths, strict=True))).rstrip() for row in grid]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        lang = self._lang
        parts = [self._head_html(self._title())]
        if self.evidence.kind not in ("memorising", "unit_level", "unknown"):
            # a name and its figure stay on one line
            parts.append(f"<div>{markup.quiet(_kept_together(self._facts()))}</div>")
        parts.append(self._findings_html())
        if self._coefficients:
            parts.append(self._table())
        if self.status not in (Status.UNSAFE, Status.REFUSED) and self._coefficients:
            parts.append(
                f"<div><code>.to_csv(path)</code> {markup.quiet(pick(lang, 'writes these estimates.', 'schrijft deze schattingen weg.'))}</div>"
            )
        return markup.block("".join(parts))

    def _table(self) -> str:
        lang = self._lang
        grid = self.grid()
        names = {
            "equation": ("equation", "vergelijking"),
            "term": ("term", "term"),
            "estimate": ("estimate", "schatting"),
            "std_error": ("std. error", "std.fout"),
            "ci_low": ("95 % from", "95 % van"),
            "ci_high": ("to", "tot"),
            "n": ("units", "eenheden"),
        }
        skip = {len(grid[0]) - 1}  # the degrees of freedom stand above already
        head = [pick(lang, *names[text]) if text in names else text for text in grid[0]]
        labels = 2 if grid[0][0] == "equation" else 1
        shown = "".join(
            markup.cell(markup.esc(text), tag="th", right=i >= labels, extra=' scope="col"') for i, text in enumerate(head) if i not in skip
        )
        body = ""
        for row in grid[1 : 1 + min(SHOWN_ROWS, len(self._coefficients))]:
            cells = ""
            for i, text in enumerate(row):
                if i in skip:
                    continue
                if i < labels:
                    cells += markup.cell(markup.esc(text), tag="th", extra=' scope="row"', style="font-weight:400")
                else:
                    cells += markup.cell(markup.esc(_local(text, lang, whole=grid[0][i] == "n")), right=True)
            body += markup.row(cells)
        more = len(self._coefficients) - SHOWN_ROWS
        cut = markup.quiet(pick(lang, f"{more} more: .coefficients()", f"nog {more}: .coefficients()")) if more > 0 else ""
        title = pick(lang, "Estimates", "Schattingen")
        return f'<div style="overflow-x:auto">{markup.table(markup.row(shown), body, title)}</div>{cut}'


def statistic_name(name: str, lang: str) -> str:
    """Give the name of a fit statistic as people read it; what has one name in both languages keeps it."""
    return _DUTCH_STATISTICS.get(name, name) if lang.startswith("nl") else name


def _kept_together(facts: str) -> str:
    return " · ".join(fact.replace(" ", "\N{NO-BREAK SPACE}") for fact in facts.split(" · "))


def _local(text: str, lang: str, whole: bool) -> str:
    if not text:
        return ""
    value = float(text)
    if whole:
        return number(int(value), lang)
    if value and (abs(value) < 0.001 or abs(value) >= 1e7):
        return f"{value:.2e}".replace(".", "," if lang.startswith("nl") else ".")
    return number(value, lang, 3)
