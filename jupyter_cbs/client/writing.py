"""Tables as files: whole or not at all, and nothing in them but the cells."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..domain.errors import Invalid, QuotaExceeded
from ..domain.system_errors import reason
from ..domain.text import Text
from .errors import readable

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?")


def write_csv(grid: Sequence[Sequence[str]], path: Path, lang: str) -> None:
    """Write rows of strings as CSV, UTF-8."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(grid)
    write_bytes(text.getvalue().encode(), path, lang)


def write_xlsx(grid: Sequence[Sequence[str]], path: Path, lang: str, header_rows: int, label_columns: int) -> None:
    """Write rows of strings as the one sheet of a workbook; figures become numbers, labels stay texts, also those like ``=1+1``."""
    from openpyxl import Workbook
    from openpyxl.packaging.core import DocumentProperties

    book = Workbook()
    book.properties = DocumentProperties(creator=None, modified=None, created=None)
    sheet = book.active
    sheet.title = "table"
    for row, values in enumerate(grid, start=1):
        for column, value in enumerate(values, start=1):
            if not value:
                continue
            cell = sheet.cell(row, column)
            if row > header_rows and column > label_columns and _NUMBER.fullmatch(value):
                cell.value = int(value) if value.lstrip("-").isdigit() else float(value)
            else:
                cell.value = value
                cell.data_type = "s"  # a label that starts with '=' is no formula
    data = io.BytesIO()
    book.save(data)
    write_bytes(data.getvalue(), path, lang)


def write_bytes(data: bytes, path: Path, lang: str) -> None:
    """Write beside the file and rename, so that a full disk leaves what was there intact.

    Raises
    ------
    QuotaExceeded
        If there is no room for it.
    Invalid
        If it cannot be written there.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        why = reason(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise readable(
                QuotaExceeded(
                    "no_room",
                    Text(
                        en=f"There is no room for {path}; what was there is untouched.",
                        nl=f"Er is geen ruimte voor {path}; wat er stond is ongewijzigd.",
                    ),
                    Text(
                        en="Remove what you no longer need; ws.quota() shows both areas.",
                        nl="Verwijder wat u niet meer nodig hebt; ws.quota() toont beide gebieden.",
                    ),
                ),
                lang,
            ) from None
        raise readable(
            Invalid(
                "cannot_write",
                Text(
                    en=f"{path} cannot be written ({why.en}); what was there is untouched.",
                    nl=f"{path} kan niet worden geschreven ({why.nl}); wat er stond is ongewijzigd.",
                ),
                Text(en="Choose an existing folder in shared/ or personal/.", nl="Kies een bestaande map in shared/ of personal/."),
            ),
            lang,
        ) from None
