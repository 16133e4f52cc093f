"""Results as statistical programs print them in a text, where no column says what a number is.

What is read: degrees of freedom and numbers of observations of R, Stata, SPSS, SAS and statsmodels; R's ``summary`` of a data frame; fitted trees
as R's rpart and scikit-learn print them; one line of numbers with values of single units among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ...domain.finding import Rule, Status, Where
from ...domain.text import Text
from .report import Report
from .values import number

LEAST_VALUES = 20
"""Different numbers one after another in a text that are a list of values."""

_DOF = re.compile(
    r"\b[Dd]f[ .]?[Rr]esid(?:ual)?s?\s*[:=]\s*(\d+)\b|\bon (\d+) degrees of freedom|\bon \d+ and (\d+) DF\b|\bResidual [Dd][Ff]\s*[:=]\s*(\d+)\b"
    r"|\b(\d+) residual degrees of freedom|^[ \t]*Residual \|[ \t]+\S+[ \t]+(\d+)[ \t]",
    re.M,
)
_UNITS = re.compile(
    r"\bNo\. [Oo]bservations\s*:\s*([\d.,]+)|\bNumber of (?:obs(?:ervations)?|groups|cases|subjects|clusters)\s*[:=]\s*([\d.,]+)"
    r"|^[ \t]*(?:Observations|Num\. ?Obs\.|Waarnemingen|Aantal waarnemingen)[ \t]*[:=]?[ \t]+([\d.,]+)\b"
    r"|\bN(?: ?[Oo]bs)? ?= ?(\d[\d.,]*)\b|\(n ?= ?(\d[\d.,]*)\)",
    re.M,
)
_IN_CELL = re.compile(r"(?:^|[\s(\[])[nN]\s?=\s?(\d{1,3})(?=[\s)\];,]|$)")
_SUMMARY = re.compile(r"\bMin\.\s*:\s*-?\d.*(?:\n.*){1,5}\bMax\.\s*:\s*-?\d")
_TREE = re.compile(r"^[ \t]*\|--- .*(?:\n[ \t]*(?:\|[ \t]+)*\|--- .*){2,}|^node\), split, n,|\bsamples = \d+\\n", re.M)
_NUMBERS = re.compile(rf"(?<![\w.,-])(?:-?\d++(?:\.\d++)?+(?:[,;][ \t]*+|[ \t]++)){{{LEAST_VALUES - 1},}}+(?:-?\d+(?:\.\d+)?)?")


def check(content: str, report: Report, first: int = 1) -> None:
    """Report what is printed in a text; ``first`` is the number of its first line."""

    def line(at: int) -> Where:
        return Where(line=first + content.count("\n", 0, at))

    for at, value in _values(_DOF, content):
        _few_degrees(value, report, line(at))
    for at, value in _values(_UNITS, content):
        _few(value, report, line(at))
    extremes = _SUMMARY.search(content)
    if extremes:
        _extremes(report, line(extremes.start()))
    tree = _TREE.search(content)
    if tree:
        _tree(report, line(tree.start()))
    listed = next(_lists(content), None)
    if listed is not None:
        _listed(listed[1], report, line(listed[0]))


def _few_degrees(value: float, report: Report, where: Where) -> None:
    least = report.context.profile.min_dof
    if value >= least:
        return
    text = Text(
        en=f"{value:g} residual degrees of freedom, at least {least} are needed.",
        nl=f"{value:g} vrijheidsgraden, er zijn er minstens {least} nodig.",
    )
    remedy = Text(en="Use fewer parameters or more observations.", nl="Gebruik minder parameters of meer waarnemingen.")
    report.add(Rule.DEGREES_OF_FREEDOM, Status.UNSAFE, text, remedy, where)


def _extremes(report: Report, where: Where) -> None:
    text = Text(
        en="A minimum and a maximum are the values of one unit each.",
        nl="Een minimum en een maximum zijn elk de waarde van één eenheid.",
    )
    remedy = Text(
        en="Leave them out, or give percentiles or the mean of at least ten extreme units.",
        nl="Laat ze weg, of geef percentielen of het gemiddelde van minstens tien uiterste eenheden.",
    )
    report.add(Rule.MIN_MAX, Status.UNSAFE, text, remedy, where)


def _tree(report: Report, where: Where) -> None:
    text = Text(
        en="A fitted tree may hold the values of few units in a leaf.",
        nl="Een geschatte boom kan in een blad de waarden van weinig eenheden bevatten.",
    )
    remedy = Text(
        en="Deliver the importance of the variables instead, or the leaves with the number of units in each.",
        nl="Lever in plaats daarvan het belang van de variabelen, of de bladeren met het aantal eenheden in elk.",
    )
    report.add(Rule.UNIT_VALUES, Status.REVIEW, text, remedy, where)


def _listed(count: int, report: Report, where: Where) -> None:
    text = Text(en=f"{count} numbers in a row look like data.", nl=f"{count} getallen op een rij zien eruit als gegevens.")
    remedy = Text(en="Leave values of units out; deliver figures per group.", nl="Laat waarden van eenheden weg; lever cijfers per groep.")
    report.add(Rule.UNIT_VALUES, Status.REVIEW, text, remedy, where)


def check_cell(text: str, report: Report, where: Where) -> None:
    """Report a number of units that is written in a cell beside what it is of, as in ``31.2 (n=3)``."""
    for match in _IN_CELL.finditer(text):
        _few(float(match[1]), report, where)


def _values(pattern: re.Pattern[str], content: str) -> Iterator[tuple[int, float]]:
    for match in pattern.finditer(content):
        written = next(group for group in match.groups() if group is not None)
        value = number(written.rstrip(".,"))
        if value is not None and value == int(value):
            yield match.start(), value


def _few(value: float, report: Report, where: Where) -> None:
    least = report.context.profile.min_frequency
    if not 0 < value < least:
        return
    text = Text(
        en=f"{value:g} observations, at least {least} are needed: so few can be recognised.",
        nl=f"{value:g} waarnemingen, er zijn er minstens {least} nodig: zo weinigen zijn herkenbaar.",
    )
    remedy = Text(en="Leave this result out, or take groups together.", nl="Laat dit resultaat weg, of voeg groepen samen.")
    report.add(Rule.MIN_FREQUENCY, Status.UNSAFE, text, remedy, where)


def _lists(content: str) -> Iterator[tuple[int, int]]:
    """Give lists of numbers that are no steps of one size, no years and no codes that come back: where, and how many."""
    for match in _NUMBERS.finditer(content):
        values = [float(part) for part in re.split(r"[,;\s]+", match[0]) if part]
        rising = all(a <= b for a, b in pairwise(values))
        if len(set(values)) >= max(LEAST_VALUES, 0.8 * len(values)) and not (rising and all(value == int(value) for value in values)):
            yield match.start(), len(values)
