"""Words and tones for verdicts, classes and places; one list for every display."""

from __future__ import annotations

from ..domain.evidence import Statistic, TableMeta
from ..domain.finding import FileReport, Finding, Status, Where
from ..domain.money import ExportClass
from ..domain.project import Role
from .language import number, pick, size
from .markup import Tone

_STATUS = {
    Status.SAFE: ("safe", "veilig"),
    Status.REVIEW: ("review", "beoordelen"),
    Status.UNSAFE: ("unsafe", "onveilig"),
    Status.REFUSED: ("refused", "geweigerd"),
}
_CLASS = {
    ExportClass.LIGHT: ("light", "kleine output"),
    ExportClass.CONFORM: ("conform", "conform"),
    ExportClass.NON_CONFORM: ("non-conform", "niet-conform"),
    ExportClass.SCRIPTS: ("scripts", "scripts"),
}
_ROLE = {
    Role.RESEARCHER: ("researcher", "onderzoeker"),
    Role.LEADER: ("project leader", "projectleider"),
    Role.VIEWER: ("viewer", "meekijker"),
    Role.CHECKER: ("checker", "outputcontroleur"),
    Role.ADMIN: ("admin", "beheerder"),
}
_BASIS = {
    "verified": ("verified by the workspace", "nagegaan door de werkomgeving"),
    "declared": ("declared", "opgegeven"),
    "found": ("", ""),
}
_STATISTIC: dict[Statistic, tuple[str, str]] = {
    "count": ("count", "aantal"),
    "units": ("units", "eenheden"),
    "sum": ("sum", "som"),
    "mean": ("mean", "gemiddelde"),
    "median": ("median", "mediaan"),
    "share": ("share", "aandeel"),
    "percentile": ("percentile", "percentiel"),
    "min": ("minimum", "minimum"),
    "max": ("maximum", "maximum"),
    "mean_lowest": ("mean of the lowest", "gemiddelde van de laagste"),
    "mean_highest": ("mean of the highest", "gemiddelde van de hoogste"),
    "mode": ("mode", "modus"),
    "sd": ("standard deviation", "standaardafwijking"),
    "variance": ("variance", "variantie"),
    "correlation": ("correlation", "correlatie"),
    "gini": ("Gini coefficient", "Gini-coëfficiënt"),
    "ratio": ("ratio", "verhouding"),
    "lorenz": ("Lorenz curve", "Lorenzcurve"),
    "survival": ("survival", "overleving"),
}
_SHARE_OF = {
    "row": ("of the row total", "van het rijtotaal"),
    "column": ("of the column total", "van het kolomtotaal"),
    "total": ("of the total", "van het totaal"),
}
_UNIT = {
    "person": ("persons", "personen"),
    "household": ("households", "huishoudens"),
    "business": ("businesses", "bedrijven"),
    "institution": ("institutions", "instellingen"),
    "address": ("addresses", "adressen"),
    "flight": ("flights", "vluchten"),
    "person-year": ("person-years", "persoonsjaren"),
    "rows": ("rows", "rijen"),
}


def quantity(meta: TableMeta, lang: str) -> tuple[str, str]:
    """Give what a table's cells hold, and in which unit; a unit nobody translated stays as the catalogue has it."""
    spec = meta.spec
    name = pick(lang, *_STATISTIC[meta.statistic])
    if meta.statistic == "percentile" and spec.percentile is not None:
        name = f"{name} {number(100 * spec.percentile, lang)}"
    what = " ".join(part for part in (name, spec.values or spec.time) if part)
    if spec.second is not None:
        what = f"{what} / {spec.second}" if meta.statistic == "ratio" else f"{what} · {spec.second}"
    if meta.statistic == "share":
        of = spec.share_of or ("row" if spec.rows and spec.columns else "total")
        what = f"{what} {pick(lang, *_SHARE_OF[of])}"
    unit = _UNIT.get(meta.value_unit)
    return what, meta.value_unit if unit is None else pick(lang, *unit)


def tone(status: Status) -> Tone:
    """Give the tone of a verdict."""
    return "ok" if status is Status.SAFE else "review" if status is Status.REVIEW else "bad"


def verdict(status: Status, lang: str) -> str:
    """Give the word for a verdict."""
    return pick(lang, *_STATUS[status])


def role_name(role: Role, lang: str) -> str:
    """Give the name of a role."""
    return pick(lang, *_ROLE[role])


def class_name(value: str | None, lang: str) -> str:
    """Give the name of an output class; a dash where nothing can be delivered."""
    if value is None:
        return "–"
    try:
        return pick(lang, *_CLASS[ExportClass(value)])
    except ValueError:
        return value


def basis(finding: Finding, lang: str) -> str:
    """Say what a finding rests on; nothing for what was merely found."""
    return pick(lang, *_BASIS[finding.basis])


def place(where: Where, lang: str) -> str:
    """Name a place in a file."""
    parts = []
    for value, en, nl in (
        (where.sheet, "sheet", "blad"),
        (where.cell, "cell", "cel"),
        (where.column if where.cell is None else None, "column", "kolom"),
        (where.row if where.cell is None else None, "row", "rij"),
        (where.line, "line", "regel"),
    ):
        if value is not None:
            parts.append(f"{pick(lang, en, nl)} {value}")
    return ", ".join(parts)


def file_facts(file: FileReport, lang: str) -> str:
    """Say in one line what a file is."""
    parts = [file.type]
    if file.tables:
        parts.append(f"{file.tables} {pick(lang, 'table' if file.tables == 1 else 'tables', 'tabel' if file.tables == 1 else 'tabellen')}")
    if file.cells:
        parts.append(f"{number(file.cells, lang)} {pick(lang, 'cells', 'cellen')}")
    parts.append(size(file.bytes, lang))
    return " · ".join(parts)
