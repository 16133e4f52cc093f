"""Class, price and term of an output: they follow from formats and counts only (seed S2 footnotes 5–8; design: exports)."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from jupyter_cbs.domain.calendar import WorkingCalendar
from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.money import ExportClass, PriceTable, format_euros
from jupyter_cbs.domain.text import Text, whole

from .detect import as_text, suffix_of

_HEADER_BYTES = 65_536


@dataclass(frozen=True)
class Classification:
    """What an output would cost and how long it would take.

    Parameters
    ----------
    export_class
        Class of the output.
    price_cents
        Whole cents, decryption included.
    reasons
        Why, one sentence each.
    cheaper
        How it would be cheaper, in one line; None when it cannot be.
    working_days
        Working days after the day of receipt, decryption included.
    decryption_files
        CSV files with a column to be decrypted.
    """

    export_class: ExportClass
    price_cents: int
    reasons: tuple[Text, ...]
    cheaper: Text | None
    working_days: int
    decryption_files: int = 0


def classify(files: Sequence[FileContent], cells: Mapping[str, int], prices: PriceTable) -> Classification:
    """Classify an output.

    Parameters
    ----------
    files : sequence of FileContent
        What would be delivered; the output control form is not among them and does not count.
    cells : mapping of str to int
        Non-empty cells, headers included, by the file's path. A table that is missing here, or has none, was not counted, and an
        output with a table that was not counted is never light.
    prices : PriceTable
        Prices, formats and limits of the year.

    Raises
    ------
    Invalid
        ``no_files`` when nothing would be delivered.
    """
    if not files:
        raise Invalid(
            "no_files",
            Text(en="There is nothing to deliver.", nl="Er is niets om te leveren."),
            Text(en="Choose at least one file that may leave.", nl="Kies ten minste één bestand dat naar buiten mag."),
        )
    shape = _Shape.of(files, cells, prices)
    export_class, reasons = _class(shape, prices)
    terms = prices.classes[export_class]
    price, days = terms.price_cents, terms.working_days
    to_decrypt = [(file, columns) for file in shape.csv if (columns := _decryption_columns(file, prices.decryption_columns))]
    extra = -(-len(to_decrypt) // prices.decryption_batch) * prices.decryption_cents_per_batch
    if to_decrypt:
        price += extra
        days += prices.decryption_working_days
        names = ", ".join(sorted({column for _, columns in to_decrypt for column in columns}))
        count = len(to_decrypt)
        reasons.append(
            _both(
                lambda lang: (
                    f"{count} csv met een te ontsleutelen kolom ({names}): {format_euros(extra, lang)} erbij, per {prices.decryption_batch} csv."
                    if lang == "nl"
                    else f"{count} csv with a column to decrypt ({names}): {format_euros(extra, lang)} more, per {prices.decryption_batch} csv."
                )
            )
        )
        if any(len(columns) > 1 for _, columns in to_decrypt):
            reasons.append(
                Text(
                    en="A table to be decrypted holds exactly one of the columns; put each in its own csv.",
                    nl="Een te ontsleutelen tabel bevat precies één van de kolommen; zet elke tabel in een eigen csv.",
                )
            )
    fewer = len(to_decrypt) <= prices.light_max_files
    return Classification(export_class, price, tuple(reasons), _cheaper(export_class, shape, prices, cells, extra, fewer), days, len(to_decrypt))


def ready_on(calendar: WorkingCalendar, received: datetime, working_days: int) -> date:
    """Give the day by which CBS answers.

    Parameters
    ----------
    calendar : WorkingCalendar
        Working days of the office and the cut-off of a day.
    received : datetime
        Aware moment of receipt; its day is day 0.
    working_days : int
        Term of the class, decryption included.

    Raises
    ------
    ValueError
        When ``received`` has no time zone.
    """
    if received.tzinfo is None:
        raise ValueError("a moment of receipt needs a time zone")
    return calendar.add_working_days(calendar.day_of_receipt(received), working_days)


@dataclass(frozen=True)
class _Shape:
    files: tuple[FileContent, ...]
    csv: tuple[FileContent, ...]
    xlsx: tuple[FileContent, ...]
    scripts: tuple[FileContent, ...]
    foreign: tuple[FileContent, ...]
    cells: int | None
    """Cells of all tables; None when one was not counted."""
    csv_cells: int | None

    @staticmethod
    def of(files: Sequence[FileContent], cells: Mapping[str, int], prices: PriceTable) -> _Shape:
        allowed = {
            "table": prices.table_suffixes,
            "script": prices.script_suffixes,
            "document": prices.document_suffixes,
            "figure": prices.figure_suffixes,
            "other": (),
        }
        foreign = tuple(file for file in files if suffix_of(file.name) not in allowed[file.kind])
        csv_files = tuple(file for file in files if file.kind == "table" and file.type == "csv" and suffix_of(file.name) == ".csv")
        tables = [file for file in files if file.kind == "table"]
        return _Shape(
            files=tuple(files),
            csv=csv_files,
            xlsx=tuple(file for file in tables if file.type == "xlsx"),
            scripts=tuple(file for file in files if file.kind == "script"),
            foreign=foreign,
            cells=_sum(tables, cells),
            csv_cells=_sum(csv_files, cells),
        )


def _sum(files: Sequence[FileContent], cells: Mapping[str, int]) -> int | None:
    """Add up cells; a table with bytes but without a single cell was not read and so not counted."""
    counts = [cells.get(file.path) for file in files]
    known = [count for file, count in zip(files, counts, strict=True) if count or (count == 0 and file.size == 0)]
    return sum(known) if len(known) == len(counts) else None


def _class(shape: _Shape, prices: PriceTable) -> tuple[ExportClass, list[Text]]:
    count = len(shape.files)
    if len(shape.scripts) == count and not shape.foreign:
        if count <= prices.max_scripts:
            return ExportClass.SCRIPTS, [_both(lambda lang: f"Alleen scripts: {count}." if lang == "nl" else f"Scripts only: {count}.")]
        return ExportClass.CONFORM, [
            _both(
                lambda lang: (
                    f"{count} scripts; als scripts gaan er ten hoogste {prices.max_scripts} per levering."
                    if lang == "nl"
                    else f"{count} scripts; as scripts at most {prices.max_scripts} go in one delivery."
                )
            )
        ]
    if len(shape.csv) == count:
        if shape.cells is not None and count <= prices.light_max_files and shape.cells <= prices.light_max_cells:
            return ExportClass.LIGHT, [_counted(count, shape.cells)]
        reasons = []
        if count > prices.light_max_files:
            reasons.append(
                _both(
                    lambda lang: (
                        f"{count} bestanden; kleine output heeft er ten hoogste {prices.light_max_files}."
                        if lang == "nl"
                        else f"{count} files; a light output has at most {prices.light_max_files}."
                    )
                )
            )
        if shape.cells is None:
            reasons.append(Text(en="Not every table could be counted.", nl="Niet elke tabel kon worden geteld."))
        elif (cells := shape.cells) > prices.light_max_cells:
            reasons.append(
                _both(
                    lambda lang: (
                        f"{whole(cells, lang)} cellen; kleine output heeft er ten hoogste {whole(prices.light_max_cells, lang)}."
                        if lang == "nl"
                        else f"{whole(cells, lang)} cells; a light output has at most {whole(prices.light_max_cells, lang)}."
                    )
                )
            )
        return ExportClass.CONFORM, reasons
    if shape.foreign:
        names = _names(shape.foreign)
        return ExportClass.NON_CONFORM, [Text(en=f"Other formats than the usual: {names}.", nl=f"Andere formaten dan gebruikelijk: {names}.")]
    return ExportClass.CONFORM, [
        Text(en="Tables, scripts, text and figures in the usual formats.", nl="Tabellen, scripts, tekst en figuren in de gebruikelijke formaten.")
    ]


def _counted(count: int, cells: int) -> Text:
    files = Text(en="1 csv table" if count == 1 else f"{count} csv tables", nl="1 csv-tabel" if count == 1 else f"{count} csv-tabellen")
    return Text(en=f"{files.en}, {whole(cells, 'en')} cells, no scripts.", nl=f"{files.nl}, {whole(cells, 'nl')} cellen, geen scripts.")


def _cheaper(
    export_class: ExportClass, shape: _Shape, prices: PriceTable, cells: Mapping[str, int], decryption: int, in_fewer_csv: bool
) -> Text | None:
    """Give the one change that saves most, or None; its price is all that would be paid, with the ``decryption`` of the same tables.

    Tables to be decrypted each need a csv of their own: ``in_fewer_csv`` says whether they fit into a light output.
    """
    price = {each: prices.classes[each].price_cents for each in ExportClass}
    light, conform, scripts = price[ExportClass.LIGHT] + decryption, price[ExportClass.CONFORM] + decryption, price[ExportClass.SCRIPTS]
    if export_class is ExportClass.NON_CONFORM:
        return _without_foreign(shape, prices, cells, decryption, price[export_class] + decryption)
    if export_class is not ExportClass.CONFORM:
        return None
    count, limit = len(shape.files), prices.light_max_cells
    if len(shape.scripts) == count:
        deliveries = -(-count // prices.max_scripts)
        if deliveries * scripts < conform:
            return _both(
                lambda lang: (
                    f"Verdeeld over {deliveries} leveringen van scripts: {format_euros(deliveries * scripts, lang)}."
                    if lang == "nl"
                    else f"Spread over {deliveries} deliveries of scripts: {format_euros(deliveries * scripts, lang)}."
                )
            )
        return None
    if light >= conform:
        return None
    fits = shape.csv_cells is not None and 0 < len(shape.csv) <= prices.light_max_files and shape.csv_cells <= limit
    if fits and not shape.xlsx:
        rest = count - len(shape.csv)
        if 0 < rest == len(shape.scripts) <= prices.max_scripts and light + scripts < conform:
            alone, both = light, light + scripts
            return Text(
                en=f"Tables alone would be light: {format_euros(alone)}; with the scripts apart {format_euros(both)} in all.",
                nl=f"De tabellen alleen zijn kleine output: {format_euros(alone, 'nl')}; met de scripts apart samen {format_euros(both, 'nl')}.",
            )
        return _both(
            lambda lang: (
                f"De tabellen alleen zijn kleine output: {format_euros(light, lang)}."
                if lang == "nl"
                else f"Tables alone would be light: {format_euros(light, lang)}."
            )
        )
    tables = len(shape.csv) + len(shape.xlsx)
    if shape.cells is None or shape.cells > limit or tables == 0:
        return None
    if shape.xlsx:
        names = _names(shape.xlsx)
        return _both(
            lambda lang: (
                f"Met {names} als csv, in ten hoogste {prices.light_max_files} tabellen en zonder andere bestanden: {format_euros(light, lang)}."
                if lang == "nl"
                else f"With {names} as csv, in at most {prices.light_max_files} tables and nothing else: {format_euros(light, lang)}."
            )
        )
    if not in_fewer_csv:
        return None
    return _both(
        lambda lang: (
            f"In ten hoogste {prices.light_max_files} csv is het kleine output: {format_euros(light, lang)}."
            if lang == "nl"
            else f"In at most {prices.light_max_files} csv it would be light: {format_euros(light, lang)}."
        )
    )


def _without_foreign(shape: _Shape, prices: PriceTable, cells: Mapping[str, int], decryption: int, now: int) -> Text | None:
    """Compare leaving out the files of other formats with handing them in as one of the usual ones."""
    conform = prices.classes[ExportClass.CONFORM].price_cents + decryption
    names = _names(shape.foreign)
    foreign = {file.path for file in shape.foreign}
    rest = [file for file in shape.files if file.path not in foreign]
    without = prices.classes[_class(_Shape.of(rest, cells, prices), prices)[0]].price_cents + decryption if rest else now
    if min(without, conform) >= now:
        return None
    if without < conform:
        alone = without
        return _both(
            lambda lang: f"Zonder {names}: {format_euros(alone, lang)}." if lang == "nl" else f"Without {names}: {format_euros(alone, lang)}."
        )
    if without > conform:
        return _both(
            lambda lang: (
                f"Met tabellen als csv, tekst als txt en figuren als png: ten hoogste {format_euros(conform, lang)}."
                if lang == "nl"
                else f"With tables as csv, text as txt and figures as png: at most {format_euros(conform, lang)}."
            )
        )
    return _both(
        lambda lang: (
            f"Zonder {names}, of met tabellen als csv, tekst als txt en figuren als png: {format_euros(conform, lang)}."
            if lang == "nl"
            else f"Without {names}, or with tables as csv, text as txt and figures as png: {format_euros(conform, lang)}."
        )
    )


def _decryption_columns(file: FileContent, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Give the columns of a csv that are named exactly as one to be decrypted."""
    with file.open() as stream:
        head = stream.read(_HEADER_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(head) == _HEADER_BYTES:
        head = head[: len(head) // 2 * 2]
    text = as_text(head)
    header = next((line for line in (text or "").lstrip("\ufeff").splitlines() if line.strip()), "")
    for delimiter in ",;\t|":
        try:
            names = next(csv.reader(io.StringIO(header), delimiter=delimiter), [])
        except csv.Error:
            continue
        found = tuple(column for column in columns if column in (name.strip() for name in names))
        if found:
            return found
    return ()


def _names(files: Sequence[FileContent]) -> str:
    names = [file.name for file in files]
    return ", ".join(names[:3]) + (f" + {len(names) - 3}" if len(names) > 3 else "")


def _both(write: Callable[[str], str]) -> Text:
    return Text(en=write("en"), nl=write("nl"))
