"""What the operating system refuses, in the reader's language."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from jupyter_cbs.client.writing import write_bytes
from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.domain.system_errors import reason


def test_a_reason_fits_in_a_sentence() -> None:
    for number in errno.errorcode:
        said = reason(OSError(number, "ignored"))
        assert said.en == os.strerror(number)
        assert said.nl
        assert not said.nl.endswith(".")
    assert reason(OSError(errno.EROFS, "")).nl == "er kan hier alleen worden gelezen"
    assert reason(OSError("no number")).nl == "no number"
    assert reason(OSError()).en == "OSError"


def test_no_file_is_written_where_a_folder_is_missing(tmp_path: Path) -> None:
    for lang, word in (("en", "No such file or directory"), ("nl", "het bestand of de map bestaat niet")):
        with pytest.raises(Invalid, match=rf"\({word}\)"):
            write_bytes(b"x", tmp_path / "missing" / "x.csv", lang)
