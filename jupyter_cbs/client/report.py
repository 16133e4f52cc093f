"""The pre-check in a notebook: findings per file, each with its remedy, and what the output would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..domain.finding import FileReport, Finding, PrecheckReport, Status
from ..domain.money import format_euros
from . import markup
from .judged import Judged
from .language import day, pick
from .words import basis, class_name, file_facts, place, tone, verdict

if TYPE_CHECKING:
    import pandas

SHOWN_FINDINGS = 8
"""Findings of one file that are shown at once; the rest is one click away."""


class Report(Judged[PrecheckReport]):
    """What the pre-check says."""

    @property
    def files(self) -> tuple[FileReport, ...]:
        """One report per file."""
        return self.report.files

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, file by file."""
        return tuple(finding for file in self.report.files for finding in file.findings)

    def df(self) -> pandas.DataFrame:
        """Give the findings as a data frame: file, status, rule, where, basis, text, remedy; a file without findings has one row."""
        import pandas

        rows: list[tuple[str, ...]] = []
        for file in self.report.files:
            rows += [
                (file.path, f.status.value, f.rule.value, place(f.where, self._lang), f.basis, f.text.say(self._lang), f.remedy.say(self._lang))
                for f in file.findings
            ] or [(file.path, file.status.value, "", "", "", "", "")]
        return pandas.DataFrame(rows, columns=["file", "status", "rule", "where", "basis", "text", "remedy"])

    def __repr__(self) -> str:
        lang, lines = self._lang, []
        for file in self.report.files:
            arrow = f" → {file.delivered_as}" if file.delivered_as and not file.path.endswith(file.delivered_as) else ""
            lines.append(f"{markup.SIGNS[tone(file.status)]} {file.path}{arrow} ({file_facts(file, lang)}): {verdict(file.status, lang)}")
            if file.stripped is not None:
                lines.append(f"    ↻ {file.stripped.text.say(lang)}")
            for f in file.findings[:SHOWN_FINDINGS]:
                where = place(f.where, lang)
                lines.append(f"    {markup.SIGNS[tone(f.status)]} {where + ': ' if where else ''}{f.text.say(lang)} → {f.remedy.say(lang)}")
            if len(file.findings) > SHOWN_FINDINGS:
                lines.append(f"    {_more(len(file.findings) - SHOWN_FINDINGS, lang)}: .df()")
        return "\n".join([*lines, cost_line(self.report, lang)])

    def _repr_html_(self) -> str:
        lang = self._lang
        files = "".join(file_html(file, lang) for file in self.report.files)
        counts = {status: sum(file.status is status for file in self.report.files) for status in Status}
        every = len(self.report.files)
        files_word = pick(lang, "file" if every == 1 else "files", "bestand" if every == 1 else "bestanden")
        summary = f"{every} {files_word}: " + " · ".join(f"{count} {verdict(status, lang)}" for status, count in counts.items() if count)
        chip = markup.chip(verdict(self.status, lang), tone(self.status))
        head = f'<div style="font-weight:600">{pick(lang, "Pre-check", "Voorcontrole")} {chip}</div>'
        return markup.block(f'{head}{markup.quiet(summary)}<div style="max-width:860px">{files}</div>{cost_html(self.report, lang)}')


def _more(count: int, lang: str) -> str:
    return pick(lang, f"{count} more {'finding' if count == 1 else 'findings'}", f"nog {count} {'bevinding' if count == 1 else 'bevindingen'}")


def file_html(file: FileReport, lang: str) -> str:
    """Show one file: sign, name, what is stripped, and its findings with their remedies."""
    path = markup.esc(file.path)
    if file.delivered_as and not file.path.endswith(file.delivered_as):
        path += f" → <b>{markup.esc(file.delivered_as)}</b>"
    chip = markup.chip(verdict(file.status, lang), tone(file.status))
    # what all findings rest on is said once
    proofs = {basis(finding, lang) for finding in file.findings}
    common = proofs.pop() if len(proofs) == 1 else None
    facts = " · ".join(part for part in (file_facts(file, lang), common) if part)
    parts = [f"<div>{chip} {path} {markup.quiet('· ' + facts)}</div>"]
    if file.stripped is not None:
        parts.append(
            f'<div style="padding:2px 0 2px 18px"><span style="{markup.ink("info")}">↻</span> {markup.esc(file.stripped.text.say(lang))}</div>'
        )
    parts += [finding_html(finding, lang, proof=common is None) for finding in file.findings[:SHOWN_FINDINGS]]
    if len(file.findings) > SHOWN_FINDINGS:
        rest = "".join(finding_html(finding, lang, proof=common is None) for finding in file.findings[SHOWN_FINDINGS:])
        summary = f'<summary style="cursor:pointer">{_more(len(file.findings) - SHOWN_FINDINGS, lang)}</summary>'
        parts.append(f'<details style="padding:2px 0 2px 18px">{summary}<div style="margin-left:-18px">{rest}</div></details>')
    return f'<div style="padding:6px 0;border-bottom:{markup.LINE}">{"".join(parts)}</div>'


def finding_html(finding: Finding, lang: str, *, proof: bool = True) -> str:
    """Show a finding: what it is, where, why, and what to do; the rule's code is in the tooltip, and ``proof`` adds what it rests on."""
    where = place(finding.where, lang)
    kind = tone(finding.status)
    sign = f'<span style="{markup.ink(kind)};font-weight:600" title="{markup.esc(finding.rule.value)}">{markup.SIGNS[kind]}'
    sign += f"{markup.unseen(verdict(finding.status, lang))}</span>"
    rests_on = basis(finding, lang) if proof else ""
    tail = markup.quiet(f" ({rests_on})") if rests_on else ""
    lead = f"<b>{markup.esc(where)}</b>: " if where else ""
    text = f"{lead}{markup.esc(finding.text.say(lang))}{tail}"
    return f'<div style="padding:2px 0 2px 18px">{sign} {text}<div style="padding-left:16px">→ {markup.esc(finding.remedy.say(lang))}</div></div>'


def cost_line(report: PrecheckReport, lang: str) -> str:
    """Say class, price and date in one line."""
    if report.export_class is None:
        return pick(lang, "Nothing here could be delivered.", "Niets hiervan kan worden geleverd.")
    price = format_euros(report.price_cents, lang) if report.price_cents is not None else "–"
    words = pick(lang, "Class|price, indicative|ready by", "Klasse|prijs, indicatief|klaar op").split("|")
    return f"{words[0]} {class_name(report.export_class, lang)} · {words[1]} {price} · {words[2]} {day(report.ready_on, lang)}"


def cost_html(report: PrecheckReport | None, lang: str, *, expected: bool = True) -> str:
    """Show class, price and date side by side, with the cheaper way in one line.

    Parameters
    ----------
    report : PrecheckReport or None
        What the broker answered.
    lang : str
        Language of the display.
    expected : bool
        Whether the output is still to come; what is over is not ready by any day.
    """
    words = pick(lang, "Class|Price, indicative|Ready by", "Klasse|Prijs, indicatief|Klaar op").split("|")
    price = format_euros(report.price_cents, lang) if report is not None and report.price_cents is not None else "–"
    ready = day(report.ready_on, lang) if report is not None and report.ready_on is not None else "–"
    figures = [class_name(report.export_class if report is not None else None, lang), price, ready][: 3 if expected else 2]
    boxes = "".join(
        f'<span style="white-space:nowrap"><span style="{markup.QUIET}">{markup.esc(word)}</span><br><b>{markup.esc(figure)}</b></span>'
        for word, figure in zip(words[: len(figures)], figures, strict=True)
    )
    cheaper = report.cheaper.say(lang) if report is not None and report.cheaper is not None and expected else ""
    reasons = " ".join(reason.say(lang) for reason in report.class_reasons) if report is not None else ""
    note = f'<span style="flex:1;min-width:180px;{markup.QUIET}" title="{markup.esc(reasons)}">{markup.esc(cheaper or reasons)}</span>'
    return f'<div style="display:flex;flex-wrap:wrap;gap:8px 18px;padding:8px 0;align-items:flex-start">{boxes}{note}</div>'
