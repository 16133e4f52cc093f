"""Formulas: what a spreadsheet carries out when a table is opened, in a delimited file as in a workbook.

A cell of a delimited file that begins with ``=``, ``+``, ``-`` or ``@`` is a formula to a spreadsheet. One that starts a program, or fetches or
sends something, acts on the machine of whoever opens the output; any other only makes that what is seen is not what was checked. Source of the
beginnings: OWASP, CSV Injection.
"""

from __future__ import annotations

import re
from typing import Literal

from ...domain.finding import Rule, Status
from ...domain.text import Text
from .report import Report
from .sheet import Sheet

MOST_TOLD = 20

_START = re.compile(r"(?:^|[;,\t\r\n\"'|])[ \u00a0]{0,40}[=+\-@\uff1d\uff0b\uff0d\uff20]")
_ACTS = re.compile(
    # a program and what it is asked for (dynamic data exchange)
    r"[\w)'\"]\s{0,40}\|\s{0,40}'?[^|!]*'?\s{0,40}![\w$'\"]"
    r"|\b(?:WEBSERVICE|HYPERLINK(?!\(\s*\"#)|IMPORT(?:DATA|XML|HTML|FEED|RANGE)|IMAGE|RTD|DDE|CALL|REGISTER(?:\.ID)?|EXEC|SQL\.REQUEST|FILTERXML|CUBE[A-Z]+"
    r"|STOCKHISTORY|GOOGLEFINANCE|GOOGLETRANSLATE)\s*\("
    # a file elsewhere
    r"|(?:https?|ftps?|file|smb|ldap)://|'?\\\\[\w.$-]+\\|(?<![\w\]])\[[^\[\]\"]{1,200}\.\w{2,5}\]|(?<![\w\]])\[\d+\][^\],]",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"(?<![\w.])(?:SUM|SOM|IF|ALS|INDEX|INDIRECT|OFFSET|MATCH|[VHX]?LOOKUP|VERT\.ZOEKEN|COUNT[A-Z]{0,5}|AVERAGE|MIN|MAX|CHAR|CODE|CELL|INFO|TEXT|TEXTJOIN"
    r"|CONCAT(?:ENATE)?|LEFT|RIGHT|MID|LEN|ROUND|NOW|TODAY|RAND(?:BETWEEN)?|SUBSTITUTE|ROW|COLUMN|ADDRESS|LET|LAMBDA|CHOOSE|FILTER|UNIQUE|SORT)\("
)
_REFERENCE = re.compile(r"(?<![\w.])\$?[A-Z]{1,3}\$?[1-9]\d{0,6}(?![\w(])")
_OPERATOR = re.compile(r"[-+*/^&<>:!]")


def acts(formula: str) -> bool:
    """Tell whether a formula starts a program, or fetches or sends something."""
    return _ACTS.search(formula) is not None


def kind_of(cell: str) -> Literal["acts", "calculates"] | None:
    """Tell what a spreadsheet does with a cell of a delimited file; None where it is a text or a number to it."""
    if not _START.search(cell):
        return None
    if acts(cell):
        return "acts"
    first, rest = cell.strip()[:1], cell.strip()[1:].strip()
    if first == "=" and _REFERENCE.search(rest) and (_OPERATOR.search(rest) or _REFERENCE.fullmatch(rest)):
        return "calculates"
    return "calculates" if first in ("=", "+", "-", "@") and _CALL.search(rest) else None


def check_cells(sheet: Sheet, report: Report) -> None:
    """Report the cells of a delimited file that a spreadsheet carries out."""
    told = 0
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            kind = kind_of(cell) if len(cell) > 2 else None
            if kind is None:
                continue
            tell(report, sheet, row, column, acting=kind == "acts")
            told += 1
            if told >= MOST_TOLD:
                return


def tell(report: Report, sheet: Sheet, row: int, column: int, *, acting: bool) -> None:
    """Report one cell that is carried out."""
    if acting:
        text = Text(
            en="A spreadsheet takes this cell for a formula that starts a program or fetches or sends something where the file is opened.",
            nl="Een rekenblad ziet deze cel als een formule die een programma start of iets ophaalt of verstuurt waar het bestand wordt geopend.",
        )
    else:
        text = Text(
            en="A spreadsheet takes this cell for a formula: what is seen there is not what stands in the file.",
            nl="Een rekenblad ziet deze cel als een formule: wat daar te zien is, is niet wat in het bestand staat.",
        )
    remedy = Text(
        en="Write values only; put another character before text that begins with =, +, - or @.",
        nl="Schrijf alleen waarden; zet voor tekst die met =, +, - of @ begint een ander teken.",
    )
    report.add(Rule.HIDDEN_CONTENT, Status.UNSAFE if acting else Status.REVIEW, text, remedy, sheet.where(row, column))
