"""Arrow tables as R reads them: R itself says what it found."""

from __future__ import annotations

import io
import json
import random
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest

from jupyter_cbs.client.r.bridge import in_r
from jupyter_cbs.client.r.rds import write_frame
from jupyter_cbs.server.kernels import r_program

R = r_program()
needs_r = pytest.mark.skipif(R is None, reason="R is not here: install r-base-core and r-cran-irkernel")

SHOW = """
for (place in commandArgs(TRUE)) {
  x <- readRDS(place)
  columns <- lapply(x, function(v) list(
    kind = typeof(v), class = I(class(v)),
    values = I(if (is.character(v)) ifelse(is.na(v), "NA", vapply(v, function(s) paste(charToRaw(s), collapse = ""), ""))
               else if (is.double(v)) ifelse(is.na(v) & !is.nan(v), "NA", sprintf("%a", unclass(v)))
               else ifelse(is.na(v), "NA", as.character(v)))
  ))
  cat(jsonlite::toJSON(list(rows = nrow(x), names = I(names(x)), columns = unname(columns)), auto_unbox = TRUE), "\\n", sep = "")
}
"""
ALPHABET = "ab \"',;\n\t\\é€😀NA"


def drawn(seed: int) -> pa.Table:
    """A table of random values, nulls among them, in random pieces."""
    draw = random.Random(seed)
    rows = draw.choice([0, 1, 7, 70_000 if seed == 0 else 300])
    schema = pa.schema([("text ü", pa.string()), ("whole", pa.int32()), ("long", pa.int64()), ("real", pa.float64()), ("yes", pa.bool_())])

    def maybe(value: object) -> object:
        return None if draw.random() < 0.2 else value

    columns = [
        [maybe("".join(draw.choices(ALPHABET, k=draw.randrange(9)))) for _ in range(rows)],
        [maybe(draw.randint(-(2**31) + 1, 2**31 - 1)) for _ in range(rows)],
        [maybe(draw.randint(-(2**53), 2**53)) for _ in range(rows)],
        [maybe(draw.choice([0.0, -0.0, 1e-300, draw.gauss(0, 1e6), float("inf"), float("nan")])) for _ in range(rows)],
        [maybe(draw.random() < 0.5) for _ in range(rows)],
    ]
    table = pa.table([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)
    cut = draw.randrange(rows + 1)
    return pa.concat_tables([table.slice(0, cut), table.slice(cut)])


def same(expected: object, found: str) -> bool:
    if expected is None or isinstance(expected, bool):
        return found == {None: "NA", True: "TRUE", False: "FALSE"}[expected]
    if isinstance(expected, str):
        return bytes.fromhex(found).decode() == expected
    number = float.fromhex(found) if "x" in found.lower() or not found.lstrip("-").isdigit() else float(found)
    return number == expected or (number != number and expected != expected)


@needs_r
def test_r_reads_the_same_values(tmp_path: Path) -> None:
    tables = [drawn(seed) for seed in range(12)]
    places = []
    for position, table in enumerate(tables):
        places.append(tmp_path / f"{position}.rds")
        with places[-1].open("wb") as stream:
            assert write_frame(table, stream) == ()
    script = tmp_path / "show.R"
    script.write_text(SHOW)
    done = subprocess.run([str(R), "--no-echo", "--vanilla", f"--file={script}", "--args", *map(str, places)], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    shown = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert len(shown) == len(tables)
    for table, found in zip(tables, shown, strict=True):
        assert found["rows"] == table.num_rows
        assert found["names"] == table.column_names
        assert [column["kind"] for column in found["columns"]] == ["character", "integer", "double", "double", "logical"]
        for column, seen in zip(table.columns, found["columns"], strict=True):
            expected = column.to_pylist()
            assert len(expected) == len(seen["values"])
            wrong = [(e, v) for e, v in zip(expected, seen["values"], strict=True) if not same(e, v)]
            assert not wrong, wrong[:5]


def test_numbers_r_cannot_hold_become_texts() -> None:
    table = pa.table({"a": [2**53, -(2**53), None], "b": [2**53 + 1, 0, None], "c": pa.array([2**64 - 1, 0, 1], pa.uint64())})
    assert write_frame(table, io.BytesIO()) == ("b", "c")


@pytest.mark.parametrize(
    ("python", "r"),
    [
        ("ws.catalogue() lists them", "cbs_catalogue() lists them"),
        ("<code>.suppress()</code> blanks 3", "<code>cbs_suppress()</code> blanks 3"),
        ("Use ws.sql(…, [x]).", "Use cbs_sql(…, [x])."),
        ("news.table stays", "news.table stays"),
        ("4 more findings: .df()", "4 more findings: as.data.frame()"),
    ],
)
def test_texts_name_the_functions_of_r(python: str, r: str) -> None:
    assert in_r(python) == r
