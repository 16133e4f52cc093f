"""Finished files made here: those that must be caught, and harmless ones.

Each entry is (name, FileContent, expected rules); the expected rules are empty for harmless files. Written as people write them:
Dutch and English, with and without byte order marks, by pandas, by spreadsheets, by hand.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence

import openpyxl
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from jupyter_cbs.domain.files import FileContent, FileKind

KINDS: dict[str, FileKind] = {"csv": "table", "xlsx": "table", "txt": "document", "png": "figure", "jpg": "figure", "gif": "figure"}


def content(name: str, data: str | bytes, encoding: str = "utf-8") -> FileContent:
    raw = data if isinstance(data, bytes) else data.encode(encoding)
    kind = name.rsplit(".", 1)[-1].lower()
    return FileContent(path=f"shared/{name}", name=name, type=kind, kind=KINDS.get(kind, "script"), size=len(raw), data=raw)


def table(rows: Sequence[Sequence[object]], delimiter: str = ",", newline: str = "\n") -> str:
    return newline.join(delimiter.join("" if c is None else str(c) for c in row) for row in rows) + newline


def book(sheets: dict[str, Sequence[Sequence[object]]], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(workbook)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def png(text: dict[str, str] | None = None, tail: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    chunks = [chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))]
    chunks += [chunk(b"tEXt", k.encode() + b"\0" + v.encode()) for k, v in (text or {}).items()]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"") + tail


R = random.Random(20260604)


def rin(rng: random.Random = R) -> str:
    return f"{rng.randrange(10**9):09d}"


def hexkey(rng: random.Random = R) -> str:
    return "".join(rng.choice("0123456789abcdef") for _ in range(32))


def pc6(rng: random.Random = R) -> str:
    return f"{rng.randrange(1000, 9999)}{rng.choice('ABCDEFGH')}{rng.choice('ABCDEFGHJK')}"


def brin(rng: random.Random = R) -> str:
    return f"{rng.randrange(100):02d}{rng.choice('ABCDEFGH')}{rng.choice('ABCDEFGHJK')}"


GEMEENTEN = ["Amsterdam", "Rotterdam", "Utrecht", "Den Haag", "Groningen", "Almere", "Breda", "Delft", "Ede", "Zwolle", "Tilburg", "Venlo"]
OPLEIDING = ["laag", "midden", "hoog"]


def person(rng: random.Random = R) -> list[object]:
    return [rng.choice("MV"), rng.randrange(18, 95), rng.choice(GEMEENTEN), rng.choice(OPLEIDING), round(rng.lognormvariate(10.2, 0.6), 2)]


PERSON_COLUMNS = ["geslacht", "leeftijd", "gemeente", "opleiding", "inkomen"]
AGES = ["0-17", "18-29", "30-44", "45-64", "65-79", "80+"]


def big(rng: random.Random = R) -> int:
    return rng.randrange(20, 900)


def level(rng: random.Random) -> int:
    """Counts of one order of magnitude, so that no group of two is nearly all in one category."""
    return rng.randrange(100, 500)


def must_catch() -> Iterator[tuple[str, FileContent, set[str]]]:
    """Files with keys, microdata, small counts, groups in one category, or what is not seen at once."""
    r = random.Random(1)
    # keys by name
    for at, column in enumerate(
        [
            "RINPERSOON",
            "rinpersoons",
            "RinPersoonMa",
            "HUISHOUDNR",
            "BEID",
            "OGID",
            "SBEID",
            "BRIN_crypt",
            "rinobjectnummer",
            "BSN",
            "KVKNUMMER",
            "WPOBRIN",
            "IKVID",
        ]
    ):
        rows = [[column, "n"], *([r.randrange(1, 9), big()] for _ in range(4))]
        yield f"name-{column}", content(f"uitvoer{at}.csv", table(rows)), {"identifier"}
    # keys by value, renamed
    for at, (name, key) in enumerate(
        [("ID_ma", rin), ("persoon", rin), ("x", rin), ("CID", hexkey), ("school_ID", brin), ("adres", pc6), ("sleutel", hexkey)]
    ):
        rows = [[name, "waarde"], *([key(r), round(r.random() * 100, 1)] for _ in range(8 + 5 * at))]
        yield f"renamed-{name}", content(f"resultaat{at}.csv", table(rows, ";" if at % 2 else ",")), {"identifier"}
    for at, (delimiter, encoding) in enumerate([(",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16"), ("|", "utf-8")]):
        rows = [["naam", "categorie café", "bedrag"], *([rin(r), r.choice("ab"), big()] for _ in range(15))]
        yield f"encoding-{encoding}", content(f"enc{at}.csv", table(rows, delimiter, "\r\n"), encoding), {"identifier"}
    yield "prefixed", content("gekoppeld.csv", table([["wie", "n"], *([f"R{rin(r)}", 1] for _ in range(12))])), {"identifier"}
    yield "as-numbers", content("getallen.csv", table([["id", "y"], *([int(rin(r)), big()] for _ in range(40))])), {"identifier"}
    yield "as-floats", content("floats.csv", table([["id", "y"], *([f"{int(rin(r))}.0", big()] for _ in range(40))])), {"identifier"}
    yield "one-zero-led", content("top.csv", table([["regel", "waarde"], ["grootste", "004128831"], ["tweede", "12"]])), {"identifier"}
    yield "no-header", content("kaal.csv", table([[rin(r), big()] for _ in range(25)])), {"identifier"}
    yield "key-last", content("laatste.csv", table([["leeftijd", "n", "ref"], *([f"{a}", big(), rin(r)] for a in AGES)])), {"identifier"}
    yield (
        "below-a-title",
        content("titel.csv", "Tabel 3. Resultaten\n\n" + table([["Beid", "omzet"], *([big(), big()] for _ in range(5))])),
        {"identifier"},
    )
    yield (
        "transposed",
        content("gekanteld.csv", table([["RINPERSOON", *[rin(r) for _ in range(6)]], ["inkomen", *[big() for _ in range(6)]]])),
        {"identifier"},
    )
    yield "file-name", content(f"persoon_0{r.randrange(10**8):08d}.csv", table([["a", "n"], ["x", 40], ["y", 50]])), {"identifier"}
    yield (
        "uuid",
        content("uuid.csv", table([["k", "v"], *([f"{hexkey(r)[:8]}-{hexkey(r)[:4]}-4abc-8abc-{hexkey(r)[:12]}", 1] for _ in range(5))])),
        {"identifier"},
    )
    yield "pc6-wrong-name", content("pc.csv", table([["postcode", "n"], *([pc6(r), big()] for _ in range(9))])), {"identifier"}
    yield "two-decryptions", content("twee.csv", table([["PC6", "BRIN", "n"], *([pc6(r), brin(r), big()] for _ in range(9))])), {"identifier"}
    # workbooks
    keys = [["id", "y"], *([rin(r), big()] for _ in range(12))]
    fine = [["leeftijd", "n"], *([a, big()] for a in AGES)]
    yield "xlsx-keys", content("boek.xlsx", book({"blad": keys})), {"identifier"}
    yield "xlsx-second-sheet", content("boek2.xlsx", book({"tabel": fine, "ruw": keys})), {"identifier"}

    def hide(workbook: openpyxl.Workbook) -> None:
        workbook["ruw"].sheet_state = "veryHidden"

    yield "xlsx-hidden-sheet", content("boek3.xlsx", book({"tabel": fine, "ruw": keys}, hide)), {"identifier", "hidden_content"}

    def hide_rows(workbook: openpyxl.Workbook) -> None:
        workbook["tabel"].row_dimensions[3].hidden = True
        workbook["tabel"].column_dimensions["B"].hidden = True

    yield "xlsx-hidden-rows", content("boek4.xlsx", book({"tabel": fine}, hide_rows)), {"hidden_content"}

    def comment(workbook: openpyxl.Workbook) -> None:
        workbook["tabel"]["A2"].comment = Comment("controleer 004128831", "x")

    yield "xlsx-comment", content("boek5.xlsx", book({"tabel": fine}, comment)), {"identifier", "hidden_content"}

    def define(workbook: openpyxl.Workbook) -> None:
        workbook.defined_names["geheim"] = DefinedName("geheim", attr_text="tabel!$A$1")
        workbook["tabel"]["B2"] = "=10+20"

    yield "xlsx-names-formulas", content("boek6.xlsx", book({"tabel": fine}, define)), {"hidden_content"}
    yield "xlsx-sheet-name", content("boek7.xlsx", book({"p 004128831": fine})), {"identifier"}
    yield "xlsx-key-as-number", content("boek8.xlsx", book({"b": [["RIN", "v"], *([int(rin(r)), 1.5] for _ in range(20))]})), {"identifier"}
    # microdata without keys
    for at, count in enumerate([25, 60, 400]):
        rows = [PERSON_COLUMNS, *(person(r) for _ in range(count))]
        yield f"microdata-{count}", content(f"analyse{at}.csv", table(rows)), {"microdata"}
        numbered = [["", *PERSON_COLUMNS], *([i, *person(r)] for i in range(count))]
        yield f"microdata-indexed-{count}", content(f"index{at}.csv", table(numbered)), {"microdata"}
    order = r.sample(range(120), 120)
    yield "microdata-shuffled-index", content("geschud.csv", table([["", *PERSON_COLUMNS], *([i, *person(r)] for i in order)])), {"microdata"}
    yield "microdata-anonymous-columns", content("v.csv", table([["v1", "v2", "v3", "v4", "v5"], *(person(r) for _ in range(80))])), {"microdata"}
    yield (
        "microdata-numeric",
        content("num.csv", table([["y", "x1", "x2"], *([r.gauss(0, 1), r.gauss(3, 2), r.randrange(5)] for _ in range(200))])),
        {"microdata"},
    )
    yield (
        "microdata-codes",
        content("codes.csv", table([["g", "l", "o"], *([r.randrange(1, 3), r.randrange(18, 90), r.randrange(1, 8)] for _ in range(300))])),
        {"microdata"},
    )
    yield (
        "microdata-participants",
        content(
            "deelnemers.csv", table([["participant_id", "groep", "score"], *([f"P{i:04d}", r.choice("ab"), r.randrange(60)] for i in range(50))])
        ),
        {"microdata"},
    )
    yield (
        "microdata-dates",
        content(
            "data.csv",
            table(
                [
                    ["geboortedatum", "sekse"],
                    *([f"{r.randrange(1930, 2005)}-{r.randrange(1, 13):02d}-{r.randrange(1, 29):02d}", r.choice("MV")] for _ in range(90)),
                ]
            ),
        ),
        {"microdata"},
    )
    yield (
        "microdata-scatter",
        content("punten.csv", table([["x", "y"], *([round(r.random(), 4), round(r.random(), 4)] for _ in range(150))])),
        {"microdata"},
    )
    yield "microdata-head", content("head.csv", table([PERSON_COLUMNS, *(person(r) for _ in range(12))])), {"microdata"}
    yield "microdata-xlsx", content("ruw.xlsx", book({"data": [PERSON_COLUMNS, *(person(r) for _ in range(70))]})), {"microdata"}
    yield (
        "microdata-semicolon-comma",
        content("nl.csv", table([PERSON_COLUMNS, *([*person(r)[:4], f"{r.uniform(1e4, 9e4):.2f}".replace(".", ",")] for _ in range(70))], ";")),
        {"microdata"},
    )
    # small counts
    for at, name in enumerate(["n", "N", "count", "freq", "aantal", "obs", "observations", "cases", "Aantal personen", "n_obs", "unweighted_n"]):
        rows = [["leeftijd", name, ""][:2], *([a, big()] for a in AGES[:-1]), [AGES[-1], 1 + at % 9]]
        yield f"small-{name}", content(f"klein{at}.csv", table(rows, ";" if at % 3 else ",")), {"min_frequency"}
    cross = [["Aantal", "man", "vrouw", "totaal"], ["laag", 40, 50, 90], ["midden", 7, 60, 67], ["hoog", 44, 39, 83]]
    yield "small-cross", content("kruis.csv", table(cross)), {"min_frequency"}
    yield "small-adds-up", content("som.csv", table([["", "man", "vrouw", "totaal"], *cross[1:]])), {"min_frequency"}
    yield "small-xlsx", content("kruis.xlsx", book({"aantallen": [["", "man", "vrouw"], ["laag", 40, 50], ["midden", 7, 60]]})), {"min_frequency"}
    yield (
        "small-in-regression",
        content("model.csv", table([["", "(1)"], ["leeftijd", "0.12***"], ["", "(0.03)"], ["Observations", "8"]])),
        {"min_frequency"},
    )
    yield "few-df", content("model2.csv", table([["term", "waarde"], ["leeftijd", 0.12], ["N", 14], ["df_resid", 9]])), {"degrees_of_freedom"}
    yield (
        "years-across",
        content("jaren.csv", table([["Aantal gevallen", 2019, 2020, 2021], ["inbraak", 40, 30, 33], ["moord", 12, 4, 11]])),
        {"min_frequency"},
    )
    # groups in one category
    yield "group-cross", content("groep.csv", table([["Aantal", "ja", "nee"], ["wijk A", 400, 20], ["wijk B", 40, 380]])), {"group_disclosure"}
    yield (
        "group-long",
        content("groep2.csv", table([["wijk", "bijstand", "n"], ["A", "ja", 95], ["A", "nee", 10], ["B", "ja", 12], ["B", "nee", 300]])),
        {"group_disclosure"},
    )
    yield "group-all", content("groep3.csv", table([["herkomst", "aantal"], ["nl", 950], ["anders", 50]])), {"group_disclosure"}
    # texts and scripts
    printed = "   geslacht  leeftijd  inkomen\n" + "\n".join(
        f"{i}  {r.choice('MV')}         {r.randrange(18, 90)}        {r.uniform(1e4, 9e4):.2f}" for i in range(12)
    )
    yield "txt-printed", content("log.txt", "Out[3]:\n" + printed + "\n"), {"notebook", "microdata"}
    yield "txt-key", content("toelichting.txt", "De persoon met nummer 004128831 is weggelaten.\n"), {"identifier"}
    yield "txt-counts", content("tabel.txt", "leeftijd   aantal\n0-17       40\n18-29      7\n30-44      51\n"), {"min_frequency"}
    yield "txt-image", content("beeld.txt", "data:image/png;base64,iVBORw0KGgo" + "A" * 200), {"hidden_content"}
    yield "txt-notebook", content("nb.txt", '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'), {"notebook"}
    yield "py-literal", content("a.py", "df = df[df['RINPERSOON'] != '000123456']\n"), {"script_literal"}
    yield "py-number", content("b.py", "df = df[df.rinpersoon == 123456781]\n"), {"script_literal"}
    yield "py-comment", content("c.py", "x = 1\n# bij 004128831 klopt het niet\n"), {"identifier"}
    yield "py-output", content("d.py", "# wijk    n\n# A       40\n# B       7\n# C       90\ntab()\n"), {"min_frequency"}
    yield "py-small", content("e.py", "# in deze cel n=3 dus weglaten\n"), {"script_literal"}
    yield "r-literal", content("f.r", 'd <- subset(d, rinpersoon == "123456781")\n'), {"script_literal"}
    yield "r-data", content("g.r", "d <- read.table(text='a b\n1 2\n3 4', header=TRUE)\n"), {"script_literal"}
    yield "do-literal", content("h.do", '* opschonen\ndrop if rinpersoon=="000123456"\n'), {"script_literal"}
    yield "do-input", content("i.do", "clear\ninput id y\n1 20\n2 30\nend\nsum y\n"), {"script_literal"}
    yield "sps-data", content("j.sps", "DATA LIST FREE / a b.\nBEGIN DATA\n1 2\n3 4\nEND DATA.\n"), {"script_literal"}
    yield "sps-literal", content("k.sps", "SELECT IF (brin = '06AB').\n"), {"script_literal"}
    yield "py-list", content("l.py", "y = [" + ", ".join(str(r.randrange(1000, 99999)) for _ in range(80)) + "]\n"), {"script_literal"}
    # figures
    yield "png-metadata", content("fig.png", png({"Description": "data van x"})), {"metadata"}
    yield "png-key", content("fig2.png", png({"Title": "persoon 004128831"})), {"identifier"}
    yield "png-tail", content("fig3.png", png(tail=b"PK\x03\x04 geheim")), {"hidden_content"}


def harmless() -> Iterator[tuple[str, FileContent]]:
    """Files in which nothing is unsafe. Some of them need a look (review), none of them is to be blocked."""
    r = random.Random(2)
    for at, (delimiter, encoding) in enumerate([(",", "utf-8"), (";", "utf-8-sig"), ("\t", "cp1252"), (";", "utf-16")]):
        yield f"counts-{at}", content(f"aantal{at}.csv", table([["leeftijdsgroep", "aantal"], *([a, big(r)] for a in AGES)], delimiter), encoding)
    yield "boundary-ten", content("tien.csv", table([["groep", "n"], ["a", 10], ["b", 10], ["c", 80]]))
    yield "boundary-ninety", content("negentig.csv", table([["groep", "n"], ["a", 90], ["b", 10]]))
    cross = [["Aantal", "man", "vrouw", "totaal"], ["laag", 40, 50, 90], ["midden", 70, 60, 130], ["totaal", 110, 110, 220]]
    yield "cross", content("kruistabel.csv", table(cross))
    yield "cross-xlsx", content("kruistabel.xlsx", book({"aantallen": cross}))
    yield (
        "cross-suppressed",
        content("onderdrukt.csv", table([["Aantal", "man", "vrouw"], ["laag", "<10", 50], ["midden", "x", 60], ["hoog", 70, 65]])),
    )
    yield (
        "dutch-thousands",
        content("duizend.csv", table([["gemeente", "inwoners"], ["Delft", "103.163"], ["Ede", "119.186"], ["Breda", "184.126"]], ";")),
    )
    yield "english-thousands", content("thousand.csv", 'gemeente,inwoners\nDelft,"103,163"\nEde,"119,186"\nBreda,"184,126"\n')
    yield "means", content("gemiddeld.csv", table([["groep", "n", "gemiddelde"], *([a, big(r), round(r.uniform(900, 3000), 1)] for a in AGES)]))
    yield (
        "mean-per-gemeente",
        content("gem.csv", table([["gemeente", "n", "gem_inkomen"], *([f"Gemeente {i}", big(r), r.randrange(20000, 40000)] for i in range(342))])),
    )
    yield (
        "codes-per-gemeente",
        content("gemcode.csv", table([["gemeentecode", "n", "aandeel"], *([f"GM{i:04d}", big(r), round(r.uniform(5, 60), 1)] for i in range(342))])),
    )
    yield "buurten", content("buurt.csv", table([["buurtcode", "inwoners"], *([f"BU{i:08d}", big(r)] for i in range(3630000, 3630080))]))
    yield "buurtnummers", content("buurtnr.csv", table([["buurt", "inwoners"], *([f"{i:08d}", big(r)] for i in range(3630000, 3630080))]))
    yield "pc4", content("pc4.csv", table([["pc4", "n"], *([i, big(r)] for i in range(1011, 1100))]))
    yield (
        "long-cube",
        content(
            "lang.csv",
            table([["jaar", "geslacht", "leeftijd", "n"], *([y, g, a, level(r)] for y in range(2010, 2022) for g in ("M", "V") for a in AGES)]),
        ),
    )
    yield "single-years", content("leeftijd.csv", table([["leeftijd", "geslacht", "n"], *([a, g, level(r)] for a in range(18, 90) for g in "MV")]))
    yield "ages-without-a-name", content("leeftijden.csv", table([["", "n"], *([a, level(r)] for a in range(100))]))
    yield "years-without-a-name", content("jaarreeks.csv", table([["", "gemiddelde"], *([y, round(r.random() * 90, 1)] for y in range(1995, 2024))]))
    yield (
        "sparse-cube",
        content(
            "ijl.csv",
            table(
                [["gemeente", "sector", "jaar", "n"]]
                + [[g, f"sector {s}", y, level(r)] for g in GEMEENTEN for s in range(20) for y in range(2015, 2020) if r.random() < 0.2]
            ),
        ),
    )
    yield (
        "time-series",
        content("reeks.csv", table([["datum", "n"], *([f"{y}-{m:02d}-01", big(r)] for y in range(2015, 2022) for m in range(1, 13))])),
    )
    yield (
        "income-totals",
        content("totaal.csv", table([["gemeente", "som_inkomen", "n"], *([g, r.randrange(10**8, 10**10), big(r)] for g in GEMEENTEN)])),
    )
    yield (
        "regression",
        content(
            "model.csv",
            table([["term", "estimate", "std_error", "p"], *([f"x{i}", r.gauss(0, 1), abs(r.gauss(0, 0.2)), r.random()] for i in range(30))]),
        ),
    )
    yield (
        "regression-stars",
        content(
            "tabel2.csv",
            table(
                [["", "(1)", "(2)"]]
                + [
                    row
                    for i in range(15)
                    for row in ([f"var{i}", f"{r.gauss(0, 1):.3f}***", f"{r.gauss(0, 1):.3f}"], ["", f"({r.random():.3f})", f"({r.random():.3f})"])
                ]
                + [["N", 12000, 11876]]
            ),
        ),
    )
    yield (
        "models-long",
        content(
            "modellen.csv",
            table([["model", "term", "estimate", "n"], *([m, f"x{i}", round(r.gauss(0, 1), 4), 2500] for m in ("basis", "vol") for i in range(20))]),
        ),
    )
    yield (
        "correlations",
        content(
            "cor.csv", table([["", *[f"x{i}" for i in range(12)]], *([f"x{i}", *[round(r.uniform(-1, 1), 2) for _ in range(12)]] for i in range(12))])
        ),
    )
    yield "density", content("dichtheid.csv", table([["x", "density"], *([round(i * 0.1, 1), round(r.random(), 5)] for i in range(100))]))
    yield (
        "survival",
        content("km.csv", table([["tijd", "overleving", "n_at_risk"], *([t, round(1 - t / 400, 4), 2000 - 10 * t] for t in range(0, 120, 2))])),
    )
    yield "percentiles", content("perc.csv", table([["percentiel", "waarde", "n"], *([p, 900 + 31 * p, 250] for p in range(10, 100, 10))]))
    yield "histogram", content("hist.csv", table([["van", "tot", "n"], *([b, b + 1000, big(r)] for b in range(0, 60000, 1000))]))
    yield (
        "codebook",
        content("codeboek.csv", table([["variabele", "label", "type"], *([f"var{i}", f"Variabele nummer {i}", "A1"] for i in range(40))])),
    )
    yield (
        "title-and-note",
        content("opgemaakt.csv", "Tabel 1. Aantal personen\n\n" + table([["groep", "n"], ["a", 40], ["b", 60]]) + "\nBron: eigen berekening\n"),
    )
    yield "two-tables", content("twee.csv", table([["groep", "n"], ["a", 40], ["b", 60]]) + "\n" + table([["jaar", "n"], [2019, 40], [2020, 60]]))
    yield "decryption", content("ontsleutel.csv", table([["PC6", "n"], *([pc6(r), big(r)] for _ in range(30))]))
    yield (
        "decryption-brin",
        content("scholen.csv", table([["BRIN", "n", "gemiddelde"], *([brin(r), big(r), round(r.uniform(5, 8), 2)] for _ in range(30))])),
    )
    yield (
        "xlsx-two-sheets",
        content("twee.xlsx", book({"tabel 1": [["groep", "n"], ["a", 40], ["b", 60]], "tabel 2": [["jaar", "n"], [2019, 44], [2020, 66]]})),
    )
    yield (
        "xlsx-notes",
        content(
            "noot.xlsx",
            book({"tabel": [["Aantal personen per groep"], [], ["groep", "n"], ["a", 40], ["b", 60]], "lees mij": [["Bron: CBS"], ["2026"]]}),
        ),
    )
    yield "empty", content("leeg.csv", "")
    yield "header-only", content("kop.csv", "a,b,c\n")
    yield (
        "readme",
        content(
            "lees.txt",
            "Bestanden: tabel.csv bevat de aantallen per leeftijdsgroep.\nPersonen zijn gekoppeld op RINPERSOON; het jaar is 2021.\n"
            "Bel 0701234567.\n",
        ),
    )
    yield (
        "method",
        content(
            "methode.txt",
            "Adres: Henri Faasdreef 312, 2492 JP Den Haag. Budget 125000000 euro, N = 12000.\n\n1. Inleiding\n2. Methode\n3. Resultaten\n",
        ),
    )
    yield (
        "script-py",
        content(
            "analyse.py",
            "import pandas as pd\nSEED = 20260604\nTOTAL = 1_000_000_000\ndf = pd.read_csv('x.csv', dtype={'RINPERSOON': str})\n"
            "# koppel op RINPERSOON en tel\nprint(df.groupby('geslacht').size())\nage = [18, 30, 45, 65, 80]\n",
        ),
    )
    yield (
        "script-r",
        content(
            "model.r",
            "# model\nset.seed(123)\nd <- merge(a, b, by = c('RINPERSOONS', 'RINPERSOON'))\n"
            "m <- lm(y ~ x, data = d)\ncuts <- c(0, 1e4, 2e4, 999999999)\n",
        ),
    )
    yield (
        "script-do",
        content(
            "schoon.do",
            '* inlezen\nuse "data.dta", clear\nmerge 1:1 rinpersoon using b\nreplace y = . if y == 999999999\n/* tabel */\ntab leeftijd\n',
        ),
    )
    yield (
        "script-sps",
        content(
            "syntax.sps",
            "GET FILE='G:\\Bevolking\\GBAPERSOON2023TABV1.sav'.\nRECODE leeftijd (0 THRU 17=1) (18 THRU 64=2) INTO lft.\nFREQUENCIES lft.\n",
        ),
    )
    yield (
        "script-hash",
        content("pakket.py", "# sha256 van het pakket\nPIN = 'b3d134b7670fd4702bab3100338b244c'\nfor jaar in range(2010, 2022):\n    lees(jaar)\n"),
    )
    yield "figure", content("figuur.png", png({"Software": "Matplotlib version 3.10"}))
