"""Counts in finished tables, known by name: small cells, groups in one category, and numbers nothing is known of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ...domain.export import FormFile
from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from ..units import counted, unit_of_words
from . import crossings, percentiles, results, subtraction
from .crossings import Crossed
from .microdata import _is_category, is_ranked
from .report import Report
from .sheet import Block, Column
from .values import is_count_name, is_extreme_name, is_percent_name, is_residual_df, is_suppressed, is_total, mentions_counts, number, words

SUPPRESS = Text(
    en="Merge the category with a neighbour or suppress the cell, and another in its row and column so that it cannot be calculated.",
    nl="Voeg de categorie samen met een aangrenzende of onderdruk de cel, en in rij en kolom nog een, zodat hij niet is uit te rekenen.",
)
WITH_EVIDENCE = Text(
    en="Make the table with ws.table, so that its evidence is checked, or add the unweighted number of units per cell.",
    nl="Maak de tabel met ws.table, zodat het bewijs wordt gecontroleerd, of voeg het ongewogen aantal eenheden per cel toe.",
)


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are."""

    labels: tuple[Column, ...]
    counts: tuple[Column, ...]
    shares: tuple[Column, ...]
    others: tuple[Column, ...]
    cross: bool
    basis: Literal["declared", "found"] = "found"
    guessed: bool = False
    """Whether only the way the numbers stand says that they are counts."""


def _declared(form: FormFile | None, column: Column) -> bool:
    """Tell whether the form names a column as the unweighted number of units."""
    if form is None or len(column.name) < 2:
        return False
    return column.name.casefold() in {word.casefold() for word in re.findall(r"[^\s,;:.()\"'‘’“”]+", form.unweighted_n)}


def roles(block: Block, form: FormFile | None = None) -> Roles:
    """Tell labels, counts, shares and other numbers apart.

    A column is a count by its name. Where no column is and the title, the corner or the name of the file says counts, all whole
    numbers are: a cross table. Numbers before the first count that can label groups (years, ages, codes) are labels.
    """
    numeric = [c for c in block.columns if c.is_numeric]
    counts = [c for c in numeric if is_count_name(c.name) or (is_count_name(c.full_name) and len(c.full_name) < 60 and c.is_integer)]
    declared = [c for c in numeric if _declared(form, c) and c.is_integer]
    counts = [c for c in (declared or counts) if c.is_integer]
    shares = [c for c in numeric if c not in counts and (is_percent_name(c.full_name) or sum("%" in cell for cell in c.filled) > len(c.filled) / 2)]
    cross = False
    if not counts:
        rest = [c for c in numeric if c not in shares and not (c.index == 0 and _is_category(c))]
        if (rest and _says_counts(block) and all(c.is_integer for c in rest)) or (
            len(rest) >= 2 and all(c.is_integer for c in rest) and _adds_up(block, rest)
        ):
            counts, cross = rest, True
    first = min((c.index for c in counts), default=block.width)
    labels, others = [], []
    for column in block.columns:
        if column in counts or column in shares or column.is_withheld or not column.filled:
            continue
        if not column.is_numeric or (column.index < first and counts and (_is_category(column) or is_ranked((column, *counts)))):
            labels.append(column)
        else:
            others.append(column)
    return Roles(tuple(labels), tuple(counts), tuple(shares), tuple(others), cross, "declared" if declared else "found")


def _says_counts(block: Block) -> bool:
    """Tell whether the nearest caption that says what the numbers are says that they are counts."""
    return next((verdict for verdict in map(mentions_counts, block.captions) if verdict is not None), False)


def _adds_up(block: Block, columns: list[Column]) -> bool:
    """Tell whether one column is named a total and is, in every complete row, the sum of the others."""
    total = [c for c in columns if is_total(c.name)]
    return len(total) == 1 and _are_sums(block, total[0], [c for c in columns if c is not total[0]])


def _are_sums(block: Block, total: Column, parts: list[Column]) -> bool:
    """Tell whether a column is, in every complete row and in two at least, the sum of two others or more."""
    complete = [row for row in range(block.height) if all(c.numbers[row] is not None for c in (total, *parts))]
    return len(parts) >= 2 and len(complete) >= 2 and all(sum(c.numbers[row] or 0 for c in parts) == total.numbers[row] for row in complete)


def check(block: Block, report: Report) -> None:
    """Apply the rules for counts to one table."""
    _written_counts(block, report)
    if not any(c.has_numbers for c in block.columns):
        return
    found = roles(block, report.declared)
    crossed = None if found.counts else crossings.read(block, report.context.profile.min_frequency)
    if crossed is not None and crossed.sure:
        found = Roles(crossed.labels, crossed.counts, (), (), cross=True, guessed=True)
    _small_counts(block, found, report)
    percentiles.check(block, found.counts, report)
    subtraction.check(block, [*_lines(block, found), *_across(block, found)], report, found.basis)
    counted_rows = _named_rows(block, found, report)
    if found.counts and not found.others:
        _groups(block, found, report)
    _shares(block, found, report)
    weighted = report.declared is not None and report.declared.weighted and found.basis == "found" and bool(found.counts)
    unproved = bool(found.others) or (not found.counts and not counted_rows) or weighted or found.guessed
    report.table(block.where(0) if block.height else block.header_where(0), "unknown" if unproved else found.basis)
    if weighted:
        _weighted(block.header_where(found.counts[0].index), report)
    elif unproved:
        _unknown(block, crossed, found, report)


_WITH_SHARE = re.compile(r"^(\d[\d.,\u00a0 ]*?)\s*[(\[]\s*\d{1,3}(?:[.,]\d+)?\s*(%?)\s*[)\]]$")


def _written_counts(block: Block, report: Report) -> None:
    """Find small counts that share a cell with something else: ``3 (0,7%)``, and ``31.2 (n=3)``."""
    for column in block.columns:
        if column.is_numeric:
            continue
        of_shares = is_percent_name(column.full_name)
        for row, cell in enumerate(column.cells):
            if len(cell) > 60 or ("(" not in cell and "[" not in cell and "=" not in cell):
                continue
            results.check_cell(cell, report, block.where(row, column.index))
            match = _WITH_SHARE.match(cell)
            if match and (match[2] or of_shares or "%" in block.columns[0].cells[row]):
                value = number(match[1])
                if value is not None and _is_small(value, report):
                    label = block.columns[0].cells[row] if column.index else ""
                    _small(block.where(row, column.index), value, label, column.full_name or column.name, report)


def check_counts(block: Block, report: Report) -> None:
    """Apply the minimum to the counts of a table of which the rest is known."""
    _small_counts(block, roles(block, report.declared), report)


def _small_counts(block: Block, found: Roles, report: Report) -> None:
    for column in found.counts:
        name = column.full_name or column.name
        for row, value in enumerate(column.numbers):
            if value is not None and _is_small(value, report):
                label = " · ".join(cell for c in found.labels if (cell := c.cells[row]))
                _small(block.where(row, column.index), value, label, name, report, found.basis)


def _is_small(value: float | None, report: Report) -> bool:
    return value is not None and 0 < value < report.context.profile.min_frequency and value == int(value)


def _small(where: Where, value: float, row: str, column: str, report: Report, basis: Literal["declared", "found"] = "found") -> None:
    """Report a count below the least: what it is, where it stands, why it cannot leave."""
    least = report.context.profile.min_frequency
    units = counted(int(value), unit_of_words(words(f"{column} {row}")))
    en = " and ".join(text for text in (f"row ‘{row}’" * bool(row), f"column ‘{column}’" * bool(column)) if text)
    nl = " en ".join(text for text in (f"rij ‘{row}’" * bool(row), f"kolom ‘{column}’" * bool(column)) if text)
    text = Text(
        en=f"{units.en} in {en or 'this cell'}, at least {least} are needed: so few can be recognised.",
        nl=f"{units.nl} in {nl or 'deze cel'}, er zijn er minstens {least} nodig: zo weinigen zijn herkenbaar.",
    )
    report.add(Rule.MIN_FREQUENCY, Status.UNSAFE, text, SUPPRESS, where, basis)


def _named_rows(block: Block, found: Roles, report: Report) -> bool:
    """Rows that are counts, degrees of freedom or extremes by their label, as below a regression; and columns that are the last two."""
    named = False
    numeric = [c for c in block.columns if c.is_numeric or any(v is not None for v in c.numbers)]
    beside = [column for column in block.columns if column not in found.counts]
    for row in range(block.height) if not block.columns[0].is_numeric else ():
        # a word names the numbers behind it, up to the next word: printed regressions have two such pairs on a line
        for label, columns in _named_cells(row, beside):
            cells = [(block.where(row, c.index), c.numbers[row]) for c in columns]
            if is_count_name(label) and len(label) < 40 and not found.cross:
                named = True
                for column, (where, value) in zip(columns, cells, strict=True):
                    if value is not None and _is_small(value, report):
                        _small(where, value, label, column.full_name or column.name, report)
            _special(label, cells, report)
    for column in numeric:
        if not (is_residual_df(column.name) or is_extreme_name(column.name)):
            continue
        _special(column.name, [(block.where(row, column.index), value) for row, value in enumerate(column.numbers)], report)
    return named


def _named_cells(row: int, columns: Sequence[Column]) -> Iterator[tuple[str, list[Column]]]:
    """Give the words of a row, each with the columns of the numbers behind it."""
    label, numbers = "", list[Column]()
    for column in columns:
        cell = column.cells[row]
        if not cell or is_suppressed(cell):
            continue
        if column.numbers[row] is not None:
            numbers.append(column)
            continue
        if label and numbers:
            yield label, numbers
        label, numbers = cell, []
    if label and numbers:
        yield label, numbers


def _special(name: str, cells: list[tuple[Where, float | None]], report: Report) -> None:
    if is_residual_df(name):
        least = report.context.profile.min_dof
        for where, value in cells:
            if value is not None and value < least:
                text = Text(
                    en=f"{value:g} degrees of freedom in ‘{name}’, at least {least} are needed.",
                    nl=f"{value:g} vrijheidsgraden in ‘{name}’, er zijn er minstens {least} nodig.",
                )
                remedy = Text(en="Use fewer parameters or more observations.", nl="Gebruik minder parameters of meer waarnemingen.")
                report.add(Rule.DEGREES_OF_FREEDOM, Status.UNSAFE, text, remedy, where)
    elif is_extreme_name(name):
        place = next((where for where, value in cells if value is not None), None)
        if place is not None:
            text = Text(
                en=f"‘{name}’ is the value of one unit and is not released.",
                nl=f"‘{name}’ is de waarde van één eenheid en wordt niet vrijgegeven.",
            )
            remedy = Text(
                en="Leave it out, or give a percentile or the mean of at least ten extreme units.",
                nl="Laat het weg, of geef een percentiel of het gemiddelde van minstens tien uiterste eenheden.",
            )
            report.add(Rule.MIN_MAX, Status.UNSAFE, text, remedy, place)


def _lines(block: Block, found: Roles) -> Iterator[tuple[list[tuple[int, Column]], list[tuple[int, Column]]]]:
    """Give the lines of a frequency table: its cells, and the cells that hold its total."""
    total_rows = {row for row in range(block.height) if any(is_total(label.cells[row]) for label in found.labels)}
    if found.cross:
        inner = [c for c in found.counts if not is_total(c.name)]
        totals = [c for c in found.counts if is_total(c.name)]
        for row in range(block.height):
            yield [(row, c) for c in inner], [(row, c) for c in totals]
    keys = list(found.labels)
    for column in found.counts:
        for label in keys:
            others = [c for c in keys if c is not label]
            lines: dict[tuple[str, ...], tuple[list[tuple[int, Column]], list[tuple[int, Column]]]] = defaultdict(lambda: ([], []))
            for row in range(block.height):
                key = tuple(c.cells[row] for c in others)
                lines[key][1 if is_total(label.cells[row]) else 0].append((row, column))
            yield from lines.values()
        if not keys and not total_rows:
            yield [(row, column) for row in range(block.height)], []


def _across(block: Block, found: Roles) -> Iterator[tuple[list[tuple[int, Column]], list[tuple[int, Column]]]]:
    """Give the rows of a table with several columns of counts, where one of them is named a total (as ``n_total``) and is the sum of the others."""
    totals = [c for c in found.counts if is_total(c.name) or is_total(" ".join(words(c.name)[1:]))]
    if found.cross or len(totals) != 1 or not _are_sums(block, totals[0], parts := [c for c in found.counts if c is not totals[0]]):
        return
    for row in range(block.height):
        yield [(row, c) for c in parts], [(row, totals[0])]


def _groups(block: Block, found: Roles, report: Report) -> None:
    """Find cells that hold more than the allowed share of their line."""
    most = report.context.profile.group_max_share
    told: set[tuple[int, int]] = set()
    for cells, totals in _lines(block, found):
        values = [column.numbers[row] for row, column in cells]
        if len(cells) < 2:
            continue
        withheld = any(value is None and is_suppressed(column.cells[row]) for value, (row, column) in zip(values, cells, strict=True))
        total = sum(value for value in values if value is not None)
        printed = [column.numbers[row] for row, column in totals]
        if len(printed) == 1 and printed[0] is not None and printed[0] >= total:
            total = printed[0]
        elif withheld:
            continue
        for value, (row, column) in zip(values, cells, strict=True):
            if value is not None and value > most * total * (1 + 1e-12) and (row, column.index) not in told:
                told.add((row, column.index))
                text = Text(
                    en=f"More than {most * 100:g} % of a row, column or group is in this one category.",
                    nl=f"Meer dan {most * 100:g} % van een rij, kolom of groep zit in deze ene categorie.",
                )
                report.add(Rule.GROUP_DISCLOSURE, Status.UNSAFE, text, SUPPRESS, block.where(row, column.index), found.basis)


def _shares(block: Block, found: Roles, report: Report) -> None:
    most = report.context.profile.group_max_share
    for column in found.shares:
        values = [value for value in column.numbers if value is not None]
        scale = 100.0 if max(values, default=0) > 1 or any("%" in cell for cell in column.filled) else 1.0
        for row, value in enumerate(column.numbers):
            if value is None or any(is_total(label.cells[row]) for label in found.labels) or is_total(column.name):
                continue
            if most * scale < value <= scale:
                text = Text(
                    en=f"A share of more than {most * 100:g} %: of a group nearly all are in this category.",
                    nl=f"Een aandeel van meer dan {most * 100:g} %: van een groep zit bijna iedereen in deze categorie.",
                )
                report.add(Rule.GROUP_DISCLOSURE, Status.REVIEW, text, SUPPRESS, block.where(row, column.index))
            elif value == 0 and re.fullmatch(r"0(?:[.,]0+)? ?%?", column.cells[row]):
                text = Text(
                    en="A share of 0 %: of everybody in the group one knows that they are not in this category.",
                    nl="Een aandeel van 0 %: van iedereen in de groep is bekend dat die niet in deze categorie zit.",
                )
                report.add(Rule.GROUP_DISCLOSURE, Status.REVIEW, text, SUPPRESS, block.where(row, column.index))


def _weighted(where: Where, report: Report) -> None:
    text = Text(
        en="The form says that the figures are weighted, and does not say where the unweighted number of units stands.",
        nl="Volgens het formulier zijn de cijfers gewogen, en er staat niet waar het ongewogen aantal eenheden staat.",
    )
    report.add(Rule.UNKNOWN_TABLE, Status.REVIEW, text, WITH_EVIDENCE, where, "declared")


def _unknown(block: Block, crossed: Crossed | None, found: Roles, report: Report) -> None:
    """Say of a table that nothing proves it; and how many of its numbers are too small, if it counts units."""
    column = (found.others or found.shares or found.counts or tuple(c for c in block.columns if c.has_numbers))[-1]
    name, where = column.name or column.index + 1, block.header_where(column.index)
    if crossed is None:
        text = Text(
            en=f"Nothing proves the numbers of this table (column ‘{name}’): how many units are behind each, and whether one dominates, is unknown.",
            nl=f"Niets bewijst de getallen van deze tabel (kolom ‘{name}’): hoeveel eenheden erachter zitten en of er één domineert, is onbekend.",
        )
    else:
        least = report.context.profile.min_frequency
        small = [block.where(row, c.index) for c in crossed.counts for row, value in enumerate(c.numbers) if _is_small(value, report)]
        where = small[0] if small and not crossed.sure else where
        some = Text(en=f"{len(small)} of them are" if small else "none of them is", nl=f"zijn er {len(small)}" if small else "is er geen")
        text = Text(
            en=f"Nothing says what the whole numbers of this table are (column ‘{name}’). If they are numbers of units, {some.en} below {least}; "
            "if they are anything else, how many units are behind each is unknown.",
            nl=f"Niets zegt wat de gehele getallen van deze tabel zijn (kolom ‘{name}’). Als het aantallen eenheden zijn, {some.nl} kleiner dan "
            f"{least}; als het iets anders is, is onbekend hoeveel eenheden erachter zitten.",
        )
    report.add(Rule.UNKNOWN_TABLE, Status.REVIEW, text, WITH_EVIDENCE, where)
