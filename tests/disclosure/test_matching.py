"""Tables made here are recognised in a file however they are laid out, and only then."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from corpus import book, content, table
from evidence_frames import Row, crosstab, dimension, frame_of, meta_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jupyter_cbs.broker.precheck import evidence_of
from jupyter_cbs.disclosure.scan import ScanContext, ScanResult, scan
from jupyter_cbs.domain.evidence import TableMeta
from jupyter_cbs.domain.export import FormFile
from jupyter_cbs.domain.finding import Status
from jupyter_cbs.domain.grid import ANY_SHAPE, render_grid, shape_key
from jupyter_cbs.store.store import Store

Grid = list[list[str]]


def knowing(*known: tuple[TableMeta, pa.Table], forms: dict[str, FormFile] | None = None) -> ScanContext:
    def lookup(keys: Collection[str]) -> Sequence[tuple[TableMeta, pa.Table]]:
        return [(meta, frame) for meta, frame in known if ANY_SHAPE in keys or shape_key(meta) in keys]

    return ScanContext(lookup=lookup, forms=forms or {})


def bases(result: ScanResult) -> list[str]:
    return [basis.basis for basis in result.bases]


FRAME, DIMS = crosstab([[44, 50, 60], [40, 30, 71], [80, 45, 20]])
META = meta_of(DIMS, rows=1)
CONTEXT = knowing((META, FRAME))
GRID = render_grid(META, FRAME, ())
PLAIN = GRID[1:]


def turned(grid: Grid) -> Grid:
    return [list(row) for row in zip(*grid, strict=True)]


def long(grid: Grid) -> Grid:
    return [["a", "b", "aantal"]] + [[row[0], grid[0][c], row[c]] for row in grid[1:] for c in range(1, len(row))]


def dutch(grid: Grid) -> Grid:
    return [[{"total": "Totaal"}.get(cell, cell) for cell in row] for row in grid]


LAID_OUT = {
    "as written": GRID,
    "without the line above": PLAIN,
    "turned": turned(PLAIN),
    "rows in another order": [PLAIN[0], *PLAIN[:0:-1]],
    "columns in another order": [[row[0], *row[:0:-1]] for row in PLAIN],
    "fewer rows": PLAIN[:3],
    "fewer columns": [row[:3] for row in PLAIN],
    "without totals": [row[:-1] for row in PLAIN[:-1]],
    "another name above the labels": [["Regio naar soort", *PLAIN[0][1:]], *PLAIN[1:]],
    "a title and a note": [["Tabel 1. Aantallen"], [], *PLAIN, ["Bron: eigen berekening"]],
    "one row for each cell": long(PLAIN),
    "numbered as pandas does": [["", *PLAIN[0]], *[[str(i), *row] for i, row in enumerate(PLAIN[1:])]],
    "codes for labels": [["", "0", "1", "2", "totaal"], *[[f"{i}" if i < 3 else "totaal", *row[1:]] for i, row in enumerate(PLAIN[1:])]],
    "Dutch totals": dutch(PLAIN),
    "rounded to tens": [PLAIN[0], *[[row[0], *(str(round(int(cell) / 10) * 10) for cell in row[1:])] for row in PLAIN[1:]]],
    "as amounts": [PLAIN[0], *[[row[0], *(f"{int(cell)},00" for cell in row[1:])] for row in PLAIN[1:]]],
    "capitals and blanks": [[f" {cell.upper()} " for cell in row] for row in PLAIN],
}


@pytest.mark.parametrize("name", LAID_OUT)
def test_a_table_is_recognised_however_it_is_laid_out(name: str) -> None:
    grid = LAID_OUT[name]
    for file in (content("t.csv", table(grid, ";")), content("t.xlsx", book({"blad": grid}))):
        result = scan(file, CONTEXT)
        assert bases(result) == ["verified"], (name, result.findings)
        assert result.fingerprints == (META.fingerprint,)
        assert result.findings == ()


def test_a_table_with_one_other_number_is_not_that_table() -> None:
    for name, grid in LAID_OUT.items():
        if name in ("rounded to tens", "as amounts"):
            continue
        changed = [[{"44": "47"}.get(cell.strip(), cell) for cell in row] for row in grid]
        assert changed != grid
        result = scan(content("t.csv", table(changed, ";")), CONTEXT)
        assert bases(result) != ["verified"], name
        assert result.fingerprints == ()


def test_a_number_more_than_the_evidence_has_is_not_verified() -> None:
    wider = [[*row, "extra" if i == 0 else "77"] for i, row in enumerate(PLAIN)]
    longer = [*PLAIN, ["A-9", "50", "51", "52", "53"]]
    above = [["900", "901", "902", "903", "904"], *PLAIN]
    for grid in (wider, longer, above):
        assert scan(content("t.csv", table(grid, ";")), CONTEXT).fingerprints == ()


def test_what_is_left_out_counts_as_suppressed() -> None:
    frame, dims = crosstab([[44, 50, 60], [4, 30, 71], [80, 45, 20]])
    meta = meta_of(dims, rows=1)
    grid = render_grid(meta, frame, ())[1:]
    known = knowing((meta, frame))
    without = [row for row in grid if row[0] != "A-1"]
    # the row with the small cell is left out, and follows from the totals
    assert {f.rule.value for f in scan(content("t.csv", table(without)), known).findings} == {"secondary"}
    assert scan(content("t.csv", table([row[:1] + row[2:-1] for row in without[:-1]])), known).findings == ()
    shown = scan(content("t.csv", table(turned(grid))), known)
    (finding,) = shown.findings
    assert (finding.rule.value, finding.basis, finding.where.cell) == ("min_frequency", "verified", "C2")


def test_several_tables_of_one_sheet_are_judged_each_on_its_own() -> None:
    other, dims = crosstab([[144, 50], [40, 133]])
    meta = meta_of(dims, rows=1).model_copy(update={"fingerprint": "1" * 64})
    unproved = [["groep", "gemiddelde"], ["x", "12,5"], ["y", "13,5"]]
    grid = [*PLAIN, [], *render_grid(meta, other, ())[1:], [], *unproved]
    result = scan(content("t.csv", table(grid, ";")), knowing((META, FRAME), (meta, other)))
    assert bases(result) == ["verified", "verified", "unknown"]
    assert result.fingerprints == (META.fingerprint, meta.fingerprint)
    assert [basis.where.row for basis in result.bases] == [2, 8, 13]


def test_shares_are_recognised_as_fractions_and_percentages() -> None:
    rows = [Row(i, ("a" if i % 4 else "b",), 1.0) for i in range(200)]
    frame = frame_of(rows, 1)
    value = pa.array([v / 200 for v in frame.column("value").to_pylist()])
    frame = frame.set_column(frame.column_names.index("value"), "value", value)
    meta = meta_of([dimension("A", ["a", "b"])], rows=1, value_label="share")
    for shown in (["0.75", "0.25"], ["75%", "25%"], ["75,0 %", "25,0 %"]):
        grid = [["groep", "aandeel"], ["A-a", shown[0]], ["A-b", shown[1]]]
        assert scan(content("t.csv", table(grid, ";")), knowing((meta, frame))).fingerprints == (meta.fingerprint,), shown
    wrong = [["groep", "aandeel"], ["A-a", "76%"], ["A-b", "24%"]]
    assert scan(content("t.csv", table(wrong, ";")), knowing((meta, frame))).fingerprints == ()


def test_a_column_of_units_beside_the_values_agrees_with_the_units_of_the_evidence() -> None:
    rows = [Row(i, ("a",), 1000.0 + i) for i in range(40)] + [Row(100 + i, ("b",), 10.123) for i in range(40)]
    frame = frame_of(rows, 1, "mean")
    meta = meta_of([dimension("A", ["a", "b"])], rows=1, statistic="mean", value_label="mean V")
    grid = [["groep", "n", "gemiddelde"], ["A-a", "40", "1019,5"], ["A-b", "40", "10,123"]]
    assert scan(content("t.csv", table(grid, ";")), knowing((meta, frame))).fingerprints == (meta.fingerprint,)
    grid[1][1] = "41"
    assert scan(content("t.csv", table(grid, ";")), knowing((meta, frame))).fingerprints == ()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), turn=st.booleans(), data=st.data())
def test_any_order_and_any_part_of_a_table_is_that_table(seed: int, turn: bool, data: st.DataObject) -> None:
    rng = random.Random(seed)
    frame, dims = crosstab([[rng.randrange(20, 90) for _ in range(4)] for _ in range(4)])
    meta = meta_of(dims, rows=1)
    grid = render_grid(meta, frame, ())[1:]
    rows = data.draw(st.lists(st.integers(1, len(grid) - 1), min_size=1, unique=True))
    columns = data.draw(st.lists(st.integers(1, len(grid[0]) - 1), min_size=1, unique=True))
    assume(min(rows) < len(grid) - 1 or min(columns) < len(grid[0]) - 1)  # a grand total alone has no category to know it by
    part = [[grid[r][c] for c in (0, *columns)] for r in (0, *rows)]
    known = knowing((meta, frame))
    shown = turned(part) if turn else part
    assert scan(content("t.csv", table(shown, ";")), known).fingerprints == (meta.fingerprint,)
    # and one number that is another makes it another table
    r, c = rng.randrange(1, len(shown)), rng.randrange(1, len(shown[0]))
    shown = [list(row) for row in shown]
    shown[r][c] = str(int(shown[r][c]) + 1)
    assert scan(content("t.csv", table(shown, ";")), known).fingerprints == ()


def test_a_table_out_of_the_store_is_recognised_in_another_layout(tmp_path: Path) -> None:
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, FRAME.schema) as writer:
        writer.write_table(FRAME)
    with Store.open(f"sqlite:///{tmp_path}/state.sqlite", tmp_path / "anchors") as store:
        with store.begin() as tx:
            tx.insert_evidence("9001", "researcher", META.fingerprint, shape_key(META), META, stream.getvalue().to_pybytes())
        file = content("t.csv", table(turned(PLAIN)))
        assert scan(file, ScanContext(lookup=evidence_of(store, "9001"))).fingerprints == (META.fingerprint,)
        assert scan(file, ScanContext(lookup=evidence_of(store, "9002"))).fingerprints == ()


def test_what_the_form_says_of_a_table_is_its_basis() -> None:
    grid = [["groep", "celgrootte", "deel"], ["a", "44", "ja"], ["b", "7", "nee"], ["c", "60", "ja"]]
    file = content("t.csv", table(grid))
    assert bases(scan(file, ScanContext())) == ["unknown"]
    said = FormFile(path="shared/t.csv", unweighted_n="kolom 'celgrootte'")
    for forms in ({"shared/t.csv": said}, {"t.csv": said}):
        result = scan(file, ScanContext(forms=forms))
        assert bases(result) == ["declared"]
        assert [(f.rule.value, f.basis, f.where.cell) for f in result.findings] == [("min_frequency", "declared", "B3")]


def test_weighted_counts_do_not_stand_for_units() -> None:
    file = content("t.csv", table([["groep", "n"], ["a", "44"], ["b", "70"], ["c", "60"]]))
    assert scan(file, ScanContext()).findings == ()
    weighted = scan(file, ScanContext(forms={"t.csv": FormFile(path="t.csv", weighted=True)}))
    assert [(f.rule.value, f.status, f.basis) for f in weighted.findings] == [("unknown_table", Status.REVIEW, "declared")]
    assert bases(weighted) == ["unknown"]
