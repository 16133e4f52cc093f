"""Why a file could not be looked into, in words; what an error itself says may hold data and is never shown."""

from __future__ import annotations

import csv
import zipfile
import zlib
from xml.etree.ElementTree import ParseError

from ...domain.text import Text


class Unreadable(ValueError):
    """A file is not what it claims to be, or too much of something.

    Parameters
    ----------
    reason
        Why, as half a sentence; it holds nothing out of the file.
    """

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


TOO_LONG_LINE = Text(en="a line of it is longer than any table's", nl="een regel ervan is langer dan die van een tabel")
TOO_MUCH = Text(en="it unpacks to too much", nl="het pakt uit tot te veel")

_REASONS: tuple[tuple[type[BaseException], Text], ...] = (
    (
        csv.Error,
        Text(en="a field of it is too long or its quotation marks do not match", nl="een veld is te lang of de aanhalingstekens kloppen niet"),
    ),
    (zipfile.BadZipFile, Text(en="its package is damaged or cut off", nl="het pakket is beschadigd of afgebroken")),
    (zlib.error, Text(en="what is packed in it is damaged", nl="wat erin is ingepakt is beschadigd")),
    (ParseError, Text(en="its markup is damaged", nl="de opmaakcode is beschadigd")),
    (RecursionError, Text(en="it is nested too deeply", nl="het is te diep genest")),
    (MemoryError, Text(en="it is too large", nl="het is te groot")),
    (UnicodeError, Text(en="its characters cannot be read", nl="de tekens zijn niet te lezen")),
    (OSError, Text(en="it is damaged or cut off", nl="het is beschadigd of afgebroken")),
    (EOFError, Text(en="it is cut off", nl="het is afgebroken")),
)


def reason_of(error: BaseException) -> Text:
    """Say why a file could not be looked into."""
    if isinstance(error, Unreadable):
        return error.reason
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    return Text(en="it is not built as files of this type are", nl="het is niet opgebouwd zoals bestanden van dit type")
