"""Both storage areas in a notebook: used, limit, and how old the figure is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..domain.quota import AreaUsage, QuotaStatus
from . import markup
from .language import age, pick, size

if TYPE_CHECKING:
    import pandas


class Storage:
    """Use of the shared and the personal area.

    Parameters
    ----------
    status : QuotaStatus
        The broker's answer.
    lang : str
        Language of the display.
    """

    def __init__(self, status: QuotaStatus, lang: str) -> None:
        self.shared = status.shared
        self.personal = status.personal
        self._lang = lang

    def df(self) -> pandas.DataFrame:
        """Give both areas as a data frame; unknown figures are missing, never 0."""
        import pandas

        fields = ("area", "used_bytes", "limit_bytes", "apparent_bytes", "files", "measured_at", "level")
        frame = pandas.DataFrame([[getattr(a, f) for f in fields] for a in (self.shared, self.personal)], columns=list(fields))
        return frame.astype({"used_bytes": "Int64", "limit_bytes": "Int64", "apparent_bytes": "Int64", "files": "Int64"})

    def figure(self, area: AreaUsage) -> str:
        """Say how much is used of how much, as the side panel does: in the unit of the policy, or a smaller one where that says nothing."""
        limit = size(area.limit_bytes, self._lang, area.unit_bytes)
        if area.used_bytes is None:
            return pick(self._lang, f"not measured yet, limit {limit}", f"nog niet gemeten, limiet {limit}")
        used = size(area.used_bytes, self._lang, area.unit_bytes)
        return pick(self._lang, f"{used} of {limit}", f"{used} van {limit}")

    def _name(self, area: AreaUsage) -> str:
        return pick(self._lang, "Shared", "Gedeeld") if area.area == "shared" else pick(self._lang, "Personal", "Persoonlijk")

    def __repr__(self) -> str:
        now = datetime.now(UTC)
        return "\n".join(
            " ".join(part for part in (f"{self._name(a)}: {self._measured(a, now)}", self._advice(a)) if part) for a in (self.shared, self.personal)
        )

    def _measured(self, area: AreaUsage, now: datetime) -> str:
        figure = self.figure(area)
        return figure if area.used_bytes is None else f"{figure} ({age(area.measured_at, now, self._lang)})"

    def _advice(self, area: AreaUsage) -> str:
        """Give the broker's sentence where it says more than the figure."""
        return area.text.say(self._lang) if area.level in ("warning", "full") else ""

    def _repr_html_(self) -> str:
        now = datetime.now(UTC)
        return markup.block("".join(self._area(area, now) for area in (self.shared, self.personal)))

    def _area(self, area: AreaUsage, now: datetime) -> str:
        tone: markup.Tone = "bad" if area.level == "full" else "review" if area.level == "warning" else "info"
        share = 0.0 if area.used_bytes is None else area.used_bytes / area.limit_bytes
        sign = {"full": "✕ ", "warning": "▲ "}.get(area.level, "")
        figure = self.figure(area)
        name = f"<b>{markup.esc(self._name(area))}</b>"
        head = f'<div style="display:flex;gap:12px;max-width:420px">{name}<span style="margin-left:auto">{markup.esc(figure)}</span></div>'
        advice = f'<span style="{markup.ink(tone)}">{sign}{markup.esc(self._advice(area))}</span> ' if self._advice(area) else ""
        measured = markup.quiet(age(area.measured_at, now, self._lang)) if area.used_bytes is not None else ""
        gauge = markup.bar(share, tone, f"{self._name(area)}: {figure}")
        return f'<div style="margin-bottom:10px" title="{markup.esc(area.text.say(self._lang))}">{head}{gauge}<div>{advice}{measured}</div></div>'
