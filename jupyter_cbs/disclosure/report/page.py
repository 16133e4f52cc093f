"""A report as a page: one file, no scripts, nothing from elsewhere, readable on paper and in the dark."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import Final

from ...domain.finding import FileReport, Finding, PrecheckReport, Status, TableBasis, Where
from ...domain.money import format_euros
from ...domain.text import Language, Text

SIGNS: Final = {Status.SAFE: "✓", Status.REVIEW: "?", Status.UNSAFE: "✕", Status.REFUSED: "✕"}
"""Sign of a verdict beside its colour."""

_STATUS: Final = {
    Status.SAFE: Text(en="safe", nl="veilig"),
    Status.REVIEW: Text(en="to be reviewed", nl="te beoordelen"),
    Status.UNSAFE: Text(en="unsafe", nl="onveilig"),
    Status.REFUSED: Text(en="refused", nl="geweigerd"),
}
_BASIS: Final = {
    "verified": Text(en="verified: agrees with kept evidence", nl="bewezen: klopt met bewaard bewijs"),
    "declared": Text(en="declared in the form", nl="verklaard in het formulier"),
    "found": Text(en="found in the file", nl="gevonden in het bestand"),
    "unknown": Text(en="unknown", nl="onbekend"),
}
_CLASSES: Final = {
    "light": Text(en="light output", nl="kleine output"),
    "conform": Text(en="conform", nl="conform"),
    "non_conform": Text(en="non-conform", nl="niet-conform"),
    "scripts": Text(en="scripts", nl="scripts"),
}
_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--line:#c9c9c9;--dim:#595959;--safe:#1b6b2f;--review:#7a5200;--unsafe:#a4001d}
@media (prefers-color-scheme:dark){:root{--ink:#ececec;--paper:#161616;--line:#4a4a4a;--dim:#b0b0b0;--safe:#7fd492;--review:#f0c060;--unsafe:#ff9aa5}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin:2rem 0 .3rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{color:var(--dim);font-weight:600}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:var(--dim)}dd{margin:0}
.safe{color:var(--safe)}.review{color:var(--review)}.unsafe,.refused{color:var(--unsafe)}.status{font-weight:600;white-space:nowrap}
.fine{color:var(--dim);font-size:.9rem}.remedy{display:block;color:var(--dim)}code{font-size:.95em}
@media print{body{margin:0;max-width:none}}
"""


def page(report: PrecheckReport, lang: Language, project: str | None = None) -> str:
    """Write a report as a page.

    Parameters
    ----------
    report
        Of the pre-check.
    lang
        ``en`` or ``nl``.
    project
        Number of the project whose rules counted.

    Returns
    -------
    str
        HTML. Everything out of files is escaped, without control characters, and kept from changing the direction of what stands beside it.
    """
    say = "Voorcontrole van uitvoer" if lang == "nl" else "Pre-check of output"
    parts = [
        "<!doctype html>",
        f'<html lang="{lang}"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f'<meta name="viewport" content="width=device-width"><title>{say}</title><style>{_STYLE}</style></head><body>',
        f"<h1>{say}: {_verdict(report.status, lang)}</h1>",
        _summary(report, lang, project),
        *(_file(file, lang) for file in report.files),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def shown(text: str) -> str:
    """Escape a text out of a file: no markup, no control characters, and its direction its own."""
    return escape("".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text))


def _own(text: str) -> str:
    return f"<bdi>{shown(text)}</bdi>"


def _verdict(status: Status, lang: Language) -> str:
    return f'<span class="status {status.value}">{SIGNS[status]} {_STATUS[status].say(lang)}</span>'


def _summary(report: PrecheckReport, lang: Language, project: str | None) -> str:
    nl = lang == "nl"
    rows: list[tuple[str, str]] = []
    if project is not None:
        rows.append(("Project", _own(project)))
    if report.export_class is not None:
        name = _CLASSES.get(report.export_class)
        rows.append(("Klasse" if nl else "Class", shown(report.export_class if name is None else name.say(lang))))
    if report.price_cents is not None:
        rows.append(("Prijs" if nl else "Price", shown(format_euros(report.price_cents, lang))))
    if report.ready_on is not None:
        rows.append(("Antwoord uiterlijk" if nl else "Answer by", shown(report.ready_on)))
    rows += [("Waarom" if nl else "Why", shown(reason.say(lang))) for reason in report.class_reasons]
    if report.cheaper is not None:
        rows.append(("Goedkoper" if nl else "Cheaper", shown(report.cheaper.say(lang))))
    made = ", ".join(f"{name} {version}" for name, version in sorted(report.versions.items()))
    if made:
        rows.append(("Gemaakt met" if nl else "Made with", shown(made)))
    return "<dl>" + "".join(f"<dt>{term}</dt><dd>{value}</dd>" for term, value in rows) + "</dl>"


def _file(file: FileReport, lang: Language) -> str:
    nl = lang == "nl"
    facts = [
        shown(file.type),
        f"{file.bytes} bytes",
        f"{file.tables} {('tabel' if file.tables == 1 else 'tabellen') if nl else ('table' if file.tables == 1 else 'tables')}",
        f"{file.cells} {('cel' if file.cells == 1 else 'cellen') if nl else ('cell' if file.cells == 1 else 'cells')}",
    ]
    if file.delivered_as is not None and not file.path.endswith(f"/{file.delivered_as}") and file.path != file.delivered_as:
        facts.append(f"→ {_own(file.delivered_as)}")
    parts = [f"<h2>{_own(file.path)} {_verdict(file.status, lang)}</h2>", f'<p class="fine">{" · ".join(facts)}</p>']
    if file.stripped is not None:
        parts.append(f"<p>{shown(file.stripped.text.say(lang))}</p>")
    if file.findings:
        heads = ("Oordeel", "Waar", "Regel", "Waarom en wat te doen", "Grond") if nl else ("Verdict", "Where", "Rule", "Why, and what to do", "Basis")
        head = "".join(f'<th scope="col">{text}</th>' for text in heads)
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(_finding(f, lang) for f in file.findings)}</tbody></table>")
    elif file.status is Status.SAFE:
        parts.append(f"<p>{'Niets gevonden.' if nl else 'Nothing found.'}</p>")
    if file.bases:
        parts.append(_bases(file.bases, lang))
    return "\n".join(parts)


def _finding(finding: Finding, lang: Language) -> str:
    cells = (
        _verdict(finding.status, lang),
        _place(finding.where, lang),
        f"<code>{shown(finding.rule.value)}</code>",
        f'{shown(finding.text.say(lang))} <span class="remedy">→ {shown(finding.remedy.say(lang))}</span>',
        shown(_BASIS[finding.basis].say(lang)),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _bases(bases: tuple[TableBasis, ...], lang: Language) -> str:
    nl = lang == "nl"
    heads = ("Tabel", "Grond", "Bewijs") if nl else ("Table", "Basis", "Evidence")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    rows = "".join(
        f"<tr><td>{_place(basis.where, lang)}</td><td>{shown(_BASIS[basis.basis].say(lang))}</td>"
        f"<td><code>{shown((basis.fingerprint or '')[:16])}</code></td></tr>"
        for basis in bases
    )
    title = f"{len(bases)} {('tabel' if len(bases) == 1 else 'tabellen') if nl else ('table' if len(bases) == 1 else 'tables')}"
    return f"<details><summary>{title}</summary><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details>"


def _place(where: Where, lang: Language) -> str:
    nl = lang == "nl"
    parts = []
    if where.sheet is not None:
        parts.append(f"{'blad' if nl else 'sheet'} {_own(where.sheet)}")
    if where.cell is not None:
        parts.append(f"{'cel' if nl else 'cell'} {shown(where.cell)}")
    else:
        if where.row is not None:
            parts.append(f"{'rij' if nl else 'row'} {where.row}")
        if where.column is not None:
            parts.append(f"{'kolom' if nl else 'column'} {_own(where.column)}")
    if where.line is not None:
        parts.append(f"{'regel' if nl else 'line'} {where.line}")
    return ", ".join(parts)
