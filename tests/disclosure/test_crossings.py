"""Cross tables of which no word says that they count: every small count at its place, with the categories it is of."""

from __future__ import annotations

import pandas as pd
import pytest
from corpus import content

from jupyter_cbs.disclosure.scan import ScanContext, scan
from jupyter_cbs.disclosure.scanners import headers
from jupyter_cbs.domain.finding import Rule, Status

COUNTS = {
    0: [540, 330, 236, 158, 110, 75, 52, 38, 28, 20, 15, 13, 9, 7],
    1: [88, 47, 43, 30, 24, 21, 16, 14, 12, 8, 4, 5, 0, 3],
}
VISITS = [*range(12), 15, 60]


def frame() -> pd.DataFrame:
    made = pd.DataFrame(COUNTS, index=pd.Index(VISITS, name="mdvis")).T
    made.index = pd.Index(["False", "True"], name="physlm")
    return made


def small(data: str, name: str = "ct.csv") -> dict[str, str]:
    """The cells with a count that is too small, and what is said of them."""
    found = scan(content(name, data), ScanContext()).findings
    return {finding.where.cell or "": finding.text.en for finding in found if finding.rule == Rule.MIN_FREQUENCY and finding.status == Status.UNSAFE}


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_small_counts_are_named_by_row_and_column(mark: str) -> None:
    found = small(frame().to_csv(sep=mark))
    assert set(found) == {"N2", "O2", "K3", "L3", "M3", "O3"}
    assert found["O3"].startswith("3 observations in row ‘True’ and column ‘60’")


def test_small_counts_are_found_on_the_other_side_and_beside_totals() -> None:
    assert set(small(frame().T.to_csv())) == {"B14", "B15", "C11", "C12", "C13", "C15"}
    whole = frame()
    whole["All"] = whole.sum(axis=1)
    whole.loc["All"] = whole.sum()
    assert {"N2", "O2", "K3", "L3", "M3", "O3"} <= set(small(whole.to_csv()))


def test_a_header_of_two_levels_names_both_categories() -> None:
    data = "gem,Ams,Ams,Rot,Rot\nsekse,M,V,M,V\nmdvis,,,,\n0,60,51,40,44\n1,31,30,28,6\n4,12,14,11,13\n9,11,3,12,19\n"
    found = small(data)
    assert set(found) == {"E5", "C7"}
    assert "row ‘9’ and column ‘Ams V’" in found["C7"]


def test_the_first_row_of_counts_is_no_header() -> None:
    """Numbers that rise below a name for each column are counts like any other."""
    assert set(small("groep,n_a,n_b,n_c\nlaag,1,2,3\nmidden,40,50,60\nhoog,44,57,31\n")) == {"B2", "C2", "D2"}


@pytest.mark.parametrize(
    "data",
    [
        "gem,1,2,3,4\nAms,4,5,4,4\nRot,4,4,5,3\nUtr,5,4,4,4\n",
        "gem,1,2,3,4\nAms,8,42,30,20\nRot,7,43,31,19\nUtr,9,40,30,21\n",
        "sector,2015,2016,2017\n" + "".join(f"s{k},{k},{41 - k},{(k * 7) % 41 or 41}\n" for k in range(1, 41)),
        "gem,0,1\nAms,420,310\nRot,410,300\n",
        "omzet (x 1 000 euro),1,2,3,4\nAms,4,55,140,41\nRot,8,45,52,37\n",
        "gem,mean,sd,p10,n\nAms,41,9,7,500\nRot,42,8,6,700\n",
    ],
)
def test_other_whole_numbers_are_not_taken_for_counts(data: str) -> None:
    assert small(data) == {}


def test_what_may_be_counts_is_said_to_be_so() -> None:
    found = scan(content("t.csv", "wijk,winkels,branden\nA,3,14\nB,8,17\nC,5,11\n"), ScanContext()).findings
    assert [(finding.rule, finding.status) for finding in found] == [(Rule.UNKNOWN_TABLE, Status.REVIEW)]
    assert "3 of them are below 10" in found[0].text.en


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("x,1,2,3,4,5\na,1,1,1,1,1\nb,1,1,1,1,1", 1),
        (",3,7,12\na,10,20,30\nb,10,20,30", 1),
        ("a,12,15,19\nb,11,30,14\nc,12,13,19", 0),
        ("opl,1,2,9\nA,40,50,60\nB,44,57,31", 1),
        ("mdvis,gem,0\n0,Ams,12\n0,Rot,20", 1),
        ("mdvis,0\n0,12\n3,20", 1),
        ("Ams,laag,0\nAms,hoog,20\nRot,laag,3", 0),
        ("a,2019,2020\nx,1,2", 1),
    ],
)
def test_where_a_header_ends(rows: str, expected: int) -> None:
    assert headers.count_rows([line.split(",") for line in rows.split("\n")]) == expected
