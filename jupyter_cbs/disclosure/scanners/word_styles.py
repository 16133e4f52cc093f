"""How text in a Word document looks: what styles and its own properties together make of it, and whether one can see it.

Source of the order in which styles apply: ECMA-376 part 1, 17.7.2 (style hierarchy: defaults, table, paragraph, character, the run itself).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from xml.etree.ElementTree import Element

from .package import local

TINY = 4
"""Half points up to which letters are specks rather than text."""

NEAR = 16
"""Difference in red, green and blue up to which a colour is that of its background."""

MAX_DEPTH = 50
"""Styles that may be based on one another."""

_OFF = frozenset({"0", "false", "off", "none"})
_THEME = {"background1": "FFFFFF", "light1": "FFFFFF", "text1": "000000", "dark1": "000000"}
_HIGHLIGHTS = {"black": "000000", "white": "FFFFFF", "yellow": "FFFF00", "red": "FF0000", "blue": "0000FF", "green": "00FF00", "cyan": "00FFFF",
               "magenta": "FF00FF", "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000", "darkMagenta": "800080", "darkRed": "800000",
               "darkYellow": "808000", "darkGray": "808080", "lightGray": "C0C0C0"}  # fmt: skip
UNKNOWN = "?"
"""A colour that only the theme knows."""


@dataclass(frozen=True)
class Look:
    """What is said of how text looks; None where nothing is said.

    Parameters
    ----------
    hidden
        Whether it is not shown.
    size
        In half points.
    colour, fill
        Of the letters and of what is behind them, as RRGGBB, or :data:`UNKNOWN`.
    """

    hidden: bool | None = None
    size: int | None = None
    colour: str | None = None
    fill: str | None = None

    def over(self, other: Look) -> Look:
        """Give what both say together; this one goes first."""
        return replace(other, **{f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None})

    def unseen(self) -> Iterator[str]:
        """Give why such text is not seen: ``hidden``, ``tiny``, ``white``."""
        if self.hidden:
            yield "hidden"
        if self.size is not None and self.size <= TINY:
            yield "tiny"
        if _near(self.colour or "000000", self.fill or "FFFFFF"):
            yield "white"


def _near(one: str, other: str) -> bool:
    try:
        pairs = zip(bytes.fromhex(one), bytes.fromhex(other), strict=True)
        return all(abs(a - b) <= NEAR for a, b in pairs)
    except ValueError:  # a colour of the theme, or none
        return False


def attribute(element: Element, name: str) -> str:
    """Give an attribute whatever its namespace; empty where there is none."""
    return next((value for key, value in element.attrib.items() if local(key) == name), "")


def said(tag: str, element: Element) -> Look:
    """Give what one property of a run, a paragraph or a cell says of how text looks."""
    value = attribute(element, "val")
    if tag in ("vanish", "specVanish"):
        return Look(hidden=value not in _OFF)
    if tag == "sz":
        return Look(size=int(value)) if value.isdecimal() and len(value) < 6 else Look()
    if tag == "color":
        theme = attribute(element, "themeColor")
        return Look(colour=_THEME.get(theme, UNKNOWN) if theme else "000000" if value == "auto" else value.upper())
    if tag == "highlight":
        return Look(fill=_HIGHLIGHTS.get(value, UNKNOWN)) if value != "none" else Look()
    if tag == "shd":
        theme, fill = attribute(element, "themeFill"), attribute(element, "fill")
        if theme:
            return Look(fill=_THEME.get(theme, UNKNOWN))
        return Look(fill=UNKNOWN if value not in ("clear", "nil", "") else fill.upper()) if fill and fill != "auto" else Look()
    return Look()


PROPERTIES = frozenset({"vanish", "specVanish", "sz", "color", "highlight", "shd"})
"""Elements that :func:`said` knows."""


@dataclass(frozen=True)
class Styles:
    """The styles of a document: how text looks that has them.

    Parameters
    ----------
    defaults
        What holds for all text.
    looks
        By the id of a style, without what it is based on.
    based_on
        The style a style goes on from.
    paragraph
        The style of paragraphs that name none.
    """

    defaults: Look = Look()
    looks: Mapping[str, Look] = field(default_factory=dict)
    based_on: Mapping[str, str] = field(default_factory=dict)
    paragraph: str = ""

    def of(self, style: str) -> Look:
        """Give the look of a style with what it is based on; an unknown one says nothing."""
        look = Look()
        for _ in range(MAX_DEPTH):
            if style not in self.looks:
                break
            look = look.over(self.looks[style])
            style = self.based_on.get(style, "")
        return look

    def text(self, table: str, paragraph: str, character: str, own: Look, around: Look) -> Look:
        """Give how a run of text looks.

        Parameters
        ----------
        table, paragraph, character
            Ids of the styles it has; empty for none.
        own
            What the run itself says.
        around
            What the cell and the paragraph it stands in say of what is behind it.
        """
        look = own.over(self.of(character)).over(around).over(self.of(paragraph or self.paragraph))
        return look.over(self.of(table)).over(self.defaults)


def read(events: Iterator[tuple[str, str, Element]]) -> Styles:
    """Read the styles of a document from the elements of its part ``word/styles.xml`` as they begin and end."""
    defaults, paragraph, style = Look(), "", ""
    looks: dict[str, Look] = {}
    based_on: dict[str, str] = {}
    within: list[str] = []
    for event, tag, element in events:
        if event == "start":
            within.append(tag)
            if tag == "style":
                style = attribute(element, "styleId")
                looks[style] = Look()
                if attribute(element, "type") == "paragraph" and attribute(element, "default") not in ("", *_OFF):
                    paragraph = style
            continue
        within.pop()
        if tag in PROPERTIES:
            # parts of a table, such as its first row, have a look of their own, which is not that of the rest
            if "rPrDefault" in within:
                defaults = said(tag, element).over(defaults)
            elif "style" in within and "tblStylePr" not in within:
                looks[style] = said(tag, element).over(looks[style])
        elif tag == "basedOn" and style:
            based_on[style] = attribute(element, "val")
        elif tag == "style":
            style = ""
    return Styles(defaults, looks, based_on, paragraph)
