"""``ws.check``: what is given decides what is checked, without loading a library that is not loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..domain.errors import CbsError, Invalid
from ..domain.figure import OutputReport
from ..domain.text import Text
from .errors import readable

if TYPE_CHECKING:
    from .connection import Session
    from .figures.report import FigureReport
    from .models.report import ModelReport


def check(
    session: Session,
    obj: Any,
    data: Any,
    response: Any,
    unit: Any,
    n: Any,
    source: str | Sequence[str] | None,
) -> ModelReport | FigureReport:
    """Check a model or a figure; see :meth:`jupyter_cbs.client.workspace.Workspace.check`."""
    sources = () if source is None else (source,) if isinstance(source, str) else tuple(source)
    try:
        from .figures.find import find_figure

        figure = find_figure(obj)
        if figure is not None:
            from .figures.report import check_drawn, read_figure

            return check_drawn(session, read_figure(figure, n, "observation", sources))
        from .models.extract import Given, extract
        from .models.report import ModelReport

        extracted = extract(obj, Given(data, response, unit, sources))
        if extracted is None:
            raise _not_checkable(obj)
        answer = session.call("model.check", extracted.declared.model_dump(mode="json")).answer
        return ModelReport(OutputReport.model_validate(answer), extracted, session.lang)
    except CbsError as error:
        raise readable(error, session.lang) from None


def _not_checkable(obj: Any) -> Invalid:
    kind = f"{type(obj).__module__}.{type(obj).__name__}"
    return Invalid(
        "not_checkable",
        Text(
            en=f"A {kind} is neither a model nor a figure that can be checked here.",
            nl=f"Een {kind} is geen model of figuur die hier kan worden gecontroleerd.",
        ),
        Text(
            en="Tables: make them with ws.table. Models: statsmodels, linearmodels, scikit-learn. Figures: matplotlib, seaborn, pandas, plotly. "
            "Files: ws.precheck.",
            nl="Tabellen: maak ze met ws.table. Modellen: statsmodels, linearmodels, scikit-learn. Figuren: matplotlib, seaborn, pandas, plotly. "
            "Bestanden: ws.precheck.",
        ),
    )
