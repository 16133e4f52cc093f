"""What a file is, by its bytes and its suffix together (design: exports, What leaves).

The bytes decide where they can: a notebook renamed to ``.txt`` is a notebook, a Parquet file named ``.csv`` is a
Parquet file. Only text has no marks of its own; there the suffix says which kind of text it is, and the content may
contradict it.
"""

from __future__ import annotations

import bz2
import codecs
import io
import json
import lzma
import pickletools
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from jupyter_cbs.domain.files import FileKind


@dataclass(frozen=True)
class FileType:
    """What is known of a type.

    Parameters
    ----------
    suffixes
        Honest suffixes, lower case with the dot; the first is the one to suggest.
    kind
        Kind of output it counts as.
    never
        Refused whatever the price table says: it cannot be checked, or it runs.
    """

    suffixes: tuple[str, ...]
    kind: FileKind = "other"
    never: bool = False


TYPES: Final[Mapping[str, FileType]] = MappingProxyType(
    {
        # text, told apart by suffix
        "csv": FileType((".csv",), "table"),
        "txt": FileType((".txt",), "document"),
        "py": FileType((".py",), "script"),
        "r": FileType((".r",), "script"),
        "do": FileType((".do",), "script"),
        "sps": FileType((".sps",), "script"),
        "md": FileType((".md",), "document"),
        "tex": FileType((".tex",), "document"),
        "log": FileType((".log",), "document"),
        "json": FileType((".json",)),
        "tsv": FileType((".tsv",), "table"),
        "sql": FileType((".sql",), "script"),
        "text": FileType((), "other"),
        # text that says what it is
        "notebook": FileType((".ipynb",)),
        "notebook_html": FileType((".html", ".htm"), "document", never=True),
        "html": FileType((".html", ".htm"), "document"),
        "svg": FileType((".svg",), "figure"),
        "xml": FileType((".xml",)),
        "rtf": FileType((".rtf",), "document"),
        "eps": FileType((".eps", ".ps"), "figure"),
        "pdf": FileType((".pdf",), "document"),
        # pictures
        "png": FileType((".png",), "figure"),
        "jpg": FileType((".jpg", ".jpeg"), "figure"),
        "gif": FileType((".gif",), "figure"),
        "bmp": FileType((".bmp",), "figure"),
        "tiff": FileType((".tif", ".tiff"), "figure"),
        "webp": FileType((".webp",), "figure"),
        # office
        "xlsx": FileType((".xlsx",), "table"),
        "xlsm": FileType((".xlsm",), "table"),
        "xlsb": FileType((".xlsb",), "table"),
        "xls": FileType((".xls",), "table"),
        "ods": FileType((".ods",), "table"),
        "docx": FileType((".docx",), "document"),
        "doc": FileType((".doc",), "document"),
        "odt": FileType((".odt",), "document"),
        "pptx": FileType((".pptx", ".ppsx")),
        "ppt": FileType((".ppt",)),
        "odp": FileType((".odp",), never=True),
        "ole": FileType((), never=True),
        # containers of data
        "parquet": FileType((".parquet",)),
        "pickle": FileType((".pkl", ".pickle")),
        "sqlite": FileType((".sqlite", ".db")),
        "duckdb": FileType((".duckdb", ".db")),
        "hdf5": FileType((".h5", ".hdf5")),
        "sav": FileType((".sav",)),
        "dta": FileType((".dta",)),
        "rds": FileType((".rds",)),
        "rdata": FileType((".rdata", ".rda")),
        "feather": FileType((".feather",)),
        "arrow": FileType((".arrow",)),
        "orc": FileType((".orc",), never=True),
        "avro": FileType((".avro",), never=True),
        "npy": FileType((".npy",), never=True),
        "npz": FileType((".npz",), never=True),
        "sas": FileType((".sas7bdat", ".xpt"), never=True),
        "access": FileType((".mdb", ".accdb"), never=True),
        # archives and the rest
        "zip": FileType((".zip",)),
        "gz": FileType((".gz", ".tgz"), never=True),
        "bz2": FileType((".bz2",), never=True),
        "xz": FileType((".xz",), never=True),
        "7z": FileType((".7z",), never=True),
        "rar": FileType((".rar",), never=True),
        "tar": FileType((".tar",), never=True),
        "zst": FileType((".zst",), never=True),
        "lz4": FileType((".lz4",), never=True),
        "exe": FileType((".exe", ".dll", ".so"), never=True),
        "binary": FileType((), never=True),
        "empty": FileType(()),
    }
)
"""Every type there is; a file of any other kind is ``text`` or ``binary``."""

ARCHIVES: Final = frozenset({"zip", "gz", "bz2", "xz", "7z", "rar", "tar", "zst", "lz4"})
"""Types that hold other files; only ``zip`` is opened, and never inside another archive."""

_TEXT_SUFFIXES: Final = {
    suffix: name
    for name in ("csv", "txt", "py", "r", "do", "sps", "md", "tex", "log", "json", "tsv", "sql", "html", "xml")
    for suffix in TYPES[name].suffixes
}

_MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpg"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (8, b"WEBP", "webp"),
    (0, b"PAR1", "parquet"),
    (0, b"PARE", "parquet"),
    (0, b"SQLite format 3\0", "sqlite"),
    (8, b"DUCK", "duckdb"),
    *((offset, b"\x89HDF\r\n\x1a\n", "hdf5") for offset in (0, 512, 1024, 2048, 4096)),
    (0, b"$FL2", "sav"),
    (0, b"$FL3", "sav"),
    (0, b"<stata_dta>", "dta"),
    *((0, bytes((version, order, 1, 0)), "dta") for version in range(102, 116) for order in (1, 2)),
    (0, b"RDX2\n", "rdata"),
    (0, b"RDX3\n", "rdata"),
    (0, b"RDA2\n", "rdata"),
    (0, b"RDA3\n", "rdata"),
    (0, b"RDB2\n", "rdata"),
    (0, b"RDB3\n", "rdata"),
    (0, b"X\n\0\0\0", "rds"),
    (0, b"B\n\x02\0\0\0", "rds"),
    (0, b"B\n\x03\0\0\0", "rds"),
    (0, b"A\n2\n", "rds"),
    (0, b"A\n3\n", "rds"),
    (0, b"FEA1", "feather"),
    (0, b"ARROW1", "arrow"),
    (0, b"\xff\xff\xff\xff\x10", "arrow"),
    (0, b"ORC", "orc"),
    (0, b"Obj\x01", "avro"),
    (0, b"\x93NUMPY", "npy"),
    (0, b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60", "sas"),
    (0, b"HEADER RECORD*******LIB", "sas"),
    (0, b"\0\x01\0\0Standard ", "access"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"\x28\xb5\x2f\xfd", "zst"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (257, b"ustar", "tar"),
    (0, b"\x7fELF", "exe"),
    (0, b"\xca\xfe\xba\xbe", "exe"),
    (0, b"\xcf\xfa\xed\xfe", "exe"),
    (0, b"{\\rtf", "rtf"),
    (0, b"%!PS", "eps"),
    (0, b"\xc5\xd0\xd3\xc6", "eps"),
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XLSX_PARTS: Final = ("[Content_Types].xml", "_rels/", "docProps/", "xl/", "customXml/")
_ESCAPE = re.compile(r"\\u00([0-7][0-9a-fA-F])")
_CELL = re.compile(r"""["']cell_type["']\s*:\s*["'](?:code|markdown|raw|heading)["']""")
_NOTEBOOK_KEY = re.compile(r"""["'](?:nbformat|cells|worksheets|outputs|execution_count)["']\s*:""")
_NOTEBOOK_HTML = re.compile(r'(?i)class="[^"]*\b(?:jp-(?:Notebook|Cell|OutputArea)|output_area|cell-output)\b')
_NUMBER = re.compile(r"^-?[\d.,\s]*\d[\d.,]*\s*%?$")


def suffix_of(name: str) -> str:
    """Give the suffix in lower case with its dot; ``Costs.XLSX`` has ``.xlsx``, and so has ``Costs.xlsx .``, which is delivered without its end."""
    return PurePosixPath(name.rstrip(" .")).suffix.lower()


def detect(head: bytes, name: str) -> str:
    """Give the type of a file, a key of :data:`TYPES`.

    Parameters
    ----------
    head : bytes
        The file from its start. With the whole file every type is told; with only its beginning a notebook whose cells start later is missed.
    name : str
        File name; its suffix decides only between kinds of text.
    """
    if not head:
        return "empty"
    found = _binary(head)
    if found is not None:
        return found
    text = as_text(head)
    if text is None:
        return "binary"
    return _text(text, name)


def as_text(data: bytes) -> str | None:
    """Decode text of any usual encoding; None when the bytes are no text."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data:
        # JSON and tables without a mark may still be UTF-16 or UTF-32: every second byte of western text is then zero
        for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if "\0" not in text and _readable(text) and sum(char < "\u0250" for char in text) > len(text) * 0.9:
                return text
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    return text if _readable(text) else None


def is_refused(kind_of_file: str, name: str, refused_suffixes: tuple[str, ...]) -> bool:
    """Tell whether a type or the suffix of ``name`` never leaves.

    Parameters
    ----------
    kind_of_file : str
        A detected type.
    name : str
        File name.
    refused_suffixes : tuple[str, ...]
        From the price table, lower case with dot.
    """
    known = TYPES[kind_of_file]
    return known.never or suffix_of(name) in refused_suffixes or any(suffix in refused_suffixes for suffix in known.suffixes)


def is_disguised(kind_of_file: str, name: str) -> bool:
    """Tell whether the suffix says something else than the bytes.

    Text in a file with a suffix of its own choosing, and an empty file, say nothing wrong.
    """
    suffix = suffix_of(name)
    known = TYPES[kind_of_file]
    if suffix in known.suffixes:
        return False
    if kind_of_file in ("text", "empty"):
        # plain text under the name of something that is no text is a lie; under an unknown name it is not
        return kind_of_file == "text" and any(suffix in other.suffixes for key, other in TYPES.items() if key != "text")
    return True


def _binary(head: bytes) -> str | None:
    for offset, mark, name in _MAGIC:
        if head.startswith(mark, offset):
            return name
    if head[:2] == b"BM" and len(head) >= 14 and head[6:10] == b"\0\0\0\0":
        return "bmp"
    if head[:2] == b"MZ" and (len(head) < 64 or b"\0" in head[:64]):
        return "exe"
    if head[:2] == b"PK" and head[2:4] in (b"\x03\x04", b"\x05\x06", b"\x07\x08"):
        return _zip(head)
    if head.startswith(_OLE):
        return _ole(head)
    if b"%PDF-" in head[:1024]:
        return "pdf"
    packed = _packed(head)
    if packed is not None:
        return packed
    if _is_pickle(head):
        return "pickle"
    if zipfile.is_zipfile(io.BytesIO(head)):
        return "zip"  # something else in front; what it claims to be it is not
    return None


def _zip(head: bytes) -> str:
    """Tell office documents, arrays and archives apart by their members."""
    try:
        with zipfile.ZipFile(io.BytesIO(head)) as archive:
            names = archive.namelist()[:5000]
            types = b""
            if "[Content_Types].xml" in names:
                with archive.open("[Content_Types].xml") as member:
                    types = member.read(200_000)
            elif "mimetype" in names:
                with archive.open("mimetype") as member:
                    types = member.read(200)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, OSError, EOFError):
        # only its beginning, or broken: an archive that cannot be opened
        names, types = [], b""
    parts = set(names)
    if "xl/workbook.xml" in parts:
        if any(not name.startswith(_XLSX_PARTS) for name in names):
            return "zip"  # a workbook with something beside it is an archive
        return "xlsm" if b"macroEnabled" in types or "xl/vbaProject.bin" in parts else "xlsx"
    if "xl/workbook.bin" in parts:
        return "xlsb"
    if "word/document.xml" in parts:
        return "docx" if "word/vbaProject.bin" not in parts else "binary"
    if "ppt/presentation.xml" in parts:
        return "pptx"
    for mark, name in ((b"opendocument.spreadsheet", "ods"), (b"opendocument.text", "odt"), (b"opendocument.presentation", "odp")):
        if mark in types:
            return name
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "zip"


def _ole(head: bytes) -> str:
    """Tell old office documents apart by the names of their streams."""
    for stream, name in (("Workbook", "xls"), ("Book", "xls"), ("WordDocument", "doc"), ("PowerPoint Document", "ppt")):
        if stream.encode("utf-16-le") in head:
            return name
    return "ole"


def _packed(head: bytes) -> str | None:
    """Look under gzip, bzip2 and xz: R packs its files with any of the three."""
    try:
        if head.startswith(b"\x1f\x8b"):
            name, inner = "gz", zlib.decompressobj(wbits=31).decompress(head[:65536], 512)
        elif head.startswith(b"BZh"):
            # bzip2 works in blocks of up to 900 kB; a text that happens to start with BZh does not decompress
            name, inner = "bz2", bz2.BZ2Decompressor().decompress(head[:2_000_000], 512)
        elif head.startswith(b"\xfd7zXZ\0"):
            name, inner = "xz", lzma.LZMADecompressor(memlimit=200 * 2**20).decompress(head[:65536], 512)
        else:
            return None
    except (zlib.error, lzma.LZMAError, OSError, EOFError):
        return None if head.startswith(b"BZh") else "binary"
    for _, mark, kind in (row for row in _MAGIC if row[2] in ("rds", "rdata")):
        if inner.startswith(mark):
            return kind
    return name


def _is_pickle(head: bytes) -> bool:
    """Tell a pickle; the old protocols are plain text and are parsed, never loaded."""
    if len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5:
        return True
    if head[:1] not in b"(cI]}SVFLN\x88\x89KMJGXU":
        return False
    stores = 0
    try:
        for number, (opcode, _, position) in enumerate(pickletools.genops(head[:2_000_000])):
            stores += opcode.name in ("PUT", "BINPUT", "MEMOIZE", "GLOBAL", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "REDUCE")
            if opcode.name == "STOP":
                return stores > 0 and position is not None and not head[position + 1 :].strip()
            if number > 20_000:
                return stores > 1000
    except (ValueError, IndexError, KeyError, UnicodeError, OverflowError, RecursionError):
        return False
    return False


def _readable(text: str) -> bool:
    """Text has no control characters but white space, form feed, escape and backspace."""
    return not any(char < " " and char not in "\t\n\r\f\v\x1b\b\x1a" for char in text[:1_000_000])


def is_notebook(text: str) -> bool:
    """Tell a notebook by its content, whatever stands in front of it, behind it, or is missing from it."""
    stripped = text.lstrip("\ufeff \t\r\n\f\v\0")
    if stripped.startswith("{"):
        try:
            value = json.loads(stripped)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and (("nbformat" in value and ("cells" in value or "worksheets" in value)) or _has_cells(value)):
            return True
    plain = _ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text) if "\\u00" in text else text
    return _CELL.search(plain) is not None and _NOTEBOOK_KEY.search(plain) is not None


def _has_cells(value: dict[str, object]) -> bool:
    cells = value.get("cells")
    return isinstance(cells, list) and any(isinstance(cell, dict) and "cell_type" in cell for cell in cells)


def _text(text: str, name: str) -> str:
    suffix = suffix_of(name)
    start = text[:4096].lstrip("\ufeff \t\r\n").lower()
    if is_notebook(text):
        return "notebook"
    if start.startswith(("<!doctype html", "<html")) or (suffix in (".html", ".htm") and "<" in start):
        return "notebook_html" if _NOTEBOOK_HTML.search(text) else "html"
    if start.startswith(("<svg", "<!doctype svg")) or (start.startswith(("<?xml", "<!--")) and "<svg" in text[:65536].lower()):
        return "svg"
    if start.startswith("<?xml"):
        return "xml"
    by_suffix = _TEXT_SUFFIXES.get(suffix, "text")
    if by_suffix in ("txt", "text", "log", "md") and _is_table(text):
        return "csv"
    return by_suffix


def _is_table(text: str) -> bool:
    """Tell a delimited table: at least four rows, all equally wide, at least half of the cells below the header numbers."""
    lines = [line for line in text[:200_000].splitlines() if line.strip()]
    if len(text) > 200_000:
        lines = lines[:-1]
    if len(lines) < 4:
        return False
    for delimiter in (";", ",", "\t", "|"):
        width = lines[0].count(delimiter)
        if width < 1 or any(line.count(delimiter) != width for line in lines):
            continue
        cells = [cell.strip().strip('"') for line in lines[1:] for cell in line.split(delimiter)]
        filled = [cell for cell in cells if cell]
        if filled and sum(_NUMBER.match(cell) is not None for cell in filled) * 2 >= len(filled):
            return True
    return False
