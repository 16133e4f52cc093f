"""Figures as files: pixels only, and the numbers behind them beside it."""

from __future__ import annotations

import io
from typing import Any

from ...domain.errors import Invalid
from ...domain.text import Text
from .drawn import Drawn

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def picture(drawn: Drawn, suffix: str, dpi: int) -> bytes:
    """Give a figure as a picture without any metadata.

    Raises
    ------
    Invalid
        If the format is not one that is released, or the library cannot make a picture here.
    """
    form = format_of(suffix)
    return strip(_render(drawn.figure, dpi), form)


def format_of(suffix: str) -> str:
    """Give the name of the format of a file name's suffix.

    Raises
    ------
    Invalid
        If it is not one that is released.
    """
    if suffix.lower() not in FORMATS:
        raise Invalid(
            "vector_format",
            Text(
                en=f"'{suffix}' is not a format in which a figure leaves; a vector format carries the data behind it.",
                nl=f"'{suffix}' is geen formaat waarin een figuur naar buiten gaat; een vectorformaat bevat de gegevens erachter.",
            ),
            Text(en="Use .png or .jpg.", nl="Gebruik .png of .jpg."),
        )
    return FORMATS[suffix.lower()]


def strip(data: bytes, form: str) -> bytes:
    """Give the pixels of a picture anew, and nothing else of it."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        pixels = image.convert("RGBA")
        flat = Image.new("RGB", pixels.size, "white")
        flat.paste(pixels, mask=pixels.getchannel("A"))
    target = io.BytesIO()
    if form == "JPEG":
        flat.save(target, form, quality=92)
    else:
        flat.save(target, form, optimize=True)
    return target.getvalue()


def _render(figure: Any, dpi: int) -> bytes:
    if hasattr(figure, "savefig"):
        target = io.BytesIO()
        figure.savefig(target, format="png", dpi=dpi, metadata={"Software": None})
        return target.getvalue()
    try:
        return bytes(figure.to_image(format="png", scale=max(1.0, dpi / 100)))
    except Exception as error:  # plotly needs a program of its own for pictures, and says so in many ways
        raise Invalid(
            "no_picture",
            Text(
                en="plotly cannot make a picture here; its html holds the data it was given and cannot leave.",
                nl="plotly kan hier geen afbeelding maken; de html bevat de gegevens en kan niet naar buiten.",
            ),
            Text(
                en="Draw it with matplotlib, or use report.alternative(), which does.",
                nl="Teken hem met matplotlib, of gebruik report.alternative(), die dat doet.",
            ),
        ) from error
