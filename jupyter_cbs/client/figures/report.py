"""The check of a figure in a notebook: verdict, an aggregated alternative, and the files that may leave."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...domain.errors import CbsError, Invalid
from ...domain.figure import OutputReport
from ...domain.finding import Status
from ...domain.text import Text
from ...domain.written import figure_grid
from .. import markup
from ..errors import readable
from ..files import workspace_path
from ..language import pick
from ..outputs import OutputCheck
from ..words import tone, verdict
from ..writing import write_bytes, write_csv
from .alternatives import alternative
from .drawn import Drawn, declare
from .find import Found, find_figure
from .saving import picture

if TYPE_CHECKING:
    import pandas

    from ..connection import Session


def read_figure(found: Found, n: Any, unit_kind: str, sources: Sequence[str]) -> Drawn:
    """Read a figure and add the numbers of units the reader gives.

    Raises
    ------
    Invalid
        If those numbers fit nothing in the figure.
    """
    if found.library == "plotly":
        from .plotly import read as read_plotly

        drawn = read_plotly(found.figure)
    else:
        from .mpl import read as read_matplotlib

        drawn = read_matplotlib(found.figure)
    drawn.unit_kind = unit_kind
    drawn.sources = tuple(sources)
    declare(drawn, n)
    return drawn


def check_drawn(session: Session, drawn: Drawn) -> FigureReport:
    """Ask the broker for its verdict on what was read."""
    answer = session.call("figure.check", drawn.evidence.model_dump(mode="json")).answer
    return FigureReport(OutputReport.model_validate(answer), drawn, session.lang, session)


class FigureReport(OutputCheck):
    """The verdict on a figure, the numbers behind it, and what could be drawn instead.

    Parameters
    ----------
    report : OutputReport
        The broker's answer.
    drawn : Drawn
        What was read of the figure.
    lang : str
        Language of the display.
    session : Session
        To check an alternative by.
    shown : bool
        Whether the display holds the figure, as for an alternative that nobody has seen yet.
    """

    def __init__(self, report: OutputReport, drawn: Drawn, lang: str, session: Session, shown: bool = False) -> None:
        super().__init__(report, lang)
        self._drawn = drawn
        self._session = session
        self._shown = shown

    @property
    def figure(self) -> Any:
        """The figure that was checked."""
        return self._drawn.figure

    def numbers(self) -> pandas.DataFrame:
        """Give the numbers behind the figure, as the companion file holds them: panel, series, mark, value, n."""
        import pandas

        grid = figure_grid(self._drawn.evidence)
        return pandas.DataFrame(grid[1:], columns=grid[0])

    def alternative(self, kind: str | None = None, data: Any = None, unit: Any = None) -> FigureReport:
        """Draw an aggregated figure in place of this one, and check it.

        Parameters
        ----------
        kind : {'hexbin', 'means', 'box', 'histogram', 'lines', 'steps'}, optional
            By default what fits: hexagons or means per class for points, a histogram for a rug, a trimmed box for whiskers and outliers.
        data : data frame, mapping or sequence, optional
            Values of units by group, where the figure does not hold them.
        unit : sequence, optional
            The unit of each point, in the order of the points, where one unit has several: it becomes one point, their mean.

        Raises
        ------
        Invalid
            If there is nothing to draw it from, or too few units.
        """
        try:
            figure = alternative(self._drawn, self.report.least_units, kind, data, self._lang, unit)
            drawn = read_figure(Found("matplotlib", figure), None, self._drawn.unit_kind, self._drawn.sources)
            checked = check_drawn(self._session, drawn)
        except CbsError as error:
            raise readable(error, self._lang) from None
        checked._shown = True
        return checked

    def save(self, path: str | Path, dpi: int = 150) -> None:
        """Write the figure as png or jpg without metadata, and the numbers behind it as csv beside it; says where.

        Where plotly can make no picture here the numbers alone are written.

        Raises
        ------
        Invalid
            If the figure is refused, no picture can be made of it, the format is none that leaves, or the file cannot be written there.
        """
        target = Path(path)
        self._allowed()
        try:
            self._unchanged()
            try:
                data = picture(self._drawn, target.suffix, dpi)
            except Invalid as error:
                raise self._numbers_only(error, target) from None
            self._write(data, target)
        except CbsError as error:
            raise readable(error, self._lang) from None

    def _numbers_only(self, error: Invalid, target: Path) -> Invalid:
        """Write the numbers of a figure of which no picture can be made here, and say so."""
        grid = figure_grid(self._drawn.evidence)
        if error.code != "no_picture" or len(grid) < 2:
            return error
        beside = target.with_suffix(".csv")
        write_csv(grid, beside, self._lang)
        self._say(beside, None)
        en, nl = (
            f" The numbers behind it are written to {beside.name}.",
            f" De cijfers erachter zijn weggeschreven naar {beside.name}.",
        )
        return Invalid(error.code, Text(en=error.message.en + en, nl=error.message.nl + nl), error.remedy)

    def _allowed(self) -> None:
        if self.status is Status.REFUSED:
            raise readable(self._refused(), self._lang)

    def _write(self, data: bytes, target: Path) -> None:
        """Write a picture and the numbers beside it."""
        evidence = self._drawn.evidence.model_copy(update={"picture": sha256(data).hexdigest()})
        # the workspace is told of the picture, so that it knows it again
        self._session.call("figure.check", evidence.model_dump(mode="json"))
        grid = figure_grid(self._drawn.evidence)
        write_bytes(data, target, self._lang)
        beside = target.with_suffix(".csv")
        if len(grid) > 1:
            write_csv(grid, beside, self._lang)
        self._say(target, beside if len(grid) > 1 else None)

    def _unchanged(self) -> None:
        """Refuse a figure to which something was added since it was checked."""
        found = find_figure(self._drawn.figure)
        now = None if found is None else read_figure(found, self._drawn.given, self._drawn.unit_kind, self._drawn.sources)
        if now is None or now.evidence != self._drawn.evidence:
            raise Invalid(
                "figure_changed",
                Text(
                    en="The figure has changed since it was checked, and was not written.",
                    nl="De figuur is veranderd sinds de controle, en niet weggeschreven.",
                ),
                Text(en="Check it again: ws.check(fig).", nl="Controleer hem opnieuw: ws.check(fig)."),
            )

    def _refused(self) -> Invalid:
        first = self.findings[0]
        return Invalid(
            "figure_refused",
            Text(
                en=f"This figure is refused and was not written: {first.text.say(self._lang)}",
                nl=f"Deze figuur is geweigerd en niet weggeschreven: {first.text.say(self._lang)}",
            ),
            first.remedy,
        )

    def _say(self, target: Path, beside: Path | None) -> None:
        lang = self._lang
        places = []
        for path in (target, beside):
            if path is None:
                continue
            try:
                places.append(workspace_path(path))
            except Invalid:
                places.append(
                    pick(
                        lang,
                        f"{path} (outside shared/ and personal/: it cannot be exported from there)",
                        f"{path} (buiten shared/ en personal/: kan daar niet worden uitgevoerd)",
                    )
                )
        print(f"{pick(lang, 'Written to', 'Geschreven naar')} {' + '.join(places)}.")
        if self.status is Status.UNSAFE:
            print("✕ " + pick(lang, "This figure is unsafe: it would be sent back.", "Deze figuur is onveilig: hij zou worden teruggestuurd."))

    def _title(self) -> str:
        count = sum(mark.artist.kind != "decoration" for mark in self._drawn.marks)
        parts = pick(self._lang, "part" if count == 1 else "parts", "deel" if count == 1 else "delen")
        return f"{pick(self._lang, 'Figure', 'Figuur')} ({self._drawn.library.split()[0]}, {count} {parts})"

    def _next(self) -> str:
        if self.status is Status.REFUSED:
            return pick(self._lang, ".alternative() draws it aggregated.", ".alternative() tekent hem geaggregeerd.")
        return pick(
            self._lang, ".save('shared/figure.png') writes it and its numbers.", ".save('shared/figuur.png') schrijft hem weg met zijn cijfers."
        )

    def __repr__(self) -> str:
        head = f"{markup.SIGNS[tone(self.status)]} {self._title()}: {verdict(self.status, self._lang)} ({self._basis()})"
        return "\n".join([head, *self._lines(), f"  {self._next()}"])

    def _repr_html_(self) -> str:
        parts = [self._head_html(self._title()), self._findings_html(), f"<div>{_as_code(self._next())}</div>"]
        if self._shown:
            import base64

            encoded = base64.b64encode(picture(self._drawn, ".png", 100)).decode()
            name = pick(self._lang, "aggregated figure", "geaggregeerde figuur")
            parts.append(f'<img alt="{markup.esc(name)}" style="max-width:100%" src="data:image/png;base64,{encoded}">')
        return markup.block("".join(parts))


def _as_code(sentence: str) -> str:
    """Give a sentence that begins with a call, the call as code."""
    call, _, rest = sentence.partition(" ")
    return f"<code>{markup.esc(call)}</code> {markup.quiet(rest)}"
