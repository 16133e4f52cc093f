"""What a picture carries unseen is counted."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from jupyter_cbs.domain.finding import Rule, Status
from jupyter_cbs.domain.money import PriceTable
from jupyter_cbs.exports.intake import take_in
from jupyter_cbs.exports.pictures import Unseen, unseen
from jupyter_cbs.system.beneath import WorkspaceRoots

FORMATS = {"png": "PNG", "jpg": "JPEG", "gif": "GIF"}


def picture(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image = Image.frombytes("L", (64, 48), random.Random(7).randbytes(64 * 48))
    (image.convert("P") if kind == "gif" else image.convert("RGB")).save(buffer, FORMATS[kind], **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", list(FORMATS))
def test_pictures_as_programs_write_them_carry_next_to_nothing(kind: str) -> None:
    for options in ({}, {"progressive": True} if kind == "jpg" else {"interlace": True}):
        found = unseen(picture(kind, **options), kind)
        assert found is not None
        assert found.behind == 0
        assert found.beside < 100


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_figures_of_matplotlib_give_no_finding(kind: str, roots: WorkspaceRoots) -> None:
    figure = Figure()
    figure.subplots().plot([1, 2, 3])
    figure.savefig(roots.shared / f"f.{kind}")
    (item,) = take_in(roots, [f"shared/f.{kind}"], PriceTable())
    assert item.findings == ()


def test_an_animated_gif() -> None:
    buffer = io.BytesIO()
    frames = [Image.effect_noise((20, 20), spread).convert("P") for spread in (10, 50, 90)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], loop=0)
    found = unseen(buffer.getvalue() + b"tail", "gif")
    assert found is not None
    assert found.behind == 4


@pytest.mark.parametrize("kind", list(FORMATS))
def test_what_hangs_behind_is_counted_to_the_byte(kind: str) -> None:
    for tail in (b"x", b"PAR1" * 100, picture(kind), b"\xff\xd9;IEND"):
        found = unseen(picture(kind) + tail, kind)
        assert found is not None
        assert found.behind == len(tail)


def test_what_is_not_drawn_is_counted() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "RINPERSOON " * 500)
    exif = Image.Exif()
    exif[0x010E] = "RINPERSOON " * 500
    for kind, data in (
        ("png", picture("png", pnginfo=text)),
        ("png", picture("png", exif=exif)),
        ("jpg", picture("jpg", exif=exif)),
        ("jpg", picture("jpg", comment=b"RINPERSOON " * 500)),
        ("gif", picture("gif", comment=b"RINPERSOON " * 500)),
    ):
        found = unseen(data, kind)
        assert found is not None
        assert found.behind == 0
        assert found.beside > 5000, kind


@pytest.mark.parametrize("kind", list(FORMATS))
@given(st.data())
def test_a_cut_picture_is_damaged_and_never_a_fault(kind: str, data: st.DataObject) -> None:
    whole = picture(kind)
    cut = data.draw(st.integers(3, len(whole) - 1))
    assert unseen(whole[:cut], kind) is None
    garbage = data.draw(st.binary(max_size=100))
    assert unseen(whole[:20] + garbage, kind) is None or isinstance(unseen(whole[:20] + garbage, kind), Unseen)


def test_findings(roots: WorkspaceRoots) -> None:
    def put(name: str, data: bytes) -> None:
        (roots.shared / name).write_bytes(data)

    put("tail.png", picture("png") + b"PAR1")
    put("cut.jpg", picture("jpg")[:-20])
    put("note.gif", picture("gif", comment=b"x" * 5000))
    items = take_in(roots, ["shared/tail.png", "shared/cut.jpg", "shared/note.gif"], PriceTable())
    assert [[(each.rule, each.status) for each in item.findings] for item in items] == [
        [(Rule.HIDDEN_CONTENT, Status.UNSAFE)],
        [(Rule.UNREADABLE, Status.REFUSED)],
        [(Rule.HIDDEN_CONTENT, Status.REVIEW)],
    ]
    assert [item.deliver is None for item in items] == [False, True, False]
