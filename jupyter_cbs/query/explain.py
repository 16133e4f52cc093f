"""What DuckDB objects to, in a researcher's words.

DuckDB is asked for structured errors (``errors_as_json``); kind, name and place decide which of the domain's
errors is raised. No message shows a path of the host; the message is for the person who asked, never for a log
(design: performance, section 5: DuckDB's errors quote values).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import duckdb

from ..domain.errors import Cancelled, CbsError, Internal, Invalid, NotFound, Position, Refused, TooLarge, Unavailable
from ..domain.text import Text
from .wording import concerns_parameters, objection

_SHOWN = 600
"""Longest part of DuckDB's own words in a message."""


_KINDS: Final[Mapping[str, type[duckdb.Error]]] = {
    name.removesuffix("Exception").casefold(): kind
    for name, kind in vars(duckdb).items()
    if name.endswith("Exception") and isinstance(kind, type) and issubclass(kind, duckdb.Error)
}
"""Kind of an error as DuckDB writes it before "Error:", without spaces and case → its type."""


@dataclass(frozen=True)
class Complaint:
    """A DuckDB error taken apart."""

    kind: str
    message: str
    name: str = ""
    subtype: str = ""
    sort: str = ""
    offset: int | None = None
    candidates: tuple[str, ...] = ()


def quoted(text: str, mark: str = '"') -> str:
    """Quote an identifier (or, with a single quote as ``mark``, a string) for SQL."""
    return mark + text.replace(mark, mark * 2) + mark


def complaint(error: duckdb.Error) -> Complaint:
    """Take a DuckDB error apart, structured or not."""
    text = str(error)
    start = text.find("{")
    if start >= 0:
        try:
            found = json.loads(text[start:])
        except ValueError:
            found = None
        if isinstance(found, dict) and "exception_message" in found:
            offset = found.get("position")
            return Complaint(
                kind=type(error).__name__.removesuffix("Exception"),
                message=found["exception_message"],
                name=found.get("name", ""),
                subtype=found.get("error_subtype", ""),
                sort=found.get("type", ""),
                offset=int(offset) if offset is not None and offset.isdigit() else None,
                candidates=tuple(c for c in found.get("candidates", "").split(",") if c),
            )
    plain = re.sub(r"^[A-Za-z ]+ Error: ", "", text)
    plain = plain.split("\n\nLINE ")[0]
    missing = re.match(r'Referenced column "(.*?)" not found', plain)
    return Complaint(
        kind=type(error).__name__.removesuffix("Exception"),
        message=plain,
        name=missing[1] if missing else "",
        subtype="COLUMN_NOT_FOUND" if missing else "",
    )


def midway(error: OSError) -> Exception:
    """Give DuckDB's own error for what went wrong after the first rows: Arrow's reader hands it over as an OSError with DuckDB's words.

    Parameters
    ----------
    error : OSError
        What was raised while a result was read.

    Returns
    -------
    Exception
        The ``duckdb.Error`` with the same text; ``error`` itself where the words are not DuckDB's.
    """
    kind, found, _ = str(error).partition(" Error: ")
    name = kind.replace(" ", "").casefold()
    return _KINDS[name](str(error)) if found and name in _KINDS else error


def position(text: str, offset: int | None) -> Position | None:
    """Turn a byte offset of the UTF-8 text into line and column, both from 1."""
    if offset is None:
        return None
    data = text.encode()
    if not 0 <= offset <= len(data):
        return None
    before = data[:offset].decode(errors="ignore")
    line = before.count("\n") + 1
    return Position(line=line, column=len(before) - (before.rfind("\n") + 1) + 1)


def nearest(name: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Give the names most like ``name``, nearest first, whatever their case."""
    folded: dict[str, str] = {}
    for candidate in names:
        folded.setdefault(candidate.casefold(), candidate)
    wanted = name.casefold()
    close = difflib.get_close_matches(wanted, folded, n=most, cutoff=0.5)
    if len(close) < most and len(wanted) >= 3:
        close += [candidate for candidate in sorted(folded) if candidate not in close and (candidate.startswith(wanted) or wanted in candidate)]
    return tuple(folded[candidate] for candidate in close[:most])


def scrub(message: str, secrets: Sequence[str]) -> str:
    """Take paths of the host out of a message and bound its length."""
    for path in secrets:
        message = message.replace(path, "…")
    message = re.sub(r"(?<![\w.])/(?:[\w.+@-]+/)+[\w.+@-]*", "…", message).strip()
    return message if len(message) <= _SHOWN else message[:_SHOWN] + "…"


def unknown_dataset(name: str, granted: Iterable[str], where: Position | None = None) -> NotFound:
    """Say that a data set is not there: the same words whether it exists for others or not at all."""
    shown = name if len(name) <= 80 else name[:80] + "…"
    return NotFound(
        "unknown_dataset",
        Text(en=f"There is no data set '{shown}' in this project.", nl=f"Er is geen bestand '{shown}' in dit project."),
        Text(
            en="ws.catalogue() lists the data sets this project may use.",
            nl="ws.catalogue() geeft de bestanden die dit project mag gebruiken.",
        ),
        position=where,
        suggestions=nearest(name, granted),
    )


def unknown_column(name: str, columns: Iterable[str], where: Position | None = None) -> NotFound:
    """Say that a column is not there, with the nearest ones that are."""
    return NotFound(
        "unknown_column",
        Text(en=f"There is no column '{name}' here.", nl=f"Er is hier geen kolom '{name}'."),
        Text(
            en='ws.catalogue("<data set>") lists a data set\'s columns. Text needs single quotes.',
            nl='ws.catalogue("<bestand>") geeft de kolommen van een bestand. Tekst staat tussen enkele aanhalingstekens.',
        ),
        position=where,
        suggestions=nearest(name, columns),
    )


def explain(
    error: Exception, text: str, secrets: Sequence[str], columns: Iterable[str] = (), granted: Iterable[str] = (), shift: int = 0
) -> CbsError:
    """Turn what DuckDB raised into an error of the domain.

    Parameters
    ----------
    error : Exception
        What was raised.
    text : str
        The statement the researcher wrote.
    secrets : sequence of str
        Paths that must not be shown.
    columns, granted : iterable of str
        Columns of the sources and names of the granted data sets, for suggestions.
    shift : int
        Bytes that stood before the researcher's text in what DuckDB parsed.

    Returns
    -------
    CbsError
        To be raised; unexpected kinds become :class:`Internal` and say nothing more.
    """
    if isinstance(error, CbsError):
        return error
    if isinstance(error, MemoryError):
        return _memory()
    if isinstance(error, OSError):
        error = midway(error)
    if not isinstance(error, duckdb.Error):
        return _internal()
    found = complaint(error)
    where = position(text, None if found.offset is None else found.offset - shift)
    said = scrub(found.message, secrets).removesuffix(".")
    if isinstance(error, duckdb.InterruptException):
        return Cancelled("cancelled", Text(en="The query was stopped.", nl="De query is gestopt."))
    if isinstance(error, duckdb.OutOfMemoryException):
        return _memory()
    if isinstance(error, duckdb.ParserException | duckdb.SyntaxException):
        return Invalid(
            "sql_syntax",
            objection(said, "The SQL is not correct", "De SQL klopt niet"),
            Text(en="Look at the place that is marked; often a comma, a bracket or a quote is missing.",
                 nl="Kijk naar de gemarkeerde plek; vaak ontbreekt een komma, haakje of aanhalingsteken."),
            position=where,
        )  # fmt: skip
    if found.subtype == "COLUMN_NOT_FOUND":
        return unknown_column(found.name, columns, where)
    if isinstance(error, duckdb.CatalogException) and found.subtype == "MISSING_ENTRY":
        if "Function" in found.sort:
            return NotFound(
                "unknown_function",
                Text(en=f"There is no function '{found.name}'.", nl=f"Er is geen functie '{found.name}'."),
                Text(en="The functions are those of DuckDB SQL.", nl="De functies zijn die van DuckDB-SQL."),
                position=where,
                suggestions=found.candidates[:3],
            )
        if found.sort == "Table":
            return unknown_dataset(found.name, granted, where)
    if isinstance(error, duckdb.PermissionException):
        return Refused(
            "external_access",
            Text(en="Files outside the granted data sets cannot be read.", nl="Bestanden buiten de toegekende bestanden zijn niet leesbaar."),
            Text(en="Use the names that ws.catalogue() lists.", nl="Gebruik de namen die ws.catalogue() geeft."),
            position=where,
        )
    if isinstance(error, duckdb.IOException | duckdb.HTTPException):
        return Unavailable(
            "read_failed",
            Text(
                en="A data set could not be read, or the temporary space is full.", nl="Een bestand is niet leesbaar, of de tijdelijke ruimte is vol."
            ),
            Text(
                en="Try again; if it happens again, tell the administrator.", nl="Probeer het opnieuw; blijft het zo, meld het dan aan de beheerder."
            ),
        )
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        return _internal()
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException | duckdb.DataError) or found.subtype == "NO_MATCHING_FUNCTION":
        return Invalid(
            "sql_type",
            objection(said, "Values and types do not go together", "Waarden en typen passen niet bij elkaar"),
            Text(en="Convert with CAST(… AS …), or TRY_CAST to get NULL for what does not convert.",
                 nl="Zet om met CAST(… AS …), of met TRY_CAST om NULL te krijgen waar dat niet kan."),
            position=where,
        )  # fmt: skip
    if concerns_parameters(said):
        return Invalid(
            "sql_parameters",
            objection(said, "The values do not fit the query's parameters", "De waarden passen niet bij de parameters van de query"),
            Text(en="Give each ? a value, in their order, or each $name one by its name, and no others.",
                 nl="Geef elke ? een waarde, in hun volgorde, of elke $naam één bij die naam, en geen andere."),
            position=where,
        )  # fmt: skip
    return Invalid(
        "sql_error",
        objection(said, "DuckDB refuses this", "Deze query kan niet worden uitgevoerd"),
        Text(en="Change the query and run it again; ws.catalogue() shows the variables and their types.",
             nl="Pas de query aan en voer hem opnieuw uit; ws.catalogue() toont de variabelen en hun typen."),
        position=where,
    )  # fmt: skip


def _memory() -> TooLarge:
    return TooLarge(
        "out_of_memory",
        Text(en="The query needs more memory than this session has.", nl="De query heeft meer geheugen nodig dan deze sessie heeft."),
        Text(
            en="Select fewer columns, filter earlier, or aggregate in steps.",
            nl="Kies minder kolommen, filter eerder, of aggregeer in stappen.",
        ),
    )


def _internal() -> Internal:
    return Internal(
        "internal",
        Text(en="Something went wrong on our side.", nl="Er ging iets mis aan onze kant."),
        Text(
            en="Try again; if it happens again, tell the administrator what you ran and when.",
            nl="Probeer het opnieuw; blijft het zo, meld de beheerder dan wat u uitvoerde en wanneer.",
        ),
    )
