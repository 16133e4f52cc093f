"""One row per person in every notation people and programs write, and what looks like it without being it."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from corpus import AGES, GEMEENTEN, PERSON_COLUMNS, content, level, person, table

from jupyter_cbs.domain.files import FileContent

MARKS = {
    ":": "colon",
    ";": "semicolon",
    "|": "pipe",
    "\t": "tab",
    "^": "caret",
    "~": "tilde",
    ",": "comma",
    ", ": "comma-blank",
    " | ": "wide-pipe",
    "  ": "two-blanks",
    "::": "two-colons",
}
Rows = Sequence[Sequence[object]]


def people(seed: int, count: int = 60) -> list[list[Any]]:
    rng = random.Random(seed)
    return [person(rng) for _ in range(count)]


def accounts(seed: int, count: int) -> str:
    """Rows as in ``/etc/passwd``: a name of its own, numbers, a path and a shell."""
    rng = random.Random(seed)
    names = rng.sample(
        [a + b for a in ("jan", "an", "pie", "mo", "el", "sa", "ti", "wil") for b in ("ne", "ter", "han", "sje", "ra", "mar", "co", "lla")], count
    )
    shells = ["/bin/bash", "/usr/sbin/nologin", "/bin/false"]
    return "".join(f"{n}:x:{1000 + i}:{rng.choice([100, 1000 + i])}:{n.title()}:/home/{n}:{rng.choice(shells)}\n" for i, n in enumerate(names))


def fixed(rows: Rows, gap: int = 1) -> str:
    widths = [max(len(str(row[k])) for row in rows) + gap for k in range(len(rows[0]))]
    return "\n".join("".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows) + "\n"


def dicts(rows: Rows) -> list[dict[str, object]]:
    return [dict(zip(PERSON_COLUMNS, row, strict=True)) for row in rows]


def vectors(rows: Rows, form: Callable[[str, list[object]], str]) -> str:
    return ", ".join(form(name, list(column)) for name, column in zip(PERSON_COLUMNS, zip(*rows, strict=True), strict=True))


def quoted(values: Sequence[object]) -> str:
    return ", ".join(json.dumps(value) for value in values)


def caught() -> Iterator[tuple[str, FileContent, set[str]]]:
    """Microdata, each in another notation."""
    found = {"microdata"}
    r = random.Random(22)
    for mark, name in MARKS.items():
        for kind in ("txt", "csv"):
            rows = [[str(c).replace("Den Haag", "Den_Haag") for c in row] for row in people(len(name))]
            yield f"lines-{name}-{kind}", content(f"regels.{kind}", table(rows, mark)), found
            yield f"lines-{name}-{kind}-header", content(f"regels.{kind}", table([PERSON_COLUMNS, *rows], mark)), found
    for count in (10, 14, 20, 200):
        yield f"lines-colon-{count}", content("r.txt", table(people(3, count), ":")), found
    yield "lines-two-fields", content("r.txt", table([row[1::3] for row in people(4)], ":")), found
    yield "lines-three-codes", content("r.txt", table([[r.randrange(1, 3), r.randrange(18, 90), r.randrange(7)] for _ in range(80)], ":")), found
    yield "lines-text-only", content("r.txt", table([[row[0], row[2], row[3], "ja" if row[1] > 50 else "nee"] for row in people(5, 90)], ":")), found
    yield "lines-key-like", content("r.txt", table([[f"p{i:03d}", *row] for i, row in enumerate(people(6))], ":")), found
    yield "lines-among-prose", content("r.txt", "Hieronder de gegevens.\n\n" + table(people(7), ":") + "\nEinde van de gegevens.\n"), found
    yield "lines-blank-between", content("r.txt", table(people(8), ":").replace("\n", "\n\n")), found
    yield "lines-in-markdown", content("r.md", "# Data\n\n" + "".join("| " + " | ".join(map(str, row)) + " |\n" for row in people(9))), found
    yield "lines-in-latex", content("r.tex", "".join(" & ".join(map(str, row)) + r" \\" + "\n" for row in people(10))), found
    yield "lines-as-tuples", content("r.txt", "".join(f"{tuple(row)}\n" for row in people(11))), found
    yield "lines-decimal-comma", content("r.txt", "".join(":".join(map(str, row)).replace(".", ",") + "\n" for row in people(12))), found
    yield "accounts-txt", content("namen.txt", accounts(1, 40)), found
    yield "accounts-csv", content("namen.csv", accounts(2, 30)), found
    for kind in ("txt", "csv"):
        yield f"fixed-{kind}", content(f"vast.{kind}", fixed(people(13))), found
        yield f"fixed-wide-{kind}", content(f"vast.{kind}", fixed(people(14), 4)), found
        yield f"fixed-header-{kind}", content(f"vast.{kind}", fixed([PERSON_COLUMNS, *people(15)])), found
    yield "fixed-numbered", content("vast.txt", fixed([[i, *row] for i, row in enumerate(people(16))], 2)), found
    yield "fixed-solid", content("vast.txt", "".join(f"{r[0]}{r[1]:03d}{str(r[3])[0]}{round(float(str(r[4]))):07d}\n" for r in people(17))), found
    yield (
        "fixed-digits",
        content("vast.txt", "".join(f"{i % 2 + 1}{r[1]:03d}{round(float(str(r[4]))):08d}\n" for i, r in enumerate(people(18)))),
        found,
    )
    # literals
    rows = people(20)
    yield "py-tuples", content("a.py", f"rows = {[tuple(row) for row in rows]}\n"), found
    yield "py-tuples-lines", content("a.py", "rows = [\n" + "".join(f"    {tuple(row)},\n" for row in rows) + "]\n"), found
    yield "py-lists", content("a.py", f"rows = {[list(row) for row in rows]}\nprint(len(rows))\n"), found
    yield "py-dicts", content("a.py", f"rows = {dicts(rows)}\n"), found
    yield "py-dict-calls", content("a.py", "rows = [" + ", ".join(f"dict(g={r[0]!r}, l={r[1]}, w={r[2]!r}, i={r[4]})" for r in rows) + "]\n"), found
    yield "py-frame", content("a.py", "import pandas as pd\ndf = pd.DataFrame({" + vectors(rows, lambda n, v: f"{n!r}: {v}") + "})\n"), found
    yield "py-frame-keywords", content("a.py", "df = pd.DataFrame(dict(" + vectors(rows, lambda n, v: f"{n}={v}") + "))\n"), found
    yield "py-frame-rows", content("a.py", f"df = pd.DataFrame({[list(r) for r in rows]}, columns={PERSON_COLUMNS})\n"), found
    yield (
        "py-lists-apart",
        content("a.py", "\n".join(f"{n} = {list(v)}" for n, v in zip("abcde", zip(*rows, strict=True), strict=True)) + "\n"),
        found,
    )
    yield "py-arrays", content("a.py", "d = {" + vectors(rows, lambda n, v: f"{n!r}: np.array({v})") + "}\n"), found
    yield "py-append", content("a.py", "rows = []\n" + "".join(f"rows.append({tuple(row)})\n" for row in rows)), found
    yield "py-texts", content("a.py", "rows = [" + ", ".join(repr(":".join(map(str, row))) for row in rows) + "]\n"), found
    yield "py-long-text", content("a.py", 'data = """\n' + table(rows, ":") + '"""\n'), found
    yield "py-escaped-text", content("a.py", "data = " + repr(table(rows, ";")) + "\n"), found
    yield "py-comment-lines", content("a.py", "".join("# " + ":".join(map(str, row)) + "\n" for row in rows)), found
    yield "py-dict-of-dicts", content("a.py", "d = {" + ", ".join(f"'p{i}': {record}" for i, record in enumerate(dicts(rows))) + "}\n"), found
    yield "py-twelve", content("a.py", f"rows = {[tuple(row) for row in rows[:12]]}\n"), found
    yield "r-frame", content("a.r", "d <- data.frame(" + vectors(rows, lambda n, v: f"{n} = c({quoted(v)})") + ")\n"), found
    yield "r-vectors", content("a.r", "".join(f"x{i} <- c({quoted(v)})\n" for i, v in enumerate(zip(*rows, strict=True)))), found
    yield "r-rbind", content("a.r", "d <- rbind(" + ",\n  ".join(f"c({quoted(r)})" for r in rows) + ")\n"), found
    yield "r-lists", content("a.r", "d <- list(" + ", ".join(f"list(g={json.dumps(r[0])}, l={r[1]}L, i={r[4]})" for r in rows) + ")\n"), found
    yield "r-text", content("a.r", 'x <- "' + table(rows, ":") + '"\n'), found
    yield (
        "sql-values",
        content("a.sql", "INSERT INTO t VALUES\n" + ",\n".join("(" + ", ".join(repr(c) for c in r) + ")" for r in rows) + ";\n"),
        found,
    )
    yield "json-lines", content("a.txt", "".join(json.dumps(record) + "\n" for record in dicts(rows))), found
    yield "json-lines-csv", content("a.csv", "".join(json.dumps(record) + "\n" for record in dicts(rows))), found
    yield "json-lists", content("a.txt", "".join(json.dumps(row) + "\n" for row in rows)), found
    yield "json-pretty", content("a.json", json.dumps({"data": dicts(rows)}, indent=2)), found
    yield "json-columns", content("a.txt", json.dumps(dict(zip(PERSON_COLUMNS, zip(*rows, strict=True), strict=True)))), found
    yield (
        "json-gaps",
        content("a.txt", "".join(json.dumps({k: v for k, v in d.items() if (i + len(k)) % 7}) + "\n" for i, d in enumerate(dicts(rows)))),
        found,
    )


def harmless() -> Iterator[tuple[str, FileContent]]:
    """Lines and literals of one shape that are no records of units."""
    r = random.Random(21)
    yield "log", content("run.txt", "".join(f"2026-05-04 12:{i:02d}:{r.randrange(60):02d} INFO read {r.randrange(10**6)} rows\n" for i in range(50)))
    yield "log-colons", content("run.log", "".join(f"12:{i:02d}:{r.randrange(60):02d}: stap {i}: {r.randrange(900)} ms\n" for i in range(50)))
    yield "log-levels", content("run.log", "".join(f"{r.choice(['INFO', 'DEBUG'])}:main:bestand {i} gelezen\n" for i in range(40)))
    yield "log-training", content("run.txt", "".join(f"Epoch {i}/60 - loss: {r.random():.4f} - acc: {r.random():.4f}\n" for i in range(60)))
    yield "log-iterations", content("run.txt", "".join(f"Iteration {i}:  log likelihood = {-900 - r.random():.4f}\n" for i in range(30)))
    yield "log-repeating", content("run.txt", "".join(f"loss: {r.random():.4f}\n" for i in range(40)))
    sentences = [
        "De groep is groot, maar niet heel groot, en dus veilig.",
        "Wij tellen personen, geen rijen, zoals afgesproken.",
        "Het jaar 2021: zie tabel 3.",
    ]
    yield "prose", content("tekst.txt", "".join(r.choice(sentences) + "\n" for _ in range(60)))
    yield "prose-list", content("tekst.md", "".join(f"- stap {i}: maak tabel {i}, controleer hem, lever hem\n" for i in range(1, 30)))
    yield (
        "readme-settings",
        content("lees.txt", "".join(f"naam: model {i}\naantal groepen: {r.randrange(20, 90)}\ngemiddelde: {r.random():.2f}\n\n" for i in range(20))),
    )
    yield "files", content("bestanden.txt", "".join(f"tabel_{i}.csv;csv;{r.randrange(900)}\n" for i in range(30)))
    yield "packages", content("versies.txt", "".join(f"pakket{i}=={r.randrange(9)}.{r.randrange(30)}.{r.randrange(9)}\n" for i in range(30)))
    yield "counts-colon", content("aantal.txt", "groep:jaar:n\n" + table([[a, y, level(r)] for a in AGES for y in (2020, 2021, 2022)], ":"))
    yield "counts-caret", content("aantal.csv", "groep^jaar^n\n" + table([[a, y, level(r)] for a in AGES for y in (2020, 2021, 2022)], "^"))
    yield (
        "counts-fixed",
        content("aantal.txt", fixed([["gemeente", "provincie", "aantal"], *([g, r.choice(["Noord", "Zuid"]), level(r)] for g in GEMEENTEN)], 3)),
    )
    yield (
        "counts-json",
        content("aantal.txt", "".join(json.dumps({"gemeente": g, "n": level(r), "gemiddelde": r.random()}) + "\n" for g in GEMEENTEN)),
    )
    yield "counts-title", content("aantal.txt", "Aantal inwoners per gemeente\n" + table([[g, r.choice("NZ"), level(r)] for g in GEMEENTEN], ":"))
    terms = [f"x{i}" for i in range(14)]
    yield (
        "model-output",
        content(
            "model.txt", "term  estimate  std.error  p\n" + "".join(f"{t}  {r.gauss(0, 1):.3f}  {r.random():.3f}  {r.random():.3f}\n" for t in terms)
        ),
    )
    yield (
        "model-stars",
        content("model.txt", "".join(f"{t:<8}{r.gauss(0, 1):>9.4f}{r.random():>9.4f}  {r.choice(['***', '**', ' '])}\n" for t in terms)),
    )
    yield (
        "model-stata",
        content(
            "model.log", "".join(f"{t:>12} | {r.gauss(0, 1):>9.4f} {r.random():>9.4f} {r.gauss(0, 2):>7.2f} {r.random():>6.3f}\n" for t in terms)
        ),
    )
    yield "correlations", content("cor.txt", "".join(f"{t:<6}" + "".join(f"{r.uniform(-1, 1):>7.2f}" for _ in terms) + "\n" for t in terms))
    yield "codebook-colon", content("codeboek.txt", "".join(f"var{i}:Variabele nummer {i}:A{r.randrange(1, 9)}\n" for i in range(40)))
    yield "py-mapping", content("a.py", "codes = {" + ", ".join(f"'{g}': {i * 17 % 401}" for i, g in enumerate(GEMEENTEN)) + "}\n")
    yield "py-pairs", content("a.py", "codes = [" + ", ".join(f"('{g}', {i * 17 % 401})" for i, g in enumerate(GEMEENTEN)) + "]\n")
    yield (
        "py-calls",
        content(
            "a.py",
            "".join(f"ws.table(rows='gemeente', columns='{c}', where='jaar = {y}')\n" for y in range(2010, 2022) for c in ("leeftijd", "geslacht")),
        ),
    )
    yield "py-plots", content("a.py", "".join(f"ax.text({i}, {i * 2}, 'punt {i}')\nfig.add_subplot(3, 4, {i})\n" for i in range(1, 20)))
    yield "py-labels", content("a.py", "labels = ['" + "', '".join(GEMEENTEN) + "']\nedges = [" + ", ".join(str(i * 5) for i in range(12)) + "]\n")
    yield "py-renames", content("a.py", "df = df.rename(columns={" + ", ".join(f"'v{i}': 'variabele_{i}'" for i in range(30)) + "})\n")
    yield (
        "py-results",
        content("a.py", "out = pd.DataFrame({'gemeente': " + repr(GEMEENTEN) + ", 'n': " + repr([level(r) for _ in GEMEENTEN]) + "})\n"),
    )
    yield "r-recode", content("a.r", "d$x <- recode(d$x, " + ", ".join(f"'{i}' = 'groep {i % 4}'" for i in range(30)) + ")\nm <- lm(y ~ x, d)\n")
    yield "r-cuts", content("a.r", "".join(f"d$k{i} <- cut(d$v{i}, c({i}, {i + 10}, {i + 20}))\n" for i in range(30)))
    yield "do-recode", content("a.do", "".join(f'recode v{i} (1 2 = 1) (3 4 = 2)\nlabel define l{i} 1 "laag" 2 "hoog"\n' for i in range(30)))
    yield "sps-labels", content("a.sps", "VALUE LABELS g\n" + "".join(f"  {i} 'Gemeente {i}'\n" for i in range(1, 40)) + ".\n")
    yield (
        "sql-case",
        content("a.sql", "select case " + "".join(f"when a between {i} and {i + 4} then '{i}-{i + 4}'\n" for i in range(0, 90, 5)) + "end from t;\n"),
    )
    named = [f"update-alternatives 2026-06-{i // 24 + 1:02d} {i % 24:02d}:{r.randrange(60):02d}:01: link {i % 9} to /usr/bin/x" for i in range(60)]
    yield "log-named", content("u.log", "\n".join(named))
    below = ["              d(Dp)    d(R)"]
    for t in terms:
        below.append(f"{t:>12} |{r.gauss(0, 1):>9.3f}{r.gauss(0, 1):>9.3f}")
        below += [f"             |  {a}{r.random():.3f}{b}  {a}{r.random():.3f}{b}" for a, b in ("()", "{}", "[]")]
    yield "model-errors-below", content("var.txt", "\n".join(below))
    names = ["tested order", "test statistic", " p-value", "adjusted test statistic", " p-value"]
    yield "model-tests", content("diag.txt", "".join(f"{name}: {r.random() * 50:.4f}\n" for _ in range(4) for name in names))
    calls = [
        f"idx = period_range('20{i}', periods={i * 7 % 30})\nx = f(idx)\nfor k in range({i % 3}, {i * 5 % 17}):\n    pass" for i in range(10, 40)
    ]
    yield "py-calls-scattered", content("a.py", "\n".join(calls))
    tables = [
        f"Group('kind {k}', _table({', '.join(f'call_{chr(97 + i)}=({r.randrange(400)}, {r.randrange(200)})' for i in range(17))}))" for k in range(2)
    ]
    yield "py-tables-of-numbers", content("a.py", f"GROUPS = ({', '.join(tables)})\n")
    yield "p-values", content("toets.txt", "".join(f"p-value:  {r.random():.2f}\n" for _ in range(14)))
    yield "p-values-indented", content("toets.log", "".join(f" p-value:  {r.random():.2f}\n" for _ in range(25)))
    numbered_calls = ", ".join(f"call{i:02d}=({r.randrange(400)}, {r.randrange(200)})" for i in range(17))
    yield "py-numbered-pairs", content("a.py", f"MODEL = build({numbered_calls})\n")
    bounds = [0, *(k * 40 + r.randrange(40) for k in range(1, 30))]
    yield "py-ranges", content("a.py", f"WIDTHS = {[(a, b - 1, r.randrange(-1, 3)) for a, b in itertools.pairwise(bounds)]}\n")
    yield "py-strategies", content("a.py", "S = {" + ", ".join(f"Int{8 * k}: integers({8 * k}, signed=True)" for k in range(14, 1, -1)) + "}\n")
    yield (
        "py-subscripts",
        content("t.py", "".join(f"check(A[{r.randrange(9)}:{r.randrange(9)}, [2, 5]].sum(), {r.randrange(40)})\n" for _ in range(20))),
    )
    yield "py-mapping-of-numbers", content("a.py", "sizes = {" + ", ".join(f"{k * k}: {k * k + r.randrange(9)}" for k in range(30)) + "}\n")
    yield "py-code-pages", content("a.py", f"PAGES = {[f'cp{1250 + i}' for i in range(12)]}\n")
    yield "py-links", content("a.py", "".join(f"# see https://github.com/x/y/blob/{r.randbytes(20).hex()}/a.py#L{i}\n" for i in range(9)) + "x = 1\n")
    firms = ["Red Hat", "Nokia Corporation", "Axis Communications", "Silicon Graphics", "Free Software", "Linaro Limited", "Renesas Technology"]
    yield "copyright", content("copyright.txt", "".join(f"Copyright (c) {r.randrange(1990, 2024)} {r.choice(firms)}\n" for _ in range(24)))
