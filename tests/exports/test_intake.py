"""What a person chose becomes what could leave."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest

from jupyter_cbs.domain.errors import CbsError, Conflict, Invalid, NotFound, Refused, TooLarge
from jupyter_cbs.domain.finding import Rule, Status
from jupyter_cbs.domain.money import PriceTable
from jupyter_cbs.exports import intake
from jupyter_cbs.exports.intake import IntakeItem, take_in, taken_in
from jupyter_cbs.system.beneath import WorkspaceRoots

from .conftest import PNG, SECRET, notebook

Put = Callable[[str, bytes | str], str]
PRICES = PriceTable()
NOTEBOOK = json.dumps(notebook())


@pytest.fixture(autouse=True)
def no_leaked_descriptors() -> Iterator[None]:
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) <= before


def read(item: IntakeItem) -> bytes:
    assert item.deliver is not None
    with item.deliver.open() as file:
        return file.read()


def archive(members: dict[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return buffer.getvalue()


def rules(item: IntakeItem) -> list[tuple[Rule, Status]]:
    return [(finding.rule, finding.status) for finding in item.findings]


def test_plain_files_in_the_order_chosen(roots: WorkspaceRoots, put: Put) -> None:
    paths = [put("b/fig.png", PNG), put("a/costs.csv", "a,b\n1,2\n"), put("notes.txt", "words")]
    items = take_in(roots, paths, PRICES)
    assert [(item.path, item.type, item.bytes) for item in items] == [(paths[0], "png", len(PNG)), (paths[1], "csv", 8), (paths[2], "txt", 5)]
    assert [item.deliver and (item.deliver.name, item.deliver.kind) for item in items] == [
        ("fig.png", "figure"),
        ("costs.csv", "table"),
        ("notes.txt", "document"),
    ]
    assert all(not item.findings for item in items)
    assert read(items[1]) == b"a,b\n1,2\n"


def test_folders_nested_sorted_without_hidden_files_and_nothing_twice(roots: WorkspaceRoots, put: Put) -> None:
    for name in ("out/b.csv", "out/deep/er/a.csv", "out/.ipynb_checkpoints/x-checkpoint.ipynb", "out/__pycache__/x.py", "out/.hidden.csv"):
        put(name, "a\n1\n")
    items = take_in(roots, ["shared/out/deep/er/a.csv", "shared/out/", "shared/out/b.csv"], PRICES)
    assert [item.path for item in items] == ["shared/out/deep/er/a.csv", "shared/out/b.csv"]
    assert [item.path for item in take_in(roots, ["shared/out/.hidden.csv"], PRICES)] == ["shared/out/.hidden.csv"]


def test_a_large_file_is_a_private_copy_nobody_can_change(roots: WorkspaceRoots, put: Put) -> None:
    data = b"a,b\n" + b"1,2\n" * 600_000
    path = put("big.csv", data)
    with taken_in(roots, [path], PRICES) as items:
        assert items[0].deliver is not None
        assert items[0].deliver.fd is not None
        (roots.shared / "big.csv").write_bytes(b"something else")
        assert read(items[0]) == data
        assert read(items[0]) == data
    items[0].close()  # closing twice is no fault
    with pytest.raises(OSError, match=r"."):
        read(items[0])


def test_a_small_file_is_a_private_copy_too(roots: WorkspaceRoots, put: Put) -> None:
    path = put("small.csv", "a\n1\n")
    items = take_in(roots, [path], PRICES)
    (roots.shared / "small.csv").write_bytes(SECRET.encode())
    assert read(items[0]) == b"a\n1\n"


WRITER = """
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
memory = mmap.mmap(fd, 900_000)
print("writing", flush=True)
while True:
    for data in (b"a" * 900_000, b"b" * 900_000):
        if sys.argv[2]:
            memory[:] = data
        else:
            os.pwrite(fd, data, 0)
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("mapped", [False, True])
def test_a_file_written_meanwhile_is_refused_and_what_was_taken_stays_as_it_was(roots: WorkspaceRoots, put: Put, mapped: bool) -> None:
    """Also where the program writes through mapped memory, which leaves the times of the file alone."""
    path = put("racing.txt", b"a" * 900_000)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(roots.shared / "racing.txt"), "mapped" if mapped else ""], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    refused = 0
    try:
        for _ in range(300):
            try:
                items = take_in(roots, [path], PRICES)
            except Conflict as error:
                assert error.code == "changed_while_reading"  # noqa: PT017  it may also go well
                refused += 1
            else:
                assert read(items[0]) == read(items[0])
            if refused > 3:
                break
    finally:
        writer.kill()
        writer.communicate()
    assert refused > 0


@pytest.mark.parametrize("name", ["analysis.ipynb", "ANALYSIS.IPYNB"])
def test_a_notebook_is_replaced_by_its_script(roots: WorkspaceRoots, put: Put, name: str) -> None:
    (item,) = take_in(roots, [put(name, NOTEBOOK)], PRICES)
    assert item.type == "notebook"
    assert item.deliver is not None
    assert (item.deliver.name.lower(), item.deliver.kind, item.deliver.type) == ("analysis.py", "script", "py")
    assert SECRET.encode() not in read(item)
    assert item.stripped is not None
    assert item.stripped.outputs == 5
    assert rules(item) == [(Rule.NOTEBOOK, Status.SAFE)]
    # what stays behind is said once, by the file itself
    assert "5 outputs" in item.stripped.text.en
    assert item.findings[0].text.en == f"A notebook never leaves; its script {item.deliver.name} does."
    assert item.findings[0].text.nl == f"Een notebook gaat nooit mee; het script {item.deliver.name} wel."


@pytest.mark.parametrize("name", ["notes.txt", "costs.csv", "costs.xlsx", "figure.png", "run.py", "README", "x.parquet.json"])
@pytest.mark.parametrize("data", [NOTEBOOK.encode(), b"\xef\xbb\xbf \n" + NOTEBOOK.encode(), NOTEBOOK.encode("utf-16")])
def test_a_renamed_notebook_too_and_it_is_said(roots: WorkspaceRoots, put: Put, name: str, data: bytes) -> None:
    (item,) = take_in(roots, [put(f"deep/er/{name}", data)], PRICES)
    assert item.deliver is not None
    assert item.deliver.type == "py"
    assert SECRET.encode() not in read(item)
    assert rules(item) == [(Rule.DISGUISED_FORMAT, Status.REVIEW), (Rule.NOTEBOOK, Status.SAFE)]


def test_notebooks_in_a_folder_and_in_a_zip(roots: WorkspaceRoots, put: Put) -> None:
    put("out/deep/a.ipynb", NOTEBOOK)
    put("out/all.zip", archive({"x/a.ipynb": NOTEBOOK, "b.txt": NOTEBOOK, "costs.csv": "a\n1\n"}))
    items = take_in(roots, ["shared/out"], PRICES)
    assert [(item.path, item.type, item.deliver and item.deliver.name) for item in items] == [
        ("shared/out/all.zip!x/a.ipynb", "notebook", "a.py"),
        ("shared/out/all.zip!b.txt", "notebook", "b.py"),
        ("shared/out/all.zip!costs.csv", "csv", "costs.csv"),
        ("shared/out/deep/a.ipynb", "notebook", "a_2.py"),
    ]
    assert all(SECRET.encode() not in read(item) for item in items)


@pytest.mark.parametrize("data", [NOTEBOOK.encode()[:-40], b"# prefix\n" + NOTEBOOK.encode(), b'{"cells": [{"cell_type": "code"}], "nbformat": '])
def test_a_damaged_notebook_does_not_leave(roots: WorkspaceRoots, put: Put, data: bytes) -> None:
    (item,) = take_in(roots, [put("a.txt", data)], PRICES)
    assert item.deliver is None
    assert (Rule.UNREADABLE, Status.REFUSED) in rules(item)


def test_data_containers_are_refused_by_suffix_and_by_bytes(roots: WorkspaceRoots, put: Put) -> None:
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.table({"a": [1]}), buffer)
    honest, disguised, named = take_in(roots, [put("a.parquet", buffer.getvalue()), put("b.csv", buffer.getvalue()), put("c.sav", "words")], PRICES)
    assert honest.deliver is disguised.deliver is named.deliver is None
    assert rules(honest) == [(Rule.REFUSED_FORMAT, Status.REFUSED)]
    assert rules(disguised) == [(Rule.DISGUISED_FORMAT, Status.REFUSED), (Rule.REFUSED_FORMAT, Status.REFUSED)]
    assert rules(named)[-1] == (Rule.REFUSED_FORMAT, Status.REFUSED)
    assert "parquet" in disguised.findings[0].text.en
    assert "parquet" in disguised.findings[0].text.nl


def test_the_list_of_refused_formats_is_policy(roots: WorkspaceRoots, put: Put) -> None:
    path = put("slides.sav", "$FL2" + "x" * 50)
    assert take_in(roots, [path], PRICES)[0].deliver is None
    assert take_in(roots, [path], PRICES.model_copy(update={"refused_suffixes": (".ipynb",)}))[0].deliver is not None


def test_a_picture_under_another_name_is_unsafe_and_a_table_as_text_to_be_reviewed(roots: WorkspaceRoots, put: Put) -> None:
    picture, table, empty = take_in(roots, [put("f.jpg", PNG), put("t.txt", "a;b\n1;2\n3;4\n5;6\n"), put("e.csv", "")], PRICES)
    assert rules(picture) == [(Rule.DISGUISED_FORMAT, Status.UNSAFE)]
    assert picture.findings[0].remedy.en == "Let its name end in .png."
    assert rules(table) == [(Rule.DISGUISED_FORMAT, Status.REVIEW)]
    assert table.deliver is not None
    assert table.deliver.kind == "table"
    assert empty.deliver is None


def test_names_are_flat_and_unique_without_regard_to_capitals(roots: WorkspaceRoots, put: Put) -> None:
    paths = [put(f"{folder}/{name}", "a\n1\n") for folder, name in (("a", "Costs.csv"), ("b", "costs.CSV"), ("c", "costs.csv"), ("d", "costs_2.csv"))]
    paths += [put("e/output_control_form.txt", "mine"), put("e/we?rd*name<.csv", "a\n1\n"), put("e/" + "é" * 100 + ".csv", "a\n1\n")]
    names = [item.deliver.name for item in take_in(roots, paths, PRICES) if item.deliver is not None]
    assert names[:6] == ["Costs.csv", "costs_2.CSV", "costs_3.csv", "costs_2_2.csv", "output_control_form_2.txt", "we_rd_name_.csv"]
    assert len(os.fsencode(names[6])) <= 140
    assert len({name.casefold() for name in names}) == len(names)


def test_links_pipes_and_hard_links_in_a_folder_are_named_and_stay(roots: WorkspaceRoots, put: Put, tmp_path: Path) -> None:
    put("out/fine.csv", "a\n1\n")
    put("elsewhere.csv", SECRET)
    os.link(roots.shared / "elsewhere.csv", roots.shared / "out/hard.csv")
    (roots.shared / "out/link.csv").symlink_to(tmp_path)
    os.mkfifo(roots.shared / "out/pipe.csv")
    (roots.shared / "out/bad\nname.csv").write_text("a\n1\n")
    items = {item.path.rsplit("/", 1)[-1]: item for item in take_in(roots, ["shared/out"], PRICES)}
    assert items.pop("fine.csv").deliver is not None
    assert len(items) == 4
    for item in items.values():
        assert item.deliver is None
        assert rules(item) == [(Rule.UNREADABLE, Status.REFUSED)]


def test_a_link_chosen_by_name_is_refused_outright(roots: WorkspaceRoots, put: Put) -> None:
    put("fine.csv", "a\n1\n")
    (roots.shared / "link.csv").symlink_to("fine.csv")
    for path, kind in (("shared/link.csv", Refused), ("shared/none.csv", NotFound), ("shared/../x", Invalid)):
        with pytest.raises(kind):
            take_in(roots, ["shared/fine.csv", path], PRICES)


# ---------------------------------------------------------------------------------------------------- archives


def test_an_archive_in_an_archive_is_not_opened(roots: WorkspaceRoots, put: Put) -> None:
    inner = archive({"a.csv": "a\n"})
    items = take_in(roots, [put("a.zip", archive({"inner.zip": inner, "inner.csv": inner, "x.gz": gzip.compress(inner), "b.csv": "a\n1\n"}))], PRICES)
    assert [item.deliver is not None for item in items] == [False, False, False, True]
    assert all((Rule.ARCHIVE, Status.REFUSED) in rules(item) for item in items[:3])


def test_a_workbook_in_an_archive_is_a_file_like_any(roots: WorkspaceRoots, put: Put) -> None:
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    (item,) = take_in(roots, [put("a.zip", archive({"costs.xlsx": buffer.getvalue()}))], PRICES)
    assert (item.type, item.findings) == ("xlsx", ())


def test_a_disguised_archive_is_refused(roots: WorkspaceRoots, put: Put) -> None:
    for name in ("a.csv", "a.xlsx", "a.ipynb"):
        (item,) = take_in(roots, [put(name, archive({"a.csv": "a\n"}))], PRICES)
        assert item.deliver is None
        assert rules(item) == [(Rule.DISGUISED_FORMAT, Status.REFUSED)]


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:\\evil.csv", "a//b.csv", "li\nne.csv", "x" * 1500]
)
def test_names_that_lead_out_are_refused(roots: WorkspaceRoots, put: Put, name: str) -> None:
    items = take_in(roots, [put("a.zip", archive({name: "a\n1\n", "fine.csv": "a\n1\n"}))], PRICES)
    assert [item.deliver is not None for item in items] == [False, True]
    assert rules(items[0]) == [(Rule.ARCHIVE, Status.REFUSED)]
    assert items[0].path.isprintable()


def test_a_link_a_double_name_and_a_locked_member_are_refused(roots: WorkspaceRoots, put: Put) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
        opened.writestr("twice.csv", "a\n1\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            opened.writestr("twice.csv", SECRET)
        opened.writestr("locked.csv", "a\n1\n")
    data = bytearray(buffer.getvalue())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.rindex(mark) + offset] |= 1  # the flag of an encrypted member
    items = take_in(roots, [put("a.zip", bytes(data))], PRICES)
    assert [(item.path.rsplit("!")[-1], item.deliver is not None) for item in items] == [
        ("link.csv", False),
        ("twice.csv", True),
        ("twice.csv", False),
        ("locked.csv", False),
    ]


def test_bombs(roots: WorkspaceRoots, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = archive({"zeros.csv": b"0" * 50_000_000})
    assert len(zeros) < 100_000
    (item,) = take_in(roots, [put("ratio.zip", zeros)], PRICES)
    assert rules(item) == [(Rule.ARCHIVE, Status.REFUSED)]
    (item,) = take_in(roots, [put("many.zip", archive({f"{n}.csv": "" for n in range(intake.MAX_MEMBERS + 1)}))], PRICES)
    assert rules(item) == [(Rule.ARCHIVE, Status.REFUSED)]
    monkeypatch.setattr(intake, "MAX_TOTAL_BYTES", 3_000_000)
    with pytest.raises(TooLarge):
        take_in(roots, [put("sum.zip", archive({f"{n}.csv": os.urandom(900_000).hex()[:900_000] for n in range(5)}))], PRICES)


def test_a_member_longer_than_it_says_ends_the_archive(roots: WorkspaceRoots, put: Put) -> None:
    data = bytearray(archive({"a.csv": "a\n" * 5000}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    (item,) = take_in(roots, [put("a.zip", bytes(data))], PRICES)
    assert item.deliver is None
    assert rules(item) == [(Rule.ARCHIVE, Status.REFUSED)]


@pytest.mark.parametrize("cut", [10, 60, -1, -30])
def test_a_damaged_archive_is_refused(roots: WorkspaceRoots, put: Put, cut: int) -> None:
    items = take_in(roots, [put("a.zip", archive({"a.csv": "a\n1\n", "b.csv": "a\n"})[:cut])], PRICES)
    assert all(item.deliver is None for item in items)
    assert items


def test_an_empty_archive_says_so(roots: WorkspaceRoots, put: Put) -> None:
    for data in (archive({}), archive({"folder/": b"", "__MACOSX/x": b"junk", ".DS_Store": b"junk"})):
        (item,) = take_in(roots, [put("a.zip", data)], PRICES)
        assert rules(item) == [(Rule.ARCHIVE, Status.REFUSED)]


def test_limits_of_a_request(roots: WorkspaceRoots, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(intake.MAX_FILES + 1):
        put(f"many/{number}.csv", "a\n1\n")
    with pytest.raises(TooLarge) as caught:
        take_in(roots, ["shared/many"], PRICES)
    assert caught.value.code == "too_many_files"
    with (roots.shared / "huge.csv").open("wb") as file:
        file.truncate(intake.MAX_FILE_BYTES + 1)
    (item,) = take_in(roots, ["shared/huge.csv"], PRICES)
    assert item.deliver is None
    assert item.bytes == intake.MAX_FILE_BYTES + 1
    monkeypatch.setattr(intake, "MAX_TOTAL_BYTES", 10)
    with pytest.raises(TooLarge) as caught:
        take_in(roots, [put("big.csv", "a" * 11)], PRICES)
    assert caught.value.code == "too_many_bytes"


def test_an_error_halfway_closes_what_was_open(roots: WorkspaceRoots, put: Put) -> None:
    put("big.csv", b"a,b\n" * 600_000)
    with pytest.raises(CbsError):
        take_in(roots, ["shared/big.csv", "shared/none"], PRICES)
