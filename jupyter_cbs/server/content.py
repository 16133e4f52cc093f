"""What of a file may be shown in the browser: notebooks, text and pictures, judged by their bytes."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from ..domain.errors import Refused
from ..domain.text import Text
from ..system.beneath import printable

DATA_SUFFIXES: Final = frozenset(
    {
        *(".parquet", ".pq", ".feather", ".arrow", ".ipc", ".orc", ".avro", ".duckdb", ".ddb", ".sqlite", ".sqlite3", ".db", ".mdb", ".accdb"),
        *(".rdata", ".rda", ".rds", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".h5", ".hdf5", ".hdf"),
        *(".sav", ".zsav", ".por", ".dta", ".sas7bdat", ".xpt"),
    }
)
"""Suffixes of data containers; their content stays between kernel and broker."""

PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
"""First bytes of the pictures that are shown."""


def is_data(path: str) -> bool:
    """Tell whether the name is that of a data container."""
    return PurePosixPath(path).suffix.lower() in DATA_SUFFIXES


def refuse_data(path: str) -> Refused:
    """Say why a data container is not opened or taken in through the browser."""
    shown = printable(path)
    return Refused(
        "data_container",
        Text(
            en=f"'{shown}' holds data, and data do not pass through the browser.",
            nl=f"'{shown}' bevat data, en data gaan niet door de browser.",
        ),
        Text(
            en="Read and write it in a notebook. Tables leave the workspace as csv or xlsx in an export request.",
            nl="Lees en schrijf het in een notebook. Tabellen verlaten de werkomgeving als csv of xlsx in een uitvoeraanvraag.",
        ),
    )


def shown_as(path: str, data: bytes) -> str:
    """Tell how a file is shown: ``text`` or the media type of a picture.

    Raises
    ------
    Refused
        ``data_container`` or ``not_shown`` for anything that is neither text nor a picture; a data file under
        another name has bytes that are no text either.
    """
    if is_data(path):
        raise refuse_data(path)
    for head, media_type in PICTURES:
        if data.startswith(head):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return "text"
    shown = printable(path)
    raise Refused(
        "not_shown",
        Text(
            en=f"'{shown}' is neither text nor a picture, so it is not opened in the browser.",
            nl=f"'{shown}' is geen tekst en geen afbeelding en wordt daarom niet in de browser geopend.",
        ),
        Text(en="Read it in a notebook; use UTF-8 for text.", nl="Lees het in een notebook; gebruik UTF-8 voor tekst."),
    )
