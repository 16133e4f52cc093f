"""Rows of strings with a place in a file, and the tables in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...domain.finding import Where
from . import headers
from .values import decimal_mark, is_suppressed, number, plain


def column_letters(index: int) -> str:
    """Name a column (from 0) as a spreadsheet does: A, B, … Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(frozen=True)
class Sheet:
    """A grid of strings out of a file.

    Parameters
    ----------
    rows
        The cells; rows may differ in length.
    name
        Name of the sheet in a workbook.
    title
        Words that go with the sheet, such as the name of the file.
    lines
        For tables pasted in a text: the line of each row, counted from 1.
    decryption
        Whether a column named exactly PC6, BRIN or CAOCODE may stand here (csv only).
    """

    rows: Sequence[Sequence[str]]
    name: str | None = None
    title: str = ""
    lines: Sequence[int] | None = None
    decryption: bool = False

    def where(self, row: int, column: int | None = None, name: str | None = None) -> Where:
        """Give the place of a cell; row and column from 0."""
        if self.lines is not None:
            return Where(sheet=self.name, line=self.lines[row], column=name)
        cell = None if column is None else f"{column_letters(column)}{row + 1}"
        return Where(sheet=self.name, row=row + 1, column=name, cell=cell)

    def blocks(self) -> Iterator[Block]:
        """Give the tables: runs of rows without an empty row between; a run of single cells is the title of the next."""
        title: list[str] = []
        start = 0
        for end in range(len(self.rows) + 1):
            if end < len(self.rows) and any(cell.strip() for cell in self.rows[end]):
                continue
            if end > start:
                filled = [sum(bool(cell.strip()) for cell in row) for row in self.rows[start:end]]
                if max(filled) <= 1 and end - start <= 3:
                    title += [cell for row in self.rows[start:end] for cell in row if cell.strip()]
                else:
                    yield Block(self, start, end, (*title, self.name or "", self.title))
                    title = []
            start = end + 1


@dataclass(frozen=True)
class Column:
    """One column of the body of a table.

    Parameters
    ----------
    index
        From 0.
    name
        The lowest header cell.
    full_name
        All header cells above it.
    cells
        One string per row of the body, stripped.
    """

    index: int
    name: str
    full_name: str
    cells: tuple[str, ...]

    @cached_property
    def numbers(self) -> tuple[float | None, ...]:
        """The cells as numbers."""
        mark = decimal_mark(self.cells)
        return tuple([number(cell, mark) for cell in self.cells])

    @cached_property
    def filled(self) -> tuple[str, ...]:
        """The cells that hold something that is not withheld."""
        return tuple([cell for cell in self.cells if cell and (cell[0].isdigit() or not is_suppressed(cell))])

    @cached_property
    def is_numeric(self) -> bool:
        """Whether nearly all of what it holds is numbers."""
        valid = sum(value is not None for value in self.numbers)
        return bool(self.filled) and valid >= 0.9 * len(self.filled)

    @cached_property
    def has_numbers(self) -> bool:
        """Whether a good part of what it holds is numbers, as in a printed regression."""
        return sum(value is not None for value in self.numbers) >= 0.3 * max(1, len(self.filled))

    @cached_property
    def is_withheld(self) -> bool:
        """Whether it holds suppressed cells and nothing else."""
        return not self.filled and any(self.cells)

    @cached_property
    def is_integer(self) -> bool:
        """Whether all its numbers are whole and not negative."""
        return self.is_numeric and all(value >= 0 and value == int(value) for value in self.numbers if value is not None)

    @cached_property
    def distinct(self) -> int:
        """Number of different cells."""
        return len(set(self.filled))


@dataclass(frozen=True)
class Block:
    """One table of a sheet.

    Parameters
    ----------
    sheet
        Where it stands.
    start, end
        Rows of the sheet, end exclusive.
    titles
        The lines above, the names of sheet and file.
    """

    sheet: Sheet
    start: int
    end: int
    titles: tuple[str, ...] = ()

    @cached_property
    def width(self) -> int:
        """Columns up to the last that holds anything."""
        return max((i + 1 for row in self.rows for i, cell in enumerate(row) if cell.strip()), default=0)

    @property
    def rows(self) -> Sequence[Sequence[str]]:
        """The rows with the header."""
        return self.sheet.rows[self.start : self.end]

    @cached_property
    def header_rows(self) -> int:
        """Rows of the header (:mod:`.headers`)."""
        return headers.count_rows(self.rows)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the body."""
        header, body = list(self.rows[: self.header_rows]), self.rows[self.header_rows :]
        levels = headers.levels(self.rows)
        if levels is not None:
            header = [*levels, header[-1]]
        columns = []
        for i in range(self.width):
            names = [plain(row[i]).strip() for row in header if i < len(row) and row[i].strip()]
            cells = tuple(plain(row[i]).strip() if i < len(row) else "" for row in body)
            columns.append(Column(i, names[-1] if names else "", " ".join(names), cells))
        return tuple(columns)

    @property
    def height(self) -> int:
        """Rows of the body."""
        return self.end - self.start - self.header_rows

    @property
    def captions(self) -> tuple[str, ...]:
        """What says what the numbers are, the nearest first: the corner, the lines above, the names of sheet and file."""
        header = self.rows[: self.header_rows]
        corner = [row[0].strip() for row in header if row]
        above = [cell.strip() for row in header if sum(bool(c.strip()) for c in row) <= 2 for cell in row[:1]]
        return tuple(text for text in (*reversed(corner), *above, *self.titles) if text)

    def where(self, row: int, column: int | None = None) -> Where:
        """Give the place of a cell of the body; both from 0."""
        name = self.columns[column].name or None if column is not None else None
        return self.sheet.where(self.start + self.header_rows + row, column, name)

    def header_where(self, column: int) -> Where:
        """Give the place of a column's name."""
        return self.sheet.where(self.start + max(0, self.header_rows - 1), column, self.columns[column].name or None)
