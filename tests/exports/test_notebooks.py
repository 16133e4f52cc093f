"""A notebook's script holds its code and nothing it has shown."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_cbs.domain.errors import Invalid
from jupyter_cbs.exports.notebooks import to_script

from .conftest import SECRET, notebook


def script(value: Any, name: str = "analysis.ipynb") -> str:
    return to_script(json.dumps(value).encode(), name).source.decode()


def cell(source: str | list[str], kind: str = "code") -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}}


def of(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}


def test_code_as_code_words_as_comments_and_nothing_else() -> None:
    text = script(notebook())
    assert SECRET not in text
    assert "SECRET" not in text
    assert "# # Costs" in text
    assert "# raw words" in text
    assert "import pandas as pd\n# %matplotlib inline\nif True:\n    pass  # !ls /data\nx = 1\n" in text
    compile(text, "analysis.py", "exec")


def test_what_stays_inside_is_counted_and_said() -> None:
    stripped = to_script(json.dumps(notebook()).encode(), "analysis.ipynb").stripped
    assert (stripped.outputs, stripped.images, stripped.attachments, stripped.widgets) == (5, 2, 1, 3)
    assert stripped.metadata >= 3
    assert stripped.text.en == "Only code leaves: 5 outputs, 2 images, 1 attachment, 3 widget states and all metadata stay inside."
    assert stripped.text.nl == "Alleen code gaat mee: 5 uitkomsten, 2 afbeeldingen, 1 bijlage, 3 widgettoestanden en alle metadata blijven binnen."


def test_an_empty_notebook_says_so() -> None:
    result = to_script(json.dumps(of(cell("1"))).encode(), "a.ipynb")
    assert result.stripped.text.en == "Only code leaves; there was nothing else in the notebook."
    assert to_script(json.dumps(of(cell("1"), x=1)).encode(), "a.ipynb").stripped.text.en == "Only code leaves: all metadata stays inside."


@pytest.mark.parametrize(
    ("metadata", "suffix"),
    [
        ({}, ".py"),
        ({"language_info": {"name": "python"}}, ".py"),
        ({"kernelspec": {"name": "cbs-python"}}, ".py"),
        ({"language_info": {"name": "R"}}, ".r"),
        ({"kernelspec": {"language": "R", "name": "ir"}}, ".r"),
        ({"kernelspec": {"name": "cbs-r"}}, ".r"),
        ({"kernelspec": {"name": "stata"}}, ".do"),
        ({"language_info": {"name": "julia"}}, ".txt"),
        ({"language_info": ["not", "a", "mapping"], "kernelspec": 3}, ".py"),
    ],
)
def test_suffix_by_language(metadata: dict[str, Any], suffix: str) -> None:
    assert to_script(json.dumps(of(cell("x"), **metadata)).encode(), "a.ipynb").suffix == suffix


def test_r_code_is_left_alone() -> None:
    source = "df |>\n  f() \n%>% g()"
    assert source in script(of(cell(source), language_info={"name": "R"}))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%load_ext jupyter_cbs", "# %load_ext jupyter_cbs"),
        ("%%time\nx = 1", "# %%time\nx = 1"),
        ("%%cbs costs\nSELECT 1\n\nFROM t", "# %%cbs costs\n# SELECT 1\n#\n# FROM t"),
        ("\n%%bash\nrm x", "\n# %%bash\n# rm x"),
        ("files = !ls", "# files = !ls"),
        ("t = %timeit -o f()", "# t = %timeit -o f()"),
        ("df?", "# df?"),
        ("?df.head", "# ?df.head"),
        ("x = 5 \\\n  % 3", "x = 5 \\\n  % 3"),
        ("x = (5\n% 3)", "x = (5\n% 3)"),
        ('s = """\n%not a magic\n!nor this\n"""\n!ls', 's = """\n%not a magic\n!nor this\n"""\n# !ls'),
        ("!echo don't\n%pwd", "# !echo don't\n# %pwd"),
        ("s = 'it\\'s'  # don't\n%pwd", "s = 'it\\'s'  # don't\n# %pwd"),
        ("for i in x:\n    %time i\ny", "for i in x:\n    pass  # %time i\ny"),
        ("a != b\nc = d % e", "a != b\nc = d % e"),
    ],
)
def test_magics_become_comments(source: str, expected: str) -> None:
    assert expected in script(of(cell(source)))


def test_the_script_runs() -> None:
    """With plain Python, magics and all."""
    source = '%matplotlib inline\nimport math\nif True:\n    %time math.pi\nt = """\n%x\n"""\nfiles = !ls\nprint(math.floor(math.pi), len(t))'
    done = subprocess.run([sys.executable, "-I", "-c", script(of(cell(source), cell("# T", "markdown")))], capture_output=True, text=True, check=True)
    assert done.stdout == "3 4\n"


def test_old_formats() -> None:
    three = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "x"},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["Old"], "metadata": {}},
                    {
                        "cell_type": "code",
                        "input": ["x = 1\n", "y = 2"],
                        "language": "python",
                        "collapsed": False,
                        "metadata": {},
                        "outputs": [{"output_type": "stream", "stream": "stdout", "text": [SECRET]}],
                    },
                ]
            }
        ],
    }
    text = script(three)
    assert "x = 1\ny = 2" in text
    assert "Old" in text
    assert SECRET not in text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"cells": 3}',
        b'{"nbformat": 4}',
        b'{"nbformat": 3, "worksheets": 7}',
        b"\xff\x00\xff\x01",
        b"# in front\n{}",
        b'{"cells":' + b"[" * 100_000,
        json.dumps(notebook()).encode()[:-10],
    ],
)
def test_what_cannot_be_read_does_not_leave(data: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        to_script(data, "a.ipynb")
    assert caught.value.code == "bad_notebook"
    assert caught.value.remedy is not None


def test_odd_cells_are_left_out() -> None:
    odd = of(
        {"cell_type": "code", "source": 5},
        {"cell_type": "code", "source": ["a = 1\n", 7, "b = 2"], "outputs": "none", "metadata": None, "attachments": [1]},
        {"source": "no type"},
        {"cell_type": "code", "source": "nul = '\u0000\x1b[0m'\r\nnext = 1"},
        {"cell_type": "code", "source": "lone = '\ud800'"},
        {"cell_type": "code", "source": "x", "outputs": [1, None, {"data": []}]},
    )
    odd["cells"] += [None, 3, "text"]
    text = script(odd)
    assert "a = 1\nb = 2" in text
    assert "# no type" in text
    assert "\x00" not in text
    assert "\x1b" not in text
    assert "\r" not in text


def test_the_name_cannot_break_out_of_its_comment() -> None:
    assert script(of(cell("x")), "a\nimport os\r.ipynb").splitlines()[0].startswith("# ")
    assert "\nimport os" not in script(of(cell("x")), "a\nimport os.ipynb")


def test_other_encodings() -> None:
    value = json.dumps(of(cell("é = 1")), ensure_ascii=False)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"):
        assert "é = 1" in to_script(value.encode(encoding), "a.ipynb").source.decode()


@pytest.mark.timeout(120)
def test_a_cell_built_to_break_a_parser_takes_no_time() -> None:
    long = ("x" + " " * 2_000_000 + "a", " " * 2_000_000 + "a", "x?" + " " * 2_000_000 + "a", "a, " * 300_000, "data:" * 300_000, "x = 1\n" * 50_000)
    for source in (*long, "(" * 200_000, "-" * 200_000 + "1", "'" * 200_001, "\\\n" * 50_000, "[{(" * 50_000 + "\n%x"):
        assert source.rstrip() in script(of(cell(source)))


@given(st.lists(st.text(max_size=80), max_size=5))
def test_code_without_magics_is_taken_word_for_word(sources: list[str]) -> None:
    plain = ["\n".join("v" + "".join(char for char in line if char.isalnum()) for line in source.splitlines()) for source in sources]
    text = script(of(*(cell(source) for source in plain)))
    assert all(source.rstrip() in text for source in plain)


@given(st.text(max_size=200), st.sampled_from(["code", "markdown", "raw"]))
def test_any_source_gives_a_script_of_text(source: str, kind: str) -> None:
    value = nbformat.from_dict(of(cell(source, kind)))
    text = to_script(json.dumps(value).encode(), "a.ipynb").source.decode()
    assert "\x00" not in text
    if kind != "code":
        assert all(line.startswith("#") or not line for line in text.split("\n"))
