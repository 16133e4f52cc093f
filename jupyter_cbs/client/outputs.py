"""What the check of a model or a figure shows: a verdict, what is wrong, why, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..domain.figure import OutputFinding, OutputReport
from . import markup
from .judged import Judged
from .language import pick
from .words import tone, verdict

if TYPE_CHECKING:
    import pandas

_QUANTILE = re.compile(r"quantile ([\d.]+)")

SHOWN_FINDINGS = 8
"""Findings that are shown at once; the rest is in ``.df()``."""


def subject(finding: OutputFinding, lang: str) -> str:
    """Name what a finding is about as people read it: a number is a panel of a figure, a quantile is a word and a figure."""
    if finding.subject.isdigit():
        return f"{pick(lang, 'panel', 'deelfiguur')} {finding.subject}"
    quantile = _QUANTILE.fullmatch(finding.subject)
    if quantile is not None:
        return f"{pick(lang, 'quantile', 'kwantiel')} {quantile[1] if lang == 'en' else quantile[1].replace('.', ',')}"
    return finding.subject


class OutputCheck(Judged[OutputReport]):
    """The verdict on a model or a figure."""

    @property
    def findings(self) -> tuple[OutputFinding, ...]:
        """What a checker would say, worst first."""
        return self.report.findings

    def df(self) -> pandas.DataFrame:
        """Give the findings as a data frame: status, rule, subject, basis, text, remedy."""
        import pandas

        rows = [(f.status.value, f.rule.value, f.subject, f.basis, f.text.say(self._lang), f.remedy.say(self._lang)) for f in self.report.findings]
        return pandas.DataFrame(rows, columns=["status", "rule", "subject", "basis", "text", "remedy"])

    def _basis(self) -> str:
        if self.report.basis == "verified":
            return pick(self._lang, "verified by the workspace", "nagegaan door de werkomgeving")
        return pick(self._lang, "declared", "opgegeven")

    def _lines(self) -> list[str]:
        """Give the findings as plain text."""
        lang = self._lang
        lines = []
        for f in self.report.findings[:SHOWN_FINDINGS]:
            lead = f"{subject(f, lang)}: " if f.subject else ""
            lines.append(f"{markup.SIGNS[tone(f.status)]} {lead}{f.text.say(lang)} → {f.remedy.say(lang)}")
        more = len(self.report.findings) - SHOWN_FINDINGS
        if more > 0:
            lines.append(f"  {pick(lang, f'and {more} more: .df()', f'en nog {more}: .df()')}")
        lines += [f"  {note.say(lang)}" for note in self.report.notes]
        return lines

    def _findings_html(self) -> str:
        """Give the findings as HTML: sign and word, what and why, what to do; the rule's code is in the tooltip."""
        lang = self._lang
        parts = []
        for f in self.report.findings[:SHOWN_FINDINGS]:
            kind = tone(f.status)
            sign = f'<span style="{markup.ink(kind)};font-weight:600" title="{markup.esc(f.rule.value)}">{markup.SIGNS[kind]}'
            sign += f"{markup.unseen(verdict(f.status, lang))}</span>"
            lead = f"<b>{markup.esc(subject(f, lang))}</b>: " if f.subject else ""
            parts.append(
                f'<div style="padding:2px 0">{sign} {lead}{markup.esc(f.text.say(lang))}'
                f'<div style="padding-left:16px">→ {markup.esc(f.remedy.say(lang))}</div></div>'
            )
        more = len(self.report.findings) - SHOWN_FINDINGS
        if more > 0:
            parts.append(markup.quiet(pick(lang, f"and {more} more: .df()", f"en nog {more}: .df()")))
        parts += [f"<div>{markup.quiet(note.say(lang))}</div>" for note in self.report.notes]
        return "".join(parts)

    def _head_html(self, title: str) -> str:
        chip = markup.chip(verdict(self.status, self._lang), tone(self.status))
        return f'<div style="font-weight:600">{markup.esc(title)} {chip} {markup.quiet("· " + self._basis())}</div>'
