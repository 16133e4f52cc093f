"""What the scan finds in finished files, and what it leaves alone."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Collection, Sequence

import corpus_records
import pyarrow as pa
import pytest
from corpus import book, content, harmless, must_catch, person, rin, table
from evidence_frames import Row, crosstab, dimension, frame_of, meta_of, row_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_cbs.disclosure.judge import judge
from jupyter_cbs.disclosure.scan import SCANNERS, ScanContext, ScanResult, scan
from jupyter_cbs.disclosure.scanners import delimited, records
from jupyter_cbs.disclosure.scanners.delimited import sniff
from jupyter_cbs.disclosure.scanners.values import decimal_mark, is_count_name, number, readings
from jupyter_cbs.domain.evidence import TableMeta
from jupyter_cbs.domain.files import FileContent
from jupyter_cbs.domain.finding import Rule, Status, Where
from jupyter_cbs.domain.grid import render_grid, shape_key
from jupyter_cbs.domain.rules import RuleProfile

CONTEXT = ScanContext(RuleProfile())


def worst(result: ScanResult) -> Status:
    return Status.worst([f.status for f in result.findings])


def rules(result: ScanResult) -> set[str]:
    return {f.rule.value for f in result.findings}


# ------------------------------------------------------------------------------------------------ the corpus


def test_everything_that_must_be_caught_is_caught() -> None:
    files = list(must_catch())
    assert len(files) >= 60
    missed = {name: (expected, rules(scan(file, CONTEXT))) for name, file, expected in files if not expected <= rules(scan(file, CONTEXT))}
    assert missed == {}


def test_records_in_any_notation_are_microdata() -> None:
    files = list(corpus_records.caught())
    assert len(files) >= 90
    missed = {name: worst(scan(file, CONTEXT)) for name, file, expected in files if not expected <= rules(scan(file, CONTEXT))}
    assert missed == {}


@pytest.mark.parametrize("before", [0, 19_990, 24_000])
@pytest.mark.parametrize("kind", ["txt", "md", "json", "log", "tex"])
def test_keys_are_found_wherever_in_a_line_they_stand(kind: str, before: int) -> None:
    line = ("lorem ipsum " * 2_000)[:before] + " ".join(f"RINPERSOON 1000{n:05} income {5_000 + n}" for n in range(40))
    assert worst(scan(content(f"long.{kind}", line), CONTEXT)) is Status.UNSAFE


@pytest.mark.parametrize("before", [0, 19_990, 24_000])
def test_person_numbers_and_addresses_are_found_wherever_in_a_cell_or_line_they_stand(before: int) -> None:
    long = ("lorem ipsum " * 2_000)[:before]
    cell = content("long.csv", f"gemeente;toelichting;aantal\nUtrecht;{long} RINPERSOON 123456782 klopt niet;120\n")
    assert {f.status for f in scan(cell, CONTEXT).findings if f.rule == Rule.IDENTIFIER} == {Status.UNSAFE}
    line = content("long.txt", long + " ".join(f"naam{n}@voorbeeld.nl" for n in range(40)))
    assert {f.status for f in scan(line, CONTEXT).findings if f.rule == Rule.IDENTIFIER} == {Status.REVIEW}


def test_few_records_are_for_review_and_more_are_unsafe() -> None:
    for count, status in [(10, Status.REVIEW), (19, Status.REVIEW), (20, Status.UNSAFE), (60, Status.UNSAFE)]:
        rows = corpus_records.people(1, count)
        for file in (content("r.txt", table(rows, ":")), content("r.csv", table(rows, ":")), content("r.py", f"rows = {[tuple(r) for r in rows]}\n")):
            assert [f.status for f in scan(file, CONTEXT).findings if f.rule == Rule.MICRODATA] == [status], (file.name, count)


def test_records_are_told_once_and_where_they_start() -> None:
    text = "Hieronder de gegevens.\n\n" + table(corpus_records.people(7), ":")
    found = [f for f in scan(content("r.txt", text), CONTEXT).findings if f.rule == Rule.MICRODATA]
    assert [f.where.line for f in found] == [3]
    assert found[0].text.en.startswith("60 rows ")
    script = "import pandas as pd\n\nrows = [\n" + "".join(f"    {tuple(row)},\n" for row in corpus_records.people(8)) + "]\n"
    found = [f for f in scan(content("r.py", script), CONTEXT).findings if f.rule == Rule.MICRODATA]
    assert [f.where.line for f in found] == [4]


def test_counts_between_odd_separators_are_checked_as_counts() -> None:
    rows = [["groep", "jaar", "n"], *([f"groep {i}", 2020 + i % 2, 40 + i] for i in range(12)), ["groep 13", 2021, 7]]
    for file in (content("t.txt", table(rows, ":")), content("t.csv", table(rows, "^"))):
        assert {f.rule for f in scan(file, CONTEXT).findings if f.status == Status.UNSAFE} == {Rule.MIN_FREQUENCY}, file.name


def test_harmless_files_are_not_blocked() -> None:
    files = [*harmless(), *corpus_records.harmless()]
    assert len(files) >= 70
    alarms = {}
    for name, file in files:
        result = scan(file, CONTEXT)
        bad = [f for f in result.findings if f.status.badness >= Status.UNSAFE.badness or f.rule in (Rule.MICRODATA, Rule.UNREADABLE)]
        if bad:
            alarms[name] = [(f.rule.value, f.text.en, f.where) for f in bad]
    assert len(alarms) <= 0.02 * len(files), alarms


def test_counts_that_are_fine_are_safe_and_not_merely_unblocked() -> None:
    quiet = {
        "counts-0",
        "counts-1",
        "counts-2",
        "counts-3",
        "boundary-ten",
        "boundary-ninety",
        "cross",
        "cross-xlsx",
        "cross-suppressed",
        "long-cube",
        "empty",
    }
    for name, file in harmless():
        if name in quiet:
            assert scan(file, CONTEXT).findings == (), name


@pytest.mark.parametrize("name", ["means", "income-totals", "regression", "correlations"])
def test_numbers_without_proof_are_never_silently_safe(name: str) -> None:
    result = scan(dict(harmless())[name], CONTEXT)
    assert "unknown_table" in rules(result)
    assert worst(result) == Status.REVIEW


# ------------------------------------------------------------------------------------------------ places and counts


def test_a_small_cell_is_shown_where_it_is() -> None:
    result = scan(content("t.csv", "leeftijd;aantal\n0-9;44\n10-19;3\n20-29;40\n"), CONTEXT)
    (finding,) = result.findings
    assert (finding.rule, finding.status, finding.basis) == (Rule.MIN_FREQUENCY, Status.UNSAFE, "found")
    assert finding.where == Where(row=3, column="aantal", cell="B3")
    assert finding.text.en == "3 observations in row ‘10-19’ and column ‘aantal’, at least 10 are needed: so few can be recognised."
    assert finding.text.nl == "3 waarnemingen in rij ‘10-19’ en kolom ‘aantal’, er zijn er minstens 10 nodig: zo weinigen zijn herkenbaar."
    assert result.tables == 1
    assert result.cells == 8


def test_cells_are_all_that_hold_something_headers_included() -> None:
    assert scan(content("t.csv", "a,b\n1,\n,\n 2 ,3\n"), CONTEXT).cells == 5
    result = scan(content("t.xlsx", book({"a": [["x", "n"], ["p", 40]], "b": [["y"], [None], ["z"]]})), CONTEXT)
    assert result.cells == 6
    assert scan(content("notes.txt", "just words\n"), CONTEXT).cells == 0


def test_thresholds_come_from_the_profile() -> None:
    file = content("t.csv", "g,n\na,12\nb,14\nc,11\n")
    assert scan(file, CONTEXT).findings == ()
    assert len(scan(file, ScanContext(RuleProfile(min_frequency=13))).findings) == 2


def test_a_file_from_a_descriptor_is_read_from_the_start(tmp_path: object) -> None:
    path = os.path.join(str(tmp_path), "t.csv")
    with open(path, "w") as stream:
        stream.write("g,n\na,3\nb,44\nc,44\n")
    fd = os.open(path, os.O_RDONLY)
    try:
        os.read(fd, 4)
        file = FileContent(path="shared/t.csv", name="t.csv", type="csv", kind="table", size=22, fd=fd)
        assert rules(scan(file, CONTEXT)) == {"min_frequency"}
        assert rules(scan(file, CONTEXT)) == {"min_frequency"}
    finally:
        os.close(fd)


def test_hundreds_of_small_cells_are_counted_and_not_all_listed() -> None:
    result = scan(content("t.csv", table([["g", "n"], *([f"g{i}", 5] for i in range(350))])), CONTEXT)
    assert len(result.findings) == 101
    assert any("250 more" in f.text.en for f in result.findings)


def test_a_key_far_down_a_long_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "WHOLE_CELLS", 20_000)
    rng = random.Random(5)
    rows: list[Sequence[object]] = [["groep", "x", "aantal"], *([f"g{i}", "a", 50] for i in range(5_010))]
    rows += [[f"h{i}", rin(rng), 50] for i in range(30)]
    result = scan(content("lang.csv", table(rows)), CONTEXT)
    assert {"identifier", "unreadable"} <= rules(result)
    assert result.cells == 3 * len(rows)


# ------------------------------------------------------------------------------------------------ tables with evidence


def lookup_of(*known: tuple[TableMeta, pa.Table]) -> ScanContext:
    def lookup(keys: Collection[str]) -> Sequence[tuple[TableMeta, pa.Table]]:
        return [(meta, frame) for meta, frame in known if shape_key(meta) in keys]

    return ScanContext(RuleProfile(), lookup)


def csv_of(meta: TableMeta, frame: pa.Table, hidden: Collection[int] = ()) -> FileContent:
    return content("tabel.csv", table(render_grid(meta, frame, hidden)))


COUNTS = [[44, 50, 60], [4, 30, 70], [80, 45, 20]]


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_table_made_here_is_judged_on_its_evidence(rows: int) -> None:
    frame, dims = crosstab(COUNTS)
    meta = meta_of(dims, rows=rows)
    result = scan(csv_of(meta, frame), lookup_of((meta, frame)))
    assert [(f.rule, f.status, f.basis) for f in result.findings] == [(Rule.MIN_FREQUENCY, Status.UNSAFE, "verified")]
    assert "4 persons" in result.findings[0].text.en
    where = result.findings[0].where
    grid = render_grid(meta, frame, ())
    assert where.row is not None
    assert "4" in grid[where.row - 1]


def test_suppression_by_ourselves_leaves_nothing_to_say() -> None:
    frame, dims = crosstab(COUNTS)
    for rows in (0, 1, 2):
        meta = meta_of(dims, rows=rows)
        judged = judge(frame, dims, meta.spec, RuleProfile(), "person")
        assert scan(csv_of(meta, frame, judged.hidden), lookup_of((meta, frame))).findings == ()


def test_a_lone_suppressed_cell_is_given_away() -> None:
    frame, dims = crosstab(COUNTS)
    meta = meta_of(dims, rows=1)
    result = scan(csv_of(meta, frame, [row_of(frame, "1", "0")]), lookup_of((meta, frame)))
    assert [(f.rule, f.basis) for f in result.findings] == [(Rule.SECONDARY, "verified")]


def test_two_small_cells_hidden_together_are_still_small() -> None:
    frame, dims = crosstab([[4, 3, 40], [5, 2, 50], [80, 45, 20]])
    meta = meta_of(dims, rows=1)
    hidden = [row_of(frame, a, b) for a in "01" for b in "01"]
    result = scan(csv_of(meta, frame, hidden), lookup_of((meta, frame)))
    assert rules(result) == {"union"}


def test_dominance_is_seen_in_a_finished_table() -> None:
    rows = [Row(0, ("a",), 900.0)] + [Row(i, ("a",), 10.0) for i in range(1, 30)] + [Row(100 + i, ("b",), 10.123) for i in range(40)]
    frame = frame_of(rows, 1, "mean")
    meta = meta_of([dimension("A", ["a", "b"])], rows=1, statistic="mean", value_label="mean V")
    result = scan(csv_of(meta, frame), lookup_of((meta, frame)))
    assert ("dominance", "unsafe") in {(f.rule.value, f.status.value) for f in result.findings}
    assert {f.basis for f in result.findings} == {"verified"}


def test_rounding_and_dutch_notation_do_not_hinder_recognition() -> None:
    rows = [Row(i, ("a",), 1000.0 + i / 7) for i in range(40)] + [Row(100 + i, ("b",), 10.123) for i in range(40)]
    frame = frame_of(rows, 1, "mean")
    meta = meta_of([dimension("A", ["a", "b"])], rows=1, statistic="mean", value_label="mean V")
    grid = render_grid(meta, frame, ())
    rounded = [[f"{float(c):.1f}".replace(".", ",") if c.replace(".", "").isdigit() else c for c in row] for row in grid]
    assert rounded != grid
    for rows_ in (grid, rounded):
        assert scan(content("t.csv", table(rows_, ";")), lookup_of((meta, frame))).findings == ()
        assert scan(content("t.xlsx", book({"Sheet1": rows_})), lookup_of((meta, frame))).findings == ()


def test_evidence_is_judged_with_the_profile_of_its_data() -> None:
    frame, dims = crosstab([[44, 50], [40, 30]])
    meta = meta_of(dims, rows=1).model_copy(update={"rule_profile": "income_wealth"})
    strict = {"default": RuleProfile(), "income_wealth": RuleProfile(advisory_min_frequency=45)}
    context = ScanContext(RuleProfile(), lookup_of((meta, frame)).lookup, rules=lambda name: strict[name])
    assert [f.status for f in scan(csv_of(meta, frame), context).findings] == [Status.REVIEW] * 3


def test_changed_numbers_are_not_verified() -> None:
    frame, dims = crosstab([[44, 50], [40, 30]])
    meta = meta_of(dims, rows=1)
    grid = render_grid(meta, frame, ())
    grid[2][1] = "45"
    result = scan(content("t.csv", table(grid)), lookup_of((meta, frame)))
    assert "1 values differ" in result.findings[0].text.en
    assert result.findings[0].status == Status.REVIEW
    extra = [*render_grid(meta, frame, ()), ["erbij", "3", "", ""]]
    assert scan(content("t.csv", table(extra)), lookup_of((meta, frame))).findings != ()
    wider = [[*row, "99"] if i >= 2 else row for i, row in enumerate(render_grid(meta, frame, ()))]
    assert scan(content("t.csv", table(wider)), lookup_of((meta, frame))).findings != ()


def test_the_evidence_that_agrees_is_chosen_among_tables_of_one_shape() -> None:
    frame, dims = crosstab(COUNTS)
    other, _ = crosstab([[50, 50, 60], [40, 30, 70], [80, 45, 20]])
    meta = meta_of(dims, rows=1)
    assert rules(scan(csv_of(meta, frame), lookup_of((meta, other), (meta, frame)))) == {"min_frequency"}
    assert scan(csv_of(meta, other), lookup_of((meta, frame), (meta, other))).findings == ()


# ------------------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("1.234", 1234),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("12,5", 12.5),
        ("12.50", 12.5),
        ("1 234 567", 1234567),
        ("95 %", 95),
        ("€ 12,50", 12.5),
        ("0,12***", 0.12),
        ("-3", -3),
        ("1e3", 1000),
        ("<10", None),
        ("x", None),
        ("", None),
        ("0-9", None),
        ("80+", None),
        ("12 jaar", None),
    ],
)
def test_numbers_as_people_write_them(text: str, value: float | None) -> None:
    assert number(text) == value


def test_all_that_a_number_can_mean() -> None:
    assert readings("12") == [(12.0, 0)]
    assert readings("12,50") == [(12.5, 2)]
    assert readings("1.234") == [(1234.0, 0), (1.234, 3)]
    assert readings("1.234,5") == [(1234.5, 1)]
    assert readings("0.123") == [(0.123, 3)]
    assert readings("1,234,567") == [(1234567.0, 0)]
    assert readings("× 5") == []


def test_company_tells_the_decimal_mark() -> None:
    assert decimal_mark(["10.123", "9.5"]) == "."
    assert decimal_mark(["10,123", "0,512"]) == ","
    assert decimal_mark(["10.123", "9.512"]) == ""
    assert [number(t, ".") for t in ("10.123", "9.5")] == [10.123, 9.5]


def test_separators_are_recognised() -> None:
    assert sniff("a;b;c\n1,5;2,5;3\n2,5;1,0;4\n") == ";"
    assert sniff("a,b\n1,2\n") == ","
    assert sniff("a\tb\n1\t2\n") == "\t"
    assert sniff("een\ntwee\n") == ","
    assert sniff("") == ","


def test_names_of_counts() -> None:
    for name in (
        "n",
        "N",
        "count",
        "freq",
        "aantal",
        "obs",
        "observations",
        "cases",
        "n_obs",
        "Aantal personen",
        "number of persons",
        "unweighted_n",
    ):
        assert is_count_name(name), name
    for name in ("mean_n", "inkomen", "aantal_kinderen", "pct", "n %", "gemeente", "naam"):
        assert not is_count_name(name), name


def test_the_column_for_decryption_is_for_review_in_a_csv_only() -> None:
    rows = [["PC6", "n"], ["2492JP", 40], ["2491AB", 50], ["1011AA", 60]]
    assert worst(scan(content("t.csv", table(rows)), CONTEXT)) == Status.REVIEW
    assert worst(scan(content("t.xlsx", book({"a": rows})), CONTEXT)) == Status.UNSAFE
    assert worst(scan(content("t.csv", table([["pc6", "n"], *rows[1:]])), CONTEXT)) == Status.UNSAFE


# ------------------------------------------------------------------------------------------------ nothing stops it


@settings(max_examples=150, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=600), st.text(max_size=300).map(lambda t: t.encode("utf-8", "surrogatepass"))),
    kind=st.sampled_from([*SCANNERS, "notebook", "pdf", "odd"]),
)
@example(data=b"\x89PNG\r\n\x1a\n" + b"\xff" * 40, kind="png")
@example(data=b"\xff\xfe\x00", kind="csv")
@example(data=b'"' + b"a" * 200_000, kind="csv")
@example(data=b"GIF89a" + b"\x21" * 30, kind="gif")
@example(data=b"PK\x03\x04" + b"\0" * 100, kind="xlsx")
def test_no_bytes_stop_the_scan(data: bytes, kind: str) -> None:
    result = scan(content(f"x.{kind}", data), CONTEXT)
    assert result.cells >= 0
    if kind in ("pdf", "odd", "xlsx", "png", "jpg", "gif", "notebook"):
        assert result.findings != ()


DAMAGE = {
    name: (file.type, file.data or b"")
    for name, file, _ in must_catch()
    if name in ("small-cross", "xlsx-comment", "png-metadata", "txt-printed", "py-output")
}


@settings(max_examples=60, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(DAMAGE)))
def test_damaged_files_do_not_stop_it(data: st.DataObject, name: str) -> None:
    kind, whole = DAMAGE[name]
    cut = data.draw(st.integers(0, len(whole)))
    at = data.draw(st.integers(0, max(0, len(whole) - 1)))
    broken = bytearray(whole)
    broken[at] ^= data.draw(st.integers(1, 255))
    for version in (whole[:cut], bytes(broken)):
        scan(content(f"x.{kind}", version), CONTEXT)


def test_five_small_tables_take_a_fifth_of_a_second() -> None:
    rng = random.Random(3)
    files = [
        content(
            f"t{i}.csv",
            table([["gemeente", "jaar", "n", "gemiddelde"], *([f"G{g}", y, 50, round(rng.random(), 2)] for g in range(50) for y in range(5))]),
        )
        for i in range(5)
    ]
    elapsed = []
    for _ in range(3):
        start = time.process_time()
        for file in files:
            scan(file, CONTEXT)
        elapsed.append(time.process_time() - start)
    # of the processor's own time, which others do not lengthen; the target is 0.2 s, and this guards against another order
    assert min(elapsed) < 1.0, elapsed


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(20, 300), index=st.booleans())
def test_microdata_of_any_size_is_recognised(seed: int, count: int, index: bool) -> None:
    rng = random.Random(seed)
    rows = [([i] if index else []) + person(rng) for i in range(count)]
    header = ([""] if index else []) + ["a", "b", "c", "d", "e"]
    assert "microdata" in rules(scan(content("x.csv", table([header, *rows])), CONTEXT))


MARKS = [":", ";", "|", "\t", "^", "~", ",", "  "]
NAMES = ["", "a", "b", "v1", "leeftijd", "inkomen", "x_2", "regio", "score", "wave", "groep", "n", "aantal"]


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(20, 120), mark=st.sampled_from(MARKS), kind=st.sampled_from(["txt", "csv"]), data=st.data())
def test_neither_order_nor_names_nor_separator_make_microdata_safe(seed: int, count: int, mark: str, kind: str, data: st.DataObject) -> None:
    rows = [[str(cell).replace(" ", "_") for cell in row] for row in corpus_records.people(seed, count)]
    places = data.draw(st.permutations(range(5)))
    order = data.draw(st.one_of(st.none(), st.integers(0, 4), st.randoms(use_true_random=False)))
    if isinstance(order, int):
        rows.sort(key=lambda row: row[order])
    elif order is not None:
        order.shuffle(rows)
    names = data.draw(st.one_of(st.none(), st.lists(st.sampled_from(NAMES), min_size=5, max_size=5)))
    grid = [[row[k] for k in places] for row in rows]
    result = scan(content(f"x.{kind}", table([names, *grid] if names else grid, mark)), CONTEXT)
    if names and {"n", "aantal"} & set(names):
        assert worst(result) != Status.SAFE  # a column that says it counts makes it a table, of which other rules see what is wrong
    else:
        assert Rule.MICRODATA in {f.rule for f in result.findings if f.status == Status.UNSAFE}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(20, 90), shape=st.integers(0, 6), data=st.data())
def test_neither_order_nor_names_make_microdata_in_scripts_safe(seed: int, count: int, shape: int, data: st.DataObject) -> None:
    rows = corpus_records.people(seed, count)
    names = data.draw(st.lists(st.sampled_from([name for name in NAMES[1:] if name not in ("n", "aantal")]), min_size=5, max_size=5, unique=True))
    columns = list(zip(*rows, strict=True))
    written = {
        0: ("py", f"x = {[tuple(row) for row in rows]}\n"),
        1: ("py", f"x = {[dict(zip(names, row, strict=True)) for row in rows]}\n"),
        2: ("py", f"x = pd.DataFrame({ {name: list(column) for name, column in zip(names, columns, strict=True)} })\n"),
        3: ("r", "x <- data.frame(" + ", ".join(f"{n} = c({corpus_records.quoted(c)})" for n, c in zip(names, columns, strict=True)) + ")\n"),
        4: ("r", "x <- rbind(" + ", ".join(f"c({corpus_records.quoted(row)})" for row in rows) + ")\n"),
        5: ("txt", "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)),
        6: ("txt", corpus_records.fixed(rows)),
    }
    kind, text = written[shape]
    # of few lines of fixed width without a heading the first can be taken for one: then they are for review
    least = Status.REVIEW if shape == 6 and count <= 30 else Status.UNSAFE
    found = scan(content(f"x.{kind}", text), CONTEXT).findings
    assert [f for f in found if f.rule is Rule.MICRODATA and f.status.badness >= least.badness], text[:300]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("txt", "a:b 1\n" * 60_000),
        ("txt", "".join(f"{i}:{i * 7919 % 10007}:{'xyz'[i % 3]}\n" for i in range(40_000))),
        ("txt", "[" * 200_000),
        ("txt", '{"a":' * 100_000),
        ("py", '"' + '\\"' * 400_000),
        ("r", "'" + "\\'" * 400_000),
        ("do", '`"' * 300_000),
        ("py", "x = [" + "(1, 'a')," * 20_000 + "]"),
        ("py", "x = {" + "'rin_persoon': 123456781," * 10_000 + "}"),
        ("csv", "x" * 2_000_000),
        ("json", json.dumps([{"a": i, "b": i % 7} for i in range(10_000)])),
    ],
    ids=["sentence", "many-lines", "open", "nested", "quotes-py", "quotes-r", "quotes-do", "pairs", "keys", "one-cell", "json"],
)
def test_time_stays_bounded(kind: str, text: str) -> None:
    start = time.process_time()
    scan(content(f"x.{kind}", text), CONTEXT)
    assert time.process_time() - start < 30  # linear reading takes a few seconds of a busy machine; quadratic takes many minutes


def test_lines_beyond_the_bound_are_said_not_to_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_LINES", 1_000)
    text = "Een zin zoals vele.\n" * 1_001
    assert Rule.UNREADABLE in {f.rule for f in scan(content("x.txt", text), CONTEXT).findings}
    assert scan(content("x.txt", text[: len(text) // 2]), CONTEXT).findings == ()
