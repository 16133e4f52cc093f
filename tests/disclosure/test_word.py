"""Word documents are looked into: text, tables, and what one does not see."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Collection, Sequence
from html import escape

import pytest
from corpus import content
from evidence_frames import crosstab, meta_of

from jupyter_cbs.disclosure.scan import ScanContext, ScanResult, scan
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.grid import ANY_SHAPE, render_grid, shape_key

FRAME, DIMENSIONS = crosstab([[44, 50, 60], [40, 30, 71], [80, 45, 20]])
META = meta_of(DIMENSIONS, rows=1)
GRID = render_grid(META, FRAME, ())


def known(keys: Collection[str]) -> Sequence[tuple]:
    return [(META, FRAME)] if ANY_SHAPE in keys or shape_key(META) in keys else []


def words(text: str, properties: str = "") -> str:
    return f"<w:p><w:r><w:rPr>{properties}</w:rPr><w:t>{escape(text)}</w:t></w:r></w:p>"


def table(rows: Sequence[Sequence[object]]) -> str:
    cells = ("".join(f"<w:tc>{words(str(cell))}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def document(body: str, parts: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
        package.writestr("word/document.xml", f"<w:document {space}><w:body>{body}</w:body></w:document>")
        for name, text in (parts or {}).items():
            package.writestr(name, text.replace("<w:x>", f"<w:x {space}>"))
    return buffer.getvalue()


def scanned(data: bytes) -> ScanResult:
    return scan(content("verslag.docx", data), ScanContext(lookup=known))


def said(result: ScanResult) -> set[tuple[str, Status]]:
    return {(finding.rule.value, finding.status) for finding in result.findings}


def test_a_table_made_here_is_verified_inside_a_document() -> None:
    result = scanned(document(words("Gewone tekst.") + table(GRID) + words("Einde.")))
    assert ([basis.basis for basis in result.bases], result.tables, said(result)) == (["verified"], 1, set())
    changed = [list(row) for row in GRID]
    changed[2][1] = "45"
    result = scanned(document(table(changed)))
    assert "verified" not in [basis.basis for basis in result.bases]
    assert said(result) & {("unknown_table", Status.REVIEW)}


def test_small_cells_and_records_in_a_table_are_found() -> None:
    assert said(scanned(document(table([["groep", "n"], ["a", 40], ["b", 3], ["c", 60]])))) == {("min_frequency", Status.UNSAFE)}
    rows = [[f"{i:09d}", 1900 + i, 100 * i + 7] for i in range(1, 40)]
    assert {
        rule for rule, status in said(scanned(document(table([["RINPERSOON", "jaar", "loon"], *rows])))) if status.badness >= Status.UNSAFE.badness
    }


@pytest.mark.parametrize(
    ("body", "parts", "expected"),
    [
        (words("x", "<w:vanish/>"), {}, ("hidden_content", Status.UNSAFE)),
        (words("x", '<w:color w:val="ffffff"/>'), {}, ("hidden_content", Status.REVIEW)),
        ("<w:p><w:del><w:r><w:delText>weg</w:delText></w:r></w:del></w:p>", {}, ("hidden_content", Status.UNSAFE)),
        ("", {"word/embeddings/book.xlsx": "x"}, ("hidden_content", Status.UNSAFE)),
        ("", {"word/charts/chart1.xml": "<c/>"}, ("hidden_content", Status.UNSAFE)),
        ("", {"word/media/image1.png": "x"}, ("hidden_content", Status.REVIEW)),
        ("", {"word/comments.xml": f"<w:x>{words('RINPERSOON 004128831')}</w:x>"}, ("identifier", Status.UNSAFE)),
        ("", {"word/footnotes.xml": f"<w:x>{words('RINPERSOON 004128831')}</w:x>"}, ("identifier", Status.UNSAFE)),
        ("", {"docProps/core.xml": "<p><creator>Jan</creator></p>"}, ("metadata", Status.REVIEW)),
    ],
)
def test_what_is_not_seen_at_once_is_told(body: str, parts: dict[str, str], expected: tuple[str, Status]) -> None:
    assert said(scanned(document(words("Gewone tekst.") + body))) == (set() if not body else {expected})
    assert expected in said(scanned(document(words("Gewone tekst.") + body, parts)))


STYLES = {
    "Verborgen": ("character", "", "<w:rPr><w:vanish/></w:rPr>"),
    "Onder": ("character", "Verborgen", ""),
    "Toch": ("character", "Verborgen", '<w:rPr><w:vanish w:val="0"/></w:rPr>'),
    "Wit": ("paragraph", "", '<w:rPr><w:color w:val="FEFEFE"/></w:rPr>'),
    "Stip": ("paragraph", "", '<w:rPr><w:sz w:val="2"/></w:rPr>'),
    "Kring": ("paragraph", "Kring", ""),
    "Dicht": ("table", "", "<w:rPr><w:vanish/></w:rPr>"),
    "Kop": ("table", "", '<w:tblStylePr w:type="firstRow"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:tblStylePr>'),
}
HIDDEN, UNREADABLE, PALE, SEEN = ("hidden text", Status.UNSAFE), ("too small", Status.UNSAFE), ("colour of its background", Status.REVIEW), None


def styles(defaults: str = "") -> dict[str, str]:
    one = (
        f'<w:style w:type="{kind}" w:styleId="{name}"><w:basedOn w:val="{base}"/>{properties}</w:style>'
        for name, (kind, base, properties) in STYLES.items()
    )
    inner = f"<w:docDefaults><w:rPrDefault><w:rPr>{defaults}</w:rPr></w:rPrDefault></w:docDefaults>{''.join(one)}"
    return {"word/styles.xml": f"<w:x>{inner}</w:x>"}


def paragraph(properties: str, text: str = "Jan verdient 31200", own: str = "") -> str:
    return words(text, own).replace("<w:p>", f"<w:p><w:pPr>{properties}</w:pPr>")


@pytest.mark.parametrize(
    ("body", "defaults", "expected"),
    [
        (words("x", '<w:rStyle w:val="Verborgen"/>'), "", HIDDEN),
        (words("x", '<w:rStyle w:val="Onder"/>'), "", HIDDEN),
        (words("x", '<w:rStyle w:val="Toch"/>'), "", SEEN),
        (words("x", '<w:rStyle w:val="Verborgen"/><w:vanish w:val="false"/>'), "", SEEN),
        (words("x", '<w:rStyle w:val="Nergens"/>'), "", SEEN),
        (words("x"), "<w:vanish/>", HIDDEN),
        (table([["groep", "n"], ["a", 40]]).replace("<w:tbl>", '<w:tbl><w:tblPr><w:tblStyle w:val="Dicht"/></w:tblPr>'), "", HIDDEN),
        (paragraph('<w:pStyle w:val="Wit"/>'), "", PALE),
        (paragraph('<w:pStyle w:val="Wit"/>', own='<w:color w:val="112233"/>'), "", SEEN),
        (paragraph('<w:pStyle w:val="Wit"/><w:shd w:val="clear" w:fill="1F4E78"/>'), "", SEEN),
        (paragraph('<w:pStyle w:val="Stip"/>'), "", UNREADABLE),
        (paragraph('<w:pStyle w:val="Stip"/>', "  "), "", SEEN),
        (paragraph('<w:pStyle w:val="Kring"/>'), "", SEEN),
        (paragraph("<w:rPr><w:vanish/></w:rPr>"), "", SEEN),  # of its mark only
        (words("x", '<w:sz w:val="1"/>'), "", UNREADABLE),
        (words("x", '<w:sz w:val="16"/>'), "", SEEN),
        (words("x", '<w:color w:val="000000"/><w:shd w:val="clear" w:fill="000000"/>'), "", PALE),
        (words("x", '<w:highlight w:val="black"/>'), "", PALE),
        (words("x", '<w:color w:val="auto" w:themeColor="background1"/>'), "", PALE),
        (words("x", '<w:color w:val="FFFFFF" w:themeColor="accent1"/>'), "", SEEN),
        (table([["groep", "n"], ["a", 40]]).replace("<w:tc>", '<w:tc><w:tcPr><w:shd w:fill="000000"/></w:tcPr>'), "", PALE),
        (
            table([["groep", "n"], ["a", 40]]).replace("<w:tc>", '<w:tc><w:tcPr><w:shd w:fill="1F4E78"/></w:tcPr>')
            .replace("<w:rPr>", '<w:rPr><w:color w:val="FFFFFF"/>'),
            "",
            SEEN,
        ),
        (table([["groep", "n"], ["a", 40]]).replace("<w:tbl>", '<w:tbl><w:tblPr><w:tblStyle w:val="Kop"/></w:tblPr>'), "", SEEN),
        # as Word writes it in every table of contents
        (words("3", "<w:webHidden/>"), "", SEEN),
    ],
)  # fmt: skip
def test_what_styles_make_of_text_counts(body: str, defaults: str, expected: tuple[str, Status] | None) -> None:
    seen = words("Gewone tekst.", "<w:vanish w:val='0'/>")
    found = [finding for finding in scanned(document(seen + body, styles(defaults))).findings if finding.rule.value == "hidden_content"]
    assert [(finding.text.en.count(expected[0]), finding.status) for finding in found] == [(1, expected[1])] if expected else not found


def test_a_damaged_document_is_for_review() -> None:
    whole = document(words("Gewone tekst.") + table(GRID))
    assert said(scanned(whole)) == set()
    rng = random.Random(1)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        scanned(bytes(data))
    for cut in (10, len(whole) // 2, len(whole) - 5):
        assert said(scanned(whole[:cut])) == {("unreadable", Status.REVIEW)}
    bomb = '<!DOCTYPE x [<!ENTITY a "' + "b" * 10_000 + '">' + "".join(f'<!ENTITY a{i} "{"&a;" * 100}">' for i in range(3)) + "]>"
    assert said(scanned(document("", {"word/header1.xml": f"{bomb}<x><t>&a1;&a2;</t></x>"}))) <= {("unreadable", Status.REVIEW)}
