"""HTML for notebook outputs: always escaped, readable in light and dark themes, without style sheets or scripts.

Colours are mixed from a hue and the text's own colour (``currentColor``), so that they keep a contrast of at least 4.5:1
on a light and on a dark background without knowing the theme. Every colour goes with a sign and a word
(design: ui, principle 2). Where a host strips styles, signs and words remain.
"""

from __future__ import annotations

from html import escape as _escape
from typing import Literal

Tone = Literal["ok", "review", "bad", "info", "plain"]

HUES: dict[str, str] = {"ok": "#1a7f4b", "review": "#9a6200", "bad": "#b3261e", "info": "#0b6fc2"}
SIGNS: dict[str, str] = {"ok": "✓", "review": "?", "bad": "✕", "info": "", "plain": ""}

QUIET = "color:color-mix(in srgb,currentColor 78%,transparent)"
LINE = "1px solid color-mix(in srgb,currentColor 18%,transparent)"
FONT = "font-size:var(--jp-ui-font-size1,13px);line-height:1.45;overflow-wrap:anywhere"
# words of a cell stay whole: a wide table scrolls
TABLE = f"border-collapse:collapse;font-variant-numeric:tabular-nums;margin:6px 0;{FONT};overflow-wrap:normal;border:0"
UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap"


def esc(value: object) -> str:
    """Escape anything for use in HTML text and in quoted attributes."""
    return _escape(str(value), quote=True)


def ink(tone: Tone) -> str:
    """Give the style of coloured text."""
    return "" if tone == "plain" else f"color:color-mix(in srgb,{HUES[tone]} 58%,currentColor)"


def wash(tone: Tone) -> str:
    """Give the style of a coloured background with text on it."""
    return "" if tone == "plain" else f"background:color-mix(in srgb,{HUES[tone]} 15%,transparent);{ink(tone)}"


def chip(text: str, tone: Tone, title: str = "") -> str:
    """Give a small label: sign, word, colour."""
    sign = f"{SIGNS[tone]} " if SIGNS[tone] else ""
    hint = f' title="{esc(title)}"' if title else ""
    style = f"display:inline-block;padding:0 7px;border-radius:9px;font-size:.85em;white-space:nowrap;{wash(tone)}"
    return f'<span style="{style}"{hint}>{esc(sign)}{esc(text)}</span>'


def quiet(text: str) -> str:
    """Give secondary text; ``text`` is escaped here."""
    return f'<span style="{QUIET}">{esc(text)}</span>'


def unseen(text: str) -> str:
    """Give text for screen readers only."""
    return f'<span style="{UNSEEN}">{esc(text)}</span>'


def cell(content: str, *, tag: Literal["td", "th"] = "td", right: bool = False, style: str = "", extra: str = "") -> str:
    """Give a table cell; ``content`` and ``extra`` (attributes) are HTML already."""
    # a figure is never broken, at a minus or an exponent
    align = "right;white-space:nowrap" if right and tag == "td" else "right" if right else "left"
    # a heading of one line stands just above its column beside one of three
    rest = "bottom;font-weight:600" if tag == "th" else "top"
    return f'<{tag}{extra} style="padding:4px 12px;border-bottom:{LINE};text-align:{align};vertical-align:{rest};{style}">{content}</{tag}>'


def row(cells: str) -> str:
    """Give a table row without the host's stripes."""
    return f'<tr style="background:transparent">{cells}</tr>'


def table(head: str, body: str, label: str) -> str:
    """Give a table; head and body are rows of HTML, ``label`` its name for screen readers."""
    return f'<table style="{TABLE}" aria-label="{esc(label)}"><thead>{head}</thead><tbody>{body}</tbody></table>'


def bar(share: float, tone: Tone, label: str) -> str:
    """Give a gauge; ``share`` is 0…1 and is cut there."""
    percent = 100 * min(max(share, 0.0), 1.0)
    hue = HUES.get(tone, "#0b6fc2")
    return (
        f'<div role="img" aria-label="{esc(label)}" style="height:6px;border-radius:3px;margin:4px 0 2px;overflow:hidden;max-width:420px;'
        f'background:color-mix(in srgb,currentColor 14%,transparent)"><div style="height:100%;width:{percent:.1f}%;'
        f'background:color-mix(in srgb,{hue} 75%,currentColor)"></div></div>'
    )


def block(content: str) -> str:
    """Wrap an output; ``content`` is HTML already."""
    return f'<div style="{FONT}">{content}</div>'
