"""Types by bytes and suffix."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import zipfile
from pathlib import Path

import duckdb
import matplotlib as mpl
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from jupyter_cbs.domain.money import PriceTable
from jupyter_cbs.exports.detect import TYPES, detect, is_disguised, is_refused

from .conftest import notebook

REFUSED = PriceTable().refused_suffixes
FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


def real_files(folder: Path) -> dict[str, Path]:
    """Files as real programs write them, by their true type."""
    made: dict[str, Path] = {}

    def path(kind: str, name: str) -> Path:
        made[kind] = folder / name
        return made[kind]

    table = pa.Table.from_pandas(FRAME)
    pa.parquet.write_table(table, path("parquet", "t.parquet"))
    pa.feather.write_feather(table, path("arrow", "t.arrow"))
    path("feather", "t.feather").write_bytes(b"FEA1" + bytes(100) + b"FEA1")
    pa.orc.write_table(table, path("orc", "t.orc"))
    FRAME.to_pickle(path("pickle", "t.pkl"))
    FRAME.to_csv(path("csv", "t.csv"))
    FRAME.to_excel(path("xlsx", "t.xlsx"))
    FRAME.to_stata(path("dta", "t.dta"), version=118)
    with sqlite3.connect(path("sqlite", "t.sqlite")) as connection:
        connection.execute("create table t (a)")
    connection.close()
    with duckdb.connect(str(path("duckdb", "t.duckdb"))) as database:
        database.execute("create table t as select 1 as a")
    for kind in ("png", "jpg", "gif", "bmp", "tiff", "webp"):
        Image.new("RGB", (3, 3)).save(path(kind, f"t.{kind}"), {"jpg": "JPEG"}.get(kind, kind.upper()))
    with mpl.rc_context({"backend": "agg"}):
        from matplotlib.figure import Figure

        for kind in ("pdf", "svg", "eps"):
            Figure().savefig(path(kind, f"t.{kind}"))
    path("notebook", "t.ipynb").write_text(json.dumps(notebook()))
    path("py", "t.py").write_text("import os\n")
    path("r", "t.R").write_text("x <- 1\n")
    path("do", "t.do").write_text("use x\n")
    path("sps", "t.sps").write_text("FREQUENCIES a.\n")
    path("txt", "t.txt").write_text("The table shows costs, by region.\nIt has notes.\n")
    path("html", "t.html").write_text("<!DOCTYPE html><p>hello</p>")
    path("rtf", "t.rtf").write_text(r"{\rtf1 hello}")
    with zipfile.ZipFile(path("docx", "t.docx"), "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    with zipfile.ZipFile(path("pptx", "t.pptx"), "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("ppt/presentation.xml", "<p/>")
    with zipfile.ZipFile(path("ods", "t.ods"), "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with zipfile.ZipFile(path("npz", "t.npz"), "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY")
    with zipfile.ZipFile(path("zip", "t.zip"), "w") as archive:
        archive.writestr("a.csv", "a,b\n")
    path("gz", "t.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 100))
    path("bz2", "t.bz2").write_bytes(bz2.compress(b"a,b\n"))
    path("xz", "t.xz").write_bytes(lzma.compress(b"a,b\n"))
    path("rds", "t.rds").write_bytes(gzip.compress(b"X\n\0\0\0\x03\0\x04\x02\x02"))
    path("rdata", "t.RData").write_bytes(gzip.compress(b"RDX3\nX\n\0\0\0\x03"))
    path("sav", "t.sav").write_bytes(b"$FL2@(#) IBM SPSS STATISTICS" + b" " * 100)
    path("hdf5", "t.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    path("exe", "t.exe").write_bytes(Path("/bin/true").read_bytes())
    path("tar", "t.tar").write_bytes(b"a.csv".ljust(257, b"\0") + b"ustar\x0000" + b"\0" * 200)
    path("xls", "t.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "Workbook".encode("utf-16-le"))
    path("ppt", "t.ppt").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "PowerPoint Document".encode("utf-16-le"))
    path("binary", "t.bin").write_bytes(bytes(range(256)) * 4)
    return made


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return real_files(tmp_path_factory.mktemp("real"))


def test_files_of_real_programs(files: dict[str, Path]) -> None:
    found = {kind: detect(path.read_bytes(), path.name) for kind, path in files.items()}
    assert found == {kind: kind for kind in files}


def test_honest_files_are_not_disguised(files: dict[str, Path]) -> None:
    assert [kind for kind, path in files.items() if kind != "binary" and is_disguised(kind, path.name)] == []


def test_a_binary_file_keeps_its_type_under_any_name_and_is_disguised(files: dict[str, Path]) -> None:
    text = {"csv", "py", "r", "do", "sps", "txt"}
    for kind, path in files.items():
        if kind in text:
            continue
        data = path.read_bytes()
        for name in ("costs.csv", "notes.txt", "script.py", "figure.png", "costs.xlsx", "COSTS.CSV", "nothing"):
            if name.rsplit(".", 1)[-1] == kind:
                continue
            assert detect(data, name) == kind, name
            assert is_disguised(kind, name)


def test_what_never_leaves(files: dict[str, Path]) -> None:
    refused = {kind for kind, path in files.items() if is_refused(kind, path.name, REFUSED)}
    assert refused == {
        "parquet", "arrow", "feather", "orc", "pickle", "dta", "sqlite", "duckdb", "notebook", "pptx", "ppt", "npz", "gz", "bz2", "xz",
        "rds", "rdata", "sav", "hdf5", "exe", "tar", "binary",
    }  # fmt: skip


@pytest.mark.parametrize("suffix", ["parquet", "sav", "rds", "RData", "PPTX", "ipynb"])
def test_a_refused_suffix_is_refused_whatever_is_inside(suffix: str) -> None:
    assert is_refused(detect(b"just words", f"x.{suffix}"), f"x.{suffix}", REFUSED)


def test_capitals_and_jpeg() -> None:
    assert detect(b"a,b\n1,2\n", "COSTS.CSV") == "csv"
    assert not is_disguised("csv", "COSTS.CSV")
    assert not is_disguised("jpg", "Photo.JPEG")
    assert is_disguised("xlsx", "costs.xlsm")


@pytest.mark.parametrize("end", [" ", ".", " . ."])
def test_what_is_cut_off_a_name_at_delivery_hides_no_suffix(end: str) -> None:
    assert detect(b"group,n\nyoung,3\n", f"costs.csv{end}") == "csv"
    assert is_refused("text", f"costs.exe{end}", (".exe",))
    assert is_disguised("xlsm", "costs.xlsx")


def test_a_workbook_with_macros_is_no_xlsx(files: dict[str, Path]) -> None:
    buffer = io.BytesIO(files["xlsx"].read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    assert detect(buffer.getvalue(), "t.xlsx") == "xlsm"


def test_a_workbook_with_a_stowaway_is_an_archive(files: dict[str, Path]) -> None:
    buffer = io.BytesIO(files["xlsx"].read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("data.parquet", b"PAR1")
    assert detect(buffer.getvalue(), "t.xlsx") == "zip"


def test_a_workbook_of_openpyxl() -> None:
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    assert detect(buffer.getvalue(), "t.xlsx") == "xlsx"


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_every_protocol(protocol: int) -> None:
    data = pickle.dumps({"rin": [123456789, "x", None, 1.5], "b": ("c", {"d": [1]})}, protocol)
    assert detect(data, "costs.txt") == "pickle"


@pytest.mark.parametrize("text", ["", ".", "(c) CBS 2026. All rights reserved.\n", "N\n", "a.b.c.", "I1\n.", "1,2\n3,4\n", "[1] text."])
def test_ordinary_text_is_no_pickle(text: str) -> None:
    assert detect(text.encode(), "x.txt") in ("txt", "empty")


NOTEBOOK = json.dumps(notebook())


@pytest.mark.parametrize(
    "data",
    [
        NOTEBOOK.encode(),
        b"\xef\xbb\xbf" + NOTEBOOK.encode(),
        b" \n\t\r\n" * 50_000 + NOTEBOOK.encode(),
        NOTEBOOK.encode("utf-16"),
        NOTEBOOK.encode("utf-16-le"),
        NOTEBOOK.encode("utf-32-be"),
        ("\ufeff" * 3 + NOTEBOOK).encode(),
        b"# a comment in front\n" + NOTEBOOK.encode(),
        NOTEBOOK[:-30].encode(),
        NOTEBOOK[NOTEBOOK.index('"cell_type"') - 2 :].encode(),
        (NOTEBOOK + "\ntrailing words").encode(),
        json.dumps({"padding": "x" * 300_000, **notebook()}).encode(),
        NOTEBOOK.replace('"cell_type"', '"cell\\u005ftype"').encode(),
        NOTEBOOK.replace('"cell_type"', '"cell\\u005ftype"').encode()[:-20],
        str(notebook()).encode(),
        json.dumps({"nbformat": 3, "worksheets": [{"cells": []}]}).encode(),
        json.dumps({"nbformat": 4, "cells": []}).encode(),
        json.dumps(notebook(), indent=1).encode(),
    ],
)
@pytest.mark.parametrize("name", ["notes.txt", "costs.csv", "script.py", "analysis", "x.json"])
def test_a_notebook_is_a_notebook_however_it_is_written(data: bytes, name: str) -> None:
    assert detect(data, name) == "notebook"
    assert is_disguised("notebook", name)


@pytest.mark.parametrize("text", ['{"a": 1}', "[1, 2]", '{"cells": [1, 2]}', "{", "see cell_type in the docs", '{"cells": "x", "n": 1}'])
def test_other_json_is_no_notebook(text: str) -> None:
    assert detect(text.encode(), "x.json") == "json"


def test_the_page_of_a_notebook_is_not_just_html() -> None:
    page = '<html><body class="jp-Notebook"><div class="jp-Cell jp-OutputArea">1</div></body></html>'
    assert detect(page.encode(), "report.html") == "notebook_html"
    assert detect(page.encode(), "report.txt") == "notebook_html"


def test_a_table_under_the_name_of_a_text() -> None:
    table = b"region;n;mean\nA;10;3,5\nB;20;4,5\nC;12;5\n"
    assert detect(table, "notes.txt") == "csv"
    assert is_disguised("csv", "notes.txt")
    assert detect(b"The costs, in euro.\nBy region, by year.\nFor men, women.\nAnd so on, etc.\n", "notes.txt") == "txt"


def test_text_under_the_name_of_a_picture() -> None:
    assert detect(b"hello", "figure.png") == "text"
    assert is_disguised("text", "figure.png")
    assert not is_disguised("text", "README")


def test_encodings_of_text() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"):
        assert detect("naam;aantal\nGroningen é;10\n".encode(encoding), "x.csv") == "csv", encoding


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.txt", "a.xlsx", "a", "a.ipynb"]))
def test_anything_has_a_type(data: bytes, name: str) -> None:
    kind = detect(data, name)
    assert kind in TYPES
    assert is_disguised(kind, name) in (True, False)


@given(
    st.binary(max_size=60),
    st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x80\x04", b"(", b"{", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]),
)
def test_broken_containers_are_types_too(data: bytes, start: bytes) -> None:
    assert detect(start + data, "a.csv") in TYPES
