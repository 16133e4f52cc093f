"""What is looked into in each type of file, and what is not an alarm."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from corpus import book, content, png
from openpyxl import Workbook
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from jupyter_cbs.disclosure.scan import ScanContext, ScanResult, scan
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.finding import Status

CONTEXT = ScanContext()
ROWS = [["groep", "n"], ["a", 40], ["b", 50], ["c", 60]]


def said(file: FileContent) -> list[tuple[str, Status, str]]:
    return [(f.rule.value, f.status, f.text.en) for f in scan(file, CONTEXT).findings]


def rules(result: ScanResult) -> set[str]:
    return {finding.rule.value for finding in result.findings}


def workbook(change: Callable[[Workbook], None] | None = None) -> bytes:
    return book({"blad": ROWS}, change)


def with_parts(parts: dict[str, bytes], change: Callable[[str, bytes], bytes] = lambda name, data: data) -> bytes:
    """A workbook with other parts beside its own, and its own changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as package, zipfile.ZipFile(buffer, "w") as other:
        for name in package.namelist():
            other.writestr(name, change(name, package.read(name)))
        for name, data in parts.items():
            other.writestr(name, data)
    return buffer.getvalue()


def test_the_separator_a_spreadsheet_notes_is_no_row() -> None:
    (finding,) = scan(content("t.csv", "sep=;\r\ngroep;n\r\na;40\r\nb;3\r\nc;60\r\n"), CONTEXT).findings
    assert (finding.where.row, finding.where.cell) == (4, "B4")
    assert scan(content("t.csv", "sep=|\ngroep|n\na|40\nb|50\n"), CONTEXT).cells == 6


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (lambda b: b["blad"].sheet_properties.__class__ and setattr(b["blad"].sheet_format, "zeroHeight", True), Status.UNSAFE, "all rows"),
        (lambda b: setattr(b["blad"]["B2"], "number_format", '""'), Status.UNSAFE, "cannot be seen"),
        (lambda b: setattr(b["blad"]["B2"], "font", Font(color="FFFFFFFF")), Status.UNSAFE, "cannot be seen"),
        (
            lambda b: b["blad"].conditional_formatting.add("B2:B3", CellIsRule(operator="lessThan", formula=["10"], font=Font(color="FFFFFF"))),
            Status.UNSAFE,
            "conditional format",
        ),
        (lambda b: setattr(b["blad"]["C2"], "value", "=[1]Blad1!A1"), Status.UNSAFE, "another workbook"),
    ],
    ids=["zero-height", "format", "white", "conditional", "link"],
)
def test_what_a_workbook_does_not_show(change: Callable[[Workbook], None], status: Status, words: str) -> None:
    assert any(rule == "hidden_content" and found == status and words in text for rule, found, text in said(content("t.xlsx", workbook(change))))


def test_white_on_a_colour_and_a_filled_header_are_seen() -> None:
    def head(book_: Workbook) -> None:
        for cell in ("A1", "B1"):
            book_["blad"][cell].font = Font(color="FFFFFFFF", bold=True)
            book_["blad"][cell].fill = PatternFill("solid", fgColor="FF1F4E78")

    assert said(content("t.xlsx", workbook(head))) == []


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("xl/pivotCache/pivotCacheRecords1.xml", "pivot"),
        ("xl/externalLinks/externalLink1.xml", "another workbook"),
        ("xl/embeddings/oleObject1.bin", "embedded"),
        ("xl/revisions/revisionLog1.xml", "history"),
        ("xl/model/item.data", "data model"),
        ("xl/macrosheets/sheet9.xml", "macros"),
        ("customXml/item1.xml", "custom data"),
        ("docProps/custom.xml", "properties of its own"),
        ("xl/geheim.bin", "no part of a workbook"),
    ],
)
def test_parts_beside_the_sheets_are_told(part: str, words: str) -> None:
    assert any(rule == "hidden_content" and words in text for rule, _, text in said(content("t.xlsx", with_parts({part: b"<a/>"}))))


def test_macros_are_refused() -> None:
    file = content("t.xlsm", with_parts({"xl/vbaProject.bin": b"x"}))
    assert ("refused_format", Status.REFUSED) in {(rule, status) for rule, status, _ in said(file)}


def test_texts_no_cell_uses_are_left_overs() -> None:
    texts = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>extra</t></si><si><t>persoon 004128831</t></si></sst>'

    def use(name: str, data: bytes) -> bytes:
        cell = b'<row r="9"><c r="A9" t="s"><v>0</v></c></row></sheetData>'
        kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
        listed = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
        return data.replace(b"</sheetData>", cell).replace(b"</Types>", listed)

    found = said(content("t.xlsx", with_parts({"xl/sharedStrings.xml": texts}, use)))
    assert {rule for rule, _, _ in found} >= {"hidden_content", "identifier"}
    assert any("1 texts that stand in no cell" in text for _, _, text in found)
    assert said(content("t.xlsx", with_parts({"xl/sharedStrings.xml": texts.replace(b"<si><t>persoon 004128831</t></si>", b"")}, use))) == []


def test_a_page_is_read_as_its_reader_sees_it() -> None:
    page = "<!doctype html><table><tr><th colspan=2>Aantal<th>x<tr><td>a<td>40<td>44<tr><td>b<td>3<td>20<tr><td>c<td>60<td>70</table>"
    result = scan(content("a.html", page), CONTEXT)
    assert result.tables == 1
    assert [(f.rule.value, f.where.cell) for f in result.findings if f.status == Status.UNSAFE] == [("min_frequency", "B3")]
    assert scan(content("a.html", page.replace("<td>3<", "<td>30<")), CONTEXT).findings == ()
    hidden = page.replace("<td>3<", "<td style='display: none'>3<")
    assert {"min_frequency", "hidden_content"} <= rules(scan(content("a.html", hidden), CONTEXT))


def pdf(parts: bytes) -> FileContent:
    return content("a.pdf", b"%PDF-1.7\n" + parts + b"\n%%EOF\n")


def test_a_pdf_is_always_for_review_and_its_attachments_are_unsafe() -> None:
    assert [(rule, status) for rule, status, _ in said(pdf(b""))] == [("unreadable", Status.REVIEW)]
    packed = zlib.compress(b"1 0 obj << /Type /Filespec /EF << /F 2 0 R >> >>")
    for parts in (b"<< /Type /EmbeddedFile >>", b"<< /Filter /FlateDecode >> stream\n" + packed + b"\nendstream"):
        assert ("hidden_content", Status.UNSAFE) in {(rule, status) for rule, status, _ in said(pdf(parts))}
    hexed = "persoon 004128831".encode("utf-16-be").hex()
    for text in (b"(nr 004128831) Tj", b"[(nr 0041) -20 (28831)] TJ", b"<" + hexed.encode() + b"> Tj"):
        found = rules(scan(pdf(b"stream\n" + zlib.compress(b"BT " + text + b" ET") + b"\nendstream"), CONTEXT))
        assert ("identifier" in found) == (not text.startswith(b"<")), text
    assert "metadata" in rules(scan(pdf(b"<< /Author (Jan) >>"), CONTEXT))


def test_rich_text_is_read_with_what_it_hides() -> None:
    assert said(content("a.rtf", r"{\rtf1\ansi{\fonttbl{\f0 Arial 004128831;}}\f0 Gewone tekst, ge\'ebnd.\par}")) == []
    for hidden in (r"{\v geheim}", r"{\object\objdata 0011}", r"{\deleted weg}"):
        assert "hidden_content" in rules(scan(content("a.rtf", r"{\rtf1 tekst " + hidden + "}"), CONTEXT)), hidden
    table = "".join(rf"{label}\cell {count}\cell\row " for label, count in (("groep", "n"), ("a", 40), ("b", 3), ("c", 60)))
    assert "min_frequency" in rules(scan(content("a.rtf", r"{\rtf1\trowd " + table + "}"), CONTEXT))


def chunked(kind: bytes, data: bytes) -> bytes:
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    whole = png()
    return whole[:33] + chunk + whole[33:]


@pytest.mark.parametrize(
    ("kind", "data", "rule"),
    [
        (b"iCCP", b"Jan de Vries\0\0" + zlib.compress(b"x"), "metadata"),
        (b"eXIf", b"MM\0*\xff\xd8\xff", "hidden_content"),
        (b"acTL", b"\0\0\0\2\0\0\0\0", "hidden_content"),
        (b"zzZz", b"geheim", "hidden_content"),
        (b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1", None),
    ],
)
def test_every_chunk_of_a_picture_is_known_or_told(kind: bytes, data: bytes, rule: str | None) -> None:
    found = rules(scan(content("a.png", chunked(kind, data)), CONTEXT)) - {"unit_values"}
    assert found >= {rule} if rule else found == set()


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("py", "df = df[df['RINPERSOON'] != '']"),
        ("py", "pd.read_csv(f, dtype={'RINPERSOON': str, 'JAAR': int}, nrows=1000)"),
        ("py", "for RINPERSOON in range(1000): pass"),
        ("py", "df[df.HUISHOUDNR.notna() & (df.INKOMEN > 10000)]"),
        ("r", "d <- d[!is.na(d$RINPERSOON) & d$JAAR %in% c(2019, 2020), ]"),
        ("r", 'd <- merge(d, e, by = c("RINPERSOONS", "RINPERSOON"))'),
        ("do", "drop if rinpersoon == ."),
        ("sps", "MISSING VALUES HUISHOUDNR (99999999)."),
        ("sql", "select * from t where rinpersoon is not null and inkomen > 100000"),
    ],
)
def test_scripts_about_keys_hold_none(kind: str, line: str) -> None:
    assert said(content(f"a.{kind}", line + "\n")) == []


@pytest.mark.parametrize(
    "text",
    [
        "   leeftijd\n0        44\nName: leeftijd, dtype: int64\n",
        "Out[12]: 4\n",
        "<class 'pandas.core.frame.DataFrame'>\nRangeIndex: 400 entries, 0 to 399\n",
        "                            OLS Regression Results                            \n=====\n",
        "Call:\nlm(formula = y ~ x)\n",
        '[1] "a" "b"\n',
        "shape: (12, 3)\n",
    ],
)
def test_pasted_output_is_told(text: str) -> None:
    assert "notebook" in rules(scan(content("a.txt", "Toelichting.\n\n" + text), CONTEXT))


@pytest.mark.parametrize(
    ("name", "text", "worst"),
    [
        ("a.txt", 'The record was {"RINPERSOON": "623456782", "x": 1}.\n', [Status.UNSAFE]),
        ("a.txt", "Person with BSN 623456782 was left out.\n", [Status.UNSAFE]),
        ("a.txt", "The sum of wages is 623456782 euro.\n", []),
        ("a.txt", "Linked by RINPERSOON: 17 persons fell out.\n", []),
        ("persons.csv", 'region,n\n"A,5\nB,20\n', [Status.REVIEW]),
        ("persons.csv", 'region,n\n"North,\nand east",50\nsouth,60\n', []),
    ],
)
def test_a_number_beside_the_name_of_a_key_and_a_quotation_mark_that_is_never_closed(name: str, text: str, worst: list[Status]) -> None:
    assert sorted({status for _, status, _ in said(content(name, text))}) == worst


def _prompted(book_: Workbook) -> None:
    asked = DataValidation(type="whole", prompt="persoon 004128831", showInputMessage=True)
    asked.add("B2")
    book_["blad"].add_data_validation(asked)


@pytest.mark.parametrize("change", [_prompted, lambda b: setattr(b["blad"]["B2"], "number_format", '0" 004128831"')], ids=["prompt", "format"])
def test_keys_in_what_goes_with_a_cell_are_found(change: Callable[[Workbook], None]) -> None:
    assert ("identifier", Status.UNSAFE) in {(rule, status) for rule, status, _ in said(content("t.xlsx", workbook(change)))}
