from __future__ import annotations

import csv
import errno
import os
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib
import openpyxl
import pytest

from jupyter_cbs.client import Workspace
from jupyter_cbs.client.table import Table
from jupyter_cbs.domain.errors import Invalid, Position, QuotaExceeded
from jupyter_cbs.domain.evidence import Category, Dimension
from jupyter_cbs.domain.finding import CellFinding, Rule, Status
from jupyter_cbs.domain.text import Text

from .peer import Line, Peer, ipc
from .tables import AGE, SEX, make

matplotlib.use("Agg")
EVIL = "<script>alert(1)</script>\"'"


class Tags(HTMLParser):
    """Collects tags, to see what the browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def table(lang: str = "en", **changes: Any) -> Table:
    return Table(*make(**changes), lang)


def test_the_question_travels_and_the_answer_is_a_table(peer: Peer, ws: Workspace) -> None:
    meta, frame = make()

    def answer(peer: Peer, line: Line, number: int, args: dict[str, Any]) -> None:
        line.answer(number, meta.model_dump(mode="json", context={"lang": "en"}), ipc(frame))

    peer.on("table", answer)
    made = ws.table("ZVWZORGKOSTENTAB", rows="leeftijd", columns=["GBAGESLACHT"], values="ZVWKTOTAAL", statistic="mean", unit=("A", "B"))
    assert made.frame.equals(frame)
    asked = peer.seen("table")[0]
    assert (asked["rows"], asked["columns"], asked["statistic"], asked["unit"]) == (["leeftijd"], ["GBAGESLACHT"], "mean", ["A", "B"])
    assert made.status is Status.UNSAFE


def test_unsafe_cells_have_sign_word_and_remedy() -> None:
    html = table()._repr_html_()
    assert "✕</span> 9,915" in html
    assert "?</span> 6,402" in html
    assert "unsafe: 90+ · man: 7 persons, at least 10 are needed." in html
    assert "13 safe · 1 review · 1 unsafe" in html
    assert "<b" in html
    assert "7 persons, at least 10 are needed. → Merge with 65–89 or suppress." in html
    hints = [attrs["title"] for tag, attrs in Tags(html).seen if tag == "td" and "title" in attrs]
    assert hints == [
        "65–89 · woman: look at it. Explain it in the form. (within_group)",
        "90+ · man: 7 persons, at least 10 are needed. Merge with 65–89 or suppress. (min_frequency)",
    ]
    assert "blanks 2 cells, 1 of them so that nothing follows by subtraction" in html


def test_one_table_has_one_number_of_decimals() -> None:
    shown = table(values=[104.25, 9.5, *map(float, range(13))])._repr_html_()
    assert ">104.2<" in shown
    assert ">9.5<" in shown
    assert ">0.0<" in shown


def test_dutch_writes_its_own_figures_and_words() -> None:
    html = table("nl")._repr_html_()
    assert "9.915" in html
    assert "13 veilig · 1 beoordelen · 1 onveilig" in html
    assert "totaal" in html
    assert "minstens 10 zijn nodig" in html


def test_labels_and_texts_are_escaped() -> None:
    bad = Dimension(name="x", label=EVIL, categories=(Category(code="1", label=EVIL), Category(code=None, label="?")))
    finding = CellFinding(cell=(EVIL,), row=0, status=Status.UNSAFE, rule=Rule.DOMINANCE, text=Text(en=EVIL, nl=EVIL), remedy=Text(en=EVIL, nl=EVIL))
    evil = table(dimensions=(bad,), values=[1.0, 2.0, 3.0], findings=(finding,), hidden=(0,))
    for html in (evil._repr_html_(), evil.suppress()._repr_html_()):
        assert "<script" not in html
        assert not [1 for tag, attrs in Tags(html).seen if tag == "script" or any(name.startswith("on") for name in attrs)]
        assert html.count("&lt;script&gt;") >= 4


def test_suppress_blanks_companions_too_once_and_undo_is_complete() -> None:
    whole = table()
    blank = whole.suppress()
    assert blank.hidden == {9, 6}
    assert blank.suppress().hidden == blank.hidden
    assert whole.hidden == frozenset()
    assert blank.undo().grid() == whole.grid()
    assert blank.status is Status.REVIEW
    html = blank._repr_html_()
    assert "9,915" not in html
    assert "6,870" not in html
    assert html.count("×<span") == 2
    assert "so that no unsafe cell follows by subtraction" in html
    assert "12 safe · 1 review · 2 suppressed" in html


def test_data_frames_look_like_the_table() -> None:
    frame = table().df()
    assert frame.index.tolist() == ["0–17", "18–64", "65–89", "90+", "total"]
    assert frame.columns.tolist() == ["man", "woman", "total"]
    assert frame.loc["90+", "man"] == 9915
    blank = table().suppress().df()
    assert blank.isna().sum().sum() == 2
    long = table(split=2).df()
    assert long.index.names == ["Age", "Sex"]
    assert long.loc[("90+", "man"), "mean ZVWKTOTAAL"] == 9915
    wide = table(split=0).df()
    assert wide.columns.nlevels == 2
    counts = table(statistic="count", values=[*map(float, range(14)), None]).df()
    assert str(counts.dtypes.iloc[0]) == "Int64"


def test_csv_is_the_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "personal").mkdir()
    monkeypatch.chdir(tmp_path)
    made = table()
    made.to_csv("shared/t.csv")
    said = capsys.readouterr().out
    assert "Written to shared/t.csv: 26 cells." in said
    assert "✕ 1 unsafe cell is in it." in said
    with open("shared/t.csv", newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == made.grid()
    made.suppress().to_csv(tmp_path / "elsewhere.csv")
    said = capsys.readouterr().out
    assert "outside shared/ and personal/" in said
    assert "2 blanked" in said
    assert "✕" not in said
    assert sorted(os.listdir(tmp_path)) == ["elsewhere.csv", "personal", "shared"]


def test_a_workbook_holds_cells_and_nothing_else(tmp_path: Path) -> None:
    labels = (Category(code="1", label="=1+1"), Category(code="2", label="2024"))
    made = table(dimensions=(Dimension(name="x", label="X", categories=labels),), values=[1.5, 2.0, None], findings=(), hidden=())
    made.to_xlsx(tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert [[c.value for c in row] for row in sheet.iter_rows()] == [["X", "mean ZVWKTOTAAL"], ["=1+1", 1.5], ["2024", 2], ["total", None]]
    assert sheet["A2"].data_type == "s"
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        core = archive.read("docProps/core.xml").decode()
    assert "creator" not in core


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="existing folder"):
        table().to_csv(tmp_path / "no" / "t.csv")
    target = tmp_path / "t.csv"
    target.write_text("old")

    def full(*args: object) -> None:
        raise OSError(errno.EDQUOT, "quota")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(QuotaExceeded, match="untouched"):
        table().to_csv(target)
    monkeypatch.undo()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_only_safe_cells_are_drawn() -> None:
    axes = table().plot()
    heights = [[patch.get_height() for patch in group] for group in axes.containers]
    drawn = [h for group in heights for h in group if h == h]
    assert sorted(drawn) == [1117, 1204, 2310, 2988, 6870, 10480]
    assert [text.get_text() for text in axes.texts] == ["×", "×"]
    blank = table().suppress().plot()
    assert 6870 not in [patch.get_height() for group in blank.containers for patch in group]
    heat = table().plot("heat")
    assert heat.images[0].get_array().count() == 6
    assert (heat.get_xlabel(), heat.get_ylabel()) == ("Sex", "Age")
    with pytest.raises(Invalid, match="no plot"):
        table().plot("pie")
    matplotlib.pyplot.close("all")


def test_nothing_safe_to_draw() -> None:
    finding = CellFinding(cell=("man",), row=0, status=Status.UNSAFE, rule=Rule.DOMINANCE, text=Text(en="x", nl="x"), remedy=Text(en="x", nl="x"))
    with pytest.raises(Invalid, match="No cell"):
        table(dimensions=(SEX,), values=[1.0, None, 3.0], findings=(finding,)).plot()


def test_plain_text_has_the_same_signs() -> None:
    text = repr(table())
    assert "✕ 9915" in text
    assert "13 safe · 1 review · 1 unsafe" in text
    assert "→ Merge with 65–89" in text


def test_long_tables_say_what_is_left_out() -> None:
    many = Dimension(name="x", label="X", categories=tuple(Category(code=str(i), label=str(i)) for i in range(150)))
    html = table(dimensions=(many,), values=[1.0] * 151, findings=(), hidden=())._repr_html_()
    assert "Shown: 100 of 151 rows" in html
    assert html.count("<tr") == 101


def test_three_dimensions_keep_their_headers_apart() -> None:
    html = table(dimensions=(AGE, SEX, SEX), split=1, values=[1.0] * 45, findings=(), hidden=())._repr_html_()
    assert html.count('scope="colgroup"') == 4
    assert html.count('scope="row"') == 5


@pytest.mark.parametrize(
    ("arguments", "pointed"),
    [
        ({"rows": ["GBAGESLACHT +"]}, "  1 | GBAGESLACHT +"),
        ({"rows": ["GBAGESLACHT"], "where": "GBAGESLACHT ="}, "  1 | GBAGESLACHT ="),
        ({"rows": ["GBAGESLACHT +"], "where": "GBAGESLACHT ="}, None),
    ],
)
def test_a_caret_only_where_the_place_is_certain(peer: Peer, ws: Workspace, arguments: dict[str, Any], pointed: str | None) -> None:
    peer.on("table", Invalid("sql_syntax", "Syntax error.", position=Position(line=1, column=13)))
    with pytest.raises(Invalid) as caught:
        ws.table("GBAPERSOONTAB", **arguments)
    lines = caught.value._render_traceback_()  # type: ignore[attr-defined]  # IPython asks for it
    assert ([line for line in lines if line.startswith("  1 | ")] or [None])[0] == pointed
